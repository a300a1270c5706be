// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/resolve.c - walks a path component by component.
 *
 * Each component is opened before it is looked at, so that nobody can exchange
 * it between the look and the use.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "file/resolve.h"

#define MAX_LINKS 40 /* as include/linux/namei.h MAXSYMLINKS */

struct walk {
	const char *path; /* as the user said it */
	int dir;
	char *rest; /* still to walk */
	char name[NAME_MAX + 1];
	unsigned int nr_links;
	struct stat st;
	bool exists, done;
};

bool resolve_sticky_dir(const struct stat *dir)
{
	return (dir->st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH);
}

static bool on_proc(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == PROC_SUPER_MAGIC;
}

static int fail_path(const struct walk *w, int errnum, struct err *err)
{
	err_set_errno(err, EXIT_FAILED, errnum, "cannot create %s", w->path);
	return err_hint(err, "the directory must exist and be writable; or name another file");
}

static int fail_directory(const struct walk *w, struct err *err)
{
	err_set(err, EXIT_FAILED, "cannot write %s: it is a directory", w->path);
	return err_hint(err, "name a file that may be created or replaced");
}

/* Walk on from fd with what is behind this component. */
static void enter(struct walk *w, int fd, const char *after)
{
	char *rest = xstrdup(after);

	close(w->dir);
	w->dir = fd;
	free(w->rest);
	w->rest = rest;
}

static int may_follow(const struct walk *w, struct err *err)
{
	struct stat dir;

	if (fstat(w->dir, &dir))
		return fail_path(w, errno, err);
	if (!resolve_sticky_dir(&dir) || w->st.st_uid == geteuid() || w->st.st_uid == dir.st_uid)
		return 0;
	err_set(err, EXIT_FAILED, "cannot write %s: the link %s in a sticky directory is another user's (uid %u)",
		w->path, w->name, (unsigned int)w->st.st_uid);
	return err_hint(err, "name the file itself, in a directory that others cannot write to");
}

static int follow(struct walk *w, int link, const char *after, struct err *err)
{
	char target[PATH_MAX + 1];
	ssize_t len;
	char *rest;

	if (++w->nr_links > MAX_LINKS)
		return fail_path(w, ELOOP, err);
	if (may_follow(w, err))
		return -1;
	len = readlinkat(link, "", target, PATH_MAX);
	if (len <= 0)
		return fail_path(w, len ? errno : ENOENT, err);
	target[len] = '\0';
	if (target[0] == '/') {
		int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (root < 0)
			return fail_path(w, errno, err);
		close(w->dir);
		w->dir = root;
	}
	rest = xasprintf("%s%s", target, after);
	free(w->rest);
	w->rest = rest;
	return 0;
}

/* fd is the component, opened; closed here or kept as w->dir. */
static int take(struct walk *w, int fd, const char *after, struct err *err)
{
	bool last = !*after;
	int ret = 0;

	if (fstat(fd, &w->st)) {
		ret = fail_path(w, errno, err);
	} else if (S_ISLNK(w->st.st_mode) && !on_proc(w->dir)) {
		ret = follow(w, fd, after, err);
	} else if (last && S_ISDIR(w->st.st_mode)) {
		ret = fail_directory(w, err);
	} else if (last) {
		w->exists = w->done = true;
	} else {
		/* Links of procfs lead where their text does not: the kernel follows them. */
		int dir =
			openat(w->dir, w->name, O_PATH | O_DIRECTORY | O_CLOEXEC | (on_proc(w->dir) ? 0 : O_NOFOLLOW));

		if (dir < 0)
			ret = fail_path(w, errno, err);
		else
			enter(w, dir, after);
	}
	close(fd);
	return ret;
}

static int step(struct walk *w, struct err *err)
{
	const char *name = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(name, "/");
	const char *after = name + len;
	int fd;

	if (len > NAME_MAX)
		return fail_path(w, ENAMETOOLONG, err);
	if (!len)
		return fail_directory(w, err);
	memcpy(w->name, name, len);
	w->name[len] = '\0';
	fd = openat(w->dir, w->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return take(w, fd, after, err);
	if (errno != ENOENT || *after)
		return fail_path(w, errno, err);
	w->done = true;
	return 0;
}

int resolve_path(const char *path, struct resolved *r, struct err *err)
{
	struct walk w = { .path = path };
	int ret = 0;

	w.dir = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w.dir < 0)
		return fail_path(&w, errno, err);
	w.rest = xstrdup(path);
	while (!ret && !w.done)
		ret = step(&w, err);
	free(w.rest);
	if (ret) {
		close(w.dir);
		return ret;
	}
	*r = (struct resolved){ .dir_fd = w.dir, .name = xstrdup(w.name), .exists = w.exists, .st = w.st };
	r->on_proc = on_proc(w.dir);
	return 0;
}

void resolve_free(struct resolved *r)
{
	if (r->dir_fd >= 0)
		close(r->dir_fd);
	r->dir_fd = -1;
	free(r->name);
	r->name = NULL;
}
