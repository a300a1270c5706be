/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/counts.h - stat --counts: what the kernel counts by itself.
 */
#ifndef IPITRACE_CMDS_COUNTS_H
#define IPITRACE_CMDS_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cmds/running.h"

struct counts_options {
	bool by_stack; /* else by call site */
	bool json, wait_all, strict, quiet;
	uint64_t duration_ns; /* 0 = until the workload ends, or a signal comes */
	uint64_t top;	      /* rows of each table as text, 0 = all */
};

/* From beginning to end; returns what the command returns. */
int counts_run(const struct counts_options *o, struct results *results, char **workload, struct err *err);

#endif
