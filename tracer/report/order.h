/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/order.h - a sink that passes spans on in order of time, in bounded memory.
 *
 * Order is by span_begin_ns(), equal times as they came. What is settled goes
 * on at once. A hit that nobody receives holds back all that began after it;
 * so when room spans wait they become a sorted run in a temporary file without
 * a name. As soon as more is settled the runs are merged with what is in
 * memory. Of runs of one size there are never more than ORDER_FAN: then they
 * become one. So memory is room spans, and ORDER_RUN_BUFFER bytes for each of
 * at most ORDER_FAN * (1 + log(spans / room) / log(ORDER_FAN)) runs.
 */
#ifndef IPITRACE_REPORT_ORDER_H
#define IPITRACE_REPORT_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "report/sink.h"

#define ORDER_FAN	 16u
#define ORDER_RUN_BUFFER (128u * 1024) /* bytes: more than a span with the largest mask */

struct order;

struct order_stats {
	size_t max_waiting;    /* most spans that were in memory at once */
	unsigned int max_runs; /* most runs that there were at once */
	uint64_t spilled;      /* spans written to the file; again when runs became one */
	uint64_t out_of_order; /* spans that began before what was settled: passed on at once. 0, or a bug */
};

/* next is copied; it gets span() in order, settled() and end(); lost() as it comes. */
struct order *order_new(const struct span_sink *next, size_t room);
void order_free(struct order *o);
/* To be put in front of next. Its end() fails where the temporary file could not be written or read. */
struct span_sink order_sink(struct order *o);
const struct order_stats *order_stats(const struct order *o);

#endif
