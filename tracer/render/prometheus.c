// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/prometheus.c - families of metrics, and who has which label.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hist.h"
#include "base/mem.h"
#include "render/prometheus.h"
#include "report/columns.h"
#include "report/report.h"

#define OTHER	      UINT32_MAX
#define PART	      100u /* of all: who has as much gets a label, as long as there is one */
#define NR_LABELS     2u
#define USUAL_CLASSES (IPI_CLASS_IRQ_WORK + 1u)

/* What one series is of. */
struct label {
	char *values[NR_LABELS]; /* escaped, of the keys of by_caller */
	struct agg_row before;	 /* what its rows had when it was given, which stays in "other" */
};

struct prometheus {
	struct label *labels;
	unsigned int nr_labels, max_labels;
	uint32_t *label_of; /* by row: index, or OTHER; rows stay where they are */
	unsigned int nr_rows;
};

/* A series: a row, and the labels in front of it. */
struct series {
	struct report_row row;
	struct agg_row agg; /* what row.agg is, where it is a sum, or nothing */
	char labels[640];
};

struct out {
	FILE *f;
	bool openmetrics;
};

struct prometheus *prometheus_new(unsigned int max_callers)
{
	struct prometheus *p = xcalloc(1, sizeof(*p));

	p->max_labels = max_callers;
	p->labels = xcalloc(max_callers + 1u, sizeof(*p->labels));
	return p;
}

/* --- sums of rows --- */

static void counts_add(struct agg_counts *to, const struct agg_counts *from, bool minus)
{
	uint64_t *a = (uint64_t *)to;
	const uint64_t *b = (const uint64_t *)from;

	for (size_t i = 0; i < sizeof(*to) / sizeof(*a); i++)
		a[i] += minus ? -b[i] : b[i];
}

static void sum_add(struct agg_row *to, const struct agg_row *from)
{
	counts_add(&to->n, &from->n, false);
	to->undelivered_classes |= from->undelivered_classes;
	hist_merge(&to->delivery, &from->delivery);
	hist_merge(&to->handler, &from->handler);
	hist_merge(&to->wait, &from->wait);
}

static void sum_subtract(struct agg_row *from, const struct agg_row *row)
{
	counts_add(&from->n, &row->n, true);
	hist_subtract(&from->delivery, &row->delivery);
	hist_subtract(&from->handler, &row->handler);
	hist_subtract(&from->wait, &row->wait);
}

static void sum_free(struct agg_row *row)
{
	hist_free(&row->delivery);
	hist_free(&row->handler);
	hist_free(&row->wait);
}

void prometheus_free(struct prometheus *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < p->nr_labels; i++) {
		for (unsigned int k = 0; k < NR_LABELS; k++)
			free(p->labels[i].values[k]);
		sum_free(&p->labels[i].before);
	}
	free(p->labels);
	free(p->label_of);
	free(p);
}

/* --- labels --- */

/*
 * A label's value: names of tasks and symbols may hold anything. Offsets mean nothing in another kernel, and "f+0x12"
 * would be a series for each place in f.
 */
static char *label_text(const char *name)
{
	char *text = xmalloc(2 * strlen(name) + 1), *p = text;

	while (*name) {
		if (!strncmp(name, "+0x", 3)) {
			name += 3;
			name += strspn(name, "0123456789abcdef");
			continue;
		}
		if (*name == '\\' || *name == '"')
			*p++ = '\\';
		if (*name == '\n') {
			*p++ = '\\';
			*p++ = 'n';
			name++;
			continue;
		}
		*p++ = *name++;
	}
	*p = '\0';
	return text;
}

static bool same_label(const struct label *a, const struct label *b)
{
	for (unsigned int k = 0; k < NR_LABELS; k++)
		if (strcmp(a->values[k], b->values[k]))
			return false;
	return true;
}

/*
 * The label of a row: one that there is, or a new one; OTHER: there is none for it. Half of them are for whoever comes
 * first, the rest for those that matter. Without its first key a row is one of many that have no name.
 */
static uint32_t find_label(struct prometheus *p, const struct report *r, const struct report_row *row, bool matters)
{
	struct label l = { 0 };
	unsigned int room = matters ? p->max_labels : (p->max_labels + 1) / 2, i;
	bool named = true;

	for (unsigned int k = 0; k < NR_LABELS; k++) {
		struct value v = { .none = true };

		if (k < r->nr_by)
			v = column_value(column_of_key(r->by[k]), row);
		named &= k || !v.none;
		l.values[k] = label_text(v.none ? "" : v.text);
	}
	for (i = 0; named && i < p->nr_labels; i++)
		if (same_label(&p->labels[i], &l))
			break;
	if (named && i == p->nr_labels && i < room) {
		p->labels[p->nr_labels++] = l;
		return i;
	}
	for (unsigned int k = 0; k < NR_LABELS; k++)
		free(l.values[k]);
	return named && i < p->nr_labels ? i : OTHER;
}

static uint64_t weight(const struct report_row *row)
{
	return row->agg->n.target_hits + row->agg->n.calls;
}

static int compare_hits(const void *x, const void *y, void *rows)
{
	const struct report_row *a = (const struct report_row *)rows + *(const uint32_t *)x;
	const struct report_row *b = (const struct report_row *)rows + *(const uint32_t *)y;

	if (weight(a) != weight(b))
		return weight(a) > weight(b) ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* A row that was in "other" until now: what it has until now stays there. */
static void promote(struct prometheus *p, const struct report *r, unsigned int i)
{
	uint32_t label = find_label(p, r, &r->rows[i], true);

	p->label_of[i] = label;
	if (label != OTHER)
		sum_add(&p->labels[label].before, r->rows[i].agg);
}

/* The busiest first. */
static void label_rows(struct prometheus *p, const struct report *r)
{
	unsigned int nr_old = p->nr_rows;
	uint32_t *order = xmalloc((r->nr_rows + 1u) * sizeof(*order));
	uint64_t all = 0;

	for (unsigned int i = 0; i < r->nr_rows; i++) {
		order[i] = i;
		all += weight(&r->rows[i]);
	}
	qsort_r(order, r->nr_rows, sizeof(*order), compare_hits, r->rows);
	p->label_of = xrealloc(p->label_of, (r->nr_rows + 1u) * sizeof(*p->label_of));
	for (unsigned int k = 0; k < r->nr_rows; k++) {
		unsigned int i = order[k];
		bool matters = weight(&r->rows[i]) * PART >= all;

		if (i >= nr_old)
			p->label_of[i] = find_label(p, r, &r->rows[i], matters);
		else if (p->label_of[i] == OTHER && matters && p->nr_labels < p->max_labels)
			promote(p, r, i);
	}
	p->nr_rows = r->nr_rows;
	free(order);
}

/* --- series --- */

/* A row of nothing yet, of one of these classes at most. */
static void none_yet(struct series *s, const struct report *r, uint32_t classes)
{
	s->row.trace = r->trace;
	s->row.agg = &s->agg;
	s->agg.undelivered_classes = classes;
}

/* A series a label, and "other" behind them. */
static struct series *series_of_callers(struct prometheus *p, const struct report *r, unsigned int *nr)
{
	struct series *list;
	const char *keys[NR_LABELS];

	label_rows(p, r);
	*nr = p->nr_labels + 1;
	list = xcalloc(*nr, sizeof(*list));
	for (unsigned int k = 0; k < NR_LABELS; k++)
		keys[k] = k < r->nr_by ? report_key_name(r->by[k]) : "";
	for (unsigned int i = 0; i < *nr; i++) {
		char *const *v = i < p->nr_labels ? p->labels[i].values : NULL;

		none_yet(&list[i], r, 0);
		snprintf(list[i].labels, sizeof(list[i].labels), "%s=\"%s\",%s=\"%s\"", keys[0], v ? v[0] : "other",
			 keys[1], v ? v[1] : "other");
	}
	for (unsigned int i = 0; i < r->nr_rows; i++)
		sum_add(&list[p->label_of[i] == OTHER ? p->nr_labels : p->label_of[i]].agg, r->rows[i].agg);
	for (unsigned int i = 0; i < p->nr_labels; i++) {
		sum_subtract(&list[i].agg, &p->labels[i].before);
		sum_add(&list[p->nr_labels].agg, &p->labels[i].before);
	}
	return list;
}

static const struct report_row *row_of(const struct report *r, bool by_target, uint32_t key)
{
	for (unsigned int i = 0; i < r->nr_rows; i++)
		if (!(r->rows[i].agg->mixed >> (by_target ? AGG_KEY_TARGET : AGG_KEY_CLASS) & 1) &&
		    (by_target ? r->rows[i].agg->target : r->rows[i].agg->class) == key)
			return &r->rows[i];
	return NULL;
}

static struct series *series_of_classes(const struct report *r, unsigned int *nr)
{
	struct series *list = xcalloc(IPI_NR_CLASSES, sizeof(*list)), *s = list;

	for (uint32_t class = 0; class < IPI_NR_CLASSES; class ++) {
		const struct report_row *row = row_of(r, false, class);

		if (!row && class >= USUAL_CLASSES)
			continue;
		none_yet(s, r, IPI_CLASS_BIT(class));
		if (row)
			s->row = *row;
		snprintf(s->labels, sizeof(s->labels), "class=\"%s\"", ipi_class_name(class));
		s++;
	}
	*nr = (unsigned int)(s - list);
	return list;
}

/* All CPUs that can be hit, so that the first hit of each is an increase. */
static struct series *series_of_targets(const struct prometheus_sample *sample, unsigned int *nr)
{
	const struct report *r = sample->by_target;
	bool all = !cpuset_count(sample->targets);
	unsigned int cpus = r->trace->cpus;
	struct series *list, *s;

	for (unsigned int i = 0; i < r->nr_rows; i++)
		if (r->rows[i].agg->target >= cpus)
			cpus = r->rows[i].agg->target + 1;
	s = list = xcalloc(cpus + 1u, sizeof(*list));
	for (uint32_t cpu = 0; cpu < cpus; cpu++) {
		const struct report_row *row = row_of(r, true, cpu);

		if (!row && !all && !cpuset_has(sample->targets, cpu))
			continue;
		none_yet(s, r, 0);
		if (row)
			s->row = *row;
		snprintf(s->labels, sizeof(s->labels), "target=\"%u\"", cpu);
		s++;
	}
	*nr = (unsigned int)(s - list);
	return list;
}

static void series_free(struct series *list, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		sum_free(&list[i].agg);
	free(list);
}

/* --- families --- */

static void head(const struct out *o, const char *name, const char *type, const char *help)
{
	/* OpenMetrics names a family of counters without the "_total" of its samples. */
	const char *total = !strcmp(type, "counter") && !o->openmetrics ? "_total" : "";
	size_t len = strlen(name);

	fprintf(o->f, "# HELP ipitrace_%s%s %s\n# TYPE ipitrace_%s%s %s\n", name, total, help, name, total, type);
	if (o->openmetrics && len > 8 && !strcmp(name + len - 8, "_seconds"))
		fprintf(o->f, "# UNIT ipitrace_%s seconds\n", name);
}

static void put_ns(const struct out *o, uint64_t ns)
{
	fprintf(o->f, "%llu.%09llu\n", (unsigned long long)(ns / 1000000000), (unsigned long long)(ns % 1000000000));
}

static void counter(const struct out *o, const char *name, const char *help, uint64_t count)
{
	head(o, name, "counter", help);
	fprintf(o->f, "ipitrace_%s_total %llu\n", name, (unsigned long long)count);
}

static void gauge(const struct out *o, const char *name, const char *help, double value)
{
	head(o, name, "gauge", help);
	fprintf(o->f, "ipitrace_%s %.15g\n", name, value);
}

static uint64_t bound_ns(unsigned int i)
{
	uint64_t octave = 1ULL << (PROMETHEUS_MIN_SHIFT + i / 2);

	return i & 1 ? octave + octave / 2 : octave;
}

/*
 * A sample of exactly a bound is above it, which a clock of whole nanoseconds cannot tell from one just below: so the
 * buckets are those of struct hist, in no bound inexact.
 */
static void histogram(const struct out *o, const char *name, const char *labels, const struct hist *h,
		      unsigned int step)
{
	uint64_t low_ns = 0, count = 0, sum = 0;
	uint32_t index = 0;
	bool more = hist_next(h, &index, &low_ns, &count);

	for (unsigned int i = 0; i < PROMETHEUS_NR_BOUNDS; i += step) {
		for (; more && low_ns < bound_ns(i); more = hist_next(h, &index, &low_ns, &count))
			sum += count;
		fprintf(o->f, "ipitrace_%s_bucket{%s,le=\"%.10g\"} %llu\n", name, labels, (double)bound_ns(i) / 1e9,
			(unsigned long long)sum);
	}
	fprintf(o->f, "ipitrace_%s_bucket{%s,le=\"+Inf\"} %llu\nipitrace_%s_sum{%s} ", name, labels,
		(unsigned long long)h->count, name, labels);
	put_ns(o, h->sum);
	fprintf(o->f, "ipitrace_%s_count{%s} %llu\n", name, labels, (unsigned long long)h->count);
}

/* A column of the report: counts and sums become counters, medians the histogram of what they are the median of. */
struct family {
	const char *name;
	const char *column;
	const char *help;
};

static bool is_sum(const struct column *c)
{
	size_t len = strlen(c->id);

	return c->object && len > 4 && !strcmp(c->id + len - 4, "_sum");
}

#define OWN_ELSEWHERE "; without those of ipitrace itself"
static const struct family class_families[] = {
	{ "sends", "sends", "Sends of IPIs, by class" OWN_ELSEWHERE "." },
	{ "hits", "target_hits", "Targets of all sends, by class" OWN_ELSEWHERE "." },
	{ "delivered", "delivered", "Hits that caused an interrupt, by class." },
	{ "coalesced", "coalesced", "Hits whose interrupt was already requested, by class." },
	{ "lost_hits", "lost", "Hits whose fate lost events hide, by class." },
	{ "ambiguous", "ambiguous", "Deliveries with two readings, which are in no histogram, by class." },
	{ "calls", "calls", "Functions queued for another CPU, by class." },
	{ "calls_run", "calls_run", "Queued functions that ran, by class." },
	{ "elided", "elided", "Calls and wake-ups that needed no interrupt, by class." },
	{ "waits_unknown", "waits_unknown",
	  "Calls and multicasts of which it is not known how long the sender waited." },
	{ "delivery_seconds", "delivery_p50", "From the send to the entry of the handler, by class." },
	{ "queue_seconds", "queue_p50", "From queueing a call to the entry of its function, by class." },
	{ "function_seconds", "func_p50", "From entry to exit of a function, by class." },
	{ "handler_seconds", "handler_p50", "From entry to exit of a handler that answered a send, by class." },
	{ "wait_seconds", "wait_p50", "From a send to the last function's exit, where the sender waited, by class." },
};

static const struct family target_families[] = {
	{ "target_hits", "target_hits", "IPIs that were sent to this CPU" OWN_ELSEWHERE "." },
	{ "target_delivered", "delivered", "IPIs that interrupted this CPU." },
	{ "target_coalesced", "coalesced", "IPIs to this CPU whose interrupt was already requested." },
	{ "target_delivery_seconds", "delivery_p50", "From the send to the entry of the handler, by target." },
	{ "target_handler_seconds", "handler_p50", "Time that handlers took from this CPU." },
};

static const struct family caller_families[] = {
	{ "caller_sends", "sends", "Sends by this caller, with this function to run." },
	{ "caller_hits", "target_hits", "Targets of all sends by this caller." },
	{ "caller_calls", "calls", "Functions queued by this caller." },
	{ "caller_elided", "elided", "Calls and wake-ups by this caller that needed no interrupt." },
	{ "caller_delivery_seconds", "delivery_p50", "From the send to the entry of the handler, by caller." },
	{ "caller_handler_seconds", "handler_sum", "Time that handlers took for this caller." },
	{ "caller_wait_seconds", "wait_p50", "How long this caller waited, where that is known." },
};

/*
 * What is said of a row by this column: nothing where it is not known, or is a distribution without a sample. The sum
 * of none is 0.
 */
static bool is_said(const struct report_row *row, const struct column *c)
{
	return is_sum(c) ? !row->trace->arrivals_unknown :
	       c->object ? column_samples(c, row) :
			   !column_value(c, row).none;
}

static void put_series(const struct out *o, const struct family *f, const struct column *c, const struct series *s,
		       unsigned int step)
{
	if (c->object && !is_sum(c)) {
		histogram(o, f->name, s->labels, column_hist(c, &s->row), step);
		return;
	}
	fprintf(o->f, "ipitrace_%s_total{%s} ", f->name, s->labels);
	if (is_sum(c))
		put_ns(o, column_hist(c, &s->row)->sum);
	else
		fprintf(o->f, "%llu\n", (unsigned long long)column_value(c, &s->row).num);
}

/* step: 1, or 2 for powers of two alone. */
static void put_family(const struct out *o, const struct family *f, const struct series *list, unsigned int nr,
		       unsigned int step)
{
	const struct column *c = column_find(f->column);
	bool any = false;

	for (unsigned int i = 0; i < nr; i++) {
		if (!is_said(&list[i].row, c))
			continue;
		if (!any)
			head(o, f->name, c->object && !is_sum(c) ? "histogram" : "counter", f->help);
		any = true;
		put_series(o, f, c, &list[i], step);
	}
}

static void put_families(const struct out *o, const struct family *f, size_t nr, struct series *list,
			 unsigned int nr_series, unsigned int step)
{
	for (; nr--; f++)
		put_family(o, f, list, nr_series, step);
	series_free(list, nr_series);
}

/* --- the whole --- */

static void put_info(const struct out *o, const struct prometheus_sample *s)
{
	const struct trace_info *t = s->by_class->trace;
	char *kernel = label_text(t->kernel), *tier = label_text(t->tier ? t->tier : "");

	if (o->openmetrics)
		head(o, "build", "info", "What measures, on which kernel, and what that allows to claim.");
	else
		head(o, "build_info", "gauge", "What measures, on which kernel, and what that allows to claim.");
	fprintf(o->f, "ipitrace_build_info{version=\"%s\",tier=\"%s\",kernel=\"%s\"} 1\n", s->version, tier, kernel);
	free(kernel);
	free(tier);
	gauge(o, "up", "1: the measurement goes on; 0: it has ended, and this is the last of it.", s->up);
	gauge(o, "start_time_seconds", "When the measurement began, since the epoch.", s->start_s);
	gauge(o, "incomplete", "1: events are missing, for whatever reason.",
	      s->failed || report_incomplete(s->by_class));
	head(o, "cpu_seconds", "counter", "Time of a CPU that ipitrace itself has taken.");
	fprintf(o->f, "ipitrace_cpu_seconds_total %.6f\n", s->cpu_s);
}

static void put_interrupts(const struct out *o, const struct prometheus_sample *s)
{
	const struct report *r = s->by_class;
	char labels[64];

	if (r->trace->arrivals_unknown)
		return;
	head(o, "interrupts", "counter", "Interrupts by IPIs, by class, with those of ipitrace itself.");
	for (unsigned int i = 0; i < r->nr_classes; i++)
		if (r->classes[i].heard)
			fprintf(o->f, "ipitrace_interrupts_total{class=\"%s\"} %llu\n", r->classes[i].name,
				(unsigned long long)r->classes[i].interrupts);
	if (s->by_sender || !r->trace->has_send || r->trace->arrivals_unknown)
		return;
	counter(o, "unsolicited", "Interrupts of which nobody knows who sent them.", r->totals.unsolicited);
	head(o, "unsolicited_handler_seconds", "histogram", "Time that their handlers took, by class.");
	for (unsigned int i = 0; i < r->nr_classes; i++) {
		if (!r->classes[i].unsolicited || !r->classes[i].unsolicited->count)
			continue;
		snprintf(labels, sizeof(labels), "class=\"%s\"", r->classes[i].name);
		histogram(o, "unsolicited_handler_seconds", labels, r->classes[i].unsolicited, 1);
	}
}

static void put_evidence(const struct out *o, const struct prometheus_sample *s)
{
	const struct report *r = s->by_class;
	const struct trace_info *t = r->trace;

	counter(o, "events", "Events of the kernel that were made use of.", t->events);
	counter(o, "lost_events", "Events that were lost, as far as their number is known.", t->lost_events);
	gauge(o, "lost_unknown", "1: more were lost, nobody knows how many.", t->lost_unknown);
	counter(o, "late_events", "Events that came when their time was settled, and are in no count.", t->late_events);
	counter(o, "missed_sends", "Sends that probes in place of send events missed.", t->missed_sends);
	if (!t->has_send)
		return;
	counter(o, "own_sends", "Sends by ipitrace itself, in no other family of sends.", r->own->n.sends);
	counter(o, "own_hits", "Targets of sends by ipitrace itself, in no other family of hits.",
		r->own->n.target_hits);
}

void prometheus_render(struct prometheus *p, const struct prometheus_sample *s, bool openmetrics, FILE *out)
{
	const struct out o = { .f = out, .openmetrics = openmetrics };
	struct series *list;
	unsigned int nr;

	put_info(&o, s);
	put_evidence(&o, s);
	put_interrupts(&o, s);
	list = series_of_classes(s->by_class, &nr);
	put_families(&o, class_families, ARRAY_SIZE(class_families), list, nr, 1);
	list = series_of_targets(s, &nr);
	put_families(&o, target_families, ARRAY_SIZE(target_families), list, nr, 1);
	list = series_of_callers(p, s->by_caller, &nr);
	put_families(&o, caller_families, ARRAY_SIZE(caller_families), list, nr, 2);
	if (openmetrics)
		fputs("# EOF\n", out);
}
