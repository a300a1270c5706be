/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/sink.h - where spans go: rows, list, export, a live view.
 *
 * Sinks stand beside each other and know nothing of each other. A filter is a
 * sink as well: it passes on what it lets through to the sinks behind it, for
 * which the rest does not exist. What a sink has no use for stays NULL.
 *
 * Order of calls: span() and lost() as things are resolved, settled() in
 * between with times that never fall, end() once after the last of them.
 */
#ifndef IPITRACE_REPORT_SINK_H
#define IPITRACE_REPORT_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "match/match.h"

struct span_sink {
	/* Every span, in order of its resolution. The span and its mask are the caller's, until it returns. */
	ipi_span_fn span;
	/* Events are missing in this CPU's stream, just before at_ns; lost: how many, IPI_LOST_UNKNOWN, or 0: they came too late. */
	match_gap_fn lost;
	/* No span to come begins (span_begin_ns()) before this time. UINT64_MAX: there is none. */
	void (*settled)(void *ctx, uint64_t before_ns);
	/* All is told. -1: *err says what the sink could not do. */
	int (*end)(void *ctx, struct err *err);
	void *ctx;
	/* Bits of enum match_untold: span() does nothing with such spans. They may come all the same. */
	unsigned int untold;
};

/* Several sinks as one: for a filter that has more than one behind it. */
struct span_tee {
	const struct span_sink *sinks; /* borrowed */
	unsigned int nr;
};

/* tee is borrowed as long as the sink. */
struct span_sink span_tee_sink(struct span_tee *tee);

#endif
