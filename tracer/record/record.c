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

#ifndef IPITRACE_VERSION
#define IPITRACE_VERSION "0.1"
#endif

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
	ret = session_open(&r->session, &config, err);
	print_notes(r->session);
	if (ret)
		return -1;
	/* Before anything of ours changes its affinity: the workload's shall be the caller's. */
	if (r->argv && workload_fork(&r->workload, r->argv, err))
		return -1;
	dir = output_dir(r->opts.output);
	ret = spool_open(&r->spool, r->session, dir, push.target_cpus, err);
	free(dir);
	if (ret)
		return -1;
	spool_keep_off(push.target_cpus);
	comms_add_living(&r->comms);
	return spool_start(r->spool, err);
}

/* --- while --- */

static void count_events(struct record *r)
{
	r->events = r->lost = 0;
	for (unsigned int cpu = 0; cpu < session_nr_cpus(r->session); cpu++) {
		struct session_stats st;

		if (session_read_stats(r->session, cpu, &st))
			continue;
		r->events += st.entries;
		r->lost += st.lost;
	}
	r->bytes = spool_bytes(r->spool);
}

static void show_progress(struct record *r)
{
	count_events(r);
	fprintf(stderr, "\ripitrace: %llu events, %llu lost, %.1f MB\033[K", (unsigned long long)r->events,
		(unsigned long long)r->lost, (double)r->bytes / 1e6);
}

static void gather_comms(struct record *r)
{
	char *saved = session_read_top("saved_cmdlines", NULL), *ended = session_read_exits(r->session);

	comms_add_text(&r->comms, saved);
	comms_add_text(&r->comms, ended);
	free(saved);
	free(ended);
}

static void wait_for_end(struct record *r)
{
	bool progress = !r->opts.quiet && isatty(STDERR_FILENO);
	uint64_t start = signals_now_ns(), next = start + TICK_NS;
	uint64_t end = r->opts.duration_ns ? start + r->opts.duration_ns : UINT64_MAX;

	while (!signals_got() && !(r->workload && workload_ended(r->workload)) && !spool_failed(r->spool)) {
		uint64_t now = signals_now_ns();

		if (now >= end) {
			r->timed_out = true;
			break;
		}
		if (now >= next) {
			gather_comms(r);
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

	if (facts_snap_interrupts(&r->facts, FACTS_OUTER0, err) || session_start(r->session, err))
		return -1;
	ret = facts_snap_interrupts(&r->facts, FACTS_INNER0, err);
	if (!ret && r->workload)
		ret = workload_release(r->workload, err);
	if (!ret)
		wait_for_end(r);
	if (signals_got())
		signals_stopping();
	if (!ret)
		ret = facts_snap_interrupts(&r->facts, FACTS_INNER1, err);
	session_stop(r->session);
	if (facts_snap_interrupts(&r->facts, FACTS_OUTER1, &late) && !ret) {
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
	struct facts *f = &r->facts;

	f->version = xstrdup(IPITRACE_VERSION);
	f->cmdline = join_args(argv);
	f->tier = xstrdup(session_tier(r->session));
	f->clock = xstrdup("mono");
	f->complete = true;
	f->stacks = !r->opts.no_stack && r->opts.stack != SESSION_STACK_NONE;
	f->filtered_in_kernel = session_filtered_in_kernel(r->session);
	f->missed_sends = session_missed_sends(r->session);
	/* Shared until finish(): the options own it. */
	f->filter = r->opts.filter;
	f->nr_own_pids = 1 + spool_nr_threads(r->spool);
	f->own_pids = xcalloc(f->nr_own_pids, sizeof(*f->own_pids));
	f->own_pids[0] = (int32_t)getpid();
	for (unsigned int i = 1; i < f->nr_own_pids; i++)
		f->own_pids[i] = (int32_t)spool_thread_id(r->spool, i - 1);
	f->nr_cpus = session_nr_cpus(r->session);
	f->lost = xcalloc(f->nr_cpus, sizeof(*f->lost));
	f->entries = xcalloc(f->nr_cpus, sizeof(*f->entries));
	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++) {
		struct session_stats st;

		if (session_read_stats(r->session, cpu, &st))
			continue;
		f->entries[cpu] = st.entries;
		f->lost[cpu] = st.lost;
	}
	f->workload_status = r->workload && workload_ended(r->workload) ? workload_status(r->workload) : -1;
}

static int write_file(struct record *r, struct err *err)
{
	char *facts = facts_format(&r->facts);
	int ret = -1;

	if (!facts)
		return err_set(err, EXIT_FAILED, "no memory for the facts of the recording");
	if (dat_writer_head(r->writer, &r->meta.dat, err))
		goto out;
	for (unsigned int cpu = 0; cpu < r->meta.dat.nr_cpus; cpu++) {
		uint64_t len;
		int fd = spool_fd(r->spool, cpu, &len);

		if (dat_writer_cpu(r->writer, fd, len, err))
			goto out;
	}
	if (dat_writer_facts(r->writer, facts, strlen(facts), err))
		goto out;
	ret = dat_writer_commit(r->writer, err);
out:
	free(facts);
	return ret;
}

/* All that needs tracefs, then give it back as it was, then write. */
static int save(struct record *r, char **argv, struct err *err)
{
	struct session *s = r->session;

	if (spool_finish(r->spool, err))
		return -1;
	count_events(r);
	r->buffer_bytes = session_buffer_bytes(s);
	/* Who is not there any more has been seen ending: so ask for the living first. */
	comms_add_living(&r->comms);
	gather_comms(r);
	if (record_meta_collect(&r->meta, s, &r->comms, err))
		return -1;
	fill_facts(r, argv);
	r->session = NULL;
	if (session_close(s, err))
		return -1;
	/* From here on nothing needs to be undone: a signal may interrupt at any time. */
	signals_stopping();
	signals_unblock();
	return write_file(r, err);
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
	spool_close(r->spool);
	r->spool = NULL;
	if (session_close(r->session, &late) && !ret) {
		*err = late;
		ret = -1;
	}
	r->session = NULL;
	dat_writer_close(r->writer);
	return ret;
}

void record_free(struct record *r)
{
	workload_close(r->workload);
	record_meta_free(&r->meta);
	comms_free(&r->comms);
	/* Borrowed from the options. */
	r->facts.filter = (struct ipi_filter)IPI_FILTER_INIT;
	facts_free(&r->facts);
	ipi_filter_free(&r->opts.filter);
}
