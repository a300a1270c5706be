/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rnd.h - the tests' pseudo-random numbers: the same from the same seed, everywhere.
 */
#ifndef IPITRACE_TESTS_RND_H
#define IPITRACE_TESTS_RND_H

#include <stdint.h>

/* Marsaglia's xorshift64; any state but 0. */
static inline uint64_t rnd_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
