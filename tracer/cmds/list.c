// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/list.c - ipitrace list: a recording as one line an IPI.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/window.h"
#include "cmds/cmd.h"
#include "cmds/reading.h"
#include "cmds/screen.h"
#include "render/list.h"
#include "report/list.h"

struct list_options {
	const char *input, *buffer;
	bool json, csv, raw_csv, schema, stacks;
	struct list_choice choice;
	struct expr *where;
	char *where_text; /* of all that were given */
	struct ipi_filter filter;
	struct plumbing *plumbing;
	uint64_t threads; /* 0: by itself */
	struct time_window window;
	struct screen_options screen;
};

/* Names separated by commas, as bits of their places in the list. */
static int parse_names(uint32_t *set, const char *arg, const char *const *names, const char *what, struct err *err)
{
	*set = 0;
	for (const char *p = arg;; p++) {
		size_t len = strcspn(p, ",");
		struct suggestion near = suggestion_for(p, len);
		unsigned int i = 0;

		while (names[i] && (strncasecmp(names[i], p, len) || names[i][len]))
			suggestion_offer(&near, names[i++]);
		if (!names[i]) {
			err_set(err, EXIT_USAGE, "'%.*s': no such %s", (int)len, p, what);
			return suggestion_hint(&near, names, err);
		}
		*set |= 1u << i;
		p += len;
		if (!*p)
			return 0;
	}
}

static int parse_kind(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	return parse_names(target, arg, list_kind_names, "kind", err);
}

static int parse_outcome(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	return parse_names(target, arg, list_outcome_names, "outcome", err);
}

static int parse_how(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	if (parse_names(target, arg, list_how_names, "way of matching", err))
		return -1;
	*(uint32_t *)target <<= IPI_HOW_EXACT;
	return 0;
}

static int parse_sort(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	static const char *const names[] = { "delivery", "queue", "func", "handler", "wait" };

	(void)spec;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(arg, names[i]))
			continue;
		/* func alone is the function. */
		*(const struct list_column **)target =
			list_column_find(strcmp(names[i], "func") ? names[i] : "func_ns");
		return 0;
	}
	err_set(err, EXIT_USAGE, "'%s': cannot be sorted by", arg);
	return err_hint(err, "delivery, queue, func, handler or wait");
}

static int parse_where(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct list_options *o = target;
	char *all = o->where_text ? xasprintf("(%s) && (%s)", o->where_text, arg) : xstrdup(arg);
	int ret;

	(void)spec;
	free(o->where_text);
	o->where_text = all;
	expr_free(o->where);
	/* By itself first: a message says where in what was given. */
	ret = list_expr_compile(&o->where, arg, err);
	if (!ret && strcmp(all, arg)) {
		expr_free(o->where);
		ret = list_expr_compile(&o->where, all, err);
	}
	o->choice.where = o->where;
	return ret;
}

#define OPTION(m) offsetof(struct list_options, m)
static const struct opt rows[] = {
	{ 'i', "input", "FILE", OPT_STRING, OPTION(input), READING_INPUT_HELP, NULL, 0, 0 },
	{ 0, "buffer", "NAME", OPT_STRING, OPTION(buffer),
	  "only this ring buffer of the file: 'top' or an instance (default: all)", NULL, 0, 0 },
	{ 0, "plumbing", "FILE", OPT_CUSTOM, OPTION(plumbing), READING_PLUMBING_HELP, reading_parse_plumbing, 0, 0 },
	{ 0, "threads", "N", OPT_U64, OPTION(threads), READING_THREADS_HELP, NULL, 1, READING_MAX_THREADS },
	{ 0, "stacks", NULL, OPT_FLAG, OPTION(stacks), "the sender's stack with every line", NULL, 0, 0 },
	{ 0, "json", NULL, OPT_FLAG, OPTION(json), "JSON: an object a line, integers in ns", NULL, 0, 0 },
	{ 0, "schema", NULL, OPT_FLAG, OPTION(schema), "print the JSON Schema of such a line, and read nothing", NULL,
	  0, 0 },
	{ 0, "csv", NULL, OPT_FLAG, OPTION(csv), "CSV, integers in ns", NULL, 0, 0 },
	{ 0, "raw-csv", NULL, OPT_FLAG, OPTION(raw_csv), "CSV without ' in front of texts that begin with = + - @",
	  NULL, 0, 0 },
};

static const struct opt choice_rows[] = {
	{ 0, "kind", "KINDS", OPT_CUSTOM, OPTION(choice.kinds),
	  "only these: hit, call (without a hit of its own), irq (unsolicited), wake (without an IPI)", parse_kind, 0,
	  0 },
	{ 0, "outcome", "OUTCOMES", OPT_CUSTOM, OPTION(choice.outcomes),
	  "only these: delivered, coalesced, in_flight, lost, run, unknown", parse_outcome, 0, 0 },
	{ 0, "how", "WAYS", OPT_CUSTOM, OPTION(choice.hows), "only what was matched so: exact, fifo, ambiguous",
	  parse_how, 0, 0 },
	{ 0, "where", "CONDITION", OPT_CUSTOM, 0, "only these, for instance 'delivery > 100us && target in 2-7'",
	  parse_where, 0, 0 },
	{ 0, "sort", "WHICH", OPT_CUSTOM, OPTION(choice.sort),
	  "what --slowest, --min and --max go by: delivery, queue, func, handler, wait (default: delivery)", parse_sort,
	  0, 0 },
	{ 0, "slowest", "N", OPT_U64, OPTION(choice.slowest), "only the N that took longest, the slowest first", NULL,
	  1, LIST_MAX_SLOWEST },
	{ 0, "min", "TIME", OPT_DURATION, OPTION(choice.min_ns), "only what took as long as this", NULL, 1, 0 },
	{ 0, "max", "TIME", OPT_DURATION, OPTION(choice.max_ns), "only what took no longer than this", NULL, 1, 0 },
};

static const struct opt_topic topics[] = { { "columns", list_render_columns }, { 0 } };

const struct opt_spec list_spec = {
	.command = "list",
	.synopsis = "[options] [FILE]",
	.summary = "show a recording's IPIs one by one: when, who, whom it hit, how long, how matched",
	.details = "'ipitrace list --help columns' lists what JSON, CSV and --where have.\n\n"
		   "Exit status: 0 ok, 1 failed, 2 usage, 3 events were lost or the file is incomplete.\n",
	.topics = topics,
	.max_operands = 1,
	.groups = {
		OPT_GROUP(NULL, rows, 0),
		OPT_GROUP("Choice", choice_rows, 0),
		OPT_WINDOW_GROUP(offsetof(struct list_options, window)),
		OPT_SCREEN_GROUP(offsetof(struct list_options, screen)),
		OPT_FILTER_GROUP(offsetof(struct list_options, filter)),
	},
};

static const struct list_render_ops *chosen_format(const struct list_options *o, struct err *err)
{
	if (o->json + o->csv + o->raw_csv > 1) {
		err_exclude(err, o->json ? "--json" : "--csv", o->raw_csv ? "--raw-csv" : "--csv");
		return NULL;
	}
	if (o->json)
		return &list_render_json;
	return o->csv || o->raw_csv ? &list_render_csv : &list_render_text;
}

/* With the first line, or when it is known that there is none: errors come before any output. */
struct printing {
	struct list_render render;
	const struct list_options *o;
	bool begun;
};

static void begin(struct printing *p)
{
	if (p->begun)
		return;
	p->begun = true;
	if (p->render.ops == &list_render_text)
		screen_page(&p->o->screen, &p->render.screen);
	p->render.ops->begin(&p->render);
}

static void emit(void *ctx, const struct list_line *line)
{
	struct printing *p = ctx;

	begin(p);
	p->render.ops->line(&p->render, line);
}

/* Why no line has the time that lines are chosen by, if the recording as a whole tells; else NULL. */
static const char *why_untold(const char *key, const struct trace_info *t)
{
	bool delivery = !strcmp(key, "delivery"), handler = !strcmp(key, "handler"), wait = !strcmp(key, "wait");

	if ((delivery || wait) && !t->has_send)
		return "sends were not recorded";
	if ((delivery || handler) && t->arrivals_unknown)
		return "which IPIs arrived, and when, is not known";
	if (!delivery && !handler && t->runs_unknown)
		return "when the functions of calls ran, is not known";
	return NULL;
}

/* Lines without the time that they are chosen by are not chosen: that none is left is no answer then. */
static void say_timeless(const struct list_choice *c, const struct trace_info *t, const struct list *list)
{
	const char *key = c->sort->short_key, *why = why_untold(key, t);
	bool by_time = c->slowest || c->min_ns || c->max_ns;
	bool func = !strcmp(key, "func_time"), on_one_cpu = func || !strcmp(key, "handler");

	if (!list_nr_lines(list) || list_nr_chosen(list) ||
	    (by_time ? list_nr_timed(list) > 0 : !c->where || t->clock_sync))
		return;
	if (by_time)
		fprintf(stderr, "ipitrace: no line has a time of %s to be chosen by: ", func ? "func" : key);
	else
		fputs("ipitrace: no line fulfils --where: ", stderr);
	if (!t->clock_ns || (!t->clock_sync && !(by_time && on_one_cpu))) {
		fprintf(stderr, "clock %s %s\n", t->clock,
			t->clock_ns ? "has no times between CPUs" : "does not count ns");
		fputs("hint: record with clock mono\n", stderr);
		return;
	}
	fprintf(stderr, "%s\n", why ? why : "of none that was asked for are its beginning and its end known");
	if (why && !t->runs_unknown)
		fputs("hint: --sort queue or --sort func goes by times of calls, which are known\n", stderr);
}

static int list_file(struct list_options *o, const char *path, const struct list_render_ops *format, struct err *err)
{
	struct printing p = { .o = o,
			      .render = { .ops = format,
					  .sort = o->choice.sort,
					  .stacks = o->stacks,
					  .raw_text = o->raw_csv,
					  .out = stdout } };
	struct report judged = { 0 };
	struct list *list = NULL;
	struct span_sink sink;
	struct reading in;
	int ret = reading_open(&in, path, o->buffer, &o->filter, o->plumbing, err);

	if (ret || (ret = reading_set_window(&in, &o->window, err)))
		goto out;
	reading_set_threads(&in, o->threads);
	reading_join_handlers(&in);
	list = list_new(in.analysis, &o->choice, emit, &p);
	sink = list_sink(list);
	p.render.trace = analysis_info(in.analysis);
	p.render.filtered = in.filter;
	p.render.screen = screen_of_stdout(&o->screen);
	ret = reading_run(&in, &sink, err);
	report_judge(&judged, in.analysis);
	if (!ret)
		ret = reading_window(&in, &judged, err);
	if (!ret)
		begin(&p);
	if (p.begun)
		format->end(&p.render, list_nr_lines(list), list_nr_chosen(list));
	if (ret)
		goto out;
	say_timeless(&o->choice, p.render.trace, list);
	if (o->where)
		reading_say_condition("where", o->where, p.render.trace);
	ret = reading_status(&judged, err);
out:
	list_free(list);
	reading_close(&in);
	return ret;
}

static int check_choice(struct list_options *o, int nr, struct err *err)
{
	if (o->choice.sort && !o->choice.slowest && !o->choice.min_ns && !o->choice.max_ns)
		fputs("ipitrace: --sort alone sorts nothing: lines are in order of time\n"
		      "hint: --slowest N shows the N that took longest\n",
		      stderr);
	if (!o->choice.sort)
		o->choice.sort = list_column_find("delivery");
	if (o->choice.max_ns && o->choice.min_ns > o->choice.max_ns) {
		err_set(err, EXIT_USAGE, "--min is more than --max: nothing can be both");
		return err_hint(err, "--min 50us --max 1ms shows what took between the two");
	}
	if (o->schema && (o->csv || o->raw_csv || o->input || nr)) {
		err_set(err, EXIT_USAGE,
			"--schema is of the lines of --json, and reads nothing: %s does not go with it",
			o->csv	   ? "--csv" :
			o->raw_csv ? "--raw-csv" :
				     "a file");
		return err_hint(err, "'ipitrace list --help columns' says what the columns of CSV are");
	}
	return 0;
}

int cmd_list(int argc, char **argv, struct err *err)
{
	struct list_options o = { .filter = IPI_FILTER_INIT };
	const struct list_render_ops *format;
	const char *path;
	int nr, ret;

	ret = opts_parse(&list_spec, &o, argc, argv, &nr, err);
	if (ret) {
		ret = opts_finish(&list_spec, ret);
		goto out;
	}
	ret = check_choice(&o, nr, err);
	if (ret)
		goto out;
	if (o.schema) {
		list_render_schema(stdout);
		goto out;
	}
	ret = -1;
	format = chosen_format(&o, err);
	path = format ? reading_file("list", o.input, argv, nr, err) : NULL;
	if (path)
		ret = list_file(&o, path, format, err);
out:
	expr_free(o.where);
	free(o.where_text);
	ipi_filter_free(&o.filter);
	plumbing_free(o.plumbing);
	return ret;
}
