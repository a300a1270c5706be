/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/folded.h - a sink that adds up what each stack of senders caused: the folded lines of flame graphs.
 *
 * A line is the sender's task, then its frames from the outermost to the
 * caller, joined by ';'. Frames of the plumbing are left out, so that the last
 * one is the caller of a report. Memory depends on the number of different stacks and
 * tasks, not on the length of the recording.
 */
#ifndef IPITRACE_REPORT_FOLDED_H
#define IPITRACE_REPORT_FOLDED_H

#include <stdint.h>

#include "report/sink.h"

enum folded_what {
	FOLDED_COUNT,  /* target hits: their sum is the report's */
	FOLDED_STOLEN, /* ns of the handlers that they caused */
	FOLDED_WAIT,   /* ns that they waited for their calls, where that is known: the sum is the report's */
};

struct analysis;
struct folded;

struct folded_line {
	char *text; /* sanitised; no blank in it, and no ';' in a name */
	uint64_t value;
};

/* a answers for names and stacks; borrowed. */
struct folded *folded_new(struct analysis *a, enum folded_what what);
void folded_free(struct folded *f);
struct span_sink folded_sink(struct folded *f);
/* After the run: calls and multicasts of which it is not known how long their senders waited; they are in no line. */
uint64_t folded_waits_unknown(const struct folded *f);
/* After the run: no two with the same text, in the order of bytes, none of value 0. They stay the folded's. */
const struct folded_line *folded_lines(struct folded *f, unsigned int *nr);

#endif
