// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench --compare: ratio and interval against figures worked out by hand, and
 * that its work grows with the rows, not with their square.
 */
#include <stdlib.h>

#include "base/err.h"
#include "bench/compare.h"
#include "tap.h"

static struct bench_ratio ratio_of(const uint64_t *a, unsigned int nr_a, uint64_t step_a, const uint64_t *b,
				   unsigned int nr_b, uint64_t step_b)
{
	struct bench_ratio r;

	bench_ratio(&(struct bench_medians){ a, nr_a, step_a }, &(struct bench_medians){ b, nr_b, step_b }, &r);
	return r;
}

/* Of medians that are exact. */
static struct bench_ratio ratio(const uint64_t *a, unsigned int nr_a, const uint64_t *b, unsigned int nr_b)
{
	return ratio_of(a, nr_a, 0, b, nr_b, 0);
}

/* --- how the work grows --- */

static uint64_t nr_compared;

/* In the place of libc's, for what is linked with this program. */
int strcmp(const char *a, const char *b)
{
	nr_compared++;
	for (; *a && *a == *b; a++, b++)
		;
	return (unsigned char)*a - (unsigned char)*b;
}

/* Of two results with nr rows each, the second in the opposite order: its comparisons of texts. */
static uint64_t compared(unsigned int nr)
{
	struct bench_saved s[2] = { 0 };
	static uint64_t p50[2] = { 100, 100 };
	FILE *out = fopen("/dev/null", "w");
	struct err err = { 0 };

	if (!out)
		return UINT64_MAX;
	for (int k = 0; k < 2; k++) {
		s[k].nr_rows = nr;
		s[k].rows = calloc(nr, sizeof(*s[k].rows));
		for (unsigned int i = 0; s[k].rows && i < nr; i++) {
			struct bench_saved_row *row = &s[k].rows[k ? nr - 1 - i : i];

			snprintf(row->key, sizeof(row->key), "single busy %u>%u same-llc", i / 300, i % 300);
			row->count = 1;
			row->rep_p50 = p50;
			row->nr_reps = 2;
		}
	}
	nr_compared = 0;
	ok(!bench_compare(&s[0], &s[1], true, &(struct screen){ 0 }, out, &err), "%u rows are compared (%s)", nr,
	   err.msg);
	fclose(out);
	free(s[0].rows);
	free(s[1].rows);
	return nr_compared;
}

static void work(void)
{
	uint64_t n = compared(2000), twice = compared(4000);

	ok(n >= 2000 && n < 2000 * 8, "of 2,000 rows %llu texts are compared, not 4 million", (unsigned long long)n);
	ok(twice < 3 * n, "of twice the rows %llu: not four times as many", (unsigned long long)twice);
}

int main(void)
{
	static const uint64_t same[] = { 100, 100, 100 }, twice[] = { 200, 200, 200 };
	static const uint64_t a[] = { 90, 100, 110 }, b[] = { 180, 200, 220 }, one[] = { 100 };
	static const uint64_t none[] = { 0, 0 }, bucket[] = { 1320, 1320, 1320 }, next[] = { 1336, 1336, 1336 };
	struct bench_ratio r;

	r = ratio(same, 3, twice, 3);
	is_u64(r.ratio_ppm, 2000000, "twice as long is 2");
	is_u64(r.error_ppm, 0, "repetitions without spread, medians that are exact: no uncertainty");
	ok(r.differs, "and it differs");
	/* 200 may be up to 201, 100 is exact: 201/100 - 2. */
	r = ratio_of(same, 3, 0, twice, 3, 2);
	is_u64(r.error_ppm, 10000, "medians that are 2 apart at least: half of that is uncertain");
	/* 100 may be 99.5, 200 200.5: 200.5/99.5 - 2. */
	r = ratio_of(same, 3, 1, twice, 3, 1);
	is_u64(r.error_ppm, 15075, "whole nanoseconds: half a one each");
	r = ratio_of(same, 3, 200, twice, 3, 200);
	is_u64(r.error_ppm, UINT64_MAX, "a median below the clock's step tells nothing");
	ok(!r.differs, "and nothing is claimed");
	/* The clock of a 62.5-MHz counter: 16 ns. */
	r = ratio_of(bucket, 3, 16, next, 3, 16);
	is_u64(r.ratio_ppm, 1012121, "neighbouring steps are not one time");
	ok(!r.differs, "but no difference is shown by them");

	r = ratio(same, 3, same, 3);
	is_u64(r.ratio_ppm, 1000000, "the same is 1");
	ok(!r.differs, "and does not differ");

	/*
	 * Means 100 and 200, standard deviations 10 and 20, 3 each: relative variance of a
	 * mean 0.01 / 3 for both. Freedom (2x)^2 / (x^2/2 + x^2/2) = 4, t = 2.776.
	 * 2.776 * 2 * sqrt(0.02 / 3) = 0.453319.
	 */
	r = ratio(a, 3, b, 3);
	is_u64(r.ratio_ppm, 2000000, "ratio of the means");
	ok(r.error_ppm >= 453310 && r.error_ppm <= 453330, "95 %% interval as worked out by hand (%llu)",
	   (unsigned long long)r.error_ppm);
	ok(r.differs, "2 +- 0.45 is not 1");
	/* Against itself 1 +- 0.2267: t sqrt(0.02 / 3). */
	r = ratio(a, 3, a, 3);
	is_u64(r.ratio_ppm, 1000000, "against itself 1");
	ok(r.error_ppm >= 226650 && r.error_ppm <= 226670, "with half the interval (%llu)",
	   (unsigned long long)r.error_ppm);
	ok(!r.differs, "1 +- 0.23 holds 1");

	/* Only b varies: freedom 2, t = 4.303; 4.303 * 2 * sqrt(0.01 / 3) = 0.496868. */
	r = ratio(same, 3, b, 3);
	ok(r.error_ppm >= 496850 && r.error_ppm <= 496890, "unequal variances: Welch's freedom (%llu)",
	   (unsigned long long)r.error_ppm);

	r = ratio(one, 1, twice, 3);
	is_u64(r.ratio_ppm, 2000000, "one repetition: a ratio");
	is_u64(r.error_ppm, UINT64_MAX, "but no uncertainty is known");
	ok(!r.differs, "so nothing is claimed");
	r = ratio(none, 2, twice, 3);
	is_u64(r.ratio_ppm, UINT64_MAX, "nothing to divide by: no ratio");
	ok(!r.differs, "and no claim");
	work();
	return done_testing();
}
