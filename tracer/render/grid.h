/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/grid.h - a table of ready texts: what bench prints, column by column.
 */
#ifndef IPITRACE_RENDER_GRID_H
#define IPITRACE_RENDER_GRID_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

struct grid_column {
	const char *header;
	bool right;
};

/* cells: rows of nr_columns texts each; NULL is an empty cell. */
int render_grid(const struct grid_column *columns, unsigned int nr_columns, char *const *cells, unsigned int nr_rows,
		FILE *out, struct err *err);

#endif
