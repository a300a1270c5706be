/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live/live.h - a measurement without a file: open -> start -> step, step, ... -> finish -> reap -> close.
 *
 * The same session, filters, readings of /proc/interrupts and ways out as a recording (record/run.h), and the same
 * pipeline as a report (report/analysis.h), with the pages going from one to the other through memory. One thread,
 * the caller's; signals are blocked from live_open() on but while it sleeps in live_step(), and end the measurement.
 * Prints nothing: what the user is to know goes to say().
 *
 *	live_open(&l, &config, err)
 *	sink = ... made with live_analysis(l), e.g. agg_new() with analysis_names()
 *	live_start(l, &sink, err)
 *	while ((state = live_step(l, until_ns, err)) != LIVE_ENDED)
 *		if state is LIVE_REACHED: show what the sinks have, choose the next until_ns
 *	live_finish(l, err)	the verdict; analysis_info() and report_build() are those of the whole from here on
 *	live_reap(l)		the workload ends
 *	live_close(l)
 *
 * All times are ns of the trace clock, CLOCK_MONOTONIC.
 */
#ifndef IPITRACE_LIVE_LIVE_H
#define IPITRACE_LIVE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/filter.h"
#include "file/facts.h"
#include "record/run.h"
#include "report/analysis.h"
#include "report/sink.h"

struct live;

/* What a flight recorder keeps: see live/flight.h. */
struct live_flight {
	bool on;
	bool unread; /* nothing is matched: the pages stay in the kernel's buffers until they are to be written */
	uint64_t max_bytes; /* of memory; 0 = as much as the kernel's buffers take together */
	uint64_t max_ns;    /* 0 = as far as that reaches */
};

struct live_config {
	char **command;	       /* the program's own command line, for the facts; borrowed */
	char **workload;       /* its command line, borrowed; NULL = none */
	bool wait_all;	       /* for what the workload leaves behind, too */
	bool takes_stdout;     /* the results go there: the workload's output goes to standard error */
	uint64_t buffer_bytes; /* of the kernel's, per CPU; 0 = by the memory of the machine */
	uint64_t duration_ns;  /* 0 = until the workload ends, or a signal comes */
	uint32_t stack;	       /* enum session_stack */
	const char *events;    /* beside those of IPIs, and groups of them: as struct session_config has them */
	uint32_t groups;
	struct live_flight flight;
	struct ipi_filter *filter; /* resolved; borrowed until live_close() */
	const char *save;	   /* file to keep what was read in; NULL = none */
	bool log_session;	   /* tell what is done to tracefs */
	void (*say)(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
	bool hold; /* the workload, off the CPUs of the filter, and the time of duration_ns, until live_release() */
	/* It was over at this time, and tracing goes on until this returns; not called where it fails. NULL = nothing. */
	void (*ending)(void *ctx, uint64_t at_ns);
	void *ending_ctx;
	/* Every event before it is matched; NULL = nobody asks. */
	pipeline_tap_fn tap;
	void *tap_ctx;
};

enum live_state {
	LIVE_FAILED = -1, /* *err; live_finish() is not for it, live_reap() and live_close() are */
	LIVE_GOES_ON,	  /* something may have been told */
	LIVE_REACHED,	  /* the sinks know all events before until_ns, and none from there on */
	LIVE_ENDED,	  /* tracing is off, and the sinks know all; their end() was called */
};

/* Whatever can refuse does so here; tracing is off. *l is set even on failure: live_close() it in any case. */
int live_open(struct live **l, const struct live_config *config, struct err *err);
/* Names, symbols, stacks, totals so far; stays the live's. From live_open() on. */
struct analysis *live_analysis(struct live *l);
/* Tracing on, and without config.hold workload on its way. The sink is copied. */
int live_start(struct live *l, const struct span_sink *sink, struct err *err);
/* With config.hold: now. */
int live_release(struct live *l, struct err *err);
/*
 * Sleeps until it is worth reading (5 to 100 ms; a signal ends it), then tells the sinks all events that are
 * complete (capture/feed.h says when), but none stamped until_ns or later; UINT64_MAX: no such limit. Spans come when
 * their fate is known, so one that began before until_ns may be told in a later step. What comes late (after what is
 * before it was told) is told to nobody, and counted: trace_info.late_events. The step that finds the end, and switches
 * tracing off, tells nothing, so that until_ns can be chosen anew.
 */
enum live_state live_step(struct live *l, uint64_t until_ns, struct err *err);
/* Ends the measurement as a signal would; live_step() goes on to LIVE_ENDED. */
void live_halt(struct live *l);
/* When the workload called exec, by its own clock; 0: there is none, or it did not. */
uint64_t live_exec_ns(const struct live *l);
/* As if duration_ns were over: a workload is told to end. */
void live_end_time(struct live *l);
/* When tracing was switched on; and off, 0: it is still on. */
uint64_t live_on_ns(const struct live *l);
uint64_t live_off_ns(const struct live *l);
/* Before this all that happened is told, whatever the limit of live_step(). */
uint64_t live_told_ns(const struct live *l);
/*
 * Grows when a pid that was asked for has become a new task's, or the workload has executed its program: who keeps
 * names by pid shall forget them (agg_forget_tasks(), span_filter_forget()).
 */
uint64_t live_nr_reused(const struct live *l);
/* So far, for analysis_info() and report_build(): without the verdict of /proc/interrupts. */
void live_refresh(struct live *l);
/*
 * After LIVE_ENDED. The verdict: whether it is whole, by all that a recording is judged by (live_facts(): reasons,
 * lost). Writes the file to be saved, gives tracefs back. -1: *err; what the sinks were told stands all the same.
 */
int live_finish(struct live *l, struct err *err);
/* reasons, lost by CPU, entries by CPU, workload_status; complete after live_finish(). */
const struct facts *live_facts(const struct live *l);
/* workload, timed_out. */
const struct run *live_run(const struct live *l);
/* Per CPU, as it was; and the bytes of pages read. */
uint64_t live_buffer_bytes(const struct live *l);
/* Events lost so far, by the kernel's counters; of one that is unread, what was overwritten. */
uint64_t live_lost(const struct live *l);
uint64_t live_read_bytes(const struct live *l);
/* Until the workload is gone; a signal kills it. */
void live_reap(struct live *l);
/* Frees everything; tracefs as it was, a workload still there is killed. NULL is fine. */
void live_close(struct live *l);

#endif
