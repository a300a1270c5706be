// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/tlb.c - TLB shootdowns: who flushes, how many CPUs each time, who waits how long, and what no IPI tells.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/hist.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/tlb.h"
#include "render/grid.h"
#include "render/parts-priv.h"
#include "render/render.h"
#include "render/value.h"
#include "report/tlb.h"

/* A figure of a row; CPUS has one digit behind the point. */
static char *figure(const struct report_row *row, const struct column *c, const struct screen *screen)
{
	struct value v = column_value(c, row);
	char buf[32];

	if (!v.none && !strcmp(c->id, "cpus"))
		return xasprintf("%.1f", (double)v.num / TLB_MEAN_UNIT);
	if (!v.none && !strcmp(c->id, "pages") && v.num == TLB_PAGES_ALL)
		return xstrdup("all");
	render_value(c, v, screen->utf8, buf, sizeof(buf));
	return xstrdup(buf);
}

/* --- text --- */

#define MAX_FIGURES 16

struct sheet {
	struct grid_column columns[AGG_NR_KEYS + MAX_FIGURES];
	const struct column *figures[MAX_FIGURES];
	unsigned int nr_columns, nr_figures, nr_rows;
	unsigned int nr_local; /* rows that flushed their own CPU alone */
	char **cells;
};

static int text_begin(struct render *r, struct err *err)
{
	struct sheet *s = r->state = xcalloc(1, sizeof(*s));

	(void)err;
	for (unsigned int i = 0; i < r->report->nr_by; i++)
		s->columns[s->nr_columns++] =
			(struct grid_column){ .header = column_of_key(r->report->by[i])->header, .name = true };
	for (const struct column *c = tlb_columns; c < tlb_columns + tlb_nr_columns && s->nr_figures < MAX_FIGURES;
	     c++) {
		if (!c->shown || (tlb_column_needs_events(c) && !r->report->tlb->events))
			continue;
		s->figures[s->nr_figures++] = c;
		s->columns[s->nr_columns++] = (struct grid_column){
			.header = c->header,
			.right = true,
			.drop = c->shown == COLUMN_STAYS ? 0 : c->shown,
		};
	}
	s->cells = xcalloc((size_t)r->nr_rows * s->nr_columns + 1, sizeof(*s->cells));
	render_text_head(r);
	return 0;
}

static int text_row(struct render *r, const struct report_row *row, struct err *err)
{
	struct sheet *s = r->state;
	const struct tlb_sums *sums = row->tlb;
	char **cell = s->cells + (size_t)s->nr_rows * s->nr_columns, buf[4096];

	(void)err;
	if (!sums->flushes && !sums->reasons[TLB_BY_SEND] && !sums->reasons[TLB_BY_HYPERCALL]) {
		s->nr_local++;
		return 0;
	}
	s->nr_rows++;
	for (unsigned int i = 0; i < r->report->nr_by; i++) {
		const struct column *c = column_of_key(r->report->by[i]);

		render_value(c, column_value(c, row), r->options->screen.utf8, buf, sizeof(buf));
		*cell++ = xstrdup(buf);
	}
	for (unsigned int i = 0; i < s->nr_figures; i++)
		*cell++ = figure(row, s->figures[i], &r->options->screen);
	return 0;
}

static void what_for(const struct report_tlb *t, FILE *out)
{
	static const char *const texts[TLB_NR_WORKS] = {
		[TLB_WORK_USER] = "of processes",
		[TLB_WORK_KERNEL] = "of the kernel's addresses or of everything",
		[TLB_WORK_TABLES] = "that flush nothing (they wait for those who walk page tables)",
	};
	const char *sep = " = ";

	fprintf(out, "flushes: %" PRIu64, t->all->flushes);
	for (unsigned int work = TLB_WORK_USER; work < TLB_NR_WORKS; work++) {
		if (!t->all->by_work[work])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", sep, t->all->by_work[work], texts[work]);
		sep = " + ";
	}
	fputs(t->by_sends ? "; those that needed no send are missing\n" : "\n", out);
}

static void waits(const struct tlb_sums *s, const struct render *r, FILE *out)
{
	char sum[RENDER_TIME_LEN];

	if (!s->flushes)
		return;
	fprintf(out, "waits: %" PRIu64 " known", s->wait.count);
	if (s->wait.count) {
		render_time(s->wait.sum, r->options->screen.utf8, sum);
		fprintf(out, ", together %s", sum);
	}
	fprintf(out, ", %" PRIu64 " not known\n", s->wait_unknown);
}

/* The events by reason: what was begun, what that came to. */
static void events(const struct report_tlb *t, FILE *out)
{
	const struct tlb_sums *s = t->all;
	uint64_t other = s->reasons[TLB_NR_REASONS];

	if (!t->events) {
		/* Behind a filter nobody knows. */
		if (!t->filtered && t->ways & 1u << TLB_WAY_LAZY) /* x86 alone has the event */
			fputs("events: none of tlb_flush, which tells of local flushes, of pages, and of flushes that needed "
			      "no IPI (record --with tlb)\n",
			      out);
		return;
	}
	for (unsigned int i = TLB_BY_WRONG_CPU + 1; i < TLB_BY_HYPERCALL; i++)
		other += s->reasons[i];
	fprintf(out,
		"events: %" PRIu64 " to other CPUs (%" PRIu64 " found none to ask), %" PRIu64 " of everything; %" PRIu64
		" local",
		s->reasons[TLB_BY_SEND], s->unsent, s->pages_all, tlb_local_flushes(s));
	fprintf(out, "; %" PRIu64 " on targets, %" PRIu64 " functions ran without one", s->reasons[TLB_BY_REMOTE],
		s->no_event);
	if (s->reasons[TLB_BY_WRONG_CPU] > s->own_wrong)
		fprintf(out, ", %" PRIu64 " where the process no longer ran",
			s->reasons[TLB_BY_WRONG_CPU] - s->own_wrong);
	if (s->own_wrong)
		fprintf(out, "; %" PRIu64 " of the own CPU, which ran another process", s->own_wrong);
	if (s->reasons[TLB_BY_HYPERCALL])
		fprintf(out, "; %" PRIu64 " by hypercall", s->reasons[TLB_BY_HYPERCALL]);
	if (s->reasons[TLB_BY_SWITCH])
		fprintf(out, "; %" PRIu64 " by switches of processes", s->reasons[TLB_BY_SWITCH]);
	if (other)
		fprintf(out, "; %" PRIu64 " for other reasons", other);
	fputc('\n', out);
}

static void without_ipi(const struct report_tlb *t, FILE *out)
{
	for (unsigned int way = 0; way < TLB_NR_WAYS; way++)
		if (t->ways & 1u << way)
			fprintf(out, "note: %s%s\n", tlb_way_row((enum tlb_way)way)->text,
				tlb_ways_rule(1u << way) ? ": a 0 here says nothing of flushes" : "");
	if (!t->ways_known)
		fputs("note: the recording does not say whether the CPU (INVLPGB) or a hypervisor flush without IPIs\n",
		      out);
}

static int text_end(struct render *r, struct err *err)
{
	struct sheet *s = r->state;
	const struct grid grid = { s->columns, s->nr_columns, s->cells, s->nr_rows, NULL };
	const struct report_tlb *t = r->report->tlb;
	FILE *out = r->out, *lines;
	struct screen_wrapped w;

	(void)err;
	if (s->nr_rows) {
		render_grid(&grid, &r->options->screen, out);
		fputc('\n', out);
	}
	lines = screen_wrapped_begin(&w, out);
	if (s->nr_local)
		fprintf(lines, "(%u more row%s flushed their own CPU alone; --csv and --json have them)\n", s->nr_local,
			s->nr_local > 1 ? "s" : "");
	what_for(t, lines);
	waits(t->all, r, lines);
	events(t, lines);
	without_ipi(t, lines);
	screen_wrapped_end(&w, &r->options->screen, r->out);
	grid_free_cells(s->cells, (size_t)s->nr_columns * s->nr_rows);
	render_text_foot(r);
	return 0;
}

const struct render_ops render_tlb = {
	.begin = text_begin,
	.row = text_row,
	.end = text_end,
	.lost_events = render_text_lost_events,
};

/* --- CSV --- */

static int csv_begin(struct render *r, struct err *err)
{
	const char *sep = "";

	(void)err;
	render_csv_keys(r, NULL);
	for (unsigned int i = 0; i < tlb_nr_columns; i++) {
		if (!tlb_columns[i].json)
			continue;
		fputs(sep, r->out);
		render_csv_name(r, &tlb_columns[i]);
		sep = ",";
	}
	fputc('\n', r->out);
	render_lost_events(r);
	return 0;
}

static int csv_row(struct render *r, const struct report_row *row, struct err *err)
{
	const char *sep = "";

	(void)err;
	render_csv_keys(r, row);
	for (unsigned int i = 0; i < tlb_nr_columns; i++) {
		if (!tlb_columns[i].json)
			continue;
		fputs(sep, r->out);
		render_csv_cell(r, &tlb_columns[i], row);
		sep = ",";
	}
	fputc('\n', r->out);
	return 0;
}

const struct render_ops render_tlb_csv = {
	.begin = csv_begin,
	.row = csv_row,
	.end = render_csv_end,
	.lost_events = render_csv_lost_events,
};

/* --- JSON --- */

/* Names as the kernel's symbols have them, in small letters. */
static const char *const reasons[] = {
	[TLB_BY_SWITCH] = "task_switch",    [TLB_BY_REMOTE] = "remote_shootdown",
	[TLB_BY_LOCAL] = "local_shootdown", [TLB_BY_LOCAL_MM] = "local_mm_shootdown",
	[TLB_BY_SEND] = "remote_send_ipi",  [TLB_BY_WRONG_CPU] = "remote_wrong_cpu",
	[TLB_BY_HYPERCALL] = "hypercall",
};

static void json_reasons(struct json *j, const struct tlb_sums *s)
{
	json_object(j, "reasons");
	for (unsigned int i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i])
			json_u64(j, reasons[i], s->reasons[i]);
	json_close(j);
}

void render_tlb_json_row(struct json *j, const struct tlb_sums *s, const struct hist *stolen, bool events)
{
	json_object(j, "tlb");
	json_u64(j, "flushes", s->flushes);
	json_object(j, "flushes_by_work");
	for (unsigned int work = TLB_WORK_USER; work < TLB_NR_WORKS; work++)
		json_u64(j, tlb_work_name((enum tlb_work)work), s->by_work[work]);
	json_close(j);
	render_json_hist(j, "cpus", &s->cpus);
	render_json_hist(j, "wait_ns", &s->wait);
	json_u64(j, "wait_unknown", s->wait_unknown);
	if (stolen && stolen->count)
		json_u64(j, "stolen_ns", stolen->sum);
	else
		json_null(j, "stolen_ns");
	if (events) {
		json_reasons(j, s);
		json_u64(j, "unsent", s->unsent);
		json_u64(j, "runs_without_event", s->no_event);
		json_u64(j, "own_wrong_cpu", s->own_wrong);
		json_u64(j, "pages_all", s->pages_all);
	} else {
		json_null(j, "reasons");
		json_null(j, "unsent");
		json_null(j, "runs_without_event");
		json_null(j, "own_wrong_cpu");
		json_null(j, "pages_all");
	}
	render_json_hist(j, "pages", &s->pages);
	json_close(j);
}

void render_tlb_json(const struct report_tlb *t, struct json *j)
{
	json_object(j, "tlb_view");
	json_bool(j, "events", t->events);
	json_bool(j, "by_sends", t->by_sends);
	json_bool(j, "without_ipi_known", t->ways_known);
	json_array(j, "without_ipi");
	for (unsigned int way = 0; way < TLB_NR_WAYS; way++)
		if (t->ways & 1u << way)
			json_string(j, NULL, tlb_way_row((enum tlb_way)way)->name);
	json_close(j);
	render_tlb_json_row(j, t->all, NULL, t->events);
	json_close(j);
}
