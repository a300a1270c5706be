// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/load.c - what else the machine did while it was measured.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "bench/load.h"

/* "0.20 0.18 0.12 1/80 11206": the fourth is tasks that run or want to, of all (fs/proc/loadavg.c). */
static void add_loadavg(struct bench_load *l, const char *text)
{
	char averages[3][8];
	unsigned int running;

	if (sscanf(text, "%7s %7s %7s %u/", averages[0], averages[1], averages[2], &running) != 4)
		return;
	if (!l->nr_looks)
		snprintf(l->averages, sizeof(l->averages), "%s %s %s", averages[0], averages[1], averages[2]);
	l->nr_looks++;
	/* Who reads this is one of them. */
	l->others += running ? running - 1 : 0;
}

/* "cpu  user nice system idle iowait irq softirq steal guest guest_nice": guests are in user and nice (fs/proc/stat.c). */
static void add_stat(struct bench_load *l, const char *text)
{
	uint64_t v[8], all = 0;
	unsigned int last = l->nr_stat_looks ? 1 : 0;

	if (sscanf(text,
		   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
		   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 8)
		return;
	for (unsigned int i = 0; i < 8; i++)
		all += v[i];
	l->steal[last] = v[7];
	l->all[last] = all;
	l->nr_stat_looks++;
}

void bench_load_add(struct bench_load *l, const char *loadavg, const char *stat)
{
	if (loadavg)
		add_loadavg(l, loadavg);
	if (stat)
		add_stat(l, stat);
}

void bench_load_look(struct bench_load *l)
{
	char *loadavg = read_file("/proc/loadavg", NULL), *stat = read_file("/proc/stat", NULL);

	bench_load_add(l, loadavg, stat);
	free(loadavg);
	free(stat);
}

uint64_t bench_load_steal_permille(const struct bench_load *l)
{
	/* Both only grow, but for a CPU that went or came. */
	if (l->nr_stat_looks < 2 || l->all[1] <= l->all[0] || l->steal[1] < l->steal[0])
		return UINT64_MAX;
	return (l->steal[1] - l->steal[0]) * 1000 / (l->all[1] - l->all[0]);
}

char *bench_load_steal_text(const struct bench_load *l)
{
	uint64_t permille = bench_load_steal_permille(l);

	if (permille == UINT64_MAX)
		return NULL;
	return xasprintf("%" PRIu64 ".%" PRIu64 "%% of the CPUs' time while measuring", permille / 10, permille % 10);
}

char *bench_load_text(const struct bench_load *l)
{
	uint64_t tenths;

	if (!l->nr_looks)
		return NULL;
	tenths = (l->others * 10 + l->nr_looks / 2) / l->nr_looks;
	return xasprintf("%s before; %" PRIu64 ".%" PRIu64 " other tasks wanted a CPU between runs", l->averages,
			 tenths / 10, tenths % 10);
}

const char *bench_load_warning(const struct bench_load *l, unsigned int nr_cpus, unsigned int i, char *buf, size_t len)
{
	uint64_t steal = bench_load_steal_permille(l);
	unsigned int n = 0;

	/* As many as would keep a quarter of the CPUs busy. */
	if (l->nr_looks && l->others * 4 >= (uint64_t)l->nr_looks * nr_cpus && n++ == i) {
		snprintf(buf, len, "the machine is busy: %" PRIu64 ".%" PRIu64 " other tasks wanted its %u CPUs",
			 l->others / l->nr_looks, l->others * 10 / l->nr_looks % 10, nr_cpus);
		return buf;
	}
	if (steal != UINT64_MAX && steal >= BENCH_STEAL_PERMILLE && n++ == i) {
		snprintf(buf, len, "the hypervisor gave %" PRIu64 ".%" PRIu64 " %% of the CPUs' time to others (steal)",
			 steal / 10, steal % 10);
		return buf;
	}
	return NULL;
}
