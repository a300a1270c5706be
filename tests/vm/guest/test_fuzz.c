// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_fuzz.c - ioctl fuzzer, 30 seconds (or the first argument's).
 *
 * Three threads, two of them on one file: random and boundary structures,
 * wrong pointers, unknown numbers, good runs with one field changed, signals
 * meanwhile. What is accepted must be consistent; what isn't must say why by a
 * documented errno. The kernel log is the host's to look at.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "guest.h"

static atomic_ulong calls, accepted, refused, interrupted, inconsistent, strange, runs;
static atomic_int strange_errno;
static uint64_t end_ns;
static unsigned int nr_cpus;
static uint32_t prim_flags[IPITRACE_BENCH_NR_PRIMITIVES];
static uint8_t *edge; /* last byte before an unmapped page is edge[-1] */

struct fuzzer {
	pthread_t thread;
	uint64_t seed;
	int fd;
	struct ipitrace_bench_sample *samples;
};

#define ROOM 256

static uint64_t rnd(struct fuzzer *f)
{
	f->seed ^= f->seed << 13;
	f->seed ^= f->seed >> 7;
	f->seed ^= f->seed << 17;
	return f->seed;
}

static uint64_t boundary(struct fuzzer *f)
{
	static const uint64_t v[] = {
		0,
		1,
		2,
		3,
		4,
		7,
		8,
		255,
		256,
		257,
		8191,
		8192,
		8193,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		10000000,
		10000001,
		100000000,
		100000001,
		4194304,
		4194305,
		1000000000,
		1000000001,
		0x7fffffffffffffff,
		0x8000000000000000,
		~0ULL,
	};

	return rnd(f) % 4 ? v[rnd(f) % ARRAY_SIZE(v)] : rnd(f);
}

static void note(long ret, int err)
{
	atomic_fetch_add(&calls, 1);
	if (!ret) {
		atomic_fetch_add(&accepted, 1);
		return;
	}
	switch (err) {
	case EINTR:
		atomic_fetch_add(&interrupted, 1);
		break;
	case EINVAL:
	case EFAULT:
	case ENXIO:
	case ENOTTY:
	case EBUSY:
	case ENODATA:
	case ENOMEM:
	case EAGAIN:
	case ETIMEDOUT:
	case EOPNOTSUPP:
	case ENODEV:
		atomic_fetch_add(&refused, 1);
		break;
	default:
		atomic_fetch_add(&strange, 1);
		atomic_store(&strange_errno, err);
	}
}

/* A good run, or one that differs from it in a few words. */
static void fuzz_run(struct fuzzer *f)
{
	uint32_t senders[4], targets[4], i, nr_s = 1 + rnd(f) % 2, nr_t = rnd(f) % 4;
	uint32_t first = rnd(f) % nr_cpus, prim, state;
	struct ipitrace_bench_run r;
	long ret;
	int err;

	for (i = 0; i < 4; i++)
		senders[i] = targets[3 - i] = (first + i) % nr_cpus;
	prim = rnd(f) % IPITRACE_BENCH_NR_PRIMITIVES;
	state = prim_flags[prim] & IPITRACE_BENCH_P_LOCAL ? 0 : rnd(f) % 3;
	if (prim_flags[prim] & IPITRACE_BENCH_P_TARGETS)
		nr_t = 1 + nr_t % 2;
	else
		nr_t = 0;
	r = run_args(prim, state, senders, nr_s, targets, nr_t);
	r.iterations = 1 + rnd(f) % 50;
	r.warmup = rnd(f) % 3;
	r.timeout_ns = 1 + rnd(f) % 100000000;
	r.handler_ns = rnd(f) % 4 ? 0 : rnd(f) % 200000;
	r.pace_ns = rnd(f) % 4 ? 0 : rnd(f) % 2000000;
	r.max_samples = rnd(f) % 3 ? 0 : rnd(f) % 20;
	r.flags = rnd(f) % 2;
	for (i = rnd(f) % 3; i; i--) {
		size_t at = rnd(f) % (sizeof(r) / 4) * 4;
		uint32_t word = boundary(f);

		/* What would only make the run long is left alone. */
		if (at == offsetof(struct ipitrace_bench_run, timeout_ns) ||
		    at == offsetof(struct ipitrace_bench_run, timeout_ns) + 4)
			continue;
		memcpy((uint8_t *)&r + at, &word, 4);
	}
	ret = ioctl(f->fd, IPITRACE_BENCH_RUN, &r);
	err = errno;
	note(ret, err);
	if (!ret)
		atomic_fetch_add(&runs, 1);
	if (ret && !(err == EINTR || err == ETIMEDOUT || err == ENODEV))
		return;
	/* Some had not begun: they leave all as it was. */
	if (ret && !r.stop_reason)
		return;
	if ((!(r.flags & IPITRACE_BENCH_R_HISTOGRAM) && r.hits != r.nr_samples + r.nr_truncated) ||
	    r.sends > r.iterations * r.nr_senders || (!ret && r.sends != r.iterations * r.nr_senders) ||
	    r.version != IPITRACE_BENCH_VERSION || !ret != !r.stop_reason || r.no_irq > r.hits ||
	    r.windows_missed > r.windows || r.start_ns > r.end_ns || r.kept_ns > r.busy_ns ||
	    r.busy_ns + r.rest_ns > (r.end_ns - r.start_ns) * r.nr_senders) {
		atomic_fetch_add(&inconsistent, 1);
		printf("# primitive %u, %s, reason %u: %llu of %llu x %u sends, %llu hits, %llu + %llu samples, %llu no_irq, "
		       "%llu of %llu windows missed, %llu to %llu, %llu ns busy, %llu rest, %llu kept\n",
		       r.primitive, ret ? strerror(err) : "done", r.stop_reason, (unsigned long long)r.sends,
		       (unsigned long long)r.iterations, r.nr_senders, (unsigned long long)r.hits,
		       (unsigned long long)r.nr_samples, (unsigned long long)r.nr_truncated,
		       (unsigned long long)r.no_irq, (unsigned long long)r.windows_missed,
		       (unsigned long long)r.windows, (unsigned long long)r.start_ns, (unsigned long long)r.end_ns,
		       (unsigned long long)r.busy_ns, (unsigned long long)r.rest_ns, (unsigned long long)r.kept_ns);
	}
}

static void fuzz_read(struct fuzzer *f)
{
	struct ipitrace_bench_read rd = {
		.version = rnd(f) % 8 ? IPITRACE_BENCH_VERSION : boundary(f),
		.reserved = rnd(f) % 8 ? 0 : boundary(f),
		.first = rnd(f) % 2 ? rnd(f) % 60 : boundary(f),
		.count = rnd(f) % 2 ? rnd(f) % ROOM : 0,
		.buf = (uintptr_t)f->samples,
	};
	uint64_t asked = rd.count;
	long ret;

	if (rnd(f) % 8 == 0) {
		/* A buffer that ends too early: EFAULT, or few enough samples. */
		rd.buf = (uintptr_t)edge - rnd(f) % 100;
		rd.count = boundary(f);
		asked = rd.count;
	}
	ret = ioctl(f->fd, IPITRACE_BENCH_READ, &rd);
	note(ret, errno);
	if (!ret && rd.count > asked) {
		atomic_fetch_add(&inconsistent, 1);
		printf("# %llu samples read, %llu asked for\n", (unsigned long long)rd.count,
		       (unsigned long long)asked);
	}
}

static void fuzz_hist(struct fuzzer *f)
{
	static __thread uint64_t buckets[IPITRACE_BENCH_HIST_BUCKETS];
	struct ipitrace_bench_hist h = {
		.version = IPITRACE_BENCH_VERSION,
		.kind = rnd(f) % 3,
		.nr_buckets = rnd(f) % 4 ? IPITRACE_BENCH_HIST_BUCKETS : boundary(f),
		.reserved = rnd(f) % 8 ? 0 : boundary(f),
		.buckets = rnd(f) % 4 ? (uintptr_t)buckets : (uintptr_t)edge - rnd(f) % 9999,
	};
	long ret = ioctl(f->fd, IPITRACE_BENCH_HIST, &h);

	note(ret, errno);
}

/* Any number, any memory, also at the end of a page and nowhere. */
static void fuzz_raw(struct fuzzer *f)
{
	static const unsigned long known[] = {
		IPITRACE_BENCH_INFO, IPITRACE_BENCH_PRIM, IPITRACE_BENCH_RUN, IPITRACE_BENCH_READ, IPITRACE_BENCH_HIST,
	};
	uint32_t mem[80];
	unsigned long cmd = known[rnd(f) % ARRAY_SIZE(known)];
	void *ptr = mem;
	size_t i;
	long ret;

	for (i = 0; i < ARRAY_SIZE(mem); i++)
		mem[i] = rnd(f) % 2 ? boundary(f) : 0;
	if (rnd(f) % 2)
		mem[0] = IPITRACE_BENCH_VERSION;
	/* Half of the numbers wrong in one bit; a RUN made of noise may be a long one, so: none good. */
	if (rnd(f) % 2)
		cmd ^= 1UL << rnd(f) % 32;
	if (cmd == IPITRACE_BENCH_RUN)
		mem[offsetof(struct ipitrace_bench_run, reserved_in) / 4] |= 1;
	switch (rnd(f) % 4) {
	case 0:
		ptr = edge - rnd(f) % 300;
		break;
	case 1:
		ptr = (void *)(uintptr_t)boundary(f);
		break;
	}
	ret = ioctl(f->fd, cmd, ptr);
	note(ret, errno);
}

static void *fuzz(void *arg)
{
	struct fuzzer *f = arg;

	while (now_ns() < end_ns) {
		switch (rnd(f) % 8) {
		case 0:
		case 1:
		case 2:
			fuzz_run(f);
			break;
		case 3:
		case 4:
			fuzz_read(f);
			break;
		case 5:
			fuzz_hist(f);
			break;
		default:
			fuzz_raw(f);
		}
	}
	return NULL;
}

static void on_alarm(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	static const uint32_t cpu0[] = { 0 };
	struct ipitrace_bench_info info = { .version = IPITRACE_BENCH_VERSION };
	struct itimerval timer = { { 0, 137000 }, { 0, 137000 } }, off = { 0 };
	struct sigaction sa = { .sa_handler = on_alarm };
	sigset_t alarms;
	struct fuzzer f[3] = { 0 };
	struct ipitrace_bench_run r;
	size_t i, page = sysconf(_SC_PAGESIZE);
	int fd = bench_open(), other = bench_open();

	if (!ok(fd >= 0 && other >= 0 && !ioctl(fd, IPITRACE_BENCH_INFO, &info), "the device answers"))
		return done_testing();
	nr_cpus = info.nr_online;
	for (i = 0; i < IPITRACE_BENCH_NR_PRIMITIVES; i++) {
		struct ipitrace_bench_prim p = { .version = IPITRACE_BENCH_VERSION, .primitive = i };

		if (!ioctl(fd, IPITRACE_BENCH_PRIM, &p))
			prim_flags[i] = p.flags;
	}
	edge = mmap(NULL, 5 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (edge == MAP_FAILED || munmap(edge + 4 * page, page))
		return 1;
	edge += 4 * page;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	end_ns = now_ns() + (argc > 1 ? strtoull(argv[1], NULL, 10) : 30) * 1000000000ULL;
	for (i = 0; i < 3; i++) {
		f[i].seed = 0x9e3779b97f4a7c15ULL * (i + 1) ^ now_ns();
		f[i].fd = i == 2 ? other : fd;
		f[i].samples = calloc(ROOM, sizeof(*f[i].samples));
		printf("# seed %#llx\n", (unsigned long long)f[i].seed);
		if (pthread_create(&f[i].thread, NULL, fuzz, &f[i]))
			return 1;
	}
	/* The alarms are for the fuzzing threads: their runs shall be interrupted. */
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	for (i = 0; i < 3; i++)
		pthread_join(f[i].thread, NULL);
	setitimer(ITIMER_REAL, &off, NULL);
	printf("# %lu calls: %lu accepted (%lu of them runs), %lu refused, %lu interrupted\n", calls, accepted, runs,
	       refused, interrupted);
	ok(runs >= 5 && accepted > runs && refused > 100 && interrupted,
	   "good, bad and interrupted ones were among them");
	ok(!strange, "no errno that isn't documented (%lu, last: %s)", strange, strerror(strange_errno));
	ok(!inconsistent, "no result that contradicts itself (%lu)", inconsistent);
	r = run_args(IPITRACE_BENCH_BROADCAST, 0, cpu0, 1, NULL, 0);
	ok(!bench_run(fd, &r) && r.hits == r.iterations * (nr_cpus - 1), "a good run still works");
	close(fd);
	close(other);
	ok(!module_unload() && !module_load(), "the module unloads and loads");
	return done_testing();
}
