// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/top.c - a live view as lines of text.
 *
 * From top to bottom: the head, of which a low screen shows less; the rows, as the table of a report; what is behind the
 * selected row, where it is expanded; errors of what was typed; and one line of state, or of the prompt.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "render/grid.h"
#include "render/top-priv.h"
#include "render/value.h"

/* --- what is shown of what is asked --- */

/* A column each of the distributions that a row can show. */
static const char *const dists[] = { "delivery_p50", "handler_p50", "func_p50", "queue_p50", "wait_p50" };
const unsigned int top_nr_dists = ARRAY_SIZE(dists);

void top_by_text(const struct top_view *v, char *buf, size_t len)
{
	size_t at = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; i < v->nr_by && at < len; i++)
		at += (size_t)snprintf(buf + at, len - at, "%s%s", i ? "," : "", report_key_name(v->by[i]));
}

/* A row is a line: a stack, which has many, is behind it, and its caller stands for it. */
static void flatten(const struct column **list, unsigned int *nr)
{
	const struct column *caller = column_of_key(AGG_KEY_CALLER);
	unsigned int kept = 0;
	bool has = false;

	for (unsigned int i = 0; i < *nr; i++)
		has |= list[i] == caller;
	for (unsigned int i = 0; i < *nr; i++) {
		if (list[i]->unit != UNIT_STACK)
			list[kept++] = list[i];
		else if (!has)
			list[kept++] = caller;
	}
	*nr = kept;
}

void top_view_columns(const struct top_view *v, const struct report *r, bool flat, const struct column ***list,
		      unsigned int *nr)
{
	struct err err;

	if (!v->fields || *v->fields == '+')
		top_columns_usual(r, list, nr);
	if (v->fields && !columns_parse_in(top_columns, top_nr_columns, v->fields, list, nr, &err))
		columns_name_rows(r, list, nr);
	if (flat)
		flatten(*list, nr);
}

/* --- lines --- */

struct out {
	const struct top_view *v;
	const struct top_data *d;
	const struct screen *s;
	struct top_screen *screen;
};

/* Nothing leaves that is wider than the screen: what is too long loses its middle, with a mark. */
static void put(struct out *o, enum top_style style, const char *text)
{
	struct top_screen *t = o->screen;

	t->lines = xrealloc(t->lines, (t->nr + 1) * sizeof(*t->lines));
	t->lines[t->nr++] = (struct top_line){ screen_shorten(o->s, text, o->s->width), style };
}

static void putf(struct out *o, enum top_style style, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void putf(struct out *o, enum top_style style, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(o, style, text);
}

/* A text in memory, and its lines. */
struct lines {
	FILE *out;
	char *text, **line;
	size_t len;
	unsigned int nr;
};

static FILE *lines_begin(struct lines *l)
{
	*l = (struct lines){ 0 };
	l->out = open_memstream(&l->text, &l->len);
	if (!l->out)
		mem_exhausted(1);
	return l->out;
}

static void lines_end(struct lines *l)
{
	char *p, *end;

	fclose(l->out);
	for (p = l->text; *p; p = end) {
		end = p + strcspn(p, "\n");
		if (*end)
			*end++ = '\0';
		l->line = xrealloc(l->line, (l->nr + 1) * sizeof(*l->line));
		l->line[l->nr++] = p;
	}
}

static void lines_free(struct lines *l)
{
	free(l->line);
	free(l->text);
}

static void milli(uint64_t num, char *buf, size_t len)
{
	static const struct column c = { .unit = UNIT_MILLI };

	render_value(&c, (struct value){ .num = num }, false, buf, len);
}

#define NUM_LEN 32

/* Of the head, where room is short: at most five letters up to ten millions. */
static void brief(uint64_t num, char *buf)
{
	if (num < 99999500)
		milli(num, buf, NUM_LEN);
	else if (num < 9999500000)
		snprintf(buf, NUM_LEN, "%.0fk", (double)num / 1e6);
	else
		snprintf(buf, NUM_LEN, "%.0fM", (double)num / 1e9);
}

static void brief_if(bool known, uint64_t num, char *buf)
{
	snprintf(buf, NUM_LEN, "-");
	if (known)
		brief(num, buf);
}

/* --- the head --- */

static uint64_t stolen_ns(const struct report *r)
{
	uint64_t sum = r->own->handler.sum;

	for (unsigned int i = 0; i < r->nr_rows; i++)
		sum += r->rows[i].agg->handler.sum;
	for (unsigned int i = 0; i < r->nr_classes; i++)
		sum += r->classes[i].unsolicited->sum;
	return sum;
}

/* The kernel's name may be long: it takes what the rest leaves. */
static void put_title(struct out *o)
{
	static const struct column point = { .unit = UNIT_WHEN };
	const struct report *r = o->d->report;
	char interval[RENDER_TIME_LEN], elapsed[RENDER_TIME_LEN], kernel[128], at[NUM_LEN], head[160], tail[64], *fit;
	unsigned int taken;

	sanitize(kernel, sizeof(kernel), r->trace->kernel);
	render_time(r->trace->end_ns - r->trace->start_ns, o->s->utf8, interval);
	render_time(o->d->elapsed_ns, o->s->utf8, elapsed);
	render_value(&point, (struct value){ .num = r->trace->end_ns }, false, at, sizeof(at));
	snprintf(head, sizeof(head), "ipitrace top %s, %s of %s, Linux ", at, interval, elapsed);
	snprintf(tail, sizeof(tail), ", %u CPU%s%s", r->trace->cpus, plural_s(r->trace->cpus),
		 o->v->frozen ? " [frozen]" : "");
	taken = screen_cells(head) + screen_cells(tail);
	fit = screen_shorten(o->s, kernel, o->s->width > taken + 4 ? o->s->width - taken : 0);
	putf(o, o->v->frozen ? TOP_BAD : TOP_PLAIN, "%s%s%s", head, fit, tail);
	free(fit);
}

static void put_rates(struct out *o)
{
	const struct report *r = o->d->report;
	const struct match_totals *t = &r->totals;
	uint64_t ns = r->trace->end_ns - r->trace->start_ns;
	bool sent = r->trace->has_send, arrived = !r->trace->arrivals_unknown, seen = arrived || t->interrupts;
	char hits[NUM_LEN], sends[NUM_LEN], irqs[NUM_LEN], unsolicited[NUM_LEN], stolen[NUM_LEN];

	brief_if(sent, top_per_s(t->target_hits, ns), hits);
	/* Sends are no lines that a condition could be asked of. */
	brief_if(sent && !o->v->where[0], top_per_s(t->sends, ns), sends);
	brief_if(seen, top_per_s(t->interrupts, ns), irqs);
	brief_if(arrived, top_per_s(t->unsolicited, ns), unsolicited);
	brief_if(seen, top_percent(stolen_ns(r), ns), stolen);
	putf(o, TOP_PLAIN, "per s: %s hits, %s sends, %s irqs, %s unsolicited; %s%% CPU stolen", hits, sends, irqs,
	     unsolicited, stolen);
}

/* As many as there is room for. */
static void storms_text(const struct out *o, char *buf, size_t len)
{
	const struct top_data *d = o->d;
	const struct trace_info *t = d->report->trace;
	unsigned int nr = o->s->width && o->s->width < 120 ? 1 : ARRAY_SIZE(d->storms);
	char rate[NUM_LEN];
	size_t at = 0;

	snprintf(buf, len, "%s", t->has_send ? "none" : "not known");
	nr = d->nr_storms < nr ? d->nr_storms : nr;
	for (unsigned int i = 0; i < nr && at < len; i++) {
		brief(top_per_s(d->storms[i].hits, t->end_ns - t->start_ns), rate);
		at += (size_t)snprintf(buf + at, len - at, "%sCPU %u %s/s", i ? ", " : "", d->storms[i].cpu, rate);
	}
	if (d->nr_storms > nr && at < len)
		snprintf(buf + at, len - at, ", %u more", d->nr_storms - nr);
}

/* What is missing; what ipitrace costs itself; the storms. */
static void put_health(struct out *o)
{
	const struct top_data *d = o->d;
	const struct report *r = d->report;
	uint64_t ns = r->trace->end_ns - r->trace->start_ns;
	char own[NUM_LEN], cpu[NUM_LEN], storms[160];

	brief_if(r->trace->has_send, top_per_s(r->own->n.target_hits, ns), own);
	brief(top_percent(d->cpu_ns, d->cpu_in_ns), cpu);
	storms_text(o, storms, sizeof(storms));
	putf(o, d->lost || d->late || d->nr_storms ? TOP_BAD : TOP_PLAIN,
	     "lost %" PRIu64 "%s, late %" PRIu64 "; own: %s%% CPU, %s hits/s; storms: %s", d->lost,
	     d->lost_unknown ? " or more" : "", d->late, cpu, own, storms);
}

static void put_choice(struct out *o)
{
	const struct report *r = o->d->report;
	char by[TOP_EDIT_LEN];

	top_by_text(o->v, by, sizeof(by));
	putf(o, TOP_PLAIN, "%sby %s, sorted by %s%s%s%s%s%s", o->d->outdated ? "next: " : "", by, o->v->sort->id,
	     o->v->where[0] ? "; only " : "", o->v->where, r->filters ? "; " : "", r->filters ? r->filters : "",
	     o->d->full ? "; too many rows: others are in one" : "");
}

static void put_head(struct out *o, unsigned int lines)
{
	static void (*const parts[])(struct out * o) = { put_rates, put_health, put_title, put_choice };
	static const unsigned int order[] = { 2, 0, 1, 3 }; /* from top to bottom; the first parts stay longest */

	for (unsigned int i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i] < lines)
			parts[order[i]](o);
}

#define HEAD_LINES 4

/* --- what is behind a row --- */

static void time_cell(char **cell, uint64_t ns, const struct screen *s)
{
	char buf[RENDER_TIME_LEN] = "-";

	if (ns != IPI_NO_TIME)
		render_time(ns, s->utf8, buf);
	*cell = xstrdup(buf);
}

static void slowest_lines(const struct top_detail *t, const struct screen *s, FILE *out)
{
	static const struct grid_column columns[] = {
		GRID_RIGHT("  SLOWEST AT"),
		GRID_RIGHT("FROM"),
		GRID_RIGHT("TO"),
		GRID_RIGHT("DELIVERY"),
		GRID_RIGHT("FUNC"),
		GRID_RIGHT("HANDLER"),
		{ .header = "SENDER", .name = true },
	};
	static const struct column point = { .unit = UNIT_WHEN };
	char *cells[TOP_SLOWEST * ARRAY_SIZE(columns)], buf[NUM_LEN];
	const struct grid grid = { columns, ARRAY_SIZE(columns), cells, t->nr_slow, NULL };

	for (unsigned int i = 0; i < t->nr_slow; i++) {
		const struct top_slow *slow = &t->slow[i];
		char **cell = &cells[i * ARRAY_SIZE(columns)];

		render_value(&point, (struct value){ .num = slow->at_ns }, false, buf, sizeof(buf));
		cell[0] = xstrdup(buf);
		cell[1] = xasprintf("%u", slow->source);
		cell[2] = xasprintf("%u", slow->target);
		time_cell(&cell[3], slow->delivery_ns, s);
		time_cell(&cell[4], slow->func_ns, s);
		time_cell(&cell[5], slow->handler_ns, s);
		cell[6] = xstrdup(slow->sender);
	}
	if (t->nr_slow)
		render_grid(&grid, s, out);
	for (unsigned int i = 0; i < t->nr_slow * ARRAY_SIZE(columns); i++)
		free(cells[i]);
}

static void stack_lines(const struct top_detail *t, FILE *out)
{
	if (!t->nr_frames) {
		fputs("  no stack\n", out);
		return;
	}
	fputs("  stack of the slowest's sender", out);
	if (t->nr_plumbing)
		fprintf(out, " (%u frames of the plumbing are left out)", t->nr_plumbing);
	fputs(":\n", out);
	for (unsigned int i = 0; i < t->nr_frames; i++)
		fprintf(out, "    %s\n", t->frames[i]);
}

static void detail_lines(struct out *o, FILE *out)
{
	const struct top_view *v = o->v;
	const struct report *r = o->d->report;
	const struct column *c = column_find(dists[v->dist]);

	if (v->gone || v->selected >= r->nr_rows) {
		fputs("  no IPIs of this row in this interval\n", out);
		return;
	}
	fprintf(out, "  %.*s:\n", (int)strcspn(c->help, ","), c->help);
	render_hist_bars(o->s, column_hist(c, &r->rows[v->selected]), out);
	if (!o->d->detail)
		return;
	slowest_lines(o->d->detail, o->s, out);
	stack_lines(o->d->detail, out);
}

/* As much of it as there is room for, from v->scroll on; what is left out is said in the last line. */
static void put_scrolled(struct out *o, struct top_view *v, const struct lines *l, unsigned int room)
{
	unsigned int shown = room, max = 0;

	if (!room)
		return;
	if (l->nr > room) {
		shown = room - 1;
		max = l->nr - shown;
	}
	v->page = shown ? shown : 1;
	v->scroll = v->scroll > max ? max : v->scroll;
	for (unsigned int i = v->scroll; i < l->nr && i < v->scroll + shown; i++)
		put(o, TOP_PLAIN, l->line[i]);
	if (l->nr <= room)
		return;
	putf(o, TOP_FAINT, "  (lines %u to %u of %u; %s scroll)", v->scroll + 1, v->scroll + shown, l->nr,
	     v->mode == TOP_HELP ? "up and down" : "PgUp and PgDn");
}

static void put_detail(struct out *o, struct top_view *v, unsigned int room)
{
	struct lines l;

	if (!room)
		return;
	if (v->label)
		put(o, TOP_HEADING, v->label);
	detail_lines(o, lines_begin(&l));
	lines_end(&l);
	put_scrolled(o, v, &l, room - !!v->label);
	lines_free(&l);
}

/* --- the rows --- */

static const char *why_empty(const struct out *o)
{
	if (!o->d->report->trace->has_send)
		return "no senders: this kernel has no send events";
	return o->v->where[0] || o->d->report->filters ? "no IPI passes in this interval" :
							 "no IPIs were sent in this interval";
}

/* room: lines, with the heading; 0 = no limit. Returns how many columns were left out. */
static unsigned int put_rows(struct out *o, struct top_view *v, unsigned int room, bool selects)
{
	const struct report *r = o->d->report;
	struct render_options ro = { .screen = *o->s, .may_drop = !v->fields };
	const struct column **columns = NULL;
	unsigned int nr = r->nr_rows, dropped;
	struct lines l;

	ro.screen.colour = false;
	if (room == 1)
		return 0;
	if (!r->nr_rows) {
		put(o, TOP_PLAIN, why_empty(o));
		return 0;
	}
	if (room)
		v->page = room - 1;
	if (v->selected < v->first)
		v->first = v->selected;
	if (room && v->selected >= v->first + room - 1)
		v->first = v->selected - (room - 2);
	if (room && v->first + room - 1 > nr)
		v->first = nr > room - 1 ? nr - (room - 1) : 0;
	nr -= v->first;
	if (room && nr > room - 1)
		nr = room - 1;
	top_view_columns(v, r, room, &columns, &ro.nr_columns);
	ro.columns = columns;
	dropped = render_table(r, &ro, v->first, nr, lines_begin(&l));
	lines_end(&l);
	for (unsigned int i = 0; i < l.nr; i++)
		put(o,
		    !i					       ? TOP_HEADING :
		    selects && i == 1 + v->selected - v->first ? TOP_SELECTED :
								 TOP_PLAIN,
		    l.line[i]);
	lines_free(&l);
	free(columns);
	return dropped;
}

/* --- the last line --- */

static void put_state(struct out *o, unsigned int dropped)
{
	const struct top_view *v = o->v;
	const struct report *r = o->d->report;
	char rows[80] = "", columns[48] = "";

	if (o->d->said) {
		putf(o, TOP_BAD, "%s", o->d->said);
		return;
	}
	if (r && r->nr_rows)
		snprintf(rows, sizeof(rows), "row %u of %u; ", v->selected + 1, r->nr_rows);
	if (dropped)
		snprintf(columns, sizeof(columns), "%u %s not fit; ", dropped, columns_do(dropped));
	putf(o, TOP_FAINT, "%s%sq quit, h help, Enter expand, Space %s", rows, columns, v->frozen ? "thaw" : "freeze");
}

static void put_prompt(struct out *o)
{
	static const char *const names[] = {
		[TOP_ASK_WHERE] = "only IPIs with",
		[TOP_ASK_BY] = "rows by",
		[TOP_ASK_SORT] = "sorted by",
	};
	const struct top_view *v = o->v;
	unsigned int head = (unsigned int)strlen(names[v->mode]) + 2, len = (unsigned int)strlen(v->edit), room,
		     width = o->s->width;
	const char *mark = o->s->utf8 ? "\xe2\x80\xa6" : "~";

	/* One cell is the cursor's. Of what is too long the end is what somebody types at. */
	o->screen->cursor = true;
	if (!width || head + len < width) {
		putf(o, TOP_PLAIN, "%s: %s", names[v->mode], v->edit);
		return;
	}
	room = width > head + 8 ? width - head - 2 : width > 3 ? width - 3 : 0;
	putf(o, TOP_PLAIN, "%s%s%s%s", width > head + 8 ? names[v->mode] : "", width > head + 8 ? ": " : ">",
	     len > room ? mark : "", v->edit + (len > room ? len - room : 0));
}

static void error_lines(const struct out *o, FILE *out)
{
	const struct err *e = &o->v->error;
	char msg[sizeof(e->msg)], hint[sizeof(e->hint)];
	char *text;

	if (!e->msg[0])
		return;
	sanitize(msg, sizeof(msg), e->msg);
	sanitize(hint, sizeof(hint), e->hint);
	text = xasprintf("%s\n%s%s%s", msg, hint[0] ? "hint: " : "", hint, hint[0] ? "\n" : "");
	screen_wrap(o->s, text, out);
	free(text);
}

/* --- help --- */

static void help_lines(FILE *out)
{
	static const char *const keys[][2] = {
		{ "q, Ctrl-C", "quit" },
		{ "h, ?, F1", "this help; again, or Esc: back" },
		{ "Space", "freeze what is shown, while counting goes on; again: thaw" },
		{ "Up, Down, k, j", "select a row; so do PgUp, PgDn, Home, End" },
		{ "Enter", "expand the row: a histogram, its slowest IPIs, their stack" },
		{ "PgUp, PgDn", "scroll what is expanded" },
		{ "t", "the next histogram: delivery, handler, func, queue, wait" },
		{ "g", "the next rows: caller,func func target process victim stack" },
		{ "b", "rows by keys that are typed: caller,target" },
		{ "<, >", "sort by the column to the left, to the right" },
		{ "s", "sort by a column that is typed: delivery_max" },
		{ "f, /", "only IPIs with: delivery > 100us && target in 2-7; empty: all" },
		{ "r, Ctrl-L", "paint the screen anew" },
		{ "Ctrl-U", "of what is typed: away with all of it" },
		{ "Esc", "back from a prompt, this help, a row that is expanded" },
		{ "", "" },
		{ "HITS/s, STOLEN%", "by the interval's true length; time in handlers, of one CPU" },
		{ "P50, P99, MAX", "from the send to the entry of the handler" },
		{ "storms", "CPUs that got 10000 hits a second, or more" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		fprintf(out, keys[i][1][0] ? "  %-17s%s\n" : "\n", keys[i][0], keys[i][1]);
}

static void put_help(struct out *o, struct top_view *v, unsigned int height)
{
	struct lines text, l;

	help_lines(lines_begin(&text));
	fclose(text.out);
	text.out = lines_begin(&l);
	screen_wrap(o->s, text.text, text.out);
	lines_end(&l);
	put(o, TOP_HEADING, "ipitrace top: keys");
	put_scrolled(o, v, &l, height - 1);
	lines_free(&l);
	free(text.text);
}

/* --- all of it --- */

static void put_blank_to(struct out *o, unsigned int nr)
{
	while (o->screen->nr < nr)
		put(o, TOP_PLAIN, "");
}

/* What is left between head and foot: rows, and below them what is behind one. */
static unsigned int put_body(struct out *o, struct top_view *v, unsigned int room)
{
	unsigned int rows = room, begin = o->screen->nr, dropped;

	if (v->expanded) {
		rows = o->d->report->nr_rows + 1 < room / 3 ? o->d->report->nr_rows + 1 : room / 3;
		rows = rows < 2 ? 2 : rows;
		rows = room < 6 ? 0 : rows;
	}
	dropped = rows ? put_rows(o, v, rows, v->label || v->expanded) : 0;
	if (v->expanded)
		put_detail(o, v, room - (o->screen->nr - begin));
	return dropped;
}

static void draw_screen(struct out *o, struct top_view *v, unsigned int height)
{
	bool prompt = v->mode != TOP_ROWS;
	unsigned int foot = height > 1 || prompt, head, dropped = 0;
	struct lines errors;

	error_lines(o, lines_begin(&errors));
	lines_end(&errors);
	if (!prompt || errors.nr + 1 > height)
		errors.nr = !prompt || height < 2 ? 0 : height - 1;
	head = height >= 12 ? HEAD_LINES : height >= 8 ? 3 : height >= 5 ? 2 : 1;
	if (head + foot + errors.nr > height)
		head = height - foot - errors.nr;
	if (o->d->report) {
		put_head(o, head);
		dropped = put_body(o, v, height - head - foot - errors.nr);
	} else if (height > foot) {
		put(o, TOP_PLAIN, "ipitrace top: measuring the first interval");
	}
	put_blank_to(o, height - foot - errors.nr);
	for (unsigned int i = 0; i < errors.nr; i++)
		put(o, TOP_BAD, errors.line[i]);
	if (prompt)
		put_prompt(o);
	else if (foot)
		put_state(o, dropped);
	lines_free(&errors);
}

/* All of it, as it is printed. */
static void draw_text(struct out *o, struct top_view *v)
{
	unsigned int dropped;

	if (!o->d->report)
		return;
	put_head(o, HEAD_LINES);
	dropped = put_rows(o, v, v->max_rows ? v->max_rows + 1 : 0, false);
	if (v->max_rows && o->d->report->nr_rows > v->max_rows)
		putf(o, TOP_FAINT, "(%u more row%s)", o->d->report->nr_rows - v->max_rows,
		     plural_s(o->d->report->nr_rows - v->max_rows));
	if (dropped)
		putf(o, TOP_FAINT, "(%u %s not fit this terminal; --fields shows them)", dropped, columns_do(dropped));
	put(o, TOP_PLAIN, "");
}

void top_draw(struct top_view *v, const struct top_data *d, const struct screen *s, unsigned int height,
	      struct top_screen *screen)
{
	struct out o = { .v = v, .d = d, .s = s, .screen = screen };

	*screen = (struct top_screen){ 0 };
	if (!height)
		draw_text(&o, v);
	else if (v->mode == TOP_HELP)
		put_help(&o, v, height);
	else
		draw_screen(&o, v, height);
}

void top_screen_free(struct top_screen *screen)
{
	for (unsigned int i = 0; i < screen->nr; i++)
		free(screen->lines[i].text);
	free(screen->lines);
	*screen = (struct top_screen){ 0 };
}
