/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/kvmhost.h - what the host's files say of its virtual machines: modules' parameters, debugfs, names of threads.
 *
 * Reads only. root is put in front of every path: "" is this machine, anything else a tree made up by a test.
 */
#ifndef IPITRACE_CAPTURE_KVMHOST_H
#define IPITRACE_CAPTURE_KVMHOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/filter.h"
#include "base/kvmfacts.h"

/* One reading. What is not there has no value afterwards. */
void kvmhost_read(struct kvm_facts *f, unsigned int snap, const char *root);
/* Can counters and threads of virtual machines be read? */
bool kvmhost_debugfs(const char *root);

/*
 * Threads that run virtual CPUs now, in order: by debugfs, which knows a virtual CPU once it has run, and by their names
 * ("CPU 3/KVM", as QEMU calls them). which: of processes that pass it, NULL = of all. *nr of them, malloc'ed.
 */
int32_t *kvmhost_threads(const char *root, const struct pid_filter *which, unsigned int *nr);

#endif
