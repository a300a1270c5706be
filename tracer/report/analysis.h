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
struct ufunc;

/* buffer: only this one of the file's; NULL: all of them. */
int analysis_open(struct analysis **a, const char *path, const char *buffer, struct err *err);
void analysis_close(struct analysis *a);
/* See pipeline_set_tap(). */
void analysis_set_tap(struct analysis *a, pipeline_tap_fn fn, void *ctx);
/* The whole file to this sink, through to its end(). */
int analysis_run(struct analysis *a, const struct span_sink *sink, struct err *err);

/* When tracing began; from the first span on. */
uint64_t analysis_start_ns(const struct analysis *a);
/* When it ended, where the file says so; false: it does not. */
bool analysis_known_end_ns(const struct analysis *a, uint64_t *ns);
const struct trace_info *analysis_info(const struct analysis *a);
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
const struct match_totals *analysis_totals(const struct analysis *a);
/* Answers for agg_new() and span_filter_new(); valid as long as the analysis. */
struct span_names analysis_names(struct analysis *a);
struct symtab *analysis_symtab(struct analysis *a);
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
