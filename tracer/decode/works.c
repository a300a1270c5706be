// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/works.c - whose work or timer runs.
 *
 * process_one_work() and call_timer_fn() run others' functions, and where such a
 * one ends in a call of a third (a work of flush_work() in complete(), a sleep's
 * timer in wake_up_process()) it has left the stack by then. workqueue_execute_*
 * and timer_expire_* tell which it was. A worker may sleep and go on elsewhere:
 * works are kept by task. A timer runs to its end in its CPU's softirq.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "decode/event.h"

struct worker {
	int32_t pid;
	uint64_t func; /* 0 = none */
};

struct works {
	struct worker *workers;
	uint32_t nr;
	struct hash by_pid;
};

void works_free(struct works *w)
{
	if (!w)
		return;
	free(w->workers);
	hash_free(&w->by_pid);
	free(w);
}

static uint32_t pid_hash(int32_t pid)
{
	return (uint32_t)hash_u64((uint32_t)pid);
}

static struct worker *find(const struct works *w, int32_t pid)
{
	uint32_t hash = pid_hash(pid), at, i;

	for (i = hash_first(&w->by_pid, hash, &at); i != HASH_END; i = hash_next(&w->by_pid, hash, &at))
		if (w->workers[i].pid == pid)
			return &w->workers[i];
	return NULL;
}

void works_note(struct works **wp, int32_t pid, uint64_t func)
{
	struct works *w = *wp ? *wp : (*wp = xcalloc(1, sizeof(*w)));
	struct worker *worker = find(w, pid);

	if (worker) {
		worker->func = func;
		return;
	}
	if (!func)
		return;
	if (!(w->nr & (w->nr - 1)))
		w->workers = xrealloc(w->workers, (w->nr ? 2 * w->nr : 1) * sizeof(*w->workers));
	hash_add(&w->by_pid, pid_hash(pid), w->nr);
	w->workers[w->nr++] = (struct worker){ pid, func };
}

void works_forget(struct works *w)
{
	for (uint32_t i = 0; w && i < w->nr; i++)
		w->workers[i].func = 0;
}

uint64_t works_open(const struct works *w, int32_t pid)
{
	const struct worker *worker = w ? find(w, pid) : NULL;

	return worker ? worker->func : 0;
}

void work_note(struct decoder *d, struct cursor *c, const struct ipi_event *ev)
{
	const struct ev_desc *desc = c->desc;
	uint64_t func = desc->off[FLD_FUNC] == FLD_NONE ? 0 : load_long(d, c->rec + desc->off[FLD_FUNC]);

	if (desc->op == OP_WORK || desc->op == OP_WORK_END) {
		works_note(&d->works, ev->pid, func);
		return;
	}
	c->open_timer = func;
	c->timer_pid = ev->pid;
}
