/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/screen.h - what text is printed on, and texts made to fit it.
 *
 * Nothing is cut without a mark: what is left out of a text's middle is a
 * "…", or "~" where the screen has no UTF-8.
 */
#ifndef IPITRACE_RENDER_SCREEN_H
#define IPITRACE_RENDER_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct screen {
	bool terminal;	    /* somebody looks at it, perhaps through a pager */
	unsigned int width; /* in cells; 0 = no limit */
	bool utf8;
	bool colour;
};

enum screen_style { STYLE_FAINT, STYLE_BAD };

/* Cells that a text takes. */
unsigned int screen_cells(const char *text);
/* text in at most width cells: shortened in its middle, where it is longer; malloc'ed. */
char *screen_shorten(const struct screen *s, const char *text, unsigned int width);
/* Lines, wrapped at blanks where they are wider than the screen; what follows is indented. */
void screen_wrap(const struct screen *s, const char *lines, FILE *out);
/* What is printed to the stream that begin returns is wrapped by end. Without memory for that it comes as it is. */
struct screen_wrapped {
	FILE *mem;
	char *text;
	size_t len;
};
FILE *screen_wrapped_begin(struct screen_wrapped *w, FILE *out);
void screen_wrapped_end(struct screen_wrapped *w, const struct screen *s, FILE *out);
/* What is printed between them bears that style, where there is colour. */
void screen_begin(const struct screen *s, enum screen_style style, FILE *out);
void screen_end(const struct screen *s, FILE *out);

#endif
