/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/host.h - a recording's facts of its host, and the laws that they are one side of.
 */
#ifndef IPITRACE_KVM_HOST_H
#define IPITRACE_KVM_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm/report.h"

/* Adds those that apply to what is there, behind the events' own. */
void kvm_host_laws(struct kvm_report *r);
/*
 * How much a counter of a process's VMs grew while it was recorded: at least *low, at most *high. False: it is not known,
 * which is not 0.
 */
bool kvm_host_counter(const struct kvm_report *r, int32_t tgid, const char *name, uint64_t *low, uint64_t *high);
/* Sentences on what this host cannot show, as kvm_report_notes(); posted: accepts that it is known of. How many. */
unsigned int kvm_host_notes(const struct kvm_report *r, uint64_t posted, char *notes[]);
/* Was this parameter of a module ("module/kvm_amd") switched on? False also where it is not known. */
bool kvm_host_is_on(const struct kvm_report *r, const char *module, const char *param);

#endif
