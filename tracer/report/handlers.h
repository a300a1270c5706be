/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/handlers.h - the stage in which a call learns what ran it.
 *
 * How many functions an interrupt ran is known when it is over, and whom it hit
 * is told by its IRQ span, which comes behind those of its calls. So a call that
 * an interrupt ran waits for it here, and goes on with its irq_flags, victim_pid and
 * nr_calls, as a hit has them from the matcher. All others pass at once.
 *
 * What waits here is not settled for who comes behind: see settled() in report/sink.h.
 */
#ifndef IPITRACE_REPORT_HANDLERS_H
#define IPITRACE_REPORT_HANDLERS_H

#include "report/sink.h"

struct span_handlers;

struct span_handlers *span_handlers_new(void);
void span_handlers_free(struct span_handlers *h);
/* In front of a sink, which is copied, and of every filter, which let no interrupts through; the sink itself if h is NULL. */
struct span_sink span_handlers_sink(struct span_handlers *h, const struct span_sink *next);

#endif
