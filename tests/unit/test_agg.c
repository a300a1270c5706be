// SPDX-License-Identifier: GPL-2.0-only
/* Aggregation: hand-made spans in, rows, latencies, filters and totals out. */
#include <stdlib.h>

#include "base/cpuset.h"
#include "base/mem.h"
#include "report/agg.h"
#include "report/filter.h"
#include "tap.h"

enum { SITE = 0x1000, OTHER = 0x1100, USER = 0x2000, USER2 = 0x2100, FUNC = 0x3000, OWN_FUNC = 0x3100 };
enum { OWN_PID = 99, TASK = 10, TASK2 = 11, TWIN = 12 }; /* TASK and TWIN have one name */

static unsigned int nr_asked; /* of symbols, stacks, names: not per span */

/* Stack 1 and 2 lead to USER, 3 to USER2, 4 holds nothing but plumbing. */
static uint64_t stack_caller(void *ctx, uint32_t stack)
{
	(void)ctx;
	nr_asked++;
	return stack == 4 ? 0 : stack == 3 ? USER2 : USER;
}

static const char *symbol(void *ctx, uint64_t addr)
{
	(void)ctx;
	nr_asked++;
	switch (addr) {
	case SITE:
		return "plumbing";
	case OTHER:
		return "other_site";
	case USER:
		return "zap_page_range";
	case USER2:
		return "madvise";
	case FUNC:
		return "flush_tlb_func";
	default:
		return NULL;
	}
}

static const char *comm(void *ctx, int32_t pid)
{
	(void)ctx;
	nr_asked++;
	return pid == TASK || pid == TWIN ? "worker" : pid == TASK2 ? "other" : NULL;
}

static bool own_pid(void *ctx, int32_t pid)
{
	(void)ctx;
	return pid == OWN_PID;
}

static bool own_func(void *ctx, uint64_t func)
{
	(void)ctx;
	return func == OWN_FUNC;
}

static const struct span_names names = {
	.stack_caller = stack_caller,
	.symbol = symbol,
	.comm = comm,
	.own_pid = own_pid,
	.own_func = own_func,
};
static const enum agg_key by_caller[] = { AGG_KEY_CALLER, AGG_KEY_FUNC };

/* An aggregation behind its filters; a few at a time. */
static struct bed {
	struct agg *agg;
	struct span_filter *filter;
	struct span_sink sink;
} beds[4];

static struct bed *bed_of(const struct agg *a)
{
	struct bed *b = beds;

	while (b->agg != a)
		b++;
	return b;
}

static struct agg *make2(const enum agg_key *by, unsigned int nr, const struct ipi_filter *const *filters,
			 unsigned int nr_filters)
{
	struct bed *b = bed_of(NULL);

	b->filter = span_filter_new(filters, nr_filters, &names);
	b->agg = agg_new(by, nr, span_filter_by_sender(b->filter), &names);
	b->sink = span_filter_sink(b->filter, &(struct span_sink){ .span = agg_span, .ctx = b->agg });
	return b->agg;
}

static struct agg *make(const enum agg_key *by, unsigned int nr, const struct ipi_filter *f)
{
	return make2(by, nr, &f, f ? 1 : 0);
}

static void unmake(struct agg *a)
{
	struct bed *b = bed_of(a);

	agg_free(b->agg);
	span_filter_free(b->filter);
	*b = (struct bed){ 0 };
}

static void feed(struct agg *a, const struct ipi_span *s)
{
	const struct span_sink *sink = &bed_of(a)->sink;

	sink->span(sink->ctx, s);
}

static struct ipi_span base(uint8_t kind)
{
	return (struct ipi_span){
		.kind = kind,
		.class = IPI_CLASS_CALL_SINGLE,
		.how = IPI_HOW_EXACT,
		.source = 0,
		.target = 1,
		.pid = TASK,
		.nr_targets = 1,
		.stack = 1,
		.callsite = SITE,
		.func = FUNC,
		.csd = 0xc5d,
		.queue_ns = 1000,
		.send_ns = 1100,
		.sent_ns = kind == IPI_SPAN_CALL ? 1000 : 1100,
		.entry_ns = 3100,
		.run_ns = 3300,
		.done_ns = 3700,
		.exit_ns = 4100,
	};
}

/* One whole IPI: its send, call, hit and interrupt. */
static void ipi(struct agg *a, const struct ipi_span *like)
{
	struct ipi_span s = *like;

	s.kind = IPI_SPAN_SEND;
	feed(a, &s);
	s.kind = IPI_SPAN_CALL;
	s.sent_ns = s.queue_ns;
	feed(a, &s);
	s.kind = IPI_SPAN_HIT;
	s.sent_ns = s.send_ns;
	feed(a, &s);
	s.kind = IPI_SPAN_IRQ;
	s.nr_calls = 1;
	feed(a, &s);
}

static bool conserved(const struct agg *a)
{
	return matcher_conserves(agg_totals(a));
}

static void test_one(void)
{
	struct agg *a = make(by_caller, 2, NULL);
	struct ipi_span s = base(0);
	struct agg_row *r;

	ipi(a, &s);
	if (!is_u64(agg_nr_rows(a), 1, "one IPI: one row"))
		exit(1);
	r = agg_rows(a);
	is_u64(r->caller, USER, "caller: of the stack");
	is_u64(r->callsite, SITE, "call site");
	is_u64(r->func, FUNC, "function");
	is_u64(r->n.sends, 1, "sends");
	is_u64(r->n.target_hits, 1, "target hits");
	is_u64(r->n.delivered, 1, "delivered");
	is_u64(r->n.exact, 1, "exact");
	is_u64(r->n.calls, 1, "calls");
	is_u64(r->n.calls_run, 1, "calls run");
	is_u64(r->delivery.max, 2000, "delivery: send to entry");
	is_u64(r->delivery.max_at_ns, 1100, "  from the send on");
	is_u64(r->delivery.max_cpu, 1, "  on the target");
	is_u64(r->queue.max, 2300, "queue: queue to function");
	is_u64(r->func_time.max, 400, "function time");
	is_u64(r->handler.max, 1000, "handler time");
	is_u64(r->mixed, 0, "nothing mixed");
	is_u64(agg_totals(a)->interrupts_by_class[IPI_CLASS_CALL_SINGLE], 1, "interrupt by class");
	ok(conserved(a), "conserved");
	unmake(a);
}

/* What may not enter a latency, and what counts as what. */
static void test_outcomes(void)
{
	struct agg *a = make(by_caller, 2, NULL);
	struct ipi_span s = base(IPI_SPAN_HIT);
	const struct match_totals *t = agg_totals(a);
	struct agg_row *r;

	s.how = IPI_HOW_AMBIGUOUS;
	feed(a, &s);
	s.how = IPI_HOW_FIFO;
	s.negative = true;
	feed(a, &s);
	s.negative = false;
	s.outcome = IPI_COALESCED;
	feed(a, &s);
	s.outcome = IPI_IN_FLIGHT;
	feed(a, &s);
	s.outcome = IPI_LOST;
	feed(a, &s);
	r = agg_rows(a);
	is_u64(r->delivery.count + r->handler.count, 0, "ambiguous, negative, coalesced, in flight, lost: no latency");
	is_u64(r->n.delivered, 2, "delivered");
	is_u64(r->n.ambiguous, 1, "ambiguous");
	is_u64(r->n.fifo, 1, "fifo");
	is_u64(r->n.coalesced, 1, "coalesced");
	is_u64(r->n.in_flight, 1, "in flight");
	is_u64(r->n.lost, 1, "lost");
	is_u64(t->negative, 1, "negative");
	s.outcome = IPI_DELIVERED;
	s.exit_ns = IPI_NO_TIME;
	feed(a, &s);
	is_u64(r->handler.count, 0, "no exit: no handler time");
	is_u64(r->delivery.count, 1, "but a delivery");

	s = base(IPI_SPAN_CALL);
	s.run_ns = s.done_ns = IPI_NO_TIME;
	feed(a, &s);
	is_u64(r->queue.count + r->func_time.count, 0, "irq_work call: neither queue nor function time");
	is_u64(r->n.calls_run, 1, "but run");
	s = base(IPI_SPAN_CALL);
	s.path = IPI_PATH_RIDER;
	feed(a, &s);
	s.path = IPI_PATH_POLLED;
	feed(a, &s);
	s.path = IPI_PATH_UNKNOWN;
	s.how = IPI_HOW_AMBIGUOUS;
	feed(a, &s);
	s.how = IPI_HOW_EXACT;
	s.outcome = IPI_IN_FLIGHT;
	feed(a, &s);
	s.outcome = IPI_LOST;
	feed(a, &s);
	s = base(IPI_SPAN_WAKE);
	feed(a, &s);
	is_u64(r->n.elided, 3, "elided: rider, polled, wake-up");
	is_u64(t->riders, 1, "riders");
	is_u64(t->polled, 1, "polled");
	is_u64(t->path_unknown, 3, "calls of which nothing tells");
	is_u64(t->wakes, 1, "wakes");
	is_u64(t->elided, 3, "elided in the totals");
	is_u64(r->n.calls, 6, "calls");
	is_u64(r->n.calls_in_flight, 1, "calls in flight");
	is_u64(r->n.calls_lost, 1, "calls lost");
	is_u64(t->ambiguous_calls, 1, "ambiguous calls");
	is_u64(r->queue.count, 2, "ambiguous calls have no latency");
	s = base(IPI_SPAN_LOCAL);
	s.csd = 0;
	feed(a, &s);
	is_u64(t->local_calls, 1, "local calls");
	is_u64(r->n.calls, 6, "  are in no row");
	s = base(IPI_SPAN_IRQ);
	s.unsolicited = true;
	s.source = UINT32_MAX;
	feed(a, &s);
	is_u64(t->unsolicited, 1, "unsolicited");
	is_u64(t->empty_interrupts, 1, "empty");
	is_u64(agg_unsolicited(a, IPI_CLASS_CALL_SINGLE)->max, 1000, "  its handler time, of no row");
	is_u64(agg_unsolicited(a, IPI_CLASS_CALL)->count, 0, "  of its class");
	is_u64(agg_nr_rows(a), 1, "one row for all of it");
	unmake(a);
}

static void test_keys(void)
{
	static const enum agg_key by_comm[] = { AGG_KEY_COMM }, by_stack[] = { AGG_KEY_STACK },
				  by_pid_target[] = { AGG_KEY_PID, AGG_KEY_TARGET, AGG_KEY_PID };
	struct agg *a = make(by_caller, 2, NULL), *c = make(by_comm, 1, NULL), *st = make(by_stack, 1, NULL),
		   *pt = make(by_pid_target, 3, NULL);
	struct ipi_span s[6];
	struct agg_row *r;

	for (int i = 0; i < 6; i++)
		s[i] = base(0);
	s[1].stack = 2; /* same caller, another stack */
	s[1].callsite = OTHER;
	s[2].stack = 3;		     /* another caller */
	s[3].stack = IPI_STACK_NONE; /* caller: the call site */
	s[4].stack = 4;		     /* nothing but plumbing: likewise */
	s[4].pid = TWIN;
	s[4].target = 2;
	s[5].pid = TASK2;
	s[5].class = IPI_CLASS_CALL;
	s[5].source = 3;
	for (int i = 0; i < 6; i++) {
		ipi(a, &s[i]);
		ipi(c, &s[i]);
		ipi(st, &s[i]);
		ipi(pt, &s[i]);
	}
	is_u64(agg_nr_rows(a), 3, "three callers");
	r = agg_rows(a);
	is_u64(r[0].n.sends, 3, "  stacks 1 and 2 lead to the same");
	is_u64(r[0].mixed,
	       1u << AGG_KEY_CALLSITE | 1u << AGG_KEY_STACK | 1u << AGG_KEY_CLASS | 1u << AGG_KEY_SOURCE |
		       1u << AGG_KEY_PID | 1u << AGG_KEY_COMM,
	       "  what is mixed is known");
	is_u64(r[2].caller, SITE, "  without stack: the call site");
	is_u64(r[2].n.sends, 2, "  nothing but plumbing: the call site");
	is_u64(r[2].mixed, 1u << AGG_KEY_STACK | 1u << AGG_KEY_TARGET | 1u << AGG_KEY_PID,
	       "  two tasks of one name: pid mixed, comm not");
	is_u64(agg_nr_rows(c), 2, "two names");
	is_str(agg_rows(c)[0].comm, "worker", "  name");
	is_u64(agg_rows(c)[0].n.delivered, 5, "  two tasks of it");
	is_u64(agg_nr_rows(st), 5, "five stacks, none among them");
	is_u64(agg_nr_rows(pt), 3, "three pairs of pid and target, a doubled key does not matter");
	unmake(a);
	unmake(c);
	unmake(st);
	unmake(pt);
}

static void test_multicast(void)
{
	static const enum agg_key by_target[] = { AGG_KEY_TARGET };
	const uint64_t mask[2] = { 1ULL << 3 | 1ULL << 63, 1ULL << 1 }, nobody[2] = { 0 };
	struct ipi_filter f = IPI_FILTER_INIT;
	struct ipi_span s = base(IPI_SPAN_SEND);
	struct agg *a, *t, *c;

	s.mask = mask;
	s.mask_words = 2;
	s.nr_targets = 3;
	s.class = IPI_CLASS_CALL;
	a = make(by_caller, 2, NULL);
	t = make(by_target, 1, NULL);
	feed(a, &s);
	feed(t, &s);
	is_u64(agg_rows(a)->n.sends, 1, "a multicast is one send");
	is_u64(agg_totals(t)->sends, 1, "  one in the totals too, by target");
	is_u64(agg_nr_rows(t), 3, "  by target: one in each target's row");
	is_u64(agg_rows(t)[2].target, 65, "  beyond 64 CPUs");
	is_u64(agg_totals(a)->sends_to_nobody + agg_totals(t)->sends_to_nobody, 0, "  not to nobody");
	s.mask = nobody;
	s.nr_targets = 0;
	feed(a, &s);
	feed(t, &s);
	is_u64(agg_totals(a)->sends, 2, "one with an empty mask is a send");
	is_u64(agg_totals(t)->sends, 2, "  by target, too");
	is_u64(agg_totals(a)->sends_to_nobody, 1, "  to nobody");
	is_u64(agg_totals(t)->sends_to_nobody, 1, "  by target, too");
	is_u64(agg_nr_rows(t), 3, "  in no target's row");
	unmake(a);
	unmake(t);
	s.mask = mask;
	s.nr_targets = 3;

	f.target_cpus.given = true;
	cpuset_add(&f.target_cpus.set, 63);
	a = make(by_caller, 2, &f);
	t = make(by_target, 1, &f);
	feed(a, &s);
	feed(t, &s);
	is_u64(agg_totals(a)->sends, 1, "one target passes: the send counts");
	is_u64(agg_rows(a)->target, 63, "  the row's target is the one that passes");
	is_u64(agg_nr_rows(t), 1, "  by target: one row");
	is_u64(agg_rows(t)->target, 63, "  of the target that passes");
	cpuset_free(&f.target_cpus.set);
	cpuset_add(&f.target_cpus.set, 64);
	c = make(by_caller, 2, &f);
	feed(c, &s);
	is_u64(agg_totals(c)->sends, 0, "no target passes: it does not");
	is_u64(agg_nr_rows(c), 0, "  and leaves no row");
	unmake(a);
	unmake(t);
	unmake(c);
	ipi_filter_free(&f);
}

/* A task of each kind sends; every filter selects a known number of them. */
static void workload(struct agg *a)
{
	struct ipi_span s = base(0);

	for (int i = 0; i < 4; i++)
		ipi(a, &s);
	s.pid = TASK2;
	s.target = 2;
	s.stack = 3;
	for (int i = 0; i < 3; i++)
		ipi(a, &s);
	s = base(0);
	s.class = IPI_CLASS_RESCHEDULE;
	s.func = 0;
	s.callsite = OTHER;
	s.stack = IPI_STACK_NONE;
	s.source = 2;
	for (int i = 0; i < 2; i++) {
		struct ipi_span hit = s;

		hit.kind = IPI_SPAN_SEND;
		feed(a, &hit);
		hit.kind = IPI_SPAN_HIT;
		feed(a, &hit);
		hit.kind = IPI_SPAN_IRQ;
		feed(a, &hit);
	}
	s = base(IPI_SPAN_IRQ);
	s.unsolicited = true;
	s.class = IPI_CLASS_IRQ_WORK;
	s.source = UINT32_MAX;
	feed(a, &s);
}

static void filtered(const char *what, const struct ipi_filter *f, uint64_t sends, uint64_t calls, uint64_t interrupts,
		     uint64_t unsolicited)
{
	struct agg *a = make(by_caller, 2, f);
	const struct match_totals *t = agg_totals(a);
	uint64_t of_rows = 0;

	workload(a);
	for (unsigned int i = 0; i < agg_nr_rows(a); i++)
		of_rows += agg_rows(a)[i].n.target_hits;
	is_u64(t->sends, sends, "%s: sends", what);
	is_u64(t->calls, calls, "%s: calls", what);
	is_u64(t->interrupts, interrupts, "%s: interrupts", what);
	is_u64(t->unsolicited, unsolicited, "%s: unsolicited", what);
	is_u64(of_rows, t->target_hits, "%s: rows add up to the totals", what);
	ok(conserved(a), "%s: conserved", what);
	unmake(a);
}

static void test_filters(void)
{
	struct ipi_filter f = IPI_FILTER_INIT, g = IPI_FILTER_INIT;
	const struct ipi_filter *both[] = { &f, &g };
	struct agg *a;

	filtered("no filter", NULL, 9, 7, 10, 1);
	f.tid = (struct pid_filter){ .pids = &(int32_t){ TASK2 }, .nr = 1 };
	filtered("pid", &f, 3, 3, 3, 0);
	f.tid = (struct pid_filter){ 0 };
	f.comm = xstrdup("wor*");
	filtered("comm", &f, 6, 4, 6, 0);
	ipi_filter_free(&f);
	f.classes = 1u << IPI_CLASS_RESCHEDULE | 1u << IPI_CLASS_IRQ_WORK;
	filtered("class", &f, 2, 0, 3, 1);
	f.classes = 0;
	f.target_cpus.given = true;
	cpuset_add(&f.target_cpus.set, 2);
	filtered("target", &f, 3, 3, 3, 0);
	ipi_filter_free(&f);
	f.source_cpus.given = true;
	cpuset_add(&f.source_cpus.set, 2);
	filtered("source", &f, 2, 0, 2, 0);
	ipi_filter_free(&f);
	f.callsite = xstrdup("madv*");
	filtered("caller", &f, 3, 3, 3, 0);
	free(f.callsite);
	f.callsite = xstrdup("other_site");
	filtered("call site", &f, 2, 0, 2, 0);
	ipi_filter_free(&f);
	f.func = xstrdup("flush*");
	filtered("function", &f, 7, 7, 7, 0);
	g.tid = (struct pid_filter){ .pids = &(int32_t){ TASK }, .nr = 1 };
	a = make2(by_caller, 2, both, 2);
	workload(a);
	is_u64(agg_totals(a)->sends, 4, "two filters: both must pass");
	unmake(a);
	ipi_filter_free(&f);
	f.classes = 1u << IPI_CLASS_RESCHEDULE;
	g = (struct ipi_filter)IPI_FILTER_INIT;
	g.classes = 1u << IPI_CLASS_CALL_SINGLE;
	a = make2(by_caller, 2, both, 2);
	workload(a);
	is_u64(agg_totals(a)->sends + agg_totals(a)->interrupts, 0, "two that exclude each other: nothing");
	unmake(a);
}

static void test_own(void)
{
	static const enum agg_key by_pid[] = { AGG_KEY_PID };
	struct agg *a = make(by_caller, 2, NULL), *p = make(by_pid, 1, NULL);
	struct ipi_span s = base(0);

	s.pid = OWN_PID;
	ipi(a, &s);
	is_u64(agg_nr_rows(a), 0, "own sends make no row");
	is_u64(agg_own(a)->n.sends, 1, "they are counted apart");
	is_u64(agg_own(a)->delivery.count, 1, "with their latency");
	is_u64(agg_totals(a)->sends, 1, "and in the totals");
	s.pid = TASK; /* the same site, now another's */
	ipi(a, &s);
	is_u64(agg_nr_rows(a), 1, "the same site used by others is a row");
	is_u64(agg_rows(a)->n.sends, 1, "  without the own one");
	is_u64(agg_rows(a)->mixed, 0, "  and nothing of it mixed in");
	s.func = OWN_FUNC;
	ipi(a, &s);
	is_u64(agg_own(a)->n.sends, 2, "the ring buffer's irq_work is own, whoever was running");
	is_u64(agg_nr_rows(a), 1, "  and makes no row");
	ok(conserved(a), "conserved");
	ipi(p, &s);
	is_u64(agg_nr_rows(p), 0, "by pid neither");
	/* The tick found ipitrace's task running; it sends for whoever needs it. */
	s.func = FUNC;
	s.pid = OWN_PID;
	s.level = IPI_LEVEL_TASK;
	ipi(p, &s);
	s.level = IPI_LEVEL_HARDIRQ;
	ipi(p, &s);
	s.level = IPI_LEVEL_TASK;
	ipi(p, &s);
	s.level = IPI_LEVEL_SOFTIRQ;
	ipi(p, &s);
	is_u64(agg_own(p)->n.sends, 3, "what it sends itself is own");
	is_u64(agg_nr_rows(p), 2, "what an interrupt sends that hit it is not");
	is_u64(agg_rows(p)->n.sends, 1, "  nor any task's: of a hardirq");
	ok(agg_rows(p)->pid < -1 && agg_rows(p)[1].pid < -1 && agg_rows(p)->pid != agg_rows(p)[1].pid,
	   "  of a softirq");
	unmake(a);
	unmake(p);
}

static uint64_t passing(const struct ipi_filter *f, const struct ipi_span *spans, unsigned int nr)
{
	struct agg *a = make(by_caller, 2, f);
	uint64_t hits;

	for (unsigned int i = 0; i < nr; i++)
		ipi(a, &spans[i]);
	hits = agg_totals(a)->target_hits;
	unmake(a);
	return hits;
}

/* A task sends twice, and is hit by a softirq and a handler that send; so does the idle loop. */
static void test_context(void)
{
	static const enum agg_key by[] = { AGG_KEY_CONTEXT }, by_comm[] = { AGG_KEY_COMM };
	static const struct {
		uint8_t level;
		int32_t pid;
	} cases[] = { { IPI_LEVEL_TASK, TASK },	   { IPI_LEVEL_TASK, TASK }, { IPI_LEVEL_SOFTIRQ, TASK },
		      { IPI_LEVEL_HARDIRQ, TASK }, { IPI_LEVEL_TASK, 0 },    { IPI_LEVEL_NMI, TASK2 } };
	struct agg *a = make(by, 1, NULL), *c = make(by_comm, 1, NULL);
	struct ipi_filter f = IPI_FILTER_INIT;
	struct ipi_span s[6];

	for (unsigned int i = 0; i < 6; i++) {
		s[i] = base(0);
		s[i].level = cases[i].level;
		s[i].pid = cases[i].pid;
		ipi(a, &s[i]);
		ipi(c, &s[i]);
	}
	is_u64(agg_nr_rows(a), 5, "rows by context");
	is_u64(agg_rows(a)[0].n.target_hits, 2, "  task");
	is_u64(agg_rows(a)[1].context, IPI_CONTEXT_SOFTIRQ, "  softirq");
	is_u64(agg_rows(a)[3].context, IPI_CONTEXT_IDLE, "  the idle loop");
	is_u64(agg_rows(c)[0].n.target_hits, 2, "by name: a task has what it sent itself");
	is_str(agg_rows(c)[1].comm, "<softirq>", "  and what interrupted it has a name of its own");
	is_u64(agg_rows(c)[1].n.target_hits, 1, "  and its own");
	is_str(agg_rows(c)[2].comm, "<hardirq>", "  handlers");
	is_str(agg_rows(c)[4].comm, "<nmi>", "  NMIs");
	unmake(a);
	unmake(c);
	f.tid = (struct pid_filter){ .pids = &(int32_t){ TASK }, .nr = 1 };
	is_u64(passing(&f, s, 6), 2, "a filter of tasks takes what they sent themselves");
	f.of_current = true;
	is_u64(passing(&f, s, 6), 4, "  of an earlier recording, what was sent while they were current");
	f.tid.negated = true;
	is_u64(passing(&f, s, 6), 2, "  or was not");
	f.of_current = false;
	is_u64(passing(&f, s, 6), 4, "  the rest is the rest");
	f.tid = (struct pid_filter){ 0 };
	f.comm = xstrdup("worker");
	is_u64(passing(&f, s, 6), 2, "a filter of names takes what they sent themselves");
	ipi_filter_free(&f);
	f.comm = xstrdup("<softirq>,<nmi>");
	is_u64(passing(&f, s, 6), 2, "  or what no task sent");
	ipi_filter_free(&f);
}

/* Enough sites, tasks and rows that every table grows; and questions are asked once each. */
static void test_growth(void)
{
	static const enum agg_key by[] = { AGG_KEY_CALLSITE, AGG_KEY_PID };
	struct agg *a = make(by, 2, NULL);
	uint64_t bad = 0;

	nr_asked = 0;
	for (int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 5000; i++) {
			struct ipi_span s = base(0);

			s.callsite = 0x100000 + i * 16;
			s.pid = 1000 + (int)i % 3000;
			s.stack = 1 + i;
			s.entry_ns = s.send_ns + i;
			ipi(a, &s);
		}
	}
	is_u64(agg_nr_rows(a), 5000, "5000 rows");
	for (unsigned int i = 0; i < agg_nr_rows(a); i++) {
		const struct agg_row *r = &agg_rows(a)[i];

		bad += r->n.sends != 3 || r->n.delivered != 3 || r->delivery.max != i ||
		       r->callsite != 0x100000 + i * 16 || r->pid != 1000 + (int)i % 3000;
	}
	is_u64(bad, 0, "each with its own counts");
	ok(nr_asked <= 5000 + 3000, "stacks and names are asked once each (%u)", nr_asked);
	ok(conserved(a), "conserved");
	unmake(a);
	agg_free(NULL);
}

/* A row that all others share, and no count lost. */
static void test_limit(void)
{
	static const enum agg_key by[] = { AGG_KEY_CALLSITE };
	struct agg *a = make(by, 1, NULL);
	uint64_t sum = 0;

	agg_limit(a, 10);
	for (unsigned int i = 0; i < 3 * 25; i++) {
		struct ipi_span s = base(0);

		s.callsite = 0x100000 + i % 25 * 16;
		ipi(a, &s);
		if (i == 9)
			ok(!agg_is_full(a), "as many rows as are allowed");
	}
	ok(agg_is_full(a), "one more");
	is_u64(agg_nr_rows(a), 11, "ten rows, and one for all others");
	for (unsigned int i = 0; i < agg_nr_rows(a); i++)
		sum += agg_rows(a)[i].n.sends;
	is_u64(sum, 75, "every send is in a row");
	is_u64(agg_rows(a)[9].n.sends, 3, "those that have a row of their own keep it");
	is_u64(agg_rows(a)[10].n.sends, 3 * 15, "the others share one");
	ok(agg_rows(a)[10].mixed >> AGG_KEY_CALLSITE & 1 && agg_rows(a)[10].mixed >> AGG_KEY_FUNC & 1, "without keys");
	ok(conserved(a), "conserved");
	unmake(a);
}

int main(void)
{
	test_one();
	test_outcomes();
	test_keys();
	test_multicast();
	test_filters();
	test_own();
	test_context();
	test_growth();
	test_limit();
	return done_testing();
}
