// SPDX-License-Identifier: GPL-2.0-only
/*
 * live/live.c - the order of things in a live measurement.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "capture/affinity.h"
#include "capture/interrupts.h"
#include "capture/signals.h"
#include "decode/plumbing.h"
#include "file/output.h"
#include "live/flight-priv.h"
#include "live/priv.h"

#define TICK_NS		NS_PER_S	/* names, health of the session, modules */
#define MEMORY_NS	(10 * NS_PER_S) /* of tasks that have ended, before all is told of them */
#define INTERVAL_MIN_NS 5000000ULL
#define INTERVAL_MAX_NS 100000000ULL

/* --- the source of the pipeline --- */

static const void *next_page(void *ctx, unsigned int cpu, size_t *len, struct err *err)
{
	struct live *l = ctx;
	const void *page = feed_page(l->rec.feed, cpu);

	(void)err;
	*len = page ? session_page_size(l->rec.session) : feed_ended(l->rec.feed, cpu) ? 0 : PAGE_LATER;
	return page;
}

static uint64_t complete_ns(void *ctx)
{
	const struct live *l = ctx;
	uint64_t complete = feed_complete_ns(l->rec.feed);

	return complete < l->limit_ns ? complete : l->limit_ns;
}

static const char *comm(void *ctx, int32_t pid)
{
	struct live *l = ctx;

	/* One that has just ended left its name with who saw it, but was not asked for it yet. */
	if (pid && l->rec.session && !comms_settle(&l->rec.comms, pid))
		session_read_tasks(l->rec.session, &l->rec.comms);
	return live_names_comm(&l->names, &l->rec.comms, pid);
}

static int32_t tgid(void *ctx, int32_t pid)
{
	struct live *l = ctx;

	if (pid && l->rec.session && comms_tgid(&l->rec.comms, pid) < 0)
		session_read_tasks(l->rec.session, &l->rec.comms);
	return pid ? comms_tgid(&l->rec.comms, pid) : 0; /* as facts_tgid() */
}

static int32_t parent(void *ctx, int32_t tgid)
{
	struct live *l = ctx;

	if (l->rec.session && comms_parent(&l->rec.comms, tgid) < 0)
		session_read_tasks(l->rec.session, &l->rec.comms);
	return comms_parent(&l->rec.comms, tgid);
}

static const char *cgroup(void *ctx, int32_t pid, uint64_t at_ns)
{
	const struct live *l = ctx;

	return comms_cgroup(&l->rec.comms, pid, at_ns);
}

static void tap(void *ctx, const struct ipi_event *ev, unsigned int nr)
{
	struct live *l = ctx;

	tally_events(&l->tally, ev, nr);
	if (l->config.tap)
		l->config.tap(l->config.tap_ctx, ev, nr);
}

/* --- before --- */

static void log_session(void *ctx, const char *text)
{
	const struct live *l = ctx;

	l->run.say("session: %s", text);
}

static int open_file(struct live *l, struct err *err)
{
	struct output *out;
	uid_t uid;
	gid_t gid;

	if (!l->config.save)
		return 0;
	if (dat_writer_open(&l->writer, l->config.save, err))
		return -1;
	out = dat_writer_output(l->writer);
	if (output_is_stdout(out)) {
		err_set(err, EXIT_USAGE, "standard output is for results: the recording needs a file");
		return err_hint(err, "name one: --save FILE");
	}
	if (invoking_user(&uid, &gid))
		output_set_owner(out, uid, gid);
	dat_writer_set_abort(l->writer, signals_abort_flag());
	return 0;
}

/* The readers of a recording do the same. There is one thread, which has to keep up with all CPUs. */
static void be_quick(const struct cpuset *avoid)
{
	affinity_keep_off(avoid);
	setpriority(PRIO_PROCESS, 0, -20);
}

static int open_raw(void *ctx, unsigned int cpu)
{
	return session_open_raw(ctx, cpu);
}

static void ask_living(void *ctx)
{
	comms_add_living(ctx);
}

static int open_capture(struct live *l, struct err *err)
{
	struct session_config config = {
		.buffer_bytes = l->config.buffer_bytes,
		.stack = l->config.stack,
		.events = l->config.events,
		.groups = l->config.groups,
		.kvm_processes = &l->config.filter->process,
		.log = l->config.log_session ? log_session : NULL,
		.log_ctx = l,
		.meanwhile = ask_living,
		.meanwhile_ctx = &l->rec.comms,
	};
	struct workload_config workload = {
		.argv = l->config.workload,
		.whole_tree = l->config.wait_all,
		.stdout_to_stderr = l->config.takes_stdout,
	};
	struct feed_config feed = { .open_raw = open_raw,
				    .dir = l->writer ? output_dir(dat_writer_output(l->writer)) : NULL };
	struct filter_push push;
	int ret;

	config.known = plumbing_known_names(&config.nr_known);
	ipi_filter_push(l->config.filter, &push);
	config.target_cpus = push.target_cpus;
	config.classes = push.classes;
	ret = session_open(&l->rec.session, &config, err);
	run_say_notes(&l->run, l->rec.session);
	if (ret)
		return -1;
	run_warn_offline(&l->run, l->config.filter);
	if (l->config.hold)
		workload.avoid = push.target_cpus;
	/* Before anything of ours changes its affinity: the workload's shall be the caller's. */
	if (workload.argv && workload_fork(&l->run.workload, &workload, err))
		return -1;
	feed.ctx = l->rec.session;
	feed.nr_cpus = session_nr_cpus(l->rec.session);
	feed.page_size = session_page_size(l->rec.session);
	feed.ring = l->ring = flight_ring(l);
	feed.ring_only = l->config.flight.unread;
	if (feed_open(&l->rec.feed, &feed, err))
		return -1;
	l->buffer_bytes = session_buffer_bytes(l->rec.session);
	be_quick(push.target_cpus);
	return 0;
}

/* What the facts of a recording know before it begins, and all that is asked of them on the way. */
static void begin_facts(struct live *l)
{
	struct facts *f = &l->rec.facts;

	f->cmdline = run_command_line(l->config.command);
	recording_note_stacks(&l->rec, l->config.stack);
	f->filter = *l->config.filter; /* shared until live_close(): it is the caller's */
	f->complete = true;
	f->workload = l->run.workload && comms_same_numbers() ? workload_pid(l->run.workload) : 0;
	f->workload_status = -1;
	f->nr_own_pids = 1;
	f->own_pids = xcalloc(1, sizeof(*f->own_pids));
	f->own_pids[0] = (int32_t)getpid();
}

static int collect_meta(struct live *l, struct err *err)
{
	const struct dat_writer_meta *m = &l->meta.dat;
	struct interrupts in;

	if (record_meta_collect(&l->meta, l->rec.session, feed_nr_cpus(l->rec.feed), err) || interrupts_read(&in, err))
		return -1;
	record_meta_symbols(&l->meta);
	l->rec.facts.interrupts_text = in.text;
	in.text = NULL;
	interrupts_free(&in);
	l->modules = read_file("/proc/modules", NULL);
	l->formats = xcalloc(m->nr_ftrace + m->nr_formats + 1, sizeof(*l->formats));
	memcpy(l->formats, m->ftrace_formats, m->nr_ftrace * sizeof(*l->formats));
	memcpy(l->formats + m->nr_ftrace, m->formats, m->nr_formats * sizeof(*l->formats));
	l->info = (struct dat_info){
		.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
		.long_size = sizeof(long),
		.page_size = m->page_size,
		.compression = "none",
		.header_page = m->header_page,
		.header_page_len = strlen(m->header_page),
		.formats = l->formats,
		.nr_formats = m->nr_ftrace + m->nr_formats,
		.kallsyms = m->kallsyms,
		.kallsyms_len = m->kallsyms ? strlen(m->kallsyms) : 0,
		.printk_formats = m->printk_formats,
		.uname = m->uname,
		.clock = m->clock,
		.nr_streams = m->nr_cpus,
		.nr_cpus = m->nr_cpus,
	};
	return 0;
}

static int open_analysis(struct live *l, struct err *err)
{
	const struct analysis_feed feed = {
		.info = &l->info,
		.facts = &l->rec.facts,
		.source = { .next = next_page, .complete_ns = complete_ns, .ctx = l, .nr_cpus = l->info.nr_cpus },
		.comm = comm,
		.tgid = tgid,
		.parent = parent,
		.cgroup = cgroup,
		.ctx = l,
	};

	if (analysis_open_live(&l->analysis, &feed, err))
		return -1;
	tally_begin(&l->tally, l->info.nr_cpus, &decoder_caps(analysis_decoder(l->analysis))->evidence,
		    analysis_symtab(l->analysis));
	analysis_set_tap(l->analysis, tap, l);
	return 0;
}

int live_open(struct live **out, const struct live_config *config, struct err *err)
{
	struct live *l = xcalloc(1, sizeof(*l));

	*out = l;
	l->config = *config;
	l->run.say = config->say;
	l->rec.facts.filter = (struct ipi_filter)IPI_FILTER_INIT;
	l->interval_ns = INTERVAL_MAX_NS;
	signals_catch();
	if (config->workload)
		mem_set_exit_status(EXIT_CANCELED);
	if (open_file(l, err) || open_capture(l, err))
		return -1;
	begin_facts(l);
	return collect_meta(l, err) || open_analysis(l, err) ? -1 : 0;
}

struct analysis *live_analysis(struct live *l)
{
	return l->analysis;
}

/* --- while --- */

static int failed(struct live *l)
{
	struct err late;

	if (!l->halted)
		run_stop(&l->run, &l->rec, true, &late);
	l->halted = true;
	return -1;
}

int live_start(struct live *l, const struct span_sink *sink, struct err *err)
{
	analysis_set_sink(l->analysis, sink);
	l->end_ns = UINT64_MAX;
	if (run_start(&l->rec, err))
		return failed(l);
	l->tick_ns = signals_now_ns() + TICK_NS;
	live_refresh(l);
	return l->config.hold ? 0 : live_release(l, err);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int live_release(struct live *l, struct err *err)
{
	if (run_release(&l->run, err))
		return failed(l);
	/* What it sent while it waited was sent by a copy of ipitrace, by name; it has executed its program now. */
	comms_rename(&l->rec.comms, l->rec.facts.workload);
	/* Whoever ends before anybody asks, and whose end is not told either, has the name that exec gave it. */
	if (l->run.workload)
		comms_add(&l->rec.comms, l->rec.facts.workload, base_name(l->config.workload[0]),
			  strlen(base_name(l->config.workload[0])));
	if (l->config.duration_ns)
		l->end_ns = signals_now_ns() + l->config.duration_ns;
	return 0;
}

static void tick(struct live *l)
{
	uint64_t now = signals_now_ns();

	/* Always: who was seen ending has its last name, and nobody else will ever tell. */
	session_read_tasks(l->rec.session, &l->rec.comms);
	/* A file names them all: it grows, too. */
	if (!l->config.save && !l->config.flight.on && !l->halted && l->told_ns > MEMORY_NS)
		comms_forget_ended(&l->rec.comms, l->told_ns - MEMORY_NS);
	if (now < l->tick_ns)
		return;
	recording_gather_comms(&l->rec);
	session_glance(l->rec.session);
	session_look_for_vcpus(l->rec.session);
	if (l->ring)
		flight_note(&l->notes,
			    &(struct flight_note){ now, session_missed_sends(l->rec.session), l->rec.comms.lost });
	l->tick_ns = now + TICK_NS;
}

/* Half full by the next round would be too late to notice that the rate doubled. */
static void choose_interval(struct live *l, uint64_t bytes)
{
	uint64_t buffer = session_buffer_bytes(l->rec.session);

	if (bytes > buffer / 8)
		l->interval_ns = l->interval_ns / 2 < INTERVAL_MIN_NS ? INTERVAL_MIN_NS : l->interval_ns / 2;
	else if (bytes < buffer / 32)
		l->interval_ns = l->interval_ns * 2 > INTERVAL_MAX_NS ? INTERVAL_MAX_NS : l->interval_ns * 2;
}

static void wait_round(const struct live *l)
{
	uint64_t now = signals_now_ns(), wake = now + (l->config.flight.unread ? TICK_NS : l->interval_ns);

	if (wake > l->end_ns)
		wake = l->end_ns;
	if (wake > now)
		signals_sleep_ns(wake - now);
}

static int halt(struct live *l, uint64_t at_ns, struct err *err)
{
	if (l->config.ending)
		l->config.ending(l->config.ending_ctx, at_ns);
	l->halted = true;
	if (run_stop(&l->run, &l->rec, false, err))
		return -1;
	feed_finish(l->rec.feed);
	return 0;
}

static bool is_over(struct live *l)
{
	return l->halting || run_is_over(&l->run, l->end_ns);
}

/* Nothing is read before the end, or before somebody asks for it. */
static enum live_state step_unread(struct live *l, struct err *err)
{
	int ret;

	if (!l->halted) {
		tick(l);
		return LIVE_GOES_ON;
	}
	ret = feed_read(l->rec.feed, err);
	if (ret < 0)
		return failed(l);
	l->told_ns = feed_complete_ns(l->rec.feed);
	return ret ? LIVE_GOES_ON : LIVE_ENDED;
}

enum live_state live_step(struct live *l, uint64_t until_ns, struct err *err)
{
	uint64_t before = l->read_bytes, now;
	int ret;

	l->limit_ns = until_ns;
	now = signals_now_ns(); /* before a workload that has ended is reaped */
	/* What ended a sleep elsewhere ends none here. */
	if (!l->halted && !l->more && !is_over(l) && !signals_request_waits()) {
		wait_round(l);
		now = signals_now_ns();
	}
	if (!l->halted && is_over(l))
		return halt(l, now, err) ? failed(l) : LIVE_GOES_ON;
	if (l->config.flight.unread)
		return step_unread(l, err);
	ret = feed_read(l->rec.feed, err);
	if (ret < 0)
		return failed(l);
	l->more = ret;
	l->read_bytes = feed_bytes(l->rec.feed);
	choose_interval(l, l->read_bytes - before);
	/* Behind the reading: who sent and ended by then has left its name. */
	tick(l);
	ret = analysis_step(l->analysis, err);
	if (ret < 0)
		return failed(l);
	l->told_ns = complete_ns(l); /* UINT64_MAX at the end, or the limit */
	if (!ret && (!l->halted || until_ns >= l->rec.facts.off_ns))
		return LIVE_ENDED;
	return l->told_ns >= until_ns ? LIVE_REACHED : LIVE_GOES_ON;
}

void live_halt(struct live *l)
{
	l->halting = true;
}

uint64_t live_exec_ns(const struct live *l)
{
	return l->run.workload ? workload_exec_ns(l->run.workload) : 0;
}

void live_end_time(struct live *l)
{
	l->end_ns = 0;
}

uint64_t live_on_ns(const struct live *l)
{
	return l->rec.facts.on_ns;
}

uint64_t live_off_ns(const struct live *l)
{
	return l->halted ? l->rec.facts.off_ns : 0;
}

uint64_t live_told_ns(const struct live *l)
{
	return l->told_ns;
}

uint64_t live_nr_reused(const struct live *l)
{
	return l->rec.comms.nr_reused;
}

void live_refresh(struct live *l)
{
	analysis_refresh(l->analysis, false);
}

/* --- after --- */

/* Functions of modules that were loaded meanwhile have names only now; those of modules that went have none any more. */
static bool symbols_changed(struct live *l)
{
	char *now = read_file("/proc/modules", NULL);
	bool changed = (now || l->modules) && (!now || !l->modules || strcmp(now, l->modules));

	free(now);
	return changed;
}

static int judge(struct live *l, struct err *err)
{
	struct facts *f = &l->rec.facts;

	if (recording_collect(&l->rec, err))
		return -1;
	f->workload_status = l->run.workload && workload_ended(l->run.workload) ? workload_status(l->run.workload) : -1;
	l->tally.records = decoder_stats(analysis_decoder(l->analysis))->records;
	recording_judge_by(&l->rec, &l->tally, l->run.say);
	l->info.nr_cpus = l->rec.meta.dat.nr_cpus;
	return 0;
}

static int save(struct live *l, struct err *err)
{
	if (!l->writer)
		return 0;
	/* From here on a signal may interrupt at any time: the second one makes the writer give up, no more. */
	signals_unblock();
	return recording_write(&l->rec, l->writer, err);
}

/* Once more what a report says of it all, with the symbols of the end. */
static void refresh_all(struct live *l)
{
	bool symbols = symbols_changed(l);
	const char *text;

	if (symbols) {
		if (l->rec.meta.core_symbols)
			record_meta_symbols(&l->rec.meta);
		text = l->rec.meta.dat.kallsyms;
		l->info.kallsyms = text;
		l->info.kallsyms_len = text ? strlen(text) : 0;
		l->run.say("modules were loaded or unloaded meanwhile: functions have the names that they have now");
	}
	analysis_refresh(l->analysis, symbols);
}

static void close_capture(struct live *l, int ret, struct err *err)
{
	struct err late = { 0 };

	/* One that waits to begin holds what it was forked with: files of tracefs, too. */
	if (l->run.workload && !workload_released(l->run.workload))
		workload_cancel(l->run.workload);
	if (!l->rec.session || !recording_close(&l->rec, &late))
		return;
	if (ret && err && !err->code)
		*err = late;
	else
		l->run.say("warning: %s; the next run tries again", late.msg);
}

int live_finish(struct live *l, struct err *err)
{
	bool read = !l->config.flight.unread;
	int ret = read ? judge(l, err) : 0;

	if (!ret && read) {
		refresh_all(l);
		ret = save(l, err);
	}
	close_capture(l, ret, err);
	dat_writer_close(l->writer);
	l->writer = NULL;
	return ret;
}

const struct facts *live_facts(const struct live *l)
{
	return &l->rec.facts;
}

const struct run *live_run(const struct live *l)
{
	return &l->run;
}

uint64_t live_buffer_bytes(const struct live *l)
{
	return l->buffer_bytes;
}

uint64_t live_lost(const struct live *l)
{
	uint64_t records, lost;

	recording_count(&l->rec, &records, &lost);
	return lost;
}

uint64_t live_read_bytes(const struct live *l)
{
	return l->read_bytes;
}

void live_reap(struct live *l)
{
	run_reap_workload(&l->run);
}

void live_close(struct live *l)
{
	if (!l)
		return;
	if (l->rec.session)
		session_stop(l->rec.session);
	analysis_close(l->analysis);
	close_capture(l, 0, NULL);
	dat_writer_close(l->writer);
	workload_close(l->run.workload);
	page_ring_free(l->ring);
	tally_free(&l->tally);
	live_names_free(&l->names);
	record_meta_free(&l->meta);
	/* Borrowed. */
	l->rec.facts.filter = (struct ipi_filter)IPI_FILTER_INIT;
	recording_free(&l->rec);
	free(l->formats);
	free(l->modules);
	free(l);
}
