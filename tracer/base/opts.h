/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/opts.h - one option table per command: parser, --help, completion and man
 * page all read the same rows.
 *
 * A command defines one struct for its options, one static table of rows with
 * offsets into it, and one struct opt_spec. The filter options, shared by every
 * command that takes them, are in base/filter.h. Never prints except
 * opts_finish(), opts_help() and opts_list() (base/opts-help.c).
 */
#ifndef IPITRACE_BASE_OPTS_H
#define IPITRACE_BASE_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/err.h"

enum opt_type {
	OPT_FLAG,	 /* bool: set to true */
	OPT_FLAG_OFF,	 /* bool: set to false (--no-stack) */
	OPT_STRING,	 /* const char *: points into argv */
	OPT_STRDUP,	 /* char *: malloc'ed, an earlier value is freed */
	OPT_U64,	 /* uint64_t: min..max of the row; max 0 = no limit */
	OPT_SIZE,	 /* uint64_t: bytes, K/M/G; min..max likewise */
	OPT_DURATION,	 /* uint64_t: ns */
	OPT_CPUS,	 /* struct cpuset */
	OPT_CUSTOM,	 /* parse() of the row */
	OPT_CUSTOM_NEXT, /* the same: a value that may be left out, or be the next word if parse() takes it, target NULL */
};

struct opt_spec;

struct opt {
	char short_name;       /* 0 = none */
	const char *long_name; /* NULL = none */
	const char *arg;       /* name of the argument in the help; NULL for flags; "[=NAME]": may be left out;
				* "a|b": the words that it can be, which completion offers */
	enum opt_type type;
	size_t offset; /* of the target in the options struct (of the group's base) */
	const char *help;
	/* arg: NULL where it was left out. */
	int (*parse)(void *target, const char *arg, const struct opt_spec *spec, struct err *err);
	uint64_t min, max;
};

struct opt_group {
	const char *title; /* "Filters"; NULL = "Options" */
	const struct opt *rows;
	unsigned int nr; /* OPT_TO_THE_END: as many as come before one without a name */
	size_t stride;	 /* from row to row, where each is part of something bigger; 0 = sizeof(struct opt) */
	size_t base;	 /* offset of the group's struct in the options struct */
};

#define OPT_MAX_GROUPS 6
#define OPT_TO_THE_END UINT32_MAX

/* A text that --help shows on its own, "ipitrace report --help columns". */
struct opt_topic {
	const char *name; /* NULL ends the list */
	void (*print)(FILE *out);
};

struct opt_spec {
	const char *command;			 /* "report" */
	const char *synopsis;			 /* what follows the name: "[options] [FILE]" */
	const char *summary;			 /* one line, no full stop */
	const char *details;			 /* printed below the options; NULL = none */
	const struct opt_topic *topics;		 /* NULL = none */
	bool stop_at_operand;			 /* what follows the first operand is a workload's own */
	bool this_machine;			 /* CPU numbers are checked against this machine */
	unsigned int min_operands, max_operands; /* ignored with stop_at_operand */
	struct opt_group groups[OPT_MAX_GROUPS];
};

#define OPT_GROUP(t, r, b)                                                                                             \
	{                                                                                                              \
		.title = (t), .rows = (r), .nr = ARRAY_SIZE(r), .base = (b)                                            \
	}
enum opts_result { OPTS_OK = 0, OPTS_HELP = 1, OPTS_HELP_TOPIC = 2 /* and up: of that index */ }; /* or -1: *err */

/*
 * Parse argv[1..] into *options. Operands end up in argv[1..*nr_operands]
 * (argv is reordered), followed by NULL. OPTS_HELP: the user asked for help.
 */
int opts_parse(const struct opt_spec *spec, void *options, int argc, char **argv, int *nr_operands, struct err *err);
/* What a command returns when opts_parse() did not return OPTS_OK: prints help to stdout, or gives -1 back. */
int opts_finish(const struct opt_spec *spec, int result);
void opts_help(const struct opt_spec *spec, FILE *out);
/*
 * A line of help: what is on the left, and a text from column indent on, wrapped
 * where the terminal ends. usual: where at the latest, and where there is no terminal; 0 = nowhere then.
 */
void help_wrapped(FILE *out, const char *left, unsigned int indent, unsigned int usual, const char *text);
/* Index of a topic, or -1. */
int opts_topic(const struct opt_spec *spec, const char *name);
/* The error of a word that is none. */
int opts_no_topic(const struct opt_spec *spec, const char *name, struct err *err);
/* A line an option: short, long, argument, group, help, separated by tabs; "-" where absent. */
void opts_list(const struct opt_spec *spec, FILE *out);

/* A number in the largest unit that it is a whole number of, as who types it would; returns buf. */
const char *opt_value_text(enum opt_type type, uint64_t v, char *buf, size_t len);
/* Row i of a group; NULL behind the last, or if there is no group. */
const struct opt *opt_group_row(const struct opt_group *g, unsigned int i);
/* Its value may be left out, so that it is never the next word but with OPT_CUSTOM_NEXT. With a long name alone. */
bool opt_value_optional(const struct opt *o);
extern const struct opt opt_help_row; /* every command has it */

#endif
