// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/analysis.c - a trace.dat file, or a tracer that runs, as the source of a pipeline.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "file/coverage.h"
#include "report/analysis-priv.h"
#include "report/analysis.h"
#include "report/ufunc.h"
#include "report/waits.h"

#define MAX_LIVE_STACKS (1u << 18) /* some 50 MB, of a tracer that runs for days */

static int open_pipeline(struct analysis *a, struct err *err)
{
	const struct dat_info *info = a->info;
	const struct page_source file = {
		.next = dat_next_page,
		.help = dat_help,
		.help_end = dat_help_end,
		.cut = dat_stream_cut,
		.ctx = a->dat,
		.nr_cpus = info->nr_streams,
		.cpus = info->cpus,
	};
	const struct decode_meta meta = {
		.big_endian = info->big_endian,
		.long_size = info->long_size,
		.header_page = info->header_page,
		.header_page_len = info->header_page_len,
		.formats = info->formats,
		.nr_formats = info->nr_formats,
		.printk_formats = info->printk_formats,
		.max_stacks = a->dat ? 0 : MAX_LIVE_STACKS,
		.known = (const char *const *)a->facts.known,
		.nr_known = a->has_facts ? a->facts.nr_known : 0,
		.no_stacks = a->has_facts && !a->facts.stacks,
		.one_stack = a->has_facts,
		.symtab = a->symtab,
		.interrupts = a->has_facts ? a->facts.interrupts_text : NULL,
	};

	return pipeline_open(&a->pipeline, &meta, a->dat ? &file : &a->feed.source, info->nr_cpus, err);
}

/* What may still change while a tracer runs. */
static void fill_facts(struct analysis *a)
{
	struct trace_info *t = &a->trace;

	t->cpus = a->info->nr_cpus;
	if (a->has_facts) {
		t->command = a->facts.cmdline;
		t->date = a->facts.date;
		free(a->kept);
		t->kept = a->kept = ipi_filters_text((const struct ipi_filter *[]){ &a->facts.filter }, 1);
		if (a->facts.host)
			snprintf(t->host, sizeof(t->host), "%s", a->facts.host);
	}
	t->reasons = (const char *const *)a->facts.reasons;
	t->nr_reasons = a->facts.nr_reasons;
	t->topo = a->facts.topo.nr ? &a->facts.topo : NULL;
	t->incomplete = a->has_facts && (!a->facts.complete || t->nr_reasons);
}

static bool is_ipitrace(const char *tracer_version)
{
	return !strncmp(tracer_version, "ipitrace", 8);
}

static void fill_info(struct analysis *a, const char *path)
{
	const struct ipi_evidence *evidence = &decoder_caps(pipeline_decoder(a->pipeline))->evidence;
	struct trace_info *t = &a->trace;

	t->path = path;
	t->file_version = a->info->version;
	t->compression = a->info->compression;
	trace_info_uname(t, a->info->uname);
	t->clock = a->info->clock;
	t->clock_ns = dat_in_ns(a->info);
	/* The kernel promises nothing between CPUs for these two, even where it usually holds. */
	t->clock_sync = t->clock_ns && strcmp(t->clock, "local") && strcmp(t->clock, "perf");
	trace_info_evidence(t, evidence);
	t->truncated = a->info->truncated;
	t->foreign = !a->has_facts;
	t->facts_gone = a->info->facts_gone;
}

/* Where buffers have different clocks, nothing of one can be set against the other. */
static int check_clocks(const struct dat_info *info, struct err *err)
{
	const struct dat_buffer *first = NULL;
	char names[2][48];

	for (unsigned int i = 0; i < info->nr_buffers; i++) {
		const struct dat_buffer *b = &info->buffers[i];

		if (!b->chosen)
			continue;
		if (!first)
			first = b;
		if (!strcmp(b->clock, first->clock))
			continue;
		sanitize(names[0], sizeof(names[0]), dat_buffer_name(first));
		sanitize(names[1], sizeof(names[1]), dat_buffer_name(b));
		err_set(err, EXIT_FAILED, "the file's buffers have different clocks: %s %s, %s %s", names[0],
			first->clock, names[1], b->clock);
		return err_hint(err, "--buffer NAME reads one of them");
	}
	return 0;
}

static void fill_buffers(struct trace_info *t, const struct dat_info *info)
{
	unsigned int nr = 0;
	size_t len = 0;
	char name[48];

	for (unsigned int i = 0; i < info->nr_buffers; i++) {
		const struct dat_buffer *b = &info->buffers[i];

		if (!b->chosen)
			continue;
		sanitize(name, sizeof(name), dat_buffer_name(b));
		if (len < sizeof(t->buffers))
			len += (size_t)snprintf(t->buffers + len, sizeof(t->buffers) - len, "%s%s", nr ? ", " : "",
						name);
		nr++;
		if (b->clock_other)
			snprintf(t->clock_doubt, sizeof(t->clock_doubt), "%s", b->clock_other);
	}
	if (nr < 2)
		t->buffers[0] = '\0';
}

/* Tasks of this name, by the cmdlines: a pid's line is "123 trace-cmd". */
static void find_tasks(struct analysis *a, const char *task)
{
	const char *p = a->info->cmdlines, *end = p ? p + a->info->cmdlines_len : NULL;
	size_t task_len = strlen(task);

	while (p && p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p)), *name;
		size_t len = (size_t)((eol ? eol : end) - p);

		name = memchr(p, ' ', len);
		if (name && len - (size_t)(name + 1 - p) == task_len && !memcmp(name + 1, task, task_len)) {
			a->recorders = xrealloc(a->recorders, (a->nr_recorders + 1) * sizeof(*a->recorders));
			a->recorders[a->nr_recorders++] = (int32_t)strtol(p, NULL, 10);
		}
		p += len + 1;
	}
}

/*
 * Names of tasks say who recorded a file without facts.
 * trace-cmd's readers sleep until the ring buffer wakes them, by an irq_work of its
 * own (kernel/trace/ring_buffer.c): self-IPIs on its behalf. Those of ipitrace never
 * wait (capture/spool.c), so in its recordings they are for some other tracer.
 */
static void find_recorder(struct analysis *a)
{
	const char *tracer = a->info->tracer_version;
	unsigned int ours;
	uint64_t func_end;

	if (a->has_facts) {
		a->trace.recorder = "ipitrace itself";
		return;
	}
	/* What has been cut into pieces, or converted, since may be ours. */
	if (!tracer || is_ipitrace(tracer))
		find_tasks(a, "ipitrace");
	ours = a->nr_recorders;
	if (!tracer || !is_ipitrace(tracer))
		find_tasks(a, "trace-cmd");
	if (a->nr_recorders > ours)
		symtab_range(a->symtab, "rb_wake_up_waiters", &a->own_func, &func_end);
	if (a->nr_recorders)
		a->trace.recorder = !ours		    ? "the recorder (trace-cmd)" :
				    a->nr_recorders == ours ? "the recorder (ipitrace)" :
							      "the recorder (ipitrace or trace-cmd)";
}

static void number_stacks(void *ctx, struct ipi_event *ev, unsigned int nr)
{
	ufunc_number(ctx, ev, nr);
}

/* Whether a function of that name is on the sender's stack, or is the call site. */
static bool comes_from(struct analysis *a, const struct ipi_span *call, const char *name)
{
	const struct ipi_stack *s = analysis_stack(a, call->stack);
	const char *symbol, *module;
	uint64_t offset;

	for (unsigned int i = 0; s && i < s->nr; i++) {
		symbol = symtab_name(a->symtab, s->addrs[i] - 1, &offset, &module);
		if (symbol && waits_same_name(symbol, name))
			return true;
	}
	symbol = symtab_name(a->symtab, call->callsite - 1, &offset, &module);
	return symbol && waits_same_name(symbol, name);
}

static enum match_waits waits(void *ctx, const struct ipi_span *call)
{
	struct analysis *a = ctx;
	const char *module, *func;
	const struct waits_row *row;
	uint64_t offset;

	func = symtab_name(a->symtab, call->func, &offset, &module);
	row = func && !offset ? waits_find(func) : NULL;
	if (!row)
		return MATCH_WAITS_UNKNOWN;
	if (!row->caller)
		return MATCH_WAITS_ALWAYS;
	return comes_from(a, call, row->caller) ? MATCH_WAITS_HERE : MATCH_WAITS_UNKNOWN;
}

static int open_ufunc(struct analysis *a, struct err *err)
{
	if (!a->info->ustacks)
		return 0;
	if (ufunc_open(&a->ufunc, a->info->ustacks, a->info->ustacks_len, err))
		return -1;
	pipeline_set_stacks(a->pipeline, number_stacks, a->ufunc);
	a->trace.ufunc = ufunc_info(a->ufunc);
	return 0;
}

void analysis_keep_stamps(struct analysis *a)
{
	analysis_name_tasks(a, false);
	pipeline_set_time(a->pipeline, &(struct pipeline_time){ 0 });
	pipeline_set_clock(a->pipeline, true, true);
}

void analysis_take_time(struct analysis *a, const struct pipeline_time *time)
{
	analysis_name_tasks(a, false);
	pipeline_set_time(a->pipeline, time);
	pipeline_set_clock(a->pipeline, true, true);
	a->trace.clock_ns = a->trace.clock_sync = true;
}

/* What the pipeline is told of the machine, from a file and live alike. */
static void set_knowledge(struct analysis *a)
{
	uint64_t start, end;

	a->has_tlb_func = symtab_range(a->symtab, "flush_tlb_func", &start, &end);
	pipeline_set_clock(a->pipeline, a->trace.clock_ns, a->trace.clock_sync);
	pipeline_set_waits(a->pipeline, waits, a);
	analysis_name_tasks(a, true);
	if (a->has_facts && a->facts.flight)
		pipeline_set_window(a->pipeline, a->facts.on_ns);
}

/* An offset of trace-cmd's is what its user wrote: times that pass 0 in mid-trace would go back, and nothing fit together. */
static int set_time(struct analysis *a, struct err *err)
{
	const struct pipeline_time time = {
		.mult = dat_converts(a->info) ? a->info->tsc_mult : 0,
		.shift = a->info->tsc_shift,
		.offset = a->info->tsc_offset,
		.add = a->info->add_ns,
	};
	const uint64_t begin = decoder_begin(pipeline_decoder(a->pipeline));
	const int64_t add = (int64_t)a->info->add_ns;

	pipeline_set_time(a->pipeline, &time);
	if (add >= 0 || begin == UINT64_MAX || (int64_t)pipeline_time(a->pipeline, begin) >= 0)
		return 0;
	err_set(err, EXIT_FAILED, "by its offset of %" PRId64 " ns the recording would begin before time 0", add);
	return err_hint(err, "the offset is that of 'trace-cmd record --ts-offset' or '--date'");
}

/* Of errors in the file's bytes. */
static int not_whole(struct err *err)
{
	if (!err->hint[0])
		err_hint(err, "copy the file again, or record again");
	return -1;
}

int analysis_open(struct analysis **out, const char *path, const char *buffer, struct err *err)
{
	struct analysis *a = xcalloc(1, sizeof(*a));

	if (dat_open(&a->dat, path, err))
		goto fail;
	a->info = dat_info(a->dat);
	if (dat_choose(a->dat, buffer, err) || check_clocks(a->info, err))
		goto fail;
	if (a->info->facts) {
		if (facts_parse(&a->facts, a->info->facts, a->info->facts_len, err))
			goto fail;
		a->has_facts = true;
	}
	a->symtab = symtab_new(a->info->kallsyms, a->info->kallsyms_len);
	if (open_pipeline(a, err))
		goto fail;
	if (decoder_caps(pipeline_decoder(a->pipeline))->evidence.tier == TIER_NONE) {
		err_set(err, EXIT_FAILED, "%s: no IPI events in this file", path);
		err_hint(err, "record with 'ipitrace record', or 'trace-cmd record -e ipi -e csd -e irq_vectors'");
		goto fail;
	}
	find_recorder(a);
	fill_info(a, path);
	fill_facts(a);
	fill_buffers(&a->trace, a->info);
	if (a->has_facts)
		a->trace.beside = pipeline_beside(a->pipeline);
	if (open_ufunc(a, err))
		goto fail;
	if (set_time(a, err))
		goto fail;
	set_knowledge(a);
	*out = a;
	return 0;
fail:
	analysis_close(a);
	return not_whole(err);
}

int analysis_open_live(struct analysis **out, const struct analysis_feed *feed, struct err *err)
{
	struct analysis *a = xcalloc(1, sizeof(*a));

	a->feed = *feed;
	a->info = feed->info;
	a->facts = *feed->facts;
	a->has_facts = true;
	a->symtab = symtab_new(a->info->kallsyms, a->info->kallsyms_len);
	if (open_pipeline(a, err)) {
		analysis_close(a);
		return -1;
	}
	find_recorder(a);
	fill_info(a, NULL);
	fill_facts(a);
	set_knowledge(a);
	*out = a;
	return 0;
}

void analysis_close(struct analysis *a)
{
	if (!a)
		return;
	pipeline_close(a->pipeline);
	ufunc_close(a->ufunc);
	if (a->symtab)
		symtab_free(a->symtab);
	free(a->recorders);
	if (a->dat) /* else they are the feed's */
		facts_free(&a->facts);
	free(a->kept);
	dat_close(a->dat);
	free(a);
}

static const char *send_stamp(const struct match_totals *t)
{
	if (!t->behind_stack)
		return "raw";
	return t->behind_stack == t->target_hits ? "behind_stack" : "mixed";
}

static bool knows_switching(const struct analysis *a)
{
	return a->has_facts && a->facts.on_ns && a->facts.on_ns < a->facts.off_ns;
}

uint64_t analysis_start_ns(const struct analysis *a)
{
	const struct decode_mark *mark = pipeline_mark(a->pipeline);
	uint64_t first_ns = pipeline_time(a->pipeline, mark->first_ns);

	/* Tracing may have been on for long before the first event; sub-buffers that were cut to a window begin before it. */
	return knows_switching(a) && (a->facts.flight || a->facts.on_ns < first_ns || !mark->records) ? a->facts.on_ns :
													first_ns;
}

bool analysis_known_end_ns(const struct analysis *a, uint64_t *ns)
{
	*ns = a->facts.off_ns;
	return knows_switching(a);
}

/* Losses: marks in the streams and, in our own files, the kernel's counters. */
static void finish_info(struct analysis *a)
{
	const struct decode_stats *s = decoder_stats(pipeline_decoder(a->pipeline));
	const struct match_totals *m = pipeline_totals(a->pipeline);
	const struct pipeline_seen *seen = pipeline_seen(a->pipeline);
	struct trace_info *t = &a->trace;
	uint64_t counted = 0, entries = 0;

	t->beside = pipeline_beside(a->pipeline);
	/* Of other tools' files formats prove nothing. */
	if (!a->has_facts) {
		t->beside.wakes &= t->beside.wakees || t->beside.calls_unknown;
		t->beside.idle &= t->beside.states > 0;
	}
	t->skew_ns = seen->skew_ns;
	t->skew_cpus[0] = seen->skew_cpus[0];
	t->skew_cpus[1] = seen->skew_cpus[1];

	t->flight = a->has_facts && a->facts.flight;
	t->before_window = m->before_window;
	t->start_ns = analysis_start_ns(a);
	t->end_ns = pipeline_time(a->pipeline, s->end_ns > s->last_ns ? s->end_ns : s->last_ns);
	if (knows_switching(a) && (a->facts.off_ns > t->end_ns || a->facts.flight))
		t->end_ns = a->facts.off_ns;
	t->records = s->records;
	t->events = s->events;
	t->other_events = s->skipped;
	t->stacks = s->stacks || s->stacks_left_out;
	t->stacks_dropped = s->stacks_dropped;
	t->send_stamp = send_stamp(pipeline_totals(a->pipeline));
	t->bad_pages = s->bad_pages;
	t->late_events = s->late;
	t->blind_sends = s->blind_sends;
	t->blind_hits = s->blind_hits;
	t->lost_events = m->lost_events;
	t->lost_unknown = m->lost_unknown;
	t->missed_sends = a->has_facts ? a->facts.missed_sends : 0;
	if (a->has_facts && a->facts.lost) {
		for (unsigned int i = 0; i < a->facts.nr_cpus; i++)
			counted += a->facts.lost[i];
		/* The kernel's own count covers marks without a number, and losses at the very end. */
		t->lost_unknown = t->lost_unknown && !counted;
		if (counted > t->lost_events)
			t->lost_events = counted;
	}
	/* Of other tools' files it is all there is; what was overwritten may be from before the oldest event. */
	if (!a->has_facts && a->info->ring_lost > t->lost_events)
		t->lost_events = a->info->ring_lost;
	if (t->truncated || t->bad_pages)
		t->lost_unknown = true;
	t->damaged = a->info->damaged;
	/* Who recorded it has said what is missing: then the ring buffers did not count what was written. */
	if (a->has_facts && a->facts.entries && !a->facts.nr_reasons && !counted && !t->damaged) {
		for (unsigned int i = 0; i < a->facts.nr_cpus; i++)
			entries += a->facts.entries[i];
		if (entries != t->records)
			t->damaged = "number of events";
	}
	/* Not of one that was converted. */
	if (t->facts_gone && t->damaged)
		t->lost_unknown = true;
}

void analysis_set_threads(struct analysis *a, unsigned int nr)
{
	pipeline_set_threads(a->pipeline, nr);
}

void analysis_set_tap(struct analysis *a, pipeline_tap_fn fn, void *ctx)
{
	pipeline_set_tap(a->pipeline, fn, ctx);
}

/*
 * Whoever else recorded may have left any event out, whose format is in the
 * file all the same. ipitrace records all that the kernel has.
 */
static bool is_ours(const struct analysis *a)
{
	return a->has_facts || a->trace.facts_gone;
}

/* What is left of it by what arrived. */
static struct ipi_evidence if_heard(const struct analysis *a, struct ipi_evidence evidence)
{
	const struct info_heard heard = {
		.totals = pipeline_totals(a->pipeline),
		.irqs_told = decoder_caps(pipeline_decoder(a->pipeline))->irqs_told,
		.some_classes = a->has_facts && a->facts.filter.classes,
	};

	return trace_info_heard(&a->trace, evidence, &heard);
}

/* What ipitrace recorded: all that the kernel has, unless the data say that a part of it never tells. */
static struct ipi_evidence own_evidence(const struct analysis *a)
{
	return if_heard(a, decoder_caps(pipeline_decoder(a->pipeline))->evidence);
}

/* What others recorded: what was seen. That no CPU was woken without an IPI is usual: of these a format has to do. */
static struct ipi_evidence seen_evidence(const struct analysis *a)
{
	struct ipi_evidence seen = decode_mark_seen(pipeline_mark(a->pipeline));

	seen.has_wakes = decoder_caps(pipeline_decoder(a->pipeline))->evidence.has_wakes;
	return if_heard(a, seen);
}

static void finish_evidence(struct analysis *a, const struct ipi_evidence *evidence)
{
	struct trace_info *t = &a->trace;

	trace_info_evidence(t, evidence);
	t->not_learned = t->foreign && !t->has_reception && decode_mark_seen(pipeline_mark(a->pipeline)).has_reception;
}

static int info_of_seen(struct analysis *a, struct err *err)
{
	struct ipi_evidence seen = seen_evidence(a);

	finish_evidence(a, &seen);
	if (pipeline_mark(a->pipeline)->events || pipeline_mark(a->pipeline)->blind_sends)
		return 0;
	err_set(err, EXIT_FAILED, "%s: no IPI events were recorded", a->trace.path);
	return err_hint(err, "it is not known whether IPIs were sent; 'trace-cmd record -e ipi -e csd -e irq_vectors' "
			     "records them");
}

int analysis_run(struct analysis *a, const struct span_sink *sink, struct err *err)
{
	struct ipi_evidence own;

	analysis_set_sink(a, sink);
	if (pipeline_run(a->pipeline, err))
		return not_whole(err);
	finish_info(a);
	if (!is_ours(a))
		return info_of_seen(a, err);
	own = own_evidence(a);
	finish_evidence(a, &own);
	return 0;
}

void analysis_set_sink(struct analysis *a, const struct span_sink *sink)
{
	pipeline_set_sink(a->pipeline, sink);
}

int analysis_step(struct analysis *a, struct err *err)
{
	return pipeline_run(a->pipeline, err);
}

void analysis_refresh(struct analysis *a, bool symbols)
{
	struct ipi_evidence own;

	a->facts = *a->feed.facts;
	if (symbols) {
		symtab_free(a->symtab);
		a->symtab = symtab_new(a->info->kallsyms, a->info->kallsyms_len);
		symtab_set_plumbing(a->symtab, a->plumbing);
	}
	fill_facts(a);
	finish_info(a);
	own = own_evidence(a);
	trace_info_evidence(&a->trace, &own);
}

void analysis_set_plumbing(struct analysis *a, const struct plumbing *more)
{
	a->plumbing = more;
	symtab_set_plumbing(a->symtab, more);
}

const struct trace_info *analysis_info(const struct analysis *a)
{
	return &a->trace;
}

const struct dat_info *analysis_file(const struct analysis *a)
{
	return a->info;
}

const struct facts *analysis_facts(const struct analysis *a)
{
	return a->has_facts ? &a->facts : NULL;
}

struct ipi_evidence analysis_evidence(const struct analysis *a, bool *final)
{
	const struct ipi_evidence *could = &decoder_caps(pipeline_decoder(a->pipeline))->evidence;
	struct ipi_evidence seen = seen_evidence(a);

	if (is_ours(a)) {
		*final = !could->has_reception || trace_info_heard_any(analysis_totals(a));
		return own_evidence(a);
	}
	*final = seen.has_send == could->has_send && seen.has_queue == could->has_queue &&
		 seen.has_runs == could->has_runs && seen.heard_classes == could->heard_classes;
	return seen;
}

bool analysis_has_stacks(const struct analysis *a)
{
	return (a->has_facts && a->facts.stacks) || pipeline_mark(a->pipeline)->stacks > 0;
}

const struct decoder *analysis_decoder(const struct analysis *a)
{
	return pipeline_decoder(a->pipeline);
}

const struct match_totals *analysis_totals(const struct analysis *a)
{
	return pipeline_totals(a->pipeline);
}

struct symtab *analysis_symtab(struct analysis *a)
{
	return a->symtab;
}

const struct ipi_stack *analysis_stack(const struct analysis *a, uint32_t stack)
{
	return decoder_stack(pipeline_decoder(a->pipeline), a->ufunc ? ufunc_kernel_stack(a->ufunc, stack) : stack);
}

const struct ufunc *analysis_ufunc(const struct analysis *a)
{
	return a->ufunc;
}

unsigned int analysis_stack_caller(struct analysis *a, const struct ipi_stack *s)
{
	return symtab_caller(a->symtab, s->addrs, s->nr);
}

/* --- coverage --- */

char *analysis_offline(const struct analysis *a, const struct ipi_filter *f)
{
	struct cpuset off = { 0 }, there = { 0 };
	char *list, *text = NULL;
	bool all;

	if (!a->has_facts || (!f->target_cpus.given && !a->facts.filter.target_cpus.given))
		return NULL;
	f = f->target_cpus.given ? f : &a->facts.filter;
	/* A list that leaves some out has all others that could be. */
	for (unsigned int cpu = 0; cpu < a->trace.cpus; cpu++)
		if (cpuset_has(&f->target_cpus.set, cpu))
			cpuset_add(&there, cpu);
	coverage_offline(&a->facts, &there, &off, &all);
	list = cpuset_text(&off);
	if (list[0])
		text = xasprintf("CPU %s was offline%s: no proof of quiet", list, all ? "" : " for a time");
	free(list);
	cpuset_free(&there);
	cpuset_free(&off);
	return text;
}

unsigned int analysis_coverage(const struct analysis *a, struct coverage *lines, unsigned int max)
{
	const struct match_totals *t = pipeline_totals(a->pipeline);
	const struct coverage_caps caps = { a->trace.has_reception, a->trace.has_csd && a->has_tlb_func,
					    a->trace.has_send && !a->trace.has_reception };
	/* Exits of functions are among them, but no CPU can have cut more than one handler. */
	struct coverage_counts all = {
		.tlb_runs = pipeline_totals(a->pipeline)->watched_runs,
		.sent = t->target_hits,
		.cut = t->exits_unentered < a->trace.cpus ? t->exits_unentered : a->trace.cpus,
	};
	struct coverage_line found[ANALYSIS_MAX_COVERAGE];

	memcpy(all.by_class, t->interrupts_by_class, sizeof(all.by_class));
	max = !a->has_facts ?
		      0 :
		      coverage_lines(&a->facts, &caps, &all, found, max < ARRAY_SIZE(found) ? max : ARRAY_SIZE(found));
	for (unsigned int i = 0; i < max; i++)
		lines[i] = (struct coverage){ .name = found[i].name,
					      .what = found[i].what,
					      .traced = found[i].traced,
					      .low = found[i].low,
					      .high = found[i].high,
					      .open = found[i].open,
					      .runs = found[i].runs,
					      .sent = found[i].sent,
					      .ok = found[i].ok,
					      .missing = coverage_short(&found[i]) };
	return max;
}
