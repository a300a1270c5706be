// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/analysis-names.c - names of what spans hold as numbers, from a file or live.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/taskid.h"
#include "decode/symtab.h"
#include "file/datfile.h"
#include "file/facts.h"
#include "report/analysis-priv.h"
#include "report/analysis.h"
#include "report/names.h"
#include "report/pipeline.h"
#include "report/ufunc.h"

static int32_t task_at(void *ctx, int32_t number, uint64_t at_ns)
{
	return facts_task(&((const struct analysis *)ctx)->facts, number, at_ns);
}

/* What is known of numbers that were given again is by the recording's own time. */
static int32_t task_at_other_time(void *ctx, int32_t number, uint64_t at_ns)
{
	(void)at_ns;
	return facts_task(&((const struct analysis *)ctx)->facts, number, FACTS_TIME_UNKNOWN);
}

void analysis_name_tasks(struct analysis *a, bool own_time)
{
	if (a->dat && a->facts.nr_owners)
		pipeline_set_tasks(a->pipeline, own_time ? task_at : task_at_other_time, a);
}

static uint64_t stack_caller(void *ctx, uint32_t stack)
{
	struct analysis *a = ctx;
	const struct ipi_stack *s = analysis_stack(a, stack);

	return s ? symtab_caller_addr(a->symtab, s->addrs, s->nr, s->within) : 0;
}

static uint32_t user_func(void *ctx, uint32_t stack)
{
	const struct analysis *a = ctx;

	return a->ufunc ? (uint32_t)(ufunc_cause(a->ufunc, stack) + 1) : 0;
}

static const char *symbol(void *ctx, uint64_t addr)
{
	struct analysis *a = ctx;
	const char *module;
	uint64_t offset;

	return symtab_name(a->symtab, addr, &offset, &module);
}

static const char *comm(void *ctx, int32_t pid)
{
	const struct task_owner *owner;
	struct analysis *a = ctx;

	if (!a->dat)
		return a->feed.comm(a->feed.ctx, pid);
	owner = facts_owner(&a->facts, pid);
	if (owner)
		return owner->name[0] ? owner->name : DAT_NO_COMM;
	return dat_comm(a->dat, pid);
}

static int32_t tgid(void *ctx, int32_t pid)
{
	const struct analysis *a = ctx;

	return a->dat ? facts_tgid(&a->facts, pid) : a->feed.tgid(a->feed.ctx, pid);
}

static int32_t parent(void *ctx, int32_t tgid)
{
	const struct analysis *a = ctx;

	return a->dat ? facts_parent(&a->facts, tgid) : a->feed.parent(a->feed.ctx, tgid);
}

static const char *cgroup(void *ctx, int32_t pid, uint64_t at_ns)
{
	const struct analysis *a = ctx;

	return a->dat ? facts_cgroup(&a->facts, pid, at_ns) : a->feed.cgroup(a->feed.ctx, pid, at_ns);
}

static bool own_pid(void *ctx, int32_t pid)
{
	const struct analysis *a = ctx;
	int32_t process = pid > 0 ? tgid(ctx, pid) : pid; /* threads that write files come and go */

	for (unsigned int i = 0; i < a->facts.nr_own_pids; i++)
		if (a->facts.own_pids[i] == pid || a->facts.own_pids[i] == process)
			return true;
	for (unsigned int i = 0; i < a->nr_recorders; i++)
		if (a->recorders[i] == pid)
			return true;
	return false;
}

static bool own_func(void *ctx, uint64_t func)
{
	return func && func == ((const struct analysis *)ctx)->own_func;
}

struct span_names analysis_names(struct analysis *a)
{
	return (struct span_names){
		.stack_caller = stack_caller,
		.user_func = user_func,
		.symbol = symbol,
		.comm = comm,
		.tgid = tgid,
		.parent = parent,
		.cgroup = cgroup,
		.own_pid = own_pid,
		.own_func = own_func,
		.ctx = a,
	};
}
