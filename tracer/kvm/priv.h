/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/priv.h - what the files of the engine share; no one else includes it.
 *
 *	kvm/engine.c	events -> what they mean for threads and virtual CPUs
 *	kvm/ipis.c	sends, accepts and injections -> IPIs
 *	kvm/halts.c	exits and halts -> sums
 *	kvm/reasons.c	names of exits, by the recording's format
 *	kvm/names.c	words, classes of vectors, and laws
 */
#ifndef IPITRACE_KVM_PRIV_H
#define IPITRACE_KVM_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "decode/records.h"
#include "kvm/kvm.h"

/* The fields of each event, for records_open(). */
extern const struct record_want kvm_events[KVM_NR_EVENTS + 1];

/* What an exit is for this program, whatever the CPU calls it. */
enum exit_kind {
	EXIT_BY_OTHER,
	EXIT_BY_MSR,
	EXIT_BY_MMIO,
	EXIT_BY_TRAP,
	EXIT_BY_HYPERCALL,
	EXIT_BY_INCOMPLETE,
	EXIT_BY_HALT,
	EXIT_BY_SYSREG,
};

struct reason {
	uint32_t table, code;
	char name[40];
	enum exit_kind kind;
};

struct reasons {
	struct reason *rows;
	unsigned int nr;
	unsigned int nr_tables;
};

void reasons_init(struct reasons *r, const char *format, size_t len);
void reasons_free(struct reasons *r);
/* Adds one that the format does not name. */
const struct reason *reasons_find(struct reasons *r, uint32_t table, uint32_t code);

/* Where a virtual CPU is, by the last event that tells. */
enum vcpu_state { VCPU_UNKNOWN, VCPU_GUEST, VCPU_HOST, VCPU_HALTED };

/* An accepted interrupt that was not injected yet, or is not over yet. */
struct pend {
	struct pend *next;
	struct vcpu *sender; /* in whose thread it was accepted; NULL = none's */
	struct kvm_ipi ipi;
	bool is_ipi; /* else of a device or a timer: only its vector counts */
	uint64_t
		settled; /* the sender's event behind the accept: from then on it is pending for sure; KVM_NO_TIME = not yet */
	bool doubtful; /* coalesced, unless the next injection has no other cause */
	bool injected; /* waits for the entry */
};

struct halt {
	bool open;
	bool woken; /* kvm_vcpu_wakeup has come */
	bool waited;
	bool accepted, by_ipi; /* its event */
	uint64_t from, event, block, over;
};

struct vcpu {
	unsigned int vm; /* index */
	uint32_t id;
	int32_t tid; /* 0: not known yet */
	enum vcpu_state state;
	bool off_cpu;	   /* its thread has no CPU */
	bool sleeps;	   /* ... and does not want one */
	uint64_t waking;   /* when it was woken last, while it is off its CPU; KVM_NO_TIME = it was not */
	uint64_t entered;  /* the guest; KVM_NO_TIME: not known */
	uint64_t off_from; /* within an exit; KVM_NO_TIME: it has a CPU */
	uint64_t off_time; /* of the exit under way */
	uint64_t last;	   /* of its thread's last event: its injection cannot have looked before */
	/* The exit under way. */
	bool in_exit;
	uint64_t exit_at, ipi_from; /* KVM_NO_TIME: no IPI in it so far */
	unsigned int exit_row;	    /* of the VM */
	enum exit_kind exit_kind;
	struct halt halt;
	uint64_t poll_ns, next_poll_ns;	  /* halt_poll_ns, now and from the next halt on; KVM_NO_TIME = not known yet */
	uint64_t early_waits, early_vain; /* halts, and time, before it was */
	/* The send under way. */
	bool sends;
	struct kvm_ipi send;
	unsigned int send_hits, unsettled; /* its targets; those of a register whose accept may be under way */
	struct pend *last_hit;		   /* of it, for what follows the accept */
	struct vcpu *last_target;
	struct pend *first, **end; /* accepted, in order */
	uint64_t untaken[4]; /* vectors that entered the guest without an injection: it may have them pending still */
};

struct thread {
	int32_t tid;
	unsigned int vcpu; /* index */
};

struct kvm {
	struct kvm_config config;
	struct reasons reasons;
	struct kvm_vm *vms;
	unsigned int nr_vms;
	struct vcpu **vcpus;
	unsigned int nr_vcpus;
	struct thread *threads;
	unsigned int nr_threads;
	struct hash by_tid, by_id; /* threads; virtual CPUs by VM and number */
	struct kvm_stats stats;
	uint64_t order;
	uint64_t injected; /* of IPIs */
	uint64_t exits_ended;
	bool mixed, ended;
};

static inline struct kvm_vm *vm_of(struct kvm *k, const struct vcpu *v)
{
	return &k->vms[v->vm];
}

/* kvm/engine.c */
struct vcpu *vcpu_get(struct kvm *k, unsigned int vm, uint32_t id);

/* kvm/ipis.c */
void ipis_send(struct kvm *k, struct vcpu *v, const struct record *r, enum kvm_path path, uint32_t vector,
	       uint32_t mode);
void ipis_accept(struct kvm *k, struct vcpu *v, unsigned int vm, const struct record *r);
void ipis_posted(struct kvm *k, struct vcpu *v, const struct record *r);
/* A target of which no accept tells: the hardware has it, or a register's write, which goes on. */
void ipis_hit(struct kvm *k, struct vcpu *v, uint32_t target, uint64_t ts, bool settled);
void ipis_inject(struct kvm *k, struct vcpu *v, const struct record *r);
void ipis_settle(struct kvm *k, struct vcpu *v, uint64_t ts);
/* It halted, with nothing pending: what entered has been taken. */
void ipis_taken(struct vcpu *v);
void ipis_exit(struct vcpu *v, uint64_t ts);
void ipis_entry(struct kvm *k, struct vcpu *v, uint64_t ts);
void ipis_waking(struct vcpu *target, struct vcpu *waker, uint64_t ts);
void ipis_switch_in(struct vcpu *v, uint64_t ts);
void ipis_woken(struct vcpu *v, bool waited);
/* What is open is of this outcome: KVM_IN_FLIGHT or KVM_LOST. */
void ipis_flush(struct kvm *k, struct vcpu *v, enum kvm_outcome outcome);

/* kvm/halts.c */
void exits_begin(struct kvm *k, struct vcpu *v, uint64_t ts, uint32_t table, uint32_t code);
void exits_end(struct kvm *k, struct vcpu *v, uint64_t ts);
void exits_drop(struct kvm *k, struct vcpu *v);
void halts_begin(struct kvm *k, struct vcpu *v, uint64_t ts);
enum halt_event { HALT_WAKING, HALT_OTHER, HALT_IPI }; /* its thread is woken; an interrupt was accepted */
void halts_event(struct vcpu *v, uint64_t ts, enum halt_event event);
void halts_blocked(struct vcpu *v, uint64_t ts);
void halts_wakeup(struct vcpu *v, uint64_t ts, bool waited);
void halts_poll(struct kvm *k, struct vcpu *v, uint64_t poll_ns, uint64_t old_ns);
void halts_end(struct kvm *k, struct vcpu *v, uint64_t ts);

#endif
