/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/opts.h - one option table per command: parser, --help, completion and man
 * page all read the same rows.
 *
 * A command defines one struct for its options, one static table of rows with
 * offsets into it, and one struct opt_spec. The filter options are rows here,
 * shared by every command that takes them. Never prints except opts_help()
 * and opts_list(), which main() and commands call with the stream to use.
 */
#ifndef IPITRACE_OPTS_H
#define IPITRACE_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/filter.h"

enum opt_type {
	OPT_FLAG,     /* bool: set to true */
	OPT_FLAG_OFF, /* bool: set to false (--no-stack) */
	OPT_STRING,   /* const char *: points into argv */
	OPT_STRDUP,   /* char *: malloc'ed, an earlier value is freed */
	OPT_U64,      /* uint64_t: min..max of the row; max 0 = no limit */
	OPT_SIZE,     /* uint64_t: bytes, K/M/G; min..max likewise */
	OPT_DURATION, /* uint64_t: ns */
	OPT_CPUS,     /* struct cpuset */
	OPT_CUSTOM,   /* parse() of the row */
};

struct opt_spec;

struct opt {
	char short_name;       /* 0 = none */
	const char *long_name; /* NULL = none */
	const char *arg;       /* name of the argument in the help; NULL for flags */
	enum opt_type type;
	size_t offset; /* of the target in the options struct (of the group's base) */
	const char *help;
	int (*parse)(void *target, const char *arg, const struct opt_spec *spec, struct err *err);
	uint64_t min, max;
};

struct opt_group {
	const char *title; /* "Filters"; NULL = "Options" */
	const struct opt *rows;
	unsigned int nr;
	size_t base; /* offset of the group's struct in the options struct */
};

#define OPT_MAX_GROUPS 4

struct opt_spec {
	const char *command;			 /* "report" */
	const char *synopsis;			 /* what follows the name: "[options] [FILE]" */
	const char *summary;			 /* one line, no full stop */
	const char *details;			 /* printed below the options; NULL = none */
	bool stop_at_operand;			 /* what follows the first operand is a workload's own */
	bool this_machine;			 /* CPU numbers are checked against this machine */
	unsigned int min_operands, max_operands; /* ignored with stop_at_operand */
	struct opt_group groups[OPT_MAX_GROUPS];
};

#define OPT_GROUP(t, r, b)                                                                                             \
	{                                                                                                              \
		.title = (t), .rows = (r), .nr = ARRAY_SIZE(r), .base = (b)                                            \
	}
/* The shared filter options into the struct ipi_filter at offset b. */
#define OPT_FILTER_GROUP(b)                                                                                            \
	{                                                                                                              \
		.title = "Filters", .rows = opt_filter_rows, .nr = OPT_NR_FILTER_ROWS, .base = (b)                     \
	}
#define OPT_NR_FILTER_ROWS 7
extern const struct opt opt_filter_rows[OPT_NR_FILTER_ROWS];

enum opts_result { OPTS_OK = 0, OPTS_HELP = 1 }; /* or -1: *err is set */

/*
 * Parse argv[1..] into *options. Operands end up in argv[1..*nr_operands]
 * (argv is reordered), followed by NULL. OPTS_HELP: the user asked for help.
 */
int opts_parse(const struct opt_spec *spec, void *options, int argc, char **argv, int *nr_operands, struct err *err);
/* What a command returns when opts_parse() did not return OPTS_OK: prints help to stdout, or gives -1 back. */
int opts_finish(const struct opt_spec *spec, int result);
void opts_help(const struct opt_spec *spec, FILE *out);
/* A line an option: short, long, argument, group, help, separated by tabs; "-" where absent. */
void opts_list(const struct opt_spec *spec, FILE *out);

/* CPUs of the filter that a recording of nr_cpus CPUs cannot have: an error that names them. */
int opts_check_filter(const struct ipi_filter *f, unsigned int nr_cpus, struct err *err);

#endif
