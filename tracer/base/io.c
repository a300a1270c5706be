// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/io.c - whole small files, and who may read what is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/io.h"
#include "base/mem.h"

char *read_file(const char *path, size_t *len)
{
	size_t size = 4096, at = 0;
	char *buf = xmalloc(size), *more;
	int fd, saved;
	ssize_t n;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		saved = errno;
		free(buf);
		errno = saved;
		return NULL;
	}
	for (;;) {
		n = read(fd, buf + at, size - at - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (size_t)n;
		if (size - at < 2) {
			size *= 2;
			more = realloc(buf, size);
			if (!more) {
				/* An instance of tracefs with an open file could not be removed at exit. */
				close(fd);
				mem_exhausted(size);
			}
			buf = more;
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

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC), saved;
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	saved = n < 0 ? errno : EIO;
	close(fd);
	errno = saved;
	return n == (ssize_t)len ? 0 : -1;
}

int read_all_at(int fd, void *buf, size_t len, uint64_t pos)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(fd, (char *)buf + done, len - done, (off_t)(pos + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		done += (size_t)n;
	}
	return 0;
}

int write_all_at(int fd, const void *buf, size_t len, uint64_t pos)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(fd, (const char *)buf + done, len - done, (off_t)(pos + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : ENOSPC;
		done += (size_t)n;
	}
	return 0;
}

int file_keep_private(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	if (!S_ISREG(st.st_mode) || (st.st_mode & 0777) == FILE_PRIVATE || !fchmod(fd, FILE_PRIVATE))
		return 0;
	return errno == EPERM ? 0 : -1;
}
