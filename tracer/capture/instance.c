// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/instance.c - making, locking and removing tracefs instances.
 *
 * Between mkdir and flock a new directory looks like one that was left behind.
 * So owners share the lock of the directory of all instances from before the
 * one until after the other, and who asks whether an instance was left behind
 * has that lock alone meanwhile. Should it not be had, or a cleaner be of
 * an older version, which does not know it, nothing is lost: the owner checks, once
 * it has the lock of its own, that the name still means the directory it has
 * locked, and takes another name if not; a cleaner checks the same before it
 * removes. Names are random, so that nobody else makes a directory of the name
 * that an owner waits for.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <tracefs.h>
#include <unistd.h>

#include "base/compiler.h"
#include "capture/instance.h"
#include "capture/priv.h"

#define PREFIX	    "ipitrace-"
#define MAX_NAMES   100	 /* in a row that cleaners were faster with */
#define LOCK_TRIES  2000 /* of 1 ms */
#define RMDIR_TRIES 50	 /* of 10 ms: someone may just be looking at the instance */

/* Descriptor of the directory of all instances, -1 and errno. */
static int open_instances(void)
{
	char *path = tracefs_get_tracing_file("instances");
	int fd = -1;

	if (path)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else
		errno = ENOENT;
	tracefs_put_tracing_file(path);
	return fd;
}

static bool same_directory(int dir, const char *name, int fd)
{
	struct stat named, locked;

	return !fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &locked) &&
	       named.st_ino == locked.st_ino && named.st_dev == locked.st_dev;
}

/* Shared by owners of new instances, exclusive for cleaners. False: not within two seconds. */
static bool lock_instances(int dir, int how)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!flock(dir, how | LOCK_NB))
			return true;
		if (errno != EWOULDBLOCK)
			break;
		usleep(1000);
	}
	return false;
}

/* Opens and locks the directory that the name means. -1: gone (ENOENT), somebody's (EWOULDBLOCK), or refused. */
static int lock_directory(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int errnum;

	if (fd < 0)
		return -1;
	if (!flock(fd, LOCK_EX | LOCK_NB)) {
		if (same_directory(dir, name, fd))
			return fd;
		errno = ENOENT;
	}
	errnum = errno;
	close(fd);
	errno = errnum;
	return -1;
}

/* The same of one that nobody is just making. Not known: somebody's. */
static int lock_abandoned(int dir, const char *name)
{
	int fd, errnum;

	if (!lock_instances(dir, LOCK_EX)) {
		errno = EWOULDBLOCK;
		return -1;
	}
	fd = lock_directory(dir, name);
	errnum = errno;
	flock(dir, LOCK_UN);
	errno = errnum;
	return fd;
}

/* Whoever holds the lock of our new directory removes it, or only looks whether it is alive. */
static int lock_own(int dir, const char *name)
{
	int fd = -1;

	for (int i = 0; i < LOCK_TRIES; i++) {
		fd = lock_directory(dir, name);
		if (fd >= 0 || errno != EWOULDBLOCK)
			break;
		usleep(1000);
	}
	return fd;
}

/* 1: made and locked; 0: somebody was faster, try another name; -1: errno. */
static int try_name(struct instance *inst, int dir)
{
	int errnum;

	if (mkdirat(dir, inst->name, 0700))
		return errno == EEXIST ? 0 : -1;
	inst->lock_fd = lock_own(dir, inst->name);
	if (inst->lock_fd < 0 && errno == ENOENT)
		return 0;
	if (inst->lock_fd >= 0)
		inst->tfs = tracefs_instance_alloc(NULL, inst->name);
	if (inst->tfs)
		return 1;
	errnum = errno ? errno : ENOMEM;
	unlinkat(dir, inst->name, AT_REMOVEDIR);
	if (inst->lock_fd >= 0)
		close(inst->lock_fd);
	inst->lock_fd = -1;
	errno = errnum;
	return -1;
}

int instance_create(struct instance *inst, const char *suffix, int *errnum, struct err *err)
{
	int dir = open_instances(), got = 0;

	if (dir >= 0)
		lock_instances(dir, LOCK_SH);
	for (int i = 0; dir >= 0 && !got && i < MAX_NAMES; i++) {
		uint32_t unique = 0;

		if (getrandom(&unique, sizeof(unique), 0) != sizeof(unique))
			unique = (uint32_t)i;
		snprintf(inst->name, sizeof(inst->name), PREFIX "%d.%08x%s", (int)getpid(), unique, suffix);
		got = try_name(inst, dir);
	}
	if (got != 1)
		*errnum = errno ? errno : EACCES;
	if (dir >= 0)
		close(dir);
	return got == 1 ? 0 : err_set_errno(err, EXIT_FAILED, *errnum, "cannot create a tracefs instance");
}

/*
 * The kernel takes triggers and events down with the instance (event_trace_del_tracer() in kernel/trace/trace_events.c),
 * and in a third of the time that it takes for one after the other: each of our own writes waits for a grace period of
 * its own. Where it will not, we do. The caller holds the lock.
 */
static int disarm_and_remove(struct tracefs_instance *tfs)
{
	int errnum = 0;

	for (int i = 0; i < RMDIR_TRIES; i++) {
		tracefs_instance_file_write(tfs, "tracing_on", "0");
		errno = ENOMEM; /* the library says nothing where it gets none */
		if (!tracefs_instance_destroy(tfs) || errno == ENOENT)
			return 0;
		errnum = errno;
		if (errnum != EBUSY && errnum != ENOMEM)
			break;
		tracefs_instance_file_write(tfs, "events/enable", "0");
		session_remove_triggers(tfs);
		usleep(10000);
	}
	errno = errnum;
	return -1;
}

int instance_destroy(struct instance *inst)
{
	int ret = 0, errnum = 0;

	if (!inst->tfs)
		return 0;
	ret = disarm_and_remove(inst->tfs);
	errnum = errno;
	tracefs_instance_free(inst->tfs);
	inst->tfs = NULL;
	close(inst->lock_fd);
	inst->lock_fd = -1;
	errno = errnum;
	return ret;
}

bool instance_alive(const char *name)
{
	int dir = open_instances(), fd;
	bool alive = false;

	if (dir < 0)
		return false;
	fd = lock_abandoned(dir, name);
	if (fd >= 0)
		close(fd);
	else
		alive = errno != ENOENT;
	close(dir);
	return alive;
}

/* "ipitrace-PID.RANDOM", or "ipitrace-PID" of version 0.1, and a suffix perhaps. */
static bool is_our_name(const char *name)
{
	const char *p = name + strlen(PREFIX);

	if (strncmp(name, PREFIX, strlen(PREFIX)) || !isdigit((unsigned char)*p))
		return false;
	p += strspn(p, "0123456789");
	if (*p == '.' && isxdigit((unsigned char)p[1]))
		p += 1 + strspn(p + 1, "0123456789abcdef");
	return !*p || !strcmp(p, EXITS_SUFFIX);
}

static void remove_if_stale(int dir, const char *name, instance_stale_fn tell, void *ctx)
{
	struct tracefs_instance *tfs;
	int fd = lock_abandoned(dir, name);

	if (fd < 0)
		return;
	/* Locked, and by its name: nobody but us can remove it now, or make another of that name. */
	tfs = tracefs_instance_alloc(NULL, name);
	if (tfs) {
		int failed = disarm_and_remove(tfs);

		tell(ctx, name, failed ? errno : 0);
		tracefs_instance_free(tfs);
	}
	close(fd);
}

void instances_remove_stale(instance_stale_fn tell, void *ctx)
{
	int fd = open_instances();
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (is_our_name(d->d_name))
			remove_if_stale(fd, d->d_name, tell, ctx);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}
