/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/html.h - a report as one page of HTML that needs nothing else.
 *
 * The page is script and style of ours (report/html/) and the library D3 of the system
 * that it was built on, put together by make; what a recording says is in it as
 * JSON alone, which the script reads as data and shows as text. The page's own
 * policy allows these scripts and nothing else, least of all the network.
 */
#ifndef IPITRACE_RENDER_HTML_H
#define IPITRACE_RENDER_HTML_H

#include <stdio.h>

#include "base/err.h"
#include "render/diff.h"
#include "report/pagedata.h"
#include "report/report.h"

struct html_options {
	unsigned int top; /* rows to show, 0 = all; never more than PAGEDATA_MAX_ROWS */
	const char *version;
};

/* data belongs to the report. Write errors stay in the stream. */
int render_html(const struct report *report, struct pagedata *data, const struct html_options *o, FILE *out,
		struct err *err);
/* A comparison, side by side. */
int render_diff_html(const struct diff *d, const struct render_diff_options *o, const char *version, FILE *out,
		     struct err *err);

#endif
