/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/agg-priv.h - what report/agg.c (spans, counting) and report/agg-rows.c (tasks, sites, rows) share.
 */
#ifndef IPITRACE_REPORT_AGG_PRIV_H
#define IPITRACE_REPORT_AGG_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "report/agg.h"

/* A sender, as span_sender(): asked once. */
struct task {
	int32_t pid, tgid;
	bool own;
	uint32_t comm; /* index in agg.comms */
};

/* The raw identity of spans, as far as the keys of rows depend on it. */
struct site {
	uint64_t key[5]; /* callsite, func, stack|class|context, source|target, pid|comm */
	uint32_t row;	 /* index in agg.rows; SITE_NO_ROW: so far only own spans */
	bool own;
};
#define SITE_NO_ROW UINT32_MAX

/*
 * The whole identity of a span seen before, and where it counts: spans repeat.
 * Direct-mapped, a mere shortcut past task and site.
 */
struct memo {
	uint64_t callsite, func;
	uint64_t cpus; /* source and target */
	uint64_t who;  /* stack and pid */
	uint16_t class, level;
	uint32_t row; /* MEMO_*, or index in agg.rows */
};
#define MEMO_BITS  10
#define MEMO_SLOTS (1u << MEMO_BITS)
#define MEMO_FREE  UINT32_MAX
#define MEMO_OWN   (UINT32_MAX - 1)
#define MEMO_OTHER (UINT32_MAX - 2)

/* The last identity of a source CPU, copied: most of its spans come with others of the same IPI. */
struct recent {
	struct memo memo;
	struct agg_row *row; /* where it counts; rows may move when there are more: then it is looked up once more */
};
#define RECENT_SLOTS 256u /* by the low bits of the source */

struct agg {
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	uint32_t by_mask; /* bit per enum agg_key */
	bool by_sender;	  /* no IRQ spans come: delivered hits stand for the interrupts */
	struct span_names names;

	struct memo *memos;
	struct recent *recent;
	const struct recent *last; /* of the span before */
	struct task *tasks;
	struct site *sites;
	struct agg_row *rows;
	uint32_t nr_tasks, nr_sites, nr_rows;
	uint32_t max_rows; /* 0 = as many as there are */
	struct hash tasks_by_pid, sites_by_key, rows_by_key;
	uint64_t *callers;
	uint32_t nr_callers; /* by stack; CALLER_UNKNOWN = not asked yet */
	const char **comms;
	uint32_t nr_comms;

	struct agg_row own, others;
	struct hist unsolicited[IPI_NR_CLASSES];
	struct match_totals totals;
	const struct match_totals *given; /* those instead */
};

/* The row in which such a span would count. Rows move when there are more: good until the next span. */
struct agg_row *agg_row_of(struct agg *a, const struct ipi_span *s);
/* The row's place among the aggregation's; false: it is none of them, but the recorder's own, or of the others. */
static inline bool agg_row_index(const struct agg *a, const struct agg_row *row, unsigned int *index)
{
	uintptr_t at = (uintptr_t)row - (uintptr_t)a->rows;

	*index = (unsigned int)(at / sizeof(*row));
	return (uintptr_t)row >= (uintptr_t)a->rows && at / sizeof(*row) < a->nr_rows;
}
/* For agg.c alone: of an identity not seen before, new if need be; the own one if ipitrace itself caused it. */
struct agg_row *agg_row_find(struct agg *a, const struct ipi_span *s, uint32_t target);
bool agg_is_own(struct agg *a, const struct ipi_span *s);

#endif
