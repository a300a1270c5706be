/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/names.h - questions about what spans hold only as numbers.
 *
 * Answered by the source of the spans, from symbols, stacks and the names of
 * tasks. Slow: whoever asks keeps the answer.
 */
#ifndef IPITRACE_REPORT_NAMES_H
#define IPITRACE_REPORT_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "match/match.h"

/* A frame that stands for those beyond the caller, where the recorder took no stack because the call site names it. */
#define NAMES_LEFT_OUT "[stack left out]"

struct span_names {
	/* First frame of the stack outside the plumbing, or 0: then the call site stands for it. */
	uint64_t (*stack_caller)(void *ctx, uint32_t stack);
	/* Number + 1 of the user function that caused the send of this stack; 0: not known. May be NULL. */
	uint32_t (*user_func)(void *ctx, uint32_t stack);
	const char *(*symbol)(void *ctx, uint64_t addr); /* without offset, for globs; may be NULL */
	const char *(*comm)(void *ctx, int32_t pid);
	int32_t (*tgid)(void *ctx, int32_t pid);    /* the process that a task is of; -1 = not known */
	int32_t (*parent)(void *ctx, int32_t tgid); /* the process that started a process; 0 = none, -1 = not known */
	/* The group of a task at a time; NULL = not known. It is the same text for the same group. */
	const char *(*cgroup)(void *ctx, int32_t pid, uint64_t at_ns);
	bool (*own_pid)(void *ctx, int32_t pid);    /* a task of the recorder's: what it sends itself is own */
	bool (*own_func)(void *ctx, uint64_t func); /* only ever sent on the recorder's behalf */
	void *ctx;
};

/*
 * The sender: the task that was current, if it did it itself. What a softirq, a
 * handler or an NMI sends, which merely interrupted it, is not that task's: they
 * are senders of their own, with numbers below SENDER_NO_TASK that are no task's,
 * nor a process's, and names like those that the kernel has for what is no
 * task: <softirq>, <hardirq>, <nmi>.
 */
#define SENDER_NO_TASK (-1)

static inline int32_t span_sender(const struct ipi_span *s)
{
	return s->level == IPI_LEVEL_TASK ? s->pid : SENDER_NO_TASK - (int32_t)s->level;
}

/* Name and process of a sender. */
static inline const char *sender_comm(const struct span_names *n, int32_t sender)
{
	static const char *const no_task[IPI_NR_LEVELS] = {
		[IPI_LEVEL_SOFTIRQ] = "<softirq>",
		[IPI_LEVEL_HARDIRQ] = "<hardirq>",
		[IPI_LEVEL_NMI] = "<nmi>",
	};

	if (sender < SENDER_NO_TASK)
		return no_task[SENDER_NO_TASK - sender];
	return n->comm ? n->comm(n->ctx, sender) : NULL;
}

static inline int32_t sender_tgid(const struct span_names *n, int32_t sender)
{
	if (sender < SENDER_NO_TASK)
		return sender;
	return n->tgid ? n->tgid(n->ctx, sender) : -1;
}

/* "awake", "state1"; "" for IPI_IDLE_UNKNOWN. */
#define IDLE_NAME_LEN 24
static inline void idle_name(uint32_t idle, char name[IDLE_NAME_LEN])
{
	if (idle == IPI_IDLE_UNKNOWN)
		name[0] = '\0';
	else if (idle == IPI_IDLE_AWAKE)
		snprintf(name, IDLE_NAME_LEN, "awake");
	else
		snprintf(name, IDLE_NAME_LEN, "state%u", idle - IPI_IDLE_STATE(0));
}

/* What is no task is in no group, and bears its own name there as well. */
static inline const char *span_cgroup(const struct span_names *n, const struct ipi_span *s)
{
	int32_t sender = span_sender(s);

	if (sender < SENDER_NO_TASK)
		return sender_comm(n, sender);
	return n->cgroup ? n->cgroup(n->ctx, sender, span_begin_ns(s)) : NULL;
}

/* Caused by the recorder. An interrupt that merely hit its task sends for somebody else. */
static inline bool span_is_own(const struct span_names *n, const struct ipi_span *s)
{
	return (n->own_func && s->func && n->own_func(n->ctx, s->func)) ||
	       (n->own_pid && s->level == IPI_LEVEL_TASK && n->own_pid(n->ctx, s->pid));
}

#endif
