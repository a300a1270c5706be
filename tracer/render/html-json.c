// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/html-json.c - what a page shows, as JSON "ipitrace-page/1": docs/page.schema.json.
 *
 * Compact, because all of it is in every page: numbers in arrays, names once,
 * times since the start of the recording.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/topo.h"
#include "render/html-priv.h"
#include "render/parts-priv.h"
#include "render/render.h"
#include "report/columns.h"

#define MAX_DIST_ROWS 300u /* rows that have distributions beside delivery */
#define MAX_SLOW_ROWS 100u /* rows whose slowest IPIs are there */

struct strings {
	char **text;
	uint32_t nr, room;
	struct hash by_text;
};

struct html_json {
	struct json json;
	const struct report *report;
	struct pagedata *data;
	unsigned int nr_rows;
	uint32_t *
		row_of; /* by PAGEDATA_*: where it is in the page; those that are not shown are nr_rows, the rest follow */
	struct strings strings;
};

/* --- names, once --- */

static uint32_t string_index(struct strings *s, const char *text)
{
	uint64_t h = 1469598103934665603ULL;
	uint32_t hash, at, i;

	for (const char *p = text; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211ULL;
	hash = (uint32_t)hash_u64(h);
	for (i = hash_first(&s->by_text, hash, &at); i != HASH_END; i = hash_next(&s->by_text, hash, &at))
		if (!strcmp(s->text[i], text))
			return i;
	if (s->nr == s->room) {
		s->room = s->room ? 2 * s->room : 256;
		s->text = xrealloc(s->text, s->room * sizeof(*s->text));
	}
	s->text[s->nr] = xstrdup(text);
	hash_add(&s->by_text, hash, s->nr);
	return s->nr++;
}

static void strings_write(struct html_json *h)
{
	json_array(&h->json, "strings");
	for (uint32_t i = 0; i < h->strings.nr; i++) {
		json_string(&h->json, NULL, h->strings.text[i]);
		free(h->strings.text[i]);
	}
	json_close(&h->json);
	free(h->strings.text);
	hash_free(&h->strings.by_text);
}

/* --- sentences, as the report in text has them --- */

static void text_lines(struct json *j, const char *key, char *text)
{
	char *save = NULL;

	json_array(j, key);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		json_string(j, NULL, line);
	json_close(j);
}

static void texts(struct html_json *h)
{
	static const struct render_options plain = { 0 };
	struct render r = {
		.ops = &render_text, .report = h->report, .options = &plain, .nr_rows = h->report->nr_rows
	};
	struct json *j = &h->json;
	char *text = NULL;
	size_t len;
	bool good = false;

	r.out = open_memstream(&text, &len);
	if (r.out) {
		good = render_verdict(h->report, r.out);
		fclose(r.out);
	}
	json_bool(j, "good", good);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	json_string(j, "verdict", text);
	free(text);
	text = NULL;
	r.out = open_memstream(&text, &len);
	if (r.out) {
		render_text_foot(&r);
		fclose(r.out);
	}
	text_lines(j, "foot", text ? text : (char[]){ "" });
	free(text);
}

/* --- rows --- */

static bool is_key_of(const struct report *r, const struct column *c)
{
	for (unsigned int i = 0; i < r->nr_by; i++)
		if (column_of_key(r->by[i]) == c)
			return true;
	return false;
}

static void columns(struct html_json *h)
{
	struct json *j = &h->json;

	json_array(j, "columns");
	for (unsigned int i = 0; i < report_nr_columns; i++) {
		const struct column *c = &report_columns[i];

		json_object(j, NULL);
		json_string(j, "id", c->id);
		json_string(j, "header", c->header);
		json_string(j, "unit",
			    c->unit == UNIT_NAME || c->unit == UNIT_STACK ? "name" :
			    c->unit == UNIT_COUNT			  ? "count" :
			    c->unit == UNIT_ID				  ? "id" :
			    c->unit == UNIT_WHEN			  ? "when" :
			    c->unit == UNIT_MILLI			  ? "milli" :
									    "ns");
		json_string(j, "help", c->help);
		json_bool(j, "key", is_key_of(h->report, c));
		json_bool(j, "shown", c->shown);
		json_close(j);
	}
	json_close(j);
}

/* Below 0: of what was sent within a window, it may have been queued before. */
static void when(struct html_json *h, uint64_t ns)
{
	json_i64(&h->json, NULL, (int64_t)(ns - pagedata_start_ns(h->data)));
}

static void row_values(struct html_json *h, const struct report_row *row)
{
	struct json *j = &h->json;

	json_array(j, NULL);
	for (unsigned int i = 0; i < report_nr_columns; i++) {
		const struct column *c = &report_columns[i];
		struct value v = { .none = true };

		if (!c->object || column_samples(c, row))
			v = column_value(c, row);
		if (v.none)
			json_null(j, NULL);
		else if (c->unit == UNIT_STACK)
			json_string(j, NULL, row->stack);
		else if (c->unit == UNIT_NAME)
			json_string(j, NULL, v.text);
		else if (c->unit == UNIT_WHEN)
			when(h, v.num);
		else
			json_u64(j, NULL, v.num);
	}
	json_close(j);
}

static void distributions(struct html_json *h)
{
	struct json *j = &h->json;

	json_array(j, "distributions");
	for (unsigned int i = 0; i < h->nr_rows && i < MAX_DIST_ROWS; i++) {
		const struct agg_row *row = h->report->rows[i].agg;

		json_object(j, NULL);
		html_hist(j, "queue", &row->queue);
		html_hist(j, "func", &row->func_time);
		html_hist(j, "handler", &row->handler);
		html_hist(j, "wait", &row->wait);
		json_close(j);
	}
	json_close(j);
}

static void rows(struct html_json *h)
{
	struct json *j = &h->json;

	columns(h);
	json_array(j, "rows");
	for (unsigned int i = 0; i < h->nr_rows; i++)
		row_values(h, &h->report->rows[i]);
	json_close(j);
	distributions(h);
}

/* --- cells --- */

/* [a, b, [bins since the one before, bucket, hits, (ns,) ...]] */
static void cells(struct html_json *h, const char *key, enum pagedata_cube which)
{
	bool by_row = which != PAGEDATA_MATRIX && which != PAGEDATA_FLOWS,
	     ns = which == PAGEDATA_TARGETS || which == PAGEDATA_TASKS;
	const struct cube *c = pagedata_cube(h->data, which);
	struct json *j = &h->json;
	uint32_t bin = 0;

	json_object(j, key);
	json_u64(j, "bin_ns", 1ull << c->time_shift);
	if (c->bucket_bits >= 0)
		json_u64(j, "bucket_bits", (uint64_t)c->bucket_bits);
	else
		json_null(j, "bucket_bits");
	json_u64(j, "cpus_each", 1ull << c->cpu_shift);
	json_bool(j, "merged", c->merged);
	json_array(j, "cells");
	for (uint32_t i = 0; i < c->nr; i++) {
		const struct cube_cell *cell = &c->cells[i];
		bool first = !i || cell->key >> 24 != c->cells[i - 1].key >> 24;

		if (first) {
			uint32_t a = cube_a(cell);

			if (i) {
				json_close(j);
				json_close(j);
			}
			json_array(j, NULL);
			json_u64(j, NULL, by_row ? h->row_of[a] : a);
			if (which == PAGEDATA_FLOWS)
				json_u64(j, NULL, cube_from(cell));
			json_u64(j, NULL, which == PAGEDATA_FLOWS ? cube_to(cell) : cube_b(cell));
			json_array(j, NULL);
			bin = 0;
		}
		json_u64(j, NULL, cube_bin(cell) - bin);
		bin = cube_bin(cell);
		if (!ns)
			json_u64(j, NULL, cube_bucket(cell));
		json_u64(j, NULL, cell->n);
		if (ns)
			json_u64(j, NULL, cell->ns);
	}
	if (c->nr) {
		json_close(j);
		json_close(j);
	}
	json_close(j);
	json_close(j);
}

/* [row, task], by the numbers that cells have; of those without room for them both are null. */
static void flows(struct html_json *h)
{
	struct json *j = &h->json;
	uint32_t others;
	unsigned int nr;
	const struct pagedata_flow *f = pagedata_flows(h->data, &nr, &others);

	json_array(j, "flow_names");
	for (unsigned int i = 0; i < nr; i++) {
		json_array(j, NULL);
		if (i == others) {
			json_null(j, NULL);
			json_null(j, NULL);
		} else {
			json_u64(j, NULL, h->row_of[f[i].row]);
			json_u64(j, NULL, f[i].task);
		}
		json_close(j);
	}
	json_close(j);
}

static void cubes(struct html_json *h)
{
	struct json *j = &h->json;
	const char *name;

	cells(h, "delivery", PAGEDATA_DELIVERY);
	cells(h, "targets", PAGEDATA_TARGETS);
	cells(h, "tasks", PAGEDATA_TASKS);
	cells(h, "matrix", PAGEDATA_MATRIX);
	cells(h, "flows", PAGEDATA_FLOWS);
	flows(h);
	json_array(j, "task_names");
	for (uint32_t i = 0; (name = pagedata_task(h->data, i)); i++)
		json_string(j, NULL, name);
	json_close(j);
}

static void topology(struct html_json *h)
{
	const struct topo *t = h->report->trace->topo;
	struct json *j = &h->json;

	json_array(j, "topology");
	for (unsigned int i = 0; t && i < t->nr; i++) {
		char *cpus = cpuset_text(&t->groups[i].cpus);

		json_object(j, NULL);
		json_string(j, "kind", topo_kind_name(t->groups[i].kind));
		json_u64(j, "id", t->groups[i].id);
		json_string(j, "cpus", cpus);
		json_close(j);
		free(cpus);
	}
	json_close(j);
}

/* --- single IPIs --- */

static const char *const line_keys[] = {
	"kind",	   "own",      "outcome", "how",     "class",	    "source",	      "target",	  "send_id",
	"caller",  "func",     "pid",	  "comm",    "victim_comm", "victim_context", "queue_ns", "send_ns",
	"sent_ns", "entry_ns", "run_ns",  "done_ns", "exit_ns",	    "wait_ns",	      "wakee",
};

/* Behind those of a list: which row and sending process it is of. */
static const char *const line_extra_keys[] = { "row", "task" };

static void line(struct html_json *h, const struct list_column *const *cols, const struct pagedata_single *single)
{
	struct json *j = &h->json;
	struct list_line l;

	if (!pagedata_line(h->data, &single->span, &l))
		return;
	json_array(j, NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(line_keys); i++) {
		struct list_value v = cols[i]->get(&l);

		if (v.none)
			json_null(j, NULL);
		else if (cols[i]->unit == LIST_TEXT)
			json_u64(j, NULL, string_index(&h->strings, v.text));
		else if (cols[i]->unit == LIST_AT)
			when(h, v.num);
		else
			json_u64(j, NULL, v.num);
	}
	if (single->row == PAGEDATA_UNKNOWN) {
		json_null(j, NULL);
		json_null(j, NULL);
	} else {
		json_u64(j, NULL, h->row_of[single->row]);
		json_u64(j, NULL, single->task);
	}
	json_close(j);
}

static void lines(struct html_json *h)
{
	const struct list_column *cols[ARRAY_SIZE(line_keys)];
	const struct pagedata_single *slow[PAGEDATA_SLOWEST];
	struct json *j = &h->json;
	struct pagedata_pieces pieces;
	unsigned int nr = pagedata_nr_lines(h->data, &pieces);

	json_object(j, "lines");
	json_u64(j, "period_ns", pieces.period_ns);
	json_u64(j, "length_ns", pieces.length_ns);
	json_bool(j, "cut", pieces.cut);
	json_array(j, "keys");
	for (unsigned int i = 0; i < ARRAY_SIZE(line_keys); i++) {
		cols[i] = list_column_find(line_keys[i]);
		json_array(j, NULL);
		json_string(j, NULL, line_keys[i]);
		json_string(j, NULL,
			    cols[i]->unit == LIST_TEXT ? "text" :
			    cols[i]->unit == LIST_AT   ? "when" :
			    cols[i]->unit == LIST_NS   ? "ns" :
			    cols[i]->unit == LIST_FLAG ? "flag" :
							 "id");
		json_close(j);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(line_extra_keys); i++) {
		json_array(j, NULL);
		json_string(j, NULL, line_extra_keys[i]);
		json_string(j, NULL, "id");
		json_close(j);
	}
	json_close(j);
	json_array(j, "lines");
	for (unsigned int i = 0; i < nr; i++)
		line(h, cols, pagedata_span(h->data, i));
	json_close(j);
	json_array(j, "slowest");
	for (unsigned int i = 0; i < h->nr_rows && i < MAX_SLOW_ROWS; i++) {
		unsigned int nr_slow = pagedata_slowest(h->data, pagedata_row(h->data, &h->report->rows[i]), slow);

		json_array(j, NULL);
		for (unsigned int k = 0; k < nr_slow; k++)
			line(h, cols, slow[k]);
		json_close(j);
	}
	json_close(j);
	json_close(j);
}

/* --- stacks: [row, hits, stolen ns, frames, the innermost first ...] --- */

static void frames(struct html_json *h, uint32_t stack)
{
	const struct ipi_span span = {
		.kind = IPI_SPAN_HIT,
		.stack = stack,
		.queue_ns = IPI_NO_TIME,
		.send_ns = IPI_NO_TIME,
		.entry_ns = IPI_NO_TIME,
		.run_ns = IPI_NO_TIME,
	};
	struct list_line l;
	const char *name;

	if (!pagedata_line(h->data, &span, &l))
		return;
	for (unsigned int i = 0; (name = list_frame(&l, i)); i++)
		json_u64(&h->json, NULL, string_index(&h->strings, name));
	for (unsigned int i = 0; (name = list_user_frame(&l, i)); i++)
		json_u64(&h->json, NULL, string_index(&h->strings, name));
}

static void stacks(struct html_json *h)
{
	struct json *j = &h->json;
	uint64_t missing;
	unsigned int nr;
	const struct pagedata_stack *s = pagedata_stacks(h->data, &nr, &missing);

	json_u64(j, "stacks_missing", missing);
	json_array(j, "stacks");
	for (unsigned int i = 0; i < nr; i++) {
		json_array(j, NULL);
		json_u64(j, NULL, h->row_of[s[i].row]);
		json_u64(j, NULL, s[i].hits);
		json_u64(j, NULL, s[i].stolen_ns);
		frames(h, s[i].stack);
		json_close(j);
	}
	json_close(j);
}

/* --- all of it --- */

static void number_rows(struct html_json *h, unsigned int top)
{
	const struct report *r = h->report;

	h->nr_rows = r->nr_rows < PAGEDATA_MAX_ROWS ? r->nr_rows : PAGEDATA_MAX_ROWS;
	h->nr_rows = top && top < h->nr_rows ? top : h->nr_rows;
	h->row_of = xcalloc(PAGEDATA_NR_ROWS, sizeof(*h->row_of));
	for (unsigned int i = 0; i < PAGEDATA_NR_ROWS; i++)
		h->row_of[i] = i < PAGEDATA_REST ? h->nr_rows : h->nr_rows + i - PAGEDATA_REST;
	for (unsigned int i = 0; i < h->nr_rows; i++) {
		uint32_t row = pagedata_row(h->data, &r->rows[i]);

		if (row < PAGEDATA_REST)
			h->row_of[row] = i;
	}
}

int html_data(const struct report *report, struct pagedata *data, const struct html_options *o, FILE *out,
	      struct err *err)
{
	const struct render_options head = { .line = true, .head_only = true };
	struct html_json h = { .json = { .out = out, .compact = true }, .report = report, .data = data };
	struct json *j = &h.json;

	number_rows(&h, o->top);
	fputs("{\"report\":", out);
	if (render_report(&render_json, report, &head, out, err)) {
		free(h.row_of);
		return -1;
	}
	fputs(",\"page\":", out);
	json_object(j, NULL);
	json_string(j, "schema", "ipitrace-page/1");
	json_string(j, "version", o->version);
	texts(&h);
	rows(&h);
	json_bool(j, "timeless", pagedata_timeless(data));
	cubes(&h);
	topology(&h);
	lines(&h);
	stacks(&h);
	strings_write(&h);
	json_close(j);
	fputs("}\n", out);
	free(h.row_of);
	return 0;
}
