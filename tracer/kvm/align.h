/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/align.h - two recordings of the same things, of the same kind each, in order: which is which.
 *
 * A cause is seen by one recorder, its effect by the other one. The effect is within a window behind the cause. Where nothing is
 * missing, each window has its effect. Where something is, more than one reading may remain: then nothing is guessed.
 *
 * Pure: no I/O.
 */
#ifndef IPITRACE_KVM_ALIGN_H
#define IPITRACE_KVM_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

#define KVM_NONE UINT32_MAX

/* Sorted by from. */
struct kvm_cause {
	int64_t from, to; /* when its effect can be */
	int64_t sure;	  /* it has happened by then; from, unless clocks are uncertain */
	uint32_t effect;  /* out: KVM_NONE = there is none, or it is not known which */
	uint8_t level;	  /* enum ipi_level: what happens in an interrupt is over before what it interrupted goes on */
	bool ambiguous;	  /* out: several readings */
};

/* Sorted by early. */
struct kvm_effect {
	int64_t early, late;
	uint32_t cause; /* out */
	bool ambiguous;
};

void kvm_align(struct kvm_cause *causes, uint32_t nr_causes, struct kvm_effect *effects, uint32_t nr_effects);

#endif
