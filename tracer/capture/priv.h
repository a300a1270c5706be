/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/priv.h - what capture/session.c, capture/events.c and capture/probe.c share.
 */
#ifndef IPITRACE_CAPTURE_PRIV_H
#define IPITRACE_CAPTURE_PRIV_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/evgroups.h"
#include "base/kevents.h"
#include "capture/instance.h"
#include "capture/session.h"

struct standin;
struct extra;

#define CALL_HANDLER "generic_smp_call_function_single_interrupt" /* callback of sends of calls */
#define EXITS_SUFFIX "-exits"					  /* of the instance that tells who began and ended */

/* A file of the instance as it was when the recording was armed. */
struct watched {
	char *file, *text; /* text NULL: only whether it was written */
	char *now;	   /* at the end */
	int fd, notice;	   /* held open, so that the kernel keeps the inode; -1: nobody tells when it is written */
	bool written;	   /* by somebody, since */
	bool foreign;	   /* ... before a write of ours */
	bool changed;
};

/* With --with kvm: whose threads run virtual CPUs. */
struct session_kvm {
	bool on;
	bool all;			/* nobody knows yet whose: scheduling of all tasks */
	bool choose;			/* of the VMs of some processes alone */
	const struct pid_filter *which; /* borrowed; NULL = of all */
	int32_t *tids;			/* in order */
	unsigned int nr;
	struct session_late *late; /* that were found while it recorded */
	unsigned int nr_late;
	bool has_probe;
};

/* A write that the kernel lets wait for a grace period. */
struct slow_write {
	const char *file;
	char text[24];
	int fd;
	int errnum; /* 0: done */
};

#define NR_SLOW 2

struct session {
	struct cleanup cleanup;
	struct instance main;
	struct instance exits; /* tasks that begin and end; there may be none */
	int exits_fd;	       /* its trace_pipe */
	bool tells_tasks;      /* of every name that a task gets */
	char *notes;
	void (*log)(void *ctx, const char *text); /* as in struct session_config */
	void *log_ctx;
	enum ipi_tier tier;
	bool filtered;	/* target CPUs, on every event */
	uint32_t known; /* bit per function of session_config.known: no stacks of sends from call sites in it */
	unsigned int nr_cpus, page_size;
	uint64_t buffer_bytes;
	struct session_event *events;
	unsigned int nr_events;
	struct extra *extras; /* events that the user asks for */
	unsigned int nr_extras;
	uint64_t missed_before; /* by the probes, before recording began */
	struct watched *watched;
	unsigned int nr_watched;
	int notices; /* inotify; -1: none */
	struct slow_write slow[NR_SLOW];
	pthread_t slow_thread;
	bool has_slow_thread;
	pthread_t taker, unwatcher; /* session_retire()'s threads */
	bool retired, has_taker, has_unwatcher;
	struct err left;   /* what it could not remove */
	uint64_t *written; /* by CPU: events written for sure by the last glance */
	bool emptied;	   /* fewer than at the glance before */
	struct session_kvm kvm;
	struct standin *standin; /* kprobe events in place of send events; NULL = not needed */
};

/* Filters, stack triggers, then the events themselves; fills events, tier and filtered. */
/* Before them, so that whoever has to be at the send events first finds all. */
void session_make_standins(struct session *s);
int session_enable_events(struct session *s, const struct session_config *config, struct err *err);
/*
 * capture/extras.c: what config->events and config->groups name in this kernel; and enable it, behind
 * session_enable_events(), where it is not enabled yet.
 */
int session_find_extras(struct session *s, const struct session_config *config, struct err *err);
int session_enable_extras(struct session *s, struct err *err);
void session_free_extras(struct session *s);
/* The filters of those that depend on threads, anew. */
void session_filter_extras(struct session *s);
/* capture/kvmtasks.c: which threads; the filter of such events, malloc'ed, NULL = of whatever thread. */
void session_open_kvm(struct session *s, const struct session_config *config);
char *session_kvm_filter(const struct session *s, enum evgroup_tasks kind);
/*
 * arm64: a probe of vgic_v3_dispatch_sgi(), which alone knows whom an SGI is for; in the group of the other probes.
 * False: this is no arm64, or it cannot be made.
 */
#define SGI_PROBE "sgi"
bool session_make_sgi_probe(struct session *s);
int session_close_kvm(struct session *s, struct err *err);
/* capture/verify.c: around a write of ours to a file that is watched. */
void session_own_write(struct session *s, const char *file, bool begins);
/* "cpu & CPUS{1,3}", or before kernel 6.6 "(cpu == 1 || ...)"; malloc'ed, NULL if it cannot be said so. */
char *session_target_filter(const struct kevent *kev, const struct cpuset *cpus, bool modern);
/* What was done to a file of the main instance: written, or refused (errnum). Nothing where nobody asks. */
void session_log(struct session *s, const char *file, const char *text, int errnum);
/* A line for session_notes(). */
void session_note(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The events that kernels have, row by row of the table from *idx on; NULL behind the last. */
const struct kevent *session_kevent(unsigned int *idx);
bool session_kevent_exists(const struct kevent *kev);
/* Kinds of events that this kernel has, OP_BIT(enum kevent_op). */
uint32_t session_ops_present(void);
/* Kinds of probes (OPS_PROBES) needed on a kernel that has these kinds of events; 0 = none. */
uint32_t session_standin_ops(uint32_t ops);
/* What a session takes per CPU unless told otherwise; *available: memory of the machine, may be NULL. */
uint64_t session_default_buffer_bytes(unsigned int nr_cpus, uint64_t *available);
/* capture/tasks.c: the second instance. */
void session_open_tasks(struct session *s);
/* capture/verify.c: remember what decides over the recording, once it is armed; forget it. */
void session_watch(struct session *s);
void session_watch_on(struct session *s); /* once it records */
void session_unwatch(struct session *s);
void session_remove_triggers(struct tracefs_instance *inst);

/* capture/session.c: is a tracefs mounted anywhere? */
bool session_tracefs_mounted(void);

#endif
