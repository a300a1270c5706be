// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/cpuset.c - sets of CPU numbers.
 */
#include <ctype.h>
#include <sched.h>
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

#define SYS_CPU "/sys/devices/system/cpu/"

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

void cpuset_or(struct cpuset *set, const struct cpuset *other)
{
	for (unsigned int cpu = 0; cpu < other->nr_words * 64; cpu++)
		if (cpuset_has(other, cpu))
			cpuset_add(set, cpu);
}

void cpuset_invert(struct cpuset *set, unsigned int nr_cpus)
{
	struct cpuset others = { 0 };

	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		if (!cpuset_has(set, cpu))
			cpuset_add(&others, cpu);
	cpuset_free(set);
	*set = others;
}

bool cpuset_meet(const struct cpuset *a, const struct cpuset *b)
{
	for (unsigned int i = 0; i < a->nr_words && i < b->nr_words; i++)
		if (a->words[i] & b->words[i])
			return true;
	return false;
}

/* --- lists --- */

static void add_housekeeping(struct cpuset *set, const struct machine_cpus *m)
{
	for (unsigned int cpu = 0; cpu < m->online.nr_words * 64; cpu++)
		if (cpuset_has(&m->online, cpu) && !cpuset_has(&m->isolated, cpu) && !cpuset_has(&m->nohz_full, cpu))
			cpuset_add(set, cpu);
}

/* The CPUs that this word stands for; false if it is no such word. */
static bool add_named(struct cpuset *set, const char *word, size_t len, const struct machine_cpus *m)
{
	static const struct {
		const char *name;
		size_t list;
	} names[] = {
		{ "online", offsetof(struct machine_cpus, online) },
		{ "isolated", offsetof(struct machine_cpus, isolated) },
		{ "nohz_full", offsetof(struct machine_cpus, nohz_full) },
	};

	if (len == strlen("housekeeping") && !strncmp(word, "housekeeping", len)) {
		add_housekeeping(set, m);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (len != strlen(names[i].name) || strncmp(word, names[i].name, len))
			continue;
		cpuset_or(set, (const struct cpuset *)((const char *)m + names[i].list));
		return true;
	}
	return false;
}

/* "8" or "0-3" at *text, which is advanced behind it. */
static int add_range(struct cpuset *set, const char **text, const char *list, unsigned int nr_cpus, struct err *err)
{
	const char *p = *text, *start = p;
	uint64_t first, last;

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
		err_set(err, EXIT_USAGE, "'%.*s': this machine has CPUs 0-%u", (int)(p - start), start, nr_cpus - 1);
		return err_hint(err, "leave the others out, or say online for all that run");
	}
	if (last >= CPUSET_LIMIT) {
		err_set(err, EXIT_USAGE, "'%.*s': no machine has that many CPUs", (int)(p - start), start);
		return err_hint(err, "CPUs are numbered from 0 on");
	}
	for (uint64_t cpu = first; cpu <= last; cpu++)
		cpuset_add(set, (unsigned int)cpu);
	*text = p;
	return 0;
bad:
	err_set(err, EXIT_USAGE, "'%.100s': not a CPU list", list);
	return err_hint(err, "CPU lists look like 0-3,8, or are of: isolated, nohz_full, housekeeping, online");
}

/* Into an empty set. */
static int parse_list(struct cpuset *set, const char *list, unsigned int nr_cpus, const struct machine_cpus *m,
		      struct err *err)
{
	const char *p = list;

	if (!*p) {
		err_set(err, EXIT_USAGE, "'': not a CPU list");
		return err_hint(err, "CPU lists look like 0-3,8, or are of: isolated, nohz_full, housekeeping, online");
	}
	for (;; p++) {
		size_t len = strcspn(p, ",");

		if (m && add_named(set, p, len, m)) {
			if (!m->known) {
				err_set(err, EXIT_USAGE, "'%.*s': the recording does not say which CPUs that was",
					(int)len, p);
				return err_hint(err, "name them by number, like 0-3,8");
			}
			p += len;
		} else if (add_range(set, &p, list, nr_cpus, err)) {
			return -1;
		}
		if (!*p)
			return 0;
	}
}

int cpuset_parse_for(struct cpuset *set, const char *list, unsigned int nr_cpus, const struct machine_cpus *m,
		     struct err *err)
{
	struct cpuset new = { 0 };

	if (parse_list(&new, list, nr_cpus, m, err)) {
		cpuset_free(&new);
		return -1;
	}
	cpuset_free(set);
	*set = new;
	return 0;
}

/* --- this machine --- */

/* CPUs of one sysfs list; an absent or empty file ("(null)" in some kernels) is the empty set. */
static void read_cpu_list(struct cpuset *set, const char *path)
{
	char *text = read_file(path, NULL);

	if (!text)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (isdigit((unsigned char)text[0]))
		parse_list(set, text, 0, NULL, NULL);
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

void machine_cpus_read(struct machine_cpus *m)
{
	*m = (struct machine_cpus){ .known = true };
	read_cpu_list(&m->online, SYS_CPU "online");
	read_cpu_list(&m->isolated, SYS_CPU "isolated");
	read_cpu_list(&m->nohz_full, SYS_CPU "nohz_full");
}

void machine_cpus_free(struct machine_cpus *m)
{
	cpuset_free(&m->online);
	cpuset_free(&m->isolated);
	cpuset_free(&m->nohz_full);
	m->known = false;
}

int cpuset_parse(struct cpuset *set, const char *list, unsigned int nr_cpus, struct err *err)
{
	struct cpuset new = { 0 };
	struct machine_cpus m;
	int ret;

	machine_cpus_read(&m);
	ret = cpuset_parse_for(&new, list, nr_cpus, &m, err);
	machine_cpus_free(&m);
	if (!ret && !cpuset_count(&new)) {
		err_set(err, EXIT_USAGE, "'%s': this machine has no such CPUs", list);
		ret = err_hint(err, "name CPUs by number, like 0-3,8");
	}
	if (ret) {
		cpuset_free(&new);
		return ret;
	}
	cpuset_free(set);
	*set = new;
	return 0;
}

/* The kernel refuses a set that is smaller than its own. */
unsigned int cpus_usable(unsigned int max)
{
	unsigned int nr = 1;

	for (unsigned int room = 1024; room <= 65536; room *= 4) {
		size_t size = CPU_ALLOC_SIZE(room);
		cpu_set_t *set = CPU_ALLOC(room);

		if (set && !sched_getaffinity(0, size, set)) {
			nr = (unsigned int)CPU_COUNT_S(size, set);
			room = 65536;
		}
		CPU_FREE(set);
	}
	return nr > max ? max : nr ? nr : 1;
}
