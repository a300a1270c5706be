/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/rows.h - rows while they are counted.
 */
#ifndef IPITRACE_KVM_ROWS_H
#define IPITRACE_KVM_ROWS_H

#include "base/hash.h"
#include "base/mem.h"
#include "kvm/report.h"

struct kvm_rows {
	struct hash by_key; /* the owner's to free */
	unsigned int room;
};

void kvm_rows_add(struct kvm_rows *rows, struct kvm_report *r, const struct kvm_ipi *ipi);
/* Puts them in order; nothing is added from then on. */
void kvm_rows_end(struct kvm_report *r);

#endif
