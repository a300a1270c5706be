// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/json.c - the JSON contract "ipitrace-report/1".
 *
 * Integers in ns; what does not exist is null, never zero. Keys may be added,
 * their meaning never changes: tests outside of this project read them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/event.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "render/parts-priv.h"
#include "render/render.h"
#include "report/tlb.h"
#include "report/totals.h"

struct state {
	struct json json;
	const struct column **columns; /* in JSON's order */
	bool buckets;
};

/* A count that the recording cannot prove does not exist. */
static void known_u64(struct json *j, const char *key, uint64_t val, bool known)
{
	if (known)
		json_u64(j, key, val);
	else
		json_null(j, key);
}

/* Null where the clock does not count ns. */
static void known_ns(struct json *j, const struct trace_info *t, const char *key, uint64_t ns)
{
	if (t->clock_ns)
		json_u64(j, key, ns);
	else
		json_null(j, key);
}

static void known_string(struct json *j, const char *key, const char *val)
{
	size_t len = val ? strlen(val) + 1 : 0;
	char *clean;

	if (len <= 1) {
		json_null(j, key);
		return;
	}
	clean = xmalloc(len);
	sanitize(clean, len, val);
	json_string(j, key, clean);
	free(clean);
}

static void json_lost_events(struct render *r, uint64_t lost)
{
	struct state *s = r->state;

	if (lost == IPI_LOST_UNKNOWN)
		json_null(&s->json, "lost_events");
	else
		json_u64(&s->json, "lost_events", lost);
}

/* Of a total, which is at this offset in struct match_totals: events a second of the window. */
static void rate(struct json *j, const char *key, const struct report *r, size_t offset)
{
	uint64_t ns = r->to_ns - r->from_ns;

	if (ns && total_is_known(offset, r))
		json_real(j, key, (double)*(const uint64_t *)((const char *)&r->totals + offset) * 1e9 / (double)ns);
	else
		json_null(j, key);
}

static void window(struct json *j, const struct report *r)
{
	if (!r->windowed) {
		json_null(j, "window");
		return;
	}
	json_object(j, "window");
	known_u64(j, "from_ns", r->from_ns, !r->nr_sources);
	known_u64(j, "to_ns", r->to_ns, !r->nr_sources);
	json_u64(j, "duration_ns", r->to_ns - r->from_ns);
	rate(j, "sends_per_s", r, offsetof(struct match_totals, sends));
	rate(j, "target_hits_per_s", r, offsetof(struct match_totals, target_hits));
	rate(j, "calls_per_s", r, offsetof(struct match_totals, calls));
	rate(j, "interrupts_per_s", r, offsetof(struct match_totals, interrupts));
	json_close(j);
}

static void user_stacks(struct json *j, const struct ufunc_info *u)
{
	if (!u->how) {
		json_null(j, "user_stacks");
		return;
	}
	json_object(j, "user_stacks");
	json_string(j, "how", u->how);
	json_u64(j, "stack_bytes", u->stack_bytes);
	json_u64(j, "sends", u->sends);
	json_u64(j, "framed", u->framed);
	json_u64(j, "by_interrupts", u->interrupts);
	json_u64(j, "no_user_side", u->kernel);
	json_u64(j, "by_32_bit", u->compat);
	json_u64(j, "unsampled", u->unsampled);
	json_u64(j, "lost_samples", u->lost);
	json_u64(j, "lost_mappings", u->side_lost);
	json_close(j);
}

static void beside(struct json *j, const struct beside_info *b)
{
	if (b->wakes) {
		json_object(j, "wake_ups");
		json_u64(j, "wakees", b->wakees);
		json_u64(j, "calls_unknown", b->calls_unknown);
		json_u64(j, "other_reschedules", b->other_reschedules);
		json_close(j);
	} else {
		json_null(j, "wake_ups");
	}
	if (b->idle) {
		json_object(j, "idle_states");
		json_u64(j, "known", b->states);
		json_u64(j, "unknown", b->states_unknown);
		json_close(j);
	} else {
		json_null(j, "idle_states");
	}
}

static void trace(struct render *r, struct json *j)
{
	const struct trace_info *t = r->report->trace;

	json_object(j, "trace");
	known_string(j, "kernel", t->kernel);
	known_string(j, "arch", t->arch);
	known_string(j, "clock", t->clock);
	json_bool(j, "clock_synchronised", t->clock_sync);
	if (t->skew_ns && t->clock_ns)
		json_u64(j, "skew_ns", t->skew_ns);
	else
		json_null(j, "skew_ns");
	json_string(j, "tier", t->tier);
	json_u64(j, "cpus", t->cpus);
	/* Clocks of several recordings have nothing in common. */
	known_u64(j, "start_ns", t->start_ns, t->clock_ns && !r->report->nr_sources);
	known_u64(j, "end_ns", t->end_ns, t->clock_ns && !r->report->nr_sources);
	json_u64(j, "events", t->events);
	json_u64(j, "other_events", t->other_events);
	render_lost_events(r);
	json_u64(j, "late_events", t->late_events);
	json_u64(j, "missed_sends", t->missed_sends);
	known_ns(j, t, "duration_ns", t->end_ns - t->start_ns);
	window(j, r->report);
	json_u64(j, "records", t->records);
	known_string(j, "file", t->path);
	known_u64(j, "file_version", (uint64_t)t->file_version, t->path);
	json_bool(j, "stacks", t->stacks);
	json_u64(j, "stacks_dropped", t->stacks_dropped);
	json_string(j, "send_stamp", t->send_stamp);
	json_bool(j, "foreign", t->foreign);
	known_string(j, "recorder", t->recorder);
	json_bool(j, "facts_gone", t->facts_gone);
	known_string(j, "command", t->command);
	known_string(j, "host", t->host);
	known_string(j, "date", t->date);
	known_string(j, "recorded_filters", t->kept);
	known_string(j, "damaged", t->damaged);
	json_bool(j, "incomplete", report_incomplete(r->report));
	json_array(j, "reasons");
	for (unsigned int i = 0; i < t->nr_reasons; i++)
		known_string(j, NULL, t->reasons[i]);
	json_close(j);
	json_u64(j, "blind_sends", t->blind_sends);
	json_u64(j, "blind_hits", t->blind_hits);
	json_bool(j, "truncated", t->truncated);
	json_u64(j, "bad_pages", t->bad_pages);
	json_bool(j, "filtered", r->report->filtered);
	known_string(j, "filters", r->report->filters);
	user_stacks(j, &t->ufunc);
	beside(j, &t->beside);
	known_string(j, "offline", r->report->offline);
	if (t->flight) {
		json_object(j, "flight");
		json_u64(j, "before_window", t->before_window);
		json_close(j);
	} else {
		json_null(j, "flight");
	}
	json_close(j);
}

static void totals(struct json *j, const struct report *r)
{
	json_object(j, "totals");
	for (unsigned int i = 0; i < report_nr_totals; i++)
		known_u64(j, report_totals[i].json, total_value(&report_totals[i], r),
			  total_exists(&report_totals[i], r));
	json_close(j);
}

/* --- rows: as the table of columns says --- */

static void value(struct json *j, const struct column *c, const struct report_row *row)
{
	struct value v = column_value(c, row);

	if (v.none) {
		json_null(j, c->json);
	} else if (c->unit == UNIT_STACK) {
		json_array(j, c->json);
		for (unsigned int i = 0; i < row->nr_frames; i++)
			json_string(j, NULL, row->frames[i].name);
		json_close(j);
	} else if (c->unit == UNIT_NAME) {
		json_string(j, c->json, v.text);
	} else {
		json_u64(j, c->json, v.num);
	}
}

static bool same_object(const struct column *a, const struct column *b)
{
	return a->object && b->object && !strcmp(a->object, b->object);
}

void render_json_buckets(struct json *j, const struct hist *h)
{
	bool compact = j->compact;
	uint64_t low_ns, count;
	uint32_t at = 0;

	json_array(j, "buckets");
	j->compact = true;
	while (hist_next(h, &at, &low_ns, &count)) {
		json_array(j, NULL);
		json_u64(j, NULL, low_ns);
		json_u64(j, NULL, count);
		json_close(j);
	}
	json_close(j);
	j->compact = compact;
}

void render_json_hist(struct json *j, const char *key, const struct hist *h)
{
	if (!h->count) {
		json_null(j, key);
		return;
	}
	json_object(j, key);
	json_u64(j, "count", h->count);
	json_u64(j, "min", h->min);
	json_u64(j, "mean", h->sum / h->count);
	json_u64(j, "p50", hist_percentile(h, 0.5));
	json_u64(j, "p90", hist_percentile(h, 0.9));
	json_u64(j, "p99", hist_percentile(h, 0.99));
	json_u64(j, "max", h->max);
	json_u64(j, "sum", h->sum);
	render_json_buckets(j, h);
	json_close(j);
}

/* The object that begins with the column at *c, under a key of its own; leaves *c at its last. */
static void object(struct state *s, const char *key, const struct column *const **c, const struct column *const *end,
		   const struct report_row *row)
{
	struct json *j = &s->json;
	const struct column *const *first = *c;
	bool any = column_samples(*first, row);

	if (any)
		json_object(j, key);
	else
		json_null(j, key);
	for (;; ++*c) {
		if (any)
			value(j, **c, row);
		if (*c + 1 == end || !same_object(*first, (*c)[1]))
			break;
	}
	if (!any)
		return;
	if (s->buckets)
		render_json_buckets(j, column_hist(*first, row));
	json_close(j);
}

static void values(struct state *s, const struct report_row *row, bool keys)
{
	const struct column *const *end = s->columns + report_nr_columns;

	for (const struct column *const *c = s->columns; c < end; c++) {
		if ((*c)->object)
			object(s, (*c)->object, &c, end, row);
		else if (keys || !column_is_key(*c))
			value(&s->json, *c, row);
	}
}

static void classes(struct state *s, const struct report *r)
{
	const struct column *const *end = s->columns + report_nr_columns, *const *handler = s->columns;
	struct json *j = &s->json;

	json_object(j, "interrupts_by_class");
	for (unsigned int i = 0; i < r->nr_classes; i++)
		known_u64(j, r->classes[i].name, r->classes[i].interrupts, r->classes[i].heard);
	json_close(j);
	/* Of no sender's row: receptions whose send is not in the trace. */
	while (!(*handler)->object || strcmp((*handler)->object, "handler_ns"))
		handler++;
	json_object(j, "unsolicited_handler_ns");
	for (unsigned int i = 0; i < r->nr_classes; i++) {
		const struct agg_row times = { .handler = *r->classes[i].unsolicited };
		const struct report_row row = { .agg = &times };
		const struct column *const *c = handler;

		object(s, r->classes[i].name, &c, end, &row);
	}
	json_close(j);
}

/* What is null because only some of the reports of a merge know it: as much as these know. */
static void at_least(struct json *j, const struct report *r)
{
	bool any = false;

	for (unsigned int i = 0; i < report_nr_totals; i++)
		any |= total_is_partial(&report_totals[i], r);
	for (unsigned int i = 0; i < r->nr_classes; i++)
		any |= r->classes[i].partly;
	if (!any)
		return;
	json_object(j, "at_least");
	json_object(j, "totals");
	for (unsigned int i = 0; i < report_nr_totals; i++)
		if (total_is_partial(&report_totals[i], r))
			json_u64(j, report_totals[i].json, total_value(&report_totals[i], r));
	json_close(j);
	json_object(j, "interrupts_by_class");
	for (unsigned int i = 0; i < r->nr_classes; i++)
		if (r->classes[i].partly)
			json_u64(j, r->classes[i].name, r->classes[i].interrupts);
	json_close(j);
	json_close(j);
}

static void coverage(struct json *j, const struct report *r)
{
	json_array(j, "coverage");
	for (unsigned int i = 0; i < r->nr_coverage; i++) {
		const struct coverage *c = &r->coverage[i];

		json_object(j, NULL);
		known_string(j, "name", c->name);
		json_u64(j, "traced", c->traced);
		json_u64(j, "low", c->low);
		if (c->open)
			json_null(j, "high");
		else
			json_u64(j, "high", c->high);
		if (c->sent)
			json_bool(j, "sent", true);
		json_bool(j, "ok", c->ok);
		json_bool(j, "missing", c->missing);
		json_close(j);
	}
	json_close(j);
}

/* Hits of each bin, from trace.start_ns on. */
static void bins(struct json *j, const struct report *r, const struct report_bins *b)
{
	bool compact = j->compact;

	json_array(j, "over_time");
	j->compact = true;
	for (unsigned int i = 0; i < r->nr_bins; i++)
		json_u64(j, NULL, report_bin(b, i));
	json_close(j);
	j->compact = compact;
}

static void interval(struct json *j, const struct report *r)
{
	if (!r->interval)
		return;
	json_object(j, "interval");
	known_ns(j, r->trace, "start_ns", r->trace->start_ns);
	known_ns(j, r->trace, "end_ns", r->trace->end_ns);
	json_close(j);
}

/* The reports that it was merged of. */
static void sources(struct json *j, const struct report *r)
{
	json_array(j, "merged");
	for (unsigned int i = 0; i < r->nr_sources; i++) {
		const struct report_source *s = &r->sources[i];

		json_object(j, NULL);
		known_string(j, "host", s->host);
		known_string(j, "date", s->date);
		known_string(j, "kernel", s->kernel);
		json_u64(j, "cpus", s->cpus);
		json_u64(j, "start_ns", s->start_ns);
		json_u64(j, "duration_ns", s->duration_ns);
		json_u64(j, "events", s->events);
		known_u64(j, "lost_events", s->lost_events, !s->lost_unknown);
		json_u64(j, "target_hits", s->target_hits);
		json_bool(j, "incomplete", s->incomplete);
		json_array(j, "reasons");
		for (unsigned int k = 0; k < s->nr_reasons; k++)
			known_string(j, NULL, s->reasons[k]);
		json_close(j);
		json_close(j);
	}
	json_close(j);
}

static int json_begin(struct render *r, struct err *err)
{
	const struct report_row own = { .agg = r->report->own, .trace = r->report->trace };
	struct state *s = r->state = xcalloc(1, sizeof(*s));
	struct json *j = &s->json;

	(void)err;
	j->out = r->out;
	j->compact = r->options->line;
	s->columns = columns_json();
	s->buckets = !r->options->head_only;
	json_object(j, NULL);
	json_string(j, "schema", "ipitrace-report/1");
	interval(j, r->report);
	trace(r, j);
	if (r->report->nr_sources)
		sources(j, r->report);
	totals(j, r->report);
	classes(s, r->report);
	at_least(j, r->report);
	json_object(j, "own");
	values(s, &own, false);
	if (r->report->bin_ns)
		bins(j, r->report, &r->report->own_bins);
	json_close(j);
	if (r->report->bin_ns) {
		json_u64(j, "bin_ns", r->report->bin_ns);
		json_u64(j, "nr_bins", r->report->nr_bins);
		json_u64(j, "bins_from_ns", r->report->bins_from_ns);
		json_u64(j, "bins_to_ns", r->report->bins_to_ns);
	}
	coverage(j, r->report);
	json_array(j, "by");
	for (unsigned int i = 0; i < r->report->nr_by; i++)
		json_string(j, NULL, report_key_name(r->report->by[i]));
	json_close(j);
	json_u64(j, "rows_total", r->report->nr_rows);
	json_array(j, "rows");
	return 0;
}

static int json_row(struct render *r, const struct report_row *row, struct err *err)
{
	struct state *s = r->state;

	(void)err;
	json_object(&s->json, NULL);
	values(s, row, true);
	if (r->report->bin_ns)
		bins(&s->json, r->report, &row->bins);
	if (row->tlb)
		render_tlb_json_row(&s->json, row->tlb, &row->agg->handler, r->report->tlb->events);
	json_close(&s->json);
	return 0;
}

static int json_end(struct render *r, struct err *err)
{
	struct state *s = r->state;

	(void)err;
	json_close(&s->json);
	if (r->options->matrix)
		render_matrix_json(r, &s->json);
	if (r->report->tlb)
		render_tlb_json(r->report->tlb, &s->json);
	json_close(&s->json);
	free(s->columns);
	return 0;
}

const struct render_ops render_json = {
	.begin = json_begin,
	.row = json_row,
	.end = json_end,
	.lost_events = json_lost_events,
};
