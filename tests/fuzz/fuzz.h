/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target is one file, target NAME.c, that defines LLVMFuzzerTestOneInput().
 * libFuzzer calls it (make fuzz), and so does replay.c, with the corpus and what
 * once crashed (make check). It must not crash, leak, hang or take memory out of
 * proportion; what it returns to its caller is not judged, except where a target
 * checks a law of its own with fuzz_check().
 */
#ifndef IPITRACE_TESTS_FUZZ_FUZZ_H
#define IPITRACE_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(cond)                                                                                               \
	do {                                                                                                           \
		if (!(cond)) {                                                                                         \
			fprintf(stderr, "fuzz: does not hold: %s\n", #cond);                                           \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* The input as a terminated string of its own, so that reading behind its end is seen. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1);

	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* The input as a file: its descriptor, and in path its name. */
static inline int fuzz_file(const uint8_t *data, size_t size, char path[32])
{
	int fd = memfd_create("fuzz", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
