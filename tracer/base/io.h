/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/io.h - whole small files.
 */
#ifndef IPITRACE_BASE_IO_H
#define IPITRACE_BASE_IO_H

#include <stddef.h>

/* Whole small file (procfs, sysfs: size unknown) into a malloc'ed, terminated buffer; NULL and errno on failure. */
char *read_file(const char *path, size_t *len);

#endif
