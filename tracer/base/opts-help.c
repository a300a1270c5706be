// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/opts-help.c - option tables: --help, and the list that completion and the man pages' test read.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/opts.h"

#define HELP_COLUMN 30
#define HELP_WIDTH  100

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
		 o->long_name ? o->long_name : "", o->arg && !opt_value_optional(o) ? " " : "", o->arg ? o->arg : "");
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
	const struct opt *o;

	fprintf(out, "Usage: ipitrace %s %s\n\n%s.\n", spec->command, spec->synopsis, spec->summary);
	for (g = spec->groups; g < spec->groups + OPT_MAX_GROUPS; g++) {
		if (!g->nr)
			continue;
		fprintf(out, "\n%s:\n", g->title ? g->title : "Options");
		for (unsigned int i = 0; (o = opt_group_row(g, i)); i++)
			help_line(o, out);
		if (g == spec->groups)
			help_line(&opt_help_row, out);
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
	const struct opt *o;

	for (g = spec->groups; g < spec->groups + OPT_MAX_GROUPS; g++)
		for (unsigned int i = 0; (o = opt_group_row(g, i)); i++)
			list_line(o, g->title, out);
	list_line(&opt_help_row, NULL, out);
}

int opts_finish(const struct opt_spec *spec, int result)
{
	if (result < OPTS_HELP)
		return -1;
	if (result >= OPTS_HELP_TOPIC)
		spec->topics[result - OPTS_HELP_TOPIC].print(stdout);
	else
		opts_help(spec, stdout);
	return EXIT_OK;
}

int opts_topic(const struct opt_spec *spec, const char *name)
{
	for (int i = 0; spec->topics && spec->topics[i].name; i++)
		if (!strcmp(spec->topics[i].name, name))
			return i;
	return -1;
}
