/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/analysis-priv.h - between the files of an analysis.
 */
#ifndef IPITRACE_REPORT_ANALYSIS_PRIV_H
#define IPITRACE_REPORT_ANALYSIS_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/plumbing.h"
#include "decode/symtab.h"
#include "file/datfile.h"
#include "file/facts.h"
#include "report/analysis.h"
#include "report/info.h"
#include "report/pipeline.h"
#include "report/ufunc.h"

struct analysis {
	struct dat_file *dat;
	const struct dat_info *info;
	struct symtab *symtab;
	const struct plumbing *plumbing; /* the user's, or NULL */
	struct pipeline *pipeline;
	struct ufunc *ufunc; /* NULL: no user stacks */
	struct facts facts;
	bool has_facts;
	struct analysis_feed feed; /* in place of dat */
	char *kept;		   /* the recording's filters */
	struct trace_info trace;

	bool has_tlb_func;
	uint64_t own_func;
	int32_t *recorders; /* pids, in a foreign file */
	unsigned int nr_recorders;
};

/*
 * From now on spans bear the ids of tasks (task_id()), where the recording knows of numbers that were given again: whose
 * they were at the time. Not own_time: times are not those of the recording's clock, so that is not known.
 */
void analysis_name_tasks(struct analysis *a, bool own_time);

#endif
