// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/opts.c - option tables: the parser.
 *
 * Long names may be abbreviated, as getopt_long() takes it: to whatever is the
 * beginning of no other one.
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
#include "base/text.h"

const struct opt opt_help_row = { 'h', "help", NULL, OPT_FLAG, 0, "show this help", NULL, 0, 0 };

const struct opt *opt_group_row(const struct opt_group *g, unsigned int i)
{
	const struct opt *o = (const struct opt *)((const char *)g->rows + i * (g->stride ? g->stride : sizeof(*o)));

	return i < g->nr && (o->short_name || o->long_name) ? o : NULL;
}

bool opt_value_optional(const struct opt *o)
{
	return o->arg && o->arg[0] == '[';
}

static const struct opt *find_short(const struct opt_spec *spec, char name, size_t *base)
{
	const struct opt_group *g;
	const struct opt *o;

	for (g = spec->groups; g < spec->groups + OPT_MAX_GROUPS; g++) {
		for (unsigned int i = 0; (o = opt_group_row(g, i)); i++) {
			*base = g->base;
			if (o->short_name == name)
				return o;
		}
	}
	return name == opt_help_row.short_name ? &opt_help_row : NULL;
}

/*
 * The first row whose long name is this, or begins with it. *nr: how many do;
 * one that is this alone is the only one. names gets them all, where it is not NULL.
 */
static const struct opt *find_long(const struct opt_spec *spec, const char *name, size_t len, size_t *base,
				   unsigned int *nr, FILE *names)
{
	const struct opt_group help = { .rows = &opt_help_row, .nr = 1 };
	const struct opt *found = NULL, *o;

	*nr = 0;
	for (unsigned int n = 0; n <= OPT_MAX_GROUPS; n++) {
		const struct opt_group *g = n < OPT_MAX_GROUPS ? &spec->groups[n] : &help;

		for (unsigned int i = 0; (o = opt_group_row(g, i)); i++) {
			if (!o->long_name || strncmp(o->long_name, name, len))
				continue;
			if (!found || !o->long_name[len]) {
				*base = g->base;
				found = o;
			}
			if (!o->long_name[len]) {
				*nr = 1;
				return found;
			}
			++*nr;
			if (names)
				fprintf(names, " --%s", o->long_name);
		}
	}
	return found;
}

/* Whatever else the name begins. */
static int ambiguous_long(const struct opt_spec *spec, const char *name, size_t len, struct err *err)
{
	char names[160] = "";
	unsigned int nr;
	size_t base;
	FILE *out = fmemopen(names, sizeof(names), "w");

	find_long(spec, name, len, &base, &nr, out);
	if (out)
		fclose(out);
	names[sizeof(names) - 1] = '\0';
	err_set(err, EXIT_USAGE, "option --%.*s is ambiguous", (int)len, name);
	return err_hint(err, "it begins%s", names);
}

static int unknown_long(const struct opt_spec *spec, const char *name, size_t len, struct err *err)
{
	struct suggestion near = suggestion_for(name, len);
	const struct opt *o;

	for (const struct opt_group *g = spec->groups; g < spec->groups + OPT_MAX_GROUPS; g++)
		for (unsigned int i = 0; (o = opt_group_row(g, i)); i++)
			suggestion_offer(&near, o->long_name);
	err_set(err, EXIT_USAGE, "unknown option --%.*s", (int)len, name);
	if (near.word)
		return err_hint(err, "did you mean --%s?", near.word);
	return err_hint(err, "'ipitrace %s --help' lists the options", spec->command);
}

const char *opt_value_text(enum opt_type type, uint64_t v, char *buf, size_t len)
{
	static const struct unit {
		const char *name;
		uint64_t size;
	} times[] = { { "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 } },
	  sizes[] = { { "G", 1 << 30 }, { "M", 1 << 20 }, { "K", 1 << 10 }, { "", 1 } }, plain[] = { { "", 1 } };
	const struct unit *u = type == OPT_DURATION ? times : type == OPT_SIZE ? sizes : plain;

	while (v % u->size)
		u++;
	snprintf(buf, len, "%llu%s", (unsigned long long)(v / u->size), u->name);
	return buf;
}

static int parse_number(const struct opt *o, const char *arg, uint64_t *val, struct err *err)
{
	char limit[32];
	uint64_t v;
	int ret;

	ret = o->type == OPT_SIZE     ? parse_size(arg, &v, err) :
	      o->type == OPT_DURATION ? parse_duration_ns(arg, &v, err) :
					parse_u64(arg, &v, err);
	if (ret)
		return -1;
	if (v < o->min)
		return err_set(err, EXIT_USAGE, "'%s': must be at least %s", arg,
			       opt_value_text(o->type, o->min, limit, sizeof(limit)));
	if (o->max && v > o->max)
		return err_set(err, EXIT_USAGE, "'%s': must be at most %s", arg,
			       opt_value_text(o->type, o->max, limit, sizeof(limit)));
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
	case OPT_CUSTOM_NEXT:
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

/* argv[i] was -h or --help; the word behind it may be a topic. */
static int help_asked(const struct opt_spec *spec, int argc, char **argv, int i, struct err *err)
{
	int topic = i + 1 < argc ? opts_topic(spec, argv[i + 1]) : -1;

	if (topic >= 0)
		return OPTS_HELP_TOPIC + topic;
	return i + 1 < argc && argv[i + 1][0] != '-' ? opts_no_topic(spec, argv[i + 1], err) : OPTS_HELP;
}

/* A "--name", "--name=value" or "--name value" at argv[*i]. */
static int parse_long(const struct opt_spec *spec, void *options, int argc, char **argv, int *i, struct err *err)
{
	char *name = argv[*i] + 2, *arg = strchr(name, '=');
	size_t len = arg ? (size_t)(arg - name) : strlen(name), base = 0;
	unsigned int nr;
	const struct opt *o = find_long(spec, name, len, &base, &nr, NULL);

	if (!o)
		return unknown_long(spec, name, len, err);
	if (nr > 1)
		return ambiguous_long(spec, name, len, err);
	if (o == &opt_help_row)
		return help_asked(spec, argc, argv, *i, err);
	if (arg)
		arg++;
	if (!o->arg && arg)
		return err_set(err, EXIT_USAGE, "option --%s takes no value", o->long_name);
	if (o->arg && !arg && !opt_value_optional(o)) {
		if (*i + 1 >= argc)
			return err_set(err, EXIT_USAGE, "option --%s needs a value: %s", o->long_name, o->arg);
		arg = argv[++*i];
	}
	if (!arg && o->type == OPT_CUSTOM_NEXT && *i + 1 < argc && !o->parse(NULL, argv[*i + 1], spec, NULL))
		arg = argv[++*i];
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
		o = find_short(spec, *p, &base);
		if (!o) {
			err_set(err, EXIT_USAGE, "unknown option -%c", *p);
			return err_hint(err, "'ipitrace %s --help' lists the options", spec->command);
		}
		if (o == &opt_help_row)
			return help_asked(spec, argc, argv, *i, err);
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
