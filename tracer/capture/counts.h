/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/counts.h - counting left to the kernel: hist triggers in a session's instance.
 *
 * Nothing is copied an event: the kernel has a table for each trigger, by call site or stack, function and target CPU
 * (kernel/trace/trace_events_hist.c). It cannot match, and knows no targets of multicasts, whose mask is no key.
 * Triggers count whether or not the instance records; they are paused until session_start_counts().
 */
#ifndef IPITRACE_CAPTURE_COUNTS_H
#define IPITRACE_CAPTURE_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/session.h"

#define COUNTS_NO_TARGET UINT32_MAX

enum counts_kind {
	COUNTS_SINGLE,	  /* sends to one CPU: by call site and target, or by stack */
	COUNTS_TARGETS,	  /* the same once more, by target alone; only where COUNTS_SINGLE has none */
	COUNTS_MULTICAST, /* sends to several: by call site, or by stack */
	COUNTS_CALLS,	  /* calls queued: by function and target */
	COUNTS_NR_KINDS,
};

struct counts_row {
	char *name; /* call site or function, a module's behind it; frames, innermost first, a line each; NULL = no key */
	uint32_t target; /* or COUNTS_NO_TARGET */
	uint64_t count;
};

struct counts_table {
	struct counts_row *rows;
	unsigned int nr;
	uint64_t dropped; /* events that found no place: they are in no row */
};

/* The table that a hist file of the kernel has for a trigger of these keys; false: it has none, or it cannot be read. */
bool counts_parse(struct counts_table *t, const char *text, const char *keys);
void counts_free(struct counts_table *t);
uint64_t counts_sum(const struct counts_table *t);

/* Does this kernel have what they need? tracefs is mounted. */
bool counts_possible(void);
/* By session_open(), where config.counts says so: the triggers, paused. */
int session_arm_counts(struct session *s, enum session_counts by, struct err *err);
/* For these, in place of session_start() and session_stop(). */
int session_start_counts(struct session *s, enum session_counts by, struct err *err);
int session_stop_counts(struct session *s, enum session_counts by, struct err *err);
/* After it; tables: COUNTS_NR_KINDS, freed by the caller in any case. */
int session_read_counts(const struct session *s, enum session_counts by, struct counts_table *tables, struct err *err);

#endif
