// SPDX-License-Identifier: GPL-2.0-only
/*
 * The judge of bench --trace: a correct trace passes, and a trace that is wrong
 * in one thing, whichever, is a mismatch.
 */
#include <stdlib.h>

#include "bench/join.h"
#include "tap.h"

#define NR     4
#define WARMUP 2
#define FUNC   0x5000u

static const uint32_t senders[] = { 0 }, targets[] = { 1 };
static const struct bench_job job = {
	.mode = IPITRACE_BENCH_SINGLE,
	.senders = senders,
	.nr_senders = 1,
	.targets = targets,
	.nr_targets = 1,
	.iterations = NR,
	.warmup = WARMUP,
};
static const struct ipitrace_bench_prim prim = {
	.flags = IPITRACE_BENCH_P_HANDLER | IPITRACE_BENCH_P_WAITS | IPITRACE_BENCH_P_TARGETS,
	.handler = "handler",
};

/* Send i: 1000 i: send +0, queue +10, ipi +20, no stack, irq entry +50, run +60, handler +65, done +70, exit +80, return +90. */
static struct ipi_span span(unsigned int i)
{
	uint64_t t = 1000 * (i + 1);

	return (struct ipi_span){
		.kind = IPI_SPAN_CALL,
		.class = IPI_CLASS_CALL_SINGLE,
		.outcome = IPI_DELIVERED,
		.how = IPI_HOW_EXACT,
		.path = IPI_PATH_SENT,
		.source = 0,
		.target = 1,
		.pid = 7,
		.func = FUNC,
		.queue_ns = t + 10,
		.send_ns = t + 20,
		.sent_ns = t + 10, /* of the queue event */
		.entry_ns = t + 50,
		.run_ns = t + 60,
		.done_ns = t + 70,
		.exit_ns = t + 80,
	};
}

struct world {
	struct ipitrace_bench_sample samples[NR];
	struct ipi_span spans[NR + WARMUP + 1];
	unsigned int nr_spans;
};

static void make(struct world *w)
{
	memset(w, 0, sizeof(*w));
	for (unsigned int i = 0; i < NR + WARMUP; i++)
		w->spans[w->nr_spans++] = span(i);
	for (unsigned int i = 0; i < NR; i++) {
		uint64_t t = 1000 * (i + WARMUP + 1);

		w->samples[i] = (struct ipitrace_bench_sample){
			.send_ns = t,
			.entry_ns = t + 65,
			.return_ns = t + 90,
			.seq = i,
			.source = 0,
			.target = 1,
		};
	}
}

static struct bench_check judge_job(struct world *w, const struct bench_job *what, const struct ipitrace_bench_prim *p)
{
	struct bench_traced run = {
		.job = what,
		.backend = BENCH_MODULE,
		.prim = p,
		.from_ns = 0,
		.to_ns = 100000,
		.raw = { .samples = w->samples, .nr_samples = NR, .sends = NR, .hits = NR, .warmup_sends = WARMUP },
	};
	struct bench_check c = { 0 };
	struct bench_join j;

	bench_join_init(&j, &run);
	j.func_start = FUNC;
	j.func_end = FUNC + 0x100;
	for (unsigned int i = 0; i < w->nr_spans; i++)
		bench_join_span(&j, &w->spans[i]);
	bench_join_decide(&j, &c);
	bench_join_free(&j);
	return c;
}

static struct bench_check judge_as(struct world *w, const struct ipitrace_bench_prim *p)
{
	return judge_job(w, &job, p);
}

/* What it says about a world that was changed since make(). */
static void wrong(struct world *w, const char *part, const char *name)
{
	struct bench_check c = judge_as(w, &prim);

	ok(c.mismatched > 0 && strstr(c.first, part), "%s: \"%s\"", name, c.first);
	make(w);
}

/* Odd, but right. */
static void harmless(void)
{
	struct ipi_span *s;
	struct bench_check c;
	struct world w;

	make(&w);
	s = &w.spans[WARMUP + 1];
	/* An earlier interrupt, still in service, finds the call before its own is sent. */
	s->entry_ns = s->queue_ns - 5;
	s->run_ns = s->queue_ns + 5;
	s->done_ns = s->queue_ns + 8;
	w.samples[1].entry_ns = s->run_ns + 1;
	c = judge_as(&w, &prim);
	is_u64(c.mismatched, 0, "ran in another's interrupt: no mismatch (%s)", c.first);
	make(&w);
	s->run_ns = s->queue_ns - 1;
	w.samples[1].entry_ns = s->queue_ns;
	s->entry_ns = s->queue_ns - 5;
	wrong(&w, "out of order", "ran before it was queued");

	/* Both say that there was none. */
	w.samples[1].flags = IPITRACE_BENCH_S_NO_IRQ;
	s->entry_ns = IPI_NO_TIME;
	s->path = IPI_PATH_POLLED;
	s->send_ns = IPI_NO_TIME;
	c = judge_as(&w, &prim);
	is_u64(c.mismatched, 0, "elided, and traced so: no mismatch (%s)", c.first);
	is_u64(c.elided, 1, "but counted");
	is_u64(c.sent, NR - 1, "and not as sent");
	make(&w);

	/* Other runs of the same recording. */
	w.spans[w.nr_spans] = span(0);
	w.spans[w.nr_spans].queue_ns = 200000;
	w.nr_spans++;
	c = judge_as(&w, &prim);
	is_u64(c.mismatched, 0, "a span outside of the run is none of its (%s)", c.first);
}

/* Kicks of a thread that may not have been on its CPU: the module's word alone decides what is compared. */
static void kicks(void)
{
	const uint32_t undecided = IPITRACE_BENCH_S_UNDECIDED, no_irq = IPITRACE_BENCH_S_NO_IRQ;
	struct ipitrace_bench_prim p = { .flags = IPITRACE_BENCH_P_TARGETS | IPITRACE_BENCH_P_NEEDS_BUSY };
	struct bench_job kick = job;
	struct bench_check c;
	struct world w;

	kick.mode = IPITRACE_BENCH_RESCHEDULE;
	make(&w);
	for (unsigned int i = 0; i < w.nr_spans; i++) {
		w.spans[i].kind = IPI_SPAN_HIT;
		w.spans[i].class = IPI_CLASS_RESCHEDULE;
		w.spans[i].queue_ns = w.spans[i].run_ns = w.spans[i].done_ns = IPI_NO_TIME;
	}
	for (unsigned int i = 0; i < w.nr_spans; i++)
		w.spans[i].sent_ns = w.spans[i].send_ns + 25; /* behind a stack, 5 before the entry */
	c = judge_job(&w, &kick, &p);
	is_u64(c.matched, NR, "kicks: all are in the trace (%s)", c.first);
	is_u64(c.seen[IPI_CLASS_RESCHEDULE], NR, "kicks: as reschedules");

	w.spans[WARMUP + 1].sent_ns += 6;
	c = judge_job(&w, &kick, &p);
	is_u64(c.mismatched, 1, "a kick whose stack was unwound behind its interrupt's entry: \"%s\"", c.first);
	ok(strstr(c.first, "out of order"), "is out of order");
	w.spans[WARMUP + 1].sent_ns = w.samples[1].return_ns + 1;
	c = judge_job(&w, &kick, &p);
	ok(strstr(c.first, "after the sender had returned"), "or behind the sender's return: \"%s\"", c.first);
	w.spans[WARMUP + 1].sent_ns = w.spans[WARMUP + 1].send_ns - 1;
	c = judge_job(&w, &kick, &p);
	ok(strstr(c.first, "out of order"), "or before its send's own stamp: \"%s\"", c.first);
	w.spans[WARMUP + 1].sent_ns = w.spans[WARMUP + 1].send_ns;

	w.samples[1].flags = undecided;
	c = judge_job(&w, &kick, &p);
	is_u64(c.matched, NR - 1, "an undecided kick is not compared, though it is in the trace");
	is_u64(c.sent, NR - 1, "nor counted as sent");
	is_u64(c.unconfirmed, 1, "but counted");

	w.spans[WARMUP + 1].target = 2;
	c = judge_job(&w, &kick, &p);
	is_u64(c.mismatched, 0, "nor is one that is not in the trace (%s)", c.first);
	is_u64(c.unconfirmed, 1, "and counted");
	w.samples[1].flags = undecided | no_irq;
	c = judge_job(&w, &kick, &p);
	is_u64(c.mismatched, 0, "whether or not an interrupt was seen (%s)", c.first);
	is_u64(c.elided, 0, "it was not elided");

	w.samples[1].flags = 0;
	c = judge_job(&w, &kick, &p);
	is_u64(c.mismatched, 1, "a kick that was due and is not in the trace: \"%s\"", c.first);
	w.samples[1].flags = no_irq;
	c = judge_job(&w, &kick, &p);
	is_u64(c.mismatched, 1, "due, and not even seen to arrive: \"%s\"", c.first);
	w.spans[WARMUP + 1].target = 1;
	c = judge_job(&w, &kick, &p);
	is_u64(c.matched, NR, "due and traced, but the module did not wait that long: no mismatch (%s)", c.first);
}

int main(void)
{
	struct ipi_span *s;
	struct bench_check c;
	struct world w;

	make(&w);
	c = judge_as(&w, &prim);
	is_u64(c.sent, NR, "a correct trace: all sent");
	is_u64(c.matched, NR, "all matched");
	is_u64(c.mismatched, 0, "none mismatched (%s)", c.first);
	is_u64(c.seen[IPI_CLASS_CALL_SINGLE], NR, "by class");

	s = &w.spans[WARMUP + 1];
	s->target = 2;
	wrong(&w, "not in the trace", "another target");
	s->source = 3;
	wrong(&w, "not in the trace", "another sender");
	s->func = FUNC + 0x100;
	wrong(&w, "not in the trace", "another function");
	s->queue_ns += 1000;
	wrong(&w, "not in the trace", "queued during the next send");
	s->queue_ns -= 20;
	wrong(&w, "not in the trace", "queued before it was sent");
	w.spans[w.nr_spans++] = span(WARMUP);
	wrong(&w, "the warm-up had 2", "a span too many");
	w.spans[0] = w.spans[WARMUP];
	w.spans[0].func = 1;
	wrong(&w, "the warm-up had 2", "a span of the warm-up missing");
	s->send_ns = s->queue_ns + 200;
	wrong(&w, "after the sender had returned", "sent too late");
	s->send_ns = IPI_NO_TIME;
	wrong(&w, "has no send", "no send");
	s->run_ns = s->entry_ns + 16;
	wrong(&w, "before the tracer saw it begin", "function entry after the handler's stamp");
	s->run_ns = IPI_NO_TIME;
	wrong(&w, "no run of its function", "no function entry");
	s->done_ns = s->run_ns + 1;
	wrong(&w, "after the tracer saw it end", "function exit before the handler's stamp");
	s->exit_ns = s->run_ns + 1;
	wrong(&w, "after the tracer saw it end", "interrupt over before the handler's stamp");
	s->entry_ns = s->run_ns + 1;
	wrong(&w, "out of order", "function before its interrupt");
	s->entry_ns = IPI_NO_TIME;
	wrong(&w, "traced without one", "an interrupt that was not traced");
	s->outcome = IPI_LOST;
	wrong(&w, "what became of it", "lost");
	s->negative = true;
	wrong(&w, "before it was sent", "negative");
	w.samples[1].flags = IPITRACE_BENCH_S_NO_IRQ;
	wrong(&w, "ran without one", "an interrupt that did not happen");

	harmless();
	kicks();
	return done_testing();
}
