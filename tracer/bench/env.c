// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/env.c - the machine that the figures hold for, each fact or "unknown".
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "bench/env.h"

#define KLOG_READ_ALL 3
#define KLOG_SIZE     10
#define MSR_APICBASE  0x1b
#define APIC_X2	      (1u << 10)

/* First line of a small file, or NULL; an empty one is NULL unless it means something. */
static char *line_of(const char *path, const char *if_empty)
{
	char *text = read_file(path, NULL);

	if (!text)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	/* An unset cpumask_var_t reads so (nohz_full_show(), drivers/base/cpu.c). */
	if (text[0] && strcmp(text + strspn(text, " "), "(null)"))
		return text;
	free(text);
	return if_empty ? xstrdup(if_empty) : NULL;
}

/* "key : value" of the first CPU in /proc/cpuinfo. */
static char *cpuinfo(const char *key)
{
	char *text = read_file("/proc/cpuinfo", NULL), *found = NULL;
	size_t len = strlen(key);

	for (char *p = text; p && *p;) {
		char *end = p + strcspn(p, "\n"), *q = p + len;

		if (!strncmp(p, key, len) && (isspace((unsigned char)*q) || *q == ':')) {
			while (q < end && (isspace((unsigned char)*q) || *q == ':'))
				q++;
			found = xasprintf("%.*s", (int)(end - q), q);
			break;
		}
		p = *end ? end + 1 : end;
	}
	free(text);
	return found;
}

static char *cpu_model(void)
{
	char *model = cpuinfo("model name"), *impl, *part;

	if (model)
		return model;
	impl = cpuinfo("CPU implementer");
	part = cpuinfo("CPU part");
	if (impl && part)
		model = xasprintf("implementer %s, part %s", impl, part);
	free(impl);
	free(part);
	return model;
}

#if defined(__x86_64__) || defined(__i386__)
#define CPUID_SIGNATURES 0x40000000u
#define SIGNATURE_STEP                                                                                                 \
	0x100u /* KVM's is behind Hyper-V's where a guest gets both: hypervisor_cpuid_base() of the kernel */
#define SIGNATURE_LAST 0x40010000u

/* The machine's own, and KVM's wherever it is. */
static char *by_cpuid(void)
{
	unsigned int a, b, c, d;
	char first[13] = "", name[13] = "";

	if (!__get_cpuid(1, &a, &b, &c, &d))
		return NULL;
	if (!(c >> 31))
		return xstrdup("none");
	for (unsigned int leaf = CPUID_SIGNATURES; leaf < SIGNATURE_LAST; leaf += SIGNATURE_STEP) {
		__cpuid(leaf, a, b, c, d);
		memcpy(name, &b, 4);
		memcpy(name + 4, &c, 4);
		memcpy(name + 8, &d, 4);
		if (leaf == CPUID_SIGNATURES)
			memcpy(first, name, sizeof(first));
		if (!strcmp(name, "KVMKVMKVM"))
			return xstrdup(leaf == CPUID_SIGNATURES ? "KVM" : "KVM, with Hyper-V's interface");
	}
	if (!strcmp(first, "TCGTCGTCGTCG"))
		return xstrdup("QEMU TCG (emulated: times mean nothing)");
	return first[0] ? xstrdup(first) : NULL;
}
#else
static char *by_cpuid(void)
{
	return NULL;
}
#endif

/* Names of machines that are none, in their DMI: those that systemd-detect-virt knows. A vendor of hardware is none. */
static char *by_dmi(void)
{
	static const char *const files[] = { "product_name", "sys_vendor", "board_vendor", "bios_vendor" };
	static const char *const names[] = {
		"KVM",	      "OpenStack", "KubeVirt", "Amazon EC2", "QEMU",  "VMware",	 "innotek",
		"VirtualBox", "Xen",	   "Bochs",    "Parallels",  "BHYVE", "Hyper-V", "Google Compute Engine"
	};
	char *found = NULL;
	bool metal;

	for (size_t i = 0; i < ARRAY_SIZE(files) && !found; i++) {
		char *path = xasprintf("/sys/class/dmi/id/%s", files[i]), *text = line_of(path, NULL);

		free(path);
		/* Amazon's bare machines bear its name, too. */
		metal = text && strstr(text, ".metal");
		for (size_t k = 0; text && !metal && k < ARRAY_SIZE(names) && !found; k++)
			if (!strncmp(text, names[k], strlen(names[k])))
				found = xstrdup(names[k]);
		free(text);
		if (metal)
			return xstrdup("none");
	}
	return found;
}

static char *hypervisor(void)
{
	char *text = by_cpuid();

	if (!text)
		text = line_of("/sys/hypervisor/type", NULL);
	/* "linux,kvm", where there is a device tree and no DMI. */
	if (!text)
		text = line_of("/proc/device-tree/hypervisor/compatible", NULL);
	return text ? text : by_dmi();
}

#if defined(__x86_64__) || defined(__i386__)
static char *klog(void)
{
	int size = klogctl(KLOG_SIZE, NULL, 0);
	char *text;

	if (size <= 0)
		return NULL;
	text = xmalloc((size_t)size + 1);
	size = klogctl(KLOG_READ_ALL, text, size);
	if (size < 0) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

/* The mode that is in use, not what the CPU could do: by MSR, else as the kernel said at boot. */
static char *apic_mode(void)
{
	int fd = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
	char *log, *mode = NULL;
	uint64_t base;

	if (fd >= 0) {
		ssize_t n = pread(fd, &base, sizeof(base), MSR_APICBASE);

		close(fd);
		if (n == sizeof(base))
			return xstrdup(base & APIC_X2 ? "x2apic" : "xapic");
	}
	log = klog();
	if (log) {
		const char *p = strstr(log, "APIC routing to ");

		/* "Switched APIC routing to: physical x2apic", "... to physical flat" */
		if (!p)
			p = strstr(log, "APIC routing to: ");
		if (p) {
			p += strlen("APIC routing to");
			p += strspn(p, ": ");
			mode = xasprintf("%.*s", (int)strcspn(p, "\n"), p);
		} else if (strstr(log, "x2apic enabled")) {
			mode = xstrdup("x2apic");
		}
	}
	free(log);
	return mode;
}

static char *interrupt_controller(void)
{
	return apic_mode();
}
#else
static char *interrupt_controller(void)
{
	char *text = read_file("/proc/interrupts", NULL);
	char *p = text ? strstr(text, "GIC") : NULL, *found = NULL;

	if (p)
		found = xasprintf("%.*s", (int)strcspn(p, " \t\n"), p);
	free(text);
	return found;
}
#endif

/* "idle=poll" from the command line; the kernel has no other place that says it. */
static char *idle_param(void)
{
	char *text = line_of("/proc/cmdline", ""), *p = text, *found = NULL;

	if (!text)
		return NULL;
	while (p && *p && !found) {
		if (!strncmp(p, "idle=", 5))
			found = xasprintf("%.*s", (int)strcspn(p + 5, " "), p + 5);
		p += strcspn(p, " ");
		p += strspn(p, " ");
	}
	free(text);
	return found ? found : xstrdup("not set");
}

static char *kernel(void)
{
	struct utsname u;

	if (uname(&u))
		return NULL;
	return xasprintf("%s %s %s", u.release, u.version, u.machine);
}

static char *numa(const struct bench_topo *t)
{
	return t->nr_nodes ? xasprintf("%u", t->nr_nodes) : NULL;
}

static char *cpus_used(const struct bench_topo *t)
{
	struct cpuset set = { 0 };
	char list[200];

	for (unsigned int i = 0; i < t->nr; i++)
		cpuset_add(&set, t->cpus[i].cpu);
	cpuset_format(&set, list, sizeof(list));
	cpuset_free(&set);
	return xasprintf("%u (%s)", t->nr, list);
}

/* Value is ours from now on; made safe for terminal and JSON. */
void bench_env_add(struct bench_env *e, const char *key, const char *label, char *value)
{
	if (e->nr >= BENCH_MAX_FACTS) {
		free(value);
		return;
	}
	if (value)
		sanitize(value, strlen(value) + 1, value);
	e->facts[e->nr++] = (struct bench_fact){ key, label, value };
}

void bench_env_read(struct bench_env *e, const struct bench_topo *t)
{
#define CPU_SYSFS "/sys/devices/system/cpu/"
	*e = (struct bench_env){ 0 };
	bench_env_add(e, "kernel", "kernel", kernel());
	bench_env_add(e, "cpu", "CPU", cpu_model());
	bench_env_add(e, "microcode", "microcode", cpuinfo("microcode"));
	bench_env_add(e, "cpus", "CPUs", cpus_used(t));
	bench_env_add(e, "numa_nodes", "NUMA nodes", numa(t));
	bench_env_add(e, "smt", "SMT active", line_of(CPU_SYSFS "smt/active", NULL));
	bench_env_add(e, "hypervisor", "hypervisor", hypervisor());
	bench_env_add(e, "interrupt_controller", "APIC or GIC", interrupt_controller());
	bench_env_add(e, "idle_driver", "idle driver", line_of(CPU_SYSFS "cpuidle/current_driver", NULL));
	bench_env_add(e, "idle_param", "idle=", idle_param());
	bench_env_add(e, "idle_governor", "idle governor", line_of(CPU_SYSFS "cpuidle/current_governor", NULL));
	bench_env_add(e, "governor", "governor", line_of(CPU_SYSFS "cpu0/cpufreq/scaling_governor", NULL));
	bench_env_add(e, "clocksource", "clocksource",
		      line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource", NULL));
	bench_env_add(e, "isolated", "isolated CPUs", line_of(CPU_SYSFS "isolated", "none"));
	bench_env_add(e, "nohz_full", "nohz_full CPUs", line_of(CPU_SYSFS "nohz_full", "none"));
	/* Of this machine's guests; and of its own CPUs, where its governor of idle states is haltpoll. */
	bench_env_add(e, "halt_poll_ns", "halt_poll_ns", line_of("/sys/module/kvm/parameters/halt_poll_ns", NULL));
	bench_env_add(e, "guest_halt_poll_ns", "guest_halt_poll_ns",
		      line_of("/sys/module/haltpoll/parameters/guest_halt_poll_ns", NULL));
#undef CPU_SYSFS
}

void bench_env_free(struct bench_env *e)
{
	for (unsigned int i = 0; i < e->nr; i++)
		free(e->facts[i].value);
	e->nr = 0;
}
