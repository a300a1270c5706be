// SPDX-License-Identifier: GPL-2.0-only
/*
 * matchaudit.c - laws that spans and totals of the matcher obey, see matchaudit.h
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matchaudit.h"

static const char *const class_names[IPI_NR_CLASSES] = {
	[IPI_CLASS_RESCHEDULE] = "resched", [IPI_CLASS_CALL_SINGLE] = "single", [IPI_CLASS_CALL] = "call",
	[IPI_CLASS_IRQ_WORK] = "irqwork",   [IPI_CLASS_CPU_STOP] = "stop",	[IPI_CLASS_CRASH_STOP] = "crash",
	[IPI_CLASS_TIMER] = "timer",	    [IPI_CLASS_WAKEUP] = "wakeup",	[IPI_CLASS_BACKTRACE] = "backtrace",
	[IPI_CLASS_KGDB] = "kgdb",	    [IPI_CLASS_PLATFORM] = "platform",	[IPI_CLASS_OTHER] = "other",
};

const char *audit_class_name(unsigned int class)
{
	return class < IPI_NR_CLASSES ? class_names[class] : NULL;
}

int audit_class_parse(const char *name)
{
	for (int i = 0; i < IPI_NR_CLASSES; i++)
		if (!strcmp(name, class_names[i]))
			return i;
	return -1;
}

void span_log_emit(void *ctx, const struct ipi_span *span)
{
	struct span_log *log = ctx;

	if (log->nr == log->cap) {
		size_t cap = log->cap ? log->cap * 2 : 256;
		struct ipi_span *p = realloc(log->spans, cap * sizeof(*p));

		if (!p)
			abort();
		log->spans = p;
		log->cap = cap;
	}
	log->spans[log->nr] = *span;
	log->spans[log->nr++].mask = NULL; /* lives only during the call */
}

void span_log_reset(struct span_log *log)
{
	log->nr = 0;
}

void span_log_free(struct span_log *log)
{
	free(log->spans);
	memset(log, 0, sizeof(*log));
}

const char *span_text(const struct ipi_span *s, char *buf, size_t len)
{
	static const char *const kinds[] = { "?", "send", "hit", "call", "irq", "local", "wake" };
	static const char *const outcomes[] = { "delivered", "coalesced", "in_flight", "lost" };
	static const char *const hows[] = { "none", "exact", "fifo", "ambiguous" };
	static const char *const paths[] = { "sent", "rider", "polled", "unknown" };

	snprintf(buf, len,
		 "%s %s %d>%u queue=%" PRId64 " send=%" PRId64 " entry=%" PRId64 " run=%" PRId64 " done=%" PRId64
		 " exit=%" PRId64 " csd=%#" PRIx64 " func=%#" PRIx64 " %s how=%s path=%s%s%s",
		 s->kind < 7 ? kinds[s->kind] : "?", audit_class_name(s->class) ? audit_class_name(s->class) : "?",
		 (int)s->source, s->target, (int64_t)s->queue_ns, (int64_t)s->send_ns, (int64_t)s->entry_ns,
		 (int64_t)s->run_ns, (int64_t)s->done_ns, (int64_t)s->exit_ns, s->csd, s->func,
		 s->outcome < 4 ? outcomes[s->outcome] : "?", s->how < 4 ? hows[s->how] : "?",
		 s->path < 4 ? paths[s->path] : "?", s->unsolicited ? " unsolicited" : "",
		 s->negative ? " negative" : "");
	return buf;
}

/* What the spans alone add up to, to be held against the matcher's own counters. */
static void count_spans(const struct span_log *log, struct match_totals *t)
{
	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < log->nr; i++) {
		const struct ipi_span *s = &log->spans[i];

		switch (s->kind) {
		case IPI_SPAN_SEND:
			t->sends++;
			t->sends_to_nobody += !s->nr_targets;
			break;
		case IPI_SPAN_HIT:
			t->target_hits++;
			t->delivered += s->outcome == IPI_DELIVERED;
			t->coalesced += s->outcome == IPI_COALESCED;
			t->in_flight += s->outcome == IPI_IN_FLIGHT;
			t->lost += s->outcome == IPI_LOST;
			if (s->outcome != IPI_DELIVERED)
				break;
			t->exact += s->how == IPI_HOW_EXACT;
			t->fifo += s->how == IPI_HOW_FIFO;
			t->ambiguous += s->how == IPI_HOW_AMBIGUOUS;
			break;
		case IPI_SPAN_CALL:
			t->calls++;
			t->calls_run += s->outcome == IPI_DELIVERED;
			t->calls_in_flight += s->outcome == IPI_IN_FLIGHT;
			t->calls_lost += s->outcome == IPI_LOST;
			t->riders += s->path == IPI_PATH_RIDER;
			t->polled += s->path == IPI_PATH_POLLED;
			t->path_unknown += s->path == IPI_PATH_UNKNOWN;
			break;
		case IPI_SPAN_IRQ:
			if (s->unsolicited == IPI_UNSOLICITED_BEFORE) {
				t->before_window++;
				break;
			}
			t->interrupts++;
			t->unsolicited += !!s->unsolicited;
			t->unsolicited_in_gap += s->unsolicited == IPI_UNSOLICITED_IN_GAP;
			t->unsolicited_at_start += s->unsolicited == IPI_UNSOLICITED_AT_START;
			if (s->class < IPI_NR_CLASSES)
				t->interrupts_by_class[s->class]++;
			break;
		case IPI_SPAN_LOCAL:
			t->local_calls++;
			break;
		case IPI_SPAN_WAKE:
			t->wakes++;
			break;
		}
	}
}

#define SAME(field)                                                                                                    \
	do {                                                                                                           \
		if (got.field != totals->field) {                                                                      \
			snprintf(msg, len, "spans say " #field "=%" PRIu64 ", totals say %" PRIu64,                    \
				 (uint64_t)got.field, (uint64_t)totals->field);                                        \
			return false;                                                                                  \
		}                                                                                                      \
	} while (0)

static bool audit_totals(const struct span_log *log, const struct match_totals *totals, char *msg, size_t len)
{
	struct match_totals got;

	if (!matcher_conserves(totals)) {
		snprintf(msg, len, "matcher_conserves() is false");
		return false;
	}
	count_spans(log, &got);
	SAME(sends);
	SAME(target_hits);
	SAME(delivered);
	SAME(coalesced);
	SAME(in_flight);
	SAME(lost);
	SAME(exact);
	SAME(fifo);
	SAME(ambiguous);
	SAME(interrupts);
	SAME(unsolicited);
	SAME(unsolicited_in_gap);
	SAME(unsolicited_at_start);
	SAME(before_window);
	SAME(calls);
	SAME(calls_run);
	SAME(calls_in_flight);
	SAME(calls_lost);
	SAME(riders);
	SAME(path_unknown);
	SAME(sends_to_nobody);
	SAME(polled);
	SAME(wakes);
	SAME(local_calls);
	for (int i = 0; i < IPI_NR_CLASSES; i++)
		SAME(interrupts_by_class[i]);
	/* The laws once more, here in this file's own words: matcher_conserves() is under test too. */
	if (got.target_hits != got.delivered + got.coalesced + got.in_flight + got.lost ||
	    got.delivered != got.exact + got.fifo + got.ambiguous ||
	    got.interrupts != got.delivered + got.unsolicited ||
	    got.calls != got.calls_run + got.calls_in_flight + got.calls_lost ||
	    totals->elided != got.riders + got.polled + got.wakes) {
		snprintf(msg, len,
			 "conservation is broken: hits %" PRIu64 " delivered %" PRIu64 " interrupts %" PRIu64
			 " unsolicited %" PRIu64 " calls %" PRIu64,
			 got.target_hits, got.delivered, got.interrupts, got.unsolicited, got.calls);
		return false;
	}
	return true;
}

/* A call is told by the hit that it was sent with, or stands for itself; a hit belongs to a send. */
static bool audit_lines(const struct span_log *log, const struct match_totals *totals, char *msg, size_t len)
{
	uint64_t with_call = 0, alone = 0, last = 0;

	for (size_t i = 0; i < log->nr; i++) {
		const struct ipi_span *s = &log->spans[i];

		with_call += s->kind == IPI_SPAN_HIT && s->has_call;
		alone += s->kind == IPI_SPAN_CALL && s->path != IPI_PATH_SENT;
		if (s->kind == IPI_SPAN_SEND && s->send_id != ++last) {
			snprintf(msg, len, "send %" PRIu64 " bears number %" PRIu64, last, s->send_id);
			return false;
		}
		if (s->kind == IPI_SPAN_HIT && (!s->send_id || s->send_id > totals->sends)) {
			snprintf(msg, len, "a hit of send %" PRIu64 ", which does not exist", s->send_id);
			return false;
		}
	}
	if (with_call + alone == totals->calls)
		return true;
	snprintf(msg, len, "%" PRIu64 " hits have calls, %" PRIu64 " calls have no hit: not %" PRIu64 " calls",
		 with_call, alone, totals->calls);
	return false;
}

/* A wait is told by one call of an operation, whose line in a list shows it: its hit's, or its own. */
static bool audit_waits(const struct span_log *log, char *msg, size_t len)
{
	uint64_t by_hits = 0, by_calls = 0;
	char text[400];

	for (size_t i = 0; i < log->nr; i++) {
		const struct ipi_span *s = &log->spans[i];
		bool known = s->wait_ns != IPI_NO_TIME, call = s->kind == IPI_SPAN_CALL;
		bool exact = s->outcome == IPI_DELIVERED && s->how == IPI_HOW_EXACT && s->done_ns != IPI_NO_TIME;

		if (call && known && s->path == IPI_PATH_SENT)
			by_calls += s->wait_ns;
		if (s->kind == IPI_SPAN_HIT && known)
			by_hits += s->wait_ns;
		if ((call ? s->wait == IPI_WAIT_KNOWN : s->kind == IPI_SPAN_HIT && s->has_call && known) == known &&
		    (!call || !known || exact) &&
		    (!s->wait ||
		     (call && s->level == IPI_LEVEL_TASK && s->call_kind == IPI_CALL_PLAIN && s->nr_targets)))
			continue;
		snprintf(msg, len, "impossible wait %" PRId64 " (%u): %s", (int64_t)s->wait_ns, s->wait,
			 span_text(s, text, sizeof(text)));
		return false;
	}
	if (by_hits == by_calls)
		return true;
	snprintf(msg, len, "hits tell of %" PRIu64 " ns waited, their calls of %" PRIu64, by_hits, by_calls);
	return false;
}

static bool ordered(uint64_t a, uint64_t b)
{
	return a == IPI_NO_TIME || b == IPI_NO_TIME || a <= b;
}

static bool audit_span(const struct ipi_span *s)
{
	bool settled = s->outcome == IPI_DELIVERED || s->outcome == IPI_COALESCED;

	if (s->kind == IPI_SPAN_CALL && !settled && s->run_ns != IPI_NO_TIME)
		return false;
	/* A hit bears an entry if, and only if, an interrupt is claimed for it. */
	if (s->kind == IPI_SPAN_HIT && settled != (s->entry_ns != IPI_NO_TIME))
		return false;
	if (s->negative)
		return true;
	if (s->kind == IPI_SPAN_HIT && (!ordered(s->send_ns, s->sent_ns) || !ordered(s->sent_ns, s->entry_ns)))
		return false;
	return ordered(s->queue_ns, s->run_ns) && ordered(s->run_ns, s->done_ns) && ordered(s->entry_ns, s->exit_ns);
}

/* An interrupt as hits and IRQ spans both name it. */
struct irq_key {
	uint64_t entry_ns;
	uint32_t target;
	uint8_t class;
	int solicited, delivered; /* IRQ spans with a cause; hits that claim to be one */
	int answered, hits;	  /* sum of nr_targets; hits that name it */
};

static int cmp_irq(const void *a, const void *b)
{
	const struct irq_key *x = a, *y = b;

	if (x->entry_ns != y->entry_ns)
		return x->entry_ns < y->entry_ns ? -1 : 1;
	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return (int)x->class - (int)y->class;
}

/* Fold equal neighbours of a sorted array and look at the balance of each. */
static bool audit_balance(struct irq_key *keys, size_t nr, char *msg, size_t len)
{
	for (size_t i = 0; i < nr;) {
		struct irq_key sum = keys[i];
		size_t j = i + 1;

		for (; j < nr && !cmp_irq(&keys[i], &keys[j]); j++) {
			sum.solicited += keys[j].solicited;
			sum.delivered += keys[j].delivered;
			sum.answered += keys[j].answered;
			sum.hits += keys[j].hits;
		}
		if (sum.solicited != sum.delivered || sum.answered != sum.hits) {
			snprintf(msg, len,
				 "CPU %u %s entry %" PRIu64
				 ": %d solicited interrupts, %d delivered hits; nr_targets %d, hits %d",
				 sum.target, audit_class_name(sum.class), sum.entry_ns, sum.solicited, sum.delivered,
				 sum.answered, sum.hits);
			return false;
		}
		i = j;
	}
	return true;
}

static bool audit_causes(const struct span_log *log, char *msg, size_t len)
{
	struct irq_key *keys = calloc(log->nr + 1, sizeof(*keys));
	size_t nr = 0;
	bool fine;

	if (!keys)
		abort();
	for (size_t i = 0; i < log->nr; i++) {
		const struct ipi_span *s = &log->spans[i];
		struct irq_key k = { .entry_ns = s->entry_ns, .target = s->target, .class = s->class };

		if (s->kind == IPI_SPAN_IRQ) {
			k.solicited = !s->unsolicited;
			k.answered = (int)s->nr_targets;
		} else if (s->kind == IPI_SPAN_HIT && s->outcome <= IPI_COALESCED) {
			k.delivered = s->outcome == IPI_DELIVERED;
			k.hits = 1;
		} else {
			continue;
		}
		keys[nr++] = k;
	}
	qsort(keys, nr, sizeof(*keys), cmp_irq);
	fine = audit_balance(keys, nr, msg, len);
	free(keys);
	return fine;
}

bool span_audit(const struct span_log *log, const struct match_totals *totals, char *msg, size_t len)
{
	char text[400];

	for (size_t i = 0; i < log->nr; i++) {
		if (audit_span(&log->spans[i]))
			continue;
		snprintf(msg, len, "impossible span: %s", span_text(&log->spans[i], text, sizeof(text)));
		return false;
	}
	return audit_totals(log, totals, msg, len) && audit_causes(log, msg, len) &&
	       audit_lines(log, totals, msg, len) && audit_waits(log, msg, len);
}
