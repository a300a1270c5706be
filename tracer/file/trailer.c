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

/* "sum NAME OFFSET LENGTH XXH3": of a CPU's data it is checked when that is read. */
static void check_sum(struct dat_file *f, const char *line)
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
	if (strncmp(name, "cpu", 3)) {
		if (!dat_charge(f, len) || range_sum(f, off, len, &err) != sum)
			dat_damaged(f, name);
		else if (!strcmp(name, "ustacks"))
			take_ustacks(f, off, len);
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
	read_facts(f);
	for (const char *line = f->info.facts; line && *line;) {
		const char *eol = strchr(line, '\n');

		if (!strncmp(line, "sum ", 4))
			check_sum(f, line);
		line = eol ? eol + 1 : NULL;
	}
}
