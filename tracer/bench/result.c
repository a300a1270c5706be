// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/result.c - samples in, distributions, spread and doubts out.
 *
 * A sample in which no interrupt happened, or nobody can say whether one did,
 * which ran on a wrong CPU, or whose target did not have interrupts off as
 * asked, is counted and enters no distribution. The modes that by their nature
 * send no IPI (dry run, self) have no sample to reject.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "bench/result.h"

const struct bench_mode bench_modes[IPITRACE_BENCH_NR_PRIMITIVES] = {
	[IPITRACE_BENCH_DRY_RUN] = { "dry-run", "Dry-run" },
	[IPITRACE_BENCH_SELF] = { "self", "Self-IPI" },
	[IPITRACE_BENCH_SINGLE] = { "single", "Normal IPI" },
	[IPITRACE_BENCH_ASYNC] = { "async", "Async IPI" },
	[IPITRACE_BENCH_MANY] = { "many", "Multicast IPI" },
	[IPITRACE_BENCH_BROADCAST] = { "broadcast", "Broadcast IPI" },
	[IPITRACE_BENCH_BROADCAST_LOCK] = { "broadcast-lock", "Broadcast lock" },
	[IPITRACE_BENCH_KICK_ALL] = { "kick-all", "Kick all" },
	[IPITRACE_BENCH_IRQ_WORK] = { "irq-work", "IRQ work" },
	[IPITRACE_BENCH_RESCHEDULE] = { "reschedule", "Reschedule" },
	[IPITRACE_BENCH_RESCHEDULE_RAW] = { "reschedule-raw", "Reschedule raw" },
	[IPITRACE_BENCH_WAKEUP] = { "wakeup", "Wake-up" },
	[IPITRACE_BENCH_STORM] = { "storm", "Storm" },
};

const char *bench_state_name(uint32_t state)
{
	static const char *const names[IPITRACE_BENCH_NR_STATES] = { "idle", "busy", "irqs-off" };

	return state < IPITRACE_BENCH_NR_STATES ? names[state] : "unknown";
}

const char *bench_measured_name(enum bench_measured m)
{
	return m == BENCH_DELIVERY ? "delivery" : "round-trip";
}

#define NOT_KNOWN (IPITRACE_BENCH_S_UNCONFIRMED | IPITRACE_BENCH_S_UNDECIDED)

/* Of one kind of time, as it was measured: for the median. */
struct values {
	uint64_t *v;
	size_t nr;
};

/* One repetition on its way into a row. */
struct adding {
	struct bench_rep rep;
	const struct bench_raw *raw;
	uint64_t per_sample; /* IPIs that a sample stands for */
	struct hist hist[BENCH_NR_MEASURED];
	struct values values[BENCH_NR_MEASURED];
};

static void count_flags(struct adding *a, uint32_t flags)
{
	struct bench_rep *rep = &a->rep;
	bool known = !(flags & NOT_KNOWN), irq = !(flags & IPITRACE_BENCH_S_NO_IRQ);

	rep->no_irq += !irq;
	rep->wrong_cpu += !!(flags & IPITRACE_BENCH_S_WRONG_CPU);
	rep->coalesced += !!(flags & IPITRACE_BENCH_S_COALESCED);
	rep->no_entry += !!(flags & IPITRACE_BENCH_S_NO_ENTRY);
	rep->unconfirmed += irq && !known;
	/* One that is shared was counted with the call before. */
	if (!a->raw->no_ipi && irq && known && !(flags & IPITRACE_BENCH_S_COALESCED))
		rep->interrupts += a->per_sample;
}

static bool same_send(const struct ipitrace_bench_sample *a, const struct ipitrace_bench_sample *b)
{
	return a->source == b->source && a->seq == b->seq;
}

static void add_time(struct adding *a, enum bench_measured m, uint64_t ns, const struct ipitrace_bench_sample *s)
{
	hist_add(&a->hist[m], ns, s->send_ns, s->target);
	a->values[m].v[a->values[m].nr++] = ns;
}

/* The samples of one send: hits of a mask, or just one. Returns how many. */
static uint64_t add_send(struct adding *a, const struct ipitrace_bench_sample *s, uint64_t left)
{
	const struct bench_raw *raw = a->raw;
	const uint32_t reject = IPITRACE_BENCH_S_WRONG_CPU | (raw->no_ipi ? 0 : IPITRACE_BENCH_S_NO_IRQ | NOT_KNOWN);
	uint64_t nr = 0, slowest = 0, round_trip;
	bool entry = false, good = true;

	for (; nr < left && same_send(s, s + nr); nr++) {
		const struct ipitrace_bench_sample *h = s + nr;

		count_flags(a, h->flags);
		if (raw->windows && !(h->flags & IPITRACE_BENCH_S_WINDOW)) {
			a->rep.no_window++;
			good = false;
			continue;
		}
		if (h->flags & reject) {
			good = false;
			continue;
		}
		a->rep.accepted++;
		if (h->flags & IPITRACE_BENCH_S_NO_ENTRY || h->entry_ns < h->send_ns)
			continue;
		entry = true;
		if (h->entry_ns - h->send_ns > slowest)
			slowest = h->entry_ns - h->send_ns;
		add_time(a, BENCH_DELIVERY, h->entry_ns - h->send_ns, h);
	}
	/* The kernel's fast clock may step back by a little: then nobody knows. */
	good = good && s->return_ns >= s->send_ns;
	round_trip = good ? s->return_ns - s->send_ns : 0;
	if (good)
		add_time(a, BENCH_ROUND_TRIP, round_trip, s);
	if (good && raw->no_ipi && !entry)
		return nr; /* no IPI, no IPI time */
	a->rep.ipi_ns += entry ? slowest : round_trip;
	return nr;
}

static int by_value(const void *pa, const void *pb)
{
	const uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return a < b ? -1 : a > b;
}

/*
 * The median, and how far the clock's next value is from it: where many samples
 * are equal, they are equal because the clock does not tell them apart.
 */
static void set_median(struct bench_rep *rep, enum bench_measured m, struct values *values)
{
	size_t nr = values->nr, low, high;
	uint64_t *v = values->v, step = UINT64_MAX;

	rep->of[m].p50 = rep->of[m].step = UINT64_MAX;
	if (!nr)
		return;
	rep->of[m].step = 1;
	qsort(v, nr, sizeof(*v), by_value);
	low = high = nr / 2;
	rep->of[m].p50 = nr % 2 ? v[nr / 2] : v[nr / 2 - 1] + (v[nr / 2] - v[nr / 2 - 1]) / 2;
	while (low && v[low - 1] == v[nr / 2])
		low--;
	while (high + 1 < nr && v[high + 1] == v[nr / 2])
		high++;
	if (low == high)
		return;
	if (low)
		step = v[low] - v[low - 1];
	if (high + 1 < nr && v[high + 1] - v[high] < step)
		step = v[high + 1] - v[high];
	if (step != UINT64_MAX)
		rep->of[m].step = step;
}

static void add_reps(struct bench_rep *to, const struct bench_rep *r)
{
	to->sends += r->sends;
	to->hits += r->hits;
	to->accepted += r->accepted;
	to->no_irq += r->no_irq;
	to->wrong_cpu += r->wrong_cpu;
	to->no_window += r->no_window;
	to->coalesced += r->coalesced;
	to->no_entry += r->no_entry;
	to->unconfirmed += r->unconfirmed;
	to->interrupts += r->interrupts;
	to->truncated += r->truncated;
	to->ipi_ns += r->ipi_ns;
	to->total_ns += r->total_ns;
	to->ran_ns += r->ran_ns;
}

void bench_row_add(struct bench_row *row, const struct bench_raw *raw)
{
	uint64_t kept = raw->nr_samples + raw->nr_truncated;
	struct adding a = {
		.rep = { .sends = raw->sends,
			 .hits = raw->hits,
			 .truncated = raw->nr_truncated,
			 .total_ns = raw->busy_ns,
			 .ran_ns = raw->ran_ns < raw->busy_ns ? raw->ran_ns : raw->busy_ns,
			 .partial = raw->partial },
		.raw = raw,
		/* From user space a sample is of a send, whatever the number of its targets. */
		.per_sample = kept ? raw->hits / kept : 0,
	};

	for (int m = 0; m < BENCH_NR_MEASURED; m++)
		a.values[m].v = xcalloc(raw->nr_samples + 1, sizeof(*a.values[m].v));
	for (uint64_t i = 0; i < raw->nr_samples;)
		i += add_send(&a, &raw->samples[i], raw->nr_samples - i);
	for (enum bench_measured m = 0; m < BENCH_NR_MEASURED; m++) {
		set_median(&a.rep, m, &a.values[m]);
		a.rep.of[m].mean = a.hist[m].count ? a.hist[m].sum / a.hist[m].count : UINT64_MAX;
	}
	row->reps = xrealloc(row->reps, (row->nr_reps + 1) * sizeof(a.rep));
	row->reps[row->nr_reps++] = a.rep;
	row->no_ipi = raw->no_ipi;
	add_reps(&row->sum, &a.rep);
	for (int m = 0; m < BENCH_NR_MEASURED; m++) {
		hist_merge(&row->hist[m], &a.hist[m]);
		hist_free(&a.hist[m]);
		free(a.values[m].v);
	}
}

static struct bench_dist dist_of(const struct hist *h)
{
	if (!h->count)
		return (struct bench_dist){ 0 };
	return (struct bench_dist){
		.count = h->count,
		.min = h->min,
		.mean = h->sum / h->count,
		.p50 = hist_percentile(h, 0.5),
		.p90 = hist_percentile(h, 0.9),
		.p99 = hist_percentile(h, 0.99),
		.p999 = hist_percentile(h, 0.999),
		.max = h->max,
	};
}

void bench_row_finish(struct bench_row *row)
{
	uint64_t low = UINT64_MAX, high = 0, mid;
	unsigned int whole = 0;

	for (int m = 0; m < BENCH_NR_MEASURED; m++)
		row->dist[m] = dist_of(&row->hist[m]);
	row->measured = row->dist[BENCH_DELIVERY].count ? BENCH_DELIVERY : BENCH_ROUND_TRIP;
	row->spread_permille = UINT64_MAX;
	mid = row->dist[row->measured].p50;
	for (unsigned int i = 0; i < row->nr_reps; i++) {
		uint64_t p50 = row->reps[i].of[row->measured].p50;

		/* One that has no median, or one of the few samples until Ctrl-C, says nothing about the others. */
		if (row->reps[i].partial || p50 == UINT64_MAX)
			continue;
		whole++;
		if (p50 < low)
			low = p50;
		if (p50 > high)
			high = p50;
	}
	if (whole > 1 && mid)
		row->spread_permille = (high - low) * 1000 / mid;
}

void bench_row_free(struct bench_row *row)
{
	free(row->reps);
	for (int m = 0; m < BENCH_NR_MEASURED; m++)
		hist_free(&row->hist[m]);
	*row = (struct bench_row){ 0 };
}

void bench_result_free(struct bench_result *r)
{
	for (unsigned int i = 0; i < r->nr_rows; i++)
		bench_row_free(&r->rows[i]);
	free(r->rows);
	free(r->checks);
	bench_env_free(&r->env);
	*r = (struct bench_result){ 0 };
}

const char *bench_result_warning(const struct bench_result *r, unsigned int i, char *buf, size_t len)
{
	if (r->partial && !i--) {
		snprintf(buf, len, "interrupted after %u of %u runs: the result is partial", r->runs_done,
			 r->runs_planned);
		return buf;
	}
	return bench_load_warning(&r->load, r->nr_cpus, i, buf, len);
}

uint64_t bench_row_rate(const struct bench_row *row)
{
	const struct bench_rep *s = &row->sum;

	/* Of samples that were not kept nobody knows. */
	if (!s->ran_ns || s->truncated || row->no_ipi)
		return UINT64_MAX;
	return (uint64_t)((double)s->interrupts * 1e9 / (double)s->ran_ns);
}

const char *bench_row_warning(const struct bench_row *row, unsigned int i, char *buf, size_t len)
{
	const struct bench_dist *d = &row->dist[row->measured];
	const struct bench_rep *s = &row->sum;
	uint64_t rejected = s->no_irq + s->wrong_cpu;
	unsigned int n = 0;

	if (row->reason[0] || !row->nr_reps)
		return NULL;
	/* The dry run's spread is that of a clock read: no reason to worry anybody. */
	if (row->spread_permille != UINT64_MAX && row->spread_permille > BENCH_WEAK_PERMILLE &&
	    row->mode != IPITRACE_BENCH_DRY_RUN && n++ == i) {
		snprintf(buf, len, "medians of the repetitions differ by %llu.%llu %%",
			 (unsigned long long)(row->spread_permille / 10),
			 (unsigned long long)(row->spread_permille % 10));
		return buf;
	}
	if (row->nr_reps - row->reps[row->nr_reps - 1].partial < 2 && n++ == i) {
		snprintf(buf, len, "one repetition: nothing is known about the spread");
		return buf;
	}
	if (!d->count && n++ == i) {
		snprintf(buf, len, "no sample was good");
		return buf;
	}
	if (d->count && d->count < BENCH_FEW_SAMPLES && n++ == i) {
		snprintf(buf, len, "%llu sample%s: too few for p99.9", (unsigned long long)d->count,
			 plural_s(d->count));
		return buf;
	}
	if (rejected * 100 > s->hits && row->mode != IPITRACE_BENCH_DRY_RUN && row->mode != IPITRACE_BENCH_SELF &&
	    n++ == i) {
		snprintf(buf, len, "%llu of %llu IPI%s never happened or went astray", (unsigned long long)rejected,
			 (unsigned long long)s->hits, plural_s(s->hits));
		return buf;
	}
	if (s->no_window && n++ == i) {
		snprintf(buf, len, "in %llu of %llu sample%s interrupts were not off as they should have been",
			 (unsigned long long)s->no_window, (unsigned long long)s->hits, plural_s(s->hits));
		return buf;
	}
	if (s->unconfirmed && n++ == i) {
		snprintf(buf, len, "whether %llu interrupt%s happened could not be observed",
			 (unsigned long long)s->unconfirmed, plural_s(s->unconfirmed));
		return buf;
	}
	if (s->ran_ns && (s->total_ns - s->ran_ns) * 1000 > s->total_ns * BENCH_KEPT_PERMILLE && n++ == i) {
		snprintf(buf, len, "the sender was kept from running for %llu %% of its time: the machine is busy",
			 (unsigned long long)((s->total_ns - s->ran_ns) * 100 / s->total_ns));
		return buf;
	}
	if (s->truncated && n++ == i) {
		snprintf(buf, len, "%llu sample%s %s not kept", (unsigned long long)s->truncated,
			 plural_s(s->truncated), plural_was(s->truncated));
		return buf;
	}
	return NULL;
}
