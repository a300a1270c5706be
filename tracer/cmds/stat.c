// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/stat.c - ipitrace stat: the rows of a report, of what happens now.
 *
 * Exit status as record's: ipitrace's own failure (125 with a workload, else 1), then the workload's status if it is
 * not 0, then 3 if events were lost or came late, then 0. With --strict 3 comes before the workload's status.
 */
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
#include "base/mem.h"
#include "capture/session.h"
#include "cmds/cmd.h"
#include "cmds/counts.h"
#include "cmds/metrics.h"
#include "cmds/reading.h"
#include "cmds/rows.h"
#include "cmds/running.h"
#include "cmds/screen.h"
#include "live/live.h"
#include "render/debug.h"
#include "render/render.h"
#include "report/agg.h"
#include "report/interval.h"

#define INTERVAL_MIN_NS 10000000 /* 10 ms */
#define MAX_ROWS	10000u	 /* some 2 kB each, with all that a row usually has */

struct stat_options {
	uint64_t interval_ns, duration_ns;
	const char *output;
	bool counts;
	struct running_options live;
	struct rows_options rows;
	struct metrics_options metrics;
	struct screen_options screen;
	struct ipi_filter filter;
};

#define OPTION(m) offsetof(struct stat_options, m)
static const struct opt rows[] = {
	{ 'I', "interval", "TIME", OPT_DURATION, OPTION(interval_ns),
	  "print each interval of this length (100ms, 1s) as it passes", NULL, INTERVAL_MIN_NS, 0 },
	{ 'd', "duration", "TIME", OPT_DURATION, OPTION(duration_ns),
	  "stop after TIME (250ms, 10s, 1m); a workload is told to end then", NULL, 1, 0 },
	{ 'o', "output", "FILE", OPT_STRING, OPTION(output),
	  "results go into FILE, and WORKLOAD keeps its standard output", NULL, 0, 0 },
	{ 0, "counts", NULL, OPT_FLAG, OPTION(counts),
	  "let the kernel count, without a trace: senders, targets and functions alone; --by stack", NULL, 0, 0 },
};

static const struct opt_topic topics[] = { { "columns", render_columns }, { 0 } };

const struct opt_spec stat_spec = {
	.command = "stat",
	.synopsis = "[options] [-- WORKLOAD [ARG...]]",
	.summary = "show the IPIs of now, without a file: the rows of a report",
	.details = "'ipitrace stat --help columns' lists what --fields and --sort take.\n"
		   "Goes on until WORKLOAD ends, TIME is over, or Ctrl-C. Without -o results are on\n"
		   "standard output, and WORKLOAD's output is on standard error.\n"
		   "Exit status: WORKLOAD's own; 125 ipitrace failed, 126 WORKLOAD cannot be run,\n"
		   "127 not found. Without WORKLOAD 0, 1 failed, 2 usage; 3 if events were lost or came\n"
		   "late; with WORKLOAD, too, if its own is 0.\n",
	.topics = topics,
	.stop_at_operand = true,
	.this_machine = true,
	.groups = {
		OPT_GROUP(NULL, rows, 0),
		OPT_RUNNING_GROUP(offsetof(struct stat_options, live)),
		OPT_ROWS_GROUP(offsetof(struct stat_options, rows)),
		OPT_METRICS_GROUP(offsetof(struct stat_options, metrics)),
		{ .title = "Screen", .rows = screen_rows, .nr = SCREEN_NR_COLOUR, .base = offsetof(struct stat_options, screen) },
		OPT_FILTER_GROUP(offsetof(struct stat_options, filter)),
	},
};

struct stat {
	struct stat_options o;
	struct live *live;
	struct reading in;	 /* names, filter */
	struct metrics *metrics; /* NULL = none are asked for */
	bool mute;		 /* metrics instead of rows */
	struct span_sink sinks[2];
	struct span_tee tee;
	struct agg *agg;
	struct results results;
	const struct render_ops *ops;
	struct interval interval;
	uint64_t until_ns; /* where this interval ends */
	bool any;	   /* something was printed */
};

/* --- rows --- */

static void span(void *ctx, const struct ipi_span *s)
{
	agg_span(((struct stat *)ctx)->agg, s);
}

static void new_rows(struct stat *s)
{
	if (s->mute)
		return;
	agg_free(s->agg);
	s->agg = agg_new(s->o.rows.by, s->o.rows.nr_by, span_filter_by_sender(s->in.filter), &s->in.names);
	agg_limit(s->agg, MAX_ROWS);
}

/* to_ns: of an interval; 0: it is the whole. */
static int show(struct stat *s, uint64_t to_ns, struct err *err)
{
	struct render_options ro = {
		.screen = s->results.screen,
		.brief = to_ns,
		.line = to_ns,
		.stamps = to_ns,
		.headless = s->any,
	};
	struct analysis *a = s->in.analysis;
	struct report r;
	int ret;

	report_build(&r, a, s->agg, s->o.rows.by, s->o.rows.nr_by, s->in.filter != NULL);
	r.by_sender = span_filter_by_sender(s->in.filter);
	r.offline = analysis_offline(a, &s->o.filter);
	r.filters = reading_filters(&s->in);
	r.interval = true;
	if (to_ns)
		interval_report(&s->interval, &r, to_ns);
	report_sort(&r, rows_sort_column(&s->o.rows));
	ret = rows_render_options(&s->o.rows, &r, s->ops, &ro, err);
	if (!ret)
		ret = render_report(s->ops, &r, &ro, s->results.out, err);
	if (!ret)
		ret = results_flush(&s->results, err);
	s->any = true;
	if (agg_is_full(s->agg))
		running_say("more than %u different rows: all others are in one, without keys", MAX_ROWS);
	report_free(&r);
	return ret;
}

static void begin_interval(struct stat *s, uint64_t from_ns, bool first)
{
	interval_begin(&s->interval, analysis_info(s->in.analysis), analysis_totals(s->in.analysis), from_ns, first);
}

static int show_interval(struct stat *s, uint64_t to_ns, struct err *err)
{
	int ret = show(s, to_ns, err);

	begin_interval(s, to_ns, false);
	new_rows(s);
	return ret;
}

/* --- the order of things --- */

/* Who gets the spans. */
static struct span_sink sinks_of(struct stat *s)
{
	s->tee.nr = 0;
	s->tee.sinks = s->sinks;
	if (!s->mute)
		s->sinks[s->tee.nr++] = (struct span_sink){ .span = span, .ctx = s };
	if (s->metrics)
		s->sinks[s->tee.nr++] = metrics_sink(s->metrics);
	return span_tee_sink(&s->tee);
}

static int open_live(struct stat *s, char **command, char **workload, struct debug *debug, struct err *err)
{
	struct live_config config = {
		.command = command,
		.workload = workload,
		.takes_stdout = s->results.is_stdout && !s->mute,
		.duration_ns = s->o.duration_ns,
		.filter = &s->o.filter,
		.log_session = debug->session,
		.say = running_say,
		.tap = debug->decode.on ? debug_events : NULL,
		.tap_ctx = debug,
	};
	struct span_sink sink;

	running_configure(&s->o.live, &config);
	if (live_open(&s->live, &config, err))
		return -1;
	s->in.analysis = live_analysis(s->live);
	analysis_set_plumbing(s->in.analysis, s->o.live.plumbing);
	reading_say_plumbing(&s->in, s->o.live.plumbing);
	s->in.names = analysis_names(s->in.analysis);
	s->o.filter.process.workload = live_facts(s->live)->workload;
	if (!reading_has_roots(&s->o.filter, err))
		return -1;
	s->in.filters[s->in.nr_filters++] = &s->o.filter;
	s->in.filter = span_filter_new(s->in.filters, s->in.nr_filters, &s->in.names);
	new_rows(s);
	reading_rows_by(&s->in, s->o.rows.by, s->o.rows.nr_by);
	if (s->metrics && metrics_begin(s->metrics, &s->in, s->live, s->o.interval_ns, err))
		return -1;
	sink = sinks_of(s);
	sink = reading_sink(&s->in, &sink);
	debug_attach(debug, &sink);
	if (!s->o.live.quiet && !workload && isatty(STDERR_FILENO))
		running_say("measuring%s; Ctrl-C stops", s->o.duration_ns ? " until the time is over" : "");
	return live_start(s->live, &sink, err);
}

/* Where the interval ends that is going on. The last one takes what little is left behind it. */
static uint64_t interval_end(const struct stat *s)
{
	uint64_t off_ns = live_off_ns(s->live);

	if (!s->o.interval_ns || s->mute || (off_ns && s->until_ns + s->o.interval_ns / 10 > off_ns))
		return UINT64_MAX;
	return s->until_ns;
}

/* Pids are used again, in hours. */
static void forget_names(struct stat *s, uint64_t *nr_reused)
{
	if (live_nr_reused(s->live) == *nr_reused)
		return;
	*nr_reused = live_nr_reused(s->live);
	if (s->agg)
		agg_forget_tasks(s->agg);
	if (s->metrics)
		metrics_forget_tasks(s->metrics);
	span_filter_forget(s->in.filter);
}

static int measure(struct stat *s, struct err *err)
{
	enum live_state state;
	uint64_t nr_reused = 0;

	s->until_ns = live_on_ns(s->live) + s->o.interval_ns;
	begin_interval(s, live_on_ns(s->live), true);
	while ((state = live_step(s->live, interval_end(s), err)) != LIVE_ENDED) {
		if (state == LIVE_FAILED)
			return -1;
		forget_names(s, &nr_reused);
		if (s->metrics)
			metrics_step(s->metrics);
		if (state != LIVE_REACHED || !s->o.interval_ns || s->mute)
			continue;
		live_refresh(s->live);
		if (show_interval(s, s->until_ns, err))
			return -1;
		s->until_ns += s->o.interval_ns;
	}
	return 0;
}

/* What was measured is shown, even where it could not be saved. */
static int end(struct stat *s, struct err *err)
{
	struct err late = { 0 };
	int ret = live_finish(s->live, err), failed = 0;

	if (!s->o.live.quiet) {
		reading_say_missed(&s->in);
		reading_say_keys(&s->in, s->o.rows.by, s->o.rows.nr_by);
	}
	if (!s->mute)
		failed = show(s, s->o.interval_ns ? analysis_info(s->in.analysis)->end_ns : 0, &late) ||
			 results_close(&s->results, &late);
	if (s->metrics && metrics_end(s->metrics, failed ? NULL : &late))
		failed = -1;
	if (failed) {
		if (!ret)
			*err = late;
		ret = -1;
	}
	return ret;
}

/* What the kernel's tables cannot do is an error, not something else. */
static int check_counts(const struct stat_options *o, struct err *err)
{
	const struct ipi_filter *filters[] = { &o->filter };
	char *filtered = ipi_filters_text(filters, 1);
	const struct {
		bool given;
		const char *name;
	} not [] = {
		{ filtered, "filters" },
		{ o->interval_ns, "-I" },
		{ o->live.save, "--save" },
		{ metrics_asked(&o->metrics) || o->metrics.callers, "metrics" },
		{ o->rows.csv, "--csv" },
		{ o->rows.raw_csv, "--raw-csv" },
		{ o->rows.sort, "--sort" },
		{ o->rows.fields, "--fields" },
		{ o->live.plumbing, "--plumbing" },
		{ o->live.buffer_bytes, "--buffer" },
		{ o->live.no_stack, "--no-stack" },
		{ o->live.stack != SESSION_STACK_AUTO, "--stack" },
	};

	free(filtered);
	for (unsigned int i = 0; i < ARRAY_SIZE(not ); i++)
		if (not [i].given)
			return err_set(err, EXIT_USAGE, "--counts and %s exclude each other", not [i].name);
	if (!o->rows.nr_by ||
	    (o->rows.nr_by == 1 && (o->rows.by[0] == AGG_KEY_STACK || o->rows.by[0] == AGG_KEY_CALLSITE)))
		return 0;
	err_set(err, EXIT_USAGE, "--counts has no rows by these keys");
	return err_hint(err, "--by callsite (the usual one) or --by stack");
}

static int run_counts(struct stat *s, char **workload, struct err *err)
{
	const struct counts_options o = {
		.by_stack = s->o.rows.nr_by && s->o.rows.by[0] == AGG_KEY_STACK,
		.json = s->o.rows.json,
		.wait_all = s->o.live.wait_all,
		.strict = s->o.live.strict,
		.quiet = s->o.live.quiet,
		.duration_ns = s->o.duration_ns,
		.top = s->o.rows.top,
	};

	if (check_counts(&s->o, err) || results_open(&s->results, s->o.output, &s->o.screen, err))
		return -1;
	return counts_run(&o, &s->results, workload, err);
}

static int run(struct stat *s, char **command, char **workload, struct err *err)
{
	struct debug debug;
	int ret = rows_format(&s->o.rows, err);

	if (ret < 0)
		return -1;
	if (s->o.metrics.callers && !metrics_asked(&s->o.metrics)) {
		err_set(err, EXIT_USAGE, "--callers is of metrics");
		return err_hint(err, "with --listen or --prometheus; -n N shows only the first N rows");
	}
	s->ops = ret == ROWS_JSON ? &render_json : ret == ROWS_TEXT ? &render_text : &render_csv;
	rows_usual_keys(&s->o.rows);
	if (debug_init(&debug, getenv("IPITRACE_DEBUG"), stderr, err))
		return -1;
	s->mute = metrics_asked(&s->o.metrics) && !ret && !s->o.output;
	s->o.metrics.quiet = s->o.live.quiet;
	ret = results_are_apart(s->o.output, "-o", s->o.live.save, "--save", err);
	if (!ret)
		ret = results_are_apart(s->o.output, "-o", s->o.metrics.file, "--prometheus", err);
	if (!ret)
		ret = results_are_apart(s->o.live.save, "--save", s->o.metrics.file, "--prometheus", err);
	if (!ret)
		ret = results_open(&s->results, s->o.output, &s->o.screen, err);
	if (!ret && metrics_asked(&s->o.metrics))
		ret = metrics_open(&s->metrics, &s->o.metrics, err);
	if (!ret)
		ret = open_live(s, command, workload, &debug, err);
	if (!ret)
		ret = measure(s, err);
	if (!ret)
		ret = end(s, err);
	if (ret && s->metrics)
		metrics_failed(s->metrics);
	return running_finish(s->live, ret, workload, s->o.live.strict, err);
}

int cmd_stat(int argc, char **argv, struct err *err)
{
	struct stat s = { .o = { .live = { .stack = SESSION_STACK_AUTO }, .filter = IPI_FILTER_INIT } };
	size_t size = ((size_t)argc + 1) * sizeof(*argv);
	char **line_args = memcpy(xmalloc(size), argv, size); /* parsing reorders them */
	int nr, ret;

	ret = opts_parse(&stat_spec, &s.o, argc, argv, &nr, err);
	if (ret == OPTS_OK && s.o.counts)
		ret = run_counts(&s, nr ? argv + 1 : NULL, err);
	else if (ret == OPTS_OK)
		ret = run(&s, line_args, nr ? argv + 1 : NULL, err);
	else
		ret = opts_finish(&stat_spec, ret);
	span_filter_free(s.in.filter);
	span_handlers_free(s.in.handlers);
	agg_free(s.agg);
	metrics_close(s.metrics);
	live_close(s.live);
	results_close(&s.results, NULL);
	ipi_filter_free(&s.o.filter);
	rows_free(&s.o.rows);
	plumbing_free(s.o.live.plumbing);
	free(line_args);
	return ret;
}
