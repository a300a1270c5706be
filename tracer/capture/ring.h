/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/ring.h - the youngest pages of all CPUs, in memory that is bounded.
 *
 * What a flight recorder keeps: pages as the kernel gave them, each as long as what is in it. Beyond the bound, in bytes
 * or in time, the page that begins first goes, whatever its CPU, so that all CPUs reach back about as far; but the last
 * page of a CPU stays, since without it nobody would know from when on that CPU's events are all there.
 *
 * One thread. Knows of a page its head (struct buffer_data_page of the kernel): stamp, length, and whether events before
 * it are missing.
 */
#ifndef IPITRACE_CAPTURE_RING_H
#define IPITRACE_CAPTURE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_ring;

struct ring_page {
	struct ring_page *next; /* of the same CPU */
	uint64_t begin_ns;
	uint32_t len;
	char data[];
};

/* max_ns: of pages that end longer ago than that before the youngest begins; 0 = as long as there is room. */
struct page_ring *page_ring_new(unsigned int nr_cpus, size_t page_size, uint64_t max_bytes, uint64_t max_ns);
void page_ring_free(struct page_ring *r);
/*
 * Copies it. afresh: where events are missing in front of it, what the CPU has had before is given up, so that nothing
 * is missing in what is kept; else that is a loss, which stands in the page.
 */
void page_ring_add(struct page_ring *r, unsigned int cpu, const void *page, bool afresh);
/* From here on every event that was read is kept, of all CPUs; 0: of none was anything given up. */
uint64_t page_ring_from_ns(const struct page_ring *r);
/* In use now, with what it takes to keep them; and the bound, which is exceeded by a page a CPU at most. */
uint64_t page_ring_bytes(const struct page_ring *r);
uint64_t page_ring_max_bytes(const struct page_ring *r);
/* The oldest of a CPU, NULL if there is none. */
const struct ring_page *page_ring_first(const struct page_ring *r, unsigned int cpu);
/* As the kernel gave it, zeros behind its end; page_size long. whole: that nothing is missing in front of it. */
void ring_page_copy(const struct ring_page *p, bool whole, void *page, size_t page_size);

#endif
