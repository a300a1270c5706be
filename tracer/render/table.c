// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/table.c - a report for people: header, table, and the lines that say
 * how far to trust it.
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
#include "report/tlb.h"

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
	unsigned int dropped = table_draw(r, s);

	if (dropped)
		fprintf(r->out, "(%u %s not fit this terminal; --csv, --json or --fields show them)\n", dropped,
			columns_do(dropped));
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

static void sends_and_hits(FILE *out, uint64_t sends, uint64_t hits)
{
	fprintf(out, "%" PRIu64 " send%s, %" PRIu64 " hit%s", sends, plural_s(sends), hits, plural_s(hits));
}

static void own(const struct report *r, const struct render_options *o, FILE *out)
{
	const struct agg_row *own = r->own;
	char p50[RENDER_TIME_LEN];

	if (!own->n.sends && !own->n.calls && !own->n.elided)
		return;
	fputs("own: ", out);
	if (r->trace->has_send)
		sends_and_hits(out, own->n.sends, own->n.target_hits);
	fprintf(out, "%s%" PRIu64 " call%s by %s", r->trace->has_send ? ", " : "", own->n.calls, plural_s(own->n.calls),
		r->trace->recorder);
	if (own->delivery.count) {
		render_time(hist_percentile(&own->delivery, 0.5), o->screen.utf8, p50);
		fprintf(out, ", p50 %s", p50);
	}
	fputs(" (in the totals, in no row)\n", out);
}

static void nonzero(FILE *out, uint64_t n, const char *what)
{
	if (n)
		fprintf(out, ", %" PRIu64 " %s", n, what);
}

static void totals(const struct report *r, FILE *out)
{
	const struct match_totals *t = &r->totals;
	const char *sep = " ";

	fputs("totals: ", out);
	if (r->trace->has_send)
		sends_and_hits(out, t->sends, t->target_hits);
	if (!r->trace->has_send)
		fputs("sends not recorded\n", out);
	else if (r->trace->arrivals_unknown)
		fputs("; which arrived is not known\n", out);
	else
		fprintf(out,
			" = %" PRIu64 " delivered + %" PRIu64 " coalesced + %" PRIu64 " in flight + %" PRIu64 " lost",
			t->delivered, t->coalesced, t->in_flight, t->lost);
	if (r->hits_unknown && !r->trace->arrivals_unknown)
		fprintf(out, " + %" PRIu64 " not known (no interrupts of their class were recorded)", r->hits_unknown);
	if (r->trace->has_send && !r->trace->arrivals_unknown)
		fputc('\n', out);
	if (r->trace->blind_sends)
		fprintf(out,
			"without targets: %" PRIu64 " send%s to %" PRIu64
			" CPU%s by hyperv_send_ipi_mask, which does not "
			"say which: in no row, their interrupts are unsolicited\n",
			r->trace->blind_sends, plural_s(r->trace->blind_sends), r->trace->blind_hits,
			plural_s(r->trace->blind_hits));
	fputs("calls:", out);
	if (!r->trace->calls_unknown)
		fprintf(out, " %" PRIu64, t->calls);
	if (r->trace->calls_unknown)
		fputs(" not recorded", out);
	else if (r->trace->runs_unknown)
		fputs(" queued; which ran is not known", out);
	else
		fprintf(out, " = %" PRIu64 " run + %" PRIu64 " in flight + %" PRIu64 " lost", t->calls_run,
			t->calls_in_flight, t->calls_lost);
	nonzero(out, t->ambiguous_calls, "ambiguous");
	nonzero(out, r->trace->elided_unknown ? 0 : t->elided, "elided");
	nonzero(out, t->local_calls, "local");
	nonzero(out, t->calls_unqueued - t->calls_unqueued_untraced, "queued before the trace or in a gap");
	nonzero(out, t->calls_unqueued_untraced, "by senders that recorded nothing");
	if (r->trace->has_send && !r->trace->runs_unknown && t->waits + t->waits_unknown)
		fprintf(out, "\nwaits: how long the sender waited is known of %" PRIu64 ", not known of %" PRIu64,
			t->waits, t->waits_unknown);
	fputs("\ninterrupts:", out);
	for (unsigned int i = 0; i < r->nr_classes; i++) {
		if (!r->classes[i].interrupts)
			continue;
		fprintf(out, "%s%s %" PRIu64, sep, r->classes[i].name, r->classes[i].interrupts);
		sep = ", ";
	}
	fputs(t->interrupts ? "\n" : r->trace->arrivals_unknown ? " not recorded\n" : " none\n", out);
}

/* One interrupt is for all IPIs: some send had caused each, but which is not known. */
static bool mixed(const struct report *r)
{
	return r->trace->has_send && r->trace->arrivals_unknown;
}

/* Where no sends were recorded this is all there is to say of the targets' time. */
static void unsolicited(const struct report *r, const struct render_options *o, FILE *out)
{
	char p50[RENDER_TIME_LEN], max[RENDER_TIME_LEN], sum[RENDER_TIME_LEN];

	for (unsigned int i = 0; i < r->nr_classes; i++) {
		const struct hist *h = r->classes[i].unsolicited;

		if (!h->count)
			continue;
		render_time(hist_percentile(h, 0.5), o->screen.utf8, p50);
		render_time(h->max, o->screen.utf8, max);
		render_time(h->sum, o->screen.utf8, sum);
		fprintf(out, "%s: %" PRIu64 " %s, handler p50 %s, max %s on CPU %u, sum %s\n",
			mixed(r) ? "of all kinds" : "unsolicited", h->count, r->classes[i].name, p50, max, h->max_cpu,
			sum);
	}
}

void render_text_lost_events(struct render *r, uint64_t lost)
{
	if (lost == IPI_LOST_UNKNOWN)
		fputs("an unknown number of lost events", r->out);
	else
		fprintf(r->out, "%" PRIu64 " lost event%s", lost, plural_s(lost));
}

static void audit(struct render *r)
{
	const struct match_totals *t = &r->report->totals;
	FILE *out = r->out;

	if (!r->report->trace->has_send || r->report->trace->arrivals_unknown) {
		fputs("audit: nothing to match, ", out);
		if (t->unsolicited && !mixed(r->report))
			fprintf(out, "%" PRIu64 " unsolicited, ", t->unsolicited);
		render_lost_events(r);
		fputc('\n', out);
		return;
	}
	fprintf(out,
		"audit: matched %" PRIu64 "/%" PRIu64 " (%" PRIu64 " exact, %" PRIu64 " fifo), %" PRIu64
		" ambiguous, %" PRIu64 " coalesced, %" PRIu64 " unsolicited",
		t->exact + t->fifo, t->interrupts, t->exact, t->fifo, t->ambiguous, t->coalesced, t->unsolicited);
	if (t->unsolicited_in_gap)
		fprintf(out, " (%" PRIu64 " in or right behind a gap)", t->unsolicited_in_gap);
	fputs(", ", out);
	render_lost_events(r);
	nonzero(out, t->in_flight, "in flight");
	nonzero(out, t->lost, t->lost == 1 ? "hit lost" : "hits lost");
	nonzero(out, t->negative, "negative (clock skew)");
	fputc('\n', out);
}

static void user_stacks(struct render *r)
{
	const struct ufunc_info *u = &r->report->trace->ufunc;

	if (!u->how)
		return;
	fprintf(r->out,
		"user stacks: %" PRIu64 " of %" PRIu64 " sends (%s); %" PRIu64 " by interrupts, %" PRIu64
		" without a user side",
		u->framed, u->sends, u->how, u->interrupts, u->kernel);
	nonzero(r->out, u->compat, "by 32-bit processes");
	nonzero(r->out, u->unsampled, "without a sample");
	nonzero(r->out, u->lost, u->lost == 1 ? "sample lost" : "samples lost");
	nonzero(r->out, u->side_lost, u->side_lost == 1 ? "mapping lost" : "mappings lost");
	fputc('\n', r->out);
}

static void beside(const struct report *r, FILE *out)
{
	const struct beside_info *b = &r->trace->beside;

	if (b->wakes)
		fprintf(out,
			"wake-ups: %" PRIu64 " with a wakee, %" PRIu64 " queued for a task that is not known; %" PRIu64
			" other reschedule%s\n",
			b->wakees, b->calls_unknown, b->other_reschedules, plural_s(b->other_reschedules));
	if (b->idle && b->states + b->states_unknown)
		fprintf(out, "idle states: known of %" PRIu64 " target%s, not known of %" PRIu64 "\n", b->states,
			plural_s(b->states), b->states_unknown);
}

static void coverage(const struct report *r, FILE *out)
{
	char name[32];

	if (!r->nr_coverage)
		return;
	fputs("coverage of /proc/interrupts:", out);
	for (unsigned int i = 0; i < r->nr_coverage; i++) {
		const struct coverage *c = &r->coverage[i];

		sanitize(name, sizeof(name), c->name);
		fprintf(out, "%s %s %" PRIu64 " %s ", i ? "," : "", name, c->traced,
			c->sent ? "sent for" : "traced of");
		if (c->open)
			fprintf(out, "%" PRIu64 " or more", c->low);
		else if (c->low == c->high)
			fprintf(out, "%" PRIu64, c->low);
		else
			fprintf(out, "%" PRIu64 "..%" PRIu64, c->low, c->high);
		if (c->runs && c->traced < c->low)
			fprintf(out, " (%" PRIu64 " without an event)", c->low - c->traced);
		else if (!c->ok)
			fputs(" (MISMATCH)", out);
	}
	fputc('\n', out);
}

static const char *sent_before(uint64_t nr)
{
	return nr == 1 ? "interrupt sent before the window" : "interrupts sent before the window";
}

static void notes(const struct report *r, FILE *out)
{
	const struct trace_info *t = r->trace;

	if (t->flight) {
		char length[RENDER_TIME_LEN];

		render_time(t->end_ns - t->start_ns, false, length);
		fprintf(out, "note: a flight recorder's, window of %s from %" PRIu64 ".%06" PRIu64, length,
			t->start_ns / 1000000000, t->start_ns / 1000 % 1000000);
		nonzero(out, t->before_window, sent_before(t->before_window));
		fputc('\n', out);
	}
	if (t->truncated)
		fputs("note: the file is cut: it ends before its data does; this is the readable part\n", out);
	if (t->damaged)
		fprintf(out, "note: the file is damaged: its %s is not as it was written; numbers may be wrong\n",
			t->damaged);
	if (r->offline)
		fprintf(out, "note: %s\n", r->offline);
	for (unsigned int i = 0; i < t->nr_reasons; i++) {
		char text[512];

		sanitize(text, sizeof(text), t->reasons[i]);
		fprintf(out, "note: incomplete: %s\n", text);
	}
	if (t->incomplete && !t->nr_reasons)
		fputs("note: the recording did not end as it should\n", out);
	if (t->facts_gone)
		fprintf(out, "note: what ipitrace knew of this recording is gone%s: losses at its end do not show\n",
			t->damaged ? "" : " (another tool converted it)");
	if (t->foreign && !t->facts_gone && !t->kernel[0])
		fputs("note: the file does not say on what kernel, when and by whom it was recorded (trace-cmd split "
		      "drops that): what was lost or missed does not show\n",
		      out);
	if (t->bad_pages)
		fprintf(out, "note: %" PRIu64 " damaged sub-buffer%s skipped\n", t->bad_pages,
			t->bad_pages == 1 ? " was" : "s were");
	if (t->buffers[0])
		fprintf(out,
			"note: read from several buffers: %s; what was recorded in two counts twice "
			"(--buffer NAME reads one)\n",
			t->buffers);
	if (t->clock_doubt[0])
		fprintf(out, "note: the file calls the clock both %s and %s; taken as %s\n", t->clock, t->clock_doubt,
			t->clock);
	if (!t->clock_ns && !strcmp(t->clock, "uptime"))
		fputs("note: clock uptime counts jiffies: times are withheld, and where stamps are equal the order of "
		      "CPUs, so what is coalesced or unsolicited, is uncertain\n",
		      out);
	else if (!t->clock_ns)
		fprintf(out, "note: clock %s does not count ns: times are withheld, counts are not affected\n",
			t->clock);
	else if (!t->clock_sync)
		fprintf(out,
			"note: clock %s is each CPU's own: times between CPUs are withheld, counts are not "
			"affected (record with clock mono)\n",
			t->clock);
	if (t->stacks_dropped)
		fprintf(out,
			"note: too many different stacks: %" PRIu64
			" of them were not kept, and their senders are shown by "
			"call site\n",
			t->stacks_dropped);
	if (t->skew_ns && t->clock_ns)
		fprintf(out,
			"note: the clock of CPU %u is behind that of CPU %u by %" PRIu64 " ns or more: "
			"effects are stamped before their causes\n",
			t->skew_cpus[1], t->skew_cpus[0], t->skew_ns);
	if (t->missed_sends)
		fprintf(out,
			"note: %" PRIu64 " send%s missed, because another probe was running: "
			"their interrupts are unsolicited\n",
			t->missed_sends, t->missed_sends == 1 ? " was" : "s were");
	if (t->ufunc.how && !strcmp(t->ufunc.how, "fp"))
		fputs("note: user stacks by frame pointers: code without them is missed, above all the function that called "
		      "a C library without them\n",
		      out);
	if (t->has_send && !t->has_reception)
		fprintf(out, "note: %s: what was delivered, and when, is not known\n", trace_info_unheard(t));
}

FILE *wrapped_begin(struct wrapped *w, FILE *out)
{
	w->mem = open_memstream(&w->text, &w->len);
	return w->mem ? w->mem : out; /* without memory for that, as it comes */
}

void wrapped_end(struct wrapped *w, const struct render *r)
{
	if (!w->mem)
		return;
	fclose(w->mem);
	screen_wrap(&r->options->screen, w->text, r->out);
	free(w->text);
}

void render_text_head(struct render *r)
{
	struct wrapped w;

	header(r->report, r->options, wrapped_begin(&w, r->out));
	wrapped_end(&w, r);
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
	char to[32], time[RENDER_TIME_LEN];

	render_value(&point, (struct value){ .num = t->end_ns }, false, to, sizeof(to));
	render_time(t->end_ns - t->start_ns, r->options->screen.utf8, time);
	fprintf(r->out, "%s, %s: ", to, time);
	sends_and_hits(r->out, r->report->totals.sends, r->report->totals.target_hits);
	fprintf(r->out, ", %" PRIu64 " interrupt%s, ", r->report->totals.interrupts,
		plural_s(r->report->totals.interrupts));
	render_lost_events(r);
	nonzero(r->out, t->late_events, "late");
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

/* How far to trust it. */
static void trust(struct render *r)
{
	const struct report *report = r->report;
	FILE *out = r->out;
	struct wrapped w;
	char clock[64];

	r->out = wrapped_begin(&w, r->out);
	own(report, r->options, r->out);
	totals(report, r->out);
	unsolicited(report, r->options, r->out);
	sanitize(clock, sizeof(clock), report->trace->clock);
	notes(report, r->out);
	fprintf(r->out, "tier: %s, clock: %s\n", report->trace->tier, clock);
	audit(r);
	user_stacks(r);
	beside(r->report, r->out);
	coverage(report, r->out);
	r->out = out;
	wrapped_end(&w, r);
}

/* For whom the lines above are too much; programs and files have no use for it. */
static bool by_slowest(const struct report *r)
{
	for (unsigned int i = 0; i < r->nr_by; i++)
		if (r->by[i] == AGG_KEY_SLOWEST)
			return true;
	return false;
}

static void verdict(struct render *r)
{
	const struct screen *s = &r->options->screen;
	FILE *out = r->out, *lines;
	struct wrapped w, wrapped;
	bool good;

	fputc('\n', out);
	r->out = wrapped_begin(&wrapped, out);
	lines = wrapped_begin(&w, r->out);
	good = render_verdict(r->report, lines);
	wrapped_end(&w, r);
	r->out = out;
	if (!wrapped.mem)
		return;
	fclose(wrapped.mem);
	/* Nothing stands out where nothing is wrong. */
	if (!good)
		screen_begin(s, STYLE_BAD, out);
	fprintf(out, "%.*s", (int)(wrapped.len - 1), wrapped.text);
	if (!good)
		screen_end(s, out);
	fputc('\n', out);
	free(wrapped.text);
}

static const char *tlb_none(const struct report_tlb *t)
{
	return t->filtered ? "no IPI that was sent to flush a TLB passes the filter\n" :
			     "no IPI was sent to flush a TLB\n";
}

void render_text_foot(struct render *r)
{
	const struct report *report = r->report;

	if (!report->nr_rows)
		fputs(!report->trace->has_send ? "no senders: the recording has no send events\n" :
		      report->tlb	       ? tlb_none(report->tlb) :
		      by_slowest(report) ?
				    report->trace->runs_unknown ?
				    "how long senders waited is not known: no runs of functions were recorded\n" :
				    "no multicast is known to have been waited for\n" :
		      report->filtered ? "no IPI passes the filter\n" :
					 "no IPIs were sent\n",
		      r->out);
	if (r->nr_rows < report->nr_rows)
		fprintf(r->out, "(%u more row%s)\n", report->nr_rows - r->nr_rows,
			plural_s(report->nr_rows - r->nr_rows));
	fputc('\n', r->out);
	trust(r);
	if (r->options->screen.terminal)
		verdict(r);
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
