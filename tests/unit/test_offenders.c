// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_offenders.c - what counts as an interrupt of a watched CPU, of whom, and when.
 */
#include <stdlib.h>

#include "base/cpuset.h"
#include "report/offenders.h"
#include "tap.h"

enum { OWN_PID = 99, TASK = 10, FROM = 1000, TO = 2000 };

static uint64_t stack_caller(void *ctx, uint32_t stack)
{
	(void)ctx;
	return 0x2000 + stack;
}

static const char *comm(void *ctx, int32_t pid)
{
	(void)ctx;
	return pid == TASK ? "worker" : "other";
}

static bool own_pid(void *ctx, int32_t pid)
{
	(void)ctx;
	return pid == OWN_PID;
}

static const struct span_names names = { .stack_caller = stack_caller, .comm = comm, .own_pid = own_pid };

/* A hit of this task on this CPU, entered then, handled within 10 ns. */
static struct ipi_span hit(int32_t pid, uint32_t target, uint64_t entry_ns)
{
	return (struct ipi_span){
		.kind = IPI_SPAN_HIT,
		.class = IPI_CLASS_CALL_SINGLE,
		.outcome = IPI_DELIVERED,
		.how = IPI_HOW_EXACT,
		.level = IPI_LEVEL_TASK,
		.source = 0,
		.target = target,
		.pid = pid,
		.stack = 1,
		.callsite = 0x1000,
		.func = 0x3000,
		.send_ns = entry_ns - 5,
		.sent_ns = entry_ns - 5,
		.queue_ns = IPI_NO_TIME,
		.run_ns = IPI_NO_TIME,
		.done_ns = IPI_NO_TIME,
		.entry_ns = entry_ns,
		.exit_ns = entry_ns + 10,
	};
}

static void tell(struct offenders *o, struct ipi_span s)
{
	struct span_sink sink = offenders_sink(o);

	sink.span(sink.ctx, &s);
}

static struct ipi_span unsolicited(uint32_t target, uint64_t entry_ns, bool known)
{
	struct ipi_span s = hit(TASK, target, entry_ns);

	s.kind = IPI_SPAN_IRQ;
	s.class = IPI_CLASS_RESCHEDULE;
	s.unsolicited = known ? IPI_SOLICITED : IPI_UNSOLICITED;
	return s;
}

/* However many there are, memory has an end, and no hit is left out. */
static void test_many(void)
{
	struct cpuset cpus = { 0 };
	struct offenders *o;
	struct ipi_span s;

	cpuset_add(&cpus, 1);
	o = offenders_new(&cpus, 4, &names);
	offenders_begin(o, FROM);
	for (uint32_t i = 0; i < 2 * OFFENDERS_MAX; i++) {
		s = hit(TASK, 1, FROM + 50);
		s.stack = 1 + i;
		tell(o, s);
	}
	is_u64(offenders_hits(o), 2 * OFFENDERS_MAX, "many callers: every hit counts");
	is_u64(agg_nr_rows(offenders_agg(o)), OFFENDERS_MAX + 1, "but rows have an end");
	ok(agg_is_full(offenders_agg(o)), "which is known");
	is_u64(offenders_row(o, OFFENDERS_MAX)->hits, OFFENDERS_MAX, "the last one has all others");
	ok(agg_rows(offenders_agg(o))[OFFENDERS_MAX].mixed >> AGG_KEY_CALLER & 1, "and no name");
	offenders_free(o);
	cpuset_free(&cpus);
}

int main(void)
{
	struct cpuset cpus = { 0 };
	struct offenders *o;
	const struct offence *f;
	struct ipi_span s;

	cpuset_add(&cpus, 1);
	cpuset_add(&cpus, 3);
	o = offenders_new(&cpus, 4, &names);

	tell(o, hit(TASK, 1, 100));
	is_u64(offenders_hits(o), 0, "nothing counts before the watch begins");
	tell(o, hit(OWN_PID, 1, 200));
	is_u64(offenders_own_before(o, 1), 1, "but the self-test is seen");
	offenders_begin(o, FROM);
	offenders_counted(o, FROM - 10, TO + 10);
	tell(o, hit(TASK, 1, FROM - 1));
	tell(o, hit(OWN_PID, 3, FROM - 1));
	is_u64(offenders_hits(o), 0, "nor what was told late and came before");
	is_u64(offenders_own_before(o, 3), 1, "the self-test of another CPU");

	tell(o, hit(TASK, 1, FROM + 50));
	s = hit(TASK, 1, FROM); /* told out of order, and longer */
	s.exit_ns = s.entry_ns + 30;
	tell(o, s);
	tell(o, hit(TASK, 3, FROM + 70));
	tell(o, hit(TASK, 2, FROM + 80));
	is_u64(offenders_hits(o), 3, "hits on watched CPUs only");
	is_u64(agg_nr_rows(offenders_agg(o)), 2, "a row for each target");
	f = offenders_row(o, 0);
	is_u64(f->hits, 2, "hits of the first");
	ok(f->stolen_ns == 40 && f->worst_ns == 30, "what they stole");
	ok(f->first_ns == FROM && f->last_ns == FROM + 50, "from when to when");

	s = hit(TASK, 1, FROM + 90);
	s.outcome = IPI_COALESCED;
	tell(o, s);
	tell(o, unsolicited(1, FROM + 91, true));
	is_u64(offenders_hits(o), 3, "an interrupt counts once: not by the hit that rode on it, nor by itself");
	tell(o, unsolicited(1, FROM + 92, false));
	tell(o, unsolicited(0, FROM + 92, false));
	is_u64(offenders_hits(o), 4, "one without a send counts");
	is_u64(offenders_unsolicited(o, IPI_CLASS_RESCHEDULE, 1)->hits, 1, "as one of its class and CPU");
	is_u64(offenders_unsolicited(o, IPI_CLASS_CALL_SINGLE, 1)->hits, 0, "and no other");
	s = hit(OWN_PID, 1, FROM + 93);
	tell(o, s);
	s.level = IPI_LEVEL_HARDIRQ;
	tell(o, s);
	is_u64(offenders_own(o)->hits, 1, "the tracer's own, but not of an interrupt that hit it");

	offenders_end(o, TO);
	tell(o, hit(TASK, 1, TO - 1));
	tell(o, hit(TASK, 1, TO));
	tell(o, hit(OWN_PID, 1, TO));
	is_u64(offenders_hits(o), 7, "what comes behind the watch does not count");
	is_u64(offenders_own_after(o, 1), 1, "but for the self-test");
	is_u64(offenders_own_after(o, 3), 0, "which was not seen on the other");

	is_u64(offenders_interrupts(o, IPI_CLASS_BIT(IPI_CLASS_RESCHEDULE)), 2,
	       "interrupts of the watch, by class, whether they answered a send or none");
	is_u64(offenders_interrupts(o, IPI_CLASSES_CALL), 0, "and of no other");
	is_u64(offenders_beside(o, IPI_CLASS_BIT(IPI_CLASS_RESCHEDULE)), 0, "none beside it");
	tell(o, unsolicited(1, FROM - 11, true));
	tell(o, unsolicited(1, FROM - 10, true));
	tell(o, unsolicited(0, FROM - 10, true));
	tell(o, unsolicited(3, TO + 9, false));
	tell(o, unsolicited(3, TO + 10, false));
	is_u64(offenders_beside(o, IPI_CLASS_BIT(IPI_CLASS_RESCHEDULE)), 2, "those between the readings and the watch");
	is_u64(offenders_interrupts(o, IPI_CLASS_BIT(IPI_CLASS_RESCHEDULE)), 2, "which are none of the watch");
	offenders_free(o);
	cpuset_free(&cpus);
	test_many();
	return done_testing();
}
