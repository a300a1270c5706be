/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live/names.h - names of tasks while a measurement runs: asked for when a task sends its first IPI, and kept.
 *
 * A task that lives is asked itself, one that is gone has left its name with who saw it end (capture/comms.h). The
 * name that was given is the one that a file gets, too, so that both call the task the same.
 */
#ifndef IPITRACE_LIVE_NAMES_H
#define IPITRACE_LIVE_NAMES_H

#include <stdint.h>

#include "base/hash.h"
#include "capture/comms.h"

/* Zeroed memory has none. */
struct live_names {
	char **texts; /* each once */
	uint32_t nr, room;
	struct hash by_text;
};

/* Lives until live_names_free(). */
const char *live_names_comm(struct live_names *n, struct comms *c, int32_t pid);
void live_names_free(struct live_names *n);

#endif
