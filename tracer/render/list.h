/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/list.h - lines of single IPIs as text, NDJSON or CSV, one as it comes.
 */
#ifndef IPITRACE_RENDER_LIST_H
#define IPITRACE_RENDER_LIST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "render/screen.h"
#include "report/info.h"
#include "report/list.h"

struct list_render {
	const struct list_render_ops *ops;
	const struct trace_info *trace;
	const struct list_column *sort; /* shown, wherever there is a choice */
	struct screen screen;
	bool filtered; /* lines are only those of IPIs that pass a filter */
	bool stacks;   /* the frames of the sender with every line */
	bool raw_text; /* as in struct render_options */
	FILE *out;
	void *state; /* the format's own: made in begin(), freed in end() */
};

struct list_render_ops {
	void (*begin)(struct list_render *r);
	void (*line)(struct list_render *r, const struct list_line *line);
	/* Of nr lines, chosen were shown. */
	void (*end)(struct list_render *r, uint64_t nr, uint64_t chosen);
};

extern const struct list_render_ops list_render_text, list_render_json, list_render_csv;

/* JSON Schema of one line of NDJSON. */
void list_render_schema(FILE *out);
/* The table of columns, as render_columns() has it for reports. */
void list_render_columns(FILE *out);

#endif
