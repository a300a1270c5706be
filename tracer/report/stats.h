/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/stats.h - the statistics of a comparison: pure, no data structures of ours.
 *
 * Two sides, A and B. What is known of each is a value, the variance of that
 * value, and how well the variance itself is known. Questions are about the
 * ratio B/A, tested on the difference B - ratio * A, which needs no logarithm:
 * so a side may be 0, and one huge observation can never prove anything, because
 * it makes the variance as large as the difference.
 *
 * Probabilities are one-sided unless a name says otherwise.
 */
#ifndef IPITRACE_REPORT_STATS_H
#define IPITRACE_REPORT_STATS_H

#include <stdbool.h>
#include <stdint.h>

/* P(T > t) of Student's distribution; freedom above 1e6: the normal one. */
double stats_t_above(double t, double freedom);
/* t with P(T > t) = p; 0 < p <= 0.5. */
double stats_t_quantile(double p, double freedom);
/* P(X >= k) for n trials of probability p. */
double stats_binomial_least(uint64_t k, uint64_t n, double p);

struct stats_side {
	double value;
	double variance; /* of the value, not of an observation */
	double freedom;	 /* Student's degrees of freedom of that variance; below 1: it is not known */
};

/*
 * A value that is the weighted mean of observations x (of centre, which was
 * computed of all data at once and may differ from their mean a little), with
 * the variance that their spread shows. Weights need not sum to 1; with
 * unequal ones the degrees of freedom are those of 1/sum(w^2) observations.
 */
struct stats_side stats_side(const double *x, const double *weight, unsigned int nr, double centre);
/* The variance is at least this much, for reasons that no spread can show. */
void stats_at_least(struct stats_side *s, double variance);

/* How likely a difference like this or greater is if B/A is really ratio, or below (above) it. Welch's test; 1 if unknown. */
double stats_ratio_above(const struct stats_side *a, const struct stats_side *b, double ratio);
double stats_ratio_below(const struct stats_side *a, const struct stats_side *b, double ratio);

/* What the ratio lies in with this confidence (0.95): Fieller's interval, the ratios that Welch's test does not reject. */
struct stats_interval {
	bool known;   /* there is one */
	bool bounded; /* high exists */
	double low, high;
};
struct stats_interval stats_ratio_interval(const struct stats_side *a, const struct stats_side *b, double confidence);

/*
 * The same where the sides' values are logarithms, log(x + shift): of the ratio
 * of what they are logarithms of. a_value: x of A, above 0.
 */
double stats_log_ratio_above(const struct stats_side *a, const struct stats_side *b, double ratio);
struct stats_interval stats_log_ratio_interval(const struct stats_side *a, const struct stats_side *b,
					       double confidence, double a_value, double shift);

/*
 * Holm's correction, with weights: p[i] becomes the smallest error over all of
 * them together at which i is rejected. A weight is a share of the error; 0:
 * not tested, its p becomes 1.
 */
void stats_holm(double *p, const double *weight, unsigned int nr);

#endif
