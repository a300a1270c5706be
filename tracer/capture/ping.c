// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/ping.c - perf_event_open() as a way to interrupt a CPU.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/ping.h"

#define MASK_CPUS 16384 /* the masks of kernels (CONFIG_NR_CPUS) are not wider */

static int ping(unsigned int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -1;
	close((int)fd);
	return 0;
}

int ping_cpu(unsigned int cpu)
{
	cpu_set_t *allowed = CPU_ALLOC(MASK_CPUS), *others = CPU_ALLOC(MASK_CPUS);
	size_t size = CPU_ALLOC_SIZE(MASK_CPUS);
	int ret = -1, errnum = ENOMEM;

	if (allowed && others && !sched_getaffinity(0, size, allowed)) {
		CPU_ZERO_S(size, others);
		CPU_OR_S(size, others, others, allowed);
		CPU_CLR_S(cpu, size, others);
		/* A CPU does not interrupt itself for a call. */
		errnum = ENOTSUP;
		if (CPU_COUNT_S(size, others) && !sched_setaffinity(0, size, others)) {
			ret = ping(cpu);
			errnum = errno;
			sched_setaffinity(0, size, allowed);
		}
	}
	CPU_FREE(allowed);
	CPU_FREE(others);
	errno = errnum;
	return ret;
}
