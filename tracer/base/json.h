/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/json.h - JSON, streamed: no tree; commas, nesting and indentation are the writer's business.
 *
 * What comes out is well-formed whatever the strings hold, provided that every
 * object and array is closed, and that keys are given inside objects and
 * nowhere else. Write errors stay in the stream, where main() finds them.
 */
#ifndef IPITRACE_BASE_JSON_H
#define IPITRACE_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_MAX_DEPTH 31

/* Begins as { .out = stream }. */
struct json {
	FILE *out;
	bool compact; /* one line (NDJSON) */
	unsigned int depth;
	uint32_t filled; /* bit per depth: something is there already */
	uint32_t arrays; /* bit per depth: this is an array */
};

/* key NULL inside arrays and at the top. */
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
/* The innermost that is open; a line ends behind the outermost. */
void json_close(struct json *j);
void json_u64(struct json *j, const char *key, uint64_t val);
void json_i64(struct json *j, const char *key, int64_t val);
/* A number with three decimals: ns as us, nothing rounded. */
void json_thousandths(struct json *j, const char *key, uint64_t val);
/* A ratio or a rate; null if it is no finite number. */
void json_real(struct json *j, const char *key, double val);
void json_bool(struct json *j, const char *key, bool val);
void json_null(struct json *j, const char *key);
/* NULL = null. Control characters are escaped; what is not UTF-8 becomes '?'. */
void json_string(struct json *j, const char *key, const char *val);

#endif
