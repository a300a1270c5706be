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
#include <string.h>

#include "base/compiler.h"
#include "base/json.h"
#include "base/text.h"
#include "render/render.h"

static void known_string(struct json *j, const char *key, const char *val)
{
	char clean[256];

	if (!val || !val[0]) {
		json_null(j, key);
		return;
	}
	sanitize(clean, sizeof(clean), val);
	json_string(j, key, clean);
}

static void trace(struct json *j, const struct report *r)
{
	const struct trace_info *t = r->trace;

	json_object(j, "trace");
	known_string(j, "kernel", t->kernel);
	known_string(j, "arch", t->arch);
	known_string(j, "clock", t->clock);
	json_bool(j, "clock_synchronised", t->clock_sync);
	if (t->skew_ns)
		json_u64(j, "skew_ns", t->skew_ns);
	else
		json_null(j, "skew_ns");
	json_string(j, "tier", t->tier);
	json_u64(j, "cpus", t->cpus);
	json_u64(j, "start_ns", t->start_ns);
	json_u64(j, "end_ns", t->end_ns);
	json_u64(j, "events", t->events);
	if (t->lost_unknown)
		json_null(j, "lost_events");
	else
		json_u64(j, "lost_events", t->lost_events);
	json_u64(j, "missed_sends", t->missed_sends);
	json_u64(j, "duration_ns", t->end_ns - t->start_ns);
	json_u64(j, "records", t->records);
	known_string(j, "file", t->path);
	json_u64(j, "file_version", (uint64_t)t->file_version);
	json_bool(j, "stacks", t->stacks);
	json_bool(j, "foreign", t->foreign);
	json_bool(j, "facts_gone", t->facts_gone);
	json_bool(j, "incomplete", t->incomplete);
	json_bool(j, "truncated", t->truncated);
	json_u64(j, "bad_pages", t->bad_pages);
	json_bool(j, "filtered", r->filtered);
	json_close(j);
}

static void totals(struct json *j, const struct report *r)
{
	const struct match_totals *t = &r->totals;

	json_object(j, "totals");
	json_u64(j, "sends", t->sends);
	json_u64(j, "target_hits", t->target_hits);
	json_u64(j, "delivered", t->delivered);
	json_u64(j, "coalesced", t->coalesced);
	json_u64(j, "in_flight", t->in_flight);
	json_u64(j, "lost", t->lost);
	json_u64(j, "interrupts", t->interrupts);
	json_u64(j, "unsolicited", t->unsolicited);
	json_u64(j, "calls", t->calls);
	json_u64(j, "calls_run", t->calls_run);
	json_u64(j, "calls_in_flight", t->calls_in_flight);
	json_u64(j, "calls_lost", t->calls_lost);
	json_u64(j, "elided", t->elided);
	json_u64(j, "local_calls", t->local_calls);
	json_u64(j, "exact", t->exact);
	json_u64(j, "fifo", t->fifo);
	json_u64(j, "ambiguous", t->ambiguous);
	json_u64(j, "own_sends", r->own->n.sends);
	json_u64(j, "ambiguous_calls", t->ambiguous_calls);
	json_u64(j, "riders", t->riders);
	json_u64(j, "polled", t->polled);
	json_u64(j, "wakes", t->wakes);
	json_u64(j, "negative", t->negative);
	json_u64(j, "empty_interrupts", t->empty_interrupts);
	json_u64(j, "calls_unqueued", t->calls_unqueued);
	json_u64(j, "exits_unentered", t->exits_unentered);
	json_close(j);
}

static void distribution(struct json *j, const char *key, const struct hist *h)
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
	json_u64(j, "p999", hist_percentile(h, 0.999));
	json_u64(j, "max", h->max);
	json_u64(j, "max_at_ns", h->max_at_ns);
	json_u64(j, "max_cpu", h->max_cpu);
	json_u64(j, "sum", h->sum);
	json_close(j);
}

static void classes(struct json *j, const struct report *r)
{
	json_object(j, "interrupts_by_class");
	for (unsigned int i = 0; i < r->nr_classes; i++)
		json_u64(j, r->classes[i].name, r->classes[i].interrupts);
	json_close(j);
	/* Of no sender's row: receptions whose send is not in the trace. */
	json_object(j, "unsolicited_handler_ns");
	for (unsigned int i = 0; i < r->nr_classes; i++)
		distribution(j, r->classes[i].name, r->classes[i].unsolicited);
	json_close(j);
}

static void counts(struct json *j, const struct agg_row *a)
{
	const struct agg_counts *n = &a->n;

	json_u64(j, "sends", n->sends);
	json_u64(j, "target_hits", n->target_hits);
	json_u64(j, "delivered", n->delivered);
	json_u64(j, "coalesced", n->coalesced);
	json_u64(j, "in_flight", n->in_flight);
	json_u64(j, "lost", n->lost);
	json_u64(j, "exact", n->exact);
	json_u64(j, "fifo", n->fifo);
	json_u64(j, "ambiguous", n->ambiguous);
	json_u64(j, "calls", n->calls);
	json_u64(j, "calls_run", n->calls_run);
	json_u64(j, "calls_in_flight", n->calls_in_flight);
	json_u64(j, "calls_lost", n->calls_lost);
	json_u64(j, "elided", n->elided);
	distribution(j, "delivery_ns", &a->delivery);
	distribution(j, "queue_ns", &a->queue);
	distribution(j, "func_ns", &a->func_time);
	distribution(j, "handler_ns", &a->handler);
}

static void number_or_null(struct json *j, const struct agg_row *a, enum agg_key key, uint64_t val)
{
	if (a->mixed >> key & 1)
		json_null(j, report_key_name(key));
	else
		json_u64(j, report_key_name(key), val);
}

static void row(struct json *j, const struct report_row *row)
{
	const struct agg_row *a = row->agg;

	json_object(j, NULL);
	json_string(j, "caller", row->caller);
	json_string(j, "callsite", row->callsite);
	json_string(j, "func", row->func);
	json_string(j, "class", row->class);
	number_or_null(j, a, AGG_KEY_SOURCE, a->source);
	number_or_null(j, a, AGG_KEY_TARGET, a->target);
	json_string(j, "comm", row->comm);
	number_or_null(j, a, AGG_KEY_PID, (uint32_t)a->pid);
	if (row->nr_frames) {
		json_array(j, "stack");
		for (unsigned int i = 0; i < row->nr_frames; i++)
			json_string(j, NULL, row->frames[i]);
		json_close(j);
	} else {
		json_null(j, "stack");
	}
	counts(j, a);
	json_close(j);
}

void render_json(const struct report *r, const struct render_options *o, FILE *out)
{
	unsigned int nr = o->top && o->top < r->nr_rows ? o->top : r->nr_rows;
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_string(&j, "schema", "ipitrace-report/1");
	trace(&j, r);
	totals(&j, r);
	classes(&j, r);
	json_object(&j, "own");
	counts(&j, r->own);
	json_close(&j);
	json_array(&j, "coverage");
	for (unsigned int i = 0; i < r->nr_coverage; i++) {
		const struct coverage *c = &r->coverage[i];

		json_object(&j, NULL);
		known_string(&j, "name", c->name);
		json_u64(&j, "traced", c->traced);
		json_u64(&j, "low", c->low);
		json_u64(&j, "high", c->high);
		json_bool(&j, "ok", c->ok);
		json_close(&j);
	}
	json_close(&j);
	json_array(&j, "by");
	for (unsigned int i = 0; i < r->nr_by; i++)
		json_string(&j, NULL, report_key_name(r->by[i]));
	json_close(&j);
	json_u64(&j, "rows_total", r->nr_rows);
	json_array(&j, "rows");
	for (unsigned int i = 0; i < nr; i++)
		row(&j, &r->rows[i]);
	json_close(&j);
	json_close(&j);
}
