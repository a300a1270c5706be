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
#include "base/mem.h"
#include "base/text.h"
#include "render/render.h"

void render_time(uint64_t ns, bool utf8, char *buf)
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

static void value_text(struct value v, bool utf8, char *buf, size_t len)
{
	char time[RENDER_TIME_LEN];

	switch (v.type) {
	case VALUE_NONE:
		snprintf(buf, len, "-");
		break;
	case VALUE_TEXT:
		snprintf(buf, len, "%s", v.text);
		break;
	case VALUE_COUNT:
	case VALUE_ID:
		snprintf(buf, len, "%" PRIu64, v.num);
		break;
	case VALUE_NS:
		render_time(v.num, utf8, time);
		snprintf(buf, len, "%s", time);
		break;
	case VALUE_WHEN: /* as trace-cmd report prints time stamps: look it up there */
		snprintf(buf, len, "%" PRIu64 ".%06" PRIu64, v.num / 1000000000, v.num % 1000000000 / 1000);
		break;
	}
}

static bool is_name(const struct column *c)
{
	return c->kind == COLUMN_KEY && c->offset != AGG_KEY_SOURCE && c->offset != AGG_KEY_TARGET &&
	       c->offset != AGG_KEY_PID;
}

/* Characters of UTF-8 text, each of one cell: names are ASCII, units hold a micro sign. */
static unsigned int cells(const char *s)
{
	unsigned int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static unsigned int column_width(const struct report *r, const struct render_options *o, const struct column *c,
				 unsigned int nr)
{
	unsigned int width = cells(c->header), n;
	char buf[4096];

	for (unsigned int row = 0; row < nr; row++) {
		value_text(column_value(c, &r->rows[row]), o->utf8, buf, sizeof(buf));
		n = cells(buf);
		width = n > width ? n : width;
	}
	return width;
}

/*
 * A name cut to six letters is worth less than a column less: leave out what
 * matters least until the rest fits. kept[] has room for all of o's. Returns how
 * many are left.
 */
static unsigned int fit(const struct report *r, const struct render_options *o, unsigned int nr, FILE *out,
			const struct column **kept)
{
	static const char *const least[] = {
		"handler_sum", "delivery_max_at", "func_p50", "queue_p50", "delivery_p90", "handler_p50",
		"elided",      "coalesced",	  "sends",    "delivered", "calls",
	};
	unsigned int nr_kept = o->nr_columns, total = 0;
	struct winsize size;

	memcpy(kept, o->columns, nr_kept * sizeof(*kept));
	if (!o->may_drop || ioctl(fileno(out), TIOCGWINSZ, &size) || !size.ws_col)
		return nr_kept;
	for (unsigned int i = 0; i < nr_kept; i++)
		total += column_width(r, o, kept[i], nr) + 1;
	for (size_t l = 0; l < ARRAY_SIZE(least) && total > size.ws_col; l++) {
		for (unsigned int i = 0; i < nr_kept; i++) {
			if (strcmp(kept[i]->id, least[l]))
				continue;
			total -= column_width(r, o, kept[i], nr) + 1;
			memmove(&kept[i], &kept[i + 1], (--nr_kept - i) * sizeof(*kept));
			break;
		}
	}
	return nr_kept;
}

/* Numbers keep their width; names give way where the terminal is narrow. */
static int fill_table(struct libscols_table *table, const struct report *r, const struct render_options *o,
		      unsigned int nr)
{
	static const double name_hint = 0.15;
	char buf[4096];

	for (unsigned int i = 0; i < o->nr_columns; i++) {
		const struct column *c = o->columns[i];

		if (!scols_table_new_column(table, c->header, is_name(c) ? name_hint : 1,
					    is_name(c) ? SCOLS_FL_TRUNC : SCOLS_FL_RIGHT))
			return -1;
	}
	for (unsigned int row = 0; row < nr; row++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		if (!line)
			return -1;
		for (unsigned int i = 0; i < o->nr_columns; i++) {
			value_text(column_value(o->columns[i], &r->rows[row]), o->utf8, buf, sizeof(buf));
			if (scols_line_set_data(line, i, buf))
				return -1;
		}
	}
	return 0;
}

static int table(const struct report *r, const struct render_options *all, unsigned int nr, FILE *out, struct err *err)
{
	const struct column **kept = xcalloc(all->nr_columns, sizeof(*kept));
	struct libscols_table *t = scols_new_table();
	struct render_options some = *all;
	int ret = -1;

	some.nr_columns = fit(r, all, nr, out, kept);
	some.columns = kept;
	if (t && !fill_table(t, r, &some, nr)) {
		scols_table_set_stream(t, out);
		ret = scols_print_table(t);
	}
	scols_unref_table(t);
	free(kept);
	if (!ret && some.nr_columns < all->nr_columns)
		fprintf(out, "(%u columns do not fit this terminal; --csv, --json or --fields show them)\n",
			all->nr_columns - some.nr_columns);
	return ret ? err_set(err, EXIT_FAILED, "cannot print the table") : 0;
}

static void header(const struct report *r, const struct render_options *o, FILE *out)
{
	const struct trace_info *t = r->trace;
	char text[256], time[RENDER_TIME_LEN];

	sanitize(text, sizeof(text), t->path);
	render_time(t->end_ns - t->start_ns, o->utf8, time);
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
	fprintf(out, "own: %" PRIu64 " sends, %" PRIu64 " hits, %" PRIu64 " calls by ipitrace itself", own->n.sends,
		own->n.target_hits, own->n.calls);
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

	fprintf(out,
		"totals: %" PRIu64 " sends, %" PRIu64 " hits = %" PRIu64 " delivered + %" PRIu64 " coalesced + %" PRIu64
		" in flight + %" PRIu64 " lost\n",
		t->sends, t->target_hits, t->delivered, t->coalesced, t->in_flight, t->lost);
	fprintf(out, "calls: %" PRIu64 " = %" PRIu64 " run + %" PRIu64 " in flight + %" PRIu64 " lost", t->calls,
		t->calls_run, t->calls_in_flight, t->calls_lost);
	nonzero(out, t->ambiguous_calls, "ambiguous");
	nonzero(out, t->elided, "elided");
	nonzero(out, t->local_calls, "local");
	nonzero(out, t->calls_unqueued, "queued before the trace or in a gap");
	fputs("\ninterrupts:", out);
	for (unsigned int i = 0; i < r->nr_classes; i++) {
		if (!r->classes[i].interrupts)
			continue;
		fprintf(out, "%s%s %" PRIu64, sep, r->classes[i].name, r->classes[i].interrupts);
		sep = ", ";
	}
	fputs(t->interrupts ? "\n" : " none\n", out);
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

static void audit(const struct report *r, FILE *out)
{
	const struct match_totals *t = &r->totals;

	fprintf(out,
		"audit: matched %" PRIu64 "/%" PRIu64 " (%" PRIu64 " exact, %" PRIu64 " fifo), %" PRIu64
		" ambiguous, %" PRIu64 " coalesced, %" PRIu64 " unsolicited, ",
		t->exact + t->fifo, t->interrupts, t->exact, t->fifo, t->ambiguous, t->coalesced, t->unsolicited);
	if (r->trace->lost_unknown)
		fputs("an unknown number of lost events", out);
	else
		fprintf(out, "%" PRIu64 " lost events", r->trace->lost_events);
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
		if (c->low == c->high)
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
	if (t->incomplete)
		fputs("note: the recording did not end as it should\n", out);
	if (t->facts_gone)
		fputs("note: what ipitrace knew of this recording is gone (converted, or cut short): "
		      "losses at its end do not show\n",
		      out);
	if (t->bad_pages)
		fprintf(out, "note: %" PRIu64 " damaged sub-buffers were skipped\n", t->bad_pages);
	if (!t->clock_ns)
		fprintf(out, "note: clock %s does not count ns: times are withheld, counts are not affected\n",
			t->clock);
	else if (!t->clock_sync)
		fprintf(out,
			"note: clock %s is each CPU's own: times between CPUs are withheld, counts are not "
			"affected (record with clock mono)\n",
			t->clock);
	if (t->skew_ns)
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

int render_text(const struct report *r, const struct render_options *o, FILE *out, struct err *err)
{
	unsigned int nr = o->top && o->top < r->nr_rows ? o->top : r->nr_rows;
	char clock[64];

	header(r, o, out);
	if (nr && table(r, o, nr, out, err))
		return -1;
	if (!r->nr_rows)
		fputs(!r->trace->has_send ? "no senders: the recording has no send events\n" :
		      r->filtered	  ? "no IPI passes the filter\n" :
					    "no IPIs were sent\n",
		      out);
	if (nr < r->nr_rows)
		fprintf(out, "(%u more rows)\n", r->nr_rows - nr);
	fputc('\n', out);
	own(r, o, out);
	totals(r, out);
	unsolicited(r, o, out);
	sanitize(clock, sizeof(clock), r->trace->clock);
	notes(r, out);
	fprintf(out, "tier: %s, clock: %s\n", r->trace->tier, clock);
	audit(r, out);
	coverage(r, out);
	return 0;
}
