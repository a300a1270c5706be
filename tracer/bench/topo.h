/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/topo.h - which CPUs share what, and targets by that.
 */
#ifndef IPITRACE_BENCH_TOPO_H
#define IPITRACE_BENCH_TOPO_H

#include <stdint.h>

#include "base/cpuset.h"
#include "base/err.h"

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
/* The first CPU on the node of source, and the first on another one; false: not both are there. */
bool bench_topo_near_far(const struct bench_topo *t, uint32_t source, uint32_t *near, uint32_t *far);

#endif
