// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/top.c - ipitrace top: the rows of each interval, on a screen that takes keys, or as text.
 *
 * Two intervals are in memory: the one that is counted, and the one that is shown, which stays while it is frozen.
 * Nothing but the screen is written to the terminal while there is one: what is to be said waits for its end, and the
 * workload's own output goes where a standard error that is no terminal leads to, or else nowhere.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/session.h"
#include "capture/signals.h"
#include "cmds/cmd.h"
#include "cmds/reading.h"
#include "cmds/rows.h"
#include "cmds/running.h"
#include "cmds/screen.h"
#include "cmds/tui.h"
#include "live/live.h"
#include "render/debug.h"
#include "render/top.h"
#include "report/list.h"

#define DELAY_MIN_NS 100000000 /* as long as it takes until all CPUs have told what they did */
#define DELAY_NS     1000000000

struct top_options {
	uint64_t delay_ns, duration_ns, iterations, max_rows;
	const char *output, *where;
	bool batch;
	struct running_options live;
	struct rows_options rows;
	struct ipi_filter filter;
};

static int parse_where(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct expr *e = NULL;

	(void)spec;
	if (strlen(arg) >= TOP_EDIT_LEN)
		return err_set(err, EXIT_USAGE, "a condition has at most %u letters", TOP_EDIT_LEN - 1);
	if (list_expr_compile(&e, arg, err))
		return -1;
	expr_free(e);
	*(const char **)target = arg;
	return 0;
}

#define OPTION(m) offsetof(struct top_options, m)
static const struct opt rows[] = {
	{ 'd', "delay", "TIME", OPT_DURATION, OPTION(delay_ns), "length of an interval (default 1s)", NULL,
	  DELAY_MIN_NS, 0 },
	{ 'n', "iterations", "N", OPT_U64, OPTION(iterations), "end after N intervals; a workload is told to end then",
	  NULL, 1, UINT32_MAX },
	{ 0, "duration", "TIME", OPT_DURATION, OPTION(duration_ns),
	  "stop after TIME (10s, 1m); a workload is told to end then", NULL, 1, 0 },
	{ 'b', "batch", NULL, OPT_FLAG, OPTION(batch), "text on standard output in place of a screen", NULL, 0, 0 },
	{ 'o', "output", "FILE", OPT_STRING, OPTION(output),
	  "with --batch: it goes into FILE, and WORKLOAD keeps its standard output", NULL, 0, 0 },
	{ 0, "where", "CONDITION", OPT_CUSTOM, OPTION(where),
	  "only IPIs like that: 'delivery > 100us && target in 2-7', as of list", parse_where, 0, 0 },
};

/* Of rows: by, sort, fields; what they are called in text is top's own. */
static const struct opt more_rows[] = {
	{ 0, "rows", "N", OPT_U64, OPTION(max_rows), "with --batch: only the first N rows of each interval", NULL, 1,
	  UINT32_MAX },
};

static void print_columns(FILE *out)
{
	char left[64];

	fputs("Of an interval:\n", out);
	for (unsigned int i = 0; i < top_nr_columns; i++) {
		snprintf(left, sizeof(left), "%-16s  %s", top_columns[i].id, top_columns[i].header);
		help_wrapped(out, left, 30, 0, top_columns[i].help);
	}
	fputs("\nOf a report:\n", out);
	render_columns(out);
}

static const struct opt_topic topics[] = { { "columns", print_columns }, { 0 } };

const struct opt_spec top_spec = {
	.command = "top",
	.synopsis = "[options] [-- WORKLOAD [ARG...]]",
	.summary = "who sends IPIs now: a full screen, interval by interval",
	.details = "Keys: h shows them all; q quits. 'ipitrace top --help columns' lists columns.\n"
		   "WORKLOAD's output goes where standard error is redirected to, and nowhere\n"
		   "if that is a terminal; with --batch as that of stat.\n"
		   "Exit status: WORKLOAD's own; 125 ipitrace failed, 126 WORKLOAD cannot be run,\n"
		   "127 not found. Without WORKLOAD 0, 1 failed, 2 usage; 3 if events were lost or came\n"
		   "late; with WORKLOAD, too, if its own is 0.\n",
	.topics = topics,
	.stop_at_operand = true,
	.this_machine = true,
	.groups = {
		OPT_GROUP(NULL, rows, 0),
		OPT_RUNNING_GROUP(offsetof(struct top_options, live)),
		{ .title = "Rows", .rows = rows_options, .nr = ROWS_NR_CHOICES, .base = offsetof(struct top_options, rows) },
		OPT_GROUP("Rows of text", more_rows, 0),
		OPT_FILTER_GROUP(offsetof(struct top_options, filter)),
	},
};

struct top {
	struct top_options o;
	struct live *live;
	struct reading in; /* names, filter */
	struct results results;
	struct top_view view;
	struct top_data data;
	struct top_detail detail;
	struct top_rows *now, *shown;
	struct expr *where; /* compiled of view.where */
	uint64_t from_ns;   /* of the interval that is counted */
	uint64_t begin_ns;  /* of the measurement */
	uint64_t cpu_ns;    /* ipitrace's own, and ... */
	uint64_t cpu_at_ns; /* ... when that was, which is later than the interval's begin */
	uint64_t nr_done, nr_reused;
	bool text; /* no screen */
};

/* --- what is to be said while there is a screen --- */

#define MAX_SAID 50u
static struct {
	bool screen;
	char *texts[MAX_SAID];
	unsigned int nr, more;
} said;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sanitize(text, sizeof(text), text);
	if (!said.screen)
		running_say("%s", text);
	else if (said.nr < MAX_SAID)
		said.texts[said.nr++] = xstrdup(text);
	else
		said.more++;
}

/* The screen is the user's again, if there was one. */
static void close_screen(void)
{
	tui_close();
	signals_wake_on(-1);
	said.screen = false;
	for (unsigned int i = 0; i < said.nr; i++) {
		running_say("%s", said.texts[i]);
		free(said.texts[i]);
	}
	if (said.more)
		running_say("and %u more of these", said.more);
	said.nr = said.more = 0;
}

/* --- rows --- */

static void span(void *ctx, const struct ipi_span *s)
{
	top_rows_span(((struct top *)ctx)->now, s);
}

static uint64_t own_cpu_ns(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return ((uint64_t)u.ru_utime.tv_sec + (uint64_t)u.ru_stime.tv_sec) * NS_PER_S +
	       ((uint64_t)u.ru_utime.tv_usec + (uint64_t)u.ru_stime.tv_usec) * 1000;
}

static void begin_interval(struct top *t, uint64_t from_ns, bool first)
{
	live_refresh(t->live);
	t->from_ns = from_ns;
	t->cpu_ns = own_cpu_ns();
	t->cpu_at_ns = signals_now_ns();
	top_rows_begin(t->now, t->view.by, t->view.nr_by, t->where, from_ns, first);
}

/* By other keys, or of other IPIs: from here on. What is shown stays until there is something new. */
static void count_anew(struct top *t)
{
	struct expr *e = NULL, *old = t->where;
	uint64_t told_ns = live_told_ns(t->live);

	if (live_off_ns(t->live))
		return;
	/* It was compiled when it was typed. */
	if (t->view.where[0] && list_expr_compile(&e, t->view.where, NULL))
		e = NULL;
	t->where = e;
	begin_interval(t, told_ns > t->from_ns ? told_ns : t->from_ns, false);
	t->data.outdated = true;
	expr_free(old);
}

/* What was counted up to here is what is shown from now on. */
static void show_interval(struct top *t, uint64_t to_ns)
{
	const struct trace_info *info = analysis_info(t->in.analysis);
	struct top_rows *next = t->shown;
	struct top_data *d = &t->data;

	d->report = top_rows_report(t->now, to_ns, reading_filters(&t->in));
	d->nr_storms = top_rows_storms(t->now, d->storms, ARRAY_SIZE(d->storms));
	d->full = top_rows_full(t->now);
	d->outdated = false;
	if (d->report->trace->start_ns < t->begin_ns)
		t->begin_ns = d->report->trace->start_ns;
	d->elapsed_ns = to_ns - t->begin_ns;
	d->cpu_ns = own_cpu_ns() - t->cpu_ns;
	d->cpu_in_ns = signals_now_ns() - t->cpu_at_ns;
	d->lost = info->lost_events;
	d->lost_unknown = info->lost_unknown;
	d->late = info->late_events;
	t->shown = t->now;
	t->now = next;
	top_rows_sort(t->shown, t->view.sort);
	top_view_renew(&t->view, d->report);
}

static void draw(struct top *t)
{
	struct screen s = t->results.screen;
	const struct report_row *row = top_wants_detail(&t->view, &t->data);
	unsigned int height = t->text ? 0 : tui_size(&s);
	struct top_screen screen;

	top_detail_free(&t->detail);
	t->data.detail = NULL;
	if (row) {
		top_rows_detail(t->shown, row, &t->detail);
		t->data.detail = &t->detail;
	}
	t->data.said = said.nr ? said.texts[said.nr - 1] : NULL;
	top_draw(&t->view, &t->data, &s, height, &screen);
	if (!t->text)
		tui_paint(&screen);
	for (unsigned int i = 0; t->text && i < screen.nr; i++)
		fprintf(t->results.out, "%s\n", screen.lines[i].text);
	top_screen_free(&screen);
}

/* --- keys --- */

static void sort_again(struct top *t)
{
	if (!t->data.report)
		return;
	top_rows_sort(t->shown, t->view.sort);
	top_view_renew(&t->view, t->data.report);
}

/* All that were pressed. True: there is something else to see. */
static bool keys(struct top *t)
{
	bool look = false;
	int key;

	while ((key = tui_key()) != TUI_NOTHING) {
		enum top_action action = TOP_REPAINT;

		if (key == TUI_GONE) {
			live_end_time(t->live);
			return false;
		}
		if (key != TUI_RESIZED)
			action = top_key(&t->view, key, &t->data);
		look |= action != TOP_NOTHING;
		if (action == TOP_REPAINT)
			tui_repaint();
		else if (action == TOP_SORT)
			sort_again(t);
		else if (action == TOP_COUNT)
			count_anew(t);
		else if (action == TOP_QUIT)
			live_end_time(t->live);
	}
	return look;
}

/* --- the order of things --- */

/* Where the workload's own output and input are to be while it is started, so that they leave the screen alone. */
struct apart {
	int input, error; /* ours, or -1: it stays as it is */
};

static int put_apart(int fd, int flags)
{
	int null = open("/dev/null", flags | O_CLOEXEC), kept = -1;

	if (null >= 0 && isatty(fd))
		kept = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (kept >= 0)
		dup2(null, fd);
	if (null >= 0)
		close(null);
	return kept;
}

static void put_back(int kept, int fd)
{
	if (kept < 0)
		return;
	dup2(kept, fd);
	close(kept);
}

static int open_live(struct top *t, char **command, char **workload, struct debug *debug, struct err *err)
{
	struct live_config config = {
		.command = command,
		.workload = workload,
		.takes_stdout = t->results.is_stdout,
		.duration_ns = t->o.duration_ns,
		.filter = &t->o.filter,
		.log_session = debug->session,
		.say = say,
		.tap = debug->decode.on ? debug_events : NULL,
		.tap_ctx = debug,
	};
	struct apart apart = { -1, -1 };
	int ret;

	running_configure(&t->o.live, &config);
	said.screen = !t->text;
	if (!t->text && workload) {
		apart.input = put_apart(STDIN_FILENO, O_RDONLY);
		apart.error = put_apart(STDERR_FILENO, O_WRONLY);
	}
	ret = live_open(&t->live, &config, err);
	put_back(apart.input, STDIN_FILENO);
	put_back(apart.error, STDERR_FILENO);
	return ret;
}

static int start(struct top *t, struct debug *debug, struct err *err)
{
	/* Rows may be by whom an interrupt hit at any time. */
	static const enum agg_key victims[] = { AGG_KEY_VICTIM };
	struct span_sink sink = { .span = span, .ctx = t };
	bool by_sender;

	t->in.analysis = live_analysis(t->live);
	analysis_set_plumbing(t->in.analysis, t->o.live.plumbing);
	t->in.names = analysis_names(t->in.analysis);
	t->o.filter.process.workload = live_facts(t->live)->workload;
	if (!reading_has_roots(&t->o.filter, err))
		return -1;
	t->in.filters[t->in.nr_filters++] = &t->o.filter;
	t->in.filter = span_filter_new(t->in.filters, t->in.nr_filters, &t->in.names);
	by_sender = span_filter_by_sender(t->in.filter);
	t->now = top_rows_new(t->in.analysis, by_sender);
	t->shown = top_rows_new(t->in.analysis, by_sender);
	if (t->view.where[0] && list_expr_compile(&t->where, t->view.where, err))
		return -1;
	top_rows_begin(t->now, t->view.by, t->view.nr_by, t->where, 0, true);
	reading_rows_by(&t->in, victims, ARRAY_SIZE(victims));
	sink = reading_sink(&t->in, &sink);
	debug_attach(debug, &sink);
	if (!t->text && tui_open(err))
		return -1;
	if (!t->text)
		signals_wake_on(tui_fd());
	return live_start(t->live, &sink, err);
}

/* Pids are used again, in hours. */
static void forget_names(struct top *t)
{
	if (live_nr_reused(t->live) == t->nr_reused)
		return;
	t->nr_reused = live_nr_reused(t->live);
	top_rows_forget_tasks(t->now);
	span_filter_forget(t->in.filter);
}

static bool all_done(const struct top *t)
{
	return t->o.iterations && t->nr_done == t->o.iterations;
}

/* Where the interval ends that is going on. The last one takes what little is left behind it. */
static uint64_t interval_end(const struct top *t)
{
	uint64_t off_ns = live_off_ns(t->live), end_ns = t->from_ns + t->o.delay_ns;

	if (all_done(t))
		return UINT64_MAX;
	return off_ns && end_ns + t->o.delay_ns / 10 > off_ns ? UINT64_MAX : end_ns;
}

static int interval_over(struct top *t, uint64_t to_ns, struct err *err)
{
	live_refresh(t->live);
	if (!t->view.frozen) {
		show_interval(t, to_ns);
		draw(t);
	}
	begin_interval(t, to_ns, false);
	t->nr_done++;
	if (all_done(t))
		live_end_time(t->live);
	return t->text ? results_flush(&t->results, err) : 0;
}

static int measure(struct top *t, struct err *err)
{
	enum live_state state;
	uint64_t end_ns;

	t->begin_ns = live_on_ns(t->live);
	begin_interval(t, t->begin_ns, true);
	if (!t->text)
		draw(t);
	while (end_ns = interval_end(t), (state = live_step(t->live, end_ns, err)) != LIVE_ENDED) {
		if (state == LIVE_FAILED)
			return -1;
		forget_names(t);
		if (state == LIVE_REACHED && interval_over(t, end_ns, err))
			return -1;
		if (!t->text && keys(t))
			draw(t);
	}
	return 0;
}

/* What was counted since is the last interval; of a screen nobody would see it. */
static int end(struct top *t, struct err *err)
{
	struct err late = { 0 };
	int ret;

	close_screen();
	ret = live_finish(t->live, err);
	if (!t->o.live.quiet) {
		reading_say_missed(&t->in);
		reading_say_keys(&t->in, t->view.by, t->view.nr_by);
		if (t->where)
			reading_say_condition("where", t->where, analysis_info(t->in.analysis));
	}
	if (!t->text)
		return ret;
	if (!all_done(t)) {
		show_interval(t, analysis_info(t->in.analysis)->end_ns);
		draw(t);
	}
	if (!results_flush(&t->results, &late) && !results_close(&t->results, &late))
		return ret;
	if (!ret)
		*err = late;
	return -1;
}

static void close_top(struct top *t)
{
	close_screen();
	top_rows_free(t->now);
	top_rows_free(t->shown);
	top_detail_free(&t->detail);
	top_view_free(&t->view);
	expr_free(t->where);
	span_filter_free(t->in.filter);
	span_handlers_free(t->in.handlers);
	live_close(t->live);
	results_close(&t->results, NULL);
	ipi_filter_free(&t->o.filter);
	rows_free(&t->o.rows);
	plumbing_free(t->o.live.plumbing);
}

static int check(struct top *t, struct err *err)
{
	t->text = t->o.batch;
	if (!t->text && t->o.output) {
		err_set(err, EXIT_USAGE, "--output: a screen is no text");
		return err_hint(err, "with --batch: text goes there");
	}
	if (!t->text && t->o.max_rows)
		return err_set(err, EXIT_USAGE, "--rows is of --batch: a screen has its own height");
	if (results_are_apart(t->o.output, "-o", t->o.live.save, "--save", err))
		return -1;
	return t->text ? 0 : tui_check(err);
}

static int run(struct top *t, char **command, char **workload, struct err *err)
{
	static const struct screen_options usual;
	struct top_view *v = &t->view;
	struct debug debug;
	int ret;

	rows_usual_keys(&t->o.rows);
	memcpy(v->by, t->o.rows.by, sizeof(v->by));
	v->nr_by = t->o.rows.nr_by;
	v->sort = top_column_find(t->o.rows.sort ? t->o.rows.sort : "rate");
	v->fields = t->o.rows.fields;
	v->max_rows = (unsigned int)t->o.max_rows;
	snprintf(v->where, sizeof(v->where), "%s", t->o.where ? t->o.where : "");
	if (check(t, err) || debug_init(&debug, getenv("IPITRACE_DEBUG"), stderr, err))
		return -1;
	ret = results_open(&t->results, t->o.output, &usual, err);
	if (!ret)
		ret = open_live(t, command, workload, &debug, err);
	if (!ret)
		ret = start(t, &debug, err);
	if (!ret)
		ret = measure(t, err);
	if (!ret)
		ret = end(t, err);
	close_screen();
	return running_finish(t->live, ret, workload, t->o.live.strict, err);
}

int cmd_top(int argc, char **argv, struct err *err)
{
	struct top t = {
		.o = { .live = { .stack = SESSION_STACK_AUTO },
		       .delay_ns = DELAY_NS,
		       .filter = IPI_FILTER_INIT,
		       .rows = { .more = top_columns, .nr_more = top_nr_columns } },
	};
	size_t size = ((size_t)argc + 1) * sizeof(*argv);
	char **line_args = memcpy(xmalloc(size), argv, size); /* parsing reorders them */
	int nr, ret;

	t.o.rows.nr_more = top_nr_columns;
	ret = opts_parse(&top_spec, &t.o, argc, argv, &nr, err);
	if (ret == OPTS_OK)
		ret = run(&t, line_args, nr ? argv + 1 : NULL, err);
	else
		ret = opts_finish(&top_spec, ret);
	close_top(&t);
	free(line_args);
	return ret;
}
