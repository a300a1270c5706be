// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/halts.c - exits by reason, the part of them that is an IPI's, and what halts consist of.
 *
 * What others call the time of a halt is mostly the wait before anything
 * happened, which is nobody's latency. So a halt is cut where its event comes:
 * the accept of an interrupt, or the wake-up of its thread if that is earlier.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "kvm/priv.h"

static unsigned int exits_row(struct kvm_vm *vm, const struct reason *reason)
{
	unsigned int i;

	for (i = 0; i < vm->nr_exits; i++)
		if (!strcmp(vm->exits[i].name, reason->name))
			return i;
	vm->exits = xrealloc(vm->exits, (vm->nr_exits + 1) * sizeof(*vm->exits));
	memset(&vm->exits[i], 0, sizeof(*vm->exits));
	snprintf(vm->exits[i].name, sizeof(vm->exits[i].name), "%s", reason->name);
	vm->nr_exits++;
	return i;
}

void exits_begin(struct kvm *k, struct vcpu *v, uint64_t ts, uint32_t table, uint32_t code)
{
	const struct reason *reason = reasons_find(&k->reasons, table, code);

	v->in_exit = true;
	v->exit_at = ts;
	v->exit_kind = reason->kind;
	v->exit_row = exits_row(vm_of(k, v), reason);
	v->ipi_from = KVM_NO_TIME;
}

void exits_end(struct kvm *k, struct vcpu *v, uint64_t ts)
{
	struct kvm_exits *row = &vm_of(k, v)->exits[v->exit_row];
	uint64_t from = v->ipi_from < v->exit_at ? v->exit_at : v->ipi_from;

	k->exits_ended++;
	row->count++;
	row->time += ts - v->exit_at;
	if (v->ipi_from != KVM_NO_TIME) {
		row->ipi_count++;
		row->ipi_time += ts - from;
	}
	v->in_exit = false;
}

/* Its end is not known. */
void exits_drop(struct kvm *k, struct vcpu *v)
{
	vm_of(k, v)->exits_open += v->in_exit;
	k->stats.halts_open += v->halt.open;
	v->in_exit = v->halt.open = false;
}

void halts_begin(struct kvm *k, struct vcpu *v, uint64_t ts)
{
	k->stats.halt_exits++;
	vm_of(k, v)->halt_exits++;
	v->halt = (struct halt){ .open = true, .from = ts, .event = KVM_NO_TIME, .block = KVM_NO_TIME };
}

void halts_event(struct vcpu *v, uint64_t ts, enum halt_event event)
{
	if (!v->halt.open || v->halt.event != KVM_NO_TIME)
		return;
	v->halt.event = ts;
	v->halt.accepted = event != HALT_WAKING;
	v->halt.by_ipi = event == HALT_IPI;
}

void halts_blocked(struct vcpu *v, uint64_t ts)
{
	if (!v->halt.open)
		return;
	if (v->halt.block == KVM_NO_TIME)
		v->halt.block = ts;
	/* Woken for nothing: it looked, there was nothing for the guest, and it sleeps again (kvm_vcpu_block()). */
	if (!v->halt.accepted)
		v->halt.event = KVM_NO_TIME;
}

/* Its own figure is in ns, whatever the clock of the trace; the stamps are of one kind. */
void halts_wakeup(struct vcpu *v, uint64_t ts, bool waited)
{
	v->halt.woken = v->halt.open;
	v->halt.waited = waited;
	v->halt.over = ts;
}

/* Comes at the end of a halt, before kvm_vcpu_wakeup, where the time to poll changes: for the next halt. */
void halts_poll(struct kvm *k, struct vcpu *v, uint64_t poll_ns, uint64_t old_ns)
{
	struct kvm_halts *h = &vm_of(k, v)->halts;

	if (v->poll_ns == KVM_NO_TIME) {
		/* So that is what it was all the time. */
		v->poll_ns = old_ns;
		if (old_ns) {
			h->in_vain += v->early_waits;
			h->poll_in_vain += v->early_vain;
		}
		v->early_waits = v->early_vain = 0;
	}
	v->next_poll_ns = poll_ns;
	if (!v->halt.open)
		v->poll_ns = poll_ns;
}

static void slept(struct kvm_halts *h, struct vcpu *v)
{
	uint64_t vain = v->halt.block == KVM_NO_TIME ? 0 : v->halt.block - v->halt.from;

	h->waited++;
	if (v->poll_ns == KVM_NO_TIME) {
		v->early_waits++;
		v->early_vain += vain;
	} else if (v->poll_ns) {
		h->in_vain++;
		h->poll_in_vain += vain;
	}
}

void halts_end(struct kvm *k, struct vcpu *v, uint64_t ts)
{
	struct kvm_halts *h = &vm_of(k, v)->halts;
	struct halt *halt = &v->halt;

	if (!halt->open)
		return;
	halt->open = false;
	h->count++;
	if (!halt->woken) {
		h->pending++;
	} else if (halt->waited) {
		slept(h, v);
	} else {
		h->polled++;
		h->poll_won += halt->over - halt->from;
	}
	if (v->next_poll_ns != KVM_NO_TIME)
		v->poll_ns = v->next_poll_ns;
	if (halt->event == KVM_NO_TIME) {
		h->nr_untold++;
		h->untold += ts - halt->from;
		return;
	}
	h->idle += halt->event - halt->from;
	h->wakeup += ts - halt->event;
	if (halt->by_ipi) {
		h->ipi++;
		h->ipi_idle += halt->event - halt->from;
		h->ipi_wakeup += ts - halt->event;
	}
}
