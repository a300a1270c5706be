/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/evgroups.h - groups of events that are recorded beside those of IPIs when they are asked for.
 *
 * "record --with NAME" records a row of this table. A group is one row here;
 * what its events mean, where ipitrace uses them at all, is a row each in
 * base/kevents.c.
 */
#ifndef IPITRACE_BASE_EVGROUPS_H
#define IPITRACE_BASE_EVGROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define EVGROUP_MAX_EVENTS 28

/* Of whose threads its events are, where only some are wanted: of virtual CPUs (capture/kvmtasks.h). */
enum evgroup_tasks {
	EVGROUP_TASKS_ALL,
	EVGROUP_TASKS_SWITCH,  /* of either that is switched */
	EVGROUP_TASKS_WAKING,  /* of who is woken */
	EVGROUP_TASKS_CURRENT, /* of who runs */
};

struct evgroup_event {
	const char *system, *name; /* of tracefs; NULL behind the last of a group */
	const char *filter;	   /* as the kernel takes it; NULL = every one */
	bool elsewhere;		   /* of other machines: not missed where it is not */
	uint8_t tasks;		   /* enum evgroup_tasks */
};

struct evgroup {
	const char *name;
	const char *help; /* one line, no full stop */
	struct evgroup_event events[EVGROUP_MAX_EVENTS + 1];
};

/* Row by row, in the order in which they are shown; NULL behind the last. */
const struct evgroup *evgroup_row(unsigned int idx);
/* "sched,idle" to a bit per row, added to *groups. */
int evgroups_parse(uint32_t *groups, const char *list, struct err *err);
/* Is the row of this name among them? */
bool evgroups_have(uint32_t groups, const char *name);

#endif
