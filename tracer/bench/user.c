// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/user.c - the benchmark without a module: membarrier to threads that spin.
 *
 * membarrier(PRIVATE_EXPEDITED) calls ipi_mb() on every CPU that runs a thread
 * of the calling process and waits for all of them: one IPI round trip per
 * target. Runs in a process of its own, so that no other thread of ipitrace
 * (readers of a recording) is a target, too; a process with one thread gets
 * all of the call but the IPI, which is the dry run.
 *
 * The kernel skips a CPU on which no thread of ours is current. The spinners
 * know when they may have been away: samples that overlap such a time are
 * marked, because nobody can tell whether an interrupt happened.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "bench/backend.h"

/* Shorter than any turn of another task; most IPIs are handled in less. */
#define GAP_NS	1000u
#define MAX_CPU 8192

struct gap {
	uint64_t from, to;
};

struct spinner {
	pthread_t thread;
	uint32_t cpu;
	bool started;
	atomic_bool running, stop, failed;
	struct gap *gaps;
	size_t nr_gaps, room;
	uint64_t unexplained; /* switches that left no gap */
	/* Grows as long as the thread runs; on a line of its own. */
	_Alignas(64) atomic_ulong beat;
	char pad[56];
};

/* Shared between parent and child; samples follow. */
struct shared {
	uint64_t sends, warmup_sends, hits;
	uint64_t start_ns, end_ns, busy_ns, ran_ns;
	struct err err;
	bool done;
	atomic_bool stop; /* the user has seen enough */
	struct ipitrace_bench_sample samples[];
};

const char *bench_user_refuses(uint32_t mode)
{
	switch (mode) {
	case IPITRACE_BENCH_DRY_RUN:
	case IPITRACE_BENCH_SINGLE:
	case IPITRACE_BENCH_MANY:
	case IPITRACE_BENCH_BROADCAST:
		return NULL;
	case IPITRACE_BENCH_SELF:
		return "membarrier never interrupts the caller's CPU; needs the module";
	default:
		return "cannot be done from user space; needs the module";
	}
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* That this thread has run. */
static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int pin(uint32_t cpu)
{
	cpu_set_t *set = CPU_ALLOC(MAX_CPU);
	int ret = -1;

	if (set && cpu < MAX_CPU) {
		CPU_ZERO_S(CPU_ALLOC_SIZE(MAX_CPU), set);
		CPU_SET_S(cpu, CPU_ALLOC_SIZE(MAX_CPU), set);
		ret = sched_setaffinity(0, CPU_ALLOC_SIZE(MAX_CPU), set);
	}
	CPU_FREE(set);
	return ret;
}

static uint64_t switches(void)
{
	struct rusage ru;

	getrusage(RUSAGE_THREAD, &ru);
	return (uint64_t)ru.ru_nivcsw + (uint64_t)ru.ru_nvcsw;
}

static void note_gap(struct spinner *s, uint64_t from, uint64_t to)
{
	if (s->nr_gaps == s->room) {
		s->room = s->room ? 2 * s->room : 256;
		s->gaps = xrealloc(s->gaps, s->room * sizeof(*s->gaps));
	}
	s->gaps[s->nr_gaps++] = (struct gap){ from, to };
}

static void *spin(void *arg)
{
	struct spinner *s = arg;
	uint64_t last, now, seen, n;

	if (pin(s->cpu)) {
		atomic_store(&s->failed, true);
		return NULL;
	}
	seen = switches();
	last = now_ns();
	atomic_store(&s->running, true);
	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		atomic_fetch_add_explicit(&s->beat, 1, memory_order_relaxed);
		now = now_ns();
		if (now - last > GAP_NS) {
			n = switches();
			if (n != seen) {
				note_gap(s, last, now_ns());
				seen = n;
			}
		}
		last = now;
	}
	/* Away at the end, too: between the last look and the word to stop. */
	if (now_ns() - last > GAP_NS) {
		n = switches();
		if (n != seen)
			note_gap(s, last, now_ns());
		seen = n;
	}
	s->unexplained = switches() - seen;
	return NULL;
}

static void stop_spinners(struct spinner *s, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		atomic_store(&s[i].stop, true);
	for (unsigned int i = 0; i < nr; i++)
		if (s[i].started)
			pthread_join(s[i].thread, NULL);
}

static int start_spinners(struct spinner *s, const uint32_t *cpus, unsigned int nr, struct err *err)
{
	for (unsigned int i = 0; i < nr; i++) {
		int ret;

		s[i].cpu = cpus[i];
		ret = pthread_create(&s[i].thread, NULL, spin, &s[i]);
		if (ret)
			return err_set_errno(err, EXIT_FAILED, ret, "cannot start a thread");
		s[i].started = true;
	}
	for (unsigned int i = 0; i < nr; i++) {
		while (!atomic_load(&s[i].running)) {
			if (atomic_load(&s[i].failed))
				return err_set(err, EXIT_FAILED, "cannot run a thread on CPU %u", cpus[i]);
			sched_yield();
		}
	}
	return 0;
}

/* noinline: a profile or a debugger shows where the IPIs come from. */
static __attribute__((noinline)) int send_membarrier(void)
{
	return (int)syscall(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

static bool stopped(const struct shared *sh)
{
	return atomic_load_explicit(&sh->stop, memory_order_relaxed);
}

static void wait_until(const struct shared *sh, uint64_t when)
{
	while (now_ns() < when && !stopped(sh))
		;
}

/*
 * Until every spinner is seen to run: else a sender races through its sends
 * while the scheduler has given the target to somebody else. Between two
 * samples, and neither in the total nor in the time that the sender ran. Returns
 * what of that time it took: the clock for it is asked only in a long wait,
 * because that takes longer than a short one.
 */
static uint64_t wait_running(const struct shared *sh, struct spinner *s, unsigned int nr)
{
	uint64_t from = now_ns(), ran = 0, now;
	bool is_long = false;

	for (unsigned int i = 0; i < nr; i++) {
		unsigned long beat = atomic_load_explicit(&s[i].beat, memory_order_relaxed);

		while (atomic_load_explicit(&s[i].beat, memory_order_relaxed) == beat && !stopped(sh)) {
			if (is_long || now_ns() - from <= GAP_NS)
				continue;
			is_long = true;
			ran = cpu_ns();
		}
	}
	if (is_long)
		return GAP_NS + cpu_ns() - ran;
	now = now_ns();
	return now - from < GAP_NS ? now - from : GAP_NS;
}

static int warm_up(struct shared *sh, const struct bench_job *job, struct spinner *spinners, struct err *err)
{
	for (uint64_t i = 0; i < job->warmup && !stopped(sh); i++) {
		wait_running(sh, spinners, job->nr_targets);
		if (send_membarrier())
			return err_set_errno(err, EXIT_FAILED, errno, "membarrier");
		sh->warmup_sends++;
	}
	return 0;
}

static int measure(struct shared *sh, const struct bench_job *job, struct spinner *spinners, struct err *err)
{
	uint32_t target = job->nr_targets == 1 ? job->targets[0] : IPITRACE_BENCH_ALL_CPUS;
	uint64_t next, waiting, ran, waited = 0;

	if (job->mode == IPITRACE_BENCH_DRY_RUN)
		target = job->senders[0];
	if (warm_up(sh, job, spinners, err))
		return -1;
	ran = cpu_ns();
	sh->start_ns = next = now_ns();
	for (uint64_t i = 0; i < job->iterations; i++) {
		struct ipitrace_bench_sample *s = &sh->samples[i];
		int ret;

		if (job->pace_ns) {
			wait_until(sh, next);
			next += job->pace_ns;
		}
		waiting = now_ns();
		ran += wait_running(sh, spinners, job->nr_targets);
		if (stopped(sh))
			break;
		s->send_ns = now_ns();
		waited += s->send_ns - waiting;
		ret = send_membarrier();
		s->return_ns = now_ns();
		if (ret)
			return err_set_errno(err, EXIT_FAILED, errno, "membarrier");
		s->seq = (uint32_t)i;
		s->source = job->senders[0];
		s->target = target;
		s->flags = IPITRACE_BENCH_S_NO_ENTRY;
		sh->sends++;
	}
	sh->end_ns = now_ns();
	sh->busy_ns = sh->end_ns - sh->start_ns - waited;
	/* Counted in ticks by some kernels: never more than the loop took. */
	ran = cpu_ns() > ran ? cpu_ns() - ran : 0;
	sh->ran_ns = ran < sh->busy_ns ? ran : sh->busy_ns;
	sh->hits = sh->sends * (job->nr_targets ? job->nr_targets : 1);
	return 0;
}

/*
 * Samples during which a spinner may have been away: nobody knows whether these
 * interrupted. A switch that left no gap cannot be placed in time: then no sample is sure.
 */
static void mark_skipped(struct shared *sh, const struct spinner *s, unsigned int nr)
{
	bool all = false;

	for (unsigned int k = 0; k < nr; k++) {
		size_t g = 0;

		for (uint64_t i = 0; i < sh->sends; i++) {
			struct ipitrace_bench_sample *sample = &sh->samples[i];

			while (g < s[k].nr_gaps && s[k].gaps[g].to < sample->send_ns)
				g++;
			if (g < s[k].nr_gaps && s[k].gaps[g].from <= sample->return_ns)
				sample->flags |= IPITRACE_BENCH_S_UNCONFIRMED;
		}
		all |= s[k].unexplained;
	}
	for (uint64_t i = 0; all && i < sh->sends; i++)
		sh->samples[i].flags |= IPITRACE_BENCH_S_UNCONFIRMED;
}

static int child(struct shared *sh, const struct bench_job *job)
{
	struct err *err = &sh->err;
	struct spinner *spinners;
	int ret;

	/* Registered while there is one thread: with more of them registering sends IPIs of its own. */
	if (syscall(__NR_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0)) {
		err_set_errno(err, EXIT_FAILED, errno, "membarrier");
		return err_hint(err, "needs Linux 4.14 with CONFIG_MEMBARRIER");
	}
	if (pin(job->senders[0]))
		return err_set_errno(err, EXIT_FAILED, errno, "cannot run on CPU %u", job->senders[0]);
	spinners = aligned_alloc(64, (job->nr_targets + 1) * sizeof(*spinners));
	if (!spinners)
		return err_set(err, EXIT_FAILED, "no memory");
	memset(spinners, 0, (job->nr_targets + 1) * sizeof(*spinners));
	ret = start_spinners(spinners, job->targets, job->nr_targets, err);
	if (!ret)
		ret = measure(sh, job, spinners, err);
	stop_spinners(spinners, job->nr_targets);
	if (ret)
		return -1;
	mark_skipped(sh, spinners, job->nr_targets);
	sh->done = true;
	return 0;
}

/*
 * The child holds the other end of the pipe. Signals are blocked but while we
 * wait: none can come between the look at bench_interrupted and the wait.
 */
static void wait_for_child(pid_t pid, int pipe_fd, struct shared *sh, const sigset_t *unblocked)
{
	struct pollfd pfd = { .fd = pipe_fd };
	int told = 0;

	for (;;) {
		if (bench_interrupted && !told) {
			atomic_store(&sh->stop, true);
			told = bench_interrupted;
			bench_interrupted = 0;
		} else if (bench_interrupted) {
			/* It does not get the CPUs that it needs to end. */
			kill(pid, SIGKILL);
		}
		if (ppoll(&pfd, 1, NULL, unblocked) >= 0)
			break;
	}
	if (told)
		bench_interrupted = told;
}

static int reap(pid_t pid, const struct shared *sh, struct err *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set_errno(err, EXIT_FAILED, errno, "waitpid");
	if (sh->done)
		return 0;
	if (bench_interrupted)
		return err_set(err, EXIT_FAILED, "interrupted");
	if (sh->err.msg[0]) {
		if (err)
			*err = sh->err;
		return -1;
	}
	return err_set(err, EXIT_FAILED, "the measuring process died (status 0x%x)", (unsigned int)status);
}

/* Ctrl-C at a terminal reaches it, too; when it ends is the parent's to say. */
static void be_child(struct shared *sh, const struct bench_job *job, pid_t parent)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* Fault the pages in now: no fault between two sends. */
	memset(sh->samples, 0, job->iterations * sizeof(struct ipitrace_bench_sample));
	_exit(child(sh, job) ? 1 : 0);
}

static int run_child(struct shared *sh, const struct bench_job *job, int32_t *pid, struct err *err)
{
	pid_t parent = getpid();
	sigset_t block, old;
	int fds[2], ret = -1;

	if (pipe2(fds, O_CLOEXEC))
		return err_set_errno(err, EXIT_FAILED, errno, "pipe");
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGHUP);
	sigprocmask(SIG_BLOCK, &block, &old);
	fflush(NULL);
	*pid = fork();
	if (!*pid) {
		close(fds[0]);
		be_child(sh, job, parent);
	}
	close(fds[1]);
	if (*pid < 0) {
		err_set_errno(err, EXIT_FAILED, errno, "fork");
	} else {
		wait_for_child(*pid, fds[0], sh, &old);
		ret = reap(*pid, sh, err);
	}
	close(fds[0]);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ret;
}

int bench_user_run(const struct bench_job *job, struct bench_raw *raw, struct err *err)
{
	size_t len = sizeof(struct shared) + job->iterations * sizeof(struct ipitrace_bench_sample);
	struct shared *sh;
	int32_t pid;
	int ret;

	*raw = (struct bench_raw){ .no_ipi = job->mode == IPITRACE_BENCH_DRY_RUN };
	sh = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sh == MAP_FAILED)
		return err_set_errno(err, EXIT_FAILED, errno, "no memory for %llu sample%s",
				     (unsigned long long)job->iterations, plural_s(job->iterations));
	ret = run_child(sh, job, &pid, err);
	if (!ret) {
		raw->samples = xmalloc((sh->sends + 1) * sizeof(*raw->samples));
		memcpy(raw->samples, sh->samples, sh->sends * sizeof(*raw->samples));
		raw->nr_samples = raw->sends = sh->sends;
		raw->warmup_sends = sh->warmup_sends;
		raw->hits = sh->hits;
		raw->start_ns = sh->start_ns;
		raw->end_ns = sh->end_ns;
		raw->busy_ns = sh->busy_ns;
		raw->ran_ns = sh->ran_ns;
		raw->partial = sh->sends < job->iterations;
		raw->pid = pid;
	}
	munmap(sh, len);
	return ret;
}
