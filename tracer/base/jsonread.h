/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/jsonread.h - the one reader of JSON: results of ipitrace itself, back in.
 *
 * Files come from anywhere, so depth is bounded and every type is checked.
 * What is computed of the contracts is integers; a fraction is read, and has no value.
 * Escapes beyond ASCII become '?': texts are only compared and shown.
 */
#ifndef IPITRACE_BASE_JSONREAD_H
#define IPITRACE_BASE_JSONREAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUM, JSON_REAL, JSON_STR, JSON_ARR, JSON_OBJ };

struct json_val {
	enum json_type type;
	char *key; /* in objects */
	char *str;
	uint64_t num; /* of a bool, too; of JSON_REAL 0 */
	struct json_val *child, *next;
};

/* The whole file, - being the standard input, as one value; NULL and *err if it is not JSON. */
struct json_val *json_read_file(const char *path, struct err *err);
void json_free(struct json_val *v);

/* Member of an object; NULL if it is not there, or of another type. */
const struct json_val *json_get(const struct json_val *obj, const char *key, enum json_type type);
/* Sanitised; "" where there is no such text. */
void json_get_str(const struct json_val *obj, const char *key, char *buf, size_t len);
uint64_t json_get_num(const struct json_val *obj, const char *key, uint64_t absent);
/* true or false is no number: false where it is not there. */
bool json_get_flag(const struct json_val *obj, const char *key);

#endif
