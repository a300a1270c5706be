// SPDX-License-Identifier: GPL-2.0-only
/*
 * record/record.c - the order of things in a recording.
 */
#include <signal.h>
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
#include "record/record.h"
#include "capture/signals.h"

#define TICK_NS	    NS_PER_S	   /* progress, names, health of the readers */
#define PATIENCE_NS (2 * NS_PER_S) /* before a workload that was told to end is told so again */

/* --- before --- */

static char *join_args(char **argv)
{
	char *all = xstrdup("ipitrace");

	for (; *argv; argv++) {
		bool plain = **argv && !strpbrk(*argv, " \t\n'\"\\$`*?[]{}()<>|&;#~!");
		char *next = xasprintf(plain ? "%s %s" : "%s '%s'", all, *argv);

		free(all);
		all = next;
	}
	return all;
}

static char *output_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xasprintf("%.*s", (int)(slash - path), path);
}

static void print_notes(const struct session *s)
{
	const char *p = session_notes(s);

	while (*p) {
		size_t len = strcspn(p, "\n");

		fprintf(stderr, "ipitrace: %.*s\n", (int)len, p);
		p += len + 1;
	}
}

static int prepare(struct record *r, struct err *err)
{
	struct session_config config = {
		.buffer_bytes = r->opts.buffer_bytes,
		.stack = r->opts.no_stack ? SESSION_STACK_NONE : r->opts.stack,
	};
	struct filter_push push; /* what the kernel may drop */
	uid_t uid;
	gid_t gid;
	char *dir;
	int ret;

	ipi_filter_push(&r->opts.filter, &push);
	config.target_cpus = push.target_cpus;
	config.classes = push.classes;
	if (dat_writer_open(&r->writer, r->opts.output, err))
		return -1;
	if (invoking_user(&uid, &gid))
		dat_writer_set_owner(r->writer, uid, gid);
	dat_writer_set_abort(r->writer, signals_abort_flag());
	ret = session_open(&r->rec.session, &config, err);
	print_notes(r->rec.session);
	if (ret)
		return -1;
	/* Before anything of ours changes its affinity: the workload's shall be the caller's. */
	if (r->argv && workload_fork(&r->workload, r->argv, err))
		return -1;
	dir = output_dir(r->opts.output);
	ret = spool_open(&r->rec.spool, r->rec.session, dir, push.target_cpus, err);
	free(dir);
	if (ret)
		return -1;
	spool_keep_off(push.target_cpus);
	comms_add_living(&r->rec.comms);
	return spool_start(r->rec.spool, err);
}

/* --- while --- */

static void count_events(struct record *r)
{
	recording_count(&r->rec, &r->events, &r->lost);
	r->bytes = spool_bytes(r->rec.spool);
}

static void show_progress(struct record *r)
{
	count_events(r);
	fprintf(stderr, "\ripitrace: %llu events, %llu lost, %.1f MB\033[K", (unsigned long long)r->events,
		(unsigned long long)r->lost, (double)r->bytes / 1e6);
}

static void wait_for_end(struct record *r)
{
	bool progress = !r->opts.quiet && isatty(STDERR_FILENO);
	uint64_t start = signals_now_ns(), next = start + TICK_NS;
	uint64_t end = r->opts.duration_ns ? start + r->opts.duration_ns : UINT64_MAX;

	while (!signals_got() && !(r->workload && workload_ended(r->workload)) && !spool_failed(r->rec.spool)) {
		uint64_t now = signals_now_ns();

		if (now >= end) {
			r->timed_out = true;
			break;
		}
		if (now >= next) {
			recording_gather_comms(&r->rec);
			if (progress)
				show_progress(r);
			next = now + TICK_NS;
		}
		now = signals_now_ns();
		if (now < next && now < end)
			signals_sleep_ns((next < end ? next : end) - now);
	}
	if (progress)
		fputs("\r\033[K", stderr);
}

/* Counters of /proc/interrupts are read outside and inside of tracing: see file/facts.h. */
static int trace(struct record *r, struct err *err)
{
	struct err late = { 0 };
	int ret;

	if (facts_snap_interrupts(&r->rec.facts, FACTS_OUTER0, err) || session_start(r->rec.session, err))
		return -1;
	ret = facts_snap_interrupts(&r->rec.facts, FACTS_INNER0, err);
	if (!ret && r->workload)
		ret = workload_release(r->workload, err);
	if (!ret)
		wait_for_end(r);
	if (signals_got())
		signals_stopping();
	if (!ret)
		ret = facts_snap_interrupts(&r->rec.facts, FACTS_INNER1, err);
	session_stop(r->rec.session);
	if (facts_snap_interrupts(&r->rec.facts, FACTS_OUTER1, &late) && !ret) {
		*err = late;
		ret = -1;
	}
	return ret;
}

/* What ended the recording ends the workload. */
static void tell_workload(struct record *r)
{
	if (!r->workload || workload_ended(r->workload))
		return;
	if (signals_got() && !signals_from_terminal())
		workload_signal(r->workload, signals_got());
	else if (r->timed_out)
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
	/* From here on a signal may interrupt at any time: it makes the writer give up, no more. */
	signals_stopping();
	signals_unblock();
	return recording_write(&r->rec, r->writer, err);
}

void record_reap_workload(struct record *r)
{
	uint64_t patience = signals_now_ns() + PATIENCE_NS;
	bool told = false;
	sigset_t block;

	if (!r->workload || !workload_released(r->workload))
		return;
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, NULL);
	signals_stopping();
	while (!workload_ended(r->workload)) {
		if (*signals_abort_flag())
			workload_signal(r->workload, SIGKILL);
		if (!told && signals_now_ns() >= patience) {
			fprintf(stderr, "ipitrace: waiting for the workload to end; Ctrl-C kills it\n");
			/* Shells ignore the SIGINT of one who is not at their terminal. */
			if (signals_got() && !signals_from_terminal())
				workload_signal(r->workload, SIGTERM);
			told = true;
		}
		signals_sleep_ns(told ? NS_PER_S : PATIENCE_NS / 20);
	}
}

int record_run(struct record *r, char **argv, struct err *err)
{
	struct err late = { 0 };
	int ret;

	signals_catch();
	ret = prepare(r, err);
	if (!ret)
		ret = trace(r, err);
	tell_workload(r);
	if (!ret)
		ret = save(r, argv, err);
	/* The file is safe; what is left behind in tracefs does not make it worse. */
	if (recording_close(&r->rec, &late)) {
		if (ret && !err->code)
			*err = late;
		else
			fprintf(stderr, "ipitrace: warning: %s; the next run tries again\n", late.msg);
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
}
