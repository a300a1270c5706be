/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/batches.h - events batch by batch, decoded by this thread or by others ahead of it.
 *
 * The batches are the same however many threads there are, so that all that is
 * made of them is, too.
 */
#ifndef IPITRACE_REPORT_BATCHES_H
#define IPITRACE_REPORT_BATCHES_H

#include "base/err.h"
#include "decode/decode.h"

#define BATCH_EVENTS 256 /* 16 kB: stay in the first-level cache */

struct event_batch {
	struct ipi_event ev[BATCH_EVENTS];
	int nr;			 /* as returned by decoder_read() */
	struct err err;		 /* where that is -1 */
	struct decode_mark mark; /* of its end */
	struct decode_masks masks;
};

struct batches;

/*
 * With more than one thread, and a source that never says PAGE_LATER, d is used by another thread until batches_free().
 * src: d's.
 */
struct batches *batches_new(struct decoder *d, const struct page_source *src, unsigned int nr_threads);
/* Stops all threads. */
void batches_free(struct batches *b);
/* The caller's to change, until the next call. The last one has no events: nr says why. */
struct event_batch *batches_next(struct batches *b);

#endif
