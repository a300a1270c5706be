// SPDX-License-Identifier: GPL-2.0-only
/*
 * membarrier.c - N expedited membarriers from one CPU to threads of the same
 * process that spin on others.
 *
 * Each is one IPI round trip: membarrier_private_expedited() calls ipi_mb() on
 * every CPU that runs this process and waits. A CPU whose current task belongs
 * to another process is skipped; the spinners know when that may have been, so
 * N - maybe_skipped <= IPIs <= N for one target.
 */
#include "example.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>

static const char usage[] =
	"usage: membarrier [-n N] [-i NS] [-c CPU] [-t CPUS] [-o FILE]\n"
	"  -n N     number of membarriers, 1 to 20000000 (default 10000)\n"
	"  -i NS    from one's begin to the next one's, or more where it takes longer (default: 0)\n"
	"  -c CPU   CPU that sends (default: the first this process may run on)\n"
	"  -t CPUS  CPUs that spin, such as 1,4-7 (default: the one after it)\n"
	"  -o FILE  writes when each began and ended: two numbers a line, ns of CLOCK_MONOTONIC\n"
	"  -h       this text\n"
	"prints: sent: membarrier calls=N src=CPU targets=NR maybe_skipped=NR absences=NR\n"
	"        elapsed_ns=T min_ns=T p50_ns=T mean_ns=T p99_ns=T max_ns=T\n";

static void membarrier(int cmd)
{
	if (syscall(__NR_membarrier, cmd, 0, 0))
		ex_die("membarrier: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	unsigned int targets[EX_MAX_CPUS], nr, src;
	uint64_t n = 10000, interval = 0, t0 = 0, t1, begin;
	struct ex_spinner *spinners;
	struct ex_series ops;
	const char *source = NULL, *list = NULL, *save = NULL;
	int c;

	while ((c = getopt(argc, argv, "n:i:c:t:o:h")) != -1) {
		switch (c) {
		case 'n':
			n = ex_number("-n", optarg, 1, 20000000);
			break;
		case 'i':
			interval = ex_number("-i", optarg, 0, 1000000000);
			break;
		case 'c':
			source = optarg;
			break;
		case 't':
			list = optarg;
			break;
		case 'o':
			save = optarg;
			break;
		default:
			ex_usage(usage, c == 'h');
		}
	}
	if (optind != argc)
		ex_usage(usage, false);
	src = ex_choose_cpus(source, list, targets, &nr);

	/* Registered while there is one thread: with more of them registering sends IPIs of its own. */
	membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	ex_series_init(&ops, n);
	ex_pin(src);
	spinners = ex_spinners_start(targets, nr, NULL);

	begin = ex_now();
	for (uint64_t i = 0; i < n; i++) {
		/* A late one is not made up for: a burst would be no steady rate. */
		while (ex_now() < t0 + interval)
			;
		ex_spinners_wait(spinners, nr);
		t0 = ex_now();
		membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
		t1 = ex_now();
		ex_series_add(&ops, i, t0, t1);
	}
	t1 = ex_now();
	ex_spinners_stop(spinners, nr);

	printf("sent: membarrier calls=%llu src=%u targets=%u maybe_skipped=%llu absences=%llu elapsed_ns=%llu",
	       (unsigned long long)n, src, nr, (unsigned long long)ex_maybe_skipped(&ops, spinners, nr),
	       (unsigned long long)ex_absences(spinners, nr), (unsigned long long)(t1 - begin));
	if (save)
		ex_series_save(&ops, save);
	ex_series_print(&ops);
	putchar('\n');
	return 0;
}
