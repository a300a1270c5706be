// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/clock.c - what stamps of a file are.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/wide.h"
#include "file/priv.h"

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
	return info->tsc_offset + mul_shift(ts, info->tsc_mult, info->tsc_shift);
}

/* Of one CPU: the number of samples, then their times, offsets and scalings. Returns what is behind it, 0: it is damaged. */
static size_t cpu_offset(const struct dat_info *info, size_t at, bool *first, int64_t *offset)
{
	const uint8_t *data = info->time_shift;
	size_t len = info->time_shift_len;
	uint64_t nr;

	if (len - at < 4)
		return 0;
	nr = dat_number(data + at, 4, info->big_endian);
	at += 4;
	if (!nr || nr > (len - at) / 24)
		return 0;
	for (uint64_t i = 0; i < nr; i++) {
		int64_t val = (int64_t)dat_number(data + at + 8 * (nr + i), 8, info->big_endian);
		uint64_t scaling = dat_number(data + at + 8 * (2 * nr + i), 8, info->big_endian);

		if ((!*first && val != *offset) || scaling > 1)
			return 0;
		*offset = val;
		*first = false;
	}
	return at + 24 * nr;
}

/* trace-cmd.dat.v7(5). Behind the CPUs there may be fractions of scalings; a scaling of 1 has none. */
bool dat_host_offset(const struct dat_info *info, int64_t *offset, uint64_t *peer)
{
	const uint8_t *data = info->time_shift;
	size_t at = 16;
	bool first = true;
	uint64_t nr;

	if (!data || info->time_shift_len < at)
		return false;
	*peer = dat_number(data, 8, info->big_endian);
	nr = dat_number(data + 12, 4, info->big_endian);
	for (uint64_t cpu = 0; cpu < nr; cpu++) {
		at = cpu_offset(info, at, &first, offset);
		if (!at)
			return false;
	}
	return !first;
}
