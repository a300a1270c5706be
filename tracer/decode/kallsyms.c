// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/kallsyms.c - what a line of kallsyms says; which lines a recording needs.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/mem.h"
#include "decode/kallsyms.h"
#include "decode/plumbing.h"

#define FAR (1u << 20) /* no function is larger: decode/symtab.c */

static inline int hex_digit(char c)
{
	unsigned int digit = (unsigned char)c - (unsigned int)'0';

	if (digit <= 9)
		return (int)digit;
	digit = (unsigned char)c - (unsigned int)'a';
	return digit < 6 ? (int)digit + 10 : -1;
}

static bool is_text(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

/*
 * More than half of a kernel's lines are data, or padding in front of a
 * function: on 64-bit machines both show at fixed places, before anything of
 * the line is parsed. Precondition: the line has these places.
 */
static inline bool line_unwanted(const char *line)
{
	return line[16] == ' ' && line[18] == ' ' &&
	       (!is_text(line[17]) || (line[19] == '_' && !memcmp(line + 19, "__pfx_", 6)));
}

/*
 * Labels of the compiler and marks of ARM's and RISC-V's assemblers ("$d",
 * "$x.12", ".L0") lie at and inside functions, and are none; the kernel itself
 * skips them, see is_mapping_symbol() in include/linux/module_symbol.h.
 */
static inline bool is_label(const char *name, const char *end)
{
	if (name[0] == '$')
		return true;
	return end - name > 1 && ((name[0] == '.' && name[1] == 'L') || (name[0] == 'L' && name[1] == '0'));
}

/* The address; *end is behind its digits, at line where there are none. */
static uint64_t parse_addr(const char *line, const char *eol, const char **end)
{
	uint64_t addr = 0;
	int digit;

	for (*end = line; *end < eol && (digit = hex_digit(**end)) >= 0; ++*end)
		addr = addr << 4 | (unsigned int)digit;
	return addr;
}

/* A function, or a label of one. */
static bool parse_code(const char *line, const char *eol, struct kallsyms_line *l, bool *label)
{
	const char *at, *name, *blank;

	if (eol - line > 16 + 3 + 6 && line_unwanted(line))
		return false;
	l->addr = parse_addr(line, eol, &at);
	if (at == line || eol - at < 4 || at[0] != ' ' || at[2] != ' ' || !is_text(at[1]))
		return false;
	name = at + 3;
	at = memchr(name, '\t', (size_t)(eol - name));
	at = at ? at : eol;
	blank = memchr(name, ' ', (size_t)(at - name));
	at = blank ? blank : at;
	if (at == name)
		return false;
	/* Padding in front of a function, not a function. */
	if (at - name > 6 && !memcmp(name, "__pfx_", 6))
		return false;
	*label = is_label(name, at);
	l->name = name;
	l->name_len = (size_t)(at - name);
	/* "\t[module]"; a name may end in a blank, as that of ".L0 " does. */
	at = memchr(at, '[', (size_t)(eol - at));
	l->module = at && (at[-1] == '\t' || at[-1] == ' ');
	return true;
}

bool kallsyms_function(const char *line, const char *eol, struct kallsyms_line *l)
{
	bool label;

	return parse_code(line, eol, l, &label) && !label;
}

bool kallsyms_label(const char *line, const char *eol, struct kallsyms_line *l)
{
	bool label;

	return parse_code(line, eol, l, &label) && label && l->name[0] != '$';
}

/* Where the kernel's code begins and ends: include/asm-generic/sections.h. */
static const char *const ends_of_code[] = { " _stext", " _etext" };

static bool is_end_of_code(const char *line, const char *eol)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends_of_code); i++) {
		size_t len = strlen(ends_of_code[i]);

		if ((size_t)(eol - line) > len && !memcmp(eol - len, ends_of_code[i], len))
			return true;
	}
	return false;
}

bool kallsyms_has_functions(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends_of_code); i++) {
		size_t n = strlen(ends_of_code[i]);
		const char *at = text, *end = text + len;

		while ((at = memmem(at, (size_t)(end - at), ends_of_code[i], n)) && at + n < end && at[n] != '\n')
			at += n;
		if (!at)
			return false;
	}
	return true;
}

/* --- which are needed --- */

struct line {
	uint64_t addr;
	const char *text;
	uint32_t len; /* with its end of line */
	bool function, plumbing, end, keep;
};

struct kallsyms_used {
	struct line *lines; /* in the order of the text */
	uint32_t *order;    /* by address */
	size_t nr, room;
	uint64_t low, high; /* words outside are no addresses of the kernel's */
	struct hash index;  /* of the addresses seen */
	uint64_t *seen;
	uint32_t nr_seen, seen_room;
};

static void add_line(struct kallsyms_used *u, const char *line, const char *eol, const char *next)
{
	struct kallsyms_line f;
	const char *whole_file = NULL, *end;
	struct line l = { .text = line, .len = (uint32_t)(next - line) };

	l.function = kallsyms_function(line, eol, &f);
	l.addr = parse_addr(line, eol, &end);
	if (end == line)
		return;
	l.end = is_end_of_code(line, eol);
	if (l.function) {
		plumbing_kind(NULL, f.name, f.name_len, &whole_file);
		l.plumbing = whole_file;
		if (l.addr && l.addr < u->low)
			u->low = l.addr;
	}
	if (l.addr > u->high)
		u->high = l.addr;
	if (u->nr == u->room) {
		u->room *= 2;
		u->lines = xrealloc(u->lines, u->room * sizeof(*u->lines));
	}
	u->lines[u->nr++] = l;
}

/* Modules follow the kernel, in no order. */
static int by_addr(const void *a, const void *b, void *lines)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct line *all = lines;

	if (all[x].addr != all[y].addr)
		return all[x].addr < all[y].addr ? -1 : 1;
	return x < y ? -1 : x > y;
}

struct kallsyms_used *kallsyms_used_new(const char *text, size_t len)
{
	struct kallsyms_used *u = xcalloc(1, sizeof(*u));
	const char *end = text + len, *eol;

	u->low = UINT64_MAX;
	u->room = len / 40 + 16;
	u->lines = xmalloc(u->room * sizeof(*u->lines));
	for (const char *line = text; line < end; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol)
			eol = end;
		add_line(u, line, eol, eol < end ? eol + 1 : end);
	}
	u->high = u->high > UINT64_MAX - FAR ? UINT64_MAX : u->high + FAR;
	u->order = xmalloc((u->nr + 1) * sizeof(*u->order));
	for (size_t i = 0; i < u->nr; i++)
		u->order[i] = (uint32_t)i;
	qsort_r(u->order, u->nr, sizeof(*u->order), by_addr, u->lines);
	return u;
}

void kallsyms_used_free(struct kallsyms_used *u)
{
	if (!u)
		return;
	free(u->lines);
	free(u->order);
	hash_free(&u->index);
	free(u->seen);
	free(u);
}

static void see(struct kallsyms_used *u, uint64_t addr)
{
	uint32_t h = (uint32_t)hash_u64(addr), at;

	for (uint32_t i = hash_first(&u->index, h, &at); i != HASH_END; i = hash_next(&u->index, h, &at))
		if (u->seen[i] == addr)
			return;
	if (u->nr_seen == u->seen_room) {
		u->seen_room = u->seen_room ? u->seen_room * 2 : 1024;
		u->seen = xrealloc(u->seen, u->seen_room * sizeof(*u->seen));
	}
	hash_add(&u->index, h, u->nr_seen);
	u->seen[u->nr_seen++] = addr;
}

void kallsyms_used_scan(struct kallsyms_used *u, const void *data, size_t len)
{
	const char *p = data, *end = p + len;

	/* Records begin at multiples of 4 bytes, and so do their longs. */
	for (; (size_t)(end - p) >= sizeof(long); p += 4) {
		unsigned long word;

		memcpy(&word, p, sizeof(word));
		if (word >= u->low && word <= u->high)
			see(u, word);
	}
}

/* How many lines, by address, are at or below addr. */
static size_t nr_up_to(const struct kallsyms_used *u, uint64_t addr)
{
	size_t low = 0, high = u->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (u->lines[u->order[mid]].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* All lines at the address of the one at order[i]: of several names one is chosen later. */
static void keep_all_at(const struct kallsyms_used *u, size_t i)
{
	uint64_t addr = u->lines[u->order[i]].addr;

	while (i && u->lines[u->order[i - 1]].addr == addr)
		i--;
	for (; i < u->nr && u->lines[u->order[i]].addr == addr; i++)
		u->lines[u->order[i]].keep = true;
}

/* What addr is named by: the function before it, and whatever lies nearer; and the function in which that one ends. */
static void keep_around(const struct kallsyms_used *u, uint64_t addr)
{
	size_t above = nr_up_to(u, addr), i = above;

	if (i)
		keep_all_at(u, i - 1);
	while (i && !u->lines[u->order[i - 1]].function)
		i--;
	if (i)
		keep_all_at(u, i - 1);
	while (above < u->nr && !u->lines[u->order[above]].function)
		above++;
	if (above < u->nr)
		keep_all_at(u, above);
}

char *kallsyms_used_text(const struct kallsyms_used *u, size_t *len)
{
	size_t all = 1;
	char *text, *at;

	for (size_t i = 0; i < u->nr; i++)
		u->lines[i].keep = u->lines[i].end;
	for (size_t i = 0; i < u->nr; i++)
		if (u->lines[i].plumbing)
			keep_around(u, u->lines[i].addr);
	for (uint32_t i = 0; i < u->nr_seen; i++) {
		keep_around(u, u->seen[i]);
		/* A return address may lie behind the end of its function. */
		keep_around(u, u->seen[i] - 1);
	}
	for (size_t i = 0; i < u->nr; i++)
		all += u->lines[i].keep ? u->lines[i].len : 0;
	at = text = xmalloc(all);
	for (size_t i = 0; i < u->nr; i++) {
		if (!u->lines[i].keep)
			continue;
		memcpy(at, u->lines[i].text, u->lines[i].len);
		at += u->lines[i].len;
	}
	*at = '\0';
	*len = (size_t)(at - text);
	return text;
}
