/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/tui.h - a terminal as a screen and a keyboard. The only one who knows ncurses; there is one terminal.
 *
 * It is given back by tui_close(), and where the program ends in the middle (base/cleanup.h).
 */
#ifndef IPITRACE_CMDS_TUI_H
#define IPITRACE_CMDS_TUI_H

#include "base/err.h"
#include "render/top.h"

enum tui_no_key { TUI_NOTHING = -1, TUI_RESIZED = -2, TUI_GONE = -3 };

/* Standard output is a terminal that can be painted on, and keys can be read; changes nothing. */
int tui_check(struct err *err);
int tui_open(struct err *err);
/* Does nothing where it is not open. */
void tui_close(void);
/* Readable when there is a key. */
int tui_fd(void);
/* A character, an enum top_key or an enum tui_no_key; does not wait. */
int tui_key(void);
/* Its size is put into *s; returns the height. */
unsigned int tui_size(struct screen *s);
void tui_paint(const struct top_screen *screen);
/* The next tui_paint() paints all of it, whatever the terminal may show. */
void tui_repaint(void);

#endif
