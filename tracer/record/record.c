// SPDX-License-Identifier: GPL-2.0-only
/*
 * record/record.c - the order of things in a recording.
 */
#include <signal.h>
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
#include "base/text.h"
#include "capture/signals.h"
#include "file/output.h"
#include "record/record.h"

#define TICK_NS	    NS_PER_S	   /* progress, names, health of the readers */
#define PATIENCE_NS (2 * NS_PER_S) /* before a workload that was told to end is told so again */
#define GRACE_NS    (5 * NS_PER_S) /* before one whose time was over is killed */

void record_say(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sanitize(text, sizeof(text), text);
	fprintf(stderr, "ipitrace: %s\n", text);
}

/* --- before --- */

static char *append(char *at, const char *text, size_t len)
{
	return (char *)memcpy(at, text, len) + len;
}

/* As a shell would take it. Room for the worst: every character a quote. */
static char *join_args(char **argv)
{
	size_t room = sizeof("ipitrace");
	char *all, *at;

	for (char **arg = argv; *arg; arg++)
		room += strlen(*arg) * 4 + 3;
	all = xmalloc(room);
	at = append(all, "ipitrace", strlen("ipitrace"));
	for (; *argv; argv++) {
		const char *arg = *argv;

		*at++ = ' ';
		if (*arg && !strpbrk(arg, " \t\n'\"\\$`*?[]{}()<>|&;#~!")) {
			at = append(at, arg, strlen(arg));
			continue;
		}
		*at++ = '\'';
		for (; *arg; arg++)
			at = *arg == '\'' ? append(at, "'\\''", 4) : append(at, arg, 1);
		*at++ = '\'';
	}
	*at = '\0';
	return all;
}

static void print_notes(const struct session *s)
{
	const char *p = session_notes(s);

	while (*p) {
		size_t len = strcspn(p, "\n");

		record_say("%.*s", (int)len, p);
		p += len + 1;
	}
}

static void warn_offline(const struct ipi_filter *f)
{
	struct cpuset off = { 0 };
	struct machine_cpus m;
	char *list;

	machine_cpus_read(&m);
	/* Those that are not even there are only of a list that leaves others out. */
	for (unsigned int cpu = 0; cpu < machine_nr_cpus(); cpu++)
		if (cpuset_has(&f->target_cpus.set, cpu) && !cpuset_has(&m.online, cpu))
			cpuset_add(&off, cpu);
	list = cpuset_text(&off);
	if (list[0])
		record_say("warning: CPU %s of -C is offline: nothing can be recorded there", list);
	free(list);
	cpuset_free(&off);
	machine_cpus_free(&m);
}

static void log_session(void *ctx, const char *text)
{
	(void)ctx;
	record_say("session: %s", text);
}

/* perf's probes have to stand before the session's at each tracepoint: see capture/userstack.h. */
static int open_userstack(void *ctx, struct err *err)
{
	struct record *r = ctx;

	return userstack_open(&r->rec.userstack, &r->rec.userstack_config, err);
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

static int prepare(struct record *r, struct err *err)
{
	struct session_config config = {
		.buffer_bytes = r->opts.buffer_bytes,
		.stack = r->opts.no_stack ? SESSION_STACK_NONE : r->opts.stack,
		.events = r->opts.events,
		.groups = r->opts.groups,
		.log = r->opts.log_session ? log_session : NULL,
	};
	struct filter_push push; /* what the kernel may drop */
	struct workload_config workload = { .argv = r->argv, .whole_tree = r->opts.wait_all };
	struct output *out;
	uid_t uid;
	gid_t gid;
	int ret;

	ipi_filter_push(&r->opts.filter, &push);
	config.target_cpus = push.target_cpus;
	config.classes = push.classes;
	if (dat_writer_open(&r->writer, r->opts.output, err))
		return -1;
	out = dat_writer_output(r->writer);
	if (invoking_user(&uid, &gid))
		output_set_owner(out, uid, gid);
	dat_writer_set_abort(r->writer, signals_abort_flag());
	if (r->opts.userstack.mode != USERSTACK_NONE)
		want_userstack(r, &config, output_dir(out));
	ret = session_open(&r->rec.session, &config, err);
	print_notes(r->rec.session);
	if (ret)
		return -1;
	warn_offline(&r->opts.filter);
	/* Before anything of ours changes its affinity: the workload's shall be the caller's. */
	workload.stdout_to_stderr = output_is_stdout(out);
	if (r->argv && workload_fork(&r->workload, &workload, err))
		return -1;
	if (spool_open(&r->rec.spool, r->rec.session, output_dir(out), push.target_cpus, err))
		return -1;
	spool_keep_off(push.target_cpus);
	comms_add_living(&r->rec.comms);
	if (spool_start(r->rec.spool, err))
		return -1;
	return r->rec.userstack ? userstack_start(r->rec.userstack, r->rec.session, err) : 0;
}

/* --- while --- */

static void count_events(struct record *r)
{
	recording_count(&r->rec, &r->events, &r->lost);
	r->bytes = spool_bytes(r->rec.spool);
	if (r->rec.userstack)
		r->bytes += userstack_bytes(r->rec.userstack);
}

/* A line that is written over on a terminal; line by line elsewhere. */
static void show_progress(struct record *r)
{
	bool terminal = isatty(STDERR_FILENO);

	count_events(r);
	fprintf(stderr, "%sipitrace: %llu events, %llu lost, %.1f MB%s", terminal ? "\r" : "",
		(unsigned long long)r->events, (unsigned long long)r->lost, (double)r->bytes / 1e6,
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

	if (r->opts.quiet || r->argv)
		return;
	if (r->opts.duration_ns)
		record_say("recording for %.6gs into %s; Ctrl-C stops earlier", (double)r->opts.duration_ns / 1e9,
			   place);
	else
		record_say("recording into %s; Ctrl-C stops", place);
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

	while (!signals_got() && !(r->workload && workload_ended(r->workload)) && !capture_failed(r)) {
		uint64_t now = signals_now_ns();

		if (now >= end) {
			r->timed_out = true;
			break;
		}
		if (now >= next) {
			recording_gather_comms(&r->rec);
			session_glance(r->rec.session);
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

/* Counters of /proc/interrupts are read outside and inside of tracing: see file/facts.h. */
static int trace(struct record *r, struct err *err)
{
	struct err late = { 0 };
	int ret;

	say_begin(r);
	if (recording_snap(&r->rec, FACTS_OUTER0, err) || session_start(r->rec.session, err))
		return -1;
	r->rec.facts.on_ns = signals_now_ns(); /* CLOCK_MONOTONIC, as the trace clock */
	ret = recording_snap(&r->rec, FACTS_INNER0, err);
	if (!ret && r->workload)
		ret = workload_release(r->workload, err);
	if (!ret)
		wait_for_end(r);
	if (!ret)
		recording_verify(&r->rec);
	if (!ret)
		ret = recording_snap(&r->rec, FACTS_INNER1, err);
	r->rec.facts.off_ns = signals_now_ns();
	session_stop(r->rec.session);
	if (recording_snap(&r->rec, FACTS_OUTER1, &late) && !ret) {
		*err = late;
		ret = -1;
	}
	return ret;
}

/* What ended the recording ends the workload. */
static void tell_workload(struct record *r)
{
	int sig = signals_got();

	if (!r->workload || workload_ended(r->workload) || (!sig && !r->timed_out))
		return;
	if (sig && signals_from_terminal())
		workload_signal(r->workload, SIGCONT); /* it has got the signal; one that is stopped shall see it */
	else if (sig == SIGINT || sig == SIGQUIT || sig == SIGHUP)
		workload_signal(r->workload, sig);
	else
		workload_signal(r->workload, SIGTERM);
}

/* --- after --- */

static void fill_facts(struct record *r, char **argv)
{
	struct facts *f = &r->rec.facts;

	f->cmdline = join_args(argv);
	f->stacks = !r->opts.no_stack && r->opts.stack != SESSION_STACK_NONE;
	/* Shared until record_free(): the options own it. */
	f->filter = r->opts.filter;
	f->workload_status = r->workload && workload_ended(r->workload) ? workload_status(r->workload) : -1;
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
	recording_judge(&r->rec, signals_abort_flag(), record_say);
	if (recording_write(&r->rec, r->writer, err))
		return -1;
	r->bytes = dat_writer_bytes(r->writer);
	return 0;
}

/* Whose time is over gets a grace period; whom a signal ended waits for the user's next. */
static void urge_workload(struct record *r, bool *told)
{
	if (r->timed_out) {
		record_say("the workload did not end within %llu s after SIGTERM: killed",
			   (unsigned long long)(GRACE_NS / NS_PER_S));
		r->killed = true;
		return;
	}
	if (*told)
		return;
	record_say("waiting for the workload to end; Ctrl-C kills it");
	/* Shells ignore the SIGINT of one who is not at their terminal. */
	if (signals_got() && !signals_from_terminal())
		workload_signal(r->workload, SIGTERM);
	*told = true;
}

void record_reap_workload(struct record *r)
{
	uint64_t patience = signals_now_ns() + (r->timed_out ? GRACE_NS : PATIENCE_NS);
	bool told = false;
	sigset_t block;
	char name[64];
	unsigned int left;

	if (!r->workload || !workload_released(r->workload))
		return;
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, NULL);
	signals_stopping();
	while (!workload_ended(r->workload)) {
		if (*signals_abort_flag())
			r->killed = true;
		else if (!r->killed && signals_now_ns() >= patience)
			urge_workload(r, &told);
		if (r->killed)
			workload_signal(r->workload, SIGKILL);
		signals_sleep_ns(told ? NS_PER_S : PATIENCE_NS / 20);
	}
	left = workload_left(r->workload, name, sizeof(name));
	if (left)
		record_say("the workload left %u process%s running (%s%s); --wait-all records until they end", left,
			   left == 1 ? "" : "es", name, left == 1 ? "" : ", ...");
}

int record_run(struct record *r, char **argv, struct err *err)
{
	struct err late = { 0 };
	int ret;

	signals_catch();
	if (r->argv)
		mem_set_exit_status(EXIT_CANCELED);
	ret = prepare(r, err);
	if (!ret)
		ret = trace(r, err);
	tell_workload(r);
	if (!ret)
		ret = save(r, argv, err);
	/* One that waits to begin holds what it was forked with: files of tracefs, too. */
	if (r->workload && !workload_released(r->workload))
		workload_cancel(r->workload);
	/* The file is safe; what is left behind in tracefs does not make it worse. */
	if (recording_close(&r->rec, &late)) {
		if (ret && !err->code)
			*err = late;
		else
			record_say("warning: %s; the next run tries again", late.msg);
	}
	dat_writer_close(r->writer);
	return ret;
}

void record_free(struct record *r)
{
	workload_close(r->workload);
	/* Borrowed from the options. */
	r->rec.facts.filter = (struct ipi_filter)IPI_FILTER_INIT;
	recording_free(&r->rec);
	ipi_filter_free(&r->opts.filter);
	free(r->opts.events);
}
