// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/report.c - a file to the engine, and what it says to a report.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/taskid.h"
#include "base/text.h"
#include "file/datfile.h"
#include "file/facts.h"
#include "kvm/host.h"
#include "kvm/joined.h"
#include "kvm/priv.h"
#include "kvm/report.h"
#include "kvm/rows.h"

struct source {
	struct dat_file *dat;
	struct facts facts;
	bool has_facts;
	struct records *records;
	struct kvm_report *report;
	struct kvm_rows rows;
	struct kvm_hits hits; /* if there is a guest to join */
};

/*
 * Of trace-cmd's recordings nobody knows processes, but which threads are one guest's, if its agent recorded that as well:
 * then the lowest of these stands for them.
 */
static int32_t tgid(void *ctx, int32_t tid)
{
	const struct source *s = ctx;
	const struct dat_guest *g;
	uint32_t cpu;

	if (s->has_facts)
		return task_number(facts_tgid(&s->facts, facts_task(&s->facts, tid, FACTS_TIME_LAST)));
	g = dat_guest_of(dat_info(s->dat), tid, &cpu);
	for (unsigned int i = 0; g && i < g->nr_cpus; i++)
		tid = g->cpus[i].task < tid ? g->cpus[i].task : tid;
	return g ? tid : -1;
}

static int64_t vcpu(void *ctx, int32_t tid)
{
	const struct source *s = ctx;
	int64_t told = kvm_facts_vcpu_of(&s->report->host, tid);
	uint32_t cpu;

	return told < 0 && dat_guest_of(dat_info(s->dat), tid, &cpu) ? (int64_t)cpu : told;
}

static int32_t parent(void *ctx, int32_t tgid)
{
	const struct facts *f = &((struct source *)ctx)->facts;

	return task_number(facts_parent(f, facts_task(f, tgid, FACTS_TIME_LAST)));
}

/* As other reports: what the recording was asked to keep, and what this one is asked for. */
static bool wants(void *ctx, int32_t tgid)
{
	const struct source *s = ctx;
	const struct pid_filter *asked[] = { &s->facts.filter.process, s->report->processes };

	for (unsigned int i = 0; i < ARRAY_SIZE(asked); i++)
		if (asked[i] && (asked[i]->nr || asked[i]->children) && !pid_filter_passes(asked[i], tgid, parent, ctx))
			return false;
	return true;
}

/* Threads of virtual machines are those that had their numbers last. */
static const char *comm(void *ctx, int32_t tid)
{
	return dat_comm(((struct source *)ctx)->dat, tid);
}

static void on_ipi(void *ctx, const struct kvm_ipi *ipi)
{
	struct source *s = ctx;

	if (s->report->nr_guests) {
		kvm_hits_add(&s->hits, ipi);
		return;
	}
	kvm_rows_add(&s->rows, s->report, ipi);
	if (s->report->tap)
		s->report->tap(s->report->tap_ctx, ipi);
}

/* What the join needs beside the IPIs. */
static void note(struct source *s, const struct record *rec)
{
	if (rec->what == RECORD_LOST)
		kvm_hits_gap(&s->hits, rec->cpu, rec->ts, !rec->val[0]);
	else if (rec->what == KVM_EV_TSC_OFFSET)
		kvm_hits_offset(&s->hits, tgid(s, rec->pid), (uint32_t)rec->val[0], (int64_t)rec->val[1]);
}

static int join(struct source *s, struct err *err)
{
	struct kvm_report *r = s->report;

	if (kvm_report_join(r, &s->hits, dat_info(s->dat), err))
		return -1;
	for (uint32_t i = 0; i < s->hits.nr; i++) {
		kvm_rows_add(&s->rows, r, &s->hits.list[i]);
		if (r->tap)
			r->tap(r->tap_ctx, &s->hits.list[i]);
	}
	return 0;
}

static int open_records(struct source *s, struct err *err)
{
	const struct dat_info *info = dat_info(s->dat);
	const struct page_source src = {
		.next = dat_next_page,
		.ctx = s->dat,
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
	};

	return records_open(&s->records, kvm_events, &meta, &src, err);
}

/* What the file says, apart from events. */
static void describe(struct source *s)
{
	const struct dat_info *info = dat_info(s->dat);
	struct kvm_report *r = s->report;
	char text[256];

	sanitize(text, sizeof(text), info->clock);
	r->clock = xstrdup(text);
	r->in_ns = dat_in_ns(info);
	if (info->uname) {
		sanitize(text, sizeof(text), info->uname);
		r->uname = xstrdup(text);
	}
	r->ours = s->has_facts;
	r->flight = s->has_facts && s->facts.flight;
	r->host = s->facts.kvm;
	s->facts.kvm = (struct kvm_facts){ 0 };
	for (unsigned int i = 0; i < r->host.nr; i++)
		r->nr_late += !strncmp(r->host.subjects[i].name, "thread/", 7);
	if (s->has_facts && s->facts.cmdline) {
		sanitize(text, sizeof(text), s->facts.cmdline);
		r->recorded = xstrdup(text);
	}
	for (unsigned int i = 0; i < KVM_NR_EVENTS; i++) {
		size_t len;

		r->has[i] = records_format(s->records, i, &len);
	}
}

/* Formats are those of all events of the systems: an event that nobody recorded has one as well. */
static int no_kvm(const struct kvm_report *r, struct err *err)
{
	err_set(err, EXIT_FAILED, "%s: no exits of virtual machines in this file", r->path);
	if (r->nr_guests)
		return err_hint(
			err,
			"is it the guest's? --guest GUEST HOST, whose HOST has been made by 'ipitrace record --kvm'");
	return err_hint(err,
			"on the host of the machines: 'ipitrace record --kvm', or trace-cmd record -e kvm -e sched "
			"-e ipi");
}

/* Whatever there was is behind the cut. */
static int none_left(const struct kvm_report *r, struct err *err)
{
	err_set(err, EXIT_FAILED, "%s: the file is %s, and has no exits of virtual machines any more", r->path,
		r->truncated ? "cut" : "damaged");
	return err_hint(err, "copy the file again, or record again");
}

/* The events are those that are asked for, but none came. */
static int none_ran(const struct kvm_report *r, const struct pid_filter *of, struct err *err)
{
	err_set(err, EXIT_FAILED, "%s: recorded with --kvm, but no virtual machine%s ran", r->path,
		of->nr ? " of its -p" : "");
	return err_hint(err, "%s",
			of->nr ? "-p is of the processes of their VMMs (QEMU): record again while they run" :
				 "record again while one runs");
}

static int not_those(const struct kvm_report *r, struct err *err)
{
	err_set(err, EXIT_FAILED, "%s: no exits of the virtual machines of -p, but of others", r->path);
	return err_hint(
		err, "a machine's process is that of its VMM: 'ipitrace report --kvm=vm' lists those of a recording");
}

static int run(struct source *s, struct err *err)
{
	const struct dat_info *info = dat_info(s->dat);
	struct kvm_report *r = s->report;
	uint64_t first = 0, last = 0;
	struct record rec;
	int more;

	while ((more = records_next(s->records, &rec, err)) > 0) {
		rec.ts = dat_to_ns(info, rec.ts);
		if (!first)
			first = rec.ts;
		last = rec.ts;
		if (r->nr_guests)
			note(s, &rec);
		kvm_event(r->engine, &rec);
	}
	if (more < 0)
		return -1;
	r->truncated = info->truncated;
	r->damaged = info->damaged || records_bad_pages(s->records);
	if (r->truncated || r->damaged)
		kvm_end_cut(r->engine);
	else
		kvm_end(r->engine);
	r->span = last - first;
	s->hits.first = first;
	s->hits.last = last;
	return 0;
}

static void name_vms(struct source *s)
{
	struct kvm_report *r = s->report;
	const struct dat_guest *g;
	char text[64];
	uint32_t cpu;

	r->vms = kvm_vms(r->engine, &r->nr_vms);
	r->names = xcalloc(r->nr_vms + 1, sizeof(*r->names));
	for (unsigned int i = 0; i < r->nr_vms; i++) {
		if (!r->vms[i].tgid)
			continue;
		g = s->has_facts ? NULL : dat_guest_of(dat_info(s->dat), r->vms[i].tgid, &cpu);
		sanitize(text, sizeof(text), g ? g->name : dat_comm(s->dat, r->vms[i].tgid));
		r->names[i] = xstrdup(text);
	}
}

static int by_vcpu(const void *a, const void *b)
{
	const struct kvm_thread *x = a, *y = b;

	if (x->vm != y->vm)
		return x->vm < y->vm ? -1 : 1;
	return (x->vcpu > y->vcpu) - (x->vcpu < y->vcpu);
}

static void name_threads(struct source *s)
{
	struct kvm_report *r = s->report;
	struct kvm_vcpu_info info;
	unsigned int nr = 0;
	char text[64];

	while (kvm_vcpu_info(r->engine, nr, &info))
		nr++;
	r->threads = xcalloc(nr + 1, sizeof(*r->threads));
	for (unsigned int i = 0; i < nr; i++) {
		const char *name;

		kvm_vcpu_info(r->engine, i, &info);
		name = info.tid ? dat_comm(s->dat, info.tid) : NULL;
		if (name)
			sanitize(text, sizeof(text), name);
		r->threads[i] = (struct kvm_thread){ info.vm, info.id, info.tid, name ? xstrdup(text) : NULL };
	}
	r->nr_threads = nr;
	if (nr)
		qsort(r->threads, nr, sizeof(*r->threads), by_vcpu);
}

static int mixed(const struct kvm_report *r, struct err *err)
{
	err_set(err, EXIT_FAILED,
		"%s: several virtual machines, and the recording does not say which thread is of which", r->path);
	return err_hint(err,
			"'ipitrace record --kvm' records processes; of others' recordings one machine at a time, or "
			"with its guests' ('trace-cmd record -A')");
}

static bool knows_processes(const struct source *s)
{
	return s->has_facts && s->facts.nr_tgids;
}

static int no_processes(const struct kvm_report *r, struct err *err)
{
	err_set(err, EXIT_FAILED, "%s: does not know processes, which -p asks for", r->path);
	return err_hint(err, "'ipitrace record --kvm' records them");
}

static int read_all(struct source *s, struct err *err)
{
	struct kvm_report *r = s->report;
	struct kvm_config config = {
		.has = r->has,
		.tgid = tgid,
		.comm = comm,
		.vcpu = vcpu,
		.emit = on_ipi,
		.ctx = s,
	};

	describe(s);
	if (r->processes && r->processes->nr && !knows_processes(s))
		return no_processes(r, err);
	if ((r->processes && (r->processes->nr || r->processes->children)) || s->facts.filter.process.nr ||
	    s->facts.filter.process.children) {
		config.wants = wants;
		config.others = true;
	}
	config.exit_format = records_format(s->records, r->has[KVM_EV_EXIT] ? KVM_EV_EXIT : KVM_EV_EXIT_ARM,
					    &config.exit_format_len);
	if (!config.exit_format)
		return no_kvm(r, err);
	r->engine = kvm_new(&config);
	if (run(s, err))
		return -1;
	r->stats = kvm_stats(r->engine);
	if (!r->stats->exits && !r->stats->entries)
		return r->truncated || r->damaged ? none_left(r, err) :
		       r->stats->others		  ? not_those(r, err) :
		       r->host.on		  ? none_ran(r, &s->facts.filter.process, err) :
						    no_kvm(r, err);
	if (kvm_is_mixed(r->engine))
		return mixed(r, err);
	name_vms(s);
	name_threads(s);
	r->nr_laws = kvm_laws(r->engine, r->laws);
	kvm_host_laws(r);
	if (r->nr_guests && join(s, err))
		return -1;
	kvm_rows_end(r);
	return 0;
}

int kvm_report_read(struct kvm_report *r, const char *path, const char *buffer, struct err *err)
{
	struct source s = { .report = r };
	int ret = -1;

	r->path = path;
	if (dat_open(&s.dat, path, err) || dat_choose(s.dat, buffer, err))
		goto out;
	if (dat_info(s.dat)->facts) {
		if (facts_parse(&s.facts, dat_info(s.dat)->facts, dat_info(s.dat)->facts_len, err))
			goto out;
		s.has_facts = true;
	}
	if (!open_records(&s, err))
		ret = read_all(&s, err);
out:
	hash_free(&s.rows.by_key);
	kvm_hits_free(&s.hits);
	records_close(s.records);
	facts_free(&s.facts);
	dat_close(s.dat);
	return ret;
}

void kvm_report_free(struct kvm_report *r)
{
	for (unsigned int i = 0; i < r->nr_rows; i++) {
		for (unsigned int p = 0; p < KVM_NR_POINTS; p++)
			hist_free(&r->rows[i].stages[p]);
		hist_free(&r->rows[i].total);
	}
	for (unsigned int i = 0; r->names && i < r->nr_vms; i++)
		free(r->names[i]);
	free(r->names);
	for (unsigned int i = 0; i < r->nr_threads; i++)
		free(r->threads[i].name);
	free(r->threads);
	kvm_facts_free(&r->host);
	free(r->rows);
	free(r->uname);
	free(r->clock);
	free(r->recorded);
	for (unsigned int i = 0; i < r->nr_guests; i++) {
		kvm_guest_free(&r->guests[i].guest);
		kvm_clock_free(&r->guests[i].clock);
	}
	kvm_names_free(&r->guest_names);
	kvm_free(r->engine);
}

const struct kvm_thread *kvm_report_thread(const struct kvm_report *r, int32_t vm, uint32_t vcpu)
{
	const struct kvm_thread key = { .vm = vm, .vcpu = vcpu };

	return r->nr_threads ? bsearch(&key, r->threads, r->nr_threads, sizeof(key), by_vcpu) : NULL;
}

unsigned int kvm_report_notes(const struct kvm_report *r, char *notes[KVM_MAX_NOTES])
{
	uint64_t posted = 0;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < r->nr_vms; i++)
		posted += r->vms[i].posted_accepts;
	nr += kvm_host_notes(r, posted, notes);
	if (!r->has[KVM_EV_INJECT] && r->has[KVM_EV_ACCEPT])
		notes[nr++] =
			xstrdup("kvm_inj_virq was not recorded: an IPI counts as delivered at the target's next entry");
	if (r->has[KVM_EV_INJECT] && !r->stats->seen[KVM_EV_INJECT] && r->stats->accepts && !posted && !r->stats->lost)
		notes[nr++] = xstrdup("no kvm_inj_virq was recorded: no IPI can be followed beyond its accept");
	if (!r->stats->seen[KVM_EV_SWITCH] || !r->stats->seen[KVM_EV_WAKING])
		notes[nr++] = xstrdup(
			"sched_switch and sched_waking were not recorded: no WAKE, no RUNQ, and no time of polling "
			"in vain");
	if (r->stats->halt_exits && !r->stats->seen[KVM_EV_WAKEUP])
		notes[nr++] = xstrdup("kvm_vcpu_wakeup was not recorded: whether a halt polled or slept is not known");
	if (r->has[KVM_EV_EXIT_ARM] && !r->has[KVM_EV_SGI])
		notes[nr++] = xstrdup("no probe tells of an SGI's target: sends are counted, no IPI is followed");
	if (r->stats->unnumbered)
		notes[nr++] =
			xasprintf("%llu thread%s of virtual CPUs without a number: neither debugfs nor names tell it",
				  (unsigned long long)r->stats->unnumbered, plural_s(r->stats->unnumbered));
	if (r->stats->strangers)
		notes[nr++] = xasprintf("%llu event%s of threads that are no known virtual CPU",
					(unsigned long long)r->stats->strangers, plural_s(r->stats->strangers));
	for (unsigned int i = 0; i < r->nr_guests && r->is_joined; i++) {
		const struct kvm_joined *n = &r->guests[i].joined;

		if (n->host_only > n->matched && n->guest_only > n->matched)
			notes[nr++] = xasprintf(
				"most IPIs are of one recording alone: is %s of the same machine and the same time?",
				r->guests[i].want.path);
	}
	if (!r->in_ns)
		notes[nr++] = xasprintf("times are ticks of %s: the file does not say how long one is", r->clock);
	return nr;
}
