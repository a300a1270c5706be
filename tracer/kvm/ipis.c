// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/ipis.c - sends, accepts, injections and entries to IPIs with an outcome.
 *
 * Accepted interrupts wait at their target, in order, whoever sent them: those
 * of devices and timers, too, because an injection may be theirs.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "kvm/priv.h"

#define MODE_LOWEST 1 /* fixed and lowest priority have a vector; arch/x86/include/asm/apicdef.h */

uint64_t kvm_stage(const struct kvm_ipi *ipi, enum kvm_point end)
{
	if (ipi->at[end] == KVM_NO_TIME)
		return KVM_NO_TIME;
	for (int i = (int)end - 1; i >= 0; i--)
		if (ipi->at[i] != KVM_NO_TIME)
			return ipi->at[end] - ipi->at[i];
	return KVM_NO_TIME;
}

uint64_t kvm_total(const struct kvm_ipi *ipi)
{
	enum kvm_point first = ipi->at[KVM_AT_SEND] != KVM_NO_TIME ? KVM_AT_SEND : KVM_AT_EXIT;
	enum kvm_point last = ipi->at[KVM_AT_HANDLER] != KVM_NO_TIME ? KVM_AT_HANDLER : KVM_AT_ENTRY;

	/* Where the CPU delivers, the host does not know that it did. */
	if (ipi->outcome != KVM_DELIVERED && (ipi->outcome != KVM_POSTED || last != KVM_AT_HANDLER))
		return KVM_NO_TIME;
	if (ipi->at[first] == KVM_NO_TIME || ipi->at[last] == KVM_NO_TIME)
		return KVM_NO_TIME;
	return ipi->at[last] - ipi->at[first];
}

static void no_times(struct kvm_ipi *ipi)
{
	for (unsigned int i = 0; i < KVM_NR_POINTS; i++)
		ipi->at[i] = KVM_NO_TIME;
}

static void check_order(struct kvm *k, const struct kvm_ipi *ipi)
{
	uint64_t last = 0, sum = 0;

	for (unsigned int i = 0; i < KVM_NR_POINTS; i++) {
		if (ipi->at[i] == KVM_NO_TIME)
			continue;
		if (ipi->at[i] < last)
			k->stats.order_errors++;
		last = ipi->at[i];
		if (kvm_stage(ipi, (enum kvm_point)i) != KVM_NO_TIME)
			sum += kvm_stage(ipi, (enum kvm_point)i);
	}
	if (kvm_total(ipi) != KVM_NO_TIME && kvm_total(ipi) != sum)
		k->stats.stage_errors++;
}

static void emit(struct kvm *k, unsigned int vm, struct kvm_ipi *ipi, enum kvm_outcome outcome)
{
	ipi->outcome = (uint8_t)outcome;
	k->stats.hits++;
	k->vms[vm].outcomes[outcome]++;
	k->vms[vm].kicks[ipi->kick] += ipi->target != KVM_NO_VCPU;
	k->vms[vm].ambiguous += ipi->ambiguous;
	check_order(k, ipi);
	if (k->config.emit)
		k->config.emit(k->config.ctx, ipi);
}

static void pend_emit(struct kvm *k, unsigned int vm, struct pend *p, enum kvm_outcome outcome)
{
	if (p->is_ipi)
		emit(k, vm, &p->ipi, outcome);
}

/* Takes it out of its target's list, where *at points to it, and tells of it. */
static void pend_end(struct kvm *k, struct vcpu *target, struct pend **at, enum kvm_outcome outcome)
{
	struct pend *p = *at;

	*at = p->next;
	if (target->end == &p->next)
		target->end = at;
	pend_emit(k, target->vm, p, outcome);
	/* Its sender may still have it in hand: what it does next is not for this one any more. */
	if (p->sender && p->sender->last_hit == p)
		p->sender->last_hit = NULL;
	free(p);
}

/* --- the sender --- */

static void send_close(struct kvm *k, struct vcpu *v)
{
	if (v->sends && !v->send_hits)
		emit(k, v->vm, &v->send, KVM_UNACCEPTED);
	v->sends = false;
	v->last_hit = NULL;
}

void ipis_send(struct kvm *k, struct vcpu *v, const struct record *r, enum kvm_path path, uint32_t vector,
	       uint32_t mode)
{
	struct kvm_vm *vm = vm_of(k, v);

	send_close(k, v);
	v->sends = true;
	v->send_hits = 0;
	v->send = (struct kvm_ipi){
		.vm = vm->tgid,
		.source = v->id,
		.target = KVM_NO_VCPU,
		.path = (uint8_t)path,
		.kick = KVM_KICK_UNKNOWN,
		.vector = (uint8_t)vector,
		.arm = path == KVM_PATH_SYSREG,
		.order = ++k->order,
		.mode = (uint8_t)mode,
	};
	no_times(&v->send);
	if (v->in_exit)
		v->send.at[KVM_AT_EXIT] = v->exit_at;
	/* All of the exit is for it. */
	v->ipi_from = v->in_exit ? v->exit_at : KVM_NO_TIME;
	vm->sends++;
	k->stats.msr_sends += path == KVM_PATH_MSR || path == KVM_PATH_FAST;
	k->stats.mmio_sends += path == KVM_PATH_MMIO;
	(void)r;
}

static enum kvm_kick kick_of(const struct vcpu *target, const struct vcpu *sender)
{
	if (target == sender)
		return KVM_KICK_NONE;
	if (target->off_cpu && target->sleeps)
		return KVM_KICK_WOKEN;
	if (target->off_cpu)
		return KVM_KICK_PREEMPTED;
	switch (target->state) {
	case VCPU_GUEST:
		return KVM_KICK_RUNNING;
	case VCPU_HALTED:
		return KVM_KICK_HALTED;
	case VCPU_HOST:
		return KVM_KICK_NONE;
	default:
		return KVM_KICK_UNKNOWN;
	}
}

static struct pend *pend_add(struct vcpu *target, struct vcpu *sender, uint64_t ts)
{
	struct pend *p = xcalloc(1, sizeof(*p));

	no_times(&p->ipi);
	p->ipi.at[KVM_AT_ACCEPT] = ts;
	p->settled = KVM_NO_TIME;
	p->sender = sender;
	if (sender) {
		sender->last_hit = p;
		sender->last_target = target;
	}
	*target->end = p;
	target->end = &p->next;
	return p;
}

static struct pend *hit_add(struct kvm *k, struct vcpu *v, struct vcpu *target, uint64_t ts)
{
	struct pend *p = pend_add(target, v, ts);

	p->is_ipi = true;
	p->ipi = v->send;
	p->ipi.target = target->id;
	p->ipi.at[KVM_AT_ACCEPT] = ts;
	p->ipi.kick = (uint8_t)kick_of(target, v);
	v->send_hits++;
	k->stats.accepts++;
	return p;
}

void ipis_hit(struct kvm *k, struct vcpu *v, uint32_t id, uint64_t ts, bool settled)
{
	struct vcpu *target = vcpu_get(k, v->vm, id);
	struct pend *p = hit_add(k, v, target, ts);

	p->ipi.posted = true;
	if (settled || target == v)
		p->settled = ts;
	else
		v->unsettled++;
	halts_event(target, ts, HALT_IPI);
}

/* The last one of its target's list, with nothing to follow. */
static void end_last(struct kvm *k, struct vcpu *target, const struct pend *p, enum kvm_outcome outcome)
{
	struct pend **at = &target->first;

	while (*at && *at != p)
		at = &(*at)->next;
	if (*at)
		pend_end(k, target, at, outcome);
}

void ipis_accept(struct kvm *k, struct vcpu *v, unsigned int vm, const struct record *r)
{
	struct vcpu *target = vcpu_get(k, vm, (uint32_t)r->val[ACCEPT_APIC]);
	uint32_t mode = r->val[ACCEPT_MODE] >> 8 & 7, vector = (uint32_t)r->val[ACCEPT_VECTOR];
	struct pend *p;

	/* The accept of the target before is over when the next one comes. */
	if (v)
		ipis_settle(k, v, r->ts);
	if (v && v->sends && v->send.vector == vector && v->send.mode == mode) {
		p = hit_add(k, v, target, r->ts);
		halts_event(target, r->ts, HALT_IPI);
		if (mode > MODE_LOWEST)
			end_last(k, target, p, KVM_NO_VECTOR);
		return;
	}
	halts_event(target, r->ts, HALT_OTHER);
	k->vms[vm].others++;
	if (mode > MODE_LOWEST)
		return;
	p = pend_add(target, v, r->ts);
	p->ipi.vector = (uint8_t)vector;
	/* Nothing tells when this one was done. */
	if (!v)
		p->settled = r->ts;
}

static bool is_untaken(const struct vcpu *v, uint32_t vector)
{
	return v->untaken[vector >> 6 & 3] >> (vector & 63) & 1;
}

static void set_untaken(struct vcpu *v, uint32_t vector)
{
	v->untaken[vector >> 6 & 3] |= 1ULL << (vector & 63);
}

void ipis_taken(struct vcpu *v)
{
	memset(v->untaken, 0, sizeof(v->untaken));
}

/* Right behind the accept: the CPU will deliver it. To a guest that runs it does at once, and nothing tells more. */
void ipis_posted(struct kvm *k, struct vcpu *v, const struct record *r)
{
	struct pend *p = v->last_hit;

	if (!p || p->ipi.vector != r->val[APICV_VECTOR] || v->last_target->id != r->val[APICV_APIC])
		return;
	vm_of(k, v)->posted_accepts++;
	p->ipi.posted = true;
	if (v->last_target->state == VCPU_GUEST && !v->last_target->off_cpu) {
		set_untaken(v->last_target, p->ipi.vector);
		end_last(k, v->last_target, p, KVM_POSTED);
	}
}

/* What its thread does next shows that the accepts before are done. */
void ipis_settle(struct kvm *k, struct vcpu *v, uint64_t ts)
{
	if (v->last_hit && v->last_hit->settled == KVM_NO_TIME)
		v->last_hit->settled = ts;
	for (unsigned int i = 0; v->unsettled && i < k->nr_vcpus; i++) {
		if (k->vcpus[i]->vm != v->vm)
			continue;
		for (struct pend *p = k->vcpus[i]->first; p; p = p->next)
			if (p->sender == v && p->settled == KVM_NO_TIME)
				p->settled = ts;
	}
	v->unsettled = 0;
}

/* --- the target --- */

void ipis_exit(struct vcpu *v, uint64_t ts)
{
	for (struct pend *p = v->first; p; p = p->next)
		if (p->ipi.kick == KVM_KICK_RUNNING && p->ipi.at[KVM_AT_WAKE] == KVM_NO_TIME && !p->injected)
			p->ipi.at[KVM_AT_WAKE] = ts;
}

void ipis_waking(struct vcpu *target, struct vcpu *waker, uint64_t ts)
{
	struct pend *of_waker = waker && waker->last_target == target ? waker->last_hit : NULL;

	for (struct pend *p = target->first; p; p = p->next) {
		if (p->injected || p->ipi.at[KVM_AT_WAKE] != KVM_NO_TIME)
			continue;
		/* It was about to sleep, or slept: who wakes it says so. */
		if (p == of_waker && p->ipi.kick != KVM_KICK_NONE)
			p->ipi.kick = KVM_KICK_WOKEN;
		if (p->ipi.kick == KVM_KICK_WOKEN || p->ipi.kick == KVM_KICK_HALTED) {
			p->ipi.kick = KVM_KICK_WOKEN;
			p->ipi.at[KVM_AT_WAKE] = ts;
		}
	}
}

void ipis_switch_in(struct vcpu *v, uint64_t ts)
{
	for (struct pend *p = v->first; p; p = p->next)
		if (!p->injected && p->ipi.at[KVM_AT_RUN] == KVM_NO_TIME &&
		    (p->ipi.kick == KVM_KICK_PREEMPTED ||
		     (p->ipi.kick == KVM_KICK_WOKEN && p->ipi.at[KVM_AT_WAKE] != KVM_NO_TIME)))
			p->ipi.at[KVM_AT_RUN] = ts;
}

/* Whether it slept, where only the end of its halt tells. */
void ipis_woken(struct vcpu *v, bool waited)
{
	for (struct pend *p = v->first; p; p = p->next)
		if (!p->injected && p->ipi.kick == KVM_KICK_HALTED)
			p->ipi.kick = waited ? KVM_KICK_WOKEN : KVM_KICK_POLLING;
}

/* Accepts of this vector that are not injected: all that wait, and those in doubt. */
static struct pend *oldest_waiting(struct vcpu *v, uint32_t vector)
{
	for (struct pend *p = v->first; p; p = p->next)
		if (!p->injected && !p->doubtful && p->ipi.vector == vector && !p->ipi.posted)
			return p;
	return NULL;
}

static struct pend *youngest_doubtful(struct vcpu *v, uint32_t vector)
{
	struct pend *found = NULL;

	for (struct pend *p = v->first; p; p = p->next)
		if (p->doubtful && p->ipi.vector == vector)
			found = p;
	return found;
}

/*
 * Those that wait behind the one that is injected found it pending. But one that
 * was not settled when the target last did something else may come for the next injection.
 */
static void coalesce(struct kvm *k, struct vcpu *v, const struct pend *injected)
{
	for (struct pend **at = &v->first; *at;) {
		struct pend *p = *at;

		if (p == injected || p->injected || p->ipi.posted || p->ipi.vector != injected->ipi.vector) {
			at = &p->next;
		} else if (!p->doubtful && (p->settled == KVM_NO_TIME || p->settled > v->last)) {
			p->doubtful = true;
			at = &p->next;
		} else {
			p->ipi.ambiguous = p->doubtful;
			pend_end(k, v, at, KVM_COALESCED);
		}
	}
}

void ipis_inject(struct kvm *k, struct vcpu *v, const struct record *r)
{
	struct kvm_vm *vm = vm_of(k, v);
	uint32_t vector = (uint32_t)r->val[r->has & 1u << INJECT_VECTOR ? INJECT_VECTOR : 3] & 0xff;
	struct pend *p;

	if (r->val[INJECT_SOFT])
		return;
	if (r->val[INJECT_AGAIN]) {
		vm->reinjections++;
		return;
	}
	vm->injections++;
	p = oldest_waiting(v, vector);
	if (!p)
		p = youngest_doubtful(v, vector);
	if (!p) {
		vm->unsolicited++;
		return;
	}
	p->doubtful = false;
	p->injected = true;
	if (p->is_ipi)
		k->injected++;
	else
		vm->other_delivered++;
	p->ipi.at[KVM_AT_INJECT] = r->ts;
	if (p->is_ipi && v->in_exit && p->ipi.at[KVM_AT_ACCEPT] < v->ipi_from)
		v->ipi_from = p->ipi.at[KVM_AT_ACCEPT];
	coalesce(k, v, p);
}

/* It may have been marked as pending only when the target had looked: its last event was before that. */
static bool is_settled(const struct vcpu *v, const struct pend *p)
{
	return p->settled != KVM_NO_TIME && p->settled <= v->last;
}

/* What the CPU delivers by itself when it enters the guest: the first of each vector, the others found it pending. */
static bool posted_before(const struct vcpu *v, const struct pend *p)
{
	for (const struct pend *q = v->first; q != p; q = q->next)
		if (q->ipi.posted && q->ipi.vector == p->ipi.vector && q->is_ipi)
			return true;
	return false;
}

void ipis_entry(struct kvm *k, struct vcpu *v, uint64_t ts)
{
	const bool no_injections = !k->config.has[KVM_EV_INJECT];

	send_close(k, v);
	for (struct pend *p = v->first; p; p = p->next)
		if (p->is_ipi && (p->ipi.posted || no_injections) && !p->injected && posted_before(v, p))
			p->doubtful = true;
	for (struct pend **at = &v->first; *at;) {
		struct pend *p = *at;
		bool enters = p->injected || p->ipi.posted || no_injections;

		if (!enters) {
			at = &p->next;
			continue;
		}
		if (!p->injected)
			p->ipi.ambiguous |= !is_settled(v, p);
		if (p->doubtful) {
			pend_end(k, v, at, KVM_COALESCED);
			continue;
		}
		/* The guest takes it when it likes, and nothing tells: this one may have found the one before. */
		if (!p->injected) {
			p->ipi.ambiguous |= is_untaken(v, p->ipi.vector);
			set_untaken(v, p->ipi.vector);
		}
		if (p->is_ipi && v->in_exit && p->ipi.at[KVM_AT_ACCEPT] < v->ipi_from)
			v->ipi_from = p->ipi.at[KVM_AT_ACCEPT];
		p->ipi.at[KVM_AT_ENTRY] = ts;
		pend_end(k, v, at, KVM_DELIVERED);
	}
}

void ipis_flush(struct kvm *k, struct vcpu *v, enum kvm_outcome outcome)
{
	while (v->first) {
		bool coalesced = v->first->doubtful && !v->first->injected;

		pend_end(k, v, &v->first, coalesced && outcome == KVM_IN_FLIGHT ? KVM_COALESCED : outcome);
	}
	if (v->sends && !v->send_hits && outcome == KVM_LOST) {
		emit(k, v->vm, &v->send, KVM_LOST);
		v->send_hits = 1;
	}
	send_close(k, v);
}
