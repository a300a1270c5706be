/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/kvm.h - the host's events of KVM in, IPIs of guests, exits and halts out.
 *
 * An IPI is one target of one send of a guest. It is followed from the exit of
 * the sender to the entry of the target by what the host records:
 *
 *	EXIT > ACCEPT > WAKE > RUN > INJECT > ENTRY
 *
 * With a recording of the guest (kvm/join.h), SEND is in front of these, and HANDLER behind them.
 *
 * ACCEPT: the target's virtual APIC has it. WAKE: the target's thread is woken,
 * or its CPU leaves the guest. RUN: its thread gets a CPU. A point that an IPI
 * does not pass, or that no event tells, does not exist; a stage is from the
 * point before that does, so that stages always sum to the total.
 *
 * Which injection an accept belongs to is decided as for interrupts of the
 * host: by order and by two windows. KVM tells of the accept before it marks
 * the interrupt as pending (__apic_accept_irq(), arch/x86/kvm/lapic.c), so that
 * one shortly before an injection may be the next one's. It is, if else that
 * injection had no cause; and an IPI that finds another one of its vector pending is coalesced.
 *
 * No I/O, no output. Times are stamps of the trace, whatever its clock.
 */
#ifndef IPITRACE_KVM_KVM_H
#define IPITRACE_KVM_KVM_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm/events.h"

#define KVM_NO_TIME UINT64_MAX
#define KVM_NO_VCPU UINT32_MAX
/* From here on: threads of virtual CPUs whose number nothing tells, one after the other. */
#define KVM_UNNUMBERED 0x80000000u

/* How the guest's send reached the host. */
enum kvm_path {
	KVM_PATH_MSR,	     /* x2APIC: the ICR is an MSR */
	KVM_PATH_MMIO,	     /* xAPIC: the ICR is in memory */
	KVM_PATH_FAST,	     /* x2APIC, with interrupts still off: KVM's fast path */
	KVM_PATH_TRAP,	     /* the CPU wrote the virtual ICR and told KVM behind it */
	KVM_PATH_HYPERCALL,  /* KVM_HC_SEND_IPI, or Hyper-V's */
	KVM_PATH_INCOMPLETE, /* AVIC delivered what it could and left the rest to KVM */
	KVM_PATH_SYSREG,     /* arm64: ICC_SGI1R_EL1 */
	KVM_PATH_OTHER,
	KVM_NR_PATHS,
};

/* What had to be done to the target. */
enum kvm_kick {
	KVM_KICK_NONE,	    /* it is in the host anyway */
	KVM_KICK_RUNNING,   /* it ran the guest */
	KVM_KICK_POLLING,   /* it was halted, and the host polled for it */
	KVM_KICK_WOKEN,	    /* it was halted, its thread slept */
	KVM_KICK_PREEMPTED, /* its thread was ready to run, but had no CPU */
	KVM_KICK_HALTED,    /* it was halted; whether its thread slept nothing tells */
	KVM_KICK_UNKNOWN,   /* nothing is known of the target yet */
	KVM_NR_KICKS,
};

enum kvm_outcome {
	KVM_DELIVERED,	/* injected, and the guest was entered */
	KVM_COALESCED,	/* its vector was pending already */
	KVM_POSTED,	/* to a guest that ran, which takes it without an exit: no event tells when */
	KVM_NO_VECTOR,	/* INIT, SIPI, NMI, SMI: not followed beyond the accept */
	KVM_UNACCEPTED, /* no virtual APIC took it: there is no such target, or nothing tells which it is */
	KVM_IN_FLIGHT,	/* not injected when the recording ended */
	KVM_LOST,	/* events are missing where its fate was decided */
	KVM_NR_OUTCOMES,
};

enum kvm_point {
	KVM_AT_SEND, /* the guest's */
	KVM_AT_EXIT,
	KVM_AT_ACCEPT,
	KVM_AT_WAKE,
	KVM_AT_RUN,
	KVM_AT_INJECT,
	KVM_AT_ENTRY,
	KVM_AT_HANDLER, /* the guest's */
	KVM_NR_POINTS,
};

struct kvm_ipi {
	int32_t vm;		 /* process of the VM; 0: the recording does not know processes */
	uint32_t source, target; /* virtual CPUs; target KVM_NO_VCPU: not known */
	uint8_t path, kick, outcome;
	uint8_t vector; /* of arm64 the number of the SGI */
	uint8_t mode;	/* of delivery, as in the ICR: 0 and 1 have a vector, 4 is an NMI */
	bool arm;	/* it is an SGI */
	bool posted;	/* delivered by the CPU, without an injection */
	/* Two injections may have been meant: the earlier one was taken. Without injections, too: it may have found one pending. */
	bool ambiguous;
	bool host_kick; /* the sender's thread sent an IPI of the host */
	uint64_t at[KVM_NR_POINTS];
	uint64_t order;		     /* of sends */
	uint32_t caller, func, comm; /* names of the guest's recording (struct kvm_names); 0 = not known */
	uint32_t send, irq; /* of the guest's recording: index of its send, and of its handler, and 1; 0 = not known */
	uint64_t width;	    /* within this, times of the guest may be earlier or later by half */
};

/* The stage that ends at this point; KVM_NO_TIME: there is none. */
uint64_t kvm_stage(const struct kvm_ipi *ipi, enum kvm_point end);
/* From the first point to the last; KVM_NO_TIME: not delivered, or one of them is not known. */
uint64_t kvm_total(const struct kvm_ipi *ipi);

/* All exits of a VM for one reason. */
struct kvm_exits {
	char name[40];	    /* as the recording's format has it */
	uint64_t count;	    /* that ended in an entry */
	uint64_t time;	    /* between exit and entry */
	uint64_t ipi_count; /* of these, that sent or delivered an IPI */
	uint64_t ipi_time;  /* and the part of their time that belongs to it */
};

struct kvm_halts {
	uint64_t count;		 /* that ended */
	uint64_t polled, waited; /* how they ended, by kvm_vcpu_wakeup */
	uint64_t pending;	 /* an event was there already: no halt at all */
	uint64_t idle;		 /* time before the event that ended them */
	uint64_t wakeup;	 /* time from it to the entry */
	uint64_t untold;	 /* time of those of which no event tells what ended them */
	uint64_t nr_untold;
	uint64_t ipi, ipi_idle, ipi_wakeup; /* of those that an IPI ended */
	uint64_t poll_won;		    /* time of those that polled, to the end of the poll */
	uint64_t in_vain, poll_in_vain;	    /* that slept though the host had polled, and how long that took */
	uint64_t unknown_poll;		    /* slept, and nothing tells whether the host had polled */
	bool has_poll_time;		    /* sched_switch tells when polling ended */
};

struct kvm_vm {
	int32_t tgid; /* 0: not known */
	unsigned int nr_vcpus;
	uint64_t sends; /* decoded */
	uint64_t outcomes[KVM_NR_OUTCOMES];
	uint64_t ambiguous;
	uint64_t others; /* accepts that are no IPIs: devices, timers */
	uint64_t injections, reinjections, unsolicited, eois;
	uint64_t other_delivered; /* injections of what is no IPI */
	uint64_t exits_open;
	/* For what the kernel counts of its own. */
	uint64_t exits_seen, entries_seen, halt_exits, all_injections, hypercalls, wakeups, polls_won, halt_wakings,
		wfes;
	uint64_t in_guest, in_host, off_cpu; /* times of its virtual CPUs; off_cpu is a part of in_host */
	uint64_t posted_accepts;
	uint64_t kicks[KVM_NR_KICKS];
	struct kvm_exits *exits;
	unsigned int nr_exits;
	struct kvm_halts halts;
};

/* A law of what was counted; held is false where it does not. */
struct kvm_law {
	const char *name, *text;
	uint64_t left, right;
	uint64_t right_max; /* where the right side is known to lie between two numbers; else it is right */
	int32_t vm;	    /* of this machine alone; 0 = of all */
	bool applies;	    /* false: an event that it needs was not recorded */
	bool held;
};
#define KVM_MAX_LAWS 32

struct kvm_stats {
	uint64_t seen[KVM_NR_EVENTS]; /* of each event */
	uint64_t events, lost_events;
	bool lost_unknown, lost;
	uint64_t icr_msrs, icr_mmios; /* writes of the ICR, by kvm_msr and kvm_mmio */
	uint64_t msr_sends, mmio_sends;
	uint64_t accepts; /* in a sender's exit, for its send */
	uint64_t hits;	  /* IPIs told */
	uint64_t stage_errors, order_errors;
	uint64_t exits, entries, exits_twice, entries_twice;
	uint64_t others;     /* events of VMs that are not asked for */
	uint64_t unnumbered; /* threads of virtual CPUs whose number nothing tells */
	uint64_t strangers;  /* events of threads of which no virtual CPU is known */
	uint64_t halt_exits, halts_open;
	uint64_t sysregs, sgis; /* arm64: SGIs that were written; that were dispatched, by the probe */
	uint64_t tsc_offsets;
};

struct kvm_config {
	const bool *has;	 /* by enum kvm_event: the recording has the event */
	const char *exit_format; /* of kvm_exit, for the names of reasons; NULL = none */
	size_t exit_format_len;
	int32_t (*tgid)(void *ctx, int32_t tid);     /* -1: not known */
	const char *(*comm)(void *ctx, int32_t tid); /* or NULL */
	/* The rest may be NULL. */
	int64_t (*vcpu)(void *ctx,
			int32_t tid); /* the number of its virtual CPU, where events do not tell; -1: not known */
	bool (*wants)(void *ctx, int32_t tgid); /* is this process's VM asked for? */
	bool others;				/* VMs that are not asked for may be there */
	void (*emit)(void *ctx, const struct kvm_ipi *ipi);
	void *ctx;
};

struct kvm;
struct record;

struct kvm *kvm_new(const struct kvm_config *config);
void kvm_free(struct kvm *k);
/* In order of time. */
void kvm_event(struct kvm *k, const struct record *r);
/* What is open becomes in flight. Where the file ends before the recording did, what would tell more is missing: lost. */
void kvm_end(struct kvm *k);
void kvm_end_cut(struct kvm *k);
struct kvm_vcpu_info {
	int32_t vm;  /* as kvm_ipi has it */
	uint32_t id; /* may be KVM_UNNUMBERED or more */
	int32_t tid; /* the last one; 0: it was only heard of */
};

/* After the end; i from 0 on. False: there are no more. */
bool kvm_vcpu_info(const struct kvm *k, unsigned int i, struct kvm_vcpu_info *info);
const struct kvm_vm *kvm_vms(const struct kvm *k, unsigned int *nr);
const struct kvm_stats *kvm_stats(const struct kvm *k);
unsigned int kvm_laws(const struct kvm *k, struct kvm_law laws[KVM_MAX_LAWS]);
/* Two threads without a known process are the same virtual CPU: VMs cannot be told apart. */
bool kvm_is_mixed(const struct kvm *k);
/* "msr", "woken", "delivered"; "?" for a number that is none. */
const char *kvm_path_name(unsigned int path);
const char *kvm_kick_name(unsigned int kick);
const char *kvm_outcome_name(unsigned int outcome);
/* The stage that ends at this point: "exit_accept"; NULL: none does. */
const char *kvm_stage_name(enum kvm_point end);
/* The class of a Linux guest's vector, enum ipi_class; -1: it is none of these. */
int kvm_class(const struct kvm_ipi *ipi);
/* As a Linux guest uses the vector: "reschedule"; "vector 225" where it is none of these. */
#define KVM_CLASS_LEN 32
void kvm_class_name(const struct kvm_ipi *ipi, char name[KVM_CLASS_LEN]);

#endif
