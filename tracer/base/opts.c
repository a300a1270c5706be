// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/opts.c - option tables: strict parser, help, list; the shared filter rows.
 *
 * No abbreviations of long names: a script that works today must not break
 * when a later version adds an option.
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
#include "base/mem.h"
#include "base/opts.h"
#include "base/parse.h"
#include "base/event.h"

#define HELP_COLUMN 30
#define HELP_WIDTH  100

static const struct opt help_row = { 'h', "help", NULL, OPT_FLAG, 0, "show this help", NULL, 0, 0 };

/* --- filter rows --- */

static int filter_cpus(struct cpuset *set, bool *has, const char *arg, const struct opt_spec *spec, struct err *err)
{
	*has = true;
	return cpuset_parse(set, arg, spec->this_machine ? machine_nr_cpus() : 0, err);
}

static int parse_target_cpus(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct ipi_filter *f = target;

	return filter_cpus(&f->target_cpus, &f->has_target_cpus, arg, spec, err);
}

static int parse_source_cpus(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct ipi_filter *f = target;

	return filter_cpus(&f->source_cpus, &f->has_source_cpus, arg, spec, err);
}

static int parse_classes(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct ipi_filter *f = target;
	uint32_t classes = 0;
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
		classes |= IPI_CLASS_BIT(class);
		if (!p[len])
			break;
	}
	f->classes = classes;
	return 0;
}

static int parse_pid(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	uint64_t pid;

	(void)spec;
	if (parse_u64(arg, &pid, NULL) || pid > INT32_MAX)
		return err_set(err, EXIT_USAGE, "'%s': not a process number", arg);
	*(int32_t *)target = (int32_t)pid;
	return 0;
}

#define FILTER(m) offsetof(struct ipi_filter, m)
const struct opt opt_filter_rows[OPT_NR_FILTER_ROWS] = {
	{ 'C', "target-cpus", "LIST", OPT_CUSTOM, 0,
	  "only IPIs to these CPUs: 0-3,8 or isolated, nohz_full, housekeeping, online", parse_target_cpus, 0, 0 },
	{ 0, "source-cpus", "LIST", OPT_CUSTOM, 0, "only IPIs sent by these CPUs", parse_source_cpus, 0, 0 },
	{ 0, "class", "NAMES", OPT_CUSTOM, 0,
	  "only these classes: reschedule, call_function_single, call_function, irq_work, ...", parse_classes, 0, 0 },
	{ 0, "callsite", "GLOB", OPT_STRDUP, FILTER(callsite), "only IPIs whose call site or caller matches", NULL, 0,
	  0 },
	{ 0, "func", "GLOB", OPT_STRDUP, FILTER(func), "only IPIs that run a function that matches", NULL, 0, 0 },
	{ 'p', "pid", "PID", OPT_CUSTOM, FILTER(pid), "only IPIs sent by this task", parse_pid, 0, 0 },
	{ 0, "comm", "GLOB", OPT_STRDUP, FILTER(comm), "only IPIs sent by tasks of this name", NULL, 0, 0 },
};

static int check_cpus(const struct cpuset *set, unsigned int nr_cpus, struct err *err)
{
	for (unsigned int cpu = nr_cpus; cpu < set->nr_words * 64; cpu++)
		if (cpuset_has(set, cpu))
			return err_set(err, EXIT_USAGE, "CPU %u: the recording has CPUs 0-%u", cpu, nr_cpus - 1);
	return 0;
}

int opts_check_filter(const struct ipi_filter *f, unsigned int nr_cpus, struct err *err)
{
	if (!nr_cpus)
		return 0;
	if (check_cpus(&f->target_cpus, nr_cpus, err))
		return -1;
	return check_cpus(&f->source_cpus, nr_cpus, err);
}

/* --- parser --- */

static const struct opt *find_row(const struct opt_spec *spec, char short_name, const char *long_name, size_t len,
				  size_t *base)
{
	const struct opt_group *g;
	const struct opt *o;

	for (g = spec->groups; g < spec->groups + OPT_MAX_GROUPS; g++) {
		for (o = g->rows; o && o < g->rows + g->nr; o++) {
			*base = g->base;
			if (short_name ? o->short_name == short_name :
					 o->long_name && strlen(o->long_name) == len &&
						 !memcmp(o->long_name, long_name, len))
				return o;
		}
	}
	if (short_name ? short_name == 'h' : len == 4 && !memcmp(long_name, "help", 4))
		return &help_row;
	return NULL;
}

/* Levenshtein distance of two names, bounded: names are short. */
static unsigned int distance(const char *a, size_t na, const char *b)
{
	size_t nb = strlen(b);
	unsigned int row[64];

	if (na >= ARRAY_SIZE(row) || nb >= ARRAY_SIZE(row))
		return UINT32_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned int diag = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned int best = diag + (a[i - 1] != b[j - 1]);

			diag = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

static int unknown_long(const struct opt_spec *spec, const char *name, size_t len, struct err *err)
{
	unsigned int best = 3, d; /* further than two edits is no help */
	const char *near = NULL;

	for (const struct opt_group *g = spec->groups; g < spec->groups + OPT_MAX_GROUPS; g++) {
		for (unsigned int i = 0; i < g->nr; i++) {
			if (!g->rows[i].long_name)
				continue;
			d = distance(name, len, g->rows[i].long_name);
			if (d < best) {
				best = d;
				near = g->rows[i].long_name;
			}
		}
	}
	err_set(err, EXIT_USAGE, "unknown option --%.*s", (int)len, name);
	if (near)
		return err_hint(err, "did you mean --%s?", near);
	return err_hint(err, "'ipitrace %s --help' lists the options", spec->command);
}

static int parse_number(const struct opt *o, const char *arg, uint64_t *val, struct err *err)
{
	uint64_t v;
	int ret;

	ret = o->type == OPT_SIZE     ? parse_size(arg, &v, err) :
	      o->type == OPT_DURATION ? parse_duration_ns(arg, &v, err) :
					parse_u64(arg, &v, err);
	if (ret)
		return -1;
	if (v < o->min)
		return err_set(err, EXIT_USAGE, "'%s': must be at least %llu", arg, (unsigned long long)o->min);
	if (o->max && v > o->max)
		return err_set(err, EXIT_USAGE, "'%s': must be at most %llu", arg, (unsigned long long)o->max);
	*val = v;
	return 0;
}

static int set_value(const struct opt_spec *spec, const struct opt *o, void *base, char *arg, struct err *err)
{
	void *target = (char *)base + o->offset;

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)target = true;
		return 0;
	case OPT_FLAG_OFF:
		*(bool *)target = false;
		return 0;
	case OPT_STRING:
		*(const char **)target = arg;
		return 0;
	case OPT_STRDUP:
		free(*(char **)target);
		*(char **)target = xstrdup(arg);
		return 0;
	case OPT_U64:
	case OPT_SIZE:
	case OPT_DURATION:
		return parse_number(o, arg, target, err);
	case OPT_CPUS:
		return cpuset_parse(target, arg, spec->this_machine ? machine_nr_cpus() : 0, err);
	case OPT_CUSTOM:
		return o->parse(target, arg, spec, err);
	}
	return 0;
}

/* Say which option a bad value belongs to, keeping code and hint. */
static int apply(const struct opt_spec *spec, const struct opt *o, void *base, char *arg, struct err *err)
{
	struct err e = { 0 };

	if (!set_value(spec, o, base, arg, &e))
		return 0;
	if (o->long_name)
		err_set(err, e.code, "--%s: %.200s", o->long_name, e.msg);
	else
		err_set(err, e.code, "-%c: %.200s", o->short_name, e.msg);
	if (e.hint[0])
		err_hint(err, "%s", e.hint);
	return -1;
}

/* A "--name", "--name=value" or "--name value" at argv[*i]. */
static int parse_long(const struct opt_spec *spec, void *options, int argc, char **argv, int *i, struct err *err)
{
	char *name = argv[*i] + 2, *arg = strchr(name, '=');
	size_t len = arg ? (size_t)(arg - name) : strlen(name), base;
	const struct opt *o = find_row(spec, 0, name, len, &base);

	if (!o)
		return unknown_long(spec, name, len, err);
	if (o == &help_row)
		return OPTS_HELP;
	if (arg)
		arg++;
	if (!o->arg && arg)
		return err_set(err, EXIT_USAGE, "option --%s takes no value", o->long_name);
	if (o->arg && !arg) {
		if (*i + 1 >= argc)
			return err_set(err, EXIT_USAGE, "option --%s needs a value: %s", o->long_name, o->arg);
		arg = argv[++*i];
	}
	return apply(spec, o, (char *)options + base, arg, err);
}

/* "-a", "-abc", "-n5", "-n 5" at argv[*i]. */
static int parse_short(const struct opt_spec *spec, void *options, int argc, char **argv, int *i, struct err *err)
{
	const struct opt *o;
	size_t base;
	char *arg;
	int ret;

	for (char *p = argv[*i] + 1; *p; p++) {
		o = find_row(spec, *p, NULL, 0, &base);
		if (!o) {
			err_set(err, EXIT_USAGE, "unknown option -%c", *p);
			return err_hint(err, "'ipitrace %s --help' lists the options", spec->command);
		}
		if (o == &help_row)
			return OPTS_HELP;
		if (!o->arg) {
			ret = apply(spec, o, (char *)options + base, NULL, err);
			if (ret)
				return ret;
			continue;
		}
		arg = p + 1;
		if (!*arg) {
			if (*i + 1 >= argc)
				return err_set(err, EXIT_USAGE, "option -%c needs a value: %s", *p, o->arg);
			arg = argv[++*i];
		}
		return apply(spec, o, (char *)options + base, arg, err);
	}
	return 0;
}

static int check_operands(const struct opt_spec *spec, char **argv, int nr, struct err *err)
{
	if (spec->stop_at_operand)
		return 0;
	if ((unsigned int)nr > spec->max_operands) {
		err_set(err, EXIT_USAGE, "unexpected argument '%s'", argv[spec->max_operands + 1]);
		return err_hint(err, "usage: ipitrace %s %s", spec->command, spec->synopsis);
	}
	if ((unsigned int)nr < spec->min_operands) {
		err_set(err, EXIT_USAGE, "argument missing");
		return err_hint(err, "usage: ipitrace %s %s", spec->command, spec->synopsis);
	}
	return 0;
}

static int parse_args(const struct opt_spec *spec, void *options, int argc, char **argv, int *nr_operands,
		      struct err *err)
{
	int nr = 0, i, ret;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			if (spec->stop_at_operand)
				break;
			argv[++nr] = argv[i]; /* nr <= i: never over what is still unread */
			continue;
		}
		if (argv[i][1] == '-')
			ret = parse_long(spec, options, argc, argv, &i, err);
		else
			ret = parse_short(spec, options, argc, argv, &i, err);
		if (ret)
			return ret;
	}
	for (; i < argc; i++)
		argv[++nr] = argv[i];
	argv[nr + 1] = NULL;
	*nr_operands = nr;
	return check_operands(spec, argv, nr, err);
}

int opts_parse(const struct opt_spec *spec, void *options, int argc, char **argv, int *nr_operands, struct err *err)
{
	int ret = parse_args(spec, options, argc, argv, nr_operands, err);

	if (ret < 0 && err && !err->hint[0])
		err_hint(err, "'ipitrace %s --help' says what each option takes", spec->command);
	return ret;
}

/* --- help and lists --- */

/* "  -C, --target-cpus LIST" and the help text, wrapped at its column. */
static void help_line(const struct opt *o, FILE *out)
{
	const char *text = o->help, *space;
	char left[80];
	size_t len, max = HELP_WIDTH - HELP_COLUMN;
	int n = 0;

	if (o->short_name)
		n = snprintf(left, sizeof(left), "  -%c%s", o->short_name, o->long_name ? ", " : "");
	else
		n = snprintf(left, sizeof(left), "      ");
	snprintf(left + n, sizeof(left) - (size_t)n, "%s%s%s%s", o->long_name ? "--" : "",
		 o->long_name ? o->long_name : "", o->arg ? " " : "", o->arg ? o->arg : "");
	if (strlen(left) > HELP_COLUMN - 2)
		fprintf(out, "%s\n%*s", left, HELP_COLUMN, "");
	else
		fprintf(out, "%-*s", HELP_COLUMN, left);
	while (strlen(text) > max) {
		space = text + max;
		while (space > text && *space != ' ')
			space--;
		len = space > text ? (size_t)(space - text) : max;
		fprintf(out, "%.*s\n%*s", (int)len, text, HELP_COLUMN, "");
		text += len;
		while (*text == ' ')
			text++;
	}
	fprintf(out, "%s\n", text);
}

void opts_help(const struct opt_spec *spec, FILE *out)
{
	const struct opt_group *g;

	fprintf(out, "Usage: ipitrace %s %s\n\n%s.\n", spec->command, spec->synopsis, spec->summary);
	for (g = spec->groups; g < spec->groups + OPT_MAX_GROUPS; g++) {
		if (!g->nr)
			continue;
		fprintf(out, "\n%s:\n", g->title ? g->title : "Options");
		for (unsigned int i = 0; i < g->nr; i++)
			help_line(&g->rows[i], out);
		if (g == spec->groups)
			help_line(&help_row, out);
	}
	if (spec->details)
		fprintf(out, "\n%s", spec->details);
}

static void list_line(const struct opt *o, const char *title, FILE *out)
{
	if (o->short_name)
		fprintf(out, "-%c\t", o->short_name);
	else
		fputs("-\t", out);
	fprintf(out, "%s%s\t%s\t%s\t%s\n", o->long_name ? "--" : "-", o->long_name ? o->long_name : "",
		o->arg ? o->arg : "-", title ? title : "Options", o->help);
}

void opts_list(const struct opt_spec *spec, FILE *out)
{
	const struct opt_group *g;

	for (g = spec->groups; g < spec->groups + OPT_MAX_GROUPS; g++)
		for (unsigned int i = 0; i < g->nr; i++)
			list_line(&g->rows[i], g->title, out);
	list_line(&help_row, NULL, out);
}

int opts_finish(const struct opt_spec *spec, int result)
{
	if (result != OPTS_HELP)
		return -1;
	opts_help(spec, stdout);
	return EXIT_OK;
}
