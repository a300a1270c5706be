// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/trailer.c - what ipitrace writes behind the data: facts and checksums.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "file/priv.h"

struct stretch {
	uint64_t off, len;
};

static void read_facts(struct dat_file *f)
{
	struct dat_in in = dat_in_at(f, f->size < sizeof(struct dat_footer) ? 0 : f->size - sizeof(struct dat_footer));
	const uint8_t *foot = dat_in_bytes(&in, sizeof(struct dat_footer)), *text;
	uint64_t len;
	char *copy;

	if (!foot || memcmp(foot, DAT_FOOTER_MAGIC, 8))
		return;
	len = dat_number(foot + 8, 8, false);
	if (len > f->size - sizeof(struct dat_footer))
		return;
	in = dat_in_at(f, f->size - sizeof(struct dat_footer) - len);
	text = dat_in_bytes(&in, len);
	if (!text || dat_facts_check((const char *)text, (size_t)len) != dat_number(foot + 16, 8, false))
		return;
	copy = xmalloc((size_t)len + 1);
	memcpy(copy, text, (size_t)len);
	copy[len] = '\0';
	f->info.facts = dat_own(f, copy);
	f->info.facts_len = (size_t)len;
	f->facts_at = f->size - sizeof(struct dat_footer) - len;
}

static uint64_t range_sum(struct dat_file *f, uint64_t off, uint64_t len, struct err *err)
{
	const size_t room = 256u << 10;
	XXH3_state_t *state = XXH3_createState();
	char *buf = xmalloc(room);
	uint64_t sum = 0;

	if (state) {
		XXH3_64bits_reset(state);
		for (; len && !err->code; len -= len < room ? len : room, off += room) {
			size_t want = len < room ? (size_t)len : room;

			if (!dat_pread(f, buf, want, off, err))
				XXH3_64bits_update(state, buf, want);
		}
		sum = XXH3_64bits_digest(state);
	}
	XXH3_freeState(state);
	free(buf);
	return sum;
}

static struct dat_stream *stream_at(struct dat_file *f, uint64_t off, uint64_t len)
{
	for (unsigned int i = 0; i < f->nr_streams; i++)
		if (f->streams[i].off == off && f->streams[i].len == len && !f->streams[i].sum)
			return &f->streams[i];
	return NULL;
}

static void take_ustacks(struct dat_file *f, uint64_t off, uint64_t len)
{
	struct dat_in in = dat_in_at(f, off);

	f->info.ustacks = dat_in_bytes(&in, len);
	f->info.ustacks_len = (size_t)len;
}

/* Long lines, packed: the length of their text, 4 bytes, little-endian, then a zstd frame. They go behind the others. */
static void add_long_lines(struct dat_file *f, uint64_t off, uint64_t len)
{
	struct dat_in in = dat_in_at(f, off);
	const uint8_t *packed = dat_in_bytes(&in, len);
	struct unpack_room room = { 0 };
	size_t text_len;
	char *all;

	if (!packed || len < 4)
		return dat_damaged(f, "facts");
	text_len = (size_t)dat_number(packed, 4, false);
	if (!dat_charge(f, text_len))
		return dat_damaged(f, "facts");
	all = xmalloc(f->info.facts_len + text_len + 1);
	memcpy(all, f->info.facts, f->info.facts_len);
	if (dat_unpack(&room, COMP_ZSTD, all + f->info.facts_len, text_len, packed + 4, (size_t)len - 4) == text_len) {
		all[f->info.facts_len + text_len] = '\0';
		f->info.facts = dat_own(f, all);
		f->info.facts_len += text_len;
	} else {
		free(all);
		dat_damaged(f, "facts");
	}
	unpack_room_free(&room);
}

/* "sum NAME OFFSET LENGTH XXH3": of a CPU's data it is checked when that is read. */
static void check_sum(struct dat_file *f, const char *line, struct stretch *long_lines)
{
	unsigned long long off, len, sum;
	struct dat_stream *stream;
	struct err err = { 0 };
	char name[24];

	if (sscanf(line, "sum %23s %llu %llu %llx", name, &off, &len, &sum) != 4 || off > f->size ||
	    len > f->size - off) {
		dat_damaged(f, "list of sections");
		return;
	}
	if (off + len > f->sums_end)
		f->sums_end = off + len;
	if (strncmp(name, "cpu", 3)) {
		if (!dat_charge(f, len) || range_sum(f, off, len, &err) != sum)
			dat_damaged(f, name);
		else if (!strcmp(name, "ustacks"))
			take_ustacks(f, off, len);
		else if (!strcmp(name, "facts"))
			*long_lines = (struct stretch){ off, len };
		return;
	}
	stream = stream_at(f, off, len);
	if (!stream) {
		dat_damaged(f, "list of sections");
		return;
	}
	stream->want_sum = sum;
	stream->sum = XXH3_createState();
	XXH3_64bits_reset(stream->sum);
}

void dat_read_facts(struct dat_file *f)
{
	struct stretch long_lines = { 0 };

	read_facts(f);
	for (const char *line = f->info.facts; line && *line;) {
		const char *eol = strchr(line, '\n');

		if (!strncmp(line, "sum ", 4))
			check_sum(f, line, &long_lines);
		line = eol ? eol + 1 : NULL;
	}
	if (long_lines.len)
		add_long_lines(f, long_lines.off, long_lines.len);
}
