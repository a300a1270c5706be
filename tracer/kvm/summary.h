/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/summary.h - a report in few numbers, to set one beside another: how long IPIs take, and what the host pays for it.
 *
 * What a host pays is the time that threads of virtual CPUs have its CPUs: in the guest, even if that does nothing
 * (idle=poll), and in the host, which may poll for a halted one (halt_poll_ns). Times that they are off the CPU cost nothing.
 */
#ifndef IPITRACE_KVM_SUMMARY_H
#define IPITRACE_KVM_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm/report.h"

enum kvm_figure_unit { KVM_FIGURE_RATE, KVM_FIGURE_TIME, KVM_FIGURE_CPUS, KVM_FIGURE_SHARE };

struct kvm_figure {
	const char *key, *label;
	enum kvm_figure_unit unit;
	bool known;
	uint64_t val; /* time; else thousandths: per s, of CPUs, of 1 */
};

#define KVM_MAX_FIGURES 32

/* Returns how many; the same ones in the same order, whatever the report. Of one that was read without keys. */
unsigned int kvm_summary(const struct kvm_report *r, struct kvm_figure figures[KVM_MAX_FIGURES]);

#endif
