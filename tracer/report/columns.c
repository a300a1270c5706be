// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/columns.c - the table of columns: text header, CSV header, --fields, --sort
 * and help all read the same rows.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "report/report.h"

enum stat {
	STAT_COUNT,
	STAT_MIN,
	STAT_MEAN,
	STAT_P50,
	STAT_P90,
	STAT_P99,
	STAT_P999,
	STAT_MAX,
	STAT_MAX_AT,
	STAT_MAX_CPU,
	STAT_SUM
};

#define KEY(k, name, h, text)                                                                                          \
	{                                                                                                              \
		name, h, text, COLUMN_KEY, AGG_KEY_##k, 0                                                              \
	}
#define COUNT(f, h, text)                                                                                              \
	{                                                                                                              \
#f, h, text, COLUMN_COUNT, offsetof(struct agg_counts, f), 0                                           \
	}
#define STAT(p, f, h, text, s)                                                                                         \
	{                                                                                                              \
		p, h, text, COLUMN_DIST, offsetof(struct agg_row, f), STAT_##s                                         \
	}
/* h50: header of the median; q: prefix of the other percentiles; h: of the rest. */
#define DIST(p, f, h50, q, h, what)                                                                                    \
	STAT(p "_p50", f, h50, what ", median", P50), STAT(p "_p90", f, q "90", what ", 90th percentile", P90),        \
		STAT(p "_p99", f, q "99", what ", 99th percentile", P99),                                              \
		STAT(p "_p999", f, q "999", what ", 99.9th percentile", P999),                                         \
		STAT(p "_min", f, h "MIN", what ", minimum", MIN), STAT(p "_mean", f, h "MEAN", what ", mean", MEAN),  \
		STAT(p "_max", f, h "MAX", what ", maximum", MAX),                                                     \
		STAT(p "_max_at", f, h "MAX-AT", "when that maximum began (trace clock)", MAX_AT),                     \
		STAT(p "_max_cpu", f, h "MAX-CPU", "target CPU of that maximum", MAX_CPU),                             \
		STAT(p "_sum", f, h "SUM", what ", sum", SUM), STAT(p "_count", f, h "N", what ", samples", COUNT)

const struct column report_columns[] = {
	KEY(CALLER, "caller", "CALLER", "first frame of the sender's stack outside the plumbing"),
	KEY(CALLSITE, "callsite", "CALLSITE", "call site in the send event"),
	KEY(FUNC, "func", "FUNCTION", "function run on the target"),
	KEY(CLASS, "class", "CLASS", "class of the interrupt"),
	KEY(SOURCE, "source", "SOURCE", "sending CPU"),
	KEY(TARGET, "target", "TARGET", "target CPU"),
	KEY(COMM, "comm", "COMM", "name of the sending task"),
	KEY(PID, "pid", "PID", "number of the sending task"),
	KEY(STACK, "stack", "STACK", "kernel stack of the sender"),
	COUNT(sends, "SENDS", "send events"),
	COUNT(target_hits, "HITS", "targets of all sends"),
	COUNT(delivered, "DELIV", "hits that caused an interrupt"),
	COUNT(coalesced, "COAL", "hits whose interrupt was already requested"),
	COUNT(in_flight, "FLIGHT", "hits still under way at the end"),
	COUNT(lost, "LOST", "hits whose fate lost events hide"),
	COUNT(exact, "EXACT", "deliveries matched by csd pointer"),
	COUNT(fifo, "FIFO", "deliveries matched by order"),
	COUNT(ambiguous, "AMBIG", "deliveries with two readings, not in any latency"),
	COUNT(elided, "ELIDED", "calls and wake-ups that needed no interrupt"),
	COUNT(calls, "CALLS", "calls queued"),
	COUNT(calls_run, "RUN", "calls that ran"),
	COUNT(calls_in_flight, "C-FLIGHT", "calls still queued at the end"),
	COUNT(calls_lost, "C-LOST", "calls whose fate lost events hide"),
	DIST("delivery", delivery, "P50", "P", "", "send to handler entry"),
	DIST("queue", queue, "QUEUE", "QUEUE-", "QUEUE-", "call queued to function entry"),
	DIST("func", func_time, "FUNC", "FUNC-", "FUNC-", "function entry to exit"),
	DIST("handler", handler, "HANDLER", "HANDLER-", "HANDLER-", "handler entry to exit"),
};
const unsigned int report_nr_columns = ARRAY_SIZE(report_columns);

const struct column *column_find(const char *id)
{
	for (unsigned int i = 0; i < report_nr_columns; i++)
		if (!strcmp(report_columns[i].id, id))
			return &report_columns[i];
	return NULL;
}

static struct value text_value(const char *text)
{
	return (struct value){ text ? VALUE_TEXT : VALUE_NONE, text, 0 };
}

static struct value key_value(enum agg_key key, const struct report_row *row)
{
	const struct agg_row *a = row->agg;
	struct value id = { a->mixed >> key & 1 ? VALUE_NONE : VALUE_ID, NULL, 0 };

	switch (key) {
	case AGG_KEY_CALLER:
		return text_value(row->caller);
	case AGG_KEY_CALLSITE:
		return text_value(row->callsite);
	case AGG_KEY_FUNC:
		return text_value(row->func);
	case AGG_KEY_CLASS:
		return text_value(row->class);
	case AGG_KEY_COMM:
		return text_value(row->comm);
	case AGG_KEY_STACK:
		return text_value(row->stack);
	case AGG_KEY_SOURCE:
		id.num = a->source;
		break;
	case AGG_KEY_TARGET:
		id.num = a->target;
		break;
	case AGG_KEY_PID:
		id.num = (uint32_t)a->pid;
		break;
	case AGG_NR_KEYS:
		break;
	}
	return id;
}

static struct value dist_value(const struct hist *h, enum stat stat)
{
	static const double p[] = {
		[STAT_P50] = 0.5,
		[STAT_P90] = 0.9,
		[STAT_P99] = 0.99,
		[STAT_P999] = 0.999,
	};
	struct value v = { VALUE_NS, NULL, 0 };

	if (stat == STAT_COUNT)
		return (struct value){ VALUE_COUNT, NULL, h->count };
	if (!h->count)
		return (struct value){ VALUE_NONE, NULL, 0 };
	switch (stat) {
	case STAT_MIN:
		v.num = h->min;
		break;
	case STAT_MEAN:
		v.num = h->sum / h->count;
		break;
	case STAT_P50:
	case STAT_P90:
	case STAT_P99:
	case STAT_P999:
		v.num = hist_percentile(h, p[stat]);
		break;
	case STAT_MAX:
		v.num = h->max;
		break;
	case STAT_MAX_AT:
		v.num = h->max_at_ns;
		v.type = VALUE_WHEN;
		break;
	case STAT_MAX_CPU:
		v.num = h->max_cpu;
		v.type = VALUE_ID;
		break;
	case STAT_SUM:
		v.num = h->sum;
		break;
	case STAT_COUNT:
		break;
	}
	return v;
}

struct value column_value(const struct column *c, const struct report_row *row)
{
	switch (c->kind) {
	case COLUMN_KEY:
		return key_value((enum agg_key)c->offset, row);
	case COLUMN_COUNT:
		return (struct value){ VALUE_COUNT, NULL, *(const uint64_t *)((const char *)&row->agg->n + c->offset) };
	case COLUMN_DIST:
		return dist_value((const struct hist *)((const char *)row->agg + c->offset), (enum stat)c->stat);
	}
	return (struct value){ VALUE_NONE, NULL, 0 };
}

int columns_parse(const char *text, const struct column ***list, unsigned int *nr, struct err *err)
{
	const struct column *c;
	char name[32];
	size_t len;

	if (*text == '+')
		text++;
	else
		*nr = 0;
	for (const char *p = text;; p += len + 1) {
		len = strcspn(p, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		c = len < sizeof(name) ? column_find(name) : NULL;
		if (!c) {
			err_set(err, EXIT_USAGE, "'%.*s': unknown column", (int)len, p);
			return err_hint(err, "'ipitrace report --help' lists the columns");
		}
		*list = xrealloc(*list, (*nr + 1) * sizeof(**list));
		(*list)[(*nr)++] = c;
		if (!p[len])
			return 0;
	}
}

/* --- sorting --- */

static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return !a - !b; /* those without a name come last */
	return strcmp(a, b);
}

/* Numbers: largest first; names: alphabetical; what does not exist: last. */
static int compare_values(struct value a, struct value b)
{
	if (a.type == VALUE_NONE || b.type == VALUE_NONE)
		return (a.type == VALUE_NONE) - (b.type == VALUE_NONE);
	if (a.type == VALUE_TEXT)
		return strcmp(a.text, b.text);
	if (a.type == VALUE_ID)
		return (a.num > b.num) - (a.num < b.num);
	return (a.num < b.num) - (a.num > b.num);
}

static int compare_rows(const void *x, const void *y, void *column)
{
	const struct report_row *a = x, *b = y;
	int d = compare_values(column_value(column, a), column_value(column, b));

	if (!d)
		d = (a->agg->n.target_hits < b->agg->n.target_hits) - (a->agg->n.target_hits > b->agg->n.target_hits);
	if (!d)
		d = (a->agg->n.calls < b->agg->n.calls) - (a->agg->n.calls > b->agg->n.calls);
	if (!d)
		d = compare_text(a->caller, b->caller);
	if (!d)
		d = compare_text(a->callsite, b->callsite);
	if (!d)
		d = compare_text(a->func, b->func);
	if (!d) /* order of first appearance: rows lie in one array */
		d = (a->agg > b->agg) - (a->agg < b->agg);
	return d;
}

void report_sort(struct report *r, const struct column *by)
{
	qsort_r(r->rows, r->nr_rows, sizeof(*r->rows), compare_rows, (void *)by);
}
