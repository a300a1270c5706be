// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/feed.c - read() of trace_pipe_raw into queues of pages, one a CPU.
 *
 * read() and not splice(), because the pages are looked at here, and because
 * only read() gives a page that is partly filled: a quiet CPU would keep its
 * few events for hours. What it gives is repacked by the kernel into a page of
 * its own, with a stamp of its own (ring_buffer_read_page()).
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "capture/feed.h"
#include "capture/spool.h"

#define BUDGET_BYTES (64ULL << 20)
#define SLICE_PAGES  64u	   /* of one CPU before the others get their turn */
#define ROUND_SLICES 16u	   /* of one CPU before whoever takes the pages gets its turn */
#define RESCAN_NS    1000000000ULL /* for CPUs that came online; what a burst took goes back after twice that */
#define SLAB_PAGES   64u

struct page {
	struct page *next;
	char *data;  /* as the kernel gave it: its stamp first, struct buffer_data_page */
	bool backed; /* by memory */
};

/* Where pages come from: mapped, so that the memory of those that are free can be given back. */
struct slab {
	struct slab *next;
	char *data;
	struct page pages[SLAB_PAGES];
};

struct feed_cpu {
	int raw_fd; /* -1: no buffer (yet) */
	int file_fd;
	uint64_t bytes;
	struct page *head, *tail; /* still to be taken */
	struct page *taken[2];	  /* the last two that were */
	uint64_t complete_ns;
	bool empty; /* found so in this round */
	bool ended;
};

struct feed {
	struct cleanup cleanup;
	struct feed_config config;
	uint64_t budget_pages, nr_pages; /* in memory, those taken among them */
	uint64_t most_pages[2];		 /* of these, since the last look and in the time before that */
	struct page *free;
	struct slab *slabs;
	struct feed_cpu *cpus;
	unsigned int nr_cpus;
	uint64_t scanned_ns;
	bool finishing;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts); /* what the trace clock mono counts */
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

/* --- pages --- */

static void slab_new(struct feed *f)
{
	size_t size = SLAB_PAGES * f->config.page_size;
	void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct slab *s;

	if (data == MAP_FAILED)
		mem_exhausted(size);
	s = xcalloc(1, sizeof(*s));
	s->data = data;
	s->next = f->slabs;
	f->slabs = s;
	for (unsigned int i = 0; i < SLAB_PAGES; i++) {
		s->pages[i].data = s->data + i * f->config.page_size;
		s->pages[i].next = f->free;
		f->free = &s->pages[i];
	}
}

static struct page *page_new(struct feed *f)
{
	struct page *p;

	if (!f->free)
		slab_new(f);
	p = f->free;
	f->free = p->next;
	p->next = NULL;
	p->backed = true;
	f->nr_pages++;
	if (f->nr_pages > f->most_pages[0])
		f->most_pages[0] = f->nr_pages;
	return p;
}

static void page_put(struct feed *f, struct page *p)
{
	if (!p)
		return;
	p->next = f->free;
	f->free = p;
	f->nr_pages--;
}

static void slabs_free(struct feed *f)
{
	while (f->slabs) {
		struct slab *next = f->slabs->next;

		munmap(f->slabs->data, SLAB_PAGES * f->config.page_size);
		free(f->slabs);
		f->slabs = next;
	}
}

/* A burst must not take its memory for as long as the measurement lasts: free pages beyond the most of late lose it. */
static void give_back(struct feed *f)
{
	uint64_t most = f->most_pages[0] > f->most_pages[1] ? f->most_pages[0] : f->most_pages[1], nr = f->nr_pages;

	for (struct page *p = f->free; p; p = p->next)
		if (nr++ >= most && p->backed)
			p->backed = madvise(p->data, f->config.page_size, MADV_DONTNEED);
	f->most_pages[1] = f->most_pages[0];
	f->most_pages[0] = f->nr_pages;
}

const void *feed_page(struct feed *f, unsigned int cpu)
{
	struct feed_cpu *c = &f->cpus[cpu];
	struct page *p = c->head;

	if (!p)
		return NULL;
	c->head = p->next;
	if (!c->head)
		c->tail = NULL;
	page_put(f, c->taken[1]);
	c->taken[1] = c->taken[0];
	c->taken[0] = p;
	return p->data;
}

/* --- reading --- */

static void open_cpus(struct feed *f)
{
	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++)
		if (f->cpus[cpu].raw_fd < 0)
			f->cpus[cpu].raw_fd = f->config.open_raw(f->config.ctx, cpu);
}

static int keep_failed(const struct feed *f, int errnum, struct err *err)
{
	err_set_errno(err, EXIT_FAILED, errnum, "cannot write trace data to %s", f->config.dir);
	if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
		err_hint(err, "keep fewer events (-C, --class, --no-stack), shorter (-d), or on another filesystem");
	return -1;
}

static int page_keep(struct feed *f, struct feed_cpu *c, const struct page *p, struct err *err)
{
	if (c->file_fd < 0)
		c->file_fd = spool_open_unnamed(f->config.dir, err);
	if (c->file_fd < 0)
		return -1;
	for (size_t done = 0; done < f->config.page_size;) {
		ssize_t n = write(c->file_fd, p->data + done, f->config.page_size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return keep_failed(f, n ? errno : ENOSPC, err);
		done += (size_t)n;
	}
	return 0;
}

static void complete_to(struct feed_cpu *c, uint64_t ns)
{
	if (ns > c->complete_ns)
		c->complete_ns = ns;
}

/* A page, none for sure, none that could be had by now, *err. */
enum read_result { READ_PAGE, READ_EMPTY, READ_RACE, READ_FAILED };

static enum read_result read_page(struct feed *f, struct feed_cpu *c, struct err *err)
{
	struct page *p = page_new(f);
	uint64_t begin_ns, now;
	ssize_t n;

	do
		n = read(c->raw_fd, p->data, f->config.page_size);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		page_put(f, p);
		/* 0: it was empty, but not any more when the kernel looked again (tracing_buffers_read()). */
		return n < 0 || f->finishing ? READ_EMPTY : READ_RACE;
	}
	if ((size_t)n < f->config.page_size)
		memset(p->data + n, 0, f->config.page_size - (size_t)n);
	memcpy(&begin_ns, p->data, sizeof(begin_ns));
	now = begin_ns > c->complete_ns ? now_ns() : 0;
	complete_to(c, begin_ns < now ? begin_ns : now);
	c->bytes += f->config.page_size;
	if (f->config.ring)
		page_ring_add(f->config.ring, (unsigned int)(c - f->cpus), p->data, f->config.ring_only);
	if (f->config.ring_only) {
		page_put(f, p);
		return READ_PAGE;
	}
	if (c->tail)
		c->tail->next = p;
	else
		c->head = p;
	c->tail = p;
	return f->config.dir && page_keep(f, c, p, err) ? READ_FAILED : READ_PAGE;
}

/* Until it is empty or had its turn; -1: *err. */
static int read_slice(struct feed *f, struct feed_cpu *c, struct err *err)
{
	uint64_t begin_ns = now_ns();

	if (c->raw_fd >= 0) {
		for (unsigned int i = 0; i < SLICE_PAGES; i++) {
			enum read_result ret = read_page(f, c, err);

			if (ret == READ_FAILED)
				return -1;
			if (ret == READ_EMPTY)
				goto empty;
		}
		return 0;
	}
empty:
	c->empty = true;
	c->ended = f->finishing;
	if (begin_ns > FEED_SLACK_NS)
		complete_to(c, begin_ns - FEED_SLACK_NS);
	return 0;
}

/* Of those that were not found empty. */
static struct feed_cpu *furthest_behind(struct feed *f)
{
	struct feed_cpu *found = NULL;

	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++)
		if (!f->cpus[cpu].empty && (!found || f->cpus[cpu].complete_ns < found->complete_ns))
			found = &f->cpus[cpu];
	return found;
}

int feed_read(struct feed *f, struct err *err)
{
	struct feed_cpu *c;
	uint64_t now = now_ns();
	bool all_empty = true, full = false;

	if (now - f->scanned_ns >= RESCAN_NS || f->finishing) {
		f->scanned_ns = now;
		open_cpus(f);
		give_back(f);
	}
	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++)
		f->cpus[cpu].empty = f->cpus[cpu].ended;
	for (unsigned int i = 0; i < ROUND_SLICES && !full; i++) {
		all_empty = true;
		for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++) {
			full = f->nr_pages >= f->budget_pages;
			if (full)
				break;
			c = &f->cpus[cpu];
			if (!c->empty && read_slice(f, c, err))
				return -1;
			all_empty &= c->empty;
		}
		if (!full && all_empty)
			return 0;
	}
	/* Everybody waits for it. */
	c = furthest_behind(f);
	if (c && read_slice(f, c, err))
		return -1;
	return 1;
}

void feed_finish(struct feed *f)
{
	f->finishing = true;
}

bool feed_ended(const struct feed *f, unsigned int cpu)
{
	return f->cpus[cpu].ended && !f->cpus[cpu].head;
}

uint64_t feed_complete_ns(const struct feed *f)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++)
		if (!f->cpus[cpu].ended && f->cpus[cpu].complete_ns < least)
			least = f->cpus[cpu].complete_ns;
	return least;
}

/* --- life --- */

static void close_at_exit(void *ctx)
{
	feed_close(ctx);
}

int feed_open(struct feed **out, const struct feed_config *config, struct err *err)
{
	struct feed *f = xcalloc(1, sizeof(*f));
	uint64_t budget = config->budget_bytes ? config->budget_bytes : BUDGET_BYTES;

	cleanup_add(&f->cleanup, close_at_exit, f);
	*out = f;
	f->config = *config;
	f->budget_pages = budget / f->config.page_size;
	/* The number after what it counts, for close_at_exit(). */
	f->cpus = xcalloc(config->nr_cpus, sizeof(*f->cpus));
	f->nr_cpus = config->nr_cpus;
	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++)
		f->cpus[cpu].raw_fd = f->cpus[cpu].file_fd = -1;
	open_cpus(f);
	if (f->config.dir && f->nr_cpus) {
		/* Where it cannot work later, it is refused now. */
		f->cpus[0].file_fd = spool_open_unnamed(f->config.dir, err);
		if (f->cpus[0].file_fd < 0)
			return -1;
	}
	return 0;
}

void feed_close(struct feed *f)
{
	if (!f)
		return;
	cleanup_remove(&f->cleanup);
	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++) {
		struct feed_cpu *c = &f->cpus[cpu];

		if (c->raw_fd >= 0)
			close(c->raw_fd);
		if (c->file_fd >= 0)
			close(c->file_fd);
	}
	slabs_free(f);
	free(f->cpus);
	free(f);
}

unsigned int feed_nr_cpus(const struct feed *f)
{
	return f->nr_cpus;
}

uint64_t feed_bytes(const struct feed *f)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++)
		sum += f->cpus[cpu].bytes;
	return sum;
}

uint64_t feed_held_bytes(const struct feed *f)
{
	return f->nr_pages * f->config.page_size;
}

int feed_fd(const struct feed *f, unsigned int cpu, uint64_t *len)
{
	*len = f->config.dir ? f->cpus[cpu].bytes : 0;
	return *len ? f->cpus[cpu].file_fd : -1;
}

unsigned int feed_nr_used(const struct feed *f)
{
	unsigned int nr = f->nr_cpus;

	while (nr && !f->cpus[nr - 1].bytes)
		nr--;
	return nr;
}
