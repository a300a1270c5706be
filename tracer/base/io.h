/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/io.h - whole small files.
 */
#ifndef IPITRACE_BASE_IO_H
#define IPITRACE_BASE_IO_H

#include <stddef.h>

/* Whole small file (procfs, sysfs: size unknown) into a malloc'ed, terminated buffer; NULL and errno on failure. */
char *read_file(const char *path, size_t *len);
/* A text into a file of the kernel's, in one write. 0, or -1 and errno. Needs no memory. */
int write_file(const char *path, const char *text);

#endif
