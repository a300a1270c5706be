// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/wakes.c - for which task a wake-up's send is.
 *
 * try_to_wake_up() (kernel/sched/core.c) runs with interrupts off from
 * sched_waking on, and goes one of two ways on the waker's CPU:
 *
 *	sched_waking(T) ... reschedule to C ... sched_wakeup(T, target_cpu C)
 *	sched_waking(T), csd_queue_cpu(C, sched_ttwu_pending), and the IPI to C if the queue was empty
 *
 * In the second C itself says sched_wakeup, later. Between the events of one
 * way that context records nothing of another wake-up, so that what stands
 * between them is T's: the first is believed only with both its ends, of the
 * second only what comes with the queueing. A new task is put on its CPU by
 * wake_up_new_task(), with a single event, sched_wakeup_new(T, C), in front of the
 * reschedule to C or behind it; so only a stack that comes from there is
 * believed. All else is not a wake-up, or not known to be: the wakee is 0.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "decode/event.h"

/* 0x02 is TRACE_FLAG_IRQS_NOSUPPORT: such a kernel says nothing about interrupts. */
#define FLAGS_IRQS_OFF (IPI_FLAG_IRQS_OFF | 0x02)

void wake_note(struct decoder *d, struct cursor *c, const struct ipi_event *ev)
{
	const struct ev_desc *desc = c->desc;
	struct level_state *level = &c->level[ipi_event_level(ev)];
	int32_t pid = rec_wakee(d, desc, c->rec);

	level->waker = ev->pid;
	level->waking = desc->op == OP_WAKING ? pid : 0;
	level->queued = 0;
	level->fresh = desc->op == OP_WOKEN_NEW ? pid : 0;
	level->wake_cpu = load32(c->rec + desc->off[FLD_CPU], d->plan.swap);
}

static bool sent_by_new(const struct decoder *d, const struct ipi_event *ev)
{
	const struct ipi_stack *stack = ev->stack == IPI_STACK_NONE ? NULL : stacks_get(d->stacks, ev->stack);

	for (unsigned int i = 0; stack && i < stack->nr; i++)
		if (stack->addrs[i] > d->plan.fmt.wake_new_start && stack->addrs[i] <= d->plan.fmt.wake_new_end)
			return true;
	return false;
}

/* A reschedule, or what stands for one where the target polls. */
static int32_t resched_wakee(struct decoder *d, struct cursor *c, const struct level_state *level,
			     const struct ipi_event *ev)
{
	struct look_wake next;

	if (sent_by_new(d, ev)) {
		if (level->fresh && level->wake_cpu == ev->target)
			return level->fresh;
		next = look_wake(d, c);
		return next.op == OP_WOKEN_NEW && next.cpu == ev->target ? next.pid : 0;
	}
	if (!level->waking)
		return 0;
	next = look_wake(d, c);
	return next.op == OP_WOKEN && next.cpu == ev->target && next.pid == level->waking ? next.pid : 0;
}

void wake_join(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	struct level_state *level = &c->level[ipi_event_level(ev)];
	bool queues = ev->type == IPI_EV_QUEUE;

	/* A multicast wakes nobody, and has its mask in this place. */
	if (ev->type == IPI_EV_SEND_MASK)
		return;
	ev->wakee = 0;
	/* Whatever there was is over. */
	if (level->waker != ev->pid || !(ev->flags & FLAGS_IRQS_OFF))
		level->waking = level->queued = level->fresh = 0;
	if (!(ev->flags & FLAGS_IRQS_OFF))
		return;
	if (queues && ev->call_kind == IPI_CALL_TTWU) {
		ev->wakee = level->queued = level->waking;
		level->wake_cpu = ev->target;
		level->waking = level->fresh = 0;
		return;
	}
	/* Where no event tells of the queueing, a probe has named the function. */
	if (!queues && ev->call_kind == IPI_CALL_NAMED && ev->func == d->plan.fmt.ttwu_pending) {
		ev->wakee = level->waking;
		level->waking = level->fresh = 0;
	} else if (!queues && ev->class == IPI_CLASS_RESCHEDULE) {
		ev->wakee = resched_wakee(d, c, level, ev);
	} else if (!queues && ipi_class_is_call(ev->class) && level->wake_cpu == ev->target) {
		ev->wakee = level->queued;
	}
	/* Writing an event may wake a reader of the buffer by irq_work, between the queueing and its send. */
	if (ev->class != IPI_CLASS_IRQ_WORK)
		level->queued = 0;
}
