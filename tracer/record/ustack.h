/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record/ustack.h - which sample of a user stack belongs to which send, and what it says.
 *
 * The rule (capture/userstack.h says what the kernel guarantees): on each CPU a
 * sample and its send come from one hit of a tracepoint, the sample first, and
 * no other send of a task between the two. So a send of a task has the sample
 * that is stamped behind the CPU's last such send (and behind the end of the
 * last gap in its stream), if there is exactly one that agrees with it in all
 * that both tell: kind of event, thread, call site, target. Anything else has
 * none, and is counted. No distance in time is ever judged.
 *
 * Where samples follow their sends (userstack_follows()), it is the first one
 * behind the send, if it agrees, and no other one does before the CPU's next
 * such send. Then no more is known until that next one: a gap leaves it without.
 */
#ifndef IPITRACE_RECORD_USTACK_H
#define IPITRACE_RECORD_USTACK_H

#include "base/err.h"
#include "base/event.h"
#include "capture/userstack.h"
#include "file/ustacks.h"

struct ustack_join;

struct ustack_join *ustack_join_new(struct userstack *u, const struct userstack_config *config, unsigned int nr_cpus);
/* Every event of the recording, in order of time. */
void ustack_join_event(struct ustack_join *j, const struct ipi_event *ev);
/* What came of it, to be freed by ustacks_free(). -1: samples could not be read back; *err. */
int ustack_join_finish(struct ustack_join *j, struct ustacks *out, struct err *err);
void ustack_join_free(struct ustack_join *j);

#endif
