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
#include "render/screen.h"

struct bench_saved_row {
	char mode[24], measured[16], state[16], key[96];
	uint64_t p50, count; /* 0 count = not measured */
	/* Of the repetitions that were not interrupted. */
	uint64_t *rep_p50;
	unsigned int nr_reps;
	uint64_t step; /* the widest in which one of these medians may lie: of the clock, or of a bucket */
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
	double a_ns, b_ns;  /* means of the medians; NAN without one */
	uint64_t ratio_ppm; /* UINT64_MAX = unknown */
	uint64_t error_ppm; /* half width of the 95 % interval; UINT64_MAX = unknown */
	bool differs;	    /* interval is known and does not hold 1 */
};

/* Of the repetitions of one measurement; step as in struct bench_saved_row. */
struct bench_medians {
	const uint64_t *p50;
	unsigned int nr;
	uint64_t step;
};

void bench_ratio(const struct bench_medians *a, const struct bench_medians *b, struct bench_ratio *r);
/* Work grows with the number of rows, not with its square. */
int bench_compare(const struct bench_saved *a, const struct bench_saved *b, bool json, const struct screen *screen,
		  FILE *out, struct err *err);

#endif
