// SPDX-License-Identifier: GPL-2.0-only
/*
 * match/match.c - the matcher's front: dispatch, gaps, end of trace, conservation.
 *
 * match/calls.c follows calls by (target, csd), match/irqs.c assigns sends to
 * interrupts. The kernel facts behind both are in the comments there, and each
 * of them has a script in tests/data/match.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "match/priv.h"

#define POOL_BLOCK 256

/* One block: a link to the previous block, then POOL_BLOCK objects. */
void pool_grow(struct pool *p)
{
	char *block = xmalloc(sizeof(void *) + POOL_BLOCK * p->size);
	char *first = block + sizeof(void *);

	*(void **)block = p->blocks;
	p->blocks = block;
	for (unsigned int i = 0; i < POOL_BLOCK; i++)
		pool_put(p, first + i * p->size);
}

static void pool_free(struct pool *p)
{
	while (p->blocks) {
		void *next = *(void **)p->blocks;

		free(p->blocks);
		p->blocks = next;
	}
}

/* Make room for CPUs 0..nr-1, as far as MATCH_MAX_CPUS; moves m->cpus. */
static void matcher_grow(struct matcher *m, unsigned int nr)
{
	unsigned int want = m->nr_cpus ? m->nr_cpus : 1;

	if (nr > MATCH_MAX_CPUS)
		nr = MATCH_MAX_CPUS;
	while (want < nr)
		want *= 2;
	m->cpus = xrealloc(m->cpus, want * sizeof(*m->cpus));
	memset(m->cpus + m->nr_cpus, 0, (want - m->nr_cpus) * sizeof(*m->cpus));
	for (unsigned int n = m->nr_cpus; n < want; n++) {
		m->cpus[n].cut = CUT_START;
		m->cpus[n].before = IPI_CLASSES_ALL;
	}
	m->nr_cpus = want;
}

struct matcher *matcher_new(const struct match_config *config)
{
	struct matcher *m = xcalloc(1, sizeof(*m));
	unsigned int nr = config->nr_cpus < MATCH_MAX_CPUS ? config->nr_cpus : MATCH_MAX_CPUS;

	m->config = *config;
	matcher_set_emit(m, config->emit, config->ctx, 0);
	m->calls.size = sizeof(struct call);
	m->hits.size = sizeof(struct hit);
	m->windows.size = sizeof(struct window);
	m->waits.size = sizeof(struct wait);
	m->waited_func = UINT64_MAX;
	m->waited = xcalloc(1u << WAITED_BITS, sizeof(*m->waited));
	calls_init(m);
	matcher_grow(m, nr ? nr : 1);
	return m;
}

void matcher_set_window(struct matcher *m, uint64_t window_ns)
{
	m->config.window_ns = window_ns;
}

void matcher_set_emit(struct matcher *m, ipi_span_fn emit, void *ctx, unsigned int untold)
{
	m->emit = emit;
	m->emit_ctx = ctx;
	m->untold = untold;
}

void matcher_free(struct matcher *m)
{
	if (!m)
		return;
	calls_free(m);
	pool_free(&m->calls);
	pool_free(&m->hits);
	pool_free(&m->windows);
	pool_free(&m->waits);
	free(m->waited);
	free(m->cpus);
	free(m);
}

/*
 * A gap begins in this CPU's stream. What was on its way to it is lost, and so
 * is at once what will be sent to it until the gap ends: waiting for that would
 * need memory for as long as it lasts, and a hit that was given up for want of
 * room would be told as something that it is not. What it sent before may still
 * arrive where all is recorded.
 */
static void gap_begin(struct matcher *m, const struct ipi_event *ev)
{
	struct cpu *cpu = &m->cpus[ev->cpu];

	m->nr_gaps += !cpu->in_gap;
	cpu->in_gap = true;
	cpu->waiting = NULL;
	hits_lose_to(m, ev->cpu);
	calls_lose_to(m, ev->cpu);
}

/*
 * Events are missing in this CPU's stream, up to here. Nothing is matched
 * across the gap: what was on its way from or to this CPU becomes lost.
 */
static void lose(struct matcher *m, const struct ipi_event *ev)
{
	struct cpu *cpu = &m->cpus[ev->cpu];

	if (ev->lost == IPI_LOST_UNKNOWN)
		m->totals.lost_unknown = true;
	else
		m->totals.lost_events += ev->lost;

	if (m->config.gap)
		m->config.gap(m->config.ctx, ev->cpu, ev->ts_ns, ev->lost);
	hits_lose_to(m, ev->cpu);
	hits_lose_from(m, ev->cpu);
	calls_lose_to(m, ev->cpu);
	calls_lose_from(m, ev->cpu);
	cpu->waiting = NULL;
	cpu->cut = CUT_GAP;
	m->nr_gaps -= cpu->in_gap;
	cpu->in_gap = false;
	m->settled_ns = ev->ts_ns + MATCH_SETTLE_NS;
	m->gap_reach_ns = cpu->gap_reach_ns = ev->ts_ns + MATCH_PENDING_NS;
}

/*
 * An event at one level ends what higher levels had open: that interrupt or
 * softirq is over. At its own level every event but the op's own next one
 * does; call_queue(), call_wake() and hit_send() see to that themselves.
 */
static inline void ops_expire(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	const unsigned int ends_nothing = 1u << IPI_EV_GAP | 1u << IPI_EV_LOST | 1u << IPI_EV_CPU_START;
	const unsigned int of_an_op = 1u << IPI_EV_QUEUE | 1u << IPI_EV_WAKE_NO_IPI | 1u << IPI_EV_SEND_CPU |
				      1u << IPI_EV_SEND_MASK;
	unsigned int type = 1u << (ev->type & 31);
	unsigned int from = ipi_event_level(ev) + !!(type & of_an_op);

	if (likely(!(cpu->open_ops >> from)) || type & ends_nothing)
		return;
	for (; from < IPI_NR_LEVELS; from++)
		if (cpu->open_ops & 1u << from)
			op_lapse(m, cpu, from, IPI_PATH_RIDER);
}

/* 0x02 is TRACE_FLAG_IRQS_NOSUPPORT: such a kernel says nothing about interrupts. */
#define FLAGS_IRQS_OFF (IPI_FLAG_IRQS_OFF | 0x02 | IPI_FLAG_HARDIRQ | IPI_FLAG_NMI)

static void __attribute__((noinline)) feed_first(struct matcher *m, const struct ipi_event *ev)
{
	m->started = true;
	m->start_ns = ev->ts_ns;
	m->settled_ns = ev->ts_ns + MATCH_SETTLE_NS;
}

/* Make room before pointers into m->cpus are taken; false: damage, there is no such CPU. */
static bool __attribute__((noinline)) feed_room(struct matcher *m, const struct ipi_event *ev)
{
	if (ev->cpu >= MATCH_MAX_CPUS)
		return false;
	if (ev->cpu >= m->nr_cpus)
		matcher_grow(m, ev->cpu + 1);
	if ((ev->type == IPI_EV_SEND_CPU || ev->type == IPI_EV_QUEUE) && ev->target >= m->nr_cpus &&
	    ev->target < MATCH_MAX_CPUS)
		matcher_grow(m, ev->target + 1);
	return true;
}

static void mask_room(struct matcher *m, const struct ipi_event *ev)
{
	unsigned int top = 0;

	for (unsigned int w = ev->mask_words; !top && w-- > m->nr_cpus / 64;)
		if (ev->mask[w])
			top = w * 64 + 64 - __builtin_clzll(ev->mask[w]);
	if (unlikely(top > m->nr_cpus))
		matcher_grow(m, top);
}

/* Nothing is matched with it here: whoever wants to know joins it. */
static void __attribute__((noinline)) pass_tlb(struct matcher *m, const struct ipi_event *ev)
{
	struct ipi_span span;

	span_init(&span, IPI_SPAN_TLB, ev);
	span.class = IPI_CLASS_CALL_SINGLE;
	span.target = ev->cpu;
	span.path = ev->class;
	span.nr_targets = (uint32_t)ev->func;
	span.func = 0;
	span.send_ns = span.sent_ns = ev->ts_ns;
	match_emit(m, &span);
}

/* What was sent before the trace is pending no more. In a window only who had interrupts on since has none of it. */
static void before_expire(const struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	const uint64_t from_ns = m->config.window_ns ? m->config.window_ns : m->start_ns;

	if (m->config.window_ns && ev->flags & FLAGS_IRQS_OFF)
		return;
	if (ev->ts_ns > from_ns + MATCH_PENDING_NS)
		cpu->before = 0;
}

static inline void feed_one(struct matcher *m, const struct ipi_event *ev)
{
	struct cpu *cpu;

	/* Only sends and queue events have a target, but 0 is in range, too. */
	if (unlikely(ev->cpu >= m->nr_cpus || ev->target >= m->nr_cpus) && !feed_room(m, ev)) {
		m->totals.events--;
		return;
	}
	cpu = &m->cpus[ev->cpu];
	if (unlikely(cpu->unsettled)) {
		if (cpu->open_ops)
			ops_expire(m, cpu, ev);
		if (unlikely(cpu->nr_chains) && !(ev->flags & FLAGS_IRQS_OFF))
			chains_weaken(cpu);
		if (unlikely(cpu->before))
			before_expire(m, cpu, ev);
	}

	switch (ev->type) {
	case IPI_EV_SEND_CPU:
		hit_send(m, cpu, ev);
		break;
	case IPI_EV_SEND_MASK:
		mask_room(m, ev);
		cpu = &m->cpus[ev->cpu];
		hit_send_mask(m, cpu, ev);
		break;
	case IPI_EV_QUEUE:
		call_queue(m, cpu, ev);
		break;
	case IPI_EV_FUNC_ENTRY:
		call_func_entry(m, cpu, ev);
		break;
	case IPI_EV_FUNC_EXIT:
		call_func_exit(m, cpu, ev);
		break;
	case IPI_EV_IRQ_ENTRY:
		window_open(m, cpu, ev);
		break;
	case IPI_EV_IRQ_EXIT:
		window_exit(m, cpu, ev);
		break;
	case IPI_EV_WAKE_NO_IPI:
		call_wake(m, cpu, ev);
		break;
	case IPI_EV_TLB:
		pass_tlb(m, ev);
		break;
	case IPI_EV_GAP:
		gap_begin(m, ev);
		m->totals.events--;
		return;
	case IPI_EV_LOST:
		lose(m, ev);
		m->totals.events--;
		return;
	default:
		m->totals.events--;
		return;
	}
	if (likely(!(ev->flags & IPI_FLAG_NMI)))
		cpu->last_ns = ev->ts_ns;
}

void matcher_feed(struct matcher *m, const struct ipi_event *ev, unsigned int nr)
{
	if (unlikely(!m->started) && nr)
		feed_first(m, ev);
	m->totals.events += nr; /* less those that are no records */
	for (const struct ipi_event *end = ev + nr; ev != end; ev++)
		feed_one(m, ev);
}

/* The first of what waits is the earliest, or knows who is. */
static uint64_t hit_begin(const struct hit *h, uint64_t least)
{
	return h && h->begin_ns < least ? h->begin_ns : least;
}

static uint64_t window_begin(const struct window *w, uint64_t least)
{
	if (!w)
		return least;
	return hit_begin(w->head, w->entry_ns < least ? w->entry_ns : least);
}

static uint64_t call_begin(const struct call *c, uint64_t least)
{
	return c && c->begin_ns < least ? c->begin_ns : least;
}

uint64_t matcher_settled_ns(const struct matcher *m, uint64_t now_ns)
{
	uint64_t least = now_ns;

	if (m->finished)
		return UINT64_MAX;
	for (unsigned int n = 0; n < m->nr_cpus; n++) {
		const struct cpu *cpu = &m->cpus[n];

		least = window_begin(cpu->win, call_begin(cpu->out_head, least));
		for (unsigned int level = 0; level < IPI_NR_LEVELS; level++)
			if (cpu->open_ops & 1u << level)
				least = call_begin(cpu->ops[level].head, least);
		for (unsigned int class = 0; class < IPI_NR_CLASSES; ++class) {
			least = hit_begin(cpu->lines[class].head, least);
			least = window_begin(cpu->lines[class].chain, least);
		}
		if (cpu->run.active) {
			least = call_begin(cpu->run.call, least);
			least = cpu->run.run_ns < least ? cpu->run.run_ns : least;
		}
		/* A queue event that comes by a slow clock takes these runs for its own; see ran_before_queue(). */
		for (unsigned int i = 0; i < MATCH_NR_UNQUEUED; i++) {
			const struct unqueued *u = &cpu->unqueued[i];

			if (!u->csd || u->run_ns + MATCH_SKEW_NS < now_ns)
				continue;
			least = u->run_ns < least ? u->run_ns : least;
			least = u->entry_ns < least ? u->entry_ns : least;
		}
	}
	return least;
}

void matcher_finish(struct matcher *m)
{
	if (m->finished)
		return;
	m->finished = true;
	hits_finish(m);
	calls_finish(m);
}

const struct match_totals *matcher_totals(const struct matcher *m)
{
	return &m->totals;
}

bool matcher_conserves(const struct match_totals *t)
{
	return t->target_hits == t->delivered + t->coalesced + t->in_flight + t->lost &&
	       t->interrupts == t->delivered + t->unsolicited &&
	       t->calls == t->calls_run + t->calls_in_flight + t->calls_lost &&
	       t->delivered == t->exact + t->fifo + t->ambiguous && t->elided == t->riders + t->polled + t->wakes &&
	       t->riders + t->polled + t->path_unknown <= t->calls && t->sends_to_nobody <= t->sends;
}
