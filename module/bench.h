/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench.h - what the files of the module share.
 *
 * bench_main.c    the device: ioctls, copying, results kept with an open file
 * bench_run.c     one run: checks, memory, result
 * bench_life.c    its life: threads, the caller's wait, CPU hotplug, who may run
 * bench_send.c    the sender thread: pace, rests, barrier, samples
 * bench_prims.c   the primitives, one bench_op each, and their handlers
 * bench_target.c  the threads on targets: spinning, interrupts off, sleeping
 *
 * Locking: one run at a time (bench_life.c). Senders and target threads share
 * a struct bench_run through the atomics and release/acquire
 * pairs named at its fields; nothing here is ever taken in a handler but
 * handler_lock.
 *
 * Waiting: a CPU may leave our thread there waiting for as long as it likes (a
 * real-time task). So every wait for one ends when the run is stopped, and the
 * run's time limit stops it (bench_turn()). What must not end early, since an
 * interrupt may still write to the run, is waited for by a thread or a worker of
 * ours, never by the caller or by CPU hotplug.
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/kernel_stat.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <ipitrace_bench.h>

/* Beyond irqs_off_ns, how long a window may wait for its sends. Bounds every stretch with interrupts off. */
#define BENCH_WINDOW_SLACK_NS (10 * NSEC_PER_MSEC)
/* How long a sender waits for an interrupt that it can only observe from outside; a virtual CPU may be off for long. */
#define BENCH_CONFIRM_NS (200 * NSEC_PER_MSEC)
/* How long for the target's thread to notice one that did arrive. */
#define BENCH_NOTICE_NS NSEC_PER_SEC
/* Longer between two turns of such a wait: who waits was not there. */
#define BENCH_GAP_NS NSEC_PER_MSEC

#ifndef BENCH_HAVE_KTHREAD_COMPLETE /* its name before 5.17 */
#define kthread_complete_and_exit complete_and_exit
#endif

/* Linux 5.10 has these under other names or not at all. */
#ifndef in_hardirq
#define in_hardirq() in_irq()
#endif
#ifndef INIT_CSD
#define INIT_CSD(csd, f, i) (*(csd) = (call_single_data_t){ .func = (f), .info = (i) })
#endif
#ifndef IRQ_WORK_INIT_HARD
#define IRQ_WORK_INIT_HARD(f) ((struct irq_work){ .flags = ATOMIC_INIT(IRQ_WORK_HARD_IRQ), .func = (f) })
#endif

enum bench_irq_kind {
	BENCH_IRQ_CALL,
	BENCH_IRQ_RESCHED,
	BENCH_IRQ_WORK,
};

/* x86 counts in named fields, or (7.3) in an array. */
#if defined(BENCH_HAVE_IRQ_STAT) && BENCH_HAVE_IRQ_STAT == 1
#define BENCH_COUNT_CALL    irq_call_count
#define BENCH_COUNT_RESCHED irq_resched_count
#define BENCH_COUNT_WORK    apic_irq_work_irqs
#else
#define BENCH_COUNT_CALL    counts[IRQ_COUNT_CALL_FUNCTION]
#define BENCH_COUNT_RESCHED counts[IRQ_COUNT_RESCHEDULE]
#define BENCH_COUNT_WORK    counts[IRQ_COUNT_IRQ_WORK]
#endif

/*
 * How many interrupts of a kind @cpu has taken: equal numbers mean the same
 * interrupt. Where only a sum over all interrupts is to be had, so be it.
 */
static inline u32 bench_irq_seq(unsigned int cpu, enum bench_irq_kind kind)
{
#if defined(BENCH_HAVE_IRQ_STAT)
	switch (kind) {
	case BENCH_IRQ_CALL:
		return READ_ONCE(per_cpu(irq_stat, cpu).BENCH_COUNT_CALL);
	case BENCH_IRQ_RESCHED:
		return READ_ONCE(per_cpu(irq_stat, cpu).BENCH_COUNT_RESCHED);
	case BENCH_IRQ_WORK:
		return READ_ONCE(per_cpu(irq_stat, cpu).BENCH_COUNT_WORK);
	}
	return 0;
#elif defined(BENCH_HAVE_KSTAT)
	return (u32)READ_ONCE(per_cpu(kstat, cpu).irqs_sum);
#else
	return 0;
#endif
}

static inline u32 bench_features(void)
{
	u32 features = IPITRACE_BENCH_FEAT_DUE;

#if defined(BENCH_HAVE_IRQ_STAT)
	features |= IPITRACE_BENCH_FEAT_IRQ_SEQ | IPITRACE_BENCH_FEAT_IRQ_KIND;
#elif defined(BENCH_HAVE_KSTAT)
	features |= IPITRACE_BENCH_FEAT_IRQ_SEQ;
#endif
	return features;
}

static inline bool bench_can_confirm(void)
{
	return bench_features() & IPITRACE_BENCH_FEAT_IRQ_SEQ;
}

/* How often @task was switched out (kernel/sched/core.c, __schedule()). */
static inline u32 bench_switches(const struct task_struct *task)
{
	return (u32)(READ_ONCE(task->nvcsw) + READ_ONCE(task->nivcsw));
}

static inline u64 bench_now(void)
{
	return ktime_get_mono_fast_ns();
}

/* That clock may step back by a little (kernel/time/timekeeping.c): then nothing has passed. */
static inline u64 bench_passed(u64 from, u64 to)
{
	return to > from ? to - from : 0;
}

struct bench_run;
struct bench_sender;

/* Where a handler leaves its marks. done is stored last, with release. */
struct bench_hit {
	u64 entry_ns;
	u32 flags;
	u32 irq_seq;
	u32 done;
} ____cacheline_aligned_in_smp;

/* One call to one target, from send to sample. */
struct bench_call {
	call_single_data_t csd;
	struct irq_work work;
	struct bench_sender *sender;
	struct bench_target *helper; /* of the target, NULL in the idle state */
	struct bench_hit hit;
	u64 send_ns, return_ns;
	u32 target;
	u32 seq;
	u32 before, before_call; /* target's interrupt counts before the send */
	u32 wakeups;		 /* target's wake-ups before the send */
	u32 switches;		 /* spinner's switches before the kick */
	bool spinning;		 /* it had run since the last of them */
	u32 window;
	bool in_flight;
	bool measured;
	int error; /* of the kernel's function */
} ____cacheline_aligned_in_smp;

struct bench_hist {
	u64 *buckets; /* IPITRACE_BENCH_HIST_BUCKETS, or NULL */
	u64 count, sum, min, max, negative;
};

/* A thread's view of its target CPU; one for each CPU that needs a thread of ours. */
struct bench_target {
	struct bench_run *run;
	u32 cpu;
	struct task_struct *spinner;
	struct task_struct *sleeper;
	u32 spinner_gone, sleeper_gone; /* at their last instruction here */
	/* window: the leader stores open_req, the spinner answers in open_ack (release both) */
	u32 open_req, open_ack;
	u64 off_ns;
	atomic64_t on_ns; /* of the last window; stored before interrupts are on */
	u32 window;	  /* number of the last window */
	u64 windows, windows_missed;
	/* last reschedule interrupt noticed by the spinner; seen_seq stored last (release) */
	atomic64_t seen_ns;
	u32 seen_seq;
	/*
	 * The spinner's switches since it was last switched in, stored by itself: it runs. It
	 * answers ping, counted up by senders, in pong (release).
	 */
	u32 stint;
	atomic_t ping;
	u32 pong;
	/* the sleeper: taken by one sender at a time */
	atomic_t taken;
	u32 asleep; /* set by the sleeper (release), cleared by the sender */
	u32 woken;  /* counts wake-ups (release) */
	u64 woken_ns;
} ____cacheline_aligned_in_smp;

struct bench_sender {
	struct bench_run *run;
	struct task_struct *task;
	u32 gone; /* at its last instruction here */
	u32 cpu, index;
	struct bench_call *calls;	       /* run->nr_calls, page-aligned */
	struct bench_hit *hits;		       /* P_MASK with a handler: one per possible CPU */
	struct ipitrace_bench_sample *samples; /* this sender's part */
	u64 room, nr_samples;
	struct bench_hist hist[IPITRACE_BENCH_NR_HISTS];
	bool mark; /* the next send is this round's last one of this sender */
	bool measured;
	u64 next_send_ns, next_rest_ns;
	u64 start_ns, end_ns, rest_ns;
	u64 kept_ns; /* ready to run, between start and end, but for rests */
	u64 sends, warmup_sends, hits_total, truncated;
	u64 no_irq, wrong_cpu, coalesced, no_entry, unconfirmed, undecided;
} ____cacheline_aligned_in_smp;

struct bench_op {
	const char *name;
	const char *function;
	const char *handler;
	u32 flags; /* IPITRACE_BENCH_P_* */
	/* Preemption on, before everything else. False: the run was stopped meanwhile. NULL: nothing to prepare. */
	bool (*prepare)(struct bench_sender *s, struct bench_call *c);
	/*
	 * Preemption off, on the sender's CPU: stamps, calls, stamps. noinline, so
	 * that call sites and stacks show which primitive it was.
	 */
	void (*send)(struct bench_sender *s, struct bench_call *c);
	/* Preemption on: waits for the outcome, completes c->hit. NULL: nothing to wait for. */
	void (*finish)(struct bench_sender *s, struct bench_call *c);
};

struct bench_run {
	struct ipitrace_bench_run arg; /* checked input; results are filled in at the end */
	const struct bench_op *op;
	u32 *senders_in, *targets_in; /* owned */
	cpumask_var_t sender_mask;
	cpumask_var_t mask;	/* P_MASK: whom each send goes to (a sender skips itself) */
	cpumask_var_t involved; /* hotplug of these ends the run */
	bool lockstep;		/* state irqs-off: rounds with barriers */
	u32 nr_calls;		/* calls per sender */

	struct bench_sender *sender; /* arg.nr_senders */
	struct bench_target *target; /* nr_helpers */
	u32 nr_helpers;
	struct bench_target **helper_of; /* by CPU, NULL = none */

	struct ipitrace_bench_sample *samples;
	u64 epoch_ns, deadline_ns;

	u32 stop; /* enum ipitrace_bench_stop; first one wins (cmpxchg) */
	u32 stop_cpu;
	/* caller and worker each hold one; the worker's ends when no thread and no call is left */
	refcount_t refs;
	bool over;  /* threads shall end */
	bool ended; /* they have; error holds why they could not be made, else 0 */
	int error;
	u32 nr_threads; /* created: each completes gone */
	struct completion gone;
	atomic_t unfinished; /* sender threads that still work */
	atomic_t helpers_ready;
	/* forced rests: spinners rest only while all senders do, senders go on when no spinner rests */
	atomic_t resting, spinners_resting;
	wait_queue_head_t wait;

	/* barrier of the senders */
	atomic_t barrier_count;
	u32 barrier_gen;
	/* this round's sends, for the windows */
	atomic_t round_sent;
	atomic64_t round_last_ns;

	raw_spinlock_t send_lock;    /* broadcast-lock: interrupts stay on, so waiters still serve handlers */
	raw_spinlock_t handler_lock; /* broadcast-lock: handlers only, interrupts off */
	atomic_t strays;	     /* handlers on CPUs that were not asked */
};

/* Results kept with an open file. */
struct bench_result {
	struct ipitrace_bench_sample *samples;
	u64 nr_samples;
	struct bench_hist hist[IPITRACE_BENCH_NR_HISTS];
};

static inline bool bench_stopped(const struct bench_run *run)
{
	return READ_ONCE(run->stop) != IPITRACE_BENCH_STOP_DONE || READ_ONCE(run->over);
}

void bench_stop(struct bench_run *run, enum ipitrace_bench_stop reason, u32 cpu);

/*
 * One turn of a wait for another thread or CPU: spinning as long as it is part of
 * a measurement, in peace when nobody measures any more.
 */
static inline void bench_turn(struct bench_run *run)
{
	if (bench_now() >= run->deadline_ns)
		bench_stop(run, IPITRACE_BENCH_STOP_TIMEOUT, 0);
	if (bench_stopped(run)) {
		usleep_range(500, 1000);
		return;
	}
	cpu_relax();
	cond_resched();
}

/* bench_prims.c */
extern const struct bench_op bench_ops[IPITRACE_BENCH_NR_PRIMITIVES];
void bench_prims_reset(void);

/* bench_send.c */
int bench_senders_start(struct bench_run *run);
u64 bench_stamp_send(struct bench_sender *s);

/* bench_target.c */
int bench_targets_start(struct bench_run *run);
void bench_targets_wake(struct bench_run *run);
bool bench_windows_open(struct bench_run *run);
bool bench_sleeper_take(struct bench_run *run, struct bench_target *t);
void bench_sleeper_release(struct bench_target *t);

/* bench_run.c; arg->senders and ->targets already copied to the given arrays, which it takes */
int bench_run(struct ipitrace_bench_run *arg, u32 *senders, u32 *targets, struct bench_result *res);
void bench_run_put(struct bench_run *run);
void bench_result_free(struct bench_result *res);

/* bench_life.c */
int bench_life_init(void);
void bench_life_exit(void);
int bench_claim(void);
void bench_unclaim(void);
int bench_cpus_lock(u64 until_ns);
int bench_live(struct bench_run *run);
struct task_struct *bench_thread(struct bench_run *run, int (*fn)(void *), void *data, u32 cpu, const char *name);

#endif
