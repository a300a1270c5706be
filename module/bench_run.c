// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_run.c - one run: checks, memory, result.
 *
 * Everything is checked before anything is made, everything is made before
 * anything runs. A run that could not be ended in time has no result: its threads
 * may still write to it.
 */
#include <linux/cpu.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define BENCH_GFP (GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/* Values and combinations, CPUs aside. */
static int check_values(const struct ipitrace_bench_run *arg, const struct bench_op *op)
{
	bool burst = op->flags & IPITRACE_BENCH_P_BURST;
	bool irqs_off = arg->state == IPITRACE_BENCH_STATE_IRQS_OFF;
	u64 stretch = arg->handler_ns * arg->nr_senders;

	if (arg->flags & ~IPITRACE_BENCH_R_HISTOGRAM || arg->state >= IPITRACE_BENCH_NR_STATES || arg->iterations < 1 ||
	    arg->iterations > IPITRACE_BENCH_MAX_ITERATIONS ||
	    arg->warmup > IPITRACE_BENCH_MAX_ITERATIONS - arg->iterations ||
	    arg->pace_ns > IPITRACE_BENCH_MAX_PACE_NS || arg->handler_ns > IPITRACE_BENCH_MAX_HANDLER_NS ||
	    arg->irqs_off_ns > IPITRACE_BENCH_MAX_IRQS_OFF_NS || arg->timeout_ns > IPITRACE_BENCH_MAX_TIMEOUT_NS ||
	    arg->max_samples > IPITRACE_BENCH_MAX_SAMPLES || (arg->max_samples && arg->max_samples < arg->nr_senders))
		return -EINVAL;
	if (burst ? arg->burst < 1 || arg->burst > IPITRACE_BENCH_MAX_BURST : arg->burst)
		return -EINVAL;
	if (arg->handler_ns && !(op->flags & IPITRACE_BENCH_P_HANDLER))
		return -EINVAL;
	if (irqs_off != !!arg->irqs_off_ns)
		return -EINVAL;
	if (!(op->flags & IPITRACE_BENCH_P_TARGETS) != !arg->nr_targets)
		return -EINVAL;
	if (arg->state == IPITRACE_BENCH_STATE_IDLE ? op->flags & IPITRACE_BENCH_P_NEEDS_BUSY :
						      op->flags & IPITRACE_BENCH_P_LOCAL)
		return -EINVAL;
	if (burst)
		stretch *= arg->burst;
	if (arg->primitive == IPITRACE_BENCH_BROADCAST_LOCK)
		stretch *= num_possible_cpus();
	if (stretch > IPITRACE_BENCH_MAX_STRETCH_NS)
		return -EINVAL;
	/* In a window, who waits for another sender keeps the window from its end. */
	if (irqs_off && arg->nr_senders > 1 &&
	    (arg->primitive == IPITRACE_BENCH_BROADCAST_LOCK ||
	     (arg->primitive == IPITRACE_BENCH_WAKEUP && arg->nr_senders > arg->nr_targets)))
		return -EINVAL;
	return 0;
}

/* A list of CPU numbers into a mask: no duplicates, all online. */
static int check_list(const u32 *cpus, u32 nr, struct cpumask *mask)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (cpus[i] >= nr_cpu_ids)
			return -ENXIO;
		if (cpumask_test_cpu(cpus[i], mask))
			return -EINVAL;
		if (!cpu_online(cpus[i]))
			return -ENXIO;
		cpumask_set_cpu(cpus[i], mask);
	}
	return 0;
}

/* CPU hotplug is held off. Fills the masks. */
static int check_cpus(struct bench_run *run)
{
	const struct ipitrace_bench_run *arg = &run->arg;
	int ret;
	u32 i;

	ret = check_list(run->senders_in, arg->nr_senders, run->sender_mask);
	if (ret)
		return ret;
	if (run->op->flags & IPITRACE_BENCH_P_ALL) {
		cpumask_copy(run->mask, cpu_online_mask);
		/* Nobody to send to. */
		if (cpumask_weight(run->mask) < 2)
			return -ENXIO;
	} else {
		ret = check_list(run->targets_in, arg->nr_targets, run->mask);
		if (ret)
			return ret;
	}
	/* Every sender needs somebody else to send to. */
	for (i = 0; arg->nr_targets == 1 && i < arg->nr_senders; i++)
		if (run->senders_in[i] == run->targets_in[0])
			return -EINVAL;
	if (!(run->op->flags & IPITRACE_BENCH_P_ALL) && arg->state != IPITRACE_BENCH_STATE_IDLE &&
	    cpumask_intersects(run->sender_mask, run->mask))
		return -EINVAL;
	if (run->op->flags & IPITRACE_BENCH_P_ALL) {
		cpumask_copy(run->involved, cpu_possible_mask);
		if (arg->state != IPITRACE_BENCH_STATE_IDLE && cpumask_subset(run->mask, run->sender_mask))
			return -EINVAL;
	} else {
		cpumask_or(run->involved, run->mask, run->sender_mask);
	}
	return 0;
}

static int alloc_helpers(struct bench_run *run)
{
	const struct ipitrace_bench_run *arg = &run->arg;
	bool all = run->op->flags & IPITRACE_BENCH_P_ALL;
	unsigned int cpu;

	run->helper_of = kvcalloc(nr_cpu_ids, sizeof(*run->helper_of), GFP_KERNEL);
	if (!run->helper_of)
		return -ENOMEM;
	if (arg->state == IPITRACE_BENCH_STATE_IDLE && arg->primitive != IPITRACE_BENCH_WAKEUP)
		return 0;
	run->target = vzalloc(array_size(cpumask_weight(run->mask), sizeof(*run->target)));
	if (!run->target)
		return -ENOMEM;
	for_each_cpu(cpu, run->mask)
	{
		struct bench_target *t = &run->target[run->nr_helpers];

		if (all && cpumask_test_cpu(cpu, run->sender_mask))
			continue;
		t->run = run;
		t->cpu = cpu;
		run->helper_of[cpu] = t;
		run->nr_helpers++;
	}
	return 0;
}

static u64 samples_needed(const struct bench_run *run)
{
	u64 nr = run->arg.iterations * run->arg.nr_senders;

	if (run->op->flags & IPITRACE_BENCH_P_MASK)
		nr *= cpumask_weight(run->mask);
	return nr;
}

static int alloc_sender(struct bench_run *run, u32 i, u64 room)
{
	struct bench_sender *s = &run->sender[i];
	int k, node = cpu_to_node(run->senders_in[i]);

	s->run = run;
	s->cpu = run->senders_in[i];
	s->index = i;
	s->calls = vzalloc_node(array_size(run->nr_calls, sizeof(*s->calls)), node);
	if (!s->calls)
		return -ENOMEM;
	if ((run->op->flags & IPITRACE_BENCH_P_MASK) && (run->op->flags & IPITRACE_BENCH_P_HANDLER)) {
		s->hits = vzalloc_node(array_size(nr_cpu_ids, sizeof(*s->hits)), node);
		if (!s->hits)
			return -ENOMEM;
	}
	if (run->arg.flags & IPITRACE_BENCH_R_HISTOGRAM) {
		for (k = 0; k < IPITRACE_BENCH_NR_HISTS; k++) {
			s->hist[k].buckets = kvcalloc(IPITRACE_BENCH_HIST_BUCKETS, sizeof(u64), GFP_KERNEL);
			if (!s->hist[k].buckets)
				return -ENOMEM;
		}
	} else {
		s->samples = run->samples + i * room;
		s->room = room;
	}
	return 0;
}

static int alloc_senders(struct bench_run *run)
{
	u32 i, nr = run->arg.nr_senders;
	u64 room = 0;
	int ret;

	if (!(run->arg.flags & IPITRACE_BENCH_R_HISTOGRAM)) {
		room = min_t(u64, samples_needed(run), run->arg.max_samples ?: IPITRACE_BENCH_MAX_SAMPLES);
		room = div_u64(room, nr);
		run->samples = kvmalloc_array(room * nr, sizeof(*run->samples), BENCH_GFP);
		if (!run->samples)
			return -ENOMEM;
	}
	run->sender = vzalloc(array_size(nr, sizeof(*run->sender)));
	if (!run->sender)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		ret = alloc_sender(run, i, room);
		if (ret)
			return ret;
	}
	return 0;
}

static void run_free(struct bench_run *run)
{
	u32 i, k;

	for (i = 0; run->sender && i < run->arg.nr_senders; i++) {
		vfree(run->sender[i].calls);
		vfree(run->sender[i].hits);
		for (k = 0; k < IPITRACE_BENCH_NR_HISTS; k++)
			kvfree(run->sender[i].hist[k].buckets);
	}
	vfree(run->sender);
	vfree(run->target);
	kvfree(run->helper_of);
	kvfree(run->samples);
	kvfree(run->senders_in);
	kvfree(run->targets_in);
	free_cpumask_var(run->involved);
	free_cpumask_var(run->mask);
	free_cpumask_var(run->sender_mask);
	kfree(run);
}

void bench_run_put(struct bench_run *run)
{
	if (refcount_dec_and_test(&run->refs))
		run_free(run);
}

/* The lists become its own, unless it fails. */
static struct bench_run *run_new(const struct ipitrace_bench_run *arg, u32 *senders, u32 *targets)
{
	struct bench_run *run = kzalloc(sizeof(*run), GFP_KERNEL);

	if (!run)
		return NULL;
	run->arg = *arg;
	run->op = &bench_ops[arg->primitive];
	run->lockstep = arg->state == IPITRACE_BENCH_STATE_IRQS_OFF;
	run->nr_calls = arg->burst ?: 1;
	refcount_set(&run->refs, 1);
	init_completion(&run->gone);
	init_waitqueue_head(&run->wait);
	raw_spin_lock_init(&run->send_lock);
	raw_spin_lock_init(&run->handler_lock);
	if (!zalloc_cpumask_var(&run->sender_mask, GFP_KERNEL) || !zalloc_cpumask_var(&run->mask, GFP_KERNEL) ||
	    !zalloc_cpumask_var(&run->involved, GFP_KERNEL)) {
		run_free(run);
		return NULL;
	}
	run->senders_in = senders;
	run->targets_in = targets;
	return run;
}

static void merge_hist(struct bench_hist *to, const struct bench_hist *from)
{
	u32 i;

	to->negative += from->negative;
	if (!from->count)
		return;
	for (i = 0; i < IPITRACE_BENCH_HIST_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
	if (!to->count || from->min < to->min)
		to->min = from->min;
	to->max = max(to->max, from->max);
	to->count += from->count;
	to->sum += from->sum;
}

/* The first sender's histograms become the result's. */
static void take_hists(struct bench_run *run, struct bench_result *res)
{
	u32 i, k;

	for (k = 0; k < IPITRACE_BENCH_NR_HISTS; k++) {
		res->hist[k] = run->sender[0].hist[k];
		run->sender[0].hist[k].buckets = NULL;
		for (i = 1; i < run->arg.nr_senders; i++)
			merge_hist(&res->hist[k], &run->sender[i].hist[k]);
	}
}

static void take_result(struct bench_run *run, struct bench_result *res)
{
	struct ipitrace_bench_run *out = &run->arg;
	u64 nr = 0;
	u32 i;

	for (i = 0; i < out->nr_senders; i++) {
		const struct bench_sender *s = &run->sender[i];
		u64 busy_ns = bench_passed(s->start_ns + s->rest_ns, s->end_ns);

		if (s->nr_samples && run->samples + nr != s->samples)
			memmove(run->samples + nr, s->samples, s->nr_samples * sizeof(*s->samples));
		nr += s->nr_samples;
		out->sends += s->sends;
		out->warmup_sends += s->warmup_sends;
		out->hits += s->hits_total;
		out->nr_truncated += s->truncated;
		out->no_irq += s->no_irq;
		out->wrong_cpu += s->wrong_cpu;
		out->coalesced += s->coalesced;
		out->no_entry += s->no_entry;
		out->unconfirmed += s->unconfirmed;
		out->undecided += s->undecided;
		out->busy_ns += busy_ns;
		out->rest_ns += s->rest_ns;
		/* Of another clock than ours, the scheduler's. */
		out->kept_ns += min(s->kept_ns, busy_ns);
		if (s->start_ns && (!out->start_ns || s->start_ns < out->start_ns))
			out->start_ns = s->start_ns;
		out->end_ns = max(out->end_ns, s->end_ns);
	}
	for (i = 0; i < run->nr_helpers; i++) {
		out->windows += run->target[i].windows;
		out->windows_missed += run->target[i].windows_missed;
	}
	out->wrong_cpu += atomic_read(&run->strays);
	out->nr_samples = nr;
	out->stop_reason = run->stop;
	out->stop_cpu = run->stop_cpu;
	if (out->flags & IPITRACE_BENCH_R_HISTOGRAM) {
		take_hists(run, res);
	} else {
		res->samples = run->samples;
		res->nr_samples = nr;
		run->samples = NULL;
	}
}

static int stop_errno(u32 reason)
{
	switch (reason) {
	case IPITRACE_BENCH_STOP_SIGNAL:
		return -EINTR;
	case IPITRACE_BENCH_STOP_HOTPLUG:
	case IPITRACE_BENCH_STOP_MOVED:
		return -ENODEV;
	case IPITRACE_BENCH_STOP_TIMEOUT:
		return -ETIMEDOUT;
	}
	return 0;
}

static void run_init(struct bench_run *run, u64 start_ns)
{
	bench_prims_reset();
	run->epoch_ns = bench_now();
	run->deadline_ns = start_ns + (run->arg.timeout_ns ?: IPITRACE_BENCH_DEF_TIMEOUT_NS);
}

/* Everything that a run needs but its threads. */
static int run_prepare(struct bench_run *run)
{
	int ret = bench_cpus_lock(run->deadline_ns);

	if (ret)
		return ret;
	ret = check_cpus(run);
	cpus_read_unlock();
	if (!ret)
		ret = alloc_helpers(run);
	if (!ret)
		ret = alloc_senders(run);
	return ret;
}

/* Which CPU's thread was started and has not ended; ALL_CPUS: none, it is the worker, or who makes threads, that gets no CPU. */
static u32 stuck_cpu(const struct bench_run *run)
{
	u32 i;

	for (i = 0; i < run->nr_helpers; i++) {
		const struct bench_target *t = &run->target[i];

		if ((READ_ONCE(t->spinner) && !READ_ONCE(t->spinner_gone)) ||
		    (READ_ONCE(t->sleeper) && !READ_ONCE(t->sleeper_gone)))
			return t->cpu;
	}
	for (i = 0; i < run->arg.nr_senders; i++)
		if (READ_ONCE(run->sender[i].task) && !READ_ONCE(run->sender[i].gone))
			return run->sender[i].cpu;
	return IPITRACE_BENCH_ALL_CPUS;
}

/*
 * 0 or the errno of an early end, then *arg and *res hold the result (*arg tells
 * by stop_reason); any other error leaves both alone. The claim, @senders and
 * @targets are used up.
 */
int bench_run(struct ipitrace_bench_run *arg, u32 *senders, u32 *targets, struct bench_result *res)
{
	const struct bench_op *op = &bench_ops[arg->primitive];
	u64 start_ns = bench_now();
	struct bench_run *run;
	int ret;

	ret = op->flags & IPITRACE_BENCH_P_AVAILABLE ? check_values(arg, op) : -EOPNOTSUPP;
	run = run_new(arg, senders, targets);
	if (!run) {
		kvfree(senders);
		kvfree(targets);
		bench_unclaim();
		return ret ?: -ENOMEM;
	}
	run_init(run, start_ns);
	if (!ret)
		ret = run_prepare(run);
	if (ret) {
		bench_unclaim();
		bench_run_put(run);
		return ret;
	}
	/* Uses up the claim. Whatever happens, it comes back in time. */
	ret = bench_live(run);
	if (ret == -EINPROGRESS) {
		arg->stop_reason = IPITRACE_BENCH_STOP_STUCK;
		arg->stop_cpu = stuck_cpu(run);
		ret = stop_errno(READ_ONCE(run->stop));
	} else if (!ret) {
		take_result(run, res);
		*arg = run->arg;
		ret = stop_errno(run->stop);
	}
	bench_run_put(run);
	return ret;
}

void bench_result_free(struct bench_result *res)
{
	u32 k;

	kvfree(res->samples);
	for (k = 0; k < IPITRACE_BENCH_NR_HISTS; k++)
		kvfree(res->hist[k].buckets);
	memset(res, 0, sizeof(*res));
}
