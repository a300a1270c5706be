// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/output.c - output files: unnamed, then synced, then named; and streams.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "file/output.h"
#include "file/resolve.h"

#define COPY_BYTES (256u << 10)
#define FIFO_MS	   50 /* between two looks whether a pipe is read */

struct output {
	char *path, *place, *dir;
	int fd;	   /* what is written to */
	char *tmp; /* its name, if it needs one before it is complete */
	struct resolved to;
	int stream; /* an open stream, or -1 */
	bool fifo;  /* a stream that is still to be opened, because it wants a reader */
	bool has_owner;
	unsigned int uid, gid;
	struct cleanup cleanup;
};

static int fail(const struct output *o, int errnum, struct err *err)
{
	err_set_errno(err, EXIT_FAILED, errnum, "cannot write %s", o->path);
	if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
		err_hint(err, "record fewer events (-C, --class, --no-stack), shorter (-d), "
			      "or to another filesystem");
	return -1;
}

static int refuse(const struct output *o, int code, const char *why, struct err *err)
{
	err_set(err, code, "cannot write %s: %s", o->path, why);
	if (code == EXIT_USAGE)
		return err_hint(err, "name a file, or a pipe to a program that reads it");
	return err_hint(err, "name a file that may be created or replaced");
}

/* --- open --- */

static char *fd_path(int fd)
{
	char link[40], path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len <= 0)
		return NULL;
	path[len] = '\0';
	return xstrdup(path);
}

static char *random_name(void)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return NULL;
	return xasprintf(".ipitrace-%016llx", (unsigned long long)number);
}

static void remove_tmp(void *ctx)
{
	struct output *o = ctx;

	if (o->tmp)
		unlinkat(o->to.dir_fd, o->tmp, 0);
	free(o->tmp);
	o->tmp = NULL;
}

static int create(struct output *o, struct err *err)
{
	o->fd = openat(o->to.dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_PRIVATE);
	if (o->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
		o->tmp = random_name();
		if (o->tmp)
			o->fd = openat(o->to.dir_fd, o->tmp, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, FILE_PRIVATE);
		if (o->fd < 0) {
			int errnum = errno;

			free(o->tmp);
			o->tmp = NULL;
			errno = errnum;
		}
	}
	if (o->fd < 0) {
		err_set_errno(err, EXIT_FAILED, errno, "cannot create %s", o->path);
		return err_hint(err, "the directory must exist and be writable; or name another file");
	}
	return 0;
}

/* Where a stream's data waits: on a disk, rather than in memory. */
static int create_waiting(struct output *o, struct err *err)
{
	const char *dir = getenv("TMPDIR");

	if (!dir || !*dir)
		dir = access("/var/tmp", W_OK) ? "/tmp" : "/var/tmp";
	resolve_free(&o->to);
	o->to.dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (o->to.dir_fd < 0)
		return err_set_errno(err, EXIT_FAILED, errno, "cannot use %s for temporary data", dir);
	o->dir = xstrdup(dir);
	return create(o, err);
}

/* Pipe or file of standard error: messages would be in the midst of the data. */
static bool takes_messages(int fd, const struct stat *st)
{
	struct stat messages;

	if (fd == STDERR_FILENO)
		return true;
	return (S_ISREG(st->st_mode) || S_ISFIFO(st->st_mode)) && !fstat(STDERR_FILENO, &messages) &&
	       st->st_dev == messages.st_dev && st->st_ino == messages.st_ino;
}

static int open_stream(struct output *o, int fd, struct err *err)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	if (flags < 0 || fstat(fd, &st))
		return fail(o, errno, err);
	if (isatty(fd))
		return refuse(o, EXIT_USAGE, "it is a terminal", err);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return refuse(o, EXIT_FAILED, "it is open for reading only", err);
	if (takes_messages(fd, &st))
		return refuse(o, EXIT_USAGE, "standard error is the same, and has messages", err);
	if (S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
		return refuse(o, EXIT_FAILED, "not a regular file, nor a pipe", err);
	o->stream = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (o->stream < 0)
		return fail(o, errno, err);
	o->place = xstrdup(fd == STDOUT_FILENO ? "standard output" : o->path);
	return create_waiting(o, err);
}

/* What a link of procfs leads to can be reached by no path: only our own descriptors can be used. */
static int open_proc(struct output *o, struct err *err)
{
	struct stat st, own, thread;
	char *end;
	long fd;

	errno = 0;
	fd = strtol(o->to.name, &end, 10);
	if (*end || errno || fd < 0 || fd > INT_MAX || fstat(o->to.dir_fd, &st) || stat("/proc/self/fd", &own) ||
	    stat("/proc/thread-self/fd", &thread) ||
	    !(st.st_dev == own.st_dev && (st.st_ino == own.st_ino || st.st_ino == thread.st_ino)))
		return refuse(o, EXIT_FAILED, "not a regular file", err);
	return open_stream(o, (int)fd, err);
}

static bool is_terminal(const struct stat *st)
{
	unsigned int nr = major(st->st_rdev);

	/* Documentation/admin-guide/devices.txt: consoles and serial lines, /dev/tty, pseudo-terminals. */
	return S_ISCHR(st->st_mode) && (nr == 4 || nr == 5 || (nr >= 136 && nr <= 143) || nr == 204);
}

/* As fs/namei.c may_create_in_sticky() does with fs.protected_fifos: it may wait for a recording to steal. */
static int open_fifo(struct output *o, struct err *err)
{
	struct stat dir;

	if (fstat(o->to.dir_fd, &dir))
		return fail(o, errno, err);
	if (resolve_sticky_dir(&dir) && o->to.st.st_uid != geteuid() && o->to.st.st_uid != dir.st_uid)
		return refuse(o, EXIT_FAILED, "a pipe of another user in a sticky directory", err);
	if (faccessat(o->to.dir_fd, o->to.name, W_OK, AT_EACCESS))
		return fail(o, errno, err);
	/* create_waiting() takes o->to for itself: remember the pipe by a descriptor that needs no reader. */
	o->stream = openat(o->to.dir_fd, o->to.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (o->stream < 0)
		return fail(o, errno, err);
	o->fifo = true;
	o->place = xstrdup(o->path);
	return create_waiting(o, err);
}

static int open_file(struct output *o, struct err *err)
{
	struct statx sx;
	char *dir;

	if (o->to.exists && !statx(o->to.dir_fd, o->to.name, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &sx)) {
		if (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			return refuse(o, EXIT_FAILED, "something is mounted on it, it cannot be replaced", err);
		if (sx.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND))
			return refuse(o, EXIT_FAILED, "it is immutable", err);
	}
	dir = fd_path(o->to.dir_fd);
	o->dir = dir ? dir : xstrdup(".");
	o->place = xasprintf("%s/%s", strcmp(o->dir, "/") ? o->dir : "", o->to.name);
	return create(o, err);
}

static int open_path(struct output *o, struct err *err)
{
	if (!*o->path) {
		err_set(err, EXIT_USAGE, "the name of the output is empty");
		return err_hint(err, "name a file that may be created or replaced");
	}
	if (!strcmp(o->path, "-"))
		return open_stream(o, STDOUT_FILENO, err);
	if (resolve_path(o->path, &o->to, err))
		return -1;
	if (o->to.on_proc)
		return open_proc(o, err);
	if (!o->to.exists || S_ISREG(o->to.st.st_mode))
		return open_file(o, err);
	if (S_ISFIFO(o->to.st.st_mode))
		return open_fifo(o, err);
	if (is_terminal(&o->to.st))
		return refuse(o, EXIT_USAGE, "it is a terminal", err);
	return refuse(o, EXIT_FAILED, "not a regular file, nor a pipe", err);
}

int output_open(struct output **op, const char *path, struct err *err)
{
	struct output *o = xcalloc(1, sizeof(*o));

	o->path = xstrdup(path);
	o->fd = o->stream = o->to.dir_fd = -1;
	cleanup_add(&o->cleanup, remove_tmp, o);
	if (open_path(o, err)) {
		output_close(o);
		*op = NULL;
		return -1;
	}
	*op = o;
	return 0;
}

int output_fd(const struct output *o)
{
	return o->fd;
}

const char *output_dir(const struct output *o)
{
	return o->dir;
}

const char *output_place(const struct output *o)
{
	return o->place;
}

bool output_is_stdout(const struct output *o)
{
	struct stat out, st;

	return o->stream >= 0 && !fstat(STDOUT_FILENO, &out) && !fstat(o->stream, &st) && out.st_dev == st.st_dev &&
	       out.st_ino == st.st_ino;
}

void output_set_owner(struct output *o, unsigned int uid, unsigned int gid)
{
	o->has_owner = true;
	o->uid = uid;
	o->gid = gid;
}

/* --- commit --- */

static int aborted(const struct output *o, struct err *err)
{
	return err_set(err, EXIT_FAILED, "aborted: %s is not written", o->path);
}

/* Whoever is to read the pipe may come late. */
static int open_for_reader(struct output *o, const volatile int *abort_flag, struct err *err)
{
	char link[40];
	int fd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", o->stream);
	while ((fd = open(link, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0 && (errno == ENXIO || errno == EINTR)) {
		if (abort_flag && *abort_flag)
			return aborted(o, err);
		poll(NULL, 0, FIFO_MS);
	}
	if (fd < 0)
		return fail(o, errno, err);
	close(o->stream);
	o->stream = fd;
	o->fifo = false;
	return 0;
}

static int write_stream(struct output *o, const char *buf, size_t len, const volatile int *abort_flag, struct err *err)
{
	while (len) {
		ssize_t n = write(o->stream, buf, len);

		if (abort_flag && *abort_flag)
			return aborted(o, err);
		if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){ .fd = o->stream, .events = POLLOUT }, 1, FIFO_MS);
		else if (n < 0 && errno != EINTR)
			return fail(o, errno, err);
		else if (n == 0)
			return fail(o, EIO, err);
		if (n > 0) {
			buf += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int copy_to_stream(struct output *o, const volatile int *abort_flag, struct err *err)
{
	char *buf = xmalloc(COPY_BYTES);
	off_t pos = 0;
	int ret = 0;

	while (!ret) {
		ssize_t n = pread(o->fd, buf, COPY_BYTES, pos);

		if (n == 0)
			break;
		if (n > 0)
			ret = write_stream(o, buf, (size_t)n, abort_flag, err);
		else if (errno != EINTR)
			ret = fail(o, errno, err);
		pos += n > 0 ? n : 0;
	}
	free(buf);
	return ret;
}

static int commit_stream(struct output *o, const volatile int *abort_flag, struct err *err)
{
	struct stat st;
	off_t begin = 0;
	bool file;
	int ret;

	if (o->fifo && open_for_reader(o, abort_flag, err))
		return -1;
	file = !fstat(o->stream, &st) && S_ISREG(st.st_mode);
	if (file)
		begin = fcntl(o->stream, F_GETFL) & O_APPEND ? st.st_size : lseek(o->stream, 0, SEEK_CUR);
	ret = copy_to_stream(o, abort_flag, err);
	if (!ret && file && fsync(o->stream) && errno != EINVAL)
		ret = fail(o, errno, err);
	/* Nothing partial stays, where something can be taken back. */
	if (ret && file && begin >= 0 && ftruncate(o->stream, begin))
		err_hint(err, "what is in %s now is a part of a recording only", o->path);
	return ret;
}

/* A filesystem reports some errors of writing only here; and the name shall not be there before the data is. */
static int sync_data(const struct output *o)
{
	int copy;

	if (fsync(o->fd) && errno != EINVAL)
		return -1;
	copy = fcntl(o->fd, F_DUPFD_CLOEXEC, 3);
	return copy < 0 ? -1 : close(copy);
}

static int link_as(const struct output *o, const char *name)
{
	char link[40];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", o->fd);
	return linkat(AT_FDCWD, link, o->to.dir_fd, name, AT_SYMLINK_FOLLOW);
}

static int give_name(struct output *o)
{
	if (!o->tmp) {
		char *name;

		if (!link_as(o, o->to.name))
			return 0;
		if (errno != EEXIST)
			return -1;
		name = random_name();
		if (!name || link_as(o, name)) {
			int errnum = errno;

			free(name);
			errno = errnum;
			return -1;
		}
		o->tmp = name;
	}
	if (renameat(o->to.dir_fd, o->tmp, o->to.dir_fd, o->to.name))
		return -1;
	free(o->tmp);
	o->tmp = NULL;
	return 0;
}

/* So that the name survives a crash, too. A directory that may not be read cannot be synced. */
static int sync_dir(const struct output *o)
{
	int fd = openat(o->to.dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return 0;
	if (fsync(fd) && errno == EIO)
		ret = -1;
	close(fd);
	return ret;
}

int output_commit(struct output *o, const volatile int *abort_flag, struct err *err)
{
	if (o->stream >= 0)
		return commit_stream(o, abort_flag, err);
	if (file_keep_private(o->fd))
		return fail(o, errno, err);
	if (o->has_owner && fchown(o->fd, o->uid, o->gid) && errno != EPERM && errno != EINVAL)
		return fail(o, errno, err);
	if (sync_data(o) || give_name(o) || sync_dir(o))
		return fail(o, errno, err);
	return 0;
}

void output_close(struct output *o)
{
	if (!o)
		return;
	remove_tmp(o);
	cleanup_remove(&o->cleanup);
	if (o->fd >= 0)
		close(o->fd);
	if (o->stream >= 0)
		close(o->stream);
	resolve_free(&o->to);
	free(o->path);
	free(o->place);
	free(o->dir);
	free(o);
}
