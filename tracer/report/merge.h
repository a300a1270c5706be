/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/merge.h - reports of many recordings and hosts, as JSON, into one report.
 *
 * Counts and buckets add, percentiles are those of the sums, rows are joined by
 * their keys. What is said of one recording stays if all say the same. So it is
 * the same, whichever are merged first: merges can be merged.
 *
 * Rows keep the names of their keys, offsets and all, as long as there is one
 * kernel release; offsets mean nothing in another one, and are left out where
 * there are several.
 *
 * Memory is that of the rows and of one line for each report.
 */
#ifndef IPITRACE_REPORT_MERGE_H
#define IPITRACE_REPORT_MERGE_H

#include <stdbool.h>

#include "base/err.h"
#include "report/report.h"

struct merge;

/* force: add what claims something else (tier, filters, window, clock), too. */
struct merge *merge_new(bool force);
void merge_free(struct merge *m);
/* A report's file, or one that merge made; "-": standard input. */
int merge_add(struct merge *m, const char *path, struct err *err);
/*
 * After all were added: the sum, once. It is the merge's, with all in it, and
 * lives as long. *forced: the first difference that was forced, or NULL.
 */
struct report *merge_report(struct merge *m, const char **forced);
/* A report that seems to be in it twice: same host, date and time; NULL: none. After merge_report(). */
const struct report_source *merge_twice(const struct merge *m);

#endif
