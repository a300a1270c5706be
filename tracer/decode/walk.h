/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/walk.h - the inner loop of the program: from record to record of ours.
 *
 * In a header so that decode/decode.c's loop has it inline, once with everything that
 * depends on the recording machine a constant ("fast").
 */
#ifndef IPITRACE_DECODE_WALK_H
#define IPITRACE_DECODE_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "decode/priv.h"

/* 146 years of ns; a later time is damage, and must not hide the pages behind it. */
#define TIME_LIMIT (1ULL << 62)

#define STAMP_BITS 59
#define STAMP_MASK ((1ULL << STAMP_BITS) - 1)

/* 59 bits of an absolute stamp; the rest comes from the clock so far. */
static inline uint64_t stamp_fix(uint64_t ts, uint64_t stamp)
{
	uint64_t fixed = (stamp & STAMP_MASK) | (ts & ~STAMP_MASK);

	if (fixed < ts && ts - fixed > STAMP_MASK / 2)
		fixed += STAMP_MASK + 1;
	return fixed < ts ? ts : fixed;
}

/* False, and time stands still, where the result is no time any clock shows. */
static inline bool time_step(uint64_t *ts, bool stamp, uint64_t delta)
{
	uint64_t next = stamp ? stamp_fix(*ts, delta) : *ts + delta;

	if (next >= TIME_LIMIT)
		return false;
	*ts = next;
	return true;
}

/* The next record of ours in this page becomes the head; false at the end of the page. */
static inline __attribute__((always_inline)) bool page_walk(struct decoder *d, struct cursor *c, const bool fast)
{
	const bool swap = fast ? false : d->plan.swap;
	const bool big = fast ? false : d->plan.meta.big_endian;
	const unsigned int common_len = fast ? 8 : d->plan.fmt.common_len;
	const struct ev_desc *descs = d->plan.fmt.desc;
	const unsigned int nr_desc = d->plan.fmt.nr_desc;
	const uint8_t *p = c->pos, *end = c->end;
	uint64_t *counts = d->counts;
	uint64_t ts = c->ts;
	bool bad = false;

	while (p < end) {
		const struct ev_desc *desc;
		uint32_t id;
		struct rec r;

		enum rec_kind kind = rec_parse(p, end, swap, big, &r);

		switch (kind) {
		case REC_EVENT:
			break;
		case REC_TIME:
		case REC_PAD:
		case REC_STAMP:
			p = r.next;
			if (time_step(&ts, kind == REC_STAMP, r.delta))
				continue;
			bad = true;
			p = end;
			continue;
		case REC_PAGE_END:
			p = end;
			continue;
		case REC_BAD:
			bad = true;
			p = end;
			continue;
		}
		ts += r.delta;
		p = r.next;
		if (unlikely(r.len < common_len)) {
			counts[0]++;
			continue;
		}
		id = load16(r.data + (fast ? 0 : d->plan.fmt.off_type), swap);
		if (unlikely(id >= nr_desc))
			id = 0;
		counts[id]++;
		desc = &descs[id];
		if (desc->op <= OP_STACK)
			continue;
		if (unlikely(r.len < desc->min_len)) {
			bad = true;
			p = end;
			continue;
		}
		c->pos = p;
		c->ts = ts;
		c->rec = r.data;
		c->rec_len = r.len;
		c->desc = desc;
		c->head = HEAD_RECORD;
		c->key = head_key(ts, desc->rank);
		return true;
	}
	c->pos = p;
	c->ts = ts;
	c->give_up |= bad;
	return false;
}

#endif
