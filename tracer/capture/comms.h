/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/comms.h - task names by pid, gathered while recording.
 *
 * The kernel's saved_cmdlines holds few names, forgets old ones, and loses new
 * ones when pids have wrapped; its size is global, not ours to change. So it is
 * read again and again, /proc is asked for those who live at the begin and at
 * the end, and those who end meanwhile are heard of by an event.
 */
#ifndef IPITRACE_CAPTURE_COMMS_H
#define IPITRACE_CAPTURE_COMMS_H

#include "base/hash.h"

struct comms {
	struct comm *comms;
	unsigned int nr, room;
	struct hash by_pid;
};

void comms_free(struct comms *c);
/* Lines "pid name"; a later name of a pid replaces an earlier one. NULL is fine. */
void comms_add_text(struct comms *c, const char *text);
/* Tasks living now, under the names that they have now. */
void comms_add_living(struct comms *c);
char *comms_format(const struct comms *c); /* malloc'ed, same lines */

#endif
