// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/metrics.c - metrics of a measurement, while it goes on.
 *
 * The rows are those of a report, by class, by target and by caller and function, kept for as long as it runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "capture/signals.h"
#include "capture/workload.h"
#include "cmds/metrics.h"
#include "cmds/running.h"
#include "render/prometheus.h"
#include "report/agg.h"
#include "serve/serve.h"

#define USUAL_CALLERS  100u
#define MAX_ROWS       2000u /* callers with their functions; all others are one row */
#define USUAL_INTERVAL (10 * NS_PER_S)
#define SUFFIX	       ".prom" /* node_exporter reads no other */

#define OPTION(m)      offsetof(struct metrics_options, m)
const struct opt metrics_rows[METRICS_NR_OPTIONS] = {
	{ 0, "prometheus", "FILE.prom", OPT_STRING, OPTION(file),
	  "replace FILE.prom, for node_exporter's textfile collector, every 10s or -I", NULL, 0, 0 },
	{ 0, "listen", "ADDR[:PORT]", OPT_STRING, OPTION(listen),
	  "serve http://ADDR:PORT/metrics (localhost, 9947); Prometheus or OpenMetrics", NULL, 0, 0 },
	{ 0, "callers", "N", OPT_U64, OPTION(callers),
	  "callers that get series of their own (default 100); the rest is in \"other\"", NULL, 1, MAX_ROWS },
};

enum { BY_CLASS, BY_TARGET, BY_CALLER, NR_KINDS };

static const struct {
	enum agg_key by[2];
	unsigned int nr;
} kinds[NR_KINDS] = {
	[BY_CLASS] = { { AGG_KEY_CLASS }, 1 },
	[BY_TARGET] = { { AGG_KEY_TARGET }, 1 },
	[BY_CALLER] = { { AGG_KEY_CALLER, AGG_KEY_FUNC }, 2 },
};

struct metrics {
	struct metrics_options o;
	struct reading *in;
	struct live *live;
	struct agg *aggs[NR_KINDS];
	struct prometheus *prometheus;
	struct server *server;
	char *temporary; /* name of the file until it is complete */
	uint64_t interval_ns, due_ns;
	double start_s;
	bool ended, failed, failing;
};

/* --- what is written --- */

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void write_metrics(struct metrics *m, enum serve_format format, FILE *out)
{
	struct report r[NR_KINDS];
	const struct prometheus_sample s = {
		.by_class = &r[BY_CLASS],
		.by_target = &r[BY_TARGET],
		.by_caller = &r[BY_CALLER],
		.targets = &m->in->filters[0]->target_cpus.set,
		.by_sender = reading_by_sender(m->in),
		.up = !m->ended,
		.failed = m->failed,
		.start_s = m->start_s,
		.cpu_s = cpu_s(),
		.version = IPITRACE_VERSION,
	};

	if (!m->ended)
		live_refresh(m->live);
	for (unsigned int i = 0; i < NR_KINDS; i++)
		report_build(&r[i], m->in->analysis, m->aggs[i], kinds[i].by, kinds[i].nr, m->in->filter != NULL);
	prometheus_render(m->prometheus, &s, format == SERVE_OPENMETRICS, out);
	for (unsigned int i = 0; i < NR_KINDS; i++)
		report_free(&r[i]);
}

static char *served_text(void *ctx, enum serve_format format, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	write_metrics(ctx, format, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* --- the file --- */

static int file_error(const struct metrics *m, struct err *err)
{
	err_set_errno(err, EXIT_FAILED, errno, "cannot write %s", m->o.file);
	return err_hint(
		err, "the directory is node_exporter's --collector.textfile.directory; it must exist and be writable");
}

/* Never half of it under its name; readable by the collector, which is nobody in particular. */
static int replace_file(struct metrics *m, struct err *err)
{
	uid_t uid;
	gid_t gid;
	int fd;
	FILE *out;
	bool bad;

	unlink(m->temporary);
	fd = open(m->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return file_error(m, err);
	out = fdopen(fd, "w");
	if (!out) {
		close(fd);
		return file_error(m, err);
	}
	/* The umask is for the user's own files; the owner, if not allowed, stays who it is. */
	bad = fchmod(fd, 0644);
	if (invoking_user(&uid, &gid) && fchown(fd, uid, gid))
		errno = 0;
	write_metrics(m, SERVE_PROMETHEUS, out);
	bad |= ferror(out);
	bad |= fclose(out) != 0;
	if (bad || rename(m->temporary, m->o.file)) {
		file_error(m, err);
		unlink(m->temporary);
		return -1;
	}
	return 0;
}

/* A full disk may be emptied: a measurement of days does not end for it. */
static void write_due(struct metrics *m)
{
	struct err err;

	if (!replace_file(m, &err)) {
		m->failing = false;
		return;
	}
	if (!m->failing)
		running_say("%s; trying again", err.msg);
	m->failing = true;
}

/* --- the order of things --- */

static int check_file(struct metrics *m, struct err *err)
{
	const char *slash = strrchr(m->o.file, '/'), *name = slash ? slash + 1 : m->o.file;
	size_t len = strlen(name), end = strlen(SUFFIX);

	if (len <= end || strcmp(name + len - end, SUFFIX)) {
		err_set(err, EXIT_USAGE, "'%s': not a name that node_exporter reads", m->o.file);
		return err_hint(err, "it reads files whose names end with %s", SUFFIX);
	}
	/* Beside it, under a name that the collector does not read. */
	m->temporary = xasprintf("%.*s.%s.%d", (int)(name - m->o.file), m->o.file, name, (int)getpid());
	return 0;
}

int metrics_open(struct metrics **out, const struct metrics_options *o, struct err *err)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	*out = m;
	m->o = *o;
	if (o->file && check_file(m, err))
		return -1;
	return o->listen ? serve_open(&m->server, o->listen, err) : 0;
}

static int start_server(struct metrics *m, struct err *err)
{
	if (serve_start(m->server, served_text, m, err))
		return -1;
	if (!m->o.quiet)
		running_say("serving http://%s/metrics", serve_address(m->server));
	if (serve_is_public(m->server))
		running_say("warning: other machines can read it, names of functions and all; "
			    "--listen localhost:PORT is for this one alone");
	return 0;
}

int metrics_begin(struct metrics *m, struct reading *in, struct live *live, uint64_t interval_ns, struct err *err)
{
	struct timespec now;

	m->in = in;
	m->live = live;
	m->interval_ns = interval_ns ? interval_ns : USUAL_INTERVAL;
	clock_gettime(CLOCK_REALTIME, &now);
	m->start_s = (double)now.tv_sec + (double)(now.tv_nsec / 1000000) / 1e3;
	for (unsigned int i = 0; i < NR_KINDS; i++) {
		m->aggs[i] = agg_new(kinds[i].by, kinds[i].nr, reading_by_sender(in), &in->names);
		agg_limit(m->aggs[i], MAX_ROWS);
	}
	m->prometheus = prometheus_new(m->o.callers ? (unsigned int)m->o.callers : USUAL_CALLERS);
	m->due_ns = signals_now_ns() + m->interval_ns;
	if (m->o.file && replace_file(m, err))
		return -1;
	return m->server ? start_server(m, err) : 0;
}

static void span(void *ctx, const struct ipi_span *s)
{
	struct metrics *m = ctx;

	for (unsigned int i = 0; i < NR_KINDS; i++)
		agg_span(m->aggs[i], s);
}

struct span_sink metrics_sink(struct metrics *m)
{
	return (struct span_sink){ .span = span, .ctx = m };
}

void metrics_step(struct metrics *m)
{
	uint64_t now = signals_now_ns();

	if (m->server)
		serve_step(m->server);
	if (!m->o.file || now < m->due_ns)
		return;
	m->due_ns = now + m->interval_ns;
	write_due(m);
}

int metrics_end(struct metrics *m, struct err *err)
{
	m->ended = true;
	return m->o.file ? replace_file(m, err) : 0;
}

void metrics_failed(struct metrics *m)
{
	if (!m->in || m->ended)
		return;
	live_refresh(m->live);
	m->failed = true;
	metrics_end(m, NULL);
}

void metrics_forget_tasks(struct metrics *m)
{
	for (unsigned int i = 0; i < NR_KINDS; i++)
		agg_forget_tasks(m->aggs[i]);
}

void metrics_close(struct metrics *m)
{
	if (!m)
		return;
	serve_close(m->server);
	for (unsigned int i = 0; i < NR_KINDS; i++)
		agg_free(m->aggs[i]);
	prometheus_free(m->prometheus);
	free(m->temporary);
	free(m);
}
