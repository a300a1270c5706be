// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/hist.c - one distribution of each row: for people by powers of two, in CSV every bucket.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/hist.h"
#include "base/text.h"
#include "render/render.h"
#include "render/parts-priv.h"
#include "render/value.h"

#define BAR_USUAL 40 /* cells, where the screen has no width */
#define BAR_LEAST 10
#define BAR_LEFT  35 /* cells in front of a bar */

static int hist_begin(struct render *r, struct err *err)
{
	(void)err;
	render_text_head(r);
	fprintf(r->out, "%.*s, by powers of two:\n", (int)strcspn(r->options->hist->help, ","), r->options->hist->help);
	return 0;
}

/* Number of the power of two that a value is in; 0 is in the first with 1. */
static unsigned int power(uint64_t v)
{
	return v ? 63 ^ (unsigned int)__builtin_clzll(v) : 0;
}

/* Never nothing for something. */
static void bar(uint64_t n, uint64_t max, unsigned int width, FILE *out)
{
	unsigned int len = (unsigned int)((double)n / (double)max * width + 0.5);

	if (n && !len)
		fputc('.', out);
	for (unsigned int i = 0; i < len; i++)
		fputc('#', out);
}

static void bars(const struct screen *s, const struct hist *h, FILE *out)
{
	uint64_t sums[64] = { 0 }, low_ns, count, max = 0;
	unsigned int first = 63, last = 0, width = BAR_USUAL;
	char from[RENDER_TIME_LEN], to[RENDER_TIME_LEN];
	uint32_t at = 0;

	if (s->width)
		width = s->width > BAR_LEFT + BAR_LEAST ? s->width - BAR_LEFT : BAR_LEAST;
	while (hist_next(h, &at, &low_ns, &count)) {
		unsigned int p = power(low_ns);

		sums[p] += count;
		max = sums[p] > max ? sums[p] : max;
		first = p < first ? p : first;
		last = p > last ? p : last;
	}
	for (unsigned int p = first; p <= last; p++) {
		render_time(p ? 1ULL << p : 0, s->utf8, from);
		render_time(p < 63 ? 2ULL << p : UINT64_MAX, s->utf8, to);
		fprintf(out, "  %*s%s ..%*s%s %11" PRIu64 " |", (int)(8 - screen_cells(from)), "", from,
			(int)(8 - screen_cells(to)), "", to, sums[p]);
		bar(sums[p], max, width, out);
		fputc('\n', out);
	}
}

void render_hist_bars(const struct screen *s, const struct hist *h, FILE *out)
{
	char p50[RENDER_TIME_LEN], p99[RENDER_TIME_LEN], max[RENDER_TIME_LEN];

	if (!h->count) {
		fputs("  no samples\n", out);
		return;
	}
	render_time(hist_percentile(h, 0.5), s->utf8, p50);
	render_time(hist_percentile(h, 0.99), s->utf8, p99);
	render_time(h->max, s->utf8, max);
	fprintf(out, "  %" PRIu64 " sample%s, p50 %s, p99 %s, max %s\n", h->count, plural_s(h->count), p50, p99, max);
	bars(s, h, out);
}

static int hist_row(struct render *r, const struct report_row *row, struct err *err)
{
	const struct screen *s = &r->options->screen;
	char *label = render_label(r, row, s->width);

	(void)err;
	fprintf(r->out, "\n%s\n", label);
	free(label);
	render_hist_bars(s, column_hist(r->options->hist, row), r->out);
	return 0;
}

static int hist_end(struct render *r, struct err *err)
{
	(void)err;
	render_text_foot(r);
	return 0;
}

const struct render_ops render_hist = {
	.usual_columns = true,
	.begin = hist_begin,
	.row = hist_row,
	.end = hist_end,
	.lost_events = render_text_lost_events,
};

static int csv_begin(struct render *r, struct err *err)
{
	(void)err;
	render_csv_keys(r, NULL);
	fputs("low_ns,count\n", r->out);
	render_lost_events(r);
	return 0;
}

static int csv_row(struct render *r, const struct report_row *row, struct err *err)
{
	const struct hist *h = column_hist(r->options->hist, row);
	uint64_t low_ns, count;
	uint32_t at = 0;

	(void)err;
	while (hist_next(h, &at, &low_ns, &count)) {
		render_csv_keys(r, row);
		fprintf(r->out, "%" PRIu64 ",%" PRIu64 "\n", low_ns, count);
	}
	return 0;
}

const struct render_ops render_hist_csv = {
	.begin = csv_begin,
	.row = csv_row,
	.end = render_csv_end,
	.lost_events = render_csv_lost_events,
};
