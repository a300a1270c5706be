// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/userstack-read.c - the files of samples and side-band, and how they are read back.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "capture/userstack-priv.h"

/* --- files --- */

int us_file_flush(struct us_file *f, struct err *err)
{
	size_t done = 0;

	while (done < f->used) {
		ssize_t n = write(f->fd, f->buf + done, f->used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_set_errno(err, EXIT_FAILED, n ? errno : ENOSPC, "cannot write user stacks");
			return err_hint(err, "smaller ones: --user-stack=dwarf,2K; fewer sends: -C, --class; "
					     "or another filesystem: -o");
		}
		done += (size_t)n;
		atomic_fetch_add(&f->bytes, (unsigned long long)n);
	}
	f->used = 0;
	return 0;
}

int us_file_put(struct us_file *f, const void *data, size_t len, struct err *err)
{
	if (!len)
		return 0;
	if (!f->buf)
		f->buf = xmalloc(US_FILE_BUF);
	if (f->used + len > US_FILE_BUF && us_file_flush(f, err))
		return -1;
	for (const char *p = data; len;) {
		size_t n = len < US_FILE_BUF - f->used ? len : US_FILE_BUF - f->used;

		memcpy(f->buf + f->used, p, n);
		f->used += n;
		p += n;
		len -= n;
		if (len && us_file_flush(f, err))
			return -1;
	}
	return 0;
}

void us_file_rewind(struct us_file *f)
{
	f->used = f->at = 0;
	f->pos = 0;
}

void us_file_close(struct us_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	free(f->buf);
	f->buf = NULL;
}

/* At least want bytes from f->at on, in the buffer, which grows for a record that needs it. */
static bool fill(struct us_file *f, size_t want, struct err *err)
{
	if (f->used - f->at >= want)
		return true;
	if (f->used)
		memmove(f->buf, f->buf + f->at, f->used - f->at);
	f->used -= f->at;
	f->at = 0;
	if (!f->buf || want > US_FILE_BUF)
		f->buf = xrealloc(f->buf, want > US_FILE_BUF ? want : US_FILE_BUF);
	while (f->used < want) {
		size_t room = (want > US_FILE_BUF ? want : US_FILE_BUF) - f->used;
		ssize_t n = pread(f->fd, f->buf + f->used, room, (off_t)f->pos);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err_set_errno(err, EXIT_FAILED, errno, "cannot read user stacks back");
		f->ended = n <= 0;
		if (f->ended)
			return false;
		f->used += (size_t)n;
		f->pos += (uint64_t)n;
	}
	return true;
}

const void *us_file_next(struct us_file *f, struct err *err)
{
	uint32_t len;

	if (f->fd < 0 || f->ended || !fill(f, sizeof(len), err))
		return NULL;
	memcpy(&len, f->buf + f->at, sizeof(len));
	if (len < sizeof(len) || !fill(f, len, err))
		return NULL;
	f->at += len;
	return f->buf + f->at - len;
}

/* --- samples --- */

bool userstack_next(struct userstack *u, unsigned int cpu, struct userstack_sample *s, struct err *err)
{
	struct us_cpu *c = cpu < u->nr_cpus ? &u->cpus[cpu] : NULL;
	const struct us_sample *r = c ? us_file_next(&c->samples, err) : NULL;
	const char *p;

	if (!r)
		return false;
	p = (const char *)(r + 1);
	*s = (struct userstack_sample){
		.ts_ns = r->ts_ns,
		.cpu = cpu,
		.at = r->at,
		.trace_pid = r->trace_pid,
		.pid = r->pid,
		.tid = r->tid,
		.target = r->target,
		.callsite = r->callsite,
		.user = r->flags & US_USER,
		.compat = r->flags & US_COMPAT,
		.pc = r->pc,
		.sp = r->sp,
		.nr_regs = r->nr_regs,
		.nr_chain = r->nr_chain,
	};
	memcpy(s->regs, p, r->nr_regs * 8u);
	p += r->nr_regs * 8u;
	s->chain = (const uint64_t *)p; /* everything in the file is a multiple of 8 long */
	p += r->nr_chain * 8u;
	while (s->nr_chain && *s->chain >= (uint64_t)PERF_CONTEXT_MAX) {
		s->chain++; /* says whose frames follow: the user's */
		s->nr_chain--;
	}
	if (!r->stack_len)
		return true;
	if (!(r->flags & US_SAME_STACK)) {
		if (!c->cur_stack)
			c->cur_stack = xmalloc(USERSTACK_BYTES_MAX);
		memcpy(c->cur_stack, p, r->stack_len);
		c->cur_stack_len = r->stack_len;
	}
	s->stack = (const uint8_t *)c->cur_stack;
	s->stack_len = c->cur_stack_len;
	return true;
}

/* --- side-band --- */

/* Its next record into *head, if it has none yet. */
static void look(struct us_file *f, struct us_side **head, struct err *err)
{
	const struct us_side *r = *head ? NULL : us_file_next(f, err);

	if (r)
		*head = memcpy(xmalloc(r->len), r, r->len);
}

/* Few CPUs have something at a time; their number is what it costs. */
static struct us_side **first_head(struct userstack *u, struct err *err)
{
	struct us_side **first = &u->snapshot_head;

	look(&u->snapshot, &u->snapshot_head, err);
	for (unsigned int cpu = 0; cpu < u->nr_cpus; cpu++) {
		struct us_cpu *c = &u->cpus[cpu];

		look(&c->side, &c->head, err);
		if (c->head && (!*first || c->head->ts_ns < (*first)->ts_ns))
			first = &c->head;
	}
	return first;
}

bool userstack_side(struct userstack *u, uint64_t until_ns, struct userstack_side *s, struct err *err)
{
	struct us_side **first = first_head(u, err), *r = *first;

	if (!r || r->ts_ns > until_ns || (err && err->code))
		return false;
	*first = NULL;
	free(u->side_text);
	u->side_text = (char *)r; /* the whole record; the text is in it */
	*s = (struct userstack_side){
		.type = (enum userstack_side_type)r->type,
		.ts_ns = r->ts_ns,
		.pid = r->pid,
		.parent = r->parent,
		.nr_threads = r->nr_threads,
		.addr = r->addr,
		.len = r->map_len,
		.offset = r->offset,
		.ino = r->ino,
		.dev_major = r->dev_major,
		.dev_minor = r->dev_minor,
		.build_id_len = r->build_id_len,
		.text = (const char *)(r + 1),
	};
	memcpy(s->build_id, r->build_id, sizeof(s->build_id));
	return true;
}

bool userstack_follows(const struct userstack *u)
{
	return u->follow;
}

struct userstack_counts userstack_counts(const struct userstack *u)
{
	struct userstack_counts n = { 0 };

	for (unsigned int cpu = 0; cpu < u->nr_cpus; cpu++) {
		n.samples += u->cpus[cpu].nr_samples;
		n.side_lost += u->cpus[cpu].side_lost;
	}
	/* The ring's own marks miss what was lost at the very end; an event's count does not. */
	n.lost = u->hits > n.samples ? u->hits - n.samples : 0;
	return n;
}
