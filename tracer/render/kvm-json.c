// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/kvm-json.c - a host's report of its virtual machines for programs: all of it as JSON, the rows as CSV.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/hist.h"
#include "base/json.h"
#include "base/kvmfacts.h"
#include "base/mem.h"
#include "kvm/host.h"
#include "render/csv.h"
#include "render/kvm.h"
#include "render/parts-priv.h"

static void vcpu(struct json *j, const char *key, uint32_t id)
{
	if (id >= KVM_UNNUMBERED)
		json_null(j, key);
	else
		json_u64(j, key, id);
}

static void json_thread(struct json *j, const char *key, const struct kvm_report *r, int32_t vm, uint32_t id)
{
	const struct kvm_thread *t = kvm_report_thread(r, vm, id);

	if (t && t->tid)
		json_u64(j, key, (uint64_t)t->tid);
	else
		json_null(j, key);
}

/* A stage that begins or ends in the guest: below what the clocks leave open, a number would be none. */
static void json_guest_stage(struct json *j, const char *key, const struct hist *h, uint64_t width)
{
	static const struct {
		const char *key;
		double share;
	} shares[] = { { "min", 0 }, { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "max", 1 } };

	if (!h->count) {
		json_null(j, key);
		return;
	}
	json_object(j, key);
	json_u64(j, "count", h->count);
	json_u64(j, "resolution", width);
	for (unsigned int i = 0; i < ARRAY_SIZE(shares); i++) {
		if (hist_percentile(h, shares[i].share) < width)
			json_null(j, shares[i].key);
		else
			json_u64(j, shares[i].key, hist_percentile(h, shares[i].share));
	}
	json_u64(j, "sum", h->sum);
	json_close(j);
}

static const char *guest_name(const struct kvm_report *r, uint32_t name)
{
	return name < r->guest_names.nr ? r->guest_names.list[name] : NULL;
}

static void json_key(struct json *j, const struct kvm_report *r, const struct kvm_ipi *k, enum kvm_key key)
{
	char class[KVM_CLASS_LEN];

	switch (key) {
	case KVM_KEY_VM:
		if (k->vm)
			json_u64(j, "vm", (uint64_t)k->vm);
		else
			json_null(j, "vm");
		break;
	case KVM_KEY_PATH:
		json_string(j, "path", kvm_path_name(k->path));
		break;
	case KVM_KEY_CLASS:
		kvm_class_name(k, class);
		json_string(j, "class", class);
		if (k->mode > 1)
			json_null(j, "vector");
		else
			json_u64(j, "vector", k->vector);
		break;
	case KVM_KEY_KICK:
		json_string(j, "kick", kvm_kick_name(k->kick));
		break;
	case KVM_KEY_SOURCE:
		vcpu(j, "source", k->source);
		json_thread(j, "source_thread", r, k->vm, k->source);
		break;
	case KVM_KEY_CALLER:
		json_string(j, "caller", guest_name(r, k->caller));
		break;
	case KVM_KEY_FUNC:
		json_string(j, "func", guest_name(r, k->func));
		break;
	case KVM_KEY_COMM:
		json_string(j, "comm", guest_name(r, k->comm));
		break;
	default:
		vcpu(j, "target", k->target);
		json_thread(j, "target_thread", r, k->vm, k->target);
	}
}

static void json_outcomes(struct json *j, const uint64_t *outcomes)
{
	json_object(j, "outcomes");
	for (unsigned int i = 0; i < KVM_NR_OUTCOMES; i++)
		json_u64(j, kvm_outcome_name(i), outcomes[i]);
	json_close(j);
}

static bool is_by(const struct kvm_report *r, enum kvm_key key)
{
	for (unsigned int i = 0; i < r->nr_by; i++)
		if (r->by[i] == key)
			return true;
	return false;
}

static void json_row(struct json *j, const struct kvm_report *r, const struct kvm_row *row)
{
	json_object(j, NULL);
	for (unsigned int i = 0; i < r->nr_by; i++)
		json_key(j, r, &row->key, r->by[i]);
	if (!is_by(r, KVM_KEY_VM) && (is_by(r, KVM_KEY_SOURCE) || is_by(r, KVM_KEY_TARGET)))
		json_key(j, r, &row->key, KVM_KEY_VM);
	json_u64(j, "ipis", row->ipis);
	json_outcomes(j, row->outcomes);
	json_u64(j, "ambiguous", row->ambiguous);
	if (r->is_joined)
		json_u64(j, "host_only", row->unjoined);
	render_json_hist(j, "total", &row->total);
	json_object(j, "stages");
	/* What happens in the guest no event of the host tells. */
	json_guest_stage(j, kvm_stage_name(KVM_AT_EXIT), &row->stages[KVM_AT_EXIT], row->width);
	for (unsigned int i = KVM_AT_ACCEPT; i <= KVM_AT_ENTRY; i++)
		render_json_hist(j, kvm_stage_name(i), &row->stages[i]);
	json_guest_stage(j, kvm_stage_name(KVM_AT_HANDLER), &row->stages[KVM_AT_HANDLER], row->width);
	json_close(j);
	json_close(j);
}

static void json_halts(struct json *j, const struct kvm_halts *h)
{
	json_object(j, "halts");
	json_u64(j, "count", h->count);
	json_u64(j, "polled", h->polled);
	json_u64(j, "slept", h->waited);
	json_u64(j, "pending", h->pending);
	json_u64(j, "idle", h->idle);
	json_u64(j, "wakeup", h->wakeup);
	json_u64(j, "by_ipi", h->ipi);
	json_u64(j, "ipi_idle", h->ipi_idle);
	json_u64(j, "ipi_wakeup", h->ipi_wakeup);
	json_u64(j, "untold", h->nr_untold);
	json_u64(j, "untold_time", h->untold);
	json_u64(j, "poll_won", h->poll_won);
	json_u64(j, "polled_in_vain", h->in_vain);
	if (h->has_poll_time)
		json_u64(j, "poll_in_vain", h->poll_in_vain);
	else
		json_null(j, "poll_in_vain");
	json_u64(j, "poll_not_known", h->unknown_poll);
	json_close(j);
}

static void json_threads(struct json *j, const struct kvm_report *r, int32_t vm)
{
	json_array(j, "threads");
	for (const struct kvm_thread *t = r->threads; t < r->threads + r->nr_threads; t++) {
		if (t->vm != vm)
			continue;
		json_object(j, NULL);
		vcpu(j, "vcpu", t->vcpu);
		json_thread(j, "thread", r, vm, t->vcpu);
		json_string(j, "comm", t->name);
		json_close(j);
	}
	json_close(j);
}

/* What the kernel's counters grew by: null where that is not known. */
static void json_counters(struct json *j, const struct kvm_report *r, int32_t vm)
{
	json_object(j, "counters");
	for (unsigned int i = 0; i < kvm_nr_counters; i++) {
		const char *name = kvm_counters[i].name;
		uint64_t low, high;

		if (!kvm_counters[i].reported)
			continue;
		if (!kvm_host_counter(r, vm, name, &low, &high)) {
			json_null(j, name);
			continue;
		}
		json_object(j, name);
		json_u64(j, "low", low);
		json_u64(j, "high", high);
		json_close(j);
	}
	json_close(j);
}

/* Readings as the kernel gave them: outside of what was recorded, before and after. */
static void json_readings(struct json *j, const struct kvm_subject *s)
{
	json_object(j, s->name);
	for (unsigned int i = 0; i < s->nr; i++) {
		json_object(j, s->facts[i].name);
		json_string(j, "before", s->facts[i].val[0]);
		json_string(j, "after", s->facts[i].val[KVM_NR_SNAPS - 1]);
		json_close(j);
	}
	json_close(j);
}

static void json_host(struct json *j, const struct kvm_report *r)
{
	if (!r->host.on) {
		json_null(j, "host");
		return;
	}
	json_object(j, "host");
	for (unsigned int i = 0; i < r->host.nr; i++)
		json_readings(j, &r->host.subjects[i]);
	json_close(j);
}

static void json_vm(struct json *j, const struct kvm_report *r, const struct kvm_vm *vm, const char *name)
{
	json_object(j, NULL);
	if (vm->tgid)
		json_u64(j, "vm", (uint64_t)vm->tgid);
	else
		json_null(j, "vm");
	json_string(j, "comm", name);
	json_u64(j, "vcpus", vm->nr_vcpus);
	json_u64(j, "sends", vm->sends);
	json_outcomes(j, vm->outcomes);
	json_u64(j, "ambiguous", vm->ambiguous);
	json_u64(j, "other_accepts", vm->others);
	json_u64(j, "injections", vm->injections);
	json_u64(j, "reinjections", vm->reinjections);
	json_u64(j, "unsolicited", vm->unsolicited);
	json_u64(j, "eois", vm->eois);
	json_u64(j, "posted_accepts", vm->posted_accepts);
	json_array(j, "exits");
	for (const struct kvm_exits *e = vm->exits; e < vm->exits + vm->nr_exits; e++) {
		if (!e->count) /* in exits_open */
			continue;
		json_object(j, NULL);
		json_string(j, "reason", e->name);
		json_u64(j, "count", e->count);
		json_u64(j, "time", e->time);
		json_u64(j, "ipis", e->ipi_count);
		json_u64(j, "ipi_time", e->ipi_time);
		json_close(j);
	}
	json_close(j);
	json_u64(j, "exits_open", vm->exits_open);
	json_halts(j, &vm->halts);
	json_threads(j, r, vm->tgid);
	json_counters(j, r, vm->tgid);
	json_close(j);
}

static void json_laws(struct json *j, const struct kvm_report *r)
{
	json_array(j, "laws");
	for (unsigned int i = 0; i < r->nr_laws; i++) {
		json_object(j, NULL);
		json_string(j, "name", r->laws[i].name);
		json_string(j, "text", r->laws[i].text);
		if (r->laws[i].vm)
			json_u64(j, "vm", (uint64_t)r->laws[i].vm);
		json_u64(j, "left", r->laws[i].left);
		json_u64(j, "right", r->laws[i].right);
		json_u64(j, "right_max", r->laws[i].right_max);
		if (r->laws[i].applies)
			json_bool(j, "held", r->laws[i].held);
		else
			json_null(j, "held");
		json_close(j);
	}
	json_close(j);
}

static void json_pair(struct json *j, const char *key, const struct kvm_pair *p)
{
	const struct kvm_joined *n = &p->joined;

	json_object(j, key);
	json_string(j, "file", p->want.path);
	json_string(j, "kernel", p->guest.uname);
	json_string(j, "clock", p->guest.clock);
	if (p->vm)
		json_u64(j, "vm", (uint64_t)p->vm);
	else
		json_null(j, "vm");
	json_bool(j, "offset_known", p->offset_known);
	json_string(j, "offset_from", p->offset_from);
	json_u64(j, "drift_ppm", p->drift_ppm);
	json_u64(j, "width", p->width);
	json_u64(j, "joined", n->matched);
	json_u64(j, "uncertain", n->ambiguous);
	json_u64(j, "host_only", n->host_only);
	json_u64(j, "guest_uncertain", n->guest_ambiguous);
	json_u64(j, "guest_only", n->guest_only);
	json_u64(j, "host_outside", n->host_outside);
	json_u64(j, "guest_outside", n->guest_outside);
	json_u64(j, "no_class", n->no_class);
	json_u64(j, "handlers_missing", n->handlers_missing);
	json_bool(j, "incomplete", p->guest.lost);
	json_close(j);
}

/* The one guest; of several there are only all of them. */
static void json_joined(struct json *j, const struct kvm_report *r)
{
	if (r->is_joined && r->nr_guests == 1)
		json_pair(j, "guest", &r->guests[0]);
	else
		json_null(j, "guest");
}

static void json_notes(struct json *j, const struct kvm_report *r)
{
	char *texts[KVM_MAX_NOTES];
	unsigned int nr = kvm_report_notes(r, texts);

	json_array(j, "notes");
	for (unsigned int i = 0; i < nr; i++) {
		json_string(j, NULL, texts[i]);
		free(texts[i]);
	}
	json_close(j);
}

static bool is_incomplete(const struct kvm_report *r)
{
	for (unsigned int i = 0; i < r->nr_guests; i++)
		if (r->guests[i].guest.lost)
			return true;
	return r->stats->lost || r->truncated || r->damaged;
}

void render_kvm_json_side(struct json *j, const char *key, const struct kvm_report *r)
{
	json_object(j, key);
	json_string(j, "tier", r->is_joined ? "host+guest" : "host");
	json_joined(j, r);
	json_bool(j, "incomplete", is_incomplete(r));
	json_laws(j, r);
	json_notes(j, r);
	json_close(j);
}

void render_kvm_json(const struct kvm_report *r, const struct render_kvm_options *o, FILE *out)
{
	struct json j = { .out = out };
	unsigned int nr = o->top && o->top < r->nr_rows ? o->top : r->nr_rows;

	json_object(&j, NULL);
	json_string(&j, "schema", "ipitrace-kvm/1");
	json_string(&j, "file", r->path);
	json_string(&j, "kernel", r->uname);
	json_string(&j, "command", r->recorded);
	json_string(&j, "clock", r->clock);
	json_string(&j, "unit", r->in_ns ? "ns" : "ticks");
	json_string(&j, "tier", r->is_joined ? "host+guest" : "host");
	json_joined(&j, r);
	json_array(&j, "guests");
	for (unsigned int i = 0; i < r->nr_guests && r->is_joined; i++)
		json_pair(&j, NULL, &r->guests[i]);
	json_close(&j);
	json_u64(&j, "duration", r->span);
	if (r->stats->lost_unknown)
		json_null(&j, "lost_events");
	else
		json_u64(&j, "lost_events", r->stats->lost_events);
	json_bool(&j, "incomplete", is_incomplete(r));
	json_array(&j, "by");
	for (unsigned int i = 0; i < r->nr_by; i++)
		json_string(&j, NULL, kvm_key_name(r->by[i]));
	json_close(&j);
	json_u64(&j, "rows_total", r->nr_rows);
	json_array(&j, "rows");
	for (unsigned int i = 0; i < nr; i++)
		json_row(&j, r, &r->rows[i]);
	json_close(&j);
	json_array(&j, "vms");
	for (unsigned int i = 0; i < r->nr_vms; i++)
		json_vm(&j, r, &r->vms[i], r->names[i]);
	json_close(&j);
	json_host(&j, r);
	json_laws(&j, r);
	json_notes(&j, r);
	json_close(&j);
}

/* --- CSV --- */

static void csv_dist(const struct hist *h, FILE *out)
{
	static const double shares[] = { 0.5, 0.99, 1 };

	for (unsigned int i = 0; i < ARRAY_SIZE(shares); i++) {
		if (h->count)
			fprintf(out, ",%" PRIu64, hist_percentile(h, shares[i]));
		else
			fputc(',', out);
	}
}

static void csv_vcpu(const struct kvm_report *r, int32_t vm, uint32_t id, FILE *out)
{
	if (id >= KVM_UNNUMBERED)
		return;
	/* As the table has it. */
	if (r->nr_vms > 1 && vm && !is_by(r, KVM_KEY_VM))
		fprintf(out, "%d/", vm);
	fprintf(out, "%u", id);
}

static void csv_guest_stage(const struct hist *h, uint64_t width, FILE *out)
{
	static const double shares[] = { 0.5, 0.99, 1 };

	for (unsigned int i = 0; i < ARRAY_SIZE(shares); i++) {
		if (h->count && hist_percentile(h, shares[i]) >= width)
			fprintf(out, ",%" PRIu64, hist_percentile(h, shares[i]));
		else
			fputc(',', out);
	}
}

static void csv_name(const char *name, const struct render_kvm_options *o, FILE *out)
{
	if (name)
		csv_text(name, o->raw_text, out);
}

static void csv_key(const struct kvm_report *r, const struct render_kvm_options *o, const struct kvm_ipi *k,
		    enum kvm_key key, FILE *out)
{
	char class[KVM_CLASS_LEN];

	switch (key) {
	case KVM_KEY_VM:
		if (k->vm)
			fprintf(out, "%d", k->vm);
		break;
	case KVM_KEY_PATH:
		fputs(kvm_path_name(k->path), out);
		break;
	case KVM_KEY_CLASS:
		kvm_class_name(k, class);
		fputs(class, out);
		break;
	case KVM_KEY_KICK:
		fputs(kvm_kick_name(k->kick), out);
		break;
	case KVM_KEY_CALLER:
		csv_name(guest_name(r, k->caller), o, out);
		break;
	case KVM_KEY_FUNC:
		csv_name(guest_name(r, k->func), o, out);
		break;
	case KVM_KEY_COMM:
		csv_name(guest_name(r, k->comm), o, out);
		break;
	default:
		csv_vcpu(r, k->vm, key == KVM_KEY_SOURCE ? k->source : k->target, out);
	}
	fputc(',', out);
}

void render_kvm_csv(const struct kvm_report *r, const struct render_kvm_options *o, FILE *out)
{
	const char *unit = r->in_ns ? "ns" : "ticks";
	unsigned int nr = o->top && o->top < r->nr_rows ? o->top : r->nr_rows;
	enum kvm_point first = r->is_joined ? KVM_AT_EXIT : KVM_AT_ACCEPT;
	enum kvm_point last = r->is_joined ? KVM_AT_HANDLER : KVM_AT_ENTRY;

	for (unsigned int i = 0; i < r->nr_by; i++)
		fprintf(out, "%s,", kvm_key_name(r->by[i]));
	fputs("ipis", out);
	for (unsigned int i = 0; i < KVM_NR_OUTCOMES; i++)
		fprintf(out, ",%s", kvm_outcome_name(i));
	if (r->is_joined)
		fputs(",host_only", out);
	fprintf(out, ",total_p50_%s,total_p99_%s,total_max_%s", unit, unit, unit);
	for (unsigned int i = first; i <= last; i++)
		fprintf(out, ",%s_p50_%s,%s_p99_%s,%s_max_%s", kvm_stage_name(i), unit, kvm_stage_name(i), unit,
			kvm_stage_name(i), unit);
	fputc('\n', out);
	for (const struct kvm_row *row = r->rows; row < r->rows + nr; row++) {
		for (unsigned int i = 0; i < r->nr_by; i++)
			csv_key(r, o, &row->key, r->by[i], out);
		fprintf(out, "%" PRIu64, row->ipis);
		for (unsigned int i = 0; i < KVM_NR_OUTCOMES; i++)
			fprintf(out, ",%" PRIu64, row->outcomes[i]);
		if (r->is_joined)
			fprintf(out, ",%" PRIu64, row->unjoined);
		csv_dist(&row->total, out);
		for (unsigned int i = first; i <= last; i++) {
			if (i == KVM_AT_EXIT || i == KVM_AT_HANDLER)
				csv_guest_stage(&row->stages[i], row->width, out);
			else
				csv_dist(&row->stages[i], out);
		}
		fputc('\n', out);
	}
}
