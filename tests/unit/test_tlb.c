// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tlb.c - which functions are TLB work, and which machines flush without an IPI.
 */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/tlb.h"
#include "file/facts.h"
#include "tap.h"

static void functions(void)
{
	ok(tlb_work_of("flush_tlb_func") == TLB_WORK_USER, "flush_tlb_func is a process's flush");
	ok(tlb_work_of("flush_tlb_func_remote") == TLB_WORK_USER, "  up to 5.12, too");
	ok(tlb_work_of("flush_tlb_func.isra.0") == TLB_WORK_USER, "  whatever the compiler made of it");
	ok(tlb_work_of("do_kernel_range_flush") == TLB_WORK_KERNEL, "the kernel's addresses");
	ok(tlb_work_of("tlb_remove_table_smp_sync") == TLB_WORK_TABLES, "freeing page tables is no flush");
	ok(tlb_work_of("flush_tlb_fun") == TLB_NO_WORK, "no part of a name");
	ok(tlb_work_of("flush_tlb_func_x") == TLB_NO_WORK, "  and no longer one");
	ok(tlb_work_of("sched_ttwu_pending") == TLB_NO_WORK, "other calls are none");
	ok(tlb_work_of(".part.0") == TLB_NO_WORK && tlb_work_of("") == TLB_NO_WORK && tlb_work_of(NULL) == TLB_NO_WORK,
	   "  nor is what has no name");
}

/* A machine's CPUID, leaf by leaf. */
struct leaf {
	uint32_t nr, regs[4];
};

struct machine {
	const char *name;
	struct leaf leaves[6];
	const char *xen;
	unsigned int cpus;
	uint32_t want;
};

static void cpuid(void *ctx, uint32_t nr, uint32_t regs[4])
{
	const struct machine *m = ctx;

	memset(regs, 0, 4 * sizeof(*regs));
	for (size_t i = 0; i < ARRAY_SIZE(m->leaves); i++)
		if (m->leaves[i].nr == nr)
			memcpy(regs, m->leaves[i].regs, sizeof(m->leaves[i].regs));
}

#define GUEST                                                                                                          \
	1,                                                                                                             \
	{                                                                                                              \
		0, 0, 1u << 31, 0                                                                                      \
	}
#define GUEST_WAIT                                                                                                     \
	1,                                                                                                             \
	{                                                                                                              \
		0, 0, 1u << 31 | 1u << 3, 0                                                                            \
	}
#define KVM                                                                                                            \
	{                                                                                                              \
		0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d                                                               \
	}
#define HYPERV                                                                                                         \
	{                                                                                                              \
		0x40000004, 0x7263694d, 0x666f736f, 0x76482074                                                         \
	}

static void machines(void)
{
	struct machine all[] = {
		{ "bare", { { 0x80000000, { 0x80000008, 0, 0, 0 } } }, NULL, 4, 0 },
		{ "INVLPGB",
		  { { 0x80000000, { 0x80000008, 0, 0, 0 } }, { 0x80000008, { 0, 1u << 3, 0, 0 } } },
		  NULL,
		  4,
		  1u << TLB_WAY_INVLPGB },
		{ "a leaf beyond the last says nothing",
		  { { 0x80000000, { 0x80000007, 0, 0, 0 } }, { 0x80000008, { 0, 1u << 3, 0, 0 } } },
		  NULL,
		  4,
		  0 },
		{ "a guest of KVM with PV flushes",
		  { { GUEST }, { 0x40000000, KVM }, { 0x40000001, { 1u << 5 | 1u << 9, 0, 0, 0 } } },
		  NULL,
		  4,
		  1u << TLB_WAY_KVM },
		{ "  whose leaves lie behind Hyper-V's",
		  { { GUEST },
		    { 0x40000000, HYPERV },
		    { 0x40000100, KVM },
		    { 0x40000101, { 1u << 5 | 1u << 9, 0, 0, 0 } } },
		  NULL,
		  4,
		  1u << TLB_WAY_KVM },
		{ "  without steal time",
		  { { GUEST }, { 0x40000000, KVM }, { 0x40000001, { 1u << 9, 0, 0, 0 } } },
		  NULL,
		  4,
		  0 },
		{ "  with the realtime hint",
		  { { GUEST }, { 0x40000000, KVM }, { 0x40000001, { 1u << 5 | 1u << 9, 0, 0, 1 } } },
		  NULL,
		  4,
		  0 },
		{ "  with MWAIT",
		  { { GUEST_WAIT }, { 0x40000000, KVM }, { 0x40000001, { 1u << 5 | 1u << 9, 0, 0, 0 } } },
		  NULL,
		  4,
		  0 },
		{ "  of one CPU",
		  { { GUEST }, { 0x40000000, KVM }, { 0x40000001, { 1u << 5 | 1u << 9, 0, 0, 0 } } },
		  NULL,
		  1,
		  0 },
		{ "a guest of Hyper-V",
		  { { GUEST }, { 0x40000000, HYPERV }, { 0x40000004, { 1u << 2, 0, 0, 0 } } },
		  NULL,
		  4,
		  1u << TLB_WAY_HYPERV },
		{ "  which is not to use it", { { GUEST }, { 0x40000000, HYPERV } }, NULL, 4, 0 },
		{ "leaves of no guest", { { 0x40000000, HYPERV }, { 0x40000004, { 1u << 2, 0, 0, 0 } } }, NULL, 4, 0 },
		{ "a PV guest of Xen", { { GUEST } }, "PV\n", 4, 1u << TLB_WAY_XEN },
		{ "a PVH guest of Xen", { { GUEST } }, "PVH\n", 4, 0 },
		{ "an HVM guest of Xen", { { GUEST } }, "HVM\n", 4, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		is_u64(tlb_ways_by_cpuid(cpuid, &all[i], all[i].xen, all[i].cpus), all[i].want, "%s", all[i].name);
	is_u64(tlb_ways_read() & ~TLB_WAYS_ASKED, 0, "this machine has no way that its architecture tells of");
}

static void architectures(void)
{
	is_u64(tlb_ways_of_arch("aarch64"), 1u << TLB_WAY_TLBI, "arm64");
	is_u64(tlb_ways_of_arch("ppc64le"), 1u << TLB_WAY_TLBIE, "ppc64le");
	is_u64(tlb_ways_of_arch("riscv64"), 1u << TLB_WAY_SBI, "riscv64");
	is_u64(tlb_ways_of_arch("s390x"), 1u << TLB_WAY_IPTE, "s390x");
	is_u64(tlb_ways_of_arch("x86_64"), 1u << TLB_WAY_LAZY, "x86_64");
	is_u64(tlb_ways_of_arch(""), 0, "an architecture that is not known");
	ok(tlb_ways_rule(1u << TLB_WAY_TLBI) && !tlb_ways_rule(1u << TLB_WAY_LAZY | 1u << TLB_WAY_KVM),
	   "what is the rule, what an exception");
	for (unsigned int way = 0; way < TLB_NR_WAYS; way++)
		ok(tlb_way_row((enum tlb_way)way)->name && tlb_way_row((enum tlb_way)way)->text, "way %u has texts",
		   way);
}

/* What a recording keeps. */
static void kept(void)
{
	static const struct {
		const char *line;
		bool known;
		uint32_t ways;
	} cases[] = {
		{ "", false, 0 },
		{ "tlb\n", true, 0 },
		{ "tlb invlpgb kvm\n", true, 1u << TLB_WAY_INVLPGB | 1u << TLB_WAY_KVM },
		{ "tlb  a-newer-one xen kv\n", true, 1u << TLB_WAY_XEN },
	};
	struct facts f = { .tlb_known = true, .tlb_ways = 1u << TLB_WAY_HYPERV | 1u << TLB_WAY_INVLPGB }, back;
	struct err err = { 0 };
	char *text;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ok(!facts_parse(&back, cases[i].line, strlen(cases[i].line), &err), "read: %s", cases[i].line);
		is_u64(back.tlb_known, cases[i].known, "  whether it says so");
		is_u64(back.tlb_ways, cases[i].ways, "  and what");
		facts_free(&back);
	}
	text = facts_format(&f);
	ok(!facts_parse(&back, text, strlen(text), &err), "what was written is read");
	ok(back.tlb_known && back.tlb_ways == f.tlb_ways, "  and is the same");
	facts_free(&back);
	free(text);
}

int main(void)
{
	functions();
	machines();
	architectures();
	kept();
	return done_testing();
}
