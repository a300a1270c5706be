// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tsc.c - ticks to ns: exact at one end, at the other one to what 32 bits of a factor leave.
 */
#include "base/wide.h"
#include "capture/tsc.h"
#include "tap.h"

static uint64_t to_ns(const struct tsc_conversion *c, uint64_t tsc)
{
	return c->offset + mul_shift(tsc, c->mult, c->shift);
}

static void fits(const char *what, uint64_t khz, uint64_t uptime_s, uint64_t ms)
{
	/* CLOCK_MONOTONIC began later than the TSC, or, in a machine that was restored, long before it. */
	const uint64_t shifts[] = { 0, 1000000007, (uint64_t)-1000000007 };

	for (unsigned int i = 0; i < 3; i++) {
		struct tsc_point a = { uptime_s * khz * 1000 + 12345, uptime_s * 1000000000 + shifts[i] };
		struct tsc_point b = { a.tsc + ms * khz, a.mono_ns + ms * 1000000 };
		struct tsc_conversion c = tsc_fit(&a, &b);
		int64_t off = (int64_t)(to_ns(&c, b.tsc) - b.mono_ns);

		ok(c.mult && c.shift <= 32 && to_ns(&c, a.tsc) == a.mono_ns, "%s: where it begins", what);
		/* Half a unit of a factor of 31 bits and more. */
		ok(off >= -(int64_t)(ms * 1000000 >> 31) - 1 && off <= (int64_t)(ms * 1000000 >> 31) + 1,
		   "%s: and where it ends: %lld ns off", what, (long long)off);
	}
}

int main(void)
{
	struct tsc_point a = { 1000, 1000 }, same = a, back = { 900, 2000 }, none = { 0, 1000 }, late = { 0, 2000 };
	struct tsc_conversion c;

	fits("2.4 GHz, 10 s", 2400000, 100, 10000);
	fits("2.4 GHz, up for a year, an hour", 2400000, 31536000, 3600000);
	fits("5.1 GHz, 1 ms", 5100000, 1000, 1);
	/* More than a ns a tick: the factor has less to shift. */
	fits("900 MHz, 1 s", 900000, 1000, 1000);
	fits("24 MHz, 1 s", 24000, 1000, 1000);
	c = tsc_fit(&a, &same);
	is_u64(c.mult, 0, "nothing passed: nothing is known");
	c = tsc_fit(&a, &back);
	is_u64(c.mult, 0, "a TSC that was set back");
	c = tsc_fit(&none, &late);
	is_u64(c.mult, 0, "no TSC at all");
	return done_testing();
}
