/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/symtab.h - kernel symbols from the text of /proc/kallsyms.
 *
 * The text is not copied and must outlive the table. Parsed lazily and once.
 */
#ifndef IPITRACE_DECODE_SYMTAB_H
#define IPITRACE_DECODE_SYMTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plumbing;
struct symtab;

/* The function that some part of the kernel ran for another when a stack was taken; func 0 = not known, or none. */
enum within_what { WITHIN_CALL, WITHIN_WORK, WITHIN_TIMER };
struct within {
	uint64_t func;
	enum within_what what;
};

struct symtab *symtab_new(const char *kallsyms, size_t len);
void symtab_free(struct symtab *s);
/*
 * Where all addresses read as 0 (kptr_restrict), or where there is no text, no
 * function is known.
 *
 * Address range [*start, *end) of a function by exact name; false if unknown.
 */
bool symtab_range(const struct symtab *s, const char *name, uint64_t *start, uint64_t *end);
/*
 * Name of the function holding addr, without offset; NULL if unknown. So it is where functions may be left out of the
 * text (kallsyms_has_functions()) and a label lies between. The string lives as long as s. */
const char *symtab_name(struct symtab *s, uint64_t addr, uint64_t *offset, const char **module);
/*
 * "func+0x1b0" or "func+0x1b0 [module]"; where unknown "0xffff...", or "0xffff... [module]". A return
 * address is looked up at addr - 1, so that a call at the very end of a
 * function does not name its neighbour; the offset printed stays addr's own,
 * as the kernel's %pS does. with_offset false: "func" only.
 */
void symtab_format(struct symtab *s, uint64_t addr, bool return_address, bool with_offset, char *buf, size_t len);

/* A user's own plumbing besides decode/plumbing.def; before the first question. Borrowed; NULL = none. */
void symtab_set_plumbing(struct symtab *s, const struct plumbing *more);
/*
 * Whether a function of that name is among the symbols, with or without the
 * compiler's suffix, or one whose name begins so; if not, near has the names that
 * may be meant, which live as long as s. True where no function is known.
 */
struct nearest;
bool symtab_has(struct symtab *s, const char *name, bool prefix, struct nearest *near);
/*
 * Of a stack, innermost first: does frame i carry the IPI for another (kernel/smp.c,
 * wake-ups, the trace machinery)? By its name, by the file that it lies in, or
 * because what called it does nothing else.
 */
bool symtab_is_plumbing(struct symtab *s, const uint64_t *addrs, unsigned int nr, unsigned int i);
/* Index of the first frame outside the plumbing; nr if there is none. */
unsigned int symtab_caller(struct symtab *s, const uint64_t *addrs, unsigned int nr);
/*
 * The caller itself, as a return address in it; 0 if there is none. Where the
 * first frame outside the plumbing runs the functions of calls, works or timers,
 * the one that ran then has left the stack by calling last.
 */
uint64_t symtab_caller_addr(struct symtab *s, const uint64_t *addrs, unsigned int nr, struct within within);

#endif
