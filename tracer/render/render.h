/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/render.h - a report as text, JSON or CSV: each format is a table of operations.
 *
 * Knows columns and units, nothing of events, files or tracefs. Write errors
 * stay in the stream, where main() finds them.
 */
#ifndef IPITRACE_RENDER_RENDER_H
#define IPITRACE_RENDER_RENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "render/screen.h"
#include "report/columns.h"
#include "report/report.h"

/* What is in the cells of a matrix of sources and targets. */
enum matrix_value { MATRIX_NONE, MATRIX_COUNT, MATRIX_P50, MATRIX_P99, MATRIX_MAX };

struct render_options {
	const struct column *const *columns; /* of formats that have a choice; all of them if there are none */
	unsigned int nr_columns;
	bool may_drop;	  /* leave columns out that the terminal has no room for */
	unsigned int top; /* rows to show, 0 = all */
	bool raw_text;	  /* CSV: no apostrophe in front of what a spreadsheet takes for a formula */
	/* One of many, of a report->interval each: */
	bool brief;	/* text: one line above the rows, none below */
	bool line;	/* JSON: in one line */
	bool head_only; /* JSON: neither rows nor buckets */
	bool stamps;	/* CSV: from when to when, in front of each row */
	bool headless;	/* CSV: without the names of the columns */
	struct screen screen;
	/* Of the formats that show one thing only. */
	const struct column *hist; /* any column of the distribution */
	enum matrix_value matrix;
};

/* One report on its way out; state is the format's own, made in begin() and given back in end(). */
struct render {
	const struct render_ops *ops;
	const struct report *report;
	const struct render_options *options;
	unsigned int nr_rows; /* to be shown */
	FILE *out;
	void *state;
	bool lost_told;
};

struct render_ops {
	bool usual_columns; /* without a choice of the user, show the usual ones */
	/* What stands above the rows. */
	int (*begin)(struct render *r, struct err *err);
	int (*row)(struct render *r, const struct report_row *row, struct err *err);
	/* What stands below them. */
	int (*end)(struct render *r, struct err *err);
	/*
	 * Events are missing: how many, or IPI_LOST_UNKNOWN; 0 = none. Nothing tells
	 * more about how far to trust the rest, so that every format says it: by
	 * render_lost_events(), at a place of its own, once.
	 */
	void (*lost_events)(struct render *r, uint64_t lost);
};

extern const struct render_ops render_text, render_csv, render_json;
/* One distribution of each row: options->hist. */
extern const struct render_ops render_hist, render_hist_csv;
/* Rows by source and target as a matrix: options->matrix. */
extern const struct render_ops render_matrix, render_matrix_csv;
/* Rows with bins in time: report->bin_ns. */
extern const struct render_ops render_over_time, render_over_time_csv;

/* TLB shootdowns: report->tlb. */
extern const struct render_ops render_tlb, render_tlb_csv;

int render_report(const struct render_ops *ops, const struct report *report, const struct render_options *options,
		  FILE *out, struct err *err);
/* For the formats: calls their lost_events(). */
void render_lost_events(struct render *r);

/* The table of columns, for people, the man page and completion; fields are two blanks apart at least. */
void render_columns(FILE *out);

#endif
