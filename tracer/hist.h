/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hist.h - log-linear latency histogram, mergeable by adding.
 *
 * 2^HIST_SUB_BITS linear buckets per power of two: a value is reported as its
 * bucket's midpoint, so a percentile is off by at most 1/2^(HIST_SUB_BITS + 1)
 * of itself. min, mean and max are exact. Covers all of uint64_t, nothing clamps.
 */
#ifndef IPITRACE_HIST_H
#define IPITRACE_HIST_H

#include <stdint.h>

#define HIST_SUB_BITS	6	/* percentiles within 0.8 % */
#define HIST_SUB	(1u << HIST_SUB_BITS)

struct hist {
	uint64_t count, sum;		/* sum in ns: 584 years before it wraps */
	uint64_t min, max;
	uint64_t max_at_ns;		/* trace time of the maximum's start */
	uint32_t max_cpu;		/* target CPU of the maximum */
	uint32_t nr_buckets;		/* allocated; grows to what is needed */
	uint64_t *buckets;
};

void hist_free(struct hist *h);
/* Make bucket index exist. */
void hist_grow(struct hist *h, uint32_t index);

/* Which bucket: hist.c has the arithmetic and its proof. */
static inline uint32_t hist_bucket(uint64_t v)
{
	unsigned int shift = 63 - HIST_SUB_BITS - (unsigned int)__builtin_clzll(v | HIST_SUB);

	return shift * HIST_SUB + (uint32_t)(v >> shift);
}

/* at_ns: trace time of its start; cpu: target. Inline, because it runs several times an IPI. */
static inline void hist_add(struct hist *h, uint64_t value_ns, uint64_t at_ns, uint32_t cpu)
{
	uint32_t index = hist_bucket(value_ns);

	if (__builtin_expect(index >= h->nr_buckets, 0))
		hist_grow(h, index);
	h->buckets[index]++;
	h->sum += value_ns;
	if (__builtin_expect(value_ns >= h->max, 0)) {
		/* Of equal maxima the earliest counts, in whatever order they come. */
		if (!h->count || value_ns > h->max || at_ns < h->max_at_ns) {
			h->max_at_ns = at_ns;
			h->max_cpu = cpu;
		}
		h->max = value_ns;
	}
	if (__builtin_expect(!h->count || value_ns < h->min, 0))
		h->min = value_ns;
	h->count++;
}

void hist_merge(struct hist *dst, const struct hist *src);
/* p in 0..1; 0 for an empty histogram, exact min and max at the ends. */
uint64_t hist_percentile(const struct hist *h, double p);

#endif
