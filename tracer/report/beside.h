/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/beside.h - what events beside those of IPIs tell about spans: wakee, and the target's idle state.
 *
 * Stands around the matcher, which knows nothing of it: keeps what events
 * say, and fills it into the spans that these events, or the times between
 * them, became. Memory depends on how much the matcher has not settled yet.
 */
#ifndef IPITRACE_REPORT_BESIDE_H
#define IPITRACE_REPORT_BESIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"
#include "match/match.h"
#include "report/info.h"

struct beside;

/* has_wakes: events have a wakee (struct decode_caps). */
struct beside *beside_new(bool has_wakes);
void beside_free(struct beside *b);
/* Takes out of a batch, in order of time, what is not for the matcher; returns how many are left. */
unsigned int beside_take(struct beside *b, struct ipi_event *ev, unsigned int nr);
/* wakee; and idle, if the clocks of CPUs are comparable. Its times as the matcher gave them. */
void beside_fill(struct beside *b, struct ipi_span *span, bool clock_sync);
/* What was filled in so far. */
struct beside_info beside_info(const struct beside *b);
/* State of a CPU at that time, IPI_IDLE_*. */
uint32_t beside_idle(const struct beside *b, uint32_t cpu, uint64_t at_ns);
/* No span to come begins before this time. */
void beside_settled(struct beside *b, uint64_t before_ns);

#endif
