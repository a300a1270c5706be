// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/render.c - what all formats have in common: the order of their operations, and the table of columns.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/event.h"
#include "base/opts.h"
#include "render/render.h"

void render_lost_events(struct render *r)
{
	const struct trace_info *t = r->report->trace;

	r->ops->lost_events(r, t->lost_unknown ? IPI_LOST_UNKNOWN : t->lost_events);
	r->lost_told = true;
}

int render_report(const struct render_ops *ops, const struct report *report, const struct render_options *options,
		  FILE *out, struct err *err)
{
	struct render r = { .ops = ops, .report = report, .options = options, .nr_rows = report->nr_rows, .out = out };
	int ret;

	if (options->top && options->top < r.nr_rows)
		r.nr_rows = options->top;
	if (options->head_only)
		r.nr_rows = 0;
	ret = ops->begin(&r, err);
	for (unsigned int i = 0; !ret && i < r.nr_rows; i++)
		ret = ops->row(&r, &report->rows[i], err);
	if (!ret)
		ret = ops->end(&r, err);
	free(r.state);
	if (!ret && !r.lost_told)
		return err_set(err, EXIT_FAILED, "this format does not tell of lost events: a bug in ipitrace");
	return ret;
}

void render_columns(FILE *out)
{
	char json[64], left[128];

	help_wrapped(out, "", 0, 0,
		     "Columns for --fields and --sort. CSV has the same names, with _ns behind those in ns.");
	fputc('\n', out);
	fprintf(out, "%-17s %-17s %-23s %-7s %s\n", "NAME", "HEADER", "JSON", "UNIT", "MEANING");
	for (unsigned int i = 0; i < report_nr_columns; i++) {
		const struct column *c = &report_columns[i];

		snprintf(json, sizeof(json), "%s%s%s", c->object ? c->object : "", c->object ? "." : "", c->json);
		snprintf(left, sizeof(left), "%-16s  %-16s  %-22s  %s", c->id, c->header, json,
			 column_unit_name(c->unit));
		help_wrapped(out, left, 68, 0, c->help);
	}
}
