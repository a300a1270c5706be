/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/instance.h - a tracefs instance that everybody can see to be alive.
 *
 * Its owner holds flock() on the instance's directory as long as it lives. The
 * kernel gives the lock back whatever ends the owner, and no namespace hides
 * it, unlike a pid: the same tracefs is seen by all containers, each with pids
 * of its own. An instance named like ours whose lock is free was left behind;
 * one whose lock is held is never touched.
 *
 * Names are "ipitrace-PID.RANDOM" and a suffix that says what it is for.
 */
#ifndef IPITRACE_CAPTURE_INSTANCE_H
#define IPITRACE_CAPTURE_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct tracefs_instance;

struct instance {
	struct tracefs_instance *tfs; /* NULL = none */
	int lock_fd;		      /* of its directory; close-on-exec */
	char name[64];
};

#define INSTANCE_INIT                                                                                                  \
	{                                                                                                              \
		.lock_fd = -1                                                                                          \
	}

/*
 * Makes one of a name that nobody has; suffix "" or "-exits". 0, or -1 with
 * *errnum as the kernel gave it.
 */
int instance_create(struct instance *inst, const char *suffix, int *errnum, struct err *err);
/* Disarms and removes it. What is gone already is well. 0, or -1 with errno: it is still there, for the next run to remove. */
int instance_destroy(struct instance *inst);

/* Is the owner of the instance of this name (without suffix) alive? False too where there is none. */
bool instance_alive(const char *name);

/* Told of each that was left behind: removed, or not (errnum). */
typedef void (*instance_stale_fn)(void *ctx, const char *name, int errnum);
/* Removes what runs that were killed have left. Safe beside living owners and other cleaners. */
void instances_remove_stale(instance_stale_fn tell, void *ctx);

#endif
