// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_match_samples.c - traces of real kernels against counts derived elsewhere.
 *
 * tests/data/samples/expected holds one line a recording, written by derive.py
 * there, which pairs the same events in ways of its own.
 */
#include <stdlib.h>

#include "matchaudit.h"
#include "matchtext.h"
#include "tap.h"

#define MAX_PARTS 8

static const char *data_dir(void)
{
	const char *dir = getenv("MATCH_SAMPLES");

	return dir ? dir : "tests/data/samples";
}

struct result {
	struct match_totals totals;
	uint64_t unsolicited[IPI_NR_CLASSES];
	uint64_t exact_calls, coalesced_by_class[IPI_NR_CLASSES];
};

static void run(const struct text_trace *t, const char *label, struct result *res)
{
	struct span_log log = { 0 };
	struct match_config config = {
		.nr_cpus = 4,
		.has_csd = true,
		.has_sends = true,
		.emit = span_log_emit,
		.ctx = &log,
	};
	struct matcher *m = matcher_new(&config);
	char msg[700] = "";

	memset(res, 0, sizeof(*res));
	matcher_feed(m, t->events, t->nr);
	matcher_finish(m);
	res->totals = *matcher_totals(m);
	if (!ok(span_audit(&log, &res->totals, msg, sizeof(msg)), "%s: spans and totals agree", label))
		printf("# %s\n", msg);
	for (size_t i = 0; i < log.nr; i++) {
		const struct ipi_span *s = &log.spans[i];

		if (s->kind == IPI_SPAN_IRQ && s->unsolicited)
			res->unsolicited[s->class]++;
		if (s->kind == IPI_SPAN_CALL && s->how == IPI_HOW_EXACT)
			res->exact_calls++;
	}
	matcher_free(m);
	span_log_free(&log);
}

/* The counter that a key of the expectations names, or NULL. */
static const uint64_t *counter(const struct result *res, const char *key)
{
	const struct match_totals *t = &res->totals;
	const struct {
		const char *key;
		const uint64_t *value;
	} all[] = {
#define TOTAL(name) { #name, &t->name }
		TOTAL(sends),	  TOTAL(target_hits),	  TOTAL(delivered),	 TOTAL(coalesced),
		TOTAL(in_flight), TOTAL(interrupts),	  TOTAL(unsolicited),	 TOTAL(calls),
		TOTAL(calls_run), TOTAL(calls_in_flight), TOTAL(calls_unqueued), TOTAL(riders),
		TOTAL(polled),	  TOTAL(wakes),		  TOTAL(elided),	 TOTAL(local_calls),
#undef TOTAL
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!strcmp(key, all[i].key))
			return all[i].value;
	for (unsigned int c = 0; c < IPI_NR_CLASSES; c++) {
		if (!strncmp(key, "interrupts_", 11) && !strcmp(key + 11, audit_class_name(c)))
			return &t->interrupts_by_class[c];
		if (!strncmp(key, "unsolicited_", 12) && !strcmp(key + 12, audit_class_name(c)))
			return &res->unsolicited[c];
	}
	return NULL;
}

static void check_part(const struct text_trace *t, const char *file, char *pairs)
{
	struct result res;
	char label[640], *save = NULL;

	snprintf(label, sizeof(label), "%s %s", file, t->name);
	run(t, label, &res);
	for (char *p = strtok_r(pairs, " \n", &save); p; p = strtok_r(NULL, " \n", &save)) {
		char *eq = strchr(p, '=');
		const uint64_t *got;

		if (!eq)
			continue;
		*eq = '\0';
		got = counter(&res, p);
		if (ok(got != NULL, "%s: %s is a counter", label, p))
			is_u64(*got, strtoull(eq + 1, NULL, 10), "%s: %s", label, p);
	}
	is_u64(res.totals.lost, 0, "%s: nothing lost", label);
	is_u64(res.totals.calls_lost, 0, "%s: no call lost", label);
	is_u64(res.totals.negative, 0, "%s: no latency below zero", label);
	/* What an interrupt was is certain for nearly all. */
	ok(res.exact_calls * 100 >= res.totals.calls_run * 99, "%s: %" PRIu64 " of %" PRIu64 " calls exact", label,
	   res.exact_calls, res.totals.calls_run);
	printf("# %s: hits %" PRIu64 " exact, %" PRIu64 " fifo, %" PRIu64 " ambiguous\n", label, res.totals.exact,
	       res.totals.fifo, res.totals.ambiguous);
}

int main(void)
{
	struct text_trace parts[MAX_PARTS];
	char path[4096], line[2048], file[128], name[32], loaded[128] = "";
	unsigned int checked = 0;
	int nr = 0, at;
	FILE *f;

	snprintf(path, sizeof(path), "%s/expected", data_dir());
	f = fopen(path, "r");
	ok(f != NULL, "%s is there", path);
	if (!f)
		return done_testing();
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%127s %31s %n", file, name, &at) != 2)
			continue;
		if (strcmp(loaded, file)) {
			text_free(parts, (unsigned int)nr);
			snprintf(path, sizeof(path), "%s/%s", data_dir(), file);
			nr = text_load(path, parts, MAX_PARTS);
			ok(nr > 0, "%s can be read", file);
			nr = nr < 0 ? 0 : nr;
			snprintf(loaded, sizeof(loaded), "%s", file);
		}
		for (int i = 0; i < nr; i++) {
			if (strcmp(parts[i].name, name))
				continue;
			check_part(&parts[i], file, line + at);
			checked++;
		}
	}
	fclose(f);
	text_free(parts, (unsigned int)nr);
	is_u64(checked, 6, "every recording was looked at");
	return done_testing();
}
