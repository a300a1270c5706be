// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/mem.c - allocation that stops the program where there is no memory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"

#define RESERVE_BYTES (1u << 20)

static void *reserve;
static int exit_status = EXIT_FAILED;

void mem_keep_reserve(void)
{
	if (!reserve)
		reserve = xmalloc(RESERVE_BYTES);
}

void mem_release_reserve(void)
{
	free(reserve);
	reserve = NULL;
}

void mem_set_exit_status(int status)
{
	exit_status = status;
}

void mem_exhausted(size_t size)
{
	mem_release_reserve();
	fprintf(stderr, "ipitrace: out of memory (%zu bytes wanted)\n", size);
	if (gettid() == getpid())
		exit(exit_status);
	/* The main thread goes on meanwhile: what it uses is not flushed, freed or closed under its hands. */
	cleanup_run();
	_exit(exit_status);
}

void *xrealloc(void *ptr, size_t size)
{
	void *new = realloc(ptr, size ? size : 1);

	if (!new)
		mem_exhausted(size);
	return new;
}

void *xmalloc(size_t size)
{
	return xrealloc(NULL, size);
}

void *xcalloc(size_t nr, size_t size)
{
	void *new = calloc(nr ? nr : 1, size ? size : 1);

	if (!new)
		mem_exhausted(nr * size);
	return new;
}

void *xgrow(void *array, unsigned int *nr, unsigned int index, size_t size)
{
	size_t had = *nr, nr_new = had ? had : 16;

	if (index < had)
		return array;
	while (nr_new <= index)
		nr_new *= 2;
	array = xrealloc(array, nr_new * size);
	memset((char *)array + had * size, 0, (nr_new - had) * size);
	*nr = (unsigned int)nr_new;
	return array;
}

char *xstrdup(const char *s)
{
	size_t len = strlen(s) + 1;

	return memcpy(xmalloc(len), s, len);
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		mem_exhausted(0);
	return s;
}
