// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/flight.c - the flight recorder's options, what makes it write a file, and what the user is told.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/text.h"
#include "capture/session.h"
#include "capture/signals.h"
#include "cmds/flight.h"
#include "cmds/reading.h"
#include "cmds/running.h"
#include "file/output.h"
#include "live/flight.h"
#include "render/value.h"
#include "report/list.h"

#define MIN_BYTES (64u << 10)
#define MAX_TRIPS 1000000u
#define TEXT_LEN  768

/* --- options --- */

/*
 * "10s", "256M", or both: "10s,256M". Target NULL: only whether it is meant to be one. A digit says so: a slip in a value
 * should not be told as a program that is not there.
 */
static int parse_flight(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct flight_options f = { .on = true }, *out = target;
	const char *p = arg;
	int ret = 0;

	(void)spec;
	if (!out)
		return isdigit((unsigned char)*arg) ? 0 : -1;
	while (p && !ret) {
		size_t len = strcspn(p, ",");
		char word[32];

		snprintf(word, sizeof(word), "%.*s", len < sizeof(word) ? (int)len : 0, p);
		if (!f.max_ns && !parse_duration_ns(word, &f.max_ns, NULL) && f.max_ns)
			ret = 0;
		else if (f.max_bytes || parse_size(word, &f.max_bytes, NULL) || f.max_bytes < MIN_BYTES)
			ret = -1;
		p = p[len] ? p + len + 1 : NULL;
	}
	if (ret) {
		err_set(err, EXIT_USAGE, "'%.100s': neither a time nor a size of at least 64K", arg);
		return err_hint(err,
				"10s, 2m (minutes), 256M, or both: 10s,256M; a program of such a name goes behind --");
	}
	out->on = true;
	out->max_ns = f.max_ns;
	out->max_bytes = f.max_bytes;
	return 0;
}

static int parse_stop_on(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct flight_options *f = target;

	(void)spec;
	expr_free(f->stop_on);
	f->stop_on_text = arg;
	return list_expr_compile(&f->stop_on, arg, err);
}

#define RATE_APART_NS (100 * 1000000ULL) /* a rate is over when nothing was like that for as long as it goes by */

#define PATIENCE_NS   NS_PER_S /* how long what has tripped may wait for what began before it */

#define FIELD(m)      offsetof(struct flight_options, m)

const struct opt flight_rows[FLIGHT_NR_ROWS] = {
	{ 0, "flight", "[=SIZE|TIME]", OPT_CUSTOM_NEXT, 0,
	  "keep the last seconds only, SIZE of them on all CPUs or TIME; SIGUSR1 writes a file, and the end does",
	  parse_flight, 0, 0 },
	{ 0, "stop-on", "CONDITION", OPT_CUSTOM, 0,
	  "with --flight: match all the while, and write when one IPI is like that: 'delivery > 100us && target in 2-7'",
	  parse_stop_on, 0, 0 },
	{ 0, "trips", "N", OPT_U64, FIELD(trips), "with --stop-on: write N files before it stops (default 1)", NULL, 1,
	  MAX_TRIPS },
	{ 0, "on-trip", "COMMAND", OPT_STRING, FIELD(on_trip),
	  "with --flight: run COMMAND by a shell for each file but the one of the end; its name is $1, $IPITRACE_FILE",
	  NULL, 0, 0 },
};

int flight_check(const struct flight_options *f, const struct record_options *o, struct err *err)
{
	const char *alone = f->stop_on ? "stop-on" : f->on_trip ? "on-trip" : f->trips ? "trips" : NULL;

	if (!f->on && alone) {
		err_set(err, EXIT_USAGE, "--%s is of a flight recorder", alone);
		return err_hint(err, "record --flight --%s ...", alone);
	}
	if (!f->on)
		return 0;
	if (f->trips && !f->stop_on) {
		err_set(err, EXIT_USAGE, "--trips: nothing trips without a condition");
		return err_hint(err, "--stop-on 'delivery > 100us'");
	}
	if (o->userstack.mode != USERSTACK_NONE) {
		/* What they are unwound from, 16 kB and more of each sender's stack, would leave a ring little time. */
		err_set(err, EXIT_USAGE, "--flight keeps no user stacks");
		return err_hint(err, "without --user-stack");
	}
	if (!strcmp(o->output, "-")) {
		err_set(err, EXIT_USAGE, "--flight writes files as they are asked for: not to standard output");
		return err_hint(err, "-o FILE");
	}
	if (f->max_bytes && o->buffer_bytes && !f->stop_on) {
		err_set(err, EXIT_USAGE, "--flight SIZE and --buffer exclude each other without --stop-on");
		return err_hint(err, "the last seconds are kept in the kernel's buffers: SIZE is that of all together");
	}
	return 0;
}

void flight_options_free(struct flight_options *f)
{
	expr_free(f->stop_on);
}

/* --- state --- */

struct flight {
	struct flight_options *f;
	struct record_options *o;
	struct live *live;
	struct reading in;
	struct list *list;
	struct span_sink to_list;
	pid_t *commands; /* started, and perhaps not ended */
	unsigned int nr_commands;
	unsigned int nr_files, nr_trips; /* written: all, and those for a trip */
	char trip[TEXT_LEN];		 /* what has tripped; "" = nothing has */
	uint64_t trip_ns;		 /* where that began */
	uint64_t shown_ns;		 /* what trips before is in a file */
	uint64_t passed_ns;		 /* the last that the condition holds for */
	bool of_rate;			 /* the condition asks for it */
	uint64_t lost;			 /* events, when the last trip was written */
	bool stopped;			 /* by the last trip */
	bool failed;			 /* a file could not be written */
	bool missed;			 /* one does not have what it was written for */
};

/* --- what trips --- */

static const char *text_of(const struct list_line *line, const char *column)
{
	struct list_value v = list_column_find(column)->get(line);

	return v.none ? NULL : v.text;
}

static void add(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(char *text, const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + len, TEXT_LEN - len, fmt, ap);
	va_end(ap);
}

static void add_value(char *text, struct list_line *line, unsigned int column)
{
	struct expr_value v = list_expr_get(line, column);
	enum list_unit unit;
	const char *key = list_expr_key(column, &unit);
	char time[RENDER_TIME_LEN];

	if (v.none) {
		add(text, " %s not known", key);
	} else if (unit == LIST_TEXT) {
		add(text, " %s %s", key, v.text);
	} else if (unit == LIST_NS) {
		render_time(v.num, false, time);
		add(text, " %s %s", key, time);
	} else {
		add(text, " %s %" PRIu64, key, v.num);
	}
}

/* When, from where to where, who, what, and the values that the condition asks for. */
static void describe(char *text, const struct flight *f, struct list_line *line)
{
	const struct ipi_span *s = line->span;
	uint64_t at_ns = span_begin_ns(s);
	unsigned int column;
	const char *word;

	add(text, "%" PRIu64 ".%06" PRIu64 " CPU ", at_ns / 1000000000, at_ns / 1000 % 1000000);
	if (s->source == UINT32_MAX)
		add(text, "? -> %u", s->target);
	else
		add(text, "%u -> %u", s->source, s->target);
	if ((word = text_of(line, "class")))
		add(text, " %s", word);
	word = text_of(line, "caller");
	if (word || (word = text_of(line, "callsite")))
		add(text, " by %s", word);
	if ((word = text_of(line, "comm")))
		add(text, " (%s-%d)", word, s->pid);
	if ((word = text_of(line, "func")))
		add(text, ", function %s", word);
	add(text, ":");
	for (unsigned int i = 0; expr_field_asked(f->f->stop_on, i, &column); i++)
		add_value(text, line, column);
}

/* A storm trips once, not behind each of its files: the next one begins when this one was over for a while. */
static bool goes_on(struct flight *f, uint64_t at_ns)
{
	uint64_t before_ns = f->passed_ns;

	if (at_ns > f->passed_ns)
		f->passed_ns = at_ns;
	return f->of_rate && f->shown_ns && at_ns < before_ns + RATE_APART_NS;
}

/*
 * The first that trips; what follows before a file is written is in it, too. What ipitrace sends, for instance while it
 * writes a file, is nothing to wait for.
 */
static void tripped(void *ctx, const struct list_line *line)
{
	struct flight *f = ctx;
	struct list_line copy = *line;
	uint64_t at_ns = span_begin_ns(line->span);

	if (line->own || goes_on(f, at_ns) || f->trip[0] || f->stopped || at_ns < f->shown_ns)
		return;
	f->trip_ns = at_ns;
	describe(f->trip, f, &copy);
	sanitize(f->trip, sizeof(f->trip), f->trip);
	running_say("tripped: %s", f->trip);
}

/* --- files --- */

/* FILE itself, or FILE.N. */
static char *file_name(const struct flight *f, bool numbered)
{
	return numbered ? xasprintf("%s.%u", f->o->output, f->nr_files + 1) : xstrdup(f->o->output);
}

static void say_file(const struct flight *f, const struct flight_file *file, uint64_t begin_ns)
{
	char length[RENDER_TIME_LEN], took[RENDER_TIME_LEN], bytes[TEXT_BYTES_LEN];

	if (f->o->quiet)
		return;
	render_time(file->until_ns - file->from_ns, false, length);
	render_time(signals_now_ns() - begin_ns, false, took);
	text_bytes(bytes, file->bytes);
	running_say("%s: the %s up to %" PRIu64 ".%06" PRIu64 ", %" PRIu64 " record%s, %s, written in %s", file->path,
		    length, file->until_ns / 1000000000, file->until_ns / 1000 % 1000000, file->records,
		    plural_s(file->records), bytes, took);
}

static void run_command(struct flight *f, const char *path)
{
	pid_t pid;

	if (!f->f->on_trip)
		return;
	pid = command_start(f->f->on_trip, path, f->trip[0] ? f->trip : NULL);
	if (pid < 0) {
		running_say("warning: the command of --on-trip cannot be run: %s", strerror(errno));
		return;
	}
	f->commands = xrealloc(f->commands, (f->nr_commands + 1) * sizeof(*f->commands));
	f->commands[f->nr_commands++] = pid;
}

/* Where one fails it is said, and the recorder goes on: what it would have held is still in memory for the next. */
static bool write_file(struct flight *f, bool numbered, bool at_end)
{
	struct flight_file file = { .path = file_name(f, numbered), .level = f->o->level };
	uint64_t begin_ns = signals_now_ns();
	struct err err = { 0 };
	bool ok = !live_write(f->live, &file, &err);

	if (ok) {
		f->nr_files += numbered;
		f->shown_ns = file.until_ns;
		say_file(f, &file, begin_ns);
		if (f->trip[0] && f->trip_ns < file.from_ns) {
			running_say("what tripped is older than all that is left of some CPU: it is not in %s",
				    file.path);
			f->missed = true;
		}
		if (!at_end)
			run_command(f, file.path);
	} else {
		running_say("%s%s", err.msg, at_end ? "" : "; the next time is another try");
		if (err.hint[0])
			fprintf(stderr, "hint: %s\n", err.hint);
		f->failed = true;
	}
	free((char *)file.path);
	return ok;
}

static uint64_t max_trips(const struct flight *f)
{
	return f->f->trips ? f->f->trips : 1;
}

static void write_trip(struct flight *f)
{
	uint64_t lost = live_lost(f->live);

	if (write_file(f, max_trips(f) > 1, false) && ++f->nr_trips == max_trips(f)) {
		f->lost = lost;
		f->stopped = true;
		live_end_time(f->live);
	}
	f->trip[0] = '\0';
}

/* --- the order of things --- */

/*
 * The list waits for whatever may still turn out to have been before, and where an event is missing that may be for
 * ever: a recorder cannot. What is told later than this trips nevertheless, out of order.
 */
static void hurry(void *ctx, uint64_t before_ns)
{
	const struct flight *f = ctx;
	uint64_t told_ns = live_told_ns(f->live);

	if (told_ns != UINT64_MAX && told_ns > PATIENCE_NS && before_ns < told_ns - PATIENCE_NS)
		before_ns = told_ns - PATIENCE_NS;
	f->to_list.settled(f->to_list.ctx, before_ns);
}

static void pass_span(void *ctx, const struct ipi_span *span)
{
	const struct flight *f = ctx;

	f->to_list.span(f->to_list.ctx, span);
}

static int pass_end(void *ctx, struct err *err)
{
	const struct flight *f = ctx;

	return f->to_list.end(f->to_list.ctx, err);
}

/* Where it cannot work later, it is refused now. */
static int can_write(const char *path, struct err *err)
{
	struct output *out = NULL;
	int ret = output_open(&out, path, err);

	if (!ret && output_is_stdout(out))
		ret = err_set(err, EXIT_USAGE, "--flight writes files: not to standard output");
	output_close(out);
	return ret;
}

static int open_live(struct flight *f, char **command, char **workload, struct err *err)
{
	struct live_config config = {
		.command = command,
		.workload = workload,
		.wait_all = f->o->wait_all,
		.buffer_bytes = f->o->buffer_bytes,
		.duration_ns = f->o->duration_ns,
		.stack = f->o->no_stack ? SESSION_STACK_NONE : f->o->stack,
		.events = f->o->events,
		.groups = f->o->groups,
		.flight = { .on = true,
			    .unread = !f->f->stop_on,
			    .max_bytes = f->f->max_bytes,
			    .max_ns = f->f->max_ns },
		.filter = &f->o->filter,
		.log_session = f->o->log_session,
		.say = running_say,
	};
	const struct list_choice choice = { .where = f->f->stop_on };
	struct span_sink sink = { 0 };

	if (can_write(f->o->output, err))
		return -1;
	if (!f->f->stop_on && f->f->max_bytes)
		config.buffer_bytes = f->f->max_bytes / machine_nr_cpus();
	if (live_open(&f->live, &config, err))
		return -1;
	f->in.analysis = live_analysis(f->live);
	f->in.names = analysis_names(f->in.analysis);
	f->o->filter.process.workload = live_facts(f->live)->workload;
	if (!reading_has_roots(&f->o->filter, err))
		return -1;
	if (f->f->stop_on) {
		f->in.filters[f->in.nr_filters++] = &f->o->filter;
		f->in.filter = span_filter_new(f->in.filters, f->in.nr_filters, &f->in.names);
		f->list = list_new(f->in.analysis, &choice, tripped, f);
		f->to_list = list_sink(f->list);
		sink = (struct span_sink){ .span = pass_span, .settled = hurry, .end = pass_end, .ctx = f };
		sink = reading_sink(&f->in, &sink);
	}
	return live_start(f->live, &sink, err);
}

static void say_begin(const struct flight *f, char **workload)
{
	char bytes[TEXT_BYTES_LEN];

	if (f->o->quiet || workload)
		return;
	text_bytes(bytes, live_ring_max_bytes(f->live));
	running_say("keeping the last seconds in %s; SIGUSR1 (kill -USR1 %d) writes them, Ctrl-C ends%s", bytes,
		    (int)getpid(), f->f->stop_on ? "" : " and writes them");
}

/* Somebody asks for a file: of all that was before the asking. */
static int serve_request(struct flight *f, struct err *err)
{
	if (!signals_requested())
		return 0;
	if (live_catch_up(f->live, signals_now_ns(), err) == LIVE_FAILED)
		return -1;
	if (!live_off_ns(f->live) || f->f->stop_on)
		write_file(f, true, false);
	return 0;
}

static int watch(struct flight *f, struct err *err)
{
	enum live_state state;
	uint64_t nr_reused = 0;

	while ((state = live_step(f->live, UINT64_MAX, err)) != LIVE_ENDED) {
		if (state == LIVE_FAILED)
			return -1;
		if (live_nr_reused(f->live) != nr_reused) {
			nr_reused = live_nr_reused(f->live);
			span_filter_forget(f->in.filter);
		}
		if (f->trip[0])
			write_trip(f);
		if (serve_request(f, err))
			return -1;
	}
	/* What was still under way when it ended. */
	if (f->trip[0])
		write_trip(f);
	return 0;
}

/* ... which may be for what it asks. */
static void say_nothing_tripped(const struct flight *f)
{
	running_say("nothing tripped: no file was written for %s", f->f->stop_on_text);
	live_refresh(f->live);
	reading_say_condition("stop-on", f->f->stop_on, analysis_info(f->in.analysis));
	reading_say_missed(&f->in);
}

static int end(struct flight *f, struct err *err)
{
	if (!f->f->stop_on)
		write_file(f, false, true);
	else if (!f->nr_trips && !f->o->quiet)
		say_nothing_tripped(f);
	return live_finish(f->live, err);
}

/* What was lost behind the last trip, while its file was written, nobody has asked for. */
static bool incomplete(struct flight *f, struct err *err)
{
	struct facts facts = *live_facts(f->live);

	if (!f->f->stop_on || (f->stopped && !f->lost))
		facts.lost = NULL;
	if (running_incomplete(&facts, f->f->stop_on ? "watch" : "recording", live_buffer_bytes(f->live), NULL, err))
		return true;
	if (!f->missed)
		return false;
	err_set(err, EXIT_INCOMPLETE, "what tripped is not in its file");
	err_hint(err, "more memory (--flight SIZE), or fewer events (-C LIST)");
	return true;
}

static int finish(struct flight *f, int ret, bool has_workload, struct err *err)
{
	int status = EXIT_OK;

	for (unsigned int i = 0; i < f->nr_commands; i++)
		if (command_wait(f->commands[i]) > 0)
			running_say("warning: the command of --on-trip failed");
	if (!ret && f->failed) {
		err_set(err, EXIT_FAILED, "not every file could be written");
		ret = err_hint(err, "what went wrong was said when it did");
	}
	if (ret)
		running_failed(has_workload, err);
	if (f->live)
		live_reap(f->live);
	if (ret)
		return ret;
	if (has_workload)
		status = running_workload_status(live_run(f->live));
	if (incomplete(f, err) && (!status || f->o->strict))
		status = EXIT_INCOMPLETE;
	return status;
}

static bool asks_rate(const struct expr *e)
{
	unsigned int column;
	enum list_unit unit;

	for (unsigned int i = 0; e && expr_field_asked(e, i, &column); i++)
		if (!strcmp(list_expr_key(column, &unit), "rate"))
			return true;
	return false;
}

int flight_record(struct flight_options *options, struct record_options *o, char **command, char **workload,
		  struct err *err)
{
	struct flight f = { .f = options, .o = o };
	int ret;

	f.of_rate = asks_rate(options->stop_on);
	signals_catch_request();
	ret = open_live(&f, command, workload, err);
	if (!ret) {
		say_begin(&f, workload);
		ret = watch(&f, err);
	}
	if (!ret)
		ret = end(&f, err);
	ret = finish(&f, ret, workload, err);
	span_filter_free(f.in.filter);
	list_free(f.list);
	live_close(f.live);
	free(f.commands);
	return ret;
}
