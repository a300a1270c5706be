// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/read.c - metadata of trace.dat, versions 6 and 7.
 *
 * Nothing in the file is believed: every length and offset is checked against
 * what is there, every section is read once, and all that is read comes out of
 * one budget. A file that ends inside its metadata cannot
 * be read at all; one that ends inside its data is served as far as it goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/text.h"
#include "file/priv.h"

static const uint8_t dat_magic[10] = { 0x17, 0x08, 0x44, 't', 'r', 'a', 'c', 'i', 'n', 'g' };

#define MAX_SECTIONS 1024 /* trace-cmd writes one or two lists of options */

#define WINDOW	     (64u << 10) /* read at least */
#define MAX_STRING   4096u

/* Fetches from the file, so that len bytes are at hand. False if there are not so many. */
static bool in_fetch(struct dat_in *in, uint64_t len)
{
	uint64_t pos = in->off - (uint64_t)(in->end - in->at);
	struct err ignored = { 0 };
	uint8_t *window;
	uint64_t want = len;

	if (in->failed || len > in->limit - pos) {
		in->failed = true;
		return false;
	}
	if (want < WINDOW)
		want = in->limit - pos < WINDOW ? in->limit - pos : WINDOW;
	if (!dat_charge(in->f, want)) {
		in->failed = true;
		return false;
	}
	window = dat_own(in->f, xmalloc((size_t)want));
	if (dat_pread(in->f, window, (size_t)want, pos, &ignored)) {
		in->failed = true;
		return false;
	}
	in->at = window;
	in->end = window + want;
	in->off = pos + want;
	return true;
}

/* Bytes left. */
static uint64_t in_left(const struct dat_in *in)
{
	return in->limit - in->off + (uint64_t)(in->end - in->at);
}

const uint8_t *dat_in_bytes(struct dat_in *in, uint64_t len)
{
	const uint8_t *at;

	if (in->failed || (len > (uint64_t)(in->end - in->at) && !in_fetch(in, len))) {
		in->failed = true;
		return NULL;
	}
	at = in->at;
	in->at += len;
	return at;
}

static uint64_t in_number(struct dat_in *in, unsigned int size)
{
	const uint8_t *at = dat_in_bytes(in, size);

	return at ? dat_number(at, size, in->f->info.big_endian) : 0;
}

static const char *in_string(struct dat_in *in)
{
	uint64_t most = in_left(in) < MAX_STRING ? in_left(in) : MAX_STRING;
	const char *str;
	const uint8_t *nul;

	if (!most)
		in->failed = true;
	if (in->failed || (most > (uint64_t)(in->end - in->at) && !in_fetch(in, most)))
		return NULL;
	nul = memchr(in->at, '\0', (size_t)most);
	if (!nul) {
		in->failed = true;
		return NULL;
	}
	str = (const char *)in->at;
	in->at = nul + 1;
	return str;
}

static bool in_word(struct dat_in *in, const char *word)
{
	const char *str = in_string(in);

	if (str && strcmp(str, word))
		in->failed = true;
	return !in->failed;
}

/* A size of so many bytes, then that much content. */
static const char *in_blob(struct dat_in *in, unsigned int size, size_t *len)
{
	uint64_t nr = in_number(in, size);
	const char *blob = (const char *)dat_in_bytes(in, nr);

	*len = blob ? (size_t)nr : 0;
	return blob;
}

struct dat_in dat_in_at(struct dat_file *f, uint64_t off)
{
	return (struct dat_in){ .f = f, .off = off, .limit = f->size, .failed = off > f->size };
}

/* len bytes in memory. */
static struct dat_in in_memory(struct dat_file *f, const void *from, uint64_t len)
{
	return (struct dat_in){ .f = f, .at = from, .end = (const uint8_t *)from + len };
}

void *dat_own(struct dat_file *f, void *mem)
{
	f->owned = xrealloc(f->owned, (f->nr_owned + 1) * sizeof(*f->owned));
	f->owned[f->nr_owned++] = mem;
	return mem;
}

static char *own_text(struct dat_file *f, const void *text, size_t len)
{
	char *copy = xmalloc(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	return dat_own(f, copy);
}

static void add_format(struct dat_file *f, const char *system, const char *text, size_t len)
{
	if (f->info.nr_formats == f->room_formats) {
		f->room_formats = f->room_formats ? f->room_formats * 2 : 64;
		f->formats = xrealloc(f->formats, f->room_formats * sizeof(*f->formats));
	}
	f->formats[f->info.nr_formats].system = system;
	f->formats[f->info.nr_formats].text = text;
	f->formats[f->info.nr_formats++].len = len;
}

/* --- sections: the same content in v6 (one after the other) and v7 --- */

static void read_header_info(struct dat_file *f, struct dat_in *in)
{
	size_t len;

	if (!in_word(in, "header_page"))
		return;
	f->info.header_page = in_blob(in, 8, &f->info.header_page_len);
	if (in_word(in, "header_event"))
		in_blob(in, 8, &len);
}

static void read_ftrace_formats(struct dat_file *f, struct dat_in *in)
{
	uint64_t nr = in_number(in, 4);

	for (uint64_t i = 0; i < nr && !in->failed; i++) {
		size_t len;
		const char *text = in_blob(in, 8, &len);

		if (text)
			add_format(f, "ftrace", text, len);
	}
}

static void read_event_formats(struct dat_file *f, struct dat_in *in)
{
	uint64_t nr_systems = in_number(in, 4);

	for (uint64_t i = 0; i < nr_systems && !in->failed; i++) {
		const char *system = in_string(in);
		uint64_t nr = in_number(in, 4);

		for (uint64_t j = 0; j < nr && !in->failed; j++) {
			size_t len;
			const char *text = in_blob(in, 8, &len);

			if (text)
				add_format(f, system, text, len);
		}
	}
}

static void read_kallsyms(struct dat_file *f, struct dat_in *in)
{
	size_t len;
	const char *text = in_blob(in, 4, &len);

	if (text && len) {
		f->info.kallsyms = text;
		f->info.kallsyms_len = len;
	}
}

static void read_printk(struct dat_file *f, struct dat_in *in)
{
	size_t len;
	const char *text = in_blob(in, 4, &len);

	if (text && len)
		f->info.printk_formats = own_text(f, text, len);
}

static void read_cmdlines(struct dat_file *f, struct dat_in *in)
{
	size_t len;
	const char *text = in_blob(in, 8, &len);

	if (text && len) {
		f->info.cmdlines = text;
		f->info.cmdlines_len = len;
	}
}

/* "local global [mono] ...": the one in brackets; or all of it. NULL if there is none. */
static const char *clock_name(struct dat_file *f, const char *text, size_t len)
{
	const char *open = memchr(text, '[', len);
	const char *close = open ? memchr(open, ']', (size_t)(text + len - open)) : NULL;
	char name[32];

	if (close) {
		text = open + 1;
		len = (size_t)(close - text);
	}
	len = strnlen(text, len);
	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	if (!len || len >= sizeof(name) || memchr(text, ' ', len))
		return NULL;
	/* Hostile text like every name; no clock of the kernel's needs to be changed by this. */
	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	for (char *c = name; *c; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c > '~')
			*c = '?';
	return own_text(f, name, strlen(name));
}

/* "0x16d3", "-1000": what trace-cmd's --ts-offset and --date add to every stamp; it takes any base. */
static int64_t offset_number(struct dat_file *f, const uint8_t *data, size_t len)
{
	return strtoll(own_text(f, data, len), NULL, 0);
}

/* The options that versions 6 and 7 have in common. */
static void common_option(struct dat_file *f, unsigned int id, const uint8_t *data, size_t len)
{
	bool big = f->info.big_endian;

	switch (id) {
	case DAT_OPT_DATE:
		/* In microseconds, whatever the clock. */
		f->info.add_ns += (uint64_t)offset_number(f, data, len) * 1000;
		break;
	case DAT_OPT_CPUSTAT:
		f->info.ring_lost += ring_stats_parse(own_text(f, data, len)).lost;
		break;
	case DAT_OPT_TRACECLOCK:
		f->option_clock = clock_name(f, (const char *)data, len);
		break;
	case DAT_OPT_UNAME:
		f->info.uname = own_text(f, data, len);
		break;
	case DAT_OPT_OFFSET:
		f->info.add_ns += (uint64_t)offset_number(f, data, len);
		break;
	case DAT_OPT_CPUCOUNT:
		if (len >= 4)
			f->info.nr_cpus = (unsigned int)dat_number(data, 4, big);
		break;
	case DAT_OPT_TRACEID:
		if (len >= 8)
			f->info.trace_id = dat_number(data, 8, big);
		break;
	case DAT_OPT_TIME_SHIFT:
		f->info.time_shift = data;
		f->info.time_shift_len = len;
		break;
	case DAT_OPT_GUEST:
		dat_add_guest(f, data, len);
		break;
	case DAT_OPT_VERSION:
		f->info.tracer_version = own_text(f, data, len);
		break;
	case DAT_OPT_TSC2NSEC:
		if (len < 16)
			break;
		f->info.tsc_mult = (uint32_t)dat_number(data, 4, big);
		f->info.tsc_shift = (uint32_t)dat_number(data + 4, 4, big);
		f->info.tsc_offset = dat_number(data + 8, 8, big);
		break;
	default:
		break;
	}
}

static bool page_size_fits(uint64_t size)
{
	return size >= 64 && size <= 1u << 26;
}

/* --- version 6 --- */

/* A buffer besides the top one: where its table is, and its name. */
struct v6_instance {
	uint64_t table;
	const char *name;
};

struct v6_state {
	struct v6_instance *instances;
	unsigned int nr;
};

static void v6_option(struct dat_file *f, struct v6_state *state, unsigned int id, const uint8_t *data, size_t len)
{
	if (id != DAT_OPT_BUFFER) {
		common_option(f, id, data, len);
		return;
	}
	if (len < 9)
		return;
	state->instances = xrealloc(state->instances, (state->nr + 1) * sizeof(*state->instances));
	state->instances[state->nr].table = dat_number(data, 8, f->info.big_endian);
	state->instances[state->nr++].name = own_text(f, data + 8, len - 8);
}

/* nr pairs of offset and size; behind them maybe the clock, as text with its length. */
static void v6_cpu_table(struct dat_file *f, struct dat_in *in, unsigned int nr, const char *name)
{
	struct dat_buffer *buffer = dat_add_buffer(f, name, NULL, f->info.page_size);
	const char *text;
	uint64_t len;

	for (unsigned int cpu = 0; cpu < nr && !in->failed; cpu++) {
		uint64_t off = in_number(in, 8);
		uint64_t size = in_number(in, 8);

		if (!in->failed)
			dat_add_stream(f, cpu, off, size);
	}
	if (!f->table_end)
		f->table_end = in->off - (uint64_t)(in->end - in->at);
	if (in->failed || in_left(in) < 8)
		return;
	len = in_number(in, 8);
	if (!len || len >= 256 || len > in_left(in))
		return;
	text = (const char *)dat_in_bytes(in, len);
	/* Not every version wrote it, and what stands here then is anything. */
	if (text && memchr(text, '[', (size_t)len))
		buffer->clock = clock_name(f, text, (size_t)len);
}

static int v6_data(struct dat_file *f, struct dat_in *in, struct err *err)
{
	struct v6_state state = { 0 };
	uint64_t nr = in_number(in, 4);
	const char *word = in_string(in);

	f->info.nr_cpus = (unsigned int)nr;
	if (word && !strcmp(word, "options  ")) {
		unsigned int id;

		while (!in->failed && (id = (unsigned int)in_number(in, 2)) != DAT_OPT_DONE) {
			size_t len;
			const char *data = in_blob(in, 4, &len);

			if (data)
				v6_option(f, &state, id, (const uint8_t *)data, len);
		}
		word = in_string(in);
	}
	if (!in->failed && nr <= DAT_MAX_CPUS && word && !strcmp(word, "flyrecord"))
		v6_cpu_table(f, in, (unsigned int)nr, "");
	else if (word && !strcmp(word, "latency  "))
		err_set(err, EXIT_FAILED, "the file holds text of a latency tracer, no events");
	for (unsigned int i = 0; i < state.nr && !in->failed && nr <= DAT_MAX_CPUS; i++) {
		struct dat_in other = dat_in_at(f, state.instances[i].table);

		if (in_word(&other, "flyrecord"))
			v6_cpu_table(f, &other, (unsigned int)nr, state.instances[i].name);
		f->info.truncated |= other.failed;
	}
	free(state.instances);
	if (nr > DAT_MAX_CPUS)
		in->failed = true;
	return err->code ? -1 : 0;
}

static int read_v6(struct dat_file *f, struct dat_in *in, struct err *err)
{
	read_header_info(f, in);
	read_ftrace_formats(f, in);
	read_event_formats(f, in);
	read_kallsyms(f, in);
	read_printk(f, in);
	read_cmdlines(f, in);
	if (!in->failed && v6_data(f, in, err))
		return -1;
	if (!in->failed)
		return 0;
	err_set(err, EXIT_FAILED, "the file is cut, or damaged, before its data begins");
	return err_hint(err, "copy the file again, or record again");
}

/* --- version 7 --- */

static int v7_unpack(struct dat_file *f, struct dat_in *sec, unsigned int id, struct err *err)
{
	uint64_t zlen = in_number(sec, 4);
	uint64_t len = in_number(sec, 4);
	const uint8_t *from = dat_in_bytes(sec, zlen);
	struct unpack_room u = { 0 };
	size_t got;
	uint8_t *to;

	if (f->comp == COMP_OTHER) {
		err_set(err, EXIT_FAILED, "compressed with %s, which is not supported", f->comp_name);
		return err_hint(err, "\"trace-cmd convert --compression none\" makes it readable");
	}
	if (!from || !dat_charge(f, len))
		return err_set(err, EXIT_FAILED, "the file is damaged in its section %u", id);
	to = dat_own(f, xmalloc(len ? len : 1));
	got = len ? dat_unpack(&u, f->comp, to, len, from, zlen) : 0;
	unpack_room_free(&u);
	if (got != len)
		return err_set(err, EXIT_FAILED, "the file is damaged in its section %u", id);
	*sec = in_memory(f, to, len);
	return 0;
}

/* Enters the section at off; decompresses it if need be. */
static int v7_section(struct dat_file *f, uint64_t off, unsigned int want, struct dat_in *sec, struct err *err)
{
	struct dat_in in = dat_in_at(f, off), *head = &in;
	unsigned int id = (unsigned int)in_number(head, 2);
	unsigned int flags = (unsigned int)in_number(head, 2);
	uint64_t size;

	f->described |= in_number(head, 4) != 0;
	size = in_number(head, 8);
	if (!in.failed && id != want)
		return err_set(err, EXIT_FAILED, "the file is damaged: section %u is not where it should be", want);
	if (in.failed || size > in_left(&in)) {
		err_set(err, EXIT_FAILED, "the file is cut: it ends too early, before %s",
			want == DAT_OPT_DONE ? "its options" : "its metadata does");
		return err_hint(err, "of version 7 no part can be read then: copy the file again, or record again");
	}
	/* What was fetched beyond it is not its own. */
	in.limit = in.off - (uint64_t)(in.end - in.at) + size;
	if (in.off > in.limit) {
		in.end -= in.off - in.limit;
		in.off = in.limit;
	}
	*sec = in;
	return flags & DAT_SECTION_COMPRESSED ? v7_unpack(f, sec, want, err) : 0;
}

static void v7_buffer(struct dat_file *f, struct dat_in *opt)
{
	bool big = f->info.big_endian;
	const char *name, *clock;
	uint64_t page_size, nr;

	in_number(opt, 8);
	name = in_string(opt);
	clock = in_string(opt);
	page_size = in_number(opt, 4);
	nr = in_number(opt, 4);
	if (opt->failed || nr > DAT_MAX_CPUS || nr * 20 > in_left(opt) || !page_size_fits(page_size)) {
		f->info.truncated = true;
		return;
	}
	dat_add_buffer(f, own_text(f, name, strlen(name)), clock_name(f, clock, strlen(clock)),
		       (unsigned int)page_size);
	for (uint64_t i = 0; i < nr; i++) {
		const uint8_t *entry = dat_in_bytes(opt, 20);

		dat_add_stream(f, (uint32_t)dat_number(entry, 4, big), dat_number(entry + 4, 8, big),
			       dat_number(entry + 12, 8, big));
	}
}

static int v7_content(struct dat_file *f, unsigned int id, uint64_t off, struct err *err)
{
	struct dat_in sec;

	/* There is one of each; a file that names more, or one often, is made to harm. */
	if (f->sections_read >> id & 1)
		return err_set(err, EXIT_FAILED, "the file is damaged: it has section %u twice", id);
	f->sections_read |= 1u << id;
	if (v7_section(f, off, id, &sec, err))
		return -1;
	switch (id) {
	case DAT_OPT_HEADER_INFO:
		read_header_info(f, &sec);
		break;
	case DAT_OPT_FTRACE_EVENTS:
		read_ftrace_formats(f, &sec);
		break;
	case DAT_OPT_EVENT_FORMATS:
		read_event_formats(f, &sec);
		break;
	case DAT_OPT_KALLSYMS:
		read_kallsyms(f, &sec);
		break;
	case DAT_OPT_PRINTK:
		read_printk(f, &sec);
		break;
	case DAT_OPT_CMDLINES:
		read_cmdlines(f, &sec);
		break;
	}
	return sec.failed ? err_set(err, EXIT_FAILED, "the file is damaged in its section %u", id) : 0;
}

static int v7_option(struct dat_file *f, unsigned int id, struct dat_in *opt, struct err *err)
{
	switch (id) {
	case DAT_OPT_BUFFER:
		v7_buffer(f, opt);
		return 0;
	case DAT_OPT_HEADER_INFO:
	case DAT_OPT_FTRACE_EVENTS:
	case DAT_OPT_EVENT_FORMATS:
	case DAT_OPT_KALLSYMS:
	case DAT_OPT_PRINTK:
	case DAT_OPT_CMDLINES:
		return v7_content(f, id, in_number(opt, 8), err);
	default:
		common_option(f, id, opt->at, (size_t)(opt->end - opt->at));
		return 0;
	}
}

/* One section of options; *next is where the list goes on, 0 at its end. */
static int v7_options(struct dat_file *f, uint64_t off, uint64_t *next, struct err *err)
{
	struct dat_in sec;

	*next = 0;
	if (v7_section(f, off, DAT_OPT_DONE, &sec, err))
		return -1;
	while (in_left(&sec)) {
		unsigned int id = (unsigned int)in_number(&sec, 2);
		size_t len;
		const char *data = in_blob(&sec, 4, &len);
		struct dat_in opt;

		if (!data)
			return err_set(err, EXIT_FAILED, "the file is damaged in its options");
		opt = in_memory(f, data, len);
		if (id == DAT_OPT_DONE) {
			*next = len >= 8 ? in_number(&opt, 8) : 0;
			return 0;
		}
		if (v7_option(f, id, &opt, err))
			return -1;
	}
	return 0;
}

static int read_v7(struct dat_file *f, struct dat_in *in, struct err *err)
{
	uint64_t visited[MAX_SECTIONS];
	const char *name = in_string(in);
	uint64_t off;

	in_string(in);
	off = in_number(in, 8);
	if (in->failed)
		return err_set(err, EXIT_FAILED, "the file is cut: it ends inside its head");
	f->sections_at = in->off - (uint64_t)(in->end - in->at);
	f->comp = !strcmp(name, "none") ? COMP_NONE :
		  !strcmp(name, "zstd") ? COMP_ZSTD :
		  !strcmp(name, "zlib") ? COMP_ZLIB :
					  COMP_OTHER;
	sanitize(f->comp_name, sizeof(f->comp_name), name);
	f->info.compression = f->comp_name;
	for (unsigned int nr = 0; off; nr++) {
		visited[nr] = off;
		for (unsigned int i = 0; i < nr; i++)
			if (visited[i] == off)
				return err_set(err, EXIT_FAILED, "the file is damaged: its options run in a circle");
		if (nr == MAX_SECTIONS - 1)
			return err_set(err, EXIT_FAILED, "the file is damaged: its options have no end");
		if (v7_options(f, off, &off, err))
			return -1;
	}
	return 0;
}

/* --- both --- */

static int read_head(struct dat_file *f, struct err *err)
{
	struct dat_in in = dat_in_at(f, 0);
	const uint8_t *magic = dat_in_bytes(&in, sizeof(dat_magic));
	const char *version;
	uint64_t big;

	if (!magic || memcmp(magic, dat_magic, sizeof(dat_magic))) {
		err_set(err, EXIT_FAILED, "not a trace.dat file");
		return err_hint(err, "recordings are made by \"ipitrace record\" or \"trace-cmd record\"");
	}
	version = in_string(&in);
	if (!version || (strcmp(version, "6") && strcmp(version, "7")))
		return err_set(err, EXIT_FAILED, "trace.dat of an unknown version, only 6 and 7 are");
	f->info.version = version[0] - '0';
	big = in_number(&in, 1);
	f->info.long_size = (unsigned int)in_number(&in, 1);
	f->info.big_endian = big == 1;
	f->info.page_size = (unsigned int)in_number(&in, 4);
	if (in.failed || big > 1 || (f->info.long_size != 4 && f->info.long_size != 8))
		return err_set(err, EXIT_FAILED, "the file is damaged in its head");
	if (!page_size_fits(f->info.page_size))
		return err_set(err, EXIT_FAILED, "the file is damaged: its pages have %u bytes", f->info.page_size);
	f->info.compression = "none";
	if ((f->info.version == 6 ? read_v6(f, &in, err) : read_v7(f, &in, err)) || f->over_budget)
		return -1;
	if (f->info.truncated && !f->info.data_bytes)
		return err_set(err, EXIT_FAILED, "the file is cut: it ends before its data begins");
	/* No two streams share data: else a small file could have a great many. */
	if (f->info.data_bytes > f->size || dat_streams_overlap(f))
		return err_set(err, EXIT_FAILED, "the file is damaged: it names the same data more than once");
	if (f->comp == COMP_OTHER && f->info.data_bytes) {
		err_set(err, EXIT_FAILED, "compressed with %s, which is not supported", f->comp_name);
		return err_hint(err, "\"trace-cmd convert --compression none\" makes it readable");
	}
	return 0;
}

/*
 * trace-cmd writes one clock for the whole file and another for each buffer,
 * and takes either from the top buffer or from the option -C, depending on its
 * version. "local" is what it writes where nobody chose, so a buffer that is
 * local at one place and something else at the other was recorded with that.
 */
static void settle_clocks(struct dat_file *f)
{
	for (unsigned int i = 0; i < f->info.nr_buffers; i++) {
		struct dat_buffer *b = &f->buffers[i];
		bool by_option = f->info.version == 6 && !*b->name;
		const char *first = by_option ? f->option_clock : b->clock;
		const char *second = by_option ? b->clock : f->option_clock;

		if (!first || (second && !strcmp(first, "local"))) {
			const char *swap = first;

			first = second;
			second = swap;
		}
		b->clock = first ? first : "local";
		b->clock_other = second && strcmp(first, second) ? second : NULL;
	}
}

int dat_open(struct dat_file **fp, const char *path, struct err *err)
{
	struct dat_file *f = xcalloc(1, sizeof(*f));
	struct err why = { 0 };

	*fp = NULL;
	f->fd = -1;
	if (dat_source_open(f, path, err))
		goto fail;
	if (read_head(f, &why)) {
		if (f->over_budget)
			dat_over_budget(&why);
		err_set(err, why.code, "%s: %.200s", path, why.msg);
		if (why.hint[0] && !f->over_budget)
			err_hint(err, "%s", why.hint);
		goto fail;
	}
	dat_read_facts(f);
	dat_check_end(f);
	f->info.formats = f->formats;
	settle_clocks(f);
	dat_choose(f, NULL, &why);
	for (unsigned int i = 0; i < f->nr_streams; i++)
		if (f->cpus[i] >= f->info.nr_cpus)
			f->info.nr_cpus = f->cpus[i] + 1;
	*fp = f;
	return 0;

fail:
	dat_close(f);
	return -1;
}

const char *dat_buffer_name(const struct dat_buffer *b)
{
	return *b->name ? b->name : "top";
}

/* By its own name first: an instance may be called "top", too. */
static struct dat_buffer *buffer_find(struct dat_file *f, const char *name)
{
	for (unsigned int i = 0; i < f->info.nr_buffers; i++)
		if (!strcmp(f->buffers[i].name, name))
			return &f->buffers[i];
	for (unsigned int i = 0; i < f->info.nr_buffers; i++)
		if (!strcmp(dat_buffer_name(&f->buffers[i]), name))
			return &f->buffers[i];
	return NULL;
}

static int no_such_buffer(const struct dat_file *f, const char *name, struct err *err)
{
	char list[160] = "", shown[64];
	size_t len = 0;

	sanitize(shown, sizeof(shown), name);
	err_set(err, EXIT_FAILED, "the file has no buffer '%s'", shown);
	for (unsigned int i = 0; i < f->info.nr_buffers && len < sizeof(list) - 1; i++) {
		sanitize(shown, sizeof(shown), dat_buffer_name(&f->buffers[i]));
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", shown);
	}
	return err_hint(err, "it has: %s", list);
}

int dat_choose(struct dat_file *f, const char *name, struct err *err)
{
	struct dat_buffer *only = name ? buffer_find(f, name) : NULL, *first = NULL;

	if (name && !only)
		return no_such_buffer(f, name, err);
	f->info.nr_streams = 0;
	if (!f->ahead)
		f->ahead = ahead_new(f);
	f->chosen = xrealloc(f->chosen, (f->nr_streams + 1) * sizeof(*f->chosen));
	f->chosen_cpus = xrealloc(f->chosen_cpus, (f->nr_streams + 1) * sizeof(*f->chosen_cpus));
	f->info.cpus = f->chosen_cpus;
	for (unsigned int i = 0; i < f->info.nr_buffers; i++) {
		struct dat_buffer *b = &f->buffers[i];

		b->chosen = only ? b == only : b->data_bytes || !f->info.data_bytes;
		if (b->chosen && !first)
			first = b;
	}
	for (unsigned int i = 0; i < f->nr_streams; i++) {
		if (!f->buffers[f->streams[i].buffer].chosen)
			continue;
		f->chosen[f->info.nr_streams] = i;
		f->chosen_cpus[f->info.nr_streams++] = f->cpus[i];
	}
	f->info.clock = first ? first->clock : f->option_clock ? f->option_clock : "local";
	if (first)
		f->info.page_size = first->page_size;
	return 0;
}

void dat_close(struct dat_file *f)
{
	if (!f)
		return;
	dat_free_streams(f);
	for (unsigned int i = 0; i < f->nr_owned; i++)
		free(f->owned[i]);
	free(f->owned);
	free(f->formats);
	free(f->guests);
	free(f->comms);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

const struct dat_info *dat_info(const struct dat_file *f)
{
	return &f->info;
}
