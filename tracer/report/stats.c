// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/stats.c - distributions, Welch's test of a ratio, Fieller's interval, Holm's correction.
 *
 * References: NIST Digital Library of Mathematical Functions, 8.17 (incomplete
 * beta function, continued fraction 8.17.22, evaluated by Lentz's method, 3.10),
 * 8.17(i) (Student, binomial); B. L. Welch, Biometrika 34 (1947) 28; E. C. Fieller,
 * J. R. Stat. Soc. B 16 (1954) 175; S. Holm, Scand. J. Statist. 6 (1979) 65.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "report/stats.h"

#define NORMAL_FROM 1e6 /* degrees of freedom */
#define MAX_STEPS   200000
#define TINY	    1e-300

/* --- distributions --- */

/* DLMF 8.17.22, which converges fast below (a + 1) / (a + b + 2). */
static double beta_fraction(double x, double a, double b)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1), f;

	d = 1 / (fabs(d) < TINY ? TINY : d);
	f = d;
	for (int m = 1; m < MAX_STEPS; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double step;

		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		f *= c * d;
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		step = c * d;
		f *= step;
		if (fabs(step - 1) < 1e-14)
			break;
	}
	return f;
}

/* Regularised incomplete beta function I_x(a, b); y = 1 - x, given apart because a difference from 1 loses digits. */
static double beta(double x, double y, double a, double b)
{
	double front;

	if (x <= 0)
		return 0;
	if (y <= 0)
		return 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(y));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(x, a, b) / a;
	return 1 - front * beta_fraction(y, b, a) / b;
}

double stats_t_above(double t, double freedom)
{
	double tail;

	if (isinf(t))
		return t > 0 ? 0 : 1;
	if (freedom > NORMAL_FROM)
		return erfc(t / sqrt(2)) / 2;
	tail = beta(freedom / (freedom + t * t), t * t / (freedom + t * t), freedom / 2, 0.5) / 2;
	return t > 0 ? tail : 1 - tail;
}

double stats_t_quantile(double p, double freedom)
{
	double low = 0, high = 1;

	while (stats_t_above(high, freedom) > p && high < 1e12)
		high *= 2;
	for (int i = 0; i < 100 && high - low > 1e-12 * high; i++) {
		double mid = (low + high) / 2;

		if (stats_t_above(mid, freedom) > p)
			low = mid;
		else
			high = mid;
	}
	return (low + high) / 2;
}

double stats_binomial_least(uint64_t k, uint64_t n, double p)
{
	if (!k)
		return 1;
	if (k > n)
		return 0;
	return beta(p, 1 - p, (double)k, (double)(n - k) + 1);
}

/* --- one side --- */

struct stats_side stats_side(const double *x, const double *weight, unsigned int nr, double centre)
{
	struct stats_side s = { .value = centre };
	double sum = 0, squares = 0, spread = 0, effective;

	for (unsigned int i = 0; i < nr; i++) {
		sum += weight[i];
		squares += weight[i] * weight[i];
		spread += weight[i] * weight[i] * (x[i] - centre) * (x[i] - centre);
	}
	if (sum <= 0)
		return s;
	effective = sum * sum / squares;
	s.freedom = effective - 1;
	if (s.freedom >= 1 - 1e-9)
		s.variance = effective / (effective - 1) * spread / (sum * sum);
	return s;
}

void stats_at_least(struct stats_side *s, double variance)
{
	if (s->variance < variance)
		s->variance = variance;
}

static bool known(const struct stats_side *s)
{
	return s->freedom >= 1 - 1e-9;
}

/* --- the ratio --- */

static double welch_freedom(const struct stats_side *a, const struct stats_side *b, double ratio)
{
	double va = ratio * ratio * a->variance, vb = b->variance;
	double below = va * va / a->freedom + vb * vb / b->freedom;

	return below > 0 ? (va + vb) * (va + vb) / below : a->freedom + b->freedom;
}

/* Chance of a difference at least as large if b is ratio times a: one side of Welch's test. */
static double beyond(const struct stats_side *a, const struct stats_side *b, double ratio, double difference)
{
	double variance = b->variance + ratio * ratio * a->variance;

	if (!known(a) || !known(b) || difference <= 0)
		return 1;
	if (variance <= 0)
		return 0;
	return stats_t_above(difference / sqrt(variance), welch_freedom(a, b, ratio));
}

double stats_ratio_above(const struct stats_side *a, const struct stats_side *b, double ratio)
{
	return beyond(a, b, ratio, b->value - ratio * a->value);
}

double stats_ratio_below(const struct stats_side *a, const struct stats_side *b, double ratio)
{
	return beyond(a, b, ratio, ratio * a->value - b->value);
}

/*
 * |B - r A| <= t sqrt(vb + r^2 va), squared: a parabola in r, of which the ratios
 * not below 0 count. Where A itself may be 0, no ratio is too great.
 */
struct stats_interval stats_ratio_interval(const struct stats_side *a, const struct stats_side *b, double confidence)
{
	struct stats_interval i = { 0 };
	double t, square, linear, constant, root;

	if (!known(a) || !known(b) || a->value <= 0)
		return i;
	i.known = true;
	t = stats_t_quantile((1 - confidence) / 2, welch_freedom(a, b, b->value / a->value));
	square = a->value * a->value - t * t * a->variance;
	linear = a->value * b->value;
	constant = b->value * b->value - t * t * b->variance;
	root = linear * linear - square * constant;
	root = root > 0 ? sqrt(root) : 0;
	if (square > 0) {
		i.bounded = true;
		i.low = (linear - root) / square;
		i.high = (linear + root) / square;
	} else if (constant > 0) {
		/* The other root is below 0. */
		i.low = square < 0 ? (linear - root) / square : constant / (2 * linear);
	}
	if (i.low < 0)
		i.low = 0;
	return i;
}

double stats_log_ratio_above(const struct stats_side *a, const struct stats_side *b, double ratio)
{
	struct stats_side moved = *a;

	/* Only the difference counts: B is put at 1, so that the difference is what is tested. */
	struct stats_side one = *b;

	one.value = b->value - a->value - log(ratio) + 1;
	moved.value = 1;
	return stats_ratio_above(&moved, &one, 1);
}

struct stats_interval stats_log_ratio_interval(const struct stats_side *a, const struct stats_side *b,
					       double confidence, double a_value, double shift)
{
	struct stats_interval i = { 0 };
	double half, ratio = exp(b->value - a->value);

	if (!known(a) || !known(b) || a_value <= 0)
		return i;
	i.known = i.bounded = true;
	half = stats_t_quantile((1 - confidence) / 2, welch_freedom(a, b, 1)) * sqrt(a->variance + b->variance);
	/* Of (b + shift) / (a + shift); of b / a: */
	i.low = (ratio * exp(-half) * (a_value + shift) - shift) / a_value;
	i.high = (ratio * exp(half) * (a_value + shift) - shift) / a_value;
	i.bounded = isfinite(i.high);
	if (i.low < 0)
		i.low = 0;
	return i;
}

/* --- many tests --- */

struct ranked {
	double by;
	unsigned int index;
};

static int compare_ranked(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	if (a->by < b->by || a->by > b->by)
		return a->by < b->by ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

void stats_holm(double *p, const double *weight, unsigned int nr)
{
	struct ranked *order = xcalloc(nr + 1, sizeof(*order));
	double left = 0, most = 0;
	unsigned int tested = 0;

	for (unsigned int i = 0; i < nr; i++) {
		if (weight[i] <= 0) {
			p[i] = 1;
			continue;
		}
		left += weight[i];
		order[tested].index = i;
		order[tested++].by = p[i] / weight[i];
	}
	qsort(order, tested, sizeof(*order), compare_ranked);
	for (unsigned int i = 0; i < tested; i++) {
		double adjusted = left * order[i].by;

		if (adjusted > most)
			most = adjusted;
		p[order[i].index] = most < 1 ? most : 1;
		left -= weight[order[i].index];
	}
	free(order);
}
