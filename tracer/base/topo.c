// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/topo.c - memory nodes and last-level caches.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/topo.h"

#define MAX_CACHES 16

const char *topo_kind_name(enum topo_kind kind)
{
	return kind == TOPO_NODE ? "node" : "llc";
}

struct topo_group *topo_add(struct topo *t, enum topo_kind kind, unsigned int id)
{
	t->groups = xrealloc(t->groups, (t->nr + 1) * sizeof(*t->groups));
	t->groups[t->nr] = (struct topo_group){ .kind = kind, .id = id };
	return &t->groups[t->nr++];
}

void topo_free(struct topo *t)
{
	for (unsigned int i = 0; i < t->nr; i++)
		cpuset_free(&t->groups[i].cpus);
	free(t->groups);
	*t = (struct topo){ 0 };
}

int topo_list(const char *path, struct cpuset *set)
{
	char *text = read_file(path, NULL);
	int ret = -1;

	if (text) {
		text[strcspn(text, "\n")] = '\0';
		if (text[0])
			ret = cpuset_parse_for(set, text, 0, NULL, NULL);
	}
	free(text);
	return ret;
}

static bool read_number(const char *path, uint64_t *val)
{
	char *text = read_file(path, NULL);
	bool ok = false;

	if (text) {
		text[strcspn(text, "\n")] = '\0';
		ok = !parse_u64(text, val, NULL);
	}
	free(text);
	return ok;
}

/* The last level: the highest number among the CPU's caches. */
void topo_llc(const char *root, unsigned int cpu, struct cpuset *llc)
{
	uint64_t best = 0, level;
	int best_index = -1;
	char *path;

	for (int i = 0; i < MAX_CACHES; i++) {
		path = xasprintf("%s/sys/devices/system/cpu/cpu%u/cache/index%d/level", root, cpu, i);
		if (read_number(path, &level) && level > best) {
			best = level;
			best_index = i;
		}
		free(path);
	}
	if (best_index < 0)
		return;
	path = xasprintf("%s/sys/devices/system/cpu/cpu%u/cache/index%d/shared_cpu_list", root, cpu, best_index);
	topo_list(path, llc);
	free(path);
}

static bool is_in(const struct topo *t, enum topo_kind kind, unsigned int cpu)
{
	for (unsigned int i = 0; i < t->nr; i++)
		if (t->groups[i].kind == kind && cpuset_has(&t->groups[i].cpus, cpu))
			return true;
	return false;
}

static void read_nodes(struct topo *t, const char *root)
{
	struct cpuset nodes = { 0 }, cpus;
	char *path = xasprintf("%s/sys/devices/system/node/online", root);

	if (topo_list(path, &nodes))
		nodes.nr_words = 0;
	free(path);
	for (unsigned int node = 0; node < nodes.nr_words * 64; node++) {
		if (!cpuset_has(&nodes, node))
			continue;
		cpus = (struct cpuset){ 0 };
		path = xasprintf("%s/sys/devices/system/node/node%u/cpulist", root, node);
		if (!topo_list(path, &cpus))
			topo_add(t, TOPO_NODE, node)->cpus = cpus; /* memory without a CPU has none */
		else
			cpuset_free(&cpus);
		free(path);
	}
	cpuset_free(&nodes);
}

void topo_read(struct topo *t, const char *root)
{
	struct cpuset online = { 0 }, llc;
	char *path = xasprintf("%s/sys/devices/system/cpu/online", root);
	unsigned int id = 0;

	*t = (struct topo){ 0 };
	read_nodes(t, root);
	if (topo_list(path, &online))
		online.nr_words = 0;
	for (unsigned int cpu = 0; cpu < online.nr_words * 64; cpu++) {
		if (!cpuset_has(&online, cpu) || is_in(t, TOPO_LLC, cpu))
			continue;
		llc = (struct cpuset){ 0 };
		topo_llc(root, cpu, &llc);
		if (cpuset_count(&llc))
			topo_add(t, TOPO_LLC, id++)->cpus = llc;
		else
			cpuset_free(&llc);
	}
	cpuset_free(&online);
	free(path);
}
