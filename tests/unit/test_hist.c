// SPDX-License-Identifier: GPL-2.0-only
/* The histogram: its stated error bound over all magnitudes, merging, extremes. */
#include <stdlib.h>

#include "base/hist.h"
#include "../rnd.h"
#include "tap.h"

#define NR 20000

static uint64_t state = 0x9e3779b97f4a7c15ULL;

static uint64_t rnd(void)
{
	return rnd_next(&state);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* |got - want| <= want / 2^(HIST_SUB_BITS + 1), in integers. */
static bool within(uint64_t got, uint64_t want)
{
	uint64_t d = got > want ? got - want : want - got;

	return d <= want >> (HIST_SUB_BITS + 1);
}

/* Three values, so that the middle one is neither the exact minimum nor the exact maximum. */
static bool bucket_bound(uint64_t v)
{
	struct hist h = { 0 };
	uint64_t got;

	hist_add(&h, 0, 0, 0);
	hist_add(&h, v, 0, 0);
	hist_add(&h, UINT64_MAX, 0, 0);
	got = hist_percentile(&h, 0.5);
	hist_free(&h);
	return within(got, v);
}

static void test_bound(void)
{
	uint64_t bad = 0, first = 0, v;

	for (unsigned int shift = 0; shift < 64; shift++) {
		for (int i = -2; i <= 2; i++) {
			v = (1ULL << shift) + (uint64_t)i;
			if (!bucket_bound(v) && !bad++)
				first = v;
		}
		for (int i = 0; i < 500; i++) {
			v = rnd() >> shift;
			if (!bucket_bound(v) && !bad++)
				first = v;
		}
	}
	is_u64(bad, 0, "every value within 1/2^%d of itself (first bad: %" PRIu64 ")", HIST_SUB_BITS + 1, first);
	for (v = 0, bad = 0; v < 2u << HIST_SUB_BITS; v++) {
		struct hist h = { 0 };

		hist_add(&h, 0, 0, 0);
		hist_add(&h, v, 0, 0);
		hist_add(&h, 1000000, 0, 0);
		bad += hist_percentile(&h, 0.5) != v;
		hist_free(&h);
	}
	is_u64(bad, 0, "small values are exact");
}

static void test_percentiles(void)
{
	static const double ps[] = { 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999 };
	uint64_t *v = malloc(NR * sizeof(*v)), sum = 0, bad = 0;
	struct hist h = { 0 };

	for (int i = 0; i < NR; i++) {
		v[i] = rnd() >> (20 + rnd() % 40);
		hist_add(&h, v[i], 1000u + (unsigned int)i, 3);
		sum += v[i];
	}
	qsort(v, NR, sizeof(*v), compare);
	for (size_t i = 0; i < sizeof(ps) / sizeof(ps[0]); i++) {
		double want = ps[i] * NR;
		int rank = (int)want + (want > (int)want);

		bad += !within(hist_percentile(&h, ps[i]), v[rank - 1]);
	}
	is_u64(bad, 0, "percentiles of %d random values within the bound", NR);
	is_u64(hist_percentile(&h, 0), v[0], "p0 is the exact minimum");
	is_u64(hist_percentile(&h, 1), v[NR - 1], "p100 is the exact maximum");
	is_u64(h.min, v[0], "min");
	is_u64(h.max, v[NR - 1], "max");
	is_u64(h.sum, sum, "sum");
	is_u64(h.count, NR, "count");
	hist_free(&h);
	free(v);
}

static void test_merge(void)
{
	struct hist all = { 0 }, part[3] = { { 0 } }, merged = { 0 };
	uint64_t v, bad = 0;

	for (unsigned int i = 0; i < NR; i++) {
		v = rnd() >> (i % 3 ? 44 : 10 + rnd() % 50);
		hist_add(&all, v, i, i % 7);
		hist_add(&part[i % 3], v, i, i % 7);
	}
	/* The largest first and last: growing must not lose what is there. */
	hist_merge(&merged, &part[1]);
	hist_merge(&merged, &part[0]);
	hist_merge(&merged, &part[2]);
	is_u64(merged.count, all.count, "merged: count");
	is_u64(merged.sum, all.sum, "merged: sum");
	is_u64(merged.min, all.min, "merged: min");
	is_u64(merged.max, all.max, "merged: max");
	is_u64(merged.max_at_ns, all.max_at_ns, "merged: time of the maximum");
	is_u64(merged.max_cpu, all.max_cpu, "merged: CPU of the maximum");
	for (int p = 0; p <= 1000; p++)
		bad += hist_percentile(&merged, p / 1000.0) != hist_percentile(&all, p / 1000.0);
	is_u64(bad, 0, "merged: every permille equals that of adding all");
	hist_merge(&merged, &(struct hist){ 0 });
	is_u64(merged.count, all.count, "merging an empty one changes nothing");
	for (int i = 0; i < 3; i++)
		hist_free(&part[i]);
	hist_free(&all);
	hist_free(&merged);
}

static void test_edges(void)
{
	struct hist h = { 0 };

	is_u64(hist_percentile(&h, 0.5), 0, "empty: 0");
	hist_add(&h, 0, 7, 1);
	is_u64(h.max_at_ns, 7, "a maximum of 0 has its time");
	is_u64(h.max_cpu, 1, "and its CPU");
	hist_add(&h, UINT64_MAX, 9, 2);
	is_u64(hist_percentile(&h, 1), UINT64_MAX, "all of uint64_t fits");
	is_u64(h.max_at_ns, 9, "time of the maximum");
	hist_add(&h, UINT64_MAX, 8, 3);
	is_u64(h.max_at_ns, 8, "of equal maxima the earliest");
	is_u64(h.max_cpu, 3, "and its CPU");
	hist_free(&h);
	ok(!h.buckets && !h.count, "freed");
	hist_free(&h);
}

/* Ten thousand rows of some histograms each: what one of close values takes is small, wherever they lie. */
static void test_size(void)
{
	struct hist h = { 0 }, all = { 0 }, part = { 0 };
	uint64_t bad = 0, v;
	uint32_t most = 0;

	for (unsigned int shift = 0; shift < 50; shift++) {
		v = 0xfedcba9876543210ULL >> (63 - shift);
		hist_add(&h, v, 0, 0);
		most = h.nr_buckets > most ? h.nr_buckets : most;
		hist_add(&h, v + v / 16, 0, 0);
		hist_add(&h, v - v / 16, 0, 0);
		bad += h.nr_buckets > 48;
		hist_free(&h);
	}
	ok(most <= 16, "one value: room for no more than 16");
	is_u64(bad, 0, "an eighth of itself apart: no more than 48");
	/* Growing downwards and upwards by turns loses nothing. */
	for (unsigned int i = 0; i < NR; i++) {
		v = i % 2 ? (1ULL << 40) + (uint64_t)i * 97777777 : (1ULL << 40) / (i + 2);
		hist_add(&all, v, 0, 0);
		if (i % 3)
			hist_add(&part, v, 0, 0);
	}
	hist_merge(&h, &all);
	hist_subtract(&h, &part);
	for (unsigned int i = 0; i < NR; i += 3)
		hist_add(&part, i % 2 ? (1ULL << 40) + (uint64_t)i * 97777777 : (1ULL << 40) / (i + 2), 0, 0);
	is_u64(h.count, (NR + 2) / 3, "less a part of it: the rest");
	for (int p = 0; p <= 1000; p++)
		bad += hist_percentile(&part, p / 1000.0) != hist_percentile(&all, p / 1000.0);
	is_u64(bad, 0, "the same values in another order: the same percentiles");
	hist_free(&h);
	hist_free(&all);
	hist_free(&part);
}

/* Written down bucket by bucket and read back, it is the same histogram; the scheme is the documented one. */
static void test_buckets(void)
{
	struct hist h = { 0 }, back = { 0 };
	uint64_t low = 0, count = 0, seen = 0, before = 0, bad = 0, v;
	uint32_t at = 0;

	ok(!hist_next(&h, &at, &low, &count), "an empty one has no bucket");
	for (unsigned int i = 0; i < NR; i++)
		hist_add(&h, rnd() >> (rnd() % 64), i, 0);
	for (at = 0; hist_next(&h, &at, &low, &count); before = low) {
		unsigned int bit = low ? 63 - (unsigned int)__builtin_clzll(low) : 0;

		bad += !count || (seen && low <= before);
		bad += bit > HIST_SUB_BITS && low & ((1ULL << (bit - HIST_SUB_BITS)) - 1);
		seen += count;
		bad += !hist_put(&back, low, count);
	}
	is_u64(bad, 0, "buckets rise, hold something, and begin where the scheme says");
	is_u64(seen, h.count, "their counts are all samples");
	is_u64(back.count, h.count, "read back: count");
	back.min = h.min;
	back.max = h.max;
	for (int p = 0; p <= 1000; p++)
		bad += hist_percentile(&back, p / 1000.0) != hist_percentile(&h, p / 1000.0);
	is_u64(bad, 0, "read back: every permille");
	for (v = 1; v; v <<= 1)
		bad += !hist_put(&back, v, 0);
	is_u64(bad, 0, "a bucket begins at every power of two");
	ok(!hist_put(&back, 129, 1) && !hist_put(&back, 1000003, 1), "no bucket begins anywhere else");
	ok(!hist_put(&back, 64, UINT64_MAX), "counts that do not fit are refused");
	hist_free(&h);
	hist_free(&back);
}

int main(void)
{
	test_bound();
	test_percentiles();
	test_merge();
	test_edges();
	test_size();
	test_buckets();
	return done_testing();
}
