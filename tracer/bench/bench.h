/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/bench.h - ipitrace bench: what is measured, by whom, and what came of it.
 *
 * Two backends fill the same samples: the module (bench/module.c) and
 * membarrier from user space (bench/user.c). What follows - statistics,
 * comparison, output - knows no backend. Times are ns, integers up to the
 * renderer. Nothing here prints but to a stream that the command hands in.
 */
#ifndef IPITRACE_BENCH_TOOL_H
#define IPITRACE_BENCH_TOOL_H

#include <signal.h>
#include <stdio.h>

#include <ipitrace_bench.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpuset.h"
#include "base/err.h"
#include "base/event.h"
#include "base/hist.h"

#define BENCH_NO_CPU	    UINT32_MAX
#define BENCH_DEF_N	    100000
#define BENCH_DEF_REPEAT    5
#define BENCH_MAX_REPEAT    1000
#define BENCH_WEAK_PERMILLE 100	 /* spread between repetitions that earns a warning */
#define BENCH_FEW_SAMPLES   1000 /* below this p99.9 is one sample's word */

/* Set by the command's signal handler; backends look at it whenever they were interrupted. */
extern volatile sig_atomic_t bench_interrupted;

/* --- topology (bench/topo.c) --- */

enum bench_relation {
	BENCH_REL_SELF,
	BENCH_REL_SMT,
	BENCH_REL_LLC,
	BENCH_REL_NODE,
	BENCH_REL_REMOTE,
	BENCH_NR_RELATIONS,
};

struct bench_cpu {
	uint32_t cpu;
	int node;		     /* -1 = unknown */
	struct cpuset siblings, llc; /* empty = unknown */
};

struct bench_topo {
	struct bench_cpu *cpus; /* online and allowed to this process */
	unsigned int nr;
	unsigned int nr_nodes;
};

/* root: where sysfs lies, "" = the machine's own. */
int bench_topo_read(struct bench_topo *t, const char *root, struct err *err);
void bench_topo_free(struct bench_topo *t);
enum bench_relation bench_topo_relation(const struct bench_topo *t, uint32_t a, uint32_t b);
const char *bench_relation_name(enum bench_relation r);
/*
 * "any", "sibling", "llc", "node", "other-node", "others" as seen from source,
 * or a CPU list, into a malloc'ed array. Never contains source.
 */
int bench_topo_targets(const struct bench_topo *t, const char *spec, uint32_t source, uint32_t **targets,
		       unsigned int *nr, struct err *err);

/* --- what to do --- */

enum bench_backend { BENCH_MODULE, BENCH_USER };

/* A mode is a primitive of the module; its number is that of enum ipitrace_bench_primitive. */
struct bench_mode {
	const char *word;  /* for --modes and JSON */
	const char *title; /* in the table */
};

extern const struct bench_mode bench_modes[IPITRACE_BENCH_NR_PRIMITIVES];

/* One run: a mode between given CPUs. */
struct bench_job {
	uint32_t mode;
	uint32_t state;
	const uint32_t *senders;
	unsigned int nr_senders;
	const uint32_t *targets;
	unsigned int nr_targets;     /* none where implied */
	uint64_t iterations, warmup; /* per sender */
	uint32_t burst;
	uint64_t pace_ns, handler_ns, irqs_off_ns;
};

/* Raw outcome of one run; the caller frees samples. */
struct bench_raw {
	struct ipitrace_bench_sample *samples;
	uint64_t nr_samples, nr_truncated;
	uint64_t sends, warmup_sends, hits;
	uint64_t start_ns, end_ns, busy_ns;
	int32_t pid;  /* of the sender; 0 = a kernel thread */
	bool no_ipi;  /* mode sends none by its nature */
	bool windows; /* interrupts were to be off: samples without S_WINDOW are none */
};

struct bench_device; /* bench/module.c */

/* --- module --- */

/* path NULL: look beside the program and in the kernel's module directory. */
int bench_module_load(const char *path, bool *loaded, struct err *err);
int bench_module_unload(struct err *err);
int bench_device_open(struct bench_device **d, struct err *err);
void bench_device_close(struct bench_device *d);
const struct ipitrace_bench_prim *bench_device_prim(const struct bench_device *d, uint32_t mode);
int bench_device_run(struct bench_device *d, const struct bench_job *job, struct bench_raw *raw, struct err *err);

/* --- user space --- */

/* NULL if membarrier can do it, else why not. */
const char *bench_user_refuses(uint32_t mode);
int bench_user_run(const struct bench_job *job, struct bench_raw *raw, struct err *err);

/* --- results (bench/result.c) --- */

struct bench_dist { /* also what a result file holds of a distribution */
	uint64_t count, min, mean, p50, p90, p99, p999, max;
};

struct bench_rep {
	uint64_t sends, hits, accepted;
	uint64_t no_irq, wrong_cpu, no_window, coalesced, no_entry, unconfirmed, truncated;
	uint64_t ipi_ns;    /* seed's "IPI time": sum over sends until the last target's handler began */
	uint64_t total_ns;  /* seed's total: the senders' loops */
	uint64_t p50, mean; /* of what is measured */
};

enum bench_measured { BENCH_DELIVERY, BENCH_ROUND_TRIP, BENCH_NR_MEASURED };

struct bench_row {
	uint32_t mode, state;
	uint32_t source, target; /* BENCH_NO_CPU = several */
	unsigned int nr_targets;
	enum bench_relation relation;
	bool has_relation;
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
/* IPIs per second of the senders' time; 0 = unknown. */
uint64_t bench_row_rate(const struct bench_row *row);
/* Warning number i of the row, or NULL; buf of at least 160 bytes. */
const char *bench_row_warning(const struct bench_row *row, unsigned int i, char *buf, size_t len);
const char *bench_measured_name(enum bench_measured m);

/* --- environment (bench/env.c) --- */

struct bench_fact {
	const char *key, *label;
	char *value; /* NULL = unknown */
};

#define BENCH_MAX_FACTS 24

struct bench_env {
	struct bench_fact facts[BENCH_MAX_FACTS];
	unsigned int nr;
};

void bench_env_read(struct bench_env *e, const struct bench_topo *t);
void bench_env_free(struct bench_env *e);

/* --- self-validation (bench/trace.c) --- */

struct bench_check {
	bool done;
	char mode[24], title[64];
	uint64_t sent, matched, mismatched; /* IPIs (hits) */
	uint64_t elided;		    /* samples that the kernel served without an interrupt, as traced */
	uint64_t unconfirmed;		    /* user space cannot say whether an interrupt was due */
	uint64_t plain_ns, traced_ns;	    /* a send costs its sender (p50), without and with tracing */
	uint64_t seen[IPI_NR_CLASSES];	    /* matched, by the class of interrupt that carried it */
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

/* --- a whole result --- */

struct bench_result {
	enum bench_backend backend;
	uint64_t iterations, repeat, pace_ns, handler_ns, irqs_off_ns;
	unsigned int nr_senders;
	bool pairs;
	struct bench_env env;
	struct bench_row *rows;
	unsigned int nr_rows;
	struct bench_check *checks;
	unsigned int nr_checks;
};

struct bench_options {
	const char *modes, *targets, *module;
	struct cpuset senders;
	uint32_t state;
	bool has_state;
	uint64_t n, repeat, handler_ns, irqs_off_ns, pace_ns, burst;
	bool pairs, json, compare, user, trace;
};

/* The whole of it; what the user should know meanwhile goes to notes. */
int bench_measure(const struct bench_options *o, struct bench_result *r, FILE *notes, struct err *err);
void bench_result_free(struct bench_result *r);
const char *bench_state_name(uint32_t state);
int bench_print(const struct bench_result *r, FILE *out, struct err *err);
void bench_json(const struct bench_result *r, FILE *out);

/* --- A/B (bench/read.c, bench/compare.c) --- */

struct bench_saved_row {
	char mode[24], measured[16], state[16], key[96];
	uint64_t p50, count; /* 0 count = not measured */
	uint64_t *rep_p50;
	unsigned int nr_reps;
};

struct bench_saved {
	char backend[16];
	uint64_t iterations, nr_senders, pace_ns, handler_ns, irqs_off_ns;
	struct bench_saved_row *rows;
	unsigned int nr_rows;
};

int bench_saved_read(struct bench_saved *s, const char *path, struct err *err);
void bench_saved_free(struct bench_saved *s);

/* b / a in millionths. */
struct bench_ratio {
	uint64_t ratio_ppm;
	uint64_t error_ppm; /* half width of the 95 % interval; UINT64_MAX = unknown */
	bool differs;	    /* interval is known and does not hold 1 */
};

void bench_ratio(const uint64_t *a, unsigned int nr_a, const uint64_t *b, unsigned int nr_b, struct bench_ratio *r);
int bench_compare(const struct bench_saved *a, const struct bench_saved *b, bool json, FILE *out, struct err *err);

#endif
