/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/tlb.h - which functions are sent for the sake of TLBs, and how TLBs are flushed without an IPI.
 *
 * A table of the kernel's functions, by name: what call they are for decides
 * what a report of TLB shootdowns counts. And the ways in which a machine
 * flushes other CPUs' TLBs that no IPI tells of: without them "0 IPIs" would be
 * read as "0 shootdowns".
 */
#ifndef IPITRACE_BASE_TLB_H
#define IPITRACE_BASE_TLB_H

#include <stdbool.h>
#include <stdint.h>

/* What a call is for. */
enum tlb_work {
	TLB_NO_WORK,	 /* it has nothing to do with TLBs */
	TLB_WORK_USER,	 /* flushes addresses of a process; of many of them where the kernel reclaims memory */
	TLB_WORK_KERNEL, /* flushes the kernel's addresses, or everything */
	TLB_WORK_TABLES, /* flushes nothing: waits until nobody walks page tables that are to be freed or collapsed */
	TLB_NR_WORKS,
};

/* "user"; NULL for TLB_NO_WORK. */
const char *tlb_work_name(enum tlb_work work);
/* Of a function's symbol without offset; NULL: none is known. A compiler's suffix (.isra.0, .cold) is no part of it. */
enum tlb_work tlb_work_of(const char *func);

/*
 * Why tlb:tlb_flush was recorded, by the kernel's numbers (enum tlb_flush_reason, as old as the event; only added to),
 * and where (arch/x86/mm/tlb.c).
 */
enum tlb_reason {
	TLB_BY_SWITCH = 0,     /* another process runs now; pages 0: nothing needed a flush */
	TLB_BY_REMOTE = 1,     /* target, in flush_tlb_func(): another CPU asked. Nothing is recorded where the CPU
				* was lazy, or, from 6.0 on, up to date already */
	TLB_BY_LOCAL = 2,      /* the CPU that flushes, its own part, of many processes or the kernel */
	TLB_BY_LOCAL_MM = 3,   /* the same, of one process; up to 5.12 before, later behind TLB_BY_SEND */
	TLB_BY_SEND = 4,       /* the CPU that flushes, in native_flush_tlb_multi(), before the calls are queued,
				* also if there will be none */
	TLB_BY_WRONG_CPU = 5,  /* target, 6.18 and later: it no longer runs the process */
	TLB_BY_HYPERCALL = 63, /* not of the kernel: an event of Hyper-V or Xen */
	TLB_NR_REASONS = 64,   /* one that is not known */
};

#define TLB_PAGES_ALL UINT64_MAX /* everything, not pages one by one */

/* How other CPUs' TLBs are flushed without an IPI. */
enum tlb_way {
	TLB_WAY_LAZY,	 /* x86: a CPU in lazy mode flushes when it next runs the process */
	TLB_WAY_TLBI,	 /* arm64, arm: the instruction is broadcast */
	TLB_WAY_IPTE,	 /* s390: so are IPTE, IDTE, CSP */
	TLB_WAY_TLBIE,	 /* powerpc: tlbie is, where the kernel prefers it to tlbiel by IPI */
	TLB_WAY_SBI,	 /* riscv: the firmware is asked, unless the kernel sends its own IPIs */
	TLB_WAY_INVLPGB, /* AMD: the instruction is broadcast */
	TLB_WAY_KVM,	 /* guests of KVM: a vCPU that does not run flushes when it does */
	TLB_WAY_HYPERV,	 /* guests of Hyper-V: a hypercall */
	TLB_WAY_XEN,	 /* paravirtualised guests of Xen: a hypercall */
	TLB_NR_WAYS,
};

/* Those that only the machine itself can tell of; the others follow from its architecture. */
#define TLB_WAYS_ASKED (1u << TLB_WAY_INVLPGB | 1u << TLB_WAY_KVM | 1u << TLB_WAY_HYPERV | 1u << TLB_WAY_XEN)

struct tlb_way_row {
	const char *name; /* of the facts and JSON */
	const char *text; /* a sentence without a full stop */
};

const struct tlb_way_row *tlb_way_row(enum tlb_way way);
/* Bits of the ways that follow from an architecture, as uname calls it. */
uint32_t tlb_ways_of_arch(const char *arch);
/* Its CPUs flush other CPUs' TLBs without any IPI, as a rule. */
bool tlb_ways_rule(uint32_t ways);

/* eax, ebx, ecx, edx of a leaf, subleaf 0. */
typedef void (*tlb_cpuid_fn)(void *ctx, uint32_t leaf, uint32_t regs[4]);
/* Of TLB_WAYS_ASKED by what CPUID says; xen_type: /sys/hypervisor/guest_type, or NULL. nr_cpus: possible ones. */
uint32_t tlb_ways_by_cpuid(tlb_cpuid_fn cpuid, void *ctx, const char *xen_type, unsigned int nr_cpus);
/* The same of this machine; 0 where it is no x86. */
uint32_t tlb_ways_read(void);

#endif
