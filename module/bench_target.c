// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_target.c - threads of ours on target CPUs.
 *
 * The spinner keeps a CPU from idling, holds its interrupts off on request
 * ("window") and notices reschedule interrupts. The sleeper is what the wakeup
 * primitive wakes. Both live from bench_targets_start() until the run is over and
 * are bound to their CPU; both yield, so that neither watchdog nor RCU starves.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/sched.h>

#include "bench.h"

/* All senders have taken the stamp of this round's last send. */
static bool round_sent(struct bench_run *run)
{
	return atomic_read_acquire(&run->round_sent) >= (int)run->arg.nr_senders;
}

static void window_hold(struct bench_target *t, u32 req)
{
	struct bench_run *run = t->run;
	u64 irqs_off_ns = run->arg.irqs_off_ns;
	u64 now, limit;

	local_irq_disable();
	now = bench_now();
	limit = now + irqs_off_ns + BENCH_WINDOW_SLACK_NS;
	WRITE_ONCE(t->off_ns, now);
	atomic64_set(&t->on_ns, 0);
	WRITE_ONCE(t->window, req);
	smp_store_release(&t->open_ack, req);
	while (now < limit) {
		if (round_sent(run)) {
			if (now >= (u64)atomic64_read(&run->round_last_ns) + irqs_off_ns)
				break;
		} else if (bench_stopped(run)) {
			break;
		}
		cpu_relax();
		now = bench_now();
	}
	/* Its limit may be over because this CPU was away, interrupts off all the while: what counts is how it was. */
	now = bench_now();
	t->windows++;
	t->windows_missed += !round_sent(run) || now < (u64)atomic64_read(&run->round_last_ns) + irqs_off_ns;
	/* Ordered before any handler that was held off: it runs on this CPU after the next line. */
	atomic64_set_release(&t->on_ns, (s64)now);
	local_irq_enable();
}

/*
 * Sleep a moment, if no sender can miss us. The other half is in breathe():
 * each side announces itself before it looks at the other.
 */
static void spinner_rest(struct bench_run *run)
{
	atomic_inc_return(&run->spinners_resting);
	if (atomic_read(&run->resting) == (int)run->arg.nr_senders)
		usleep_range(1000, 2000);
	atomic_dec_return(&run->spinners_resting);
}

/* Tell senders of a kick that we run: since our last switch, and after their ping. */
static void spinner_tell(struct bench_target *t)
{
	u32 stint = bench_switches(current), ping;

	if (stint != t->stint)
		smp_store_release(&t->stint, stint);
	ping = atomic_read_acquire(&t->ping);
	if (ping != t->pong)
		smp_store_release(&t->pong, ping);
}

/* Over, or stopped for so long that a sender without a CPU shall not cost its targets theirs. */
static bool spinner_done(const struct bench_run *run, u64 now, u64 *stopped_ns)
{
	if (READ_ONCE(run->over))
		return true;
	if (!bench_stopped(run))
		return false;
	if (!*stopped_ns)
		*stopped_ns = now;
	return now - *stopped_ns > BENCH_NOTICE_NS;
}

static int spinner_fn(void *data)
{
	struct bench_target *t = data;
	struct bench_run *run = t->run;
	bool watch = run->arg.primitive == IPITRACE_BENCH_RESCHEDULE ||
		     run->arg.primitive == IPITRACE_BENCH_RESCHEDULE_RAW;
	u64 next_rest = run->epoch_ns + IPITRACE_BENCH_REST_EVERY_NS;
	u64 now = bench_now(), stopped_ns = 0;
	u32 req, seq, done = 0;

	t->seen_seq = bench_irq_seq(t->cpu, BENCH_IRQ_RESCHED);
	atomic_inc(&run->helpers_ready);
	wake_up(&run->wait);
	for (; !spinner_done(run, now, &stopped_ns); now = bench_now()) {
		if (watch) {
			spinner_tell(t);
			seq = bench_irq_seq(t->cpu, BENCH_IRQ_RESCHED);
			if (seq != t->seen_seq) {
				atomic64_set(&t->seen_ns, (s64)bench_now());
				smp_store_release(&t->seen_seq, seq);
			}
		}
		req = smp_load_acquire(&t->open_req);
		if (req != done) {
			window_hold(t, req);
			done = req;
		} else if (now >= next_rest && atomic_read(&run->resting) == (int)run->arg.nr_senders) {
			spinner_rest(run);
			while (next_rest <= now)
				next_rest += IPITRACE_BENCH_REST_EVERY_NS;
		}
		cpu_relax();
		cond_resched();
	}
	WRITE_ONCE(t->spinner_gone, 1);
	kthread_complete_and_exit(&run->gone, 0);
}

/*
 * Ask for a window on every target and wait until interrupts are off there.
 * Called by the leading sender between two barriers, so no send of the last
 * round is pending and none of this round has begun.
 */
bool bench_windows_open(struct bench_run *run)
{
	u32 i, req;

	/* A sender that can't observe its interrupt has not waited for the last window's end, which looks at these. */
	for (i = 0; i < run->nr_helpers; i++) {
		while (run->target[i].open_req && !atomic64_read_acquire(&run->target[i].on_ns)) {
			if (bench_stopped(run))
				return false;
			bench_turn(run);
		}
	}
	atomic_set(&run->round_sent, 0);
	atomic64_set(&run->round_last_ns, 0);
	for (i = 0; i < run->nr_helpers; i++) {
		req = run->target[i].open_req + 1;
		smp_store_release(&run->target[i].open_req, req);
	}
	for (i = 0; i < run->nr_helpers; i++) {
		req = run->target[i].open_req;
		while (smp_load_acquire(&run->target[i].open_ack) != req) {
			if (bench_stopped(run))
				return false;
			bench_turn(run);
		}
	}
	return true;
}

static int sleeper_fn(void *data)
{
	struct bench_target *t = data;
	struct bench_run *run = t->run;
	bool first = true;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (READ_ONCE(run->over))
			break;
		smp_store_release(&t->asleep, 1);
		if (first) {
			atomic_inc(&run->helpers_ready);
			wake_up(&run->wait);
			first = false;
		}
		schedule();
		/* Only a sender clears it; anything else that wakes us is none of its wake-ups. */
		if (READ_ONCE(t->asleep))
			continue;
		t->woken_ns = bench_now();
		smp_store_release(&t->woken, t->woken + 1);
	}
	__set_current_state(TASK_RUNNING);
	WRITE_ONCE(t->sleeper_gone, 1);
	kthread_complete_and_exit(&run->gone, 0);
}

/* Own the sleeper, and have it off its CPU: a wake-up before that would need no interrupt. */
bool bench_sleeper_take(struct bench_run *run, struct bench_target *t)
{
	while (atomic_cmpxchg(&t->taken, 0, 1)) {
		if (bench_stopped(run))
			return false;
		bench_turn(run);
	}
	while (!smp_load_acquire(&t->asleep) || READ_ONCE(t->sleeper->on_cpu)) {
		if (bench_stopped(run)) {
			bench_sleeper_release(t);
			return false;
		}
		bench_turn(run);
	}
	return true;
}

void bench_sleeper_release(struct bench_target *t)
{
	atomic_set_release(&t->taken, 0);
}

/* Those made before an error run, too. */
int bench_targets_start(struct bench_run *run)
{
	bool spin = run->arg.state != IPITRACE_BENCH_STATE_IDLE;
	bool sleep = run->arg.primitive == IPITRACE_BENCH_WAKEUP;
	int nr = run->nr_helpers * (spin + sleep);
	struct task_struct *task;
	u32 i;

	for (i = 0; i < run->nr_helpers; i++) {
		struct bench_target *t = &run->target[i];

		if (sleep) {
			task = bench_thread(run, sleeper_fn, t, t->cpu, "sleep");
			if (IS_ERR(task))
				return PTR_ERR(task);
			WRITE_ONCE(t->sleeper, task);
			/* It shall preempt a spinner at once, not at the next tick. */
			sched_set_fifo_low(task);
			wake_up_process(task);
		}
		if (spin) {
			task = bench_thread(run, spinner_fn, t, t->cpu, "spin");
			if (IS_ERR(task))
				return PTR_ERR(task);
			WRITE_ONCE(t->spinner, task);
			wake_up_process(task);
		}
	}
	/* A CPU that does not run them makes the run end by its time limit. */
	wait_event_idle(run->wait, atomic_read(&run->helpers_ready) == nr || bench_stopped(run));
	return 0;
}

/* The run is over: those asleep must see it, too. */
void bench_targets_wake(struct bench_run *run)
{
	u32 i;

	for (i = 0; i < run->nr_helpers; i++)
		if (run->target[i].sleeper)
			wake_up_process(run->target[i].sleeper);
}
