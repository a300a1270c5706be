/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/prometheus.h - a measurement that goes on as metrics: Prometheus' text format 0.0.4, or OpenMetrics 1.0.0.
 *
 * Its numbers are those of a report. Counters never fall and never go: a caller that was given a label keeps it, and
 * who has none is in "other". What is not known has no series; a count that is known to be
 * none is 0 from the beginning, so that the first one is an increase. Bounds of histograms are the same everywhere,
 * always, so that those of all hosts add.
 */
#ifndef IPITRACE_RENDER_PROMETHEUS_H
#define IPITRACE_RENDER_PROMETHEUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cpuset.h"
#include "report/report.h"

/* Upper bounds: 2^e and 1.5 * 2^e ns, from 256 ns to 1.07 s, of callers 2^e; each is a bucket's edge in base/hist.h. */
#define PROMETHEUS_MIN_SHIFT 8
#define PROMETHEUS_MAX_SHIFT 30
#define PROMETHEUS_NR_BOUNDS (2 * (PROMETHEUS_MAX_SHIFT - PROMETHEUS_MIN_SHIFT) + 1)

/* Three reports of the same spans, rows in order of appearance, as report_build() leaves them. */
struct prometheus_sample {
	const struct report *by_class, *by_target;
	const struct report *by_caller; /* by whatever two keys its labels are of */
	const struct cpuset *targets;	/* of a filter; empty = all of the machine */
	bool by_sender;			/* a filter: no interrupt without a sender is seen */
	bool up;			/* it goes on */
	bool failed;			/* it broke off: what is missing is not known */
	double start_s;			/* since the epoch */
	double cpu_s;			/* of a CPU, taken by the measurement itself */
	const char *version;
};

struct prometheus;

/* max_callers: labels to give. */
struct prometheus *prometheus_new(unsigned int max_callers);
void prometheus_free(struct prometheus *p);
/*
 * Rows that are new get a label each, the busiest first, until half of them are given; the rest is for rows that have a
 * hundredth of all, and of which "other" keeps what they had until then. Then all is written.
 */
void prometheus_render(struct prometheus *p, const struct prometheus_sample *s, bool openmetrics, FILE *out);

#endif
