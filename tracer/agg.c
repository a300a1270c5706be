// SPDX-License-Identifier: GPL-2.0-only
/*
 * agg.c - spans in, rows out.
 *
 * Hot path, one call per span: one look-up of the sending task, one of the
 * *site* (the raw identity of the span, as far as the keys depend on it), a
 * few counters. Everything that costs (globs, symbols, stacks, finding the
 * row) is decided when a task or site is seen first and kept there.
 *
 * What is counted where:
 *	SEND	row.sends, once if at least one target passes the filter; with
 *		AGG_KEY_TARGET once in the row of each target
 *	HIT	target_hits and the outcome; delivered hits also how, delivery
 *		latency and handler time (not if ambiguous or negative)
 *	CALL	calls and the outcome, elided if rider or polled, queue and
 *		function time
 *	WAKE	elided
 *	IRQ	totals only. Who sent is unknown for the unsolicited ones, so with
 *		a filter on the sender (source, pid, comm, call site, function)
 *		the totals' interrupts are the delivered hits that pass and
 *		unsolicited is 0; without, IRQ spans are counted by target and
 *		class. Either way interrupts == delivered + unsolicited.
 *	LOCAL	totals only, by target
 */
#include <stdlib.h>
#include <string.h>

#include "agg.h"
#include "util.h"

#define FIRST_SLOTS	1024u	/* of every table; powers of two, at most half full */

/* A sending task: asked once per pid. */
struct task {
	int32_t	 pid;
	uint32_t comm;		/* index + 1 in agg.comms */
	bool	 used, own, pass;
};

struct site {
	uint64_t key[5];	/* callsite, func, stack|class, source|target, pid|comm */
	uint32_t row;		/* index + 1 in agg.rows; 0 = free slot */
	bool	 own, pass;
};

/*
 * The whole identity of a span seen before, and where it counts: spans repeat.
 * Direct-mapped, a mere shortcut past task and site.
 */
struct memo {
	uint64_t key[4];	/* callsite, func, stack and pid, class and source and target */
	uint32_t row;		/* MEMO_*, or index in agg.rows */
};
#define MEMO_BITS	10
#define MEMO_SLOTS	(1u << MEMO_BITS)
#define MEMO_FREE	UINT32_MAX
#define MEMO_OWN	(UINT32_MAX - 1)

struct agg {
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	uint32_t by_mask;		/* bit per enum agg_key */
	/*
	 * CPUs and classes of all filters intersected (own copies); what is asked
	 * once per task or site is left in the filters themselves.
	 */
	struct cpuset targets, sources;
	bool	 has_targets, has_sources;
	uint32_t classes;
	const struct ipi_filter **filters;	unsigned int nr_filters;
	bool	 sender_filter, cpu_class_filter;
	struct agg_names names;

	struct memo *memos;
	struct task *tasks;	uint32_t task_mask, nr_tasks;
	struct site *sites;	uint32_t site_mask, nr_sites;
	uint32_t *row_index;	uint32_t row_mask;	/* index + 1 in rows */
	struct agg_row *rows;	uint32_t nr_rows, max_rows;
	uint64_t *callers;	uint32_t nr_callers;	/* by stack; CALLER_UNKNOWN = not asked yet */
	const char **comms;	uint32_t nr_comms;

	struct agg_row own;
	struct hist unsolicited[IPI_NR_CLASSES];
	struct match_totals totals;
};

#define CALLER_UNKNOWN	UINT64_MAX

static void intersect(struct cpuset *set, bool *has, const struct cpuset *with)
{
	struct cpuset both = { 0 };

	for (unsigned int cpu = 0; cpu < with->nr_words * 64; cpu++)
		if (cpuset_has(with, cpu) && (!*has || cpuset_has(set, cpu)))
			cpuset_add(&both, cpu);
	cpuset_free(set);
	*set = both;
	*has = true;
}

static void add_filter(struct agg *a, const struct ipi_filter *f)
{
	if (!f || ipi_filter_empty(f))
		return;
	a->filters = xrealloc(a->filters, (a->nr_filters + 1) * sizeof(*a->filters));
	a->filters[a->nr_filters++] = f;
	if (f->has_target_cpus)
		intersect(&a->targets, &a->has_targets, &f->target_cpus);
	if (f->has_source_cpus)
		intersect(&a->sources, &a->has_sources, &f->source_cpus);
	if (f->classes)
		a->classes &= f->classes;
	a->sender_filter |= f->has_source_cpus || f->callsite || f->func || f->pid >= 0 || f->comm;
	a->cpu_class_filter |= f->has_target_cpus || f->has_source_cpus || f->classes;
}

struct agg *agg_new(const enum agg_key *by, unsigned int nr_by,
		    const struct ipi_filter *const *filters, unsigned int nr_filters,
		    const struct agg_names *names)
{
	struct agg *a = xcalloc(1, sizeof(*a));

	for (unsigned int i = 0; i < nr_by && a->nr_by < AGG_NR_KEYS; i++) {
		if (a->by_mask & 1u << by[i])
			continue;
		a->by[a->nr_by++] = by[i];
		a->by_mask |= 1u << by[i];
	}
	a->classes = UINT32_MAX;
	for (unsigned int i = 0; i < nr_filters; i++)
		add_filter(a, filters[i]);
	a->names = *names;
	a->task_mask = a->site_mask = a->row_mask = FIRST_SLOTS - 1;
	a->tasks = xcalloc(FIRST_SLOTS, sizeof(*a->tasks));
	a->sites = xcalloc(FIRST_SLOTS, sizeof(*a->sites));
	a->memos = xmalloc(MEMO_SLOTS * sizeof(*a->memos));
	for (unsigned int i = 0; i < MEMO_SLOTS; i++)
		a->memos[i].row = MEMO_FREE;
	a->row_index = xcalloc(FIRST_SLOTS, sizeof(*a->row_index));
	return a;
}

static void row_free(struct agg_row *r)
{
	hist_free(&r->delivery);
	hist_free(&r->queue);
	hist_free(&r->func_time);
	hist_free(&r->handler);
}

void agg_free(struct agg *a)
{
	if (!a)
		return;
	for (uint32_t i = 0; i < a->nr_rows; i++)
		row_free(&a->rows[i]);
	row_free(&a->own);
	for (unsigned int class = 0; class < IPI_NR_CLASSES; class++)
		hist_free(&a->unsolicited[class]);
	cpuset_free(&a->targets);
	cpuset_free(&a->sources);
	free(a->filters);
	free(a->rows);
	free(a->row_index);
	free(a->sites);
	free(a->memos);
	free(a->tasks);
	free(a->callers);
	free(a->comms);
	free(a);
}

/* --- tasks --- */

static uint32_t intern_comm(struct agg *a, const char *comm)
{
	if (!comm)
		comm = "<...>";
	for (uint32_t i = 0; i < a->nr_comms; i++)
		if (!strcmp(a->comms[i], comm))
			return i + 1;
	if (!(a->nr_comms & (a->nr_comms - 1)))
		a->comms = xrealloc(a->comms, (a->nr_comms ? 2 * a->nr_comms : 1) *
				    sizeof(*a->comms));
	a->comms[a->nr_comms++] = comm;
	return a->nr_comms;
}

static void tasks_grow(struct agg *a)
{
	uint32_t old_nr = a->task_mask + 1, mask = 2 * old_nr - 1, j;
	struct task *old = a->tasks;

	a->tasks = xcalloc(2 * (size_t)old_nr, sizeof(*a->tasks));
	for (uint32_t i = 0; i < old_nr; i++) {
		if (!old[i].used)
			continue;
		for (j = (uint32_t)hash_u64((uint32_t)old[i].pid) & mask; a->tasks[j].used;)
			j = (j + 1) & mask;
		a->tasks[j] = old[i];
	}
	a->task_mask = mask;
	free(old);
}

static struct task *__attribute__((noinline)) task_add(struct agg *a, struct task *t, int32_t pid)
{
	const char *comm = a->names.comm ? a->names.comm(a->names.ctx, pid) : NULL;

	t->used = true;
	t->pid = pid;
	t->own = a->names.own_pid && a->names.own_pid(a->names.ctx, pid);
	t->comm = intern_comm(a, comm);
	t->pass = true;
	for (unsigned int i = 0; i < a->nr_filters; i++)
		t->pass &= (a->filters[i]->pid < 0 || a->filters[i]->pid == pid) &&
			   glob_match(a->filters[i]->comm, comm);
	if (2 * ++a->nr_tasks <= a->task_mask)
		return t;
	tasks_grow(a);
	for (uint32_t j = (uint32_t)hash_u64((uint32_t)pid) & a->task_mask;; j = (j + 1) & a->task_mask)
		if (a->tasks[j].pid == pid && a->tasks[j].used)
			return &a->tasks[j];
}

static inline struct task *task_get(struct agg *a, int32_t pid)
{
	uint32_t j = (uint32_t)hash_u64((uint32_t)pid) & a->task_mask;

	for (; a->tasks[j].used; j = (j + 1) & a->task_mask)
		if (a->tasks[j].pid == pid)
			return &a->tasks[j];
	return task_add(a, &a->tasks[j], pid);
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
		nr = nr ? nr : FIRST_SLOTS;
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

static const char *symbol(struct agg *a, uint64_t addr)
{
	return addr && a->names.symbol ? a->names.symbol(a->names.ctx, addr) : NULL;
}

/* All key values of a span as a row would hold them, before anything is left out. */
static struct agg_row row_values(struct agg *a, const struct ipi_span *s, uint32_t target,
				 const struct task *t)
{
	struct agg_row v = {
		.callsite = s->callsite, .func = s->func, .class = s->class, .source = s->source,
		.target = target, .stack = s->stack, .pid = s->pid, .comm = a->comms[t->comm - 1],
		.caller = caller_of(a, s->stack, s->callsite), .seen = true,
	};

	return v;
}

static uint64_t key_value(const struct agg_row *r, enum agg_key key)
{
	switch (key) {
	case AGG_KEY_CALLER:	return r->caller;
	case AGG_KEY_CALLSITE:	return r->callsite;
	case AGG_KEY_FUNC:	return r->func;
	case AGG_KEY_CLASS:	return r->class;
	case AGG_KEY_SOURCE:	return r->source;
	case AGG_KEY_TARGET:	return r->target;
	case AGG_KEY_COMM:	return (uintptr_t)r->comm;	/* interned */
	case AGG_KEY_PID:	return (uint32_t)r->pid;
	case AGG_KEY_STACK:	return r->stack;
	case AGG_NR_KEYS:	break;
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

static void rows_grow(struct agg *a)
{
	uint32_t nr = 2 * (a->row_mask + 1), j;

	free(a->row_index);
	a->row_index = xcalloc(nr, sizeof(*a->row_index));
	a->row_mask = nr - 1;
	for (uint32_t i = 0; i < a->nr_rows; i++) {
		for (j = row_hash(a, &a->rows[i]) & a->row_mask; a->row_index[j];)
			j = (j + 1) & a->row_mask;
		a->row_index[j] = i + 1;
	}
}

/* Index of the row of these values, new if need be; notes which other values it mixes. */
static uint32_t row_get(struct agg *a, const struct agg_row *v)
{
	uint32_t j = row_hash(a, v) & a->row_mask;
	struct agg_row *r;

	for (; a->row_index[j]; j = (j + 1) & a->row_mask) {
		r = &a->rows[a->row_index[j] - 1];
		if (!same_row(a, r, v))
			continue;
		for (unsigned int key = 0; key < AGG_NR_KEYS; key++)
			if (key_value(r, key) != key_value(v, key))
				r->mixed |= 1u << key;
		return a->row_index[j] - 1;
	}
	if (a->nr_rows == a->max_rows) {
		a->max_rows = a->max_rows ? 2 * a->max_rows : 64;
		a->rows = xrealloc(a->rows, a->max_rows * sizeof(*a->rows));
	}
	a->rows[a->nr_rows] = *v;
	a->row_index[j] = ++a->nr_rows;
	if (2 * a->nr_rows > a->row_mask)
		rows_grow(a);
	return a->nr_rows - 1;
}

static void sites_grow(struct agg *a)
{
	uint32_t old_nr = a->site_mask + 1, mask = 2 * old_nr - 1, j;
	struct site *old = a->sites;

	a->sites = xcalloc(2 * (size_t)old_nr, sizeof(*a->sites));
	for (uint32_t i = 0; i < old_nr; i++) {
		if (!old[i].row)
			continue;
		for (j = site_hash(old[i].key) & mask; a->sites[j].row;)
			j = (j + 1) & mask;
		a->sites[j] = old[i];
	}
	a->site_mask = mask;
	free(old);
}

static struct site *__attribute__((noinline))
site_add(struct agg *a, struct site *st, const uint64_t *key, const struct ipi_span *s,
	 uint32_t target, const struct task *t)
{
	struct agg_row v = row_values(a, s, target, t);

	memcpy(st->key, key, sizeof(st->key));
	st->own = a->names.own_func && s->func && a->names.own_func(a->names.ctx, s->func);
	st->pass = true;
	for (unsigned int i = 0; i < a->nr_filters; i++) {
		const struct ipi_filter *f = a->filters[i];

		if (f->callsite)
			st->pass &= glob_match(f->callsite, symbol(a, s->callsite)) ||
				    glob_match(f->callsite, symbol(a, v.caller));
		if (f->func)
			st->pass &= glob_match(f->func, symbol(a, s->func));
	}
	/* Own and refused sites must not leave an empty row behind. */
	st->row = st->own || !st->pass || t->own ? UINT32_MAX : row_get(a, &v) + 1;
	if (2 * ++a->nr_sites <= a->site_mask)
		return st;
	sites_grow(a);
	for (uint32_t j = site_hash(key) & a->site_mask;; j = (j + 1) & a->site_mask)
		if (a->sites[j].row && !memcmp(a->sites[j].key, key, sizeof(st->key)))
			return &a->sites[j];
}

static inline struct site *site_get(struct agg *a, const struct ipi_span *s, uint32_t target,
				    const struct task *t)
{
	uint64_t key[5] = { s->callsite, s->func, s->stack, 0, 0 };
	uint32_t j;

	if (a->by_mask & 1u << AGG_KEY_CLASS)
		key[2] |= (uint64_t)s->class << 32;
	if (a->by_mask & 1u << AGG_KEY_SOURCE)
		key[3] = s->source;
	if (a->by_mask & 1u << AGG_KEY_TARGET)
		key[3] |= (uint64_t)target << 32;
	if (a->by_mask & 1u << AGG_KEY_PID)
		key[4] = (uint32_t)s->pid;
	if (a->by_mask & 1u << AGG_KEY_COMM)
		key[4] |= (uint64_t)t->comm << 32;

	for (j = site_hash(key) & a->site_mask; a->sites[j].row; j = (j + 1) & a->site_mask) {
		const uint64_t *k = a->sites[j].key;

		if (!((k[0] ^ key[0]) | (k[1] ^ key[1]) | (k[2] ^ key[2]) | (k[3] ^ key[3]) |
		      (k[4] ^ key[4])))
			return &a->sites[j];
	}
	return site_add(a, &a->sites[j], key, s, target, t);
}

/* Values that the site does not fix change from span to span. */
static inline void note_mixed(struct agg *a, struct agg_row *r, const struct ipi_span *s,
			      uint32_t target, const struct task *t)
{
	uint32_t m = 0;

	m |= (uint32_t)(r->class != s->class) << AGG_KEY_CLASS;
	m |= (uint32_t)(r->source != s->source) << AGG_KEY_SOURCE;
	m |= (uint32_t)(r->target != target) << AGG_KEY_TARGET;
	if (unlikely(r->pid != s->pid)) {
		m |= 1u << AGG_KEY_PID;
		m |= (uint32_t)(r->comm != a->comms[t->comm - 1]) << AGG_KEY_COMM;
	}
	r->mixed |= m;
}

/* --- filter --- */

static bool mask_passes(const struct cpuset *targets, const struct ipi_span *s)
{
	unsigned int nr = s->mask_words;

	if (nr > targets->nr_words)
		nr = targets->nr_words;
	for (unsigned int i = 0; i < nr; i++)
		if (s->mask[i] & targets->words[i])
			return true;
	return false;
}

static bool cpu_class_passes(const struct agg *a, const struct ipi_span *s)
{
	if (!(a->classes >> s->class & 1))
		return false;
	if (a->has_sources && !cpuset_has(&a->sources, s->source))
		return false;
	if (!a->has_targets)
		return true;
	if (s->kind == IPI_SPAN_SEND && s->mask)
		return mask_passes(&a->targets, s);
	return cpuset_has(&a->targets, s->target);
}

static struct agg_row *__attribute__((noinline))
row_find(struct agg *a, const struct ipi_span *s, uint32_t target)
{
	struct task *t = task_get(a, s->pid);
	struct agg_row *r;
	struct site *st;

	if (!t->pass)
		return NULL;
	st = site_get(a, s, target, t);
	if (!st->pass)
		return NULL;
	if (t->own || st->own)
		return &a->own;
	if (unlikely(st->row == UINT32_MAX)) {	/* first seen from an own task */
		struct agg_row v = row_values(a, s, target, t);

		st->row = row_get(a, &v) + 1;
	}
	r = &a->rows[st->row - 1];
	note_mixed(a, r, s, target, t);
	return r;
}

/*
 * The row that this span counts in: NULL if the filter refuses it. target is
 * the span's, or one of a multicast's.
 */
static inline struct agg_row *row_of(struct agg *a, const struct ipi_span *s, uint32_t target)
{
	uint64_t k2 = (uint64_t)s->stack << 32 | (uint32_t)s->pid;
	uint64_t k3 = (uint64_t)s->class << 56 | (uint64_t)s->source << 28 | target;
	uint64_t h = (s->callsite ^ s->func) + k2 * 0x9e3779b97f4a7c15ULL + k3;
	struct memo *memo = &a->memos[h * 0xd6e8feb86659fd93ULL >> (64 - MEMO_BITS)];
	struct agg_row *r;

	if (likely(!((memo->key[0] ^ s->callsite) | (memo->key[1] ^ s->func) |
		     (memo->key[2] ^ k2) | (memo->key[3] ^ k3)) && memo->row != MEMO_FREE))
		return memo->row == MEMO_OWN ? &a->own : &a->rows[memo->row];

	r = row_find(a, s, target);
	if (r) {
		memo->key[0] = s->callsite;
		memo->key[1] = s->func;
		memo->key[2] = k2;
		memo->key[3] = k3;
		memo->row = r == &a->own ? MEMO_OWN : (uint32_t)(r - a->rows);
	}
	return r;
}

/* --- spans --- */

/* The first target that passes: it stands for a multicast where the row does not depend on it. */
static uint32_t first_target(const struct agg *a, const struct ipi_span *s)
{
	for (unsigned int i = 0; i < s->mask_words; i++) {
		uint64_t w = s->mask[i];

		if (a->has_targets)
			w &= i < a->targets.nr_words ? a->targets.words[i] : 0;
		if (w)
			return i * 64 + (uint32_t)__builtin_ctzll(w);
	}
	return s->target;
}

static void add_send(struct agg *a, const struct ipi_span *s)
{
	struct agg_row *r;
	bool counted = false;

	if (!s->mask || !(a->by_mask & 1u << AGG_KEY_TARGET)) {
		uint32_t target = s->target;

		if (s->mask)	/* the hits tell whether the row mixes targets */
			target = first_target(a, s);
		r = row_of(a, s, target);
		if (r) {
			r->n.sends++;
			a->totals.sends++;
		}
		return;
	}
	for (unsigned int i = 0; i < s->mask_words * 64; i++) {
		if (!(s->mask[i / 64] >> (i % 64) & 1) ||
		    (a->has_targets && !cpuset_has(&a->targets, i)))
			continue;
		r = row_of(a, s, i);
		if (!r || (r == &a->own && counted))
			continue;
		r->n.sends++;
		if (!counted)
			a->totals.sends++;
		counted = true;
	}
}

static inline void add_hit(struct agg *a, const struct ipi_span *s)
{
	struct agg_row *r = row_of(a, s, s->target);
	struct match_totals *t = &a->totals;

	if (!r)
		return;
	r->n.target_hits++;
	t->target_hits++;
	t->negative += s->negative;
	if (likely(s->outcome == IPI_DELIVERED)) {
		r->n.delivered++;
		t->delivered++;
		if (a->sender_filter) {
			t->interrupts++;
			t->interrupts_by_class[s->class]++;
		}
		if (unlikely(s->how == IPI_HOW_AMBIGUOUS)) {
			r->n.ambiguous++;
			t->ambiguous++;
			return;
		}
		if (s->how == IPI_HOW_EXACT) {
			r->n.exact++;
			t->exact++;
		} else {
			r->n.fifo++;
			t->fifo++;
		}
		if (unlikely(s->negative) || s->entry_ns == IPI_NO_TIME)
			return;
		if (likely(s->send_ns != IPI_NO_TIME))
			hist_add(&r->delivery, s->entry_ns - s->send_ns, s->send_ns, s->target);
		if (likely(s->exit_ns != IPI_NO_TIME))
			hist_add(&r->handler, s->exit_ns - s->entry_ns, s->entry_ns, s->target);
	} else if (s->outcome == IPI_COALESCED) {
		r->n.coalesced++;
		t->coalesced++;
	} else if (s->outcome == IPI_IN_FLIGHT) {
		r->n.in_flight++;
		t->in_flight++;
	} else {
		r->n.lost++;
		t->lost++;
	}
}

static inline void add_call(struct agg *a, const struct ipi_span *s)
{
	struct agg_row *r = row_of(a, s, s->target);
	struct match_totals *t = &a->totals;

	if (!r)
		return;
	r->n.calls++;
	t->calls++;
	t->negative += s->negative;
	if (s->path == IPI_PATH_RIDER || s->path == IPI_PATH_POLLED) {
		r->n.elided++;
		t->elided++;
		if (s->path == IPI_PATH_RIDER)
			t->riders++;
		else
			t->polled++;
	}
	if (likely(s->outcome == IPI_DELIVERED)) {
		r->n.calls_run++;
		t->calls_run++;
		if (unlikely(s->how == IPI_HOW_AMBIGUOUS)) {
			t->ambiguous_calls++;
			return;
		}
		if (unlikely(s->negative) || s->run_ns == IPI_NO_TIME)
			return;		/* irq_work queued on another CPU shows no function entry */
		if (likely(s->queue_ns != IPI_NO_TIME))
			hist_add(&r->queue, s->run_ns - s->queue_ns, s->queue_ns, s->target);
		if (likely(s->done_ns != IPI_NO_TIME))
			hist_add(&r->func_time, s->done_ns - s->run_ns, s->run_ns, s->target);
	} else if (s->outcome == IPI_IN_FLIGHT) {
		r->n.calls_in_flight++;
		t->calls_in_flight++;
	} else {
		r->n.calls_lost++;
		t->calls_lost++;
	}
}

static void add_irq(struct agg *a, const struct ipi_span *s)
{
	if (a->sender_filter)
		return;
	a->totals.interrupts++;
	a->totals.interrupts_by_class[s->class]++;
	if (unlikely(s->unsolicited)) {
		a->totals.unsolicited++;
		if (s->entry_ns != IPI_NO_TIME && s->exit_ns != IPI_NO_TIME && !s->negative)
			hist_add(&a->unsolicited[s->class], s->exit_ns - s->entry_ns, s->entry_ns,
				 s->target);
	}
	a->totals.empty_interrupts += ipi_class_is_call(s->class) && !s->nr_calls;
}

void agg_span(void *agg, const struct ipi_span *s)
{
	struct agg *a = agg;
	struct agg_row *r;

	if (s->kind == IPI_SPAN_LOCAL) {
		if (!a->sender_filter && (!a->has_targets || cpuset_has(&a->targets, s->target)))
			a->totals.local_calls++;
		return;
	}
	if (s->kind == IPI_SPAN_IRQ && a->sender_filter)
		return;
	if (unlikely(a->cpu_class_filter) && !cpu_class_passes(a, s))
		return;
	switch (s->kind) {
	case IPI_SPAN_SEND:
		add_send(a, s);
		break;
	case IPI_SPAN_HIT:
		add_hit(a, s);
		break;
	case IPI_SPAN_CALL:
		add_call(a, s);
		break;
	case IPI_SPAN_IRQ:
		add_irq(a, s);
		break;
	case IPI_SPAN_WAKE:
		r = row_of(a, s, s->target);
		if (!r)
			break;
		r->n.elided++;
		a->totals.elided++;
		a->totals.wakes++;
		break;
	}
}

unsigned int agg_nr_rows(const struct agg *a)
{
	return a->nr_rows;
}

struct agg_row *agg_rows(struct agg *a)
{
	return a->rows;
}

const struct agg_row *agg_own(const struct agg *a)
{
	return &a->own;
}

const struct hist *agg_unsolicited(const struct agg *a, unsigned int class)
{
	return &a->unsolicited[class];
}

const struct match_totals *agg_totals(const struct agg *a)
{
	return &a->totals;
}
