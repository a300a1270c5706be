// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/list-text.c - lines for people.
 *
 * Lines come one by one and there is no end to them, so widths do not depend
 * on what is in the columns: figures have room enough, and names share what is
 * left of the screen. Where there is no screen nothing is cut.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/opts.h"
#include "base/taskid.h"
#include "base/text.h"
#include "render/list.h"
#include "render/value.h"

#define CELL_LEN     512
#define NAME_MOST    48u
#define FRAME_INDENT 16

struct text_column {
	const char *header;
	unsigned int width; /* of a name: what it takes where there is no screen */
	bool name, right;
	unsigned int from; /* shown on screens as wide as this */
	void (*get)(const struct list_render *r, const struct list_line *line, char *buf);
	const char *key; /* in list_columns[], for get_time() */
};

struct state {
	unsigned int width[16]; /* by text column; 0 = not shown */
	unsigned int left_out;	/* columns that the screen is too narrow for */
};

static const char *known_text(const char *key, const struct list_line *line)
{
	struct list_value v = list_column_find(key)->get(line);

	return v.none ? NULL : v.text;
}

static void get_when(const struct list_render *r, const struct list_line *line, char *buf)
{
	uint64_t ns = span_begin_ns(line->span);

	if (ns == IPI_NO_TIME)
		snprintf(buf, CELL_LEN, "-");
	else if (!r->trace->clock_ns)
		snprintf(buf, CELL_LEN, "%" PRIu64, ns);
	else
		snprintf(buf, CELL_LEN, "%" PRIu64 ".%06" PRIu64, (ns + 500) / 1000 / 1000000,
			 (ns + 500) / 1000 % 1000000);
}

static void get_cpus(const struct list_render *r, const struct list_line *line, char *buf)
{
	(void)r;
	if (line->kind == LIST_IRQ)
		snprintf(buf, CELL_LEN, "?>%u", line->span->target);
	else
		snprintf(buf, CELL_LEN, "%u>%u", line->span->source, line->span->target);
}

static void get_class(const struct list_render *r, const struct list_line *line, char *buf)
{
	(void)r;
	snprintf(buf, CELL_LEN, "%s", known_text("class", line));
}

/* Who: the caller, or else the call site. */
static void get_caller(const struct list_render *r, const struct list_line *line, char *buf)
{
	const char *name = known_text("caller", line);

	(void)r;
	if (!name)
		name = known_text("callsite", line);
	snprintf(buf, CELL_LEN, "%s", name ? name : "-");
}

static void get_ufunc(const struct list_render *r, const struct list_line *line, char *buf)
{
	const char *name = known_text("ufunc", line);

	(void)r;
	snprintf(buf, CELL_LEN, "%s", name ? name : "-");
}

static void get_func(const struct list_render *r, const struct list_line *line, char *buf)
{
	const char *name = known_text("func", line);

	(void)r;
	snprintf(buf, CELL_LEN, "%s", name ? name : "-");
}

static void get_sender(const struct list_render *r, const struct list_line *line, char *buf)
{
	const char *name = known_text("comm", line);
	enum ipi_context context = span_context(line->span);

	(void)r;
	if (name && context != IPI_CONTEXT_TASK && context != IPI_CONTEXT_IDLE)
		snprintf(buf, CELL_LEN, "<%s>", ipi_context_name(context));
	else if (name)
		snprintf(buf, CELL_LEN, "%s-%d", name, task_number(line->span->pid));
	else
		snprintf(buf, CELL_LEN, "-");
}

static void get_victim(const struct list_render *r, const struct list_line *line, char *buf)
{
	const char *name = known_text("victim_comm", line), *context;
	struct list_value pid = list_column_find("victim_pid")->get(line);

	(void)r;
	if (!name) {
		snprintf(buf, CELL_LEN, "-");
		return;
	}
	/* What stands for the idle loop is not another name of it where a softirq was on top. */
	if (pid.num)
		snprintf(buf, CELL_LEN, "%s-%" PRIu64, name, pid.num);
	else
		snprintf(buf, CELL_LEN, "idle");
	context = known_text("victim_context", line);
	if (!strcmp(context, "softirq"))
		snprintf(buf + strlen(buf), CELL_LEN - strlen(buf), "/softirq");
}

static void get_wakee(const struct list_render *r, const struct list_line *line, char *buf)
{
	const char *name = known_text("wakee", line);

	(void)r;
	if (name)
		snprintf(buf, CELL_LEN, "%s-%d", name, line->span->wakee);
	else
		snprintf(buf, CELL_LEN, "-");
}

static void get_idle(const struct list_render *r, const struct list_line *line, char *buf)
{
	const char *name = known_text("idle", line);

	(void)r;
	snprintf(buf, CELL_LEN, "%s", name ? name : "-");
}

/* In one word: what became of it, or of what is delivered how that was decided. */
static void get_result(const struct list_render *r, const struct list_line *line, char *buf)
{
	const char *word = known_text("outcome", line), *path = known_text("path", line);

	(void)r;
	if (line->kind == LIST_IRQ && line->outcome == LIST_NO_OUTCOME)
		word = "unsolicited";
	else if (line->kind == LIST_WAKE)
		word = "no_ipi";
	else if (line->outcome == LIST_RUN && path && strcmp(path, "unknown"))
		word = path; /* else that it ran is all that is known */
	else if (line->outcome == LIST_DELIVERED)
		word = known_text("how", line);
	snprintf(buf, CELL_LEN, "%s", word ? word : "-");
}

static void get_time(const struct list_render *r, const struct list_line *line, const char *key, char *buf)
{
	struct list_value v = list_column_find(key)->get(line);

	if (v.none)
		snprintf(buf, CELL_LEN, "-");
	else
		render_time(v.num, r->screen.utf8, buf);
}

/* from: UINT32_MAX = only as the column that is sorted by. */
static const struct text_column columns[] = {
	{ "TIME", 14, false, true, 0, get_when, NULL },
	{ "CPUS", 5, false, false, 0, get_cpus, NULL },
	{ "CLASS", 20, true, false, 180, get_class, NULL },
	{ "USER-FUNC", 28, true, false, 100, get_ufunc, NULL },
	{ "CALLER", 36, true, false, 0, get_caller, NULL },
	{ "FUNC", 28, true, false, 0, get_func, NULL },
	{ "SENDER", 22, true, false, 110, get_sender, NULL },
	{ "HITS", 22, true, false, 130, get_victim, NULL },
	{ "WAKES", 22, true, false, 90, get_wakee, NULL },
	{ "IDLE", 7, false, false, 90, get_idle, NULL },
	{ "DELIVERY", 8, false, true, 0, NULL, "delivery_ns" },
	{ "QUEUE", 8, false, true, UINT32_MAX, NULL, "queue_latency_ns" },
	{ "FUNCTION", 8, false, true, 100, NULL, "func_ns" },
	{ "HANDLER", 8, false, true, 90, NULL, "handler_ns" },
	{ "WAIT", 8, false, true, UINT32_MAX, NULL, "wait_ns" },
	{ "RESULT", 11, false, false, 0, get_result, NULL },
};

/* There is something in it, and it was not left to --sort. */
static bool wanted(const struct list_render *r, const struct text_column *c)
{
	if (c->get == get_ufunc && !r->trace->ufunc.how)
		return false; /* none were recorded */
	if ((c->get == get_wakee && !r->trace->beside.wakes) || (c->get == get_idle && !r->trace->beside.idle))
		return false;
	return c->from < UINT32_MAX || !strcmp(c->key, r->sort->key);
}

static bool fits_screen(const struct list_render *r, const struct text_column *c)
{
	return !r->screen.width || r->screen.width >= c->from || (c->key && !strcmp(c->key, r->sort->key));
}

static void cell(const struct list_render *r, const struct text_column *c, unsigned int width, const char *text,
		 bool last)
{
	char *fits = c->name && r->screen.width ? screen_shorten(&r->screen, text, width) : xstrdup(text);
	unsigned int have = screen_cells(fits), blanks = have < width ? width - have : 0;

	if (c->right)
		fprintf(r->out, "%*s%s", (int)blanks, "", fits);
	else
		fprintf(r->out, "%s%*s", fits, last ? 0 : (int)blanks, "");
	fputc(last ? '\n' : ' ', r->out);
	free(fits);
}

static void text_begin(struct list_render *r)
{
	struct state *s = r->state = xcalloc(1, sizeof(*s));
	unsigned int used = 0, names = 0, share;

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		if (!wanted(r, &columns[i]))
			continue;
		if (!fits_screen(r, &columns[i])) {
			s->left_out++;
			continue;
		}
		s->width[i] = columns[i].width;
		used += 1 + (columns[i].name ? 0 : columns[i].width);
		names += columns[i].name;
	}
	share = r->screen.width > used ? (r->screen.width - used) / names : 8;
	for (size_t i = 0; r->screen.width && i < ARRAY_SIZE(columns); i++)
		if (s->width[i] && columns[i].name)
			s->width[i] = share < 8 ? 8 : share > NAME_MOST ? NAME_MOST : share;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (s->width[i])
			cell(r, &columns[i], s->width[i], columns[i].header, i + 1 == ARRAY_SIZE(columns));
}

/* The kernel's frames, and below them the user's, who called. */
static void frames(const struct list_render *r, const struct list_line *line,
		   const char *(*get)(const struct list_line *line, unsigned int i))
{
	unsigned int width = r->screen.width > FRAME_INDENT ? r->screen.width - FRAME_INDENT : 0;
	const char *frame;

	for (unsigned int i = 0; (frame = get(line, i)); i++) {
		char *fits = screen_shorten(&r->screen, frame, width);

		fprintf(r->out, "%*s%s\n", FRAME_INDENT, "", fits);
		free(fits);
	}
}

static void text_line(struct list_render *r, const struct list_line *line)
{
	const struct state *s = r->state;
	char buf[CELL_LEN];

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		if (!s->width[i])
			continue;
		if (columns[i].get)
			columns[i].get(r, line, buf);
		else
			get_time(r, line, columns[i].key, buf);
		cell(r, &columns[i], s->width[i], buf, i + 1 == ARRAY_SIZE(columns));
	}
	if (!r->stacks)
		return;
	frames(r, line, list_frame);
	frames(r, line, list_user_frame);
}

static void text_end(struct list_render *r, uint64_t nr, uint64_t chosen)
{
	const struct state *s = r->state;
	char clock[64], *text;

	sanitize(clock, sizeof(clock), r->trace->clock);
	if (!nr && r->filtered)
		text = xasprintf("no IPI passes the filter; tier: %s, clock: %s", r->trace->tier, clock);
	else if (chosen == nr)
		text = xasprintf("%" PRIu64 " line%s; tier: %s, clock: %s", nr, plural_s(nr), r->trace->tier, clock);
	else
		text = xasprintf("%" PRIu64 " of %" PRIu64 " line%s; tier: %s, clock: %s", chosen, nr, plural_s(nr),
				 r->trace->tier, clock);
	fputc('\n', r->out);
	screen_wrap(&r->screen, text, r->out);
	free(text);
	if (s->left_out) {
		text = xasprintf("(%u %s not fit this terminal; --csv and --json show them)", s->left_out,
				 columns_do(s->left_out));
		screen_wrap(&r->screen, text, r->out);
		free(text);
	}
	free(r->state);
}

const struct list_render_ops list_render_text = { text_begin, text_line, text_end };

void list_render_columns(FILE *out)
{
	static const char *const units[] = { "name", "yes/no", "number", "ns", "ns" };

	char left[64];

	fputs("Columns, as in JSON, in CSV and in --where.\n\n", out);
	fprintf(out, "%-17s %-10s %-7s %s\n", "NAME", "ALSO", "UNIT", "MEANING");
	for (unsigned int i = 0; i < list_nr_columns; i++) {
		const struct list_column *c = &list_columns[i];

		snprintf(left, sizeof(left), "%-16s  %-9s  %s", c->key, c->short_key ? c->short_key : "-",
			 units[c->unit]);
		help_wrapped(out, left, 37, 0, c->help);
	}
}
