// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/chrome.c - a timeline as JSON trace events, one a line.
 *
 * The format is that of the document "Trace Event Format" of the Chromium project, in its object form: durations (B, E),
 * flows (s, t, f), counters (C) and metadata (M). Times are us, with the ns as decimals.
 *
 * Tracks are threads there. Those that are none have numbers that no task has.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "render/timeline.h"

/* No task has this id, nor one above (base/taskid.h). */
#define NO_TASK (1u << 31)

struct place {
	uint32_t pid, tid;
	char *name;  /* of a counter */
	char **open; /* names of the slices that are open, outermost first; NULL: ended at once */
	unsigned int nr, room;
};

struct chrome {
	FILE *out;
	struct place *places; /* by track */
	unsigned int nr_places;
	bool some;
};

/* What every event has. */
static struct json event(struct chrome *c, const char *phase, const char *name, const struct place *p)
{
	struct json j = { .out = c->out, .compact = true };

	if (c->some)
		fputc(',', c->out);
	c->some = true;
	json_object(&j, NULL);
	json_string(&j, "ph", phase);
	json_string(&j, "name", name);
	json_u64(&j, "pid", p->pid);
	json_u64(&j, "tid", p->tid);
	return j;
}

/* --- tracks --- */

static void metadata_name(struct chrome *c, const char *what, const struct place *p, const char *name)
{
	struct json j = event(c, "M", what, p);

	json_object(&j, "args");
	json_string(&j, "name", name);
	json_close(&j);
	json_close(&j);
}

static void metadata_rank(struct chrome *c, const char *what, const struct place *p, uint64_t rank)
{
	struct json j = event(c, "M", what, p);

	json_object(&j, "args");
	json_u64(&j, "sort_index", rank);
	json_close(&j);
	json_close(&j);
}

static void chrome_track(void *ctx, const struct timeline_track *t)
{
	struct chrome *c = ctx;
	struct place *p;

	c->places = xgrow(c->places, &c->nr_places, t->id, sizeof(*c->places));
	p = &c->places[t->id];
	*p = (struct place){ .pid = NO_TASK + t->id, .tid = NO_TASK + t->id };
	if (t->parent)
		p->pid = c->places[t->parent].pid;
	switch (t->kind) {
	case TIMELINE_GROUP:
		p->pid = NO_TASK + t->id;
		metadata_name(c, "process_name", p, t->name);
		metadata_rank(c, "process_sort_index", p, t->id);
		return;
	case TIMELINE_PROCESS:
		p->pid = p->tid = (uint32_t)t->pid;
		metadata_name(c, "process_name", p, t->name);
		return;
	case TIMELINE_COUNTER:
		p->name = xstrdup(t->name);
		return;
	case TIMELINE_TASK:
		p->tid = (uint32_t)t->pid;
		if (!t->parent)
			p->pid = p->tid;
		metadata_name(c, "thread_name", p, t->name);
		return;
	case TIMELINE_CPU:
	case TIMELINE_NO_TASK:
	case TIMELINE_BESIDE:
		metadata_name(c, "thread_name", p, t->name);
		if (t->kind != TIMELINE_BESIDE)
			metadata_rank(c, "thread_sort_index", p, t->rank);
		return;
	}
}

/* --- events --- */

static void column(struct json *j, const struct list_column *c, const struct list_line *line)
{
	struct list_value v = c->get(line);

	if (v.none)
		return;
	if (c->unit == LIST_TEXT)
		json_string(j, c->key, v.text);
	else if (c->unit == LIST_FLAG)
		json_bool(j, c->key, v.num);
	else
		json_u64(j, c->key, v.num);
}

static void categories(struct json *j, const struct timeline_slice *s)
{
	char text[128];
	size_t len = 0;

	for (unsigned int i = 0; i < s->nr_categories && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? "," : "", s->categories[i]);
	json_string(j, "cat", text);
}

/* Binds to the slice that is open there. */
static void flow(struct chrome *c, const struct place *p, uint64_t at_ns, uint64_t id, const char *phase)
{
	struct json j = event(c, phase, "IPI", p);

	json_string(&j, "cat", "flow");
	json_u64(&j, "id", id);
	json_thousandths(&j, "ts", at_ns);
	if (*phase != 's')
		json_string(&j, "bp", "e");
	json_close(&j);
}

static void arguments(struct json *j, const struct timeline_slice *s)
{
	json_object(j, "args");
	for (unsigned int i = 0; i < s->nr_args; i++) {
		const struct timeline_arg *a = &s->args[i];

		if (a->text)
			json_string(j, a->key, a->text);
		else
			json_u64(j, a->key, a->num);
	}
	for (unsigned int i = 0; s->line && s->columns[i]; i++)
		column(j, s->columns[i], s->line);
	json_close(j);
}

/*
 * Of events at the same time speedscope takes a begin first only if it has the name and the arguments of the end. So what
 * has no length ends at once, with its arguments once more; chrome_end() knows by the name that is none. What would lie in
 * it, which is as short, is beside it: of two in each other speedscope would not end the inner one.
 */
static void chrome_begin(void *ctx, const struct timeline_slice *s)
{
	struct chrome *c = ctx;
	struct place *p = &c->places[s->track];
	struct json j = event(c, "B", s->name, p);

	p->open = xgrow(p->open, &p->room, p->nr, sizeof(*p->open));
	p->open[p->nr++] = s->no_length ? NULL : xstrdup(s->name);
	categories(&j, s);
	json_thousandths(&j, "ts", s->at_ns);
	arguments(&j, s);
	json_close(&j);
	for (uint32_t i = 0; i < s->nr_ends; i++)
		flow(c, p, s->at_ns, s->ends[i], "f");
	for (uint32_t i = 0; i < s->nr_flows; i++)
		flow(c, p, s->at_ns, s->flows[i], s->pass ? "t" : "s");
	if (!s->no_length)
		return;
	j = event(c, "E", s->name, p);
	json_thousandths(&j, "ts", s->at_ns);
	arguments(&j, s);
	json_close(&j);
}

/* The name once more, which the format does not ask for: speedscope ends no slice without it. */
static void chrome_end(void *ctx, uint32_t track, uint64_t at_ns)
{
	struct chrome *c = ctx;
	struct place *p = &c->places[track];
	char *name = p->open[--p->nr];
	struct json j;

	if (!name)
		return;
	j = event(c, "E", name, p);
	json_thousandths(&j, "ts", at_ns);
	json_close(&j);
	free(name);
}

static void chrome_counter(void *ctx, uint32_t track, uint64_t at_ns, uint64_t value)
{
	struct chrome *c = ctx;
	struct json j = event(c, "C", c->places[track].name, &c->places[track]);

	json_thousandths(&j, "ts", at_ns);
	json_object(&j, "args");
	json_u64(&j, "value", value);
	json_close(&j);
	json_close(&j);
}

static void *chrome_open(FILE *out, const struct trace_info *trace)
{
	struct chrome *c = xcalloc(1, sizeof(*c));
	struct json j = { .out = out, .compact = true };

	c->out = out;
	fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":", out);
	json_object(&j, NULL);
	json_string(&j, "recorded by", trace->command);
	json_string(&j, "kernel", trace->kernel);
	json_string(&j, "host", trace->host);
	json_string(&j, "date", trace->date);
	json_string(&j, "clock", trace->clock);
	json_string(&j, "tier", trace->tier);
	json_close(&j);
	fputs(",\"traceEvents\":[\n", out);
	return c;
}

/* Events are sorted by who reads them; those of one track are in order. */
static void chrome_part(void *state)
{
	(void)state;
}

static void chrome_finish(void *state)
{
	struct chrome *c = state;

	fputs("]}\n", c->out);
	for (unsigned int i = 0; i < c->nr_places; i++) {
		while (c->places[i].nr)
			free(c->places[i].open[--c->places[i].nr]);
		free(c->places[i].open);
		free(c->places[i].name);
	}
	free(c->places);
	free(c);
}

const struct timeline_render timeline_render_chrome = {
	chrome_open,
	chrome_part,
	chrome_finish,
	{ chrome_track, chrome_begin, chrome_end, chrome_counter },
};
