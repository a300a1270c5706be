// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/bench.c - ipitrace bench: options, signals, output.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/text.h"
#include "bench/backend.h"
#include "bench/compare.h"
#include "bench/measure.h"
#include "bench/result.h"
#include "cmds/cmd.h"
#include "cmds/screen.h"

volatile sig_atomic_t bench_interrupted;

static void on_signal(int sig)
{
	bench_interrupted = sig;
}

/* No SA_RESTART: what waits shall return, so that module and tracing are given back. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

static int parse_state(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct bench_options *o = target;

	(void)spec;
	for (uint32_t i = 0; i < IPITRACE_BENCH_NR_STATES; i++) {
		if (strcmp(arg, bench_state_name(i)))
			continue;
		o->state = i;
		o->has_state = true;
		return 0;
	}
	return err_set(err, EXIT_USAGE, "'%s': not one of idle, busy, irqs-off", arg);
}

#define FIELD(m) offsetof(struct bench_options, m)

static const struct opt bench_rows[] = {
	{ 0, "modes", "MODES", OPT_STRING, FIELD(modes),
	  "what to measure (default dry-run,self,single,broadcast); also async, many, broadcast-lock, "
	  "kick-all, irq-work, reschedule, reschedule-raw, wakeup, storm; or all",
	  NULL, 0, 0 },
	{ 'n', "iterations", "N", OPT_U64, FIELD(n), "sends of each mode and repetition (default 100000)", NULL, 1,
	  IPITRACE_BENCH_MAX_SAMPLES },
	{ 0, "repeat", "N", OPT_U64, FIELD(repeat), "repetitions, for the spread (default 5)", NULL, 1,
	  BENCH_MAX_REPEAT },
	{ 0, "targets", "TARGETS", OPT_STRING, FIELD(targets),
	  "CPU list, or as seen from the sender: any (default), sibling, llc, node, other-node, others", NULL, 0, 0 },
	{ 0, "senders", "CPUS", OPT_CPUS, FIELD(senders), "CPUs that send, all at once (default: the first)", NULL, 0,
	  0 },
	{ 0, "pairs", NULL, OPT_FLAG, FIELD(pairs), "every source with every target, as a matrix", NULL, 0, 0 },
	{ 0, "state", "STATE", OPT_CUSTOM, 0, "what targets do: idle (default), busy, irqs-off; --user: always busy",
	  parse_state, 0, 0 },
	{ 0, "handler-ns", "NS", OPT_U64, FIELD(handler_ns), "time that the handler spins", NULL, 1,
	  IPITRACE_BENCH_MAX_HANDLER_NS },
	{ 0, "irqs-off-ns", "NS", OPT_U64, FIELD(irqs_off_ns),
	  "time that targets keep interrupts off after a send: the least latency possible", NULL, 1,
	  IPITRACE_BENCH_MAX_IRQS_OFF_NS },
	{ 0, "burst", "N", OPT_U64, FIELD(burst), "storm: calls in flight per sender (default 8)", NULL, 1,
	  IPITRACE_BENCH_MAX_BURST },
	{ 0, "pace", "TIME", OPT_DURATION, FIELD(pace_ns), "from one send to the next (default: back to back)", NULL, 1,
	  IPITRACE_BENCH_MAX_PACE_NS },
	{ 0, "user", NULL, OPT_FLAG, FIELD(user), "without a module: membarrier from user space", NULL, 0, 0 },
	{ 0, "module", "FILE", OPT_STRING, FIELD(module), "load this module (default: the one beside the program)",
	  NULL, 0, 0 },
	{ 0, "trace", NULL, OPT_FLAG, FIELD(trace), "record each run with ipitrace, too, and check it sample by sample",
	  NULL, 0, 0 },
	{ 0, "json", NULL, OPT_FLAG, FIELD(json), "result as JSON, which --compare reads", NULL, 0, 0 },
	{ 0, "compare", NULL, OPT_FLAG, FIELD(compare), "compare two results: ratio B/A and how sure it is", NULL, 0,
	  0 },
};

const struct opt_spec bench_spec = {
	.command = "bench",
	.synopsis = "[options] | --compare [--json] A B",
	.summary = "measure IPIs: the module, or membarrier where there is none",
	.details = "Modes, states and columns: ipitrace-bench(1).\n"
		   "Exit status: 0 done, 1 failed, 2 usage, 128 + N stopped by signal N; --trace: 3 events\n"
		   "were lost, 5 tracer and benchmark disagree.\n",
	.this_machine = true,
	.max_operands = 2,
	.groups = { OPT_GROUP(NULL, bench_rows, 0) },
};

static int compare(const struct bench_options *o, char **files, int nr, struct err *err)
{
	const struct screen screen = screen_of_stdout(&(struct screen_options){ 0 });
	struct bench_saved a = { 0 }, b = { 0 };
	int ret;

	if (nr != 2) {
		err_set(err, EXIT_USAGE, "--compare takes two files");
		return err_hint(err, "made by 'ipitrace bench --json >FILE'");
	}
	ret = bench_saved_read(&a, files[0], err);
	if (!ret)
		ret = bench_saved_read(&b, files[1], err);
	if (!ret)
		ret = bench_compare(&a, &b, o->json, &screen, stdout, err);
	bench_saved_free(&a);
	bench_saved_free(&b);
	return ret;
}

/* As shells have it of a process that a signal ended. */
static int interrupted(struct err *err, const char *what)
{
	const int code = 128 + bench_interrupted;

	err_set(err, code, "%s", what);
	return code;
}

/* Not even one send. */
static bool is_empty(const struct bench_result *r)
{
	for (unsigned int i = 0; i < r->nr_rows; i++)
		if (r->rows[i].nr_reps)
			return false;
	return true;
}

static int verdict(const struct bench_result *r, struct err *err)
{
	uint64_t mismatched = 0, lost = 0;

	if (r->partial)
		return interrupted(err, "interrupted: the result is partial");
	for (unsigned int i = 0; i < r->nr_checks; i++) {
		mismatched += r->checks[i].mismatched;
		lost += r->checks[i].lost_events;
	}
	if (lost) {
		err_set(err, EXIT_INCOMPLETE, "%llu event%s %s lost: the check is incomplete", (unsigned long long)lost,
			plural_s(lost), plural_was(lost));
		err_hint(err, "fewer sends (-n), or --pace");
		return EXIT_INCOMPLETE;
	}
	if (mismatched) {
		err_set(err, EXIT_MISMATCH, "the trace and the benchmark disagree about %llu IPI%s",
			(unsigned long long)mismatched, plural_s(mismatched));
		return EXIT_MISMATCH;
	}
	if (r->still_loaded) {
		err_set(err, EXIT_FAILED, "the module is still loaded");
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

static int measure(const struct bench_options *o, struct err *err)
{
	const struct screen screen = screen_of_stdout(&(struct screen_options){ 0 });
	struct bench_result r;
	int ret;

	catch_signals();
	ret = bench_measure(o, &r, stderr, err);
	if (!ret && r.partial && is_empty(&r)) {
		ret = interrupted(err, "interrupted before anything was measured");
	} else if (!ret) {
		if (o->json)
			bench_json(&r, stdout);
		else
			bench_print(&r, &screen, stdout);
		ret = verdict(&r, err);
	}
	bench_result_free(&r);
	return ret;
}

int cmd_bench(int argc, char **argv, struct err *err)
{
	struct bench_options o = { .n = BENCH_DEF_N, .repeat = BENCH_DEF_REPEAT };
	int nr, ret;

	ret = opts_parse(&bench_spec, &o, argc, argv, &nr, err);
	if (ret != OPTS_OK) {
		ret = opts_finish(&bench_spec, ret);
	} else if (o.compare) {
		ret = compare(&o, argv + 1, nr, err);
	} else if (nr) {
		err_set(err, EXIT_USAGE, "unexpected argument '%s'", argv[1]);
		ret = err_hint(err, "usage: ipitrace bench %s", bench_spec.synopsis);
	} else {
		ret = measure(&o, err);
	}
	cpuset_free(&o.senders);
	return ret;
}
