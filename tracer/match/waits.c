// SPDX-License-Identifier: GPL-2.0-only
/*
 * match/waits.c - how long senders waited for their calls.
 *
 * smp_call_function_single() and smp_call_function_many_cond() (kernel/smp.c)
 * wait for each csd of the operation to be unlocked, which follows its function's
 * exit: in task context, before 7.3 with preemption off. So a sender that waits
 * records nothing in task context from its send to the last function exit, but its
 * own part of the operation, which runs before the wait begins. Since 7.3 it may be
 * preempted while it waits; what others send from its CPU then ends the look-out for
 * its own end, and its wait is not known.
 *
 * A call that is sent alone, as nearly all are, needs no state but cpu.waiting.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "match/priv.h"

static bool done_exactly(const struct call *c)
{
	return c->span.outcome == IPI_DELIVERED && c->span.how == IPI_HOW_EXACT && c->span.done_ns != IPI_NO_TIME &&
	       !c->span.negative;
}

bool wait_look(struct matcher *m, const struct call *c)
{
	uint64_t h = (c->span.func + c->span.callsite + c->span.stack * 0x9e3779b97f4a7c15ULL) * 0xd6e8feb86659fd93ULL;
	struct waited *known = &m->waited[h >> (64 - WAITED_BITS)];

	if (!m->config.waits)
		return false;
	if (!known->known || known->func != c->span.func || known->callsite != c->span.callsite ||
	    known->stack != c->span.stack)
		*known = (struct waited){
			.func = c->span.func,
			.callsite = c->span.callsite,
			.stack = c->span.stack,
			.known = true,
			.waits = (uint8_t)m->config.waits(m->config.ctx, &c->span),
		};
	if (known->waits == MATCH_WAITS_ALWAYS)
		m->waited_func = c->span.func;
	return known->waits != MATCH_WAITS_UNKNOWN;
}

/* One of its calls is final. */
static void wait_count(struct wait *wait, const struct call *c)
{
	if (!done_exactly(c))
		wait->doubtful = true;
	else if (c->span.done_ns > wait->done_ns)
		wait->done_ns = c->span.done_ns;
}

/* c is the last: it tells. */
static void wait_close(struct matcher *m, struct wait *wait, struct call *c, bool confirmed)
{
	/* A call that was sent is told by its hit, which may be gone if it did not run in that interrupt. */
	bool told = c->hit || c->span.path != IPI_PATH_SENT;

	c->span.wait = IPI_WAIT_UNKNOWN;
	c->span.nr_targets = wait->nr;
	if (confirmed && told && !wait->doubtful && wait_look(m, c))
		wait_tell(c, c->hit, wait->from_ns);
	pool_put(&m->waits, wait);
}

void wait_leave(struct matcher *m, struct call *c)
{
	struct cpu *source = &m->cpus[c->span.source];
	struct wait *wait = c->wait;
	bool waiting = source->waiting == wait;

	c->wait = NULL;
	wait_count(wait, c);
	if (--wait->nr_open)
		return;
	if (waiting)
		source->waiting = NULL;
	wait_close(m, wait, c, waiting);
}

/* Of an op that begins with this call, as far as is seen: there may be calls before it. */
static bool op_cut(const struct matcher *m, struct cpu *cpu, const struct call *first)
{
	enum cut cut = (enum cut)cpu->cut;

	cpu->cut = CUT_NOT;
	return cut == CUT_GAP || (cut == CUT_START && first->span.queue_ns < m->start_ns + MATCH_CUT_NS);
}

static bool done_later(const struct call *a, const struct call *b)
{
	return a->span.done_ns != IPI_NO_TIME && (b->span.done_ns == IPI_NO_TIME || a->span.done_ns > b->span.done_ns);
}

/*
 * Those of the op's calls that are not final yet report to it; of the others *last was done last, or is NULL.
 * If one was done before another was queued, they may be of two operations, one waited for after the other, whose
 * first needed no send.
 */
static struct wait *wait_of(struct matcher *m, struct cpu *cpu, struct op *op, uint64_t from_ns, struct call **last)
{
	struct wait *wait = pool_get(&m->waits);

	*wait = (struct wait){ .from_ns = from_ns, .doubtful = op_cut(m, cpu, op->head) || from_ns == IPI_NO_TIME };
	*last = NULL;
	for (struct call *c = op->head; c; c = c->op_next) {
		wait->nr++;
		wait->doubtful |= wait->done_ns && wait->done_ns <= c->span.queue_ns;
		if (!c->final) {
			c->wait = wait;
			wait->nr_open++;
			continue;
		}
		wait_count(wait, c);
		if (!*last || done_later(c, *last))
			*last = c;
	}
	return wait;
}

void wait_begin(struct matcher *m, struct cpu *cpu, struct op *op, uint64_t from_ns)
{
	struct call *last;
	struct wait *wait = wait_of(m, cpu, op, from_ns, &last);

	cpu->waiting = NULL;
	if (!wait->nr_open) {
		wait_close(m, wait, last, true);
		return;
	}
	if (!wait->doubtful)
		cpu->waiting = wait;
}

void wait_over(struct matcher *m, struct cpu *cpu, struct op *op)
{
	struct call *last;
	struct wait *wait = wait_of(m, cpu, op, op->tail->span.sent_ns, &last);

	if (!wait->nr_open)
		wait_close(m, wait, last, true);
}

void wait_begin_cut(struct matcher *m, struct cpu *cpu, const struct call *first)
{
	if (op_cut(m, cpu, first))
		cpu->waiting = NULL;
}
