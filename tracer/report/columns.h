/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/columns.h - the table of columns: a column is one row of report_columns[].
 *
 * Its name in --fields, --sort and CSV, its header, its key in JSON, its unit,
 * its help and its line of the man page all come from there. Numbers stay
 * integers in ns.
 */
#ifndef IPITRACE_REPORT_COLUMNS_H
#define IPITRACE_REPORT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "report/agg.h"

struct report;
struct report_row;

enum column_unit {
	UNIT_NAME,  /* a text */
	UNIT_STACK, /* names of functions; in one line, except in JSON */
	UNIT_COUNT,
	UNIT_ID,    /* number of a CPU or task: smallest first */
	UNIT_NS,    /* a span of time */
	UNIT_WHEN,  /* a point in time of the trace clock, ns */
	UNIT_MILLI, /* thousandths, of what the heading says */
};

/* In the column's unit. */
struct value {
	bool none; /* mixed, or does not exist */
	const char *text;
	uint64_t num;
};

struct column {
	const char *id;		/* --fields, --sort; CSV adds "_ns" to times */
	const char *header;	/* of the text table */
	const char *object;	/* in JSON: the object that it is in, which is null without samples; NULL = none */
	const char *json;	/* in JSON: its key */
	unsigned int json_rank; /* place among its object's: by this, then as in the table */
	enum column_unit unit;
	const char *help;
	unsigned int shown; /* 0: on demand. Else usually: the lowest go first where the terminal is narrow */
	struct value (*get)(const struct column *c, const struct report_row *row);
	size_t offset;	   /* for get(): enum agg_key; in struct agg_counts; of a hist in struct agg_row */
	unsigned int stat; /* for get(), of a hist */
};

#define COLUMN_STAYS 100 /* shown: never left out */

extern const struct column report_columns[];
extern const unsigned int report_nr_columns;

/*
 * By its id, its heading, its name in CSV or in JSON, in any case; '-', '.' and
 * '_' are the same. A distribution's name is its median. NULL = none.
 */
const struct column *column_find(const char *name);
/* The same, of another table. */
const struct column *column_find_in(const struct column *table, unsigned int nr, const char *name);
/* The error of a name that is none. */
int column_unknown(const char *name, struct err *err);
/* A column of the distribution of times that this names: "delivery", or any of its columns; NULL = none. */
const struct column *column_find_dist(const char *name);
struct value column_value(const struct column *c, const struct report_row *row);
const struct column *column_of_key(enum agg_key key);
/* What --by can name. */
bool column_is_key(const struct column *c);
/* Of a column in an object: how many samples the object has. */
uint64_t column_samples(const struct column *c, const struct report_row *row);
/* ... and the samples themselves. */
const struct hist *column_hist(const struct column *c, const struct report_row *row);
const char *column_unit_name(enum column_unit unit); /* "ns" */

/* "a,b,c" or "+d,e" (in addition to what *list holds). *list is malloc'ed. */
int columns_parse(const char *text, const struct column ***list, unsigned int *nr, struct err *err);
/* The same, with columns of another table, which come first where a name is of both. */
int columns_parse_in(const struct column *more, unsigned int nr_more, const char *text, const struct column ***list,
		     unsigned int *nr, struct err *err);
/* What is shown if nobody says: the report's keys, the class, and what the table says; *list is malloc'ed. */
void columns_usual(const struct report *r, const struct column ***list, unsigned int *nr);
/* For people: where no column says which row it is, the report's keys in front. */
void columns_name_rows(const struct report *r, const struct column ***list, unsigned int *nr);
/* All, in the order that JSON has them; malloc'ed. */
const struct column **columns_json(void);

/* --- keys of rows --- */

const char *report_key_name(enum agg_key key);
/* "caller,func" into by[]; *nr_by in: room. */
int report_parse_by(const char *list, enum agg_key *by, unsigned int *nr_by, struct err *err);

/* Stable order; see report/columns.c for what decides between equals. */
void report_sort(struct report *r, const struct column *by);

#endif
