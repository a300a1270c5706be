// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is a trace.dat file: the whole way to a report in all its forms.
 */
#include "base/compiler.h"
#include "base/err.h"
#include "fuzz.h"
#include "render/render.h"
#include "report/agg.h"
#include "report/analysis.h"
#include "report/filter.h"
#include "report/report.h"

/* What every report promises. */
static void conserves(const struct match_totals *t, uint64_t unknown)
{
	fuzz_check(t->target_hits == t->delivered + t->coalesced + t->in_flight + t->lost + unknown);
	fuzz_check(t->interrupts == t->delivered + t->unsolicited);
	fuzz_check(t->calls == t->calls_run + t->calls_in_flight + t->calls_lost);
}

static void draw(struct report *r, FILE *out)
{
	struct render_options ro = { 0 };
	const struct column **columns = NULL;
	struct err err = { 0 };

	render_report(&render_json, r, &ro, out, &err);
	render_report(&render_csv, r, &ro, out, &err);
	fuzz_check(!columns_parse("+caller,func,class,target_hits,delivery_p99", &columns, &ro.nr_columns, &err));
	ro.columns = columns;
	render_report(&render_text, r, &ro, out, &err);
	free(columns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum agg_key by[] = { AGG_KEY_CALLER, AGG_KEY_FUNC, AGG_KEY_COMM, AGG_KEY_STACK };
	struct ipi_filter filter = IPI_FILTER_INIT;
	const struct ipi_filter *filters[2] = { &filter };
	unsigned int nr_filters = 1;
	struct analysis *a = NULL;
	struct err err = { 0 };
	struct span_names names;
	struct span_filter *stage;
	struct span_sink sink;
	struct report r;
	struct agg *agg;
	char path[32];
	int fd = fuzz_file(data, size, path);
	FILE *out = fopen("/dev/null", "w");

	if (!analysis_open(&a, path, NULL, &err)) {
		names = analysis_names(a);
		/* A recording says itself what it was filtered by. */
		if (analysis_facts(a))
			filters[nr_filters++] = &analysis_facts(a)->filter;
		stage = span_filter_new(filters, nr_filters, &names);
		agg = agg_new(by, ARRAY_SIZE(by), span_filter_by_sender(stage), &names);
		sink = span_filter_sink(stage, &(struct span_sink){ .span = agg_span, .ctx = agg });
		if (!analysis_run(a, &sink, &err)) {
			conserves(analysis_totals(a), 0);
			report_build(&r, a, agg, by, ARRAY_SIZE(by), false);
			conserves(&r.totals, r.hits_unknown);
			report_sort(&r, column_find("target_hits"));
			draw(&r, out);
			report_free(&r);
		}
		agg_free(agg);
		span_filter_free(stage);
		analysis_close(a);
	}
	fclose(out);
	close(fd);
	return 0;
}
