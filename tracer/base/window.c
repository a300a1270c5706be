// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/window.c - points in time, absolute or relative to a recording.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/window.h"

#define PLUS_MINUS_UTF8 "\xc2\xb1"

static int bad_time(struct err *err, const char *text)
{
	err_set(err, EXIT_USAGE, "'%.80s': not a point in time", text);
	return err_hint(err, "4305.216035 as printed, +1.5s since the start, -200ms before the end");
}

/* Printed times have six digits behind the point and no unit. */
static bool as_printed(const char *text)
{
	const char *point = strchr(text, '.');

	return point && strlen(point + 1) == 6 && strspn(point + 1, "0123456789") == 6;
}

int window_parse_point(struct window_point *p, const char *text, struct err *err)
{
	struct window_point got = { .base = WINDOW_AT };

	if (*text == '+' || *text == '-')
		got.base = *text == '+' ? WINDOW_SINCE_START : WINDOW_BEFORE_END;
	if (parse_duration_ns(text + (got.base != WINDOW_AT), &got.ns, NULL))
		return bad_time(err, text);
	if (got.base == WINDOW_AT && as_printed(text))
		got.slack_ns = 500;
	*p = got;
	return 0;
}

int window_parse_around(struct time_window *w, const char *text, struct err *err)
{
	const char *sign = strstr(text, PLUS_MINUS_UTF8), *ascii = strstr(text, "+-");
	size_t len = strlen(PLUS_MINUS_UTF8);
	char *point;
	int ret;

	if (!sign) {
		sign = ascii;
		len = 2;
	}
	if (!sign || sign == text) {
		err_set(err, EXIT_USAGE, "'%.80s': not a time and how far around it", text);
		return err_hint(err, "for instance 4305.216035+-1ms");
	}
	point = xasprintf("%.*s", (int)(sign - text), text);
	ret = window_parse_point(&w->around, point, err);
	free(point);
	if (ret || parse_duration_ns(sign + len, &w->around_ns, err))
		return -1;
	if (w->around_ns)
		return 0;
	err_set(err, EXIT_USAGE, "'%.80s': nothing is that near", text);
	return err_hint(err, "for instance 4305.216035+-1ms");
}

bool window_needs_end(const struct time_window *w)
{
	return w->from.base == WINDOW_BEFORE_END || w->to.base == WINDOW_BEFORE_END ||
	       w->around.base == WINDOW_BEFORE_END;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t more(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t point_ns(const struct window_point *p, uint64_t start_ns, uint64_t end_ns)
{
	if (p->base == WINDOW_SINCE_START)
		return more(start_ns, p->ns);
	return p->base == WINDOW_BEFORE_END ? less(end_ns, p->ns) : p->ns;
}

int window_resolve(const struct time_window *w, uint64_t start_ns, uint64_t end_ns, uint64_t *from_ns, uint64_t *to_ns,
		   struct err *err)
{
	uint64_t around = point_ns(&w->around, start_ns, end_ns);

	*from_ns = 0;
	*to_ns = UINT64_MAX;
	if (w->from.base)
		*from_ns = less(point_ns(&w->from, start_ns, end_ns), w->from.slack_ns);
	if (w->to.base)
		*to_ns = more(point_ns(&w->to, start_ns, end_ns), w->to.slack_ns);
	if (w->around.base && less(around, w->around_ns) > *from_ns)
		*from_ns = less(around, w->around_ns);
	if (w->around.base && more(around, w->around_ns) < *to_ns)
		*to_ns = more(around, w->around_ns);
	if (*from_ns < *to_ns)
		return 0;
	err_set(err, EXIT_USAGE, "the window ends before it begins: nothing is in it");
	return err_hint(
		err,
		"--from comes before --to; +1s is one second after the start of the recording, -1s before its end");
}

static int parse_point(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	return window_parse_point(target, arg, err);
}

static int parse_around(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	return window_parse_around(target, arg, err);
}

const struct opt window_rows[WINDOW_NR_ROWS] = {
	{ 0, "from", "POINT", OPT_CUSTOM, offsetof(struct time_window, from),
	  "only what began from then on: 4305.216035 as printed, +1.5s since the start, -200ms before the end",
	  parse_point, 0, 0 },
	{ 0, "to", "POINT", OPT_CUSTOM, offsetof(struct time_window, to), "only what began before then", parse_point, 0,
	  0 },
	{ 0, "around", "POINT+-TIME", OPT_CUSTOM, 0, "only what began so near: 4305.216035+-1ms", parse_around, 0, 0 },
};
