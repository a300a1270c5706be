// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/interval.c - what came since the interval began.
 */
#include <stdint.h>

#include "report/interval.h"

void interval_begin(struct interval *i, const struct trace_info *trace, const struct match_totals *totals,
		    uint64_t from_ns, bool first)
{
	i->from_ns = from_ns;
	i->first = first;
	i->before = *trace;
	i->totals = *totals;
}

static void since(uint64_t *count, uint64_t before)
{
	*count -= before;
}

void interval_report(struct interval *i, struct report *r, uint64_t to_ns)
{
	struct trace_info *t = &i->trace;

	*t = *r->trace;
	/* The start of a measurement in which nothing was recorded yet is not known. */
	if (!i->first || !t->records || t->start_ns > i->from_ns)
		t->start_ns = i->from_ns;
	t->end_ns = to_ns;
	since(&t->records, i->before.records);
	since(&t->events, i->before.events);
	since(&t->other_events, i->before.other_events);
	since(&t->stacks_dropped, i->before.stacks_dropped);
	since(&t->lost_events, i->before.lost_events);
	since(&t->late_events, i->before.late_events);
	since(&t->missed_sends, i->before.missed_sends);
	since(&t->blind_sends, i->before.blind_sends);
	since(&t->blind_hits, i->before.blind_hits);
	since(&t->bad_pages, i->before.bad_pages);
	since(&r->totals.events, i->totals.events);
	since(&r->totals.calls_unqueued, i->totals.calls_unqueued);
	since(&r->totals.calls_unqueued_untraced, i->totals.calls_unqueued_untraced);
	since(&r->totals.exits_unentered, i->totals.exits_unentered);
	since(&r->totals.lost_events, i->totals.lost_events);
	r->trace = t;
	for (unsigned int row = 0; row < r->nr_rows; row++)
		r->rows[row].trace = t;
	r->interval = true;
	r->nr_coverage = 0;
	r->missing = NULL;
}
