/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/totals.h - the table of a report's totals: their keys in JSON, where they are, what proves them.
 *
 * Written and read back by this table; a total is one row of it.
 */
#ifndef IPITRACE_REPORT_TOTALS_H
#define IPITRACE_REPORT_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/report.h"

/* Without what a total does not exist; see struct trace_info. */
enum total_proof {
	PROOF_NONE,	   /* it always does */
	PROOF_SENDS,	   /* has_send */
	PROOF_ARRIVALS,	   /* that, and !arrivals_unknown */
	PROOF_UNSOLICITED, /* of these, and either no sends or which they caused is known */
	PROOF_INTERRUPTS,  /* !arrivals_unknown, or there are interrupts all the same */
	PROOF_CALLS,
	PROOF_RUNS,
	PROOF_UNQUEUED,	 /* these, and neither a filter nor a window: such runs are no spans */
	PROOF_FUNCTIONS, /* !functions_unknown, and no filter of senders */
	PROOF_WAITS,	 /* runs, and sends, from which a wait counts */
	PROOF_WAKES,
	PROOF_PATHS, /* elided, and wakes, by which one path is told from the other */
	PROOF_ELIDED,
	PROOF_CSD, /* csd events, and no window */
};

struct total {
	const char *json;
	enum total_proof proof;
	size_t offset; /* in struct match_totals, or one of those below */
};

#define TOTAL_OUTCOME_UNKNOWN SIZE_MAX /* hits of which nobody knows what became of them */
#define TOTAL_OWN_SENDS	      (SIZE_MAX - 1)
#define TOTAL_CALLS_SENT      (SIZE_MAX - 2) /* calls whose own interrupt is one of the hits */

/* In the order that JSON has them; struct report_sums has a place for each. */
extern const struct total report_totals[];
extern const unsigned int report_nr_totals;

bool total_exists(const struct total *t, const struct report *r);
/* The one at this offset in struct match_totals exists. */
bool total_is_known(size_t offset, const struct report *r);
/* Of a merge: it does not exist, but some of the reports have it; its value is the sum of theirs. */
bool total_is_partial(const struct total *t, const struct report *r);
/* The total at such an offset. */
const struct total *total_find(size_t offset);
uint64_t total_value(const struct total *t, const struct report *r);

#endif
