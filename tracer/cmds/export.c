// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/export.c - ipitrace export: a recording in the format of another tool.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/window.h"
#include "cmds/cmd.h"
#include "cmds/outfile.h"
#include "cmds/reading.h"
#include "render/list.h"
#include "render/timeline.h"
#include "report/folded.h"
#include "report/list.h"
#include "report/timeline.h"

struct export_options;

/* A format: one row, one option that chooses it. */
struct export_format {
	const char *option;
	int (*run)(const struct export_options *o, struct reading *in, FILE *out, struct err *err);
};

struct export_options {
	const char *input, *output, *buffer;
	const struct export_format *format;
	enum folded_what folded;
	struct ipi_filter filter;
	struct plumbing *plumbing;
	uint64_t threads; /* 0: by itself */
	struct time_window window;
};

/* What the recording cannot tell must not look like a quiet one. */
static int folded_possible(enum folded_what what, const struct trace_info *t, struct err *err)
{
	if (!t->has_send) {
		err_set(err, EXIT_FAILED, "%s has no send events: there is nobody to charge", t->path);
		return err_hint(err, "'ipitrace report' shows the interrupts");
	}
	if (what == FOLDED_STOLEN && t->arrivals_unknown) {
		if (!t->foreign) {
			err_set(err, EXIT_FAILED,
				"%s: this kernel's events do not tell which IPIs arrive: who stole is not known",
				t->path);
			return err_hint(err, "'ipitrace report' shows what all of its interrupts took");
		}
		if (t->not_learned) {
			err_set(err, EXIT_FAILED,
				"%s: nothing in it shows which interrupts are IPIs: what was stolen is not known",
				t->path);
			return err_hint(err, "'ipitrace report' shows what is known of it");
		}
		err_set(err, EXIT_FAILED, "%s has no reception events: what was stolen is not known", t->path);
		return err_hint(err, "record with ipitrace, or trace-cmd record -e ipi -e csd -e irq_vectors");
	}
	if (what == FOLDED_STOLEN && !t->clock_ns) {
		err_set(err, EXIT_FAILED, "clock %s does not count ns: what was stolen is not known", t->clock);
		return err_hint(err, "record with clock mono; --folded alone counts IPIs");
	}
	if (what == FOLDED_WAIT && t->runs_unknown) {
		err_set(err, EXIT_FAILED, "%s does not show calls from queueing to end: who waited is not known",
			t->path);
		return err_hint(err,
				"record with ipitrace, on a kernel that has csd events; --folded alone counts IPIs");
	}
	if (what == FOLDED_WAIT && !t->clock_sync) {
		err_set(err, EXIT_FAILED, "clock %s differs from CPU to CPU: who waited is not known", t->clock);
		return err_hint(err, "record with clock mono; --folded alone counts IPIs");
	}
	return 0;
}

/* Of whom it is not known how long they waited is in no stack; where that is so of all, an empty output would say that none did. */
static int say_unknown_waits(uint64_t unknown, unsigned int nr_lines, const char *path, struct err *err)
{
	if (!unknown)
		return 0;
	if (!nr_lines) {
		err_set(err, EXIT_FAILED, "%s: how long senders waited is known of none, not known of %" PRIu64, path,
			unknown);
		return err_hint(
			err, "'ipitrace report --help columns' says of waits_unknown when; --folded alone counts IPIs");
	}
	fprintf(stderr, "ipitrace: export: %" PRIu64 " wait%s left out: how long it took is not known\n", unknown,
		unknown == 1 ? " is" : "s are");
	return 0;
}

static int run_folded(const struct export_options *o, struct reading *in, FILE *out, struct err *err)
{
	struct folded *f = folded_new(in->analysis, o->folded);
	const struct span_sink sink = folded_sink(f);
	const struct folded_line *lines;
	unsigned int nr;
	int ret = -1;

	if (reading_run(in, &sink, err) || folded_possible(o->folded, analysis_info(in->analysis), err))
		goto out;
	lines = folded_lines(f, &nr);
	if (say_unknown_waits(folded_waits_unknown(f), nr, in->path, err))
		goto out;
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, "%s %" PRIu64 "\n", lines[i].text, lines[i].value);
	ret = 0;
out:
	folded_free(f);
	return ret;
}

static void emit(void *ctx, const struct list_line *line)
{
	struct list_render *r = ctx;

	r->ops->line(r, line);
}

/* Every IPI, as the command list has it without any choice. */
static int run_list(struct reading *in, const struct list_render_ops *ops, FILE *out, struct err *err)
{
	const struct list_choice all = { .sort = list_column_find("delivery") };
	struct list_render r = { .ops = ops, .sort = all.sort, .trace = analysis_info(in->analysis), .out = out };
	struct list *list = list_new(in->analysis, &all, emit, &r);
	const struct span_sink sink = list_sink(list);
	int ret;

	reading_join_handlers(in);
	ops->begin(&r);
	ret = reading_run(in, &sink, err);
	ops->end(&r, list_nr_lines(list), list_nr_chosen(list));
	list_free(list);
	return ret;
}

static int run_ndjson(const struct export_options *o, struct reading *in, FILE *out, struct err *err)
{
	(void)o;
	return run_list(in, &list_render_json, out, err);
}

static int run_csv(const struct export_options *o, struct reading *in, FILE *out, struct err *err)
{
	(void)o;
	return run_list(in, &list_render_csv, out, err);
}

/* Times of different CPUs are beside each other in it. */
static int timeline_possible(const struct trace_info *t, struct err *err)
{
	if (t->clock_ns && t->clock_sync)
		return 0;
	if (t->clock_ns)
		err_set(err, EXIT_FAILED, "clock %s differs from CPU to CPU: there is no timeline of them all",
			t->clock);
	else
		err_set(err, EXIT_FAILED, "clock %s does not count ns: there is no timeline", t->clock);
	return err_hint(err, "record with clock mono; 'ipitrace export --ndjson' has what is known all the same");
}

/* What is missing in the picture is said, as in every output. */
static void say_left_out(const struct timeline_left_out *l)
{
	if (l->sends)
		fprintf(stderr, "ipitrace: export: %" PRIu64 " send%s left out: to no CPU\n", l->sends,
			l->sends == 1 ? " is" : "s are");
	if (!l->interrupts && !l->functions)
		return;
	fprintf(stderr,
		"ipitrace: export: %" PRIu64 " interrupts and %" PRIu64
		" functions are left out: they were stamped before their sends\n",
		l->interrupts, l->functions);
}

static int run_timeline(struct reading *in, const struct timeline_render *render, FILE *out, struct err *err)
{
	const struct trace_info *info = analysis_info(in->analysis);
	struct timeline *t;
	struct span_sink sink;
	void *state;
	int ret;

	if (timeline_possible(info, err))
		return -1;
	state = render->begin(out, info);
	t = timeline_new(in->analysis, &render->ops, state);
	sink = timeline_sink(t);
	reading_join_handlers(in);
	ret = reading_run(in, &sink, err);
	render->finish(state);
	say_left_out(timeline_left_out(t));
	timeline_free(t);
	return ret;
}

static int run_chrome(const struct export_options *o, struct reading *in, FILE *out, struct err *err)
{
	(void)o;
	return run_timeline(in, &timeline_render_chrome, out, err);
}

static int run_perfetto(const struct export_options *o, struct reading *in, FILE *out, struct err *err)
{
	(void)o;
	if (isatty(fileno(out))) {
		err_set(err, EXIT_USAGE, "--perfetto: a terminal cannot show that");
		return err_hint(err, "name a file: -o FILE");
	}
	return run_timeline(in, &timeline_render_perfetto, out, err);
}

static const struct export_format format_perfetto = { "--perfetto", run_perfetto };
static const struct export_format format_chrome = { "--chrome", run_chrome };
static const struct export_format format_folded = { "--folded", run_folded };
static const struct export_format format_ndjson = { "--ndjson", run_ndjson };
static const struct export_format format_csv = { "--csv", run_csv };

static int choose(struct export_options *o, const struct export_format *format, struct err *err)
{
	if (o->format && o->format != format)
		return err_exclude(err, o->format->option, format->option);
	o->format = format;
	return 0;
}

static int parse_folded(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	static const char *const names[] = {
		[FOLDED_COUNT] = "count", [FOLDED_STOLEN] = "stolen", [FOLDED_WAIT] = "wait"
	};
	struct export_options *o = target;

	(void)spec;
	if (choose(o, &format_folded, err))
		return -1;
	o->folded = FOLDED_COUNT;
	if (!arg)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], arg))
			continue;
		o->folded = (enum folded_what)i;
		return 0;
	}
	err_set(err, EXIT_USAGE, "'%s': cannot be folded", arg);
	return err_hint(err, "count (IPIs), stolen (ns of their handlers) or wait (ns that senders waited)");
}

static int parse_perfetto(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)arg;
	(void)spec;
	return choose(target, &format_perfetto, err);
}

static int parse_chrome(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)arg;
	(void)spec;
	return choose(target, &format_chrome, err);
}

static int parse_ndjson(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)arg;
	(void)spec;
	return choose(target, &format_ndjson, err);
}

static int parse_csv(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)arg;
	(void)spec;
	return choose(target, &format_csv, err);
}

#define OPTION(m) offsetof(struct export_options, m)
static const struct opt format_rows[] = {
	{ 0, "perfetto", NULL, OPT_CUSTOM, 0,
	  "a timeline for ui.perfetto.dev: CPUs, senders, arrows from every send to the interrupt that it caused",
	  parse_perfetto, 0, 0 },
	{ 0, "chrome", NULL, OPT_CUSTOM, 0, "the same as JSON trace events, for older viewers", parse_chrome, 0, 0 },
	{ 0, "folded", "[=count|stolen|wait]", OPT_CUSTOM, 0,
	  "stacks of the senders in one line each, for flame graphs, with what they caused: "
	  "IPIs (the default), the ns of their handlers, or the ns that they waited",
	  parse_folded, 0, 0 },
	{ 0, "ndjson", NULL, OPT_CUSTOM, 0, "every IPI, one JSON object a line, as 'list --json' has them",
	  parse_ndjson, 0, 0 },
	{ 0, "csv", NULL, OPT_CUSTOM, 0, "the same as 'list --csv'", parse_csv, 0, 0 },
};

static const struct opt rows[] = {
	{ 'i', "input", "FILE", OPT_STRING, OPTION(input), READING_INPUT_HELP, NULL, 0, 0 },
	{ 'o', "output", "FILE", OPT_STRING, OPTION(output), "file to write (default: standard output)", NULL, 0, 0 },
	{ 0, "buffer", "NAME", OPT_STRING, OPTION(buffer),
	  "only this ring buffer of the file: 'top' or an instance (default: all)", NULL, 0, 0 },
	{ 0, "plumbing", "FILE", OPT_CUSTOM, OPTION(plumbing), READING_PLUMBING_HELP, reading_parse_plumbing, 0, 0 },
	{ 0, "threads", "N", OPT_U64, OPTION(threads), READING_THREADS_HELP, NULL, 1, READING_MAX_THREADS },
};

const struct opt_spec export_spec = {
	.command = "export",
	.synopsis = "FORMAT [options] [FILE]",
	.summary = "write a recording in the format of another tool",
	.details = "Exit status: 0 ok, 1 failed, 2 usage, 3 events were lost or the file is incomplete.\n",
	.max_operands = 1,
	.groups = {
		OPT_GROUP("Formats", format_rows, 0),
		OPT_GROUP(NULL, rows, 0),
		OPT_WINDOW_GROUP(offsetof(struct export_options, window)),
		OPT_FILTER_GROUP(offsetof(struct export_options, filter)),
	},
};

struct export_job {
	const struct export_options *options;
	struct reading *in;
	struct report *judged;
};

/* A window that nothing was recorded in fails before a file gets its name. */
static int write_export(void *ctx, FILE *out, struct err *err)
{
	const struct export_job *job = ctx;

	if (job->options->format->run(job->options, job->in, out, err))
		return -1;
	report_judge(job->judged, job->in->analysis);
	return reading_window(job->in, job->judged, err);
}

static int export_file(struct export_options *o, const char *path, struct err *err)
{
	struct report judged = { 0 };
	struct reading in;
	struct export_job job = { o, &in, &judged };
	int ret = reading_open(&in, path, o->buffer, &o->filter, o->plumbing, err);

	if (!ret)
		ret = reading_set_window(&in, &o->window, err);
	/* What was printed cannot be taken back, as a file can. */
	if (!ret && (!o->output || !strcmp(o->output, "-")))
		ret = reading_check_window(&in, err);
	if (!ret)
		reading_set_threads(&in, o->threads);
	if (!ret)
		ret = outfile_write(o->output ? o->output : "-", "--output", in.path, write_export, &job, err);
	if (!ret)
		ret = reading_status(&judged, err);
	reading_close(&in);
	return ret;
}

int cmd_export(int argc, char **argv, struct err *err)
{
	struct export_options o = { .filter = IPI_FILTER_INIT };
	const char *path;
	int nr, ret;

	ret = opts_parse(&export_spec, &o, argc, argv, &nr, err);
	if (ret) {
		ret = opts_finish(&export_spec, ret);
		goto out;
	}
	ret = -1;
	if (!o.format) {
		err_set(err, EXIT_USAGE, "no format given");
		err_hint(err, "for instance 'ipitrace export --folded'");
		goto out;
	}
	path = reading_file("export", o.input, argv, nr, err);
	if (path)
		ret = export_file(&o, path, err);
out:
	ipi_filter_free(&o.filter);
	plumbing_free(o.plumbing);
	return ret;
}
