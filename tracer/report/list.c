// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/list.c - spans in, the lines that are chosen out.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/list-priv.h"
#include "report/order.h"

/* Spans that wait for their turn in memory: some 10 MB. */
#define LIST_ROOM 65536u

/* One of the slowest. */
struct list_slow {
	uint64_t value, seq;
	struct ipi_span span;
};

/* --- from span to line --- */

static bool is_line(const struct ipi_span *s)
{
	switch (s->kind) {
	case IPI_SPAN_HIT:
	case IPI_SPAN_WAKE:
		return true;
	case IPI_SPAN_CALL:
		return s->path != IPI_PATH_SENT; /* else its hit tells of it */
	case IPI_SPAN_IRQ:
		return s->unsolicited && s->unsolicited != IPI_UNSOLICITED_BEFORE;
	}
	return false;
}

static enum list_outcome hit_outcome(const struct list *l, const struct ipi_span *s)
{
	static const uint8_t outcomes[] = {
		[IPI_DELIVERED] = LIST_DELIVERED,
		[IPI_COALESCED] = LIST_COALESCED,
		[IPI_IN_FLIGHT] = LIST_IN_FLIGHT,
		[IPI_LOST] = LIST_LOST,
	};

	if (s->outcome != IPI_DELIVERED && !(l->evidence.heard_classes >> s->class & 1))
		return LIST_UNKNOWN;
	return outcomes[s->outcome];
}

static enum list_outcome call_outcome(const struct list *l, const struct ipi_span *s)
{
	if (!l->evidence.has_runs)
		return LIST_UNKNOWN;
	if (s->outcome == IPI_DELIVERED)
		return LIST_RUN;
	return s->outcome == IPI_IN_FLIGHT ? LIST_IN_FLIGHT : LIST_LOST;
}

static struct list_line line_of(struct list *l, const struct ipi_span *s)
{
	struct list_line line = { .list = l, .span = s, .outcome = LIST_NO_OUTCOME };

	switch (s->kind) {
	case IPI_SPAN_HIT:
		line.kind = LIST_HIT;
		line.outcome = hit_outcome(l, s);
		break;
	case IPI_SPAN_CALL:
		line.kind = LIST_CALL;
		line.outcome = call_outcome(l, s);
		break;
	case IPI_SPAN_IRQ:
		line.kind = LIST_IRQ;
		/* Where IPIs were sent, and no event tells which arrive, it may be the one that a send asked for. */
		if (l->evidence.has_send && !l->evidence.has_reception)
			line.outcome = LIST_UNKNOWN;
		return line; /* nobody's, and so not our own */
	case IPI_SPAN_LOCAL:
		line.kind = LIST_LOCAL;
		return line;
	default:
		line.kind = LIST_WAKE;
	}
	line.own = span_is_own(&l->ask, s);
	return line;
}

/* --- the choice --- */

static bool among(uint32_t set, unsigned int bit)
{
	return !set || set >> bit & 1;
}

static bool chosen(struct list *l, const struct list_line *line)
{
	const struct list_choice *c = &l->choice;
	unsigned int how = line->outcome == LIST_DELIVERED || line->outcome == LIST_RUN ? line->span->how :
											  IPI_HOW_NONE;
	struct list_value v;

	if (!among(c->kinds, line->kind) || !among(c->outcomes, line->outcome) || !among(c->hows, how))
		return false;
	if (c->min_ns || c->max_ns || c->slowest) {
		v = c->sort->get(line);
		l->nr_timed += !v.none;
		if (v.none || v.num < c->min_ns || (c->max_ns && v.num > c->max_ns))
			return false;
	}
	return !c->where || expr_true(c->where, list_expr_get, (void *)line);
}

/* --- the slowest: a heap, so that what is kept is bounded --- */

/* Of equals the first stay. */
static bool slower(const struct list_slow *a, const struct list_slow *b)
{
	return a->value != b->value ? a->value > b->value : a->seq < b->seq;
}

static void heap_down(struct list_slow *heap, uint32_t nr, struct list_slow item)
{
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < nr) {
		if (child + 1 < nr && slower(&heap[child], &heap[child + 1]))
			child++;
		if (!slower(&item, &heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = item;
}

static void heap_up(struct list_slow *heap, uint32_t at, struct list_slow item)
{
	for (; at && slower(&heap[(at - 1) / 2], &item); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = item;
}

static void keep_slow(struct list *l, const struct list_line *line)
{
	struct list_slow item = { l->choice.sort->get(line).num, l->nr_chosen, *line->span };

	if (l->nr_heap == l->choice.slowest) {
		if (slower(&item, &l->heap[0]))
			heap_down(l->heap, l->nr_heap, item);
		return;
	}
	if (!(l->nr_heap & (l->nr_heap - 1)))
		l->heap = xrealloc(l->heap, (l->nr_heap ? 2 * (size_t)l->nr_heap : 1) * sizeof(*l->heap));
	heap_up(l->heap, l->nr_heap++, item);
}

static int slowest_first(const void *a, const void *b)
{
	return slower(a, b) ? -1 : 1;
}

/* --- sinks: what can be a line, then in order --- */

static void list_span(void *ctx, const struct ipi_span *span)
{
	struct list *l = ctx;

	if (is_line(span) || (l->choice.rest && (span->kind == IPI_SPAN_LOCAL || span->kind == IPI_SPAN_CALL)))
		l->ordered.span(l->ordered.ctx, span);
}

/*
 * Of a foreign file only its end may tell that what was sent could not have
 * been seen to arrive. Until then nothing goes on: it waits in the file of the order.
 */
static void list_settled(void *ctx, uint64_t before_ns)
{
	struct list *l = ctx;
	bool final;

	l->evidence = analysis_evidence(l->analysis, &final);
	l->stacks = analysis_has_stacks(l->analysis);
	if (final)
		l->ordered.settled(l->ordered.ctx, before_ns);
}

static int list_end(void *ctx, struct err *err)
{
	struct list *l = ctx;
	bool final;

	l->evidence = analysis_evidence(l->analysis, &final);
	l->stacks = analysis_has_stacks(l->analysis);
	if (l->ordered.end(l->ordered.ctx, err))
		return -1;
	if (l->nr_heap)
		qsort(l->heap, l->nr_heap, sizeof(*l->heap), slowest_first);
	for (uint32_t i = 0; i < l->nr_heap; i++) {
		struct list_line line = line_of(l, &l->heap[i].span);

		l->emit(l->emit_ctx, &line);
	}
	return 0;
}

static void ordered_span(void *ctx, const struct ipi_span *span)
{
	struct list *l = ctx;
	struct list_line line = line_of(l, span);

	if (!is_line(span)) {
		l->emit(l->emit_ctx, &line);
		return;
	}
	l->nr_lines++;
	if (l->rate_asked && line.kind == LIST_HIT)
		list_rate_add(&l->rate, span_begin_ns(span));
	if (!chosen(l, &line))
		return;
	l->nr_chosen++;
	if (l->choice.slowest)
		keep_slow(l, &line);
	else
		l->emit(l->emit_ctx, &line);
}

bool list_line_now(struct list *l, const struct ipi_span *span, struct list_line *line)
{
	bool final;

	if (!is_line(span))
		return false;
	l->evidence = analysis_evidence(l->analysis, &final);
	l->stacks = analysis_has_stacks(l->analysis);
	*line = line_of(l, span);
	if (line->kind == LIST_HIT)
		list_rate_add(&l->rate, span_begin_ns(span));
	return true;
}

struct list *list_new(struct analysis *a, const struct list_choice *choice, list_emit_fn emit, void *ctx)
{
	struct list *l = xcalloc(1, sizeof(*l));

	l->analysis = a;
	l->ask = analysis_names(a);
	l->trace = analysis_info(a);
	l->choice = *choice;
	l->emit = emit;
	l->emit_ctx = ctx;
	for (unsigned int i = 0, column; choice->where && expr_field_asked(choice->where, i, &column); i++)
		l->rate_asked |= column == list_nr_columns;
	l->order = order_new(&(struct span_sink){ .span = ordered_span, .ctx = l }, LIST_ROOM);
	l->ordered = order_sink(l->order);
	return l;
}

void list_free(struct list *l)
{
	if (!l)
		return;
	order_free(l->order);
	list_names_free(&l->names);
	free(l->heap);
	free(l);
}

struct span_sink list_sink(struct list *l)
{
	return (struct span_sink){ .span = list_span, .settled = list_settled, .end = list_end, .ctx = l };
}

uint64_t list_nr_lines(const struct list *l)
{
	return l->nr_lines;
}

uint64_t list_nr_chosen(const struct list *l)
{
	return l->choice.slowest ? l->nr_heap : l->nr_chosen;
}

uint64_t list_nr_timed(const struct list *l)
{
	return l->nr_timed;
}
