// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/table.c - a report for people: header, table, and the lines that say
 * how far to trust it.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <libsmartcols.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/event.h"
#include "base/mem.h"
#include "base/text.h"
#include "render/render.h"

struct state {
	struct libscols_table *table;
	const struct column **columns; /* that fit */
	unsigned int nr_columns;
};

/* "1.8us", "12.3ms": three digits, the unit that fits; buf of RENDER_TIME_LEN. */
#define RENDER_TIME_LEN 16
static void render_time(uint64_t ns, bool utf8, char *buf)
{
	static const struct {
		uint64_t ns;
		const char *ascii, *utf8;
	} units[] = {
		{ 1000000000, "s", "s" },
		{ 1000000, "ms", "ms" },
		{ 1000, "us", "\xc2\xb5s" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		const char *unit = utf8 ? units[i].utf8 : units[i].ascii;
		double v = (double)ns / (double)units[i].ns;

		if (ns < units[i].ns)
			continue;
		/* 9.996 would round to 10.00: choose the digits after rounding. */
		snprintf(buf, RENDER_TIME_LEN, "%.*f%s", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, unit);
		return;
	}
	snprintf(buf, RENDER_TIME_LEN, "%" PRIu64 "ns", ns);
}

static void value_text(const struct column *c, struct value v, bool utf8, char *buf, size_t len)
{
	char time[RENDER_TIME_LEN];

	if (v.none) {
		snprintf(buf, len, "-");
		return;
	}
	switch (c->unit) {
	case UNIT_NAME:
	case UNIT_STACK:
		snprintf(buf, len, "%s", v.text);
		break;
	case UNIT_COUNT:
	case UNIT_ID:
		snprintf(buf, len, "%" PRIu64, v.num);
		break;
	case UNIT_NS:
		render_time(v.num, utf8, time);
		snprintf(buf, len, "%s", time);
		break;
	case UNIT_WHEN:			      /* as trace-cmd report prints time stamps: look it up there */
		v.num = (v.num + 500) / 1000; /* it rounds */
		snprintf(buf, len, "%" PRIu64 ".%06" PRIu64, v.num / 1000000, v.num % 1000000);
		break;
	}
}

static bool is_name(const struct column *c)
{
	return c->unit == UNIT_NAME || c->unit == UNIT_STACK;
}

/* Characters of UTF-8 text, each of one cell: names are ASCII, units hold a micro sign. */
static unsigned int cells(const char *s)
{
	unsigned int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static unsigned int column_width(const struct render *r, const struct column *c)
{
	unsigned int width = cells(c->header), n;
	char buf[4096];

	for (unsigned int row = 0; row < r->nr_rows; row++) {
		value_text(c, column_value(c, &r->report->rows[row]), r->options->utf8, buf, sizeof(buf));
		n = cells(buf);
		width = n > width ? n : width;
	}
	return width;
}

/* Of those that may go: the one that matters least; nr if none may. */
static unsigned int least(const struct column *const *columns, unsigned int nr)
{
	unsigned int found = nr;

	for (unsigned int i = 0; i < nr; i++)
		if (columns[i]->shown && columns[i]->shown < COLUMN_STAYS &&
		    (found == nr || columns[i]->shown < columns[found]->shown))
			found = i;
	return found;
}

/*
 * A name cut to six letters is worth less than a column less: leave out what
 * matters least until the rest fits. kept[] has room for all columns. Returns
 * how many are left.
 */
static unsigned int fit(const struct render *r, const struct column **kept)
{
	const struct render_options *o = r->options;
	unsigned int nr = o->nr_columns, total = 0, i;
	struct winsize size;

	memcpy(kept, o->columns, nr * sizeof(*kept));
	if (!o->may_drop || ioctl(fileno(r->out), TIOCGWINSZ, &size) || !size.ws_col)
		return nr;
	for (i = 0; i < nr; i++)
		total += column_width(r, kept[i]) + 1;
	while (total > size.ws_col && (i = least(kept, nr)) < nr) {
		total -= column_width(r, kept[i]) + 1;
		memmove(&kept[i], &kept[i + 1], (--nr - i) * sizeof(*kept));
	}
	return nr;
}

static int cannot_print(struct err *err)
{
	return err_set(err, EXIT_FAILED, "cannot print the table");
}

/* Numbers keep their width; names give way where the terminal is narrow. */
static int table_begin(const struct render *r, struct state *s, struct err *err)
{
	static const double name_hint = 0.15;

	s->columns = xcalloc(r->options->nr_columns, sizeof(*s->columns));
	s->nr_columns = fit(r, s->columns);
	s->table = scols_new_table();
	if (!s->table)
		return cannot_print(err);
	for (unsigned int i = 0; i < s->nr_columns; i++) {
		const struct column *c = s->columns[i];

		if (!scols_table_new_column(s->table, c->header, is_name(c) ? name_hint : 1,
					    is_name(c) ? SCOLS_FL_TRUNC : SCOLS_FL_RIGHT))
			return cannot_print(err);
	}
	return 0;
}

static int text_row(struct render *r, const struct report_row *row, struct err *err)
{
	struct state *s = r->state;
	struct libscols_line *line = scols_table_new_line(s->table, NULL);
	char buf[4096];

	for (unsigned int i = 0; line && i < s->nr_columns; i++) {
		value_text(s->columns[i], column_value(s->columns[i], row), r->options->utf8, buf, sizeof(buf));
		if (scols_line_set_data(line, i, buf))
			return cannot_print(err);
	}
	return line ? 0 : cannot_print(err);
}

static int table_end(const struct render *r, const struct state *s, struct err *err)
{
	scols_table_set_stream(s->table, r->out);
	if (scols_print_table(s->table))
		return cannot_print(err);
	if (s->nr_columns < r->options->nr_columns)
		fprintf(r->out, "(%u columns do not fit this terminal; --csv, --json or --fields show them)\n",
			r->options->nr_columns - s->nr_columns);
	return 0;
}

static void header(const struct report *r, const struct render_options *o, FILE *out)
{
	const struct trace_info *t = r->trace;
	char text[256], time[RENDER_TIME_LEN];

	sanitize(text, sizeof(text), t->path);
	if (t->clock_ns)
		render_time(t->end_ns - t->start_ns, o->utf8, time);
	else
		snprintf(time, sizeof(time), "%" PRIu64 " ticks", t->end_ns - t->start_ns);
	fprintf(out, "%s: ", text);
	sanitize(text, sizeof(text), t->kernel);
	fprintf(out, "Linux %s", text[0] ? text : "(unknown release)");
	sanitize(text, sizeof(text), t->arch);
	fprintf(out, "%s%s, %u CPUs, %s, %" PRIu64 " events%s\n\n", text[0] ? " " : "", text, t->cpus, time, t->events,
		r->filtered ? ", filtered" : "");
}

static void own(const struct report *r, const struct render_options *o, FILE *out)
{
	const struct agg_row *own = r->own;
	char p50[RENDER_TIME_LEN];

	if (!own->n.sends && !own->n.calls && !own->n.elided)
		return;
	fprintf(out, "own: %" PRIu64 " sends, %" PRIu64 " hits, %" PRIu64 " calls by %s", own->n.sends,
		own->n.target_hits, own->n.calls, r->trace->recorder);
	if (own->delivery.count) {
		render_time(hist_percentile(&own->delivery, 0.5), o->utf8, p50);
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

	fprintf(out, "totals: %" PRIu64 " sends, %" PRIu64 " hits", t->sends, t->target_hits);
	if (r->trace->arrivals_unknown)
		fputs("; which arrived is not known\n", out);
	else
		fprintf(out,
			" = %" PRIu64 " delivered + %" PRIu64 " coalesced + %" PRIu64 " in flight + %" PRIu64 " lost\n",
			t->delivered, t->coalesced, t->in_flight, t->lost);
	fprintf(out, "calls: %" PRIu64, t->calls);
	if (r->trace->runs_unknown)
		fputs(" queued; which ran is not known", out);
	else
		fprintf(out, " = %" PRIu64 " run + %" PRIu64 " in flight + %" PRIu64 " lost", t->calls_run,
			t->calls_in_flight, t->calls_lost);
	nonzero(out, t->ambiguous_calls, "ambiguous");
	nonzero(out, r->trace->elided_unknown ? 0 : t->elided, "elided");
	nonzero(out, t->local_calls, "local");
	nonzero(out, t->calls_unqueued - t->calls_unqueued_untraced, "queued before the trace or in a gap");
	nonzero(out, t->calls_unqueued_untraced, "by senders that recorded nothing");
	fputs("\ninterrupts:", out);
	for (unsigned int i = 0; i < r->nr_classes; i++) {
		if (!r->classes[i].interrupts)
			continue;
		fprintf(out, "%s%s %" PRIu64, sep, r->classes[i].name, r->classes[i].interrupts);
		sep = ", ";
	}
	fputs(t->interrupts ? "\n" : r->trace->arrivals_unknown ? " not recorded\n" : " none\n", out);
}

/* Where no sends were recorded this is all there is to say of the targets' time. */
static void unsolicited(const struct report *r, const struct render_options *o, FILE *out)
{
	char p50[RENDER_TIME_LEN], max[RENDER_TIME_LEN], sum[RENDER_TIME_LEN];

	for (unsigned int i = 0; i < r->nr_classes; i++) {
		const struct hist *h = r->classes[i].unsolicited;

		if (!h->count)
			continue;
		render_time(hist_percentile(h, 0.5), o->utf8, p50);
		render_time(h->max, o->utf8, max);
		render_time(h->sum, o->utf8, sum);
		fprintf(out, "unsolicited: %" PRIu64 " %s, handler p50 %s, max %s on CPU %u, sum %s\n", h->count,
			r->classes[i].name, p50, max, h->max_cpu, sum);
	}
}

static void text_lost_events(struct render *r, uint64_t lost)
{
	if (lost == IPI_LOST_UNKNOWN)
		fputs("an unknown number of lost events", r->out);
	else
		fprintf(r->out, "%" PRIu64 " lost events", lost);
}

static void audit(struct render *r)
{
	const struct match_totals *t = &r->report->totals;
	FILE *out = r->out;

	if (r->report->trace->arrivals_unknown) {
		fputs("audit: nothing to match, ", out);
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
	nonzero(out, t->lost, "hits lost");
	nonzero(out, t->negative, "negative (clock skew)");
	fputc('\n', out);
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
		fprintf(out, "%s %s %" PRIu64 " traced of ", i ? "," : "", name, c->traced);
		if (c->open)
			fprintf(out, "%" PRIu64 " or more", c->low);
		else if (c->low == c->high)
			fprintf(out, "%" PRIu64, c->low);
		else
			fprintf(out, "%" PRIu64 "..%" PRIu64, c->low, c->high);
		if (!c->ok)
			fputs(" (MISMATCH)", out);
	}
	fputc('\n', out);
}

static void notes(const struct report *r, FILE *out)
{
	const struct trace_info *t = r->trace;

	if (t->truncated)
		fputs("note: the file ends before its data does; this is the readable part\n", out);
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
		fputs("note: what ipitrace knew of this recording is gone (converted, or cut short): "
		      "losses at its end do not show\n",
		      out);
	if (t->bad_pages)
		fprintf(out, "note: %" PRIu64 " damaged sub-buffers were skipped\n", t->bad_pages);
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
	if (t->skew_ns && t->clock_ns)
		fprintf(out,
			"note: the clock of CPU %u is behind that of CPU %u by %" PRIu64 " ns or more: "
			"effects are stamped before their causes\n",
			t->skew_cpus[1], t->skew_cpus[0], t->skew_ns);
	if (t->missed_sends)
		fprintf(out,
			"note: %" PRIu64 " sends were missed, because another probe was running: "
			"their interrupts are unsolicited\n",
			t->missed_sends);
	if (t->has_send && !t->has_reception)
		fputs("note: no reception events: what was delivered, and when, is not known\n", out);
}

static int text_begin(struct render *r, struct err *err)
{
	struct state *s = r->state = xcalloc(1, sizeof(*s));

	header(r->report, r->options, r->out);
	return r->nr_rows ? table_begin(r, s, err) : 0;
}

static int text_end(struct render *r, struct err *err)
{
	const struct report *report = r->report;
	struct state *s = r->state;
	FILE *out = r->out;
	char clock[64];
	int ret = r->nr_rows ? table_end(r, s, err) : 0;

	scols_unref_table(s->table);
	free(s->columns);
	if (ret)
		return ret;
	if (!report->nr_rows)
		fputs(!report->trace->has_send ? "no senders: the recording has no send events\n" :
		      report->filtered	       ? "no IPI passes the filter\n" :
						 "no IPIs were sent\n",
		      out);
	if (r->nr_rows < report->nr_rows)
		fprintf(out, "(%u more rows)\n", report->nr_rows - r->nr_rows);
	fputc('\n', out);
	own(report, r->options, out);
	totals(report, out);
	unsolicited(report, r->options, out);
	sanitize(clock, sizeof(clock), report->trace->clock);
	notes(report, out);
	fprintf(out, "tier: %s, clock: %s\n", report->trace->tier, clock);
	audit(r);
	coverage(report, out);
	return 0;
}

const struct render_ops render_text = {
	.usual_columns = true,
	.begin = text_begin,
	.row = text_row,
	.end = text_end,
	.lost_events = text_lost_events,
};
