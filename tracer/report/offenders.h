/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/offenders.h - who interrupted these CPUs, from when to when: a sink.
 *
 * Every interrupt on a watched CPU counts once, whose entry lies within the watch: as a hit of the sender whose send
 * it answered, or, where no send was seen, as one of its class and CPU. What the tracer's own sends hit before and behind
 * the watch is counted apart: it proves that such a hit is seen.
 */
#ifndef IPITRACE_REPORT_OFFENDERS_H
#define IPITRACE_REPORT_OFFENDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpuset.h"
#include "report/agg.h"
#include "report/names.h"
#include "report/sink.h"

/* Times are of the trace clock; of no hit: zeros. */
struct offence {
	uint64_t hits;
	uint64_t stolen_ns, worst_ns; /* of handlers, from entry to exit */
	uint64_t first_ns, last_ns;   /* entries */
};

/* Rows of their own; all others are in one, without keys. */
#define OFFENDERS_MAX 10000u

struct offenders;

/* cpus is borrowed. */
struct offenders *offenders_new(const struct cpuset *cpus, unsigned int nr_cpus, const struct span_names *names);
void offenders_free(struct offenders *o);
struct span_sink offenders_sink(struct offenders *o);
/* The watch: nothing counts before it begins. Either may be said when later events are already there, not when they were told. */
void offenders_begin(struct offenders *o, uint64_t from_ns);
void offenders_end(struct offenders *o, uint64_t to_ns);

/*
 * From when to when something else counted the interrupts of these CPUs, the watch and a little more; before spans of that
 * time are told. How many interrupts of these classes (a bit each) it must have counted, without those of the watch.
 */
void offenders_counted(struct offenders *o, uint64_t from_ns, uint64_t to_ns);
uint64_t offenders_beside(const struct offenders *o, uint32_t classes);
/* The interrupts of these classes within the watch. */
uint64_t offenders_interrupts(const struct offenders *o, uint32_t classes);

/* Rows by caller, func, class, comm, pid and target, for report_build(), and the offence of the row of this index. */
struct agg *offenders_agg(struct offenders *o);
extern const enum agg_key offenders_by[];
extern const unsigned int offenders_nr_by;
const struct offence *offenders_row(const struct offenders *o, uint32_t row);
/* Interrupts without a send: of this class on this CPU. */
const struct offence *offenders_unsolicited(const struct offenders *o, unsigned int class, unsigned int cpu);
/* By the tracer itself, within the watch; outside of it, on this CPU. */
const struct offence *offenders_own(const struct offenders *o);
uint64_t offenders_own_before(const struct offenders *o, unsigned int cpu);
uint64_t offenders_own_after(const struct offenders *o, unsigned int cpu);
/* All of them, the tracer's own included: the interrupts on watched CPUs. */
uint64_t offenders_hits(const struct offenders *o);

#endif
