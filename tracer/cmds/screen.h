/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/screen.h - colour and pager, as git has them; the options are the same in every command that prints text.
 */
#ifndef IPITRACE_CMDS_SCREEN_H
#define IPITRACE_CMDS_SCREEN_H

#include <stdbool.h>

#include "base/opts.h"

struct screen; /* render/screen.h; main.c, which only ends the pager, has no use for it */

enum screen_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct screen_options {
	unsigned int colour; /* enum screen_colour */
	bool no_pager;
};

#define SCREEN_NR_ROWS 2
extern const struct opt screen_rows[SCREEN_NR_ROWS];
/* base: offset of the struct screen_options. */
#define OPT_SCREEN_GROUP(b)                                                                                            \
	{                                                                                                              \
		.title = "Screen", .rows = screen_rows, .nr = SCREEN_NR_ROWS, .base = (b)                              \
	}

/* What standard output is. Before pager_start(). */
struct screen screen_of_stdout(const struct screen_options *o);
/*
 * What is printed from here on goes through $IPITRACE_PAGER, $PAGER or less,
 * if standard output is a terminal and nobody asked for none. Ctrl-C is the pager's.
 */
void pager_start(const struct screen_options *o, const struct screen *s);
/* Until the user has left it. That they did before the end is no error. Without a pager nothing happens. */
void pager_finish(void);

#endif
