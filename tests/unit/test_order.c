// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_order.c - spans in order of time, with little memory, whatever waits for ever.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "report/order.h"
#include "tap.h"

struct got {
	uint64_t nr, last_ns, last_seq, falls, sum, masks;
	unsigned int ends;
};

static uint64_t rnd = 7;

static uint64_t draw(uint64_t below)
{
	rnd ^= rnd << 13;
	rnd ^= rnd >> 7;
	rnd ^= rnd << 17;
	return (rnd * 0x2545f4914f6cdd1dULL >> 20) % below;
}

/* Order does not change it, what is missing, twice or mutilated does. */
static uint64_t finger(const struct ipi_span *s)
{
	uint64_t h = s->csd * 0x9e3779b97f4a7c15ULL ^ span_begin_ns(s) * 0xd6e8feb86659fd93ULL ^ s->exit_ns ^ s->level;

	for (unsigned int i = 0; s->mask && i < s->mask_words; i++)
		h = (h ^ s->mask[i]) * 0x100000001b3ULL;
	return h ^ h >> 29;
}

static void got_span(void *ctx, const struct ipi_span *s)
{
	struct got *g = ctx;
	uint64_t begin_ns = span_begin_ns(s);

	g->falls += begin_ns < g->last_ns || (begin_ns == g->last_ns && s->csd < g->last_seq);
	g->last_ns = begin_ns;
	g->last_seq = s->csd;
	g->masks += s->mask != NULL;
	g->sum += finger(s);
	g->nr++;
}

static int got_end(void *ctx, struct err *err)
{
	struct got *g = ctx;

	(void)err;
	g->ends++;
	return 0;
}

/*
 * nr spans, each up to reach behind the last settled time; hold: one of the
 * first is never received, so nothing is settled before the end.
 */
static void check(const char *name, size_t room, unsigned int nr, uint64_t reach, bool hold)
{
	struct got got = { 0 };
	struct span_sink sink = { .span = got_span, .end = got_end, .ctx = &got };
	struct order *o = order_new(&sink, room);
	const struct order_stats *stats = order_stats(o);
	struct err err = { 0 };
	uint64_t sum = 0, masks = 0, mask[3];
	unsigned int runs = ORDER_FAN;

	sink = order_sink(o);
	for (unsigned int i = 0; i < nr; i++) {
		uint64_t at_ns = 1000 + (uint64_t)i / 4 + draw(reach);
		struct ipi_span s = { .kind = IPI_SPAN_HIT,
				      .send_ns = i % 3 ? at_ns : IPI_NO_TIME,
				      .queue_ns = i % 3 == 1 ? 5 :
						  i % 3	     ? IPI_NO_TIME :
							       at_ns,
				      .csd = i,
				      .exit_ns = draw(1000),
				      .level = draw(4) };

		if (draw(10) == 0) {
			s.mask = mask;
			s.mask_words = 1 + (uint32_t)draw(3);
			for (unsigned int w = 0; w < 3; w++)
				mask[w] = draw(UINT64_MAX);
			masks++;
		}
		sum += finger(&s);
		sink.span(sink.ctx, &s);
		mask[0] = 0; /* it was the caller's */
		if (!hold && i % 16 == 15)
			sink.settled(sink.ctx, 1000 + (uint64_t)(i + 1) / 4);
	}
	is_u64((uint64_t)sink.end(sink.ctx, &err), 0, "%s: ends well", name);
	is_u64(got.nr, nr, "%s: all %u spans", name, nr);
	is_u64(got.sum, sum, "%s: each once, as it was", name);
	is_u64(got.masks, masks, "%s: %u with masks", name, (unsigned int)masks);
	is_u64(got.falls, 0, "%s: in order, equal times as they came", name);
	is_u64(got.ends, 1, "%s: one end", name);
	is_u64(stats->out_of_order, 0, "%s: none too early", name);
	ok(stats->max_waiting <= room, "%s: %zu spans in memory at most, of %zu", name, stats->max_waiting, room);
	for (size_t all = room * ORDER_FAN; all < nr; all *= ORDER_FAN)
		runs += ORDER_FAN;
	ok(stats->max_runs <= runs, "%s: %u runs at most, of %u", name, stats->max_runs, runs);
	if (hold)
		ok(stats->spilled >= nr - room, "%s: %llu spans went through the file", name,
		   (unsigned long long)stats->spilled);
	order_free(o);
}

static void test_early(void)
{
	struct got got = { 0 };
	struct span_sink sink = { .span = got_span, .ctx = &got };
	struct order *o = order_new(&sink, 8);
	struct ipi_span s = { .send_ns = 10 };

	sink = order_sink(o);
	sink.settled(sink.ctx, 20);
	sink.span(sink.ctx, &s);
	is_u64(got.nr, 1, "early: told nevertheless");
	is_u64(order_stats(o)->out_of_order, 1, "early: and counted");
	order_free(o);
}

/* Where the clock tells no time between CPUs, no span has one: they are told all the same, through the file as well. */
static void test_no_time(void)
{
	struct got got = { 0 };
	struct span_sink sink = { .span = got_span, .end = got_end, .ctx = &got };
	struct order *o = order_new(&sink, 8);
	struct err err = { 0 };

	sink = order_sink(o);
	for (unsigned int i = 0; i < 20; i++) {
		struct ipi_span s = { .kind = IPI_SPAN_HIT,
				      .send_ns = IPI_NO_TIME,
				      .queue_ns = IPI_NO_TIME,
				      .entry_ns = IPI_NO_TIME,
				      .run_ns = IPI_NO_TIME,
				      .csd = i };

		sink.span(sink.ctx, &s);
		sink.settled(sink.ctx, 1000 + i);
	}
	is_u64(got.nr, 0, "no time: they wait");
	is_u64((uint64_t)sink.end(sink.ctx, &err), 0, "no time: ends well");
	is_u64(got.nr, 20, "no time: all are told");
	is_u64(got.falls, 0, "no time: as they came");
	order_free(o);
}

static void test_no_room(void)
{
	struct got got = { 0 };
	struct span_sink sink = { .span = got_span, .end = got_end, .ctx = &got };
	struct order *o = order_new(&sink, 4);
	struct ipi_span s = { .send_ns = 10 };
	struct rlimit old, none;
	struct err err = { 0 };
	int ret;

	sink = order_sink(o);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	none = (struct rlimit){ 0, old.rlim_max };
	setrlimit(RLIMIT_FSIZE, &none);
	for (unsigned int i = 0; i < 10; i++)
		sink.span(sink.ctx, &s);
	ret = sink.end(sink.ctx, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	ok(ret == -1 && err.code == EXIT_FAILED, "a file that cannot be written: %s", err.msg);
	ok(*err.hint, "hint: %s", err.hint);
	is_u64(got.ends, 1, "the sink behind ends all the same");
	is_u64(got.nr, 0, "and got nothing that would be out of order");
	order_free(o);
}

int main(void)
{
	check("much room", 4096, 20000, 400, false);
	check("little room", 64, 20000, 400, false);
	check("no reach", 64, 5000, 1, false);
	check("one waits for ever", 64, 60000, 400, true);
	check("one waits, any order", 16, 40000, 100000, true);
	check("room for one", 1, 300, 50, true);
	test_early();
	test_no_time();
	test_no_room();
	return done_testing();
}
