/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * match/priv.h - state shared by match/match.c, match/calls.c and match/irqs.c.
 *
 * A *call* lives on two sides at once: on its source in the open op of a
 * context level, until it is known how it travelled (sent, rider, polled); on
 * its target in the (target, csd) fifo, until it ran. It is emitted and freed
 * when both sides are done with it.
 *
 * A *hit* waits on its line, one line per (target CPU, class), for the next
 * handler entry. A *window* is one interrupt with the hits sent since the
 * previous entry of its line.
 *
 * Both take effect at sent_ns, which is behind the unwinding of their stacks: a
 * call is put into its queue then, a hit is written to its interrupt controller.
 * They wait in that order, not in that of their events.
 */
#ifndef IPITRACE_MATCH_PRIV_H
#define IPITRACE_MATCH_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "match/match.h"

/* Of a function and the stack of its sender, whether it is waited for. Direct-mapped, a mere shortcut. */
struct waited {
	uint64_t func, callsite;
	uint32_t stack;
	bool known;
	uint8_t waits; /* enum match_waits */
};
#define WAITED_BITS 8

/* Above any kernel's NR_CPUS (x86 MAXSMP: 8192): a larger number is damage. */
#define MATCH_MAX_CPUS 65536u
/* A chain of windows that could shift is settled as it stands beyond this length. */
#define MATCH_MAX_CHAIN 64
/* A late ICR write is rare, and every window that it is to explain makes a hit ambiguous: not far. */
#define MATCH_MAX_WEAK 8
/* Hits waiting for one interrupt; beyond, the ones behind the first are known to be coalesced. */
#define MATCH_MAX_PENDING 4096
/* Uses of one (target, csd) whose function entry never shows: the oldest is given up. */
#define MATCH_MAX_REUSE 64
/* Without a handler entry to bound it, a drain is taken to begin this long before its first function. */
#define MATCH_DRAIN_NS 5000
/* A request pending when a handler exits is taken right after it, or at the latest when a stolen vCPU runs again. */
#define MATCH_PENDING_NS 10000000
/* A function entry this much before its own queue event is clock skew, not another use of the csd ... */
#define MATCH_SKEW_NS 50000
/* A trace that starts within the queueing of a multicast's calls shows the rest of them in this time. */
#define MATCH_CUT_NS 100000
/* ... but not this soon after the start or a gap, where the queue event may simply be missing. */
#define MATCH_SETTLE_NS 10000000

struct window;
struct hit;

struct call {
	struct ipi_span span;
	struct call *fifo_next;		  /* next use of the same (target, csd) */
	struct call *fifo_last;		  /* of the oldest use: the newest ... */
	struct call *slot_next;		  /* ... what else is in its slot of the table ... */
	uint32_t fifo_nr;		  /* ... and how many uses there are */
	struct call *op_next;		  /* next in the op of its source */
	struct wait *wait;		  /* that it is part of */
	struct call *out_prev, *out_next; /* outstanding calls of the target, in order of sent_ns */
	struct hit *hit;		  /* joined send, until either is emitted */
	uint64_t ran_seq;		  /* window in which it ran; 0 = not yet, or without interrupt */
	uint64_t maybe_ns;		  /* a ttwu batch that ran it if it turns out to be a rider */
	uint64_t maybe_entry_ns;
	uint64_t begin_ns; /* no call from here on down the outstanding was queued earlier */
	bool in_op, path_known, outstanding, final;
	bool doubtful; /* what ran may have been an earlier use of the csd, queued in a gap */
};

struct hit {
	struct ipi_span span;
	struct hit *next;
	struct hit *prev; /* on its line only */
	struct call *call;
	uint64_t ran_seq;  /* window in which the head csd ran; 0 = none */
	uint64_t begin_ns; /* no hit from here on down the line was stamped earlier */
	bool ambiguous;
};

struct window {
	struct window *next;
	struct hit *head, *tail;
	unsigned int nr_hits;
	uint32_t nr_calls; /* functions that ran in it */
	uint64_t seq;
	uint64_t entry_ns, exit_ns;
	uint64_t floor_ns;    /* last event of the CPU before the entry: hits later than that may shift */
	uint64_t returned_ns; /* the CPU, from its last handler, of whatever class */
	uint32_t target;
	int32_t pid;	   /* the interrupted task */
	uint8_t class;	   /* enum ipi_class */
	uint8_t flags;	   /* IPI_FLAG_* of the entry */
	bool in_gap;	   /* a gap may hide its send */
	bool maybe_before; /* it may have been sent before the window of the trace */
	bool tainted;	   /* the previous window's spare may have come before our first hit */
};

/* One interrupt line: (target CPU, class). */
struct line {
	struct hit *head, *tail; /* sent since the last entry, or not yet, in order of sent_ns */
	unsigned int nr;
	unsigned int nr_chain;
	struct window *chain, *chain_tail; /* unsettled: the first has a hit to spare, the others one each */
	bool weak;			   /* the spare can only be late if its ICR write was */
};

/* Queue events of one call operation (smp_call_function_many and the like), not yet closed. */
struct op {
	struct call *head, *tail; /* targets strictly ascend */
	struct call *cursor;	  /* where the search for the next joined target goes on */
	uint64_t callsite, func;
	uint32_t last_target;
};

/* The function that a CPU is running; they do not nest (interrupts are off around them). */
struct running {
	bool active;
	int32_t pid;
	struct call *call; /* NULL: local, or its queue event was not seen */
	uint64_t csd, func, run_ns;
};

/* A function entry without queue event: with skewed clocks that event is still to come. */
struct unqueued {
	uint64_t csd, func, entry_ns;
	uint64_t run_ns : 63, untraced : 1;
};
#define MATCH_NR_UNQUEUED 4

/* An operation of several calls, or without a send, whose sender may wait: until all of them are final. */
struct wait {
	uint64_t from_ns;
	uint64_t done_ns; /* of the last that was done */
	uint32_t nr, nr_open;
	bool doubtful; /* something of it is not exact, or not seen */
};

/* Where the first calls of an operation may be missing, its slowest target may be. */
enum cut { CUT_NOT, CUT_START, CUT_GAP };

struct cpu {
	uint64_t last_ns;   /* stamp of its last event, NMI level aside */
	struct window *win; /* handler now running */
	struct running run;
	struct op ops[IPI_NR_LEVELS];
	union {
		struct {
			uint8_t open_ops;  /* bit per level */
			uint8_t nr_chains; /* lines with an unsettled chain that is not weak */
			uint16_t before;   /* classes of which a send before the window may still be pending */
		};
		uint32_t unsettled; /* one of these */
	};
	bool in_gap; /* its events are missing now: see IPI_EV_GAP */
	uint8_t next_unqueued;
	uint8_t cut;		   /* enum cut: whether the next op whose wait is told may lack its first calls */
	unsigned int nr_irq_works; /* of the outstanding calls: IPI_CALL_IRQ_WORK */
	uint64_t gap_reach_ns;	   /* until then a call may be taken for one that its last gap hides */
	struct call *out_head, *out_tail;
	/* Who sent in task context may wait for this call or struct wait, and has recorded nothing there since. */
	const void *waiting;
	struct unqueued unqueued[MATCH_NR_UNQUEUED];
	uint64_t unqueued_ns; /* run_ns of the last of these */
	struct line lines[IPI_NR_CLASSES];
	uint64_t returned_ns; /* from its last handler */
	uint32_t before_told; /* classes of which that one interrupt was told */
	uint32_t spare;
};
_Static_assert(sizeof(void *) < 8 || sizeof(struct cpu) == 1024, "every event finds its CPU by a shift");

/*
 * (target, csd) -> oldest call, chained by slot_next: not base/hash.h, which never
 * removes, while calls come and go with every event.
 */
struct csd_table {
	struct call **slots;
	unsigned int mask;
	unsigned int shift; /* of a 64-bit product, down to the mask's bits */
	unsigned int used;  /* different keys */
};

/* Fixed-size objects from blocks that are never given back before matcher_free(). */
struct pool {
	size_t size;
	void *free; /* singly linked through the first word */
	void *blocks;
};

struct matcher {
	struct match_config config;
	ipi_span_fn emit;
	void *emit_ctx;
	unsigned int untold; /* bits of enum match_untold */
	struct match_totals totals;
	struct cpu *cpus;
	unsigned int nr_cpus;
	uint64_t seq;	       /* of windows, from 1 */
	unsigned int nr_gaps;  /* CPUs whose stream has a gap now */
	uint64_t gap_reach_ns; /* until then an interrupt may be due to a send that the last gap hides */
	uint64_t start_ns;     /* of the trace */
	uint64_t settled_ns;   /* from here on, unqueued function entries are not due to a missing start */
	bool started, finished;
	struct csd_table csds;
	struct pool calls, hits, windows, waits;
	uint64_t waited_func;  /* the last one that is known to be waited for always */
	struct waited *waited; /* what match_config.waits has said */
};

void pool_grow(struct pool *p);

static inline void *pool_get(struct pool *p)
{
	void *obj;

	if (unlikely(!p->free))
		pool_grow(p);
	obj = p->free;
	p->free = *(void **)obj;
	return obj;
}

static inline void pool_put(struct pool *p, void *obj)
{
	*(void **)obj = p->free;
	p->free = obj;
}

/*
 * A new span about something that this event began; the caller sets what else
 * is known. Field by field: a compound literal would be zeroed as a whole
 * first, with a string instruction that costs more than the matching. Loads
 * before stores: neither struct is known not to overlap the other.
 */
static inline __attribute__((always_inline)) void span_init(struct ipi_span *s, enum ipi_span_kind kind,
							    const struct ipi_event *ev)
{
	const uint32_t cpu = ev->cpu, target = ev->target, stack = ev->stack;
	const uint64_t callsite = ev->callsite, func = ev->func, csd = ev->csd;
	const uint8_t class = ev->class, call_kind = ev->call_kind, level = (uint8_t)ipi_event_level(ev);
	const int32_t pid = ev->pid;

	s->source = cpu;
	s->target = target;
	s->pid = pid;
	s->stack = stack;
	s->callsite = callsite;
	s->func = func;
	s->csd = csd;
	s->nr_targets = 0;
	s->nr_calls = 0;
	s->queue_ns = IPI_NO_TIME;
	s->sent_ns = IPI_NO_TIME;
	s->send_ns = IPI_NO_TIME;
	s->wait_ns = IPI_NO_TIME;
	s->entry_ns = IPI_NO_TIME;
	s->run_ns = IPI_NO_TIME;
	s->done_ns = IPI_NO_TIME;
	s->exit_ns = IPI_NO_TIME;
	s->mask = NULL;
	s->mask_words = 0;
	s->victim_pid = 0;
	s->wakee = 0;
	s->idle = IPI_IDLE_UNKNOWN;
	s->send_id = 0;
	s->irq_id = 0;
	s->kind = kind;
	s->class = class;
	s->outcome = IPI_DELIVERED;
	s->how = IPI_HOW_NONE;
	s->path = IPI_PATH_SENT;
	s->call_kind = call_kind;
	s->level = level;
	s->unsolicited = IPI_SOLICITED;
	s->negative = false;
	s->irq_flags = 0;
	s->wait = IPI_WAIT_NONE;
	s->has_call = false;
}

/*
 * When the send or the queueing really went on: unwinding the stack that goes
 * with its event comes between its stamp and what it does.
 */
static inline uint64_t event_sent_ns(const struct ipi_event *ev)
{
	return ev->sent_ns ? ev->sent_ns : ev->ts_ns;
}

static inline void match_emit(struct matcher *m, const struct ipi_span *span)
{
	m->emit(m->emit_ctx, span);
}

static inline struct line *hit_line(struct matcher *m, const struct hit *h)
{
	return &m->cpus[h->span.target].lines[h->span.class];
}

/* match/calls.c */
void calls_init(struct matcher *m);
void calls_free(struct matcher *m);
void call_queue(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev);
void call_wake(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev);
void call_func_entry(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev);
void call_func_exit(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev);
/* irq_work calls show no function of their own: the handler that drains the queue completes them. */
void call_drain_irq_work(struct matcher *m, struct cpu *cpu, uint64_t until_ns, struct window *win);
/* The open call of this op that the send belongs to, or NULL. */
struct call *call_for_send(struct op *op, uint32_t target, uint64_t callsite);
/* It found the queue empty: it headed a new list, and all behind it are on that, not on the batch before. */
void call_heads_list(struct call *c);
/* The op has had its send or wake-up; whatever is still open in it needed none. stack: that of the send. */
void op_close(struct matcher *m, struct cpu *cpu, unsigned int level, enum ipi_path path, uint32_t stack);
/* The op is over without either; path: IPI_PATH_RIDER, or UNKNOWN. */
void op_lapse(struct matcher *m, struct cpu *cpu, unsigned int level, enum ipi_path path);
/* Most often c is all that there is, its send was just joined, and it has not run yet: there is nothing to decide. */
static inline bool op_is_only(const struct op *op, const struct call *c)
{
	return op->head == c && !c->op_next && !c->final;
}

static inline void op_close_only(struct cpu *cpu, unsigned int level)
{
	struct op *op = &cpu->ops[level];

	cpu->open_ops &= ~(1u << level);
	op->head->in_op = false;
	op->head = op->tail = op->cursor = NULL;
}

/* What waits to run on this CPU, and what it queued. */
void calls_lose_to(struct matcher *m, uint32_t cpu);
void calls_lose_from(struct matcher *m, uint32_t cpu);
void calls_finish(struct matcher *m);

/* The joined send decides the call's path, and whose stack both carry. */
static inline void call_join(struct call *c, struct hit *h)
{
	c->path_known = true;
	c->span.path = IPI_PATH_SENT;
	if (c->maybe_ns)
		call_heads_list(c);
	c->span.class = h->span.class;
	c->span.send_ns = h->span.send_ns;
	if (!c->span.stack)
		c->span.stack = h->span.stack;
	c->hit = h;
	h->call = c;
	h->ran_seq = c->ran_seq;
	h->span.has_call = true;
	h->span.func = c->span.func;
	h->span.callsite = c->span.callsite;
	h->span.csd = c->span.csd;
	h->span.queue_ns = c->span.queue_ns;
	if (c->span.negative) {
		h->ambiguous = true; /* its interrupt is stamped before it: any that follows is another's */
	} else {
		h->span.run_ns = c->span.run_ns;
		h->span.done_ns = c->span.done_ns;
	}
	if (!h->span.stack)
		h->span.stack = c->span.stack;
}

/* match/waits.c: see enum ipi_wait */
/* Only who waits for a call of its own function in task context is told of. */
static inline bool wait_possible(const struct call *c, unsigned int level)
{
	return level == IPI_LEVEL_TASK && c->span.call_kind == IPI_CALL_PLAIN;
}

/* The op is complete; its sender may wait from from_ns on. IPI_NO_TIME: it is not known whether it is complete. */
void wait_begin(struct matcher *m, struct cpu *cpu, struct op *op, uint64_t from_ns);
/* The op had neither a send nor a wake-up of its own, and its sender has gone on. */
void wait_over(struct matcher *m, struct cpu *cpu, struct op *op);
/* c, which is part of a struct wait, is final. */
void wait_leave(struct matcher *m, struct call *c);
/* Whether the function of c is waited for, where it is not the last one that was. */
bool wait_look(struct matcher *m, const struct call *c);
void wait_begin_cut(struct matcher *m, struct cpu *cpu, const struct call *first);

/*
 * An event of the CPU's own: in task context nobody waits there any more. What interrupts record says nothing of it, nor does
 * a wait's own part of the operation, which comes before it, or the wake-up of a buffer's reader, which stands in its send.
 */
static inline void wait_sees(struct cpu *cpu, const struct ipi_event *ev)
{
	if (!(ev->flags & (IPI_FLAG_HARDIRQ | IPI_FLAG_SOFTIRQ | IPI_FLAG_NMI)))
		cpu->waiting = NULL;
}

/* c is all of its op, was sent and is not done: the usual case of wait_begin(). */
static inline void wait_begin_only(struct matcher *m, struct cpu *cpu, struct call *c)
{
	c->span.wait = IPI_WAIT_UNKNOWN;
	c->span.nr_targets = 1;
	cpu->waiting = c;
	if (unlikely(cpu->cut))
		wait_begin_cut(m, cpu, c);
}

/* The wait of c has ended with its function's exit; from_ns: when it began. */
static inline void wait_tell(struct call *c, struct hit *h, uint64_t from_ns)
{
	uint64_t wait_ns = c->span.done_ns > from_ns ? c->span.done_ns - from_ns : 0;

	c->span.wait = IPI_WAIT_KNOWN;
	c->span.wait_ns = wait_ns;
	if (h)
		h->span.wait_ns = wait_ns;
}

/* c is done, and all of its op, and h was sent for it. */
static inline void wait_end_only(struct matcher *m, struct call *c, struct hit *h)
{
	struct cpu *source = &m->cpus[c->span.source];

	if (unlikely(source->waiting != c))
		return;
	source->waiting = NULL;
	if (likely(c->span.func == m->waited_func || wait_look(m, c)))
		wait_tell(c, h, h->span.sent_ns);
}

/* match/irqs.c */
void hit_send(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev);
void hit_send_mask(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev);
void window_open(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev);
void window_exit(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev);
/* The CPU has interrupts on: nothing can be pending, no spare shifts but by a late write. */
void chains_weaken(struct cpu *cpu);
void hits_lose_to(struct matcher *m, uint32_t cpu);
void hits_lose_from(struct matcher *m, uint32_t cpu);
void hits_finish(struct matcher *m);

#endif
