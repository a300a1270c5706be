/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/list-priv.h - what report/list.c (which lines) and report/list-columns.c (what they say) share.
 */
#ifndef IPITRACE_REPORT_LIST_PRIV_H
#define IPITRACE_REPORT_LIST_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "report/analysis.h"
#include "report/list.h"

enum list_name_kind {
	LIST_NAME_FUNC,
	LIST_NAME_RETURN, /* a return address, with its offset */
	LIST_NAME_USER,	  /* the number of a user frame */
};

/* An address with its name: symbols repeat, looking them up costs. */
struct list_name {
	uint64_t addr;
	enum list_name_kind kind;
	char *text;
};

struct list_names {
	struct list_name *names;
	uint32_t nr, max;
	struct hash index;
	uint64_t *callers; /* by stack; LIST_CALLER_UNKNOWN = not asked yet */
	uint32_t nr_callers;
	char frame[256];
	char comm[64];
	char idle[IDLE_NAME_LEN];
	char *cgroup;
};

#define LIST_CALLER_UNKNOWN UINT64_MAX

/* Hits of the last LIST_RATE_NS, in steps. */
#define LIST_RATE_STEPS	  100u
#define LIST_RATE_STEP_NS (LIST_RATE_NS / LIST_RATE_STEPS)
struct list_rate {
	uint64_t steps[LIST_RATE_STEPS]; /* by number of the step, which is the last one */
	uint64_t step, sum;
	uint64_t now_ns;
	bool begun;
};

void list_rate_add(struct list_rate *r, uint64_t at_ns);
/* IPIs a second; since start_ns they are counted. False: for less than LIST_RATE_NS. */
bool list_rate_get(const struct list_rate *r, uint64_t start_ns, uint64_t *per_s);

struct list {
	struct analysis *analysis;
	struct span_names ask;
	const struct trace_info *trace;
	struct list_names names;
	struct list_choice choice;
	list_emit_fn emit;
	void *emit_ctx;

	struct order *order;
	struct span_sink ordered; /* the way into order */
	struct ipi_evidence evidence;
	bool stacks;
	uint64_t nr_lines, nr_chosen, nr_timed;
	struct list_rate rate;
	bool rate_asked;

	struct list_slow *heap; /* of the slowest, the least of them first */
	uint32_t nr_heap;
};

void list_names_free(struct list_names *n);

#endif
