/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/kvmtasks.h - filters for the kernel by the threads that run virtual CPUs.
 */
#ifndef IPITRACE_CAPTURE_KVMTASKS_H
#define IPITRACE_CAPTURE_KVMTASKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/evgroups.h"

/*
 * Events of this kind that are of one of these threads, in order, or with by_name of one that is called as QEMU calls its
 * own. Less than a page, whatever nr is: then of others, too. malloc'ed.
 */
char *kvm_tasks_filter(enum evgroup_tasks kind, const int32_t *tids, unsigned int nr, bool by_name);

#endif
