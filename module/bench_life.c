// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_life.c - a run's life: threads, the caller's wait, CPU hotplug.
 *
 * A worker makes the threads, waits until they are gone and only then lets go of
 * the run's memory. The caller sleeps meanwhile. Its signal or the time limit
 * stops the run; what does not end soon after that, because a CPU does not run
 * our thread, it leaves to the worker: then the module stays in use and takes no
 * other run until the worker is done. A CPU that goes away stops the run and
 * waits for its end, but no longer than the run may take, either: a stopped run
 * sends nothing (send_one()), and its threads may end on any CPU.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include "bench.h"

/* A fatal signal: threads that are on their CPUs end in less, and the next run need not wait for them. */
#define BENCH_KILLED_NS (200 * NSEC_PER_MSEC)
/* How long CPU hotplug waits for a stopped run at most. */
#define BENCH_HOTPLUG_NS (5ULL * NSEC_PER_SEC)

static void live_fn(struct work_struct *work);

static struct workqueue_struct *queue;
static DECLARE_WORK(live_work, live_fn);
static enum cpuhp_state hotplug_state;

/* All below active_lock. A claim becomes the active run; "left" tells that its caller is gone. */
static DEFINE_SPINLOCK(active_lock);
static bool claimed, left;
static struct bench_run *active;
static DECLARE_WAIT_QUEUE_HEAD(active_wait);

void bench_stop(struct bench_run *run, enum ipitrace_bench_stop reason, u32 cpu)
{
	if (cmpxchg(&run->stop, IPITRACE_BENCH_STOP_DONE, reason) == IPITRACE_BENCH_STOP_DONE) {
		WRITE_ONCE(run->stop_cpu, cpu);
		wake_up_all(&run->wait);
	}
}

static int try_claim(void)
{
	int ret = 0;

	spin_lock(&active_lock);
	if (claimed)
		ret = left ? -EINPROGRESS : -EBUSY;
	else
		claimed = true;
	spin_unlock(&active_lock);
	return ret;
}

/* The right to run, of which there is one. -EBUSY, or -EINPROGRESS: a run that was given up is not gone yet. */
int bench_claim(void)
{
	int ret = try_claim();

	/* One that was killed a moment ago needs but another one. */
	if (ret == -EINPROGRESS && wait_event_interruptible_timeout(active_wait, (ret = try_claim()) != -EINPROGRESS,
								    nsecs_to_jiffies(IPITRACE_BENCH_GRACE_NS)) < 0)
		ret = -EINTR;
	return ret;
}

void bench_unclaim(void)
{
	spin_lock(&active_lock);
	claimed = left = false;
	active = NULL;
	spin_unlock(&active_lock);
	wake_up_all(&active_wait);
}

/* Stop the run if @cpu is part of it; true while it is still there. */
static bool active_stop(unsigned int cpu)
{
	bool is = false;

	spin_lock(&active_lock);
	if (active && cpumask_test_cpu(cpu, active->involved)) {
		bench_stop(active, IPITRACE_BENCH_STOP_HOTPLUG, cpu);
		is = !left;
	}
	spin_unlock(&active_lock);
	return is;
}

static unsigned long hotplug_patience(void)
{
	u64 now = bench_now(), until = 0;

	spin_lock(&active_lock);
	if (active)
		until = min_t(u64, active->deadline_ns, now + BENCH_HOTPLUG_NS);
	spin_unlock(&active_lock);
	return until > now ? nsecs_to_jiffies(until - now) : 0;
}

static int bench_cpu_change(unsigned int cpu)
{
	wait_event_timeout(active_wait, !active_stop(cpu), hotplug_patience());
	return 0;
}

/* CPU hotplug may itself hang for a CPU that runs no thread: a signal or the time limit ends the wait for it. */
int bench_cpus_lock(u64 until_ns)
{
	while (!cpus_read_trylock()) {
		if (bench_now() >= until_ns)
			return -ETIMEDOUT;
		if (schedule_timeout_interruptible(1) && signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/* A thread bound to @cpu, not yet woken. Once made it must be woken: it is waited for. */
struct task_struct *bench_thread(struct bench_run *run, int (*fn)(void *), void *data, u32 cpu, const char *name)
{
	struct task_struct *task;

	task = kthread_create_on_node(fn, data, cpu_to_node(cpu), "ipib_%s/%u", name, cpu);
	if (IS_ERR(task))
		return task;
	get_task_struct(task);
	kthread_bind(task, cpu);
	run->nr_threads++;
	return task;
}

static void put_tasks(struct bench_run *run)
{
	u32 i;

	for (i = 0; i < run->nr_helpers; i++) {
		if (run->target[i].spinner)
			put_task_struct(run->target[i].spinner);
		if (run->target[i].sleeper)
			put_task_struct(run->target[i].sleeper);
	}
	for (i = 0; i < run->arg.nr_senders; i++)
		if (run->sender[i].task)
			put_task_struct(run->sender[i].task);
}

static void live_fn(struct work_struct *work)
{
	struct bench_run *run = active;
	int ret;

	ret = bench_targets_start(run);
	if (!ret && !bench_stopped(run))
		ret = bench_senders_start(run);
	/* A stopped sender ends as soon as its CPU runs it and no call of its is in flight. */
	if (!ret)
		wait_event_idle(run->wait, !atomic_read(&run->unfinished));
	run->error = ret;
	WRITE_ONCE(run->over, true);
	bench_targets_wake(run);
	/* As idle as a worker can be: this may take long, and is no fault of the machine. */
	for (; run->nr_threads; run->nr_threads--)
		while (wait_for_completion_interruptible(&run->gone))
			;
	put_tasks(run);

	/* From here on nothing but this function is in use, for which bench_life_exit() waits. */
	module_put(THIS_MODULE);
	spin_lock(&active_lock);
	claimed = left = false;
	active = NULL;
	WRITE_ONCE(run->ended, true);
	spin_unlock(&active_lock);
	wake_up_all(&active_wait);
	wake_up_all(&run->wait);
	bench_run_put(run);
}

/* Not ended in time: the worker shall see to it. False: it has, after all. */
static bool leave(struct bench_run *run)
{
	bool is;

	spin_lock(&active_lock);
	is = !run->ended;
	if (is)
		left = true;
	spin_unlock(&active_lock);
	/* Hotplug need not wait for it any longer. */
	wake_up_all(&active_wait);
	return is;
}

static int wait_for_end(struct bench_run *run)
{
	u64 now = bench_now();
	long ret = 0;

	/* One that is over has its result, and a thread that has no CPU just now may take until the time limit. */
	if (now < run->deadline_ns)
		ret = wait_event_interruptible_timeout(run->wait, READ_ONCE(run->ended) || READ_ONCE(run->stop),
						       nsecs_to_jiffies(run->deadline_ns - now) + 1);
	if (READ_ONCE(run->ended))
		return run->error;
	if (ret <= 0)
		bench_stop(run, ret ? IPITRACE_BENCH_STOP_SIGNAL : IPITRACE_BENCH_STOP_TIMEOUT, 0);
	if (!fatal_signal_pending(current))
		wait_event_killable_timeout(run->wait, READ_ONCE(run->ended),
					    nsecs_to_jiffies(IPITRACE_BENCH_GRACE_NS));
	if (fatal_signal_pending(current))
		wait_event_timeout(run->wait, READ_ONCE(run->ended), nsecs_to_jiffies(BENCH_KILLED_NS));
	return leave(run) ? -EINPROGRESS : run->error;
}

/*
 * Live a claimed, prepared run. 0: it has ended, see run->stop; -EINPROGRESS: it
 * has not, although it was stopped; else nothing was done. The claim is used up.
 */
int bench_live(struct bench_run *run)
{
	bool all = run->op->flags & IPITRACE_BENCH_P_ALL;
	int ret;

	/*
	 * Hotplug may have changed the CPUs since they were checked. Memory was
	 * allocated before, so that reclaim never waits for a CPU that waits for the run.
	 */
	ret = bench_cpus_lock(run->deadline_ns);
	if (ret) {
		bench_unclaim();
		return ret;
	}
	if (all ? !cpumask_equal(run->mask, cpu_online_mask) : !cpumask_subset(run->involved, cpu_online_mask)) {
		cpus_read_unlock();
		bench_unclaim();
		return -ENXIO;
	}
	spin_lock(&active_lock);
	active = run;
	spin_unlock(&active_lock);
	cpus_read_unlock();

	refcount_inc(&run->refs);
	__module_get(THIS_MODULE);
	queue_work(queue, &live_work);
	return wait_for_end(run);
}

int bench_life_init(void)
{
	int ret;

	queue = alloc_workqueue("ipitrace_bench", WQ_UNBOUND, 1);
	if (!queue)
		return -ENOMEM;
	ret = bench_cpus_lock(bench_now() + IPITRACE_BENCH_DEF_TIMEOUT_NS);
	if (!ret) {
		ret = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_AP_ONLINE_DYN, "ipitrace_bench:online",
							   bench_cpu_change, bench_cpu_change);
		cpus_read_unlock();
	}
	if (ret < 0) {
		destroy_workqueue(queue);
		return ret;
	}
	hotplug_state = ret;
	return 0;
}

void bench_life_exit(void)
{
	cpuhp_remove_state_nocalls(hotplug_state);
	destroy_workqueue(queue);
}
