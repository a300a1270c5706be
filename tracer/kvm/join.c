// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/join.c - the clock first, then sends to exits, and entries to handlers.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/event.h"
#include "base/mem.h"
#include "kvm/join.h"

#define MAX_CPUS 4096u

/* Something of a key, at an index of its own array. */
struct item {
	uint64_t key;
	int64_t at;
	uint32_t of;
};

struct gap {
	int64_t from, to;
	uint32_t cpu;
};

struct joiner {
	struct kvm_join *j;
	const struct kvm_guest *g;
	uint32_t vcpus[MAX_CPUS]; /* by CPU of the guest */
	uint32_t *send_of;	  /* by hit: KVM_NONE */
	uint32_t *hit_of;	  /* by send */
	uint8_t *unsure;	  /* by hit: which send is not certain */
	uint8_t *unsure_send;	  /* by send: which hit is not */
	int64_t *until;		  /* by send: when its exit has been, by the host's clock */
	struct gap *host_gaps, *guest_gaps;
	uint32_t nr_host_gaps, nr_guest_gaps;
	int64_t first, last; /* of the guest's recording, by the host's clock */
};

static uint64_t key_of(uint32_t source, uint32_t target, unsigned int class)
{
	return (uint64_t) class << 48 | (uint64_t)(source & 0xffffff) << 24 | (target & 0xffffff);
}

static uint32_t vcpu_of(const struct joiner *w, uint32_t cpu)
{
	return cpu < MAX_CPUS ? w->vcpus[cpu] : KVM_NO_VCPU;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint32_t sorted_set(uint32_t *ids, uint32_t nr)
{
	uint32_t n = 0;

	if (nr)
		qsort(ids, nr, sizeof(*ids), by_number);
	for (uint32_t i = 0; i < nr; i++)
		if (!n || ids[n - 1] != ids[i])
			ids[n++] = ids[i];
	return n;
}

/*
 * A guest's CPUs and its virtual CPUs have the same numbers, unless its topology leaves some of these out (APIC ids of
 * three cores a package): Linux numbers what firmware lists in order, so does the VMM.
 */
static bool map_cpus(struct joiner *w)
{
	const struct kvm_guest *g = w->g;
	uint32_t *cpus = xcalloc(2ull * g->nr_sends + 1, sizeof(*cpus)), nr = 0, nr_ids = 0;
	uint32_t *ids = xcalloc(2ull * w->j->nr_hits + 1, sizeof(*ids));
	bool same = true;

	for (uint32_t i = 0; i < g->nr_sends; i++) {
		cpus[nr++] = g->sends[i].cpu;
		cpus[nr++] = g->sends[i].target;
	}
	nr = sorted_set(cpus, nr);
	for (uint32_t i = 0; i < w->j->nr_hits; i++) {
		ids[nr_ids++] = w->j->hits[i].source;
		if (w->j->hits[i].target != KVM_NO_VCPU)
			ids[nr_ids++] = w->j->hits[i].target;
	}
	nr_ids = sorted_set(ids, nr_ids);
	memset(w->vcpus, 0xff, sizeof(w->vcpus));
	for (uint32_t i = 0; i < nr && same; i++)
		same = bsearch(&cpus[i], ids, nr_ids, sizeof(*ids), by_number);
	/* Numbers that only one side has seen prove nothing: then those of the other are these. */
	for (uint32_t i = 0; i < nr; i++)
		if (cpus[i] < MAX_CPUS)
			w->vcpus[cpus[i]] = same || nr != nr_ids ? cpus[i] : ids[i];
	free(cpus);
	free(ids);
	return nr && nr_ids;
}

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->of < y->of ? -1 : x->of > y->of;
}

static void sort(struct item *items, uint32_t nr)
{
	if (nr)
		qsort(items, nr, sizeof(*items), by_key);
}

/* --- the clock --- */

static int by_way(const void *a, const void *b)
{
	const struct kvm_way *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static enum kvm_guess guess(const struct joiner *w, struct kvm_clock *clock)
{
	const struct kvm_guest *g = w->g;
	struct kvm_way *guest = xcalloc(g->nr_sends + 1ull, sizeof(*guest));
	struct kvm_way *host = xcalloc(w->j->nr_hits + 1ull, sizeof(*host));
	uint32_t nr_guest = 0, nr_host = 0;
	enum kvm_guess ret;

	for (uint32_t i = 0; i < g->nr_sends; i++) {
		const struct kvm_guest_send *s = &g->sends[i];

		if (s->handler != KVM_NO_TIME)
			guest[nr_guest++] =
				(struct kvm_way){ key_of(vcpu_of(w, s->cpu), vcpu_of(w, s->target), s->class), s->at,
						  s->handler };
	}
	for (uint32_t i = 0; i < w->j->nr_hits; i++) {
		const struct kvm_ipi *h = &w->j->hits[i];
		int class = kvm_class(h);

		if (class >= 0 && h->outcome == KVM_DELIVERED && (!h->ambiguous || h->posted) &&
		    h->at[KVM_AT_EXIT] != KVM_NO_TIME)
			host[nr_host++] = (struct kvm_way){ key_of(h->source, h->target, (unsigned int)class),
							    h->at[KVM_AT_EXIT], h->at[KVM_AT_ENTRY] };
	}
	if (nr_guest)
		qsort(guest, nr_guest, sizeof(*guest), by_way);
	if (nr_host)
		qsort(host, nr_host, sizeof(*host), by_way);
	ret = kvm_clock_guess(clock, guest, nr_guest, host, nr_host);
	if (ret == KVM_GUESS_FOUND)
		kvm_clock_settle(clock);
	free(guest);
	free(host);
	return ret;
}

/* When it was at the host's time, between these two. */
static bool host_time(const struct kvm_clock *c, uint64_t at, int64_t *early, int64_t *late)
{
	int64_t low, high;

	if (!kvm_clock_at(c, at, &low, &high))
		return false;
	/* Where nothing is left, nothing is certain either: what comes of it is told as a contradiction. */
	if (low > high) {
		int64_t mid = high;

		high = low;
		low = mid;
	}
	*early = (int64_t)at - high;
	*late = (int64_t)at - low;
	return true;
}

/* --- gaps --- */

static int by_gap(const void *a, const void *b)
{
	const struct gap *x = a, *y = b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

/* Sorted, and those of one CPU apart from each other. */
static uint32_t gaps_merge(struct gap *gaps, uint32_t nr)
{
	uint32_t n = 0;

	if (nr)
		qsort(gaps, nr, sizeof(*gaps), by_gap);
	for (uint32_t i = 0; i < nr; i++) {
		if (n && gaps[n - 1].cpu == gaps[i].cpu && gaps[n - 1].to >= gaps[i].from)
			gaps[n - 1].to = gaps[i].to > gaps[n - 1].to ? gaps[i].to : gaps[n - 1].to;
		else
			gaps[n++] = gaps[i];
	}
	return n;
}

static void find_gaps(struct joiner *w)
{
	const struct kvm_join *j = w->j;
	int64_t unused;

	w->host_gaps = xcalloc(j->nr_gaps + 1ull, sizeof(*w->host_gaps));
	for (uint32_t i = 0; i < j->nr_gaps; i++)
		w->host_gaps[i] = (struct gap){ (int64_t)j->gaps[i].from,
						j->gaps[i].to > INT64_MAX ? INT64_MAX : (int64_t)j->gaps[i].to, 0 };
	w->nr_host_gaps = gaps_merge(w->host_gaps, j->nr_gaps);
	w->guest_gaps = xcalloc(w->g->nr_gaps + 1ull, sizeof(*w->guest_gaps));
	for (uint32_t i = 0; i < w->g->nr_gaps; i++) {
		const struct kvm_gap *g = &w->g->gaps[i];
		struct gap *gap = &w->guest_gaps[i];

		*gap = (struct gap){ INT64_MIN, INT64_MAX, g->cpu };
		if (g->from)
			host_time(&j->clock, g->from, &gap->from, &unused);
		if (g->to != UINT64_MAX)
			host_time(&j->clock, g->to, &unused, &gap->to);
	}
	w->nr_guest_gaps = gaps_merge(w->guest_gaps, w->g->nr_gaps);
}

static bool in_gap(const struct gap *gaps, uint32_t nr, uint32_t cpu, int64_t begin, int64_t end)
{
	uint32_t from = 0, to = nr;

	/* The first that begins behind this. */
	while (from < to) {
		uint32_t mid = from + (to - from) / 2;

		if (gaps[mid].cpu < cpu || (gaps[mid].cpu == cpu && gaps[mid].from <= end))
			from = mid + 1;
		else
			to = mid;
	}
	return from && gaps[from - 1].cpu == cpu && gaps[from - 1].to >= begin;
}

/* --- sends to exits --- */

/*
 * A send is over, with its exit, when its CPU sends next in the same context, or in one that it may have interrupted. What
 * an interrupt sends in between does not say so.
 */
static void find_ends(struct joiner *w)
{
	const struct kvm_guest *g = w->g;
	uint32_t(*open)[IPI_NR_LEVELS] = xcalloc(MAX_CPUS, sizeof(*open)); /* index + 1 of the first of its send */

	for (uint32_t i = 0; i < g->nr_sends; i++) {
		const struct kvm_guest_send *s = &g->sends[i];
		int64_t early = 0, late = 0;

		w->until[i] = INT64_MAX;
		if (s->cpu >= MAX_CPUS || !host_time(&w->j->clock, s->at, &early, &late))
			continue;
		for (unsigned int level = s->level; level < IPI_NR_LEVELS; level++) {
			uint32_t first = open[s->cpu][level];

			if (!first || g->sends[first - 1].id == s->id)
				continue;
			for (uint32_t k = first - 1; k < i; k++)
				if (g->sends[k].id == g->sends[first - 1].id)
					w->until[k] = late;
			open[s->cpu][level] = 0;
		}
		if (!open[s->cpu][s->level])
			open[s->cpu][s->level] = i + 1;
	}
	free(open);
}

static uint32_t guest_items(const struct joiner *w, struct item *items)
{
	const struct kvm_guest *g = w->g;
	int64_t early = 0, late = 0;
	uint32_t nr = 0;

	for (uint32_t i = 0; i < g->nr_sends; i++) {
		const struct kvm_guest_send *s = &g->sends[i];

		if (host_time(&w->j->clock, s->at, &early, &late))
			items[nr++] =
				(struct item){ key_of(vcpu_of(w, s->cpu), vcpu_of(w, s->target), s->class), early, i };
	}
	sort(items, nr);
	return nr;
}

static uint32_t host_items(const struct joiner *w, struct item *items)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < w->j->nr_hits; i++) {
		const struct kvm_ipi *h = &w->j->hits[i];
		int class = kvm_class(h);

		if (class >= 0 && h->at[KVM_AT_EXIT] != KVM_NO_TIME)
			items[nr++] = (struct item){ key_of(h->source, h->target, (unsigned int)class),
						     (int64_t)h->at[KVM_AT_EXIT], i };
	}
	sort(items, nr);
	return nr;
}

static uint32_t run_of(const struct item *items, uint32_t from, uint32_t nr, uint64_t key)
{
	uint32_t to = from;

	while (to < nr && items[to].key == key)
		to++;
	return to;
}

typedef void align_fn(struct joiner *w, const struct item *a, uint32_t nr_a, const struct item *b, uint32_t nr_b);

/* What both lists, sorted by key, have of a key is aligned. */
static void key_by_key(struct joiner *w, const struct item *a, uint32_t nr_a, const struct item *b, uint32_t nr_b,
		       align_fn *align)
{
	uint32_t from_a = 0, from_b = 0;

	while (from_a < nr_a && from_b < nr_b) {
		uint32_t to_a = run_of(a, from_a, nr_a, a[from_a].key), to_b = run_of(b, from_b, nr_b, b[from_b].key);

		if (a[from_a].key < b[from_b].key) {
			from_a = to_a;
		} else if (a[from_a].key > b[from_b].key) {
			from_b = to_b;
		} else {
			align(w, a + from_a, to_a - from_a, b + from_b, to_b - from_b);
			from_a = to_a;
			from_b = to_b;
		}
	}
}

static void align_sends(struct joiner *w, const struct item *s, uint32_t nr_s, const struct item *h, uint32_t nr_h)
{
	struct kvm_cause *causes = xcalloc(nr_s + 1ull, sizeof(*causes));
	struct kvm_effect *effects = xcalloc(nr_h + 1ull, sizeof(*effects));
	uint32_t nr_sends = 0, nr_exits = 0; /* while the other one recorded */

	for (uint32_t i = 0; i < nr_s; i++) {
		const struct kvm_guest_send *send = &w->g->sends[s[i].of];
		int64_t early = 0, late = 0;

		host_time(&w->j->clock, send->at, &early, &late);
		nr_sends += late >= (int64_t)w->j->first && early <= (int64_t)w->j->last;
		causes[i] = (struct kvm_cause){
			.from = early, .to = w->until[s[i].of], .sure = late, .level = send->level
		};
	}
	for (uint32_t i = 0; i < nr_h; i++) {
		effects[i] = (struct kvm_effect){ .early = h[i].at, .late = h[i].at };
		nr_exits += h[i].at >= w->first && h[i].at <= w->last;
	}
	w->j->n.possible += nr_sends < nr_exits ? nr_sends : nr_exits;
	kvm_align(causes, nr_s, effects, nr_h);
	for (uint32_t i = 0; i < nr_s; i++)
		w->unsure_send[s[i].of] = causes[i].ambiguous;
	for (uint32_t i = 0; i < nr_h; i++) {
		uint32_t cause = effects[i].cause;

		w->unsure[h[i].of] = effects[i].ambiguous;
		if (cause == KVM_NONE)
			continue;
		/* Others may be missing there, of which one or the other may be its own. */
		if (in_gap(w->host_gaps, w->nr_host_gaps, 0, causes[cause].from, causes[cause].to) ||
		    in_gap(w->guest_gaps, w->nr_guest_gaps, w->g->sends[s[cause].of].cpu, causes[cause].from,
			   causes[cause].to)) {
			w->unsure[h[i].of] = w->unsure_send[s[cause].of] = true;
			continue;
		}
		w->send_of[h[i].of] = s[cause].of;
		w->hit_of[s[cause].of] = h[i].of;
	}
	free(causes);
	free(effects);
}

static void join_sends(struct joiner *w)
{
	struct item *s = xcalloc(w->g->nr_sends + 1ull, sizeof(*s));
	struct item *h = xcalloc(w->j->nr_hits + 1ull, sizeof(*h));
	uint32_t nr_s = guest_items(w, s), nr_h = host_items(w, h);

	find_ends(w);
	key_by_key(w, s, nr_s, h, nr_h, align_sends);
	free(s);
	free(h);
}

/* --- entries to handlers --- */

static void set_handler(const struct joiner *w, struct kvm_ipi *h, uint32_t irq)
{
	h->at[KVM_AT_HANDLER] = w->g->irqs[irq].at;
	h->irq = irq + 1;
}

static void align_irqs(struct joiner *w, const struct item *e, uint32_t nr_e, const struct item *q, uint32_t nr_q)
{
	struct kvm_cause *causes = xcalloc(nr_e + 1ull, sizeof(*causes));
	struct kvm_effect *effects = xcalloc(nr_q + 1ull, sizeof(*effects));

	for (uint32_t i = 0; i < nr_e; i++)
		causes[i] = (struct kvm_cause){ .from = e[i].at,
						.to = i + 1 < nr_e ? e[i + 1].at : INT64_MAX,
						.sure = e[i].at };
	for (uint32_t i = 0; i < nr_q; i++)
		host_time(&w->j->clock, w->g->irqs[q[i].of].at, &effects[i].early, &effects[i].late);
	kvm_align(causes, nr_e, effects, nr_q);
	for (uint32_t i = 0; i < nr_e; i++)
		if (causes[i].effect != KVM_NONE)
			set_handler(w, &w->j->hits[e[i].of], q[causes[i].effect].of);
	free(causes);
	free(effects);
}

/* Handlers get their times of the guest first. */
static void join_irqs(struct joiner *w)
{
	struct item *e = xcalloc(w->j->nr_hits + 1ull, sizeof(*e)), *q = xcalloc(w->g->nr_irqs + 1ull, sizeof(*q));
	uint32_t nr_e = 0, nr_q = 0;
	int64_t early = 0, late = 0;

	for (uint32_t i = 0; i < w->j->nr_hits; i++) {
		const struct kvm_ipi *h = &w->j->hits[i];
		int class = kvm_class(h);

		if (class >= 0 && h->outcome == KVM_DELIVERED)
			e[nr_e++] = (struct item){ key_of(0, h->target, (unsigned int)class),
						   (int64_t)h->at[KVM_AT_ENTRY], i };
	}
	for (uint32_t i = 0; i < w->g->nr_irqs; i++) {
		const struct kvm_guest_irq *irq = &w->g->irqs[i];

		if (host_time(&w->j->clock, irq->at, &early, &late))
			q[nr_q++] = (struct item){ key_of(0, vcpu_of(w, irq->cpu), irq->class), early, i };
	}
	sort(e, nr_e);
	sort(q, nr_q);
	key_by_key(w, e, nr_e, q, nr_q, align_irqs);
	free(e);
	free(q);
}

/* --- what comes of it --- */

/* All that was matched bounds the offset, not only what the search was certain of. */
static void narrow_clock(struct joiner *w, struct kvm_clock *c)
{
	for (uint32_t i = 0; i < w->j->nr_hits; i++) {
		const struct kvm_ipi *h = &w->j->hits[i];

		if (w->send_of[i] != KVM_NONE)
			kvm_clock_add(c, w->g->sends[w->send_of[i]].at,
				      (int64_t)(w->g->sends[w->send_of[i]].at - h->at[KVM_AT_EXIT]), INT64_MAX);
		if (h->at[KVM_AT_HANDLER] != KVM_NO_TIME)
			kvm_clock_add(c, h->at[KVM_AT_HANDLER], INT64_MIN,
				      (int64_t)(h->at[KVM_AT_HANDLER] - h->at[KVM_AT_ENTRY]));
	}
	kvm_clock_settle(c);
}

static void note_bounds(struct kvm_joined *n, const struct kvm_clock *c, const struct kvm_guest *g)
{
	n->bounded = kvm_clock_at(c, g->first + (g->last - g->first) / 2, &n->low, &n->high);
}

static void check(struct kvm_join *j, const struct kvm_ipi *h)
{
	uint64_t last = 0, sum = 0;

	for (unsigned int i = 0; i < KVM_NR_POINTS; i++) {
		if (h->at[i] == KVM_NO_TIME)
			continue;
		j->n.order_errors += h->at[i] < last;
		last = h->at[i];
		if (kvm_stage(h, (enum kvm_point)i) != KVM_NO_TIME)
			sum += kvm_stage(h, (enum kvm_point)i);
	}
	if (kvm_total(h) != KVM_NO_TIME && kvm_total(h) != sum)
		j->n.stage_errors++;
}

/* In the middle of what is possible: stages are as exact as that is wide. */
static uint64_t middle(const struct kvm_join *j, uint64_t at, uint64_t *width)
{
	int64_t early = 0, late = 0;

	host_time(&j->clock, at, &early, &late);
	if ((uint64_t)(late - early) > *width)
		*width = (uint64_t)(late - early);
	return (uint64_t)(early + (late - early) / 2);
}

static void fill(struct joiner *w, uint32_t i)
{
	struct kvm_ipi *h = &w->j->hits[i];
	const struct kvm_guest_send *s = &w->g->sends[w->send_of[i]];
	uint64_t handler = h->at[KVM_AT_HANDLER];
	bool both = handler != KVM_NO_TIME && s->handler != KVM_NO_TIME && h->outcome == KVM_DELIVERED && !h->ambiguous;

	w->j->n.coalesced += h->outcome == KVM_COALESCED;
	w->j->n.checked += both;
	w->j->n.others += both && s->handler != handler;
	/* The CPU delivered it, and the host does not know when: then the guest's own matching tells. */
	if (h->outcome == KVM_POSTED)
		handler = s->handler;
	h->at[KVM_AT_SEND] = middle(w->j, s->at, &h->width);
	h->at[KVM_AT_HANDLER] = handler == KVM_NO_TIME ? KVM_NO_TIME : middle(w->j, handler, &h->width);
	h->send = w->send_of[i] + 1;
	h->caller = s->caller;
	h->func = s->func;
	h->comm = s->comm;
	w->j->n.matched++;
	w->j->n.handlers += handler != KVM_NO_TIME;
	w->j->n.handlers_missing += handler == KVM_NO_TIME && h->outcome == KVM_DELIVERED;
	check(w->j, h);
}

static void count_hosts(struct joiner *w)
{
	struct kvm_joined *n = &w->j->n;

	for (uint32_t i = 0; i < w->j->nr_hits; i++) {
		struct kvm_ipi *h = &w->j->hits[i];
		int64_t at = (int64_t)h->at[KVM_AT_EXIT];

		if (w->send_of[i] != KVM_NONE) {
			fill(w, i);
			continue;
		}
		h->at[KVM_AT_HANDLER] = KVM_NO_TIME;
		h->irq = 0;
		if (kvm_class(h) < 0)
			n->no_class++;
		else if (w->unsure[i])
			n->ambiguous++;
		else if (at < w->first || at > w->last)
			n->host_outside++;
		else
			n->host_only++;
	}
}

static void count_guests(struct joiner *w)
{
	struct kvm_joined *n = &w->j->n;
	int64_t early = 0, late = 0;

	for (uint32_t i = 0; i < w->g->nr_sends; i++) {
		if (w->hit_of[i] != KVM_NONE)
			continue;
		if (w->unsure_send[i])
			n->guest_ambiguous++;
		else if (!host_time(&w->j->clock, w->g->sends[i].at, &early, &late) || late < (int64_t)w->j->first ||
			 early > (int64_t)w->j->last)
			n->guest_outside++;
		else
			n->guest_only++;
	}
}

/*
 * Of recordings that have nothing to do with each other a send may lie before an exit by chance, but then no handler lies
 * behind its entry. Where events were lost, those that are not certain may be all that there is.
 */
static enum kvm_join_error verdict(const struct joiner *w)
{
	const struct kvm_joined *n = &w->j->n;

	if (w->j->nr_gaps || w->g->nr_gaps)
		return n->matched || n->ambiguous ? KVM_JOINED : KVM_JOIN_NONE;
	if (!n->matched || (w->g->nr_irqs && n->handlers_missing && !n->handlers))
		return KVM_JOIN_NONE;
	/* The search found another offset: which one it is a law tells. */
	if (w->j->clock.known && n->bounded)
		return KVM_JOINED;
	/* One that both have is joined, or not certain: whatever is recorded on one side alone is between other CPUs, or more. */
	if (2 * n->matched + n->ambiguous < n->possible)
		return KVM_JOIN_FEW;
	/* Which of several that share a handler had it first, the two sides may see differently. */
	return 2 * n->others > n->checked && 4 * n->coalesced < n->matched ? KVM_JOIN_OTHERS : KVM_JOINED;
}

static enum kvm_join_error run(struct joiner *w)
{
	struct kvm_clock causal = { .ppm = w->j->clock.ppm };
	enum kvm_guess found = guess(w, &causal);
	int64_t unused;

	if (w->j->clock.known) {
		/* The search knew nothing of it: so it is held against that. */
		if (found == KVM_GUESS_FOUND)
			note_bounds(&w->j->n, &causal, w->g);
		kvm_clock_free(&causal);
	} else if (found == KVM_GUESS_FOUND) {
		w->j->clock = causal;
	} else {
		kvm_clock_free(&causal);
		return found == KVM_GUESS_NONE ? KVM_JOIN_NO_OFFSET : KVM_JOIN_OFFSETS;
	}
	host_time(&w->j->clock, w->g->first, &w->first, &unused);
	host_time(&w->j->clock, w->g->last, &unused, &w->last);
	find_gaps(w);
	join_sends(w);
	join_irqs(w);
	if (!w->j->clock.known) {
		narrow_clock(w, &w->j->clock);
		note_bounds(&w->j->n, &w->j->clock, w->g);
	}
	count_hosts(w);
	count_guests(w);
	return verdict(w);
}

enum kvm_join_error kvm_join(struct kvm_join *j)
{
	struct joiner *w = xcalloc(1, sizeof(*w));
	enum kvm_join_error ret = KVM_JOIN_CPUS;

	w->j = j;
	w->g = j->guest;
	w->send_of = xmalloc((j->nr_hits + 1ull) * sizeof(*w->send_of));
	w->hit_of = xmalloc((w->g->nr_sends + 1ull) * sizeof(*w->hit_of));
	w->unsure = xcalloc(j->nr_hits + 1ull, 1);
	w->unsure_send = xcalloc(w->g->nr_sends + 1ull, 1);
	w->until = xcalloc(w->g->nr_sends + 1ull, sizeof(*w->until));
	memset(w->send_of, 0xff, (j->nr_hits + 1ull) * sizeof(*w->send_of));
	memset(w->hit_of, 0xff, (w->g->nr_sends + 1ull) * sizeof(*w->hit_of));
	if (map_cpus(w))
		ret = run(w);
	free(w->send_of);
	free(w->hit_of);
	free(w->unsure);
	free(w->unsure_send);
	free(w->until);
	free(w->host_gaps);
	free(w->guest_gaps);
	free(w);
	return ret;
}
