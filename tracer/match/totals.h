/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * match/totals.h - what a span adds to the totals: the one place.
 *
 * The matcher counts all spans by it, a sink those that pass its filter. In a
 * header, because it is done once a span on the way of every event.
 */
#ifndef IPITRACE_MATCH_TOTALS_H
#define IPITRACE_MATCH_TOTALS_H

#include "base/compiler.h"
#include "match/match.h"

static inline void totals_send(struct match_totals *t)
{
	t->sends++;
}

/* Of a send, as soon as they are known: nobody may be left in a multicast's mask when it is sent. */
static inline void totals_targets(struct match_totals *t, unsigned int nr_targets)
{
	t->sends_to_nobody += !nr_targets;
}

static inline __attribute__((always_inline)) void totals_hit(struct match_totals *t, const struct ipi_span *s)
{
	t->target_hits++;
	t->behind_stack += s->sent_ns != s->send_ns;
	t->negative += s->negative;
	switch (s->outcome) {
	case IPI_DELIVERED:
		t->delivered++;
		if (likely(s->how == IPI_HOW_EXACT))
			t->exact++;
		else if (s->how == IPI_HOW_AMBIGUOUS)
			t->ambiguous++;
		else
			t->fifo++;
		return;
	case IPI_COALESCED:
		t->coalesced++;
		break;
	case IPI_IN_FLIGHT:
		t->in_flight++;
		break;
	default:
		t->lost++;
	}
	t->undelivered[s->class][s->outcome]++;
}

static inline __attribute__((always_inline)) void totals_call(struct match_totals *t, const struct ipi_span *s)
{
	t->calls++;
	t->negative += s->negative;
	if (unlikely(s->path == IPI_PATH_RIDER)) {
		t->riders++;
		t->elided++;
	} else if (unlikely(s->path == IPI_PATH_POLLED)) {
		t->polled++;
		t->elided++;
	} else if (unlikely(s->path == IPI_PATH_UNKNOWN)) {
		t->path_unknown++;
	}
	if (likely(s->outcome == IPI_DELIVERED)) {
		t->calls_run++;
		if (unlikely(s->how == IPI_HOW_AMBIGUOUS))
			t->ambiguous_calls++;
	} else if (s->outcome == IPI_IN_FLIGHT) {
		t->calls_in_flight++;
	} else {
		t->calls_lost++;
	}
}

static inline void totals_interrupt(struct match_totals *t, unsigned int class)
{
	t->interrupts++;
	t->interrupts_by_class[class]++;
}

/* calls_seen: there are csd events; else nobody knows whether a handler ran anything. */
static inline void totals_irq(struct match_totals *t, unsigned int class, enum ipi_unsolicited unsolicited,
			      uint32_t nr_calls, bool calls_seen)
{
	if (unlikely(unsolicited)) {
		if (unsolicited == IPI_UNSOLICITED_BEFORE) {
			t->before_window++;
			return;
		}
		t->unsolicited++;
		t->unsolicited_in_gap += unsolicited == IPI_UNSOLICITED_IN_GAP;
		t->unsolicited_at_start += unsolicited == IPI_UNSOLICITED_AT_START;
	}
	totals_interrupt(t, class);
	if (unlikely(!nr_calls) && calls_seen && ipi_class_is_call(class))
		t->empty_interrupts++;
}

static inline void totals_wake(struct match_totals *t)
{
	t->wakes++;
	t->elided++;
}

static inline void totals_local(struct match_totals *t)
{
	t->local_calls++;
}

#endif
