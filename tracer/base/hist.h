/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/hist.h - log-linear latency histogram, mergeable by adding.
 *
 * 2^HIST_SUB_BITS linear buckets per power of two: a value is reported as its
 * bucket's midpoint, so a percentile is off by at most 1/2^(HIST_SUB_BITS + 1)
 * of itself. min, mean and max are exact. Covers all of uint64_t, nothing clamps.
 */
#ifndef IPITRACE_BASE_HIST_H
#define IPITRACE_BASE_HIST_H

#include <stdbool.h>
#include <stdint.h>

#define HIST_SUB_BITS 6 /* percentiles within 0.8 % */
#define HIST_SUB      (1u << HIST_SUB_BITS)

struct hist {
	uint64_t count, sum; /* sum in ns: 584 years before it wraps */
	uint64_t min, max;
	uint64_t max_at_ns;  /* trace time of the maximum's start */
	uint32_t max_cpu;    /* target CPU of the maximum */
	uint32_t nr_buckets; /* allocated: from the lowest to the highest that is needed, or a little more */
	uint32_t first;	     /* which one buckets[0] is */
	uint64_t *buckets;
};

void hist_free(struct hist *h);

/* Which bucket: base/hist.c has the arithmetic and its proof. */
static inline uint64_t hist_bucket(uint64_t v)
{
	/* "63 ^" is the number of the highest bit as the CPU gives it; "63 -" costs a detour. */
	unsigned int shift = (63 ^ (unsigned int)__builtin_clzll(v | HIST_SUB)) - HIST_SUB_BITS;

	return (uint64_t)shift * HIST_SUB + (v >> shift);
}

/* Of the bucket that a value is in; 1 where they are exact. */
static inline uint64_t hist_width(uint64_t v)
{
	return 1ull << ((63 ^ (unsigned int)__builtin_clzll(v | HIST_SUB)) - HIST_SUB_BITS);
}

/* hist_add() of a value that may be a new extreme, or beyond the buckets there are. */
void hist_add_edge(struct hist *h, uint64_t value_ns, uint64_t at_ns, uint32_t cpu);

/* Between the extremes so far: there is a bucket for it, and neither of them changes. Never of an empty one. */
static inline bool hist_inside(const struct hist *h, uint64_t value_ns)
{
	return value_ns - h->min < h->max - h->min;
}

/* hist_add() of a value that is inside. */
static inline void hist_add_inside(struct hist *h, uint64_t value_ns)
{
	h->buckets[hist_bucket(value_ns) - h->first]++;
	h->sum += value_ns;
	h->count++;
}

/* at_ns: trace time of its start; cpu: target. Inline, because it runs several times an IPI. */
static inline void hist_add(struct hist *h, uint64_t value_ns, uint64_t at_ns, uint32_t cpu)
{
	if (__builtin_expect(hist_inside(h, value_ns), 1))
		hist_add_inside(h, value_ns);
	else
		hist_add_edge(h, value_ns, at_ns, cpu);
}

void hist_merge(struct hist *dst, const struct hist *src);
/* part is of some of the samples of h. Extremes stay. */
void hist_subtract(struct hist *h, const struct hist *part);
/*
 * The buckets that hold something, lowest first: *index is 0 to begin with and
 * to be kept; false behind the last.
 */
bool hist_next(const struct hist *h, uint32_t *index, uint64_t *low_ns, uint64_t *count);
/*
 * The other way round, for a histogram that was written down: counts go into the
 * bucket of low_ns and into h->count. Extremes and sum are the caller's to set.
 * False: no bucket begins at low_ns, or the counts do not fit.
 */
bool hist_put(struct hist *h, uint64_t low_ns, uint64_t count);
/* How many samples are above a value, as far as buckets tell: all of those that begin above it. */
uint64_t hist_above(const struct hist *h, uint64_t value_ns);
/* p in 0..1; 0 for an empty histogram, exact min and max at the ends. */
uint64_t hist_percentile(const struct hist *h, double p);

#endif
