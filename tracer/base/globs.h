/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/globs.h - lists of shell patterns, as filters of names take them.
 *
 * "a*,b" matches a name that one of the patterns matches. An exclamation mark
 * in front of the list is none of the patterns: "!a*,b". A comma, or such a mark,
 * that belongs to a name has a backslash in front.
 */
#ifndef IPITRACE_BASE_GLOBS_H
#define IPITRACE_BASE_GLOBS_H

#include <stdbool.h>

#include "base/err.h"

/* Whether it is such a list: no pattern of it is empty. */
int globs_check(const char *list, struct err *err);
/* Takes the next pattern off a list without its mark, malloc'ed; NULL behind the last. */
char *globs_next(const char **list);
static inline bool globs_negated(const char *list)
{
	return *list == '!';
}

/*
 * Whether a thing passes that has these one or two names; NULL is a name that
 * is not known, which only "*" matches. The second may be NULL for having only one.
 */
bool globs_pass(const char *list, const char *name, const char *other);

/* One pattern in which commas and marks were only letters, as a list; malloc'ed. */
char *globs_of_pattern(const char *pattern);
/* No name passes both; false if that is not decided by the texts alone. */
bool globs_disjoint(const char *a, const char *b);

#endif
