// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/join.c - is every IPI that was sent in the trace, as it was sent?
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "bench/join.h"

void bench_join_init(struct bench_join *j, const struct bench_traced *run)
{
	const struct ipitrace_bench_prim *prim = run->prim;

	*j = (struct bench_join){
		.job = run->job,
		.raw = &run->raw,
		.mode = run->job->mode,
		.kind = IPI_SPAN_CALL,
		.class = -1,
		.pid = run->raw.pid,
		.from_ns = run->from_ns,
		.to_ns = run->to_ns,
	};
	if (run->backend == BENCH_USER) {
		snprintf(j->function, sizeof(j->function), "ipi_mb");
		j->waits = true;
		/* Others may call it, too, but not from our thread. */
		j->exact_count = true;
		return;
	}
	snprintf(j->function, sizeof(j->function), "%s", prim->handler);
	j->waits = prim->flags & IPITRACE_BENCH_P_WAITS;
	j->stamps = prim->flags & IPITRACE_BENCH_P_HANDLER;
	j->exact_count = j->stamps;
	switch (j->mode) {
	case IPITRACE_BENCH_SELF:
		j->kind = IPI_SPAN_LOCAL;
		break;
	case IPITRACE_BENCH_KICK_ALL:
		snprintf(j->function, sizeof(j->function), "do_nothing");
		break;
	case IPITRACE_BENCH_IRQ_WORK:
		j->kind = IPI_SPAN_HIT;
		j->class = IPI_CLASS_IRQ_WORK;
		/* Somebody else's work may have requested the interrupt already. */
		j->exact_count = false;
		break;
	case IPITRACE_BENCH_RESCHEDULE:
	case IPITRACE_BENCH_RESCHEDULE_RAW:
		j->kind = IPI_SPAN_HIT;
		j->class = IPI_CLASS_RESCHEDULE;
		break;
	case IPITRACE_BENCH_WAKEUP:
		j->kind = IPI_SPAN_HIT;
		break;
	default:
		break;
	}
}

void bench_join_free(struct bench_join *j)
{
	free(j->spans);
	free(j->irqs);
	j->spans = j->irqs = NULL;
}

/* Queued, sent, or run: the first thing known of it. */
static uint64_t first_point(const struct ipi_span *s)
{
	if (s->queue_ns != IPI_NO_TIME)
		return s->queue_ns;
	if (s->send_ns != IPI_NO_TIME)
		return s->send_ns;
	return s->entry_ns < s->run_ns ? s->entry_ns : s->run_ns;
}

static void keep(struct join_span **list, uint64_t *nr, uint64_t *room, const struct ipi_span *s)
{
	if (*nr == *room) {
		*room = *room ? 2 * *room : 4096;
		*list = xrealloc(*list, *room * sizeof(**list));
	}
	(*list)[(*nr)++] = (struct join_span){
		.source = s->source,
		.target = s->target,
		.send_ns = s->send_ns,
		.sent_ns = s->kind == IPI_SPAN_HIT ? s->sent_ns : s->send_ns,
		.key_ns = s->kind == IPI_SPAN_LOCAL ? s->run_ns : first_point(s),
		.entry_ns = s->entry_ns,
		.run_ns = s->run_ns,
		.done_ns = s->done_ns,
		.exit_ns = s->exit_ns,
		.kind = s->kind,
		.class = s->class,
		.path = s->path,
		.outcome = s->outcome,
		.negative = s->negative,
	};
}

void bench_join_span(void *ctx, const struct ipi_span *s)
{
	struct bench_join *j = ctx;
	uint64_t at = first_point(s);

	if (at < j->from_ns || at > j->to_ns)
		return;
	if (j->mode == IPITRACE_BENCH_IRQ_WORK && s->kind == IPI_SPAN_IRQ && s->class == j->class)
		keep(&j->irqs, &j->nr_irqs, &j->irq_room, s);
	if (s->kind != j->kind)
		return;
	if (j->class >= 0 && s->class != j->class)
		return;
	if (j->function[0] && (s->func < j->func_start || s->func >= j->func_end))
		return;
	if (j->pid && s->kind != IPI_SPAN_LOCAL && s->pid != j->pid)
		return;
	keep(&j->spans, &j->nr_spans, &j->room, s);
	/* A local run has no sender: it is its own. */
	if (s->kind == IPI_SPAN_LOCAL)
		j->spans[j->nr_spans - 1].source = s->target;
}

static int by_pair(const void *pa, const void *pb)
{
	const struct join_span *a = pa, *b = pb;

	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	if (a->target != b->target)
		return a->target < b->target ? -1 : 1;
	return a->key_ns < b->key_ns ? -1 : a->key_ns > b->key_ns;
}

/* First span from source to target at ns or later, or NULL; *end is behind the pair's last. */
static struct join_span *find(const struct bench_join *j, uint32_t source, uint32_t target, uint64_t ns)
{
	struct join_span want = { .source = source, .target = target, .key_ns = ns };
	uint64_t lo = 0, hi = j->nr_spans;

	while (lo < hi) {
		uint64_t mid = (lo + hi) / 2;

		if (by_pair(&j->spans[mid], &want) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == j->nr_spans || j->spans[lo].source != source || j->spans[lo].target != target)
		return NULL;
	return &j->spans[lo];
}

/* The points of the span relative to the send, "-" where there is none. */
static void describe(char *buf, size_t len, const struct join_span *t, uint64_t from)
{
	const struct {
		const char *name;
		uint64_t ns;
	} points[] = {
		{ "first", t->key_ns }, { "send", t->send_ns }, { "entry", t->entry_ns },
		{ "run", t->run_ns },	{ "done", t->done_ns }, { "exit", t->exit_ns },
	};
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(points) && at < len; i++) {
		if (points[i].ns == IPI_NO_TIME)
			at += (size_t)snprintf(buf + at, len - at, " %s -", points[i].name);
		else
			at += (size_t)snprintf(buf + at, len - at, " %s %+" PRId64, points[i].name,
					       (int64_t)(points[i].ns - from));
	}
}

static void blame(struct bench_check *c, const struct ipitrace_bench_sample *s, uint32_t target,
		  const struct join_span *t, const char *what)
{
	char points[160] = "";

	c->mismatched++;
	if (c->first[0])
		return;
	if (t)
		describe(points, sizeof(points), t, s->send_ns);
	snprintf(c->first, sizeof(c->first), "CPU %u to %u, send %u at %" PRIu64 ": %s%s%s", s->source, target, s->seq,
		 (uint64_t)s->send_ns, what, t ? ":" : "", points);
}

/* Points that do not exist are in order with everything. */
static bool ordered(uint64_t a, uint64_t b)
{
	return a == IPI_NO_TIME || b == IPI_NO_TIME || a <= b;
}

/* What is wrong with this span as the trace of this sample; NULL = nothing. */
static const char *judge(const struct bench_join *j, const struct ipitrace_bench_sample *s, const struct join_span *t)
{
	bool no_irq = s->flags & IPITRACE_BENCH_S_NO_IRQ;
	bool call = t->kind == IPI_SPAN_CALL;

	if (t->outcome == IPI_LOST || t->outcome == IPI_IN_FLIGHT)
		return "the trace does not say what became of it";
	if (t->negative)
		return "traced as received before it was sent";
	if (!ordered(t->sent_ns, s->return_ns))
		return "traced as sent after the sender had returned";
	/*
	 * A call may be found by an interrupt that somebody else's IPI caused, even
	 * one that began before this call was queued: then its own send comes late.
	 */
	if (!ordered(t->key_ns, t->send_ns) || !ordered(t->send_ns, t->sent_ns) ||
	    (!call && !ordered(t->sent_ns, t->entry_ns)))
		return "the points of its span are out of order";
	/* Of a hit the interrupt is what counts; the call that it stands for is a span of its own. */
	if (t->kind != IPI_SPAN_HIT &&
	    (!ordered(t->key_ns, t->run_ns) || !ordered(t->entry_ns, t->run_ns) || !ordered(t->run_ns, t->done_ns)))
		return "the points of its span are out of order";
	if (call && t->path == IPI_PATH_SENT && t->send_ns == IPI_NO_TIME)
		return "a call that sent an IPI has no send";
	if (call && t->run_ns == IPI_NO_TIME)
		return "no run of its function was traced";
	if (j->waits && !ordered(t->run_ns, s->return_ns))
		return "traced as run after the sender had stopped waiting";
	if (j->stamps && !(s->flags & IPITRACE_BENCH_S_NO_ENTRY)) {
		if (!ordered(t->run_ns, s->entry_ns) || !ordered(t->entry_ns, s->entry_ns))
			return "the handler ran before the tracer saw it begin";
		if (!ordered(s->entry_ns, t->done_ns) || !ordered(s->entry_ns, t->exit_ns))
			return "the handler ran after the tracer saw it end";
	}
	/* The handler knows whether it was in an interrupt; the tracer must agree. */
	if (call && j->stamps && no_irq != (t->entry_ns == IPI_NO_TIME))
		return no_irq ? "traced in an interrupt, ran without one" : "ran in an interrupt, traced without one";
	return NULL;
}

/* Somebody else's request of the same interrupt: it must have been in service when our handler ran. */
static bool in_irq(const struct bench_join *j, const struct ipitrace_bench_sample *s)
{
	for (uint64_t i = 0; i < j->nr_irqs; i++)
		if (j->irqs[i].target == s->target && j->irqs[i].entry_ns <= s->entry_ns &&
		    s->entry_ns <= j->irqs[i].exit_ns)
			return true;
	return false;
}

/* Which interrupt a mode causes depends on the target's state: that is an observation, too. */
static void match(struct bench_check *c, const struct join_span *t)
{
	c->matched++;
	if (t->class < IPI_NR_CLASSES)
		c->seen[t->class]++;
}

/*
 * A kick that is not undecided was sent, whatever the module saw of its arrival:
 * it waits for that on a clock that a busy machine may outlast.
 */
static bool kicks(const struct bench_join *j)
{
	return !j->pid && (j->mode == IPITRACE_BENCH_RESCHEDULE || j->mode == IPITRACE_BENCH_RESCHEDULE_RAW);
}

static void join_one(struct bench_join *j, const struct ipitrace_bench_sample *s, uint32_t target,
		     struct bench_check *c)
{
	struct join_span *t = find(j, s->source, target, s->send_ns);
	bool no_irq = s->flags & IPITRACE_BENCH_S_NO_IRQ && !kicks(j);
	bool there = t && t->key_ns <= s->return_ns;
	const char *what;

	/*
	 * From user space nobody can tell whether the target was running us, and the
	 * module cannot always: the trace may say either.
	 */
	if (s->flags & IPITRACE_BENCH_S_UNDECIDED || (j->pid && s->flags & IPITRACE_BENCH_S_UNCONFIRMED)) {
		c->unconfirmed++;
		if (there)
			t->used = true;
		return;
	}
	/*
	 * The module knows that the target was interrupted, not by whom; a CPU that
	 * is about to reschedule anyway is woken without an interrupt.
	 */
	if (j->mode == IPITRACE_BENCH_WAKEUP && !there && !no_irq) {
		c->unconfirmed++;
		return;
	}
	c->sent += !no_irq;
	if (!there) {
		if (j->mode == IPITRACE_BENCH_IRQ_WORK && in_irq(j, s)) {
			c->matched++;
			c->seen[IPI_CLASS_IRQ_WORK]++;
		} else if (no_irq && j->kind == IPI_SPAN_HIT) {
			c->elided++;
		} else {
			blame(c, s, target, NULL, "not in the trace");
		}
		return;
	}
	t->used = true;
	what = judge(j, s, t);
	if (what)
		blame(c, s, target, t, what);
	else if (no_irq && j->kind == IPI_SPAN_HIT)
		c->unconfirmed++; /* traced, but the module gave up waiting for it */
	else if (no_irq)
		c->elided++;
	else
		match(c, t);
}

/* Spans that no sample owns: the warm-up's, and not one more. */
static void check_rest(struct bench_join *j, struct bench_check *c)
{
	const struct bench_raw *raw = j->raw;
	uint64_t rest = 0, per_send = raw->sends ? raw->hits / raw->sends : 0;
	uint64_t warmup = raw->warmup_sends * per_send;

	for (uint64_t i = 0; i < j->nr_spans; i++)
		rest += !j->spans[i].used;
	/* From user space a warm-up send may have found its target away. */
	if (j->pid ? rest <= warmup : rest == warmup)
		return;
	c->mismatched += rest > warmup ? rest - warmup : warmup - rest;
	if (!c->first[0])
		snprintf(c->first, sizeof(c->first),
			 "%" PRIu64 " traced besides the samples, "
			 "the warm-up had %" PRIu64,
			 rest, warmup);
}

static void join_all(struct bench_join *j, const struct ipitrace_bench_sample *s, struct bench_check *c)
{
	if (s->target != IPITRACE_BENCH_ALL_CPUS) {
		join_one(j, s, s->target, c);
		return;
	}
	/* The job's targets are as seen from its first sender. */
	for (unsigned int i = 0; i < j->job->nr_targets; i++)
		if (j->job->targets[i] != s->source)
			join_one(j, s, j->job->targets[i], c);
	if (j->job->senders[0] != s->source)
		join_one(j, s, j->job->senders[0], c);
}

void bench_join_decide(struct bench_join *j, struct bench_check *c)
{
	if (j->nr_spans)
		qsort(j->spans, j->nr_spans, sizeof(*j->spans), by_pair);
	for (uint64_t i = 0; i < j->raw->nr_samples; i++)
		join_all(j, &j->raw->samples[i], c);
	if (j->exact_count && !j->raw->nr_truncated)
		check_rest(j, c);
	c->done = true;
}
