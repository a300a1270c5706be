/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/kevents.h - the events of the kernel that tell of IPIs, and what a set of them proves.
 *
 * The only list: a session enables what stands here, the decoder understands
 * what stands here. A new event of a known kind is one row of the table. A new
 * kind also needs its fields in decode/formats.c and its meaning in decode/.
 *
 * Defined in the kernel by include/trace/events/{ipi,csd,irq,sched,power,tlb,timer,workqueue,xen}.h and
 * arch/x86/include/asm/trace/{irq_vectors,hyperv}.h; which fields they have is in the
 * format file that each event has in tracefs.
 */
#ifndef IPITRACE_BASE_KEVENTS_H
#define IPITRACE_BASE_KEVENTS_H

#include <stdbool.h>
#include <stdint.h>

/* What a record of an event means. Of one kind, all events have the same fields. */
enum kevent_op {
	OP_SKIP = 0,  /* not ours: counted only */
	OP_STACK = 1, /* ftrace:kernel_stack, written by a trigger behind the event that it belongs to */
	OP_SEND_CPU = 2,
	OP_SEND_MASK = 3,
	OP_RAISE = 4, /* ipi:ipi_raise: mask and reason */
	OP_QUEUE = 5,
	OP_FUNC_ENTRY = 6,
	OP_FUNC_EXIT = 7,
	OP_IRQ_ENTRY = 8, /* x86: one event a class */
	OP_IRQ_EXIT = 9,
	OP_IPI_ENTRY = 10, /* ipi:ipi_entry: reason */
	OP_IPI_EXIT = 11,
	OP_HANDLER_ENTRY = 12, /* irq:irq_handler_entry: number and name */
	OP_HANDLER_EXIT = 13,
	OP_WAKE = 14,
	OP_PROBE_SEND = 15, /* kprobes of our own in place of send events */
	OP_PROBE_MASK = 16,
	OP_PROBE_CALL = 17,  /* queue, execs, many: names the function of the send to come */
	OP_VECTOR_CPU = 18,  /* hyperv: a send with target and vector */
	OP_VECTOR_MASK = 19, /* hyperv: a send with the number of targets and the vector, not which */
	/* Recorded when asked for (base/evgroups.h). */
	OP_WAKING = 20,	   /* sched: a task is being woken */
	OP_WOKEN = 21,	   /* it runs or waits for a CPU */
	OP_WOKEN_NEW = 22, /* a new one does, for the first time */
	OP_IDLE = 23,	   /* power: its CPU enters an idle state, or has left it */
	OP_TLB_FLUSH = 24, /* tlb: reason and pages */
	OP_TLB_CALL = 25,  /* hyperv, xen: a flush by a hypercall: number of targets, addresses */
	OP_WORK = 26,	   /* workqueue: a worker begins a work's function */
	OP_WORK_END = 27,
	OP_TIMER = 28, /* timer: a timer's function begins */
	OP_TIMER_END = 29,
	NR_OPS = 30,
};

/* Sets of kinds. */
#define OP_BIT(op) (1u << (op))
#define OPS_PROBES (OP_BIT(OP_PROBE_SEND) | OP_BIT(OP_PROBE_MASK) | OP_BIT(OP_PROBE_CALL))
#define OPS_WAKES  (OP_BIT(OP_WAKING) | OP_BIT(OP_WOKEN) | OP_BIT(OP_WOKEN_NEW))
#define OPS_TLB	   (OP_BIT(OP_TLB_FLUSH) | OP_BIT(OP_TLB_CALL))
#define OPS_WORKS  (OP_BIT(OP_WORK) | OP_BIT(OP_WORK_END) | OP_BIT(OP_TIMER) | OP_BIT(OP_TIMER_END))
/* They tell more about IPIs, not of them: a recording is complete without. */
#define OPS_ASKED (OPS_WAKES | OPS_TLB | OPS_WORKS | OP_BIT(OP_IDLE))
/* Of use only where nothing else tells of sends: a guest of Hyper-V would tell of each twice. */
#define OPS_VECTOR_SENDS (OP_BIT(OP_VECTOR_CPU) | OP_BIT(OP_VECTOR_MASK))
#define OPS_SENDS                                                                                                      \
	(OP_BIT(OP_SEND_CPU) | OP_BIT(OP_SEND_MASK) | OP_BIT(OP_RAISE) | OP_BIT(OP_PROBE_SEND) |                       \
	 OP_BIT(OP_PROBE_MASK) | OP_BIT(OP_VECTOR_CPU))
#define OPS_CALLS   (OP_BIT(OP_QUEUE) | OP_BIT(OP_FUNC_ENTRY) | OP_BIT(OP_FUNC_EXIT))
#define OPS_VECTORS (OP_BIT(OP_IRQ_ENTRY) | OP_BIT(OP_IRQ_EXIT))
/*
 * Of use only where the machine has no irq_vectors: x86 lists ipi_raise,
 * ipi_entry and ipi_exit from 6.4 to 6.14 and never fires them, and its
 * irq_handler_* tell of devices alone.
 */
#define OPS_GENERIC                                                                                                    \
	(OP_BIT(OP_RAISE) | OP_BIT(OP_IPI_ENTRY) | OP_BIT(OP_IPI_EXIT) | OP_BIT(OP_HANDLER_ENTRY) |                    \
	 OP_BIT(OP_HANDLER_EXIT))
#define OPS_RECEPTIONS                                                                                                 \
	(OPS_VECTORS | OP_BIT(OP_IPI_ENTRY) | OP_BIT(OP_IPI_EXIT) | OP_BIT(OP_HANDLER_ENTRY) | OP_BIT(OP_HANDLER_EXIT))

/* How the event names its target CPU. */
enum kevent_target {
	TARGET_SELF, /* the recording CPU */
	TARGET_CPU,  /* a number: field cpu */
	TARGET_MASK, /* a mask: cpumask, target_cpus, or m0, m1, ... of a probe */
	TARGET_NONE, /* not at all */
};

struct kevent {
	const char *system; /* of tracefs; of our kprobes KEVENT_PROBES, which begins their group's name */
	const char *name;
	uint8_t op;	  /* enum kevent_op */
	uint8_t target;	  /* enum kevent_target */
	uint8_t class;	  /* enum ipi_class; of vectors and of probes that send, else 0 */
	uint32_t classes; /* bit per enum ipi_class: without any of these it need not be recorded */
};

#define KEVENT_PROBES "ipitrace"

/* Row by row, in the order in which they are shown; NULL behind the last. */
const struct kevent *kevent_row(unsigned int idx);
/* NULL = it tells nothing of IPIs. A system that begins with KEVENT_PROBES is that of probes. */
const struct kevent *kevent_find(const char *system, const char *name);

/*
 * Has this architecture (uname -m) the event where its kernel is new enough?
 * irq_vectors are x86's; ipi_raise, ipi_entry and ipi_exit are fired by arm and
 * arm64 alone (arch/arm64/kernel/smp.c: smp_cross_call(), do_handle_IPI()),
 * though kernels before 6.15 list them everywhere.
 */
bool kevent_of_arch(const struct kevent *kev, const char *arch);

/* What events can prove at best; every output names it. */
enum ipi_tier {
	TIER_NONE,   /* nothing: neither sends nor receptions */
	TIER_SENDS,  /* who sends what to whom, not whether it arrived */
	TIER_COUNTS, /* how many interrupts, no sender */
	TIER_PAIRED, /* delivery by order */
	TIER_EXACT,  /* and calls by their csd */
};

struct ipi_evidence {
	enum ipi_tier tier;
	bool has_send, has_csd, has_reception;
	bool has_queue, has_runs; /* of calls: queued, and their functions */
	bool has_wakes;		  /* wake-ups without an IPI */
	bool has_vectors;	  /* of receptions: an event for each class, */
	bool has_reasons;	  /* or one that names it; else handlers' alone, in which a device may be, too */
	uint32_t heard_classes;	  /* bit per enum ipi_class: of those that were received, an event would tell */
};

/* The same without receptions. */
struct ipi_evidence ipi_evidence_deaf(struct ipi_evidence ev);
/* "exact"; "none" for a number that is no tier. */
const char *ipi_tier_name(enum ipi_tier tier);
/* What remains of a set of kinds (OP_BIT) when those that are mute or useless on that machine go. */
uint32_t kevents_heard(uint32_t ops);
/* ops: kinds of events that are there, as returned by kevents_heard(); vectors: classes that have an OP_IRQ_ENTRY. */
struct ipi_evidence kevents_evidence(uint32_t ops, uint32_t vectors);

#endif
