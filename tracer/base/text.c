// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/text.c - UTF-8 without surprises, shell patterns.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

bool glob_match(const char *pattern, const char *string)
{
	if (!pattern)
		return true;
	if (!string)
		return !strcmp(pattern, "*");
	return fnmatch(pattern, string, 0) == 0;
}

unsigned int utf8_len(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int n, min;
	uint32_t c;

	if (s[0] < 0x80)
		return 1;
	if ((s[0] & 0xe0) == 0xc0) {
		n = 2;
		c = s[0] & 0x1f;
		min = 0x80;
	} else if ((s[0] & 0xf0) == 0xe0) {
		n = 3;
		c = s[0] & 0x0f;
		min = 0x800;
	} else if ((s[0] & 0xf8) == 0xf0) {
		n = 4;
		c = s[0] & 0x07;
		min = 0x10000;
	} else {
		return 0;
	}
	for (unsigned int i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80) /* also the terminator */
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	/* Overlong, surrogate, out of range; U+0080..9f are control characters too. */
	if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) || (c >= 0x80 && c < 0xa0))
		return 0;
	/* What sets the direction of the text behind it would show the rest of a line in another order. */
	if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
		return 0;
	return n;
}

void text_bytes(char dst[TEXT_BYTES_LEN], uint64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double amount = (double)bytes / 1e3;
	unsigned int i = 0;

	/* 999.95 would be shown as 1000.0. */
	for (; amount >= 999.95 && i + 1 < ARRAY_SIZE(units); i++)
		amount /= 1e3;
	snprintf(dst, TEXT_BYTES_LEN, "%.1f %s", amount, units[i]);
}

void sanitize(char *dst, size_t len, const char *src)
{
	size_t at = 0;
	unsigned int n;

	if (!len)
		return;
	while (*src) {
		n = utf8_len(src);
		if (at + (n ? n : 1) >= len)
			break;
		if (!n || (unsigned char)*src < 0x20 || *src == 0x7f) {
			dst[at++] = '?';
			src++;
			continue;
		}
		memcpy(dst + at, src, n);
		at += n;
		src += n;
	}
	dst[at] = '\0';
}

char *sanitized(const char *src)
{
	size_t size = strlen(src) + 1;
	char *dst = xmalloc(size);

	sanitize(dst, size, src);
	return dst;
}

/* Levenshtein distance of two names, bounded: names are short. Case is no difference. */
static unsigned int distance(const char *a, size_t na, const char *b)
{
	size_t nb = strlen(b);
	unsigned int row[64];

	if (na >= ARRAY_SIZE(row) || nb >= ARRAY_SIZE(row))
		return UINT32_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned int diag = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned int best =
				diag + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));

			diag = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

struct suggestion suggestion_for(const char *typed, size_t len)
{
	return (struct suggestion){ typed, len, len < 4 ? 2 : 3, NULL };
}

void suggestion_offer(struct suggestion *s, const char *word)
{
	unsigned int d = word ? distance(s->typed, s->len, word) : UINT32_MAX;

	if (d >= s->distance || (d > 1 && strlen(word) < 4)) /* two of three letters are another word */
		return;
	s->distance = d;
	s->word = word;
}

int suggestion_hint(const struct suggestion *s, const char *const *words, struct err *err)
{
	char all[sizeof(err->hint)] = "";
	size_t at = 0;

	if (s->word)
		return err_hint(err, "did you mean %s?", s->word);
	for (unsigned int i = 0; words[i] && at < sizeof(all); i++)
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s", i ? ", " : "", words[i]);
	return err_hint(err, "one of %s", all);
}

void nearest_begin(struct nearest *n, const char *pattern)
{
	size_t len = 0;

	*n = (struct nearest){ .nr = 0 };
	for (; *pattern && len < sizeof(n->letters) - 1; pattern++)
		if (!strchr("*?\\", *pattern))
			n->letters[len++] = *pattern;
}

/* UINT32_MAX: not near. */
static unsigned int score(const char *letters, const char *name)
{
	size_t len = strlen(letters);
	unsigned int d;

	if (len >= 3 && strcasestr(name, letters))
		return (unsigned int)(strlen(name) - len);
	d = distance(letters, len, name);
	return d <= 2 || d <= len / 3 ? 1000 + d : UINT32_MAX;
}

void nearest_offer(struct nearest *n, const char *name)
{
	unsigned int s = name ? score(n->letters, name) : UINT32_MAX, at = 0;

	if (s == UINT32_MAX)
		return;
	for (unsigned int i = 0; i < n->nr; i++)
		if (!strcmp(n->name[i], name))
			return;
	while (at < n->nr && n->score[at] <= s)
		at++;
	if (at == NEAREST_MAX)
		return;
	n->nr += n->nr < NEAREST_MAX;
	for (unsigned int i = n->nr - 1; i > at; i--) {
		n->score[i] = n->score[i - 1];
		n->name[i] = n->name[i - 1];
	}
	n->score[at] = s;
	n->name[at] = name;
}
