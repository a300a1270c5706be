// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/measure.c - from options to rows: who can measure, which runs, in which order.
 *
 * Repetitions go round: every mode once, then every mode again, so that a
 * machine that drifts shows in the spread and not in one mode.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/mem.h"
#include "bench/backend.h"
#include "bench/env.h"
#include "bench/measure.h"
#include "bench/result.h"
#include "bench/topo.h"
#include "bench/trace.h"

#define DEF_IRQS_OFF_NS 300000 /* far more than any delivery takes */
#define DEF_BURST	8
#define DEF_MODES	"dry-run,self,single,broadcast"

struct run {
	uint32_t *senders, *targets;
	struct bench_job job;
	unsigned int row;
	bool no_ipi;
};

struct plan {
	const struct bench_options *opts;
	struct bench_result *result;
	struct bench_topo topo;
	struct bench_device *dev; /* NULL: user space */
	FILE *notes;
	bool progress; /* on notes */
	bool modes[IPITRACE_BENCH_NR_PRIMITIVES];
	struct run *runs;
	unsigned int nr_runs;
};

/* --- options --- */

static int parse_modes(struct plan *p, struct err *err)
{
	const char *list = p->opts->modes ? p->opts->modes : DEF_MODES;
	char known[200] = "";
	size_t at = 0;

	if (!strcmp(list, "all")) {
		memset(p->modes, true, sizeof(p->modes));
		return 0;
	}
	for (const char *w = list;; w++) {
		size_t len = strcspn(w, ","), i;

		for (i = 0; i < ARRAY_SIZE(bench_modes); i++)
			if (strlen(bench_modes[i].word) == len && !strncmp(w, bench_modes[i].word, len))
				break;
		if (i == ARRAY_SIZE(bench_modes)) {
			for (i = 0; i < ARRAY_SIZE(bench_modes); i++)
				at += (size_t)snprintf(known + at, sizeof(known) - at, "%s ", bench_modes[i].word);
			err_set(err, EXIT_USAGE, "--modes: '%.*s': unknown mode", (int)len, w);
			return err_hint(err, "modes: %sor all", known);
		}
		p->modes[i] = true;
		w += len;
		if (!*w)
			return 0;
	}
}

/* What only the module can do: then there is no falling back. */
static const char *needs_module(const struct plan *p)
{
	const struct bench_options *o = p->opts;

	if (o->has_state && o->state != IPITRACE_BENCH_STATE_BUSY)
		return "--state";
	if (o->handler_ns)
		return "--handler-ns";
	if (o->irqs_off_ns)
		return "--irqs-off-ns";
	if (o->burst)
		return "--burst";
	if (cpuset_count(&o->senders) > 1)
		return "more than one sender";
	if (o->modes && strcmp(o->modes, "all"))
		for (uint32_t m = 0; m < IPITRACE_BENCH_NR_PRIMITIVES; m++)
			if (p->modes[m] && bench_user_refuses(m) && m != IPITRACE_BENCH_SELF)
				return bench_modes[m].word;
	return NULL;
}

static int choose_backend(struct plan *p, bool *loaded, FILE *notes, struct err *err)
{
	struct err why = { 0 };
	const char *what = needs_module(p);

	p->result->backend = BENCH_USER;
	if (p->opts->user) {
		if (p->opts->module)
			return err_exclude(err, "--user", "--module");
		if (!what)
			return 0;
		err_set(err, EXIT_USAGE, "--user: %s needs the module", what);
		return err_hint(err, "membarrier does: dry-run, single, many, broadcast, one sender, busy targets");
	}
	if (!bench_module_load(p->opts->module, loaded, &why) && !bench_device_open(&p->dev, &why)) {
		p->result->backend = BENCH_MODULE;
		return 0;
	}
	if (p->opts->module || what) {
		*err = why;
		return -1;
	}
	fprintf(notes, "ipitrace: bench: %s; measuring with membarrier from user space (as --user does)\n", why.msg);
	return 0;
}

/* --- plan --- */

static uint32_t mode_flags(const struct plan *p, uint32_t mode)
{
	if (p->dev)
		return bench_device_prim(p->dev, mode)->flags;
	switch (mode) {
	case IPITRACE_BENCH_DRY_RUN:
		return IPITRACE_BENCH_P_AVAILABLE | IPITRACE_BENCH_P_NO_IPI | IPITRACE_BENCH_P_LOCAL;
	case IPITRACE_BENCH_SINGLE:
		return IPITRACE_BENCH_P_AVAILABLE | IPITRACE_BENCH_P_TARGETS;
	case IPITRACE_BENCH_MANY:
		return IPITRACE_BENCH_P_AVAILABLE | IPITRACE_BENCH_P_TARGETS | IPITRACE_BENCH_P_MASK;
	case IPITRACE_BENCH_BROADCAST:
		return IPITRACE_BENCH_P_AVAILABLE | IPITRACE_BENCH_P_ALL | IPITRACE_BENCH_P_MASK;
	default:
		return 0;
	}
}

static struct bench_row *new_row(struct bench_result *r, uint32_t mode, const uint32_t *senders,
				 unsigned int nr_senders)
{
	struct bench_row *row;

	r->rows = xrealloc(r->rows, (r->nr_rows + 1) * sizeof(*r->rows));
	row = &r->rows[r->nr_rows++];
	*row = (struct bench_row){
		.mode = mode,
		.source = nr_senders == 1 ? senders[0] : BENCH_NO_CPU,
		.target = BENCH_NO_CPU,
		.spread_permille = UINT64_MAX,
	};
	return row;
}

/* State and times that this mode can have; sets the row's reason where there is no way. */
static void settle_state(const struct plan *p, uint32_t flags, struct bench_job *job, struct bench_row *row)
{
	const struct bench_options *o = p->opts;

	job->state = o->has_state   ? o->state :
		     o->irqs_off_ns ? IPITRACE_BENCH_STATE_IRQS_OFF :
				      IPITRACE_BENCH_STATE_IDLE;
	if (!p->dev || (flags & IPITRACE_BENCH_P_NEEDS_BUSY && !o->has_state))
		job->state = IPITRACE_BENCH_STATE_BUSY;
	if (flags & IPITRACE_BENCH_P_LOCAL)
		job->state = IPITRACE_BENCH_STATE_IDLE;
	if (flags & IPITRACE_BENCH_P_NEEDS_BUSY && job->state != IPITRACE_BENCH_STATE_BUSY)
		snprintf(row->reason, sizeof(row->reason), "only possible with --state busy");
	if (job->state == IPITRACE_BENCH_STATE_IRQS_OFF)
		job->irqs_off_ns = o->irqs_off_ns ? o->irqs_off_ns : DEF_IRQS_OFF_NS;
	if (flags & IPITRACE_BENCH_P_HANDLER)
		job->handler_ns = o->handler_ns;
	if (flags & IPITRACE_BENCH_P_BURST)
		job->burst = o->burst ? (uint32_t)o->burst : DEF_BURST;
	row->state = job->state;
}

static bool is_sender(const struct bench_job *job, uint32_t cpu)
{
	for (unsigned int i = 0; i < job->nr_senders; i++)
		if (job->senders[i] == cpu)
			return true;
	return false;
}

/* The targets of a run into run->targets. spec NULL: the mode's default. */
static int settle_targets(const struct plan *p, uint32_t flags, const char *spec, struct run *run, struct err *err)
{
	struct bench_job *job = &run->job;
	unsigned int nr = 0, kept = 0;

	if (flags & IPITRACE_BENCH_P_LOCAL)
		return 0;
	if (flags & IPITRACE_BENCH_P_ALL)
		spec = "others";
	else if (!spec)
		spec = flags & IPITRACE_BENCH_P_MASK || job->nr_senders > 1 ? "others" : "any";
	if (bench_topo_targets(&p->topo, spec, job->senders[0], &run->targets, &nr, err))
		return -1;
	for (unsigned int i = 0; i < nr; i++)
		if (!is_sender(job, run->targets[i]) || flags & IPITRACE_BENCH_P_ALL)
			run->targets[kept++] = run->targets[i];
	/* Several senders without a word about targets: one that is no sender. */
	if (!p->opts->targets && !(flags & (IPITRACE_BENCH_P_ALL | IPITRACE_BENCH_P_MASK)) && kept > 1)
		kept = 1;
	job->targets = run->targets;
	job->nr_targets = kept;
	return 0;
}

static int check_size(const struct plan *p, const struct run *run, struct err *err)
{
	uint64_t per_send = run->job.nr_targets && p->dev ? run->job.nr_targets : 1;
	uint64_t max = IPITRACE_BENCH_MAX_SAMPLES / per_send / run->job.nr_senders;

	if (p->opts->n <= max)
		return 0;
	err_set(err, EXIT_USAGE, "-n %llu: more samples than fit, at most %llu here", (unsigned long long)p->opts->n,
		(unsigned long long)max);
	return err_hint(err, "more repetitions (--repeat) give more samples");
}

static int plan_run(struct plan *p, uint32_t mode, const uint32_t *senders, unsigned int nr_senders,
		    const char *targets, struct err *err)
{
	uint32_t flags = mode_flags(p, mode);
	struct bench_row *row = new_row(p->result, mode, senders, nr_senders);
	const char *refused = p->dev ? NULL : bench_user_refuses(mode);
	struct run *run;

	p->runs = xrealloc(p->runs, (p->nr_runs + 1) * sizeof(*p->runs));
	run = &p->runs[p->nr_runs++];
	*run = (struct run){ .row = p->result->nr_rows - 1, .no_ipi = flags & IPITRACE_BENCH_P_NO_IPI };
	run->senders = xcalloc(nr_senders, sizeof(*senders));
	memcpy(run->senders, senders, nr_senders * sizeof(*senders));
	run->job = (struct bench_job){
		.mode = mode,
		.senders = run->senders,
		.nr_senders = nr_senders,
		.iterations = p->opts->n,
		.pace_ns = p->opts->pace_ns,
		.warmup = p->opts->n / 100 < 10 ? 10 :
			  p->opts->n > 100000	? 1000 :
						  p->opts->n / 100,
	};
	if (refused) {
		snprintf(row->reason, sizeof(row->reason), "%s", refused);
		return 0;
	}
	if (!(flags & IPITRACE_BENCH_P_AVAILABLE)) {
		snprintf(row->reason, sizeof(row->reason), "this kernel does not offer it to modules");
		return 0;
	}
	settle_state(p, flags, &run->job, row);
	if (settle_targets(p, flags, targets, run, err))
		return -1;
	row->nr_targets = run->job.nr_targets;
	if (row->nr_targets == 1 && row->source != BENCH_NO_CPU) {
		row->target = run->job.targets[0];
		row->relation = bench_topo_relation(&p->topo, row->source, row->target);
		row->has_relation = true;
	}
	if (!(flags & IPITRACE_BENCH_P_LOCAL) && !row->nr_targets)
		snprintf(row->reason, sizeof(row->reason), "no CPU is left as a target");
	if (row->reason[0])
		return 0;
	return check_size(p, run, err);
}

/* Every ordered pair, for modes that can choose their target. */
static int plan_pairs(struct plan *p, uint32_t mode, struct err *err)
{
	char target[16];

	for (unsigned int i = 0; i < p->topo.nr; i++) {
		uint32_t source = p->topo.cpus[i].cpu;

		if (cpuset_count(&p->opts->senders) && !cpuset_has(&p->opts->senders, source))
			continue;
		for (unsigned int k = 0; k < p->topo.nr; k++) {
			if (k == i)
				continue;
			snprintf(target, sizeof(target), "%u", p->topo.cpus[k].cpu);
			if (plan_run(p, mode, &source, 1, target, err))
				return -1;
		}
	}
	return 0;
}

/* The table that is asked for most: one on the same node, one on another, and all. */
static int plan_nodes(struct plan *p, uint32_t mode, uint32_t source, struct err *err)
{
	uint32_t near, far;
	char target[16];

	if (!bench_topo_near_far(&p->topo, source, &near, &far))
		return plan_run(p, mode, &source, 1, NULL, err);
	snprintf(target, sizeof(target), "%u", near);
	if (plan_run(p, mode, &source, 1, target, err))
		return -1;
	snprintf(target, sizeof(target), "%u", far);
	return plan_run(p, mode, &source, 1, target, err);
}

static int plan(struct plan *p, struct err *err)
{
	const struct bench_options *o = p->opts;
	unsigned int nr = 0;
	uint32_t *senders = xcalloc(p->topo.nr + 1, sizeof(*senders));
	int ret = 0;

	for (unsigned int i = 0; i < p->topo.nr; i++)
		if (cpuset_has(&o->senders, p->topo.cpus[i].cpu))
			senders[nr++] = p->topo.cpus[i].cpu;
	if (nr != cpuset_count(&o->senders)) {
		ret = err_set(err, EXIT_USAGE, "--senders: not all of these CPUs are online, or for this process");
		goto out;
	}
	if (!nr)
		senders[nr++] = p->topo.cpus[0].cpu;
	p->result->nr_senders = nr;
	for (uint32_t mode = 0; mode < IPITRACE_BENCH_NR_PRIMITIVES && !ret; mode++) {
		uint32_t flags = mode_flags(p, mode);

		if (!p->modes[mode])
			continue;
		if (o->pairs && flags & IPITRACE_BENCH_P_TARGETS && !(flags & IPITRACE_BENCH_P_MASK))
			ret = plan_pairs(p, mode, err);
		else if (!o->modes && !o->targets && nr == 1 && mode == IPITRACE_BENCH_SINGLE)
			ret = plan_nodes(p, mode, senders[0], err);
		else
			ret = plan_run(p, mode, senders, nr, o->targets, err);
	}
out:
	free(senders);
	return ret;
}

/* --- execute --- */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/*
 * What ends early, but not by a signal of ours, is none, and made again: the kernel
 * takes the module's caller out of its wait to stop it (Ctrl-Z), to let a debugger
 * in, or to freeze it. *from_ns: no send of this run is before it.
 */
static int run_once(struct plan *p, const struct run *run, struct bench_raw *raw, uint64_t *from_ns, struct err *err)
{
	struct bench_job job = run->job;
	int ret;

	if (p->dev && !(mode_flags(p, job.mode) & IPITRACE_BENCH_P_TARGETS)) {
		job.targets = NULL;
		job.nr_targets = 0;
	}
	do {
		free(raw->samples);
		raw->samples = NULL;
		*from_ns = now_ns();
		ret = p->dev ? bench_device_run(p->dev, &job, raw, err) : bench_user_run(&job, raw, err);
	} while (!ret && raw->partial && !bench_interrupted);
	raw->no_ipi = run->no_ipi;
	raw->windows = job.state == IPITRACE_BENCH_STATE_IRQS_OFF;
	return ret;
}

/* Written over again and again: only a terminal shows it. */
static void show_progress(const struct plan *p, const struct run *run, uint64_t rep, const char *what)
{
	const struct bench_result *r = p->result;

	if (!p->progress)
		return;
	fprintf(p->notes, "\ripitrace: bench: run %u of %u: %s%s", r->runs_done + 1, r->runs_planned,
		bench_modes[run->job.mode].word, what);
	if (rep)
		fprintf(p->notes, ", repetition %" PRIu64 " of %" PRIu64, rep, p->opts->repeat);
	fputs("\033[K", p->notes);
	fflush(p->notes);
}

static void end_progress(const struct plan *p)
{
	if (p->progress)
		fputs("\r\033[K", p->notes);
}

/* One run into its row. An interrupted one counts with what it had done. */
static int run_into_row(struct plan *p, const struct run *run, struct err *err)
{
	struct bench_raw raw = { 0 };
	uint64_t from_ns;

	bench_load_look(&p->result->load);
	if (run_once(p, run, &raw, &from_ns, err)) {
		/* It could not end as it should have: nothing is known of it, but of those before. */
		return bench_interrupted ? 0 : -1;
	}
	if (raw.sends)
		bench_row_add(&p->result->rows[run->row], &raw);
	p->result->runs_done += !raw.partial;
	free(raw.samples);
	return 0;
}

static int repeat(struct plan *p, struct err *err)
{
	struct bench_result *r = p->result;
	int ret = 0;

	for (uint64_t rep = 0; rep < p->opts->repeat && !ret; rep++) {
		for (unsigned int i = 0; i < p->nr_runs && !bench_interrupted && !ret; i++) {
			if (r->rows[p->runs[i].row].reason[0])
				continue;
			show_progress(p, &p->runs[i], rep + 1, "");
			ret = run_into_row(p, &p->runs[i], err);
		}
	}
	bench_load_look(&r->load);
	bench_env_add(&r->env, "load", "load", bench_load_text(&r->load));
	bench_env_add(&r->env, "steal", "steal", bench_load_steal_text(&r->load));
	for (unsigned int i = 0; i < r->nr_rows; i++)
		bench_row_finish(&r->rows[i]);
	return ret;
}

static void name_check(const struct plan *p, const struct run *run, struct bench_check *check)
{
	const struct bench_row *row = &p->result->rows[run->row];
	const struct bench_mode *mode = &bench_modes[run->job.mode];

	snprintf(check->mode, sizeof(check->mode), "%s", mode->word);
	if (p->opts->pairs && row->target != BENCH_NO_CPU)
		snprintf(check->title, sizeof(check->title), "%s %u>%u", mode->title, row->source, row->target);
	else
		snprintf(check->title, sizeof(check->title), "%s", mode->title);
}

static uint64_t median_of(const struct bench_row *row)
{
	const struct bench_dist *d = &row->dist[BENCH_ROUND_TRIP];

	return d->count ? d->p50 : UINT64_MAX;
}

/* What a send costs its sender, without and with the tracer. */
static void add_cost(const struct plan *p, const struct run *run, const struct bench_raw *raw,
		     struct bench_check *check)
{
	struct bench_row traced = { .mode = run->job.mode };

	bench_row_add(&traced, raw);
	bench_row_finish(&traced);
	check->plain_ns = median_of(&p->result->rows[run->row]);
	check->traced_ns = median_of(&traced);
	bench_row_free(&traced);
}

/* A dry run leaves nothing that could be joined. */
static bool traceable(const struct plan *p, const struct run *run)
{
	return !p->result->rows[run->row].reason[0] && run->job.mode != IPITRACE_BENCH_DRY_RUN;
}

static int trace_runs(struct plan *p, struct bench_traced *traced, struct err *err)
{
	struct bench_result *r = p->result;

	for (unsigned int i = 0; i < p->nr_runs; i++) {
		const struct run *run = &p->runs[i];
		struct bench_traced *t = &traced[r->nr_checks];

		if (!traceable(p, run))
			continue;
		show_progress(p, run, 0, ", traced");
		*t = (struct bench_traced){ .job = &run->job, .backend = r->backend };
		if (p->dev)
			t->prim = bench_device_prim(p->dev, run->job.mode);
		if (run_once(p, run, &t->raw, &t->from_ns, err))
			return bench_interrupted ? 0 : -1;
		t->to_ns = now_ns();
		if (bench_interrupted)
			return 0;
		r->runs_done++;
		name_check(p, run, &r->checks[r->nr_checks]);
		add_cost(p, run, &t->raw, &r->checks[r->nr_checks]);
		r->nr_checks++;
	}
	return 0;
}

/*
 * Every run once more, in one recording: switching events on and off patches
 * the kernel's text on all CPUs, which is not to be done once a run.
 */
static int trace(struct plan *p, struct err *err)
{
	struct bench_traced *traced = xcalloc(p->nr_runs + 1, sizeof(*traced));
	struct bench_result *r = p->result;
	struct cpuset used = { 0 };
	struct bench_tracer *t;
	int ret;

	r->checks = xcalloc(p->nr_runs + 1, sizeof(*r->checks));
	for (unsigned int i = 0; i < p->nr_runs; i++) {
		for (unsigned int k = 0; k < p->runs[i].job.nr_senders; k++)
			cpuset_add(&used, p->runs[i].job.senders[k]);
		for (unsigned int k = 0; k < p->runs[i].job.nr_targets; k++)
			cpuset_add(&used, p->runs[i].job.targets[k]);
	}
	ret = bench_tracer_start(&t, &used, err);
	if (!ret) {
		ret = trace_runs(p, traced, err);
		if (ret || bench_interrupted)
			bench_tracer_abort(t);
		else
			ret = bench_tracer_join(t, traced, r->nr_checks, r->checks, err);
	}
	for (unsigned int i = 0; i < p->nr_runs; i++)
		free(traced[i].raw.samples);
	free(traced);
	cpuset_free(&used);
	return ret;
}

static void describe(struct plan *p)
{
	const struct bench_options *o = p->opts;
	struct bench_result *r = p->result;

	r->iterations = o->n;
	r->repeat = o->repeat;
	r->pace_ns = o->pace_ns;
	r->handler_ns = o->handler_ns;
	r->irqs_off_ns = o->irqs_off_ns;
	r->pairs = o->pairs;
	r->nr_cpus = p->topo.nr;
	for (unsigned int i = 0; i < p->nr_runs; i++) {
		if (!r->rows[p->runs[i].row].reason[0])
			r->runs_planned += (unsigned int)o->repeat;
		if (o->trace)
			r->runs_planned += traceable(p, &p->runs[i]);
	}
	bench_env_read(&r->env, &p->topo);
}

int bench_measure(const struct bench_options *o, struct bench_result *r, FILE *notes, struct err *err)
{
	struct plan p = { .opts = o, .result = r, .notes = notes, .progress = isatty(fileno(notes)) };
	struct err late = { 0 };
	bool loaded = false;
	int ret;

	*r = (struct bench_result){ 0 };
	ret = parse_modes(&p, err);
	if (!ret)
		ret = bench_topo_read(&p.topo, "", err);
	if (!ret)
		ret = choose_backend(&p, &loaded, notes, err);
	if (!ret)
		ret = plan(&p, err);
	if (!ret) {
		describe(&p);
		ret = repeat(&p, err);
	}
	/* A signal before the first run leaves nothing to tell. */
	if (!ret && o->trace && !bench_interrupted)
		ret = trace(&p, err);
	end_progress(&p);
	if (!ret && bench_interrupted) {
		r->partial = r->runs_done < r->runs_planned;
		/* Whatever was traced is not compared. */
		if (r->partial)
			r->nr_checks = 0;
	}
	bench_device_close(p.dev);
	/* Ours to unload only if it was ours to load. What was measured is no less true if that fails. */
	if (loaded && bench_module_unload(&late)) {
		fprintf(notes, "ipitrace: bench: %s\n", late.msg);
		r->still_loaded = true;
	}
	for (unsigned int i = 0; i < p.nr_runs; i++) {
		free(p.runs[i].senders);
		free(p.runs[i].targets);
	}
	free(p.runs);
	bench_topo_free(&p.topo);
	return ret;
}
