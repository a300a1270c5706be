// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/diff-read.c - a report that was written as JSON, as a run of a comparison.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/jsonread.h"
#include "base/mem.h"
#include "report/columns.h"
#include "report/diff.h"

#define REPORT_SCHEMA "ipitrace-report/1"

/* A pipe cannot be looked at and then be read from its beginning: its name has to tell. */
bool diff_is_json(const char *path)
{
	size_t len = strlen(path);
	struct stat st;
	bool json = false;
	FILE *f;
	int c;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return len > 5 && !strcmp(path + len - 5, ".json");
	f = fopen(path, "re");
	if (!f)
		return false;
	while ((c = getc(f)) == ' ' || c == '\n' || c == '\t' || c == '\r')
		;
	json = c == '{';
	fclose(f);
	return json;
}

static char *text_of(const struct json_val *obj, const char *key)
{
	char buf[512];

	json_get_str(obj, key, buf, sizeof(buf));
	return buf[0] ? xstrdup(buf) : NULL;
}

static bool is_null(const struct json_val *obj, const char *key)
{
	return json_get(obj, key, JSON_NULL) != NULL;
}

/* A distribution, added to what there is; null has no samples. 0, or -1: it is none. */
static int add_hist(struct hist *to, const struct json_val *dist)
{
	const struct json_val *buckets = json_get(dist, "buckets", JSON_ARR), *low, *count;
	struct hist h = {
		.sum = json_get_num(dist, "sum", 0),
		.min = json_get_num(dist, "min", 0),
		.max = json_get_num(dist, "max", 0),
		.max_at_ns = json_get_num(dist, "max_at_ns", 0),
		.max_cpu = (uint32_t)json_get_num(dist, "max_cpu", 0),
	};
	int ret = -1;

	if (!dist)
		return 0;
	if (!buckets)
		goto out;
	for (const struct json_val *b = buckets->child; b; b = b->next) {
		low = b->type == JSON_ARR ? b->child : NULL;
		count = low ? low->next : NULL;
		if (!count || low->type != JSON_NUM || count->type != JSON_NUM || count->next ||
		    !hist_put(&h, low->num, count->num))
			goto out;
	}
	if (h.count != json_get_num(dist, "count", 0) || h.min > h.max)
		goto out;
	hist_merge(to, &h);
	ret = 0;
out:
	hist_free(&h);
	return ret;
}

/* Counts and distributions of a row, or of an object that has the same. */
static int read_cell(struct diff_cell *c, const struct json_val *row)
{
	c->hits += json_get_num(row, "target_hits", 0);
	c->delivered += json_get_num(row, "delivered", 0);
	c->calls += json_get_num(row, "calls", 0);
	c->elided += json_get_num(row, "elided", 0);
	if (add_hist(&c->delivery, json_get(row, "delivery_ns", JSON_OBJ)))
		return -1;
	return add_hist(&c->handler, json_get(row, "handler_ns", JSON_OBJ));
}

static char *key_text(const struct json_val *row, enum agg_key key)
{
	const char *name = report_key_name(key);
	const struct json_val *num = json_get(row, name, JSON_NUM);
	char *text, *clean;

	if (num)
		return xasprintf("%llu", (unsigned long long)num->num);
	text = text_of(row, name);
	if (key != AGG_KEY_CALLER && key != AGG_KEY_CALLSITE && key != AGG_KEY_FUNC && key != AGG_KEY_UFUNC)
		return text;
	clean = diff_name(text);
	free(text);
	return clean;
}

static int read_row(struct diff_run *run, const struct json_val *row)
{
	char *values[AGG_NR_KEYS] = { 0 }, *class;
	struct diff_cell cell = { 0 };
	struct diff_line *line;
	int ret;

	for (unsigned int i = 0; i < run->nr_by; i++)
		values[run->by[i]] = key_text(row, run->by[i]);
	ret = read_cell(&cell, row);
	if (!ret) {
		class = text_of(row, "class");
		line = diff_run_line(run, values);
		diff_line_class(line, class);
		free(class);
		diff_cell_add(&line->cells[0], &cell);
		diff_cell_add(&run->totals[0], &cell);
	}
	hist_free(&cell.delivery);
	hist_free(&cell.handler);
	for (unsigned int i = 0; i < AGG_NR_KEYS; i++)
		free(values[i]);
	return ret;
}

static int read_by(struct diff_run *run, const struct json_val *by)
{
	enum agg_key key;

	for (const struct json_val *v = by ? by->child : NULL; v; v = v->next) {
		for (key = 0; key < AGG_NR_KEYS; key++)
			if (v->type == JSON_STR && !strcmp(report_key_name(key), v->str))
				break;
		if (key == AGG_NR_KEYS || run->nr_by == AGG_NR_KEYS)
			return -1;
		run->by[run->nr_by++] = key;
	}
	return run->nr_by ? 0 : -1;
}

/* Whether events are missing: the reasons that give a report exit status 3. */
static bool read_incomplete(const struct json_val *top, const struct json_val *trace)
{
	const struct json_val *coverage = json_get(top, "coverage", JSON_ARR);
	static const char *const flags[] = { "incomplete", "truncated" };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (json_get(trace, flags[i], JSON_BOOL) && json_get(trace, flags[i], JSON_BOOL)->num)
			return true;
	if (json_get_num(trace, "lost_events", 1) || json_get_num(trace, "late_events", 0) ||
	    json_get(trace, "damaged", JSON_STR))
		return true;
	for (const struct json_val *v = coverage ? coverage->child : NULL; v; v = v->next)
		if (json_get(v, "missing", JSON_BOOL) && json_get(v, "missing", JSON_BOOL)->num)
			return true;
	return false;
}

static int read_trace(struct diff_run *run, const struct json_val *top)
{
	const struct json_val *trace = json_get(top, "trace", JSON_OBJ), *totals = json_get(top, "totals", JSON_OBJ);
	const struct json_val *window = json_get(trace, "window", JSON_OBJ);

	if (!trace || !totals)
		return -1;
	run->kernel = text_of(trace, "kernel");
	run->tier = text_of(trace, "tier");
	run->clock = text_of(trace, "clock");
	run->filters = text_of(trace, "filters");
	run->whole_ns = run->duration_ns = json_get_num(trace, "duration_ns", 0);
	if (window) {
		run->windowed = true;
		run->from_ns = json_get_num(window, "from_ns", 0);
		run->to_ns = json_get_num(window, "to_ns", 0);
		if (run->to_ns < run->from_ns)
			return -1;
		run->duration_ns = run->to_ns - run->from_ns;
	}
	run->clock_ns = !is_null(trace, "duration_ns");
	run->incomplete = read_incomplete(top, trace);
	run->arrivals_unknown = is_null(totals, "delivered");
	run->elided_unknown = is_null(totals, "elided");
	return 0;
}

static int read_rows(struct diff_run *run, const struct json_val *top)
{
	const struct json_val *rows = json_get(top, "rows", JSON_ARR), *own = json_get(top, "own", JSON_OBJ);
	const struct json_val *unsolicited = json_get(top, "unsolicited_handler_ns", JSON_OBJ);

	if (!rows || read_by(run, json_get(top, "by", JSON_ARR)) || read_cell(&run->totals[0], own))
		return -1;
	for (const struct json_val *r = rows->child; r; r = r->next)
		if (read_row(run, r))
			return -1;
	for (const struct json_val *u = unsolicited ? unsolicited->child : NULL; u; u = u->next)
		if (u->type == JSON_OBJ && add_hist(&run->totals[0].handler, u))
			return -1;
	return 0;
}

int diff_read_json(struct diff_run *run, const char *path, struct err *err)
{
	struct json_val *top = json_read_file(path, err);
	const struct json_val *rows;
	uint64_t nr = 0;
	char schema[32];
	int ret = -1;

	*run = (struct diff_run){ .nr_slices = 1, .share = { 1 }, .totals = diff_cells_new(1) };
	if (!top)
		return -1;
	json_get_str(top, "schema", schema, sizeof(schema));
	if (strcmp(schema, REPORT_SCHEMA)) {
		err_set(err, EXIT_FAILED, "%s: JSON, but not a report of ipitrace", path);
		err_hint(err, "made by 'ipitrace report --json FILE'");
		goto out;
	}
	rows = json_get(top, "rows", JSON_ARR);
	for (const struct json_val *r = rows ? rows->child : NULL; r; r = r->next)
		nr++;
	if (nr < json_get_num(top, "rows_total", nr)) {
		err_set(err, EXIT_FAILED, "%s: a part of a report: %llu of %llu rows", path, (unsigned long long)nr,
			(unsigned long long)json_get_num(top, "rows_total", nr));
		err_hint(err, "write it without --top");
		goto out;
	}
	ret = read_trace(run, top) || read_rows(run, top) ? -1 : 0;
	if (ret) {
		err_set(err, EXIT_FAILED, "%s: this report lacks something, or is damaged", path);
		err_hint(err, "reports have buckets since version 0.2: write it anew with 'ipitrace report --json'");
	}
out:
	json_free(top);
	return ret;
}
