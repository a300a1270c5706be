// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/csv.c - rows as RFC 4180 CSV: integers in ns, empty where nothing exists.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "render/csv.h"
#include "render/parts-priv.h"
#include "render/render.h"

/*
 * A spreadsheet takes a cell that begins so for a formula, and the names of
 * tasks are anybody's: an apostrophe makes it text.
 */
static bool looks_like_formula(const char *text)
{
	return *text && strchr("=+-@", *text);
}

void csv_text(const char *text, bool raw, FILE *out)
{
	const char *mark = !raw && looks_like_formula(text) ? "'" : "";

	if (!text[strcspn(text, ",\"\r\n")]) {
		fprintf(out, "%s%s", mark, text);
		return;
	}
	fprintf(out, "\"%s", mark); /* within the quotation marks, which count at the begin of a cell only */
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static const struct column *column(const struct render *r, unsigned int i)
{
	return r->options->nr_columns ? r->options->columns[i] : &report_columns[i];
}

static unsigned int nr_columns(const struct render *r)
{
	return r->options->nr_columns ? r->options->nr_columns : report_nr_columns;
}

/* The id says what the value is; those in ns say so. */
void render_csv_name(const struct render *r, const struct column *c)
{
	fprintf(r->out, "%s%s", c->id, c->unit == UNIT_NS || c->unit == UNIT_WHEN ? "_ns" : "");
}

static int csv_begin(struct render *r, struct err *err)
{
	(void)err;
	if (r->options->stamps && !r->options->headless)
		fputs("start_ns,end_ns,", r->out);
	for (unsigned int i = 0; i < nr_columns(r) && !r->options->headless; i++) {
		const struct column *c = column(r, i);

		fputs(i ? "," : "", r->out);
		render_csv_name(r, c);
	}
	if (!r->options->headless)
		fputc('\n', r->out);
	render_lost_events(r);
	return 0;
}

void render_csv_cell(const struct render *r, const struct column *c, const struct report_row *row)
{
	struct value v = column_value(c, row);

	if (v.none)
		return;
	if (v.text)
		csv_text(v.text, r->options->raw_text, r->out);
	else
		fprintf(r->out, "%" PRIu64, v.num);
}

static int csv_row(struct render *r, const struct report_row *row, struct err *err)
{
	(void)err;
	if (r->options->stamps)
		fprintf(r->out, "%" PRIu64 ",%" PRIu64 ",", r->report->trace->start_ns, r->report->trace->end_ns);
	for (unsigned int i = 0; i < nr_columns(r); i++) {
		const struct column *c = column(r, i);

		if (i)
			fputc(',', r->out);
		render_csv_cell(r, c, row);
	}
	fputc('\n', r->out);
	return 0;
}

void render_csv_keys(const struct render *r, const struct report_row *row)
{
	for (unsigned int i = 0; i < r->report->nr_by; i++) {
		const struct column *c = column_of_key(r->report->by[i]);

		if (row)
			render_csv_cell(r, c, row);
		else
			fputs(c->id, r->out);
		fputc(',', r->out);
	}
}

int render_csv_end(struct render *r, struct err *err)
{
	(void)r;
	(void)err;
	return 0;
}

/* A table of rows has no place for it: what is on standard error, and the exit status, must do. */
void render_csv_lost_events(struct render *r, uint64_t lost)
{
	(void)r;
	(void)lost;
}

const struct render_ops render_csv = {
	.begin = csv_begin,
	.row = csv_row,
	.end = render_csv_end,
	.lost_events = render_csv_lost_events,
};
