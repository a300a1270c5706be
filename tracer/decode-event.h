/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode-event.h - one record to one struct ipi_event; part of decode.c's inner loop.
 *
 * In a header so that the loop exists twice, once with everything that depends
 * on the recording machine a constant ("fast").
 */
#ifndef IPITRACE_DECODE_EVENT_H
#define IPITRACE_DECODE_EVENT_H

#include "decode-priv.h"

/* What follows a record at its own context level. */
struct look {
	const uint8_t *stack;		/* its kernel_stack record, or NULL */
	uint32_t stack_len;
	const uint8_t *raise;		/* the ipi_raise of the same send, or NULL */
	const uint8_t *next;		/* first record of the level */
	uint32_t next_id;
};

/* decode-look.c */
void look_ahead(struct decoder *d, struct cursor *c, bool want_raise, struct look *look);
bool look_next(struct decoder *d, struct cursor *c, struct look *look);
uint32_t stack_attach(struct decoder *d, struct cursor *c, const struct look *look);
uint64_t *mask_alloc(struct decoder *d, unsigned int nr);
void masks_reset(struct decoder *d);
void masks_free(struct decoder *d);
bool event_decode_rare(struct decoder *d, struct cursor *c, struct ipi_event *ev);

static inline uint64_t rec_ptr(const struct decoder *d, const struct cursor *c,
			       unsigned int off, const bool fast)
{
	return fast ? load64(c->rec + off, false) : load_long(d, c->rec + off);
}

static inline uint32_t rec_u32(const struct decoder *d, const struct cursor *c,
			       unsigned int off, const bool fast)
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

/* A stream's start or a gap in it. */
static inline void event_head(struct cursor *c, struct ipi_event *ev)
{
	memset(ev, 0, sizeof(*ev));
	ev->ts_ns = c->ts;
	ev->cpu = c->cpu;
	ev->type = c->head == HEAD_START ? IPI_EV_CPU_START : IPI_EV_LOST;
	if (c->head == HEAD_LOST) {
		ev->lost = c->lost;
		memset(c->level, 0, sizeof(c->level));
		c->open_irq = CLASS_NONE;
	}
}

/*
 * Class by callback (kernel.md 2.3): NULL is a reschedule, the kernel's one
 * call function interrupt routine a call, anything else irq_work on the own
 * CPU. CLASS_NONE: a queue notice of 6.4, no IPI at all.
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
	if (f->ttwu_pending && ev->func == f->ttwu_pending)
		return IPI_CALL_TTWU;
	if (ev->callsite > f->irqwork_start && ev->callsite <= f->irqwork_end)
		return IPI_CALL_IRQ_WORK;
	return IPI_CALL_PLAIN;
}

/* __data_loc mask of the recorder's longs to host-order words of 64 CPUs; false = damaged. */
bool event_mask(struct decoder *d, struct cursor *c, unsigned int off, struct ipi_event *ev);
bool event_send(struct decoder *d, struct cursor *c, struct ipi_event *ev, bool mask);

/* False: nothing to tell, ev may be reused. */
static inline __attribute__((always_inline))
bool event_decode(struct decoder *d, struct cursor *c, struct ipi_event *ev, const bool fast)
{
	const struct ev_desc *desc = &d->fmt.desc[c->id];

	memset(ev, 0, sizeof(*ev));
	ev->ts_ns = c->ts;
	ev->cpu = c->cpu;
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
		ev->target = rec_u32(d, c, desc->off[FLD_CPU], fast);
		ev->callsite = rec_ptr(d, c, desc->off[FLD_CALLSITE], fast);
		ev->func = rec_ptr(d, c, desc->off[FLD_FUNC], fast);
		ev->csd = rec_ptr(d, c, desc->off[FLD_CSD], fast);
		ev->call_kind = call_kind(&d->fmt, ev);
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
		return event_send(d, c, ev, false);
	case OP_SEND_MASK:
		ev->type = IPI_EV_SEND_MASK;
		ev->callsite = rec_ptr(d, c, desc->off[FLD_CALLSITE], fast);
		ev->func = rec_ptr(d, c, desc->off[FLD_FUNC], fast);
		if (!event_mask(d, c, desc->off[FLD_MASK], ev))
			return event_damaged(c);
		return event_send(d, c, ev, true);
	default:
		return event_decode_rare(d, c, ev);
	}
}

#endif
