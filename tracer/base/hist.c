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

#define S	    HIST_SUB
#define MAX_BUCKETS ((65 - HIST_SUB_BITS) * S) /* index of UINT64_MAX, plus one */
#define STEP	    16u			       /* at least so many at a time */

/* The lowest value of a bucket. */
static uint64_t bucket_low(uint32_t index)
{
	return index < 2 * S ? index : (uint64_t)(index % S + S) << (index / S - 1);
}

static uint64_t bucket_value(uint32_t index)
{
	return bucket_low(index) + (index < 2 * S ? 0 : 1ULL << (index / S - 1) >> 1);
}

/*
 * Make bucket index exist. Most histograms are of a few values close to each other, and there may be some ten thousand
 * of them, so that nothing is kept below and above; half as much again, so that growing stays cheap.
 */
static void hist_grow(struct hist *h, uint32_t index)
{
	uint32_t begin = h->nr_buckets ? h->first : index, end = h->nr_buckets ? h->first + h->nr_buckets : index;
	uint32_t more = h->nr_buckets / 2;
	uint64_t *buckets;

	if (index >= h->first && index - h->first < h->nr_buckets)
		return;
	if (index >= end)
		end = index + 1 > end + more ? index + 1 : end + more;
	else
		begin = index < begin - (more < begin ? more : begin) ? index : begin - (more < begin ? more : begin);
	begin = begin / STEP * STEP;
	end = (end + STEP - 1) / STEP * STEP;
	if (end > MAX_BUCKETS)
		end = MAX_BUCKETS;
	buckets = xcalloc(end - begin, sizeof(*buckets));
	if (h->nr_buckets)
		memcpy(buckets + (h->first - begin), h->buckets, h->nr_buckets * sizeof(*buckets));
	free(h->buckets);
	h->buckets = buckets;
	h->first = begin;
	h->nr_buckets = end - begin;
}

void hist_free(struct hist *h)
{
	free(h->buckets);
	*h = (struct hist){ 0 };
}

void hist_add_edge(struct hist *h, uint64_t value_ns, uint64_t at_ns, uint32_t cpu)
{
	hist_grow(h, (uint32_t)hist_bucket(value_ns));
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
	/* Both ends are made to exist, whatever extremes one has that was read from somewhere. */
	for (uint32_t i = src->nr_buckets; i-- > 0;) {
		if (!src->buckets[i])
			continue;
		hist_grow(dst, src->first + i);
		dst->buckets[src->first + i - dst->first] += src->buckets[i];
	}
	/* Whichever of the two it is, of equal ones. */
	if (!dst->count || src->max > dst->max ||
	    (src->max == dst->max &&
	     (src->max_at_ns < dst->max_at_ns || (src->max_at_ns == dst->max_at_ns && src->max_cpu < dst->max_cpu)))) {
		dst->max = src->max;
		dst->max_at_ns = src->max_at_ns;
		dst->max_cpu = src->max_cpu;
	}
	if (!dst->count || src->min < dst->min)
		dst->min = src->min;
	dst->count += src->count;
	dst->sum += src->sum;
}

void hist_subtract(struct hist *h, const struct hist *part)
{
	for (uint32_t i = 0; i < part->nr_buckets; i++)
		if (part->buckets[i])
			h->buckets[part->first + i - h->first] -= part->buckets[i];
	h->count -= part->count;
	h->sum -= part->sum;
}

bool hist_next(const struct hist *h, uint32_t *index, uint64_t *low_ns, uint64_t *count)
{
	uint32_t i = *index;

	while (i < h->nr_buckets && !h->buckets[i])
		i++;
	*index = i + 1;
	if (i >= h->nr_buckets)
		return false;
	*low_ns = bucket_low(h->first + i);
	*count = h->buckets[i];
	return true;
}

bool hist_put(struct hist *h, uint64_t low_ns, uint64_t count)
{
	uint32_t index = hist_bucket(low_ns);

	if (bucket_low(index) != low_ns || count > UINT64_MAX - h->count)
		return false;
	hist_grow(h, index);
	h->buckets[index - h->first] += count;
	h->count += count;
	return true;
}

uint64_t hist_above(const struct hist *h, uint64_t value_ns)
{
	uint64_t above = 0, bucket = hist_bucket(value_ns);

	for (uint32_t i = bucket < h->first ? 0 : (uint32_t)bucket + 1 - h->first; i < h->nr_buckets; i++)
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
		v = bucket_value(h->first + i);
		return v < h->min ? h->min : v > h->max ? h->max : v;
	}
	return h->max;
}
