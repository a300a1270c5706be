/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/records.h - the fields of a table of events, merged by time: what decode.h is for IPIs, for any other question.
 *
 * Places and sizes of fields come from the recording's formats. Works on what is finished: a file, not a tracer that runs.
 */
#ifndef IPITRACE_DECODE_RECORDS_H
#define IPITRACE_DECODE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "decode/decode.h"

#define RECORD_MAX_FIELDS 8

struct record_want {
	const char *system,
		*name; /* of tracefs; NULL behind the last row; a system that ends in *: all that begin so */
	const char
		*fields[RECORD_MAX_FIELDS + 1]; /* NULL behind the last; "?name": an event without it is taken, too */
};

#define RECORD_LOST UINT32_MAX /* events are missing before this time: val[0] of them, 0 where a gap begins */

struct record {
	uint64_t ts;   /* as stamped */
	uint32_t what; /* row of the table, or RECORD_LOST */
	uint32_t cpu;
	int32_t pid;			 /* the task that ran */
	uint8_t flags;			 /* common_flags */
	uint8_t has;			 /* bit per field that the event has */
	uint64_t val[RECORD_MAX_FIELDS]; /* with zeros in front of what is smaller */
};

struct records;

/* meta and src as for decoder_open(); the table ends with a row without a name, and outlives it all. */
int records_open(struct records **r, const struct record_want *table, const struct decode_meta *meta,
		 const struct page_source *src, struct err *err);
void records_close(struct records *r);
/* 1: *rec is the next one; 0: that was the last; -1: *err. */
int records_next(struct records *r, struct record *rec, struct err *err);
/* The recording's format of a row's event; NULL: it has none that is of use. */
const char *records_format(const struct records *r, unsigned int what, size_t *len);
/* Sub-buffers that were damaged. */
uint64_t records_bad_pages(const struct records *r);

#endif
