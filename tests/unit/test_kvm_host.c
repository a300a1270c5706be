// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_kvm_host.c - the kernel's counters of VMs against events: intervals, VMs that come and go, what is absent.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "kvm/host.h"
#include "kvm/report.h"
#include "kvm/rows.h"
#include "tap.h"

/* Of four readings; NULL: none. */
static void put(struct kvm_report *r, const char *subject, const char *name, const char *a, const char *b,
		const char *c, const char *d)
{
	const char *const val[KVM_NR_SNAPS] = { a, b, c, d };

	for (unsigned int snap = 0; snap < KVM_NR_SNAPS; snap++)
		if (val[snap])
			kvm_facts_set(&r->host, snap, subject, name, val[snap]);
}

static const struct kvm_law *law(const struct kvm_report *r, const char *name)
{
	for (unsigned int i = 0; i < r->nr_laws; i++)
		if (!strcmp(r->laws[i].name, name))
			return &r->laws[i];
	return NULL;
}

static void laws_of(struct kvm_report *r)
{
	r->nr_laws = 0;
	kvm_host_laws(r);
}

/* Two VMs of one process, and one of another. */
static void fill(struct kvm_report *r, const struct kvm_vm *vms, unsigned int nr, const struct kvm_stats *stats)
{
	*r = (struct kvm_report){ .vms = vms, .nr_vms = nr, .stats = stats };
	r->host.on = true;
	r->has[KVM_EV_EXIT] = r->has[KVM_EV_WAKEUP] = r->has[KVM_EV_WAKING] = true;
	put(r, "debugfs", "readable", "1", "1", "1", "1");
	put(r, "vm/100-7", "tgid", "100", "100", "100", "100");
	put(r, "vm/100-7", "exits", "1000", "1010", "1110", "1120");
	put(r, "vm/100-7", "halt_wakeup", "5", "5", "25", "26");
	put(r, "vm/101-9", "tgid", "100", "100", "100", "100");
	put(r, "vm/101-9", "exits", "0", "0", "3", "3");
	put(r, "vm/101-9", "halt_wakeup", "0", "0", "0", "0");
	put(r, "vm/200-7", "tgid", NULL, NULL, "200", "200");
	put(r, "vm/200-7", "exits", NULL, NULL, "40", "40");
}

static void intervals(void)
{
	struct kvm_vm vms[2] = { { .tgid = 100, .exits_seen = 110, .halt_wakings = 30 },
				 { .tgid = 200, .exits_seen = 40 } };
	struct kvm_stats stats = { 0 };
	struct kvm_report r;
	uint64_t low, high;

	fill(&r, vms, 2, &stats);
	laws_of(&r);
	if (ok(law(&r, "host_exits"), "exits are held against the kernel's")) {
		is_u64(law(&r, "host_exits")->left, 150, "  all machines'");
		is_u64(law(&r, "host_exits")->right, 143, "  at least what the inner readings differ by");
		is_u64(law(&r, "host_exits")->right_max, 163, "  at most the outer ones'");
		ok(law(&r, "host_exits")->held, "  it holds");
	}
	ok(!law(&r, "host_hypercalls"), "of what no counter tells there is no law");
	ok(law(&r, "host_halt_wakeups") && law(&r, "host_halt_wakeups")->held, "more wake-ups than KVM's are no fault");
	ok(kvm_host_counter(&r, 200, "exits", &low, &high) && low == 40 && high == 40, "one that came began with 0");
	ok(!kvm_host_counter(&r, 200, "halt_wakeup", &low, &high), "what it has no counter of is not 0");
	ok(!kvm_host_counter(&r, 300, "exits", &low, &high), "nor are those of a machine that is not known");
	vms[0].exits_seen = 102;
	laws_of(&r);
	ok(!law(&r, "host_exits")->held, "one event less than the kernel counted for sure");
	vms[0].exits_seen = 124;
	laws_of(&r);
	ok(!law(&r, "host_exits")->held, "one more than it can have counted");
	vms[0].exits_seen = 110;
	vms[0].halt_wakings = 19;
	laws_of(&r);
	ok(!law(&r, "host_halt_wakeups")->held, "a wake-up of which no event tells");
	kvm_report_free(&r);
}

static void exceptions(void)
{
	struct kvm_vm vm = { .tgid = 100, .exits_seen = 1 };
	struct kvm_stats stats = { 0 };
	struct kvm_report r;
	char *notes[KVM_MAX_NOTES];
	unsigned int nr;

	fill(&r, &vm, 1, &stats);
	stats.lost = true;
	laws_of(&r);
	ok(!law(&r, "host_exits"), "not where events were lost");
	stats.lost = false;
	r.flight = true;
	laws_of(&r);
	ok(!law(&r, "host_exits"), "not of a flight recorder");
	r.flight = false;
	put(&r, "vm/100-7", "nested_run", "0", "0", "1", "1");
	put(&r, "vm/101-9", "nested_run", "0", "0", "0", "0");
	laws_of(&r);
	ok(!law(&r, "host_exits"), "not with guests of guests");
	kvm_report_free(&r);

	fill(&r, &vm, 1, &stats);
	vm.tgid = 300;
	put(&r, "vm/300-1", "tgid", "300", "300", NULL, NULL);
	put(&r, "vm/300-1", "exits", "1", "2", NULL, NULL);
	laws_of(&r);
	ok(!law(&r, "host_exits"), "not one that has ended");
	nr = kvm_host_notes(&r, 0, notes);
	is_u64(nr, 1, "  which is a note");
	if (nr)
		ok(strstr(notes[0], "1 of 1 virtual machines ended"), "  '%s'", notes[0]);
	for (unsigned int i = 0; i < nr; i++)
		free(notes[i]);
	put(&r, "module/kvm_amd", "avic", "Y", "Y", "Y", "Y");
	r.nr_late = 3;
	nr = kvm_host_notes(&r, 0, notes);
	is_u64(nr, 3, "AVIC, and threads that came later, are notes as well");
	ok(nr && strstr(notes[0], "(AVIC): IPIs that need no exit at all are invisible"),
	   "  without one that was seen");
	for (unsigned int i = 0; i < nr; i++)
		free(notes[i]);
	kvm_report_free(&r);
}

/* Where a guest's recording lacks its end, the host's times are known still; the guest's, and the total, are not. */
static void handlers_lost(void)
{
	struct kvm_report r = { .by = { KVM_KEY_PATH }, .nr_by = 1, .is_joined = true };
	struct kvm_rows rows = { 0 };
	struct kvm_ipi ipi = { .outcome = KVM_DELIVERED, .path = KVM_PATH_MSR, .target = 1 };

	for (uint64_t i = 0; i < KVM_NR_POINTS; i++)
		ipi.at[i] = 100 * i + i * i;
	kvm_rows_add(&rows, &r, &ipi);
	ipi.at[KVM_AT_HANDLER] = KVM_NO_TIME;
	kvm_rows_add(&rows, &r, &ipi);
	ipi.at[KVM_AT_SEND] = KVM_NO_TIME;
	kvm_rows_add(&rows, &r, &ipi);
	ipi.outcome = KVM_LOST;
	ipi.at[KVM_AT_ENTRY] = KVM_NO_TIME;
	kvm_rows_add(&rows, &r, &ipi);
	kvm_rows_end(&r);
	is_u64(r.nr_rows, 1, "a guest without some handlers, and without some sends");
	is_u64(r.rows[0].ipis, 4, "  all are counted");
	is_u64(r.rows[0].unjoined, 2, "  those of the host alone as such");
	is_u64(r.rows[0].total.count, 1, "  the total is of that which is known from end to end");
	is_u64(r.rows[0].total.sum, 100 * KVM_AT_HANDLER + KVM_AT_HANDLER * KVM_AT_HANDLER,
	       "  from the send to the handler");
	is_u64(r.rows[0].stages[KVM_AT_HANDLER].count, 1, "  as is the guest's last stage");
	is_u64(r.rows[0].stages[KVM_AT_EXIT].count, 2, "  its first one needs the send");
	for (unsigned int p = KVM_AT_ACCEPT; p <= KVM_AT_ENTRY; p++)
		is_u64(r.rows[0].stages[p].count, 3, "  a stage of the host is known of all that it delivered");
	hash_free(&rows.by_key);
	kvm_report_free(&r);
}

int main(void)
{
	intervals();
	exceptions();
	handlers_lost();
	return done_testing();
}
