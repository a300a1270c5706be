// SPDX-License-Identifier: GPL-2.0-only
/*
 * The comparison: what it must find, what it must not, on runs of which the
 * truth is known. Counts come from Poisson, bursty, autocorrelated and
 * heavy-tailed processes, each with rare rows among them; A and B are of the
 * same process. Everything from a fixed seed.
 */
#include <math.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/diff.h"
#include "../rnd.h"
#include "tap.h"

/* The sanitizers look at the code, not at the statistics. */
#ifdef __SANITIZE_ADDRESS__
#define NR_PAIRS 20
#else
#define NR_PAIRS 200
#endif

static uint64_t state;

static uint64_t rnd(void)
{
	return rnd_next(&state);
}

static double uniform(void)
{
	return (double)(rnd() >> 11) / 9007199254740992. + 1e-17;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

static uint64_t poisson(double mean)
{
	double p = exp(-mean), product = uniform();
	uint64_t n = 0;

	if (mean > 200) {
		double x = mean + sqrt(mean) * normal();

		return x > 0 ? (uint64_t)(x + 0.5) : 0;
	}
	for (; product > p; n++)
		product *= uniform();
	return n;
}

/* --- processes: how many in each slice --- */

typedef void (*process_fn)(double mean, unsigned int nr, uint64_t *count);

static void steady(double mean, unsigned int nr, uint64_t *count)
{
	for (unsigned int i = 0; i < nr; i++)
		count[i] = poisson(mean);
}

/* Bursts of some 50, of which each slice has few or none. */
static void bursty(double mean, unsigned int nr, uint64_t *count)
{
	for (unsigned int i = 0; i < nr; i++) {
		count[i] = poisson(mean / 10);
		for (uint64_t bursts = poisson(0.9 * mean / 50); bursts; bursts--)
			count[i] += poisson(100 * uniform());
	}
}

/* The rate wanders: its logarithm is a first-order autoregression over the slices, correlated over some four. */
static void wandering(double mean, unsigned int nr, uint64_t *count)
{
	double at = 0.5 * normal();

	for (unsigned int i = 0; i < nr; i++) {
		at = 0.75 * at + 0.5 * sqrt(1 - 0.75 * 0.75) * normal();
		count[i] = poisson(mean * exp(at - 0.125));
	}
}

/* Bursts without a typical size: Pareto's, with an infinite variance. */
static void wild(double mean, unsigned int nr, uint64_t *count)
{
	for (unsigned int i = 0; i < nr; i++) {
		count[i] = poisson(mean / 2);
		for (uint64_t bursts = poisson(0.3); bursts; bursts--)
			count[i] += (uint64_t)fmin(mean / pow(uniform(), 1 / 1.3), 1e9);
	}
}

/* On in one stretch of the run, off else: a workload with phases. */
static void phased(double mean, unsigned int nr, uint64_t *count)
{
	unsigned int begin = (unsigned int)(uniform() * nr * 0.6), end = begin + nr / 3;

	for (unsigned int i = 0; i < nr; i++)
		count[i] = nr == 1 ? poisson(mean) : i >= begin && i <= end ? poisson(3 * mean) : 0;
}

/* A workload between the start and the end of a recording that is longer by up to a sixth. */
static void edged(double mean, unsigned int nr, uint64_t *count)
{
	unsigned int begin = nr == 1 ? 0 : (unsigned int)(uniform() * 3), end = nr - begin + (nr == 1 ? 0 : begin / 2);

	for (unsigned int i = 0; i < nr; i++)
		count[i] = i < begin || i >= end ? 0 : poisson(mean);
}

/* --- runs --- */

static const double means[] = { 0.05, 0.1, 0.3, 0.5, 1, 1, 2, 3, 5, 8, 10, 20, 50, 100, 300, 1000 };

#define DRAWN 30
/* Latencies of one mode or two; some slices are slower than others. */
static void add_times(struct hist *h, uint64_t nr, double scale, bool two_modes)
{
	double slow = exp(0.1 * normal());

	for (uint64_t i = 0; i < nr && i < DRAWN; i++) {
		/* So many at random are enough of a distribution, but the time of all must be there. */
		uint64_t more = nr > DRAWN ? (nr - i - 1) / DRAWN : 0, ns;

		ns = (uint64_t)(2000 * scale * slow * exp(0.3 * normal()) * (two_modes && uniform() < 0.5 ? 10 : 1));
		hist_add(h, ns, 0, 0);
		h->buckets[hist_bucket(ns) - h->first] += more;
		h->count += more;
		h->sum += more * ns;
	}
}

/* As a recording's, of slices instead of their parts. */
static void set_reached(const struct diff_run *run, const struct diff_cell *cells, double *reached)
{
	double slice_s = (double)run->duration_ns / 1e9 / run->nr_slices;

	for (unsigned int width = 1; width <= run->nr_slices && run->nr_slices > 1; width *= 2) {
		for (unsigned int at = 0; at + width <= run->nr_slices; at += width) {
			struct diff_cell sum = { 0 };

			for (unsigned int i = at; i < at + width; i++)
				diff_cell_add(&sum, &cells[i]);
			reached[DIFF_HITS] =
				fmax(reached[DIFF_HITS], diff_surely((double)sum.hits, sum.hits) / (width * slice_s));
			reached[DIFF_CALLS] = fmax(reached[DIFF_CALLS],
						   diff_surely((double)sum.calls, sum.calls) / (width * slice_s));
			reached[DIFF_STOLEN] =
				fmax(reached[DIFF_STOLEN],
				     diff_surely((double)sum.handler.sum, sum.handler.count) / (width * slice_s));
			hist_free(&sum.delivery);
			hist_free(&sum.handler);
		}
	}
	reached[DIFF_DELIVERED] = reached[DIFF_HITS];
}

static void fill_line(struct diff_run *run, unsigned int row, const uint64_t *count, double scale)
{
	char *values[AGG_NR_KEYS] = { 0 };
	struct diff_line *line;

	values[AGG_KEY_FUNC] = xasprintf("func_%u", row);
	line = diff_run_line(run, values);
	free(values[AGG_KEY_FUNC]);
	for (unsigned int i = 0; i < run->nr_slices; i++) {
		struct diff_cell *c = &line->cells[i];

		c->hits = c->delivered = count[i];
		c->calls = row % 3 ? count[i] : 0;
		add_times(&c->delivery, count[i], scale, row % 4 == 1);
		add_times(&c->handler, count[i], scale, false);
		diff_cell_add(&run->totals[i], c);
	}
	set_reached(run, line->cells, line->reached);
}

static double lengths; /* how much the lengths of runs differ */

/* rate, scale: of counts and of times. */
static void make_run(struct diff_run *run, process_fn process, unsigned int slices, double rate, double scale)
{
	uint64_t count[DIFF_MAX_SLICES];
	double length = exp(lengths * normal());

	*run = (struct diff_run){ .recording = true, .clock_ns = true, .nr_slices = slices };
	run->duration_ns = (uint64_t)(2e9 * length);
	run->totals = diff_cells_new(slices);
	for (unsigned int i = 0; i < slices; i++)
		run->share[i] = 1. / slices;
	for (unsigned int row = 0; row < ARRAY_SIZE(means); row++) {
		process(length * rate * means[row] * DIFF_MAX_SLICES / slices, slices, count);
		fill_line(run, row, count, scale);
	}
	set_reached(run, run->totals, run->reached);
}

/* nr runs a side; B differs by these factors. */
static void make_pair(struct diff *d, process_fn process, unsigned int nr, double rate, double scale)
{
	unsigned int slices = nr > 1 ? 1 : 27;

	*d = (struct diff){ .a.nr = nr, .b.nr = nr, .margin = nr > 1 ? 1 : DIFF_MARGIN };
	d->a.runs = xcalloc(nr, sizeof(*d->a.runs));
	d->b.runs = xcalloc(nr, sizeof(*d->b.runs));
	for (unsigned int i = 0; i < nr; i++) {
		make_run(&d->a.runs[i], process, slices, 1, 1);
		make_run(&d->b.runs[i], process, slices, rate, scale);
	}
}

static void free_pair(struct diff *d)
{
	for (unsigned int i = 0; i < d->a.nr; i++) {
		diff_run_free(&d->a.runs[i]);
		diff_run_free(&d->b.runs[i]);
	}
	free(d->a.runs);
	free(d->b.runs);
	diff_free(d);
}

static const struct {
	const char *name;
	process_fn process;
} processes[] = {
	{ "steady", steady }, { "bursty", bursty }, { "wandering", wandering },
	{ "wild", wild },     { "phased", phased }, { "edged", edged },
};

/* Of A/A pairs: how often something changed, a limit was over, and how many of the intervals do not hold 1. */
static void test_same(unsigned int nr_runs)
{
	lengths = 0.3;
	for (size_t i = 0; i < ARRAY_SIZE(processes); i++) {
		unsigned int changed = 0, tripped = 0, intervals = 0, outside = 0;

		state = 0x9e3779b97f4a7c15ULL + i;
		for (unsigned int pair = 0; pair < NR_PAIRS; pair++) {
			struct diff_limit limits[] = { { .metric = DIFF_HITS, .above = true, .ratio = 1 },
						       { .metric = DIFF_DELIVERY_P99, .above = true, .ratio = 1 } };
			struct diff d;

			make_pair(&d, processes[i].process, nr_runs, 1, 1);
			d.limits = limits;
			d.nr_limits = 2;
			diff_compare(&d);
			changed += d.changed;
			tripped += limits[0].tripped || limits[1].tripped;
			for (unsigned int row = 0; row < d.nr_rows; row++) {
				for (unsigned int m = 0; m < DIFF_NR_METRICS; m++) {
					const struct diff_value *v = &d.rows[row].values[m];

					if (!v->tested || !v->interval.known)
						continue;
					intervals++;
					outside += v->interval.low > 1 || (v->interval.bounded && v->interval.high < 1);
				}
			}
			free_pair(&d);
		}
		ok(changed <= NR_PAIRS / 20, "%s, %u run%s a side: %u of %u A/A pairs changed", processes[i].name,
		   nr_runs, nr_runs > 1 ? "s" : "", changed, NR_PAIRS);
		ok(tripped <= NR_PAIRS / 20, "  %u are over a limit", tripped);
		ok(outside <= intervals / 10, "  %.1f %% of %u intervals do not hold 1", 100. * outside / intervals,
		   intervals);
	}
}

static const struct diff_row *row_named(const struct diff *d, const char *func)
{
	for (unsigned int i = 0; i < d->nr_rows; i++)
		if (!strcmp(d->rows[i].line->values[AGG_KEY_FUNC], func))
			return &d->rows[i];
	return NULL;
}

/* What is there must be found: twice the hits, twice the latency. */
static void test_different(unsigned int nr_runs)
{
	const unsigned int nr_pairs = NR_PAIRS / 5;
	unsigned int hits = 0, times = 0, row_hits = 0, row_times = 0, tripped = 0, other = 0;

	state = 0x2545f4914f6cdd1dULL;
	for (unsigned int pair = 0; pair < nr_pairs; pair++) {
		struct diff_limit limit = { .metric = DIFF_HITS, .above = true, .ratio = 1.1 };
		const struct diff_row *row;
		struct diff d;

		make_pair(&d, steady, nr_runs, 2, 1);
		d.limits = &limit;
		d.nr_limits = 1;
		diff_compare(&d);
		row = row_named(&d, "func_14");
		hits += d.totals.values[DIFF_HITS].significant;
		row_hits += row->values[DIFF_HITS].significant && row->values[DIFF_HITS].interval.low > 1.8 &&
			    row->values[DIFF_HITS].interval.high < 2.2;
		other += row->values[DIFF_DELIVERY_P50].significant;
		tripped += limit.tripped && limit.by_totals;
		free_pair(&d);
		make_pair(&d, steady, nr_runs, 1, 2);
		diff_compare(&d);
		row = row_named(&d, "func_14");
		/* Latencies of the totals are a mixture, which differs from run to run: single ones cannot tell. */
		times += nr_runs == 1 ? d.changed : d.totals.values[DIFF_DELIVERY_P50].significant;
		other += nr_runs == 1 && d.totals.values[DIFF_DELIVERY_P50].significant;
		row_times += row->values[DIFF_HANDLER_P50].significant;
		other += row->values[DIFF_HITS].significant;
		free_pair(&d);
	}
	ok(hits == nr_pairs && times >= nr_pairs * (nr_runs == 3 ? 3 : 9) / 10,
	   "%u run%s a side: twice as much is found (%u, %u of %u)", nr_runs, nr_runs > 1 ? "s" : "", hits, times,
	   nr_pairs);
	ok(row_hits >= nr_pairs * 9 / 10, "  and in its row, with an interval about 2 (%u)", row_hits);
	/*
	 * Three runs that differ by 10 % are no proof among a hundred questions, and hardly among the totals' eight. And
	 * slices of one run must show more than the margin.
	 */
	ok(row_times >= nr_pairs * (nr_runs == 6 ? 6 : nr_runs == 1 ? 2 : 0) / 10, "  so are times (%u)", row_times);
	ok(tripped == nr_pairs, "  and a limit is over (%u)", tripped);
	ok(other <= 1, "  and nothing else (%u)", other);
}

/* Twice as much between idle edges, of one run each; and how much would show is about as much as does. */
static void test_edged(void)
{
	unsigned int found = 0, could = 0, beyond = 0;

	state = 0x94d049bb133111ebULL;
	for (unsigned int pair = 0; pair < NR_PAIRS / 5; pair++) {
		struct diff d;

		make_pair(&d, edged, 1, 2, 1);
		diff_compare(&d);
		found += d.totals.values[DIFF_HITS].significant;
		could += d.could_show > DIFF_MARGIN && d.could_show < 2;
		free_pair(&d);
		make_pair(&d, edged, 1, 1.3, 1);
		diff_compare(&d);
		beyond += d.changed;
		free_pair(&d);
	}
	ok(found >= NR_PAIRS / 5 * 9 / 10, "idle edges: twice as much is found (%u of %u)", found, NR_PAIRS / 5);
	ok(could >= NR_PAIRS / 5 * 9 / 10, "  and it is said that it would be (%u)", could);
	is_u64(beyond, 0, "  what is within the margin is no change");
}

/* A recording with itself: no process may make a difference of that. */
static void test_itself(void)
{
	unsigned int bad = 0;

	for (size_t i = 0; i < ARRAY_SIZE(processes); i++) {
		struct diff d;

		make_pair(&d, processes[i].process, 1, 1, 1);
		diff_run_free(&d.b.runs[0]);
		d.b.runs[0] = d.a.runs[0];
		diff_compare(&d);
		bad += d.changed || d.nr_changed || d.observed != DIFF_SLICES;
		for (unsigned int row = 0; row <= d.nr_rows; row++) {
			const struct diff_row *r = row ? &d.rows[row - 1] : &d.totals;

			for (unsigned int m = 0; m < DIFF_NR_METRICS; m++) {
				const struct diff_value *v = &r->values[m];

				bad += v->has_a != v->has_b || v->a != v->b || v->significant;
				bad += v->has_ratio && v->ratio != 1;
				bad += v->interval.known &&
				       (v->interval.low > 1 || (v->interval.bounded && v->interval.high < 1));
			}
		}
		d.b.runs[0] = (struct diff_run){ 0 };
		free_pair(&d);
	}
	is_u64(bad, 0, "a run with itself: all the same, ratio 1, no change");
}

/* Rows that one side lacks; what is rare; what cannot be observed. */
static void test_edges(void)
{
	static const uint64_t some[DIFF_MAX_SLICES] = { [0 ... DIFF_MAX_SLICES - 1] = 200 },
			      fewer[DIFF_MAX_SLICES] = { [0 ... DIFF_MAX_SLICES - 1] = 40 },
			      few[DIFF_MAX_SLICES] = { [3] = 9 };
	const struct diff_row *row;
	struct diff d;

	state = 88172645463325252ULL;
	make_pair(&d, steady, 1, 1, 1);
	fill_line(&d.a.runs[0], 100, some, 1);
	fill_line(&d.b.runs[0], 101, some, 1);
	fill_line(&d.b.runs[0], 102, few, 1);
	fill_line(&d.b.runs[0], 103, fewer, 1);
	diff_compare(&d);
	ok(d.changed && d.nr_changed == 2, "one row is new, one has vanished");
	row = row_named(&d, "func_101");
	ok(row->in_b && !row->in_a && row->values[DIFF_HITS].significant && !row->values[DIFF_HITS].has_ratio,
	   "new: a change without a ratio");
	ok(!row->values[DIFF_DELIVERY_P50].has_a && row->values[DIFF_DELIVERY_P50].has_b &&
		   !row->values[DIFF_DELIVERY_P50].tested,
	   "  its latency has nothing to be compared with");
	row = row_named(&d, "func_100");
	ok(row->in_a && !row->in_b && row->values[DIFF_HITS].significant && row->values[DIFF_HITS].ratio == 0,
	   "vanished: a ratio of 0");
	row = row_named(&d, "func_102");
	ok(row && !row->values[DIFF_HITS].tested, "fewer than %u of both sides together are not tested", DIFF_RARE);
	row = row_named(&d, "func_103");
	ok(row && !row->values[DIFF_HITS].tested, "nor, of single runs, what is less than 5 %% of all");
	ok(d.rows[0].values[DIFF_HITS].significant && d.rows[1].values[DIFF_HITS].significant &&
		   !d.rows[2].values[DIFF_HITS].significant,
	   "what changed comes first");
	free_pair(&d);

	make_pair(&d, steady, 1, 3, 1);
	d.b.runs[0].recording = false;
	diff_compare(&d);
	ok(d.observed == DIFF_NOTHING && !d.changed && d.totals.values[DIFF_HITS].has_ratio &&
		   !d.totals.values[DIFF_HITS].interval.known,
	   "one report a side: ratios, and nothing to say how sure they are");
	free_pair(&d);

	make_pair(&d, steady, 2, 1, 1);
	d.a.units = 1000;
	d.b.units = 2000;
	diff_compare(&d);
	ok(fabs(d.totals.values[DIFF_HITS].ratio - 0.5) < 0.05 && d.per_unit, "for each unit of work");
	free_pair(&d);
}

/* Half of B is lost to others on the machine: not a change, if for some time it was as fast as A. */
static void test_hindered(void)
{
	unsigned int changed = 0, halved = 0;

	state = 0x1234567ULL;
	for (unsigned int pair = 0; pair < NR_PAIRS / 5; pair++) {
		for (unsigned int throughout = 0; throughout < 2; throughout++) {
			uint64_t count[DIFF_MAX_SLICES];
			struct diff d;

			make_pair(&d, steady, 1, 1, 1);
			steady(2000, 27, count);
			fill_line(&d.a.runs[0], 100, count, 1);
			steady(2000, 27, count);
			for (unsigned int i = 0; i < 27; i++)
				count[i] = throughout || i % 9 ? count[i] / 3 : count[i];
			fill_line(&d.b.runs[0], 100, count, 1);
			set_reached(&d.a.runs[0], d.a.runs[0].totals, d.a.runs[0].reached);
			set_reached(&d.b.runs[0], d.b.runs[0].totals, d.b.runs[0].reached);
			diff_compare(&d);
			if (throughout)
				halved += d.changed;
			else
				changed += d.changed;
			free_pair(&d);
		}
	}
	ok(!changed, "hindered in two thirds of a run, but not always: no change (%u)", changed);
	ok(halved == NR_PAIRS / 5, "slower all the time: a change (%u)", halved);
}

static void is_name(const char *text, const char *want)
{
	char *name = diff_name(text);

	is_str(name, want, "%s", text ? text : "no name");
	free(name);
}

int main(void)
{
	is_name("zap_page_range_single+0x1b0", "zap_page_range_single");
	is_name("flush_tlb_func", "flush_tlb_func");
	is_name("kvm_make_all_cpus_request+0x4d [kvm]", "kvm_make_all_cpus_request [kvm]");
	is_name("ack_flush [kvm]", "ack_flush [kvm]");
	is_name("do_it.isra.0+0x10", "do_it");
	is_name("do_it.constprop.3.cold+0x10 [m]", "do_it [m]");
	is_name(".L0", ".L0");
	is_name("0xffffffff81234567", "?");
	is_name(NULL, NULL);
	test_itself();
	test_edged();
	test_edges();
	test_hindered();
	test_different(1);
	test_different(3);
	test_different(6);
	test_same(1);
	test_same(3);
	return done_testing();
}
