/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/running.h - what all commands have in common that measure now: record, and the live ones.
 *
 * Where results go to standard output, the workload's own output goes to standard error, so that whoever reads the
 * results gets nothing else; with -o FILE the workload keeps its standard output.
 */
#ifndef IPITRACE_CMDS_RUNNING_H
#define IPITRACE_CMDS_RUNNING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/opts.h"
#include "cmds/screen.h"
#include "file/facts.h"
#include "live/live.h"
#include "record/run.h"

/* A parser for options tables: auto, sends (or all), calls, none; target: uint32_t, enum session_stack. */
int running_parse_stack(void *target, const char *arg, const struct opt_spec *spec, struct err *err);

/* What record calls alike, in a table of its own. */
#define RUNNING_BUFFER_HELP "ring buffer per CPU (default 64M, less where memory is short)"
#define RUNNING_STACK_HELP                                                                                             \
	"kernel stacks with sends but those of known callers (auto, the default), all sends, queued calls too, or none"
#define RUNNING_NO_STACK_HELP "no kernel stacks: cheaper, but only call sites, no callers"

/* Of the live commands that show rows. */
struct running_options {
	uint64_t buffer_bytes;
	const char *save;
	uint32_t stack; /* enum session_stack; auto at first */
	bool no_stack, wait_all, strict, quiet;
	struct plumbing *plumbing;
};
#define RUNNING_NR_OPTIONS 8
extern const struct opt running_rows[RUNNING_NR_OPTIONS];
#define OPT_RUNNING_GROUP(b)                                                                                           \
	{                                                                                                              \
		.rows = running_rows, .nr = RUNNING_NR_OPTIONS, .base = (b)                                            \
	}
/* The fields of config that they say. */
void running_configure(const struct running_options *o, struct live_config *config);

/* One line on standard error; names in it are made harmless. */
void running_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Where results go. */
struct results {
	FILE *out;
	bool is_stdout;
	struct screen screen; /* what text is printed on */
};

/* path: NULL and "-" are standard output. Refuses what cannot be written. */
int results_open(struct results *r, const char *path, const struct screen_options *screen, struct err *err);
/* A file of results, the invoking user's under sudo, for its owner alone; NULL and *err, with a hint that names the option. */
FILE *results_create(const char *path, const char *option, struct err *err);
/* -1 and *err if these two options name one file. Either may be NULL. Before any is created. */
int results_are_apart(const char *path, const char *path_option, const char *other, const char *option,
		      struct err *err);
/* What was printed by now reaches whoever reads it; -1 and *err if it cannot. */
int results_flush(struct results *r, struct err *err);
int results_close(struct results *r, struct err *err);

/* ipitrace's own failure has another exit code where a workload has one of its own. */
void running_failed(bool has_workload, struct err *err);
/*
 * Why it is incomplete, line by line on standard error, with the rest in *err; false if it is not, by the facts. what:
 * "recording". buffer_bytes: per CPU, as it was. fewer: what may help beside a bigger one; NULL: fewer targets.
 */
bool running_incomplete(const struct facts *f, const char *what, uint64_t buffer_bytes, const char *fewer,
			struct err *err);
/* The workload's status, once it was reaped; 0 if it was told to end because its time was over, and did. */
int running_workload_status(const struct run *r);

/*
 * The exit status of a live measurement that shows rows, after live_finish(): ipitrace's own failure (ret, *err), then
 * the workload's status if it is not 0, then EXIT_INCOMPLETE, which comes first if strict. Reaps the workload. live may be
 * NULL.
 */
int running_finish(struct live *live, int ret, bool has_workload, bool strict, struct err *err);

#endif
