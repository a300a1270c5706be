/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/plumbing.h - which functions of the kernel carry IPIs for others, by name.
 *
 * The list is decode/plumbing.def; a user's own comes on top of it. How names on
 * a stack are judged together is in decode/symtab.h.
 */
#ifndef IPITRACE_DECODE_PLUMBING_H
#define IPITRACE_DECODE_PLUMBING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum plumbing_kind {
	PLUMBING_NONE, /* nothing is known of it */
	PLUMBING_PLAIN,
	PLUMBING_INSIDE, /* and all that it calls */
	PLUMBING_CALLS,	 /* and the function that it calls back */
	PLUMBING_HIDES,	 /* a caller that may hide the one that it called */
	PLUMBING_NOT,	 /* a caller */
	PLUMBING_EDGE,	 /* a caller; what it runs is no doing of who called it */
};

/* A row of the list; file is NULL for prefixes. Texts are constants. */
struct plumbing_row {
	const char *name;
	const char *file, *where, *why;
	enum plumbing_kind kind;
	bool prefix, whole_file;
};

/* All rows, *nr of them: first functions, sorted by name. */
const struct plumbing_row *plumbing_rows(size_t *nr);

/* Callers that call sites name, and of which a stack would tell no more: *nr rows, or their names alone. */
const struct plumbing_row *plumbing_known(size_t *nr);
const char *const *plumbing_known_names(unsigned int *nr);

/* A user's own names, which go before the list's. */
struct plumbing;

/*
 * Lines of "NAME", "NAME*" (all that begin so) and "!NAME", "!NAME*" (callers
 * nevertheless); of several that fit a function the last counts. "#" begins a
 * comment. *p may be an earlier one, which grows; path is for errors. 0 or -1.
 */
int plumbing_parse(struct plumbing **p, const char *text, size_t len, const char *path, struct err *err);
void plumbing_free(struct plumbing *p);

/* The i-th of a user's names, without the marks, and whether it may go on; NULL behind the last. p may be NULL. */
const char *plumbing_own_name(const struct plumbing *p, size_t i, bool *prefix);

/* What a function is by its name, with or without the compiler's suffix; more may be NULL. */
enum plumbing_kind plumbing_kind(const struct plumbing *more, const char *name, size_t len);
/* The source file of a function of the list; NULL = it is none. */
const char *plumbing_source(const char *name, size_t len);
/* The same where all of that file is plumbing: the one constant for all functions of the file; else NULL. */
const char *plumbing_whole_file(const char *name, size_t len);

#endif
