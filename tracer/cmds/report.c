// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/report.c - ipitrace report: a recording as rows per caller and function.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/mem.h"
#include "base/window.h"
#include "cmds/cmd.h"
#include "cmds/kvm.h"
#include "cmds/outfile.h"
#include "cmds/reading.h"
#include "cmds/rows.h"
#include "cmds/screen.h"
#include "report/agg.h"
#include "report/overtime.h"
#include "report/pagedata.h"
#include "report/tlb.h"
#include "render/html.h"
#include "render/kvm.h"
#include "render/render.h"

struct report_options {
	const char *input, *buffer, *html;
	struct rows_options rows;
	/* One thing to show instead of the table. */
	const struct column *hist;
	unsigned int matrix; /* enum matrix_value */
	uint64_t bin_ns;
	bool tlb;
	struct kvm_options kvm; /* another kind of report, of others' events */
	struct ipi_filter filter;
	struct plumbing *plumbing;
	uint64_t threads; /* 0: by itself */
	struct time_window window;
	struct screen_options screen;
};

static int parse_hist(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	const struct column *c = column_find_dist(arg);

	(void)spec;
	if (!c) {
		err_set(err, EXIT_USAGE, "'%s': no distribution", arg);
		return err_hint(err, "delivery, queue, func, handler or wait");
	}
	*(const struct column **)target = c;
	return 0;
}

static int parse_matrix(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	static const char *const names[] = {
		[MATRIX_COUNT] = "count",
		[MATRIX_P50] = "p50",
		[MATRIX_P99] = "p99",
		[MATRIX_MAX] = "max",
	};

	(void)spec;
	for (unsigned int i = MATRIX_COUNT; i < ARRAY_SIZE(names); i++) {
		if (strcmp(arg, names[i]))
			continue;
		*(unsigned int *)target = i;
		return 0;
	}
	return err_set(err, EXIT_USAGE, "'%s': count, p50, p99 or max expected", arg);
}

#define OPTION(m) offsetof(struct report_options, m)
static const struct opt rows[] = {
	{ 'i', "input", "FILE", OPT_STRING, OPTION(input), READING_INPUT_HELP, NULL, 0, 0 },
	{ 0, "buffer", "NAME", OPT_STRING, OPTION(buffer),
	  "only this ring buffer of the file: 'top' or an instance (default: all)", NULL, 0, 0 },
	{ 0, "plumbing", "FILE", OPT_CUSTOM, OPTION(plumbing), READING_PLUMBING_HELP, reading_parse_plumbing, 0, 0 },
	{ 0, "threads", "N", OPT_U64, OPTION(threads), READING_THREADS_HELP, NULL, 1, READING_MAX_THREADS },
	{ 0, "hist", "delivery|queue|func|handler|wait", OPT_CUSTOM, OPTION(hist), "histograms of each row", parse_hist,
	  0, 0 },
	{ 0, "matrix", "count|p50|p99|max", OPT_CUSTOM, OPTION(matrix),
	  "from which CPU to which: target hits, or delivery", parse_matrix, 0, 0 },
	{ 0, "over-time", "TIME", OPT_DURATION, OPTION(bin_ns), "rate of each row over time, in bins of this length",
	  NULL, 1, 0 },
	{ 0, "tlb", NULL, OPT_FLAG, OPTION(tlb), "TLB shootdowns: who flushes, how many CPUs each time, who waits",
	  NULL, 0, 0 },
	{ 0, "html", "FILE", OPT_STRING, OPTION(html),
	  "a page for a browser, in one file: rows, distributions, who hits whom, over time, single IPIs", NULL, 0, 0 },
	{ 0, "kvm", "[=KEYS]", OPT_CUSTOM, OPTION(kvm),
	  "a host's virtual machines: IPIs of guests by vm, path, class, kick, source, target; exits; halts",
	  kvm_parse_keys, 0, 0 },
	{ 0, "guest", "FILE[,pid=PID][,offset=N|unknown]", OPT_CUSTOM, OPTION(kvm),
	  "--kvm, joined with a recording made in the guest: by caller, func, comm as well; of several VMs once for each",
	  kvm_parse_guest, 0, 0 },
};

static const struct opt_topic topics[] = {
	{ "columns", render_columns }, { "plumbing", reading_print_plumbing }, { "kvm", render_kvm_help }, { 0 }
};

const struct opt_spec report_spec = {
	.command = "report",
	.synopsis = "[options] [FILE]",
	.summary = "show a recording's IPIs: who sends them, what they run, how long they take",
	.details = "'ipitrace report --help columns' lists what --fields and --sort take,\n"
		   "'--help plumbing' the functions that are never callers, '--help kvm' keys and columns of --kvm.\n\n"
		   "Exit status: 0 ok, 1 failed, 2 usage, 3 events were lost or the file is incomplete.\n",
	.topics = topics,
	.max_operands = 1,
	.groups = {
		OPT_GROUP(NULL, rows, 0),
		OPT_ROWS_GROUP(offsetof(struct report_options, rows)),
		OPT_WINDOW_GROUP(offsetof(struct report_options, window)),
		OPT_SCREEN_GROUP(offsetof(struct report_options, screen)),
		OPT_FILTER_GROUP(offsetof(struct report_options, filter)),
	},
};

/* What there is to show: as text, as CSV. JSON has all of it. */
struct view {
	const char *option;
	const struct render_ops *text, *csv;
};

static const struct view views[] = {
	{ NULL, &render_text, &render_csv },
	{ "--hist", &render_hist, &render_hist_csv },
	{ "--matrix", &render_matrix, &render_matrix_csv },
	{ "--over-time", &render_over_time, &render_over_time_csv },
	{ "--tlb", &render_tlb, &render_tlb_csv },
};

/* What a view counts has to have the keys: a flush has several targets, and who was waited for longest is of no single hit. */
static int keys_fit(const struct report_options *o, struct err *err)
{
	for (unsigned int i = 0; i < o->rows.nr_by; i++) {
		enum agg_key key = o->rows.by[i];

		if (o->tlb && (AGG_KEYS_OF_HIT | 1u << AGG_KEY_TARGET) >> key & 1) {
			err_set(err, EXIT_USAGE,
				"--tlb counts operations, which have several targets: --by %s does not go with it",
				column_of_key(key)->id);
			return err_hint(err, "leave it out of --by, or --tlb out");
		}
		if ((o->bin_ns || o->html) && key == AGG_KEY_SLOWEST) {
			const char *option = o->html ? "--html" : "--over-time";

			err_set(err, EXIT_USAGE, "%s counts hits, one by one: --by slowest does not go with it",
				option);
			return err_hint(err, "leave it out of --by, or %s out", option);
		}
	}
	return 0;
}

static bool tlb_column_only(const char *name, struct err *err)
{
	if (!name || column_find(name) || !tlb_column_find(name))
		return false;
	err_set(err, EXIT_USAGE, "'%s' is a column of --tlb", name);
	err_hint(err,
		 "'ipitrace report --tlb' shows it; 'ipitrace report --help columns' lists those of other reports");
	return true;
}

/* What the options asked for, the table as text without any; NULL and *err if there are two. */
static const struct render_ops *chosen_format(const struct report_options *o, struct err *err)
{
	const bool is_view[] = { false, o->hist, o->matrix, o->bin_ns, o->tlb };
	const char *names[ARRAY_SIZE(views)];
	int format = rows_format(&o->rows, err), view;

	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		names[i] = views[i].option;
	view = rows_only_one(is_view, names, ARRAY_SIZE(views), err);
	if (format < 0 || view < 0)
		return NULL;
	if (o->html && (format || view || o->rows.fields)) {
		err_exclude(err, "--html", format ? "another format" : view ? names[view] : "--fields");
		return NULL;
	}
	if (o->matrix && o->rows.nr_by && !o->rows.json) {
		err_set(err, EXIT_USAGE, "--matrix is by source and target: --by does not go with it");
		err_hint(err, "leave --by out; with --json there are both, the rows and the matrix");
		return NULL;
	}
	if (keys_fit(o, err))
		return NULL;
	if (view && o->rows.fields) {
		err_set(err, EXIT_USAGE, "%s shows %s: --fields does not go with it", views[view].option,
			o->tlb ? "columns of its own" : "no columns");
		err_hint(err, "leave --fields out");
		return NULL;
	}
	if (!o->tlb && (tlb_column_only(o->rows.sort, err) || tlb_column_only(o->rows.fields, err)))
		return NULL;
	return format == ROWS_JSON ? &render_json : format ? views[view].csv : views[view].text;
}

static int render(struct report_options *o, const struct report *r, const struct render_ops *ops, struct err *err)
{
	struct render_options ro = {
		.screen = screen_of_stdout(&o->screen),
		.hist = o->hist,
		.matrix = o->matrix,
	};

	if (rows_render_options(&o->rows, r, ops, &ro, err))
		return -1;
	if (!o->rows.json && !o->rows.csv && !o->rows.raw_csv)
		screen_page(&o->screen, &ro.screen);
	return render_report(ops, r, &ro, stdout, err);
}

struct html_job {
	const struct report *report;
	struct pagedata *data;
	struct html_options options;
};

static int write_html(void *ctx, FILE *out, struct err *err)
{
	struct html_job *job = ctx;

	return render_html(job->report, job->data, &job->options, out, err);
}

static int html(const struct report_options *o, const struct report *r, struct pagedata *data, const char *path,
		struct err *err)
{
	struct html_job job = {
		.report = r,
		.data = data,
		.options = { .top = (unsigned int)o->rows.top, .version = IPITRACE_VERSION },
	};

	return outfile_write(o->html, "--html", path, write_html, &job, err);
}

/* What spans become on their way. */
struct sums {
	struct agg *agg, *matrix;
	struct overtime *overtime;
	struct pagedata *page;
	struct tlb *tlb;
	struct span_sink sinks[2];
	struct span_tee tee;
};

static const enum agg_key matrix_keys[] = { AGG_KEY_SOURCE, AGG_KEY_TARGET };

static struct span_sink sums_sink(struct sums *s, const struct report_options *o, struct reading *in)
{
	const bool totals_are_given = !in->filter && !in->window && !o->tlb;
	struct span_names names = in->names;

	s->agg = agg_new(o->rows.by, o->rows.nr_by, o->tlb || reading_by_sender(in), &names);
	if (totals_are_given)
		agg_give_totals(s->agg, analysis_totals(in->analysis));
	s->sinks[0] = agg_sink(s->agg);
	if (o->bin_ns) {
		s->overtime = overtime_new(in->analysis, s->agg, o->bin_ns);
		s->sinks[0] = overtime_sink(s->overtime);
	}
	if (o->html) {
		s->page = pagedata_new(in->analysis, in->window, s->agg, &names);
		s->sinks[0] = pagedata_sink(s->page);
	}
	if (o->tlb) {
		s->tlb = tlb_new(in->analysis, s->agg, &names);
		s->sinks[0] = tlb_sink(s->tlb);
	}
	if (o->matrix) {
		names.own_pid = NULL; /* its sums are the totals, in which they are */
		names.own_func = NULL;
		s->matrix = agg_new(matrix_keys, ARRAY_SIZE(matrix_keys), reading_by_sender(in), &names);
		if (totals_are_given)
			agg_give_totals(s->matrix, analysis_totals(in->analysis));
		s->sinks[1] = agg_sink(s->matrix);
	}
	s->tee = (struct span_tee){ s->sinks, s->matrix ? 2 : 1 };
	return span_tee_sink(&s->tee);
}

static void sums_free(struct sums *s)
{
	overtime_free(s->overtime);
	pagedata_free(s->page);
	tlb_free(s->tlb);
	agg_free(s->agg);
	agg_free(s->matrix);
}

/* Who flushes is asked first of all; where processes are not known, by the task's name. */
static void tlb_keys(struct rows_options *o, const struct reading *in)
{
	o->nr_by = 2;
	o->by[0] = reading_knows_processes(in) ? AGG_KEY_PROCESS : AGG_KEY_COMM;
	o->by[1] = AGG_KEY_CALLER;
}

static const struct column *sort_column(const struct report_options *o)
{
	const struct column *c = o->tlb && o->rows.sort ? tlb_column_find(o->rows.sort) : NULL;

	return c ? c : rows_sort_column(&o->rows);
}

/* What is counted is a part of what was recorded: reports of that part alone can be compared. */
static char *filters_of(const struct report_options *o, const struct reading *in)
{
	char *text = reading_filters(in), *all;

	if (!o->tlb)
		return text;
	all = text ? xasprintf("%s, TLB work", text) : xstrdup("TLB work");
	free(text);
	return all;
}

static int report_file(struct report_options *o, const char *path, const struct render_ops *format, struct err *err)
{
	struct report r = { 0 }, matrix = { 0 };
	struct sums sums = { 0 };
	struct reading in;
	struct span_sink sink;
	unsigned int asked = rows_usual_keys(&o->rows);
	int ret = -1;

	if (reading_open(&in, path, o->buffer, &o->filter, o->plumbing, err) ||
	    reading_set_window(&in, &o->window, err))
		goto out;
	reading_set_threads(&in, o->threads);
	if (o->tlb && !asked)
		tlb_keys(&o->rows, &in);
	sink = sums_sink(&sums, o, &in);
	reading_rows_by(&in, o->rows.by, o->rows.nr_by);
	if (reading_run(&in, &sink, err))
		goto out;
	reading_say_keys(&in, o->rows.by, asked);
	report_build(&r, in.analysis, sums.agg, o->rows.by, o->rows.nr_by, in.filter || o->tlb);
	r.by_sender = span_filter_by_sender(in.filter);
	if (reading_window(&in, &r, err))
		goto out;
	r.offline = analysis_offline(in.analysis, &o->filter);
	r.filters = filters_of(o, &in);
	if (sums.overtime)
		overtime_report(sums.overtime, &r);
	if (sums.page)
		pagedata_finish(sums.page, &r);
	if (sums.tlb)
		tlb_report(sums.tlb, &r, in.filter);
	report_sort(&r, sort_column(o));
	if (sums.matrix) {
		report_build(&matrix, in.analysis, sums.matrix, matrix_keys, ARRAY_SIZE(matrix_keys),
			     in.filter != NULL);
		r.matrix = &matrix;
	}
	if (o->html ? html(o, &r, sums.page, path, err) : render(o, &r, format, err))
		goto out;
	ret = reading_status(&r, err);
out:
	report_free(&r);
	report_free(&matrix);
	sums_free(&sums);
	reading_close(&in);
	return ret;
}

static struct ipi_filter without_processes(const struct ipi_filter *f)
{
	struct ipi_filter others = *f;

	others.process = (struct pid_filter){ 0 };
	return others;
}

/* Of what virtual machines do there are rows by keys of their own, and no spans to filter. */
static int report_kvm(const struct report_options *o, const char *path, struct err *err)
{
	/* Of filters that of processes is one of VMs. */
	const struct ipi_filter others = without_processes(&o->filter);
	const bool given[] = { false,
			       true,
			       o->hist,
			       o->matrix,
			       o->bin_ns,
			       o->tlb,
			       o->html,
			       o->plumbing,
			       o->rows.nr_by,
			       o->rows.sort,
			       o->rows.fields,
			       window_given(&o->window),
			       !ipi_filter_empty(&others) };
	static const char *const names[ARRAY_SIZE(given)] = {
		NULL,
		"--kvm",
		"--hist",
		"--matrix",
		"--over-time",
		"--tlb",
		"--html",
		"--plumbing",
		"--by",
		"--sort",
		"--fields",
		"--from, --to, --around",
		"a filter of anything but -p",
	};
	int format = rows_format(&o->rows, err);

	if (format < 0 || !reading_has_roots(&o->filter, err))
		return -1;
	if (rows_only_one(given, names, ARRAY_SIZE(names), err) < 0)
		return o->rows.nr_by ? err_hint(err, "rows of virtual machines are by --kvm=KEYS") : -1;
	return kvm_report_file(&o->kvm, path, o->buffer, &o->filter.process, (enum rows_format)format,
			       (unsigned int)o->rows.top, &o->screen, err);
}

int cmd_report(int argc, char **argv, struct err *err)
{
	struct report_options o = { .filter = IPI_FILTER_INIT, .rows.also_column = tlb_column_find };
	const struct render_ops *format;
	const char *path;
	int nr, ret;

	ret = opts_parse(&report_spec, &o, argc, argv, &nr, err);
	if (ret) {
		ret = opts_finish(&report_spec, ret);
		goto out;
	}
	ret = -1;
	format = o.kvm.on ? NULL : chosen_format(&o, err);
	path = format || o.kvm.on ? reading_file("report", o.input, argv, nr, err) : NULL;
	if (path && o.kvm.on)
		ret = report_kvm(&o, path, err);
	else if (path)
		ret = report_file(&o, path, format, err);
out:
	ipi_filter_free(&o.filter);
	rows_free(&o.rows);
	plumbing_free(o.plumbing);
	kvm_options_free(&o.kvm);
	return ret;
}
