// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/record.c - ipitrace record: options, exit status, what the user is told at the end.
 *
 * Exit status: ipitrace's own failure (125 with a workload, else 1), then the
 * workload's status if it is not 0, then 3 if the recording is incomplete, then
 * 0. With --strict 3 comes before the workload's status.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/evgroups.h"
#include "base/globs.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/text.h"
#include "record/record.h"
#include "render/debug.h"
#include "capture/signals.h"
#include "cmds/cmd.h"
#include "cmds/flight.h"
#include "cmds/reading.h"
#include "cmds/running.h"

/* --- options --- */

/* "dwarf", "dwarf,16K", "fp"; nothing: dwarf. */
static int parse_user_stack(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct userstack_config *u = target;
	size_t len = arg ? strcspn(arg, ",") : 0;
	uint64_t bytes = USERSTACK_BYTES;

	(void)spec;
	if (arg && arg[len] && (len != 5 || parse_size(arg + len + 1, &bytes, err)))
		return err_set(err, EXIT_USAGE, "'%s': not dwarf, dwarf,SIZE or fp", arg);
	if (bytes < 512 || bytes > USERSTACK_BYTES_MAX || bytes % 8)
		return err_set(err, EXIT_USAGE, "'%s': SIZE is 512 to %u, a multiple of 8", arg, USERSTACK_BYTES_MAX);
	if (!arg || (len == 5 && !strncmp(arg, "dwarf", len)))
		u->mode = USERSTACK_DWARF;
	else if (!strcmp(arg, "fp"))
		u->mode = USERSTACK_FP;
	else
		return err_set(err, EXIT_USAGE, "'%s': not dwarf, dwarf,SIZE or fp", arg);
	u->stack_bytes = (uint32_t)bytes;
	return 0;
}

static int parse_compress(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	static const struct {
		const char *name;
		uint32_t level;
	} ways[] = { { "none", 0 }, { "fast", DAT_LEVEL_FAST }, { "best", DAT_LEVEL_BEST } };

	(void)spec;
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(arg, ways[i].name))
			continue;
		*(uint32_t *)target = ways[i].level;
		return 0;
	}
	return err_set(err, EXIT_USAGE, "'%.40s': none, fast or best", arg);
}

struct record_command {
	struct record_options opts;
	struct flight_options flight;
};

/* No other clock is of use: what a guest and its host have in common is the TSC. */
static int parse_clock(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	const char **clock = target;

	(void)spec;
	if (strcmp(arg, "mono") && strcmp(arg, "x86-tsc"))
		return err_set(err, EXIT_USAGE, "'%.40s': mono or x86-tsc", arg);
	*clock = strcmp(arg, "mono") ? "x86-tsc" : NULL;
	return 0;
}

/* User stacks find their sends, and a flight recorder its last seconds, by CLOCK_MONOTONIC. */
static int check_clock(const struct record_command *c, struct err *err)
{
	const char *other = c->opts.userstack.mode != USERSTACK_NONE ? "--user-stack" :
			    c->flight.on			     ? "--flight" :
								       NULL;

	if (!c->opts.clock || !other)
		return 0;
	return err_set(err, EXIT_USAGE, "--clock x86-tsc and %s exclude each other", other);
}

/* Names and patterns of events; those of several -e are one list. */
static int parse_events(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	char **events = target, *all;

	(void)spec;
	if (globs_check(arg, err))
		return -1;
	if (globs_negated(arg)) {
		err_set(err, EXIT_USAGE, "'%.100s': which events, not which not", arg);
		return err_hint(err, "'sched:*' are all of a system");
	}
	all = *events ? xasprintf("%s,%s", *events, arg) : xstrdup(arg);
	free(*events);
	*events = all;
	return 0;
}

static int parse_groups(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	return evgroups_parse(target, arg, err);
}

/* The same as --with kvm: what is asked for most has a name of its own. */
static int parse_kvm(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)arg;
	(void)spec;
	return evgroups_parse(target, "kvm", err);
}

static void print_groups(FILE *out)
{
	const struct evgroup *g;

	for (unsigned int i = 0; (g = evgroup_row(i)); i++)
		help_wrapped(out, g->name, 10, 0, g->help);
}

static const struct opt_topic topics[] = { { "groups", print_groups }, { 0 } };

#define FIELD(m) offsetof(struct record_options, m)

static const struct opt record_rows[] = {
	{ 'o', "output", "FILE", OPT_STRING, FIELD(output), "write FILE (default ipitrace.dat); - is standard output",
	  NULL, 0, 0 },
	{ 'd', "duration", "TIME", OPT_DURATION, FIELD(duration_ns),
	  "stop after TIME (250ms, 10s, 1m); a workload is told to end then", NULL, 1, 0 },
	{ 'm', "buffer", "SIZE", OPT_SIZE, FIELD(buffer_bytes), RUNNING_BUFFER_HELP, NULL, 4 << 10, 1ULL << 40 },
	{ 0, "stack", "auto|sends|calls|none", OPT_CUSTOM, FIELD(stack), RUNNING_STACK_HELP, running_parse_stack, 0,
	  0 },
	{ 0, "no-stack", NULL, OPT_FLAG, FIELD(no_stack), RUNNING_NO_STACK_HELP, NULL, 0, 0 },
	{ 0, "user-stack", "[=HOW]", OPT_CUSTOM, FIELD(userstack),
	  "user stacks with sends: dwarf (default; dwarf,SIZE of each), fp (frame pointers)", parse_user_stack, 0, 0 },
	{ 'e', "event", "EVENTS", OPT_CUSTOM, FIELD(events),
	  "record these events, too: SYS:EVENT, SYS, patterns; for KernelShark and others", parse_events, 0, 0 },
	{ 0, "with", "GROUPS", OPT_CUSTOM, FIELD(groups),
	  "record these groups of events, too ('ipitrace help record groups' lists them)", parse_groups, 0, 0 },
	{ 0, "kvm", NULL, OPT_CUSTOM, FIELD(groups),
	  "record virtual machines on their host, for report --kvm: --with kvm", parse_kvm, 0, 0 },
	{ 0, "compress", "none|fast|best", OPT_CUSTOM, FIELD(level),
	  "how far to compress the file by zstd: trace.dat version 7 (default fast), or with none version 6",
	  parse_compress, 0, 0 },
	{ 0, "clock", "mono|x86-tsc", OPT_CUSTOM, FIELD(clock),
	  "stamp by CLOCK_MONOTONIC (default), or by the TSC: to join a guest's recording with its host's", parse_clock,
	  0, 0 },
	{ 0, "wait-all", NULL, OPT_FLAG, FIELD(wait_all), "record until all that WORKLOAD has started has ended, too",
	  NULL, 0, 0 },
	{ 0, "strict", NULL, OPT_FLAG, FIELD(strict),
	  "exit with 3 if the recording is incomplete, whatever WORKLOAD's status", NULL, 0, 0 },
	{ 0, "progress", NULL, OPT_FLAG, FIELD(progress), "show progress though WORKLOAD may use the screen, too", NULL,
	  0, 0 },
	{ 'q', "quiet", NULL, OPT_FLAG, FIELD(quiet), "no progress, no summary", NULL, 0, 0 },
};

const struct opt_spec record_spec = {
	.command = "record",
	.synopsis = "[options] [-- WORKLOAD [ARG...]]",
	.summary = "record IPIs into a trace.dat file",
	.details = "Records until WORKLOAD ends, TIME is over, or Ctrl-C; a second Ctrl-C gives up.\n"
		   "Under sudo, WORKLOAD runs as the user who called sudo, and FILE is that user's.\n"
		   "Exit status: WORKLOAD's own; 125 ipitrace failed, 126 WORKLOAD cannot be run,\n"
		   "127 not found. Without WORKLOAD 0, 1 failed, 2 usage; 3 if the recording is\n"
		   "incomplete; with WORKLOAD, too, if its own is 0.",
	.topics = topics,
	.stop_at_operand = true,
	.this_machine = true,
	.groups = {
		OPT_GROUP(NULL, record_rows, 0),
		OPT_GROUP("Flight recorder", flight_rows, offsetof(struct record_command, flight)),
		OPT_FILTER_GROUP(offsetof(struct record_options, filter)),
	},
};

static void say_ustacks(const struct ustacks_counts *n)
{
	running_say("user stacks of %llu of %llu send%s; %llu by interrupts, %llu without a user side, "
		    "%llu without a sample",
		    (unsigned long long)n->framed, (unsigned long long)n->sends, plural_s(n->sends),
		    (unsigned long long)n->interrupts, (unsigned long long)n->kernel, (unsigned long long)n->unsampled);
	if (n->lost)
		running_say("%llu sample%s of user stacks %s lost: smaller ones (--user-stack=dwarf,2K), or fp",
			    (unsigned long long)n->lost, plural_s(n->lost), plural_was(n->lost));
	if (n->side_lost)
		running_say("%llu record%s of mappings and processes %s lost: frames of user stacks may be [unknown]",
			    (unsigned long long)n->side_lost, plural_s(n->side_lost), plural_was(n->side_lost));
}

static void summarize(const struct record *r)
{
	uint64_t nr = r->rec.has_events ? r->rec.events : r->records;
	char bytes[TEXT_BYTES_LEN];

	text_bytes(bytes, r->bytes);
	if (!r->opts.quiet)
		running_say("%llu %s%s, %llu lost, %s in %s", (unsigned long long)nr,
			    r->rec.has_events ? "event" : "record", plural_s(nr), (unsigned long long)r->lost, bytes,
			    strcmp(r->opts.output, "-") ? r->opts.output : "standard output");
	/* Who waits wants to know for what. */
	if (!r->opts.quiet && (r->opts.log_session || r->rec.look_ns + r->rec.write_ns > NS_PER_S))
		running_say("%.2f s to find its symbols and names, %.2f s to compress and write it",
			    (double)r->rec.look_ns / 1e9, (double)r->rec.write_ns / 1e9);
	if (!r->opts.quiet && r->opts.log_session && !r->rec.meta.no_symbols)
		running_say("symbols: %s", r->rec.meta.core_symbols ? "the kernel's own, as kept from the last time" :
								      "all of /proc/kallsyms");
	if (r->rec.has_ustacks && !r->opts.quiet)
		say_ustacks(&r->rec.ustacks.n);
	if (!r->opts.quiet && kvm_facts_none(&r->rec.facts.kvm))
		running_say("no virtual machine%s was found, neither when it began nor when it ended: report --kvm may "
			    "have nothing to show",
			    r->opts.filter.process.nr ? " of -p" : "");
	if (r->rec.meta.no_symbols)
		fprintf(stderr, "ipitrace: /proc/kallsyms hides addresses: no names of functions "
				"(sysctl kernel.kptr_restrict=1)\n");
	if (r->rec.facts.missed_sends)
		fprintf(stderr, "ipitrace: %llu send%s %s missed: the probe was hit while another was running\n",
			(unsigned long long)r->rec.facts.missed_sends, plural_s(r->rec.facts.missed_sends),
			plural_was(r->rec.facts.missed_sends));
}

static int finish(struct record *r, int ret, struct err *err)
{
	int status = EXIT_OK;

	if (ret)
		running_failed(r->argv, err);
	if (!ret)
		summarize(r);
	else if (r->run.workload && workload_released(r->run.workload) && !workload_ended(r->run.workload))
		running_say("the recording failed (%s); the workload goes on", err->msg);
	run_reap_workload(&r->run);
	if (ret)
		return ret;
	if (r->run.workload)
		status = running_workload_status(&r->run);
	if (running_incomplete(&r->rec.facts, "recording", r->buffer_bytes,
			       r->opts.events || r->opts.groups ? "fewer other events (-e, --with)" : NULL, err) &&
	    (!status || r->opts.strict))
		status = EXIT_INCOMPLETE;
	return status;
}

int cmd_record(int argc, char **argv, struct err *err)
{
	struct record_command c = { .opts = record_defaults() };
	struct record r = { 0 };
	size_t size = ((size_t)argc + 1) * sizeof(*argv);
	char **line_args = memcpy(xmalloc(size), argv, size); /* parsing reorders them */
	struct debug debug;
	int nr, ret;

	r.run.say = running_say;
	r.rec.facts.workload_status = -1;
	ret = opts_parse(&record_spec, &c, argc, argv, &nr, err);
	r.opts = c.opts;
	if (ret == OPTS_OK && debug_init(&debug, getenv("IPITRACE_DEBUG"), stderr, err)) {
		ret = -1;
	} else if (ret == OPTS_OK) {
		r.opts.log_session = debug.session;
		r.argv = nr ? argv + 1 : NULL;
		ret = -1;
		if (flight_check(&c.flight, &r.opts, err) || check_clock(&c, err) ||
		    (!r.argv && !reading_has_roots(&r.opts.filter, err)))
			ret = -1;
		else if (c.flight.on)
			ret = flight_record(&c.flight, &r.opts, line_args, r.argv, err);
		else
			ret = finish(&r, record_run(&r, line_args, err), err);
	} else {
		ret = opts_finish(&record_spec, ret);
	}
	record_free(&r);
	flight_options_free(&c.flight);
	free(line_args);
	return ret;
}
