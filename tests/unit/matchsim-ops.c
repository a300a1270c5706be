// SPDX-License-Identifier: GPL-2.0-only
/*
 * matchsim-ops.c - what the sources of matchsim.h do: queue, add, send, wait
 */
#include <stdlib.h>
#include <string.h>

#include "matchsim-priv.h"

uint64_t sim_rnd(struct machine *ma)
{
	/* xorshift64*: any seed but 0 */
	ma->rng ^= ma->rng >> 12;
	ma->rng ^= ma->rng << 25;
	ma->rng ^= ma->rng >> 27;
	return ma->rng * 2685821657736338717ull >> 16;
}

bool sim_chance(struct machine *ma, unsigned int pct)
{
	return sim_rnd(ma) % 100 < pct;
}

bool sim_may(const struct machine *ma, unsigned int feature)
{
	return ma->sim->config.features & feature;
}

static void *grow(void *array, unsigned int nr, unsigned int *cap, size_t size)
{
	if (nr < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 512;
	array = realloc(array, *cap * size);
	if (!array)
		abort();
	return array;
}

/* --- events and truth --- */

struct ipi_event *sim_stamp(struct machine *ma, unsigned int cpu, unsigned int type)
{
	const struct cpu *c = &ma->cpus[cpu];
	const struct frame *top = c->depth ? &c->stack[c->depth - 1] : NULL;
	struct sim *sim = ma->sim;
	struct ipi_event *ev;
	unsigned int cap = sim->cap_events;

	sim->events = grow(sim->events, sim->nr_events, &sim->cap_events, sizeof(*sim->events));
	sim->masks = grow(sim->masks, sim->nr_events, &cap, sizeof(*sim->masks));
	ev = &sim->events[sim->nr_events];
	sim->masks[sim->nr_events++] = 0;
	memset(ev, 0, sizeof(*ev));
	ev->ts_ns = ma->now;
	ev->type = (uint8_t)type;
	ev->cpu = cpu;
	ev->pid = (int32_t)cpu + 100;
	if (top && top->hardirq)
		ev->flags |= IPI_FLAG_HARDIRQ;
	if (top && top->softirq)
		ev->flags |= IPI_FLAG_SOFTIRQ;
	if (top && !top->irqs_on)
		ev->flags |= IPI_FLAG_IRQS_OFF;
	return ev;
}

static int new_hit(struct machine *ma, unsigned int source, uint32_t target, unsigned int class, uint64_t csd)
{
	struct sim *sim = ma->sim;
	struct sim_hit *h;

	sim->hits = grow(sim->hits, sim->nr_hits, &sim->cap_hits, sizeof(*sim->hits));
	h = &sim->hits[sim->nr_hits];
	*h = (struct sim_hit){
		.send_ns = ma->now,
		.sent_ns = ma->now,
		.entry_ns = IPI_NO_TIME,
		.csd = csd,
		.source = source,
		.target = target,
		.class = (uint8_t) class,
		.outcome = IPI_IN_FLIGHT,
		.next = SIM_NOBODY,
	};
	sim->totals.hits++;
	return (int)sim->nr_hits++;
}

/* The write to the interrupt controller. */
void sim_request(struct machine *ma, int hit, uint32_t target, unsigned int class)
{
	struct cpu *t = &ma->cpus[target];

	if (!t->pending[class]) {
		t->pending[class] = true;
		t->request[class] = t->request_tail[class] = hit;
	} else if (hit != SIM_NOBODY) {
		if (t->request[class] == SIM_NOBODY)
			t->request[class] = hit; /* an untraced request was first */
		else
			ma->sim->hits[t->request_tail[class]].next = hit;
		t->request_tail[class] = hit;
	}
}

/* Entry event of an accepted interrupt: its hits get to know. */
void sim_answer(struct machine *ma, struct frame *f)
{
	struct sim *sim = ma->sim;
	bool first = true;

	sim->totals.interrupts++;
	if (f->request == SIM_NOBODY)
		sim->totals.unsolicited++;
	for (int h = f->request; h != SIM_NOBODY; h = sim->hits[h].next) {
		sim->hits[h].entry_ns = ma->now;
		sim->hits[h].outcome = first ? IPI_DELIVERED : IPI_COALESCED;
		if (first)
			sim->totals.delivered++;
		else
			sim->totals.coalesced++;
		first = false;
	}
}

/* --- frames --- */

struct frame *sim_push(struct machine *ma, unsigned int cpu, enum frame_kind kind)
{
	struct cpu *c = &ma->cpus[cpu];
	struct frame *below = c->depth ? &c->stack[c->depth - 1] : NULL;
	struct frame *f = &c->stack[c->depth++];

	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->irqs_on = !below || below->irqs_on;
	f->hardirq = below && below->hardirq;
	f->softirq = ma->softirq || (below && below->softirq);
	f->head = SIM_NOBODY;
	return f;
}

void sim_pop(struct cpu *c)
{
	c->depth--;
}

static struct sim_csd *free_csd(struct machine *ma, struct sim_csd *pool, unsigned int nr)
{
	struct sim_csd *c = &pool[sim_rnd(ma) % nr];

	return c->locked || c->held ? NULL : c;
}

static bool pick_target(struct machine *ma, unsigned int cpu, uint32_t *target)
{
	*target = (uint32_t)(sim_rnd(ma) % ma->sim->config.nr_cpus);
	return *target != cpu && ma->cpus[*target].online && !ma->cpus[*target].dying;
}

enum match_waits sim_waits(void *ctx, const struct ipi_span *call)
{
	(void)ctx;
	if (call->func & FUNC_ASYNC)
		return MATCH_WAITS_UNKNOWN;
	return call->callsite & 0x100 ? MATCH_WAITS_ALWAYS : MATCH_WAITS_HERE;
}

/* Choose csds of a call operation; false: busy, the operation does not take place. */
static bool setup_call(struct machine *ma, unsigned int cpu, struct frame *f)
{
	struct cpu *c = &ma->cpus[cpu];

	f->func = 0xf000 + sim_rnd(ma) % NR_FUNCS * 0x10 + (f->flavour == FL_ASYNC ? FUNC_ASYNC : 0);
	f->site = f->flavour == FL_MANY ? 0xa100 : f->flavour == FL_TTWU ? 0xa200 : 0xa300;
	if (f->flavour == FL_MANY) {
		for (uint32_t t = 0; t < ma->sim->config.nr_cpus; t++) {
			if (t == cpu || !ma->cpus[t].online || ma->cpus[t].dying || sim_chance(ma, 35))
				continue;
			if (c->cfd[t].locked)
				return false;
			f->targets[f->nr] = t;
			f->csds[f->nr++] = &c->cfd[t];
		}
		return f->nr;
	}
	if (!pick_target(ma, cpu, &f->targets[0]))
		return false;
	f->nr = 1;
	switch (f->flavour) {
	case FL_SYNC:
		f->csds[0] = free_csd(ma, ma->stack_csds, NR_STACK_CSDS);
		break;
	case FL_ASYNC:
		f->csds[0] = c->own.locked ? NULL : &c->own;
		break;
	case FL_TTWU:
		f->csds[0] = free_csd(ma, ma->tasks, NR_TASKS);
		f->func = 0xf100;
		break;
	default:
		f->csds[0] = free_csd(ma, ma->works, NR_WORKS);
		f->func = 0xf200;
		break;
	}
	return f->csds[0];
}

static bool start_call(struct machine *ma, unsigned int cpu)
{
	struct frame *f = sim_push(ma, cpu, F_CALL);
	static const struct {
		unsigned int feature;
		enum flavour flavour;
	} menu[] = {
		{ SIM_SINGLE, FL_SYNC }, { SIM_ASYNC, FL_ASYNC },      { SIM_MANY, FL_MANY },
		{ SIM_TTWU, FL_TTWU },	 { SIM_IRQ_WORK_ON, FL_WORK },
	};
	unsigned int i = (unsigned int)(sim_rnd(ma) % 5);
	/* Whoever waits for a call must be open to interrupts and in task context. */
	bool nested = f->hardirq || f->softirq || !f->irqs_on;

	f->flavour = menu[i].flavour;
	if (!sim_may(ma, menu[i].feature) || (nested && (i == 0 || i == 2)) || !setup_call(ma, cpu, f)) {
		sim_pop(&ma->cpus[cpu]);
		return false;
	}
	if (!nested && f->flavour != FL_SYNC && f->flavour != FL_MANY)
		f->irqs_on = sim_chance(ma, 50);
	for (i = 0; i < f->nr; i++)
		f->csds[i]->locked = f->csds[i]->held = true;
	return true;
}

bool sim_start_op(struct machine *ma, unsigned int cpu)
{
	struct frame *f;
	uint32_t target;

	/* The others may still interrupt themselves. */
	switch (sim_may(ma, SIM_ONE_SOURCE) && cpu ? 1 : sim_rnd(ma) % 4) {
	case 0:
		if (!sim_may(ma, SIM_RESCHED) || !pick_target(ma, cpu, &target))
			return false;
		f = sim_push(ma, cpu, F_RESCHED);
		f->target = target;
		return true;
	case 1:
		if (!sim_may(ma, SIM_IRQ_WORK) || !sim_chance(ma, 30))
			return false;
		sim_push(ma, cpu, F_SELF_WORK);
		return true;
	default:
		return start_call(ma, cpu);
	}
}

/* The stack of the event just stamped, now and then: what the event is about waits for it. */
static bool start_unwinding(struct machine *ma, struct frame *f)
{
	f->event = ma->sim->nr_events - 1;
	f->unwind = sim_may(ma, SIM_STACKS) && sim_chance(ma, 60) ? 1 + (unsigned int)(sim_rnd(ma) % 12) : 0;
	return f->unwind;
}

/* The ICR write of the hits just sent: now, or after a while. */
static void write_hits(struct machine *ma, struct frame *f)
{
	f->delay = sim_chance(ma, ma->sim->config.late_pct) ? 1 + (unsigned int)(sim_rnd(ma) % 12) : 0;
	for (unsigned int i = 0; i < f->nr_hits; i++) {
		struct sim_hit *h = &ma->sim->hits[f->hits[i]];

		if (f->delay) {
			h->late = true;
			ma->sim->totals.late++;
		} else {
			sim_request(ma, f->hits[i], h->target, h->class);
		}
	}
	if (!f->delay)
		f->nr_hits = 0;
}

static void send_hits(struct machine *ma, struct frame *f)
{
	f->delay = 0;
	if (!start_unwinding(ma, f))
		write_hits(ma, f);
}

/* True when nothing is left to write. */
bool sim_write_late(struct machine *ma, struct frame *f)
{
	if (f->delay && --f->delay)
		return false;
	for (unsigned int i = 0; i < f->nr_hits; i++)
		sim_request(ma, f->hits[i], ma->sim->hits[f->hits[i]].target, ma->sim->hits[f->hits[i]].class);
	f->nr_hits = 0;
	return true;
}

static void queue_event(struct machine *ma, unsigned int cpu, struct frame *f)
{
	struct ipi_event *ev = sim_stamp(ma, cpu, IPI_EV_QUEUE);
	struct sim *sim = ma->sim;
	struct sim_call *call;

	ev->target = f->targets[f->at];
	ev->callsite = f->site;
	ev->func = f->func;
	ev->csd = f->csds[f->at]->addr;
	ev->class = IPI_CLASS_CALL_SINGLE;
	ev->call_kind = f->flavour == FL_TTWU ? IPI_CALL_TTWU :
			f->flavour == FL_WORK ? IPI_CALL_IRQ_WORK :
						IPI_CALL_PLAIN;
	sim->calls = grow(sim->calls, sim->nr_calls, &sim->cap_calls, sizeof(*sim->calls));
	call = &sim->calls[sim->nr_calls];
	*call = (struct sim_call){
		.queue_ns = ma->now,
		.run_ns = IPI_NO_TIME,
		.entry_ns = IPI_NO_TIME,
		.done_ns = IPI_NO_TIME,
		.from_ns = IPI_NO_TIME,
		.op = f->at ? (unsigned int)f->calls[0] : sim->nr_calls,
		.csd = ev->csd,
		.func = f->func,
		.source = cpu,
		.target = ev->target,
		.kind = ev->call_kind,
		.path = IPI_PATH_RIDER,
		.object = f->csds[f->at],
		.sync = f->flavour == FL_SYNC || f->flavour == FL_MANY,
	};
	f->told = sim->nr_events - 1;
	f->calls[f->at] = (int)sim->nr_calls++;
	sim->totals.calls++;
}

/* llist_add(); remembers the targets whose list was empty. */
static void llist_add(struct machine *ma, struct frame *f)
{
	struct cpu *t = &ma->cpus[f->targets[f->at]];

	if (t->nr_queue == MAX_BATCH)
		abort(); /* csds are too few for that */
	t->queue[t->nr_queue++] = f->calls[f->at];
	if (t->nr_queue == 1) {
		f->mask |= 1ull << f->targets[f->at];
		f->head = f->calls[f->at];
		ma->sim->calls[f->head].path = IPI_PATH_SENT;
	}
	f->at++;
}

void sim_send_single(struct machine *ma, unsigned int cpu, struct frame *f, uint32_t target, unsigned int class)
{
	bool call = ipi_class_is_call(class);
	struct ipi_event *ev = sim_stamp(ma, cpu, IPI_EV_SEND_CPU);

	ev->target = target;
	ev->class = (uint8_t) class;
	ev->callsite = call ? f->site : 0xa400;
	ev->func = call ? 0xf900 : class == IPI_CLASS_IRQ_WORK ? 0xf300 : 0;
	f->hits[0] = new_hit(ma, cpu, target, class, call ? ma->sim->calls[f->head].csd : 0);
	f->nr_hits = 1;
	send_hits(ma, f);
}

static void send_mask(struct machine *ma, unsigned int cpu, struct frame *f)
{
	struct ipi_event *ev = sim_stamp(ma, cpu, IPI_EV_SEND_MASK);

	ev->class = IPI_CLASS_CALL;
	ev->callsite = f->site;
	ev->func = 0xf900;
	ev->mask_words = 1;
	ma->sim->masks[ma->sim->nr_events - 1] = f->mask;
	for (unsigned int i = 0; i < f->nr; i++)
		if (f->mask >> f->targets[i] & 1)
			f->hits[f->nr_hits++] = new_hit(ma, cpu, f->targets[i], IPI_CLASS_CALL, f->csds[i]->addr);
	send_hits(ma, f);
}

enum { CALL_QUEUE, CALL_ADD, CALL_SEND, CALL_WAKE, CALL_WRITE, CALL_WAIT };

static void step_send(struct machine *ma, unsigned int cpu, struct frame *f)
{
	unsigned int heads = (unsigned int)__builtin_popcountll(f->mask);
	uint32_t target = heads ? (uint32_t)__builtin_ctzll(f->mask) : 0;

	f->pc = CALL_WRITE;
	if (heads && !ma->cpus[target].polling)
		f->told = ma->sim->nr_events;
	if (heads > 1) {
		f->told = ma->sim->nr_events;
		send_mask(ma, cpu, f);
	} else if (heads && ma->cpus[target].polling) {
		ma->cpus[target].need_resched = true;
		ma->sim->calls[f->head].path = IPI_PATH_POLLED;
		ma->sim->totals.polled++;
		f->target = target;
		f->pc = CALL_WAKE;
	} else if (heads) {
		sim_send_single(ma, cpu, f, target, IPI_CLASS_CALL_SINGLE);
	}
}

static uint64_t sent_ns(const struct ipi_event *ev)
{
	return ev->sent_ns ? ev->sent_ns : ev->ts_ns;
}

void sim_step_call(struct machine *ma, unsigned int cpu, struct frame *f)
{
	struct cpu *c = &ma->cpus[cpu];

	switch (f->pc) {
	case CALL_QUEUE:
		queue_event(ma, cpu, f);
		f->pc = CALL_ADD;
		if (start_unwinding(ma, f) || sim_may(ma, SIM_LATE_ADD))
			return;
		/* fall through */
	case CALL_ADD:
		llist_add(ma, f);
		f->pc = f->at < f->nr ? CALL_QUEUE : CALL_SEND;
		return;
	case CALL_SEND:
		step_send(ma, cpu, f);
		return;
	case CALL_WAKE:
		sim_stamp(ma, cpu, IPI_EV_WAKE_NO_IPI)->target = f->target;
		f->pc = CALL_WRITE;
		return;
	case CALL_WRITE:
		if (!sim_write_late(ma, f))
			return;
		for (unsigned int i = 0; i < f->nr; i++) {
			ma->sim->calls[f->calls[i]].from_ns = sent_ns(&ma->sim->events[f->told]);
			ma->sim->calls[f->calls[i]].told_ns = ma->sim->events[f->told].ts_ns;
		}
		f->pc = CALL_WAIT;
		return;
	default:
		for (unsigned int i = 0; i < f->nr; i++)
			if ((f->flavour == FL_SYNC || f->flavour == FL_MANY) && f->csds[i]->locked &&
			    ma->cpus[f->targets[i]].online)
				return;
		for (unsigned int i = 0; i < f->nr; i++)
			f->csds[i]->held = false;
		sim_pop(c);
	}
}

/* A step of unwinding; the last one does what waited for it. */
void sim_unwind(struct machine *ma, unsigned int cpu, struct frame *f)
{
	if (--f->unwind)
		return;
	ma->sim->events[f->event].sent_ns = ma->now;
	for (unsigned int i = 0; i < f->nr_hits; i++)
		ma->sim->hits[f->hits[i]].sent_ns = ma->now;
	write_hits(ma, f);
	if (f->kind == F_CALL && f->pc == CALL_ADD && !sim_may(ma, SIM_LATE_ADD))
		sim_step_call(ma, cpu, f);
}

void sim_step_resched(struct machine *ma, unsigned int cpu, struct frame *f)
{
	struct cpu *t = &ma->cpus[f->target];

	switch (f->pc) {
	case 0:
		f->pc = 2;
		if (sim_may(ma, SIM_WAKE) && t->polling) {
			t->need_resched = true;
			f->pc = 1;
		} else {
			sim_send_single(ma, cpu, f, f->target, IPI_CLASS_RESCHEDULE);
		}
		return;
	case 1:
		sim_stamp(ma, cpu, IPI_EV_WAKE_NO_IPI)->target = f->target;
		ma->sim->totals.wakes++;
		f->pc = 2;
		return;
	default:
		if (!sim_write_late(ma, f))
			return;
		if (sim_chance(ma, 50) && !f->hardirq) /* a storm: once more to the same CPU */
			f->pc = t->online && !t->dying ? 0 : 3;
		else
			sim_pop(&ma->cpus[cpu]);
	}
}
