// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows by depth and victim: calls wait for the interrupt that ran them, and what comes of it
 * is what the simulated machine knows of its queues.
 */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "matchsim.h"
#include "report/agg.h"
#include "report/handlers.h"
#include "tap.h"

enum { TASK = 10, DEPTHS = 64, NO_IRQ = DEPTHS - 1, RUNS = 300 };

static const char *comm(void *ctx, int32_t pid)
{
	(void)ctx;
	return pid == TASK ? "worker" : !pid ? "<idle>" : NULL;
}

static const struct span_names names = { .comm = comm };

static void relay(void *ctx, const struct ipi_span *s)
{
	const struct span_sink *sink = ctx;

	sink->span(sink->ctx, s);
}

/* Hits and calls by how many functions their interrupt ran. */
struct depths {
	uint64_t hits[DEPTHS], calls[DEPTHS];
};

static unsigned int slot_of(uint32_t depth)
{
	return depth == AGG_NO_DEPTH ? NO_IRQ : depth < NO_IRQ ? depth : NO_IRQ - 1;
}

/* How many calls an interrupt ran, by the machine; they are told by the CPU and the time of the entry. */
static uint32_t truth_of(const struct sim *sim, uint32_t target, uint64_t entry_ns)
{
	uint32_t depth = 0;

	if (entry_ns == IPI_NO_TIME)
		return AGG_NO_DEPTH;
	for (unsigned int i = 0; i < sim->nr_calls; i++)
		depth += sim->calls[i].ran && sim->calls[i].target == target && sim->calls[i].entry_ns == entry_ns;
	return depth;
}

static void truth(const struct sim *sim, struct depths *d)
{
	for (unsigned int i = 0; i < sim->nr_hits; i++)
		d->hits[slot_of(truth_of(sim, sim->hits[i].target, sim->hits[i].entry_ns))]++;
	for (unsigned int i = 0; i < sim->nr_calls; i++)
		d->calls[slot_of(truth_of(sim, sim->calls[i].target, sim->calls[i].entry_ns))]++;
}

static void reported(const struct sim *sim, struct depths *d, struct match_totals *totals)
{
	static const enum agg_key by[] = { AGG_KEY_DEPTH };
	struct agg *a = agg_new(by, 1, false, &names);
	struct span_handlers *h = span_handlers_new();
	struct span_sink sink = span_handlers_sink(h, &(struct span_sink){ .span = agg_span, .ctx = a });
	struct matcher *m = matcher_new(&(struct match_config){
		.nr_cpus = sim->config.nr_cpus, .has_csd = true, .has_sends = true, .emit = relay, .ctx = &sink });
	struct err err = { 0 };

	matcher_feed(m, sim->events, sim->nr_events);
	matcher_finish(m);
	sink.end(sink.ctx, &err);
	*totals = *agg_totals(a);
	for (unsigned int i = 0; i < agg_nr_rows(a); i++) {
		const struct agg_row *r = &agg_rows(a)[i];

		d->hits[slot_of(r->depth)] += r->n.target_hits;
		d->calls[slot_of(r->depth)] += r->n.calls;
	}
	matcher_free(m);
	span_handlers_free(h);
	agg_free(a);
}

static void test_depth(const char *what, unsigned int features, uint64_t runs_least)
{
	uint64_t wrong_hits = 0, wrong_calls = 0, unequal = 0, deep = 0, runs = 0;

	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct depths want = { 0 }, got = { 0 };
		struct match_totals t;
		uint64_t hits = 0, calls = 0;
		struct sim sim;

		sim_run(&sim, &(struct sim_config){ .seed = seed, .nr_cpus = 3, .nr_ops = 120, .features = features });
		truth(&sim, &want);
		reported(&sim, &got, &t);
		for (unsigned int d = 0; d < DEPTHS; d++) {
			hits += got.hits[d];
			calls += got.calls[d];
			deep += d > 1 && d < NO_IRQ ? got.calls[d] : 0;
		}
		unequal += hits != t.target_hits || calls != t.calls || hits != sim.nr_hits || calls != sim.nr_calls;
		wrong_calls += memcmp(want.calls, got.calls, sizeof(want.calls)) != 0;
		/* Which of two interrupts a hit caused may have two readings. */
		if (!t.ambiguous && ++runs)
			wrong_hits += memcmp(want.hits, got.hits, sizeof(want.hits)) != 0;
		sim_free(&sim);
	}
	is_u64(unequal, 0, "%s: rows sum to the totals, and those to what was sent and queued", what);
	is_u64(wrong_calls, 0, "  calls by depth are as the machine ran them");
	is_u64(wrong_hits, 0, "  and so are hits");
	ok(runs >= runs_least && deep > RUNS, "  it was tried (%llu runs, %llu calls in company)",
	   (unsigned long long)runs, (unsigned long long)deep);
}

static struct ipi_span span(uint8_t kind, uint64_t irq_id)
{
	return (struct ipi_span){
		.kind = kind,
		.class = IPI_CLASS_CALL_SINGLE,
		.how = IPI_HOW_EXACT,
		.irq_id = irq_id,
		.pid = TASK + 1,
		.target = 1,
		.queue_ns = 1,
		.send_ns = kind == IPI_SPAN_IRQ ? IPI_NO_TIME : 1,
		.sent_ns = 1,
		.entry_ns = 2,
		.run_ns = 3,
		.done_ns = 4,
		.exit_ns = 5,
	};
}

static const struct agg_row *row_of(struct agg *a, const char *victim)
{
	for (unsigned int i = 0; i < agg_nr_rows(a); i++) {
		const char *name = agg_rows(a)[i].victim;

		if (name == victim || (name && victim && !strcmp(name, victim)))
			return &agg_rows(a)[i];
	}
	return NULL;
}

/* An interrupt that hit the task, the idle loop or a softirq; its call is told before it, or behind. */
static void test_victim(void)
{
	static const struct {
		const char *victim;
		int32_t pid;
		uint8_t flags;
		bool call_first;
	} cases[] = {
		{ "worker", TASK, IPI_FLAG_HARDIRQ, true },
		{ "worker", TASK, IPI_FLAG_HARDIRQ, false },
		{ "<idle>", 0, IPI_FLAG_HARDIRQ, true },
		{ "<softirq>", TASK, IPI_FLAG_HARDIRQ | IPI_FLAG_SOFTIRQ, false },
		{ NULL, TASK, IPI_FLAG_HARDIRQ | IPI_FLAG_NMI, true },
	};
	static const enum agg_key by[] = { AGG_KEY_VICTIM };
	struct agg *a = agg_new(by, 1, false, &names);
	struct span_handlers *h = span_handlers_new();
	struct span_sink sink = span_handlers_sink(h, &(struct span_sink){ .span = agg_span, .ctx = a });
	struct ipi_span s;
	struct err err = { 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ipi_span irq = span(IPI_SPAN_IRQ, i + 1), call = span(IPI_SPAN_CALL, i + 1);

		irq.pid = cases[i].pid;
		irq.irq_flags = cases[i].flags;
		irq.nr_calls = 1;
		if (cases[i].call_first)
			sink.span(sink.ctx, &call);
		sink.span(sink.ctx, &irq);
		if (!cases[i].call_first)
			sink.span(sink.ctx, &call);
		s = span(IPI_SPAN_HIT, i + 1);
		s.victim_pid = irq.pid;
		s.irq_flags = irq.irq_flags;
		sink.span(sink.ctx, &s);
		s = span(IPI_SPAN_SEND, 0);
		sink.span(sink.ctx, &s);
	}
	/* Ran in the idle loop; of an interrupt that never comes; and of one of long ago. */
	s = span(IPI_SPAN_CALL, 0);
	sink.span(sink.ctx, &s);
	s = span(IPI_SPAN_CALL, 100000);
	sink.span(sink.ctx, &s);
	s = span(IPI_SPAN_IRQ, 8192 + 1);
	sink.span(sink.ctx, &s);
	s = span(IPI_SPAN_CALL, 1);
	sink.span(sink.ctx, &s);
	is_u64(agg_totals(a)->calls, 7, "a call waits for its interrupt");
	sink.end(sink.ctx, &err);
	is_u64(agg_totals(a)->calls, 8, "  which may never be told of");
	is_u64(agg_nr_rows(a), 4, "rows by victim");
	is_u64(row_of(a, "worker")->n.target_hits, 2, "a task");
	is_u64(row_of(a, "worker")->n.calls, 2, "  and its calls, whichever comes first");
	is_u64(row_of(a, "<idle>")->n.calls, 1, "the idle loop");
	is_u64(row_of(a, "<softirq>")->n.target_hits, 1, "what ran on top of a task is not that task");
	is_u64(row_of(a, NULL)->n.target_hits, 1, "what an NMI hit is not known");
	is_u64(row_of(a, NULL)->n.calls, 4, "  nor what calls hit without an interrupt");
	is_u64(agg_totals(a)->sends, 5, "sends are in the totals");
	ok(row_of(a, "worker")->no_sends && !row_of(a, "worker")->n.sends, "  in no row: those are of interrupts");
	span_handlers_free(h);
	agg_free(a);
}

int main(void)
{
	test_victim();
	test_depth("single calls", SIM_SINGLE | SIM_ASYNC | SIM_LATE_ADD, RUNS / 2);
	test_depth("multicasts, too", SIM_SINGLE | SIM_ASYNC | SIM_MANY | SIM_NEST | SIM_LATE_ADD | SIM_LOCAL,
		   RUNS / 2);
	test_depth("polling, flushes, reschedules",
		   SIM_SINGLE | SIM_ASYNC | SIM_MANY | SIM_POLL | SIM_FLUSH | SIM_RESCHED, 0);
	return done_testing();
}
