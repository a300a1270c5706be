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
#include "base/text.h"
#include "base/window.h"
#include "cmds/cmd.h"
#include "cmds/kvm.h"
#include "cmds/outfile.h"
#include "cmds/reading.h"
#include "kvm/timeline.h"
#include "render/list.h"
#include "render/timeline.h"
#include "report/folded.h"
#include "report/list.h"
#include "report/timeline.h"

struct export_job;

/* A format: one row, one option that chooses it. */
struct export_format {
	const char *option;
	int (*run)(const struct export_job *job, FILE *out, struct err *err);
	bool timeline;
};

struct export_options {
	const char *input, *output, *buffer;
	const struct export_format *format;
	enum folded_what folded;
	struct ipi_filter filter;
	struct plumbing *plumbing;
	uint64_t threads; /* 0: by itself */
	struct time_window window;
	struct kvm_options kvm; /* the guest to join */
};

struct export_job {
	const struct export_options *options;
	struct reading *in;
	struct report *judged;
	struct kvm_report *host; /* NULL = there is no guest */
	struct kvm_timeline *joined;
};

/* What the recording cannot tell must not look like a quiet one. */
static int folded_possible(enum folded_what what, const struct trace_info *t, struct err *err)
{
	if (!t->has_send) {
		err_set(err, EXIT_FAILED, "%s has no send events: there is nobody to charge", t->path);
		return err_hint(err, t->arrivals_unknown ? "'ipitrace report' shows what is known of it" :
							   "'ipitrace report' shows the interrupts");
	}
	if (what == FOLDED_STOLEN && t->arrivals_unknown) {
		if (!t->foreign) {
			err_set(err, EXIT_FAILED,
				"%s: this kernel's events do not tell which IPIs arrive: who stole is not known",
				t->path);
			return err_hint(err, "'ipitrace report' shows what is known of it");
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
		err_set(err, EXIT_FAILED, "clock %s %s: who waited is not known", t->clock,
			t->clock_ns ? "differs from CPU to CPU" : "does not count ns");
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
	fprintf(stderr, "ipitrace: export: %" PRIu64 " wait%s %s left out: how long %s took is not known\n", unknown,
		plural_s(unknown), plural_is(unknown), unknown == 1 ? "it" : "they");
	return 0;
}

static int run_folded(const struct export_job *job, FILE *out, struct err *err)
{
	enum folded_what what = job->options->folded;
	struct reading *in = job->in;
	struct folded *f = folded_new(in->analysis, what);
	const struct span_sink sink = folded_sink(f);
	const struct folded_line *lines;
	unsigned int nr;
	int ret = -1;

	if (reading_run(in, &sink, err) || folded_possible(what, analysis_info(in->analysis), err))
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

static int run_ndjson(const struct export_job *job, FILE *out, struct err *err)
{
	return run_list(job->in, &list_render_json, out, err);
}

static int run_csv(const struct export_job *job, FILE *out, struct err *err)
{
	return run_list(job->in, &list_render_csv, out, err);
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
static void say_left_out(const struct timeline_left_out *l, const char *whose)
{
	if (l->sends)
		fprintf(stderr, "ipitrace: export: %s%" PRIu64 " send%s %s left out: to no CPU\n", whose, l->sends,
			plural_s(l->sends), plural_is(l->sends));
	if (!l->interrupts && !l->functions)
		return;
	fprintf(stderr,
		"ipitrace: export: %s%" PRIu64 " interrupt%s and %" PRIu64
		" function%s left out: stamped before their sends\n",
		whose, l->interrupts, plural_s(l->interrupts), l->functions, plural_s(l->functions));
}

/* One recording; joined: NULL, or what takes the flows of the guest's hits. whose: for messages. */
static int draw(struct reading *in, const struct timeline_ops *ops, void *ctx, struct kvm_timeline *joined,
		const char *whose, struct err *err)
{
	struct timeline *t = timeline_new(in->analysis, ops, ctx);
	const struct span_sink sink = timeline_sink(t);
	int ret;

	if (joined)
		timeline_set_elsewhere(t, kvm_timeline_has, joined);
	reading_join_handlers(in);
	ret = reading_run(in, &sink, err);
	say_left_out(timeline_left_out(t), whose);
	timeline_free(t);
	return ret;
}

static int draw_guest(const struct export_job *job, struct err *err)
{
	const struct kvm_pair *p = &job->host->guests[0];
	struct ipi_filter all = IPI_FILTER_INIT;
	struct reading guest;
	int ret = reading_open(&guest, p->want.path, NULL, &all, job->options->plumbing, err);

	if (!ret && p->guest.tsc)
		analysis_take_time(guest.analysis, &(struct pipeline_time){ .mult = p->time.mult,
									    .shift = p->time.shift,
									    .offset = p->time.offset,
									    .add = p->time.add });
	if (!ret) {
		reading_set_threads(&guest, job->options->threads);
		ret = draw(&guest, &kvm_timeline_guest, job->joined, job->joined, "guest: ", err);
	}
	reading_close(&guest);
	ipi_filter_free(&all);
	return ret;
}

/* The host, the IPIs of its guest, the guest. */
static int draw_joined(const struct export_job *job, const struct timeline_render *render, void *state, struct err *err)
{
	kvm_timeline_begin(job->joined, &render->ops, state);
	if (draw(job->in, &kvm_timeline_host, job->joined, NULL, "", err))
		return -1;
	render->part(state);
	kvm_timeline_ipis(job->joined);
	render->part(state);
	return draw_guest(job, err);
}

static int run_timeline(const struct export_job *job, const struct timeline_render *render, FILE *out, struct err *err)
{
	const struct trace_info *info = analysis_info(job->in->analysis);
	void *state;
	int ret;

	if (timeline_possible(info, err))
		return -1;
	state = render->begin(out, info);
	ret = job->joined ? draw_joined(job, render, state, err) : draw(job->in, &render->ops, state, NULL, "", err);
	render->finish(state);
	return ret;
}

static int run_chrome(const struct export_job *job, FILE *out, struct err *err)
{
	return run_timeline(job, &timeline_render_chrome, out, err);
}

static int run_perfetto(const struct export_job *job, FILE *out, struct err *err)
{
	if (isatty(fileno(out))) {
		err_set(err, EXIT_USAGE, "--perfetto: a terminal cannot show that");
		return err_hint(err, "name a file: -o FILE");
	}
	return run_timeline(job, &timeline_render_perfetto, out, err);
}

static const struct export_format format_perfetto = { "--perfetto", run_perfetto, true };
static const struct export_format format_chrome = { "--chrome", run_chrome, true };
static const struct export_format format_folded = { "--folded", run_folded, false };
static const struct export_format format_ndjson = { "--ndjson", run_ndjson, false };
static const struct export_format format_csv = { "--csv", run_csv, false };

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

static int parse_guest(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct export_options *o = target;

	return kvm_parse_guest(&o->kvm, arg, spec, err);
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
	{ 0, "guest", "FILE[,pid=PID][,offset=N|unknown]", OPT_CUSTOM, 0,
	  "a timeline of the host that the file is of, and of its guest, which recorded FILE: see 'report --kvm'",
	  parse_guest, 0, 0 },
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

/* A window that nothing was recorded in fails before a file gets its name. */
static int write_export(void *ctx, FILE *out, struct err *err)
{
	const struct export_job *job = ctx;

	if (job->options->format->run(job, out, err))
		return -1;
	report_judge(job->judged, job->in->analysis);
	return reading_window(job->in, job->judged, err);
}

/* Of the host's recording there are several readings, and one clock is not another's. */
static int guest_possible(const struct export_options *o, const char *path, struct err *err)
{
	if (!o->format->timeline)
		return err_set(err, EXIT_USAGE, "--guest: --perfetto and --chrome only, not %s", o->format->option);
	if (!strcmp(path, "-") || !strcmp(o->kvm.guests[0].path, "-")) {
		err_set(err, EXIT_USAGE, "--guest: both recordings are read twice, which standard input cannot be");
		return err_hint(err, "give them as files");
	}
	if (o->kvm.nr_guests > 1) {
		err_set(err, EXIT_USAGE, "--guest: one guest a timeline");
		return err_hint(err, "'ipitrace report --guest' takes several");
	}
	if (!ipi_filter_empty(&o->filter) || window_given(&o->window)) {
		err_set(err, EXIT_USAGE, "--guest: both recordings are drawn as a whole: no filter, no window");
		return err_hint(err, "the viewer finds and zooms");
	}
	return 0;
}

/* Before a file is made for it: both are read, and joined. */
static int join_guest(struct export_job *job, const char *path, struct err *err)
{
	const struct export_options *o = job->options;

	job->host->guests[job->host->nr_guests++].want = o->kvm.guests[0];
	job->joined = kvm_timeline_new(job->host);
	job->host->by[job->host->nr_by++] = KVM_KEY_VM;
	if (kvm_report_read(job->host, path, o->buffer, err))
		return -1;
	if (!job->host->in_ns || !job->host->guests[0].guest.tsc || job->host->guests[0].time.mult)
		return 0;
	err_set(err, EXIT_FAILED, "--guest: the TSC of %s is scaled: its times cannot be drawn", o->kvm.guests[0].path);
	return err_hint(err, "record with the default clock on both sides");
}

static int export_file(struct export_options *o, const char *path, struct err *err)
{
	struct report judged = { 0 };
	struct kvm_report host = { 0 };
	struct reading in;
	struct export_job job = { .options = o, .in = &in, .judged = &judged, .host = &host };
	int ret = reading_open(&in, path, o->buffer, &o->filter, o->plumbing, err);

	if (!ret)
		ret = reading_set_window(&in, &o->window, err);
	/* What was printed cannot be taken back, as a file can. */
	if (!ret && (!o->output || !strcmp(o->output, "-")))
		ret = reading_check_window(&in, err);
	if (!ret)
		reading_set_threads(&in, o->threads);
	if (!ret && o->kvm.on)
		ret = join_guest(&job, path, err);
	if (!ret)
		ret = outfile_write(o->output ? o->output : "-", "--output", in.path, write_export, &job, err);
	if (!ret && o->kvm.on)
		ret = kvm_status(&host, err);
	if (!ret)
		ret = reading_status(&judged, err);
	kvm_timeline_free(job.joined);
	kvm_report_free(&host);
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
	if (path && (!o.kvm.on || !guest_possible(&o, path, err)))
		ret = export_file(&o, path, err);
out:
	kvm_options_free(&o.kvm);
	ipi_filter_free(&o.filter);
	plumbing_free(o.plumbing);
	return ret;
}
