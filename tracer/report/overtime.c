// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/overtime.c - hits by row and time.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "report/agg-priv.h"
#include "report/analysis.h"
#include "report/overtime.h"

struct series {
	uint32_t *bins;
	unsigned int nr; /* the rest is 0 */
};

struct overtime {
	struct analysis *analysis;
	struct agg *agg;
	uint64_t bin_ns, start_ns;
	bool started, timeless;
	struct series own, others, *rows; /* rows: by the index of the aggregation's */
	unsigned int nr_rows;
	unsigned int nr_bins; /* of the longest */
	uint64_t cells;
	bool too_many;
};

static struct series *series_of(struct overtime *o, const struct agg_row *row)
{
	unsigned int index;

	if (row == &o->agg->own)
		return &o->own;
	if (!agg_row_index(o->agg, row, &index))
		return &o->others;
	o->rows = xgrow(o->rows, &o->nr_rows, index, sizeof(*o->rows));
	return &o->rows[index];
}

/* False: there would be too many. */
static bool series_grow(struct overtime *o, struct series *s, uint64_t bin)
{
	uint64_t nr = bin + 1 > 2 * (uint64_t)s->nr ? bin + 1 : 2 * (uint64_t)s->nr;

	if (bin >= OVERTIME_MAX_CELLS || o->cells - s->nr + nr > OVERTIME_MAX_CELLS)
		return false;
	s->bins = xrealloc(s->bins, nr * sizeof(*s->bins));
	memset(s->bins + s->nr, 0, (nr - s->nr) * sizeof(*s->bins));
	o->cells += nr - s->nr;
	s->nr = (unsigned int)nr;
	return true;
}

static void overtime_span(void *ctx, const struct ipi_span *span)
{
	struct overtime *o = ctx;
	struct series *s;
	uint64_t bin;

	agg_span(o->agg, span);
	if (span->kind != IPI_SPAN_HIT || o->too_many)
		return;
	if (span->send_ns == IPI_NO_TIME) {
		o->timeless = true;
		return;
	}
	if (!o->started) {
		o->started = true;
		o->start_ns = analysis_start_ns(o->analysis);
	}
	bin = span->send_ns > o->start_ns ? (span->send_ns - o->start_ns) / o->bin_ns : 0;
	s = series_of(o, o->agg->last->row);
	if (bin >= s->nr && !series_grow(o, s, bin)) {
		o->too_many = true;
		return;
	}
	s->bins[bin]++;
	if (bin >= o->nr_bins)
		o->nr_bins = (unsigned int)bin + 1;
}

static int overtime_end(void *ctx, struct err *err)
{
	const struct overtime *o = ctx;
	bool final;

	if (!analysis_evidence(o->analysis, &final).has_send) {
		err_set(err, EXIT_FAILED, "no sends were recorded: there is no rate of hits over time");
		return err_hint(err, "'ipitrace report' shows what was");
	}
	if (o->timeless || !analysis_info(o->analysis)->clock_sync) {
		err_set(err, EXIT_FAILED,
			"this recording's clock has no times between CPUs: there is no rate over time");
		return err_hint(err, "record with clock mono");
	}
	if (!o->too_many)
		return 0;
	err_set(err, EXIT_FAILED, "these are too many bins");
	return err_hint(err, "take a longer time for each, or filter");
}

struct overtime *overtime_new(struct analysis *a, struct agg *agg, uint64_t bin_ns)
{
	struct overtime *o = xcalloc(1, sizeof(*o));

	o->analysis = a;
	o->agg = agg;
	o->bin_ns = bin_ns;
	return o;
}

void overtime_free(struct overtime *o)
{
	if (!o)
		return;
	for (unsigned int i = 0; i < o->nr_rows; i++)
		free(o->rows[i].bins);
	free(o->rows);
	free(o->own.bins);
	free(o->others.bins);
	free(o);
}

struct span_sink overtime_sink(struct overtime *o)
{
	return (struct span_sink){ .span = overtime_span, .end = overtime_end, .ctx = o };
}

void overtime_report(struct overtime *o, struct report *r)
{
	const struct trace_info *t = r->trace;
	uint64_t whole = t->end_ns > t->start_ns ? (t->end_ns - t->start_ns - 1) / o->bin_ns + 1 : 1;

	/* To the end of the recording, so that quiet shows as well; as far as that is no more than what is there. */
	r->bin_ns = o->bin_ns;
	r->nr_bins = whole > o->nr_bins && whole <= OVERTIME_MAX_CELLS ? (unsigned int)whole : o->nr_bins;
	r->bins_from_ns = r->windowed ? r->from_ns : t->start_ns;
	r->bins_to_ns = r->windowed ? r->to_ns : t->end_ns;
	r->own_bins = (struct report_bins){ o->own.bins, o->own.nr };
	for (unsigned int i = 0; i < r->nr_rows; i++) {
		const struct series *s = series_of(o, r->rows[i].agg);

		r->rows[i].bins = (struct report_bins){ s->bins, s->nr };
	}
}

uint64_t overtime_bins_ns(const struct report *r, unsigned int first, unsigned int nr)
{
	uint64_t from = r->trace->start_ns + first * r->bin_ns, to = from + nr * r->bin_ns;

	from = from > r->bins_from_ns ? from : r->bins_from_ns;
	to = to < r->bins_to_ns ? to : r->bins_to_ns;
	return to > from ? to - from : 0;
}

double overtime_rate(const struct report *r, const struct report_bins *b, unsigned int first, unsigned int nr)
{
	uint64_t ns = overtime_bins_ns(r, first, nr), whole = nr * r->bin_ns, hits = 0;

	for (unsigned int i = first; i < first + nr; i++)
		hits += report_bin(b, i);
	return (double)hits * 1e9 / (double)(ns > whole / 2 ? ns : whole / 2 ? whole / 2 : 1);
}
