/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/measure.h - from options to a result.
 */
#ifndef IPITRACE_BENCH_MEASURE_H
#define IPITRACE_BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cpuset.h"
#include "base/err.h"
#include "bench/result.h"

#define BENCH_DEF_N	 100000
#define BENCH_DEF_REPEAT 5
#define BENCH_MAX_REPEAT 1000

struct bench_options {
	const char *modes, *targets, *module;
	struct cpuset senders;
	uint32_t state;
	bool has_state;
	uint64_t n, repeat, handler_ns, irqs_off_ns, pace_ns, burst;
	bool pairs, json, compare, user, trace;
};

/*
 * The whole of it; what the user should know meanwhile goes to notes, and how far
 * it is if that is a terminal. Where bench_interrupted was set *r is what had been
 * measured until then, and r->partial says so.
 */
int bench_measure(const struct bench_options *o, struct bench_result *r, FILE *notes, struct err *err);

#endif
