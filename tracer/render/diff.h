/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/diff.h - a comparison as text or JSON.
 */
#ifndef IPITRACE_RENDER_DIFF_H
#define IPITRACE_RENDER_DIFF_H

#include <stdbool.h>
#include <stdio.h>

#include "render/screen.h"
#include "report/diff.h"

struct render_diff_options {
	struct screen screen;
	bool all;	    /* rows that did not change, too */
	unsigned int top;   /* rows to show, 0 = all */
	const char *forced; /* what should have kept the sides from being compared; NULL */
};

/* With one run a side, what change could not have been seen: a sentence, to be freed; NULL where there is none to be told. */
char *render_diff_caveat(const struct diff *d);
void render_diff_text(const struct diff *d, const struct render_diff_options *o, FILE *out);
/* "ipitrace-diff/1": everything, whatever the options. */
void render_diff_json(const struct diff *d, const struct render_diff_options *o, FILE *out);

/* "hits/s", "delivery_p50": as --fail-on takes it. buf of RENDER_DIFF_NAME. */
#define RENDER_DIFF_NAME 24
void render_diff_metric(enum diff_metric m, bool per_unit, char *buf);

#endif
