/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/window.h - a part of a recording's time, as --from, --to and --around give it.
 *
 *	4305.216035	a point of the trace clock in seconds, as text prints it; 4305216035114ns as JSON has it
 *	+1.5s		since the start of the recording
 *	-200ms		before its end
 *	TIME+-10ms	around a point; also with the sign for plus or minus
 *
 * A window has its first moment in it and not its last, so that windows that
 * follow each other share nothing. A point with six digits behind the decimal
 * point is one that was printed, and so rounded: it stands for all that are
 * printed like this.
 */
#ifndef IPITRACE_BASE_WINDOW_H
#define IPITRACE_BASE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opts.h"

enum window_base { WINDOW_OPEN, WINDOW_AT, WINDOW_SINCE_START, WINDOW_BEFORE_END };

struct window_point {
	enum window_base base;
	uint64_t ns;
	uint64_t slack_ns; /* how much earlier and later what is printed so may be */
};

/* Zeroed: everything. */
struct time_window {
	struct window_point from, to;
	struct window_point around;
	uint64_t around_ns; /* to either side */
};

int window_parse_point(struct window_point *p, const char *text, struct err *err);
int window_parse_around(struct time_window *w, const char *text, struct err *err);

static inline bool window_given(const struct time_window *w)
{
	return w->from.base || w->to.base || w->around.base;
}

/* It is about the end of the recording, which must be known for window_resolve(). */
bool window_needs_end(const struct time_window *w);
/* From *from_ns on, up to but not with *to_ns; UINT64_MAX: to the end. An error if nothing can be in it. */
int window_resolve(const struct time_window *w, uint64_t start_ns, uint64_t end_ns, uint64_t *from_ns, uint64_t *to_ns,
		   struct err *err);

#define WINDOW_NR_ROWS 3
extern const struct opt window_rows[WINDOW_NR_ROWS];
/* base: offset of the struct time_window. */
#define OPT_WINDOW_GROUP(b)                                                                                            \
	{                                                                                                              \
		.title = "Window", .rows = window_rows, .nr = WINDOW_NR_ROWS, .base = (b)                              \
	}

#endif
