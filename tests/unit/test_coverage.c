// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_coverage.c - what /proc/interrupts counted against what was recorded: when events are missing for sure, and
 * when that cannot be said.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "file/coverage.h"
#include "tap.h"

enum { CPUS = 4 };

static const struct coverage_caps all_caps = { .reception = true, .tlb = true };
static char said[1000];

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	size_t len = strlen(said);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said + len, sizeof(said) - len, fmt, ap);
	va_end(ap);
}

/* Counters that read 100 outside and 101 inside at the beginning, and low more inside, high more outside at the end. */
static void line(struct facts *f, const char *name, const char *desc, unsigned int cpu, unsigned int low,
		 unsigned int high)
{
	facts_snap(f, FACTS_OUTER0, name, desc, cpu, 100);
	facts_snap(f, FACTS_INNER0, name, desc, cpu, 101);
	facts_snap(f, FACTS_INNER1, name, desc, cpu, 101 + low);
	facts_snap(f, FACTS_OUTER1, name, desc, cpu, 100 + high);
}

static void fresh(struct facts *f)
{
	facts_free(f);
	f->filter = (struct ipi_filter)IPI_FILTER_INIT;
	said[0] = '\0';
}

static void judge(struct facts *f, const struct coverage_counts *n)
{
	coverage_judge(f, &all_caps, n, CPUS, say);
}

static void test_by_cpu(void)
{
	struct coverage_counts n[CPUS] = { 0 };
	struct facts f = { 0 };

	fresh(&f);
	line(&f, "RES", "Rescheduling interrupts", 0, 10, 12);
	line(&f, "RES", "Rescheduling interrupts", 1, 20, 40);
	n[0].by_class[IPI_CLASS_RESCHEDULE] = 10;
	n[1].by_class[IPI_CLASS_RESCHEDULE] = 40;
	judge(&f, n);
	ok(!f.nr_reasons && !said[0], "at both bounds nothing is missing, nothing too much: %s", said);
	/* All in all 39 are enough for 30..52, but not on CPU 0. */
	n[0].by_class[IPI_CLASS_RESCHEDULE] = 9;
	n[1].by_class[IPI_CLASS_RESCHEDULE] = 30;
	judge(&f, n);
	is_u64(f.nr_reasons, 1, "one is missing on one CPU: others do not make up for it");
	if (f.nr_reasons)
		is_str(f.reasons[0],
		       "/proc/interrupts counted at least 10 rescheduling interrupts, 9 were traced: "
		       "events are missing (CPU 0)",
		       "the reason");
	/* Its entry was recorded an instant before tracing began, its exit behind it. */
	fresh(&f);
	line(&f, "RES", "Rescheduling interrupts", 0, 10, 12);
	n[0].cut = 1;
	judge(&f, n);
	ok(!f.nr_reasons, "a handler that was under way when tracing began is not missing");
	n[0].by_class[IPI_CLASS_RESCHEDULE] = 8;
	judge(&f, n);
	is_u64(f.nr_reasons, 1, "a second one is");
	facts_free(&f);
}

static void test_too_many(void)
{
	struct coverage_counts n[CPUS] = { 0 };
	struct facts f = { 0 };

	fresh(&f);
	line(&f, "CAL", "Function call interrupts", 2, 10, 12);
	n[2].by_class[IPI_CLASS_CALL] = 10;
	n[2].by_class[IPI_CLASS_CALL_SINGLE] = 5;
	judge(&f, n);
	ok(!f.nr_reasons && strstr(said, "15 function call interrupts were traced") && strstr(said, "at most 12"),
	   "too many are said, but are no reason: %s", said);
	facts_free(&f);
}

static void test_tlb(void)
{
	struct coverage_counts n[CPUS] = { 0 };
	struct facts f = { 0 };
	struct coverage_line l[4];

	fresh(&f);
	line(&f, "TLB", "TLB shootdowns", 0, 100, 100);
	n[0].tlb_runs = 98;
	judge(&f, n);
	ok(!f.nr_reasons && strstr(said, "at least 100 TLB shootdowns, 98 were traced"), "TLB only warns: %s", said);
	is_u64(coverage_lines(&f, &all_caps, &n[0], l, 4), 1, "one line");
	ok(l[0].runs && !l[0].ok && !coverage_short(&l[0]), "and is no reason in a report either");
	facts_free(&f);
}

static void test_loss_and_filters(void)
{
	struct coverage_counts n[CPUS] = { 0 };
	struct facts f = { 0 };
	struct coverage_line l[4];

	fresh(&f);
	line(&f, "RES", "Rescheduling interrupts", 0, 10, 10);
	f.nr_cpus = 1;
	f.lost = xcalloc(1, sizeof(*f.lost));
	f.lost[0] = 7;
	judge(&f, n);
	ok(!f.nr_reasons && !said[0], "of a CPU that lost events nothing is said twice");

	fresh(&f);
	line(&f, "RES", "Rescheduling interrupts", 0, 10, 10);
	line(&f, "RES", "Rescheduling interrupts", 1, 5, 5);
	f.filter.target_cpus.given = f.filtered_in_kernel = true;
	cpuset_add(&f.filter.target_cpus.set, 1);
	n[1].by_class[IPI_CLASS_RESCHEDULE] = 5;
	judge(&f, n);
	ok(!f.nr_reasons, "CPUs that the kernel filtered out are not judged");
	f.filtered_in_kernel = false;
	judge(&f, n);
	is_u64(f.nr_reasons, 1, "CPUs that only the report filters are");

	fresh(&f);
	line(&f, "CAL", "Function call interrupts", 0, 10, 10);
	line(&f, "RES", "Rescheduling interrupts", 0, 10, 10);
	f.filter.classes = IPI_CLASS_BIT(IPI_CLASS_RESCHEDULE) | IPI_CLASS_BIT(IPI_CLASS_CALL);
	n[0].by_class[IPI_CLASS_RESCHEDULE] = 10;
	judge(&f, n);
	ok(!f.nr_reasons, "a line of which half the classes were recorded is not judged");
	is_u64(coverage_lines(&f, &all_caps, &n[0], l, 4), 1, "nor shown");
	coverage_judge(&f, &(struct coverage_caps){ 0 }, n, CPUS, say);
	ok(!f.nr_reasons, "nothing is judged without reception events");
	facts_free(&f);
}

static void test_hotplug(void)
{
	struct coverage_counts n[CPUS] = { 0 };
	struct coverage_line l[4];
	struct facts f = { 0 };
	struct cpuset asked = { 0 }, off = { 0 };
	bool all;

	/* CPU 1 went offline, CPU 2 came online with the count that it had when it left long ago. */
	fresh(&f);
	line(&f, "RES", "Rescheduling interrupts", 0, 10, 10);
	facts_snap(&f, FACTS_OUTER0, "RES", "Rescheduling interrupts", 1, 5000);
	facts_snap(&f, FACTS_INNER0, "RES", "Rescheduling interrupts", 1, 5000);
	facts_snap(&f, FACTS_INNER1, "RES", "Rescheduling interrupts", 2, 7000);
	facts_snap(&f, FACTS_OUTER1, "RES", "Rescheduling interrupts", 2, 7000);
	n[0].by_class[IPI_CLASS_RESCHEDULE] = 10;
	n[1].by_class[IPI_CLASS_RESCHEDULE] = 3;
	judge(&f, n);
	ok(!f.nr_reasons && !said[0], "CPUs that came or went are no proof of anything: %s", said);
	n[0].by_class[IPI_CLASS_RESCHEDULE] += 3;
	is_u64(coverage_lines(&f, &all_caps, &n[0], l, 4), 1, "one line");
	ok(l[0].ok && l[0].open && l[0].low == 10, "low is that of the CPU that stayed, high is open");
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		cpuset_add(&asked, cpu);
	coverage_offline(&f, &asked, &off, &all);
	ok(cpuset_count(&off) == 3 && !cpuset_has(&off, 0) && !all, "who was offline, or for a time");
	cpuset_free(&off);
	cpuset_free(&asked);
	cpuset_add(&asked, 3);
	coverage_offline(&f, &asked, &off, &all);
	ok(cpuset_count(&off) == 1 && cpuset_has(&off, 3) && all, "who was offline all the time");
	cpuset_free(&off);
	cpuset_free(&asked);
	n[0].by_class[IPI_CLASS_RESCHEDULE] = 4;
	judge(&f, n);
	is_u64(f.nr_reasons, 1, "what is missing on the one that stayed is missing");
	facts_free(&f);

	/* Of an older recording, which does not say who was online. */
	fresh(&f);
	line(&f, "RES", "Rescheduling interrupts", 0, 10, 10);
	line(&f, "RES", "Rescheduling interrupts", 1, 10, 10);
	f.counters[0].count[FACTS_INNER1][1] = f.counters[0].count[FACTS_OUTER1][1] = 0;
	for (int s = 0; s < FACTS_NR_SNAPS; s++)
		cpuset_free(&f.online[s]);
	n[0].by_class[IPI_CLASS_RESCHEDULE] = 10;
	is_u64(coverage_lines(&f, &all_caps, &n[0], l, 4), 1, "a counter that shrank");
	ok(l[0].low == 10 && l[0].open && l[0].ok, "is of a CPU that went offline");
	facts_free(&f);
}

static void test_numbered(void)
{
	struct coverage_counts n[CPUS] = { 0 };
	struct facts f = { 0 };
	struct coverage_line l[4];

	fresh(&f);
	line(&f, "IPI0", "Rescheduling interrupts", 0, 10, 10);
	line(&f, "IPI1", "Function call interrupts", 0, 20, 20);
	n[0].by_class[IPI_CLASS_RESCHEDULE] = 9;
	n[0].by_class[IPI_CLASS_CALL] = 20;
	judge(&f, n);
	ok(!f.nr_reasons, "one that was counted before its event could be recorded");
	n[0].by_class[IPI_CLASS_CALL] = 2;
	judge(&f, n);
	is_u64(f.nr_reasons, 1, "eighteen were not");
	ok(coverage_lines(&f, &all_caps, &n[0], l, 4) == 2 && coverage_short(&l[1]), "and a report says so, too");
	/* Numbers taken for other classes: nothing is missing. */
	fresh(&f);
	line(&f, "IPI0", "Rescheduling interrupts", 0, 10, 10);
	line(&f, "IPI1", "Function call interrupts", 0, 20, 20);
	n[0].by_class[IPI_CLASS_RESCHEDULE] = 20;
	n[0].by_class[IPI_CLASS_CALL] = 10;
	judge(&f, n);
	ok(!f.nr_reasons, "where numbered lines only swap their numbers, nothing is missing");
	ok(coverage_lines(&f, &all_caps, &n[0], l, 4) == 2 && !coverage_short(&l[1]) && !l[1].ok, "but it is odd");
	facts_free(&f);
}

/* s390x, powerpc: one interrupt is for IPIs of all kinds, or any of several is; what was sent is held against them. */
static void test_sent(void)
{
	const struct coverage_caps sends = { .sent = true };
	struct coverage_counts n = { .sent = 129 };
	struct facts f = { 0 };
	struct coverage_line l[4];

	fresh(&f);
	line(&f, "EXC", "[EXT] External Call", 0, 60, 70);
	line(&f, "EXC", "[EXT] External Call", 1, 60, 70);
	line(&f, "EMS", "[EXT] Emergency Signal", 0, 5, 6);
	is_u64(coverage_lines(&f, &sends, &n, l, 4), 1, "s390x: calls and signals are one line");
	is_str(l[0].name, "EXC+EMS", "  of that name");
	ok(l[0].sent && l[0].traced == 129 && l[0].low == 125 && l[0].high == 146, "  of all CPUs");
	ok(l[0].ok && !coverage_short(&l[0]), "no interrupt lacks a send");
	n.sent = 1000;
	coverage_lines(&f, &sends, &n, l, 4);
	ok(l[0].ok, "nor where several were one");
	n.sent = 121;
	coverage_lines(&f, &sends, &n, l, 4);
	ok(!l[0].ok && !coverage_short(&l[0]), "with one more than each CPU may have had before, it is odd");
	n.sent = 122;
	coverage_lines(&f, &sends, &n, l, 4);
	ok(l[0].ok, "  not with these");
	is_u64(coverage_lines(&f, &all_caps, &n, l, 4), 0, "where receptions tell, they do");

	fresh(&f);
	line(&f, "16", "IPI-0", 0, 100, 100);
	line(&f, "17", "IPI-1", 1, 40, 45);
	line(&f, "DBL", "Doorbell interrupts", 0, 0, 1);
	n.sent = 145;
	is_u64(coverage_lines(&f, &sends, &n, l, 4), 1, "powerpc: those of all nodes, and doorbells");
	ok(l[0].ok && l[0].low == 140 && l[0].high == 146, "  together");
	coverage_judge(&f, &sends, &n, 1, say);
	ok(!f.nr_reasons && !said[0], "and none is a reason");
	facts_free(&f);
}

int main(void)
{
	test_by_cpu();
	test_too_many();
	test_tlb();
	test_loss_and_filters();
	test_hotplug();
	test_numbered();
	test_sent();
	return done_testing();
}
