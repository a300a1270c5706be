/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/top.h - an interval of a live view: its rows, the slowest hits of each, and CPUs under a storm.
 *
 * With a condition (that of "list --where") only lines that pass it count: hits, interrupts that nobody is known to have
 * sent, wake-ups without an IPI. Sends and calls of their own are no lines, so that columns of them do not exist then.
 *
 * Memory depends on the number of rows (TOP_MAX_ROWS), not on how long an interval is.
 */
#ifndef IPITRACE_REPORT_TOP_H
#define IPITRACE_REPORT_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/expr.h"
#include "match/match.h"
#include "report/agg.h"
#include "report/columns.h"
#include "report/report.h"

#define TOP_MAX_ROWS 10000u
#define TOP_SLOWEST  5u /* hits of a row that are kept */
/* So many hits a second on one CPU are a storm: with some us for each, they are several percent of it. */
#define TOP_STORM_PER_S 10000u

struct analysis;
struct top_rows;

/* by_sender as of agg_new(). */
struct top_rows *top_rows_new(struct analysis *a, bool by_sender);
void top_rows_free(struct top_rows *t);
/* Empty, by these keys, from from_ns on. where: of list_expr_compile(), borrowed, or NULL. first: of interval_begin(). */
void top_rows_begin(struct top_rows *t, const enum agg_key *by, unsigned int nr_by, const struct expr *where,
		    uint64_t from_ns, bool first);
/* An ipi_span_fn; ctx is the struct top_rows. */
void top_rows_span(void *ctx, const struct ipi_span *span);
/* Pids may be other tasks' by now. */
void top_rows_forget_tasks(struct top_rows *t);
/* More rows than TOP_MAX_ROWS: all others are in one, without keys. */
bool top_rows_full(const struct top_rows *t);
/* The report of the interval up to to_ns; it lives as long as t, until top_rows_begin(). filters: malloc'ed or NULL. */
const struct report *top_rows_report(struct top_rows *t, uint64_t to_ns, char *filters);
/* Sorts the report again. */
void top_rows_sort(struct top_rows *t, const struct column *by);

/* --- beside the rows --- */

struct top_storm {
	uint32_t cpu;
	uint64_t hits; /* in the interval */
};

/* One of the slowest hits of a row; times IPI_NO_TIME where they are not known. */
struct top_slow {
	uint64_t at_ns, delivery_ns, func_ns, handler_ns;
	uint32_t source, target;
	char sender[48]; /* "name-pid" */
};

struct top_detail {
	struct top_slow slow[TOP_SLOWEST]; /* slowest delivery first */
	unsigned int nr_slow;
	char **frames;			     /* of the sender's stack of the slowest, from the caller outwards */
	unsigned int nr_frames, nr_plumbing; /* the latter are left out */
};

/* CPUs under a storm, the worst first; returns how many there are, of which max are in storms. */
unsigned int top_rows_storms(const struct top_rows *t, struct top_storm *storms, unsigned int max);
/* Of a row of the report; top_detail_free(). */
void top_rows_detail(struct top_rows *t, const struct report_row *row, struct top_detail *d);
void top_detail_free(struct top_detail *d);

/* --- columns of an interval: report/top-columns.c --- */

/* rate: hits a second; stolen: time in handlers, percent of a CPU. Both of the row's trace, whose length they go by. */
extern const struct column top_columns[];
extern const unsigned int top_nr_columns;

/* Of these or of a report's; NULL = none. */
const struct column *top_column_find(const char *name);
/* What is shown if nobody says; *list is malloc'ed. */
void top_columns_usual(const struct report *r, const struct column ***list, unsigned int *nr);
/* nr a second, in thousandths; percent likewise. 0 of no time. */
uint64_t top_per_s(uint64_t nr, uint64_t ns);
uint64_t top_percent(uint64_t part_ns, uint64_t ns);

#endif
