// SPDX-License-Identifier: GPL-2.0-only
/*
 * record/ustack.c - joins sends with samples, has them unwound, and keeps the result as the file has it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "record/ustack.h"
#include "unwind/unwind.h"

/* What is next of a CPU, and the candidate for the send that is looked at. */
struct join_cpu {
	struct userstack_sample next, found;
	bool looked, has_next;
	uint8_t *stack;	   /* found's own */
	uint64_t *chain;   /* the same */
	uint64_t floor_ns; /* a sample before this belongs to an earlier send, or to none */

	/* Where samples follow: the last send, whose sample may turn out to be another's. */
	struct ipi_event last;
	bool has_last, agreed;
	uint32_t last_stack;
	uint64_t *last_counter; /* what is known of it if the sample is its own */
};

struct ustack_join {
	struct userstack *userstack;
	struct unwind *unwind;
	struct ustacks out;
	struct join_cpu *cpus;
	unsigned int nr_cpus;
	bool follow;
	struct err err; /* the first: then nothing more is read */
};

static int64_t realtime_less_monotonic(void)
{
	struct timespec real, mono;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	return (real.tv_sec - mono.tv_sec) * 1000000000LL + real.tv_nsec - mono.tv_nsec;
}

struct ustack_join *ustack_join_new(struct userstack *u, const struct userstack_config *config, unsigned int nr_cpus)
{
	struct ustack_join *j = xcalloc(1, sizeof(*j));

	j->userstack = u;
	j->unwind = unwind_new(realtime_less_monotonic());
	j->nr_cpus = nr_cpus;
	j->follow = userstack_follows(u);
	j->cpus = xcalloc(nr_cpus, sizeof(*j->cpus));
	j->out.mode = config->mode == USERSTACK_FP ? USTACKS_FP : USTACKS_DWARF;
	j->out.stack_bytes = config->mode == USERSTACK_FP ? 0 : config->stack_bytes;
	return j;
}

void ustack_join_free(struct ustack_join *j)
{
	if (!j)
		return;
	for (unsigned int cpu = 0; cpu < j->nr_cpus; cpu++) {
		free(j->cpus[cpu].stack);
		free(j->cpus[cpu].chain);
	}
	free(j->cpus);
	unwind_free(j->unwind);
	ustacks_free(&j->out);
	free(j);
}

/* --- which sample --- */

static bool agrees(const struct userstack_sample *s, const struct ipi_event *ev)
{
	static const uint8_t types[] = {
		[USERSTACK_AT_SEND_CPU] = IPI_EV_SEND_CPU,
		[USERSTACK_AT_SEND_MASK] = IPI_EV_SEND_MASK,
		[USERSTACK_AT_RAISE] = IPI_EV_SEND_MASK,
		[USERSTACK_AT_QUEUE] = IPI_EV_QUEUE,
	};
	return types[s->at] == ev->type && s->trace_pid == ev->pid && s->callsite == ev->callsite &&
	       (s->target == UINT32_MAX || s->target == ev->target);
}

/* Its stack and chain are gone as soon as the next sample is looked at. */
static void keep(struct join_cpu *c)
{
	c->found = c->next;
	if (c->next.stack_len) {
		if (!c->stack)
			c->stack = xmalloc(USERSTACK_BYTES_MAX);
		c->found.stack = memcpy(c->stack, c->next.stack, c->next.stack_len);
	}
	if (c->next.nr_chain) {
		c->chain = xrealloc(c->chain, c->next.nr_chain * sizeof(*c->chain));
		c->found.chain = memcpy(c->chain, c->next.chain, c->next.nr_chain * sizeof(*c->chain));
	}
}

/* c->next is stamped before or at until_ns; it is taken by c->looked = false. */
static bool peek(struct ustack_join *j, unsigned int cpu, uint64_t until_ns)
{
	struct join_cpu *c = &j->cpus[cpu];

	if (!c->looked && !j->err.code)
		c->has_next = userstack_next(j->userstack, cpu, &c->next, &j->err);
	c->looked = true;
	return !j->err.code && c->has_next && c->next.ts_ns <= until_ns;
}

static const struct userstack_sample *sample_of(struct ustack_join *j, struct join_cpu *c, const struct ipi_event *ev)
{
	unsigned int nr = 0;
	bool last = false; /* the one right before the send is it */

	while (peek(j, ev->cpu, ev->ts_ns)) {
		c->looked = false;
		if (c->next.ts_ns < c->floor_ns)
			continue;
		last = agrees(&c->next, ev);
		nr += last;
		if (last)
			keep(c);
	}
	return last && nr == 1 ? &c->found : NULL;
}

/* --- what it says --- */

static void tell_side(struct unwind *u, const struct userstack_side *s)
{
	switch (s->type) {
	case USERSTACK_SNAPSHOT:
		unwind_snapshot(u, s->pid, s->nr_threads, s->text, s->ts_ns);
		break;
	case USERSTACK_MAP:
		unwind_mapped(u, s->pid,
			      &(struct unwind_map){
				      .addr = s->addr,
				      .len = s->len,
				      .offset = s->offset,
				      .ino = s->ino,
				      .dev_major = s->dev_major,
				      .dev_minor = s->dev_minor,
				      .build_id = s->build_id,
				      .build_id_len = s->build_id_len,
				      .name = s->text,
			      },
			      s->ts_ns);
		break;
	case USERSTACK_EXEC:
		unwind_exec(u, s->pid);
		break;
	case USERSTACK_FORK:
		unwind_forked(u, s->pid, s->parent);
		break;
	case USERSTACK_EXIT:
		unwind_exited(u, s->pid);
		break;
	}
}

/* At the time of its send: sends come in order of time, and the side-band is read once. */
static uint32_t unwound(struct ustack_join *j, const struct userstack_sample *s, uint64_t ts_ns)
{
	struct userstack_side side;

	while (userstack_side(j->userstack, ts_ns, &side, &j->err))
		tell_side(j->unwind, &side);
	return unwind_sample(j->unwind, &(struct unwind_sample){
						.pid = s->pid,
						.tid = s->tid,
						.pc = s->pc,
						.sp = s->sp,
						.regs = s->regs,
						.nr_regs = s->nr_regs,
						.stack = s->stack,
						.stack_len = s->stack_len,
						.chain = s->chain,
						.nr_chain = s->nr_chain,
					});
}

/* Which counter it is for; *stack where it is n->framed. */
static uint64_t *judge(struct ustack_join *j, const struct userstack_sample *s, const struct ipi_event *ev,
		       uint32_t *stack)
{
	struct ustacks_counts *n = &j->out.n;

	*stack = UNWIND_NONE;
	if (!s)
		return &n->unsampled;
	/* Worker threads of io_uring and vhost are a process's own, but never were in user mode. */
	if (!s->user || !s->pc)
		return &n->kernel;
	if (s->compat)
		return &n->compat;
	*stack = unwound(j, s, ev->ts_ns);
	return *stack == UNWIND_NONE ? &n->unsampled : &n->framed;
}

static void count(struct ustack_join *j, const struct ipi_event *ev, uint64_t *counter, uint32_t stack)
{
	if (stack != UNWIND_NONE)
		ustacks_add_send(&j->out, ev->cpu, ev->ts_ns, stack);
	if (ipi_event_is_send(ev))
		++*counter;
}

/* The last send's sample is its own if it stands alone before until_ns; 0: nothing is known of that. */
static void settle(struct ustack_join *j, unsigned int cpu, uint64_t until_ns)
{
	struct join_cpu *c = &j->cpus[cpu];
	unsigned int nr = 0;

	if (!j->follow)
		return;
	for (; until_ns && peek(j, cpu, until_ns - 1); c->looked = false)
		nr += c->has_last && c->next.ts_ns >= c->last.ts_ns && agrees(&c->next, &c->last);
	if (!c->has_last)
		return;
	if (nr == 1 && c->agreed)
		count(j, &c->last, c->last_counter, c->last_stack);
	else
		count(j, &c->last, &j->out.n.unsampled, UNWIND_NONE);
	c->has_last = false;
}

/* It is unwound now, while its process is known to be what it was. */
static void begin_send(struct ustack_join *j, const struct ipi_event *ev)
{
	struct join_cpu *c = &j->cpus[ev->cpu];

	c->last = *ev;
	c->has_last = true;
	c->agreed = peek(j, ev->cpu, UINT64_MAX) && agrees(&c->next, ev);
	if (c->agreed)
		c->last_counter = judge(j, &c->next, ev, &c->last_stack);
}

static void of_task(struct ustack_join *j, const struct ipi_event *ev)
{
	struct join_cpu *c = &j->cpus[ev->cpu];
	uint64_t *counter;
	uint32_t stack;

	if (j->follow) {
		settle(j, ev->cpu, ev->ts_ns);
		begin_send(j, ev);
		return;
	}
	counter = judge(j, sample_of(j, c, ev), ev, &stack);
	c->floor_ns = ev->ts_ns;
	count(j, ev, counter, stack);
}

void ustack_join_event(struct ustack_join *j, const struct ipi_event *ev)
{
	struct ustacks_counts *n = &j->out.n;

	if (ev->cpu >= j->nr_cpus)
		return;
	if (ev->type == IPI_EV_LOST) {
		j->cpus[ev->cpu].floor_ns = ev->ts_ns;
		settle(j, ev->cpu, 0);
	}
	if (!ipi_event_is_send(ev) && ev->type != IPI_EV_QUEUE)
		return;
	n->sends += ipi_event_is_send(ev);
	if (ipi_event_level(ev) != IPI_LEVEL_TASK)
		count(j, ev, &n->interrupts, UNWIND_NONE);
	else if (!ev->pid)
		count(j, ev, &n->kernel, UNWIND_NONE);
	else
		of_task(j, ev);
}

/* --- the result --- */

static void copy_names(struct ustacks *out, const struct unwind *u)
{
	out->nr_names = unwind_nr_names(u);
	out->names = xcalloc(out->nr_names + 1, sizeof(*out->names));
	for (uint32_t i = 0; i < out->nr_names; i++)
		out->names[i] = xstrdup(unwind_name(u, i));
	out->nr_frames = unwind_nr_frames(u);
	out->frames = xcalloc(out->nr_frames + 1, sizeof(*out->frames));
	for (uint32_t i = 0; i < out->nr_frames; i++) {
		const struct unwind_frame *f = unwind_frame(u, i);

		out->frames[i] = (struct ustacks_frame){ f->symbol, f->file, f->offset };
	}
	out->nr_stacks = unwind_nr_stacks(u);
	out->stacks = xcalloc(out->nr_stacks + 1, sizeof(*out->stacks));
	for (uint32_t i = 0; i < out->nr_stacks; i++) {
		struct unwind_stack s = unwind_stack(u, i + 1);
		size_t size = s.nr * sizeof(*s.frames);

		out->stacks[i] = (struct ustacks_stack){ memcpy(xmalloc(size), s.frames, size), s.nr };
	}
}

int ustack_join_finish(struct ustack_join *j, struct ustacks *out, struct err *err)
{
	struct userstack_counts n = userstack_counts(j->userstack);

	for (unsigned int cpu = 0; cpu < j->nr_cpus; cpu++)
		settle(j, cpu, UINT64_MAX);
	if (j->err.code) {
		*err = j->err;
		return -1;
	}
	j->out.n.lost = n.lost;
	j->out.n.side_lost = n.side_lost;
	copy_names(&j->out, j->unwind);
	*out = j->out;
	j->out = (struct ustacks){ 0 };
	return 0;
}
