// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/pipeline.c - source -> decode -> match -> sinks.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/wide.h"
#include "report/batches.h"
#include "report/beside.h"
#include "report/pipeline.h"

/* Events between two questions of what is settled: they cost a walk over all CPUs and classes. */
#define SETTLE_EVENTS (64 * BATCH_EVENTS)

struct pipeline {
	struct decoder *decoder;
	struct page_source src;
	unsigned int nr_threads;
	struct decode_mark mark; /* of the last event that was matched */
	struct matcher *matcher;
	struct span_sink sink;
	pipeline_tap_fn tap;
	void *tap_ctx;
	pipeline_stacks_fn stacks;
	void *stacks_ctx;
	match_waits_fn waits;
	void *waits_ctx;
	pipeline_task_fn task;
	void *task_ctx;
	struct beside *beside; /* NULL: the recording has nothing beside events of IPIs */
	struct pipeline_seen seen;
	uint64_t now_ns; /* of the last event that was matched */
	struct pipeline_time time;
	bool converts; /* time is not the stamp */
	bool clock_ns, clock_sync;
	bool finished;
};

/* An effect before its cause: so far, at least, the clocks of the two CPUs are apart. */
static void note_skew(struct pipeline_seen *seen, const struct ipi_span *s)
{
	uint64_t cause = s->kind == IPI_SPAN_CALL ? s->queue_ns : s->send_ns;
	uint64_t effect = s->kind == IPI_SPAN_CALL ? s->run_ns : s->entry_ns;

	if (cause == IPI_NO_TIME || effect == IPI_NO_TIME || effect >= cause || cause - effect <= seen->skew_ns)
		return;
	seen->skew_ns = cause - effect;
	seen->skew_cpus[0] = s->source;
	seen->skew_cpus[1] = s->target;
}

/*
 * Where the clocks of CPUs are not in step no time of the sender can be set against one of the target: of both those of
 * the target remain. What did not arrive or run, and a send, which may hit many, keep theirs, if the clock counts ns.
 */
static void withhold_times(const struct pipeline *p, struct ipi_span *s)
{
	bool pair = s->kind == IPI_SPAN_HIT || s->kind == IPI_SPAN_CALL;

	if ((pair && (s->entry_ns != IPI_NO_TIME || s->run_ns != IPI_NO_TIME || !p->clock_ns)) ||
	    (s->kind == IPI_SPAN_SEND && !p->clock_ns))
		s->queue_ns = s->send_ns = s->sent_ns = IPI_NO_TIME;
	if (s->wait == IPI_WAIT_KNOWN)
		s->wait = IPI_WAIT_UNKNOWN;
	s->wait_ns = IPI_NO_TIME;
	if (!p->clock_ns)
		s->exit_ns = s->done_ns = IPI_NO_TIME;
}

static void negative(void *ctx, const struct ipi_span *span)
{
	note_skew(&((struct pipeline *)ctx)->seen, span);
}

static void name_tasks(const struct pipeline *p, struct ipi_span *s)
{
	uint64_t begin_ns = span_begin_ns(s);

	s->pid = p->task(p->task_ctx, s->pid, begin_ns);
	s->wakee = p->task(p->task_ctx, s->wakee, begin_ns);
	s->victim_pid = p->task(p->task_ctx, s->victim_pid, s->entry_ns);
}

/* Where spans change on their way: by what is beside them, whose numbers were given again, or what their clock does not tell. */
static void emit_changed(void *ctx, const struct ipi_span *span)
{
	struct pipeline *p = ctx;
	struct ipi_span known = *span;

	if (p->beside)
		beside_fill(p->beside, &known, p->clock_sync);
	if (p->task)
		name_tasks(p, &known);
	if (!p->clock_sync)
		withhold_times(p, &known);
	p->sink.span(p->sink.ctx, &known);
}

/* Nothing is in between where nothing has to be. */
static void connect(struct pipeline *p)
{
	if (p->beside || p->task || !p->clock_sync)
		matcher_set_emit(p->matcher, emit_changed, p, p->sink.untold);
	else
		matcher_set_emit(p->matcher, p->sink.span, p->sink.ctx, p->sink.untold);
}

static void gap(void *ctx, uint32_t cpu, uint64_t at_ns, uint64_t lost)
{
	struct pipeline *p = ctx;

	if (p->sink.lost)
		p->sink.lost(p->sink.ctx, cpu, at_ns, lost);
}

static enum match_waits waits(void *ctx, const struct ipi_span *call)
{
	const struct pipeline *p = ctx;

	return p->waits ? p->waits(p->waits_ctx, call) : MATCH_WAITS_UNKNOWN;
}

/* For a sink that counts nothing but what others see. */
static void no_span(void *ctx, const struct ipi_span *span)
{
	(void)ctx;
	(void)span;
}

int pipeline_open(struct pipeline **out, const struct decode_meta *meta, const struct page_source *src,
		  unsigned int nr_cpus, struct err *err)
{
	struct pipeline *p = xcalloc(1, sizeof(*p));
	const struct ipi_evidence *evidence;
	uint64_t tlb_func = 0, end;

	*out = NULL;
	p->src = *src;
	p->nr_threads = 1;
	p->sink.span = no_span;
	p->clock_ns = p->clock_sync = true;
	if (decoder_open(&p->decoder, meta, src, err)) {
		free(p);
		return -1;
	}
	evidence = &decoder_caps(p->decoder)->evidence;
	if (meta->symtab)
		symtab_range(meta->symtab, "flush_tlb_func", &tlb_func, &end);
	p->matcher = matcher_new(&(struct match_config){
		.nr_cpus = nr_cpus,
		.has_csd = evidence->has_csd,
		.has_sends = evidence->has_send,
		.watched_func = tlb_func,
		.emit = no_span,
		.negative = negative,
		.gap = gap,
		.waits = waits,
		.ctx = p,
	});
	if (decoder_caps(p->decoder)->has_wakes || decoder_caps(p->decoder)->has_idle)
		p->beside = beside_new(decoder_caps(p->decoder)->has_wakes);
	*out = p;
	return 0;
}

void pipeline_close(struct pipeline *p)
{
	if (!p)
		return;
	matcher_free(p->matcher);
	beside_free(p->beside);
	decoder_close(p->decoder);
	free(p);
}

void pipeline_set_clock(struct pipeline *p, bool in_ns, bool synced)
{
	p->clock_ns = in_ns;
	p->clock_sync = synced;
}

void pipeline_set_threads(struct pipeline *p, unsigned int nr)
{
	p->nr_threads = nr;
}

void pipeline_set_sink(struct pipeline *p, const struct span_sink *sink)
{
	p->sink = *sink;
	if (!p->sink.span)
		p->sink.span = no_span;
}

void pipeline_set_tap(struct pipeline *p, pipeline_tap_fn fn, void *ctx)
{
	p->tap = fn;
	p->tap_ctx = ctx;
}

void pipeline_set_stacks(struct pipeline *p, pipeline_stacks_fn fn, void *ctx)
{
	p->stacks = fn;
	p->stacks_ctx = ctx;
}

void pipeline_set_time(struct pipeline *p, const struct pipeline_time *time)
{
	p->time = *time;
	p->converts = time->mult || time->add;
}

uint64_t pipeline_time(const struct pipeline *p, uint64_t stamp)
{
	const struct pipeline_time *t = &p->time;

	if (t->mult)
		stamp = t->offset + mul_shift(stamp, t->mult, t->shift);
	return stamp + t->add;
}

void pipeline_set_window(struct pipeline *p, uint64_t window_ns)
{
	matcher_set_window(p->matcher, window_ns);
}

void pipeline_set_waits(struct pipeline *p, match_waits_fn fn, void *ctx)
{
	p->waits = fn;
	p->waits_ctx = ctx;
}

void pipeline_set_tasks(struct pipeline *p, pipeline_task_fn fn, void *ctx)
{
	p->task = fn;
	p->task_ctx = ctx;
}

static void convert(const struct pipeline *p, struct ipi_event *ev, int nr)
{
	for (int i = 0; i < nr; i++) {
		ev[i].ts_ns = pipeline_time(p, ev[i].ts_ns);
		if (ev[i].type != IPI_EV_LOST && ev[i].sent_ns)
			ev[i].sent_ns = pipeline_time(p, ev[i].sent_ns);
	}
}

static void settle(struct pipeline *p)
{
	uint64_t before_ns;

	if (!p->sink.settled && !p->beside)
		return;
	before_ns = matcher_settled_ns(p->matcher, p->now_ns);
	if (p->beside)
		beside_settled(p->beside, before_ns);
	if (p->sink.settled)
		p->sink.settled(p->sink.ctx, before_ns);
}

static void take(struct pipeline *p, struct event_batch *b)
{
	struct ipi_event *ev = b->ev;
	unsigned int nr = (unsigned int)b->nr;

	p->mark = b->mark;
	if (unlikely(p->stacks))
		p->stacks(p->stacks_ctx, ev, nr);
	if (unlikely(p->converts))
		convert(p, ev, b->nr);
	if (unlikely(p->tap))
		p->tap(p->tap_ctx, ev, nr);
	p->now_ns = ev[nr - 1].ts_ns;
	if (unlikely(p->beside))
		nr = beside_take(p->beside, ev, nr);
	matcher_feed(p->matcher, ev, nr);
}

int pipeline_run(struct pipeline *p, struct err *err)
{
	struct batches *batches = batches_new(p->decoder, &p->src, p->nr_threads);
	struct event_batch *b;
	unsigned int fed = 0;

	connect(p);
	for (b = batches_next(batches); b->nr > 0; b = batches_next(batches)) {
		take(p, b);
		fed += (unsigned int)b->nr;
		if (fed < SETTLE_EVENTS)
			continue;
		fed = 0;
		settle(p);
	}
	p->mark = b->mark;
	if (b->nr < 0) {
		*err = b->err;
		batches_free(batches);
		return -1;
	}
	batches_free(batches);
	if (decoder_ended(p->decoder))
		return pipeline_finish(p, err);
	if (pipeline_time(p, decoder_complete_ns(p->decoder)) > p->now_ns)
		p->now_ns = pipeline_time(p, decoder_complete_ns(p->decoder));
	settle(p);
	return 1;
}

int pipeline_finish(struct pipeline *p, struct err *err)
{
	if (p->finished)
		return 0;
	p->finished = true;
	matcher_finish(p->matcher);
	if (!matcher_conserves(matcher_totals(p->matcher)))
		return err_set(err, EXIT_FAILED, "the matcher's totals do not add up: a bug in ipitrace");
	settle(p);
	return p->sink.end ? p->sink.end(p->sink.ctx, err) : 0;
}

struct beside_info pipeline_beside(const struct pipeline *p)
{
	struct beside_info info = { 0 };

	if (p->beside)
		info = beside_info(p->beside);
	info.wakes = decoder_caps(p->decoder)->has_wakes;
	info.idle = decoder_caps(p->decoder)->has_idle;
	return info;
}

const struct decoder *pipeline_decoder(const struct pipeline *p)
{
	return p->decoder;
}

const struct decode_mark *pipeline_mark(const struct pipeline *p)
{
	return &p->mark;
}

const struct match_totals *pipeline_totals(const struct pipeline *p)
{
	return matcher_totals(p->matcher);
}

const struct pipeline_seen *pipeline_seen(const struct pipeline *p)
{
	return &p->seen;
}
