// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/reasons.c - names of exits: the tables of kvm_exit's print format in the recording.
 *
 * x86 has two, of VMX (isa 1) and of SVM (isa 2), in this order (trace_kvm_exit, arch/x86/kvm/trace.h). arm64 has those of
 * what an exit returns and of the class of an exception (arch/arm64/kvm/trace_arm.h). Each is
 * __print_symbolic(VALUE, { CODE, "NAME" }, ...), codes are numbers or sums of them, as the preprocessor left them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "kvm/priv.h"

static enum exit_kind kind_of(const char *name)
{
	static const struct {
		const char *name;
		enum exit_kind kind;
	} kinds[] = {
		{ "msr", EXIT_BY_MSR },
		{ "MSR_WRITE", EXIT_BY_MSR },
		{ "npf", EXIT_BY_MMIO },
		{ "EPT_VIOLATION", EXIT_BY_MMIO },
		{ "EPT_MISCONFIG", EXIT_BY_MMIO },
		{ "APIC_ACCESS", EXIT_BY_MMIO },
		{ "APIC_WRITE", EXIT_BY_TRAP },
		{ "avic_unaccelerated_access", EXIT_BY_TRAP },
		{ "avic_incomplete_ipi", EXIT_BY_INCOMPLETE },
		{ "hypercall", EXIT_BY_HYPERCALL },
		{ "VMCALL", EXIT_BY_HYPERCALL },
		{ "hlt", EXIT_BY_HALT },
		{ "HLT", EXIT_BY_HALT },
		{ "WFx", EXIT_BY_HALT },
		{ "SYS64", EXIT_BY_SYSREG },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return kinds[i].kind;
	return EXIT_BY_OTHER;
}

static const struct reason *add(struct reasons *r, uint32_t table, uint32_t code, const char *name)
{
	struct reason *row;

	r->rows = xrealloc(r->rows, (r->nr + 1) * sizeof(*r->rows));
	row = &r->rows[r->nr++];
	*row = (struct reason){ .table = table, .code = code, .kind = kind_of(name) };
	sanitize(row->name, sizeof(row->name), name);
	return row;
}

/* "0x040 + 1, ", or of arm64 "(((0x18UL))), "; NULL if it is none. */
static const char *take_code(const char *at, uint32_t *code)
{
	char *end;

	*code = 0;
	do {
		at += strspn(at, " (");
		*code += (uint32_t)strtoul(at, &end, 0);
		if (end == at)
			return NULL;
		at = end + strspn(end, "UL");
		at += strspn(at, " )");
	} while (*at == '+' && at++);
	return *at == ',' ? at + 1 + strspn(at + 1, " ") : NULL;
}

/* From behind "__print_symbolic(" to the parenthesis that closes it. */
static const char *take_table(struct reasons *r, const char *at, uint32_t table)
{
	unsigned int depth = 1;
	char name[64];
	uint32_t code;

	for (; *at && depth; at++) {
		if (*at == '(') {
			depth++;
		} else if (*at == ')') {
			depth--;
		} else if (*at == '{') {
			const char *from = take_code(at + 1, &code),
				   *to = from ? strchr(from + (*from == '"'), '"') : NULL;

			if (!to || *from != '"' || (size_t)(to - from) > sizeof(name))
				continue;
			memcpy(name, from + 1, (size_t)(to - from - 1));
			name[to - from - 1] = '\0';
			add(r, table, code, name);
			at = to;
		}
	}
	return at;
}

void reasons_init(struct reasons *r, const char *format, size_t len)
{
	static const char word[] = "__print_symbolic(";
	char *text = xcalloc(1, len + 1);
	const char *at;

	if (format)
		memcpy(text, format, len);
	for (at = strstr(text, word); at; at = strstr(at, word))
		at = take_table(r, at + sizeof(word) - 1, ++r->nr_tables);
	free(text);
}

void reasons_free(struct reasons *r)
{
	free(r->rows);
}

const struct reason *reasons_find(struct reasons *r, uint32_t table, uint32_t code)
{
	char name[32];

	/* A kernel of one vendor's module alone has one table. */
	if (r->nr_tables == 1)
		table = 1;
	for (unsigned int i = 0; i < r->nr; i++)
		if (r->rows[i].code == code && r->rows[i].table == table)
			return &r->rows[i];
	snprintf(name, sizeof(name), "0x%x", code);
	return add(r, table, code, name);
}
