// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/grid.c - widths of columns, and what gives way on a narrow screen.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "render/grid.h"

/*
 * A column less is worse than a name without its middle, and better than a
 * name of a few letters. So columns go only where the names are down to
 * NAME_USUAL, and then names shrink to NAME_LEAST.
 */
#define NAME_USUAL 36
#define NAME_LEAST 10

struct layout {
	unsigned int *width; /* by column; 0 = left out */
	unsigned int dropped;
};

static const char *cell(const struct grid *g, unsigned int row, unsigned int column)
{
	const char *text = g->cells[(size_t)row * g->nr_columns + column];

	return text ? text : "";
}

static unsigned int full_width(const struct grid *g, unsigned int column)
{
	unsigned int width = screen_cells(g->columns[column].header), n;

	for (unsigned int row = 0; row < g->nr_rows; row++) {
		n = screen_cells(cell(g, row, column));
		width = n > width ? n : width;
	}
	return width ? width : 1;
}

static unsigned int sum(const struct grid *g, const unsigned int *width, unsigned int name_max)
{
	unsigned int total = 0;

	for (unsigned int i = 0; i < g->nr_columns; i++)
		if (width[i])
			total += (g->columns[i].name && width[i] > name_max ? name_max : width[i]) + 1;
	return total ? total - 1 : 0;
}

/* No row has anything there. */
static bool is_empty(const struct grid *g, unsigned int column)
{
	for (unsigned int row = 0; row < g->nr_rows; row++)
		if (*cell(g, row, column) && strcmp(cell(g, row, column), "-"))
			return false;
	return true;
}

/* When a column may go, the lowest first; 0 = never. What holds nothing goes before all that holds something. */
static unsigned int drop_order(const struct grid *g, unsigned int column)
{
	const struct grid_column *c = &g->columns[column];

	if (c->drop || c->empty_goes)
		if (is_empty(g, column))
			return c->drop ? c->drop : GRID_DROP_MAX;
	return c->drop ? GRID_DROP_MAX + c->drop : 0;
}

/* Of those that are left: the one that may go first, or NULL. */
static unsigned int *least(const struct grid *g, unsigned int *width)
{
	unsigned int found = g->nr_columns, first = 0;

	for (unsigned int i = 0; i < g->nr_columns; i++) {
		unsigned int order = width[i] ? drop_order(g, i) : 0;

		if (order && (!first || order < first)) {
			first = order;
			found = i;
		}
	}
	return found < g->nr_columns ? &width[found] : NULL;
}

static struct layout lay_out(const struct grid *g, unsigned int room)
{
	struct layout l = { xcalloc(g->nr_columns, sizeof(*l.width)), 0 };
	unsigned int *gone, *widest;

	for (unsigned int i = 0; i < g->nr_columns; i++)
		l.width[i] = full_width(g, i);
	if (!room)
		return l;
	while (sum(g, l.width, NAME_USUAL) > room && (gone = least(g, l.width))) {
		*gone = 0;
		l.dropped++;
	}
	while (sum(g, l.width, UINT_MAX) > room) {
		widest = NULL;
		for (unsigned int i = 0; i < g->nr_columns; i++)
			if (g->columns[i].name && l.width[i] > NAME_LEAST && (!widest || l.width[i] > *widest))
				widest = &l.width[i];
		if (!widest)
			break;
		--*widest;
	}
	return l;
}

static void print_line(const struct grid *g, const struct layout *l, const struct screen *s, unsigned int row,
		       bool header, FILE *out)
{
	unsigned int blanks = 0; /* none behind the last text */
	char *text;

	for (unsigned int i = 0; i < g->nr_columns; i++) {
		unsigned int n;

		if (!l->width[i])
			continue;
		text = screen_shorten(s, header ? g->columns[i].header : cell(g, row, i), l->width[i]);
		n = screen_cells(text);
		n = l->width[i] > n ? l->width[i] - n : 0;
		if (g->columns[i].right)
			blanks += n;
		if (*text)
			fprintf(out, "%*s%s", (int)blanks, "", text);
		blanks = (*text ? 0 : blanks) + (g->columns[i].right ? 0 : n) + 1;
		free(text);
	}
}

void grid_free_cells(char **cells, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(cells[i]);
	free(cells);
}

unsigned int grid_width(const struct grid *g)
{
	unsigned int total = 0;

	for (unsigned int i = 0; i < g->nr_columns; i++)
		total += full_width(g, i) + 1;
	return total ? total - 1 : 0;
}

static void print_lines(const struct grid *g, const struct layout *l, const struct screen *s, const char *below_header,
			FILE *out)
{
	print_line(g, l, s, 0, true, out);
	fputc('\n', out);
	if (below_header)
		fputs(below_header, out);
	for (unsigned int row = 0; row < g->nr_rows; row++) {
		print_line(g, l, s, row, false, out);
		fputc('\n', out);
		if (g->below && g->below[row])
			fputs(g->below[row], out);
	}
}

bool grid_fits(const struct grid *g, const struct screen *s)
{
	unsigned int *width = xcalloc(g->nr_columns, sizeof(*width));
	bool fits;

	for (unsigned int i = 0; i < g->nr_columns; i++)
		width[i] = full_width(g, i);
	fits = !s->width || sum(g, width, NAME_USUAL) <= s->width;
	free(width);
	return fits;
}

unsigned int render_grid_below(const struct grid *g, const char *below_header, const struct screen *s, FILE *out)
{
	struct layout l = lay_out(g, s->width);

	print_lines(g, &l, s, below_header, out);
	free(l.width);
	return l.dropped;
}

unsigned int render_grid(const struct grid *g, const struct screen *s, FILE *out)
{
	return render_grid_below(g, NULL, s, out);
}

unsigned int render_grid_folded(const struct grid *g, const struct screen *s, FILE *out)
{
	struct layout all = lay_out(g, 0), part = { xcalloc(g->nr_columns, sizeof(*part.width)), 0 };
	unsigned int next = 1, parts = 0;

	do {
		unsigned int used = all.width[0], first = next;

		part.width[0] = all.width[0];
		for (unsigned int i = 1; i < g->nr_columns; i++)
			part.width[i] = 0;
		/* One at least, however narrow it is. */
		while (next < g->nr_columns && (!s->width || next == first || used + 1 + all.width[next] <= s->width)) {
			part.width[next] = all.width[next];
			used += 1 + all.width[next++];
		}
		if (parts++)
			fputc('\n', out);
		print_lines(g, &part, s, NULL, out);
	} while (next < g->nr_columns);
	free(all.width);
	free(part.width);
	return parts;
}

void grid_say_dropped(unsigned int dropped, const char *shown_by, FILE *out)
{
	if (dropped)
		fprintf(out, "(%u %s not fit this terminal; %s)\n", dropped, columns_do(dropped), shown_by);
}
