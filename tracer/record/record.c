// SPDX-License-Identifier: GPL-2.0-only
/*
 * record/record.c - the order of things in a recording.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/opts.h"
#include "base/text.h"
#include "capture/affinity.h"
#include "capture/signals.h"
#include "decode/plumbing.h"
#include "file/output.h"
#include "record/record.h"

#define TICK_NS NS_PER_S /* progress, names, health of the readers */

/* --- before --- */

static void log_session(void *ctx, const char *text)
{
	((const struct record *)ctx)->run.say("session: %s", text);
}

/* perf's probes have to stand before the session's at each tracepoint: see capture/userstack.h. */
static int open_userstack(void *ctx, const struct session *s, struct err *err)
{
	struct record *r = ctx;

	return userstack_open(&r->rec.userstack, &r->rec.userstack_config, s, err);
}

static void ask_living(void *ctx)
{
	comms_add_living(ctx);
}

static void want_userstack(struct record *r, struct session_config *config, const char *dir)
{
	struct userstack_config *u = &r->rec.userstack_config;

	*u = r->opts.userstack;
	u->calls = config->stack == SESSION_STACK_CALLS;
	u->dir = dir;
	u->avoid = config->target_cpus;
	config->before_events = open_userstack;
	config->before_ctx = r;
}

struct record_options record_defaults(void)
{
	return (struct record_options){
		.output = "ipitrace.dat",
		.stack = SESSION_STACK_AUTO,
		.level = DAT_LEVEL_FAST,
		.filter = IPI_FILTER_INIT,
	};
}

struct session_config record_session_config(const struct record_options *o)
{
	struct session_config config = {
		.buffer_bytes = o->buffer_bytes,
		.clock = o->clock,
		.stack = o->no_stack ? SESSION_STACK_NONE : o->stack,
		.events = o->events,
		.groups = o->groups,
		.kvm_processes = &o->filter.process,
	};

	config.known = plumbing_known_names(&config.nr_known);
	return config;
}

static int prepare(struct record *r, struct err *err)
{
	struct session_config config = record_session_config(&r->opts);
	struct filter_push push; /* what the kernel may drop */
	struct workload_config workload = { .argv = r->argv, .whole_tree = r->opts.wait_all };
	struct output *out;
	uid_t uid;
	gid_t gid;
	int ret;

	r->rec.clock = r->opts.clock;
	config.log = r->opts.log_session ? log_session : NULL;
	config.log_ctx = r;
	config.meanwhile = ask_living;
	config.meanwhile_ctx = &r->rec.comms;
	ipi_filter_push(&r->opts.filter, &push);
	config.target_cpus = push.target_cpus;
	config.classes = push.classes;
	if (dat_writer_open(&r->writer, r->opts.output, err))
		return -1;
	out = dat_writer_output(r->writer);
	if (invoking_user(&uid, &gid))
		output_set_owner(out, uid, gid);
	dat_writer_set_abort(r->writer, signals_abort_flag());
	dat_writer_set_level(r->writer, (int)r->opts.level);
	if (r->opts.userstack.mode != USERSTACK_NONE)
		want_userstack(r, &config, output_dir(out));
	ret = session_open(&r->rec.session, &config, err);
	run_say_notes(&r->run, r->rec.session);
	if (ret)
		return -1;
	run_warn_offline(&r->run, &r->opts.filter);
	/* Before anything of ours changes its affinity: the workload's shall be the caller's. */
	workload.stdout_to_stderr = output_is_stdout(out);
	if (r->argv && workload_fork(&r->run.workload, &workload, err))
		return -1;
	if (spool_open(&r->rec.spool, r->rec.session, output_dir(out), push.target_cpus, err))
		return -1;
	affinity_keep_off(push.target_cpus);
	if (spool_start(r->rec.spool, err))
		return -1;
	return r->rec.userstack ? userstack_start(r->rec.userstack, r->rec.session, err) : 0;
}

/* --- while --- */

static void count_events(struct record *r)
{
	recording_count(&r->rec, &r->records, &r->lost);
	r->bytes = spool_bytes(r->rec.spool);
	if (r->rec.userstack)
		r->bytes += userstack_bytes(r->rec.userstack);
}

/* A line that is written over on a terminal; line by line elsewhere. */
static void show_progress(struct record *r)
{
	bool terminal = isatty(STDERR_FILENO);
	char bytes[TEXT_BYTES_LEN];

	count_events(r);
	text_bytes(bytes, r->bytes);
	fprintf(stderr, "%sipitrace: %llu record%s, %llu lost, %s%s", terminal ? "\r" : "",
		(unsigned long long)r->records, plural_s(r->records), (unsigned long long)r->lost, bytes,
		terminal ? "\033[K" : "\n");
}

/* The screen is the workload's, unless the user asks for progress on it. */
static bool wants_progress(const struct record *r)
{
	return !r->opts.quiet && (r->opts.progress || (!r->argv && isatty(STDERR_FILENO)));
}

static void say_begin(const struct record *r)
{
	const char *place = output_place(dat_writer_output(r->writer));
	char time[32];

	if (r->opts.quiet || r->argv)
		return;
	if (!r->opts.duration_ns) {
		r->run.say("recording into %s; Ctrl-C stops", place);
		return;
	}
	r->run.say("recording for %s into %s; Ctrl-C stops earlier",
		   opt_value_text(OPT_DURATION, r->opts.duration_ns, time, sizeof(time)), place);
}

/* A write has failed: recording on makes no sense. */
static bool capture_failed(const struct record *r)
{
	return spool_failed(r->rec.spool) || (r->rec.userstack && userstack_failed(r->rec.userstack));
}

static void wait_for_end(struct record *r)
{
	bool progress = wants_progress(r);
	uint64_t start = signals_now_ns(), next = start + TICK_NS;
	uint64_t end = r->opts.duration_ns ? start + r->opts.duration_ns : UINT64_MAX;

	while (!capture_failed(r) && !run_is_over(&r->run, end)) {
		uint64_t now = signals_now_ns();

		if (now >= next) {
			recording_gather_comms(&r->rec);
			session_glance(r->rec.session);
			session_look_for_vcpus(r->rec.session);
			if (progress)
				show_progress(r);
			next = now + TICK_NS;
		}
		now = signals_now_ns();
		if (now < next && now < end)
			signals_sleep_ns((next < end ? next : end) - now);
	}
	if (progress && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* --- after --- */

static void fill_facts(struct record *r, char **argv)
{
	struct facts *f = &r->rec.facts;

	f->cmdline = run_command_line(argv);
	recording_note_stacks(&r->rec, r->opts.no_stack ? SESSION_STACK_NONE : r->opts.stack);
	/* Shared until record_free(): the options own it. */
	f->filter = r->opts.filter;
	f->workload = r->run.workload && comms_same_numbers() ? workload_pid(r->run.workload) : 0;
	f->workload_status = r->run.workload && workload_ended(r->run.workload) ? workload_status(r->run.workload) : -1;
}

static int save(struct record *r, char **argv, struct err *err)
{
	if (recording_collect(&r->rec, err))
		return -1;
	count_events(r);
	r->buffer_bytes = session_buffer_bytes(r->rec.session);
	fill_facts(r, argv);
	/* From here on a signal may interrupt at any time: the second one makes the writer give up, no more. */
	signals_unblock();
	recording_judge(&r->rec, signals_abort_flag(), r->run.say);
	if (recording_write(&r->rec, r->writer, err))
		return -1;
	r->bytes = dat_writer_bytes(r->writer);
	return 0;
}

int record_run(struct record *r, char **argv, struct err *err)
{
	struct err late = { 0 };
	int ret;

	signals_catch();
	if (r->argv)
		mem_set_exit_status(EXIT_CANCELED);
	ret = prepare(r, err);
	if (!ret) {
		say_begin(r);
		ret = run_start(&r->rec, err);
		if (!ret)
			ret = run_release(&r->run, err);
		if (!ret)
			wait_for_end(r);
		ret = run_stop(&r->run, &r->rec, ret, err);
	}
	if (!ret)
		ret = save(r, argv, err);
	/* One that waits to begin holds what it was forked with: files of tracefs, too. */
	if (r->run.workload && !workload_released(r->run.workload))
		workload_cancel(r->run.workload);
	/* The file is safe; what is left behind in tracefs does not make it worse. */
	if (recording_close(&r->rec, &late)) {
		if (ret && !err->code)
			*err = late;
		else
			r->run.say("warning: %s; the next run tries again", late.msg);
	}
	dat_writer_close(r->writer);
	return ret;
}

void record_free(struct record *r)
{
	workload_close(r->run.workload);
	/* Borrowed from the options. */
	r->rec.facts.filter = (struct ipi_filter)IPI_FILTER_INIT;
	recording_free(&r->rec);
	ipi_filter_free(&r->opts.filter);
	free(r->opts.events);
}
