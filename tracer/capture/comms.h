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
#include "base/taskid.h"
#include "capture/cgroups.h"

/* A task is in this group from then on. */
struct comms_place {
	uint64_t from_ns; /* of the trace clock; 0: since before it was recorded */
	uint32_t cgroup;  /* cgroups_number(); 0: not known */
	int32_t pid;
};
#define COMMS_MAX_PLACES  (1u << 20)
#define COMMS_MAX_FORMERS (1u << 17)

struct comms {
	struct comm *comms;
	unsigned int nr, room, forget_at;
	/* Grows when names that had settled do no longer: of a new task's number, comms_rename(), comms_forget_ended() */
	uint64_t nr_reused;
	struct hash by_pid;
	struct cgroups cgroups;
	struct comms_place *places; /* in order of time, at most COMMS_MAX_PLACES */
	unsigned int nr_places;
	struct comms_former *
		formers; /* who had numbers that are others' now, in order of time, and not many more than COMMS_MAX_FORMERS */
	unsigned int nr_formers;
	uint64_t unplaced_ns; /* from here on nothing is known of groups: there were too many; 0 = never */
	uint64_t lost;	      /* events that tell of tasks */
	bool unclear;	      /* an event told of a name that cannot be read from it */
	bool asked;	      /* comms_add_living() was called */
	bool chosen;	      /* what is given out is of the tasks of comms_choose() */
};

/* A new task, as task:task_newtask tells of it. */
struct comms_new {
	int32_t pid, creator;
	uint64_t clone_flags, at_ns;
	const char *name; /* its creator's, of name_len bytes; NULL: not told */
	size_t name_len;
};

void comms_free(struct comms *c);
/* A later name of a pid replaces an earlier one, also one without letters, which is none. Newlines become '?'. */
void comms_add(struct comms *c, int32_t pid, const char *name, size_t len);
/* A thread of its creator's process, or a process; in its creator's group. */
void comms_add_task(struct comms *c, const struct comms_new *task);
/* The task has ended: its number is free. */
void comms_end_task(struct comms *c, int32_t pid, uint64_t at_ns);
/*
 * Where days go by: nobody will ask again for tasks that ended before. All that is known of them goes, unless others of
 * their process, or whom they started, are still of interest. Cheap to call often: does something when tasks have doubled.
 */
void comms_forget_ended(struct comms *c, uint64_t before_ns);
/* A process, or a thread alone, was moved to a group. */
void comms_move(struct comms *c, int32_t pid, const char *path, uint64_t at_ns);
/* Lines "pid name"; a later name of a pid replaces an earlier one, but not that of a task that has ended. NULL is fine. */
void comms_add_text(struct comms *c, const char *text);
/* Tasks living now, under the names that they have now. In a pid namespace their numbers are not the kernel's: names only. */
void comms_add_living(struct comms *c);
/* The numbers of /proc, and of fork(), are those of the kernel's events: not so in a pid namespace. */
bool comms_same_numbers(void);
/* Pairs of pid and tgid (task_id()), by pid, malloc'ed: of all tasks whose process is known, the last that had the pid. */
int32_t *comms_processes(const struct comms *c, unsigned int *nr_pairs);
/*
 * The name of a task as it is by now: asked of the task itself, if it lives, else what was gathered; NULL: nobody
 * knows. It keeps this one, whatever is added later, until
 * a new task gets its number, or comms_rename(). The text is good until something is added.
 */
const char *comms_settle(struct comms *c, int32_t pid);
/* It has executed a program: the name that was known of it is another's. */
void comms_rename(struct comms *c, int32_t pid);
/* The process that a task is of, the last that had the pid; -1: not known. */
int32_t comms_tgid(const struct comms *c, int32_t pid);
/* The process that started a process; 0: none, -1: not known. */
int32_t comms_parent(const struct comms *c, int32_t tgid);
/* Pairs of process and who started it (task_id()), by process, malloc'ed. */
int32_t *comms_parents(const struct comms *c, unsigned int *nr_pairs);
/* All that had a number that several had, by number, then by time, malloc'ed. */
struct task_owner *comms_owners(const struct comms *c, unsigned int *nr);
/* The group that a task was in; NULL: not known. */
const char *comms_cgroup(const struct comms *c, int32_t pid, uint64_t at_ns);
/* Puts places in the order of tasks, and of time within each: nothing is added from then on. */
void comms_sort_places(struct comms *c);
char *comms_format(const struct comms *c); /* malloc'ed, same lines */
/* The greatest number of a task; 0: none is known. */
int32_t comms_max_pid(const struct comms *c);
/*
 * From now on comms_format(), comms_processes(), comms_parents(), comms_owners() and comms_is_chosen() are of those tasks that seen()
 * knows, of their processes, and of who started these, and so on: for a file that names no others. NULL: of all.
 */
void comms_choose(struct comms *c, bool (*seen)(const void *ctx, int32_t pid), const void *ctx);
bool comms_is_chosen(const struct comms *c, int32_t pid);

#endif
