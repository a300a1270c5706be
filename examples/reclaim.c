// SPDX-License-Identifier: GPL-2.0-only
/*
 * reclaim.c - memory reclaim under a process of many threads.
 *
 * Threads, spread over the CPUs, share out a mapped file and read all of it, in a
 * memory cgroup that holds only a quarter of it. Reclaim unmaps the pages; the
 * process has run on all its CPUs, so it must flush their TLBs: batches of
 * IPIs, many threads at once. The workload of "smp: avoid sending needless IPI
 * in smp_call_function_many()" on a scale that is safe anywhere: the file is a
 * sparse temporary one, its pages are clean and never need swap, the limit
 * binds only this process. Where no cgroup can be made, each thread reclaims
 * its own share by MADV_PAGEOUT.
 */
#include "example.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

static const char usage[] =
	"usage: reclaim [-T THREADS] [-s MB] [-r ROUNDS] [-d DIR] [-m cgroup|pageout]\n"
	"  -T THREADS  1 to 256 (default 8)\n"
	"  -s MB       size of the memory consumed, 4 to 4096 (default 64); the limit is a quarter\n"
	"  -r ROUNDS   how often all of it is read, 1 to 10000 (default 4)\n"
	"  -d DIR      directory of the temporary file, not a tmpfs (default /var/tmp)\n"
	"  -m MODE     insist on the cgroup or on MADV_PAGEOUT (default: the cgroup if one can be made)\n"
	"  -h          this text\n"
	"prints: sent: reclaim mode=MODE threads=NR touched=PAGES reclaimed=PAGES elapsed_ns=T\n";

static unsigned int nr_threads = 8;
static uint64_t rounds = 4;
static size_t size, page;
static char *area;
static bool pageout;
static _Atomic uint64_t paged_out;
static pthread_barrier_t barrier;

/* --- the cgroup --- */

struct cgroup {
	char dir[512];
	const char *limit; /* file that takes the limit in bytes */
	const char *stat;  /* line of memory.stat that counts reclaimed pages */
};

/* Where this process's memory cgroup is mounted; v2, or v1 beside a v2 without controllers. */
static bool cgroup_find(struct cgroup *cg)
{
	char line[300], v1[300] = "", v2[300] = "";
	FILE *f = fopen("/proc/self/cgroup", "re");

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strstr(line, ":memory:/"))
			snprintf(v1, sizeof(v1), "%s", strstr(line, ":memory:/") + 8);
		else if (!strncmp(line, "0::", 3))
			snprintf(v2, sizeof(v2), "%s", line + 3);
	}
	if (f)
		fclose(f);
	if (v1[0]) {
		snprintf(cg->dir, sizeof(cg->dir), "/sys/fs/cgroup/memory%s/ipitrace-reclaim-%d", v1, getpid());
		cg->limit = "memory.limit_in_bytes";
		cg->stat = "pgpgout";
		return true;
	}
	snprintf(cg->dir, sizeof(cg->dir), "/sys/fs/cgroup%s/ipitrace-reclaim-%d", v2, getpid());
	cg->limit = "memory.max";
	cg->stat = "pgsteal";
	return v2[0];
}

static bool cgroup_write(const struct cgroup *cg, const char *file, uint64_t value)
{
	char path[600];
	FILE *f;
	bool done;

	snprintf(path, sizeof(path), "%s/%s", cg->dir, file);
	f = fopen(path, "we");
	if (!f)
		return false;
	done = fprintf(f, "%llu\n", (unsigned long long)value) > 0;
	return !fclose(f) && done;
}

static uint64_t cgroup_reclaimed(const struct cgroup *cg)
{
	unsigned long long value = 0;
	char path[600], line[256];
	size_t len = strlen(cg->stat);
	FILE *f;

	snprintf(path, sizeof(path), "%s/memory.stat", cg->dir);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, cg->stat, len) && line[len] == ' ')
			sscanf(line + len, "%llu", &value);
	if (f)
		fclose(f);
	return value;
}

static bool cgroup_make(struct cgroup *cg, uint64_t limit)
{
	if (!cgroup_find(cg) || mkdir(cg->dir, 0755))
		return false;
	/* Without the memory controller the limit file does not exist. Never enable it here: not ours. */
	if (cgroup_write(cg, cg->limit, limit))
		return true;
	rmdir(cg->dir);
	return false;
}

/* --- the workload --- */

static uint64_t resident(const char *from, size_t bytes)
{
	unsigned char *vec = malloc(bytes / page);
	uint64_t n = 0;

	if (!vec || mincore((void *)from, bytes, vec))
		ex_die("mincore: %s", strerror(errno));
	for (size_t i = 0; i < bytes / page; i++)
		n += vec[i] & 1;
	free(vec);
	return n;
}

/* On a busy machine they would all end up on one CPU now and then, and flush nothing. */
static void take_a_cpu(unsigned int thread)
{
	unsigned int nr = 0;

	while (ex_nth_cpu(nr) >= 0)
		nr++;
	if (nr)
		ex_pin((unsigned int)ex_nth_cpu(thread % nr));
}

static void *consume(void *arg)
{
	size_t share = size / nr_threads / page * page;
	char *mine = area + (uintptr_t)arg * share;

	take_a_cpu((unsigned int)(uintptr_t)arg);
	for (uint64_t r = 0; r < rounds; r++) {
		pthread_barrier_wait(&barrier);
		for (size_t at = 0; at < share; at += page)
			(void)*(volatile char *)(mine + at);
		if (pageout) {
			uint64_t before = resident(mine, share), after;

			if (madvise(mine, share, MADV_PAGEOUT))
				ex_die("MADV_PAGEOUT: %s", strerror(errno));
			after = resident(mine, share);
			atomic_fetch_add(&paged_out, before > after ? before - after : 0);
		}
	}
	return NULL;
}

static void map_file(const char *dir)
{
	struct statfs fs;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		ex_die("no temporary file in %s: %s", dir, strerror(errno));
	if (fstatfs(fd, &fs) || (unsigned int)fs.f_type == TMPFS_MAGIC || (unsigned int)fs.f_type == RAMFS_MAGIC)
		ex_die("%s is in memory; name a directory on a disk with -d", dir);
	/* Sparse: reads of its holes fill the page cache without any disk. */
	if (ftruncate(fd, size))
		ex_die("%s: %s", dir, strerror(errno));
	area = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		ex_die("mmap: %s", strerror(errno));
	/* Small pages, one at a time: as many as possible to unmap. */
	madvise(area, size, MADV_RANDOM);
	close(fd);
}

static int workload(const char *dir, const struct cgroup *cg)
{
	pthread_t threads[256];
	uint64_t begin, end, before = 0, reclaimed;
	size_t share = size / nr_threads / page;
	int ret;

	if (cg && !cgroup_write(cg, "cgroup.procs", getpid()))
		ex_die("cannot enter %s: %s", cg->dir, strerror(errno));
	map_file(dir);
	pthread_barrier_init(&barrier, NULL, nr_threads);
	if (cg)
		before = cgroup_reclaimed(cg);
	begin = ex_now();
	for (uintptr_t i = 0; i < nr_threads; i++) {
		ret = pthread_create(&threads[i], NULL, consume, (void *)i);
		if (ret)
			ex_die("cannot start a thread: %s", strerror(ret));
	}
	for (unsigned int i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
	end = ex_now();
	reclaimed = cg ? cgroup_reclaimed(cg) - before : atomic_load(&paged_out);
	printf("sent: reclaim mode=%s threads=%u touched=%llu reclaimed=%llu elapsed_ns=%llu\n",
	       cg ? "cgroup" : "pageout", nr_threads, (unsigned long long)(rounds * share * nr_threads),
	       (unsigned long long)reclaimed, (unsigned long long)(end - begin));
	return 0;
}

static volatile sig_atomic_t child;

static void forward(int sig)
{
	if (child > 0)
		kill(child, sig);
}

/* The workload lives in a child, so that whatever ends it, its cgroup is removed here. */
static int in_cgroup(const char *dir, struct cgroup *cg)
{
	struct sigaction sa = { .sa_handler = forward };
	int status;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	child = fork();
	if (child < 0)
		ex_die("fork: %s", strerror(errno));
	if (!child) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		status = workload(dir, cg);
		fflush(stdout);
		_exit(status);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	/* The kernel gives a dead task's cgroup up a moment later. */
	for (int i = 0; rmdir(cg->dir) && i < 100; i++)
		usleep(10000);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	const char *dir = "/var/tmp", *mode = "";
	struct cgroup cg;
	uint64_t mb = 64;
	int c;

	while ((c = getopt(argc, argv, "T:s:r:d:m:h")) != -1) {
		switch (c) {
		case 'T':
			nr_threads = ex_number("-T", optarg, 1, 256);
			break;
		case 's':
			mb = ex_number("-s", optarg, 4, 4096);
			break;
		case 'r':
			rounds = ex_number("-r", optarg, 1, 10000);
			break;
		case 'd':
			dir = optarg;
			break;
		case 'm':
			mode = optarg;
			if (strcmp(mode, "cgroup") && strcmp(mode, "pageout"))
				ex_usage(usage, false);
			break;
		default:
			ex_usage(usage, c == 'h');
		}
	}
	if (optind != argc)
		ex_usage(usage, false);
	page = sysconf(_SC_PAGESIZE);
	size = mb << 20;
	if (strcmp(mode, "pageout") && cgroup_make(&cg, size / 4))
		return in_cgroup(dir, &cg);
	if (!strcmp(mode, "cgroup"))
		ex_die("cannot make a memory cgroup: %s", strerror(errno));
	pageout = true;
	return workload(dir, NULL);
}
