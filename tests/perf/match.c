// SPDX-License-Identifier: GPL-2.0-only
/*
 * tests/perf/match.c - ns per event of the matcher alone, on three kinds of load.
 *
 * Asserts nothing. tests/perf/match builds and runs it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "match/match.h"

#define BLOCK	  (1u << 16) /* events fed between two looks at the clock */
#define NR_EVENTS 20000000u
#define NR_CPUS	  8

struct load {
	const char *name;
	struct ipi_event events[BLOCK + 128];
	uint64_t masks[BLOCK + 128];
	unsigned int nr;
	uint64_t now;
};

static uint64_t nr_spans;

static void count_span(void *ctx, const struct ipi_span *span)
{
	(void)ctx;
	nr_spans += span->kind != 0;
}

static struct ipi_event *add(struct load *l, unsigned int type, uint32_t cpu, unsigned int gap_ns)
{
	struct ipi_event *ev = &l->events[l->nr++];

	memset(ev, 0, sizeof(*ev));
	l->now += gap_ns;
	ev->ts_ns = l->now;
	ev->type = (uint8_t)type;
	ev->cpu = cpu;
	ev->class = IPI_CLASS_CALL_SINGLE;
	ev->pid = 100 + (int)cpu;
	ev->callsite = 0xffffffff81001000;
	return ev;
}

static void add_run(struct load *l, uint32_t cpu, uint64_t csd)
{
	for (unsigned int type = IPI_EV_FUNC_ENTRY; type <= IPI_EV_FUNC_EXIT; type++) {
		struct ipi_event *ev = add(l, type, cpu, 80);

		ev->flags = IPI_FLAG_HARDIRQ | IPI_FLAG_IRQS_OFF;
		ev->func = 0xffffffff81002000;
		ev->csd = csd;
	}
}

static void add_irq(struct load *l, unsigned int type, uint32_t cpu, unsigned int class)
{
	struct ipi_event *ev = add(l, type, cpu, 90);

	ev->class = (uint8_t) class;
	ev->flags = IPI_FLAG_HARDIRQ | IPI_FLAG_IRQS_OFF;
}

static void add_queue(struct load *l, uint32_t cpu, uint32_t target, uint64_t csd)
{
	struct ipi_event *ev = add(l, IPI_EV_QUEUE, cpu, 60);

	ev->target = target;
	ev->func = 0xffffffff81002000;
	ev->csd = csd;
}

/* One call at a time from CPU 0 to 1: six events each. */
static void fill_single(struct load *l)
{
	uint64_t csd = 0xffff888000001000;

	l->name = "single calls";
	while (l->nr < BLOCK) {
		add_queue(l, 0, 1, csd);
		add(l, IPI_EV_SEND_CPU, 0, 50)->target = 1;
		add_irq(l, IPI_EV_IRQ_ENTRY, 1, IPI_CLASS_CALL_SINGLE);
		add_run(l, 1, csd);
		add_irq(l, IPI_EV_IRQ_EXIT, 1, IPI_CLASS_CALL_SINGLE);
	}
}

/* A CPU calls all others. */
static void fill_multicast(struct load *l)
{
	uint64_t csd = 0xffff888000001000;

	l->name = "multicasts to 7";
	for (uint32_t cpu = 0; l->nr < BLOCK; cpu = (cpu + 1) % NR_CPUS) {
		struct ipi_event *ev;

		for (uint32_t t = 0; t < NR_CPUS; t++)
			if (t != cpu)
				add_queue(l, cpu, t, csd + cpu * 4096 + t * 32);
		ev = add(l, IPI_EV_SEND_MASK, cpu, 50);
		ev->class = IPI_CLASS_CALL;
		ev->mask = &l->masks[l->nr - 1];
		l->masks[l->nr - 1] = ((1u << NR_CPUS) - 1) & ~(1u << cpu);
		ev->mask_words = 1;
		for (uint32_t t = 0; t < NR_CPUS; t++) {
			if (t == cpu)
				continue;
			add_irq(l, IPI_EV_IRQ_ENTRY, t, IPI_CLASS_CALL);
			add_run(l, t, csd + cpu * 4096 + t * 32);
			add_irq(l, IPI_EV_IRQ_EXIT, t, IPI_CLASS_CALL);
		}
	}
}

/* Three CPUs storm a fourth with reschedules, which coalesce and overtake. */
static void fill_resched(struct load *l)
{
	l->name = "reschedule storm";
	for (unsigned int i = 0; l->nr < BLOCK; i++) {
		for (uint32_t cpu = 0; cpu < 3; cpu++) {
			struct ipi_event *ev = add(l, IPI_EV_SEND_CPU, cpu, 70);

			ev->class = IPI_CLASS_RESCHEDULE;
			ev->target = 3;
		}
		add_irq(l, IPI_EV_IRQ_ENTRY, 3, IPI_CLASS_RESCHEDULE);
		add_irq(l, IPI_EV_IRQ_EXIT, 3, IPI_CLASS_RESCHEDULE);
		if (i % 4)
			continue;
		add_irq(l, IPI_EV_IRQ_ENTRY, 3, IPI_CLASS_RESCHEDULE);
		add_irq(l, IPI_EV_IRQ_EXIT, 3, IPI_CLASS_RESCHEDULE);
	}
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	/* Not the wall's: others may use the machine. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void run(struct load *l)
{
	struct match_config config = {
		.nr_cpus = NR_CPUS,
		.has_csd = true,
		.has_sends = true,
		.emit = count_span,
	};
	struct matcher *m = matcher_new(&config);
	uint64_t spent = 0, fed = 0, length = l->now;

	nr_spans = 0;
	while (fed < NR_EVENTS) {
		uint64_t start = cpu_ns();

		matcher_feed(m, l->events, l->nr);
		spent += cpu_ns() - start;
		fed += l->nr;
		for (unsigned int i = 0; i < l->nr; i++)
			l->events[i].ts_ns += length;
	}
	matcher_finish(m);
	printf("%-18s %5.1f ns/event, %6.1f million events/s, %" PRIu64 " spans of %" PRIu64 " events, %s\n", l->name,
	       (double)spent / (double)fed, (double)fed * 1000 / (double)spent, nr_spans, fed,
	       matcher_conserves(matcher_totals(m)) ? "conserved" : "NOT CONSERVED");
	matcher_free(m);
}

int main(void)
{
	static void (*const fill[])(struct load *) = { fill_single, fill_multicast, fill_resched };

	for (size_t i = 0; i < sizeof(fill) / sizeof(*fill); i++) {
		struct load *l = calloc(1, sizeof(*l));

		if (!l)
			return 1;
		fill[i](l);
		run(l);
		free(l);
	}
	return 0;
}
