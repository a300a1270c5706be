/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/cmd.h - the commands, as main() sees them.
 *
 * A command returns an exit code, or -1 with *err filled (err->code is the
 * exit code then). It never prints errors. A command that did its work and
 * still has something to say (events lost) returns the code and fills *err.
 */
#ifndef IPITRACE_CMDS_CMD_H
#define IPITRACE_CMDS_CMD_H

#include "base/err.h"
#include "base/opts.h"

struct cmd {
	const struct opt_spec *spec; /* name, summary, options */
	int (*run)(int argc, char **argv, struct err *err);
};

extern const struct opt_spec record_spec, report_spec, list_spec, diff_spec, merge_spec, export_spec, bench_spec,
	probe_spec, stat_spec, check_spec, top_spec;
int cmd_record(int argc, char **argv, struct err *err);
int cmd_report(int argc, char **argv, struct err *err);
int cmd_list(int argc, char **argv, struct err *err);
int cmd_diff(int argc, char **argv, struct err *err);
int cmd_merge(int argc, char **argv, struct err *err);
int cmd_export(int argc, char **argv, struct err *err);
int cmd_probe(int argc, char **argv, struct err *err);
int cmd_check(int argc, char **argv, struct err *err);
int cmd_stat(int argc, char **argv, struct err *err);
int cmd_top(int argc, char **argv, struct err *err);
int cmd_bench(int argc, char **argv, struct err *err);

/* For shells: what may stand for the last of these words, which follow the program's name; cmds/complete.c. */
int complete(const struct cmd *commands, size_t nr, int argc, char **argv);

#endif
