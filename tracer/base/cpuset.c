// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/cpuset.c - sets of CPU numbers.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/parse.h"

/* Above any kernel's NR_CPUS; keeps a typo from allocating gigabytes. */
#define CPU_LIMIT 65536u
#define SYS_CPU	  "/sys/devices/system/cpu/"

void cpuset_free(struct cpuset *set)
{
	free(set->words);
	set->words = NULL;
	set->nr_words = 0;
}

void cpuset_add(struct cpuset *set, unsigned int cpu)
{
	unsigned int need = cpu / 64 + 1;

	if (need > set->nr_words) {
		set->words = xrealloc(set->words, need * sizeof(*set->words));
		memset(set->words + set->nr_words, 0, (need - set->nr_words) * sizeof(*set->words));
		set->nr_words = need;
	}
	set->words[cpu / 64] |= 1ULL << (cpu % 64);
}

unsigned int cpuset_count(const struct cpuset *set)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < set->nr_words; i++)
		n += (unsigned int)__builtin_popcountll(set->words[i]);
	return n;
}

void cpuset_format(const struct cpuset *set, char *buf, size_t len)
{
	unsigned int nr = set->nr_words * 64, first, cpu = 0;
	size_t at = 0;
	int n;

	if (!len)
		return;
	buf[0] = '\0';
	while (cpu < nr) {
		if (!cpuset_has(set, cpu)) {
			cpu++;
			continue;
		}
		first = cpu;
		while (cpuset_has(set, cpu + 1))
			cpu++;
		if (cpu == first)
			n = snprintf(buf + at, len - at, "%s%u", at ? "," : "", first);
		else
			n = snprintf(buf + at, len - at, "%s%u-%u", at ? "," : "", first, cpu);
		if (n < 0 || (size_t)n >= len - at)
			return;
		at += (size_t)n;
		cpu++;
	}
}

char *cpuset_text(const struct cpuset *set)
{
	size_t len = 1 + (size_t)cpuset_count(set) * sizeof("65535,");
	char *text = xmalloc(len);

	cpuset_format(set, text, len);
	return text;
}

/* Kernel list text ("0-3,8\n") into set. nr_cpus 0 = machine not known. */
static int parse_list(struct cpuset *set, const char *list, unsigned int nr_cpus, struct err *err)
{
	const char *p = list, *start;
	uint64_t first, last;

	if (!*p)
		return err_set(err, EXIT_USAGE, "'': not a CPU list");
	for (;;) {
		start = p;
		if (!parse_digits(&p, &first))
			goto bad;
		last = first;
		if (*p == '-') {
			p++;
			if (!parse_digits(&p, &last))
				goto bad;
		}
		if (*p && *p != ',')
			goto bad;
		if (last < first) {
			err_set(err, EXIT_USAGE, "'%.*s': range runs backwards", (int)(p - start), start);
			return err_hint(err, "the lower CPU comes first: %llu-%llu", (unsigned long long)last,
					(unsigned long long)first);
		}
		if (nr_cpus && last >= nr_cpus) {
			err_set(err, EXIT_USAGE, "'%.*s': this machine has CPUs 0-%u", (int)(p - start), start,
				nr_cpus - 1);
			return err_hint(err, "leave the others out, or say online for all that run");
		}
		if (last >= CPU_LIMIT)
			return err_set(err, EXIT_USAGE, "'%.*s': no machine has that many CPUs", (int)(p - start),
				       start);
		for (uint64_t cpu = first; cpu <= last; cpu++)
			cpuset_add(set, (unsigned int)cpu);
		if (!*p)
			return 0;
		p++;
	}
bad:
	err_set(err, EXIT_USAGE, "'%.100s': not a CPU list", list);
	return err_hint(err, "CPU lists look like 0-3,8, or are one of: "
			     "isolated, nohz_full, housekeeping, online");
}

/* CPUs of one sysfs list; an absent or empty file ("(null)" in some kernels) is the empty set. */
static void read_cpu_list(struct cpuset *set, const char *path)
{
	char *text = read_file(path, NULL);

	if (!text)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (isdigit((unsigned char)text[0]))
		parse_list(set, text, 0, NULL);
	free(text);
}

static unsigned int highest(const char *path)
{
	struct cpuset set = { 0 };
	unsigned int nr = 1;

	read_cpu_list(&set, path);
	for (unsigned int cpu = 0; cpu < set.nr_words * 64; cpu++)
		if (cpuset_has(&set, cpu))
			nr = cpu + 1;
	cpuset_free(&set);
	return nr;
}

unsigned int machine_nr_cpus(void)
{
	return highest(SYS_CPU "present");
}

unsigned int machine_possible_cpus(void)
{
	unsigned int present = machine_nr_cpus(), possible = highest(SYS_CPU "possible");

	return possible > present ? possible : present;
}

static void read_housekeeping(struct cpuset *set)
{
	struct cpuset away = { 0 }, online = { 0 };

	read_cpu_list(&away, SYS_CPU "isolated");
	read_cpu_list(&away, SYS_CPU "nohz_full");
	read_cpu_list(&online, SYS_CPU "online");
	for (unsigned int cpu = 0; cpu < online.nr_words * 64; cpu++)
		if (cpuset_has(&online, cpu) && !cpuset_has(&away, cpu))
			cpuset_add(set, cpu);
	cpuset_free(&away);
	cpuset_free(&online);
}

int cpuset_parse(struct cpuset *set, const char *list, unsigned int nr_cpus, struct err *err)
{
	struct cpuset new = { 0 };
	int ret = 0;

	if (!strcmp(list, "isolated"))
		read_cpu_list(&new, SYS_CPU "isolated");
	else if (!strcmp(list, "nohz_full"))
		read_cpu_list(&new, SYS_CPU "nohz_full");
	else if (!strcmp(list, "online"))
		read_cpu_list(&new, SYS_CPU "online");
	else if (!strcmp(list, "housekeeping"))
		read_housekeeping(&new);
	else
		ret = parse_list(&new, list, nr_cpus, err);
	if (!ret && !cpuset_count(&new))
		ret = err_set(err, EXIT_USAGE, "'%s': this machine has no such CPUs", list);
	if (ret) {
		cpuset_free(&new);
		return ret;
	}
	cpuset_free(set);
	*set = new;
	return 0;
}
