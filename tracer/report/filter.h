/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/filter.h - the stage that tests spans before any sink sees them.
 *
 * Several filters, the recording's and the user's: a span must pass all. Of a
 * multicast only the targets that pass go on. An interrupt without a known
 * sender passes by target and class alone, and a local call, which is no IPI
 * and of no class, by target alone, where no filter asks for classes. Neither
 * does if a filter asks for the sender; then no IRQ span goes on, and the
 * interrupts are those of the delivered hits that pass.
 */
#ifndef IPITRACE_REPORT_FILTER_H
#define IPITRACE_REPORT_FILTER_H

#include <stdbool.h>

#include "base/filter.h"
#include "base/text.h"
#include "report/names.h"
#include "report/sink.h"

struct span_filter;

/* Hits of tasks of which it is not known whether they pass: they do not. */
struct filter_unplaced {
	uint64_t hits;
	unsigned int tasks; /* of which these are known; more may be */
	const int32_t *pids;
};

/* After the last span. */
const struct filter_unplaced *span_filter_unplaced(const struct span_filter *f);
/* NULL if nothing is filtered, which costs nothing then. Filters and what answers for names are borrowed. */
struct span_filter *span_filter_new(const struct ipi_filter *const *filters, unsigned int nr,
				    const struct span_names *names);
void span_filter_free(struct span_filter *f);
/* A filter asks for the sender: there will be no IRQ spans. */
bool span_filter_by_sender(const struct span_filter *f);
/*
 * After the last span: each item of this filter, one of those given, that matches no sender, function or group in the
 * recording, and what it may have meant. Not told where nothing was sent, nor of CPUs and classes, which there are.
 */
void span_filter_missed(const struct span_filter *f, const struct ipi_filter *filter,
			void (*missed)(void *ctx, const struct filter_row *row, const char *item,
				       const struct nearest *near),
			void *ctx);
/* A pid may be another task's by now: names are asked for anew. NULL is fine. */
void span_filter_forget(struct span_filter *f);
/* In front of a sink, which is copied; the sink itself if f is NULL. */
struct span_sink span_filter_sink(struct span_filter *f, const struct span_sink *next);

#endif
