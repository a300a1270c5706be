// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/timeline-tracks.c - the tracks of a timeline, made as they are needed, and which slices are open on them.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/event.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/taskid.h"
#include "base/text.h"
#include "report/names.h"
#include "report/timeline-priv.h"

/* The kinds of what a track is asked for; with number and CPU it is the key. */
enum key_kind { KEY_CPU, KEY_COUNTER, KEY_SENDER, KEY_PROCESS };

struct track_key {
	enum key_kind kind;
	int32_t number; /* SENDER: see span_sender(); PROCESS; COUNTER: which */
	uint32_t cpu;	/* 0 of tasks, which may be on any */
};

struct track {
	struct track_key key;
	char *name;
	uint64_t *ends; /* of the slices that are open, outermost first */
	uint32_t nr, room;
	uint32_t beside; /* the track that takes what overlaps here; 0 = none yet */
};

struct tracks {
	const struct timeline_ops *ops;
	void *ctx;
	const struct span_names *names;
	struct track *tracks; /* by id, less 1 */
	uint32_t nr, room;
	struct hash by_key;
	uint32_t cpus, no_task; /* the groups; 0 = not made yet */
};

struct tracks *tracks_new(const struct timeline_ops *ops, void *ctx, const struct span_names *names)
{
	struct tracks *t = xcalloc(1, sizeof(*t));

	t->ops = ops;
	t->ctx = ctx;
	t->names = names;
	return t;
}

void tracks_free(struct tracks *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < t->nr; i++) {
		free(t->tracks[i].name);
		free(t->tracks[i].ends);
	}
	free(t->tracks);
	hash_free(&t->by_key);
	free(t);
}

/* name becomes the track's. */
static uint32_t make(struct tracks *t, struct timeline_track track, char *name)
{
	if (t->nr == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->tracks = xrealloc(t->tracks, t->room * sizeof(*t->tracks));
	}
	t->tracks[t->nr++] = (struct track){ .name = name };
	track.id = t->nr;
	track.name = name;
	t->ops->track(t->ctx, &track);
	return track.id;
}

static uint32_t hash_of(struct track_key key)
{
	return (uint32_t)hash_u64((uint64_t)key.kind << 62 ^ (uint64_t)key.cpu << 32 ^ (uint32_t)key.number);
}

static uint32_t find(const struct tracks *t, struct track_key key)
{
	uint32_t hash = hash_of(key), at, i;

	for (i = hash_first(&t->by_key, hash, &at); i != HASH_END; i = hash_next(&t->by_key, hash, &at)) {
		const struct track_key *k = &t->tracks[i].key;

		if (k->kind == key.kind && k->number == key.number && k->cpu == key.cpu)
			return i + 1;
	}
	return 0;
}

static uint32_t make_for(struct tracks *t, struct track_key key, struct timeline_track track, char *name)
{
	uint32_t id = make(t, track, name);

	t->tracks[id - 1].key = key;
	hash_add(&t->by_key, hash_of(key), id - 1);
	return id;
}

static uint32_t group(struct tracks *t, uint32_t *id, const char *name)
{
	if (!*id)
		*id = make(t, (struct timeline_track){ .kind = TIMELINE_GROUP }, xstrdup(name));
	return *id;
}

uint32_t tracks_cpu(struct tracks *t, uint32_t cpu)
{
	struct track_key key = { KEY_CPU, 0, cpu };
	uint32_t id = find(t, key);
	struct timeline_track track = { .kind = TIMELINE_CPU,
					.rank = 4 * cpu,
					.description = "Handlers of IPIs that ran here, and functions in them" };

	if (id)
		return id;
	track.parent = group(t, &t->cpus, "IPIs by CPU");
	return make_for(t, key, track, xasprintf("CPU %u", cpu));
}

uint32_t tracks_counter(struct tracks *t, uint32_t cpu, enum tracks_counter counter)
{
	static const struct {
		const char *name, *unit, *description;
	} counters[] = {
		[TRACKS_PENDING] = { "pending", "IPIs", "Sent to this CPU and not arrived yet" },
		[TRACKS_RATE] = { "interrupts/s", "interrupts/s",
				  "Of each 10 ms, given at their end; where it is another than before" },
	};
	struct track_key key = { KEY_COUNTER, (int32_t)counter, cpu };
	uint32_t id = find(t, key);
	struct timeline_track track = { .kind = TIMELINE_COUNTER,
					.rank = 4 * cpu + 1 + counter,
					.unit = counters[counter].unit,
					.description = counters[counter].description };

	if (id)
		return id;
	tracks_cpu(t, cpu);
	track.parent = t->cpus;
	return make_for(t, key, track, xasprintf("CPU %u %s", cpu, counters[counter].name));
}

/* As the kernel calls the idle task of a CPU; softirqs and handlers as reports do. */
static uint32_t make_no_task(struct tracks *t, struct track_key key)
{
	struct timeline_track track = { .kind = TIMELINE_NO_TASK, .rank = key.cpu };
	char *name = key.number ? xasprintf("%s on CPU %u", sender_comm(t->names, key.number), key.cpu) :
				  xasprintf("swapper/%u", key.cpu);

	track.parent = group(t, &t->no_task, "Senders that are no tasks");
	return make_for(t, key, track, name);
}

/* Of a task that has a number. Viewers know tasks by their numbers, so of several that had one the others have none there. */
static char *task_name(const struct tracks *t, int32_t id)
{
	const char *comm = sender_comm(t->names, id);
	unsigned int before = task_owner(id);
	char clean[64];

	sanitize(clean, sizeof(clean), comm ? comm : "<...>");
	if (before == TASK_ANY_OWNER)
		return xasprintf("%s (%d, given again and again)", clean, task_number(id));
	if (before)
		return xasprintf("%s (%d, had by %u before)", clean, task_number(id), before);
	return xstrdup(clean);
}

static uint32_t process(struct tracks *t, int32_t tgid)
{
	struct track_key key = { KEY_PROCESS, tgid, 0 };
	uint32_t id = find(t, key);

	if (id)
		return id;
	return make_for(t, key, (struct timeline_track){ .kind = TIMELINE_PROCESS, .pid = tgid }, task_name(t, tgid));
}

uint32_t tracks_sender(struct tracks *t, const struct ipi_span *s)
{
	int32_t sender = span_sender(s), tgid;
	struct track_key key = { KEY_SENDER, sender, sender > 0 ? 0 : s->source };
	struct timeline_track track = { .kind = TIMELINE_TASK, .pid = sender };
	uint32_t id = find(t, key);

	if (id)
		return id;
	if (sender <= 0)
		return make_no_task(t, key);
	tgid = sender_tgid(t->names, sender);
	if (tgid > 0)
		track.parent = process(t, tgid);
	return make_for(t, key, track, task_name(t, sender));
}

static uint32_t beside(struct tracks *t, uint32_t id)
{
	uint32_t made = t->tracks[id - 1].beside;

	if (made)
		return made;
	made = make(t,
		    (struct timeline_track){ .kind = TIMELINE_BESIDE,
					     .parent = id,
					     .description = "What would overlap on the track that it is beside" },
		    xasprintf("%s, beside", t->tracks[id - 1].name));
	t->tracks[id - 1].beside = made;
	return made;
}

uint32_t tracks_begin(struct tracks *t, uint32_t id, uint64_t end_ns)
{
	struct track *track = &t->tracks[id - 1];

	while (track->nr && track->ends[track->nr - 1] < end_ns) {
		id = beside(t, id);
		track = &t->tracks[id - 1];
	}
	if (track->nr == track->room) {
		track->room = track->room ? 2 * track->room : 4;
		track->ends = xrealloc(track->ends, track->room * sizeof(*track->ends));
	}
	track->ends[track->nr++] = end_ns;
	return id;
}

void tracks_end(struct tracks *t, uint32_t id)
{
	t->tracks[id - 1].nr--;
}
