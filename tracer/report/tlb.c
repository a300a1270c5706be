// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/tlb.c - TLB work: operations by row, and the kernel's tlb_flush events beside them.
 *
 * What the kernel does, in order, on the CPU that flushes (arch/x86/mm/tlb.c):
 * TLB_BY_SEND, the calls and their send, its own part with TLB_BY_LOCAL*, and
 * the wait. So an operation takes the last TLB_BY_SEND of its task on its CPU
 * before its call, and what follows of the task until the calls are done. On the
 * targets an event stands between entry and exit of the function. What nobody
 * takes was local, or found nobody to ask; its caller is not known.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/agg-priv.h"
#include "report/analysis.h"
#include "report/tlb.h"

#define RING_BITS 6
#define RING_SIZE (1u << RING_BITS) /* events that wait for whoever takes them; a CPU waits for each of its own */
#define WORK_BITS 6

/* An event that may still be taken. */
struct note {
	uint64_t ts_ns, pages;
	int32_t pid;
	uint8_t reason; /* enum tlb_reason */
	bool there;
};

struct ring {
	struct note notes[RING_SIZE];
	uint32_t next;
};

struct cpu_notes {
	struct ring *own, *asked; /* what it flushes itself, and what others asked for; NULL = nothing yet */
};

/* What functions are for. Direct-mapped, a mere shortcut. */
struct work_memo {
	uint64_t func;
	enum tlb_work work;
	bool known;
};

struct tlb {
	struct analysis *analysis;
	struct agg *agg;
	struct span_names names;
	struct work_memo memos[1u << WORK_BITS];
	struct cpu_notes *cpus;
	unsigned int nr_cpus;
	struct tlb_sums all, own;
	struct tlb_sums *rows; /* by the index of the aggregation's row */
	unsigned int nr_rows;
	bool by_sends;
	struct report_tlb report;
};

static struct tlb_sums *sums_of(struct tlb *t, const struct agg_row *row)
{
	unsigned int index = (unsigned int)(row - t->agg->rows), nr = t->nr_rows;

	if (row == &t->agg->own)
		return &t->own;
	if (index >= nr) {
		nr = nr ? nr : 64;
		while (nr <= index)
			nr *= 2;
		t->rows = xrealloc(t->rows, nr * sizeof(*t->rows));
		memset(t->rows + t->nr_rows, 0, (nr - t->nr_rows) * sizeof(*t->rows));
		t->nr_rows = nr;
	}
	return &t->rows[index];
}

static enum tlb_work work_of(struct tlb *t, uint64_t func)
{
	struct work_memo *memo = &t->memos[func * 0xd6e8feb86659fd93ULL >> (64 - WORK_BITS)];

	if (unlikely(!memo->known || memo->func != func))
		*memo = (struct work_memo){
			.func = func,
			.work = func ? tlb_work_of(t->names.symbol(t->names.ctx, func)) : TLB_NO_WORK,
			.known = true,
		};
	return memo->work;
}

/* --- events of the kernel --- */

static struct cpu_notes *notes_of(struct tlb *t, uint32_t cpu)
{
	unsigned int nr = t->nr_cpus;

	if (cpu >= nr) {
		nr = nr ? nr : 16;
		while (nr <= cpu)
			nr *= 2;
		t->cpus = xrealloc(t->cpus, nr * sizeof(*t->cpus));
		memset(t->cpus + t->nr_cpus, 0, (nr - t->nr_cpus) * sizeof(*t->cpus));
		t->nr_cpus = nr;
	}
	return &t->cpus[cpu];
}

static void add_reason(struct tlb *t, struct tlb_sums *s, unsigned int reason)
{
	s->reasons[reason]++;
	t->all.reasons[reason]++;
}

static void add_pages(struct tlb_sums *s, const struct note *n, uint32_t cpu)
{
	if (n->pages == TLB_PAGES_ALL)
		s->pages_all++;
	else
		hist_add(&s->pages, n->pages, n->ts_ns, cpu);
}

/* What asked others, for a row and for all; pages is a flush's, and not counted once more on each CPU. */
static void take_send(struct tlb *t, struct tlb_sums *s, struct note *n, uint32_t cpu)
{
	add_reason(t, s, n->reason);
	add_pages(s, n, cpu);
	add_pages(&t->all, n, cpu);
	n->there = false;
}

/* Sums of a task of which no more is known. */
static struct tlb_sums *sums_of_task(struct tlb *t, int32_t pid, uint32_t cpu)
{
	const struct ipi_span span = {
		.kind = IPI_SPAN_TLB,
		.class = IPI_CLASS_CALL_SINGLE,
		.source = cpu,
		.target = cpu,
		.pid = pid,
	};

	return sums_of(t, agg_row_of(t->agg, &span));
}

/* Nobody took it. */
static void let_go(struct tlb *t, struct note *n, uint32_t cpu)
{
	struct tlb_sums *s;

	if (!n->there)
		return;
	s = sums_of_task(t, n->pid, cpu);
	if (n->reason == TLB_BY_SEND) {
		s->unsent++;
		t->all.unsent++;
		take_send(t, s, n, cpu);
		return;
	}
	add_reason(t, s, n->reason);
	n->there = false;
}

static void ring_add(struct tlb *t, struct ring **ring, const struct ipi_span *s)
{
	struct note *n;

	if (!*ring)
		*ring = xcalloc(1, sizeof(**ring));
	n = &(*ring)->notes[(*ring)->next++ % RING_SIZE];
	if (ring == &notes_of(t, s->source)->own)
		let_go(t, n, s->source);
	*n = (struct note){ s->send_ns, s->csd, s->pid, s->path, true };
}

static void note(struct tlb *t, const struct ipi_span *s)
{
	struct cpu_notes *c = notes_of(t, s->source);
	struct note call = { s->send_ns, s->csd, s->pid, s->path, true };
	struct tlb_sums *sums;

	t->report.events = true;
	switch (s->path) {
	case TLB_BY_REMOTE:
	case TLB_BY_WRONG_CPU:
		t->all.reasons[s->path]++;
		ring_add(t, &c->asked, s);
		break;
	case TLB_BY_SEND:
	case TLB_BY_LOCAL:
	case TLB_BY_LOCAL_MM:
		ring_add(t, &c->own, s);
		break;
	case TLB_BY_HYPERCALL:
		sums = sums_of_task(t, s->pid, s->source);
		hist_add(&sums->cpus, s->nr_targets, s->send_ns, s->source);
		hist_add(&t->all.cpus, s->nr_targets, s->send_ns, s->source);
		take_send(t, sums, &call, s->source);
		break;
	default:
		t->all.reasons[s->path]++;
	}
}

/* Where the operation of this call, which tells of it, was begun, and its own part of it. */
static void take_own(struct tlb *t, struct tlb_sums *sums, const struct ipi_span *s)
{
	struct ring *ring = notes_of(t, s->source)->own;
	struct note *send = NULL;

	for (unsigned int i = 0; ring && i < RING_SIZE; i++) {
		struct note *n = &ring->notes[i];

		if (n->there && n->reason == TLB_BY_SEND && n->pid == s->pid && n->ts_ns <= s->queue_ns &&
		    (!send || n->ts_ns > send->ts_ns))
			send = n;
	}
	if (!send)
		return;
	for (unsigned int i = 0; s->done_ns != IPI_NO_TIME && i < RING_SIZE; i++) {
		struct note *n = &ring->notes[i];

		if (!n->there || n->reason == TLB_BY_SEND || n->pid != s->pid || n->ts_ns < send->ts_ns ||
		    n->ts_ns > s->done_ns)
			continue;
		add_reason(t, sums, n->reason);
		n->there = false;
	}
	take_send(t, sums, send, s->source);
}

/* What the target said while it ran the function. */
static void take_asked(struct tlb *t, struct tlb_sums *sums, const struct ipi_span *s)
{
	struct ring *ring = notes_of(t, s->target)->asked;

	if (s->run_ns == IPI_NO_TIME || s->done_ns == IPI_NO_TIME)
		return;
	for (unsigned int i = 0; ring && i < RING_SIZE; i++) {
		struct note *n = &ring->notes[i];

		if (!n->there || n->ts_ns < s->run_ns || n->ts_ns > s->done_ns)
			continue;
		sums->reasons[n->reason]++;
		n->there = false;
		return;
	}
	sums->no_event++;
	t->all.no_event++;
}

/* --- spans --- */

static void add_flush(struct tlb *t, struct tlb_sums *sums, const struct ipi_span *s, enum tlb_work work)
{
	struct tlb_sums *const both[] = { sums, &t->all };

	for (unsigned int i = 0; i < ARRAY_SIZE(both); i++) {
		both[i]->flushes++;
		both[i]->by_work[work]++;
		hist_add(&both[i]->cpus, s->nr_targets, span_begin_ns(s), s->source);
		if (s->kind == IPI_SPAN_CALL && s->wait == IPI_WAIT_KNOWN)
			hist_add(&both[i]->wait, s->wait_ns, span_begin_ns(s), s->target);
		else
			both[i]->wait_unknown++;
	}
}

static void tlb_span(void *ctx, const struct ipi_span *s)
{
	struct tlb *t = ctx;
	struct tlb_sums *sums;
	enum tlb_work work;

	if (s->kind == IPI_SPAN_TLB) {
		note(t, s);
		return;
	}
	work = s->kind == IPI_SPAN_IRQ ? TLB_NO_WORK : work_of(t, s->func);
	if (work == TLB_NO_WORK)
		return;
	agg_span(t->agg, s);
	if (s->kind == IPI_SPAN_SEND && t->by_sends) {
		add_flush(t, sums_of(t, agg_row_of(t->agg, s)), s, work);
		return;
	}
	if (s->kind != IPI_SPAN_CALL || t->by_sends)
		return;
	sums = sums_of(t, t->agg->last_row);
	if (t->report.events && work == TLB_WORK_USER)
		take_asked(t, sums, s);
	if (s->wait == IPI_WAIT_NONE)
		return;
	add_flush(t, sums, s, work);
	if (t->report.events && work == TLB_WORK_USER)
		take_own(t, sums, s);
}

static int tlb_end(void *ctx, struct err *err)
{
	struct tlb *t = ctx;

	(void)err;
	for (unsigned int cpu = 0; cpu < t->nr_cpus; cpu++)
		for (unsigned int i = 0; t->cpus[cpu].own && i < RING_SIZE; i++)
			let_go(t, &t->cpus[cpu].own->notes[i], cpu);
	return 0;
}

struct tlb *tlb_new(struct analysis *a, struct agg *agg, const struct span_names *names)
{
	struct tlb *t = xcalloc(1, sizeof(*t));

	t->analysis = a;
	t->agg = agg;
	t->names = *names;
	t->by_sends = !analysis_info(a)->has_csd;
	return t;
}

static void sums_free(struct tlb_sums *s)
{
	hist_free(&s->cpus);
	hist_free(&s->wait);
	hist_free(&s->pages);
}

void tlb_free(struct tlb *t)
{
	if (!t)
		return;
	for (unsigned int i = 0; i < t->nr_rows; i++)
		sums_free(&t->rows[i]);
	for (unsigned int i = 0; i < t->nr_cpus; i++) {
		free(t->cpus[i].own);
		free(t->cpus[i].asked);
	}
	sums_free(&t->all);
	sums_free(&t->own);
	free(t->rows);
	free(t->cpus);
	free(t);
}

struct span_sink tlb_sink(struct tlb *t)
{
	return (struct span_sink){ .span = tlb_span, .end = tlb_end, .ctx = t };
}

/* INVLPGB needs a kernel that uses it: this function came with that, in Linux 6.15. */
static uint32_t ways(const struct tlb *t, bool *known)
{
	const struct facts *f = analysis_facts(t->analysis);
	uint32_t set = tlb_ways_of_arch(analysis_info(t->analysis)->arch);
	uint64_t start, end;

	*known = (f && f->tlb_known) || !(set & 1u << TLB_WAY_LAZY);
	if (!f)
		return set;
	set |= f->tlb_ways;
	if (!symtab_range(analysis_symtab(t->analysis), "mm_free_global_asid", &start, &end))
		set &= ~(1u << TLB_WAY_INVLPGB);
	return set;
}

void tlb_report(struct tlb *t, struct report *r)
{
	t->report.all = &t->all;
	t->report.by_sends = t->by_sends;
	t->report.ways = ways(t, &t->report.ways_known);
	r->tlb = &t->report;
	for (unsigned int i = 0; i < r->nr_rows; i++)
		r->rows[i].tlb = sums_of(t, r->rows[i].agg);
}
