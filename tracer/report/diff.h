/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/diff.h - two sides of runs compared: which row of which column changed, and how sure that is.
 *
 * A run is a recording, or a report that was written as JSON. Rows are joined
 * by names: an address, and an offset into a function, mean something else in
 * the next kernel.
 *
 * What is observed: the runs, where each side has at least two. With one run a
 * side the slices of time that it was cut into; they know nothing of how runs
 * differ from each other, so that a change must then be greater than a margin.
 */
#ifndef IPITRACE_REPORT_DIFF_H
#define IPITRACE_REPORT_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/hist.h"
#include "report/agg.h"
#include "report/stats.h"

/* --- runs --- */

enum diff_metric {
	DIFF_HITS,
	DIFF_DELIVERED,
	DIFF_CALLS,
	DIFF_ELIDED,
	DIFF_DELIVERY_P50,
	DIFF_DELIVERY_P99,
	DIFF_HANDLER_P50,
	DIFF_STOLEN,
	DIFF_NR_METRICS,
};

/* What one row did in one slice of a run. */
struct diff_cell {
	uint64_t hits, delivered, calls, elided;
	struct hist delivery, handler; /* ns */
};

struct diff_line {
	char *values[AGG_NR_KEYS]; /* of the keys that rows are by, numbers as text; NULL = none */
	char *class;		   /* NULL = several */
	bool class_mixed;
	struct diff_cell *cells; /* one a slice */
	/*
	 * Of rates: one for each second that the run surely had in some stretch of its time, however short; 0 = not known.
	 * Whatever else the machine does makes a rate lower for as long as it likes, and never higher than this.
	 */
	double reached[DIFF_NR_METRICS];
};

#define DIFF_MAX_SLICES 32u

struct diff_run {
	const char *path; /* borrowed */
	bool recording;	  /* not a report's JSON, which is one slice */
	char *kernel, *tier, *clock;
	char *filters; /* what is filtered by, in one text; NULL = nothing */
	bool clock_ns;
	bool incomplete;  /* events are missing */
	uint32_t unknown; /* bit per enum diff_metric: of these counts nothing was recorded */
	bool windowed;
	uint64_t from_ns, to_ns; /* the window */
	uint64_t duration_ns;	 /* of it, or of all of it: what rates are by */
	uint64_t whole_ns;	 /* that tracing was on */
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	unsigned int nr_slices;
	double share[DIFF_MAX_SLICES]; /* of the duration; together 1 */
	struct diff_line *lines;
	unsigned int nr_lines;
	struct hash by_values;		 /* of lines */
	struct diff_cell *totals;	 /* one a slice: all lines, ipitrace's own, and unsolicited interrupts */
	double reached[DIFF_NR_METRICS]; /* by them */
};

/* A report's JSON, by its content; -1: *err. */
int diff_read_json(struct diff_run *run, const char *path, struct err *err);
void diff_run_free(struct diff_run *run);

/* For whoever fills a run: the line of these values, new with empty cells if need be. Values are copied. */
struct diff_line *diff_run_line(struct diff_run *run, char *const *values);
const struct diff_line *diff_run_find(const struct diff_run *run, char *const *values);
/* Another class that the line has; NULL: several. */
void diff_line_class(struct diff_line *line, const char *class);
/* How much there surely was where count events, or addends, amounted to x: chance may have made some of it. */
double diff_surely(double x, uint64_t count);
void diff_cell_add(struct diff_cell *to, const struct diff_cell *from);
struct diff_cell *diff_cells_new(unsigned int nr);
void diff_cells_free(struct diff_cell *cells, unsigned int nr);
/* Order by values; 0: the same names. */
int diff_lines_compare(const struct diff_line *a, const struct diff_line *b);
/*
 * A symbol as every kernel calls it: without the offset, and without what the
 * compiler appends (".isra.0"). What is only an address has no name that lasts:
 * "?". Malloc'ed; NULL of NULL.
 */
char *diff_name(const char *text);
/* Why rows by this key cannot be joined with those of another run, and what can; NULL: they can. */
const char *diff_cannot_join_by(enum agg_key key);
/* An error if rows by these keys cannot; path: whose they are, or NULL. */
int diff_check_keys(const enum agg_key *by, unsigned int nr_by, const char *path, struct err *err);
/* Its values are symbols, see diff_name(). */
bool diff_is_symbol(enum agg_key key);

/* --- columns --- */

enum diff_kind {
	DIFF_COUNT, /* events for each second or unit of work */
	DIFF_SUM,   /* ns for each second or unit of work */
	DIFF_TIME,  /* a percentile, ns */
};

struct diff_metric_info {
	const char *name; /* --fail-on: with "/s" or "/unit" behind it where it is a rate */
	const char *json; /* likewise with _per_s, _per_unit */
	const char *help;
	enum diff_kind kind;
	size_t offset; /* in struct diff_cell: of a count or a hist */
	double percentile;
};

extern const struct diff_metric_info diff_metrics[DIFF_NR_METRICS];
#define diff_is_rate(m) (diff_metrics[m].kind != DIFF_TIME)

/* --- what came of it --- */

struct diff_value {
	bool has_a, has_b; /* there is something to be counted or measured */
	double a, b;	   /* of all of the side's data */
	bool has_ratio;
	double ratio;			/* b / a */
	struct stats_interval interval; /* of the ratio, 95 %, this one alone */
	bool tested;			/* it is among those that the verdict is about */
	double p;			/* error of calling it changed, over all that are tested */
	bool significant;		/* p is at most DIFF_ERROR */
};

struct diff_row {
	const struct diff_line *line; /* names; NULL: the totals */
	const char *class;	      /* NULL = several, or none */
	bool in_a, in_b;	      /* it occurred at all */
	uint64_t seen;		      /* hits, calls and elided ones on both sides */
	struct diff_value values[DIFF_NR_METRICS];
};

/* A bound that the user set. All limits and rows together trip in error with DIFF_ERROR at most. */
struct diff_limit {
	const char *text;
	enum diff_metric metric;
	bool above; /* the ratio must not be above this one; else not below */
	double ratio;
	bool judged; /* there is something that could trip it, or what it is about is the same on both sides */
	bool tripped, by_totals;
	unsigned int nr_rows;	     /* that are over it, the totals not counted */
	const struct diff_line *row; /* the first of them, or NULL */
};

#define DIFF_ERROR	0.05
#define DIFF_CONFIDENCE 0.95
#define DIFF_MARGIN	1.5 /* what the margin should be where slices are observed */
#define DIFF_RARE	10u /* rows with less in both sides together are not tested */
#define DIFF_SHARE	0.05 /* nor with one run a side those that are less of the totals, each of the side that has more */

enum diff_observed { DIFF_NOTHING, DIFF_SLICES, DIFF_RUNS };

struct diff_side {
	struct diff_run *runs;
	unsigned int nr;
	double units; /* of work, in each run; 0: seconds count */
};

struct diff {
	struct diff_side a, b;
	enum diff_observed observed;
	bool per_unit;
	double margin; /* a change must be greater than this ratio, or less than its inverse; 1: any will do */
	bool changed;
	/* Not changed either, for nothing can be told; NULL: it can, or all is the same on both sides. */
	const char *undecided;
	/* Where slices are observed: about the least ratio of the totals' hits, or its inverse, that would show; 0: none. */
	double could_show;
	unsigned int nr_changed; /* rows, the totals not counted */
	unsigned int nr_tested;	 /* values */
	uint64_t seen_a, seen_b; /* in the totals */
	struct diff_row totals;
	struct diff_row *rows; /* changed ones first, then by how much was seen */
	unsigned int nr_rows;
	struct diff_limit *limits; /* the caller's */
	unsigned int nr_limits;
};

/* What keeps the two sides from being compared, as a text; NULL: nothing. *forceable: the user may insist. */
char *diff_obstacle(const struct diff *d, bool *forceable);
/* What can be observed of these sides. */
enum diff_observed diff_observable(const struct diff_side *a, const struct diff_side *b);
/* Sides, margin and limits are set. */
void diff_compare(struct diff *d);
/* Not the runs. */
void diff_free(struct diff *d);

#endif
