// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/affinity.c - sched_setaffinity(), and what a thread leaves behind on CPUs where it ran.
 */
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/affinity.h"

#define MASK_CPUS 16384 /* the masks of kernels (CONFIG_NR_CPUS) are not wider */

struct affinity {
	cpu_set_t set[MASK_CPUS / CPU_SETSIZE];
};

struct affinity *affinity_save(void)
{
	struct affinity *a = xcalloc(1, sizeof(*a));

	if (!sched_getaffinity(0, sizeof(a->set), a->set))
		return a;
	free(a);
	return NULL;
}

void affinity_restore(struct affinity *old)
{
	if (old)
		sched_setaffinity(0, sizeof(old->set), old->set);
	free(old);
}

/*
 * A CPU that goes idle keeps the address space of its last task, lazily, and is interrupted when page tables of that are
 * freed: then it lets go (flush_tlb_func() in arch/x86/mm/tlb.c). So this frees one, now: of a page in a range that has
 * its table for itself.
 */
static void leave_address_space_behind(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t table = page / sizeof(void *) * page; /* what the last level of tables spans */
	char *range = mmap(NULL, 2 * table, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (range == MAP_FAILED)
		return;
	madvise(range, 2 * table, MADV_NOHUGEPAGE);
	*(volatile char *)(range + table - (size_t)range % table) = 1;
	munmap(range, 2 * table);
}

static int go_to_others(struct affinity *a, const struct cpuset *avoid)
{
	for (unsigned int cpu = 0; cpu < avoid->nr_words * 64 && cpu < MASK_CPUS; cpu++)
		if (cpuset_has(avoid, cpu))
			CPU_CLR_S(cpu, sizeof(a->set), a->set);
	return CPU_COUNT_S(sizeof(a->set), a->set) ? sched_setaffinity(0, sizeof(a->set), a->set) : -1;
}

static void all_cpus(struct affinity *a)
{
	for (unsigned int cpu = 0; cpu < machine_nr_cpus() && cpu < MASK_CPUS; cpu++)
		CPU_SET_S(cpu, sizeof(a->set), a->set);
}

void affinity_keep_off(const struct cpuset *avoid)
{
	struct affinity *a = avoid ? affinity_save() : NULL;

	if (!a)
		return;
	if (go_to_others(a, avoid)) {
		all_cpus(a);
		go_to_others(a, avoid);
	}
	leave_address_space_behind();
	free(a);
}
