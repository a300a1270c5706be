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
#include "base/globs.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/taskid.h"
#include "base/text.h"

/* --- kinds of values --- */

struct filter_kind {
	bool (*set)(const void *value);
	int (*parse)(void *value, const char *arg, const struct opt_spec *spec, struct err *err);
	char *(*format)(const void *value);
	/* From the facts; listed: by who wrote lists. */
	int (*read)(void *value, const char *text, bool listed);
	void (*free)(void *value);
	/* The rest may be NULL. */
	char *(*text)(const void *value); /* for people, where format() is not */
	bool (*listed)(const void *value);
	int (*resolve)(void *value, const struct machine_cpus *m, unsigned int nr_cpus, struct err *err);
	bool (*disjoint)(const void *a, const void *b);
};

/* An exclamation mark in front means all others. */
static const char *without_mark(const char *arg, bool *negated)
{
	*negated = *arg == '!';
	return arg + *negated;
}

/* --- CPU lists --- */

static bool cpus_set(const void *value)
{
	return ((const struct cpu_filter *)value)->given;
}

static char *cpus_format(const void *value)
{
	return cpuset_text(&((const struct cpu_filter *)value)->set);
}

static int cpus_read(void *value, const char *text, bool listed)
{
	struct cpu_filter *f = value;

	(void)listed;
	f->given = true;
	return cpuset_parse_for(&f->set, text, 0, NULL, NULL);
}

static void cpus_free(void *value)
{
	struct cpu_filter *f = value;

	cpuset_free(&f->set);
	free(f->text);
}

/* nr_cpus refuses numbers, all is of how many CPUs ! leaves out some. */
static int cpus_choose(struct cpu_filter *f, const char *arg, const struct machine_cpus *m, unsigned int nr_cpus,
		       unsigned int all, struct err *err)
{
	bool negated;
	const char *list = without_mark(arg, &negated);

	if (cpuset_parse_for(&f->set, list, nr_cpus, m, err))
		return -1;
	if (negated)
		cpuset_invert(&f->set, all);
	if (!cpuset_count(&f->set)) {
		err_set(err, EXIT_USAGE, "'%s': there are no such CPUs", arg);
		return err_hint(err, "%s; name CPUs by number, like 0-3,8",
				nr_cpus ? "this machine has none now" :
					  "the recording machine had none of them when the recording began");
	}
	f->given = true;
	return 0;
}

static int cpus_parse(void *value, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct cpu_filter *f = value;
	struct machine_cpus m;
	bool negated;
	int ret;

	if (!spec->this_machine) {
		/* Which CPUs the words are, and ! leaves, is the recording's to say. */
		if (cpuset_parse_for(&f->set, without_mark(arg, &negated), 0, &(struct machine_cpus){ .known = true },
				     err))
			return -1;
		free(f->text);
		f->text = xstrdup(arg);
		f->given = true;
		return 0;
	}
	machine_cpus_read(&m);
	ret = cpus_choose(f, arg, &m, machine_nr_cpus(), machine_possible_cpus(), err);
	machine_cpus_free(&m);
	return ret;
}

static int cpus_resolve(void *value, const struct machine_cpus *m, unsigned int nr_cpus, struct err *err)
{
	struct cpu_filter *f = value;
	bool negated;

	if (!f->text)
		return 0;
	if (cpuset_parse_for(&f->set, without_mark(f->text, &negated), 0, m, err))
		return -1;
	for (unsigned int cpu = nr_cpus; nr_cpus && cpu < f->set.nr_words * 64; cpu++) {
		if (!cpuset_has(&f->set, cpu))
			continue;
		err_set(err, EXIT_USAGE, "CPU %u: the recording has CPUs 0-%u", cpu, nr_cpus - 1);
		return err_hint(err, "leave it out");
	}
	/* CPUs that came later are among those that ! leaves; but some have to be left. */
	if (cpus_choose(f, f->text, m, 0, CPUSET_LIMIT, err))
		return -1;
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		if (cpuset_has(&f->set, cpu))
			return 0;
	if (!nr_cpus)
		return 0;
	err_set(err, EXIT_USAGE, "'%s' leaves none of the recording's CPUs, 0-%u", f->text, nr_cpus - 1);
	return err_hint(err, "leave the filter out, or name fewer");
}

static bool cpus_disjoint(const void *a, const void *b)
{
	return !cpuset_meet(&((const struct cpu_filter *)a)->set, &((const struct cpu_filter *)b)->set);
}

static const struct filter_kind cpus = { .set = cpus_set,
					 .parse = cpus_parse,
					 .format = cpus_format,
					 .read = cpus_read,
					 .free = cpus_free,
					 .resolve = cpus_resolve,
					 .disjoint = cpus_disjoint };

/* --- classes --- */

static bool classes_set(const void *value)
{
	return *(const uint32_t *)value;
}

static char *classes_format(const void *value)
{
	return xasprintf("0x%x", *(const uint32_t *)value);
}

static int classes_read(void *value, const char *text, bool listed)
{
	uint64_t v;

	(void)listed;
	if (parse_u64(text, &v, NULL) || v > UINT32_MAX)
		return -1;
	*(uint32_t *)value = (uint32_t)v;
	return 0;
}

static char *class_names(uint32_t classes)
{
	char *names = xstrdup(""), *more;

	for (unsigned int i = 0; i < IPI_NR_CLASSES; i++) {
		if (!(classes >> i & 1))
			continue;
		more = xasprintf("%s%s%s", names, names[0] ? "," : "", ipi_class_name(i));
		free(names);
		names = more;
	}
	return names;
}

/* The shorter of both ways to say it. */
static char *classes_text(const void *value)
{
	uint32_t classes = *(const uint32_t *)value, others = ~classes & IPI_CLASSES_ALL;
	char *names, *text;

	if (__builtin_popcount(classes) <= __builtin_popcount(others))
		return class_names(classes);
	names = class_names(others);
	text = xasprintf("!%s", names);
	free(names);
	return text;
}

static int classes_parse(void *value, const char *arg, const struct opt_spec *spec, struct err *err)
{
	uint32_t wanted = 0;
	unsigned int class;
	bool negated;
	char name[32], *known;
	size_t len;

	(void)spec;
	for (const char *p = without_mark(arg, &negated);; p += len + 1) {
		len = strcspn(p, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		if (len >= sizeof(name) || ipi_class_parse(name, &class)) {
			known = class_names(IPI_CLASSES_ALL);
			err_set(err, EXIT_USAGE, "'%.*s': unknown class", (int)len, p);
			err_hint(err, "classes: %s", known);
			free(known);
			return -1;
		}
		wanted |= IPI_CLASS_BIT(class);
		if (!p[len])
			break;
	}
	if (negated)
		wanted = ~wanted & IPI_CLASSES_ALL;
	if (!wanted) {
		err_set(err, EXIT_USAGE, "'%s': no class is left", arg);
		return err_hint(err, "a filter that leaves nothing shows nothing: leave it out, or name fewer");
	}
	*(uint32_t *)value = wanted;
	return 0;
}

static void classes_free(void *value)
{
	*(uint32_t *)value = 0;
}

static bool classes_disjoint(const void *a, const void *b)
{
	return !(*(const uint32_t *)a & *(const uint32_t *)b);
}

static const struct filter_kind classes = { .set = classes_set,
					    .parse = classes_parse,
					    .format = classes_format,
					    .read = classes_read,
					    .free = classes_free,
					    .text = classes_text,
					    .disjoint = classes_disjoint };

/* --- numbers of tasks --- */

static bool pids_set(const void *value)
{
	return ((const struct pid_filter *)value)->nr;
}

static char *pids_format(const void *value)
{
	const struct pid_filter *f = value;
	char *text = xstrdup(f->negated ? "!" : ""), *more;

	for (unsigned int i = 0; i < f->nr; i++) {
		more = xasprintf("%s%s%d", text, i ? "," : "", f->pids[i]);
		free(text);
		text = more;
	}
	return text;
}

static void pids_free(void *value)
{
	free(((struct pid_filter *)value)->pids);
}

static int numbers_parse(void *value, const char *arg, const char *what, struct err *err)
{
	struct pid_filter new = { 0 };
	uint64_t pid;

	for (const char *p = without_mark(arg, &new.negated);; p++) {
		const char *start = p;

		if (!parse_digits(&p, &pid) || pid > INT32_MAX || (*p && *p != ',')) {
			pids_free(&new);
			err_set(err, EXIT_USAGE, "'%.*s': not a %s number", (int)strcspn(start, ","), start, what);
			return err_hint(err, "like 1234, or 1,2,3; !1,2 leaves them out; names are for --comm");
		}
		new.pids = xrealloc(new.pids, (new.nr + 1) * sizeof(*new.pids));
		new.pids[new.nr++] = (int32_t)pid;
		if (!*p)
			break;
	}
	pids_free(value);
	new.children = ((struct pid_filter *)value)->children;
	*(struct pid_filter *)value = new;
	return 0;
}

static int pids_parse(void *value, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	return numbers_parse(value, arg, "process", err);
}

static int tids_parse(void *value, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	return numbers_parse(value, arg, "thread", err);
}

static int pids_read(void *value, const char *text, bool listed)
{
	(void)listed;
	return pids_parse(value, text, NULL, NULL);
}

static bool pids_listed(const void *value)
{
	const struct pid_filter *f = value;

	return f->negated || f->nr > 1;
}

bool pid_filter_has(const struct pid_filter *f, int32_t pid)
{
	for (unsigned int i = 0; i < f->nr; i++)
		if (f->pids[i] == task_number(pid))
			return !f->negated;
	return f->negated;
}

static bool pids_disjoint(const void *a, const void *b)
{
	const struct pid_filter *f = a, *g = b;

	if (f->children || g->children)
		return false;
	if (f->negated) {
		f = b;
		g = a;
	}
	for (unsigned int i = 0; i < f->nr; i++)
		if (f->negated || pid_filter_has(g, f->pids[i]))
			return false;
	return true;
}

static const struct filter_kind pids = { .set = pids_set,
					 .parse = pids_parse,
					 .format = pids_format,
					 .read = pids_read,
					 .free = pids_free,
					 .listed = pids_listed,
					 .disjoint = pids_disjoint };

/* Version 0.1 knew threads only. */
static bool processes_listed(const void *value)
{
	(void)value;
	return true;
}

static bool children_set(const void *value)
{
	return *(const bool *)value;
}

static char *children_format(const void *value)
{
	(void)value;
	return xstrdup("1");
}

static int children_read(void *value, const char *text, bool listed)
{
	(void)listed;
	*(bool *)value = true;
	return strcmp(text, "1") ? -1 : 0;
}

static void children_free(void *value)
{
	*(bool *)value = false;
}

static char *children_text(const void *value)
{
	(void)value;
	return xstrdup("too");
}

static const struct filter_kind children = { .set = children_set,
					     .format = children_format,
					     .read = children_read,
					     .free = children_free,
					     .text = children_text };

static const struct filter_kind processes = { .set = pids_set,
					      .parse = pids_parse,
					      .format = pids_format,
					      .read = pids_read,
					      .free = pids_free,
					      .listed = processes_listed,
					      .disjoint = pids_disjoint };

/* --- names --- */

static bool names_set(const void *value)
{
	return *(char *const *)value;
}

static int names_parse(void *value, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	if (globs_check(arg, err))
		return -1;
	free(*(char **)value);
	*(char **)value = xstrdup(arg);
	return 0;
}

static char *names_format(const void *value)
{
	return xstrdup(*(char *const *)value);
}

static int names_read(void *value, const char *text, bool listed)
{
	if (listed)
		return names_parse(value, text, NULL, NULL);
	free(*(char **)value);
	*(char **)value = globs_of_pattern(text);
	return 0;
}

static void names_free(void *value)
{
	free(*(char **)value);
}

static bool names_listed(const void *value)
{
	const char *list = *(char *const *)value, *p = list;
	char *first = globs_next(&p);
	bool several = *p;

	free(first);
	return several || globs_negated(list);
}

static bool names_disjoint(const void *a, const void *b)
{
	return globs_disjoint(*(char *const *)a, *(char *const *)b);
}

static const struct filter_kind name = { .set = names_set,
					 .parse = names_parse,
					 .format = names_format,
					 .read = names_read,
					 .free = names_free,
					 .listed = names_listed,
					 .disjoint = names_disjoint };

/* Of two names of which either may match, so that texts do not decide what passes both. */
static const struct filter_kind two_names = { .set = names_set,
					      .parse = names_parse,
					      .format = names_format,
					      .read = names_read,
					      .free = names_free,
					      .listed = names_listed };

/* --- tests of a span, and what the kernel may drop --- */

static bool pass_target(const struct ipi_filter *f, const struct filter_subject *s)
{
	return cpuset_has(&f->target_cpus.set, s->target);
}

static bool pass_source(const struct ipi_filter *f, const struct filter_subject *s)
{
	return cpuset_has(&f->source_cpus.set, s->source);
}

static bool pass_class(const struct ipi_filter *f, const struct filter_subject *s)
{
	return f->classes >> s->class & 1;
}

static bool pass_callsite(const struct ipi_filter *f, const struct filter_subject *s)
{
	return globs_pass(f->callsite, s->callsite, s->caller);
}

static bool pass_func(const struct ipi_filter *f, const struct filter_subject *s)
{
	return globs_pass(f->func, s->func, NULL);
}

/* A task of which nothing is known may still be the process itself. */
static bool pass_process(const struct ipi_filter *f, const struct filter_subject *s)
{
	if (f->process.children)
		return true; /* asked below */
	return pid_filter_has(&f->process, s->tgid < 0 ? s->pid : s->tgid);
}

static bool is_root(const struct pid_filter *f, int32_t tgid)
{
	for (unsigned int i = 0; i < f->nr; i++)
		if (f->pids[i] == task_number(tgid))
			return true;
	return !f->nr && f->workload && tgid == f->workload;
}

/* Is a process one of those asked for, or started by one? 1, 0, or -1: it is not known. */
static int descends(const struct pid_filter *f, const struct filter_subject *s)
{
	int32_t tgid = s->tgid;

	if (tgid < -1)
		return 0; /* no task */
	/* Far more than processes can be deep: damaged facts may go in circles. */
	for (unsigned int depth = 0; tgid > 0 && depth < 100000; depth++) {
		if (is_root(f, tgid))
			return 1;
		tgid = s->parent ? s->parent(s->parent_ctx, tgid) : -1;
	}
	return tgid ? -1 : 0;
}

static bool pass_children(const struct ipi_filter *f, const struct filter_subject *s)
{
	int in = descends(&f->process, s);

	return in >= 0 && in != f->process.negated;
}

bool pid_filter_passes(const struct pid_filter *f, int32_t tgid, int32_t (*parent)(void *ctx, int32_t tgid), void *ctx)
{
	const struct ipi_filter filter = { .process = *f };
	const struct filter_subject subject = { .tgid = tgid, .parent = parent, .parent_ctx = ctx };

	return f->children ? pass_children(&filter, &subject) : pid_filter_has(f, tgid);
}

/* A group is named by itself, and by every one that it is in. */
static bool in_group(const char *globs, const char *group)
{
	bool negated = globs_negated(globs), found = false;
	char *path = xstrdup(group);

	for (size_t len = strlen(path); !found && len; len--) {
		if (len > 1 && path[len] && path[len] != '/')
			continue;
		path[len] = '\0';
		found = globs_pass(globs, path, NULL) != negated;
	}
	free(path);
	return found;
}

static bool pass_cgroup(const struct ipi_filter *f, const struct filter_subject *s)
{
	if (s->pid < -1)
		return globs_negated(f->cgroup); /* no task, so in none of them */
	return s->cgroup && in_group(f->cgroup, s->cgroup) != globs_negated(f->cgroup);
}

bool ipi_filter_unplaced(const struct ipi_filter *f, const struct filter_subject *s)
{
	if (s->pid < -1)
		return false;
	return (f->cgroup && !s->cgroup) || (f->process.children && descends(&f->process, s) < 0);
}

static bool pass_tid(const struct ipi_filter *f, const struct filter_subject *s)
{
	return pid_filter_has(&f->tid, s->pid);
}

/* --- one item of a list --- */

static bool finds_name(const struct filter_row *row, const struct ipi_filter *f, const char *item,
		       const struct filter_subject *s)
{
	const char *one = subject_name(s, row->names[0]), *other = subject_name(s, row->names[1]);

	(void)f;
	return glob_match(item, one) || (other && glob_match(item, other));
}

static bool finds_process(const struct filter_row *row, const struct ipi_filter *f, const char *item,
			  const struct filter_subject *s)
{
	int32_t pid = (int32_t)strtol(item, NULL, 10);
	struct pid_filter alone = { .pids = &pid, .nr = 1 };

	(void)row;
	return f->process.children ? descends(&alone, s) > 0 : pid_filter_has(&alone, s->tgid < 0 ? s->pid : s->tgid);
}

static bool finds_tid(const struct filter_row *row, const struct ipi_filter *f, const char *item,
		      const struct filter_subject *s)
{
	(void)row;
	(void)f;
	return task_number(s->pid) == strtol(item, NULL, 10);
}

static bool finds_cgroup(const struct filter_row *row, const struct ipi_filter *f, const char *item,
			 const struct filter_subject *s)
{
	(void)row;
	(void)f;
	return s->cgroup && in_group(item, s->cgroup);
}

static bool pass_comm(const struct ipi_filter *f, const struct filter_subject *s)
{
	return globs_pass(f->comm, s->comm, NULL);
}

static void push_target(const struct ipi_filter *f, struct filter_push *p)
{
	p->target_cpus = &f->target_cpus.set;
}

static void push_class(const struct ipi_filter *f, struct filter_push *p)
{
	p->classes = f->classes;
}

#define FIELD(m) offsetof(struct ipi_filter, m)
/* clang-format off */
const struct filter_row ipi_filter_rows[] = {
	{ { 'C', "target-cpus", "LIST", OPT_CUSTOM, FIELD(target_cpus),
	    "only IPIs to these CPUs: 0-3,8 or isolated, nohz_full, housekeeping, online", cpus_parse, 0, 0 },
	  "target_cpus", &cpus, FILTER_TARGET, false, false, { 0 }, NULL, pass_target, push_target },
	{ { 0, "source-cpus", "LIST", OPT_CUSTOM, FIELD(source_cpus), "only IPIs sent by these CPUs", cpus_parse, 0, 0 },
	  "source_cpus", &cpus, FILTER_SENDER, false, false, { 0 }, NULL, pass_source, NULL },
	{ { 0, "class", "NAMES", OPT_CUSTOM, FIELD(classes),
	    "only these classes: reschedule, call_function_single, call_function, irq_work, ...", classes_parse, 0, 0 },
	  "classes", &classes, FILTER_CLASS, false, false, { 0 }, NULL, pass_class, push_class },
	{ { 0, "callsite", "GLOBS", OPT_CUSTOM, FIELD(callsite), "only IPIs whose call site or caller matches", names_parse,
	    0, 0 },
	  "callsite", &two_names, FILTER_SENDER, false, true, { SUBJECT_NAME(callsite), SUBJECT_NAME(caller) }, finds_name,
	  pass_callsite, NULL },
	{ { 0, "func", "GLOBS", OPT_CUSTOM, FIELD(func), "only IPIs that run a function that matches", names_parse, 0, 0 },
	  "func", &name, FILTER_SENDER, false, true, { SUBJECT_NAME(func) }, finds_name, pass_func, NULL },
	{ { 'p', "pid", "PIDS", OPT_CUSTOM, FIELD(process), "only IPIs sent by these processes, all their threads", pids_parse,
	    0, 0 },
	  "process", &processes, FILTER_SENDER, false, true, { 0 }, finds_process, pass_process, NULL },
	{ { 0, "children", NULL, OPT_FLAG, FIELD(process.children),
	    "... and by all processes that they have started; without -p: by WORKLOAD and its children", NULL, 0, 0 },
	  "children", &children, FILTER_SENDER, false, true, { 0 }, NULL, pass_children, NULL },
	{ { 0, "tid", "TIDS", OPT_CUSTOM, FIELD(tid), "only IPIs sent by these threads", tids_parse, 0, 0 },
	  "pid", &pids, FILTER_SENDER, false, true, { 0 }, finds_tid, pass_tid, NULL },
	{ { 0, "comm", "GLOBS", OPT_CUSTOM, FIELD(comm), "only IPIs sent by tasks of these names", names_parse, 0, 0 },
	  "comm", &name, FILTER_SENDER, false, true, { SUBJECT_NAME(comm) }, finds_name, pass_comm, NULL },
	{ { 0, "cgroup", "GLOBS", OPT_CUSTOM, FIELD(cgroup),
	    "only IPIs sent by tasks of these control groups, and of those below them: /user.slice", names_parse, 0, 0 },
	  "cgroup", &two_names, FILTER_SENDER, true, false, { 0 }, finds_cgroup, pass_cgroup, NULL },
	{ .fact = NULL },
};
/* clang-format on */

/* --- what the rows answer together --- */

static const void *value_of(const struct filter_row *row, const struct ipi_filter *f)
{
	return (const char *)f + row->opt.offset;
}

bool filter_row_set(const struct filter_row *row, const struct ipi_filter *f)
{
	return row->kind->set(value_of(row, f));
}

char *filter_row_format(const struct filter_row *row, const struct ipi_filter *f)
{
	return row->kind->format(value_of(row, f));
}

char *filter_row_text(const struct filter_row *row, const struct ipi_filter *f)
{
	return row->kind->text ? row->kind->text(value_of(row, f)) : filter_row_format(row, f);
}

int filter_row_read(const struct filter_row *row, struct ipi_filter *f, const char *text, bool listed)
{
	return row->kind->read((char *)f + row->opt.offset, text, listed);
}

void ipi_filter_free(struct ipi_filter *f)
{
	const struct filter_row *row;

	for_each_filter_row(row) row->kind->free((char *)f + row->opt.offset);
	*f = (struct ipi_filter){ 0 };
}

bool ipi_filter_empty(const struct ipi_filter *f)
{
	const struct filter_row *row;

	for_each_filter_row(row) if (filter_row_set(row, f)) return false;
	return true;
}

bool ipi_filter_listed(const struct ipi_filter *f)
{
	const struct filter_row *row;

	for_each_filter_row(row) if (filter_row_set(row, f) && row->kind->listed &&
				     row->kind->listed(value_of(row, f))) return true;
	return false;
}

bool ipi_filter_of_tasks(const struct ipi_filter *f)
{
	return f->process.nr || f->process.children || f->tid.nr || f->comm || f->cgroup;
}

int ipi_filter_resolve(struct ipi_filter *f, const struct machine_cpus *m, unsigned int nr_cpus, struct err *err)
{
	const struct filter_row *row;
	struct err why = { 0 };

	for_each_filter_row(row)
	{
		if (!row->kind->resolve || !row->kind->resolve((char *)f + row->opt.offset, m, nr_cpus, &why))
			continue;
		err_set(err, why.code, "--%s: %s", row->opt.long_name, why.msg);
		return why.hint[0] ? err_hint(err, "%s", why.hint) : -1;
	}
	return 0;
}

int ipi_filter_against(const struct ipi_filter *f, const struct ipi_filter *kept, struct err *err)
{
	const struct filter_row *row;

	for_each_filter_row(row)
	{
		char *wanted, *had;

		if (!row->kind->disjoint || !filter_row_set(row, f) || !filter_row_set(row, kept) ||
		    !row->kind->disjoint(value_of(row, f), value_of(row, kept)))
			continue;
		wanted = filter_row_text(row, f);
		had = filter_row_text(row, kept);
		err_set(err, EXIT_USAGE, "--%s %.80s: the recording was made with --%s %.80s, the rest is not in it",
			row->opt.long_name, wanted, row->opt.long_name, had);
		err_hint(err, "leave --%s out to see what there is, or record again without it", row->opt.long_name);
		free(wanted);
		free(had);
		return -1;
	}
	return 0;
}

void ipi_filter_push(const struct ipi_filter *f, struct filter_push *p)
{
	const struct filter_row *row;

	*p = (struct filter_push){ 0 };
	for_each_filter_row(row) if (row->push && filter_row_set(row, f)) row->push(f, p);
}
