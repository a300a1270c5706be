// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/probe.c - ipitrace probe: what this kernel offers, as text or JSON.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/opts.h"
#include "base/text.h"
#include "capture/probe.h"
#include "cmds/cmd.h"

struct probe_options {
	bool json;
};

static const struct opt rows[] = {
	{ .long_name = "json",
	  .type = OPT_FLAG,
	  .offset = offsetof(struct probe_options, json),
	  .help = "everything, as JSON" },
};

const struct opt_spec probe_spec = {
	.command = "probe",
	.synopsis = "[options]",
	.summary = "what this kernel offers for tracing IPIs, and what would give more",
	.details = "Changes nothing: filters are tried in a tracefs instance of its own.\n\n"
		   "Exit status: 0 ok, 1 nothing can be recorded here, 2 usage.\n",
	.groups = { OPT_GROUP(NULL, rows, 0) },
};

/* --- text --- */

/* What that costs has a line of its own, so that none is wider than a terminal. */
static void line(const char *name, const char *state, const char *cost)
{
	printf("  %-56s %s\n", name, state);
	if (cost)
		printf("    %s\n", cost);
}

static void text_events(const struct probe_kernel *p)
{
	const char *role = "";

	puts("\nevents:");
	for (unsigned int i = 0; i < p->nr_events; i++) {
		const struct probe_event *ev = &p->events[i];
		char name[96];

		snprintf(name, sizeof(name), "%-18s%s", strcmp(role, ev->role) ? ev->role : "", ev->name);
		role = ev->role;
		line(name, probe_state_name(ev->state), ev->cost);
	}
	if (!p->nr_filters)
		return;
	puts("\nfilters and triggers, tried:");
	for (unsigned int i = 0; i < p->nr_filters; i++) {
		const struct probe_filter *f = &p->filters[i];

		line(f->what, probe_state_name(f->state), f->cost);
	}
	line("stack of the sender", p->stacks ? "present" : "missing",
	     p->stacks ? NULL : "rows by call site only: record needs --no-stack");
	line("counts of the kernel's own", p->counts ? "present" : "missing",
	     p->counts ? NULL : "no stat --counts: it takes events of Linux 6.5, and CONFIG_HIST_TRIGGERS");
}

static void text_kvm(const struct probe_kvm *p)
{
	puts("\nvirtual machines (record --kvm):");
	for (unsigned int i = 0; i < p->nr_lines; i++) {
		const struct probe_kvm_line *l = &p->lines[i];

		line(l->what, probe_state_name(l->state), NULL);
		if (l->value[0])
			printf("    halt_poll_ns: %s\n", l->value);
		if (l->cost)
			help_wrapped(stdout, "  ", 4, 0, l->cost);
	}
}

/* Where the terminal ends. */
static void wrapped(char *text)
{
	help_wrapped(stdout, "", 0, 0, text);
	free(text);
}

static void text_clock(const struct probe_kernel *p)
{
	const char *fast = !p->clocksource[0] || p->clocksource_fast ? "" : " (a device: every stamp is slow)";
	const char *tsc = !p->tsc	? "" :
			  p->tsc_stable ? "; TSC constant and never stopped" :
					  "; TSC not stable by its flags";

	putchar('\n');
	wrapped(xasprintf("clock: %s%s%s%s%s",
			  p->mono    ? "mono: ns, the same on every CPU" :
			  p->tracefs ? "mono is not offered" :
				       "cannot be seen",
			  p->clocksource[0] ? "; clocksource " : "", p->clocksource, fast, tsc));
	if (p->clocks[0])
		wrapped(xasprintf("  trace clocks: %s", p->clocks));
	if (p->clocksources[0])
		wrapped(xasprintf("  clocksources: %s", p->clocksources));
	wrapped(xasprintf("buffers: %" PRIu64 " KB per CPU unless told otherwise, of %" PRIu64
			  " MB available; sub-buffers of %u KB%s",
			  p->buffer_bytes >> 10, p->memory_bytes >> 20, p->page_size >> 10,
			  p->page_size_settable ? ", can be changed" : ""));
}

static void text(const struct probe_kernel *p)
{
	printf("kernel: Linux %s %s, %u CPU%s online of %u\n", p->release, p->arch, p->cpus_online,
	       plural_s(p->cpus_online), p->cpus_present);
	if (p->cpus_online == 1)
		puts("note: one CPU: there is no other to interrupt, only its own irq_work");
	wrapped(xasprintf("access: %s; tracefs %s; lockdown %s; symbols %s; kprobe events %s",
			  p->root ? "root" : "not root",
			  !p->tracefs	     ? "cannot be used" :
			  p->tracefs_mounted ? "mounted" :
					       "not mounted, record will mount it",
			  p->lockdown[0] ? p->lockdown : "not in this kernel",
			  p->symbols ? "visible" : "hidden (no names of functions)",
			  !p->tracefs ? "cannot be seen" :
			  p->kprobes  ? "possible" :
					"not possible"));
	text_events(p);
	text_kvm(&p->kvm);
	text_clock(p);
	putchar('\n');
	wrapped(xasprintf("tier: %s: %s", p->tier, p->problem[0] ? p->problem : p->claims));
	if (p->raise)
		wrapped(xasprintf("to get more: %s", p->raise));
}

/* --- JSON --- */

/* What cannot be seen from here is neither true nor false. */
static void json_seen(struct json *j, const char *key, bool seen, bool val)
{
	if (seen)
		json_bool(j, key, val);
	else
		json_null(j, key);
}

static void json_events(struct json *j, const struct probe_kernel *p)
{
	json_array(j, "events");
	for (unsigned int i = 0; i < p->nr_events; i++) {
		const struct probe_event *ev = &p->events[i];

		json_object(j, NULL);
		json_string(j, "name", ev->name);
		json_string(j, "role", ev->role);
		json_string(j, "state", probe_state_name(ev->state));
		json_string(j, "cost", ev->cost);
		json_close(j);
	}
	json_close(j);
	json_array(j, "filters");
	for (unsigned int i = 0; i < p->nr_filters; i++) {
		const struct probe_filter *f = &p->filters[i];

		json_object(j, NULL);
		json_string(j, "what", f->what);
		json_string(j, "event", f->event);
		json_string(j, "text", f->text);
		json_string(j, "state", probe_state_name(f->state));
		json_string(j, "cost", f->cost);
		json_close(j);
	}
	json_close(j);
}

static void json_kvm(struct json *j, const struct probe_kvm *p)
{
	json_array(j, "kvm");
	for (unsigned int i = 0; i < p->nr_lines; i++) {
		const struct probe_kvm_line *l = &p->lines[i];

		json_object(j, NULL);
		json_string(j, "what", l->what);
		json_string(j, "state", probe_state_name(l->state));
		json_string(j, "cost", l->cost);
		json_string(j, "value", l->value[0] ? l->value : NULL);
		json_close(j);
	}
	json_close(j);
}

static void json_rest(struct json *j, const struct probe_kernel *p)
{
	json_object(j, "clock");
	json_string(j, "used", p->mono ? "mono" : NULL);
	json_seen(j, "synchronised", p->tracefs, p->mono);
	json_string(j, "available", p->clocks[0] ? p->clocks : NULL);
	json_string(j, "clocksource", p->clocksource[0] ? p->clocksource : NULL);
	json_string(j, "clocksources", p->clocksources[0] ? p->clocksources : NULL);
	json_bool(j, "clocksource_fast", p->clocksource_fast);
	json_seen(j, "tsc_stable", p->tsc, p->tsc_stable);
	json_close(j);
	json_object(j, "buffers");
	json_u64(j, "per_cpu_bytes", p->buffer_bytes);
	json_u64(j, "memory_available_bytes", p->memory_bytes);
	json_u64(j, "subbuf_bytes", p->page_size);
	json_seen(j, "subbuf_settable", p->tracefs && p->root, p->page_size_settable);
	json_close(j);
}

static void json(const struct probe_kernel *p)
{
	struct json w = { .out = stdout }, *j = &w;

	json_object(j, NULL);
	json_string(j, "schema", "ipitrace-probe/1");
	json_string(j, "kernel", p->release);
	json_string(j, "arch", p->arch);
	json_u64(j, "cpus_online", p->cpus_online);
	json_u64(j, "cpus_present", p->cpus_present);
	json_string(j, "tier", p->tier);
	json_string(j, "claims", p->claims);
	json_string(j, "problem", p->problem[0] ? p->problem : NULL);
	json_string(j, "raise", p->raise);
	json_object(j, "access");
	json_bool(j, "root", p->root);
	json_bool(j, "tracefs", p->tracefs);
	json_bool(j, "tracefs_mounted", p->tracefs_mounted);
	json_bool(j, "instances", p->instances);
	json_string(j, "lockdown", p->lockdown[0] ? p->lockdown : NULL);
	json_bool(j, "symbols", p->symbols);
	json_seen(j, "kprobe_events", p->tracefs, p->kprobes);
	json_seen(j, "stack_trigger", p->instances, p->stacks);
	json_seen(j, "counts", p->instances, p->counts);
	json_close(j);
	json_events(j, p);
	json_kvm(j, &p->kvm);
	json_rest(j, p);
	json_close(j);
}

int cmd_probe(int argc, char **argv, struct err *err)
{
	struct probe_options o = { 0 };
	struct probe_kernel p;
	int nr, ret;

	ret = opts_parse(&probe_spec, &o, argc, argv, &nr, err);
	if (ret != OPTS_OK)
		return opts_finish(&probe_spec, ret);
	probe_kernel(&p);
	if (o.json)
		json(&p);
	else
		text(&p);
	return strcmp(p.tier, "none") ? EXIT_OK : EXIT_FAILED;
}
