// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/csv.c - rows as RFC 4180 CSV: integers in ns, empty where nothing exists.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "render/render.h"

static void field(const char *text, FILE *out)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/* The id says what the value is; those in ns say so. */
static void header(const struct column *c, FILE *out)
{
	bool count = !strcmp(c->id + strcspn(c->id, "_"), "_count") || !strcmp(c->id + strcspn(c->id, "_"), "_max_cpu");

	fputs(c->id, out);
	if (c->kind == COLUMN_DIST && !count)
		fputs("_ns", out);
}

void render_csv(const struct report *r, const struct render_options *o, FILE *out)
{
	unsigned int nr_columns = o->nr_columns ? o->nr_columns : report_nr_columns;
	unsigned int nr = o->top && o->top < r->nr_rows ? o->top : r->nr_rows;

	for (unsigned int i = 0; i < nr_columns; i++) {
		if (i)
			fputc(',', out);
		header(o->nr_columns ? o->columns[i] : &report_columns[i], out);
	}
	fputc('\n', out);
	for (unsigned int row = 0; row < nr; row++) {
		for (unsigned int i = 0; i < nr_columns; i++) {
			const struct column *c = o->nr_columns ? o->columns[i] : &report_columns[i];
			struct value v = column_value(c, &r->rows[row]);

			if (i)
				fputc(',', out);
			if (v.type == VALUE_TEXT)
				field(v.text, out);
			else if (v.type != VALUE_NONE)
				fprintf(out, "%llu", (unsigned long long)v.num);
		}
		fputc('\n', out);
	}
}
