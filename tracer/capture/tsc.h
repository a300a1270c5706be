/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/tsc.h - the TSC, which the trace clock x86-tsc stamps, and ns of CLOCK_MONOTONIC.
 */
#ifndef IPITRACE_CAPTURE_TSC_H
#define IPITRACE_CAPTURE_TSC_H

#include <stdint.h>

/* One moment by both; tsc 0: this machine has none. */
struct tsc_point {
	uint64_t tsc, mono_ns;
};

/* ns = offset + (tsc * mult >> shift), modulo 2^64: as the option TSC2NSEC of trace.dat has it. mult 0: not known. */
struct tsc_conversion {
	uint32_t mult, shift;
	uint64_t offset;
};

struct tsc_point tsc_now(void);
/*
 * By what passed between two points, of which b is the later one. So it follows whatever disciplines CLOCK_MONOTONIC, on
 * average; each point is as exact as two reads of that clock are apart.
 */
struct tsc_conversion tsc_fit(const struct tsc_point *a, const struct tsc_point *b);

#endif
