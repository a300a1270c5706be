/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/kvmfacts.h - what a host's files say of its virtual machines, as it was before and after a recording.
 *
 * Values are kept as the kernel's files have them; what a host does not have has no value, which is not 0. Of whom they are:
 *
 *	module/kvm_amd		parameters of a module, by name
 *	debugfs			"readable"
 *	vm/1234-11		counters of a VM, sums over its virtual CPUs, and "tgid", its process
 *	vcpu/1234-11/0		"pid" (its thread), "tsc-offset", "tsc-scaling-ratio", ...
 *	thread/1240		"from_ns": the recording has its scheduling from then on only
 *	record			"sched": "threads" or "all"; "vcpus": how many of these threads were found, where it looked for them
 *
 * Names are those of /sys/kernel/debug/kvm (virt/kvm/kvm_main.c: kvm_create_vm_debugfs(); arch/x86/kvm/debugfs.c).
 */
#ifndef IPITRACE_BASE_KVMFACTS_H
#define IPITRACE_BASE_KVMFACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A counter of a VM; reported: of the same name in reports, which give what it grew by. Of all there are readings. */
struct kvm_counter {
	const char *name;
	bool reported;
};

extern const struct kvm_counter kvm_counters[];
extern const unsigned int kvm_nr_counters;

/* Readings, as of /proc/interrupts: before and behind tracing being switched on, and before and behind being switched off. */
#define KVM_NR_SNAPS 4

struct kvm_fact {
	char *name;
	char *val[KVM_NR_SNAPS]; /* NULL = there was none */
};

struct kvm_subject {
	char *name;
	struct kvm_fact *facts;
	unsigned int nr;
};

struct kvm_facts {
	bool on; /* the recording is of virtual machines */
	struct kvm_subject *subjects;
	unsigned int nr;
};

void kvm_facts_free(struct kvm_facts *f);
void kvm_facts_set(struct kvm_facts *f, unsigned int snap, const char *subject, const char *name, const char *value);
const struct kvm_subject *kvm_facts_subject(const struct kvm_facts *f, const char *subject);
/* NULL = there is no such value. */
const char *kvm_facts_get(const struct kvm_facts *f, unsigned int snap, const char *subject, const char *name);
/* False: there is none, or it is no number. */
bool kvm_facts_u64(const struct kvm_facts *f, unsigned int snap, const char *subject, const char *name, uint64_t *val);

/* The recording is of virtual machines, and found none, though it could have: not at its begin, and not at its end. */
bool kvm_facts_none(const struct kvm_facts *f);

/* Of a subject's name: "1234-11" and, of a virtual CPU, its number. False: it is another kind of subject. */
bool kvm_subject_vm(const struct kvm_subject *s, const char **dir);
bool kvm_subject_vcpu(const struct kvm_subject *s, const char **dir, uint32_t *id);
/* The virtual CPU of a thread, by its last reading; -1: nothing tells. */
int64_t kvm_facts_vcpu_of(const struct kvm_facts *f, int32_t tid);

/* Lines "kvm SNAP SUBJECT NAME VALUE"; and what stands behind "kvm " of one. -1: it is damaged. */
void kvm_facts_format(const struct kvm_facts *f, FILE *out);
int kvm_facts_parse(struct kvm_facts *f, char *line);

#endif
