// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/json.c - the one writer of JSON.
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/json.h"
#include "base/text.h"

/*
 * Lines of a list are written by the million: no stream is locked for every
 * letter, and no format read for every number. There is one thread that writes.
 */
static void put(FILE *out, const char *bytes, size_t len)
{
	fwrite_unlocked(bytes, 1, len, out);
}

static void number(FILE *out, uint64_t val)
{
	char digits[20], *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + val % 10);
	} while (val /= 10);
	put(out, p, (size_t)(digits + sizeof(digits) - p));
}

/* Bytes from s on that stand for themselves. */
static size_t plain(const char *s)
{
	size_t n = 0;

	while ((unsigned char)s[n] >= 0x20 && (unsigned char)s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static void string(FILE *out, const char *s)
{
	size_t len;

	fputc_unlocked('"', out);
	for (; *s; s += len) {
		unsigned char c = (unsigned char)*s;

		len = plain(s);
		if (len) {
			put(out, s, len);
			continue;
		}
		len = utf8_len(s);
		if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", c);
		} else if (c < 0x20 || c == 0x7f) {
			fprintf(out, "\\u%04x", c);
		} else if (!len) {
			fputc_unlocked('?', out);
			len = 1;
		} else {
			put(out, s, len);
		}
	}
	fputc_unlocked('"', out);
}

static void newline(struct json *j)
{
	if (j->compact)
		return;
	fputc_unlocked('\n', j->out);
	for (unsigned int i = 0; i < j->depth; i++)
		put(j->out, "  ", 2);
}

/* Comma, indentation and key before a value. */
static void begin(struct json *j, const char *key)
{
	uint32_t bit = 1u << j->depth;

	if (j->filled & bit)
		fputc_unlocked(',', j->out);
	j->filled |= bit;
	if (j->depth)
		newline(j);
	if (key) {
		string(j->out, key);
		put(j->out, ": ", j->compact ? 1 : 2);
	}
}

static void open_value(struct json *j, const char *key, bool array)
{
	uint32_t bit;

	begin(j, key);
	fputc_unlocked(array ? '[' : '{', j->out);
	bit = 1u << ++j->depth;
	j->filled &= ~bit;
	j->arrays = array ? j->arrays | bit : j->arrays & ~bit;
}

void json_object(struct json *j, const char *key)
{
	open_value(j, key, false);
}

void json_array(struct json *j, const char *key)
{
	open_value(j, key, true);
}

void json_close(struct json *j)
{
	uint32_t bit = 1u << j->depth;

	j->depth--;
	if (j->filled & bit)
		newline(j);
	fputc_unlocked(j->arrays & bit ? ']' : '}', j->out);
	if (!j->depth) {
		fputc_unlocked('\n', j->out);
		j->filled = 0;
	}
}

void json_u64(struct json *j, const char *key, uint64_t val)
{
	begin(j, key);
	number(j->out, val);
}

void json_i64(struct json *j, const char *key, int64_t val)
{
	begin(j, key);
	if (val < 0)
		fputc('-', j->out);
	number(j->out, val < 0 ? -(uint64_t)val : (uint64_t)val);
}

void json_thousandths(struct json *j, const char *key, uint64_t val)
{
	const char part[] = { '.', (char)('0' + val % 1000 / 100), (char)('0' + val % 100 / 10),
			      (char)('0' + val % 10) };

	json_u64(j, key, val / 1000);
	put(j->out, part, sizeof(part));
}

void json_real(struct json *j, const char *key, double val)
{
	if (!isfinite(val)) {
		json_null(j, key);
		return;
	}
	begin(j, key);
	fprintf(j->out, "%.10g", val);
}

void json_bool(struct json *j, const char *key, bool val)
{
	begin(j, key);
	put(j->out, val ? "true" : "false", val ? 4 : 5);
}

void json_null(struct json *j, const char *key)
{
	begin(j, key);
	put(j->out, "null", 4);
}

void json_string(struct json *j, const char *key, const char *val)
{
	if (!val) {
		json_null(j, key);
		return;
	}
	begin(j, key);
	string(j->out, val);
}
