// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/filter.c - the table of filters, and the life of a struct ipi_filter.
 *
 * Its test of spans is called by report/filter.c, its push-down by capture.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/event.h"
#include "base/filter.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/text.h"

/* --- kinds of values --- */

struct filter_kind {
	bool (*set)(const void *value, const bool *given);
	char *(*format)(const void *value);
	int (*read)(void *value, bool *given, const char *text);
	void (*free)(void *value);
	int (*check)(const void *value, unsigned int nr_cpus, struct err *err);
};

static bool cpus_set(const void *value, const bool *given)
{
	(void)value;
	return *given;
}

static char *cpus_format(const void *value)
{
	return cpuset_text(value);
}

static int cpus_read(void *value, bool *given, const char *text)
{
	*given = true;
	return cpuset_parse(value, text, 0, NULL);
}

static void cpus_free(void *value)
{
	cpuset_free(value);
}

static int cpus_check(const void *value, unsigned int nr_cpus, struct err *err)
{
	const struct cpuset *set = value;

	for (unsigned int cpu = nr_cpus; cpu < set->nr_words * 64; cpu++)
		if (cpuset_has(set, cpu))
			return err_set(err, EXIT_USAGE, "CPU %u: the recording has CPUs 0-%u", cpu, nr_cpus - 1);
	return 0;
}

static const struct filter_kind cpus = { cpus_set, cpus_format, cpus_read, cpus_free, cpus_check };

static bool classes_set(const void *value, const bool *given)
{
	(void)given;
	return *(const uint32_t *)value;
}

static char *classes_format(const void *value)
{
	return xasprintf("0x%x", *(const uint32_t *)value);
}

static int classes_read(void *value, bool *given, const char *text)
{
	uint64_t v;

	(void)given;
	if (parse_u64(text, &v, NULL) || v > UINT32_MAX)
		return -1;
	*(uint32_t *)value = (uint32_t)v;
	return 0;
}

static const struct filter_kind classes = { .set = classes_set, .format = classes_format, .read = classes_read };

static bool pid_set(const void *value, const bool *given)
{
	(void)given;
	return *(const int32_t *)value >= 0;
}

static char *pid_format(const void *value)
{
	return xasprintf("%d", *(const int32_t *)value);
}

static int pid_read(void *value, bool *given, const char *text)
{
	uint64_t v;

	(void)given;
	if (parse_u64(text, &v, NULL) || v > INT32_MAX)
		return -1;
	*(int32_t *)value = (int32_t)v;
	return 0;
}

static const struct filter_kind pid = { .set = pid_set, .format = pid_format, .read = pid_read };

static bool glob_set(const void *value, const bool *given)
{
	(void)given;
	return *(char *const *)value;
}

static char *glob_format(const void *value)
{
	return xstrdup(*(char *const *)value);
}

static int glob_read(void *value, bool *given, const char *text)
{
	(void)given;
	free(*(char **)value);
	*(char **)value = xstrdup(text);
	return 0;
}

static void glob_free(void *value)
{
	free(*(char **)value);
}

static const struct filter_kind glob = { glob_set, glob_format, glob_read, glob_free, NULL };

/* --- options --- */

static int parse_cpus(struct cpuset *set, bool *has, const char *arg, const struct opt_spec *spec, struct err *err)
{
	*has = true;
	return cpuset_parse(set, arg, spec->this_machine ? machine_nr_cpus() : 0, err);
}

static int parse_target_cpus(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct ipi_filter *f = target;

	return parse_cpus(&f->target_cpus, &f->has_target_cpus, arg, spec, err);
}

static int parse_source_cpus(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct ipi_filter *f = target;

	return parse_cpus(&f->source_cpus, &f->has_source_cpus, arg, spec, err);
}

static int parse_classes(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct ipi_filter *f = target;
	uint32_t wanted = 0;
	unsigned int class;
	char name[32];
	size_t len;

	(void)spec;
	for (const char *p = arg;; p += len + 1) {
		len = strcspn(p, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		if (len >= sizeof(name) || ipi_class_parse(name, &class)) {
			char known[200] = "";
			size_t at = 0;

			for (unsigned int i = 0; i < IPI_NR_CLASSES && at < sizeof(known); i++)
				at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s", i ? ", " : "",
						       ipi_class_name(i));
			err_set(err, EXIT_USAGE, "'%.*s': unknown class", (int)len, p);
			return err_hint(err, "classes: %s", known);
		}
		wanted |= 1u << class;
		if (!p[len])
			break;
	}
	f->classes = wanted;
	return 0;
}

static int parse_pid(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct ipi_filter *f = target;

	(void)spec;
	if (pid_read(&f->pid, NULL, arg))
		return err_set(err, EXIT_USAGE, "'%s': not a process number", arg);
	return 0;
}

/* --- tests of a span, and what the kernel may drop --- */

static bool pass_target(const struct ipi_filter *f, const struct filter_subject *s)
{
	return cpuset_has(&f->target_cpus, s->target);
}

static bool pass_source(const struct ipi_filter *f, const struct filter_subject *s)
{
	return cpuset_has(&f->source_cpus, s->source);
}

static bool pass_class(const struct ipi_filter *f, const struct filter_subject *s)
{
	return f->classes >> s->class & 1;
}

static bool pass_callsite(const struct ipi_filter *f, const struct filter_subject *s)
{
	return glob_match(f->callsite, s->callsite) || glob_match(f->callsite, s->caller);
}

static bool pass_func(const struct ipi_filter *f, const struct filter_subject *s)
{
	return glob_match(f->func, s->func);
}

static bool pass_pid(const struct ipi_filter *f, const struct filter_subject *s)
{
	return f->pid == s->pid;
}

static bool pass_comm(const struct ipi_filter *f, const struct filter_subject *s)
{
	return glob_match(f->comm, s->comm);
}

static void push_target(const struct ipi_filter *f, struct filter_push *p)
{
	p->target_cpus = &f->target_cpus;
}

static void push_class(const struct ipi_filter *f, struct filter_push *p)
{
	p->classes = f->classes;
}

#define FIELD(m) offsetof(struct ipi_filter, m)
/* clang-format off */
const struct filter_row ipi_filter_rows[] = {
	{ { 'C', "target-cpus", "LIST", OPT_CUSTOM, 0,
	    "only IPIs to these CPUs: 0-3,8 or isolated, nohz_full, housekeeping, online", parse_target_cpus, 0, 0 },
	  "target_cpus", &cpus, FIELD(target_cpus), FIELD(has_target_cpus), FILTER_TARGET, false, pass_target, push_target },
	{ { 0, "source-cpus", "LIST", OPT_CUSTOM, 0, "only IPIs sent by these CPUs", parse_source_cpus, 0, 0 },
	  "source_cpus", &cpus, FIELD(source_cpus), FIELD(has_source_cpus), FILTER_SENDER, false, pass_source, NULL },
	{ { 0, "class", "NAMES", OPT_CUSTOM, 0,
	    "only these classes: reschedule, call_function_single, call_function, irq_work, ...", parse_classes, 0, 0 },
	  "classes", &classes, FIELD(classes), 0, FILTER_CLASS, false, pass_class, push_class },
	{ { 0, "callsite", "GLOB", OPT_STRDUP, FIELD(callsite), "only IPIs whose call site or caller matches", NULL, 0, 0 },
	  "callsite", &glob, FIELD(callsite), 0, FILTER_SENDER, true, pass_callsite, NULL },
	{ { 0, "func", "GLOB", OPT_STRDUP, FIELD(func), "only IPIs that run a function that matches", NULL, 0, 0 },
	  "func", &glob, FIELD(func), 0, FILTER_SENDER, true, pass_func, NULL },
	{ { 'p', "pid", "PID", OPT_CUSTOM, 0, "only IPIs sent by this task", parse_pid, 0, 0 },
	  "pid", &pid, FIELD(pid), 0, FILTER_SENDER, false, pass_pid, NULL },
	{ { 0, "comm", "GLOB", OPT_STRDUP, FIELD(comm), "only IPIs sent by tasks of this name", NULL, 0, 0 },
	  "comm", &glob, FIELD(comm), 0, FILTER_SENDER, true, pass_comm, NULL },
	{ .fact = NULL },
};
/* clang-format on */

/* --- what the rows answer together --- */

static const void *value_of(const struct filter_row *row, const struct ipi_filter *f)
{
	return (const char *)f + row->value;
}

bool filter_row_set(const struct filter_row *row, const struct ipi_filter *f)
{
	return row->kind->set(value_of(row, f), (const bool *)((const char *)f + row->given));
}

char *filter_row_format(const struct filter_row *row, const struct ipi_filter *f)
{
	return row->kind->format(value_of(row, f));
}

int filter_row_read(const struct filter_row *row, struct ipi_filter *f, const char *text)
{
	return row->kind->read((char *)f + row->value, (bool *)((char *)f + row->given), text);
}

void ipi_filter_free(struct ipi_filter *f)
{
	const struct filter_row *row;

	for_each_filter_row(row) if (row->kind->free) row->kind->free((char *)f + row->value);
	*f = (struct ipi_filter)IPI_FILTER_INIT;
}

bool ipi_filter_empty(const struct ipi_filter *f)
{
	const struct filter_row *row;

	for_each_filter_row(row) if (filter_row_set(row, f)) return false;
	return true;
}

int ipi_filter_check(const struct ipi_filter *f, unsigned int nr_cpus, struct err *err)
{
	const struct filter_row *row;

	for_each_filter_row(row) if (nr_cpus && row->kind->check &&
				     row->kind->check(value_of(row, f), nr_cpus, err)) return -1;
	return 0;
}

void ipi_filter_push(const struct ipi_filter *f, struct filter_push *p)
{
	const struct filter_row *row;

	*p = (struct filter_push){ 0 };
	for_each_filter_row(row) if (row->push && filter_row_set(row, f)) row->push(f, p);
}
