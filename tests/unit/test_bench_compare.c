// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench --compare: ratio and interval against figures worked out by hand.
 */
#include "bench/compare.h"
#include "tap.h"

static struct bench_ratio ratio(const uint64_t *a, unsigned int nr_a, const uint64_t *b, unsigned int nr_b)
{
	struct bench_ratio r;

	bench_ratio(a, nr_a, b, nr_b, &r);
	return r;
}

int main(void)
{
	static const uint64_t same[] = { 100, 100, 100 }, twice[] = { 200, 200, 200 };
	static const uint64_t a[] = { 90, 100, 110 }, b[] = { 180, 200, 220 }, one[] = { 100 };
	static const uint64_t none[] = { 0, 0 };
	struct bench_ratio r;

	r = ratio(same, 3, twice, 3);
	is_u64(r.ratio_ppm, 2000000, "twice as long is 2");
	/* A median of 200 is that of a bucket 2 wide: 201/100 - 2; those of 100 are exact. */
	is_u64(r.error_ppm, 10000, "repetitions without spread: half a bucket of uncertainty");
	ok(r.differs, "and it differs");

	r = ratio(same, 3, same, 3);
	is_u64(r.ratio_ppm, 1000000, "the same is 1");
	ok(!r.differs, "and does not differ");

	/*
	 * Means 100 and 200, standard deviations 10 and 20, 3 each: relative variance of a
	 * mean 0.01 / 3 for both. Freedom (2x)^2 / (x^2/2 + x^2/2) = 4, t = 2.776.
	 * 2.776 * 2 * sqrt(0.02 / 3) = 0.453319, and 0.01 for the bucket.
	 */
	r = ratio(a, 3, b, 3);
	is_u64(r.ratio_ppm, 2000000, "ratio of the means");
	ok(r.error_ppm >= 463310 && r.error_ppm <= 463330, "95 %% interval as worked out by hand (%llu)",
	   (unsigned long long)r.error_ppm);
	ok(r.differs, "2 +- 0.45 is not 1");
	/* Against itself 1 +- 0.2267: t sqrt(0.02 / 3). */
	r = ratio(a, 3, a, 3);
	is_u64(r.ratio_ppm, 1000000, "against itself 1");
	ok(r.error_ppm >= 226650 && r.error_ppm <= 226670, "with half the interval (%llu)",
	   (unsigned long long)r.error_ppm);
	ok(!r.differs, "1 +- 0.23 holds 1");

	/* Only b varies: freedom 2, t = 4.303; 4.303 * 2 * sqrt(0.01 / 3) = 0.496868, and 0.01. */
	r = ratio(same, 3, b, 3);
	ok(r.error_ppm >= 506850 && r.error_ppm <= 506890, "unequal variances: Welch's freedom (%llu)",
	   (unsigned long long)r.error_ppm);

	r = ratio(one, 1, twice, 3);
	is_u64(r.ratio_ppm, 2000000, "one repetition: a ratio");
	is_u64(r.error_ppm, UINT64_MAX, "but no uncertainty is known");
	ok(!r.differs, "so nothing is claimed");
	r = ratio(none, 2, twice, 3);
	is_u64(r.ratio_ppm, 0, "nothing to divide by: no ratio");
	ok(!r.differs, "and no claim");
	return done_testing();
}
