// SPDX-License-Identifier: GPL-2.0-only
/*
 * tlb.c - N TLB shootdowns: pages are touched and given back while other
 * threads of the process run on other CPUs, so that their TLBs must be flushed.
 *
 * On x86 each is one flush_tlb_func() call for every CPU that runs the
 * process; arm64 and AMD's INVLPGB broadcast the flush without an IPI. A CPU
 * that runs something else is skipped, see maybe_skipped. With -b every CPU
 * shoots at all others at once, for load; then skips cannot be bounded.
 */
#include "example.h"

#include <sys/mman.h>

static const char usage[] =
	"usage: tlb [-b] [-n N] [-c CPU] [-t CPUS] [-m madvise|munmap] [-p PAGES] [-o FILE]\n"
	"  -n N      number of shootdowns of each sender, 1 to 20000000 (default 10000)\n"
	"  -c CPU    CPU that unmaps (default: the first this process may run on)\n"
	"  -t CPUS   CPUs that run threads of the process (default: the one after it)\n"
	"  -m MODE   madvise (MADV_DONTNEED, default) or munmap\n"
	"  -p PAGES  pages given back at a time, 1 to 512 (default 1)\n"
	"  -b        the target CPUs unmap, too\n"
	"  -o FILE   writes when each of CPU's began and ended: two numbers a line, ns of CLOCK_MONOTONIC\n"
	"  -h        this text\n"
	"prints: sent: tlb calls=N src=CPU targets=NR maybe_skipped=NR|unknown absences=NR\n"
	"        elapsed_ns=T min_ns=T p50_ns=T mean_ns=T p99_ns=T max_ns=T\n";

static struct {
	uint64_t n;
	size_t bytes, page;
	bool munmap;
} opt = { .n = 10000 };

static atomic_uint nr_ready, nr_done;
static unsigned int nr_workers;

static char *map_pages(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		ex_die("mmap: %s", strerror(errno));
	return p;
}

static void shoot(struct ex_series *ops, struct ex_spinner *spinners, unsigned int nr)
{
	char *p = opt.munmap ? NULL : map_pages(opt.bytes);
	uint64_t t0;

	for (uint64_t i = 0; i < opt.n; i++) {
		if (opt.munmap)
			p = map_pages(opt.bytes);
		for (size_t at = 0; at < opt.bytes; at += opt.page)
			*(volatile char *)(p + at) = 1;
		ex_spinners_wait(spinners, nr);
		t0 = ex_now();
		if (opt.munmap ? munmap(p, opt.bytes) : madvise(p, opt.bytes, MADV_DONTNEED))
			ex_die("%s: %s", opt.munmap ? "munmap" : "madvise", strerror(errno));
		ex_series_add(ops, i, t0, ex_now());
	}
	if (!opt.munmap)
		munmap(p, opt.bytes);
}

/* -b: shoot, then keep running until the others have finished, so that they have a target. */
static void both(unsigned int cpu, struct ex_series *ops)
{
	ex_pin(cpu);
	atomic_fetch_add(&nr_ready, 1);
	while (atomic_load(&nr_ready) < nr_workers)
		;
	shoot(ops, NULL, 0);
	atomic_fetch_add(&nr_done, 1);
	while (atomic_load(&nr_done) < nr_workers)
		;
}

static void *both_thread(void *arg)
{
	struct ex_series ops;

	ex_series_init(&ops, opt.n);
	both(*(unsigned int *)arg, &ops);
	return NULL;
}

static void run_both(unsigned int src, unsigned int *targets, unsigned int nr, struct ex_series *ops)
{
	pthread_t threads[EX_MAX_CPUS];
	int ret;

	nr_workers = nr + 1;
	for (unsigned int i = 0; i < nr; i++) {
		ret = pthread_create(&threads[i], NULL, both_thread, &targets[i]);
		if (ret)
			ex_die("cannot start a thread: %s", strerror(ret));
	}
	both(src, ops);
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	unsigned int targets[EX_MAX_CPUS], nr, src;
	uint64_t begin, end, pages = 1;
	struct ex_spinner *spinners = NULL;
	const char *source = NULL, *list = NULL, *save = NULL;
	struct ex_series ops;
	bool all = false;
	int c;

	while ((c = getopt(argc, argv, "bn:c:t:m:p:o:h")) != -1) {
		switch (c) {
		case 'b':
			all = true;
			break;
		case 'n':
			opt.n = ex_number("-n", optarg, 1, 20000000);
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
		case 'm':
			if (strcmp(optarg, "madvise") && strcmp(optarg, "munmap"))
				ex_usage(usage, false);
			opt.munmap = !strcmp(optarg, "munmap");
			break;
		case 'p':
			pages = ex_number("-p", optarg, 1, 512);
			break;
		default:
			ex_usage(usage, c == 'h');
		}
	}
	if (optind != argc)
		ex_usage(usage, false);
	src = ex_choose_cpus(source, list, targets, &nr);
	opt.page = sysconf(_SC_PAGESIZE);
	opt.bytes = pages * opt.page;

	ex_series_init(&ops, opt.n);
	ex_pin(src);
	if (!all)
		spinners = ex_spinners_start(targets, nr, map_pages(opt.page));
	begin = ex_now();
	if (all)
		run_both(src, targets, nr, &ops);
	else
		shoot(&ops, spinners, nr);
	end = ex_now();

	printf("sent: tlb calls=%llu src=%u targets=%u", (unsigned long long)(all ? opt.n * (nr + 1) : opt.n), src, nr);
	if (all) {
		printf(" maybe_skipped=unknown absences=unknown");
	} else {
		ex_spinners_stop(spinners, nr);
		printf(" maybe_skipped=%llu absences=%llu", (unsigned long long)ex_maybe_skipped(&ops, spinners, nr),
		       (unsigned long long)ex_absences(spinners, nr));
	}
	printf(" elapsed_ns=%llu", (unsigned long long)(end - begin));
	if (save)
		ex_series_save(&ops, save);
	ex_series_print(&ops);
	putchar('\n');
	return 0;
}
