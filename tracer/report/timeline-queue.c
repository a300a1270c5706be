// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/timeline-queue.c - points of a timeline that are still to come: a heap, so many as are under way at one time.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "report/timeline-priv.h"

void queue_free(struct queue *q)
{
	for (uint32_t i = 0; i < q->nr_kept; i++)
		free(q->kept[i].targets);
	free(q->kept);
	free(q->heap);
}

uint32_t queue_keep(struct queue *q, const struct list_line *line)
{
	uint32_t i = q->unused - 1;

	if (q->unused) {
		q->unused = q->kept[i].unused;
	} else {
		i = q->nr_kept++;
		if (i == q->room_kept) {
			q->room_kept = q->room_kept ? 2 * q->room_kept : 64;
			q->kept = xrealloc(q->kept, q->room_kept * sizeof(*q->kept));
		}
	}
	q->kept[i] = (struct kept){
		.span = *line->span,
		.kind = line->kind,
		.outcome = line->outcome,
		.own = line->own,
		.refs = 1,
	};
	return i;
}

void queue_drop(struct queue *q, uint32_t kept)
{
	struct kept *k = &q->kept[kept];

	if (--k->refs)
		return;
	free(k->targets);
	k->targets = NULL;
	k->unused = q->unused;
	q->unused = kept + 1;
}

static bool has_kept(const struct point *p)
{
	return p->what == POINT_BEGIN || p->what == POINT_COALESCED;
}

static bool before(const struct point *a, const struct point *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	if (a->group != b->group)
		return a->group < b->group;
	if (a->phase != b->phase)
		return a->phase < b->phase;
	if (a->begin_ns != b->begin_ns)
		return a->begin_ns < b->begin_ns;
	if (a->end_ns != b->end_ns)
		return a->end_ns < b->end_ns;
	return a->seq != b->seq ? a->seq < b->seq : a->what < b->what;
}

void queue_put(struct queue *q, struct point p)
{
	size_t at = q->nr++;

	if (p.what != POINT_END)
		p.seq = q->seq++;
	if (has_kept(&p))
		q->kept[p.kept].refs++;
	if (at == q->room) {
		q->room = q->room ? 2 * q->room : 64;
		q->heap = xrealloc(q->heap, q->room * sizeof(*q->heap));
	}
	for (; at && before(&p, &q->heap[(at - 1) / 2]); at = (at - 1) / 2)
		q->heap[at] = q->heap[(at - 1) / 2];
	q->heap[at] = p;
}

bool queue_next(struct queue *q, uint64_t before_ns, struct point *p)
{
	size_t at = 0, child;
	struct point last;

	if (!q->nr || q->heap[0].at_ns >= before_ns)
		return false;
	*p = q->heap[0];
	last = q->heap[--q->nr];
	while ((child = 2 * at + 1) < q->nr) {
		if (child + 1 < q->nr && before(&q->heap[child + 1], &q->heap[child]))
			child++;
		if (!before(&q->heap[child], &last))
			break;
		q->heap[at] = q->heap[child];
		at = child;
	}
	q->heap[at] = last;
	return true;
}
