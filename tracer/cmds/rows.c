// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/rows.c - which rows, in which order, in which format.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "cmds/rows.h"

static int parse_by(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct rows_options *o = target;

	(void)spec;
	o->nr_by = ARRAY_SIZE(o->by);
	return report_parse_by(arg, o->by, &o->nr_by, err);
}

static bool also_column(const struct rows_options *o, const char *name)
{
	if (column_find_in(o->more, o->nr_more, name))
		return true;
	return o->also_column && !column_find(name) && o->also_column(name);
}

static int parse_sort(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct rows_options *o = target;

	(void)spec;
	if (!column_find(arg) && !also_column(o, arg))
		return column_unknown(arg, err);
	o->sort = arg;
	return 0;
}

/* At once, not when there is something to show: stat would have measured for nothing. */
static int parse_fields(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct rows_options *o = target;
	const struct column **list = NULL;
	unsigned int nr = 0;
	int ret = also_column(o, arg) ? 0 : columns_parse_in(o->more, o->nr_more, arg, &list, &nr, err);

	(void)spec;
	free(list);
	if (!ret)
		o->fields = arg;
	return ret;
}

#define OPTION(m) offsetof(struct rows_options, m)
const struct opt rows_options[ROWS_NR_OPTIONS] = {
	{ 0, "by", "KEYS", OPT_CUSTOM, 0,
	  "one row per: caller, callsite, func, class, source, target, comm, pid, process, stack, ufunc, context, cgroup, "
	  "victim, depth, wakee, waker, idle, slowest (default: caller,func)",
	  parse_by, 0, 0 },
	{ 0, "sort", "COLUMN", OPT_CUSTOM, 0, "largest first, names alphabetically (default: target_hits)", parse_sort,
	  0, 0 },
	{ 'f', "fields", "COLUMNS", OPT_CUSTOM, 0, "columns to show; +COLUMNS: besides the default ones", parse_fields,
	  0, 0 },
	{ 'n', "top", "N", OPT_U64, OPTION(top), "only the first N rows", NULL, 1, UINT32_MAX },
	{ 0, "json", NULL, OPT_FLAG, OPTION(json), "JSON: everything, integers in ns", NULL, 0, 0 },
	{ 0, "csv", NULL, OPT_FLAG, OPTION(csv), "CSV: the rows, integers in ns", NULL, 0, 0 },
	{ 0, "raw-csv", NULL, OPT_FLAG, OPTION(raw_csv), "CSV without ' in front of texts that begin with = + - @",
	  NULL, 0, 0 },
};

int rows_only_one(const bool *given, const char *const *names, int nr, struct err *err)
{
	int found = 0;

	for (int i = 1; i < nr; i++) {
		if (!given[i])
			continue;
		if (found)
			return err_exclude(err, names[found], names[i]);
		found = i;
	}
	return found;
}

int rows_format(const struct rows_options *o, struct err *err)
{
	static const char *const names[] = { NULL, "--json", "--csv", "--raw-csv" };
	const bool given[] = { false, o->json, o->csv, o->raw_csv };

	return rows_only_one(given, names, ARRAY_SIZE(names), err);
}

unsigned int rows_usual_keys(struct rows_options *o)
{
	static const enum agg_key usual[] = { AGG_KEY_CALLER, AGG_KEY_FUNC };
	unsigned int asked = o->nr_by;

	if (!asked) {
		o->nr_by = ARRAY_SIZE(usual);
		memcpy(o->by, usual, sizeof(usual));
	}
	return asked;
}

const struct column *rows_sort_column(const struct rows_options *o)
{
	for (unsigned int i = 0; i < o->nr_by && !o->sort; i++)
		if (o->by[i] == AGG_KEY_SLOWEST)
			return column_find("calls");
	return column_find(o->sort ? o->sort : "target_hits");
}

int rows_render_options(struct rows_options *o, const struct report *r, const struct render_ops *ops,
			struct render_options *ro, struct err *err)
{
	rows_free(o);
	if (o->fields ? *o->fields == '+' : ops->usual_columns)
		columns_usual(r, &o->columns, &o->nr_columns);
	if (o->fields && columns_parse_in(o->more, o->nr_more, o->fields, &o->columns, &o->nr_columns, err))
		return -1;
	if (o->fields && !o->json && !o->csv && !o->raw_csv)
		columns_name_rows(r, &o->columns, &o->nr_columns);
	ro->top = (unsigned int)o->top;
	ro->may_drop = !o->fields;
	ro->raw_text = o->raw_csv;
	ro->columns = o->columns;
	ro->nr_columns = o->nr_columns;
	return 0;
}

void rows_free(struct rows_options *o)
{
	free(o->columns);
	o->columns = NULL;
	o->nr_columns = 0;
}
