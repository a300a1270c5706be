// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/write.c - writes trace.dat: the head, each CPU's data as it is or packed, what is ours behind it.
 *
 * The file has no name until it is complete: file/output.c. The sections must
 * come in order; anything else is a bug of the caller's and is refused.
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
#include <zstd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "file/output.h"
#include "file/pack.h"
#include "file/priv.h"

#define COPY_CHUNK (8u << 20)
#define SUM_CHUNK  (256u << 10)
#define MAX_EXTRA  3 /* sections behind the data: v7's options, user stacks, long facts */
#define LONG_LINE  1024

enum writer_state { WRITER_OPEN, WRITER_DATA, WRITER_FACTS, WRITER_COMMITTED, WRITER_FAILED };

struct dat_writer {
	enum writer_state state;
	char *path;
	struct output *out;
	int fd; /* the output's */
	const volatile int *abort_flag;
	unsigned int page_size, nr_cpus, next_cpu;
	int level;		 /* zstd's; 0 = nothing is compressed */
	struct packer *packer;	 /* NULL where nothing is compressed */
	struct dat_head head;	 /* kept for its checksums until it is complete */
	uint64_t pos;		 /* end of what is written */
	struct dat_extent *cpus; /* of each CPU's data */
	uint64_t *sums;
	struct {
		const char *name; /* the caller's */
		uint64_t offset, size, sum;
	} extra[MAX_EXTRA];
	unsigned int nr_extra;
	XXH3_state_t *sum;
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
	w->level = DAT_LEVEL_FAST;
	*wp = w;
	return 0;
}

struct output *dat_writer_output(const struct dat_writer *w)
{
	return w->out;
}

void dat_writer_set_level(struct dat_writer *w, int level)
{
	w->level = level;
}

void dat_writer_set_abort(struct dat_writer *w, const volatile int *flag)
{
	w->abort_flag = flag;
}

static int write_all(struct dat_writer *w, const void *data, size_t len, uint64_t pos, struct err *err)
{
	int errnum = write_all_at(w->fd, data, len, pos);

	return errnum ? fail(w, errnum, err) : 0;
}

int dat_writer_head(struct dat_writer *w, const struct dat_writer_meta *m, struct err *err)
{
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
	if (dat_head_build(&w->head, m, w->level))
		return fail(w, ENOMEM, err);
	if (w->level)
		w->packer = packer_new(w->level, m->page_size);
	ret = write_all(w, w->head.bytes.at, w->head.bytes.len, 0, err);
	w->pos = w->head.bytes.len;
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
		int errnum = read_all_at(fd, buf, want, (uint64_t)from);

		if (errnum)
			ret = fail(w, errnum, err);
		else
			XXH3_64bits_update(w->sum, buf, want);
		from += (off_t)want;
	}
	free(buf);
	return ret;
}

static bool is_aborted(struct dat_writer *w, struct err *err)
{
	if (!w->abort_flag || !*w->abort_flag)
		return false;
	w->state = WRITER_FAILED;
	err_set(err, EXIT_FAILED, "aborted: %s is not written", w->path);
	return true;
}

/* A filesystem without holes needs the room twice, nothing worse. */
static void punch(int fd, uint64_t from, uint64_t len)
{
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)len))
		return;
}

static int copy_cpu(struct dat_writer *w, int fd, uint64_t len, struct err *err)
{
	off_t in = 0, out = (off_t)w->pos;

	while ((uint64_t)in < len) {
		off_t from = in;
		size_t chunk = len - (uint64_t)in < COPY_CHUNK ? (size_t)(len - (uint64_t)in) : COPY_CHUNK;
		ssize_t n;

		if (is_aborted(w, err))
			return -1;
		n = copy_chunk(fd, &in, w->fd, &out, chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(w, n ? errno : EIO, err);
		if (sum_chunk(w, fd, from, from + n, err))
			return -1;
		punch(fd, (uint64_t)from, (uint64_t)n);
	}
	w->pos = (uint64_t)out;
	return 0;
}

static int put_packed(struct dat_writer *w, const void *data, size_t len, struct err *err)
{
	if (write_all(w, data, len, w->pos, err))
		return -1;
	XXH3_64bits_update(w->sum, data, len);
	w->pos += len;
	return 0;
}

static int pack_cpu(struct dat_writer *w, int fd, uint64_t len, struct err *err)
{
	uint32_t nr_chunks = (uint32_t)packer_nr_chunks(w->packer, len);
	const void *packed;
	size_t packed_len;

	if (put_packed(w, &nr_chunks, sizeof(nr_chunks), err))
		return -1;
	for (uint64_t at = 0; at < len;) {
		int64_t n;

		if (is_aborted(w, err))
			return -1;
		n = packer_run(w->packer, fd, at, len, err);
		if (n < 0) {
			w->state = WRITER_FAILED;
			return -1;
		}
		for (unsigned int i = 0; (packed = packer_output(w->packer, i, &packed_len)); i++)
			if (put_packed(w, packed, packed_len, err))
				return -1;
		punch(fd, at, (uint64_t)n);
		at += (uint64_t)n;
	}
	return 0;
}

/* Version 7 has its options behind the data, because they say where that is. */
static int data_ends(struct dat_writer *w, struct err *err)
{
	size_t len;
	const char *options = dat_head_options(&w->head, w->cpus, w->nr_cpus, w->pos, &len);

	return options ? dat_writer_section(w, "options", options, len, err) : 0;
}

int dat_writer_cpu(struct dat_writer *w, int fd, uint64_t len, struct err *err)
{
	struct dat_extent *cpu;
	int ret = 0;

	if (w->state != WRITER_DATA || w->next_cpu >= w->nr_cpus || len % w->page_size)
		return out_of_order(w, "cpu data", err);
	cpu = &w->cpus[w->next_cpu];
	if (!w->packer)
		w->pos = (w->pos + w->page_size - 1) / w->page_size * w->page_size;
	cpu->offset = w->pos;
	XXH3_64bits_reset(w->sum);
	if (fd >= 0 && len)
		ret = w->packer ? pack_cpu(w, fd, len, err) : copy_cpu(w, fd, len, err);
	if (ret)
		return ret;
	cpu->size = w->pos - cpu->offset;
	w->sums[w->next_cpu++] = XXH3_64bits_digest(w->sum);
	return w->next_cpu == w->nr_cpus ? data_ends(w, err) : 0;
}

/* Moves lines of the text that are long, or else those that are not, to "to": bytes. */
static size_t move_lines(char *to, const char *text, size_t len, bool is_long)
{
	size_t done = 0;

	for (const char *line = text, *end = text + len, *next; line < end; line = next) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));

		next = eol ? eol + 1 : end;
		if ((eol && next - line > LONG_LINE) != is_long)
			continue;
		memmove(to + done, line, (size_t)(next - line));
		done += (size_t)(next - line);
	}
	return done;
}

/* Lists of all tasks are most of the facts: they are taken out of the text, and packed as dat_read_facts() wants them. */
static int pack_long_lines(struct dat_writer *w, char *text, size_t *len, struct err *err)
{
	char *lines = xmalloc(*len + 1), *packed = NULL;
	size_t lines_len = move_lines(lines, text, *len, true), room = ZSTD_compressBound(lines_len), packed_len;
	uint32_t head = htole32((uint32_t)lines_len);
	int ret = 0;

	if (lines_len && lines_len <= UINT32_MAX) {
		packed = xmalloc(sizeof(head) + room);
		memcpy(packed, &head, sizeof(head));
		packed_len = ZSTD_compress(packed + sizeof(head), room, lines, lines_len, DAT_LEVEL_BEST);
		if (!ZSTD_isError(packed_len)) {
			ret = dat_writer_section(w, "facts", packed, sizeof(head) + packed_len, err);
			*len = move_lines(text, text, *len, false);
		}
	}
	free(packed);
	free(lines);
	return ret;
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
	dat_head_complete(&w->head, w->cpus, w->nr_cpus);
	for (unsigned int i = 0; i < w->head.nr_sections; i++) {
		const struct dat_section *s = &w->head.sections[i];

		fprintf(out, "sum %s %zu %zu %016llx\n", s->name, at, s->end - at,
			(unsigned long long)XXH3_64bits(w->head.bytes.at + at, s->end - at));
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
	char *all, *kept = xmalloc(len + 1);
	int ret;

	memcpy(kept, text, len);
	if (w->state != WRITER_DATA || w->next_cpu != w->nr_cpus)
		ret = out_of_order(w, "facts", err);
	else
		ret = w->level ? pack_long_lines(w, kept, &len, err) : 0;
	all = ret ? NULL : with_sums(w, kept, len);
	free(kept);
	if (ret)
		return ret;
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
	/* Where the data is stands in it only now: what is not complete is not to be found. */
	if (write_all(w, w->head.bytes.at, w->head.bytes.len, 0, err))
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
	packer_free(w->packer);
	dat_head_free(&w->head);
	free(w->cpus);
	free(w->sums);
	XXH3_freeState(w->sum);
	free(w->path);
	free(w);
}
