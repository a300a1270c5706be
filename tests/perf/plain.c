// SPDX-License-Identifier: GPL-2.0-only
/*
 * tests/perf/plain.c - how fast this CPU reads memory: a file's pages in the page cache, each word added up.
 *
 * What a report does at least, and so the limit that it is held against. Prints
 * bytes and the seconds of the fastest of a few passes.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#define PASSES 5

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Four sums, because one addition waits for the one before it. */
static uint64_t sum(const uint64_t *words, size_t nr)
{
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (size_t i = 0; i + 4 <= nr; i += 4) {
		a += words[i];
		b += words[i + 1];
		c += words[i + 2];
		d += words[i + 3];
	}
	return a + b + c + d;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	volatile uint64_t sink;
	double best = 0;
	struct stat st;
	void *at;

	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "usage: plain FILE\n");
		return 2;
	}
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (at == MAP_FAILED) {
		perror(argv[1]);
		return 1;
	}
	for (int i = 0; i < PASSES; i++) {
		double begin = now(), took;

		sink = sum(at, (size_t)st.st_size / sizeof(uint64_t));
		took = now() - begin;
		if (!best || took < best)
			best = took;
	}
	(void)sink;
	printf("%lld %.9f\n", (long long)st.st_size, best);
	return 0;
}
