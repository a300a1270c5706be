// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/order.c - spans in order of time, in bounded memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "report/order.h"

/* One span that waits. In the file its mask stands behind it. */
struct item {
	uint64_t begin_ns, seq;
	struct ipi_span span;
};

/* A part of the file, in order; from pos on it is still to come. */
struct run {
	uint64_t pos, end;
	unsigned int level; /* of ORDER_FAN^level rooms */
	char *buf;	    /* NULL: not looked at yet */
	size_t at, len;	    /* in buf: the next item, and the end of what was read */
};

struct order {
	struct span_sink next;
	struct order_stats stats;
	struct item *items;
	uint32_t *waiting; /* indices of items: up to nr_sorted in order, from first on */
	uint32_t *unused;  /* indices of items */
	size_t room, first, nr, nr_unused;
	bool sorted;
	uint64_t seq, settled_ns;

	int fd; /* -1: none yet */
	uint64_t file_end;
	struct run *runs;
	unsigned int nr_runs, max_runs;
	char *out; /* write buffer */
	size_t out_len;
	struct err err; /* the first; nothing is passed on behind it */
};

static bool item_before(const struct item *a, const struct item *b)
{
	return a->begin_ns != b->begin_ns ? a->begin_ns < b->begin_ns : a->seq < b->seq;
}

static int by_time(const void *a, const void *b, void *items)
{
	const struct item *x = (const struct item *)items + *(const uint32_t *)a;
	const struct item *y = (const struct item *)items + *(const uint32_t *)b;

	return item_before(x, y) ? -1 : 1;
}

static void sort_waiting(struct order *o)
{
	if (!o->sorted)
		qsort_r(o->waiting + o->first, o->nr - o->first, sizeof(*o->waiting), by_time, o->items);
	o->sorted = true;
}

static size_t mask_bytes(const struct ipi_span *s)
{
	return s->mask ? s->mask_words * sizeof(*s->mask) : 0;
}

static void item_drop(struct order *o, uint32_t index)
{
	free((void *)o->items[index].span.mask);
	o->unused[o->nr_unused++] = index;
}

/* --- the file --- */

static bool failed(const struct order *o)
{
	return o->err.code;
}

static int file_open(struct order *o)
{
	const char *dir = getenv("TMPDIR");
	FILE *f;

	dir = dir && *dir ? dir : "/tmp";
	o->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (o->fd < 0 && (f = tmpfile())) { /* not every filesystem knows O_TMPFILE */
		o->fd = fcntl(fileno(f), F_DUPFD_CLOEXEC, 3);
		fclose(f);
	}
	if (o->fd >= 0)
		return 0;
	err_set_errno(&o->err, EXIT_FAILED, errno, "cannot make a temporary file in %s", dir);
	return err_hint(&o->err, "set TMPDIR to a directory with room");
}

static void file_flush(struct order *o)
{
	int errnum = failed(o) ? 0 : write_all_at(o->fd, o->out, o->out_len, o->file_end);

	if (errnum) {
		err_set_errno(&o->err, EXIT_FAILED, errnum, "cannot write a temporary file");
		err_hint(&o->err, "set TMPDIR to a directory with room");
	}
	o->file_end += o->out_len;
	o->out_len = 0;
}

static void file_put(struct order *o, const struct item *item)
{
	size_t len = mask_bytes(&item->span);

	if (o->out_len + sizeof(*item) + len > ORDER_RUN_BUFFER)
		file_flush(o);
	memcpy(o->out + o->out_len, item, sizeof(*item));
	if (len)
		memcpy(o->out + o->out_len + sizeof(*item), item->span.mask, len);
	o->out_len += sizeof(*item) + len;
	o->stats.spilled++;
}

/* The next item of the run, NULL at its end. Its mask is where it stands. */
static struct item *run_head(struct order *o, struct run *r)
{
	struct item *item = r->buf ? (struct item *)(r->buf + r->at) : NULL;
	size_t have = r->len - r->at, want;
	int errnum;

	if (failed(o) || r->pos == r->end)
		return NULL;
	if (have >= sizeof(*item) && have >= sizeof(*item) + mask_bytes(&item->span))
		goto out;
	if (!r->buf)
		r->buf = xmalloc(ORDER_RUN_BUFFER);
	want = r->end - r->pos < ORDER_RUN_BUFFER ? r->end - r->pos : ORDER_RUN_BUFFER;
	r->at = r->len = 0;
	errnum = read_all_at(o->fd, r->buf, want, r->pos);
	if (errnum) {
		err_set_errno(&o->err, EXIT_FAILED, errnum, "cannot read a temporary file");
		return NULL;
	}
	r->len = want;
	item = (struct item *)r->buf;
out:
	if (item->span.mask)
		item->span.mask = (const uint64_t *)(item + 1);
	return item;
}

static void run_step(struct run *r, const struct item *item)
{
	size_t len = sizeof(*item) + mask_bytes(&item->span);

	r->at += len;
	r->pos += len;
}

/* Least head of runs from..nr_runs, NULL if they are at their end. */
static struct item *runs_least(struct order *o, unsigned int from, struct run **which)
{
	struct item *least = NULL;

	for (unsigned int i = from; i < o->nr_runs; i++) {
		struct item *head = run_head(o, &o->runs[i]);

		if (head && (!least || item_before(head, least))) {
			least = head;
			*which = &o->runs[i];
		}
	}
	return least;
}

static void runs_cut(struct order *o, unsigned int nr)
{
	while (o->nr_runs > nr)
		free(o->runs[--o->nr_runs].buf);
}

static void run_add(struct order *o, uint64_t start, unsigned int level)
{
	if (o->nr_runs == o->max_runs) {
		o->max_runs = o->max_runs * 2 + ORDER_FAN;
		o->runs = xrealloc(o->runs, o->max_runs * sizeof(*o->runs));
	}
	o->runs[o->nr_runs++] = (struct run){ .pos = start, .end = o->file_end, .level = level };
	if (o->nr_runs > o->stats.max_runs)
		o->stats.max_runs = o->nr_runs;
}

/* Runs lie in falling order of size: the last ones, if they are enough of one size, become one of the next. */
static void runs_join(struct order *o)
{
	while (o->nr_runs >= ORDER_FAN && o->runs[o->nr_runs - ORDER_FAN].level == o->runs[o->nr_runs - 1].level) {
		unsigned int from = o->nr_runs - ORDER_FAN, level = o->runs[from].level + 1;
		uint64_t start = o->file_end, freed = o->runs[from].pos;
		struct run *r;

		for (struct item *item; (item = runs_least(o, from, &r)); run_step(r, item))
			file_put(o, item);
		file_flush(o);
		if (failed(o))
			return;
		runs_cut(o, from);
		run_add(o, start, level);
		/* What they took is given back where the filesystem can; if not, the file is that much longer. */
		(void)fallocate(o->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)freed,
				(off_t)(start - freed));
	}
}

/* --- spans --- */

static void spill(struct order *o)
{
	uint64_t start;

	if (o->fd < 0 && file_open(o))
		return;
	start = o->file_end;
	sort_waiting(o);
	for (; o->first < o->nr; o->first++) {
		file_put(o, &o->items[o->waiting[o->first]]);
		item_drop(o, o->waiting[o->first]);
	}
	o->first = o->nr = 0;
	file_flush(o);
	run_add(o, start, 0);
	runs_join(o);
}

static void order_span(void *ctx, const struct ipi_span *span)
{
	struct order *o = ctx;
	uint32_t index;

	if (failed(o))
		return;
	if (unlikely(span_begin_ns(span) < o->settled_ns)) {
		o->stats.out_of_order++;
		o->next.span(o->next.ctx, span);
		return;
	}
	if (unlikely(!o->nr_unused)) {
		spill(o);
		if (failed(o))
			return;
	}
	/* What is done at the front makes room at the end. */
	if (o->nr == o->room) {
		memmove(o->waiting, o->waiting + o->first, (o->nr - o->first) * sizeof(*o->waiting));
		o->nr -= o->first;
		o->first = 0;
	}
	index = o->unused[--o->nr_unused];
	o->items[index] = (struct item){ .begin_ns = span_begin_ns(span), .seq = o->seq++, .span = *span };
	if (span->mask) {
		uint64_t *mask = xmalloc(mask_bytes(span) + 1);

		memcpy(mask, span->mask, mask_bytes(span));
		o->items[index].span.mask = mask;
	}
	if (o->sorted && o->nr > o->first)
		o->sorted = item_before(&o->items[o->waiting[o->nr - 1]], &o->items[index]);
	o->waiting[o->nr++] = index;
	if (o->nr - o->first > o->stats.max_waiting)
		o->stats.max_waiting = o->nr - o->first;
}

/* UINT64_MAX: all, with those that have no time (IPI_NO_TIME), because their clock tells none. */
static void pass_on(struct order *o, uint64_t before_ns)
{
	const bool all = before_ns == UINT64_MAX;

	sort_waiting(o);
	while (!failed(o)) {
		uint32_t index = o->first < o->nr ? o->waiting[o->first] : 0;
		struct item *item = o->first < o->nr ? &o->items[index] : NULL, *head;
		struct run *r = NULL;

		head = o->nr_runs ? runs_least(o, 0, &r) : NULL;
		if (head && (!item || item_before(head, item))) {
			if (head->begin_ns >= before_ns && !all)
				break;
			o->next.span(o->next.ctx, &head->span);
			run_step(r, head);
			continue;
		}
		if (!item || (item->begin_ns >= before_ns && !all))
			break;
		o->next.span(o->next.ctx, &item->span);
		item_drop(o, index);
		o->first++;
	}
	while (o->nr_runs && o->runs[o->nr_runs - 1].pos == o->runs[o->nr_runs - 1].end)
		runs_cut(o, o->nr_runs - 1);
}

static void order_settled(void *ctx, uint64_t before_ns)
{
	struct order *o = ctx;

	if (before_ns <= o->settled_ns)
		return;
	o->settled_ns = before_ns;
	pass_on(o, before_ns);
	if (o->next.settled)
		o->next.settled(o->next.ctx, before_ns);
}

static void order_lost(void *ctx, uint32_t cpu, uint64_t at_ns, uint64_t lost)
{
	const struct order *o = ctx;

	if (o->next.lost)
		o->next.lost(o->next.ctx, cpu, at_ns, lost);
}

static int order_end(void *ctx, struct err *err)
{
	struct order *o = ctx;
	struct err other = { 0 };
	int ret = 0;

	order_settled(o, UINT64_MAX);
	if (failed(o)) {
		if (err)
			*err = o->err;
		ret = -1;
	}
	if (o->next.end && o->next.end(o->next.ctx, ret ? &other : err))
		ret = -1;
	return ret;
}

struct order *order_new(const struct span_sink *next, size_t room)
{
	struct order *o = xcalloc(1, sizeof(*o));

	o->next = *next;
	o->room = room;
	o->fd = -1;
	o->sorted = true;
	o->items = xcalloc(room, sizeof(*o->items));
	o->waiting = xcalloc(room, sizeof(*o->waiting));
	o->unused = xcalloc(room, sizeof(*o->unused));
	o->out = xmalloc(ORDER_RUN_BUFFER);
	for (size_t i = room; i-- > 0;)
		o->unused[o->nr_unused++] = (uint32_t)i;
	return o;
}

void order_free(struct order *o)
{
	if (!o)
		return;
	for (; o->first < o->nr; o->first++)
		item_drop(o, o->waiting[o->first]);
	runs_cut(o, 0);
	if (o->fd >= 0)
		close(o->fd);
	free(o->runs);
	free(o->items);
	free(o->waiting);
	free(o->unused);
	free(o->out);
	free(o);
}

struct span_sink order_sink(struct order *o)
{
	return (struct span_sink){
		.span = order_span,
		.lost = order_lost,
		.settled = order_settled,
		.end = order_end,
		.ctx = o,
	};
}

const struct order_stats *order_stats(const struct order *o)
{
	return &o->stats;
}
