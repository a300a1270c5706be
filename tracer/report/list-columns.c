// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/list-columns.c - what a line says: one table for text, JSON, CSV, the schema and expressions.
 *
 * Times that the clock cannot tell do not exist, and neither does the
 * difference of two points of which the later was stamped first.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/taskid.h"
#include "base/text.h"
#include "report/list-priv.h"
#include "report/names.h"
#include "report/ufunc.h"

const char *const list_kind_names[] = { "hit", "call", "irq", "wake", NULL };
const char *const list_outcome_names[] = { "delivered", "coalesced", "in_flight", "lost", "run", "unknown", NULL };
const char *const list_how_names[] = { "exact", "fifo", "ambiguous", NULL };
static const char *const path_names[] = { "rider", "polled", "unknown", NULL };
/* Of who sends and of what is hit; in the order of enum ipi_context. */
static const char *const context_names[] = { "task", "softirq", "hardirq", "nmi", "idle", NULL };

/* --- names --- */

void list_names_free(struct list_names *n)
{
	for (uint32_t i = 0; i < n->nr; i++)
		free(n->names[i].text);
	free(n->names);
	hash_free(&n->index);
	free(n->callers);
	free(n->cgroup);
}

static void name_format(struct list *l, uint64_t addr, enum list_name_kind kind, char *buf, size_t len)
{
	bool is_return = kind == LIST_NAME_RETURN;

	if (kind == LIST_NAME_USER)
		ufunc_name(analysis_ufunc(l->analysis), (uint32_t)addr, true, buf, len);
	else
		symtab_format(analysis_symtab(l->analysis), addr, is_return, is_return, buf, len);
}

static const char *name(struct list *l, uint64_t addr, enum list_name_kind kind)
{
	uint32_t hash = (uint32_t)hash_u64(addr + kind), at, i;
	struct list_names *n = &l->names;
	char text[256], clean[256];

	for (i = hash_first(&n->index, hash, &at); i != HASH_END; i = hash_next(&n->index, hash, &at))
		if (n->names[i].addr == addr && n->names[i].kind == kind)
			return n->names[i].text;
	if (n->nr == n->max) {
		n->max = n->max ? 2 * n->max : 256;
		n->names = xrealloc(n->names, n->max * sizeof(*n->names));
	}
	name_format(l, addr, kind, text, sizeof(text));
	sanitize(clean, sizeof(clean), text);
	n->names[n->nr] = (struct list_name){ addr, kind, xstrdup(clean) };
	hash_add(&n->index, hash, n->nr);
	return n->names[n->nr++].text;
}

static uint64_t stack_caller(struct list *l, uint32_t stack)
{
	struct list_names *n = &l->names;
	uint32_t nr = n->nr_callers ? n->nr_callers : 256;

	if (stack >= n->nr_callers) {
		while (nr <= stack)
			nr *= 2;
		n->callers = xrealloc(n->callers, nr * sizeof(*n->callers));
		for (uint32_t i = n->nr_callers; i < nr; i++)
			n->callers[i] = LIST_CALLER_UNKNOWN;
		n->nr_callers = nr;
	}
	if (n->callers[stack] == LIST_CALLER_UNKNOWN)
		n->callers[stack] = l->ask.stack_caller(l->ask.ctx, stack);
	return n->callers[stack];
}

const char *list_frame(const struct list_line *line, unsigned int i)
{
	struct list *l = line->list;
	const struct ipi_stack *s =
		line->span->stack == IPI_STACK_NONE ? NULL : analysis_stack(l->analysis, line->span->stack);

	if (s && s->left_out && i == s->nr)
		return NAMES_LEFT_OUT;
	return s && i < s->nr ? name(l, s->addrs[i], LIST_NAME_RETURN) : NULL;
}

const char *list_user_frame(const struct list_line *line, unsigned int i)
{
	struct list *l = line->list;
	const struct ufunc *u = analysis_ufunc(l->analysis);
	unsigned int nr = 0;
	const uint32_t *frames = u ? ufunc_frames(u, line->span->stack, &nr) : NULL;

	return i < nr ? name(l, frames[i], LIST_NAME_USER) : NULL;
}

/* --- values --- */

static struct list_value none(void)
{
	return (struct list_value){ .none = true };
}

static struct list_value text(const char *s)
{
	return (struct list_value){ .none = !s, .text = s };
}

static struct list_value number(uint64_t num)
{
	return (struct list_value){ .num = num };
}

static struct list_value task(int32_t id)
{
	return number((uint64_t)task_number(id));
}

static bool is_hit(const struct list_line *line)
{
	return line->kind == LIST_HIT;
}

/* Sent or queued by somebody who is known. */
static bool has_sender(const struct list_line *line)
{
	return line->kind != LIST_IRQ;
}

static struct list_value get_kind(const struct list_line *line)
{
	return text(list_kind_names[line->kind]);
}

static struct list_value get_own(const struct list_line *line)
{
	return number(line->own);
}

static struct list_value get_outcome(const struct list_line *line)
{
	return line->outcome == LIST_NO_OUTCOME ? none() : text(list_outcome_names[line->outcome]);
}

static struct list_value get_how(const struct list_line *line)
{
	if ((line->outcome != LIST_DELIVERED && line->outcome != LIST_RUN) || line->span->how == IPI_HOW_NONE)
		return none();
	return text(list_how_names[line->span->how - IPI_HOW_EXACT]);
}

static struct list_value get_class(const struct list_line *line)
{
	return text(ipi_class_name(line->span->class));
}

static struct list_value get_source(const struct list_line *line)
{
	return has_sender(line) ? number(line->span->source) : none();
}

static struct list_value get_target(const struct list_line *line)
{
	return number(line->span->target);
}

static struct list_value get_send_id(const struct list_line *line)
{
	return is_hit(line) ? number(line->span->send_id) : none();
}

/* As in the rows of a report: where there are stacks, the call site stands for a caller that none of them names. */
static struct list_value get_caller(const struct list_line *line)
{
	const struct ipi_span *s = line->span;
	uint64_t caller = 0;

	if (!has_sender(line) || !line->list->stacks)
		return none();
	if (s->stack != IPI_STACK_NONE)
		caller = stack_caller(line->list, s->stack);
	caller = caller ? caller : s->callsite;
	return caller ? text(name(line->list, caller, LIST_NAME_RETURN)) : none();
}

static struct list_value get_callsite(const struct list_line *line)
{
	const struct ipi_span *s = line->span;

	return has_sender(line) && s->callsite ? text(name(line->list, s->callsite, LIST_NAME_RETURN)) : none();
}

static struct list_value get_func(const struct list_line *line)
{
	const struct ipi_span *s = line->span;

	return has_sender(line) && s->func ? text(name(line->list, s->func, LIST_NAME_FUNC)) : none();
}

/* As in the rows of a report. */
static struct list_value get_ufunc(const struct list_line *line)
{
	const struct ufunc *u = has_sender(line) ? analysis_ufunc(line->list->analysis) : NULL;
	int64_t frame = u ? ufunc_cause(u, line->span->stack) : -1;

	return frame >= 0 ? text(name(line->list, (uint64_t)frame, LIST_NAME_USER)) : none();
}

static struct list_value get_pid(const struct list_line *line)
{
	return has_sender(line) ? task(line->span->pid) : none();
}

/* Files without the facts of ipitrace do not know. */
static struct list_value get_tgid(const struct list_line *line)
{
	const struct list *l = line->list;
	int32_t tgid = has_sender(line) ? l->ask.tgid(l->ask.ctx, line->span->pid) : -1;

	return tgid >= 0 ? task(tgid) : none();
}

/* A name is valid until the next one is asked for. */
static struct list_value comm(const struct list_line *line, int32_t pid)
{
	struct list *l = line->list;
	const char *comm = sender_comm(&l->ask, pid);

	sanitize(l->names.comm, sizeof(l->names.comm), comm ? comm : "<...>");
	return text(l->names.comm);
}

static struct list_value get_comm(const struct list_line *line)
{
	return has_sender(line) ? comm(line, line->span->pid) : none();
}

static struct list_value get_context(const struct list_line *line)
{
	return has_sender(line) ? text(context_names[span_context(line->span)]) : none();
}

/* A path is valid until the next one is asked for. */
static struct list_value get_cgroup(const struct list_line *line)
{
	struct list *l = line->list;
	const struct ipi_span *s = line->span;
	const char *path;

	if (!has_sender(line) || s->level != IPI_LEVEL_TASK || !l->ask.cgroup)
		return none();
	path = l->ask.cgroup(l->ask.ctx, s->pid, span_begin_ns(s));
	if (!path)
		return none();
	free(l->names.cgroup);
	l->names.cgroup = sanitized(path);
	return text(l->names.cgroup);
}

/* No interrupt runs a call and has run none: then it is not told. */
static struct list_value get_depth(const struct list_line *line)
{
	const struct ipi_span *s = line->span;

	if (!s->irq_id || !line->list->trace->has_csd || (line->kind == LIST_CALL && !s->nr_calls))
		return none();
	return number(s->nr_calls);
}

static bool has_victim(const struct list_line *line)
{
	return span_victim(line->span) != IPI_VICTIM_UNKNOWN;
}

static int32_t victim_pid(const struct list_line *line)
{
	return line->kind == LIST_IRQ ? line->span->pid : line->span->victim_pid;
}

static struct list_value get_victim_pid(const struct list_line *line)
{
	return has_victim(line) ? task(victim_pid(line)) : none();
}

static struct list_value get_victim_comm(const struct list_line *line)
{
	return has_victim(line) ? comm(line, victim_pid(line)) : none();
}

static struct list_value get_victim_context(const struct list_line *line)
{
	switch (span_victim(line->span)) {
	case IPI_VICTIM_TASK:
		return text(victim_pid(line) ? "task" : "idle");
	case IPI_VICTIM_SOFTIRQ:
		return text("softirq");
	case IPI_VICTIM_UNKNOWN:
		break;
	}
	return none();
}

/* The sender, as the rows of a report name it: what an interrupt wakes is not the task's that it hit. */
static struct list_value get_waker(const struct list_line *line)
{
	return line->span->wakee ? comm(line, span_sender(line->span)) : none();
}

static struct list_value get_waker_pid(const struct list_line *line)
{
	return line->span->wakee && line->span->level == IPI_LEVEL_TASK ? task(line->span->pid) : none();
}

static struct list_value get_wakee(const struct list_line *line)
{
	return line->span->wakee ? comm(line, line->span->wakee) : none();
}

static struct list_value get_wakee_pid(const struct list_line *line)
{
	return line->span->wakee ? task(line->span->wakee) : none();
}

static struct list_value get_idle(const struct list_line *line)
{
	struct list *l = line->list;

	idle_name(line->span->idle, l->names.idle);
	return text(l->names.idle[0] ? l->names.idle : NULL);
}

static struct list_value at(const struct list_line *line, uint64_t ns)
{
	return ns == IPI_NO_TIME || !line->list->trace->clock_ns ? none() : number(ns);
}

static struct list_value between(const struct list_line *line, uint64_t from_ns, uint64_t to_ns)
{
	if (from_ns == IPI_NO_TIME || to_ns == IPI_NO_TIME || to_ns < from_ns || line->span->negative ||
	    !line->list->trace->clock_ns)
		return none();
	return number(to_ns - from_ns);
}

/* Of a wake-up the matcher has one point, by the name that all sends have. */
static struct list_value get_queued_at(const struct list_line *line)
{
	return at(line, line->kind == LIST_WAKE ? line->span->send_ns : line->span->queue_ns);
}

static struct list_value get_send_at(const struct list_line *line)
{
	return is_hit(line) ? at(line, line->span->send_ns) : none();
}

static struct list_value get_sent_at(const struct list_line *line)
{
	return is_hit(line) ? at(line, line->span->sent_ns) : none();
}

static struct list_value get_entry_at(const struct list_line *line)
{
	return at(line, line->span->entry_ns);
}

static struct list_value get_run_at(const struct list_line *line)
{
	return at(line, line->span->run_ns);
}

static struct list_value get_done_at(const struct list_line *line)
{
	return at(line, line->span->done_ns);
}

static struct list_value get_exit_at(const struct list_line *line)
{
	return at(line, line->span->exit_ns);
}

static struct list_value get_delivery(const struct list_line *line)
{
	return is_hit(line) ? between(line, line->span->sent_ns, line->span->entry_ns) : none();
}

static struct list_value get_queue(const struct list_line *line)
{
	return between(line, line->span->queue_ns, line->span->run_ns);
}

static struct list_value get_func_time(const struct list_line *line)
{
	return between(line, line->span->run_ns, line->span->done_ns);
}

/* What is coalesced took nothing from its target: the interrupt is another's. So the times add up. */
static struct list_value get_handler(const struct list_line *line)
{
	if (line->kind != LIST_IRQ && line->outcome != LIST_DELIVERED)
		return none();
	return between(line, line->span->entry_ns, line->span->exit_ns);
}

static struct list_value get_wait(const struct list_line *line)
{
	return line->span->wait_ns == IPI_NO_TIME || !line->list->evidence.has_send ? none() :
										      number(line->span->wait_ns);
}

/* Where no calls were recorded nobody knows. */
static struct list_value get_has_call(const struct list_line *line)
{
	if (is_hit(line) && !line->list->evidence.has_queue)
		return none();
	return number(is_hit(line) && line->span->has_call);
}

/*
 * Where no sends were recorded nobody knows which call needed none; nor why, where no wake-ups without one were. A call
 * that was sent is a line of a timeline (report/timeline.c), as its hit is one of a list.
 */
static struct list_value get_path(const struct list_line *line)
{
	const struct ipi_evidence *e = &line->list->evidence;
	enum ipi_path path = e->has_send && e->has_wakes ? line->span->path : IPI_PATH_UNKNOWN;

	if (line->kind != LIST_CALL || line->span->path == IPI_PATH_SENT)
		return none();
	return text(path_names[path - IPI_PATH_RIDER]);
}

const struct list_column list_columns[] = {
	{ "kind", NULL, LIST_TEXT, list_kind_names,
	  "hit: one target of a send; call: without a hit of its own; irq: interrupt without a send; wake: without IPI",
	  get_kind },
	{ "own", NULL, LIST_FLAG, NULL, "caused by the recorder", get_own },
	{ "outcome", NULL, LIST_TEXT, list_outcome_names, "what became of a hit, or of a call (run)", get_outcome },
	{ "how", NULL, LIST_TEXT, list_how_names, "how a delivery was decided", get_how },
	{ "class", NULL, LIST_TEXT, NULL, "class of the IPI", get_class },
	{ "source", NULL, LIST_ID, NULL, "sending CPU", get_source },
	{ "target", NULL, LIST_ID, NULL, "receiving CPU", get_target },
	{ "send_id", NULL, LIST_ID, NULL, "number of the send: the hits of a multicast share it", get_send_id },
	{ "caller", NULL, LIST_TEXT, NULL, "who caused it: first frame of the stack outside the plumbing", get_caller },
	{ "callsite", NULL, LIST_TEXT, NULL, "return address in the sender", get_callsite },
	{ "func", NULL, LIST_TEXT, NULL, "function that the target runs", get_func },
	{ "pid", NULL, LIST_ID, NULL, "sending task, or what a softirq or handler that sent interrupted", get_pid },
	{ "tgid", NULL, LIST_ID, NULL, "its process", get_tgid },
	{ "comm", NULL, LIST_TEXT, NULL, "its name", get_comm },
	{ "victim_pid", NULL, LIST_ID, NULL, "task that the interrupt hit", get_victim_pid },
	{ "victim_comm", NULL, LIST_TEXT, NULL, "its name", get_victim_comm },
	{ "victim_context", NULL, LIST_TEXT, context_names, "what was interrupted", get_victim_context },
	{ "queue_ns", NULL, LIST_AT, NULL, "when the call was queued, or the CPU woken", get_queued_at },
	{ "send_ns", NULL, LIST_AT, NULL, "when it was sent", get_send_at },
	{ "sent_ns", NULL, LIST_AT, NULL, "the same, behind the recording of its stack", get_sent_at },
	{ "entry_ns", NULL, LIST_AT, NULL, "when the handler began", get_entry_at },
	{ "run_ns", NULL, LIST_AT, NULL, "when the function began", get_run_at },
	{ "done_ns", NULL, LIST_AT, NULL, "when the function was done", get_done_at },
	{ "exit_ns", NULL, LIST_AT, NULL, "when the handler was done", get_exit_at },
	{ "delivery_ns", "delivery", LIST_NS, NULL, "from sent_ns to entry_ns", get_delivery },
	{ "func_ns", "func_time", LIST_NS, NULL, "from run_ns to done_ns", get_func_time },
	{ "handler_ns", "handler", LIST_NS, NULL, "from entry_ns to exit_ns, of the hit that caused the interrupt",
	  get_handler },
	{ "wait_ns", "wait", LIST_NS, NULL,
	  "how long the sender waited, on the line of the target that it waited for longest", get_wait },
	{ "has_call", NULL, LIST_FLAG, NULL, "of a hit: a call was queued for it", get_has_call },
	{ "path", NULL, LIST_TEXT, path_names, "of a call without a hit: why it has none", get_path },
	{ "queue_latency_ns", "queue", LIST_NS, NULL, "from queue_ns to run_ns", get_queue },
	{ "ufunc", NULL, LIST_TEXT, NULL, "user function that caused it, outside the C library", get_ufunc },
	{ "waker", NULL, LIST_TEXT, NULL, "of a wake-up: the sending task, or <softirq>, <hardirq>", get_waker },
	{ "waker_pid", NULL, LIST_ID, NULL, "that task", get_waker_pid },
	{ "wakee", NULL, LIST_TEXT, NULL, "of a wake-up: the task that is woken (record --with sched)", get_wakee },
	{ "wakee_pid", NULL, LIST_ID, NULL, "its number", get_wakee_pid },
	{ "idle", NULL, LIST_TEXT, NULL,
	  "idle state of the target at the send: awake, state0, ... (record --with idle)", get_idle },
	{ "context", NULL, LIST_TEXT, context_names, "who sent: that task, idle, or what interrupted it", get_context },
	{ "depth", NULL, LIST_ID, NULL, "functions that the interrupt ran", get_depth },
	{ "cgroup", NULL, LIST_TEXT, NULL, "control group of the task that sent", get_cgroup },
};
const unsigned int list_nr_columns = ARRAY_SIZE(list_columns);

const struct list_column *list_column_find(const char *name)
{
	for (unsigned int i = 0; i < list_nr_columns; i++) {
		const struct list_column *c = &list_columns[i];

		if (!strcasecmp(name, c->key) || (c->short_key && !strcasecmp(name, c->short_key)))
			return c;
	}
	return NULL;
}

/* --- conditions --- */

static void list_fields(struct expr_field *fields)
{
	static const enum expr_type types[] = {
		[LIST_TEXT] = EXPR_TEXT, [LIST_FLAG] = EXPR_FLAG, [LIST_ID] = EXPR_NUMBER,
		[LIST_NS] = EXPR_TIME,	 [LIST_AT] = EXPR_TIME,
	};
	static const char *classes[IPI_NR_CLASSES + 1];

	for (unsigned int i = 0; i < IPI_NR_CLASSES; i++)
		classes[i] = ipi_class_name(i);
	for (unsigned int i = 0; i < list_nr_columns; i++) {
		const struct list_column *c = &list_columns[i];

		fields[i] = (struct expr_field){ c->key, c->short_key, c->words, types[c->unit] };
		if (c->get == get_class)
			fields[i].words = classes;
	}
	fields[list_nr_columns] = (struct expr_field){ .name = "rate", .type = EXPR_NUMBER };
}

int list_expr_compile(struct expr **e, const char *text, struct err *err)
{
	struct expr_field fields[ARRAY_SIZE(list_columns) + 1];

	list_fields(fields);
	return expr_compile(e, text, fields, list_nr_columns + 1, err);
}

void list_expr_missed(const struct expr *e, expr_missed_fn missed, void *ctx)
{
	struct expr_field fields[ARRAY_SIZE(list_columns) + 1];

	list_fields(fields);
	expr_missed(e, fields, missed, ctx);
}

const char *list_expr_key(unsigned int column, enum list_unit *unit)
{
	const struct list_column *c = &list_columns[column];

	*unit = column == list_nr_columns ? LIST_ID : c->unit;
	if (column == list_nr_columns)
		return "rate";
	return c->short_key ? c->short_key : c->key;
}

static struct expr_value rate_of(const struct list *l)
{
	struct expr_value v = { 0 };

	v.none = !list_rate_get(&l->rate, analysis_start_ns(l->analysis), &v.num);
	return v;
}

struct expr_value list_expr_get(void *line, unsigned int column)
{
	struct list_value v;

	if (column == list_nr_columns)
		return rate_of(((const struct list_line *)line)->list);
	v = list_columns[column].get(line);
	return (struct expr_value){ v.none, v.text, v.num };
}
