// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay.c - a fuzz target without a fuzzer: each file once as it is, and -m N
 * times changed, the same way in every run.
 *
 * Prints the name of what it runs before it runs it, so that a crash has one;
 * with the number of the change, -s NUMBER writes the changed input on stdout.
 */
#include <stdbool.h>

#include "base/io.h"
#include "../rnd.h"
#include "fuzz.h"

static uint64_t state;

static uint64_t rnd(void)
{
	return rnd_next(&state);
}

/* Change number nr of the input: some bytes, a number, or the length. Returns the new length. */
static size_t change(uint8_t *data, size_t size, unsigned long nr)
{
	static const uint64_t edges[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, INT32_MAX, UINT32_MAX, INT64_MAX };
	uint64_t edge;
	size_t at, len;

	state = 0x9e3779b97f4a7c15ULL * (nr + 1);
	for (uint64_t n = 1 + rnd() % 4; size && n; n--) {
		at = rnd() % size;
		switch (rnd() % 4) {
		case 0:
			data[at] ^= (uint8_t)(1U << rnd() % 8);
			break;
		case 1:
			data[at] = (uint8_t)rnd();
			break;
		case 2:
			edge = edges[rnd() % (sizeof(edges) / sizeof(*edges))];
			len = (size_t)1 << rnd() % 4;
			memcpy(data + at, &edge, len < size - at ? len : size - at);
			break;
		default:
			if (rnd() % 8 == 0)
				size = at;
		}
	}
	return size;
}

static void run(const uint8_t *data, size_t size)
{
	/* Of exactly its size: the sanitizer sees the first byte behind it. */
	uint8_t *copy = malloc(size);

	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

int main(int argc, char **argv)
{
	unsigned long changes = 0, show = 0, runs = 0;
	size_t size, len;
	uint8_t *work;
	char *data;
	int opt;

	while ((opt = getopt(argc, argv, "m:s:")) != -1) {
		if (opt == '?')
			return 2;
		*(opt == 'm' ? &changes : &show) = strtoul(optarg, NULL, 10);
	}
	for (int i = optind; i < argc; i++) {
		data = read_file(argv[i], &size);
		if (!data) {
			perror(argv[i]);
			return 2;
		}
		work = xmalloc(size);
		if (show) {
			memcpy(work, data, size);
			len = change(work, size, show);
			fwrite(work, 1, len, stdout);
		} else {
			for (unsigned long nr = 0; nr <= changes; nr++, runs++) {
				memcpy(work, data, size);
				len = nr ? change(work, size, nr) : size;
				fprintf(stderr, "run: %s -s %lu\n", argv[i], nr);
				run(work, len);
			}
		}
		free(work);
		free(data);
	}
	if (!show)
		printf("%lu runs\n", runs);
	return !runs && !show;
}
