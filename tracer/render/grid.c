// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/grid.c - a table of ready texts by libsmartcols.
 */
#include <libsmartcols.h>
#include <stddef.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/err.h"
#include "render/grid.h"

static int fill(struct libscols_table *t, const struct grid_column *columns, unsigned int nr_columns,
		char *const *cells, unsigned int nr_rows)
{
	for (unsigned int i = 0; i < nr_columns; i++)
		if (!scols_table_new_column(t, columns[i].header, 1, columns[i].right ? SCOLS_FL_RIGHT : 0))
			return -1;
	for (unsigned int row = 0; row < nr_rows; row++) {
		struct libscols_line *line = scols_table_new_line(t, NULL);

		if (!line)
			return -1;
		for (unsigned int i = 0; i < nr_columns; i++) {
			const char *text = cells[row * nr_columns + i];

			if (scols_line_set_data(line, i, text ? text : ""))
				return -1;
		}
	}
	return 0;
}

int render_grid(const struct grid_column *columns, unsigned int nr_columns, char *const *cells, unsigned int nr_rows,
		FILE *out, struct err *err)
{
	struct libscols_table *t = scols_new_table();
	int ret = -1;

	if (t && !fill(t, columns, nr_columns, cells, nr_rows)) {
		scols_table_set_stream(t, out);
		/* A figure cut short is a wrong figure. */
		scols_table_set_termforce(t, SCOLS_TERMFORCE_NEVER);
		ret = scols_print_table(t);
	}
	scols_unref_table(t);
	return ret ? err_set(err, EXIT_FAILED, "cannot print the table") : 0;
}
