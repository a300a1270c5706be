/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/timeline.h - a recording as slices on tracks, with flows between them, in order of time.
 *
 * Tracks: each CPU with the handlers that ran there and the functions in them; each task with its sends and its waits;
 * what a softirq, a handler, an NMI or the idle loop of a CPU sends, which is no task's; counters of each CPU. A flow goes
 * from a send to the handler that it caused, from a call to its function where no handler of its own ran that.
 *
 * Slices of one track nest: what would overlap goes to a track beside it, which is made for that. Everything that begins
 * ends, and comes out in order of time; events of the same time and track in the order in which they nest.
 *
 * Drawn are the lines of a list (report/list.h) and local calls. Memory does not depend on the length of the
 * recording: it is that of the list, of what is under way at one time, and of the tracks.
 */
#ifndef IPITRACE_REPORT_TIMELINE_H
#define IPITRACE_REPORT_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "report/list.h"
#include "report/sink.h"

enum timeline_track_kind {
	TIMELINE_GROUP,	  /* holds other tracks, and nothing of its own */
	TIMELINE_CPU,	  /* handlers and functions of one */
	TIMELINE_PROCESS, /* holds the tasks of one */
	TIMELINE_TASK,	  /* sends of one; without a parent: its process is not known */
	TIMELINE_NO_TASK, /* sends from one CPU that are no task's */
	TIMELINE_COUNTER,
	TIMELINE_BESIDE, /* of its parent: what would overlap there */
};

struct timeline_track {
	uint32_t id;	 /* 1, 2, 3, ... */
	uint32_t parent; /* 0 = none */
	enum timeline_track_kind kind;
	const char *name;		/* sanitised; valid until the call returns */
	const char *description, *unit; /* static, or NULL; unit: of a COUNTER */
	uint32_t rank;			/* place among those of its parent */
	int32_t pid;			/* TASK: thread; PROCESS: as an id (base/taskid.h), so that each has its own */
};

enum timeline_kind {
	TIMELINE_OTHER, /* of who draws more than a list has */
	TIMELINE_SEND,
	TIMELINE_WAIT,
	TIMELINE_QUEUE, /* of a call without a hit */
	TIMELINE_WAKE,
	TIMELINE_HANDLER,
	TIMELINE_FUNC,
	TIMELINE_LOCAL,
	TIMELINE_NR_KINDS
};

/* Something to say of a slice beside the columns of its line. */
struct timeline_arg {
	const char *key;
	const char *text; /* sanitised, or NULL: */
	uint64_t num;
};

#define TIMELINE_MAX_CATEGORIES 3
#define TIMELINE_MAX_ARGS	24

/* Valid until the call returns. */
struct timeline_slice {
	uint32_t track;
	enum timeline_kind kind;
	bool no_length; /* ends where it begins; what is in it, if anything, does so as well */
	uint64_t at_ns;
	const char *name;
	const char *categories[TIMELINE_MAX_CATEGORIES]; /* of few different ones, the first of them says the kind */
	unsigned int nr_categories;
	const struct list_line *line;		  /* NULL: only args */
	const struct list_column *const *columns; /* of the line, those that are of interest; NULL behind the last */
	struct timeline_arg args[TIMELINE_MAX_ARGS];
	unsigned int nr_args;
	const uint64_t *flows; /* numbers of the flows that begin here; each ends once, not earlier */
	uint32_t nr_flows;
	bool pass;	      /* they began before, and pass through here */
	const uint64_t *ends; /* flows that end here */
	uint32_t nr_ends;
};

/* Where it all goes. A track comes before what is on it, its parent before it. */
struct timeline_ops {
	void (*track)(void *ctx, const struct timeline_track *track);
	void (*begin)(void *ctx, const struct timeline_slice *slice);
	/* The innermost slice of that track. */
	void (*end)(void *ctx, uint32_t track, uint64_t at_ns);
	void (*counter)(void *ctx, uint32_t track, uint64_t at_ns, uint64_t value);
};

/* The rate is of whole times of this length, given at the end of each. */
#define TIMELINE_RATE_NS 10000000ULL

/* What could not be drawn where it belongs, for it was stamped before what caused it. */
struct timeline_left_out {
	uint64_t interrupts, functions;
	uint64_t sends; /* to no CPU: of them there are no lines */
};

struct timeline;

/* a and ops are borrowed; ctx is for ops. */
struct timeline *timeline_new(struct analysis *a, const struct timeline_ops *ops, void *ctx);
void timeline_free(struct timeline *t);
/* No flow is drawn of hits of which this says that somebody else draws it; before it runs. */
void timeline_set_elsewhere(struct timeline *t, bool (*elsewhere)(void *ctx, const struct ipi_span *hit), void *ctx);
/* With what is filtered, and joined to handlers (report/handlers.h), in front of it. */
struct span_sink timeline_sink(struct timeline *t);
const struct timeline_left_out *timeline_left_out(const struct timeline *t);

#endif
