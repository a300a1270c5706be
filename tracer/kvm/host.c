// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/host.c - what the kernel counts of each VM, held against the events.
 *
 * The kernel's counters are read four times, because reading them and switching tracing is not one step: what was recorded
 * lies between what they grew by from the second reading to the third, and from the first to the fourth. A VM that came
 * while it was recorded began with zeros; one that has gone took its counters along, and is not held against anything.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/text.h"
#include "kvm/host.h"

struct growth {
	uint64_t low, high;
};

/* False: it is not known. */
static bool grew(const struct kvm_facts *f, const char *subject, const char *name, struct growth *g)
{
	uint64_t val[KVM_NR_SNAPS];

	for (unsigned int snap = 0; snap < KVM_NR_SNAPS; snap++) {
		if (kvm_facts_u64(f, snap, subject, name, &val[snap]))
			continue;
		/* It did not exist yet, and somebody looked. */
		if (snap > 1 || kvm_facts_get(f, snap, subject, "tgid") ||
		    !kvm_facts_get(f, snap, "debugfs", "readable"))
			return false;
		val[snap] = 0;
	}
	for (unsigned int snap = 1; snap < KVM_NR_SNAPS; snap++)
		if (val[snap] < val[snap - 1])
			return false;
	*g = (struct growth){ val[2] - val[1], val[3] - val[0] };
	return true;
}

/* Sums over those VMs of a process whose counters are whole; false: there is none, or some are not. */
static bool vm_grew(const struct kvm_facts *f, int32_t tgid, const char *name, struct growth *sum)
{
	bool found = false;
	const char *dir;
	uint64_t of;

	for (unsigned int i = 0; i < f->nr; i++) {
		const struct kvm_subject *s = &f->subjects[i];
		struct growth g;
		bool ours = false;

		if (!kvm_subject_vm(s, &dir))
			continue;
		for (unsigned int snap = 0; snap < KVM_NR_SNAPS; snap++)
			ours |= kvm_facts_u64(f, snap, s->name, "tgid", &of) && of == (uint64_t)tgid;
		if (!ours)
			continue;
		if (!grew(f, s->name, name, &g))
			return false;
		sum->low += g.low;
		sum->high += g.high;
		found = true;
	}
	return found;
}

/*
 * EXACT: the kernel counts at the same place where it has the event. AT_MOST: it counts a part of what the events tell.
 * virt/kvm/kvm_main.c: kvm_vcpu_halt(), kvm_vcpu_wake_up(); arch/x86/kvm/x86.c: vcpu_enter_guest(), __kvm_emulate_halt(),
 * kvm_emulate_hypercall(); arch/x86/kvm/svm/svm.c: svm_inject_irq(); arch/arm64/kvm/handle_exit.c: kvm_handle_wfx().
 */
enum relation { EXACT, AT_MOST };

static const struct counter {
	const char *name, *counter;
	enum relation relation;
	const char *text;
	size_t counted; /* in struct kvm_vm */
	enum kvm_event needs;
} counters[] = {
#define VM(m) offsetof(struct kvm_vm, m)
	{ "host_exits", "exits", EXACT, "exits, by events == by the kernel's counters", VM(exits_seen), KVM_NR_EVENTS },
	{ "host_halt_exits", "halt_exits", EXACT, "exits for halts, by events == by the kernel's counters",
	  VM(halt_exits), KVM_EV_EXIT },
	{ "host_wfi", "wfi_exit_stat", EXACT, "WFI, by events == by the kernel's counters", VM(halt_exits),
	  KVM_EV_WFX },
	{ "host_wfe", "wfe_exit_stat", EXACT, "WFE, by events == by the kernel's counters", VM(wfes), KVM_EV_WFX },
	{ "host_injections", "irq_injections", EXACT, "injections, by events == by the kernel's counters",
	  VM(all_injections), KVM_EV_INJECT },
	{ "host_hypercalls", "hypercalls", EXACT, "hypercalls, by events == by the kernel's counters", VM(hypercalls),
	  KVM_EV_HYPERCALL },
	{ "host_attempted_polls", "halt_attempted_poll", AT_MOST,
	  "halts that ended >= those that the kernel polled for", VM(wakeups), KVM_EV_WAKEUP },
	{ "host_successful_polls", "halt_successful_poll", AT_MOST,
	  "halts that ended without sleep >= polls that the kernel won", VM(polls_won), KVM_EV_WAKEUP },
	{ "host_halt_wakeups", "halt_wakeup", AT_MOST, "wake-ups of halted threads >= those by KVM", VM(halt_wakings),
	  KVM_EV_WAKING },
};

static uint64_t counted(const struct kvm_vm *vm, const struct counter *c)
{
	uint64_t val;

	memcpy(&val, (const char *)vm + c->counted, sizeof(val));
	return val;
}

/* An event that needs no guest to run may well have been recorded, and none have come: its format is enough. */
static bool is_recorded(const struct kvm_report *r, const struct counter *c)
{
	if (c->needs == KVM_NR_EVENTS)
		return r->has[KVM_EV_EXIT] || r->has[KVM_EV_EXIT_ARM];
	return r->has[c->needs];
}

/* A guest of a guest exits as well, by ways of its own. */
static bool is_nested(const struct kvm_facts *f, int32_t tgid)
{
	struct growth g = { 0 };

	return vm_grew(f, tgid, "nested_run", &g) && g.high;
}

static bool add_law(const struct kvm_report *r, const struct counter *c, struct kvm_law *l)
{
	*l = (struct kvm_law){ .name = c->name, .text = c->text };
	for (unsigned int i = 0; i < r->nr_vms; i++) {
		struct growth g = { 0 };

		if (!vm_grew(&r->host, r->vms[i].tgid, c->counter, &g))
			continue;
		l->applies = is_recorded(r, c) && !r->stats->lost && !r->flight && !r->truncated && !r->damaged &&
			     !is_nested(&r->host, r->vms[i].tgid);
		if (!l->applies)
			break;
		l->left += counted(&r->vms[i], c);
		l->right += g.low;
		l->right_max += g.high;
	}
	l->held = !l->applies || (l->left >= l->right && (c->relation == AT_MOST || l->left <= l->right_max));
	return l->applies;
}

void kvm_host_laws(struct kvm_report *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters) && r->nr_laws < KVM_MAX_LAWS; i++)
		if (add_law(r, &counters[i], &r->laws[r->nr_laws]))
			r->nr_laws++;
}

bool kvm_host_counter(const struct kvm_report *r, int32_t tgid, const char *name, uint64_t *low, uint64_t *high)
{
	struct growth g = { 0 };

	if (!vm_grew(&r->host, tgid, name, &g))
		return false;
	*low = g.low;
	*high = g.high;
	return true;
}

bool kvm_host_is_on(const struct kvm_report *r, const char *module, const char *param)
{
	const char *val = kvm_facts_get(&r->host, 0, module, param);

	return val && (*val == 'Y' || *val == '1');
}

/* --- notes --- */

static bool has_exitless(const struct kvm_report *r)
{
	return kvm_host_is_on(r, "module/kvm_intel", "enable_ipiv") || kvm_host_is_on(r, "module/kvm_amd", "avic");
}

/*
 * Where a guest polls itself (cpuidle-haltpoll), it asks the host not to: kvm_arch_no_poll(), MSR_KVM_POLL_CONTROL. Else
 * KVM begins to poll once a halt was shorter than halt_poll_ns: kvm_vcpu_halt().
 */
static bool never_polled(const struct kvm_report *r)
{
	uint64_t low, high, poll_ns;

	if (!kvm_facts_u64(&r->host, 0, "module/kvm", "halt_poll_ns", &poll_ns) || !poll_ns)
		return false;
	for (unsigned int i = 0; i < r->nr_vms; i++)
		if (r->vms[i].wakeups && kvm_host_counter(r, r->vms[i].tgid, "halt_attempted_poll", &low, &high) &&
		    !high)
			return true;
	return false;
}

static unsigned int nr_uncounted(const struct kvm_report *r)
{
	unsigned int nr = 0;
	uint64_t low, high;

	for (unsigned int i = 0; i < r->nr_vms; i++)
		nr += !kvm_host_counter(r, r->vms[i].tgid, "exits", &low, &high);
	return nr;
}

unsigned int kvm_host_notes(const struct kvm_report *r, uint64_t posted, char *notes[])
{
	unsigned int nr = 0, uncounted = r->host.on && !r->flight ? nr_uncounted(r) : 0;

	if (posted || has_exitless(r))
		notes[nr++] = xasprintf(
			"the CPU delivers interrupts by itself (%s): IPIs that need no exit at all are invisible "
			"here, and how many there are is not known",
			kvm_host_is_on(r, "module/kvm_intel", "enable_ipiv") ? "IPI virtualisation" :
			kvm_host_is_on(r, "module/kvm_amd", "avic")	     ? "AVIC" :
									       "APICv, AVIC");
	if (never_polled(r))
		notes[nr++] = xstrdup(
			"the host may poll for halted virtual CPUs (halt_poll_ns) and never did: halts were too long for "
			"it to begin, or a guest with the cpuidle driver haltpoll asks it not to");
	if (r->host.on && !kvm_facts_get(&r->host, 0, "debugfs", "readable"))
		notes[nr++] = xstrdup("debugfs was not readable: nothing is held against the kernel's own counters");
	else if (uncounted)
		notes[nr++] =
			xasprintf("%u of %u virtual machines ended while they were recorded: they are not held against "
				  "the kernel's own counters, which went with them",
				  uncounted, r->nr_vms);
	if (r->nr_late)
		notes[nr++] = xasprintf("%u thread%s of virtual CPUs %s found while it was recorded: WAKE and RUNQ of "
					"such are missing up to then",
					r->nr_late, plural_s(r->nr_late), plural_was(r->nr_late));
	return nr;
}
