// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/wide.c - a product of 128 bits, divided.
 */
#include "base/wide.h"

/* *quotient * by + *rest becomes as much more as add, which is less than by, as *rest is. */
static void add_to(uint64_t *quotient, uint64_t *rest, uint64_t add, uint64_t by)
{
	if (*rest >= by - add) {
		*rest -= by - add;
		(*quotient)++;
	} else {
		*rest += add;
	}
}

/* Bit by bit of b, as one multiplies on paper, with what is left of the division so far. */
uint64_t mul_div(uint64_t a, uint64_t b, uint64_t by)
{
	uint64_t quotient = 0, rest = 0, whole, parts = a / by;

	if (parts && b > UINT64_MAX / parts)
		return UINT64_MAX;
	whole = parts * b;
	a %= by;
	for (int bit = 63; bit >= 0; bit--) {
		quotient <<= 1;
		add_to(&quotient, &rest, rest, by);
		if (b >> bit & 1)
			add_to(&quotient, &rest, a, by);
	}
	return quotient > UINT64_MAX - whole ? UINT64_MAX : whole + quotient;
}
