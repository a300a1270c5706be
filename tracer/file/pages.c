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
#include "file/priv.h"

#define CHUNK	  (64u << 10)  /* read at once: stays in the second-level cache until it is decoded */
#define AHEAD	  (2ull << 20) /* the kernel is asked for so much at once: CPUs are read in turn */
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

	if (cpu >= DAT_MAX_CPUS) {
		f->info.truncated = true;
		return;
	}
	f->streams = xrealloc(f->streams, (nr + 1) * sizeof(*f->streams));
	f->cpus = xrealloc(f->cpus, (nr + 1) * sizeof(*f->cpus));
	stream = &f->streams[nr];
	memset(stream, 0, sizeof(*stream));
	if (!len)
		off = 0;
	if (off > f->size || len > f->size - off) {
		f->info.truncated = true;
		len = off < f->size ? f->size - off : 0;
		if (!len)
			off = 0;
	}
	stream->off = stream->pos = stream->asked_ahead = off;
	stream->len = len;
	stream->page_size = b->page_size;
	stream->buffer = f->info.nr_buffers - 1;
	f->cpus[nr] = cpu;
	f->nr_streams = nr + 1;
	f->info.data_bytes += len;
	b->data_bytes += len;
}

void dat_free_streams(struct dat_file *f)
{
	for (unsigned int i = 0; i < f->nr_streams; i++) {
		free(f->streams[i].chunk[0]);
		free(f->streams[i].chunk[1]);
		XXH3_freeState(f->streams[i].sum);
	}
	free(f->streams);
	free(f->cpus);
	free(f->chosen);
	free(f->chosen_cpus);
	free(f->buffers);
	free(f->packed);
}

void dat_damaged(struct dat_file *f, const char *what)
{
	if (!f->info.damaged)
		f->info.damaged = dat_own(f, xstrdup(what));
}

/* Read while it is in the cache for decoding anyway. */
static void sum_add(struct dat_stream *stream, const void *bytes, size_t len)
{
	if (!stream->sum)
		return;
	XXH3_64bits_update(stream->sum, bytes, len);
	stream->summed += len;
}

static void sum_check(struct dat_file *f, struct dat_stream *stream)
{
	char what[32];

	if (!stream->sum)
		return;
	snprintf(what, sizeof(what), "data of CPU %u", f->cpus[stream - f->streams]);
	if (stream->summed != stream->len || XXH3_64bits_digest(stream->sum) != stream->want_sum)
		dat_damaged(f, what);
	XXH3_freeState(stream->sum);
	stream->sum = NULL;
}

static void ask_ahead(struct dat_file *f, struct dat_stream *stream)
{
	if (stream->pos < stream->asked_ahead || stream->len <= CHUNK)
		return;
	posix_fadvise(f->fd, (off_t)stream->pos, AHEAD, POSIX_FADV_WILLNEED);
	stream->asked_ahead = stream->pos + AHEAD / 2;
}

/* The other chunk is to take len bytes. */
static char *chunk_room(struct dat_stream *stream, size_t len)
{
	stream->cur ^= 1;
	if (len > stream->chunk_size[stream->cur]) {
		free(stream->chunk[stream->cur]);
		stream->chunk[stream->cur] = xmalloc(len);
		stream->chunk_size[stream->cur] = len;
	}
	return stream->chunk[stream->cur];
}

/* Whole pages. 1 = there, 0 = no more, -1 = error. */
static int next_plain(struct dat_file *f, struct dat_stream *stream, struct err *err)
{
	uint64_t left = stream->off + stream->len - stream->pos;
	size_t want = stream->page_size > CHUNK ? stream->page_size : CHUNK / stream->page_size * stream->page_size;

	if (!left)
		return 0;
	if (want > left)
		want = (size_t)left;
	if (!dat_charge(f, want))
		return dat_over_budget(err);
	ask_ahead(f, stream);
	if (dat_pread(f, chunk_room(stream, want), want, stream->pos, err))
		return -1;
	sum_add(stream, stream->chunk[stream->cur], want);
	stream->pos += want;
	stream->chunk_len = want;
	stream->chunk_pos = 0;
	return 1;
}

static int packed_numbers(struct dat_file *f, struct dat_stream *stream, uint32_t *numbers, unsigned int nr,
			  struct err *err)
{
	uint8_t raw[8];

	if (dat_pread(f, raw, 4ul * nr, stream->pos, err))
		return -1;
	sum_add(stream, raw, 4ul * nr);
	for (unsigned int i = 0; i < nr; i++)
		numbers[i] = (uint32_t)dat_number(raw + 4ul * i, 4, f->info.big_endian);
	stream->pos += 4ul * nr;
	return 0;
}

/* As above; a compressed chunk is whole pages, too. */
static int next_packed(struct dat_file *f, struct dat_stream *stream, struct err *err)
{
	/* trace-cmd does not count the four bytes of the number of chunks. */
	uint64_t end = stream->off + stream->len + 4;
	uint32_t size[2];
	size_t len;

	if (end > f->size)
		end = f->size;
	if (!stream->begun) {
		stream->begun = true;
		if (stream->len < 4)
			return 0;
		if (packed_numbers(f, stream, &stream->chunks_left, 1, err))
			return -1;
	}
	if (!stream->chunks_left)
		return 0;
	if (end - stream->pos < 8)
		return err_set(err, EXIT_FAILED, "compressed data ends too early");
	ask_ahead(f, stream);
	if (packed_numbers(f, stream, size, 2, err))
		return -1;
	if (size[0] > end - stream->pos || size[1] > MAX_BLOCK)
		return err_set(err, EXIT_FAILED, "compressed data is damaged");
	if (!dat_charge(f, (uint64_t)size[0] + size[1]))
		return dat_over_budget(err);
	if (size[0] > f->packed_size) {
		free(f->packed);
		f->packed = xmalloc(size[0]);
		f->packed_size = size[0];
	}
	if (dat_pread(f, f->packed, size[0], stream->pos, err))
		return -1;
	sum_add(stream, f->packed, size[0]);
	/* The size is that of whole pages; what trace-cmd packed of the last one may be less. */
	len = size[1] ? dat_unpack(f->comp, chunk_room(stream, size[1]), size[1], f->packed, size[0]) : 0;
	if (size[1] && !len)
		return err_set(err, EXIT_FAILED, "compressed data is damaged");
	stream->pos += size[0];
	stream->chunks_left--;
	stream->chunk_len = len;
	stream->chunk_pos = 0;
	return 1;
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
		int more = f->comp == COMP_NONE ? next_plain(f, stream, err) : next_packed(f, stream, err);

		if (more > 0)
			continue;
		if (!more)
			sum_check(f, stream);
		return NULL;
	}
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
	return found ? found->name : "<...>";
}
