/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/session.h - a private tracefs instance: open -> start -> stop -> close.
 *
 * Owns an instance (capture/instance.h), and a small second one, "-exits", for the names of tasks that end meanwhile; nothing else.
 * Knows names and fields of events, not what they mean, and no files. Who
 * reads the pages: capture/spool.h.
 *
 * Outside the instance a session changes three things only: it mounts tracefs
 * where it is not mounted (and leaves it mounted, because by then others may
 * use it), it removes instances and kprobe events of ipitrace processes that
 * are gone, and on kernels without send events it makes kprobe events of its
 * own (capture/standin.h), which go when it closes. The first two are reported
 * by session_notes().
 */
#ifndef IPITRACE_CAPTURE_SESSION_H
#define IPITRACE_CAPTURE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpuset.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/parse.h"
#include "base/event.h"

struct session;

enum session_stack {
	SESSION_STACK_NONE,
	SESSION_STACK_AUTO,  /* as SENDS, but for sends from call sites in session_config.known */
	SESSION_STACK_SENDS, /* kernel stack with every send and every wake-up without an IPI */
	SESSION_STACK_CALLS, /* and with every queued call */
};

/* What the kernel counts by itself (capture/counts.h), with no event recorded: who sends, by call site or by stack. */
enum session_counts { SESSION_COUNTS_NONE, SESSION_COUNTS_CALLSITE, SESSION_COUNTS_STACK, SESSION_NR_COUNTS };

#define SESSION_MAX_KNOWN 4

struct session_config {
	enum session_counts
		counts;	       /* in place of events: nothing of what follows but buffer_bytes and log is for these */
	uint64_t buffer_bytes; /* per CPU; 0 = by the memory of the machine */
	const char *clock;     /* of tracefs; NULL = "mono" */
	enum session_stack stack;
	/*
	 * Functions whose call sites name the caller; SESSION_MAX_KNOWN at most. Which of them the kernel has, it tells
	 * by taking a filter: session_knows().
	 */
	const char *const *known;
	unsigned int nr_known;
	const struct cpuset *target_cpus; /* only events about these targets; NULL = all */
	uint32_t classes;		  /* bit per enum ipi_class; 0 = all */
	/*
	 * Beside the events of IPIs: "SYS:EVENT", "SYS" or "EVENT", shell patterns, commas between them
	 * (base/globs.h); and a bit per row of base/evgroups.h.
	 */
	const char *events; /* NULL = none */
	uint32_t groups;
	const struct pid_filter *kvm_processes; /* of the group kvm: VMs of these alone; NULL = of all */
	/* Told of everything that is done to tracefs, a line each; NULL = nobody asks. */
	void (*log)(void *ctx, const char *text);
	void *log_ctx;
	/*
	 * Called when tracefs is there, and before the first event is enabled: for
	 * what has to stand before the recording at the same tracepoints. NULL = nothing.
	 */
	int (*before_events)(void *ctx, const struct session *s, struct err *err);
	void *before_ctx;
	/*
	 * Called while a thread waits for the kernel to make the buffers, and from when on session_read_tasks() tells of
	 * tasks: for what is to be read of /proc. Not to touch tracefs, which would wait, too. NULL = nothing.
	 */
	void (*meanwhile)(void *ctx);
	void *meanwhile_ctx;
};

/* An event that the kernel has and that was enabled. */
struct session_event {
	const char *system, *name;
};

/* per_cpu/cpuN/stats. */

/*
 * Make the instance, select clock, buffers, events, filters and triggers;
 * tracing stays off. *s is set even on failure, so that its notes can be read;
 * session_close() it in any case.
 */
int session_open(struct session **s, const struct session_config *config, struct err *err);
int session_start(struct session *s, struct err *err);
/* Told of each thing that another process changed: one line, without the instance's name. */
typedef void (*session_change_fn)(void *ctx, const char *text);
/*
 * While it still records, at the end: whether all that decides over the
 * recording is as session_open() made it (switches, events, filters, triggers,
 * clock, buffers). Returns the number of changes told.
 */
unsigned int session_verify(struct session *s, session_change_fn tell, void *ctx);
/* A thread that turned out to run a virtual CPU while it recorded; its scheduling is there from then on. */
struct session_late {
	int32_t tid;
	uint64_t from_ns; /* of the trace clock */
};
/* Now and then while it records: threads of virtual CPUs that are new, where the session is of these. */
void session_look_for_vcpus(struct session *s);
bool session_is_kvm(const struct session *s);
/* The scheduling of all tasks, not of those threads alone. */
bool session_kvm_is_all(const struct session *s);
/* Threads of virtual CPUs that were found so far, if it looks for them: not if it records the scheduling of all tasks. */
unsigned int session_nr_vcpus(const struct session *s);
const struct session_late *session_late_vcpus(const struct session *s, unsigned int *nr);
/* Now and then while it records: a buffer that another process emptied shows in its counts. */
void session_glance(struct session *s);
/* Stop recording. Safe to call twice; never fails for a reason that a caller could act on. */
void session_stop(struct session *s);
/*
 * Once it has stopped and nothing more is to be read of it: threads take the instances down, for which the kernel
 * waits for grace periods, while the caller goes on with what is in memory. session_close() waits for them.
 */
void session_retire(struct session *s);
/* Disarm and remove the instance. NULL is fine. -1: something was left behind, *err says what. */
int session_close(struct session *s, struct err *err);

/* Lines for the user about what was done outside the instance; "" if nothing. */
const char *session_notes(const struct session *s);
const char *session_tier(const struct session *s);	  /* "exact", "paired", "counts" */
bool session_filtered_in_kernel(const struct session *s); /* all events that targets record obey target_cpus */
/* Is this one of those in whose call sites no stacks are taken? i: of session_config.known. */
bool session_knows(const struct session *s, unsigned int i);
unsigned int session_page_size(const struct session *s); /* of a sub-buffer */
uint64_t session_buffer_bytes(const struct session *s);	 /* per CPU */
unsigned int session_nr_events(const struct session *s);
const struct session_event *session_events(const struct session *s);

struct comms;

/*
 * Tasks that began and ended since the last call. The kernel's saved_cmdlines forgets some, above all once pids
 * wrapped, and only who saw a task begin knows later whose thread it was.
 */
void session_read_tasks(struct session *s, struct comms *c);
/*
 * Whether every task that was there at comms_add_living(), or began since, has in c the name that it has, or had when it
 * ended, by the last session_read_tasks(): nobody needs to be asked again.
 */
bool session_tells_tasks(const struct session *s, const struct comms *c);

/* CPUs that have a buffer as soon as they come online, highest number + 1. Never changes. */
unsigned int session_nr_cpus(const struct session *s);
/* Raw page pipe of a CPU, opened non-blocking; -1 and errno if there is none. The caller closes it. */
int session_open_raw(const struct session *s, unsigned int cpu);
/* Sends that probes in place of send events missed (capture/standin.h). Before session_close(). */
uint64_t session_missed_sends(const struct session *s);
int session_read_stats(const struct session *s, unsigned int cpu, struct ring_stats *stats);
/* A file of the instance, or of the top of tracefs; malloc'ed, NULL if unreadable. */
char *session_read(const struct session *s, const char *file, size_t *len);
char *session_read_top(const char *file, size_t *len);
/* Bytes of the kernel's long, of which its pages are made (events/header_page); 0: it does not say. */
unsigned int session_kernel_long(void);

#endif
