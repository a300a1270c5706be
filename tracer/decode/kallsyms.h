/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/kallsyms.h - lines of /proc/kallsyms, and those of them that a recording needs.
 *
 * A kernel has more than 100,000 symbols, some 5 MB of text, and a recording
 * names a few hundred: any word of its pages that can be an address keeps the
 * symbols that it may be named by. That is asked of all words, not of the fields
 * of events that are understood: other tools read the file, too.
 */
#ifndef IPITRACE_DECODE_KALLSYMS_H
#define IPITRACE_DECODE_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A function; name is not terminated. module: " [module]" follows the name. */
struct kallsyms_line {
	uint64_t addr;
	const char *name;
	size_t name_len;
	bool module;
};

/* "ffffffff81001260 T name\t[module]", without its end of line at eol; false where it is no function. */
bool kallsyms_function(const char *line, const char *eol, struct kallsyms_line *l);
/* Likewise of a label of the compiler, in or at a function (".L0"). */
bool kallsyms_label(const char *line, const char *eol, struct kallsyms_line *l);
/*
 * Is every function there that holds an address which the text is asked for? So
 * it is where the text is the kernel's own or that of kallsyms_used_text(): both
 * have the ends of the kernel's code. Else the function before a label need not
 * be the one that the label is in.
 */
bool kallsyms_has_functions(const char *text, size_t len);

/*
 * How much of the text are the symbols that the kernel was built with: they come first and stay as they are until it
 * boots again. Those of modules, BPF programs, trampolines and probes follow (get_ksymbol_core() and
 * update_iter_mod() in kernel/kallsyms.c).
 */
size_t kallsyms_core_len(const char *text, size_t len);
/*
 * Is whatever else has symbols behind the kernel's own code, on this machine? Then an address tells that it needs none of
 * them. So it is on x86-64, where all of it is in MODULES_VADDR..MODULES_END: Documentation/arch/x86/x86_64/mm.rst,
 * execmem_arch_setup() in arch/x86/mm/init.c, module_alloc() before.
 */
bool kallsyms_core_is_apart(void);

struct kallsyms_used;

/* The text is borrowed. */
struct kallsyms_used *kallsyms_used_new(const char *text, size_t len);
/* Of a text that is the kernel's own symbols alone; only where kallsyms_core_is_apart(). */
struct kallsyms_used *kallsyms_used_new_core(const char *text, size_t len);
/* Has such a one seen a word that others of the kernel's symbols may be near? */
bool kallsyms_used_lacks(const struct kallsyms_used *u);
/* Then this is the whole text, also borrowed, for the words that have been seen and for those to come. */
void kallsyms_used_complete(struct kallsyms_used *u, const char *text, size_t len);
void kallsyms_used_free(struct kallsyms_used *u);
/* Pages as this machine's kernel wrote them: data is aligned to 4 bytes, and words are longs. */
void kallsyms_used_scan(struct kallsyms_used *u, const void *data, size_t len);
/*
 * The lines of the text by which symtab.h names each address seen, and the
 * address before it, as by the whole text; and where functions end, the
 * plumbing is and what a reader asks for by name, and the ends of the kernel's code. In the order of the text; the
 * caller frees it.
 */
char *kallsyms_used_text(const struct kallsyms_used *u, size_t *len);

#endif
