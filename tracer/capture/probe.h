/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/probe.h - what this kernel offers for tracing IPIs, and what that costs.
 *
 * Asks, changes nothing: filters are tried in an instance of its own with all
 * events off, removed before probe_kernel() returns; tracefs is mounted, where
 * it is not, in a mount namespace of its own; no kprobe event is made, only
 * the functions are looked up. Prints nothing.
 */
#ifndef IPITRACE_CAPTURE_PROBE_H
#define IPITRACE_CAPTURE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

enum probe_state {
	PROBE_PRESENT,
	PROBE_STOOD_IN, /* a kprobe event takes its place */
	PROBE_MUTE,	/* listed, but this architecture never fires it */
	PROBE_MISSING,
	PROBE_UNKNOWN, /* cannot be seen from here */
};

struct probe_event {
	char name[128];	  /* "ipi:ipi_send_cpu"; for a kprobe the function */
	const char *role; /* "send", "call", "reception", "idle", "stand-in" */
	enum probe_state state;
	const char *cost; /* what its absence costs; NULL = nothing */
};

struct probe_filter {
	const char *what; /* "target CPU of a send" */
	const char *text; /* what was tried: "cpu & CPUS{0}" */
	const char *event;
	enum probe_state state; /* present, missing, unknown */
	const char *cost;
};

/* Of virtual machines on this host, for record --kvm. */
struct probe_kvm_line {
	const char *what;
	enum probe_state state;
	const char *cost; /* of what is missing, or what else there is to know; NULL = nothing */
	char value[24];	  /* of the kernel's parameter; "" = there is none */
};
#define PROBE_MAX_KVM 8

struct probe_kvm {
	struct probe_kvm_line lines[PROBE_MAX_KVM];
	unsigned int nr_lines;
};

#define PROBE_MAX_EVENTS  40
#define PROBE_MAX_FILTERS 8

struct probe_kernel {
	char release[80], arch[32];
	unsigned int cpus_online, cpus_present;
	/* access */
	bool root, tracefs, tracefs_mounted, instances, symbols, stacks, kprobes, counts;
	const char *no_kprobes; /* why not */
	char lockdown[24];	/* "none", "integrity", "confidentiality"; "" = no such thing */
	char problem[200];	/* why recording is impossible; "" = it is not */
	/* events and filters */
	struct probe_event events[PROBE_MAX_EVENTS];
	unsigned int nr_events;
	struct probe_filter filters[PROBE_MAX_FILTERS];
	unsigned int nr_filters;
	struct probe_kvm kvm;
	/* clock */
	bool mono;	      /* the clock that record uses */
	char clocks[200];     /* trace_clock without brackets: "local global ... mono" */
	char clocksource[32]; /* of CLOCK_MONOTONIC: "tsc" */
	char clocksources[100];
	bool clocksource_fast; /* read from a register, not from a device */
	bool tsc, tsc_stable;  /* x86: constant and not stopped by idle */
	/* buffers */
	unsigned int page_size; /* of a sub-buffer */
	bool page_size_settable;
	uint64_t buffer_bytes; /* per CPU, what record would take */
	uint64_t memory_bytes; /* available */
	bool one_irq;	       /* all IPIs come by one interrupt, which may be for more than these: s390, powerpc */
	/* verdict */
	const char *tier; /* "exact", "paired", "counts", "none" */
	const char *claims;
	const char *raise; /* the one thing that would raise it; NULL = it is the highest */
};

/* Never fails: what cannot be had or seen is in the result. */
void probe_kernel(struct probe_kernel *p);
/*
 * What probe_kernel() says of virtual machines. root is put in front of files of sysfs and debugfs ("" = this machine),
 * events is tracefs' directory of events, NULL where it cannot be read; can_see: as root, so that what is not seen is missing.
 */
void probe_kvm(struct probe_kvm *p, const char *root, const char *events, bool can_see, bool kprobes);
const char *probe_state_name(enum probe_state state);

#endif
