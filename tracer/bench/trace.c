// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/trace.c - record a run of the benchmark with ipitrace itself.
 *
 * The recording is set up as record does it by default, so that what tracing
 * costs is what record costs. It goes into a temporary file and through the same
 * analysis as every other: what is validated is the whole tracer. Who is right is decided
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
#include "record/record.h"
#include "record/save.h"
#include "report/analysis.h"

struct bench_tracer {
	struct recording rec;
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

	ret = recording_close(&t->rec, err);
	recording_free(&t->rec);
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
	if (t->rec.session)
		session_stop(t->rec.session);
	tracer_free(t, NULL);
}

int bench_tracer_start(struct bench_tracer **out, const struct cpuset *used, struct err *err)
{
	const struct record_options options = record_defaults();
	const struct session_config config = record_session_config(&options);
	struct bench_tracer *t = xcalloc(1, sizeof(*t));
	int ret;

	t->rec.facts.workload_status = -1;
	t->rec.facts.filter = (struct ipi_filter)IPI_FILTER_INIT;
	ret = make_dir(t, err);
	if (!ret)
		ret = session_open(&t->rec.session, &config, err);
	if (!ret)
		ret = spool_open(&t->rec.spool, t->rec.session, t->dir, used, err);
	if (!ret)
		ret = spool_start(t->rec.spool, err);
	if (!ret)
		ret = recording_snap(&t->rec, FACTS_OUTER0, err);
	if (!ret)
		ret = session_start(t->rec.session, err);
	if (ret) {
		bench_tracer_abort(t);
		t = NULL;
	}
	*out = t;
	return ret;
}

static int save(struct bench_tracer *t, struct err *err)
{
	struct dat_writer *w = NULL;
	int ret;

	t->rec.facts.cmdline = xstrdup("ipitrace bench --trace");
	ret = recording_snap(&t->rec, FACTS_OUTER1, err);
	if (!ret)
		ret = recording_collect(&t->rec, err);
	if (!ret)
		ret = dat_writer_open(&w, t->file, err);
	if (!ret)
		ret = recording_write(&t->rec, w, err);
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

	ret = analysis_open(&a, t->file, NULL, err);
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
	recording_verify(&t->rec);
	session_stop(t->rec.session);
	ret = save(t, err);
	if (!ret && t->rec.facts.nr_reasons)
		ret = err_set(err, EXIT_INCOMPLETE, "--trace: %s", t->rec.facts.reasons[0]);
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
