/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/resolve.h - where a path really leads, as safely as the kernel can be told to walk it.
 */
#ifndef IPITRACE_FILE_RESOLVE_H
#define IPITRACE_FILE_RESOLVE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"

/* A file by its directory and its name in there; the name is no symbolic link (but see on_proc). */
struct resolved {
	int dir_fd; /* O_PATH */
	char *name;
	bool exists;
	struct stat st; /* of the file, if it exists */
	bool on_proc;	/* the directory is in procfs, whose links are no paths: not followed */
};

/*
 * Follows symbolic links, the last one too, except those that somebody else
 * left in a world-writable sticky directory: fs/namei.c may_follow_link() with
 * fs.protected_symlinks=1, whatever the setting is here. -1: the path leads
 * nowhere, or to a directory.
 */
int resolve_path(const char *path, struct resolved *r, struct err *err);
void resolve_free(struct resolved *r);

/* Sticky, and anybody may put something there. */
bool resolve_sticky_dir(const struct stat *dir);

#endif
