/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/agg.h - spans in, rows out: keys, counters, histograms.
 *
 * Knows neither units on screen nor option strings. Names come in
 * through struct span_names, asked once per distinct stack or pid.
 */
#ifndef IPITRACE_REPORT_AGG_H
#define IPITRACE_REPORT_AGG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"
#include "match/match.h"
#include "report/names.h"
#include "report/sink.h"

enum agg_key {
	AGG_KEY_CALLER,
	AGG_KEY_CALLSITE,
	AGG_KEY_FUNC,
	AGG_KEY_CLASS,
	AGG_KEY_SOURCE,
	AGG_KEY_TARGET,
	AGG_KEY_COMM,
	AGG_KEY_PID,
	AGG_KEY_PROCESS,
	AGG_KEY_STACK,
	AGG_KEY_UFUNC,
	AGG_KEY_CONTEXT,
	AGG_KEY_CGROUP, /* noted only where it is in --by */
	/* Of the interrupt, not of the send; noted only where they are in --by. */
	AGG_KEY_VICTIM,
	AGG_KEY_DEPTH,
	/* What report/beside.h tells; noted only where they are in --by. */
	AGG_KEY_WAKEE,
	AGG_KEY_WAKER,
	AGG_KEY_IDLE,
	/* Of a multicast as a whole: only those that were waited for are in its rows. */
	AGG_KEY_SLOWEST,
	AGG_NR_KEYS,
};
#define AGG_KEYS_OF_IRQ (1u << AGG_KEY_VICTIM | 1u << AGG_KEY_DEPTH | 1u << AGG_KEY_SLOWEST)
#define AGG_KEYS_BESIDE (1u << AGG_KEY_WAKEE | 1u << AGG_KEY_WAKER | 1u << AGG_KEY_IDLE)
/* Known of a hit, not of its send. */
#define AGG_KEYS_OF_HIT (AGG_KEYS_OF_IRQ | AGG_KEYS_BESIDE)
/* In these, spans of the same sender and function are of different rows. */
#define AGG_KEYS_OF_SPAN (AGG_KEYS_OF_HIT | 1u << AGG_KEY_CGROUP)
#define AGG_NO_DEPTH	 IPI_CALLS_UNKNOWN

struct agg_counts {
	uint64_t sends, target_hits, delivered, coalesced, in_flight, lost;
	uint64_t exact, fifo, ambiguous;
	uint64_t calls, calls_run, calls_in_flight, calls_lost, elided;
	uint64_t waits_unknown; /* operations in task context whose wait is not known, if there was one */
};

/* The bit of a count in agg_row.unknown, by its offset in struct agg_counts. */
#define AGG_COUNT_BIT(offset) (1u << (offset) / sizeof(uint64_t))

struct agg_row {
	/* Values of the keys; a bit in mixed says that the row holds several (only for keys not in --by). */
	uint64_t caller, callsite, func;
	uint32_t class, source, target, stack;
	uint32_t ufunc;	   /* as of span_names.user_func */
	int32_t pid, tgid; /* as span_sender(); tgid -1 = not known */
	const char *comm;
	uint32_t context;	      /* enum ipi_context */
	const char *cgroup;	      /* NULL = not known */
	const char *victim;	      /* NULL = no interrupt, or not known what it hit */
	uint32_t depth;		      /* functions that the interrupt ran; AGG_NO_DEPTH = no interrupt, or not known */
	const char *wakee, *waker;    /* NULL = it wakes nobody, or not known whom */
	uint32_t idle;		      /* IPI_IDLE_* of the target */
	uint32_t slowest;	      /* target of these multicasts */
	bool multicasts;	      /* that is what the row is of; else slowest means nothing */
	uint32_t mixed;		      /* bit per enum agg_key */
	bool no_sends;		      /* the row is of single hits: it has no sends */
	uint32_t undelivered_classes; /* bit per enum ipi_class: of hits that were not delivered */
	bool merged;		      /* of several recordings: what is known of it is by unknown, not by a trace */
	uint32_t unknown;	      /* ... bit per count: not all of them know it, and it is 0 here */
	struct agg_counts n;
	struct hist delivery, queue, func_time, handler;
	struct hist wait;   /* of the operations whose wait is known; its CPU is the slowest target */
	struct hist fanout; /* calls of an operation, of those with more than one */
};

struct agg;

/*
 * by_sender: the spans come through a filter that asks for the sender, so that there is no IRQ span among them.
 * Rows by victim, depth, wakee, waker or idle have no sends, which are told before these are known, or go to several
 * targets; of the first two calls come through report/handlers.h.
 */
struct agg *agg_new(const enum agg_key *by, unsigned int nr_by, bool by_sender, const struct span_names *names);
/* Before the first span. What would be in further rows is in one more, without any key. */
void agg_limit(struct agg *a, uint32_t max_rows);
/* A pid may be another task's by now: names are asked for anew. Rows stay as they are. */
void agg_forget_tasks(struct agg *a);
/* What is known of waits turns out to be nothing. */
void agg_forget_waits(struct agg *a);
/* Nothing is filtered, so somebody who sees all spans has counted them: they need not be once more. Borrowed. */
void agg_give_totals(struct agg *a, const struct match_totals *totals);
/* There is such a row. */
bool agg_is_full(const struct agg *a);
void agg_free(struct agg *a);
/* All of its spans: agg_span(), and what it has no use for, now that it is known whether totals were given. */
struct span_sink agg_sink(struct agg *a);
/* An ipi_span_fn; ctx is the struct agg. Ambiguous, negative and coalesced spans never enter a latency. */
void agg_span(void *agg, const struct ipi_span *span);
/* Index of the row in which the last span counted that is not the tracer's own. */
uint32_t agg_last_row(const struct agg *a);
unsigned int agg_nr_rows(const struct agg *a);
struct agg_row *agg_rows(struct agg *a);
/* Spans that ipitrace itself caused: not in any row, but in the totals. */
const struct agg_row *agg_own(const struct agg *a);
/* In rows by slowest: all else that is not own. */
const struct agg_row *agg_others(const struct agg *a);
/* Handler times of unsolicited interrupts: who sent them is not known, what they took is. */
const struct hist *agg_unsolicited(const struct agg *a, unsigned int class);
/* Totals of all spans, own ones included; without a filter in front equal to matcher_totals(). */
const struct match_totals *agg_totals(const struct agg *a);

#endif
