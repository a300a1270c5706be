/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/check-beside.h - what /proc/interrupts counted on watched CPUs over the watch of ipitrace check.
 */
#ifndef IPITRACE_CMDS_CHECK_BESIDE_H
#define IPITRACE_CMDS_CHECK_BESIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpuset.h"
#include "base/err.h"
#include "capture/interrupts.h"
#include "render/check.h"
#include "report/offenders.h"

struct check_beside {
	struct interrupts before, after;
	uint64_t begin_ns, end_ns; /* before the first reading, and behind the last */
	bool has_after;
	struct check_line *lines;
	struct check_irq *irqs;
	unsigned int nr_lines, nr_irqs;
};

/* Right before the watch. */
int check_beside_begin(struct check_beside *b, struct err *err);
/* Right behind it; what cannot be read now is not known. */
void check_beside_end(struct check_beside *b);
/* After the end: fills lines and irqs, most interrupts first. */
void check_beside_compare(struct check_beside *b, const struct cpuset *cpus, const struct offenders *o);
void check_beside_free(struct check_beside *b);

#endif
