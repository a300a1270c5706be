// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/filter.c - life of a struct ipi_filter. Its options are in base/opts.c, its use in report/agg.c.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/filter.h"

void ipi_filter_free(struct ipi_filter *f)
{
	cpuset_free(&f->target_cpus);
	cpuset_free(&f->source_cpus);
	free(f->callsite);
	free(f->func);
	free(f->comm);
	*f = (struct ipi_filter)IPI_FILTER_INIT;
}

bool ipi_filter_empty(const struct ipi_filter *f)
{
	return !f->has_target_cpus && !f->has_source_cpus && !f->classes && !f->callsite && !f->func && f->pid < 0 &&
	       !f->comm;
}
