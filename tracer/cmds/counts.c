// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/counts.c - a measurement that the kernel makes: tables, no events.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/counts.h"
#include "capture/session.h"
#include "capture/signals.h"
#include "cmds/counts.h"
#include "record/run.h"

#define SCHEMA "ipitrace-counts/1"

struct counting {
	const struct counts_options *o;
	enum session_counts by;
	struct session *session;
	struct run run;
	struct counts_table tables[COUNTS_NR_KINDS];
	uint64_t on_ns, off_ns;
};

/* --- results --- */

static uint64_t dropped(const struct counting *c)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < COUNTS_NR_KINDS; i++)
		sum += c->tables[i].dropped;
	return sum;
}

/* Those that found no place in the table were counted as well: only whose they are is not known. */
static uint64_t total(const struct counting *c, enum counts_kind kind)
{
	return counts_sum(&c->tables[kind]) + c->tables[kind].dropped;
}

static int compare_rows(const void *x, const void *y)
{
	const struct counts_row *a = x, *b = y;
	int d = (a->count < b->count) - (a->count > b->count);

	if (!d)
		d = strcmp(a->name ? a->name : "", b->name ? b->name : "");
	return d ? d : (a->target > b->target) - (a->target < b->target);
}

static void json_target(struct json *j, const struct counts_row *row)
{
	if (row->target == COUNTS_NO_TARGET)
		json_null(j, "target");
	else
		json_u64(j, "target", row->target);
}

static void json_name(struct json *j, const char *key, const char *name, bool is_stack)
{
	char *copy, *rest, *frame;

	if (!is_stack || !name) {
		json_string(j, key, name);
		return;
	}
	copy = rest = xstrdup(name);
	json_array(j, key);
	while ((frame = strsep(&rest, "\n")))
		json_string(j, NULL, frame);
	json_close(j);
	free(copy);
}

/* How many rows of a table are to be seen: -n. */
static unsigned int rows_shown(const struct counting *c, enum counts_kind kind)
{
	unsigned int nr = c->tables[kind].nr;

	return c->o->top && c->o->top < nr ? (unsigned int)c->o->top : nr;
}

static void json_rows(struct json *j, const struct counting *c, enum counts_kind kind, const char *key,
		      const char *cast)
{
	for (unsigned int i = 0; i < rows_shown(c, kind); i++) {
		const struct counts_row *row = &c->tables[kind].rows[i];

		json_object(j, NULL);
		if (cast)
			json_string(j, "cast", cast);
		if (key)
			json_name(j, key, row->name, !strcmp(key, "stack"));
		json_target(j, row);
		json_u64(j, "count", row->count);
		json_close(j);
	}
}

/* What the kernel's tables cannot tell is null. */
static void json_totals(struct json *j, const struct counting *c)
{
	uint64_t single = total(c, COUNTS_SINGLE), multi = total(c, COUNTS_MULTICAST);

	json_object(j, "totals");
	json_u64(j, "sends", single + multi);
	json_u64(j, "single_sends", single);
	json_u64(j, "multicasts", multi);
	if (multi)
		json_null(j, "target_hits");
	else
		json_u64(j, "target_hits", single);
	json_u64(j, "calls", total(c, COUNTS_CALLS));
	json_null(j, "delivered");
	json_null(j, "coalesced");
	json_null(j, "interrupts");
	json_null(j, "unsolicited");
	json_u64(j, "dropped", dropped(c));
	json_close(j);
}

static void print_json(const struct counting *c, FILE *out)
{
	const char *key = c->by == SESSION_COUNTS_STACK ? "stack" : "callsite";
	struct json j = { .out = out };
	struct utsname u;

	uname(&u);
	json_object(&j, NULL);
	json_string(&j, "schema", SCHEMA);
	json_string(&j, "kernel", u.release);
	json_string(&j, "by", key);
	json_u64(&j, "duration_ns", c->off_ns - c->on_ns);
	json_totals(&j, c);
	json_array(&j, "sends");
	json_rows(&j, c, COUNTS_SINGLE, key, "single");
	json_rows(&j, c, COUNTS_MULTICAST, key, "multicast");
	json_close(&j);
	json_array(&j, "targets_of_single_sends");
	json_rows(&j, c, COUNTS_TARGETS, NULL, NULL);
	json_close(&j);
	json_array(&j, "calls");
	json_rows(&j, c, COUNTS_CALLS, "func", NULL);
	json_close(&j);
	json_close(&j);
}

static void text_row(FILE *out, const struct counts_row *row)
{
	char target[24] = "", text[4096];

	if (row->target != COUNTS_NO_TARGET)
		snprintf(target, sizeof(target), "%u", row->target);
	fprintf(out, "%10llu %6s ", (unsigned long long)row->count, target);
	for (const char *p = row->name; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		char *frame = strndup(p, strcspn(p, "\n"));

		sanitize(text, sizeof(text), frame ? frame : "");
		fprintf(out, "%s%s", p == row->name ? "" : "\n                    ", text);
		free(frame);
	}
	fputc('\n', out);
}

static void text_table(const struct counting *c, enum counts_kind kind, const char *what, const char *name, FILE *out)
{
	const struct counts_table *t = &c->tables[kind];
	unsigned int nr = rows_shown(c, kind);

	if (!t->nr)
		return;
	fprintf(out, "\n%10s %6s %s\n", what, t->rows[0].target == COUNTS_NO_TARGET ? "" : "TARGET", name);
	for (unsigned int i = 0; i < nr; i++)
		text_row(out, &t->rows[i]);
	if (nr < t->nr)
		fprintf(out, "(%u more row%s)\n", t->nr - nr, plural_s(t->nr - nr));
}

static void print_text(const struct counting *c, FILE *out)
{
	const char *name = c->by == SESSION_COUNTS_STACK ? "STACK" : "CALLSITE";
	uint64_t single = total(c, COUNTS_SINGLE), multi = total(c, COUNTS_MULTICAST), calls = total(c, COUNTS_CALLS);

	fprintf(out,
		"%.3f s, counted by the kernel: %llu send%s = %llu to one CPU + %llu multicast%s, %llu call%s queued\n",
		(double)(c->off_ns - c->on_ns) / 1e9, (unsigned long long)(single + multi), plural_s(single + multi),
		(unsigned long long)single, (unsigned long long)multi, plural_s(multi), (unsigned long long)calls,
		plural_s(calls));
	text_table(c, COUNTS_SINGLE, "SENDS", name, out);
	text_table(c, COUNTS_TARGETS, "SENDS", "", out);
	text_table(c, COUNTS_MULTICAST, "MULTICASTS", name, out);
	text_table(c, COUNTS_CALLS, "CALLS", "FUNCTION", out);
	fputs("\nnot known: targets of multicasts; what became of any send or call; whether ipitrace itself sent it\n",
	      out);
}

/* --- the order of things --- */

static int open_all(struct counting *c, const struct results *results, char **workload, struct err *err)
{
	const struct session_config config = { .counts = c->by, .buffer_bytes = 4096 };
	const struct workload_config run = {
		.argv = workload,
		.stdout_to_stderr = results->is_stdout,
		.whole_tree = c->o->wait_all,
	};
	int ret;

	signals_catch();
	if (workload)
		mem_set_exit_status(EXIT_CANCELED);
	ret = session_open(&c->session, &config, err);
	run_say_notes(&c->run, c->session);
	if (ret)
		return -1;
	if (workload && workload_fork(&c->run.workload, &run, err))
		return -1;
	return 0;
}

static int measure(struct counting *c, struct err *err)
{
	uint64_t end_ns = UINT64_MAX;
	int ret;

	if (session_start_counts(c->session, c->by, err))
		return -1;
	c->on_ns = signals_now_ns();
	ret = run_release(&c->run, err);
	if (c->o->duration_ns)
		end_ns = signals_now_ns() + c->o->duration_ns;
	if (!ret && !c->o->quiet && !c->run.workload && isatty(STDERR_FILENO))
		running_say("counting%s; Ctrl-C stops", c->o->duration_ns ? " until the time is over" : "");
	while (!ret && !run_is_over(&c->run, end_ns)) {
		uint64_t now = signals_now_ns();

		signals_sleep_ns(end_ns > now && end_ns - now < NS_PER_S / 10 ? end_ns - now : NS_PER_S / 10);
	}
	if (session_stop_counts(c->session, c->by, ret ? NULL : err))
		ret = -1;
	c->off_ns = signals_now_ns();
	run_tell_workload(&c->run);
	if (!ret)
		ret = session_read_counts(c->session, c->by, c->tables, err);
	return ret;
}

static int finish(struct counting *c, int ret, bool has_workload, struct err *err)
{
	int status = EXIT_OK;

	if (ret)
		running_failed(has_workload, err);
	run_reap_workload(&c->run);
	if (ret)
		return -1;
	if (has_workload)
		status = running_workload_status(&c->run);
	if (!dropped(c) || (status && !c->o->strict))
		return status;
	err_set(err, EXIT_INCOMPLETE, "%llu event%s found no place in the kernel's tables: in the totals, in no row",
		(unsigned long long)dropped(c), plural_s(dropped(c)));
	err_hint(err, "%s",
		 c->by == SESSION_COUNTS_STACK ? "stacks are many: without --by stack rows are by call site" :
						 "'ipitrace stat' without --counts has no such limit");
	return EXIT_INCOMPLETE;
}

int counts_run(const struct counts_options *o, struct results *results, char **workload, struct err *err)
{
	struct counting c = {
		.o = o,
		.by = o->by_stack ? SESSION_COUNTS_STACK : SESSION_COUNTS_CALLSITE,
		.run = { .say = running_say },
	};
	struct err late = { 0 };
	int ret = open_all(&c, results, workload, err);

	if (!ret)
		ret = measure(&c, err);
	if (!ret) {
		for (unsigned int i = 0; i < COUNTS_NR_KINDS; i++)
			if (c.tables[i].nr)
				qsort(c.tables[i].rows, c.tables[i].nr, sizeof(*c.tables[i].rows), compare_rows);
		if (o->json)
			print_json(&c, results->out);
		else
			print_text(&c, results->out);
		ret = results_flush(results, err) || results_close(results, err) ? -1 : 0;
	}
	/* One that waits to begin holds what it was forked with: files of tracefs, too. */
	if (c.run.workload && !workload_released(c.run.workload))
		workload_cancel(c.run.workload);
	if (session_close(c.session, &late))
		running_say("warning: %s; the next run tries again", late.msg);
	ret = finish(&c, ret, workload, err);
	workload_close(c.run.workload);
	for (unsigned int i = 0; i < COUNTS_NR_KINDS; i++)
		counts_free(&c.tables[i]);
	return ret;
}
