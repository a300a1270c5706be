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
#include "base/cpuset.h"
#include "decode/priv.h"

/* What follows a record at its own context level. */
struct look {
	const uint8_t *stack; /* its kernel_stack record, or NULL */
	uint32_t stack_len;
	uint64_t stack_ns;    /* stamp of the last stack record of the event */
	const uint8_t *raise; /* the ipi_raise of the same send, or NULL */
	const uint8_t *next;  /* first record of the level */
	uint32_t next_id;
};

/* decode/look.c */
void look_ahead(struct decoder *d, struct cursor *c, const struct ipi_event *ev, bool want_raise, struct look *look);
bool look_next(struct decoder *d, struct cursor *c, struct look *look);
/* The stack that was found, to the event; none is well. */
void stack_attach(struct decoder *d, struct cursor *c, const struct look *look, struct ipi_event *ev);

/* The event has no stack; that of a known caller's send was left out. */
static inline void stack_none(struct decoder *d, struct ipi_event *ev)
{
	if (d->nr_known && ipi_event_is_send(ev))
		known_attach(d, ev);
}

/* Whom a record of a wake-up wakes; 0 = nobody: what is below is no task, as in event_mean(). */
static inline int32_t rec_wakee(const struct decoder *d, const struct ev_desc *desc, const uint8_t *rec)
{
	int32_t pid = (int32_t)load32(rec + desc->off[FLD_PID], d->plan.swap);

	return pid < 0 ? 0 : pid;
}

/* The next record of a wake-up at the level of the one under the cursor: its kind, OP_SKIP = none is near. */
struct look_wake {
	enum kevent_op op;
	int32_t pid;
	uint32_t cpu;
};
struct look_wake look_wake(struct decoder *d, struct cursor *c);
/* decode/wakes.c: a record of a wake-up; what is sent, queued or spared next may be for it. */
void wake_note(struct decoder *d, struct cursor *c, const struct ipi_event *ev);
/* decode/wakes.c: for which task this is, if f->has_wakes: ev->wakee. */
void wake_join(struct decoder *d, struct cursor *c, struct ipi_event *ev);
/* decode/works.c: a record of a work's or timer's begin or end. */
void work_note(struct decoder *d, struct cursor *c, const struct ipi_event *ev);
uint64_t *mask_alloc(struct decoder *d, unsigned int nr);
void masks_reset(struct decode_masks *m);
bool event_decode_rare(struct decoder *d, struct cursor *c, struct ipi_event *ev);

/* decode/page.c: more for the cursors that have no head; the number of events at ev, -1 where d->failed. */
int decoder_refill(struct decoder *d, struct ipi_event *ev, unsigned int max);
/* decode/native.c: decoder_read() where d->plan.plain. */
int native_read(struct decoder *d, struct ipi_event *ev, unsigned int max);
/* decode/decode.c: event_decode() for what is rare in there. */
bool native_event(struct decoder *d, struct cursor *c, struct ipi_event *ev);
void heap_sift_down(struct decoder *d, unsigned int at);
/* decode/decode.c: cur is done: the next one leaves the heap and runs. */
void heap_pop_to_cur(struct decoder *d);
/* decode/decode.c: a cursor that has got a head. */
void heap_push(struct decoder *d, struct cursor *c);

/* At equal keys the lower stream comes first: so the order is one, however data arrive. */
static inline bool heap_less(const struct cursor *a, const struct cursor *b)
{
	return a->key != b->key ? a->key < b->key : a->idx < b->idx;
}

/* The last key up to which cur runs. */
static inline uint64_t cur_limit(const struct decoder *d, const struct cursor *cur)
{
	const struct cursor *next = d->nr_heap ? d->heap[0] : NULL;

	return next && next->key <= d->last_key ? next->key - (next->idx < cur->idx) : d->last_key;
}

/* The first of the others runs now, as its head is earlier than cur's; returned. */
static inline struct cursor *heap_take_turns(struct decoder *d, struct cursor *cur)
{
	struct cursor *next = d->heap[0];

	d->heap[0] = cur;
	d->cur = next;
	if (unlikely(d->nr_heap > 1))
		heap_sift_down(d, 0);
	return next;
}

/* Is another one's head earlier than cur's now? Then that one runs. */
static inline void heap_swap_cur(struct decoder *d)
{
	if (d->nr_heap && heap_less(d->heap[0], d->cur))
		heap_take_turns(d, d->cur);
}

static inline uint64_t rec_ptr(const struct decoder *d, const uint8_t *rec, unsigned int off, const bool fast)
{
	return fast ? load64(rec + off, false) : load_long(d, rec + off);
}

static inline uint32_t rec_u32(const struct decoder *d, const uint8_t *rec, unsigned int off, const bool fast)
{
	return load32(rec + off, fast ? false : d->plan.swap);
}

/* The record's content contradicts itself: nothing behind it is to be trusted. */
static inline bool event_damaged(struct cursor *c)
{
	c->give_up = true;
	c->pos = c->end;
	return false;
}

static inline __attribute__((always_inline)) void event_who(const struct decoder *d, struct ipi_event *ev, uint64_t ts,
							    uint32_t cpu, const uint8_t *rec, const bool fast)
{
	ev->ts_ns = ts;
	ev->cpu = cpu;
	ev->pid = (int32_t)rec_u32(d, rec, fast ? 4 : d->plan.fmt.off_pid, fast);
	ev->stack = IPI_STACK_NONE;
	ev->flags = rec[fast ? 2 : d->plan.fmt.off_flags];
}

static inline void event_what(struct ipi_event *ev, uint8_t type, uint8_t class, uint8_t kind)
{
	ev->type = type;
	ev->class = class;
	ev->call_kind = kind;
}

static inline void event_call(struct ipi_event *ev, uint32_t target, uint64_t callsite, uint64_t func, uint64_t csd)
{
	ev->target = target;
	ev->callsite = callsite;
	ev->func = func;
	ev->csd = csd;
}

/* No machine has more: whoever counts by CPU has no room for them. */
static inline bool is_cpu(uint32_t cpu)
{
	return cpu < CPUSET_LIMIT;
}

static inline bool is_cpu_mask(const uint64_t *words, unsigned int nr)
{
	for (unsigned int i = CPUSET_LIMIT / 64; i < nr; i++)
		if (words[i])
			return false;
	return true;
}

/* A stream's start or a gap in it. */
static inline void event_head(struct decoder *d, struct cursor *c, enum cursor_head head, uint64_t ts,
			      struct ipi_event *ev)
{
	c->open_func = c->open_timer = 0; /* its exit may be in a gap */
	if (head != HEAD_START)
		works_forget(d->works);
	if (head == HEAD_LOST && c->end_told && ts < decoder_end_ns(d))
		ts = c->ts = decoder_end_ns(d);
	ev->ts_ns = ts;
	ev->cpu = c->cpu;
	ev->pid = 0;
	ev->stack = IPI_STACK_NONE;
	ev->flags = 0;
	ev->lost = 0;
	event_call(ev, 0, 0, 0, 0);
	event_what(ev,
		   head == HEAD_START ? IPI_EV_CPU_START :
		   head == HEAD_GAP   ? IPI_EV_GAP :
					IPI_EV_LOST,
		   0, IPI_CALL_PLAIN);
	if (head == HEAD_LOST) {
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
 * May another stack of the same event come at p, behind the one at stack: at
 * once, or behind an interrupt? Not looked at closely: a yes costs no more than
 * a look.
 */
static inline bool stack_follows(const struct decoder *d, const uint8_t *stack, const uint8_t *p, const uint8_t *end)
{
	struct rec r;

	if (d->plan.meta.one_stack)
		return false;
	if (p >= end || rec_parse(p, end, false, false, &r) != REC_EVENT || r.len < 8)
		return true;
	if (ipi_flags_level(r.data[2]) > ipi_flags_level(stack[2]))
		return true;
	return load16(r.data, false) < d->plan.fmt.nr_desc && d->plan.fmt.desc[load16(r.data, false)].op == OP_STACK;
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
	if (load32(r.data + 4, false) != load32(c->rec + 4, false) ||
	    ipi_flags_level(r.data[2]) != ipi_flags_level(c->rec[2]))
		return false;
	id = load16(r.data, false);
	if (id >= d->plan.fmt.nr_desc)
		return false;
	desc = &d->plan.fmt.desc[id];
	look->stack = NULL;
	look->raise = NULL;
	if (unlikely(r.len < desc->min_len))
		return false;
	switch (desc->op) {
	case OP_STACK:
		look->stack = r.data;
		look->stack_len = r.len;
		look->stack_ns = c->ts + r.delta;
		return !stack_follows(d, r.data, r.next, c->end);
	case OP_SEND_CPU:
		/* Unless it is an irq_work: writing our event may have woken a reader by one. */
		callback = load64(r.data + desc->off[FLD_FUNC], false);
		return !callback || callback == d->plan.fmt.generic_call;
	default:
		return true;
	}
}

/* __data_loc mask of the recorder's longs to host-order words of 64 CPUs; false = damaged. */
bool event_mask(struct decoder *d, struct cursor *c, unsigned int off, struct ipi_event *ev);

/* Where a function of a call begins or ends: it has no call site, which would tell irq_work. */
static inline __attribute__((always_inline)) void event_func(const struct decoder *d, const struct ev_desc *desc,
							     const uint8_t *rec, struct ipi_event *ev, uint8_t type,
							     const bool fast)
{
	uint64_t func = rec_ptr(d, rec, desc->off[FLD_FUNC], fast);

	event_call(ev, 0, 0, func, rec_ptr(d, rec, desc->off[FLD_CSD], fast));
	event_what(ev, type, 0, func && func == d->plan.fmt.ttwu_pending ? IPI_CALL_TTWU : IPI_CALL_PLAIN);
}

/* What is left to do for an event that event_mean() was asked for. */
enum meant {
	MEANT_ALL,  /* nothing */
	MEANT_CALL, /* its stack may follow */
	MEANT_SEND, /* so may its stack, and what else tells of the same send */
	MEANT_RARE, /* everything but event_who(): none of the usual events */
	MEANT_BAD,  /* the record is damaged */
};

/*
 * What a record of the usual events means: the one place. Every field is
 * stored on its own, neighbours together: memset() of this size is a string
 * instruction, slower than all the rest.
 */
static inline __attribute__((always_inline)) enum meant event_mean(const struct decoder *d, const struct ev_desc *desc,
								   const uint8_t *rec, uint64_t ts, struct cursor *c,
								   struct ipi_event *ev, const bool fast)
{
	const struct formats *f = &d->plan.fmt;

	event_who(d, ev, ts, c->cpu, rec, fast);
	/* No task has such a number, and those below -1 mean something else to a report: report/names.h. */
	if (unlikely(ev->pid < 0))
		return MEANT_BAD;
	switch (desc->op) {
	case OP_IRQ_ENTRY:
		event_call(ev, 0, 0, 0, 0);
		event_what(ev, IPI_EV_IRQ_ENTRY, desc->class, IPI_CALL_PLAIN);
		return MEANT_ALL;
	case OP_IRQ_EXIT:
		event_call(ev, 0, 0, 0, 0);
		event_what(ev, IPI_EV_IRQ_EXIT, desc->class, IPI_CALL_PLAIN);
		return MEANT_ALL;
	case OP_FUNC_ENTRY:
		event_func(d, desc, rec, ev, IPI_EV_FUNC_ENTRY, fast);
		c->open_func = ev->func;
		return MEANT_ALL;
	case OP_FUNC_EXIT:
		event_func(d, desc, rec, ev, IPI_EV_FUNC_EXIT, fast);
		c->open_func = 0;
		return MEANT_ALL;
	case OP_QUEUE:
		event_call(ev, rec_u32(d, rec, desc->off[FLD_CPU], fast),
			   rec_ptr(d, rec, desc->off[FLD_CALLSITE], fast), rec_ptr(d, rec, desc->off[FLD_FUNC], fast),
			   rec_ptr(d, rec, desc->off[FLD_CSD], fast));
		/* What a call elides would have been this; only x86 has a vector of single calls. */
		event_what(ev, IPI_EV_QUEUE, f->has_single_vector ? IPI_CLASS_CALL_SINGLE : IPI_CLASS_CALL, 0);
		ev->call_kind = call_kind(f, ev);
		ev->sent_ns = 0;
		return likely(is_cpu(ev->target)) ? MEANT_CALL : MEANT_BAD;
	case OP_SEND_CPU:
		event_call(ev, rec_u32(d, rec, desc->off[FLD_CPU], fast),
			   rec_ptr(d, rec, desc->off[FLD_CALLSITE], fast), rec_ptr(d, rec, desc->off[FLD_FUNC], fast),
			   0);
		event_what(ev, IPI_EV_SEND_CPU, 0, IPI_CALL_PLAIN);
		ev->class = send_class(f, ev, false);
		ev->sent_ns = 0;
		return likely(is_cpu(ev->target)) ? MEANT_SEND : MEANT_BAD;
	default:
		ev->sent_ns = 0;
		return MEANT_RARE;
	}
}

/*
 * Common end of all sends, of a class by send_class(): stack, and the ipi_raise
 * that tells of the same send once more. It knows the class for sure, and is
 * dropped when the cursor comes by it.
 */
static inline bool event_send(struct decoder *d, struct cursor *c, struct ipi_event *ev, const bool fast)
{
	const struct formats *f = &d->plan.fmt;
	struct level_state *level = &c->level[ipi_event_level(ev)];
	struct look look;

	if (ev->class == CLASS_NONE) {
		/* Told for the call that is about to be sent: its function. */
		call_note(level, ev->func, ev->type == IPI_EV_SEND_MASK ? CALL_ANY_CPU : ev->target);
		return false;
	}
	if (f->pseudo_sends && ipi_class_is_call(ev->class))
		call_name(level, ev);
	if (!fast || f->has_raise || !look_quick(d, c, &look))
		look_ahead(d, c, ev, f->has_raise && !f->x86, &look);
	if (look.raise) {
		const struct ev_desc *raise = &f->desc[load16(look.raise + f->off_type, d->plan.swap)];
		uint64_t reason = load_long(d, look.raise + raise->off[FLD_REASON]);
		unsigned int class = formats_reason_class(f, reason);

		if (class != IPI_CLASS_OTHER)
			ev->class = class;
		level->drop_raise++;
	}
	stack_attach(d, c, &look, ev);
	return true;
}

/* False: nothing to tell, ev may be reused. */
static inline __attribute__((always_inline)) bool event_decode(struct decoder *d, struct cursor *c,
							       struct ipi_event *ev, const bool fast)
{
	struct look look;

	switch (event_mean(d, c->desc, c->rec, c->ts, c, ev, fast)) {
	case MEANT_ALL:
		return true;
	case MEANT_CALL:
		if (!fast || !look_quick(d, c, &look))
			look_ahead(d, c, ev, false, &look);
		stack_attach(d, c, &look, ev);
		if (d->plan.fmt.has_wakes)
			wake_join(d, c, ev);
		return true;
	case MEANT_SEND:
		if (!event_send(d, c, ev, fast))
			return false;
		if (d->plan.fmt.has_wakes)
			wake_join(d, c, ev);
		return true;
	case MEANT_RARE:
		break;
	case MEANT_BAD:
		return event_damaged(c);
	}
	event_call(ev, 0, 0, 0, 0);
	event_what(ev, IPI_EV_NONE, 0, IPI_CALL_PLAIN);
	if (c->desc->op != OP_SEND_MASK)
		return event_decode_rare(d, c, ev);
	ev->type = IPI_EV_SEND_MASK;
	ev->callsite = rec_ptr(d, c->rec, c->desc->off[FLD_CALLSITE], fast);
	ev->func = rec_ptr(d, c->rec, c->desc->off[FLD_FUNC], fast);
	ev->class = send_class(&d->plan.fmt, ev, true);
	if (!event_mask(d, c, c->desc->off[FLD_MASK], ev))
		return event_damaged(c);
	return event_send(d, c, ev, fast);
}

#endif
