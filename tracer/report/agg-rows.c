// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/agg-rows.c - in which row a span counts: sending tasks, sites, rows, each asked once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/mem.h"
#include "report/agg-priv.h"

#define CALLER_UNKNOWN UINT64_MAX
#define FIRST_CALLERS  1024u
/* What was decided is remembered to save time: beyond these it is forgotten, and decided anew. */
#define MAX_TASKS (1u << 20)
#define MAX_SITES (1u << 20)

/* --- tasks --- */

/* Room for one more in an array of nr that doubles at powers of two. */
static void *room(void *array, uint32_t nr, size_t size)
{
	return nr & (nr - 1) ? array : xrealloc(array, (nr ? 2 * (size_t)nr : 1) * size);
}

/* Of limited rows no more than some times as much as of the rows themselves. */
static uint32_t remembered(const struct agg *a, uint32_t max)
{
	return a->max_rows && a->max_rows < max / 4 ? 4 * a->max_rows : max;
}

static uint32_t intern_comm(struct agg *a, const char *comm)
{
	if (!comm)
		comm = "<...>";
	for (uint32_t i = 0; i < a->nr_comms; i++)
		if (!strcmp(a->comms[i], comm))
			return i;
	a->comms = room(a->comms, a->nr_comms, sizeof(*a->comms));
	a->comms[a->nr_comms] = comm;
	return a->nr_comms++;
}

static struct task *__attribute__((noinline)) task_add(struct agg *a, int32_t pid, uint32_t hash)
{
	const char *comm = sender_comm(&a->names, pid);
	struct task *t;

	if (a->nr_tasks == remembered(a, MAX_TASKS)) {
		hash_free(&a->tasks_by_pid);
		a->nr_tasks = 0;
	}
	a->tasks = room(a->tasks, a->nr_tasks, sizeof(*a->tasks));
	t = &a->tasks[a->nr_tasks];
	t->pid = pid;
	t->own = pid > SENDER_NO_TASK && a->names.own_pid && a->names.own_pid(a->names.ctx, pid);
	t->tgid = sender_tgid(&a->names, pid);
	t->comm = intern_comm(a, comm);
	hash_add(&a->tasks_by_pid, hash, a->nr_tasks++);
	return t;
}

static inline struct task *task_get(struct agg *a, int32_t pid)
{
	uint32_t hash = (uint32_t)hash_u64((uint32_t)pid), at, i;

	for (i = hash_first(&a->tasks_by_pid, hash, &at); i != HASH_END; i = hash_next(&a->tasks_by_pid, hash, &at))
		if (a->tasks[i].pid == pid)
			return &a->tasks[i];
	return task_add(a, pid, hash);
}

/* --- sites and rows --- */

static inline uint32_t site_hash(const uint64_t *k)
{
	uint64_t h = k[0] ^ k[1] * 0x9e3779b97f4a7c15ULL;

	h = (h << 23 | h >> 41) ^ k[2] * 0xff51afd7ed558ccdULL;
	h = (h << 23 | h >> 41) ^ (k[3] + k[4] * 0xc4ceb9fe1a85ec53ULL);
	return (uint32_t)hash_u64(h);
}

/* Caller of a span: of its stack, or the call site where there is no stack or nothing but plumbing. */
static uint64_t caller_of(struct agg *a, uint32_t stack, uint64_t callsite)
{
	uint32_t nr = a->nr_callers;

	if (stack == IPI_STACK_NONE || !a->names.stack_caller)
		return callsite;
	if (stack >= nr) {
		nr = nr ? nr : FIRST_CALLERS;
		while (nr <= stack)
			nr *= 2;
		a->callers = xrealloc(a->callers, nr * sizeof(*a->callers));
		for (uint32_t i = a->nr_callers; i < nr; i++)
			a->callers[i] = CALLER_UNKNOWN;
		a->nr_callers = nr;
	}
	if (a->callers[stack] == CALLER_UNKNOWN)
		a->callers[stack] = a->names.stack_caller(a->names.ctx, stack);
	return a->callers[stack] ? a->callers[stack] : callsite;
}

/*
 * Whom its interrupt hit: a task by its name, the idle loop among them, or
 * what ran on top of it. NULL: none that is known.
 */
static const char *victim_of(struct agg *a, const struct ipi_span *s)
{
	static const char softirq[] = "<softirq>";
	uint32_t comm;

	if (!(a->by_mask & 1u << AGG_KEY_VICTIM))
		return NULL;
	switch (span_victim(s)) {
	case IPI_VICTIM_TASK:
		comm = task_get(a, s->victim_pid)->comm; /* which may move the names */
		return a->comms[comm];
	case IPI_VICTIM_SOFTIRQ:
		return softirq;
	case IPI_VICTIM_UNKNOWN:
		break;
	}
	return NULL;
}

/* Whom it wakes, and who does, where that is asked for. */
static void wake_of(struct agg *a, const struct ipi_span *s, uint32_t sender_comm, struct agg_row *v)
{
	uint32_t wakee;

	if (!s->wakee || !(a->by_mask & AGG_KEYS_BESIDE))
		return;
	wakee = task_get(a, s->wakee)->comm; /* which may move the tasks, and the names */
	if (a->by_mask & 1u << AGG_KEY_WAKEE)
		v->wakee = a->comms[wakee];
	if (a->by_mask & 1u << AGG_KEY_WAKER)
		v->waker = a->comms[sender_comm];
}

/* All key values of a span as a row would hold them, before anything is left out. */
static struct agg_row row_values(struct agg *a, const struct ipi_span *s, uint32_t target, const struct task *t)
{
	struct agg_row v = {
		.callsite = s->callsite,
		.func = s->func,
		.class = s->class,
		.source = s->source,
		.target = target,
		.stack = s->stack,
		.pid = t->pid,
		.tgid = t->tgid,
		.comm = a->comms[t->comm],
		.context = span_context(s),
		.depth = AGG_NO_DEPTH,
		.caller = caller_of(a, s->stack, s->callsite),
		.ufunc = a->names.user_func ? a->names.user_func(a->names.ctx, s->stack) : 0,
	};

	return v;
}

static uint64_t key_value(const struct agg_row *r, enum agg_key key)
{
	switch (key) {
	case AGG_KEY_CALLER:
		return r->caller;
	case AGG_KEY_CALLSITE:
		return r->callsite;
	case AGG_KEY_FUNC:
		return r->func;
	case AGG_KEY_CLASS:
		return r->class;
	case AGG_KEY_SOURCE:
		return r->source;
	case AGG_KEY_TARGET:
		return r->target;
	case AGG_KEY_COMM:
		return (uintptr_t)r->comm; /* interned */
	case AGG_KEY_PID:
		return (uint32_t)r->pid;
	case AGG_KEY_PROCESS:
		return (uint32_t)r->tgid;
	case AGG_KEY_STACK:
		return r->stack;
	case AGG_KEY_UFUNC:
		return r->ufunc;
	case AGG_KEY_CONTEXT:
		return r->context;
	case AGG_KEY_CGROUP:
		return (uintptr_t)r->cgroup; /* one text a group */
	case AGG_KEY_VICTIM:
		return (uintptr_t)r->victim; /* interned */
	case AGG_KEY_DEPTH:
		return r->depth;
	case AGG_KEY_WAKEE:
		return (uintptr_t)r->wakee; /* interned */
	case AGG_KEY_WAKER:
		return (uintptr_t)r->waker; /* interned */
	case AGG_KEY_IDLE:
		return r->idle;
	case AGG_KEY_SLOWEST:
		return r->slowest;
	case AGG_NR_KEYS:
		break;
	}
	return 0;
}

static uint32_t row_hash(const struct agg *a, const struct agg_row *v)
{
	uint64_t h = 0;

	for (unsigned int i = 0; i < a->nr_by; i++)
		h = hash_u64(h + key_value(v, a->by[i]) * 0x9e3779b97f4a7c15ULL);
	return (uint32_t)h;
}

static bool same_row(const struct agg *a, const struct agg_row *x, const struct agg_row *y)
{
	for (unsigned int i = 0; i < a->nr_by; i++)
		if (key_value(x, a->by[i]) != key_value(y, a->by[i]))
			return false;
	return true;
}

/* Index of the row of these values, new if need be; notes which other values it mixes. */
static uint32_t row_get(struct agg *a, const struct agg_row *v)
{
	uint32_t hash = row_hash(a, v), at, i;

	for (i = hash_first(&a->rows_by_key, hash, &at); i != HASH_END; i = hash_next(&a->rows_by_key, hash, &at)) {
		struct agg_row *r = &a->rows[i];

		if (!same_row(a, r, v))
			continue;
		for (unsigned int key = 0; key < AGG_NR_KEYS; key++)
			if (key_value(r, key) != key_value(v, key))
				r->mixed |= 1u << key;
		return i;
	}
	/* The last one is all others: it has no key, so nobody looks for it. */
	if (a->max_rows && a->nr_rows > a->max_rows)
		return a->max_rows;
	a->rows = room(a->rows, a->nr_rows, sizeof(*a->rows));
	a->rows[a->nr_rows] = *v;
	if (a->max_rows && a->nr_rows == a->max_rows) {
		a->rows[a->nr_rows].mixed = UINT32_MAX;
		return a->nr_rows++;
	}
	hash_add(&a->rows_by_key, hash, a->nr_rows);
	return a->nr_rows++;
}

static bool own_site(const struct agg *a, const struct ipi_span *s)
{
	return a->names.own_func && s->func && a->names.own_func(a->names.ctx, s->func);
}

static struct site *__attribute__((noinline)) site_add(struct agg *a, const uint64_t *key, uint32_t hash,
						       const struct ipi_span *s, uint32_t target, const struct task *t)
{
	struct agg_row v = row_values(a, s, target, t);
	struct site *st;

	if (a->nr_sites == remembered(a, MAX_SITES)) {
		hash_free(&a->sites_by_key);
		a->nr_sites = 0;
	}
	a->sites = room(a->sites, a->nr_sites, sizeof(*a->sites));
	st = &a->sites[a->nr_sites];
	memcpy(st->key, key, sizeof(st->key));
	st->own = own_site(a, s);
	/* Own sites must not leave an empty row behind. */
	st->row = st->own || t->own ? SITE_NO_ROW : row_get(a, &v);
	hash_add(&a->sites_by_key, hash, a->nr_sites++);
	return st;
}

static inline struct site *site_get(struct agg *a, const struct ipi_span *s, uint32_t target, const struct task *t)
{
	uint64_t key[5] = { s->callsite, s->func, s->stack, 0, 0 };
	uint32_t hash, at, i;

	if (a->by_mask & 1u << AGG_KEY_CLASS)
		key[2] |= (uint64_t)s->class << 32;
	if (a->by_mask & 1u << AGG_KEY_SOURCE)
		key[3] = s->source;
	if (a->by_mask & 1u << AGG_KEY_TARGET)
		key[3] |= (uint64_t)target << 32;
	if (a->by_mask & 1u << AGG_KEY_PID)
		key[4] = (uint32_t)t->pid; /* which says the process, too */
	else if (a->by_mask & 1u << AGG_KEY_PROCESS)
		key[4] = (uint32_t)t->tgid;
	if (a->by_mask & 1u << AGG_KEY_COMM)
		key[4] |= (uint64_t)t->comm << 32;
	if (a->by_mask & 1u << AGG_KEY_CONTEXT)
		key[2] |= (uint64_t)span_context(s) << 48;

	hash = site_hash(key);
	for (i = hash_first(&a->sites_by_key, hash, &at); i != HASH_END; i = hash_next(&a->sites_by_key, hash, &at)) {
		const uint64_t *k = a->sites[i].key;

		if (!((k[0] ^ key[0]) | (k[1] ^ key[1]) | (k[2] ^ key[2]) | (k[3] ^ key[3]) | (k[4] ^ key[4])))
			return &a->sites[i];
	}
	return site_add(a, key, hash, s, target, t);
}

/* Values that the site does not fix change from span to span. */
static inline void note_mixed(struct agg *a, struct agg_row *r, const struct ipi_span *s, uint32_t target,
			      const struct task *t)
{
	uint32_t m = 0;

	m |= (uint32_t)(r->class != s->class) << AGG_KEY_CLASS;
	m |= (uint32_t)(r->source != s->source) << AGG_KEY_SOURCE;
	m |= (uint32_t)(r->target != target) << AGG_KEY_TARGET;
	m |= (uint32_t)(r->context != span_context(s)) << AGG_KEY_CONTEXT;
	if (unlikely(r->pid != t->pid)) {
		m |= 1u << AGG_KEY_PID;
		m |= (uint32_t)(r->tgid != t->tgid) << AGG_KEY_PROCESS;
		m |= (uint32_t)(r->comm != a->comms[t->comm]) << AGG_KEY_COMM;
	}
	r->mixed |= m;
}

bool agg_is_own(struct agg *a, const struct ipi_span *s)
{
	return own_site(a, s) || task_get(a, span_sender(s))->own;
}

/* The call of a multicast that tells how long its sender waited for it. */
static bool is_slowest(const struct ipi_span *s)
{
	return s->kind == IPI_SPAN_CALL && s->wait == IPI_WAIT_KNOWN && s->nr_targets > 1;
}

/* Where a row is of what its interrupts did, of whom they woke, or of where a task was, every span is asked anew. */
static struct agg_row *span_row(struct agg *a, const struct ipi_span *s, uint32_t target, const struct task *t)
{
	struct agg_row v;
	uint32_t row;

	if (t->own || own_site(a, s))
		return &a->own;
	if (a->by_mask & 1u << AGG_KEY_SLOWEST && !is_slowest(s))
		return &a->others;
	v = row_values(a, s, target, t);
	if (a->by_mask & 1u << AGG_KEY_SLOWEST) {
		v.slowest = target;
		v.multicasts = true;
	}
	wake_of(a, s, t->comm, &v);
	v.victim = victim_of(a, s); /* which may move the tasks, as the one before */
	if (a->by_mask & 1u << AGG_KEY_IDLE)
		v.idle = s->idle;
	v.no_sends = a->by_mask & AGG_KEYS_OF_HIT;
	if (a->by_mask & 1u << AGG_KEY_DEPTH && s->irq_id)
		v.depth = s->nr_calls;
	if (a->by_mask & 1u << AGG_KEY_CGROUP)
		v.cgroup = span_cgroup(&a->names, s);
	row = row_get(a, &v); /* which may move the rows */
	return &a->rows[row];
}

struct agg_row *agg_row_find(struct agg *a, const struct ipi_span *s, uint32_t target)
{
	struct task *t = task_get(a, span_sender(s));
	struct site *st;
	struct agg_row *r;

	if (unlikely(a->by_mask & AGG_KEYS_OF_SPAN))
		return span_row(a, s, target, t);
	st = site_get(a, s, target, t);
	if (st->own || t->own)
		return &a->own;
	if (unlikely(st->row == SITE_NO_ROW)) { /* first seen from an own task */
		struct agg_row v = row_values(a, s, target, t);

		st->row = row_get(a, &v);
	}
	r = &a->rows[st->row];
	note_mixed(a, r, s, target, t);
	return r;
}
