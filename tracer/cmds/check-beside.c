// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/check-beside.c - two readings of /proc/interrupts around the watch.
 *
 * The lines that count IPIs are held against the trace; of the others (timer, NMI, devices) it is said how often they
 * came, because they disturb a CPU, too, and are no business of ipitrace's.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "capture/signals.h"
#include "cmds/check-beside.h"
#include "file/coverage.h"

int check_beside_begin(struct check_beside *b, struct err *err)
{
	b->begin_ns = signals_now_ns();
	return interrupts_read_all(&b->before, err);
}

void check_beside_end(struct check_beside *b)
{
	b->has_after = !interrupts_read_all(&b->after, NULL);
	b->end_ns = signals_now_ns();
}

/* The readings embrace the watch: what they counted beside it was traced, too, unless a reading came between. */
static void add_line(struct check_beside *b, unsigned int row, uint32_t classes, uint64_t counted, bool open,
		     const struct offenders *o)
{
	uint64_t beside = offenders_beside(o, classes);
	struct check_line *l;

	b->lines = xrealloc(b->lines, (b->nr_lines + 1) * sizeof(*b->lines));
	l = &b->lines[b->nr_lines++];
	*l = (struct check_line){
		.name = b->after.rows[row].name,
		.traced = offenders_interrupts(o, classes),
		.low = counted > beside ? counted - beside : 0,
		.high = counted,
		.open = open,
	};
	if (!l->traced && !l->high)
		b->nr_lines--;
}

static void add_irq(struct check_beside *b, unsigned int row, unsigned int cpu, uint64_t count)
{
	b->irqs = xrealloc(b->irqs, (b->nr_irqs + 1) * sizeof(*b->irqs));
	b->irqs[b->nr_irqs++] = (struct check_irq){ b->after.rows[row].name, b->after.rows[row].desc, cpu, count };
}

static int by_count(const void *a, const void *b)
{
	const struct check_irq *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

void check_beside_compare(struct check_beside *b, const struct cpuset *cpus, const struct offenders *o)
{
	for (unsigned int row = 0; b->has_after && row < b->after.nr_rows; row++) {
		const struct interrupts_row *r = &b->after.rows[row];
		uint32_t classes = r->ipi ? coverage_classes(r->desc) : 0;
		uint64_t sum = 0, count;
		bool open = false;

		for (unsigned int cpu = 0; cpu < cpus->nr_words * 64; cpu++) {
			if (!cpuset_has(cpus, cpu))
				continue;
			if (!interrupts_between(&b->before, &b->after, row, cpu, &count))
				open = true;
			else if (count && !r->ipi)
				add_irq(b, row, cpu, count);
			else
				sum += count;
		}
		if (classes)
			add_line(b, row, classes, sum, open, o);
	}
	if (b->nr_irqs)
		qsort(b->irqs, b->nr_irqs, sizeof(*b->irqs), by_count);
}

void check_beside_free(struct check_beside *b)
{
	interrupts_free(&b->before);
	interrupts_free(&b->after);
	free(b->lines);
	free(b->irqs);
}
