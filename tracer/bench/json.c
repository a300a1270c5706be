// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/json.c - a result as JSON, "ipitrace-bench/1": what --compare reads.
 *
 * Integers in ns; what does not exist is null, never zero. Keys never change
 * their meaning; more may be added.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/json.h"
#include "bench/result.h"
#include "decode/decode.h"

static void cpu(struct json *j, const char *key, uint32_t n)
{
	if (n == BENCH_NO_CPU)
		json_null(j, key);
	else
		json_u64(j, key, n);
}

/* UINT64_MAX = unknown */
static void known(struct json *j, const char *key, uint64_t n)
{
	if (n == UINT64_MAX)
		json_null(j, key);
	else
		json_u64(j, key, n);
}

static void dist(struct json *j, const char *key, const struct bench_dist *d)
{
	if (!d->count) {
		json_null(j, key);
		return;
	}
	json_object(j, key);
	json_u64(j, "count", d->count);
	json_u64(j, "min", d->min);
	json_u64(j, "mean", d->mean);
	json_u64(j, "p50", d->p50);
	json_u64(j, "p90", d->p90);
	json_u64(j, "p99", d->p99);
	json_u64(j, "p999", d->p999);
	json_u64(j, "max", d->max);
	json_close(j);
}

static void counts(struct json *j, const struct bench_rep *r)
{
	json_u64(j, "sends", r->sends);
	json_u64(j, "hits", r->hits);
	json_u64(j, "accepted", r->accepted);
	json_u64(j, "no_irq", r->no_irq);
	json_u64(j, "wrong_cpu", r->wrong_cpu);
	json_u64(j, "no_window", r->no_window);
	json_u64(j, "coalesced", r->coalesced);
	json_u64(j, "unconfirmed", r->unconfirmed);
	json_u64(j, "interrupts", r->interrupts);
	json_u64(j, "truncated", r->truncated);
	json_u64(j, "ipi_ns", r->ipi_ns);
	json_u64(j, "total_ns", r->total_ns);
	json_u64(j, "ran_ns", r->ran_ns);
}

static void row(struct json *j, const struct bench_row *r)
{
	char buf[160];
	const char *text;

	json_object(j, NULL);
	json_string(j, "mode", bench_modes[r->mode].word);
	json_string(j, "title", bench_modes[r->mode].title);
	json_string(j, "state", bench_state_name(r->state));
	cpu(j, "source", r->source);
	cpu(j, "target", r->target);
	json_u64(j, "targets", r->nr_targets);
	json_string(j, "relation", r->has_relation ? bench_relation_name(r->relation) : NULL);
	json_string(j, "reason", r->reason[0] ? r->reason : NULL);
	json_string(j, "measured", r->reason[0] || !r->nr_reps ? NULL : bench_measured_name(r->measured));
	counts(j, &r->sum);
	known(j, "rate_per_s", bench_row_rate(r));
	dist(j, "delivery_ns", &r->dist[BENCH_DELIVERY]);
	dist(j, "round_trip_ns", &r->dist[BENCH_ROUND_TRIP]);
	known(j, "spread_permille", r->reason[0] ? UINT64_MAX : r->spread_permille);
	json_array(j, "warnings");
	for (unsigned int i = 0; (text = bench_row_warning(r, i, buf, sizeof(buf))); i++)
		json_string(j, NULL, text);
	json_close(j);
	json_array(j, "repetitions");
	for (unsigned int i = 0; i < r->nr_reps; i++) {
		json_object(j, NULL);
		known(j, "p50_ns", r->reps[i].of[r->measured].p50);
		known(j, "p50_step_ns", r->reps[i].of[r->measured].step);
		known(j, "mean_ns", r->reps[i].of[r->measured].mean);
		json_bool(j, "partial", r->reps[i].partial);
		counts(j, &r->reps[i]);
		json_close(j);
	}
	json_close(j);
	json_close(j);
}

static void checks(struct json *j, const struct bench_result *r)
{
	if (!r->nr_checks) {
		json_null(j, "trace");
		return;
	}
	json_array(j, "trace");
	for (unsigned int i = 0; i < r->nr_checks; i++) {
		const struct bench_check *c = &r->checks[i];

		json_object(j, NULL);
		json_string(j, "mode", c->mode);
		json_string(j, "title", c->title);
		json_u64(j, "sent", c->sent);
		json_u64(j, "matched", c->matched);
		json_u64(j, "mismatched", c->mismatched);
		json_object(j, "matched_by_class");
		for (unsigned int class = 0; class < IPI_NR_CLASSES; ++class)
			if (c->seen[class])
				json_u64(j, ipi_class_name(class), c->seen[class]);
		json_close(j);
		json_u64(j, "elided", c->elided);
		json_u64(j, "undecided", c->unconfirmed);
		json_u64(j, "lost_events", c->lost_events);
		known(j, "plain_p50_ns", c->plain_ns);
		known(j, "traced_p50_ns", c->traced_ns);
		json_string(j, "first_mismatch", c->first[0] ? c->first : NULL);
		json_close(j);
	}
	json_close(j);
}

void bench_json(const struct bench_result *r, FILE *out)
{
	struct json j = { .out = out };
	char buf[160];
	const char *text;

	json_object(&j, NULL);
	json_string(&j, "schema", "ipitrace-bench/1");
	json_string(&j, "backend", r->backend == BENCH_USER ? "membarrier" : "module");
	json_u64(&j, "iterations", r->iterations);
	json_u64(&j, "repeat", r->repeat);
	json_u64(&j, "senders", r->nr_senders);
	json_u64(&j, "pace_ns", r->pace_ns);
	json_u64(&j, "handler_ns", r->handler_ns);
	json_u64(&j, "irqs_off_ns", r->irqs_off_ns);
	json_bool(&j, "partial", r->partial);
	json_array(&j, "warnings");
	for (unsigned int i = 0; (text = bench_result_warning(r, i, buf, sizeof(buf))); i++)
		json_string(&j, NULL, text);
	json_close(&j);
	json_object(&j, "environment");
	for (unsigned int i = 0; i < r->env.nr; i++)
		json_string(&j, r->env.facts[i].key, r->env.facts[i].value ? r->env.facts[i].value : "unknown");
	json_close(&j);
	json_array(&j, "rows");
	for (unsigned int i = 0; i < r->nr_rows; i++)
		row(&j, &r->rows[i]);
	json_close(&j);
	checks(&j, r);
	json_close(&j);
}
