// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/io.c - whole small files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/io.h"
#include "base/mem.h"

char *read_file(const char *path, size_t *len)
{
	size_t size = 4096, at = 0;
	int fd, saved;
	char *buf;
	ssize_t n;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	buf = xmalloc(size);
	for (;;) {
		n = read(fd, buf + at, size - at - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (size_t)n;
		if (size - at < 2) {
			size *= 2;
			buf = xrealloc(buf, size);
		}
	}
	saved = errno;
	close(fd);
	if (n < 0) {
		free(buf);
		errno = saved;
		return NULL;
	}
	buf[at] = '\0';
	if (len)
		*len = at;
	return buf;
}
