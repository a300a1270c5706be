/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/top-priv.h - what render/top.c (lines) and render/top-keys.c (keys) share.
 */
#ifndef IPITRACE_RENDER_TOP_PRIV_H
#define IPITRACE_RENDER_TOP_PRIV_H

#include <stddef.h>

#include "render/parts-priv.h"
#include "render/top.h"

/* Distributions that a row can show. */
extern const unsigned int top_nr_dists;

/* "caller,func" */
void top_by_text(const struct top_view *v, char *buf, size_t len);
/* *list is malloc'ed. flat: every row is one line. */
void top_view_columns(const struct top_view *v, const struct report *r, bool flat, const struct column ***list,
		      unsigned int *nr);

#endif
