// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_send.c - the sender thread: barrier, pace, rests, sends, samples.
 *
 * A sender works in rounds. Without windows (state irqs-off) a round is one
 * send; with them all senders go in step: windows open, everybody sends (storm:
 * `burst` times), everybody collects. Whatever was sent is waited for before a
 * round or the thread ends, so its memory can go.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/preempt.h>

#include "bench.h"

/* All senders get here, or the run is stopped (false). */
static bool barrier_pass(struct bench_run *run)
{
	u32 gen = READ_ONCE(run->barrier_gen);

	if (atomic_inc_return(&run->barrier_count) == (int)run->arg.nr_senders) {
		atomic_set(&run->barrier_count, 0);
		smp_store_release(&run->barrier_gen, gen + 1);
		return !bench_stopped(run);
	}
	while (smp_load_acquire(&run->barrier_gen) == gen) {
		if (bench_stopped(run))
			return false;
		bench_turn(run);
	}
	return true;
}

/* The stamp before a send; tells the windows that this sender is as good as done. */
u64 bench_stamp_send(struct bench_sender *s)
{
	u64 now = bench_now();
	s64 last;

	if (s->mark) {
		last = atomic64_read(&s->run->round_last_ns);
		while (last < (s64)now && !atomic64_try_cmpxchg(&s->run->round_last_ns, &last, (s64)now))
			;
		atomic_inc_return_release(&s->run->round_sent);
		s->mark = false;
	}
	return now;
}

static void hist_add(struct bench_hist *h, u64 from, u64 to)
{
	u64 v = to - from;
	u32 i = v;

	if (to < from) {
		h->negative++;
		return;
	}

	if (v >= 1U << IPITRACE_BENCH_HIST_SUB_BITS) {
		u32 e = ilog2(v);

		i = ((e - IPITRACE_BENCH_HIST_SUB_BITS + 1) << IPITRACE_BENCH_HIST_SUB_BITS) +
		    (u32)(v >> (e - IPITRACE_BENCH_HIST_SUB_BITS)) - (1U << IPITRACE_BENCH_HIST_SUB_BITS);
	}
	h->buckets[i]++;
	if (!h->count || v < h->min)
		h->min = v;
	if (v > h->max)
		h->max = v;
	h->count++;
	h->sum += v;
}

/* File one (send, target) pair. @first: of this send. */
static void emit(struct bench_sender *s, const struct bench_call *c, const struct bench_hit *hit, u32 target,
		 u32 window, bool first)
{
	struct ipitrace_bench_sample *out;
	u32 flags = hit->flags;

	if (window)
		flags |= IPITRACE_BENCH_S_WINDOW;
	s->hits_total++;
	s->no_irq += !!(flags & IPITRACE_BENCH_S_NO_IRQ);
	s->wrong_cpu += !!(flags & IPITRACE_BENCH_S_WRONG_CPU);
	s->coalesced += !!(flags & IPITRACE_BENCH_S_COALESCED);
	s->no_entry += !!(flags & IPITRACE_BENCH_S_NO_ENTRY);
	s->unconfirmed += !!(flags & IPITRACE_BENCH_S_UNCONFIRMED);
	s->undecided += !!(flags & IPITRACE_BENCH_S_UNDECIDED);

	if (s->run->arg.flags & IPITRACE_BENCH_R_HISTOGRAM) {
		if (first)
			hist_add(&s->hist[IPITRACE_BENCH_HIST_TOTAL], c->send_ns, c->return_ns);
		if (flags & (IPITRACE_BENCH_S_NO_IRQ | IPITRACE_BENCH_S_WRONG_CPU | IPITRACE_BENCH_S_NO_ENTRY))
			return;
		hist_add(&s->hist[IPITRACE_BENCH_HIST_DELIVERY], c->send_ns, hit->entry_ns);
		return;
	}
	if (s->nr_samples == s->room) {
		s->truncated++;
		return;
	}
	out = &s->samples[s->nr_samples++];
	out->send_ns = c->send_ns;
	out->entry_ns = hit->entry_ns;
	out->return_ns = c->return_ns;
	out->seq = c->seq;
	out->source = s->cpu;
	out->target = target;
	out->flags = flags;
	out->irq_seq = hit->irq_seq;
	out->window = window;
}

/*
 * Number of the target's window, if the send lay in it entirely and the window
 * held for irqs_off_ns after it (one that missed its sends ends earlier). A call
 * that waits returns after the window, so for it the handler's stamp decides.
 */
static u32 in_window(struct bench_sender *s, const struct bench_call *c, const struct bench_hit *hit, u32 cpu)
{
	const struct bench_target *t = s->run->helper_of[cpu];
	u64 on;

	if (!s->run->lockstep || !t)
		return 0;
	on = (u64)atomic64_read_acquire(&t->on_ns);
	if (!on || c->send_ns < t->off_ns || on < c->send_ns + s->run->arg.irqs_off_ns)
		return 0;
	if (s->run->op->flags & IPITRACE_BENCH_P_WAITS) {
		if (hit->entry_ns && hit->entry_ns < on)
			return 0;
	} else if (c->return_ns > on) {
		return 0;
	}
	return t->window;
}

/* The same of a sample that is of all targets; their windows open together and have the same number. */
static u32 in_windows(struct bench_sender *s, const struct bench_call *c)
{
	unsigned int cpu;
	u32 window = 0;

	for_each_cpu(cpu, s->run->mask)
	{
		if (cpu == s->cpu)
			continue;
		window = in_window(s, c, &c->hit, cpu);
		if (!window)
			break;
	}
	return window;
}

static void collect(struct bench_sender *s, struct bench_call *c)
{
	struct bench_run *run = s->run;
	bool first = true;
	unsigned int cpu;

	if (run->op->finish)
		run->op->finish(s, c);
	c->in_flight = false;
	if (c->error) {
		/* Only an offline target is refused (ENXIO). */
		c->hit.flags = IPITRACE_BENCH_S_NO_IRQ | IPITRACE_BENCH_S_NO_ENTRY;
		bench_stop(run, IPITRACE_BENCH_STOP_HOTPLUG, c->target);
	}
	if (!c->measured)
		return;
	if (!s->hits) {
		emit(s, c, &c->hit, c->target,
		     c->target < nr_cpu_ids ? in_window(s, c, &c->hit, c->target) : in_windows(s, c), true);
		return;
	}
	for_each_cpu(cpu, run->mask)
	{
		struct bench_hit *hit = &s->hits[cpu];

		if (cpu == s->cpu)
			continue;
		if (!hit->entry_ns) {
			hit->flags = IPITRACE_BENCH_S_NO_IRQ | IPITRACE_BENCH_S_NO_ENTRY;
			hit->irq_seq = 0;
		}
		emit(s, c, hit, cpu, in_window(s, c, hit, cpu), first);
		first = false;
	}
}

static struct bench_call *call_of(const struct bench_sender *s, u64 i)
{
	u32 at;

	div_u64_rem(i, s->run->nr_calls, &at);
	return &s->calls[at];
}

/* Wait for and file what is in flight, oldest first; @next is the first send not done. */
static void drain(struct bench_sender *s, u64 next)
{
	u32 k;

	for (k = 0; k < s->run->nr_calls; k++) {
		struct bench_call *c = call_of(s, next + k);

		if (c->in_flight)
			collect(s, c);
	}
}

static u32 pick_target(const struct bench_sender *s, u64 i)
{
	const struct bench_run *run = s->run;
	u32 nr = run->arg.nr_targets, at;

	if (!nr || (run->op->flags & IPITRACE_BENCH_P_MASK))
		return s->cpu;
	div_u64_rem(i + s->index, nr, &at);
	if (run->targets_in[at] == s->cpu)
		at = at + 1 < nr ? at + 1 : 0;
	return run->targets_in[at];
}

static bool send_one(struct bench_sender *s, u64 i, bool mark)
{
	struct bench_run *run = s->run;
	struct bench_call *c = call_of(s, i);
	unsigned int cpu;
	bool here, go;

	if (c->in_flight)
		collect(s, c);
	c->sender = s;
	c->seq = i;
	c->target = pick_target(s, i);
	c->helper = run->helper_of[c->target];
	c->measured = s->measured;
	c->error = 0;
	c->hit.entry_ns = 0;
	c->hit.flags = 0;
	c->hit.irq_seq = 0;
	WRITE_ONCE(c->hit.done, 0);
	if (s->hits)
		for_each_cpu(cpu, run->mask) s->hits[cpu].entry_ns = 0;
	if (run->op->prepare && !run->op->prepare(s, c))
		return false;

	s->mark = mark;
	preempt_disable();
	here = smp_processor_id() == s->cpu;
	/* A CPU can't go while preemption is off: hotplug has stopped the run, or the target stays for this send. */
	go = here && !bench_stopped(run);
	if (go)
		run->op->send(s, c);
	preempt_enable();
	if (!go) {
		if (run->op->prepare)
			bench_sleeper_release(c->helper);
		if (!here)
			bench_stop(run, IPITRACE_BENCH_STOP_MOVED, s->cpu);
		return false;
	}
	c->in_flight = true;
	if (s->measured)
		s->sends++;
	else
		s->warmup_sends++;
	if (run->nr_calls == 1)
		collect(s, c);
	return true;
}

static void nap(u64 ns)
{
	unsigned long us = div_u64(ns, NSEC_PER_USEC);

	usleep_range(us, us + 50);
}

/* Sleep while it is long, spin the rest: a send is due at next_send_ns. */
static void pace(struct bench_sender *s)
{
	u64 now;

	while ((now = bench_now()) < s->next_send_ns && !bench_stopped(s->run)) {
		u64 left = s->next_send_ns - now;

		if (left > 500 * NSEC_PER_USEC) {
			nap(min_t(u64, left - 300 * NSEC_PER_USEC, 10 * NSEC_PER_MSEC));
		} else {
			cpu_relax();
			cond_resched();
		}
	}
}

/* How long this thread has been ready to run and has not, so far: kernel/sched/stats.h. */
static u64 kept_ns(void)
{
#ifdef CONFIG_SCHED_INFO
	return current->sched_info.run_delay;
#else
	return 0;
#endif
}

/* Between two rounds. False: the run is over. */
static bool breathe(struct bench_sender *s)
{
	struct bench_run *run = s->run;
	u64 now;

	if (run->arg.pace_ns)
		pace(s);
	now = bench_now();
	if (now >= run->deadline_ns)
		bench_stop(run, IPITRACE_BENCH_STOP_TIMEOUT, 0);
	if (bench_stopped(run))
		return false;
	if (now >= s->next_rest_ns) {
		u64 since = now, kept = kept_ns();

		atomic_inc_return(&run->resting);
		nap(IPITRACE_BENCH_REST_NS);
		atomic_dec_return(&run->resting);
		/* A spinner that still sleeps would leave its CPU idle, where a call needs no interrupt. */
		while (atomic_read_acquire(&run->spinners_resting) && !bench_stopped(run))
			bench_turn(run);
		now = bench_now();
		if (s->measured) {
			s->rest_ns += bench_passed(since, now);
			s->kept_ns -= kept_ns() - kept;
		}
		while (s->next_rest_ns <= now)
			s->next_rest_ns += IPITRACE_BENCH_REST_EVERY_NS;
	}
	s->next_send_ns = now + run->arg.pace_ns;
	cond_resched();
	return true;
}

static void phase(struct bench_sender *s, u64 nr)
{
	struct bench_run *run = s->run;
	u64 i = 0;

	while (i < nr && breathe(s)) {
		u64 end = run->lockstep ? min_t(u64, nr, i + run->nr_calls) : i + 1;

		if (run->lockstep) {
			/* The leader may open windows only when all have collected the last round. */
			if (!barrier_pass(run))
				break;
			if (s->index == 0 && !bench_windows_open(run))
				break;
			if (!barrier_pass(run))
				break;
		}
		for (; i < end; i++)
			if (!send_one(s, i, run->lockstep && i + 1 == end))
				goto out;
		if (run->lockstep)
			drain(s, i);
	}
out:
	drain(s, i);
}

static int sender_fn(void *data)
{
	struct bench_sender *s = data;
	struct bench_run *run = s->run;

	s->next_rest_ns = run->epoch_ns + IPITRACE_BENCH_REST_EVERY_NS;
	if (barrier_pass(run)) {
		s->measured = false;
		phase(s, run->arg.warmup);
	}
	if (barrier_pass(run)) {
		s->measured = true;
		s->start_ns = bench_now();
		s->kept_ns = 0 - kept_ns();
		phase(s, run->arg.iterations);
		s->kept_ns += kept_ns();
		s->end_ns = bench_now();
	}
	/* Done is as good as resting. */
	atomic_inc_return(&run->resting);
	if (atomic_dec_and_test(&run->unfinished))
		wake_up_all(&run->wait);
	WRITE_ONCE(s->gone, 1);
	kthread_complete_and_exit(&run->gone, 0);
}

/* Create all senders, then let all go: with one that can't be made the run is over before they begin. */
int bench_senders_start(struct bench_run *run)
{
	struct task_struct *task;
	u32 i, nr = run->arg.nr_senders;
	int ret = 0;

	for (i = 0; i < nr; i++) {
		struct bench_sender *s = &run->sender[i];

		task = bench_thread(run, sender_fn, s, s->cpu, "send");
		if (IS_ERR(task)) {
			ret = PTR_ERR(task);
			WRITE_ONCE(run->over, true);
			break;
		}
		WRITE_ONCE(s->task, task);
	}
	atomic_set(&run->unfinished, i);
	while (i-- > 0)
		wake_up_process(run->sender[i].task);
	return ret;
}
