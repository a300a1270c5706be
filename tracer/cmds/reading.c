// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/reading.c - which recording, one pass over it, and whether it is whole.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/taskid.h"
#include "base/text.h"
#include "report/columns.h"
#include "report/list.h"
#include "cmds/reading.h"

const char *reading_file(const char *command, const char *input, char **argv, int nr, struct err *err)
{
	if (input && nr) {
		err_set(err, EXIT_USAGE, "two files given: '%s' and '%s'", input, argv[1]);
		err_hint(err, "leave one of them out; diff compares two");
		return NULL;
	}
	if (input || nr)
		return input ? input : argv[1];
	if (!access("ipitrace.dat", F_OK))
		return "ipitrace.dat";
	if (!access("trace.dat", F_OK))
		return "trace.dat";
	err_set(err, EXIT_FAILED, "no recording given, and neither ipitrace.dat nor trace.dat here");
	err_hint(err, "make one with 'ipitrace record', or name one: 'ipitrace %s FILE'", command);
	return NULL;
}

int reading_parse_plumbing(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	size_t len;
	char *text;
	int ret;

	(void)spec;
	if (!strcmp(arg, "-")) {
		err_set(err, EXIT_USAGE, "- stands for a recording from standard input, not for names");
		return err_hint(err, "put the names into a file, or give /dev/stdin if the recording is a file");
	}
	text = read_file(arg, &len);
	if (!text)
		return err_set_errno(err, EXIT_FAILED, errno, "%s", arg);
	ret = plumbing_parse(target, text, len, arg, err);
	free(text);
	return ret;
}

/* Where in a line of the list of plumbing its reason begins. */
#define PLUMBING_WHY 75

static void print_row(FILE *out, const struct plumbing_row *row, const char *kind)
{
	char name[64], left[128],
		*why = xasprintf("%s%s%s", row->file ? row->file : "", row->file ? ": " : "", row->why);

	snprintf(name, sizeof(name), "%s%s", row->name, row->prefix ? "*" : "");
	snprintf(left, sizeof(left), "%-39s  %-13s  %s", name, kind, *row->where ? row->where : "-");
	help_wrapped(out, left, PLUMBING_WHY, 0, why);
	free(why);
}

void reading_print_plumbing(FILE *out)
{
	static const char *const kinds[] = {
		[PLUMBING_PLAIN] = "no caller",	   [PLUMBING_INSIDE] = "all inside", [PLUMBING_CALLS] = "calls waiters",
		[PLUMBING_HIDES] = "hides others", [PLUMBING_NOT] = "is a caller",   [PLUMBING_EDGE] = "edge",
	};
	char left[128];
	size_t nr;
	const struct plumbing_row *row = plumbing_rows(&nr);

	help_wrapped(
		out, "", 0, 0,
		"Functions on the stack of a send that are there for whoever wants one. \"*\" is any end of a name:");
	fputc('\n', out);
	snprintf(left, sizeof(left), "%-39s  %-13s  %s", "NAME", "IS", "KERNELS");
	help_wrapped(out, left, PLUMBING_WHY, 0, "SOURCE AND REASON");
	for (; nr--; row++)
		print_row(out, row, kinds[row->kind]);
	row = plumbing_known(&nr);
	fputc('\n', out);
	help_wrapped(out, "", 0, 0, "Callers that call sites name, so that record --stack auto takes no stacks there:");
	fputc('\n', out);
	for (; nr--; row++)
		print_row(out, row, kinds[PLUMBING_NOT]);
}

/* Of a long list, that may be for many kernels, no more than these are named. */
#define MAX_MISSED 4

void reading_say_plumbing(const struct reading *r, const struct plumbing *plumbing)
{
	struct symtab *symbols = analysis_symtab(r->analysis);
	struct nearest near, first = { 0 };
	unsigned int missed = 0;
	const char *name, *whom = NULL;
	bool prefix;

	for (size_t i = 0; (name = plumbing_own_name(plumbing, i, &prefix)); i++) {
		if (symtab_has(symbols, name, prefix, &near))
			continue;
		if (missed++ < MAX_MISSED)
			fprintf(stderr,
				missed == 1 ? "ipitrace: --plumbing: not among the recording's symbols: %s%s" :
					      ", %s%s",
				name, prefix ? "*" : "");
		if (!whom && near.nr) {
			whom = name;
			first = near;
		}
	}
	if (missed > MAX_MISSED)
		fprintf(stderr, " and %u more", missed - MAX_MISSED);
	if (missed)
		fputc('\n', stderr);
	for (unsigned int i = 0; i < first.nr; i++) {
		char clean[100];

		sanitize(clean, sizeof(clean), first.name[i]);
		if (!i)
			fprintf(stderr, "hint: near %s are", whom);
		fprintf(stderr, "%s %s%s", i ? "," : "", clean, i + 1 == first.nr ? "\n" : "");
	}
}

int reading_open(struct reading *r, const char *path, const char *buffer, struct ipi_filter *f,
		 const struct plumbing *plumbing, struct err *err)
{
	static const struct machine_cpus unknown;
	const struct facts *facts;

	*r = (struct reading){ .path = path, .buffer = buffer };
	if (debug_init(&r->debug, getenv("IPITRACE_DEBUG"), stderr, err) ||
	    analysis_open(&r->analysis, path, buffer, err))
		return -1;
	analysis_set_plumbing(r->analysis, plumbing);
	reading_say_plumbing(r, plumbing);
	reading_set_threads(r, 0);
	facts = analysis_facts(r->analysis);
	if (ipi_filter_resolve(f, facts ? &facts->machine : &unknown, analysis_info(r->analysis)->cpus, err) ||
	    (facts && ipi_filter_against(f, &facts->filter, err)))
		return -1;
	if (facts)
		f->process.workload = facts->workload;
	if (!reading_can_filter(r, f, err))
		return -1;
	r->filters[r->nr_filters++] = f;
	if (facts)
		r->filters[r->nr_filters++] = &facts->filter;
	r->names = analysis_names(r->analysis);
	r->filter = span_filter_new(r->filters, r->nr_filters, &r->names);
	return 0;
}

/* Decoding and matching are a thread each: more can only unpack, which is little. */
#define USUAL_THREADS 4

void reading_set_threads(struct reading *r, uint64_t nr)
{
	analysis_set_threads(r->analysis, nr ? (unsigned int)nr : cpus_usable(USUAL_THREADS));
}

bool reading_has_roots(const struct ipi_filter *f, struct err *err)
{
	if (!f->process.children || f->process.nr || f->process.workload)
		return true;
	err_set(err, EXIT_USAGE, "--children: there is no workload whose children they could be");
	err_hint(err, "name processes: -p PID --children");
	return false;
}

bool reading_can_filter(const struct reading *r, const struct ipi_filter *f, struct err *err)
{
	static const char again[] = "those of trace-cmd and of earlier versions do not: record again";
	const struct facts *facts = analysis_facts(r->analysis);

	if (f->cgroup && !(facts && facts->nr_cgroups)) {
		err_set(err, EXIT_FAILED, "--cgroup: the recording does not know the control groups of tasks");
		err_hint(err, "%s", again);
		return false;
	}
	if (f->process.children && !(facts && facts->nr_parents)) {
		err_set(err, EXIT_FAILED, "--children: the recording does not know which process started which");
		err_hint(err, "%s", again);
		return false;
	}
	return reading_has_roots(f, err);
}

/* "the recording": for messages. */
static const char *whose(const struct reading *r)
{
	return r->several ? r->path : r->path ? "the recording" : "the measurement";
}

/* The command that shows what there is: of a measurement, once more. */
static const char *shown_by(const struct reading *r)
{
	return r->path ? "report" : "stat";
}

/* What the filters have no answer for is told, not guessed. */
static void say_unplaced(const struct reading *r)
{
	const struct filter_unplaced *u = span_filter_unplaced(r->filter);
	const struct facts *facts = analysis_facts(r->analysis);
	char name[32];

	if (facts && facts->tasks_lost && (r->filters[0]->process.children || r->filters[0]->cgroup))
		fprintf(stderr,
			"ipitrace: %llu event%s about tasks %s lost when it was recorded: some may be misplaced\n",
			(unsigned long long)facts->tasks_lost, plural_s(facts->tasks_lost),
			plural_was(facts->tasks_lost));
	if (!u->hits)
		return;
	fprintf(stderr, "ipitrace: %llu IPI%s %s left out, for it is not known where their senders belong:",
		(unsigned long long)u->hits, plural_s(u->hits), plural_is(u->hits));
	for (unsigned int i = 0; i < u->tasks && i < 4; i++) {
		const char *comm = r->names.comm(r->names.ctx, u->pids[i]);

		sanitize(name, sizeof(name), comm ? comm : "<...>");
		fprintf(stderr, "%s %s-%d", i ? "," : "", name, u->pids[i]);
	}
	fputs(u->tasks > 4 ? ", ...\n" : "\n", stderr);
}

bool reading_knows_processes(const struct reading *r)
{
	const struct facts *f = analysis_facts(r->analysis);

	return f && f->nr_tgids;
}

/* Where the recording has no events that tell, of any span. */
static void say_beside(const struct reading *r, enum agg_key key)
{
	const struct trace_info *t = analysis_info(r->analysis);
	bool wakes = key == AGG_KEY_WAKEE || key == AGG_KEY_WAKER, idle = key == AGG_KEY_IDLE;

	if (!(wakes && !t->beside.wakes) && !(idle && !t->beside.idle))
		return;
	fprintf(stderr, "ipitrace: %s has no %s: --by %s tells none apart\n", whose(r),
		wakes ? "wake-ups" : "idle states", report_key_name(key));
	fprintf(stderr, "hint: 'ipitrace record --with %s' records them\n", wakes ? "sched" : "idle");
}

static void say_unknown(const struct reading *r, const char *what, enum agg_key key)
{
	fprintf(stderr, "ipitrace: %s does not know %s: --by %s tells none apart\n", whose(r), what,
		report_key_name(key));
	fputs("hint: recordings of ipitrace since version 0.2 do, of machines that tell (not in a pid namespace)\n",
	      stderr);
}

void reading_say_keys(const struct reading *r, const enum agg_key *by, unsigned int nr_by)
{
	const struct facts *facts = analysis_facts(r->analysis);

	for (unsigned int i = 0; i < nr_by; i++) {
		if (by[i] == AGG_KEY_CALLER)
			reading_stackless(r, "--by caller", "is by call site");
		if (by[i] == AGG_KEY_PROCESS && !reading_knows_processes(r))
			say_unknown(r, "processes", by[i]);
		if (by[i] == AGG_KEY_CGROUP && !(facts && facts->nr_cgroups))
			say_unknown(r, "control groups", by[i]);
		if (by[i] == AGG_KEY_STACK)
			reading_stackless(r, "--by stack", "tells none apart");
		say_beside(r, by[i]);
	}
}

void reading_stackless(const struct reading *r, const char *option, const char *instead)
{
	const struct trace_info *t = analysis_info(r->analysis);

	if (t->stacks || !analysis_totals(r->analysis)->sends)
		return;
	fprintf(stderr, "ipitrace: %s has no stacks: %s %s\n", whose(r), option, instead);
	fprintf(stderr, "hint: %s\n", t->foreign ? "'trace-cmd record -T' records them" : "record without --no-stack");
}

/* What there is instead, of numbers of tasks. */
static void hint_task(const struct reading *r, bool process, int32_t pid)
{
	int32_t tgid = r->names.tgid ? r->names.tgid(r->names.ctx, pid) : -1;

	if (process && tgid >= 0 && task_number(tgid) != pid)
		fprintf(stderr, "hint: it is a thread of process %d: --tid %d, or -p %d\n", task_number(tgid), pid,
			task_number(tgid));
	else
		fprintf(stderr, "hint: 'ipitrace %s --by %s' shows what there is\n", shown_by(r),
			process && reading_knows_processes(r) ? "process" : "pid");
}

static void say_missed(void *ctx, const struct filter_row *row, const char *item, const struct nearest *near)
{
	const struct reading *r = ctx;
	bool process = !strcmp(row->fact, "process");
	char clean[100];

	sanitize(clean, sizeof(clean), item);
	if (process || !strcmp(row->fact, "pid")) {
		fprintf(stderr, "ipitrace: --%s: %s sent nothing in %s\n", row->opt.long_name, clean, whose(r));
		hint_task(r, process, (int32_t)strtol(item, NULL, 10));
		return;
	}
	fprintf(stderr, "ipitrace: --%s: '%s' matches nothing in %s\n", row->opt.long_name, clean, whose(r));
	fputs(near->nr ? "hint: near it are" : "hint: nothing is near it;", stderr);
	for (unsigned int i = 0; i < near->nr; i++) {
		sanitize(clean, sizeof(clean), near->name[i]);
		fprintf(stderr, "%s %s", i ? "," : "", clean);
	}
	if (!near->nr)
		fprintf(stderr, " 'ipitrace %s --by %s' shows what there is", shown_by(r), row->opt.long_name);
	fputc('\n', stderr);
}

/* What a column that no line has would need; NULL: nothing helps. */
static const char *needs(const char *key, const struct trace_info *t)
{
	static const struct {
		const char *key, *hint;
	} needs[] = {
		{ "waker", "'ipitrace record --with sched' records it" },
		{ "waker_pid", "'ipitrace record --with sched' records it" },
		{ "wakee", "'ipitrace record --with sched' records it" },
		{ "wakee_pid", "'ipitrace record --with sched' records it" },
		{ "idle", "'ipitrace record --with idle' records it" },
		{ "ufunc", "'ipitrace record --user-stack' records it" },
		{ "rate", "it is known from the first 100ms on" },
		{ "caller", "record with stacks, that is without --no-stack; callsite is there always" },
		{ "tgid", "recordings of ipitrace since version 0.2 know it" },
		{ "cgroup", "recordings of ipitrace since version 0.2 know it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		if (strcmp(key, needs[i].key))
			continue;
		if ((t->beside.wakes && !strncmp(key, "wake", 4)) || (t->beside.idle && !strcmp(key, "idle")))
			return NULL;
		return needs[i].hint;
	}
	return NULL;
}

struct condition {
	const char *option;
	const struct trace_info *trace;
};

static void say_unmet(void *ctx, unsigned int field, const char *text)
{
	const struct condition *c = ctx;
	enum list_unit unit;
	const char *key = list_expr_key(field, &unit), *hint = text ? NULL : needs(key, c->trace);
	char clean[100];

	if (text) {
		sanitize(clean, sizeof(clean), text);
		fprintf(stderr, "ipitrace: --%s: no %s that it was asked of matches '%s'\n", c->option, key, clean);
		return;
	}
	fprintf(stderr, "ipitrace: --%s: no line that it was asked of has any %s\n", c->option, key);
	if (hint)
		fprintf(stderr, "hint: %s\n", hint);
}

void reading_say_condition(const char *option, const struct expr *e, const struct trace_info *t)
{
	struct condition c = { option, t };

	list_expr_missed(e, say_unmet, &c);
}

/* Where a recording ends is in the facts of ours; of others it shows when all was read. */
static int find_bounds(const struct reading *r, uint64_t *start_ns, uint64_t *end_ns, struct err *err)
{
	struct analysis *a = NULL;
	int ret = -1;

	if (analysis_known_end_ns(r->analysis, end_ns)) {
		*start_ns = analysis_start_ns(r->analysis);
		return 0;
	}
	if (!strcmp(r->path, "-")) {
		err_set(err, EXIT_USAGE, "where a recording of another tool ends is not known before all was read");
		return err_hint(err, "give it as a file, not on standard input");
	}
	if (!analysis_open(&a, r->path, r->buffer, err) && !analysis_run(a, &(struct span_sink){ 0 }, err)) {
		*start_ns = analysis_info(a)->start_ns;
		*end_ns = analysis_info(a)->end_ns;
		ret = 0;
	}
	analysis_close(a);
	return ret;
}

int reading_set_window(struct reading *r, const struct time_window *w, struct err *err)
{
	uint64_t start_ns, end_ns = 0;

	if (!window_given(w))
		return 0;
	if (!analysis_info(r->analysis)->clock_ns) {
		err_set(err, EXIT_FAILED, "clock %s does not count ns: there is no time to take a window of",
			analysis_info(r->analysis)->clock);
		return err_hint(err, "record with clock mono");
	}
	if (window_needs_end(w) && find_bounds(r, &start_ns, &end_ns, err))
		return -1;
	r->window = span_window_new(r->analysis, w, end_ns);
	return 0;
}

int reading_check_window(const struct reading *r, struct err *err)
{
	uint64_t start_ns, end_ns;

	if (!r->window || !strcmp(r->path, "-"))
		return 0;
	return find_bounds(r, &start_ns, &end_ns, err) ? -1 : span_window_check(r->window, start_ns, end_ns, err);
}

bool reading_by_sender(const struct reading *r)
{
	return r->window || span_filter_by_sender(r->filter);
}

int reading_window(const struct reading *r, struct report *report, struct err *err)
{
	if (!r->window)
		return 0;
	report->windowed = true;
	return span_window_bounds(r->window, &report->from_ns, &report->to_ns, err);
}

void reading_join_handlers(struct reading *r)
{
	if (!r->handlers)
		r->handlers = span_handlers_new();
}

void reading_rows_by(struct reading *r, const enum agg_key *by, unsigned int nr_by)
{
	for (unsigned int i = 0; i < nr_by; i++)
		if (AGG_KEYS_OF_IRQ >> by[i] & 1)
			reading_join_handlers(r);
}

struct span_sink reading_sink(struct reading *r, const struct span_sink *sink)
{
	/* The filter sees all, because it says which pattern matched nothing. */
	struct span_sink within = span_window_sink(r->window, sink), filtered = span_filter_sink(r->filter, &within);

	return span_handlers_sink(r->handlers, &filtered);
}

int reading_run(struct reading *r, const struct span_sink *sink, struct err *err)
{
	struct span_sink first = reading_sink(r, sink);

	debug_attach(&r->debug, &first);
	if (r->debug.decode.on)
		analysis_set_tap(r->analysis, debug_events, &r->debug);
	if (analysis_run(r->analysis, &first, err))
		return -1;
	reading_say_missed(r);
	return 0;
}

void reading_say_missed(const struct reading *r)
{
	span_filter_missed(r->filter, r->filters[0], say_missed, (void *)r);
	say_unplaced(r);
	if (r->filters[0]->process.nr && !reading_knows_processes(r))
		fprintf(stderr, "ipitrace: %s does not know processes: --pid is that thread only, as --tid\n",
			whose(r));
	if (r->filters[0]->callsite)
		reading_stackless(r, "--callsite", "only knows call sites, not callers");
}

char *reading_filters(const struct reading *r)
{
	return ipi_filters_text(r->filters, r->nr_filters);
}

void reading_close(struct reading *r)
{
	span_filter_free(r->filter);
	span_window_free(r->window);
	span_handlers_free(r->handlers);
	analysis_close(r->analysis);
}

int reading_status(const struct report *r, struct err *err)
{
	const struct trace_info *t = r->trace;
	char text[512];

	if (!report_incomplete(r))
		return EXIT_OK;
	for (unsigned int i = 0; i < t->nr_reasons; i++) {
		sanitize(text, sizeof(text), t->reasons[i]);
		fprintf(stderr, "ipitrace: %s\n", text);
	}
	if (t->truncated)
		err_set(err, EXIT_INCOMPLETE,
			"the file is cut: it ends before its data does, and this is a part of it");
	else if (t->damaged)
		err_set(err, EXIT_INCOMPLETE, "the file is damaged: its %s", trace_info_damaged(t, text, sizeof(text)));
	else if (t->nr_reasons)
		err_set(err, EXIT_INCOMPLETE, "the recording is incomplete");
	else if (t->incomplete)
		err_set(err, EXIT_INCOMPLETE, "the recording did not end as it should");
	else if (r->missing)
		err_set(err, EXIT_INCOMPLETE, "/proc/interrupts counted at least %llu %s, %llu %s: events are missing",
			(unsigned long long)r->missing->low, r->missing->what, (unsigned long long)r->missing->traced,
			t->path ? "are in the recording" : "were traced");
	else if (t->lost_unknown)
		err_set(err, EXIT_INCOMPLETE, "events are missing, nobody knows how many");
	else if (t->lost_events)
		err_set(err, EXIT_INCOMPLETE, "%llu event%s %s lost", (unsigned long long)t->lost_events,
			plural_s(t->lost_events), plural_was(t->lost_events));
	else
		err_set(err, EXIT_INCOMPLETE, "%llu event%s came too late to be matched",
			(unsigned long long)t->late_events, plural_s(t->late_events));
	if (!t->truncated && !t->damaged && !t->incomplete && !t->bad_pages && !r->missing)
		err_hint(
			err,
			"record with a bigger buffer (-m SIZE), without stacks (--no-stack), or fewer targets (-C LIST)");
	return EXIT_INCOMPLETE;
}
