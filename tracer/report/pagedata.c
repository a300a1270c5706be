// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/pagedata.c - spans in, cells and single IPIs for a page out.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "report/agg-priv.h"
#include "report/analysis.h"
#include "report/pagedata-priv.h"
#include "report/window.h"

#define FIRST_TIME_SHIFT 16 /* bins of 66 us, to begin with */
#define MAX_TASKS	 256u
#define TASK_OTHERS	 MAX_TASKS
#define MAX_FLOWS	 8192u
#define MAX_STACKS	 (1u << 16) /* of which so many are told: */
#define MAX_STACKS_TOLD	 1500u

/* How many cells each may have: in all they keep a page below 3 MB. */
static const struct {
	uint32_t max_cells;
	enum cube_fold fold;
	bool buckets, alone; /* alone: with bins of its own */
} cube_specs[PAGEDATA_NR_CUBES] = {
	[PAGEDATA_DELIVERY] = { 50000, CUBE_FOLD_NONE, true, false },
	[PAGEDATA_TARGETS] = { 40000, CUBE_FOLD_B, false, false },
	[PAGEDATA_TASKS] = { 20000, CUBE_FOLD_NONE, false, false },
	[PAGEDATA_MATRIX] = { 70000, CUBE_FOLD_BOTH, true, true },
	[PAGEDATA_FLOWS] = { 30000, CUBE_FOLD_PAIR, true, true },
};

/* A sender, as span_sender(). */
struct sender {
	int32_t id;
	uint32_t task;
};

struct pagedata {
	struct analysis *analysis;
	struct span_window *window; /* NULL = the whole recording */
	struct agg *agg;
	struct span_names names;
	struct list *list; /* what single lines are asked of */
	bool started, timeless, sorted;
	uint64_t start_ns;
	unsigned int time_shift; /* of all cubes that are not alone */
	struct cube cubes[PAGEDATA_NR_CUBES];

	struct sender *senders;
	uint32_t nr_senders, room_senders;
	struct hash senders_by_id;
	char *tasks[MAX_TASKS + 2]; /* NULL behind the last */
	unsigned int nr_tasks;

	struct pagedata_flow *flows;
	uint32_t nr_flows, room_flows, other_flows; /* others: PAGEDATA_UNKNOWN = there are none */
	struct hash flows_by_key;

	struct pagedata_stack *stacks;
	uint32_t nr_stacks, room_stacks;
	struct hash stacks_by_key;
	uint64_t stacks_missing;

	struct kept_spans kept;
};

/* --- cells --- */

static bool in_bins(const struct cube *c, uint64_t at_ns)
{
	return at_ns >> c->time_shift < CUBE_MAX_BINS;
}

/* Bins of those that share them are coarser by one step. */
static void coarsen_time(struct pagedata *p, unsigned int which)
{
	if (cube_specs[which].alone) {
		cube_set_time(&p->cubes[which], p->cubes[which].time_shift + 1);
		return;
	}
	p->time_shift++;
	for (unsigned int i = 0; i < PAGEDATA_NR_CUBES; i++)
		if (!cube_specs[i].alone)
			cube_set_time(&p->cubes[i], p->time_shift);
}

static void add(struct pagedata *p, enum pagedata_cube which, const struct cube_add *what)
{
	struct cube *c = &p->cubes[which];

	while (!in_bins(c, what->at_ns))
		coarsen_time(p, which);
	while (!cube_try(c, what)) {
		if (cube_is_timeless(c) && !(what->at_ns >> c->time_shift))
			cube_coarsen(c);
		else
			coarsen_time(p, which);
	}
}

/* --- who sends --- */

static uint32_t task_named(struct pagedata *p, const char *name)
{
	for (unsigned int i = 0; i < p->nr_tasks; i++)
		if (!strcmp(p->tasks[i], name))
			return i;
	if (p->nr_tasks == MAX_TASKS) {
		if (!p->tasks[TASK_OTHERS])
			p->tasks[TASK_OTHERS] = xstrdup("(others)");
		return TASK_OTHERS;
	}
	p->tasks[p->nr_tasks] = xstrdup(name);
	return p->nr_tasks++;
}

/* The process, or the task where that is not known: by its name, as all of a name are looked for at once. */
static uint32_t task_asked(struct pagedata *p, int32_t sender)
{
	int32_t tgid = sender_tgid(&p->names, sender);
	const char *comm = sender_comm(&p->names, tgid == -1 ? sender : tgid);
	char name[64];

	sanitize(name, sizeof(name), comm ? comm : "<...>");
	return task_named(p, name);
}

static uint32_t task_of(struct pagedata *p, const struct ipi_span *s)
{
	int32_t id = span_sender(s);
	uint32_t hash = (uint32_t)hash_u64((uint32_t)id * 0x9e3779b97f4a7c15ULL), at, i;

	for (i = hash_first(&p->senders_by_id, hash, &at); i != HASH_END; i = hash_next(&p->senders_by_id, hash, &at))
		if (p->senders[i].id == id)
			return p->senders[i].task;
	if (p->nr_senders == p->room_senders) {
		p->room_senders = p->room_senders ? 2 * p->room_senders : 64;
		p->senders = xrealloc(p->senders, p->room_senders * sizeof(*p->senders));
	}
	p->senders[p->nr_senders] = (struct sender){ id, task_asked(p, id) };
	hash_add(&p->senders_by_id, hash, p->nr_senders);
	return p->senders[p->nr_senders++].task;
}

static uint32_t flow_new(struct pagedata *p, uint32_t row, uint32_t task)
{
	if (p->nr_flows == p->room_flows) {
		p->room_flows = p->room_flows ? 2 * p->room_flows : 256;
		p->flows = xrealloc(p->flows, p->room_flows * sizeof(*p->flows));
	}
	p->flows[p->nr_flows] = (struct pagedata_flow){ row, task };
	return p->nr_flows++;
}

static uint32_t flow_of(struct pagedata *p, uint32_t row, uint32_t task)
{
	uint32_t hash = (uint32_t)hash_u64(((uint64_t)row << 32 | task) * 0x9e3779b97f4a7c15ULL), at, i;

	for (i = hash_first(&p->flows_by_key, hash, &at); i != HASH_END; i = hash_next(&p->flows_by_key, hash, &at))
		if (p->flows[i].row == row && p->flows[i].task == task)
			return i;
	if (p->nr_flows < MAX_FLOWS) {
		i = flow_new(p, row, task);
		hash_add(&p->flows_by_key, hash, i);
		return i;
	}
	if (p->other_flows == PAGEDATA_UNKNOWN)
		p->other_flows = flow_new(p, PAGEDATA_REST, TASK_OTHERS);
	return p->other_flows;
}

static void add_stack(struct pagedata *p, uint32_t row, uint32_t stack, uint64_t stolen_ns)
{
	uint32_t hash = (uint32_t)hash_u64(((uint64_t)row << 32 | stack) * 0x9e3779b97f4a7c15ULL), at, i;
	struct pagedata_stack *s;

	for (i = hash_first(&p->stacks_by_key, hash, &at); i != HASH_END; i = hash_next(&p->stacks_by_key, hash, &at))
		if (p->stacks[i].row == row && p->stacks[i].stack == stack)
			break;
	if (i == HASH_END) {
		if (p->nr_stacks == MAX_STACKS) {
			p->stacks_missing++;
			return;
		}
		if (p->nr_stacks == p->room_stacks) {
			p->room_stacks = p->room_stacks ? 2 * p->room_stacks : 256;
			p->stacks = xrealloc(p->stacks, p->room_stacks * sizeof(*p->stacks));
		}
		i = p->nr_stacks++;
		p->stacks[i] = (struct pagedata_stack){ .row = row, .stack = stack };
		hash_add(&p->stacks_by_key, hash, i);
	}
	s = &p->stacks[i];
	s->hits++;
	s->stolen_ns += stolen_ns;
}

/* --- spans --- */

static void start(struct pagedata *p)
{
	uint64_t end_ns = 0;

	p->started = true;
	p->start_ns = p->window ? span_window_begin_ns(p->window) : analysis_start_ns(p->analysis);
	if (!analysis_known_end_ns(p->analysis, &end_ns))
		end_ns = 0;
	else if (p->window && span_window_end_ns(p->window) < end_ns)
		end_ns = span_window_end_ns(p->window);
	if (end_ns < p->start_ns)
		end_ns = p->start_ns;
	kept_spans_init(&p->kept, p->start_ns, end_ns - p->start_ns);
}

/* Since the beginning. What has no time is taken for the first. */
static uint64_t at(struct pagedata *p, uint64_t ns)
{
	if (ns == IPI_NO_TIME) {
		p->timeless = true;
		return 0;
	}
	return ns > p->start_ns ? ns - p->start_ns : 0;
}

static uint32_t row_index(const struct pagedata *p, const struct agg_row *row)
{
	unsigned int index;

	if (row == &p->agg->own)
		return PAGEDATA_OWN;
	if (!agg_row_index(p->agg, row, &index) || index >= PAGEDATA_MAX_ROWS)
		return PAGEDATA_REST;
	return index;
}

/* What counts is what report/agg.c counts: nothing that is ambiguous or was stamped in the wrong order has times. */
static bool has_times(const struct ipi_span *s)
{
	return s->outcome == IPI_DELIVERED && s->how != IPI_HOW_AMBIGUOUS && !s->negative && s->entry_ns != IPI_NO_TIME;
}

static uint64_t handler_ns(const struct ipi_span *s)
{
	return s->exit_ns != IPI_NO_TIME ? s->exit_ns - s->entry_ns : 0;
}

static void add_hit(struct pagedata *p, const struct ipi_span *s, uint32_t row, uint32_t task)
{
	bool times = has_times(s), timed = times && s->sent_ns <= s->entry_ns;
	struct cube_add what = {
		.at_ns = at(p, analysis_info(p->analysis)->clock_sync ? s->send_ns : IPI_NO_TIME),
		.a = row,
		.duration_ns = timed ? s->entry_ns - s->sent_ns : PAGEDATA_UNTIMED,
	};

	add(p, PAGEDATA_DELIVERY, &what);
	what.a = s->source;
	what.b = s->target;
	add(p, PAGEDATA_MATRIX, &what);
	what.a = flow_of(p, row, task);
	what.b = cube_pair(s->source, s->target);
	add(p, PAGEDATA_FLOWS, &what);
	what.a = row;
	what.b = s->target;
	what.ns = times ? handler_ns(s) : 0;
	add(p, PAGEDATA_TARGETS, &what);
	what.b = task;
	add(p, PAGEDATA_TASKS, &what);
	add_stack(p, row, s->stack, what.ns);
	if (timed && row < PAGEDATA_MAX_ROWS)
		kept_spans_slow(&p->kept, &(struct pagedata_single){ *s, row, task });
}

static void add_unsolicited(struct pagedata *p, const struct ipi_span *s)
{
	const struct cube_add what = {
		.at_ns = at(p, s->entry_ns),
		.a = PAGEDATA_UNSOLICITED,
		.b = s->target,
		.ns = s->entry_ns != IPI_NO_TIME && !s->negative ? handler_ns(s) : 0,
	};

	add(p, PAGEDATA_TARGETS, &what);
}

static void page_span(void *ctx, const struct ipi_span *s)
{
	struct pagedata *p = ctx;
	uint32_t row = PAGEDATA_UNKNOWN, task = PAGEDATA_UNKNOWN;
	bool line = false;

	agg_span(p->agg, s);
	if (!p->started)
		start(p);
	switch (s->kind) {
	case IPI_SPAN_HIT:
		row = row_index(p, p->agg->last->row);
		task = task_of(p, s);
		add_hit(p, s, row, task);
		line = true;
		break;
	case IPI_SPAN_CALL:
		line = s->path != IPI_PATH_SENT;
		if (!line)
			break;
		row = row_index(p, p->agg->last->row);
		task = task_of(p, s);
		break;
	case IPI_SPAN_IRQ:
		line = s->unsolicited && s->unsolicited != IPI_UNSOLICITED_BEFORE;
		if (line)
			add_unsolicited(p, s);
		break;
	}
	if (line && span_begin_ns(s) != IPI_NO_TIME)
		kept_spans_add(&p->kept, &(struct pagedata_single){ *s, row, task }, at(p, span_begin_ns(s)));
}

static int page_end(void *ctx, struct err *err)
{
	static const struct list_choice all;
	struct pagedata *p = ctx;

	(void)err;
	if (!p->started)
		start(p);
	kept_spans_sort(&p->kept);
	p->list = list_new(p->analysis, &all, NULL, NULL);
	return 0;
}

struct pagedata *pagedata_new(struct analysis *a, struct span_window *window, struct agg *agg,
			      const struct span_names *names)
{
	struct pagedata *p = xcalloc(1, sizeof(*p));

	p->analysis = a;
	p->window = window;
	p->agg = agg;
	p->names = *names;
	p->time_shift = FIRST_TIME_SHIFT;
	p->other_flows = PAGEDATA_UNKNOWN;
	for (unsigned int i = 0; i < PAGEDATA_NR_CUBES; i++)
		cube_init(&p->cubes[i], cube_specs[i].max_cells, cube_specs[i].fold, FIRST_TIME_SHIFT,
			  cube_specs[i].buckets);
	return p;
}

void pagedata_free(struct pagedata *p)
{
	if (!p)
		return;
	list_free(p->list);
	kept_spans_free(&p->kept);
	for (unsigned int i = 0; i < PAGEDATA_NR_CUBES; i++)
		cube_free(&p->cubes[i]);
	for (unsigned int i = 0; i <= MAX_TASKS; i++)
		free(p->tasks[i]);
	free(p->senders);
	hash_free(&p->senders_by_id);
	free(p->flows);
	hash_free(&p->flows_by_key);
	free(p->stacks);
	hash_free(&p->stacks_by_key);
	free(p);
}

struct span_sink pagedata_sink(struct pagedata *p)
{
	return (struct span_sink){ .span = page_span, .end = page_end, .ctx = p };
}

/* --- what came of it --- */

void pagedata_finish(struct pagedata *p, const struct report *r)
{
	const uint64_t end_ns = r->windowed ? r->to_ns : r->trace->end_ns;

	p->start_ns = r->windowed ? r->from_ns : p->start_ns;
	for (unsigned int i = 0; i < PAGEDATA_NR_CUBES; i++)
		while (!p->timeless && end_ns > p->start_ns && !in_bins(&p->cubes[i], end_ns - p->start_ns - 1))
			coarsen_time(p, i);
	for (unsigned int i = 0; i < PAGEDATA_NR_CUBES; i++)
		cube_sort(&p->cubes[i]);
}

/* About: what cells and their groups are in a page. */
static uint64_t cube_text(const struct cube *c)
{
	uint64_t groups = 0;

	for (uint32_t i = 0; i < c->nr; i++)
		groups += !i || c->cells[i].key >> 24 != c->cells[i - 1].key >> 24;
	return 12 * groups + 8 * (uint64_t)c->nr;
}

bool pagedata_shrink(struct pagedata *p)
{
	unsigned int most = 0;

	for (unsigned int i = 1; i < PAGEDATA_NR_CUBES; i++)
		if (cube_text(&p->cubes[i]) > cube_text(&p->cubes[most]))
			most = i;
	if (!cube_is_timeless(&p->cubes[most]))
		coarsen_time(p, most);
	else if (p->cubes[most].merged)
		return false;
	else
		cube_coarsen(&p->cubes[most]);
	for (unsigned int i = 0; i < PAGEDATA_NR_CUBES; i++)
		cube_sort(&p->cubes[i]);
	return true;
}

const struct cube *pagedata_cube(struct pagedata *p, enum pagedata_cube which)
{
	return &p->cubes[which];
}

uint64_t pagedata_start_ns(const struct pagedata *p)
{
	return p->start_ns;
}

bool pagedata_timeless(const struct pagedata *p)
{
	return p->timeless;
}

uint32_t pagedata_row(const struct pagedata *p, const struct report_row *row)
{
	return row_index(p, row->agg);
}

const char *pagedata_task(const struct pagedata *p, uint32_t task)
{
	return task <= MAX_TASKS ? p->tasks[task] : NULL;
}

const struct pagedata_flow *pagedata_flows(const struct pagedata *p, unsigned int *nr, uint32_t *others)
{
	*nr = p->nr_flows;
	*others = p->other_flows;
	return p->flows;
}

static int most_hits(const void *x, const void *y)
{
	const struct pagedata_stack *a = x, *b = y;

	if (a->hits != b->hits)
		return a->hits > b->hits ? -1 : 1;
	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	return a->stack < b->stack ? -1 : a->stack > b->stack;
}

const struct pagedata_stack *pagedata_stacks(struct pagedata *p, unsigned int *nr, uint64_t *missing)
{
	hash_free(&p->stacks_by_key);
	p->stacks_by_key = (struct hash){ 0 };
	if (p->nr_stacks)
		qsort(p->stacks, p->nr_stacks, sizeof(*p->stacks), most_hits);
	*nr = p->nr_stacks < MAX_STACKS_TOLD ? p->nr_stacks : MAX_STACKS_TOLD;
	*missing = p->stacks_missing;
	for (uint32_t i = *nr; i < p->nr_stacks; i++)
		*missing += p->stacks[i].hits;
	return p->stacks;
}

unsigned int pagedata_nr_lines(struct pagedata *p, struct pagedata_pieces *pieces)
{
	*pieces = p->kept.pieces;
	return p->kept.nr;
}

const struct pagedata_single *pagedata_span(const struct pagedata *p, unsigned int line)
{
	return &p->kept.spans[line];
}

unsigned int pagedata_slowest(const struct pagedata *p, uint32_t row, const struct pagedata_single **out)
{
	const struct slow_row *slow;

	if (row >= PAGEDATA_MAX_ROWS)
		return 0;
	slow = &p->kept.slow[row];
	for (unsigned int i = 0; i < slow->nr; i++)
		out[i] = &slow->spans[i];
	return slow->nr;
}

bool pagedata_line(struct pagedata *p, const struct ipi_span *span, struct list_line *line)
{
	return list_line_now(p->list, span, line);
}
