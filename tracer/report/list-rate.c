// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/list-rate.c - hits a second over a sliding time, in memory that does not depend on how many there are.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "report/list-priv.h"

void list_rate_add(struct list_rate *r, uint64_t at_ns)
{
	uint64_t step = at_ns / LIST_RATE_STEP_NS;

	if (!r->begun || step > r->step + LIST_RATE_STEPS) {
		memset(r->steps, 0, sizeof(r->steps));
		r->sum = 0;
		r->step = step;
		r->begun = true;
	}
	while (r->step < step) {
		uint64_t *oldest = &r->steps[++r->step % LIST_RATE_STEPS];

		r->sum -= *oldest;
		*oldest = 0;
	}
	r->steps[r->step % LIST_RATE_STEPS]++;
	r->sum++;
	if (at_ns > r->now_ns)
		r->now_ns = at_ns;
}

bool list_rate_get(const struct list_rate *r, uint64_t start_ns, uint64_t *per_s)
{
	uint64_t first = r->step >= LIST_RATE_STEPS - 1 ? r->step - (LIST_RATE_STEPS - 1) : 0;

	if (!r->begun || r->now_ns < start_ns + LIST_RATE_NS)
		return false;
	/* From the begin of the oldest step to now: up to one step less than the whole. */
	*per_s = r->sum * 1000000000 / (r->now_ns - first * LIST_RATE_STEP_NS);
	return true;
}
