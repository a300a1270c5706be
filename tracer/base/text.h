/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/text.h - hostile text made harmless, and shell patterns.
 */
#ifndef IPITRACE_BASE_TEXT_H
#define IPITRACE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Shell pattern (fnmatch); NULL pattern matches all, NULL string matches only NULL or "*". */
bool glob_match(const char *pattern, const char *string);

/* Bytes of the well-formed UTF-8 sequence at s (RFC 3629); 0 if it is none, or a control character beyond ASCII. */
unsigned int utf8_len(const char *s);

/*
 * Copy src to dst for a terminal, JSON or CSV: control characters and bytes
 * that are not UTF-8 become '?'. Kernel and task names are hostile text.
 */
void sanitize(char *dst, size_t len, const char *src);

/*
 * The word that was meant, of all that are offered: the nearest that is no more
 * than two edits away (insert, delete or change a letter).
 */
struct suggestion {
	const char *typed;
	size_t len;
	unsigned int distance;
	const char *word; /* NULL = none is near */
};

struct suggestion suggestion_for(const char *typed, size_t len);
void suggestion_offer(struct suggestion *s, const char *word); /* NULL is no word */

#endif
