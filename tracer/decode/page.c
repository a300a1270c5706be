// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/page.c - walks sub-buffers in place, one cursor a CPU.
 *
 * A cursor stands on the next record that matters (its head). Every step is
 * checked against the end of the sub-buffer; where one does not hold, the rest
 * of the page is given up, counted, and shows in the stream as events lost,
 * number unknown. Times within one stream never go back. A cursor of a running
 * tracer may find no page: then it has no head and waits for the next refill.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/subbuf.h"
#include "decode/event.h"
#include "decode/walk.h"

/* What is beyond is damage: sums of what is not cannot wrap. */
#define LOST_LIMIT (1ULL << 40)

/* Page header: u64 timestamp, long commit of which only the low 32 bits mean something, data. */
static void page_parse(const struct decoder *d, const uint8_t *page, size_t len, struct sub_buffer *sb)
{
	uint32_t commit;
	size_t room;

	memset(sb, 0, sizeof(*sb));
	sb->valid = true;
	sb->data = sb->end = page;
	if (len < d->plan.data_off) {
		sb->cut = true;
		return;
	}
	sb->ts = load64(page, d->plan.swap);
	/* The low half of the long: behind the high one on big-endian machines. */
	commit = load32(page + SUBBUF_COMMIT_OFF + (d->plan.meta.big_endian && d->plan.long_size == 8 ? 4 : 0),
			d->plan.swap);
	room = len - d->plan.data_off;
	sb->data = page + d->plan.data_off;
	sb->cut = (commit & SUBBUF_LEN) > room;
	if (sb->cut) {
		sb->end = sb->data + room;
	} else {
		sb->end = sb->data + (commit & SUBBUF_LEN);
		room -= commit & SUBBUF_LEN;
	}
	if (!(commit & SUBBUF_MISSED))
		return;
	sb->lost = IPI_LOST_UNKNOWN;
	if ((commit & SUBBUF_STORED) && !sb->cut && room >= d->plan.long_size) {
		sb->lost = load_long(d, sb->end);
		if (!sb->lost || sb->lost > LOST_LIMIT)
			sb->lost = IPI_LOST_UNKNOWN;
	}
}

static void page_fetch(struct decoder *d, struct cursor *c, struct sub_buffer *sb)
{
	const void *page;
	size_t len = 0;

	sb->valid = false;
	if (c->ended)
		return;
	page = d->src.next(d->src.ctx, c->idx, &len, d->err);
	if (!page && len == PAGE_LATER && !d->err->code)
		return;
	if (!page) {
		c->ended = true;
		if (d->err && d->err->code)
			d->failed = true;
		return;
	}
	page_parse(d, page, len, sb);
}

const struct sub_buffer *cursor_ahead(struct decoder *d, struct cursor *c)
{
	if (!c->ahead_known) {
		page_fetch(d, c, &c->ahead);
		c->ahead_known = c->ahead.valid || c->ended;
	}
	return c->ahead.valid ? &c->ahead : NULL;
}

static void head_set(struct cursor *c, enum cursor_head head, unsigned int rank)
{
	c->head = head;
	c->key = head_key(c->ts, rank);
}

static void head_lost(struct cursor *c, uint64_t lost)
{
	c->lost = lost;
	head_set(c, HEAD_LOST, 0);
}

/* A gap begins behind the last record; where it ends, the next page says. */
static void head_gap(struct cursor *c, uint64_t lost)
{
	c->pos = c->end = NULL;
	c->lost_ahead = lost;
	head_set(c, HEAD_GAP, 1);
}

/* The rest of the page is no good. False: it lies in a gap that was told already, so there is no new head. */
static bool page_give_up(struct decoder *d, struct cursor *c)
{
	bool told = c->lost_ahead;

	d->stats.bad_pages++;
	c->pos = c->end = NULL;
	c->lost_ahead = IPI_LOST_UNKNOWN;
	if (!told)
		head_gap(c, IPI_LOST_UNKNOWN);
	return !told;
}

static uint64_t lost_add(uint64_t a, uint64_t b)
{
	return a == IPI_LOST_UNKNOWN || b == IPI_LOST_UNKNOWN ? IPI_LOST_UNKNOWN : a + b;
}

/*
 * No page: for now, or for ever. A gap that has not ended yet hides all that was until the end of all streams, behind
 * whose events it is told; so does what a cut file does not have of this one.
 */
static void page_none(struct decoder *d, struct cursor *c)
{
	c->pos = c->end = NULL;
	if (!c->ended) {
		c->head = HEAD_LATER;
	} else if (c->lost_ahead) {
		head_lost(c, c->lost_ahead);
		c->key = UINT64_MAX;
		c->lost_ahead = 0;
		c->end_told = true;
	} else if (!c->end_told && d->src.cut && d->src.cut(d->src.ctx, c->idx)) {
		head_gap(c, IPI_LOST_UNKNOWN);
	} else {
		c->head = HEAD_END;
	}
}

/*
 * Enters the next page. True if the cursor got a head by it (start, loss,
 * end); false if the page's records are to be walked.
 */
static bool page_enter(struct decoder *d, struct cursor *c)
{
	struct sub_buffer sb;

	if (c->ahead_known) {
		sb = c->ahead;
		c->ahead_known = false;
	} else {
		page_fetch(d, c, &sb);
	}
	if (!sb.valid) {
		page_none(d, c);
		return true;
	}
	if (!c->started) {
		/* The page waits until the start was told. */
		c->started = true;
		c->ahead = sb;
		c->ahead_known = true;
		c->ts = sb.ts < TIME_LIMIT ? sb.ts : 0;
		c->pos = c->end = NULL;
		head_set(c, HEAD_START, 0);
		return true;
	}
	if (sb.ts < c->ts || sb.ts >= TIME_LIMIT) {
		/* A writer never goes back: this is no page of this stream. */
		return page_give_up(d, c);
	}
	if (sb.lost && c->ts < sb.ts && !c->lost_ahead) {
		/* The page waits until the begin of the gap was told. */
		head_gap(c, sb.lost);
		sb.lost = 0;
		c->ahead = sb;
		c->ahead_known = true;
		return true;
	}
	sb.lost = lost_add(sb.lost, c->lost_ahead);
	c->lost_ahead = 0;
	c->ts = sb.ts;
	if (sb.cut) {
		/* What is there may be whole; the loss is told behind it. */
		c->give_up = true;
	}
	c->pos = sb.data;
	c->end = sb.end;
	if (sb.lost) {
		head_lost(c, sb.lost);
		return true;
	}
	return false;
}

/* What the inner loop cannot do within the page: walk it with all care, enter the next, give one up. */
void cursor_advance(struct decoder *d, struct cursor *c)
{
	for (;;) {
		if (d->plan.native ? page_walk(d, c, true) : page_walk(d, c, false))
			return;
		if (c->give_up) {
			c->give_up = false;
			if (page_give_up(d, c))
				return;
			continue;
		}
		if (page_enter(d, c))
			return;
	}
}

/*
 * New pages for a cursor that had none. What is before the time that is
 * settled cannot be matched any more: it is counted, and shows as a gap. 1: *ev
 * is that gap, or another event that is late without harm; 0: none.
 */
static int cursor_refill(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	uint64_t lost = 0, late = 0;
	enum cursor_head tell = HEAD_END;

	for (cursor_advance(d, c); c->head < HEAD_END && c->ts < d->settled_ns; cursor_advance(d, c)) {
		if (c->head == HEAD_RECORD || c->head == HEAD_LOST)
			tell = HEAD_LOST;
		else if (tell != HEAD_LOST)
			tell = c->head;
		late += c->head == HEAD_RECORD;
		if (c->head == HEAD_LOST)
			lost = lost_add(lost, c->lost);
	}
	d->stats.late += late;
	if (tell == HEAD_END)
		return 0;
	event_head(d, c, tell, d->settled_ns, ev);
	ev->lost = lost;
	return 1;
}

int decoder_refill(struct decoder *d, struct ipi_event *ev, unsigned int max)
{
	unsigned int nr = 0;
	uint64_t complete_ns;

	for (unsigned int i = 0; i < d->src.nr_cpus && nr < max && !d->failed; i++) {
		struct cursor *c = &d->cursors[i];

		if (c->head != HEAD_LATER)
			continue;
		nr += cursor_refill(d, c, &ev[nr]);
		if (c->head < HEAD_END)
			heap_push(d, c);
	}
	if (d->failed)
		return -1;
	complete_ns = d->src.complete_ns(d->src.ctx);
	if (complete_ns >= TIME_LIMIT)
		d->last_key = UINT64_MAX;
	else if (complete_ns << 1 > d->last_key)
		d->last_key = complete_ns << 1;
	return (int)nr;
}
