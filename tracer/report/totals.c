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
	TOTAL(sends, NONE),
	TOTAL(target_hits, NONE),
	TOTAL(delivered, ARRIVALS),
	TOTAL(coalesced, ARRIVALS),
	TOTAL(in_flight, ARRIVALS),
	TOTAL(lost, ARRIVALS),
	{ "outcome_unknown", PROOF_NONE, TOTAL_OUTCOME_UNKNOWN },
	TOTAL(interrupts, INTERRUPTS),
	TOTAL(unsolicited, INTERRUPTS),
	TOTAL(unsolicited_in_gap, INTERRUPTS),
	TOTAL(calls, CALLS),
	TOTAL(calls_run, RUNS),
	TOTAL(calls_in_flight, RUNS),
	TOTAL(calls_lost, RUNS),
	TOTAL(elided, ELIDED),
	TOTAL(local_calls, NONE),
	TOTAL(exact, ARRIVALS),
	TOTAL(fifo, ARRIVALS),
	TOTAL(ambiguous, ARRIVALS),
	{ "own_sends", PROOF_NONE, TOTAL_OWN_SENDS },
	TOTAL(ambiguous_calls, NONE),
	TOTAL(riders, ELIDED),
	TOTAL(polled, ELIDED),
	TOTAL(wakes, NONE),
	TOTAL(negative, NONE),
	TOTAL(empty_interrupts, CSD),
	TOTAL(calls_unqueued, NONE),
	TOTAL(calls_unqueued_untraced, NONE),
	TOTAL(exits_unentered, NONE),
	TOTAL(waits, RUNS),
	TOTAL(waits_unknown, RUNS),
};
const unsigned int report_nr_totals = ARRAY_SIZE(report_totals);

bool total_exists(const struct total *t, const struct report *r)
{
	switch (t->proof) {
	case PROOF_ARRIVALS:
		return !r->trace->arrivals_unknown;
	case PROOF_INTERRUPTS:
		return !r->trace->arrivals_unknown || r->totals.interrupts;
	case PROOF_CALLS:
		return !r->trace->calls_unknown;
	case PROOF_RUNS:
		return !r->trace->runs_unknown;
	case PROOF_ELIDED:
		return !r->trace->elided_unknown;
	case PROOF_CSD:
		return r->trace->has_csd && !r->windowed;
	case PROOF_NONE:
		break;
	}
	return true;
}

uint64_t total_value(const struct total *t, const struct report *r)
{
	if (t->offset == TOTAL_OUTCOME_UNKNOWN)
		return r->trace->arrivals_unknown ? r->totals.target_hits : r->hits_unknown;
	if (t->offset == TOTAL_OWN_SENDS)
		return r->own->n.sends;
	return *(const uint64_t *)((const char *)&r->totals + t->offset);
}
