// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_wide.c - however many CPUs there are: masks of all of them, or of none.
 *
 * On one CPU what needs another is refused and what doesn't works; on more than
 * 64 the masks span words.
 */
#include "guest.h"

static uint32_t cpus[MAX_CPUS];
static unsigned int nr_cpus;

static void one_cpu(int fd)
{
	static const uint32_t works[] = {
		IPITRACE_BENCH_DRY_RUN, IPITRACE_BENCH_SELF, IPITRACE_BENCH_IRQ_WORK,
	}, fails[] = {
		IPITRACE_BENCH_BROADCAST, IPITRACE_BENCH_BROADCAST_LOCK, IPITRACE_BENCH_KICK_ALL,
	};
	struct ipitrace_bench_run r;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(works); i++) {
		r = run_args(works[i], 0, cpus, 1, NULL, 0);
		ret = bench_run(fd, &r);
		ok(!ret && r.sends == r.iterations && r.hits == r.sends, "one CPU: primitive %u works (%s)", works[i],
		   strerror(-ret));
	}
	for (i = 0; i < ARRAY_SIZE(fails); i++) {
		r = run_args(fails[i], 0, cpus, 1, NULL, 0);
		ret = bench_run(fd, &r);
		ok(ret == -ENXIO, "one CPU: primitive %u has nobody to send to (%s)", fails[i], strerror(-ret));
	}
}

/* From the last CPU to all others, each exactly as often as sent. */
static void all_cpus(int fd, uint32_t primitive, uint32_t nr_targets)
{
	uint32_t sender = cpus[nr_cpus - 1];
	struct ipitrace_bench_run r = run_args(primitive, 0, &sender, 1, cpus, nr_targets);
	struct ipitrace_bench_sample *s;
	uint64_t nr, i, got[MAX_CPUS] = { 0 }, wrong = 0;
	int ret;

	r.iterations = 10;
	ret = bench_run(fd, &r);
	s = bench_samples(fd, &nr, r.iterations * nr_cpus);
	for (i = 0; i < nr; i++)
		if (s[i].target < nr_cpus)
			got[s[i].target] += !(s[i].flags & IPITRACE_BENCH_S_NO_ENTRY);
	for (i = 0; i < nr_cpus; i++)
		wrong += got[i] != (i == sender ? 0 : r.iterations);
	ok(!ret && !wrong && nr == r.iterations * (nr_cpus - 1) && !r.wrong_cpu,
	   "primitive %u from CPU %u reaches each of %u others every time (%s, %llu CPUs not)", primitive, sender,
	   nr_cpus - 1, strerror(-ret), (unsigned long long)wrong);
	free(s);
}

int main(void)
{
	struct ipitrace_bench_info info = { .version = IPITRACE_BENCH_VERSION };
	int fd = bench_open();
	unsigned int i;

	if (!ok(fd >= 0 && !ioctl(fd, IPITRACE_BENCH_INFO, &info) && info.nr_online <= MAX_CPUS, "the device answers"))
		return done_testing();
	nr_cpus = info.nr_online;
	for (i = 0; i < nr_cpus; i++)
		cpus[i] = i;
	if (nr_cpus == 1) {
		one_cpu(fd);
		return done_testing();
	}
	all_cpus(fd, IPITRACE_BENCH_BROADCAST, 0);
	all_cpus(fd, IPITRACE_BENCH_BROADCAST_LOCK, 0);
	all_cpus(fd, IPITRACE_BENCH_MANY, nr_cpus - 1);
	all_cpus(fd, IPITRACE_BENCH_MANY, nr_cpus);
	return done_testing();
}
