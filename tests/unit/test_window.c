// SPDX-License-Identifier: GPL-2.0-only
/*
 * Points in time and windows of a recording from 1000 s to 1010 s.
 */
#include "base/compiler.h"
#include "base/window.h"
#include "tap.h"

#define S 1000000000ull

/* from, to, around: NULL = not given. False: *err. */
static bool window(const char *from, const char *to, const char *around, uint64_t *a, uint64_t *b, struct err *err)
{
	struct time_window w = { 0 };

	*err = (struct err){ 0 };
	if (from && window_parse_point(&w.from, from, err))
		return false;
	if (to && window_parse_point(&w.to, to, err))
		return false;
	if (around && window_parse_around(&w, around, err))
		return false;
	return !window_resolve(&w, 1000 * S, 1010 * S, a, b, err);
}

int main(void)
{
	static const struct {
		const char *from, *to, *around;
		uint64_t a, b;
	} good[] = {
		{ NULL, NULL, NULL, 0, UINT64_MAX },
		{ "+1s", NULL, NULL, 1001 * S, UINT64_MAX },
		{ "+1.5", "+2500ms", NULL, 1001500 * S / 1000, 1002500 * S / 1000 },
		{ "-1s", NULL, NULL, 1009 * S, UINT64_MAX },
		{ NULL, "-100ms", NULL, 0, 10099 * S / 10 },
		{ "-2s", "-1s", NULL, 1008 * S, 1009 * S },
		{ "1003", "1004", NULL, 1003 * S, 1004 * S },
		{ "1003.25", "1004", NULL, 1003 * S + S / 4, 1004 * S },
		{ "1003000000001ns", NULL, NULL, 1003 * S + 1, UINT64_MAX },
		{ "1003.000000001", "1003.000000002", NULL, 1003 * S + 1, 1003 * S + 2 },
		{ "1003.000001", "1003.000001", NULL, 1003 * S + 500, 1003 * S + 1500 },
		{ "0.000000", NULL, NULL, 0, UINT64_MAX },
		{ NULL, NULL, "1003+-1ms", 1002999 * S / 1000, 1003001 * S / 1000 },
		{ NULL, NULL,
		  "1003\xc2\xb1"
		  "1ms",
		  1002999 * S / 1000, 1003001 * S / 1000 },
		{ NULL, NULL, "+1s+-1ms", 1000999 * S / 1000, 1001001 * S / 1000 },
		{ NULL, NULL, "-1s+-2s", 1007 * S, 1011 * S },
		{ NULL, NULL, "1s+-5s", 0, 6 * S },
		{ "1003", "+20s", "1003+-1ms", 1003 * S, 1003001 * S / 1000 },
		{ "-9999s", NULL, NULL, 0, UINT64_MAX },
	};
	static const struct {
		const char *from, *to, *around, *says;
	} bad[] = {
		{ "", NULL, NULL, "not a point in time" },	  { "+", NULL, NULL, "not a point in time" },
		{ "--1s", NULL, NULL, "not a point in time" },	  { "now", NULL, NULL, "not a point in time" },
		{ "1003.", NULL, NULL, "not a point in time" },	  { "1003,5", NULL, NULL, "not a point in time" },
		{ "+2s", "+1s", NULL, "ends before it begins" },  { "+2s", "+2s", NULL, "ends before it begins" },
		{ "-1s", "+1s", NULL, "ends before it begins" },  { "+5s", NULL, "1003+-1ms", "ends before it begins" },
		{ NULL, NULL, "1003", "not a time and how far" }, { NULL, NULL, "+-1ms", "not a time and how far" },
		{ NULL, NULL, "1003+-", "not a time" },		  { NULL, NULL, "1003+-0", "nothing is that near" },
		{ NULL, NULL, "x+-1ms", "not a point in time" },  { NULL, NULL, "1003+--1ms", "not a time" },
	};
	struct err err;
	uint64_t a, b;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ok(window(good[i].from, good[i].to, good[i].around, &a, &b, &err) && a == good[i].a && b == good[i].b,
		   "%s %s %s: %" PRIu64 " to %" PRIu64, good[i].from ? good[i].from : "-",
		   good[i].to ? good[i].to : "-", good[i].around ? good[i].around : "-", a, b);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok(!window(bad[i].from, bad[i].to, bad[i].around, &a, &b, &err) && err.code == EXIT_USAGE &&
			   strstr(err.msg, bad[i].says),
		   "'%s' '%s' '%s': %s", bad[i].from ? bad[i].from : "-", bad[i].to ? bad[i].to : "-",
		   bad[i].around ? bad[i].around : "-", err.msg);
	ok(window_needs_end(&(struct time_window){ .around = { .base = WINDOW_BEFORE_END } }) &&
		   !window_needs_end(&(struct time_window){ .from = { .base = WINDOW_SINCE_START } }),
	   "the end is asked for by those that need it");
	return done_testing();
}
