/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/fields.h - the fields of an event's format text.
 *
 * The text comes from a file, so it may be anything. Only its head and its
 * field lines are read, in the form in which the kernel writes them
 * (kernel/trace/trace_events.c, f_show()); the print format behind them, an
 * expression in C, never is.
 */
#ifndef IPITRACE_DECODE_FIELDS_H
#define IPITRACE_DECODE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIELD_END_MAX UINT16_MAX /* offset + size of a field; records are no longer */

struct format_field {
	const char *name; /* in the text, without an end of its own */
	size_t name_len;
	uint32_t offset, size; /* offset + size <= FIELD_END_MAX */
};

struct format_fields {
	struct format_field *fields;
	unsigned int nr;
};

/* All fields, the common ones first. False: a line is none, or there is no field; then nothing is to be freed. */
bool format_fields_parse(struct format_fields *f, const char *text, size_t len);
void format_fields_free(struct format_fields *f);
/* The first of this name; NULL = none. */
const struct format_field *format_field_find(const struct format_fields *f, const char *name);

#endif
