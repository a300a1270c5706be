// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/engine.c - events to what they mean for threads and virtual CPUs.
 *
 * No event names a VM: it is the process of the thread. A thread is a virtual CPU from its first kvm_entry or kvm_exit on,
 * which tell its number on x86; elsewhere its name may ("CPU 3/KVM").
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/event.h"
#include "base/mem.h"
#include "kvm/priv.h"

#define VMX_REASON    0xffffu /* the rest are flags: arch/x86/include/uapi/asm/vmx.h */
#define HC_SEND_IPI   10      /* include/uapi/linux/kvm_para.h */
#define ICR_MODE(icr) ((icr) >> 8 & 7)
#define ICR_PAGE      0xfee00000u
#define ICR_LOW	      0x300u
#define MMIO_WRITE    2

/* nr_vms: there is none. */
static unsigned int vm_find(const struct kvm *k, int32_t tgid)
{
	unsigned int i;

	for (i = 0; i < k->nr_vms; i++)
		if (k->vms[i].tgid == tgid)
			break;
	return i;
}

static unsigned int vm_get(struct kvm *k, int32_t tgid)
{
	unsigned int i = vm_find(k, tgid);

	if (i < k->nr_vms)
		return i;
	k->vms = xrealloc(k->vms, (k->nr_vms + 1) * sizeof(*k->vms));
	memset(&k->vms[i], 0, sizeof(*k->vms));
	k->vms[i].tgid = tgid;
	return k->nr_vms++;
}

struct vcpu *vcpu_get(struct kvm *k, unsigned int vm, uint32_t id)
{
	uint32_t hash = (uint32_t)hash_u64((uint64_t)vm << 32 | id), at;
	struct vcpu *v;

	for (uint32_t i = hash_first(&k->by_id, hash, &at); i != HASH_END; i = hash_next(&k->by_id, hash, &at))
		if (k->vcpus[i]->vm == vm && k->vcpus[i]->id == id)
			return k->vcpus[i];
	v = xcalloc(1, sizeof(*v));
	v->vm = vm;
	v->id = id;
	memset(v->untaken, 0xff, sizeof(v->untaken));
	v->waking = v->ipi_from = v->poll_ns = v->next_poll_ns = v->entered = v->off_from = KVM_NO_TIME;
	v->end = &v->first;
	k->vcpus = xrealloc(k->vcpus, (k->nr_vcpus + 1) * sizeof(*k->vcpus));
	k->vcpus[k->nr_vcpus] = v;
	hash_add(&k->by_id, hash, k->nr_vcpus++);
	k->vms[vm].nr_vcpus++;
	return v;
}

static struct vcpu *vcpu_of(const struct kvm *k, int32_t tid)
{
	uint32_t hash = (uint32_t)hash_u64((uint32_t)tid), at;

	for (uint32_t i = hash_first(&k->by_tid, hash, &at); i != HASH_END; i = hash_next(&k->by_tid, hash, &at))
		if (k->threads[i].tid == tid)
			return k->vcpus[k->threads[i].vcpu];
	return NULL;
}

/* The thread is this virtual CPU. */
static struct vcpu *vcpu_learn(struct kvm *k, int32_t tid, uint32_t id)
{
	int32_t tgid = k->config.tgid ? k->config.tgid(k->config.ctx, tid) : -1;
	unsigned int vm = vm_get(k, tgid > 0 ? tgid : 0);
	struct vcpu *v = vcpu_get(k, vm, id);

	/* A thread may have ended, and another one run the virtual CPU; two at once are two VMs. */
	if (v->tid && v->tid != tid)
		k->mixed |= !k->vms[vm].tgid;
	v->tid = tid;
	for (unsigned int i = 0; i < k->nr_vcpus; i++) {
		if (k->vcpus[i] != v)
			continue;
		k->threads = xrealloc(k->threads, (k->nr_threads + 1) * sizeof(*k->threads));
		k->threads[k->nr_threads] = (struct thread){ tid, i };
		hash_add(&k->by_tid, (uint32_t)hash_u64((uint32_t)tid), k->nr_threads++);
	}
	return v;
}

static struct vcpu *vcpu_by_number(struct kvm *k, int32_t tid, uint32_t id)
{
	struct vcpu *v = vcpu_of(k, tid);

	return v ? v : vcpu_learn(k, tid, id);
}

/* By what the recording says of the thread, else by its name: "CPU 3/KVM", as QEMU calls them. */
static struct vcpu *vcpu_by_name(struct kvm *k, int32_t tid)
{
	struct vcpu *v = vcpu_of(k, tid);
	const char *comm;
	int64_t told;
	uint32_t id;

	if (v)
		return v;
	told = k->config.vcpu ? k->config.vcpu(k->config.ctx, tid) : -1;
	if (told >= 0 && told < KVM_UNNUMBERED)
		return vcpu_learn(k, tid, (uint32_t)told);
	comm = k->config.comm ? k->config.comm(k->config.ctx, tid) : NULL;
	if (!comm || sscanf(comm, "CPU %u/KVM", &id) != 1 || id >= KVM_UNNUMBERED)
		id = KVM_UNNUMBERED + (uint32_t)k->stats.unnumbered++;
	return vcpu_learn(k, tid, id);
}

static void on_kvm_exit(struct kvm *k, struct vcpu *v, const struct record *r)
{
	bool arm = r->what == KVM_EV_EXIT_ARM;
	/* arm64: a trap is told by the class of its exception, all else by what the exit returns (ARM_EXCEPTION_TRAP). */
	bool trap = arm && r->val[EXIT_ARM_RET] == 2;
	uint32_t isa = r->has & 1u << EXIT_ISA ? (uint32_t)r->val[EXIT_ISA] : 1;
	uint32_t table = arm ? 1u + trap : isa;
	uint32_t code = (uint32_t)r->val[trap ? EXIT_ARM_EC : EXIT_REASON];

	k->stats.exits++;
	vm_of(k, v)->exits_seen++;
	if (v->in_exit) {
		k->stats.exits_twice++;
		exits_drop(k, v);
	}
	v->state = VCPU_HOST;
	if (v->entered != KVM_NO_TIME)
		vm_of(k, v)->in_guest += r->ts - v->entered;
	v->entered = v->off_from = KVM_NO_TIME;
	v->off_time = 0;
	ipis_exit(v, r->ts);
	exits_begin(k, v, r->ts, table, table == 1 && !arm ? code & VMX_REASON : code);
	if (v->exit_kind == EXIT_BY_HALT) {
		v->state = VCPU_HALTED;
		halts_begin(k, v, r->ts);
	}
}

static void on_kvm_entry(struct kvm *k, struct vcpu *v, const struct record *r)
{
	k->stats.entries++;
	vm_of(k, v)->entries_seen++;
	if (v->state == VCPU_GUEST)
		k->stats.entries_twice++;
	ipis_entry(k, v, r->ts);
	halts_end(k, v, r->ts);
	if (v->in_exit) {
		vm_of(k, v)->in_host += r->ts - v->exit_at;
		vm_of(k, v)->off_cpu += v->off_time;
		exits_end(k, v, r->ts);
	}
	v->entered = r->ts;
	v->off_from = KVM_NO_TIME;
	v->state = VCPU_GUEST;
	v->off_cpu = v->sleeps = false;
}

static enum kvm_path path_of(const struct vcpu *v, const struct record *r)
{
	static const uint8_t paths[] = {
		[EXIT_BY_OTHER] = KVM_PATH_OTHER,	  [EXIT_BY_MSR] = KVM_PATH_MSR,
		[EXIT_BY_MMIO] = KVM_PATH_MMIO,		  [EXIT_BY_TRAP] = KVM_PATH_TRAP,
		[EXIT_BY_HYPERCALL] = KVM_PATH_HYPERCALL, [EXIT_BY_INCOMPLETE] = KVM_PATH_INCOMPLETE,
		[EXIT_BY_HALT] = KVM_PATH_OTHER,	  [EXIT_BY_SYSREG] = KVM_PATH_SYSREG,
	};

	if (!v->in_exit)
		return KVM_PATH_OTHER;
	return v->exit_kind == EXIT_BY_MSR && r->flags & IPI_FLAG_IRQS_OFF ? KVM_PATH_FAST : paths[v->exit_kind];
}

/* A target that does not run: the hardware has marked its interrupt as pending, KVM wakes it (avic_kick_target_vcpus()). */
static void on_incomplete(struct kvm *k, struct vcpu *v, const struct record *r)
{
	uint32_t icr = (uint32_t)r->val[INCOMPLETE_ICRL], dest = (uint32_t)r->val[INCOMPLETE_ICRH];
	bool single = !(icr & (1u << 11 | 3u << 18));

	/* Of any other reason KVM decodes the ICR itself, and kvm_apic_ipi follows: AVIC_IPI_FAILURE_TARGET_NOT_RUNNING is 1. */
	if (r->val[INCOMPLETE_ID] != 1)
		return;
	ipis_send(k, v, r, KVM_PATH_INCOMPLETE, icr & 0xff, ICR_MODE(icr));
	/* xAPIC has the target in the upper byte. */
	if (single)
		ipis_hit(k, v, dest > 0xffffff ? dest >> 24 : dest, r->ts, true);
}

/* A thread without a number may be any target: then none is taken for it. */
static void sgi_hit(struct kvm *k, struct vcpu *v, uint32_t target, uint64_t ts)
{
	if (!k->stats.unnumbered || vcpu_get(k, v->vm, target)->tid)
		ipis_hit(k, v, target, ts, false);
}

/*
 * ICC_SGI1R_EL1: a list of 16 targets, or bit 40, all but the sender. KVM numbers virtual CPUs by affinity, 16 of them a
 * cluster (arch/arm64/kvm/sys_regs.c: reset_mpidr()).
 */
static void on_sgi(struct kvm *k, struct vcpu *v, const struct record *r)
{
	uint64_t reg = r->val[SGI_REG];
	uint32_t cluster = (uint32_t)(reg >> 16 & 0xff) << 4 | (uint32_t)(reg >> 32 & 0xff) << 12;

	k->stats.sgis++;
	if (!v->sends)
		ipis_send(k, v, r, KVM_PATH_SYSREG, reg >> 24 & 15, 0);
	v->send.vector = reg >> 24 & 15;
	for (unsigned int i = 0; i < 16 && !(reg >> 40 & 1); i++)
		if (reg >> i & 1)
			sgi_hit(k, v, cluster + i, r->ts);
	for (unsigned int i = 0; i < k->nr_vcpus && reg >> 40 & 1; i++)
		if (k->vcpus[i]->vm == v->vm && k->vcpus[i] != v)
			ipis_hit(k, v, k->vcpus[i]->id, r->ts, false);
}

static bool is_sgi1r(const struct record *r)
{
	return r->val[SYSREG_WRITE] && r->val[SYSREG_OP0] == 3 && !r->val[SYSREG_OP1] && r->val[SYSREG_CRN] == 12 &&
	       r->val[SYSREG_CRM] == 11 && r->val[SYSREG_OP2] == 5;
}

/* Of a thread that runs a virtual CPU: what it does for a guest's send. */
static void on_sender(struct kvm *k, struct vcpu *v, const struct record *r)
{
	switch (r->what) {
	case KVM_EV_IPI:
		ipis_send(k, v, r, path_of(v, r), r->val[IPI_ICR] & 0xff, ICR_MODE(r->val[IPI_ICR]));
		break;
	case KVM_EV_HYPERCALL:
		vm_of(k, v)->hypercalls++;
		if (r->val[HYPERCALL_NR] == HC_SEND_IPI)
			ipis_send(k, v, r, KVM_PATH_HYPERCALL, r->val[HYPERCALL_A3] & 0xff,
				  ICR_MODE(r->val[HYPERCALL_A3]));
		break;
	case KVM_EV_HV_IPI:
	case KVM_EV_HV_IPI_EX:
		ipis_send(k, v, r, KVM_PATH_HYPERCALL, r->val[HV_VECTOR] & 0xff, 0);
		break;
	case KVM_EV_INCOMPLETE:
		on_incomplete(k, v, r);
		break;
	case KVM_EV_APICV:
		ipis_posted(k, v, r);
		break;
	case KVM_EV_SYSREG:
		if (!is_sgi1r(r))
			break;
		k->stats.sysregs++;
		ipis_send(k, v, r, KVM_PATH_SYSREG, 0, 0);
		break;
	case KVM_EV_SGI:
		on_sgi(k, v, r);
		break;
	case KVM_EV_MSR:
		if (r->val[MSR_ECX] == MSR_ICR && r->val[MSR_WRITE] && !r->val[MSR_FAULT])
			k->stats.icr_msrs++;
		break;
	case KVM_EV_MMIO:
		if (r->val[MMIO_TYPE] == MMIO_WRITE && r->val[MMIO_GPA] == (ICR_PAGE | ICR_LOW))
			k->stats.icr_mmios++;
		break;
	default:
		break;
	}
}

/* WFE gives way to others for a moment, which is no halt: kvm_handle_wfx(), arch/arm64/kvm/handle_exit.c. */
static void on_wfx(struct kvm *k, struct vcpu *v, const struct record *r)
{
	if (!(r->has & 1u << WFX_IS_WFE))
		return;
	/* WFI is trapped where it would wait, and with an interrupt pending it does not (HCR_EL2.TWI). */
	if (!r->val[WFX_IS_WFE]) {
		ipis_taken(v);
		return;
	}
	vm_of(k, v)->wfes++;
	if (!v->halt.open)
		return;
	v->halt.open = false;
	k->stats.halt_exits--;
	vm_of(k, v)->halt_exits--;
	v->state = VCPU_HOST;
}

static void on_own(struct kvm *k, struct vcpu *v, const struct record *r)
{
	switch (r->what) {
	case KVM_EV_EXIT:
	case KVM_EV_EXIT_ARM:
		on_kvm_exit(k, v, r);
		break;
	case KVM_EV_ENTRY:
	case KVM_EV_ENTRY_ARM:
		on_kvm_entry(k, v, r);
		break;
	case KVM_EV_INJECT:
		vm_of(k, v)->all_injections++;
		ipis_inject(k, v, r);
		break;
	case KVM_EV_EOI:
		vm_of(k, v)->eois++;
		break;
	case KVM_EV_WFX:
		on_wfx(k, v, r);
		break;
	case KVM_EV_WAKEUP:
		vm_of(k, v)->wakeups++;
		vm_of(k, v)->polls_won += !r->val[WAKEUP_WAITED];
		halts_wakeup(v, r->ts, r->val[WAKEUP_WAITED]);
		/* Nobody sleeps who has an interrupt: kvm_vcpu_check_block(). */
		if (r->val[WAKEUP_WAITED])
			ipis_taken(v);
		ipis_woken(v, r->val[WAKEUP_WAITED]);
		if (v->state == VCPU_HALTED)
			v->state = VCPU_HOST;
		break;
	case KVM_EV_HALT_POLL:
		halts_poll(k, v, r->val[HALT_POLL_NEW], r->val[HALT_POLL_OLD]);
		break;
	case KVM_EV_SEND:
		if (v->last_hit && !r->val[SEND_CALLBACK])
			v->last_hit->ipi.host_kick = true;
		break;
	default:
		on_sender(k, v, r);
	}
}

static void on_switch(struct kvm *k, const struct record *r)
{
	struct vcpu *prev = vcpu_of(k, (int32_t)r->val[SWITCH_PREV]);
	struct vcpu *next = vcpu_of(k, (int32_t)r->val[SWITCH_NEXT]);

	if (prev) {
		prev->off_cpu = true;
		/* Bits above are a mark of preemption: TASK_REPORT_MAX, include/linux/sched.h. */
		prev->sleeps = r->val[SWITCH_STATE] & 0xff;
		prev->waking = KVM_NO_TIME;
		prev->off_from = prev->in_exit ? r->ts : KVM_NO_TIME;
		if (prev->sleeps)
			halts_blocked(prev, r->ts);
	}
	if (next) {
		next->off_cpu = next->sleeps = false;
		next->waking = KVM_NO_TIME;
		/* Of an exit that ends: what is open at the end counts nowhere. */
		if (next->off_from != KVM_NO_TIME && next->in_exit)
			next->off_time += r->ts - next->off_from;
		next->off_from = KVM_NO_TIME;
		ipis_switch_in(next, r->ts);
	}
}

static void on_waking(struct kvm *k, struct vcpu *waker, const struct record *r)
{
	struct vcpu *v = vcpu_of(k, (int32_t)r->val[WAKING_PID]);

	if (!v)
		return;
	v->sleeps = false;
	v->waking = r->ts;
	vm_of(k, v)->halt_wakings += v->halt.open;
	ipis_waking(v, waker, r->ts);
	halts_event(v, r->ts, HALT_WAKING);
}

/* Whatever was under way may have ended where events are missing. */
static void on_lost(struct kvm *k, const struct record *r)
{
	k->stats.lost = true;
	if (r->val[0] == IPI_LOST_UNKNOWN)
		k->stats.lost_unknown = true;
	else
		k->stats.lost_events += r->val[0];
	for (unsigned int i = 0; i < k->nr_vcpus; i++) {
		struct vcpu *v = k->vcpus[i];

		ipis_flush(k, v, KVM_LOST);
		exits_drop(k, v);
		v->state = VCPU_UNKNOWN;
		v->entered = v->off_from = KVM_NO_TIME;
		v->off_cpu = v->sleeps = false;
		v->waking = KVM_NO_TIME;
		memset(v->untaken, 0xff, sizeof(v->untaken));
	}
}

static struct vcpu *who(struct kvm *k, const struct record *r)
{
	switch (r->what) {
	case KVM_EV_EXIT:
		return vcpu_by_number(k, r->pid, (uint32_t)r->val[EXIT_VCPU]);
	case KVM_EV_ENTRY:
		return vcpu_by_number(k, r->pid, (uint32_t)r->val[ENTRY_VCPU]);
	case KVM_EV_EXIT_ARM:
	case KVM_EV_ENTRY_ARM:
		return vcpu_by_name(k, r->pid);
	default:
		return vcpu_of(k, r->pid);
	}
}

/*
 * Of a device, or a timer: of the VM whose process the thread is of, else of the only one. What interrupts do, they do on
 * behalf of nobody knows whom.
 */
static void on_foreign_accept(struct kvm *k, const struct record *r, bool in_irq)
{
	int32_t tgid = k->config.tgid && !in_irq ? k->config.tgid(k->config.ctx, r->pid) : -1;
	unsigned int vm = tgid > 0 ? vm_find(k, tgid) : k->nr_vms;

	if (vm == k->nr_vms && k->nr_vms == 1 && !k->config.others)
		vm = 0;
	if (vm < k->nr_vms)
		ipis_accept(k, NULL, vm, r);
	else
		k->stats.strangers++;
}

/* Of another process's VM: nothing of it is to be told. Interrupts are of nobody. */
static bool is_unwanted(const struct kvm *k, const struct record *r, bool in_irq)
{
	int32_t tgid;

	if (!k->config.wants || in_irq || r->what == KVM_EV_WAKING || r->what == KVM_EV_SEND || vcpu_of(k, r->pid))
		return false;
	tgid = k->config.tgid(k->config.ctx, r->pid);
	return tgid > 0 && !k->config.wants(k->config.ctx, tgid);
}

static void on_other(struct kvm *k, const struct record *r, bool in_irq)
{
	if (r->what == KVM_EV_ACCEPT)
		on_foreign_accept(k, r, in_irq);
	else if (r->what == KVM_EV_TSC_OFFSET)
		k->stats.tsc_offsets++;
	else if (r->what != KVM_EV_SEND)
		k->stats.strangers++;
}

void kvm_event(struct kvm *k, const struct record *r)
{
	const bool in_irq = r->flags & (IPI_FLAG_HARDIRQ | IPI_FLAG_SOFTIRQ);
	struct vcpu *v;

	k->stats.events++;
	if (r->what == RECORD_LOST) {
		on_lost(k, r);
		return;
	}
	k->stats.seen[r->what]++;
	if (r->what == KVM_EV_SWITCH) {
		on_switch(k, r);
		return;
	}
	if (is_unwanted(k, r, in_irq)) {
		k->stats.others++;
		return;
	}
	/* An interrupt that came in between says nothing of how far its thread is. */
	v = in_irq ? NULL : who(k, r);
	if (v && r->what != KVM_EV_ACCEPT)
		ipis_settle(k, v, r->ts);
	if (r->what == KVM_EV_WAKING)
		on_waking(k, v, r);
	else if (!v || r->what == KVM_EV_TSC_OFFSET)
		on_other(k, r, in_irq);
	else if (r->what == KVM_EV_ACCEPT)
		ipis_accept(k, v, v->vm, r);
	else
		on_own(k, v, r);
	if (v)
		v->last = r->ts;
}

struct kvm *kvm_new(const struct kvm_config *config)
{
	struct kvm *k = xcalloc(1, sizeof(*k));

	k->config = *config;
	reasons_init(&k->reasons, config->exit_format, config->exit_format_len);
	return k;
}

static void end(struct kvm *k, enum kvm_outcome outcome)
{
	if (k->ended)
		return;
	k->ended = true;
	for (unsigned int i = 0; i < k->nr_vcpus; i++) {
		struct vcpu *v = k->vcpus[i];

		ipis_flush(k, v, outcome);
		k->stats.halts_open += v->halt.open;
		vm_of(k, v)->exits_open += v->in_exit;
		vm_of(k, v)->halts.unknown_poll += v->early_waits;
		vm_of(k, v)->halts.has_poll_time = k->stats.seen[KVM_EV_SWITCH];
	}
}

void kvm_end(struct kvm *k)
{
	end(k, KVM_IN_FLIGHT);
}

void kvm_end_cut(struct kvm *k)
{
	end(k, KVM_LOST);
}

void kvm_free(struct kvm *k)
{
	if (!k)
		return;
	kvm_end(k);
	for (unsigned int i = 0; i < k->nr_vcpus; i++)
		free(k->vcpus[i]);
	for (unsigned int i = 0; i < k->nr_vms; i++)
		free(k->vms[i].exits);
	reasons_free(&k->reasons);
	hash_free(&k->by_tid);
	hash_free(&k->by_id);
	free(k->threads);
	free(k->vcpus);
	free(k->vms);
	free(k);
}

bool kvm_vcpu_info(const struct kvm *k, unsigned int i, struct kvm_vcpu_info *info)
{
	if (i >= k->nr_vcpus)
		return false;
	*info = (struct kvm_vcpu_info){ k->vms[k->vcpus[i]->vm].tgid, k->vcpus[i]->id, k->vcpus[i]->tid };
	return true;
}

const struct kvm_vm *kvm_vms(const struct kvm *k, unsigned int *nr)
{
	*nr = k->nr_vms;
	return k->vms;
}

const struct kvm_stats *kvm_stats(const struct kvm *k)
{
	return &k->stats;
}

bool kvm_is_mixed(const struct kvm *k)
{
	return k->mixed;
}
