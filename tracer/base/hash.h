/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/hash.h - the one mix of bits, and the one hash table.
 *
 * The table maps hashes to indices of an array of the caller's. The caller
 * compares the keys, so the table knows nothing of them, and it keeps the
 * hashes, so it never asks for one again:
 *
 *	for (i = hash_first(&t, h, &at); i != HASH_END; i = hash_next(&t, h, &at))
 *		if (same(&items[i], key))
 *			return &items[i];
 *	hash_add(&t, h, nr_items++);
 *
 * Nothing is ever removed. Zeroed memory is an empty table. Out of memory ends
 * the program, as base/mem.h says.
 */
#ifndef IPITRACE_BASE_HASH_H
#define IPITRACE_BASE_HASH_H

#include <stdint.h>

#include "base/compiler.h"

#define HASH_END UINT32_MAX

struct hash_slot {
	uint32_t hash;
	uint32_t ref; /* the index + 1; 0 = free */
};

/* Open addressing with linear probing, at most half full. */
struct hash {
	struct hash_slot *slots;
	uint32_t mask; /* the number of slots, which is a power of two, less 1 */
	uint32_t nr;
};

/* Mix of the splitmix64 finaliser. */
static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	return x;
}

/* The next index that was added with this hash, HASH_END behind the last. */
static inline uint32_t hash_next(const struct hash *t, uint32_t hash, uint32_t *at)
{
	for (;;) {
		const struct hash_slot *slot = &t->slots[*at];

		*at = (*at + 1) & t->mask;
		if (!slot->ref)
			return HASH_END;
		if (slot->hash == hash)
			return slot->ref - 1;
	}
}

static inline uint32_t hash_first(const struct hash *t, uint32_t hash, uint32_t *at)
{
	*at = hash & t->mask;
	return likely(t->slots) ? hash_next(t, hash, at) : HASH_END;
}

/* Hashes may repeat. index: below HASH_END. */
void hash_add(struct hash *t, uint32_t hash, uint32_t index);
void hash_free(struct hash *t);

#endif
