/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/evformat.h - an event's format, as tracefs has it: what files keep and decoding reads.
 */
#ifndef IPITRACE_BASE_EVFORMAT_H
#define IPITRACE_BASE_EVFORMAT_H

#include <stddef.h>

struct event_format {
	const char *system; /* "ipi", "csd", "irq_vectors", "irq", "sched", "ftrace", "kprobes", ... */
	const char *text;   /* content of the event's format file */
	size_t len;
};

#endif
