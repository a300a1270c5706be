// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/symtab.c - kernel symbols: address to name, name to range, plumbing or not.
 *
 * kallsyms has more than 100,000 lines and a report asks for a few dozen
 * addresses: parsing makes one flat array of offsets into the text, and names
 * are copied out only when asked for.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "decode/kallsyms.h"
#include "decode/plumbing.h"
#include "decode/symtab.h"

/* No kernel function is larger; an address further from the last symbol is in none. */
#define MAX_FUNC_SIZE (1u << 20)

/* Not looked at yet; else enum plumbing_kind + 1. */
#define KIND_UNKNOWN 0

struct sym {
	uint64_t addr;
	uint32_t name; /* offset in the text */
	uint16_t name_len;
	uint8_t kind;
	bool module; /* "[module]" follows the name */
};

struct symtab {
	const char *text;
	size_t len;
	struct sym *syms; /* by address; equal addresses in the order of the text */
	size_t nr;
	struct sym *labels; /* by address, likewise; only where they may stand for functions that are left out */
	size_t nr_labels;
	char **names; /* copies, made at first use */
	char **modules;
	bool parsed, usable;
	const struct plumbing *more; /* the user's own */
};

struct symtab *symtab_new(const char *kallsyms, size_t len)
{
	struct symtab *s = xcalloc(1, sizeof(*s));

	s->text = kallsyms;
	s->len = kallsyms ? len : 0;
	/* Offsets are 32 bits wide; a kernel's text is some MB. */
	if (s->len > UINT32_MAX)
		s->len = UINT32_MAX;
	return s;
}

void symtab_free(struct symtab *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nr; i++) {
		if (s->names)
			free(s->names[i]);
		if (s->modules)
			free(s->modules[i]);
	}
	free(s->names);
	free(s->modules);
	free(s->syms);
	free(s->labels);
	free(s);
}

typedef bool line_parser(const char *line, const char *eol, struct kallsyms_line *l);

static bool parse_line(const struct symtab *s, line_parser *parser, const char *line, const char *eol, struct sym *sym)
{
	struct kallsyms_line l;

	if (!parser(line, eol, &l) || l.name_len > UINT16_MAX)
		return false;
	*sym = (struct sym){
		.addr = l.addr,
		.name = (uint32_t)(l.name - s->text),
		.name_len = (uint16_t)l.name_len,
		.kind = KIND_UNKNOWN,
		.module = l.module,
	};
	return true;
}

static int sym_compare(const void *a, const void *b)
{
	const struct sym *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	/* The kernel lists the best of several names first. */
	return x->name < y->name ? -1 : x->name > y->name;
}

/* The lines that the parser takes, *nr of them, by address. */
static struct sym *parse_lines(const struct symtab *s, line_parser *parser, size_t room, size_t *nr)
{
	const char *line = s->text, *end = line + s->len;
	struct sym *syms = xmalloc(room * sizeof(*syms));
	bool sorted = true;

	*nr = 0;
	while (line < end) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));

		if (!eol)
			eol = end;
		if (*nr == room) {
			room *= 2;
			syms = xrealloc(syms, room * sizeof(*syms));
		}
		if (parse_line(s, parser, line, eol, &syms[*nr])) {
			if (*nr && syms[*nr].addr < syms[*nr - 1].addr)
				sorted = false;
			++*nr;
		}
		line = eol + 1;
	}
	/* Modules follow the kernel, in no order. */
	if (!sorted)
		qsort(syms, *nr, sizeof(*syms), sym_compare);
	return syms;
}

static void parse(struct symtab *s)
{
	s->parsed = true;
	if (!s->len)
		return;
	s->syms = parse_lines(s, kallsyms_function, s->len / 40 + 16, &s->nr);
	s->usable = s->nr && s->syms[s->nr - 1].addr;
	if (!kallsyms_has_functions(s->text, s->len))
		s->labels = parse_lines(s, kallsyms_label, 64, &s->nr_labels);
}

static void parse_once(const struct symtab *s)
{
	/* To the caller the table is constant, parsed or not. */
	if (!s->parsed)
		parse((struct symtab *)s);
}

/* End of symbol i: where the next function starts. */
static uint64_t sym_end(const struct symtab *s, size_t i)
{
	uint64_t addr = s->syms[i].addr, end = addr + MAX_FUNC_SIZE;

	/* The last bytes of the address space. */
	if (end < addr)
		end = UINT64_MAX;
	for (size_t next = i + 1; next < s->nr; next++)
		if (s->syms[next].addr > addr)
			return s->syms[next].addr < end ? s->syms[next].addr : end;
	return end;
}

bool symtab_range(const struct symtab *s, const char *name, uint64_t *start, uint64_t *end)
{
	size_t len = strlen(name);

	parse_once(s);
	if (!s->usable)
		return false;
	for (size_t i = 0; i < s->nr; i++) {
		if (s->syms[i].name_len != len || memcmp(s->text + s->syms[i].name, name, len))
			continue;
		*start = s->syms[i].addr;
		*end = sym_end(s, i);
		return true;
	}
	return false;
}

/* How many of the symbols are at or below addr. */
static size_t nr_up_to(const struct sym *syms, size_t nr, uint64_t addr)
{
	size_t low = 0, high = nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (syms[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The label that is nearest to addr, at or below it and behind the function before; NULL = none, or it is of no matter. */
static const struct sym *label_before(const struct symtab *s, uint64_t addr)
{
	size_t labels = nr_up_to(s->labels, s->nr_labels, addr), syms;
	const struct sym *label = labels ? &s->labels[labels - 1] : NULL;

	if (!label || addr - label->addr >= MAX_FUNC_SIZE)
		return NULL;
	syms = nr_up_to(s->syms, s->nr, addr);
	return syms && s->syms[syms - 1].addr >= label->addr ? NULL : label;
}

/* Symbol that holds addr, the first of several names; NULL if none does for sure. */
static struct sym *lookup(const struct symtab *s, uint64_t addr)
{
	size_t low;

	parse_once(s);
	if (!s->usable)
		return NULL;
	low = nr_up_to(s->syms, s->nr, addr);
	if (!low)
		return NULL;
	low--;
	if (addr - s->syms[low].addr >= MAX_FUNC_SIZE || label_before(s, addr))
		return NULL;
	while (low && s->syms[low - 1].addr == s->syms[low].addr)
		low--;
	return &s->syms[low];
}

static const char *copy_name(const struct symtab *s, char ***table, size_t i, const char *from, size_t len)
{
	char *copy;

	if (!*table)
		*table = xcalloc(s->nr, sizeof(**table));
	if (!(*table)[i]) {
		copy = xmalloc(len + 1);
		memcpy(copy, from, len);
		copy[len] = '\0';
		(*table)[i] = copy;
	}
	return (*table)[i];
}

/* Of a symbol of a module, the name of that, not terminated. */
static const char *module_text(const struct symtab *s, const struct sym *sym, size_t *len)
{
	const char *from = s->text + sym->name + sym->name_len + 1, *end;

	/* Behind the blank that some labels end in. */
	while (from[-1] != '[')
		from++;
	for (end = from; end < s->text + s->len && *end != ']' && *end != '\n';)
		end++;
	*len = (size_t)(end - from);
	return from;
}

static const char *module_of(struct symtab *s, const struct sym *sym)
{
	size_t len;
	const char *name = module_text(s, sym, &len);

	return copy_name(s, &s->modules, (size_t)(sym - s->syms), name, len);
}

/*
 * " [module]" of an address in no function that is known: labels on both of its
 * sides, or one and a function, are of that module, and nothing lies between.
 */
static void module_around(const struct symtab *s, uint64_t addr, char *buf, size_t len)
{
	const struct sym *below, *above = NULL, *func = NULL;
	const char *a, *b;
	size_t nr_labels, nr_syms, len_a, len_b;

	buf[0] = '\0';
	below = s->usable ? label_before(s, addr) : NULL;
	if (!below)
		return;
	nr_labels = nr_up_to(s->labels, s->nr_labels, addr);
	nr_syms = nr_up_to(s->syms, s->nr, addr);
	if (nr_labels < s->nr_labels)
		above = &s->labels[nr_labels];
	if (nr_syms < s->nr)
		func = &s->syms[nr_syms];
	if (func && (!above || func->addr <= above->addr))
		above = func;
	if (!above || !above->module || !below->module || above->addr - addr >= MAX_FUNC_SIZE)
		return;
	a = module_text(s, below, &len_a);
	b = module_text(s, above, &len_b);
	if (len_a == len_b && !memcmp(a, b, len_a))
		snprintf(buf, len, " [%.*s]", (int)len_a, a);
}

const char *symtab_name(struct symtab *s, uint64_t addr, uint64_t *offset, const char **module)
{
	const struct sym *sym = lookup(s, addr);

	if (!sym)
		return NULL;
	if (offset)
		*offset = addr - sym->addr;
	if (module)
		*module = sym->module ? module_of(s, sym) : NULL;
	return copy_name(s, &s->names, (size_t)(sym - s->syms), s->text + sym->name, sym->name_len);
}

void symtab_format(struct symtab *s, uint64_t addr, bool return_address, bool with_offset, char *buf, size_t len)
{
	uint64_t back = return_address && addr ? 1 : 0;
	const char *module = NULL, *name;
	uint64_t offset = 0;
	char off[32] = "", around[80] = "";

	name = s ? symtab_name(s, addr - back, &offset, &module) : NULL;
	if (!name) {
		if (s)
			module_around(s, addr - back, around, sizeof(around));
		snprintf(buf, len, "0x%llx%s", (unsigned long long)addr, around);
		return;
	}
	if (with_offset)
		snprintf(off, sizeof(off), "+0x%llx", (unsigned long long)(offset + back));
	snprintf(buf, len, "%s%s%s%s%s", name, off, module ? " [" : "", module ? module : "", module ? "]" : "");
}

/* --- plumbing --- */

/* How far around a function others of its file are looked for; in bytes, because a recording leaves out symbols. */
#define NEAR_BYTES (32u << 10)

/* The file that is all plumbing and that the function at this side of the symbol is of; NULL = none is near. */
static const char *file_beside(const struct symtab *s, const struct sym *sym, bool below)
{
	size_t i = (size_t)(sym - s->syms);

	for (;;) {
		const struct sym *near;
		const char *file;

		if (below ? !i : i + 1 == s->nr)
			return NULL;
		near = &s->syms[below ? --i : ++i];
		if ((below ? sym->addr - near->addr : near->addr - sym->addr) > NEAR_BYTES)
			return NULL;
		if (near->module)
			continue;
		file = plumbing_whole_file(s->text + near->name, near->name_len);
		if (file)
			return file;
	}
	return NULL;
}

/* A function between two of such a file is one of them: the linker keeps together what comes from one file. */
static bool in_plumbing_file(const struct symtab *s, const struct sym *sym)
{
	const char *file = sym->module ? NULL : file_beside(s, sym, true);

	return file && file == file_beside(s, sym, false);
}

/* Of the function that holds the call behind which this return address is. */
static enum plumbing_kind kind_of(struct symtab *s, uint64_t addr)
{
	struct sym *sym = addr ? lookup(s, addr - 1) : NULL;
	enum plumbing_kind kind;

	if (!sym)
		return PLUMBING_NONE;
	if (sym->kind == KIND_UNKNOWN) {
		kind = plumbing_kind(s->more, s->text + sym->name, sym->name_len);
		if (kind == PLUMBING_NONE && in_plumbing_file(s, sym))
			kind = PLUMBING_PLAIN;
		sym->kind = (uint8_t)(kind + 1);
	}
	return (enum plumbing_kind)(sym->kind - 1);
}

bool symtab_has(struct symtab *s, const char *name, bool prefix, struct nearest *near)
{
	size_t len = strlen(name);

	parse_once(s);
	if (!s->usable)
		return true;
	for (size_t i = 0; i < s->nr; i++) {
		const char *text = s->text + s->syms[i].name;
		size_t n = s->syms[i].name_len;

		if (n >= len && !memcmp(text, name, len) && (prefix || n == len || text[len] == '.'))
			return true;
	}
	nearest_begin(near, name);
	for (size_t i = 0; i < s->nr; i++)
		nearest_offer(near, copy_name(s, &s->names, i, s->text + s->syms[i].name, s->syms[i].name_len));
	return false;
}

void symtab_set_plumbing(struct symtab *s, const struct plumbing *more)
{
	s->more = more;
}

static bool is_plumbing(enum plumbing_kind kind)
{
	return kind == PLUMBING_PLAIN || kind == PLUMBING_INSIDE || kind == PLUMBING_CALLS;
}

/* Is frame i in a function that is inside the plumbing, or that such a one called back? */
static bool within_plumbing(struct symtab *s, const uint64_t *addrs, unsigned int nr, unsigned int i)
{
	if (i + 1 < nr && kind_of(s, addrs[i + 1]) == PLUMBING_CALLS)
		return true;
	for (; i < nr; i++) {
		enum plumbing_kind kind = kind_of(s, addrs[i]);

		if (kind == PLUMBING_INSIDE)
			return true;
		if (kind == PLUMBING_EDGE || kind == PLUMBING_HIDES || kind == PLUMBING_NOT)
			return false;
	}
	return false;
}

bool symtab_is_plumbing(struct symtab *s, const uint64_t *addrs, unsigned int nr, unsigned int i)
{
	enum plumbing_kind kind = kind_of(s, addrs[i]);

	return is_plumbing(kind) || (kind == PLUMBING_NONE && within_plumbing(s, addrs, nr, i));
}

unsigned int symtab_caller(struct symtab *s, const uint64_t *addrs, unsigned int nr)
{
	unsigned int i = 0;

	while (i < nr && symtab_is_plumbing(s, addrs, nr, i))
		i++;
	return i;
}

uint64_t symtab_caller_addr(struct symtab *s, const uint64_t *addrs, unsigned int nr, struct within within)
{
	/* Who runs such functions, each last of all. No event names an irq_work while it runs. */
	static const char *const runs_in[] = {
		[WITHIN_CALL] = "kernel/smp.c",
		[WITHIN_WORK] = "kernel/workqueue.c",
		[WITHIN_TIMER] = "kernel/time/timer.c",
	};
	unsigned int i = symtab_caller(s, addrs, nr);
	const struct sym *sym;
	const char *file;

	if (i == nr)
		return 0;
	if (!within.func || kind_of(s, addrs[i]) != PLUMBING_HIDES)
		return addrs[i];
	sym = lookup(s, addrs[i] - 1);
	file = plumbing_source(s->text + sym->name, sym->name_len);
	return file && !strcmp(file, runs_in[within.what]) ? within.func + 1 : addrs[i];
}
