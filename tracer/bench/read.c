// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/read.c - what --compare needs of a result "ipitrace-bench/1".
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hist.h"
#include "base/jsonread.h"
#include "base/mem.h"
#include "bench/compare.h"

/* What makes two rows the same measurement: mode, state, and the CPUs' distance. */
static void row_key(const struct json_val *v, struct bench_saved_row *row)
{
	char relation[24];
	uint64_t source = json_get_num(v, "source", UINT64_MAX), target = json_get_num(v, "target", UINT64_MAX);

	json_get_str(v, "relation", relation, sizeof(relation));
	if (target != UINT64_MAX)
		snprintf(row->key, sizeof(row->key), "%s %s %llu>%llu %s", row->mode, row->state,
			 (unsigned long long)source, (unsigned long long)target, relation);
	else
		snprintf(row->key, sizeof(row->key), "%s %s", row->mode, row->state);
}

static int read_row(const struct json_val *v, struct bench_saved_row *row)
{
	const struct json_val *reps = json_get(v, "repetitions", JSON_ARR), *dist;
	unsigned int nr = 0;

	json_get_str(v, "mode", row->mode, sizeof(row->mode));
	json_get_str(v, "measured", row->measured, sizeof(row->measured));
	json_get_str(v, "state", row->state, sizeof(row->state));
	if (!row->mode[0] || !reps)
		return -1;
	row_key(v, row);
	dist = json_get(v, strcmp(row->measured, "delivery") ? "round_trip_ns" : "delivery_ns", JSON_OBJ);
	row->p50 = json_get_num(dist, "p50", 0);
	row->count = json_get_num(dist, "count", 0);
	for (const struct json_val *r = reps->child; r; r = r->next)
		nr++;
	row->rep_p50 = xcalloc(nr + 1, sizeof(*row->rep_p50));
	for (const struct json_val *r = reps->child; r; r = r->next) {
		const struct json_val *p50 = json_get(r, "p50_ns", JSON_NUM);
		uint64_t step;

		if (!p50 && !json_get(r, "p50_ns", JSON_NULL))
			return -1;
		/* None of its samples was good: 0 in files of before 0.2. */
		if (json_get_flag(r, "partial") || !p50 || !p50->num)
			continue;
		row->rep_p50[row->nr_reps++] = p50->num;
		/* Version 0.1 had medians of histograms. */
		step = json_get_num(r, "p50_step_ns", hist_width(p50->num) > 1 ? hist_width(p50->num) : 0);
		if (step > row->step)
			row->step = step;
	}
	return 0;
}

static int read_result(struct bench_saved *s, const struct json_val *top, const char *path, struct err *err)
{
	const struct json_val *rows = json_get(top, "rows", JSON_ARR);
	unsigned int nr = 0;
	char schema[32];

	json_get_str(top, "schema", schema, sizeof(schema));
	if (strcmp(schema, "ipitrace-bench/1") || !rows)
		return err_set(err, EXIT_FAILED, "%s: not a result of ipitrace bench", path);
	json_get_str(top, "backend", s->backend, sizeof(s->backend));
	s->iterations = json_get_num(top, "iterations", 0);
	s->nr_senders = json_get_num(top, "senders", 1);
	s->pace_ns = json_get_num(top, "pace_ns", 0);
	s->handler_ns = json_get_num(top, "handler_ns", 0);
	s->irqs_off_ns = json_get_num(top, "irqs_off_ns", 0);
	for (const struct json_val *r = rows->child; r; r = r->next)
		nr++;
	s->rows = xcalloc(nr + 1, sizeof(*s->rows));
	for (const struct json_val *r = rows->child; r; r = r->next)
		if (read_row(r, &s->rows[s->nr_rows++]))
			return err_set(err, EXIT_FAILED, "%s: row %u is damaged", path, s->nr_rows);
	return 0;
}

int bench_saved_read(struct bench_saved *s, const char *path, struct err *err)
{
	struct json_val *top;
	int ret;

	*s = (struct bench_saved){ 0 };
	top = json_read_file(path, err);
	ret = top ? read_result(s, top, path, err) : -1;
	if (ret && !err->hint[0])
		err_hint(err, "results are made by 'ipitrace bench --json >FILE'");
	json_free(top);
	return ret;
}

void bench_saved_free(struct bench_saved *s)
{
	for (unsigned int i = 0; i < s->nr_rows; i++)
		free(s->rows[i].rep_p50);
	free(s->rows);
	*s = (struct bench_saved){ 0 };
}
