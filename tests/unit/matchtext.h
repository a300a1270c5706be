/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * matchtext.h - text traces, as the kernel prints them, to events. Tests only:
 * real recordings are read by the decoder.
 *
 * Microseconds are all that the text has; events of the same one are set apart
 * by a nanosecond each, in the order of the text, which is the time order.
 * Symbols become numbers that differ where the text differs.
 */
#ifndef IPITRACE_TESTS_UNIT_MATCHTEXT_H
#define IPITRACE_TESTS_UNIT_MATCHTEXT_H

#include "base/event.h"

struct text_trace {
	char name[32]; /* "mode1", or "all" where the file has one part */
	struct ipi_event *events;
	uint64_t *masks;
	unsigned int nr, cap;
};

/* Parts of a gzipped trace that were recorded at one go. Returns how many, or -1. */
int text_load(const char *path, struct text_trace *parts, unsigned int max);
void text_free(struct text_trace *parts, unsigned int nr);

#endif
