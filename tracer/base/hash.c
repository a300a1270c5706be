// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/hash.c - the slots of the hash table.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

#define FIRST_SLOTS 256u

static void put(struct hash *t, struct hash_slot slot)
{
	uint32_t at = slot.hash & t->mask;

	while (t->slots[at].ref)
		at = (at + 1) & t->mask;
	t->slots[at] = slot;
}

static void grow(struct hash *t)
{
	struct hash old = *t;
	uint32_t nr = old.slots ? (old.mask + 1) * 2 : FIRST_SLOTS;

	t->slots = xcalloc(nr, sizeof(*t->slots));
	t->mask = nr - 1;
	for (uint32_t i = 0; old.slots && i <= old.mask; i++)
		if (old.slots[i].ref)
			put(t, old.slots[i]);
	free(old.slots);
}

void hash_add(struct hash *t, uint32_t hash, uint32_t index)
{
	if (!t->slots || t->nr > t->mask / 2)
		grow(t);
	t->nr++;
	put(t, (struct hash_slot){ hash, index + 1 });
}

void hash_free(struct hash *t)
{
	free(t->slots);
	*t = (struct hash){ 0 };
}
