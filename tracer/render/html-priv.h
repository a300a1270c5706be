/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/html-priv.h - the parts of a page of HTML.
 */
#ifndef IPITRACE_RENDER_HTML_PRIV_H
#define IPITRACE_RENDER_HTML_PRIV_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/hist.h"
#include "base/json.h"
#include "render/html.h"

/* The page as it was built, with the line @DATA@ where the JSON goes: render/html-page.c. Ends with a NUL. */
extern const char html_page[];

/* What writes the data of a page; ctx is its own. */
typedef int (*html_data_fn)(void *ctx, FILE *out, struct err *err);
/* Leaves less to be written; false: there is no less. */
typedef bool (*html_shrink_fn)(void *ctx);
/* A page is below 3 MB. */
#define HTML_MAX_BYTES 2950000u
/* The page with what data() writes, made inert; shrunk until it is small enough, if that can be done (shrink may be NULL). */
int html_write(html_data_fn data, html_shrink_fn shrink, void *ctx, FILE *out, struct err *err);
/* [lowest value of a bucket, how many, ...], eight buckets a power of two; null where nothing was counted. */
void html_hist(struct json *j, const char *key, const struct hist *hist);

/* All that the page shows: {"report": ..., "page": ...}; docs/page.schema.json says what is in it. */
int html_data(const struct report *report, struct pagedata *data, const struct html_options *o, FILE *out,
	      struct err *err);

#endif
