/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/hash.h - the one mix of bits for hash tables.
 */
#ifndef IPITRACE_HASH_H
#define IPITRACE_HASH_H

#include <stdint.h>

/* Mix of the splitmix64 finaliser: every hash table here uses it. */
static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	return x;
}

#endif
