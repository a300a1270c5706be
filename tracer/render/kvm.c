// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/kvm.c - IPIs of guests by their way through the host, as text.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "render/grid.h"
#include "render/kvm-priv.h"
#include "render/kvm.h"

static int by_time(const void *a, const void *b)
{
	const struct kvm_exits *x = *(const struct kvm_exits *const *)a, *y = *(const struct kvm_exits *const *)b;

	if (x->time != y->time)
		return x->time < y->time ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void exits(const struct kvm_report *r, const struct render_kvm_options *o, const struct kvm_vm *vm, FILE *out)
{
	static const struct grid_column columns[] = {
		{ .header = "EXIT", .name = true },
		GRID_RIGHT("COUNT"),
		GRID_RIGHT("TIME"),
		GRID_RIGHT("MEAN"),
		GRID_RIGHT("IN-IPIS"),
		GRID_RIGHT("SHARE"),
	};
	const struct kvm_exits **order = xcalloc(vm->nr_exits + 1, sizeof(*order));
	unsigned int nr = 0;
	char **cells = xcalloc((size_t)vm->nr_exits * ARRAY_SIZE(columns) + 1, sizeof(*cells)), **cell = cells;

	for (unsigned int i = 0; i < vm->nr_exits; i++)
		if (vm->exits[i].count)
			order[nr++] = &vm->exits[i];
	if (nr)
		qsort(order, nr, sizeof(*order), by_time);
	for (unsigned int i = 0; i < nr; i++) {
		*cell++ = xstrdup(order[i]->name);
		*cell++ = xasprintf("%" PRIu64, order[i]->count);
		*cell++ = render_kvm_amount(r, o, order[i]->time);
		*cell++ = render_kvm_amount(r, o, order[i]->time / order[i]->count);
		*cell++ = order[i]->ipi_count ? render_kvm_amount(r, o, order[i]->ipi_time) : xstrdup("-");
		*cell++ = !order[i]->ipi_count ?
				  xstrdup("-") :
				  xasprintf("%.0f%%", order[i]->time ? 100.0 * (double)order[i]->ipi_time /
									       (double)order[i]->time :
								       0.0);
	}
	if (nr) {
		render_grid(&(struct grid){ columns, ARRAY_SIZE(columns), cells, nr, NULL }, &o->screen, out);
		fputc('\n', out);
	}
	if (vm->exits_open)
		fprintf(out, "exits that are in no row, for nothing tells when they ended: %" PRIu64 "\n",
			vm->exits_open);
	grid_free_cells(cells, (size_t)nr * ARRAY_SIZE(columns));
	free(order);
}

/* One of a sum's parts, with the time that it took where there is one. */
static void part(const struct kvm_report *r, const struct render_kvm_options *o, FILE *out, const char *what,
		 uint64_t time)
{
	char *text = render_kvm_amount(r, o, time);

	fprintf(out, "%s %s", what, text);
	free(text);
}

static void halts(const struct kvm_report *r, const struct render_kvm_options *o, const struct kvm_halts *h, FILE *out)
{
	if (!h->count)
		return;
	fprintf(out,
		"halts: %" PRIu64 " = %" PRIu64 " polled and won + %" PRIu64 " slept + %" PRIu64
		" whose event was there already;",
		h->count, h->polled, h->waited, h->pending);
	part(r, o, out, " idle before an event", h->idle);
	part(r, o, out, ", wake-up after it", h->wakeup);
	if (h->ipi) {
		fprintf(out, "; %" PRIu64 " by an IPI:", h->ipi);
		part(r, o, out, " idle", h->ipi_idle);
		part(r, o, out, ", wake-up", h->ipi_wakeup);
	}
	if (h->nr_untold) {
		fprintf(out, "; %" PRIu64 " of which nothing tells what ended them:", h->nr_untold);
		part(r, o, out, "", h->untold);
	}
	fputs("\npolling: won", out);
	part(r, o, out, "", h->poll_won);
	if (h->in_vain || !h->unknown_poll) {
		fprintf(out, "; for nothing %" PRIu64 " time%s", h->in_vain, plural_s(h->in_vain));
		if (h->has_poll_time)
			part(r, o, out, ",", h->poll_in_vain);
	}
	if (h->unknown_poll)
		fprintf(out, "; of %" PRIu64 " that slept it is not known whether they polled", h->unknown_poll);
	fputc('\n', out);
}

static void outcomes(const struct kvm_vm *vm, FILE *out)
{
	static const char *const words[KVM_NR_OUTCOMES] = {
		[KVM_DELIVERED] = "delivered",
		[KVM_COALESCED] = "coalesced",
		[KVM_POSTED] = "posted to a running guest (their delivery is invisible)",
		[KVM_NO_VECTOR] = "NMI, INIT or SIPI (not followed)",
		[KVM_UNACCEPTED] = "sends whose target is not known",
		[KVM_IN_FLIGHT] = "in flight at the end",
		[KVM_LOST] = "lost",
	};
	uint64_t all = 0;
	const char *sep = " = ";

	for (unsigned int i = 0; i < KVM_NR_OUTCOMES; i++)
		all += vm->outcomes[i];
	fprintf(out, "IPIs: %" PRIu64 " of %" PRIu64 " send%s", all, vm->sends, plural_s(vm->sends));
	for (unsigned int i = 0; i < KVM_NR_OUTCOMES; i++) {
		if (!vm->outcomes[i])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", sep, vm->outcomes[i], words[i]);
		sep = " + ";
	}
	if (vm->ambiguous)
		fprintf(out, "; of %" PRIu64 " it is not certain which interrupt was theirs", vm->ambiguous);
	if (vm->unsolicited)
		fprintf(out, "; %" PRIu64 " injections of unknown cause", vm->unsolicited);
	if (vm->others)
		fprintf(out, "; %" PRIu64 " interrupt%s of devices and timers beside these", vm->others,
			plural_s(vm->others));
	fputc('\n', out);
}

static void law_broken(const struct kvm_law *l, FILE *out)
{
	fputs("law broken: ", out);
	if (l->vm)
		fprintf(out, "VM %d: ", l->vm);
	fprintf(out, "%s: %" PRIu64 ", %" PRIu64, l->text, l->left, l->right);
	if (l->right_max != l->right)
		fprintf(out, " to %" PRIu64, l->right_max);
	fputc('\n', out);
}

/* How sure the clocks are, and what the two recordings have of each other. */
static void joined(const struct kvm_report *r, const struct render_kvm_options *o, const struct kvm_pair *p, FILE *out)
{
	const struct kvm_joined *n = &p->joined;
	char *width = render_kvm_amount(r, o, p->width), whose[32] = "";

	if (r->nr_guests > 1)
		snprintf(whose, sizeof(whose), "VM %d: ", p->vm);

	fprintf(out, "joined: %s%" PRIu64 " IPI%s of both", whose, n->matched, plural_s(n->matched));
	if (n->ambiguous + n->guest_ambiguous)
		fprintf(out,
			"; %" PRIu64 " of the host and %" PRIu64
			" of the guest of which it is not certain which they are",
			n->ambiguous, n->guest_ambiguous);
	if (n->host_only)
		fprintf(out, "; %" PRIu64 " of the host alone", n->host_only);
	if (n->guest_only)
		fprintf(out, "; %" PRIu64 " of the guest alone", n->guest_only);
	if (n->host_outside + n->guest_outside)
		fprintf(out,
			"; %" PRIu64 " of the host and %" PRIu64 " of the guest while the other one was not recorded",
			n->host_outside, n->guest_outside);
	if (n->no_class)
		fprintf(out, "; %" PRIu64 " of the host of vectors that Linux has no class for", n->no_class);
	if (n->handlers_missing)
		fprintf(out, "; of %" PRIu64 " delivered the handler is not known", n->handlers_missing);
	fputc('\n', out);
	if (p->offset_known)
		fprintf(out, "clocks: %sthe guest's offset is known (%s)%s\n", whose, p->offset_from,
			!n->bounded	  ? "" :
			p->offset_allowed ? ", and causes and effects allow it" :
					    ", but causes and effects contradict it");
	else
		fprintf(out, "clocks: %sby causes and effects, the guest's offset is within %s%s\n", whose, width,
			p->drift_ppm ? ", at a drift of up to 1000 ppm" : "");
	free(width);
}

static void laws(const struct kvm_report *r, FILE *out)
{
	unsigned int held = 0, applied = 0;

	for (unsigned int i = 0; i < r->nr_laws; i++) {
		applied += r->laws[i].applies;
		held += r->laws[i].applies && r->laws[i].held;
	}
	fprintf(out, "laws: %u of %u hold\n", held, applied);
	for (unsigned int i = 0; i < r->nr_laws; i++)
		if (!r->laws[i].held)
			law_broken(&r->laws[i], out);
}

static void notes(const struct kvm_report *r, FILE *out)
{
	char *texts[KVM_MAX_NOTES];
	unsigned int nr = kvm_report_notes(r, texts);

	for (unsigned int i = 0; i < nr; i++) {
		fprintf(out, "note: %s\n", texts[i]);
		free(texts[i]);
	}
	if (r->stats->lost_unknown)
		fputs("events were lost, it is not known how many\n", out);
	else if (r->stats->lost)
		fprintf(out, "%" PRIu64 " event%s %s lost\n", r->stats->lost_events, plural_s(r->stats->lost_events),
			plural_was(r->stats->lost_events));
	if (r->truncated || r->damaged)
		fprintf(out, "the file is %s: what could be read is counted\n", r->truncated ? "cut" : "damaged");
}

/* Threads are what tools on the host show: "0 = 1240 (CPU 0/KVM), ..." */
static void vcpus(const struct kvm_report *r, int32_t vm, FILE *out)
{
	const char *sep = "virtual CPUs and their threads: ";

	for (const struct kvm_thread *t = r->threads; t < r->threads + r->nr_threads; t++) {
		if (t->vm != vm || !t->tid)
			continue;
		if (t->vcpu < KVM_UNNUMBERED)
			fprintf(out, "%s%u = %d", sep, t->vcpu, t->tid);
		else
			fprintf(out, "%s? = %d", sep, t->tid);
		if (t->name)
			fprintf(out, " (%s)", t->name);
		sep = ", ";
	}
	fputs(*sep == ',' ? "\n" : "", out);
}

static void host(const struct kvm_report *r, FILE *out)
{
	const char *sep = "host: ";

	for (unsigned int i = 0; i < r->host.nr; i++) {
		const struct kvm_subject *s = &r->host.subjects[i];

		if (strncmp(s->name, "module/", 7))
			continue;
		for (unsigned int k = 0; k < s->nr; k++) {
			const char *before = s->facts[k].val[0], *after = s->facts[k].val[KVM_NR_SNAPS - 1];

			fprintf(out, "%s%s.%s %s", sep, s->name + 7, s->facts[k].name, before ? before : "?");
			if (!before || !after || strcmp(before, after))
				fprintf(out, " (at the end %s)", after ? after : "?");
			sep = ", ";
		}
	}
	fputs(*sep == ',' ? "\n" : "", out);
}

void render_kvm_text(const struct kvm_report *r, const struct render_kvm_options *o, FILE *out)
{
	char *path = sanitized(r->path);
	struct screen_wrapped w;
	FILE *lines = screen_wrapped_begin(&w, out);

	fprintf(lines, "%s: %u virtual machine%s, ", path, r->nr_vms, plural_s(r->nr_vms));
	free(path);
	for (unsigned int i = 0; i < r->nr_guests; i++) {
		const struct kvm_pair *p = &r->guests[i];

		if (p->vm)
			fprintf(lines, "%d ", p->vm);
		path = sanitized(p->want.path);
		fprintf(lines, "joined with %s, ", path);
		free(path);
	}
	if (r->nr_guests == 1)
		fprintf(lines, "clocks %s and %s\n\n", r->clock, r->guests[0].guest.clock);
	else
		fprintf(lines, "%sclock %s\n\n", r->nr_guests ? "" : "host only, ", r->clock);
	screen_wrapped_end(&w, &o->screen, out);
	render_kvm_rows(r, o, out);
	for (unsigned int i = 0; i < r->nr_vms; i++) {
		const struct kvm_vm *vm = &r->vms[i];

		if (r->nr_vms > 1 || vm->tgid)
			fprintf(out, "%sVM %d (%s), %u virtual CPU%s\n", i ? "\n" : "", vm->tgid,
				r->names[i] ? r->names[i] : "?", vm->nr_vcpus, plural_s(vm->nr_vcpus));
		exits(r, o, vm, out);
		lines = screen_wrapped_begin(&w, out);
		vcpus(r, vm->tgid, lines);
		outcomes(vm, lines);
		halts(r, o, &vm->halts, lines);
		screen_wrapped_end(&w, &o->screen, out);
	}
	/* What follows is of all of them. */
	fputs(r->nr_vms > 1 ? "\n" : "", out);
	lines = screen_wrapped_begin(&w, out);
	host(r, lines);
	for (unsigned int i = 0; i < r->nr_guests; i++)
		joined(r, o, &r->guests[i], lines);
	laws(r, lines);
	notes(r, lines);
	screen_wrapped_end(&w, &o->screen, out);
}
