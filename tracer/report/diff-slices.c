// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/diff-slices.c - spans into rows and slices of time.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/agg-priv.h"
#include "report/columns.h"
#include "report/diff-slices.h"

#define PARTS	       32u /* of a slice */
#define FIRST_WIDTH_NS (32u * PARTS)

/* What happened in one part of a slice. */
struct part {
	uint32_t counts[DIFF_NR_METRICS]; /* of sums: addends */
	uint64_t stolen_ns;
};

struct row {
	struct diff_cell *cells; /* max of them */
	struct part *parts;	 /* as many as the last one needs in which something happened */
	unsigned int nr_parts, parts_room;
};

struct diff_slices {
	struct agg *agg; /* knows the rows; counts nothing */
	unsigned int max;
	const struct span_window *window; /* NULL = all of it */
	bool begun;
	uint64_t begin_ns, width_ns; /* width of a slice */
	struct row *rows;	     /* by the agg's index */
	unsigned int nr_rows;
	struct row totals;
};

struct diff_slices *diff_slices_new(const enum agg_key *by, unsigned int nr_by, unsigned int max, uint64_t begin_ns,
				    const struct span_window *window, const struct span_names *names)
{
	struct diff_slices *s = xcalloc(1, sizeof(*s));

	s->agg = agg_new(by, nr_by, false, names);
	s->max = max;
	s->window = window;
	s->begun = begin_ns && !window;
	s->begin_ns = begin_ns;
	s->width_ns = FIRST_WIDTH_NS;
	s->totals.cells = diff_cells_new(max);
	return s;
}

static void row_free(const struct diff_slices *s, struct row *row)
{
	diff_cells_free(row->cells, s->max);
	free(row->parts);
}

void diff_slices_free(struct diff_slices *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < s->nr_rows; i++)
		row_free(s, &s->rows[i]);
	free(s->rows);
	row_free(s, &s->totals);
	agg_free(s->agg);
	free(s);
}

struct agg *diff_slices_agg(struct diff_slices *s)
{
	return s->agg;
}

static void part_add(struct part *to, const struct part *from)
{
	for (unsigned int m = 0; m < DIFF_NR_METRICS; m++)
		to->counts[m] += from->counts[m];
	to->stolen_ns += from->stolen_ns;
}

/* Two slices become one, and two of their parts. */
static void fold(struct row *row, unsigned int max)
{
	for (unsigned int i = 0; i < max; i++) {
		struct diff_cell one = row->cells[i];

		row->cells[i] = (struct diff_cell){ 0 };
		if (i % 2) {
			diff_cell_add(&row->cells[i / 2], &one);
			hist_free(&one.delivery);
			hist_free(&one.handler);
		} else {
			row->cells[i / 2] = one;
		}
	}
	for (unsigned int i = 0; i < row->nr_parts; i++) {
		struct part one = row->parts[i];

		row->parts[i] = (struct part){ 0 };
		part_add(&row->parts[i / 2], &one);
	}
	row->nr_parts = (row->nr_parts + 1) / 2;
}

/* Room for what happens at this time. */
static void reach(struct diff_slices *s, uint64_t at_ns)
{
	while (at_ns > s->begin_ns && (at_ns - s->begin_ns) / s->width_ns >= s->max) {
		for (unsigned int i = 0; s->max > 1 && i < s->nr_rows; i++)
			fold(&s->rows[i], s->max);
		if (s->max > 1)
			fold(&s->totals, s->max);
		s->width_ns *= 2;
	}
}

/* In which part of all slices; a slice is PARTS of them. */
static unsigned int part_of(struct diff_slices *s, uint64_t at_ns)
{
	if (unlikely(!s->begun)) {
		s->begun = true;
		s->begin_ns = s->window ? span_window_begin_ns(s->window) : at_ns;
	}
	reach(s, at_ns);
	return at_ns > s->begin_ns ? (unsigned int)((at_ns - s->begin_ns) / (s->width_ns / PARTS)) : 0;
}

/* Where this span counts; NULL: it is ipitrace's own, and only in the totals. */
static struct row *row_of(struct diff_slices *s, const struct ipi_span *span)
{
	const struct agg_row *row = agg_row_find(s->agg, span, span->target);
	unsigned int index;

	if (row == agg_own(s->agg))
		return NULL;
	index = (unsigned int)(row - agg_rows(s->agg));
	if (index >= s->nr_rows) {
		s->rows = xrealloc(s->rows, (index + 1) * sizeof(*s->rows));
		while (s->nr_rows <= index)
			s->rows[s->nr_rows++] = (struct row){ .cells = diff_cells_new(s->max) };
	}
	return &s->rows[index];
}

/* The part at this index, of a run that is cut; else one that nobody looks at. */
static struct part *part_at(struct diff_slices *s, struct row *row, unsigned int index)
{
	static struct part nowhere;

	if (s->max == 1)
		return &nowhere;
	if (index >= row->parts_room) {
		unsigned int room = index + index / 2 + 16;

		row->parts = xrealloc(row->parts, room * sizeof(*row->parts));
		row->parts_room = room;
	}
	while (row->nr_parts <= index)
		row->parts[row->nr_parts++] = (struct part){ 0 };
	return &row->parts[index];
}

static void add_handler(struct diff_cell *c, struct part *p, const struct ipi_span *span)
{
	if (span->entry_ns == IPI_NO_TIME || span->exit_ns == IPI_NO_TIME || span->negative)
		return;
	hist_add(&c->handler, span->exit_ns - span->entry_ns, span->entry_ns, span->target);
	p->counts[DIFF_STOLEN]++;
	p->stolen_ns += span->exit_ns - span->entry_ns;
}

static void add_hit(struct diff_cell *c, struct part *p, const struct ipi_span *span)
{
	c->hits++;
	p->counts[DIFF_HITS]++;
	if (span->outcome != IPI_DELIVERED)
		return;
	c->delivered++;
	p->counts[DIFF_DELIVERED]++;
	if (span->how == IPI_HOW_AMBIGUOUS || span->negative || span->entry_ns == IPI_NO_TIME)
		return;
	if (span->sent_ns <= span->entry_ns)
		hist_add(&c->delivery, span->entry_ns - span->sent_ns, span->send_ns, span->target);
	add_handler(c, p, span);
}

static void add_elided(struct diff_cell *c, struct part *p)
{
	c->elided++;
	p->counts[DIFF_ELIDED]++;
}

static void add(struct diff_slices *s, struct row *row, unsigned int part, const struct ipi_span *span)
{
	struct diff_cell *c = &row->cells[part / PARTS];
	struct part *p = part_at(s, row, part);

	switch (span->kind) {
	case IPI_SPAN_HIT:
		add_hit(c, p, span);
		break;
	case IPI_SPAN_CALL:
		c->calls++;
		p->counts[DIFF_CALLS]++;
		if (span->path == IPI_PATH_RIDER || span->path == IPI_PATH_POLLED)
			add_elided(c, p);
		break;
	case IPI_SPAN_WAKE:
		add_elided(c, p);
		break;
	case IPI_SPAN_IRQ:
		add_handler(c, p, span);
		break;
	}
}

static void on_span(void *ctx, const struct ipi_span *span)
{
	struct diff_slices *s = ctx;
	struct row *row = NULL;
	unsigned int part;

	switch (span->kind) {
	case IPI_SPAN_HIT:
	case IPI_SPAN_CALL:
	case IPI_SPAN_WAKE:
		break;
	case IPI_SPAN_IRQ:
		/* What a solicited one took is its hit's. */
		if (span->unsolicited && span->unsolicited != IPI_UNSOLICITED_BEFORE)
			break;
		return;
	default:
		return;
	}
	part = part_of(s, span_begin_ns(span));
	if (span->kind != IPI_SPAN_IRQ)
		row = row_of(s, span);
	if (row)
		add(s, row, part, span);
	add(s, &s->totals, part, span);
}

struct span_sink diff_slices_sink(struct diff_slices *s)
{
	return (struct span_sink){ .span = on_span, .ctx = s };
}

/* --- the run of it --- */

/* Of the whole time that is looked at, what each slice covers. */
static void set_shares(struct diff_slices *s, struct diff_run *run)
{
	uint64_t begin = run->from_ns, end = run->to_ns, last;

	if (!s->begun)
		s->begin_ns = begin;
	if (end < s->begin_ns)
		end = s->begin_ns;
	last = part_of(s, end) / PARTS;
	run->nr_slices = (unsigned int)last + 1;
	for (unsigned int i = 0; i <= last; i++) {
		uint64_t from = s->begin_ns + i * s->width_ns, to = i < last ? from + s->width_ns : end;

		if (!i && begin < from)
			from = begin;
		run->share[i] = end > begin ? (double)(to - from) / (double)(end - begin) : 1. / run->nr_slices;
	}
}

/* Rates that stretches of time of any length had, parts of slices at the least; the greatest counts. */
static void set_reached(const struct diff_slices *s, const struct row *row, double *reached)
{
	double part_s = (double)(s->width_ns / PARTS) / 1e9;

	for (unsigned int width = 1; width <= row->nr_parts; width *= 2) {
		for (unsigned int at = 0; at < row->nr_parts; at += width) {
			struct part sum = { 0 };

			for (unsigned int i = at; i < at + width && i < row->nr_parts; i++)
				part_add(&sum, &row->parts[i]);
			for (unsigned int m = 0; m < DIFF_NR_METRICS; m++)
				reached[m] = fmax(reached[m],
						  diff_surely(m == DIFF_STOLEN ? (double)sum.stolen_ns : sum.counts[m],
							      sum.counts[m]) /
							  (width * part_s));
		}
	}
}

static char *copy(const char *text)
{
	return text && text[0] ? xstrdup(text) : NULL;
}

static char *key_text(const struct report_row *row, enum agg_key key)
{
	const struct column *c = column_of_key(key);
	struct value v = c->get(c, row);

	if (v.none)
		return NULL;
	if (!v.text)
		return xasprintf("%llu", (unsigned long long)v.num);
	return diff_is_symbol(key) ? diff_name(v.text) : copy(v.text);
}

static bool has_handlers(const struct diff_run *run)
{
	for (unsigned int i = 0; i < run->nr_slices; i++)
		if (run->totals[i].handler.count)
			return true;
	return false;
}

void diff_slices_finish(struct diff_slices *s, const struct report *r, struct diff_run *run)
{
	const struct trace_info *t = r->trace;
	char *values[AGG_NR_KEYS];

	*run = (struct diff_run){
		.recording = true,
		.kernel = copy(t->kernel),
		.tier = copy(t->tier),
		.clock = copy(t->clock),
		.filters = copy(r->filters),
		.clock_ns = t->clock_ns,
		.incomplete = report_incomplete(r),
		.unknown = (uint32_t)!t->has_send << DIFF_HITS |
			   (uint32_t)(!t->has_send || t->arrivals_unknown) << DIFF_DELIVERED |
			   (uint32_t)t->calls_unknown << DIFF_CALLS | (uint32_t)t->elided_unknown << DIFF_ELIDED,
		.windowed = r->windowed,
		.from_ns = r->windowed ? r->from_ns : t->start_ns,
		.to_ns = r->windowed ? r->to_ns : t->end_ns,
		.whole_ns = t->end_ns - t->start_ns,
		.nr_by = r->nr_by,
	};
	memcpy(run->by, r->by, sizeof(run->by));
	run->duration_ns = run->to_ns - run->from_ns;
	set_shares(s, run);
	run->totals = diff_cells_new(run->nr_slices);
	for (unsigned int i = 0; i < run->nr_slices; i++)
		diff_cell_add(&run->totals[i], &s->totals.cells[i]);
	run->unknown |= (uint32_t)(t->arrivals_unknown && !has_handlers(run)) << DIFF_STOLEN;
	set_reached(s, &s->totals, run->reached);
	for (unsigned int i = 0; i < r->nr_rows && i < s->nr_rows; i++) {
		const struct report_row *row = &r->rows[i];
		struct diff_line *line;

		memset(values, 0, sizeof(values));
		for (unsigned int k = 0; k < r->nr_by; k++)
			values[r->by[k]] = key_text(row, r->by[k]);
		line = diff_run_line(run, values);
		diff_line_class(line, row->class);
		for (unsigned int k = 0; k < run->nr_slices; k++)
			diff_cell_add(&line->cells[k], &s->rows[i].cells[k]);
		set_reached(s, &s->rows[i], line->reached);
		for (unsigned int k = 0; k < AGG_NR_KEYS; k++)
			free(values[k]);
	}
}
