/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/wide.h - products of more than 64 bits, which not every machine's compiler has a type for: 32-bit ones have not.
 */
#ifndef IPITRACE_BASE_WIDE_H
#define IPITRACE_BASE_WIDE_H

#include <stdint.h>

/* Lowest 64 bits of a number of 96, high * 2^32 + low, shifted to the right. */
static inline uint64_t wide_shift(uint64_t high, uint32_t low, unsigned int shift)
{
	if (shift >= 96)
		return 0;
	if (shift >= 32)
		return high >> (shift - 32);
	return high << (32 - shift) | low >> shift;
}

/* a * mult / 2^shift, rounded down, its lowest 64 bits: what a clock's ticks are in ns. */
static inline uint64_t mul_shift(uint64_t a, uint32_t mult, unsigned int shift)
{
	uint64_t low = (uint32_t)a * (uint64_t)mult;

	return wide_shift((a >> 32) * mult + (low >> 32), (uint32_t)low, shift);
}

/* The same of what may be below 0, rounded down as well: -1 / 2 is -1. */
static inline uint64_t mul_shift_signed(int64_t a, uint32_t mult, unsigned int shift)
{
	uint64_t magnitude = a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
	uint64_t low = (uint32_t)magnitude * (uint64_t)mult;
	uint64_t high = (magnitude >> 32) * mult + (low >> 32);

	if (a >= 0 || !mult)
		return wide_shift(high, (uint32_t)low, shift);
	if (!(uint32_t)low)
		high--;
	return ~wide_shift(high, (uint32_t)low - 1, shift);
}

/* a * b / by, rounded down; UINT64_MAX if it is more than that. by is not 0. */
uint64_t mul_div(uint64_t a, uint64_t b, uint64_t by);

#endif
