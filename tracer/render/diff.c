// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/diff.c - a comparison for people: the verdict first, then what changed, then how that is known.
 *
 * A row is a heading and a line for each of its values, so that it fits 80 columns.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "render/diff.h"
#include "render/value.h"

void render_diff_metric(enum diff_metric m, bool per_unit, char *buf)
{
	snprintf(buf, RENDER_DIFF_NAME, "%s%s", diff_metrics[m].name,
		 !diff_is_rate(m) ? "" :
		 per_unit	  ? "/unit" :
				    "/s");
}

/* --- cells --- */

#define CELL_LEN 32

static void rate(double v, char *buf)
{
	/* Four digits that count; all of those in front of the point. */
	if (v > 0 && v < 0.0995)
		snprintf(buf, CELL_LEN, "%.3g", v);
	else
		snprintf(buf, CELL_LEN, "%.*f", v >= 999.5 || v == 0 ? 0 : v >= 99.95 ? 1 : v >= 9.995 ? 2 : 3, v);
}

static void amount(enum diff_metric m, bool there, double v, bool utf8, char *buf)
{
	if (!there)
		snprintf(buf, CELL_LEN, "-");
	else if (diff_metrics[m].kind == DIFF_COUNT)
		rate(v, buf);
	else
		render_time((uint64_t)(v + 0.5), utf8, buf);
}

/* "+12.3%", "-8%", "x14.2": of a ratio. */
static void change(double ratio, char *buf)
{
	double percent = (ratio - 1) * 100;

	if (ratio >= 10)
		snprintf(buf, CELL_LEN, "x%.*f", ratio < 100 ? 1 : 0, ratio);
	else if (fabs(percent) < 0.05)
		snprintf(buf, CELL_LEN, "0%%");
	else
		snprintf(buf, CELL_LEN, "%+.*f%%", fabs(percent) < 99.95 ? 1 : 0, percent);
}

static void interval(const struct stats_interval *i, char *buf, size_t len)
{
	char low[CELL_LEN], high[CELL_LEN];

	buf[0] = '\0';
	if (!i->known)
		return;
	change(i->low, low);
	change(i->high, high);
	snprintf(buf, len, "%s .. %s", low, i->bounded ? high : "?");
}

/* --- rows --- */

static void value_line(const struct diff *d, const struct render_diff_options *o, const struct diff_row *row,
		       enum diff_metric m, FILE *out)
{
	const struct diff_value *v = &row->values[m];
	char name[RENDER_DIFF_NAME], a[CELL_LEN], b[CELL_LEN], ratio[CELL_LEN] = "", range[2 * CELL_LEN + 8];

	render_diff_metric(m, d->per_unit, name);
	amount(m, v->has_a, v->a, o->screen.utf8, a);
	amount(m, v->has_b, v->b, o->screen.utf8, b);
	if (v->has_ratio)
		change(v->ratio, ratio);
	else if (v->has_a && v->b > 0)
		snprintf(ratio, sizeof(ratio), "new");
	interval(&v->interval, range, sizeof(range));
	if (v->significant)
		screen_begin(&o->screen, STYLE_BAD, out);
	/* A micro sign takes two bytes of one cell. */
	fprintf(out, "%s %-16s%*s%*s%9s  %s", v->significant ? "*" : " ", name, 11 + (int)(strlen(a) - screen_cells(a)),
		a, 11 + (int)(strlen(b) - screen_cells(b)), b, ratio, range);
	if (v->significant)
		screen_end(&o->screen, out);
	fputc('\n', out);
}

static void row_values(const struct diff *d, const struct render_diff_options *o, const struct diff_row *row, FILE *out)
{
	for (unsigned int m = 0; m < DIFF_NR_METRICS; m++) {
		const struct diff_value *v = &row->values[m];

		/* Zero on both sides is nothing to look at. */
		if ((v->has_a && v->a > 0) || (v->has_b && v->b > 0))
			value_line(d, o, row, m, out);
	}
}

/* What a number is of. */
static const char *what_number(enum agg_key key)
{
	switch (key) {
	case AGG_KEY_SOURCE:
	case AGG_KEY_TARGET:
		return "CPU ";
	case AGG_KEY_DEPTH:
		return "depth ";
	default:
		return "";
	}
}

static char *line_name(const struct diff *d, const struct diff_line *line, const char *class)
{
	const struct diff_run *first = &d->a.runs[0];
	char *text = xstrdup(""), *longer;
	bool class_is_key = false;

	for (unsigned int i = 0; i < first->nr_by; i++) {
		const char *value = line->values[first->by[i]];

		class_is_key |= first->by[i] == AGG_KEY_CLASS;
		longer = xasprintf("%s%s%s%s", text, i ? " > " : "", what_number(first->by[i]), value ? value : "-");
		free(text);
		text = longer;
	}
	if (!class || class_is_key)
		return text;
	longer = xasprintf("%s (%s)", text, class);
	free(text);
	return longer;
}

static void heading(const struct diff *d, const struct render_diff_options *o, const struct diff_row *row, FILE *out)
{
	const char *status = !row->in_a ? "  new" : !row->in_b ? "  vanished" : "";
	char *name = line_name(d, row->line, row->class), *full = xasprintf("%s%s", name, status);

	fputc('\n', out);
	screen_wrap(&o->screen, full, out);
	free(full);
	free(name);
}

static bool row_changed(const struct diff_row *row)
{
	for (unsigned int m = 0; m < DIFF_NR_METRICS; m++)
		if (row->values[m].significant)
			return true;
	return false;
}

static void rows(const struct diff *d, const struct render_diff_options *o, FILE *out)
{
	unsigned int may = o->all ? d->nr_rows : d->nr_changed, unchanged = d->nr_rows - d->nr_changed, is_new = 0,
		     gone = 0;

	if (o->top && o->top < may)
		may = o->top;
	for (unsigned int i = 0; i < may; i++) {
		heading(d, o, &d->rows[i], out);
		row_values(d, o, &d->rows[i], out);
	}
	for (unsigned int i = 0; i < d->nr_rows; i++) {
		if (row_changed(&d->rows[i]))
			continue;
		is_new += !d->rows[i].in_a;
		gone += !d->rows[i].in_b;
	}
	fputc('\n', out);
	if (may < d->nr_changed)
		fprintf(out, "(%u more row%s changed)\n", d->nr_changed - may, plural_s(d->nr_changed - may));
	if (!o->all && unchanged) {
		char only[64] = "", *text;

		if (is_new || gone)
			snprintf(only, sizeof(only), "; %u only in B, %u only in A", is_new, gone);
		text = xasprintf("(%u %srow%s%s; --all shows %s%s)", unchanged, d->nr_changed ? "more " : "",
				 plural_s(unchanged), d->undecided ? "" : " without a significant change",
				 unchanged == 1 ? "it" : "them", only);
		screen_wrap(&o->screen, text, out);
		free(text);
	}
}

/* --- around them --- */

/* What has words of files in it, and names of these. Freed. */
static void wrap_words(const struct screen *screen, char *text, FILE *out)
{
	char *clean = sanitized(text);

	screen_wrap(screen, clean, out);
	free(clean);
	free(text);
}

static void side_line(const char *name, const struct diff_side *s, const struct screen *screen, FILE *out)
{
	char *text = xasprintf("%s:", name), *longer, time[RENDER_TIME_LEN], whole[RENDER_TIME_LEN];

	for (unsigned int i = 0; i < s->nr; i++) {
		const struct diff_run *r = &s->runs[i];

		if (r->clock_ns)
			render_time(r->duration_ns, screen->utf8, time);
		if (r->windowed)
			render_time(r->whole_ns, screen->utf8, whole);
		longer = xasprintf("%s%s %s (%s%s%s%s%s)", text, i ? "," : "", r->path, r->clock_ns ? time : "",
				   r->windowed ? " of " : "", r->windowed ? whole : "",
				   r->kernel ? (r->clock_ns ? ", " : "") : "", r->kernel ? r->kernel : "");
		free(text);
		text = longer;
	}
	wrap_words(screen, text, out);
}

static void verdict(const struct diff *d, const struct render_diff_options *o, FILE *out)
{
	bool totals = row_changed(&d->totals);

	if (d->changed)
		screen_begin(&o->screen, STYLE_BAD, out);
	if (d->undecided)
		fprintf(out, "NOT DECIDED: %s", d->undecided);
	else if (!d->changed)
		fputs("NO SIGNIFICANT CHANGE", out);
	else if (totals && d->nr_changed)
		fprintf(out, "CHANGED: the totals and %u of %u row%s", d->nr_changed, d->nr_rows, plural_s(d->nr_rows));
	else if (totals)
		fputs("CHANGED: the totals, no single row", out);
	else
		fprintf(out, "CHANGED: %u of %u row%s", d->nr_changed, d->nr_rows, plural_s(d->nr_rows));
	if (d->changed)
		screen_end(&o->screen, out);
	fputc('\n', out);
}

/* That nothing was found may say more of the runs than of what they are runs of. */
char *render_diff_caveat(const struct diff *d)
{
	char above[CELL_LEN], below[CELL_LEN];

	if (d->observed != DIFF_SLICES)
		return NULL;
	if (d->could_show <= 0)
		return xstrdup(
			"with one run a side: these vary so much that no change of the totals' hits would show: of "
			"them the verdict says nothing, only of what else was tested; record three or more of each");
	change(d->could_show, above);
	change(1 / d->could_show, below);
	return xasprintf(
		"with one run a side: of the totals' hits only a change beyond about %s or %s would show; to see less, "
		"record three or more of each",
		above, below);
}

static void could_show(const struct diff *d, const struct render_diff_options *o, FILE *out)
{
	char *text = render_diff_caveat(d);

	if (text)
		screen_wrap(&o->screen, text, out);
	free(text);
}

static void how_known(const struct diff *d, const struct render_diff_options *o, FILE *out)
{
	const struct screen *s = &o->screen;
	char *text;

	if (d->observed == DIFF_RUNS)
		text = xasprintf("observed: %u and %u runs", d->a.nr, d->b.nr);
	else if (d->observed == DIFF_SLICES)
		text = xasprintf(
			"observed: slices of time, %u and %u, of one run a side; they cannot show how runs differ. So only a change "
			"of more than %.3g%% counts (--margin), of a rate only beyond what the other run ever had%s, and of rows "
			"only of those with %g%% of all. Three runs of each tell more (A1 A2 A3 : B1 B2 B3)",
			d->a.runs[0].nr_slices, d->b.runs[0].nr_slices, (d->margin - 1) * 100,
			d->per_unit ? " (not by --per)" : "", DIFF_SHARE * 100);
	else
		text = xstrdup(
			"observed: a single report; give recordings, or several runs of each (A1 A2 A3 : B1 B2 B3)");
	screen_wrap(s, text, out);
	free(text);
	if (d->observed != DIFF_NOTHING) {
		text = xasprintf(
			"*: significant; of all %u values that were tested, rows and totals, there is one in error in at most "
			"%g%% of comparisons (Holm). Intervals are of each value alone, %g%%",
			d->nr_tested, DIFF_ERROR * 100, DIFF_CONFIDENCE * 100);
		screen_wrap(s, text, out);
		free(text);
	}
	text = xasprintf("joined by names without offsets; tier: %s%s%s", d->a.runs[0].tier ? d->a.runs[0].tier : "-",
			 d->a.runs[0].filters ? "; filters: " : "", d->a.runs[0].filters ? d->a.runs[0].filters : "");
	wrap_words(s, text, out);
}

/* By what a limit is exceeded. */
static char *exceeded_by(const struct diff *d, const struct diff_limit *l)
{
	char *name = l->row ? line_name(d, l->row, NULL) : NULL;
	char *text = l->nr_rows ? xasprintf("%s%u row%s%s%s%s", l->by_totals ? "the totals and " : "", l->nr_rows,
					    plural_s(l->nr_rows), name ? " (first: " : "", name ? name : "",
					    name ? ")" : "") :
				  xasprintf("the totals, no single row");

	free(name);
	return text;
}

static void limits(const struct diff *d, const struct render_diff_options *o, FILE *out)
{
	bool tripped = false;

	for (unsigned int i = 0; i < d->nr_limits; i++) {
		const struct diff_limit *l = &d->limits[i];
		char *by = l->tripped ? exceeded_by(d, l) : NULL;
		char *text = !l->judged	 ? xasprintf("limit %s: CANNOT BE JUDGED", l->text) :
			     !l->tripped ? xasprintf("limit %s: not exceeded", l->text) :
					   xasprintf("limit %s: EXCEEDED by %s", l->text, by);

		screen_wrap(&o->screen, text, out);
		free(text);
		free(by);
		tripped |= l->tripped;
	}
	/* They need not agree, and whoever reads both is to know why. */
	if (tripped && !d->changed)
		screen_wrap(&o->screen,
			    "a limit asks of one column and one direction, the verdict of all of them: so what is "
			    "enough for the limit was not for the verdict",
			    out);
}

void render_diff_text(const struct diff *d, const struct render_diff_options *o, FILE *out)
{
	verdict(d, o, out);
	could_show(d, o, out);
	side_line("A", &d->a, &o->screen, out);
	side_line("B", &d->b, &o->screen, out);
	if (o->forced) {
		char *text = xasprintf("forced: %s", o->forced);

		screen_wrap(&o->screen, text, out);
		free(text);
	}
	fprintf(out, "\n  %-16s%11s%11s%9s  %s\n", "", "A", "B", "CHANGE", "95 % INTERVAL");
	fputs("totals\n", out);
	row_values(d, o, &d->totals, out);
	rows(d, o, out);
	limits(d, o, out);
	how_known(d, o, out);
}
