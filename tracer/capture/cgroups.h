/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/cgroups.h - the control groups of one hierarchy, by path.
 *
 * Version 2 where it is in use; else, on hosts that still have version 1, the
 * hierarchy that has groups. Paths are those of /proc/PID/cgroup.
 */
#ifndef IPITRACE_CAPTURE_CGROUPS_H
#define IPITRACE_CAPTURE_CGROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"

#define CGROUPS_MAX 4096u /* paths that are kept */

struct cgroups {
	char **paths;
	unsigned int nr;
	struct hash by_path;
	int hierarchy; /* as in /proc/PID/cgroup; 0: version 2 */
	bool known;    /* cgroups_choose() found one */
	bool whole;    /* paths begin at the root that the kernel's events begin at */
};

void cgroups_free(struct cgroups *c);
/* Which hierarchy; once. */
void cgroups_choose(struct cgroups *c);
/* The number of a path, from 1; 0: too many are known. */
unsigned int cgroups_number(struct cgroups *c, const char *path, size_t len);
/* Of a living task, of which "/proc/PROCESS/task/TASK" is the directory; 0: not to be found. */
unsigned int cgroups_of_task(struct cgroups *c, const char *directory);

#endif
