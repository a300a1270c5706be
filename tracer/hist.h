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

struct hist {
	uint64_t count, sum;		/* sum in ns: 584 years before it wraps */
	uint64_t min, max;
	uint64_t max_at_ns;		/* trace time of the maximum's start */
	uint32_t max_cpu;		/* target CPU of the maximum */
	uint32_t nr_buckets;		/* allocated; grows to what is needed */
	uint64_t *buckets;
};

void hist_free(struct hist *h);
void hist_add(struct hist *h, uint64_t value_ns, uint64_t at_ns, uint32_t cpu);
void hist_merge(struct hist *dst, const struct hist *src);
/* p in 0..1; 0 for an empty histogram, exact min and max at the ends. */
uint64_t hist_percentile(const struct hist *h, double p);

#endif
