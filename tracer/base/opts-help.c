// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/opts-help.c - option tables: --help, and the list that tests of it and of man pages read.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/opts.h"

#define HELP_COLUMN 30
#define HELP_WIDTH  100
#define HELP_LEAST  60
#define HELP_BELOW  4

/* Of the terminal; 0 = there is none. */
static size_t width_of(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) || !size.ws_col)
		return 0;
	return size.ws_col < HELP_LEAST ? HELP_LEAST : size.ws_col;
}

void help_wrapped(FILE *out, const char *left, unsigned int indent, unsigned int usual, const char *text)
{
	size_t width = width_of(out), max;

	if (!width || (usual && usual < width))
		width = usual ? usual : SIZE_MAX;

	/* A column that is too narrow to be read is one below. */
	if (indent + HELP_LEAST / 2 > width) {
		fprintf(out, "%s\n%*s", left, indent = HELP_BELOW, "");
	} else if (strlen(left) + 2 > indent && *left) {
		fprintf(out, "%s\n%*s", left, indent, "");
	} else {
		fprintf(out, "%-*s", *left ? indent : 0, left);
	}
	for (max = *left ? width - indent : width; strlen(text) > max; max = width - indent) {
		const char *space = text + max;
		size_t len;

		while (space > text && *space != ' ')
			space--;
		len = space > text ? (size_t)(space - text) : max;
		fprintf(out, "%.*s\n%*s", (int)len, text, indent, "");
		text += len;
		while (*text == ' ')
			text++;
	}
	fprintf(out, "%s\n", text);
}

/* "  -C, --target-cpus LIST" and the help text, wrapped at its column. */
static void help_line(const struct opt *o, FILE *out)
{
	char left[80];
	int n = 0;

	if (o->short_name)
		n = snprintf(left, sizeof(left), "  -%c%s", o->short_name, o->long_name ? ", " : "");
	else
		n = snprintf(left, sizeof(left), "      ");
	snprintf(left + n, sizeof(left) - (size_t)n, "%s%s%s%s", o->long_name ? "--" : "",
		 o->long_name ? o->long_name : "", o->arg && !opt_value_optional(o) ? " " : "", o->arg ? o->arg : "");
	help_wrapped(out, left, HELP_COLUMN, HELP_WIDTH, o->help);
}

void opts_help(const struct opt_spec *spec, FILE *out)
{
	const struct opt_group *g;
	const struct opt *o;

	char summary[240];

	fprintf(out, "Usage: ipitrace %s %s\n\n", spec->command, spec->synopsis);
	snprintf(summary, sizeof(summary), "%s.", spec->summary);
	help_wrapped(out, "", 0, HELP_WIDTH, summary);
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
		fputc('\n', out);
	for (const char *p = spec->details; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		char line[400];

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
		help_wrapped(out, "", 0, 0, line);
	}
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

/* "columns, plumbing": what may stand behind --help; malloc'ed, NULL = nothing. */
static char *topic_names(const struct opt_spec *spec)
{
	char *names = NULL, *longer;

	for (const struct opt_topic *t = spec->topics; t && t->name; t++) {
		longer = xasprintf("%s%s%s", names ? names : "", names ? ", " : "", t->name);
		free(names);
		names = longer;
	}
	return names;
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

int opts_no_topic(const struct opt_spec *spec, const char *name, struct err *err)
{
	char *names = topic_names(spec);

	err_set(err, EXIT_USAGE, "%s has no help on '%s'", spec->command, name);
	err_hint(err, "'ipitrace help %s' lists its options%s%s", spec->command, names ? "; there is help on: " : "",
		 names ? names : "");
	free(names);
	return -1;
}

int opts_topic(const struct opt_spec *spec, const char *name)
{
	for (int i = 0; spec->topics && spec->topics[i].name; i++)
		if (!strcmp(spec->topics[i].name, name))
			return i;
	return -1;
}
