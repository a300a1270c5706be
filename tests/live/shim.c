// SPDX-License-Identifier: GPL-2.0-only
/*
 * shim.c - preloaded into ipitrace by tests: trouble at a chosen step.
 *
 *	SHIM_MALLOC=N	 the N-th allocation fails, once
 *	SHIM_CALL=N	 before the N-th system call that matters a signal comes:
 *	SHIM_SIGNAL=S	 this one,
 *	SHIM_TWICE=1	 and once more ten calls later
 *	SHIM_LATE=CPU	 the buffer of this CPU looks empty for the first 600 ms that it is read
 *	SHIM_NO_TMPFILE=1 a filesystem without O_TMPFILE
 *	SHIM_MKDIR=MS	 so long a new instance is there before its owner locks it
 *	SHIM_PLAIN=1	 a kernel whose filters know no functions
 *	SHIM_COUNT=FILE	 how many of both there were, "allocations calls"
 *
 * Only calls that create, write or remove something are counted, because
 * between two others nothing has changed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nr, size_t size);
void *__libc_realloc(void *ptr, size_t size);

static atomic_long nr_malloc, nr_call;
static long fail_malloc, signal_call, mkdir_ms;
static int signal_nr, twice, no_tmpfile, plain, ready;
static const char *count_file, *late_cpu;

static long number(const char *name)
{
	const char *val = getenv(name);

	return val ? strtol(val, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
	fail_malloc = number("SHIM_MALLOC");
	signal_call = number("SHIM_CALL");
	signal_nr = (int)number("SHIM_SIGNAL");
	twice = (int)number("SHIM_TWICE");
	no_tmpfile = (int)number("SHIM_NO_TMPFILE");
	mkdir_ms = number("SHIM_MKDIR");
	plain = (int)number("SHIM_PLAIN");
	count_file = getenv("SHIM_COUNT");
	late_cpu = getenv("SHIM_LATE");
	/* Not for the workload. */
	unsetenv("LD_PRELOAD");
	ready = 1;
}

__attribute__((destructor)) static void end(void)
{
	FILE *f;

	ready = 0;
	f = count_file ? fopen(count_file, "w") : NULL;
	if (!f)
		return;
	fprintf(f, "%ld %ld\n", (long)nr_malloc, (long)nr_call);
	fclose(f);
}

static int fails(void)
{
	if (!ready || atomic_fetch_add(&nr_malloc, 1) + 1 != fail_malloc)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t nr, size_t size)
{
	return fails() ? NULL : __libc_calloc(nr, size);
}

void *realloc(void *ptr, size_t size)
{
	return fails() ? NULL : __libc_realloc(ptr, size);
}

static void step(void)
{
	long nr = ready ? atomic_fetch_add(&nr_call, 1) + 1 : 0;

	if (nr && signal_nr && (nr == signal_call || (twice && nr == signal_call + 10)))
		kill(getpid(), signal_nr);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static mode_t mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(ap, unsigned int) : 0;
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	if (flags & (O_WRONLY | O_RDWR))
		step();
	if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return REAL(openat)(dir, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	step();
	if (plain && memmem(buf, len, ".function", strlen(".function"))) {
		errno = EINVAL;
		return -1;
	}
	return REAL(write)(fd, buf, len);
}

static int is_late(int fd)
{
	static double since;
	char link[64], file[64], path[256] = "";
	struct timespec ts;
	double now;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	snprintf(file, sizeof(file), "/cpu%s/trace_pipe_raw", late_cpu);
	if (readlink(link, path, sizeof(path) - 1) < 0 || !strstr(path, file))
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
	if (since == 0)
		since = now;
	return now < since + 0.6;
}

ssize_t read(int fd, void *buf, size_t len)
{
	if (!ready || !late_cpu || !is_late(fd))
		return REAL(read)(fd, buf, len);
	errno = EAGAIN;
	return -1;
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t pos)
{
	step();
	return REAL(pwrite)(fd, buf, len, pos);
}

int mkdir(const char *path, mode_t mode)
{
	step();
	return REAL(mkdir)(path, mode);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
	int ret = REAL(mkdirat)(dir, path, mode);

	usleep((useconds_t)mkdir_ms * 1000);
	return ret;
}

int rmdir(const char *path)
{
	step();
	return REAL(rmdir)(path);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	step();
	return REAL(linkat)(from_dir, from, to_dir, to, flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	step();
	return REAL(renameat)(from_dir, from, to_dir, to);
}

int fsync(int fd)
{
	step();
	return REAL(fsync)(fd);
}
