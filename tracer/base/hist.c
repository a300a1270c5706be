// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/hist.c - log-linear latency histogram.
 *
 * With S = 2^HIST_SUB_BITS and v in [2^e, 2^(e+1)):
 *	shift = max(e - HIST_SUB_BITS, 0),  index = shift * S + (v >> shift)
 * Values below 2S have shift 0: a bucket each, exact. Above, v >> shift lies in
 * [S, 2S), so indices of one power of two are S in a row and follow those of
 * the power below without a gap. A bucket with this shift starts at
 * m << shift, m >= S, and holds w = 2^shift values. The midpoint
 * differs from each of them by at most w / 2, and v >= S * w, so that the
 * relative error is at most (w / 2) / (S * w) = 1 / 2^(HIST_SUB_BITS + 1).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hist.h"
#include "base/mem.h"

#define S	      HIST_SUB
#define MAX_BUCKETS   ((65 - HIST_SUB_BITS) * S) /* index of UINT64_MAX, plus one */
#define FIRST_BUCKETS (8 * S)			 /* covers 16 us for S = 64 */

/* The lowest value of a bucket. */
static uint64_t bucket_low(uint32_t index)
{
	return index < 2 * S ? index : (uint64_t)(index % S + S) << (index / S - 1);
}

static uint64_t bucket_value(uint32_t index)
{
	return bucket_low(index) + (index < 2 * S ? 0 : 1ULL << (index / S - 1) >> 1);
}

/* Make bucket index exist. */
static void hist_grow(struct hist *h, uint32_t index)
{
	uint32_t nr = h->nr_buckets ? h->nr_buckets : FIRST_BUCKETS;

	while (nr <= index)
		nr *= 2;
	if (nr > MAX_BUCKETS)
		nr = MAX_BUCKETS;
	h->buckets = xrealloc(h->buckets, nr * sizeof(*h->buckets));
	memset(h->buckets + h->nr_buckets, 0, (nr - h->nr_buckets) * sizeof(*h->buckets));
	h->nr_buckets = nr;
}

void hist_free(struct hist *h)
{
	free(h->buckets);
	*h = (struct hist){ 0 };
}

void hist_add_edge(struct hist *h, uint64_t value_ns, uint64_t at_ns, uint32_t cpu)
{
	uint32_t index = hist_bucket(value_ns);

	if (index >= h->nr_buckets)
		hist_grow(h, index);
	if (value_ns >= h->max) {
		/* Of equal maxima the earliest counts, in whatever order they come. */
		if (!h->count || value_ns > h->max || at_ns < h->max_at_ns) {
			h->max_at_ns = at_ns;
			h->max_cpu = cpu;
		}
		h->max = value_ns;
	}
	if (!h->count || value_ns < h->min)
		h->min = value_ns;
	hist_add_inside(h, value_ns);
}

void hist_merge(struct hist *dst, const struct hist *src)
{
	if (!src->count)
		return;
	if (src->nr_buckets > dst->nr_buckets)
		hist_grow(dst, src->nr_buckets - 1);
	for (uint32_t i = 0; i < src->nr_buckets; i++)
		dst->buckets[i] += src->buckets[i];
	if (!dst->count || src->max > dst->max || (src->max == dst->max && src->max_at_ns < dst->max_at_ns)) {
		dst->max = src->max;
		dst->max_at_ns = src->max_at_ns;
		dst->max_cpu = src->max_cpu;
	}
	if (!dst->count || src->min < dst->min)
		dst->min = src->min;
	dst->count += src->count;
	dst->sum += src->sum;
}

bool hist_next(const struct hist *h, uint32_t *index, uint64_t *low_ns, uint64_t *count)
{
	uint32_t i = *index;

	while (i < h->nr_buckets && !h->buckets[i])
		i++;
	*index = i + 1;
	if (i >= h->nr_buckets)
		return false;
	*low_ns = bucket_low(i);
	*count = h->buckets[i];
	return true;
}

bool hist_put(struct hist *h, uint64_t low_ns, uint64_t count)
{
	uint32_t index = hist_bucket(low_ns);

	if (bucket_low(index) != low_ns || count > UINT64_MAX - h->count)
		return false;
	if (index >= h->nr_buckets)
		hist_grow(h, index);
	h->buckets[index] += count;
	h->count += count;
	return true;
}

uint64_t hist_above(const struct hist *h, uint64_t value_ns)
{
	uint64_t above = 0;

	for (uint32_t i = hist_bucket(value_ns) + 1; i < h->nr_buckets; i++)
		above += h->buckets[i];
	return above;
}

uint64_t hist_percentile(const struct hist *h, double p)
{
	uint64_t rank, seen = 0, v;
	double want;

	if (!h->count)
		return 0;
	want = p * (double)h->count;
	rank = want > 0 ? (uint64_t)want : 0;
	if ((double)rank < want)
		rank++;
	if (rank <= 1)
		return h->min;
	if (rank >= h->count)
		return h->max;
	for (uint32_t i = 0; i < h->nr_buckets; i++) {
		seen += h->buckets[i];
		if (seen < rank)
			continue;
		v = bucket_value(i);
		return v < h->min ? h->min : v > h->max ? h->max : v;
	}
	return h->max;
}
