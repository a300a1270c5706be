// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/kvmtasks.c - of --with kvm those events that are of threads of virtual CPUs.
 *
 * A host switches tasks far more often than it runs guests. So the kernel is told of which threads scheduling matters: by
 * number those that run a virtual CPU when the recording begins, and by name those that QEMU may start later. Others that
 * come later are found once a second, and the filters follow.
 *
 * A filter has to fit into a page of the kernel (kernel/trace/trace_events_filter.c). Numbers become ranges, and where
 * these are too many the nearest ones are joined: it then lets more pass than it has to, never less.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "capture/kvmhost.h"
#include "capture/kvmtasks.h"
#include "capture/priv.h"
#include "capture/signals.h"
#include "capture/standin.h"

#define MAX_RANGES 24u
#define QEMU	   "\"CPU */KVM\""

struct range {
	int32_t first, last;
};

/* The smallest gap between two neighbours goes, until they are few enough. */
static unsigned int join_ranges(struct range *r, unsigned int nr)
{
	while (nr > MAX_RANGES) {
		unsigned int best = 1;

		for (unsigned int i = 2; i < nr; i++)
			if (r[i].first - r[i - 1].last < r[best].first - r[best - 1].last)
				best = i;
		r[best - 1].last = r[best].last;
		memmove(&r[best], &r[best + 1], (nr - best - 1) * sizeof(*r));
		nr--;
	}
	return nr;
}

static struct range *ranges_of(const int32_t *tids, unsigned int nr, unsigned int *nr_ranges)
{
	struct range *r = xcalloc(nr + 1, sizeof(*r));
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr; i++) {
		if (n && tids[i] == r[n - 1].last + 1)
			r[n - 1].last = tids[i];
		else
			r[n++] = (struct range){ tids[i], tids[i] };
	}
	*nr_ranges = join_ranges(r, n);
	return r;
}

static void put_field(FILE *out, const char *field, const struct range *r, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		fputs(ftell(out) ? " || " : "", out);
		if (r[i].first == r[i].last)
			fprintf(out, "%s == %d", field, r[i].first);
		else
			fprintf(out, "(%s >= %d && %s <= %d)", field, r[i].first, field, r[i].last);
	}
}

static void put_name(FILE *out, const char *field)
{
	fprintf(out, "%s%s ~ " QEMU, ftell(out) ? " || " : "", field);
}

char *kvm_tasks_filter(enum evgroup_tasks kind, const int32_t *tids, unsigned int nr, bool by_name)
{
	static const struct {
		const char *tid[2], *comm[2];
	} fields[] = {
		[EVGROUP_TASKS_SWITCH] = { { "prev_pid", "next_pid" }, { "prev_comm", "next_comm" } },
		[EVGROUP_TASKS_WAKING] = { { "pid" }, { "comm" } },
		[EVGROUP_TASKS_CURRENT] = { { "common_pid" }, { "COMM" } },
	};
	unsigned int nr_ranges;
	struct range *r = ranges_of(tids, nr, &nr_ranges);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		mem_exhausted(nr);
	for (unsigned int i = 0; i < 2 && fields[kind].tid[i]; i++)
		put_field(out, fields[kind].tid[i], r, nr_ranges);
	for (unsigned int i = 0; by_name && i < 2 && fields[kind].comm[i]; i++)
		put_name(out, fields[kind].comm[i]);
	/* None of them, which is what these numbers never are. */
	if (!ftell(out))
		fprintf(out, "%s < 0", fields[kind].tid[0]);
	fclose(out);
	free(r);
	return text;
}

/* --- of a session --- */

/* Of some processes: those that are named, not those that are left out. */
static bool names_processes(const struct session_kvm *k)
{
	return k->which && !k->which->negated;
}

static void say_gone(struct session *s)
{
	const struct session_kvm *k = &s->kvm;

	for (unsigned int i = 0; names_processes(k) && i < k->which->nr; i++) {
		char *path = xasprintf("/proc/%d", k->which->pids[i]);

		if (access(path, F_OK))
			session_note(s, "-p %d: there is no such process", k->which->pids[i]);
		free(path);
	}
}

static void say_threads(struct session *s)
{
	const struct session_kvm *k = &s->kvm;

	if (!kvmhost_debugfs(""))
		session_note(s, "no /sys/kernel/debug/kvm: threads of virtual CPUs are known by QEMU's names for them "
				"(CPU 0/KVM), and counters of the kernel are not recorded");
	say_gone(s);
	if (k->nr)
		return;
	if (names_processes(k))
		session_note(s, "no virtual CPU of -p runs yet: looking for them while it records");
	else
		session_note(s, "no virtual machine runs yet: the scheduling of all tasks is recorded");
}

void session_open_kvm(struct session *s, const struct session_config *config)
{
	struct session_kvm *k = &s->kvm;

	k->on = evgroups_have(config->groups, "kvm");
	if (!k->on)
		return;
	/* What a process has started nobody can tell before it has. */
	if (config->kvm_processes && config->kvm_processes->nr && !config->kvm_processes->children)
		k->which = config->kvm_processes;
	k->tids = kvmhost_threads("", k->which, &k->nr);
	k->all = !k->nr && !names_processes(k);
	say_threads(s);
}

char *session_kvm_filter(const struct session *s, enum evgroup_tasks kind)
{
	const struct session_kvm *k = &s->kvm;

	if (kind == EVGROUP_TASKS_ALL || k->all || (kind == EVGROUP_TASKS_CURRENT && !k->which))
		return NULL;
	/* QEMU's names are those of other processes' as well: not where some are chosen, and known. */
	return kvm_tasks_filter(kind, k->tids, k->nr, !k->which || !k->nr);
}

static bool has_tid(const struct session_kvm *k, int32_t tid)
{
	for (unsigned int i = 0; i < k->nr; i++)
		if (k->tids[i] == tid)
			return true;
	return false;
}

static void keep_late(struct session_kvm *k, int32_t tid, uint64_t now_ns)
{
	unsigned int at = k->nr;

	k->late = xrealloc(k->late, (k->nr_late + 1) * sizeof(*k->late));
	k->late[k->nr_late++] = (struct session_late){ tid, now_ns };
	k->tids = xrealloc(k->tids, (k->nr + 1) * sizeof(*k->tids));
	while (at && k->tids[at - 1] > tid) {
		k->tids[at] = k->tids[at - 1];
		at--;
	}
	k->tids[at] = tid;
	k->nr++;
}

/* Those that have ended stay: nothing is recorded of them, and the filter need not be written. */
void session_look_for_vcpus(struct session *s)
{
	struct session_kvm *k = &s->kvm;
	unsigned int nr, before = k->nr_late;
	int32_t *now;

	if (!k->on || k->all)
		return;
	now = kvmhost_threads("", k->which, &nr);
	for (unsigned int i = 0; i < nr; i++)
		if (!has_tid(k, now[i]))
			keep_late(k, now[i], 0);
	free(now);
	if (k->nr_late == before)
		return;
	session_filter_extras(s);
	for (unsigned int i = before; i < k->nr_late; i++)
		k->late[i].from_ns = signals_now_ns();
}

bool session_is_kvm(const struct session *s)
{
	return s->kvm.on;
}

bool session_kvm_is_all(const struct session *s)
{
	return s->kvm.all;
}

unsigned int session_nr_vcpus(const struct session *s)
{
	return s->kvm.nr;
}

const struct session_late *session_late_vcpus(const struct session *s, unsigned int *nr)
{
	*nr = s->kvm.nr_late;
	return s->kvm.late;
}

bool session_make_sgi_probe(struct session *s)
{
	const char *dir = tracefs_tracing_dir();
	char *path = xasprintf("%s/events/kvm/kvm_sys_access/format", dir ? dir : "");
	bool arm = !access(path, F_OK);
	int ret;

	free(path);
	/* arch/arm64/kvm/vgic/vgic-mmio-v3.c: vgic_v3_dispatch_sgi(vcpu, reg, allow_group1) */
	ret = arm ? standin_add(s->main.name, SGI_PROBE, "vgic_v3_dispatch_sgi", "reg=$arg2:x64") : -ENOENT;
	if (arm && ret)
		session_note(s, "no probe of vgic_v3_dispatch_sgi (%s): whom SGIs are for is not known",
			     strerror(-ret));
	s->kvm.has_probe = !ret;
	return !ret;
}

int session_close_kvm(struct session *s, struct err *err)
{
	int ret = s->kvm.has_probe ? standin_drop(SGI_PROBE) : 0;

	free(s->kvm.tids);
	free(s->kvm.late);
	s->kvm = (struct session_kvm){ 0 };
	return ret ? err_set_errno(err, EXIT_FAILED, -ret, "cannot remove kprobe event %s/%s", standin_group(),
				   SGI_PROBE) :
		     0;
}
