/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/interval.h - a part of a measurement as a report of its own.
 *
 * What a sink counts by itself (rows, totals of spans) it counts of this part only, because it is a new one for each.
 * What is known of the whole (events, losses) becomes the difference, so that the intervals' sums are the whole's. What
 * only the whole can tell, coverage and verdict, no interval has.
 */
#ifndef IPITRACE_REPORT_INTERVAL_H
#define IPITRACE_REPORT_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "match/match.h"
#include "report/info.h"
#include "report/report.h"

struct interval {
	uint64_t from_ns;
	bool first;
	struct trace_info before, trace;
	struct match_totals totals; /* before */
};

/*
 * What there is of the whole until now: an analysis's, refreshed. The first one has what was recorded before from_ns, too:
 * when tracing was switched on is known only behind it.
 */
void interval_begin(struct interval *i, const struct trace_info *trace, const struct match_totals *totals,
		    uint64_t from_ns, bool first);
/* After report_build(): makes it the interval's up to now, to_ns. i is borrowed as long as the report. */
void interval_report(struct interval *i, struct report *r, uint64_t to_ns);

#endif
