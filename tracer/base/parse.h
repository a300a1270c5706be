/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/parse.h - strict numbers, times and sizes, as options take them.
 */
#ifndef IPITRACE_BASE_PARSE_H
#define IPITRACE_BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Strict decimal or 0x number, the whole string, no sign, no blanks. */
int parse_u64(const char *s, uint64_t *val, struct err *err);
/* "250us", "10ms", "1.5s", "2m", "1h"; a bare number is seconds. Result in ns. */
int parse_duration_ns(const char *s, uint64_t *ns, struct err *err);

/* "4096", "64K", "8M", "1G" (powers of 1024). Result in bytes. */
int parse_size(const char *s, uint64_t *bytes, struct err *err);

/* Decimal digits at *s into *val; advances *s. False if there is no digit, or the value needs more than 64 bits. */
bool parse_digits(const char **s, uint64_t *val);

/* per_cpu/cpuN/stats of tracefs, which files of trace-cmd hold too (kernel/trace/trace.c: tracing_stats_read()). */
struct ring_stats {
	uint64_t entries; /* written so far, read or not */
	uint64_t lost;	  /* overwritten, or refused */
	uint64_t read;	  /* of the entries */
};
struct ring_stats ring_stats_parse(const char *text);
/*
 * Events that had been written for sure when the file gave "now", of which "before" is an earlier reading. The kernel
 * writes the lines of the file one after the other (kernel/trace/trace.c: tracing_stats_read()): what a reader takes, or
 * what is overwritten, meanwhile is in two of them.
 */
uint64_t ring_stats_least(const struct ring_stats *before, const struct ring_stats *now);

#endif
