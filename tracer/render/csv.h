/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/csv.h - cells of RFC 4180 CSV.
 */
#ifndef IPITRACE_RENDER_CSV_H
#define IPITRACE_RENDER_CSV_H

#include <stdbool.h>
#include <stdio.h>

/* raw: no apostrophe in front of what a spreadsheet takes for a formula. */
void csv_text(const char *text, bool raw, FILE *out);

#endif
