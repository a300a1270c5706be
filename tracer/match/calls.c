// SPDX-License-Identifier: GPL-2.0-only
/*
 * match/calls.c - calls: from csd_queue_cpu to csd_function_entry and _exit.
 *
 * Key is (target CPU, csd), first in first out: a csd may be queued again
 * before its previous function entry is stamped, but not before the previous
 * use was dequeued (kernel/smp.c, __flush_smp_call_function_queue()), so order
 * within a key is exact. On the source, consecutive queue events of one
 * operation form an op; the ipi_send_* that follows belongs to those that
 * found the queue empty, the rest are riders (smp_call_function_many_cond()).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "match/priv.h"
#include "match/totals.h"

#define CSDS_BITS 8
#define CSDS_MIN  (1u << CSDS_BITS)

/* --- the (target, csd) table --- */

static inline unsigned int csd_hash(const struct csd_table *t, uint32_t target, uint64_t csd)
{
	/* The product's high bits depend on all of the key: no more mixing is needed. */
	return (csd + ((uint64_t)target << 48)) * 0x9e3779b97f4a7c15ULL >> t->shift;
}

/* Where the oldest use is linked; NULL in there: there is none, and that is where it would go. */
static inline struct call **csd_find(struct csd_table *t, uint32_t target, uint64_t csd)
{
	struct call **at = &t->slots[csd_hash(t, target, csd)];

	while (*at && ((*at)->span.csd != csd || (*at)->span.target != target))
		at = &(*at)->slot_next;
	return at;
}

static void csd_grow(struct csd_table *t)
{
	struct csd_table old = *t;

	t->mask = old.mask * 2 + 1;
	t->shift = old.shift - 1;
	t->slots = xcalloc(t->mask + 1, sizeof(*t->slots));
	for (unsigned int i = 0; i <= old.mask; i++)
		for (struct call *c = old.slots[i], *next; c; c = next) {
			struct call **slot = &t->slots[csd_hash(t, c->span.target, c->span.csd)];

			next = c->slot_next;
			c->slot_next = *slot;
			*slot = c;
		}
	free(old.slots);
}

/* at: of this call's key, from csd_find(). */
static inline void csd_push(struct csd_table *t, struct call **at, struct call *c)
{
	struct call *oldest = *at;

	c->fifo_next = NULL;
	if (unlikely(oldest)) {
		oldest->fifo_last->fifo_next = c;
		oldest->fifo_last = c;
		oldest->fifo_nr++;
		return;
	}
	c->fifo_last = c;
	c->slot_next = NULL;
	c->fifo_nr = 1;
	*at = c;
	if (unlikely(++t->used > t->mask))
		csd_grow(t);
}

/* One of several uses. */
static void __attribute__((noinline)) csd_unlink_use(struct call **at, struct call *c)
{
	struct call *oldest = *at, *prev = oldest;

	if (c == oldest) {
		c->fifo_next->fifo_last = c->fifo_last;
		c->fifo_next->slot_next = c->slot_next;
		c->fifo_next->fifo_nr = c->fifo_nr - 1;
		*at = c->fifo_next;
		return;
	}
	while (prev->fifo_next != c)
		prev = prev->fifo_next;
	prev->fifo_next = c->fifo_next;
	if (oldest->fifo_last == c)
		oldest->fifo_last = prev;
	oldest->fifo_nr--;
}

/* Wherever in the fifo it is: batches and losses do not come in key order. Behind the last use the key is to be found anew. */
static inline void csd_unlink(struct csd_table *t, struct call **at, struct call *c)
{
	if (unlikely((*at)->fifo_nr > 1)) {
		csd_unlink_use(at, c);
		return;
	}
	*at = c->slot_next;
	t->used--;
}

void calls_init(struct matcher *m)
{
	m->csds.mask = CSDS_MIN - 1;
	m->csds.shift = 64 - CSDS_BITS;
	m->csds.slots = xcalloc(CSDS_MIN, sizeof(*m->csds.slots));
}

void calls_free(struct matcher *m)
{
	free(m->csds.slots);
}

/* --- life of a call --- */

/* Others whose queue events came earlier are put into the queue later than c: its place is before them. */
static void __attribute__((noinline)) outstanding_insert(struct cpu *target, struct call *c)
{
	struct call *behind = target->out_tail;

	while (behind->out_prev && behind->out_prev->span.sent_ns > c->span.sent_ns)
		behind = behind->out_prev;
	c->begin_ns = behind->begin_ns;
	c->out_next = behind;
	c->out_prev = behind->out_prev;
	if (behind->out_prev)
		behind->out_prev->out_next = c;
	else
		target->out_head = c;
	behind->out_prev = c;
}

static void outstanding_add(struct matcher *m, struct call **at, struct call *c)
{
	struct cpu *target = &m->cpus[c->span.target];

	csd_push(&m->csds, at, c);
	target->nr_irq_works += c->span.call_kind == IPI_CALL_IRQ_WORK;
	c->outstanding = true;
	if (unlikely(target->out_tail && target->out_tail->span.sent_ns > c->span.sent_ns)) {
		outstanding_insert(target, c);
		return;
	}
	c->out_next = NULL;
	c->out_prev = target->out_tail;
	if (target->out_tail)
		target->out_tail->out_next = c;
	else
		target->out_head = c;
	target->out_tail = c;
}

static inline __attribute__((always_inline)) void outstanding_del(struct matcher *m, struct call **at, struct call *c)
{
	struct cpu *target = &m->cpus[c->span.target];

	csd_unlink(&m->csds, at, c);
	target->nr_irq_works -= c->span.call_kind == IPI_CALL_IRQ_WORK;
	c->outstanding = false;
	if (c->out_prev)
		c->out_prev->out_next = c->out_next;
	else
		target->out_head = c->out_next;
	if (c->out_next)
		c->out_next->out_prev = c->out_prev;
	else
		target->out_tail = c->out_prev;
}

/* Emit and free, once its target and its source are both done with it. */
static inline void call_release(struct matcher *m, struct call *c)
{
	if (!c->final || c->in_op)
		return;
	totals_call(&m->totals, &c->span);
	if (c->hit)
		c->hit->call = NULL;
	match_emit(m, &c->span);
	pool_put(&m->calls, c);
}

static inline void call_final(struct matcher *m, struct call *c, enum ipi_outcome outcome, enum ipi_how how)
{
	if (c->outstanding)
		outstanding_del(m, csd_find(&m->csds, c->span.target, c->span.csd), c);
	c->span.outcome = outcome;
	c->span.how = how;
	c->final = true;
	if (unlikely(c->wait))
		wait_leave(m, c);
	call_release(m, c);
}

static void __attribute__((noinline))
call_finalise(struct matcher *m, struct call *c, enum ipi_outcome outcome, enum ipi_how how)
{
	call_final(m, c, outcome, how);
}

/* --- source side --- */

void op_close(struct matcher *m, struct cpu *cpu, unsigned int level, enum ipi_path path, uint32_t stack)
{
	struct op *op = &cpu->ops[level];
	struct call *c = op->head;

	cpu->open_ops &= ~(1u << level);
	op->head = op->tail = op->cursor = NULL;
	while (c) {
		struct call *next = c->op_next;

		c->in_op = false;
		if (!c->path_known) {
			c->path_known = true;
			c->span.path = path;
		}
		/* A rider of a multicast was sent for by the same caller. */
		if (!c->span.stack)
			c->span.stack = stack;
		/* A batch ran before it was known how this call travelled; if it is a rider, it was part of that batch. */
		if (c->maybe_ns && c->outstanding && c->span.path == IPI_PATH_RIDER) {
			c->span.run_ns = c->maybe_ns;
			c->span.entry_ns = c->maybe_entry_ns;
			call_finalise(m, c, IPI_DELIVERED, IPI_HOW_AMBIGUOUS);
		} else {
			call_release(m, c);
		}
		c = next;
	}
}

void op_lapse(struct matcher *m, struct cpu *cpu, unsigned int level, enum ipi_path path)
{
	struct op *op = &cpu->ops[level];

	if (wait_possible(op->head, level)) {
		if (path == IPI_PATH_RIDER)
			wait_over(m, cpu, op);
		else
			wait_begin(m, cpu, op, IPI_NO_TIME);
	}
	op_close(m, cpu, level, path, IPI_STACK_NONE);
}

static void op_add(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev, struct call *c)
{
	unsigned int level = ipi_event_level(ev);
	struct op *op = &cpu->ops[level];

	/*
	 * smp_call_function_many_cond() walks its mask upwards, so a target
	 * not above the last one is another operation; what it left behind
	 * found a busy queue.
	 */
	if (cpu->open_ops & 1u << level &&
	    (op->callsite != ev->callsite || op->func != ev->func || ev->target <= op->last_target))
		op_lapse(m, cpu, level, IPI_PATH_RIDER);

	if (!(cpu->open_ops & 1u << level)) {
		cpu->open_ops |= 1u << level;
		op->callsite = ev->callsite;
		op->func = ev->func;
		op->head = NULL;
	}
	op->last_target = ev->target;
	c->in_op = true;
	c->op_next = NULL;
	if (op->head)
		op->tail->op_next = c;
	else
		op->head = c;
	op->tail = c;
}

/* Did this CPU already run the function, by a clock that is behind the source's? */
static bool ran_before_queue(struct matcher *m, struct call *c)
{
	struct cpu *target = &m->cpus[c->span.target];

	if (likely(target->unqueued_ns + MATCH_SKEW_NS < c->span.queue_ns))
		return false;
	for (unsigned int i = 0; i < MATCH_NR_UNQUEUED; i++) {
		struct unqueued *u = &target->unqueued[i];

		if (u->csd != c->span.csd || u->func != c->span.func || u->run_ns < m->settled_ns ||
		    u->run_ns + MATCH_SKEW_NS < c->span.queue_ns)
			continue;
		u->csd = 0;
		m->totals.calls_unqueued--;
		m->totals.calls_unqueued_untraced -= u->untraced;
		c->span.negative = true;
		c->span.run_ns = u->run_ns;
		c->span.entry_ns = u->entry_ns;
		if (m->config.negative)
			m->config.negative(m->config.ctx, &c->span);
		return true;
	}
	return false;
}

void call_queue(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	struct call *c = pool_get(&m->calls);
	struct call **at;

	wait_sees(cpu, ev);
	span_init(&c->span, IPI_SPAN_CALL, ev);
	c->span.class = ipi_class_is_call(ev->class) ? ev->class : IPI_CLASS_CALL_SINGLE;
	c->span.path = IPI_PATH_UNKNOWN;
	c->span.queue_ns = c->begin_ns = ev->ts_ns;
	c->span.sent_ns = event_sent_ns(ev);
	c->hit = NULL;
	c->ran_seq = 0;
	c->maybe_ns = 0;
	c->wait = NULL;
	c->in_op = c->path_known = c->outstanding = c->final = c->doubtful = false;
	if (m->config.has_sends)
		op_add(m, cpu, ev, c);
	else
		c->path_known = true;

	if (unlikely(ev->target >= m->nr_cpus || m->cpus[ev->target].in_gap)) { /* damage, or nobody sees it run */
		call_finalise(m, c, IPI_LOST, IPI_HOW_NONE);
		return;
	}
	at = csd_find(&m->csds, ev->target, ev->csd);
	if (unlikely(*at)) {
		struct call *old = *at;

		/* A task is not queued again while it is pending (p->on_cpu, wake_entry): the batch has run. */
		if (ev->call_kind == IPI_CALL_TTWU)
			call_finalise(m, old, IPI_DELIVERED, IPI_HOW_FIFO);
		else if (old->fifo_nr >= MATCH_MAX_REUSE)
			call_finalise(m, old, IPI_LOST, IPI_HOW_NONE);
		at = csd_find(&m->csds, ev->target, ev->csd);
	}
	if (unlikely(m->totals.calls_unqueued) && ran_before_queue(m, c)) {
		call_finalise(m, c, IPI_DELIVERED, IPI_HOW_EXACT);
		return;
	}
	outstanding_add(m, at, c);
}

void call_heads_list(struct call *c)
{
	for (; c && c->outstanding; c = c->out_next)
		c->maybe_ns = 0;
}

/*
 * sched_wake_idle_without_ipi comes after its effect, from resched_curr(),
 * wake_up_idle_cpu() or call_function_single_prep_ipi() (kernel/sched/core.c);
 * the last one follows its queue event directly.
 */
void call_wake(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	unsigned int level = ipi_event_level(ev);
	struct ipi_span span;

	wait_sees(cpu, ev);
	if (cpu->open_ops & 1u << level) {
		struct call *c = call_for_send(&cpu->ops[level], ev->target, 0);

		if (c) {
			c->path_known = true;
			c->span.path = IPI_PATH_POLLED;
			if (c->maybe_ns)
				call_heads_list(c);
			if (!c->span.stack)
				c->span.stack = ev->stack;
			/* What it tells of has had its effect by now. */
			if (wait_possible(c, level))
				wait_begin(m, cpu, &cpu->ops[level], cpu->ops[level].tail->span.sent_ns);
			op_close(m, cpu, level, IPI_PATH_RIDER, ev->stack);
			return;
		}
		op_lapse(m, cpu, level, IPI_PATH_RIDER);
	}
	totals_wake(&m->totals);
	span_init(&span, IPI_SPAN_WAKE, ev);
	span.class = IPI_CLASS_RESCHEDULE;
	span.send_ns = ev->ts_ns;
	match_emit(m, &span);
}

struct call *call_for_send(struct op *op, uint32_t target, uint64_t callsite)
{
	struct call *c;

	/* The event and its own queue event carry the same call site; a stand-in may have none. */
	if ((callsite && op->callsite && op->callsite != callsite) || target > op->last_target)
		return NULL;
	/* Targets of an op ascend and so do the bits of a mask: one walk serves them all. */
	c = op->cursor ? op->cursor : op->head;
	while (c->span.target < target)
		c = c->op_next;
	op->cursor = c;
	return c->span.target == target ? c : NULL;
}

/* --- target side --- */

/*
 * Of a csd used twice, uses that cannot be the one that runs now. The csd was
 * free before it was queued again, so the earlier use has its function entry in
 * a drain that began before that. In a handler entered since, the entry is
 * missing from the trace; pairing on in order would be wrong ever after.
 */
static void uses_unseen(struct matcher *m, struct cpu *cpu, struct call **at)
{
	while ((*at)->fifo_next && cpu->win && ipi_class_is_call(cpu->win->class) &&
	       (*at)->fifo_next->span.queue_ns < cpu->win->entry_ns)
		call_finalise(m, *at, IPI_DELIVERED, IPI_HOW_FIFO);
}

/* The oldest use of (target, csd); a function that differs means lost events: that backlog is void. */
static inline struct call *call_take(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	struct call **at = csd_find(&m->csds, ev->cpu, ev->csd), *c;

	if (*at && unlikely((*at)->fifo_next))
		uses_unseen(m, cpu, at);
	while (*at && unlikely((*at)->span.func != ev->func)) {
		call_finalise(m, *at, IPI_LOST, IPI_HOW_NONE);
		at = csd_find(&m->csds, ev->cpu, ev->csd);
	}
	c = *at;
	if (c)
		outstanding_del(m, at, c);
	return c;
}

/*
 * A wake-up that headed a list of its own, long before this list's head was
 * queued: that head would not be one if the older list had not been drained.
 * So it ran, though its function entry is not in the trace.
 */
static bool ran_unseen(const struct call *c, const struct call *head)
{
	return head && c->span.sent_ns + MATCH_DRAIN_NS < head->span.sent_ns;
}

/*
 * One function entry stands for a whole list of wake-ups; only its head is
 * named (sched_ttwu_pending(), kernel/sched/core.c). Those queued, with their
 * stacks unwound, before the handler was entered were on the list. A later one was too if it found the
 * queue busy; if it sent an IPI of its own it headed a new list, and all
 * behind it are on that.
 */
static void ttwu_batch(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev, const struct call *head)
{
	bool ipi = cpu->win && ipi_class_is_call(cpu->win->class);
	uint64_t entry_ns = ipi ? cpu->win->entry_ns : IPI_NO_TIME;
	uint64_t sure_ns = ipi ? entry_ns : ev->ts_ns > MATCH_DRAIN_NS ? ev->ts_ns - MATCH_DRAIN_NS : 0;
	bool behind_unseen = false;
	struct call *c, *next;

	for (c = cpu->out_head; c; c = next) {
		bool sure = c->span.sent_ns <= sure_ns && !c->maybe_ns;

		next = c->out_next;
		sure &= !behind_unseen || (head && c->span.sent_ns > head->span.sent_ns);
		if (c->span.sent_ns > ev->ts_ns)
			break;
		if (c->span.call_kind != IPI_CALL_TTWU)
			continue;
		if (c->path_known && (c->span.path == IPI_PATH_SENT || c->span.path == IPI_PATH_POLLED)) {
			if (!ran_unseen(c, head))
				break;
			call_finalise(m, c, IPI_DELIVERED, IPI_HOW_FIFO);
			behind_unseen = true; /* riders up to the head: on that list or on this */
			continue;
		}
		if (c->maybe_ns) { /* this list or the one before, its sender has not told yet */
			c->span.run_ns = c->maybe_ns;
			c->span.entry_ns = c->maybe_entry_ns;
			call_finalise(m, c, IPI_DELIVERED, IPI_HOW_AMBIGUOUS);
			continue;
		}
		if (!sure && !c->path_known) {
			c->maybe_ns = ev->ts_ns;
			c->maybe_entry_ns = entry_ns;
			continue;
		}
		c->span.run_ns = ev->ts_ns;
		c->span.entry_ns = entry_ns;
		if (ipi) {
			cpu->win->nr_calls++;
			c->ran_seq = c->span.irq_id = cpu->win->seq;
		}
		call_finalise(m, c, IPI_DELIVERED, sure ? IPI_HOW_FIFO : IPI_HOW_AMBIGUOUS);
	}
}

void call_drain_irq_work(struct matcher *m, struct cpu *cpu, uint64_t until_ns, struct window *win)
{
	struct call *c, *next;

	for (c = cpu->out_head; c; c = next) {
		next = c->out_next;
		if (c->span.sent_ns > until_ns)
			break;
		if (c->span.call_kind != IPI_CALL_IRQ_WORK)
			continue;
		if (win) {
			c->span.entry_ns = win->entry_ns;
			c->span.irq_id = win->seq;
			win->nr_calls++;
		}
		call_finalise(m, c, IPI_DELIVERED, IPI_HOW_FIFO);
	}
}

static void note_unqueued(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	struct unqueued *u = &cpu->unqueued[cpu->next_unqueued++ % MATCH_NR_UNQUEUED];

	/* Around the start and gaps the queue event is missing; elsewhere there never was one. */
	bool untraced = !m->nr_gaps && ev->ts_ns > m->settled_ns;

	m->totals.calls_unqueued++;
	m->totals.calls_unqueued_untraced += untraced;
	cpu->unqueued_ns = ev->ts_ns;
	*u = (struct unqueued){
		.untraced = untraced,
		.csd = ev->csd,
		.func = ev->func,
		.run_ns = ev->ts_ns,
		.entry_ns = cpu->win ? cpu->win->entry_ns : IPI_NO_TIME,
	};
}

/*
 * Not before its stack was unwound, for it was not in the queue yet. And an
 * earlier use of the csd may run now: queued in a gap of the source, or given up
 * for lost by one of the target, though it was still waiting there. The csd can be
 * queued again before that use's function entry is stamped (csd_unlock() precedes
 * it, kernel/smp.c). A drain that began after this call was queued ran this one.
 */
static bool maybe_earlier_use(const struct matcher *m, const struct cpu *cpu, const struct call *c)
{
	if (unlikely(c->span.run_ns < c->span.sent_ns))
		return true;
	if (likely(c->span.queue_ns > m->cpus[c->span.source].gap_reach_ns && c->span.queue_ns > cpu->gap_reach_ns))
		return false;
	return !cpu->win || cpu->win->entry_ns < c->span.sent_ns;
}

static enum ipi_how call_how(const struct call *c)
{
	return unlikely(c->doubtful) ? IPI_HOW_AMBIGUOUS : IPI_HOW_EXACT;
}

static void run_started(struct matcher *m, struct cpu *cpu, struct call *c, const struct ipi_event *ev)
{
	c->span.run_ns = ev->ts_ns;
	c->doubtful = maybe_earlier_use(m, cpu, c);
	if (unlikely(c->doubtful))
		return;
	if (cpu->win)
		c->span.irq_id = cpu->win->seq;
	if (cpu->win && ipi_class_is_call(cpu->win->class)) {
		c->span.entry_ns = cpu->win->entry_ns;
		c->ran_seq = cpu->win->seq;
	}
	if (c->hit) {
		c->hit->ran_seq = c->ran_seq;
		c->hit->span.run_ns = ev->ts_ns;
	}
}

/* The function that was running has no exit in the trace. It ran, but how long is not known. */
static void run_abandon(struct matcher *m, struct cpu *cpu)
{
	if (cpu->run.active && cpu->run.call)
		call_finalise(m, cpu->run.call, IPI_DELIVERED, call_how(cpu->run.call));
	cpu->run.active = false;
}

void call_func_entry(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	struct call *c = NULL;

	if (unlikely(cpu->run.active))
		run_abandon(m, cpu);
	if (ev->csd) {
		wait_sees(cpu, ev);
		m->totals.watched_runs += ev->func == m->config.watched_func;
		if (cpu->win)
			cpu->win->nr_calls++;
		else if (cpu->nr_irq_works)
			call_drain_irq_work(m, cpu, ev->ts_ns, NULL);
		c = call_take(m, cpu, ev);
		if (c)
			run_started(m, cpu, c, ev);
		else
			note_unqueued(m, cpu, ev);
		if (ev->call_kind == IPI_CALL_TTWU && cpu->out_head)
			ttwu_batch(m, cpu, ev, c);
	}
	cpu->run.active = true;
	cpu->run.call = c;
	cpu->run.csd = ev->csd;
	cpu->run.func = ev->func;
	cpu->run.run_ns = ev->ts_ns;
	cpu->run.pid = ev->pid;
}

static inline void run_ended(struct matcher *m, struct call *c, uint64_t done_ns)
{
	struct hit *h = c->hit;

	c->span.done_ns = done_ns;
	if (likely(h)) {
		h->span.done_ns = done_ns;
		if (likely(!c->doubtful) && c->span.wait)
			wait_end_only(m, c, h);
	}
	if (likely(!c->doubtful))
		call_final(m, c, IPI_DELIVERED, IPI_HOW_EXACT);
	else
		call_finalise(m, c, IPI_DELIVERED, IPI_HOW_AMBIGUOUS);
}

static inline void local_ended(struct matcher *m, const struct running *r, const struct ipi_event *ev)
{
	struct ipi_span span;

	totals_local(&m->totals);
	if (m->untold & MATCH_UNTOLD_LOCAL)
		return;
	span_init(&span, IPI_SPAN_LOCAL, ev);
	span.class = IPI_CLASS_CALL_SINGLE;
	span.target = ev->cpu;
	span.pid = r->pid;
	span.run_ns = r->run_ns;
	span.done_ns = ev->ts_ns;
	match_emit(m, &span);
}

void call_func_exit(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	struct running *r = &cpu->run;

	if (ev->csd)
		wait_sees(cpu, ev);
	if (!r->active || r->csd != ev->csd || r->func != ev->func) {
		run_abandon(m, cpu);
		m->totals.exits_unentered++;
		return;
	}
	r->active = false;
	if (r->call)
		run_ended(m, r->call, ev->ts_ns);
	else if (!r->csd)
		local_ended(m, r, ev);
}

/* --- gaps and the end --- */

void calls_lose_to(struct matcher *m, uint32_t nr)
{
	struct cpu *cpu = &m->cpus[nr];

	run_abandon(m, cpu);
	while (cpu->out_head)
		call_finalise(m, cpu->out_head, IPI_LOST, IPI_HOW_NONE);
	memset(cpu->unqueued, 0, sizeof(cpu->unqueued));
}

void calls_lose_from(struct matcher *m, uint32_t nr)
{
	struct cpu *cpu = &m->cpus[nr];

	for (unsigned int level = 0; level < IPI_NR_LEVELS; level++)
		if (cpu->open_ops & 1u << level)
			op_lapse(m, cpu, level, IPI_PATH_UNKNOWN);
	for (unsigned int t = 0; t < m->nr_cpus; t++) {
		struct call *c, *next;

		for (c = m->cpus[t].out_head; c; c = next) {
			next = c->out_next;
			if (c->span.source == nr)
				call_finalise(m, c, IPI_LOST, IPI_HOW_NONE);
		}
	}
}

void calls_finish(struct matcher *m)
{
	for (unsigned int n = 0; n < m->nr_cpus; n++) {
		struct cpu *cpu = &m->cpus[n];

		run_abandon(m, cpu);
		while (cpu->out_head)
			call_finalise(m, cpu->out_head, IPI_IN_FLIGHT, IPI_HOW_NONE);
		for (unsigned int level = 0; level < IPI_NR_LEVELS; level++)
			if (cpu->open_ops & 1u << level)
				op_lapse(m, cpu, level, IPI_PATH_UNKNOWN);
	}
}
