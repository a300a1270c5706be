// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/clock.c - what stamps of a file are.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "file/datfile.h"

bool dat_is_tsc(const struct dat_info *info)
{
	return !strcmp(info->clock, "x86-tsc") || !strcmp(info->clock, "tsc2nsec");
}

bool dat_converts(const struct dat_info *info)
{
	return info->tsc_mult && dat_is_tsc(info);
}

bool dat_in_ns(const struct dat_info *info)
{
	static const char *const clocks[] = { "mono", "mono_raw", "boot", "tai", "global", "local", "perf" };

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		if (!strcmp(info->clock, clocks[i]))
			return true;
	return dat_converts(info);
}

uint64_t dat_to_ns(const struct dat_info *info, uint64_t ts)
{
	if (!dat_converts(info) || info->tsc_shift >= 128)
		return ts;
	return info->tsc_offset + (uint64_t)((unsigned __int128)ts * info->tsc_mult >> info->tsc_shift);
}
