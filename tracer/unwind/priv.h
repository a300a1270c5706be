/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unwind/priv.h - what the files of unwind/ share.
 *
 *	unwind/space.c	  processes, and what is mapped in each
 *	unwind/files.c	  mapped files: whether they are still what was mapped, and where they lie
 *	unwind/unwind.c	  samples -> frames, by libdwfl
 *	unwind/intern.c	  names, frames and stacks by number
 */
#ifndef IPITRACE_UNWIND_PRIV_H
#define IPITRACE_UNWIND_PRIV_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "unwind/unwind.h"

#define BUILD_ID_MAX 20
#define MAX_FRAMES   128

/* --- names, frames, stacks --- */

struct intern {
	char **names;
	uint32_t nr_names;
	struct hash names_by_text;
	struct unwind_frame *frames;
	uint32_t nr_frames;
	struct hash frames_by_value;
	struct unwind_stack *stacks;
	uint32_t nr_stacks;
	struct hash stacks_by_frames;
};

uint32_t intern_name(struct intern *in, const char *text);		       /* index + 1 */
uint32_t intern_frame(struct intern *in, const struct unwind_frame *f);	       /* index */
uint32_t intern_stack(struct intern *in, const uint32_t *frames, uint32_t nr); /* index + 1 */
void intern_free(struct intern *in);

/* --- files --- */

enum file_state { FILE_UNKNOWN, FILE_GOOD, FILE_BAD };

/* Of a file: what may be executed, at vaddr once what is loaded is moved to its place. */
struct segment {
	uint64_t offset, len, vaddr;
};
#define MAX_SEGMENTS 4

/* One identity of a file: the same path may have been two files. */
struct mapped_file {
	char *path;
	uint64_t ino;
	uint32_t dev_major, dev_minor;
	uint8_t build_id[BUILD_ID_MAX];
	uint32_t build_id_len;
	uint64_t first_ns; /* when it was first seen mapped */
	enum file_state state;
	uint32_t name; /* interned, + 1; 0 = not yet: most files never name a frame */
	struct segment segments[MAX_SEGMENTS];
	unsigned int nr_segments;
};

struct files {
	struct mapped_file *files;
	uint32_t nr;
	struct hash by_identity;
	int64_t realtime_less_monotonic_ns;
};

uint32_t file_find(struct files *fs, const struct unwind_map *m, uint64_t ts_ns); /* index */
/* Whether the file can be trusted to be what was mapped; looked at once. */
bool file_good(struct mapped_file *f, int64_t realtime_less_monotonic_ns);
/* What is to be added to addresses of the file (p_vaddr) where offset is mapped at addr; -1: it is no such segment. */
int file_bias(const struct mapped_file *f, uint64_t addr, uint64_t offset, uint64_t *bias);
void files_free(struct files *fs);

/* --- processes --- */

struct mapping {
	uint64_t start, end, offset;
	uint32_t file; /* index */
};

/* An address space: shared by processes that were forked and have mapped nothing since. */
struct space {
	unsigned int refs;
	struct mapping *maps; /* in order, disjoint */
	uint32_t nr, room;
	uint32_t id;	     /* never reused */
	uint64_t used;	     /* when it was unwound last, of those that have a dwfl */
	Dwfl *dwfl;	     /* NULL: not needed so far, or given up again */
	struct attached *at; /* the sample that is being unwound */
};

struct process {
	int32_t pid;
	unsigned int nr_threads;
	struct space *space; /* NULL: nothing is known of it */
};

struct unwind {
	struct intern intern;
	struct files files;
	struct process *processes;
	uint32_t nr_processes;
	struct hash by_pid;
	uint32_t last_space;
	struct space **open; /* that have a dwfl */
	unsigned int nr_open;
	uint64_t clock;
	struct memos *memos;
	struct hash symbols_by_addr;
	struct known_pc *symbols;
	uint32_t nr_symbols;
};

/* NULL: nothing is known of it. */
struct space *space_of(struct unwind *u, int32_t pid);
const struct mapping *space_find(const struct space *s, uint64_t addr);
void space_close_dwfl(struct unwind *u, struct space *s);
void space_put(struct unwind *u, struct space *s);

#endif
