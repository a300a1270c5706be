// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/overtime.c - the rate of each row over time: a line of bars for people, every bin in CSV.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "render/grid.h"
#include "render/render.h"
#include "render/parts-priv.h"
#include "render/value.h"
#include "report/overtime.h"

#define LINE_USUAL 60 /* cells, where the screen has no width */
#define LINE_LEAST 20
#define FIGURES	   16 /* cells of the two figures, and the blanks between */

enum cell { CELL_LABEL, CELL_HITS, CELL_PEAK, CELL_LINE, NR_CELLS };

struct state {
	char **cells;
	unsigned int nr_rows;
	unsigned int merge, line; /* bins a cell, cells */
};

/* As many cells as there is room for, each of the same number of bins. */
static int text_begin(struct render *r, struct err *err)
{
	const struct screen *screen = &r->options->screen;
	struct state *s = r->state = xcalloc(1, sizeof(*s));
	unsigned int room = screen->width ? screen->width / 2 : LINE_USUAL, nr = r->report->nr_bins;

	(void)err;
	room = room < LINE_LEAST ? LINE_LEAST : room;
	s->merge = (nr + room - 1) / room;
	s->merge = s->merge ? s->merge : 1;
	s->line = (nr + s->merge - 1) / s->merge;
	s->cells = xcalloc((size_t)r->nr_rows * NR_CELLS, sizeof(*s->cells));
	render_text_head(r);
	return 0;
}

/* Each row by its own peak; nothing and something never look the same. */
static char *line(const struct render *r, const struct state *s, const struct report_bins *b)
{
	static const char ascii[] = " .:-=+*%#";
	static const char *const utf8[] = { " ",
					    "\xe2\x96\x81",
					    "\xe2\x96\x82",
					    "\xe2\x96\x83",
					    "\xe2\x96\x84",
					    "\xe2\x96\x85",
					    "\xe2\x96\x86",
					    "\xe2\x96\x87",
					    "\xe2\x96\x88" };
	char *text = xmalloc(3 * (size_t)s->line + 1), *p = text;
	double *rates = xcalloc(s->line, sizeof(*rates)), max = 0;

	for (unsigned int i = 0; i < s->line; i++) {
		unsigned int first = i * s->merge, left = r->report->nr_bins - first;

		rates[i] = overtime_rate(r->report, b, first, left < s->merge ? left : s->merge);
		max = rates[i] > max ? rates[i] : max;
	}
	for (unsigned int i = 0; i < s->line; i++) {
		unsigned int level = rates[i] > 0 ? 1 + (unsigned int)(rates[i] / max * 7 + 0.5) : 0;

		if (r->options->screen.utf8)
			p = stpcpy(p, utf8[level]);
		else
			*p++ = ascii[level];
	}
	*p = '\0';
	free(rates);
	return text;
}

static int text_row(struct render *r, const struct report_row *row, struct err *err)
{
	struct state *s = r->state;
	unsigned int width = r->options->screen.width, others = s->line + FIGURES;
	char **cell = s->cells + (size_t)s->nr_rows++ * NR_CELLS;
	uint64_t sum = 0;
	double peak = 0, rate;

	(void)err;
	for (unsigned int i = 0; i < row->bins.nr; i++) {
		sum += report_bin(&row->bins, i);
		rate = overtime_rate(r->report, &row->bins, i, 1);
		peak = rate > peak ? rate : peak;
	}
	cell[CELL_LABEL] = render_label(r, row, width > others ? width - others : 0);
	cell[CELL_HITS] = xasprintf("%" PRIu64, sum);
	cell[CELL_PEAK] = xasprintf("%.0f", peak);
	cell[CELL_LINE] = line(r, s, &row->bins);
	return 0;
}

static int text_end(struct render *r, struct err *err)
{
	static const struct grid_column columns[NR_CELLS] = {
		[CELL_LABEL] = { .header = "ROW", .name = true },
		[CELL_HITS] = { .header = "HITS", .right = true },
		[CELL_PEAK] = { .header = "PEAK/s", .right = true },
		[CELL_LINE] = { .header = "OVER TIME" },
	};
	const struct grid grid = { columns, NR_CELLS, ((struct state *)r->state)->cells, r->nr_rows, NULL };
	struct state *s = r->state;
	char bin[RENDER_TIME_LEN], cell[RENDER_TIME_LEN];
	struct screen_wrapped w;
	FILE *lines;

	(void)err;
	if (r->nr_rows) {
		render_grid(&grid, &r->options->screen, r->out);
		lines = screen_wrapped_begin(&w, r->out);
		render_time(r->report->bin_ns, r->options->screen.utf8, bin);
		render_time(r->report->bin_ns * s->merge, r->options->screen.utf8, cell);
		fprintf(lines, "(%u bin%s of %s, each character %s; heights are relative to the row's highest%s)\n",
			r->report->nr_bins, plural_s(r->report->nr_bins), bin, cell,
			s->merge > 1 ? "; --csv has every bin" : "");
		screen_wrapped_end(&w, &r->options->screen, r->out);
	}
	grid_free_cells(s->cells, (size_t)r->nr_rows * NR_CELLS);
	render_text_foot(r);
	return 0;
}

const struct render_ops render_over_time = {
	.usual_columns = true,
	.begin = text_begin,
	.row = text_row,
	.end = text_end,
	.lost_events = render_text_lost_events,
};

static int csv_begin(struct render *r, struct err *err)
{
	(void)err;
	render_csv_keys(r, NULL);
	fputs("begin_ns,target_hits,length_ns\n", r->out);
	render_lost_events(r);
	return 0;
}

static int csv_row(struct render *r, const struct report_row *row, struct err *err)
{
	(void)err;
	for (unsigned int i = 0; i < r->report->nr_bins; i++) {
		render_csv_keys(r, row);
		fprintf(r->out, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
			r->report->trace->start_ns + i * r->report->bin_ns, report_bin(&row->bins, i),
			overtime_bins_ns(r->report, i, 1));
	}
	return 0;
}

const struct render_ops render_over_time_csv = {
	.begin = csv_begin,
	.row = csv_row,
	.end = render_csv_end,
	.lost_events = render_csv_lost_events,
};
