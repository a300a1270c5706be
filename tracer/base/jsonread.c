// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/jsonread.c - the one reader of JSON, small and strict.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "base/jsonread.h"
#include "base/mem.h"
#include "base/text.h"

#define MAX_DEPTH 16

struct reader {
	const char *p;
	const char *why;
	bool foreign; /* it is JSON, but nothing that is read here */
};

void json_free(struct json_val *v)
{
	while (v) {
		struct json_val *next = v->next;

		json_free(v->child);
		free(v->key);
		free(v->str);
		free(v);
		v = next;
	}
}

static void blanks(struct reader *r)
{
	r->p += strspn(r->p, " \t\r\n");
}

static void *fail(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
	return NULL;
}

static char *parse_string(struct reader *r)
{
	char *out, *o;
	const char *p = ++r->p, *end = p;

	/* Not all that is left of the text: a file of many strings would take its square. */
	while (*end && *end != '"')
		end += *end == '\\' && end[1] ? 2 : 1;
	o = out = xmalloc((size_t)(end - p) + 1);
	for (; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20) {
			free(out);
			return fail(r, "string does not end");
		}
		if (*p != '\\') {
			*o++ = *p;
			continue;
		}
		p++;
		if (*p == 'u' && strspn(p + 1, "0123456789abcdefABCDEF") >= 4) {
			*o++ = '?';
			p += 4;
		} else if (*p && strchr("\"\\/", *p)) {
			*o++ = *p;
		} else if (*p && strchr("bfnrt", *p)) {
			*o++ = '?';
		} else {
			free(out);
			return fail(r, "unknown escape");
		}
	}
	*o = '\0';
	r->p = p + 1;
	return out;
}

static struct json_val *parse_value(struct reader *r, unsigned int depth);

static struct json_val *parse_members(struct reader *r, struct json_val *v, char end, unsigned int depth)
{
	struct json_val **tail = &v->child;

	r->p++;
	blanks(r);
	while (*r->p != end) {
		char *key = NULL;

		if (v->type == JSON_OBJ) {
			if (*r->p != '"')
				return fail(r, "a key is missing");
			key = parse_string(r);
			if (!key)
				return NULL;
			blanks(r);
			if (*r->p++ != ':') {
				free(key);
				return fail(r, "no ':' after a key");
			}
		}
		*tail = parse_value(r, depth + 1);
		if (!*tail) {
			free(key);
			return NULL;
		}
		(*tail)->key = key;
		tail = &(*tail)->next;
		blanks(r);
		if (*r->p == ',') {
			r->p++;
			blanks(r);
			if (*r->p == end)
				return fail(r, "nothing after a comma");
		} else if (*r->p != end) {
			return fail(r, "neither comma nor end");
		}
	}
	r->p++;
	return v;
}

static bool parse_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(r->p, word, len))
		return false;
	r->p += len;
	return true;
}

static struct json_val *parse_scalar(struct reader *r, struct json_val *v)
{
	char *end;

	if (*r->p == '"') {
		v->type = JSON_STR;
		v->str = parse_string(r);
		return v->str ? v : NULL;
	}
	if (*r->p >= '0' && *r->p <= '9') {
		v->type = JSON_NUM;
		errno = 0;
		v->num = strtoull(r->p, &end, 10);
		if (strchr(".eE", *end ? *end : 'x')) {
			v->type = JSON_REAL;
			v->num = 0;
			strtod(r->p, &end);
		} else if (errno) {
			return fail(r, "an integer that is too great");
		}
		r->p = end;
		return v;
	}
	if (*r->p == '-' && r->p[1] >= '0' && r->p[1] <= '9') {
		r->foreign = true;
		return fail(r, "a number below zero");
	}
	v->type = JSON_BOOL;
	v->num = 1;
	if (parse_word(r, "true"))
		return v;
	v->num = 0;
	if (parse_word(r, "false"))
		return v;
	v->type = JSON_NULL;
	return parse_word(r, "null") ? v : fail(r, "not a value");
}

static struct json_val *parse_value(struct reader *r, unsigned int depth)
{
	struct json_val *v, *got;

	if (depth > MAX_DEPTH)
		return fail(r, "nested too deeply");
	blanks(r);
	v = xcalloc(1, sizeof(*v));
	if (*r->p == '{' || *r->p == '[') {
		v->type = *r->p == '{' ? JSON_OBJ : JSON_ARR;
		got = parse_members(r, v, *r->p == '{' ? '}' : ']', depth);
	} else {
		got = parse_scalar(r, v);
	}
	if (!got)
		json_free(v);
	return got;
}

struct json_val *json_read_file(const char *path, struct err *err)
{
	bool is_stdin = !strcmp(path, "-");
	struct reader r = { 0 };
	struct json_val *top;
	size_t len;
	char *text;

	text = read_file(is_stdin ? "/dev/stdin" : path, &len);
	path = is_stdin ? "standard input" : path;
	if (!text) {
		err_set_errno(err, EXIT_FAILED, errno, "cannot read %s", path);
		return NULL;
	}
	r.p = text;
	top = parse_value(&r, 0);
	if (top) {
		blanks(&r);
		if (r.p != text + len) {
			json_free(top);
			top = fail(&r, "something follows the end");
		}
	}
	if (!top)
		err_set(err, EXIT_FAILED, "%s: %s: %s at byte %zu", path,
			r.foreign ? "JSON, but none of ipitrace" : "not JSON", r.why, (size_t)(r.p - text));
	free(text);
	return top;
}

const struct json_val *json_get(const struct json_val *obj, const char *key, enum json_type type)
{
	const struct json_val *v = obj && obj->type == JSON_OBJ ? obj->child : NULL;

	for (; v; v = v->next)
		if (v->key && !strcmp(v->key, key))
			return v->type == type ? v : NULL;
	return NULL;
}

void json_get_str(const struct json_val *obj, const char *key, char *buf, size_t len)
{
	const struct json_val *v = json_get(obj, key, JSON_STR);

	if (v)
		sanitize(buf, len, v->str);
	else
		buf[0] = '\0';
}

uint64_t json_get_num(const struct json_val *obj, const char *key, uint64_t absent)
{
	const struct json_val *v = json_get(obj, key, JSON_NUM);

	return v ? v->num : absent;
}

bool json_get_flag(const struct json_val *obj, const char *key)
{
	const struct json_val *v = json_get(obj, key, JSON_BOOL);

	return v && v->num;
}
