/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/render.h - a report as text, JSON or CSV.
 *
 * Knows columns and units, nothing of events, files or tracefs. Write errors
 * stay in the stream, where main() finds them.
 */
#ifndef IPITRACE_RENDER_H
#define IPITRACE_RENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "report/report.h"

struct render_options {
	const struct column *const *columns; /* of text and CSV; CSV takes all if there are none */
	unsigned int nr_columns;
	bool may_drop;	  /* text: leave columns out that the terminal has no room for */
	unsigned int top; /* rows to show, 0 = all */
	bool utf8;	  /* text: the terminal takes it */
};

int render_text(const struct report *r, const struct render_options *o, FILE *out, struct err *err);
void render_csv(const struct report *r, const struct render_options *o, FILE *out);
void render_json(const struct report *r, const struct render_options *o, FILE *out);

/* "1.8us", "12.3ms": three digits, the unit that fits; buf of RENDER_TIME_LEN. */
#define RENDER_TIME_LEN 16
void render_time(uint64_t ns, bool utf8, char *buf);

#endif
