// SPDX-License-Identifier: GPL-2.0-only
/*
 * record/save.c - collects what a file needs of a session, and writes it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/tlb.h"
#include "capture/interrupts.h"
#include "capture/kvmhost.h"
#include "capture/signals.h"
#include "decode/kallsyms.h"
#include "decode/pids.h"
#include "decode/plumbing.h"
#include "file/coverage.h"
#include "record/save.h"
#include "record/tally.h"
#include "record/ustack.h"

#define SCAN_CHUNK (256u << 10) /* a multiple of any page */

#ifndef IPITRACE_VERSION
#define IPITRACE_VERSION "0.1"
#endif

void recording_count(const struct recording *rec, uint64_t *records, uint64_t *lost)
{
	*records = rec->records;
	*lost = rec->lost;
	if (rec->collected)
		return;
	for (unsigned int cpu = 0; cpu < session_nr_cpus(rec->session); cpu++) {
		struct ring_stats st;

		if (session_read_stats(rec->session, cpu, &st))
			continue;
		*records += st.entries;
		*lost += st.lost;
	}
}

/* Of the machine and the moment at which it begins. */
static void note_begin(struct facts *f)
{
	char date[sizeof("2026-11-29T08:41:12Z")];
	struct utsname u;
	struct timespec now;
	struct tm tm;

	machine_cpus_read(&f->machine);
	f->host = uname(&u) ? NULL : xstrdup(u.nodename);
	if (!clock_gettime(CLOCK_REALTIME, &now) && gmtime_r(&now.tv_sec, &tm) &&
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm))
		f->date = xstrdup(date);
}

int recording_snap(struct recording *rec, enum facts_snap snap, struct err *err)
{
	struct interrupts in;
	struct facts *f = &rec->facts;

	if (interrupts_read(&in, err))
		return -1;
	if (snap == FACTS_OUTER0)
		note_begin(f);
	f->kvm.on = session_is_kvm(rec->session);
	if (f->kvm.on)
		kvmhost_read(&f->kvm, snap, "");
	for (unsigned int i = 0; i < in.nr_rows; i++)
		for (unsigned int column = 0; column < in.nr_cpus; column++)
			facts_snap(f, snap, in.rows[i].name, in.rows[i].desc, in.cpus[column],
				   in.rows[i].count[column]);
	free(f->interrupts_text);
	f->interrupts_text = in.text;
	in.text = NULL;
	interrupts_free(&in);
	return 0;
}

void recording_gather_comms(struct recording *rec)
{
	char *saved;

	session_read_tasks(rec->session, &rec->comms);
	if (session_tells_tasks(rec->session, &rec->comms))
		return;
	saved = session_read_top("saved_cmdlines", NULL);
	comms_add_text(&rec->comms, saved);
	session_read_tasks(rec->session, &rec->comms);
	free(saved);
}

void recording_note_stacks(struct recording *rec, enum session_stack stack)
{
	unsigned int nr;
	const char *const *names = plumbing_known_names(&nr);

	rec->facts.stacks = stack != SESSION_STACK_NONE;
	for (unsigned int i = 0; i < nr; i++)
		if (session_knows(rec->session, i))
			facts_add_known(&rec->facts, names[i]);
}

static void fill_tasks(struct facts *f, struct comms *c)
{
	facts_free_tasks(f);
	comms_sort_places(c);
	f->tgids = comms_processes(c, &f->nr_tgids);
	f->parents = comms_parents(c, &f->nr_parents);
	f->owners = comms_owners(c, &f->nr_owners);
	f->nr_cgroups = c->nr_places ? c->cgroups.nr : 0;
	f->cgroups = xcalloc(f->nr_cgroups + 1, sizeof(*f->cgroups));
	for (unsigned int i = 0; i < f->nr_cgroups; i++)
		f->cgroups[i] = xstrdup(c->cgroups.paths[i]);
	f->places = xcalloc(c->nr_places + 1, sizeof(*f->places));
	f->nr_places = 0;
	for (unsigned int i = 0; f->nr_cgroups && i < c->nr_places; i++)
		if (comms_is_chosen(c, c->places[i].pid))
			f->places[f->nr_places++] =
				(struct facts_place){ c->places[i].pid, c->places[i].cgroup, c->places[i].from_ns };
	f->unplaced_ns = c->unplaced_ns;
	f->tasks_lost = c->lost;
}

static void note_kvm(struct kvm_facts *f, const struct session *s)
{
	unsigned int nr;
	const struct session_late *late = session_late_vcpus(s, &nr);
	char subject[32], ns[24], vcpus[16];

	if (!session_is_kvm(s))
		return;
	kvm_facts_set(f, 0, "record", "sched", session_kvm_is_all(s) ? "all" : "threads");
	if (!session_kvm_is_all(s)) {
		snprintf(vcpus, sizeof(vcpus), "%u", session_nr_vcpus(s));
		kvm_facts_set(f, 0, "record", "vcpus", vcpus);
	}
	for (unsigned int i = 0; i < nr; i++) {
		snprintf(subject, sizeof(subject), "thread/%d", late[i].tid);
		snprintf(ns, sizeof(ns), "%" PRIu64, late[i].from_ns);
		kvm_facts_set(f, 0, subject, "from_ns", ns);
	}
}

static void fill_facts(struct recording *rec)
{
	struct facts *f = &rec->facts;
	unsigned int at = 1;

	free(f->version);
	f->version = xstrdup(IPITRACE_VERSION);
	free(f->tier);
	f->tier = xstrdup(session_tier(rec->session));
	free(f->clock);
	f->clock = xstrdup(rec->clock ? rec->clock : "mono");
	f->complete = true;
	f->filtered_in_kernel = session_filtered_in_kernel(rec->session);
	f->missed_sends = session_missed_sends(rec->session);
	topo_free(&f->topo);
	topo_read(&f->topo, "");
	f->tlb_known = true;
	f->tlb_ways = tlb_ways_read();
	free(f->own_pids);
	f->nr_own_pids = 1 + (rec->spool ? spool_nr_threads(rec->spool) : 0);
	if (rec->userstack)
		f->nr_own_pids += userstack_nr_threads(rec->userstack);
	f->own_pids = xcalloc(f->nr_own_pids, sizeof(*f->own_pids));
	f->own_pids[0] = (int32_t)getpid();
	for (unsigned int i = 0; rec->spool && i < spool_nr_threads(rec->spool); i++)
		f->own_pids[at++] = (int32_t)spool_thread_id(rec->spool, i);
	for (unsigned int i = 0; at < f->nr_own_pids; i++)
		f->own_pids[at++] = (int32_t)userstack_thread_id(rec->userstack, i);
	fill_tasks(f, &rec->comms);
	note_kvm(&f->kvm, rec->session);
	f->nr_cpus = rec->meta.dat.nr_cpus;
	free(f->lost);
	free(f->entries);
	f->lost = xcalloc(f->nr_cpus, sizeof(*f->lost));
	f->entries = xcalloc(f->nr_cpus, sizeof(*f->entries));
	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++) {
		struct ring_stats st;

		if (session_read_stats(rec->session, cpu, &st))
			continue;
		f->entries[cpu] = st.entries;
		f->lost[cpu] = st.lost;
	}
}

static void add_reason(void *ctx, const char *text)
{
	facts_add_reason(ctx, "%s", text);
}

void recording_verify(struct recording *rec)
{
	session_verify(rec->session, add_reason, &rec->facts);
}

/* CPUs that are there, and those that were there long enough to record something. */
static unsigned int nr_cpus(const struct recording *rec)
{
	unsigned int nr = machine_nr_cpus(), all = session_nr_cpus(rec->session);
	uint64_t len;

	if (rec->feed)
		return feed_nr_used(rec->feed) > nr ? feed_nr_used(rec->feed) : nr;
	for (unsigned int cpu = nr; cpu < all; cpu++)
		if (spool_fd(rec->spool, cpu, &len) >= 0)
			nr = cpu + 1;
	return nr < all ? nr : all;
}

static void note_clock(struct recording *rec)
{
	struct dat_writer_meta *m = &rec->meta.dat;
	struct tsc_conversion c = tsc_fit(&rec->tsc[0], &rec->tsc[1]);

	if (rec->clock)
		m->clock = rec->clock;
	m->tsc_mult = c.mult;
	m->tsc_shift = c.shift;
	m->tsc_offset = c.offset;
}

static int describe(struct recording *rec, struct err *err)
{
	recording_gather_comms(rec);
	/* Who is not there any more has been seen ending: so ask for the living first. */
	if (!rec->comms.asked || !session_tells_tasks(rec->session, &rec->comms)) {
		comms_add_living(&rec->comms);
		recording_gather_comms(rec);
	}
	record_meta_free(&rec->meta);
	if (record_meta_collect(&rec->meta, rec->session, nr_cpus(rec), err))
		return -1;
	note_clock(rec);
	fill_facts(rec);
	return 0;
}

int recording_describe(struct recording *rec, struct err *err)
{
	if (describe(rec, err))
		return -1;
	record_meta_core_symbols(&rec->meta);
	return 0;
}

int recording_collect(struct recording *rec, struct err *err)
{
	if (rec->userstack && userstack_stop(rec->userstack, err))
		return -1;
	if (rec->spool && spool_finish(rec->spool, err))
		return -1;
	if (describe(rec, err))
		return -1;
	recording_count(rec, &rec->records, &rec->lost);
	rec->collected = true;
	session_retire(rec->session);
	/* No file of tracefs, but the longest of all: it is read while the instance goes. */
	record_meta_core_symbols(&rec->meta);
	return 0;
}

/* What another process took out of the ring buffers, or changed of them, they do not count any more, or nobody has. */
static void judge_entries(struct facts *f, uint64_t records)
{
	uint64_t entries = 0;

	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++) {
		entries += f->entries[cpu];
		if (f->lost[cpu])
			return;
	}
	if (entries != records)
		facts_add_reason(f,
				 "the ring buffers counted %" PRIu64 " record%s, %" PRIu64
				 " %s in the recording: another process emptied, read or changed them",
				 entries, plural_s(entries), records, plural_is(records));
}

static void join_event(void *ctx, const struct ipi_event *ev)
{
	ustack_join_event(ctx, ev);
}

void recording_judge_by(struct recording *rec, const struct tally *tally, void (*say)(const char *fmt, ...))
{
	rec->events = tally->events;
	rec->has_events = true;
	judge_entries(&rec->facts, tally->records);
	coverage_judge(&rec->facts, &tally->caps, tally->by_cpu, tally->nr_cpus, say);
}

void recording_judge(struct recording *rec, const volatile int *abort, void (*say)(const char *fmt, ...))
{
	struct err err = { 0 };
	struct ustack_join *join = NULL;
	struct tally tally = { 0 };

	if (rec->userstack) {
		join = ustack_join_new(rec->userstack, &rec->userstack_config, rec->meta.dat.nr_cpus);
		tally.event = join_event;
		tally.event_ctx = join;
	}
	if (tally_take(&tally, &rec->meta, rec->spool, rec->facts.interrupts_text, abort, &err))
		say("warning: the recording was not held against /proc/interrupts: %s", err.msg);
	else
		recording_judge_by(rec, &tally, say);
	if (join && !err.code)
		rec->has_ustacks = !ustack_join_finish(join, &rec->ustacks, &err);
	if (join && !rec->has_ustacks)
		say("warning: the recording is without user stacks: %s", err.msg);
	ustack_join_free(join);
	tally_free(&tally);
}

static int write_ustacks(const struct recording *rec, struct dat_writer *w, struct err *err)
{
	size_t len;
	void *section = ustacks_format(&rec->ustacks, &len);
	int ret = dat_writer_section(w, "ustacks", section, len, err);

	free(section);
	return ret;
}

static int pages_of(const struct recording *rec, unsigned int cpu, uint64_t *len)
{
	return rec->feed ? feed_fd(rec->feed, cpu, len) : spool_fd(rec->spool, cpu, len);
}

/* --- what the pages ask for --- */

struct recording_used {
	struct kallsyms_used *symbols; /* NULL: there are none */
	struct pids_used *pids;
	int32_t workload, own; /* 0: none */
};

struct recording_used *recording_used_new(const struct recording *rec)
{
	struct recording_used *used = xcalloc(1, sizeof(*used));
	const char *all = rec->meta.dat.kallsyms;

	if (all)
		used->symbols = rec->meta.core_symbols ? kallsyms_used_new_core(all, strlen(all)) :
							 kallsyms_used_new(all, strlen(all));
	used->pids = pids_used_new(comms_max_pid(&rec->comms));
	used->workload = rec->facts.workload;
	used->own = (int32_t)getpid();
	return used;
}

static void used_free(struct recording_used *used)
{
	if (!used)
		return;
	kallsyms_used_free(used->symbols);
	pids_used_free(used->pids);
	free(used);
}

void recording_used_scan(struct recording_used *used, const void *data, size_t len)
{
	if (used->symbols)
		kallsyms_used_scan(used->symbols, data, len);
	pids_used_scan(used->pids, data, len);
}

/*
 * Whose children the report may be asked for is named, whatever it did itself; and
 * we are: a file in which no process is known is one of those that tell of none.
 */
static bool is_used(const void *ctx, int32_t pid)
{
	const struct recording_used *used = ctx;

	return pid == used->workload || pid == used->own || pids_used_has(used->pids, pid);
}

/* False: not all of the file can be read. */
static bool scan_pages(struct recording_used *used, int fd, uint64_t len)
{
	char *buf = xmalloc(SCAN_CHUNK);
	bool whole = true;

	for (uint64_t at = 0; fd >= 0 && whole && at < len; at += SCAN_CHUNK) {
		size_t want = len - at < SCAN_CHUNK ? (size_t)(len - at) : SCAN_CHUNK;

		whole = !read_all_at(fd, buf, want, at);
		if (whole)
			recording_used_scan(used, buf, want);
	}
	free(buf);
	return whole;
}

/* NULL: what the pages may ask for can't be told. */
static struct recording_used *scan_all(const struct recording *rec)
{
	struct recording_used *used = recording_used_new(rec);
	uint64_t len;

	for (unsigned int cpu = 0; used && cpu < rec->meta.dat.nr_cpus; cpu++) {
		int fd = pages_of(rec, cpu, &len);

		if (scan_pages(used, fd, len))
			continue;
		used_free(used);
		used = NULL;
	}
	return used;
}

/* Where those that the kernel was built with do not do. */
static void need_all_symbols(struct recording *rec, struct recording_used *used)
{
	const char *all;

	if (!rec->meta.core_symbols || (used && !kallsyms_used_lacks(used->symbols)))
		return;
	record_meta_symbols(&rec->meta);
	all = rec->meta.dat.kallsyms ? rec->meta.dat.kallsyms : "";
	if (used)
		kallsyms_used_complete(used->symbols, all, strlen(all));
}

int recording_write_head(struct recording *rec, struct recording_used *used, struct dat_writer *w, struct err *err)
{
	struct dat_writer_meta head;
	size_t len;
	char *symbols, *names;
	int ret;

	need_all_symbols(rec, used);
	symbols = used && used->symbols ? kallsyms_used_text(used->symbols, &len) : NULL;
	comms_choose(&rec->comms, used ? is_used : NULL, used);
	fill_tasks(&rec->facts, &rec->comms);
	names = comms_format(&rec->comms);
	head = rec->meta.dat;
	head.cmdlines = names;
	if (symbols)
		head.kallsyms = symbols;
	ret = dat_writer_head(w, &head, err);
	free(names);
	free(symbols);
	used_free(used);
	return ret;
}

int recording_write(struct recording *rec, struct dat_writer *w, struct err *err)
{
	uint64_t begin_ns = signals_now_ns();
	struct recording_used *used = scan_all(rec);
	char *facts;
	int ret = -1;

	rec->look_ns = signals_now_ns() - begin_ns;
	if (recording_write_head(rec, used, w, err))
		return -1;
	facts = facts_format(&rec->facts);
	if (!facts)
		return err_set(err, EXIT_FAILED, "no memory for the facts of the recording");
	for (unsigned int cpu = 0; cpu < rec->meta.dat.nr_cpus; cpu++) {
		uint64_t len;
		int fd = pages_of(rec, cpu, &len);

		if (dat_writer_cpu(w, fd, len, err))
			goto out;
	}
	if (rec->has_ustacks && write_ustacks(rec, w, err))
		goto out;
	if (dat_writer_facts(w, facts, strlen(facts), err))
		goto out;
	ret = dat_writer_commit(w, err);
	rec->write_ns = signals_now_ns() - begin_ns - rec->look_ns;
out:
	free(facts);
	return ret;
}

int recording_close(struct recording *rec, struct err *err)
{
	struct session *s = rec->session;

	userstack_close(rec->userstack);
	rec->userstack = NULL;
	spool_close(rec->spool);
	rec->spool = NULL;
	feed_close(rec->feed);
	rec->feed = NULL;
	rec->session = NULL;
	return session_close(s, err);
}

void recording_free(struct recording *rec)
{
	record_meta_free(&rec->meta);
	comms_free(&rec->comms);
	facts_free(&rec->facts);
	ustacks_free(&rec->ustacks);
}
