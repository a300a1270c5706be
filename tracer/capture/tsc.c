// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/tsc.c - the TSC and CLOCK_MONOTONIC at one moment, and from several to the other's units.
 */
#include <stdint.h>
#include <time.h>

#include "base/wide.h"
#include "capture/signals.h"
#include "capture/tsc.h"

#define TRIES	  16 /* whoever is interrupted in between has nearer ones */
#define MAX_SHIFT 32 /* trace-cmd shifts the upper half to the left by 32 less this one */

#if defined(__x86_64__) || defined(__i386__)
static uint64_t read_tsc(void)
{
	return __builtin_ia32_rdtsc();
}
#else
static uint64_t read_tsc(void)
{
	return 0;
}
#endif

struct tsc_point tsc_now(void)
{
	struct tsc_point best = { 0 };
	uint64_t width = UINT64_MAX;

	for (unsigned int i = 0; i < TRIES; i++) {
		uint64_t before = signals_now_ns(), tsc = read_tsc(), after = signals_now_ns();

		if (after - before >= width)
			continue;
		width = after - before;
		best = (struct tsc_point){ tsc, before + width / 2 };
	}
	return best;
}

struct tsc_conversion tsc_fit(const struct tsc_point *a, const struct tsc_point *b)
{
	struct tsc_conversion c = { .shift = MAX_SHIFT };
	uint64_t ticks = b->tsc - a->tsc, ns = b->mono_ns - a->mono_ns;
	uint64_t mult;

	if (!a->tsc || b->tsc <= a->tsc || b->mono_ns <= a->mono_ns)
		return (struct tsc_conversion){ 0 };
	for (;; c.shift--) {
		/* Twice as much, to be rounded by its lowest bit. */
		mult = mul_div(ns, 2ULL << c.shift, ticks);
		mult = mult / 2 + mult % 2;
		if (mult <= UINT32_MAX || !c.shift)
			break;
	}
	if (!mult || mult > UINT32_MAX)
		return (struct tsc_conversion){ 0 };
	c.mult = (uint32_t)mult;
	c.offset = a->mono_ns - mul_shift(a->tsc, c.mult, c.shift);
	return c;
}
