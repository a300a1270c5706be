/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/analysis.h - a recording, from file to spans: trace.dat -> decoder -> matcher.
 *
 * Glue shared by every command that reads a recording. Owns the reader, the
 * symbol table, the decoder and the matcher; knows no options and no output.
 * One analysis is one pass over the file.
 */
#ifndef IPITRACE_ANALYSIS_H
#define IPITRACE_ANALYSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "decode/decode.h"
#include "decode/symtab.h"
#include "file/datfile.h"
#include "file/facts.h"
#include "match/match.h"
#include "report/agg.h"

/* What is known of the trace as a whole; complete after analysis_run(). */
struct trace_info {
	const char *path;
	int file_version;
	const char *compression;
	char kernel[80]; /* release; "" if the file does not say */
	char arch[32];
	const char *clock;
	const char *tier;
	unsigned int cpus;
	uint64_t start_ns, end_ns;
	uint64_t records, events; /* in the file; used */
	uint64_t lost_events;
	uint64_t missed_sends; /* by the probes that stand in for send events */
	bool lost_unknown;     /* and events are missing, nobody knows how many */
	uint64_t bad_pages;
	bool truncated;	       /* the file ends before its data does */
	bool incomplete;       /* the recording did not end as it should */
	bool foreign;	       /* no facts of ipitrace in the file */
	bool facts_gone;       /* though it recorded it: converted since, or cut right behind the data */
	bool stacks;	       /* stacks of senders are there */
	bool clock_ns;	       /* the clock counts nanoseconds */
	bool clock_sync;       /* ... and shows the same on every CPU: else latencies are withheld */
	uint64_t skew_ns;      /* clocks of CPUs differ by at least this much, by impossible spans; 0 = none */
	uint32_t skew_cpus[2]; /* ... namely of these: the second is behind */
	bool has_send, has_csd, has_reception;
};

/* One line of /proc/interrupts against the trace: low <= traced <= high if nothing is missing. */
struct coverage {
	const char *name; /* "RES" */
	uint64_t traced, low, high;
	bool ok;
};

#define ANALYSIS_MAX_COVERAGE 16

struct analysis;

int analysis_open(struct analysis **a, const char *path, struct err *err);
void analysis_close(struct analysis *a);
/* The whole file; fn gets every span. */
int analysis_run(struct analysis *a, ipi_span_fn fn, void *ctx, struct err *err);

const struct trace_info *analysis_info(const struct analysis *a);
/* NULL for foreign files. */
const struct facts *analysis_facts(const struct analysis *a);
const struct match_totals *analysis_totals(const struct analysis *a);
/* Answers for agg_new(); valid as long as the analysis. */
struct agg_names analysis_names(struct analysis *a);
struct symtab *analysis_symtab(struct analysis *a);
const struct ipi_stack *analysis_stack(const struct analysis *a, uint32_t stack);
/* Lines of /proc/interrupts that the recording brought along; returns their number. After the run. */
unsigned int analysis_coverage(const struct analysis *a, struct coverage *lines, unsigned int max);

#endif
