// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/matrix.c - who sends to whom: rows by source and target as a matrix.
 *
 * CPUs that share a memory node, and in it a last-level cache, stand beside
 * each other where the recording says which do. A matrix that is too wide for
 * people is one of caches, of nodes, or of blocks of CPUs; CSV and JSON are of
 * CPUs, always.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/hist.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/topo.h"
#include "render/grid.h"
#include "render/parts-priv.h"
#include "render/render.h"
#include "render/value.h"

#define WIDTH_USUAL 200 /* cells, where the screen has none */
#define LABEL_MAX   15	/* cells; a longer list of CPUs is only its ends */
#define NO_GROUP    UINT32_MAX

struct cpu {
	uint32_t nr;
	uint32_t group[TOPO_NR_KINDS]; /* index in the topology's groups; NO_GROUP = in none that is known */
	bool sends, is_hit;
};

/* A matrix of groups of CPUs, of one CPU each to begin with. */
struct matrix {
	enum matrix_value value;
	struct cpu *cpus; /* that have something in it, in the order of the topology */
	unsigned int nr_cpus;
	uint32_t *group_of; /* by index of the CPU: which group it is in */
	unsigned int nr;
	char **labels;
	bool shortened; /* a label is the ends of a list */
	bool *sends, *is_hit;
	uint64_t *hits;	     /* nr x nr */
	struct hist *delays; /* the same, where a delay is the value */
};

/* --- CPUs and their order --- */

static int compare_nr(const void *x, const void *y)
{
	const struct cpu *a = x, *b = y;

	return (a->nr > b->nr) - (a->nr < b->nr);
}

static int compare_place(const void *x, const void *y)
{
	const struct cpu *a = x, *b = y;

	for (int kind = 0; kind < TOPO_NR_KINDS; kind++)
		if (a->group[kind] != b->group[kind])
			return a->group[kind] < b->group[kind] ? -1 : 1;
	return compare_nr(x, y);
}

static void place(struct cpu *c, const struct topo *t)
{
	c->group[TOPO_NODE] = c->group[TOPO_LLC] = NO_GROUP;
	for (unsigned int i = 0; t && i < t->nr; i++)
		if (cpuset_has(&t->groups[i].cpus, c->nr))
			c->group[t->groups[i].kind] = i;
}

static void find_cpus(struct matrix *m, const struct report *r)
{
	unsigned int kept = 0;

	m->cpus = xcalloc(2 * (size_t)r->nr_rows, sizeof(*m->cpus));
	for (unsigned int i = 0; i < r->nr_rows; i++) {
		const struct agg_row *row = r->rows[i].agg;

		if (!row->n.target_hits)
			continue;
		m->cpus[m->nr_cpus++] = (struct cpu){ .nr = row->source, .sends = true };
		m->cpus[m->nr_cpus++] = (struct cpu){ .nr = row->target, .is_hit = true };
	}
	qsort(m->cpus, m->nr_cpus, sizeof(*m->cpus), compare_nr);
	for (unsigned int i = 0; i < m->nr_cpus; i++) {
		struct cpu *last = kept ? &m->cpus[kept - 1] : NULL;

		if (!last || last->nr != m->cpus[i].nr) {
			m->cpus[kept++] = m->cpus[i];
			continue;
		}
		last->sends |= m->cpus[i].sends;
		last->is_hit |= m->cpus[i].is_hit;
	}
	m->nr_cpus = kept;
	for (unsigned int i = 0; i < kept; i++)
		place(&m->cpus[i], r->trace->topo);
	qsort(m->cpus, kept, sizeof(*m->cpus), compare_place);
}

static unsigned int index_of(const struct matrix *m, uint32_t nr)
{
	unsigned int i = 0;

	while (m->cpus[i].nr != nr)
		i++;
	return i;
}

/* --- groups and cells --- */

static void cells_free(struct matrix *m)
{
	for (unsigned int i = 0; i < m->nr; i++)
		free(m->labels[i]);
	for (size_t i = 0; m->delays && i < (size_t)m->nr * m->nr; i++)
		hist_free(&m->delays[i]);
	free(m->labels);
	free(m->sends);
	free(m->is_hit);
	free(m->hits);
	free(m->delays);
	free(m->group_of);
	m->labels = NULL;
	m->delays = NULL;
	m->shortened = false;
	m->nr = 0;
}

static void matrix_free(struct matrix *m)
{
	cells_free(m);
	free(m->cpus);
}

static void fill_cells(struct matrix *m, const struct report *r)
{
	m->sends = xcalloc(m->nr, sizeof(*m->sends));
	m->is_hit = xcalloc(m->nr, sizeof(*m->is_hit));
	m->hits = xcalloc((size_t)m->nr * m->nr, sizeof(*m->hits));
	if (m->value != MATRIX_COUNT)
		m->delays = xcalloc((size_t)m->nr * m->nr, sizeof(*m->delays));
	for (unsigned int i = 0; i < m->nr_cpus; i++) {
		m->sends[m->group_of[i]] |= m->cpus[i].sends;
		m->is_hit[m->group_of[i]] |= m->cpus[i].is_hit;
	}
	for (unsigned int i = 0; i < r->nr_rows; i++) {
		const struct agg_row *row = r->rows[i].agg;
		size_t at;

		if (!row->n.target_hits)
			continue;
		at = (size_t)m->group_of[index_of(m, row->source)] * m->nr + m->group_of[index_of(m, row->target)];
		m->hits[at] += row->n.target_hits;
		if (m->delays)
			hist_merge(&m->delays[at], &row->delivery);
	}
}

static unsigned int first_of(const struct cpuset *set)
{
	unsigned int cpu = 0;

	while (!cpuset_has(set, cpu))
		cpu++;
	return cpu;
}

static unsigned int last_of(const struct cpuset *set)
{
	unsigned int cpu = set->nr_words * 64 - 1;

	while (!cpuset_has(set, cpu))
		cpu--;
	return cpu;
}

/* One more group, whose members are these CPUs of the order. */
static void add_group(struct matrix *m, unsigned int first, unsigned int nr, const char *name, const struct topo *t)
{
	struct cpuset set = { 0 };
	char *list;

	for (unsigned int i = first; i < first + nr; i++)
		m->group_of[i] = m->nr;
	if (!name) {
		for (unsigned int i = first; i < first + nr; i++)
			cpuset_add(&set, m->cpus[i].nr);
		list = cpuset_text(&set);
		if (strlen(list) > LABEL_MAX) {
			free(list);
			list = xasprintf("%u..%u", first_of(&set), last_of(&set));
			m->shortened = true;
		}
	} else {
		list = xasprintf("%s%u", name, t->groups[m->cpus[first].group[!strcmp(name, "llc")]].id);
	}
	m->labels[m->nr++] = list;
	cpuset_free(&set);
}

/* Groups of CPUs that are in one group of the topology, or blocks of that many where kind is none. */
static void group(struct matrix *m, const struct report *r, enum topo_kind kind, unsigned int block)
{
	unsigned int nr;

	cells_free(m);
	m->group_of = xcalloc(m->nr_cpus, sizeof(*m->group_of));
	m->labels = xcalloc(m->nr_cpus, sizeof(*m->labels));
	for (unsigned int i = 0; i < m->nr_cpus; i += nr) {
		bool known = kind < TOPO_NR_KINDS && m->cpus[i].group[kind] != NO_GROUP;

		nr = 1;
		while (i + nr < m->nr_cpus &&
		       (kind < TOPO_NR_KINDS ? known && m->cpus[i + nr].group[kind] == m->cpus[i].group[kind] :
					       nr < block))
			nr++;
		add_group(m, i, nr, known ? topo_kind_name(kind) : NULL, r->trace->topo);
	}
	fill_cells(m, r);
}

static void matrix_make(struct matrix *m, const struct render *r)
{
	*m = (struct matrix){ .value = r->options->matrix };
	find_cpus(m, r->report->matrix);
	group(m, r->report->matrix, TOPO_NR_KINDS, 1);
}

/* --- text --- */

static char *cell(const struct matrix *m, unsigned int from, unsigned int to, const struct screen *s)
{
	size_t at = (size_t)from * m->nr + to;
	char time[RENDER_TIME_LEN];
	const struct hist *h;

	if (m->value == MATRIX_COUNT)
		return m->hits[at] ? xasprintf("%" PRIu64, m->hits[at]) : xstrdup(".");
	h = &m->delays[at];
	if (!h->count)
		return xstrdup(m->hits[at] ? "-" : ".");
	render_time(m->value == MATRIX_MAX ? h->max : hist_percentile(h, m->value == MATRIX_P50 ? 0.5 : 0.99), s->utf8,
		    time);
	return xstrdup(time);
}

static char *total(const struct matrix *m, unsigned int from, unsigned int to)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < m->nr; i++)
		for (unsigned int k = 0; k < m->nr; k++)
			if ((from == m->nr || i == from) && (to == m->nr || k == to))
				sum += m->hits[(size_t)i * m->nr + k];
	return xasprintf("%" PRIu64, sum);
}

struct sheet {
	struct grid grid;
	struct grid_column *columns;
	char **cells;
};

/* Counts add up, so they have sums; index m->nr stands for these. */
static struct sheet sheet_make(const struct matrix *m, const struct screen *s)
{
	unsigned int sums = m->value == MATRIX_COUNT, nr_columns = 1, nr_rows = 0, all = m->nr + sums;
	struct sheet sheet = { 0 };
	char **at;

	sheet.columns = xcalloc(all + 1, sizeof(*sheet.columns));
	sheet.columns[0] = (struct grid_column){ .header = "FROM\\TO", .right = true };
	for (unsigned int to = 0; to < all; to++)
		if (to == m->nr || m->is_hit[to])
			sheet.columns[nr_columns++] = (struct grid_column){
				.header = to == m->nr ? "TOTAL" : m->labels[to],
				.right = true,
			};
	sheet.cells = at = xcalloc((size_t)all * nr_columns, sizeof(*sheet.cells));
	for (unsigned int from = 0; from < all; from++) {
		if (from < m->nr && !m->sends[from])
			continue;
		nr_rows++;
		*at++ = xstrdup(from == m->nr ? "TOTAL" : m->labels[from]);
		for (unsigned int to = 0; to < all; to++)
			if (to == m->nr || m->is_hit[to])
				*at++ = from == m->nr || to == m->nr ? total(m, from, to) : cell(m, from, to, s);
	}
	sheet.grid = (struct grid){ sheet.columns, nr_columns, sheet.cells, nr_rows, NULL };
	return sheet;
}

static void sheet_free(struct sheet *s)
{
	grid_free_cells(s->cells, (size_t)s->grid.nr_columns * s->grid.nr_rows);
	free(s->columns);
}

/* Narrows the matrix until its sheet fits; *how: of what it is then, NULL = of CPUs. */
static struct sheet sheet_fit(struct matrix *m, const struct render *r, const char **how)
{
	const struct screen *s = &r->options->screen;
	unsigned int width = s->width ? s->width : WIDTH_USUAL, before;
	struct sheet sheet = sheet_make(m, s);

	*how = NULL;
	for (int kind = TOPO_LLC; kind >= TOPO_NODE && grid_width(&sheet.grid) > width; kind--) {
		before = m->nr;
		sheet_free(&sheet);
		group(m, r->report->matrix, (enum topo_kind)kind, 0);
		/* A single cell tells nothing of who sends to whom. */
		if (m->nr == 1)
			group(m, r->report->matrix, TOPO_NR_KINDS, 1);
		else if (m->nr < before)
			*how = kind == TOPO_LLC ? "by last-level cache" : "by memory node";
		sheet = sheet_make(m, s);
	}
	for (unsigned int block = 2; grid_width(&sheet.grid) > width && block < 2 * m->nr_cpus; block *= 2) {
		sheet_free(&sheet);
		group(m, r->report->matrix, TOPO_NR_KINDS, block);
		*how = "by blocks of CPUs";
		sheet = sheet_make(m, s);
	}
	return sheet;
}

/* Which CPUs the caches or nodes hold, where there are several. */
static void legend(const struct topo *t, FILE *out)
{
	for (int kind = 0; kind < TOPO_NR_KINDS; kind++) {
		unsigned int nr = 0;

		for (unsigned int i = 0; t && i < t->nr; i++)
			nr += t->groups[i].kind == (enum topo_kind)kind;
		if (nr < 2)
			continue;
		fputs(kind == TOPO_NODE ? "memory nodes:" : "last-level caches:", out);
		for (unsigned int i = 0, n = 0; i < t->nr; i++) {
			char *list;

			if (t->groups[i].kind != (enum topo_kind)kind)
				continue;
			list = cpuset_text(&t->groups[i].cpus);
			fprintf(out, "%s %s%u = CPU %s", n++ ? "," : "", topo_kind_name((enum topo_kind)kind),
				t->groups[i].id, list);
			free(list);
		}
		fputc('\n', out);
	}
}

static void text(struct render *r)
{
	static const char *const titles[] = {
		[MATRIX_COUNT] = "target hits",
		[MATRIX_P50] = "delivery, median",
		[MATRIX_P99] = "delivery, 99th percentile",
		[MATRIX_MAX] = "delivery, maximum",
	};
	const struct trace_info *t = r->report->trace;
	FILE *out = r->out, *lines;
	struct screen_wrapped w;
	struct matrix m;
	struct sheet sheet;
	const char *how;

	matrix_make(&m, r);
	fprintf(out, "%s, from row to column, own ones among them:\n", titles[m.value]);
	sheet = sheet_fit(&m, r, &how);
	render_grid(&sheet.grid, &r->options->screen, out);
	lines = screen_wrapped_begin(&w, out);
	if (m.nr_cpus < t->cpus)
		fprintf(lines, "(%u of %u CPUs sent or were hit)\n", m.nr_cpus, t->cpus);
	if (how)
		fprintf(lines, "(%u CPUs are too many for this width: %s; --csv has every CPU)\n", m.nr_cpus, how);
	if (m.shortened)
		fputs("(A..B: CPUs from A to B, but not all of these)\n", lines);
	legend(t->topo, lines);
	screen_wrapped_end(&w, &r->options->screen, r->out);
	sheet_free(&sheet);
	matrix_free(&m);
}

static int matrix_begin(struct render *r, struct err *err)
{
	(void)err;
	r->nr_rows = r->report->nr_rows; /* it has no first ones */
	render_text_head(r);
	return 0;
}

static int matrix_row(struct render *r, const struct report_row *row, struct err *err)
{
	(void)r;
	(void)row;
	(void)err;
	return 0;
}

static int matrix_end(struct render *r, struct err *err)
{
	(void)err;
	if (r->report->matrix->totals.target_hits)
		text(r);
	render_text_foot(r);
	return 0;
}

const struct render_ops render_matrix = {
	.begin = matrix_begin,
	.row = matrix_row,
	.end = matrix_end,
	.lost_events = render_text_lost_events,
};

/* --- CSV and JSON --- */

/* False: there is none. */
static bool cell_value(const struct matrix *m, unsigned int from, unsigned int to, uint64_t *v)
{
	size_t at = (size_t)from * m->nr + to;
	const struct hist *h = m->delays ? &m->delays[at] : NULL;

	if (!h)
		*v = m->hits[at];
	else if (m->value == MATRIX_MAX)
		*v = h->max;
	else
		*v = hist_percentile(h, m->value == MATRIX_P50 ? 0.5 : 0.99);
	return !h || h->count;
}

static int csv_begin(struct render *r, struct err *err)
{
	struct matrix m;
	uint64_t v;

	(void)err;
	matrix_make(&m, r);
	fputs("source", r->out);
	for (unsigned int to = 0; to < m.nr; to++)
		if (m.is_hit[to])
			fprintf(r->out, ",%s", m.labels[to]);
	fputc('\n', r->out);
	for (unsigned int from = 0; from < m.nr; from++) {
		if (!m.sends[from])
			continue;
		fputs(m.labels[from], r->out);
		for (unsigned int to = 0; to < m.nr; to++) {
			if (!m.is_hit[to])
				continue;
			fputc(',', r->out);
			if (cell_value(&m, from, to, &v))
				fprintf(r->out, "%" PRIu64, v);
		}
		fputc('\n', r->out);
	}
	matrix_free(&m);
	render_lost_events(r);
	return 0;
}

const struct render_ops render_matrix_csv = {
	.begin = csv_begin,
	.row = matrix_row,
	.end = render_csv_end,
	.lost_events = render_csv_lost_events,
};

static void json_axis(struct json *j, const char *key, const struct matrix *m, const bool *there)
{
	json_array(j, key);
	for (unsigned int i = 0; i < m->nr; i++)
		if (there[i])
			json_u64(j, NULL, m->cpus[i].nr);
	json_close(j);
}

void render_matrix_json(const struct render *r, struct json *j)
{
	static const char *const names[] = {
		[MATRIX_COUNT] = "count",
		[MATRIX_P50] = "p50",
		[MATRIX_P99] = "p99",
		[MATRIX_MAX] = "max",
	};
	bool compact = j->compact;
	struct matrix m;
	uint64_t v;

	matrix_make(&m, r);
	j->compact = true;
	json_object(j, "matrix");
	json_string(j, "value", names[m.value]);
	json_string(j, "unit", m.value == MATRIX_COUNT ? "count" : "ns");
	json_axis(j, "sources", &m, m.sends);
	json_axis(j, "targets", &m, m.is_hit);
	json_array(j, "cells");
	for (unsigned int from = 0; from < m.nr; from++) {
		if (!m.sends[from])
			continue;
		json_array(j, NULL);
		for (unsigned int to = 0; to < m.nr; to++) {
			if (!m.is_hit[to])
				continue;
			if (cell_value(&m, from, to, &v))
				json_u64(j, NULL, v);
			else
				json_null(j, NULL);
		}
		json_close(j);
	}
	json_close(j);
	json_close(j);
	j->compact = compact;
	matrix_free(&m);
}
