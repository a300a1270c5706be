// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/joined.c - a host's report and a guest's recording: which VM, which clock, and what comes of it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/wide.h"
#include "kvm/joined.h"

void kvm_hits_add(struct kvm_hits *h, const struct kvm_ipi *ipi)
{
	h->list = xgrow(h->list, &h->room, h->nr, sizeof(*h->list));
	h->list[h->nr++] = *ipi;
}

/* A gap without a begin began before the recording, one without an end lasts until it ends. */
void kvm_hits_gap(struct kvm_hits *h, uint32_t cpu, uint64_t at, bool begins)
{
	struct kvm_gap *g = h->gaps + h->nr_gaps;

	while (!begins && g > h->gaps && g[-1].cpu != cpu)
		g--;
	if (!begins && g > h->gaps && g[-1].to == UINT64_MAX) {
		g[-1].to = at;
		return;
	}
	h->gaps = xgrow(h->gaps, &h->room_gaps, h->nr_gaps, sizeof(*h->gaps));
	h->gaps[h->nr_gaps++] = begins ? (struct kvm_gap){ at, UINT64_MAX, cpu } : (struct kvm_gap){ 0, at, cpu };
}

void kvm_hits_offset(struct kvm_hits *h, int32_t tgid, uint32_t vcpu, int64_t offset)
{
	for (unsigned int i = 0; i < h->nr_offsets; i++) {
		if (h->offsets[i].tgid != tgid || h->offsets[i].vcpu != vcpu)
			continue;
		h->offsets[i].offset = offset;
		return;
	}
	h->offsets = xgrow(h->offsets, &h->room_offsets, h->nr_offsets, sizeof(*h->offsets));
	h->offsets[h->nr_offsets++] = (struct kvm_offset){ tgid, vcpu, offset };
}

void kvm_hits_free(struct kvm_hits *h)
{
	free(h->list);
	free(h->gaps);
	free(h->offsets);
	memset(h, 0, sizeof(*h));
}

int kvm_offset_parse(const char *text, size_t len, int64_t *offset)
{
	bool negative = len && *text == '-';
	uint64_t val = 0;

	if (len == negative)
		return -EINVAL;
	for (size_t i = negative; i < len; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		if (val > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		val = val * 10 + digit;
	}
	if (negative && val > 1ULL << 63)
		return -ERANGE;
	*offset = (int64_t)(negative ? 0 - val : val);
	return 0;
}

/* What debugfs had before and behind the recording, if that is the same. False: there is nothing of use. */
static bool told_offset(const struct kvm_facts *f, const char *vcpu, int64_t *offset)
{
	bool found = false;

	for (unsigned int snap = 0; snap < KVM_NR_SNAPS; snap++) {
		const char *text = kvm_facts_get(f, snap, vcpu, "tsc-offset");
		int64_t val;

		if (!text)
			continue;
		if (kvm_offset_parse(text, strlen(text), &val) || (found && val != *offset))
			return false;
		*offset = val;
		found = true;
	}
	return found;
}

/* The process of the VM in this directory; 0: it is not known. */
static int32_t tgid_of(const struct kvm_facts *f, const char *dir)
{
	char *vm = xasprintf("vm/%.*s", (int)strcspn(dir, "/"), dir);
	uint64_t tgid = 0;

	for (unsigned int snap = 0; snap < KVM_NR_SNAPS && !tgid; snap++)
		kvm_facts_u64(f, snap, vm, "tgid", &tgid);
	free(vm);
	return tgid <= INT32_MAX ? (int32_t)tgid : 0;
}

static void add_told(struct kvm_report *r, struct kvm_hits *h)
{
	for (unsigned int i = 0; i < r->host.nr; i++) {
		const struct kvm_subject *s = &r->host.subjects[i];
		const char *dir;
		int64_t offset = 0;
		int32_t tgid;
		uint32_t id;

		if (!kvm_subject_vcpu(s, &dir, &id) || !told_offset(&r->host, s->name, &offset))
			continue;
		tgid = tgid_of(&r->host, dir);
		if (!tgid)
			continue;
		kvm_hits_offset(h, tgid, id, offset);
		r->told_offset = true;
	}
}

/* How the VM's TSC is scaled, by debugfs; 0: nothing tells. False: not always, or not all of its virtual CPUs', in one way. */
static bool find_ratio(const struct kvm_report *r, int32_t vm, uint64_t *ratio)
{
	*ratio = 0;
	for (unsigned int i = 0; i < r->host.nr; i++) {
		const struct kvm_subject *s = &r->host.subjects[i];
		const char *dir;
		uint64_t val;
		uint32_t id;

		if (!kvm_subject_vcpu(s, &dir, &id) || (vm && tgid_of(&r->host, dir) != vm))
			continue;
		for (unsigned int snap = 0; snap < KVM_NR_SNAPS; snap++) {
			if (!kvm_facts_u64(&r->host, snap, s->name, "tsc-scaling-ratio", &val) || !val)
				continue;
			if (*ratio && *ratio != val)
				return false;
			*ratio = val;
		}
	}
	return true;
}

/* A TSC that is scaled counts at another rate: without its ratio there is no offset. */
static int check_rate(const struct kvm_report *r, const struct kvm_pair *p, const struct dat_info *host,
		      uint64_t *ratio, struct err *err)
{
	const struct kvm_guest *g = &p->guest;

	if (!find_ratio(r, p->vm, ratio))
		err_set(err, EXIT_FAILED, "%s: the TSC of virtual machine %d is not scaled in one way", r->path, p->vm);
	else if (!*ratio && g->tsc_mult && host->tsc_mult &&
		 !kvm_clock_same_rate(g->tsc_mult, g->tsc_shift, host->tsc_mult, host->tsc_shift))
		err_set(err, EXIT_FAILED,
			"%s: its TSC is scaled, it counts at another rate than that of %s, which does not say how",
			p->want.path, r->path);
	else
		return 0;
	return err_hint(err,
			"record with the default clock on either side: then they are joined by causes and effects");
}

/* The same for all its virtual CPUs, or it is none. That of trace-cmd is of stamps that it has not scaled. */
static bool find_offset(const struct kvm_report *r, struct kvm_pair *p, const struct kvm_hits *h,
			const struct dat_info *host, bool scaled, int64_t *offset)
{
	bool found = false;

	if (p->want.has_offset) {
		*offset = p->want.offset;
		p->offset_from = "given";
		return true;
	}
	for (unsigned int i = 0; i < h->nr_offsets && !p->want.no_offset; i++) {
		if (h->offsets[i].tgid > 0 && p->vm > 0 ? h->offsets[i].tgid != p->vm : r->nr_vms != 1)
			continue;
		if (found && *offset != h->offsets[i].offset)
			return false;
		*offset = h->offsets[i].offset;
		found = true;
	}
	if (found) {
		p->offset_from = r->told_offset ? "debugfs" : "kvm_write_tsc_offset";
	} else if (p->guest.has_offset && !scaled && !p->want.no_offset &&
		   (!host->trace_id || host->trace_id == p->guest.peer)) {
		*offset = p->guest.offset;
		p->offset_from = "trace-cmd's TIME_SHIFT";
		found = true;
	}
	return found;
}

struct tsc {
	const struct dat_info *host;
	int64_t offset;
	uint64_t ratio;
};

static uint64_t hosts(const struct tsc *t, uint64_t guest)
{
	return dat_to_ns(t->host, kvm_clock_host_tsc(guest, t->offset, t->ratio));
}

/* Stamps of both are of the TSC: the guest's become the host's, by its offset, and then what these are shown as. */
static void to_host(struct kvm_guest *g, const struct tsc *t)
{
	for (uint32_t i = 0; i < g->nr_sends; i++) {
		struct kvm_guest_send *s = &g->sends[i];

		s->at = hosts(t, s->at);
		if (s->handler != KVM_NO_TIME)
			s->handler = hosts(t, s->handler);
	}
	for (uint32_t i = 0; i < g->nr_irqs; i++)
		g->irqs[i].at = hosts(t, g->irqs[i].at);
	for (uint32_t i = 0; i < g->nr_gaps; i++) {
		if (g->gaps[i].from)
			g->gaps[i].from = hosts(t, g->gaps[i].from);
		if (g->gaps[i].to != UINT64_MAX)
			g->gaps[i].to = hosts(t, g->gaps[i].to);
	}
	g->first = hosts(t, g->first);
	g->last = hosts(t, g->last);
}

/* The same for who reads the guest's recording once more. What is scaled is not exact enough in such a form. */
static void set_time(struct kvm_pair *p, const struct tsc *t)
{
	const struct dat_info *host = t->host;

	if (!dat_converts(host) || host->tsc_shift >= 128 || !kvm_clock_unscaled(t->ratio))
		return;
	p->time = (struct kvm_time){
		.mult = host->tsc_mult,
		.shift = host->tsc_shift,
		.offset = host->tsc_offset - mul_shift_signed(t->offset, host->tsc_mult, host->tsc_shift),
		.add = host->add_ns,
	};
}

static int set_clock(const struct kvm_report *r, struct kvm_pair *p, const struct kvm_hits *h,
		     const struct dat_info *host, struct err *err)
{
	struct tsc t = { .host = host };

	if (!p->guest.tsc && !dat_in_ns(host)) {
		err_set(err, EXIT_FAILED, "%s has clock %s, %s has %s: they cannot be joined", r->path, r->clock,
			p->want.path, p->guest.clock);
		return err_hint(err, "ipitrace record --clock x86-tsc, on both");
	}
	p->clock = (struct kvm_clock){ .ppm = p->guest.tsc ? 0 : KVM_DRIFT_PPM };
	if (p->guest.tsc) {
		if (check_rate(r, p, host, &t.ratio, err))
			return -1;
		p->clock.known = find_offset(r, p, h, host, !kvm_clock_unscaled(t.ratio), &t.offset);
		to_host(&p->guest, &t);
		set_time(p, &t);
	} else if (p->want.has_offset) {
		p->clock.known = true;
		p->clock.low = p->clock.high = p->want.offset;
		p->offset_from = "given";
	}
	return 0;
}

/* Where causes and effects tell none. Clocks in ns may be a TSC's, which only x86 has. */
static int by_offset(const struct kvm_pair *p, struct err *err)
{
	static const char same[] = "are they of the same machine and time? Then a known offset joins them: ";

	if (p->guest.tsc)
		return err_hint(err, "%s--guest %s,offset=TICKS", same, p->want.path);
	return err_hint(err, "%son x86 record --clock x86-tsc on both, else --guest %s,offset=NS", same, p->want.path);
}

static void say_failed(const struct kvm_report *r, const struct kvm_pair *p, enum kvm_join_error why, struct err *err)
{
	const struct kvm_joined *n = &p->joined;

	switch (why) {
	case KVM_JOIN_CPUS:
		err_set(err, EXIT_FAILED, "%s and %s: one of them has no IPIs", r->path, p->want.path);
		break;
	case KVM_JOIN_NO_OFFSET:
		err_set(err, EXIT_FAILED, "%s and %s: no offset of the clocks brings their IPIs together", r->path,
			p->want.path);
		break;
	case KVM_JOIN_OFFSETS:
		err_set(err, EXIT_FAILED, "%s and %s: their IPIs fit by more than one offset of the clocks", r->path,
			p->want.path);
		break;
	case KVM_JOIN_FEW:
		err_set(err, EXIT_FAILED, "%s and %s: of %" PRIu64 " IPI%s that both could have, %" PRIu64 " fit",
			r->path, p->want.path, n->possible, plural_s(n->possible), n->matched);
		break;
	case KVM_JOIN_OTHERS:
		err_set(err, EXIT_FAILED,
			"%s and %s: %" PRIu64 " of %" PRIu64
			" IPIs end in a handler that the guest has for another one",
			r->path, p->want.path, n->others, n->checked);
		break;
	default:
		err_set(err, EXIT_FAILED, "%s and %s: no IPI is of both, from send to handler", r->path, p->want.path);
	}
}

static int failed(const struct kvm_report *r, const struct kvm_pair *p, enum kvm_join_error why, struct err *err)
{
	say_failed(r, p, why, err);
	if (r->truncated || r->damaged)
		return err_hint(err, "%s is %s: copy it again, or record again", r->path,
				r->truncated ? "cut" : "damaged");
	if (p->guest.lost)
		return err_hint(err, "%s is cut, or events were lost: copy it again, or record again", p->want.path);
	if (why == KVM_JOIN_NO_OFFSET || why == KVM_JOIN_OFFSETS)
		return by_offset(p, err);
	return err_hint(err, "are they of the same machine and the same time?");
}

static void law(struct kvm_report *r, const struct kvm_pair *p, const struct kvm_law *l)
{
	struct kvm_law *to = &r->laws[r->nr_laws++];

	*to = *l;
	to->vm = r->nr_guests > 1 ? p->vm : 0;
	to->right_max = l->right;
	to->held = !l->applies || l->left == l->right;
}

static void add_laws(struct kvm_report *r, struct kvm_pair *p, uint64_t nr_hits)
{
	const struct kvm_joined *n = &p->joined;
	bool inside = n->low <= 0 && n->high >= 0;

	/* Where the offset is known, all that is left of it is 0. */
	if (!p->guest.tsc && p->clock.known)
		inside = n->low <= p->clock.low && n->high >= p->clock.low;
	p->offset_allowed = inside;
	law(r, p,
	    &(struct kvm_law){
		    .name = "joined_host",
		    .text = "IPIs of the host == joined + uncertain + its own + outside the guest's recording + others",
		    .left = nr_hits,
		    .right = n->matched + n->ambiguous + n->host_only + n->host_outside + n->no_class,
		    .applies = true });
	law(r, p,
	    &(struct kvm_law){
		    .name = "joined_guest",
		    .text = "IPIs of the guest == joined + uncertain + its own + outside the host's recording",
		    .left = p->guest.nr_sends,
		    .right = n->matched + n->guest_ambiguous + n->guest_only + n->guest_outside,
		    .applies = true });
	law(r, p,
	    &(struct kvm_law){ .name = "joined_order",
			       .text = "send <= exit <= ... <= entry <= handler",
			       .left = n->order_errors,
			       .applies = true });
	law(r, p,
	    &(struct kvm_law){ .name = "joined_stages",
			       .text = "the sum of the stages == the total, from send to handler",
			       .left = n->stage_errors,
			       .applies = true });
	law(r, p,
	    &(struct kvm_law){ .name = "offset",
			       .text = "the known offset is one that causes and effects allow",
			       .left = inside,
			       .right = 1,
			       .applies = p->clock.known && n->bounded });
	law(r, p,
	    &(struct kvm_law){ .name = "clocks",
			       .text = "clocks contradict themselves == 0",
			       .left = p->clock.contradicts,
			       .applies = !p->clock.known });
}

/* The IPIs of one VM, which the join changes; malloc'ed. */
static struct kvm_ipi *hits_of(const struct kvm_hits *h, int32_t vm, uint32_t *nr)
{
	struct kvm_ipi *list = xcalloc(h->nr + 1ull, sizeof(*list));

	*nr = 0;
	for (uint32_t i = 0; i < h->nr; i++)
		if (h->list[i].vm == vm)
			list[(*nr)++] = h->list[i];
	return list;
}

/* A guest's recording with one of the VMs. */
struct
try {
	struct kvm_pair pair;
	struct kvm_ipi *hits;
	uint32_t nr_hits;
	enum kvm_join_error why;
};

static void try_free(struct try *t)
{
	kvm_guest_free(&t->pair.guest);
	kvm_clock_free(&t->pair.clock);
	free(t->hits);
	*t = (struct try){ 0 };
}

/* -1: the two have clocks that cannot be joined, whichever VM it is. */
static int try_vm(const struct kvm_report *r, const struct kvm_pair *p, const struct kvm_hits *h,
		  const struct dat_info *host, int32_t vm, struct try *t, struct err *err)
{
	struct kvm_join j = { .first = h->first, .last = h->last, .gaps = h->gaps, .nr_gaps = h->nr_gaps };

	*t = (struct try){ .pair = *p };
	t->pair.vm = vm;
	kvm_guest_copy(&t->pair.guest, &p->guest);
	t->pair.guest.clock = p->guest.clock ? xstrdup(p->guest.clock) : NULL;
	t->pair.guest.uname = p->guest.uname ? xstrdup(p->guest.uname) : NULL;
	if (set_clock(r, &t->pair, h, host, err)) {
		try_free(t);
		return -1;
	}
	t->hits = hits_of(h, vm, &t->nr_hits);
	j.clock = t->pair.clock;
	j.hits = t->hits;
	j.nr_hits = t->nr_hits;
	j.guest = &t->pair.guest;
	t->why = kvm_join(&j);
	t->pair.clock = j.clock;
	t->pair.joined = j.n;
	return 0;
}

/* By the ids that trace-cmd gave the files of a host and of its guests' agents; 0: these do not say. */
static int32_t vm_by_id(const struct kvm_report *r, const struct kvm_pair *p, const struct dat_info *host)
{
	for (unsigned int i = 0; i < host->nr_guests; i++) {
		const struct dat_guest *g = &host->guests[i];

		if (!g->trace_id || g->trace_id != p->guest.trace_id)
			continue;
		for (unsigned int k = 0; k < g->nr_cpus; k++)
			for (unsigned int t = 0; t < r->nr_threads; t++)
				if (r->threads[t].tid == g->cpus[k].task)
					return r->threads[t].vm;
	}
	return 0;
}

static bool may_be(const struct kvm_report *r, int32_t said, int32_t vm)
{
	return said ? vm == said : !kvm_report_pair(r, vm) || r->nr_vms == 1;
}

static int no_vm(const struct kvm_report *r, const struct kvm_pair *p, unsigned int nr_fit, struct err *err)
{
	char list[200] = "";
	size_t len = 0;

	for (unsigned int i = 0; i < r->nr_vms && len < sizeof(list) - 16; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%d", len ? ", " : "", r->vms[i].tgid);
	if (p->want.pid)
		err_set(err, EXIT_USAGE, "%s: %d is no virtual machine of it", r->path, p->want.pid);
	else
		err_set(err, EXIT_USAGE, "%s: several virtual machines: of which is %s? %s", r->path, p->want.path,
			nr_fit ? "It fits more than one" : "It fits none");
	if (r->nr_vms == 1 && r->vms[0].tgid <= 0)
		return err_hint(err, "it does not know which process its virtual CPUs are of: --guest %s without pid=",
				p->want.path);
	return err_hint(err, "--guest %s,pid=PID, of these: %s", p->want.path, list);
}

/* The VM that was said, or that files say, the only one, or the only one of several that it fits. Its IPIs go behind joined's. */
static int join_one(struct kvm_report *r, struct kvm_pair *p, const struct kvm_hits *h, const struct dat_info *host,
		    struct kvm_hits *joined, struct err *err)
{
	struct try best = { 0 };
	const int32_t said = p->want.pid ? p->want.pid : vm_by_id(r, p, host);
	unsigned int nr_tried = 0, nr_fit = 0;
	int ret = -1;

	for (unsigned int i = 0; i < r->nr_vms; i++) {
		struct try t;

		if (!may_be(r, said, r->vms[i].tgid))
			continue;
		if (try_vm(r, p, h, host, r->vms[i].tgid, &t, err))
			goto out;
		nr_tried++;
		nr_fit += t.why == KVM_JOINED;
		if (nr_tried > 1 && t.why != KVM_JOINED) {
			try_free(&t);
			continue;
		}
		try_free(&best);
		best = t;
	}
	if (!nr_tried || (nr_tried > 1 && nr_fit != 1)) {
		no_vm(r, p, nr_fit, err);
		goto out;
	}
	if (best.why != KVM_JOINED) {
		failed(r, &best.pair, best.why, err);
		goto out;
	}
	if (kvm_report_pair(r, best.pair.vm)) {
		err_set(err, EXIT_USAGE, "%s and %s: both are of the same virtual machine", p->want.path,
			kvm_report_pair(r, best.pair.vm)->want.path);
		goto out;
	}
	kvm_guest_free(&p->guest);
	*p = best.pair;
	best.pair = (struct kvm_pair){ 0 };
	p->offset_known = p->clock.known;
	p->drift_ppm = p->clock.ppm;
	p->width = kvm_clock_width(&p->clock);
	add_laws(r, p, best.nr_hits);
	for (uint32_t i = 0; i < best.nr_hits; i++)
		kvm_hits_add(joined, &best.hits[i]);
	ret = 0;
out:
	try_free(&best);
	return ret;
}

/* As the host's events were: so that several VMs are one report. */
static int by_order(const void *a, const void *b)
{
	const struct kvm_ipi *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

int kvm_report_join(struct kvm_report *r, struct kvm_hits *h, const struct dat_info *host, struct err *err)
{
	struct kvm_hits joined = { 0 };
	unsigned int nr = r->nr_guests;
	int ret = 0;

	r->add_ns = host->add_ns;
	add_told(r, h);
	for (unsigned int i = 0; i < nr && !ret; i++)
		ret = kvm_guest_read(&r->guests[i].guest, &r->guest_names, r->guests[i].want.path, dat_is_tsc(host),
				     err);
	/* Those of which it is said of which VM they are, then those that have to be tried. */
	for (unsigned int pass = 0; pass < 2; pass++)
		for (unsigned int i = 0; i < nr && !ret; i++)
			if ((r->guests[i].want.pid != 0) == !pass)
				ret = join_one(r, &r->guests[i], h, host, &joined, err);
	if (ret) {
		kvm_hits_free(&joined);
		return -1;
	}
	if (nr > 1 && joined.nr)
		qsort(joined.list, joined.nr, sizeof(*joined.list), by_order);
	free(h->list);
	h->list = joined.list;
	h->nr = joined.nr;
	h->room = joined.room;
	r->is_joined = true;
	return 0;
}

const struct kvm_pair *kvm_report_pair(const struct kvm_report *r, int32_t vm)
{
	for (unsigned int i = 0; i < r->nr_guests; i++)
		if (r->guests[i].joined.matched && r->guests[i].vm == vm)
			return &r->guests[i];
	return NULL;
}

bool kvm_pair_time(const struct kvm_pair *p, uint64_t at, uint64_t *early, uint64_t *late)
{
	int64_t low, high;

	if (!kvm_clock_at(&p->clock, at, &low, &high) || low > high)
		return false;
	*early = at - (uint64_t)high;
	*late = at - (uint64_t)low;
	return true;
}
