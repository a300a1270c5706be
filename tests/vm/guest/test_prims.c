// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_prims.c - every primitive x targets x state does what was asked.
 *
 * Counts are exact; each sample names a CPU that was asked, in order, with
 * stamps that can be true; what the kernel can't do is refused beforehand. The
 * guest's time is emulated, so only order and minimum times are checked.
 */
#include "guest.h"

static int fd;
static unsigned int nr_cpus;
static struct ipitrace_bench_prim prims[IPITRACE_BENCH_NR_PRIMITIVES];
static uint32_t features;

static const char *const states[] = { "idle", "busy", "irqs-off" };

struct tally {
	uint64_t per_target[MAX_CPUS];
	uint64_t bad_order, bad_cpu, bad_seq, bad_flags, early, outside;
	uint64_t unseen, undecided;
};

static bool among(uint32_t cpu, const uint32_t *list, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (list[i] == cpu)
			return true;
	return false;
}

static void check_sample(const struct ipitrace_bench_run *r, const struct ipitrace_bench_sample *s, struct tally *t)
{
	const struct ipitrace_bench_prim *p = &prims[r->primitive];
	const uint32_t *senders = (const uint32_t *)(uintptr_t)r->senders;
	const uint32_t *targets = (const uint32_t *)(uintptr_t)r->targets;

	if (!among(s->source, senders, r->nr_senders))
		t->bad_cpu++;
	if (s->return_ns < s->send_ns || s->send_ns < r->start_ns || s->return_ns > r->end_ns)
		t->bad_order++;
	if (s->seq >= r->iterations)
		t->bad_seq++;
	if (s->flags & IPITRACE_BENCH_S_WRONG_CPU)
		t->bad_flags++;
	if (!(s->flags & IPITRACE_BENCH_S_NO_ENTRY) != !!s->entry_ns)
		t->bad_flags++;
	if (s->entry_ns && (s->entry_ns < s->send_ns || s->entry_ns > r->end_ns))
		t->bad_order++;
	if (s->entry_ns && (p->flags & IPITRACE_BENCH_P_WAITS) && s->entry_ns > s->return_ns)
		t->bad_order++;
	if ((p->flags & IPITRACE_BENCH_P_HANDLER) && (s->flags & IPITRACE_BENCH_S_NO_ENTRY))
		t->bad_flags++;

	if (p->flags & IPITRACE_BENCH_P_LOCAL) {
		if (s->target != s->source)
			t->bad_cpu++;
	} else if (r->primitive == IPITRACE_BENCH_KICK_ALL) {
		if (s->target != IPITRACE_BENCH_ALL_CPUS)
			t->bad_cpu++;
		return;
	} else if (s->target == s->source || s->target >= nr_cpus ||
		   (r->nr_targets && !among(s->target, targets, r->nr_targets))) {
		t->bad_cpu++;
		return;
	}
	t->per_target[s->target]++;
	if (s->flags & IPITRACE_BENCH_S_UNDECIDED)
		t->undecided++;
	else if (s->flags & (IPITRACE_BENCH_S_NO_IRQ | IPITRACE_BENCH_S_NO_ENTRY | IPITRACE_BENCH_S_UNCONFIRMED))
		t->unseen++;
	if (r->state == IPITRACE_BENCH_STATE_IRQS_OFF && (s->flags & IPITRACE_BENCH_S_WINDOW)) {
		if (s->entry_ns && s->entry_ns - s->send_ns < r->irqs_off_ns)
			t->early++;
	} else if (r->state == IPITRACE_BENCH_STATE_IRQS_OFF) {
		t->outside++;
	}
}

/* How many samples the target must have got. */
static uint64_t expected(const struct ipitrace_bench_run *r, uint32_t cpu)
{
	const struct ipitrace_bench_prim *p = &prims[r->primitive];
	const uint32_t *senders = (const uint32_t *)(uintptr_t)r->senders;
	const uint32_t *targets = (const uint32_t *)(uintptr_t)r->targets;
	uint64_t n = 0, i, k;

	if (r->primitive == IPITRACE_BENCH_KICK_ALL)
		return 0;
	for (i = 0; i < r->nr_senders; i++) {
		if (p->flags & IPITRACE_BENCH_P_LOCAL) {
			n += senders[i] == cpu ? r->iterations : 0;
		} else if (p->flags & IPITRACE_BENCH_P_ALL) {
			n += senders[i] != cpu ? r->iterations : 0;
		} else if (p->flags & IPITRACE_BENCH_P_MASK) {
			n += senders[i] != cpu && among(cpu, targets, r->nr_targets) ? r->iterations : 0;
		} else {
			for (k = 0; k < r->iterations; k++) {
				uint32_t at = (k + i) % r->nr_targets;

				if (targets[at] == senders[i])
					at = (at + 1) % r->nr_targets;
				n += targets[at] == cpu;
			}
		}
	}
	return n;
}

static uint64_t expected_hits(const struct ipitrace_bench_run *r)
{
	uint64_t n = 0;
	uint32_t cpu;

	if (r->primitive == IPITRACE_BENCH_KICK_ALL)
		return r->iterations * r->nr_senders;
	for (cpu = 0; cpu < nr_cpus; cpu++)
		n += expected(r, cpu);
	return n;
}

static void check_run(struct ipitrace_bench_run *r, const char *what)
{
	const char *name = prims[r->primitive].name, *state = states[r->state];
	uint64_t nr, i, want = expected_hits(r), rounds;
	struct ipitrace_bench_sample *s;
	struct tally t = { 0 };
	bool counts = true;
	uint32_t cpu;
	int ret;

	ret = bench_run(fd, r);
	if (!ok(!ret, "%s, %s, %s: runs (%s)", name, what, state, strerror(-ret)))
		return;
	s = bench_samples(fd, &nr, want + 1);
	for (i = 0; i < nr; i++)
		check_sample(r, &s[i], &t);
	for (cpu = 0; cpu < nr_cpus; cpu++)
		counts = counts && t.per_target[cpu] == expected(r, cpu);
	ok(r->sends == r->iterations * r->nr_senders && r->hits == want && nr == want && r->nr_samples == want &&
		   !r->nr_truncated && r->warmup_sends == r->warmup * r->nr_senders && counts,
	   "%s, %s, %s: exact counts (%llu sends, %llu of %llu samples)", name, what, state,
	   (unsigned long long)r->sends, (unsigned long long)nr, (unsigned long long)want);
	ok(!t.bad_cpu && !t.bad_order && !t.bad_seq && !t.bad_flags && !r->wrong_cpu,
	   "%s, %s, %s: CPUs, order, stamps, flags (%llu %llu %llu %llu bad)", name, what, state,
	   (unsigned long long)t.bad_cpu, (unsigned long long)t.bad_order, (unsigned long long)t.bad_seq,
	   (unsigned long long)t.bad_flags);
	if (r->state == IPITRACE_BENCH_STATE_IRQS_OFF) {
		rounds = (r->iterations + (r->burst ?: 1) - 1) / (r->burst ?: 1) +
			 (r->warmup + (r->burst ?: 1) - 1) / (r->burst ?: 1);
		ok(!t.early && r->windows % rounds == 0 && r->windows,
		   "%s, %s, %s: none earlier than the window allows (%llu windows, %llu outside)", name, what, state,
		   (unsigned long long)r->windows, (unsigned long long)t.outside);
	} else if (r->state == IPITRACE_BENCH_STATE_BUSY && (features & IPITRACE_BENCH_FEAT_IRQ_SEQ) &&
		   (prims[r->primitive].flags & IPITRACE_BENCH_P_HANDLER)) {
		/* A sender that only waits may idle-poll; CPUs that spin can't. */
		ok(r->nr_senders > 1 || !r->no_irq, "%s, %s, %s: each by an interrupt (%llu not)", name, what, state,
		   (unsigned long long)r->no_irq);
	}
	if (r->state == IPITRACE_BENCH_STATE_BUSY && (features & IPITRACE_BENCH_FEAT_IRQ_KIND) &&
	    (r->primitive == IPITRACE_BENCH_RESCHEDULE || r->primitive == IPITRACE_BENCH_RESCHEDULE_RAW ||
	     r->primitive == IPITRACE_BENCH_WAKEUP))
		ok(!t.unseen, "%s, %s, %s: each that was due seen to arrive (%llu not, %llu undecided)", name, what,
		   state, (unsigned long long)t.unseen, (unsigned long long)t.undecided);
	ok(r->undecided == t.undecided && (!t.undecided || r->primitive == IPITRACE_BENCH_RESCHEDULE),
	   "%s, %s, %s: only kicks may be undecided", name, what, state);
	free(s);
}

static void check_refused(struct ipitrace_bench_run *r, const char *what)
{
	int ret = bench_run(fd, r);

	ok(ret == -EINVAL, "%s, %s, %s: refused (%s)", prims[r->primitive].name, what, states[r->state],
	   strerror(-ret));
}

static void try_all(uint32_t primitive)
{
	static const uint32_t one[] = { 0 }, two[] = { 0, 1 };
	static const uint32_t t1[] = { 1 }, t2[] = { 3, 2 };
	const struct ipitrace_bench_prim *p = &prims[primitive];
	bool takes = p->flags & IPITRACE_BENCH_P_TARGETS;
	struct ipitrace_bench_run r;
	uint32_t state;

	for (state = 0; state < IPITRACE_BENCH_NR_STATES; state++) {
		bool idle = state == IPITRACE_BENCH_STATE_IDLE;

		r = run_args(primitive, state, one, 1, t1, takes ? 1 : 0);
		if (idle ? p->flags & IPITRACE_BENCH_P_NEEDS_BUSY : p->flags & IPITRACE_BENCH_P_LOCAL) {
			check_refused(&r, takes ? "0>1" : "0");
			continue;
		}
		check_run(&r, takes ? "0>1" : "0");
		if (takes) {
			r = run_args(primitive, state, one, 1, t2, 2);
			check_run(&r, "0>3,2");
		}
		r = run_args(primitive, state, two, 2, t2, takes ? 2 : 0);
		if (primitive == IPITRACE_BENCH_BROADCAST_LOCK && state == IPITRACE_BENCH_STATE_IRQS_OFF)
			check_refused(&r, "0,1");
		else
			check_run(&r, takes ? "0,1>3,2" : "0,1");
	}
}

/* N calls of several senders in one window: as many as were sent, in one interrupt a window. */
static void check_coalescing(void)
{
	static const uint32_t senders[] = { 0, 1, 3 }, target[] = { 2 };
	struct ipitrace_bench_run r =
		run_args(IPITRACE_BENCH_STORM, IPITRACE_BENCH_STATE_IRQS_OFF, senders, 3, target, 1);
	uint64_t nr, i, inside = 0, split = 0, full = 0;
	uint32_t calls[64] = { 0 }, seq[64] = { 0 };
	struct ipitrace_bench_sample *s;
	int ret;

	r.iterations = 16 * 20;
	r.warmup = 0;
	r.burst = 16;
	r.irqs_off_ns = 1000000;
	ret = bench_run(fd, &r);
	if (!ok(!ret && r.windows == 20, "storm of 3 x 16 into windows runs (%s, %llu windows)", strerror(-ret),
		(unsigned long long)r.windows))
		return;
	s = bench_samples(fd, &nr, 3 * 16 * 20);
	ok(nr == 3 * 16 * 20, "storm into windows: every call ran");
	for (i = 0; i < nr; i++) {
		uint32_t w = s[i].window;

		if (!(s[i].flags & IPITRACE_BENCH_S_WINDOW) || !w || w > 20)
			continue;
		inside++;
		if (calls[w]++ && seq[w] != s[i].irq_seq)
			split++;
		seq[w] = s[i].irq_seq;
	}
	for (i = 1; i <= 20; i++)
		full += calls[i] == 3 * 16;
	if (features & IPITRACE_BENCH_FEAT_IRQ_SEQ) {
		ok(full && !split,
		   "storm into windows: all calls of a window in one interrupt (%llu full windows, %llu of %llu calls inside, %llu split)",
		   (unsigned long long)full, (unsigned long long)inside, (unsigned long long)nr,
		   (unsigned long long)split);
		ok(r.coalesced >= full * (3 * 16 - 1), "storm into windows: %llu calls coalesced, at least %llu",
		   (unsigned long long)r.coalesced, (unsigned long long)full * (3 * 16 - 1));
	}
	free(s);
}

/* A handler that runs 2 ms: the waiting sender returns no sooner. */
static void check_handler_time(void)
{
	static const uint32_t sender[] = { 0 }, target[] = { 1 };
	struct ipitrace_bench_run r = run_args(IPITRACE_BENCH_SINGLE, IPITRACE_BENCH_STATE_BUSY, sender, 1, target, 1);
	struct ipitrace_bench_sample *s;
	uint64_t nr, i, early = 0;
	int ret;

	r.handler_ns = 2000000;
	ret = bench_run(fd, &r);
	s = bench_samples(fd, &nr, 20);
	for (i = 0; i < nr; i++)
		early += s[i].return_ns - s[i].entry_ns < r.handler_ns;
	ok(!ret && nr == 20 && !early, "handler of 2 ms: the waiting sender returns after it");
	free(s);

	r = run_args(IPITRACE_BENCH_SINGLE, IPITRACE_BENCH_STATE_IDLE, sender, 1, target, 1);
	r.pace_ns = 3000000;
	ret = bench_run(fd, &r);
	s = bench_samples(fd, &nr, 20);
	for (i = 1, early = 0; i < nr; i++)
		early += s[i].send_ns - s[i - 1].send_ns < r.pace_ns - 100000;
	/* A virtual CPU put aside right after its stamp sends late, and the next one on time. */
	ok(!ret && nr == 20 && early <= 2 && r.end_ns - r.start_ns >= 19 * r.pace_ns - 100000, "pace of 3 ms is kept");
	free(s);
}

int main(void)
{
	struct ipitrace_bench_info info = { .version = IPITRACE_BENCH_VERSION };
	uint32_t i, bad = 0;

	fd = bench_open();
	if (!ok(fd >= 0 && !ioctl(fd, IPITRACE_BENCH_INFO, &info), "the device answers"))
		return done_testing();
	nr_cpus = info.nr_online;
	features = info.features;
	printf("# %u CPUs online, features %#x\n", nr_cpus, features);
	ok(info.nr_primitives == IPITRACE_BENCH_NR_PRIMITIVES && info.max_samples == IPITRACE_BENCH_MAX_SAMPLES,
	   "info is complete");
	for (i = 0; i < IPITRACE_BENCH_NR_PRIMITIVES; i++) {
		prims[i] = (struct ipitrace_bench_prim){
			.version = IPITRACE_BENCH_VERSION,
			.primitive = i,
		};
		bad += ioctl(fd, IPITRACE_BENCH_PRIM, &prims[i]) || !prims[i].name[0] ||
		       strncmp(prims[i].function, "ipitrace_bench_", 15);
	}
	ok(!bad, "every primitive is described");
	if (nr_cpus < 4) {
		ok(false, "4 CPUs are needed");
		return done_testing();
	}
	for (i = 0; i < IPITRACE_BENCH_NR_PRIMITIVES; i++) {
		if (prims[i].flags & IPITRACE_BENCH_P_AVAILABLE) {
			try_all(i);
		} else {
			static const uint32_t s[] = { 0 }, t[] = { 1 };
			struct ipitrace_bench_run r = run_args(i, 0, s, 1, t, 1);

			ok(bench_run(fd, &r) == -EOPNOTSUPP, "%s: says that this kernel lacks it", prims[i].name);
		}
	}
	check_coalescing();
	check_handler_time();
	return done_testing();
}
