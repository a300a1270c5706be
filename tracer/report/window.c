// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/window.c - spans in, those that began in the window out.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/analysis.h"
#include "report/window.h"

struct span_window {
	struct analysis *analysis;
	const struct time_window *window;
	uint64_t end_ns;
	bool resolved;
	uint64_t from_ns, to_ns;
	struct err err; /* of a window that cannot be: then nothing is in it */
	struct span_sink next;
};

/* The start of the recording is known with its first span. */
static void resolve(struct span_window *w)
{
	w->resolved = true;
	if (window_resolve(w->window, analysis_start_ns(w->analysis), w->end_ns, &w->from_ns, &w->to_ns, &w->err))
		w->from_ns = w->to_ns = 0;
}

static void window_span(void *ctx, const struct ipi_span *s)
{
	struct span_window *w = ctx;
	uint64_t begin_ns = span_begin_ns(s);

	if (unlikely(!w->resolved))
		resolve(w);
	if (begin_ns < w->from_ns || begin_ns >= w->to_ns || (s->kind == IPI_SPAN_IRQ && !s->unsolicited))
		return;
	w->next.span(w->next.ctx, s);
}

static void window_lost(void *ctx, uint32_t cpu, uint64_t at_ns, uint64_t lost)
{
	struct span_window *w = ctx;

	w->next.lost(w->next.ctx, cpu, at_ns, lost);
}

static void window_settled(void *ctx, uint64_t before_ns)
{
	struct span_window *w = ctx;

	w->next.settled(w->next.ctx, before_ns);
}

static int window_end(void *ctx, struct err *err)
{
	struct span_window *w = ctx;

	return w->next.end(w->next.ctx, err);
}

struct span_window *span_window_new(struct analysis *a, const struct time_window *window, uint64_t end_ns)
{
	struct span_window *w = xcalloc(1, sizeof(*w));

	w->analysis = a;
	w->window = window;
	w->end_ns = end_ns;
	return w;
}

void span_window_free(struct span_window *w)
{
	free(w);
}

struct span_sink span_window_sink(struct span_window *w, const struct span_sink *next)
{
	if (!w)
		return *next;
	w->next = *next;
	return (struct span_sink){
		.span = window_span,
		.lost = next->lost ? window_lost : NULL,
		.settled = next->settled ? window_settled : NULL,
		.end = next->end ? window_end : NULL,
		.ctx = w,
	};
}

uint64_t span_window_begin_ns(const struct span_window *w)
{
	uint64_t start_ns = analysis_start_ns(w->analysis);

	return w->from_ns > start_ns ? w->from_ns : start_ns;
}

uint64_t span_window_end_ns(const struct span_window *w)
{
	return w->to_ns;
}

/* As it is printed, and as --from takes it. */
#define POINT	       "%" PRIu64 ".%06" PRIu64
#define POINT_ARGS(ns) (ns) / 1000000000, (ns) / 1000 % 1000000

/* Some of [from_ns, to_ns) is in the recording. */
static int overlaps(uint64_t from_ns, uint64_t to_ns, uint64_t start_ns, uint64_t end_ns, struct err *err)
{
	if (from_ns <= end_ns && to_ns > start_ns)
		return 0;
	err_set(err, EXIT_FAILED, "nothing was recorded in this window: the recording is from " POINT " to " POINT,
		POINT_ARGS(start_ns), POINT_ARGS(end_ns));
	return err_hint(err, "+1s is one second after its start, -1s before its end");
}

int span_window_check(const struct span_window *w, uint64_t start_ns, uint64_t end_ns, struct err *err)
{
	uint64_t from_ns, to_ns;

	if (window_resolve(w->window, start_ns, end_ns, &from_ns, &to_ns, err))
		return -1;
	return overlaps(from_ns, to_ns, start_ns, end_ns, err);
}

int span_window_bounds(struct span_window *w, uint64_t *from_ns, uint64_t *to_ns, struct err *err)
{
	const struct trace_info *t = analysis_info(w->analysis);

	if (!w->resolved)
		resolve(w);
	if (w->err.code) {
		*err = w->err;
		return -1;
	}
	*from_ns = w->from_ns > t->start_ns ? w->from_ns : t->start_ns;
	*to_ns = w->to_ns < t->end_ns ? w->to_ns : t->end_ns;
	return overlaps(w->from_ns, w->to_ns, t->start_ns, t->end_ns, err);
}
