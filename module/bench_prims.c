// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_prims.c - the primitives and their handlers.
 *
 * Each send function takes the stamps itself: that keeps the kernel's function
 * from becoming a tail call, so the call site lies in a function named after
 * the primitive. Handlers store marks and nothing else.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/percpu.h>
/* Before 6.4 unused; since then smp_send_reschedule() is a macro that needs it. */
#include <trace/events/ipi.h>

#include "bench.h"

/* Per CPU: the interrupt in which the run's last handler ran, | BENCH_SEEN; 0 = none yet. */
static DEFINE_PER_CPU(u64, last_irq);
#define BENCH_SEEN BIT_ULL(32)

void bench_prims_reset(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) WRITE_ONCE(per_cpu(last_irq, cpu), 0);
}

/* Interrupts are off here, whether in an interrupt or not. */
static __always_inline void hit_mark(struct bench_run *run, struct bench_hit *hit, u32 expected_cpu,
				     enum bench_irq_kind kind)
{
	u64 now = bench_now();
	unsigned int cpu = smp_processor_id();
	u32 flags = 0;

	hit->entry_ns = now;
	hit->irq_seq = bench_irq_seq(cpu, kind);
	if (cpu != expected_cpu)
		flags |= IPITRACE_BENCH_S_WRONG_CPU;
	if (!in_hardirq()) {
		flags |= IPITRACE_BENCH_S_NO_IRQ;
	} else if (bench_can_confirm()) {
		u64 seen = BENCH_SEEN | hit->irq_seq;

		if (__this_cpu_read(last_irq) == seen)
			flags |= IPITRACE_BENCH_S_COALESCED;
		__this_cpu_write(last_irq, seen);
	}
	hit->flags = flags;
	if (run->arg.handler_ns)
		while (bench_passed(now, bench_now()) < run->arg.handler_ns)
			cpu_relax();
}

static void ipitrace_bench_handler(void *info)
{
	struct bench_call *c = info;

	hit_mark(c->sender->run, &c->hit, c->target, BENCH_IRQ_CALL);
	smp_store_release(&c->hit.done, 1);
}

static __always_inline void mask_mark(struct bench_sender *s)
{
	unsigned int cpu = smp_processor_id();

	if (unlikely(!cpumask_test_cpu(cpu, s->run->mask) || cpu == s->cpu)) {
		atomic_inc(&s->run->strays);
		return;
	}
	hit_mark(s->run, &s->hits[cpu], cpu, BENCH_IRQ_CALL);
}

static void ipitrace_bench_mask_handler(void *info)
{
	mask_mark(info);
}

static void ipitrace_bench_lock_handler(void *info)
{
	struct bench_sender *s = info;

	raw_spin_lock(&s->run->handler_lock);
	mask_mark(s);
	raw_spin_unlock(&s->run->handler_lock);
}

static void ipitrace_bench_irq_work_handler(struct irq_work *work)
{
	struct bench_call *c = container_of(work, struct bench_call, work);

	hit_mark(c->sender->run, &c->hit, c->target, BENCH_IRQ_WORK);
	smp_store_release(&c->hit.done, 1);
}

static noinline void ipitrace_bench_dry_run(struct bench_sender *s, struct bench_call *c)
{
	c->send_ns = bench_stamp_send(s);
	c->hit.flags = IPITRACE_BENCH_S_NO_IRQ | IPITRACE_BENCH_S_NO_ENTRY;
	c->return_ns = bench_now();
}

static noinline void ipitrace_bench_self(struct bench_sender *s, struct bench_call *c)
{
	c->send_ns = bench_stamp_send(s);
	c->error = smp_call_function_single(s->cpu, ipitrace_bench_handler, c, 1);
	c->return_ns = bench_now();
}

static noinline void ipitrace_bench_single(struct bench_sender *s, struct bench_call *c)
{
	c->send_ns = bench_stamp_send(s);
	c->error = smp_call_function_single(c->target, ipitrace_bench_handler, c, 1);
	c->return_ns = bench_now();
}

static noinline void ipitrace_bench_async(struct bench_sender *s, struct bench_call *c)
{
	INIT_CSD(&c->csd, ipitrace_bench_handler, c);
	c->send_ns = bench_stamp_send(s);
	c->error = smp_call_function_single_async(c->target, &c->csd);
	c->return_ns = bench_now();
}

static noinline void ipitrace_bench_storm(struct bench_sender *s, struct bench_call *c)
{
	INIT_CSD(&c->csd, ipitrace_bench_handler, c);
	c->send_ns = bench_stamp_send(s);
	c->error = smp_call_function_single_async(c->target, &c->csd);
	c->return_ns = bench_now();
}

static noinline void ipitrace_bench_many(struct bench_sender *s, struct bench_call *c)
{
	c->send_ns = bench_stamp_send(s);
	smp_call_function_many(s->run->mask, ipitrace_bench_mask_handler, s, true);
	c->return_ns = bench_now();
}

static noinline void ipitrace_bench_broadcast(struct bench_sender *s, struct bench_call *c)
{
	c->send_ns = bench_stamp_send(s);
	smp_call_function(ipitrace_bench_mask_handler, s, 1);
	c->return_ns = bench_now();
}

static noinline void ipitrace_bench_broadcast_lock(struct bench_sender *s, struct bench_call *c)
{
	raw_spin_lock(&s->run->send_lock);
	c->send_ns = bench_stamp_send(s);
	smp_call_function(ipitrace_bench_lock_handler, s, 1);
	c->return_ns = bench_now();
	raw_spin_unlock(&s->run->send_lock);
}

static noinline void ipitrace_bench_kick_all(struct bench_sender *s, struct bench_call *c)
{
	c->send_ns = bench_stamp_send(s);
	kick_all_cpus_sync();
	c->return_ns = bench_now();
	c->target = IPITRACE_BENCH_ALL_CPUS;
	c->hit.flags = IPITRACE_BENCH_S_NO_ENTRY | IPITRACE_BENCH_S_UNCONFIRMED;
}

static noinline void ipitrace_bench_irq_work(struct bench_sender *s, struct bench_call *c)
{
	c->work = IRQ_WORK_INIT_HARD(ipitrace_bench_irq_work_handler);
	c->send_ns = bench_stamp_send(s);
	irq_work_queue(&c->work);
	c->return_ns = bench_now();
}

/*
 * Async calls and irq_work: the handler must have run before its memory is used
 * again, however long it takes. An interrupt asks no task for its CPU.
 */
static void finish_handler(struct bench_sender *s, struct bench_call *c)
{
	if (c->error)
		return;
	while (!smp_load_acquire(&c->hit.done))
		bench_turn(s->run);
}

static void finish_irq_work(struct bench_sender *s, struct bench_call *c)
{
	finish_handler(s, c);
	irq_work_sync(&c->work);
}

static noinline void ipitrace_bench_reschedule(struct bench_sender *s, struct bench_call *c)
{
	c->switches = bench_switches(c->helper->spinner);
	c->spinning = smp_load_acquire(&c->helper->stint) == c->switches;
	c->before = bench_irq_seq(c->target, BENCH_IRQ_RESCHED);
	c->send_ns = bench_stamp_send(s);
	kick_process(c->helper->spinner);
	c->return_ns = bench_now();
}

#if defined(CONFIG_X86) && defined(CONFIG_SMP)
#define RAW_AVAILABLE IPITRACE_BENCH_P_AVAILABLE
static noinline void ipitrace_bench_reschedule_raw(struct bench_sender *s, struct bench_call *c)
{
	c->before = bench_irq_seq(c->target, BENCH_IRQ_RESCHED);
	c->send_ns = bench_stamp_send(s);
	smp_send_reschedule(c->target);
	c->return_ns = bench_now();
}
#else
#define RAW_AVAILABLE		      0
#define ipitrace_bench_reschedule_raw NULL
#endif

/*
 * How long to wait for what another CPU does. While this one was away, or the
 * whole machine, nobody waited: of the time between two turns BENCH_GAP_NS count.
 */
struct patience {
	u64 left, last;
};

static struct patience patience_of(u64 ns)
{
	return (struct patience){ .left = ns, .last = bench_now() };
}

/*
 * After a look at what is waited for: false if that was the last one, else a turn
 * goes by. The time is asked before the next look, which may come much later, and
 * still counts.
 */
static bool patient(struct bench_run *run, struct patience *p)
{
	u64 now;

	if (!p->left || bench_stopped(run))
		return false;
	bench_turn(run);
	now = bench_now();
	p->left -= min3(p->left, bench_passed(p->last, now), (u64)BENCH_GAP_NS);
	p->last = now;
	return true;
}

/* Wait until the target's count has moved on from @from; false when it never does. */
static bool wait_irq(struct bench_run *run, struct bench_call *c, u32 from, u64 ns)
{
	struct patience p = patience_of(ns);

	do {
		if (bench_irq_seq(c->target, BENCH_IRQ_RESCHED) != from)
			return true;
	} while (patient(run, &p));
	return false;
}

static bool answered(struct bench_target *t, u32 ping)
{
	return (s32)(smp_load_acquire(&t->pong) - ping) >= 0;
}

/* The target's spinner has run, with interrupts on, after this was called. */
static bool spinner_ran(struct bench_sender *s, struct bench_target *t)
{
	u32 ping = atomic_inc_return(&t->ping);
	struct patience p = patience_of(BENCH_NOTICE_NS);

	do {
		if (answered(t, ping))
			return true;
	} while (patient(s->run, &p));
	return false;
}

/* The target's thread has noticed an interrupt since count @from: *seen by then. */
static bool noticed(struct bench_sender *s, struct bench_call *c, u32 from, u32 *seen)
{
	struct patience p = patience_of(BENCH_NOTICE_NS);

	do {
		*seen = smp_load_acquire(&c->helper->seen_seq);
		/* A stamp from before the send is of somebody else's interrupt. */
		if ((s32)(*seen - from) > 0 && (u64)atomic64_read(&c->helper->seen_ns) >= c->send_ns)
			return true;
	} while (patient(s->run, &p));
	return false;
}

/*
 * A reschedule interrupt runs no code of ours: its count on the target says that
 * it came, and the thread that spins there notices when it goes on.
 */
static void finish_reschedule(struct bench_sender *s, struct bench_call *c)
{
	u32 from = c->before, seen;

	c->hit.flags = IPITRACE_BENCH_S_NO_ENTRY;
	if (!bench_can_confirm()) {
		c->hit.flags |= IPITRACE_BENCH_S_UNCONFIRMED;
		return;
	}
	if (!wait_irq(s->run, c, from, BENCH_CONFIRM_NS + s->run->arg.irqs_off_ns)) {
		/* A virtual CPU that is away takes none; and stopped is not waited for to the end. */
		bool ran = !c->helper || spinner_ran(s, c->helper);

		if (bench_irq_seq(c->target, BENCH_IRQ_RESCHED) == from) {
			c->hit.flags |= ran && !bench_stopped(s->run) ? IPITRACE_BENCH_S_NO_IRQ :
									IPITRACE_BENCH_S_UNCONFIRMED;
			return;
		}
	}
	c->hit.irq_seq = from + 1;
	if (!c->helper || !noticed(s, c, from, &seen))
		return;
	c->hit.entry_ns = (u64)atomic64_read(&c->helper->seen_ns);
	c->hit.irq_seq = seen;
	c->hit.flags = IPITRACE_BENCH_S_THREAD;
}

/*
 * kick_process() sends if its task is on its CPU. It was, if it ran before the
 * kick, runs after it, and was not switched out in between.
 */
static bool was_due(struct bench_sender *s, const struct bench_call *c)
{
	struct bench_target *t = c->helper;
	u32 ping = atomic_inc_return(&t->ping);
	struct patience p = patience_of(BENCH_NOTICE_NS);

	if (!c->spinning)
		return false;
	do {
		if (answered(t, ping))
			return bench_switches(t->spinner) == c->switches;
		/* Switched out already: it needs no answer. */
	} while (bench_switches(t->spinner) == c->switches && patient(s->run, &p));
	return false;
}

static void finish_kick(struct bench_sender *s, struct bench_call *c)
{
	/* First: the sooner the spinner answers, the fewer kicks remain undecided. */
	bool due = was_due(s, c);

	finish_reschedule(s, c);
	if (!due)
		c->hit.flags |= IPITRACE_BENCH_S_UNDECIDED;
}

static bool prepare_wakeup(struct bench_sender *s, struct bench_call *c)
{
	if (!bench_sleeper_take(s->run, c->helper))
		return false;
	c->wakeups = READ_ONCE(c->helper->woken);
	return true;
}

static noinline void ipitrace_bench_wakeup(struct bench_sender *s, struct bench_call *c)
{
	c->before = bench_irq_seq(c->target, BENCH_IRQ_RESCHED);
	c->before_call = bench_irq_seq(c->target, BENCH_IRQ_CALL);
	WRITE_ONCE(c->helper->asleep, 0);
	c->send_ns = bench_stamp_send(s);
	wake_up_process(c->helper->sleeper);
	c->return_ns = bench_now();
}

static void finish_wakeup(struct bench_sender *s, struct bench_call *c)
{
	struct bench_target *t = c->helper;
	bool resched, call;

	while (smp_load_acquire(&t->woken) == c->wakeups) {
		/* It may never get its CPU. Nobody takes the sleeper of a stopped run. */
		if (bench_stopped(s->run)) {
			c->hit.flags = IPITRACE_BENCH_S_NO_ENTRY | IPITRACE_BENCH_S_UNCONFIRMED;
			return;
		}
		bench_turn(s->run);
	}
	c->hit.entry_ns = t->woken_ns;
	bench_sleeper_release(t);
	c->hit.flags = IPITRACE_BENCH_S_THREAD;
	resched = bench_irq_seq(c->target, BENCH_IRQ_RESCHED) != c->before;
	call = bench_irq_seq(c->target, BENCH_IRQ_CALL) != c->before_call;
	if (!bench_can_confirm())
		c->hit.flags |= IPITRACE_BENCH_S_UNCONFIRMED;
	else if (!resched && !call)
		c->hit.flags |= IPITRACE_BENCH_S_NO_IRQ;
}

#define AVAIL	IPITRACE_BENCH_P_AVAILABLE
#define LIST	(IPITRACE_BENCH_P_AVAILABLE | IPITRACE_BENCH_P_TARGETS)
#define ALL	(IPITRACE_BENCH_P_AVAILABLE | IPITRACE_BENCH_P_ALL | IPITRACE_BENCH_P_WAITS)
#define HANDLER IPITRACE_BENCH_P_HANDLER

const struct bench_op bench_ops[IPITRACE_BENCH_NR_PRIMITIVES] = {
	[IPITRACE_BENCH_DRY_RUN] = {
		.name = "dry-run",
		.function = "ipitrace_bench_dry_run",
		.handler = "",
		.flags = AVAIL | IPITRACE_BENCH_P_NO_IPI | IPITRACE_BENCH_P_LOCAL,
		.send = ipitrace_bench_dry_run,
	},
	[IPITRACE_BENCH_SELF] = {
		.name = "self",
		.function = "ipitrace_bench_self",
		.handler = "ipitrace_bench_handler",
		.flags = AVAIL | HANDLER | IPITRACE_BENCH_P_WAITS | IPITRACE_BENCH_P_NO_IPI |
			IPITRACE_BENCH_P_LOCAL,
		.send = ipitrace_bench_self,
	},
	[IPITRACE_BENCH_SINGLE] = {
		.name = "single",
		.function = "ipitrace_bench_single",
		.handler = "ipitrace_bench_handler",
		.flags = LIST | HANDLER | IPITRACE_BENCH_P_WAITS,
		.send = ipitrace_bench_single,
	},
	[IPITRACE_BENCH_ASYNC] = {
		.name = "async",
		.function = "ipitrace_bench_async",
		.handler = "ipitrace_bench_handler",
		.flags = LIST | HANDLER,
		.send = ipitrace_bench_async,
		.finish = finish_handler,
	},
	[IPITRACE_BENCH_MANY] = {
		.name = "many",
		.function = "ipitrace_bench_many",
		.handler = "ipitrace_bench_mask_handler",
		.flags = LIST | HANDLER | IPITRACE_BENCH_P_MASK | IPITRACE_BENCH_P_WAITS,
		.send = ipitrace_bench_many,
	},
	[IPITRACE_BENCH_BROADCAST] = {
		.name = "broadcast",
		.function = "ipitrace_bench_broadcast",
		.handler = "ipitrace_bench_mask_handler",
		.flags = ALL | HANDLER | IPITRACE_BENCH_P_MASK,
		.send = ipitrace_bench_broadcast,
	},
	[IPITRACE_BENCH_BROADCAST_LOCK] = {
		.name = "broadcast-lock",
		.function = "ipitrace_bench_broadcast_lock",
		.handler = "ipitrace_bench_lock_handler",
		.flags = ALL | HANDLER | IPITRACE_BENCH_P_MASK,
		.send = ipitrace_bench_broadcast_lock,
	},
	[IPITRACE_BENCH_KICK_ALL] = {
		.name = "kick-all",
		.function = "ipitrace_bench_kick_all",
		.handler = "",
		.flags = ALL,
		.send = ipitrace_bench_kick_all,
	},
	[IPITRACE_BENCH_IRQ_WORK] = {
		.name = "irq-work",
		.function = "ipitrace_bench_irq_work",
		.handler = "ipitrace_bench_irq_work_handler",
		.flags = AVAIL | HANDLER | IPITRACE_BENCH_P_LOCAL,
		.send = ipitrace_bench_irq_work,
		.finish = finish_irq_work,
	},
	[IPITRACE_BENCH_RESCHEDULE] = {
		.name = "reschedule",
		.function = "ipitrace_bench_reschedule",
		.handler = "",
		.flags = LIST | IPITRACE_BENCH_P_NEEDS_BUSY,
		.send = ipitrace_bench_reschedule,
		.finish = finish_kick,
	},
	[IPITRACE_BENCH_RESCHEDULE_RAW] = {
		.name = "reschedule-raw",
		.function = "ipitrace_bench_reschedule_raw",
		.handler = "",
		.flags = RAW_AVAILABLE | IPITRACE_BENCH_P_TARGETS,
		.send = ipitrace_bench_reschedule_raw,
		.finish = finish_reschedule,
	},
	[IPITRACE_BENCH_WAKEUP] = {
		.name = "wakeup",
		.function = "ipitrace_bench_wakeup",
		.handler = "",
		.flags = LIST,
		.send = ipitrace_bench_wakeup,
		.prepare = prepare_wakeup,
		.finish = finish_wakeup,
	},
	[IPITRACE_BENCH_STORM] = {
		.name = "storm",
		.function = "ipitrace_bench_storm",
		.handler = "ipitrace_bench_handler",
		.flags = LIST | HANDLER | IPITRACE_BENCH_P_BURST,
		.send = ipitrace_bench_storm,
		.finish = finish_handler,
	},
};
