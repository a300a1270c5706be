// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/beside.c - per CPU two logs in order of time: whom its sends wake, and when it was idle.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/beside.h"

struct entry {
	uint64_t at_ns;
	uint32_t value; /* a task; or IPI_IDLE_* from then on */
};

/* Entries from first on are live. */
struct log {
	struct entry *entries;
	size_t first, nr, max;
};

struct beside_cpu {
	struct log wakees, idle;
};

struct beside {
	struct beside_cpu *cpus;
	uint32_t nr_cpus;
	bool has_wakes;
	struct beside_info info;
};

#define MAX_CPUS 65536u /* beyond that an event is damaged */

struct beside *beside_new(bool has_wakes)
{
	struct beside *b = xcalloc(1, sizeof(*b));

	b->has_wakes = has_wakes;
	return b;
}

void beside_free(struct beside *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; i < b->nr_cpus; i++) {
		free(b->cpus[i].wakees.entries);
		free(b->cpus[i].idle.entries);
	}
	free(b->cpus);
	free(b);
}

/* --- logs --- */

static void log_add(struct log *log, uint64_t at_ns, uint32_t value)
{
	if (log->nr == log->max) {
		/* What is no longer live gives room first. */
		if (log->first > log->max / 2) {
			log->nr -= log->first;
			memmove(log->entries, log->entries + log->first, log->nr * sizeof(*log->entries));
			log->first = 0;
		} else {
			log->max = log->max ? 2 * log->max : 64;
			log->entries = xrealloc(log->entries, log->max * sizeof(*log->entries));
		}
	}
	/* Clocks of one CPU do not go back; one that seems to keeps the order. */
	if (log->nr > log->first && at_ns < log->entries[log->nr - 1].at_ns)
		at_ns = log->entries[log->nr - 1].at_ns;
	log->entries[log->nr++] = (struct entry){ at_ns, value };
}

/* Index behind the last entry that is not later. */
static size_t log_upto(const struct log *log, uint64_t at_ns)
{
	size_t low = log->first, high = log->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (log->entries[mid].at_ns <= at_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The last entry before the time stays: it says how it was at that time. */
static void log_forget(struct log *log, uint64_t before_ns)
{
	size_t upto = before_ns ? log_upto(log, before_ns - 1) : log->first;

	if (upto > log->first)
		log->first = upto - 1;
}

/* --- events in --- */

static struct beside_cpu *cpu_of(struct beside *b, uint32_t cpu)
{
	if (cpu >= MAX_CPUS)
		return NULL;
	if (cpu >= b->nr_cpus) {
		uint32_t nr = b->nr_cpus ? b->nr_cpus : 8;

		while (nr <= cpu)
			nr *= 2;
		b->cpus = xrealloc(b->cpus, nr * sizeof(*b->cpus));
		memset(b->cpus + b->nr_cpus, 0, (nr - b->nr_cpus) * sizeof(*b->cpus));
		b->nr_cpus = nr;
	}
	return &b->cpus[cpu];
}

/* False: it is not for the matcher. */
static bool take(struct beside *b, const struct ipi_event *ev)
{
	struct beside_cpu *cpu;

	switch (ev->type) {
	case IPI_EV_SEND_CPU:
	case IPI_EV_QUEUE:
	case IPI_EV_WAKE_NO_IPI:
		if (b->has_wakes && ev->wakee && (cpu = cpu_of(b, ev->cpu)))
			log_add(&cpu->wakees, ev->ts_ns, (uint32_t)ev->wakee);
		return true;
	case IPI_EV_IDLE:
		cpu = cpu_of(b, ev->cpu);
		if (cpu)
			log_add(&cpu->idle, ev->ts_ns,
				ev->target == IPI_IDLE_LEFT ? IPI_IDLE_AWAKE : IPI_IDLE_STATE(ev->target));
		return false;
	case IPI_EV_GAP:
	case IPI_EV_LOST:
		/* What it did in between is not known, nor how it came out of it. */
		cpu = cpu_of(b, ev->cpu);
		if (cpu && cpu->idle.nr > cpu->idle.first)
			log_add(&cpu->idle, ev->ts_ns, IPI_IDLE_UNKNOWN);
		return true;
	}
	return true;
}

unsigned int beside_take(struct beside *b, struct ipi_event *ev, unsigned int nr)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < nr; i++) {
		if (!take(b, &ev[i]))
			continue;
		if (left != i)
			ev[left] = ev[i];
		left++;
	}
	return left;
}

/* --- spans out --- */

uint32_t beside_idle(const struct beside *b, uint32_t cpu, uint64_t at_ns)
{
	const struct log *log;
	size_t upto;

	if (cpu >= b->nr_cpus || at_ns == IPI_NO_TIME)
		return IPI_IDLE_UNKNOWN;
	log = &b->cpus[cpu].idle;
	upto = log_upto(log, at_ns);
	return upto > log->first ? log->entries[upto - 1].value : IPI_IDLE_UNKNOWN;
}

/* Of two events of one stamp nobody knows which it was, unless they say the same. */
static int32_t wakee_at(const struct beside *b, uint32_t cpu, uint64_t at_ns)
{
	const struct log *log;
	size_t upto;

	if (cpu >= b->nr_cpus || at_ns == IPI_NO_TIME)
		return 0;
	log = &b->cpus[cpu].wakees;
	upto = log_upto(log, at_ns);
	if (upto == log->first || log->entries[upto - 1].at_ns != at_ns)
		return 0;
	for (size_t i = upto - 1; i-- > log->first && log->entries[i].at_ns == at_ns;)
		if (log->entries[i].value != log->entries[upto - 1].value)
			return 0;
	return (int32_t)log->entries[upto - 1].value;
}

/* Of a send, its hits tell; of a call that was sent, its hit does. */
static void count(struct beside_info *n, const struct ipi_span *s)
{
	bool line = s->kind != IPI_SPAN_SEND && (s->kind != IPI_SPAN_CALL || s->path != IPI_PATH_SENT);

	if (line && s->wakee)
		n->wakees++;
	else if (s->kind == IPI_SPAN_CALL && s->call_kind == IPI_CALL_TTWU && !s->wakee)
		n->calls_unknown++;
	else if (line && s->kind != IPI_SPAN_CALL && s->class == IPI_CLASS_RESCHEDULE)
		n->other_reschedules++;
	if (line && s->idle == IPI_IDLE_UNKNOWN)
		n->states_unknown++;
	else if (line)
		n->states++;
}

void beside_fill(struct beside *b, struct ipi_span *s, bool clock_sync)
{
	uint64_t at_ns = s->kind == IPI_SPAN_CALL ? s->queue_ns : s->send_ns;

	switch (s->kind) {
	case IPI_SPAN_SEND:
	case IPI_SPAN_HIT:
	case IPI_SPAN_CALL:
	case IPI_SPAN_WAKE:
		s->wakee = wakee_at(b, s->source, at_ns);
		if (clock_sync && !s->mask)
			s->idle = beside_idle(b, s->target, at_ns);
		count(&b->info, s);
	}
}

struct beside_info beside_info(const struct beside *b)
{
	return b->info;
}

void beside_settled(struct beside *b, uint64_t before_ns)
{
	for (uint32_t i = 0; i < b->nr_cpus; i++) {
		log_forget(&b->cpus[i].wakees, before_ns);
		log_forget(&b->cpus[i].idle, before_ns);
	}
}
