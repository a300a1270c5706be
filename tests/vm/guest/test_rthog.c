// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_rthog.c - a real-time task that keeps a CPU for itself.
 *
 * With sched_rt_runtime_us = -1 no thread of the module gets that CPU. Every run
 * must end all the same, by a kill and by its time limit; CPU hotplug goes on
 * meanwhile; the module stays in use and says so until its thread is gone, and
 * then works as before. Bounds are in the guest's time, and generous: what waits
 * for the hog waits for ever.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include "guest.h"

#define HOG_CPU	   1
#define SPARE_CPU  3
#define BOUND_MS   30000
#define TIMEOUT_NS 700000000ULL
#define PREEMPTION "/sys/kernel/debug/sched/preempt"
/* Since 6.12 it gives ordinary tasks a twentieth of the CPU all the same; not real-time ones, such as our sleeper. */
#define FAIR_SERVER "/sys/kernel/debug/sched/fair_server"

static const struct situation {
	const char *name;
	uint32_t primitive, state, sender, target; /* target 0: all */
} situations[] = {
	{ "single, busy", IPITRACE_BENCH_SINGLE, IPITRACE_BENCH_STATE_BUSY, 0, HOG_CPU },
	{ "single, irqs-off", IPITRACE_BENCH_SINGLE, IPITRACE_BENCH_STATE_IRQS_OFF, 0, HOG_CPU },
	{ "wakeup, idle", IPITRACE_BENCH_WAKEUP, IPITRACE_BENCH_STATE_IDLE, 0, HOG_CPU },
	{ "wakeup, busy", IPITRACE_BENCH_WAKEUP, IPITRACE_BENCH_STATE_BUSY, 0, HOG_CPU },
	{ "reschedule, busy", IPITRACE_BENCH_RESCHEDULE, IPITRACE_BENCH_STATE_BUSY, 0, HOG_CPU },
	{ "sender hogged", IPITRACE_BENCH_ASYNC, IPITRACE_BENCH_STATE_BUSY, HOG_CPU, 2 },
	{ "broadcast, busy", IPITRACE_BENCH_BROADCAST, IPITRACE_BENCH_STATE_BUSY, 0, 0 },
};

#define SLEEPER 2 /* the one whose thread gets no CPU on any kernel */

static pid_t hog;

static void pin(unsigned int first, unsigned int last, int without)
{
	cpu_set_t set;
	unsigned int cpu;

	CPU_ZERO(&set);
	for (cpu = first; cpu <= last; cpu++)
		if ((int)cpu != without)
			CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* @burst_ms 0: it never lets go. */
static void hog_start(unsigned int burst_ms)
{
	const struct sched_param param = { .sched_priority = 50 };
	uint64_t from;

	fflush(stdout);
	hog = fork();
	if (!hog) {
		pin(HOG_CPU, HOG_CPU, -1);
		if (sched_setscheduler(0, SCHED_FIFO, &param))
			_exit(1);
		for (from = now_ns();;) {
			if (!burst_ms || now_ns() - from < burst_ms * 1000000ULL)
				continue;
			usleep(2000);
			from = now_ns();
		}
	}
	usleep(300000);
}

static void hog_stop(void)
{
	if (hog > 0) {
		kill(hog, SIGKILL);
		waitpid(hog, NULL, 0);
	}
	hog = 0;
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* One run in a process of its own; writes the run into fd and exits with its errno. */
static pid_t run_fork(struct ipitrace_bench_run *r, int *result)
{
	const struct sigaction sa = { .sa_handler = on_alarm };
	int fds[2], fd, ret;
	pid_t pid;

	if (pipe(fds))
		return -1;
	*result = fds[0];
	fflush(stdout);
	pid = fork();
	if (!pid) {
		pin(0, 3, HOG_CPU);
		sigaction(SIGALRM, &sa, NULL);
		fd = bench_open();
		ret = fd < 0 ? -errno : bench_run(fd, r);
		if (write(fds[1], r, sizeof(*r)) != sizeof(*r))
			_exit(255);
		_exit(-ret & 0xff);
	}
	close(fds[1]);
	return pid;
}

static pid_t run_start(const struct situation *s, uint64_t timeout_ns, int *result)
{
	struct ipitrace_bench_run r = run_args(s->primitive, s->state, &s->sender, 1, &s->target, s->target != 0);

	r.iterations = IPITRACE_BENCH_MAX_ITERATIONS;
	r.warmup = 0;
	r.max_samples = 1000;
	r.timeout_ns = timeout_ns;
	return run_fork(&r, result);
}

/*
 * Milliseconds until @pid has ended, -1 if it does not: then the hog goes first.
 * *status: what it exited with, or -signal.
 */
static long ended(pid_t pid, int *status)
{
	uint64_t from = now_ns();
	int st;

	while (now_ns() - from < BOUND_MS * 1000000ULL) {
		if (waitpid(pid, &st, WNOHANG) == pid) {
			*status = WIFEXITED(st) ? WEXITSTATUS(st) : -WTERMSIG(st);
			return (now_ns() - from) / 1000000;
		}
		usleep(20000);
	}
	hog_stop();
	waitpid(pid, &st, 0);
	*status = 255;
	return -1;
}

static long run_ended(pid_t pid, int result, int *status, struct ipitrace_bench_run *r)
{
	long ms = ended(pid, status);

	memset(r, 0, sizeof(*r));
	if (read(result, r, sizeof(*r)) != sizeof(*r))
		r->stop_reason = 99;
	close(result);
	return ms;
}

static int short_run(void)
{
	static const uint32_t sender[] = { 0 }, target[] = { 2 };
	struct ipitrace_bench_run r = run_args(IPITRACE_BENCH_SINGLE, IPITRACE_BENCH_STATE_BUSY, sender, 1, target, 1);
	int fd = bench_open(), ret;

	if (fd < 0)
		return -errno;
	r.timeout_ns = 20000000000ULL;
	ret = bench_run(fd, &r);
	close(fd);
	return ret;
}

/* The hog has gone: so will, in a while, what it kept. */
static int recovered(void)
{
	uint64_t from = now_ns();
	int ret;

	do
		ret = short_run();
	while (ret == -EINPROGRESS && now_ns() - from < BOUND_MS * 1000000ULL);
	return ret;
}

/* Milliseconds for @cpu to go and come back, in a process of its own; -1 if it does not. */
static long hotplug(unsigned int cpu)
{
	int status;
	pid_t pid;
	long ms;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(cpu_set_online(cpu, false) || cpu_set_online(cpu, true));
	ms = ended(pid, &status);
	return status ? -1 : ms;
}

static void test_timeout(const struct situation *s)
{
	bool fair = s->primitive != IPITRACE_BENCH_WAKEUP && !access(FAIR_SERVER, F_OK);
	struct ipitrace_bench_run r;
	int status, result;
	long ms;
	pid_t pid;

	hog_start(0);
	pid = run_start(s, TIMEOUT_NS, &result);
	ms = run_ended(pid, result, &status, &r);
	ok(ms >= 0 && status == ETIMEDOUT, "%s: the time limit ends it (%ld ms, errno %d)", s->name, ms, status);
	ok((r.stop_reason == IPITRACE_BENCH_STOP_STUCK && r.stop_cpu == HOG_CPU) ||
		   (fair && r.stop_reason == IPITRACE_BENCH_STOP_TIMEOUT),
	   "%s: it names the CPU (reason %u, CPU %u)", s->name, r.stop_reason, r.stop_cpu);
	hog_stop();
	status = recovered();
	ok(!status, "%s: without the hog the next run works (%d)", s->name, status);
}

static void test_kill(const struct situation *s)
{
	int status, result;
	long ms;
	pid_t pid;

	hog_start(0);
	pid = run_start(s, IPITRACE_BENCH_MAX_TIMEOUT_NS, &result);
	close(result);
	usleep(400000);
	kill(pid, SIGKILL);
	ms = ended(pid, &status);
	ok(ms >= 0 && status == -SIGKILL, "%s: a kill ends it (%ld ms, %d)", s->name, ms, status);
	hog_stop();
	status = recovered();
	ok(!status, "%s: the run after a killed one works (%d)", s->name, status);
}

/* The hog comes while the run is well under way: waits for what was there a moment ago. */
static void test_late(const struct situation *s, bool by_kill)
{
	struct ipitrace_bench_run r;
	int status, result;
	long ms;
	pid_t pid;

	pid = run_start(s, by_kill ? IPITRACE_BENCH_MAX_TIMEOUT_NS : 3 * TIMEOUT_NS, &result);
	usleep(500000);
	hog_start(0);
	if (by_kill)
		kill(pid, SIGKILL);
	ms = run_ended(pid, result, &status, &r);
	ok(ms >= 0 && status == (by_kill ? -SIGKILL : ETIMEDOUT), "%s, hog comes later: %s ends it (%ld ms, %d)",
	   s->name, by_kill ? "a kill" : "the time limit", ms, status);
	hog_stop();
	status = recovered();
	ok(!status, "%s, hog came later: the next run works (%d)", s->name, status);
}

/*
 * The hog comes after the last send, before the target's thread has ended: the run is neither done nor stopped. By a
 * signal it is stopped; else it waits, for longer than GRACE, and is done once the hog has gone.
 */
static void test_over(bool by_signal)
{
	static const uint32_t sender[] = { 0 }, target[] = { HOG_CPU };
	struct ipitrace_bench_run r = run_args(IPITRACE_BENCH_ASYNC, IPITRACE_BENCH_STATE_BUSY, sender, 1, target, 1);
	int status, result;
	pid_t pid;
	long ms;

	/* 200 sends in a second, of which the hog takes the last part: the interrupts come all the same. */
	r.iterations = 200;
	r.warmup = 0;
	r.pace_ns = 5000000;
	r.timeout_ns = 20000000000ULL;
	pid = run_fork(&r, &result);
	usleep(500000);
	hog_start(0);
	usleep(2000000 + IPITRACE_BENCH_GRACE_NS / 1000);
	if (by_signal)
		kill(pid, SIGALRM);
	else
		hog_stop();
	ms = run_ended(pid, result, &status, &r);
	if (by_signal)
		ok(ms >= 0 && status == EINTR && r.stop_reason == IPITRACE_BENCH_STOP_STUCK && r.stop_cpu == HOG_CPU,
		   "all is sent, hog comes before the end: a signal ends it (%ld ms, errno %d, reason %u, CPU %u)", ms,
		   status, r.stop_reason, r.stop_cpu);
	else
		ok(ms >= 0 && !status && !r.stop_reason && r.sends == 200 && r.hits == 200,
		   "all is sent, hog comes before the end, and goes: it is done (%ld ms, errno %d, reason %u, %llu hits)",
		   ms, status, r.stop_reason, (unsigned long long)r.hits);
	hog_stop();
	status = recovered();
	ok(!status, "then the next run works (%d)", status);
}

/* Where the kernel's threads may lose their CPU: at any instruction, as a virtual one may. */
static void preemption(const char *mode, char *was, size_t len)
{
	char modes[128] = "", *is;
	int fd = open(PREEMPTION, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (was && read(fd, modes, sizeof(modes) - 1) > 0 && (is = strchr(modes, '(')))
		snprintf(was, len, "%.*s", (int)strcspn(is + 1, ")"), is + 1);
	close(fd);
	write_str(PREEMPTION, mode);
}

/*
 * The sender is kept from its CPU for longer than it waits for an interrupt, again and again: each did arrive, whenever
 * the sender gets to look.
 */
static void test_kept(void)
{
	static const uint32_t sender[] = { HOG_CPU }, target[] = { 2 };
	struct ipitrace_bench_run r =
		run_args(IPITRACE_BENCH_RESCHEDULE_RAW, IPITRACE_BENCH_STATE_BUSY, sender, 1, target, 1);
	char was[32] = "voluntary";
	int status, result;
	pid_t pid;
	long ms;

	r.iterations = IPITRACE_BENCH_MAX_ITERATIONS;
	r.warmup = 0;
	r.max_samples = 1000;
	r.timeout_ns = 12000000000ULL;
	preemption("full", was, sizeof(was));
	pid = run_fork(&r, &result);
	usleep(500000);
	hog_start(260);
	ms = run_ended(pid, result, &status, &r);
	hog_stop();
	preemption(was, NULL, 0);
	if (status == EOPNOTSUPP) {
		printf("ok %d - the sender is kept from its CPU # SKIP no raw reschedule interrupts\n", ++tap_nr);
		return;
	}
	ok(ms >= 0 && status == ETIMEDOUT && r.stop_reason == IPITRACE_BENCH_STOP_TIMEOUT && r.sends && !r.no_irq,
	   "the sender is kept from its CPU: %llu of %llu interrupts not seen (errno %d, reason %u)",
	   (unsigned long long)r.no_irq, (unsigned long long)r.sends, status, r.stop_reason);
}

/* Visit all tasks: f(pid, ctx). */
static void each_task(void (*f)(pid_t pid, void *ctx), void *ctx)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (atoi(d->d_name) > 0)
			f(atoi(d->d_name), ctx);
	if (dir)
		closedir(dir);
}

static void read_proc(pid_t pid, const char *name, char *buf, size_t len)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? 0 : read(fd, buf, len - 1);
	buf[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/*
 * The kernel's own hotplug needs RCU, of every CPU: whoever gives a CPU to real-time
 * tasks lets its softirqs and RCU's threads come first.
 */
static void spare_rcu(pid_t pid, void *ctx)
{
	const struct sched_param first = { .sched_priority = 60 };
	char comm[32];
	cpu_set_t set;

	(void)ctx;
	read_proc(pid, "comm", comm, sizeof(comm));
	if (strncmp(comm, "rcu", 3) && strncmp(comm, "ksoftirqd/", 10))
		return;
	sched_setscheduler(pid, SCHED_FIFO, &first);
	if (comm[0] == 'k')
		return;
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CPU_SET(2, &set);
	sched_setaffinity(pid, sizeof(set), &set);
}

static void count_waiting(pid_t pid, void *ctx)
{
	unsigned int *nr = ctx;
	char stack[4096], stat[512], *state;

	read_proc(pid, "stack", stack, sizeof(stack));
	read_proc(pid, "stat", stat, sizeof(stat));
	state = strrchr(stat, ')');
	if (!state || !strstr(stack, "[" MODULE_NAME "]"))
		return;
	nr[0]++;
	nr[1] += state[2] == 'D';
}

/* Tasks that are in the module, and those of them that the kernel would call hung in a while. */
static void waiting(unsigned int *tasks, unsigned int *hung)
{
	unsigned int nr[2] = { 0, 0 };

	each_task(count_waiting, nr);
	*tasks = nr[0];
	*hung = nr[1];
}

/* What the machine may do, and the module may not, while a thread is left. */
static void test_meanwhile(void)
{
	struct ipitrace_bench_run r;
	unsigned int tasks, hung;
	uint64_t from;
	int status, result;
	long ms;
	pid_t pid;

	hog_start(0);
	pid = run_start(&situations[SLEEPER], TIMEOUT_NS, &result);
	ms = hotplug(SPARE_CPU);
	ok(ms >= 0, "another CPU goes and comes during the run (%ld ms)", ms);
	run_ended(pid, result, &status, &r);
	status = short_run();
	ok(status == -EINPROGRESS, "no other run while its thread is left (%d)", status);
	status = module_unload();
	ok(status == -EWOULDBLOCK, "the module stays (%d)", status);
	ms = hotplug(SPARE_CPU);
	ok(ms >= 0, "another CPU goes and comes while its thread is left (%ld ms)", ms);
	waiting(&tasks, &hung);
	ok(tasks && !hung, "what waits for it is no hung task (%u of %u in state D)", hung, tasks);
	hog_stop();
	status = recovered();
	ok(!status, "then the next run works (%d)", status);
	for (from = now_ns(); (status = module_unload()) && now_ns() - from < BOUND_MS * 1000000ULL;)
		usleep(20000);
	ok(!status, "and the module can be unloaded (%d)", status);
	status = module_load();
	ok(!status, "and loaded again (%d)", status);
}

/* A CPU of the run itself: hotplug stops the run and may wait for it, but not for the hog. */
static void test_hotplug(void)
{
	struct ipitrace_bench_run r;
	int status, result;
	long ms;
	pid_t pid;

	hog_start(0);
	pid = run_start(&situations[ARRAY_SIZE(situations) - 1], IPITRACE_BENCH_MAX_TIMEOUT_NS, &result);
	usleep(400000);
	ms = hotplug(SPARE_CPU);
	ok(ms >= 0, "a CPU of the run goes and comes (%ld ms)", ms);
	ms = run_ended(pid, result, &status, &r);
	ok(ms >= 0 && status == ENODEV, "which ends the run (%ld ms, errno %d)", ms, status);
	hog_stop();
	status = recovered();
	ok(!status, "and the next one works (%d)", status);
}

/* The hog's CPU is to go, and can't: nobody gets past CPU hotplug any more, not even to look at the CPUs. */
static void test_stuck_hotplug(void)
{
	static const struct situation elsewhere = {
		"hotplug hangs", IPITRACE_BENCH_SINGLE, IPITRACE_BENCH_STATE_BUSY, 0, 2,
	};
	struct ipitrace_bench_run r;
	int status, result;
	pid_t pid, down;
	long ms;

	hog_start(0);
	fflush(stdout);
	down = fork();
	if (!down)
		_exit(cpu_set_online(HOG_CPU, false) != 0);
	usleep(400000);
	pid = run_start(&elsewhere, TIMEOUT_NS, &result);
	ms = run_ended(pid, result, &status, &r);
	/* If it does not hang, which depends on the kernel, the run has its own end. */
	ok(ms >= 0, "%s: the time limit ends a run (%ld ms, errno %d)", elsewhere.name, ms, status);
	pid = run_start(&elsewhere, IPITRACE_BENCH_MAX_TIMEOUT_NS, &result);
	close(result);
	usleep(400000);
	kill(pid, SIGKILL);
	ms = ended(pid, &status);
	ok(ms >= 0, "%s: a kill ends a run (%ld ms, %d)", elsewhere.name, ms, status);
	hog_stop();
	waitpid(down, &status, 0);
	cpu_set_online(HOG_CPU, true);
	status = recovered();
	ok(!status, "%s: without the hog the next run works (%d)", elsewhere.name, status);
}

int main(void)
{
	size_t i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 4) {
		printf("1..0 # SKIP needs 4 CPUs\n");
		return 0;
	}
	pin(2, 2, -1);
	ok(!write_str("/proc/sys/kernel/sched_rt_runtime_us", "-1"), "real-time tasks may keep a CPU");
	each_task(spare_rcu, NULL);
	for (i = 0; i < ARRAY_SIZE(situations); i++) {
		test_timeout(&situations[i]);
		test_kill(&situations[i]);
	}
	for (i = 0; i < 4; i++) {
		test_late(&situations[i], true);
		test_late(&situations[i], false);
	}
	/* It would give the thread its moment of the CPU; to switch it off warns in 6.12's kernel/sched/deadline.c. */
	if (!access(FAIR_SERVER, F_OK)) {
		printf("ok %d - all is sent, hog comes before the end # SKIP this kernel has a fair server\n",
		       ++tap_nr);
	} else {
		test_over(true);
		test_over(false);
	}
	test_kept();
	test_meanwhile();
	test_hotplug();
	test_stuck_hotplug();
	write_str("/proc/sys/kernel/sched_rt_runtime_us", "950000");
	return done_testing();
}
