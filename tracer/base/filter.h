/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/filter.h - which spans the user wants: the same options for every command.
 *
 * A filter never reaches the matcher: hiding a send from it would make its
 * interrupt look unsolicited. record pushes only those parts into the kernel
 * that cannot change a match (target CPUs, class) and stores the filter in the
 * file; report applies the file's filter and its own.
 */
#ifndef IPITRACE_FILTER_H
#define IPITRACE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpuset.h"
#include "base/event.h"

struct ipi_filter {
	bool has_target_cpus, has_source_cpus;
	struct cpuset target_cpus, source_cpus;
	uint32_t classes; /* bit per enum ipi_class; 0 = all */
	char *callsite;	  /* globs on the symbolised name without offset; NULL = all. callsite
					 * matches the call site or the caller */
	char *func;
	int32_t pid; /* sender; -1 = all */
	char *comm;  /* glob on the sender's name */
};

#define IPI_FILTER_INIT                                                                                                \
	{                                                                                                              \
		.pid = -1                                                                                              \
	}

void ipi_filter_free(struct ipi_filter *f);
bool ipi_filter_empty(const struct ipi_filter *f);

#endif
