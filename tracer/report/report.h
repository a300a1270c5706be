/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/report.h - rows with names: the one model that every renderer draws.
 *
 * Built once from an aggregation; all texts in it are sanitised. Numbers stay
 * integers in ns.
 */
#ifndef IPITRACE_REPORT_H
#define IPITRACE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "report/agg.h"
#include "report/info.h"

struct analysis;

struct report_row {
	const struct agg_row *agg;
	char *caller, *callsite, *func; /* NULL = mixed, or none */
	const char *class;
	char *comm;
	char **frames;
	unsigned int nr_frames; /* innermost first */
	char *stack;		/* the frames in one line */
};

struct report {
	const struct trace_info *trace;
	struct match_totals totals; /* of what passes the filters */
	const struct agg_row *own;
	bool filtered;
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	struct report_row *rows;
	unsigned int nr_rows;
	struct {
		const char *name;
		uint64_t interrupts;
		const struct hist *unsolicited; /* handler times of those whose sender is not known */
	} classes[IPI_NR_CLASSES];
	unsigned int nr_classes; /* the usual four, and those that occurred */
	struct coverage coverage[ANALYSIS_MAX_COVERAGE];
	unsigned int nr_coverage;
};

/* After analysis_run(). by as given to agg_new(). */
void report_build(struct report *r, struct analysis *a, struct agg *agg, const enum agg_key *by, unsigned int nr_by,
		  bool filtered);
void report_free(struct report *r);
/* Events are missing, or the recording is not whole: exit code 3. */
bool report_incomplete(const struct report *r);

const char *report_key_name(enum agg_key key);
/* "caller,func" into by[]; *nr_by in: room. */
int report_parse_by(const char *list, enum agg_key *by, unsigned int *nr_by, struct err *err);

/* --- columns --- */

enum value_type {
	VALUE_NONE, /* mixed, or does not exist */
	VALUE_TEXT,
	VALUE_COUNT,
	VALUE_ID,   /* CPU or task number */
	VALUE_NS,   /* a span of time */
	VALUE_WHEN, /* a point in time of the trace clock, ns */
};

struct value {
	enum value_type type;
	const char *text;
	uint64_t num;
};

enum column_kind { COLUMN_KEY, COLUMN_COUNT, COLUMN_DIST };

/* One row here is the CSV header, the text header, the help line and the --sort key. */
struct column {
	const char *id;
	const char *header;
	const char *help;
	enum column_kind kind;
	size_t offset;	   /* enum agg_key; in struct agg_counts; of a hist in struct agg_row */
	unsigned int stat; /* DIST */
};

extern const struct column report_columns[];
extern const unsigned int report_nr_columns;

const struct column *column_find(const char *id);
struct value column_value(const struct column *c, const struct report_row *row);
/* "a,b,c" or "+d,e" (in addition to what *list holds). *list is malloc'ed. */
int columns_parse(const char *text, const struct column ***list, unsigned int *nr, struct err *err);
/* Stable order; see report/columns.c for what decides between equals. */
void report_sort(struct report *r, const struct column *by);

#endif
