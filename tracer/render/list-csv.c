// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/list-csv.c - lines as RFC 4180 CSV, with the columns of JSON; empty where nothing exists.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "render/csv.h"
#include "render/list.h"

static void csv_begin(struct list_render *r)
{
	for (unsigned int i = 0; i < list_nr_columns; i++)
		fprintf(r->out, "%s%s", i ? "," : "", list_columns[i].key);
	fputs(r->stacks ? ",stack\n" : "\n", r->out);
}

/* In one line, as in a report. */
static void stack(const struct list_render *r, const struct list_line *line)
{
	const char *frame;

	fputc(',', r->out);
	if (!list_frame(line, 0))
		return;
	fputc('"', r->out); /* names of functions have no quotation marks */
	for (unsigned int i = 0; (frame = list_frame(line, i)); i++)
		fprintf(r->out, "%s%s", i ? " < " : "", frame);
	fputc('"', r->out);
}

static void csv_line(struct list_render *r, const struct list_line *line)
{
	for (unsigned int i = 0; i < list_nr_columns; i++) {
		struct list_value v = list_columns[i].get(line);

		if (i)
			fputc(',', r->out);
		if (v.none)
			continue;
		if (v.text)
			csv_text(v.text, r->raw_text, r->out);
		else
			fprintf(r->out, "%" PRIu64, v.num);
	}
	if (r->stacks)
		stack(r, line);
	fputc('\n', r->out);
}

static void csv_end(struct list_render *r, uint64_t nr, uint64_t chosen)
{
	(void)r;
	(void)nr;
	(void)chosen;
}

const struct list_render_ops list_render_csv = { csv_begin, csv_line, csv_end };
