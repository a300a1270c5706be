/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/check.h - the verdict on watched CPUs, as text, JSON ("ipitrace-check/1") or JUnit XML.
 */
#ifndef IPITRACE_RENDER_CHECK_H
#define IPITRACE_RENDER_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "render/screen.h"
#include "report/info.h"
#include "report/offenders.h"

enum check_verdict { CHECK_PASSED, CHECK_FAILED, CHECK_UNKNOWN };

/* One who interrupted a watched CPU. Texts are NULL where they are not known. */
struct check_offender {
	const char *caller, *func, *class, *comm;
	int32_t pid;	/* -1 = not known */
	int64_t target; /* -1 = several */
	const struct offence *offence;
	bool allowed; /* by --allow */
	bool own;     /* ipitrace itself */
};

/* A line of /proc/interrupts that counts IPIs: those of watched CPUs over the watch. low <= traced <= high if none is missing. */
struct check_line {
	const char *name;
	uint64_t traced, low, high;
	bool open; /* a CPU was offline when it was read: there may be more */
};

/* What else interrupted a watched CPU: the name of its line, "LOC" or "24", and what that says of it. */
struct check_irq {
	const char *name, *what;
	unsigned int cpu;
	uint64_t count;
};

struct check_report {
	enum check_verdict verdict;
	char **reasons; /* sentences without a full stop */
	unsigned int nr_reasons;
	const char *cpus; /* "1-3" */
	uint64_t duration_ns;
	uint64_t max;
	bool max_per_s;
	int workload_status; /* -1 = none */
	uint64_t hits, allowed, own;
	const struct check_offender *offenders; /* most hits first */
	unsigned int nr_offenders;
	unsigned int top;		/* of them, as text */
	bool self_test, self_test_seen; /* done; before and behind, on each CPU */
	bool intact;			/* nobody touched the tracing */
	const struct trace_info *trace;
	const struct check_line *lines;
	unsigned int nr_lines;
	const struct check_irq *irqs; /* most first */
	unsigned int nr_irqs;
};

const char *check_verdict_name(enum check_verdict verdict); /* "passed" */
/* "CPU 1-3: 12 IPIs in 10.0s, 0 allowed"; malloc'ed. */
char *check_sentence(const struct check_report *r);
void render_check_text(const struct check_report *r, const struct screen *screen, FILE *out);
void render_check_json(const struct check_report *r, FILE *out);
void render_check_junit(const struct check_report *r, FILE *out);

#endif
