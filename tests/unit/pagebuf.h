/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pagebuf.h - hand-built sub-buffers and event formats of any machine.
 *
 * Header only. Bytes are written as the recording machine would: its byte
 * order, its longs. Pages are handed out in memory of their exact length and
 * freed after two more calls for the same CPU, so that the address sanitizer
 * sees every step too far and every pointer kept too long.
 */
#ifndef IPITRACE_TESTS_UNIT_PAGEBUF_H
#define IPITRACE_TESTS_UNIT_PAGEBUF_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "decode/decode.h"

#define PB_SIZE	     16384
#define PB_MAX_PAGES 64
#define PB_MAX_CPUS  128

struct pb_machine {
	bool big;
	unsigned int longs;
};

struct pb_page {
	uint8_t bytes[PB_SIZE];
	size_t len;  /* header and data so far */
	size_t size; /* handed out: at least len */
};

struct pb {
	struct pb_machine m;
	struct pb_page *pages[PB_MAX_CPUS][PB_MAX_PAGES];
	unsigned int nr_pages[PB_MAX_CPUS], next[PB_MAX_CPUS];
	void *live[PB_MAX_CPUS][2];
	unsigned int cpu; /* that is written to */
	bool fail_at_end; /* the source reports damage instead of an end */
	uint64_t cut;	  /* of the first 64 CPUs: its stream goes on, but that is not there */
};

static inline void pb_put(const struct pb *b, uint8_t *p, uint64_t val, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		p[i] = (uint8_t)(val >> 8 * (b->m.big ? size - 1 - i : i));
}

static inline struct pb_page *pb_cur(struct pb *b)
{
	return b->pages[b->cpu][b->nr_pages[b->cpu] - 1];
}

static inline void pb_commit(struct pb *b, uint32_t flags)
{
	struct pb_page *page = pb_cur(b);
	uint32_t commit = (uint32_t)(page->len - 8 - b->m.longs) | flags;
	/* Sign garbage in the upper half, as real kernels leave it. */
	uint64_t val = flags & 0x80000000u ? 0xffffffff00000000ULL | commit : commit;

	pb_put(b, page->bytes + 8, val, b->m.longs);
}

static inline void pb_page(struct pb *b, unsigned int cpu, uint64_t ts)
{
	struct pb_page *page = calloc(1, sizeof(*page));

	b->cpu = cpu;
	b->pages[cpu][b->nr_pages[cpu]++] = page;
	page->len = 8 + b->m.longs;
	page->size = PB_SIZE;
	pb_put(b, page->bytes, ts, 8);
	pb_commit(b, 0);
}

static inline void pb_word(struct pb *b, uint64_t val, unsigned int size)
{
	struct pb_page *page = pb_cur(b);

	if (page->len + size > PB_SIZE)
		abort();
	pb_put(b, page->bytes + page->len, val, size);
	page->len += size;
	pb_commit(b, 0);
}

/* u32 {type_len:5, time_delta:27} */
static inline void pb_head(struct pb *b, unsigned int type, uint32_t delta)
{
	pb_word(b, b->m.big ? type << 27 | delta : delta << 5 | type, 4);
}

static inline void pb_extend(struct pb *b, uint64_t delta)
{
	pb_head(b, 30, delta & 0x7ffffff);
	pb_word(b, delta >> 27, 4);
}

static inline void pb_stamp(struct pb *b, uint64_t ts)
{
	pb_head(b, 31, ts & 0x7ffffff);
	pb_word(b, ts >> 27 & 0xffffffff, 4);
}

static inline void pb_padding(struct pb *b, uint32_t delta, unsigned int bytes)
{
	pb_head(b, 29, delta);
	pb_word(b, bytes, 4);
	for (unsigned int i = 4; i < bytes; i++)
		pb_word(b, 0xaa, 1);
}

/* Marks the page's loss; count < 0: not stored. */
static inline void pb_lost(struct pb *b, int64_t count)
{
	struct pb_page *page = pb_cur(b);

	if (count >= 0)
		pb_put(b, page->bytes + page->len, (uint64_t)count, b->m.longs);
	pb_commit(b, count >= 0 ? 0xc0000000u : 0x80000000u);
}

/* An event's payload under construction. */
struct pb_rec {
	uint8_t bytes[8400];
	unsigned int len;
};

static inline struct pb_rec pb_rec(const struct pb *b, unsigned int id, unsigned int flags, int pid)
{
	struct pb_rec r = { .len = 8 };

	pb_put(b, r.bytes, id, 2);
	r.bytes[2] = (uint8_t)flags;
	pb_put(b, r.bytes + 4, (uint32_t)pid, 4);
	return r;
}

static inline void pb_field(const struct pb *b, struct pb_rec *r, uint64_t val, unsigned int size)
{
	r->len = (r->len + size - 1) / size * size;
	pb_put(b, r->bytes + r->len, val, size);
	r->len += size;
}

static inline void pb_event(struct pb *b, uint32_t delta, const struct pb_rec *r)
{
	unsigned int len = (r->len + 3) & ~3u;

	if (len / 4 <= 28) {
		pb_head(b, len / 4, delta);
	} else {
		pb_head(b, 0, delta);
		pb_word(b, len + 4, 4);
	}
	for (unsigned int i = 0; i < len; i++)
		pb_word(b, i < r->len ? r->bytes[i] : 0, 1);
}

static inline const void *pb_next(void *ctx, unsigned int idx, size_t *len, struct err *err)
{
	struct pb *b = ctx;
	struct pb_page *page;
	uint8_t *copy;

	free(b->live[idx][0]);
	b->live[idx][0] = b->live[idx][1];
	b->live[idx][1] = NULL;
	if (b->next[idx] == b->nr_pages[idx]) {
		if (b->fail_at_end)
			err_set(err, EXIT_FAILED, "damaged on purpose");
		return NULL;
	}
	page = b->pages[idx][b->next[idx]++];
	copy = malloc(page->size ? page->size : 1);
	memcpy(copy, page->bytes, page->size);
	b->live[idx][1] = copy;
	*len = page->size;
	return copy;
}

static inline void pb_free(struct pb *b)
{
	for (unsigned int cpu = 0; cpu < PB_MAX_CPUS; cpu++) {
		for (unsigned int i = 0; i < b->nr_pages[cpu]; i++)
			free(b->pages[cpu][i]);
		for (unsigned int i = 0; i < 2; i++)
			free(b->live[cpu][i]);
	}
	memset(b, 0, sizeof(*b));
}

/* --- formats --- */

#define PB_MAX_FORMATS 48

struct pb_formats {
	struct event_format f[PB_MAX_FORMATS];
	char *texts[PB_MAX_FORMATS];
	unsigned int nr;
};

/* text: malloc'ed; the formats own it from now on. */
static inline void pb_format_text(struct pb_formats *fs, const char *system, char *text)
{
	fs->texts[fs->nr] = text;
	fs->f[fs->nr].system = system;
	fs->f[fs->nr].text = text;
	fs->f[fs->nr++].len = strlen(text);
}

/* fields: "name:size" words, 'p' = pointer, 'd' = __data_loc, 'm' = array at the end. */
static inline void pb_format(struct pb_formats *fs, const struct pb_machine *m, const char *system, const char *name,
			     unsigned int id, const char *fields)
{
	unsigned int off = 8;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	char word[64];
	int used;

	fprintf(out,
		"name: %s\nID: %u\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
		"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n",
		name, id);
	for (; sscanf(fields, "%63s%n", word, &used) == 1; fields += used) {
		char *colon = strchr(word, ':');
		unsigned int size = colon[1] == 'p' || colon[1] == 'm' ? m->longs : colon[1] == '8' ? 8 : 4;

		*colon = '\0';
		off = (off + size - 1) / size * size;
		if (colon[1] == 'm')
			fprintf(out, "\tfield:unsigned long %s[8];\toffset:%u;\tsize:%u;\tsigned:0;\n", word, off,
				size * 8);
		else
			fprintf(out, "\tfield:%s %s;\toffset:%u;\tsize:%u;\tsigned:0;\n",
				colon[1] == 'p' ? "void *" :
				colon[1] == 'd' ? "__data_loc cpumask_t" :
				colon[1] == '8' ? "u64" :
						  "unsigned int",
				word, off, size);
		off += size;
	}
	fprintf(out, "\nprint fmt: \"x\"\n");
	fclose(out);
	pb_format_text(fs, system, text);
}

static inline void pb_formats_free(struct pb_formats *fs)
{
	for (unsigned int i = 0; i < fs->nr; i++)
		free(fs->texts[i]);
	fs->nr = 0;
}

static inline bool pb_cut(void *ctx, unsigned int idx)
{
	const struct pb *b = ctx;

	return idx < 64 && b->cut >> idx & 1;
}

#endif
