// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/probe.c - ask this kernel what it offers, leave it as it was.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <tracefs.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/io.h"
#include "base/mem.h"
#include "capture/counts.h"
#include "capture/interrupts.h"
#include "capture/priv.h"
#include "capture/probe.h"
#include "capture/standin.h"

static const char *const state_names[] = {
	[PROBE_PRESENT] = "present", [PROBE_STOOD_IN] = "stood in", [PROBE_MUTE] = "mute",
	[PROBE_MISSING] = "missing", [PROBE_UNKNOWN] = "unknown",
};

const char *probe_state_name(enum probe_state state)
{
	return state_names[state];
}

/* --- small texts of procfs and sysfs --- */

/* First line of a file into buf, "" if it cannot be read. */
static void read_line(const char *path, char *buf, size_t len)
{
	char *text = read_file(path, NULL);

	snprintf(buf, len, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
	/* sysfs ends a list with a blank: available_clocksource_show() of kernel/time/clocksource.c. */
	for (size_t n = strlen(buf); n && buf[n - 1] == ' '; n--)
		buf[n - 1] = '\0';
	free(text);
}

/* "none [integrity] confidentiality" -> "integrity" */
static void bracketed(const char *text, char *buf, size_t len)
{
	const char *open = strchr(text, '[');
	size_t n = open ? strcspn(open + 1, "]") : 0;

	if (n >= len)
		n = 0;
	memcpy(buf, open ? open + 1 : "", n);
	buf[n] = '\0';
}

static bool word_in(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = strstr(list, word); p; p = strstr(p + 1, word))
		if ((p == list || strchr(" \t[\n", p[-1])) && (!p[len] || strchr(" \t]\n", p[len])))
			return true;
	return false;
}

static void probe_machine(struct probe_kernel *p)
{
	struct utsname u;
	long n;

	if (!uname(&u)) {
		snprintf(p->release, sizeof(p->release), "%.*s", (int)sizeof(p->release) - 1, u.release);
		snprintf(p->arch, sizeof(p->arch), "%.*s", (int)sizeof(p->arch) - 1, u.machine);
	}
	n = sysconf(_SC_NPROCESSORS_ONLN);
	p->cpus_online = n > 0 ? (unsigned int)n : 1;
	p->cpus_present = machine_nr_cpus();
}

static void probe_clock(struct probe_kernel *p)
{
	static const char *const devices[] = { "hpet", "acpi_pm", "pit", "jiffies", "refined-jiffies" };
	char *text = read_file("/proc/cpuinfo", NULL);
	char clocks[256] = "";
	size_t n = 0;

	if (p->tracefs) {
		char *list = session_read_top("trace_clock", NULL);

		snprintf(clocks, sizeof(clocks), "%.*s", list ? (int)strcspn(list, "\n") : 0, list ? list : "");
		free(list);
	}
	for (const char *c = clocks; *c && n + 1 < sizeof(p->clocks); c++)
		if (*c != '[' && *c != ']')
			p->clocks[n++] = *c;
	p->clocks[n] = '\0';
	p->mono = word_in(p->clocks, "mono");
	read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", p->clocksource,
		  sizeof(p->clocksource));
	read_line("/sys/devices/system/clocksource/clocksource0/available_clocksource", p->clocksources,
		  sizeof(p->clocksources));
	p->clocksource_fast = p->clocksource[0];
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		p->clocksource_fast &= strcmp(p->clocksource, devices[i]) != 0;
	if (text) {
		p->tsc = word_in(text, "tsc");
		p->tsc_stable = p->tsc && word_in(text, "constant_tsc") && word_in(text, "nonstop_tsc");
	}
	free(text);
}

/* --- access --- */

/* Addresses of symbols: without them no function has a name. */
static bool symbols_visible(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long long addr;
	char line[512];
	bool visible = false;

	/* x86 has symbols that really are at 0, its per-CPU ones, before all others. */
	while (f && !visible && fgets(line, sizeof(line), f))
		visible = sscanf(line, "%llx", &addr) == 1 && addr;
	if (f)
		fclose(f);
	return visible;
}

static void problem(struct probe_kernel *p, const char *text)
{
	if (!p->problem[0])
		snprintf(p->problem, sizeof(p->problem), "%s", text);
}

static void probe_access(struct probe_kernel *p)
{
	char lockdown[100];
	unsigned int kernel_long;
	const char *dir;

	tracefs_set_loglevel(TEP_LOG_NONE);
	p->root = geteuid() == 0;
	read_line("/sys/kernel/security/lockdown", lockdown, sizeof(lockdown));
	bracketed(lockdown, p->lockdown, sizeof(p->lockdown));
	p->symbols = symbols_visible();
	p->tracefs_mounted = session_tracefs_mounted();
	/* libtracefs mounts what is not mounted: nobody but this process is to see that. */
	if (!p->tracefs_mounted && (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)))
		dir = NULL;
	else
		dir = tracefs_tracing_dir();
	p->tracefs = dir && tracefs_file_exists(NULL, "trace_clock");
	if (!p->root)
		problem(p, "not root");
	if (!strcmp(p->lockdown, "confidentiality"))
		problem(p, "kernel lockdown (confidentiality) forbids tracing");
	if (!p->tracefs)
		problem(p, p->tracefs_mounted ? "tracefs cannot be read" : "tracefs cannot be mounted");
	kernel_long = p->tracefs ? session_kernel_long() : 0;
	if (kernel_long && kernel_long != sizeof(long))
		problem(p, "this ipitrace and the kernel are not both of 32 bits, or of 64");
	p->no_kprobes = p->tracefs ? standin_problem() : "tracefs cannot be used";
	p->kprobes = !p->no_kprobes;
}

/* --- events --- */

static void add_event(struct probe_kernel *p, const char *system, const char *name, const char *role,
		      enum probe_state state, const char *cost)
{
	struct probe_event *ev = &p->events[p->nr_events];

	if (p->nr_events == PROBE_MAX_EVENTS)
		return;
	p->nr_events++;
	snprintf(ev->name, sizeof(ev->name), "%s%s%s", system, system[0] ? ":" : "", name);
	ev->role = role;
	ev->state = p->tracefs ? state : PROBE_UNKNOWN;
	ev->cost = ev->state == PROBE_PRESENT || ev->state == PROBE_UNKNOWN ? NULL : cost;
}

static const char *event_role(uint32_t op)
{
	return op & OPS_SENDS ? "send" : op & OPS_CALLS ? "call" : op & OPS_RECEPTIONS ? "reception" : "idle";
}

/* Why it matters that an event of this kind is not there. */
static const char *event_cost(uint32_t op, bool stood_in)
{
	if (op & OPS_SENDS)
		return stood_in ? "kprobes take its place; each send costs more" : "who sends is not known";
	if (op & OPS_CALLS)
		return "no queue latency, no function time; sends are paired by order";
	if (op & OPS_RECEPTIONS)
		return "interrupts of this kind are not seen";
	return "wake-ups without an IPI are not counted";
}

/* Which send functions are there to be probed: kinds that standin_install() would cover. */
static uint32_t probe_standins(struct probe_kernel *p, uint32_t ops)
{
	const struct standin_event *ev;
	struct standin *s;
	uint32_t found = 0;
	unsigned int nr;

	s = standin_find(p->cpus_present);
	ev = standin_events(s, &nr);
	for (unsigned int i = 0; i < nr; i++) {
		bool there = ev[i].symbol[0] && p->kprobes, call = ev[i].kev->op == OP_PROBE_CALL;

		if (!(OP_BIT(ev[i].kev->op) & ops))
			continue;
		if (there)
			found |= OP_BIT(ev[i].kev->op);
		add_event(p, "", ev[i].symbol[0] ? ev[i].symbol : ev[i].function,
			  call ? "stand-in for call" : "stand-in for send", there ? PROBE_STOOD_IN : PROBE_MISSING,
			  there	      ? NULL :
			  !p->kprobes ? p->no_kprobes :
			  call	      ? "functions of some calls have no name" :
					"its sends are not seen");
	}
	standin_free(s);
	return found;
}

/* What is listed, and never fired on this architecture, proves nothing. */
static uint32_t ops_that_fire(const struct probe_kernel *p, uint32_t ops)
{
	const struct kevent *kev;

	for (unsigned int i = 0; !(ops & OPS_VECTORS) && (kev = session_kevent(&i));)
		if (!kevent_of_arch(kev, p->arch))
			ops &= ~OP_BIT(kev->op);
	return ops;
}

/* The tier by the same rule as record's and report's: base/kevents.h. */
static struct ipi_evidence probe_events(struct probe_kernel *p)
{
	uint32_t all = p->tracefs ? session_ops_present() : 0, ops = kevents_heard(all);
	uint32_t wanted = p->tracefs ? session_standin_ops(ops) : 0;
	uint32_t found = wanted ? probe_standins(p, wanted) : 0;
	bool vectors = ops & OPS_VECTORS, raise = all & OP_BIT(OP_RAISE), stood_in = found & OPS_SENDS;
	const struct kevent *kev;
	struct ipi_irqs irqs;

	ops = ops_that_fire(p, ops);
	for (unsigned int i = 0; (kev = session_kevent(&i));) {
		bool there = p->tracefs && session_kevent_exists(kev);
		enum probe_state state = there ? PROBE_PRESENT : PROBE_MISSING;
		uint32_t op = OP_BIT(kev->op);

		if (there && !kevent_of_arch(kev, p->arch) && !vectors)
			state = PROBE_MUTE;
		else if (!kevent_of_arch(kev, p->arch) && !there)
			continue;
		/* Only a guest of Hyper-V has them, and only an old kernel needs them. */
		if (op & OPS_VECTOR_SENDS && !(ops & op))
			continue;
		/* Of another architecture, and nobody misses it here. */
		if (!there && (op & OPS_GENERIC ? vectors || !p->tracefs : op & OPS_VECTORS && (raise || !p->tracefs)))
			continue;
		if (there && !(ops & op)) {
			if (strcmp(kev->system, "ipi"))
				continue; /* device interrupts: of no use here */
			state = PROBE_MUTE;
		}
		if (!there && op & OPS_SENDS && stood_in)
			state = PROBE_STOOD_IN;
		else if (!there && op & OPS_SENDS && ops & OPS_SENDS)
			continue; /* others tell as much */
		add_event(p, kev->system, kev->name, event_role(op), state,
			  state == PROBE_MUTE ? NULL : event_cost(op, stood_in));
	}
	/* One interrupt for all IPIs does not tell which came: s390's "EXT", powerpc's "IPI-0". */
	ipi_irqs_read(&irqs, NULL);
	p->one_irq = !vectors && irqs.known && irqs.nr < 2;
	if (p->one_irq)
		ops &= ~OPS_RECEPTIONS;
	return kevents_evidence(ops | found, 0);
}

/* --- filters, tried --- */

static const struct {
	const char *what, *system, *name, *text, *cost;
} trials[] = {
	{ "target CPUs of a send", "ipi", "ipi_send_cpu", "cpu & CPUS{0}", "-C lists CPUs one by one in the filter" },
	{ "target CPUs of a multicast", "ipi", "ipi_send_cpumask", "cpumask & CPUS{0}",
	  "-C is applied to multicasts by report, not while recording" },
	{ "target CPUs of ipi_raise", "ipi", "ipi_raise", "target_cpus & CPUS{0}",
	  "-C is applied to sends by report, not while recording" },
	{ "CPU of an interrupt", "irq_vectors", "reschedule_entry", "CPU & CPUS{0}",
	  "-C lists CPUs one by one in the filter" },
	{ "CPU of an interrupt", "irq", "irq_handler_entry", "CPU & CPUS{0}",
	  "-C lists CPUs one by one in the filter" },
	{ "call site of a send", "ipi", "ipi_send_cpu", "callsite.function != " CALL_HANDLER,
	  "--stack auto takes a stack of every send" },
	{ "call site of a multicast", "ipi", "ipi_send_cpumask", "callsite.function != " CALL_HANDLER,
	  "--stack auto takes a stack of every multicast" },
	{ "class by callback", "ipi", "ipi_send_cpu", "callback.function == " CALL_HANDLER,
	  "--class is applied by report, not while recording" },
};

static void probe_instance(struct probe_kernel *p)
{
	struct instance instance = INSTANCE_INIT;
	struct tracefs_instance *inst;
	char *text;
	int errnum;
	uint32_t ops = ops_that_fire(p, kevents_heard(session_ops_present()));

	p->instances = !instance_create(&instance, "", &errnum, NULL);
	if (!p->instances) {
		problem(p, "tracefs instances cannot be made");
		return;
	}
	inst = instance.tfs;
	tracefs_instance_file_write(inst, "tracing_on", "0");
	for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
		struct probe_filter *f = &p->filters[p->nr_filters];

		const struct kevent *kev = kevent_find(trials[i].system, trials[i].name);

		if (!session_kevent_exists(kev) || !(ops & OP_BIT(kev->op)))
			continue;
		p->nr_filters++;
		f->what = trials[i].what;
		f->text = trials[i].text;
		f->event = trials[i].name;
		/* The blank is for what ends in a function's name: the kernel looks for white space only. */
		text = xasprintf("%s ", trials[i].text);
		f->state = tracefs_event_file_write(inst, trials[i].system, trials[i].name, "filter", text) < 0 ?
				   PROBE_MISSING :
				   PROBE_PRESENT;
		free(text);
		f->cost = f->state == PROBE_MISSING ? trials[i].cost : NULL;
		tracefs_event_file_write(inst, trials[i].system, trials[i].name, "filter", "0");
	}
	/* An unused trigger file lists what it takes. Setting one would switch the event on. */
	text = tracefs_event_file_read(inst, "sched", "sched_switch", "trigger", NULL);
	p->stacks = text && strstr(text, "stacktrace");
	free(text);
	p->counts = counts_possible();
	instance_destroy(&instance);
}

/* --- verdict --- */

static void probe_guests(struct probe_kernel *p)
{
	const char *dir = p->tracefs ? tracefs_tracing_dir() : NULL;
	char *events = dir ? xasprintf("%s/events", dir) : NULL;

	probe_kvm(&p->kvm, "", events, p->root, p->kprobes);
	free(events);
}

static void probe_verdict(struct probe_kernel *p, const struct ipi_evidence *evidence)
{
	if (p->problem[0]) {
		p->tier = "none";
		p->claims = "nothing can be recorded here";
		p->raise = !p->root				   ? "run as root" :
			   !strcmp(p->lockdown, "confidentiality") ? "boot without lockdown=confidentiality" :
			   p->tracefs ? "an ipitrace that was built for the kernel's own architecture" :
					"a writable tracefs; in a container the host's";
		return;
	}
	p->tier = ipi_tier_name(evidence->tier);
	if (evidence->tier == TIER_NONE) {
		p->claims = "this kernel has no events that tell of IPIs";
		p->raise = "Linux 6.4 or later has them for every architecture";
	} else if (evidence->tier == TIER_SENDS) {
		p->claims = "who sends what to whom; not whether and when it arrives";
		p->raise = p->one_irq ? "interrupts of its own for each kind of IPI: here one is for all" :
					"events of arriving interrupts: irq_vectors on x86, ipi or irq elsewhere";
	} else if (evidence->tier == TIER_EXACT) {
		p->claims = "every send matched to its interrupt, every call to its function";
	} else if (evidence->tier == TIER_PAIRED) {
		p->claims = "sends paired with interrupts in order; no queue latency, no function time";
		p->raise = "events/csd: Linux 6.5 or later";
	} else {
		p->claims = "how many interrupts arrive and how long their handlers take; no senders";
		p->raise =
			p->kprobes ?
				"ipi:ipi_send_*: Linux 6.4 or later" :
				"ipi:ipi_send_* (Linux 6.4 or later), or CONFIG_KPROBE_EVENTS for probes in their place";
	}
}

void probe_kernel(struct probe_kernel *p)
{
	struct ipi_evidence evidence;
	char *text;

	memset(p, 0, sizeof(*p));
	probe_machine(p);
	probe_access(p);
	probe_clock(p);
	evidence = probe_events(p);
	if (p->tracefs && p->root) {
		p->page_size_settable = tracefs_file_exists(NULL, "buffer_subbuf_size_kb");
		probe_instance(p);
	}
	probe_guests(p);
	text = p->tracefs ? session_read_top("buffer_subbuf_size_kb", NULL) : NULL;
	p->page_size = text ? (unsigned int)strtoul(text, NULL, 10) << 10 : (unsigned int)sysconf(_SC_PAGESIZE);
	free(text);
	p->buffer_bytes = session_default_buffer_bytes(p->cpus_present, &p->memory_bytes);
	probe_verdict(p, &evidence);
}
