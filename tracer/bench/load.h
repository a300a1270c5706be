/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/load.h - what else the machine did while it was measured.
 *
 * Looked at between runs, when nothing of ours but this process runs: so
 * neither our own senders and spinners nor an earlier bench count as load.
 */
#ifndef IPITRACE_BENCH_LOAD_H
#define IPITRACE_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_STEAL_PERMILLE 10 /* from here on the hypervisor's other guests are warned of */

struct bench_load {
	char averages[40];	    /* of 1, 5 and 15 minutes, before the first run; "" = unknown */
	unsigned int nr_looks;	    /* in which the running tasks could be counted */
	uint64_t others;	    /* sum over looks of those that are not we */
	uint64_t steal[2], all[2];  /* ticks of all CPUs since boot: at the first look, at the last */
	unsigned int nr_stat_looks; /* below 2 the steal time is unknown */
};

/* The texts of /proc/loadavg and /proc/stat; NULL = it can't be read. */
void bench_load_add(struct bench_load *l, const char *loadavg, const char *stat);
/* As read now. */
void bench_load_look(struct bench_load *l);
/* Of the CPUs' time between first and last look, UINT64_MAX = unknown. */
uint64_t bench_load_steal_permille(const struct bench_load *l);
/* In words, to be freed; NULL = unknown. */
char *bench_load_steal_text(const struct bench_load *l);
char *bench_load_text(const struct bench_load *l);
/* Warning number i about a machine of nr_cpus, or NULL; buf of at least 160 bytes. */
const char *bench_load_warning(const struct bench_load *l, unsigned int nr_cpus, unsigned int i, char *buf, size_t len);

#endif
