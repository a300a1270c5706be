// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/kvmhost.c - one reading of what the host's files say of virtual machines.
 *
 * A VM is a directory /sys/kernel/debug/kvm/PID-FD, of the task that made it (virt/kvm/kvm_main.c: kvm_create_vm_debugfs()),
 * with the sums of its virtual CPUs' counters, and vcpuN in it.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/parse.h"
#include "capture/kvmhost.h"

#define DEBUGFS "/sys/kernel/debug/kvm"

/* What decides over how IPIs of guests go, and how long the host polls: virt/kvm/kvm_main.c, arch/x86/kvm. */
static const struct {
	const char *module;
	const char *names[8];
} params[] = {
	{ "kvm",
	  { "halt_poll_ns", "halt_poll_ns_grow", "halt_poll_ns_grow_start", "halt_poll_ns_shrink",
	    "lapic_timer_advance_ns", "kvmclock_periodic_sync", "pi_inject_timer" } },
	{ "kvm_intel", { "enable_apicv", "enable_ipiv", "nested" } },
	{ "kvm_amd", { "avic", "nrips", "nested", "force_avic" } },
	{ "cpuidle_haltpoll", { "force" } },
};

static const char *const vcpu_files[] = { "pid", "tsc-offset", "tsc-scaling-ratio", "tsc-scaling-ratio-frac-bits",
					  "lapic_timer_advance_ns" };

/* First line of a file; NULL: it is not there. */
static char *line_of(const char *path)
{
	char *text = read_file(path, NULL);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

/* dir/name into the facts, if it is there. */
static void take(struct kvm_facts *f, unsigned int snap, const char *subject, const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name), *text = line_of(path);

	if (text)
		kvm_facts_set(f, snap, subject, name, text);
	free(text);
	free(path);
}

bool kvmhost_debugfs(const char *root)
{
	char *path = xasprintf("%s" DEBUGFS, root);
	DIR *dir = opendir(path);

	free(path);
	if (dir)
		closedir(dir);
	return dir;
}

/* The process of a task; 0: there is no such task any more. */
static int32_t tgid_of(const char *root, int32_t tid)
{
	char *path = xasprintf("%s/proc/%d/status", root, tid), *text = read_file(path, NULL);
	const char *line = text ? strstr(text, "\nTgid:") : NULL;
	int32_t tgid = line ? (int32_t)strtol(line + strlen("\nTgid:"), NULL, 10) : 0;

	free(text);
	free(path);
	return tgid;
}

/* Each entry "PID-FD", or "vcpuN" in one of these. */
struct walk {
	const char *root;
	struct kvm_facts *facts;
	unsigned int snap;
	const struct pid_filter *which;
	int32_t *tids, *tgids; /* of threads, and of processes that have VMs */
	unsigned int nr, nr_tgids;
};

static void keep(int32_t **list, unsigned int *nr, int32_t val)
{
	*list = xrealloc(*list, (*nr + 1) * sizeof(**list));
	(*list)[(*nr)++] = val;
}

static bool vcpu_number(const char *name, uint64_t *id)
{
	return !strncmp(name, "vcpu", 4) && !parse_u64(name + 4, id, NULL);
}

static void walk_vcpu(struct walk *w, const char *vm_dir, const char *vm, const char *name, uint64_t id)
{
	char *dir = xasprintf("%s/%s", vm_dir, name), *path = xasprintf("%s/pid", dir), *text, *subject;
	uint64_t tid;

	if (w->facts) {
		subject = xasprintf("vcpu/%s/%llu", vm, (unsigned long long)id);
		for (size_t i = 0; i < ARRAY_SIZE(vcpu_files); i++)
			take(w->facts, w->snap, subject, dir, vcpu_files[i]);
		free(subject);
	} else {
		text = line_of(path);
		/* 0: it has never run. */
		if (text && !parse_u64(text, &tid, NULL) && tid && tid <= INT32_MAX)
			keep(&w->tids, &w->nr, (int32_t)tid);
		free(text);
	}
	free(path);
	free(dir);
}

static void vm_counters(struct walk *w, const char *dir, const char *vm, int32_t tgid)
{
	char *subject = xasprintf("vm/%s", vm), text[16];

	snprintf(text, sizeof(text), "%d", tgid);
	kvm_facts_set(w->facts, w->snap, subject, "tgid", text);
	for (unsigned int i = 0; i < kvm_nr_counters; i++)
		take(w->facts, w->snap, subject, dir, kvm_counters[i].name);
	free(subject);
}

static void walk_vm(struct walk *w, const char *kvm_dir, const char *vm, int32_t tgid)
{
	char *path = xasprintf("%s/%s", kvm_dir, vm);
	DIR *dir = opendir(path);
	struct dirent *d;
	uint64_t id;

	if (w->facts)
		vm_counters(w, path, vm, tgid);
	while (dir && (d = readdir(dir)))
		if (vcpu_number(d->d_name, &id))
			walk_vcpu(w, path, vm, d->d_name, id);
	if (dir)
		closedir(dir);
	free(path);
}

static void walk_vms(struct walk *w)
{
	char *path = xasprintf("%s" DEBUGFS, w->root);
	DIR *dir = opendir(path);
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		const char *p = d->d_name;
		uint64_t pid, fd;
		int32_t tgid;

		if (!parse_digits(&p, &pid) || *p++ != '-' || !parse_digits(&p, &fd) || *p || pid > INT32_MAX)
			continue;
		tgid = tgid_of(w->root, (int32_t)pid);
		/* Who made it may be gone; its number is all that is left then. */
		if (!tgid)
			tgid = (int32_t)pid;
		if (w->which && !pid_filter_has(w->which, tgid))
			continue;
		keep(&w->tgids, &w->nr_tgids, tgid);
		walk_vm(w, path, d->d_name, tgid);
	}
	if (dir)
		closedir(dir);
	free(path);
}

void kvmhost_read(struct kvm_facts *f, unsigned int snap, const char *root)
{
	struct walk w = { .root = root, .facts = f, .snap = snap };

	for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
		char *dir = xasprintf("%s/sys/module/%s/parameters", root, params[i].module);
		char *subject = xasprintf("module/%s", params[i].module);

		for (size_t k = 0; params[i].names[k]; k++)
			take(f, snap, subject, dir, params[i].names[k]);
		free(subject);
		free(dir);
	}
	if (kvmhost_debugfs(root)) {
		kvm_facts_set(f, snap, "debugfs", "readable", "1");
		walk_vms(&w);
	}
	free(w.tgids);
}

/* --- threads --- */

static void threads_by_name(struct walk *w, int32_t tgid)
{
	char *path = xasprintf("%s/proc/%d/task", w->root, tgid);
	DIR *dir = opendir(path);
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		char *file, *name;
		unsigned int id;
		uint64_t tid;
		int end = 0;

		if (parse_u64(d->d_name, &tid, NULL) || tid > INT32_MAX)
			continue;
		file = xasprintf("%s/%s/comm", path, d->d_name);
		name = line_of(file);
		if (name && sscanf(name, "CPU %u/KVM%n", &id, &end) == 1 && end && !name[end])
			keep(&w->tids, &w->nr, (int32_t)tid);
		free(name);
		free(file);
	}
	if (dir)
		closedir(dir);
	free(path);
}

static void all_by_name(struct walk *w)
{
	char *path = xasprintf("%s/proc", w->root);
	DIR *dir = opendir(path);
	struct dirent *d;
	uint64_t pid;

	while (dir && (d = readdir(dir)))
		if (!parse_u64(d->d_name, &pid, NULL) && pid <= INT32_MAX &&
		    (!w->which || pid_filter_has(w->which, (int32_t)pid)))
			threads_by_name(w, (int32_t)pid);
	if (dir)
		closedir(dir);
	free(path);
}

static int by_number(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

int32_t *kvmhost_threads(const char *root, const struct pid_filter *which, unsigned int *nr)
{
	struct walk w = { .root = root, .which = which };

	walk_vms(&w);
	/* Of processes that debugfs knows the rest of the threads; where it knows none, of all. */
	for (unsigned int i = 0; i < w.nr_tgids; i++)
		threads_by_name(&w, w.tgids[i]);
	if (!w.nr_tgids)
		all_by_name(&w);
	free(w.tgids);
	if (w.nr)
		qsort(w.tids, w.nr, sizeof(*w.tids), by_number);
	*nr = 0;
	for (unsigned int i = 0; i < w.nr; i++)
		if (!*nr || w.tids[*nr - 1] != w.tids[i])
			w.tids[(*nr)++] = w.tids[i];
	return w.tids;
}
