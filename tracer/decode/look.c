// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/look.c - what belongs to an event but stands behind it: its stack and
 * its ipi_raise; and target masks.
 *
 * The stack of an event is the next record at the event's own context level.
 * Between the two there may be records of interrupts, with stacks of their own,
 * and the end of a page.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "decode/event.h"
#include "decode/walk.h"

#define LOOK_RECORDS 256 /* nested records stepped over before giving up */
#define MAX_NESTED   2
#define MASK_BLOCK   (32u * 1024)
#define MAX_FRAMES   512

struct scan {
	const uint8_t *pos, *end;
	bool crossed;
	unsigned int left;
	unsigned int level;
	uint32_t pid;
	uint64_t ts; /* of the record that scan_next() gave */
};

static void scan_init(const struct decoder *d, const struct cursor *c, struct scan *s)
{
	s->pos = c->pos;
	s->end = c->end;
	s->crossed = false;
	s->left = LOOK_RECORDS;
	s->ts = c->ts;
	s->level = ipi_flags_level(c->rec[d->plan.fmt.off_flags]);
	s->pid = load32(c->rec + d->plan.fmt.off_pid, d->plan.swap);
}

/* Next record at the level of the one under the cursor; false if it is certain, or nearly so, that there is none. */
static bool scan_next(struct decoder *d, struct cursor *c, struct scan *s, struct rec *r, uint32_t *id)
{
	while (s->left--) {
		enum rec_kind kind;
		unsigned int level;

		if (s->pos >= s->end) {
			const struct sub_buffer *sb;

			if (s->crossed || c->give_up)
				return false;
			sb = cursor_ahead(d, c);
			if (!sb || sb->lost)
				return false;
			s->pos = sb->data;
			s->end = sb->end;
			s->ts = sb->ts;
			s->crossed = true;
			continue;
		}
		kind = rec_parse(s->pos, s->end, d->plan.swap, d->plan.meta.big_endian, r);
		if (kind == REC_BAD)
			return false;
		if (kind == REC_PAGE_END) {
			s->pos = s->end;
			continue;
		}
		s->pos = r->next;
		if (!time_step(&s->ts, kind == REC_STAMP, r->delta))
			return false;
		if (kind != REC_EVENT || r->len < d->plan.fmt.common_len)
			continue;
		level = ipi_flags_level(r->data[d->plan.fmt.off_flags]);
		if (level > s->level)
			continue;
		if (level < s->level || load32(r->data + d->plan.fmt.off_pid, d->plan.swap) != s->pid)
			return false;
		*id = load16(r->data + d->plan.fmt.off_type, d->plan.swap);
		if (*id >= d->plan.fmt.nr_desc)
			*id = 0;
		return true;
	}
	return false;
}

/* An event may have more than one stack (a trigger's and the option's): the first is as good as any. */
static void look_stack(struct look *look, const struct rec *r, uint64_t ts)
{
	if (!look->stack) {
		look->stack = r->data;
		look->stack_len = r->len;
	}
	look->stack_ns = ts;
}

/*
 * What one look has found out so far. A stack that comes now is that of our
 * event (next), or after nested more, which are those of sends in between.
 */
struct expected {
	bool raise, next;
	bool one; /* no second stack of its own comes behind the first */
	unsigned int nested;
	unsigned int raises; /* of sends in between, that are to come */
	bool passed;	     /* one of these came */
};

/*
 * Writing a send, its stack or its ipi_raise wakes a reader by irq_work (rb_wakeups() in kernel/trace/ring_buffer.c):
 * an IPI to the own CPU, which no other send goes to. It is told of before the ipi_raise that is ours, and has one of
 * its own.
 */
static bool look_woke_reader(const struct decoder *d, const struct cursor *c, const struct ev_desc *desc,
			     const struct rec *r, struct expected *want)
{
	if (desc->op == OP_RAISE && want->raises) {
		want->raises--;
		want->passed = true;
		return true;
	}
	if (desc->op != OP_SEND_CPU || !d->plan.fmt.has_raise || d->plan.fmt.x86 || r->len < desc->min_len ||
	    load32(r->data + desc->off[FLD_CPU], d->plan.swap) != c->cpu || want->raises == MAX_NESTED)
		return false;
	want->raises++;
	want->nested++;
	return true;
}

/* False: nothing that belongs to our event comes behind this record. */
static bool look_record(const struct ev_desc *desc, const struct rec *r, uint64_t ts, struct expected *want,
			struct look *look)
{
	bool whole = r->len >= desc->min_len;

	if (desc->op == OP_STACK) {
		if (want->nested) {
			want->nested--;
			return true;
		}
		/* Of one that the reader's ipi_raise has, and ours behind it, the second is ours. */
		if (want->passed && want->raise && want->next && whole)
			look->stack = NULL;
		if (want->next && whole)
			look_stack(look, r, ts);
		want->next &= !want->one;
		return want->raise || want->next;
	}
	if (desc->op == OP_RAISE && want->raise && whole) {
		look->raise = r->data;
		/* Its stack is as good as the send's own, and the time behind it is what counts. */
		want->raise = false;
		want->next = true;
		return true;
	}
	if (desc->op == OP_SKIP && want->raise) {
		want->next = false;
		return true;
	}
	/*
	 * Writing our event woke a reader by irq_work: that send and its stack
	 * stand between our event and its stack.
	 */
	return desc->op == OP_SEND_CPU && !want->raise && !look->stack && want->nested++ < MAX_NESTED;
}

void look_ahead(struct decoder *d, struct cursor *c, const struct ipi_event *ev, bool want_raise, struct look *look)
{
	struct expected want = {
		.raise = want_raise,
		.next = true,
		/* An irq_work's send stands in the midst of another event, whose stack is next. */
		.one = d->plan.meta.one_stack || (ev->class == IPI_CLASS_IRQ_WORK && ipi_event_is_send(ev)),
	};
	struct scan s;
	struct rec r;
	uint32_t id;

	memset(look, 0, sizeof(*look));
	scan_init(d, c, &s);
	while (scan_next(d, c, &s, &r, &id))
		if (!look_woke_reader(d, c, &d->plan.fmt.desc[id], &r, &want) &&
		    !look_record(&d->plan.fmt.desc[id], &r, s.ts, &want, look))
			return;
}

bool look_next(struct decoder *d, struct cursor *c, struct look *look)
{
	struct scan s;
	struct rec r;

	scan_init(d, c, &s);
	while (scan_next(d, c, &s, &r, &look->next_id)) {
		if (d->plan.fmt.desc[look->next_id].op == OP_STACK)
			continue;
		look->next = r.data;
		return r.len >= d->plan.fmt.desc[look->next_id].min_len;
	}
	return false;
}

struct look_wake look_wake(struct decoder *d, struct cursor *c)
{
	struct scan s;
	struct rec r;
	uint32_t id;

	scan_init(d, c, &s);
	while (scan_next(d, c, &s, &r, &id)) {
		const struct ev_desc *desc = &d->plan.fmt.desc[id];

		if (!(OP_BIT(desc->op) & OPS_WAKES) || r.len < desc->min_len)
			continue;
		return (struct look_wake){ desc->op, rec_wakee(d, desc, r.data),
					   load32(r.data + desc->off[FLD_CPU], d->plan.swap) };
	}
	return (struct look_wake){ .op = OP_SKIP };
}

/* What runs for another at the event's level of its CPU, as far as its events tell. */
static struct within context(const struct decoder *d, const struct cursor *c, const struct ipi_event *ev)
{
	unsigned int level = ipi_event_level(ev);

	/* Interrupts are off around it, in the idle loop's drain, too. */
	if (c->open_func || !d->plan.fmt.has_works || level >= IPI_LEVEL_HARDIRQ)
		return (struct within){ c->open_func, WITHIN_CALL };
	if (level == IPI_LEVEL_SOFTIRQ)
		return (struct within){ c->timer_pid == ev->pid ? c->open_timer : 0, WITHIN_TIMER };
	return (struct within){ works_open(d->works, ev->pid), WITHIN_WORK };
}

/* 0 is nobody's return address: powerpc's unwinder has one where an interrupt switched stacks. */
static uint32_t drop_zeros(uint64_t *frames, uint32_t nr)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < nr; i++)
		if (frames[i])
			frames[kept++] = frames[i];
	return kept;
}

/* nr frames, of which end marks are cut off. */
static uint32_t __attribute__((noinline))
stack_intern(struct decoder *d, struct cursor *c, const uint8_t *from, uint32_t nr, struct within within)
{
	uint64_t frames[MAX_FRAMES];
	uint64_t mark = d->plan.long_size == 8 ? UINT64_MAX : UINT32_MAX;

	if (d->plan.native)
		memcpy(frames, from, nr * sizeof(*frames));
	else
		for (uint32_t i = 0; i < nr; i++)
			frames[i] = load_long(d, from + (size_t)i * d->plan.long_size);
	c->last_stack_len = 0;
	if (nr <= ARRAY_SIZE(c->last_stack_raw)) {
		memcpy(c->last_stack_raw, frames, nr * sizeof(*frames));
		c->last_stack_len = nr;
	}
	nr = drop_zeros(frames, nr);
	while (nr && frames[nr - 1] == mark)
		nr--;
	c->last_within = within;
	c->last_stack = stacks_intern(d->stacks, frames, nr, within, false);
	return c->last_stack;
}

/* As the size field says, but never more than the record holds. */
static uint32_t stack_frames(const struct decoder *d, const struct look *look)
{
	uint32_t nr = load32(look->stack + d->plan.fmt.stack_size_off, d->plan.swap);
	uint32_t room = (look->stack_len - d->plan.fmt.stack_caller_off) >> (d->plan.long_size == 8 ? 3 : 2);

	if (nr > room)
		nr = room;
	return nr < MAX_FRAMES ? nr : MAX_FRAMES;
}

/* Is it the stack that this CPU recorded last? */
static bool stack_again(const struct decoder *d, const struct cursor *c, const uint8_t *from, uint32_t nr,
			struct within within)
{
	return d->plan.native && nr && nr == c->last_stack_len && within.func == c->last_within.func &&
	       within.what == c->last_within.what && !memcmp(from, c->last_stack_raw, nr * sizeof(*c->last_stack_raw));
}

void stack_attach(struct decoder *d, struct cursor *c, const struct look *look, struct ipi_event *ev)
{
	struct within within;
	const uint8_t *from;
	uint32_t nr;

	if (!look->stack) {
		stack_none(d, ev);
		return;
	}
	nr = stack_frames(d, look);
	within = context(d, c, ev);
	from = look->stack + d->plan.fmt.stack_caller_off;
	ev->stack = stack_again(d, c, from, nr, within) ? c->last_stack : stack_intern(d, c, from, nr, within);
	ev->sent_ns = look->stack_ns;
	d->stacks_attached++;
}

/* --- masks: they live as long as the batch --- */

uint64_t *mask_alloc(struct decoder *d, unsigned int nr)
{
	struct decode_masks *m = d->masks;
	struct mask_block *block = m->cur;
	uint64_t *words;

	if (!block || block->used + nr > block->nr) {
		struct mask_block *next = block ? block->next : m->first;

		if (!next) {
			size_t size = nr > MASK_BLOCK ? nr : MASK_BLOCK;

			next = xmalloc(sizeof(*next) + size * sizeof(*next->words));
			next->nr = size;
			next->next = NULL;
			if (block)
				block->next = next;
			else
				m->first = next;
		}
		next->used = 0;
		m->cur = block = next;
	}
	words = block->words + block->used;
	block->used += nr;
	return words;
}

void masks_reset(struct decode_masks *m)
{
	m->cur = m->first;
	if (m->first)
		m->first->used = 0;
}

void decode_masks_free(struct decode_masks *m)
{
	while (m->first) {
		struct mask_block *next = m->first->next;

		free(m->first);
		m->first = next;
	}
	m->cur = NULL;
}

static bool mask_load(struct decoder *d, const uint8_t *rec, uint32_t rec_len, unsigned int at, struct ipi_event *ev)
{
	uint32_t loc = load32(rec + at, d->plan.swap);
	uint32_t off = loc & 0xffff, len = loc >> 16;
	unsigned int nr_longs, nr;
	uint64_t *words;

	if (off + len > rec_len)
		return false;
	nr_longs = len / d->plan.long_size;
	nr = d->plan.long_size == 8 ? nr_longs : (nr_longs + 1) / 2;
	words = mask_alloc(d, nr ? nr : 1);
	words[0] = 0;
	for (unsigned int i = 0; i < nr_longs; i++) {
		const uint8_t *from = rec + off + (size_t)i * d->plan.long_size;

		if (d->plan.long_size == 8)
			words[i] = load64(from, d->plan.swap);
		else if (i % 2)
			words[i / 2] |= (uint64_t)load32(from, d->plan.swap) << 32;
		else
			words[i / 2] = load32(from, d->plan.swap);
	}
	if (!is_cpu_mask(words, nr))
		return false;
	ev->mask = words;
	ev->mask_words = nr;
	return true;
}

bool event_mask(struct decoder *d, struct cursor *c, unsigned int off, struct ipi_event *ev)
{
	return mask_load(d, c->rec, c->rec_len, off, ev);
}
