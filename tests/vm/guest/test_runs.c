// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_runs.c - how runs end, what they leave, and who may start them.
 *
 * Truncation, histograms, reading in pieces, signals, time limits, a second
 * run, unloading meanwhile, CPUs that go offline and come back meanwhile, other
 * users, refused input.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "guest.h"

static const uint32_t cpu0[] = { 0 }, cpu1[] = { 1 }, cpu2[] = { 2 }, cpus123[] = { 1, 2, 3 };
static unsigned int nr_cpus;

/* A long run in a process of its own: its exit status is the errno of the ioctl. */
struct child {
	pid_t pid;
	int result; /* pipe: struct ipitrace_bench_run after the run */
};

static struct child start_child(uint32_t primitive, uint32_t state, const uint32_t *targets, uint32_t nr_targets,
				unsigned int delay_us)
{
	struct child c = { .pid = -1 };
	struct ipitrace_bench_run r = run_args(primitive, state, cpu0, 1, targets, nr_targets);
	int fds[2], fd;

	r.iterations = IPITRACE_BENCH_MAX_ITERATIONS;
	r.warmup = 0;
	r.max_samples = 1000;
	r.timeout_ns = 60000000000ULL;
	if (pipe(fds))
		return c;
	c.result = fds[0];
	fflush(stdout);
	c.pid = fork();
	if (c.pid == 0) {
		int ret;

		fd = bench_open();
		ret = fd < 0 ? -errno : bench_run(fd, &r);
		if (write(fds[1], &r, sizeof(r)) != sizeof(r))
			_exit(255);
		_exit(-ret & 0xff);
	}
	close(fds[1]);
	usleep(delay_us);
	return c;
}

static int end_child(struct child *c, struct ipitrace_bench_run *r)
{
	int status = 0;

	memset(r, 0, sizeof(*r));
	if (read(c->result, r, sizeof(*r)) != sizeof(*r))
		r->stop_reason = 99;
	close(c->result);
	waitpid(c->pid, &status, 0);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -255;
}

static void test_samples(int fd)
{
	struct ipitrace_bench_run r = run_args(IPITRACE_BENCH_SINGLE, 0, cpu0, 1, cpus123, 3);
	struct ipitrace_bench_sample all[100], piece[7] = { 0 };
	struct ipitrace_bench_read rd = { .version = IPITRACE_BENCH_VERSION };
	uint64_t at, bad = 0;
	int ret;

	r.iterations = 100;
	ret = bench_run(fd, &r);
	rd.count = 100;
	rd.buf = (uintptr_t)all;
	ok(!ret && !ioctl(fd, IPITRACE_BENCH_READ, &rd) && rd.count == 100, "100 samples at once");
	for (at = 0; at < 100; at += rd.count) {
		rd.first = at;
		rd.count = 7;
		rd.buf = (uintptr_t)piece;
		if (ioctl(fd, IPITRACE_BENCH_READ, &rd) || !rd.count ||
		    memcmp(piece, all + at, rd.count * sizeof(*piece))) {
			bad++;
			break;
		}
	}
	ok(!bad, "the same in pieces of 7");
	rd.first = 100;
	rd.count = 1;
	ok(!ioctl(fd, IPITRACE_BENCH_READ, &rd) && rd.count == 0, "nothing behind the last one");
	rd.first = 101;
	ok(ioctl(fd, IPITRACE_BENCH_READ, &rd) && errno == EINVAL, "beyond that: EINVAL");

	r = run_args(IPITRACE_BENCH_BROADCAST, 0, cpu0, 1, NULL, 0);
	r.iterations = 50;
	r.max_samples = 10;
	ret = bench_run(fd, &r);
	ok(!ret && r.hits == 50 * (nr_cpus - 1) && r.nr_samples == 10 && r.nr_truncated == r.hits - 10,
	   "no room for all: %llu kept, %llu counted", (unsigned long long)r.nr_samples,
	   (unsigned long long)r.nr_truncated);
}

static void test_histogram(int fd)
{
	static uint64_t buckets[IPITRACE_BENCH_HIST_BUCKETS];
	struct ipitrace_bench_run r = run_args(IPITRACE_BENCH_MANY, 1, cpu0, 1, cpus123, 3);
	struct ipitrace_bench_hist h = {
		.version = IPITRACE_BENCH_VERSION,
		.nr_buckets = IPITRACE_BENCH_HIST_BUCKETS,
		.buckets = (uintptr_t)buckets,
	};
	uint64_t sum, i;
	int ret, kind;

	r.iterations = 200;
	r.flags = IPITRACE_BENCH_R_HISTOGRAM;
	ret = bench_run(fd, &r);
	ok(!ret && !r.nr_samples && r.hits == 600, "a run into histograms");
	for (kind = 0; kind < IPITRACE_BENCH_NR_HISTS; kind++) {
		bool filed;

		h.kind = kind;
		ret = ioctl(fd, IPITRACE_BENCH_HIST, &h);
		for (i = sum = 0; i < IPITRACE_BENCH_HIST_BUCKETS; i++)
			sum += buckets[i];
		filed = kind ? h.count == 200 : h.count + h.negative + r.no_irq == 600;
		ok(!ret && filed && sum == h.count && h.min && h.min <= h.max && h.sum >= h.count * h.min &&
			   h.sum <= h.count * h.max,
		   "histogram %d: %llu values, all filed", kind, (unsigned long long)h.count);
	}
	r = run_args(IPITRACE_BENCH_SELF, 0, cpu0, 1, NULL, 0);
	ret = bench_run(fd, &r);
	ok(!ret && ioctl(fd, IPITRACE_BENCH_HIST, &h) && errno == ENODATA, "no histogram after a run for samples");
}

static void test_ends(void)
{
	static const uint32_t prims[] = {
		IPITRACE_BENCH_STORM,
		IPITRACE_BENCH_WAKEUP,
		IPITRACE_BENCH_BROADCAST,
	};
	struct ipitrace_bench_run r;
	struct child c;
	uint64_t t0;
	int ret, fd = bench_open();
	size_t i;

	c = start_child(IPITRACE_BENCH_SINGLE, 1, cpu1, 1, 300000);
	r = run_args(IPITRACE_BENCH_SINGLE, 0, cpu0, 1, cpu2, 1);
	ok(bench_run(fd, &r) == -EBUSY, "a second run meanwhile: EBUSY");
	ret = module_unload();
	ok(ret == -EWOULDBLOCK || ret == -EBUSY, "unload meanwhile: %s", strerror(-ret));
	kill(c.pid, SIGKILL);
	end_child(&c, &r);
	r = run_args(IPITRACE_BENCH_SINGLE, 0, cpu0, 1, cpu2, 1);
	ok(!bench_run(fd, &r), "after SIGKILL of a run the next one runs");

	for (i = 0; i < ARRAY_SIZE(prims); i++) {
		bool list = prims[i] != IPITRACE_BENCH_BROADCAST;
		useconds_t delay;

		/* An alarm with a handler, so that the process lives to see EINTR; later where the machine is slow. */
		for (delay = 100000; delay < 1000000; delay *= 3) {
			r = run_args(prims[i], 2, cpu0, 1, cpus123, list ? 3 : 0);
			r.iterations = IPITRACE_BENCH_MAX_ITERATIONS / 2;
			r.max_samples = 100;
			ualarm(delay, 0);
			t0 = now_ns();
			ret = bench_run(fd, &r);
			if (ret != -EINTR || r.sends)
				break;
		}
		ok(ret == -EINTR && r.stop_reason == IPITRACE_BENCH_STOP_SIGNAL && r.sends > 0 &&
			   r.nr_samples == (r.hits < 100 ? r.hits : 100) && now_ns() - t0 < 10000000000ULL,
		   "a signal ends a run (primitive %u): %s, %llu sends kept", prims[i], strerror(-ret),
		   (unsigned long long)r.sends);
	}

	r = run_args(IPITRACE_BENCH_SINGLE, 0, cpu0, 1, cpu2, 1);
	r.iterations = IPITRACE_BENCH_MAX_ITERATIONS / 2;
	r.timeout_ns = 400000000;
	r.flags = IPITRACE_BENCH_R_HISTOGRAM;
	ret = bench_run(fd, &r);
	ok(ret == -ETIMEDOUT && r.stop_reason == IPITRACE_BENCH_STOP_TIMEOUT && r.sends > 0 &&
		   r.rest_ns >= IPITRACE_BENCH_REST_NS,
	   "the time limit ends a run, which rested %llu ns", (unsigned long long)r.rest_ns);
	close(fd);
}

static void test_hotplug(void)
{
	static const struct {
		uint32_t primitive, state;
		bool list;
		const char *what;
	} runs[] = {
		{ IPITRACE_BENCH_SINGLE, 0, true, "single, idle" },
		{ IPITRACE_BENCH_STORM, 1, true, "storm, busy" },
		{ IPITRACE_BENCH_MANY, 2, true, "many, irqs-off" },
		{ IPITRACE_BENCH_RESCHEDULE, 1, true, "reschedule, busy" },
		{ IPITRACE_BENCH_WAKEUP, 0, true, "wakeup, idle" },
		{ IPITRACE_BENCH_BROADCAST, 1, false, "broadcast, busy" },
		{ IPITRACE_BENCH_KICK_ALL, 0, false, "kick-all, idle" },
	};
	struct ipitrace_bench_run r;
	struct child c;
	int ret, off, on, fd = bench_open();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(runs); i++) {
		unsigned int delay;

		for (delay = 100000; delay < 3000000; delay *= 3) {
			c = start_child(runs[i].primitive, runs[i].state, cpus123, runs[i].list ? 3 : 0, delay);
			off = cpu_set_online(3, false);
			ret = end_child(&c, &r);
			on = cpu_set_online(3, true);
			if (off || on || ret != -ENODEV || r.sends)
				break;
		}
		ok(!off && !on && ret == -ENODEV && r.stop_reason == IPITRACE_BENCH_STOP_HOTPLUG && r.stop_cpu == 3 &&
			   r.sends > 0,
		   "CPU 3 goes offline during %s: the run ends (%s, CPU %u, %llu sends)", runs[i].what, strerror(-ret),
		   r.stop_cpu, (unsigned long long)r.sends);
	}

	/* The sender's own CPU. */
	r = run_args(IPITRACE_BENCH_SINGLE, 0, cpus123, 1, cpu2, 1);
	if (!cpu_set_online(3, false)) {
		r = run_args(IPITRACE_BENCH_SINGLE, 0, cpu0, 1, cpus123, 3);
		ok(bench_run(fd, &r) == -ENXIO, "a target that is offline: ENXIO");
		c = start_child(IPITRACE_BENCH_BROADCAST, 0, NULL, 0, 300000);
		on = cpu_set_online(3, true);
		ret = end_child(&c, &r);
		ok(!on && ret == -ENODEV && r.stop_reason == IPITRACE_BENCH_STOP_HOTPLUG,
		   "a CPU that comes during a broadcast ends it (%s)", strerror(-ret));
	} else {
		ok(false, "CPU 3 can be taken offline");
	}

	c = start_child(IPITRACE_BENCH_SINGLE, 0, cpu1, 1, 300000);
	off = cpu_set_online(3, false);
	on = cpu_set_online(3, true);
	kill(c.pid, 0);
	ok(!off && !on && waitpid(c.pid, &ret, WNOHANG) == 0, "a CPU that isn't part of a run may go and come");
	kill(c.pid, SIGKILL);
	end_child(&c, &r);
	r = run_args(IPITRACE_BENCH_BROADCAST, 0, cpu0, 1, NULL, 0);
	ok(!bench_run(fd, &r) && r.hits == r.sends * (nr_cpus - 1), "all CPUs are back");
	close(fd);
}

static void test_permissions(void)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		_exit(bench_open() >= 0 ? 2 : errno == EACCES || errno == EPERM ? 0 : 3);
	}
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "another user may not open it");
}

/* Each is one fault in an otherwise good run. */
#define REFUSED(field, value, want)                                                                                    \
	do {                                                                                                           \
		r = run_args(IPITRACE_BENCH_SINGLE, 0, cpu0, 1, cpu1, 1);                                              \
		r.field = value;                                                                                       \
		ret = bench_run(fd, &r);                                                                               \
		ok(ret == -(want), #field " = " #value ": " #want " (%s)", strerror(-ret));                            \
	} while (0)

static void test_refused(int fd)
{
	static const uint32_t twice[] = { 1, 1 }, far[] = { 100000 };
	struct ipitrace_bench_run r;
	int ret;

	REFUSED(version, 0, EINVAL);
	REFUSED(version, 2, EINVAL);
	REFUSED(primitive, IPITRACE_BENCH_NR_PRIMITIVES, EINVAL);
	REFUSED(state, IPITRACE_BENCH_NR_STATES, EINVAL);
	REFUSED(flags, 2, EINVAL);
	REFUSED(nr_senders, 0, EINVAL);
	REFUSED(nr_senders, 100000, EINVAL);
	REFUSED(nr_targets, 0, EINVAL);
	REFUSED(iterations, 0, EINVAL);
	REFUSED(iterations, IPITRACE_BENCH_MAX_ITERATIONS + 1, EINVAL);
	REFUSED(warmup, IPITRACE_BENCH_MAX_ITERATIONS, EINVAL);
	REFUSED(warmup, ~0ULL, EINVAL);
	REFUSED(burst, 1, EINVAL);
	REFUSED(max_samples, IPITRACE_BENCH_MAX_SAMPLES + 1, EINVAL);
	REFUSED(pace_ns, IPITRACE_BENCH_MAX_PACE_NS + 1, EINVAL);
	REFUSED(handler_ns, IPITRACE_BENCH_MAX_HANDLER_NS + 1, EINVAL);
	REFUSED(irqs_off_ns, 1, EINVAL);
	REFUSED(timeout_ns, IPITRACE_BENCH_MAX_TIMEOUT_NS + 1, EINVAL);
	REFUSED(reserved_in[3], 1, EINVAL);
	REFUSED(undecided, 1, EINVAL);
	REFUSED(reserved_out[1], 1, EINVAL);
	REFUSED(sends, 1, EINVAL);
	REFUSED(senders, 8, EFAULT);
	REFUSED(targets, 8, EFAULT);
	REFUSED(targets, (uintptr_t)far, ENXIO);
	REFUSED(targets, (uintptr_t)cpu0, EINVAL);

	r = run_args(IPITRACE_BENCH_SINGLE, 0, cpu0, 1, twice, 2);
	ok(bench_run(fd, &r) == -EINVAL, "a target twice: EINVAL");
	r = run_args(IPITRACE_BENCH_SINGLE, 1, cpus123, 1, cpus123, 3);
	ok(bench_run(fd, &r) == -EINVAL, "a busy target that sends: EINVAL");
	r = run_args(IPITRACE_BENCH_STORM, 0, cpus123, 3, cpu0, 1);
	r.burst = IPITRACE_BENCH_MAX_BURST;
	r.handler_ns = IPITRACE_BENCH_MAX_HANDLER_NS;
	ok(bench_run(fd, &r) == -EINVAL, "handlers that would hold a CPU for seconds: EINVAL");
	r = run_args(IPITRACE_BENCH_BROADCAST, 0, cpu0, 1, NULL, 0);
	r.targets = (uintptr_t)cpu1;
	ok(bench_run(fd, &r) == -EINVAL, "targets for a broadcast: EINVAL");
	ok(ioctl(fd, _IO(IPITRACE_BENCH_IOC, 99)) && errno == ENOTTY, "an unknown number: ENOTTY");
	ok(ioctl(fd, IPITRACE_BENCH_RUN, NULL) && errno == EFAULT, "no memory behind it: EFAULT");
}

static void on_alarm(int sig)
{
	(void)sig;
}

int main(void)
{
	struct ipitrace_bench_info info = { .version = IPITRACE_BENCH_VERSION };
	struct sigaction sa = { .sa_handler = on_alarm };
	int fd = bench_open();

	sigaction(SIGALRM, &sa, NULL);
	if (!ok(fd >= 0 && !ioctl(fd, IPITRACE_BENCH_INFO, &info), "the device answers"))
		return done_testing();
	nr_cpus = info.nr_online;
	if (nr_cpus < 4) {
		ok(false, "4 CPUs are needed");
		return done_testing();
	}
	test_permissions();
	test_refused(fd);
	test_samples(fd);
	test_histogram(fd);
	close(fd);
	test_ends();
	test_hotplug();
	return done_testing();
}
