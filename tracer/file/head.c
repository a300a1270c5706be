// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/head.c - everything in front of the data, in memory: trace-cmd.dat.v6(5), trace-cmd.dat.v7(5).
 *
 * Numbers are in the byte order of this machine, and the head says so.
 */
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/mem.h"
#include "file/priv.h"

static void put(struct dat_bytes *b, const void *data, size_t len)
{
	if (b->len + len > b->room) {
		b->room = (b->len + len) * 2;
		b->at = xrealloc(b->at, b->room);
	}
	memcpy(b->at + b->len, data, len);
	b->len += len;
}

static void put_u16(struct dat_bytes *b, uint16_t v)
{
	put(b, &v, sizeof(v));
}

static void put_u32(struct dat_bytes *b, uint32_t v)
{
	put(b, &v, sizeof(v));
}

static void put_u64(struct dat_bytes *b, uint64_t v)
{
	put(b, &v, sizeof(v));
}

static void put_string(struct dat_bytes *b, const char *s)
{
	put(b, s, strlen(s) + 1);
}

/* A text with its length before it, as 8 or 4 bytes. */
static void put_text64(struct dat_bytes *b, const char *text, size_t len)
{
	put_u64(b, len);
	put(b, text ? text : "", len);
}

static void put_text32(struct dat_bytes *b, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	put_u32(b, (uint32_t)len);
	put(b, text ? text : "", len);
}

static void put_option(struct dat_bytes *b, enum dat_option option, const void *data, size_t len)
{
	put_u16(b, (uint16_t)option);
	put_u32(b, (uint32_t)len);
	put(b, data, len);
}

static void put_string_option(struct dat_bytes *b, enum dat_option option, const char *s)
{
	if (s)
		put_option(b, option, s, strlen(s) + 1);
}

static bool same_system(const struct dat_writer_meta *m, unsigned int a, unsigned int b)
{
	return !strcmp(m->formats[a].system, m->formats[b].system);
}

/* Formats come grouped: a system begins where the name changes. */
static void put_formats(struct dat_bytes *b, const struct dat_writer_meta *m)
{
	unsigned int nr_systems = 0;

	for (unsigned int i = 0; i < m->nr_formats; i++)
		nr_systems += !i || !same_system(m, i, i - 1);
	put_u32(b, nr_systems);
	for (unsigned int i = 0, end; i < m->nr_formats; i = end) {
		for (end = i; end < m->nr_formats && same_system(m, end, i); end++)
			;
		put_string(b, m->formats[i].system);
		put_u32(b, end - i);
		for (unsigned int j = i; j < end; j++)
			put_text64(b, m->formats[j].text, m->formats[j].len);
	}
}

/* The numbers are in the order that trace-cmd writes them in: save_tsc2nsec() of its trace-record.c. */
static void put_conversion(struct dat_bytes *b, const struct dat_writer_meta *m)
{
	struct dat_bytes all = { 0 };

	put_u32(&all, m->tsc_mult);
	put_u32(&all, m->tsc_shift);
	put_u64(&all, m->tsc_offset);
	put_option(b, DAT_OPT_TSC2NSEC, all.at, all.len);
	free(all.at);
}

static void put_common_options(struct dat_bytes *b, const struct dat_writer_meta *m)
{
	uint32_t nr_cpus = m->nr_cpus;

	for (unsigned int cpu = 0; m->cpustats && cpu < m->nr_cpus; cpu++)
		put_string_option(b, DAT_OPT_CPUSTAT, m->cpustats[cpu]);
	put_string_option(b, DAT_OPT_TRACECLOCK, m->clocks_text);
	put_string_option(b, DAT_OPT_UNAME, m->uname);
	put_option(b, DAT_OPT_CPUCOUNT, &nr_cpus, sizeof(nr_cpus));
	put_string_option(b, DAT_OPT_VERSION, m->version);
	if (m->trace_id)
		put_option(b, DAT_OPT_TRACEID, &m->trace_id, sizeof(m->trace_id));
	if (m->tsc_mult)
		put_conversion(b, m);
}

static void put_header_info(struct dat_bytes *b, const struct dat_writer_meta *m)
{
	put_string(b, "header_page");
	put_text64(b, m->header_page, strlen(m->header_page));
	put_string(b, "header_event");
	put_text64(b, m->header_event, strlen(m->header_event));
}

static void put_ftrace_formats(struct dat_bytes *b, const struct dat_writer_meta *m)
{
	put_u32(b, m->nr_ftrace);
	for (unsigned int i = 0; i < m->nr_ftrace; i++)
		put_text64(b, m->ftrace_formats[i].text, m->ftrace_formats[i].len);
}

static void put_kallsyms(struct dat_bytes *b, const struct dat_writer_meta *m)
{
	put_text32(b, m->kallsyms);
}

static void put_printk(struct dat_bytes *b, const struct dat_writer_meta *m)
{
	put_text32(b, m->printk_formats);
}

static void put_cmdlines(struct dat_bytes *b, const struct dat_writer_meta *m)
{
	put_text64(b, m->cmdlines, m->cmdlines ? strlen(m->cmdlines) : 0);
}

static void put_begin(struct dat_bytes *b, const struct dat_writer_meta *m, const char *version)
{
	static const unsigned char magic[] = { 0x17, 0x08, 0x44 };
	const char order = __BYTE_ORDER == __BIG_ENDIAN, long_size = sizeof(long);

	put(b, magic, sizeof(magic));
	put(b, "tracing", 7);
	put_string(b, version);
	put(b, &order, 1);
	put(b, &long_size, 1);
	put_u32(b, m->page_size);
}

/* What was put since the last one has a checksum of its own. */
static void section_ends(struct dat_head *h, const char *name)
{
	h->sections[h->nr_sections++] = (struct dat_section){ name, h->bytes.len };
}

static void build_v6(struct dat_head *h, const struct dat_writer_meta *m)
{
	struct dat_bytes *b = &h->bytes;

	put_begin(b, m, "6");
	put_header_info(b, m);
	section_ends(h, "head");
	put_ftrace_formats(b, m);
	put_formats(b, m);
	section_ends(h, "formats");
	put_kallsyms(b, m);
	section_ends(h, "symbols");
	put_printk(b, m);
	put_cmdlines(b, m);
	section_ends(h, "names");
	put_u32(b, m->nr_cpus);
	put(b, "options  ", 10);
	put_common_options(b, m);
	put_u16(b, DAT_OPT_DONE);
	put(b, "flyrecord", 10);
	h->table = b->len;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		put_u64(b, 0);
		put_u64(b, 0);
	}
	section_ends(h, "options");
}

/* --- version 7 --- */

static void put_section_head(struct dat_bytes *b, enum dat_option id, unsigned int flags, uint64_t size)
{
	put_u16(b, (uint16_t)id);
	put_u16(b, (uint16_t)flags);
	put_u32(b, 0); /* a text that describes it: none */
	put_u64(b, size);
}

/* A section, compressed, and the option that says where it is. -1: no memory. */
static int add_section(struct dat_head *h, const struct dat_writer_meta *m, enum dat_option id,
		       void (*content)(struct dat_bytes *, const struct dat_writer_meta *))
{
	struct dat_bytes plain = { 0 };
	uint64_t at = h->bytes.len;
	size_t room, len;
	char *packed;

	content(&plain, m);
	room = ZSTD_compressBound(plain.len);
	packed = xmalloc(room);
	len = ZSTD_compress(packed, room, plain.at, plain.len, DAT_LEVEL_BEST);
	if (!ZSTD_isError(len)) {
		put_section_head(&h->bytes, id, DAT_SECTION_COMPRESSED, len + 8);
		put_u32(&h->bytes, (uint32_t)len);
		put_u32(&h->bytes, (uint32_t)plain.len);
		put(&h->bytes, packed, len);
		put_option(&h->options, id, &at, sizeof(at));
	}
	free(packed);
	free(plain.at);
	return ZSTD_isError(len) ? -1 : 0;
}

static int build_v7(struct dat_head *h, const struct dat_writer_meta *m)
{
	struct dat_bytes *b = &h->bytes;

	put_begin(b, m, "7");
	put_string(b, "zstd");
	put_string(b, ZSTD_versionString());
	h->table = b->len;
	put_u64(b, 0);
	if (add_section(h, m, DAT_OPT_HEADER_INFO, put_header_info))
		return -1;
	section_ends(h, "head");
	if (add_section(h, m, DAT_OPT_FTRACE_EVENTS, put_ftrace_formats) ||
	    add_section(h, m, DAT_OPT_EVENT_FORMATS, put_formats))
		return -1;
	section_ends(h, "formats");
	if (add_section(h, m, DAT_OPT_KALLSYMS, put_kallsyms))
		return -1;
	section_ends(h, "symbols");
	if (add_section(h, m, DAT_OPT_PRINTK, put_printk) || add_section(h, m, DAT_OPT_CMDLINES, put_cmdlines))
		return -1;
	put_common_options(&h->options, m);
	h->clock = xstrdup(m->clock);
	h->page_size = m->page_size;
	h->data = b->len;
	put_section_head(b, DAT_OPT_BUFFER, DAT_SECTION_COMPRESSED, 0);
	section_ends(h, "names");
	return 0;
}

/* The one buffer: that of the top, whoever wrote into it. */
static void put_buffer_option(struct dat_head *h, const struct dat_extent *cpus, unsigned int nr_cpus)
{
	struct dat_bytes b = { 0 };
	uint32_t nr = 0;

	put_u64(&b, h->data);
	put_string(&b, "");
	put_string(&b, h->clock);
	put_u32(&b, h->page_size);
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		nr += cpus[cpu].size != 0;
	put_u32(&b, nr);
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		if (!cpus[cpu].size)
			continue;
		put_u32(&b, cpu);
		put_u64(&b, cpus[cpu].offset);
		put_u64(&b, cpus[cpu].size);
	}
	put_option(&h->options, DAT_OPT_BUFFER, b.at, b.len);
	free(b.at);
}

const void *dat_head_options(struct dat_head *h, const struct dat_extent *cpus, unsigned int nr_cpus, uint64_t pos,
			     size_t *len)
{
	const uint64_t no_more = 0;
	struct dat_bytes all = { 0 };

	if (!h->level)
		return NULL;
	put_buffer_option(h, cpus, nr_cpus);
	put_option(&h->options, DAT_OPT_DONE, &no_more, sizeof(no_more));
	put_section_head(&all, DAT_OPT_DONE, 0, h->options.len);
	put(&all, h->options.at, h->options.len);
	free(h->options.at);
	h->options = all;
	h->options_at = pos;
	*len = all.len;
	return all.at;
}

/* --- both --- */

int dat_head_build(struct dat_head *h, const struct dat_writer_meta *m, int level)
{
	h->level = level;
	if (level)
		return build_v7(h, m);
	build_v6(h, m);
	return 0;
}

void dat_head_complete(struct dat_head *h, const struct dat_extent *cpus, unsigned int nr_cpus)
{
	uint64_t data_len = h->options_at - h->bytes.len;

	if (!h->level) {
		memcpy(h->bytes.at + h->table, cpus, nr_cpus * sizeof(*cpus));
		return;
	}
	memcpy(h->bytes.at + h->table, &h->options_at, sizeof(h->options_at));
	memcpy(h->bytes.at + h->bytes.len - sizeof(data_len), &data_len, sizeof(data_len));
}

void dat_head_free(struct dat_head *h)
{
	free(h->bytes.at);
	free(h->options.at);
	free(h->clock);
}
