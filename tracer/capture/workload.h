/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/workload.h - the program that record runs: fork, start barrier, exec, signals, reap.
 *
 * Knows nothing of tracing. The child exists, and has its final identity,
 * before tracing begins; it calls exec when it is released. Under sudo it runs
 * as the user who called sudo.
 */
#ifndef IPITRACE_CAPTURE_WORKLOAD_H
#define IPITRACE_CAPTURE_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cpuset.h"
#include "base/err.h"

struct workload;

/* The user behind sudo; false when not root or not under sudo. */
bool invoking_user(uid_t *uid, gid_t *gid);

/*
 * What it leaves behind (a daemon) becomes a child of this process: only so can
 * it be known. With whole_tree the workload has ended when all of it has.
 */
struct workload_config {
	char **argv;
	bool stdout_to_stderr; /* standard output is taken */
	bool whole_tree;
	/* CPUs that are not to be disturbed by its release: it waits elsewhere if it can, and goes where it may by itself. */
	const struct cpuset *avoid;
};

/*
 * A command line of the user's for a shell, as the user behind sudo, with IPITRACE_FILE and IPITRACE_TRIP in its
 * environment (trip may be NULL); the file is $1, too. Its standard output is standard error. Not waited for. -1: errno.
 */
pid_t command_start(const char *command, const char *file, const char *trip);
/* Until it has ended; its status as of a shell, -1: nobody knows any more. */
int command_wait(pid_t pid);

/* Fork a child that waits to become argv[0]. */
int workload_fork(struct workload **w, const struct workload_config *config, struct err *err);
/* Let it exec. -1: it could not; err->code is EXIT_NOT_FOUND or EXIT_CANNOT_RUN, and it is reaped. */
int workload_release(struct workload *w, struct err *err);
/* End one that was not released; it counts as ended. */
void workload_cancel(struct workload *w);
/* When it called exec, ns of CLOCK_MONOTONIC, by its own clock: all that was done to release it was before. 0: it did not. */
uint64_t workload_exec_ns(const struct workload *w);
int32_t workload_pid(const struct workload *w);
bool workload_released(const struct workload *w);
/* Reap what has ended; true if the workload has, now or before. */
bool workload_ended(struct workload *w);
/* Also to what it left behind, with whole_tree. One that is stopped goes on, to hear it. */
void workload_signal(struct workload *w, int sig);
/* Number of processes that an ended workload has left running; name: of one of them. */
unsigned int workload_left(struct workload *w, char *name, size_t len);
/* Exit status of an ended workload, 128 + signal if one killed it. */
int workload_status(const struct workload *w);
/* Ended by this signal? */
bool workload_killed_by(const struct workload *w, int sig);
/* Frees. A child still there is killed and reaped. NULL is fine. */
void workload_close(struct workload *w);

#endif
