// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd-record.c - ipitrace record: options, signals, the order of things, what the user is told.
 *
 * Everything that can refuse does so before tracing starts; the output file
 * has a name only when it is complete. Exit status: ipitrace's own failure
 * (125 with a workload, else 1), then the workload's status if it is not 0,
 * then 3 if events were lost, then 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "datfile.h"
#include "facts.h"
#include "record-meta.h"
#include "session.h"
#include "spool.h"
#include "workload.h"

#ifndef IPITRACE_VERSION
#define IPITRACE_VERSION "0.1"
#endif

#define NS_PER_S	1000000000ULL
#define TICK_NS		NS_PER_S	/* progress, names, health of the readers */
#define PATIENCE_NS	(2 * NS_PER_S)	/* before a workload that was told to end is told so again */

struct record_options {
	const char	 *output;
	uint64_t	  buffer_bytes, duration_ns;
	uint32_t	  stack;	/* enum session_stack */
	bool		  no_stack, quiet;
	struct ipi_filter filter;
};

struct record {
	struct record_options opts;
	char		**argv;		/* workload or NULL */
	struct dat_writer *writer;
	struct session	  *session;
	struct spool	  *spool;
	struct workload	  *workload;
	struct comms	   comms;
	struct record_meta meta;
	struct facts	   facts;
	sigset_t	   old_mask;
	bool		   timed_out;
	uint64_t	   events, lost, bytes;
	uint64_t	   buffer_bytes;	/* per CPU, as it was */
};

/* --- signals: the first one stops the recording, another one aborts --- */

static volatile sig_atomic_t got_signal;	/* number of the first */
static volatile sig_atomic_t from_terminal;	/* then the workload has got it too */
static volatile sig_atomic_t stopping;
static volatile int abort_now;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (stopping) {
		abort_now = 1;
		return;
	}
	if (got_signal)
		abort_now = 1;
	got_signal = sig;
	from_terminal = info->si_code == SI_KERNEL;
}

static void on_child(int sig)
{
	(void)sig;	/* only to end a sleep */
}

/* Blocked except while waiting, so that none can slip in between a check and the sleep. */
static void catch_signals(struct record *r)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct sigaction child = { .sa_handler = on_child }, old;
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++) {
		/* nohup's wish is respected; SIGINT is ignored by every background job of a script. */
		if (sigs[i] == SIGHUP && !sigaction(SIGHUP, NULL, &old) && old.sa_handler == SIG_IGN)
			continue;
		sigaddset(&block, sigs[i]);
		sigaction(sigs[i], &sa, NULL);
	}
	sigaction(SIGCHLD, &child, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);	/* a file size limit is an error of write() */
	sigprocmask(SIG_BLOCK, &block, &r->old_mask);
	/* A caller may have had them blocked; we want them all the same. */
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		sigdelset(&r->old_mask, sigs[i]);
	sigdelset(&r->old_mask, SIGCHLD);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Until a signal comes, or for ns. */
static void sleep_ns(const struct record *r, uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S) };

	ppoll(NULL, 0, &ts, &r->old_mask);
}

/* --- options --- */

static int parse_stack(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	if (!strcmp(arg, "none"))
		*(uint32_t *)target = SESSION_STACK_NONE;
	else if (!strcmp(arg, "sends"))
		*(uint32_t *)target = SESSION_STACK_SENDS;
	else if (!strcmp(arg, "calls"))
		*(uint32_t *)target = SESSION_STACK_CALLS;
	else
		return err_set(err, EXIT_USAGE, "'%s': not one of none, sends, calls", arg);
	return 0;
}

#define FIELD(m) offsetof(struct record_options, m)

static const struct opt record_rows[] = {
	{ 'o', "output", "FILE", OPT_STRING, FIELD(output), "write FILE (default ipitrace.dat)", NULL, 0, 0 },
	{ 'd', "duration", "TIME", OPT_DURATION, FIELD(duration_ns),
	  "stop after TIME (250ms, 10s, 1m); a workload is told to end then", NULL, 1, 0 },
	{ 'm', "buffer", "SIZE", OPT_SIZE, FIELD(buffer_bytes),
	  "ring buffer per CPU (default 64M, less where memory is short)", NULL, 4 << 10, 1ULL << 40 },
	{ 0, "stack", "WHAT", OPT_CUSTOM, FIELD(stack),
	  "kernel stacks with: sends (default), calls (queued calls too), none", parse_stack, 0, 0 },
	{ 0, "no-stack", NULL, OPT_FLAG, FIELD(no_stack),
	  "no kernel stacks: cheaper, but only call sites, no callers", NULL, 0, 0 },
	{ 'q', "quiet", NULL, OPT_FLAG, FIELD(quiet), "no progress, no summary", NULL, 0, 0 },
};

const struct opt_spec record_spec = {
	.command = "record",
	.synopsis = "[options] [-- WORKLOAD [ARG...]]",
	.summary = "record IPIs into a trace.dat file",
	.details = "Records until WORKLOAD ends, TIME is over, or Ctrl-C; a second Ctrl-C gives up.\n"
		   "Under sudo, WORKLOAD runs as the user who called sudo, and FILE is that user's.\n"
		   "Exit status: WORKLOAD's own; 125 ipitrace failed, 126 WORKLOAD cannot be run,\n"
		   "127 not found. Without WORKLOAD 0, 1 failed, 2 usage; 3 if events were lost.",
	.stop_at_operand = true,
	.this_machine = true,
	.groups = {
		OPT_GROUP(NULL, record_rows, 0),
		OPT_FILTER_GROUP(offsetof(struct record_options, filter)),
	},
};

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
	const struct cpuset *targets = r->opts.filter.has_target_cpus ? &r->opts.filter.target_cpus : NULL;
	struct session_config config = {
		.buffer_bytes = r->opts.buffer_bytes,
		.stack = r->opts.no_stack ? SESSION_STACK_NONE : r->opts.stack,
		.target_cpus = targets,
		.classes = r->opts.filter.classes,
	};
	uid_t uid;
	gid_t gid;
	char *dir;
	int ret;

	if (dat_writer_open(&r->writer, r->opts.output, err))
		return -1;
	if (invoking_user(&uid, &gid))
		dat_writer_set_owner(r->writer, uid, gid);
	dat_writer_set_abort(r->writer, &abort_now);
	ret = session_open(&r->session, &config, err);
	print_notes(r->session);
	if (ret)
		return -1;
	/* Before anything of ours changes its affinity: the workload's shall be the caller's. */
	if (r->argv && workload_fork(&r->workload, r->argv, err))
		return -1;
	dir = output_dir(r->opts.output);
	ret = spool_open(&r->spool, r->session, dir, targets, err);
	free(dir);
	if (ret)
		return -1;
	spool_keep_off(targets);
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
	fprintf(stderr, "\ripitrace: %llu events, %llu lost, %.1f MB\033[K",
		(unsigned long long)r->events, (unsigned long long)r->lost, (double)r->bytes / 1e6);
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
	uint64_t start = now_ns(), next = start + TICK_NS;
	uint64_t end = r->opts.duration_ns ? start + r->opts.duration_ns : UINT64_MAX;

	while (!got_signal && !(r->workload && workload_ended(r->workload)) && !spool_failed(r->spool)) {
		uint64_t now = now_ns();

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
		now = now_ns();
		if (now < next && now < end)
			sleep_ns(r, (next < end ? next : end) - now);
	}
	if (progress)
		fputs("\r\033[K", stderr);
}

/* Counters of /proc/interrupts are read outside and inside of tracing: see facts.h. */
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
	stopping = got_signal != 0;
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
	if (got_signal && !from_terminal)
		workload_signal(r->workload, got_signal);
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
	f->workload_status = r->workload && workload_ended(r->workload) ?
			     workload_status(r->workload) : -1;
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
	stopping = true;
	sigprocmask(SIG_SETMASK, &r->old_mask, NULL);
	return write_file(r, err);
}

/* Until the workload is gone. A signal that comes now kills it. */
static void reap_workload(struct record *r)
{
	uint64_t patience = now_ns() + PATIENCE_NS;
	bool told = false;
	sigset_t block;

	if (!r->workload || !workload_released(r->workload))
		return;
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, NULL);
	stopping = true;
	while (!workload_ended(r->workload)) {
		if (abort_now)
			workload_signal(r->workload, SIGKILL);
		if (!told && now_ns() >= patience) {
			fprintf(stderr, "ipitrace: waiting for the workload to end; Ctrl-C kills it\n");
			/* Shells ignore the SIGINT of one who is not at their terminal. */
			if (got_signal && !from_terminal)
				workload_signal(r->workload, SIGTERM);
			told = true;
		}
		sleep_ns(r, told ? NS_PER_S : PATIENCE_NS / 20);
	}
}

static void summarize(const struct record *r)
{
	if (!r->opts.quiet)
		fprintf(stderr, "ipitrace: %llu events, %llu lost, %.1f MB in %s\n",
			(unsigned long long)r->events, (unsigned long long)r->lost,
			(double)r->bytes / 1e6, r->opts.output);
	if (r->meta.no_symbols)
		fprintf(stderr, "ipitrace: /proc/kallsyms hides addresses: no names of functions "
				"(sysctl kernel.kptr_restrict=1)\n");
}

static int report_lost(const struct record *r, struct err *err)
{
	for (unsigned int cpu = 0; cpu < r->facts.nr_cpus; cpu++)
		if (r->facts.lost[cpu])
			fprintf(stderr, "ipitrace: CPU %u lost %llu of %llu events\n", cpu,
				(unsigned long long)r->facts.lost[cpu],
				(unsigned long long)(r->facts.lost[cpu] + r->facts.entries[cpu]));
	err_set(err, EXIT_INCOMPLETE, "%llu events were lost, the recording is incomplete",
		(unsigned long long)r->lost);
	err_hint(err, "a bigger buffer (-m %lluM), no stacks (--no-stack), or fewer targets (-C LIST)",
		 (unsigned long long)((r->buffer_bytes * 4 + (1 << 20) - 1) >> 20));
	return EXIT_INCOMPLETE;
}

static int workload_result(const struct record *r)
{
	/* Told to end because its time was over, and it did: as it should be. */
	if (r->timed_out && workload_killed_by(r->workload, SIGTERM))
		return EXIT_OK;
	return workload_status(r->workload);
}

static int record(struct record *r, char **argv, struct err *err)
{
	struct err late = { 0 };
	int ret;

	catch_signals(r);
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

static int finish(struct record *r, int ret, struct err *err)
{
	int status = EXIT_OK;

	if (ret && r->argv && err->code != EXIT_CANNOT_RUN && err->code != EXIT_NOT_FOUND)
		err->code = EXIT_CANCELED;
	if (!ret)
		summarize(r);
	else if (r->workload && workload_released(r->workload) && !workload_ended(r->workload))
		fprintf(stderr, "ipitrace: the recording failed (%s); the workload goes on\n", err->msg);
	reap_workload(r);
	if (ret)
		return ret;
	if (r->workload)
		status = workload_result(r);
	if (r->lost && report_lost(r, err) && !status)
		status = EXIT_INCOMPLETE;
	return status;
}

int cmd_record(int argc, char **argv, struct err *err)
{
	struct record r = { .opts = { .output = "ipitrace.dat", .stack = SESSION_STACK_SENDS,
				      .filter = IPI_FILTER_INIT } };
	char *line_args[argc + 1];
	int nr, ret;

	r.facts.workload_status = -1;
	memcpy(line_args, argv, sizeof(line_args));
	ret = opts_parse(&record_spec, &r.opts, argc, argv, &nr, err);
	if (ret == OPTS_OK) {
		r.argv = nr ? argv + 1 : NULL;
		ret = finish(&r, record(&r, line_args, err), err);
	} else {
		ret = opts_finish(&record_spec, ret);
	}
	workload_close(r.workload);
	record_meta_free(&r.meta);
	comms_free(&r.comms);
	r.facts.filter = (struct ipi_filter)IPI_FILTER_INIT;
	facts_free(&r.facts);
	ipi_filter_free(&r.opts.filter);
	return ret;
}
