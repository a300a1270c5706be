/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/decode.h - sub-buffers and event formats in, struct ipi_event in time order out.
 *
 * The only layer that knows ring-buffer layouts and event formats. Does not
 * know where pages come from, nor the command line. Field offsets and the
 * meaning of every event id are resolved in decoder_open(); per event there is
 * no library call, no allocation, no string.
 */
#ifndef IPITRACE_DECODE_H
#define IPITRACE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/event.h"
#include "base/kevents.h"
#include "decode/symtab.h"

/* Pages of one CPU in order. The pointer stays valid until two more calls for the same CPU. */
struct page_source {
	/* Returns the page and its length, NULL at the end of that CPU's data. *err is set on damage. */
	const void *(*next)(void *ctx, unsigned int idx, size_t *len, struct err *err);
	void *ctx;
	unsigned int nr_cpus; /* streams */
	const uint32_t *cpus; /* CPU number of each stream; NULL = idx */
};

struct decode_format {
	const char *system; /* "ipi", "csd", "irq_vectors", "irq", "sched", "ftrace", "kprobes", ... */
	const char *text;   /* content of the event's format file */
	size_t len;
};

/* Everything about the recording machine that decoding needs; not copied, must outlive the decoder. */
struct decode_meta {
	bool big_endian;	 /* of the recording machine */
	unsigned int long_size;	 /* 4 or 8 */
	const char *header_page; /* events/header_page */
	size_t header_page_len;
	const struct decode_format *formats;
	unsigned int nr_formats;
	const char *printk_formats;  /* or NULL; reasons of arm64's ipi_raise */
	const struct symtab *symtab; /* or NULL: classes are then inferred from NULL and target == self */
	bool no_stacks;		     /* the recorder says that it took none: they are not looked for */
	const char *interrupts;	     /* /proc/interrupts of the recording machine, or NULL (irq -> IPI on arm64) */
};

struct decode_caps {
	struct ipi_evidence evidence; /* of the events whose formats the file has */
	bool has_stack;
};

struct decode_stats {
	uint64_t records;   /* every record walked, ours or not */
	uint64_t events;    /* those that became a struct ipi_event */
	uint64_t skipped;   /* records of events that ipitrace does not use */
	uint64_t stacks;    /* those that an event took */
	uint64_t bad_pages; /* damaged sub-buffers: the rest of each was given up */
	uint64_t first_ns, last_ns;
};

struct ipi_stack {
	unsigned int nr;
	const uint64_t *addrs; /* innermost first, as the kernel recorded them */
};

struct decoder;

int decoder_open(struct decoder **d, const struct decode_meta *meta, const struct page_source *src, struct err *err);
void decoder_close(struct decoder *d);
const struct decode_caps *decoder_caps(const struct decoder *d);
/* Up to max events in time order; 0 at the end, -1 on error. The batch lives until the next call. */
int decoder_read(struct decoder *d, struct ipi_event *ev, unsigned int max, struct err *err);
const struct decode_stats *decoder_stats(const struct decoder *d);
/* Stack by interned id (1..nr_stacks). */
const struct ipi_stack *decoder_stack(const struct decoder *d, uint32_t id);
uint32_t decoder_nr_stacks(const struct decoder *d);

#endif
