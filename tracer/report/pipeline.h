/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/pipeline.h - source -> decode -> match -> sinks.
 *
 * Pages may come from a finished file or from a running tracer. Owns decoder
 * and matcher; knows no file, no options and no output.
 */
#ifndef IPITRACE_REPORT_PIPELINE_H
#define IPITRACE_REPORT_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "decode/decode.h"
#include "match/match.h"
#include "report/info.h"
#include "report/sink.h"

struct pipeline;

/* What the clock's spans have shown of it. */
struct pipeline_seen {
	uint64_t skew_ns;      /* clocks of CPUs differ by at least this much, by impossible spans; 0 = none */
	uint32_t skew_cpus[2]; /* ... namely of these: the second is behind */
};

/* meta and src as for decoder_open(). nr_cpus: one more than the highest number expected. */
int pipeline_open(struct pipeline **p, const struct decode_meta *meta, const struct page_source *src,
		  unsigned int nr_cpus, struct err *err);
void pipeline_close(struct pipeline *p);
/*
 * What this trace clock can tell; before the first run. in_ns: it counts ns;
 * synced: and shows the same time on every CPU. Points that it cannot tell do
 * not exist in the spans. All is believed unless said otherwise.
 */
void pipeline_set_clock(struct pipeline *p, bool in_ns, bool synced);
/*
 * How stamps become time: ts, or offset + (ts * mult >> shift) where mult is
 * not 0; plus add, which wraps where it is negative. Before the first run.
 */
struct pipeline_time {
	uint32_t mult, shift;
	uint64_t offset, add;
};
void pipeline_set_time(struct pipeline *p, const struct pipeline_time *time);
uint64_t pipeline_time(const struct pipeline *p, uint64_t stamp);
/* The trace begins here in the middle of something, see match_config.window_ns; before the first run. */
void pipeline_set_window(struct pipeline *p, uint64_t window_ns);
/*
 * How many threads do the work, where the source has ended from the beginning on; 1 unless said otherwise. What comes of
 * it is the same: sinks and all that is set here are called by the thread that runs the pipeline.
 */
void pipeline_set_threads(struct pipeline *p, unsigned int nr);
/* Where spans go, a filter first of all; copied. Before the first run. */
void pipeline_set_sink(struct pipeline *p, const struct span_sink *sink);
/* May change the stacks of events before they are matched, with their stamps as recorded. NULL: nobody does. */
typedef void (*pipeline_stacks_fn)(void *ctx, struct ipi_event *ev, unsigned int nr);
void pipeline_set_stacks(struct pipeline *p, pipeline_stacks_fn fn, void *ctx);
/* Whose senders wait, see match_config.waits; before the first run. NULL: nobody knows. */
void pipeline_set_waits(struct pipeline *p, match_waits_fn fn, void *ctx);
/*
 * Who has a number at a time, as converted, as a task_id(): for spans' tasks. NULL: numbers are never given again. Before
 * the first run.
 */
typedef int32_t (*pipeline_task_fn)(void *ctx, int32_t number, uint64_t at_ns);
void pipeline_set_tasks(struct pipeline *p, pipeline_task_fn fn, void *ctx);
/* Gets every batch of events before it is matched; NULL: nobody does. For those who look for faults. */
typedef void (*pipeline_tap_fn)(void *ctx, const struct ipi_event *ev, unsigned int nr);
void pipeline_set_tap(struct pipeline *p, pipeline_tap_fn fn, void *ctx);
/*
 * Everything that the source has by now, to the sink. 1: it may have more
 * later; 0: it ended, and so did the sink; -1: *err.
 */
int pipeline_run(struct pipeline *p, struct err *err);
/* A source that would go on is cut short: what waits becomes in_flight, the sink ends. Idempotent. */
int pipeline_finish(struct pipeline *p, struct err *err);

/*
 * What the decoder had seen with the last event that was matched. During
 * pipeline_run() the decoder itself may be another thread's and far ahead:
 * then nobody asks it but for its caps and for stacks of spans.
 */
const struct decode_mark *pipeline_mark(const struct pipeline *p);
const struct decoder *pipeline_decoder(const struct pipeline *p);
const struct match_totals *pipeline_totals(const struct pipeline *p);
const struct pipeline_seen *pipeline_seen(const struct pipeline *p);
/* wakes, idle: the formats of such events are in the recording. */
struct beside_info pipeline_beside(const struct pipeline *p);

#endif
