// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_datwrite.c - what the writer writes the reader reads; nothing has a
 * name before it is complete; sections out of order are refused.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "file/datfile.h"
#include "tap.h"

#define PAGE 4096u

static char dir[] = "/tmp/test_datwrite-XXXXXX";

static char *in_dir(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static unsigned int nr_files(void)
{
	DIR *d = opendir(dir);
	unsigned int nr = 0;
	struct dirent *e;

	while (d && (e = readdir(d)))
		nr += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	if (d)
		closedir(d);
	return nr;
}

/* An unnamed file of pages that each bear their number. */
static int pages(unsigned int first, unsigned int nr)
{
	int fd = open(dir, O_TMPFILE | O_RDWR, 0600);
	uint32_t page[PAGE / 4];

	for (unsigned int i = 0; fd >= 0 && i < nr; i++) {
		for (unsigned int j = 0; j < PAGE / 4; j++)
			page[j] = first + i;
		/* An empty sub-buffer to the reader: stamp, commit 0. */
		if (write(fd, page, PAGE) != PAGE)
			return -1;
	}
	return fd;
}

static const struct event_format ftrace_formats[] = {
	{ "ftrace", "name: kernel_stack\nID: 4\n", 25 },
};

static const struct event_format formats[] = {
	{ "ipi", "name: ipi_send_cpu\nID: 100\n", 27 },
	{ "ipi", "name: ipi_send_cpumask\nID: 101\n", 31 },
	{ "csd", "name: csd_queue_cpu\nID: 102\n", 28 },
};

static const struct dat_writer_meta meta = {
	.page_size = PAGE,
	.nr_cpus = 3,
	.header_page = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		       "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
		       "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n",
	.header_event = "# compressed entry header\n",
	.ftrace_formats = ftrace_formats,
	.nr_ftrace = 1,
	.formats = formats,
	.nr_formats = 3,
	.kallsyms = "ffffffff81000000 T _stext\n",
	.printk_formats = "",
	.cmdlines = "17 odd name\n",
	.uname = "Linux host 6.18.0 x86_64",
	.clock = "mono",
	.clocks_text = "local global [mono]\n",
	.tsc_mult = 1654000000,
	.tsc_shift = 32,
	.tsc_offset = (uint64_t)-5,
	.trace_id = 42,
	.version = "ipitrace test",
};

static bool write_cpus(struct dat_writer *w, struct err *err)
{
	int fd0 = pages(1000, 3), fd2 = pages(2000, 1);
	bool good = fd0 >= 0 && fd2 >= 0 && !dat_writer_cpu(w, fd0, 3 * PAGE, err) && !dat_writer_cpu(w, -1, 0, err) &&
		    !dat_writer_cpu(w, fd2, PAGE, err);

	if (fd0 >= 0)
		close(fd0);
	if (fd2 >= 0)
		close(fd2);
	return good;
}

static bool has_format(const struct dat_info *info, const char *system, const char *text)
{
	for (unsigned int i = 0; i < info->nr_formats; i++)
		if (!strcmp(info->formats[i].system, system) && info->formats[i].len == strlen(text) &&
		    !memcmp(info->formats[i].text, text, strlen(text)))
			return true;
	return false;
}

static void check_pages(struct dat_file *f)
{
	const struct dat_info *info = dat_info(f);
	unsigned int want[] = { 3, 0, 1 }, first[] = { 1000, 0, 2000 };
	struct err err = { 0 };

	for (unsigned int i = 0; i < info->nr_streams; i++) {
		unsigned int cpu = info->cpus[i], nr = 0;
		const uint32_t *page;
		size_t len;

		while ((page = dat_next_page(f, i, &len, &err)) && cpu < 3) {
			ok(len == PAGE && page[0] == first[cpu] + nr && page[PAGE / 4 - 1] == first[cpu] + nr,
			   "CPU %u: page %u is itself", cpu, nr);
			nr++;
		}
		is_u64(nr, cpu < 3 ? want[cpu] : 0, "CPU %u: number of pages", cpu);
	}
	ok(!err.code, "no error: %s", err.msg);
}

static void check_file(const char *path, int version)
{
	struct dat_file *f = NULL;
	struct err err = { 0 };
	const struct dat_info *info;

	if (!ok(!dat_open(&f, path, &err), "the reader opens it: %s", err.msg))
		return;
	info = dat_info(f);
	is_u64((uint64_t)info->version, (uint64_t)version, "version");
	is_u64(info->page_size, PAGE, "page size");
	is_u64(info->nr_cpus, 3, "CPUs");
	is_u64(info->long_size, sizeof(long), "size of a long");
	ok(info->header_page_len == strlen(meta.header_page) &&
		   !memcmp(info->header_page, meta.header_page, info->header_page_len),
	   "header_page");
	ok(has_format(info, "ftrace", ftrace_formats[0].text), "ftrace's format");
	for (unsigned int i = 0; i < 3; i++)
		ok(has_format(info, formats[i].system, formats[i].text), "format %u", i);
	ok(info->kallsyms_len == strlen(meta.kallsyms) && !memcmp(info->kallsyms, meta.kallsyms, info->kallsyms_len),
	   "kallsyms");
	is_str(info->uname, meta.uname, "uname");
	is_str(info->clock, "mono", "clock");
	ok(info->tsc_mult == meta.tsc_mult && info->tsc_shift == 32 && info->tsc_offset == meta.tsc_offset,
	   "how ticks become ns");
	is_str(info->tracer_version, meta.version, "version of the writer");
	is_str(dat_comm(f, 17), "odd name", "name of a task");
	ok(info->facts && !strncmp(info->facts, "complete 1\nsum head 0 ", 22), "facts, and sums behind them");
	ok(!info->damaged, "which hold");
	ok(!info->truncated, "not truncated");
	if (version == 6)
		is_u64(info->data_bytes, 4 * PAGE, "bytes of data");
	else
		ok(info->data_bytes && info->data_bytes < PAGE, "few bytes of data: %u",
		   (unsigned int)info->data_bytes);
	check_pages(f);
	ok(!info->damaged, "and no page differs from its checksum");
	dat_close(f);
}

/* level: of compression. */
static void test_round_trip(int level)
{
	char *path = in_dir("a.dat");
	struct dat_writer *w;
	struct err err = { 0 };
	struct stat st;

	umask(027);
	ok(!dat_writer_open(&w, path, &err), "open for level %d: %s", level, err.msg);
	dat_writer_set_level(w, level);
	ok(!dat_writer_head(w, &meta, &err), "head");
	ok(write_cpus(w, &err), "data of all CPUs: %s", err.msg);
	ok(!dat_writer_facts(w, "complete 1\n", 11, &err), "facts");
	ok(access(path, F_OK) != 0, "no name before the commit");
	ok(!dat_writer_commit(w, &err), "commit: %s", err.msg);
	ok(!stat(path, &st) && (st.st_mode & 0777) == 0600, "it has its name, and is for its owner only");
	dat_writer_close(w);
	is_u64(nr_files(), 1, "and is the only file");
	check_file(path, level ? 7 : 6);
	unlink(path);
	free(path);
}

/* More than all threads pack at once, and a last chunk that is not full; sub-buffers larger than a chunk. */
static void test_many_pages(unsigned int page_size, unsigned int nr)
{
	struct dat_writer_meta large = meta;
	char *path = in_dir("m.dat");
	unsigned int got = 0, bad = 0;
	struct dat_file *f = NULL;
	struct dat_writer *w;
	struct err err = { 0 };
	const uint32_t *page;
	size_t len;
	int fd = pages(7, nr * (page_size / PAGE));

	large.page_size = page_size;
	large.nr_cpus = 1;
	ok(!dat_writer_open(&w, path, &err), "open");
	dat_writer_set_level(w, 1);
	ok(!dat_writer_head(w, &large, &err) && !dat_writer_cpu(w, fd, (uint64_t)nr * page_size, &err) &&
		   !dat_writer_facts(w, "", 0, &err) && !dat_writer_commit(w, &err),
	   "%u pages of %u bytes are written: %s", nr, page_size, err.msg);
	dat_writer_close(w);
	close(fd);
	if (ok(!dat_open(&f, path, &err), "and opened: %s", err.msg)) {
		for (; (page = dat_next_page(f, 0, &len, &err)); got++)
			bad += len != page_size || page[0] != 7 + got * (page_size / PAGE);
		is_u64(got, nr, "all are read");
		is_u64(bad, 0, "in order");
		ok(!err.code && !dat_info(f)->damaged, "without an error: %s", err.msg);
	}
	dat_close(f);
	unlink(path);
	free(path);
}

/* One byte of the packed lines differs: the last, which is right before the text. */
static void check_damaged_facts(const char *path, size_t size)
{
	char *all = xmalloc(size), *facts = NULL;
	int fd = open(path, O_RDWR);
	struct dat_file *f = NULL;
	struct err err = { 0 };

	if (ok(fd >= 0 && pread(fd, all, size, 0) == (ssize_t)size, "read it"))
		facts = memmem(all, size, "complete 1\n", 11);
	if (ok(facts, "its text")) {
		facts[-1] ^= 1;
		ok(pwrite(fd, facts - 1, 1, facts - 1 - all) == 1, "one byte differs");
		ok(!dat_open(&f, path, &err), "opened again: %s", err.msg);
		ok(f && dat_info(f)->damaged && !strcmp(dat_info(f)->damaged, "facts"), "the facts are damaged");
		ok(f && !strstr(dat_info(f)->facts, "tgids"), "and not believed");
		dat_close(f);
	}
	close(fd);
	free(all);
}

/* Lists of tasks are long: they are packed with the rest, and behind the other facts for who reads them. */
static void test_long_facts(int level)
{
	char *path = in_dir("l.dat"), *text = xmalloc(300000), *want;
	struct dat_file *f = NULL;
	struct dat_writer *w;
	struct err err = { 0 };
	const struct dat_info *info;
	size_t len = 0, line;
	struct stat st;

	len += (size_t)sprintf(text, "complete 1\n");
	line = len;
	len += (size_t)sprintf(text + len, "tgids");
	for (int pid = 1000; pid < 20000; pid++)
		len += (size_t)sprintf(text + len, " %d %d", pid, pid);
	want = xmalloc(len + 2);
	snprintf(want, len + 2 - line, "%s\n", text + line);
	len += (size_t)sprintf(text + len, "\nclock mono\n");
	ok(!dat_writer_open(&w, path, &err), "open for level %d: %s", level, err.msg);
	dat_writer_set_level(w, level);
	ok(!dat_writer_head(w, &meta, &err) && write_cpus(w, &err) && !dat_writer_facts(w, text, len, &err) &&
		   !dat_writer_commit(w, &err),
	   "written with long facts: %s", err.msg);
	dat_writer_close(w);
	ok(!stat(path, &st), "there");
	if (level)
		ok((size_t)st.st_size < len / 3, "a file of %u bytes, of %u of facts", (unsigned int)st.st_size,
		   (unsigned int)len);
	if (ok(!dat_open(&f, path, &err), "opened: %s", err.msg)) {
		info = dat_info(f);
		ok(info->facts && strlen(info->facts) == info->facts_len, "facts, as long as they say");
		ok(!strncmp(info->facts, "complete 1\n", 11), "what is short comes first");
		ok(strstr(info->facts, "\nclock mono\n"), "from behind the long line, too");
		ok(strstr(info->facts, want), "all of the long line");
		ok(!info->damaged, "nothing is damaged");
	}
	dat_close(f);
	f = NULL;
	if (level)
		check_damaged_facts(path, (size_t)st.st_size);
	unlink(path);
	free(path);
	free(text);
	free(want);
}

static void test_abandoned(void)
{
	char *path = in_dir("b.dat");
	struct dat_writer *w;
	struct err err = { 0 };
	volatile int flag = 1;
	int fd;

	for (int phase = 0; phase < 4; phase++) {
		ok(!dat_writer_open(&w, path, &err), "open");
		if (phase > 0)
			ok(!dat_writer_head(w, &meta, &err), "head");
		if (phase > 1)
			ok(write_cpus(w, &err), "data");
		if (phase > 2)
			ok(!dat_writer_facts(w, "x", 1, &err), "facts");
		dat_writer_close(w);
		is_u64(nr_files(), 0, "abandoned in phase %d: nothing is left", phase);
	}
	ok(!dat_writer_open(&w, path, &err) && !dat_writer_head(w, &meta, &err), "begin");
	dat_writer_set_abort(w, &flag);
	fd = pages(1, 1);
	ok(dat_writer_cpu(w, fd, PAGE, &err) && strstr(err.msg, "abort"), "aborted: %s", err.msg);
	close(fd);
	ok(dat_writer_commit(w, &err), "what failed is never committed");
	dat_writer_close(w);
	is_u64(nr_files(), 0, "nothing is left");
	dat_writer_close(NULL);
	free(path);
}

static void test_order(void)
{
	char *path = in_dir("c.dat");
	struct dat_writer *w;
	struct err err = { 0 };

	ok(!dat_writer_open(&w, path, &err) && dat_writer_cpu(w, -1, 0, &err), "data before the head: refused");
	ok(dat_writer_head(w, &meta, &err), "and nothing after that");
	dat_writer_close(w);
	ok(!dat_writer_open(&w, path, &err) && !dat_writer_head(w, &meta, &err) && dat_writer_head(w, &meta, &err),
	   "a second head: refused");
	dat_writer_close(w);
	ok(!dat_writer_open(&w, path, &err) && !dat_writer_head(w, &meta, &err) && !dat_writer_cpu(w, -1, 0, &err) &&
		   dat_writer_facts(w, "", 0, &err),
	   "facts before the last CPU: refused");
	dat_writer_close(w);
	ok(!dat_writer_open(&w, path, &err) && !dat_writer_head(w, &meta, &err) && write_cpus(w, &err) &&
		   dat_writer_cpu(w, -1, 0, &err),
	   "one CPU too many: refused");
	dat_writer_close(w);
	ok(!dat_writer_open(&w, path, &err) && !dat_writer_head(w, &meta, &err) && write_cpus(w, &err) &&
		   dat_writer_commit(w, &err),
	   "commit without facts: refused");
	dat_writer_close(w);
	ok(!dat_writer_open(&w, path, &err) && !dat_writer_head(w, &meta, &err) && dat_writer_cpu(w, -1, 100, &err),
	   "a part of a page: refused");
	dat_writer_close(w);
	is_u64(nr_files(), 0, "nothing is left");
	free(path);
}

static void test_places(void)
{
	char *path = in_dir("none/c.dat");
	struct dat_writer *w;
	struct err err = { 0 };

	ok(dat_writer_open(&w, path, &err) && err.hint[0] && !w, "no such directory: %s", err.msg);
	ok(dat_writer_open(&w, dir, &err) && strstr(err.msg, "directory"), "a directory: %s", err.msg);
	ok(dat_writer_open(&w, "/dev/null", &err) && strstr(err.msg, "regular"), "a device: %s", err.msg);
	free(path);
	if (chdir(dir))
		return;
	ok(!dat_writer_open(&w, "plain.dat", &err) && !dat_writer_head(w, &meta, &err) && write_cpus(w, &err) &&
		   !dat_writer_facts(w, "", 0, &err) && !dat_writer_commit(w, &err) && !access("plain.dat", R_OK),
	   "a name without a directory: %s", err.msg);
	dat_writer_close(w);
	unlink("plain.dat");
	is_u64(nr_files(), 0, "no other file");
}

int main(void)
{
	if (!ok(mkdtemp(dir), "a directory of its own"))
		return done_testing();
	test_round_trip(0);
	test_round_trip(1);
	test_round_trip(9);
	test_long_facts(0);
	test_long_facts(1);
	test_many_pages(PAGE, 1500);
	test_many_pages(64 * PAGE, 20);
	test_abandoned();
	test_order();
	test_places();
	ok(!rmdir(dir), "clean at the end");
	return done_testing();
}
