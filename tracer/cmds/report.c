// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/report.c - ipitrace report: a recording as rows per caller and function.
 */
#include <langinfo.h>
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
#include "base/text.h"
#include "cmds/cmd.h"
#include "report/agg.h"
#include "report/analysis.h"
#include "report/filter.h"
#include "render/debug.h"
#include "render/render.h"

struct report_options {
	const char *input, *sort, *buffer;
	bool json, csv, raw_csv;
	uint64_t top;
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	const struct column **columns;
	unsigned int nr_columns;
	const char *fields;
	struct ipi_filter filter;
};

static int parse_by(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct report_options *o = target;

	(void)spec;
	o->nr_by = ARRAY_SIZE(o->by);
	return report_parse_by(arg, o->by, &o->nr_by, err);
}

static int parse_sort(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	if (!column_find(arg)) {
		err_set(err, EXIT_USAGE, "'%s': unknown column", arg);
		return err_hint(err, "for instance target_hits, delivery_p99, handler_sum, caller; "
				     "'ipitrace report --help columns' lists all");
	}
	*(const char **)target = arg;
	return 0;
}

#define OPTION(m) offsetof(struct report_options, m)
static const struct opt rows[] = {
	{ 'i', "input", "FILE", OPT_STRING, OPTION(input), "recording to read (default: ipitrace.dat, else trace.dat)",
	  NULL, 0, 0 },
	{ 0, "buffer", "NAME", OPT_STRING, OPTION(buffer),
	  "only this ring buffer of the file: 'top' or an instance (default: all)", NULL, 0, 0 },
	{ 0, "by", "KEYS", OPT_CUSTOM, 0,
	  "one row per: caller, callsite, func, class, source, target, comm, pid, stack "
	  "(default: caller,func)",
	  parse_by, 0, 0 },
	{ 0, "sort", "COLUMN", OPT_CUSTOM, OPTION(sort), "largest first, names alphabetically (default: target_hits)",
	  parse_sort, 0, 0 },
	{ 'f', "fields", "COLUMNS", OPT_STRING, OPTION(fields), "columns to show; +COLUMNS: besides the default ones",
	  NULL, 0, 0 },
	{ 'n', "top", "N", OPT_U64, OPTION(top), "only the first N rows", NULL, 1, UINT32_MAX },
	{ 0, "json", NULL, OPT_FLAG, OPTION(json), "JSON: everything, integers in ns", NULL, 0, 0 },
	{ 0, "csv", NULL, OPT_FLAG, OPTION(csv), "CSV: the rows, integers in ns", NULL, 0, 0 },
	{ 0, "raw-csv", NULL, OPT_FLAG, OPTION(raw_csv), "CSV without ' in front of texts that begin with = + - @",
	  NULL, 0, 0 },
};

static const struct opt_topic topics[] = { { "columns", render_columns }, { 0 } };

const struct opt_spec report_spec = {
	.command = "report",
	.synopsis = "[options] [FILE]",
	.summary = "show a recording's IPIs: who sends them, what they run, how long they take",
	.details = "'ipitrace report --help columns' lists what --fields and --sort take.\n\n"
		   "Exit status: 0 ok, 1 failed, 2 usage, 3 events were lost or the file is incomplete.\n",
	.topics = topics,
	.max_operands = 1,
	.groups = {
		OPT_GROUP(NULL, rows, 0),
		OPT_FILTER_GROUP(offsetof(struct report_options, filter)),
	},
};

static const char *input_file(const struct report_options *o, char **argv, int nr, struct err *err)
{
	if (o->input && nr) {
		err_set(err, EXIT_USAGE, "two files given: '%s' and '%s'", o->input, argv[1]);
		return NULL;
	}
	if (o->input || nr)
		return o->input ? o->input : argv[1];
	if (!access("ipitrace.dat", F_OK))
		return "ipitrace.dat";
	if (!access("trace.dat", F_OK))
		return "trace.dat";
	err_set(err, EXIT_FAILED, "no recording given, and neither ipitrace.dat nor trace.dat here");
	err_hint(err, "make one with 'ipitrace record', or name one: 'ipitrace report FILE'");
	return NULL;
}

/* The format that an option asked for; text without one, NULL and *err if there are two. */
static const struct render_ops *chosen_format(const struct report_options *o, struct err *err)
{
	static const struct {
		const char *name;
		size_t flag;
		const struct render_ops *ops;
	} formats[] = {
		{ "--json", OPTION(json), &render_json },
		{ "--csv", OPTION(csv), &render_csv },
		{ "--raw-csv", OPTION(raw_csv), &render_csv },
	};
	const char *first = NULL;
	const struct render_ops *ops = &render_text;

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!*(const bool *)((const char *)o + formats[i].flag))
			continue;
		if (first) {
			err_set(err, EXIT_USAGE, "%s and %s exclude each other", first, formats[i].name);
			return NULL;
		}
		first = formats[i].name;
		ops = formats[i].ops;
	}
	return ops;
}

static int render(struct report_options *o, const struct report *r, const struct render_ops *ops, struct err *err)
{
	struct render_options ro = {
		.top = (unsigned int)o->top,
		.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
		.may_drop = !o->fields,
		.raw_text = o->raw_csv,
	};

	if (o->fields ? *o->fields == '+' : ops->usual_columns)
		columns_usual(r, &o->columns, &o->nr_columns);
	if (o->fields && columns_parse(o->fields, &o->columns, &o->nr_columns, err))
		return -1;
	ro.columns = o->columns;
	ro.nr_columns = o->nr_columns;
	return render_report(ops, r, &ro, stdout, err);
}

/* The report is printed; this says on stderr why the exit code is 3: record's reasons, and one line of our own. */
static int incomplete(const struct report *r, struct err *err)
{
	const struct trace_info *t = r->trace;
	char text[512];

	for (unsigned int i = 0; i < t->nr_reasons; i++) {
		sanitize(text, sizeof(text), t->reasons[i]);
		fprintf(stderr, "ipitrace: %s\n", text);
	}
	if (t->truncated)
		err_set(err, EXIT_INCOMPLETE, "the file ends before its data does: this is a part of it");
	else if (t->damaged)
		err_set(err, EXIT_INCOMPLETE, "the file is damaged: its %s is not as it was written", t->damaged);
	else if (t->nr_reasons)
		err_set(err, EXIT_INCOMPLETE, "the recording is incomplete");
	else if (t->incomplete)
		err_set(err, EXIT_INCOMPLETE, "the recording did not end as it should");
	else if (r->missing)
		err_set(err, EXIT_INCOMPLETE,
			"/proc/interrupts counted at least %llu %s, %llu are in the recording: events are missing",
			(unsigned long long)r->missing->low, r->missing->what, (unsigned long long)r->missing->traced);
	else if (t->lost_unknown)
		err_set(err, EXIT_INCOMPLETE, "events are missing, nobody knows how many");
	else if (t->lost_events)
		err_set(err, EXIT_INCOMPLETE, "%llu events were lost", (unsigned long long)t->lost_events);
	else
		err_set(err, EXIT_INCOMPLETE, "%llu events came too late to be matched",
			(unsigned long long)t->late_events);
	if (!t->truncated && !t->damaged && !t->incomplete && !t->bad_pages && !r->missing)
		err_hint(
			err,
			"record with a bigger buffer (-m SIZE), without stacks (--no-stack), or fewer targets (-C LIST)");
	return EXIT_INCOMPLETE;
}

static int report_file(struct report_options *o, const char *path, const struct render_ops *format, struct err *err)
{
	static const enum agg_key usual[] = { AGG_KEY_CALLER, AGG_KEY_FUNC };
	const enum agg_key *by = o->nr_by ? o->by : usual;
	unsigned int nr_by = o->nr_by ? o->nr_by : ARRAY_SIZE(usual), nr_filters = 1;
	const struct ipi_filter *filters[2] = { &o->filter };
	struct span_filter *filter = NULL;
	const struct facts *facts;
	struct analysis *a = NULL;
	struct report r = { 0 };
	struct span_names names;
	struct debug debug;
	struct agg *agg = NULL;
	struct span_sink sink;
	int ret = -1;

	if (debug_init(&debug, getenv("IPITRACE_DEBUG"), stderr, err) || analysis_open(&a, path, o->buffer, err))
		goto out;
	if (ipi_filter_check(&o->filter, analysis_info(a)->cpus, err))
		goto out;
	facts = analysis_facts(a);
	if (facts)
		filters[nr_filters++] = &facts->filter;
	names = analysis_names(a);
	filter = span_filter_new(filters, nr_filters, &names);
	agg = agg_new(by, nr_by, span_filter_by_sender(filter), &names);
	sink = span_filter_sink(filter, &(struct span_sink){ .span = agg_span, .ctx = agg });
	debug_attach(&debug, &sink);
	if (debug.decode.on)
		analysis_set_tap(a, debug_events, &debug);
	if (analysis_run(a, &sink, err))
		goto out;
	report_build(&r, a, agg, by, nr_by, filter != NULL);
	r.offline = analysis_offline(a, &o->filter);
	report_sort(&r, column_find(o->sort ? o->sort : "target_hits"));
	if (render(o, &r, format, err))
		goto out;
	ret = report_incomplete(&r) ? incomplete(&r, err) : EXIT_OK;
out:
	report_free(&r);
	agg_free(agg);
	span_filter_free(filter);
	analysis_close(a);
	return ret;
}

int cmd_report(int argc, char **argv, struct err *err)
{
	struct report_options o = { .filter = IPI_FILTER_INIT };
	const struct render_ops *format;
	const char *path;
	int nr, ret;

	ret = opts_parse(&report_spec, &o, argc, argv, &nr, err);
	if (ret) {
		ret = opts_finish(&report_spec, ret);
		goto out;
	}
	ret = -1;
	format = chosen_format(&o, err);
	path = format ? input_file(&o, argv, nr, err) : NULL;
	if (path)
		ret = report_file(&o, path, format, err);
out:
	ipi_filter_free(&o.filter);
	free(o.columns);
	return ret;
}
