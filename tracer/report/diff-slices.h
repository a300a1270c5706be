/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/diff-slices.h - a sink that makes a run of a recording: rows, in slices of time.
 *
 * Slices are of equal length. They begin short and become twice as long whenever
 * the recording is longer than all of them, so that memory depends on the number
 * of rows and never on the length: in the end there are more than half of those
 * allowed.
 */
#ifndef IPITRACE_REPORT_DIFF_SLICES_H
#define IPITRACE_REPORT_DIFF_SLICES_H

#include <stdint.h>

#include "report/diff.h"
#include "report/names.h"
#include "report/report.h"
#include "report/sink.h"
#include "report/window.h"

struct diff_slices;

/*
 * max: 1 or more, at most DIFF_MAX_SLICES. begin_ns: when tracing began; 0: with the first span.
 * window: through which spans come, borrowed; NULL: none.
 */
struct diff_slices *diff_slices_new(const enum agg_key *by, unsigned int nr_by, unsigned int max, uint64_t begin_ns,
				    const struct span_window *window, const struct span_names *names);
void diff_slices_free(struct diff_slices *s);
struct span_sink diff_slices_sink(struct diff_slices *s);
/* The rows' keys, for report_build(); it counts nothing. */
struct agg *diff_slices_agg(struct diff_slices *s);
/* After the run: r was built of the same rows. The run's path is the caller's to set. */
void diff_slices_finish(struct diff_slices *s, const struct report *r, struct diff_run *run);

#endif
