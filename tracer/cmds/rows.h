/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/rows.h - which rows, in which order, in which format: the options of all commands that print a report's.
 */
#ifndef IPITRACE_CMDS_ROWS_H
#define IPITRACE_CMDS_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opts.h"
#include "render/render.h"
#include "report/agg.h"
#include "report/columns.h"

/* Zeroed: by caller and function, all of them, as text. */
struct rows_options {
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	const char *sort, *fields;
	const struct column *(*also_column)(
		const char *name); /* what else is one, for the command to look at; or NULL */
	const struct column *more; /* of another table, for --fields and --sort as well */
	unsigned int nr_more;
	const struct column **columns;
	unsigned int nr_columns;
	uint64_t top;
	bool json, csv, raw_csv;
};

#define ROWS_NR_OPTIONS 7
#define ROWS_NR_CHOICES 3 /* of these, which rows and columns, not in what format */
extern const struct opt rows_options[ROWS_NR_OPTIONS];
/* base: offset of the struct rows_options. */
#define OPT_ROWS_GROUP(b)                                                                                              \
	{                                                                                                              \
		.title = "Rows", .rows = rows_options, .nr = ROWS_NR_OPTIONS, .base = (b)                              \
	}

enum rows_format { ROWS_TEXT, ROWS_JSON, ROWS_CSV, ROWS_RAW_CSV };

/* enum rows_format; -1 and *err if several are asked for. */
int rows_format(const struct rows_options *o, struct err *err);
/* Of those options that exclude each other (from 1 on) the one that was given; 0 = none, -1 = two, with *err. */
int rows_only_one(const bool *given, const char *const *names, int nr, struct err *err);
/* The keys that are used if none were asked for; returns how many were. */
unsigned int rows_usual_keys(struct rows_options *o);
const struct column *rows_sort_column(const struct rows_options *o);
/* Columns and all else that these options say of how a report is drawn. */
int rows_render_options(struct rows_options *o, const struct report *r, const struct render_ops *ops,
			struct render_options *ro, struct err *err);
void rows_free(struct rows_options *o);

#endif
