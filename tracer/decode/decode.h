/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/decode.h - sub-buffers and event formats in, struct ipi_event in time order out.
 *
 * The only layer that knows ring-buffer layouts and event formats. Does not
 * know where pages come from, nor the command line. Field offsets and the
 * meaning of every event id are resolved in decoder_open(); per event there is
 * no library call, no allocation, no string.
 */
#ifndef IPITRACE_DECODE_DECODE_H
#define IPITRACE_DECODE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/evformat.h"
#include "base/event.h"
#include "base/kevents.h"
#include "decode/symtab.h"

#define PAGE_LATER SIZE_MAX /* *len with NULL: nothing yet, there may be more */

/*
 * Pages of one CPU in order: of a finished file, or of a tracer that runs.
 *
 * A source that ever says PAGE_LATER has complete_ns(). The decoder asks it
 * when it has given all events before the last answer, right after it asked
 * every CPU for more that had nothing. Every record stamped before the answer
 * is in pages that next() has returned by then, or will return before it says
 * PAGE_LATER for that CPU once more. So the answer is the time that was read
 * before the oldest of the CPUs' last empty polls, less a slack: a writer may
 * be stopped between stamp and commit, and an event's stack stands behind it.
 * What comes later than even that is counted as late, and matched no more.
 */
struct page_source {
	/*
	 * The page and its length, valid until two more pages of the same CPU. NULL: *len says why, 0 for the
	 * end of that CPU's data, PAGE_LATER for nothing yet; or *err is set on damage.
	 */
	const void *(*next)(void *ctx, unsigned int idx, size_t *len, struct err *err);
	uint64_t (*complete_ns)(void *ctx); /* NULL: a source that never says PAGE_LATER */
	/*
	 * Does a part of what next() is going to need, on any thread beside that of next(). False: there is
	 * nothing to do; where wait, not before help_end(), which ends all waiting. NULL: it has no such parts.
	 */
	bool (*help)(void *ctx, bool wait);
	void (*help_end)(void *ctx);
	/* Of a stream whose end next() has told: it went on, but that is not there. NULL: none does. */
	bool (*cut)(void *ctx, unsigned int idx);
	void *ctx;
	unsigned int nr_cpus; /* streams */
	const uint32_t *cpus; /* CPU number of each stream; NULL = idx */
};

/* Everything about the recording machine that decoding needs; not copied, must outlive the decoder. */
struct decode_meta {
	bool big_endian;	 /* of the recording machine */
	unsigned int long_size;	 /* 4 or 8 */
	const char *header_page; /* events/header_page */
	size_t header_page_len;
	const struct event_format *formats;
	unsigned int nr_formats;
	const char *printk_formats;  /* or NULL; reasons of arm64's ipi_raise */
	const struct symtab *symtab; /* or NULL: classes are then inferred from NULL and target == self */
	uint32_t max_stacks;	     /* different ones to keep; 0 = all */
	const char *const *known;    /* the recorder took no stacks of sends from call sites in these functions */
	unsigned int nr_known;
	bool no_stacks;		/* the recorder says that it took none: they are not looked for */
	bool one_stack;		/* ... that it took no more than one of an event: no second one is looked for */
	const char *interrupts; /* /proc/interrupts of the recording machine, or NULL (irq -> IPI on arm64) */
};

struct decode_caps {
	struct ipi_evidence evidence; /* of the events whose formats the file has */
	bool has_wakes, has_idle;     /* wake-ups: struct ipi_event has a wakee; IPI_EV_IDLE */
	bool has_tlb;		      /* IPI_EV_TLB */
	bool irqs_told;		      /* the recorder said which numbers of interrupts are IPIs */
};

struct decode_stats {
	uint64_t records;	  /* every record walked, ours or not */
	uint64_t events;	  /* those that became a struct ipi_event */
	uint64_t skipped;	  /* records of kinds that are not used, or mute on that machine */
	uint64_t stacks;	  /* those that an event took */
	uint64_t stacks_left_out; /* sends without, because the recorder knew the caller: see struct ipi_stack */
	uint64_t stacks_dropped;  /* of these, not kept: the event has none */
	uint64_t blind_sends, blind_hits; /* hyperv_send_ipi_mask: sends, and how many CPUs they went to; not which */
	uint64_t late;			  /* used events that came when their time was already settled: not given */
	uint64_t bad_pages;		  /* damaged sub-buffers: the rest of each was given up */
	uint64_t first_ns, last_ns;
	uint64_t end_ns; /* of the last record of any kind */
};

struct ipi_stack {
	unsigned int nr;
	const uint64_t *addrs; /* innermost first, as the kernel recorded them */
	struct within within;  /* what ran then, by its events */
	bool left_out;	       /* none was taken, by choice: the call site alone, which names the caller */
};

/* Memory of the masks of a batch of events. Zeroed memory is one. */
struct decode_masks {
	struct mask_block *first, *cur;
};

/*
 * How far the decoder had come when it gave a batch: for who looks at it when
 * the decoder has gone on.
 */
struct decode_mark {
	uint64_t first_ns; /* 0: no event yet */
	bool records;	   /* there was one, of whatever kind */
	uint64_t events;   /* as in struct decode_stats */
	uint64_t blind_sends;
	uint64_t stacks;
	uint32_t ops, vectors; /* kinds of events seen, and classes of their vectors */
};

struct decoder;

int decoder_open(struct decoder **d, const struct decode_meta *meta, const struct page_source *src, struct err *err);
void decoder_close(struct decoder *d);
const struct decode_caps *decoder_caps(const struct decoder *d);
/*
 * Up to max events in time order; 0 at the end, or when there are none yet; -1
 * on error. Masks of its events live until masks is given once more; NULL: until
 * the next call with NULL. Where events came too late there is an IPI_EV_LOST of
 * 0 events.
 */
int decoder_read(struct decoder *d, struct ipi_event *ev, unsigned int max, struct decode_masks *masks,
		 struct err *err);
void decode_masks_free(struct decode_masks *masks);
/* After decoder_read(), by the same thread. */
struct decode_mark decoder_mark(const struct decoder *d);
/* What the events up to there prove: formats alone prove nothing. */
struct ipi_evidence decode_mark_seen(const struct decode_mark *mark);
/* Every stream has come to its end, and all was read. */
bool decoder_ended(const struct decoder *d);
/* When the first of all pages begins, as stamped; UINT64_MAX: there is none. Before anything is read. */
uint64_t decoder_begin(const struct decoder *d);
/* No event to come is before this time. */
uint64_t decoder_complete_ns(const struct decoder *d);
const struct decode_stats *decoder_stats(const struct decoder *d);
/*
 * Stack by interned id (1..nr_stacks), of an event that was given; NULL of any other, as of IPI_STACK_NONE. May be asked
 * while another thread reads.
 */
const struct ipi_stack *decoder_stack(const struct decoder *d, uint32_t id);
uint32_t decoder_nr_stacks(const struct decoder *d);

#endif
