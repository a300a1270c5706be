// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/joined.c - a host's report and a guest's recording: which VM, which clock, and what comes of it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

static int choose_vm(const struct kvm_report *r, int32_t *vm, struct err *err)
{
	char list[200] = "";
	size_t len = 0;

	for (unsigned int i = 0; i < r->nr_vms; i++) {
		if (r->want.pid ? r->vms[i].tgid == r->want.pid : r->nr_vms == 1) {
			*vm = r->vms[i].tgid;
			return 0;
		}
		if (len < sizeof(list) - 16)
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%d", len ? ", " : "",
						r->vms[i].tgid);
	}
	if (r->want.pid)
		err_set(err, EXIT_USAGE, "%s: %d is no virtual machine of it", r->path, r->want.pid);
	else
		err_set(err, EXIT_USAGE, "%s: several virtual machines: of which is %s?", r->path, r->want.path);
	return err_hint(err, "--guest %s,pid=PID, of these: %s", r->want.path, list);
}

/* The TSC of a guest is scaled unless it is this: 32 bits behind the point on SVM, 48 on VMX (kvm_caps.tsc_scaling_ratio_frac_bits). */
static bool is_scaled(const struct kvm_facts *f, unsigned int snap, const char *vcpu)
{
	uint64_t ratio;

	return kvm_facts_u64(f, snap, vcpu, "tsc-scaling-ratio", &ratio) && ratio != 1ULL << 32 && ratio != 1ULL << 48;
}

/* What debugfs had before and behind the recording, if that is the same. False: there is nothing of use. */
static bool told_offset(const struct kvm_facts *f, const char *vcpu, int64_t *offset)
{
	bool found = false;

	for (unsigned int snap = 0; snap < KVM_NR_SNAPS; snap++) {
		const char *text = kvm_facts_get(f, snap, vcpu, "tsc-offset");
		char *end;
		long long val = text ? strtoll(text, &end, 10) : 0;

		if (!text)
			continue;
		if (end == text || *end || is_scaled(f, snap, vcpu) || (found && val != *offset))
			return false;
		*offset = val;
		found = true;
	}
	return found;
}

static void add_told(struct kvm_report *r, struct kvm_hits *h)
{
	for (unsigned int i = 0; i < r->host.nr; i++) {
		const struct kvm_subject *s = &r->host.subjects[i];
		const char *dir;
		uint64_t tgid = 0;
		int64_t offset = 0;
		uint32_t id;
		char *vm;

		if (!kvm_subject_vcpu(s, &dir, &id) || !told_offset(&r->host, s->name, &offset))
			continue;
		vm = xasprintf("vm/%.*s", (int)strcspn(dir, "/"), dir);
		for (unsigned int snap = 0; snap < KVM_NR_SNAPS && !tgid; snap++)
			kvm_facts_u64(&r->host, snap, vm, "tgid", &tgid);
		free(vm);
		if (!tgid || tgid > INT32_MAX)
			continue;
		kvm_hits_offset(h, (int32_t)tgid, id, offset);
		r->told_offset = true;
	}
}

/* The same for all its virtual CPUs, or it is none. */
static bool find_offset(struct kvm_report *r, const struct kvm_hits *h, const struct dat_info *host, int32_t vm,
			int64_t *offset)
{
	bool found = false;

	if (r->want.has_offset) {
		*offset = r->want.offset;
		r->offset_from = "given";
		return true;
	}
	for (unsigned int i = 0; i < h->nr_offsets && !r->want.no_offset; i++) {
		if (h->offsets[i].tgid > 0 && vm > 0 ? h->offsets[i].tgid != vm : r->nr_vms != 1)
			continue;
		if (found && *offset != h->offsets[i].offset)
			return false;
		*offset = h->offsets[i].offset;
		found = true;
	}
	if (found) {
		r->offset_from = r->told_offset ? "debugfs" : "kvm_write_tsc_offset";
	} else if (r->guest.has_offset && !r->want.no_offset && (!host->trace_id || host->trace_id == r->guest.peer)) {
		*offset = r->guest.offset;
		r->offset_from = "trace-cmd's TIME_SHIFT";
		found = true;
	}
	return found;
}

/* Stamps of both are of the TSC: the guest's become the host's, by its offset, and then what these are shown as. */
static void to_host(struct kvm_guest *g, const struct dat_info *host, int64_t offset)
{
	for (uint32_t i = 0; i < g->nr_sends; i++) {
		struct kvm_guest_send *s = &g->sends[i];

		s->at = dat_to_ns(host, s->at - (uint64_t)offset);
		if (s->handler != KVM_NO_TIME)
			s->handler = dat_to_ns(host, s->handler - (uint64_t)offset);
	}
	for (uint32_t i = 0; i < g->nr_irqs; i++)
		g->irqs[i].at = dat_to_ns(host, g->irqs[i].at - (uint64_t)offset);
	for (uint32_t i = 0; i < g->nr_gaps; i++) {
		if (g->gaps[i].from)
			g->gaps[i].from = dat_to_ns(host, g->gaps[i].from - (uint64_t)offset);
		if (g->gaps[i].to != UINT64_MAX)
			g->gaps[i].to = dat_to_ns(host, g->gaps[i].to - (uint64_t)offset);
	}
	g->first = dat_to_ns(host, g->first - (uint64_t)offset);
	g->last = dat_to_ns(host, g->last - (uint64_t)offset);
}

static int set_clock(struct kvm_report *r, const struct kvm_hits *h, const struct dat_info *host, int32_t vm,
		     struct kvm_clock *c, struct err *err)
{
	int64_t offset = 0;

	if (!r->guest.tsc && !dat_in_ns(host)) {
		err_set(err, EXIT_FAILED, "%s has clock %s, %s has %s: they cannot be joined", r->path, r->clock,
			r->want.path, r->guest.clock);
		return err_hint(err, "ipitrace record --clock x86-tsc, on both");
	}
	*c = (struct kvm_clock){ .ppm = r->guest.tsc ? 0 : KVM_DRIFT_PPM };
	if (r->guest.tsc) {
		c->known = find_offset(r, h, host, vm, &offset);
		to_host(&r->guest, host, offset);
	} else if (r->want.has_offset) {
		c->known = true;
		c->low = c->high = r->want.offset;
		r->offset_from = "given";
	}
	return 0;
}

static int failed(const struct kvm_report *r, enum kvm_join_error why, struct err *err)
{
	switch (why) {
	case KVM_JOIN_CPUS:
		return err_set(err, EXIT_FAILED, "%s and %s: one of them has no IPIs", r->path, r->want.path);
	case KVM_JOIN_NO_OFFSET:
		err_set(err, EXIT_FAILED, "%s and %s: no offset of the clocks brings their IPIs together", r->path,
			r->want.path);
		return err_hint(err,
				"are they of the same machine and the same time? If the host was polled for events "
				"that the CPU delivers by itself, --clock x86-tsc and offset= are needed");
	case KVM_JOIN_NONE:
		err_set(err, EXIT_FAILED, "%s and %s: no IPI is of both, from send to handler", r->path, r->want.path);
		return err_hint(err, "are they of the same machine and the same time?");
	default:
		err_set(err, EXIT_FAILED, "%s and %s: their IPIs fit by more than one offset of the clocks", r->path,
			r->want.path);
		return err_hint(err, "record --clock x86-tsc on both, and --guest %s,offset=TICKS", r->want.path);
	}
}

static void law(struct kvm_report *r, const char *name, const char *text, uint64_t left, uint64_t right, bool applies)
{
	r->laws[r->nr_laws++] = (struct kvm_law){
		.name = name,
		.text = text,
		.left = left,
		.right = right,
		.right_max = right,
		.applies = applies,
		.held = !applies || left == right,
	};
}

static void add_laws(struct kvm_report *r, const struct kvm_join *j)
{
	const struct kvm_joined *n = &j->n;
	bool inside = n->low <= 0 && n->high >= 0;

	/* Where the offset is known, all that is left of it is 0. */
	if (!r->guest.tsc && j->clock.known)
		inside = n->low <= j->clock.low && n->high >= j->clock.low;
	r->offset_allowed = inside;
	law(r, "joined_host",
	    "IPIs of the host == joined + uncertain + its own + outside the guest's recording + others", j->nr_hits,
	    n->matched + n->ambiguous + n->host_only + n->host_outside + n->no_class, true);
	law(r, "joined_guest", "IPIs of the guest == joined + its own + outside the host's recording",
	    r->guest.nr_sends, n->matched + n->guest_only + n->guest_outside, true);
	law(r, "joined_order", "send <= exit <= ... <= entry <= handler", n->order_errors, 0, true);
	law(r, "joined_stages", "the sum of the stages == the total, from send to handler", n->stage_errors, 0, true);
	law(r, "offset", "the known offset is one that causes and effects allow", inside, 1,
	    j->clock.known && n->bounded);
	law(r, "clocks", "clocks contradict themselves == 0", j->clock.contradicts, 0, !j->clock.known);
}

int kvm_report_join(struct kvm_report *r, struct kvm_hits *h, const struct dat_info *host, struct err *err)
{
	struct kvm_join j = { .first = h->first, .last = h->last, .gaps = h->gaps, .nr_gaps = h->nr_gaps };
	enum kvm_join_error why;
	uint32_t nr = 0;
	int32_t vm = 0;

	add_told(r, h);
	if (choose_vm(r, &vm, err) || kvm_guest_read(&r->guest, r->want.path, dat_is_tsc(host), err))
		return -1;
	if (set_clock(r, h, host, vm, &j.clock, err))
		return -1;
	for (uint32_t i = 0; i < h->nr; i++)
		if (h->list[i].vm == vm)
			h->list[nr++] = h->list[i];
	h->nr = nr;
	j.hits = h->list;
	j.nr_hits = nr;
	j.guest = &r->guest;
	why = kvm_join(&j);
	if (why == KVM_JOINED) {
		r->is_joined = true;
		r->joined = j.n;
		r->joined_vm = vm;
		r->offset_known = j.clock.known;
		r->drift_ppm = j.clock.ppm;
		r->width = kvm_clock_width(&j.clock);
		add_laws(r, &j);
	}
	kvm_clock_free(&j.clock);
	return why == KVM_JOINED ? 0 : failed(r, why, err);
}
