// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/check.c - ipitrace check: were these CPUs left alone?
 *
 * Exit status is the verdict's: 0 passed, 4 failed, 3 unknown. The watch begins when tracing is on and the self-test is
 * over, and ends before the second one: what setting up and taking down send is outside of it. Hits that were seen make
 * it fail whatever else is missing; without them it passes only if all the evidence is there.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/globs.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/text.h"
#include "capture/ping.h"
#include "capture/session.h"
#include "capture/signals.h"
#include "cmds/check-beside.h"
#include "cmds/cmd.h"
#include "cmds/running.h"
#include "live/live.h"
#include "render/check.h"
#include "render/value.h"
#include "report/offenders.h"
#include "report/report.h"

#define QUIET_NS (50 * 1000000ULL) /* between self-test and watch: what it set going is over by then */

struct check_options {
	uint64_t duration_ns, progress_ns, buffer_bytes, max, top;
	bool max_per_s, no_self_test, json, wait_all, quiet;
	const char *output, *junit, *allow;
	struct screen_options screen;
	struct ipi_filter filter;
};

/* "10", "5/s" */
static int parse_max(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct check_options *o = target;
	const char *p = arg;

	(void)spec;
	if (*arg >= '0' && *arg <= '9' && !parse_digits(&p, &o->max))
		return err_set(err, EXIT_USAGE, "'%s': number too large", arg);
	if (p == arg || (*p && strcmp(p, "/s")))
		return err_set(err, EXIT_USAGE, "'%s': a number, or a number a second (5/s)", arg);
	o->max_per_s = *p;
	return 0;
}

static int parse_allow(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	if (globs_check(arg, err))
		return -1;
	*(const char **)target = arg;
	return 0;
}

#define OPTION(m) offsetof(struct check_options, m)
static const struct opt rows[] = {
	{ 'd', "duration", "TIME", OPT_DURATION, OPTION(duration_ns),
	  "watch for TIME (10s, 8h); a workload is told to end then", NULL, 1, 0 },
	{ 0, "max", "N|N/s", OPT_CUSTOM, 0, "so many interrupts (a second) are no failure (default 0)", parse_max, 0,
	  0 },
	{ 0, "allow", "GLOBS", OPT_CUSTOM, OPTION(allow), "interrupts by these callers or call sites are no failure",
	  parse_allow, 0, 0 },
	{ 'n', "top", "N", OPT_U64, OPTION(top), "only the first N offenders, as text (default 25)", NULL, 1,
	  UINT32_MAX },
	{ 0, "no-self-test", NULL, OPT_FLAG, OPTION(no_self_test),
	  "send no IPI to each CPU before and behind the watch", NULL, 0, 0 },
	{ 0, "progress", "TIME", OPT_DURATION, OPTION(progress_ns), "a line on standard error every TIME", NULL,
	  10000000, 0 },
	{ 0, "json", NULL, OPT_FLAG, OPTION(json), "JSON: verdict, offenders, evidence", NULL, 0, 0 },
	{ 0, "junit", "FILE", OPT_STRING, OPTION(junit), "the verdict as JUnit XML into FILE, too", NULL, 0, 0 },
	{ 'o', "output", "FILE", OPT_STRING, OPTION(output),
	  "results go into FILE, and WORKLOAD keeps its standard output", NULL, 0, 0 },
	{ 'm', "buffer", "SIZE", OPT_SIZE, OPTION(buffer_bytes),
	  "ring buffer per CPU (default 64M, less where memory is short)", NULL, 4 << 10, 1ULL << 40 },
	{ 0, "wait-all", NULL, OPT_FLAG, OPTION(wait_all), "go on until all that WORKLOAD has started has ended, too",
	  NULL, 0, 0 },
	{ 'q', "quiet", NULL, OPT_FLAG, OPTION(quiet), "nothing on standard error but errors", NULL, 0, 0 },
};

const struct opt_spec check_spec = {
	.command = "check",
	.synopsis = "-C LIST [options] [-- WORKLOAD [ARG...]]",
	.summary = "a verdict: were these CPUs left alone by IPIs?",
	.details = "Watches until WORKLOAD ends, TIME is over, or Ctrl-C.\n"
		   "Exit status: 0 passed, 4 failed, 3 unknown: the evidence for a zero is not complete; 1 failed to\n"
		   "watch (125 with WORKLOAD), 2 usage, 126 WORKLOAD cannot be run, 127 not found.\n",
	.stop_at_operand = true,
	.this_machine = true,
	.groups = {
		OPT_GROUP(NULL, rows, 0),
		{ .title = "Screen", .rows = screen_rows, .nr = SCREEN_NR_COLOUR, .base = offsetof(struct check_options, screen) },
		{ .title = "CPUs", .rows = &ipi_filter_rows[0].opt, .nr = 1, .base = offsetof(struct check_options, filter) },
	},
};

struct check {
	struct check_options o;
	struct live *live;
	struct offenders *offenders;
	struct span_names names;
	struct results results;
	FILE *junit;
	struct check_report r;
	struct check_beside beside;
	struct check_offender *list;
	uint64_t from_ns, to_ns;
	uint64_t counted; /* hits that are neither allowed nor own */
	char *ping_problem;
};

static void __attribute__((format(printf, 2, 3))) add_reason(struct check *c, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->r.reasons = xrealloc(c->r.reasons, (c->r.nr_reasons + 1) * sizeof(*c->r.reasons));
	c->r.reasons[c->r.nr_reasons++] = xstrdup(text);
}

/* --- the watch --- */

static unsigned int nr_watched_cpus(const struct check *c)
{
	return (unsigned int)(c->o.filter.target_cpus.set.nr_words * 64);
}

static bool watched(const struct check *c, unsigned int cpu)
{
	return cpuset_has(&c->o.filter.target_cpus.set, cpu);
}

static void self_test(struct check *c)
{
	if (c->o.no_self_test)
		return;
	for (unsigned int cpu = 0; cpu < nr_watched_cpus(c); cpu++)
		if (watched(c, cpu) && ping_cpu(cpu) && !c->ping_problem)
			c->ping_problem = xasprintf("the self-test cannot be done on CPU %u: %s", cpu, strerror(errno));
}

static void ending(void *ctx, uint64_t at_ns)
{
	struct check *c = ctx;

	c->to_ns = at_ns;
	offenders_end(c->offenders, c->to_ns);
	check_beside_end(&c->beside);
	offenders_counted(c->offenders, c->beside.begin_ns, c->beside.end_ns);
	self_test(c);
}

static int open_watch(struct check *c, char **command, char **workload, struct err *err)
{
	const struct live_config config = {
		.command = command,
		.workload = workload,
		.wait_all = c->o.wait_all,
		.takes_stdout = c->results.is_stdout,
		.buffer_bytes = c->o.buffer_bytes,
		.duration_ns = c->o.duration_ns,
		.stack = SESSION_STACK_SENDS,
		.filter = &c->o.filter,
		.say = running_say,
		.hold = true,
		.ending = ending,
		.ending_ctx = c,
	};
	struct span_sink sink;

	if (live_open(&c->live, &config, err))
		return -1;
	c->names = analysis_names(live_analysis(c->live));
	c->offenders = offenders_new(&c->o.filter.target_cpus.set, nr_watched_cpus(c), &c->names);
	sink = offenders_sink(c->offenders);
	if (live_start(c->live, &sink, err))
		return -1;
	self_test(c);
	signals_sleep_ns(QUIET_NS);
	if (check_beside_begin(&c->beside, err))
		return -1;
	c->from_ns = signals_now_ns();
	if (live_release(c->live, err))
		return -1;
	/* What wakes the workload, and brings it to where it may run, is still of setting up. */
	if (live_exec_ns(c->live))
		c->from_ns = live_exec_ns(c->live);
	offenders_begin(c->offenders, c->from_ns);
	offenders_counted(c->offenders, c->beside.begin_ns, UINT64_MAX);
	return 0;
}

static void say_progress(const struct check *c)
{
	uint64_t hits = offenders_hits(c->offenders);
	char time[RENDER_TIME_LEN];

	render_time(signals_now_ns() - c->from_ns, false, time);
	running_say("%s, %llu IPI%s on CPU %s", time, (unsigned long long)hits, plural_s(hits), c->r.cpus);
}

static int watch(struct check *c, struct err *err)
{
	uint64_t nr_reused = 0, next_ns = c->o.progress_ns ? c->from_ns + c->o.progress_ns : UINT64_MAX;
	enum live_state state;

	while ((state = live_step(c->live, UINT64_MAX, err)) != LIVE_ENDED) {
		if (state == LIVE_FAILED)
			return -1;
		if (live_nr_reused(c->live) != nr_reused) {
			nr_reused = live_nr_reused(c->live);
			agg_forget_tasks(offenders_agg(c->offenders));
		}
		if (signals_now_ns() < next_ns)
			continue;
		say_progress(c);
		/* What came too late, or more often than is looked, is not made up for. */
		next_ns += (signals_now_ns() - next_ns) / c->o.progress_ns * c->o.progress_ns + c->o.progress_ns;
	}
	return live_finish(c->live, err);
}

/* --- who it was --- */

static bool is_allowed(const struct check *c, const struct agg_row *row)
{
	const char *caller = c->names.symbol(c->names.ctx, row->caller - 1);
	const char *site = c->names.symbol(c->names.ctx, row->callsite - 1);

	return c->o.allow && caller && globs_pass(c->o.allow, caller, site);
}

static void add_offender(struct check *c, const struct check_offender *o)
{
	if (!o->offence->hits)
		return;
	c->list[c->r.nr_offenders++] = *o;
	if (o->own)
		c->r.own += o->offence->hits;
	else if (o->allowed)
		c->r.allowed += o->offence->hits;
	else
		c->counted += o->offence->hits;
}

static int by_hits(const void *a, const void *b)
{
	const struct check_offender *x = a, *y = b;

	return x->offence->hits > y->offence->hits ? -1 : x->offence->hits < y->offence->hits;
}

static void list_offenders(struct check *c, const struct report *r)
{
	unsigned int nr_cpus = nr_watched_cpus(c);

	c->list = xcalloc(r->nr_rows + (size_t)nr_cpus * IPI_NR_CLASSES + 1, sizeof(*c->list));
	for (unsigned int i = 0; i < r->nr_rows; i++) {
		const struct report_row *row = &r->rows[i];
		const struct agg_row *agg = row->agg;
		bool mixed = agg->mixed >> AGG_KEY_TARGET & 1;

		add_offender(c, &(struct check_offender){
					.caller = row->caller ? row->caller : row->callsite,
					.func = row->func,
					.class = row->class,
					.comm = row->comm,
					.pid = mixed ? -1 : agg->pid,
					.target = mixed ? -1 : (int64_t)agg->target,
					.offence = offenders_row(
						c->offenders, (uint32_t)(agg - agg_rows(offenders_agg(c->offenders)))),
					.allowed = !mixed && is_allowed(c, agg),
				});
	}
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		for (unsigned int class = 0; class < IPI_NR_CLASSES; ++class)
			add_offender(c, &(struct check_offender){
						.class = ipi_class_name(class),
						.pid = -1,
						.target = cpu,
						.offence = offenders_unsolicited(c->offenders, class, cpu),
					});
	add_offender(c, &(struct check_offender){
				.pid = -1, .target = -1, .offence = offenders_own(c->offenders), .own = true });
	qsort(c->list, c->r.nr_offenders, sizeof(*c->list), by_hits);
	c->r.offenders = c->list;
}

/* --- the verdict --- */

static void look_at_self_test(struct check *c)
{
	c->r.self_test = !c->o.no_self_test && !c->ping_problem;
	c->r.self_test_seen = c->r.self_test;
	if (c->ping_problem)
		add_reason(c, "%s", c->ping_problem);
	for (unsigned int cpu = 0; c->r.self_test && cpu < nr_watched_cpus(c); cpu++) {
		if (!watched(c, cpu) ||
		    (offenders_own_before(c->offenders, cpu) && offenders_own_after(c->offenders, cpu)))
			continue;
		add_reason(c, "the self-test's IPI to CPU %u was not seen %s the watch", cpu,
			   offenders_own_before(c->offenders, cpu) ? "behind" : "before");
		c->r.self_test_seen = false;
	}
}

/* What keeps a zero from being one. */
static void look_at_evidence(struct check *c, const struct report *r)
{
	const struct trace_info *t = r->trace;
	char *offline = analysis_offline(live_analysis(c->live), &c->o.filter);

	look_at_self_test(c);
	c->r.intact = !t->nr_reasons;
	for (unsigned int i = 0; i < t->nr_reasons; i++)
		add_reason(c, "%s", t->reasons[i]);
	if (t->arrivals_unknown)
		add_reason(c, "this kernel's events do not tell which IPIs arrive");
	if (t->lost_unknown)
		add_reason(c, "events were lost, nobody knows how many");
	else if (t->lost_events)
		add_reason(c, "%llu event%s %s lost", (unsigned long long)t->lost_events, plural_s(t->lost_events),
			   plural_was(t->lost_events));
	if (t->late_events)
		add_reason(c, "%llu event%s came too late", (unsigned long long)t->late_events,
			   plural_s(t->late_events));
	if (r->missing && !t->nr_reasons)
		add_reason(c, "/proc/interrupts counted at least %llu %s, %llu were traced",
			   (unsigned long long)r->missing->low, r->missing->what,
			   (unsigned long long)r->missing->traced);
	if (offline)
		add_reason(c, "%s", offline);
	free(offline);
}

static enum check_verdict verdict(const struct check *c)
{
	double limit = (double)c->o.max;

	if (c->o.max_per_s)
		limit *= (double)c->r.duration_ns / 1e9;
	if ((double)c->counted > limit)
		return CHECK_FAILED;
	return c->r.nr_reasons ? CHECK_UNKNOWN : CHECK_PASSED;
}

/* Before the watch, which may take days; and an old verdict is not taken for this one's. */
static int open_junit(struct check *c, struct err *err)
{
	if (!c->o.junit)
		return 0;
	if (!strcmp(c->o.junit, "-")) {
		err_set(err, EXIT_USAGE, "--junit: standard output is for results: JUnit needs a file");
		return err_hint(err, "name one: --junit FILE");
	}
	c->junit = results_create(c->o.junit, "--junit", err);
	return c->junit ? 0 : -1;
}

static int write_junit(struct check *c, struct err *err)
{
	FILE *out = c->junit;
	bool bad;

	if (!out)
		return 0;
	c->junit = NULL;
	render_check_junit(&c->r, out);
	bad = ferror(out);
	if (!fclose(out) && !bad)
		return 0;
	err_set_errno(err, EXIT_FAILED, errno, "cannot write %s", c->o.junit);
	return err_hint(err, "is the disk full? --junit FILE names another file");
}

static int show(struct check *c, struct err *err)
{
	if (c->o.json)
		render_check_json(&c->r, c->results.out);
	else
		render_check_text(&c->r, &c->results.screen, c->results.out);
	return results_flush(&c->results, err) || results_close(&c->results, err) ? -1 : write_junit(c, err);
}

static int judge(struct check *c, bool has_workload, struct err *err)
{
	static const int status[] = { EXIT_OK, EXIT_THRESHOLD, EXIT_INCOMPLETE }; /* by enum check_verdict */
	struct report r;
	int ret;

	report_build(&r, live_analysis(c->live), offenders_agg(c->offenders), offenders_by, offenders_nr_by, true);
	c->r.trace = r.trace;
	check_beside_compare(&c->beside, &c->o.filter.target_cpus.set, c->offenders);
	c->r.lines = c->beside.lines;
	c->r.nr_lines = c->beside.nr_lines;
	c->r.irqs = c->beside.irqs;
	c->r.nr_irqs = c->beside.nr_irqs;
	c->r.duration_ns = c->to_ns - c->from_ns;
	c->r.max = c->o.max;
	c->r.top = (unsigned int)c->o.top;
	c->r.max_per_s = c->o.max_per_s;
	c->r.hits = offenders_hits(c->offenders);
	c->r.workload_status = has_workload ? running_workload_status(live_run(c->live)) : -1;
	list_offenders(c, &r);
	if (agg_is_full(offenders_agg(c->offenders)))
		running_say("more than %u different offenders: all others are in one, without names, and not allowed",
			    OFFENDERS_MAX);
	look_at_evidence(c, &r);
	c->r.verdict = verdict(c);
	ret = show(c, err);
	report_free(&r);
	return ret ? ret : status[c->r.verdict];
}

static int run(struct check *c, char **command, char **workload, struct err *err)
{
	char *cpus = cpuset_text(&c->o.filter.target_cpus.set);
	int ret;

	c->r.cpus = cpus;
	ret = results_are_apart(c->o.output, "-o", c->o.junit, "--junit", err);
	if (!ret)
		ret = results_open(&c->results, c->o.output, &c->o.screen, err);
	if (!ret)
		ret = open_junit(c, err);
	if (!ret)
		ret = open_watch(c, command, workload, err);
	if (!ret)
		ret = watch(c, err);
	if (c->live)
		live_reap(c->live);
	if (ret)
		running_failed(workload, err);
	else
		ret = judge(c, workload, err);
	free(cpus);
	return ret;
}

static int need_cpus(const struct check_options *o, struct err *err)
{
	if (o->filter.target_cpus.given)
		return 0;
	err_set(err, EXIT_USAGE, "which CPUs?");
	return err_hint(err, "-C LIST, -C isolated or -C nohz_full");
}

int cmd_check(int argc, char **argv, struct err *err)
{
	struct check c = { .o = { .top = 25, .filter = IPI_FILTER_INIT } };
	size_t size = ((size_t)argc + 1) * sizeof(*argv);
	char **line_args = memcpy(xmalloc(size), argv, size); /* parsing reorders them */
	int nr, ret;

	ret = opts_parse(&check_spec, &c.o, argc, argv, &nr, err);
	if (ret != OPTS_OK)
		ret = opts_finish(&check_spec, ret);
	else if (!(ret = need_cpus(&c.o, err)))
		ret = run(&c, line_args, nr ? argv + 1 : NULL, err);
	offenders_free(c.offenders);
	live_close(c.live);
	results_close(&c.results, NULL);
	if (c.junit)
		fclose(c.junit);
	for (unsigned int i = 0; i < c.r.nr_reasons; i++)
		free(c.r.reasons[i]);
	free(c.r.reasons);
	free(c.list);
	check_beside_free(&c.beside);
	free(c.ping_problem);
	ipi_filter_free(&c.o.filter);
	free(line_args);
	return ret;
}
