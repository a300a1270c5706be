// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/probe-kvm.c - what can be seen here of virtual machines, and what stays invisible.
 *
 * That a CPU delivers interrupts of guests by itself is a parameter of KVM's modules: arch/x86/kvm/vmx/vmx.c,
 * arch/x86/kvm/svm/svm.c. Not all of them exist in every kernel: what does not is not known, which is not "no".
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "capture/kvmhost.h"
#include "capture/probe.h"

static struct probe_kvm_line *add(struct probe_kvm *p, const char *what, enum probe_state state, const char *cost)
{
	struct probe_kvm_line *l = &p->lines[p->nr_lines++];

	l->what = what;
	l->state = state;
	l->cost = cost;
	return l;
}

static void read_value(const char *root, const char *path, char *buf, size_t len)
{
	char *full = xasprintf("%s%s", root, path), *text = read_file(full, NULL);

	snprintf(buf, len, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
	free(text);
	free(full);
}

/* 1, 0, or -1: there is no such parameter. */
static int is_on(const char *root, const char *path)
{
	char val[16];

	read_value(root, path, val, sizeof(val));
	return !val[0] ? -1 : val[0] == 'Y' || val[0] == '1';
}

static void probe_delivery(struct probe_kvm *p, const char *root)
{
	int apicv = is_on(root, "/sys/module/kvm_intel/parameters/enable_apicv");
	int ipiv = is_on(root, "/sys/module/kvm_intel/parameters/enable_ipiv");
	int avic = is_on(root, "/sys/module/kvm_amd/parameters/avic");

	if (apicv < 0 && avic < 0) {
		add(p, "every IPI of a guest exits", PROBE_UNKNOWN, NULL);
		return;
	}
	add(p, "every IPI of a guest exits", ipiv == 1 || avic == 1 ? PROBE_MISSING : PROBE_PRESENT,
	    ipiv == 1 ? "IPI virtualisation: those to guests that run are invisible, however many" :
	    avic == 1 ? "AVIC: those to guests that run are invisible, however many" :
			NULL);
	add(p, "interrupts are injected by the host", apicv == 1 || avic == 1 ? PROBE_MISSING : PROBE_PRESENT,
	    apicv == 1 ? "APICv: to a guest that runs they are posted, how long that takes no event tells" :
	    avic == 1  ? "AVIC: to a guest that runs they need no exit, how long that takes no event tells" :
			 NULL);
}

static void probe_polling(struct probe_kvm *p, const char *root)
{
	struct probe_kvm_line *l;
	char ns[24];

	read_value(root, "/sys/module/kvm/parameters/halt_poll_ns", ns, sizeof(ns));
	if (!ns[0]) {
		add(p, "the host polls for halted virtual CPUs", PROBE_UNKNOWN, NULL);
		return;
	}
	l = add(p, "the host polls for halted virtual CPUs", strcmp(ns, "0") ? PROBE_PRESENT : PROBE_MISSING,
		strcmp(ns, "0") ? "not for guests with the cpuidle driver haltpoll, which ask it not to" :
				  "halt_poll_ns is 0: they sleep at once");
	snprintf(l->value, sizeof(l->value), "%s", ns);
}

void probe_kvm(struct probe_kvm *p, const char *root, const char *events, bool can_see, bool kprobes)
{
	char *exit_format = xasprintf("%s/kvm/kvm_exit/format", events ? events : "");
	char *sys_format = xasprintf("%s/kvm/kvm_sys_access/format", events ? events : "");
	bool there = events && !access(exit_format, F_OK), arm = events && !access(sys_format, F_OK);
	char driver[24];

	memset(p, 0, sizeof(*p));
	add(p, "events of KVM",
	    there	      ? PROBE_PRESENT :
	    events && can_see ? PROBE_MISSING :
				PROBE_UNKNOWN,
	    !there && events && can_see ? "KVM is not loaded: no virtual machine runs here" : NULL);
	if (there) {
		bool debugfs = kvmhost_debugfs(root);

		add(p, "virtual machines in debugfs",
		    debugfs ? PROBE_PRESENT :
		    can_see ? PROBE_MISSING :
			      PROBE_UNKNOWN,
		    debugfs || !can_see ?
			    NULL :
			    "virtual CPUs are known by names of threads, nothing is held against the kernel's counters");
		if (arm)
			add(p, "targets of SGIs", kprobes ? PROBE_STOOD_IN : PROBE_MISSING,
			    kprobes ? "a kprobe of vgic_v3_dispatch_sgi, while it records" :
				      "no kprobe events: whom an IPI is for is not known");
		else
			probe_delivery(p, root);
		probe_polling(p, root);
	}
	read_value(root, "/sys/devices/system/cpu/cpuidle/current_driver", driver, sizeof(driver));
	if (!strcmp(driver, "haltpoll"))
		add(p, "polling by the host of this machine, a guest itself", PROBE_MISSING,
		    "its cpuidle driver haltpoll asks the host not to");
	free(sys_format);
	free(exit_format);
}
