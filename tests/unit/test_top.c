// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_top.c - the live view without a terminal: what screens of many sizes show, and what keys do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "render/top.h"
#include "tap.h"

#define ROWS 40

struct fixture {
	struct trace_info trace;
	struct agg_row agg[ROWS], own;
	struct report_row rows[ROWS];
	char names[ROWS][64];
	struct hist none;
	struct report report;
	struct top_detail detail;
	struct top_view view;
	struct top_data data;
};

/* Row i: called_by_number_i, (ROWS - i) * 1000 hits in two seconds, each delivered after i + 1 us, handled in 1 us. */
static void make(struct fixture *f)
{
	static char *frames[] = { "smp_call_function_many_cond+0x1/0x2", "a_caller+0x3/0x4",
				  "entry_SYSCALL_64+0x5/0x6" };

	memset(f, 0, sizeof(*f));
	f->trace = (struct trace_info){
		.clock_ns = true,
		.clock_sync = true,
		.cpus = 4,
		.has_send = true,
		.has_csd = true,
		.has_reception = true,
		.stacks = true,
		.start_ns = 5000000000,
		.end_ns = 7000000000,
	};
	snprintf(f->trace.kernel, sizeof(f->trace.kernel), "6.12.0-with-a-rather-long-name-of-its-own-amd64");
	for (unsigned int i = 0; i < ROWS; i++) {
		struct agg_row *a = &f->agg[i];

		snprintf(f->names[i], sizeof(f->names[i]), "called_by_a_function_of_number_%u+0x%x", i, i);
		a->target = i;
		a->n.target_hits = (ROWS - i) * 1000;
		for (unsigned int n = 0; n < 10; n++) {
			hist_add(&a->delivery, (i + 1) * 1000 + n, 0, 0);
			hist_add(&a->handler, 1000000, 0, 0);
		}
		f->rows[i].agg = a;
		f->rows[i].trace = &f->trace;
		f->rows[i].caller = f->names[i];
		f->rows[i].func = "a_function";
		f->report.totals.target_hits += a->n.target_hits;
	}
	f->report.trace = &f->trace;
	f->report.own = &f->own;
	f->report.rows = f->rows;
	f->report.nr_rows = ROWS;
	f->report.by[0] = AGG_KEY_CALLER;
	f->report.by[1] = AGG_KEY_FUNC;
	f->report.nr_by = 2;
	f->report.classes[0].unsolicited = &f->none;
	f->report.nr_classes = 1;
	f->detail = (struct top_detail){
		.slow = { { 6000000000, 2500, 300, IPI_NO_TIME, 1, 2, "worker-77" },
			  { 6100000000, 1500, IPI_NO_TIME, 900, 3, 0, "other-78" } },
		.nr_slow = 2,
		.frames = frames,
		.nr_frames = 3,
		.nr_plumbing = 4,
	};
	f->view = (struct top_view){ .by = { AGG_KEY_CALLER, AGG_KEY_FUNC },
				     .nr_by = 2,
				     .sort = top_column_find("rate") };
	f->data = (struct top_data){ .report = &f->report, .elapsed_ns = 4000000000, .detail = &f->detail };
}

static void unmake(struct fixture *f)
{
	for (unsigned int i = 0; i < ROWS; i++) {
		hist_free(&f->agg[i].delivery);
		hist_free(&f->agg[i].handler);
	}
	top_view_free(&f->view);
}

/* All lines, with an end each; checks that they fit. */
static char *look(struct fixture *f, unsigned int width, unsigned int height)
{
	const struct screen s = { .width = width };
	struct top_screen screen;
	unsigned int wide = 0;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	top_draw(&f->view, &f->data, &s, height, &screen);
	for (unsigned int i = 0; i < screen.nr; i++) {
		wide += screen_cells(screen.lines[i].text) > width;
		fprintf(out, "%s\n", screen.lines[i].text);
	}
	fclose(out);
	if (wide || screen.nr > height)
		ok(false, "%ux%u: %u lines, %u too wide:\n%s", width, height, screen.nr, wide, text);
	top_screen_free(&screen);
	return text;
}

static void shows(struct fixture *f, const char *what, const char *name)
{
	char *text = look(f, 80, 24);
	bool there = ok(strstr(text, what), "%s", name);

	if (!there)
		printf("# no '%s' in:\n%s", what, text);
	free(text);
}

static void hides(struct fixture *f, const char *what, const char *name)
{
	char *text = look(f, 80, 24);

	if (!ok(!strstr(text, what), "%s: no '%s'", name, what))
		printf("# in:\n%s", text);
	free(text);
}

static enum top_action press(struct fixture *f, int key)
{
	return top_key(&f->view, key, &f->data);
}

static void type(struct fixture *f, const char *text)
{
	while (*text)
		press(f, *text++);
}

/* Whatever was pressed before: nothing is wider or higher than the screen, or cut without a mark. */
static void test_sizes(struct fixture *f)
{
	static const int keys[] = { 0,	  'h',	      TOP_KEY_DOWN, 'h',  TOP_KEY_END, '\n', TOP_KEY_PAGE_DOWN,
				    't',  TOP_KEY_UP, '/',	    'x',  '=',	       '\n', 27,
				    27,	  'b',	      'z',	    '\n', 27,	       's',  'y',
				    '\n', 27,	      TOP_KEY_HOME, ' ' };
	static const unsigned int widths[] = { 1, 2, 5, 20, 40, 79, 80, 200, 500 },
				  heights[] = { 1, 2, 3, 4, 5, 8, 12, 24, 50 };
	unsigned int looks = 0, empty = 0;

	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		press(f, keys[k]);
		for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
			for (size_t h = 0; h < sizeof(heights) / sizeof(heights[0]); h++) {
				char *text = look(f, widths[w], heights[h]);

				empty += text[strspn(text, "\n")] == '\0';
				free(text);
				looks++;
			}
	}
	ok(!empty, "%u looks, none of them empty", looks);
}

static void test_head(struct fixture *f)
{
	f->own.n.target_hits = 20;
	f->data.cpu_ns = 100000000;
	f->data.cpu_in_ns = 1000000000; /* of which the end of the interval is not the end */
	f->data.nr_storms = 2;
	f->data.storms[0] = (struct top_storm){ 3, 90000 };
	f->data.lost = 7;
	shows(f, "ipitrace top 7.000000, 2.00s of 4.00s, Linux 6.12.0-", "the interval, and the time in all");
	shows(f, "-amd64, 4 CPUs\n", "the kernel's name is shortened, not what follows");
	shows(f, "per s: 410k hits, 0.00 sends, 0.00 irqs, 0.00 unsolicited; 20.0% CPU stolen\n",
	      "rates by the true length");
	shows(f, "lost 7, late 0; own: 10.0% CPU, 10.0 hits/s; storms: CPU 3 45000/s, 1 more\n", "health");
	shows(f, "by caller,func, sorted by rate\n", "what was asked for");
	shows(f, " 20000 1.00us 1.01us 1.01us    0.50\n", "a row: rate, percentiles, percent of a CPU");
	shows(f, "columns do not fit; q quit, h help", "what is left out is counted");
	f->data = (struct top_data){ .report = &f->report, .elapsed_ns = 4000000000, .detail = &f->detail };
	f->trace.has_send = false;
	f->trace.arrivals_unknown = true;
	shows(f, "per s: - hits, - sends, - irqs, - unsolicited; -% CPU stolen\n", "what is not known is no zero");
	shows(f, "own: 0.00% CPU, - hits/s; storms: not known\n", "  nor none");
	f->trace.has_send = true;
	f->report.totals.interrupts = 40;
	shows(f, "per s: 410k hits, 0.00 sends, 20.0 irqs, - unsolicited; 20.0% CPU stolen\n",
	      "interrupts of which it is not known which IPI they are");
	f->report.totals.interrupts = 0;
	f->trace.arrivals_unknown = false;
}

static void test_keys(struct fixture *f)
{
	shows(f, "row 1 of 40", "the first row");
	press(f, TOP_KEY_END);
	shows(f, "row 40 of 40", "End");
	shows(f, "number_39+0x27 ", "is on the screen");
	is_u64((unsigned int)press(f, TOP_KEY_DOWN), TOP_LOOK, "and further down");
	shows(f, "row 40 of 40", "is no row");
	/* It goes where its row goes. */
	f->rows[0].caller = f->names[39];
	f->rows[39].caller = f->names[0];
	top_view_renew(&f->view, &f->report);
	shows(f, "row 1 of 40", "a selected row is found again");
	press(f, '\n');
	shows(f, "send to handler entry:", "Enter: histogram");
	shows(f, "10 samples, p50 1.00us", "its numbers");
	shows(f, "SLOWEST AT FROM TO DELIVERY  FUNC HANDLER SENDER", "slowest IPIs");
	shows(f, "   1  2   2.50us 300ns       - worker-77", "what is not known is none");
	press(f, TOP_KEY_PAGE_DOWN);
	press(f, TOP_KEY_PAGE_DOWN);
	shows(f, "stack of the slowest's sender (4 frames of the plumbing are left out):", "the stack, scrolled to");
	shows(f, "    a_caller+0x3/0x4", "its frames");
	press(f, 't');
	press(f, TOP_KEY_PAGE_UP);
	press(f, TOP_KEY_PAGE_UP);
	shows(f, "handler entry to exit:", "t: another histogram");
	f->rows[0].caller = f->names[1];
	top_view_renew(&f->view, &f->report);
	shows(f, "no IPIs of this row in this interval", "a row that is gone is not another one");
	f->rows[0].caller = f->names[39];
	top_view_renew(&f->view, &f->report);
	press(f, 27);
	hides(f, "SLOWEST AT", "Esc");
	press(f, 27);
	ok(!f->view.label, "Esc again: nothing is selected");
	press(f, 'h');
	shows(f, "q, Ctrl-C", "help");
	shows(f, "Ctrl-L", "all of it on 80x24");
	shows(f, "Ctrl-U", "also how to begin anew where something is typed");
	hides(f, "scroll)", "help");
	press(f, 'h');
	press(f, ' ');
	shows(f, "[frozen]", "frozen");
	shows(f, "Space thaw", "and how not");
	press(f, ' ');
	hides(f, "[frozen]", "thawed");
	is_u64((unsigned int)press(f, 'q'), TOP_QUIT, "q quits");
}

static void test_prompts(struct fixture *f)
{
	press(f, '/');
	shows(f, "only IPIs with: ", "a prompt");
	type(f, "delivry > 100us");
	is_u64((unsigned int)press(f, '\n'), TOP_LOOK, "what is wrong is not taken");
	shows(f, "delivry", "it stays to be mended");
	shows(f, "hint: did you mean delivery", "and says what is wrong");
	ok(f->view.mode == TOP_ASK_WHERE && !f->view.where[0], "nothing is filtered by it");
	press(f, 'U' - '@');
	type(f, "delivery > 100usx");
	press(f, TOP_KEY_BACKSPACE);
	is_u64((unsigned int)press(f, '\n'), TOP_COUNT, "what is right is");
	is_str(f->view.where, "delivery > 100us", "as it was typed");
	shows(f, "; only delivery > 100us\n", "it is shown");
	shows(f, "per s: 410k hits, - sends", "what a condition cannot be asked of is not counted");
	press(f, 'f');
	press(f, 'U' - '@');
	is_u64((unsigned int)press(f, '\n'), TOP_COUNT, "nothing: all of them");
	is_str(f->view.where, "", "again");

	press(f, 'b');
	shows(f, "rows by: caller,func", "rows by");
	press(f, 'U' - '@');
	type(f, "target,nonsense");
	press(f, '\n');
	shows(f, "'nonsense': unknown key", "an unknown key");
	for (int i = 0; i < 9; i++)
		press(f, TOP_KEY_BACKSPACE);
	is_u64((unsigned int)press(f, '\n'), TOP_COUNT, "a known one");
	ok(f->view.nr_by == 1 && f->view.by[0] == AGG_KEY_TARGET, "rows are by target");
	press(f, 'g');
	ok(f->view.nr_by == 1 && f->view.by[0] == AGG_KEY_PROCESS, "g: the next grouping");

	press(f, 's');
	press(f, 'U' - '@');
	type(f, "nonsense");
	press(f, '\n');
	shows(f, "'nonsense': unknown column", "an unknown column");
	press(f, 'U' - '@');
	type(f, "delivery_max");
	is_u64((unsigned int)press(f, '\n'), TOP_SORT, "a known one");
	is_str(f->view.sort->id, "delivery_max", "sorts");
	press(f, '>');
	is_str(f->view.sort->id, "stolen", "> : by the next column");
	press(f, '<');
	is_str(f->view.sort->id, "delivery_max", "< : and back");
	press(f, 's');
	press(f, 27);
	ok(f->view.mode == TOP_ROWS, "Esc leaves a prompt");
	press(f, '/');
	for (unsigned int i = 0; i < 2 * TOP_EDIT_LEN; i++)
		press(f, 'x');
	is_u64(strlen(f->view.edit), TOP_EDIT_LEN - 1, "what is typed has an end");
	shows(f, "~xxxxxxxx", "and is shown with a mark where it is long");
	press(f, 27);
}

static void test_text(struct fixture *f)
{
	const struct screen s = { 0 };
	struct top_screen screen;

	f->view.max_rows = 3;
	top_draw(&f->view, &f->data, &s, 0, &screen);
	is_u64(screen.nr, 4 + 1 + 3 + 1 + 1, "head, heading, rows, how many more, an empty line");
	is_str(screen.lines[8].text, "(37 more rows)", "those that are left out are counted");
	top_screen_free(&screen);
	f->view.max_rows = 0;
	f->report.nr_rows = 0;
	top_draw(&f->view, &f->data, &s, 0, &screen);
	is_str(screen.lines[4].text, "no IPIs were sent in this interval", "no rows");
	top_screen_free(&screen);
	f->data.report = NULL;
	shows(f, "measuring", "before the first interval");
}

int main(void)
{
	struct fixture f;

	make(&f);
	test_head(&f);
	test_keys(&f);
	unmake(&f);
	make(&f);
	test_prompts(&f);
	unmake(&f);
	make(&f);
	test_sizes(&f);
	unmake(&f);
	make(&f);
	test_text(&f);
	unmake(&f);
	return done_testing();
}
