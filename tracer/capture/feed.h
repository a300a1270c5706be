/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/feed.h - ring-buffer pages into memory, while somebody records, with the time up to which they are complete.
 *
 * One thread, the caller's: reads never block in the kernel, for the reason that capture/spool.h gives. Memory is
 * bounded: when the budget is used up, only the CPU that is furthest behind is read on, whose pages everybody
 * waits for, and the others' events wait in the ring buffers, which count what they overwrite, in band.
 *
 * Complete up to a time means, CPU by CPU:
 *	- a page begins at the stamp in its head, and stamps never go back within a buffer (ring_buffer.c of
 *	  the kernel, rb_add_timestamp(): it extends or forces the time instead). So a CPU is complete up to where its
 *	  last page begins: this is certain.
 *	- a buffer that is found empty holds nothing stamped before the reading, but for an event that is being
 *	  written at that moment: between its stamp and its commit a writer may be held up by an NMI or, in a guest, by the
 *	  host. So a CPU that is found empty is complete up to the reading less FEED_SLACK_NS: this is not
 *	  certain, so whoever takes the events checks each one against what was settled, and counts those that come
 *	  later. No marker can make it certain for less: it would have to be written on that CPU, and so disturb what is measured.
 *
 * A page once read may be kept, as it is, in one unnamed file per CPU, or in a ring as long as it is among the youngest.
 */
#ifndef IPITRACE_CAPTURE_FEED_H
#define IPITRACE_CAPTURE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/ring.h"

/* A hundred times what a writer takes, with a stack to unwind and interrupts in between; time slices of hosts are shorter. */
#define FEED_SLACK_NS 100000000ULL

struct feed;

struct feed_config {
	/* trace_pipe_raw of a CPU, for non-blocking reading; -1: it has none (yet), and so no events. The feed closes it. */
	int (*open_raw)(void *ctx, unsigned int cpu);
	void *ctx;
	unsigned int nr_cpus;
	size_t page_size;	/* of a sub-buffer */
	uint64_t budget_bytes;	/* of pages in memory, at most, and some more; 0: a default */
	const char *dir;	/* keep the pages in files there; NULL: do not */
	struct page_ring *ring; /* keep the youngest in it; NULL: do not */
	bool ring_only;		/* nobody takes them: see page_ring_add() for afresh */
};

/* dir is borrowed. Close it before the session: open pages keep that busy. */
int feed_open(struct feed **f, const struct feed_config *config, struct err *err);
/*
 * All that there is by now, as far as the budget goes. 1: something was read, or is left to be read; 0: every buffer
 * was found empty; -1: *err, a page could not be kept.
 */
int feed_read(struct feed *f, struct err *err);
/* After tracing was switched off: from here on an empty buffer stays empty. feed_ended() once it was found to be. */
void feed_finish(struct feed *f);
bool feed_ended(const struct feed *f, unsigned int cpu);
/* The next page of this CPU, page_size long, valid until two more of the same CPU; NULL: none by now. */
const void *feed_page(struct feed *f, unsigned int cpu);
/* Every event stamped before this (trace clock mono) is in pages that were read; but see above. 0: nothing is known yet. */
uint64_t feed_complete_ns(const struct feed *f);
unsigned int feed_nr_cpus(const struct feed *f);
/* Bytes of pages read so far, and how many are in memory now. */
uint64_t feed_bytes(const struct feed *f);
uint64_t feed_held_bytes(const struct feed *f);
/* File of a CPU's pages and its length; -1 if there is none. Stays the feed's. */
int feed_fd(const struct feed *f, unsigned int cpu, uint64_t *len);
/* CPUs that recorded something have lower numbers than this. */
unsigned int feed_nr_used(const struct feed *f);
/* NULL is fine. */
void feed_close(struct feed *f);

#endif
