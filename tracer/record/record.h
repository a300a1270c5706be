/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record/record.h - one recording: prepare -> trace -> save -> give tracefs back -> reap.
 *
 * The order of things, which is all that matters here: whatever can refuse
 * does so before tracing starts; the file is written first and tracefs is
 * given back afterwards, so that trouble with the latter costs no recording;
 * and the file has a name only when it is complete.
 */
#ifndef IPITRACE_RECORD_RECORD_H
#define IPITRACE_RECORD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/filter.h"
#include "capture/userstack.h"
#include "capture/workload.h"
#include "file/datfile.h"
#include "record/run.h"
#include "record/save.h"

struct record_options {
	const char *output;
	uint64_t buffer_bytes, duration_ns;
	uint32_t stack;	   /* enum session_stack */
	uint32_t level;	   /* of compression; 0 = none */
	const char *clock; /* NULL = mono; else x86-tsc */
	char *events;	   /* to record beside those of IPIs, as struct session_config has them */
	uint32_t groups;   /* bit per row of base/evgroups.h */
	bool no_stack, quiet, progress;
	bool strict;   /* an incomplete recording is 3, whatever the workload's status */
	bool wait_all; /* for what the workload leaves behind, too */
	struct ipi_filter filter;
	bool log_session;		   /* IPITRACE_DEBUG=session */
	struct userstack_config userstack; /* mode, stack_bytes */
};

struct record {
	struct record_options opts;
	char **argv; /* workload or NULL */
	struct dat_writer *writer;
	struct recording rec;
	struct run run; /* say() is the caller's to set */
	uint64_t records, lost, bytes;
	uint64_t buffer_bytes; /* per CPU, as it was */
};

/* What record does unless it is told otherwise, and what of it is the session's: for who measures what that costs. */
struct record_options record_defaults(void);
struct session_config record_session_config(const struct record_options *o);

/* All of it but the waiting for the workload. argv: the command line for the facts. */
int record_run(struct record *r, char **argv, struct err *err);
/* Frees everything; a workload still there is killed. */
void record_free(struct record *r);

#endif
