// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_match_loss.c - more hits than there is room for, with and without a gap
 * that explains them: nothing is called coalesced that cannot coalesce.
 */
#include "matchaudit.h"
#include "tap.h"

#define NR_SENDS 6000u /* above MATCH_MAX_PENDING */

static struct matcher *start(struct span_log *log)
{
	struct match_config config = {
		.nr_cpus = 2,
		.has_csd = true,
		.has_sends = true,
		.emit = span_log_emit,
		.ctx = log,
	};

	return matcher_new(&config);
}

static void feed(struct matcher *m, enum ipi_event_type type, unsigned int cpu, uint64_t ts_ns, enum ipi_class class)
{
	struct ipi_event ev = {
		.type = type,
		.ts_ns = ts_ns,
		.cpu = cpu,
		.target = type == IPI_EV_SEND_CPU,
		.class = class,
		.callsite = 0xffff000000000010,
		.lost = type == IPI_EV_LOST ? IPI_LOST_UNKNOWN : 0,
	};

	matcher_feed(m, &ev, 1);
}

/* NR_SENDS sends to CPU 1, whose stream then has a gap, told of before them or not. */
static void check(enum ipi_class class, bool told, uint64_t coalesced)
{
	struct span_log log = { 0 };
	struct matcher *m = start(&log);
	const struct match_totals *t;

	feed(m, IPI_EV_IRQ_ENTRY, 1, 10, class);
	feed(m, IPI_EV_IRQ_EXIT, 1, 20, class);
	if (told)
		feed(m, IPI_EV_GAP, 1, 20, class);
	for (unsigned int i = 0; i < NR_SENDS; i++)
		feed(m, IPI_EV_SEND_CPU, 0, 100 + i, class);
	feed(m, IPI_EV_LOST, 1, 100000, class);
	matcher_finish(m);
	t = matcher_totals(m);
	is_u64(t->target_hits, NR_SENDS, "%s, %s: every hit is told", ipi_class_name(class),
	       told ? "told" : "not told");
	is_u64(t->coalesced, coalesced, "coalesced");
	is_u64(t->lost, NR_SENDS - coalesced, "the others are lost");
	ok(matcher_conserves(t), "and the laws hold");
	matcher_free(m);
	span_log_free(&log);
}

int main(void)
{
	check(IPI_CLASS_CALL_SINGLE, true, 0);
	check(IPI_CLASS_CALL_SINGLE, false, 0);
	check(IPI_CLASS_CALL, false, 0);
	check(IPI_CLASS_RESCHEDULE, true, 0);
	/* Its request waits, as far as anybody can tell: later ones merge into it. */
	check(IPI_CLASS_RESCHEDULE, false, NR_SENDS - 4096);
	return done_testing();
}
