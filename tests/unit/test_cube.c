// SPDX-License-Identifier: GPL-2.0-only
/*
 * tests/unit/test_cube.c - cells stay within their number, and whatever becomes coarser, nothing is lost.
 */
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "report/cube.h"
#include "tap.h"

static uint64_t seed = 1;

static uint64_t rnd(uint64_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 16) % below;
}

/* What report/pagedata.c does: time first. */
static void add(struct cube *c, const struct cube_add *what)
{
	while (what->at_ns >> c->time_shift >= CUBE_MAX_BINS)
		cube_set_time(c, c->time_shift + 1);
	while (!cube_try(c, what)) {
		if (cube_is_timeless(c) && !(what->at_ns >> c->time_shift))
			cube_coarsen(c);
		else
			cube_set_time(c, c->time_shift + 1);
	}
}

static uint64_t low_of(uint32_t bucket, int bits)
{
	uint32_t shift;

	if (bucket < 1u << bits)
		return bucket;
	shift = (bucket >> bits) - 1;
	return (uint64_t)(bucket - (shift << bits)) << shift;
}

static void test_exact(void)
{
	const struct cube_add what[] = {
		{ .at_ns = 0, .a = 1, .b = 2, .duration_ns = 1000, .ns = 5 },
		{ .at_ns = 99, .a = 1, .b = 2, .duration_ns = 1001, .ns = 6 },
		{ .at_ns = 100, .a = 1, .b = 2, .duration_ns = 2000, .ns = 7 },
		{ .at_ns = 130, .a = 0, .b = 3, .duration_ns = UINT64_MAX, .ns = 0 },
	};
	struct cube c;

	cube_init(&c, 100, CUBE_FOLD_B, 7, true);
	for (size_t i = 0; i < ARRAY_SIZE(what); i++)
		add(&c, &what[i]);
	cube_sort(&c);
	ok(c.nr == 3, "cells of the same bin and bucket are one");
	ok(cube_a(&c.cells[0]) == 0 && cube_b(&c.cells[0]) == 3 && cube_bin(&c.cells[0]) == 1 && c.cells[0].n == 1,
	   "in order of numbers, then time");
	ok(low_of(cube_bucket(&c.cells[0]), 3) > UINT64_MAX / 4, "what has no duration is above all that have");
	ok(c.cells[1].n == 2 && c.cells[1].ns == 11, "what is counted, and what is added up");
	ok(low_of(cube_bucket(&c.cells[1]), 3) <= 1000 && low_of(cube_bucket(&c.cells[1]) + 1, 3) > 1001,
	   "a bucket holds its durations");
	cube_free(&c);
}

static void test_buckets(void)
{
	bool good = true;

	for (unsigned int i = 0; i < 2000; i++) {
		const struct cube_add what = { .duration_ns = i < 100 ? i : rnd(1ull << rnd(63)) };
		uint64_t low, high;
		struct cube c;

		cube_init(&c, 10, CUBE_FOLD_NONE, 7, true);
		add(&c, &what);
		for (int bits = 3; bits >= 0; bits--) {
			low = low_of(cube_bucket(&c.cells[0]), bits);
			high = low_of(cube_bucket(&c.cells[0]) + 1, bits);
			good &= c.bucket_bits == bits && low <= what.duration_ns && what.duration_ns < high &&
				(low < 1u << bits || high - low <= low >> bits);
			cube_coarsen(&c);
		}
		good &= c.bucket_bits == -1 && !cube_bucket(&c.cells[0]);
		cube_free(&c);
	}
	ok(good, "every bucket holds its durations, and is no wider than it may be, at every coarseness");
}

/* Random things, far more than there is room for. */
static void test_bounded(enum cube_fold fold, uint32_t max, bool buckets, uint32_t numbers, uint64_t time)
{
	uint64_t n = 0, ns = 0, by_a[16] = { 0 }, got_a[16] = { 0 };
	struct cube c;
	bool within = true;

	cube_init(&c, max, fold, 4, buckets);
	for (unsigned int i = 0; i < 60000; i++) {
		const struct cube_add what = {
			.at_ns = rnd(1 + time * i / 60000),
			.a = (uint32_t)rnd(fold == CUBE_FOLD_BOTH ? numbers : 16),
			.b = (uint32_t)rnd(numbers),
			.duration_ns = rnd(1ull << rnd(40)),
			.ns = rnd(1000),
		};

		add(&c, &what);
		by_a[what.a % 16]++;
		/* Where too many numbers cannot be folded, each a has one more for the rest. */
		within &= c.nr <= max + 16;
	}
	cube_sort(&c);
	for (uint32_t i = 0; i < c.nr; i++) {
		n += c.cells[i].n;
		ns += c.cells[i].ns;
		got_a[cube_a(&c.cells[i]) % 16] += c.cells[i].n;
		within &= cube_bin(&c.cells[i]) < CUBE_MAX_BINS;
	}
	ok(within, "no more than %u cells", max);
	ok(n == 60000 && ns, "nothing is lost");
	ok(fold == CUBE_FOLD_BOTH || !memcmp(by_a, got_a, sizeof(by_a)), "nor counted elsewhere");
	cube_free(&c);
}

/* Two CPUs in one number: the sum over a group of pairs is what was counted of them. */
static void test_pairs(uint32_t cpus, uint32_t max)
{
	static uint32_t from[20000], to[20000];
	bool good = true, within = true;
	struct cube c;

	cube_init(&c, max, CUBE_FOLD_PAIR, 4, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(from); i++) {
		struct cube_add what = { .a = 3, .duration_ns = rnd(100000) };

		from[i] = (uint32_t)rnd(cpus);
		to[i] = (from[i] + (uint32_t)rnd(8)) % cpus;
		what.b = cube_pair(from[i], to[i]);
		add(&c, &what);
	}
	for (unsigned int probe = 0; probe < 50; probe++) {
		uint32_t f = from[probe] >> c.cpu_shift, t = to[probe] >> c.cpu_shift;
		uint64_t want = 0, got = 0;

		for (unsigned int i = 0; i < ARRAY_SIZE(from); i++)
			want += from[i] >> c.cpu_shift == f && to[i] >> c.cpu_shift == t;
		for (uint32_t i = 0; i < c.nr; i++)
			got += cube_from(&c.cells[i]) == f && cube_to(&c.cells[i]) == t ? c.cells[i].n : 0;
		good &= got == want;
	}
	for (uint32_t i = 0; i < c.nr; i++)
		within &= cube_a(&c.cells[i]) == 3 && cube_b(&c.cells[i]) != CUBE_OTHER;
	ok(good, "pairs of %u CPUs, %u of which are one", cpus, 1u << c.cpu_shift);
	ok(within && (cpus - 1) >> c.cpu_shift < CUBE_MAX_PAIRED, "within the numbers that a key has room for");
	cube_free(&c);
}

int main(void)
{
	test_exact();
	test_buckets();
	test_bounded(CUBE_FOLD_NONE, 500, true, 1, 1 << 20);
	test_bounded(CUBE_FOLD_NONE, 40, false, 200, 1 << 20);
	test_bounded(CUBE_FOLD_B, 400, false, 256, 1ull << 40);
	test_bounded(CUBE_FOLD_BOTH, 1000, true, 512, 1ull << 40);
	test_bounded(CUBE_FOLD_BOTH, 64, true, 4096, 1);
	test_bounded(CUBE_FOLD_PAIR, 300, true, 1u << 26, 1ull << 40);
	test_pairs(64, 100000);
	test_pairs(4096, 100000);
	test_pairs(512, 64);
	return done_testing();
}
