/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * matchsim-priv.h - inside of the machine of matchsim.h
 *
 * Every CPU has a stack of frames: what it does, interrupted by what, each a
 * little program that advances by one step at a time. A step stamps at most
 * one event.
 */
#ifndef IPITRACE_TESTS_UNIT_MATCHSIM_PRIV_H
#define IPITRACE_TESTS_UNIT_MATCHSIM_PRIV_H

#include "matchsim.h"

#define MAX_DEPTH     12
#define MAX_BATCH     64
#define NR_STACK_CSDS 6
#define NR_TASKS      6
#define NR_WORKS      4
#define NR_FUNCS      5
#define FUNC_ASYNC    8 /* of functions that nobody waits for */

enum frame_kind { F_CALL, F_RESCHED, F_SELF_WORK, F_LOCAL, F_HANDLER, F_DRAIN, F_IDLE_OFF };
enum flavour { FL_SYNC, FL_ASYNC, FL_MANY, FL_TTWU, FL_WORK };

struct sim_csd {
	uint64_t addr;
	bool locked;
	bool held; /* lives on the stack of a caller who has not returned */
};

struct frame {
	enum frame_kind kind;
	unsigned int pc;
	bool irqs_on, hardirq, softirq;
	unsigned int unwind; /* steps until its last event's stack is there */
	unsigned int event;  /* which that is */
	enum flavour flavour;
	/* F_CALL */
	uint32_t targets[SIM_MAX_CPUS];
	struct sim_csd *csds[SIM_MAX_CPUS];
	int calls[SIM_MAX_CPUS];
	unsigned int nr, at, delay;
	uint64_t func, site, mask;
	int head; /* call that found its queue empty last */
	uint32_t target;
	unsigned int told; /* the last event of the operation itself: its sender waits from then on */
	int hits[SIM_MAX_CPUS];
	unsigned int nr_hits;
	/* F_HANDLER */
	unsigned int class;
	int request; /* chain of hits */
	uint64_t entry_ns;
	/* F_DRAIN */
	int batch[MAX_BATCH];
	unsigned int nr_batch, done;
};

struct cpu {
	struct frame stack[MAX_DEPTH];
	unsigned int depth, weight;
	bool online, dying, polling, need_resched;
	bool pending[IPI_NR_CLASSES];
	int request[IPI_NR_CLASSES], request_tail[IPI_NR_CLASSES];
	int queue[MAX_BATCH];
	unsigned int nr_queue;
	struct sim_csd own;		  /* csd_data: asynchronous calls */
	struct sim_csd cfd[SIM_MAX_CPUS]; /* cfd_data.csd, one a target */
};

struct machine {
	struct sim *sim;
	struct cpu cpus[SIM_MAX_CPUS];
	struct sim_csd stack_csds[NR_STACK_CSDS], tasks[NR_TASKS], works[NR_WORKS];
	uint64_t rng, now;
	unsigned int ops_left;
	bool offline_done;
	bool softirq; /* what starts now does so in a softirq */
};

/* matchsim-ops.c */
uint64_t sim_rnd(struct machine *ma);
bool sim_chance(struct machine *ma, unsigned int pct);
bool sim_may(const struct machine *ma, unsigned int feature);
struct ipi_event *sim_stamp(struct machine *ma, unsigned int cpu, unsigned int type);
void sim_request(struct machine *ma, int hit, uint32_t target, unsigned int class);
struct frame *sim_push(struct machine *ma, unsigned int cpu, enum frame_kind kind);
void sim_pop(struct cpu *c);
bool sim_start_op(struct machine *ma, unsigned int cpu);
void sim_send_single(struct machine *ma, unsigned int cpu, struct frame *f, uint32_t target, unsigned int class);
void sim_unwind(struct machine *ma, unsigned int cpu, struct frame *f);
bool sim_write_late(struct machine *ma, struct frame *f);
void sim_answer(struct machine *ma, struct frame *f);
void sim_step_call(struct machine *ma, unsigned int cpu, struct frame *f);
void sim_step_resched(struct machine *ma, unsigned int cpu, struct frame *f);

#endif
