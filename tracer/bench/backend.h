/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/backend.h - one run of the benchmark: what to do, who does it, what came of it.
 *
 * Two backends fill the same samples: the module (bench/module.c) and
 * membarrier from user space (bench/user.c). What follows - statistics,
 * comparison, output - knows no backend. Times are ns.
 */
#ifndef IPITRACE_BENCH_BACKEND_H
#define IPITRACE_BENCH_BACKEND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ipitrace_bench.h>

#include "base/err.h"

/* The signal that the command's handler has got; backends look at it whenever they were interrupted. */
extern volatile sig_atomic_t bench_interrupted;

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
	uint64_t start_ns, end_ns;
	uint64_t busy_ns; /* of the senders' loops, without forced rests and waits for a target to run */
	uint64_t ran_ns;  /* of it, without what kept the senders from running */
	bool partial;	  /* interrupted: what was done until then */
	int32_t pid;	  /* of the sender; 0 = a kernel thread */
	bool no_ipi;	  /* mode sends none by its nature */
	bool windows;	  /* interrupts were to be off: samples without S_WINDOW are none */
};

/* --- the module (bench/module.c) --- */

struct bench_device;

/* path NULL: look beside the program and in the kernel's module directory. */
int bench_module_load(const char *path, bool *loaded, struct err *err);
int bench_module_unload(struct err *err);
int bench_device_open(struct bench_device **d, struct err *err);
void bench_device_close(struct bench_device *d);
const struct ipitrace_bench_prim *bench_device_prim(const struct bench_device *d, uint32_t mode);
int bench_device_run(struct bench_device *d, const struct bench_job *job, struct bench_raw *raw, struct err *err);

/* --- user space (bench/user.c) --- */

/* NULL if membarrier can do it, else why not. */
const char *bench_user_refuses(uint32_t mode);
int bench_user_run(const struct bench_job *job, struct bench_raw *raw, struct err *err);

#endif
