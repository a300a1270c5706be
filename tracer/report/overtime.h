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
/* Time of these bins: less than theirs at the ends of the recording, or of its window. */
uint64_t overtime_bins_ns(const struct report *r, unsigned int first, unsigned int nr);
/*
 * Hits a second in these bins, by the time that they really have, but at least by half of a whole one's: a single hit
 * in the last microsecond is no rate of a million.
 */
double overtime_rate(const struct report *r, const struct report_bins *b, unsigned int first, unsigned int nr);

#endif
