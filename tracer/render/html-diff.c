// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/html-diff.c - a comparison as a page of HTML: its JSON, and what is only to be looked at.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "render/diff.h"
#include "render/html-priv.h"

#define MAX_DIST_ROWS 200u /* rows that have distributions */

struct diff_page {
	const struct diff *diff;
	const struct render_diff_options *options;
	const char *version;
};

static void metrics(struct json *j, const struct diff *d)
{
	static const char *const kinds[] = { [DIFF_COUNT] = "count", [DIFF_SUM] = "sum", [DIFF_TIME] = "time" };

	json_array(j, "metrics");
	for (unsigned int m = 0; m < DIFF_NR_METRICS; m++) {
		const struct diff_metric_info *info = &diff_metrics[m];
		char key[48];

		snprintf(key, sizeof(key), "%s%s", info->json,
			 !diff_is_rate(m) ? "" :
			 d->per_unit	  ? "_per_unit" :
					    "_per_s");
		json_object(j, NULL);
		json_string(j, "key", key);
		json_string(j, "name", info->name);
		json_string(j, "help", info->help);
		json_string(j, "kind", kinds[info->kind]);
		json_close(j);
	}
	json_close(j);
}

/* Of all runs of a side. */
static void side(struct json *j, const char *key, const struct diff_side *s, const struct diff_line *line)
{
	struct diff_cell sum = { 0 };

	for (unsigned int i = 0; i < s->nr; i++) {
		const struct diff_line *of = diff_run_find(&s->runs[i], line->values);

		for (unsigned int k = 0; of && k < s->runs[i].nr_slices; k++)
			diff_cell_add(&sum, &of->cells[k]);
	}
	json_object(j, key);
	html_hist(j, "delivery", &sum.delivery);
	html_hist(j, "handler", &sum.handler);
	json_close(j);
	hist_free(&sum.delivery);
	hist_free(&sum.handler);
}

static void distributions(struct json *j, const struct diff *d)
{
	json_array(j, "distributions");
	for (unsigned int i = 0; i < d->nr_rows && i < MAX_DIST_ROWS; i++) {
		json_object(j, NULL);
		side(j, "a", &d->a, d->rows[i].line);
		side(j, "b", &d->b, d->rows[i].line);
		json_close(j);
	}
	json_close(j);
}

static int diff_data(void *ctx, FILE *out, struct err *err)
{
	const struct diff_page *p = ctx;
	struct json j = { .out = out, .compact = true };
	char *caveat = render_diff_caveat(p->diff);

	(void)err;
	fputs("{\"diff\":", out);
	render_diff_json(p->diff, p->options, out);
	fputs(",\"page\":", out);
	json_object(&j, NULL);
	json_string(&j, "schema", "ipitrace-diff-page/1");
	json_string(&j, "version", p->version);
	json_string(&j, "caveat", caveat);
	free(caveat);
	metrics(&j, p->diff);
	distributions(&j, p->diff);
	json_close(&j);
	fputs("}\n", out);
	return 0;
}

int render_diff_html(const struct diff *d, const struct render_diff_options *o, const char *version, FILE *out,
		     struct err *err)
{
	struct diff_page p = { d, o, version };

	return html_write(diff_data, NULL, &p, out, err);
}
