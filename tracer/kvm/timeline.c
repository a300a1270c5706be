// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/timeline.c - IPIs of a join to slices, and two timelines beside them.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/event.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/taskid.h"
#include "base/text.h"
#include "kvm/timeline.h"

/* An IPI by a number that spans of the guest's recording have. */
struct by_id {
	uint64_t id;
	uint32_t ipi;
};

/* A track for what does not overlap there. */
struct lane {
	uint32_t vcpu, id, nr; /* nr: 0, then those beside it */
	uint64_t until_ns;
};

struct step {
	uint64_t at_ns, seq;
	uint32_t ipi;
	uint8_t point; /* whose stage begins or ends; KVM_NR_POINTS: the IPI itself */
	bool ends, no_length;
};

struct kvm_timeline {
	const struct kvm_report *r;
	const struct kvm_pair *pair; /* its only one */
	const struct timeline_ops *ops;
	void *ctx;
	struct kvm_ipi *ipis; /* in order of their exits */
	uint32_t nr, room;
	struct by_id *sends, *irqs; /* those that have one, by its id */
	uint32_t nr_sends, nr_irqs;
	uint32_t *track_of; /* by IPI */
	struct lane *lanes;
	uint32_t nr_lanes, room_lanes;

	/* What was given out: numbers of tracks and flows. */
	uint32_t last_track, first_track;
	uint64_t last_flow, first_flow, ipi_flow; /* ipi_flow: of the first IPI */
	uint32_t tasks;				  /* the group of tasks that no process is known of; 0 = not made yet */
	uint64_t *flows, *ends;
	uint32_t room_flows, room_ends;
	uint64_t now_ns; /* of the guest's part */
};

static void add_ipi(void *ctx, const struct kvm_ipi *ipi)
{
	struct kvm_timeline *t = ctx;

	t->ipis = xgrow(t->ipis, &t->room, t->nr, sizeof(*t->ipis));
	t->ipis[t->nr++] = *ipi;
}

struct kvm_timeline *kvm_timeline_new(struct kvm_report *r)
{
	struct kvm_timeline *t = xcalloc(1, sizeof(*t));

	t->r = r;
	t->pair = &r->guests[0];
	r->tap = add_ipi;
	r->tap_ctx = t;
	return t;
}

void kvm_timeline_free(struct kvm_timeline *t)
{
	if (!t)
		return;
	free(t->ipis);
	free(t->sends);
	free(t->irqs);
	free(t->track_of);
	free(t->lanes);
	free(t->flows);
	free(t->ends);
	free(t);
}

/* --- which IPI --- */

static int by_exit(const void *a, const void *b)
{
	const struct kvm_ipi *x = a, *y = b;

	if (x->at[KVM_AT_EXIT] != y->at[KVM_AT_EXIT])
		return x->at[KVM_AT_EXIT] < y->at[KVM_AT_EXIT] ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->target < y->target ? -1 : x->target > y->target;
}

static int by_id(const void *a, const void *b)
{
	const struct by_id *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->ipi < y->ipi ? -1 : x->ipi > y->ipi;
}

static void sort_ids(struct by_id *ids, uint32_t nr)
{
	if (nr)
		qsort(ids, nr, sizeof(*ids), by_id);
}

/* The first of this id, or what would be behind it. */
static uint32_t first_of(const struct by_id *ids, uint32_t nr, uint64_t id)
{
	uint32_t from = 0, to = nr;

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;

		if (ids[mid].id < id)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

void kvm_timeline_begin(struct kvm_timeline *t, const struct timeline_ops *ops, void *ctx)
{
	const struct kvm_guest *g = &t->pair->guest;

	t->ops = ops;
	t->ctx = ctx;
	if (t->nr)
		qsort(t->ipis, t->nr, sizeof(*t->ipis), by_exit);
	t->sends = xcalloc(t->nr + 1ull, sizeof(*t->sends));
	t->irqs = xcalloc(t->nr + 1ull, sizeof(*t->irqs));
	t->track_of = xcalloc(t->nr + 1ull, sizeof(*t->track_of));
	for (uint32_t i = 0; i < t->nr; i++) {
		if (t->ipis[i].send)
			t->sends[t->nr_sends++] = (struct by_id){ g->sends[t->ipis[i].send - 1].id, i };
		if (t->ipis[i].irq)
			t->irqs[t->nr_irqs++] = (struct by_id){ g->irqs[t->ipis[i].irq - 1].id, i };
	}
	sort_ids(t->sends, t->nr_sends);
	sort_ids(t->irqs, t->nr_irqs);
}

/* All that an event without an exit can be drawn by is missing. */
static bool is_drawn(const struct kvm_ipi *ipi)
{
	return ipi->at[KVM_AT_EXIT] != KVM_NO_TIME;
}

bool kvm_timeline_has(void *ctx, const struct ipi_span *hit)
{
	const struct kvm_timeline *t = ctx;

	for (uint32_t i = first_of(t->sends, t->nr_sends, hit->send_id);
	     i < t->nr_sends && t->sends[i].id == hit->send_id; i++) {
		const struct kvm_ipi *ipi = &t->ipis[t->sends[i].ipi];

		if (t->pair->guest.sends[ipi->send - 1].target == hit->target)
			return ipi->irq && is_drawn(ipi);
	}
	return false;
}

/* --- the host's recording, and what both have in common --- */

static void host_track(void *ctx, const struct timeline_track *track)
{
	struct kvm_timeline *t = ctx;

	t->last_track = track->id;
	t->ops->track(t->ctx, track);
}

static void seen_flows(struct kvm_timeline *t, const struct timeline_slice *s)
{
	for (uint32_t i = 0; i < s->nr_flows; i++)
		t->last_flow = s->flows[i] > t->last_flow ? s->flows[i] : t->last_flow;
	for (uint32_t i = 0; i < s->nr_ends; i++)
		t->last_flow = s->ends[i] > t->last_flow ? s->ends[i] : t->last_flow;
}

static void host_begin(void *ctx, const struct timeline_slice *s)
{
	struct kvm_timeline *t = ctx;

	seen_flows(t, s);
	t->ops->begin(t->ctx, s);
}

static void host_end(void *ctx, uint32_t track, uint64_t at_ns)
{
	struct kvm_timeline *t = ctx;

	t->ops->end(t->ctx, track, at_ns);
}

static void host_counter(void *ctx, uint32_t track, uint64_t at_ns, uint64_t value)
{
	struct kvm_timeline *t = ctx;

	t->ops->counter(t->ctx, track, at_ns, value);
}

const struct timeline_ops kvm_timeline_host = { host_track, host_begin, host_end, host_counter };

/* name becomes nobody's: it is freed. */
static uint32_t make_track(struct kvm_timeline *t, struct timeline_track track, char *name)
{
	track.id = ++t->last_track;
	track.name = name;
	t->ops->track(t->ctx, &track);
	free(name);
	return track.id;
}

/* --- IPIs --- */

static uint64_t last_at(const struct kvm_ipi *ipi)
{
	uint64_t at = ipi->at[KVM_AT_EXIT];

	for (unsigned int i = KVM_AT_ACCEPT; i <= KVM_AT_ENTRY; i++)
		if (ipi->at[i] != KVM_NO_TIME && ipi->at[i] > at)
			at = ipi->at[i];
	return at;
}

static char *lane_name(const struct lane *l)
{
	const char *beside = l->nr ? ", beside" : "";

	if (l->vcpu == KVM_NO_VCPU)
		return xasprintf("to nobody known%s", beside);
	if (l->vcpu >= KVM_UNNUMBERED)
		return xasprintf("to vCPU without a number, %u%s", l->vcpu - KVM_UNNUMBERED, beside);
	return xasprintf("to vCPU %u%s", l->vcpu, beside);
}

static int by_vcpu(const void *a, const void *b)
{
	const struct lane *x = a, *y = b;

	if (x->vcpu != y->vcpu)
		return x->vcpu < y->vcpu ? -1 : 1;
	return x->nr < y->nr ? -1 : x->nr > y->nr;
}

/* The first lane of a target that is free then, made if there is none. */
static uint32_t free_lane(struct kvm_timeline *t, struct hash *by_target, uint32_t vcpu, uint64_t at_ns)
{
	uint32_t hash = (uint32_t)hash_u64(vcpu), found = HASH_END, nr = 0, at;

	for (uint32_t l = hash_first(by_target, hash, &at); l != HASH_END; l = hash_next(by_target, hash, &at)) {
		if (t->lanes[l].vcpu != vcpu)
			continue;
		nr++;
		if (t->lanes[l].until_ns <= at_ns && (found == HASH_END || t->lanes[l].nr < t->lanes[found].nr))
			found = l;
	}
	if (found != HASH_END)
		return found;
	t->lanes = xgrow(t->lanes, &t->room_lanes, t->nr_lanes, sizeof(*t->lanes));
	t->lanes[t->nr_lanes] = (struct lane){ vcpu, t->nr_lanes, nr, 0 };
	hash_add(by_target, hash, t->nr_lanes);
	return t->nr_lanes++;
}

/* track_of has the lane's index, then its track. */
static void place(struct kvm_timeline *t, uint32_t group)
{
	struct hash by_target = { 0 };
	uint32_t *order;

	for (uint32_t i = 0; i < t->nr; i++) {
		const struct kvm_ipi *ipi = &t->ipis[i];

		if (!is_drawn(ipi))
			continue;
		t->track_of[i] = free_lane(t, &by_target, ipi->target, ipi->at[KVM_AT_EXIT]);
		t->lanes[t->track_of[i]].until_ns = last_at(ipi);
	}
	hash_free(&by_target);
	order = xcalloc(t->nr_lanes + 1ull, sizeof(*order));
	if (t->nr_lanes)
		qsort(t->lanes, t->nr_lanes, sizeof(*t->lanes), by_vcpu);
	for (uint32_t l = 0; l < t->nr_lanes; l++)
		order[t->lanes[l].id] = make_track(
			t, (struct timeline_track){ .kind = TIMELINE_NO_TASK, .parent = group, .rank = l + 1 },
			lane_name(&t->lanes[l]));
	for (uint32_t i = 0; i < t->nr; i++)
		if (is_drawn(&t->ipis[i]))
			t->track_of[i] = order[t->track_of[i]];
	free(order);
}

static void add_text(struct timeline_slice *s, const char *key, const char *text)
{
	if (text)
		s->args[s->nr_args++] = (struct timeline_arg){ key, text, 0 };
}

static void add_number(struct timeline_slice *s, const char *key, uint64_t num)
{
	s->args[s->nr_args++] = (struct timeline_arg){ key, NULL, num };
}

static void add_vcpu(struct timeline_slice *s, const char *key, uint32_t vcpu)
{
	if (vcpu < KVM_UNNUMBERED)
		add_number(s, key, vcpu);
}

/* A stage that is shorter than the clocks are uncertain is no number. */
static void add_stages(struct timeline_slice *s, const struct kvm_ipi *ipi)
{
	for (unsigned int i = KVM_AT_EXIT; i < KVM_NR_POINTS; i++) {
		uint64_t stage = kvm_stage(ipi, (enum kvm_point)i);
		bool guests = i == KVM_AT_EXIT || i == KVM_AT_HANDLER;

		if (stage != KVM_NO_TIME && (!guests || stage >= ipi->width))
			add_number(s, kvm_stage_name((enum kvm_point)i), stage);
	}
	/* As in reports: from the guest's send to its handler. */
	if (ipi->at[KVM_AT_SEND] != KVM_NO_TIME && ipi->at[KVM_AT_HANDLER] != KVM_NO_TIME &&
	    kvm_total(ipi) != KVM_NO_TIME)
		add_number(s, "total", kvm_total(ipi));
	if (ipi->send)
		add_number(s, "error_ns", ipi->width - ipi->width / 2);
}

static void begin_ipi(struct kvm_timeline *t, uint32_t i, bool no_length)
{
	const struct kvm_ipi *ipi = &t->ipis[i];
	char **names = t->r->guest_names.list, class[KVM_CLASS_LEN];
	struct timeline_slice s = { .track = t->track_of[i],
				    .no_length = no_length,
				    .name = class,
				    .at_ns = ipi->at[KVM_AT_EXIT] + t->r->add_ns };
	uint64_t flow = t->ipi_flow + i;

	kvm_class_name(ipi, class);
	s.categories[s.nr_categories++] = "guest's IPI";
	if (ipi->outcome != KVM_DELIVERED)
		s.categories[s.nr_categories++] = kvm_outcome_name(ipi->outcome);
	if (!ipi->send)
		s.categories[s.nr_categories++] = "host only";
	else if (ipi->ambiguous && s.nr_categories < TIMELINE_MAX_CATEGORIES)
		s.categories[s.nr_categories++] = "ambiguous";
	add_vcpu(&s, "source", ipi->source);
	add_vcpu(&s, "target", ipi->target);
	add_text(&s, "path", kvm_path_name(ipi->path));
	add_text(&s, "kick", kvm_kick_name(ipi->kick));
	add_text(&s, "outcome", kvm_outcome_name(ipi->outcome));
	if (ipi->send) {
		add_number(&s, "send_id", t->pair->guest.sends[ipi->send - 1].id);
		add_text(&s, "caller", names[ipi->caller]);
		add_text(&s, "func", names[ipi->func]);
		add_text(&s, "comm", names[ipi->comm]);
	}
	add_stages(&s, ipi);
	if (ipi->send && ipi->irq) {
		s.flows = &flow;
		s.nr_flows = 1;
		s.pass = true;
	} else if (ipi->send) {
		s.ends = &flow;
		s.nr_ends = 1;
	}
	t->ops->begin(t->ctx, &s);
}

static void do_step(struct kvm_timeline *t, const struct step *step)
{
	uint64_t at_ns = step->at_ns + t->r->add_ns;
	static const struct list_column *const none[] = { NULL };
	struct timeline_slice s = {
		.track = t->track_of[step->ipi], .no_length = step->no_length, .at_ns = at_ns, .columns = none
	};

	if (step->ends) {
		t->ops->end(t->ctx, s.track, at_ns);
	} else if (step->point == KVM_NR_POINTS) {
		begin_ipi(t, step->ipi, step->no_length);
	} else {
		s.name = kvm_stage_name((enum kvm_point)step->point);
		s.categories[s.nr_categories++] = "stage";
		t->ops->begin(t->ctx, &s);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Stages follow each other in their IPI; what was stamped out of order is not among them. */
static uint32_t steps_of(const struct kvm_ipi *ipi, uint32_t i, struct step *steps)
{
	uint64_t seq = (uint64_t)i << 5, at = ipi->at[KVM_AT_EXIT];
	uint32_t nr = 0;

	steps[nr++] = (struct step){ at, seq++, i, KVM_NR_POINTS, false, false };
	for (unsigned int p = KVM_AT_ACCEPT; p <= KVM_AT_ENTRY; p++) {
		if (ipi->at[p] == KVM_NO_TIME || ipi->at[p] < at)
			continue;
		steps[nr++] = (struct step){ at, seq++, i, (uint8_t)p, false, ipi->at[p] == at };
		at = ipi->at[p];
		steps[nr++] = (struct step){ at, seq++, i, (uint8_t)p, true, false };
	}
	steps[0].no_length = nr == 1;
	steps[nr++] = (struct step){ last_at(ipi), seq, i, KVM_NR_POINTS, true, false };
	return nr;
}

/* One slice that says how both were joined, as long as the host recorded. */
static void begin_join(struct kvm_timeline *t, uint32_t track, uint64_t at_ns)
{
	const struct kvm_pair *p = t->pair;
	const struct kvm_joined *n = &p->joined;
	struct timeline_slice s = { .track = track, .at_ns = at_ns, .name = "guest and host, joined" };

	s.categories[s.nr_categories++] = "join";
	add_text(&s, "offset_known", p->offset_known ? "yes" : "no, by causes and effects");
	add_text(&s, "offset_from", p->offset_from);
	add_number(&s, "error_ns", p->width - p->width / 2);
	add_number(&s, "drift_ppm", p->drift_ppm);
	add_number(&s, "joined", n->matched);
	add_number(&s, "uncertain", n->ambiguous);
	add_number(&s, "host_only", n->host_only);
	add_number(&s, "guest_uncertain", n->guest_ambiguous);
	add_number(&s, "guest_only", n->guest_only);
	add_number(&s, "host_outside", n->host_outside);
	add_number(&s, "guest_outside", n->guest_outside);
	add_number(&s, "no_class", n->no_class);
	add_number(&s, "handlers_missing", n->handlers_missing);
	add_text(&s, "guest_kernel", p->guest.uname);
	add_text(&s, "guest_clock", p->guest.clock);
	if (p->vm > 0)
		add_number(&s, "vm", (uint64_t)p->vm);
	t->ops->begin(t->ctx, &s);
}

void kvm_timeline_ipis(struct kvm_timeline *t)
{
	struct step *steps = xcalloc(t->nr * 12ull + 1, sizeof(*steps));
	uint64_t from = UINT64_MAX, to = 0;
	uint32_t nr = 0, group, join;

	group = make_track(t, (struct timeline_track){ .kind = TIMELINE_GROUP }, xstrdup("guest: IPIs in the host"));
	join = make_track(t, (struct timeline_track){ .kind = TIMELINE_NO_TASK, .parent = group },
			  xstrdup("how they were joined"));
	place(t, group);
	t->ipi_flow = t->last_flow + 1;
	t->last_flow += t->nr;
	for (uint32_t i = 0; i < t->nr; i++) {
		if (!is_drawn(&t->ipis[i]))
			continue;
		nr += steps_of(&t->ipis[i], i, steps + nr);
		from = from < t->ipis[i].at[KVM_AT_EXIT] ? from : t->ipis[i].at[KVM_AT_EXIT];
		to = to > last_at(&t->ipis[i]) ? to : last_at(&t->ipis[i]);
	}
	if (nr)
		qsort(steps, nr, sizeof(*steps), by_time);
	if (!nr)
		from = to = 0;
	begin_join(t, join, from + t->r->add_ns);
	for (uint32_t i = 0; i < nr; i++)
		do_step(t, &steps[i]);
	t->ops->end(t->ctx, join, to + t->r->add_ns);
	free(steps);
	t->first_track = t->last_track;
	t->first_flow = t->last_flow;
}

/* --- the guest's recording --- */

/* In the middle of what is possible, as the join has it. */
static uint64_t host_ns(struct kvm_timeline *t, uint64_t ns)
{
	uint64_t early, late;

	/* Of the TSC's stamps these are by the host's clock already, but for the offset where it is not known. */
	if (t->pair->guest.tsc)
		ns -= t->pair->time.add;
	ns = kvm_pair_time(t->pair, ns, &early, &late) ? early + (late - early) / 2 + t->r->add_ns : 0;
	/* Clocks that drift apart are rounded. */
	t->now_ns = ns > t->now_ns ? ns : t->now_ns;
	return t->now_ns;
}

/* Its tracks behind all others. Tracks are numbered by the guest's timeline; one more is made here. */
static uint32_t guest_number(const struct kvm_timeline *t, uint32_t id)
{
	return id ? id + t->first_track + 1 : 0;
}

/* With its number, which the name of who had it after others says. */
static char *numbered(const struct timeline_track *task)
{
	return task_owner(task->pid) ? xstrdup(task->name) : xasprintf("%s %" PRId32, task->name, task->pid);
}

static void guest_track(void *ctx, const struct timeline_track *track)
{
	struct kvm_timeline *t = ctx;
	struct timeline_track own = *track;
	char *name = NULL, *task;

	own.id = guest_number(t, track->id);
	own.parent = guest_number(t, track->parent);
	if (track->kind == TIMELINE_GROUP) {
		name = xasprintf("guest: %s", track->name);
	} else if (track->kind == TIMELINE_PROCESS) {
		own.kind = TIMELINE_GROUP;
		task = numbered(track);
		name = xasprintf("guest: %s", task);
		free(task);
	} else if (track->kind == TIMELINE_TASK) {
		own.kind = TIMELINE_NO_TASK;
		own.rank = (uint32_t)track->pid;
		name = numbered(track);
		if (!track->parent && !t->tasks)
			t->tasks = make_track(t, (struct timeline_track){ .kind = TIMELINE_GROUP },
					      xstrdup("guest: tasks"));
		if (!track->parent)
			own.parent = t->tasks;
	}
	if (name)
		own.name = name;
	t->ops->track(t->ctx, &own);
	free(name);
}

static void add_flow(uint64_t **flows, uint32_t *room, uint32_t *nr, uint64_t flow)
{
	*flows = xgrow(*flows, room, *nr, sizeof(**flows));
	(*flows)[(*nr)++] = flow;
}

static void guest_begin(void *ctx, const struct timeline_slice *slice)
{
	struct kvm_timeline *t = ctx;
	const struct ipi_span *span = slice->line ? slice->line->span : NULL;
	struct timeline_slice s = *slice;

	s.track = guest_number(t, slice->track);
	s.at_ns = host_ns(t, slice->at_ns);
	s.nr_flows = s.nr_ends = 0;
	for (uint32_t i = 0; i < slice->nr_flows; i++)
		add_flow(&t->flows, &t->room_flows, &s.nr_flows, t->first_flow + slice->flows[i]);
	for (uint32_t i = 0; i < slice->nr_ends; i++)
		add_flow(&t->ends, &t->room_ends, &s.nr_ends, t->first_flow + slice->ends[i]);
	if (span && slice->kind == TIMELINE_SEND)
		for (uint32_t i = first_of(t->sends, t->nr_sends, span->send_id);
		     i < t->nr_sends && t->sends[i].id == span->send_id; i++)
			if (is_drawn(&t->ipis[t->sends[i].ipi]))
				add_flow(&t->flows, &t->room_flows, &s.nr_flows, t->ipi_flow + t->sends[i].ipi);
	if (span && slice->kind == TIMELINE_HANDLER)
		for (uint32_t i = first_of(t->irqs, t->nr_irqs, span->irq_id);
		     i < t->nr_irqs && t->irqs[i].id == span->irq_id; i++)
			if (t->ipis[t->irqs[i].ipi].send && is_drawn(&t->ipis[t->irqs[i].ipi]))
				add_flow(&t->ends, &t->room_ends, &s.nr_ends, t->ipi_flow + t->irqs[i].ipi);
	s.flows = t->flows;
	s.ends = t->ends;
	t->ops->begin(t->ctx, &s);
}

static void guest_end(void *ctx, uint32_t track, uint64_t at_ns)
{
	struct kvm_timeline *t = ctx;

	t->ops->end(t->ctx, guest_number(t, track), host_ns(t, at_ns));
}

static void guest_counter(void *ctx, uint32_t track, uint64_t at_ns, uint64_t value)
{
	struct kvm_timeline *t = ctx;

	t->ops->counter(t->ctx, guest_number(t, track), host_ns(t, at_ns), value);
}

const struct timeline_ops kvm_timeline_guest = { guest_track, guest_begin, guest_end, guest_counter };
