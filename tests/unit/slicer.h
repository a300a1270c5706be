/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slicer.h - a finished recording as a tracer that runs would give it: page by page, CPUs starved at random.
 *
 * Header only. Pages are copied first, and cut at random records where the
 * layout is this machine's. Then any number of CPUs has nothing yet, for as
 * long as chance will have it; the time that is complete follows from what is
 * held back. Memory of a page is freed after two more pages of its CPU.
 */
#ifndef IPITRACE_TESTS_UNIT_SLICER_H
#define IPITRACE_TESTS_UNIT_SLICER_H

#include <stdlib.h>
#include <string.h>

#include "../rnd.h"
#include "base/mem.h"
#include "decode/walk.h"

#define SLICER_MAX_PAGES 8192

struct slicer_page {
	uint8_t *bytes;
	size_t len;
};

struct slicer {
	struct page_source src; /* for decoder_open() */
	struct slicer_cpu {
		struct slicer_page *pages;
		unsigned int nr, next, given; /* next to hand out; how many may be */
		void *live[2];
	} * cpus;
	uint64_t rnd, slack_ns;
	bool swap;
	unsigned int laters; /* times that a CPU had nothing */
	uint64_t promise_ns; /* besides: complete, whatever is held back */
};

static inline uint64_t slicer_random(struct slicer *s)
{
	return rnd_next(&s->rnd) * 0x2545f4914f6cdd1dULL >> 16;
}

static inline void slicer_add(struct slicer *s, unsigned int idx, const void *bytes, size_t len)
{
	struct slicer_cpu *c = &s->cpus[idx];
	struct slicer_page *page = &c->pages[c->nr++];

	if (c->nr > SLICER_MAX_PAGES)
		abort();
	page->bytes = xmalloc(len);
	page->len = len;
	memcpy(page->bytes, bytes, len);
}

/* The page in up to three pieces, each with the time at its cut; only of this machine's layout, and without losses. */
static inline void slicer_cut(struct slicer *s, unsigned int idx, const uint8_t *page, size_t len)
{
	uint32_t commit = len >= 16 ? load32(page + 8, false) : UINT32_MAX;
	const uint8_t *from = page + 16, *p = from, *end = page + 16 + commit;
	uint64_t start_ns, ts;
	unsigned int left = slicer_random(s) % 3;

	if (s->swap || commit > len - 16 || slicer_random(s) % 4 == 0) {
		slicer_add(s, idx, page, len);
		return;
	}
	ts = start_ns = load64(page, false);
	while (p < end) {
		struct rec r;
		enum rec_kind kind = rec_parse(p, end, false, false, &r);

		if (kind == REC_BAD || kind == REC_PAGE_END)
			break;
		if (kind == REC_EVENT)
			ts += r.delta;
		else if (!time_step(&ts, kind == REC_STAMP, r.delta))
			break;
		p = r.next;
		if (p < end && left && slicer_random(s) % 40 == 0) {
			uint8_t *piece = calloc(1, len);
			uint64_t commit_len = (uint64_t)(p - from);

			left--;
			memcpy(piece, &start_ns, 8);
			memcpy(piece + 8, &commit_len, 8);
			memcpy(piece + 16, from, commit_len);
			slicer_add(s, idx, piece, len);
			free(piece);
			from = p;
			start_ns = ts;
		}
	}
	if (from != page + 16) {
		uint8_t *piece = calloc(1, len);
		uint64_t commit_len = (uint64_t)(end - from);

		memcpy(piece, &start_ns, 8);
		memcpy(piece + 8, &commit_len, 8);
		memcpy(piece + 16, from, commit_len);
		slicer_add(s, idx, piece, len);
		free(piece);
	} else {
		slicer_add(s, idx, page, len);
	}
}

static inline const void *slicer_next(void *ctx, unsigned int idx, size_t *len, struct err *err)
{
	struct slicer *s = ctx;
	struct slicer_cpu *c = &s->cpus[idx];
	struct slicer_page *page;

	(void)err;
	if (c->next == c->given) {
		*len = c->given == c->nr ? 0 : PAGE_LATER;
		s->laters += c->given != c->nr;
		return NULL;
	}
	page = &c->pages[c->next++];
	free(c->live[0]);
	c->live[0] = c->live[1];
	c->live[1] = xmalloc(page->len);
	memcpy(c->live[1], page->bytes, page->len);
	*len = page->len;
	return c->live[1];
}

/* All that is held back begins no earlier than this. */
static inline uint64_t slicer_complete_ns(void *ctx)
{
	const struct slicer *s = ctx;
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < s->src.nr_cpus; i++) {
		const struct slicer_cpu *c = &s->cpus[i];
		uint64_t ts = c->given < c->nr ? load64(c->pages[c->given].bytes, s->swap) : UINT64_MAX;

		if (ts < least)
			least = ts;
	}
	if (least != UINT64_MAX)
		least = least > s->slack_ns ? least - s->slack_ns : 0;
	return least < s->promise_ns ? s->promise_ns : least;
}

/* Everything of the source is read first. swap: it is of the other byte order. */
static inline void slicer_init(struct slicer *s, const struct page_source *whole, bool swap, bool cut, uint64_t seed)
{
	struct err err = { 0 };
	const void *page;
	size_t len;

	memset(s, 0, sizeof(*s));
	s->rnd = seed * 0x9e3779b97f4a7c15ULL + 1;
	s->swap = swap;
	s->cpus = xcalloc(whole->nr_cpus + 1, sizeof(*s->cpus));
	for (unsigned int i = 0; i < whole->nr_cpus; i++) {
		s->cpus[i].pages = xcalloc(SLICER_MAX_PAGES + 1, sizeof(*s->cpus[i].pages));
		while (len = 0, (page = whole->next(whole->ctx, i, &len, &err)))
			if (cut)
				slicer_cut(s, i, page, len);
			else
				slicer_add(s, i, page, len);
	}
	s->src = (struct page_source){
		.next = slicer_next,
		.ctx = s,
		.nr_cpus = whole->nr_cpus,
		.cpus = whole->cpus,
	};
}

/* From the start, all at once; or as it comes. */
static inline void slicer_rewind(struct slicer *s, bool live)
{
	for (unsigned int i = 0; i < s->src.nr_cpus; i++) {
		s->cpus[i].next = 0;
		s->cpus[i].given = live ? 0 : s->cpus[i].nr;
	}
	s->src.complete_ns = live ? slicer_complete_ns : NULL;
}

/* More for some CPUs, nothing for others. False: all is given. */
static inline bool slicer_more(struct slicer *s)
{
	bool any = false;

	for (unsigned int i = 0; i < s->src.nr_cpus; i++) {
		struct slicer_cpu *c = &s->cpus[i];
		unsigned int more = slicer_random(s) % 3 ? 0 : (unsigned int)(slicer_random(s) % 5);

		any |= c->given < c->nr;
		c->given = c->given + more < c->nr ? c->given + more : c->nr;
	}
	return any;
}

static inline void slicer_free(struct slicer *s)
{
	for (unsigned int i = 0; i < s->src.nr_cpus; i++) {
		for (unsigned int j = 0; j < s->cpus[i].nr; j++)
			free(s->cpus[i].pages[j].bytes);
		free(s->cpus[i].pages);
		free(s->cpus[i].live[0]);
		free(s->cpus[i].live[1]);
	}
	free(s->cpus);
}

#endif
