// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_load.c - 1,000 times load and unload; never while a file is open.
 *
 * Every hundredth time with a run in between. Leaves the module loaded, as the
 * other tests want it.
 */
#include <sys/stat.h>

#include "guest.h"

#define ROUNDS 1000

static long modules_refs(void)
{
	FILE *f = fopen("/sys/module/" MODULE_NAME "/refcnt", "r");
	long n = -1;

	if (f) {
		if (fscanf(f, "%ld", &n) != 1)
			n = -2;
		fclose(f);
	}
	return n;
}

int main(void)
{
	static const uint32_t cpu0[] = { 0 };
	struct ipitrace_bench_run r;
	int i, fd, ret = 0, busy = 0, ran = 0, modes = 0;
	uint64_t t0 = now_ns();
	struct stat st;

	ok(modules_refs() == 0, "nobody uses the module");
	if (!ok(!module_unload(), "it unloads"))
		return done_testing();
	ok(access(BENCH_DEV, F_OK) && errno == ENOENT, "its device is gone");
	for (i = 0; i < ROUNDS; i++) {
		ret = module_load();
		if (ret)
			break;
		modes += !stat(BENCH_DEV, &st) && (st.st_mode & 07777) == 0600;
		if (i % 100 == 0) {
			/* An emulated machine takes minutes: it is not stuck. */
			printf("# %d of %d\n", i, ROUNDS);
			fflush(stdout);
			fd = bench_open();
			busy += module_unload() == -EWOULDBLOCK;
			r = run_args(IPITRACE_BENCH_BROADCAST, 0, cpu0, 1, NULL, 0);
			ran += fd >= 0 && !bench_run(fd, &r) && r.sends == r.iterations;
			close(fd);
		}
		ret = module_unload();
		if (ret)
			break;
	}
	ok(i == ROUNDS, "%d of %d times loaded and unloaded (%s), %llu ms", i, ROUNDS, strerror(-ret),
	   (unsigned long long)(now_ns() - t0) / 1000000);
	ok(modes == i, "its device had mode 0600 each time");
	ok(busy == ROUNDS / 100, "never while a file was open (%d of %d refused)", busy, ROUNDS / 100);
	ok(ran == ROUNDS / 100, "it works each time (%d of %d)", ran, ROUNDS / 100);
	ok(!module_load(), "loaded again");
	return done_testing();
}
