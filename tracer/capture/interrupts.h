/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/interrupts.h - one reading of /proc/interrupts: its IPI rows, or all that count by CPU.
 */
#ifndef IPITRACE_CAPTURE_INTERRUPTS_H
#define IPITRACE_CAPTURE_INTERRUPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpuset.h"
#include "base/err.h"

struct interrupts_row {
	char name[16];	 /* "RES", "CAL", "TLB", "IWI", "IPI0"; "LOC", "24" */
	char desc[48];	 /* "Rescheduling interrupts"; of a device its handlers: "virtio0-input, eth0" */
	uint64_t *count; /* by column */
	bool ipi;
};

struct interrupts {
	unsigned int *cpus; /* CPU of every column: those that are offline have none */
	unsigned int nr_cpus;
	struct interrupts_row *rows;
	unsigned int nr_rows;
	char *text; /* the IPI rows as they were */
};

/* To be freed by interrupts_free() in any case. */
int interrupts_read(struct interrupts *in, struct err *err);
/* The same of a text. A row ends where its numbers do: columns that it lacks are 0. */
void interrupts_parse(struct interrupts *in, const char *text);
/* All rows that have a number for each CPU; text is NULL. */
int interrupts_read_all(struct interrupts *in, struct err *err);
void interrupts_parse_all(struct interrupts *in, const char *text);
/*
 * What a row (index in after) counted on this CPU between two readings; false: the CPU was offline in one of them. A row
 * that is new began at 0, and counters are of 32 bits (kstat_irqs_cpu(), irq_stats() in the kernel).
 */
bool interrupts_between(const struct interrupts *before, const struct interrupts *after, unsigned int row,
			unsigned int cpu, uint64_t *count);
/*
 * Irqs of IPIs among all that have handlers, as /sys/kernel/irq/N/actions tells:
 * of a kind each ("Rescheduling interrupts", "ipi reschedule"), or one of several
 * without a kind ("IPI"). Where one is for all of them there is at most one.
 */
struct ipi_irqs {
	bool known; /* false: there is no such directory */
	unsigned int nr;
	long first;	    /* -1 = there is none */
	long first_unnamed; /* -1 = none is called "IPI" */
};

/* dir: NULL = /sys/kernel/irq. */
void ipi_irqs_read(struct ipi_irqs *irqs, const char *dir);
void interrupts_free(struct interrupts *in);

#endif
