// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_target_filter.c - the kernel's filter of target CPUs is whole, however many they are.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cpuset.h"
#include "capture/priv.h"
#include "tap.h"

int main(void)
{
	const struct kevent self = { .op = OP_IRQ_ENTRY, .target = TARGET_SELF };
	const struct kevent mask = { .op = OP_SEND_MASK, .target = TARGET_MASK };
	struct cpuset few = { 0 }, many = { 0 };
	char *text;

	cpuset_add(&few, 1);
	cpuset_add(&few, 2);
	cpuset_add(&few, 3);
	cpuset_add(&few, 9);
	text = session_target_filter(&self, &few, true);
	is_str(text, "CPU & CPUS{1-3,9}", "as kernels since 6.6 take it");
	free(text);
	text = session_target_filter(&self, &few, false);
	is_str(text, "((CPU >= 1 && CPU <= 3) || CPU == 9)", "as older ones do: ranges");
	free(text);
	ok(!session_target_filter(&mask, &few, false), "masks cannot be said there");
	for (unsigned int cpu = 0; cpu < 2048; cpu += 2)
		cpuset_add(&many, cpu);
	text = session_target_filter(&mask, &many, true);
	ok(strlen(text) > 4500, "1,024 alternate CPUs");
	is_str(strrchr(text, ','), ",2046}", "the last one is whole");
	free(text);
	text = session_target_filter(&self, &many, false);
	is_str(strrchr(text, '|'), "| CPU == 2046)", "for older kernels, too");
	free(text);
	cpuset_free(&few);
	cpuset_free(&many);
	return done_testing();
}
