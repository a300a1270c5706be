/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/text.h - hostile text made harmless, and shell patterns.
 */
#ifndef IPITRACE_BASE_TEXT_H
#define IPITRACE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Shell pattern (fnmatch); NULL pattern matches all, NULL string matches only NULL or "*". */
bool glob_match(const char *pattern, const char *string);

/*
 * Bytes of the well-formed UTF-8 sequence at s (RFC 3629); 0 if it is none, or a
 * control character beyond ASCII: U+0080..9f, and what sets the direction of text.
 */
unsigned int utf8_len(const char *s);

/*
 * Copy src to dst for a terminal, JSON or CSV: control characters and bytes
 * that are not UTF-8 become '?'. Kernel and task names are hostile text.
 */
void sanitize(char *dst, size_t len, const char *src);
/* All of it, malloc'ed. */
char *sanitized(const char *src);

#define TEXT_BYTES_LEN 16

/* "43.2 kB", "7.9 MB": of an amount for people, powers of 1000. */
void text_bytes(char dst[TEXT_BYTES_LEN], uint64_t bytes);

/*
 * The word that was meant, of all that are offered: the nearest that is no more
 * than two edits away (insert, delete or change a letter; one of a short word). Case is none.
 */
struct suggestion {
	const char *typed;
	size_t len;
	unsigned int distance;
	const char *word; /* NULL = none is near */
};

struct suggestion suggestion_for(const char *typed, size_t len);
void suggestion_offer(struct suggestion *s, const char *word); /* NULL is no word */

struct err;
/* The hint of an error already set: the word that was meant, or all that can be (NULL behind the last). Returns -1. */
int suggestion_hint(const struct suggestion *s, const char *const *words, struct err *err);

/*
 * The names that a pattern may have meant: those that hold its letters, then
 * those that are few edits away. Names are borrowed; the same one twice is one.
 */
#define NEAREST_MAX 5
struct nearest {
	char letters[64]; /* of the pattern, without * and ? */
	unsigned int nr;
	unsigned int score[NEAREST_MAX]; /* least first */
	const char *name[NEAREST_MAX];
};

void nearest_begin(struct nearest *n, const char *pattern);
void nearest_offer(struct nearest *n, const char *name); /* NULL is no name */

/* The end of a noun behind its number: "1 row", "2 rows", "0 rows". */
static inline const char *plural_s(uint64_t nr)
{
	return nr == 1 ? "" : "s";
}

/* "1 row was", "2 rows were". */
static inline const char *plural_was(uint64_t nr)
{
	return nr == 1 ? "was" : "were";
}

/* "1 row is", "2 rows are". */
static inline const char *plural_is(uint64_t nr)
{
	return nr == 1 ? "is" : "are";
}

/* "1 column does", "2 columns do". */
static inline const char *columns_do(unsigned int nr)
{
	return nr == 1 ? "column does" : "columns do";
}

#endif
