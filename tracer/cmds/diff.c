// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/diff.c - ipitrace diff: before and after, and how sure that is.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/window.h"
#include "cmds/cmd.h"
#include "cmds/kvm.h"
#include "cmds/outfile.h"
#include "cmds/reading.h"
#include "cmds/screen.h"
#include "render/diff.h"
#include "render/html.h"
#include "report/columns.h"
#include "report/diff-slices.h"
#include "report/report-json.h"

#define MAX_LIMITS 16u

struct diff_options {
	bool json, all, force, kvm;
	struct kvm_options guests[2]; /* of A, of B; only their guests */
	unsigned int nr_guests;
	const char *html;
	uint64_t top;
	double units_a, units_b; /* 0 = seconds */
	double margin;		 /* 0 = what is right for what is observed */
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	struct diff_limit limits[MAX_LIMITS];
	const char *limit_units[MAX_LIMITS]; /* "/s", "/unit" or "" as the user wrote it */
	unsigned int nr_limits;
	struct ipi_filter filter;
	struct plumbing *plumbing;
	uint64_t threads; /* 0: by itself */
	struct time_window window;
	struct screen_options screen;
};

/* --- options --- */

static int parse_by(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct diff_options *o = target;

	(void)spec;
	o->nr_by = ARRAY_SIZE(o->by);
	if (report_parse_by(arg, o->by, &o->nr_by, err))
		return -1;
	if (!diff_check_keys(o->by, o->nr_by, NULL, err))
		return 0;
	err->code = EXIT_USAGE;
	return -1;
}

/* A number at *p, which is moved behind it. */
static bool parse_real(const char **p, double *val)
{
	char *end;

	if (strspn(*p, "0123456789.") == 0)
		return false;
	*val = strtod(*p, &end);
	if (end == *p || end != *p + strspn(*p, "0123456789."))
		return false;
	*p = end;
	return true;
}

static int parse_per(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct diff_options *o = target;
	const char *p = arg;

	(void)spec;
	if (!parse_real(&p, &o->units_a))
		goto bad;
	o->units_b = o->units_a;
	if (*p == ':' && (p++, !parse_real(&p, &o->units_b)))
		goto bad;
	if (!*p && o->units_a > 0 && o->units_b > 0)
		return 0;
bad:
	err_set(err, EXIT_USAGE, "'%s': not a number of units", arg);
	return err_hint(err, "how many units of work each run did: --per 1000, or --per 1000:2000 of A and B");
}

static int parse_margin(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	const char *p = arg;
	double percent;

	(void)spec;
	if (!parse_real(&p, &percent) || strcmp(p + (*p == '%'), "")) {
		err_set(err, EXIT_USAGE, "'%s': not a percentage", arg);
		return err_hint(err, "for instance --margin 10%%");
	}
	*(double *)target = 1 + percent / 100;
	return 0;
}

static int unknown_metric(const char *arg, struct err *err)
{
	err_set(err, EXIT_USAGE, "'%s': not a limit", arg);
	return err_hint(
		err,
		"COLUMN>+N%% or COLUMN<-N%%, of hits/s, delivered/s, calls/s, elided/s, stolen/s (/unit with --per), "
		"delivery_p50, delivery_p99, handler_p50; in quotes");
}

/* "hits/s>+10%": B is more than 10 % above A. */
static int parse_limit(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct diff_options *o = target;
	struct diff_limit *l = &o->limits[o->nr_limits];
	size_t len = strcspn(arg, "<>"), name = strcspn(arg, "/<>");
	static const char *const units[] = { "/s", "/unit", "" };
	const char *p = arg + len, *unit = NULL;
	double percent;
	unsigned int m;

	(void)spec;
	if (o->nr_limits == MAX_LIMITS) {
		err_set(err, EXIT_USAGE, "more than %u limits", MAX_LIMITS);
		return err_hint(err, "compare twice");
	}
	for (m = 0; m < DIFF_NR_METRICS; m++)
		if (strlen(diff_metrics[m].name) == name && !strncasecmp(diff_metrics[m].name, arg, name))
			break;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i]) == len - name && !strncasecmp(arg + name, units[i], len - name))
			unit = units[i];
	if (m == DIFF_NR_METRICS || !unit || !*p || diff_is_rate(m) != (*unit != '\0'))
		return unknown_metric(arg, err);
	*l = (struct diff_limit){ .text = arg, .metric = m, .above = *p == '>' };
	p++;
	if (*p == (l->above ? '+' : '-'))
		p++;
	else if (!l->above)
		return unknown_metric(arg, err);
	if (!parse_real(&p, &percent) || strcmp(p, "%") || (!l->above && percent >= 100))
		return unknown_metric(arg, err);
	l->ratio = l->above ? 1 + percent / 100 : 1 - percent / 100;
	o->limit_units[o->nr_limits++] = unit;
	return 0;
}

/* A's first, then B's. */
static int parse_guest(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct diff_options *o = target;

	if (o->nr_guests == ARRAY_SIZE(o->guests))
		return err_set(err, EXIT_USAGE, "--guest: one of A, one of B");
	o->kvm = true;
	return kvm_parse_guest(&o->guests[o->nr_guests++], arg, spec, err);
}

#define OPTION(m) offsetof(struct diff_options, m)
static const struct opt rows[] = {
	{ 0, "per", "N", OPT_CUSTOM, 0,
	  "count for each unit of work, of which every run did N (N:M: those of A, of B), not for each second",
	  parse_per, 0, 0 },
	{ 0, "fail-on", "LIMIT", OPT_CUSTOM, 0,
	  "exit with 4 if a row or the totals are over it for sure: 'hits/s>+10%', 'delivery_p99>+50%', 'hits/s<-10%'; "
	  "may be given several times",
	  parse_limit, 0, 0 },
	{ 0, "margin", "PERCENT", OPT_CUSTOM, OPTION(margin),
	  "only more than this is a change (default: 50% with one run a side, 0% with several)", parse_margin, 0, 0 },
	{ 0, "by", "KEYS", OPT_CUSTOM, 0,
	  "one row per: caller, func, and so on, as report has them, but by names: not pid, process, stack "
	  "(default: caller,func; of reports: theirs)",
	  parse_by, 0, 0 },
	{ 0, "plumbing", "FILE", OPT_CUSTOM, OPTION(plumbing), READING_PLUMBING_HELP, reading_parse_plumbing, 0, 0 },
	{ 0, "threads", "N", OPT_U64, OPTION(threads), READING_THREADS_HELP, NULL, 1, READING_MAX_THREADS },
	{ 0, "force", NULL, OPT_FLAG, OPTION(force), "compare what differs in tier, filters or clock", NULL, 0, 0 },
	{ 'a', "all", NULL, OPT_FLAG, OPTION(all), "show rows that did not change, too", NULL, 0, 0 },
	{ 'n', "top", "N", OPT_U64, OPTION(top), "show only the first N rows", NULL, 1, UINT32_MAX },
	{ 0, "json", NULL, OPT_FLAG, OPTION(json), "JSON: everything", NULL, 0, 0 },
	{ 0, "kvm", NULL, OPT_FLAG, OPTION(kvm),
	  "two hosts' recordings of virtual machines: how long guests' IPIs take, and the CPU time that it costs the host",
	  NULL, 0, 0 },
	{ 0, "guest", "FILE[,pid=PID][,offset=N|unknown]", OPT_CUSTOM, 0,
	  "--kvm, joined with a guest's recording: that of A, and once more for B", parse_guest, 0, 0 },
	{ 0, "html", "FILE", OPT_STRING, OPTION(html), "a page for a browser, in one file: both sides, with intervals",
	  NULL, 0, 0 },
};

const struct opt_spec diff_spec = {
	.command = "diff",
	.synopsis = "[options] A B | A1 A2 ... : B1 B2 ...",
	.summary = "compare recordings, or reports: what changed, and how sure that is",
	.details = "A and B are recordings, or files made by 'ipitrace report --json'.\n\n"
		   "Exit status: 0 compared, whatever the verdict; 1 failed, 2 usage, 3 a run is incomplete, or a limit "
		   "of --fail-on cannot be judged; 4 one is exceeded.\n",
	.min_operands = 2,
	.max_operands = 1000,
	.groups = {
		OPT_GROUP(NULL, rows, 0),
		OPT_WINDOW_GROUP(OPTION(window)),
		OPT_FILTER_GROUP(OPTION(filter)),
		OPT_SCREEN_GROUP(OPTION(screen)),
	},
};

/* --- runs --- */

static int read_recording(struct diff_options *o, struct diff_run *run, const char *path, unsigned int slices,
			  struct err *err)
{
	static const enum agg_key usual[] = { AGG_KEY_CALLER, AGG_KEY_FUNC };
	const enum agg_key *by = o->nr_by ? o->by : usual;
	unsigned int nr_by = o->nr_by ? o->nr_by : ARRAY_SIZE(usual);
	struct diff_slices *s = NULL;
	struct report r = { 0 };
	const struct facts *facts;
	struct span_sink sink;
	struct reading in;
	int ret = -1;

	if (reading_open(&in, path, NULL, &o->filter, o->plumbing, err) || reading_set_window(&in, &o->window, err))
		goto out;
	facts = analysis_facts(in.analysis);
	in.several = true;
	reading_set_threads(&in, o->threads);
	reading_rows_by(&in, by, nr_by);
	s = diff_slices_new(by, nr_by, slices, facts ? facts->on_ns : 0, in.window, &in.names);
	sink = diff_slices_sink(s);
	if (reading_run(&in, &sink, err))
		goto out;
	reading_say_keys(&in, o->by, o->nr_by);
	report_build(&r, in.analysis, diff_slices_agg(s), by, nr_by, in.filter != NULL);
	if (reading_window(&in, &r, err))
		goto out;
	r.filters = reading_filters(&in);
	diff_slices_finish(s, &r, run);
	ret = 0;
out:
	report_free(&r);
	diff_slices_free(s);
	reading_close(&in);
	return ret;
}

/* Of several files an error is of one. */
static void name_file(const char *path, struct err *err)
{
	struct err why = *err;

	if (strstr(why.msg, path))
		return;
	err_set(err, why.code, "%.100s: %.130s", path, why.msg);
	err_hint(err, "%s", why.hint);
}

static int read_run(struct diff_options *o, struct diff_run *run, const char *path, unsigned int slices,
		    struct err *err)
{
	int ret;

	if (!report_json_is(path)) {
		ret = read_recording(o, run, path, slices, err);
	} else if (!ipi_filter_empty(&o->filter)) {
		err_set(err, EXIT_USAGE, "%s: a report cannot be filtered any more", path);
		ret = err_hint(err, "filter when it is made: 'ipitrace report --json'");
	} else if (window_given(&o->window)) {
		err_set(err, EXIT_USAGE, "%s: a report has its window already", path);
		ret = err_hint(err, "choose it when it is made: 'ipitrace report --json --from TIME'");
	} else if (o->nr_by) {
		err_set(err, EXIT_USAGE, "%s: a report has its rows already", path);
		ret = err_hint(err, "choose them when it is made: 'ipitrace report --json --by KEYS'");
	} else {
		ret = diff_read_json(run, path, err);
	}
	if (ret)
		name_file(path, err);
	run->path = path;
	return ret;
}

/* "A B", or "A1 A2 : B1 B2"; *behind: where B's are. */
static int find_sides(struct diff *d, char **files, unsigned int nr, unsigned int *behind, struct err *err)
{
	unsigned int colon = nr, colons = 0;

	for (unsigned int i = 0; i < nr; i++) {
		if (strcmp(files[i], ":"))
			continue;
		colon = i;
		colons++;
	}
	if (!colons && nr == 2) {
		d->a.nr = d->b.nr = *behind = 1;
	} else if (colons == 1 && colon > 0 && colon + 1 < nr) {
		d->a.nr = colon;
		*behind = colon + 1;
		d->b.nr = nr - colon - 1;
	} else {
		err_set(err, EXIT_USAGE, "which are A's, and which B's?");
		return err_hint(err, "ipitrace diff A B, or several of each: ipitrace diff A1 A2 A3 : B1 B2 B3");
	}
	d->a.runs = xcalloc(d->a.nr, sizeof(*d->a.runs));
	d->b.runs = xcalloc(d->b.nr, sizeof(*d->b.runs));
	return 0;
}

static int read_sides(struct diff_options *o, struct diff *d, char **files, unsigned int behind, struct err *err)
{
	unsigned int slices = d->a.nr > 1 && d->b.nr > 1 ? 1 : DIFF_MAX_SLICES;

	for (unsigned int i = 0; i < d->a.nr; i++)
		if (read_run(o, &d->a.runs[i], files[i], slices, err))
			return -1;
	for (unsigned int i = 0; i < d->b.nr; i++)
		if (read_run(o, &d->b.runs[i], files[behind + i], slices, err))
			return -1;
	return 0;
}

/* --- the command --- */

/* Units of limits must be those of the comparison. */
static int check_limits(const struct diff_options *o, struct err *err)
{
	for (unsigned int i = 0; i < o->nr_limits; i++)
		if (o->limit_units[i][0] && !strcmp(o->limit_units[i], "/s") == (o->units_a > 0)) {
			err_set(err, EXIT_USAGE, "--fail-on %s: counts are for each %s", o->limits[i].text,
				o->units_a > 0 ? "unit with --per: hits/unit" : "second without --per: hits/s");
			return err_hint(err, "counts of the limit are to be those of the comparison");
		}
	return 0;
}

static int check_comparable(const struct diff *d, bool force, char **forced, struct err *err)
{
	bool forceable;
	char *why = diff_obstacle(d, &forceable);

	if (why && force && forceable) {
		*forced = why;
		return 0;
	}
	if (!why)
		return 0;
	err_set(err, EXIT_FAILED, "not comparable: %s", why);
	free(why);
	if (forceable)
		return err_hint(err, "--force compares them all the same");
	return err_hint(err, "record or report both sides in the same way; without seconds, count by --per N");
}

/* The comparison is printed; this is what it comes to. */
static int status_of(const struct diff *d, struct err *err)
{
	const struct diff_side *sides[] = { &d->a, &d->b };

	for (unsigned int i = 0; i < d->nr_limits; i++)
		if (d->limits[i].tripped)
			return EXIT_THRESHOLD;
	for (unsigned int i = 0; i < d->nr_limits; i++) {
		if (d->limits[i].judged)
			continue;
		err_set(err, EXIT_INCOMPLETE, "--fail-on %.80s cannot be judged: %s", d->limits[i].text,
			d->undecided ? d->undecided : "nothing was measured of which that could be told");
		err_hint(err, "%s",
			 d->observed == DIFF_NOTHING ? "give the recordings, or several reports of each side" :
						       "'ipitrace diff --all' shows what there is; record longer");
		return EXIT_INCOMPLETE;
	}
	for (size_t s = 0; s < ARRAY_SIZE(sides); s++) {
		for (unsigned int i = 0; i < sides[s]->nr; i++) {
			if (!sides[s]->runs[i].incomplete)
				continue;
			err_set(err, EXIT_INCOMPLETE, "%s is incomplete: the comparison is of what is there",
				sides[s]->runs[i].path);
			err_hint(err, "'ipitrace report' says what is missing");
			return EXIT_INCOMPLETE;
		}
	}
	return EXIT_OK;
}

struct html_job {
	const struct diff *diff;
	const struct render_diff_options *options;
};

static int write_html(void *ctx, FILE *out, struct err *err)
{
	const struct html_job *job = ctx;

	return render_diff_html(job->diff, job->options, IPITRACE_VERSION, out, err);
}

static int html(const struct diff_options *o, const struct diff *d, const struct render_diff_options *ro,
		struct err *err)
{
	const struct diff_side *sides[] = { &d->a, &d->b };
	struct html_job job = { d, ro };

	for (size_t s = 0; s < ARRAY_SIZE(sides); s++)
		for (unsigned int i = 0; i < sides[s]->nr; i++)
			if (outfile_is_input(o->html, "--html", sides[s]->runs[i].path, err))
				return -1;
	return outfile_write(o->html, "--html", NULL, write_html, &job, err);
}

static int show(const struct diff_options *o, const struct diff *d, const char *forced, struct err *err)
{
	struct render_diff_options ro = {
		.screen = screen_of_stdout(&o->screen),
		.all = o->all,
		.top = (unsigned int)o->top,
		.forced = forced,
	};

	if (o->html)
		return html(o, d, &ro, err);
	if (o->json) {
		render_diff_json(d, &ro, stdout);
		return 0;
	}
	screen_page(&o->screen, &ro.screen);
	render_diff_text(d, &ro, stdout);
	return 0;
}

static int compare(struct diff_options *o, char **files, unsigned int nr, struct err *err)
{
	struct diff d = { .limits = o->limits, .nr_limits = o->nr_limits };
	char *forced = NULL;
	unsigned int behind = 0;
	int ret = -1;

	if (o->html && o->json)
		return err_exclude(err, "--html", "--json");
	if (find_sides(&d, files, nr, &behind, err))
		return -1;
	d.a.units = o->units_a;
	d.b.units = o->units_b;
	if (read_sides(o, &d, files, behind, err) || check_comparable(&d, o->force, &forced, err))
		goto out;
	d.margin = o->margin > 0 ? o->margin : diff_observable(&d.a, &d.b) == DIFF_RUNS ? 1 : DIFF_MARGIN;
	diff_compare(&d);
	if (show(o, &d, forced, err))
		goto out;
	ret = status_of(&d, err);
out:
	for (unsigned int i = 0; i < d.a.nr; i++)
		diff_run_free(&d.a.runs[i]);
	for (unsigned int i = 0; i < d.b.nr; i++)
		diff_run_free(&d.b.runs[i]);
	free(d.a.runs);
	free(d.b.runs);
	free(forced);
	diff_free(&d);
	return ret;
}

/* Of virtual machines nothing is filtered, and there are no rows. */
static int compare_kvm(const struct diff_options *o, char **files, unsigned int nr, struct err *err)
{
	const struct kvm_want guests[] = { o->guests[0].guests[0], o->guests[1].guests[0] };
	const char *with = o->html			 ? "--html" :
			   o->all			 ? "--all" :
			   o->force			 ? "--force" :
			   o->top			 ? "--top" :
			   o->units_a > 0		 ? "--per" :
			   o->margin > 0		 ? "--margin" :
			   o->nr_by			 ? "--by" :
			   o->nr_limits			 ? "--fail-on" :
			   o->plumbing			 ? "--plumbing" :
			   window_given(&o->window)	 ? "a window" :
			   !ipi_filter_empty(&o->filter) ? "a filter" :
							   NULL;

	if (with)
		return err_set(err, EXIT_USAGE, "--kvm and %s exclude each other", with);
	if (nr != 2)
		return err_set(err, EXIT_USAGE, "--kvm compares two recordings");
	if (o->nr_guests == 1) {
		err_set(err, EXIT_USAGE, "--guest: one of A, and one of B");
		return err_hint(err, "'ipitrace diff --guest GUEST-A --guest GUEST-B A B'");
	}
	return kvm_diff_files(files[0], files[1], guests, o->json, &o->screen, err);
}

int cmd_diff(int argc, char **argv, struct err *err)
{
	struct diff_options o = { .filter = IPI_FILTER_INIT };
	int nr, ret;

	ret = opts_parse(&diff_spec, &o, argc, argv, &nr, err);
	if (ret)
		ret = opts_finish(&diff_spec, ret);
	else if (o.kvm)
		ret = compare_kvm(&o, argv + 1, (unsigned int)nr, err);
	else
		ret = check_limits(&o, err) ? -1 : compare(&o, argv + 1, (unsigned int)nr, err);
	for (size_t i = 0; i < ARRAY_SIZE(o.guests); i++)
		kvm_options_free(&o.guests[i]);
	ipi_filter_free(&o.filter);
	plumbing_free(o.plumbing);
	return ret;
}
