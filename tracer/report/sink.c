// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/sink.c - several sinks as one.
 */
#include <stdint.h>

#include "base/err.h"
#include "report/sink.h"

static void tee_span(void *ctx, const struct ipi_span *span)
{
	const struct span_tee *tee = ctx;

	for (unsigned int i = 0; i < tee->nr; i++)
		if (tee->sinks[i].span)
			tee->sinks[i].span(tee->sinks[i].ctx, span);
}

static void tee_lost(void *ctx, uint32_t cpu, uint64_t at_ns, uint64_t lost)
{
	const struct span_tee *tee = ctx;

	for (unsigned int i = 0; i < tee->nr; i++)
		if (tee->sinks[i].lost)
			tee->sinks[i].lost(tee->sinks[i].ctx, cpu, at_ns, lost);
}

static void tee_settled(void *ctx, uint64_t before_ns)
{
	const struct span_tee *tee = ctx;

	for (unsigned int i = 0; i < tee->nr; i++)
		if (tee->sinks[i].settled)
			tee->sinks[i].settled(tee->sinks[i].ctx, before_ns);
}

/* Every sink comes to its end; the first that fails is told of. */
static int tee_end(void *ctx, struct err *err)
{
	const struct span_tee *tee = ctx;
	struct err other = { 0 };
	int ret = 0;

	for (unsigned int i = 0; i < tee->nr; i++)
		if (tee->sinks[i].end && tee->sinks[i].end(tee->sinks[i].ctx, ret ? &other : err))
			ret = -1;
	return ret;
}

struct span_sink span_tee_sink(struct span_tee *tee)
{
	struct span_sink sink = { .ctx = tee };

	for (unsigned int i = 0; i < tee->nr; i++) {
		const struct span_sink *s = &tee->sinks[i];

		if (s->span)
			sink.span = tee_span;
		if (s->lost)
			sink.lost = tee_lost;
		if (s->settled)
			sink.settled = tee_settled;
		if (s->end)
			sink.end = tee_end;
	}
	/* One alone needs no call in between. */
	return tee->nr == 1 ? tee->sinks[0] : sink;
}
