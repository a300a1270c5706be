/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/timeline.h - a host, its guest and the IPIs of the guest as both saw them, on one timeline.
 *
 * Three parts, one after the other: the host's recording (report/timeline.h), the guest's IPIs on their way through the
 * host, the guest's recording. Tracks and flows are numbered through. The second part has a track for each virtual CPU
 * that was sent to; an IPI is a slice from its exit to its entry, with a slice for each stage in it. A flow leads from the
 * guest's send through that to the handler in the guest: where the host knows an IPI's way, the guest's own flow is left out.
 * Times of the guest become the host's. Its tasks have numbers that tasks of the host have as well: they are named tracks.
 *
 * Holds all IPIs of the guest's machine in memory, as the join does.
 */
#ifndef IPITRACE_KVM_TIMELINE_H
#define IPITRACE_KVM_TIMELINE_H

#include "kvm/report.h"
#include "report/timeline.h"

struct kvm_timeline;

/* r: before it is read, with its one guest; its tap is set. Both are borrowed, r until the timeline is freed. */
struct kvm_timeline *kvm_timeline_new(struct kvm_report *r);
void kvm_timeline_free(struct kvm_timeline *t);
/* Once r is read, and before the first part: where it all goes. */
void kvm_timeline_begin(struct kvm_timeline *t, const struct timeline_ops *ops, void *ctx);
/* For the first part and the last: their ops, with the timeline as context. */
extern const struct timeline_ops kvm_timeline_host, kvm_timeline_guest;
/* The part between. */
void kvm_timeline_ipis(struct kvm_timeline *t);
/* As for timeline_set_elsewhere(), of the guest's hits. */
bool kvm_timeline_has(void *t, const struct ipi_span *hit);

#endif
