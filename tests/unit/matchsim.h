/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * matchsim.h - a small machine that sends itself IPIs, and knows what became of each.
 *
 * Models what kernel/smp.c and an interrupt controller do as far as a trace
 * can show it: one pending bit per CPU and class beside the interrupt in
 * service, acceptance before the entry event, the llist of calls and its drain
 * order, polling idle, csd reuse, stacks that take time. One seed, one history. Time stamps of
 * different events differ unless tick_ns rounds them.
 */
#ifndef IPITRACE_TESTS_UNIT_MATCHSIM_H
#define IPITRACE_TESTS_UNIT_MATCHSIM_H

#include "match/match.h"

#define SIM_MAX_CPUS 8
#define SIM_NOBODY   (-1)

/* What may happen. */
#define SIM_RESCHED	0x0001	/* reschedules, unthrottled */
#define SIM_SINGLE	0x0002	/* waiting single calls, csd on a stack */
#define SIM_ASYNC	0x0004	/* the source's own csd, unlocked before it runs */
#define SIM_MANY	0x0008	/* multicasts */
#define SIM_TTWU	0x0010	/* wake-ups by the wake list */
#define SIM_IRQ_WORK_ON 0x0020	/* irq_work on another CPU */
#define SIM_IRQ_WORK	0x0040	/* irq_work on this CPU */
#define SIM_POLL	0x0080	/* polling idle */
#define SIM_FLUSH	0x0100	/* queues flushed without an interrupt */
#define SIM_NEST	0x0200	/* functions and softirqs queue and send */
#define SIM_LOCAL	0x0400	/* local runs: events of the target between hits */
#define SIM_LATE_ADD	0x0800	/* a pause between queue event and llist_add */
#define SIM_HOTPLUG	0x1000	/* one CPU goes offline */
#define SIM_WAKE	0x2000	/* resched_curr() of a polling CPU: a wake event without a call */
#define SIM_UNTRACED	0x4000	/* interrupts that no event announces */
#define SIM_ONE_SOURCE	0x8000	/* CPU 0 sends everything */
#define SIM_IDLE_OFF	0x20000 /* idle drains with interrupts off, and keeps them off for a while */
#define SIM_STACKS	0x10000 /* stacks are unwound between the stamp of a send or queue event and its effect */

struct sim_config {
	uint64_t seed;
	unsigned int nr_cpus;
	unsigned int nr_ops; /* operations started, all CPUs together */
	unsigned int features;
	unsigned int late_pct; /* of sends: the ICR is written late */
	unsigned int gaps;     /* chunks of a CPU's events dropped */
	unsigned int skew_ns;  /* clocks differ by up to this */
	unsigned int tick_ns;  /* stamps are rounded down to this, order kept; 0, 1: exact */
};

struct sim_hit {
	uint64_t send_ns, sent_ns, entry_ns, csd;
	uint32_t source, target;
	uint8_t class;
	uint8_t outcome; /* enum ipi_outcome */
	bool late;	 /* written late: its stamp is not its time */
	int next;	 /* in the same request */
};

struct sim_call {
	uint64_t queue_ns, run_ns, entry_ns, csd, func;
	uint64_t done_ns, from_ns; /* its sender may have waited from then on ... */
	uint64_t told_ns;	   /* ... and this is the stamp of the event, before its stack */
	unsigned int op;	   /* the calls of one bear the same number */
	uint32_t source, target;
	uint8_t kind; /* enum ipi_call_kind */
	uint8_t path; /* enum ipi_path */
	bool sync, ran, dropped_queue;
	struct sim_csd *object;
};

struct sim_totals {
	uint64_t hits, delivered, coalesced, in_flight, interrupts, unsolicited, late;
	uint64_t calls, calls_run, riders, polled, wakes, local, dropped;
};

struct sim {
	struct sim_config config;
	struct ipi_event *events; /* in time order, skew and gaps applied */
	uint64_t *masks;	  /* one word an event */
	unsigned int nr_events, cap_events;
	struct sim_hit *hits; /* in order of send_ns as the sources stamped it */
	unsigned int nr_hits, cap_hits;
	struct sim_call *calls;
	unsigned int nr_calls, cap_calls;
	struct sim_totals totals;
	bool stuck; /* did not come to rest: a fault of the generator */
};

/* Runs one history; sim_free() afterwards. */
void sim_run(struct sim *sim, const struct sim_config *config);
void sim_free(struct sim *sim);

/* Whether the senders of this function wait for it. A match_waits_fn. */
enum match_waits sim_waits(void *ctx, const struct ipi_span *call);

/* Truth by key; NULL if there is no such thing. Not valid with skew or tick. */
const struct sim_hit *sim_find_hit(const struct sim *sim, uint64_t send_ns, uint32_t target);
const struct sim_call *sim_find_call(const struct sim *sim, uint64_t queue_ns, uint32_t target);

#endif
