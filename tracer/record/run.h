/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record/run.h - one measurement from switching tracing on to reaping the workload: what record and the
 * live commands have in common.
 *
 * Prints nothing: what the user is to know goes to say().
 */
#ifndef IPITRACE_RECORD_RUN_H
#define IPITRACE_RECORD_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/filter.h"
#include "capture/workload.h"
#include "record/save.h"

struct run {
	struct workload *workload; /* NULL: there is none; owned */
	bool timed_out, killed;
	/* One line for the user, a note or a warning. */
	void (*say)(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
};

/* A command line as a shell would take it, the program's name first; malloc'ed. */
char *run_command_line(char **argv);
/* What the session did outside of its instance, also where it failed to open. */
void run_say_notes(const struct run *r, const struct session *s);
/* CPUs of -C that cannot be recorded. */
void run_warn_offline(const struct run *r, const struct ipi_filter *f);

/* Switches tracing on, between the readings of /proc/interrupts (file/facts.h says which). -1: *err; run_stop() in any case. */
int run_start(struct recording *rec, struct err *err);
/* Lets the workload go, if there is one. */
int run_release(struct run *r, struct err *err);
/* By a signal, because the workload ended, or because it is end_ns (of signals_now_ns()). */
bool run_is_over(struct run *r, uint64_t end_ns);
/* Verifies that nobody changed the session, switches tracing off, and tells the workload. failed: by whom calls. */
int run_stop(struct run *r, struct recording *rec, bool failed, struct err *err);
/* run_stop() does: what ended the measurement ends the workload. */
void run_tell_workload(const struct run *r);
/* Until the workload is gone. A signal that comes now kills it. */
void run_reap_workload(struct run *r);

#endif
