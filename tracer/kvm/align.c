// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/align.c - causes to effects, in order.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm/align.h"

#define MAX_OPEN 16u /* causes without an effect so far: one a level of context, and some whose effect is missing */

struct aligner {
	struct kvm_cause *causes;
	struct kvm_effect *effects;
	uint32_t open[MAX_OPEN]; /* oldest first */
	uint32_t contested
		[MAX_OPEN]; /* the last effect that another one got, though it may have been this one's; KVM_NONE */
	unsigned int nr;
	uint32_t last; /* the cause that got the last effect */
};

static void void_effect(struct aligner *a, uint32_t effect)
{
	uint32_t cause = effect == KVM_NONE ? KVM_NONE : a->effects[effect].cause;

	if (cause == KVM_NONE)
		return;
	a->effects[effect].ambiguous = a->causes[cause].ambiguous = true;
	a->effects[effect].cause = a->causes[cause].effect = KVM_NONE;
}

static void take_out(struct aligner *a, unsigned int i)
{
	a->nr--;
	for (; i < a->nr; i++) {
		a->open[i] = a->open[i + 1];
		a->contested[i] = a->contested[i + 1];
	}
}

/* It has none: so the effect that it shared a window with may have been its own. */
static void give_up(struct aligner *a, unsigned int i)
{
	if (a->contested[i] != KVM_NONE) {
		a->causes[a->open[i]].ambiguous = true;
		void_effect(a, a->contested[i]);
	}
	take_out(a, i);
}

static bool fits(const struct kvm_cause *c, const struct kvm_effect *e)
{
	return e->late >= c->from && e->early <= c->to;
}

static void open_cause(struct aligner *a, uint32_t cause)
{
	a->causes[cause].effect = KVM_NONE;
	a->causes[cause].ambiguous = false;
	if (a->nr == MAX_OPEN)
		give_up(a, 0);
	a->open[a->nr] = cause;
	a->contested[a->nr++] = KVM_NONE;
}

/*
 * The innermost of those that have surely happened; else the oldest. doubt: one further in, of which clocks do not tell
 * whether it has; MAX_OPEN = there is none.
 */
static unsigned int choose(const struct aligner *a, const struct kvm_effect *e, unsigned int *doubt)
{
	unsigned int best = MAX_OPEN;

	*doubt = MAX_OPEN;
	for (unsigned int i = 0; i < a->nr; i++) {
		const struct kvm_cause *c = &a->causes[a->open[i]];

		if (!fits(c, e))
			continue;
		if (best == MAX_OPEN || (c->level > a->causes[a->open[best]].level && c->sure <= e->early))
			best = i;
		else if (c->level > a->causes[a->open[best]].level)
			*doubt = i;
	}
	return best;
}

static void match(struct aligner *a, uint32_t effect)
{
	struct kvm_effect *e = &a->effects[effect];
	unsigned int doubt, at = choose(a, e, &doubt);
	uint32_t cause;

	e->cause = KVM_NONE;
	e->ambiguous = false;
	if (at == MAX_OPEN) {
		/* One too many: which of the two is the last cause's? */
		if (a->last != KVM_NONE && a->causes[a->last].effect != KVM_NONE && fits(&a->causes[a->last], e)) {
			e->ambiguous = true;
			void_effect(a, a->causes[a->last].effect);
		}
		return;
	}
	cause = a->open[at];
	if (doubt != MAX_OPEN) {
		e->ambiguous = a->causes[cause].ambiguous = a->causes[a->open[doubt]].ambiguous = true;
		take_out(a, doubt);
		take_out(a, at);
		return;
	}
	take_out(a, at);
	for (unsigned int i = 0; i < a->nr; i++)
		if (fits(&a->causes[a->open[i]], e))
			a->contested[i] = effect;
	e->cause = cause;
	a->causes[cause].effect = effect;
	a->last = cause;
}

void kvm_align(struct kvm_cause *causes, uint32_t nr_causes, struct kvm_effect *effects, uint32_t nr_effects)
{
	struct aligner a = { .causes = causes, .effects = effects, .last = KVM_NONE };
	uint32_t next = 0;

	for (uint32_t i = 0; i < nr_effects; i++) {
		for (; next < nr_causes && causes[next].from <= effects[i].late; next++)
			open_cause(&a, next);
		for (unsigned int j = a.nr; j-- > 0;)
			if (causes[a.open[j]].to < effects[i].early)
				give_up(&a, j);
		match(&a, i);
	}
	for (; next < nr_causes; next++)
		open_cause(&a, next);
	while (a.nr)
		give_up(&a, 0);
}
