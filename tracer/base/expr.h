/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/expr.h - conditions on named values: "delivery > 100us && target in 2-7".
 *
 *	or	:= and { "||" and }
 *	and	:= not { "&&" not }
 *	not	:= { "!" } ( "(" or ")" | test )
 *	test	:= NAME				a flag that is set; anything else: that it is known
 *		 | NAME ("==" | "!=" | "<" | "<=" | ">" | ">=") VALUE
 *		 | NAME ("=~" | "!~") PATTERN	texts, by shell pattern
 *		 | NAME "in" LIST		2-7,9 or words; any of a text that is in quotation marks
 *
 * Before < <= > >= the name of a text stands for the time of that name: "func > 50us" asks for func_ns.
 * A value is a number, a time with its unit (100us, 1.5ms; ns, us, ms, s, m, h),
 * the name of another value of the same type (unless it is a word that the first
 * one may be), or a text: a word, or anything in quotation marks. Every comparison with what is not known is
 * false, "!=" and "!~" as well.
 *
 * Knows nothing of what the names mean: the caller has a table of them. Compiled
 * once; testing neither allocates nor recurses.
 */
#ifndef IPITRACE_BASE_EXPR_H
#define IPITRACE_BASE_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum expr_type {
	EXPR_TEXT,
	EXPR_FLAG,
	EXPR_NUMBER,
	EXPR_TIME, /* ns */
};

struct expr_field {
	const char *name, *also;  /* also: another name of it, or NULL */
	const char *const *words; /* of a text: all that it can be, NULL behind the last; NULL = any */
	enum expr_type type;
};

struct expr_value {
	bool none;
	const char *text; /* EXPR_TEXT */
	uint64_t num;	  /* the others */
};

/* The value of a field, by its index in the table. A text must live until the next value is asked for. */
typedef struct expr_value (*expr_get_fn)(void *ctx, unsigned int field);

struct expr;

/* The table is borrowed for this call. *err says where and what, and what may have been meant. */
int expr_compile(struct expr **e, const char *text, const struct expr_field *fields, unsigned int nr_fields,
		 struct err *err);
void expr_free(struct expr *e);
/* The i-th field that it asks for, by where it is named first; false: there are no more. */
bool expr_field_asked(const struct expr *e, unsigned int i, unsigned int *field);
bool expr_true(const struct expr *e, expr_get_fn get, void *ctx);
/*
 * After all that it was asked of: what it cannot have meant. A field that none of
 * them had (text NULL), and a text, pattern or number that none had in that field.
 * A test that others decided never to be made is not told.
 */
typedef void (*expr_missed_fn)(void *ctx, unsigned int field, const char *text);
void expr_missed(const struct expr *e, const struct expr_field *fields, expr_missed_fn missed, void *ctx);

#endif
