/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/guest.h - a recording made in a guest: its sends, with who sent and what for, and its handlers.
 */
#ifndef IPITRACE_KVM_GUEST_H
#define IPITRACE_KVM_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"

/* Names, each once, of all guests of a report; list[0] is NULL, which is of none. All zero: empty. */
struct kvm_names {
	char **list;
	uint32_t nr, room;
	struct hash by_text;
};

/* The number of a text: the same for the same text. */
uint32_t kvm_name(struct kvm_names *n, const char *text);
void kvm_names_free(struct kvm_names *n);

struct kvm_guest_send {
	uint64_t at; /* behind the stack that was taken with it, where one was */
	uint64_t
		handler; /* begin of the handler that the guest itself takes for its own; KVM_NO_TIME: not known for sure */
	uint64_t id;	 /* of the send that it is a target of */
	uint32_t cpu, target;
	uint32_t caller, func, comm; /* numbers of names; 0 = not known */
	uint8_t class, level;	     /* enum ipi_class, enum ipi_level */
};

struct kvm_guest_irq {
	uint64_t at;
	uint32_t cpu;
	uint8_t class;
	uint64_t id; /* as spans have it */
};

/* Events of this CPU are missing between these times. */
struct kvm_gap {
	uint64_t from, to;
	uint32_t cpu;
};

struct kvm_guest {
	char *clock, *uname;
	bool tsc;		      /* stamps of the TSC: times below are ticks of it, if asked for */
	uint32_t tsc_mult, tsc_shift; /* as struct dat_info has them */
	bool lost;		      /* events are missing, or the file is cut */
	bool has_offset;	      /* trace-cmd's agent knew it: guest less host, in ticks */
	int64_t offset;
	uint64_t peer;		      /* trace id of the host's file that this is of */
	uint64_t trace_id;	      /* of this file, by which the host's may name it; 0 = none */
	struct kvm_guest_send *sends; /* in order of time */
	uint32_t nr_sends, room_sends;
	struct kvm_guest_irq *irqs;
	uint32_t nr_irqs, room_irqs;
	struct kvm_gap *gaps;
	uint32_t nr_gaps, room_gaps;
	uint64_t first, last; /* of all that is above */
};

/* names: where those of its sends go. ticks: of a file with stamps of the TSC, these themselves; else ns. */
int kvm_guest_read(struct kvm_guest *g, struct kvm_names *names, const char *path, bool ticks, struct err *err);
/* Another one with the same sends, handlers and gaps, whose times may then be changed; nothing else of it is owned. */
void kvm_guest_copy(struct kvm_guest *to, const struct kvm_guest *g);
void kvm_guest_free(struct kvm_guest *g);

#endif
