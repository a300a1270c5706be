// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/diff-slices.c - spans into rows and slices of time.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/agg-priv.h"
#include "report/diff-slices.h"

#define FIRST_WIDTH_NS 1024u

struct diff_slices {
	struct agg *agg; /* knows the rows; counts nothing */
	unsigned int max;
	const struct span_window *window; /* NULL = all of it */
	bool begun;
	uint64_t begin_ns, width_ns;
	struct diff_cell **rows; /* by the agg's index, max cells each */
	unsigned int nr_rows;
	struct diff_cell *totals;
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
	s->totals = diff_cells_new(max);
	return s;
}

void diff_slices_free(struct diff_slices *s)
{
	if (!s)
		return;
	for (unsigned int i = 0; i < s->nr_rows; i++)
		diff_cells_free(s->rows[i], s->max);
	free(s->rows);
	diff_cells_free(s->totals, s->max);
	agg_free(s->agg);
	free(s);
}

struct agg *diff_slices_agg(struct diff_slices *s)
{
	return s->agg;
}

/* Two slices become one. */
static void fold(struct diff_cell *cells, unsigned int max)
{
	for (unsigned int i = 0; i < max; i++) {
		struct diff_cell one = cells[i];

		cells[i] = (struct diff_cell){ 0 };
		if (i % 2) {
			diff_cell_add(&cells[i / 2], &one);
			hist_free(&one.delivery);
			hist_free(&one.handler);
		} else {
			cells[i / 2] = one;
		}
	}
}

/* Room for what happens at this time. */
static void reach(struct diff_slices *s, uint64_t at_ns)
{
	while (at_ns > s->begin_ns && (at_ns - s->begin_ns) / s->width_ns >= s->max) {
		for (unsigned int i = 0; s->max > 1 && i < s->nr_rows; i++)
			fold(s->rows[i], s->max);
		if (s->max > 1)
			fold(s->totals, s->max);
		s->width_ns *= 2;
	}
}

static unsigned int slice_of(struct diff_slices *s, uint64_t at_ns)
{
	if (unlikely(!s->begun)) {
		s->begun = true;
		s->begin_ns = s->window ? span_window_begin_ns(s->window) : at_ns;
	}
	reach(s, at_ns);
	return at_ns > s->begin_ns ? (unsigned int)((at_ns - s->begin_ns) / s->width_ns) : 0;
}

/* Where the row of this span counts; NULL: it is ipitrace's own, and only in the totals. */
static struct diff_cell *row_cell(struct diff_slices *s, const struct ipi_span *span, unsigned int slice)
{
	const struct agg_row *row = agg_row_find(s->agg, span, span->target);
	unsigned int index;

	if (row == agg_own(s->agg))
		return NULL;
	index = (unsigned int)(row - agg_rows(s->agg));
	if (index >= s->nr_rows) {
		s->rows = xrealloc(s->rows, (index + 1) * sizeof(*s->rows));
		while (s->nr_rows <= index)
			s->rows[s->nr_rows++] = diff_cells_new(s->max);
	}
	return &s->rows[index][slice];
}

static void add_handler(struct diff_cell *c, const struct ipi_span *span)
{
	if (span->entry_ns != IPI_NO_TIME && span->exit_ns != IPI_NO_TIME && !span->negative)
		hist_add(&c->handler, span->exit_ns - span->entry_ns, span->entry_ns, span->target);
}

static void add_hit(struct diff_cell *c, const struct ipi_span *span)
{
	c->hits++;
	if (span->outcome != IPI_DELIVERED)
		return;
	c->delivered++;
	if (span->how == IPI_HOW_AMBIGUOUS || span->negative || span->entry_ns == IPI_NO_TIME)
		return;
	if (span->sent_ns <= span->entry_ns)
		hist_add(&c->delivery, span->entry_ns - span->sent_ns, span->send_ns, span->target);
	add_handler(c, span);
}

static void add(struct diff_cell *c, const struct ipi_span *span)
{
	switch (span->kind) {
	case IPI_SPAN_HIT:
		add_hit(c, span);
		break;
	case IPI_SPAN_CALL:
		c->calls++;
		c->elided += span->path == IPI_PATH_RIDER || span->path == IPI_PATH_POLLED;
		break;
	case IPI_SPAN_WAKE:
		c->elided++;
		break;
	}
}

static void on_span(void *ctx, const struct ipi_span *span)
{
	struct diff_slices *s = ctx;
	struct diff_cell *row;
	unsigned int slice;

	switch (span->kind) {
	case IPI_SPAN_HIT:
	case IPI_SPAN_CALL:
	case IPI_SPAN_WAKE:
		slice = slice_of(s, span_begin_ns(span));
		row = row_cell(s, span, slice);
		if (row)
			add(row, span);
		add(&s->totals[slice], span);
		break;
	case IPI_SPAN_IRQ:
		if (span->unsolicited)
			add_handler(&s->totals[slice_of(s, span_begin_ns(span))], span);
		break;
	}
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
	last = slice_of(s, end);
	run->nr_slices = (unsigned int)last + 1;
	for (unsigned int i = 0; i <= last; i++) {
		uint64_t from = s->begin_ns + i * s->width_ns, to = i < last ? from + s->width_ns : end;

		if (!i && begin < from)
			from = begin;
		run->share[i] = end > begin ? (double)(to - from) / (double)(end - begin) : 1. / run->nr_slices;
	}
}

static char *copy(const char *text)
{
	return text && text[0] ? xstrdup(text) : NULL;
}

static char *key_text(const struct report_row *row, enum agg_key key)
{
	switch (key) {
	case AGG_KEY_CALLER:
		return diff_name(row->caller);
	case AGG_KEY_CALLSITE:
		return diff_name(row->callsite);
	case AGG_KEY_FUNC:
		return diff_name(row->func);
	case AGG_KEY_UFUNC:
		return diff_name(row->ufunc);
	case AGG_KEY_CLASS:
		return copy(row->class);
	case AGG_KEY_COMM:
		return copy(row->comm);
	case AGG_KEY_SOURCE:
		return xasprintf("%u", row->agg->source);
	case AGG_KEY_TARGET:
		return xasprintf("%u", row->agg->target);
	default:
		return NULL;
	}
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
		.arrivals_unknown = t->arrivals_unknown,
		.elided_unknown = t->elided_unknown,
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
		diff_cell_add(&run->totals[i], &s->totals[i]);
	for (unsigned int i = 0; i < r->nr_rows && i < s->nr_rows; i++) {
		const struct report_row *row = &r->rows[i];
		struct diff_line *line;

		memset(values, 0, sizeof(values));
		for (unsigned int k = 0; k < r->nr_by; k++)
			values[r->by[k]] = key_text(row, r->by[k]);
		line = diff_run_line(run, values);
		diff_line_class(line, row->class);
		for (unsigned int k = 0; k < run->nr_slices; k++)
			diff_cell_add(&line->cells[k], &s->rows[i][k]);
		for (unsigned int k = 0; k < AGG_NR_KEYS; k++)
			free(values[k]);
	}
}
