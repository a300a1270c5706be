/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/analysis.h - a recording as the source of a pipeline, and what is known of it as a whole.
 *
 * Glue shared by every command that reads a recording. Owns the reader, the
 * symbol table and the pipeline; knows no options and no output. One analysis
 * is one pass over the file.
 */
#ifndef IPITRACE_REPORT_ANALYSIS_H
#define IPITRACE_REPORT_ANALYSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "decode/decode.h"
#include "decode/symtab.h"
#include "file/datfile.h"
#include "file/facts.h"
#include "match/match.h"
#include "report/names.h"
#include "report/info.h"
#include "report/pipeline.h"

struct analysis;
struct plumbing;
struct ufunc;

/* buffer: only this one of the file's; NULL: all of them. */
int analysis_open(struct analysis **a, const char *path, const char *buffer, struct err *err);
/*
 * A tracer that runs, in place of a file. All of it is borrowed for as long as the analysis lives, and what info and
 * facts point to may be exchanged between calls of the analysis: it takes them as they are when it is opened, and again
 * by analysis_refresh().
 */
struct analysis_feed {
	const struct dat_info *info; /* what a file of it would say; version 0 */
	const struct facts *facts;
	struct page_source source; /* a stream per CPU, of info->nr_cpus */
	/* The name of a task, the process that it is of (-1: not known). Names live as long as the analysis. */
	const char *(*comm)(void *ctx, int32_t pid);
	int32_t (*tgid)(void *ctx, int32_t pid);
	int32_t (*parent)(void *ctx, int32_t tgid);
	const char *(*cgroup)(void *ctx, int32_t pid, uint64_t at_ns);
	void *ctx;
};

int analysis_open_live(struct analysis **a, const struct analysis_feed *feed, struct err *err);
/* Between opening and the first step. */
void analysis_set_sink(struct analysis *a, const struct span_sink *sink);
/* As pipeline_run(): all that the source has by now. 1: it goes on, 0: it ended, and so did the sink, -1: *err. */
int analysis_step(struct analysis *a, struct err *err);
/*
 * The feed's info and facts as they are now, and what analysis_info() says of it all so far. symbols: info has new
 * ones; what was asked before keeps its answer.
 */
void analysis_refresh(struct analysis *a, bool symbols);
void analysis_close(struct analysis *a);
/* Times of spans are as stamped, and believed, whatever the clock: for who knows how to take them. Before it runs. */
void analysis_keep_stamps(struct analysis *a);
/* Times of spans are made of stamps in this way, whatever the file says, and are ns. Before it runs. */
void analysis_take_time(struct analysis *a, const struct pipeline_time *time);
/* As for pipeline_set_threads(). */
void analysis_set_threads(struct analysis *a, unsigned int nr);
/* See pipeline_set_tap(). */
void analysis_set_tap(struct analysis *a, pipeline_tap_fn fn, void *ctx);
/* The whole file to this sink, through to its end(). */
int analysis_run(struct analysis *a, const struct span_sink *sink, struct err *err);

/* When tracing began; from the first span on. */
uint64_t analysis_start_ns(const struct analysis *a);
/* When it ended, where the file says so; false: it does not. */
bool analysis_known_end_ns(const struct analysis *a, uint64_t *ns);
const struct trace_info *analysis_info(const struct analysis *a);
/* What the file, or the tracer that runs, says of itself; valid as long as the analysis. */
const struct dat_info *analysis_file(const struct analysis *a);
/* NULL for foreign files. */
const struct facts *analysis_facts(const struct analysis *a);
/*
 * What the events prove. Of a foreign file, which may have formats of events
 * that nobody recorded: those so far. It only grows; final: nothing that the
 * outcome of a span depends on will be added.
 */
struct ipi_evidence analysis_evidence(const struct analysis *a, bool *final);
/* Senders have stacks, as far as is known by now. */
bool analysis_has_stacks(const struct analysis *a);
const struct decoder *analysis_decoder(const struct analysis *a);
const struct match_totals *analysis_totals(const struct analysis *a);
/* Answers for agg_new() and span_filter_new(); valid as long as the analysis. */
struct span_names analysis_names(struct analysis *a);
struct symtab *analysis_symtab(struct analysis *a);
/* See symtab_set_plumbing(); before it runs. */
void analysis_set_plumbing(struct analysis *a, const struct plumbing *more);
const struct ipi_stack *analysis_stack(const struct analysis *a, uint32_t stack);
/* User frames, and what is known of them; NULL: none were recorded. Its numbers of stacks are those of spans. */
const struct ufunc *analysis_ufunc(const struct analysis *a);
/* Index of its first frame outside the plumbing; s->nr if there is none. */
unsigned int analysis_stack_caller(struct analysis *a, const struct ipi_stack *s);
/* What is to be said of the target CPUs of this filter, or else of the recording's, that were offline; malloc'ed or NULL. */
char *analysis_offline(const struct analysis *a, const struct ipi_filter *f);
/* Lines of /proc/interrupts that the recording brought along; returns their number. After the run. */
unsigned int analysis_coverage(const struct analysis *a, struct coverage *lines, unsigned int max);

#endif
