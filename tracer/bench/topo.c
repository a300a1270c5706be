// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/topo.c - which CPUs share what, from sysfs; targets by relation.
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/topo.h"
#include "bench/topo.h"

static int read_node(const char *root, uint32_t cpu, unsigned int max_nodes)
{
	for (unsigned int node = 0; node < max_nodes; node++) {
		char *path = xasprintf("%s/sys/devices/system/cpu/cpu%u/node%u", root, cpu, node);
		bool there = !access(path, F_OK);

		free(path);
		if (there)
			return (int)node;
	}
	return -1;
}

static void read_cpu(struct bench_cpu *c, const char *root, uint32_t cpu, unsigned int max_nodes)
{
	char *dir = xasprintf("%s/sys/devices/system/cpu/cpu%u", root, cpu);
	char *path = xasprintf("%s/topology/thread_siblings_list", dir);

	*c = (struct bench_cpu){ .cpu = cpu, .node = read_node(root, cpu, max_nodes) };
	topo_list(path, &c->siblings);
	topo_llc(root, cpu, &c->llc);
	free(path);
	free(dir);
}

/* CPUs that this process may run on; all of them for a tree that is not this machine's. */
static bool allowed(const char *root, uint32_t cpu)
{
	static const unsigned int max = 8192;
	cpu_set_t *set;
	bool yes = true;

	if (root[0])
		return true;
	set = CPU_ALLOC(max);
	if (set && !sched_getaffinity(0, CPU_ALLOC_SIZE(max), set))
		yes = CPU_ISSET_S(cpu, CPU_ALLOC_SIZE(max), set);
	CPU_FREE(set);
	return yes;
}

int bench_topo_read(struct bench_topo *t, const char *root, struct err *err)
{
	struct cpuset online = { 0 }, nodes = { 0 };
	unsigned int max_nodes = 0;
	char *path;

	*t = (struct bench_topo){ 0 };
	path = xasprintf("%s/sys/devices/system/cpu/online", root);
	if (topo_list(path, &online)) {
		err_set(err, EXIT_FAILED, "cannot read %s", path);
		free(path);
		return -1;
	}
	free(path);
	path = xasprintf("%s/sys/devices/system/node/online", root);
	if (!topo_list(path, &nodes)) {
		t->nr_nodes = cpuset_count(&nodes);
		max_nodes = nodes.nr_words * 64;
	}
	free(path);
	t->cpus = xcalloc(cpuset_count(&online), sizeof(*t->cpus));
	for (uint32_t cpu = 0; cpu < online.nr_words * 64; cpu++)
		if (cpuset_has(&online, cpu) && allowed(root, cpu))
			read_cpu(&t->cpus[t->nr++], root, cpu, max_nodes);
	cpuset_free(&online);
	cpuset_free(&nodes);
	if (!t->nr)
		return err_set(err, EXIT_FAILED, "no CPU is online that this process may use");
	return 0;
}

void bench_topo_free(struct bench_topo *t)
{
	for (unsigned int i = 0; i < t->nr; i++) {
		cpuset_free(&t->cpus[i].siblings);
		cpuset_free(&t->cpus[i].llc);
	}
	free(t->cpus);
	*t = (struct bench_topo){ 0 };
}

static const struct bench_cpu *find(const struct bench_topo *t, uint32_t cpu)
{
	for (unsigned int i = 0; i < t->nr; i++)
		if (t->cpus[i].cpu == cpu)
			return &t->cpus[i];
	return NULL;
}

/* Nearest relation that is known; without any knowledge of nodes there is one. */
enum bench_relation bench_topo_relation(const struct bench_topo *t, uint32_t a, uint32_t b)
{
	const struct bench_cpu *ca = find(t, a), *cb = find(t, b);

	if (a == b)
		return BENCH_REL_SELF;
	if (!ca || !cb)
		return BENCH_REL_NODE;
	if (cpuset_has(&ca->siblings, b))
		return BENCH_REL_SMT;
	/* Before the cache: some machines split one cache between nodes, or say so. */
	if (ca->node != cb->node)
		return BENCH_REL_REMOTE;
	return cpuset_has(&ca->llc, b) ? BENCH_REL_LLC : BENCH_REL_NODE;
}

const char *bench_relation_name(enum bench_relation r)
{
	static const char *const names[BENCH_NR_RELATIONS] = {
		"self", "smt-sibling", "same-llc", "same-node", "other-node",
	};

	return names[r];
}

static int from_list(const struct bench_topo *t, const char *spec, uint32_t source, uint32_t *out, unsigned int *nr,
		     struct err *err)
{
	struct cpuset set = { 0 };
	int ret = -1;

	if (cpuset_parse(&set, spec, 0, err)) {
		err_hint(err, "a CPU list, or any, sibling, llc, node, other-node, others");
		goto out;
	}
	for (uint32_t cpu = 0; cpu < set.nr_words * 64; cpu++) {
		if (!cpuset_has(&set, cpu))
			continue;
		if (!find(t, cpu)) {
			err_set(err, EXIT_USAGE, "CPU %u is not online, or not for this process", cpu);
			goto out;
		}
		if (cpu == source) {
			err_set(err, EXIT_USAGE, "CPU %u is both sender and target", cpu);
			err_hint(err, "--senders chooses the sender");
			goto out;
		}
		out[(*nr)++] = cpu;
	}
	ret = 0;
out:
	cpuset_free(&set);
	return ret;
}

int bench_topo_targets(const struct bench_topo *t, const char *spec, uint32_t source, uint32_t **targets,
		       unsigned int *nr, struct err *err)
{
	static const struct {
		const char *word;
		enum bench_relation rel;
	} words[] = {
		{ "sibling", BENCH_REL_SMT },
		{ "llc", BENCH_REL_LLC },
		{ "node", BENCH_REL_NODE },
		{ "other-node", BENCH_REL_REMOTE },
	};
	uint32_t *out = xcalloc(t->nr + 1, sizeof(*out));
	bool one = !strcmp(spec, "any"), others = !strcmp(spec, "others");
	int word = -1;

	*nr = 0;
	*targets = out;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(spec, words[i].word))
			word = (int)i;
	if (!one && !others && word < 0)
		return from_list(t, spec, source, out, nr, err);
	for (unsigned int i = 0; i < t->nr; i++) {
		uint32_t cpu = t->cpus[i].cpu;

		if (cpu == source || (word >= 0 && bench_topo_relation(t, source, cpu) != words[word].rel))
			continue;
		out[(*nr)++] = cpu;
		if (!others)
			break;
	}
	if (!*nr && word >= 0) {
		err_set(err, EXIT_USAGE, "--targets: '%s': CPU %u has none", spec, source);
		return err_hint(err, "the nearest relation counts; PATH of ipitrace bench --pairs -n 1 shows each");
	}
	return 0;
}

bool bench_topo_near_far(const struct bench_topo *t, uint32_t source, uint32_t *near, uint32_t *far)
{
	bool has_near = false, has_far = false;

	for (unsigned int i = 0; i < t->nr; i++) {
		uint32_t cpu = t->cpus[i].cpu;
		bool remote = bench_topo_relation(t, source, cpu) == BENCH_REL_REMOTE;

		if (cpu == source || (remote ? has_far : has_near))
			continue;
		*(remote ? far : near) = cpu;
		*(remote ? &has_far : &has_near) = true;
	}
	return has_near && has_far;
}
