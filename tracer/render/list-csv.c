// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/list-csv.c - lines as RFC 4180 CSV, with the columns of JSON; empty where nothing exists.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "render/csv.h"
#include "render/list.h"

static void csv_begin(struct list_render *r)
{
	for (unsigned int i = 0; i < list_nr_columns; i++)
		fprintf(r->out, "%s%s", i ? "," : "", list_columns[i].key);
	fputs(r->stacks ? ",stack,user_stack\n" : "\n", r->out);
}

/* In one line, as in a report. */
static void stack(const struct list_render *r, const struct list_line *line,
		  const char *(*get)(const struct list_line *line, unsigned int i))
{
	char *text = NULL;
	const char *frame;
	size_t len;
	FILE *all;

	fputc(',', r->out);
	if (!get(line, 0))
		return;
	all = open_memstream(&text, &len);
	if (!all)
		return;
	for (unsigned int i = 0; (frame = get(line, i)); i++)
		fprintf(all, "%s%s", i ? " < " : "", frame);
	fclose(all);
	csv_text(text, r->raw_text, r->out);
	free(text);
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
	if (r->stacks) {
		stack(r, line, list_frame);
		stack(r, line, list_user_frame);
	}
	fputc('\n', r->out);
}

static void csv_end(struct list_render *r, uint64_t nr, uint64_t chosen)
{
	(void)r;
	(void)nr;
	(void)chosen;
}

const struct list_render_ops list_render_csv = { csv_begin, csv_line, csv_end };
