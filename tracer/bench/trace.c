// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/trace.c - record a run of the benchmark with ipitrace itself.
 *
 * The recording goes into a temporary file and through the same analysis as
 * every other: what is validated is the whole tracer. Who is right is decided
 * in bench/join.c.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/mem.h"
#include "bench/join.h"
#include "record/meta.h"
#include "capture/session.h"
#include "capture/spool.h"
#include "file/facts.h"
#include "report/analysis.h"

struct bench_tracer {
	struct session *session;
	struct spool *spool;
	struct comms comms;
	struct record_meta meta;
	struct facts facts;
	char *dir, *file;
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

int bench_tracer_start(struct bench_tracer **out, const struct cpuset *used, struct err *err)
{
	struct session_config config = { .stack = SESSION_STACK_NONE };
	struct bench_tracer *t = xcalloc(1, sizeof(*t));
	int ret;

	t->facts.workload_status = -1;
	t->facts.filter = (struct ipi_filter)IPI_FILTER_INIT;
	ret = make_dir(t, err);
	if (!ret)
		ret = session_open(&t->session, &config, err);
	if (!ret)
		ret = spool_open(&t->spool, t->session, t->dir, used, err);
	if (!ret)
		ret = spool_start(t->spool, err);
	if (!ret)
		ret = facts_snap_interrupts(&t->facts, FACTS_OUTER0, err);
	if (!ret)
		ret = session_start(t->session, err);
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

struct joins {
	struct bench_join *list;
	unsigned int nr;
};

static void each_join(void *ctx, const struct ipi_span *span)
{
	const struct joins *joins = ctx;

	for (unsigned int i = 0; i < joins->nr; i++)
		bench_join_span(&joins->list[i], span);
}

static int check_tier(const struct trace_info *info, struct err *err)
{
	if (info->has_csd && info->has_send && info->has_reception)
		return 0;
	err_set(err, EXIT_FAILED, "--trace: this kernel's events reach tier '%s' only", info->tier);
	return err_hint(err, "a sample can be joined where csd, ipi_send and reception events exist (Linux 6.6)");
}

static int find_functions(struct analysis *a, const struct joins *joins, struct err *err)
{
	for (unsigned int i = 0; i < joins->nr; i++) {
		struct bench_join *j = &joins->list[i];

		if (!j->function[0] || symtab_range(analysis_symtab(a), j->function, &j->func_start, &j->func_end))
			continue;
		err_set(err, EXIT_FAILED, "--trace: no symbol %s in /proc/kallsyms", j->function);
		return err_hint(err, "run as root, with kernel.kptr_restrict at most 1");
	}
	return 0;
}

/* Every run has lost what the recording has lost: nobody knows where. */
static int analyse(struct bench_tracer *t, struct joins *joins, uint64_t *lost, struct err *err)
{
	struct analysis *a = NULL;
	int ret;

	ret = analysis_open(&a, t->file, err);
	if (!ret)
		ret = check_tier(analysis_info(a), err);
	if (!ret)
		ret = find_functions(a, joins, err);
	if (!ret)
		ret = analysis_run(a, &(struct span_sink){ .span = each_join, .ctx = joins }, err);
	if (!ret) {
		*lost = analysis_info(a)->lost_events;
		if (!*lost && analysis_info(a)->lost_unknown)
			*lost = 1;
	}
	analysis_close(a);
	return ret;
}

int bench_tracer_join(struct bench_tracer *t, const struct bench_traced *runs, unsigned int nr,
		      struct bench_check *checks, struct err *err)
{
	struct joins joins = { .list = xcalloc(nr + 1, sizeof(*joins.list)), .nr = nr };
	struct err late = { 0 };
	uint64_t lost = 0;
	int ret;

	for (unsigned int i = 0; i < nr; i++)
		bench_join_init(&joins.list[i], &runs[i]);
	session_stop(t->session);
	ret = save(t, err);
	if (!ret)
		ret = analyse(t, &joins, &lost, err);
	for (unsigned int i = 0; i < nr; i++) {
		if (!ret) {
			bench_join_decide(&joins.list[i], &checks[i]);
			checks[i].lost_events = lost;
		}
		bench_join_free(&joins.list[i]);
	}
	free(joins.list);
	if (tracer_free(t, &late) && !ret) {
		*err = late;
		ret = -1;
	}
	return ret;
}
