// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/events.c - the table of events: which fields of which event.
 */
#include "kvm/priv.h"

/* clang-format off: a table */
const struct record_want kvm_events[KVM_NR_EVENTS + 1] = {
	/* One name, two architectures: what has none of these fields is the other's. */
	[KVM_EV_EXIT] = { "kvm", "kvm_exit", { "exit_reason", "vcpu_id", "?isa", "?guest_rip" } },
	[KVM_EV_EXIT_ARM] = { "kvm", "kvm_exit", { "ret", "esr_ec" } },
	[KVM_EV_ENTRY] = { "kvm", "kvm_entry", { "vcpu_id" } },
	[KVM_EV_ENTRY_ARM] = { "kvm", "kvm_entry", { "vcpu_pc" } },
	[KVM_EV_IPI] = { "kvm", "kvm_apic_ipi", { "icr_low", "dest_id" } },
	[KVM_EV_ACCEPT] = { "kvm", "kvm_apic_accept_irq", { "apicid", "vec", "dm" } },
	[KVM_EV_APICV] = { "kvm", "kvm_apicv_accept_irq", { "apicid", "vec" } },
	[KVM_EV_INJECT] = { "kvm", "kvm_inj_virq", { "?vector", "?soft", "?reinjected", "?irq" } },
	[KVM_EV_EOI] = { "kvm", "kvm_eoi", { "apicid", "vector" } },
	[KVM_EV_MSR] = { "kvm", "kvm_msr", { "ecx", "data", "write", "?exception" } },
	[KVM_EV_MMIO] = { "kvm", "kvm_mmio", { "type", "gpa", "?val" } },
	[KVM_EV_HYPERCALL] = { "kvm", "kvm_hypercall", { "nr", "a0", "a1", "a2", "a3" } },
	[KVM_EV_HV_IPI] = { "kvm", "kvm_hv_send_ipi", { "vector" } },
	[KVM_EV_HV_IPI_EX] = { "kvm", "kvm_hv_send_ipi_ex", { "vector" } },
	[KVM_EV_INCOMPLETE] = { "kvm", "kvm_avic_incomplete_ipi", { "vcpu", "icrh", "icrl", "id" } },
	[KVM_EV_WAKEUP] = { "kvm", "kvm_vcpu_wakeup", { "ns", "waited", "?valid" } },
	[KVM_EV_HALT_POLL] = { "kvm", "kvm_halt_poll_ns", { "vcpu_id", "new", "old" } },
	[KVM_EV_TSC_OFFSET] = { "kvm", "kvm_write_tsc_offset", { "vcpu_id", "next_tsc_offset" } },
	[KVM_EV_SYSREG] = { "kvm", "kvm_sys_access", { "is_write", "Op0", "Op1", "CRn", "CRm", "Op2" } },
	[KVM_EV_SGI] = { KVM_PROBES, "sgi", { "reg" } },
	[KVM_EV_WFX] = { "kvm", "kvm_wfx_arm64", { "?is_wfe" } },
	[KVM_EV_SWITCH] = { "sched", "sched_switch", { "prev_pid", "prev_state", "next_pid" } },
	[KVM_EV_WAKING] = { "sched", "sched_waking", { "pid" } },
	[KVM_EV_SEND] = { "ipi", "ipi_send_cpu", { "cpu", "callback" } },
	[KVM_NR_EVENTS] = { 0 },
};
/* clang-format on */
