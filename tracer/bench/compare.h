/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/compare.h - two saved results, A and B (bench/read.c, bench/compare.c).
 */
#ifndef IPITRACE_BENCH_COMPARE_H
#define IPITRACE_BENCH_COMPARE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct bench_saved_row {
	char mode[24], measured[16], state[16], key[96];
	uint64_t p50, count; /* 0 count = not measured */
	uint64_t *rep_p50;
	unsigned int nr_reps;
};

struct bench_saved {
	char backend[16];
	uint64_t iterations, nr_senders, pace_ns, handler_ns, irqs_off_ns;
	struct bench_saved_row *rows;
	unsigned int nr_rows;
};

int bench_saved_read(struct bench_saved *s, const char *path, struct err *err);
void bench_saved_free(struct bench_saved *s);

/* b / a in millionths. */
struct bench_ratio {
	uint64_t ratio_ppm;
	uint64_t error_ppm; /* half width of the 95 % interval; UINT64_MAX = unknown */
	bool differs;	    /* interval is known and does not hold 1 */
};

void bench_ratio(const uint64_t *a, unsigned int nr_a, const uint64_t *b, unsigned int nr_b, struct bench_ratio *r);
int bench_compare(const struct bench_saved *a, const struct bench_saved *b, bool json, FILE *out, struct err *err);

#endif
