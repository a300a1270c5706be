/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/priv.h - what the reader's and the writer's files share; no one else includes it.
 *
 *	file/read.c	 metadata of v6 and v7
 *	file/pages.c	 the CPUs' data, page by page; decompression; task names
 *	file/write.c	 v6, in one pass
 */
#ifndef IPITRACE_DATFILE_PRIV_H
#define IPITRACE_DATFILE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "file/datfile.h"

/* Numbers of options: trace-cmd.dat.v6(5) and, from HEADER_INFO on, of v7's sections, trace-cmd.dat.v7(5). */
enum dat_option {
	DAT_OPT_DONE = 0,
	DAT_OPT_CPUSTAT = 2,
	DAT_OPT_BUFFER = 3,
	DAT_OPT_TRACECLOCK = 4,
	DAT_OPT_UNAME = 5,
	DAT_OPT_CPUCOUNT = 8,
	DAT_OPT_VERSION = 9,
	DAT_OPT_TRACEID = 11,
	DAT_OPT_HEADER_INFO = 16,
	DAT_OPT_FTRACE_EVENTS = 17,
	DAT_OPT_EVENT_FORMATS = 18,
	DAT_OPT_KALLSYMS = 19,
	DAT_OPT_PRINTK = 20,
	DAT_OPT_CMDLINES = 21,
};

/* More than any machine has: a number beyond is damage. */
#define DAT_MAX_CPUS 65536u

enum dat_comp { COMP_NONE, COMP_ZSTD, COMP_OTHER };

/* The data of one CPU. */
struct dat_stream {
	uint64_t off, len;   /* in the file, clipped to it */
	uint64_t pos;	     /* of the next page; compressed: of the next chunk */
	uint64_t given_back; /* up to here the memory was returned */
	/* Compressed data only: two chunks, because two pages must stay valid. */
	char *chunk[2];
	size_t chunk_size[2];
	unsigned int cur;
	size_t chunk_len, chunk_pos;
	uint32_t chunks_left;
	bool chunks_begun;
};

struct dat_comm {
	int32_t pid;
	const char *name;
};

struct dat_file {
	const uint8_t *map;
	uint64_t size;
	struct dat_info info;
	enum dat_comp comp;
	struct dat_stream *streams;
	uint32_t *cpus;
	struct dat_format *formats;
	unsigned int room_formats;
	void **owned; /* decompressed sections and copied strings */
	unsigned int nr_owned;
	char comp_name[32];
	struct dat_comm *comms; /* sorted by pid */
	unsigned int nr_comms;
	bool comms_built;
};

/* A stretch of the file (or of a decompressed section) that is being read. */
struct dat_in {
	const struct dat_file *f;
	const uint8_t *at, *end;
	bool failed;
};

static inline uint64_t dat_number(const uint8_t *p, unsigned int size, bool big)
{
	uint64_t val = 0;

	for (unsigned int i = 0; i < size; i++)
		val |= (uint64_t)p[i] << 8 * (big ? size - 1 - i : i);
	return val;
}

/* Memory that lives until dat_close(). */
void *dat_own(struct dat_file *f, void *mem);
/* One whole block; the result is owned by f. NULL and *err on damage. */
uint8_t *dat_uncompress(struct dat_file *f, const uint8_t *from, size_t from_len, size_t len, struct err *err);
/* Takes the region [off, off + len) as CPU's data, as far as it is there. */
void dat_add_stream(struct dat_file *f, uint32_t cpu, uint64_t off, uint64_t len);
void dat_clear_streams(struct dat_file *f);

#endif
