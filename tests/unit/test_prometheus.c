// SPDX-License-Identifier: GPL-2.0-only
/* Metrics: labels that stay, counters that never fall, hostile names, bounds, and what is not known. */
#include <stdlib.h>

#include "base/mem.h"
#include "render/prometheus.h"
#include "tap.h"

#define MAX 16

/* A report by caller and function of rows that grow; by class and target it has none. */
static struct agg_row aggs[MAX];
static struct report_row rows[MAX];
static struct trace_info trace = {
	.kernel = "6.\"1\\", .tier = "exact", .cpus = 2, .has_send = true, .has_csd = true, .has_reception = true
};
static struct agg_row own;
static struct report by_caller = {
	.trace = &trace, .own = &own, .by = { AGG_KEY_CALLER, AGG_KEY_FUNC }, .nr_by = 2, .rows = rows
};
static struct report empty = { .trace = &trace, .own = &own, .by = { AGG_KEY_CLASS }, .nr_by = 1 };
static struct prometheus *labels;
static char *text;
static bool broke_off;

static void render(bool openmetrics)
{
	static const struct cpuset all;
	const struct prometheus_sample s = {
		.by_class = &empty,
		.by_target = &empty,
		.by_caller = &by_caller,
		.targets = &all,
		.up = true,
		.failed = broke_off,
		.version = "1",
	};
	size_t len;
	FILE *out;

	free(text);
	out = open_memstream(&text, &len);
	prometheus_render(labels, &s, openmetrics, out);
	fclose(out);
}

static void hit(unsigned int row, const char *caller, uint64_t n, uint64_t delivery_ns)
{
	free(rows[row].caller);
	rows[row] = (struct report_row){ .agg = &aggs[row], .trace = &trace, .caller = xstrdup(caller) };
	aggs[row].n.target_hits += n;
	for (uint64_t i = 0; i < n; i++)
		hist_add(&aggs[row].delivery, delivery_ns, 0, 0);
	if (row >= by_caller.nr_rows)
		by_caller.nr_rows = row + 1;
}

/* The value of a line that begins so; UINT64_MAX: there is none. */
static uint64_t value(const char *begin)
{
	const char *p = text - 1;

	do
		if (!strncmp(++p, begin, strlen(begin)) && p[strlen(begin)] == ' ')
			return strtoull(p + strlen(begin), NULL, 10);
	while ((p = strchr(p, '\n')));
	return UINT64_MAX;
}

static uint64_t hits(const char *caller)
{
	char begin[200];

	snprintf(begin, sizeof(begin), "ipitrace_caller_hits_total{caller=\"%s\",func=\"%s\"}", caller,
		 strcmp(caller, "other") ? "" : "other");
	return value(begin);
}

static void test_labels(void)
{
	labels = prometheus_new(4);
	hit(0, "a+0x12", 1, 1000);
	hit(1, "b", 500, 1000);
	hit(2, "rare", 1, 1000);
	hit(3, "a+0x15", 2, 1000);
	render(false);
	is_u64(hits("a"), 3, "places in one function are one caller");
	is_u64(hits("b"), 500, "  beside another");
	is_u64(hits("other"), 1, "half of the labels are for who comes first, the busiest first");
	hit(4, "late", 1, 1000);
	hit(2, "rare", 3, 1000);
	render(false);
	is_u64(hits("late"), UINT64_MAX, "the rest is for who matters");
	is_u64(hits("other"), 5, "  all others are in one");
	hit(2, "rare", 50, 3000);
	render(false);
	is_u64(hits("rare"), 0, "who comes to matter gets a label");
	is_u64(hits("other"), 55, "  and what was in 'other' stays there");
	hit(2, "rare", 7, 3000);
	hit(4, "late", 1, 1000);
	render(false);
	is_u64(hits("rare"), 7, "  it counts from there on");
	is_u64(hits("other"), 56, "  and 'other' does not fall");
	is_u64(value("ipitrace_caller_delivery_seconds_bucket{caller=\"rare\",func=\"\",le=\"2.048e-06\"}"), 0,
	       "  so do its buckets");
	is_u64(value("ipitrace_caller_delivery_seconds_bucket{caller=\"rare\",func=\"\",le=\"4.096e-06\"}"), 7,
	       "  each in its place");
	hit(5, "big", 100000, 1000);
	hit(6, "more", 100000, 1000);
	render(false);
	is_u64(hits("big"), 100000, "who comes and matters has all of its counts");
	is_u64(hits("other"), 100056, "no label is left: 'other'");
	is_u64(hits("a") + hits("b") + hits("rare") + hits("big") + hits("other"), 200000 + 3 + 500 + 61 + 2,
	       "nothing is counted twice, and nothing is not");
}

static void test_text(void)
{
	prometheus_free(labels);
	labels = prometheus_new(100);
	hit(7, "ev\"il\\\n{}", 1, 255);
	hit(8, "bounds", 1, 256);
	render(true);
	is_u64(hits("ev\\\"il\\\\\\n{}"), 1, "a hostile name is escaped");
	ok(strstr(text, "kernel=\"6.\\\"1\\\\\"} 1\n") != NULL, "  so is a kernel's");
	is_u64(value("ipitrace_caller_delivery_seconds_bucket{caller=\"ev\\\"il\\\\\\n{}\",func=\"\",le=\"2.56e-07\"}"),
	       1, "below the first bound");
	is_u64(value("ipitrace_caller_delivery_seconds_bucket{caller=\"bounds\",func=\"\",le=\"2.56e-07\"}"), 0,
	       "at a bound is above it");
	is_u64(value("ipitrace_caller_delivery_seconds_bucket{caller=\"bounds\",func=\"\",le=\"+Inf\"}"), 1,
	       "  and in all of them");
	ok(!strcmp(text + strlen(text) - 6, "# EOF\n"), "OpenMetrics ends with # EOF");
	ok(strstr(text, "# TYPE ipitrace_caller_hits counter\n") != NULL, "  and names families without _total");
	render(false);
	ok(strstr(text, "# EOF") == NULL, "the usual format has no such end");
	ok(strstr(text, "# TYPE ipitrace_caller_hits_total counter\n") != NULL, "  and names samples");
	is_u64(value("ipitrace_target_hits_total{target=\"1\"}"), 0, "a CPU that was not hit yet has a 0");
	is_u64(value("ipitrace_delivered_total{class=\"reschedule\"}"), 0, "so has a class");
	trace.arrivals_unknown = trace.calls_unknown = true;
	render(false);
	is_u64(value("ipitrace_delivered_total{class=\"reschedule\"}"), UINT64_MAX, "what is not known is not there");
	ok(strstr(text, "ipitrace_caller_calls") == NULL, "  not even its name");
	is_u64(value("ipitrace_target_hits_total{target=\"1\"}"), 0, "  what is known, is");
	is_u64(value("ipitrace_own_hits_total"), 0, "  of ipitrace itself, too");
	trace.has_send = false;
	render(false);
	is_u64(value("ipitrace_own_sends_total"), UINT64_MAX,
	       "without sends those of ipitrace itself are not known, either");
	is_u64(value("ipitrace_own_hits_total"), UINT64_MAX, "  nor their targets");
	trace.has_send = true;
	is_u64(value("ipitrace_incomplete"), 0, "what ends as it should is complete");
	broke_off = true;
	render(false);
	is_u64(value("ipitrace_incomplete"), 1, "  what broke off is not");
}

int main(void)
{
	test_labels();
	test_text();
	prometheus_free(labels);
	free(text);
	for (unsigned int i = 0; i < MAX; i++) {
		free(rows[i].caller);
		hist_free(&aggs[i].delivery);
	}
	return done_testing();
}
