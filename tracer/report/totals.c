// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/totals.c - the table of totals.
 */
#include "base/compiler.h"
#include "report/totals.h"

#define TOTAL(name, proof)                                                                                             \
	{                                                                                                              \
#name, PROOF_##proof, offsetof(struct match_totals, name)                                              \
	}

const struct total report_totals[] = {
	TOTAL(sends, SENDS),
	TOTAL(target_hits, SENDS),
	TOTAL(delivered, ARRIVALS),
	TOTAL(coalesced, ARRIVALS),
	TOTAL(in_flight, ARRIVALS),
	TOTAL(lost, ARRIVALS),
	{ "outcome_unknown", PROOF_SENDS, TOTAL_OUTCOME_UNKNOWN },
	TOTAL(interrupts, INTERRUPTS),
	TOTAL(unsolicited, UNSOLICITED),
	TOTAL(unsolicited_in_gap, UNSOLICITED),
	TOTAL(unsolicited_at_start, UNSOLICITED),
	TOTAL(calls, CALLS),
	TOTAL(calls_run, RUNS),
	TOTAL(calls_in_flight, RUNS),
	TOTAL(calls_lost, RUNS),
	TOTAL(elided, ELIDED),
	TOTAL(local_calls, FUNCTIONS),
	TOTAL(exact, ARRIVALS),
	TOTAL(fifo, ARRIVALS),
	TOTAL(ambiguous, ARRIVALS),
	{ "own_sends", PROOF_SENDS, TOTAL_OWN_SENDS },
	TOTAL(ambiguous_calls, RUNS),
	TOTAL(riders, PATHS),
	TOTAL(polled, PATHS),
	TOTAL(wakes, WAKES),
	TOTAL(negative, NONE),
	TOTAL(empty_interrupts, CSD),
	TOTAL(calls_unqueued, UNQUEUED),
	TOTAL(calls_unqueued_untraced, UNQUEUED),
	TOTAL(exits_unentered, NONE),
	TOTAL(waits, WAITS),
	TOTAL(waits_unknown, WAITS),
	TOTAL(sends_to_nobody, SENDS),
	{ "calls_sent", PROOF_ELIDED, TOTAL_CALLS_SENT },
	TOTAL(path_unknown, ELIDED),
};
const unsigned int report_nr_totals = ARRAY_SIZE(report_totals);
_Static_assert(ARRAY_SIZE(report_totals) <= REPORT_MAX_TOTALS, "struct report_sums has a bit for each");

/* What passes totals_call() is one of these. */
static uint64_t calls_sent(const struct match_totals *t)
{
	return t->calls - t->riders - t->polled - t->path_unknown;
}

bool total_exists(const struct total *t, const struct report *r)
{
	if (r->sums)
		return !(r->sums->unknown >> (t - report_totals) & 1);
	switch (t->proof) {
	case PROOF_SENDS:
		return r->trace->has_send;
	case PROOF_ARRIVALS:
		return r->trace->has_send && !r->trace->arrivals_unknown;
	case PROOF_UNSOLICITED:
		return !r->trace->arrivals_unknown || (r->totals.interrupts && !r->trace->has_send);
	case PROOF_INTERRUPTS:
		return !r->trace->arrivals_unknown || r->totals.interrupts;
	case PROOF_CALLS:
		return !r->trace->calls_unknown;
	case PROOF_RUNS:
		return !r->trace->runs_unknown;
	case PROOF_UNQUEUED:
		return !r->trace->runs_unknown && !r->windowed && !r->filtered;
	case PROOF_FUNCTIONS:
		return !r->trace->functions_unknown && !r->by_sender;
	case PROOF_WAITS:
		return r->trace->has_send && !r->trace->runs_unknown;
	case PROOF_WAKES:
		return !r->trace->wakes_unknown;
	case PROOF_PATHS:
		return !r->trace->elided_unknown && !r->trace->wakes_unknown;
	case PROOF_ELIDED:
		return !r->trace->elided_unknown;
	case PROOF_CSD:
		return r->trace->has_csd && !r->windowed;
	case PROOF_NONE:
		break;
	}
	return true;
}

const struct total *total_find(size_t offset)
{
	const struct total *t = report_totals;

	while (t->offset != offset)
		t++;
	return t;
}

bool total_is_known(size_t offset, const struct report *r)
{
	return total_exists(total_find(offset), r);
}

bool total_is_partial(const struct total *t, const struct report *r)
{
	return r->sums && r->sums->unknown & r->sums->known & 1ULL << (t - report_totals);
}

uint64_t total_value(const struct total *t, const struct report *r)
{
	/* What is made of others cannot be made of sums: some of the others may be of some reports only. */
	if (r->sums)
		return r->sums->totals[t - report_totals];
	if (t->offset == TOTAL_OUTCOME_UNKNOWN)
		return r->trace->arrivals_unknown ? r->totals.target_hits : r->hits_unknown;
	if (t->offset == TOTAL_OWN_SENDS)
		return r->own->n.sends;
	if (t->offset == TOTAL_CALLS_SENT)
		return calls_sent(&r->totals);
	return *(const uint64_t *)((const char *)&r->totals + t->offset);
}
