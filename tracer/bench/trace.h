/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/trace.h - self-validation: the benchmark recorded by ipitrace itself.
 */
#ifndef IPITRACE_BENCH_TRACE_H
#define IPITRACE_BENCH_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpuset.h"
#include "base/err.h"
#include "base/event.h"
#include "bench/backend.h"

struct bench_check {
	bool done;
	char mode[24], title[64];
	uint64_t sent, matched, mismatched; /* IPIs (hits) */
	uint64_t elided;		    /* samples that the kernel served without an interrupt, as traced */
	uint64_t unconfirmed;		    /* nobody can say whether an interrupt was due: not compared */
	/* What a send costs its sender (p50), without and with tracing; UINT64_MAX = unknown. */
	uint64_t plain_ns, traced_ns;
	uint64_t seen[IPI_NR_CLASSES]; /* matched, by the class of interrupt that carried it */
	uint64_t lost_events;
	char first[320]; /* first mismatch, in words */
};

struct bench_tracer;

/* One run that was recorded. */
struct bench_traced {
	const struct bench_job *job;
	enum bench_backend backend;
	const struct ipitrace_bench_prim *prim; /* module only */
	struct bench_raw raw;
	uint64_t from_ns, to_ns; /* the run lies between, warm-up included */
};

/* Readers stay off the CPUs in use where others are left. */
int bench_tracer_start(struct bench_tracer **t, const struct cpuset *used, struct err *err);
/* Stop, write, analyse, join with nr runs; checks[i] is of runs[i]. Frees t in any case. */
int bench_tracer_join(struct bench_tracer *t, const struct bench_traced *runs, unsigned int nr,
		      struct bench_check *checks, struct err *err);
void bench_tracer_abort(struct bench_tracer *t);

#endif
