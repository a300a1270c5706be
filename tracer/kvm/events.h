/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/events.h - the host's events that tell of virtual machines and their IPIs, and the numbers of their fields.
 *
 * Defined in the kernel by arch/x86/kvm/trace.h, include/trace/events/{kvm,sched,ipi}.h and
 * arch/arm64/kvm/{trace_arm.h,trace_handle_exit.h}. Where fields are is in the recording's formats.
 */
#ifndef IPITRACE_KVM_EVENTS_H
#define IPITRACE_KVM_EVENTS_H

enum kvm_event {
	KVM_EV_EXIT,
	KVM_EV_EXIT_ARM,
	KVM_EV_ENTRY,
	KVM_EV_ENTRY_ARM,
	KVM_EV_IPI,    /* the ICR was decoded: a guest sends */
	KVM_EV_ACCEPT, /* a virtual APIC takes an interrupt, in the thread of who sends it */
	KVM_EV_APICV,  /* ... and the CPU will deliver it without an injection */
	KVM_EV_INJECT,
	KVM_EV_EOI,
	KVM_EV_MSR,
	KVM_EV_MMIO,
	KVM_EV_HYPERCALL,
	KVM_EV_HV_IPI,
	KVM_EV_HV_IPI_EX,
	KVM_EV_INCOMPLETE, /* AVIC: a target of an IPI does not run */
	KVM_EV_WAKEUP,	   /* a halt is over */
	KVM_EV_HALT_POLL,
	KVM_EV_TSC_OFFSET,
	KVM_EV_SYSREG, /* arm64: an access that traps, the one that sends SGIs among them */
	KVM_EV_SGI,    /* arm64: a probe of ours, vgic_v3_dispatch_sgi() with the register's value */
	KVM_EV_WFX,
	KVM_EV_SWITCH,
	KVM_EV_WAKING,
	KVM_EV_SEND, /* an IPI of the host */
	KVM_NR_EVENTS,
};

/* Fields of each, in the order of the table. */
enum { EXIT_REASON, EXIT_VCPU, EXIT_ISA, EXIT_RIP };
enum { EXIT_ARM_RET, EXIT_ARM_EC };
enum { ENTRY_VCPU };
enum { IPI_ICR, IPI_DEST };
enum { ACCEPT_APIC, ACCEPT_VECTOR, ACCEPT_MODE };
enum { APICV_APIC, APICV_VECTOR };
enum { INJECT_VECTOR, INJECT_SOFT, INJECT_AGAIN };
enum { EOI_APIC, EOI_VECTOR };
enum { MSR_ECX, MSR_DATA, MSR_WRITE, MSR_FAULT };
enum { MMIO_TYPE, MMIO_GPA, MMIO_VAL };
enum { HYPERCALL_NR, HYPERCALL_A0, HYPERCALL_A1, HYPERCALL_A2, HYPERCALL_A3 };
enum { HV_VECTOR };
enum { INCOMPLETE_VCPU, INCOMPLETE_ICRH, INCOMPLETE_ICRL, INCOMPLETE_ID };
enum { WAKEUP_NS, WAKEUP_WAITED, WAKEUP_VALID };
enum { HALT_POLL_VCPU, HALT_POLL_NEW, HALT_POLL_OLD };
enum { TSC_VCPU, TSC_NEXT };
enum { SYSREG_WRITE, SYSREG_OP0, SYSREG_OP1, SYSREG_CRN, SYSREG_CRM, SYSREG_OP2 };
enum { SGI_REG };
enum { WFX_IS_WFE };
enum { SWITCH_PREV, SWITCH_STATE, SWITCH_NEXT };
enum { WAKING_PID };
enum { SEND_CPU, SEND_CALLBACK };

#define KVM_PROBES "ipitrace_*" /* groups of probes of ours: each recording has its own */
#define MSR_ICR	   0x830u	/* x2APIC */

#endif
