// SPDX-License-Identifier: GPL-2.0-only
/*
 * tsc_khz.c - the frequency of this machine's time stamp counter, in kHz.
 *
 * An emulated guest counts by the host's counter and calibrates it in a few
 * milliseconds, in which a loaded host may not run it at all: then its clock is
 * many times too fast or too slow. So it is told (tsc_early_khz=). Reading counter
 * and clock together, and the fastest of many tries, keeps load out of this.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void both(uint64_t *ticks, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 100; i++) {
		uint64_t before = __rdtsc(), at = now_ns(), after = __rdtsc();

		if (after - before < best) {
			best = after - before;
			*ticks = before + best / 2;
			*ns = at;
		}
	}
}

int main(void)
{
	const struct timespec nap = { .tv_nsec = 200000000 };
	uint64_t ticks0, ticks1, ns0, ns1;

	both(&ticks0, &ns0);
	nanosleep(&nap, NULL);
	both(&ticks1, &ns1);
	printf("%.0f\n", (double)(ticks1 - ticks0) * 1e6 / (double)(ns1 - ns0));
	return 0;
}
