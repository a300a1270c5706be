// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/guest.c - spans of a guest's recording to arrays of its sends and handlers.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "file/datfile.h"
#include "kvm/guest.h"
#include "kvm/kvm.h"
#include "match/match.h"
#include "report/analysis.h"

enum name_kind { NAME_CALLER, NAME_FUNC, NAME_COMM };

struct name_key {
	uint64_t of; /* an address, or a task */
	enum name_kind kind;
	uint32_t name;
};

struct reader {
	struct kvm_guest *g;
	struct analysis *a;
	struct span_names ask;
	struct name_key *keys;
	uint32_t nr_keys, room_keys;
	struct hash by_key;
	struct kvm_names *names;
};

static uint32_t hash_text(const char *text)
{
	uint64_t h = 0;

	for (; *text; text++)
		h = hash_u64(h ^ (unsigned char)*text);
	return (uint32_t)h;
}

uint32_t kvm_name(struct kvm_names *n, const char *text)
{
	uint32_t hash = hash_text(text), at;

	for (uint32_t i = hash_first(&n->by_text, hash, &at); i != HASH_END; i = hash_next(&n->by_text, hash, &at))
		if (!strcmp(n->list[i], text))
			return i;
	n->list = xgrow(n->list, &n->room, n->nr + 1, sizeof(*n->list));
	if (!n->nr)
		n->list[n->nr++] = NULL;
	n->list[n->nr] = xstrdup(text);
	hash_add(&n->by_text, hash, n->nr);
	return n->nr++;
}

void kvm_names_free(struct kvm_names *n)
{
	for (uint32_t i = 0; i < n->nr; i++)
		free(n->list[i]);
	free(n->list);
	hash_free(&n->by_text);
	memset(n, 0, sizeof(*n));
}

static uint32_t name(struct reader *r, uint64_t of, enum name_kind kind)
{
	uint32_t hash = (uint32_t)hash_u64(of ^ (uint64_t)kind << 62), at;
	char text[256], clean[256];
	const char *comm;

	if (!of && kind != NAME_COMM)
		return 0;
	for (uint32_t i = hash_first(&r->by_key, hash, &at); i != HASH_END; i = hash_next(&r->by_key, hash, &at))
		if (r->keys[i].of == of && r->keys[i].kind == kind)
			return r->keys[i].name;
	if (kind == NAME_COMM) {
		comm = sender_comm(&r->ask, (int32_t)of);
		snprintf(text, sizeof(text), "%s", comm ? comm : "?");
	} else {
		symtab_format(analysis_symtab(r->a), of, kind == NAME_CALLER, kind == NAME_CALLER, text, sizeof(text));
	}
	sanitize(clean, sizeof(clean), text);
	r->keys = xgrow(r->keys, &r->room_keys, r->nr_keys, sizeof(*r->keys));
	r->keys[r->nr_keys] = (struct name_key){ of, kind, kvm_name(r->names, clean) };
	hash_add(&r->by_key, hash, r->nr_keys);
	return r->keys[r->nr_keys++].name;
}

static void seen(struct kvm_guest *g, uint64_t at)
{
	if (at == IPI_NO_TIME)
		return;
	g->first = g->first && g->first < at ? g->first : at;
	g->last = g->last > at ? g->last : at;
}

static void add_irq(struct kvm_guest *g, const struct ipi_span *s)
{
	g->irqs = xgrow(g->irqs, &g->room_irqs, g->nr_irqs, sizeof(*g->irqs));
	g->irqs[g->nr_irqs++] = (struct kvm_guest_irq){ s->entry_ns, s->target, s->class, s->irq_id };
}

static void add_send(struct reader *r, const struct ipi_span *s)
{
	struct kvm_guest *g = r->g;
	uint64_t caller = s->stack != IPI_STACK_NONE ? r->ask.stack_caller(r->ask.ctx, s->stack) : 0;
	bool told = s->outcome == IPI_DELIVERED && s->how != IPI_HOW_AMBIGUOUS && !s->negative &&
		    s->entry_ns != IPI_NO_TIME;

	g->sends = xgrow(g->sends, &g->room_sends, g->nr_sends, sizeof(*g->sends));
	g->sends[g->nr_sends++] = (struct kvm_guest_send){
		.at = s->sent_ns != IPI_NO_TIME ? s->sent_ns : s->send_ns,
		.handler = told ? s->entry_ns : KVM_NO_TIME,
		.id = s->send_id,
		.cpu = s->source,
		.target = s->target,
		.class = s->class,
		.level = s->level,
		.caller = name(r, caller ? caller : s->callsite, NAME_CALLER),
		.func = name(r, s->func, NAME_FUNC),
		.comm = name(r, (uint64_t)(int64_t)span_sender(s), NAME_COMM),
	};
}

static void on_span(void *ctx, const struct ipi_span *s)
{
	struct reader *r = ctx;

	if (s->kind == IPI_SPAN_HIT && s->send_ns != IPI_NO_TIME)
		add_send(r, s);
	else if (s->kind == IPI_SPAN_IRQ && s->entry_ns != IPI_NO_TIME)
		add_irq(r->g, s);
	else
		return;
	seen(r->g, s->send_ns);
	seen(r->g, s->entry_ns);
	seen(r->g, s->exit_ns);
}

/* A gap that has no begin began with the recording, one that has no end lasts until then. */
static void on_events(void *ctx, const struct ipi_event *ev, unsigned int nr)
{
	struct kvm_guest *g = ((struct reader *)ctx)->g;
	struct kvm_gap *gap;

	for (unsigned int i = 0; i < nr; i++) {
		if (ev[i].type != IPI_EV_GAP && ev[i].type != IPI_EV_LOST)
			continue;
		g->lost = true;
		gap = g->gaps + g->nr_gaps;
		while (gap > g->gaps && gap[-1].cpu != ev[i].cpu)
			gap--;
		if (ev[i].type == IPI_EV_LOST && gap > g->gaps && gap[-1].to == UINT64_MAX) {
			gap[-1].to = ev[i].ts_ns;
			continue;
		}
		g->gaps = xgrow(g->gaps, &g->room_gaps, g->nr_gaps, sizeof(*g->gaps));
		g->gaps[g->nr_gaps++] = ev[i].type == IPI_EV_GAP ?
						(struct kvm_gap){ ev[i].ts_ns, UINT64_MAX, ev[i].cpu } :
						(struct kvm_gap){ 0, ev[i].ts_ns, ev[i].cpu };
	}
}

static int by_time(const void *a, const void *b)
{
	const struct kvm_guest_send *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->target < y->target ? -1 : x->target > y->target;
}

/* Who recorded exits was the host. Its IPIs are of its own CPUs, and some might pass for the guest's. */
static bool is_hosts(const struct dat_info *info)
{
	static const char name[] = "name: kvm_exit\n";

	for (unsigned int i = 0; i < info->nr_formats; i++)
		if (!strcmp(info->formats[i].system, "kvm") && info->formats[i].len >= sizeof(name) - 1 &&
		    !memcmp(info->formats[i].text, name, sizeof(name) - 1))
			return true;
	return false;
}

static int describe(struct kvm_guest *g, const struct dat_info *info, const char *path, struct err *err)
{
	char text[256];

	if (is_hosts(info)) {
		err_set(err, EXIT_FAILED, "%s: has kvm_exit: it is a host's recording, not one of a guest", path);
		return err_hint(err,
				"in the guest: 'ipitrace record', or trace-cmd record -e ipi -e csd -e irq_vectors");
	}
	sanitize(text, sizeof(text), info->clock);
	g->clock = xstrdup(text);
	if (info->uname) {
		sanitize(text, sizeof(text), info->uname);
		g->uname = xstrdup(text);
	}
	g->tsc = dat_is_tsc(info);
	g->trace_id = info->trace_id;
	g->tsc_mult = info->tsc_mult;
	g->tsc_shift = info->tsc_shift;
	/* What is to be added becomes what the guest is ahead. */
	g->has_offset = dat_host_offset(info, &g->offset, &g->peer);
	g->offset = (int64_t)(0 - (uint64_t)g->offset);
	return 0;
}

int kvm_guest_read(struct kvm_guest *g, struct kvm_names *names, const char *path, bool ticks, struct err *err)
{
	struct reader r = { .g = g, .names = names };
	struct span_sink sink = { .span = on_span, .ctx = &r };
	const struct trace_info *info;
	int ret = -1;

	/* Opened once: it may be a pipe. */
	if (analysis_open(&r.a, path, NULL, err))
		return -1;
	if (describe(g, analysis_file(r.a), path, err))
		goto out;
	info = analysis_info(r.a);
	g->tsc &= ticks;
	if (g->tsc) {
		analysis_keep_stamps(r.a);
	} else if (!info->clock_sync) {
		err_set(err, EXIT_FAILED, "%s: its clock %s tells no time between CPUs", path, g->clock);
		err_hint(err, strcmp(g->clock, "x86-tsc") ?
				      "in the guest: 'ipitrace record --clock x86-tsc'" :
				      "it goes with a host's of that clock: 'ipitrace record --kvm --clock x86-tsc'");
		goto out;
	}
	r.ask = analysis_names(r.a);
	analysis_set_tap(r.a, on_events, &r);
	if (analysis_run(r.a, &sink, err))
		goto out;
	g->lost |= info->truncated || info->incomplete;
	if (g->nr_sends)
		qsort(g->sends, g->nr_sends, sizeof(*g->sends), by_time);
	ret = 0;
out:
	free(r.keys);
	hash_free(&r.by_key);
	analysis_close(r.a);
	return ret;
}

static void *copy_of(const void *list, size_t nr, size_t size)
{
	return nr ? memcpy(xmalloc(nr * size), list, nr * size) : NULL;
}

void kvm_guest_copy(struct kvm_guest *to, const struct kvm_guest *g)
{
	*to = *g;
	to->clock = to->uname = NULL;
	to->sends = copy_of(g->sends, g->nr_sends, sizeof(*g->sends));
	to->irqs = copy_of(g->irqs, g->nr_irqs, sizeof(*g->irqs));
	to->gaps = copy_of(g->gaps, g->nr_gaps, sizeof(*g->gaps));
}

void kvm_guest_free(struct kvm_guest *g)
{
	free(g->sends);
	free(g->irqs);
	free(g->gaps);
	free(g->clock);
	free(g->uname);
	memset(g, 0, sizeof(*g));
}
