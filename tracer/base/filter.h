/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/filter.h - which spans the user wants: the same options for every command.
 *
 * A filter never reaches the matcher: hiding a send from it would make its
 * interrupt look unsolicited. record pushes only those parts into the kernel
 * that cannot change a match (target CPUs, class) and stores the filter in the
 * file; report applies the file's filter and its own.
 *
 * A filter is one row of ipi_filter_rows[]: its option and help, its line in a
 * recording's facts, its test of a span, and what the kernel may drop for it.
 */
#ifndef IPITRACE_BASE_FILTER_H
#define IPITRACE_BASE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpuset.h"
#include "base/err.h"
#include "base/event.h"
#include "base/opts.h"

/*
 * CPUs by number. Where the option was given for a recording of whatever machine,
 * its text waits for ipi_filter_resolve(): words and ! mean that machine's CPUs.
 */
struct cpu_filter {
	bool given;
	struct cpuset set;
	char *text; /* NULL = the set is all there is to know */
};

struct pid_filter {
	int32_t *pids;
	unsigned int nr; /* 0 = all */
	bool negated;	 /* these are left out */
	/* Processes with all that they have started, and what those have; of none: the workload's, if there is one. */
	bool children;
	int32_t workload;
};

/* By the numbers alone, as they are or negated. */
bool pid_filter_has(const struct pid_filter *f, int32_t pid);
/* ... and with what they have started, where the filter says so; parent as in struct filter_subject. */
bool pid_filter_passes(const struct pid_filter *f, int32_t tgid, int32_t (*parent)(void *ctx, int32_t tgid), void *ctx);

/*
 * Each filter is a list, of which one must match. A ! in front of a list is
 * none of it: what passes a negated filter is what does not pass it without the
 * mark. But interrupts of unknown senders pass no filter of senders.
 */
struct ipi_filter {
	struct cpu_filter target_cpus, source_cpus;
	uint32_t classes; /* bit per enum ipi_class; 0 = all */
	/* See base/globs.h; on symbolised names without offset; NULL = all. callsite matches the call site or the caller. */
	char *callsite, *func;
	struct pid_filter process, tid; /* senders: all threads of processes, single tasks */
	char *comm;			/* as above, on the sender's name */
	char *cgroup;			/* as above, on the path of the sender's group, or of one above it */
	/*
	 * Those of senders ask for the task that was current, even if a softirq or a handler sent: what recordings
	 * before these facts mean by them.
	 */
	bool of_current;
};

#define IPI_FILTER_INIT                                                                                                \
	{                                                                                                              \
		.classes = 0                                                                                           \
	}

void ipi_filter_free(struct ipi_filter *f);
bool ipi_filter_empty(const struct ipi_filter *f);
/* One of them is more than version 0.1 understood: several names or numbers, or a negation. */
bool ipi_filter_listed(const struct ipi_filter *f);
/* It asks for tasks: those who send themselves, while version 0.1 took what interrupts them for theirs. */
bool ipi_filter_of_tasks(const struct ipi_filter *f);
/*
 * What the options left open, by the machine of the recording; m->known may be false. CPUs that a recording of
 * nr_cpus CPUs cannot have are an error that names them; 0: not known. All that asks for spans comes after this.
 */
int ipi_filter_resolve(struct ipi_filter *f, const struct machine_cpus *m, unsigned int nr_cpus, struct err *err);
/* An error if f asks only for what a recording cannot have that kept nothing else than this, as far as the filters tell. */
int ipi_filter_against(const struct ipi_filter *f, const struct ipi_filter *kept, struct err *err);

/* --- the rows --- */

/* What a filter is about: interrupts of unknown senders and local calls pass by target and class alone. */
enum filter_about { FILTER_TARGET, FILTER_CLASS, FILTER_SENDER };

/* What is asked of one span and one of its targets. */
struct filter_subject {
	uint32_t source, target, class;
	int32_t pid; /* of a sender that is no task, or of its process: below -1 */
	/* Only for rows that are asked once: */
	int32_t tgid; /* -1 = not known */
	/* Those that row.names says; without offset, NULL = has none. */
	const char *comm, *callsite, *caller, *func;
	/* The process that one was started by: 0 = none, -1 = not known; NULL = nobody can tell. */
	int32_t (*parent)(void *ctx, int32_t tgid);
	void *parent_ctx;
	/* Only for rows of groups: */
	const char *cgroup;
};

/* A task of which it is not known whether it passes: it does not, whether negated or not. */
bool ipi_filter_unplaced(const struct ipi_filter *f, const struct filter_subject *s);

/* What the kernel may drop already. */
struct filter_push {
	const struct cpuset *target_cpus; /* NULL = none of it */
	uint32_t classes;		  /* 0 = all are wanted */
};

#define SUBJECT_NAME(m) offsetof(struct filter_subject, m) /* never 0 */
static inline const char *subject_name(const struct filter_subject *s, size_t name)
{
	return name ? *(const char *const *)((const char *)s + name) : NULL;
}

struct filter_kind;

struct filter_row {
	struct opt opt;			/* its offset is that of the value in struct ipi_filter */
	const char *fact;		/* "pid": the facts' line is "filter_pid VALUE" */
	const struct filter_kind *kind; /* of the value: text from it and to it, life */
	enum filter_about about;
	bool group;	 /* pass() asks for the group, which a task may change at any time */
	bool once;	 /* pass() asks for names or the process, so that it is asked once per sender and function */
	size_t names[2]; /* which names of the subject */
	/* One item of the list alone is about this subject, whatever the mark; NULL = items are not looked for. */
	bool (*finds)(const struct filter_row *row, const struct ipi_filter *f, const char *item,
		      const struct filter_subject *s);
	/* Only asked if the row is set. */
	bool (*pass)(const struct ipi_filter *f, const struct filter_subject *s);
	void (*push)(const struct ipi_filter *f, struct filter_push *p); /* NULL = never into the kernel */
};

/* Ends with a row without an option. */
extern const struct filter_row ipi_filter_rows[];
#define for_each_filter_row(row) for ((row) = ipi_filter_rows; (row)->fact; (row)++)

bool filter_row_set(const struct filter_row *row, const struct ipi_filter *f);
/* The value as its fact has it, and as people read it; malloc'ed. Only if the row is set. */
char *filter_row_format(const struct filter_row *row, const struct ipi_filter *f);
char *filter_row_text(const struct filter_row *row, const struct ipi_filter *f);
/* A fact's value; 0 or -1: no such value. listed: who wrote it knew lists, else a name is one pattern. */
int filter_row_read(const struct filter_row *row, struct ipi_filter *f, const char *text, bool listed);
/*
 * All of them in one text, "target_cpus 1, pid 7", malloc'ed; NULL if nothing is filtered. It is the same for a
 * recording that was filtered and for one that is filtered now.
 */
char *ipi_filters_text(const struct ipi_filter *const *filters, unsigned int nr);
void ipi_filter_push(const struct ipi_filter *f, struct filter_push *p);

/* The options into the struct ipi_filter at offset b. */
#define OPT_FILTER_GROUP(b)                                                                                            \
	{                                                                                                              \
		.title = "Filters", .rows = &ipi_filter_rows[0].opt, .stride = sizeof(struct filter_row),              \
		.nr = OPT_TO_THE_END, .base = (b)                                                                      \
	}

#endif
