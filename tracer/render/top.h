/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/top.h - a live view: keys in, lines of text out.
 *
 * Knows no terminal: whoever has one gives keys and a size, and shows the lines. So it is the same for a screen, for
 * "--batch", where nobody presses keys and nothing limits the height, and for tests.
 */
#ifndef IPITRACE_RENDER_TOP_H
#define IPITRACE_RENDER_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "render/screen.h"
#include "report/columns.h"
#include "report/report.h"
#include "report/top.h"

/* Keys that are no characters. */
enum top_key {
	TOP_KEY_ENTER = '\n',
	TOP_KEY_ESCAPE = 27,
	TOP_KEY_BACKSPACE = 127,
	TOP_KEY_UP = 256,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_HELP,
};

/* What a key asks for beside another look. */
enum top_action {
	TOP_NOTHING,
	TOP_LOOK,    /* only that: draw again */
	TOP_REPAINT, /* the terminal may show something else */
	TOP_SORT,    /* by view->sort */
	TOP_COUNT,   /* rows anew, by view->by and view->where */
	TOP_QUIT,
};

enum top_mode { TOP_ROWS, TOP_HELP, TOP_ASK_WHERE, TOP_ASK_BY, TOP_ASK_SORT };

#define TOP_EDIT_LEN 512

struct top_view {
	/* What is asked for; set to begin with. */
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr_by;
	const struct column *sort;
	const char *fields;	  /* NULL = the usual columns */
	unsigned int max_rows;	  /* 0 = all */
	char where[TOP_EDIT_LEN]; /* "" = no condition */

	/* Only render/top.c's, zero to begin with. */
	enum top_mode mode;
	bool frozen, expanded;
	unsigned int selected, first, scroll;
	unsigned int page; /* rows, or lines of what scrolls, that the last look had room for */
	unsigned int dist; /* which distribution a row shows */
	char *label;	   /* of the selected row, once somebody chose it; NULL = the one at that place */
	bool gone;	   /* it has no IPIs in this interval */
	char edit[TOP_EDIT_LEN];
	struct err error; /* of what was typed */
};

/* What is shown, of one interval. */
struct top_data {
	const struct report *report; /* NULL = none has passed yet */
	struct top_storm storms[3];
	unsigned int nr_storms;		 /* all, of which the worst are in storms */
	uint64_t elapsed_ns;		 /* since the begin */
	uint64_t cpu_ns, cpu_in_ns;	 /* ipitrace's own, in how long: what it read and told for this interval */
	uint64_t lost, late;		 /* events, since the begin */
	bool lost_unknown;		 /* and more */
	bool full;			 /* see top_rows_full() */
	bool outdated;			 /* what the view asks for begins with the next one */
	const struct top_detail *detail; /* of the selected row, where top_wants_detail() */
	const char *said;		 /* the last that there was to say; or NULL */
};

enum top_style { TOP_PLAIN, TOP_HEADING, TOP_SELECTED, TOP_FAINT, TOP_BAD };

struct top_line {
	char *text;
	enum top_style style;
};

struct top_screen {
	struct top_line *lines;
	unsigned int nr;
	bool cursor; /* at the end of the last line */
};

/* A key, by what the last look showed. */
enum top_action top_key(struct top_view *v, int key, const struct top_data *d);
/* Another report: the selected row is looked for in it. */
void top_view_renew(struct top_view *v, const struct report *r);
void top_view_free(struct top_view *v);
/* The row whose detail is shown, or NULL. */
const struct report_row *top_wants_detail(const struct top_view *v, const struct top_data *d);
/* What a screen of that size shows: at most height lines (0 = no limit), none wider than s->width. */
void top_draw(struct top_view *v, const struct top_data *d, const struct screen *s, unsigned int height,
	      struct top_screen *out);
void top_screen_free(struct top_screen *screen);

#endif
