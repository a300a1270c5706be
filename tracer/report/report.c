// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/report.c - from aggregated rows to named ones.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/taskid.h"
#include "base/text.h"
#include "report/analysis.h"
#include "report/names.h"
#include "report/report.h"
#include "report/ufunc.h"

/* --- names --- */

static char *clean(const char *text)
{
	size_t len = strlen(text) + 1;
	char *s = xmalloc(len);

	sanitize(s, len, text);
	return s;
}

static char *address_name(struct symtab *s, uint64_t addr, bool return_address)
{
	char buf[256];

	if (!addr)
		return NULL;
	symtab_format(s, addr, return_address, return_address, buf, sizeof(buf));
	return clean(buf);
}

static bool mixed(const struct agg_row *r, enum agg_key key)
{
	return r->mixed >> key & 1;
}

static char *user_name(const struct ufunc *u, uint32_t frame)
{
	char buf[256];

	ufunc_name(u, frame, true, buf, sizeof(buf));
	return clean(buf);
}

static void name_stack(struct report_row *row, struct analysis *a, uint32_t id)
{
	const struct ipi_stack *s = analysis_stack(a, id);
	const struct ufunc *u = analysis_ufunc(a);
	unsigned int nr_user = 0;
	const uint32_t *user = u ? ufunc_frames(u, id, &nr_user) : NULL;
	unsigned int caller = s ? analysis_stack_caller(a, s) : 0;
	int64_t cause = u ? ufunc_cause(u, id) : -1;
	bool caused = false;
	size_t at = 0, len = 1;

	if (!s && !nr_user)
		return;
	row->frames = xcalloc((s ? s->nr + s->left_out : 0) + nr_user, sizeof(*row->frames));
	for (unsigned int i = 0; s && i < s->nr; i++) {
		char *name = address_name(analysis_symtab(a), s->addrs[i], true);

		if (!name)
			continue;
		row->frames[row->nr_frames].plumbing = i < caller;
		row->frames[row->nr_frames++].name = name;
		len += strlen(name) + 3;
	}
	if (s && s->left_out) {
		row->frames[row->nr_frames++].name = xstrdup(NAMES_LEFT_OUT);
		len += sizeof(NAMES_LEFT_OUT) + 3;
	}
	for (unsigned int i = 0; i < nr_user; i++) {
		char *name = user_name(u, user[i]);

		caused |= user[i] == cause;
		row->frames[row->nr_frames].plumbing = !caused;
		row->frames[row->nr_frames++].name = name;
		len += strlen(name) + 3;
	}
	row->stack = xcalloc(1, len);
	for (unsigned int i = 0; i < row->nr_frames; i++)
		at += (size_t)snprintf(row->stack + at, len - at, "%s%s", i ? " < " : "", row->frames[i].name);
}

/* The name of its first thread. */
static char *process_name(struct analysis *a, int32_t tgid)
{
	const struct span_names names = analysis_names(a);
	const char *comm = sender_comm(&names, tgid);
	char *name = clean(comm ? comm : "<...>"), *text;

	if (tgid < SENDER_NO_TASK)
		return name;
	text = xasprintf("%s[%d]", name, task_number(tgid));
	free(name);
	return text;
}

static void name_row(struct report_row *row, const struct report *r, struct analysis *a, const struct agg_row *agg)
{
	struct symtab *s = analysis_symtab(a);
	bool by_stack = false;

	row->agg = agg;
	row->trace = r->trace;
	for (unsigned int i = 0; i < r->nr_by; i++)
		by_stack |= r->by[i] == AGG_KEY_STACK;
	if (!mixed(agg, AGG_KEY_CALLER) && r->trace->stacks)
		row->caller = address_name(s, agg->caller, true);
	if (!mixed(agg, AGG_KEY_CALLSITE))
		row->callsite = address_name(s, agg->callsite, true);
	if (!mixed(agg, AGG_KEY_FUNC))
		row->func = address_name(s, agg->func, false);
	if (!mixed(agg, AGG_KEY_CLASS))
		row->class = ipi_class_name(agg->class);
	if (!mixed(agg, AGG_KEY_COMM) && agg->comm)
		row->comm = clean(agg->comm);
	if (!mixed(agg, AGG_KEY_UFUNC) && agg->ufunc)
		row->ufunc = user_name(analysis_ufunc(a), agg->ufunc - 1);
	if (!mixed(agg, AGG_KEY_PROCESS) && agg->tgid != -1)
		row->process = process_name(a, agg->tgid);
	if (!mixed(agg, AGG_KEY_CGROUP) && agg->cgroup)
		row->cgroup = clean(agg->cgroup);
	if (!mixed(agg, AGG_KEY_VICTIM) && agg->victim)
		row->victim = clean(agg->victim);
	if (!mixed(agg, AGG_KEY_WAKEE) && agg->wakee)
		row->wakee = clean(agg->wakee);
	if (!mixed(agg, AGG_KEY_WAKER) && agg->waker)
		row->waker = clean(agg->waker);
	if (!mixed(agg, AGG_KEY_IDLE))
		idle_name(agg->idle, row->idle);
	if (by_stack)
		name_stack(row, a, agg->stack);
}

void report_judge(struct report *r, struct analysis *a)
{
	memset(r, 0, sizeof(*r));
	r->trace = analysis_info(a);
	r->nr_coverage = analysis_coverage(a, r->coverage, ANALYSIS_MAX_COVERAGE);
	for (unsigned int i = 0; i < r->nr_coverage && !r->missing; i++)
		if (r->coverage[i].missing && !r->trace->lost_events && !r->trace->lost_unknown)
			r->missing = &r->coverage[i];
}

/*
 * Where no interrupt of a class was recorded, its hits seem to be in flight,
 * coalesced or lost, for want of evidence: what became of them is not known.
 */
static void hits_without_evidence(struct report *r)
{
	struct match_totals *t = &r->totals;

	for (unsigned int class = 0; class < IPI_NR_CLASSES; class ++) {
		const uint64_t *u = t->undelivered[class];

		if (!(r->trace->unheard_classes >> class & 1))
			continue;
		t->coalesced -= u[IPI_COALESCED];
		t->in_flight -= u[IPI_IN_FLIGHT];
		t->lost -= u[IPI_LOST];
		r->hits_unknown += u[IPI_COALESCED] + u[IPI_IN_FLIGHT] + u[IPI_LOST];
	}
}

void report_add_class(struct report *r, unsigned int class, const struct hist *unsolicited)
{
	bool usual = class <= IPI_CLASS_IRQ_WORK;

	if (class >= IPI_NR_CLASSES || (!usual && !r->totals.interrupts_by_class[class]))
		return;
	r->classes[r->nr_classes].name = ipi_class_name(class);
	/* Those that are of no class have arrived, whatever they mean. */
	r->classes[r->nr_classes].heard = !usual || !(r->trace->unheard_classes >> class & 1);
	r->classes[r->nr_classes].partly = r->sums && !r->classes[r->nr_classes].heard &&
					   r->sums->known_classes >> class & 1;
	r->classes[r->nr_classes].unsolicited = unsolicited;
	r->classes[r->nr_classes++].interrupts = r->totals.interrupts_by_class[class];
}

static void sum_waits(struct report *r, const struct agg_row *row)
{
	r->totals.waits += row->wait.count;
	r->totals.waits_unknown += row->n.waits_unknown;
}

void report_build(struct report *r, struct analysis *a, struct agg *agg, const enum agg_key *by, unsigned int nr_by,
		  bool filtered)
{
	const struct match_totals *all = analysis_totals(a);

	report_judge(r, a);
	r->filtered = filtered;
	r->totals = *agg_totals(agg);
	/* Events that became no span: of the whole trace, whatever the filter. */
	r->totals.events = all->events;
	r->some_interrupts = all->interrupts;
	r->totals.calls_unqueued = all->calls_unqueued;
	r->totals.calls_unqueued_untraced = all->calls_unqueued_untraced;
	r->totals.exits_unentered = all->exits_unentered;
	r->totals.lost_events = all->lost_events;
	r->totals.lost_unknown = all->lost_unknown;
	hits_without_evidence(r);
	for (unsigned int class = 0; class < IPI_NR_CLASSES; ++class)
		report_add_class(r, class, agg_unsolicited(agg, class));
	/* A wait would count from a call's queueing, which is not when it was sent. */
	if (!r->trace->has_send)
		agg_forget_waits(agg);
	r->own = agg_own(agg);
	r->nr_by = nr_by;
	for (unsigned int i = 0; i < nr_by; i++) {
		r->by[i] = by[i];
		/* Without any stack the caller is the call site, by another name. */
		if (by[i] == AGG_KEY_CALLER && !r->trace->stacks)
			r->by[i] = AGG_KEY_CALLSITE;
	}
	r->nr_rows = agg_nr_rows(agg);
	r->rows = xcalloc(r->nr_rows, sizeof(*r->rows));
	for (unsigned int i = 0; i < r->nr_rows; i++)
		name_row(&r->rows[i], r, a, &agg_rows(agg)[i]);
	for (unsigned int i = 0; i < r->nr_rows; i++)
		sum_waits(r, r->rows[i].agg);
	sum_waits(r, r->own);
	sum_waits(r, agg_others(agg));
}

void report_free(struct report *r)
{
	for (unsigned int i = 0; i < r->nr_rows; i++) {
		struct report_row *row = &r->rows[i];

		for (unsigned int j = 0; j < row->nr_frames; j++)
			free(row->frames[j].name);
		free(row->frames);
		free(row->stack);
		free(row->caller);
		free(row->callsite);
		free(row->func);
		free(row->ufunc);
		free(row->comm);
		free(row->process);
		free(row->victim);
		free(row->wakee);
		free(row->waker);
		free(row->cgroup);
	}
	free(r->rows);
	free(r->offline);
	free(r->filters);
	r->offline = r->filters = NULL;
	r->rows = NULL;
	r->nr_rows = 0;
}

unsigned int report_sources_incomplete(const struct report *r)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < r->nr_sources; i++)
		nr += r->sources[i].incomplete;
	return nr;
}

bool report_incomplete(const struct report *r)
{
	if (r->nr_sources)
		return report_sources_incomplete(r);
	return r->trace->lost_events || r->trace->lost_unknown || r->trace->late_events || r->trace->truncated ||
	       r->trace->incomplete || r->trace->damaged || r->missing;
}
