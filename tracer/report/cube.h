/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/cube.h - counts by time and two numbers more, in bounded memory: what a page is made of.
 *
 * A cell is a bin of time, two numbers (a row and a CPU, two CPUs) and a bucket
 * of a duration. Where there would be too many cells they get coarser, in
 * steps of two: first in time, then in the duration, then in the second number or both;
 * a cube of pairs of CPUs also where their numbers are too high for it.
 * Nothing is ever left out: sums over all cells are exact.
 */
#ifndef IPITRACE_REPORT_CUBE_H
#define IPITRACE_REPORT_CUBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

#define CUBE_MAX_BINS	 256u /* of time; a power of two */
#define CUBE_MAX_NUMBER	 ((1u << 20) - 1)
#define CUBE_BUCKET_BITS 3 /* eight buckets a power of two, to begin with: what is read off them is within 6.3 % */

/* What may be done to have fewer cells, beyond time and duration. */
enum cube_fold {
	CUBE_FOLD_NONE, /* then cells are merged under CUBE_OTHER */
	CUBE_FOLD_B,	/* b is a CPU: two of them become one */
	CUBE_FOLD_BOTH,
	CUBE_FOLD_PAIR, /* b is two CPUs: cube_pair() */
};
#define CUBE_OTHER CUBE_MAX_NUMBER
/* In a key each has half the bits of a number, folded so far that it is below CUBE_MAX_PAIRED. */
#define CUBE_PAIR_BITS	10
#define CUBE_MAX_PAIRED ((1u << CUBE_PAIR_BITS) - 1)

struct cube_cell {
	uint64_t key; /* a, b, bin, bucket: in this order */
	uint64_t n, ns;
};

struct cube {
	struct cube_cell *cells;
	uint32_t nr, room, max;
	struct hash by_key;
	enum cube_fold fold;
	unsigned int time_shift; /* a bin is 1 << this ns; settled from outside by cube_set_time() */
	int bucket_bits;	 /* buckets a power of two, as its logarithm; -1 = durations are not told apart */
	unsigned int cpu_shift;	 /* numbers that are folded are divided by 1 << this */
	bool merged;		 /* some are under CUBE_OTHER */
};

/* One thing to be counted. */
struct cube_add {
	uint64_t at_ns;	      /* since the beginning, below CUBE_MAX_BINS bins of the cube's */
	uint32_t a, b;	      /* b of CUBE_FOLD_PAIR: cube_pair() */
	uint64_t duration_ns; /* its bucket; 0 where a cube has none */
	uint64_t ns;	      /* is added up */
};

void cube_init(struct cube *c, uint32_t max_cells, enum cube_fold fold, unsigned int time_shift, bool buckets);
void cube_free(struct cube *c);
/* False: there is no room for it in this cube as it is. Then make it coarser, and try again. */
bool cube_try(struct cube *c, const struct cube_add *add);
/* Bins of 1 << shift ns from now on, which is no less than before. */
void cube_set_time(struct cube *c, unsigned int shift);
/* All is in one bin. */
bool cube_is_timeless(const struct cube *c);
/* One step coarser in all but time; afterwards cube_try() may be tried again, and sometimes succeeds. */
void cube_coarsen(struct cube *c);
/* Cells in the order of a, b, bin, bucket. */
void cube_sort(struct cube *c);

/* Two CPUs as one number to be counted; each below 1 << 16. */
static inline uint32_t cube_pair(uint32_t from, uint32_t to)
{
	return from << 16 | to;
}

static inline uint32_t cube_a(const struct cube_cell *c)
{
	return (uint32_t)(c->key >> 44);
}

static inline uint32_t cube_b(const struct cube_cell *c)
{
	return (uint32_t)(c->key >> 24) & CUBE_MAX_NUMBER;
}

/* Of CUBE_FOLD_PAIR: groups of CPUs. */
static inline uint32_t cube_from(const struct cube_cell *c)
{
	return cube_b(c) >> CUBE_PAIR_BITS;
}

static inline uint32_t cube_to(const struct cube_cell *c)
{
	return cube_b(c) & ((1u << CUBE_PAIR_BITS) - 1);
}

static inline uint32_t cube_bin(const struct cube_cell *c)
{
	return (uint32_t)(c->key >> 12) & 0xfff;
}

static inline uint32_t cube_bucket(const struct cube_cell *c)
{
	return (uint32_t)c->key & 0xfff;
}

#endif
