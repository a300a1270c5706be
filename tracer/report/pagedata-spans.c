// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/pagedata-spans.c - which single IPIs a page has: all in pieces of time, and the slowest of each row.
 *
 * Pieces and their distance only ever become what they were before less a part
 * of it, so that what was thrown away is never missed later.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "report/pagedata-priv.h"

#define MAX_SPANS    6000u
#define MIN_PIECES   64u
#define FIRST_PERIOD (1ull << 20)

void kept_spans_init(struct kept_spans *k, uint64_t start_ns, uint64_t duration_ns)
{
	uint64_t period = FIRST_PERIOD;

	while (period < duration_ns / (2 * (uint64_t)MIN_PIECES))
		period *= 2;
	k->start_ns = start_ns;
	k->pieces = (struct pagedata_pieces){ .period_ns = period, .length_ns = period };
}

void kept_spans_free(struct kept_spans *k)
{
	for (unsigned int i = 0; i < PAGEDATA_MAX_ROWS; i++)
		free(k->slow[i].spans);
	free(k->spans);
}

static bool within(const struct kept_spans *k, uint64_t at_ns)
{
	return (at_ns & (k->pieces.period_ns - 1)) < k->pieces.length_ns;
}

static uint64_t since_start(const struct kept_spans *k, const struct ipi_span *s)
{
	uint64_t begin = span_begin_ns(s);

	return begin > k->start_ns ? begin - k->start_ns : 0;
}

static void throw_out(struct kept_spans *k)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < k->nr; i++)
		if (within(k, since_start(k, &k->spans[i].span)))
			k->spans[nr++] = k->spans[i];
	k->nr = nr;
}

/* Fewer pieces where there are many, else shorter ones. */
static void make_room(struct kept_spans *k)
{
	struct pagedata_pieces *p = &k->pieces;

	while (k->nr == MAX_SPANS && !p->cut) {
		if (p->length_ns < p->period_ns && k->newest_ns / p->period_ns >= 2 * MIN_PIECES)
			p->period_ns *= 2;
		else if (p->length_ns > 1)
			p->length_ns /= 2;
		else
			p->cut = true;
		throw_out(k);
	}
}

void kept_spans_add(struct kept_spans *k, const struct pagedata_single *single, uint64_t at_ns)
{
	k->newest_ns = at_ns > k->newest_ns ? at_ns : k->newest_ns;
	if (!within(k, at_ns))
		return;
	if (k->nr == MAX_SPANS) {
		make_room(k);
		if (!within(k, at_ns) || k->nr == MAX_SPANS)
			return;
	}
	if (k->nr == k->room) {
		k->room = k->room ? 2 * k->room : 256;
		k->spans = xrealloc(k->spans, k->room * sizeof(*k->spans));
	}
	k->spans[k->nr++] = *single;
}

static uint64_t delivery_ns(const struct pagedata_single *s)
{
	return s->span.entry_ns - s->span.sent_ns;
}

/* A few, so that they are simply looked through; of equals the first stay. */
void kept_spans_slow(struct kept_spans *k, const struct pagedata_single *single)
{
	struct slow_row *slow = &k->slow[single->row];
	unsigned int least = 0;

	if (slow->nr < PAGEDATA_SLOWEST) {
		if (!slow->spans)
			slow->spans = xcalloc(PAGEDATA_SLOWEST, sizeof(*slow->spans));
		slow->spans[slow->nr++] = *single;
		return;
	}
	for (unsigned int i = 1; i < slow->nr; i++)
		if (delivery_ns(&slow->spans[i]) < delivery_ns(&slow->spans[least]))
			least = i;
	if (delivery_ns(single) > delivery_ns(&slow->spans[least]))
		slow->spans[least] = *single;
}

static int by_time(const void *x, const void *y)
{
	const struct ipi_span *a = &((const struct pagedata_single *)x)->span;
	const struct ipi_span *b = &((const struct pagedata_single *)y)->span;
	uint64_t at = span_begin_ns(a), bt = span_begin_ns(b);

	if (at != bt)
		return at < bt ? -1 : 1;
	if (a->send_id != b->send_id)
		return a->send_id < b->send_id ? -1 : 1;
	return a->target < b->target ? -1 : a->target > b->target;
}

static int slowest_first(const void *x, const void *y)
{
	const struct pagedata_single *a = x, *b = y;

	if (delivery_ns(a) != delivery_ns(b))
		return delivery_ns(a) > delivery_ns(b) ? -1 : 1;
	return by_time(x, y);
}

void kept_spans_sort(struct kept_spans *k)
{
	if (k->nr)
		qsort(k->spans, k->nr, sizeof(*k->spans), by_time);
	for (unsigned int i = 0; i < PAGEDATA_MAX_ROWS; i++)
		if (k->slow[i].nr)
			qsort(k->slow[i].spans, k->slow[i].nr, sizeof(*k->slow[i].spans), slowest_first);
}
