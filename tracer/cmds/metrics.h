/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/metrics.h - what stat measures as metrics: in a file for node_exporter's textfile collector, and over HTTP.
 */
#ifndef IPITRACE_CMDS_METRICS_H
#define IPITRACE_CMDS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opts.h"
#include "cmds/reading.h"
#include "live/live.h"
#include "report/sink.h"

struct metrics_options {
	const char *file, *listen; /* NULL = not so */
	uint64_t callers;	   /* 0 = the usual number */
	bool quiet;		   /* warnings only */
};

#define METRICS_NR_OPTIONS 3
extern const struct opt metrics_rows[METRICS_NR_OPTIONS];
#define OPT_METRICS_GROUP(offset)                                                                                      \
	{                                                                                                              \
		.title = "Metrics", .rows = metrics_rows, .nr = METRICS_NR_OPTIONS, .base = (offset)                   \
	}

struct metrics;

static inline bool metrics_asked(const struct metrics_options *o)
{
	return o->file || o->listen;
}

/* Refuses what cannot work, before anything is measured. *m is set even on failure: metrics_close() it in any case. */
int metrics_open(struct metrics **m, const struct metrics_options *o, struct err *err);
/* Between live_open() and live_start(); interval_ns: from file to file, 0 = the usual. in, live: borrowed. */
int metrics_begin(struct metrics *m, struct reading *in, struct live *live, uint64_t interval_ns, struct err *err);
/* Where spans go to. */
struct span_sink metrics_sink(struct metrics *m);
/* Behind each step: whoever is due gets what is known. */
void metrics_step(struct metrics *m);
/* After live_finish(): the last file. */
int metrics_end(struct metrics *m, struct err *err);
/* It ends otherwise: the last file says that, too, if there was a first one. Before live_close(). */
void metrics_failed(struct metrics *m);
void metrics_forget_tasks(struct metrics *m);
void metrics_close(struct metrics *m);

#endif
