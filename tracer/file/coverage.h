/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/coverage.h - what /proc/interrupts counted while a recording was made, against what is in it.
 *
 * Truth of a recording without loss, per CPU and line (file/facts.h):
 *	INNER1 - INNER0 <= traced <= OUTER1 - OUTER0
 * but for a handler that one of the readings interrupts: x86 records its entry
 * just before it counts it (arch/x86/kernel/smp.c), others just behind
 * (kernel/irq/handle.c), so that one of each CPU may be on either side.
 * Where events do not tell which interrupts are IPIs (s390x, powerpc), what was
 * sent is held against all that come: each interrupt has at least one send.
 * Only what was recorded can be judged: not a class or a CPU that a filter kept
 * out, and of a CPU that went offline only what both readings saw.
 */
#ifndef IPITRACE_FILE_COVERAGE_H
#define IPITRACE_FILE_COVERAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"
#include "file/facts.h"

/* What the recording holds of one CPU, or of all together. */
struct coverage_counts {
	uint64_t by_class[IPI_NR_CLASSES]; /* entries of handlers */
	uint64_t tlb_runs; /* remote runs of flush_tlb_func, whether their queue event was recorded or not */
	uint64_t cut;	   /* exits of handlers whose entry came before the recording */
	uint64_t sent;	   /* IPIs to it */
};

/* What can be told of a recording at all. */
struct coverage_caps {
	bool reception; /* it has the entries of handlers */
	bool tlb;	/* and functions, flush_tlb_func's address among the symbols */
	bool sent;	/* sends, but not what arrives: no interrupt comes without one */
};

/* One line of /proc/interrupts against the trace: low <= traced <= high if nothing is missing. */
struct coverage_line {
	const char *name; /* "RES" */
	const char *what; /* "rescheduling interrupts" */
	uint64_t traced, low, high;
	bool open;	/* nobody knows how high: a CPU went offline meanwhile */
	bool decides;	/* its interrupts are all IPIs of this line: what is missing is missing */
	uint64_t spare; /* how many may be missing, because handlers were under way when reading */
	bool runs;	/* it counts runs of a function, some of which are in no interrupt */
	bool sent;	/* traced: IPIs sent, of which several may be one interrupt; no upper bound */
	bool ok;
};

/* Events are missing for sure. */
static inline bool coverage_short(const struct coverage_line *l)
{
	return l->decides && l->traced + l->spare < l->low;
}

/* Classes whose interrupts a line of this description counts; 0: none, or not by themselves. */
uint32_t coverage_classes(const char *desc);
/* CPUs of the set that were offline when recording began or ended, as far as the facts say; *all: at both times. */
void coverage_offline(const struct facts *f, const struct cpuset *cpus, struct cpuset *off, bool *all);
/* Lines that can be judged of all CPUs together; returns their number. */
unsigned int coverage_lines(const struct facts *f, const struct coverage_caps *caps, const struct coverage_counts *all,
			    struct coverage_line *lines, unsigned int max);
/*
 * The verdict, CPU by CPU: what is missing becomes a reason of the facts, what
 * is too much or only odd is said. Of CPUs that lost events nothing is said:
 * that is known already.
 */
void coverage_judge(struct facts *f, const struct coverage_caps *caps, const struct coverage_counts *by_cpu,
		    unsigned int nr_cpus, void (*say)(const char *fmt, ...));

#endif
