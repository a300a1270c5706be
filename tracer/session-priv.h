/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * session-priv.h - what session.c and session-events.c share.
 */
#ifndef IPITRACE_SESSION_PRIV_H
#define IPITRACE_SESSION_PRIV_H

#include "session.h"

struct tracefs_instance;

struct session {
	struct tracefs_instance *inst;
	struct tracefs_instance *exits;	/* names of tasks that end; NULL if there is none */
	int	     exits_fd;		/* its trace_pipe */
	char	    *notes;
	const char  *tier;
	bool	     filtered;		/* target CPUs, on every event */
	unsigned int page_size;
	uint64_t     buffer_bytes;
	struct session_event *events;	unsigned int nr_events;
};

/* Filters, stack triggers, then the events themselves; fills events, tier and filtered. */
int session_enable_events(struct session *s, const struct session_config *config, struct err *err);
void session_remove_triggers(struct tracefs_instance *inst);

#endif
