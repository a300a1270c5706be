/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/agg-priv.h - what report/agg.c (spans, counting) and report/agg-rows.c (tasks, sites, rows) share.
 */
#ifndef IPITRACE_AGG_PRIV_H
#define IPITRACE_AGG_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpuset.h"
#include "base/hash.h"
#include "report/agg.h"

#define NO_ROW UINT32_MAX

/* A sending task: asked once per pid. */
struct task {
	int32_t pid;
	uint32_t comm; /* index + 1 in agg.comms */
	bool own, pass;
};

struct site {
	uint64_t key[5]; /* callsite, func, stack|class, source|target, pid|comm */
	uint32_t row;	 /* index in agg.rows; NO_ROW = it has none so far */
	bool own, pass;
};

/*
 * The whole identity of a span seen before, and where it counts: spans repeat.
 * Direct-mapped, a mere shortcut past task and site.
 */
struct memo {
	uint64_t callsite, func;
	uint64_t cpus; /* source and target */
	uint64_t who;  /* stack and pid */
	uint32_t class;
	uint32_t row; /* MEMO_*, or index in agg.rows */
};
#define MEMO_BITS  10
#define MEMO_SLOTS (1u << MEMO_BITS)
#define MEMO_FREE  UINT32_MAX
#define MEMO_OWN   (UINT32_MAX - 1)

struct agg {
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	uint32_t by_mask; /* bit per enum agg_key */
	/*
	 * CPUs and classes of all filters intersected (own copies); what is asked
	 * once per task or site is left in the filters themselves.
	 */
	struct cpuset targets, sources;
	bool has_targets, has_sources;
	uint32_t classes;
	const struct ipi_filter **filters;
	unsigned int nr_filters;
	bool sender_filter, cpu_class_filter, any_filter;
	struct agg_names names;

	struct memo *memos;
	const struct memo *last;  /* of the span before: most spans come with others of the same IPI */
	struct agg_row *last_row; /* where it counted */
	struct task *tasks;
	uint32_t nr_tasks, max_tasks;
	struct hash tasks_by_pid;
	struct site *sites;
	uint32_t nr_sites, max_sites;
	struct hash sites_by_key;
	struct agg_row *rows;
	uint32_t nr_rows, max_rows;
	struct hash rows_by_key;
	uint64_t *callers;
	uint32_t nr_callers; /* by stack; CALLER_UNKNOWN = not asked yet */
	const char **comms;
	uint32_t nr_comms;

	struct agg_row own;
	struct hist unsolicited[IPI_NR_CLASSES];
	struct match_totals totals;
};

/* Row of a span of an identity not seen before, new if need be; NULL if a filter refuses it. */
struct agg_row *agg_row_find(struct agg *a, const struct ipi_span *s, uint32_t target);

#endif
