// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/json.c - the one writer of JSON.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/json.h"
#include "base/text.h"

static void string(FILE *out, const char *s)
{
	unsigned int len;

	fputc('"', out);
	for (; *s; s += len) {
		unsigned char c = (unsigned char)*s;

		len = utf8_len(s);
		if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", c);
		} else if (c < 0x20 || c == 0x7f) {
			fprintf(out, "\\u%04x", c);
		} else if (!len) {
			fputc('?', out);
			len = 1;
		} else {
			fwrite(s, 1, len, out);
		}
	}
	fputc('"', out);
}

static void newline(struct json *j)
{
	if (j->compact)
		return;
	fputc('\n', j->out);
	for (unsigned int i = 0; i < j->depth; i++)
		fputs("  ", j->out);
}

/* Comma, indentation and key before a value. */
static void begin(struct json *j, const char *key)
{
	uint32_t bit = 1u << j->depth;

	if (j->filled & bit)
		fputc(',', j->out);
	j->filled |= bit;
	if (j->depth)
		newline(j);
	if (key) {
		string(j->out, key);
		fputs(j->compact ? ":" : ": ", j->out);
	}
}

static void open_value(struct json *j, const char *key, bool array)
{
	uint32_t bit;

	begin(j, key);
	fputc(array ? '[' : '{', j->out);
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
	fputc(j->arrays & bit ? ']' : '}', j->out);
	if (!j->depth) {
		fputc('\n', j->out);
		j->filled = 0;
	}
}

void json_u64(struct json *j, const char *key, uint64_t val)
{
	begin(j, key);
	fprintf(j->out, "%" PRIu64, val);
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
	fputs(val ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	begin(j, key);
	fputs("null", j->out);
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
