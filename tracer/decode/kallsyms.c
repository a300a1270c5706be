// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/kallsyms.c - what a line of kallsyms says; which lines a recording needs.
 */
#include <endian.h>
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

/* Eight digits at once, one a byte of a word; false where one of them is none. */
static inline bool hex_word(const char *digits, uint64_t *value)
{
	const uint64_t each = 0x0101010101010101ULL;
	uint64_t x, letter, d;

	memcpy(&x, digits, sizeof(x));
	x = be64toh(x);
	letter = x >> 6 & each; /* 'a' is 0x61, '0' is 0x30 */
	d = (x & 0x0f * each) + letter * 9;
	if (x != d + 0x30 * each + letter * ('a' - '0' - 10) || d & 0x10 * each ||
	    ((d + 6 * each) >> 4 & each) != letter)
		return false;
	d = (d | d >> 4) & 0x00ff00ff00ff00ffULL;
	d = (d | d >> 8) & 0x0000ffff0000ffffULL;
	*value = (d | d >> 16) & 0xffffffffULL;
	return true;
}

/* The address; *end is behind its digits, at line where there are none. */
static uint64_t parse_addr(const char *line, const char *eol, const char **end)
{
	uint64_t addr = 0, low;
	int digit;

	if (eol - line > 16 && line[16] == ' ' && hex_word(line, &addr) && hex_word(line + 8, &low)) {
		*end = line + 16;
		return addr << 32 | low;
	}
	addr = 0;
	for (*end = line; *end < eol && (digit = hex_digit(**end)) >= 0; ++*end)
		addr = addr << 4 | (unsigned int)digit;
	return addr;
}

/* What follows the address, from at on, is a function's, or that of a label of one. */
static bool parse_name(const char *at, const char *eol, struct kallsyms_line *l, bool *label)
{
	const char *name = at + 3, *blank;

	if (eol - at < 4 || at[0] != ' ' || at[2] != ' ' || !is_text(at[1]))
		return false;
	/* Padding in front of a function, not a function. */
	if (name[0] == '_' && eol - name > 6 && !memcmp(name, "__pfx_", 6))
		return false;
	at = memchr(name, '\t', (size_t)(eol - name));
	at = at ? at : eol;
	blank = memchr(name, ' ', (size_t)(at - name));
	at = blank ? blank : at;
	if (at == name)
		return false;
	*label = is_label(name, at);
	l->name = name;
	l->name_len = (size_t)(at - name);
	/* "\t[module]"; a name may end in a blank, as that of ".L0 " does. */
	at = at < eol ? memchr(at, '[', (size_t)(eol - at)) : NULL;
	l->module = at && (at[-1] == '\t' || at[-1] == ' ');
	return true;
}

/* A function, or a label of one. */
static bool parse_code(const char *line, const char *eol, struct kallsyms_line *l, bool *label)
{
	const char *at;

	if (eol - line > 16 + 3 + 6 && line_unwanted(line))
		return false;
	l->addr = parse_addr(line, eol, &at);
	return at > line && parse_name(at, eol, l, label);
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

/* Which of them, as a bit; 0: none. */
static unsigned int end_of_code(const char *line, const char *eol)
{
	/* What few lines end with. */
	if (eol - line < 4 || memcmp(eol - 4, "text", 4))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(ends_of_code); i++) {
		size_t len = strlen(ends_of_code[i]);

		if ((size_t)(eol - line) > len && !memcmp(eol - len, ends_of_code[i], len))
			return 1u << i;
	}
	return 0;
}

bool kallsyms_has_functions(const char *text, size_t len)
{
	const char *end = text + len, *eol;
	unsigned int found = 0;

	for (const char *line = text; line < end; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol)
			eol = end;
		found |= end_of_code(line, eol);
		if (found == (1u << ARRAY_SIZE(ends_of_code)) - 1)
			return true;
	}
	return false;
}

size_t kallsyms_core_len(const char *text, size_t len)
{
	/* No name has a tab. */
	const char *module = memmem(text, len, "\t[", 2), *eol;

	eol = module ? memrchr(text, '\n', (size_t)(module - text)) : NULL;
	return eol ? (size_t)(eol + 1 - text) : module ? 0 : len;
}

#define CORE_FROM   0xffffffff80000000ULL /* __START_KERNEL_map of x86-64 */
#define MODULES_END 0xffffffffff000000ULL

bool kallsyms_core_is_apart(void)
{
#ifdef __x86_64__
	return true;
#else
	return false;
#endif
}

/* --- which are needed --- */

struct line {
	uint64_t addr;
	uint64_t at : 60;					/* in the text */
	uint64_t function : 1, plumbing : 1, end : 1, keep : 1; /* plumbing: or one that is asked for */
};

struct kallsyms_used {
	const char *text;
	size_t len;
	struct line *lines; /* by address; of one address, in the order of the text */
	size_t nr, room;
	uint64_t low, high;   /* words outside are no addresses of the kernel's */
	bool core, lacks;     /* it is the kernel's own text; which does not do */
	uint64_t first, last; /* then: words between these need nothing else */
	struct hash index;    /* of the addresses seen */
	uint64_t *seen;
	uint32_t nr_seen, seen_room;
};

/*
 * Functions that a reader asks for by their names (symtab_range()), though no address of theirs need be in the pages:
 * where probes stand in for events, that of a queued wake-up is in none.
 */
static bool is_asked_for(const struct kallsyms_line *f)
{
	/* In fixed room, because every symbol of the kernel is asked: most differ in their length, which costs one byte to see. */
	static const char names[][48] = {
		"flush_tlb_func",
		"generic_smp_call_function_single_interrupt",
		"irq_work_queue_on",
		"mm_free_global_asid",
		"rb_wake_up_waiters",
		"sched_ttwu_pending",
		"sysvec_call_function_single",
		"wake_up_new_task",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (f->name_len < sizeof(names[i]) && !names[i][f->name_len] && !memcmp(f->name, names[i], f->name_len))
			return true;
	return false;
}

static void add_line(struct kallsyms_used *u, const char *line, const char *eol)
{
	struct line l = { .at = (uint64_t)(line - u->text) };
	struct kallsyms_line f;
	const char *end;
	bool label;

	l.addr = parse_addr(line, eol, &end);
	if (end == line)
		return;
	l.function = parse_name(end, eol, &f, &label) && !label;
	l.end = end_of_code(line, eol) != 0;
	if (l.function) {
		l.plumbing = plumbing_whole_file(f.name, f.name_len) || is_asked_for(&f);
		if (l.addr && l.addr < u->low)
			u->low = l.addr;
		if (l.addr > u->last)
			u->last = l.addr;
	}
	if (l.addr > u->high)
		u->high = l.addr;
	if (u->nr == u->room) {
		u->room *= 2;
		u->lines = xrealloc(u->lines, u->room * sizeof(*u->lines));
	}
	u->lines[u->nr++] = l;
}

static int by_text(const void *a, const void *b)
{
	uint64_t x = ((const struct line *)a)->at, y = ((const struct line *)b)->at;

	return x < y ? -1 : x > y;
}

static int by_addr(const void *a, const void *b)
{
	uint64_t x = ((const struct line *)a)->addr, y = ((const struct line *)b)->addr;

	return x < y ? -1 : x > y ? 1 : by_text(a, b);
}

/* The kernel's are in order already; modules follow, in none, and are above it on some machines. */
static void sort_lines(struct line *lines, size_t nr)
{
	size_t sorted = 1;

	while (sorted < nr && lines[sorted - 1].addr <= lines[sorted].addr)
		sorted++;
	if (sorted >= nr)
		return;
	qsort(lines + sorted, nr - sorted, sizeof(*lines), by_addr);
	if (lines[sorted - 1].addr > lines[sorted].addr)
		qsort(lines, nr, sizeof(*lines), by_addr);
}

/* Of the function at or below an address, and the one behind, not both are in a text of the kernel's own symbols. */
static bool needs_others(const struct kallsyms_used *u, uint64_t addr)
{
	return addr <= u->first || addr >= u->last;
}

static void read_lines(struct kallsyms_used *u, const char *text, size_t len)
{
	const char *end = text + len, *eol;

	u->text = text;
	u->len = len;
	u->low = UINT64_MAX;
	u->nr = u->high = u->last = 0;
	u->room = len / 40 + 16;
	u->lines = xrealloc(u->lines, u->room * sizeof(*u->lines));
	for (const char *line = text; line < end; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol)
			eol = end;
		add_line(u, line, eol);
	}
	u->high = u->high > UINT64_MAX - FAR ? UINT64_MAX : u->high + FAR;
	sort_lines(u->lines, u->nr);
}

struct kallsyms_used *kallsyms_used_new(const char *text, size_t len)
{
	struct kallsyms_used *u = xcalloc(1, sizeof(*u));

	read_lines(u, text, len);
	return u;
}

struct kallsyms_used *kallsyms_used_new_core(const char *text, size_t len)
{
	struct kallsyms_used *u = kallsyms_used_new(text, len);

	u->core = true;
	u->lacks = u->low < CORE_FROM || u->last >= MODULES_END;
	u->first = u->low;
	u->high = MODULES_END + FAR;
	for (size_t i = 0; i < u->nr; i++)
		u->lacks |= u->lines[i].plumbing && needs_others(u, u->lines[i].addr);
	return u;
}

bool kallsyms_used_lacks(const struct kallsyms_used *u)
{
	return u->lacks;
}

void kallsyms_used_complete(struct kallsyms_used *u, const char *text, size_t len)
{
	u->core = u->lacks = false;
	read_lines(u, text, len);
}

void kallsyms_used_free(struct kallsyms_used *u)
{
	if (!u)
		return;
	free(u->lines);
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
	u->lacks |= u->core && needs_others(u, addr);
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

		if (u->lines[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* All lines at the address of lines[i]: of several names one is chosen later. */
static void keep_all_at(const struct kallsyms_used *u, size_t i)
{
	uint64_t addr = u->lines[i].addr;

	while (i && u->lines[i - 1].addr == addr)
		i--;
	for (; i < u->nr && u->lines[i].addr == addr; i++)
		u->lines[i].keep = true;
}

/* What addr is named by: the function before it, and whatever lies nearer; and the function in which that one ends. */
static void keep_around(const struct kallsyms_used *u, uint64_t addr)
{
	size_t above = nr_up_to(u, addr), i = above;

	if (i)
		keep_all_at(u, i - 1);
	while (i && !u->lines[i - 1].function)
		i--;
	if (i)
		keep_all_at(u, i - 1);
	while (above < u->nr && !u->lines[above].function)
		above++;
	if (above < u->nr)
		keep_all_at(u, above);
}

/* With its end of line, where it has one. */
static size_t line_len(const struct kallsyms_used *u, const struct line *l)
{
	const char *from = u->text + l->at, *eol = memchr(from, '\n', u->len - l->at);

	return eol ? (size_t)(eol + 1 - from) : u->len - l->at;
}

/* *nr lines, in the order of the text; the caller frees them. */
static struct line *kept_lines(const struct kallsyms_used *u, size_t *nr)
{
	struct line *kept;

	*nr = 0;
	for (size_t i = 0; i < u->nr; i++)
		*nr += u->lines[i].keep;
	kept = xmalloc((*nr + 1) * sizeof(*kept));
	*nr = 0;
	for (size_t i = 0; i < u->nr; i++)
		if (u->lines[i].keep)
			kept[(*nr)++] = u->lines[i];
	qsort(kept, *nr, sizeof(*kept), by_text);
	return kept;
}

char *kallsyms_used_text(const struct kallsyms_used *u, size_t *len)
{
	struct line *kept;
	size_t nr, all = 1;
	char *text, *at;

	for (size_t i = 0; i < u->nr; i++)
		u->lines[i].keep = u->lines[i].end;
	for (size_t i = 0; i < u->nr; i++)
		if (u->lines[i].plumbing)
			keep_around(u, u->lines[i].addr);
	for (uint32_t i = 0; i < u->nr_seen; i++) {
		/* Not known to be none when it was seen. */
		if (u->seen[i] < u->low || u->seen[i] > u->high)
			continue;
		keep_around(u, u->seen[i]);
		/* A return address may lie behind the end of its function. */
		keep_around(u, u->seen[i] - 1);
	}
	kept = kept_lines(u, &nr);
	for (size_t i = 0; i < nr; i++)
		all += line_len(u, &kept[i]);
	at = text = xmalloc(all);
	for (size_t i = 0; i < nr; i++)
		at = mempcpy(at, u->text + kept[i].at, line_len(u, &kept[i]));
	*at = '\0';
	*len = (size_t)(at - text);
	free(kept);
	return text;
}
