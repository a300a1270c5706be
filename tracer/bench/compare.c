// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/compare.c - before and after: the ratio of two results, and how sure it is.
 *
 * Method: the repetitions' medians are the observations, because samples of one
 * run are not independent of each other. The ratio is that of their means, b/a.
 * Its standard error by the delta method is r * sqrt(va/(na ma^2) + vb/(nb mb^2));
 * the interval is Student's, 95 %, with Welch's degrees of freedom rounded down,
 * and as much wider as the medians are coarse: each may be half a step off, of
 * the clock or, in results of version 0.1, of a histogram's bucket. So equal
 * medians, and medians a step apart, may be of equal times.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "bench/compare.h"
#include "render/grid.h"

/* Two-sided 95 % quantile of Student's t. */
static double student(unsigned int freedom)
{
	static const double t[] = {
		12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
		2.201,	2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
		2.080,	2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
	};

	if (freedom < 1)
		freedom = 1;
	if (freedom > ARRAY_SIZE(t))
		return freedom > 120 ? 1.980 : freedom > 60 ? 2.000 : freedom > 40 ? 2.021 : 2.042;
	return t[freedom - 1];
}

/* Newton's; spares the program libm for one call. */
static double root(double x)
{
	double r = x > 1 ? x : 1;

	if (x <= 0)
		return 0;
	for (int i = 0; i < 200; i++) {
		double next = (r + x / r) / 2;

		if (next >= r)
			break;
		r = next;
	}
	return r;
}

/* Mean, and variance of that mean; of nothing there is none. */
static double mean_of(const uint64_t *v, unsigned int nr, double *variance)
{
	double mean = 0, sum = 0;

	*variance = 0;
	if (!nr)
		return NAN;
	for (unsigned int i = 0; i < nr; i++)
		mean += (double)v[i];
	mean /= nr;
	for (unsigned int i = 0; i < nr; i++)
		sum += ((double)v[i] - mean) * ((double)v[i] - mean);
	*variance = nr > 1 ? sum / (nr - 1) / nr : 0;
	return mean;
}

void bench_ratio(const struct bench_medians *a, const struct bench_medians *b, struct bench_ratio *r)
{
	const double rounding = 1e-6, half_a = (double)a->step / 2, half_b = (double)b->step / 2;
	double va, vb, ma, mb, ratio, rel_a, rel_b, freedom, error;

	*r = (struct bench_ratio){ .ratio_ppm = UINT64_MAX, .error_ppm = UINT64_MAX };
	ma = r->a_ns = mean_of(a->p50, a->nr, &va);
	mb = r->b_ns = mean_of(b->p50, b->nr, &vb);
	if (!a->nr || !b->nr || ma <= 0 || mb <= 0)
		return;
	ratio = mb / ma;
	r->ratio_ppm = (uint64_t)(ratio * 1e6 + 0.5);
	if (a->nr < 2 || b->nr < 2 || half_a >= ma)
		return;
	rel_a = va / (ma * ma);
	rel_b = vb / (mb * mb);
	if (rel_a + rel_b > 0)
		freedom =
			(rel_a + rel_b) * (rel_a + rel_b) / (rel_a * rel_a / (a->nr - 1) + rel_b * rel_b / (b->nr - 1));
	else
		freedom = a->nr + b->nr - 2;
	error = student((unsigned int)freedom) * ratio * root(rel_a + rel_b);
	error += (mb + half_b) / (ma - half_a) - ratio;
	r->error_ppm = (uint64_t)(error * 1e6 + 0.5);
	r->differs = ratio > 1 ? ratio - error > 1 + rounding : ratio + error < 1 - rounding;
}

static uint32_t hash_key(const char *key)
{
	uint64_t h = 0;

	while (*key)
		h = hash_u64(h ^ (unsigned char)*key++);
	return (uint32_t)h;
}

static const struct bench_saved_row *partner(const struct bench_saved *s, const struct hash *by_key, const char *key)
{
	uint32_t at, i, h = hash_key(key);

	for (i = hash_first(by_key, h, &at); i != HASH_END; i = hash_next(by_key, h, &at))
		if (!strcmp(s->rows[i].key, key))
			return &s->rows[i];
	return NULL;
}

static const char *verdict(const struct bench_ratio *r)
{
	if (r->error_ppm == UINT64_MAX)
		return "unknown: needs at least 2 repetitions each";
	if (!r->differs)
		return "no difference shown";
	return r->ratio_ppm > 1000000 ? "slower" : "faster";
}

static int check_same(const struct bench_saved *a, const struct bench_saved *b, struct err *err)
{
	static const struct {
		const char *what;
		size_t offset;
	} same[] = {
		{ "number of senders", offsetof(struct bench_saved, nr_senders) },
		{ "pace", offsetof(struct bench_saved, pace_ns) },
		{ "handler time", offsetof(struct bench_saved, handler_ns) },
		{ "time with interrupts off", offsetof(struct bench_saved, irqs_off_ns) },
	};

	if (strcmp(a->backend, b->backend)) {
		err_set(err, EXIT_FAILED, "not comparable: one was measured by %s, the other by %s", a->backend,
			b->backend);
		return err_hint(err, "measure both in the same way");
	}
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (*(const uint64_t *)((const char *)a + same[i].offset) !=
		    *(const uint64_t *)((const char *)b + same[i].offset)) {
			err_set(err, EXIT_FAILED, "not comparable: the %s differs", same[i].what);
			return err_hint(err, "measure both with the same options");
		}
	return 0;
}

struct pair {
	const struct bench_saved_row *a, *b;
	struct bench_ratio ratio;
};

static void ppm_text(uint64_t ppm, char **text)
{
	if (ppm == UINT64_MAX)
		*text = xstrdup("unknown");
	else
		*text = xasprintf("%" PRIu64 ".%03" PRIu64, (ppm + 500) / 1000000, (ppm + 500) % 1000000 / 1000);
}

static void print(const struct pair *p, unsigned int nr, FILE *out)
{
	static const struct grid_column cols[] = {
		GRID_LEFT("MODE"), GRID_LEFT("MEASURED"), GRID_RIGHT("A p50 ns"), GRID_RIGHT("B p50 ns"),
		GRID_RIGHT("B/A"), GRID_RIGHT("+-"),	  GRID_LEFT("VERDICT"),
	};
	char **c = xcalloc((size_t)nr * ARRAY_SIZE(cols), sizeof(*c));

	for (unsigned int i = 0; i < nr; i++) {
		char **cell = c + i * ARRAY_SIZE(cols);

		cell[0] = xstrdup(p[i].a->key);
		cell[1] = xstrdup(p[i].a->measured);
		cell[2] = isnan(p[i].ratio.a_ns) ? xstrdup("unknown") : xasprintf("%.0f", p[i].ratio.a_ns);
		cell[3] = isnan(p[i].ratio.b_ns) ? xstrdup("unknown") : xasprintf("%.0f", p[i].ratio.b_ns);
		ppm_text(p[i].ratio.ratio_ppm, &cell[4]);
		ppm_text(p[i].ratio.error_ppm, &cell[5]);
		cell[6] = xstrdup(verdict(&p[i].ratio));
	}
	render_grid(&(struct grid){ cols, ARRAY_SIZE(cols), c, nr, NULL }, &(struct screen){ 0 }, out);
	for (size_t i = 0; i < nr * ARRAY_SIZE(cols); i++)
		free(c[i]);
	free(c);
	fprintf(out, "\nB/A: ratio of the mean of the repetitions' medians; +- its 95 %% interval "
		     "(delta method, Student's t with Welch's degrees of freedom, and the step of the clock)\n");
}

static void json_ppm(struct json *j, const char *key, uint64_t ppm)
{
	if (ppm == UINT64_MAX)
		json_null(j, key);
	else
		json_u64(j, key, ppm);
}

static void write_json(const struct pair *p, unsigned int nr, FILE *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_string(&j, "schema", "ipitrace-bench-compare/1");
	json_array(&j, "rows");
	for (unsigned int i = 0; i < nr; i++) {
		json_object(&j, NULL);
		json_string(&j, "mode", p[i].a->mode);
		json_string(&j, "key", p[i].a->key);
		json_string(&j, "measured", p[i].a->measured);
		json_u64(&j, "a_p50_ns", p[i].a->p50);
		json_u64(&j, "b_p50_ns", p[i].b->p50);
		json_real(&j, "a_median_ns", p[i].ratio.a_ns);
		json_real(&j, "b_median_ns", p[i].ratio.b_ns);
		json_ppm(&j, "ratio_ppm", p[i].ratio.ratio_ppm);
		json_ppm(&j, "error_ppm", p[i].ratio.error_ppm);
		json_bool(&j, "differs", p[i].ratio.differs);
		json_close(&j);
	}
	json_close(&j);
	json_close(&j);
}

int bench_compare(const struct bench_saved *a, const struct bench_saved *b, bool json, FILE *out, struct err *err)
{
	struct pair *pairs;
	struct hash by_key = { 0 };
	unsigned int nr = 0;
	int ret = 0;

	if (check_same(a, b, err))
		return -1;
	for (unsigned int i = 0; i < b->nr_rows; i++)
		hash_add(&by_key, hash_key(b->rows[i].key), i);
	pairs = xcalloc(a->nr_rows + 1, sizeof(*pairs));
	for (unsigned int i = 0; i < a->nr_rows; i++) {
		const struct bench_saved_row *ra = &a->rows[i], *rb = partner(b, &by_key, ra->key);

		if (!rb || !ra->count || !rb->count || strcmp(ra->measured, rb->measured))
			continue;
		pairs[nr].a = ra;
		pairs[nr].b = rb;
		bench_ratio(&(struct bench_medians){ ra->rep_p50, ra->nr_reps, ra->step },
			    &(struct bench_medians){ rb->rep_p50, rb->nr_reps, rb->step }, &pairs[nr].ratio);
		nr++;
	}
	if (!nr) {
		err_set(err, EXIT_FAILED, "the two results have no measurement in common");
		ret = err_hint(err, "measure both with the same --modes and --targets");
	} else if (json)
		write_json(pairs, nr, out);
	else
		print(pairs, nr, out);
	free(pairs);
	hash_free(&by_key);
	return ret;
}
