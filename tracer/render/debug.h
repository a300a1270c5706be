/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/debug.h - IPITRACE_DEBUG: what the decoder gave and the matcher decided, line by line.
 *
 *	match[:FROM-TO],decode[:FROM-TO],session	times in ns of the trace clock, either may be missing
 *
 * A sink beside the others, so nothing is on any way where it is not asked for.
 */
#ifndef IPITRACE_RENDER_DEBUG_H
#define IPITRACE_RENDER_DEBUG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "report/sink.h"

struct debug_window {
	bool on;
	uint64_t from_ns, to_ns;
};

struct debug {
	struct debug_window match, decode;
	bool session; /* what is done to tracefs: for the commands that record */
	FILE *out;
	struct span_sink both[2];
	struct span_tee tee;
};

/* text: the variable's value, or NULL. */
int debug_init(struct debug *d, const char *text, FILE *out, struct err *err);
/* Before the run: puts itself beside *sink, if spans are asked for. d is borrowed. */
void debug_attach(struct debug *d, struct span_sink *sink);
/* A tap's function, where decode.on; ctx is the struct debug. */
void debug_events(void *ctx, const struct ipi_event *ev, unsigned int nr);

#endif
