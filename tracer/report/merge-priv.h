/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/merge-priv.h - what the two halves of a merge share: reading (merge-read.c), joining (merge.c).
 */
#ifndef IPITRACE_REPORT_MERGE_PRIV_H
#define IPITRACE_REPORT_MERGE_PRIV_H

#include "base/hash.h"
#include "report/info.h"
#include "report/merge.h"

struct merge_line {
	char *texts[AGG_NR_KEYS]; /* numbers, too; NULL = none, or several */
	struct agg_row agg;
};

/* What is said of a recording in words. */
enum merge_text {
	MERGE_KERNEL,
	MERGE_ARCH,
	MERGE_HOST,
	MERGE_CLOCK,
	MERGE_TIER,
	MERGE_COMMAND,
	MERGE_DATE,
	MERGE_KEPT,
	MERGE_RECORDER,
	MERGE_STAMP,
	MERGE_DAMAGED,
	MERGE_FILTERS,
	MERGE_OFFLINE,
	MERGE_USER_STACKS,
	MERGE_NR_TEXTS,
};

struct merge {
	bool force, begun;
	char *forced;
	struct trace_info trace;
	char *texts[MERGE_NR_TEXTS];
	bool windowed;
	uint64_t whole_ns, duration_ns; /* sums */
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	struct merge_line *lines;
	unsigned int nr_lines, room;
	struct hash by_keys; /* of lines */
	struct agg_row own;
	struct hist unsolicited[IPI_NR_CLASSES];
	struct report_source *sources;
	unsigned int nr_sources;
	struct report_sums sums;
	struct report report;
};

/* Takes what is in the line. */
void merge_line(struct merge *m, struct merge_line *from);
void merge_line_free(struct merge_line *l);
/* Counts and distributions; takes those of from. */
void merge_counts(struct agg_row *to, struct agg_row *from);
void merge_row_free(struct agg_row *row);
void merge_source_free(struct report_source *s);

#endif
