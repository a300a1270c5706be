// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/cube.c - counts by time and two numbers more, in bounded memory.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "report/cube.h"

void cube_init(struct cube *c, uint32_t max_cells, enum cube_fold fold, unsigned int time_shift, bool buckets)
{
	*c = (struct cube){
		.max = max_cells,
		.fold = fold,
		.time_shift = time_shift,
		.bucket_bits = buckets ? CUBE_BUCKET_BITS : -1,
	};
}

void cube_free(struct cube *c)
{
	free(c->cells);
	hash_free(&c->by_key);
	*c = (struct cube){ 0 };
}

/* The scheme of base/hist.h with fewer buckets: 1 << bits of them a power of two. */
static uint32_t bucket_of(uint64_t v, int bits)
{
	unsigned int shift;

	if (bits < 0)
		return 0;
	shift = 63 - (unsigned int)__builtin_clzll(v | 1ull << bits) - (unsigned int)bits;
	return (shift << bits) + (uint32_t)(v >> shift);
}

/* The least value of a bucket. */
static uint64_t bucket_low(uint32_t bucket, int bits)
{
	uint32_t shift;

	if (bits < 0 || bucket < 1u << bits)
		return bits < 0 ? 0 : bucket;
	shift = (bucket >> bits) - 1;
	return (uint64_t)(bucket - (shift << bits)) << shift;
}

static uint64_t key_of(uint32_t a, uint32_t b, uint32_t bin, uint32_t bucket)
{
	return (uint64_t)a << 44 | (uint64_t)b << 24 | (uint64_t)bin << 12 | bucket;
}

static struct cube_cell *find(struct cube *c, uint64_t key)
{
	uint32_t hash = (uint32_t)hash_u64(key * 0x9e3779b97f4a7c15ULL), at, i;

	for (i = hash_first(&c->by_key, hash, &at); i != HASH_END; i = hash_next(&c->by_key, hash, &at))
		if (c->cells[i].key == key)
			return &c->cells[i];
	/* Merged, there is one for each a, in one bin. */
	if (c->nr >= c->max && (!c->merged || key >> 12 & 0xfff))
		return NULL;
	if (c->nr == c->room) {
		c->room = c->room ? 2 * c->room : 1024;
		c->cells = xrealloc(c->cells, c->room * sizeof(*c->cells));
	}
	hash_add(&c->by_key, hash, c->nr);
	c->cells[c->nr] = (struct cube_cell){ .key = key };
	return &c->cells[c->nr++];
}

static uint32_t folded(const struct cube *c, uint32_t cpu, bool folds)
{
	return folds && cpu < CUBE_OTHER ? cpu >> c->cpu_shift : cpu;
}

static uint32_t folded_b(const struct cube *c, uint32_t b)
{
	if (c->fold != CUBE_FOLD_PAIR)
		return folded(c, b, c->fold != CUBE_FOLD_NONE);
	return (b >> 16 >> c->cpu_shift) << CUBE_PAIR_BITS | (b & 0xffff) >> c->cpu_shift;
}

/* Their numbers have no room in a key. */
static bool is_beyond(const struct cube *c, uint32_t b)
{
	return c->fold == CUBE_FOLD_PAIR &&
	       (b >> 16 >> c->cpu_shift >= CUBE_MAX_PAIRED || (b & 0xffff) >> c->cpu_shift >= CUBE_MAX_PAIRED);
}

/* All cells anew, with the keys that they have now. */
static void rebuild(struct cube *c, uint64_t (*key)(const struct cube *c, const struct cube_cell *cell))
{
	struct cube_cell *old = c->cells, *cell;
	uint32_t nr = c->nr, max = c->max;

	hash_free(&c->by_key);
	c->by_key = (struct hash){ 0 };
	c->cells = xmalloc(c->room * sizeof(*c->cells));
	c->nr = 0;
	c->max = UINT32_MAX; /* there are no more than before */
	for (uint32_t i = 0; i < nr; i++) {
		cell = find(c, key(c, &old[i]));
		cell->n += old[i].n;
		cell->ns += old[i].ns;
	}
	c->max = max;
	free(old);
}

static uint64_t half_time(const struct cube *c, const struct cube_cell *cell)
{
	(void)c;
	return key_of(cube_a(cell), cube_b(cell), cube_bin(cell) >> 1, cube_bucket(cell));
}

void cube_set_time(struct cube *c, unsigned int shift)
{
	for (; c->time_shift < shift; c->time_shift++)
		if (c->nr)
			rebuild(c, half_time);
}

bool cube_is_timeless(const struct cube *c)
{
	for (uint32_t i = 0; i < c->nr; i++)
		if (cube_bin(&c->cells[i]))
			return false;
	return true;
}

static uint64_t half_buckets(const struct cube *c, const struct cube_cell *cell)
{
	uint64_t low = bucket_low(cube_bucket(cell), c->bucket_bits + 1);

	return key_of(cube_a(cell), cube_b(cell), cube_bin(cell), bucket_of(low, c->bucket_bits));
}

static uint64_t half_cpus(const struct cube *c, const struct cube_cell *cell)
{
	uint32_t a = cube_a(cell), b = cube_b(cell);

	if (c->fold == CUBE_FOLD_BOTH && a < CUBE_OTHER)
		a >>= 1;
	if (c->fold == CUBE_FOLD_PAIR && b < CUBE_OTHER)
		return key_of(a, (cube_from(cell) >> 1) << CUBE_PAIR_BITS | cube_to(cell) >> 1, cube_bin(cell),
			      cube_bucket(cell));
	return key_of(a, b < CUBE_OTHER ? b >> 1 : b, cube_bin(cell), cube_bucket(cell));
}

/* Two become one. */
static void fold_cpus(struct cube *c)
{
	c->cpu_shift++;
	if (c->nr)
		rebuild(c, half_cpus);
}

bool cube_try(struct cube *c, const struct cube_add *add)
{
	uint32_t a = folded(c, add->a, c->fold == CUBE_FOLD_BOTH), b;
	uint32_t bin = (uint32_t)(add->at_ns >> c->time_shift);
	struct cube_cell *cell;

	while (is_beyond(c, add->b))
		fold_cpus(c);
	b = c->merged ? CUBE_OTHER : folded_b(c, add->b);
	cell = find(c, key_of(a, b, bin, bucket_of(add->duration_ns, c->bucket_bits)));

	if (!cell)
		return false;
	cell->n++;
	cell->ns += add->ns;
	return true;
}

static uint64_t other(const struct cube *c, const struct cube_cell *cell)
{
	(void)c;
	return key_of(cube_a(cell), CUBE_OTHER, cube_bin(cell), cube_bucket(cell));
}

void cube_coarsen(struct cube *c)
{
	if (c->bucket_bits >= 0) {
		c->bucket_bits--;
		rebuild(c, half_buckets);
	} else if (c->fold != CUBE_FOLD_NONE && c->cpu_shift < 20) {
		fold_cpus(c);
	} else {
		c->merged = true;
		rebuild(c, other);
	}
}

static int by_key(const void *x, const void *y)
{
	const struct cube_cell *a = x, *b = y;

	return a->key < b->key ? -1 : a->key > b->key;
}

/* Nothing is looked up any more. */
void cube_sort(struct cube *c)
{
	hash_free(&c->by_key);
	c->by_key = (struct hash){ 0 };
	if (c->nr)
		qsort(c->cells, c->nr, sizeof(*c->cells), by_key);
}
