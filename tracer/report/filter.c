// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/filter.c - spans in, those that pass every filter out.
 *
 * What is asked of numbers is asked of every span. What is asked of names is
 * asked once of each sender and function, and the answer kept.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/globs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/tlb.h"
#include "report/filter.h"

#define MAX_UNPLACED 4096u /* tasks that are remembered, to be named */
#define ASK(about)   (1u << (about))
#define ASK_ALL	     (ASK(FILTER_TARGET) | ASK(FILTER_CLASS) | ASK(FILTER_SENDER))

/* One row of the table that is set in one filter. */
struct part {
	const struct filter_row *row;
	const struct ipi_filter *filter;
	uint64_t found; /* bit per item of its list: matched a name that was forgotten since */
};

/* What names depend on, and the answer. */
struct sender {
	uint64_t callsite, func;
	uint32_t stack;
	int32_t pid, sender; /* the task that was current, and as span_sender() */
	bool pass;
};

/* All that is asked of one span, and the answer: most spans come with others of the same IPI. */
struct verdict {
	uint64_t callsite, func;
	uint32_t stack, source, target, class;
	int32_t pid, sender;
	bool pass;
};

struct span_filter {
	struct part *plain, *named;
	unsigned int nr_plain, nr_named;
	bool by_sender, by_class, by_target;
	/* A filter asks for groups; or for what may not be known of a task, which is counted. */
	bool by_group, by_place;
	struct filter_unplaced unplaced;
	struct hash unplaced_by_pid;
	int32_t *unplaced_pids;
	const struct span_names *names;
	struct span_sink next;

	struct sender *senders;
	uint32_t nr_senders, max_senders;
	struct hash index;   /* of senders */
	bool forgot;	     /* some */
	const char **groups; /* all that were seen, in which rows of groups look for their items */
	unsigned int nr_groups;
	struct hash by_path;
	bool asked; /* for a sender, ever */
	/* On the span before, with and without a known sender; what was asked of the latter. */
	struct verdict sent, received;
	unsigned int received_ask;

	uint64_t *mask; /* targets of a multicast that pass */
	uint32_t max_words;
};

static void add_part(struct part **parts, unsigned int *nr, const struct filter_row *row, const struct ipi_filter *f)
{
	*parts = xrealloc(*parts, (*nr + 1) * sizeof(**parts));
	(*parts)[(*nr)++] = (struct part){ .row = row, .filter = f };
}

struct span_filter *span_filter_new(const struct ipi_filter *const *filters, unsigned int nr,
				    const struct span_names *names)
{
	struct span_filter *f = xcalloc(1, sizeof(*f));
	const struct filter_row *row;

	f->names = names;
	f->sent.class = IPI_NR_CLASSES; /* of no span */
	for (unsigned int i = 0; i < nr; i++) {
		for_each_filter_row(row)
		{
			if (!filter_row_set(row, filters[i]))
				continue;
			if (row->once)
				add_part(&f->named, &f->nr_named, row, filters[i]);
			else
				add_part(&f->plain, &f->nr_plain, row, filters[i]);
			f->by_sender |= row->about == FILTER_SENDER;
			f->by_class |= row->about == FILTER_CLASS;
			f->by_target |= row->about == FILTER_TARGET;
			f->by_group |= row->group;
			f->by_place |= row->group || filters[i]->process.children;
		}
	}
	if (f->nr_plain || f->nr_named)
		return f;
	span_filter_free(f);
	return NULL;
}

void span_filter_free(struct span_filter *f)
{
	if (!f)
		return;
	free(f->plain);
	free(f->named);
	free(f->senders);
	hash_free(&f->index);
	hash_free(&f->unplaced_by_pid);
	free(f->unplaced_pids);
	free(f->groups);
	hash_free(&f->by_path);
	free(f->mask);
	free(f);
}

bool span_filter_by_sender(const struct span_filter *f)
{
	return f && f->by_sender;
}

/* The same span, as filters of senders see it and as those of tasks that were current. */
struct subjects {
	struct filter_subject by[2]; /* [of_current] */
};

static bool passes(const struct part *parts, unsigned int nr, unsigned int ask, const struct subjects *s)
{
	for (unsigned int i = 0; i < nr; i++) {
		const struct ipi_filter *f = parts[i].filter;

		if (ask & ASK(parts[i].row->about) && !parts[i].row->pass(f, &s->by[f->of_current]))
			return false;
	}
	return true;
}

/* --- names --- */

static const char *symbol(const struct span_names *n, uint64_t addr)
{
	return addr && n->symbol ? n->symbol(n->ctx, addr) : NULL;
}

/* pid: which of its two. */
static struct filter_subject names_of(const struct span_names *n, const struct sender *s, int32_t pid)
{
	uint64_t caller = 0;
	struct filter_subject subject = {
		.pid = pid, .tgid = sender_tgid(n, pid), .parent = n->parent, .parent_ctx = n->ctx
	};

	if (s->stack != IPI_STACK_NONE && n->stack_caller)
		caller = n->stack_caller(n->ctx, s->stack);
	subject.callsite = symbol(n, s->callsite);
	subject.caller = caller ? symbol(n, caller) : subject.callsite;
	subject.func = symbol(n, s->func);
	subject.comm = sender_comm(n, pid);
	return subject;
}

static bool ask_names(const struct span_filter *f, const struct sender *s)
{
	const struct subjects subjects = { { names_of(f->names, s, s->sender), names_of(f->names, s, s->pid) } };

	return passes(f->named, f->nr_named, ASK_ALL, &subjects);
}

static bool names_pass(struct span_filter *f, const struct ipi_span *s)
{
	uint64_t who = ((uint64_t)s->stack << 32 | (uint32_t)s->pid) ^ (uint64_t)s->level << 30;
	int32_t sender = span_sender(s);
	uint32_t hash = (uint32_t)hash_u64(s->callsite + hash_u64(s->func + hash_u64(who))), at, i;

	for (i = hash_first(&f->index, hash, &at); i != HASH_END; i = hash_next(&f->index, hash, &at)) {
		const struct sender *k = &f->senders[i];

		if (k->callsite == s->callsite && k->func == s->func && k->stack == s->stack && k->pid == s->pid &&
		    k->sender == sender)
			return k->pass;
	}
	if (f->nr_senders == f->max_senders) {
		f->max_senders = f->max_senders ? 2 * f->max_senders : 256;
		f->senders = xrealloc(f->senders, f->max_senders * sizeof(*f->senders));
	}
	i = f->nr_senders++;
	f->senders[i] = (struct sender){ s->callsite, s->func, s->stack, s->pid, sender, false };
	f->senders[i].pass = ask_names(f, &f->senders[i]);
	hash_add(&f->index, hash, i);
	return f->senders[i].pass;
}

static void note_group(struct span_filter *f, const char *group)
{
	uint32_t hash = (uint32_t)hash_u64((uintptr_t)group), at, i;

	for (i = hash_first(&f->by_path, hash, &at); i != HASH_END; i = hash_next(&f->by_path, hash, &at))
		if (f->groups[i] == group)
			return;
	f->groups = xrealloc(f->groups, (f->nr_groups + 1) * sizeof(*f->groups));
	f->groups[f->nr_groups] = group;
	hash_add(&f->by_path, hash, f->nr_groups++);
}

/* Whether one item of a list ever matched; if not, near has the names that it may have meant. */
static bool ever_matched(const struct span_filter *f, const struct part *part, const char *item, struct nearest *near)
{
	const struct filter_row *row = part->row;

	nearest_begin(near, item);
	for (uint32_t i = 0; i < (row->group ? f->nr_groups : f->nr_senders); i++) {
		struct filter_subject s = { .cgroup = row->group ? f->groups[i] : NULL };

		if (!row->group)
			s = names_of(f->names, &f->senders[i],
				     part->filter->of_current ? f->senders[i].pid : f->senders[i].sender);
		if (row->finds(row, part->filter, item, &s))
			return true;
		nearest_offer(near, subject_name(&s, row->names[0]));
		nearest_offer(near, subject_name(&s, row->names[1]));
		nearest_offer(near, s.cgroup);
	}
	return false;
}

static void missed_of_part(const struct span_filter *f, const struct part *part,
			   void (*missed)(void *ctx, const struct filter_row *row, const char *item,
					  const struct nearest *near),
			   void *ctx)
{
	char *list = filter_row_format(part->row, part->filter), *item;
	const char *p = list + globs_negated(list);
	struct nearest near;

	for (unsigned int i = 0; (item = globs_next(&p)); i++) {
		/* Of the first 64 it is known whether they matched what was forgotten. */
		bool before = i < 64 ? part->found >> i & 1 : f->forgot;

		if (!before && !ever_matched(f, part, item, &near))
			missed(ctx, part->row, item, &near);
		free(item);
	}
	free(list);
}

void span_filter_missed(const struct span_filter *f, const struct ipi_filter *filter,
			void (*missed)(void *ctx, const struct filter_row *row, const char *item,
				       const struct nearest *near),
			void *ctx)
{
	for (unsigned int i = 0; f && f->asked && i < f->nr_named + f->nr_plain; i++) {
		const struct part *part = i < f->nr_named ? &f->named[i] : &f->plain[i - f->nr_named];

		if (part->filter == filter && part->row->finds)
			missed_of_part(f, part, missed, ctx);
	}
}

/* Before their names are forgotten. */
static void note_found(struct span_filter *f, struct part *part)
{
	char *list, *item;
	const char *p;
	struct nearest near;

	if (!part->row->finds)
		return;
	list = filter_row_format(part->row, part->filter);
	p = list + globs_negated(list);
	for (unsigned int i = 0; i < 64 && (item = globs_next(&p)); i++) {
		if (ever_matched(f, part, item, &near))
			part->found |= 1ULL << i;
		free(item);
	}
	free(list);
}

void span_filter_forget(struct span_filter *f)
{
	if (!f || !f->nr_senders)
		return;
	for (unsigned int i = 0; i < f->nr_named; i++)
		note_found(f, &f->named[i]);
	f->forgot = true;
	hash_free(&f->index);
	f->nr_senders = 0;
	f->sent.class = IPI_NR_CLASSES;
}

/* --- spans --- */

static struct subjects subjects_of(const struct ipi_span *s)
{
	const struct filter_subject subject = { .source = s->source, .target = s->target, .class = s->class };
	struct subjects subjects = { { subject, subject } };

	subjects.by[0].pid = span_sender(s);
	subjects.by[1].pid = s->pid;
	return subjects;
}

/* The targets of a multicast that pass, into f->mask; returns their number. */
static unsigned int narrow(struct span_filter *f, const struct ipi_span *s)
{
	struct subjects subjects = subjects_of(s);
	unsigned int nr = 0;

	if (s->mask_words > f->max_words) {
		f->max_words = s->mask_words;
		f->mask = xrealloc(f->mask, f->max_words * sizeof(*f->mask));
	}
	for (uint32_t i = 0; i < s->mask_words; i++) {
		f->mask[i] = 0;
		for (uint64_t left = s->mask[i]; left; left &= left - 1) {
			subjects.by[0].target = subjects.by[1].target = i * 64 + (uint32_t)__builtin_ctzll(left);
			if (!passes(f->plain, f->nr_plain, ASK(FILTER_TARGET), &subjects))
				continue;
			f->mask[i] |= left & -left;
			nr++;
		}
	}
	return nr;
}

/* Names and numbers of tasks for which the filters have no answer, and how many hits those sent. */
static void count_unplaced(struct span_filter *f, const struct filter_subject *s)
{
	struct filter_subject subject = *s;
	bool any = false;
	uint32_t at, i, hash = (uint32_t)hash_u64((uint32_t)s->pid);
	struct filter_unplaced *u = &f->unplaced;

	subject.tgid = sender_tgid(f->names, s->pid);
	subject.parent = f->names->parent;
	subject.parent_ctx = f->names->ctx;
	for (unsigned int k = 0; k < f->nr_named + f->nr_plain && !any; k++) {
		const struct part *p = k < f->nr_named ? &f->named[k] : &f->plain[k - f->nr_named];

		any = ipi_filter_unplaced(p->filter, &subject);
	}
	if (!any)
		return;
	u->hits++;
	for (i = hash_first(&f->unplaced_by_pid, hash, &at); i != HASH_END;
	     i = hash_next(&f->unplaced_by_pid, hash, &at))
		if (f->unplaced_pids[i] == s->pid)
			return;
	if (u->tasks == MAX_UNPLACED)
		return;
	f->unplaced_pids = xrealloc(f->unplaced_pids, (u->tasks + 1) * sizeof(*f->unplaced_pids));
	f->unplaced_pids[u->tasks] = s->pid;
	hash_add(&f->unplaced_by_pid, hash, u->tasks++);
	u->pids = f->unplaced_pids;
}

const struct filter_unplaced *span_filter_unplaced(const struct span_filter *f)
{
	static const struct filter_unplaced none;

	return f ? &f->unplaced : &none;
}

static void __attribute__((noinline))
judge(struct span_filter *f, const struct ipi_span *s, unsigned int ask, struct verdict *v)
{
	struct subjects subjects = subjects_of(s);

	f->asked |= (ask & ASK(FILTER_SENDER)) != 0;
	if (unlikely(f->by_place) && (ask & ASK(FILTER_SENDER))) {
		subjects.by[0].cgroup = subjects.by[1].cgroup = span_cgroup(f->names, s);
		if (subjects.by[0].cgroup && f->by_group)
			note_group(f, subjects.by[0].cgroup);
		if (s->kind == IPI_SPAN_HIT)
			count_unplaced(f, &subjects.by[0]);
	}
	*v = (struct verdict){ s->callsite, s->func, s->stack,	     s->source, s->target,
			       s->class,    s->pid,  span_sender(s), false };
	/* Names first, so that all of them are known at the end. */
	v->pass = (!f->nr_named || !(ask & ASK(FILTER_SENDER)) || names_pass(f, s)) &&
		  passes(f->plain, f->nr_plain, ask, &subjects);
}

static inline bool judged(const struct verdict *v, const struct ipi_span *s)
{
	return v->callsite == s->callsite && v->func == s->func && v->target == s->target && v->stack == s->stack &&
	       v->source == s->source && v->class == s->class && v->pid == s->pid && v->sender == span_sender(s);
}

/* Of a multicast the targets are asked one by one; one to nobody is sent, all the same. */
static void __attribute__((noinline)) multicast(struct span_filter *f, const struct ipi_span *s)
{
	struct ipi_span narrowed = *s;
	struct verdict v;

	judge(f, s, ASK_ALL & ~ASK(FILTER_TARGET), &v);
	if (!v.pass)
		return;
	narrowed.nr_targets = narrow(f, s);
	narrowed.mask = f->mask;
	if (narrowed.nr_targets || (!s->nr_targets && !f->by_target))
		f->next.span(f->next.ctx, &narrowed);
}

/* An interrupt, or a local call, which is no IPI and so of no class. */
static void received(struct span_filter *f, const struct ipi_span *s)
{
	unsigned int ask = ASK(FILTER_TARGET);

	if (f->by_sender || (f->by_class && s->kind == IPI_SPAN_LOCAL))
		return;
	if (s->kind == IPI_SPAN_IRQ)
		ask |= ASK(FILTER_CLASS);
	if (f->received.target != s->target || f->received.class != s->class || f->received_ask != ask) {
		judge(f, s, ask, &f->received);
		f->received_ask = ask;
	}
	if (f->received.pass)
		f->next.span(f->next.ctx, s);
}

/* Of what flushes itself or asks others to the sender is known, not whom it asks; of the others the target alone. */
static void __attribute__((noinline)) tlb_flush(struct span_filter *f, const struct ipi_span *s)
{
	bool remote = s->path == TLB_BY_REMOTE || s->path == TLB_BY_WRONG_CPU;
	struct verdict v = { .pass = false };

	if (!remote)
		judge(f, s, ASK(FILTER_CLASS) | ASK(FILTER_SENDER), &v);
	else if (!f->by_sender)
		judge(f, s, ASK(FILTER_CLASS) | ASK(FILTER_TARGET), &v);
	if (v.pass)
		f->next.span(f->next.ctx, s);
}

static void filter_span(void *ctx, const struct ipi_span *s)
{
	struct span_filter *f = ctx;

	if (unlikely(s->kind == IPI_SPAN_TLB)) {
		tlb_flush(f, s);
		return;
	}

	if (s->kind == IPI_SPAN_IRQ || s->kind == IPI_SPAN_LOCAL) {
		received(f, s);
		return;
	}
	if (unlikely(s->mask)) {
		multicast(f, s);
		return;
	}
	/* The time decides of a group, and each one counts whose task is not known. */
	if (unlikely(!judged(&f->sent, s) || f->by_place))
		judge(f, s, ASK_ALL, &f->sent);
	if (f->sent.pass)
		f->next.span(f->next.ctx, s);
}

static void filter_lost(void *ctx, uint32_t cpu, uint64_t at_ns, uint64_t lost)
{
	struct span_filter *f = ctx;

	f->next.lost(f->next.ctx, cpu, at_ns, lost);
}

static void filter_settled(void *ctx, uint64_t before_ns)
{
	struct span_filter *f = ctx;

	f->next.settled(f->next.ctx, before_ns);
}

static int filter_end(void *ctx, struct err *err)
{
	struct span_filter *f = ctx;

	return f->next.end(f->next.ctx, err);
}

/* What is lost is nobody's, and what is settled stays so: both go on as they are. */
struct span_sink span_filter_sink(struct span_filter *f, const struct span_sink *next)
{
	if (!f)
		return *next;
	f->next = *next;
	return (struct span_sink){
		.span = filter_span,
		.lost = next->lost ? filter_lost : NULL,
		.settled = next->settled ? filter_settled : NULL,
		.end = next->end ? filter_end : NULL,
		.ctx = f,
	};
}
