/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/reading.h - what all commands have in common that read one recording.
 */
#ifndef IPITRACE_CMDS_READING_H
#define IPITRACE_CMDS_READING_H

#include "base/err.h"
#include "base/expr.h"
#include "base/filter.h"
#include "base/opts.h"
#include "base/window.h"
#include "decode/plumbing.h"
#include "render/debug.h"
#include "report/analysis.h"
#include "report/filter.h"
#include "report/handlers.h"
#include "report/report.h"
#include "report/window.h"

/* Help and completion of the option that names the file, -i; the operand is the same. */
#define READING_INPUT_HELP "recording to read (default: ipitrace.dat, else trace.dat)"

/* The option --plumbing FILE: target is a struct plumbing *, which grows. */
#define READING_PLUMBING_HELP "names of functions that are no callers, or !NAME that are, beside the usual ones"
int reading_parse_plumbing(void *target, const char *arg, const struct opt_spec *spec, struct err *err);
/* The help topic of that name: the usual ones. */
void reading_print_plumbing(FILE *out);

/* The option --threads N: target is a uint64_t, 0 before; then reading_set_threads(). */
#define READING_THREADS_HELP "threads that do the work (default: one a CPU, at most 4); 1: all in one"
#define READING_MAX_THREADS  64

/* One pass over a file, through the recording's filter and the user's. */
struct reading {
	struct analysis *analysis;
	struct span_filter *filter; /* NULL = nothing is filtered */
	struct span_window *window; /* NULL = all of it */
	const char *path, *buffer;
	struct span_names names;
	struct debug debug;
	struct span_handlers *handlers; /* NULL = nobody asks what ran a call */
	const struct ipi_filter *filters[2];
	unsigned int nr_filters;
	bool several; /* it is one of several recordings: what is said of it says of which */
};

/*
 * The file of -i or of the operand in argv[1] (nr: how many there are), or
 * what is here; NULL with *err if there is none.
 */
const char *reading_file(const char *command, const char *input, char **argv, int nr, struct err *err);
/* Names of the user's plumbing that no function of the recording has, and what may be meant, on stderr. */
void reading_say_plumbing(const struct reading *r, const struct plumbing *plumbing);
/*
 * buffer as for analysis_open(); f is borrowed, and resolved; so is plumbing, which may be NULL. A reading that failed to
 * open is closed like any other.
 */
int reading_open(struct reading *r, const char *path, const char *buffer, struct ipi_filter *f,
		 const struct plumbing *plumbing, struct err *err);
/* Only what began in this window, which is borrowed; between opening and running. */
int reading_set_window(struct reading *r, const struct time_window *w, struct err *err);
/*
 * Before running: an error if nothing was recorded in the window. Reads a file twice that does not say when it ends; of
 * standard input nothing is known in advance.
 */
int reading_check_window(const struct reading *r, struct err *err);
/* No IRQ span of a solicited interrupt passes: see agg_new(). */
bool reading_by_sender(const struct reading *r);
/* Before running: calls are to know what ran them (report/handlers.h). */
void reading_join_handlers(struct reading *r);
/* Before running: spans are for rows by these keys. */
void reading_rows_by(struct reading *r, const enum agg_key *by, unsigned int nr_by);
/* All that is in front of a sink, which is copied. */
struct span_sink reading_sink(struct reading *r, const struct span_sink *sink);
/*
 * All spans that pass, to a sink that is copied. Says on standard error what the user's filter cannot have meant: a
 * pattern that matches nothing in the recording, callers of one without stacks.
 */
int reading_run(struct reading *r, const struct span_sink *sink, struct err *err);
/*
 * On standard error: that the recording has no stacks, which this option asks for, and what it does instead. Nothing if
 * it has some, or no sends either. After reading_run().
 */
void reading_stackless(const struct reading *r, const char *option, const char *instead);
/* The same of what rows are asked to be by. */
void reading_say_keys(const struct reading *r, const enum agg_key *by, unsigned int nr_by);
/* On standard error: patterns of the first filter that match nothing, and what else it cannot have meant. After a run. */
void reading_say_missed(const struct reading *r);
/* The same of the condition of --option, after it was asked, as list_expr_missed() tells it. */
void reading_say_condition(const char *option, const struct expr *e, const struct trace_info *t);
/* The recording can tell what the filter asks for; false: *err says what it cannot. */
bool reading_can_filter(const struct reading *r, const struct ipi_filter *f, struct err *err);
/* ... of --children: there are processes to begin with. */
bool reading_has_roots(const struct ipi_filter *f, struct err *err);
bool reading_knows_processes(const struct reading *r);
/* What is filtered by; see ipi_filters_text(). */
char *reading_filters(const struct reading *r);
/* After the run: the window, into the report. An error if nothing was recorded in it. */
int reading_window(const struct reading *r, struct report *report, struct err *err);
/* 0: one a CPU, as far as there is work for them, which is how it is opened. Before the run. */
void reading_set_threads(struct reading *r, uint64_t nr);
void reading_close(struct reading *r);

/*
 * What a command returns that has printed its result: EXIT_OK, or
 * EXIT_INCOMPLETE with *err, and the recording's own reasons on standard error.
 */
int reading_status(const struct report *r, struct err *err);

#endif
