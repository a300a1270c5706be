/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/result.h - samples in; distributions, spread, doubts and output out.
 *
 * Times are ns, integers up to the renderer. Nothing here prints but to a
 * stream that the command hands in.
 */
#ifndef IPITRACE_BENCH_RESULT_H
#define IPITRACE_BENCH_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/hist.h"
#include "bench/backend.h"
#include "bench/env.h"
#include "bench/load.h"
#include "bench/topo.h"
#include "bench/trace.h"

#define BENCH_NO_CPU	    UINT32_MAX
#define BENCH_WEAK_PERMILLE 100	 /* spread between repetitions that earns a warning */
#define BENCH_FEW_SAMPLES   1000 /* below this p99.9 is one sample's word */
#define BENCH_KEPT_PERMILLE 20	 /* of the senders' time in which they did not run, the same */

struct bench_dist { /* also what a result file holds of a distribution */
	uint64_t count, min, mean, p50, p90, p99, p999, max;
};

enum bench_measured { BENCH_DELIVERY, BENCH_ROUND_TRIP, BENCH_NR_MEASURED };

struct bench_rep {
	uint64_t sends, hits, accepted;
	uint64_t no_irq, wrong_cpu, no_window, coalesced, no_entry, truncated;
	uint64_t unconfirmed; /* whether an interrupt happened is not known */
	uint64_t interrupts;  /* that are known to have happened, each once */
	uint64_t ipi_ns;      /* "IPI time": sum over sends until the last target's handler began */
	uint64_t total_ns;    /* of the senders' loops */
	uint64_t ran_ns;      /* of it, without what kept the senders from running */
	/* The median of the samples themselves, not of buckets; UINT64_MAX where there is none. */
	struct {
		uint64_t p50, mean;
		uint64_t step; /* how finely the clock tells values apart at the median */
	} of[BENCH_NR_MEASURED];
	bool partial; /* interrupted */
};

struct bench_row {
	uint32_t mode, state;
	uint32_t source, target; /* BENCH_NO_CPU = several */
	unsigned int nr_targets;
	enum bench_relation relation;
	bool has_relation;
	bool no_ipi;		      /* the mode sends none by its nature */
	char reason[120];	      /* why it was not measured; "" = it was */
	enum bench_measured measured; /* what the table shows */
	struct bench_rep *reps;
	unsigned int nr_reps;
	struct bench_rep sum;
	struct hist hist[BENCH_NR_MEASURED];
	struct bench_dist dist[BENCH_NR_MEASURED]; /* count 0 = does not exist */
	uint64_t spread_permille;		   /* of the repetitions' medians; UINT64_MAX = unknown */
};

void bench_row_add(struct bench_row *row, const struct bench_raw *raw);
/* Distributions and spread from what was added. */
void bench_row_finish(struct bench_row *row);
void bench_row_free(struct bench_row *row);
/* Interrupts per second that the senders ran; UINT64_MAX = unknown, or the mode sends none. */
uint64_t bench_row_rate(const struct bench_row *row);
/* Warning number i of the row, or NULL; buf of at least 160 bytes. */
const char *bench_row_warning(const struct bench_row *row, unsigned int i, char *buf, size_t len);
const char *bench_measured_name(enum bench_measured m);

/* --- a whole result --- */

struct bench_result {
	enum bench_backend backend;
	uint64_t iterations, repeat, pace_ns, handler_ns, irqs_off_ns;
	unsigned int nr_senders;
	unsigned int nr_cpus; /* of the machine, as far as we may run there */
	bool pairs;
	struct bench_env env;
	struct bench_load load;
	unsigned int runs_done, runs_planned;
	bool partial;	   /* interrupted before all was done */
	bool still_loaded; /* the module, which was to be unloaded */
	struct bench_row *rows;
	unsigned int nr_rows;
	struct bench_check *checks;
	unsigned int nr_checks;
};

void bench_result_free(struct bench_result *r);
/* Warning number i about the whole, or NULL; buf of at least 160 bytes. */
const char *bench_result_warning(const struct bench_result *r, unsigned int i, char *buf, size_t len);
const char *bench_state_name(uint32_t state);
struct screen;
/* Made to fit the screen: what does not, --json has. */
void bench_print(const struct bench_result *r, const struct screen *screen, FILE *out);
void bench_json(const struct bench_result *r, FILE *out);

#endif
