// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/pages.c - the CPUs' data, page by page.
 *
 * Memory does not grow with the length of a recording: of every CPU two chunks
 * are held.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "file/priv.h"

static int damaged(struct err *err)
{
	err_set(err, EXIT_FAILED, "the file is damaged in its compressed data");
	return err_hint(err, "copy the file again, or record again");
}

#define CHUNK	  (64u << 10)  /* read at once: stays in the second-level cache until it is decoded */
#define AHEAD	  (2ull << 20) /* the kernel is asked for so much: CPUs are read in turn */
#define MAX_BLOCK (64u << 20)  /* an uncompressed size beyond is damage */

struct dat_buffer *dat_add_buffer(struct dat_file *f, const char *name, const char *clock, unsigned int page_size)
{
	struct dat_buffer *b;

	f->buffers = xrealloc(f->buffers, (f->info.nr_buffers + 1) * sizeof(*f->buffers));
	b = &f->buffers[f->info.nr_buffers++];
	*b = (struct dat_buffer){ .name = name, .clock = clock, .page_size = page_size };
	f->info.buffers = f->buffers;
	return b;
}

void dat_add_stream(struct dat_file *f, uint32_t cpu, uint64_t off, uint64_t len)
{
	struct dat_buffer *b = &f->buffers[f->info.nr_buffers - 1];
	unsigned int nr = f->nr_streams;
	struct dat_stream *stream;
	bool cut;

	if (cpu >= DAT_MAX_CPUS) {
		f->info.truncated = true;
		return;
	}
	/* Several buffers may name one table, and it may have been packed: what it becomes is far more. */
	if (!dat_charge(f, sizeof(*stream)))
		return;
	f->streams = xgrow(f->streams, &f->stream_room, nr, sizeof(*f->streams));
	f->cpus = xgrow(f->cpus, &f->cpu_room, nr, sizeof(*f->cpus));
	stream = &f->streams[nr];
	memset(stream, 0, sizeof(*stream));
	if (!len)
		off = 0;
	cut = off > f->size || len > f->size - off;
	if (cut) {
		f->info.truncated = true;
		len = off < f->size ? f->size - off : 0;
		if (!len)
			off = 0;
	}
	stream->off = stream->pos = stream->asked_ahead = off;
	stream->len = len;
	stream->cut = cut;
	stream->page_size = b->page_size;
	stream->buffer = f->info.nr_buffers - 1;
	f->cpus[nr] = cpu;
	f->nr_streams = nr + 1;
	f->info.data_bytes += len;
	b->data_bytes += len;
}

static int by_offset(const void *pa, const void *pb)
{
	const struct dat_stream *const *a = pa, *const *b = pb;

	return (*a)->off < (*b)->off ? -1 : (*a)->off > (*b)->off;
}

bool dat_streams_overlap(const struct dat_file *f)
{
	const struct dat_stream **sorted = xcalloc(f->nr_streams + 1, sizeof(struct dat_stream *));
	unsigned int nr = 0;
	bool overlap = false;

	for (unsigned int i = 0; i < f->nr_streams; i++)
		if (f->streams[i].len)
			sorted[nr++] = &f->streams[i];
	qsort(sorted, nr, sizeof(*sorted), by_offset);
	for (unsigned int i = 1; i < nr; i++)
		overlap |= sorted[i]->off < sorted[i - 1]->off + sorted[i - 1]->len;
	free(sorted);
	return overlap;
}

void dat_free_streams(struct dat_file *f)
{
	ahead_free(f->ahead);
	for (unsigned int i = 0; i < f->nr_streams; i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(f->streams[i].chunk); j++)
			free(f->streams[i].chunk[j]);
		XXH3_freeState(f->streams[i].sum);
	}
	free(f->streams);
	free(f->cpus);
	free(f->chosen);
	free(f->chosen_cpus);
	free(f->buffers);
}

void dat_damaged(struct dat_file *f, const char *what)
{
	/* It may be the file's own word. */
	if (!f->info.damaged)
		f->info.damaged = dat_own(f, sanitized(what));
}

/* Read while it is in the cache for decoding anyway. */
static void sum_add(struct dat_stream *stream, const void *bytes, size_t len)
{
	if (!stream->sum)
		return;
	XXH3_64bits_update(stream->sum, bytes, len);
	stream->summed += len;
}

/* Chunks end where their CPU's data does. Not every trace-cmd counts the four bytes of their number. */
static bool ends_elsewhere(const struct dat_file *f, const struct dat_stream *stream)
{
	uint64_t end = stream->off + stream->len;

	return f->comp != COMP_NONE && stream->len && !stream->cut && stream->pos != end && stream->pos != end + 4;
}

static bool sum_differs(struct dat_stream *stream)
{
	bool differs;

	if (!stream->sum)
		return false;
	differs = stream->summed != stream->len || XXH3_64bits_digest(stream->sum) != stream->want_sum;
	XXH3_freeState(stream->sum);
	stream->sum = NULL;
	return differs;
}

/* All of it was read. */
static void check_stream(struct dat_file *f, struct dat_stream *stream)
{
	bool differs = sum_differs(stream);

	/* The thread that reads may be another than the one that asks for names: it owns nothing else of f. */
	if (f->info.damaged || (!differs && !ends_elsewhere(f, stream)))
		return;
	snprintf(stream->damaged, sizeof(stream->damaged), "data of CPU %u", f->cpus[stream - f->streams]);
	f->info.damaged = stream->damaged;
}

/* Each page once: the kernel looks all of them up, which shows in the time of a report. */
static void ask_ahead(struct dat_file *f, struct dat_stream *stream)
{
	uint64_t from = stream->asked_ahead > stream->pos ? stream->asked_ahead : stream->pos, to = stream->pos + AHEAD;

	if (from >= stream->pos + AHEAD / 2 || stream->len <= CHUNK)
		return;
	posix_fadvise(f->fd, (off_t)from, (off_t)(to - from), POSIX_FADV_WILLNEED);
	stream->asked_ahead = to;
}

/* Where the next chunk goes. */
static unsigned int next_slot(const struct dat_stream *stream)
{
	return (stream->cur + 1) % ARRAY_SIZE(stream->chunk);
}

/* The slot is to take len bytes. */
static void chunk_room(struct dat_stream *stream, unsigned int i, size_t len)
{
	if (len > stream->chunk_size[i]) {
		free(stream->chunk[i]);
		stream->chunk[i] = xmalloc(len);
		stream->chunk_size[i] = len;
	}
}

static void chunk_begins(struct dat_stream *stream, unsigned int i, size_t len)
{
	stream->cur = i;
	stream->chunk_len = len;
	stream->chunk_pos = 0;
}

/* The next whole pages. 1 = there are some, 0 = none, -1 = error: nothing has changed then. */
static int plain_plan(struct dat_file *f, struct dat_stream *stream, struct err *err)
{
	uint64_t left = stream->off + stream->len - stream->pos;
	size_t nr_pages = CHUNK / stream->page_size, want = (nr_pages > 2 ? nr_pages : 2) * stream->page_size;

	if (!left)
		return 0;
	if (want > left)
		want = (size_t)left;
	if (!dat_charge(f, want))
		return dat_over_budget(err);
	ask_ahead(f, stream);
	stream->next.off = stream->pos;
	stream->next.len = want;
	chunk_room(stream, next_slot(stream), want);
	stream->pos += want;
	return 1;
}

/* --- compressed data --- */

/* Behind the last chunk, see ends_elsewhere(). */
static uint64_t packed_end(const struct dat_file *f, const struct dat_stream *stream)
{
	uint64_t end = stream->off + stream->len + 4;

	return end < f->size ? end : f->size;
}

static int packed_begin(struct dat_file *f, struct dat_stream *stream, struct err *err)
{
	uint8_t raw[4];

	stream->begun = true;
	if (stream->len < sizeof(raw))
		return 0;
	if (dat_pread(f, raw, sizeof(raw), stream->pos, err))
		return -1;
	sum_add(stream, raw, sizeof(raw));
	stream->chunks_left = (uint32_t)dat_number(raw, sizeof(raw), f->info.big_endian);
	stream->pos += sizeof(raw);
	return 0;
}

/* As plain_plan(): by its sizes; a compressed chunk is whole pages, too. */
static int packed_plan(struct dat_file *f, struct dat_stream *stream, struct err *err)
{
	uint64_t left = packed_end(f, stream) - stream->pos;
	uint8_t raw[8];
	uint32_t packed_len, len;

	if (!stream->chunks_left)
		return 0;
	if (left < sizeof(raw))
		return err_set(err, EXIT_FAILED, "the file is cut: its compressed data ends too early");
	ask_ahead(f, stream);
	if (dat_pread(f, raw, sizeof(raw), stream->pos, err))
		return -1;
	packed_len = (uint32_t)dat_number(raw, 4, f->info.big_endian);
	len = (uint32_t)dat_number(raw + 4, 4, f->info.big_endian);
	/* Nothing is packed as nothing. */
	if (packed_len > left - sizeof(raw) || len > MAX_BLOCK || (packed_len && !len))
		return damaged(err);
	if (!dat_charge(f, (uint64_t)packed_len + len))
		return dat_over_budget(err);
	sum_add(stream, raw, sizeof(raw));
	stream->next.off = stream->pos + sizeof(raw);
	stream->next.packed_len = packed_len;
	stream->next.len = len;
	chunk_room(stream, next_slot(stream), len);
	stream->pos = stream->next.off + packed_len;
	stream->chunks_left--;
	return 1;
}

static void fetch_packed(struct dat_file *f, struct dat_stream *stream, struct unpack_room *u)
{
	char *to = stream->chunk[next_slot(stream)];

	if (stream->next.packed_len > u->room) {
		free(u->packed);
		u->packed = xmalloc(stream->next.packed_len);
		u->room = stream->next.packed_len;
	}
	if (dat_pread(f, u->packed, stream->next.packed_len, stream->next.off, &stream->next.err))
		return;
	sum_add(stream, u->packed, stream->next.packed_len);
	/* The size is that of whole pages; what trace-cmd packed of the last one may be less. */
	if (stream->next.len)
		stream->next.got = dat_unpack(u, f->comp, to, stream->next.len, u->packed, stream->next.packed_len);
}

void fetch_chunk(struct dat_file *f, struct dat_stream *stream, struct unpack_room *u)
{
	char *to = stream->chunk[next_slot(stream)];

	stream->next.err = (struct err){ 0 };
	stream->next.got = 0;
	if (f->comp != COMP_NONE) {
		fetch_packed(f, stream, u);
		return;
	}
	if (dat_pread(f, to, stream->next.len, stream->next.off, &stream->next.err))
		return;
	sum_add(stream, to, stream->next.len);
	stream->next.got = stream->next.len;
}

static int chunk_plan(struct dat_file *f, struct dat_stream *stream, struct err *err)
{
	return f->comp == COMP_NONE ? plain_plan(f, stream, err) : packed_plan(f, stream, err);
}

/* 1 = there, 0 = no more, -1 = error. */
static int next_chunk(struct dat_file *f, struct dat_stream *stream, struct err *err)
{
	if (f->comp != COMP_NONE && !stream->begun && packed_begin(f, stream, err))
		return -1;
	if (!stream->started) {
		int there = chunk_plan(f, stream, err);

		if (there <= 0)
			return there;
		ahead_start(f->ahead, stream);
	}
	ahead_wait(f->ahead, stream);
	if (stream->next.err.code) {
		*err = stream->next.err;
		return -1;
	}
	if (stream->next.len && !stream->next.got)
		return damaged(err);
	/* An empty one takes no slot: the last page, which must live on, is in the other. */
	if (stream->next.got)
		chunk_begins(stream, next_slot(stream), stream->next.got);
	return 1;
}

/*
 * The second page of a chunk is asked for, so none of the chunk before lives any more: the next one, which goes there,
 * may be fetched by others meanwhile. An error is told when its turn comes.
 */
static void chunk_behind(struct dat_file *f, struct dat_stream *stream)
{
	struct err later = { 0 };

	if (chunk_plan(f, stream, &later) > 0)
		ahead_start(f->ahead, stream);
}

bool dat_help(void *ctx, bool wait)
{
	struct dat_file *f = ctx;

	return ahead_help(f->ahead, wait);
}

bool dat_stream_cut(void *ctx, unsigned int idx)
{
	const struct dat_file *f = ctx;

	return f->streams[f->chosen[idx]].cut;
}

void dat_help_end(void *ctx)
{
	struct dat_file *f = ctx;

	ahead_end(f->ahead);
}

const void *dat_next_page(void *ctx, unsigned int idx, size_t *len, struct err *err)
{
	struct dat_file *f = ctx;
	struct dat_stream *stream;
	const char *page;
	size_t left;

	*len = 0;
	if (idx >= f->info.nr_streams)
		return NULL;
	stream = &f->streams[f->chosen[idx]];
	while (stream->chunk_pos == stream->chunk_len) {
		int more = next_chunk(f, stream, err);

		if (more > 0)
			continue;
		if (!more)
			check_stream(f, stream);
		return NULL;
	}
	if (stream->chunk_pos == stream->page_size)
		chunk_behind(f, stream);
	page = stream->chunk[stream->cur] + stream->chunk_pos;
	left = stream->chunk_len - stream->chunk_pos;
	*len = left < stream->page_size ? left : stream->page_size;
	stream->chunk_pos += *len;
	return page;
}

/* --- task names --- */

static int comm_compare(const void *a, const void *b)
{
	const struct dat_comm *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Lines "pid comm". */
static void comms_build(struct dat_file *f)
{
	char *text, *save, *line;
	unsigned int room = 0;

	f->comms_built = true;
	if (!f->info.cmdlines)
		return;
	text = xmalloc(f->info.cmdlines_len + 1);
	memcpy(text, f->info.cmdlines, f->info.cmdlines_len);
	text[f->info.cmdlines_len] = '\0';
	dat_own(f, text);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *name;
		long pid = strtol(line, &name, 10);

		if (name == line || *name != ' ' || pid < 0 || pid > INT32_MAX)
			continue;
		if (f->nr_comms == room) {
			room = room ? room * 2 : 256;
			f->comms = xrealloc(f->comms, room * sizeof(*f->comms));
		}
		f->comms[f->nr_comms].pid = (int32_t)pid;
		f->comms[f->nr_comms++].name = name + 1;
	}
	if (f->nr_comms)
		qsort(f->comms, f->nr_comms, sizeof(*f->comms), comm_compare);
}

const char *dat_comm(struct dat_file *f, int32_t pid)
{
	struct dat_comm key = { .pid = pid }, *found = NULL;

	if (!pid)
		return "<idle>";
	if (!f->comms_built)
		comms_build(f);
	if (f->nr_comms)
		found = bsearch(&key, f->comms, f->nr_comms, sizeof(*f->comms), comm_compare);
	return found ? found->name : DAT_NO_COMM;
}
