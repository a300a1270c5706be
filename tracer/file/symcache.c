// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/symcache.c - a line that tells of what it is, then a zstd frame with its length and a checksum.
 *
 * Another process may do the same at the same time. So a file is written without
 * a name and linked when it is complete: readers find a whole one or none.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/io.h"
#include "file/symcache.h"

#define NAME	    "kallsyms"
#define MAGIC	    "ipitrace-symbols 1 "
#define DIR_PRIVATE 0700
#define MAX_PACKED  (64u << 20) /* distributions' kernels take 2 MB */
#define MAX_TEXT    (256u << 20)
#define LEVEL	    1

static bool is_ours(const struct stat *st, mode_t mode)
{
	return st->st_uid == geteuid() && (st->st_mode & 07777) == mode;
}

/* -1: not there, or others could have put something into it. made: by us, just now. */
static int open_dir(const char *dir, bool made)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -1;
	/* Under a umask that takes away even the owner's. */
	if ((!made || !fchmod(fd, DIR_PRIVATE)) && !fstat(fd, &st) && is_ours(&st, DIR_PRIVATE))
		return fd;
	close(fd);
	return -1;
}

/* Its size; 0: it is not to be trusted. */
static size_t trusted_size(int fd)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !is_ours(&st, FILE_PRIVATE) || st.st_nlink != 1)
		return 0;
	return st.st_size > 0 && st.st_size <= MAX_PACKED ? (size_t)st.st_size : 0;
}

/* Behind the line that it begins with, if that is the key's. */
static const char *behind_key(const char *buf, size_t len, const char *key)
{
	size_t magic = strlen(MAGIC), n = strlen(key);

	if (len <= magic + n || memcmp(buf, MAGIC, magic) || memcmp(buf + magic, key, n) || buf[magic + n] != '\n')
		return NULL;
	return buf + magic + n + 1;
}

static char *unpack(const char *frame, size_t packed, size_t *len)
{
	unsigned long long size = ZSTD_getFrameContentSize(frame, packed);
	char *text;

	if (!size || size > MAX_TEXT) /* which unknown sizes and errors are, too */
		return NULL;
	text = malloc((size_t)size + 1);
	if (!text)
		return NULL;
	*len = ZSTD_decompress(text, (size_t)size, frame, packed);
	if (ZSTD_isError(*len) || *len != size) {
		free(text);
		return NULL;
	}
	text[*len] = '\0';
	return text;
}

char *symcache_load(const char *dir, const char *key, size_t *len)
{
	int dir_fd = open_dir(dir, false), fd = -1;
	char *buf = NULL, *text = NULL;
	const char *frame;
	size_t size = 0;

	if (dir_fd >= 0) {
		/* What is no file shall not keep us waiting. */
		fd = openat(dir_fd, NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		close(dir_fd);
	}
	if (fd < 0)
		return NULL;
	size = trusted_size(fd);
	buf = size ? malloc(size) : NULL;
	if (buf && !read_all_at(fd, buf, size, 0)) {
		frame = behind_key(buf, size, key);
		if (frame)
			text = unpack(frame, (size_t)(buf + size - frame), len);
	}
	free(buf);
	close(fd);
	return text;
}

/* What the file holds, malloc'ed; NULL: it cannot be made. */
static char *pack(const char *key, const char *text, size_t len, size_t *size)
{
	size_t room = ZSTD_compressBound(len), head = strlen(MAGIC) + strlen(key) + 1, n;
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	char *buf = malloc(head + 1 + room);

	if (zstd && buf) {
		snprintf(buf, head + 1, MAGIC "%s\n", key);
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL);
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
		n = ZSTD_compress2(zstd, buf + head, room, text, len);
		*size = head + n;
		if (!ZSTD_isError(n) && *size <= MAX_PACKED) {
			ZSTD_freeCCtx(zstd);
			return buf;
		}
	}
	ZSTD_freeCCtx(zstd);
	free(buf);
	return NULL;
}

/* Whoever is faster with the name: both files are right. */
static void give_name(int dir_fd, int fd)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	unlinkat(dir_fd, NAME, 0);
	linkat(AT_FDCWD, path, dir_fd, NAME, AT_SYMLINK_FOLLOW);
}

void symcache_store(const char *dir, const char *key, const char *text, size_t len)
{
	bool made = !mkdir(dir, DIR_PRIVATE);
	int dir_fd = open_dir(dir, made), fd;
	size_t size;
	char *buf;

	if (dir_fd < 0)
		return;
	buf = len && len <= MAX_TEXT ? pack(key, text, len, &size) : NULL;
	fd = buf ? openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_PRIVATE) : -1;
	if (fd >= 0) {
		if (!file_keep_private(fd) && !write_all_at(fd, buf, size, 0))
			give_name(dir_fd, fd);
		close(fd);
	}
	free(buf);
	close(dir_fd);
}
