// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/globs.c - lists of shell patterns.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/globs.h"
#include "base/mem.h"
#include "base/text.h"

static const char *first_pattern(const char *list)
{
	return list + globs_negated(list);
}

/* Length of the pattern at p: up to a comma without a backslash. */
static size_t pattern_len(const char *p)
{
	size_t n = 0;

	while (p[n] && p[n] != ',')
		n += p[n] == '\\' && p[n + 1] ? 2 : 1;
	return n;
}

int globs_check(const char *list, struct err *err)
{
	for (const char *p = first_pattern(list);; p++) {
		size_t len = pattern_len(p);

		if (!len) {
			err_set(err, EXIT_USAGE, "'%.100s': a name of the list is empty", list);
			return err_hint(err, "names are separated by one comma: a,b*");
		}
		if (*p == '!') {
			err_set(err, EXIT_USAGE, "'%.100s': ! stands once, in front of the list", list);
			return err_hint(err, "'!a,b' is none of both; a name that begins with ! is written \\!");
		}
		p += len;
		if (!*p)
			return 0;
	}
}

char *globs_next(const char **list)
{
	size_t len;
	char *pattern;

	if (!**list)
		return NULL;
	len = pattern_len(*list);
	pattern = xmalloc(len + 1);
	memcpy(pattern, *list, len);
	pattern[len] = '\0';
	*list += len + ((*list)[len] == ',');
	return pattern;
}

bool globs_pass(const char *list, const char *name, const char *other)
{
	const char *p = first_pattern(list);
	bool found = false;
	char *pattern;

	while (!found && (pattern = globs_next(&p))) {
		found = glob_match(pattern, name) || (other && glob_match(pattern, other));
		free(pattern);
	}
	return found != globs_negated(list);
}

char *globs_of_pattern(const char *pattern)
{
	char *list = xmalloc(2 * strlen(pattern) + 2), *d = list;

	for (const char *p = pattern; *p; p++) {
		if (*p == ',' || (*p == '!' && p == pattern))
			*d++ = '\\';
		*d++ = *p;
		if (*p == '\\' && p[1])
			*d++ = *++p;
	}
	*d = '\0';
	return list;
}

/* Every pattern of a is a plain name, and none of the names passes b. */
static bool none_passes(const char *a, const char *b)
{
	const char *p = a;
	bool none = !globs_negated(a);
	char *name;

	while (none && (name = globs_next(&p))) {
		none = !strpbrk(name, "*?[\\") && !globs_pass(b, name, NULL);
		free(name);
	}
	return none;
}

bool globs_disjoint(const char *a, const char *b)
{
	return none_passes(a, b) || none_passes(b, a);
}
