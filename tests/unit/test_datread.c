// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_datread.c - trace.dat files of every kind, written here byte by byte:
 * versions, byte orders, compression, instances, facts; cut at every offset
 * and corrupted.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "base/err.h"
#include "file/datfile.h"
#include "tap.h"

#define PAGE   4096u
#define FMT    "name: ipi_send_cpu\nID: 354\nformat:\n"
#define SYMS   "ffffffff81000000 T start\n"
#define PRINTK "0xffff : \"Function call interrupts\"\n"
#define CMDS   "1 init\n42 a task\nbad line\n7 x\n"
#define HPAGE  "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"

struct out {
	uint8_t *buf;
	size_t len;
	bool big;
};

static void put(struct out *o, const void *data, size_t len)
{
	o->buf = realloc(o->buf, o->len + len + 1);
	memcpy(o->buf + o->len, data, len);
	o->len += len;
}

static void patch(struct out *o, size_t at, uint64_t val, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		o->buf[at + i] = (uint8_t)(val >> 8 * (o->big ? size - 1 - i : i));
}

static void num(struct out *o, uint64_t val, unsigned int size)
{
	put(o, "\0\0\0\0\0\0\0", size);
	patch(o, o->len - size, val, size);
}

static void str(struct out *o, const char *s)
{
	put(o, s, strlen(s) + 1);
}

static void blob(struct out *o, const char *s, unsigned int size)
{
	num(o, strlen(s), size);
	put(o, s, strlen(s));
}

static void align(struct out *o)
{
	while (o->len % PAGE)
		num(o, 0, 1);
}

static void put_magic(struct out *o, const char *version, unsigned int longs)
{
	put(o, "\x17\x08\x44tracing", 10);
	str(o, version);
	num(o, o->big, 1);
	num(o, longs, 1);
	num(o, PAGE, 4);
}

/* A page that says which one it is. */
static void put_page(struct out *o, unsigned int cpu, unsigned int nr)
{
	for (unsigned int i = 0; i < PAGE / 8; i++)
		num(o, (uint64_t)cpu << 32 | nr, 8);
}

static void put_option(struct out *o, unsigned int id, const void *data, size_t len)
{
	num(o, id, 2);
	num(o, len, 4);
	put(o, data, len);
}

/* A guest of two CPUs; and three that are damaged: without an end of its name, too short, and of more CPUs than are there. */
static void put_guests(struct out *o)
{
	struct out g = { .big = o->big };

	str(&g, "box");
	num(&g, 0x1122334455667788, 8);
	num(&g, 2, 4);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		num(&g, cpu, 4);
		num(&g, 4711 + cpu, 4);
	}
	put_option(o, 13, g.buf, g.len);
	put_option(o, 13, "box", 3);
	put_option(o, 13, g.buf, 15);
	put_option(o, 13, g.buf, g.len - 1);
	free(g.buf);
}

static void put_header_info(struct out *o)
{
	str(o, "header_page");
	blob(o, HPAGE, 8);
	str(o, "header_event");
	blob(o, "x", 8);
}

static void put_formats(struct out *o)
{
	num(o, 2, 4);
	str(o, "ipi");
	num(o, 1, 4);
	blob(o, FMT, 8);
	str(o, "csd");
	num(o, 2, 4);
	blob(o, "name: a\n", 8);
	blob(o, "name: b\n", 8);
}

enum { V6_PLAIN, V6_INSTANCE };

/* Up to its options. */
static void put_v6_head(struct out *o, unsigned int longs, unsigned int nr_cpus)
{
	put_magic(o, "6", longs);
	put_header_info(o);
	num(o, 1, 4);
	blob(o, "name: kernel_stack\n", 8);
	put_formats(o);
	blob(o, SYMS, 4);
	blob(o, PRINTK, 4);
	blob(o, CMDS, 8);
	num(o, nr_cpus, 4);
	str(o, "options  ");
}

/* Two CPUs with 3 and 1 pages; V6_INSTANCE: they are in an instance, the top buffer is empty. */
static struct out make_v6(bool big, unsigned int longs, int kind)
{
	static const unsigned int pages[2] = { 3, 1 };
	struct out o = { .big = big };
	size_t table, instance = 0, instance_opt = 0;

	put_v6_head(&o, longs, 2);
	put_option(&o, 4, "local [mono] boot\n", 19);
	put_option(&o, 5, "Linux host 6.18 x86_64", 22);
	put_option(&o, 9, "3.1.6", 6);
	put_option(&o, 999, "what?", 5);
	put_guests(&o);
	put_option(&o, 2, "", 0);
	if (kind == V6_INSTANCE) {
		instance_opt = o.len + 6;
		put_option(&o, 3, "\0\0\0\0\0\0\0\0inst", 13);
	}
	num(&o, 0, 2);
	str(&o, "flyrecord");
	table = o.len;
	for (unsigned int i = 0; i < 4; i++)
		num(&o, 0, 8);
	blob(&o, "[global]", 8);
	if (kind == V6_INSTANCE) {
		instance = o.len;
		str(&o, "flyrecord");
		table = o.len;
		for (unsigned int i = 0; i < 4; i++)
			num(&o, 0, 8);
		patch(&o, instance_opt, instance, 8);
	}
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		align(&o);
		patch(&o, table + 16 * cpu, o.len, 8);
		patch(&o, table + 16 * cpu + 8, pages[cpu] * PAGE, 8);
		for (unsigned int i = 0; i < pages[cpu]; i++)
			put_page(&o, cpu, i);
	}
	return o;
}

/* A section; packed as a block if zstd. Returns its offset. */
static size_t put_section(struct out *o, unsigned int id, struct out *content, bool zstd)
{
	size_t at = o->len;

	num(o, id, 2);
	num(o, zstd, 2);
	num(o, 0, 4);
	if (zstd) {
		size_t room = ZSTD_compressBound(content->len);
		void *packed = malloc(room);
		size_t len = ZSTD_compress(packed, room, content->buf, content->len, 3);

		num(o, len + 8, 8);
		num(o, len, 4);
		num(o, content->len, 4);
		put(o, packed, len);
		free(packed);
	} else {
		num(o, content->len, 8);
		put(o, content->buf, content->len);
	}
	free(content->buf);
	memset(content, 0, sizeof(*content));
	content->big = o->big;
	return at;
}

static void put_offset_option(struct out *o, unsigned int id, size_t off)
{
	num(o, id, 2);
	num(o, 8, 4);
	num(o, off, 8);
}

/* The data of a CPU; zstd: in chunks of at most two pages. */
static size_t put_cpu(struct out *o, unsigned int cpu, unsigned int nr, bool zstd)
{
	size_t at;

	align(o);
	at = o->len;
	if (zstd)
		num(o, (nr + 1) / 2, 4);
	for (unsigned int i = 0; i < nr;) {
		struct out raw = { .big = o->big };
		size_t room, len;
		void *packed;

		for (unsigned int end = i + 2; i < nr && i < end; i++)
			put_page(&raw, cpu, i);
		if (!zstd) {
			put(o, raw.buf, raw.len);
			free(raw.buf);
			continue;
		}
		room = ZSTD_compressBound(raw.len);
		packed = malloc(room);
		len = ZSTD_compress(packed, room, raw.buf, raw.len, 3);
		num(o, len, 4);
		num(o, raw.len, 4);
		put(o, packed, len);
		free(packed);
		free(raw.buf);
	}
	return at;
}

/* CPUs 0 and 5, 3 and 1 pages; two chained option sections. */
static struct out make_v7(bool big, bool zstd)
{
	struct out o = { .big = big }, sec = { .big = big };
	size_t head, ids[6], data[2], len[2], next;

	put_magic(&o, "7", 8);
	str(&o, zstd ? "zstd" : "none");
	str(&o, "1.5.4");
	head = o.len;
	num(&o, 0, 8);
	put_header_info(&sec);
	ids[0] = put_section(&o, 16, &sec, zstd);
	num(&sec, 1, 4);
	blob(&sec, "name: kernel_stack\n", 8);
	ids[1] = put_section(&o, 17, &sec, zstd);
	put_formats(&sec);
	ids[2] = put_section(&o, 18, &sec, zstd);
	blob(&sec, SYMS, 4);
	ids[3] = put_section(&o, 19, &sec, zstd);
	blob(&sec, PRINTK, 4);
	ids[4] = put_section(&o, 20, &sec, zstd);
	blob(&sec, CMDS, 8);
	ids[5] = put_section(&o, 21, &sec, false);
	data[0] = put_cpu(&o, 0, 3, zstd);
	/* As trace-cmd does, without the number of chunks. */
	len[0] = o.len - data[0] - (zstd ? 4 : 0);
	data[1] = put_cpu(&o, 5, 1, zstd);
	len[1] = o.len - data[1] - (zstd ? 4 : 0);
	num(&sec, 3, 2);
	num(&sec, 8 + 1 + 5 + 8 + 40, 4);
	num(&sec, data[0], 8);
	str(&sec, "");
	str(&sec, "mono");
	num(&sec, PAGE, 4);
	num(&sec, 2, 4);
	for (unsigned int i = 0; i < 2; i++) {
		num(&sec, i ? 5 : 0, 4);
		num(&sec, data[i], 8);
		num(&sec, len[i], 8);
	}
	put_offset_option(&sec, 0, 0);
	next = put_section(&o, 0, &sec, zstd);
	for (unsigned int i = 0; i < 6; i++)
		put_offset_option(&sec, 16 + i, ids[i]);
	put_option(&sec, 4, "local [boot]", 13);
	put_option(&sec, 5, "Linux host 6.18 x86_64", 22);
	put_option(&sec, 9, "3.1.6", 6);
	put_guests(&sec);
	num(&sec, 8, 2);
	num(&sec, 4, 4);
	num(&sec, 8, 4);
	put_offset_option(&sec, 0, next);
	patch(&o, head, put_section(&o, 0, &sec, false), 8);
	return o;
}

static void put_facts(struct out *o, const char *text)
{
	bool big = o->big;

	put(o, text, strlen(text));
	put(o, DAT_FOOTER_MAGIC, 8);
	o->big = false;
	num(o, strlen(text), 8);
	num(o, dat_facts_check(text, strlen(text)), 8);
	o->big = big;
}

/* --- reading --- */

static int make_file(const struct out *o, char path[32])
{
	int fd = memfd_create("trace.dat", 0);

	if (fd < 0 || (o->len && write(fd, o->buf, o->len) != (ssize_t)o->len))
		abort();
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

/* Reads all; the number of pages whose content is theirs, or -1. Every byte is touched. */
static int read_pages(struct dat_file *f, struct err *err, uint64_t *sum)
{
	const struct dat_info *info = dat_info(f);
	int good = 0;

	for (unsigned int i = 0; i < info->nr_streams; i++) {
		unsigned int nr = 0;
		const uint8_t *page;
		size_t len = 0;

		while ((page = dat_next_page(f, i, &len, err))) {
			uint8_t low = page[info->big_endian && len >= 8 ? 7 : 0];

			for (size_t j = 0; j < len; j++)
				*sum += page[j];
			good += len == info->page_size && low == nr;
			nr++;
		}
		if (err->code)
			return -1;
	}
	return good;
}

static void check_file(const struct out *o, const char *what, int version, const char *clock, const char *compression)
{
	const struct dat_info *info;
	struct err err = { 0 };
	struct dat_file *f;
	uint64_t sum = 0;
	uint32_t cpu = 0;
	char path[32];
	int fd = make_file(o, path);

	if (!ok(!dat_open(&f, path, &err), "%s: opens (%s)", what, err.msg))
		return;
	info = dat_info(f);
	is_u64((uint64_t)info->version, (uint64_t)version, "version");
	is_u64(info->big_endian, o->big, "byte order");
	is_u64(info->page_size, PAGE, "page size");
	is_str(info->compression, compression, "compression");
	is_str(info->clock, clock, "clock");
	is_str(info->uname, "Linux host 6.18 x86_64", "uname");
	is_str(info->tracer_version, "3.1.6", "tracer");
	if (ok(info->nr_guests == 1 && info->guests->nr_cpus == 2, "one guest of two CPUs")) {
		is_str(info->guests->name, "box", "  its name");
		is_u64(info->guests->trace_id, 0x1122334455667788, "  and id");
		ok(dat_guest_of(info, 4712, &cpu) == info->guests && cpu == 1, "  and who runs its CPUs");
	}
	ok(!dat_guest_of(info, 1, &cpu), "  others do not");
	is_str(info->printk_formats, PRINTK, "printk formats");
	ok(info->kallsyms_len == strlen(SYMS) && !memcmp(info->kallsyms, SYMS, strlen(SYMS)), "kallsyms");
	ok(info->header_page_len == strlen(HPAGE) && !memcmp(info->header_page, HPAGE, strlen(HPAGE)), "header_page");
	is_u64(info->nr_formats, 4, "formats");
	is_str(info->formats[0].system, "ftrace", "ftrace's own first");
	is_str(info->formats[1].system, "ipi", "then systems");
	ok(info->formats[1].len == strlen(FMT) && !memcmp(info->formats[1].text, FMT, strlen(FMT)), "text of a format");
	is_str(info->formats[3].system, "csd", "last format");
	is_u64(info->nr_streams, 2, "streams");
	is_u64(info->cpus[1], version == 7 ? 5 : 1, "CPU of the second");
	is_u64(info->nr_cpus, version == 7 ? 8 : 2, "CPUs of the machine");
	ok(!info->truncated, "whole");
	is_u64((uint64_t)read_pages(f, &err, &sum), 4, "all pages, in order");
	is_str(dat_comm(f, 42), "a task", "task name");
	is_str(dat_comm(f, 7), "x", "behind a bad line");
	is_str(dat_comm(f, 2), "<...>", "unknown task");
	is_str(dat_comm(f, 0), "<idle>", "idle task");
	ok(!info->facts, "no facts");
	dat_close(f);
	close(fd);
}

static void test_kinds(void)
{
	for (int big = 0; big < 2; big++) {
		struct out o;

		for (unsigned int longs = 4; longs <= 8; longs += 4) {
			o = make_v6(big, longs, V6_PLAIN);
			check_file(&o, "v6", 6, "mono", "none");
			free(o.buf);
		}
		o = make_v6(big, 8, V6_INSTANCE);
		check_file(&o, "v6 instance", 6, "mono", "none");
		free(o.buf);
		o = make_v7(big, false);
		check_file(&o, "v7", 7, "mono", "none");
		free(o.buf);
		o = make_v7(big, true);
		check_file(&o, "v7 zstd", 7, "mono", "zstd");
		free(o.buf);
	}
}

static void test_facts(void)
{
	struct out o = make_v6(false, 8, V6_PLAIN);
	struct err err = { 0 };
	struct dat_file *f;
	uint64_t sum = 0;
	char path[32];
	int fd;

	put_facts(&o, "version 1\ncomplete 1\n");
	fd = make_file(&o, path);
	ok(!dat_open(&f, path, &err), "opens with facts");
	is_str(dat_info(f)->facts, "version 1\ncomplete 1\n", "the facts");
	is_u64(dat_info(f)->facts_len, 21, "their length");
	is_u64((uint64_t)read_pages(f, &err, &sum), 4, "pages as before");
	dat_close(f);
	close(fd);

	o.buf[o.len - sizeof(struct dat_footer) - 3] ^= 1;
	fd = make_file(&o, path);
	ok(!dat_open(&f, path, &err) && !dat_info(f)->facts, "a changed text is no text");
	dat_close(f);
	close(fd);
	patch(&o, o.len - 16, UINT64_MAX - 3, 8);
	fd = make_file(&o, path);
	ok(!dat_open(&f, path, &err) && !dat_info(f)->facts, "nor is one longer than the file");
	dat_close(f);
	close(fd);
	free(o.buf);
}

/* Cut at every offset: an error that says so, or the part that is there, marked as a part. */
static void test_cut(struct out o, const char *what, size_t step)
{
	unsigned int refused = 0, partial = 0, silent = 0, speechless = 0;
	uint64_t sum = 0;
	char path[32];
	int fd = make_file(&o, path);

	for (size_t len = o.len - 1; len<o.len; len -= len> 6000 ? step : 1) {
		struct err err = { 0 };
		struct dat_file *f;

		if (ftruncate(fd, (off_t)len))
			abort();
		if (dat_open(&f, path, &err)) {
			refused++;
			speechless += !err.code || !err.msg[0];
			continue;
		}
		partial++;
		silent += !dat_info(f)->truncated;
		read_pages(f, &err, &sum);
		dat_close(f);
	}
	ok(refused > 100, "%s: %u cuts refused, %u served in part", what, refused, partial);
	is_u64(silent, 0, "none served as if whole");
	is_u64(speechless, 0, "none refused without a word");
	close(fd);
	free(o.buf);
}

static void test_corruption(struct out o, const char *what)
{
	uint64_t rnd = 0x2545f4914f6cdd1dULL, sum = 0;
	unsigned int refused = 0, read = 0;
	uint8_t *copy = malloc(o.len);

	for (unsigned int round = 0; round < 3000; round++) {
		struct err err = { 0 };
		struct dat_file *f;
		char path[32];
		int fd;

		memcpy(copy, o.buf, o.len);
		for (unsigned int i = 0; i < 1 + round % 8; i++) {
			rnd ^= rnd << 13, rnd ^= rnd >> 7, rnd ^= rnd << 17;
			/* Mostly in the metadata; often the values that hurt. */
			copy[rnd % (round & 1 ? 900 : o.len)] = round & 2 ? 0xff :
								round & 4 ? 0x7f :
									    (uint8_t)(rnd >> 40);
		}
		fd = make_file(&(struct out){ .buf = copy, .len = o.len }, path);
		if (dat_open(&f, path, &err)) {
			refused++;
		} else {
			read += read_pages(f, &err, &sum) >= 0;
			dat_comm(f, 42);
			dat_close(f);
		}
		close(fd);
	}
	ok(refused + read > 1000, "%s: corrupted 3000 times, %u refused, %u read", what, refused, read);
	free(copy);
	free(o.buf);
}

/* Instances of which each names the one table, of 8192 CPUs without data: 135 kB that would be 270 MB in memory. */
static void test_one_table_for_many(void)
{
	struct out o = { 0 };
	struct err err = { 0 };
	struct dat_file *f;
	size_t options;
	char path[32];
	int fd;

	put_v6_head(&o, 8, 8192);
	options = o.len;
	for (unsigned int i = 0; i < 48; i++)
		put_option(&o, 3, "\0\0\0\0\0\0\0\0inst", 13);
	num(&o, 0, 2);
	for (unsigned int i = 0; i < 48; i++)
		patch(&o, options + i * 19 + 6, o.len, 8);
	str(&o, "flyrecord");
	for (unsigned int i = 0; i < 2 * 8192; i++)
		num(&o, 0, 8);
	fd = make_file(&o, path);
	ok(dat_open(&f, path, &err) == -1 && strstr(err.msg, "made to harm"), "one table for many: %s", err.msg);
	close(fd);
	free(o.buf);
}

/* How many pages there are, or -1, of CPU 0's data with one number that is another; damaged: what is said of it. */
static int pages_with(size_t at, uint32_t number, char damaged[256])
{
	struct out o = make_v7(false, true);
	struct err err = { 0 };
	struct dat_file *f;
	uint64_t sum = 0;
	char path[32];
	int fd, nr;

	/* CPU 0's is on the only page boundary with the number of chunks of 3 pages. */
	for (size_t off = PAGE; off < o.len; off += PAGE)
		if (o.buf[off] == 2) {
			patch(&o, off + at, number, 4);
			break;
		}
	fd = make_file(&o, path);
	if (dat_open(&f, path, &err))
		abort();
	nr = read_pages(f, &err, &sum);
	snprintf(damaged, 256, "%s", dat_info(f)->damaged ? dat_info(f)->damaged : err.msg);
	dat_close(f);
	close(fd);
	free(o.buf);
	return nr;
}

/* No checksum tells, as in a file of trace-cmd's: chunks do not make up the data, or one is not what it says. */
static void test_chunks(void)
{
	char damaged[256];

	is_u64((uint64_t)pages_with(0, 2, damaged), 4, "two chunks, as it was");
	is_str(damaged, "", "  is no damage");
	is_u64((uint64_t)pages_with(0, 1, damaged), 3, "one chunk of two: what it has");
	is_str(damaged, "data of CPU 0", "  is damage");
	is_u64((uint64_t)pages_with(0, 0, damaged), 1, "no chunk of two: those of the other CPU");
	is_str(damaged, "data of CPU 0", "  is damage");
	ok(pages_with(8, 0, damaged) == -1, "a chunk that is to have nothing in it");
	is_str(damaged, "the file is damaged in its compressed data", "  is damage");
}

/* Version 6 with another number in its table of CPUs: which of 0 offset, 1 size of CPU 0, 2 and 3 of CPU 1. */
static void v6_table(unsigned int which, int64_t pages, char said[256])
{
	struct out o = make_v6(false, 8, V6_PLAIN);
	uint8_t *table = memmem(o.buf, o.len, "flyrecord", 10);
	struct err err = { 0 };
	struct dat_file *f;
	char path[32];
	uint64_t old;
	int fd;

	table += 10 + 8 * which;
	memcpy(&old, table, 8);
	patch(&o, (size_t)(table - o.buf), old + (uint64_t)(pages * PAGE), 8);
	fd = make_file(&o, path);
	if (dat_open(&f, path, &err)) {
		snprintf(said, 256, "%s", err.msg);
	} else {
		snprintf(said, 256, "%s", dat_info(f)->damaged ? dat_info(f)->damaged : "");
		dat_close(f);
	}
	close(fd);
	free(o.buf);
}

static void test_table(void)
{
	char said[256];

	v6_table(1, 0, said);
	is_str(said, "", "a table of CPUs as it was");
	v6_table(1, -1, said);
	is_str(said, "table of CPUs", "a page between two CPUs' data");
	v6_table(1, -3, said);
	is_str(said, "table of CPUs", "none of the first CPU's");
	v6_table(0, 1, said);
	ok(strstr(said, "names the same data more than once"), "two CPUs with one page: %s", said);
	v6_table(2, -1, said);
	ok(strstr(said, "names the same data more than once"), "the other way round: %s", said);
	v6_table(3, -1, said);
	is_str(said, "end", "none of the last CPU's");
}

static void test_refused(void)
{
	static const char *const junk[] = { "", "\x17\x08", "hello, this is no recording at all" };
	struct out o = make_v7(false, false);
	struct err err = { 0 };
	struct dat_file *f;
	char path[32];
	int fd;

	for (unsigned int i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
		struct out j = { .buf = (uint8_t *)junk[i], .len = strlen(junk[i]) };

		fd = make_file(&j, path);
		memset(&err, 0, sizeof(err));
		ok(dat_open(&f, path, &err) == -1 && strstr(err.msg, "not a trace.dat"), "junk %u", i);
		ok(err.hint[0], "with a hint");
		close(fd);
	}
	memset(&err, 0, sizeof(err));
	ok(dat_open(&f, "/nonexistent/trace.dat", &err) == -1 && strstr(err.msg, "No such file"), "no file");
	memset(&err, 0, sizeof(err));
	ok(dat_open(&f, "/", &err) == -1 && strstr(err.msg, "not a regular file"), "a directory");
	ok(dat_open(&f, "", &err) == -1 && strstr(err.msg, "cannot open '':"), "no name: %s", err.msg);

	/* Options that lead to themselves. */
	for (size_t at = o.len - 8; at < o.len; at += 8)
		patch(&o, at, 0, 8);
	memcpy(o.buf + o.len - 8, o.buf + 10 + 2 + 6 + 5 + 6, 8);
	fd = make_file(&o, path);
	memset(&err, 0, sizeof(err));
	ok(dat_open(&f, path, &err) == -1 && strstr(err.msg, "circle"), "options in a circle: %s", err.msg);
	close(fd);
	free(o.buf);
	dat_close(NULL);
}

int main(void)
{
	struct out o;

	test_kinds();
	test_facts();
	test_cut(make_v6(false, 8, V6_PLAIN), "v6", 37);
	test_cut(make_v6(true, 4, V6_INSTANCE), "v6 instance", 37);
	test_cut(make_v7(false, false), "v7", 37);
	test_cut(make_v7(false, true), "v7 zstd", 1);
	o = make_v6(false, 8, V6_PLAIN);
	put_facts(&o, "version 1\n");
	test_corruption(o, "v6");
	test_corruption(make_v7(false, false), "v7");
	test_corruption(make_v7(true, true), "v7 zstd");
	test_chunks();
	test_table();
	test_refused();
	test_one_table_for_many();
	return done_testing();
}
