// SPDX-License-Identifier: GPL-2.0-only
/*
 * provoke.c - one run of the benchmark module as a traced workload.
 *
 *	provoke PRIMITIVE STATE SENDERS TARGETS ITERATIONS [IRQS_OFF_NS [BURST]]
 *
 * CPUs are comma-separated, "-" for none. The last line says what is true:
 * "sent: sends=N hits=N no_irq=N coalesced=N no_entry=N undecided=N windows=N
 * interrupts=N min_ns=N" - hits and all after include no warm-up, there is none. interrupts:
 * different interrupts in which the handlers ran; min_ns: least time from send
 * to handler of those whose target had its interrupts off.
 */
#include "guest.h"

static uint32_t list(const char *s, uint32_t *cpus)
{
	uint32_t nr = 0;

	while (*s >= '0' && *s <= '9' && nr < MAX_CPUS) {
		char *end;

		cpus[nr++] = strtoul(s, &end, 10);
		s = *end == ',' ? end + 1 : end;
	}
	return nr;
}

static int find(int fd, const char *name)
{
	uint32_t i;

	for (i = 0; i < IPITRACE_BENCH_NR_PRIMITIVES; i++) {
		struct ipitrace_bench_prim p = { .version = IPITRACE_BENCH_VERSION, .primitive = i };

		if (!ioctl(fd, IPITRACE_BENCH_PRIM, &p) && !strcmp(p.name, name))
			return i;
	}
	return -1;
}

static int by_target_and_irq(const void *a, const void *b)
{
	const struct ipitrace_bench_sample *x = a, *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return x->irq_seq < y->irq_seq ? -1 : x->irq_seq > y->irq_seq;
}

int main(int argc, char **argv)
{
	static const char *const states[] = { "idle", "busy", "irqs-off" };
	uint32_t senders[MAX_CPUS] = { 0 }, targets[MAX_CPUS] = { 0 }, state;
	uint64_t nr, i, interrupts = 0, min_ns = UINT64_MAX;
	struct ipitrace_bench_sample *s;
	struct ipitrace_bench_run r;
	int fd, prim, ret;

	if (argc < 6)
		return 2;
	fd = bench_open();
	if (fd < 0) {
		perror(BENCH_DEV);
		return 1;
	}
	prim = find(fd, argv[1]);
	for (state = 0; state < ARRAY_SIZE(states) && strcmp(argv[2], states[state]); state++)
		;
	if (prim < 0)
		return 2;
	r = run_args(prim, state, senders, list(argv[3], senders), targets, list(argv[4], targets));
	r.warmup = 0;
	r.iterations = strtoul(argv[5], NULL, 10);
	if (argc > 6 && state == IPITRACE_BENCH_STATE_IRQS_OFF)
		r.irqs_off_ns = strtoul(argv[6], NULL, 10);
	if (argc > 7)
		r.burst = strtoul(argv[7], NULL, 10);
	ret = bench_run(fd, &r);
	if (ret) {
		fprintf(stderr, "provoke: %s\n", strerror(-ret));
		return 1;
	}
	s = bench_samples(fd, &nr, r.hits);
	for (i = 0; i < nr; i++)
		if ((s[i].flags & IPITRACE_BENCH_S_WINDOW) && s[i].entry_ns && s[i].entry_ns - s[i].send_ns < min_ns)
			min_ns = s[i].entry_ns - s[i].send_ns;
	qsort(s, nr, sizeof(*s), by_target_and_irq);
	for (i = 0; i < nr; i++)
		if (!(s[i].flags & (IPITRACE_BENCH_S_NO_IRQ | IPITRACE_BENCH_S_NO_ENTRY)) &&
		    (!i || by_target_and_irq(&s[i], &s[i - 1]) || (s[i - 1].flags & IPITRACE_BENCH_S_NO_IRQ)))
			interrupts++;
	printf("sent: sends=%llu hits=%llu no_irq=%llu coalesced=%llu no_entry=%llu undecided=%llu windows=%llu interrupts=%llu min_ns=%llu\n",
	       (unsigned long long)r.sends, (unsigned long long)r.hits, (unsigned long long)r.no_irq,
	       (unsigned long long)r.coalesced, (unsigned long long)r.no_entry, (unsigned long long)r.undecided,
	       (unsigned long long)r.windows, (unsigned long long)interrupts,
	       (unsigned long long)(min_ns == UINT64_MAX ? 0 : min_ns));
	free(s);
	return 0;
}
