// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/end.c - whether the file goes on to the end that it was written with.
 *
 * A file of ours ends with its facts, in either version. trace-cmd writes none: its version 7 is sections one after the
 * other, of which the texts that describe them are the last (tracecmd_write_meta_strings() of its trace-output.c); its
 * version 6 ends with the data.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "file/priv.h"

#define SECTION_HEAD 16
#define MAX_CLOCK    264  /* its length and text */
#define MAX_WALK     4096 /* sections; trace-cmd writes some twenty */

/* Of a section of texts, how long they are unpacked. */
static uint64_t texts_len(struct dat_file *f, unsigned int flags, uint64_t at, uint64_t size)
{
	struct err ignored = { 0 };
	uint8_t raw[8];

	if (!(flags & DAT_SECTION_COMPRESSED))
		return size;
	if (size < sizeof(raw) || dat_pread(f, raw, sizeof(raw), at, &ignored))
		return 0;
	return dat_number(raw + 4, 4, f->info.big_endian);
}

/* Sections up to the very end, and among them the texts of all of them. */
static bool sections_end(struct dat_file *f)
{
	uint64_t at = f->sections_at, texts = 0, last_text = 0;
	bool big = f->info.big_endian;

	for (unsigned int nr = 0; at < f->size && nr < MAX_WALK; nr++) {
		struct err ignored = { 0 };
		uint64_t text, size;
		uint8_t raw[SECTION_HEAD];

		if (f->size - at < sizeof(raw) || dat_pread(f, raw, sizeof(raw), at, &ignored))
			return false;
		text = dat_number(raw + 4, 4, big);
		size = dat_number(raw + 8, 8, big);
		at += sizeof(raw);
		if (size > f->size - at)
			return false;
		if (dat_number(raw, 2, big) == DAT_OPT_STRINGS)
			texts += texts_len(f, (unsigned int)dat_number(raw + 2, 2, big), at, size);
		if (text > last_text)
			last_text = text;
		at += size;
	}
	return at == f->size && texts > last_text;
}

/* trace-cmd takes over who wrote a file that it converts. Only it describes sections, and names the clock behind v6's table. */
static bool is_converted(const struct dat_file *f)
{
	return f->info.version == 7 ? f->described : f->info.nr_buffers && f->buffers[0].clock;
}

/* What comes behind all data of CPUs, and in files of ours behind all sections. */
static uint64_t data_end(const struct dat_file *f)
{
	uint64_t end = f->sums_end;

	for (unsigned int i = 0; i < f->nr_streams; i++)
		if (f->streams[i].len && f->streams[i].off + f->streams[i].len > end)
			end = f->streams[i].off + f->streams[i].len;
	return end;
}

/*
 * In version 6 a buffer's data follows its table, with no more between them than the name of a clock, one CPU's behind
 * the other's, each on a page of its own. What lies between two of them otherwise is data that the table does not name.
 */
static bool data_has_holes(const struct dat_file *f)
{
	const struct dat_stream *before = NULL;

	if (f->info.version != 6 || f->info.truncated)
		return false;
	for (unsigned int i = 0; i < f->nr_streams; i++) {
		const struct dat_stream *s = &f->streams[i];
		uint64_t end = before && before->buffer == s->buffer ? before->off + before->len : 0;

		if (!s->len)
			continue;
		if (!s->buffer && !before)
			end = f->table_end + MAX_CLOCK;
		if (end && s->off > end && s->off - end >= s->page_size)
			return true;
		before = s;
	}
	return false;
}

/* One recording behind another is two, of which a reader of files sees the first alone. */
static bool goes_on(const struct dat_file *f)
{
	uint64_t end = data_end(f);

	return end && (f->info.facts ? f->facts_at > end : f->info.version == 6 && f->size > end);
}

void dat_check_end(struct dat_file *f)
{
	if (goes_on(f))
		dat_damaged(f, "end");
	if (!f->info.facts && data_has_holes(f))
		dat_damaged(f, "table of CPUs");
	if (f->info.facts)
		return;
	f->info.facts_gone = f->info.tracer_version && !strncmp(f->info.tracer_version, "ipitrace", 8);
	if (f->info.facts_gone && !is_converted(f))
		dat_damaged(f, "trailer");
	else if (f->described && !sections_end(f))
		dat_damaged(f, "end");
}
