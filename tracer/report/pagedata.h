/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/pagedata.h - a sink for what a page of HTML shows beyond a report: in front of an aggregation.
 *
 * What grows with a recording is counted by time in cells that get coarser
 * (report/cube.h): sums are exact, of the whole and of every bin. Single IPIs
 * are kept where there is room, all of them in pieces of time that are told,
 * and the slowest of each row. Memory is bounded.
 */
#ifndef IPITRACE_REPORT_PAGEDATA_H
#define IPITRACE_REPORT_PAGEDATA_H

#include <stdbool.h>
#include <stdint.h>

#include "match/match.h"
#include "report/cube.h"
#include "report/list.h"
#include "report/report.h"
#include "report/sink.h"

struct analysis;
struct pagedata;
struct span_window;

/* Rows by their place in the aggregation; those from PAGEDATA_MAX_ROWS on are one. */
#define PAGEDATA_MAX_ROWS 1000u
enum pagedata_row {
	PAGEDATA_REST = PAGEDATA_MAX_ROWS, /* rows beyond */
	PAGEDATA_OWN,			   /* the recorder's own */
	PAGEDATA_UNSOLICITED,		   /* interrupts that nobody is known to have sent */
	PAGEDATA_NR_ROWS,
};

/* The duration of what has none, in a cube with buckets: far above all that have. */
#define PAGEDATA_UNTIMED UINT64_MAX

enum pagedata_cube {
	PAGEDATA_DELIVERY, /* hits by row (a), bucketed by delivery */
	PAGEDATA_TARGETS,  /* hits by row (a) and target (b), ns: stolen; unsolicited interrupts as well */
	PAGEDATA_TASKS,	   /* hits by row (a) and sending process (b), ns: stolen */
	PAGEDATA_MATRIX,   /* hits by source (a) and target (b), bucketed by delivery */
	PAGEDATA_FLOWS,	   /* hits by flow (a) and both CPUs (b, a pair), bucketed by delivery */
	PAGEDATA_NR_CUBES,
};

/* A row, and which of PAGEDATA_TASKS sent its hits. Of the last of many, row is PAGEDATA_REST and task what others have. */
struct pagedata_flow {
	uint32_t row, task;
};

/* A single IPI: what it is of is as in a flow, PAGEDATA_UNKNOWN where nobody knows. */
struct pagedata_single {
	struct ipi_span span;
	uint32_t row, task;
};
#define PAGEDATA_UNKNOWN UINT32_MAX

/* Which stacks a row's hits were sent from. */
struct pagedata_stack {
	uint32_t row, stack;
	uint64_t hits, stolen_ns;
};

/* Where single IPIs are all there: length_ns from pagedata_start_ns() on, and again every period_ns. */
struct pagedata_pieces {
	uint64_t period_ns, length_ns; /* equal: everywhere */
	bool cut;		       /* there were too many in a nanosecond: some are left out all the same */
};

#define PAGEDATA_SLOWEST 8u /* are kept of each row */

/*
 * Feeds agg, which the sink stands for. names as of the agg. window: what spans passed on their way here, then times are
 * since its start; NULL: the whole recording. All borrowed.
 */
struct pagedata *pagedata_new(struct analysis *a, struct span_window *window, struct agg *agg,
			      const struct span_names *names);
void pagedata_free(struct pagedata *p);
struct span_sink pagedata_sink(struct pagedata *p);

/* After the run, and before all below: bins reach to the end of what the report is of, however early the last event was. */
void pagedata_finish(struct pagedata *p, const struct report *r);
/* Cells are in order; a cube's bins begin at pagedata_start_ns(). */
const struct cube *pagedata_cube(struct pagedata *p, enum pagedata_cube which);
/* One step coarser, what is the most to write. False: it is all as coarse as can be. */
bool pagedata_shrink(struct pagedata *p);
/* Where the recording, or its window, begins. */
uint64_t pagedata_start_ns(const struct pagedata *p);
/* Nothing is known of when things were: everything is in the first bin. */
bool pagedata_timeless(const struct pagedata *p);
/* Which of PAGEDATA_* the row of a report is. */
uint32_t pagedata_row(const struct pagedata *p, const struct report_row *row);
/* A sending process by its number in PAGEDATA_TASKS, sanitised; NULL behind the last. */
const char *pagedata_task(const struct pagedata *p, uint32_t task);
/* Numbers in PAGEDATA_FLOWS; *others: that of those for which there was no room, or PAGEDATA_UNKNOWN. */
const struct pagedata_flow *pagedata_flows(const struct pagedata *p, unsigned int *nr, uint32_t *others);
/* The most frequent first; *missing: hits of those beyond. */
const struct pagedata_stack *pagedata_stacks(struct pagedata *p, unsigned int *nr, uint64_t *missing);
/* Single IPIs in order of time, and where they are all there. */
unsigned int pagedata_nr_lines(struct pagedata *p, struct pagedata_pieces *pieces);
/* The slowest of a row, the slowest first: out[] has room for PAGEDATA_SLOWEST. Returns how many. */
unsigned int pagedata_slowest(const struct pagedata *p, uint32_t row, const struct pagedata_single **out);
const struct pagedata_single *pagedata_span(const struct pagedata *p, unsigned int line);
/* A span as list has it; false: as none. Valid until the next is asked for. */
bool pagedata_line(struct pagedata *p, const struct ipi_span *span, struct list_line *line);

#endif
