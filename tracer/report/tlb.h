/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/tlb.h - a sink that keeps to TLB work, counts its operations, and joins the kernel's own tlb_flush events.
 *
 * It stands in front of an aggregation, which gets only the spans of functions
 * that base/tlb.h knows. An operation is one flush, whatever number of CPUs
 * it asks for it: one smp_call_function_many_cond() or alike.
 */
#ifndef IPITRACE_REPORT_TLB_H
#define IPITRACE_REPORT_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"
#include "base/tlb.h"
#include "report/columns.h"
#include "report/report.h"
#include "report/sink.h"

struct analysis;
struct tlb;

/*
 * Columns of rows that have sums: those with a header are texts', those with a
 * json CSV's. CPUS counts in parts of TLB_MEAN_UNIT, PAGES-50 may be TLB_PAGES_ALL.
 */
extern const struct column tlb_columns[];
extern const unsigned int tlb_nr_columns;
#define TLB_MEAN_UNIT 1000u
const struct column *tlb_column_find(const char *name);
bool tlb_column_needs_events(const struct column *c);

/* Of a row, or of all of them and what is the recorder's own. */
struct tlb_sums {
	uint64_t flushes; /* operations that asked other CPUs */
	uint64_t by_work[TLB_NR_WORKS];
	struct hist cpus; /* that each of them asked, by IPI or by a queue that was not empty */
	struct hist wait; /* ns, see enum ipi_wait */
	uint64_t wait_unknown;
	/* Of tlb_flush events; counts of TLB_BY_SEND are flushes of its own CPU and others as the kernel begins them. */
	uint64_t reasons[TLB_NR_REASONS + 1];
	uint64_t unsent;    /* TLB_BY_SEND that no call followed: nobody had to be asked */
	uint64_t no_event;  /* functions that ran without an event: lazy, or up to date */
	uint64_t own_wrong; /* TLB_BY_WRONG_CPU of who flushes itself: it runs on behalf of another process */
	bool events;	    /* they were recorded: else what is of them does not exist */
	struct hist
		pages; /* of TLB_BY_SEND, or of the flush that an operation of a hypercall is; without those of everything */
	uint64_t pages_all;
};

static inline uint64_t tlb_local_flushes(const struct tlb_sums *s)
{
	return s->reasons[TLB_BY_LOCAL] + s->reasons[TLB_BY_LOCAL_MM];
}

/* What a report of TLB shootdowns has of the recording. */
struct report_tlb {
	const struct tlb_sums *all;
	bool events;	 /* tlb_flush or a hypercall's events were recorded */
	bool filtered;	 /* by more than what is TLB work */
	bool ways_known; /* of those that only the machine can tell */
	uint32_t ways;	 /* bit per enum tlb_way */
	bool by_sends;	 /* calls were not recorded: an operation is a send, and those without one are missing */
};

/* Feeds agg, which the sink stands for; no IRQ span reaches it. names as agg has them. All borrowed. */
struct tlb *tlb_new(struct analysis *a, struct agg *agg, const struct span_names *names);
void tlb_free(struct tlb *t);
struct span_sink tlb_sink(struct tlb *t);
/* Gives a built report its sums, which stay the sink's. filtered: by more than what is TLB work. */
void tlb_report(struct tlb *t, struct report *r, bool filtered);

#endif
