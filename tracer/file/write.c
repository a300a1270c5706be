// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/write.c - writes trace.dat v6, as trace-cmd.dat.v6(5) describes it.
 *
 * The file has no name until it is complete: file/output.c. The sections must
 * come in order; anything else is a bug of the caller's and is refused. Numbers are written in the byte order of this machine, and the file
 * says so.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "file/output.h"
#include "file/priv.h"

#define COPY_CHUNK (8u << 20)
#define SUM_CHUNK  (256u << 10)
#define MAX_SUMS   8 /* of the head */
#define MAX_EXTRA  2 /* sections behind the data */

enum writer_state { WRITER_OPEN, WRITER_DATA, WRITER_FACTS, WRITER_COMMITTED, WRITER_FAILED };

/* A stretch of the head that has a checksum of its own. */
struct section {
	const char *name;
	size_t end;
};

struct dat_writer {
	enum writer_state state;
	char *path;
	struct output *out;
	int fd; /* the output's */
	const volatile int *abort_flag;
	unsigned int page_size, nr_cpus, next_cpu;
	uint64_t table; /* file offset of the offset/size pairs */
	uint64_t pos;	/* end of what is written */
	struct {
		uint64_t offset, size;
	} * cpus;
	uint64_t *sums; /* of each CPU's data */
	struct section sections[MAX_SUMS];
	unsigned int nr_sections;
	struct {
		const char *name; /* the caller's */
		uint64_t offset, size, sum;
	} extra[MAX_EXTRA];
	unsigned int nr_extra;
	XXH3_state_t *sum;
	/* The head is built in memory, and kept for its checksums until the table in it is known. */
	char *buf;
	size_t len, room;
};

static int fail(struct dat_writer *w, int errnum, struct err *err)
{
	w->state = WRITER_FAILED;
	err_set_errno(err, EXIT_FAILED, errnum, "cannot write %s", w->path);
	if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
		err_hint(err, "record fewer events (-C, --class, --no-stack), shorter (-d), "
			      "or to another filesystem (-o)");
	return -1;
}

static int out_of_order(struct dat_writer *w, const char *what, struct err *err)
{
	w->state = WRITER_FAILED;
	return err_set(err, EXIT_FAILED, "bug: trace.dat section '%s' out of order", what);
}

int dat_writer_open(struct dat_writer **wp, const char *path, struct err *err)
{
	struct output *out;
	struct dat_writer *w;

	*wp = NULL;
	if (output_open(&out, path, err))
		return -1;
	w = xcalloc(1, sizeof(*w));
	w->path = xstrdup(path);
	w->out = out;
	w->fd = output_fd(out);
	w->state = WRITER_OPEN;
	*wp = w;
	return 0;
}

struct output *dat_writer_output(const struct dat_writer *w)
{
	return w->out;
}

void dat_writer_set_abort(struct dat_writer *w, const volatile int *flag)
{
	w->abort_flag = flag;
}

static void put(struct dat_writer *w, const void *data, size_t len)
{
	if (w->len + len > w->room) {
		w->room = (w->len + len) * 2;
		w->buf = xrealloc(w->buf, w->room);
	}
	memcpy(w->buf + w->len, data, len);
	w->len += len;
}

static void put_u16(struct dat_writer *w, uint16_t v)
{
	put(w, &v, sizeof(v));
}
static void put_u32(struct dat_writer *w, uint32_t v)
{
	put(w, &v, sizeof(v));
}
static void put_u64(struct dat_writer *w, uint64_t v)
{
	put(w, &v, sizeof(v));
}

static void put_string(struct dat_writer *w, const char *s)
{
	put(w, s, strlen(s) + 1);
}

/* A text with its length before it, as 8 or 4 bytes. */
static void put_text64(struct dat_writer *w, const char *text, size_t len)
{
	put_u64(w, len);
	put(w, text ? text : "", len);
}

static void put_text32(struct dat_writer *w, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	put_u32(w, (uint32_t)len);
	put(w, text ? text : "", len);
}

static void put_option(struct dat_writer *w, enum dat_option option, const void *data, size_t len)
{
	put_u16(w, (uint16_t)option);
	put_u32(w, (uint32_t)len);
	put(w, data, len);
}

static void put_string_option(struct dat_writer *w, enum dat_option option, const char *s)
{
	if (s)
		put_option(w, option, s, strlen(s) + 1);
}

static bool same_system(const struct dat_writer_meta *m, unsigned int a, unsigned int b)
{
	return !strcmp(m->formats[a].system, m->formats[b].system);
}

/* Formats come grouped: a system begins where the name changes. */
static void put_formats(struct dat_writer *w, const struct dat_writer_meta *m)
{
	unsigned int nr_systems = 0;

	for (unsigned int i = 0; i < m->nr_formats; i++)
		nr_systems += !i || !same_system(m, i, i - 1);
	put_u32(w, nr_systems);
	for (unsigned int i = 0, end; i < m->nr_formats; i = end) {
		for (end = i; end < m->nr_formats && same_system(m, end, i); end++)
			;
		put_string(w, m->formats[i].system);
		put_u32(w, end - i);
		for (unsigned int j = i; j < end; j++)
			put_text64(w, m->formats[j].text, m->formats[j].len);
	}
}

static void put_options(struct dat_writer *w, const struct dat_writer_meta *m)
{
	uint32_t nr_cpus = m->nr_cpus;

	put(w, "options  ", 10);
	for (unsigned int cpu = 0; m->cpustats && cpu < m->nr_cpus; cpu++)
		put_string_option(w, DAT_OPT_CPUSTAT, m->cpustats[cpu]);
	put_string_option(w, DAT_OPT_TRACECLOCK, m->clocks_text);
	put_string_option(w, DAT_OPT_UNAME, m->uname);
	put_option(w, DAT_OPT_CPUCOUNT, &nr_cpus, sizeof(nr_cpus));
	put_string_option(w, DAT_OPT_VERSION, m->version);
	if (m->trace_id)
		put_option(w, DAT_OPT_TRACEID, &m->trace_id, sizeof(m->trace_id));
	put_u16(w, DAT_OPT_DONE);
}

static int write_all(struct dat_writer *w, const void *data, size_t len, uint64_t pos, struct err *err)
{
	const char *p = data;

	while (len) {
		ssize_t n = pwrite(w->fd, p, len, (off_t)pos);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(w, n ? errno : ENOSPC, err);
		p += n;
		pos += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* What was put since the last one is a section. */
static void section_ends(struct dat_writer *w, const char *name)
{
	w->sections[w->nr_sections++] = (struct section){ name, w->len };
}

int dat_writer_head(struct dat_writer *w, const struct dat_writer_meta *m, struct err *err)
{
	static const unsigned char magic[] = { 0x17, 0x08, 0x44 };
	const char order = __BYTE_ORDER == __BIG_ENDIAN, long_size = sizeof(long);
	int ret;

	if (w->state != WRITER_OPEN)
		return out_of_order(w, "head", err);
	w->page_size = m->page_size;
	w->nr_cpus = m->nr_cpus;
	w->cpus = xcalloc(m->nr_cpus, sizeof(*w->cpus));
	w->sums = xcalloc(m->nr_cpus, sizeof(*w->sums));
	w->sum = XXH3_createState();
	if (!w->sum)
		return fail(w, ENOMEM, err);
	put(w, magic, sizeof(magic));
	put(w, "tracing", 7);
	put_string(w, "6");
	put(w, &order, 1);
	put(w, &long_size, 1);
	put_u32(w, m->page_size);
	put_string(w, "header_page");
	put_text64(w, m->header_page, strlen(m->header_page));
	put_string(w, "header_event");
	put_text64(w, m->header_event, strlen(m->header_event));
	section_ends(w, "head");
	put_u32(w, m->nr_ftrace);
	for (unsigned int i = 0; i < m->nr_ftrace; i++)
		put_text64(w, m->ftrace_formats[i].text, m->ftrace_formats[i].len);
	put_formats(w, m);
	section_ends(w, "formats");
	put_text32(w, m->kallsyms);
	section_ends(w, "symbols");
	put_text32(w, m->printk_formats);
	put_text64(w, m->cmdlines, m->cmdlines ? strlen(m->cmdlines) : 0);
	section_ends(w, "names");
	put_u32(w, m->nr_cpus);
	put_options(w, m);
	put(w, "flyrecord", 10);
	/* Zeros until commit: data that is not complete is not to be found. */
	w->table = w->len;
	put(w, w->cpus, m->nr_cpus * sizeof(*w->cpus));
	section_ends(w, "options");
	ret = write_all(w, w->buf, w->len, 0, err);
	w->pos = w->len;
	if (!ret)
		w->state = WRITER_DATA;
	return ret;
}

/* Copy in the kernel, sharing blocks where the filesystem can. Returns bytes, -1 with errno. */
static ssize_t copy_chunk(int in, off_t *in_pos, int out, off_t *out_pos, size_t len)
{
	ssize_t n = copy_file_range(in, in_pos, out, out_pos, len, 0);

	if (n >= 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
		return n;
	if (lseek(out, *out_pos, SEEK_SET) < 0)
		return -1;
	n = sendfile(out, in, in_pos, len);
	if (n > 0)
		*out_pos += n;
	return n;
}

/* The source is read once more for it: from memory, because it was just written. */
static int sum_chunk(struct dat_writer *w, int fd, off_t from, off_t to, struct err *err)
{
	char *buf = xmalloc(SUM_CHUNK);
	int ret = 0;

	while (!ret && from < to) {
		size_t want = to - from < SUM_CHUNK ? (size_t)(to - from) : SUM_CHUNK;
		ssize_t n = pread(fd, buf, want, from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			ret = fail(w, n ? errno : EIO, err);
			break;
		}
		XXH3_64bits_update(w->sum, buf, (size_t)n);
		from += n;
	}
	free(buf);
	return ret;
}

int dat_writer_cpu(struct dat_writer *w, int fd, uint64_t len, struct err *err)
{
	off_t in = 0, out;

	if (w->state != WRITER_DATA || w->next_cpu >= w->nr_cpus || len % w->page_size)
		return out_of_order(w, "cpu data", err);
	w->pos = (w->pos + w->page_size - 1) / w->page_size * w->page_size;
	w->cpus[w->next_cpu].offset = w->pos;
	w->cpus[w->next_cpu].size = fd < 0 ? 0 : len;
	out = (off_t)w->pos;
	XXH3_64bits_reset(w->sum);
	while (fd >= 0 && (uint64_t)in < len) {
		off_t from = in;
		size_t chunk = len - (uint64_t)in < COPY_CHUNK ? (size_t)(len - (uint64_t)in) : COPY_CHUNK;
		ssize_t n;

		if (w->abort_flag && *w->abort_flag) {
			w->state = WRITER_FAILED;
			return err_set(err, EXIT_FAILED, "aborted: %s is not written", w->path);
		}
		n = copy_chunk(fd, &in, w->fd, &out, chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(w, n ? errno : EIO, err);
		if (sum_chunk(w, fd, from, from + n, err))
			return -1;
		/* A filesystem without holes needs the room twice, nothing worse. */
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, n))
			continue;
	}
	w->sums[w->next_cpu++] = XXH3_64bits_digest(w->sum);
	w->pos = (uint64_t)out;
	return 0;
}

/* The facts, and a line for every section: "sum NAME OFFSET LENGTH XXH3". */
static char *with_sums(struct dat_writer *w, const char *text, size_t len)
{
	size_t all_len, at = 0;
	char *all = NULL;
	FILE *out = open_memstream(&all, &all_len);

	if (!out)
		return NULL;
	fwrite(text, 1, len, out);
	memcpy(w->buf + w->table, w->cpus, w->nr_cpus * sizeof(*w->cpus));
	for (unsigned int i = 0; i < w->nr_sections; i++) {
		const struct section *s = &w->sections[i];

		fprintf(out, "sum %s %zu %zu %016llx\n", s->name, at, s->end - at,
			(unsigned long long)XXH3_64bits(w->buf + at, s->end - at));
		at = s->end;
	}
	for (unsigned int cpu = 0; cpu < w->nr_cpus; cpu++)
		if (w->cpus[cpu].size)
			fprintf(out, "sum cpu%u %llu %llu %016llx\n", cpu, (unsigned long long)w->cpus[cpu].offset,
				(unsigned long long)w->cpus[cpu].size, (unsigned long long)w->sums[cpu]);
	for (unsigned int i = 0; i < w->nr_extra; i++)
		fprintf(out, "sum %s %llu %llu %016llx\n", w->extra[i].name, (unsigned long long)w->extra[i].offset,
			(unsigned long long)w->extra[i].size, (unsigned long long)w->extra[i].sum);
	if (fclose(out)) {
		free(all);
		return NULL;
	}
	return all;
}

int dat_writer_section(struct dat_writer *w, const char *name, const void *data, size_t len, struct err *err)
{
	if (w->state != WRITER_DATA || w->next_cpu != w->nr_cpus || w->nr_extra == MAX_EXTRA)
		return out_of_order(w, name, err);
	if (write_all(w, data, len, w->pos, err))
		return -1;
	w->extra[w->nr_extra].name = name;
	w->extra[w->nr_extra].offset = w->pos;
	w->extra[w->nr_extra].size = len;
	w->extra[w->nr_extra++].sum = XXH3_64bits(data, len);
	w->pos += len;
	return 0;
}

int dat_writer_facts(struct dat_writer *w, const char *text, size_t len, struct err *err)
{
	struct dat_footer footer;
	char *all;
	int ret;

	if (w->state != WRITER_DATA || w->next_cpu != w->nr_cpus)
		return out_of_order(w, "facts", err);
	all = with_sums(w, text, len);
	if (!all)
		return fail(w, ENOMEM, err);
	len = strlen(all);
	memcpy(footer.magic, DAT_FOOTER_MAGIC, sizeof(footer.magic));
	footer.len = htole64(len);
	footer.check = htole64(dat_facts_check(all, len));
	ret = write_all(w, all, len, w->pos, err) ? -1 : write_all(w, &footer, sizeof(footer), w->pos + len, err);
	free(all);
	if (ret)
		return -1;
	w->pos += len + sizeof(footer);
	w->state = WRITER_FACTS;
	return 0;
}

int dat_writer_commit(struct dat_writer *w, struct err *err)
{
	if (w->state != WRITER_FACTS)
		return out_of_order(w, "commit", err);
	if (write_all(w, w->cpus, w->nr_cpus * sizeof(*w->cpus), w->table, err))
		return -1;
	w->state = WRITER_FAILED;
	if (output_commit(w->out, w->abort_flag, err))
		return -1;
	w->state = WRITER_COMMITTED;
	return 0;
}

uint64_t dat_writer_bytes(const struct dat_writer *w)
{
	struct stat st;

	return fstat(output_fd(w->out), &st) ? 0 : (uint64_t)st.st_size;
}

void dat_writer_close(struct dat_writer *w)
{
	if (!w)
		return;
	output_close(w->out);
	free(w->buf);
	free(w->cpus);
	free(w->sums);
	XXH3_freeState(w->sum);
	free(w->path);
	free(w);
}
