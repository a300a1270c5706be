// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/read.c - a result file back in: a small strict JSON reader, and what
 * --compare needs of "ipitrace-bench/1".
 *
 * Files come from anywhere, so depth is bounded and every type is checked.
 * Fractions are refused: the contract has integers only.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "bench/compare.h"

#define MAX_DEPTH 16

enum type { T_NULL, T_BOOL, T_NUM, T_STR, T_ARR, T_OBJ };

struct val {
	enum type type;
	char *key; /* in objects */
	char *str;
	uint64_t num;
	struct val *child, *next;
};

struct reader {
	const char *p;
	const char *why;
};

static void val_free(struct val *v)
{
	while (v) {
		struct val *next = v->next;

		val_free(v->child);
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

/* Escapes beyond ASCII become '?': texts of these files are ASCII, and are only compared and shown. */
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

static struct val *parse_value(struct reader *r, unsigned int depth);

static struct val *parse_members(struct reader *r, struct val *v, char end, unsigned int depth)
{
	struct val **tail = &v->child;

	r->p++;
	blanks(r);
	while (*r->p != end) {
		char *key = NULL;

		if (v->type == T_OBJ) {
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

static struct val *parse_scalar(struct reader *r, struct val *v)
{
	char *end;

	if (*r->p == '"') {
		v->type = T_STR;
		v->str = parse_string(r);
		return v->str ? v : NULL;
	}
	if (*r->p >= '0' && *r->p <= '9') {
		v->type = T_NUM;
		errno = 0;
		v->num = strtoull(r->p, &end, 10);
		if (errno || strchr(".eE", *end ? *end : 'x'))
			return fail(r, "not an integer");
		r->p = end;
		return v;
	}
	v->type = T_BOOL;
	v->num = 1;
	if (parse_word(r, "true"))
		return v;
	v->num = 0;
	if (parse_word(r, "false"))
		return v;
	v->type = T_NULL;
	return parse_word(r, "null") ? v : fail(r, "not a value");
}

static struct val *parse_value(struct reader *r, unsigned int depth)
{
	struct val *v, *got;

	if (depth > MAX_DEPTH)
		return fail(r, "nested too deeply");
	blanks(r);
	v = xcalloc(1, sizeof(*v));
	if (*r->p == '{' || *r->p == '[') {
		v->type = *r->p == '{' ? T_OBJ : T_ARR;
		got = parse_members(r, v, *r->p == '{' ? '}' : ']', depth);
	} else {
		got = parse_scalar(r, v);
	}
	if (!got)
		val_free(v);
	return got;
}

/* --- the contract --- */

static const struct val *get(const struct val *obj, const char *key, enum type type)
{
	const struct val *v = obj && obj->type == T_OBJ ? obj->child : NULL;

	for (; v; v = v->next)
		if (v->key && !strcmp(v->key, key))
			return v->type == type ? v : NULL;
	return NULL;
}

static void get_str(const struct val *obj, const char *key, char *buf, size_t len)
{
	const struct val *v = get(obj, key, T_STR);

	if (v)
		sanitize(buf, len, v->str);
	else
		buf[0] = '\0';
}

static uint64_t get_num(const struct val *obj, const char *key, uint64_t absent)
{
	const struct val *v = get(obj, key, T_NUM);

	return v ? v->num : absent;
}

/* What makes two rows the same measurement: mode, state, and the CPUs' distance. */
static void row_key(const struct val *v, struct bench_saved_row *row)
{
	char relation[24];
	uint64_t source = get_num(v, "source", UINT64_MAX), target = get_num(v, "target", UINT64_MAX);

	get_str(v, "relation", relation, sizeof(relation));
	if (target != UINT64_MAX)
		snprintf(row->key, sizeof(row->key), "%s %s %llu>%llu %s", row->mode, row->state,
			 (unsigned long long)source, (unsigned long long)target, relation);
	else
		snprintf(row->key, sizeof(row->key), "%s %s", row->mode, row->state);
}

static int read_row(const struct val *v, struct bench_saved_row *row)
{
	const struct val *reps = get(v, "repetitions", T_ARR), *dist;
	unsigned int nr = 0;

	get_str(v, "mode", row->mode, sizeof(row->mode));
	get_str(v, "measured", row->measured, sizeof(row->measured));
	get_str(v, "state", row->state, sizeof(row->state));
	if (!row->mode[0] || !reps)
		return -1;
	row_key(v, row);
	dist = get(v, strcmp(row->measured, "delivery") ? "round_trip_ns" : "delivery_ns", T_OBJ);
	row->p50 = get_num(dist, "p50", 0);
	row->count = get_num(dist, "count", 0);
	for (const struct val *r = reps->child; r; r = r->next)
		nr++;
	row->rep_p50 = xcalloc(nr + 1, sizeof(*row->rep_p50));
	for (const struct val *r = reps->child; r; r = r->next) {
		const struct val *p50 = get(r, "p50_ns", T_NUM);

		if (!p50)
			return -1;
		row->rep_p50[row->nr_reps++] = p50->num;
	}
	return 0;
}

static int read_result(struct bench_saved *s, const struct val *top, const char *path, struct err *err)
{
	const struct val *rows = get(top, "rows", T_ARR);
	unsigned int nr = 0;
	char schema[32];

	get_str(top, "schema", schema, sizeof(schema));
	if (strcmp(schema, "ipitrace-bench/1") || !rows) {
		err_set(err, EXIT_FAILED, "%s: not a result of ipitrace bench", path);
		return err_hint(err, "made by 'ipitrace bench --json >FILE'");
	}
	get_str(top, "backend", s->backend, sizeof(s->backend));
	s->iterations = get_num(top, "iterations", 0);
	s->nr_senders = get_num(top, "senders", 1);
	s->pace_ns = get_num(top, "pace_ns", 0);
	s->handler_ns = get_num(top, "handler_ns", 0);
	s->irqs_off_ns = get_num(top, "irqs_off_ns", 0);
	for (const struct val *r = rows->child; r; r = r->next)
		nr++;
	s->rows = xcalloc(nr + 1, sizeof(*s->rows));
	for (const struct val *r = rows->child; r; r = r->next)
		if (read_row(r, &s->rows[s->nr_rows++]))
			return err_set(err, EXIT_FAILED, "%s: row %u is damaged", path, s->nr_rows);
	return 0;
}

int bench_saved_read(struct bench_saved *s, const char *path, struct err *err)
{
	struct reader r = { 0 };
	struct val *top;
	size_t len;
	char *text;
	int ret;

	*s = (struct bench_saved){ 0 };
	text = read_file(path, &len);
	if (!text)
		return err_set_errno(err, EXIT_FAILED, errno, "cannot read %s", path);
	r.p = text;
	top = parse_value(&r, 0);
	if (top) {
		blanks(&r);
		if (r.p != text + len) {
			val_free(top);
			top = fail(&r, "something follows the end");
		}
	}
	if (top)
		ret = read_result(s, top, path, err);
	else
		ret = err_set(err, EXIT_FAILED, "%s: not JSON: %s at byte %zu", path, r.why, (size_t)(r.p - text));
	val_free(top);
	free(text);
	return ret;
}

void bench_saved_free(struct bench_saved *s)
{
	for (unsigned int i = 0; i < s->nr_rows; i++)
		free(s->rows[i].rep_p50);
	free(s->rows);
	*s = (struct bench_saved){ 0 };
}
