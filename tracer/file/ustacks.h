/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/ustacks.h - user frames of sends, as they are in a file: section "ustacks" behind the CPUs' data.
 *
 * Names, frames and stacks are in it once each, then, for each CPU, the times
 * of its sends that have a stack, and which. All numbers are LEB128, times the
 * difference to the one before. Unwound and named when the file was saved, so
 * that nothing of the machine is needed to read it.
 *
 *	version, mode, stack_bytes, counts (nr, then as many)
 *	nr of names, each: length, bytes
 *	nr of frames, each: name of the symbol + 1 or 0, name of the file + 1 or 0, offset
 *	nr of stacks, each: nr of frames, their indices, innermost first
 *	nr of CPUs, each: number, bytes that follow; of these each: time, stack (1 and up)
 */
#ifndef IPITRACE_FILE_USTACKS_H
#define IPITRACE_FILE_USTACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Numbered by hand, and in files: never reused. */
enum ustacks_mode { USTACKS_DWARF = 1, USTACKS_FP = 2 };
const char *ustacks_mode_name(unsigned int mode); /* "dwarf"; "other" for a number that is none */

/* Of the sends in the recording; each is in one of framed ... unsampled. In files in this order: add at the end. */
struct ustacks_counts {
	uint64_t sends;
	uint64_t framed;     /* have a user stack */
	uint64_t interrupts; /* were sent by interrupts: no task has caused them */
	uint64_t
		kernel; /* have no user side: kernel threads, idle tasks, processes whose memory is gone at their exit */
	uint64_t compat;    /* by 32-bit processes, whose stacks are not taken */
	uint64_t unsampled; /* have no sample that is certain to be theirs */
	uint64_t lost;	    /* samples that had no room */
	uint64_t side_lost; /* mappings, forks, ... that had no room: frames may be unknown */
};
#define USTACKS_NR_COUNTS (sizeof(struct ustacks_counts) / sizeof(uint64_t))

struct ustacks_frame {
	uint32_t symbol, file; /* index of a name + 1; 0 = not known */
	uint64_t offset;       /* in the symbol; without one in the file */
};

struct ustacks_stack {
	const uint32_t *frames; /* innermost first */
	uint32_t nr;
};

struct ustacks_cpu {
	uint32_t cpu;
	uint8_t *bytes; /* writing: malloc'ed; reading: part of the section */
	size_t len, room;
	uint64_t last_ns; /* writing */
};

struct ustacks {
	uint32_t mode, stack_bytes;
	struct ustacks_counts n;
	char **names;
	uint32_t nr_names;
	struct ustacks_frame *frames;
	uint32_t nr_frames;
	struct ustacks_stack *stacks; /* id 1 is the first */
	uint32_t nr_stacks;
	struct ustacks_cpu *cpus;
	uint32_t nr_cpus;
	bool reading;
};

void ustacks_free(struct ustacks *u);

/* --- writing --- */

/* A send of a CPU, in order of time of that CPU. */
void ustacks_add_send(struct ustacks *u, uint32_t cpu, uint64_t ts_ns, uint32_t stack);
/* The whole section, malloc'ed. */
void *ustacks_format(const struct ustacks *u, size_t *len);

/* --- reading --- */

/* data must live as long as *u. -1: damaged. */
int ustacks_parse(struct ustacks *u, const void *data, size_t len, struct err *err);

/* Sends of one CPU, one after the other. */
struct ustacks_cursor {
	const uint8_t *p, *end;
	uint64_t ts_ns;
	uint32_t stack; /* 0: behind the last */
};

/* At the first send of a CPU, if it has one. */
struct ustacks_cursor ustacks_begin(const struct ustacks *u, uint32_t cpu);
void ustacks_advance(const struct ustacks *u, struct ustacks_cursor *c);

#endif
