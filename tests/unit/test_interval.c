// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_interval.c - intervals of a measurement that begins with nothing, or with what came before it was known to be on.
 */
#include "report/interval.h"
#include "tap.h"

#define ON   5000000000ULL
#define EACH 100000000ULL

static const struct match_totals none;

/* The interval up to to_ns, of a whole that begins at start_ns (0: not known) and has so many records by now. */
static struct trace_info until(struct interval *i, uint64_t to_ns, uint64_t start_ns, uint64_t records)
{
	const struct trace_info whole = { .start_ns = start_ns, .end_ns = to_ns, .records = records };
	struct report r = { .trace = &whole };
	struct trace_info t;

	interval_report(i, &r, to_ns);
	t = *r.trace;
	interval_begin(i, &whole, &none, to_ns, false);
	return t;
}

static void is_span(struct trace_info t, uint64_t from_ns, uint64_t to_ns, const char *name)
{
	is_u64(t.start_ns, from_ns, "%s: from", name);
	is_u64(t.end_ns, to_ns, "  to");
}

static struct interval begun(void)
{
	static const struct trace_info nothing;
	struct interval i = { 0 };

	interval_begin(&i, &nothing, &none, ON, true);
	return i;
}

int main(void)
{
	struct interval i = begun();
	struct trace_info t;

	is_span(until(&i, ON + EACH, 0, 0), ON, ON + EACH, "nothing yet, and no start is known");
	is_span(until(&i, ON + 2 * EACH, ON, 0), ON + EACH, ON + 2 * EACH, "the second has nothing, either");
	is_span(until(&i, ON + 3 * EACH, 0, 0), ON + 2 * EACH, ON + 3 * EACH,
		"nor the third, and the start is not known");
	t = until(&i, ON + 4 * EACH, ON - 7, 10);
	is_span(t, ON + 3 * EACH, ON + 4 * EACH, "the first records come in the fourth");
	is_u64(t.records, 10, "  all of them");
	t = until(&i, ON + 5 * EACH, ON - 7, 15);
	is_span(t, ON + 4 * EACH, ON + 5 * EACH, "the fifth");
	is_u64(t.records, 5, "  has what came since");

	i = begun();
	is_span(until(&i, ON + EACH, ON - 7, 3), ON - 7, ON + EACH,
		"the first has what came before it was said to be on");
	is_span(until(&i, ON + 2 * EACH, ON - 7, 3), ON + EACH, ON + 2 * EACH, "the second does not");

	i = begun();
	is_span(until(&i, ON + EACH, ON + 9, 3), ON, ON + EACH, "the first begins when it was on, not with a record");
	return done_testing();
}
