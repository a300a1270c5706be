// SPDX-License-Identifier: GPL-2.0-only
/*
 * wakeup.c - wake-up ping-pong between threads pinned to two CPUs.
 *
 * Each round trip wakes a sleeping thread on the other CPU twice. What the
 * kernel sends for a wake-up depends on the CPU's state: a reschedule IPI, a
 * call of sched_ttwu_pending(), or nothing where the CPU polls while idle or
 * the thread had not gone to sleep yet (it did "sleeps" times).
 */
#include "example.h"

#include <linux/futex.h>
#include <sys/syscall.h>

static const char usage[] = "usage: wakeup [-n N] [-c CPU] [-t CPU] [-m pipe|futex] [-b]\n"
			    "  -n N     round trips, 1 to 20000000 (default 10000)\n"
			    "  -c CPU   CPU of the first thread (default: the first this process may run on)\n"
			    "  -t CPU   CPU of the second (default: the one after it)\n"
			    "  -m MODE  pipe (default) or futex\n"
			    "  -b       keep both CPUs busy with a low-priority thread: no idle CPU, so reschedules\n"
			    "  -h       this text\n"
			    "prints: sent: wakeup round_trips=N wakeups=2N sleeps=NR src=CPU target=CPU\n"
			    "        elapsed_ns=T min_ns=T p50_ns=T mean_ns=T p99_ns=T max_ns=T\n";

static bool use_futex;
static uint64_t round_trips = 10000;
static int pipes[2][2];
static _Atomic uint32_t flags[2];
static atomic_bool stop_filler;
static unsigned int cpus[2];
static uint64_t sleeps[2];

static void wake(unsigned int side)
{
	char c = 1;

	if (use_futex) {
		atomic_store(&flags[side], 1);
		syscall(SYS_futex, &flags[side], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	} else if (write(pipes[side][1], &c, 1) != 1) {
		ex_die("write: %s", strerror(errno));
	}
}

static void wait_for(unsigned int side)
{
	char c;

	if (!use_futex) {
		if (read(pipes[side][0], &c, 1) != 1)
			ex_die("read: %s", strerror(errno));
		return;
	}
	while (!atomic_load(&flags[side]))
		syscall(SYS_futex, &flags[side], FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	atomic_store(&flags[side], 0);
}

static uint64_t voluntary_switches(void)
{
	struct rusage ru;

	getrusage(RUSAGE_THREAD, &ru);
	return ru.ru_nvcsw;
}

static void *second(void *arg)
{
	uint64_t before;

	(void)arg;
	ex_pin(cpus[1]);
	before = voluntary_switches();
	for (uint64_t i = 0; i < round_trips; i++) {
		wait_for(1);
		wake(0);
	}
	sleeps[1] = voluntary_switches() - before;
	return NULL;
}

static void *filler(void *arg)
{
	struct sched_param param = { 0 };

	ex_pin(*(unsigned int *)arg);
	pthread_setschedparam(pthread_self(), SCHED_IDLE, &param);
	while (!atomic_load_explicit(&stop_filler, memory_order_relaxed))
		;
	return NULL;
}

static void start(pthread_t *t, void *(*fn)(void *), void *arg)
{
	int ret = pthread_create(t, NULL, fn, arg);

	if (ret)
		ex_die("cannot start a thread: %s", strerror(ret));
}

static void ping_pong(struct ex_series *ops)
{
	uint64_t before, t0;

	ex_pin(cpus[0]);
	before = voluntary_switches();
	for (uint64_t i = 0; i < round_trips; i++) {
		t0 = ex_now();
		wake(1);
		wait_for(0);
		ex_series_add(ops, i, t0, ex_now());
	}
	sleeps[0] = voluntary_switches() - before;
}

int main(int argc, char **argv)
{
	unsigned int targets[EX_MAX_CPUS], nr;
	const char *source = NULL, *list = NULL;
	pthread_t thread, fillers[2];
	struct ex_series ops;
	bool busy = false;
	uint64_t begin, end;
	int c;

	while ((c = getopt(argc, argv, "n:c:t:m:bh")) != -1) {
		switch (c) {
		case 'n':
			round_trips = ex_number("-n", optarg, 1, 20000000);
			break;
		case 'c':
			source = optarg;
			break;
		case 't':
			list = optarg;
			break;
		case 'm':
			if (strcmp(optarg, "pipe") && strcmp(optarg, "futex"))
				ex_usage(usage, false);
			use_futex = !strcmp(optarg, "futex");
			break;
		case 'b':
			busy = true;
			break;
		default:
			ex_usage(usage, c == 'h');
		}
	}
	if (optind != argc)
		ex_usage(usage, false);
	cpus[0] = ex_choose_cpus(source, list, targets, &nr);
	cpus[1] = targets[0];
	if (nr != 1)
		ex_usage(usage, false);
	if (pipe(pipes[0]) || pipe(pipes[1]))
		ex_die("pipe: %s", strerror(errno));

	ex_series_init(&ops, round_trips);
	for (unsigned int i = 0; busy && i < 2; i++)
		start(&fillers[i], filler, &cpus[i]);
	begin = ex_now();
	start(&thread, second, NULL);
	ping_pong(&ops);
	end = ex_now();
	pthread_join(thread, NULL);
	atomic_store(&stop_filler, true);
	for (unsigned int i = 0; busy && i < 2; i++)
		pthread_join(fillers[i], NULL);

	printf("sent: wakeup round_trips=%llu wakeups=%llu sleeps=%llu src=%u target=%u elapsed_ns=%llu",
	       (unsigned long long)round_trips, (unsigned long long)(2 * round_trips),
	       (unsigned long long)(sleeps[0] + sleeps[1]), cpus[0], cpus[1], (unsigned long long)(end - begin));
	ex_series_print(&ops);
	putchar('\n');
	return 0;
}
