/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/event.h - the event model: what decode hands to match.
 *
 * One struct for every kind of record, 64 bytes, no pointers into anything but
 * the current batch. Times are ns of the trace clock. "cpu" is always the CPU
 * that recorded the event: the source of sends and queue events, the target of
 * receptions and function runs.
 */
#ifndef IPITRACE_BASE_EVENT_H
#define IPITRACE_BASE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum ipi_event_type {
	IPI_EV_NONE = 0,
	IPI_EV_SEND_CPU = 1,   /* ipi_send_cpu or a probe standing in: one target */
	IPI_EV_SEND_MASK = 2,  /* ipi_send_cpumask, ipi_raise: a mask of targets */
	IPI_EV_QUEUE = 3,      /* csd_queue_cpu: a call queued for target */
	IPI_EV_FUNC_ENTRY = 4, /* csd_function_entry */
	IPI_EV_FUNC_EXIT = 5,  /* csd_function_exit */
	IPI_EV_IRQ_ENTRY = 6,  /* handler entry of an IPI of class */
	IPI_EV_IRQ_EXIT = 7,
	IPI_EV_WAKE_NO_IPI = 8, /* sched_wake_idle_without_ipi: target polls, no interrupt needed */
	IPI_EV_LOST = 9,	/* events missing in this CPU's stream before ts_ns */
	IPI_EV_GAP = 11,	/* a gap in this CPU's stream begins behind ts_ns; it ends with a LOST */
	IPI_EV_IDLE = 12,	/* cpu_idle: this CPU enters idle state target, or left it: IPI_IDLE_LEFT */
	IPI_EV_TLB = 13,	/* a flush of a TLB, of class enum tlb_reason: csd pages, func CPUs where it is told */
	IPI_EV_CPU_START = 10,	/* first sight of a CPU's stream (begin of its data) */
};

/* Class of an IPI: which handler it raises. Named as the kernel names them. */
enum ipi_class {
	IPI_CLASS_RESCHEDULE = 0,
	IPI_CLASS_CALL_SINGLE = 1, /* call_function_single (x86 vector 251) */
	IPI_CLASS_CALL = 2,	   /* call_function (x86 252; arm64 has only this) */
	IPI_CLASS_IRQ_WORK = 3,
	IPI_CLASS_CPU_STOP = 4,
	IPI_CLASS_CRASH_STOP = 5,
	IPI_CLASS_TIMER = 6, /* timer broadcast */
	IPI_CLASS_WAKEUP = 7,
	IPI_CLASS_BACKTRACE = 8,
	IPI_CLASS_KGDB = 9,
	IPI_CLASS_PLATFORM = 10, /* x86_platform_ipi */
	IPI_CLASS_OTHER = 11,	 /* a reason or name this program does not know */
	IPI_NR_CLASSES = 12,
};

/* Sets of classes. */
#define IPI_CLASS_BIT(class) (1u << (class))
#define IPI_CLASSES_CALL     (IPI_CLASS_BIT(IPI_CLASS_CALL) | IPI_CLASS_BIT(IPI_CLASS_CALL_SINGLE)) /* 2 vectors, 1 queue */
#define IPI_CLASSES_ALL	     (IPI_CLASS_BIT(IPI_NR_CLASSES) - 1)

/* "call_function_single"; "other" for a number that is no class. */
const char *ipi_class_name(unsigned int class);
/* 0 or -1: no class has that name. */
int ipi_class_parse(const char *name, unsigned int *class);

/* What kind of call a csd carries; decides how its completion shows (kernel/smp.c). */
enum ipi_call_kind {
	IPI_CALL_PLAIN = 0,    /* SYNC or ASYNC: one function entry and exit of its own */
	IPI_CALL_TTWU = 1,     /* sched_ttwu_pending: one entry for a whole batch */
	IPI_CALL_IRQ_WORK = 2, /* queued by irq_work_queue_on(): no function event at all */
	IPI_CALL_NAMED = 3,    /* of a send: func is the call's function, told by a probe */
};

/* common_flags of the kernel's trace_entry (include/linux/trace_events.h). */
#define IPI_FLAG_IRQS_OFF 0x01
#define IPI_FLAG_HARDIRQ  0x08
#define IPI_FLAG_SOFTIRQ  0x10
#define IPI_FLAG_NMI	  0x40

#define IPI_LOST_UNKNOWN  UINT64_MAX /* events are missing, nobody knows how many */
#define IPI_IDLE_LEFT	  UINT32_MAX /* PWR_EVENT_EXIT of the kernel */
#define IPI_STACK_NONE	  0u	     /* no stack was recorded with this event */

/*
 * Fields that go together into a span lie together, so that they move in wide
 * loads and stores. mask_words, mask and lost hold nothing but in their own types,
 * nor does csd in those that have a mask.
 */
struct ipi_event {
	uint64_t ts_ns;
	uint32_t cpu;	   /* recording CPU */
	uint32_t target;   /* SEND_CPU, QUEUE, WAKE_NO_IPI; else 0 */
	int32_t pid;	   /* task that was current on it */
	uint32_t stack;	   /* interned kernel stack (decoder_stack()), IPI_STACK_NONE */
	uint64_t callsite; /* return address in the sender; 0 = not in the event */
	uint64_t func;	   /* callback of a send, function of a call; 0 = NULL */
	union {
		uint64_t csd;	      /* call-single-data; 0 = NULL: local run */
		const uint64_t *mask; /* SEND_MASK: 64 CPUs a word, host order; lives as long as the batch */
	};
	uint8_t type;	   /* enum ipi_event_type */
	uint8_t class;	   /* enum ipi_class; sends and interrupts */
	uint8_t call_kind; /* enum ipi_call_kind; queue and function events, named sends */
	uint8_t flags;	   /* IPI_FLAG_*, as recorded */
	union {
		uint32_t mask_words; /* SEND_MASK: length of mask */
		int32_t wakee; /* SEND_CPU, QUEUE, WAKE, where wake-ups are in the file: for the sake of this task */
	};
	union {
		uint64_t lost;	  /* LOST: events missing, or IPI_LOST_UNKNOWN */
		uint64_t sent_ns; /* sends, QUEUE, WAKE: behind the unwinding of its stack; 0 = it has none */
	};
};
_Static_assert(sizeof(struct ipi_event) == 64, "threads hand them over by lines of the cache");

static inline bool ipi_class_is_call(unsigned int class)
{
	return class == IPI_CLASS_CALL_SINGLE || class == IPI_CLASS_CALL;
}

static inline bool ipi_event_is_send(const struct ipi_event *ev)
{
	return ev->type == IPI_EV_SEND_CPU || ev->type == IPI_EV_SEND_MASK;
}

/* Context levels of one CPU: an interrupt may queue and send between a task's queue event and its send. */
enum ipi_level { IPI_LEVEL_TASK, IPI_LEVEL_SOFTIRQ, IPI_LEVEL_HARDIRQ, IPI_LEVEL_NMI, IPI_NR_LEVELS };

/* Who does something at a level: the first four are the levels, of which the task's is the idle loop's, too. */
enum ipi_context {
	IPI_CONTEXT_TASK = IPI_LEVEL_TASK,
	IPI_CONTEXT_SOFTIRQ = IPI_LEVEL_SOFTIRQ,
	IPI_CONTEXT_HARDIRQ = IPI_LEVEL_HARDIRQ,
	IPI_CONTEXT_NMI = IPI_LEVEL_NMI,
	IPI_CONTEXT_IDLE,
	IPI_NR_CONTEXTS
};
/* "softirq" */
const char *ipi_context_name(unsigned int context);

/* The innermost that IPI_FLAG_* name; a table, because it is asked for several times an event. */
static inline enum ipi_level ipi_flags_level(uint8_t flags)
{
	static const uint8_t levels[] = {
		[IPI_FLAG_HARDIRQ >> 3] = IPI_LEVEL_HARDIRQ,
		[IPI_FLAG_SOFTIRQ >> 3] = IPI_LEVEL_SOFTIRQ,
		[(IPI_FLAG_HARDIRQ | IPI_FLAG_SOFTIRQ) >> 3] = IPI_LEVEL_HARDIRQ,
		[IPI_FLAG_NMI >> 3] = IPI_LEVEL_NMI,
		[(IPI_FLAG_NMI | IPI_FLAG_HARDIRQ) >> 3] = IPI_LEVEL_NMI,
		[(IPI_FLAG_NMI | IPI_FLAG_SOFTIRQ) >> 3] = IPI_LEVEL_NMI,
		[(IPI_FLAG_NMI | IPI_FLAG_HARDIRQ | IPI_FLAG_SOFTIRQ) >> 3] = IPI_LEVEL_NMI,
	};

	return levels[(flags & (IPI_FLAG_NMI | IPI_FLAG_HARDIRQ | IPI_FLAG_SOFTIRQ)) >> 3];
}

static inline enum ipi_level ipi_event_level(const struct ipi_event *ev)
{
	return ipi_flags_level(ev->flags);
}

#endif
