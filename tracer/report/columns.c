// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/columns.c - the table of columns, and what is asked of it.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/taskid.h"
#include "base/text.h"
#include "report/columns.h"
#include "report/report.h"

/* In the order that JSON has them. */
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
	STAT_SUM,
};

static struct value get_key(const struct column *c, const struct report_row *row);
static struct value get_count(const struct column *c, const struct report_row *row);
static struct value get_stat(const struct column *c, const struct report_row *row);

/* clang-format off */
#define KEY(key, name, header, unit, help) \
	{ #name, header, NULL, #name, 0, unit, help, 0, get_key, AGG_KEY_##key, 0 }
#define COUNT(name, header, json_rank, help, shown) \
	{ #name, header, NULL, #name, json_rank, UNIT_COUNT, help, shown, get_count, offsetof(struct agg_counts, name), 0 }
#define STAT(dist, member, name, stat, header, json, unit, help, shown) \
	{ #dist "_" #name, header, #dist "_ns", json, STAT_##stat, unit, help, shown, get_stat, \
	  offsetof(struct agg_row, member), STAT_##stat }

#define FANOUT(name, stat, header, json, unit, help) \
	{ "fanout_" #name, header, "fanout", json, STAT_##stat, unit, help, 0, get_stat, \
	  offsetof(struct agg_row, fanout), STAT_##stat }

const struct column report_columns[] = {
	KEY(CALLER, caller, "CALLER", UNIT_NAME, "first frame of the sender's stack outside the plumbing"),
	KEY(CALLSITE, callsite, "CALLSITE", UNIT_NAME, "call site in the send event"),
	KEY(FUNC, func, "FUNCTION", UNIT_NAME, "function run on the target"),
	KEY(CLASS, class, "CLASS", UNIT_NAME, "class of the interrupt"),
	KEY(SOURCE, source, "SOURCE", UNIT_ID, "sending CPU"),
	KEY(TARGET, target, "TARGET", UNIT_ID, "target CPU"),
	KEY(COMM, comm, "COMM", UNIT_NAME, "name of the sending task"),
	KEY(PID, pid, "PID", UNIT_ID, "number of the sending task"),
	KEY(PROCESS, process, "PROCESS", UNIT_NAME, "process of the sending task: name[number]"),
	KEY(STACK, stack, "STACK", UNIT_STACK, "kernel stack of the sender, and its user stack where recorded"),
	KEY(UFUNC, ufunc, "USER-FUNC", UNIT_NAME, "user function that caused the send, outside the C library"),
	KEY(CONTEXT, context, "CONTEXT", UNIT_NAME, "who was at work at the send: task, idle, softirq, hardirq, nmi"),
	KEY(CGROUP, cgroup, "CGROUP", UNIT_NAME, "control group of the sending task, when it sent"),
	KEY(VICTIM, victim, "VICTIM", UNIT_NAME, "what the interrupt hit: name of a task, <idle>, <softirq>"),
	KEY(DEPTH, depth, "DEPTH", UNIT_ID, "functions that the interrupt ran: how many calls were pending"),
	KEY(WAKEE, wakee, "WAKEE", UNIT_NAME, "task that a reschedule or queued wake-up wakes (record --with sched)"),
	KEY(WAKER, waker, "WAKER", UNIT_NAME, "who wakes it: name of a task, <softirq>, <hardirq>"),
	KEY(IDLE, idle, "IDLE", UNIT_NAME, "idle state of the target at the send: awake, state0, ... (record --with idle)"),
	KEY(SLOWEST, slowest, "SLOWEST", UNIT_ID, "CPU that the sender of a multicast waited for longest"),

	COUNT(sends, "SENDS", 0, "send events", 9),
	COUNT(target_hits, "HITS", 0, "targets of all sends", COLUMN_STAYS),
	COUNT(delivered, "DELIV", 0, "hits that caused an interrupt", 10),
	COUNT(coalesced, "COAL", 0, "hits whose interrupt was already requested", 8),
	COUNT(in_flight, "FLIGHT", 0, "hits still under way at the end", 0),
	COUNT(lost, "LOST", 0, "hits whose fate lost events hide", 0),
	COUNT(exact, "EXACT", 0, "deliveries matched by csd pointer", 0),
	COUNT(fifo, "FIFO", 0, "deliveries matched by order", 0),
	COUNT(ambiguous, "AMBIG", 0, "deliveries with two readings, not in any latency", 0),
	COUNT(elided, "ELIDED", 1, "calls and wake-ups that needed no interrupt", 7),
	COUNT(calls, "CALLS", 0, "calls queued", 11),
	COUNT(calls_run, "RUN", 0, "calls that ran", 0),
	COUNT(calls_in_flight, "C-FLIGHT", 0, "calls still queued at the end", 0),
	COUNT(calls_lost, "C-LOST", 0, "calls whose fate lost events hide", 0),
	COUNT(waits_unknown, "W-UNKN", 0, "calls and multicasts of which it is not known how long the sender waited", 0),

	STAT(delivery, delivery, p50, P50, "P50", "p50", UNIT_NS, "send to handler entry, median", COLUMN_STAYS),
	STAT(delivery, delivery, p90, P90, "P90", "p90", UNIT_NS, "send to handler entry, 90th percentile", 5),
	STAT(delivery, delivery, p99, P99, "P99", "p99", UNIT_NS, "send to handler entry, 99th percentile", COLUMN_STAYS),
	STAT(delivery, delivery, p999, P999, "P999", "p999", UNIT_NS, "send to handler entry, 99.9th percentile", 0),
	STAT(delivery, delivery, min, MIN, "MIN", "min", UNIT_NS, "send to handler entry, minimum", 0),
	STAT(delivery, delivery, mean, MEAN, "MEAN", "mean", UNIT_NS, "send to handler entry, mean", 0),
	STAT(delivery, delivery, max, MAX, "MAX", "max", UNIT_NS, "send to handler entry, maximum", COLUMN_STAYS),
	STAT(delivery, delivery, max_at, MAX_AT, "MAX-AT", "max_at_ns", UNIT_WHEN, "when that maximum began (trace clock)", 2),
	STAT(delivery, delivery, max_cpu, MAX_CPU, "MAX-CPU", "max_cpu", UNIT_ID, "target CPU of that maximum", 0),
	STAT(delivery, delivery, sum, SUM, "SUM", "sum", UNIT_NS, "send to handler entry, sum", 0),
	STAT(delivery, delivery, count, COUNT, "N", "count", UNIT_COUNT, "send to handler entry, samples", 0),

	STAT(queue, queue, p50, P50, "QUEUE-50", "p50", UNIT_NS, "call queued to function entry, median", 4),
	STAT(queue, queue, p90, P90, "QUEUE-90", "p90", UNIT_NS, "call queued to function entry, 90th percentile", 0),
	STAT(queue, queue, p99, P99, "QUEUE-99", "p99", UNIT_NS, "call queued to function entry, 99th percentile", 0),
	STAT(queue, queue, p999, P999, "QUEUE-999", "p999", UNIT_NS, "call queued to function entry, 99.9th percentile", 0),
	STAT(queue, queue, min, MIN, "QUEUE-MIN", "min", UNIT_NS, "call queued to function entry, minimum", 0),
	STAT(queue, queue, mean, MEAN, "QUEUE-MEAN", "mean", UNIT_NS, "call queued to function entry, mean", 0),
	STAT(queue, queue, max, MAX, "QUEUE-MAX", "max", UNIT_NS, "call queued to function entry, maximum", 0),
	STAT(queue, queue, max_at, MAX_AT, "QUEUE-MAX-AT", "max_at_ns", UNIT_WHEN, "when that maximum began (trace clock)", 0),
	STAT(queue, queue, max_cpu, MAX_CPU, "QUEUE-MAX-CPU", "max_cpu", UNIT_ID, "target CPU of that maximum", 0),
	STAT(queue, queue, sum, SUM, "QUEUE-SUM", "sum", UNIT_NS, "call queued to function entry, sum", 0),
	STAT(queue, queue, count, COUNT, "QUEUE-N", "count", UNIT_COUNT, "call queued to function entry, samples", 0),

	STAT(func, func_time, p50, P50, "FUNC-50", "p50", UNIT_NS, "function entry to exit, median", 3),
	STAT(func, func_time, p90, P90, "FUNC-90", "p90", UNIT_NS, "function entry to exit, 90th percentile", 0),
	STAT(func, func_time, p99, P99, "FUNC-99", "p99", UNIT_NS, "function entry to exit, 99th percentile", 0),
	STAT(func, func_time, p999, P999, "FUNC-999", "p999", UNIT_NS, "function entry to exit, 99.9th percentile", 0),
	STAT(func, func_time, min, MIN, "FUNC-MIN", "min", UNIT_NS, "function entry to exit, minimum", 0),
	STAT(func, func_time, mean, MEAN, "FUNC-MEAN", "mean", UNIT_NS, "function entry to exit, mean", 0),
	STAT(func, func_time, max, MAX, "FUNC-MAX", "max", UNIT_NS, "function entry to exit, maximum", 0),
	STAT(func, func_time, max_at, MAX_AT, "FUNC-MAX-AT", "max_at_ns", UNIT_WHEN, "when that maximum began (trace clock)", 0),
	STAT(func, func_time, max_cpu, MAX_CPU, "FUNC-MAX-CPU", "max_cpu", UNIT_ID, "target CPU of that maximum", 0),
	STAT(func, func_time, sum, SUM, "FUNC-SUM", "sum", UNIT_NS, "function entry to exit, sum", 0),
	STAT(func, func_time, count, COUNT, "FUNC-N", "count", UNIT_COUNT, "function entry to exit, samples", 0),

	STAT(handler, handler, p50, P50, "HANDLER-50", "p50", UNIT_NS, "handler entry to exit, median", 6),
	STAT(handler, handler, p90, P90, "HANDLER-90", "p90", UNIT_NS, "handler entry to exit, 90th percentile", 0),
	STAT(handler, handler, p99, P99, "HANDLER-99", "p99", UNIT_NS, "handler entry to exit, 99th percentile", 0),
	STAT(handler, handler, p999, P999, "HANDLER-999", "p999", UNIT_NS, "handler entry to exit, 99.9th percentile", 0),
	STAT(handler, handler, min, MIN, "HANDLER-MIN", "min", UNIT_NS, "handler entry to exit, minimum", 0),
	STAT(handler, handler, mean, MEAN, "HANDLER-MEAN", "mean", UNIT_NS, "handler entry to exit, mean", 0),
	STAT(handler, handler, max, MAX, "HANDLER-MAX", "max", UNIT_NS, "handler entry to exit, maximum", 0),
	STAT(handler, handler, max_at, MAX_AT, "HANDLER-MAX-AT", "max_at_ns", UNIT_WHEN, "when that maximum began (trace clock)", 0),
	STAT(handler, handler, max_cpu, MAX_CPU, "HANDLER-MAX-CPU", "max_cpu", UNIT_ID, "target CPU of that maximum", 0),
	STAT(handler, handler, sum, SUM, "HANDLER-SUM", "sum", UNIT_NS, "handler entry to exit, sum", 1),
	STAT(handler, handler, count, COUNT, "HANDLER-N", "count", UNIT_COUNT, "handler entry to exit, samples", 0),

	STAT(wait, wait, p50, P50, "WAIT-50", "p50", UNIT_NS, "send to the last function exit, by senders that waited, median", 0),
	STAT(wait, wait, p90, P90, "WAIT-90", "p90", UNIT_NS, "send to the last function exit, by senders that waited, 90th percentile", 0),
	STAT(wait, wait, p99, P99, "WAIT-99", "p99", UNIT_NS, "send to the last function exit, by senders that waited, 99th percentile", 1),
	STAT(wait, wait, p999, P999, "WAIT-999", "p999", UNIT_NS, "send to the last function exit, by senders that waited, 99.9th percentile", 0),
	STAT(wait, wait, min, MIN, "WAIT-MIN", "min", UNIT_NS, "send to the last function exit, by senders that waited, minimum", 0),
	STAT(wait, wait, mean, MEAN, "WAIT-MEAN", "mean", UNIT_NS, "send to the last function exit, by senders that waited, mean", 0),
	STAT(wait, wait, max, MAX, "WAIT-MAX", "max", UNIT_NS, "send to the last function exit, by senders that waited, maximum", 0),
	STAT(wait, wait, max_at, MAX_AT, "WAIT-MAX-AT", "max_at_ns", UNIT_WHEN, "when that maximum began (trace clock)", 0),
	STAT(wait, wait, max_cpu, MAX_CPU, "WAIT-MAX-CPU", "max_cpu", UNIT_ID, "slowest target of that maximum", 0),
	STAT(wait, wait, sum, SUM, "WAIT-SUM", "sum", UNIT_NS, "send to the last function exit, by senders that waited, sum", 1),
	STAT(wait, wait, count, COUNT, "WAIT-N", "count", UNIT_COUNT, "send to the last function exit, by senders that waited, samples", 0),

	FANOUT(p50, P50, "FAN-50", "p50", UNIT_COUNT, "targets of a multicast, riders included, median"),
	FANOUT(p90, P90, "FAN-90", "p90", UNIT_COUNT, "targets of a multicast, 90th percentile"),
	FANOUT(p99, P99, "FAN-99", "p99", UNIT_COUNT, "targets of a multicast, 99th percentile"),
	FANOUT(p999, P999, "FAN-999", "p999", UNIT_COUNT, "targets of a multicast, 99.9th percentile"),
	FANOUT(min, MIN, "FAN-MIN", "min", UNIT_COUNT, "targets of a multicast, minimum"),
	FANOUT(mean, MEAN, "FAN-MEAN", "mean", UNIT_COUNT, "targets of a multicast, mean"),
	FANOUT(max, MAX, "FAN-MAX", "max", UNIT_COUNT, "targets of a multicast, maximum"),
	FANOUT(max_at, MAX_AT, "FAN-MAX-AT", "max_at_ns", UNIT_WHEN, "when that maximum began (trace clock)"),
	FANOUT(max_cpu, MAX_CPU, "FAN-MAX-CPU", "max_cpu", UNIT_ID, "slowest target of that maximum"),
	FANOUT(sum, SUM, "FAN-SUM", "sum", UNIT_COUNT, "targets of all multicasts"),
	FANOUT(count, COUNT, "FAN-N", "count", UNIT_COUNT, "multicasts"),
};
/* clang-format on */
const unsigned int report_nr_columns = ARRAY_SIZE(report_columns);

/* What does not make another name of one: "MAX-AT" and "max_at", "delivery_ns.p99" and "delivery_ns_p99". */
static char plain(char c)
{
	return c == '-' || c == '.' ? '_' : (char)tolower((unsigned char)c);
}

static bool same_name(const char *name, const char *a, const char *b)
{
	for (; *a; a++, name++)
		if (plain(*name) != plain(*a))
			return false;
	for (; *b; b++, name++)
		if (plain(*name) != plain(*b))
			return false;
	return !*name;
}

/* By which a column is also known, once no column has that id: its heading, and the names in CSV and JSON. */
static bool also_named(const struct column *c, const char *name)
{
	if (same_name(name, c->header, "") || same_name(name, c->id, "_ns"))
		return true;
	if (!c->object)
		return c->json && same_name(name, c->json, "");
	if (strlen(name) > strlen(c->object) && plain(name[strlen(c->object)]) == '_' &&
	    !strncasecmp(name, c->object, strlen(c->object)) && same_name(name + strlen(c->object) + 1, c->json, ""))
		return true;
	/* "handler" is its median. */
	return c->stat == STAT_P50 && !strncasecmp(name, c->id, strlen(name)) && !strcmp(c->id + strlen(name), "_p50");
}

const struct column *column_find_in(const struct column *table, unsigned int nr, const char *name)
{
	/* What has no heading, or no name in JSON, is not what is asked for by none. */
	if (!*name)
		return NULL;
	for (unsigned int i = 0; i < nr; i++)
		if (same_name(name, table[i].id, ""))
			return &table[i];
	for (unsigned int i = 0; i < nr; i++)
		if (also_named(&table[i], name))
			return &table[i];
	return NULL;
}

const struct column *column_find(const char *name)
{
	return column_find_in(report_columns, report_nr_columns, name);
}

int column_unknown(const char *name, struct err *err)
{
	struct suggestion near = suggestion_for(name, strlen(name));

	for (unsigned int i = 0; i < report_nr_columns; i++)
		suggestion_offer(&near, report_columns[i].id);
	for (unsigned int i = 0; i < report_nr_columns; i++)
		suggestion_offer(&near, report_columns[i].header);
	err_set(err, EXIT_USAGE, "'%s': unknown column", name);
	if (near.word && *name)
		return err_hint(err, "did you mean %s? --help columns lists them", near.word);
	return err_hint(err, "--help columns lists them");
}

static bool is_times(const struct column *c)
{
	return c->object && c->offset != offsetof(struct agg_row, fanout);
}

const struct column *column_find_dist(const char *name)
{
	size_t len = strlen(name);
	const struct column *c;

	for (c = report_columns; c < report_columns + report_nr_columns; c++)
		if (is_times(c) && !strncasecmp(c->id, name, len) && c->id[len] == '_')
			return c;
	c = column_find(name);
	return c && is_times(c) ? c : NULL;
}

static struct value text_value(const char *text)
{
	return (struct value){ .none = !text, .text = text };
}

static struct value get_key(const struct column *c, const struct report_row *row)
{
	const struct agg_row *a = row->agg;
	struct value id = { .none = a->mixed >> c->offset & 1 };

	switch ((enum agg_key)c->offset) {
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
	case AGG_KEY_PROCESS:
		return text_value(row->process);
	case AGG_KEY_STACK:
		return text_value(row->stack);
	case AGG_KEY_UFUNC:
		return text_value(row->ufunc);
	case AGG_KEY_CONTEXT:
		return text_value(id.none ? NULL : ipi_context_name(a->context));
	case AGG_KEY_CGROUP:
		return text_value(row->cgroup);
	case AGG_KEY_VICTIM:
		return text_value(row->victim);
	case AGG_KEY_WAKEE:
		return text_value(row->wakee);
	case AGG_KEY_WAKER:
		return text_value(row->waker);
	case AGG_KEY_IDLE:
		return text_value(row->idle[0] ? row->idle : NULL);
	case AGG_KEY_DEPTH:
		id.none |= a->depth == AGG_NO_DEPTH || (!a->merged && !row->trace->has_csd);
		id.num = a->depth;
		break;
	case AGG_KEY_SLOWEST:
		id.none |= !a->multicasts;
		id.num = a->slowest;
		break;
	case AGG_KEY_SOURCE:
		id.num = a->source;
		break;
	case AGG_KEY_TARGET:
		id.num = a->target;
		break;
	case AGG_KEY_PID:
		id.none |= a->pid < 0;
		id.num = (uint32_t)task_number(a->pid);
		break;
	case AGG_NR_KEYS:
		break;
	}
	return id;
}

/* There are no hits, or no event would tell that they arrived. */
static bool fate_unknown(const struct report_row *row)
{
	return !row->trace->has_send || row->trace->arrivals_unknown ||
	       (row->agg->undelivered_classes & row->trace->unheard_classes);
}

/* What became of a hit is seen by the interrupt, of a call by its function; what elided it by the send that is not there. */
static bool count_unknown(const struct report_row *row, size_t offset)
{
	const struct trace_info *t = row->trace;

	if (row->agg->merged)
		return row->agg->unknown & AGG_COUNT_BIT(offset);
	if (!t)
		return false;
	/* Of a multicast's calls only the slowest are in such a row. */
	if (row->agg->multicasts && offset < offsetof(struct agg_counts, calls))
		return true;
	switch (offset) {
	case offsetof(struct agg_counts, sends):
		return row->agg->no_sends || !t->has_send;
	case offsetof(struct agg_counts, target_hits):
		/* Of rows by what interrupts hit or ran: where no interrupt is known to be of an IPI. */
		return !t->has_send || (t->arrivals_unknown && row->agg->no_sends && !row->agg->n.target_hits &&
					(row->agg->victim || row->agg->depth != AGG_NO_DEPTH));
	case offsetof(struct agg_counts, delivered):
	case offsetof(struct agg_counts, coalesced):
	case offsetof(struct agg_counts, in_flight):
	case offsetof(struct agg_counts, lost):
	case offsetof(struct agg_counts, exact):
	case offsetof(struct agg_counts, fifo):
	case offsetof(struct agg_counts, ambiguous):
		return fate_unknown(row);
	case offsetof(struct agg_counts, calls):
		return t->calls_unknown;
	case offsetof(struct agg_counts, calls_run):
	case offsetof(struct agg_counts, calls_in_flight):
	case offsetof(struct agg_counts, calls_lost):
		return t->runs_unknown;
	case offsetof(struct agg_counts, waits_unknown):
		return t->runs_unknown || !t->has_send;
	case offsetof(struct agg_counts, elided):
		return t->elided_unknown;
	}
	return false;
}

static struct value get_count(const struct column *c, const struct report_row *row)
{
	if (count_unknown(row, c->offset))
		return (struct value){ .none = true };
	return (struct value){ .num = *(const uint64_t *)((const char *)&row->agg->n + c->offset) };
}

const struct hist *column_hist(const struct column *c, const struct report_row *row)
{
	return (const struct hist *)((const char *)row->agg + c->offset);
}

static uint64_t stat_of(const struct hist *h, enum stat stat)
{
	switch (stat) {
	case STAT_COUNT:
		return h->count;
	case STAT_MIN:
		return h->min;
	case STAT_MEAN:
		return h->sum / h->count;
	case STAT_P50:
		return hist_percentile(h, 0.5);
	case STAT_P90:
		return hist_percentile(h, 0.9);
	case STAT_P99:
		return hist_percentile(h, 0.99);
	case STAT_P999:
		return hist_percentile(h, 0.999);
	case STAT_MAX:
		return h->max;
	case STAT_MAX_AT:
		return h->max_at_ns;
	case STAT_MAX_CPU:
		return h->max_cpu;
	case STAT_SUM:
		return h->sum;
	}
	return 0;
}

/* The number of samples always exists, even if it is 0. */
static struct value get_stat(const struct column *c, const struct report_row *row)
{
	const struct hist *h = column_hist(c, row);

	if (!h->count && c->stat != STAT_COUNT)
		return (struct value){ .none = true };
	return (struct value){ .num = stat_of(h, (enum stat)c->stat) };
}

struct value column_value(const struct column *c, const struct report_row *row)
{
	return c->get(c, row);
}

bool column_is_key(const struct column *c)
{
	return c->get == get_key;
}

uint64_t column_samples(const struct column *c, const struct report_row *row)
{
	return column_hist(c, row)->count;
}

const char *column_unit_name(enum column_unit unit)
{
	static const char *const names[] = {
		[UNIT_NAME] = "name", [UNIT_STACK] = "names", [UNIT_COUNT] = "count",  [UNIT_ID] = "number",
		[UNIT_NS] = "ns",     [UNIT_WHEN] = "ns",     [UNIT_MILLI] = "1/1000",
	};

	return names[unit];
}

static void append(const struct column ***list, unsigned int *nr, const struct column *c)
{
	*list = xrealloc(*list, (*nr + 1) * sizeof(**list));
	(*list)[(*nr)++] = c;
}

int columns_parse_in(const struct column *more, unsigned int nr_more, const char *text, const struct column ***list,
		     unsigned int *nr, struct err *err)
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
		c = len < sizeof(name) ? column_find_in(more, nr_more, name) : NULL;
		if (!c && len < sizeof(name))
			c = column_find(name);
		if (!c)
			return column_unknown(name, err);
		append(list, nr, c);
		if (!p[len])
			return 0;
	}
}

int columns_parse(const char *text, const struct column ***list, unsigned int *nr, struct err *err)
{
	return columns_parse_in(NULL, 0, text, list, nr, err);
}

const struct column *column_of_key(enum agg_key key)
{
	const struct column *c = report_columns;

	while (!column_is_key(c) || c->offset != key)
		c++;
	return c;
}

/* Of rows by the slowest target: how often it was that, and what came of it. */
static void columns_of_slowest(const struct column ***list, unsigned int *nr)
{
	static const char *const names[] = { "calls",	 "wait_p50", "wait_p90",   "wait_p99",
					     "wait_max", "wait_sum", "fanout_p50", "queue_p50" };

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		append(list, nr, column_find(names[i]));
}

void columns_usual(const struct report *r, const struct column ***list, unsigned int *nr)
{
	bool class = false, slowest = false;

	for (unsigned int i = 0; i < r->nr_by; i++) {
		append(list, nr, column_of_key(r->by[i]));
		class |= r->by[i] == AGG_KEY_CLASS;
		slowest |= r->by[i] == AGG_KEY_SLOWEST;
	}
	if (slowest)
		return columns_of_slowest(list, nr);
	if (!class)
		append(list, nr, column_of_key(AGG_KEY_CLASS));
	for (unsigned int i = 0; i < report_nr_columns; i++)
		/* Clocks of several recordings have nothing in common. */
		if (report_columns[i].shown && (!r->nr_sources || report_columns[i].unit != UNIT_WHEN))
			append(list, nr, &report_columns[i]);
}

void columns_name_rows(const struct report *r, const struct column ***list, unsigned int *nr)
{
	const struct column **all = NULL;
	unsigned int nr_all = 0;

	for (unsigned int i = 0; i < *nr; i++)
		if (column_is_key((*list)[i]))
			return;
	for (unsigned int i = 0; i < r->nr_by; i++)
		append(&all, &nr_all, column_of_key(r->by[i]));
	for (unsigned int i = 0; i < *nr; i++)
		append(&all, &nr_all, (*list)[i]);
	free(*list);
	*list = all;
	*nr = nr_all;
}

/* Where an object's columns begin in the table; those without an object come first. */
static const struct column *object_begin(const struct column *c)
{
	const struct column *first = report_columns;

	if (!c->object)
		return NULL;
	while (!first->object || strcmp(first->object, c->object))
		first++;
	return first;
}

static int compare_json(const void *x, const void *y)
{
	const struct column *a = *(const struct column *const *)x, *b = *(const struct column *const *)y;
	const struct column *p = object_begin(a), *q = object_begin(b);

	if (p != q)
		return (p > q) - (p < q);
	if (a->json_rank != b->json_rank)
		return a->json_rank < b->json_rank ? -1 : 1;
	return (a > b) - (a < b);
}

const struct column **columns_json(void)
{
	const struct column **list = NULL;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < report_nr_columns; i++)
		append(&list, &nr, &report_columns[i]);
	qsort(list, nr, sizeof(*list), compare_json);
	return list;
}

/* --- keys --- */

const char *report_key_name(enum agg_key key)
{
	return column_of_key(key)->id;
}

static int unknown_key(const char *key, int len, struct err *err)
{
	char known[200] = "";
	size_t at = 0;

	for (unsigned int k = 0; k < AGG_NR_KEYS && at < sizeof(known); k++)
		at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s", k ? ", " : "", report_key_name(k));
	err_set(err, EXIT_USAGE, "'%.*s': unknown key", len, key);
	return err_hint(err, "keys: %s", known);
}

static bool has_key(const enum agg_key *by, unsigned int nr, enum agg_key key)
{
	for (unsigned int i = 0; i < nr; i++)
		if (by[i] == key)
			return true;
	return false;
}

int report_parse_by(const char *list, enum agg_key *by, unsigned int *nr_by, struct err *err)
{
	unsigned int room = *nr_by, nr = 0, key;
	const struct column *c;
	char name[32];
	size_t len;

	for (const char *p = list;; p += len + 1) {
		len = strcspn(p, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		c = len < sizeof(name) ? column_find(name) : NULL;
		if (!c || !column_is_key(c))
			return unknown_key(p, (int)len, err);
		key = (unsigned int)c->offset;
		if (has_key(by, nr, key)) {
			err_set(err, EXIT_USAGE, "'%s': key given twice", report_key_name(key));
			return err_hint(err, "leave one of them out");
		}
		if (nr == room) {
			err_set(err, EXIT_USAGE, "'%s': too many keys", list);
			return err_hint(err, "leave some out");
		}
		by[nr++] = key;
		if (!p[len])
			break;
	}
	/* A slowest target alone says little: what was it doing? */
	if (has_key(by, nr, AGG_KEY_SLOWEST) && !has_key(by, nr, AGG_KEY_VICTIM) && nr < room)
		by[nr++] = AGG_KEY_VICTIM;
	*nr_by = nr;
	return 0;
}

/* --- sorting --- */

static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return !a - !b; /* those without a name come last */
	return strcmp(a, b);
}

/* Numbers: largest first; names: alphabetical; what does not exist: last. */
static int compare_values(enum column_unit unit, struct value a, struct value b)
{
	if (a.none || b.none)
		return a.none - b.none;
	if (unit == UNIT_NAME || unit == UNIT_STACK)
		return strcmp(a.text, b.text);
	if (unit == UNIT_ID)
		return (a.num > b.num) - (a.num < b.num);
	return (a.num < b.num) - (a.num > b.num);
}

static int compare_rows(const void *x, const void *y, void *column)
{
	const struct report_row *a = x, *b = y;
	const struct column *c = column;
	int d = compare_values(c->unit, column_value(c, a), column_value(c, b));

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
