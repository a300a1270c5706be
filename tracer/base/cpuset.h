/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/cpuset.h - sets of CPU numbers, the kernel's lists of them, and what this machine has.
 */
#ifndef IPITRACE_BASE_CPUSET_H
#define IPITRACE_BASE_CPUSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Above any kernel's NR_CPUS; keeps a typo from allocating gigabytes. */
#define CPUSET_LIMIT 65536u

/* A set of CPU numbers; grows as needed. Zero-initialised = empty. */
struct cpuset {
	uint64_t *words;
	unsigned int nr_words;
};

void cpuset_free(struct cpuset *set);
void cpuset_add(struct cpuset *set, unsigned int cpu);
unsigned int cpuset_count(const struct cpuset *set);
void cpuset_or(struct cpuset *set, const struct cpuset *other);
/* All CPUs below nr_cpus that were not in it. */
void cpuset_invert(struct cpuset *set, unsigned int nr_cpus);
bool cpuset_meet(const struct cpuset *a, const struct cpuset *b);
/* Kernel list format ("0-3,8", "1-7:2/4" not accepted). buf gets at most len bytes, always terminated. */
void cpuset_format(const struct cpuset *set, char *buf, size_t len);

/* All of it, malloc'ed. */
char *cpuset_text(const struct cpuset *set);

static inline bool cpuset_has(const struct cpuset *set, unsigned int cpu)
{
	return cpu / 64 < set->nr_words && (set->words[cpu / 64] >> (cpu % 64) & 1);
}

/* What a machine calls by a name; housekeeping is what is online and in neither of the others. */
struct machine_cpus {
	bool known;
	struct cpuset online, isolated, nohz_full;
};

/* Of this machine, from sysfs; files that are absent (an older kernel) or empty are empty lists. */
void machine_cpus_read(struct machine_cpus *m);
void machine_cpus_free(struct machine_cpus *m);

/*
 * Parse a list of CPUs and ranges, and of the words isolated, nohz_full,
 * housekeeping, online, which are those of m; NULL: words are none. The set may
 * be empty then. nr_cpus > 0 refuses CPUs >= nr_cpus by name; pass 0 where the
 * machine is not known. A set stays what it was if there is an error.
 */
int cpuset_parse_for(struct cpuset *set, const char *list, unsigned int nr_cpus, const struct machine_cpus *m,
		     struct err *err);
/* With this machine's words; no CPU at all is an error. */
int cpuset_parse(struct cpuset *set, const char *list, unsigned int nr_cpus, struct err *err);

/* One more than the highest CPU number present in this machine. */
unsigned int machine_nr_cpus(void);
/* The same of those that may yet be added, and so have a buffer in tracefs. At least machine_nr_cpus(). */
unsigned int machine_possible_cpus(void);

/* On how many CPUs this process may run; at least 1, and at most max. */
unsigned int cpus_usable(unsigned int max);

#endif
