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
#include "cmds/cmd.h"
#include "cmds/reading.h"
#include "cmds/screen.h"
#include "report/agg.h"
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
	struct screen_options screen;
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
	{ 'i', "input", "FILE", OPT_STRING, OPTION(input), READING_INPUT_HELP, NULL, 0, 0 },
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
		OPT_SCREEN_GROUP(offsetof(struct report_options, screen)),
		OPT_FILTER_GROUP(offsetof(struct report_options, filter)),
	},
};

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
		.screen = screen_of_stdout(&o->screen),
		.may_drop = !o->fields,
		.raw_text = o->raw_csv,
	};

	if (o->fields ? *o->fields == '+' : ops->usual_columns)
		columns_usual(r, &o->columns, &o->nr_columns);
	if (o->fields && columns_parse(o->fields, &o->columns, &o->nr_columns, err))
		return -1;
	ro.columns = o->columns;
	ro.nr_columns = o->nr_columns;
	if (ops == &render_text)
		pager_start(&o->screen, &ro.screen);
	return render_report(ops, r, &ro, stdout, err);
}

static int report_file(struct report_options *o, const char *path, const struct render_ops *format, struct err *err)
{
	static const enum agg_key usual[] = { AGG_KEY_CALLER, AGG_KEY_FUNC };
	const enum agg_key *by = o->nr_by ? o->by : usual;
	unsigned int nr_by = o->nr_by ? o->nr_by : ARRAY_SIZE(usual);
	struct report r = { 0 };
	struct reading in;
	struct agg *agg = NULL;
	int ret = -1;

	if (reading_open(&in, path, o->buffer, &o->filter, err))
		goto out;
	agg = agg_new(by, nr_by, span_filter_by_sender(in.filter), &in.names);
	if (reading_run(&in, &(struct span_sink){ .span = agg_span, .ctx = agg }, err))
		goto out;
	report_build(&r, in.analysis, agg, by, nr_by, in.filter != NULL);
	r.offline = analysis_offline(in.analysis, &o->filter);
	r.filters = reading_filters(&in);
	report_sort(&r, column_find(o->sort ? o->sort : "target_hits"));
	if (render(o, &r, format, err))
		goto out;
	ret = reading_status(&r, err);
out:
	report_free(&r);
	agg_free(agg);
	reading_close(&in);
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
	path = format ? reading_file("report", o.input, argv, nr, err) : NULL;
	if (path)
		ret = report_file(&o, path, format, err);
out:
	ipi_filter_free(&o.filter);
	free(o.columns);
	return ret;
}
