// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/perfetto.c - a timeline as a trace of Perfetto: track events in protobuf, for ui.perfetto.dev and trace_processor.
 *
 * render/perfetto.proto has the messages; protobuf-c writes them. One packet follows the other, a sequence for each part:
 * first a packet that clears the incremental state and says what holds for all behind it, then the clock. Names, categories and
 * texts are sent once and are numbers from then on. When there are many of them they are forgotten and the state is
 * cleared again, so that memory does not depend on how many a recording has; numbers are never used twice. Tracks bear the
 * numbers that they have here: every event names its own, so that small ones matter. Times are what passed since the event
 * before.
 *
 * Packets are compressed some hundred kB at a time, as Perfetto's own service does it: a fifth is left of them, and viewers
 * take as long for either.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/mem.h"
#include "render/perfetto.pb-c.h"
#include "render/timeline.h"

#define MAX_INTERNED 65536u /* all together, before they are forgotten */
/* The sequence's own clock: from 64 on they belong to one. What counts on it is the time since the packet before. */
#define STEPS_CLOCK 64u
/* Of packets; compressed they shall not be more than 512 kB (compressed_packets, trace_packet.proto). */
#define CHUNK	  262144u
#define MAX_NOTES 32u /* debug annotations of a slice: args and columns */
#define MAX_NEW	  (2 * MAX_NOTES)

enum dict_kind { DICT_CATEGORY, DICT_NAME, DICT_KEY, DICT_TEXT, NR_DICTS };

/* What was sent of one kind since the state was cleared. */
struct dict {
	struct hash index;
	struct interned {
		char *text;
		uint64_t iid;
	} * items;
	uint32_t nr, room;
	uint64_t last; /* number that was given */

	/* To go with the next packet. */
	Pf__Interned fresh[MAX_NEW], *fresh_at[MAX_NEW];
	unsigned int nr_fresh;
};

struct perfetto {
	FILE *out;
	Pf__BuiltinClock clock; /* that the recording's is taken for */
	const struct trace_info *trace;
	bool begun;
	uint32_t sequence;
	uint64_t now_ns; /* of the last packet of it */
	struct dict dicts[NR_DICTS];
	int32_t *pids; /* of processes, by track */
	unsigned int nr_pids;
	uint8_t *buf; /* packets to be compressed */
	size_t len, room;
};

/* --- packets --- */

/* What there is of packets, as one that holds them. */
static void write_chunk(struct perfetto *p)
{
	uLongf len = compressBound(p->len);
	uint8_t *packed = xmalloc(len), *bytes;
	Pf__TracePacket packet = PF__TRACE_PACKET__INIT, *packets = &packet;
	Pf__Trace trace = PF__TRACE__INIT;

	/* That the room does not do, or memory is short, cannot be. */
	if (compress2(packed, &len, p->buf, p->len, Z_BEST_SPEED) != Z_OK)
		mem_exhausted(p->len);
	packet.has_compressed_packets = true;
	packet.compressed_packets = (ProtobufCBinaryData){ len, packed };
	trace.n_packet = 1;
	trace.packet = &packets;
	bytes = xmalloc(pf__trace__get_packed_size(&trace));
	fwrite_unlocked(bytes, 1, pf__trace__pack(&trace, bytes), p->out);
	free(bytes);
	free(packed);
	p->len = 0;
}

static void write_packet(struct perfetto *p, Pf__TracePacket *packet)
{
	Pf__Trace trace = PF__TRACE__INIT; /* traces behind each other are one, with the packets of all */
	size_t len;

	/* All but those that clear the state (trace_packet.proto, of trace_packet_defaults). */
	if (!packet->has_sequence_flags)
		packet->sequence_flags = PF__SEQUENCE_FLAGS__SEQ_NEEDS_INCREMENTAL_STATE;
	packet->has_sequence_flags = true;
	packet->has_trusted_packet_sequence_id = true;
	packet->trusted_packet_sequence_id = p->sequence;
	trace.n_packet = 1;
	trace.packet = &packet;
	len = pf__trace__get_packed_size(&trace);
	if (p->len && p->len + len > CHUNK)
		write_chunk(p);
	if (p->len + len > p->room) {
		p->room = p->len + 2 * len > CHUNK ? p->len + 2 * len : CHUNK;
		p->buf = xrealloc(p->buf, p->room);
	}
	p->len += pf__trace__pack(&trace, p->buf + p->len);
}

static void forget(struct dict *d)
{
	for (uint32_t i = 0; i < d->nr; i++)
		free(d->items[i].text);
	d->nr = 0;
	hash_free(&d->index);
}

static void clear_state(struct perfetto *p)
{
	Pf__TracePacketDefaults defaults = PF__TRACE_PACKET_DEFAULTS__INIT;
	Pf__TracePacket packet = PF__TRACE_PACKET__INIT;

	for (unsigned int i = 0; i < NR_DICTS; i++)
		forget(&p->dicts[i]);
	packet.has_sequence_flags = true;
	packet.sequence_flags = PF__SEQUENCE_FLAGS__SEQ_INCREMENTAL_STATE_CLEARED;
	packet.has_first_packet_on_sequence = !p->begun;
	packet.first_packet_on_sequence = !p->begun;
	defaults.has_timestamp_clock_id = true;
	defaults.timestamp_clock_id = STEPS_CLOCK;
	packet.trace_packet_defaults = &defaults;
	write_packet(p, &packet);
}

/*
 * The trace's time is that of the recording's clock, whatever it is: where Perfetto knows it, by its number, else as if it
 * were its default. From here on times are steps from this one.
 */
static void write_clock(struct perfetto *p)
{
	Pf__ClockSnapshot snapshot = PF__CLOCK_SNAPSHOT__INIT;
	Pf__ClockSnapshot__Clock clock = PF__CLOCK_SNAPSHOT__CLOCK__INIT, steps = PF__CLOCK_SNAPSHOT__CLOCK__INIT;
	Pf__ClockSnapshot__Clock *clocks[] = { &clock, &steps };
	Pf__TracePacket packet = PF__TRACE_PACKET__INIT;

	clock.has_clock_id = steps.has_clock_id = clock.has_timestamp = steps.has_timestamp = true;
	clock.clock_id = p->clock;
	steps.clock_id = STEPS_CLOCK;
	clock.timestamp = steps.timestamp = p->now_ns;
	steps.has_is_incremental = steps.is_incremental = true;
	snapshot.clocks = clocks;
	snapshot.n_clocks = ARRAY_SIZE(clocks);
	snapshot.has_primary_trace_clock = true;
	snapshot.primary_trace_clock = p->clock;
	packet.clock_snapshot = &snapshot;
	write_packet(p, &packet);
}

/* In front of everything else of which a packet is made. */
static void prepare(struct perfetto *p)
{
	uint32_t nr = 0;

	for (unsigned int i = 0; i < NR_DICTS; i++)
		nr += p->dicts[i].nr;
	if (likely(p->begun && nr < MAX_INTERNED))
		return;
	clear_state(p);
	write_clock(p);
	p->begun = true;
}

static void write_event(struct perfetto *p, uint64_t at_ns, Pf__TrackEvent *event)
{
	Pf__InternedData data = PF__INTERNED_DATA__INIT;
	Pf__TracePacket packet = PF__TRACE_PACKET__INIT;
	struct dict *d = p->dicts;

	packet.has_timestamp = true;
	packet.timestamp = at_ns - p->now_ns;
	p->now_ns = at_ns;
	packet.track_event = event;
	if (d[DICT_CATEGORY].nr_fresh || d[DICT_NAME].nr_fresh || d[DICT_KEY].nr_fresh || d[DICT_TEXT].nr_fresh)
		packet.interned_data = &data;
	data.n_event_categories = d[DICT_CATEGORY].nr_fresh;
	data.event_categories = d[DICT_CATEGORY].fresh_at;
	data.n_event_names = d[DICT_NAME].nr_fresh;
	data.event_names = d[DICT_NAME].fresh_at;
	data.n_debug_annotation_names = d[DICT_KEY].nr_fresh;
	data.debug_annotation_names = d[DICT_KEY].fresh_at;
	data.n_debug_annotation_string_values = d[DICT_TEXT].nr_fresh;
	data.debug_annotation_string_values = d[DICT_TEXT].fresh_at;
	write_packet(p, &packet);
	for (unsigned int i = 0; i < NR_DICTS; i++)
		d[i].nr_fresh = 0;
}

/* --- names that are numbers --- */

static uint32_t hash_of(const char *text)
{
	uint64_t hash = 0, word;
	size_t len = strlen(text), n;

	for (; len; text += n, len -= n) {
		n = len < sizeof(word) ? len : sizeof(word);
		word = 0;
		memcpy(&word, text, n);
		hash = hash_u64(hash + word);
	}
	return (uint32_t)hash;
}

/* The number of a text, which goes with the next event if it is new. */
static uint64_t intern(struct perfetto *p, enum dict_kind kind, const char *text)
{
	struct dict *d = &p->dicts[kind];
	uint32_t hash = hash_of(text), at, i;
	struct interned *item;

	for (i = hash_first(&d->index, hash, &at); i != HASH_END; i = hash_next(&d->index, hash, &at))
		if (!strcmp(d->items[i].text, text))
			return d->items[i].iid;
	if (d->nr == d->room) {
		d->room = d->room ? 2 * d->room : 64;
		d->items = xrealloc(d->items, d->room * sizeof(*d->items));
	}
	item = &d->items[d->nr];
	*item = (struct interned){ xstrdup(text), ++d->last };
	hash_add(&d->index, hash, d->nr++);
	d->fresh[d->nr_fresh] = (Pf__Interned)PF__INTERNED__INIT;
	d->fresh[d->nr_fresh].has_iid = true;
	d->fresh[d->nr_fresh].iid = item->iid;
	d->fresh[d->nr_fresh].text = item->text;
	d->fresh_at[d->nr_fresh] = &d->fresh[d->nr_fresh];
	d->nr_fresh++;
	return item->iid;
}

/* --- tracks --- */

static void perfetto_track(void *ctx, const struct timeline_track *t)
{
	struct perfetto *p = ctx;
	Pf__ProcessDescriptor process = PF__PROCESS_DESCRIPTOR__INIT;
	Pf__ThreadDescriptor thread = PF__THREAD_DESCRIPTOR__INIT;
	Pf__CounterDescriptor counter = PF__COUNTER_DESCRIPTOR__INIT;
	Pf__TrackDescriptor track = PF__TRACK_DESCRIPTOR__INIT;
	Pf__TracePacket packet = PF__TRACE_PACKET__INIT;

	prepare(p);
	track.has_uuid = true;
	track.uuid = t->id;
	track.has_parent_uuid = t->parent && t->kind != TIMELINE_TASK;
	track.parent_uuid = t->parent;
	track.description = (char *)t->description;
	p->pids = xgrow(p->pids, &p->nr_pids, t->id, sizeof(*p->pids));
	switch (t->kind) {
	case TIMELINE_PROCESS:
		p->pids[t->id] = process.pid = t->pid;
		process.has_pid = true;
		process.process_name = (char *)t->name;
		track.process = &process;
		break;
	case TIMELINE_TASK:
		thread.has_pid = thread.has_tid = true;
		thread.pid = t->parent ? p->pids[t->parent] : t->pid;
		thread.tid = t->pid;
		thread.thread_name = (char *)t->name;
		track.thread = &thread;
		break;
	case TIMELINE_COUNTER:
		counter.unit_name = (char *)t->unit;
		track.counter = &counter;
		/* fall through */
	case TIMELINE_CPU:
	case TIMELINE_NO_TASK:
		track.has_sibling_order_rank = true;
		track.sibling_order_rank = (int32_t)t->rank;
		/* fall through */
	case TIMELINE_GROUP:
	case TIMELINE_BESIDE:
		track.name = (char *)t->name;
		track.has_child_ordering = t->kind == TIMELINE_GROUP;
		track.child_ordering = PF__CHILD_TRACKS_ORDERING__EXPLICIT;
		break;
	}
	packet.track_descriptor = &track;
	write_packet(p, &packet);
}

/* --- events --- */

struct notes {
	Pf__DebugAnnotation notes[MAX_NOTES], *at[MAX_NOTES];
	unsigned int nr;
};

static Pf__DebugAnnotation *note(struct perfetto *p, struct notes *n, const char *key)
{
	Pf__DebugAnnotation *a = &n->notes[n->nr];

	*a = (Pf__DebugAnnotation)PF__DEBUG_ANNOTATION__INIT;
	n->at[n->nr++] = a;
	a->has_name_iid = true;
	a->name_iid = intern(p, DICT_KEY, key);
	return a;
}

static void note_text(struct perfetto *p, struct notes *n, const char *key, const char *text)
{
	Pf__DebugAnnotation *a = note(p, n, key);

	a->has_string_value_iid = true;
	a->string_value_iid = intern(p, DICT_TEXT, text);
}

static void note_number(struct perfetto *p, struct notes *n, const char *key, uint64_t num)
{
	Pf__DebugAnnotation *a = note(p, n, key);

	a->has_uint_value = true;
	a->uint_value = num;
}

static void note_flag(struct perfetto *p, struct notes *n, const char *key, bool flag)
{
	Pf__DebugAnnotation *a = note(p, n, key);

	a->has_bool_value = true;
	a->bool_value = flag;
}

static void notes_of(struct perfetto *p, const struct timeline_slice *s, struct notes *n)
{
	for (unsigned int i = 0; i < s->nr_args; i++) {
		if (s->args[i].text)
			note_text(p, n, s->args[i].key, s->args[i].text);
		else
			note_number(p, n, s->args[i].key, s->args[i].num);
	}
	for (unsigned int i = 0; s->line && s->columns[i] && n->nr < MAX_NOTES; i++) {
		const struct list_column *c = s->columns[i];
		struct list_value v = c->get(s->line);

		if (v.none)
			continue;
		if (c->unit == LIST_TEXT)
			note_text(p, n, c->key, v.text);
		else if (c->unit == LIST_FLAG)
			note_flag(p, n, c->key, v.num);
		else
			note_number(p, n, c->key, v.num);
	}
}

static Pf__TrackEvent event_of(uint32_t track, Pf__Type type)
{
	Pf__TrackEvent event = PF__TRACK_EVENT__INIT;

	event.has_track_uuid = true;
	event.track_uuid = track;
	event.has_type = true;
	event.type = type;
	return event;
}

static void perfetto_begin(void *ctx, const struct timeline_slice *s)
{
	struct perfetto *p = ctx;
	Pf__TrackEvent event = event_of(s->track, PF__TYPE__TYPE_SLICE_BEGIN);
	uint64_t categories[TIMELINE_MAX_CATEGORIES];
	struct notes notes = { .nr = 0 };

	prepare(p);
	for (unsigned int i = 0; i < s->nr_categories; i++)
		categories[i] = intern(p, DICT_CATEGORY, s->categories[i]);
	event.n_category_iids = s->nr_categories;
	event.category_iids = categories;
	event.has_name_iid = true;
	event.name_iid = intern(p, DICT_NAME, s->name);
	notes_of(p, s, &notes);
	event.n_debug_annotations = notes.nr;
	event.debug_annotations = notes.at;
	event.n_flow_ids = s->nr_flows;
	event.flow_ids = (uint64_t *)s->flows;
	event.n_terminating_flow_ids = s->nr_ends;
	event.terminating_flow_ids = (uint64_t *)s->ends;
	write_event(p, s->at_ns, &event);
}

static void perfetto_end(void *ctx, uint32_t track, uint64_t at_ns)
{
	Pf__TrackEvent event = event_of(track, PF__TYPE__TYPE_SLICE_END);

	write_event(ctx, at_ns, &event);
}

static void perfetto_counter(void *ctx, uint32_t track, uint64_t at_ns, uint64_t value)
{
	Pf__TrackEvent event = event_of(track, PF__TYPE__TYPE_COUNTER);

	prepare(ctx);
	event.has_counter_value = true;
	event.counter_value = (int64_t)value;
	write_event(ctx, at_ns, &event);
}

static void *perfetto_open(FILE *out, const struct trace_info *trace)
{
	static const struct {
		const char *name;
		Pf__BuiltinClock id;
	} clocks[] = {
		{ "mono", PF__BUILTIN_CLOCK__BUILTIN_CLOCK_MONOTONIC },
		{ "mono_raw", PF__BUILTIN_CLOCK__BUILTIN_CLOCK_MONOTONIC_RAW },
		{ "boot", PF__BUILTIN_CLOCK__BUILTIN_CLOCK_BOOTTIME },
	};
	struct perfetto *p = xcalloc(1, sizeof(*p));

	p->out = out;
	p->sequence = 1;
	p->clock = PF__BUILTIN_CLOCK__BUILTIN_CLOCK_BOOTTIME; /* the default */
	p->trace = trace;
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		if (!strcmp(trace->clock, clocks[i].name))
			p->clock = clocks[i].id;
	return p;
}

/* Packets of a sequence are in order of time: so it is another one. Numbers of tracks and flows are the trace's. */
static void perfetto_part(void *state)
{
	struct perfetto *p = state;

	p->sequence++;
	p->begun = false;
	p->now_ns = 0;
}

static void perfetto_finish(void *state)
{
	struct perfetto *p = state;

	if (p->len)
		write_chunk(p);
	for (unsigned int i = 0; i < NR_DICTS; i++) {
		forget(&p->dicts[i]);
		free(p->dicts[i].items);
	}
	free(p->pids);
	free(p->buf);
	free(p);
}

const struct timeline_render timeline_render_perfetto = {
	perfetto_open,
	perfetto_part,
	perfetto_finish,
	{ perfetto_track, perfetto_begin, perfetto_end, perfetto_counter },
};
