/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/kvm-priv.h - what the parts of the text of a host's virtual machines share.
 */
#ifndef IPITRACE_RENDER_KVM_PRIV_H
#define IPITRACE_RENDER_KVM_PRIV_H

#include <stdint.h>
#include <stdio.h>

#include "render/kvm.h"

/* A time; of ticks the same three digits, without a unit. Malloc'ed. */
char *render_kvm_amount(const struct kvm_report *r, const struct render_kvm_options *o, uint64_t val);
void render_kvm_rows(const struct kvm_report *r, const struct render_kvm_options *o, FILE *out);

#endif
