// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/tlb.c - functions of TLB work, and ways of flushing without an IPI.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/io.h"
#include "base/tlb.h"
#include "base/topo.h"

struct func_row {
	const char *name;
	enum tlb_work work;
};

/*
 * What arch/ and mm/ of Linux 5.10 to 7.3 hand to smp_call_function*() and
 * on_each_cpu*(). Not here: flush_ldt, ipi_remote_fence_i and the like, which
 * reload other things; and ack_kick of KVM hosts, which stands for any request.
 */
/* clang-format off: a table */
static const struct func_row funcs[] = {
	/* arch/x86/mm/tlb.c: native_flush_tlb_multi(), up to 5.12 native_flush_tlb_others() */
	{ "flush_tlb_func", TLB_WORK_USER },
	{ "flush_tlb_func_remote", TLB_WORK_USER },
	/* flush_tlb_all(), flush_tlb_kernel_range(), from 6.15 on kernel_tlb_flush_all(), kernel_tlb_flush_range() */
	{ "do_flush_tlb_all", TLB_WORK_KERNEL },
	{ "do_kernel_range_flush", TLB_WORK_KERNEL },
	/* arch/x86/mm/pat/set_memory.c: cpa_flush(), cpa_flush_all() */
	{ "__cpa_flush_tlb", TLB_WORK_KERNEL },
	{ "__cpa_flush_all", TLB_WORK_KERNEL },
	/* mm/mmu_gather.c: tlb_remove_table_sync_one() */
	{ "tlb_remove_table_smp_sync", TLB_WORK_TABLES },
	/* arch/powerpc/mm/book3s64/radix_tlb.c: the multicasts of tlbiel; exit_flush_lazy_tlbs() */
	{ "do_tlbiel_pid", TLB_WORK_USER },
	{ "do_tlbiel_va", TLB_WORK_USER },
	{ "do_tlbiel_va_range", TLB_WORK_USER },
	{ "do_exit_flush_lazy_tlb", TLB_WORK_USER },
	/* arch/powerpc/mm/book3s64/pgtable.c: serialize_against_pte_lookup() */
	{ "do_serialize", TLB_WORK_TABLES },
	/* arch/powerpc/mm/nohash/tlb.c */
	{ "do_flush_tlb_mm_ipi", TLB_WORK_USER },
	{ "do_flush_tlb_page_ipi", TLB_WORK_USER },
	/* arch/riscv/mm/tlbflush.c: where riscv_use_sbi_for_rfence() is false */
	{ "__ipi_flush_tlb_all", TLB_WORK_KERNEL },
	{ "__ipi_flush_tlb_range_asid", TLB_WORK_USER },
	{ "__ipi_flush_tlb_range", TLB_WORK_USER },
	/* arch/arm/kernel/smp_tlb.c: where tlb_ops_need_broadcast() */
	{ "ipi_flush_tlb_all", TLB_WORK_KERNEL },
	{ "ipi_flush_tlb_mm", TLB_WORK_USER },
	{ "ipi_flush_tlb_page", TLB_WORK_USER },
	{ "ipi_flush_tlb_range", TLB_WORK_USER },
	{ "ipi_flush_tlb_kernel_page", TLB_WORK_KERNEL },
	{ "ipi_flush_tlb_kernel_range", TLB_WORK_KERNEL },
	/* arch/loongarch/kernel/smp.c, arch/mips/kernel/smp.c */
	{ "flush_tlb_all_ipi", TLB_WORK_KERNEL },
	{ "flush_tlb_mm_ipi", TLB_WORK_USER },
	{ "flush_tlb_page_ipi", TLB_WORK_USER },
	{ "flush_tlb_range_ipi", TLB_WORK_USER },
	{ "flush_tlb_one_ipi", TLB_WORK_KERNEL },
	{ "flush_tlb_kernel_range_ipi", TLB_WORK_KERNEL },
};

static const struct tlb_way_row ways[TLB_NR_WAYS] = {
	[TLB_WAY_LAZY] = { "lazy", "idle CPUs in lazy mode are left out and flush when they next run the process" },
	[TLB_WAY_TLBI] = { "tlbi", "this architecture broadcasts flushes by instruction (TLBI), which raises no IPI" },
	[TLB_WAY_IPTE] = { "ipte",
			   "this architecture flushes all CPUs by instruction (IPTE, IDTE), which raises no IPI" },
	[TLB_WAY_TLBIE] = { "tlbie",
			    "this architecture broadcasts flushes by instruction (tlbie) unless the kernel prefers IPIs" },
	[TLB_WAY_SBI] = { "sbi",
			  "on this architecture the firmware flushes other CPUs (SBI remote fences), which raises no IPI that the kernel "
			  "sees, unless the kernel sends its own" },
	[TLB_WAY_INVLPGB] = { "invlpgb",
			      "this CPU has INVLPGB, by which Linux 6.15 and later flush the kernel's addresses, and processes that run on "
			      "many CPUs, without an IPI" },
	[TLB_WAY_KVM] = { "kvm",
			  "this guest of KVM leaves CPUs out that the host does not run: they flush when it does" },
	[TLB_WAY_HYPERV] = { "hyperv", "this guest of Hyper-V flushes by hypercall, which raises no IPI" },
	[TLB_WAY_XEN] = { "xen", "this guest of Xen flushes by hypercall, which raises no IPI" },
};

static const struct {
	const char *arch; /* what the name begins with */
	uint32_t ways;
} archs[] = {
	{ "x86_64", 1u << TLB_WAY_LAZY },  { "i386", 1u << TLB_WAY_LAZY },   { "i686", 1u << TLB_WAY_LAZY },
	{ "aarch64", 1u << TLB_WAY_TLBI }, { "armv7", 1u << TLB_WAY_TLBI },  { "armv8", 1u << TLB_WAY_TLBI },
	{ "s390", 1u << TLB_WAY_IPTE },	   { "ppc64", 1u << TLB_WAY_TLBIE }, { "riscv", 1u << TLB_WAY_SBI },
};
/* clang-format on */

const char *tlb_work_name(enum tlb_work work)
{
	static const char *const names[TLB_NR_WORKS] = {
		[TLB_WORK_USER] = "user",
		[TLB_WORK_KERNEL] = "kernel",
		[TLB_WORK_TABLES] = "tables",
	};

	return (unsigned int)work < TLB_NR_WORKS ? names[work] : NULL;
}

enum tlb_work tlb_work_of(const char *func)
{
	size_t len = func ? strcspn(func, ".") : 0;

	for (size_t i = 0; len && i < ARRAY_SIZE(funcs); i++)
		if (!strncmp(funcs[i].name, func, len) && !funcs[i].name[len])
			return funcs[i].work;
	return TLB_NO_WORK;
}

const struct tlb_way_row *tlb_way_row(enum tlb_way way)
{
	return &ways[way];
}

uint32_t tlb_ways_of_arch(const char *arch)
{
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (!strncmp(arch, archs[i].arch, strlen(archs[i].arch)))
			return archs[i].ways;
	return 0;
}

bool tlb_ways_rule(uint32_t set)
{
	return set & (1u << TLB_WAY_TLBI | 1u << TLB_WAY_IPTE | 1u << TLB_WAY_TLBIE | 1u << TLB_WAY_SBI |
		      1u << TLB_WAY_HYPERV | 1u << TLB_WAY_XEN);
}

/* --- this machine --- */

enum reg { EAX, EBX, ECX, EDX };

#define CPUID_FEATURES	 1u
#define ECX_MWAIT	 (1u << 3)
#define ECX_HYPERVISOR	 (1u << 31)
#define CPUID_HYPERVISOR 0x40000000u
#define CPUID_EXTENDED	 0x80000000u
#define CPUID_SIZES	 0x80000008u /* AMD's Architecture Programmer's Manual, volume 3: EBX bit 3 is INVLPGB */
#define EBX_INVLPGB	 (1u << 3)
/* arch/x86/include/uapi/asm/kvm_para.h */
#define KVM_STEAL_TIME	   (1u << 5)
#define KVM_PV_TLB_FLUSH   (1u << 9)
#define KVM_HINTS_REALTIME (1u << 0)
/* HV_X64_REMOTE_TLB_FLUSH_RECOMMENDED of include/hyperv/hvgdk_mini.h (before 6.15 asm/hyperv-tlfs.h) */
#define HV_REMOTE_TLB_FLUSH (1u << 2)

/* KVM's leaves may lie behind those of a hypervisor that it imitates (kvm_cpuid_base()). */
#define HYPERVISOR_STEP 0x100u
#define HYPERVISOR_END	0x40010000u

static bool hypervisor_is(const uint32_t regs[4], const char *name)
{
	char text[12];

	memcpy(text, &regs[EBX], 4);
	memcpy(text + 4, &regs[ECX], 4);
	memcpy(text + 8, &regs[EDX], 4);
	return !memcmp(text, name, sizeof(text));
}

/* pv_tlb_flush_supported() of arch/x86/kernel/kvm.c */
static bool kvm_defers(tlb_cpuid_fn cpuid, void *ctx, uint32_t base, bool mwait, unsigned int nr_cpus)
{
	const uint32_t needs = KVM_STEAL_TIME | KVM_PV_TLB_FLUSH;
	uint32_t regs[4];

	cpuid(ctx, base + 1, regs);
	return (regs[EAX] & needs) == needs && !(regs[EDX] & KVM_HINTS_REALTIME) && !mwait && nr_cpus != 1;
}

static uint32_t hypervisor_ways(tlb_cpuid_fn cpuid, void *ctx, bool mwait, unsigned int nr_cpus)
{
	uint32_t regs[4];

	for (uint32_t base = CPUID_HYPERVISOR; base < HYPERVISOR_END; base += HYPERVISOR_STEP) {
		cpuid(ctx, base, regs);
		if (hypervisor_is(regs, "KVMKVMKVM\0\0\0"))
			return kvm_defers(cpuid, ctx, base, mwait, nr_cpus) ? 1u << TLB_WAY_KVM : 0;
	}
	cpuid(ctx, CPUID_HYPERVISOR, regs);
	if (!hypervisor_is(regs, "Microsoft Hv"))
		return 0;
	cpuid(ctx, CPUID_HYPERVISOR + 4, regs); /* hyperv_setup_mmu_ops() of arch/x86/hyperv/mmu.c */
	return regs[EAX] & HV_REMOTE_TLB_FLUSH ? 1u << TLB_WAY_HYPERV : 0;
}

uint32_t tlb_ways_by_cpuid(tlb_cpuid_fn cpuid, void *ctx, const char *xen_type, unsigned int nr_cpus)
{
	uint32_t regs[4], found = 0, features;

	cpuid(ctx, CPUID_EXTENDED, regs);
	if (regs[EAX] >= CPUID_SIZES) {
		cpuid(ctx, CPUID_SIZES, regs);
		if (regs[EBX] & EBX_INVLPGB)
			found |= 1u << TLB_WAY_INVLPGB;
	}
	/* xen_init_mmu_ops() is for PV guests alone; PVH and HVM guests flush by IPIs. */
	if (xen_type && !strncmp(xen_type, "PV", 2) && strncmp(xen_type, "PVH", 3))
		found |= 1u << TLB_WAY_XEN;
	cpuid(ctx, CPUID_FEATURES, regs);
	features = regs[ECX];
	if (features & ECX_HYPERVISOR)
		found |= hypervisor_ways(cpuid, ctx, features & ECX_MWAIT, nr_cpus);
	return found;
}

#if defined(__x86_64__) || defined(__i386__)
static void ask_cpuid(void *ctx, uint32_t leaf, uint32_t regs[4])
{
	(void)ctx;
	__cpuid_count(leaf, 0, regs[EAX], regs[EBX], regs[ECX], regs[EDX]);
}

uint32_t tlb_ways_read(void)
{
	struct cpuset possible = { 0 };
	char *xen = read_file("/sys/hypervisor/guest_type", NULL);
	unsigned int nr = 0;
	uint32_t found;

	if (!topo_list("/sys/devices/system/cpu/possible", &possible))
		nr = cpuset_count(&possible);
	found = tlb_ways_by_cpuid(ask_cpuid, NULL, xen, nr);
	cpuset_free(&possible);
	free(xen);
	return found;
}
#else
uint32_t tlb_ways_read(void)
{
	return 0;
}
#endif
