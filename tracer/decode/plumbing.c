// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/plumbing.c - the list of functions that carry IPIs for others, and a user's own.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "decode/plumbing.h"

#define ROW(name, file, where, why, kind)                                                                              \
	{                                                                                                              \
		(name), (file), (where), (why), (kind), false, false                                                   \
	}
#define PREFIX_ROW(name, where, why, kind)                                                                             \
	{                                                                                                              \
		(name), NULL, (where), (why), (kind), true, false                                                      \
	}

static const struct plumbing_row rows[] = {
#define PLUMBING(name, file, where, why)	ROW(name, file, where, why, PLUMBING_PLAIN),
#define PLUMBING_INSIDE(name, file, where, why) ROW(name, file, where, why, PLUMBING_INSIDE),
#define PLUMBING_CALLS(name, file, where, why)	ROW(name, file, where, why, PLUMBING_CALLS),
#define PLUMBING_HIDES(name, file, where, why)	ROW(name, file, where, why, PLUMBING_HIDES),
#define PLUMBING_NOT(name, file, where, why)	ROW(name, file, where, why, PLUMBING_NOT),
#define PLUMBING_PREFIX(prefix, where, why)	PREFIX_ROW(prefix, where, why, PLUMBING_PLAIN),
#define PLUMBING_EDGE(prefix, where, why)	PREFIX_ROW(prefix, where, why, PLUMBING_EDGE),
#include "decode/plumbing.def"
};

/* How many of them are functions. */
enum {
#define COUNT +1
	NR_FUNCTIONS = 0
#define PLUMBING(...)	     COUNT
#define PLUMBING_INSIDE(...) COUNT
#define PLUMBING_CALLS(...)  COUNT
#define PLUMBING_HIDES(...)  COUNT
#define PLUMBING_NOT(...)    COUNT
#include "decode/plumbing.def"
};

static const struct plumbing_row known[] = {
#define PLUMBING_KNOWN(name, where, why) ROW(name, NULL, where, why, PLUMBING_NOT),
#include "decode/plumbing.def"
};

static const char *const known_names[] = {
#define PLUMBING_KNOWN(name, where, why) name,
#include "decode/plumbing.def"
};

static const char *const whole_files[] = {
#define PLUMBING_FILE(file) file,
#include "decode/plumbing.def"
};

const struct plumbing_row *plumbing_rows(size_t *nr)
{
	*nr = ARRAY_SIZE(rows);
	return rows;
}

const struct plumbing_row *plumbing_known(size_t *nr)
{
	*nr = ARRAY_SIZE(known);
	return known;
}

const char *const *plumbing_known_names(unsigned int *nr)
{
	*nr = ARRAY_SIZE(known_names);
	return known_names;
}

/* --- a user's own --- */

struct own {
	char *name;
	size_t len;
	bool prefix, caller;
};

struct plumbing {
	struct own *own;
	size_t nr;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A line without its comment and the blanks around it. */
static void trim(const char **from, const char **end)
{
	const char *hash = memchr(*from, '#', (size_t)(*end - *from));

	if (hash)
		*end = hash;
	while (*from < *end && is_blank(**from))
		++*from;
	while (*end > *from && is_blank((*end)[-1]))
		--*end;
}

/* Letters of the kernel's symbols, as kallsyms has them. */
static bool is_name(const char *from, const char *end)
{
	for (const char *p = from; p < end; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' ||
		      *p == '.' || *p == '$'))
			return false;
	return from < end;
}

static int add_line(struct plumbing *p, const char *from, const char *end, const char *path, unsigned int line,
		    struct err *err)
{
	const char *all = from;
	struct own own = { 0 };
	char bad[64], clean[64];

	if (*from == '!') {
		own.caller = true;
		from++;
	}
	if (end > from && end[-1] == '*') {
		own.prefix = true;
		end--;
	}
	if (!is_name(from, end)) {
		snprintf(bad, sizeof(bad), "%.*s", (int)(end + own.prefix - all), all);
		sanitize(clean, sizeof(clean), bad);
		err_set(err, EXIT_FAILED, "%s:%u: '%s': no name of a function", path, line, clean);
		return err_hint(err, "NAME, NAME* or, for a caller, !NAME; # begins a comment");
	}
	own.len = (size_t)(end - from);
	own.name = xmalloc(own.len + 1);
	memcpy(own.name, from, own.len);
	own.name[own.len] = '\0';
	p->own = xrealloc(p->own, (p->nr + 1) * sizeof(*p->own));
	p->own[p->nr++] = own;
	return 0;
}

int plumbing_parse(struct plumbing **out, const char *text, size_t len, const char *path, struct err *err)
{
	const char *at = text, *stop = text + len;
	unsigned int line = 0;

	if (!*out)
		*out = xcalloc(1, sizeof(**out));
	while (at < stop) {
		const char *eol = memchr(at, '\n', (size_t)(stop - at)), *from = at, *end = eol ? eol : stop;

		at = end + 1;
		line++;
		trim(&from, &end);
		if (from < end && add_line(*out, from, end, path, line, err))
			return -1;
	}
	return 0;
}

void plumbing_free(struct plumbing *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->nr; i++)
		free(p->own[i].name);
	free(p->own);
	free(p);
}

const char *plumbing_own_name(const struct plumbing *p, size_t i, bool *prefix)
{
	if (!p || i >= p->nr)
		return NULL;
	*prefix = p->own[i].prefix;
	return p->own[i].name;
}

/* --- look-up --- */

struct key {
	const char *name;
	size_t len;
};

/* No name of the list is shorter. */
static int first_two(const char *name)
{
	return (unsigned char)name[0] << 8 | (unsigned char)name[1];
}

static int key_compare(const void *key, const void *entry)
{
	const struct key *k = key;
	const char *name = ((const struct plumbing_row *)entry)->name;
	int cmp = k->len > 1 ? first_two(k->name) - first_two(name) : k->len ? 0 : -1;
	size_t len;

	/* Most names are asked for in vain. */
	if (cmp)
		return cmp;
	len = strlen(name);
	/* A name from a damaged file may hold a NUL: never compared beyond the entry's end. */
	cmp = memcmp(k->name, name, k->len < len ? k->len : len);
	return cmp ? cmp : k->len < len ? -1 : k->len > len;
}

static bool begins(const struct key *key, const char *prefix, size_t len)
{
	return key->len >= len && !memcmp(key->name, prefix, len);
}

/* full: with the compiler's suffix, which a user may mean. */
static const struct own *find_own(const struct plumbing *p, const struct key *key, const struct key *full)
{
	for (size_t i = p->nr; i-- > 0;) {
		const struct own *own = &p->own[i];

		if (begins(full, own->name, own->len) && (own->prefix || own->len == key->len || own->len == full->len))
			return own;
	}
	return NULL;
}

/* Without the compiler's suffix. */
static struct key plain_key(const char *name, size_t len)
{
	const char *dot = memchr(name, '.', len);

	return (struct key){ name, dot && dot > name ? (size_t)(dot - name) : len };
}

static const struct plumbing_row *find_row(const struct key *key)
{
	return bsearch(key, rows, NR_FUNCTIONS, sizeof(rows[0]), key_compare);
}

const char *plumbing_source(const char *name, size_t len)
{
	struct key key = plain_key(name, len);
	const struct plumbing_row *row = find_row(&key);

	return row ? row->file : NULL;
}

const char *plumbing_whole_file(const char *name, size_t len)
{
	const char *file = plumbing_source(name, len);

	for (size_t i = 0; file && i < ARRAY_SIZE(whole_files); i++)
		if (!strcmp(whole_files[i], file))
			return whole_files[i];
	return NULL;
}

enum plumbing_kind plumbing_kind(const struct plumbing *more, const char *name, size_t len)
{
	struct key full = { name, len };
	struct key key = plain_key(name, len);
	const struct plumbing_row *row = find_row(&key);
	const struct own *own = more ? find_own(more, &key, &full) : NULL;

	if (own)
		return own->caller ? PLUMBING_NOT : PLUMBING_PLAIN;
	if (row)
		return row->kind;
	for (size_t i = NR_FUNCTIONS; i < ARRAY_SIZE(rows); i++)
		if (begins(&key, rows[i].name, strlen(rows[i].name)))
			return rows[i].kind;
	return PLUMBING_NONE;
}
