// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timelines: of what a simulated machine sends, with interrupts that coalesce, events that get lost, clocks that are
 * apart and stamps that are equal, a viewer that trusts nothing finds every slice where its span is, nested, and both
 * ends of every flow. And Perfetto's numbers for names stand when names are many.
 *
 * The recording behind it, tests/data/report.dat, only says which kinds of events there are.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "matchsim.h"
#include "render/perfetto.pb-c.h"
#include "render/timeline.h"
#include "report/analysis.h"
#include "report/handlers.h"
#include "report/timeline.h"
#include "tap.h"

#define RECORDING "tests/data/report.dat"

enum { MAX_TRACKS = 512, MAX_DEPTH = 64, MAX_FLOWS = 65536, RUNS = 60 };

/* --- a viewer --- */

struct view {
	uint64_t now_ns, ends[MAX_TRACKS][MAX_DEPTH];
	uint32_t depth[MAX_TRACKS], nr_tracks, beside;
	uint64_t begun[MAX_FLOWS], ended[MAX_FLOWS]; /* time + 1 */
	uint64_t sends, interrupts, not_shown, functions, local, queued, wakes, waits, in_coalesced;
	uint64_t faults;
	const char *fault;
};

static void need(struct view *v, bool held, const char *what)
{
	if (held)
		return;
	v->faults++;
	v->fault = v->fault ? v->fault : what;
}

static void goes_on(struct view *v, uint64_t ns)
{
	need(v, ns >= v->now_ns, "time goes back");
	v->now_ns = ns;
}

static void view_track(void *ctx, const struct timeline_track *t)
{
	struct view *v = ctx;

	need(v, t->id == ++v->nr_tracks && t->id < MAX_TRACKS && t->parent < t->id, "tracks are not in order");
	v->beside += t->kind == TIMELINE_BESIDE;
}

/* Where the span of a slice ends, as it says itself. */
static uint64_t end_of(const struct timeline_slice *s)
{
	const struct ipi_span *span = s->line ? s->line->span : NULL;
	const char *what = s->categories[0];
	uint64_t end = s->at_ns;

	if (!span)
		return end;
	if (!strcmp(what, "interrupt"))
		end = span->exit_ns;
	else if (!strcmp(what, "function") || !strcmp(what, "local function"))
		end = span->done_ns;
	else if (!strcmp(what, "wait"))
		end += span->wait_ns;
	else if (!strcmp(what, "send"))
		end = span->sent_ns;
	return end == IPI_NO_TIME || end < s->at_ns ? s->at_ns : end;
}

static void count(struct view *v, const struct timeline_slice *s)
{
	const char *what = s->categories[0];

	v->sends += !strcmp(what, "send");
	v->functions += !strcmp(what, "function");
	v->local += !strcmp(what, "local function");
	v->queued += !strcmp(what, "call");
	v->wakes += !strcmp(what, "wake");
	v->waits += !strcmp(what, "wait");
	if (!strcmp(what, "interrupt")) {
		v->interrupts += s->line != NULL;
		v->not_shown += s->line == NULL;
		v->in_coalesced += s->nr_ends - (s->line && s->line->kind == LIST_HIT);
	}
}

/* Each column has a value that can be read: none, a number, or a text. */
static void read_columns(struct view *v, const struct timeline_slice *s)
{
	for (unsigned int i = 0; s->line && s->columns[i]; i++) {
		struct list_value value = s->columns[i]->get(s->line);

		if (!value.none && s->columns[i]->unit == LIST_TEXT)
			need(v, strlen(value.text) < 4096, "a text without an end");
	}
}

static void view_begin(void *ctx, const struct timeline_slice *s)
{
	struct view *v = ctx;
	uint32_t depth = v->depth[s->track]++;
	uint64_t end = end_of(s);

	goes_on(v, s->at_ns);
	need(v, s->track && s->track <= v->nr_tracks, "a slice on no track");
	need(v, depth < MAX_DEPTH && (!depth || v->ends[s->track][depth - 1] >= end), "slices overlap");
	v->ends[s->track][depth] = end;
	for (uint32_t i = 0; i < s->nr_flows; i++) {
		need(v, !v->begun[s->flows[i]] && !v->ended[s->flows[i]], "a flow begins again");
		v->begun[s->flows[i]] = s->at_ns + 1;
	}
	for (uint32_t i = 0; i < s->nr_ends; i++) {
		need(v, !v->ended[s->ends[i]], "a flow ends again");
		v->ended[s->ends[i]] = s->at_ns + 1;
	}
	count(v, s);
	read_columns(v, s);
}

static void view_end(void *ctx, uint32_t track, uint64_t at_ns)
{
	struct view *v = ctx;

	goes_on(v, at_ns);
	if (!v->depth[track]) {
		need(v, false, "an end without a begin");
		return;
	}
	need(v, v->ends[track][--v->depth[track]] == at_ns, "a slice ends where its span does not");
}

static void view_counter(void *ctx, uint32_t track, uint64_t at_ns, uint64_t value)
{
	struct view *v = ctx;

	(void)track;
	goes_on(v, at_ns);
	need(v, value < INT64_MAX, "less than nothing is pending");
}

static void view_finish(struct view *v)
{
	for (unsigned int i = 0; i < MAX_TRACKS; i++)
		need(v, !v->depth[i], "a slice without an end");
	for (unsigned int i = 0; i < MAX_FLOWS; i++) {
		need(v, !v->begun[i] == !v->ended[i], "a flow with one end");
		need(v, v->ended[i] >= v->begun[i], "a flow back in time");
	}
}

static const struct timeline_ops view_ops = { view_track, view_begin, view_end, view_counter };

/* --- runs --- */

struct run {
	struct span_sink sink;
	uint64_t lines[LIST_LOCAL + 1], coalesced; /* CALL: without a hit; coalesced: whose interrupt is known */
	uint64_t functions, waits;		   /* of lines that have these times */
	bool only_coalesced;
};

static void relay(void *ctx, const struct ipi_span *s)
{
	struct run *r = ctx;
	bool line = s->kind == IPI_SPAN_HIT || (s->kind == IPI_SPAN_CALL && s->path != IPI_PATH_SENT);

	if (r->only_coalesced && (s->kind != IPI_SPAN_HIT || s->outcome != IPI_COALESCED))
		return;
	r->lines[LIST_HIT] += s->kind == IPI_SPAN_HIT && s->outcome == IPI_DELIVERED;
	r->lines[LIST_CALL] += s->kind == IPI_SPAN_CALL && s->path != IPI_PATH_SENT;
	r->lines[LIST_IRQ] += s->kind == IPI_SPAN_IRQ && s->unsolicited;
	r->lines[LIST_WAKE] += s->kind == IPI_SPAN_WAKE;
	r->lines[LIST_LOCAL] += s->kind == IPI_SPAN_LOCAL;
	r->coalesced += s->kind == IPI_SPAN_HIT && s->outcome == IPI_COALESCED && s->entry_ns != IPI_NO_TIME;
	r->functions += line && s->run_ns != IPI_NO_TIME;
	r->waits += line && s->wait_ns != IPI_NO_TIME;
	r->sink.span(r->sink.ctx, s);
}

static void one_run(const struct sim_config *config, struct run *r, struct view *v, struct match_totals *totals,
		    struct timeline_left_out *left_out)
{
	struct span_handlers *h = span_handlers_new();
	struct err err = { 0 };
	struct matcher *m;
	struct analysis *a;
	struct timeline *t;
	struct sim sim;

	sim_run(&sim, config);
	if (analysis_open(&a, RECORDING, NULL, &err))
		exit(1);
	t = timeline_new(a, &view_ops, v);
	r->sink = timeline_sink(t);
	r->sink = span_handlers_sink(h, &r->sink);
	m = matcher_new(&(struct match_config){ .nr_cpus = config->nr_cpus,
						.has_csd = true,
						.has_sends = true,
						.emit = relay,
						.waits = sim_waits,
						.ctx = r });
	for (unsigned int i = 0; i < sim.nr_events; i += 50) {
		unsigned int nr = sim.nr_events - i < 50 ? sim.nr_events - i : 50;

		matcher_feed(m, sim.events + i, nr);
		r->sink.settled(r->sink.ctx, matcher_settled_ns(m, sim.events[i + nr - 1].ts_ns));
	}
	matcher_finish(m);
	need(v, !r->sink.end(r->sink.ctx, &err), "it fails");
	view_finish(v);
	*totals = *matcher_totals(m);
	*left_out = *timeline_left_out(t);
	matcher_free(m);
	timeline_free(t);
	span_handlers_free(h);
	analysis_close(a);
	sim_free(&sim);
}

static void test_sim(const char *what, struct sim_config config)
{
	uint64_t faults = 0, unequal = 0, sends = 0, coalesced = 0, beside = 0, left_out = 0;
	const char *fault = "none";

	for (config.seed = 1; config.seed <= RUNS; config.seed++) {
		struct view *v = xcalloc(1, sizeof(*v));
		struct timeline_left_out out;
		struct run r = { 0 };
		struct match_totals t;

		one_run(&config, &r, v, &t, &out);
		faults += v->faults;
		fault = v->fault ? v->fault : fault;
		unequal += v->sends != t.sends ||
			   v->interrupts + out.interrupts != r.lines[LIST_HIT] + r.lines[LIST_IRQ] ||
			   v->local != r.lines[LIST_LOCAL] || v->queued != r.lines[LIST_CALL] ||
			   v->wakes != r.lines[LIST_WAKE] || v->functions + out.functions != r.functions ||
			   v->waits != r.waits || v->not_shown > (out.interrupts ? r.coalesced : 0) ||
			   (!config.skew_ns && v->in_coalesced != r.coalesced);
		sends += v->sends;
		coalesced += v->in_coalesced;
		beside += v->beside;
		left_out += out.interrupts + out.functions;
		free(v);
	}
	is_u64(faults, 0, "%s: slices nest, flows have two ends, time goes on (first fault: %s)", what, fault);
	is_u64(unequal, 0, "  there are as many as there are spans");
	ok(config.skew_ns || !left_out, "  with one clock nothing is left out");
	ok(sends > RUNS && (coalesced || config.nr_cpus > 4),
	   "  it was tried: %llu sends, %llu flows of what was coalesced, %llu tracks beside others, %llu left out",
	   (unsigned long long)sends, (unsigned long long)coalesced, (unsigned long long)beside,
	   (unsigned long long)left_out);
}

/* The interrupts of what passes are other senders'. */
static void test_only_coalesced(void)
{
	uint64_t faults = 0, ends = 0, want = 0, marks = 0;
	const char *fault = "none";

	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct sim_config config = {
			.seed = seed, .nr_cpus = 3, .nr_ops = 200, .features = SIM_RESCHED | SIM_SINGLE | SIM_ASYNC
		};
		struct run r = { .only_coalesced = true };
		struct view *v = xcalloc(1, sizeof(*v));
		struct timeline_left_out out;
		struct match_totals t;

		one_run(&config, &r, v, &t, &out);
		faults += v->faults + (v->interrupts != 0);
		fault = v->fault ? v->fault : fault;
		ends += v->in_coalesced;
		marks += v->not_shown;
		want += r.coalesced;
		free(v);
	}
	is_u64(faults, 0, "only what was coalesced passes: no fault (first: %s)", fault);
	is_u64(ends, want, "  every flow of it ends");
	ok(marks && marks <= ends, "  where its interrupt began (%llu marks for %llu)", (unsigned long long)marks,
	   (unsigned long long)ends);
}

/* --- Perfetto: more names than are kept --- */

/* Of all packets that those of the file hold. */
static Pf__Trace *unpacked(const uint8_t *bytes, size_t len)
{
	Pf__Trace *packed = pf__trace__unpack(NULL, len, bytes), *trace;
	size_t nr = 0;
	uint8_t *all = NULL;

	for (size_t i = 0; packed && i < packed->n_packet; i++) {
		uLongf more = 1 << 20;

		all = xrealloc(all, nr + more);
		if (uncompress(all + nr, &more, packed->packet[i]->compressed_packets.data,
			       packed->packet[i]->compressed_packets.len) != Z_OK)
			exit(1);
		nr += more;
	}
	trace = packed ? pf__trace__unpack(NULL, nr, all) : NULL;
	free(all);
	if (packed)
		pf__trace__free_unpacked(packed, NULL);
	return trace;
}

static Pf__Trace *written(unsigned int nr)
{
	static const struct list_column *const none[] = { NULL };
	const struct trace_info info = { .clock = "mono" };
	const struct timeline_render *r = &timeline_render_perfetto;
	char *bytes = NULL, name[32];
	size_t len;
	FILE *out = open_memstream(&bytes, &len);
	void *state = r->begin(out, &info);
	Pf__Trace *trace;

	r->ops.track(state, &(struct timeline_track){ .id = 1, .kind = TIMELINE_CPU, .name = "CPU 0" });
	for (unsigned int i = 0; i < nr; i++) {
		struct timeline_slice s = { .track = 1, .at_ns = i, .name = name, .columns = none };

		snprintf(name, sizeof(name), "name %u", i / 2);
		s.categories[s.nr_categories++] = "send";
		s.args[s.nr_args++] = (struct timeline_arg){ "text", name, 0 };
		r->ops.begin(state, &s);
		r->ops.end(state, 1, i);
	}
	r->finish(state);
	fclose(out);
	trace = unpacked((const uint8_t *)bytes, len);
	free(bytes);
	return trace;
}

static void test_many_names(void)
{
	enum { SLICES = 200000 };
	Pf__Trace *t = written(SLICES);
	char **names = xcalloc(SLICES + 1, sizeof(*names)), want[32];
	uint64_t wrong = 0, slices = 0, clears = 0, since = 1, last = 0;

	if (!ok(t != NULL, "Perfetto: it can be read again"))
		return;
	for (size_t i = 0; i < t->n_packet; i++) {
		const Pf__TracePacket *p = t->packet[i];
		const Pf__InternedData *d = p->interned_data;

		if (p->sequence_flags & PF__SEQUENCE_FLAGS__SEQ_INCREMENTAL_STATE_CLEARED) {
			wrong += !p->trace_packet_defaults || p->trace_packet_defaults->timestamp_clock_id != 64;
			clears++;
			since = last + 1;
		}
		for (size_t n = 0; d && n < d->n_event_names; n++) {
			wrong += d->event_names[n]->iid != ++last || last > SLICES;
			names[last] = d->event_names[n]->text;
		}
		if (!p->track_event || p->track_event->type != PF__TYPE__TYPE_SLICE_BEGIN)
			continue;
		snprintf(want, sizeof(want), "name %llu", (unsigned long long)(slices++ / 2));
		wrong += p->track_event->name_iid < since || p->track_event->name_iid > last ||
			 strcmp(names[p->track_event->name_iid], want) != 0;
	}
	is_u64(wrong, 0, "  numbers rise, are not from before the state was cleared, and stand for the right name");
	is_u64(slices, SLICES, "  all of them");
	ok(clears >= 3, "  the state was cleared when names were many (%llu times)", (unsigned long long)clears);
	free(names);
	pf__trace__free_unpacked(t, NULL);
}

/* --- JSON: what has no length in what has none --- */

/* "B0 E0 ...": begins and ends, and the number at the end of the name that each has. */
static char *events_of(const char *json)
{
	static const char begin[] = "\"ph\":\"";
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (const char *p = strstr(json, begin); p; p = strstr(p, begin)) {
		p += strlen(begin);
		if (*p == 'B' || *p == 'E')
			fprintf(out, "%c%.1s ", *p, strstr(p, "slice ") + strlen("slice "));
	}
	fclose(out);
	return text;
}

/* The first begins, and all others a little later, one in the other; lengths: 0 = none. */
static char *nested(const uint64_t *lengths, unsigned int nr)
{
	static const struct list_column *const none[] = { NULL };
	const struct trace_info info = { .clock = "mono" };
	const struct timeline_render *r = &timeline_render_chrome;
	char *json = NULL, name[32], *events;
	size_t len;
	FILE *out = open_memstream(&json, &len);
	void *state = r->begin(out, &info);

	r->ops.track(state, &(struct timeline_track){ .id = 1, .kind = TIMELINE_CPU, .name = "CPU 0" });
	for (unsigned int i = 0; i < nr; i++) {
		struct timeline_slice s = {
			.track = 1, .at_ns = 5 + !!i, .name = name, .columns = none, .no_length = !lengths[i]
		};

		snprintf(name, sizeof(name), "slice %u", i);
		s.categories[s.nr_categories++] = "interrupt";
		r->ops.begin(state, &s);
	}
	for (unsigned int i = nr; i-- > 0;)
		r->ops.end(state, 1, 5 + !!i + lengths[i]);
	r->finish(state);
	fclose(out);
	events = events_of(json);
	free(json);
	return events;
}

static void test_no_length(void)
{
	char *in_longer = nested((const uint64_t[]){ 9, 0 }, 2), *in_none = nested((const uint64_t[]){ 9, 0, 0 }, 3);

	is_str(in_longer, "B0 B1 E1 E0 ", "JSON: what has no length is in what has one");
	/* Speedscope would not end the inner one: of a time it takes ends before begins that have not the same name. */
	is_str(in_none, "B0 B1 E1 B2 E2 E0 ", "  what has none in what has none is beside it");
	free(in_longer);
	free(in_none);
}

int main(void)
{
	const unsigned int calls = SIM_RESCHED | SIM_SINGLE | SIM_ASYNC | SIM_MANY | SIM_TTWU;

	test_sim("calls and reschedules", (struct sim_config){ .nr_cpus = 3, .nr_ops = 300, .features = calls });
	test_sim("everything",
		 (struct sim_config){ .nr_cpus = 4,
				      .nr_ops = 400,
				      .late_pct = 10,
				      .features = calls | SIM_POLL | SIM_FLUSH | SIM_NEST | SIM_LOCAL | SIM_WAKE |
						  SIM_IRQ_WORK_ON | SIM_IRQ_WORK | SIM_STACKS | SIM_UNTRACED });
	test_sim("events get lost",
		 (struct sim_config){
			 .nr_cpus = 4, .nr_ops = 400, .gaps = 6, .features = calls | SIM_LOCAL | SIM_NEST });
	test_sim("stamps are coarse", (struct sim_config){ .nr_cpus = 3,
							   .nr_ops = 300,
							   .tick_ns = 2000,
							   .features = calls | SIM_LOCAL | SIM_NEST | SIM_STACKS });
	test_sim("clocks are apart",
		 (struct sim_config){ .nr_cpus = 4, .nr_ops = 400, .skew_ns = 3000, .features = calls | SIM_LOCAL });
	test_only_coalesced();
	test_many_names();
	test_no_length();
	return done_testing();
}
