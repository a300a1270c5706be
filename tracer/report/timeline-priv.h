/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/timeline-priv.h - what report/timeline.c (spans to slices), timeline-queue.c (what is still to come, in order)
 * and timeline-tracks.c (where slices fit) share.
 */
#ifndef IPITRACE_REPORT_TIMELINE_PRIV_H
#define IPITRACE_REPORT_TIMELINE_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "report/analysis.h"
#include "report/timeline.h"

/* --- timeline-queue.c --- */

/* A line, as long as points of it are to come. */
struct kept {
	struct ipi_span span;
	enum list_kind kind;
	enum list_outcome outcome;
	bool own;
	uint32_t refs;	 /* 0: unused, and */
	uint32_t unused; /* the next of those + 1 */
	/* Of the first hit of a send that has several: */
	uint32_t hits, outcomes[LIST_NR_OUTCOMES], ambiguous;
	char *targets; /* as a list of CPUs */
};

enum point_what {
	POINT_SENT,	 /* one more is pending for the CPU */
	POINT_COALESCED, /* ... and it was in the interrupt that begins with the next point of this group */
	POINT_BEGIN,
	POINT_END,
};

/*
 * Points of the same time are in the order in which slices nest: by group, which is the serial of the interrupt, then by
 * phase, and within that the slice that began first, or ends first.
 */
#define GROUP_FIRST   0ULL
#define GROUP_OUTSIDE UINT64_MAX /* begins outside of all interrupts */
enum phase { PHASE_BEFORE, PHASE_HANDLER, PHASE_INSIDE, PHASE_HANDLER_END };

struct point {
	uint64_t at_ns, group, begin_ns, end_ns, seq;
	uint8_t phase, what, slice;
	bool unended;  /* when it ends is not known */
	uint32_t kept; /* BEGIN, COALESCED */
	uint32_t cpu;
	uint32_t track; /* END: by number */
	uint64_t
		flow; /* COALESCED: that ends; BEGIN: the first that begins, or for receptions the one that ends; 0 = none */
	uint32_t nr_flows;
};

struct queue {
	struct kept *kept;
	uint32_t nr_kept, room_kept, unused; /* the first of those + 1 */
	struct point *heap;
	size_t nr, room;
	uint64_t seq;
};

void queue_free(struct queue *q);
/* An index, valid as long as points refer to it; what it is of has a reference of the caller's. */
uint32_t queue_keep(struct queue *q, const struct list_line *line);
void queue_drop(struct queue *q, uint32_t kept);
/* p->kept gets a reference, where the point has one; p->seq is set, but of the end of a slice. */
void queue_put(struct queue *q, struct point p);
/* The next one before this time; false: there is none. Its reference to what is kept becomes the caller's. */
bool queue_next(struct queue *q, uint64_t before_ns, struct point *p);

/* --- timeline-tracks.c --- */

struct tracks;

enum tracks_counter { TRACKS_PENDING, TRACKS_RATE };

struct tracks *tracks_new(const struct timeline_ops *ops, void *ctx, const struct span_names *names);
void tracks_free(struct tracks *t);
/* Numbers of tracks; they are made when they are asked for first. */
uint32_t tracks_cpu(struct tracks *t, uint32_t cpu);
uint32_t tracks_counter(struct tracks *t, uint32_t cpu, enum tracks_counter counter);
uint32_t tracks_sender(struct tracks *t, const struct ipi_span *s);
/* The slice begins there, or on one beside it where it does not overlap: its number. */
uint32_t tracks_begin(struct tracks *t, uint32_t track, uint64_t end_ns);
/* Its innermost slice is over. */
void tracks_end(struct tracks *t, uint32_t track);

#endif
