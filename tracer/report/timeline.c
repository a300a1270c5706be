// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/timeline.c - lines of a list in, slices, flows and counters out.
 *
 * Lines come in order of their beginning. What each does later (its handler, its function, the end of a wait) is put
 * into a queue, from which all comes that is earlier than the beginning of the next line. The hits of a send
 * come at the same time, one after the other: they wait for the last of them, as their send is one slice.
 *
 * A handler is that of the hit that it delivered, or of nobody. So it is drawn once, and of a filtered
 * recording those are that a filtered report counts.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/event.h"
#include "base/mem.h"
#include "report/timeline-priv.h"

#define MAX_COLUMNS 24 /* of a line, with the NULL behind them */
#define MAX_NAMES   4

/* What is told of a CPU beside its slices. */
struct cpu_state {
	uint32_t track, pending_track, rate_track; /* 0 = not made yet */
	uint64_t pending, arrived;		   /* arrived: since the last step of the rate */
	uint64_t rate;				   /* as it was given last */
	bool changed;				   /* pending, at the time of the last point */
};

struct timeline {
	struct list *list;
	struct span_sink list_sink;
	struct tracks *tracks;
	const struct timeline_ops *ops;
	void *ctx;
	struct span_names names;
	struct queue queue;
	struct timeline_left_out left_out;
	bool (*elsewhere)(void *ctx, const struct ipi_span *hit); /* or NULL */
	void *elsewhere_ctx;
	const struct list_column *columns[TIMELINE_NR_KINDS][MAX_COLUMNS], *named_by[TIMELINE_NR_KINDS][MAX_NAMES],
		*wait;

	uint32_t *hits; /* kept, of line_ns: what waits for the last hit of its send */
	uint32_t nr_hits, room_hits;
	uint64_t line_ns, flow;

	struct cpu_state *cpus;
	unsigned int nr_cpus;
	uint32_t *changed; /* CPUs */
	uint32_t nr_changed, room_changed;
	uint64_t now_ns, step; /* step: of the rate, by number; UINT64_MAX = none yet */

	uint64_t *begins; /* flows that begin in the slice that is coming */
	uint32_t room_begins;
	/* Flows that end in the interrupt whose points are coming. */
	uint64_t *ends;
	uint32_t nr_ends, room_ends;
	struct point ends_of; /* the last of them; its kept is not valid any more */
	uint8_t ends_class;
};

/* Of the line, by kind of slice. The rest is at the other end of the flow, or where the slice is. */
static const char *const columns[TIMELINE_NR_KINDS][MAX_COLUMNS] = {
	[TIMELINE_SEND] = { "class", "source", "send_id", "caller", "callsite", "func", "ufunc", "pid", "tgid", "comm",
			    "context", "cgroup", "queue_ns", "wait_ns", "waker", "wakee", "wakee_pid" },
	[TIMELINE_WAIT] = { "wait_ns", "target", "func", "caller" },
	[TIMELINE_QUEUE] = { "path", "outcome", "how", "source", "target", "caller", "callsite", "func", "ufunc", "pid",
			     "tgid", "comm", "context", "cgroup", "queue_latency_ns", "waker", "wakee", "wakee_pid",
			     "idle" },
	[TIMELINE_WAKE] = { "source", "target", "caller", "callsite", "pid", "tgid", "comm", "context", "cgroup",
			    "waker", "wakee", "wakee_pid", "idle" },
	[TIMELINE_HANDLER] = { "outcome", "how", "source", "send_id", "caller", "func", "comm", "delivery_ns",
			       "handler_ns", "wait_ns", "depth", "victim_pid", "victim_comm", "victim_context", "wakee",
			       "wakee_pid", "idle" },
	[TIMELINE_FUNC] = { "how", "source", "caller", "comm", "path", "queue_latency_ns", "func_ns" },
};

/* A slice's name is the first of these that its line has. */
static const char *const named_by[TIMELINE_NR_KINDS][MAX_NAMES] = {
	[TIMELINE_SEND] = { "caller", "callsite", "class" },
	[TIMELINE_QUEUE] = { "func", "callsite", "class" },
	[TIMELINE_HANDLER] = { "class" },
	[TIMELINE_FUNC] = { "func", "class" },
	[TIMELINE_LOCAL] = { "func", "class" },
};

/* --- counters, and the time that goes on --- */

static struct cpu_state *cpu_of(struct timeline *t, uint32_t cpu)
{
	if (unlikely(cpu >= t->nr_cpus))
		t->cpus = xgrow(t->cpus, &t->nr_cpus, cpu, sizeof(*t->cpus));
	return &t->cpus[cpu];
}

static void pending_changes(struct timeline *t, uint32_t cpu, int by)
{
	struct cpu_state *c = cpu_of(t, cpu);

	c->pending += (uint64_t)(int64_t)by;
	if (c->changed)
		return;
	c->changed = true;
	if (t->nr_changed == t->room_changed) {
		t->room_changed = t->room_changed ? 2 * t->room_changed : 16;
		t->changed = xrealloc(t->changed, t->room_changed * sizeof(*t->changed));
	}
	t->changed[t->nr_changed++] = cpu;
}

/* Once for all that happened at the same time. */
static void give_pending(struct timeline *t)
{
	for (uint32_t i = 0; i < t->nr_changed; i++) {
		uint32_t cpu = t->changed[i];
		struct cpu_state *c = &t->cpus[cpu];

		c->changed = false;
		if (!c->pending_track)
			c->pending_track = tracks_counter(t->tracks, cpu, TRACKS_PENDING);
		t->ops->counter(t->ctx, c->pending_track, t->now_ns, c->pending);
	}
	t->nr_changed = 0;
}

/* At the end of a step: what came in it, where that is another rate than before. False: none came, anywhere. */
static bool give_rates(struct timeline *t, uint64_t at_ns)
{
	bool any = false;

	for (unsigned int i = 0; i < t->nr_cpus; i++) {
		struct cpu_state *c = &t->cpus[i];
		uint64_t rate = c->arrived * (1000000000 / TIMELINE_RATE_NS);

		any |= rate != 0;
		c->arrived = 0;
		if (rate == c->rate)
			continue;
		c->rate = rate;
		if (!c->rate_track)
			c->rate_track = tracks_counter(t->tracks, i, TRACKS_RATE);
		t->ops->counter(t->ctx, c->rate_track, at_ns, rate);
	}
	return any;
}

/* Nothing before this time is to come. */
static void time_goes_on(struct timeline *t, uint64_t ns)
{
	if (ns <= t->now_ns && t->step != UINT64_MAX)
		return;
	give_pending(t);
	if (t->step == UINT64_MAX)
		t->step = ns / TIMELINE_RATE_NS;
	while (t->step < ns / TIMELINE_RATE_NS)
		if (!give_rates(t, ++t->step * TIMELINE_RATE_NS))
			t->step = ns / TIMELINE_RATE_NS;
	t->now_ns = ns;
}

/* --- slices --- */

static void add_arg(struct timeline_slice *s, const char *key, const char *text, uint64_t num)
{
	s->args[s->nr_args++] = (struct timeline_arg){ key, text, num };
}

static void add_category(struct timeline_slice *s, const char *name)
{
	if (s->nr_categories < TIMELINE_MAX_CATEGORIES)
		s->categories[s->nr_categories++] = name;
}

static const char *name_of(const struct timeline *t, const struct list_line *line, enum timeline_kind kind)
{
	for (unsigned int i = 0; t->named_by[kind][i]; i++) {
		struct list_value v = t->named_by[kind][i]->get(line);

		if (!v.none)
			return v.text;
	}
	return kind == TIMELINE_WAIT ? "wait" : kind == TIMELINE_WAKE ? "wake-up" : "unknown";
}

/*
 * The recorder's own; what was already requested, or lost, or has two readings; what nobody sent. Where no event tells
 * whether it is what was sent that arrives, it is not said that nobody did.
 */
static void mark(struct timeline_slice *s, const struct kept *k)
{
	if (k->own)
		add_category(s, "own");
	if (k->kind == LIST_IRQ)
		add_category(s, k->outcome == LIST_UNKNOWN ? "sender unknown" : "unsolicited");
	else if (k->outcome == LIST_COALESCED || k->outcome == LIST_IN_FLIGHT || k->outcome == LIST_LOST)
		add_category(s, list_outcome_names[k->outcome]);
	else if (k->span.how == IPI_HOW_AMBIGUOUS)
		add_category(s, "ambiguous");
}

/* A send to one CPU bears what became of it; one to several, of how many what did. */
static void tell_hits(struct timeline_slice *s, const struct kept *k)
{
	if (k->hits == 1) {
		add_arg(s, "target", NULL, k->span.target);
		add_arg(s, "outcome", list_outcome_names[k->outcome], 0);
		if (k->outcome == LIST_DELIVERED && k->span.how != IPI_HOW_NONE)
			add_arg(s, "how", list_how_names[k->span.how - IPI_HOW_EXACT], 0);
		mark(s, k);
		return;
	}
	add_arg(s, "targets", k->targets, 0);
	add_arg(s, "hits", NULL, k->hits);
	for (unsigned int i = 0; i < LIST_NO_OUTCOME; i++)
		if (k->outcomes[i])
			add_arg(s, list_outcome_names[i], NULL, k->outcomes[i]);
	if (k->ambiguous)
		add_arg(s, "ambiguous", NULL, k->ambiguous);
	if (k->own)
		add_category(s, "own");
}

static const char *const categories[] = {
	[TIMELINE_SEND] = "send",
	[TIMELINE_WAIT] = "wait",
	[TIMELINE_QUEUE] = "call",
	[TIMELINE_WAKE] = "wake",
	[TIMELINE_HANDLER] = "interrupt",
	[TIMELINE_FUNC] = "function",
	[TIMELINE_LOCAL] = "local function",
};

static uint32_t cpu_track(struct timeline *t, uint32_t cpu)
{
	struct cpu_state *c = cpu_of(t, cpu);

	if (!c->track)
		c->track = tracks_cpu(t->tracks, cpu);
	return c->track;
}

/* Out, and its end into the queue. */
static void open_slice(struct timeline *t, const struct point *p, uint32_t track, struct timeline_slice *s)
{
	struct point end = *p;

	s->track = tracks_begin(t->tracks, track, p->end_ns);
	s->at_ns = p->at_ns;
	s->no_length = p->end_ns == p->at_ns;
	t->ops->begin(t->ctx, s);
	end.what = POINT_END;
	end.at_ns = p->end_ns;
	end.track = s->track;
	if (p->phase == PHASE_HANDLER)
		end.phase = PHASE_HANDLER_END;
	if (p->group == GROUP_OUTSIDE)
		end.group = GROUP_FIRST;
	queue_put(&t->queue, end);
}

/* --- flows that end in one interrupt --- */

static void ends_add(struct timeline *t, const struct point *p)
{
	if (t->nr_ends == t->room_ends) {
		t->room_ends = t->room_ends ? 2 * t->room_ends : 16;
		t->ends = xrealloc(t->ends, t->room_ends * sizeof(*t->ends));
	}
	t->ends[t->nr_ends++] = p->flow;
	t->ends_of = *p;
}

/* They were numbered one after the other. */
static const uint64_t *begins_of(struct timeline *t, const struct point *p)
{
	for (uint32_t i = 0; i < p->nr_flows; i++) {
		t->begins = xgrow(t->begins, &t->room_begins, i, sizeof(*t->begins));
		t->begins[i] = p->flow + i;
	}
	return t->begins;
}

static void begin(struct timeline *t, const struct point *p)
{
	const struct kept *k = &t->queue.kept[p->kept];
	const struct list_line line = { t->list, &k->span, k->kind, k->outcome, k->own };
	struct timeline_slice s = { .kind = p->slice, .line = &line, .columns = t->columns[p->slice] };
	bool received = p->slice == TIMELINE_HANDLER || p->slice == TIMELINE_FUNC || p->slice == TIMELINE_LOCAL;

	s.name = name_of(t, &line, p->slice);
	add_category(&s, categories[p->slice]);
	if (p->slice == TIMELINE_SEND)
		tell_hits(&s, k);
	else
		mark(&s, k);
	if (p->unended)
		add_arg(&s, "end", "unknown", 0);
	if (!received) {
		s.flows = begins_of(t, p);
		s.nr_flows = p->nr_flows;
	} else if (p->slice == TIMELINE_HANDLER) {
		if (p->flow)
			ends_add(t, p);
		s.ends = t->ends;
		s.nr_ends = t->nr_ends;
		t->nr_ends = 0;
		cpu_of(t, p->cpu)->arrived++;
		if (k->kind == LIST_HIT)
			pending_changes(t, p->cpu, -1);
	} else if (p->flow) {
		s.ends = &p->flow;
		s.nr_ends = 1;
	}
	open_slice(t, p, received ? cpu_track(t, p->cpu) : tracks_sender(t->tracks, &k->span), &s);
}

/*
 * The interrupt of what was coalesced is not drawn, as the send that it is charged to is filtered out: then the flows end in
 * a mark where it began.
 */
static void end_of_ends(struct timeline *t, const struct point *next)
{
	const struct point p = t->ends_of;
	struct timeline_slice s = {
		.kind = TIMELINE_HANDLER, .no_length = true, .ends = t->ends, .nr_ends = t->nr_ends
	};

	if (!t->nr_ends || (next && next->group == p.group && next->at_ns == p.at_ns &&
			    (next->what == POINT_COALESCED || next->slice == TIMELINE_HANDLER)))
		return;
	t->nr_ends = 0;
	s.name = ipi_class_name(t->ends_class);
	add_category(&s, categories[TIMELINE_HANDLER]);
	add_category(&s, "coalesced");
	add_category(&s, "not shown");
	s.track = tracks_begin(t->tracks, cpu_track(t, p.cpu), p.at_ns);
	s.at_ns = p.at_ns;
	t->ops->begin(t->ctx, &s);
	tracks_end(t->tracks, s.track);
	t->ops->end(t->ctx, s.track, p.at_ns);
}

/* --- points --- */

static void come(struct timeline *t, const struct point *p)
{
	end_of_ends(t, p);
	time_goes_on(t, p->at_ns);
	switch (p->what) {
	case POINT_SENT:
		pending_changes(t, p->cpu, 1);
		return;
	case POINT_COALESCED:
		if (p->flow)
			ends_add(t, p);
		t->ends_class = t->queue.kept[p->kept].span.class;
		pending_changes(t, p->cpu, -1);
		break;
	case POINT_BEGIN:
		begin(t, p);
		break;
	case POINT_END:
		tracks_end(t->tracks, p->track);
		t->ops->end(t->ctx, p->track, p->at_ns);
		return;
	}
	queue_drop(&t->queue, p->kept);
}

/* Where it is not known when it ended, it has no length, and says so. */
static void put_slice(struct timeline *t, enum timeline_kind slice, uint32_t kept, uint64_t begin_ns, uint64_t end_ns,
		      struct point p)
{
	p.what = POINT_BEGIN;
	p.slice = slice;
	p.kept = kept;
	p.cpu = t->queue.kept[kept].span.target;
	p.at_ns = p.begin_ns = begin_ns;
	p.unended = end_ns == IPI_NO_TIME || end_ns < begin_ns;
	p.end_ns = p.unended ? begin_ns : end_ns;
	queue_put(&t->queue, p);
}

/* Not before its line: else clocks are apart, and it cannot be placed. */
static bool can_be_placed(const struct timeline *t, uint64_t ns, uint64_t *left_out)
{
	if (ns == IPI_NO_TIME)
		return false;
	if (ns < t->line_ns) {
		++*left_out;
		return false;
	}
	return true;
}

/* handler: it ran inside of this line's, which a flow leads to; else one leads here. */
static void put_func(struct timeline *t, uint32_t kept, bool inside, bool handler)
{
	const struct ipi_span *s = &t->queue.kept[kept].span;
	struct point p = { .group = inside ? s->irq_id : GROUP_OUTSIDE, .phase = PHASE_INSIDE };

	if (!can_be_placed(t, s->run_ns, &t->left_out.functions))
		return;
	if (!handler)
		p.flow = ++t->flow;
	put_slice(t, TIMELINE_FUNC, kept, s->run_ns, s->done_ns, p);
}

static void put_wait(struct timeline *t, uint32_t kept)
{
	const struct kept *k = &t->queue.kept[kept];
	const struct ipi_span *s = &k->span;
	const struct list_line line = { t->list, s, k->kind, k->outcome, k->own };

	uint64_t from_ns;

	if (t->wait->get(&line).none || s->done_ns == IPI_NO_TIME)
		return;
	/* Where the function was done before the send was, there was nothing to wait for: behind the send. */
	from_ns = s->done_ns - s->wait_ns;
	if (from_ns < t->line_ns)
		from_ns = s->sent_ns != IPI_NO_TIME && s->sent_ns > t->line_ns ? s->sent_ns : t->line_ns;
	put_slice(t, TIMELINE_WAIT, kept, from_ns, from_ns + s->wait_ns, (struct point){ 0 });
}

static void put_hit(struct timeline *t, uint32_t kept)
{
	const struct kept *k = &t->queue.kept[kept];
	const struct ipi_span *s = &k->span;
	struct point p = { .group = s->irq_id, .phase = PHASE_HANDLER, .cpu = s->target, .kept = kept };
	bool delivered = k->outcome == LIST_DELIVERED, arrived = delivered || k->outcome == LIST_COALESCED, inside;
	uint64_t not_counted = 0;

	arrived = arrived && can_be_placed(t, s->entry_ns, delivered ? &t->left_out.interrupts : &not_counted);
	if (arrived || k->outcome == LIST_IN_FLIGHT)
		queue_put(&t->queue, (struct point){ .at_ns = t->line_ns, .what = POINT_SENT, .cpu = s->target });
	if (arrived && !(t->elsewhere && t->elsewhere(t->elsewhere_ctx, s)))
		p.flow = ++t->flow;
	if (arrived && delivered) {
		put_slice(t, TIMELINE_HANDLER, kept, s->entry_ns, s->exit_ns, p);
	} else if (arrived) {
		p.what = POINT_COALESCED;
		p.phase = PHASE_BEFORE;
		p.at_ns = p.begin_ns = p.end_ns = s->entry_ns;
		queue_put(&t->queue, p);
	}
	put_wait(t, kept);
	if (s->run_ns == IPI_NO_TIME || s->run_ns < t->line_ns) /* then it came before, see early_run() */
		return;
	inside = arrived && s->run_ns >= s->entry_ns && (s->exit_ns == IPI_NO_TIME || s->run_ns <= s->exit_ns);
	put_func(t, kept, inside, inside);
}

/* --- lines --- */

static int by_send(const void *a, const void *b, void *kept)
{
	const struct kept *x = (const struct kept *)kept + *(const uint32_t *)a;
	const struct kept *y = (const struct kept *)kept + *(const uint32_t *)b;

	if (x->span.send_id != y->span.send_id)
		return x->span.send_id < y->span.send_id ? -1 : 1;
	return x->span.target < y->span.target ? -1 : x->span.target > y->span.target;
}

/* The hits of one send. */
static void put_send(struct timeline *t, const uint32_t *hits, uint32_t nr)
{
	struct kept *first = &t->queue.kept[hits[0]];
	struct cpuset targets = { 0 };
	struct point p = { .flow = t->flow + 1 };
	uint64_t end_ns = first->span.sent_ns;

	first->hits = nr;
	for (uint32_t i = 0; i < nr; i++) {
		const struct kept *k = &t->queue.kept[hits[i]];

		first->outcomes[k->outcome]++;
		first->ambiguous += k->outcome == LIST_DELIVERED && k->span.how == IPI_HOW_AMBIGUOUS;
		put_hit(t, hits[i]);
		if (nr > 1)
			cpuset_add(&targets, k->span.target);
	}
	if (nr > 1)
		first->targets = cpuset_text(&targets);
	cpuset_free(&targets);
	p.nr_flows = (uint32_t)(t->flow + 1 - p.flow);
	put_slice(t, TIMELINE_SEND, hits[0], t->line_ns, end_ns == IPI_NO_TIME ? t->line_ns : end_ns, p);
}

static void put_sends(struct timeline *t)
{
	uint32_t from = 0;

	if (t->nr_hits > 1)
		qsort_r(t->hits, t->nr_hits, sizeof(*t->hits), by_send, t->queue.kept);
	for (uint32_t i = 1; i <= t->nr_hits; i++) {
		if (i < t->nr_hits &&
		    t->queue.kept[t->hits[i]].span.send_id == t->queue.kept[t->hits[from]].span.send_id)
			continue;
		put_send(t, t->hits + from, i - from);
		from = i;
	}
	for (uint32_t i = 0; i < t->nr_hits; i++)
		queue_drop(&t->queue, t->hits[i]);
	t->nr_hits = 0;
}

static void put_call(struct timeline *t, uint32_t kept)
{
	const struct ipi_span *s = &t->queue.kept[kept].span;
	struct point p = { .flow = t->flow + 1 };

	put_func(t, kept, s->irq_id != 0, false);
	put_wait(t, kept);
	p.nr_flows = (uint32_t)(t->flow + 1 - p.flow);
	put_slice(t, TIMELINE_QUEUE, kept, t->line_ns, t->line_ns, p);
}

/* Of what began before ns all is known: what is to come before that, comes. */
static void come_before(struct timeline *t, uint64_t ns)
{
	struct point p;

	put_sends(t);
	while (queue_next(&t->queue, ns, &p))
		come(t, &p);
}

static void timeline_line(void *ctx, const struct list_line *line)
{
	struct timeline *t = ctx;
	const struct ipi_span *s = line->span;
	uint64_t begin_ns = span_begin_ns(s);
	uint32_t kept;

	if (begin_ns > t->line_ns) {
		come_before(t, begin_ns);
		t->line_ns = begin_ns;
	}
	kept = queue_keep(&t->queue, line);
	switch (line->kind) {
	case LIST_HIT:
		if (t->nr_hits == t->room_hits) {
			t->room_hits = t->room_hits ? 2 * t->room_hits : 64;
			t->hits = xrealloc(t->hits, t->room_hits * sizeof(*t->hits));
		}
		t->hits[t->nr_hits++] = kept;
		return;
	case LIST_CALL:
		if (s->path == IPI_PATH_SENT)
			put_slice(t, TIMELINE_FUNC, kept, s->run_ns, s->done_ns,
				  (struct point){ .group = s->irq_id ? s->irq_id : GROUP_OUTSIDE,
						  .phase = PHASE_INSIDE });
		else
			put_call(t, kept);
		break;
	case LIST_IRQ:
		put_slice(t, TIMELINE_HANDLER, kept, s->entry_ns, s->exit_ns,
			  (struct point){ .group = s->irq_id, .phase = PHASE_HANDLER });
		break;
	case LIST_WAKE:
		put_slice(t, TIMELINE_WAKE, kept, begin_ns, begin_ns, (struct point){ 0 });
		break;
	case LIST_LOCAL:
		put_slice(t, TIMELINE_LOCAL, kept, s->run_ns, s->done_ns,
			  (struct point){ .group = GROUP_OUTSIDE, .phase = PHASE_INSIDE });
		break;
	}
	queue_drop(&t->queue, kept);
}

/* --- the sink --- */

/*
 * A call whose hit is a line comes after its function where that ran before the send was stamped: the target found it in
 * its queue, as it emptied that for another. So the function comes by itself, in time. That nothing is settled that
 * begins later holds: what ran it is not.
 */
static void early_run(struct timeline *t, const struct ipi_span *call)
{
	struct ipi_span run = *call;

	if (call->run_ns == IPI_NO_TIME || call->send_ns == IPI_NO_TIME || call->run_ns >= call->send_ns ||
	    call->negative)
		return;
	run.queue_ns = run.send_ns = run.entry_ns = IPI_NO_TIME;
	t->list_sink.span(t->list_sink.ctx, &run);
}

static void timeline_span(void *ctx, const struct ipi_span *span)
{
	struct timeline *t = ctx;

	if (span->kind == IPI_SPAN_SEND && !span->nr_targets)
		t->left_out.sends++;
	if (span->kind == IPI_SPAN_CALL && span->path == IPI_PATH_SENT)
		early_run(t, span);
	else
		t->list_sink.span(t->list_sink.ctx, span);
}

static void timeline_settled(void *ctx, uint64_t before_ns)
{
	struct timeline *t = ctx;

	t->list_sink.settled(t->list_sink.ctx, before_ns);
}

static int timeline_end(void *ctx, struct err *err)
{
	struct timeline *t = ctx;
	int ret = t->list_sink.end(t->list_sink.ctx, err);

	come_before(t, UINT64_MAX);
	end_of_ends(t, NULL);
	if (t->step != UINT64_MAX)
		time_goes_on(t, (t->step + 1) * TIMELINE_RATE_NS);
	return ret;
}

static void find_columns(const struct list_column **found, const char *const *keys)
{
	for (unsigned int i = 0; keys[i]; i++)
		found[i] = list_column_find(keys[i]);
}

struct timeline *timeline_new(struct analysis *a, const struct timeline_ops *ops, void *ctx)
{
	const struct list_choice all = { .sort = list_column_find("delivery"), .rest = true };
	struct timeline *t = xcalloc(1, sizeof(*t));

	t->ops = ops;
	t->ctx = ctx;
	t->names = analysis_names(a);
	t->step = UINT64_MAX;
	t->tracks = tracks_new(ops, ctx, &t->names);
	t->list = list_new(a, &all, timeline_line, t);
	t->list_sink = list_sink(t->list);
	t->wait = list_column_find("wait_ns");
	for (unsigned int i = 0; i < TIMELINE_NR_KINDS; i++) {
		find_columns(t->columns[i], columns[i]);
		find_columns(t->named_by[i], named_by[i]);
	}
	return t;
}

void timeline_free(struct timeline *t)
{
	if (!t)
		return;
	list_free(t->list);
	tracks_free(t->tracks);
	queue_free(&t->queue);
	free(t->hits);
	free(t->cpus);
	free(t->changed);
	free(t->begins);
	free(t->ends);
	free(t);
}

void timeline_set_elsewhere(struct timeline *t, bool (*elsewhere)(void *ctx, const struct ipi_span *hit), void *ctx)
{
	t->elsewhere = elsewhere;
	t->elsewhere_ctx = ctx;
}

struct span_sink timeline_sink(struct timeline *t)
{
	return (struct span_sink){ .span = timeline_span, .settled = timeline_settled, .end = timeline_end, .ctx = t };
}

const struct timeline_left_out *timeline_left_out(const struct timeline *t)
{
	return &t->left_out;
}
