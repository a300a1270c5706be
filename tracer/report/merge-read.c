// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/merge-read.c - one more report's JSON into a merge.
 *
 * Everything is by tables: what a report has that is in none of them does not
 * add, and is not in the sum (bins of time, matrices).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/event.h"
#include "base/mem.h"
#include "report/columns.h"
#include "report/diff.h"
#include "report/merge-priv.h"
#include "report/report-json.h"
#include "report/totals.h"

/* --- what is said of a recording --- */

enum how { ADD, MOST, ONE_OF, ALL_OF };

static const struct number {
	const char *json;
	size_t offset, size; /* in struct trace_info */
	enum how how;
} numbers[] = {
#define NUMBER(json, member, how)                                                                                      \
	{                                                                                                              \
		json, offsetof(struct trace_info, member), sizeof(((struct trace_info *)NULL)->member), how            \
	}
	NUMBER("cpus", cpus, ADD),
	NUMBER("events", events, ADD),
	NUMBER("other_events", other_events, ADD),
	NUMBER("late_events", late_events, ADD),
	NUMBER("missed_sends", missed_sends, ADD),
	NUMBER("stacks_dropped", stacks_dropped, ADD),
	NUMBER("records", records, ADD),
	NUMBER("blind_sends", blind_sends, ADD),
	NUMBER("blind_hits", blind_hits, ADD),
	NUMBER("bad_pages", bad_pages, ADD),
	NUMBER("lost_events", lost_events, ADD),
	NUMBER("skew_ns", skew_ns, MOST),
	NUMBER("stacks", stacks, ALL_OF),
	NUMBER("clock_synchronised", clock_sync, ALL_OF),
	NUMBER("foreign", foreign, ONE_OF),
	NUMBER("facts_gone", facts_gone, ONE_OF),
	NUMBER("truncated", truncated, ONE_OF),
};

static const struct number user_stacks[] = {
	NUMBER("stack_bytes", ufunc.stack_bytes, MOST),
	NUMBER("sends", ufunc.sends, ADD),
	NUMBER("framed", ufunc.framed, ADD),
	NUMBER("by_interrupts", ufunc.interrupts, ADD),
	NUMBER("no_user_side", ufunc.kernel, ADD),
	NUMBER("by_32_bit", ufunc.compat, ADD),
	NUMBER("unsampled", ufunc.unsampled, ADD),
	NUMBER("lost_samples", ufunc.lost, ADD),
	NUMBER("lost_mappings", ufunc.side_lost, ADD),
};

static const struct number wake_ups[] = {
	NUMBER("wakees", beside.wakees, ADD),
	NUMBER("calls_unknown", beside.calls_unknown, ADD),
	NUMBER("other_reschedules", beside.other_reschedules, ADD),
};

static const struct number idle_states[] = {
	NUMBER("known", beside.states, ADD),
	NUMBER("unknown", beside.states_unknown, ADD),
};

static const struct number flights[] = {
	NUMBER("before_window", before_window, ADD),
};

static uint64_t get(const void *at, size_t size)
{
	switch (size) {
	case 1:
		return *(const bool *)at;
	case 4:
		return *(const uint32_t *)at;
	default:
		return *(const uint64_t *)at;
	}
}

static void set(void *at, size_t size, uint64_t value)
{
	switch (size) {
	case 1:
		*(bool *)at = value;
		break;
	case 4:
		*(uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(uint64_t *)at = value;
	}
}

static void add_number(struct merge *m, const struct number *n, const struct json_val *obj)
{
	void *at = (char *)&m->trace + n->offset;
	uint64_t more = n->how == ONE_OF || n->how == ALL_OF ? json_get_flag(obj, n->json) :
							       json_get_num(obj, n->json, 0);
	uint64_t sum = get(at, n->size);

	switch (n->how) {
	case ADD:
		sum += more;
		break;
	case MOST:
		sum = more > sum ? more : sum;
		break;
	case ONE_OF:
		sum |= more;
		break;
	case ALL_OF:
		sum = m->begun ? sum & more : more;
		break;
	}
	set(at, n->size, sum);
}

static const struct text {
	const char *json;
	const char *several; /* what it becomes if they differ; NULL: nothing */
	bool none_is_like_all;
} texts[] = {
	[MERGE_KERNEL] = { "kernel", NULL, false },
	[MERGE_ARCH] = { "arch", NULL, false },
	[MERGE_HOST] = { "host", NULL, false },
	[MERGE_CLOCK] = { "clock", "several", false },
	[MERGE_TIER] = { "tier", "several", false },
	[MERGE_COMMAND] = { "command", NULL, false },
	[MERGE_DATE] = { "date", NULL, false },
	[MERGE_KEPT] = { "recorded_filters", "several", false },
	[MERGE_RECORDER] = { "recorder", "ipitrace", false },
	[MERGE_STAMP] = { "send_stamp", "mixed", false },
	[MERGE_DAMAGED] = { "damaged", "several parts", true },
	[MERGE_FILTERS] = { "filters", "several", false },
	[MERGE_OFFLINE] = { "offline", NULL, false },
	[MERGE_USER_STACKS] = { "how", "several", true },
};

static bool same(const char *a, const char *b)
{
	return !a || !b ? a == b : !strcmp(a, b);
}

static void add_text(struct merge *m, enum merge_text which, const struct json_val *obj)
{
	char *more = report_json_text(obj, texts[which].json), **to = &m->texts[which];

	if (!m->begun || (texts[which].none_is_like_all && !*to)) {
		free(*to);
		*to = more;
		return;
	}
	if (!same(*to, more) && !(texts[which].none_is_like_all && !more)) {
		free(*to);
		*to = texts[which].several ? xstrdup(texts[which].several) : NULL;
	}
	free(more);
}

static void add_trace(struct merge *m, const struct json_val *trace, const struct report_json_time *time)
{
	const struct json_val *user = json_get(trace, "user_stacks", JSON_OBJ);
	const struct json_val *wakes = json_get(trace, "wake_ups", JSON_OBJ);
	const struct json_val *idle = json_get(trace, "idle_states", JSON_OBJ);
	const struct json_val *flight = json_get(trace, "flight", JSON_OBJ);

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		add_number(m, &numbers[i], trace);
	for (size_t i = 0; user && i < ARRAY_SIZE(user_stacks); i++)
		add_number(m, &user_stacks[i], user);
	for (size_t i = 0; wakes && i < ARRAY_SIZE(wake_ups); i++)
		add_number(m, &wake_ups[i], wakes);
	for (size_t i = 0; idle && i < ARRAY_SIZE(idle_states); i++)
		add_number(m, &idle_states[i], idle);
	for (size_t i = 0; flight && i < ARRAY_SIZE(flights); i++)
		add_number(m, &flights[i], flight);
	m->trace.flight |= flight != NULL;
	m->trace.beside.wakes |= wakes != NULL;
	m->trace.beside.idle |= idle != NULL;
	for (unsigned int i = 0; i < MERGE_NR_TEXTS; i++)
		add_text(m, i, i == MERGE_USER_STACKS ? user : trace);
	m->trace.lost_unknown |= report_json_null(trace, "lost_events");
	m->report.filtered |= json_get_flag(trace, "filtered");
	m->trace.clock_ns = time->clock_ns && (!m->begun || m->trace.clock_ns);
	m->windowed |= time->windowed;
	m->whole_ns += time->whole_ns;
	m->duration_ns += time->duration_ns;
}

/* --- totals --- */

/* What one report has, while it is added. */
struct part {
	const struct json_val *top, *trace, *at_least; /* of a merge, where only some of its reports know */
	struct report_json_time time;
	bool no_sends; /* were recorded: reports of 0.1 say 0 then */
};

static bool of_sends(enum total_proof proof)
{
	return proof == PROOF_SENDS || proof == PROOF_ARRIVALS || proof == PROOF_WAITS;
}

/* An ipitrace of before there was such a total has it neither as a number nor as null. */
static int add_total(struct merge *m, unsigned int i, const struct part *p)
{
	const struct total *t = &report_totals[i];
	const struct json_val *v = json_get(json_get(p->top, "totals", JSON_OBJ), t->json, JSON_NUM);

	if (p->no_sends && of_sends(t->proof))
		v = NULL;
	if (!v && t->proof == PROOF_NONE)
		return -1;
	if (!v) {
		m->sums.unknown |= 1ULL << i;
		v = json_get(json_get(p->at_least, "totals", JSON_OBJ), t->json, JSON_NUM);
	}
	if (v) {
		m->sums.known |= 1ULL << i;
		m->sums.totals[i] += v->num;
	}
	return 0;
}

static int add_totals(struct merge *m, const struct part *p)
{
	const struct json_val *classes = json_get(p->top, "interrupts_by_class", JSON_OBJ);
	const struct json_val *unsolicited = json_get(p->top, "unsolicited_handler_ns", JSON_OBJ);

	for (unsigned int i = 0; i < report_nr_totals; i++)
		if (add_total(m, i, p))
			return -1;
	for (unsigned int class = 0; class < IPI_NR_CLASSES; class ++) {
		const char *name = ipi_class_name(class);

		const struct json_val *v = json_get(classes, name, JSON_NUM);

		if (report_json_null(classes, name)) {
			m->trace.unheard_classes |= 1u << class;
			v = json_get(json_get(p->at_least, "interrupts_by_class", JSON_OBJ), name, JSON_NUM);
		}
		if (v) {
			m->sums.known_classes |= 1u << class;
			m->report.totals.interrupts_by_class[class] += v->num;
		}
		if (report_json_hist(&m->unsolicited[class], json_get(unsolicited, name, JSON_OBJ)))
			return -1;
	}
	return 0;
}

/* --- rows --- */

/* Counts of sends, of their targets, and of what became of these. */
static bool count_of_sends(size_t offset)
{
	return offset < offsetof(struct agg_counts, calls) || offset == offsetof(struct agg_counts, waits_unknown);
}

static void read_count(struct agg_row *a, const struct column *c, const struct json_val *row, bool no_sends)
{
	const struct json_val *v = json_get(row, c->json, JSON_NUM);

	if (v && !(no_sends && count_of_sends(c->offset)))
		*(uint64_t *)((char *)&a->n + c->offset) = v->num;
	else
		a->unknown |= AGG_COUNT_BIT(c->offset);
}

static int read_counts(struct agg_row *a, const struct json_val *row, bool no_sends)
{
	for (unsigned int i = 0; i < report_nr_columns; i++) {
		const struct column *c = &report_columns[i];

		if (c->object && (!i || c[-1].object != c->object) &&
		    report_json_hist((struct hist *)((char *)a + c->offset), json_get(row, c->object, JSON_OBJ)))
			return -1;
		if (!c->object && !column_is_key(c))
			read_count(a, c, row, no_sends);
	}
	return 0;
}

static int add_row(struct merge *m, const struct json_val *row, bool no_sends)
{
	struct merge_line l = { 0 };

	for (unsigned int key = 0; key < AGG_NR_KEYS; key++)
		l.texts[key] = report_json_key(row, key);
	if (read_counts(&l.agg, row, no_sends)) {
		merge_line_free(&l);
		return -1;
	}
	merge_line(m, &l);
	return 0;
}

static int add_own(struct merge *m, const struct json_val *own, bool no_sends)
{
	struct agg_row row = { 0 };
	int ret = read_counts(&row, own, no_sends);

	if (!ret)
		merge_counts(&m->own, &row);
	else
		merge_row_free(&row);
	return ret;
}

/* --- the rest --- */

static int add_coverage(struct merge *m, const struct json_val *line)
{
	struct coverage *c = m->report.coverage, *end = c + m->report.nr_coverage;
	char *name = report_json_text(line, "name");

	if (!name)
		return -1;
	while (c < end && strcmp(c->name, name))
		c++;
	if (c == end) {
		if (m->report.nr_coverage == ARRAY_SIZE(m->report.coverage)) {
			free(name);
			return -1;
		}
		m->report.nr_coverage++;
		*c = (struct coverage){ .name = name, .what = "interrupts", .ok = true };
	} else {
		free(name);
	}
	c->traced += json_get_num(line, "traced", 0);
	c->low += json_get_num(line, "low", 0);
	c->high += json_get_num(line, "high", 0);
	c->open |= report_json_null(line, "high");
	c->ok &= json_get_flag(line, "ok");
	c->sent |= json_get_flag(line, "sent");
	c->missing |= json_get_flag(line, "missing");
	return 0;
}

static void read_reasons(struct report_source *s, const struct json_val *reasons)
{
	for (const struct json_val *v = reasons ? reasons->child : NULL; v; v = v->next) {
		if (v->type != JSON_STR)
			continue;
		s->reasons = xrealloc(s->reasons, (s->nr_reasons + 1) * sizeof(*s->reasons));
		s->reasons[s->nr_reasons++] = xstrdup(v->str);
	}
}

/* of: where its numbers are, a report's trace, or a line of the list that a merge has. */
static struct report_source *add_source(struct merge *m, const struct json_val *of, bool incomplete, uint64_t hits)
{
	struct report_source *s;

	m->sources = xrealloc(m->sources, (m->nr_sources + 1) * sizeof(*m->sources));
	s = &m->sources[m->nr_sources++];
	*s = (struct report_source){
		.host = report_json_text(of, "host"),
		.kernel = report_json_text(of, "kernel"),
		.date = report_json_text(of, "date"),
		.cpus = (unsigned int)json_get_num(of, "cpus", 0),
		.start_ns = json_get_num(of, "start_ns", 0),
		.duration_ns = json_get_num(of, "duration_ns", 0),
		.events = json_get_num(of, "events", 0),
		.lost_events = json_get_num(of, "lost_events", 0),
		.lost_unknown = report_json_null(of, "lost_events"),
		.target_hits = hits,
		.incomplete = incomplete,
	};
	read_reasons(s, json_get(of, "reasons", JSON_ARR));
	return s;
}

static void add_sources(struct merge *m, const struct json_val *top)
{
	const struct json_val *merged = json_get(top, "merged", JSON_ARR);

	if (!merged)
		add_source(m, json_get(top, "trace", JSON_OBJ), report_json_incomplete(top),
			   json_get_num(json_get(top, "totals", JSON_OBJ), "target_hits", 0));
	for (const struct json_val *v = merged ? merged->child : NULL; v; v = v->next)
		add_source(m, v, json_get_flag(v, "incomplete"), json_get_num(v, "target_hits", 0));
}

/* --- whether it may be --- */

/* What keeps it from being added, as a text; NULL: nothing. */
static char *unlike(const struct merge *m, const struct json_val *trace, const struct report_json_time *time)
{
	static const enum merge_text claims[] = { MERGE_TIER, MERGE_FILTERS };
	static const char *const words[] = { "tier", "filters" };

	for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
		char *other = report_json_text(trace, texts[claims[i]].json), *text = NULL;
		const char *one = m->texts[claims[i]];

		if (!same(one, other))
			text = xasprintf("its %s: %.80s; of those before: %.80s", words[i], other ? other : "none",
					 one ? one : "none");
		free(other);
		if (text)
			return text;
	}
	if (time->windowed != m->windowed)
		return xstrdup(time->windowed ? "it is of a window, those before are not" :
						"it is of all of a recording, those before are of windows");
	if (time->clock_ns != m->trace.clock_ns)
		return xstrdup("its clock counts ns, or those before do, but not both");
	return NULL;
}

static int check_keys(struct merge *m, const char *path, const struct json_val *top, struct err *err)
{
	enum agg_key by[AGG_NR_KEYS];
	unsigned int nr;

	if (report_json_by(top, by, &nr))
		return report_json_damaged(path, err);
	if (diff_check_keys(by, nr, path, err))
		return -1;
	if (!m->begun) {
		memcpy(m->by, by, sizeof(by));
		m->nr_by = nr;
	} else if (nr != m->nr_by || memcmp(m->by, by, nr * sizeof(*by))) {
		err_set(err, EXIT_FAILED, "%s: its rows are by other keys than those before", path);
		return err_hint(err, "report all of them with the same --by");
	}
	return 0;
}

static int check(struct merge *m, const char *path, const struct json_val *top, const struct report_json_time *time,
		 struct err *err)
{
	char *why;

	if (check_keys(m, path, top, err))
		return -1;
	why = m->begun ? unlike(m, json_get(top, "trace", JSON_OBJ), time) : NULL;
	if (!why)
		return 0;
	if (m->force) {
		if (!m->forced)
			m->forced = xasprintf("%s: %s", path, why);
		free(why);
		return 0;
	}
	err_set(err, EXIT_FAILED, "cannot be merged: %s: %s", path, why);
	free(why);
	return err_hint(err, "--force adds them all the same");
}

static int add(struct merge *m, const char *path, const struct json_val *top, struct err *err)
{
	struct part p = { .top = top, .trace = json_get(top, "trace", JSON_OBJ) };
	const struct json_val *own = json_get(top, "own", JSON_OBJ);
	const struct json_val *coverage = json_get(top, "coverage", JSON_ARR);
	char *tier = report_json_text(p.trace, texts[MERGE_TIER].json);
	bool bad = !own || report_json_time(&p.time, p.trace);

	p.at_least = json_get(top, "at_least", JSON_OBJ);
	p.no_sends = tier && (!strcmp(tier, "counts") || !strcmp(tier, "none"));
	free(tier);
	if (bad)
		return report_json_damaged(path, err);
	if (check(m, path, top, &p.time, err))
		return -1;
	add_trace(m, p.trace, &p.time);
	bad = add_totals(m, &p) || add_own(m, own, p.no_sends);
	for (const struct json_val *r = json_get(top, "rows", JSON_ARR)->child; r && !bad; r = r->next)
		bad = add_row(m, r, p.no_sends);
	for (const struct json_val *c = coverage ? coverage->child : NULL; c && !bad; c = c->next)
		bad = add_coverage(m, c);
	if (bad)
		return report_json_damaged(path, err);
	add_sources(m, top);
	m->begun = true;
	return 0;
}

int merge_add(struct merge *m, const char *path, struct err *err)
{
	struct json_val *top = report_json_read(path, err);
	int ret = top ? add(m, path, top, err) : -1;

	json_free(top);
	return ret;
}
