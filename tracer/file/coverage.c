// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/coverage.c - lines of /proc/interrupts against what was recorded.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "file/coverage.h"

/* A description is the same on x86, arm and arm64, the name of a line is not. */
static const struct line {
	const char *desc, *what;
	uint32_t classes; /* whose interrupts it counts; 0: runs of flush_tlb_func, which travel in calls */
	/* It counts IPIs of all kinds; all rows of this name are one line, as a kind may come by either. */
	const char *all;
} line_table[] = {
	{ "Rescheduling interrupts", "rescheduling interrupts", IPI_CLASS_BIT(IPI_CLASS_RESCHEDULE), NULL },
	{ "Function call interrupts", "function call interrupts", IPI_CLASSES_CALL, NULL },
	{ "IRQ work interrupts", "IRQ work interrupts", IPI_CLASS_BIT(IPI_CLASS_IRQ_WORK), NULL },
	{ "CPU stop interrupts", "CPU stop interrupts", IPI_CLASS_BIT(IPI_CLASS_CPU_STOP), NULL },
	{ "Timer broadcast interrupts", "timer broadcast interrupts", IPI_CLASS_BIT(IPI_CLASS_TIMER), NULL },
	{ "CPU wake-up interrupts", "CPU wake-up interrupts", IPI_CLASS_BIT(IPI_CLASS_WAKEUP), NULL },
	{ "TLB shootdowns", "TLB shootdowns", 0, NULL },
	/* arch/s390/kernel/smp.c: pcpu_ec_call(); arch/powerpc/kernel/smp.c: smp_muxed_ipi_message_pass(). */
	{ "[EXT] External Call", "IPIs", IPI_CLASSES_ALL, "EXC+EMS" },
	{ "[EXT] Emergency Signal", "IPIs", IPI_CLASSES_ALL, "EXC+EMS" },
	{ "Doorbell interrupts", "IPIs", IPI_CLASSES_ALL, "IPI+DBL" },
	{ "IPI", "IPIs", IPI_CLASSES_ALL, "IPI+DBL" }, /* "IPI-0" and so on, too */
};

uint32_t coverage_classes(const char *desc)
{
	for (size_t i = 0; i < ARRAY_SIZE(line_table); i++)
		if (!strcmp(line_table[i].desc, desc) && !line_table[i].all)
			return line_table[i].classes;
	return 0;
}

static bool describes(const struct line *l, const char *desc)
{
	return !strcmp(l->desc, desc) || (!strcmp(l->desc, "IPI") && !strncmp(desc, "IPI-", 4));
}

/* NULL: nothing that is recorded, or not all of it was to be. */
static const struct line *line_of(const struct facts *f, const struct coverage_caps *caps,
				  const struct facts_counter *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(line_table); i++) {
		const struct line *l = &line_table[i];
		uint32_t needed = l->classes ? l->classes : IPI_CLASSES_CALL;

		if (!describes(l, c->desc))
			continue;
		/* A send that is kept for one target tells of its others, too. */
		if (l->all && f->filtered_in_kernel)
			return NULL;
		if (l->all ? !caps->sent : l->classes ? !caps->reception : !caps->tlb)
			return NULL;
		return f->filter.classes && (f->filter.classes & needed) != needed ? NULL : l;
	}
	return NULL;
}

/* "IPI0" and so on: which number is which class is not known for sure everywhere (riscv64 names all of them "IPI"). */
static bool numbered(const struct facts_counter *c)
{
	return !strncmp(c->name, "IPI", 3);
}

/* The kernel dropped what was for other CPUs. */
static bool recorded(const struct facts *f, unsigned int cpu)
{
	return !f->filtered_in_kernel || !f->filter.target_cpus.given || cpuset_has(&f->filter.target_cpus.set, cpu);
}

/* Was the CPU online in both readings? Older recordings do not say; there a counter that shrank does. */
static bool in_both(const struct facts *f, const struct facts_counter *c, unsigned int cpu, enum facts_snap from,
		    enum facts_snap to)
{
	if (!c->count[from] || !c->count[to])
		return false;
	if (!f->online[from].nr_words || !f->online[to].nr_words)
		return c->count[to][cpu] >= c->count[from][cpu];
	return cpuset_has(&f->online[from], cpu) && cpuset_has(&f->online[to], cpu);
}

static void add_bounds(const struct facts *f, const struct facts_counter *c, unsigned int cpu, struct coverage_line *l)
{
	if (in_both(f, c, cpu, FACTS_INNER0, FACTS_INNER1))
		l->low += c->count[FACTS_INNER1][cpu] - c->count[FACTS_INNER0][cpu];
	if (in_both(f, c, cpu, FACTS_OUTER0, FACTS_OUTER1))
		l->high += c->count[FACTS_OUTER1][cpu] - c->count[FACTS_OUTER0][cpu];
	else
		l->open = true;
	/* Not x86, where the cut handlers are seen: counted before the event, so in a reading but not in the trace. */
	l->spare += numbered(c) || l->sent;
}

static void add_traced(const struct line *line, const struct coverage_counts *n, struct coverage_line *l)
{
	if (line->all) {
		l->traced = n->sent;
		return;
	}
	if (!line->classes)
		l->traced += n->tlb_runs;
	for (unsigned int class = 0; class < IPI_NR_CLASSES; ++class)
		if (line->classes >> class & 1)
			l->traced += n->by_class[class];
	l->spare += n->cut;
}

static struct coverage_line new_line(const struct line *line, const struct facts_counter *c)
{
	return (struct coverage_line){
		.name = line->all ? line->all : c->name,
		.what = line->what,
		.decides = line->classes && !line->all,
		.runs = !line->classes,
		.sent = line->all,
	};
}

static void finish_line(struct coverage_line *l)
{
	/* What was sent an instant before the recording may come in it. */
	if (l->sent)
		l->ok = l->traced + l->spare >= l->low;
	else
		l->ok = l->traced >= l->low && (l->open || l->traced <= l->high);
}

static bool too_few(const struct coverage_line *l)
{
	return l->traced + l->spare < l->low;
}

/* All numbered lines together, on this CPU: what one lacks and another has too many of is not missing. */
static bool numbered_too_few(const struct facts *f, const struct coverage_caps *caps, const struct coverage_counts *n,
			     unsigned int cpu)
{
	struct coverage_line sum = { .low = 0 };

	for (unsigned int i = 0; i < f->nr_counters; i++) {
		const struct facts_counter *c = &f->counters[i];
		const struct line *line = numbered(c) && cpu < c->nr_cpus ? line_of(f, caps, c) : NULL;

		if (!line)
			continue;
		add_bounds(f, c, cpu, &sum);
		add_traced(line, n, &sum);
	}
	return too_few(&sum);
}

/* The same of lines that hold all CPUs. */
static void decide_numbered(struct coverage_line *lines, unsigned int nr)
{
	struct coverage_line sum = { .low = 0 };

	for (unsigned int i = 0; i < nr; i++) {
		if (strncmp(lines[i].name, "IPI", 3))
			continue;
		sum.low += lines[i].low;
		sum.traced += lines[i].traced;
		sum.spare += lines[i].spare;
	}
	for (unsigned int i = 0; i < nr; i++)
		if (!strncmp(lines[i].name, "IPI", 3) && !too_few(&sum))
			lines[i].decides = false;
}

unsigned int coverage_lines(const struct facts *f, const struct coverage_caps *caps, const struct coverage_counts *all,
			    struct coverage_line *lines, unsigned int max)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < f->nr_counters && nr < max; i++) {
		const struct facts_counter *c = &f->counters[i];
		const struct line *line = line_of(f, caps, c);
		struct coverage_line *l = &lines[nr];

		if (!line)
			continue;
		if (line->all && nr && lines[nr - 1].sent)
			l = &lines[--nr];
		else
			*l = new_line(line, c);
		for (unsigned int cpu = 0; cpu < c->nr_cpus; cpu++)
			if (recorded(f, cpu))
				add_bounds(f, c, cpu, l);
		add_traced(line, all, l);
		finish_line(l);
		if (l->traced || l->high)
			nr++;
	}
	decide_numbered(lines, nr);
	return nr;
}

void coverage_offline(const struct facts *f, const struct cpuset *cpus, struct cpuset *off, bool *all)
{
	const struct cpuset *begin = &f->online[FACTS_OUTER0], *end = &f->online[FACTS_OUTER1];

	*all = true;
	if (!begin->nr_words || !end->nr_words)
		return;
	for (unsigned int cpu = 0; cpu < cpus->nr_words * 64; cpu++) {
		if (!cpuset_has(cpus, cpu) || (cpuset_has(begin, cpu) && cpuset_has(end, cpu)))
			continue;
		cpuset_add(off, cpu);
		*all &= !cpuset_has(begin, cpu) && !cpuset_has(end, cpu);
	}
}

/* --- the verdict --- */

/* What one kind of deviation sums up to, over the CPUs that have it. */
struct deviation {
	uint64_t traced, counted;
	struct cpuset cpus;
};

static void deviates(struct deviation *d, unsigned int cpu, uint64_t traced, uint64_t counted)
{
	d->traced += traced;
	d->counted += counted;
	cpuset_add(&d->cpus, cpu);
}

static void judge_counter(struct facts *f, const struct coverage_caps *caps, const struct line *line,
			  const struct facts_counter *c, const struct coverage_counts *by_cpu, unsigned int nr_cpus,
			  void (*say)(const char *fmt, ...))
{
	struct deviation few = { 0 }, many = { 0 };

	for (unsigned int cpu = 0; cpu < c->nr_cpus; cpu++) {
		static const struct coverage_counts none;
		const struct coverage_counts *n = cpu < nr_cpus ? &by_cpu[cpu] : &none;
		struct coverage_line l = new_line(line, c);

		if (!recorded(f, cpu) || (f->lost && cpu < f->nr_cpus && f->lost[cpu]))
			continue;
		add_bounds(f, c, cpu, &l);
		add_traced(line, n, &l);
		if (too_few(&l) && (!numbered(c) || numbered_too_few(f, caps, n, cpu)))
			deviates(&few, cpu, l.traced, l.low);
		else if (!l.open && l.traced > l.high + 1)
			deviates(&many, cpu, l.traced, l.high);
	}
	if (few.cpus.nr_words) {
		char *cpus = cpuset_text(&few.cpus);

		if (line->classes)
			facts_add_reason(f,
					 "/proc/interrupts counted at least %" PRIu64 " %s, %" PRIu64
					 " were traced: events are missing (CPU %.100s)",
					 few.counted, line->what, few.traced, cpus);
		else
			say("warning: /proc/interrupts counted at least %" PRIu64 " %s, %" PRIu64
			    " were traced (CPU %.100s)",
			    few.counted, line->what, few.traced, cpus);
		free(cpus);
	}
	if (many.cpus.nr_words) {
		char *cpus = cpuset_text(&many.cpus);

		say("warning: %" PRIu64 " %s were traced, /proc/interrupts counted at most %" PRIu64 " (CPU %.100s)",
		    many.traced, line->what, many.counted, cpus);
		free(cpus);
	}
	cpuset_free(&few.cpus);
	cpuset_free(&many.cpus);
}

void coverage_judge(struct facts *f, const struct coverage_caps *caps, const struct coverage_counts *by_cpu,
		    unsigned int nr_cpus, void (*say)(const char *fmt, ...))
{
	for (unsigned int i = 0; i < f->nr_counters; i++) {
		const struct line *line = line_of(f, caps, &f->counters[i]);

		if (line && !line->all)
			judge_counter(f, caps, line, &f->counters[i], by_cpu, nr_cpus, say);
	}
}
