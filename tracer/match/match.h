/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * match/match.h - events in time order in, spans with outcomes out.
 *
 * Pure: no I/O, no library, no symbols, no clock but the events'. One thread.
 * Memory depends on the number of CPUs and on calls outstanding, never on the
 * length of the trace.
 *
 * Conservation, held at every matcher_finish() and shown in every report:
 *	target_hits == delivered + coalesced + in_flight + lost
 *	interrupts  == delivered + unsolicited
 *	calls	    == calls_run + calls_in_flight + calls_lost
 *	delivered   == exact + fifo + ambiguous
 */
#ifndef IPITRACE_MATCH_MATCH_H
#define IPITRACE_MATCH_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"

#define IPI_NO_TIME UINT64_MAX /* a point of a span that does not exist or was not seen */

enum ipi_span_kind {
	IPI_SPAN_SEND = 1,  /* one send event; nr_targets */
	IPI_SPAN_HIT = 2,   /* one (send, target CPU); final outcome */
	IPI_SPAN_CALL = 3,  /* one csd queued for one CPU; final outcome */
	IPI_SPAN_IRQ = 4,   /* one IPI handler run; solicited or not */
	IPI_SPAN_LOCAL = 5, /* function run with csd == NULL: not an IPI */
	IPI_SPAN_TLB = 7,   /* a flush of a TLB, as the kernel tells it: beside the IPIs, part of no total */
	IPI_SPAN_WAKE = 6,  /* wake-up of a polling idle CPU without an IPI and without a call */
};

enum ipi_outcome {
	IPI_DELIVERED = 0, /* hit: caused an interrupt; call: ran */
	IPI_COALESCED = 1, /* hit: its interrupt was already requested */
	IPI_IN_FLIGHT = 2, /* the trace ended first */
	IPI_LOST = 3,	   /* lost events hide the answer */
	IPI_NR_OUTCOMES = 4,
};

/* How a delivery or a completion was decided. */
enum ipi_how {
	IPI_HOW_NONE = 0,
	IPI_HOW_EXACT = 1,     /* csd pointer */
	IPI_HOW_FIFO = 2,      /* order, and only one reading possible */
	IPI_HOW_AMBIGUOUS = 3, /* two readings remain: counted apart from latencies */
};

/* How a call travelled. */
enum ipi_path {
	IPI_PATH_SENT = 0,    /* found the queue empty and sent an IPI of its own */
	IPI_PATH_RIDER = 1,   /* queue was not empty: elided, rides on another's IPI */
	IPI_PATH_POLLED = 2,  /* target polled idle: elided, sched_wake_idle_without_ipi */
	IPI_PATH_UNKNOWN = 3, /* the sender's stream has a gap, or no send events at all */
};

/*
 * Whether a send was seen for an interrupt, and if not, whether lost events may hide it. BEFORE: the trace is a window of
 * something that went on before (match_config.window_ns), and what was sent then may still be pending when it begins: one
 * request a CPU and class, as long as nothing shows that the CPU had interrupts on since, and some ms in any case
 * (MATCH_PENDING_NS). Its interrupt is none of the window's: it is in no total but before_window. AT_START: the same of a
 * trace that is no window, for as many ms at most. Nothing there says that it was sent before: it is unsolicited all the same.
 */
enum ipi_unsolicited {
	IPI_SOLICITED = 0,
	IPI_UNSOLICITED = 1,
	IPI_UNSOLICITED_IN_GAP = 2,
	IPI_UNSOLICITED_BEFORE = 3,
	IPI_UNSOLICITED_AT_START = 4,
};

/* The state of a CPU: not known, in no idle state, or in one of the kernel's numbers from 0 on. */
#define IPI_IDLE_UNKNOWN  0u
#define IPI_IDLE_AWAKE	  1u
#define IPI_IDLE_STATE(n) ((n) + 2u)

/*
 * Whether the sender waited for its call. An operation is one call, or the calls
 * of a multicast. Senders wait in task context only (smp_call_function_many_cond()
 * and smp_call_function_single(), kernel/smp.c, warn elsewhere). Of the calls of
 * an operation that was queued there, one tells of its wait: the last that was
 * done, the slowest target's. No event says whether a sender waits; it is known
 * where match_config.waits says so of the function, every call of the operation
 * was matched by its csd to its end, and the sender recorded nothing in task
 * context from the send to that end.
 */
enum ipi_wait {
	IPI_WAIT_NONE = 0,    /* another call of the operation tells; or nobody can have waited */
	IPI_WAIT_UNKNOWN = 1, /* tells that it is not known; nr_targets: calls of the operation */
	IPI_WAIT_KNOWN = 2,   /* the sender waited wait_ns; nr_targets as above */
};

#define IPI_CALLS_UNKNOWN UINT32_MAX /* the trace has no csd_* events */

/*
 * Everything known of one thing that happened. For HIT and CALL the identity
 * (callsite, func, stack, pid) is the sender's; a hit joined to its call bears
 * the call's function. Points in time are IPI_NO_TIME where they do not exist.
 */
struct ipi_span {
	uint8_t kind;	     /* enum ipi_span_kind */
	uint8_t class;	     /* enum ipi_class; CALL: class of the send it was joined to, else CALL_SINGLE */
	uint8_t call_kind;   /* CALL, LOCAL: enum ipi_call_kind */
	uint8_t level;	     /* enum ipi_level: the sender's context; IRQ, LOCAL: the event's own */
	int32_t victim_pid;  /* HIT with an entry: the task that the interrupt hit (IRQ: pid) */
	uint8_t outcome;     /* enum ipi_outcome */
	uint8_t how;	     /* enum ipi_how */
	uint8_t unsolicited; /* IRQ: enum ipi_unsolicited */
	bool negative;	     /* a point was stamped before its cause: latencies void (clock skew) */
	uint8_t wait;	     /* CALL: enum ipi_wait */
	bool has_call;	     /* HIT: a call was queued for it, whose CALL span has path IPI_PATH_SENT */
	uint8_t irq_flags;   /* IRQ, HIT with an entry: IPI_FLAG_* of the handler's entry; see span_victim() */
	uint8_t path;	     /* CALL: enum ipi_path; TLB: enum tlb_reason */
	uint32_t source;     /* sending CPU; IRQ unsolicited: UINT32_MAX */
	uint32_t target;     /* receiving CPU */
	int32_t pid;	     /* sending task; IRQ, LOCAL: interrupted task */
	uint32_t stack;
	uint64_t callsite;
	uint64_t func; /* real function where joined; 0 for reschedules */
	uint64_t csd;  /* TLB: pages, TLB_PAGES_ALL = everything */
	uint32_t
		nr_targets; /* SEND: hits; IRQ: hits that it answered, coalesced ones included; TLB: CPUs of a hypercall */
	uint32_t nr_calls;    /* IRQ, HIT with an entry: functions that the interrupt ran, or IPI_CALLS_UNKNOWN */
	uint64_t queue_ns;    /* csd_queue_cpu */
	uint64_t sent_ns;     /* HIT, SEND: send_ns or, where a stack was taken, the moment behind its unwinding, from
			       * which delivery counts; CALL: the same of queue_ns */
	uint64_t send_ns;     /* ipi_send_* */
	uint64_t wait_ns;     /* CALL with IPI_WAIT_KNOWN, and the HIT joined to it: from behind the send, or behind
			       * the last queueing where none was needed, to the last function's exit */
	uint64_t entry_ns;    /* handler entry */
	uint64_t run_ns;      /* function entry */
	uint64_t done_ns;     /* function exit */
	uint64_t exit_ns;     /* handler exit */
	int32_t wakee;	      /* HIT, SEND, CALL, WAKE: the task that is woken by it; 0 = nobody, or not known */
	uint32_t idle;	      /* the same, of one target: its state then, IPI_IDLE_*; both by report/beside.h */
	uint64_t send_id;     /* HIT, SEND: serial of the send, from 1 */
	uint64_t irq_id;      /* IRQ: serial, from 1; HIT, CALL: of what answered or ran it; 0 = none */
	const uint64_t *mask; /* SEND: targets, 64 CPUs a word, or NULL when single (then target) */
	uint32_t mask_words;
};

struct match_totals {
	uint64_t events;
	uint64_t sends, target_hits;
	uint64_t sends_to_nobody; /* of the sends: multicasts with an empty mask, which have no hit */
	uint64_t behind_stack;	  /* of the hits: sent_ns is behind a stack, not send_ns itself */
	uint64_t delivered, coalesced, in_flight, lost;
	uint64_t exact, fifo, ambiguous;
	uint64_t interrupts, unsolicited, empty_interrupts;
	uint64_t unsolicited_in_gap;   /* of the unsolicited: lost events may hide their sends */
	uint64_t unsolicited_at_start; /* of the unsolicited: they may have been sent before the trace began */
	uint64_t before_window;	       /* interrupts, none of the above: sent before the window begins */
	uint64_t calls, calls_run, calls_in_flight, calls_lost, ambiguous_calls;
	uint64_t riders, polled, wakes, elided; /* elided == riders + polled + wakes */
	uint64_t path_unknown;			/* calls that are neither, nor known to have been sent */
	uint64_t local_calls;
	uint64_t waits, waits_unknown;	  /* operations by enum ipi_wait; counted by reports, not here */
	uint64_t calls_unqueued_untraced; /* of those: in mid-trace and by no gap, so their sender recorded nothing */
	uint64_t calls_unqueued;	  /* function entries (csd != NULL) whose queue event was not seen */
	uint64_t exits_unentered;	  /* handler or function exits whose entry was not seen */
	uint64_t watched_runs;		  /* function entries (csd != NULL) of match_config.watched_func */
	uint64_t negative;
	uint64_t lost_events; /* sum of known counts */
	bool lost_unknown;    /* and more, nobody knows how many */
	uint64_t interrupts_by_class[IPI_NR_CLASSES];
	uint64_t undelivered[IPI_NR_CLASSES][IPI_NR_OUTCOMES]; /* hits, by enum ipi_outcome; [IPI_DELIVERED] stays 0 */
};

typedef void (*ipi_span_fn)(void *ctx, const struct ipi_span *span);
/* Is it certain that whoever sends this call waits for it? */
enum match_waits {
	MATCH_WAITS_UNKNOWN,
	MATCH_WAITS_HERE,   /* yes, as its function is sent with its stack and from its call site */
	MATCH_WAITS_ALWAYS, /* yes, for its function */
};
/* Asked now and then for the same. */
typedef enum match_waits (*match_waits_fn)(void *ctx, const struct ipi_span *call);
/* Events are missing in this CPU's stream, just before at_ns; lost: how many, IPI_LOST_UNKNOWN, or 0: they came too late. */
typedef void (*match_gap_fn)(void *ctx, uint32_t cpu, uint64_t at_ns, uint64_t lost);

struct match_config {
	unsigned int nr_cpus;  /* one more than the highest CPU number expected; grows by itself */
	bool has_csd;	       /* csd_* events are in the trace */
	bool has_sends;	       /* ipi_send_*, ipi_raise or probes are */
	uint64_t window_ns;    /* the trace is what happened from here on of something longer; 0 = it is not */
	uint64_t watched_func; /* its runs are counted with or without a queue event of theirs; 0 = none */
	ipi_span_fn emit;      /* called for every span, in order of its resolution */
	ipi_span_fn negative;  /* called for a CALL as soon as it is; or NULL */
	match_gap_fn gap;      /* called for every gap, before what it makes lost; or NULL */
	match_waits_fn waits;  /* or NULL: of none */
	void *ctx;
};

struct matcher;

struct matcher *matcher_new(const struct match_config *config);
void matcher_free(struct matcher *m);
/* match_config.window_ns; before the first event. */
void matcher_set_window(struct matcher *m, uint64_t window_ns);
/* Spans that nobody has a use for: they are counted, but neither made nor told. */
enum match_untold {
	MATCH_UNTOLD_LOCAL = 1u << 0,	  /* IPI_SPAN_LOCAL */
	MATCH_UNTOLD_SOLICITED = 1u << 1, /* IPI_SPAN_IRQ with IPI_SOLICITED: its hits are told */
};
/* Spans go there from now on, and not to config.emit, but for those in untold: bits of enum match_untold. */
void matcher_set_emit(struct matcher *m, ipi_span_fn emit, void *ctx, unsigned int untold);
/* Events must come in time order (ties: causes first). */
void matcher_feed(struct matcher *m, const struct ipi_event *ev, unsigned int nr);
/* What a handler interrupted. */
enum ipi_victim {
	IPI_VICTIM_UNKNOWN = 0, /* or nobody */
	IPI_VICTIM_TASK = 1,	/* pid 0: the idle loop */
	IPI_VICTIM_SOFTIRQ = 2, /* which ran on top of that task */
};

/*
 * By the flags of its entry, of which HARDIRQ is the handler's own: other
 * handlers run with interrupts off. What an NMI interrupts its flags do not tell
 * (nmi_enter() counts a hardirq as well).
 */
static inline enum ipi_victim flags_victim(uint8_t irq_flags)
{
	if (irq_flags & IPI_FLAG_NMI)
		return IPI_VICTIM_UNKNOWN;
	return irq_flags & IPI_FLAG_SOFTIRQ ? IPI_VICTIM_SOFTIRQ : IPI_VICTIM_TASK;
}

/* Of an IRQ, of a HIT by its interrupt, of a CALL by the one that ran it, once report/handlers.h has told of that. */
static inline enum ipi_victim span_victim(const struct ipi_span *s)
{
	bool known = s->kind == IPI_SPAN_CALL				? s->irq_id && s->nr_calls :
		     s->kind == IPI_SPAN_HIT || s->kind == IPI_SPAN_IRQ ? s->entry_ns != IPI_NO_TIME :
									  false;

	return known ? flags_victim(s->irq_flags) : IPI_VICTIM_UNKNOWN;
}

/* Who was at work when it was sent or queued. */
static inline enum ipi_context span_context(const struct ipi_span *s)
{
	return s->level == IPI_LEVEL_TASK && !s->pid ? IPI_CONTEXT_IDLE : (enum ipi_context)s->level;
}

/* When it began, which is what spans are put in order by: the first that exists of these. */
static inline uint64_t span_begin_ns(const struct ipi_span *s)
{
	if (s->send_ns != IPI_NO_TIME)
		return s->send_ns;
	if (s->queue_ns != IPI_NO_TIME)
		return s->queue_ns;
	return s->entry_ns != IPI_NO_TIME ? s->entry_ns : s->run_ns;
}

/*
 * No span to come begins before this time, if no event to come is before
 * now_ns. Walks all CPUs: for now and then, not for every event.
 */
uint64_t matcher_settled_ns(const struct matcher *m, uint64_t now_ns);
/* End of trace: everything outstanding becomes in_flight. Idempotent. */
void matcher_finish(struct matcher *m);
const struct match_totals *matcher_totals(const struct matcher *m);
/* The conservation laws; false is a bug of this program. After matcher_finish(). */
bool matcher_conserves(const struct match_totals *t);

#endif
