/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/priv.h - what the reader's and the writer's files share; no one else includes it.
 *
 *	file/source.c	 the bytes: files, pipes, decompression
 *	file/read.c	 metadata of v6 and v7
 *	file/trailer.c	 ipitrace's facts, and checksums of all sections
 *	file/end.c	 whether the end is there
 *	file/guests.c	 guests that were recorded beside a host
 *	file/pages.c	 the CPUs' data, page by page; task names
 *	file/ahead.c	 who reads and unpacks the next chunk of a CPU
 *	file/head.c	 what a file begins with, v6 and v7
 *	file/pack.c	 compresses the CPUs' data
 *	file/write.c	 the file, in one pass
 */
#ifndef IPITRACE_FILE_PRIV_H
#define IPITRACE_FILE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "file/datfile.h"
#include "file/sum.h"

/* Numbers of options: trace-cmd.dat.v6(5) and, from HEADER_INFO on, of v7's sections, trace-cmd.dat.v7(5). */
enum dat_option {
	DAT_OPT_DONE = 0,
	DAT_OPT_DATE = 1,
	DAT_OPT_CPUSTAT = 2,
	DAT_OPT_BUFFER = 3,
	DAT_OPT_TRACECLOCK = 4,
	DAT_OPT_UNAME = 5,
	DAT_OPT_OFFSET = 7,
	DAT_OPT_CPUCOUNT = 8,
	DAT_OPT_VERSION = 9,
	DAT_OPT_TRACEID = 11,
	DAT_OPT_TIME_SHIFT = 12,
	DAT_OPT_GUEST = 13,
	DAT_OPT_TSC2NSEC = 14,
	DAT_OPT_STRINGS = 15,
	DAT_OPT_HEADER_INFO = 16,
	DAT_OPT_FTRACE_EVENTS = 17,
	DAT_OPT_EVENT_FORMATS = 18,
	DAT_OPT_KALLSYMS = 19,
	DAT_OPT_PRINTK = 20,
	DAT_OPT_CMDLINES = 21,
};

/* More than any machine has: a number beyond is damage. */
#define DAT_MAX_CPUS 65536u

enum dat_comp { COMP_NONE, COMP_ZSTD, COMP_ZLIB, COMP_OTHER };

/*
 * One budget for all that is read and unpacked: work and memory stay in
 * proportion to the file, whatever it says. No recording packs this well.
 */
#define DAT_BUDGET_FLOOR (128ull << 20)
#define DAT_BUDGET_RATIO 512ull

/* The data of one CPU in one buffer. */
struct dat_stream {
	uint64_t off, len;    /* in the file, clipped to it */
	uint64_t pos;	      /* of the next chunk */
	uint64_t asked_ahead; /* up to here the kernel was asked to read */
	unsigned int page_size;
	unsigned int buffer;
	bool cut; /* it is longer than the file */
	/* Two, because two pages must stay valid; the next one is fetched when both are in cur. */
	char *chunk[2];
	size_t chunk_size[2];
	unsigned int cur;
	size_t chunk_len, chunk_pos;
	uint32_t chunks_left; /* of compressed data */
	bool begun;
	/* The chunk that is being fetched, behind cur. */
	struct {
		uint64_t off;
		size_t packed_len, len; /* as the file says; packed_len 0: it is not packed */
		size_t got;		/* bytes there; 0 = damage, if len is not */
		struct err err;
	} next;
	bool started;		       /* by ahead_start(); the reader's */
	_Atomic int job;	       /* changed under the lock of file/ahead.c */
	struct dat_stream *next_ahead; /* queued after this one */
	/* What was read, against the facts; NULL where these say nothing. */
	XXH3_state_t *sum;
	uint64_t want_sum, summed;
	char damaged[32]; /* what dat_info says of it then */
};

/* Memory of who unpacks. Zeroed memory is one. */
struct unpack_room {
	struct unpack_room *next; /* that nobody uses now */
	void *zstd;		  /* a ZSTD_DCtx */
	char *packed;
	size_t room;
};

struct ahead;

struct dat_comm {
	int32_t pid;
	const char *name;
};

struct dat_file {
	int fd;
	uint64_t size;
	uint64_t budget; /* bytes that may still be read or unpacked */
	bool over_budget;
	struct dat_info info;
	enum dat_comp comp;
	struct dat_stream *streams; /* of all buffers */
	uint32_t *cpus;
	unsigned int nr_streams, stream_room, cpu_room;
	unsigned int *chosen; /* stream by index of info.cpus */
	uint32_t *chosen_cpus;
	struct dat_buffer *buffers; /* info's */
	struct ahead *ahead;	    /* NULL before a page was asked for */
	struct event_format *formats;
	unsigned int room_formats;
	struct dat_guest *guests; /* info's */
	void **owned;		  /* decompressed sections and copied strings */
	unsigned int nr_owned;
	char comp_name[32];
	const char *option_clock;
	uint32_t sections_read; /* bit per id */
	uint64_t sections_at;	/* v7: where the first is */
	bool described;		/* v7: there are texts that describe sections */
	uint64_t table_end;	/* v6: of the first table of CPUs */
	uint64_t facts_at;	/* where ours begin */
	uint64_t sums_end;	/* the last end of a section that they list */
	struct dat_comm *comms; /* sorted by pid */
	unsigned int nr_comms;
	bool comms_built;
};

/*
 * A stretch of the file, or of an unpacked section, that is being read. What
 * is asked for is fetched from the file into memory that lives until
 * dat_close(), up to limit.
 */
struct dat_in {
	struct dat_file *f;
	const uint8_t *at, *end;
	uint64_t off, limit; /* file offsets: of end, and of the end of the stretch; equal: all is in memory */
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
/* file/guests.c: an option GUEST; data lives until dat_close(). What is damaged is none. */
void dat_add_guest(struct dat_file *f, const uint8_t *data, size_t len);

/* From off to the end of the file. */
struct dat_in dat_in_at(struct dat_file *f, uint64_t off);
/* The next len bytes, valid until dat_close(); NULL, and in->failed for ever, if there are not so many. */
const uint8_t *dat_in_bytes(struct dat_in *in, uint64_t len);

/* The facts, and what they say of every section against what is there; behind the streams. */
void dat_read_facts(struct dat_file *f);
/* What lacks its end is damaged; behind the facts. */
void dat_check_end(struct dat_file *f);

/* Opens path, "-" for stdin; f->fd can be read at any place then. */
int dat_source_open(struct dat_file *f, const char *path, struct err *err);
/* Exactly len bytes. A file that ended meanwhile is an error. */
int dat_pread(struct dat_file *f, void *to, size_t len, uint64_t off, struct err *err);
/* Takes bytes from the budget; false, for ever, once it is used up. */
bool dat_charge(struct dat_file *f, uint64_t bytes);
/* Says so; -1. */
int dat_over_budget(struct err *err);
/* One whole block: bytes unpacked, at most to_len; 0 = damage. */
size_t dat_unpack(struct unpack_room *u, enum dat_comp comp, void *to, size_t to_len, const void *from,
		  size_t from_len);
void unpack_room_free(struct unpack_room *u);

/* Reads stream->next, and unpacks it; touches nothing of f that changes. */
void fetch_chunk(struct dat_file *f, struct dat_stream *stream, struct unpack_room *u);
/* For as long as f's streams stay where they are. */
struct ahead *ahead_new(struct dat_file *f);
void ahead_free(struct ahead *a);
/* stream->next is to be fetched: until ahead_wait() the stream is not to be touched. */
void ahead_start(struct ahead *a, struct dat_stream *stream);
void ahead_wait(struct ahead *a, struct dat_stream *stream);
/* By any thread: one of the chunks that were started, if there is one, or when there is. */
bool ahead_help(struct ahead *a, bool wait);
/* Nobody is to wait for one any more. */
void ahead_end(struct ahead *a);

/* A buffer, whose streams are to be added next. clock as the file says it, NULL if it does not. */
struct dat_buffer *dat_add_buffer(struct dat_file *f, const char *name, const char *clock, unsigned int page_size);
/* Takes the region [off, off + len) as CPU's data in the last buffer, as far as it is there. */
void dat_add_stream(struct dat_file *f, uint32_t cpu, uint64_t off, uint64_t len);
/* A section is not what it was when it was written; the first one is told. */
void dat_damaged(struct dat_file *f, const char *what);
void dat_free_streams(struct dat_file *f);
/* Two of them are to have the same data. */
bool dat_streams_overlap(const struct dat_file *f);

/* --- writer --- */

#define DAT_SECTION_COMPRESSED 1u /* flag of a section of v7 */

/* Bytes that grow; freed by free(at). */
struct dat_bytes {
	char *at;
	size_t len, room;
};

/* A stretch of the head, from the end of the one before, that has a checksum of its own. */
struct dat_section {
	const char *name;
	size_t end;
};

/* Where a CPU's data is in the file. As v6 has it there, so it is this and no more. */
struct dat_extent {
	uint64_t offset, size;
};

/* The head in memory. Where the data is stands in it only when all of that is written. */
struct dat_head {
	struct dat_bytes bytes;
	struct dat_section sections[8];
	unsigned int nr_sections;
	int level;	/* 0: v6 */
	uint64_t table; /* file offset: v6: of the extents; v7: of the options' offset */
	/* Of v7 alone. */
	struct dat_bytes options;
	uint64_t options_at, data; /* file offsets of sections */
	char *clock;
	unsigned int page_size;
};

/* A zeroed head. -1: no memory to compress with. */
int dat_head_build(struct dat_head *h, const struct dat_writer_meta *m, int level);
/* v7: the section of options, which belongs at pos, behind the data; NULL: there is none. */
const void *dat_head_options(struct dat_head *h, const struct dat_extent *cpus, unsigned int nr_cpus, uint64_t pos,
			     size_t *len);
void dat_head_complete(struct dat_head *h, const struct dat_extent *cpus, unsigned int nr_cpus);
void dat_head_free(struct dat_head *h);

#endif
