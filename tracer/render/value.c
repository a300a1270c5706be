// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/value.c - values for people: a unit that fits, three digits.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"
#include "render/value.h"

void render_time(uint64_t ns, bool utf8, char *buf)
{
	static const struct {
		uint64_t ns;
		const char *ascii, *utf8;
	} units[] = {
		{ 1000000000, "s", "s" },
		{ 1000000, "ms", "ms" },
		{ 1000, "us", "\xc2\xb5s" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		const char *unit = utf8 ? units[i].utf8 : units[i].ascii;
		double v = (double)ns / (double)units[i].ns;

		if (ns < units[i].ns)
			continue;
		/* 9.996 would round to 10.00: choose the digits after rounding. */
		snprintf(buf, RENDER_TIME_LEN, "%.*f%s", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, unit);
		return;
	}
	snprintf(buf, RENDER_TIME_LEN, "%" PRIu64 "ns", ns);
}

void render_value(const struct column *c, struct value v, bool utf8, char *buf, size_t len)
{
	char time[RENDER_TIME_LEN];

	if (v.none) {
		snprintf(buf, len, "-");
		return;
	}
	switch (c->unit) {
	case UNIT_NAME:
	case UNIT_STACK:
		snprintf(buf, len, "%s", v.text);
		break;
	case UNIT_COUNT:
	case UNIT_ID:
		snprintf(buf, len, "%" PRIu64, v.num);
		break;
	case UNIT_NS:
		render_time(v.num, utf8, time);
		snprintf(buf, len, "%s", time);
		break;
	case UNIT_WHEN:			      /* as trace-cmd report prints time stamps: look it up there */
		v.num = (v.num + 500) / 1000; /* it rounds */
		snprintf(buf, len, "%" PRIu64 ".%06" PRIu64, v.num / 1000000, v.num % 1000000);
		break;
	case UNIT_MILLI: /* 99.96 would round to 100.0: choose the digits after rounding */
		snprintf(buf, len, "%.*f", v.num < 9995 ? 2 : v.num < 99950 ? 1 : 0, (double)v.num / 1000);
		break;
	}
}
