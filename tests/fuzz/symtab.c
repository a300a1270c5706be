// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is 8 bytes of an address, then the text of /proc/kallsyms.
 */
#include "decode/symtab.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t addr = 0, start, end, offset;
	const char *name, *module;
	struct symtab *s;
	uint8_t *text;
	char buf[40];

	if (size < sizeof(addr))
		return 0;
	memcpy(&addr, data, sizeof(addr));
	size -= sizeof(addr);
	/* Not terminated: the table is told the length. */
	text = xmalloc(size);
	memcpy(text, data + sizeof(addr), size);
	s = symtab_new((const char *)text, size);
	name = symtab_name(s, addr, &offset, &module);
	if (name && symtab_range(s, name, &start, &end))
		fuzz_check(start < end || start == UINT64_MAX);
	symtab_range(s, "flush_tlb_func", &start, &end);
	symtab_is_plumbing(s, (uint64_t[]){ addr, addr + 64 }, 2, 0);
	for (int i = 0; i < 4; i++)
		symtab_format(s, addr, i & 1, i & 2, buf, sizeof(buf));
	symtab_free(s);
	free(text);
	return 0;
}
