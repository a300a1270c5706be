/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/comms.h - task names, and the processes that tasks are of, by pid, gathered while recording.
 *
 * The kernel's saved_cmdlines holds few names, forgets old ones, and loses new
 * ones when pids have wrapped; its size is global, not ours to change. So it is
 * read again and again, /proc is asked for those who live at the begin and at
 * the end, and those who end meanwhile are heard of by an event.
 */
#ifndef IPITRACE_CAPTURE_COMMS_H
#define IPITRACE_CAPTURE_COMMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct comms {
	struct comm *comms;
	unsigned int nr, room;
	uint64_t nr_reused; /* names that had settled, of a number that is a new task's now */
	struct hash by_pid;
};

void comms_free(struct comms *c);
/* A later name of a pid replaces an earlier one. */
void comms_add(struct comms *c, int32_t pid, const char *name, size_t len);
/* A new task: a thread of its creator's process, or a process. */
void comms_add_task(struct comms *c, int32_t pid, int32_t creator, bool thread);
/* Lines "pid name"; a later name of a pid replaces an earlier one. NULL is fine. */
void comms_add_text(struct comms *c, const char *text);
/* Tasks living now, under the names that they have now. In a pid namespace their numbers are not the kernel's: names only. */
void comms_add_living(struct comms *c);
/*
 * Pairs of pid and tgid, by pid, malloc'ed: of all tasks whose process is known. A pid that was of two processes is not
 * among them.
 */
int32_t *comms_processes(const struct comms *c, unsigned int *nr_pairs);
/*
 * The name of a task as it is by now: asked of the task itself, if it lives, else what was gathered; NULL: nobody
 * knows. It keeps this one, whatever is added later, until
 * a new task gets its number. The text is good until something is added.
 */
const char *comms_settle(struct comms *c, int32_t pid);
/* The process that a task is of; -1: not known, or it was of two. */
int32_t comms_tgid(const struct comms *c, int32_t pid);
char *comms_format(const struct comms *c); /* malloc'ed, same lines */

#endif
