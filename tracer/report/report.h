/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/report.h - rows with names: the one model that every renderer draws.
 *
 * Built once from an aggregation; all texts in it are sanitised. Numbers stay
 * integers in ns.
 */
#ifndef IPITRACE_REPORT_REPORT_H
#define IPITRACE_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "report/agg.h"
#include "report/info.h"

struct analysis;
struct report_tlb;
struct tlb_sums;

struct report_frame {
	char *name;
	bool plumbing; /* of how the caller had it sent, or of the tracer; of a user stack, of the C library's wrapper */
};

/* Hits by time; report_bin() of those beyond nr is 0. */
struct report_bins {
	const uint32_t *bins;
	unsigned int nr;
};

static inline uint64_t report_bin(const struct report_bins *b, unsigned int i)
{
	return i < b->nr ? b->bins[i] : 0;
}

struct report_row {
	const struct agg_row *agg;
	const struct trace_info *trace;		/* what it proves: a count without evidence does not exist */
	char *caller, *callsite, *func, *ufunc; /* NULL = mixed, or none */
	const char *class;
	char *comm;
	char *process; /* "name[number]" */
	char *victim, *cgroup;
	char *wakee, *waker;
	char idle[IDLE_NAME_LEN]; /* "" = not known, or mixed */
	struct report_frame *frames;
	unsigned int nr_frames; /* innermost first */
	char *stack;		/* the frames in one line */
	struct report_bins bins;
	const struct tlb_sums *tlb; /* NULL = not asked for */
};

/* One of the reports that another is the sum of; NULL = not known. */
struct report_source {
	char *host, *kernel, *date;
	unsigned int cpus;
	uint64_t start_ns, duration_ns;
	uint64_t events, lost_events, target_hits;
	bool lost_unknown, incomplete;
	char **reasons;
	unsigned int nr_reasons;
};

/* Of a merge: by the table of report/totals.h, to which totals and the bits belong. */
#define REPORT_MAX_TOTALS 64
struct report_sums {
	uint64_t unknown; /* not all of its reports have it: the sum is of the others, so it is at least that much */
	uint64_t known;	  /* some have it */
	uint64_t totals[REPORT_MAX_TOTALS];
	uint32_t known_classes; /* bit per enum ipi_class: some say how many interrupts were of it */
};

struct report {
	const struct trace_info *trace;
	struct match_totals totals;	/* of what passes the filters; of hits, what evidence there is for */
	const struct report_sums *sums; /* of a merge; NULL: of one recording */
	bool some_interrupts;		/* were recorded, whatever passes the filters */
	uint64_t hits_unknown;		/* target_hits of classes that no event tells of the arrival of */
	const struct agg_row *own;
	bool filtered;
	bool by_sender;		 /* by whom it was sent: what nobody is known to have sent does not pass */
	bool interval;		 /* of a live measurement, from trace->start_ns to trace->end_ns */
	bool windowed;		 /* of what began from from_ns on, before to_ns; interrupts as in report/window.h */
	uint64_t from_ns, to_ns; /* within the recording */
	char *filters;		 /* what is filtered by, the recording's and the user's, in one text; or NULL */
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	struct report_row *rows;
	unsigned int nr_rows;
	const struct report_source *sources; /* what it was merged of */
	unsigned int nr_sources;	     /* 0: it is of one recording */
	const struct report *matrix;  /* all hits by source and target, own ones among them; NULL = not asked for */
	const struct report_tlb *tlb; /* the report is of TLB work alone, see report/tlb.h; NULL = of everything */
	/* Where they were asked for, see report/overtime.h; else 0. The first begins at trace->start_ns. */
	uint64_t bin_ns;
	unsigned int nr_bins;
	uint64_t bins_from_ns,
		bins_to_ns; /* the recording, or its window: the bins at its ends are that much shorter */
	struct report_bins own_bins;
	struct {
		const char *name;
		uint64_t interrupts;
		bool heard;			/* they were recorded, if there were any */
		bool partly;			/* not heard, but by some of the reports of a merge */
		const struct hist *unsolicited; /* handler times of those whose sender is not known */
	} classes[IPI_NR_CLASSES];
	unsigned int nr_classes; /* the usual four, and those that occurred */
	struct coverage coverage[ANALYSIS_MAX_COVERAGE];
	unsigned int nr_coverage;
	char *offline; /* of CPUs that a filter names; or NULL */
	const struct coverage
		*missing; /* the first line that tells of missing events, though none is known to be lost */
};

/* After analysis_run(). by as given to agg_new(). */
void report_build(struct report *r, struct analysis *a, struct agg *agg, const enum agg_key *by, unsigned int nr_by,
		  bool filtered);
/* Of all that only what report_incomplete() asks for, and the coverage; nothing to free. After analysis_run(). */
void report_judge(struct report *r, struct analysis *a);
/* One more of the classes, if it is usual, or occurred; the totals must be there. */
void report_add_class(struct report *r, unsigned int class, const struct hist *unsolicited);
void report_free(struct report *r);
/* Events are missing, or the recording is not whole: exit code 3. */
bool report_incomplete(const struct report *r);
/* Of a sum of reports: how many of them. */
unsigned int report_sources_incomplete(const struct report *r);

#endif
