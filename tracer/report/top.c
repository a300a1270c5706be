// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/top.c - spans of an interval in, rows and what is beside them out.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "report/analysis.h"
#include "report/interval.h"
#include "report/list.h"
#include "report/names.h"
#include "report/top.h"

/* The slowest hits of a row, in no order. */
struct slowest {
	uint32_t nr;
	struct ipi_span *spans; /* TOP_SLOWEST, once there is one */
};

struct top_rows {
	struct analysis *analysis;
	struct span_names names;
	struct list *list; /* what conditions ask for; NULL = there was none yet */
	bool by_sender;

	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	const struct expr *where;
	struct agg *agg;
	struct slowest *slowest; /* by row of agg */
	uint32_t nr_slowest;
	uint64_t *hits; /* by CPU */
	uint32_t nr_cpus;

	struct interval interval;
	struct report report;
	bool built;
};

struct top_rows *top_rows_new(struct analysis *a, bool by_sender)
{
	struct top_rows *t = xcalloc(1, sizeof(*t));

	t->analysis = a;
	t->names = analysis_names(a);
	t->by_sender = by_sender;
	return t;
}

static void clear(struct top_rows *t)
{
	if (t->built)
		report_free(&t->report);
	t->built = false;
	agg_free(t->agg);
	t->agg = NULL;
	for (uint32_t i = 0; i < t->nr_slowest; i++)
		free(t->slowest[i].spans);
	free(t->slowest);
	t->slowest = NULL;
	t->nr_slowest = 0;
}

void top_rows_free(struct top_rows *t)
{
	if (!t)
		return;
	clear(t);
	list_free(t->list);
	free(t->hits);
	free(t);
}

void top_rows_begin(struct top_rows *t, const enum agg_key *by, unsigned int nr_by, const struct expr *where,
		    uint64_t from_ns, bool first)
{
	static const struct list_choice all;

	clear(t);
	memcpy(t->by, by, nr_by * sizeof(*by));
	t->nr_by = nr_by;
	t->where = where;
	if (where && !t->list)
		t->list = list_new(t->analysis, &all, NULL, NULL);
	/* What a condition leaves of the interrupts are those of hits that pass, and those without a sender. */
	t->agg = agg_new(t->by, t->nr_by, t->by_sender || where, &t->names);
	agg_limit(t->agg, TOP_MAX_ROWS);
	if (t->hits)
		memset(t->hits, 0, t->nr_cpus * sizeof(*t->hits));
	interval_begin(&t->interval, analysis_info(t->analysis), analysis_totals(t->analysis), from_ns, first);
}

/* --- spans --- */

static bool passes(struct top_rows *t, const struct ipi_span *s)
{
	struct list_line line;

	return list_line_now(t->list, s, &line) && s->kind != IPI_SPAN_CALL &&
	       expr_true(t->where, list_expr_get, &line);
}

static void count_cpu(struct top_rows *t, uint32_t cpu)
{
	uint32_t nr = t->nr_cpus ? t->nr_cpus : 64;

	if (cpu >= t->nr_cpus) {
		while (nr <= cpu)
			nr *= 2;
		t->hits = xrealloc(t->hits, nr * sizeof(*t->hits));
		memset(t->hits + t->nr_cpus, 0, (nr - t->nr_cpus) * sizeof(*t->hits));
		t->nr_cpus = nr;
	}
	t->hits[cpu]++;
}

static uint64_t delivery_of(const struct ipi_span *s)
{
	return s->entry_ns - s->sent_ns;
}

/* As far as it has a delivery that counts: see add_hit_times() in report/agg.c. */
static bool has_delivery(const struct ipi_span *s)
{
	return s->outcome == IPI_DELIVERED && s->how != IPI_HOW_AMBIGUOUS && !s->negative &&
	       s->entry_ns != IPI_NO_TIME && s->sent_ns <= s->entry_ns;
}

static void keep_slow(struct top_rows *t, uint32_t row, const struct ipi_span *s)
{
	struct slowest *slow;
	uint32_t least = 0, nr = t->nr_slowest ? t->nr_slowest : 64;

	if (row >= agg_nr_rows(t->agg)) /* ipitrace's own */
		return;
	if (row >= t->nr_slowest) {
		while (nr <= row)
			nr *= 2;
		t->slowest = xrealloc(t->slowest, nr * sizeof(*t->slowest));
		memset(t->slowest + t->nr_slowest, 0, (nr - t->nr_slowest) * sizeof(*t->slowest));
		t->nr_slowest = nr;
	}
	slow = &t->slowest[row];
	if (!slow->spans)
		slow->spans = xcalloc(TOP_SLOWEST, sizeof(*slow->spans));
	if (slow->nr < TOP_SLOWEST) {
		slow->spans[slow->nr++] = *s;
		return;
	}
	for (uint32_t i = 1; i < TOP_SLOWEST; i++)
		if (delivery_of(&slow->spans[i]) < delivery_of(&slow->spans[least]))
			least = i;
	if (delivery_of(s) > delivery_of(&slow->spans[least]))
		slow->spans[least] = *s;
}

void top_rows_span(void *ctx, const struct ipi_span *s)
{
	struct top_rows *t = ctx;

	if (t->where && !passes(t, s))
		return;
	agg_span(t->agg, s);
	if (s->kind != IPI_SPAN_HIT)
		return;
	count_cpu(t, s->target);
	if (has_delivery(s))
		keep_slow(t, agg_last_row(t->agg), s);
}

void top_rows_forget_tasks(struct top_rows *t)
{
	if (t->agg)
		agg_forget_tasks(t->agg);
}

bool top_rows_full(const struct top_rows *t)
{
	return agg_is_full(t->agg);
}

/* --- the report --- */

const struct report *top_rows_report(struct top_rows *t, uint64_t to_ns, char *filters)
{
	struct report *r = &t->report;

	if (t->built)
		report_free(r);
	for (unsigned int i = 0; t->where && i < agg_nr_rows(t->agg); i++)
		agg_rows(t->agg)[i].no_sends = true;
	report_build(r, t->analysis, t->agg, t->by, t->nr_by, t->by_sender || t->where);
	r->filters = filters;
	interval_report(&t->interval, r, to_ns);
	if (t->where)
		t->interval.trace.calls_unknown = t->interval.trace.runs_unknown = true;
	t->built = true;
	return r;
}

void top_rows_sort(struct top_rows *t, const struct column *by)
{
	if (t->built)
		report_sort(&t->report, by);
}

/* --- beside the rows --- */

static int worst_first(const void *a, const void *b)
{
	const struct top_storm *x = a, *y = b;

	if (x->hits != y->hits)
		return x->hits > y->hits ? -1 : 1;
	return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

unsigned int top_rows_storms(const struct top_rows *t, struct top_storm *storms, unsigned int max)
{
	uint64_t ns = t->report.trace->end_ns - t->report.trace->start_ns;
	unsigned int nr = 0;

	for (uint32_t cpu = 0; cpu < t->nr_cpus; cpu++) {
		struct top_storm storm = { cpu, t->hits[cpu] };

		if (top_per_s(t->hits[cpu], ns) / 1000 < TOP_STORM_PER_S)
			continue;
		if (nr < max)
			storms[nr] = storm;
		else if (max && worst_first(&storm, &storms[max - 1]) < 0)
			storms[max - 1] = storm;
		nr++;
		qsort(storms, nr < max ? nr : max, sizeof(*storms), worst_first);
	}
	return nr;
}

static uint64_t between(uint64_t from, uint64_t to)
{
	return from == IPI_NO_TIME || to == IPI_NO_TIME || to < from ? IPI_NO_TIME : to - from;
}

static struct top_slow slow_of(const struct top_rows *t, const struct ipi_span *s)
{
	int32_t sender = span_sender(s);
	const char *comm = sender_comm(&t->names, sender);
	struct top_slow slow = {
		.at_ns = s->send_ns,
		.delivery_ns = delivery_of(s),
		.func_ns = between(s->run_ns, s->done_ns),
		.handler_ns = between(s->entry_ns, s->exit_ns),
		.source = s->source,
		.target = s->target,
	};
	char name[32];

	sanitize(name, sizeof(name), comm ? comm : "<...>");
	if (sender < SENDER_NO_TASK)
		snprintf(slow.sender, sizeof(slow.sender), "%s", name);
	else
		snprintf(slow.sender, sizeof(slow.sender), "%s-%d", name, sender);
	return slow;
}

static void name_frames(struct top_rows *t, uint32_t stack, struct top_detail *d)
{
	const struct ipi_stack *s = stack == IPI_STACK_NONE ? NULL : analysis_stack(t->analysis, stack);
	char text[256], clean[256];

	if (!s)
		return;
	d->nr_plumbing = analysis_stack_caller(t->analysis, s);
	if (d->nr_plumbing == s->nr) /* nothing but that */
		d->nr_plumbing = 0;
	d->frames = xcalloc(s->nr + 1u, sizeof(*d->frames));
	for (unsigned int i = d->nr_plumbing; i < s->nr; i++) {
		symtab_format(analysis_symtab(t->analysis), s->addrs[i], true, true, text, sizeof(text));
		sanitize(clean, sizeof(clean), text);
		d->frames[d->nr_frames++] = xstrdup(clean);
	}
	if (s->left_out)
		d->frames[d->nr_frames++] = xstrdup(NAMES_LEFT_OUT);
}

static int slowest_first(const void *a, const void *b)
{
	uint64_t x = delivery_of(a), y = delivery_of(b);

	return (x < y) - (x > y);
}

void top_rows_detail(struct top_rows *t, const struct report_row *row, struct top_detail *d)
{
	uint32_t index = (uint32_t)(row->agg - agg_rows(t->agg));
	struct slowest *slow = index < t->nr_slowest ? &t->slowest[index] : NULL;

	*d = (struct top_detail){ 0 };
	if (!slow || !slow->nr)
		return;
	qsort(slow->spans, slow->nr, sizeof(*slow->spans), slowest_first);
	for (; d->nr_slow < slow->nr; d->nr_slow++)
		d->slow[d->nr_slow] = slow_of(t, &slow->spans[d->nr_slow]);
	name_frames(t, slow->spans[0].stack, d);
}

void top_detail_free(struct top_detail *d)
{
	for (unsigned int i = 0; i < d->nr_frames; i++)
		free(d->frames[i]);
	free(d->frames);
	*d = (struct top_detail){ 0 };
}
