/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/info.h - what is known of a recording as a whole: for renderers, which
 * know neither files nor events.
 */
#ifndef IPITRACE_REPORT_INFO_H
#define IPITRACE_REPORT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/topo.h"

struct ipi_evidence;
struct match_totals;

/* User stacks of sends, of those that are in the file; each is in one of framed ... unsampled. */
struct ufunc_info {
	const char *how;      /* "dwarf", "fp"; NULL = none were recorded */
	uint32_t stack_bytes; /* of each stack, at most */
	uint64_t sends, framed, interrupts, kernel, compat, unsampled;
	uint64_t lost, side_lost; /* samples, and what tells of mappings and processes */
};

/* What events beside those of IPIs told, of the whole recording; each line of "list" is in one of the counts. */
struct beside_info {
	bool wakes;			 /* wake-ups were recorded */
	uint64_t wakees;		 /* it wakes this task */
	uint64_t calls_unknown;		 /* queued wake-ups of which nobody knows whom */
	uint64_t other_reschedules;	 /* reschedules without a wake-up, or nobody knows whom */
	bool idle;			 /* idle states were */
	uint64_t states, states_unknown; /* targets whose state then is known, or is not */
};

/* What is known of the trace as a whole; complete after analysis_run(). */
struct trace_info {
	/* the file */
	const char *path;
	int file_version;
	const char *compression;
	bool truncated;		    /* it ends before its data does */
	const char *damaged;	    /* a part that is not as it was written; NULL = none, or nobody can tell */
	bool incomplete;	    /* the recording did not end as it should, or for the reasons that record found */
	const char *const *reasons; /* whole sentences, as the file has them */
	unsigned int nr_reasons;
	bool foreign;	      /* it has no facts of ipitrace */
	const char *recorder; /* who made it, as a text says it; NULL = not known: then no IPI is its own */
	bool facts_gone;      /* though ipitrace recorded it: converted since, or, if damaged, cut */

	/* how it came to be; NULL = not known */
	const char *command; /* as a shell takes it */
	const char *date;    /* when it began, ISO 8601 */
	const char *kept;    /* what record was asked to keep, as ipi_filters_text() */

	/* the machine */
	char kernel[80]; /* release; "" if the file does not say */
	char arch[32];
	char host[80];
	unsigned int cpus;

	/* time */
	const char *clock;
	bool clock_ns;		   /* the clock counts nanoseconds */
	bool clock_sync;	   /* ... and shows the same on every CPU: else latencies are withheld */
	uint64_t skew_ns;	   /* clocks of CPUs differ by at least this much, by impossible spans; 0 = none */
	uint32_t skew_cpus[2];	   /* ... namely of these: the second is behind */
	uint64_t start_ns, end_ns; /* tracing was on from at least here to at least there */
	bool flight;		   /* it is the window of a flight recorder, from start_ns on, */
	uint64_t before_window;	   /* and so many interrupts in it were sent before: they are in no count */
	char buffers[160];	   /* names of the buffers that were read, where there are several; "" */
	char clock_doubt[80];	   /* what the file calls the clock elsewhere; "" */

	/* evidence */
	const char *tier;
	bool has_send, has_csd, has_reception;
	/* Counts that no event can prove do not exist; see report/columns.c. */
	bool arrivals_unknown; /* of hits: no receptions were recorded */
	bool not_learned; /* though interrupts were: nothing in a file without facts shows which of them are IPIs */
	uint32_t
		unheard_classes; /* bit per enum ipi_class: of these none was, so what was not delivered is not known */
	bool calls_unknown;	 /* no queue events were, whether or not the kernel had them */
	bool runs_unknown;	 /* of queued calls: no function events were */
	bool functions_unknown;	 /* no function events were, of queued calls or of others */
	bool wakes_unknown;	 /* the file has no event of wake-ups without an IPI */
	bool elided_unknown;	 /* no sends were recorded, so nobody knows which calls needed none */
	const struct topo *topo; /* of the machine; NULL = not known */
	bool stacks;		 /* stacks of senders are there */
	uint64_t stacks_dropped; /* stacks that were one too many different ones: their senders have none */
	const char *send_stamp;	 /* where delivery counts from: "raw" (the send's stamp), "behind_stack", "mixed" */
	uint64_t records, events; /* in the file; used */
	uint64_t other_events;	  /* in the file, of kinds that ipitrace makes no use of */
	uint64_t blind_sends;	  /* sends whose events do not say to whom, */
	uint64_t blind_hits;	  /* only to how many CPUs: neither is in any count */
	struct ufunc_info ufunc;
	struct beside_info beside;

	/* loss */
	uint64_t lost_events;
	bool lost_unknown;     /* and events are missing, nobody knows how many */
	uint64_t late_events;  /* of a running tracer: they came when their time was settled */
	uint64_t missed_sends; /* by the probes that stand in for send events */
	uint64_t bad_pages;
};

/* Kernel, machine and host, by what uname(1) said; NULL = it is not known. */
void trace_info_uname(struct trace_info *t, const char *uname);
/* "end is not as it was written", "symbols are not as they were written". */
const char *trace_info_damaged(const struct trace_info *t, char *buf, size_t len);
/* What says whether the events that ought to tell of receptions do. */
struct info_heard {
	const struct match_totals *totals; /* so far */
	bool irqs_told;			   /* the recorder said which numbers of interrupts are IPIs */
	bool some_classes; /* it was to record some classes only: that others are missing proves nothing */
};

/* Was there an interrupt that is known to be of a class which sends are of? */
bool trace_info_heard_any(const struct match_totals *totals);
/* Of what the events could prove, what they do; arch is that of t. */
struct ipi_evidence trace_info_heard(const struct trace_info *t, struct ipi_evidence evidence,
				     const struct info_heard *heard);
/* Why it is not known what arrived. */
const char *trace_info_unheard(const struct trace_info *t);
/* The tier, and which counts do not exist. */
void trace_info_evidence(struct trace_info *t, const struct ipi_evidence *evidence);

/* One line of /proc/interrupts against the trace: low <= traced <= high if nothing is missing. */
struct coverage {
	const char *name; /* "RES" */
	const char *what; /* "rescheduling interrupts" */
	uint64_t traced, low, high;
	bool open; /* a CPU went offline meanwhile: nobody knows how high */
	bool runs; /* it counts runs of a function, some of which are in no interrupt: too few prove no loss of any */
	bool sent; /* traced: IPIs sent, as no event tells which interrupts they are; several may be one interrupt */
	bool ok;
	bool missing; /* and what is too few are events that the recording lacks */
};

#define ANALYSIS_MAX_COVERAGE 16

#endif
