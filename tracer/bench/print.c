// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/print.c - a result for people: the table, doubts about it, the machine.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "bench/result.h"
#include "decode/decode.h"
#include "render/grid.h"

#define FIGURE(h, d)                                                                                                   \
	{                                                                                                              \
		.header = (h), .right = true, .drop = (d)                                                              \
	}

/* What a distribution is of, and its middle and ends, stay on a narrow screen; of what is rejected there is a warning, too. */
static const struct grid_column columns[] = {
	{ .header = "MODE", .name = true },
	{ .header = "PATH", .name = true },
	FIGURE("IPIS", 0),
	FIGURE("IPI TIME ns", 1),
	FIGURE("TOTAL ns", 2),
	GRID_LEFT("MEASURED"),
	FIGURE("MIN", 3),
	FIGURE("P50", 0),
	FIGURE("P90", 6),
	FIGURE("P99", 0),
	FIGURE("P99.9", 5),
	FIGURE("MAX", 0),
	FIGURE("RATE/s", 4),
	FIGURE("REJECTED", 7),
	FIGURE("SPREAD", 8),
};
#define NR_COLUMNS ARRAY_SIZE(columns)

static char *number(uint64_t n)
{
	return xasprintf("%" PRIu64, n);
}

static char *path_of(const struct bench_row *row)
{
	if (row->source == BENCH_NO_CPU)
		return xstrdup("several");
	if (row->target != BENCH_NO_CPU)
		return xasprintf("%u>%u%s%s", row->source, row->target, row->has_relation ? " " : "",
				 row->has_relation ? bench_relation_name(row->relation) : "");
	if (row->nr_targets)
		return xasprintf("%u>%u CPUs", row->source, row->nr_targets);
	return xasprintf("%u", row->source);
}

static char *spread_of(const struct bench_row *row)
{
	if (row->spread_permille == UINT64_MAX)
		return xstrdup("-");
	return xasprintf("%" PRIu64 ".%" PRIu64 "%%", row->spread_permille / 10, row->spread_permille % 10);
}

static void fill_row(const struct bench_row *row, char **c)
{
	const struct bench_dist *d = &row->dist[row->measured];
	const uint64_t stats[] = { d->min, d->p50, d->p90, d->p99, d->p999, d->max };
	c[0] = xstrdup(bench_modes[row->mode].title);
	c[1] = path_of(row);
	if (row->reason[0] || !row->nr_reps) {
		if (row->reason[0])
			free(c[1]);
		for (unsigned int i = row->reason[0] ? 1 : 2; i < NR_COLUMNS; i++)
			c[i] = xstrdup("-");
		return;
	}
	c[2] = number(row->sum.hits);
	c[3] = number(row->sum.ipi_ns);
	c[4] = number(row->sum.total_ns);
	c[5] = xstrdup(bench_measured_name(row->measured));
	for (unsigned int i = 0; i < ARRAY_SIZE(stats); i++)
		c[6 + i] = d->count ? number(stats[i]) : xstrdup("-");
	c[12] = bench_row_rate(row) == UINT64_MAX ? xstrdup("-") : number(bench_row_rate(row));
	c[13] = number((row->no_ipi ? 0 : row->sum.no_irq + row->sum.unconfirmed) + row->sum.wrong_cpu +
		       row->sum.no_window);
	c[14] = spread_of(row);
}

/* What a row is called where it is not in the table: with its path if others are of the same mode. */
static char *name_of(const struct bench_result *r, const struct bench_row *row)
{
	unsigned int nr = 0;
	char *path, *name;

	for (unsigned int i = 0; nr < 2 && i < r->nr_rows; i++)
		nr += r->rows[i].mode == row->mode;
	if (nr < 2)
		return xstrdup(bench_modes[row->mode].title);
	path = path_of(row);
	name = xasprintf("%s %s", bench_modes[row->mode].title, path);
	free(path);
	return name;
}

static void doubts(const struct bench_result *r, FILE *out)
{
	char buf[160];
	const char *text;

	for (unsigned int i = 0; (text = bench_result_warning(r, i, buf, sizeof(buf))); i++)
		fprintf(out, "warning: %s\n", text);
	for (unsigned int i = 0; i < r->nr_rows; i++) {
		const struct bench_row *row = &r->rows[i];
		char *name = name_of(r, row);

		if (row->reason[0])
			fprintf(out, "%s: %s\n", name, row->reason);
		for (unsigned int w = 0; (text = bench_row_warning(row, w, buf, sizeof(buf))); w++)
			fprintf(out, "warning: %s: %s\n", name, text);
		if (row->sum.coalesced)
			fprintf(out,
				"%s: %" PRIu64 " of %" PRIu64
				" calls shared an interrupt with the one before (coalesced)\n",
				name, row->sum.coalesced, row->sum.hits);
		free(name);
	}
}

/* The matrix: median of what is measured, source by target. */
static void matrix(const struct bench_result *r, uint32_t mode, const struct screen *screen, FILE *out)
{
	struct cpuset set = { 0 };
	struct grid_column *heads;
	unsigned int n, nr = 0;
	uint32_t *column; /* of a CPU, from 1 */
	char **cells;

	for (unsigned int i = 0; i < r->nr_rows; i++) {
		if (r->rows[i].mode != mode || r->rows[i].target == BENCH_NO_CPU)
			continue;
		cpuset_add(&set, r->rows[i].source);
		cpuset_add(&set, r->rows[i].target);
	}
	n = cpuset_count(&set);
	if (n < 2) {
		cpuset_free(&set);
		return;
	}
	column = xcalloc((size_t)set.nr_words * 64, sizeof(*column));
	heads = xcalloc(n + 1, sizeof(*heads));
	cells = xcalloc((size_t)n * (n + 1), sizeof(*cells));
	heads[0] = (struct grid_column){ .header = "FROM\\TO", .right = true };
	for (uint32_t cpu = 0; cpu < set.nr_words * 64; cpu++) {
		if (!cpuset_has(&set, cpu))
			continue;
		cells[nr * (n + 1)] = number(cpu);
		column[cpu] = ++nr;
		heads[nr] = (struct grid_column){ .header = number(cpu), .right = true };
	}
	for (unsigned int i = 0; i < r->nr_rows; i++) {
		const struct bench_row *row = &r->rows[i];
		const struct bench_dist *d = &row->dist[row->measured];

		if (row->mode == mode && row->target != BENCH_NO_CPU)
			cells[(column[row->source] - 1) * (n + 1) + column[row->target]] = d->count ? number(d->p50) :
												      xstrdup("-");
	}
	fprintf(out, "\n%s, median ns, from row to column:\n", bench_modes[mode].title);
	render_grid_folded(&(struct grid){ heads, n + 1, cells, n, NULL }, screen, out);
	for (unsigned int i = 0; i < n; i++)
		free((char *)heads[i + 1].header);
	grid_free_cells(cells, (size_t)n * (n + 1));
	free(heads);
	free(column);
	cpuset_free(&set);
}

static void checks(const struct bench_result *r, FILE *out)
{
	for (unsigned int i = 0; i < r->nr_checks; i++) {
		const struct bench_check *c = &r->checks[i];

		fprintf(out, "trace: %s: %" PRIu64 " IPI%s sent, %" PRIu64 " matched, %" PRIu64 " mismatched", c->title,
			c->sent, plural_s(c->sent), c->matched, c->mismatched);
		for (unsigned int class = 0; class < IPI_NR_CLASSES; ++class)
			if (c->seen[class])
				fprintf(out, ", %" PRIu64 " %s", c->seen[class], ipi_class_name(class));
		if (c->elided)
			fprintf(out, ", %" PRIu64 " served without an interrupt", c->elided);
		if (c->unconfirmed)
			fprintf(out, ", %" PRIu64 " not decidable", c->unconfirmed);
		if (c->lost_events)
			fprintf(out, ", but %" PRIu64 " event%s %s lost", c->lost_events, plural_s(c->lost_events),
				plural_was(c->lost_events));
		if (c->plain_ns == UINT64_MAX || c->traced_ns == UINT64_MAX)
			fprintf(out, "; no sample was good: what tracing costs is unknown\n");
		else
			fprintf(out,
				"; a send takes %" PRIu64 " ns, traced %" PRIu64 " ns: tracing costs %+" PRId64
				" ns (medians)\n",
				c->plain_ns, c->traced_ns, (int64_t)c->traced_ns - (int64_t)c->plain_ns);
		if (c->first[0])
			fprintf(out, "trace: %s: first mismatch: %s\n", c->title, c->first);
	}
}

static void method(const struct bench_result *r, FILE *out)
{
	fprintf(out, "%" PRIu64 " time%s each", r->iterations, plural_s(r->iterations));
	if (r->nr_senders > 1)
		fprintf(out, " by each of %u senders", r->nr_senders);
	fprintf(out, ", %" PRIu64 " repetition%s, %s; all times in ns\n", r->repeat, plural_s(r->repeat),
		r->backend == BENCH_USER ? "membarrier from user space" : "kernel module");
}

static void table(const struct bench_result *r, const struct screen *screen, FILE *out)
{
	char **cells = xcalloc((size_t)r->nr_rows * NR_COLUMNS + 1, sizeof(*cells));

	for (unsigned int i = 0; i < r->nr_rows; i++)
		fill_row(&r->rows[i], cells + i * NR_COLUMNS);
	grid_say_dropped(render_grid(&(struct grid){ columns, NR_COLUMNS, cells, r->nr_rows, NULL }, screen, out),
			 "--json has them", out);
	grid_free_cells(cells, r->nr_rows * NR_COLUMNS);
}

/* What is printed by fn, wrapped. */
static void wrapped(const struct bench_result *r, const struct screen *screen, FILE *out,
		    void (*fn)(const struct bench_result *r, FILE *out))
{
	struct screen_wrapped w;

	fn(r, screen_wrapped_begin(&w, out));
	screen_wrapped_end(&w, screen, out);
}

static void trust(const struct bench_result *r, FILE *out)
{
	doubts(r, out);
	checks(r, out);
	for (unsigned int i = 0; i < r->env.nr; i++)
		fprintf(out, "%-15s %s\n", r->env.facts[i].label,
			r->env.facts[i].value ? r->env.facts[i].value : "unknown");
}

void bench_print(const struct bench_result *r, const struct screen *screen, FILE *out)
{
	wrapped(r, screen, out, method);
	fputc('\n', out);
	table(r, screen, out);
	for (uint32_t mode = 0; r->pairs && mode < IPITRACE_BENCH_NR_PRIMITIVES; mode++)
		matrix(r, mode, screen, out);
	fputc('\n', out);
	wrapped(r, screen, out, trust);
}
