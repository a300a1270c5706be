/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/affinity.h - where threads of ours run: not on CPUs that are measured.
 */
#ifndef IPITRACE_CAPTURE_AFFINITY_H
#define IPITRACE_CAPTURE_AFFINITY_H

#include "base/cpuset.h"

struct affinity; /* the CPUs that a thread may run on */

/* The calling thread's; NULL if it cannot be read. To be freed by affinity_restore(). */
struct affinity *affinity_save(void);
void affinity_restore(struct affinity *old);
/*
 * The calling thread leaves these CPUs for good: for others of its affinity or, if there are none, for any other that
 * its cpuset allows; where it has no other at all, and for NULL, it stays. Nothing that this process does to its memory
 * later interrupts a CPU that it has left.
 */
void affinity_keep_off(const struct cpuset *avoid);

#endif
