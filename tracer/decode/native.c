// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/native.c - the inner loop for the usual recording: this machine's byte
 * order, longs of 64 bits, a current kernel that tells of every send once.
 *
 * It does what decode/walk.h does, for ordinary records of frequent events
 * only, and leaves everything else to it; what an event means is decode/event.h's
 * for both. On 8 million events it makes the whole of a report a tenth faster.
 * A record is looked
 * at before the event in front of it is decoded, because that is also where the
 * event's stack would be: so it is parsed once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "decode/event.h"

/* An ordinary record of a known event: its length in the header, no longer than the page. */
struct peek {
	const uint8_t *rec, *next;
	const struct ev_desc *desc; /* NULL: anything else, or the end of the page */
	uint64_t id;
	uint32_t delta;
};

/* Type/length field of the shortest and the longest record with the common fields. */
#define TYPE_MIN 2u
#define TYPE_MAX 28u
/* Events, each a line of the cache, that the thread which takes them has had before: CPUs may be far apart. */
#define WRITE_AHEAD 16u
#define LEVEL_FLAGS (IPI_FLAG_NMI | IPI_FLAG_HARDIRQ | IPI_FLAG_SOFTIRQ)

static inline __attribute__((always_inline)) struct peek peek_record(const struct decoder *d, const uint8_t *p,
								     const uint8_t *end)
{
	struct peek k = { .desc = NULL };
	const struct ev_desc *desc;
	uint32_t head, type;

	if (unlikely(end - p < 12))
		return k;
	head = load32(p, false);
	type = head & 31;
	k.rec = p + 4;
	k.next = k.rec + type * 4;
	k.delta = head >> 5;
	if (unlikely(type - TYPE_MIN > TYPE_MAX - TYPE_MIN || k.next > end ||
		     load16(p + 4, false) >= d->plan.fmt.nr_desc))
		return k;
	k.id = load16(p + 4, false);
	desc = &d->plan.fmt.desc[k.id];
	if (unlikely(type * 4 < desc->min_len))
		return k;
	k.desc = desc;
	return k;
}

/* The records at these places are of the same task and context level. */
static inline bool same_level(const uint8_t *a, const uint8_t *b)
{
	return load32(a + 4, false) == load32(b + 4, false) && !((a[2] ^ b[2]) & LEVEL_FLAGS);
}

/* What the record behind tells: no stack for sure. */
static inline bool no_stack(const struct decoder *d, const uint8_t *rec, const struct peek *k)
{
	uint64_t callback;

	if (d->plan.meta.no_stacks)
		return true;
	if (unlikely(!k->desc) || !same_level(k->rec, rec) || k->desc->op == OP_STACK)
		return false;
	if (k->desc->op != OP_SEND_CPU)
		return true;
	/* Unless it is an irq_work: writing our event may have woken a reader by one. */
	callback = load64(k->rec + k->desc->off[FLD_FUNC], false);
	return !callback || callback == d->plan.fmt.generic_call;
}

/* By value, because a structure whose address is taken lives in memory in the loop, too. */
static void __attribute__((noinline)) find_stack(struct decoder *d, struct cursor *c, const uint8_t *rec,
						 const uint8_t *pos, struct peek k, struct ipi_event *ev)
{
	const unsigned int level = ipi_flags_level(rec[2]);
	uint64_t ts = ev->ts_ns + k.delta;
	struct look look;

	/* What interrupts the unwinding. */
	while (k.desc && ipi_flags_level(k.rec[2]) > level) {
		k = peek_record(d, k.next, c->end);
		ts += k.delta;
	}
	if (k.desc && k.desc->op == OP_STACK && same_level(k.rec, rec) && !stack_follows(d, k.rec, k.next, c->end)) {
		look.stack = k.rec;
		look.stack_len = (uint32_t)(k.next - k.rec);
		look.stack_ns = ts;
	} else {
		c->rec = rec;
		c->pos = pos;
		c->ts = ev->ts_ns;
		look_ahead(d, c, ev, false, &look);
	}
	stack_attach(d, c, &look, ev);
}

/*
 * The head record of c, which is none of the rare kinds, to ev; k: what follows
 * it. False: of a rare kind, or damaged, nothing done.
 */
static inline __attribute__((always_inline)) bool event_usual(struct decoder *d, struct cursor *c,
							      const struct ev_desc *desc, const uint8_t *rec,
							      const uint8_t *pos, uint64_t ts, const struct peek *k,
							      struct ipi_event *ev)
{
	switch (event_mean(d, desc, rec, ts, c, ev, true)) {
	case MEANT_ALL:
		return true;
	case MEANT_CALL:
	case MEANT_SEND:
		break;
	case MEANT_RARE:
	case MEANT_BAD:
		return false;
	}
	if (unlikely(!no_stack(d, rec, k)))
		find_stack(d, c, rec, pos, *k, ev);
	else
		stack_none(d, ev);
	return true;
}

/* The rest of what a head is that the loop itself has found: its record ends where the next one begins. */
static inline void head_store(struct cursor *c, const struct ev_desc *desc, const uint8_t *rec, const uint8_t *pos,
			      uint64_t ts)
{
	c->desc = desc;
	c->rec_len = (uint32_t)(pos - rec);
	c->rec = rec;
	c->pos = pos;
	c->ts = ts;
	c->key = head_key(ts, desc->rank);
}

/*
 * Events of c up to stop, whose head is a record, until its head's key is above
 * limit, or its head is no record. Returns behind the last.
 */
static inline __attribute__((always_inline)) struct ipi_event *cursor_run(struct decoder *d, struct cursor *c,
									  struct ipi_event *ev,
									  const struct ipi_event *stop, uint64_t limit)
{
	const struct ev_desc *desc = c->desc;
	const uint8_t *rec = c->rec, *pos = c->pos, *end = c->end;
	uint64_t ts = c->ts;

	for (;;) {
		struct peek k = peek_record(d, pos, end);

		prefetch_write((const void *)((uintptr_t)ev + WRITE_AHEAD * sizeof(*ev)));
		if (likely(event_usual(d, c, desc, rec, pos, ts, &k, ev))) {
			ev++;
		} else {
			if (c->rec != rec)
				head_store(c, desc, rec, pos, ts);
			ev += native_event(d, c, ev);
			if (unlikely(c->give_up)) {
				pos = c->pos; /* damaged: nothing behind it is believed */
				k.desc = NULL;
			}
		}
		while (likely(k.desc)) {
			d->counts[k.id]++;
			ts += k.delta;
			pos = k.next;
			if (likely(k.desc->op > OP_STACK))
				break;
			k = peek_record(d, pos, end);
		}
		if (likely(k.desc)) {
			desc = k.desc;
			rec = k.rec;
			if (unlikely(ev == stop) || head_key(ts, desc->rank) > limit)
				break;
			continue;
		}
		c->pos = pos;
		c->ts = ts;
		cursor_advance(d, c);
		if (c->head != HEAD_RECORD || ev == stop || c->key > limit)
			return ev;
		desc = c->desc;
		rec = c->rec;
		pos = c->pos;
		end = c->end;
		ts = c->ts;
	}
	head_store(c, desc, rec, pos, ts);
	return ev;
}

int native_read(struct decoder *d, struct ipi_event *ev, unsigned int max)
{
	struct ipi_event *at = ev, *stop = ev + max;
	const uint64_t last_key = d->last_key;
	struct cursor *c = d->cur;
	unsigned int heads = 0;

	if (!max || !c || c->key > last_key)
		return 0;
	do {
		uint64_t limit = cur_limit(d, c);

		if (likely(c->head == HEAD_RECORD)) {
			at = cursor_run(d, c, at, stop, limit);
		} else {
			event_head(d, c, c->head, c->ts, at++);
			heads++;
			cursor_advance(d, c);
		}
		if (likely(c->head < HEAD_END && c->key > limit && limit < last_key)) {
			/* Which is another one's, so that one is earlier. */
			c = heap_take_turns(d, c);
		} else {
			if (unlikely(c->head >= HEAD_END))
				heap_pop_to_cur(d);
			else if (c->key > limit)
				heap_swap_cur(d);
			c = d->cur;
			if (!c)
				break;
		}
	} while (at != stop && c->key <= last_key);
	d->stats.events += (unsigned int)(at - ev) - heads;
	return d->failed ? -1 : (int)(at - ev);
}
