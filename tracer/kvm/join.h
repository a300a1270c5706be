/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/join.h - IPIs of a VM as its host saw them, and as the guest did: one of the other.
 *
 * Per virtual CPU, sends of the guest and those that the host decoded are in the same order but for what an interrupt sends
 * between a send and its write of the ICR. What one side alone has is counted, and whose is not certain as well; nothing is guessed.
 *
 * Pure: no I/O, no output.
 */
#ifndef IPITRACE_KVM_JOIN_H
#define IPITRACE_KVM_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm/align.h"
#include "kvm/clock.h"
#include "kvm/guest.h"
#include "kvm/kvm.h"

struct kvm_joined {
	uint64_t matched;	  /* IPIs of both */
	uint64_t ambiguous;	  /* of the host; which of the guest's they are is not certain */
	uint64_t guest_ambiguous; /* of the guest, likewise */
	uint64_t host_only, guest_only;
	uint64_t host_outside, guest_outside; /* when the other one did not record */
	uint64_t no_class;		      /* of the host, of vectors that no class of the guest has */
	uint64_t handlers,
		handlers_missing; /* entries with their handler, and without, of matched IPIs that were delivered */
	uint64_t possible;  /* as many could be of both: what either has between the same CPUs while both recorded */
	uint64_t coalesced; /* of those that match */
	uint64_t checked,
		others; /* handlers that the guest's own matching knows; of these, where the join has another */
	uint64_t order_errors, stage_errors;
	/* What causes and effects leave for the offset, whether it is known or not; valid if bounded. */
	bool bounded;
	int64_t low, high; /* where the recording has its middle */
};

/*
 * KVM_JOIN_NONE: not one IPI is of both, from its send to its handler. KVM_JOIN_FEW: less than half of those that could be
 * are; of those that are not certain half count. KVM_JOIN_OTHERS: half of them end in another handler than the guest's own matching has: so they are of both by chance. None of
 * it is said where lost events may be why.
 */
enum kvm_join_error {
	KVM_JOINED,
	KVM_JOIN_CPUS,
	KVM_JOIN_NO_OFFSET,
	KVM_JOIN_OFFSETS,
	KVM_JOIN_NONE,
	KVM_JOIN_FEW,
	KVM_JOIN_OTHERS,
};

/* hits of one VM; first and last: of all of the host's events. Times of both in the same unit. */
struct kvm_join {
	struct kvm_ipi *hits; /* in: as told; out: points of the guest, and who sent */
	uint32_t nr_hits;
	uint64_t first, last;
	const struct kvm_gap *gaps; /* of the host, whatever the CPU */
	uint32_t nr_gaps;
	const struct kvm_guest *guest;
	struct kvm_clock clock; /* in: known, low, high; or ppm */
	struct kvm_joined n;	/* out */
};

enum kvm_join_error kvm_join(struct kvm_join *j);

#endif
