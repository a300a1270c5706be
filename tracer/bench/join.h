/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/join.h - a run's samples against the spans that the tracer made of it.
 *
 * Pure: no files, no tracefs. Samples and spans bear the same clock (mono), so
 * every span has its place between the stamps of its sample:
 *
 *	sample.send <= queue <= send <= sample.return		on the sender
 *	handler entry <= run <= sample.entry <= done		on the target
 */
#ifndef IPITRACE_BENCH_JOIN_H
#define IPITRACE_BENCH_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/backend.h"
#include "bench/trace.h"
#include "match/match.h"

/* What of a span a join needs. */
struct join_span {
	uint32_t source, target;
	uint64_t key_ns;	   /* first point: queued, or sent */
	uint64_t send_ns, sent_ns; /* of the hit; of a call both are the send's stamp */
	uint64_t entry_ns, run_ns, done_ns, exit_ns;
	uint8_t kind, class, path, outcome;
	bool negative, used;
};

struct bench_join {
	const struct bench_job *job;
	const struct bench_raw *raw;
	uint64_t from_ns, to_ns; /* spans outside are of other runs */
	uint32_t mode;
	uint8_t kind;	   /* of the spans that samples are joined with */
	int class;	   /* of these; -1 = any */
	char function[40]; /* that the target runs; "" = none of its own */
	uint64_t func_start, func_end;
	int32_t pid; /* of the sender; 0 = unknown */
	bool waits, stamps, exact_count;
	struct join_span *spans;
	uint64_t nr_spans, room;
	struct join_span *irqs;
	uint64_t nr_irqs, irq_room; /* interrupts of the class, irq-work only */
};

void bench_join_init(struct bench_join *j, const struct bench_traced *run);
/* An ipi_span_fn; ctx is the struct bench_join. */
void bench_join_span(void *ctx, const struct ipi_span *span);
void bench_join_decide(struct bench_join *j, struct bench_check *check);
void bench_join_free(struct bench_join *j);

#endif
