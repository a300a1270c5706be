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
#include "base/text.h"
#include "bench/compare.h"
#include "render/grid.h"

#define MAX_ONLY 8u /* named in text */

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

/* UINT64_MAX where it is too great to be one. */
static uint64_t to_ppm(double x)
{
	return x < 1e12 ? (uint64_t)(x * 1e6 + 0.5) : UINT64_MAX;
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
	r->ratio_ppm = to_ppm(ratio);
	if (r->ratio_ppm == UINT64_MAX || a->nr < 2 || b->nr < 2 || half_a >= ma)
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
	r->error_ppm = to_ppm(error);
	r->differs = r->error_ppm == UINT64_MAX ? false :
		     ratio > 1			? ratio - error > 1 + rounding :
						  ratio + error < 1 - rounding;
}

static uint32_t hash_key(const char *key)
{
	uint64_t h = 0;

	while (*key)
		h = hash_u64(h ^ (unsigned char)*key++);
	return (uint32_t)h;
}

static void index_rows(const struct bench_saved *s, struct hash *by_key)
{
	for (unsigned int i = 0; i < s->nr_rows; i++)
		if (s->rows[i].count)
			hash_add(by_key, hash_key(s->rows[i].key), i);
}

/* The same measurement, of the same time. */
static const struct bench_saved_row *partner(const struct bench_saved *s, const struct hash *by_key,
					     const struct bench_saved_row *of)
{
	uint32_t at, i, h = hash_key(of->key);

	for (i = hash_first(by_key, h, &at); i != HASH_END; i = hash_next(by_key, h, &at))
		if (!strcmp(s->rows[i].key, of->key) && !strcmp(s->rows[i].measured, of->measured))
			return &s->rows[i];
	return NULL;
}

struct pair {
	const struct bench_saved_row *a, *b;
	struct bench_ratio ratio;
};

struct comparison {
	struct pair *pairs;
	unsigned int nr;
	const struct bench_saved_row **only[2]; /* that the other does not have: of A, of B */
	unsigned int nr_only[2];
};

static const char *verdict(const struct pair *p)
{
	const struct bench_ratio *r = &p->ratio;

	if (r->error_ppm == UINT64_MAX)
		return p->a->nr_reps < 2 || p->b->nr_reps < 2 ?
			       "unknown: needs the medians of at least 2 repetitions each" :
			       "unknown: the medians are too coarse, or too far apart";
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

static void ppm_text(uint64_t ppm, char **text)
{
	if (ppm == UINT64_MAX)
		*text = xstrdup("unknown");
	else
		*text = xasprintf("%" PRIu64 ".%03" PRIu64, (ppm + 500) / 1000000, (ppm + 500) % 1000000 / 1000);
}

static void table(const struct comparison *c, const struct screen *screen, FILE *out)
{
	static const struct grid_column cols[] = {
		{ .header = "MODE", .name = true },
		{ .header = "MEASURED", .drop = 1 },
		GRID_RIGHT("A MEDIAN ns"),
		GRID_RIGHT("B MEDIAN ns"),
		GRID_RIGHT("B/A"),
		GRID_RIGHT("+-"),
		GRID_LEFT("VERDICT"),
	};
	char **cells = xcalloc((size_t)c->nr * ARRAY_SIZE(cols), sizeof(*cells));

	for (unsigned int i = 0; i < c->nr; i++) {
		const struct pair *p = &c->pairs[i];
		char **cell = cells + i * ARRAY_SIZE(cols);

		cell[0] = xstrdup(p->a->key);
		cell[1] = xstrdup(p->a->measured);
		cell[2] = isnan(p->ratio.a_ns) ? xstrdup("unknown") : xasprintf("%.0f", p->ratio.a_ns);
		cell[3] = isnan(p->ratio.b_ns) ? xstrdup("unknown") : xasprintf("%.0f", p->ratio.b_ns);
		ppm_text(p->ratio.ratio_ppm, &cell[4]);
		ppm_text(p->ratio.error_ppm, &cell[5]);
		cell[6] = xstrdup(verdict(p));
	}
	grid_say_dropped(render_grid(&(struct grid){ cols, ARRAY_SIZE(cols), cells, c->nr, NULL }, screen, out),
			 "--json has them", out);
	grid_free_cells(cells, c->nr * ARRAY_SIZE(cols));
}

/* What was measured once, or of another time, is in no row. */
static void put_only(const struct comparison *c, FILE *out)
{
	for (int k = 0; k < 2; k++) {
		if (c->nr_only[k])
			fprintf(out, "only in %c, so not compared: ", "AB"[k]);
		for (unsigned int i = 0; i < c->nr_only[k] && i < MAX_ONLY; i++)
			fprintf(out, "%s%s (%s)", i ? ", " : "", c->only[k][i]->key, c->only[k][i]->measured);
		if (c->nr_only[k] > MAX_ONLY)
			fprintf(out, " and %u more (--json has them)", c->nr_only[k] - MAX_ONLY);
		if (c->nr_only[k])
			fputc('\n', out);
	}
}

static void print(const struct comparison *c, const struct screen *screen, FILE *out)
{
	struct screen_wrapped w;
	FILE *lines;

	table(c, screen, out);
	fputc('\n', out);
	lines = screen_wrapped_begin(&w, out);
	put_only(c, lines);
	fputs("B/A: ratio of the mean of the repetitions' medians; +- its 95 % interval "
	      "(delta method, Student's t with Welch's degrees of freedom, and the step of the clock)\n",
	      lines);
	screen_wrapped_end(&w, screen, out);
}

static void json_ppm(struct json *j, const char *key, uint64_t ppm)
{
	if (ppm == UINT64_MAX)
		json_null(j, key);
	else
		json_u64(j, key, ppm);
}

static void json_pair(struct json *j, const struct pair *p)
{
	json_object(j, NULL);
	json_string(j, "mode", p->a->mode);
	json_string(j, "key", p->a->key);
	json_string(j, "measured", p->a->measured);
	json_u64(j, "a_p50_ns", p->a->p50);
	json_u64(j, "b_p50_ns", p->b->p50);
	json_real(j, "a_median_ns", p->ratio.a_ns);
	json_real(j, "b_median_ns", p->ratio.b_ns);
	json_ppm(j, "ratio_ppm", p->ratio.ratio_ppm);
	json_ppm(j, "error_ppm", p->ratio.error_ppm);
	json_bool(j, "differs", p->ratio.differs);
	json_close(j);
}

static void write_json(const struct comparison *c, FILE *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_string(&j, "schema", "ipitrace-bench-compare/1");
	json_array(&j, "rows");
	for (unsigned int i = 0; i < c->nr; i++)
		json_pair(&j, &c->pairs[i]);
	json_close(&j);
	for (int k = 0; k < 2; k++) {
		json_array(&j, k ? "only_b" : "only_a");
		for (unsigned int i = 0; i < c->nr_only[k]; i++) {
			json_object(&j, NULL);
			json_string(&j, "key", c->only[k][i]->key);
			json_string(&j, "measured", c->only[k][i]->measured);
			json_close(&j);
		}
		json_close(&j);
	}
	json_close(&j);
}

/* Rows of s that the other has, with the ratio if s is A; those that it has not. */
static void find_pairs(const struct bench_saved *s, const struct bench_saved *other, int k, struct comparison *c)
{
	struct hash by_key = { 0 };

	index_rows(other, &by_key);
	c->only[k] = xcalloc(s->nr_rows + 1, sizeof(*c->only[k]));
	for (unsigned int i = 0; i < s->nr_rows; i++) {
		const struct bench_saved_row *row = &s->rows[i], *b = partner(other, &by_key, row);
		struct pair *p = &c->pairs[c->nr];

		if (!row->count)
			continue;
		if (!b)
			c->only[k][c->nr_only[k]++] = row;
		if (!b || k)
			continue;
		p->a = row;
		p->b = b;
		bench_ratio(&(struct bench_medians){ row->rep_p50, row->nr_reps, row->step },
			    &(struct bench_medians){ b->rep_p50, b->nr_reps, b->step }, &p->ratio);
		c->nr++;
	}
	hash_free(&by_key);
}

int bench_compare(const struct bench_saved *a, const struct bench_saved *b, bool json, const struct screen *screen,
		  FILE *out, struct err *err)
{
	struct comparison c = { 0 };
	int ret = 0;

	if (check_same(a, b, err))
		return -1;
	c.pairs = xcalloc(a->nr_rows + 1, sizeof(*c.pairs));
	find_pairs(a, b, 0, &c);
	find_pairs(b, a, 1, &c);
	if (!c.nr) {
		err_set(err, EXIT_FAILED, "the two results have no measurement in common");
		ret = err_hint(err, "measure both with the same --modes and --targets");
	} else if (json) {
		write_json(&c, out);
	} else {
		print(&c, screen, out);
	}
	free(c.pairs);
	free(c.only[0]);
	free(c.only[1]);
	return ret;
}
