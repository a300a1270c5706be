// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/read.c - metadata of trace.dat, versions 6 and 7.
 *
 * The file is mapped and nothing in it is believed: every length and offset is
 * checked against what is there. A file that ends inside its metadata cannot
 * be read at all; one that ends inside its data is served as far as it goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "file/priv.h"

static const uint8_t dat_magic[10] = { 0x17, 0x08, 0x44, 't', 'r', 'a', 'c', 'i', 'n', 'g' };

#define SECTION_COMPRESSED 1
#define MAX_SECTIONS	   4096 /* a chain longer than this is a loop */

static const uint8_t *in_bytes(struct dat_in *in, uint64_t len)
{
	const uint8_t *at = in->at;

	if (in->failed || len > (uint64_t)(in->end - in->at)) {
		in->failed = true;
		return NULL;
	}
	in->at += len;
	return at;
}

static uint64_t in_number(struct dat_in *in, unsigned int size)
{
	const uint8_t *at = in_bytes(in, size);

	return at ? dat_number(at, size, in->f->info.big_endian) : 0;
}

static const char *in_string(struct dat_in *in)
{
	const uint8_t *nul = in->failed ? NULL : memchr(in->at, '\0', (size_t)(in->end - in->at));
	const char *str = (const char *)in->at;

	if (!nul) {
		in->failed = true;
		return NULL;
	}
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
	const char *blob = (const char *)in_bytes(in, nr);

	*len = blob ? (size_t)nr : 0;
	return blob;
}

static struct dat_in in_at(const struct dat_file *f, uint64_t off)
{
	struct dat_in in = { .f = f, .at = f->map, .end = f->map + f->size };

	if (off > f->size)
		in.failed = true;
	else
		in.at += off;
	return in;
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

/* "local global [mono] ...": the one in brackets. */
static void set_clock(struct dat_file *f, const char *text, size_t len)
{
	const char *open = memchr(text, '[', len);
	const char *close = open ? memchr(open, ']', (size_t)(text + len - open)) : NULL;

	if (close && close > open + 1)
		f->info.clock = own_text(f, open + 1, (size_t)(close - open - 1));
}

/* --- version 6 --- */

struct v6_state {
	uint64_t *instances; /* offsets of other buffers' tables */
	unsigned int nr;
};

static void v6_option(struct dat_file *f, struct v6_state *state, unsigned int id, const uint8_t *data, size_t len)
{
	bool big = f->info.big_endian;

	switch (id) {
	case DAT_OPT_BUFFER:
		if (len < 9)
			break;
		state->instances = xrealloc(state->instances, (state->nr + 1) * sizeof(uint64_t));
		state->instances[state->nr++] = dat_number(data, 8, big);
		break;
	case DAT_OPT_TRACECLOCK:
		set_clock(f, (const char *)data, len);
		break;
	case DAT_OPT_UNAME:
		f->info.uname = own_text(f, data, len);
		break;
	case DAT_OPT_VERSION:
		f->info.tracer_version = own_text(f, data, len);
		break;
	case DAT_OPT_CPUCOUNT:
		if (len >= 4)
			f->info.nr_cpus = (unsigned int)dat_number(data, 4, big);
		break;
	default:
		break;
	}
}

/* nr pairs of offset and size; behind them maybe the clock, as text with its length. */
static void v6_cpu_table(struct dat_file *f, struct dat_in *in, unsigned int nr)
{
	const char *text;
	size_t len;

	for (unsigned int cpu = 0; cpu < nr && !in->failed; cpu++) {
		uint64_t off = in_number(in, 8);
		uint64_t size = in_number(in, 8);

		if (!in->failed)
			dat_add_stream(f, cpu, off, size);
	}
	if (in->failed || f->info.clock)
		return;
	text = in_blob(in, 8, &len);
	if (text && len && len < 64)
		set_clock(f, text, len);
	in->failed = false;
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
		v6_cpu_table(f, in, (unsigned int)nr);
	else if (word && !strcmp(word, "latency  "))
		err_set(err, EXIT_FAILED, "the file holds text of a latency tracer, no events");
	for (unsigned int i = 0; i < state.nr && !in->failed && !f->info.data_bytes; i++) {
		struct dat_in other = in_at(f, state.instances[i]);

		if (in_word(&other, "flyrecord")) {
			dat_clear_streams(f);
			v6_cpu_table(f, &other, (unsigned int)nr);
		}
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
	err_set(err, EXIT_FAILED, "the file ends, or is damaged, before its data begins");
	return err_hint(err, "the recording was cut short; record again");
}

/* --- version 7 --- */

/* Enters the section at off; decompresses it if need be. */
static int v7_section(struct dat_file *f, uint64_t off, unsigned int want, struct dat_in *sec, struct err *err)
{
	struct dat_in in = in_at(f, off);
	unsigned int id = (unsigned int)in_number(&in, 2);
	unsigned int flags = (unsigned int)in_number(&in, 2);
	uint64_t size;

	in_number(&in, 4);
	size = in_number(&in, 8);
	if (in.failed || id != want || size > (uint64_t)(in.end - in.at)) {
		err_set(err, EXIT_FAILED, "section %u of the file is missing or damaged", want);
		return err_hint(err, "the recording was cut short; record again");
	}
	in.end = in.at + size;
	if (flags & SECTION_COMPRESSED) {
		uint64_t zlen = in_number(&in, 4);
		uint64_t len = in_number(&in, 4);
		const uint8_t *from = in_bytes(&in, zlen);

		if (!from)
			return err_set(err, EXIT_FAILED, "section %u of the file is damaged", want);
		in.at = dat_uncompress(f, from, (size_t)zlen, (size_t)len, err);
		if (!in.at)
			return -1;
		in.end = in.at + len;
	}
	*sec = in;
	return 0;
}

/* The top buffer if it has data, else the first instance that does. */
static void v7_buffer(struct dat_file *f, struct dat_in *opt)
{
	bool big = f->info.big_endian;
	const char *clock;
	uint64_t page_size, nr;

	if (f->info.data_bytes)
		return;
	in_number(opt, 8);
	in_string(opt);
	clock = in_string(opt);
	page_size = in_number(opt, 4);
	nr = in_number(opt, 4);
	if (opt->failed || nr > DAT_MAX_CPUS || nr * 20 > (uint64_t)(opt->end - opt->at))
		return;
	dat_clear_streams(f);
	for (uint64_t i = 0; i < nr; i++) {
		const uint8_t *entry = in_bytes(opt, 20);

		dat_add_stream(f, (uint32_t)dat_number(entry, 4, big), dat_number(entry + 4, 8, big),
			       dat_number(entry + 12, 8, big));
	}
	if (f->info.data_bytes) {
		f->info.page_size = (unsigned int)page_size;
		f->info.clock = clock;
	}
}

static int v7_content(struct dat_file *f, unsigned int id, uint64_t off, struct err *err)
{
	struct dat_in sec;

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
	return sec.failed ? err_set(err, EXIT_FAILED, "section %u of the file is damaged", id) : 0;
}

static int v7_option(struct dat_file *f, unsigned int id, struct dat_in *opt, struct err *err)
{
	size_t len = (size_t)(opt->end - opt->at);

	switch (id) {
	case DAT_OPT_BUFFER:
		v7_buffer(f, opt);
		return 0;
	case DAT_OPT_TRACECLOCK:
		if (!f->info.clock)
			set_clock(f, (const char *)opt->at, len);
		return 0;
	case DAT_OPT_UNAME:
		f->info.uname = own_text(f, opt->at, len);
		return 0;
	case DAT_OPT_VERSION:
		f->info.tracer_version = own_text(f, opt->at, len);
		return 0;
	case DAT_OPT_CPUCOUNT:
		f->info.nr_cpus = (unsigned int)in_number(opt, 4);
		return 0;
	case DAT_OPT_HEADER_INFO:
	case DAT_OPT_FTRACE_EVENTS:
	case DAT_OPT_EVENT_FORMATS:
	case DAT_OPT_KALLSYMS:
	case DAT_OPT_PRINTK:
	case DAT_OPT_CMDLINES:
		return v7_content(f, id, in_number(opt, 8), err);
	default:
		return 0;
	}
}

static int read_v7(struct dat_file *f, struct dat_in *in, struct err *err)
{
	const char *name = in_string(in);
	uint64_t off;

	in_string(in);
	off = in_number(in, 8);
	if (in->failed)
		return err_set(err, EXIT_FAILED, "the file ends inside its head");
	f->comp = !strcmp(name, "none") ? COMP_NONE : !strcmp(name, "zstd") ? COMP_ZSTD : COMP_OTHER;
	sanitize(f->comp_name, sizeof(f->comp_name), name);
	f->info.compression = f->comp_name;
	for (unsigned int nr = 0; off; nr++) {
		struct dat_in sec;

		if (nr == MAX_SECTIONS)
			return err_set(err, EXIT_FAILED, "the file's options run in a circle");
		if (v7_section(f, off, DAT_OPT_DONE, &sec, err))
			return -1;
		off = 0;
		while (sec.at < sec.end) {
			unsigned int id = (unsigned int)in_number(&sec, 2);
			size_t len;
			const char *data = in_blob(&sec, 4, &len);
			struct dat_in opt = { .f = f, .at = (const uint8_t *)data };

			if (!data)
				return err_set(err, EXIT_FAILED, "the file's options are damaged");
			opt.end = opt.at + len;
			if (id == DAT_OPT_DONE) {
				off = len >= 8 ? in_number(&opt, 8) : 0;
				break;
			}
			if (v7_option(f, id, &opt, err))
				return -1;
		}
	}
	return 0;
}

/* --- both --- */

static void read_facts(struct dat_file *f)
{
	const uint64_t foot = sizeof(struct dat_footer);
	const uint8_t *at;
	uint64_t len;

	if (f->size < foot)
		return;
	at = f->map + f->size - foot;
	if (memcmp(at, DAT_FOOTER_MAGIC, 8))
		return;
	len = dat_number(at + 8, 8, false);
	if (len > f->size - foot)
		return;
	at -= len;
	if (dat_facts_check((const char *)at, (size_t)len) != dat_number(at + len + 16, 8, false))
		return;
	f->info.facts = own_text(f, at, (size_t)len);
	f->info.facts_len = (size_t)len;
}

static int read_head(struct dat_file *f, struct err *err)
{
	struct dat_in in = in_at(f, 0);
	const uint8_t *magic = in_bytes(&in, sizeof(dat_magic));
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
		return err_set(err, EXIT_FAILED, "the head of the file is damaged");
	f->info.compression = "none";
	if (f->info.version == 6 ? read_v6(f, &in, err) : read_v7(f, &in, err))
		return -1;
	if (f->info.page_size < 64 || f->info.page_size > 1u << 26)
		return err_set(err, EXIT_FAILED, "a page size of %u bytes is damage", f->info.page_size);
	if (f->info.truncated && !f->info.data_bytes) {
		err_set(err, EXIT_FAILED, "the file ends before its data begins");
		return err_hint(err, "the recording was cut short; record again");
	}
	if (f->comp == COMP_OTHER && f->info.data_bytes) {
		err_set(err, EXIT_FAILED, "compressed with %s, which is not supported", f->comp_name);
		return err_hint(err, "\"trace-cmd convert --compression none\" makes it readable");
	}
	return 0;
}

static int map_file(struct dat_file *f, const char *path, struct err *err)
{
	/* Non-blocking: a fifo is to be refused, not waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int ret = -1;
	void *map;

	if (fd < 0) {
		ret = errno;
		err_set_errno(err, EXIT_FAILED, ret, "cannot open %s", path);
		if (ret == ENOENT)
			err_hint(err, "\"ipitrace record\" makes it, or name another with -i");
		else if (ret == EACCES)
			err_hint(err, "a report needs no root, only a file that this user may read");
		return -1;
	}
	if (fstat(fd, &st)) {
		err_set_errno(err, EXIT_FAILED, errno, "cannot read %s", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(err, EXIT_FAILED, "%s is not a regular file", path);
		err_hint(err, "a recording is mapped, it cannot come from a pipe or a device");
		goto out;
	}
	f->size = (uint64_t)st.st_size;
	if (!f->size) {
		err_set(err, EXIT_FAILED, "%s: not a trace.dat file, it is empty", path);
		err_hint(err, "recordings are made by \"ipitrace record\" or \"trace-cmd record\"");
		goto out;
	}
	map = mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		err_set_errno(err, EXIT_FAILED, errno, "cannot map %s", path);
		goto out;
	}
	f->map = map;
	ret = 0;
out:
	close(fd);
	return ret;
}

int dat_open(struct dat_file **fp, const char *path, struct err *err)
{
	struct dat_file *f = xcalloc(1, sizeof(*f));
	struct err why = { 0 };

	*fp = NULL;
	if (map_file(f, path, err))
		goto fail;
	if (read_head(f, &why)) {
		err_set(err, why.code, "%s: %.200s", path, why.msg);
		if (why.hint[0])
			err_hint(err, "%s", why.hint);
		goto fail;
	}
	read_facts(f);
	f->info.formats = f->formats;
	f->info.cpus = f->cpus;
	if (!f->info.clock)
		f->info.clock = "local";
	for (unsigned int i = 0; i < f->info.nr_streams; i++)
		if (f->cpus[i] >= f->info.nr_cpus)
			f->info.nr_cpus = f->cpus[i] + 1;
	*fp = f;
	return 0;

fail:
	dat_close(f);
	return -1;
}

void dat_close(struct dat_file *f)
{
	if (!f)
		return;
	dat_clear_streams(f);
	for (unsigned int i = 0; i < f->nr_owned; i++)
		free(f->owned[i]);
	free(f->owned);
	free(f->streams);
	free(f->cpus);
	free(f->formats);
	free(f->comms);
	if (f->map)
		munmap((void *)f->map, f->size);
	free(f);
}

const struct dat_info *dat_info(const struct dat_file *f)
{
	return &f->info;
}
