// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/kevents.c - the table of events, and the rule for the tier.
 */
#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "base/event.h"
#include "base/kevents.h"

#define RES	 IPI_CLASS_BIT(IPI_CLASS_RESCHEDULE)
#define WORK	 IPI_CLASS_BIT(IPI_CLASS_IRQ_WORK)
#define PLATFORM IPI_CLASS_BIT(IPI_CLASS_PLATFORM)

/* clang-format off: a table */
#define IRQ_VECTOR(name, class, classes)                                                                               \
	{ "irq_vectors", name "_entry", OP_IRQ_ENTRY, TARGET_SELF, class, classes },                                   \
	{                                                                                                              \
		"irq_vectors", name "_exit", OP_IRQ_EXIT, TARGET_SELF, class, classes                                  \
	}

/* Wake-ups without an IPI belong to a queued call or stand for a reschedule: both are needed to tell. */
static const struct kevent rows[] = {
	{ "ipi", "ipi_send_cpu", OP_SEND_CPU, TARGET_CPU, 0, IPI_CLASSES_ALL },
	{ "ipi", "ipi_send_cpumask", OP_SEND_MASK, TARGET_MASK, 0, IPI_CLASSES_CALL },
	{ "ipi", "ipi_raise", OP_RAISE, TARGET_MASK, 0, IPI_CLASSES_ALL },
	{ "ipi", "ipi_entry", OP_IPI_ENTRY, TARGET_SELF, 0, IPI_CLASSES_ALL },
	{ "ipi", "ipi_exit", OP_IPI_EXIT, TARGET_SELF, 0, IPI_CLASSES_ALL },
	{ "irq", "irq_handler_entry", OP_HANDLER_ENTRY, TARGET_SELF, 0, IPI_CLASSES_ALL },
	{ "irq", "irq_handler_exit", OP_HANDLER_EXIT, TARGET_SELF, 0, IPI_CLASSES_ALL },
	{ "csd", "csd_queue_cpu", OP_QUEUE, TARGET_CPU, 0, IPI_CLASSES_CALL | RES },
	{ "csd", "csd_function_entry", OP_FUNC_ENTRY, TARGET_SELF, 0, IPI_CLASSES_CALL },
	{ "csd", "csd_function_exit", OP_FUNC_EXIT, TARGET_SELF, 0, IPI_CLASSES_CALL },
	IRQ_VECTOR("reschedule", IPI_CLASS_RESCHEDULE, RES),
	IRQ_VECTOR("call_function", IPI_CLASS_CALL, IPI_CLASSES_CALL),
	IRQ_VECTOR("call_function_single", IPI_CLASS_CALL_SINGLE, IPI_CLASSES_CALL),
	IRQ_VECTOR("irq_work", IPI_CLASS_IRQ_WORK, WORK),
	IRQ_VECTOR("x86_platform_ipi", IPI_CLASS_PLATFORM, PLATFORM),
	{ "hyperv", "hyperv_send_ipi_one", OP_VECTOR_CPU, TARGET_CPU, 0, IPI_CLASSES_ALL },
	{ "hyperv", "hyperv_send_ipi_mask", OP_VECTOR_MASK, TARGET_NONE, 0, IPI_CLASSES_ALL },
	{ "sched", "sched_wake_idle_without_ipi", OP_WAKE, TARGET_CPU, 0, IPI_CLASSES_CALL | RES },
	{ "sched", "sched_waking", OP_WAKING, TARGET_NONE, 0, 0 },
	{ "sched", "sched_wakeup", OP_WOKEN, TARGET_NONE, 0, 0 },
	{ "sched", "sched_wakeup_new", OP_WOKEN_NEW, TARGET_NONE, 0, 0 },
	{ "power", "cpu_idle", OP_IDLE, TARGET_NONE, 0, 0 },
	{ "tlb", "tlb_flush", OP_TLB_FLUSH, TARGET_SELF, 0, 0 },
	{ "hyperv", "hyperv_mmu_flush_tlb_multi", OP_TLB_CALL, TARGET_NONE, 0, 0 },
	{ "hyperv", "hyperv_mmu_flush_tlb_others", OP_TLB_CALL, TARGET_NONE, 0, 0 }, /* its name up to 5.12 */
	{ "xen", "xen_mmu_flush_tlb_multi", OP_TLB_CALL, TARGET_NONE, 0, 0 },
	{ "xen", "xen_mmu_flush_tlb_others", OP_TLB_CALL, TARGET_NONE, 0, 0 }, /* the same */
	{ "workqueue", "workqueue_execute_start", OP_WORK, TARGET_NONE, 0, 0 },
	{ "workqueue", "workqueue_execute_end", OP_WORK_END, TARGET_NONE, 0, 0 },
	{ "timer", "timer_expire_entry", OP_TIMER, TARGET_NONE, 0, 0 },
	{ "timer", "timer_expire_exit", OP_TIMER_END, TARGET_NONE, 0, 0 },
	{ "ftrace", "kernel_stack", OP_STACK, TARGET_SELF, 0, 0 },
	{ KEVENT_PROBES, "resched", OP_PROBE_SEND, TARGET_CPU, IPI_CLASS_RESCHEDULE, RES },
	{ KEVENT_PROBES, "single", OP_PROBE_SEND, TARGET_CPU, IPI_CLASS_CALL_SINGLE, IPI_CLASSES_CALL },
	{ KEVENT_PROBES, "mask", OP_PROBE_MASK, TARGET_MASK, IPI_CLASS_CALL, IPI_CLASSES_CALL },
	{ KEVENT_PROBES, "irqw", OP_PROBE_SEND, TARGET_SELF, IPI_CLASS_IRQ_WORK, WORK },
	{ KEVENT_PROBES, "queue", OP_PROBE_CALL, TARGET_CPU, 0, IPI_CLASSES_CALL },
	{ KEVENT_PROBES, "execs", OP_PROBE_CALL, TARGET_CPU, 0, IPI_CLASSES_CALL },
	{ KEVENT_PROBES, "many", OP_PROBE_CALL, TARGET_MASK, 0, IPI_CLASSES_CALL },
};
/* clang-format on */

static const char *const tier_names[] = {
	[TIER_NONE] = "none",	  [TIER_SENDS] = "sends", [TIER_COUNTS] = "counts",
	[TIER_PAIRED] = "paired", [TIER_EXACT] = "exact",
};

const struct kevent *kevent_row(unsigned int idx)
{
	return idx < ARRAY_SIZE(rows) ? &rows[idx] : NULL;
}

const struct kevent *kevent_find(const char *system, const char *name)
{
	if (!strncmp(system, KEVENT_PROBES, strlen(KEVENT_PROBES)))
		system = KEVENT_PROBES;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i].name, name) && !strcmp(rows[i].system, system))
			return &rows[i];
	return NULL;
}

static bool is_x86(const char *arch)
{
	return !strcmp(arch, "x86_64") || (arch[0] == 'i' && !strcmp(arch + 2, "86"));
}

bool kevent_of_arch(const struct kevent *kev, const char *arch)
{
	uint32_t op = OP_BIT(kev->op);

	if (op & (OPS_VECTORS | OP_BIT(OP_VECTOR_CPU) | OP_BIT(OP_VECTOR_MASK)))
		return is_x86(arch);
	if (op & (OP_BIT(OP_RAISE) | OP_BIT(OP_IPI_ENTRY) | OP_BIT(OP_IPI_EXIT)))
		return !strncmp(arch, "arm", 3) || !strncmp(arch, "aarch64", 7);
	return op & OPS_GENERIC ? !is_x86(arch) : true;
}

const char *ipi_tier_name(enum ipi_tier tier)
{
	return (unsigned int)tier < ARRAY_SIZE(tier_names) ? tier_names[tier] : "none";
}

uint32_t kevents_heard(uint32_t ops)
{
	if (ops & OP_BIT(OP_IRQ_ENTRY))
		ops &= ~OPS_GENERIC;
	return ops & OPS_SENDS & ~OPS_VECTOR_SENDS ? ops & ~OPS_VECTOR_SENDS : ops;
}

/* An exit alone proves no reception, and half of a call's events prove no call. */
struct ipi_evidence kevents_evidence(uint32_t ops, uint32_t vectors)
{
	const uint32_t generic = OP_BIT(OP_IPI_ENTRY) | OP_BIT(OP_HANDLER_ENTRY);
	const uint32_t entries = OP_BIT(OP_IRQ_ENTRY) | generic;
	struct ipi_evidence ev = {
		.has_send = ops & OPS_SENDS,
		.has_csd = ops & OP_BIT(OP_QUEUE) && ops & OP_BIT(OP_FUNC_ENTRY),
		.has_reception = ops & entries,
		.has_queue = ops & OP_BIT(OP_QUEUE),
		.has_runs = ops & OP_BIT(OP_FUNC_ENTRY),
		.has_wakes = ops & OP_BIT(OP_WAKE),
		.has_vectors = ops & OP_BIT(OP_IRQ_ENTRY),
		.has_reasons = ops & OP_BIT(OP_IPI_ENTRY),
		.heard_classes = ops & generic ? IPI_CLASSES_ALL : vectors,
	};

	if (!ev.has_reception)
		return ipi_evidence_deaf(ev);
	if (!ev.has_send)
		ev.tier = TIER_COUNTS;
	else
		ev.tier = ev.has_csd ? TIER_EXACT : TIER_PAIRED;
	return ev;
}

struct ipi_evidence ipi_evidence_deaf(struct ipi_evidence ev)
{
	ev.has_reception = ev.has_vectors = ev.has_reasons = false;
	ev.heard_classes = 0;
	ev.tier = ev.has_send || ev.has_queue ? TIER_SENDS : TIER_NONE;
	return ev;
}
