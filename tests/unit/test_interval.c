// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_interval.c - intervals of a measurement that begins with nothing, or with what came before it was known to be on;
 * and what their line of text says of what is not known.
 */
#include <stdio.h>
#include <stdlib.h>

#include "render/render.h"
#include "report/interval.h"
#include "tap.h"

#define ON   5000000000ULL
#define EACH 100000000ULL

static const struct match_totals none;

/* The interval up to to_ns, of a whole that begins at start_ns (0: not known) and has so many records by now. */
static struct trace_info until(struct interval *i, uint64_t to_ns, uint64_t start_ns, uint64_t records)
{
	const struct trace_info whole = { .start_ns = start_ns,
					  .end_ns = to_ns,
					  .records = records,
					  .other_events = 2 * records,
					  .stacks_dropped = 3 * records };
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

static void is_line(const struct trace_info *t, uint64_t interrupts, const char *want, const char *name)
{
	const struct render_options o = { .brief = true, .line = true };
	const struct agg_row own = { .target = 0 };
	const struct report r = { .trace = t,
				  .own = &own,
				  .interval = true,
				  .totals = { .sends = 2, .target_hits = 3, .interrupts = interrupts } };
	struct err err = { 0 };
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ok(!render_report(&render_text, &r, &o, out, &err), "%s", name);
	fclose(out);
	is_str(text, want, "  as it is");
	free(text);
}

static void test_line(void)
{
	struct trace_info t = { .start_ns = ON, .end_ns = ON + EACH, .clock_ns = true, .has_send = true };

	is_line(&t, 3, "5.100000, 100ms: 2 sends, 3 hits, 3 interrupts, 0 lost events\n\n", "all is known");
	t.arrivals_unknown = true;
	is_line(&t, 0, "5.100000, 100ms: 2 sends, 3 hits, interrupts not known, 0 lost events\n\n", "not what arrived");
	is_line(&t, 7, "5.100000, 100ms: 2 sends, 3 hits, 7 interrupts, 0 lost events\n\n",
		"  but interrupts, of whatever sends");
	t.arrivals_unknown = t.has_send = false;
	is_line(&t, 3, "5.100000, 100ms: sends not recorded, 3 interrupts, 0 lost events\n\n", "not who sent");
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
	is_u64(t.other_events, 10, "  of other kinds, too");
	is_u64(t.stacks_dropped, 15, "  and stacks that were too many");

	i = begun();
	is_span(until(&i, ON + EACH, ON - 7, 3), ON - 7, ON + EACH,
		"the first has what came before it was said to be on");
	is_span(until(&i, ON + 2 * EACH, ON - 7, 3), ON + EACH, ON + 2 * EACH, "the second does not");

	i = begun();
	is_span(until(&i, ON + EACH, ON + 9, 3), ON, ON + EACH, "the first begins when it was on, not with a record");
	test_line();
	return done_testing();
}
