// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/offenders.c - hits within the watch, by whom.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/offenders.h"

const enum agg_key offenders_by[] = { AGG_KEY_CALLER, AGG_KEY_FUNC, AGG_KEY_CLASS,
				      AGG_KEY_COMM,   AGG_KEY_PID,  AGG_KEY_TARGET };
const unsigned int offenders_nr_by = ARRAY_SIZE(offenders_by);

struct offenders {
	const struct cpuset *cpus;
	unsigned int nr_cpus;
	struct span_names names;
	struct agg *agg;
	uint64_t from_ns, to_ns;
	struct offence *rows; /* as in agg */
	uint32_t room;
	struct offence *unsolicited; /* by CPU and class */
	struct offence own;
	uint64_t *before, *after; /* own ones, by CPU */
	uint64_t hits;
	uint64_t counted_from_ns, counted_to_ns;
	uint64_t within[IPI_NR_CLASSES], beside[IPI_NR_CLASSES];
};

struct offenders *offenders_new(const struct cpuset *cpus, unsigned int nr_cpus, const struct span_names *names)
{
	struct offenders *o = xcalloc(1, sizeof(*o));

	o->cpus = cpus;
	o->nr_cpus = nr_cpus;
	o->names = *names;
	o->agg = agg_new(offenders_by, offenders_nr_by, false, names);
	agg_limit(o->agg, OFFENDERS_MAX);
	o->from_ns = o->to_ns = UINT64_MAX;
	o->unsolicited = xcalloc((size_t)nr_cpus * IPI_NR_CLASSES + 1, sizeof(*o->unsolicited));
	o->before = xcalloc(nr_cpus + 1, sizeof(*o->before));
	o->after = xcalloc(nr_cpus + 1, sizeof(*o->after));
	return o;
}

void offenders_free(struct offenders *o)
{
	if (!o)
		return;
	agg_free(o->agg);
	free(o->rows);
	free(o->unsolicited);
	free(o->before);
	free(o->after);
	free(o);
}

void offenders_begin(struct offenders *o, uint64_t from_ns)
{
	o->from_ns = from_ns;
}

void offenders_end(struct offenders *o, uint64_t to_ns)
{
	o->to_ns = to_ns;
}

void offenders_counted(struct offenders *o, uint64_t from_ns, uint64_t to_ns)
{
	o->counted_from_ns = from_ns;
	o->counted_to_ns = to_ns;
}

static void count(struct offenders *o, const struct ipi_span *s)
{
	if (s->entry_ns >= o->from_ns && s->entry_ns < o->to_ns)
		o->within[s->class]++;
	else if (s->entry_ns >= o->counted_from_ns && s->entry_ns < o->counted_to_ns)
		o->beside[s->class]++;
}

static uint64_t sum(const uint64_t *by_class, uint32_t classes)
{
	uint64_t all = 0;

	for (unsigned int class = 0; class < IPI_NR_CLASSES; ++class)
		all += classes >> class & 1 ? by_class[class] : 0;
	return all;
}

uint64_t offenders_beside(const struct offenders *o, uint32_t classes)
{
	return sum(o->beside, classes);
}

uint64_t offenders_interrupts(const struct offenders *o, uint32_t classes)
{
	return sum(o->within, classes);
}

static void add(struct offenders *o, struct offence *f, const struct ipi_span *s)
{
	uint64_t stolen = s->exit_ns != IPI_NO_TIME && s->exit_ns > s->entry_ns ? s->exit_ns - s->entry_ns : 0;

	o->hits++;
	f->stolen_ns += stolen;
	if (stolen > f->worst_ns)
		f->worst_ns = stolen;
	if (!f->hits++ || s->entry_ns < f->first_ns)
		f->first_ns = s->entry_ns;
	if (s->entry_ns > f->last_ns)
		f->last_ns = s->entry_ns;
}

static void add_hit(struct offenders *o, const struct ipi_span *s)
{
	uint32_t row;

	if (span_is_own(&o->names, s)) {
		add(o, &o->own, s);
		return;
	}
	agg_span(o->agg, s);
	row = agg_last_row(o->agg);
	if (row >= o->room) {
		uint32_t room = o->room ? o->room : 64;

		while (room <= row)
			room *= 2;
		o->rows = xrealloc(o->rows, room * sizeof(*o->rows));
		memset(o->rows + o->room, 0, (room - o->room) * sizeof(*o->rows));
		o->room = room;
	}
	add(o, &o->rows[row], s);
}

static void span(void *ctx, const struct ipi_span *s)
{
	struct offenders *o = ctx;
	bool hit = s->kind == IPI_SPAN_HIT && s->outcome == IPI_DELIVERED;

	if ((!hit && s->kind != IPI_SPAN_IRQ) || s->entry_ns == IPI_NO_TIME || s->target >= o->nr_cpus ||
	    !cpuset_has(o->cpus, s->target))
		return;
	if (s->kind == IPI_SPAN_IRQ)
		count(o, s);
	if (!hit && !s->unsolicited)
		return;
	if (s->entry_ns < o->from_ns || s->entry_ns >= o->to_ns) {
		if (hit && span_is_own(&o->names, s))
			(s->entry_ns < o->from_ns ? o->before : o->after)[s->target]++;
		return;
	}
	if (hit)
		add_hit(o, s);
	else
		add(o, &o->unsolicited[(size_t)s->target * IPI_NR_CLASSES + s->class], s);
}

struct span_sink offenders_sink(struct offenders *o)
{
	return (struct span_sink){ .span = span, .ctx = o };
}

struct agg *offenders_agg(struct offenders *o)
{
	return o->agg;
}

const struct offence *offenders_row(const struct offenders *o, uint32_t row)
{
	return &o->rows[row];
}

const struct offence *offenders_unsolicited(const struct offenders *o, unsigned int class, unsigned int cpu)
{
	return &o->unsolicited[(size_t)cpu * IPI_NR_CLASSES + class];
}

const struct offence *offenders_own(const struct offenders *o)
{
	return &o->own;
}

uint64_t offenders_own_before(const struct offenders *o, unsigned int cpu)
{
	return cpu < o->nr_cpus ? o->before[cpu] : 0;
}

uint64_t offenders_own_after(const struct offenders *o, unsigned int cpu)
{
	return cpu < o->nr_cpus ? o->after[cpu] : 0;
}

uint64_t offenders_hits(const struct offenders *o)
{
	return o->hits;
}
