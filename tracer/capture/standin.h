/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/standin.h - dynamic kprobe events that stand in for send events that
 * a kernel does not have (x86 before 6.4, arm64 before 6.5 for functions).
 *
 * Owns the events of one group, named like its instance, and nothing else. They are visible
 * in all of tracefs while they exist, which is why they are made only where
 * nothing better is there, and why the next run removes those of a run that
 * was killed. Knows their functions and arguments; what they mean is in
 * base/kevents.h, under KEVENT_PROBES.
 */
#ifndef IPITRACE_CAPTURE_STANDIN_H
#define IPITRACE_CAPTURE_STANDIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/kevents.h"

#define STANDIN_GROUP_PREFIX KEVENT_PROBES "_"

struct standin_event {
	const struct kevent *kev;
	const char *function; /* what is probed, the first of those tried */
	bool installed;
	char symbol[96]; /* found in the kernel; "" = it has no such function */
	int errnum;	 /* why it was refused; 0 = it was not tried */
};

struct standin;

/*
 * Install the events of the given kinds, OP_BIT(enum kevent_op), in a group
 * named like the instance, which must be locked (capture/instance.h). Each is optional: which of them this
 * kernel took is in standin_events(). *s is always set; NULL never means
 * success. -1: the kernel has no dynamic events at all (no CONFIG_KPROBE_EVENTS)
 * or took none of them.
 */
int standin_install(struct standin **s, const char *instance, uint32_t ops, unsigned int nr_cpus, struct err *err);
/* Remove them; disable them first everywhere. -1: something was left behind. NULL is fine. */
int standin_remove(struct standin *s, struct err *err);
void standin_free(struct standin *s);

/* Only look the functions up: nothing is installed. */
struct standin *standin_find(unsigned int nr_cpus);

/*
 * One more event of the group, on entry of a function of the kernel, with these arguments as kprobe_events has them.
 * 0 or -errno: -ENOENT where the kernel has no such function.
 */
int standin_add(const char *instance, const char *event, const char *function, const char *args);
int standin_drop(const char *event);

const char *standin_group(void); /* the string stays when the events go */
const struct standin_event *standin_events(const struct standin *s, unsigned int *nr);
/*
 * Sends that no event tells of: the kernel skips a probe that is hit while
 * another one runs on the same CPU, as by an interrupt in the midst of it.
 */
uint64_t standin_missed(const struct standin *s);
/* Why there can be none here, "the kernel has no ..."; NULL: there can, and the functions are another question. */
const char *standin_problem(void);
/* Events of runs that are gone; returns how many were removed. *failed: how many could not be. */
unsigned int standin_remove_stale(unsigned int *failed);

#endif
