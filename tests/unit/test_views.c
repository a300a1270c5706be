// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_views.c - texts that fit their screen: a table's names and columns, lines, a matrix of 256 CPUs, and a verdict.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/topo.h"
#include "bench/result.h"
#include "render/check.h"
#include "render/grid.h"
#include "render/render.h"
#include "render/screen.h"
#include "report/offenders.h"
#include "tap.h"

#define CPUS 256

static const struct screen narrow = { .width = 20 }, wide = { 0 };

static void test_shorten(void)
{
	static const struct screen utf8 = { .utf8 = true };
	static const struct {
		const char *text, *want;
		unsigned int width;
		bool utf8;
	} cases[] = {
		{ "membarrier_private_expedited+0x20e", "membarrier_private_expedited+0x20e", 34, false },
		{ "membarrier_private_expedited+0x20e", "membarrie~ted+0x20e", 19, false },
		{ "abcdef", "ab~ef", 5, false },
		{ "abcdef", "a~", 2, false },
		{ "abcdef", "~", 1, false },
		{ "abcdef",
		  "ab\xe2\x80\xa6"
		  "ef",
		  5, true },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", "\xc3\xa4~\xc3\x9f", 3, false },
		{ "", "", 5, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *got = screen_shorten(cases[i].utf8 ? &utf8 : &wide, cases[i].text, cases[i].width);

		ok(screen_cells(got) <= cases[i].width, "'%s' in %u cells: '%s'", cases[i].text, cases[i].width, got);
		is_str(got, cases[i].want, "as it should be");
		free(got);
	}
}

static char *wrapped(const struct screen *s, const char *lines)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	screen_wrap(s, lines, out);
	fclose(out);
	return text;
}

static void test_wrap(void)
{
	static const char lines[] =
		"one two three four five six\n\nshort\nunbreakable_name_that_is_longer_than_that end\n";
	char *text = wrapped(&narrow, lines);

	is_str(text, "one two three four\n  five six\n\nshort\nunbreakable_name_that_is_longer_than_that\n  end\n",
	       "at words, indented");
	free(text);
	text = wrapped(&wide, lines);
	is_str(text, lines, "not without a width");
	free(text);
}

static char *drawn(const struct grid *g, const struct screen *s, unsigned int *dropped)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	*dropped = render_grid(g, s, out);
	fclose(out);
	return text;
}

static void test_grid(void)
{
	static const struct grid_column columns[] = {
		{ .header = "NAME", .name = true },
		{ .header = "CLASS", .name = true, .drop = 1 },
		{ .header = "N", .right = true },
		{ .header = "LESS", .right = true, .drop = 2 },
	};
	static char *const cells[] = { "a_rather_long_name", "some_class", "12345", "1", "b", NULL, "1", "22" };
	static const struct grid g = { columns, 4, cells, 2, NULL };
	unsigned int dropped;
	char *text = drawn(&g, &wide, &dropped);

	is_str(text,
	       "NAME               CLASS          N LESS\n"
	       "a_rather_long_name some_class 12345    1\n"
	       "b                                 1   22\n",
	       "all of it");
	is_u64(dropped, 0, "nothing is left out");
	free(text);
	text = drawn(&g, &(struct screen){ .width = 30 }, &dropped);
	is_str(text,
	       "NAME                   N LESS\n"
	       "a_rather_long_name 12345    1\n"
	       "b                      1   22\n",
	       "the class gives way first");
	is_u64(dropped, 1, "and is counted");
	free(text);
	text = drawn(&g, &narrow, &dropped);
	is_str(text,
	       "NAME               N\n"
	       "a_rathe~g_name 12345\n"
	       "b                  1\n",
	       "names are shortened in the middle, numbers never");
	free(text);
}

/* --- matrices of bench --- */

/* A result of every pair: each cell is there once, and tells whose it is. */
static void test_pairs(unsigned int cpus, unsigned int width)
{
	struct bench_result r = { .pairs = true, .nr_rows = cpus * (cpus - 1), .iterations = 1, .repeat = 1 };
	const struct screen s = { .width = width };
	unsigned int nr = 0, parts = 0, cells = 0, right = 0, widest = 0, heads[CPUS + 2];
	char *text, *line, *save = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	r.rows = xcalloc(r.nr_rows, sizeof(*r.rows));
	for (unsigned int i = 0; i < cpus * cpus; i++)
		if (i / cpus != i % cpus)
			r.rows[nr++] = (struct bench_row){
				.mode = IPITRACE_BENCH_SINGLE,
				.source = i / cpus,
				.target = i % cpus,
				.dist[BENCH_DELIVERY] = { .count = 1, .p50 = 100000 + i },
			};
	bench_print(&r, &s, out);
	fclose(out);
	for (line = strtok_r(strstr(text, "FROM\\TO"), "\n", &save);
	     line && strspn(line, " 0123456789FROM\\T") == strlen(line); line = strtok_r(NULL, "\n", &save)) {
		bool head = line[0] == 'F';
		unsigned int column = 0, from = 0;

		widest = strlen(line) > widest ? (unsigned int)strlen(line) : widest;
		parts += head;
		for (char *at = NULL, *word = strtok_r(line, " ", &at); word;
		     word = strtok_r(NULL, " ", &at), column++) {
			unsigned int value = (unsigned int)strtoul(word, NULL, 10);

			if (head)
				heads[column] = value;
			else if (!column)
				from = value;
			/* An empty cell is the only one of its line, that of the CPU itself: what follows is one further right. */
			else if (value >= 100000) {
				cells++;
				for (unsigned int k = column; k <= column + 1; k++)
					if (value == 100000 + from * cpus + heads[k]) {
						right++;
						break;
					}
			}
		}
		if (head)
			heads[column] = CPUS;
	}
	is_u64(cells, r.nr_rows, "%u CPUs, width %u: every pair is in the matrix", cpus, width);
	is_u64(right, cells, "  below the CPU that it is to");
	ok(!width || widest <= width, "  no line is wider: %u", widest);
	ok(width ? parts > 1 : parts == 1, "  %u parts", parts);
	free(r.rows);
	free(text);
}

/* --- a matrix --- */

struct machine {
	struct trace_info trace;
	struct topo topo;
	struct agg_row *cells, own;
	struct report_row *rows;
	struct report report, matrix;
};

/* Each of these CPUs, from 0 on, sends source + 1 to each of the others; CPUs of a cache and of a node lie CPUS / nr apart. */
static void machine_make(struct machine *m, unsigned int cpus, unsigned int nodes, unsigned int llcs,
			 unsigned int every)
{
	unsigned int nr = 0;

	memset(m, 0, sizeof(*m));
	for (unsigned int i = 0; i < nodes; i++)
		topo_add(&m->topo, TOPO_NODE, i);
	for (unsigned int i = 0; i < llcs; i++)
		topo_add(&m->topo, TOPO_LLC, i);
	for (unsigned int cpu = 0; cpu < cpus; cpu++) {
		if (nodes)
			cpuset_add(&m->topo.groups[cpu % nodes].cpus, cpu);
		if (llcs)
			cpuset_add(&m->topo.groups[nodes + cpu % llcs].cpus, cpu);
	}
	m->trace = (struct trace_info){
		.path = "x",
		.clock = "mono",
		.clock_ns = true,
		.clock_sync = true,
		.tier = "exact",
		.cpus = cpus,
		.has_send = true,
		.has_reception = true,
		.topo = nodes || llcs ? &m->topo : NULL,
	};
	m->cells = xcalloc((size_t)cpus * cpus, sizeof(*m->cells));
	m->rows = xcalloc((size_t)cpus * cpus, sizeof(*m->rows));
	for (unsigned int s = 0; s < cpus; s++) {
		for (unsigned int t = 0; t < cpus; t++) {
			if (s == t || s % every || t % every)
				continue;
			m->cells[nr].source = s;
			m->cells[nr].target = t;
			m->cells[nr].n.target_hits = s + 1;
			m->matrix.totals.target_hits += s + 1;
			hist_add(&m->cells[nr].delivery, 1000 * (s + 1), 0, t);
			m->rows[nr].agg = &m->cells[nr];
			m->rows[nr].trace = &m->trace;
			nr++;
		}
	}
	m->matrix.rows = m->rows;
	m->matrix.nr_rows = nr;
	m->matrix.trace = &m->trace;
	m->report.trace = &m->trace;
	m->report.matrix = &m->matrix;
	m->report.own = &m->own;
}

static void machine_free(struct machine *m)
{
	for (unsigned int i = 0; i < m->matrix.nr_rows; i++)
		hist_free(&m->cells[i].delivery);
	topo_free(&m->topo);
	free(m->cells);
	free(m->rows);
}

static char *matrix_text(const struct machine *m, enum matrix_value value, unsigned int width)
{
	const struct render_options o = { .screen.width = width, .matrix = value };
	struct err err = { 0 };
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ok(!render_report(&render_matrix, &m->report, &o, out, &err), "drawn: %s", err.msg);
	fclose(out);
	return text;
}

/* From the heading on: the widest line, the number of lines of cells, the sum of the cells but for TOTAL. */
static void measure(const char *text, unsigned int *widest, unsigned int *lines, uint64_t *sum)
{
	const char *line = strstr(text, "FROM\\TO");

	*widest = *lines = 0;
	*sum = 0;
	while (line > text && line[-1] != '\n')
		line--;
	for (bool total = false; line && *line && !total; line = strchr(line, '\n') + 1) {
		size_t len = strcspn(line, "\n");
		char *copy = strndup(line, len), *save = NULL, *word = strtok_r(copy, " ", &save), *next;

		*widest = len > *widest ? (unsigned int)len : *widest;
		total = !strcmp(word, "TOTAL");
		/* The first word is whom the line is of, the last one its sum. */
		for (word = strtok_r(NULL, " ", &save); word; word = next) {
			next = strtok_r(NULL, " ", &save);
			if (next && !total && *lines)
				*sum += strtoull(word, NULL, 10);
		}
		++*lines;
		free(copy);
	}
}

static void test_matrix(void)
{
	static const struct {
		unsigned int cpus, nodes, llcs, width, lines;
		const char *says;
		bool even; /* CPUs only */
	} cases[] = {
		{ 2, 1, 1, 80, 4, NULL, false },
		{ 4, 2, 0, 80, 6, "memory nodes: node0 = CPU 0,2, node1 = CPU 1,3", false },
		{ CPUS, 2, 16, 300, 18, "by last-level cache", false },
		{ CPUS, 2, 64, 80, 4, "by memory node", false },
		{ CPUS, 0, 0, 80, 0, "by blocks of CPUs", false },
		{ CPUS, 1, 1, 80, 0, " 96-127 ", false },
		{ 66, 0, 0, 80, 0, "by blocks of CPUs", false },
		{ CPUS, 0, 0, 80, 0, "0..62 ", true },
		{ CPUS, 0, 0, 80, 0, "(A..B: CPUs from A to B, but not all", true },
		{ CPUS, 0, 0, 0, 0, "by blocks of CPUs", false },
		{ CPUS, 0, 0, 1000000, CPUS + 2, NULL, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned int widest, lines;
		struct machine m;
		uint64_t sum;
		char *text;

		machine_make(&m, cases[i].cpus, cases[i].nodes, cases[i].llcs, cases[i].even ? 2 : 1);
		text = matrix_text(&m, MATRIX_COUNT, cases[i].width);
		measure(text, &widest, &lines, &sum);
		is_u64(sum, m.matrix.totals.target_hits, "%u CPUs, width %u: adds up", cases[i].cpus, cases[i].width);
		ok(widest <= (cases[i].width ? cases[i].width : 200), "no line is wider: %u", widest);
		if (cases[i].lines)
			is_u64(lines, cases[i].lines, "lines");
		if (cases[i].says)
			ok(strstr(text, cases[i].says) != NULL, "says: %s", cases[i].says);
		else
			ok(!strstr(text, "too many"), "of CPUs");
		free(text);
		machine_free(&m);
	}
}

static void test_matrix_order(void)
{
	struct machine m;
	char *text;

	machine_make(&m, 4, 2, 0, 1);
	text = matrix_text(&m, MATRIX_COUNT, 80);
	ok(strstr(text, "FROM\\TO 0 2 1 3 TOTAL\n      0 . 1 1 1     3\n      2 3 . 3 3     9\n") != NULL,
	   "CPUs of a node stand beside each other");
	free(text);
	text = matrix_text(&m, MATRIX_MAX, 80);
	ok(strstr(text, "\n      2 3.00us      . 3.00us 3.00us\n") != NULL, "times have no sums: %s", text);
	free(text);
	machine_free(&m);
}

/* --- a verdict --- */

static unsigned int widest_line(const char *text)
{
	unsigned int widest = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		widest = strcspn(text, "\n") > widest ? (unsigned int)strcspn(text, "\n") : widest;
	return widest;
}

static void test_verdict(unsigned int width)
{
	const struct offence offence = { 123456, 1234567, 12345, 16828256668000, 16828316033000 };
	const struct check_offender offender = { .caller = "membarrier_private_expedited+0x20e",
						 .func = "flush_tlb_func",
						 .class = "call_function_single",
						 .comm = "qemu-system-aar",
						 .pid = 1234567,
						 .target = 1,
						 .offence = &offence };
	const struct check_irq irqs[] = { { "LOC", "Local timer interrupts", 1, 196 },
					  { "36", "virtio1-req.0", 1, 123456 } };
	const struct trace_info trace = { .clock_ns = true };
	const struct check_report r = { .verdict = CHECK_FAILED,
					.cpus = "1",
					.duration_ns = 700000000,
					.hits = 123456,
					.offenders = &offender,
					.nr_offenders = 1,
					.top = 25,
					.self_test = true,
					.self_test_seen = true,
					.intact = true,
					.trace = &trace,
					.irqs = irqs,
					.nr_irqs = 2 };
	const struct screen s = { .width = width };
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	render_check_text(&r, &s, out);
	fclose(out);
	ok(!width || widest_line(text) <= width, "a verdict on %u columns:\n%s", width, text);
	ok(strstr(text, "123456") && strstr(text, "qemu-system-aar"), "  who sent how many is there");
	ok(!strstr(text, "not fit this terminal") == !width, "  what is not is counted");
	ok(strstr(text, "\nfailed: CPU 1: 123456 IPIs in 700ms, at most 0\n"), "  the sentence is a line of its own");
	free(text);
}

int main(void)
{
	test_shorten();
	test_wrap();
	test_grid();
	test_pairs(66, 80);
	test_pairs(CPUS, 80);
	test_pairs(CPUS, 0);
	test_matrix();
	test_matrix_order();
	test_verdict(0);
	test_verdict(80);
	return done_testing();
}
