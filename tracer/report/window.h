/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/window.h - the stage that passes on what began in a window of time.
 *
 * All is matched; what is outside is not shown. A span belongs to the time at
 * which it began (span_begin_ns()): a hit and the call that it was sent for to
 * that of the send. An interrupt whose send was seen goes with its hit, so no
 * IRQ span of it is passed on: as behind a filter on the sender, interrupts are
 * those of the delivered hits that pass, and the unsolicited ones.
 */
#ifndef IPITRACE_REPORT_WINDOW_H
#define IPITRACE_REPORT_WINDOW_H

#include <stdint.h>

#include "base/err.h"
#include "base/window.h"
#include "report/sink.h"

struct analysis;
struct span_window;

/* end_ns: of the recording, if the window is about it. w is borrowed. */
struct span_window *span_window_new(struct analysis *a, const struct time_window *w, uint64_t end_ns);
void span_window_free(struct span_window *w);
/* In front of a sink, which is copied; the sink itself if w is NULL. */
struct span_sink span_window_sink(struct span_window *w, const struct span_sink *next);
/* Where what it passes on begins in the recording; known from the first span on that it passed. */
uint64_t span_window_begin_ns(const struct span_window *w);
/* Before the run, of a recording from start_ns to end_ns: an error if the window cannot be, or nothing was recorded in it. */
int span_window_check(const struct span_window *w, uint64_t start_ns, uint64_t end_ns, struct err *err);
/* Where it ends, which may be behind the recording's end; known as its begin is. */
uint64_t span_window_end_ns(const struct span_window *w);
/* After the run: the part of the window that was recorded. An error if there is none. */
int span_window_bounds(struct span_window *w, uint64_t *from_ns, uint64_t *to_ns, struct err *err);

#endif
