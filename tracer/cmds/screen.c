// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/screen.c - what text is printed on.
 */
#include <langinfo.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "cmds/pager.h"
#include "cmds/screen.h"

static int parse_colour(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	static const char *const words[] = { "auto", "always", "never" }; /* enum screen_colour */

	(void)spec;
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(arg, words[i]))
			continue;
		*(unsigned int *)target = i;
		return 0;
	}
	return err_set(err, EXIT_USAGE, "'%s': auto, always or never expected", arg);
}

#define OPTION(m) offsetof(struct screen_options, m)
const struct opt screen_rows[SCREEN_NR_ROWS] = {
	{ 0, "color", "auto|always|never", OPT_CUSTOM, OPTION(colour), "default: on a terminal, unless NO_COLOR is set",
	  parse_colour, 0, 0 },
	{ 0, "no-pager", NULL, OPT_FLAG, OPTION(no_pager),
	  "no pager on a terminal; else it is $IPITRACE_PAGER, $PAGER or less", NULL, 0, 0 },
};

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

static bool dumb(void)
{
	const char *term = getenv("TERM");

	return !term || !strcmp(term, "dumb");
}

struct screen screen_of_stdout(const struct screen_options *o)
{
	struct screen s = { .utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8") };
	struct winsize size;

	s.terminal = isatty(STDOUT_FILENO);
	if (s.terminal && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		s.width = size.ws_col;
	s.colour = o->colour == COLOUR_ALWAYS ||
		   (o->colour == COLOUR_AUTO && s.terminal && !is_set("NO_COLOR") && !dumb());
	return s;
}

void screen_page(const struct screen_options *o, const struct screen *s)
{
	if (s->terminal && !o->no_pager)
		pager_start();
}
