/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/mem.h - the malloc family that cannot fail.
 */
#ifndef IPITRACE_BASE_MEM_H
#define IPITRACE_BASE_MEM_H

#include <stddef.h>
#include <stdio.h>

/*
 * malloc family that cannot fail: an instrument without memory stops with one clear line and exit 1. For every
 * thread: the main one ends the program by exit(), any other by what base/cleanup.h knows and _exit(), so that what
 * waits to be written to stdout is not.
 */
void *xmalloc(size_t size);
void *xcalloc(size_t nr, size_t size);
void *xrealloc(void *ptr, size_t size);
/* An array of *nr items with room for that of this index; new ones are zero. */
void *xgrow(void *array, unsigned int *nr, unsigned int index, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The end of those: for who has something to close first. What base/cleanup.h knows is run. */
void mem_exhausted(size_t size) __attribute__((noreturn));

/* Keep some memory back, which what base/cleanup.h runs at the end can use. */
void mem_keep_reserve(void);
void mem_release_reserve(void);
/* Instead of exit 1. */
void mem_set_exit_status(int status);

#endif
