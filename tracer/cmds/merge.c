// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/merge.c - ipitrace merge: the reports of many hosts as one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/text.h"
#include "cmds/cmd.h"
#include "cmds/screen.h"
#include "render/render.h"
#include "report/columns.h"
#include "report/merge.h"

struct merge_options {
	bool json, csv, raw_csv, force;
	const char *sort, *fields;
	uint64_t top;
	const struct column **columns;
	unsigned int nr_columns;
	struct screen_options screen;
};

static int parse_sort(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	if (!column_find(arg))
		return column_unknown(arg, err);
	*(const char **)target = arg;
	return 0;
}

#define OPTION(m) offsetof(struct merge_options, m)
static const struct opt rows[] = {
	{ 0, "json", NULL, OPT_FLAG, OPTION(json), "JSON: a report again, for diff and merge", NULL, 0, 0 },
	{ 0, "csv", NULL, OPT_FLAG, OPTION(csv), "CSV: the rows, integers in ns", NULL, 0, 0 },
	{ 0, "raw-csv", NULL, OPT_FLAG, OPTION(raw_csv), "CSV without ' in front of texts that begin with = + - @",
	  NULL, 0, 0 },
	{ 0, "sort", "COLUMN", OPT_CUSTOM, OPTION(sort), "largest first, names alphabetically (default: target_hits)",
	  parse_sort, 0, 0 },
	{ 'f', "fields", "COLUMNS", OPT_STRING, OPTION(fields), "columns to show; +COLUMNS: besides the default ones",
	  NULL, 0, 0 },
	{ 'n', "top", "N", OPT_U64, OPTION(top), "only the first N rows", NULL, 1, UINT32_MAX },
	{ 0, "force", NULL, OPT_FLAG, OPTION(force),
	  "add reports of other tiers, filters, windows or clocks all the same", NULL, 0, 0 },
};

static const struct opt_topic topics[] = { { "columns", render_columns }, { 0 } };

const struct opt_spec merge_spec = {
	.command = "merge",
	.synopsis = "[options] REPORT.json...",
	.summary = "add up the reports of many hosts or runs",
	.details = "Reports are files made by 'ipitrace report --json', or by merge; - is standard input.\n\n"
		   "Exit status: 0 ok, 1 failed, 2 usage, 3 a report is incomplete.\n",
	.topics = topics,
	.min_operands = 1,
	.max_operands = 1000000,
	.groups = {
		OPT_GROUP(NULL, rows, 0),
		OPT_SCREEN_GROUP(OPTION(screen)),
	},
};

static int show(struct merge_options *o, const struct report *r, struct err *err)
{
	const struct render_ops *ops = o->json ? &render_json : o->csv || o->raw_csv ? &render_csv : &render_text;
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
		screen_page(&o->screen, &ro.screen);
	return render_report(ops, r, &ro, stdout, err);
}

/* What goes without saying in none of the formats. */
static void tell(const struct merge *m, const char *forced)
{
	const struct report_source *twice = merge_twice(m);
	char text[512];

	if (forced) {
		sanitize(text, sizeof(text), forced);
		fprintf(stderr, "ipitrace: forced: %s\n", text);
	}
	if (!twice)
		return;
	sanitize(text, sizeof(text), twice->host ? twice->host : "a host without a name");
	fprintf(stderr, "ipitrace: the same recording seems to be in it twice: of %s", text);
	sanitize(text, sizeof(text), twice->date ? twice->date : "without a date, but all its numbers are equal");
	fprintf(stderr, ", %s\n", text);
}

static int status_of(const struct report *r, struct err *err)
{
	const struct report_source *first = r->sources;
	unsigned int nr = report_sources_incomplete(r);

	if (!report_incomplete(r))
		return EXIT_OK;
	while (!first->incomplete)
		first++;
	err_set(err, EXIT_INCOMPLETE, "%u of %u report%s %s incomplete, the first of them of %s", nr, r->nr_sources,
		plural_s(r->nr_sources), plural_is(nr), first->host ? first->host : "a host without a name");
	err_hint(err, "the sum is of what is there; 'merged' in --json names them all");
	return EXIT_INCOMPLETE;
}

static int merge_files(struct merge_options *o, char **files, int nr, struct err *err)
{
	struct merge *m = merge_new(o->force);
	struct report *r;
	const char *forced;
	int ret = -1;

	for (int i = 0; i < nr; i++)
		if (merge_add(m, files[i], err))
			goto out;
	r = merge_report(m, &forced);
	report_sort(r, column_find(o->sort ? o->sort : "target_hits"));
	if (show(o, r, err))
		goto out;
	tell(m, forced);
	ret = status_of(r, err);
out:
	merge_free(m);
	return ret;
}

int cmd_merge(int argc, char **argv, struct err *err)
{
	struct merge_options o = { 0 };
	int nr, ret;

	ret = opts_parse(&merge_spec, &o, argc, argv, &nr, err);
	if (ret)
		ret = opts_finish(&merge_spec, ret);
	else if (o.json + o.csv + o.raw_csv > 1)
		ret = err_exclude(err, o.json ? "--json" : "--csv", o.raw_csv ? "--raw-csv" : "--csv");
	else if (o.fields && o.json) {
		err_set(err, EXIT_USAGE, "--json has all columns: --fields does not go with it");
		ret = err_hint(err, "leave --fields out, or take --csv");
	} else
		ret = merge_files(&o, argv + 1, nr, err);
	free(o.columns);
	return ret;
}
