/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/topo.h - which CPUs share a memory node, and which a last-level cache, from sysfs.
 */
#ifndef IPITRACE_BASE_TOPO_H
#define IPITRACE_BASE_TOPO_H

#include "base/cpuset.h"

enum topo_kind { TOPO_NODE, TOPO_LLC, TOPO_NR_KINDS };

struct topo_group {
	enum topo_kind kind;
	unsigned int id; /* the kernel's number of a node; caches are numbered here */
	struct cpuset cpus;
};

/* Zeroed memory: nothing is known. */
struct topo {
	struct topo_group *groups;
	unsigned int nr;
};

/* What sysfs tells of the CPUs that are online; root: where it lies, "" = the machine's own. */
void topo_read(struct topo *t, const char *root);
void topo_free(struct topo *t);
/* A new group, empty. */
struct topo_group *topo_add(struct topo *t, enum topo_kind kind, unsigned int id);
const char *topo_kind_name(enum topo_kind kind); /* "node", "llc" */
/* A file that holds a list of CPUs. -1: there is none, or nothing in it. */
int topo_list(const char *path, struct cpuset *set);
/* CPUs that share this CPU's last-level cache, itself among them; nothing if that is not known. */
void topo_llc(const char *root, unsigned int cpu, struct cpuset *llc);

#endif
