// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_kvmhost.c - what a host's files say of its virtual machines, of a tree made up here: readings, threads, filters, facts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/kvmhost.h"
#include "capture/kvmtasks.h"
#include "capture/probe.h"
#include "file/facts.h"
#include "tap.h"

static char root[64];

/* With its directories. */
static void put(const char *path, const char *text)
{
	char *all = xasprintf("%s%s", root, path);
	FILE *f;

	for (char *p = all + strlen(root); (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(all, 0755);
		*p = '/';
	}
	f = fopen(all, "w");
	if (f) {
		fputs(text, f);
		fclose(f);
	}
	free(all);
}

static void gone(void)
{
	char *cmd = xasprintf("rm -rf '%s'", root);

	is_u64((uint64_t)system(cmd), 0, "the tree is gone");
	free(cmd);
}

#define KVM "/sys/kernel/debug/kvm/"

/* Two of QEMU's kind, the first made by another thread than its first one, and one of another VMM. */
static void tree(void)
{
	snprintf(root, sizeof(root), "/tmp/ipitrace-kvmhost-%d", (int)getpid());
	put("/sys/module/kvm/parameters/halt_poll_ns", "200000\n");
	put("/sys/module/kvm_amd/parameters/avic", "N\n");
	put(KVM "exits", "99\n");
	put(KVM "1003-11/exits", "18446744073709551615\n");
	put(KVM "1003-11/halt_wakeup", "0\n");
	put(KVM "1003-11/vcpu0/pid", "1001\n");
	put(KVM "1003-11/vcpu0/tsc-offset", "-12345678901\n");
	put(KVM "1003-11/vcpu1/pid", "0\n"); /* has never run */
	put(KVM "1003-11/vcpu1/tsc-offset", "-12345678901\n");
	put("/proc/1003/status", "Name:\tq\nTgid:\t1000\nPid:\t1003\n");
	put("/proc/1000/task/1001/comm", "CPU 0/KVM\n");
	put("/proc/1000/task/1002/comm", "CPU 1/KVM\n");
	put("/proc/1000/task/1000/comm", "qemu-system-x86\n");
	put("/proc/1000/task/1004/comm", "CPU 1/KVMX\n");
	put(KVM "2000-7/exits", "5\n");
	put(KVM "2000-7/vcpu12/pid", "2012\n");
	put("/proc/2000/task/2012/comm", "fc_vcpu 12\n");
	put(KVM "junk-7/exits", "5\n");
	put("/proc/3000/task/3001/comm", "CPU 0/KVM\n");
}

static void is_value(const struct kvm_facts *f, unsigned int snap, const char *subject, const char *name,
		     const char *val)
{
	const char *got = kvm_facts_get(f, snap, subject, name);

	if (val)
		is_str(got, val, "%s of %s", name, subject);
	else
		ok(!got, "%s has no %s", subject, name);
}

static void values(const struct kvm_facts *f)
{
	is_value(f, 1, "module/kvm", "halt_poll_ns", "200000");
	is_value(f, 1, "module/kvm", "halt_poll_ns_grow", NULL);
	is_value(f, 1, "module/kvm_amd", "avic", "N");
	is_value(f, 1, "module/kvm_intel", "enable_apicv", NULL);
	is_value(f, 1, "debugfs", "readable", "1");
	is_value(f, 1, "vm/1003-11", "tgid", "1000");
	is_value(f, 1, "vm/1003-11", "exits", "18446744073709551615");
	is_value(f, 1, "vm/1003-11", "halt_wakeup", "0");
	is_value(f, 1, "vm/1003-11", "halt_exits", NULL);
	is_value(f, 1, "vcpu/1003-11/0", "tsc-offset", "-12345678901");
	is_value(f, 1, "vcpu/1003-11/0", "tsc-scaling-ratio", NULL);
	is_value(f, 1, "vm/2000-7", "tgid", "2000");
	is_value(f, 1, "vcpu/2000-7/12", "pid", "2012");
	is_value(f, 1, "vm/junk-7", "exits", NULL);
	is_value(f, 0, "vm/2000-7", "exits", NULL);
	ok(kvm_facts_vcpu_of(f, 2012) == 12 && kvm_facts_vcpu_of(f, 1001) == 0, "threads to virtual CPUs");
	ok(kvm_facts_vcpu_of(f, 0) == -1 && kvm_facts_vcpu_of(f, 1002) == -1, "  and none that is not known");
}

static void readings(void)
{
	struct facts facts = { .filter = IPI_FILTER_INIT }, again;
	struct err err = { 0 };
	char *text;

	kvmhost_read(&facts.kvm, 1, root);
	facts.kvm.on = true;
	values(&facts.kvm);
	text = facts_format(&facts);
	ok(!facts_parse(&again, text, strlen(text), &err), "the facts of a file hold them");
	values(&again.kvm);
	ok(again.kvm.on, "  and that they were asked for");
	facts_free(&again);
	free(text);
	text = xstrdup("facts 1\nkvm 4 vm/1-1 exits 7\n");
	ok(facts_parse(&again, text, strlen(text), &err), "a fifth reading is damage");
	free(text);
	text = xstrdup("facts 1\nkvm 1 vm/1-1 exits\n");
	ok(facts_parse(&again, text, strlen(text), &err), "and so is a name without a value");
	free(text);
	facts_free(&facts);
}

static void is_threads(const struct pid_filter *which, const char *where, const char *want)
{
	unsigned int nr;
	int32_t *tids = kvmhost_threads(where, which, &nr);
	char text[64] = "";

	for (unsigned int i = 0; i < nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d", i ? " " : "", tids[i]);
	is_str(text, want, "threads '%s'", want);
	free(tids);
}

static void threads(void)
{
	int32_t some[] = { 1000, 3000 };

	is_threads(NULL, root, "1001 1002 2012");
	is_threads(&(struct pid_filter){ .pids = some, .nr = 1 }, root, "1001 1002");
	is_threads(&(struct pid_filter){ .pids = some, .nr = 2, .negated = true }, root, "2012");
	/* Debugfs may know none of those that are asked for: their names do. */
	is_threads(&(struct pid_filter){ .pids = some + 1, .nr = 1 }, root, "3001");
	ok(kvmhost_debugfs(root), "debugfs is there");
	ok(!kvmhost_debugfs("/nonexistent"), "or is not");
	is_threads(NULL, "/nonexistent", "");
}

static void is_filter(enum evgroup_tasks kind, const int32_t *tids, unsigned int nr, bool by_name, const char *want)
{
	char *text = kvm_tasks_filter(kind, tids, nr, by_name);

	is_str(text, want, "a filter of %u threads", nr);
	free(text);
}

static void filters(void)
{
	const int32_t few[] = { 5, 6, 7, 9 };
	int32_t many[4000];
	char *text;

	is_filter(EVGROUP_TASKS_CURRENT, few, 4, false, "(common_pid >= 5 && common_pid <= 7) || common_pid == 9");
	is_filter(EVGROUP_TASKS_WAKING, few, 1, true, "pid == 5 || comm ~ \"CPU */KVM\"");
	is_filter(EVGROUP_TASKS_SWITCH, few, 1, false, "prev_pid == 5 || next_pid == 5");
	is_filter(EVGROUP_TASKS_SWITCH, few, 0, true, "prev_comm ~ \"CPU */KVM\" || next_comm ~ \"CPU */KVM\"");
	is_filter(EVGROUP_TASKS_WAKING, few, 0, false, "pid < 0");
	for (int i = 0; i < 4000; i++)
		many[i] = 4000000 + 3 * i + (i >= 2000 ? 100 : 0);
	text = kvm_tasks_filter(EVGROUP_TASKS_SWITCH, many, 4000, true);
	ok(strlen(text) < 4000, "4,000 threads are %zu characters", strlen(text));
	ok(strstr(text, "prev_pid <= 4005997)") && strstr(text, "(prev_pid >= 4006100"), "  the widest gap stays");
	free(text);
}

static const struct probe_kvm_line *line(const struct probe_kvm *p, const char *what)
{
	for (unsigned int i = 0; i < p->nr_lines; i++)
		if (!strcmp(p->lines[i].what, what))
			return &p->lines[i];
	return NULL;
}

static void is_state(const struct probe_kvm *p, const char *what, enum probe_state state, const char *cost)
{
	const struct probe_kvm_line *l = line(p, what);

	ok(l && l->state == state && (cost ? l->cost && strstr(l->cost, cost) : !l->cost), "%s: %s", what,
	   probe_state_name(state));
}

static void probes(void)
{
	char *events = xasprintf("%s/events", root);
	struct probe_kvm p;

	probe_kvm(&p, root, NULL, false, true);
	ok(p.nr_lines == 1, "not root: one line");
	is_state(&p, "events of KVM", PROBE_UNKNOWN, NULL);
	probe_kvm(&p, root, events, true, true);
	ok(p.nr_lines == 1, "no KVM: one line");
	is_state(&p, "events of KVM", PROBE_MISSING, "not loaded");
	put("/events/kvm/kvm_exit/format", "name: kvm_exit\n");
	probe_kvm(&p, root, events, true, true);
	is_state(&p, "events of KVM", PROBE_PRESENT, NULL);
	is_state(&p, "virtual machines in debugfs", PROBE_PRESENT, NULL);
	is_state(&p, "every IPI of a guest exits", PROBE_PRESENT, NULL);
	is_state(&p, "interrupts are injected by the host", PROBE_PRESENT, NULL);
	is_state(&p, "the host polls for halted virtual CPUs", PROBE_PRESENT, "haltpoll");
	is_str(line(&p, "the host polls for halted virtual CPUs")->value, "200000", "  so long");
	put("/sys/module/kvm_amd/parameters/avic", "Y\n");
	put("/sys/module/kvm/parameters/halt_poll_ns", "0\n");
	put("/sys/devices/system/cpu/cpuidle/current_driver", "haltpoll\n");
	probe_kvm(&p, root, events, true, true);
	is_state(&p, "every IPI of a guest exits", PROBE_MISSING, "AVIC");
	is_state(&p, "interrupts are injected by the host", PROBE_MISSING, "AVIC");
	is_state(&p, "the host polls for halted virtual CPUs", PROBE_MISSING, "sleep at once");
	is_state(&p, "polling by the host of this machine, a guest itself", PROBE_MISSING, "asks the host not to");
	put("/sys/module/kvm_amd/parameters/avic", "0\n");
	put("/sys/module/kvm_intel/parameters/enable_apicv", "Y\n");
	probe_kvm(&p, root, events, true, true);
	is_state(&p, "every IPI of a guest exits", PROBE_PRESENT, NULL);
	is_state(&p, "interrupts are injected by the host", PROBE_MISSING, "posted");
	put("/sys/module/kvm_intel/parameters/enable_ipiv", "Y\n");
	put("/events/kvm/kvm_sys_access/format", "name: kvm_sys_access\n");
	probe_kvm(&p, root, events, true, true);
	is_state(&p, "targets of SGIs", PROBE_STOOD_IN, "vgic_v3_dispatch_sgi");
	ok(!line(&p, "every IPI of a guest exits"), "  and nothing of x86");
	probe_kvm(&p, root, events, true, false);
	is_state(&p, "targets of SGIs", PROBE_MISSING, "no kprobe events");
	probe_kvm(&p, "/nonexistent", events, true, true);
	is_state(&p, "virtual machines in debugfs", PROBE_MISSING, "names of threads");
	is_state(&p, "the host polls for halted virtual CPUs", PROBE_UNKNOWN, NULL);
	free(events);
}

int main(void)
{
	tree();
	readings();
	threads();
	filters();
	probes();
	gone();
	return done_testing();
}
