/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/joined.h - what a report keeps of a host's recording until the guest's is read, and the join of both.
 */
#ifndef IPITRACE_KVM_JOINED_H
#define IPITRACE_KVM_JOINED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "file/datfile.h"
#include "kvm/report.h"

/* Of a guest's TSC, less the host's; tgid -1: of which VM is not known. */
struct kvm_offset {
	int32_t tgid;
	uint32_t vcpu;
	int64_t offset;
};

struct kvm_hits {
	struct kvm_ipi *list;
	struct kvm_gap *gaps;
	struct kvm_offset *offsets;
	uint32_t nr, room, nr_gaps, room_gaps, nr_offsets, room_offsets;
	uint64_t first, last; /* of the host's events */
};

void kvm_hits_add(struct kvm_hits *h, const struct kvm_ipi *ipi);
void kvm_hits_gap(struct kvm_hits *h, uint32_t cpu, uint64_t at, bool begins);
void kvm_hits_offset(struct kvm_hits *h, int32_t tgid, uint32_t vcpu, int64_t offset);
void kvm_hits_free(struct kvm_hits *h);
/* Reads the guests that r wants. Hits become those of their VMs, with the guest's part of each. Adds to the laws. */
int kvm_report_join(struct kvm_report *r, struct kvm_hits *h, const struct dat_info *host, struct err *err);

#endif
