// SPDX-License-Identifier: GPL-2.0-only
/* Distributions against published tables, Welch and Fieller against worked numbers, Holm by hand. */
#include <math.h>

#include "base/compiler.h"
#include "report/stats.h"
#include "tap.h"

static bool near(double got, double want, double relative)
{
	/* Beyond, numbers have fewer digits. */
	bool same = fabs(got - want) <= relative * fabs(want) + 1e-300;

	if (!same)
		printf("#   got %.12g, want %.12g\n", got, want);
	return same;
}

static void test_student(void)
{
	/* Two-sided 5 %, 1 % and 0.1 %: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2. */
	static const struct {
		double freedom, p, t;
	} table[] = {
		{ 1, 0.025, 12.706 },  { 2, 0.025, 4.303 },   { 3, 0.025, 3.182 },	 { 4, 0.025, 2.776 },
		{ 5, 0.025, 2.571 },   { 10, 0.025, 2.228 },  { 30, 0.025, 2.042 },	 { 100, 0.025, 1.984 },
		{ 1, 0.005, 63.657 },  { 4, 0.005, 4.604 },   { 20, 0.005, 2.845 },	 { 60, 0.005, 2.660 },
		{ 1, 0.001, 318.313 }, { 3, 0.001, 10.215 },  { 15, 0.001, 3.733 },	 { 100, 0.001, 3.174 },
		{ 1e9, 0.025, 1.960 }, { 1e9, 0.001, 3.090 }, { INFINITY, 0.05, 1.645 },
	};
	unsigned int bad = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		bad += !near(stats_t_quantile(table[i].p, table[i].freedom), table[i].t, 3e-4);
		bad += !near(stats_t_above(stats_t_quantile(table[i].p, table[i].freedom), table[i].freedom),
			     table[i].p, 1e-9);
	}
	is_u64(bad, 0, "quantiles of Student's t are those of the table");
	/* Closed forms: 1 degree of freedom is Cauchy's distribution; 2: (1 - t / sqrt(2 + t^2)) / 2. */
	for (double t = -50; t < 50; t += 0.37) {
		bad += !near(stats_t_above(t, 1), 0.5 - atan(t) / M_PI, 1e-9);
		bad += !near(stats_t_above(t, 2), (1 - t / sqrt(2 + t * t)) / 2, 1e-9);
	}
	is_u64(bad, 0, "tails for 1 and 2 degrees of freedom are those of the closed forms");
	/* 3: 1/2 - (t / sqrt(3) / (1 + t^2 / 3) + atan(t / sqrt(3))) / pi. */
	ok(near(stats_t_above(40, 3), 0.5 - (40 / sqrt(3) / (1 + 1600. / 3) + atan(40 / sqrt(3))) / M_PI, 1e-9),
	   "a far tail");
	ok(stats_t_above(INFINITY, 3) == 0 && stats_t_above(-INFINITY, 3) == 1 && near(stats_t_above(0, 7), 0.5, 1e-12),
	   "ends and middle");
	ok(near(stats_t_above(2, 999999), stats_t_above(2, 1000001), 1e-5),
	   "the normal distribution takes over without a step");
}

/* The sum of its terms, largest numbers last. */
static double binomial_sum(unsigned int k, unsigned int n, double p)
{
	double sum = 0;

	for (unsigned int i = n + 1; i-- > k;)
		sum += exp(lgamma(n + 1.) - lgamma(i + 1.) - lgamma(n - i + 1.) + i * log(p) + (n - i) * log1p(-p));
	return sum;
}

static void test_binomial(void)
{
	static const double ps[] = { 0.01, 0.3, 0.5, 0.9 };
	unsigned int bad = 0;

	ok(near(stats_binomial_least(8, 10, 0.5), 56. / 1024, 1e-12), "8 or more heads of 10: 56/1024");
	for (unsigned int n = 1; n < 300; n += 7)
		for (unsigned int k = 1; k <= n; k += 3)
			for (size_t i = 0; i < ARRAY_SIZE(ps); i++)
				bad += !near(stats_binomial_least(k, n, ps[i]), binomial_sum(k, n, ps[i]), 1e-8);
	is_u64(bad, 0, "tails of the binomial distribution are the sums of their terms");
	ok(stats_binomial_least(0, 10, 0.1) == 1 && stats_binomial_least(11, 10, 0.9) == 0, "none, and more than all");
	/* Normal approximation with continuity: 50,000,000 trials, two standard deviations above the mean. */
	ok(near(stats_binomial_least(25007072, 50000000, 0.5), stats_t_above((7072 - 0.5) / 3535.5339, INFINITY), 1e-3),
	   "fifty million trials");
}

static void test_welch(void)
{
	/* Worked by hand: means 20 and 22, variances 1 and 4, 5 observations each. */
	static const double one[] = { 19, 20, 20, 20, 21 }, ones[] = { 1, 1, 1, 1, 1 };
	static const double a[] = { 10, 12, 14 }, b[] = { 19, 20, 27 };
	struct stats_side x = stats_side(one, ones, 5, 20), y = { .value = 22, .variance = 0.8, .freedom = 4 }, z;
	struct stats_interval i;
	double t, freedom, edge;

	ok(near(x.variance, 0.1, 1e-12) && near(x.freedom, 4, 1e-12), "variance of a mean, and its degrees of freedom");
	freedom = 0.9 * 0.9 / (0.1 * 0.1 / 4 + 0.8 * 0.8 / 4);
	ok(near(stats_ratio_above(&x, &y, 1), stats_t_above(2 / sqrt(0.9), freedom), 1e-12),
	   "Welch's test of equality");
	ok(stats_ratio_below(&x, &y, 1) == 1, "the other direction has nothing to say");
	ok(near(stats_ratio_below(&x, &y, 2), stats_t_above(18 / sqrt(0.8 + 0.4), 1.2 * 1.2 / (0.16 / 4 + 0.64 / 4)),
		1e-12),
	   "of another ratio");
	x = stats_side(a, ones, 3, 12);
	y = stats_side(b, ones, 3, 22);
	i = stats_ratio_interval(&x, &y, 0.95);
	ok(i.known && i.bounded && i.low < 22. / 12 && i.high > 22. / 12, "an interval about the ratio");
	/* The ends are where the statistic is the quantile, with the freedom at the ratio itself. */
	t = stats_t_quantile(0.025, pow(y.variance + 484. / 144 * x.variance, 2) /
					    (pow(y.variance, 2) / 2 + pow(484. / 144 * x.variance, 2) / 2));
	edge = fabs(22 - i.low * 12) / sqrt(y.variance + i.low * i.low * x.variance);
	ok(near(edge, t, 1e-9), "its low end");
	edge = fabs(22 - i.high * 12) / sqrt(y.variance + i.high * i.high * x.variance);
	ok(near(edge, t, 1e-9), "its high end");
	x.variance = 400;
	i = stats_ratio_interval(&x, &y, 0.95);
	ok(i.known && !i.bounded && i.low >= 0, "A may be 0: no ratio is too great");
	x.value = 0;
	ok(!stats_ratio_interval(&x, &y, 0.95).known, "A is 0: there is no ratio");
	z = stats_side(one, ones, 1, 19);
	ok(z.freedom < 1 && stats_ratio_above(&z, &y, 1) == 1 && !stats_ratio_interval(&z, &y, 0.95).known,
	   "one observation proves nothing");
	z = stats_side(one, (const double[]){ 1, 0, 0, 0, 0 }, 5, 19);
	ok(z.freedom < 1, "nor do five of which one has all the weight");
	z = stats_side(one, (const double[]){ 1, 3, 3, 3, 1 }, 5, 20);
	ok(near(z.freedom, 121. / 29 - 1, 1e-12), "unequal weights are fewer observations");
}

static void test_logs(void)
{
	struct stats_side a = { log(10.5), 0.01, 3 }, b = { log(20.5), 0.01, 3 };
	struct stats_interval i = stats_log_ratio_interval(&a, &b, 0.95, 10, 0.5);
	double half = stats_t_quantile(0.025, 6) * sqrt(0.02), ratio = 20.5 / 10.5;

	ok(near(stats_log_ratio_above(&a, &b, 1), stats_t_above(log(ratio) / sqrt(0.02), 6), 1e-9),
	   "logarithms: equality");
	ok(near(stats_log_ratio_above(&a, &b, 1.5), stats_t_above(log(ratio / 1.5) / sqrt(0.02), 6), 1e-9),
	   "  another ratio");
	ok(stats_log_ratio_above(&a, &b, 3) == 1, "  which it is not above");
	ok(i.known && i.bounded && near(i.low, (ratio * exp(-half) * 10.5 - 0.5) / 10, 1e-9) &&
		   near(i.high, (ratio * exp(half) * 10.5 - 0.5) / 10, 1e-9),
	   "  an interval of the ratio without the shift");
}

static void test_holm(void)
{
	/* 0.01 * 4, 0.013 * 3, 0.02 * 2, 0.9; then none below the one before. */
	double p[] = { 0.02, 0.9, 0.01, 0.013, 0.0001 }, weight[] = { 1, 1, 1, 1, 0 };
	static const double want[] = { 0.04, 0.9, 0.04, 0.04, 1 };
	double q[] = { 0.01, 0.01 }, unequal[] = { 3, 1 };
	unsigned int bad = 0;

	stats_holm(p, weight, 5);
	for (unsigned int i = 0; i < 5; i++)
		bad += !near(p[i], want[i], 1e-12);
	is_u64(bad, 0, "Holm's correction");
	stats_holm(q, unequal, 2);
	ok(near(q[0], 0.01 * 4 / 3, 1e-12) && near(q[1], 0.01 * 4 / 3, 1e-12), "weights: a greater share of the error");
}

int main(void)
{
	test_student();
	test_binomial();
	test_welch();
	test_logs();
	test_holm();
	return done_testing();
}
