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
	struct tlb_sums all, rowless; /* rowless: of the recorder itself, and of no row */
	struct tlb_sums *rows;	      /* by the index of the aggregation's row */
	unsigned int nr_rows;
	bool by_sends;
	struct report_tlb report;
};

static struct tlb_sums *sums_of(struct tlb *t, const struct agg_row *row)
{
	unsigned int index;

	if (!agg_row_index(t->agg, row, &index))
		return &t->rowless;
	t->rows = xgrow(t->rows, &t->nr_rows, index, sizeof(*t->rows));
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
	t->cpus = xgrow(t->cpus, &t->nr_cpus, cpu, sizeof(*t->cpus));
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

/* What a CPU did for itself; the wrong process is in the sums of all when it is seen. */
static void add_own(struct tlb *t, struct tlb_sums *s, struct note *n)
{
	if (n->reason == TLB_BY_WRONG_CPU) {
		s->reasons[n->reason]++;
		s->own_wrong++;
	} else {
		add_reason(t, s, n->reason);
	}
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
	add_own(t, s, n);
}

static void ring_put(struct ring *ring, const struct note *n)
{
	ring->notes[ring->next++ % RING_SIZE] = *n;
}

/* Of what the CPU flushes itself. */
static void ring_add(struct tlb *t, uint32_t cpu, const struct note *n)
{
	struct cpu_notes *c = notes_of(t, cpu);
	struct note note = *n;

	note.there = true;
	if (!c->own)
		c->own = xcalloc(1, sizeof(*c->own));
	let_go(t, &c->own->notes[c->own->next % RING_SIZE], cpu);
	ring_put(notes_of(t, cpu)->own, &note);
}

static void note(struct tlb *t, const struct ipi_span *s)
{
	struct cpu_notes *c = notes_of(t, s->source);
	struct note n = { s->send_ns, s->csd, s->pid, s->path, true };
	struct tlb_sums *sums;

	t->report.events = true;
	switch (s->path) {
	case TLB_BY_REMOTE:
	case TLB_BY_WRONG_CPU:
		t->all.reasons[s->path]++;
		if (!c->asked)
			c->asked = xcalloc(1, sizeof(*c->asked));
		ring_put(c->asked, &n);
		break;
	case TLB_BY_SEND:
	case TLB_BY_LOCAL:
	case TLB_BY_LOCAL_MM:
		ring_add(t, s->source, &n);
		break;
	case TLB_BY_HYPERCALL:
		sums = sums_of_task(t, s->pid, s->source);
		hist_add(&sums->cpus, s->nr_targets, s->send_ns, s->source);
		hist_add(&t->all.cpus, s->nr_targets, s->send_ns, s->source);
		take_send(t, sums, &n, s->source);
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
		add_own(t, sums, n);
	}
	take_send(t, sums, send, s->source);
}

/* What the CPU said while it ran the function; NULL = nothing. */
static struct note *said(struct tlb *t, uint32_t cpu, const struct ipi_span *s)
{
	struct ring *ring = notes_of(t, cpu)->asked;

	if (s->run_ns == IPI_NO_TIME || s->done_ns == IPI_NO_TIME)
		return NULL;
	for (unsigned int i = 0; ring && i < RING_SIZE; i++) {
		struct note *n = &ring->notes[i];

		if (n->there && n->ts_ns >= s->run_ns && n->ts_ns <= s->done_ns)
			return n;
	}
	return NULL;
}

static void take_asked(struct tlb *t, struct tlb_sums *sums, const struct ipi_span *s)
{
	struct note *n = said(t, s->target, s);

	if (n) {
		sums->reasons[n->reason]++;
		n->there = false;
	} else if (s->run_ns != IPI_NO_TIME && s->done_ns != IPI_NO_TIME) {
		sums->no_event++;
		t->all.no_event++;
	}
}

/*
 * Who flushes for another process than the one that its CPU runs is in that one's mask all the same, and
 * runs the function itself.
 */
static void note_own_wrong(struct tlb *t, const struct ipi_span *s)
{
	struct note *n = said(t, s->target, s);

	if (!n || n->reason != TLB_BY_WRONG_CPU)
		return;
	t->all.own_wrong++;
	n->there = false;
	ring_add(t, s->target, n);
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
	if (s->kind == IPI_SPAN_LOCAL && work == TLB_WORK_USER)
		note_own_wrong(t, s);
	if (s->kind != IPI_SPAN_CALL || t->by_sends)
		return;
	sums = sums_of(t, t->agg->last->row);
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
	sums_free(&t->rowless);
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

/* Behind a filter that lets none pass they were recorded all the same, if the file has the format: of our own. */
static bool has_events(const struct tlb *t)
{
	return t->report.events ||
	       (analysis_facts(t->analysis) && decoder_caps(analysis_decoder(t->analysis))->has_tlb);
}

void tlb_report(struct tlb *t, struct report *r, bool filtered)
{
	t->report.events = t->all.events = has_events(t);
	t->report.filtered = filtered;
	t->report.all = &t->all;
	t->report.by_sends = t->by_sends;
	t->report.ways = ways(t, &t->report.ways_known);
	r->tlb = &t->report;
	for (unsigned int i = 0; i < r->nr_rows; i++) {
		struct tlb_sums *sums = sums_of(t, r->rows[i].agg);

		sums->events = t->report.events;
		r->rows[i].tlb = sums;
	}
}
