/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/timeline.h - a timeline (report/timeline.h) as the file of a viewer, written as it comes.
 *
 * Write errors stay in the stream.
 */
#ifndef IPITRACE_RENDER_TIMELINE_H
#define IPITRACE_RENDER_TIMELINE_H

#include <stdio.h>

#include "report/info.h"
#include "report/timeline.h"

struct timeline_render {
	/* What the ops get as their context; out and trace are borrowed. */
	void *(*begin)(FILE *out, const struct trace_info *trace);
	/* What follows is on tracks of its own, and its times begin anew. Numbers of tracks and flows go on. */
	void (*part)(void *state);
	/* The rest of the file; state is freed. */
	void (*finish)(void *state);
	struct timeline_ops ops;
};

/* JSON of trace events: chrome://tracing, ui.perfetto.dev, speedscope. */
extern const struct timeline_render timeline_render_chrome;
/* Protobuf of Perfetto's: ui.perfetto.dev, trace_processor. */
extern const struct timeline_render timeline_render_perfetto;

#endif
