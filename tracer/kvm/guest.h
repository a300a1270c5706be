/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/guest.h - a recording made in a guest: its sends, with who sent and what for, and its handlers.
 */
#ifndef IPITRACE_KVM_GUEST_H
#define IPITRACE_KVM_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct kvm_guest_send {
	uint64_t at; /* behind the stack that was taken with it, where one was */
	uint64_t
		handler; /* begin of the handler that the guest itself takes for its own; KVM_NO_TIME: not known for sure */
	uint64_t id;	 /* of the send that it is a target of */
	uint32_t cpu, target;
	uint32_t caller, func, comm; /* indices of names; 0 = not known */
	uint8_t class, level;	     /* enum ipi_class, enum ipi_level */
};

struct kvm_guest_irq {
	uint64_t at;
	uint32_t cpu;
	uint8_t class;
};

/* Events of this CPU are missing between these times. */
struct kvm_gap {
	uint64_t from, to;
	uint32_t cpu;
};

struct kvm_guest {
	char *clock, *uname;
	bool tsc;	 /* stamps of the TSC: times below are ticks of it, if asked for */
	bool lost;	 /* events are missing, or the file is cut */
	bool has_offset; /* trace-cmd's agent knew it: guest less host, in ticks */
	int64_t offset;
	uint64_t peer;		      /* trace id of the host's file that this is of */
	struct kvm_guest_send *sends; /* in order of time */
	uint32_t nr_sends, room_sends;
	struct kvm_guest_irq *irqs;
	uint32_t nr_irqs, room_irqs;
	struct kvm_gap *gaps;
	uint32_t nr_gaps, room_gaps;
	char **names; /* names[0] is NULL */
	uint32_t nr_names, room_names;
	uint64_t first, last; /* of all that is above */
};

/* ticks: of a file with stamps of the TSC, these themselves; else ns. */
int kvm_guest_read(struct kvm_guest *g, const char *path, bool ticks, struct err *err);
void kvm_guest_free(struct kvm_guest *g);

#endif
