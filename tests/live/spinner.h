/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * spinner.h - a thread that spins on CPU 1, so that there is somebody to interrupt.
 */
#ifndef IPITRACE_TESTS_LIVE_SPINNER_H
#define IPITRACE_TESTS_LIVE_SPINNER_H

#include <sched.h>
#include <stdatomic.h>

static atomic_bool stop;
static atomic_uint beats;

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Of pthread_create(); until stop. */
static void *spin(void *arg)
{
	pin(1);
	while (!atomic_load(&stop))
		atomic_fetch_add(&beats, 1);
	return arg;
}

/* It runs: what comes next interrupts it. */
static void wait_for_beat(void)
{
	unsigned int now = atomic_load(&beats);

	while (atomic_load(&beats) == now)
		;
}

#endif
