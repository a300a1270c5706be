/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/value.h - values for people: a unit that fits, three digits.
 */
#ifndef IPITRACE_RENDER_VALUE_H
#define IPITRACE_RENDER_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/columns.h"

/* "1.80us", "12.3ms"; buf of RENDER_TIME_LEN. */
#define RENDER_TIME_LEN 16
void render_time(uint64_t ns, bool utf8, char *buf);
/* A column's value in its unit, "-" where there is none. */
void render_value(const struct column *c, struct value v, bool utf8, char *buf, size_t len);

#endif
