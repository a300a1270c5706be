// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/table.c - a report for people: header, table, and by render/trust.c the
 * lines that say how far to trust it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/event.h"
#include "base/mem.h"
#include "base/text.h"
#include "render/grid.h"
#include "render/render.h"
#include "render/parts-priv.h"
#include "render/value.h"

#define STACK_INDENT 4

struct state {
	const struct column **columns;
	struct grid_column *heads;
	unsigned int nr_columns, nr_rows;
	char **cells, **below;
	bool left_out; /* frames of the plumbing */
};

static bool is_name(const struct column *c)
{
	return c->unit == UNIT_NAME || c->unit == UNIT_STACK;
}

/* A class says the least of those that are no key, and takes the most room. */
#define DROP_FIRST 1
static struct grid_column grid_column(const struct render *r, const struct column *c)
{
	const struct render_options *o = r->options;
	struct grid_column g = { .header = c->header, .right = !is_name(c), .name = is_name(c) };
	bool extra = column_is_key(c);

	for (unsigned int i = 0; i < r->report->nr_by; i++)
		extra &= c->offset != r->report->by[i];
	if (o->may_drop && (extra || c->unit == UNIT_STACK))
		g.drop = DROP_FIRST;
	else if (o->may_drop && c->shown && c->shown < COLUMN_STAYS)
		g.drop = DROP_FIRST + c->shown;
	g.empty_goes = o->may_drop && c->shown && !column_is_key(c);
	return g;
}

/* One frame a line, from the caller outwards. Where there is no colour to tell them from the rest, the plumbing is left out. */
static char *stack_lines(const struct render *r, const struct report_row *row, bool *left_out)
{
	const struct screen *s = &r->options->screen;
	char *lines = NULL;
	size_t len;
	FILE *out = open_memstream(&lines, &len);

	if (!out)
		return NULL;
	if (!row->nr_frames)
		fprintf(out, "%*s[no stack] %s\n", STACK_INDENT, "", row->callsite ? row->callsite : "");
	for (unsigned int i = 0; i < row->nr_frames; i++) {
		char *text;

		if (row->frames[i].plumbing && !s->colour) {
			*left_out = true;
			continue;
		}
		text = screen_shorten(s, row->frames[i].name, s->width > STACK_INDENT ? s->width - STACK_INDENT : 0);
		fprintf(out, "%*s", STACK_INDENT, "");
		if (row->frames[i].plumbing)
			screen_begin(s, STYLE_FAINT, out);
		fputs(text, out);
		if (row->frames[i].plumbing)
			screen_end(s, out);
		fputc('\n', out);
		free(text);
	}
	fclose(out);
	return lines;
}

static int text_row(struct render *r, const struct report_row *row, struct err *err)
{
	struct state *s = r->state;
	char buf[4096];

	(void)err;
	for (unsigned int i = 0; i < s->nr_columns; i++) {
		const struct column *c = s->columns[i];

		if (c->unit == UNIT_STACK)
			continue;
		render_value(c, column_value(c, row), r->options->screen.utf8, buf, sizeof(buf));
		s->cells[(size_t)s->nr_rows * s->nr_columns + i] = xstrdup(buf);
	}
	if (s->below)
		s->below[s->nr_rows] = stack_lines(r, row, &s->left_out);
	s->nr_rows++;
	return 0;
}

/* A stack has no cell: its frames are below the row, so its heading is the last. */
static void table_begin(const struct render *r, struct state *s)
{
	unsigned int nr = r->options->nr_columns, at = 0;
	const struct column *stack = NULL;

	s->columns = xcalloc(nr, sizeof(*s->columns));
	s->heads = xcalloc(nr, sizeof(*s->heads));
	s->nr_columns = nr;
	for (unsigned int i = 0; i < nr; i++) {
		if (r->options->columns[i]->unit == UNIT_STACK)
			stack = r->options->columns[i];
		else
			s->columns[at++] = r->options->columns[i];
	}
	while (at < nr)
		s->columns[at++] = stack;
	for (unsigned int i = 0; i < nr; i++)
		s->heads[i] = grid_column(r, s->columns[i]);
	s->cells = xcalloc((size_t)nr * r->nr_rows, sizeof(*s->cells));
	if (stack)
		s->below = xcalloc(r->nr_rows, sizeof(*s->below));
}

static unsigned int table_draw(const struct render *r, const struct state *s)
{
	const struct grid grid = { s->heads, s->nr_columns, s->cells, s->nr_rows, s->below };

	return render_grid(&grid, &r->options->screen, r->out);
}

static void table_free(struct state *s)
{
	grid_free_cells(s->cells, (size_t)s->nr_columns * s->nr_rows);
	for (unsigned int i = 0; s->below && i < s->nr_rows; i++)
		free(s->below[i]);
	free(s->below);
	free(s->heads);
	free(s->columns);
}

static void table_end(const struct render *r, struct state *s)
{
	grid_say_dropped(table_draw(r, s), "--csv, --json or --fields show them", r->out);
	if (s->left_out)
		fputs("(frames of the plumbing are left out; --json has them)\n", r->out);
	table_free(s);
}

unsigned int render_table(const struct report *r, const struct render_options *o, unsigned int first, unsigned int nr,
			  FILE *out)
{
	struct state state = { 0 };
	struct render render = { .report = r, .options = o, .nr_rows = nr, .out = out, .state = &state };
	unsigned int dropped;

	table_begin(&render, &state);
	for (unsigned int i = first; i < first + nr; i++)
		text_row(&render, &r->rows[i], NULL);
	dropped = table_draw(&render, &state);
	table_free(&state);
	return dropped;
}

/* A text of the file's, cut with a mark where it is long. */
static void put_text(const char *before, const char *text, FILE *out)
{
	char clean[240];

	sanitize(clean, sizeof(clean), text);
	fprintf(out, "%s%s%s", before, clean, strlen(clean) < strlen(text) ? "..." : "");
}

/* Who recorded it, where, when, and what was left out. */
static void origin(const struct trace_info *t, FILE *out)
{
	if (t->host[0])
		put_text("recorded on ", t->host, out);
	if (t->date)
		put_text(t->host[0] ? ", " : "recorded ", t->date, out);
	if (t->command)
		put_text(t->host[0] || t->date ? ": " : "recorded by: ", t->command, out);
	if (t->host[0] || t->date || t->command)
		fputc('\n', out);
	if (!t->kept)
		return;
	put_text("with the filters: ", t->kept, out);
	fputc('\n', out);
}

static void window_rate(uint64_t nr, uint64_t ns, const char *what, FILE *out)
{
	if (ns)
		fprintf(out, ", %.*f %s/s", (double)nr * 1e9 / (double)ns < 100, (double)nr * 1e9 / (double)ns, what);
}

/* Points as they are printed elsewhere, and as --from takes them. */
static void window(const struct report *r, const struct render_options *o, FILE *out)
{
	static const struct column point = { .unit = UNIT_WHEN };
	uint64_t ns = r->to_ns - r->from_ns;
	char from[32], to[32], time[RENDER_TIME_LEN];

	render_value(&point, (struct value){ .num = r->from_ns }, false, from, sizeof(from));
	render_value(&point, (struct value){ .num = r->to_ns }, false, to, sizeof(to));
	render_time(ns, o->screen.utf8, time);
	fprintf(out, "window: %s to %s, %s", from, to, time);
	if (r->trace->has_send) {
		window_rate(r->totals.sends, ns, "sends", out);
		window_rate(r->totals.target_hits, ns, "hits", out);
	}
	if (!r->trace->arrivals_unknown || r->totals.interrupts)
		window_rate(r->totals.interrupts, ns, "interrupts", out);
	fputc('\n', out);
}

#define HOSTS_SHOWN 10

static void host_list(const struct report *r, FILE *out)
{
	const struct report_source *s = r->sources, *end = s + r->nr_sources;
	unsigned int nr = 0;

	/* They are in the order of the hosts. */
	for (; s < end; s++) {
		if (s > r->sources && s->host && s[-1].host && !strcmp(s->host, s[-1].host))
			continue;
		if (nr++ < HOSTS_SHOWN)
			put_text(nr > 1 ? ", " : "hosts: ", s->host ? s->host : "(unnamed)", out);
	}
	if (nr > HOSTS_SHOWN)
		fprintf(out, " and %u more", nr - HOSTS_SHOWN);
	fputc('\n', out);
}

static void merged_header(const struct report *r, const struct render_options *o, FILE *out)
{
	const struct trace_info *t = r->trace;
	char time[RENDER_TIME_LEN];

	fprintf(out, "%u report%s: ", r->nr_sources, plural_s(r->nr_sources));
	put_text("Linux ", t->kernel[0] ? t->kernel : "(several releases)", out);
	put_text(t->arch[0] ? " " : "", t->arch, out);
	fprintf(out, ", %u CPU%s", t->cpus, plural_s(t->cpus));
	if (t->clock_ns) {
		render_time(t->end_ns - t->start_ns, o->screen.utf8, time);
		fprintf(out, ", %s of all together", time);
	}
	fprintf(out, ", %" PRIu64 " event%s%s\n", t->events, plural_s(t->events), r->filtered ? ", filtered" : "");
	host_list(r, out);
	if (r->windowed) {
		render_time(r->to_ns - r->from_ns, o->screen.utf8, time);
		fprintf(out, "of windows, %s of all together\n", time);
	}
	fputc('\n', out);
}

static void header(const struct report *r, const struct render_options *o, FILE *out)
{
	const struct trace_info *t = r->trace;
	char text[256], time[RENDER_TIME_LEN];

	if (r->nr_sources) {
		merged_header(r, o, out);
		return;
	}
	sanitize(text, sizeof(text), t->path ? t->path : "live");
	if (t->clock_ns)
		render_time(t->end_ns - t->start_ns, o->screen.utf8, time);
	else
		snprintf(time, sizeof(time), "%" PRIu64 " ticks", t->end_ns - t->start_ns);
	fprintf(out, "%s: ", text);
	sanitize(text, sizeof(text), t->kernel);
	fprintf(out, "Linux %s", text[0] ? text : "(unknown release)");
	sanitize(text, sizeof(text), t->arch);
	fprintf(out, "%s%s, %u CPU%s, %s, %" PRIu64 " event%s", text[0] ? " " : "", text, t->cpus, plural_s(t->cpus),
		time, t->events, plural_s(t->events));
	if (t->other_events)
		fprintf(out, " and %" PRIu64 " of other kinds", t->other_events);
	fprintf(out, "%s\n", r->tlb ? ", TLB work alone" : r->filtered ? ", filtered" : "");
	origin(t, out);
	if (r->windowed)
		window(r, o, out);
	fputc('\n', out);
}

void render_text_head(struct render *r)
{
	struct screen_wrapped w;

	header(r->report, r->options, screen_wrapped_begin(&w, r->out));
	screen_wrapped_end(&w, &r->options->screen, r->out);
}

/* So many cells for each name that all of them go into width. */
static unsigned int label_share(char *const *names, unsigned int nr, unsigned int width)
{
	unsigned int share = 0, sum;

	do {
		sum = nr - 1;
		share++;
		for (unsigned int i = 0; i < nr; i++)
			sum += screen_cells(names[i]) < share ? screen_cells(names[i]) : share;
	} while (sum < width && share < width);
	return sum > width && share > 1 ? share - 1 : share;
}

char *render_label(const struct render *r, const struct report_row *row, unsigned int width)
{
	char *names[AGG_NR_KEYS], *text = NULL, buf[4096];
	unsigned int nr = 0, share;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (unsigned int i = 0; i < r->report->nr_by; i++) {
		const struct column *c = column_of_key(r->report->by[i]);
		struct value v = column_value(c, row);

		if (v.none)
			continue;
		render_value(c, v, r->options->screen.utf8, buf, sizeof(buf));
		names[nr++] = c->unit == UNIT_ID ? xasprintf("%s %s", c->id, buf) : xstrdup(buf);
	}
	share = width && nr ? label_share(names, nr, width) : 0;
	for (unsigned int i = 0; i < nr; i++) {
		char *fit = screen_shorten(&r->options->screen, names[i], share);

		if (out)
			fprintf(out, "%s%s", i ? " " : "", fit);
		free(fit);
		free(names[i]);
	}
	if (!out)
		return xstrdup("");
	if (!nr)
		fputc('-', out);
	fclose(out);
	return text;
}

/* One of many: when, and how much, in one line. */
static void brief_head(struct render *r)
{
	static const struct column point = { .unit = UNIT_WHEN };
	const struct trace_info *t = r->report->trace;
	uint64_t interrupts = r->report->totals.interrupts;
	char to[32], time[RENDER_TIME_LEN];

	render_value(&point, (struct value){ .num = t->end_ns }, false, to, sizeof(to));
	render_time(t->end_ns - t->start_ns, r->options->screen.utf8, time);
	fprintf(r->out, "%s, %s: ", to, time);
	if (t->has_send)
		render_sends(r->report, r->out);
	else
		fputs("sends not recorded", r->out);
	if (interrupts || !t->arrivals_unknown)
		fprintf(r->out, ", %" PRIu64 " interrupt%s, ", interrupts, plural_s(interrupts));
	else
		fputs(", interrupts not known, ", r->out);
	render_lost_events(r);
	if (t->late_events)
		fprintf(r->out, ", %" PRIu64 " late", t->late_events);
	fputc('\n', r->out);
}

static int text_begin(struct render *r, struct err *err)
{
	struct state *s = r->state = xcalloc(1, sizeof(*s));

	(void)err;
	if (r->options->brief)
		brief_head(r);
	else
		render_text_head(r);
	if (r->nr_rows)
		table_begin(r, s);
	return 0;
}

static int text_end(struct render *r, struct err *err)
{
	(void)err;
	if (r->nr_rows)
		table_end(r, r->state);
	if (r->options->brief)
		fputc('\n', r->out);
	else
		render_text_foot(r);
	return 0;
}

const struct render_ops render_text = {
	.usual_columns = true,
	.begin = text_begin,
	.row = text_row,
	.end = text_end,
	.lost_events = render_text_lost_events,
};
