// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_kvm_paths.c - events by hand: what emulated hardware cannot do (posted interrupts, AVIC, hypercalls, the fast path),
 * and what is rare (two windows, loss, devices in between).
 */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/event.h"
#include "decode/records.h"
#include "kvm/kvm.h"
#include "tap.h"

#define MAX_IPIS 64
#define VMX	 1
#define SVM	 2
#define RES	 253

static const char formats[] =
	"print fmt: \"%s\", (REC->isa == 1) ? __print_symbolic(REC->exit_reason & 0xffff, { 1, \"EXTERNAL_INTERRUPT\" }, "
	"{ 12, \"HLT\" }, { 18, \"VMCALL\" }, { 32, \"MSR_WRITE\" }, { 56, \"APIC_WRITE\" }) : "
	"__print_symbolic(REC->exit_reason, { 0x040 + 1, \"DB excp\" }, { 0x060, \"interrupt\" }, { 0x078, \"hlt\" }, "
	"{ 0x07c, \"msr\" }, { 0x401, \"avic_incomplete_ipi\" })";

/* As Linux 6.12 has it. */
static const char arm_formats[] =
	"print fmt: \"%s: HSR_EC: 0x%04x (%s), PC: 0x%016lx\", __print_symbolic(REC->ret, {0, \"IRQ\" }, {1, \"SERROR\" }, "
	"{2, \"TRAP\" }, {0xbadca11, \"HYP_GONE\" }), REC->esr_ec, __print_symbolic(REC->esr_ec, { (((0x00UL))), \"UNKNOWN\" }, "
	"{ (((0x01UL))), \"WFx\" }, { (((0x18UL))), \"SYS64\" }, { (((0x2CUL))), \"FP_EXC64\" }), REC->vcpu_pc";

struct bed {
	struct kvm *k;
	bool has[KVM_NR_EVENTS];
	bool unnumbered;  /* nothing tells which virtual CPU a thread is */
	int32_t unwanted; /* its VM is not asked for */
	struct kvm_ipi ipis[MAX_IPIS];
	unsigned int nr;
	uint64_t now;
};

/* Threads 101, 102, ... are virtual CPUs 1, 2, ... of process 100; 201 and so on of process 200. */
static int32_t tgid(void *ctx, int32_t tid)
{
	(void)ctx;
	return tid >= 100 ? tid / 100 * 100 : -1;
}

static void keep(void *ctx, const struct kvm_ipi *ipi)
{
	struct bed *b = ctx;

	if (b->nr < MAX_IPIS)
		b->ipis[b->nr++] = *ipi;
}

static int64_t number(void *ctx, int32_t tid)
{
	return ((const struct bed *)ctx)->unnumbered ? -1 : tid % 100;
}

static bool wants(void *ctx, int32_t vm)
{
	return vm != ((const struct bed *)ctx)->unwanted;
}

static struct bed *bed_of(const char *format)
{
	struct bed *b = calloc(1, sizeof(*b));
	const struct kvm_config config = {
		.has = b->has,
		.exit_format = format,
		.exit_format_len = strlen(format),
		.tgid = tgid,
		.emit = keep,
		.vcpu = number,
		.wants = wants,
		.ctx = b,
	};

	memset(b->has, true, sizeof(b->has));
	b->k = kvm_new(&config);
	b->now = 1000;
	return b;
}

static struct bed *bed_new(void)
{
	return bed_of(formats);
}

static void bed_free(struct bed *b)
{
	kvm_free(b->k);
	free(b);
}

/* The next event, ten later. */
static void flagged(struct bed *b, unsigned int what, int tid, unsigned int flags, const uint64_t *val, unsigned int nr)
{
	struct record r = { .ts = b->now += 10, .what = what, .pid = tid, .flags = (uint8_t)flags, .has = 0xff };

	memcpy(r.val, val, nr * sizeof(*val));
	kvm_event(b->k, &r);
}

#define EV(b, what, tid, ...)                                                                                          \
	flagged(b, what, tid, 0, (const uint64_t[]){ __VA_ARGS__ },                                                    \
		sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

static void goes(struct bed *b, int tid)
{
	EV(b, KVM_EV_ENTRY, tid, (uint64_t)(tid % 100));
}

static void exits(struct bed *b, int tid, uint64_t reason, uint64_t isa)
{
	EV(b, KVM_EV_EXIT, tid, reason, (uint64_t)(tid % 100), isa);
}

/* Both run their guest. */
static struct bed *bed_running(void)
{
	struct bed *b = bed_new();

	goes(b, 101);
	goes(b, 102);
	return b;
}

static void icr_write(struct bed *b, uint64_t vector, uint64_t target)
{
	exits(b, 101, 32, VMX);
	EV(b, KVM_EV_IPI, 101, vector, target);
	EV(b, KVM_EV_ACCEPT, 101, target, vector, 0);
}

static void injected(struct bed *b, int tid, uint64_t vector)
{
	EV(b, KVM_EV_INJECT, tid, vector, 0, 0);
	goes(b, tid);
}

static bool laws_hold(struct bed *b)
{
	struct kvm_law laws[KVM_MAX_LAWS];
	unsigned int nr;
	bool held = true;

	kvm_end(b->k);
	nr = kvm_laws(b->k, laws);
	for (unsigned int i = 0; i < nr; i++) {
		held &= laws[i].held;
		if (!laws[i].held)
			printf("# %s: %" PRIu64 " %" PRIu64 "\n", laws[i].text, laws[i].left, laws[i].right);
	}
	return held;
}

static void plain(void)
{
	struct bed *b = bed_running();
	const struct kvm_vm *vm;
	char class[KVM_CLASS_LEN];
	unsigned int nr;

	icr_write(b, RES, 2); /* exit at 1030 */
	EV(b, KVM_EV_SEND, 101, 1, 0);
	goes(b, 101);
	exits(b, 102, 1, VMX); /* 1080 */
	injected(b, 102, RES);
	ok(laws_hold(b), "laws");
	vm = kvm_vms(b->k, &nr);
	is_u64(b->nr, 1, "one IPI to a target that runs");
	kvm_class_name(&b->ipis[0], class);
	is_str(class, "reschedule", "  253 is a Linux guest's reschedule");
	is_str(kvm_kick_name(b->ipis[0].kick), "running", "  its target ran");
	is_str(kvm_outcome_name(b->ipis[0].outcome), "delivered", "  delivered");
	ok(b->ipis[0].host_kick, "  by an IPI of the host");
	is_u64(kvm_stage(&b->ipis[0], KVM_AT_ACCEPT), 20, "  EXIT>ACCEPT");
	is_u64(kvm_stage(&b->ipis[0], KVM_AT_WAKE), 30, "  ACCEPT>WAKE, to the target's exit");
	ok(kvm_stage(&b->ipis[0], KVM_AT_RUN) == KVM_NO_TIME, "  no RUNQ: that is none, not 0");
	is_u64(kvm_stage(&b->ipis[0], KVM_AT_INJECT), 10, "  RUN>INJECT");
	is_u64(kvm_stage(&b->ipis[0], KVM_AT_ENTRY), 10, "  INJECT>ENTRY");
	is_u64(kvm_total(&b->ipis[0]), 70, "  total");
	is_u64(vm[0].nr_exits, 2, "  two reasons of exits");
	is_str(vm[0].exits[0].name, "MSR_WRITE", "  of VMX's table");
	is_u64(vm[0].exits[0].ipi_time, 40, "  the sender's exit is all for it");
	is_u64(vm[0].exits[1].ipi_time, 20, "  and so is the target's");
	bed_free(b);
}

static void fast(void)
{
	struct bed *b = bed_running();

	exits(b, 101, 0x7c, SVM);
	flagged(b, KVM_EV_IPI, 101, IPI_FLAG_IRQS_OFF, (const uint64_t[]){ RES, 2 }, 2);
	flagged(b, KVM_EV_ACCEPT, 101, IPI_FLAG_IRQS_OFF, (const uint64_t[]){ 2, RES, 0 }, 3);
	goes(b, 101);
	is_str(kvm_path_name((kvm_end(b->k), b->ipis[0].path)), "fast", "with interrupts off it is the fast path");
	is_str(kvm_outcome_name(b->ipis[0].outcome), "in_flight", "  in flight at the end");
	bed_free(b);
}

static void posted(void)
{
	struct bed *b = bed_running();
	const struct kvm_vm *vm;
	unsigned int nr;

	/* To a guest that runs: the CPU takes it, and nobody tells. */
	icr_write(b, RES, 2);
	EV(b, KVM_EV_APICV, 101, 2, RES);
	goes(b, 101);
	is_u64(b->nr, 1, "posted to a guest that runs");
	is_str(kvm_outcome_name(b->ipis[0].outcome), "posted", "  its delivery is invisible");
	ok(kvm_total(&b->ipis[0]) == KVM_NO_TIME, "  and has no total, not one of 0");
	/* To one that sleeps: the entry delivers it, without an injection; the second one finds it there. */
	exits(b, 102, 12, VMX);
	EV(b, KVM_EV_SWITCH, 102, 102, 1, 0);
	icr_write(b, RES, 2);
	EV(b, KVM_EV_APICV, 101, 2, RES);
	EV(b, KVM_EV_WAKING, 101, 102);
	goes(b, 101);
	icr_write(b, RES, 2);
	EV(b, KVM_EV_APICV, 101, 2, RES);
	goes(b, 101);
	EV(b, KVM_EV_SWITCH, 0, 0, 0, 102);
	EV(b, KVM_EV_WAKEUP, 102, 100, 1, 1);
	goes(b, 102);
	ok(laws_hold(b), "  laws");
	vm = kvm_vms(b->k, &nr);
	is_u64(vm[0].outcomes[KVM_DELIVERED], 1, "posted to one that sleeps: the entry delivers it");
	is_u64(vm[0].outcomes[KVM_COALESCED], 1, "  and what found it pending is coalesced");
	is_u64(vm[0].posted_accepts, 3, "  three went past the injection");
	is_u64(vm[0].injections + vm[0].unsolicited, 0, "  of which there is none");
	is_str(kvm_kick_name(b->ipis[1].kick), "woken", "  woken");
	ok(!b->ipis[1].ambiguous && !b->ipis[2].ambiguous, "  for certain: it slept, and so had nothing pending");
	ok(b->ipis[1].at[KVM_AT_INJECT] == KVM_NO_TIME && kvm_stage(&b->ipis[1], KVM_AT_ENTRY) != KVM_NO_TIME,
	   "  its last stage ends at the entry");
	is_u64(vm[0].halts.waited, 1, "  a halt that slept");
	bed_free(b);
}

static void trap(void)
{
	struct bed *b = bed_running();

	/* IPI virtualisation leaves what it cannot do: a trap behind the write. */
	exits(b, 101, 56, VMX);
	EV(b, KVM_EV_IPI, 101, RES, 2);
	EV(b, KVM_EV_ACCEPT, 101, 2, RES, 0);
	EV(b, KVM_EV_APICV, 101, 2, RES);
	goes(b, 101);
	is_str(kvm_path_name(b->ipis[0].path), "trap", "a write of the virtual ICR that traps");
	bed_free(b);
}

static void avic(void)
{
	struct bed *b = bed_running();

	exits(b, 102, 0x78, SVM);
	EV(b, KVM_EV_SWITCH, 102, 102, 1, 0);
	exits(b, 101, 0x401, SVM);
	EV(b, KVM_EV_INCOMPLETE, 101, 1, 2, RES, 1); /* its target does not run */
	EV(b, KVM_EV_WAKING, 101, 102);
	goes(b, 101);
	EV(b, KVM_EV_SWITCH, 0, 0, 0, 102);
	EV(b, KVM_EV_WAKEUP, 102, 100, 1, 1);
	goes(b, 102);
	is_u64(b->nr, 1, "AVIC: a target that does not run");
	is_str(kvm_path_name(b->ipis[0].path), "incomplete", "  by its path");
	is_u64(b->ipis[0].target, 2, "  and its target");
	is_str(kvm_outcome_name(b->ipis[0].outcome), "delivered", "  delivered by the entry");
	is_u64(kvm_stage(&b->ipis[0], KVM_AT_RUN), 20, "  RUNQ");
	/* xAPIC has the target in the upper byte; to several at once nothing tells which. */
	exits(b, 101, 0x401, SVM);
	EV(b, KVM_EV_INCOMPLETE, 101, 1, 2u << 24, RES, 1);
	EV(b, KVM_EV_INCOMPLETE, 101, 1, 0, RES | 3u << 18, 1);
	goes(b, 101);
	ok(laws_hold(b), "  laws");
	is_u64(b->nr, 3, "  a second one, and one to all others");
	ok(b->ipis[1].target == KVM_NO_VCPU && b->ipis[1].outcome == KVM_UNACCEPTED, "  whose targets are not known");
	bed_free(b);
}

static void hypercall(void)
{
	struct bed *b = bed_running();

	goes(b, 103);
	exits(b, 101, 18, VMX);
	EV(b, KVM_EV_HYPERCALL, 101, 10, 3, 0, 2, RES); /* bits 0 and 1 from 2 on */
	EV(b, KVM_EV_ACCEPT, 101, 2, RES, 0);
	EV(b, KVM_EV_ACCEPT, 101, 3, RES, 0);
	goes(b, 101);
	exits(b, 102, 1, VMX);
	injected(b, 102, RES);
	exits(b, 103, 1, VMX);
	injected(b, 103, RES);
	/* Others are none of ours. */
	exits(b, 101, 18, VMX);
	EV(b, KVM_EV_HYPERCALL, 101, 5, 0, 0, 0, 0);
	goes(b, 101);
	/* Hyper-V's have an event of their own. */
	exits(b, 101, 18, VMX);
	EV(b, KVM_EV_HV_IPI, 101, RES);
	EV(b, KVM_EV_ACCEPT, 101, 2, RES, 0);
	goes(b, 101);
	ok(laws_hold(b), "a hypercall to two, and one of Hyper-V's: laws");
	is_u64(b->nr, 3, "  three IPIs");
	is_str(kvm_path_name(b->ipis[0].path), "hypercall", "  by their path");
	is_str(kvm_path_name(b->ipis[2].path), "hypercall", "  also Hyper-V's");
	ok(b->ipis[0].order == b->ipis[1].order && b->ipis[0].target != b->ipis[1].target, "  of one send");
	bed_free(b);
}

/* The accept of the second is told before the injection that it is too late for. */
static void two_windows(void)
{
	struct bed *b = bed_running();
	const struct kvm_vm *vm;
	unsigned int nr;

	icr_write(b, RES, 2);
	goes(b, 101);
	exits(b, 102, 1, VMX);
	icr_write(b, RES, 2);
	EV(b, KVM_EV_INJECT, 102, RES, 0, 0); /* looked before the accept was done */
	goes(b, 101);
	goes(b, 102);
	exits(b, 102, 1, VMX);
	injected(b, 102, RES);
	ok(laws_hold(b), "two windows: laws");
	vm = kvm_vms(b->k, &nr);
	is_u64(vm[0].outcomes[KVM_DELIVERED], 2, "  both are delivered");
	is_u64(vm[0].outcomes[KVM_COALESCED] + vm[0].unsolicited, 0, "  none coalesced, no injection without a cause");
	bed_free(b);

	/* The same, but the accept was done: it found the first one pending, and what comes later is somebody else's. */
	b = bed_running();
	icr_write(b, RES, 2);
	goes(b, 101);
	icr_write(b, RES, 2);
	goes(b, 101);
	exits(b, 102, 1, VMX);
	injected(b, 102, RES);
	exits(b, 102, 1, VMX);
	injected(b, 102, RES);
	ok(laws_hold(b), "  done before: laws");
	vm = kvm_vms(b->k, &nr);
	is_u64(vm[0].outcomes[KVM_COALESCED], 1, "  coalesced");
	is_u64(vm[0].unsolicited, 1, "  and an injection that nothing explains");
	bed_free(b);
}

/* The urgent one first, though it was sent last. */
static void vectors(void)
{
	struct bed *b = bed_running();
	const struct kvm_vm *vm;
	unsigned int nr;

	icr_write(b, 251, 2);
	goes(b, 101);
	icr_write(b, RES, 2);
	goes(b, 101);
	exits(b, 102, 1, VMX);
	injected(b, 102, RES);
	exits(b, 102, 1, VMX);
	injected(b, 102, 251);
	ok(laws_hold(b), "two vectors: laws");
	vm = kvm_vms(b->k, &nr);
	is_u64(vm[0].outcomes[KVM_DELIVERED], 2, "  both are delivered");
	ok(b->ipis[0].vector == RES && b->ipis[1].vector == 251, "  each by its own injection");
	is_u64(kvm_stage(&b->ipis[0], KVM_AT_INJECT) + 30, kvm_stage(&b->ipis[1], KVM_AT_INJECT),
	       "  with its own time");
	bed_free(b);
}

static void devices(void)
{
	struct bed *b = bed_running();
	const struct kvm_vm *vm;
	unsigned int nr;

	/* A device's interrupt of the same vector is pending: the guest's IPI finds it. */
	EV(b, KVM_EV_ACCEPT, 150, 2, 225, 0);
	icr_write(b, 225, 2);
	goes(b, 101);
	exits(b, 102, 1, VMX);
	EV(b, KVM_EV_INJECT, 102, 225, 0, 1); /* once more: none */
	injected(b, 102, 225);
	/* What an interrupt accepts while a virtual CPU's thread runs is not that guest's send. */
	exits(b, 101, 32, VMX);
	EV(b, KVM_EV_IPI, 101, 225, 2);
	flagged(b, KVM_EV_ACCEPT, 101, IPI_FLAG_HARDIRQ, (const uint64_t[]){ 2, 225, 0 }, 3);
	goes(b, 101);
	ok(laws_hold(b), "devices: laws");
	vm = kvm_vms(b->k, &nr);
	is_u64(vm[0].others, 2, "  two accepts are no IPIs");
	is_u64(vm[0].other_delivered, 1, "  one was injected");
	is_u64(vm[0].outcomes[KVM_COALESCED], 1, "  the IPI found it pending");
	is_u64(vm[0].outcomes[KVM_UNACCEPTED], 1, "  and a send without an accept is told");
	is_u64(vm[0].reinjections, 1, "  reinjected");
	bed_free(b);
}

static void machines(void)
{
	struct bed *b = bed_running();
	const struct kvm_vm *vm;
	unsigned int nr;

	goes(b, 201);
	goes(b, 202);
	icr_write(b, RES, 2);
	goes(b, 101);
	exits(b, 202, 1, VMX);
	EV(b, KVM_EV_INJECT, 202, RES, 0, 0);
	goes(b, 202);
	ok(laws_hold(b), "two machines: laws");
	vm = kvm_vms(b->k, &nr);
	is_u64(nr, 2, "  two");
	is_u64(vm[0].outcomes[KVM_IN_FLIGHT], 1, "  the IPI of the one is in flight");
	is_u64(vm[1].unsolicited, 1, "  the other's injection is not its");
	ok(!kvm_is_mixed(b->k), "  and they are told apart");
	bed_free(b);
	/* Of threads whose process nobody knows. */
	b = bed_new();
	EV(b, KVM_EV_ENTRY, 11, 0);
	EV(b, KVM_EV_ENTRY, 12, 1);
	ok(!kvm_is_mixed(b->k), "two virtual CPUs of unknown processes may be of one machine");
	EV(b, KVM_EV_ENTRY, 13, 1);
	ok(kvm_is_mixed(b->k), "  two that bear one number are not");
	bed_free(b);
}

static void signals(void)
{
	struct bed *b = bed_running();
	char class[KVM_CLASS_LEN];

	exits(b, 101, 32, VMX);
	EV(b, KVM_EV_IPI, 101, 4u << 8 | 2, 2);
	EV(b, KVM_EV_ACCEPT, 101, 2, 2, 4u << 8);
	goes(b, 101);
	kvm_class_name(&b->ipis[0], class);
	is_str(class, "nmi", "an NMI");
	is_str(kvm_outcome_name(b->ipis[0].outcome), "no_vector", "  is not followed");
	ok(laws_hold(b), "  laws");
	bed_free(b);
}

static void kicks(void)
{
	struct bed *b = bed_running();
	const struct kvm_vm *vm;
	unsigned int nr;

	EV(b, KVM_EV_SWITCH, 102, 102, 0, 7); /* runnable, without a CPU */
	icr_write(b, RES, 2);
	goes(b, 101);
	EV(b, KVM_EV_SWITCH, 7, 7, 0, 102);
	exits(b, 102, 1, VMX);
	injected(b, 102, RES);
	is_str(kvm_kick_name(b->ipis[0].kick), "preempted", "a target without a CPU");
	ok(kvm_stage(&b->ipis[0], KVM_AT_RUN) == 20, "  waits for one");
	/* Polls, and who wakes somebody else wakes not it. */
	exits(b, 102, 12, VMX);
	icr_write(b, RES, 2);
	EV(b, KVM_EV_WAKING, 101, 55);
	goes(b, 101);
	EV(b, KVM_EV_WAKEUP, 102, 100, 0, 1);
	injected(b, 102, RES);
	is_str(kvm_kick_name(b->ipis[1].kick), "polling", "a target that the host polls for");
	/* Was about to sleep: who wakes it knows better. */
	exits(b, 102, 12, VMX);
	icr_write(b, RES, 2);
	EV(b, KVM_EV_WAKING, 101, 102);
	goes(b, 101);
	EV(b, KVM_EV_WAKEUP, 102, 100, 1, 1);
	injected(b, 102, RES);
	is_str(kvm_kick_name(b->ipis[2].kick), "woken", "a target that was about to sleep");
	/* To itself: in the host anyway. */
	icr_write(b, RES, 1);
	injected(b, 101, RES);
	is_str(kvm_kick_name(b->ipis[3].kick), "none", "to itself");
	ok(laws_hold(b), "  laws");
	vm = kvm_vms(b->k, &nr);
	for (unsigned int i = 0; i < vm->nr_exits; i++) {
		if (strcmp(vm->exits[i].name, "HLT"))
			continue;
		is_u64(vm->exits[i].time, 160, "  two halts");
		is_u64(vm->exits[i].ipi_time, 100, "  are for IPIs from the accept on, no earlier");
	}
	bed_free(b);
}

static void halts(void)
{
	struct bed *b = bed_running();
	const struct kvm_halts *h;
	unsigned int nr;

	exits(b, 102, 12, VMX); /* at 1030: halt_poll_ns is not known yet */
	EV(b, KVM_EV_SWITCH, 102, 102, 1, 0);
	EV(b, KVM_EV_WAKING, 0, 102); /* for nothing */
	EV(b, KVM_EV_SWITCH, 0, 0, 0, 102);
	EV(b, KVM_EV_SWITCH, 102, 102, 1, 0);
	EV(b, KVM_EV_WAKING, 0, 102); /* at 1080 */
	EV(b, KVM_EV_SWITCH, 0, 0, 0, 102);
	EV(b, KVM_EV_HALT_POLL, 102, 2, 0, 400); /* it was 400 */
	EV(b, KVM_EV_WAKEUP, 102, 100, 1, 1);
	goes(b, 102);		/* at 1120 */
	exits(b, 102, 12, VMX); /* an event was there */
	goes(b, 102);
	exits(b, 102, 12, VMX); /* and this one polls no more */
	EV(b, KVM_EV_SWITCH, 102, 102, 1, 0);
	EV(b, KVM_EV_WAKEUP, 102, 100, 1, 1);
	goes(b, 102);
	ok(laws_hold(b), "halts: laws");
	h = &kvm_vms(b->k, &nr)->halts;
	is_u64(h->count, 3, "  three");
	is_u64(h->waited, 2, "  two slept");
	is_u64(h->pending, 1, "  one had its event already");
	is_u64(h->idle, 50, "  idle up to the wake-up that was one");
	is_u64(h->wakeup, 40, "  and the rest");
	is_u64(h->nr_untold, 2, "  what ended two, nothing tells");
	is_u64(h->in_vain, 1, "  polled in vain, as the next event tells");
	is_u64(h->poll_in_vain, 10, "    so long");
	is_u64(h->unknown_poll + h->polled, 0, "  nothing else");
	bed_free(b);
}

static void losses(void)
{
	struct bed *b = bed_running();
	const struct kvm_vm *vm;
	unsigned int nr;

	icr_write(b, RES, 2);
	EV(b, RECORD_LOST, 0, 0);
	EV(b, RECORD_LOST, 0, 7);
	goes(b, 101);
	exits(b, 102, 1, VMX);
	injected(b, 102, RES);
	ok(laws_hold(b), "events are missing: laws that still hold");
	vm = kvm_vms(b->k, &nr);
	is_u64(vm[0].outcomes[KVM_LOST], 1, "  the IPI is lost");
	is_u64(vm[0].outcomes[KVM_DELIVERED], 0, "  and nothing is guessed");
	is_u64(kvm_stats(b->k)->lost_events, 7, "  seven events");
	bed_free(b);

	/* A file that ends before the recording did: what is open at its end is not in flight, its end is missing. */
	for (unsigned int cut = 0; cut < 2; cut++) {
		b = bed_running();
		icr_write(b, RES, 2);
		goes(b, 101);
		if (cut)
			kvm_end_cut(b->k);
		ok(laws_hold(b), "the end, %s: laws", cut ? "cut off" : "as it was");
		vm = kvm_vms(b->k, &nr);
		is_u64(vm[0].outcomes[KVM_LOST], cut, "  lost");
		is_u64(vm[0].outcomes[KVM_IN_FLIGHT], !cut, "  in flight");
		bed_free(b);
	}
}

static void arm(void)
{
	struct bed *b = bed_of(arm_formats);

	b->has[KVM_EV_INJECT] = false;
	for (int tid = 100; tid < 102; tid++)
		EV(b, KVM_EV_ENTRY_ARM, tid, 0);
	EV(b, KVM_EV_EXIT_ARM, 100, 2, 0x18);
	EV(b, KVM_EV_SYSREG, 100, 1, 3, 0, 12, 11, 5);
	EV(b, KVM_EV_SGI, 100, 0x5000002); /* SGI 5 to virtual CPU 1 */
	EV(b, KVM_EV_ENTRY_ARM, 100, 0);
	EV(b, KVM_EV_EXIT_ARM, 101, 0, 0);
	EV(b, KVM_EV_ENTRY_ARM, 101, 0);
	ok(laws_hold(b), "arm64: laws");
	is_u64(b->nr, 1, "  one SGI");
	is_str(kvm_path_name(b->ipis[0].path), "sysreg", "  by a register");
	ok(b->ipis[0].target == 1 && b->ipis[0].vector == 5, "  to whom, and its number");
	is_str(kvm_outcome_name(b->ipis[0].outcome), "delivered", "  the entry delivers it");
	is_u64(kvm_stats(b->k)->sysregs, 1, "  as many as registers were written");
	bed_free(b);
}

/* What its exits are called, and that some of them are halts. */
static void arm_exits(void)
{
	static const char *const names[] = { "WFx", "IRQ", "FP_EXC64", "0x3f" };
	struct bed *b = bed_of(arm_formats);
	const struct kvm_vm *vm;
	unsigned int nr;

	EV(b, KVM_EV_ENTRY_ARM, 101, 0);
	EV(b, KVM_EV_EXIT_ARM, 101, 2, 1);
	EV(b, KVM_EV_WFX, 101, 0);
	EV(b, KVM_EV_WAKEUP, 101, 100, 1, 1);
	EV(b, KVM_EV_ENTRY_ARM, 101, 0);
	EV(b, KVM_EV_EXIT_ARM, 101, 0, 0);
	EV(b, KVM_EV_ENTRY_ARM, 101, 0);
	EV(b, KVM_EV_EXIT_ARM, 101, 2, 0x2c);
	EV(b, KVM_EV_ENTRY_ARM, 101, 0);
	EV(b, KVM_EV_EXIT_ARM, 101, 2, 0x3f);
	EV(b, KVM_EV_ENTRY_ARM, 101, 0);
	ok(laws_hold(b), "arm64, exits: laws");
	vm = kvm_vms(b->k, &nr);
	is_u64(vm->nr_exits, ARRAY_SIZE(names), "  reasons");
	for (unsigned int i = 0; i < vm->nr_exits && i < ARRAY_SIZE(names); i++)
		is_str(vm->exits[i].name, names[i], "  its name");
	is_u64(vm->halts.count, 1, "  a halt");
	is_u64(vm->halts.waited, 1, "  that slept");
	bed_free(b);
}

static void arm_sgi(struct bed *b, int tid, uint64_t reg)
{
	EV(b, KVM_EV_EXIT_ARM, tid, 2, 0x18);
	EV(b, KVM_EV_SYSREG, tid, 1, 3, 0, 12, 11, 5);
	EV(b, KVM_EV_SGI, tid, reg);
	EV(b, KVM_EV_ENTRY_ARM, tid, 0);
}

static void arm_targets(void)
{
	struct bed *b = bed_new();
	const struct kvm_vm *vm;
	unsigned int nr;

	b->has[KVM_EV_INJECT] = false;
	for (int tid = 100; tid < 104; tid++)
		EV(b, KVM_EV_ENTRY_ARM, tid, 0);
	EV(b, KVM_EV_ENTRY_ARM, 217, 0);
	arm_sgi(b, 102, 1ULL << 40 | 1 << 24); /* to all others of its VM */
	arm_sgi(b, 102, 0x1000a);	       /* 17 and 19, which nobody has seen */
	arm_sgi(b, 217, 1 << 16 | 2);	       /* to itself */
	for (int tid = 100; tid < 104; tid++) {
		EV(b, KVM_EV_EXIT_ARM, tid, 0, 0);
		EV(b, KVM_EV_ENTRY_ARM, tid, 0);
	}
	ok(laws_hold(b), "SGIs to several: laws");
	vm = kvm_vms(b->k, &nr);
	is_u64(vm[0].outcomes[KVM_DELIVERED], 3, "  all but the sender");
	is_u64(vm[0].outcomes[KVM_IN_FLIGHT], 2, "  those that never ran have them still to come");
	is_u64(vm[1].outcomes[KVM_DELIVERED], 1, "  one to itself, of another machine");
	is_u64(kvm_stats(b->k)->sgis, 3, "  as many as the probe saw");
	bed_free(b);

	b = bed_new();
	b->unnumbered = true;
	for (int tid = 100; tid < 102; tid++)
		EV(b, KVM_EV_ENTRY_ARM, tid, 0);
	arm_sgi(b, 100, 0x5000002);
	EV(b, KVM_EV_EXIT_ARM, 101, 0, 0);
	EV(b, KVM_EV_ENTRY_ARM, 101, 0);
	ok(laws_hold(b), "threads without a number: laws");
	vm = kvm_vms(b->k, &nr);
	is_u64(vm[0].outcomes[KVM_UNACCEPTED], 1, "  whom it is for is not guessed");
	is_u64(vm[0].outcomes[KVM_DELIVERED], 0, "  by order of appearance");
	is_u64(kvm_stats(b->k)->unnumbered, 2, "  and they are counted");
	bed_free(b);
}

static void interrupted(struct bed *b, int tid)
{
	EV(b, KVM_EV_EXIT_ARM, tid, 0, 0);
	EV(b, KVM_EV_ENTRY_ARM, tid, 0);
}

/* The GIC hands SGIs to the guest, and no event tells when it takes them. */
static void arm_untaken(void)
{
	static const bool certain[] = { false, true, false, true, true, true, false };
	struct bed *b = bed_of(arm_formats);

	b->has[KVM_EV_INJECT] = false;
	EV(b, KVM_EV_ENTRY_ARM, 100, 0);
	EV(b, KVM_EV_ENTRY_ARM, 101, 0);
	/* What it had pending before the recording. */
	arm_sgi(b, 100, 0x5000002);
	interrupted(b, 101);
	/* WFI waits only where nothing is pending. */
	EV(b, KVM_EV_EXIT_ARM, 101, 2, 1);
	EV(b, KVM_EV_WFX, 101, 0);
	arm_sgi(b, 100, 0x5000002);
	EV(b, KVM_EV_WAKEUP, 101, 100, 1, 1);
	EV(b, KVM_EV_ENTRY_ARM, 101, 0);
	arm_sgi(b, 100, 0x5000002);
	interrupted(b, 101);
	/* Another one's number is not this one's; two before one entry are one. */
	EV(b, KVM_EV_EXIT_ARM, 101, 2, 1);
	EV(b, KVM_EV_WFX, 101, 0);
	EV(b, KVM_EV_ENTRY_ARM, 101, 0);
	arm_sgi(b, 100, 0x5000002);
	arm_sgi(b, 100, 0x6000002);
	arm_sgi(b, 100, 0x6000002);
	interrupted(b, 101);
	/* But the register's write may still go on when the target has looked, and so be for the next entry. */
	EV(b, KVM_EV_EXIT_ARM, 101, 2, 1);
	EV(b, KVM_EV_WFX, 101, 0);
	EV(b, KVM_EV_EXIT_ARM, 100, 2, 0x18);
	EV(b, KVM_EV_SYSREG, 100, 1, 3, 0, 12, 11, 5);
	EV(b, KVM_EV_SGI, 100, 0x7000002);
	EV(b, KVM_EV_ENTRY_ARM, 101, 0);
	EV(b, KVM_EV_ENTRY_ARM, 100, 0);
	ok(laws_hold(b), "arm64, what is pending: laws");
	is_u64(b->nr, ARRAY_SIZE(certain), "  all are told");
	for (unsigned int i = 0; i < b->nr && i < ARRAY_SIZE(certain); i++)
		is_u64(!b->ipis[i].ambiguous, certain[i], "  which are certain");
	is_str(kvm_outcome_name(b->ipis[5].outcome), "coalesced", "  one found the other");
	bed_free(b);
}

static void arm_waits(void)
{
	struct bed *b = bed_of(arm_formats);
	const struct kvm_vm *vm;
	unsigned int nr;

	EV(b, KVM_EV_ENTRY_ARM, 100, 0);
	for (uint64_t wfe = 0; wfe < 2; wfe++) {
		EV(b, KVM_EV_EXIT_ARM, 100, 2, 0x01);
		EV(b, KVM_EV_WFX, 100, wfe);
		if (!wfe)
			EV(b, KVM_EV_WAKEUP, 100, 5, 0, 1);
		EV(b, KVM_EV_ENTRY_ARM, 100, 0);
	}
	ok(laws_hold(b), "WFI and WFE: laws");
	vm = kvm_vms(b->k, &nr);
	is_u64(vm[0].halts.count, 1, "  WFE is no halt");
	is_u64(vm[0].halts.polled, 1, "  WFI is one");
	is_u64(vm[0].wfes, 1, "  and both are counted");
	bed_free(b);
}

static void choice(void)
{
	struct bed *b = bed_new();
	const struct kvm_vm *vm;
	unsigned int nr;

	b->unwanted = 200;
	goes(b, 101);
	goes(b, 102);
	goes(b, 202);
	exits(b, 202, 32, VMX);
	EV(b, KVM_EV_IPI, 202, RES, 1);
	EV(b, KVM_EV_ACCEPT, 202, 1, RES, 0);
	icr_write(b, RES, 2);
	goes(b, 202);
	exits(b, 102, 1, VMX);
	injected(b, 102, RES);
	goes(b, 101);
	ok(laws_hold(b), "one of two machines: laws");
	vm = kvm_vms(b->k, &nr);
	ok(nr == 1 && vm[0].tgid == 100, "  the other is not there");
	is_u64(vm[0].outcomes[KVM_DELIVERED], 1, "  nor its IPI");
	is_u64(vm[0].others, 0, "  which is no device of this one's either");
	is_u64(kvm_stats(b->k)->others, 5, "  its events are counted");
	bed_free(b);
}

int main(void)
{
	plain();
	fast();
	posted();
	trap();
	avic();
	hypercall();
	two_windows();
	vectors();
	devices();
	machines();
	signals();
	kicks();
	halts();
	losses();
	arm();
	arm_exits();
	arm_targets();
	arm_untaken();
	arm_waits();
	choice();
	return done_testing();
}
