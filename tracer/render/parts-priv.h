/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/parts-priv.h - what the formats have in common.
 */
#ifndef IPITRACE_RENDER_PARTS_PRIV_H
#define IPITRACE_RENDER_PARTS_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"
#include "base/json.h"
#include "render/render.h"

/* --- texts: render/table.c --- */

/* The recording. */
void render_text_head(struct render *r);
/* Rows from first on, nr of them, as a table with nothing around it; returns how many columns had no room. */
unsigned int render_table(const struct report *r, const struct render_options *o, unsigned int first, unsigned int nr,
			  FILE *out);

/* --- texts: render/trust.c --- */

/* How many were sent, to how many. */
void render_sends(const struct report *r, FILE *out);
/* Rows that are not shown, why there are none, and how far to trust it. */
void render_text_foot(struct render *r);
/* See struct render_ops. */
void render_text_lost_events(struct render *r, uint64_t lost);

/* --- one distribution: render/hist.c --- */

/* In a line how many, median and so on; and a bar for each power of two. */
void render_hist_bars(const struct screen *s, const struct hist *h, FILE *out);

/* --- texts: render/table.c --- */

/* One sentence in one line: false if something is not accounted for. */
bool render_verdict(const struct report *r, FILE *out);
/* What a row is of: its keys, in one line; malloc'ed. Where they are wider than width (0 = any) the longest are shortened. */
char *render_label(const struct render *r, const struct report_row *row, unsigned int width);

/* --- CSV: render/csv.c --- */

/* A column's name, and what it has of a row. */
void render_csv_name(const struct render *r, const struct column *c);
void render_csv_cell(const struct render *r, const struct column *c, const struct report_row *row);
/* The keys of a row, or their names where there is none; with a comma behind each. */
void render_csv_keys(const struct render *r, const struct report_row *row);
int render_csv_end(struct render *r, struct err *err);
void render_csv_lost_events(struct render *r, uint64_t lost);

/* --- JSON: render/json.c --- */

/* The key "buckets": [[lowest value, count], ...], in one line; base/hist.h says which there are. */
void render_json_buckets(struct json *j, const struct hist *h);
/* count, min, mean, p50, p90, p99, max, sum and buckets of all that was counted; null where nothing was. */
void render_json_hist(struct json *j, const char *key, const struct hist *h);

/* --- JSON: render/tlb.c --- */

struct report_tlb;
struct tlb_sums;

/* The key "tlb_view" of the report, and "tlb" of a row; stolen: time of the targets, or NULL. */
void render_tlb_json(const struct report_tlb *t, struct json *j);
void render_tlb_json_row(struct json *j, const struct tlb_sums *s, const struct hist *stolen, bool events);

/* --- JSON: render/matrix.c --- */

/* The key "matrix" of an object. */
void render_matrix_json(const struct render *r, struct json *j);

#endif
