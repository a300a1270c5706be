// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/diff-read.c - a report that was written as JSON, as a run of a comparison.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/jsonread.h"
#include "report/diff.h"
#include "report/report-json.h"

/* Counts and distributions of a row, or of an object that has the same. */
static int read_cell(struct diff_cell *c, const struct json_val *row)
{
	c->hits += json_get_num(row, "target_hits", 0);
	c->delivered += json_get_num(row, "delivered", 0);
	c->calls += json_get_num(row, "calls", 0);
	c->elided += json_get_num(row, "elided", 0);
	if (report_json_hist(&c->delivery, json_get(row, "delivery_ns", JSON_OBJ)))
		return -1;
	return report_json_hist(&c->handler, json_get(row, "handler_ns", JSON_OBJ));
}

static char *key_text(const struct json_val *row, enum agg_key key)
{
	char *text = report_json_key(row, key), *clean;

	if (!diff_is_symbol(key))
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
		class = report_json_text(row, "class");
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

static int read_trace(struct diff_run *run, const struct json_val *top)
{
	static const struct {
		const char *key;
		enum diff_metric metric;
	} counts[] = {
		{ "target_hits", DIFF_HITS }, { "delivered", DIFF_DELIVERED }, { "calls", DIFF_CALLS },
		{ "elided", DIFF_ELIDED },    { "interrupts", DIFF_STOLEN },
	};
	const struct json_val *trace = json_get(top, "trace", JSON_OBJ), *totals = json_get(top, "totals", JSON_OBJ);
	struct report_json_time time;

	if (report_json_time(&time, trace))
		return -1;
	run->kernel = report_json_text(trace, "kernel");
	run->tier = report_json_text(trace, "tier");
	run->clock = report_json_text(trace, "clock");
	run->filters = report_json_text(trace, "filters");
	run->clock_ns = time.clock_ns;
	run->windowed = time.windowed;
	run->from_ns = time.from_ns;
	run->to_ns = time.to_ns;
	run->duration_ns = time.duration_ns;
	run->whole_ns = time.whole_ns;
	run->incomplete = report_json_incomplete(top);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		run->unknown |= (uint32_t)report_json_null(totals, counts[i].key) << counts[i].metric;
	return 0;
}

static int read_rows(struct diff_run *run, const struct json_val *top)
{
	const struct json_val *rows = json_get(top, "rows", JSON_ARR), *own = json_get(top, "own", JSON_OBJ);
	const struct json_val *unsolicited = json_get(top, "unsolicited_handler_ns", JSON_OBJ);

	if (read_cell(&run->totals[0], own))
		return -1;
	for (const struct json_val *r = rows->child; r; r = r->next)
		if (read_row(run, r))
			return -1;
	for (const struct json_val *u = unsolicited ? unsolicited->child : NULL; u; u = u->next)
		if (u->type == JSON_OBJ && report_json_hist(&run->totals[0].handler, u))
			return -1;
	return 0;
}

int diff_read_json(struct diff_run *run, const char *path, struct err *err)
{
	struct json_val *top = report_json_read(path, err);
	int ret;

	*run = (struct diff_run){ .nr_slices = 1, .share = { 1 }, .totals = diff_cells_new(1) };
	if (!top)
		return -1;
	if (report_json_by(top, run->by, &run->nr_by) || read_trace(run, top))
		ret = report_json_damaged(path, err);
	else if (diff_check_keys(run->by, run->nr_by, path, err))
		ret = -1;
	else
		ret = read_rows(run, top) ? report_json_damaged(path, err) : 0;
	json_free(top);
	return ret;
}
