// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/clock.c - bounds of the offset between two clocks, and the search for it where nothing is known.
 *
 * The search takes some IPIs of the guest, one after the other, and pairs each with every IPI of the host of the same key:
 * a pair bounds the offset, if it is one at all. The right offset is in the bounds of nearly all of these IPIs; a
 * wrong one is so only where IPIs come as regularly as a clock ticks, and then nothing is believed.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/wide.h"
#include "kvm/clock.h"

#define SAMPLE	  256u	   /* IPIs of the guest */
#define MAX_PAIRS 4000000u /* of a search */
#define BLOCKS	  7u	   /* places in the recording where it is tried */
#define MIN_VOTES 4u

/* SVM's has 8 bits before the point, VMX's more than 8 in all: kvm_caps.tsc_scaling_ratio_frac_bits, SVM_TSC_RATIO_MAX. */
static unsigned int fraction(uint64_t ratio)
{
	return ratio >> 40 ? 48 : 32;
}

bool kvm_clock_unscaled(uint64_t ratio)
{
	return !ratio || ratio == 1ULL << fraction(ratio);
}

uint64_t kvm_clock_host_tsc(uint64_t guest, int64_t offset, uint64_t ratio)
{
	uint64_t ticks = guest - (uint64_t)offset;

	if (kvm_clock_unscaled(ratio))
		return ticks;
	/* Before its own 0 is where the guest's counter never was, but an offset may say so. */
	if ((int64_t)ticks < 0)
		return 0 - mul_div(0 - ticks, 1ULL << fraction(ratio), ratio);
	return mul_div(ticks, 1ULL << fraction(ratio), ratio);
}

bool kvm_clock_same_rate(uint32_t mult_a, uint32_t shift_a, uint32_t mult_b, uint32_t shift_b)
{
	unsigned int more_a = shift_b > shift_a ? shift_b - shift_a : 0;
	unsigned int more_b = shift_a > shift_b ? shift_a - shift_b : 0;
	uint64_t a, b;

	/* By so much more than 32 bits can tell. */
	if (more_a > 32 || more_b > 32)
		return false;
	a = (uint64_t)mult_a << more_a;
	b = (uint64_t)mult_b << more_b;
	return (a > b ? a - b : b - a) <= b / 1000;
}

void kvm_clock_free(struct kvm_clock *c)
{
	free(c->bounds);
	c->bounds = NULL;
	c->nr = c->room = 0;
}

void kvm_clock_add(struct kvm_clock *c, uint64_t at, int64_t low, int64_t high)
{
	c->bounds = xgrow(c->bounds, &c->room, c->nr, sizeof(*c->bounds));
	c->bounds[c->nr++] = (struct kvm_bound){ at, low, high };
}

static int64_t drift(const struct kvm_clock *c, uint64_t from, uint64_t to)
{
	uint64_t span = from < to ? to - from : from - to;

	return (int64_t)(span / 1000000 * c->ppm + span % 1000000 * c->ppm / 1000000);
}

static int by_time(const void *a, const void *b)
{
	const struct kvm_bound *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static void narrow(const struct kvm_clock *c, struct kvm_bound *b, const struct kvm_bound *other)
{
	int64_t d = drift(c, b->at, other->at);

	if (other->low != INT64_MIN && other->low - d > b->low)
		b->low = other->low - d;
	if (other->high != INT64_MAX && other->high + d < b->high)
		b->high = other->high + d;
}

/* What all of them leave is what the neighbours leave, once these were narrowed themselves. */
void kvm_clock_settle(struct kvm_clock *c)
{
	if (c->known || !c->nr)
		return;
	qsort(c->bounds, c->nr, sizeof(*c->bounds), by_time);
	for (unsigned int i = 1; i < c->nr; i++)
		narrow(c, &c->bounds[i], &c->bounds[i - 1]);
	for (unsigned int i = c->nr - 1; i-- > 0;)
		narrow(c, &c->bounds[i], &c->bounds[i + 1]);
	for (unsigned int i = 0; i < c->nr; i++)
		c->contradicts |= c->bounds[i].low > c->bounds[i].high;
}

bool kvm_clock_at(const struct kvm_clock *c, uint64_t at, int64_t *low, int64_t *high)
{
	struct kvm_bound here = { at, INT64_MIN, INT64_MAX };
	unsigned int from = 0, to = c->nr;

	if (c->known) {
		*low = c->low;
		*high = c->high;
		return true;
	}
	while (from < to) {
		unsigned int mid = from + (to - from) / 2;

		if (c->bounds[mid].at < at)
			from = mid + 1;
		else
			to = mid;
	}
	if (from < c->nr)
		narrow(c, &here, &c->bounds[from]);
	if (from)
		narrow(c, &here, &c->bounds[from - 1]);
	*low = here.low;
	*high = here.high;
	return here.low != INT64_MIN && here.high != INT64_MAX;
}

uint64_t kvm_clock_width(const struct kvm_clock *c)
{
	uint64_t widest = 0;

	for (unsigned int i = 0; !c->known && i < c->nr; i++)
		if (c->bounds[i].high > c->bounds[i].low && (uint64_t)(c->bounds[i].high - c->bounds[i].low) > widest)
			widest = (uint64_t)(c->bounds[i].high - c->bounds[i].low);
	return widest;
}

/* --- the search --- */

struct edge {
	int64_t at;
	int step; /* 1: an interval begins; -1: it has ended */
};

struct search {
	const struct kvm_clock *c;
	const struct kvm_way *guest, *host;
	unsigned int nr_guest, nr_host;
	const unsigned int *order; /* of the guest's, by time */
	struct edge *edges;
	unsigned int nr, room;
	uint64_t mid; /* the time at which the offset is asked for */
};

/* Of this key, the first that begins then or later; or what comes behind these. */
static unsigned int first_of(const struct kvm_way *ways, unsigned int nr, uint64_t key, int64_t begin)
{
	unsigned int from = 0, to = nr;

	while (from < to) {
		unsigned int mid = from + (to - from) / 2;

		if (ways[mid].key < key || (ways[mid].key == key && (int64_t)ways[mid].begin < begin))
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* The offsets at which this IPI of the guest may be that one of the host; false: at none. */
static bool offsets(const struct kvm_way *guest, const struct kvm_way *host, int64_t slack, int64_t *low, int64_t *high)
{
	*low = (int64_t)(guest->begin - host->begin) - slack;
	*high = (int64_t)(guest->end - host->end) + slack;
	return *low <= *high;
}

static void add_edges(struct search *s, int64_t low, int64_t high)
{
	s->edges = xgrow(s->edges, &s->room, s->nr + 1, sizeof(*s->edges));
	s->edges[s->nr++] = (struct edge){ low, 1 };
	s->edges[s->nr++] = (struct edge){ high, -1 };
}

/* Offsets at which an IPI of the guest is explained, so far: what overlaps is one interval. */
struct votes {
	int64_t low, high;
	bool any;
};

static void vote_at(struct search *s, struct votes *v, int64_t low, int64_t high)
{
	if (low > high)
		return;
	if (v->any && high >= v->low) {
		v->low = low < v->low ? low : v->low;
		v->high = high > v->high ? high : v->high;
		return;
	}
	if (v->any)
		add_edges(s, v->low, v->high);
	*v = (struct votes){ low, high, true };
}

/* One vote of this IPI at each offset, however many of the host's may be meant there; from the greatest offset on. */
static void vote(struct search *s, struct votes *v, const struct kvm_way *g, int64_t avoid_low, int64_t avoid_high)
{
	int64_t slack = drift(s->c, g->begin, s->mid), l, h;

	for (unsigned int j = first_of(s->host, s->nr_host, g->key, INT64_MIN);
	     j < s->nr_host && s->host[j].key == g->key; j++)
		if (offsets(g, &s->host[j], slack, &l, &h) && (l > avoid_high || h < avoid_low))
			vote_at(s, v, l, h);
}

/* Ends that meet do overlap. */
static int by_offset(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return y->step - x->step;
}

static unsigned int most_votes(struct search *s, int64_t *low, int64_t *high)
{
	unsigned int now = 0, most = 0;

	*low = *high = 0;
	if (s->nr)
		qsort(s->edges, s->nr, sizeof(*s->edges), by_offset);
	for (unsigned int i = 0; i < s->nr; i++) {
		if (s->edges[i].step > 0 && ++now > most) {
			most = now;
			*low = s->edges[i].at;
			*high = s->edges[i + 1].at;
		} else if (s->edges[i].step < 0) {
			now--;
		}
	}
	return most;
}

static const struct kvm_way *sampled(const struct search *s, unsigned int i)
{
	return &s->guest[s->order[i]];
}

/* Where the host's IPIs begin and end; by an offset from least to most few of the guest's lie outside. */
struct ends {
	uint64_t first, last;
	int64_t least, most;
};

/* Of a block of the guest's, an eighth at most, at either end. */
static struct ends ends_of(const struct search *s, unsigned int from, unsigned int nr)
{
	struct ends e = { .first = UINT64_MAX };

	for (unsigned int j = 0; j < s->nr_host; j++) {
		e.first = s->host[j].begin < e.first ? s->host[j].begin : e.first;
		e.last = s->host[j].end > e.last ? s->host[j].end : e.last;
	}
	e.least = (int64_t)(sampled(s, from + nr - 1 - nr / 8)->end - e.last);
	e.most = (int64_t)(sampled(s, from + nr / 8)->begin - e.first);
	return e;
}

/*
 * The most that any offset explains which is not within the avoided bounds; *low and *high: of that offset. What lies outside
 * by it does not speak against it where the ends are told; NULL: it does.
 */
static unsigned int votes_of(struct search *s, unsigned int from, unsigned int nr, int64_t avoid_low,
			     int64_t avoid_high, const struct ends *e, int64_t *low, int64_t *high)
{
	s->nr = 0;
	for (unsigned int i = from; i < from + nr; i++) {
		const struct kvm_way *g = sampled(s, i);
		struct votes v = { .any = false };

		if (e)
			vote_at(s, &v, (int64_t)(g->begin - e->first), e->most);
		vote(s, &v, g, avoid_low, avoid_high);
		if (e)
			vote_at(s, &v, e->least, (int64_t)(g->end - e->last));
		if (v.any)
			add_edges(s, v.low, v.high);
	}
	return most_votes(s, low, high);
}

/*
 * The next best that has nothing to do with the best must be clearly worse: by an eighth. Or the best leaves nothing
 * unexplained, and a few speak against each other one: who answers each other without a pause does so evenly, but for these.
 */
static enum kvm_guess try_block(struct search *s, unsigned int from, unsigned int nr, int64_t *low, int64_t *high)
{
	unsigned int best, next;
	struct ends ends;
	int64_t l, h;

	s->mid = sampled(s, from + nr / 2)->begin;
	best = votes_of(s, from, nr, INT64_MAX, INT64_MIN, NULL, low, high);
	if (best < MIN_VOTES || best < nr / 2)
		return KVM_GUESS_NONE;
	next = votes_of(s, from, nr, *low, *high, NULL, &l, &h);
	if (next + 2 <= best && next <= best - best / 8)
		return KVM_GUESS_FOUND;
	if (best < nr)
		return KVM_GUESS_SEVERAL;
	ends = ends_of(s, from, nr);
	next = votes_of(s, from, nr, *low, *high, &ends, &l, &h);
	return next + MIN_VOTES <= best ? KVM_GUESS_FOUND : KVM_GUESS_SEVERAL;
}

/* From a time at which the offset is known on, one IPI after the other, as long as it is certain which it is. */
static void follow(struct search *s, struct kvm_clock *c, unsigned int begin, int step, int64_t low, int64_t high)
{
	uint64_t at = s->mid;

	for (unsigned int i = begin; i < s->nr_guest; i += (unsigned int)step) {
		const struct kvm_way *g = &s->guest[s->order[i]];
		int64_t d = drift(c, at, g->begin), l, h, found_low = 0, found_high = 0;
		unsigned int nr = 0;

		for (unsigned int j = first_of(s->host, s->nr_host, g->key, (int64_t)g->begin - high - d);
		     j < s->nr_host && s->host[j].key == g->key && nr < 2 &&
		     (int64_t)s->host[j].begin <= (int64_t)g->end - low + d;
		     j++) {
			if (!offsets(g, &s->host[j], 0, &l, &h) || l > high + d || h < low - d)
				continue;
			nr++;
			found_low = l;
			found_high = h;
		}
		if (nr != 1)
			continue;
		kvm_clock_add(c, g->begin, found_low, INT64_MAX);
		kvm_clock_add(c, g->end, INT64_MIN, found_high);
		low = found_low > low - d ? found_low : low - d;
		high = found_high < high + d ? found_high : high + d;
		at = g->begin;
	}
}

struct dated {
	uint64_t at;
	unsigned int i;
};

static int by_date(const void *a, const void *b)
{
	const struct dated *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static unsigned int *by_begin(const struct kvm_way *ways, unsigned int nr)
{
	struct dated *dated = xcalloc(nr + 1, sizeof(*dated));
	unsigned int *order = xcalloc(nr + 1, sizeof(*order));

	for (unsigned int i = 0; i < nr; i++)
		dated[i] = (struct dated){ ways[i].begin, i };
	qsort(dated, nr, sizeof(*dated), by_date);
	for (unsigned int i = 0; i < nr; i++)
		order[i] = dated[i].i;
	free(dated);
	return order;
}

enum kvm_guess kvm_clock_guess(struct kvm_clock *c, const struct kvm_way *guest, unsigned int nr_guest,
			       const struct kvm_way *host, unsigned int nr_host)
{
	struct search s = { .c = c, .guest = guest, .host = host, .nr_guest = nr_guest, .nr_host = nr_host };
	unsigned int nr = nr_guest < SAMPLE ? nr_guest : SAMPLE;
	enum kvm_guess found = KVM_GUESS_NONE, got = KVM_GUESS_NONE;
	unsigned int *order;
	int64_t low, high;

	if (!nr_guest || !nr_host)
		return KVM_GUESS_NONE;
	while (nr > 16 && (uint64_t)nr * nr_host > MAX_PAIRS)
		nr /= 2;
	s.order = order = by_begin(guest, nr_guest);
	for (unsigned int i = 0; i < BLOCKS && got != KVM_GUESS_FOUND; i++) {
		/* From the middle outwards: 1/2, 1/4, 3/4, 1/8, ... of what there is. */
		static const unsigned int eighths[BLOCKS] = { 4, 2, 6, 1, 3, 5, 7 };
		unsigned int from = (unsigned int)((uint64_t)(nr_guest - nr) * eighths[i] / 8);

		if (i && nr == nr_guest)
			break;
		got = try_block(&s, from, nr, &low, &high);
		if (got == KVM_GUESS_FOUND) {
			follow(&s, c, from + nr / 2, 1, low, high);
			if (from + nr / 2)
				follow(&s, c, from + nr / 2 - 1, -1, low, high);
		}
		if (got != KVM_GUESS_NONE)
			found = got;
	}
	free(s.edges);
	free(order);
	return found;
}
