/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record/record.h - one recording: prepare -> trace -> save -> reap.
 *
 * The order of things, which is all that matters here: whatever can refuse
 * does so before tracing starts, tracefs is given back before the file is
 * written, and the file has a name only when it is complete.
 */
#ifndef IPITRACE_RECORD_H
#define IPITRACE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/filter.h"
#include "capture/comms.h"
#include "record/meta.h"
#include "capture/session.h"
#include "capture/spool.h"
#include "capture/workload.h"
#include "file/datfile.h"
#include "file/facts.h"

struct record_options {
	const char *output;
	uint64_t buffer_bytes, duration_ns;
	uint32_t stack; /* enum session_stack */
	bool no_stack, quiet;
	struct ipi_filter filter;
};

struct record {
	struct record_options opts;
	char **argv; /* workload or NULL */
	struct dat_writer *writer;
	struct session *session;
	struct spool *spool;
	struct workload *workload;
	struct comms comms;
	struct record_meta meta;
	struct facts facts;
	bool timed_out;
	uint64_t events, lost, bytes;
	uint64_t buffer_bytes; /* per CPU, as it was */
};

/* All of it but the waiting for the workload. argv: the command line for the facts. */
int record_run(struct record *r, char **argv, struct err *err);
/* Until the workload is gone. A signal that comes now kills it. */
void record_reap_workload(struct record *r);
/* Frees everything; a workload still there is killed. */
void record_free(struct record *r);

#endif
