// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/parse.c - strict numbers, times and sizes; counters of ring buffers.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/parse.h"
#include "base/wide.h"

bool parse_digits(const char **s, uint64_t *val)
{
	const char *p = *s;
	uint64_t v = 0;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return false;
	*s = p;
	*val = v;
	return true;
}

int parse_u64(const char *s, uint64_t *val, struct err *err)
{
	const char *p = s;
	uint64_t v;
	char *end;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && isxdigit((unsigned char)s[2])) {
		errno = 0;
		v = strtoull(s + 2, &end, 16);
		if (errno || *end) {
			err_set(err, EXIT_USAGE, "'%s': not a number of at most 64 bits", s);
			return err_hint(err, "a number is digits, like 1000, or 0x and hexadecimal ones");
		}
		*val = v;
		return 0;
	}
	if (!isdigit((unsigned char)*p))
		goto bad;
	if (!parse_digits(&p, &v)) {
		err_set(err, EXIT_USAGE, "'%s': number too large", s);
		return err_hint(err, "a number is digits, like 1000, or 0x and hexadecimal ones");
	}
	if (*p)
		goto bad;
	*val = v;
	return 0;
bad:
	err_set(err, EXIT_USAGE, "'%s': not a number", s);
	return err_hint(err, "a number is digits, like 1000, or 0x and hexadecimal ones");
}

int parse_size(const char *s, uint64_t *bytes, struct err *err)
{
	const char *p = s;
	unsigned int shift = 0;
	uint64_t v;

	if (!parse_digits(&p, &v))
		goto bad;
	switch (*p) {
	case 'k':
	case 'K':
		shift = 10;
		break;
	case 'm':
	case 'M':
		shift = 20;
		break;
	case 'g':
	case 'G':
		shift = 30;
		break;
	}
	if (shift)
		p++;
	if (*p)
		goto bad;
	if (v > UINT64_MAX >> shift) {
		err_set(err, EXIT_USAGE, "'%s': size too large", s);
		return err_hint(err, "sizes are bytes, or have one of the suffixes K, M, G");
	}
	*bytes = v << shift;
	return 0;
bad:
	err_set(err, EXIT_USAGE, "'%s': not a size", s);
	return err_hint(err, "sizes are bytes, or have one of the suffixes K, M, G");
}

int parse_duration_ns(const char *s, uint64_t *ns, struct err *err)
{
	static const struct {
		const char *suffix;
		uint64_t ns;
	} units[] = {
		{ "", 1000000000 },	   { "ns", 1 },		{ "us", 1000 },
		{ "ms", 1000000 },	   { "s", 1000000000 }, { "m", 60000000000ULL },
		{ "h", 3600000000000ULL },
	};
	uint64_t whole, frac = 0, scale = 1;
	uint64_t total;
	const char *p = s;

	if (!parse_digits(&p, &whole))
		goto bad;
	if (*p == '.') {
		if (!isdigit((unsigned char)*++p))
			goto bad;
		for (; isdigit((unsigned char)*p); p++) {
			if (scale >= 1000000000000000ULL)
				continue; /* below a ns for every unit */
			frac = frac * 10 + (uint64_t)(*p - '0');
			scale *= 10;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(p, units[i].suffix))
			continue;
		total = mul_div(frac, units[i].ns, scale);
		if (whole > INT64_MAX / units[i].ns || whole * units[i].ns > INT64_MAX - total) {
			err_set(err, EXIT_USAGE, "'%s': time too long", s);
			return err_hint(err, "a number alone is seconds; ns, us, ms, s, m, h are units");
		}
		*ns = whole * units[i].ns + total;
		return 0;
	}
bad:
	err_set(err, EXIT_USAGE, "'%s': not a time", s);
	return err_hint(err, "times look like 250us, 10ms, 1.5s, 2m, 1h; a bare number is seconds");
}

static uint64_t stat_value(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p ? strtoull(p + strlen(name), NULL, 10) : 0;
}

struct ring_stats ring_stats_parse(const char *text)
{
	/* "overrun: " is part of "commit overrun: " too, so it is looked for at the begin of its line. */
	return (struct ring_stats){
		.entries = stat_value(text, "entries: ") + stat_value(text, "read events: "),
		.lost = stat_value(text, "\noverrun: ") + stat_value(text, "commit overrun: ") +
			stat_value(text, "dropped events: "),
		.read = stat_value(text, "read events: "),
	};
}

uint64_t ring_stats_least(const struct ring_stats *before, const struct ring_stats *now)
{
	return now->entries - now->read + before->read + before->lost;
}
