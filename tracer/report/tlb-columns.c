// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/tlb-columns.c - the columns of TLB work: text, CSV and --sort take them from here.
 */
#include <stdint.h>

#include "base/compiler.h"
#include "report/tlb.h"

/* In the table's order, which is that of CSV, and of the text. */
enum figure {
	FLUSHES,
	CPUS_SUM,
	CPUS_P50,
	CPUS_MEAN,
	CPUS_MAX,
	TARGET_HITS,
	ELIDED,
	WAIT_COUNT,
	WAIT_UNKNOWN,
	WAIT_P50,
	WAIT_P99,
	WAIT_MAX,
	WAIT_SUM,
	STOLEN,
	SENT,
	UNSENT,
	PAGES,
	NO_IPI,
	LOCAL,
	PAGES_P50,
	PAGES_MAX,
	PAGES_ALL,
};

static struct value number(uint64_t num)
{
	return (struct value){ .num = num };
}

static struct value of_samples(const struct hist *h, uint64_t num)
{
	return (struct value){ .none = !h->count, .num = num };
}

static struct value percentile(const struct hist *h, double p)
{
	return of_samples(h, h->count ? hist_percentile(h, p) : 0);
}

static struct value of_events(const struct tlb_sums *s, uint64_t num)
{
	return (struct value){ .none = !s->events, .num = num };
}

/* The median of all: everything is more than any number of pages. */
static struct value pages_median(const struct tlb_sums *s)
{
	uint64_t nr = s->pages.count + s->pages_all;

	if (!nr)
		return (struct value){ .none = true };
	if (s->pages_all * 2 > nr)
		return number(TLB_PAGES_ALL);
	return percentile(&s->pages, 0.5 * (double)nr / (double)s->pages.count);
}

static struct value get(const struct column *c, const struct report_row *row)
{
	const struct tlb_sums *s = row->tlb;

	switch ((enum figure)c->offset) {
	case FLUSHES:
		return number(s->flushes);
	case CPUS_SUM:
		return number(s->cpus.sum);
	case CPUS_P50:
		return percentile(&s->cpus, 0.5);
	case CPUS_MEAN:
		return of_samples(&s->cpus, s->cpus.count ? s->cpus.sum * TLB_MEAN_UNIT / s->cpus.count : 0);
	case CPUS_MAX:
		return of_samples(&s->cpus, s->cpus.max);
	case TARGET_HITS:
	case ELIDED:
		return column_value(column_find(c->id), row);
	case WAIT_COUNT:
		return number(s->wait.count);
	case WAIT_UNKNOWN:
		return number(s->wait_unknown);
	case WAIT_P50:
		return percentile(&s->wait, 0.5);
	case WAIT_P99:
		return percentile(&s->wait, 0.99);
	case WAIT_MAX:
		return of_samples(&s->wait, s->wait.max);
	case WAIT_SUM:
		return of_samples(&s->wait, s->wait.sum);
	case STOLEN:
		return of_samples(&row->agg->handler, row->agg->handler.sum);
	case SENT:
		return of_events(s, s->reasons[TLB_BY_SEND]);
	case UNSENT:
		return of_events(s, s->unsent);
	case PAGES:
		return pages_median(s);
	case NO_IPI:
		return of_events(s, s->unsent + s->reasons[TLB_BY_HYPERCALL]);
	case LOCAL:
		return of_events(s, tlb_local_flushes(s));
	case PAGES_P50:
		return percentile(&s->pages, 0.5);
	case PAGES_MAX:
		return of_samples(&s->pages, s->pages.max);
	case PAGES_ALL:
		return of_events(s, s->pages_all);
	}
	return (struct value){ .none = true };
}

/* clang-format off */
#define COLUMN(figure, name, header, csv, unit, shown) \
	{ #name, header, NULL, csv, 0, unit, "", shown, get, figure, 0 }
#define BOTH(figure, name, header, unit, shown) COLUMN(figure, name, header, #name, unit, shown)
#define CSV(figure, name, unit)	     COLUMN(figure, name, "", #name, unit, 0)
#define TEXT(figure, name, header, unit, shown) COLUMN(figure, name, header, NULL, unit, shown)

const struct column tlb_columns[] = {
	BOTH(FLUSHES, flushes, "FLUSHES", UNIT_COUNT, COLUMN_STAYS),
	CSV(CPUS_SUM, cpus_sum, UNIT_COUNT),
	CSV(CPUS_P50, cpus_p50, UNIT_COUNT),
	TEXT(CPUS_MEAN, cpus, "CPUS", UNIT_COUNT, COLUMN_STAYS),
	BOTH(CPUS_MAX, cpus_max, "CPUS-MAX", UNIT_COUNT, 2),
	BOTH(TARGET_HITS, target_hits, "IPIS", UNIT_COUNT, 4),
	CSV(ELIDED, elided, UNIT_COUNT),
	CSV(WAIT_COUNT, wait_count, UNIT_COUNT),
	CSV(WAIT_UNKNOWN, wait_unknown, UNIT_COUNT),
	BOTH(WAIT_P50, wait_p50, "WAIT-50", UNIT_NS, COLUMN_STAYS),
	CSV(WAIT_P99, wait_p99, UNIT_NS),
	BOTH(WAIT_MAX, wait_max, "WAIT-MAX", UNIT_NS, COLUMN_STAYS),
	CSV(WAIT_SUM, wait_sum, UNIT_NS),
	BOTH(STOLEN, stolen, "STOLEN", UNIT_NS, 5),
	CSV(SENT, sent, UNIT_COUNT),
	CSV(UNSENT, unsent, UNIT_COUNT),
	TEXT(PAGES, pages, "PAGES-50", UNIT_COUNT, 1),
	TEXT(NO_IPI, no_ipi, "NO-IPI", UNIT_COUNT, 6),
	BOTH(LOCAL, local, "LOCAL", UNIT_COUNT, 3),
	CSV(PAGES_P50, pages_p50, UNIT_COUNT),
	CSV(PAGES_MAX, pages_max, UNIT_COUNT),
	CSV(PAGES_ALL, pages_all, UNIT_COUNT),
};
/* clang-format on */
const unsigned int tlb_nr_columns = ARRAY_SIZE(tlb_columns);

bool tlb_column_needs_events(const struct column *c)
{
	return c->offset >= SENT;
}

const struct column *tlb_column_find(const char *name)
{
	return column_find_in(tlb_columns, tlb_nr_columns, name);
}
