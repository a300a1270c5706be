// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/pages.c - the CPUs' data page by page, in place where it can be.
 *
 * Memory does not grow with the length of a recording: what was read is given
 * back to the kernel in strides, and of compressed data only two chunks a CPU
 * are held.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "file/priv.h"

#define STRIDE	  (2ull << 20) /* mapped ahead and given back at once */
#define MAX_BLOCK (256u << 20) /* an uncompressed size beyond is damage */

/* Bytes unpacked, at most to_len; 0 = damage. */
static size_t uncompress(const struct dat_file *f, void *to, size_t to_len, const void *from, size_t from_len)
{
	size_t nr = f->comp == COMP_ZSTD ? ZSTD_decompress(to, to_len, from, from_len) : 0;

	return ZSTD_isError(nr) ? 0 : nr;
}

uint8_t *dat_uncompress(struct dat_file *f, const uint8_t *from, size_t from_len, size_t len, struct err *err)
{
	uint8_t *to;

	if (f->comp != COMP_ZSTD) {
		err_set(err, EXIT_FAILED, "compressed with %s, which is not supported", f->comp_name);
		err_hint(err, "\"trace-cmd convert --compression none\" makes it readable");
		return NULL;
	}
	if (len > MAX_BLOCK) {
		err_set(err, EXIT_FAILED, "a compressed section of %zu bytes is damage", len);
		return NULL;
	}
	to = xmalloc(len ? len : 1);
	if (len && uncompress(f, to, len, from, from_len) != len) {
		free(to);
		err_set(err, EXIT_FAILED, "a compressed section is damaged");
		return NULL;
	}
	return dat_own(f, to);
}

void dat_clear_streams(struct dat_file *f)
{
	for (unsigned int i = 0; i < f->info.nr_streams; i++) {
		free(f->streams[i].chunk[0]);
		free(f->streams[i].chunk[1]);
	}
	f->info.nr_streams = 0;
	f->info.data_bytes = 0;
}

void dat_add_stream(struct dat_file *f, uint32_t cpu, uint64_t off, uint64_t len)
{
	unsigned int nr = f->info.nr_streams;
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
	stream->off = stream->pos = stream->given_back = off;
	stream->len = len;
	f->cpus[nr] = cpu;
	f->info.nr_streams = nr + 1;
	f->info.data_bytes += len;
}

/* One call to the kernel a stride: map what comes, give back what was read but for two pages. */
static void stride(struct dat_file *f, struct dat_stream *stream)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t keep = 2ull * f->info.page_size;
	uint64_t from = stream->given_back & ~(page - 1);
	uint64_t to = stream->pos > stream->off + keep ? (stream->pos - keep) & ~(page - 1) : 0;

	/* The first page of the stretch may belong to the CPU before: it is only mapped anew. */
	if (to > from) {
		madvise((void *)(f->map + from), (size_t)(to - from), MADV_DONTNEED);
		stream->given_back = to;
	}
#ifdef MADV_POPULATE_READ
	from = stream->pos & ~(page - 1);
	to = stream->pos + STRIDE;
	if (to > stream->off + stream->len)
		to = stream->off + stream->len;
	if (to > from)
		madvise((void *)(f->map + from), (size_t)(to - from), MADV_POPULATE_READ);
#endif
}

static const void *next_mapped(struct dat_file *f, struct dat_stream *stream, size_t *len)
{
	uint64_t left = stream->off + stream->len - stream->pos;
	const uint8_t *page = f->map + stream->pos;

	if (!left)
		return NULL;
	if ((stream->pos - stream->off) % STRIDE < f->info.page_size)
		stride(f, stream);
	*len = left < f->info.page_size ? (size_t)left : f->info.page_size;
	stream->pos += *len;
	return page;
}

/* The next chunk into the other buffer. 1 = there, 0 = no more, -1 = damage. */
static int next_chunk(struct dat_file *f, struct dat_stream *stream, struct err *err)
{
	/* trace-cmd does not count the four bytes of the number of chunks. */
	uint64_t end = stream->off + stream->len + 4;
	bool big = f->info.big_endian;
	uint64_t zlen, len;

	if (end > f->size)
		end = f->size;

	if (!stream->chunks_begun) {
		stream->chunks_begun = true;
		if (stream->len < 4)
			return 0;
		stream->chunks_left = (uint32_t)dat_number(f->map + stream->pos, 4, big);
		stream->pos += 4;
	}
	if (!stream->chunks_left)
		return 0;
	if (end - stream->pos < 8)
		return err_set(err, EXIT_FAILED, "compressed data ends too early");
	zlen = dat_number(f->map + stream->pos, 4, big);
	len = dat_number(f->map + stream->pos + 4, 4, big);
	stream->pos += 8;
	if (zlen > end - stream->pos || len > MAX_BLOCK)
		return err_set(err, EXIT_FAILED, "compressed data is damaged");
	stream->cur ^= 1;
	if (len > stream->chunk_size[stream->cur]) {
		free(stream->chunk[stream->cur]);
		stream->chunk[stream->cur] = xmalloc((size_t)len);
		stream->chunk_size[stream->cur] = (size_t)len;
	}
	/* The size is that of whole pages; what trace-cmd packed of the last one may be less. */
	if (len) {
		len = uncompress(f, stream->chunk[stream->cur], (size_t)len, f->map + stream->pos, (size_t)zlen);
		if (!len)
			return err_set(err, EXIT_FAILED, "compressed data is damaged");
	}
	stream->pos += zlen;
	stream->chunks_left--;
	stream->chunk_len = (size_t)len;
	stream->chunk_pos = 0;
	stride(f, stream);
	return 1;
}

static const void *next_unpacked(struct dat_file *f, struct dat_stream *stream, size_t *len, struct err *err)
{
	const char *page;
	size_t left;

	while (stream->chunk_pos == stream->chunk_len)
		if (next_chunk(f, stream, err) <= 0)
			return NULL;
	page = stream->chunk[stream->cur] + stream->chunk_pos;
	left = stream->chunk_len - stream->chunk_pos;
	*len = left < f->info.page_size ? left : f->info.page_size;
	stream->chunk_pos += *len;
	return page;
}

const void *dat_next_page(void *ctx, unsigned int idx, size_t *len, struct err *err)
{
	struct dat_file *f = ctx;

	if (idx >= f->info.nr_streams)
		return NULL;
	if (f->comp == COMP_NONE)
		return next_mapped(f, &f->streams[idx], len);
	return next_unpacked(f, &f->streams[idx], len, err);
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
