/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/io.h - whole small files, and who may read what is written.
 */
#ifndef IPITRACE_BASE_IO_H
#define IPITRACE_BASE_IO_H

#include <stddef.h>
#include <stdint.h>

/* Whole small file (procfs, sysfs: size unknown) into a malloc'ed, terminated buffer; NULL and errno on failure. */
char *read_file(const char *path, size_t *len);
/* A text into a file of the kernel's, in one write. 0, or -1 and errno. Needs no memory. */
int write_file(const char *path, const char *text);
/* All of len bytes at a place in a file. 0, or an errno: EIO where the file ends before, ENOSPC where it takes no more. */
int read_all_at(int fd, void *buf, size_t len, uint64_t pos);
int write_all_at(int fd, const void *buf, size_t len, uint64_t pos);
/*
 * What is written into files has the kernel's addresses, or names of processes, users and control groups: it is for its
 * owner alone. Files are made with this mode. One that was there, and one made under a umask that takes away even the
 * owner's, gets it by file_keep_private(): 0, or -1 and errno. What is no regular file, or is not ours to change, stays as it is.
 * The one exception is made for the collector of metrics, which is another user (cmds/metrics.c).
 */
#define FILE_PRIVATE 0600
int file_keep_private(int fd);

#endif
