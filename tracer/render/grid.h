/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/grid.h - a table of ready texts, column by column, that fits its screen.
 */
#ifndef IPITRACE_RENDER_GRID_H
#define IPITRACE_RENDER_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "render/screen.h"

struct grid_column {
	const char *header;
	bool right;
	bool name;	   /* may be shortened; a figure cut short is a wrong figure */
	unsigned int drop; /* may be left out, the lowest first; 0 = never. What holds nothing goes before all others */
	bool empty_goes;   /* drop is 0, but it may be left out where it holds nothing */
};

#define GRID_DROP_MAX 1000u /* what drop is below */

#define GRID_LEFT(h)                                                                                                   \
	{                                                                                                              \
		.header = (h)                                                                                          \
	}
#define GRID_RIGHT(h)                                                                                                  \
	{                                                                                                              \
		.header = (h), .right = true                                                                           \
	}

struct grid {
	const struct grid_column *columns;
	unsigned int nr_columns;
	char *const *cells; /* rows of nr_columns texts each; NULL is an empty cell */
	unsigned int nr_rows;
	char *const *below; /* lines below each row, or NULL; NULL = none at all */
};

/* Cells that were malloc'ed, and the array. */
void grid_free_cells(char **cells, size_t nr);
/* Of all of it. */
unsigned int grid_width(const struct grid *g);
/* All columns do, though names may be shortened. */
bool grid_fits(const struct grid *g, const struct screen *s);
/* What does not fit the screen's width gives way. Returns how many columns were left out. */
unsigned int render_grid(const struct grid *g, const struct screen *s, FILE *out);
/* Says so, if any were left out; shown_by: "--json has them". */
void grid_say_dropped(unsigned int dropped, const char *shown_by, FILE *out);
/* With a line below the header as well, as those below the rows. */
unsigned int render_grid_below(const struct grid *g, const char *below_header, const struct screen *s, FILE *out);
/*
 * What does not fit goes below, with the first column and an empty line before
 * it: for columns that are all alike, as those of a matrix, and of which none
 * may be shortened. Returns the number of parts.
 */
unsigned int render_grid_folded(const struct grid *g, const struct screen *s, FILE *out);

#endif
