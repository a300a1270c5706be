/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/pagedata-priv.h - single IPIs, as report/pagedata.c has them kept by report/pagedata-spans.c.
 */
#ifndef IPITRACE_REPORT_PAGEDATA_PRIV_H
#define IPITRACE_REPORT_PAGEDATA_PRIV_H

#include "report/pagedata.h"

struct slow_row {
	struct pagedata_single *spans; /* PAGEDATA_SLOWEST; NULL = none yet */
	unsigned int nr;
};

struct kept_spans {
	uint64_t start_ns, newest_ns; /* newest: since start */
	struct pagedata_single *spans;
	unsigned int nr, room;
	struct pagedata_pieces pieces;
	struct slow_row slow[PAGEDATA_MAX_ROWS];
};

/* duration_ns: of the recording, 0 = not known. */
void kept_spans_init(struct kept_spans *k, uint64_t start_ns, uint64_t duration_ns);
void kept_spans_free(struct kept_spans *k);
/* Those that can be lines of a list. at_ns: since the start. */
void kept_spans_add(struct kept_spans *k, const struct pagedata_single *single, uint64_t at_ns);
/* One that has a delivery latency, in its row. */
void kept_spans_slow(struct kept_spans *k, const struct pagedata_single *single);
/* In order of time, and the slowest first. */
void kept_spans_sort(struct kept_spans *k);

#endif
