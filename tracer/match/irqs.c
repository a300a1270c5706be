// SPDX-License-Identifier: GPL-2.0-only
/*
 * match/irqs.c - which send caused which interrupt.
 *
 * An interrupt controller holds one request per (CPU, vector) besides the one
 * in service, and accepting a request clears it before the handler's entry is
 * stamped. So of the sends stamped between two entries
 *
 *	 E[i-1]         acceptance   E[i]
 *	---|---- A --------|---- B ----|--->
 *
 * A causes (or is coalesced into) interrupt i, B causes i + 1; the acceptance
 * itself leaves no stamp. What is known:
 *   - every interrupt has at least one send: if window i + 1 has none of its
 *     own, the last of window i belongs to it, if one can be spared there;
 *   - an event that the target recorded before E[i] came before acceptance,
 *     so only sends later than that (later than floor_ns) can be like B;
 *   - a CPU that records an event with interrupts on has nothing pending;
 *   - for calls, the function that a csd ran in a handler ties its send to it.
 *
 * A window with a hit to spare is kept unsettled, and so are the windows of
 * one hit each behind it, because an empty window at their end would shift a
 * hit through all of them. Where two readings remain, how is ambiguous; the
 * counts of delivered, coalesced and unsolicited are the same in both.
 *
 * All that speaks of stamps: of sent_ns, which is behind the unwinding of the
 * send's stack. Before that the ICR is not written, so a hit that is still
 * unwound at an entry waits for the next one. The write comes after the stamp,
 * as a rule at once; a vCPU stopped in between writes late. So a spare that by its stamp
 * cannot be late is still the best explanation of an interrupt that has none at
 * all: that interrupt is ambiguous, but not unsolicited. Such a chain is weak.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "match/priv.h"
#include "match/totals.h"

static bool shiftable(const struct window *w, const struct hit *h)
{
	return h->span.sent_ns > w->floor_ns;
}

static void window_push(struct window *w, struct hit *h)
{
	h->next = NULL;
	if (w->head)
		w->tail->next = h;
	else
		w->head = h;
	w->tail = h;
	w->nr_hits++;
}

/* The hit before the last one, NULL if there is only one. */
static struct hit *window_penultimate(const struct window *w)
{
	struct hit *h = w->head;

	if (w->nr_hits < 2)
		return NULL;
	while (h->next != w->tail)
		h = h->next;
	return h;
}

static struct hit *window_pop(struct window *w)
{
	struct hit *last = w->tail, *prev = window_penultimate(w);

	if (prev)
		prev->next = NULL;
	else
		w->head = NULL;
	w->tail = prev;
	w->nr_hits--;
	return last;
}

static inline void hit_final(struct matcher *m, struct hit *h, enum ipi_outcome outcome, enum ipi_how how)
{
	h->span.outcome = outcome;
	h->span.how = how;
	totals_hit(&m->totals, &h->span);
	if (h->call)
		h->call->hit = NULL;
	match_emit(m, &h->span);
	pool_put(&m->hits, h);
}

/*
 * Which of the window's hits caused the interrupt: the first that asked for
 * it. If another's function ran in this handler and the first's did not, that
 * speaks for the other; both readings remain.
 */
static struct hit *window_cause(const struct window *w, enum ipi_how *how)
{
	struct hit *first = w->head;

	*how = first->ambiguous || w->tainted ? IPI_HOW_AMBIGUOUS : IPI_HOW_FIFO;
	if (!ipi_class_is_call(w->class))
		return first;
	if (first->ran_seq == w->seq) {
		/* Even so, a late request of the window before may be what raised this one. */
		if (*how == IPI_HOW_FIFO)
			*how = IPI_HOW_EXACT;
		return first;
	}
	for (struct hit *h = first->next; h; h = h->next)
		if (h->ran_seq == w->seq) {
			*how = IPI_HOW_AMBIGUOUS;
			return h;
		}
	return first;
}

/* An interrupt that nobody was seen to ask for. */
static enum ipi_unsolicited __attribute__((noinline)) why_unsolicited(struct matcher *m, const struct window *w)
{
	struct cpu *cpu = &m->cpus[w->target];
	/* A gap may be told of when it is over only. */
	const bool in_gap = w->in_gap || w->entry_ns <= m->gap_reach_ns;

	if (w->maybe_before && !(cpu->before_told >> w->class & 1)) {
		cpu->before_told |= IPI_CLASS_BIT(w->class);
		if (m->config.window_ns)
			return IPI_UNSOLICITED_BEFORE;
		if (!in_gap && m->config.has_sends)
			return IPI_UNSOLICITED_AT_START;
	}
	return in_gap ? IPI_UNSOLICITED_IN_GAP : IPI_UNSOLICITED;
}

static void __attribute__((noinline))
window_tell(struct matcher *m, const struct window *w, uint32_t source, enum ipi_unsolicited unsolicited)
{
	const struct ipi_event entry = {
		.cpu = source,
		.target = w->target,
		.pid = w->pid,
		.class = w->class,
		.flags = w->flags,
	};
	struct ipi_span span;

	span_init(&span, IPI_SPAN_IRQ, &entry);
	span.unsolicited = unsolicited;
	span.irq_flags = w->flags;
	span.irq_id = w->seq;
	span.nr_targets = w->nr_hits;
	span.nr_calls = w->nr_calls;
	span.entry_ns = w->entry_ns;
	span.exit_ns = w->exit_ns;
	match_emit(m, &span);
}

/* Everything is decided: emit the hits, then the interrupt. */
static void window_settle(struct matcher *m, struct window *w)
{
	enum ipi_unsolicited unsolicited = IPI_SOLICITED;
	struct hit *cause = NULL, *h, *next;
	uint32_t source = UINT32_MAX;
	enum ipi_how how;

	if (likely(w->head)) {
		cause = window_cause(w, &how);
		source = cause->span.source;
	} else {
		unsolicited = why_unsolicited(m, w);
	}
	if (unlikely(!m->config.has_csd))
		w->nr_calls = IPI_CALLS_UNKNOWN;
	for (h = w->head; h; h = next) {
		next = h->next;
		h->span.entry_ns = w->entry_ns;
		h->span.exit_ns = w->exit_ns;
		h->span.victim_pid = w->pid;
		h->span.irq_flags = w->flags;
		h->span.irq_id = w->seq;
		h->span.nr_calls = w->nr_calls;
		if (h == cause)
			hit_final(m, h, IPI_DELIVERED, how);
		else
			hit_final(m, h, IPI_COALESCED, IPI_HOW_NONE);
	}
	totals_irq(&m->totals, w->class, unsolicited, w->nr_calls, m->config.has_csd);
	if (unsolicited || !(m->untold & MATCH_UNTOLD_SOLICITED))
		window_tell(m, w, source, unsolicited);
	pool_put(&m->windows, w);
}

/* --- chains of unsettled windows --- */

static void chain_start(struct matcher *m, struct line *line, struct window *w)
{
	w->next = NULL;
	line->chain = line->chain_tail = w;
	line->nr_chain = 1;
	line->weak = !shiftable(w, w->tail);
	m->cpus[w->target].nr_chains += !line->weak;
}

static void chain_weaken(struct cpu *cpu, struct line *line)
{
	cpu->nr_chains -= !line->weak;
	line->weak = true;
}

static void chain_append(struct matcher *m, struct line *line, struct window *w)
{
	w->next = NULL;
	w->tainted = !line->weak;
	if (!shiftable(w, w->tail))
		chain_weaken(&m->cpus[w->target], line);
	line->chain_tail->next = w;
	line->chain_tail = w;
	line->nr_chain++;
}

static struct window *chain_detach(struct matcher *m, struct line *line)
{
	struct window *w = line->chain;

	if (w)
		m->cpus[w->target].nr_chains -= !line->weak;
	line->chain = line->chain_tail = NULL;
	line->nr_chain = 0;
	return w;
}

/*
 * Can the window's first hit have been merged into a request that was pending
 * since before? Not if it was sent after the CPU had returned from its last
 * handler, which lets in what is pending. As evidence, a function has to have
 * run for it.
 */
static bool may_merge(const struct window *w)
{
	return !ipi_class_is_call(w->class) || !w->head || w->head->ran_seq != w->seq ||
	       w->returned_ns == IPI_NO_TIME || w->head->span.send_ns <= w->returned_ns;
}

/*
 * A spare that caused the second window shifts the hit of each window to the
 * next, until an interrupt has none of its own, which there is none of, or until
 * one was merged into what had come before. Behind the last that may have been,
 * every window is its own hit's.
 */
static void chain_untaint(struct window *first)
{
	struct window *certain = first->next;

	for (struct window *w = first; w->next; w = w->next)
		if (may_merge(w->next))
			certain = w->next->next;
	for (; certain; certain = certain->next)
		certain->tainted = false;
}

/* No shift: every window keeps its own hits, though in a tainted one another may have come before. */
static void chain_settle(struct matcher *m, struct line *line)
{
	struct window *w = chain_detach(m, line), *next;

	if (w)
		chain_untaint(w);
	for (; w; w = next) {
		next = w->next;
		window_settle(m, w);
	}
}

/* The sends of two CPUs need not have written their ICRs in the order in which the trace shows them. */
static void mark_disorder(struct hit *a, struct hit *b)
{
	if (a->span.source != b->span.source)
		a->ambiguous = b->ambiguous = true;
}

/* The chain ends with an interrupt that has no send of its own, so the spare hit moves everything up by one. */
static void chain_shift(struct matcher *m, struct line *line, struct window *empty)
{
	bool weak = line->weak;
	struct window *w = chain_detach(m, line), *next;
	struct hit *before = window_penultimate(w);
	struct hit *carry;

	/*
	 * The hit before the spare may have been late as well, and caused the
	 * next interrupt, unless this one has none but it to be caused by.
	 */
	if ((w->nr_hits > 2 || w->tainted) && shiftable(w, before))
		w->tail->ambiguous = true;
	mark_disorder(before, w->tail);
	carry = window_pop(w);
	carry->ambiguous |= weak;
	next = w->next;
	window_settle(m, w);
	for (w = next; w; w = next) {
		struct hit *own = window_pop(w);

		next = w->next;
		w->tainted = false; /* it is what came before */
		mark_disorder(carry, own);
		window_push(w, carry);
		carry = own;
		carry->ambiguous |= weak;
		window_settle(m, w);
	}
	window_push(empty, carry);
	window_settle(m, empty);
}

/* Can a request that was pending at the exit of the chain's last handler have waited for this one? */
static bool chain_reaches(const struct line *line, const struct window *w)
{
	uint64_t exit_ns = line->chain_tail->exit_ns;

	return exit_ns == IPI_NO_TIME || w->entry_ns <= exit_ns + MATCH_PENDING_NS;
}

static inline void window_resolve(struct matcher *m, struct cpu *cpu, struct window *w)
{
	struct line *line = &cpu->lines[w->class];

	if (unlikely(line->chain)) {
		if (!chain_reaches(line, w)) {
			chain_settle(m, line);
		} else if (!w->nr_hits) {
			chain_shift(m, line, w);
			return;
		} else if (w->nr_hits == 1 && line->nr_chain < (line->weak ? MATCH_MAX_WEAK : MATCH_MAX_CHAIN)) {
			chain_append(m, line, w);
			return;
		} else {
			w->tainted = !line->weak && may_merge(w);
			chain_settle(m, line);
		}
	}
	if (w->nr_hits > 1)
		chain_start(m, line, w);
	else
		window_settle(m, w);
}

void chains_weaken(struct cpu *cpu)
{
	for (unsigned int class = 0; cpu->nr_chains && class < IPI_NR_CLASSES; ++class)
		if (cpu->lines[class].chain)
			chain_weaken(cpu, &cpu->lines[class]);
}

/* --- events --- */

/* Resolution waits for the exit, because the functions that run in between are evidence. */
static inline void close_window(struct matcher *m, struct cpu *cpu, uint64_t exit_ns)
{
	struct window *w = cpu->win;

	cpu->win = NULL;
	cpu->returned_ns = exit_ns;
	w->exit_ns = exit_ns;
	window_resolve(m, cpu, w);
}

/* Out of line, for callers that seldom need it. */
static void __attribute__((noinline)) window_close(struct matcher *m, struct cpu *cpu, uint64_t exit_ns)
{
	close_window(m, cpu, exit_ns);
}

/* The last hit of the line is still unwound: the window gets those that are sent by its entry, the line keeps the rest. */
static void __attribute__((noinline)) window_take_sent(struct window *w, struct line *line)
{
	struct hit *h = line->head;

	w->head = w->tail = NULL;
	w->nr_hits = 0;
	for (; h->span.sent_ns <= w->entry_ns; h = h->next) {
		w->tail = h;
		w->nr_hits++;
	}
	if (w->tail) {
		w->head = line->head;
		w->tail->next = NULL;
	} else {
		/* An interrupt that nothing explains: clocks may differ, or its sender is not seen. */
		h->ambiguous = true;
	}
	h->prev = NULL;
	line->head = h;
	line->nr -= w->nr_hits;
}

static inline void window_take(struct window *w, struct line *line)
{
	if (unlikely(line->tail && line->tail->span.sent_ns > w->entry_ns)) {
		window_take_sent(w, line);
		return;
	}
	w->head = line->head;
	w->tail = line->tail;
	w->nr_hits = line->nr;
	line->head = line->tail = NULL;
	line->nr = 0;
}

void window_open(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	struct line *line = &cpu->lines[ev->class];
	struct window *w;

	wait_sees(cpu, ev);
	if (unlikely(cpu->win)) /* its exit was not recorded; handlers do not nest */
		window_close(m, cpu, IPI_NO_TIME);

	w = pool_get(&m->windows);
	w->target = ev->cpu;
	w->pid = ev->pid;
	w->class = ev->class;
	w->flags = ev->flags;
	w->entry_ns = ev->ts_ns;
	w->exit_ns = IPI_NO_TIME;
	w->nr_calls = 0;
	window_take(w, line);
	w->seq = ++m->seq;
	w->floor_ns = cpu->last_ns;
	w->returned_ns = cpu->returned_ns;
	w->tainted = false;
	w->in_gap = m->nr_gaps;
	w->maybe_before = cpu->before >> ev->class & 1;
	/* What comes second was sent later; in a window, whose beginning is not told to the ns, perhaps not. */
	if (unlikely(w->maybe_before) && !m->config.window_ns)
		cpu->before &= (uint16_t)~IPI_CLASS_BIT(ev->class);
	cpu->win = w;
	if (unlikely(cpu->nr_irq_works) && ipi_class_is_call(ev->class))
		call_drain_irq_work(m, cpu, ev->ts_ns, w);
}

void window_exit(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	wait_sees(cpu, ev);
	if (likely(cpu->win && cpu->win->class == ev->class)) {
		close_window(m, cpu, ev->ts_ns);
		return;
	}
	m->totals.exits_unentered++;
	if (cpu->win)
		window_close(m, cpu, IPI_NO_TIME);
}

/*
 * What a send event says of the function: an irq_work's, or a call's where a
 * probe told of it. Of any other call it names the kernel's own dispatcher.
 */
static inline uint64_t send_func(const struct ipi_event *ev)
{
	return ev->class == IPI_CLASS_IRQ_WORK || ev->call_kind == IPI_CALL_NAMED ? ev->func : 0;
}

/*
 * More hits wait than there is room for. A reschedule's request is still
 * pending: the second was merged into it. Calls do not merge like that, since
 * only the first to find the queue empty sends: what is missing is the end of
 * the wait, in events that the recording does not have.
 */
static void __attribute__((noinline)) line_spill(struct matcher *m, struct line *line)
{
	struct hit *second = line->head->next;
	bool merged = !ipi_class_is_call(second->span.class);

	line->head->next = second->next;
	second->next->prev = line->head;
	line->nr--;
	hit_final(m, second, merged ? IPI_COALESCED : IPI_LOST, IPI_HOW_NONE);
}

/* Others that were stamped earlier are sent later than h: its place is before them. */
static void __attribute__((noinline)) line_insert(struct line *line, struct hit *h)
{
	struct hit *behind = line->tail;

	while (behind->prev && behind->prev->span.sent_ns > h->span.sent_ns)
		behind = behind->prev;
	h->next = behind;
	h->prev = behind->prev;
	h->begin_ns = behind->begin_ns;
	if (behind->prev)
		behind->prev->next = h;
	else
		line->head = h;
	behind->prev = h;
	line->nr++;
}

static inline void line_append(struct line *line, struct hit *h)
{
	h->next = NULL;
	h->prev = line->tail;
	if (line->tail)
		line->tail->next = h;
	else
		line->head = h;
	line->tail = h;
	line->nr++;
}

static inline void line_add(struct line *line, struct hit *h)
{
	h->begin_ns = h->span.send_ns;
	if (unlikely(line->tail && line->tail->span.sent_ns > h->span.sent_ns))
		line_insert(line, h);
	else
		line_append(line, h);
}

/* One target of a send, so far of its own identity. */
static inline __attribute__((always_inline)) struct hit *hit_new(struct matcher *m, const struct ipi_event *ev,
								 enum ipi_span_kind kind)
{
	struct hit *h = pool_get(&m->hits);

	span_init(&h->span, kind, ev);
	h->span.func = send_func(ev);
	h->span.csd = 0;
	h->span.send_ns = ev->ts_ns;
	h->span.sent_ns = event_sent_ns(ev);
	h->span.send_id = m->totals.sends;
	h->call = NULL;
	h->ran_seq = 0;
	h->ambiguous = false;
	return h;
}

/* It takes the identity of the call that it was sent for. */
static inline __attribute__((always_inline)) void hit_add(struct matcher *m, struct hit *h, struct call *c)
{
	struct line *line;

	if (c)
		call_join(c, h);
	if (unlikely(h->span.target >= m->nr_cpus ||
		     m->cpus[h->span.target].in_gap)) { /* damage, or nobody saw it arrive */
		hit_final(m, h, IPI_LOST, IPI_HOW_NONE);
		return;
	}
	line = hit_line(m, h);
	line_add(line, h);
	if (unlikely(line->nr > MATCH_MAX_PENDING))
		line_spill(m, line);
}

static inline void send_takes(struct ipi_span *span, const struct call *c)
{
	span->func = c->span.func;
	if (!span->stack)
		span->stack = c->span.stack;
}

/*
 * span: the send itself, which takes function and stack of its calls as its hits do: they are told in one row.
 * Returns how many of its hits have a call.
 */
static unsigned int hits_of_mask(struct matcher *m, const struct ipi_event *ev, struct op *op, struct ipi_span *span)
{
	unsigned int nr = 0, joined = 0;

	for (unsigned int w = 0; w < ev->mask_words; w++)
		for (uint64_t bits = ev->mask[w]; bits; bits &= bits - 1, nr++) {
			uint32_t target = w * 64 + __builtin_ctzll(bits);
			struct call *c = op ? call_for_send(op, target, ev->callsite) : NULL;
			struct hit *h;

			if (c) {
				send_takes(span, c);
				joined++;
			}
			h = hit_new(m, ev, IPI_SPAN_HIT);
			h->span.target = target;
			hit_add(m, h, c);
		}
	span->nr_targets = nr;
	return joined;
}

/*
 * What is still open at the send's level had no interrupt of its own.
 * Committing a trace event may wake the buffer's reader by irq_work
 * (rb_wakeups(), kernel/trace/ring_buffer.c): that self-IPI stands between
 * a queue event and its own send and ends nothing.
 */
static inline void send_closes(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev, unsigned int level,
			       bool joined)
{
	if (ev->class == IPI_CLASS_IRQ_WORK || !(cpu->open_ops & 1u << level))
		return;
	if (joined)
		op_close(m, cpu, level, IPI_PATH_RIDER, ev->stack);
	else
		op_lapse(m, cpu, level, IPI_PATH_RIDER);
}

static inline struct op *send_op(struct cpu *cpu, const struct ipi_event *ev, unsigned int level)
{
	return cpu->open_ops & 1u << level && ipi_class_is_call(ev->class) ? &cpu->ops[level] : NULL;
}

/* Most operations are of one call, and most sends are theirs. */
static inline struct call *op_call(struct op *op, const struct ipi_event *ev)
{
	struct call *c = op->head;

	if (likely(!c->op_next && c->span.target == ev->target && op->callsite == ev->callsite))
		return c;
	return call_for_send(op, ev->target, ev->callsite);
}

void hit_send(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	unsigned int level = ipi_event_level(ev);
	struct op *op = send_op(cpu, ev, level);
	struct call *c = op ? op_call(op, ev) : NULL;
	struct hit *h;

	if (ev->class != IPI_CLASS_IRQ_WORK)
		wait_sees(cpu, ev);
	totals_send(&m->totals);
	/* The send is told of by what becomes its hit: one span to fill for both. */
	h = hit_new(m, ev, IPI_SPAN_SEND);
	h->span.nr_targets = 1;
	if (c)
		send_takes(&h->span, c);
	match_emit(m, &h->span);
	h->span.kind = IPI_SPAN_HIT;
	h->span.nr_targets = 0;
	hit_add(m, h, c);
	if (likely(c && op_is_only(op, c))) {
		if (wait_possible(c, level))
			wait_begin_only(m, cpu, c);
		op_close_only(cpu, level);
		return;
	}
	if (c && wait_possible(c, level))
		wait_begin(m, cpu, op, event_sent_ns(ev));
	send_closes(m, cpu, ev, level, c);
}

void hit_send_mask(struct matcher *m, struct cpu *cpu, const struct ipi_event *ev)
{
	unsigned int level = ipi_event_level(ev), joined;
	struct op *op = send_op(cpu, ev, level);
	struct ipi_span span;

	if (ev->class != IPI_CLASS_IRQ_WORK)
		wait_sees(cpu, ev);
	span_init(&span, IPI_SPAN_SEND, ev);
	span.send_ns = ev->ts_ns;
	span.sent_ns = event_sent_ns(ev);
	span.mask = ev->mask;
	span.mask_words = ev->mask_words;
	span.func = send_func(ev);
	span.csd = 0;
	totals_send(&m->totals);
	span.send_id = m->totals.sends;
	joined = hits_of_mask(m, ev, op, &span);
	totals_targets(&m->totals, span.nr_targets);
	if (joined && wait_possible(op->head, level))
		wait_begin(m, cpu, op, joined == span.nr_targets ? span.sent_ns : IPI_NO_TIME);
	send_closes(m, cpu, ev, level, joined);
	match_emit(m, &span);
}

/* --- gaps and the end --- */

static void line_flush(struct matcher *m, struct line *line, enum ipi_outcome outcome)
{
	struct hit *h = line->head, *next;

	line->head = line->tail = NULL;
	line->nr = 0;
	for (; h; h = next) {
		next = h->next;
		hit_final(m, h, outcome, IPI_HOW_NONE);
	}
}

static void line_lose_source(struct matcher *m, struct line *line, uint32_t source)
{
	struct hit *h = line->head, *next;

	line->head = line->tail = NULL;
	line->nr = 0;
	for (; h; h = next) {
		next = h->next;
		if (h->span.source == source) {
			hit_final(m, h, IPI_LOST, IPI_HOW_NONE);
			continue;
		}
		line_append(line, h);
	}
}

void hits_lose_to(struct matcher *m, uint32_t nr)
{
	struct cpu *cpu = &m->cpus[nr];

	if (cpu->win)
		window_close(m, cpu, IPI_NO_TIME);
	for (unsigned int class = 0; class < IPI_NR_CLASSES; ++class) {
		chain_settle(m, &cpu->lines[class]);
		line_flush(m, &cpu->lines[class], IPI_LOST);
	}
}

void hits_lose_from(struct matcher *m, uint32_t nr)
{
	for (unsigned int class = 0; class < IPI_NR_CLASSES; ++class)
		for (unsigned int t = 0; t < m->nr_cpus; t++)
			if (m->cpus[t].lines[class].head)
				line_lose_source(m, &m->cpus[t].lines[class], nr);
}

void hits_finish(struct matcher *m)
{
	for (unsigned int n = 0; n < m->nr_cpus; n++) {
		struct cpu *cpu = &m->cpus[n];

		if (cpu->win)
			window_close(m, cpu, IPI_NO_TIME);
		for (unsigned int class = 0; class < IPI_NR_CLASSES; ++class) {
			chain_settle(m, &cpu->lines[class]);
			line_flush(m, &cpu->lines[class], IPI_IN_FLIGHT);
		}
	}
}
