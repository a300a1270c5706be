// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/screen.c - cells, shortening, wrapping, colour.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"
#include "base/text.h"
#include "render/screen.h"

#define WRAP_INDENT 2

/* Bytes of the character at s; *cells: what it takes. All texts are sanitised, but a byte that is no UTF-8 must end. */
static unsigned int character(const char *s, unsigned int *cells)
{
	unsigned int len = utf8_len(s);
	wchar_t c;
	int width = 1;

	if (len > 1) {
		c = (unsigned char)s[0] & (0x7f >> len);
		for (unsigned int i = 1; i < len; i++)
			c = c << 6 | ((unsigned char)s[i] & 0x3f);
		width = wcwidth(c);
	}
	*cells = width < 0 ? 1 : (unsigned int)width;
	return len ? len : 1;
}

unsigned int screen_cells(const char *text)
{
	unsigned int sum = 0, cells;

	for (; *text; sum += cells)
		text += character(text, &cells);
	return sum;
}

char *screen_shorten(const struct screen *s, const char *text, unsigned int width)
{
	unsigned int all = screen_cells(text), head, skip, cells, at = 0;
	const char *mark = s->utf8 ? "\xe2\x80\xa6" : "~";
	const char *from = text, *to;

	if (all <= width || !width)
		return xstrdup(text);
	/* Names differ at their ends, offsets are there as well; but the beginning says what it is. */
	head = width / 2;
	skip = all - (width - 1 - head);
	while (*from) {
		unsigned int len = character(from, &cells);

		if (at + cells > head)
			break;
		at += cells;
		from += len;
	}
	for (at = 0, to = text; *to && at < skip; at += cells)
		to += character(to, &cells);
	return xasprintf("%.*s%s%s", (int)(from - text), text, mark, to);
}

/* Bytes of one line that go into width cells: to the last blank that fits, or else to the first. */
static size_t break_at(const char *line, size_t len, unsigned int width)
{
	unsigned int at = 0, cells;
	size_t i = 0, best = 0;

	while (i < len) {
		if (line[i] == ' ' && (at <= width || !best))
			best = i;
		if (at > width && best)
			return best;
		i += character(line + i, &cells);
		at += cells;
	}
	return at > width && best ? best : len;
}

static void wrap_line(const struct screen *s, const char *line, size_t len, FILE *out)
{
	unsigned int indent = 0;

	for (;;) {
		size_t n = s->width > WRAP_INDENT ? break_at(line, len, s->width - indent) : len;

		fprintf(out, "%*s%.*s\n", (int)indent, "", (int)n, line);
		while (n < len && line[n] == ' ')
			n++;
		if (n >= len)
			return;
		line += n;
		len -= n;
		indent = WRAP_INDENT;
	}
}

void screen_wrap(const struct screen *s, const char *lines, FILE *out)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");

		wrap_line(s, lines, len, out);
		lines += len + (lines[len] == '\n');
	}
}

FILE *screen_wrapped_begin(struct screen_wrapped *w, FILE *out)
{
	w->mem = open_memstream(&w->text, &w->len);
	return w->mem ? w->mem : out;
}

void screen_wrapped_end(struct screen_wrapped *w, const struct screen *s, FILE *out)
{
	if (!w->mem)
		return;
	fclose(w->mem);
	screen_wrap(s, w->text, out);
	free(w->text);
}

void screen_begin(const struct screen *s, enum screen_style style, FILE *out)
{
	static const char *const codes[] = {
		[STYLE_FAINT] = "2",
		[STYLE_BAD] = "1;31",
	};

	if (s->colour)
		fprintf(out, "\033[%sm", codes[style]);
}

void screen_end(const struct screen *s, FILE *out)
{
	if (s->colour)
		fputs("\033[m", out);
}
