/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/datfile.h - trace.dat, v6 and v7: writer (a state machine) and reader.
 *
 * Knows the bytes of trace-cmd.dat.v6(5) and .v7(5); knows neither tracefs nor
 * what events mean. Pointers of the reader's live until
 * dat_close(). ipitrace's own facts travel behind the last CPU's data, where
 * every other reader ignores them: "facts" text, then struct dat_footer. The
 * text ends with a checksum of every section. Its long lines are packed in one
 * of these in v7. A
 * file without them is a foreign one (trace-cmd) or one cut short.
 */
#ifndef IPITRACE_FILE_DATFILE_H
#define IPITRACE_FILE_DATFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/evformat.h"

/*
 * At the very end of the file, the facts' text right before it. Little-endian
 * whatever the file's byte order, because only ipitrace reads it. A text whose
 * check does not hold is no text at all.
 */
#define DAT_FOOTER_MAGIC "IPITFACT" /* 8 bytes, no NUL */

struct dat_footer {
	char magic[8];
	uint64_t len;	/* bytes of text */
	uint64_t check; /* dat_facts_check() of the text */
};

/* FNV-1a, 64 bits: against cut and patched files, not against malice. */
static inline uint64_t dat_facts_check(const char *text, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3ULL;
	return hash;
}

/* --- reader --- */

/* One of the ring buffers that were recorded: the top one, or an instance's. */
struct dat_buffer {
	const char *name;	 /* "" = the top one */
	const char *clock;	 /* "mono"; "local" where the file does not say */
	const char *clock_other; /* what the file calls it elsewhere; NULL = nothing else */
	unsigned int page_size;
	uint64_t data_bytes;
	bool chosen; /* its streams are those of dat_info */
};

/* A guest that trace-cmd's agent recorded beside this host: option GUEST. */
struct dat_guest_cpu {
	uint32_t cpu;
	int32_t task; /* of the host, which runs it */
};

struct dat_guest {
	const char *name;  /* hostile text, like all names */
	uint64_t trace_id; /* of its file */
	const struct dat_guest_cpu *cpus;
	unsigned int nr_cpus;
};

struct dat_info {
	int version; /* 6 or 7 */
	bool big_endian;
	unsigned int long_size;
	unsigned int page_size;	 /* sub-buffer size */
	const char *compression; /* "none", "zstd", "zlib" */
	const char *header_page;
	size_t header_page_len;
	const struct event_format *formats;
	unsigned int nr_formats; /* ftrace's own and all systems' */
	const char *kallsyms;
	size_t kallsyms_len; /* NULL if absent */
	const char *printk_formats;
	const char *cmdlines;
	size_t cmdlines_len; /* "pid comm\n" lines */
	const char *uname;   /* option UNAME: "Linux host 6.18.44 #1 ... x86_64"; NULL if absent */
	const char *clock;   /* of the buffer chosen, the first of several */
	/* Time as everyone else shows it: ts, or offset + (ts * mult >> shift) if mult is not 0; plus add_ns. */
	uint32_t tsc_mult, tsc_shift;
	uint64_t tsc_offset;
	uint64_t add_ns;	/* of trace-cmd's --ts-offset and --date; wraps where it is negative */
	uint64_t trace_id;	/* option TRACEID; 0 = none */
	const void *time_shift; /* option TIME_SHIFT of a guest's file; NULL = none */
	size_t time_shift_len;
	const struct dat_guest *guests;
	unsigned int nr_guests;
	const char *tracer_version; /* option VERSION or NULL */
	const char *facts;
	size_t facts_len; /* ipitrace's own; NULL in foreign files */
	bool facts_gone;  /* though ipitrace recorded it: converted since, or, if damaged, cut */
	const void *ustacks;
	size_t ustacks_len; /* file/ustacks.h; NULL in files without */
	const struct dat_buffer *buffers;
	unsigned int nr_buffers;
	unsigned int nr_streams; /* of the buffers chosen */
	const uint32_t *cpus;	 /* CPU number of each stream; one for each buffer that has it */
	unsigned int nr_cpus;	 /* CPUs of the machine, from the file */
	const char *damaged;	 /* a section that fails its checksum; of data known once all was read; NULL = none */
	bool truncated;		 /* file ends before its data does: readable part is served */
	uint64_t data_bytes;	 /* of all buffers */
	uint64_t ring_lost;	 /* of all buffers: what their options CPUSTAT say was overwritten or refused */
};

struct dat_file;

/* path "-": stdin. A pipe, and a file packed by gzip or zstd, is spooled into a temporary file first. */
int dat_open(struct dat_file **f, const char *path, struct err *err);
/* Only the buffer of this name is read, "top" for the one without; NULL: all, as after dat_open(). Before any page. */
int dat_choose(struct dat_file *f, const char *name, struct err *err);
const char *dat_buffer_name(const struct dat_buffer *b);
void dat_close(struct dat_file *f);
const struct dat_info *dat_info(const struct dat_file *f);
/* A page_source's next(): ctx is the struct dat_file. */
const void *dat_next_page(void *ctx, unsigned int idx, size_t *len, struct err *err);
/* Its help() and help_end(): there may be threads of those as long as the file is open. */
bool dat_help(void *ctx, bool wait);
void dat_help_end(void *ctx);
/* Its cut(). */
bool dat_stream_cut(void *ctx, unsigned int idx);
/* Task name by number from the cmdlines, DAT_NO_COMM if unknown. Builds its index at first use. */
#define DAT_NO_COMM "<...>"
const char *dat_comm(struct dat_file *f, int32_t pid);

/* Stamps are of the TSC: they become ns where the file says how. */
bool dat_is_tsc(const struct dat_info *info);
bool dat_converts(const struct dat_info *info);
/* Stamps are ns, or become these. */
bool dat_in_ns(const struct dat_info *info);
/* Without add_ns, which is of those that look at it. What is none of a TSC stays as it is. */
uint64_t dat_to_ns(const struct dat_info *info, uint64_t ts);

/*
 * What trace-cmd's agent found out of a guest's clock: what is to be added for the host's, if it was the same all the time and
 * on all CPUs; peer: the trace id of the host's file. False: it is not known, or it changed.
 */
bool dat_host_offset(const struct dat_info *info, int64_t *offset, uint64_t *peer);
/* The guest of whose CPUs this task runs one, and which. NULL: nothing says so. */
const struct dat_guest *dat_guest_of(const struct dat_info *info, int32_t task, uint32_t *cpu);

/* --- writer: begin -> formats -> symbols -> options -> cpu data -> sections of ours -> facts -> commit --- */

struct dat_writer;
struct output;

struct dat_writer_meta {
	unsigned int page_size;
	unsigned int nr_cpus;
	const char *header_page, *header_event;
	const struct event_format *ftrace_formats;
	unsigned int nr_ftrace;
	const struct event_format *formats;
	unsigned int nr_formats; /* grouped by system */
	const char *kallsyms, *printk_formats, *cmdlines;
	const char *uname, *clock, *clocks_text; /* clocks_text: whole trace_clock line "local [mono]" */
	uint32_t tsc_mult, tsc_shift;		 /* as struct dat_info has them; 0: stamps are ns already */
	uint64_t tsc_offset;
	uint64_t trace_id;
	const char *version;	     /* option VERSION: who wrote the file; or NULL */
	const char *const *cpustats; /* options CPUSTAT: text by CPU; or NULL */
};

/* path: a file, which gets its name by dat_writer_commit() only, or a stream; see file/output.h. */
int dat_writer_open(struct dat_writer **w, const char *path, struct err *err);
/* For what is said about it, and to give it an owner. Stays the writer's. */
struct output *dat_writer_output(const struct dat_writer *w);
/* Figures of ours, from which file/pack.c makes zstd's. */
#define DAT_LEVEL_FAST 1
#define DAT_LEVEL_BEST 9

/* Before the head: one of these, and the file is v7; 0: v6, nothing is compressed. Default: DAT_LEVEL_FAST. */
void dat_writer_set_level(struct dat_writer *w, int level);
/* Copying gives up with an error once *flag is not 0: a second Ctrl-C. */
void dat_writer_set_abort(struct dat_writer *w, const volatile int *flag);
int dat_writer_head(struct dat_writer *w, const struct dat_writer_meta *meta, struct err *err);
/*
 * All CPUs in order 0..nr_cpus-1; fd is read from 0 to len (whole sub-buffers). fd -1 = no data.
 * What is copied is punched out of fd's file, so that a recording needs its size on disk once.
 */
int dat_writer_cpu(struct dat_writer *w, int fd, uint64_t len, struct err *err);
/* Behind the data of all CPUs, and before the facts: where other readers do not look. */
int dat_writer_section(struct dat_writer *w, const char *name, const void *data, size_t len, struct err *err);
int dat_writer_facts(struct dat_writer *w, const char *text, size_t len, struct err *err);
int dat_writer_commit(struct dat_writer *w, struct err *err);
/* Of all that was written. */
uint64_t dat_writer_bytes(const struct dat_writer *w);
/* Frees; nothing is left of what was not committed. NULL is fine. */
void dat_writer_close(struct dat_writer *w);

#endif
