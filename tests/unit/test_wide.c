// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_wide.c - products of more than 64 bits, against those of a compiler that has a type for them.
 */
#include "../rnd.h"
#include "base/compiler.h"
#include "base/wide.h"
#include "tap.h"

static void ends(void)
{
	is_u64(mul_shift(UINT64_MAX, UINT32_MAX, 32), 0xfffffffeffffffff, "the largest product, in its middle");
	is_u64(mul_shift(UINT64_MAX, UINT32_MAX, 95), 1, "  and its highest bit");
	is_u64(mul_shift(UINT64_MAX, UINT32_MAX, 96), 0, "  behind which there is none");
	is_u64(mul_shift_signed(-1, 1, 1), UINT64_MAX, "half of -1 is -1, rounded down");
	is_u64(mul_shift_signed(-4, 3, 2), (uint64_t)-3, "what divides evenly does");
	is_u64(mul_shift_signed(INT64_MIN, UINT32_MAX, 95), UINT64_MAX, "the least product");
	is_u64(mul_shift_signed(-5, 0, 3), 0, "nothing, however often");
	is_u64(mul_div(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_MAX, "what just fits");
	is_u64(mul_div(UINT64_MAX, 1000, 1001), 18428315757951600014u, "and what a product of 64 bits would lose");
	is_u64(mul_div(UINT64_MAX, 3, 2), UINT64_MAX, "more than there is room for");
	is_u64(mul_div(1ULL << 63, 4, 3), 12297829382473034410u, "a divisor of few bits, a remainder of many");
	is_u64(mul_div(0, 5, 7), 0, "nothing");
	is_u64(mul_div(5, 0, 7), 0, "nothing of it");
}

#ifdef __SIZEOF_INT128__
/* Of any length. */
static uint64_t number(uint64_t *state)
{
	uint64_t bits = rnd_next(state);

	return bits >> rnd_next(state) % 64;
}

static void compiler_agrees(void)
{
	uint64_t state = 32, bad[3] = { 0 };

	for (unsigned int i = 0; i < 200000; i++) {
		uint64_t a = number(&state), b = number(&state), by = number(&state);
		unsigned int shift = (unsigned int)(rnd_next(&state) % 128);
		uint32_t mult = (uint32_t)b;
		unsigned __int128 quotient;

		by = by ? by : 1;
		quotient = (unsigned __int128)a * b / by;
		bad[0] += mul_div(a, b, by) != (quotient > UINT64_MAX ? UINT64_MAX : (uint64_t)quotient);
		bad[1] += mul_shift(a, mult, shift) != (uint64_t)((unsigned __int128)a * mult >> shift);
		bad[2] += mul_shift_signed((int64_t)a, mult, shift) != (uint64_t)((__int128)(int64_t)a * mult >> shift);
	}
	is_u64(bad[0], 0, "mul_div: 200000 of all lengths");
	is_u64(bad[1], 0, "mul_shift: the same");
	is_u64(bad[2], 0, "mul_shift_signed: the same");
}
#else
static void compiler_agrees(void)
{
}
#endif

int main(void)
{
	ends();
	compiler_agrees();
	return done_testing();
}
