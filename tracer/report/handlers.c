// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/handlers.c - calls wait for the interrupt that ran them.
 *
 * What waits is bounded by what the matcher holds: interrupts that it has not
 * settled. Some calls come after their interrupt, when it is known late how they
 * travelled: for them the last ones are remembered.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/handlers.h"

#define SLOTS 8192u /* by the low bits of irq_id */

struct waiting {
	struct ipi_span span;
	struct waiting *next;
};

struct slot {
	/* The last interrupt that was told of here. */
	uint64_t irq_id;
	uint32_t nr_calls;
	int32_t victim_pid;
	uint8_t irq_flags;
	struct waiting *first, **last; /* in the order in which they came */
};

struct span_handlers {
	struct span_sink next;
	struct waiting *free;
	struct slot slots[SLOTS];
};

struct span_handlers *span_handlers_new(void)
{
	struct span_handlers *h = xcalloc(1, sizeof(*h));

	for (unsigned int i = 0; i < SLOTS; i++)
		h->slots[i].last = &h->slots[i].first;
	return h;
}

static void list_free(struct waiting *w)
{
	while (w) {
		struct waiting *next = w->next;

		free(w);
		w = next;
	}
}

void span_handlers_free(struct span_handlers *h)
{
	if (!h)
		return;
	for (unsigned int i = 0; i < SLOTS; i++)
		list_free(h->slots[i].first);
	list_free(h->free);
	free(h);
}

/* Of an interrupt that is not known any more. */
static void pass_unknown(struct span_handlers *h, const struct ipi_span *s)
{
	struct ipi_span call = *s;

	call.irq_id = 0;
	h->next.span(h->next.ctx, &call);
}

static void pass(struct span_handlers *h, const struct slot *slot, struct ipi_span *s)
{
	s->nr_calls = slot->nr_calls;
	s->victim_pid = slot->victim_pid;
	s->irq_flags = slot->irq_flags;
	h->next.span(h->next.ctx, s);
}

static void keep(struct span_handlers *h, struct slot *slot, const struct ipi_span *s)
{
	struct waiting *w = h->free;

	if (w)
		h->free = w->next;
	else
		w = xmalloc(sizeof(*w));
	w->span = *s;
	w->next = NULL;
	*slot->last = w;
	slot->last = &w->next;
}

static void told(struct span_handlers *h, struct slot *slot, const struct ipi_span *irq)
{
	struct waiting **at = &slot->first, *w;

	slot->irq_id = irq->irq_id;
	slot->nr_calls = irq->nr_calls;
	slot->victim_pid = irq->pid;
	slot->irq_flags = irq->irq_flags;
	while ((w = *at)) {
		if (w->span.irq_id != irq->irq_id) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->next = h->free;
		h->free = w;
		pass(h, slot, &w->span);
	}
	slot->last = at;
}

static void handlers_span(void *ctx, const struct ipi_span *s)
{
	struct span_handlers *h = ctx;
	struct slot *slot = &h->slots[s->irq_id % SLOTS];

	if (s->kind == IPI_SPAN_IRQ)
		told(h, slot, s);
	if (s->kind != IPI_SPAN_CALL || !s->irq_id) {
		h->next.span(h->next.ctx, s);
	} else if (slot->irq_id == s->irq_id) {
		struct ipi_span call = *s;

		pass(h, slot, &call);
	} else if (slot->irq_id < s->irq_id) { /* serials rise, so it was not told of yet */
		keep(h, slot, s);
	} else {
		pass_unknown(h, s);
	}
}

static void handlers_lost(void *ctx, uint32_t cpu, uint64_t at_ns, uint64_t lost)
{
	struct span_handlers *h = ctx;

	h->next.lost(h->next.ctx, cpu, at_ns, lost);
}

/* What waits begins before what the matcher has settled. Asked rarely: all slots are looked at. */
static void handlers_settled(void *ctx, uint64_t before_ns)
{
	struct span_handlers *h = ctx;

	for (unsigned int i = 0; i < SLOTS; i++)
		for (const struct waiting *w = h->slots[i].first; w; w = w->next)
			if (span_begin_ns(&w->span) < before_ns)
				before_ns = span_begin_ns(&w->span);
	h->next.settled(h->next.ctx, before_ns);
}

/* Every interrupt is told of in the end; what waits all the same is for an interrupt that is none. */
static int handlers_end(void *ctx, struct err *err)
{
	struct span_handlers *h = ctx;

	for (unsigned int i = 0; i < SLOTS; i++)
		for (struct waiting *w = h->slots[i].first; w; w = w->next)
			pass_unknown(h, &w->span);
	return h->next.end ? h->next.end(h->next.ctx, err) : 0;
}

struct span_sink span_handlers_sink(struct span_handlers *h, const struct span_sink *next)
{
	if (!h)
		return *next;
	h->next = *next;
	return (struct span_sink){
		.span = handlers_span,
		.lost = next->lost ? handlers_lost : NULL,
		.settled = next->settled ? handlers_settled : NULL,
		.end = handlers_end,
		.ctx = h,
	};
}
