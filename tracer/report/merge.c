// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/merge.c - the sum of reports.
 *
 * What is joined here must not depend on the order in which it is, or on what
 * was joined before: adding, "one of them", "all of them", and a text that is
 * kept while it is the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/mem.h"
#include "report/columns.h"
#include "report/diff.h"
#include "report/merge-priv.h"
#include "report/totals.h"

/* --- lines --- */

static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return !a - !b;
	return strcmp(a, b);
}

/* By the values of the keys, in the order of the keys. */
static int compare_keys(const struct merge *m, char *const *a, char *const *b)
{
	int d = 0;

	for (unsigned int i = 0; i < m->nr_by && !d; i++)
		d = compare_text(a[m->by[i]], b[m->by[i]]);
	return d;
}

static uint32_t hash_of(const struct merge *m, char *const *texts)
{
	uint64_t h = 0;

	for (unsigned int i = 0; i < m->nr_by; i++) {
		for (const char *p = texts[m->by[i]]; p && *p; p++)
			h = hash_u64(h * 31 + (unsigned char)*p);
		h = hash_u64(h + i + !texts[m->by[i]]);
	}
	return (uint32_t)h;
}

/* What both say of a key that rows are not by: the same, the same function, or nothing. */
static void join_key(char **to, char *from, enum agg_key key)
{
	char *a, *b;

	if (!compare_text(*to, from)) {
		free(from);
		return;
	}
	a = diff_is_symbol(key) ? diff_name(*to) : NULL;
	b = diff_is_symbol(key) ? diff_name(from) : NULL;
	free(*to);
	free(from);
	*to = a && b && !strcmp(a, b) ? a : NULL;
	if (!*to)
		free(a);
	free(b);
}

static void hist_move(struct hist *to, struct hist *from)
{
	hist_merge(to, from);
	hist_free(from);
}

void merge_counts(struct agg_row *to, struct agg_row *from)
{
	uint64_t *sum = (uint64_t *)&to->n;
	const uint64_t *more = (const uint64_t *)&from->n;

	for (size_t i = 0; i < sizeof(to->n) / sizeof(*sum); i++)
		sum[i] += more[i];
	to->unknown |= from->unknown;
	/* Of the distributions, each once: a column is one of several of an object. */
	for (unsigned int i = 0; i < report_nr_columns; i++) {
		const struct column *c = &report_columns[i];

		if (c->object && (!i || c[-1].object != c->object))
			hist_move((struct hist *)((char *)to + c->offset), (struct hist *)((char *)from + c->offset));
	}
}

void merge_line(struct merge *m, struct merge_line *from)
{
	uint32_t hash = hash_of(m, from->texts), at, i;

	for (i = hash_first(&m->by_keys, hash, &at); i != HASH_END; i = hash_next(&m->by_keys, hash, &at))
		if (!compare_keys(m, m->lines[i].texts, from->texts))
			break;
	if (i != HASH_END) {
		for (unsigned int key = 0; key < AGG_NR_KEYS; key++)
			join_key(&m->lines[i].texts[key], from->texts[key], key);
		merge_counts(&m->lines[i].agg, &from->agg);
		return;
	}
	if (m->nr_lines == m->room) {
		m->room = m->room ? 2 * m->room : 64;
		m->lines = xrealloc(m->lines, m->room * sizeof(*m->lines));
	}
	hash_add(&m->by_keys, hash, m->nr_lines);
	m->lines[m->nr_lines++] = *from;
}

/* Without what means something in one kernel only. */
static void strip_lines(struct merge *m)
{
	struct merge_line *lines = m->lines;
	unsigned int nr = m->nr_lines;

	hash_free(&m->by_keys);
	m->by_keys = (struct hash){ 0 };
	m->lines = NULL;
	m->nr_lines = m->room = 0;
	for (unsigned int i = 0; i < nr; i++) {
		for (unsigned int key = 0; key < AGG_NR_KEYS; key++) {
			char *text = lines[i].texts[key];

			if (!diff_is_symbol(key))
				continue;
			lines[i].texts[key] = diff_name(text);
			free(text);
		}
		merge_line(m, &lines[i]);
	}
	free(lines);
}

/* --- the report of it --- */

static int compare_sources(const void *x, const void *y)
{
	const struct report_source *a = x, *b = y;
	int d = compare_text(a->host, b->host);

	if (!d)
		d = compare_text(a->date, b->date);
	if (!d)
		d = compare_text(a->kernel, b->kernel);
	if (!d)
		d = (a->start_ns > b->start_ns) - (a->start_ns < b->start_ns);
	if (!d)
		d = (a->duration_ns > b->duration_ns) - (a->duration_ns < b->duration_ns);
	if (!d)
		d = (a->events > b->events) - (a->events < b->events);
	if (!d)
		d = (a->target_hits > b->target_hits) - (a->target_hits < b->target_hits);
	return d;
}

/* As that, and of several that are the same as far as it goes always in one order. */
static int order_sources(const void *x, const void *y)
{
	const struct report_source *a = x, *b = y;
	int d = compare_sources(a, b);

	if (!d)
		d = (a->cpus > b->cpus) - (a->cpus < b->cpus);
	if (!d)
		d = (a->lost_events > b->lost_events) - (a->lost_events < b->lost_events);
	if (!d)
		d = a->lost_unknown - b->lost_unknown;
	if (!d)
		d = a->incomplete - b->incomplete;
	if (!d)
		d = (a->nr_reasons > b->nr_reasons) - (a->nr_reasons < b->nr_reasons);
	for (unsigned int i = 0; !d && i < a->nr_reasons; i++)
		d = strcmp(a->reasons[i], b->reasons[i]);
	return d;
}

static bool several_kernels(const struct merge *m)
{
	for (unsigned int i = 1; i < m->nr_sources; i++)
		if (compare_text(m->sources[i].kernel, m->sources[0].kernel))
			return true;
	return false;
}

/* qsort_r()'s order of arguments is the C library's own. */
static int compare_lines(const void *x, const void *y, void *ctx)
{
	const struct merge_line *a = x, *b = y;

	return compare_keys(ctx, a->texts, b->texts);
}

/* A text of fixed room; "" = not known. */
static void put(char *to, size_t len, const char *text)
{
	if (text)
		memcpy(to, text, strlen(text) < len ? strlen(text) + 1 : len - 1);
}

static uint32_t number(struct merge_line *l, enum agg_key key)
{
	if (!l->texts[key])
		l->agg.mixed |= 1u << key;
	return l->texts[key] ? (uint32_t)strtoul(l->texts[key], NULL, 10) : 0;
}

static uint32_t context_number(struct merge_line *l)
{
	const char *name = l->texts[AGG_KEY_CONTEXT];

	for (uint32_t i = 0; name && i < IPI_NR_CONTEXTS; i++)
		if (!strcmp(name, ipi_context_name(i)))
			return i;
	l->agg.mixed |= 1u << AGG_KEY_CONTEXT;
	return 0;
}

/* What not all know is not there: else it would decide about the order of rows, but not in a merge of merges. */
static void forget_unknown(struct agg_row *row)
{
	uint64_t *n = (uint64_t *)&row->n;

	row->merged = true;
	for (size_t i = 0; i < sizeof(row->n) / sizeof(*n); i++)
		if (row->unknown >> i & 1)
			n[i] = 0;
}

static void build_rows(struct merge *m)
{
	struct report *r = &m->report;

	r->rows = xcalloc(m->nr_lines + 1, sizeof(*r->rows));
	r->nr_rows = m->nr_lines;
	for (unsigned int i = 0; i < m->nr_lines; i++) {
		struct merge_line *l = &m->lines[i];

		forget_unknown(&l->agg);
		l->agg.source = number(l, AGG_KEY_SOURCE);
		l->agg.target = number(l, AGG_KEY_TARGET);
		l->agg.pid = (int32_t)number(l, AGG_KEY_PID);
		l->agg.depth = number(l, AGG_KEY_DEPTH);
		l->agg.context = context_number(l);
		r->rows[i] = (struct report_row){
			.agg = &l->agg,
			.trace = &m->trace,
			.caller = l->texts[AGG_KEY_CALLER],
			.callsite = l->texts[AGG_KEY_CALLSITE],
			.func = l->texts[AGG_KEY_FUNC],
			.ufunc = l->texts[AGG_KEY_UFUNC],
			.class = l->texts[AGG_KEY_CLASS],
			.comm = l->texts[AGG_KEY_COMM],
			.process = l->texts[AGG_KEY_PROCESS],
			.victim = l->texts[AGG_KEY_VICTIM],
			.cgroup = l->texts[AGG_KEY_CGROUP],
			.wakee = l->texts[AGG_KEY_WAKEE],
			.waker = l->texts[AGG_KEY_WAKER],
		};
		put(r->rows[i].idle, sizeof(r->rows[i].idle), l->texts[AGG_KEY_IDLE]);
	}
}

/* None of the reports has the total. */
static bool lacks(const struct merge *m, size_t offset)
{
	return !(m->sums.known >> (total_find(offset) - report_totals) & 1);
}

/* What the totals of any of the reports prove: the same of a merge of merges. */
static void build_evidence(struct merge *m)
{
	struct trace_info *t = &m->trace;

	t->has_send = !lacks(m, offsetof(struct match_totals, sends));
	t->arrivals_unknown = lacks(m, t->has_send ? offsetof(struct match_totals, delivered) :
						     offsetof(struct match_totals, interrupts));
	t->has_reception = !t->arrivals_unknown;
	t->has_csd = !lacks(m, offsetof(struct match_totals, empty_interrupts));
	t->calls_unknown = lacks(m, offsetof(struct match_totals, calls));
	t->runs_unknown = lacks(m, offsetof(struct match_totals, calls_run));
	t->functions_unknown = lacks(m, offsetof(struct match_totals, local_calls));
	t->wakes_unknown = lacks(m, offsetof(struct match_totals, wakes));
	t->elided_unknown = lacks(m, offsetof(struct match_totals, elided));
}

/* By the same name in all reports, in whatever order they came. */
static int compare_coverage(const void *x, const void *y)
{
	const struct coverage *a = x, *b = y;

	return strcmp(a->name, b->name);
}

static void build_totals(struct merge *m)
{
	struct report *r = &m->report;

	r->sums = &m->sums;
	for (unsigned int i = 0; i < report_nr_totals; i++) {
		size_t offset = report_totals[i].offset;

		if (offset < sizeof(r->totals))
			*(uint64_t *)((char *)&r->totals + offset) = m->sums.totals[i];
		else if (offset == TOTAL_OUTCOME_UNKNOWN)
			r->hits_unknown = m->sums.totals[i];
	}
	qsort(r->coverage, r->nr_coverage, sizeof(*r->coverage), compare_coverage);
}

static void build_trace(struct merge *m)
{
	struct trace_info *t = &m->trace;

	put(t->kernel, sizeof(t->kernel), m->texts[MERGE_KERNEL]);
	put(t->arch, sizeof(t->arch), m->texts[MERGE_ARCH]);
	put(t->host, sizeof(t->host), m->texts[MERGE_HOST]);
	t->clock = m->texts[MERGE_CLOCK] ? m->texts[MERGE_CLOCK] : "";
	t->tier = m->texts[MERGE_TIER] ? m->texts[MERGE_TIER] : "";
	t->command = m->texts[MERGE_COMMAND];
	t->date = m->texts[MERGE_DATE];
	t->kept = m->texts[MERGE_KEPT];
	t->recorder = m->texts[MERGE_RECORDER];
	t->send_stamp = m->texts[MERGE_STAMP] ? m->texts[MERGE_STAMP] : "";
	t->damaged = m->texts[MERGE_DAMAGED];
	t->ufunc.how = m->texts[MERGE_USER_STACKS];
	build_evidence(m);
	t->end_ns = m->whole_ns;
}

struct report *merge_report(struct merge *m, const char **forced)
{
	struct report *r = &m->report;

	if (several_kernels(m))
		strip_lines(m);
	qsort_r(m->lines, m->nr_lines, sizeof(*m->lines), compare_lines, m);
	qsort(m->sources, m->nr_sources, sizeof(*m->sources), order_sources);
	build_totals(m);
	build_trace(m);
	build_rows(m);
	forget_unknown(&m->own);
	r->trace = &m->trace;
	r->own = &m->own;
	r->nr_by = m->nr_by;
	memcpy(r->by, m->by, sizeof(r->by));
	r->filters = m->texts[MERGE_FILTERS];
	r->offline = m->texts[MERGE_OFFLINE];
	r->windowed = m->windowed;
	r->to_ns = m->windowed ? m->duration_ns : 0;
	for (unsigned int class = 0; class < IPI_NR_CLASSES; class ++)
		report_add_class(r, class, &m->unsolicited[class]);
	r->sources = m->sources;
	r->nr_sources = m->nr_sources;
	*forced = m->forced;
	return r;
}

const struct report_source *merge_twice(const struct merge *m)
{
	for (unsigned int i = 1; i < m->nr_sources; i++)
		if (m->sources[i].events && !compare_sources(&m->sources[i - 1], &m->sources[i]))
			return &m->sources[i];
	return NULL;
}

/* --- life --- */

struct merge *merge_new(bool force)
{
	struct merge *m = xcalloc(1, sizeof(*m));

	m->force = force;
	return m;
}

void merge_row_free(struct agg_row *row)
{
	for (unsigned int i = 0; i < report_nr_columns; i++) {
		const struct column *c = &report_columns[i];

		if (c->object && (!i || c[-1].object != c->object))
			hist_free((struct hist *)((char *)row + c->offset));
	}
}

void merge_line_free(struct merge_line *l)
{
	for (unsigned int key = 0; key < AGG_NR_KEYS; key++)
		free(l->texts[key]);
	merge_row_free(&l->agg);
}

void merge_source_free(struct report_source *s)
{
	free(s->host);
	free(s->kernel);
	free(s->date);
	for (unsigned int i = 0; i < s->nr_reasons; i++)
		free(s->reasons[i]);
	free(s->reasons);
}

void merge_free(struct merge *m)
{
	if (!m)
		return;
	for (unsigned int i = 0; i < m->nr_lines; i++)
		merge_line_free(&m->lines[i]);
	free(m->lines);
	hash_free(&m->by_keys);
	merge_row_free(&m->own);
	for (unsigned int class = 0; class < IPI_NR_CLASSES; class ++)
		hist_free(&m->unsolicited[class]);
	for (unsigned int i = 0; i < m->nr_sources; i++)
		merge_source_free(&m->sources[i]);
	free(m->sources);
	for (unsigned int i = 0; i < MERGE_NR_TEXTS; i++)
		free(m->texts[i]);
	for (unsigned int i = 0; i < m->report.nr_coverage; i++)
		free((char *)m->report.coverage[i].name);
	free(m->report.rows);
	free(m->forced);
	free(m);
}
