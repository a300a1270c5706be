// SPDX-License-Identifier: GPL-2.0-only
/*
 * matchsim.c - the machine of matchsim.h: targets, and what a recording loses
 *
 * Which CPU steps next is drawn by weights that change, so that now one CPU
 * hardly moves while others storm it, now another.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "matchsim-priv.h"

/* --- drain --- */

static void take_kind(struct machine *ma, struct cpu *c, struct frame *f, int want)
{
	for (unsigned int i = 0; i < c->nr_queue; i++) {
		const struct sim_call *call = &ma->sim->calls[c->queue[i]];
		int kind = call->kind == IPI_CALL_TTWU ? 2 : !call->sync;

		if (kind == want)
			f->batch[f->nr_batch++] = c->queue[i];
	}
}

static void run_call(struct machine *ma, struct sim_call *call, uint64_t run_ns, uint64_t entry_ns)
{
	call->ran = true;
	call->run_ns = run_ns;
	call->entry_ns = entry_ns;
	ma->sim->totals.calls_run++;
}

enum { DRAIN_TAKE, DRAIN_UNLOCK, DRAIN_ENTRY, DRAIN_BODY, DRAIN_EXIT };

static void function_event(struct machine *ma, unsigned int cpu, unsigned int type, const struct sim_call *call)
{
	struct ipi_event *ev = sim_stamp(ma, cpu, type);

	ev->func = call->func;
	ev->csd = call->csd;
	ev->call_kind = call->kind;
}

static void drain_entry(struct machine *ma, unsigned int cpu, struct frame *f, uint64_t entry_ns)
{
	struct sim_call *calls = ma->sim->calls;
	struct sim_call *call = &calls[f->batch[f->done]];

	function_event(ma, cpu, IPI_EV_FUNC_ENTRY, call);
	run_call(ma, call, ma->now, entry_ns);
	/* The wake list is one batch with one pair of events. */
	for (unsigned int i = f->done + 1; call->kind == IPI_CALL_TTWU && i < f->nr_batch; i++)
		run_call(ma, &calls[f->batch[i]], ma->now, entry_ns);
}

static void step_drain(struct machine *ma, unsigned int cpu, struct frame *f)
{
	struct cpu *c = &ma->cpus[cpu];
	uint64_t entry_ns = c->depth > 1 && f[-1].kind == F_HANDLER ? f[-1].entry_ns : IPI_NO_TIME;
	struct sim_call *call;

	if (f->pc == DRAIN_TAKE) {
		for (int kind = 0; kind < 3; kind++)
			take_kind(ma, c, f, kind);
		c->nr_queue = 0;
		f->pc = DRAIN_UNLOCK;
		return;
	}
	if (f->done == f->nr_batch) {
		sim_pop(c);
		return;
	}
	call = &ma->sim->calls[f->batch[f->done]];
	switch (f->pc) {
	case DRAIN_UNLOCK:
		f->pc = DRAIN_ENTRY;
		if (call->kind == IPI_CALL_IRQ_WORK) {
			call->object->locked = false;
			run_call(ma, call, IPI_NO_TIME, entry_ns);
			f->done++;
			f->pc = DRAIN_UNLOCK;
		} else if (call->kind == IPI_CALL_PLAIN && !call->sync) {
			call->object->locked = false;
		}
		return;
	case DRAIN_ENTRY:
		drain_entry(ma, cpu, f, entry_ns);
		f->pc = DRAIN_BODY;
		return;
	case DRAIN_BODY:
		f->pc = DRAIN_EXIT;
		for (unsigned int i = f->done; call->kind == IPI_CALL_TTWU && i < f->nr_batch; i++)
			ma->sim->calls[f->batch[i]].object->locked = false;
		if (sim_may(ma, SIM_NEST) && c->depth + 3 < MAX_DEPTH && sim_chance(ma, 25))
			sim_start_op(ma, cpu);
		return;
	default:
		function_event(ma, cpu, IPI_EV_FUNC_EXIT, call);
		call->done_ns = ma->now;
		if (call->kind == IPI_CALL_PLAIN && call->sync)
			call->object->locked = false;
		f->done = call->kind == IPI_CALL_TTWU ? f->nr_batch : f->done + 1;
		f->pc = DRAIN_UNLOCK;
	}
}

static bool accept_interrupt(struct machine *ma, unsigned int cpu)
{
	struct cpu *c = &ma->cpus[cpu];
	struct frame *f;

	if ((c->depth && !c->stack[c->depth - 1].irqs_on) || c->depth + 4 > MAX_DEPTH)
		return false;
	/*
	 * Pending and open to interrupts: it comes before anything else. Which
	 * of several comes first is up to the controller.
	 */
	for (unsigned int i = 0, class = (unsigned int)(sim_rnd(ma) % 4); i < 4; i++) {
		class = (class + 1) % 4;
		if (!c->pending[class])
			continue;
		f = sim_push(ma, cpu, F_HANDLER);
		f->irqs_on = false;
		f->hardirq = true;
		f->class = class;
		f->request = c->request[class];
		c->pending[class] = false;
		c->request[class] = SIM_NOBODY;
		return true;
	}
	return false;
}

static void step_handler(struct machine *ma, unsigned int cpu, struct frame *f)
{
	struct cpu *c = &ma->cpus[cpu];

	switch (f->pc++) {
	case 0:
		f->entry_ns = ma->now;
		sim_stamp(ma, cpu, IPI_EV_IRQ_ENTRY)->class = (uint8_t)f->class;
		sim_answer(ma, f);
		return;
	case 1:
		if (ipi_class_is_call(f->class))
			sim_push(ma, cpu, F_DRAIN);
		return;
	default:
		sim_stamp(ma, cpu, IPI_EV_IRQ_EXIT)->class = (uint8_t)f->class;
		sim_pop(c);
		/* What is pending is accepted on the way out, before anything else. */
		if (accept_interrupt(ma, cpu))
			return;
		if (!sim_may(ma, SIM_NEST) || c->depth + 4 > MAX_DEPTH || !sim_chance(ma, 30))
			return;
		/* Softirqs run on the way out, with interrupts on, and do not nest. */
		if (c->depth && (c->stack[c->depth - 1].softirq || !c->stack[c->depth - 1].irqs_on))
			return;
		ma->softirq = true;
		sim_start_op(ma, cpu);
		ma->softirq = false;
	}
}

static void step_local(struct machine *ma, unsigned int cpu, struct frame *f)
{
	sim_stamp(ma, cpu, f->pc ? IPI_EV_FUNC_EXIT : IPI_EV_FUNC_ENTRY)->func = 0xf400;
	ma->sim->totals.local += !f->pc;
	if (f->pc++)
		sim_pop(&ma->cpus[cpu]);
}

/* Interrupts stay off in front of and behind the drain, as where the idle loop switches to what a call woke. */
static void step_idle_off(struct machine *ma, unsigned int cpu, struct frame *f)
{
	if (f->delay && --f->delay)
		return;
	if (f->pc++) {
		sim_pop(&ma->cpus[cpu]);
		return;
	}
	f->delay = 1 + (unsigned int)(sim_rnd(ma) % 20);
	sim_push(ma, cpu, F_DRAIN);
}

/* --- one CPU, one step --- */

static bool any_pending(const struct cpu *c)
{
	for (int class = 0; class < IPI_NR_CLASSES; ++class)
		if (c->pending[class])
			return true;
	return false;
}

static void step_idle(struct machine *ma, unsigned int cpu)
{
	struct cpu *c = &ma->cpus[cpu];
	struct frame *f;

	if (c->dying) {
		/* Gone once nothing is pending: what is sent later never arrives. */
		if (!any_pending(c)) {
			c->online = false;
			sim_push(ma, cpu, F_DRAIN)->irqs_on = false;
		}
		return;
	}
	if (c->polling && (c->need_resched || sim_chance(ma, 3))) {
		c->polling = c->need_resched = false;
		sim_push(ma, cpu, F_DRAIN)->irqs_on = false;
	} else if (c->polling) {
		return;
	} else if (sim_may(ma, SIM_FLUSH) && sim_chance(ma, 6)) {
		sim_push(ma, cpu, F_DRAIN)->irqs_on = false;
	} else if (sim_may(ma, SIM_IDLE_OFF) && sim_chance(ma, 6)) {
		f = sim_push(ma, cpu, F_IDLE_OFF);
		f->irqs_on = false;
		f->delay = 1 + (unsigned int)(sim_rnd(ma) % 20);
	} else if (sim_may(ma, SIM_POLL) && sim_chance(ma, 6)) {
		c->polling = true;
	} else if (sim_may(ma, SIM_LOCAL) && sim_chance(ma, 10)) {
		f = sim_push(ma, cpu, F_LOCAL);
		f->irqs_on = false;
	} else if (ma->ops_left && sim_chance(ma, 60)) {
		/* Now and then one that cannot start counts too: there may be nobody left to send to. */
		if (sim_start_op(ma, cpu) || sim_chance(ma, 2))
			ma->ops_left--;
	}
}

static void step(struct machine *ma, unsigned int cpu)
{
	struct cpu *c = &ma->cpus[cpu];
	struct frame *f;

	if (!c->online && !c->depth)
		return;
	if (c->online && accept_interrupt(ma, cpu))
		return;
	if (!c->depth) {
		step_idle(ma, cpu);
		return;
	}
	f = &c->stack[c->depth - 1];
	if (f->unwind) {
		sim_unwind(ma, cpu, f);
		return;
	}
	switch (f->kind) {
	case F_CALL:
		sim_step_call(ma, cpu, f);
		break;
	case F_RESCHED:
		sim_step_resched(ma, cpu, f);
		break;
	case F_SELF_WORK:
		if (!f->pc++)
			sim_send_single(ma, cpu, f, cpu, IPI_CLASS_IRQ_WORK);
		else if (sim_write_late(ma, f))
			sim_pop(c);
		break;
	case F_LOCAL:
		step_local(ma, cpu, f);
		break;
	case F_HANDLER:
		step_handler(ma, cpu, f);
		break;
	case F_DRAIN:
		step_drain(ma, cpu, f);
		break;
	case F_IDLE_OFF:
		step_idle_off(ma, cpu, f);
		break;
	}
}

static bool at_rest(const struct machine *ma)
{
	if (ma->ops_left)
		return false;
	for (unsigned int i = 0; i < ma->sim->config.nr_cpus; i++) {
		const struct cpu *c = &ma->cpus[i];

		if (c->depth || (c->online && (c->nr_queue || any_pending(c) || c->need_resched)))
			return false;
	}
	return true;
}

static void machine_init(struct machine *ma, struct sim *sim)
{
	memset(ma, 0, sizeof(*ma));
	ma->sim = sim;
	ma->rng = sim->config.seed * 0x9e3779b97f4a7c15ull | 1;
	ma->now = 1000000;
	ma->ops_left = sim->config.nr_ops;
	for (int i = 0; i < 8; i++)
		sim_rnd(ma);
	for (unsigned int i = 0; i < NR_STACK_CSDS; i++)
		ma->stack_csds[i].addr = 0xc100 + i * 0x20;
	for (unsigned int i = 0; i < NR_TASKS; i++)
		ma->tasks[i].addr = 0xc200 + i * 0x20;
	for (unsigned int i = 0; i < NR_WORKS; i++)
		ma->works[i].addr = 0xc300 + i * 0x20;
	for (unsigned int i = 0; i < SIM_MAX_CPUS; i++) {
		ma->cpus[i].online = true;
		ma->cpus[i].own.addr = 0xd000 + i * 0x1000;
		for (unsigned int k = 0; k < SIM_MAX_CPUS; k++)
			ma->cpus[i].cfd[k].addr = 0xd100 + i * 0x1000 + k * 0x20;
		for (unsigned int k = 0; k < IPI_NR_CLASSES; k++)
			ma->cpus[i].request[k] = ma->cpus[i].request_tail[k] = SIM_NOBODY;
	}
}

/* Things that happen to the machine as a whole. */
static void weather(struct machine *ma, unsigned int tick)
{
	unsigned int nr = ma->sim->config.nr_cpus;
	unsigned int victim = (unsigned int)(sim_rnd(ma) % nr);

	if (tick % 64 == 0)
		for (unsigned int i = 0; i < nr; i++)
			ma->cpus[i].weight = sim_chance(ma, 40) ? 1 : 1 + (unsigned int)(sim_rnd(ma) % 12);
	if (sim_may(ma, SIM_UNTRACED) && ma->ops_left && sim_chance(ma, 1) && ma->cpus[victim].online &&
	    !ma->cpus[victim].dying)
		sim_request(ma, SIM_NOBODY, victim, sim_chance(ma, 50) ? IPI_CLASS_RESCHEDULE : IPI_CLASS_CALL_SINGLE);
	if (sim_may(ma, SIM_HOTPLUG) && !ma->offline_done && ma->ops_left < ma->sim->config.nr_ops / 2 && victim) {
		ma->offline_done = true;
		ma->cpus[victim].dying = true;
		ma->cpus[victim].polling = false;
		ma->cpus[victim].need_resched = false;
	}
}

static unsigned int pick_cpu(struct machine *ma)
{
	unsigned int nr = ma->sim->config.nr_cpus, sum = 0, at;

	for (unsigned int i = 0; i < nr; i++)
		sum += ma->cpus[i].weight;
	assert(sum); /* a machine has CPUs, all of some weight */
	at = (unsigned int)(sim_rnd(ma) % sum);
	for (unsigned int i = 0; i < nr; i++) {
		if (at < ma->cpus[i].weight)
			return i;
		at -= ma->cpus[i].weight;
	}
	return 0;
}

/* --- what a recording does to the truth --- */

static int by_time(const void *a, const void *b)
{
	const struct ipi_event *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	/* the machine gives no stack an id: its field holds the original place here */
	return x->stack < y->stack ? -1 : x->stack > y->stack;
}

static void apply_skew(struct machine *ma)
{
	struct sim *sim = ma->sim;
	uint64_t skew[SIM_MAX_CPUS];

	for (unsigned int i = 0; i < SIM_MAX_CPUS; i++)
		skew[i] = sim_rnd(ma) % (sim->config.skew_ns + 1);
	for (unsigned int i = 0; i < sim->nr_events; i++) {
		sim->events[i].ts_ns += skew[sim->events[i].cpu];
		if (sim->events[i].sent_ns)
			sim->events[i].sent_ns += skew[sim->events[i].cpu];
		sim->events[i].stack = i;
	}
	qsort(sim->events, sim->nr_events, sizeof(*sim->events), by_time);
	for (unsigned int i = 0; i < sim->nr_events; i++)
		sim->events[i].stack = IPI_STACK_NONE;
}

/* A LOST event may vanish in a larger gap; what it lacked is then counted there. A GAP is no record. */
static unsigned int lost_by_dropping(const struct ipi_event *ev)
{
	if (ev->type == IPI_EV_GAP)
		return 0;
	return ev->type == IPI_EV_LOST && ev->lost != IPI_LOST_UNKNOWN ? (unsigned int)ev->lost : 1;
}

/* The stacks that were recorded between two of a CPU's events are lost: their sends seem to have none. */
static void drop_stacks(struct sim *sim, uint32_t cpu, uint64_t from_ns, uint64_t to_ns)
{
	for (unsigned int i = 0; i < sim->nr_events; i++) {
		struct ipi_event *ev = &sim->events[i];

		if (ev->cpu == cpu && ev->type != IPI_EV_LOST && ev->sent_ns >= from_ns && ev->sent_ns <= to_ns)
			ev->sent_ns = 0;
	}
}

/* Drop a run of one CPU's events; LOST takes the place of the last of them. */
static void apply_gap(struct machine *ma)
{
	struct sim *sim = ma->sim;
	uint32_t cpu = (uint32_t)(sim_rnd(ma) % sim->config.nr_cpus);
	unsigned int from = (unsigned int)(sim_rnd(ma) % (sim->nr_events + 1));
	unsigned int want = 1 + (unsigned int)(sim_rnd(ma) % 25), dropped = 0, first = 0, last = 0, to = from;
	bool told = sim_chance(ma, 70); /* a live source learns of a gap only when it is over */

	for (unsigned int i = from; i < sim->nr_events && dropped < want; i++) {
		if (sim->events[i].cpu != cpu)
			continue;
		if (!dropped)
			first = i;
		dropped += lost_by_dropping(&sim->events[i]);
		sim->events[i].type = IPI_EV_NONE;
		last = i;
	}
	if (!dropped)
		return;
	drop_stacks(sim, cpu, sim->events[first].ts_ns, sim->events[last].ts_ns);
	sim->events[last] = (struct ipi_event){
		.type = IPI_EV_LOST,
		.ts_ns = sim->events[last].ts_ns,
		.cpu = cpu,
		.lost = sim_chance(ma, 80) ? dropped : IPI_LOST_UNKNOWN,
	};
	if (told && first != last)
		sim->events[first] = (struct ipi_event){
			.type = IPI_EV_GAP,
			.ts_ns = sim->events[first].ts_ns,
			.cpu = cpu,
		};
	sim->totals.dropped += dropped;
	for (unsigned int i = to = from; i < sim->nr_events; i++)
		if (sim->events[i].type != IPI_EV_NONE)
			sim->events[to++] = sim->events[i];
	sim->nr_events = to;
}

static void settle_totals(struct sim *sim)
{
	for (unsigned int i = 0; i < sim->nr_hits; i++)
		sim->totals.in_flight += sim->hits[i].outcome == IPI_IN_FLIGHT;
	for (unsigned int i = 0; i < sim->nr_calls; i++)
		sim->totals.riders += sim->calls[i].path == IPI_PATH_RIDER;
	/* Pointers only now: the array moved while it grew. Masks moved with no event. */
	for (unsigned int i = 0; i < sim->nr_events; i++)
		if (sim->events[i].type == IPI_EV_SEND_MASK)
			sim->events[i].mask = &sim->masks[i];
}

static void round_down(struct ipi_event *ev, unsigned int tick_ns)
{
	ev->ts_ns -= ev->ts_ns % tick_ns;
	if (ev->type != IPI_EV_LOST) /* which has a count in its place */
		ev->sent_ns -= ev->sent_ns % tick_ns;
}

void sim_run(struct sim *sim, const struct sim_config *config)
{
	struct machine ma;

	memset(sim, 0, sizeof(*sim));
	sim->config = *config;
	machine_init(&ma, sim);
	for (unsigned int tick = 0; !at_rest(&ma); tick++) {
		if (tick > 2000000) {
			sim->stuck = true;
			break;
		}
		weather(&ma, tick);
		ma.now += 1 + sim_rnd(&ma) % 30;
		step(&ma, pick_cpu(&ma));
	}
	settle_totals(sim);
	if (config->skew_ns)
		apply_skew(&ma);
	for (unsigned int i = 0; i < config->gaps; i++)
		apply_gap(&ma);
	for (unsigned int i = 0; config->tick_ns > 1 && i < sim->nr_events; i++)
		round_down(&sim->events[i], config->tick_ns);
}

void sim_free(struct sim *sim)
{
	free(sim->events);
	free(sim->masks);
	free(sim->hits);
	free(sim->calls);
	memset(sim, 0, sizeof(*sim));
}

const struct sim_hit *sim_find_hit(const struct sim *sim, uint64_t send_ns, uint32_t target)
{
	unsigned int lo = 0, hi = sim->nr_hits;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (sim->hits[mid].send_ns < send_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < sim->nr_hits && sim->hits[lo].send_ns == send_ns; lo++)
		if (sim->hits[lo].target == target)
			return &sim->hits[lo];
	return NULL;
}

const struct sim_call *sim_find_call(const struct sim *sim, uint64_t queue_ns, uint32_t target)
{
	unsigned int lo = 0, hi = sim->nr_calls;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (sim->calls[mid].queue_ns < queue_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < sim->nr_calls && sim->calls[lo].queue_ns == queue_ns && sim->calls[lo].target == target ?
		       &sim->calls[lo] :
		       NULL;
}
