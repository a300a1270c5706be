/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/list.h - single IPIs as lines, in order of time.
 *
 * A line is a hit (one target of one send), a call without a hit of its own
 * (rider, polled), an interrupt that nobody is known to have sent, or a wake-up
 * that needed none. So the lines add up to the totals of a report: hits to
 * target_hits, their distinct send_id to sends but for multicasts that went to
 * nobody, hits that have a call and calls to calls, interrupts to unsolicited. Runs that nobody was seen to queue and
 * local calls are no lines.
 *
 * Memory does not depend on the length of the recording: see report/order.h.
 */
#ifndef IPITRACE_REPORT_LIST_H
#define IPITRACE_REPORT_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/expr.h"
#include "match/match.h"
#include "report/sink.h"

struct analysis;
struct list;

/* LOCAL: no line, see list_choice.rest. */
enum list_kind { LIST_HIT, LIST_CALL, LIST_IRQ, LIST_WAKE, LIST_NR_KINDS, LIST_LOCAL = LIST_NR_KINDS };

/* What became of it. RUN is of calls; UNKNOWN: no event could have shown it. */
enum list_outcome {
	LIST_DELIVERED,
	LIST_COALESCED,
	LIST_IN_FLIGHT,
	LIST_LOST,
	LIST_RUN,
	LIST_UNKNOWN,
	LIST_NO_OUTCOME, /* unsolicited interrupts and wake-ups have none */
	LIST_NR_OUTCOMES,
};

/* Valid as long as list_emit_fn runs. */
struct list_line {
	struct list *list;
	const struct ipi_span *span;
	enum list_kind kind;
	enum list_outcome outcome;
	bool own;
};

/* --- columns --- */

enum list_unit {
	LIST_TEXT,
	LIST_FLAG,
	LIST_ID, /* number of a CPU, a task, a send */
	LIST_NS, /* a span of time */
	LIST_AT, /* a point in time of the trace clock, ns */
};

struct list_value {
	bool none;
	const char *text;
	uint64_t num;
};

struct list_column {
	const char *key;       /* in JSON, CSV and expressions */
	const char *short_key; /* in expressions and --sort as well; NULL = none */
	enum list_unit unit;
	const char *const *words; /* of a text: all that it can be, NULL behind the last; NULL = any */
	const char *help;
	struct list_value (*get)(const struct list_line *line);
};

/* In the order of JSON. */
extern const struct list_column list_columns[];
extern const unsigned int list_nr_columns;

/* By key or short key; NULL = there is none. */
const struct list_column *list_column_find(const char *name);

/*
 * A condition on columns, by their keys or short keys, and on "rate": hits a second, of those that pass the filter, over the
 * LIST_RATE_NS up to the line, in steps of a hundredth; known from the first such time on. expr_free(). Its values
 * are those of list_expr_get(), ctx being the line.
 */
#define LIST_RATE_NS 100000000ULL
int list_expr_compile(struct expr **e, const char *text, struct err *err);
struct expr_value list_expr_get(void *line, unsigned int column);
/* The name of what list_expr_get() gives, and its unit. */
const char *list_expr_key(unsigned int column, enum list_unit *unit);
/* As expr_missed(). */
void list_expr_missed(const struct expr *e, expr_missed_fn missed, void *ctx);

/* Frames of the sender's stack, innermost first; text is valid until the next is asked for. NULL behind the last. */
const char *list_frame(const struct list_line *line, unsigned int i);
/* The same of the sender's user stack, where it was recorded. */
const char *list_user_frame(const struct list_line *line, unsigned int i);
/* Names for messages and options. */
extern const char *const list_kind_names[], *const list_outcome_names[], *const list_how_names[];

/* --- the list --- */

struct list_choice {
	uint32_t kinds, outcomes, hows; /* bits of enum list_kind, list_outcome, ipi_how; 0 = all */
	const struct list_column *sort; /* what min and max bound, and what slowest goes by */
	uint64_t min_ns, max_ns;	/* max 0 = none */
	uint64_t slowest;		/* only so many; 0 = all, in order of time */
	const struct expr *where;	/* of list_expr_compile(), or NULL */
	bool rest; /* local calls, and calls whose hit is a line, are given as well: all of them, in no number of lines */
};

#define LIST_MAX_SLOWEST 1000000u

/* Lines that are chosen, one after the other. */
typedef void (*list_emit_fn)(void *ctx, const struct list_line *line);

struct list *list_new(struct analysis *a, const struct list_choice *choice, list_emit_fn emit, void *ctx);
void list_free(struct list *l);
/* With what is filtered in front of it. */
struct span_sink list_sink(struct list *l);
/*
 * Without the order of time, and the choice: the line of this span, valid as long as the span; false: it is none.
 * For who asks an expression of spans as they come; such a list has no sink.
 */
bool list_line_now(struct list *l, const struct ipi_span *span, struct list_line *line);
/* Lines that there were, and those that were chosen. */
uint64_t list_nr_lines(const struct list *l);
uint64_t list_nr_chosen(const struct list *l);
/* Of choices by time: lines of the kinds, outcomes and hows asked for that have the time that sort names. */
uint64_t list_nr_timed(const struct list *l);

#endif
