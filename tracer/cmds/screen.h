/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/screen.h - colour and pager, as git has them; the options are the same in every command that prints text.
 */
#ifndef IPITRACE_CMDS_SCREEN_H
#define IPITRACE_CMDS_SCREEN_H

#include <stdbool.h>

#include "base/opts.h"
#include "render/screen.h"

enum screen_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct screen_options {
	unsigned int colour; /* enum screen_colour */
	bool no_pager;
};

#define SCREEN_NR_ROWS	 2
#define SCREEN_NR_COLOUR 1 /* of these, for what is never paged */
extern const struct opt screen_rows[SCREEN_NR_ROWS];
/* base: offset of the struct screen_options. */
#define OPT_SCREEN_GROUP(b)                                                                                            \
	{                                                                                                              \
		.title = "Screen", .rows = screen_rows, .nr = SCREEN_NR_ROWS, .base = (b)                              \
	}

/* What standard output is. Before it is paged. */
struct screen screen_of_stdout(const struct screen_options *o);
/* From here on through a pager, where somebody sits there and wants it. */
void screen_page(const struct screen_options *o, const struct screen *s);

#endif
