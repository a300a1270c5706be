/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/overtime.h - a sink that also counts each row's hits by time: in front of an aggregation.
 *
 * A hit is counted in the bin of its send. Bins begin at the start of the
 * recording. Memory is the number of rows times that of bins, and bounded: too
 * many of them are an error.
 */
#ifndef IPITRACE_REPORT_OVERTIME_H
#define IPITRACE_REPORT_OVERTIME_H

#include <stdint.h>

#include "report/report.h"
#include "report/sink.h"

#define OVERTIME_MAX_CELLS (64u << 20) /* rows times bins, of 4 bytes */

struct analysis;
struct overtime;

/* Feeds agg, which the sink stands for. Both borrowed. */
struct overtime *overtime_new(struct analysis *a, struct agg *agg, uint64_t bin_ns);
void overtime_free(struct overtime *o);
/* Its end() fails where there were too many bins, or a hit has no time. */
struct span_sink overtime_sink(struct overtime *o);
/* Gives a built report its bins, which stay the overtime's. */
void overtime_report(struct overtime *o, struct report *r);

#endif
