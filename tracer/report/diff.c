// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/diff.c - observations of two sides, tested against each other.
 *
 * Runs differ by factors, so of them logarithms are compared; of slices the
 * values themselves.
 *
 * A value changed if its own observations say so (Welch's test on their spread,
 * report/stats.h) and if it is more than the least spread that there can be,
 * which few observations may not show by chance:
 *	counts	 events are at least as random as Poisson's: the exact binomial test
 *	sums	 likewise, of that many addends
 *	times	 so many samples lie above a bound between both percentiles: binomial; a
 *		 percentile is no better known than its bucket is wide
 * Slices of one run depend on each other where bursts are longer than they. So
 * the test is made of slices, of two in one, and of four, and the weakest counts.
 *
 * All that is tested shares the error of 5 %, by Holm's correction: half of it is
 * the totals', half the rows'.
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/diff.h"

#define MAX_LEVELS 3

const struct diff_metric_info diff_metrics[DIFF_NR_METRICS] = {
	[DIFF_HITS] = { "hits", "hits", "targets of all sends", DIFF_COUNT, offsetof(struct diff_cell, hits), 0 },
	[DIFF_DELIVERED] = { "delivered", "delivered", "hits that caused an interrupt", DIFF_COUNT,
			     offsetof(struct diff_cell, delivered), 0 },
	[DIFF_CALLS] = { "calls", "calls", "calls queued", DIFF_COUNT, offsetof(struct diff_cell, calls), 0 },
	[DIFF_ELIDED] = { "elided", "elided", "calls and wake-ups that needed no interrupt", DIFF_COUNT,
			  offsetof(struct diff_cell, elided), 0 },
	[DIFF_DELIVERY_P50] = { "delivery_p50", "delivery_p50_ns", "send to handler entry, median", DIFF_TIME,
				offsetof(struct diff_cell, delivery), 0.5 },
	[DIFF_DELIVERY_P99] = { "delivery_p99", "delivery_p99_ns", "send to handler entry, 99th percentile", DIFF_TIME,
				offsetof(struct diff_cell, delivery), 0.99 },
	[DIFF_HANDLER_P50] = { "handler_p50", "handler_p50_ns", "handler entry to exit, median", DIFF_TIME,
			       offsetof(struct diff_cell, handler), 0.5 },
	[DIFF_STOLEN] = { "stolen", "stolen_ns", "time that handlers took from the targets", DIFF_SUM,
			  offsetof(struct diff_cell, handler), 0 },
};

/* --- observations --- */

/* All that is known of one value of one side. */
struct observed {
	bool exists;
	double value, floor; /* floor: the least variance of the value */
	double reached;	     /* see struct diff_line; 0 where it does not matter */
	uint64_t count;	     /* events or samples */
	double exposure;     /* seconds or units */
	double addend;	     /* what one of them adds on average */
	struct hist samples; /* DIFF_TIME */
	unsigned int nr_levels;
	/* By all observations, for the interval; and by those that are no edges, see inner_of(), for the test. */
	struct stats_side levels[MAX_LEVELS], inner[MAX_LEVELS];
};

struct pair {
	enum diff_metric metric;
	bool logs;    /* the levels are of logarithms */
	double shift; /* log(x + shift): half of one event in one run, so that none is no hole */
	struct observed a, b;
};

static const struct hist *hist_at(const struct diff_cell *c, enum diff_metric m)
{
	return (const struct hist *)((const char *)c + diff_metrics[m].offset);
}

static uint64_t count_at(const struct diff_cell *c, enum diff_metric m)
{
	if (diff_metrics[m].kind != DIFF_COUNT)
		return hist_at(c, m)->count;
	return *(const uint64_t *)((const char *)c + diff_metrics[m].offset);
}

static double amount_at(const struct diff_cell *c, enum diff_metric m)
{
	return diff_metrics[m].kind == DIFF_SUM ? (double)hist_at(c, m)->sum : (double)count_at(c, m);
}

/* Cells first to last of a run, cells NULL where the row did not occur, as one observation; false: there is nothing to be seen. */
static bool observe(const struct diff_cell *cells, unsigned int nr, enum diff_metric m, double exposure, double *x,
		    double *weight)
{
	struct hist sum = { 0 };
	double amount = 0;

	if (diff_metrics[m].kind != DIFF_TIME) {
		for (unsigned int i = 0; cells && i < nr; i++)
			amount += amount_at(&cells[i], m);
		*x = exposure > 0 ? amount / exposure : 0;
		*weight = exposure;
		return exposure > 0;
	}
	for (unsigned int i = 0; cells && i < nr; i++)
		hist_merge(&sum, hist_at(&cells[i], m));
	*x = (double)hist_percentile(&sum, diff_metrics[m].percentile);
	*weight = (double)sum.count;
	hist_free(&sum);
	return *weight > 0;
}

static double exposure_of(const struct diff_side *s, const struct diff_run *r)
{
	return s->units > 0 ? s->units : (double)r->duration_ns / 1e9;
}

/* Slices of a run that are not its edges, and what share of its time they are. */
struct inner {
	unsigned int first, end;
	double share;
};

#define STEADY 0.2

/*
 * Slices between the first and the last, which the edges may be a part of, differ by little. Where others take the
 * CPUs they do not, and what looks like an edge may be anything.
 */
static bool steady_between(const struct diff_run *r, const struct diff_cell *cells, enum diff_metric m,
			   const struct inner *in)
{
	double sum = 0, squares = 0, nr = 0;

	for (unsigned int i = in->first + 1; i + 1 < in->end; i++) {
		double rate = r->share[i] > 0 ? amount_at(&cells[i], m) / r->share[i] : 0;

		sum += rate;
		squares += rate * rate;
		nr++;
	}
	return nr > 2 && squares * nr - sum * sum <= STEADY * STEADY * sum * sum;
}

/*
 * A recording begins before its workload and ends after it. That is no
 * variation of what the workload does: in tests, slices at both ends with less than
 * half of the rate of all are left out of the spread. Only if what one run may have
 * more of this than another explains less than half of the margin; else it is a phase.
 */
static struct inner inner_of(const struct diff_run *r, const struct diff_cell *cells, enum diff_metric m, double margin)
{
	struct inner all = { 0, r->nr_slices, 1 }, in = all;
	double sum = 0;

	for (unsigned int i = 0; cells && i < r->nr_slices; i++)
		sum += amount_at(&cells[i], m);
	if (!(sum > 0) || !diff_is_rate(m))
		return all;
	while (amount_at(&cells[in.first], m) < sum * r->share[in.first] / 2)
		in.share -= r->share[in.first++];
	while (amount_at(&cells[in.end - 1], m) < sum * r->share[in.end - 1] / 2)
		in.share -= r->share[--in.end];
	/* Of margin 1 always all. */
	return in.share * sqrt(margin) < 1 || !steady_between(r, cells, m, &in) ? all : in;
}

/* The spread of observations of so many slices each. */
static struct stats_side spread_of(const struct diff_side *s, const struct diff_cell *const *cells, enum diff_metric m,
				   unsigned int width, double centre, double margin, const struct pair *p)
{
	unsigned int room = s->nr * DIFF_MAX_SLICES, nr = 0;
	double *x = xcalloc(room + 1, sizeof(*x)), *weight = xcalloc(room + 1, sizeof(*weight));
	double sum = 0, inside = 0, all = 0;
	struct stats_side side;

	for (unsigned int run = 0; run < s->nr; run++) {
		const struct diff_run *r = &s->runs[run];
		struct inner in = inner_of(r, cells[run], m, margin);

		for (unsigned int at = in.first; at < in.end; at += width) {
			unsigned int many = in.end - at < width ? in.end - at : width;
			double share = 0;

			for (unsigned int i = at; i < at + many; i++)
				share += r->share[i];
			nr += observe(cells[run] ? cells[run] + at : NULL, many, m, share * exposure_of(s, r), &x[nr],
				      &weight[nr]);
		}
		all += exposure_of(s, r);
	}
	for (unsigned int i = 0; p->logs && i < nr; i++)
		x[i] = log(x[i] + p->shift);
	for (unsigned int i = 0; i < nr; i++) {
		sum += x[i] * weight[i];
		inside += weight[i];
	}
	if (p->logs || !diff_is_rate(m) || inside >= all || inside <= 0) {
		side = stats_side(x, weight, nr, p->logs ? log(centre + p->shift) : centre);
	} else {
		side = stats_side(x, weight, nr, sum / inside);
		side.value = centre;
		side.variance *= inside / all * inside / all;
	}
	free(x);
	free(weight);
	return side;
}

/*
 * Slices of four in one vary less than one alone, if they are independent, by
 * just as much as their mean gets more certain. What they vary more is slow: of
 * that a run has one sample, however many slices it is cut into, and another
 * run another one. So it is no part of what an average makes smaller.
 */
static void add_drift(struct stats_side *levels, unsigned int nr)
{
	const struct stats_side *fine = &levels[0], *coarse = &levels[nr - 1];
	double drift = coarse->variance - fine->variance;

	if (nr < 2 || fine->freedom < 1 || coarse->freedom < 1 || drift <= 0)
		return;
	drift *= coarse->freedom + 1;
	for (unsigned int i = 0; i < nr; i++)
		levels[i].variance += drift;
}

/* Of a row's hits no handler is known where none is known to have arrived; the totals have those of other interrupts. */
static bool is_known(const struct diff_run *r, enum diff_metric m, bool totals)
{
	if (m == DIFF_STOLEN && !totals && r->unknown >> DIFF_DELIVERED & 1)
		return false;
	return !(r->unknown >> m & 1);
}

/* cells: of each run, NULL where the row did not occur. */
static void observe_side(struct observed *o, const struct diff_side *s, const struct diff_cell *const *cells,
			 enum diff_metric m)
{
	double amount = 0, bucket;

	*o = (struct observed){ .exists = true };
	for (unsigned int run = 0; run < s->nr; run++) {
		const struct diff_run *r = &s->runs[run];

		o->exists &= is_known(r, m, cells[run] == r->totals);
		o->exposure += exposure_of(s, r);
		for (unsigned int i = 0; cells[run] && i < r->nr_slices; i++) {
			amount += amount_at(&cells[run][i], m);
			o->count += count_at(&cells[run][i], m);
			if (diff_metrics[m].kind == DIFF_TIME)
				hist_merge(&o->samples, hist_at(&cells[run][i], m));
		}
	}
	if (diff_metrics[m].kind == DIFF_TIME) {
		o->exists &= o->count > 0;
		o->value = (double)hist_percentile(&o->samples, diff_metrics[m].percentile);
		bucket = o->value / HIST_SUB < 1 ? 1 : o->value / HIST_SUB;
		o->floor = bucket * bucket / 12;
	} else {
		o->exists &= o->exposure > 0;
		o->value = o->exposure > 0 ? amount / o->exposure : 0;
		o->floor = o->count ? o->value * o->value / (double)o->count : 0;
	}
	o->addend = o->count ? amount / (double)o->count : 0;
}

static void observe_spread(struct observed *o, const struct diff_side *s, const struct diff_cell *const *cells,
			   const struct pair *p, const struct diff *d)
{
	bool slices = d->observed == DIFF_SLICES;

	if (!o->exists || d->observed == DIFF_NOTHING)
		return;
	o->nr_levels = slices ? MAX_LEVELS : 1;
	for (unsigned int i = 0; i < o->nr_levels; i++) {
		unsigned int width = slices ? 1u << i : DIFF_MAX_SLICES;

		o->levels[i] = spread_of(s, cells, p->metric, width, o->value, 1, p);
		o->inner[i] = slices ? spread_of(s, cells, p->metric, width, o->value, d->margin, p) : o->levels[i];
	}
	add_drift(o->levels, o->nr_levels);
	add_drift(o->inner, o->nr_levels);
}

/*
 * Runs differ by factors: what is observed is their logarithm. Slices may well
 * be empty, and a burst in one of them is no factor.
 */
static void observe_pair(struct pair *p, const struct diff *d, const struct diff_cell *const *a,
			 const struct diff_cell *const *b)
{
	double addend, exposure;

	observe_side(&p->a, &d->a, a, p->metric);
	observe_side(&p->b, &d->b, b, p->metric);
	p->logs = d->observed == DIFF_RUNS;
	exposure = (p->a.exposure + p->b.exposure) / (d->a.nr + d->b.nr);
	addend = fmax(p->a.addend, p->b.addend);
	p->shift = diff_metrics[p->metric].kind == DIFF_TIME ? 0.5 :
		   exposure > 0 && addend > 0		     ? addend / 2 / exposure :
							       1;
	observe_spread(&p->a, &d->a, a, p, d);
	observe_spread(&p->b, &d->b, b, p, d);
}

/* --- tests --- */

/* The shortest distance that the least possible spread allows to tell; see above. */
static double floor_above(const struct pair *p, double ratio)
{
	struct stats_side a = { p->a.value, p->a.floor, INFINITY }, b = { p->b.value, p->b.floor, INFINITY };
	uint64_t above_a = p->a.count, above_b = p->b.count;
	double share_a = p->a.exposure, share_b = ratio * p->b.exposure, bound, by_floor;

	if (diff_metrics[p->metric].kind == DIFF_SUM)
		return stats_ratio_above(&a, &b, ratio);
	by_floor = diff_metrics[p->metric].kind == DIFF_TIME ? stats_ratio_above(&a, &b, ratio) : 0;
	if (diff_metrics[p->metric].kind == DIFF_TIME) {
		bound = sqrt(p->a.value * p->b.value / ratio);
		above_a = hist_above(&p->a.samples, (uint64_t)bound);
		above_b = hist_above(&p->b.samples, (uint64_t)(bound * ratio));
		share_a = (double)p->a.count;
		share_b = (double)p->b.count;
	}
	return fmax(by_floor, stats_binomial_least(above_b, above_a + above_b, share_b / (share_a + share_b)));
}

/* The error of saying that B/A is above ratio. */
static double error_above(const struct pair *p, double ratio)
{
	double error = 0;

	if (!p->a.nr_levels || !p->b.nr_levels || p->b.value <= ratio * p->a.reached)
		return 1;
	for (unsigned int i = 0; i < p->a.nr_levels; i++)
		error = fmax(error, p->logs ? stats_log_ratio_above(&p->a.inner[i], &p->b.inner[i], ratio) :
					      stats_ratio_above(&p->a.inner[i], &p->b.inner[i], ratio));
	return error < 1 ? fmax(error, floor_above(p, ratio)) : 1;
}

/* Below is above, seen from the other side. */
static double error_below(const struct pair *p, double ratio)
{
	struct pair swapped = { p->metric, p->logs, p->shift, p->b, p->a };

	return error_above(&swapped, 1 / ratio);
}

/* The floor, of the logarithm where that is observed. */
static double least_variance(const struct pair *p, const struct observed *o)
{
	double x = o->value + p->shift;

	return !p->logs ? o->floor : o->floor > 0 ? o->floor / (x * x) : 1;
}

static struct stats_interval interval_of(const struct pair *p)
{
	struct stats_interval widest = { 0 };

	for (unsigned int i = 0; i < p->a.nr_levels && i < p->b.nr_levels; i++) {
		struct stats_side a = p->a.levels[i], b = p->b.levels[i];
		struct stats_interval one;

		stats_at_least(&a, least_variance(p, &p->a));
		stats_at_least(&b, least_variance(p, &p->b));
		one = p->logs ? stats_log_ratio_interval(&a, &b, DIFF_CONFIDENCE, p->a.value, p->shift) :
				stats_ratio_interval(&a, &b, DIFF_CONFIDENCE);
		if (!one.known)
			return one;
		if (!i)
			widest = one;
		widest.bounded &= one.bounded;
		widest.low = fmin(widest.low, one.low);
		widest.high = fmax(widest.high, one.high);
	}
	return widest;
}

static void compare_value(struct diff_value *v, const struct pair *p, const struct diff *d)
{
	double error;

	v->has_a = p->a.exists;
	v->has_b = p->b.exists;
	v->a = p->a.value;
	v->b = p->b.value;
	v->p = 1;
	if (!v->has_a || !v->has_b)
		return;
	v->has_ratio = v->a > 0;
	if (v->has_ratio) {
		v->ratio = v->b / v->a;
		v->interval = interval_of(p);
	}
	v->tested = d->observed != DIFF_NOTHING && (v->a > 0 || v->b > 0);
	if (!v->tested)
		return;
	error = 2 * fmin(error_above(p, d->margin), error_below(p, 1 / d->margin));
	v->p = error < 1 ? error : 1;
}

/* --- what would show --- */

static struct observed times(const struct observed *o, double ratio)
{
	struct observed more = *o;

	more.value *= ratio;
	more.floor *= ratio;
	more.reached *= ratio;
	more.count = (uint64_t)((double)o->count * ratio);
	for (unsigned int i = 0; i < o->nr_levels; i++) {
		more.inner[i].value *= ratio;
		more.inner[i].variance *= ratio * ratio;
	}
	return more;
}

#define MOST_SHOWN 1000.

/* Against another run that varies just as much; 0: no ratio would. error: what it may be, of one side. */
static double least_shown(const struct pair *p, const struct observed *o, double margin, double error)
{
	double low = 1, high = MOST_SHOWN;

	for (unsigned int i = 0; i < 24; i++) {
		double middle = sqrt(low * high);
		struct pair with = { p->metric, p->logs, p->shift, *o, times(o, middle) };

		if (error_above(&with, margin) <= error)
			high = middle;
		else
			low = middle;
	}
	return high < MOST_SHOWN * 0.99 ? high : 0;
}

/* By the error that Holm's correction leaves to the least p: half of all is the totals', by all that they are tested for. */
static void set_could_show(struct diff *d, const struct pair *p)
{
	double error = DIFF_ERROR / 2 / 2 / DIFF_NR_METRICS, a = least_shown(p, &p->a, d->margin, error),
	       b = least_shown(p, &p->b, d->margin, error);

	d->could_show = a > 0 && b > 0 ? fmax(a, b) : 0;
}

/* --- rows --- */

/* Cells of the line of the same names in each run of a side; NULL where there is none. */
static void find_cells(const struct diff_side *s, const struct diff_line *line, const struct diff_cell **cells)
{
	for (unsigned int run = 0; run < s->nr; run++) {
		const struct diff_line *same = line ? diff_run_find(&s->runs[run], line->values) : NULL;

		cells[run] = !line ? s->runs[run].totals : same ? same->cells : NULL;
	}
}

static uint64_t seen_in(const struct diff_side *s, const struct diff_cell *const *cells)
{
	uint64_t seen = 0;

	for (unsigned int run = 0; run < s->nr; run++)
		for (unsigned int i = 0; cells[run] && i < s->runs[run].nr_slices; i++)
			seen += cells[run][i].hits + cells[run][i].calls + cells[run][i].elided;
	return seen;
}

/* The greatest rate of the runs of a side; nothing where runs are observed, or where it is not by time. */
static double reached_by(const struct diff *d, const struct diff_side *s, const struct diff_line *line,
			 enum diff_metric m)
{
	double reached = 0;

	for (unsigned int run = 0; d->observed == DIFF_SLICES && !d->per_unit && run < s->nr; run++) {
		const struct diff_line *same = line ? diff_run_find(&s->runs[run], line->values) : NULL;

		reached = fmax(reached, !line ? s->runs[run].reached[m] : same ? same->reached[m] : 0);
	}
	return reached;
}

static double exposure_of_side(const struct diff_side *s)
{
	double exposure = 0;

	for (unsigned int run = 0; run < s->nr; run++)
		exposure += exposure_of(s, &s->runs[run]);
	return exposure;
}

static double greater_rate(const struct diff *d, uint64_t seen_a, uint64_t seen_b)
{
	double a = exposure_of_side(&d->a), b = exposure_of_side(&d->b);

	return a > 0 && b > 0 ? fmax((double)seen_a / a, (double)seen_b / b) : 0;
}

/* Rare rows come and go; the latencies of the totals are of a mixture of rows, which is another one in every run. */
static bool can_tell(const struct diff *d, const struct diff_row *row, enum diff_metric m, uint64_t seen_a,
		     uint64_t seen_b)
{
	if (row->seen < DIFF_RARE)
		return false;
	if (d->observed != DIFF_SLICES)
		return true;
	if (!row->line)
		return diff_is_rate(m);
	return greater_rate(d, seen_a, seen_b) >= DIFF_SHARE * greater_rate(d, d->seen_a, d->seen_b);
}

/* limit_p: of each limit the error of saying that the row is over it. */
static void compare_row(struct diff *d, struct diff_row *row, double *limit_p)
{
	const struct diff_cell **a = xcalloc(d->a.nr + 1, sizeof(*a)), **b = xcalloc(d->b.nr + 1, sizeof(*b));
	uint64_t seen_a, seen_b;

	find_cells(&d->a, row->line, a);
	find_cells(&d->b, row->line, b);
	seen_a = seen_in(&d->a, a);
	seen_b = seen_in(&d->b, b);
	row->in_a = seen_a > 0;
	row->in_b = seen_b > 0;
	row->seen = seen_a + seen_b;
	if (!row->line) {
		d->seen_a = seen_a;
		d->seen_b = seen_b;
	}
	for (unsigned int i = 0; i < d->nr_limits; i++)
		limit_p[i] = 1;
	for (unsigned int m = 0; m < DIFF_NR_METRICS; m++) {
		struct diff_value *v = &row->values[m];
		struct pair p = { .metric = m };

		observe_pair(&p, d, a, b);
		p.a.reached = reached_by(d, &d->a, row->line, m);
		p.b.reached = reached_by(d, &d->b, row->line, m);
		compare_value(v, &p, d);
		if (!row->line && m == DIFF_HITS && d->observed == DIFF_SLICES)
			set_could_show(d, &p);
		v->tested &= can_tell(d, row, m, seen_a, seen_b);
		for (unsigned int i = 0; i < d->nr_limits; i++) {
			const struct diff_limit *l = &d->limits[i];

			if (l->metric == m && v->tested)
				limit_p[i] = l->above ? error_above(&p, fmax(l->ratio, d->margin)) :
							error_below(&p, fmin(l->ratio, 1 / d->margin));
		}
		hist_free(&p.a.samples);
		hist_free(&p.b.samples);
	}
	free(a);
	free(b);
}

/* --- the whole --- */

static unsigned int nr_tested(const struct diff_row *row)
{
	unsigned int nr = 0;

	for (unsigned int m = 0; m < DIFF_NR_METRICS; m++)
		nr += row->values[m].tested;
	return nr;
}

static struct diff_row *row_at(struct diff *d, unsigned int i)
{
	return i ? &d->rows[i - 1] : &d->totals;
}

/* The verdict on all that is tested, row 0 being the totals. */
static void correct(struct diff *d)
{
	unsigned int nr = (d->nr_rows + 1) * DIFF_NR_METRICS, of_totals = nr_tested(&d->totals), of_rows = 0;
	double *p = xcalloc(nr, sizeof(*p)), *weight = xcalloc(nr, sizeof(*weight));
	bool any;

	for (unsigned int i = 0; i < d->nr_rows; i++)
		of_rows += nr_tested(&d->rows[i]);
	d->nr_tested = of_totals + of_rows;
	for (unsigned int i = 0; i < nr; i++) {
		struct diff_value *v = &row_at(d, i / DIFF_NR_METRICS)->values[i % DIFF_NR_METRICS];

		p[i] = v->p;
		if (v->tested)
			weight[i] = 1. / (i < DIFF_NR_METRICS ? of_totals : of_rows);
	}
	stats_holm(p, weight, nr);
	for (unsigned int i = 0; i <= d->nr_rows; i++) {
		any = false;
		for (unsigned int m = 0; m < DIFF_NR_METRICS; m++) {
			struct diff_value *v = &row_at(d, i)->values[m];

			v->p = p[i * DIFF_NR_METRICS + m];
			v->significant = v->p <= DIFF_ERROR;
			any |= v->significant;
		}
		d->changed |= any;
		d->nr_changed += any && i;
	}
	free(p);
	free(weight);
}

/* Likewise, of the user's limits; p: row by row, the totals first. */
static void judge_limits(struct diff *d, double *p)
{
	unsigned int nr = (d->nr_rows + 1) * d->nr_limits;
	double *weight = xcalloc(nr + 1, sizeof(*weight));
	unsigned int of_rows = 0;

	for (unsigned int i = d->nr_limits; i < nr; i++)
		of_rows += row_at(d, i / d->nr_limits)->values[d->limits[i % d->nr_limits].metric].tested;
	for (unsigned int i = 0; i < nr; i++)
		if (row_at(d, i / d->nr_limits)->values[d->limits[i % d->nr_limits].metric].tested)
			weight[i] = 1. / (i < d->nr_limits ? d->nr_limits : of_rows);
	stats_holm(p, weight, nr);
	for (unsigned int i = 0; i < nr; i++) {
		struct diff_limit *l = &d->limits[i % d->nr_limits];

		if (p[i] > DIFF_ERROR)
			continue;
		l->tripped = true;
		l->by_totals |= i < d->nr_limits;
		if (i >= d->nr_limits && !l->nr_rows++)
			l->row = row_at(d, i / d->nr_limits)->line;
	}
	free(weight);
}

static bool same_value(const struct diff_value *v)
{
	return v->has_a == v->has_b && (!v->has_a || v->a == v->b);
}

/* What could not be tested is only then no change if there is no difference. */
static void say_undecided(struct diff *d)
{
	bool same = true;

	for (unsigned int i = 0; i <= d->nr_rows; i++)
		for (unsigned int m = 0; m < DIFF_NR_METRICS; m++)
			same &= same_value(&row_at(d, i)->values[m]);
	if (d->nr_tested || same)
		return;
	d->undecided = d->observed == DIFF_NOTHING ? "a single report does not tell how much its side varies" :
						     "too few IPIs for any test";
}

static void say_judged(struct diff *d, struct diff_limit *l)
{
	bool same = true, tested = false, any = false;

	for (unsigned int i = 0; i <= d->nr_rows; i++) {
		const struct diff_value *v = &row_at(d, i)->values[l->metric];

		same &= same_value(v);
		tested |= v->tested;
		any |= v->has_a && v->has_b;
	}
	l->judged = tested || (same && any);
}

static bool is_changed(const struct diff_row *row)
{
	for (unsigned int m = 0; m < DIFF_NR_METRICS; m++)
		if (row->values[m].significant)
			return true;
	return false;
}

static int compare_order(const void *x, const void *y)
{
	const struct diff_row *a = x, *b = y;
	bool changed_a = is_changed(a), changed_b = is_changed(b);

	if (changed_a != changed_b)
		return changed_a ? -1 : 1;
	if (a->seen != b->seen)
		return a->seen < b->seen ? 1 : -1;
	return diff_lines_compare(a->line, b->line);
}

/* All lines of a row must agree. */
static void add_class(struct diff_row *row, const struct diff_line *line)
{
	if (row->class && (!line->class || strcmp(row->class, line->class)))
		row->class = NULL;
}

static bool all_recordings(const struct diff_side *s)
{
	for (unsigned int run = 0; run < s->nr; run++)
		if (!s->runs[run].recording)
			return false;
	return true;
}

/* One row for each name that occurs anywhere. */
static void collect(struct diff *d, const struct diff_side *s, struct diff_run *all)
{
	for (unsigned int run = 0; run < s->nr; run++) {
		for (unsigned int i = 0; i < s->runs[run].nr_lines; i++) {
			const struct diff_line *line = &s->runs[run].lines[i];
			unsigned int before = all->nr_lines, at;

			at = (unsigned int)(diff_run_line(all, line->values) - all->lines);
			if (all->nr_lines == before) {
				add_class(&d->rows[at], line);
				continue;
			}
			d->rows = xrealloc(d->rows, (d->nr_rows + 1) * sizeof(*d->rows));
			d->rows[d->nr_rows++] = (struct diff_row){ .line = line, .class = line->class };
		}
	}
}

enum diff_observed diff_observable(const struct diff_side *a, const struct diff_side *b)
{
	if (a->nr > 1 && b->nr > 1)
		return DIFF_RUNS;
	return all_recordings(a) && all_recordings(b) ? DIFF_SLICES : DIFF_NOTHING;
}

void diff_compare(struct diff *d)
{
	struct diff_run all = { 0 };
	double *limit_p;

	d->per_unit = d->a.units > 0;
	collect(d, &d->a, &all);
	collect(d, &d->b, &all);
	diff_run_free(&all);
	d->observed = diff_observable(&d->a, &d->b);
	limit_p = xcalloc((d->nr_rows + 1) * (d->nr_limits + 1), sizeof(*limit_p));
	for (unsigned int i = 0; i <= d->nr_rows; i++)
		compare_row(d, row_at(d, i), limit_p + i * d->nr_limits);
	correct(d);
	say_undecided(d);
	if (d->nr_limits)
		judge_limits(d, limit_p);
	for (unsigned int i = 0; i < d->nr_limits; i++)
		say_judged(d, &d->limits[i]);
	free(limit_p);
	qsort(d->rows, d->nr_rows, sizeof(*d->rows), compare_order);
}

void diff_free(struct diff *d)
{
	free(d->rows);
	d->rows = NULL;
	d->nr_rows = 0;
}
