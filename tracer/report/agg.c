// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/agg.c - spans in, rows out.
 *
 * Hot path, one call per span: one look-up of the sending task, one of the
 * *site* (the raw identity of the span, as far as the keys depend on it), a
 * few counters. Everything that costs (globs, symbols, stacks, finding the
 * row) is decided when a task or site is seen first and kept there.
 *
 * What is counted where:
 *	SEND	row.sends, once; with AGG_KEY_TARGET once in the row of each target
 *	HIT	target_hits and the outcome; delivered hits also how, delivery
 *		latency and handler time (not if ambiguous or negative)
 *	CALL	calls and the outcome, elided if rider or polled, queue and
 *		function time; one of each operation its wait
 *	WAKE	elided
 *	IRQ	totals only, by class. Who sent is unknown for the unsolicited
 *		ones, so behind a filter on the sender no IRQ span comes: there
 *		the totals' interrupts are the delivered hits, and unsolicited
 *		is 0. Either way interrupts == delivered + unsolicited.
 *	LOCAL	totals only
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/mem.h"
#include "match/totals.h"
#include "report/agg-priv.h"

static const struct memo no_memo = { .class = IPI_NR_CLASSES, .row = MEMO_FREE };

static void recent_clear(struct agg *a)
{
	for (unsigned int i = 0; i < RECENT_SLOTS; i++)
		a->recent[i].memo = no_memo;
}

static void memos_clear(struct agg *a)
{
	for (unsigned int i = 0; i < MEMO_SLOTS; i++)
		a->memos[i] = no_memo;
	recent_clear(a);
	a->last = a->recent;
}

struct agg *agg_new(const enum agg_key *by, unsigned int nr_by, bool by_sender, const struct span_names *names)
{
	struct agg *a = xcalloc(1, sizeof(*a));

	for (unsigned int i = 0; i < nr_by && a->nr_by < AGG_NR_KEYS; i++) {
		if (a->by_mask & 1u << by[i])
			continue;
		a->by[a->nr_by++] = by[i];
		a->by_mask |= 1u << by[i];
	}
	a->by_sender = by_sender;
	a->names = *names;
	a->memos = xmalloc(MEMO_SLOTS * sizeof(*a->memos));
	a->recent = xcalloc(RECENT_SLOTS, sizeof(*a->recent));
	memos_clear(a);
	return a;
}

void agg_forget_tasks(struct agg *a)
{
	hash_free(&a->tasks_by_pid);
	a->nr_tasks = 0;
	memos_clear(a);
}

static void forget_waits(struct agg_row *row)
{
	hist_free(&row->wait);
	row->wait = (struct hist){ 0 };
	row->n.waits_unknown = 0;
}

void agg_forget_waits(struct agg *a)
{
	for (unsigned int i = 0; i < a->nr_rows; i++)
		forget_waits(&a->rows[i]);
	forget_waits(&a->own);
	forget_waits(&a->others);
}

void agg_limit(struct agg *a, uint32_t max_rows)
{
	a->max_rows = max_rows;
}

void agg_give_totals(struct agg *a, const struct match_totals *totals)
{
	a->given = totals;
}

bool agg_is_full(const struct agg *a)
{
	return a->max_rows && a->nr_rows > a->max_rows;
}

static void row_free(struct agg_row *r)
{
	hist_free(&r->delivery);
	hist_free(&r->queue);
	hist_free(&r->func_time);
	hist_free(&r->handler);
	hist_free(&r->wait);
	hist_free(&r->fanout);
}

void agg_free(struct agg *a)
{
	if (!a)
		return;
	for (uint32_t i = 0; i < a->nr_rows; i++)
		row_free(&a->rows[i]);
	row_free(&a->own);
	row_free(&a->others);
	for (unsigned int class = 0; class < IPI_NR_CLASSES; ++class)
		hist_free(&a->unsolicited[class]);
	free(a->rows);
	hash_free(&a->rows_by_key);
	free(a->sites);
	hash_free(&a->sites_by_key);
	free(a->memos);
	free(a->recent);
	free(a->tasks);
	hash_free(&a->tasks_by_pid);
	free(a->callers);
	free(a->comms);
	free(a);
}

/* --- the row of a span --- */

static inline uint64_t span_cpus(const struct ipi_span *s, uint32_t target)
{
	return (uint64_t)target << 32 | s->source;
}

static inline uint64_t span_who(const struct ipi_span *s)
{
	return (uint64_t)s->stack << 32 | (uint32_t)s->pid;
}

static inline bool memo_is(const struct memo *memo, const struct ipi_span *s, uint32_t target)
{
	return memo->callsite == s->callsite && memo->func == s->func && memo->who == span_who(s) &&
	       memo->cpus == span_cpus(s, target) && memo->class == s->class && memo->level == s->level;
}

/* Finds the row that this span counts in, and keeps it there. */
static void memo_fill(struct agg *a, struct memo *memo, const struct ipi_span *s, uint32_t target)
{
	const struct agg_row *rows = a->rows, *r = agg_row_find(a, s, target);

	if (a->rows != rows)
		recent_clear(a);
	*memo = (struct memo){
		.callsite = s->callsite,
		.func = s->func,
		.cpus = span_cpus(s, target),
		.who = span_who(s),
		.class = s->class,
		.level = s->level,
		.row = r == &a->own    ? MEMO_OWN :
		       r == &a->others ? MEMO_OTHER :
					 (uint32_t)(r - a->rows),
	};
}

static inline struct recent *recent_of(const struct agg *a, const struct ipi_span *s)
{
	return &a->recent[s->source % RECENT_SLOTS];
}

static struct agg_row *memo_use(struct agg *a, const struct memo *memo, struct recent *recent)
{
	recent->memo = *memo;
	recent->row = memo->row == MEMO_OWN ? &a->own : memo->row == MEMO_OTHER ? &a->others : &a->rows[memo->row];
	a->last = recent;
	return recent->row;
}

/* Makes this span's identity its source's last one. target is the span's, or one of a multicast's. */
static struct agg_row *__attribute__((noinline)) row_look(struct agg *a, const struct ipi_span *s, uint32_t target)
{
	uint64_t cpus = span_cpus(s, target), who = span_who(s);
	uint64_t h = (s->callsite ^ s->func) + who * 0x9e3779b97f4a7c15ULL +
		     ((uint64_t)(s->class ^ s->level << 4) << 56) + (cpus << 28 | cpus >> 36);
	struct memo *memo = &a->memos[h * 0xd6e8feb86659fd93ULL >> (64 - MEMO_BITS)];

	if (unlikely(!memo_is(memo, s, target) || a->by_mask & AGG_KEYS_OF_SPAN))
		memo_fill(a, memo, s, target);
	return memo_use(a, memo, recent_of(a, s));
}

/* Or one of a single target, where it is not counted with its row. */
static void count_multicast(struct agg *a, const struct ipi_span *s)
{
	if (a->given)
		return;
	totals_send(&a->totals);
	totals_targets(&a->totals, s->nr_targets);
}

/*
 * Rows whose keys spans of one identity need not share: this one's is looked up,
 * and made the last identity, so that the span counts there. False: it counts in none.
 */
static bool __attribute__((noinline)) row_of_span(struct agg *a, const struct ipi_span *s)
{
	switch (s->kind) {
	case IPI_SPAN_SEND:
		if (a->by_mask & AGG_KEYS_OF_HIT) {
			count_multicast(a, s);
			a->own.n.sends += agg_is_own(a, s);
			return false;
		}
		if (s->mask) { /* its targets are looked up one by one, of which the last may be that of a span before */
			recent_of(a, s)->memo = no_memo;
			return true;
		}
		/* fall through */
	case IPI_SPAN_HIT:
	case IPI_SPAN_CALL:
	case IPI_SPAN_WAKE:
		memo_fill(a, &a->memos[0], s, s->target);
		memo_use(a, &a->memos[0], recent_of(a, s));
	}
	return true;
}

/* Of an identity that is its source's last one; NULL: it is not. */
static inline __attribute__((always_inline)) struct agg_row *row_again(struct agg *a, const struct ipi_span *s,
								       uint32_t target)
{
	struct recent *recent = recent_of(a, s);

	if (unlikely(!memo_is(&recent->memo, s, target)))
		return NULL;
	a->last = recent;
	return recent->row;
}

static inline struct agg_row *row_of(struct agg *a, const struct ipi_span *s, uint32_t target)
{
	struct agg_row *row = row_again(a, s, target);

	return row ? row : row_look(a, s, target);
}

struct agg_row *agg_row_of(struct agg *a, const struct ipi_span *s)
{
	return row_of(a, s, s->target);
}

/*
 * A span that is not of its source's last identity is taken once more when it is, so
 * that the usual way has no call in it and saves no registers.
 */
static void __attribute__((noinline)) span_again(struct agg *a, const struct ipi_span *s, uint32_t target)
{
	row_look(a, s, target);
	agg_span(a, s);
}

/* --- spans --- */

/* The first target: it stands for a multicast where the row does not depend on it. */
static uint32_t first_target(const struct ipi_span *s)
{
	for (unsigned int i = 0; i < s->mask_words; i++)
		if (s->mask[i])
			return i * 64 + (uint32_t)__builtin_ctzll(s->mask[i]);
	return s->target;
}

/* A multicast, by target: a send in the row of each, but one in the totals; to nobody it is in no row. */
static void __attribute__((noinline)) add_send_by_target(struct agg *a, const struct ipi_span *s)
{
	struct agg_row *r;
	bool counted = false;

	count_multicast(a, s);
	for (unsigned int i = 0; i < s->mask_words * 64; i++) {
		if (!(s->mask[i / 64] >> (i % 64) & 1))
			continue;
		r = row_of(a, s, i);
		if (r == &a->own && counted)
			continue;
		r->n.sends++;
		counted = true;
	}
}

static void __attribute__((noinline)) add_send_mask(struct agg *a, const struct ipi_span *s)
{
	if (a->by_mask & 1u << AGG_KEY_TARGET) {
		add_send_by_target(a, s);
		return;
	}
	row_of(a, s, first_target(s))->n.sends++; /* the hits tell whether the row mixes targets */
	count_multicast(a, s);
}

static inline void add_send(struct agg *a, const struct ipi_span *s)
{
	struct agg_row *r;

	if (unlikely(s->mask)) {
		add_send_mask(a, s);
		return;
	}
	r = row_again(a, s, s->target);
	if (unlikely(!r)) {
		span_again(a, s, s->target);
		return;
	}
	r->n.sends++;
	if (!a->given)
		totals_send(&a->totals);
}

/* A hit that was not delivered, or has no latency for being ambiguous. */
static void __attribute__((noinline)) add_hit_untimed(struct agg_row *r, const struct ipi_span *s)
{
	if (s->outcome != IPI_DELIVERED)
		r->undelivered_classes |= IPI_CLASS_BIT(s->class);
	switch (s->outcome) {
	case IPI_DELIVERED:
		r->n.ambiguous++;
		break;
	case IPI_COALESCED:
		r->n.coalesced++;
		break;
	case IPI_IN_FLIGHT:
		r->n.in_flight++;
		break;
	default:
		r->n.lost++;
	}
}

static void __attribute__((noinline)) add_hit_times(struct agg_row *r, const struct ipi_span *s)
{
	if (s->negative || s->entry_ns == IPI_NO_TIME)
		return;
	if (s->sent_ns <= s->entry_ns)
		hist_add(&r->delivery, s->entry_ns - s->sent_ns, s->send_ns, s->target);
	if (s->exit_ns != IPI_NO_TIME)
		hist_add(&r->handler, s->exit_ns - s->entry_ns, s->entry_ns, s->target);
}

static inline __attribute__((always_inline)) void add_hit(struct agg *a, const struct ipi_span *s)
{
	struct agg_row *r = row_again(a, s, s->target);
	uint64_t delivery, handler;

	if (unlikely(!r)) {
		span_again(a, s, s->target);
		return;
	}
	r->n.target_hits++;
	if (!a->given)
		totals_hit(&a->totals, s);
	if (likely(s->outcome == IPI_DELIVERED)) {
		r->n.delivered++;
		if (unlikely(a->by_sender))
			if (!a->given)
				totals_interrupt(&a->totals, s->class);
		if (likely(s->how == IPI_HOW_EXACT))
			r->n.exact++;
		else if (s->how != IPI_HOW_AMBIGUOUS)
			r->n.fifo++;
	}
	if (unlikely(s->outcome != IPI_DELIVERED || s->how == IPI_HOW_AMBIGUOUS)) {
		add_hit_untimed(r, s);
		return;
	}
	/*
	 * The difference to a time that does not exist, or of two in the wrong order, is
	 * beyond any maximum so far; what it is about is asked where it is odd.
	 */
	delivery = s->entry_ns - s->sent_ns;
	handler = s->exit_ns - s->entry_ns;
	if (unlikely(s->negative || !hist_inside(&r->delivery, delivery) || !hist_inside(&r->handler, handler))) {
		add_hit_times(r, s);
		return;
	}
	hist_add_inside(&r->delivery, delivery);
	hist_add_inside(&r->handler, handler);
}

/* An operation of several calls, or one whose wait is not known, or is an extreme. */
static void __attribute__((noinline)) add_wait(struct agg_row *r, const struct ipi_span *s)
{
	if (s->nr_targets > 1)
		hist_add(&r->fanout, s->nr_targets, s->queue_ns, s->target);
	if (s->wait == IPI_WAIT_KNOWN)
		hist_add(&r->wait, s->wait_ns, s->done_ns - s->wait_ns, s->target);
	else if (s->wait == IPI_WAIT_UNKNOWN)
		r->n.waits_unknown++;
}

static void __attribute__((noinline)) add_call_undone(struct agg_row *r, const struct ipi_span *s)
{
	if (s->outcome == IPI_IN_FLIGHT)
		r->n.calls_in_flight++;
	else if (s->outcome != IPI_DELIVERED)
		r->n.calls_lost++;
	add_wait(r, s);
}

static void __attribute__((noinline)) add_call_times(struct agg_row *r, const struct ipi_span *s)
{
	add_wait(r, s);
	if (s->negative || s->run_ns == IPI_NO_TIME)
		return; /* irq_work queued on another CPU shows no function entry */
	if (s->sent_ns <= s->run_ns)
		hist_add(&r->queue, s->run_ns - s->sent_ns, s->queue_ns, s->target);
	if (s->done_ns != IPI_NO_TIME)
		hist_add(&r->func_time, s->done_ns - s->run_ns, s->run_ns, s->target);
}

static inline __attribute__((always_inline)) void add_call(struct agg *a, const struct ipi_span *s)
{
	struct agg_row *r = row_again(a, s, s->target);
	uint64_t queue, func;

	if (unlikely(!r)) {
		span_again(a, s, s->target);
		return;
	}
	r->n.calls++;
	if (!a->given)
		totals_call(&a->totals, s);
	if (unlikely(s->path == IPI_PATH_RIDER || s->path == IPI_PATH_POLLED))
		r->n.elided++;
	if (likely(s->outcome == IPI_DELIVERED))
		r->n.calls_run++;
	if (unlikely(s->outcome != IPI_DELIVERED || s->how == IPI_HOW_AMBIGUOUS)) {
		add_call_undone(r, s);
		return;
	}
	queue = s->run_ns - s->sent_ns;
	func = s->done_ns - s->run_ns;
	if (unlikely(s->negative || !hist_inside(&r->queue, queue) || !hist_inside(&r->func_time, func))) {
		add_call_times(r, s);
		return;
	}
	hist_add_inside(&r->queue, queue);
	hist_add_inside(&r->func_time, func);
	/* IPI_NO_TIME is not inside. */
	if (likely(s->nr_targets == 1 && hist_inside(&r->wait, s->wait_ns)))
		hist_add_inside(&r->wait, s->wait_ns);
	else
		add_wait(r, s);
}

static void __attribute__((noinline)) add_unsolicited(struct agg *a, const struct ipi_span *s)
{
	if (s->entry_ns != IPI_NO_TIME && s->exit_ns != IPI_NO_TIME && !s->negative)
		hist_add(&a->unsolicited[s->class], s->exit_ns - s->entry_ns, s->entry_ns, s->target);
}

static inline void add_irq(struct agg *a, const struct ipi_span *s)
{
	/* Where no csd events were recorded, nobody knows which were empty: the renderer leaves the count out. */
	if (!a->given)
		totals_irq(&a->totals, s->class, (enum ipi_unsolicited)s->unsolicited, s->nr_calls, true);
	if (unlikely(s->unsolicited) && s->unsolicited != IPI_UNSOLICITED_BEFORE)
		add_unsolicited(a, s);
}

static void __attribute__((noinline)) add_wake(struct agg *a, const struct ipi_span *s)
{
	row_of(a, s, s->target)->n.elided++;
	if (!a->given)
		totals_wake(&a->totals);
}

static inline __attribute__((always_inline)) void count_span(struct agg *a, const struct ipi_span *s)
{
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
		add_wake(a, s);
		break;
	case IPI_SPAN_LOCAL:
		if (!a->given)
			totals_local(&a->totals);
		break;
	}
}

static void __attribute__((noinline)) count_by_span(struct agg *a, const struct ipi_span *s)
{
	if (row_of_span(a, s))
		count_span(a, s);
}

/* The usual way needs no stack. */
void agg_span(void *agg, const struct ipi_span *s)
{
	struct agg *a = agg;

	if (unlikely(a->by_mask & AGG_KEYS_OF_SPAN))
		count_by_span(a, s);
	else
		count_span(a, s);
}

struct span_sink agg_sink(struct agg *a)
{
	return (struct span_sink){
		.span = agg_span,
		.ctx = a,
		.untold = a->given ? MATCH_UNTOLD_LOCAL | MATCH_UNTOLD_SOLICITED : 0,
	};
}

uint32_t agg_last_row(const struct agg *a)
{
	return a->last->memo.row;
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

const struct agg_row *agg_others(const struct agg *a)
{
	return &a->others;
}

const struct hist *agg_unsolicited(const struct agg *a, unsigned int class)
{
	return &a->unsolicited[class];
}

const struct match_totals *agg_totals(const struct agg *a)
{
	return a->given ? a->given : &a->totals;
}
