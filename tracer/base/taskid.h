/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/taskid.h - which of the tasks that have the same number one after the other.
 *
 * The kernel gives a number again as soon as all others were had, which is
 * every half minute where much is forked and pid_max is 32768. So what is said
 * of a task by its number is said of the last that had it, unless the number
 * goes with a count of those that had it before while it was recorded.
 */
#ifndef IPITRACE_BASE_TASKID_H
#define IPITRACE_BASE_TASKID_H

#include <stdint.h>

/* Numbers are smaller: PID_MAX_LIMIT of include/linux/threads.h. */
#define TASK_NUMBER_BITS 22
#define TASK_MAX_OWNER	 510 /* it stands for all that follow */
#define TASK_ANY_OWNER	 511 /* one of them, but not known which: what an int32_t has room for */

/* owner: how many had the number before, so that for nearly all tasks the id is the number. */
static inline int32_t task_id(int32_t number, unsigned int owner)
{
	return number < 0 ? number : (int32_t)((uint32_t)number | (uint32_t)owner << TASK_NUMBER_BITS);
}

/* What the kernel calls it. Below 0 are none. */
static inline int32_t task_number(int32_t id)
{
	return id < 0 ? id : id & ((1 << TASK_NUMBER_BITS) - 1);
}

static inline unsigned int task_owner(int32_t id)
{
	return id < 0 ? 0 : (unsigned int)id >> TASK_NUMBER_BITS;
}

/* One of those that had the same number. */
struct task_owner {
	int32_t id;
	int32_t tgid;	  /* id of its process; -1: not known */
	int32_t parent;	  /* of a process: id of who started it; 0: nobody, -1: not known */
	uint64_t from_ns; /* of the trace clock: it has the number since then; 0: since before it was recorded */
	char name[16];	  /* TASK_COMM_LEN of the kernel; "": not known */
};

#endif
