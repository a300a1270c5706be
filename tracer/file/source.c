// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/source.c - the bytes of a recording: a file, a pipe, or either compressed.
 *
 * Everything is read with pread(), nothing is mapped: a file that is cut while
 * it is read is an error then, and no signal. What cannot be read at a place
 * (a pipe, gzip, zstd) is first put into a temporary file without a name.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "file/priv.h"

#define SPOOL_CHUNK (256u << 10)

/* Of what a 32-bit machine can address no two parts, together, are more than a size_t tells. */
#define MAX_CHARGE (SIZE_MAX / 4)

bool dat_charge(struct dat_file *f, uint64_t bytes)
{
	if (bytes > f->budget || bytes > MAX_CHARGE) {
		f->budget = 0;
		f->over_budget = true;
		return false;
	}
	f->budget -= bytes;
	return true;
}

int dat_pread(struct dat_file *f, void *to, size_t len, uint64_t off, struct err *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(f->fd, (char *)to + done, len - done, (off_t)(off + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(err, EXIT_FAILED, errno, "cannot read the file");
		if (!n)
			return err_set(err, EXIT_FAILED, "the file was cut while it was read");
		done += (size_t)n;
	}
	return 0;
}

/* --- spooling --- */

static int temporary(struct err *err)
{
	const char *dirs[] = { getenv("TMPDIR"), "/tmp", "/var/tmp" };
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < ARRAY_SIZE(dirs); i++)
		if (dirs[i])
			fd = open(dirs[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		fd = memfd_create("ipitrace", MFD_CLOEXEC);
	if (fd < 0)
		err_set_errno(err, EXIT_FAILED, errno, "cannot make a temporary file");
	return fd;
}

static ssize_t read_some(int fd, void *to, size_t len)
{
	ssize_t n;

	do
		n = read(fd, to, len);
	while (n < 0 && errno == EINTR);
	return n;
}

static int write_all(int fd, const char *from, size_t len, struct err *err)
{
	while (len) {
		ssize_t n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_set_errno(err, EXIT_FAILED, n ? errno : ENOSPC, "cannot write a temporary file");
			return err_hint(err, "TMPDIR names a directory with more room");
		}
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A stream of either kind that is being unpacked. */
struct unpacker {
	bool gzip;
	z_stream z;
	ZSTD_DStream *zstd;
	bool between; /* nothing of a member is pending: the input may end here */
};

/* Consumes some of in, fills some of out; false on damage. */
static bool unpack_step(struct unpacker *u, ZSTD_inBuffer *in, ZSTD_outBuffer *out)
{
	size_t left;
	int ret;

	if (!u->gzip) {
		left = ZSTD_decompressStream(u->zstd, out, in);
		u->between = !left;
		return !ZSTD_isError(left);
	}
	/* Files that were compressed one by one and put together unpack to all of them. */
	if (u->between && inflateReset(&u->z) != Z_OK)
		return false;
	u->z.next_in = (Bytef *)((const char *)in->src + in->pos);
	u->z.avail_in = (uInt)(in->size - in->pos);
	u->z.next_out = (Bytef *)((char *)out->dst + out->pos);
	u->z.avail_out = (uInt)(out->size - out->pos);
	ret = inflate(&u->z, Z_NO_FLUSH);
	in->pos = in->size - u->z.avail_in;
	out->pos = out->size - u->z.avail_out;
	u->between = ret == Z_STREAM_END;
	return ret == Z_OK || ret == Z_STREAM_END || ret == Z_BUF_ERROR;
}

/* All of fd to the temporary file to. */
static int unpack_to(struct dat_file *f, struct unpacker *u, int fd, int to, struct err *err)
{
	char *from = xmalloc(SPOOL_CHUNK), *unpacked = xmalloc(SPOOL_CHUNK);
	int ret = -1;
	ssize_t n;

	u->between = true;
	while ((n = read_some(fd, from, SPOOL_CHUNK)) > 0) {
		ZSTD_inBuffer in = { from, (size_t)n, 0 };
		ZSTD_outBuffer out = { unpacked, SPOOL_CHUNK, SPOOL_CHUNK };

		/* A full output may not have been all. */
		while (in.pos < in.size || (out.pos == out.size && !u->between)) {
			out.pos = 0;
			if (!unpack_step(u, &in, &out)) {
				err_set(err, EXIT_FAILED, "the file is damaged in its compression");
				goto out;
			}
			if (!dat_charge(f, out.pos)) {
				dat_over_budget(err);
				goto out;
			}
			if (write_all(to, unpacked, out.pos, err))
				goto out;
			if (!out.pos && in.pos == in.size)
				break;
		}
	}
	if (n < 0) {
		err_set_errno(err, EXIT_FAILED, errno, "cannot read the file");
	} else if (!u->between) {
		/* What is there is told, as it is of a file that is not packed. */
		dat_damaged(f, "compression");
		ret = 0;
	} else {
		ret = 0;
	}
out:
	free(from);
	free(unpacked);
	return ret;
}

/* f's file becomes what it unpacks to, if it is compressed as a whole. */
static int unpack_file(struct dat_file *f, struct err *err)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	struct unpacker u = { 0 };
	uint8_t magic[4] = { 0 };
	int ret = -1, to;

	if (f->size < sizeof(magic))
		return 0;
	if (dat_pread(f, magic, sizeof(magic), 0, err))
		return -1;
	u.gzip = !memcmp(magic, gzip, sizeof(gzip));
	if (!u.gzip && memcmp(magic, zstd, sizeof(zstd)))
		return 0;
	to = temporary(err);
	if (to < 0)
		return -1;
	if (u.gzip ? inflateInit2(&u.z, 15 + 16) != Z_OK : !(u.zstd = ZSTD_createDStream())) {
		err_set(err, EXIT_FAILED, "out of memory");
		goto out;
	}
	if (lseek(f->fd, 0, SEEK_SET) < 0)
		err_set_errno(err, EXIT_FAILED, errno, "cannot read the file");
	else
		ret = unpack_to(f, &u, f->fd, to, err);
	if (u.gzip)
		inflateEnd(&u.z);
	else
		ZSTD_freeDStream(u.zstd);
out:
	if (ret) {
		close(to);
		return -1;
	}
	close(f->fd);
	f->fd = to;
	f->size = (uint64_t)lseek(to, 0, SEEK_END);
	return 0;
}

/* f's pipe becomes a file. */
static int spool_pipe(struct dat_file *f, struct err *err)
{
	char *chunk = xmalloc(SPOOL_CHUNK);
	int to = temporary(err);
	ssize_t n;

	while (to >= 0 && (n = read_some(f->fd, chunk, SPOOL_CHUNK))) {
		if (n > 0 && !write_all(to, chunk, (size_t)n, err))
			continue;
		if (n < 0)
			err_set_errno(err, EXIT_FAILED, errno, "cannot read the pipe");
		close(to);
		to = -1;
	}
	free(chunk);
	if (to < 0)
		return -1;
	close(f->fd);
	f->fd = to;
	f->size = (uint64_t)lseek(to, 0, SEEK_END);
	return 0;
}

/* Of a FIFO that nobody has begun to write to: as an open() that may block would. */
static int await_writer(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	while (poll(&one, 1, -1) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

static int open_fd(struct dat_file *f, const char *path, struct err *err)
{
	int ret;

	if (!strcmp(path, "-")) {
		f->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	} else {
		/* Non-blocking: a device may not hang us. */
		f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (f->fd >= 0)
		return 0;
	ret = errno;
	err_set_errno(err, EXIT_FAILED, ret, "cannot open %s", *path ? path : "''");
	if (ret == ENOENT)
		err_hint(err, "is the name right? recordings are made by \"ipitrace record\"");
	else if (ret == EACCES)
		err_hint(err, "a report needs no root, only a file that this user may read");
	return -1;
}

int dat_source_open(struct dat_file *f, const char *path, struct err *err)
{
	struct err why = { 0 };
	struct stat st;
	int flags;

	if (open_fd(f, path, err))
		return -1;
	if (fstat(f->fd, &st))
		return err_set_errno(err, EXIT_FAILED, errno, "cannot read %s", path);
	f->size = (uint64_t)st.st_size;
	if (!S_ISREG(st.st_mode)) {
		flags = fcntl(f->fd, F_GETFL);
		if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)) {
			err_set(err, EXIT_FAILED, "%s is not a regular file, nor a pipe", path);
			return err_hint(err, "recordings are made by \"ipitrace record\" or \"trace-cmd record\"");
		}
		if ((strcmp(path, "-") && (await_writer(f->fd) || fcntl(f->fd, F_SETFL, flags & ~O_NONBLOCK))) ||
		    spool_pipe(f, &why))
			goto fail;
	}
	f->budget = DAT_BUDGET_FLOOR + DAT_BUDGET_RATIO * f->size;
	if (unpack_file(f, &why))
		goto fail;
	if (f->size)
		return 0;
	if (f->info.damaged)
		return err_set(err, EXIT_FAILED, "%s: the file is cut: its compression ends too early", path);
	err_set(&why, EXIT_FAILED, "not a trace.dat file, it is empty");
	err_hint(&why, "recordings are made by \"ipitrace record\" or \"trace-cmd record\"");
fail:
	if (!why.code)
		err_set_errno(&why, EXIT_FAILED, errno, "cannot read it");
	err_set(err, why.code, "%s: %.200s", path, why.msg);
	if (why.hint[0])
		err_hint(err, "%s", why.hint);
	return -1;
}

int dat_over_budget(struct err *err)
{
	err_set(err, EXIT_FAILED,
		"the file unpacks to far more than a recording of its size: it is damaged, or made to harm");
	return -1;
}

/* --- blocks --- */

size_t dat_unpack(struct unpack_room *u, enum dat_comp comp, void *to, size_t to_len, const void *from, size_t from_len)
{
	uLongf len = to_len;
	uLong taken = from_len;
	size_t nr;

	switch (comp) {
	case COMP_ZSTD:
		if (!u->zstd)
			u->zstd = ZSTD_createDCtx();
		if (!u->zstd)
			return 0;
		nr = ZSTD_decompressDCtx(u->zstd, to, to_len, from, from_len);
		return ZSTD_isError(nr) ? 0 : nr;
	case COMP_ZLIB:
		/* All of it, as zstd does without being asked. */
		return uncompress2(to, &len, from, &taken) == Z_OK && taken == from_len ? len : 0;
	default:
		return 0;
	}
}

void unpack_room_free(struct unpack_room *u)
{
	ZSTD_freeDCtx(u->zstd);
	free(u->packed);
}
