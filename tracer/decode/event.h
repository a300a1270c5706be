/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/event.h - one record to one struct ipi_event; part of decode/decode.c's inner loop.
 *
 * In a header so that the loop exists twice, once with everything that depends
 * on the recording machine a constant ("fast").
 */
#ifndef IPITRACE_DECODE_EVENT_H
#define IPITRACE_DECODE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "decode/priv.h"

/* What follows a record at its own context level. */
struct look {
	const uint8_t *stack; /* its kernel_stack record, or NULL */
	uint32_t stack_len;
	const uint8_t *raise; /* the ipi_raise of the same send, or NULL */
	const uint8_t *next;  /* first record of the level */
	uint32_t next_id;
};

/* decode/look.c */
void look_ahead(struct decoder *d, struct cursor *c, bool want_raise, struct look *look);
bool look_next(struct decoder *d, struct cursor *c, struct look *look);
uint32_t stack_attach(struct decoder *d, struct cursor *c, const struct look *look);
uint64_t *mask_alloc(struct decoder *d, unsigned int nr);
void masks_reset(struct decoder *d);
void masks_free(struct decoder *d);
bool event_decode_rare(struct decoder *d, struct cursor *c, struct ipi_event *ev);

/* decode/native.c: decoder_read() where d->plain. */
int native_read(struct decoder *d, struct ipi_event *ev, unsigned int max);
/* decode/decode.c: event_decode() for what is rare in there. */
bool native_event(struct decoder *d, struct cursor *c, struct ipi_event *ev);
void heap_sift_down(struct decoder *d, unsigned int at);
/* decode/decode.c: cur is done: the next one leaves the heap and runs. */
void heap_pop_to_cur(struct decoder *d);

/* Another one's head is earlier than cur's now. */
static inline void heap_swap_cur(struct decoder *d)
{
	struct cursor *next = d->heap[0];

	d->heap[0] = d->cur;
	d->cur = next;
	if (d->nr_heap > 1)
		heap_sift_down(d, 0);
}

static inline uint64_t rec_ptr(const struct decoder *d, const struct cursor *c, unsigned int off, const bool fast)
{
	return fast ? load64(c->rec + off, false) : load_long(d, c->rec + off);
}

static inline uint32_t rec_u32(const struct decoder *d, const struct cursor *c, unsigned int off, const bool fast)
{
	return load32(c->rec + off, fast ? false : d->swap);
}

/* The record's content contradicts itself: nothing behind it is to be trusted. */
static inline bool event_damaged(struct cursor *c)
{
	c->give_up = true;
	c->pos = c->end;
	return false;
}

/* Field by field: memset() of this size is a string instruction, slower than all the rest. */
static inline void event_init(struct cursor *c, struct ipi_event *ev)
{
	ev->ts_ns = c->ts;
	ev->type = IPI_EV_NONE;
	ev->class = 0;
	ev->call_kind = IPI_CALL_PLAIN;
	ev->flags = 0;
	ev->cpu = c->cpu;
	ev->pid = 0;
	ev->target = 0;
	ev->callsite = 0;
	ev->func = 0;
	ev->csd = 0;
	ev->stack = IPI_STACK_NONE;
	ev->mask_words = 0;
	ev->mask = NULL;
	ev->lost = 0;
}

/* A stream's start or a gap in it. */
static inline void event_head(struct cursor *c, struct ipi_event *ev)
{
	event_init(c, ev);
	ev->type = c->head == HEAD_START ? IPI_EV_CPU_START : IPI_EV_LOST;
	if (c->head == HEAD_LOST) {
		ev->lost = c->lost;
		memset(c->level, 0, sizeof(c->level));
		c->open_irq = CLASS_NONE;
	}
}

/*
 * Class by callback: NULL is a reschedule, the kernel's one call function
 * interrupt routine a call, anything else irq_work on the own CPU. CLASS_NONE: a queue notice of 6.4, no IPI at all.
 */
static inline unsigned int send_class(const struct formats *f, const struct ipi_event *ev, bool mask)
{
	bool self = !mask && ev->target == ev->cpu;

	if (!ev->func)
		return IPI_CLASS_RESCHEDULE;
	if (f->generic_call ? ev->func == f->generic_call : !self)
		return mask || !f->has_single_vector ? IPI_CLASS_CALL : IPI_CLASS_CALL_SINGLE;
	if (self)
		return IPI_CLASS_IRQ_WORK;
	return f->pseudo_sends ? CLASS_NONE : IPI_CLASS_OTHER;
}

static inline unsigned int call_kind(const struct formats *f, const struct ipi_event *ev)
{
	if (ev->func == f->ttwu_pending && ev->func)
		return IPI_CALL_TTWU;
	if (ev->callsite > f->irqwork_start && ev->callsite <= f->irqwork_end)
		return IPI_CALL_IRQ_WORK;
	return IPI_CALL_PLAIN;
}

/* A call was told of on its own: the send that follows at its level is its. */
static inline void call_note(struct level_state *level, uint64_t func, uint32_t cpu)
{
	/* The queueing of each target of a mask call must not narrow it to one. */
	if (level->call_func == func && level->call_cpu == CALL_ANY_CPU)
		cpu = CALL_ANY_CPU;
	level->call_func = func;
	level->call_cpu = cpu;
}

static inline uint64_t call_take(struct level_state *level, const struct ipi_event *ev)
{
	uint64_t func = level->call_func;

	if (ev->type == IPI_EV_SEND_CPU && level->call_cpu != CALL_ANY_CPU && level->call_cpu != ev->target)
		return 0;
	level->call_func = 0;
	return func;
}

/* Names the function of a send whose event bears the dispatcher only, if a probe told of it. */
static inline void call_name(struct level_state *level, struct ipi_event *ev)
{
	uint64_t func = call_take(level, ev);

	if (func) {
		ev->func = func;
		ev->call_kind = IPI_CALL_NAMED;
	}
}

/*
 * Most often the record right behind tells all: it is the event's stack, or it
 * is of the same task and level and no stack. False: look_ahead() must look.
 */
static inline bool look_quick(const struct decoder *d, const struct cursor *c, struct look *look)
{
	const struct ev_desc *desc;
	uint64_t callback;
	struct rec r;
	uint32_t id;

	if (c->pos >= c->end || rec_parse(c->pos, c->end, false, false, &r) != REC_EVENT || r.len < 8)
		return false;
	if (load32(r.data + 4, false) != load32(c->rec + 4, false) || flags_level(r.data[2]) != flags_level(c->rec[2]))
		return false;
	id = load16(r.data, false);
	if (id >= d->fmt.nr_desc)
		return false;
	desc = &d->fmt.desc[id];
	look->stack = NULL;
	look->raise = NULL;
	if (unlikely(r.len < desc->min_len))
		return false;
	switch (desc->op) {
	case OP_STACK:
		look->stack = r.data;
		look->stack_len = r.len;
		return true;
	case OP_SEND_CPU:
		/* Unless it is an irq_work: writing our event may have woken a reader by one. */
		callback = load64(r.data + desc->off[FLD_FUNC], false);
		return !callback || callback == d->fmt.generic_call;
	default:
		return true;
	}
}

/* __data_loc mask of the recorder's longs to host-order words of 64 CPUs; false = damaged. */
bool event_mask(struct decoder *d, struct cursor *c, unsigned int off, struct ipi_event *ev);

/*
 * Common end of all sends: class, stack, and the ipi_raise that tells of the
 * same send once more. It knows the class for sure, and is dropped when
 * the cursor comes by it.
 */
static inline bool event_send(struct decoder *d, struct cursor *c, struct ipi_event *ev, const bool mask,
			      const bool fast)
{
	struct formats *f = &d->fmt;
	struct level_state *level = &c->level[flags_level(ev->flags)];
	unsigned int class = send_class(f, ev, mask);
	struct look look;

	if (class == CLASS_NONE) {
		/* Told for the call that is about to be sent: its function. */
		call_note(level, ev->func, mask ? CALL_ANY_CPU : ev->target);
		return false;
	}
	ev->class = class;
	if (f->pseudo_sends && ipi_class_is_call(class))
		call_name(level, ev);
	if (!fast || f->has_raise || !look_quick(d, c, &look))
		look_ahead(d, c, f->has_raise && !f->x86, &look);
	if (look.raise) {
		const struct ev_desc *raise = &f->desc[load16(look.raise + f->off_type, d->swap)];
		uint64_t reason = load_long(d, look.raise + raise->off[FLD_REASON]);

		class = formats_reason_class(f, reason);
		if (class != IPI_CLASS_OTHER)
			ev->class = class;
		level->drop_raise = true;
	}
	if (look.stack)
		ev->stack = stack_attach(d, c, &look);
	return true;
}

/* False: nothing to tell, ev may be reused. */
static inline __attribute__((always_inline)) bool event_decode(struct decoder *d, struct cursor *c,
							       struct ipi_event *ev, const bool fast)
{
	const struct ev_desc *desc = c->desc;

	event_init(c, ev);
	ev->flags = c->rec[fast ? 2 : d->fmt.off_flags];
	ev->pid = (int32_t)rec_u32(d, c, fast ? 4 : d->fmt.off_pid, fast);

	switch (desc->op) {
	case OP_IRQ_ENTRY:
		ev->type = IPI_EV_IRQ_ENTRY;
		ev->class = desc->class;
		return true;
	case OP_IRQ_EXIT:
		ev->type = IPI_EV_IRQ_EXIT;
		ev->class = desc->class;
		return true;
	case OP_FUNC_ENTRY:
	case OP_FUNC_EXIT:
		ev->type = desc->op == OP_FUNC_ENTRY ? IPI_EV_FUNC_ENTRY : IPI_EV_FUNC_EXIT;
		ev->func = rec_ptr(d, c, desc->off[FLD_FUNC], fast);
		ev->csd = rec_ptr(d, c, desc->off[FLD_CSD], fast);
		ev->call_kind = call_kind(&d->fmt, ev);
		return true;
	case OP_QUEUE: {
		struct look look;

		ev->type = IPI_EV_QUEUE;
		/* What a call elides would have been this; only x86 has a vector of single calls. */
		ev->class = d->fmt.has_single_vector ? IPI_CLASS_CALL_SINGLE : IPI_CLASS_CALL;
		ev->target = rec_u32(d, c, desc->off[FLD_CPU], fast);
		ev->callsite = rec_ptr(d, c, desc->off[FLD_CALLSITE], fast);
		ev->func = rec_ptr(d, c, desc->off[FLD_FUNC], fast);
		ev->csd = rec_ptr(d, c, desc->off[FLD_CSD], fast);
		ev->call_kind = call_kind(&d->fmt, ev);
		if (!fast || !look_quick(d, c, &look))
			look_ahead(d, c, false, &look);
		if (look.stack)
			ev->stack = stack_attach(d, c, &look);
		return true;
	}
	case OP_SEND_CPU:
		ev->type = IPI_EV_SEND_CPU;
		ev->target = rec_u32(d, c, desc->off[FLD_CPU], fast);
		ev->callsite = rec_ptr(d, c, desc->off[FLD_CALLSITE], fast);
		ev->func = rec_ptr(d, c, desc->off[FLD_FUNC], fast);
		return event_send(d, c, ev, false, fast);
	case OP_SEND_MASK:
		ev->type = IPI_EV_SEND_MASK;
		ev->callsite = rec_ptr(d, c, desc->off[FLD_CALLSITE], fast);
		ev->func = rec_ptr(d, c, desc->off[FLD_FUNC], fast);
		if (!event_mask(d, c, desc->off[FLD_MASK], ev))
			return event_damaged(c);
		return event_send(d, c, ev, true, fast);
	default:
		return event_decode_rare(d, c, ev);
	}
}

#endif
