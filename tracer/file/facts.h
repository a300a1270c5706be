/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/facts.h - what ipitrace itself knows of a recording, as text lines "key value".
 *
 * Written by record behind the data of trace.dat, read by report. Unknown keys
 * are skipped, so that older readers take newer files.
 */
#ifndef IPITRACE_FILE_FACTS_H
#define IPITRACE_FILE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpuset.h"
#include "base/err.h"
#include "base/event.h"
#include "base/filter.h"
#include "base/kvmfacts.h"
#include "base/taskid.h"
#include "base/topo.h"

/*
 * Interrupt counters of /proc/interrupts are read four times, because reading
 * and switching tracing cannot be one step:
 *	OUTER0, tracing_on = 1, INNER0 ... INNER1, tracing_on = 0, OUTER1
 * Truth of a lossless trace: INNER1 - INNER0 <= traced <= OUTER1 - OUTER0, per CPU and line.
 */
enum facts_snap { FACTS_OUTER0, FACTS_INNER0, FACTS_INNER1, FACTS_OUTER1, FACTS_NR_SNAPS };

struct facts_counter {
	char name[16]; /* "RES", "CAL", "TLB", "IWI", "IPI0" */
	char desc[48]; /* "Rescheduling interrupts" */
	unsigned int nr_cpus;
	uint64_t *count[FACTS_NR_SNAPS]; /* by CPU number */
};

/* A task is in this group from then on. */
struct facts_place {
	int32_t pid;
	uint32_t cgroup;  /* from 1; 0: not known */
	uint64_t from_ns; /* of the trace clock; 0: since before it was recorded */
};

struct facts {
	char *version; /* of ipitrace */
	char *cmdline;
	char *host; /* its name */
	char *date; /* when it began, "2026-11-29T08:41:12Z" */
	char *tier;
	char *clock;
	uint64_t on_ns,
		off_ns; /* the trace clock right behind switching tracing on, and before switching it off; 0 = unknown */
	bool flight;	/* of a flight recorder: on_ns and off_ns are where its window begins and ends */
	bool complete;	/* the recording ended as it should */
	bool stacks;
	char **known; /* functions whose call sites name the caller: of sends from there no stacks were taken */
	unsigned int nr_known;
	int32_t *own_pids;
	unsigned int nr_own_pids;
	int32_t *
		tgids; /* pairs of a task and its process (task_id()), by task; none: the file does not know processes */
	unsigned int nr_tgids;
	int32_t *
		parents; /* pairs of a process and who started it (task_id(); 0: nobody), by process; none: not known */
	unsigned int nr_parents;
	struct task_owner *owners; /* of numbers that several tasks had, by number, then by time */
	unsigned int nr_owners;
	int32_t workload; /* its process; 0 = none, or not known by the kernel's number */
	char **cgroups;	  /* paths, by number from 1; none: the file does not know groups */
	unsigned int nr_cgroups;
	struct facts_place *places; /* by task, then by time */
	unsigned int nr_places;
	uint64_t unplaced_ns;	  /* from here on no place is known; 0 = never */
	uint64_t tasks_lost;	  /* events that would have told of tasks and groups */
	struct ipi_filter filter; /* what record was asked to keep */
	bool filtered_in_kernel;  /* target CPU filter was pushed down */
	uint64_t missed_sends;	  /* probes standing in for sends that were skipped: another was running */
	unsigned int nr_cpus;
	uint64_t *lost;	   /* by CPU number: overrun + dropped, from per_cpu/cpuN/stats */
	uint64_t *entries; /* by CPU number: events written */
	struct facts_counter *counters;
	unsigned int nr_counters;
	struct cpuset online[FACTS_NR_SNAPS]; /* CPUs that had a column in that reading; empty: not known */
	struct machine_cpus machine;	      /* what the words of CPU lists meant when it began */
	char *interrupts_text; /* the rows of /proc/interrupts of IPIs at the end, for arm64's irq -> IPI */
	struct topo topo;      /* of the recording machine */
	bool tlb_known;	       /* tlb_ways is known */
	uint32_t tlb_ways;     /* bit per enum tlb_way: of TLB_WAYS_ASKED, those of the recording machine */
	struct kvm_facts kvm;  /* of the virtual machines on it, if it was asked to record these */
	int workload_status;   /* exit status, -1 = no workload */
	/* Why the recording is incomplete though no event is known to be lost: whole sentences without a full stop. */
	char **reasons;
	unsigned int nr_reasons;
};

void facts_free(struct facts *f);
/* What it knows of tasks: for who fills that anew. */
void facts_free_tasks(struct facts *f);
char *facts_format(const struct facts *f); /* malloc'ed text */
int facts_parse(struct facts *f, const char *text, size_t len, struct err *err);
/* The id (task_id()) of whom a number is at a time of the trace clock. FACTS_TIME_UNKNOWN: of nobody, where several had it. */
#define FACTS_TIME_UNKNOWN UINT64_MAX
#define FACTS_TIME_LAST	   (UINT64_MAX - 1)
int32_t facts_task(const struct facts *f, int32_t number, uint64_t at_ns);
/* What is known of a task whose number others had as well; NULL: it is the only one that had it. */
const struct task_owner *facts_owner(const struct facts *f, int32_t id);
/* The id of the process that a task, by its id, is of; -1 if it is not known. */
int32_t facts_tgid(const struct facts *f, int32_t id);
/* The id of the process that started a process: 0: none did, -1: it is not known. */
int32_t facts_parent(const struct facts *f, int32_t tgid);
/* The path of the group that a task was in; NULL: not known. */
const char *facts_cgroup(const struct facts *f, int32_t id, uint64_t at_ns);
void facts_add_known(struct facts *f, const char *name);
void facts_add_reason(struct facts *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What one reading of /proc/interrupts has of a line and a CPU, which is online then. */
void facts_snap(struct facts *f, enum facts_snap snap, const char *name, const char *desc, unsigned int cpu,
		uint64_t count);

#endif
