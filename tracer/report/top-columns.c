// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/top-columns.c - what an interval's rows have beside those of a report: by its length.
 */
#include <stdint.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/top.h"

static uint64_t length(const struct report_row *row)
{
	const struct trace_info *t = row->trace;

	return t->clock_ns && t->end_ns > t->start_ns ? t->end_ns - t->start_ns : 0;
}

uint64_t top_per_s(uint64_t nr, uint64_t ns)
{
	return ns ? (uint64_t)((double)nr * 1e12 / (double)ns + 0.5) : 0;
}

uint64_t top_percent(uint64_t part_ns, uint64_t ns)
{
	return ns ? (uint64_t)((double)part_ns * 1e5 / (double)ns + 0.5) : 0;
}

static struct value get_rate(const struct column *c, const struct report_row *row)
{
	uint64_t ns = length(row);

	(void)c;
	return (struct value){ .none = !ns || !row->trace->has_send, .num = top_per_s(row->agg->n.target_hits, ns) };
}

static struct value get_stolen(const struct column *c, const struct report_row *row)
{
	uint64_t ns = length(row);

	(void)c;
	return (struct value){ .none = !ns || !row->agg->handler.count, .num = top_percent(row->agg->handler.sum, ns) };
}

const struct column top_columns[] = {
	{ "rate", "HITS/s", NULL, NULL, 0, UNIT_MILLI, "hits a second, in the interval", COLUMN_STAYS, get_rate, 0, 0 },
	{ "stolen", "STOLEN%", NULL, NULL, 0, UNIT_MILLI, "time in the handlers of these hits, percent of one CPU",
	  COLUMN_STAYS, get_stolen, 0, 0 },
};
const unsigned int top_nr_columns = ARRAY_SIZE(top_columns);

const struct column *top_column_find(const char *name)
{
	const struct column *c = column_find_in(top_columns, top_nr_columns, name);

	return c ? c : column_find(name);
}

void top_columns_usual(const struct report *r, const struct column ***list, unsigned int *nr)
{
	static const char *const names[] = { "rate",	  "delivery_p50",   "delivery_p99", "delivery_max",
					     "stolen",	  "coalesced",	    "handler_p50",  "func_p50",
					     "queue_p50", "delivery_max_at" };

	*nr = 0;
	*list = xcalloc(r->nr_by + ARRAY_SIZE(names), sizeof(**list));
	for (unsigned int i = 0; i < r->nr_by; i++)
		(*list)[(*nr)++] = column_of_key(r->by[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		(*list)[(*nr)++] = top_column_find(names[i]);
}
