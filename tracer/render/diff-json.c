// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/diff-json.c - the JSON contract "ipitrace-diff/1".
 *
 * Times are integers in ns; rates and ratios are not. What does not exist is
 * null, never zero.
 */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/json.h"
#include "render/diff.h"
#include "report/columns.h"

static void number(struct json *j, const char *key, enum diff_metric m, bool there, double val)
{
	if (!there)
		json_null(j, key);
	else if (diff_is_rate(m))
		json_real(j, key, val);
	else
		json_u64(j, key, (uint64_t)val);
}

static void maybe_real(struct json *j, const char *key, bool there, double val)
{
	if (there)
		json_real(j, key, val);
	else
		json_null(j, key);
}

static void values(struct json *j, const struct diff *d, const struct diff_row *row)
{
	char key[48];

	for (unsigned int m = 0; m < DIFF_NR_METRICS; m++) {
		const struct diff_value *v = &row->values[m];

		snprintf(key, sizeof(key), "%s%s", diff_metrics[m].json,
			 !diff_is_rate(m) ? "" :
			 d->per_unit	  ? "_per_unit" :
					    "_per_s");
		if (!v->has_a && !v->has_b) {
			json_null(j, key);
			continue;
		}
		json_object(j, key);
		number(j, "a", m, v->has_a, v->a);
		number(j, "b", m, v->has_b, v->b);
		maybe_real(j, "ratio", v->has_ratio, v->ratio);
		maybe_real(j, "low", v->interval.known, v->interval.low);
		maybe_real(j, "high", v->interval.known && v->interval.bounded, v->interval.high);
		json_bool(j, "significant", v->significant);
		json_bool(j, "tested", v->tested);
		maybe_real(j, "p", v->tested, v->p);
		json_close(j);
	}
}

static void keys(struct json *j, const struct diff *d, const struct diff_row *row)
{
	const struct diff_run *first = &d->a.runs[0];
	bool seen[AGG_NR_KEYS] = { 0 };

	for (unsigned int i = 0; i < first->nr_by; i++) {
		enum agg_key key = first->by[i];
		const char *text = row->line->values[key];

		seen[key] = true;
		if (text && column_of_key(key)->unit == UNIT_ID)
			json_u64(j, report_key_name(key), strtoull(text, NULL, 10));
		else
			json_string(j, report_key_name(key), text);
	}
	/* They are there whatever the rows are by. */
	if (!seen[AGG_KEY_CALLER])
		json_null(j, "caller");
	if (!seen[AGG_KEY_FUNC])
		json_null(j, "func");
	if (!seen[AGG_KEY_CLASS])
		json_string(j, "class", row->class);
}

static void window(struct json *j, const struct diff_run *r)
{
	if (!r->windowed) {
		json_null(j, "window");
		return;
	}
	json_object(j, "window");
	/* Reports that were merged have windows here and there. */
	if (r->to_ns) {
		json_u64(j, "from_ns", r->from_ns);
		json_u64(j, "to_ns", r->to_ns);
	} else {
		json_null(j, "from_ns");
		json_null(j, "to_ns");
	}
	json_u64(j, "duration_ns", r->duration_ns);
	json_close(j);
}

static void side(struct json *j, const char *key, const struct diff_side *s)
{
	json_object(j, key);
	json_array(j, "runs");
	for (unsigned int i = 0; i < s->nr; i++) {
		const struct diff_run *r = &s->runs[i];

		json_object(j, NULL);
		json_string(j, "file", r->path);
		json_string(j, "kind", r->recording ? "recording" : "report");
		json_string(j, "kernel", r->kernel);
		json_string(j, "tier", r->tier);
		json_string(j, "clock", r->clock);
		json_string(j, "filters", r->filters);
		if (r->clock_ns)
			json_u64(j, "duration_ns", r->whole_ns);
		else
			json_null(j, "duration_ns");
		window(j, r);
		json_bool(j, "incomplete", r->incomplete);
		json_u64(j, "slices", r->nr_slices);
		json_close(j);
	}
	json_close(j);
	maybe_real(j, "units", s->units > 0, s->units);
	json_close(j);
}

static void limits(struct json *j, const struct diff *d)
{
	json_array(j, "fail_on");
	for (unsigned int i = 0; i < d->nr_limits; i++) {
		json_object(j, NULL);
		json_string(j, "limit", d->limits[i].text);
		json_bool(j, "judged", d->limits[i].judged);
		json_bool(j, "tripped", d->limits[i].tripped);
		json_bool(j, "by_totals", d->limits[i].by_totals);
		json_u64(j, "rows", d->limits[i].nr_rows);
		json_close(j);
	}
	json_close(j);
}

void render_diff_json(const struct diff *d, const struct render_diff_options *o, FILE *out)
{
	static const char *const observed[] = {
		[DIFF_NOTHING] = "nothing",
		[DIFF_SLICES] = "slices",
		[DIFF_RUNS] = "runs",
	};
	const struct diff_run *first = &d->a.runs[0];
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_string(&j, "schema", "ipitrace-diff/1");
	json_string(&j, "verdict", d->undecided ? "not_decided" : d->changed ? "changed" : "no_significant_change");
	json_string(&j, "reason", d->undecided);
	json_string(&j, "observed", observed[d->observed]);
	json_real(&j, "error", DIFF_ERROR);
	json_real(&j, "confidence", DIFF_CONFIDENCE);
	json_real(&j, "margin", d->margin);
	maybe_real(&j, "could_show", d->could_show > 0, d->could_show);
	json_u64(&j, "tested", d->nr_tested);
	json_string(&j, "forced", o->forced);
	side(&j, "a", &d->a);
	side(&j, "b", &d->b);
	json_array(&j, "by");
	for (unsigned int i = 0; i < first->nr_by; i++)
		json_string(&j, NULL, report_key_name(first->by[i]));
	json_close(&j);
	limits(&j, d);
	json_object(&j, "totals");
	values(&j, d, &d->totals);
	json_close(&j);
	json_array(&j, "rows");
	for (unsigned int i = 0; i < d->nr_rows; i++) {
		const struct diff_row *row = &d->rows[i];

		json_object(&j, NULL);
		keys(&j, d, row);
		json_string(&j, "status", !row->in_a ? "new" : !row->in_b ? "vanished" : "both");
		values(&j, d, row);
		json_close(&j);
	}
	json_close(&j);
	json_close(&j);
}
