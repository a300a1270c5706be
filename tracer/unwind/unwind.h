/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unwind/unwind.h - user stacks and names of user functions, from samples and what was mapped when.
 *
 * Told in order of time what processes do (snapshot, map, exec, fork, exit) and
 * of samples; gives each distinct stack, frame and name a number. The only
 * folder that knows libdwfl (elfutils). Reads the files that were mapped, and
 * their debug information where that is installed; nothing of /proc. A file
 * that is not the one that was mapped (build id; device, inode and time where
 * it has none) names nothing.
 *
 * What is not known is said: a frame has no symbol, or no file. Frames are
 * followed by call frame information only, never by a guess: where there is
 * none, or the sampled piece of the stack ends, the stack is cut, and its last
 * frame says so.
 */
#ifndef IPITRACE_UNWIND_UNWIND_H
#define IPITRACE_UNWIND_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

struct unwind;

struct unwind_map {
	uint64_t addr, len, offset;
	uint64_t ino;
	uint32_t dev_major, dev_minor;
	const uint8_t *build_id;
	uint32_t build_id_len; /* not 0: then device and inode are not known */
	const char *name;      /* as /proc/PID/maps and perf tell it */
};

struct unwind_sample {
	int32_t pid, tid;
	uint64_t pc, sp;
	const uint64_t *regs; /* as DWARF numbers them; nr 0: chain is followed */
	unsigned int nr_regs;
	const uint8_t *stack; /* from sp upwards */
	uint32_t stack_len;
	const uint64_t *chain; /* addresses of frames, innermost first */
	unsigned int nr_chain;
};

struct unwind_frame {
	uint32_t symbol; /* index of a name + 1; 0 = not known */
	uint32_t file;	 /* the same */
	uint64_t offset; /* in the symbol; without a symbol in the file; without a file 0 */
};

#define UNWIND_NONE 0u	    /* no stack */
#define UNWIND_CUT  "[cut]" /* symbol of the frame behind the last that is known */

struct unwind_stack {
	const uint32_t *frames; /* indices of frames, innermost first */
	uint32_t nr;
};

/* CLOCK_REALTIME less CLOCK_MONOTONIC, to hold the times of files against those of mappings. */
struct unwind *unwind_new(int64_t realtime_less_monotonic_ns);
void unwind_free(struct unwind *u);

/* The executable lines of /proc/PID/maps: all that pid has. */
void unwind_snapshot(struct unwind *u, int32_t pid, unsigned int nr_threads, const char *maps, uint64_t ts_ns);
void unwind_mapped(struct unwind *u, int32_t pid, const struct unwind_map *m, uint64_t ts_ns);
void unwind_exec(struct unwind *u, int32_t pid);
/* parent == pid: a thread. */
void unwind_forked(struct unwind *u, int32_t pid, int32_t parent);
/* Of one thread. */
void unwind_exited(struct unwind *u, int32_t pid);

/* Number of the sample's stack, 1 and up; UNWIND_NONE: not one frame. */
uint32_t unwind_sample(struct unwind *u, const struct unwind_sample *s);

uint32_t unwind_nr_stacks(const struct unwind *u);
struct unwind_stack unwind_stack(const struct unwind *u, uint32_t id); /* 1..nr */
uint32_t unwind_nr_frames(const struct unwind *u);
const struct unwind_frame *unwind_frame(const struct unwind *u, uint32_t idx); /* 0..nr - 1 */
uint32_t unwind_nr_names(const struct unwind *u);
const char *unwind_name(const struct unwind *u, uint32_t idx); /* 0..nr - 1 */

#endif
