// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/evgroups.c - the table of groups of events, and lists of their names.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/evgroups.h"
#include "base/text.h"

#define ALL	EVGROUP_TASKS_ALL
#define CURRENT EVGROUP_TASKS_CURRENT
#define SWITCH	EVGROUP_TASKS_SWITCH
#define WAKING	EVGROUP_TASKS_WAKING

/* clang-format off: a table */
static const struct evgroup rows[] = {
	{ "sched",
	  "who wakes whom by an IPI: sched_waking, sched_wakeup, sched_wakeup_new",
	  { { "sched", "sched_waking", NULL, false, ALL },
	    { "sched", "sched_wakeup", NULL, false, ALL },
	    { "sched", "sched_wakeup_new", NULL, false, ALL } } },
	{ "idle", "the idle state of the target: cpu_idle", { { "power", "cpu_idle", NULL, false, ALL } } },
	/* The first of its reasons is each switch of processes. Hyper-V's and Xen's guests flush others by hypercall. */
	{ "tlb",
	  "TLB flushes, local ones as well, why and how many pages: tlb_flush (for report --tlb)",
	  { { "tlb", "tlb_flush", "reason != 0", false, ALL },
	    { "hyperv", "hyperv_mmu_flush_tlb_multi", NULL, true, ALL },
	    { "hyperv", "hyperv_mmu_flush_tlb_others", NULL, true, ALL },
	    { "xen", "xen_mmu_flush_tlb_multi", NULL, true, ALL },
	    { "xen", "xen_mmu_flush_tlb_others", NULL, true, ALL } } },
	/* What kvm/events.c knows. Of registers and of memory those alone that send: the ICR, ICC_SGI1R_EL1. */
	{ "kvm",
	  "virtual machines on their host: exits, interrupts, halts, and the scheduling of their threads (for report --kvm)",
	  { { "kvm", "kvm_exit", NULL, false, CURRENT },
	    { "kvm", "kvm_entry", NULL, false, CURRENT },
	    { "kvm", "kvm_vcpu_wakeup", NULL, false, CURRENT },
	    { "kvm", "kvm_halt_poll_ns", NULL, true, CURRENT },
	    { "kvm", "kvm_apic_ipi", NULL, true, CURRENT },
	    { "kvm", "kvm_apic_accept_irq", NULL, true, ALL },
	    { "kvm", "kvm_apicv_accept_irq", NULL, true, ALL },
	    { "kvm", "kvm_inj_virq", NULL, true, CURRENT },
	    { "kvm", "kvm_eoi", NULL, true, CURRENT },
	    { "kvm", "kvm_msr", "ecx == 0x830 && write == 1", true, CURRENT },
	    { "kvm", "kvm_mmio", "gpa == 0xfee00300", true, CURRENT },
	    { "kvm", "kvm_hypercall", NULL, true, CURRENT },
	    { "kvm", "kvm_hv_send_ipi", NULL, true, CURRENT },
	    { "kvm", "kvm_hv_send_ipi_ex", NULL, true, CURRENT },
	    { "kvm", "kvm_avic_incomplete_ipi", NULL, true, CURRENT },
	    { "kvm", "kvm_write_tsc_offset", NULL, true, ALL },
	    { "kvm", "kvm_sys_access", "Op0 == 3 && CRn == 12 && CRm == 11 && Op2 == 5", true, CURRENT },
	    { "kvm", "kvm_wfx_arm64", NULL, true, CURRENT },
	    { "sched", "sched_switch", NULL, false, SWITCH },
	    { "sched", "sched_waking", NULL, false, WAKING } } },
	/* Both begin and end: what runs then has left the stack where it ends in a call of another. */
	{ "work",
	  "whose work or timer it is where a stack shows no more than who runs them: workqueue_execute_*, timer_expire_*",
	  { { "workqueue", "workqueue_execute_start", NULL, false, ALL },
	    { "workqueue", "workqueue_execute_end", NULL, false, ALL },
	    { "timer", "timer_expire_entry", NULL, false, ALL },
	    { "timer", "timer_expire_exit", NULL, false, ALL } } },
};
/* clang-format on */

const struct evgroup *evgroup_row(unsigned int idx)
{
	return idx < ARRAY_SIZE(rows) ? &rows[idx] : NULL;
}

static int unknown(const char *name, size_t len, struct err *err)
{
	struct suggestion near = suggestion_for(name, len);
	char names[sizeof(err->hint) - 16] = "";
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		suggestion_offer(&near, rows[i].name);
		if (at < sizeof(names))
			at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s", i ? ", " : "", rows[i].name);
	}
	err_set(err, EXIT_USAGE, "'%.*s' is no group of events", (int)(len < 60 ? len : 60), name);
	return near.word ? err_hint(err, "did you mean %s?", near.word) : err_hint(err, "groups: %s", names);
}

int evgroups_parse(uint32_t *groups, const char *list, struct err *err)
{
	for (const char *p = list;; p++) {
		size_t len = strcspn(p, ","), i;

		for (i = 0; i < ARRAY_SIZE(rows); i++)
			if (strlen(rows[i].name) == len && !strncmp(rows[i].name, p, len))
				break;
		if (i == ARRAY_SIZE(rows))
			return unknown(p, len, err);
		*groups |= 1u << i;
		p += len;
		if (!*p)
			return 0;
	}
}

bool evgroups_have(uint32_t groups, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].name, name))
			return groups >> i & 1;
	return false;
}
