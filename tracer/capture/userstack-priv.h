/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/userstack-priv.h - what capture/userstack.c (rings to files) and capture/userstack-read.c (files back) share.
 */
#ifndef IPITRACE_CAPTURE_USERSTACK_PRIV_H
#define IPITRACE_CAPTURE_USERSTACK_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "capture/userstack.h"

#define US_FILE_BUF (256u << 10)

/* An unnamed file that is written to its end, then read from its beginning. */
struct us_file {
	int fd;
	char *buf;
	size_t used, at; /* of buf: written, or read so far; at: of these, given */
	uint64_t pos;	 /* reading: of the file, what is in buf or before */
	bool ended;	 /* reading: there is no more of it */
	atomic_ullong bytes;
};

#define US_USER	      0x1 /* there is a user side */
#define US_COMPAT     0x2
#define US_SAME_STACK 0x4 /* the bytes of the sample before */

/* In the file: then nr_regs and nr_chain words, then stack_len bytes, all padded to 8. */
struct us_sample {
	uint32_t len; /* of it all */
	uint8_t at, flags;
	uint16_t nr_regs;
	uint64_t ts_ns, callsite, pc, sp;
	int32_t trace_pid, pid, tid;
	uint32_t target, nr_chain, stack_len;
};

/* In the file: then the text with its NUL, padded to 8. */
struct us_side {
	uint32_t len;
	uint32_t type;
	uint64_t ts_ns, addr, map_len, offset, ino;
	int32_t pid, parent;
	uint32_t nr_threads, dev_major, dev_minor, build_id_len;
	uint8_t build_id[24];
};

struct us_ring {
	void *meta; /* struct perf_event_mmap_page; the data behind it */
	uint64_t size;
};

#define US_MAX_EVENTS 4

struct us_cpu {
	int fds[US_MAX_EVENTS]; /* by event; -1: none */
	int side_fd;
	struct us_ring ring, side_ring;
	struct us_file samples, side;
	uint64_t nr_samples, lost_marks, side_lost;
	char *stack; /* of the last sample */
	uint32_t stack_len;
	uint64_t stack_sp;
	int32_t stack_tid;
	/* reading */
	char *cur_stack;
	uint32_t cur_stack_len;
	struct us_side *head; /* of the side-band, read but not given yet */
};

/* A tracepoint, and where its fields are; FIELD_NONE: it has no such field. */
#define FIELD_NONE UINT32_MAX
struct us_event {
	const char *system, *name;
	enum userstack_at at;
	uint32_t id, callsite, target;
};

struct us_thread {
	struct userstack *u;
	unsigned int first, step; /* CPUs first, first + step, ... */
	pthread_t thread;
	bool started;
	atomic_int tid;
	char *scratch; /* a record that wraps around the end of its ring */
	struct err err;
};

struct userstack {
	struct cleanup cleanup;
	struct userstack_config config;
	char *dir;
	struct us_event events[US_MAX_EVENTS];
	unsigned int nr_events;
	bool follow; /* the events are probes */
	unsigned int nr_cpus, nr_threads;
	struct us_cpu *cpus;
	struct us_thread *threads;
	struct us_file snapshot;
	struct us_side *snapshot_head;
	char *side_text; /* of the side-band record given last */
	int stop_fd;
	atomic_bool failed;
	uint64_t hits; /* counted by the events, at the end */
};

/* Appends; *err where the file cannot be written. */
int us_file_put(struct us_file *f, const void *data, size_t len, struct err *err);
int us_file_flush(struct us_file *f, struct err *err);
/* At the end of writing, before reading. */
void us_file_rewind(struct us_file *f);
void us_file_close(struct us_file *f);
/* The next record, which begins with its length; NULL at the end or on error. Valid until the next call. */
const void *us_file_next(struct us_file *f, struct err *err);

/* capture/userstack-perf.c: one record of a ring. */
struct perf_event_header;
int us_take_sample(struct userstack *u, struct us_cpu *c, const struct perf_event_header *h, struct err *err);
int us_take_side(struct us_cpu *c, const struct perf_event_header *h, struct err *err);
/* Registers to take of this architecture, as perf numbers them; 0: not supported. */
uint64_t us_regs_mask(enum userstack_mode mode);
int us_put_side(struct us_file *f, struct us_side *s, const char *text, struct err *err);

#endif
