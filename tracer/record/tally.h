/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record/tally.h - counts what was recorded before the file is written: interrupts by class, and runs of
 * flush_tlb_func.
 *
 * The facts say whether a recording is whole, and the file ends with them; so
 * who writes it must have read it. Nothing is matched: one pass of the decoder
 * over the pages of the spool, some 0.2 s a GB.
 */
#ifndef IPITRACE_RECORD_TALLY_H
#define IPITRACE_RECORD_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/event.h"
#include "capture/spool.h"
#include "file/coverage.h"
#include "record/meta.h"

struct tally {
	struct coverage_caps caps;
	struct coverage_counts *by_cpu;
	bool *entered; /* by CPU: a handler has been seen */
	unsigned int nr_cpus;
	uint64_t records;  /* of all kinds */
	uint64_t events;   /* those that a report calls so: without stacks, and what is not about IPIs */
	uint64_t tlb_func; /* address of flush_tlb_func; 0 = not known */
	/* Set before: gets every event, in order of time; NULL = nobody does. */
	void (*event)(void *ctx, const struct ipi_event *ev);
	void *event_ctx;
};

struct ipi_evidence;
struct symtab;

/* For who decodes anyway: what there is to count, then event by event; records are the caller's to fill in. */
void tally_begin(struct tally *t, unsigned int nr_cpus, const struct ipi_evidence *e, const struct symtab *symtab);
void tally_events(struct tally *t, const struct ipi_event *ev, unsigned int nr);
/*
 * After spool_finish() and record_meta_collect(). interrupts: the rows of
 * /proc/interrupts. All of *t but event is zeroed first. *abort not 0: given up, with an error. tally_free() in any case.
 */
int tally_take(struct tally *t, const struct record_meta *meta, const struct spool *spool, const char *interrupts,
	       const volatile int *abort, struct err *err);
void tally_free(struct tally *t);

#endif
