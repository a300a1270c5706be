/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmm.h - what the VMM and the code in its guest agree on. Read by the assembler, too.
 *
 * Guest memory, from GUEST_RAM on (physical, and mapped to the same addresses):
 *
 *	0x001000	page tables and descriptors (amd64)
 *	0x010000	struct shared
 *	0x080000	stacks, downwards, 64 KiB each (amd64)
 *	0x100000	the code, from guest_start on
 *	0x200000	logs: of sends, then per target of receptions and of halts
 *
 * Virtual CPU 0 sends, all others are targets; targets count from 0.
 */
#ifndef IPITRACE_TESTS_VM_GUEST_VMM_VMM_H
#define IPITRACE_TESTS_VM_GUEST_VMM_VMM_H

#if defined(__x86_64__)
#define GUEST_RAM  0x0
#define IPI_VECTOR 0xfc /* call_function of a Linux guest */
/* What the sender ends with: of less priority, so that it comes behind all that is pending. */
#define END_VECTOR 0x31
/* A device's, of more than that. */
#define DEVICE_VECTOR 0x41
/* That of the targets' timers. */
#define TIMER_VECTOR 0x51
#elif defined(__aarch64__)
#define GUEST_RAM  0x40000000
#define IPI_VECTOR 1 /* SGIs; this is the call function of a Linux guest */
#define END_VECTOR 9
#define GICD	   0x08000000
#define GICR	   0x080a0000
#endif

#define GUEST_SIZE   0x400000
#define TIMER_NS     20000000
#define SHARED_AT    0x10000
#define STACKS_AT    0x80000
#define CODE_AT	     0x100000
#define SENDS_AT     0x200000
#define RECEIVED_AT  0x220000
#define HALTS_AT     0x2a0000
#define MAX_SENDS    2000
#define MAX_TARGETS  3
#define SENDS_SHIFT  4	     /* struct send */
#define RECV_SHIFT   5	     /* struct reception */
#define RECV_SIZE    0x20000 /* of a target's log */
#define HALTS_SHIFT  5	     /* struct halt */
#define HALTS_SIZE   0x10000
#define TARGET_SHIFT 6

/* How an IPI is sent. */
#define PATH_X2APIC    0
#define PATH_XAPIC     1
#define PATH_HYPERCALL 2
#define PATH_SYSREG    3 /* arm64 */

/* What targets do meanwhile. */
#define WAIT_HALT   0
#define WAIT_POLL   1
#define WAIT_MASKED 2 /* interrupts off but for an instant now and then */
#define WAIT_TIMER  3 /* halt, but for so long only as their timer takes; amd64, by x2APIC */

/* What a virtual CPU says last: to port DONE_PORT (amd64), or to DONE_MMIO (arm64). */
#define DONE_PORT  0xf4
#define DONE_MMIO  0x0a000000
#define DONE_WELL  1
#define DONE_STRAY 2 /* an interrupt or exception that nobody sent */

/* Offsets in struct shared and struct target. */
#define S_PATH	   0
#define S_WAIT	   4
#define S_COUNT	   8
#define S_GAP	   12
#define S_TARGETS  16
#define S_SYNC	   20
#define S_MASKED   24
#define S_BEGUN	   32
#define S_DEVICES  40
#define S_TARGET   64
#define T_RECEIVED 0
#define T_HALTS	   8
#define T_ENDED	   16
#define T_READY	   24
#define T_DOUBLED  32
#define T_DEVICES  40
#define T_TIMERS   48

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Written by its virtual CPU alone. */
struct target {
	uint64_t received; /* interrupts, the end's among them */
	uint64_t halts;
	uint64_t ended;
	uint64_t ready;
	uint64_t doubled; /* deliveries that were none */
	uint64_t devices; /* interrupts of the device */
	uint64_t timers;  /* of its own timer */
	uint64_t pad;
};

/* Gap and masked are in ticks of the guest's counter. */
struct shared {
	uint32_t path, wait, count, gap, targets, sync;
	uint64_t masked;
	uint64_t begun;	  /* sends, the end's among them */
	uint64_t devices; /* interrupts of the device that are still to come: the end waits for these */
	uint64_t pad[2];
	struct target target[MAX_TARGETS];
};

/* Stamps are the guest's counter. */
struct send {
	uint64_t before, after;
};

struct reception {
	uint64_t at;
	uint64_t begun; /* sends by then */
	uint64_t vector;
	uint64_t halts; /* of this target, by then */
};

/* pending and over are of arm64: HLT of x86 is over when the interrupt was taken. */
struct halt {
	uint64_t at;
	uint64_t pending; /* an interrupt was, right before */
	uint64_t over;
	uint64_t pad;
};

/* amd64.S, arm64.S: position-independent, entered with the virtual CPU's number in the first argument's register. */
extern const uint8_t guest_start[];
extern const uint32_t guest_size;

/* vmm.c */
extern uint8_t *guest_ram;
__attribute__((noreturn)) void die(const char *what);
/* Returns what ioctl() does; an error ends the program. */
int kvm_ioctl(int fd, unsigned long request, void *arg, const char *what);

/* amd64.c, arm64.c */
/* -1: this architecture has no such path. */
int arch_path(const char *name);
void arch_vm(int kvm, int vm);
/* Behind KVM_CREATE_VCPU. */
void arch_vcpu(int kvm, int vm, int vcpu, unsigned int id);
/* All of them exist. */
void arch_start(void);
/* What is written to fd, an eventfd, interrupts virtual CPU 1 by DEVICE_VECTOR. -1: not here. */
int arch_device(int vm, int fd);
/* The guest's counter is the host's plus this, and counts so often in a millisecond. */
int64_t arch_offset(int vcpu);
uint32_t arch_khz(int vcpu);
uint64_t arch_counter(void);
struct kvm_run;
/* What the virtual CPU said, or 0. */
unsigned int arch_done(const struct kvm_run *run);
#endif
#endif
