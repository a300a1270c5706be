// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-trace.c - record a run of the benchmark with ipitrace itself.
 *
 * The recording goes into a temporary file and through the same analysis as
 * every other: what is validated is the whole tracer. Who is right is decided
 * in bench-join.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "analysis.h"
#include "bench-join.h"
#include "facts.h"
#include "record-meta.h"
#include "session.h"
#include "spool.h"

struct bench_tracer {
	struct session	  *session;
	struct spool	  *spool;
	struct comms	   comms;
	struct record_meta meta;
	struct facts	   facts;
	char		  *dir, *file;
};

/* Our own directory: the file in it has a name only because the reader wants one. */
static int make_dir(struct bench_tracer *t, struct err *err)
{
	const char *tmp = getenv("TMPDIR");

	t->dir = xasprintf("%s/ipitrace-bench-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(t->dir)) {
		err_set_errno(err, EXIT_FAILED, errno, "cannot make a directory %s", t->dir);
		free(t->dir);
		t->dir = NULL;
		return -1;
	}
	t->file = xasprintf("%s/trace.dat", t->dir);
	return 0;
}

static int tracer_free(struct bench_tracer *t, struct err *err)
{
	int ret;

	spool_close(t->spool);
	ret = session_close(t->session, err);
	record_meta_free(&t->meta);
	comms_free(&t->comms);
	facts_free(&t->facts);
	if (t->dir) {
		unlink(t->file);
		rmdir(t->dir);
	}
	free(t->file);
	free(t->dir);
	free(t);
	return ret;
}

void bench_tracer_abort(struct bench_tracer *t)
{
	if (!t)
		return;
	if (t->session)
		session_stop(t->session);
	tracer_free(t, NULL);
}

int bench_tracer_start(struct bench_tracer **out, const struct bench_job *job, struct err *err)
{
	struct session_config config = { .stack = SESSION_STACK_NONE };
	struct bench_tracer *t = xcalloc(1, sizeof(*t));
	struct cpuset used = { 0 };
	int ret;

	t->facts.workload_status = -1;
	t->facts.filter = (struct ipi_filter)IPI_FILTER_INIT;
	for (unsigned int i = 0; i < job->nr_senders; i++)
		cpuset_add(&used, job->senders[i]);
	for (unsigned int i = 0; i < job->nr_targets; i++)
		cpuset_add(&used, job->targets[i]);
	ret = make_dir(t, err);
	if (!ret)
		ret = session_open(&t->session, &config, err);
	if (!ret)
		ret = spool_open(&t->spool, t->session, t->dir, &used, err);
	if (!ret)
		ret = spool_start(t->spool, err);
	if (!ret)
		ret = facts_snap_interrupts(&t->facts, FACTS_OUTER0, err);
	if (!ret)
		ret = session_start(t->session, err);
	cpuset_free(&used);
	if (ret) {
		bench_tracer_abort(t);
		t = NULL;
	}
	*out = t;
	return ret;
}

static void fill_facts(struct bench_tracer *t)
{
	struct facts *f = &t->facts;

	f->version = xstrdup("bench");
	f->cmdline = xstrdup("ipitrace bench --trace");
	f->tier = xstrdup(session_tier(t->session));
	f->clock = xstrdup("mono");
	f->complete = true;
	f->nr_own_pids = 1 + spool_nr_threads(t->spool);
	f->own_pids = xcalloc(f->nr_own_pids, sizeof(*f->own_pids));
	f->own_pids[0] = (int32_t)getpid();
	for (unsigned int i = 1; i < f->nr_own_pids; i++)
		f->own_pids[i] = (int32_t)spool_thread_id(t->spool, i - 1);
	f->nr_cpus = session_nr_cpus(t->session);
	f->lost = xcalloc(f->nr_cpus, sizeof(*f->lost));
	f->entries = xcalloc(f->nr_cpus, sizeof(*f->entries));
	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++) {
		struct session_stats st;

		if (session_read_stats(t->session, cpu, &st))
			continue;
		f->entries[cpu] = st.entries;
		f->lost[cpu] = st.lost;
	}
}

static int write_pages(struct bench_tracer *t, struct dat_writer *w, struct err *err)
{
	char *facts;
	int ret;

	if (dat_writer_head(w, &t->meta.dat, err))
		return -1;
	for (unsigned int cpu = 0; cpu < t->meta.dat.nr_cpus; cpu++) {
		uint64_t len;
		int fd = spool_fd(t->spool, cpu, &len);

		if (dat_writer_cpu(w, fd, len, err))
			return -1;
	}
	facts = facts_format(&t->facts);
	if (!facts)
		return err_set(err, EXIT_FAILED, "no memory for the facts of the recording");
	ret = dat_writer_facts(w, facts, strlen(facts), err);
	free(facts);
	return ret ? -1 : dat_writer_commit(w, err);
}

static int save(struct bench_tracer *t, struct err *err)
{
	struct dat_writer *w = NULL;
	int ret;

	ret = facts_snap_interrupts(&t->facts, FACTS_OUTER1, err);
	if (!ret)
		ret = spool_finish(t->spool, err);
	if (!ret)
		ret = record_meta_collect(&t->meta, t->session, &t->comms, err);
	if (ret)
		return ret;
	fill_facts(t);
	ret = dat_writer_open(&w, t->file, err);
	if (!ret)
		ret = write_pages(t, w, err);
	dat_writer_close(w);
	return ret;
}

static int analyse(struct bench_tracer *t, struct bench_join *join, struct err *err)
{
	const struct trace_info *info;
	struct analysis *a = NULL;
	uint64_t end = 0;
	int ret;

	if (analysis_open(&a, t->file, err))
		return -1;
	info = analysis_info(a);
	if (!info->has_csd || !info->has_send || !info->has_reception) {
		err_set(err, EXIT_FAILED, "--trace: this kernel's events reach tier '%s' only", info->tier);
		err_hint(err, "a sample can be joined where csd, ipi_send and reception events exist (Linux 6.6)");
		analysis_close(a);
		return -1;
	}
	if (join->function[0] &&
	    !symtab_range(analysis_symtab(a), join->function, &join->func_start, &end)) {
		err_set(err, EXIT_FAILED, "--trace: no symbol %s in /proc/kallsyms", join->function);
		err_hint(err, "run as root, with kernel.kptr_restrict at most 1");
		analysis_close(a);
		return -1;
	}
	join->func_end = end;
	ret = analysis_run(a, bench_join_span, join, err);
	if (!ret) {
		join->lost_events = info->lost_events;
		if (!join->lost_events && info->lost_unknown)
			join->lost_events = 1;
	}
	analysis_close(a);
	return ret;
}

int bench_tracer_join(struct bench_tracer *t, const struct bench_job *job, enum bench_backend backend,
		      const struct ipitrace_bench_prim *prim, const struct bench_raw *raw,
		      struct bench_check *check, struct err *err)
{
	struct bench_join join;
	struct err late = { 0 };
	int ret;

	bench_join_init(&join, job, backend, prim, raw);
	session_stop(t->session);
	ret = save(t, err);
	if (!ret)
		ret = analyse(t, &join, err);
	if (!ret)
		bench_join_decide(&join, check);
	bench_join_free(&join);
	if (tracer_free(t, &late) && !ret) {
		*err = late;
		ret = -1;
	}
	return ret;
}
