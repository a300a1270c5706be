/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/userstack.h - what the user side of a sender looked like at every send, by perf events.
 *
 * One perf event for each send event and CPU takes the user's registers and the
 * top of the user's stack, or the chain of frame pointers. Another one, which
 * counts nothing, tells of mappings, execs, forks and exits, so that /proc is
 * read once, at the beginning. A reader thread for every 8 CPUs copies the
 * rings into unnamed files on a timer; nobody is woken.
 *
 * A sample and the send of the trace that it belongs to come from one hit of
 * the same tracepoint. perf's probe of it is registered before the session
 * enables the event (session_config.before_events), and the kernel calls the
 * probes of a tracepoint in the order of their registration (kernel/tracepoint.c,
 * func_add()), with preemption disabled: so on each CPU the sample is stamped
 * before its send, by the same clock, and no other send of a task is between
 * the two. What interrupts send is not sampled: the user code that they
 * interrupted has not caused it.
 *
 * Where probes stand in for send events (capture/standin.h) it is the other way
 * round: a probe tells the trace first and perf second (kernel/trace/trace_kprobe.c,
 * kprobe_dispatcher()), so the sample follows its send, and precedes the next.
 *
 * Knows how perf lays out records; not what a stack means: unwind/ does.
 */
#ifndef IPITRACE_CAPTURE_USERSTACK_H
#define IPITRACE_CAPTURE_USERSTACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cpuset.h"
#include "base/err.h"
#include "capture/session.h"

enum userstack_mode {
	USERSTACK_NONE,
	USERSTACK_DWARF, /* registers and stack, to be unwound by call frame information */
	USERSTACK_FP,	 /* the chain of frame pointers, which the kernel follows */
};

#define USERSTACK_BYTES	    8192u  /* of the stack, unless told otherwise: what perf takes, too */
#define USERSTACK_BYTES_MAX 65000u /* a record's length has 16 bits */
#define USERSTACK_NR_REGS   33u

struct userstack_config {
	enum userstack_mode mode;
	uint32_t stack_bytes;
	bool calls;		    /* queued calls, too: they have stacks of their own */
	const char *dir;	    /* of the files */
	const struct cpuset *avoid; /* reader threads stay off these CPUs; NULL = anywhere */
};

/* The kind of event that a sample was taken at. */
enum userstack_at { USERSTACK_AT_SEND_CPU, USERSTACK_AT_SEND_MASK, USERSTACK_AT_RAISE, USERSTACK_AT_QUEUE };

/* One sample. stack and chain live until the next one of the same CPU is asked for. */
struct userstack_sample {
	uint64_t ts_ns; /* CLOCK_MONOTONIC, as the trace clock */
	uint32_t cpu;
	uint32_t at;	   /* enum userstack_at */
	int32_t trace_pid; /* the thread as the trace names it */
	int32_t pid, tid;  /* process and thread as the side-band names them: of ipitrace's own pid namespace */
	uint32_t target;   /* SEND_CPU, QUEUE: the event's own; UINT32_MAX = it has none */
	uint64_t callsite; /* the event's own; 0 = it has none */
	bool user;	   /* there is a user side: not a kernel thread */
	bool compat;	   /* a 32-bit process of a 64-bit kernel: registers are not told */
	uint64_t pc, sp;   /* user's */
	uint64_t regs[USERSTACK_NR_REGS]; /* as DWARF numbers them on this architecture */
	uint32_t nr_regs;
	uint32_t nr_chain; /* FP: innermost first */
	const uint64_t *chain;
	uint32_t stack_len; /* DWARF: bytes from sp upwards */
	const uint8_t *stack;
};

/* What the side-band tells, in order of time. Names live until the next call. */
enum userstack_side_type {
	USERSTACK_SNAPSHOT, /* pid's whole /proc/PID/maps, and nr_threads */
	USERSTACK_MAP,	    /* executable memory was mapped */
	USERSTACK_EXEC,
	USERSTACK_FORK, /* pid from parent; the same: a thread */
	USERSTACK_EXIT, /* of a thread */
};

struct userstack_side {
	enum userstack_side_type type;
	uint64_t ts_ns;
	int32_t pid, parent;
	uint32_t nr_threads;
	uint64_t addr, len, offset; /* MAP: offset in the file */
	uint64_t ino;
	uint32_t dev_major, dev_minor;
	uint8_t build_id[20];
	uint32_t build_id_len; /* not 0: then device and inode are not told */
	const char *text;      /* MAP: name of the file; SNAPSHOT: the maps */
};

struct userstack_counts {
	uint64_t samples, lost; /* lost: the ring was full */
	uint64_t side_lost;
};

struct userstack;

/* Takes the place of its probes at the tracepoints, disabled: from session_config.before_events. *u is set in any case. */
int userstack_open(struct userstack **u, const struct userstack_config *config, const struct session *s,
		   struct err *err);
/*
 * After session_open(), before session_start(): the session's filters, the
 * reader threads, mappings from now on, and those that there are; then samples.
 */
int userstack_start(struct userstack *u, const struct session *s, struct err *err);
/* After session_stop(): no more samples, threads end, files are complete. */
int userstack_stop(struct userstack *u, struct err *err);
/* Frees, also in mid-flight. NULL is fine. */
void userstack_close(struct userstack *u);

bool userstack_failed(const struct userstack *u);
uint64_t userstack_bytes(const struct userstack *u);
unsigned int userstack_nr_threads(const struct userstack *u);
pid_t userstack_thread_id(const struct userstack *u, unsigned int idx);

/* --- after userstack_stop() --- */

/* Samples are stamped behind their sends. */
bool userstack_follows(const struct userstack *u);
struct userstack_counts userstack_counts(const struct userstack *u);
/* The next sample of a CPU, in order of time; false at the end, or on error (then *err is set). */
bool userstack_next(struct userstack *u, unsigned int cpu, struct userstack_sample *s, struct err *err);
/* The next of the side-band; of those before or at until_ns. */
bool userstack_side(struct userstack *u, uint64_t until_ns, struct userstack_side *s, struct err *err);

#endif
