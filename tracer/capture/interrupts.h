/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/interrupts.h - one reading of /proc/interrupts' IPI rows.
 */
#ifndef IPITRACE_CAPTURE_INTERRUPTS_H
#define IPITRACE_CAPTURE_INTERRUPTS_H

#include <stdint.h>

#include "base/cpuset.h"
#include "base/err.h"

struct interrupts_row {
	char name[16];	 /* "RES", "CAL", "TLB", "IWI", "IPI0" */
	char desc[48];	 /* "Rescheduling interrupts" */
	uint64_t *count; /* by column */
};

struct interrupts {
	unsigned int *cpus; /* CPU of every column: those that are offline have none */
	unsigned int nr_cpus;
	struct interrupts_row *rows;
	unsigned int nr_rows;
	char *text; /* the rows as they were */
};

/* To be freed by interrupts_free() in any case. */
int interrupts_read(struct interrupts *in, struct err *err);
/* The same of a text. A row ends where its numbers do: columns that it lacks are 0. */
void interrupts_parse(struct interrupts *in, const char *text);
/*
 * Irqs of IPIs among all that have handlers, as /sys/kernel/irq/N/actions tells:
 * of a kind each ("Rescheduling interrupts", "ipi reschedule"), or one of several
 * without a kind ("IPI"). Where one is for all of them there is at most one.
 */
struct ipi_irqs {
	bool known; /* false: there is no such directory */
	unsigned int nr;
	long first_unnamed; /* -1 = none is called "IPI" */
};

/* dir: NULL = /sys/kernel/irq. */
void ipi_irqs_read(struct ipi_irqs *irqs, const char *dir);
void interrupts_free(struct interrupts *in);

#endif
