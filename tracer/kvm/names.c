// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/names.c - words for paths, kicks and outcomes; what vectors mean to a Linux guest; and the laws of what was counted.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/event.h"
#include "kvm/priv.h"

static const char *const path_names[KVM_NR_PATHS] = {
	[KVM_PATH_MSR] = "msr",	      [KVM_PATH_MMIO] = "mmio",		  [KVM_PATH_FAST] = "fast",
	[KVM_PATH_TRAP] = "trap",     [KVM_PATH_HYPERCALL] = "hypercall", [KVM_PATH_INCOMPLETE] = "incomplete",
	[KVM_PATH_SYSREG] = "sysreg", [KVM_PATH_OTHER] = "other",
};

static const char *const kick_names[KVM_NR_KICKS] = {
	[KVM_KICK_NONE] = "none",   [KVM_KICK_RUNNING] = "running",	[KVM_KICK_POLLING] = "polling",
	[KVM_KICK_WOKEN] = "woken", [KVM_KICK_PREEMPTED] = "preempted", [KVM_KICK_HALTED] = "halted",
	[KVM_KICK_UNKNOWN] = "?",
};

static const char *const outcome_names[KVM_NR_OUTCOMES] = {
	[KVM_DELIVERED] = "delivered", [KVM_COALESCED] = "coalesced",	[KVM_POSTED] = "posted",
	[KVM_NO_VECTOR] = "no_vector", [KVM_UNACCEPTED] = "unaccepted", [KVM_IN_FLIGHT] = "in_flight",
	[KVM_LOST] = "lost",
};

const char *kvm_path_name(unsigned int path)
{
	return path < KVM_NR_PATHS ? path_names[path] : "?";
}

const char *kvm_kick_name(unsigned int kick)
{
	return kick < KVM_NR_KICKS ? kick_names[kick] : "?";
}

const char *kvm_outcome_name(unsigned int outcome)
{
	return outcome < KVM_NR_OUTCOMES ? outcome_names[outcome] : "?";
}

/* arch/x86/include/asm/irq_vectors.h; enum ipi_msg_type of arch/arm64/kernel/smp.c as of 6.1 and later. */
int kvm_class(const struct kvm_ipi *ipi)
{
	static const struct {
		uint8_t vector;
		enum ipi_class class;
	} x86[] = {
		{ 253, IPI_CLASS_RESCHEDULE }, { 252, IPI_CLASS_CALL },	    { 251, IPI_CLASS_CALL_SINGLE },
		{ 246, IPI_CLASS_IRQ_WORK },   { 247, IPI_CLASS_PLATFORM },
	};

	if (ipi->mode > 1)
		return -1;
	/* Numbers of the first two never changed; those of the others did. */
	if (ipi->arm)
		return !ipi->vector ? (int)IPI_CLASS_RESCHEDULE : ipi->vector == 1 ? (int)IPI_CLASS_CALL : -1;
	for (unsigned int i = 0; i < ARRAY_SIZE(x86); i++)
		if (x86[i].vector == ipi->vector)
			return (int)x86[i].class;
	return -1;
}

void kvm_class_name(const struct kvm_ipi *ipi, char name[KVM_CLASS_LEN])
{
	static const char *const modes[] = { [2] = "smi", [4] = "nmi", [5] = "init", [6] = "sipi", [7] = "extint" };

	if (ipi->mode < ARRAY_SIZE(modes) && modes[ipi->mode]) {
		snprintf(name, KVM_CLASS_LEN, "%s", modes[ipi->mode]);
		return;
	}
	if (ipi->arm) {
		snprintf(name, KVM_CLASS_LEN, "sgi %u", ipi->vector);
		return;
	}
	if (kvm_class(ipi) >= 0)
		snprintf(name, KVM_CLASS_LEN, "%s", ipi_class_name((unsigned int)kvm_class(ipi)));
	else
		snprintf(name, KVM_CLASS_LEN, "vector %u", ipi->vector);
}

static void law(struct kvm_law *l, const char *name, const char *text, uint64_t left, uint64_t right, bool applies)
{
	*l = (struct kvm_law){ name, text, left, right, right, 0, applies, !applies || left == right };
}

unsigned int kvm_laws(const struct kvm *k, struct kvm_law laws[KVM_MAX_LAWS])
{
	const struct kvm_stats *s = &k->stats;
	const uint64_t *seen = s->seen;
	bool whole = !s->lost && k->ended;
	uint64_t sends = 0, outcomes[KVM_NR_OUTCOMES] = { 0 }, halts = 0, ends = 0, told = 0, inject = 0, by = 0,
		 open = 0;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < k->nr_vms; i++) {
		const struct kvm_vm *vm = &k->vms[i];
		const struct kvm_halts *h = &vm->halts;

		sends += vm->sends;
		for (unsigned int o = 0; o < KVM_NR_OUTCOMES; o++)
			outcomes[o] += vm->outcomes[o];
		halts += h->count;
		ends += h->polled + h->waited + h->pending;
		inject += vm->injections;
		by += vm->unsolicited + vm->other_delivered;
		open += vm->exits_open;
	}
	for (unsigned int o = 0; o < KVM_NR_OUTCOMES; o++)
		told += o == KVM_UNACCEPTED ? 0 : outcomes[o];
	law(&laws[nr++], "icr_msr", "writes of the ICR by MSR == sends that were decoded", s->icr_msrs, s->msr_sends,
	    whole && seen[KVM_EV_MSR]);
	law(&laws[nr++], "icr_mmio", "writes of the ICR in memory == sends that were decoded", s->icr_mmios,
	    s->mmio_sends, whole && seen[KVM_EV_MMIO]);
	law(&laws[nr++], "sgis", "writes of ICC_SGI1R_EL1 == SGIs that were dispatched", s->sysregs, s->sgis,
	    whole && seen[KVM_EV_SYSREG] && seen[KVM_EV_SGI]);
	law(&laws[nr++], "accepts", "accepts == delivered + coalesced + posted + no_vector + in_flight + lost",
	    s->accepts, told, !s->lost);
	law(&laws[nr++], "injections", "injections == IPIs injected + others + unsolicited", inject, k->injected + by,
	    whole);
	law(&laws[nr++], "exits", "exits == those that ended + those in progress", s->exits, k->exits_ended + open,
	    true);
	law(&laws[nr++], "entries", "exits or entries twice in a row == 0", s->exits_twice + s->entries_twice, 0,
	    whole);
	law(&laws[nr++], "halts", "halts == polled + waited + pending", halts, ends, seen[KVM_EV_WAKEUP]);
	law(&laws[nr++], "halt_exits", "exits for halts == halts that ended + those in progress", s->halt_exits,
	    halts + s->halts_open, true);
	law(&laws[nr++], "order", "exit <= accept <= wake <= run <= inject <= entry", s->order_errors, 0, true);
	law(&laws[nr++], "stages", "the sum of the stages == the total", s->stage_errors, 0, true);
	(void)sends;
	return nr;
}

const char *kvm_stage_name(enum kvm_point end)
{
	static const char *const names[KVM_NR_POINTS] = {
		[KVM_AT_EXIT] = "send_exit",	 [KVM_AT_HANDLER] = "entry_handler",
		[KVM_AT_ACCEPT] = "exit_accept", [KVM_AT_WAKE] = "accept_wake",
		[KVM_AT_RUN] = "runq",		 [KVM_AT_INJECT] = "run_inject",
		[KVM_AT_ENTRY] = "inject_entry",
	};

	return names[end];
}
