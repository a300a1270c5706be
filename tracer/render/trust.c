// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/trust.c - the lines below a report's table: what it adds up to, and how
 * far to trust it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/event.h"
#include "base/text.h"
#include "render/render.h"
#include "render/parts-priv.h"
#include "render/value.h"
#include "report/tlb.h"
#include "report/totals.h"

/* In front of a total that only some of the reports of a merge have; offset: in struct match_totals. */
static const char *least(const struct report *r, size_t offset)
{
	return total_is_partial(total_find(offset), r) ? "at least " : "";
}

void render_sends(const struct report *r, FILE *out)
{
	const struct match_totals *t = &r->totals;

	fprintf(out, "%s%" PRIu64 " send%s", least(r, offsetof(struct match_totals, sends)), t->sends,
		plural_s(t->sends));
	if (t->sends_to_nobody)
		fprintf(out, " (%s%" PRIu64 " to no CPU)", least(r, offsetof(struct match_totals, sends_to_nobody)),
			t->sends_to_nobody);
	fprintf(out, ", %" PRIu64 " hit%s", t->target_hits, plural_s(t->target_hits));
}

static void own(const struct report *r, const struct render_options *o, FILE *out)
{
	const struct agg_row *own = r->own;
	const struct total *sends = total_find(TOTAL_OWN_SENDS);
	uint64_t nr = total_value(sends, r);
	char p50[RENDER_TIME_LEN];

	if (!nr && !own->n.calls && !own->n.elided)
		return;
	fputs("own: ", out);
	if (total_is_partial(sends, r))
		fprintf(out, "at least %" PRIu64 " send%s", nr, plural_s(nr));
	else if (r->trace->has_send)
		fprintf(out, "%" PRIu64 " send%s, %" PRIu64 " hit%s", nr, plural_s(nr), own->n.target_hits,
			plural_s(own->n.target_hits));
	if (!(own->unknown & AGG_COUNT_BIT(offsetof(struct agg_counts, calls))))
		fprintf(out, "%s%" PRIu64 " call%s", r->trace->has_send ? ", " : "", own->n.calls,
			plural_s(own->n.calls));
	fprintf(out, " by %s", r->trace->recorder);
	if (own->delivery.count) {
		render_time(hist_percentile(&own->delivery, 0.5), o->screen.utf8, p50);
		fprintf(out, ", p50 %s", p50);
	}
	fputs(" (in the totals, in no row)\n", out);
}

static void nonzero(FILE *out, uint64_t n, const char *what)
{
	if (n)
		fprintf(out, ", %" PRIu64 " %s", n, what);
}

/* The same of a total, at this offset in struct match_totals. */
static void nonzero_total(const struct report *r, FILE *out, size_t offset, const char *what)
{
	uint64_t n = *(const uint64_t *)((const char *)&r->totals + offset);

	if (n)
		fprintf(out, ", %s%" PRIu64 " %s", least(r, offset), n, what);
}

static void calls(const struct report *r, FILE *out)
{
	const struct match_totals *t = &r->totals;
	const char *some = least(r, offsetof(struct match_totals, calls_run));
	const size_t unqueued = offsetof(struct match_totals, calls_unqueued);

	fputs("calls:", out);
	if (!r->trace->calls_unknown)
		fprintf(out, " %s%" PRIu64, least(r, offsetof(struct match_totals, calls)), t->calls);
	if (r->trace->calls_unknown)
		fputs(" not recorded", out);
	else if (r->trace->runs_unknown)
		fputs(" queued; which ran is not known", out);
	else
		fprintf(out, "%s%s%" PRIu64 " run + %" PRIu64 " in flight + %" PRIu64 " lost", *some ? ", " : " = ",
			some, t->calls_run, t->calls_in_flight, t->calls_lost);
	nonzero_total(r, out, offsetof(struct match_totals, ambiguous_calls), "ambiguous");
	if (!r->trace->elided_unknown) {
		nonzero_total(r, out, offsetof(struct match_totals, elided), "elided");
		nonzero_total(r, out, offsetof(struct match_totals, path_unknown),
			      "not known to be either sent or elided");
	}
	nonzero_total(r, out, offsetof(struct match_totals, local_calls), "local");
	if (total_is_known(unqueued, r) || *least(r, unqueued)) {
		if (t->calls_unqueued > t->calls_unqueued_untraced)
			fprintf(out, ", %s%" PRIu64 " queued before the trace or in a gap", least(r, unqueued),
				t->calls_unqueued - t->calls_unqueued_untraced);
		nonzero_total(r, out, offsetof(struct match_totals, calls_unqueued_untraced),
			      "by senders that recorded nothing");
	}
	if (r->trace->has_send && !r->trace->runs_unknown && t->waits + t->waits_unknown)
		fprintf(out, "\nwaits: how long the sender waited is known of %" PRIu64 ", not known of %s%" PRIu64,
			t->waits, least(r, offsetof(struct match_totals, waits_unknown)), t->waits_unknown);
	fputc('\n', out);
}

static void totals(const struct report *r, FILE *out)
{
	const struct match_totals *t = &r->totals;
	const char *sep = " ";

	fputs("totals: ", out);
	if (r->trace->has_send)
		render_sends(r, out);
	if (!r->trace->has_send)
		fputs("sends not recorded\n", out);
	else if (r->trace->arrivals_unknown)
		fputs("; which arrived is not known\n", out);
	else
		fprintf(out,
			" = %s%" PRIu64 " delivered + %" PRIu64 " coalesced + %" PRIu64 " in flight + %" PRIu64 " lost",
			r->hits_unknown ? "" : least(r, offsetof(struct match_totals, delivered)), t->delivered,
			t->coalesced, t->in_flight, t->lost);
	if (r->hits_unknown && !r->trace->arrivals_unknown)
		fprintf(out, " + %" PRIu64 " not known (%s)", r->hits_unknown,
			r->sums ? "whether they arrived was not recorded" :
				  "no interrupts of their class were recorded");
	if (r->trace->has_send && !r->trace->arrivals_unknown)
		fputc('\n', out);
	if (r->trace->blind_sends)
		fprintf(out,
			"without targets: %" PRIu64 " send%s to %" PRIu64
			" CPU%s by hyperv_send_ipi_mask, which does not "
			"say which: in no row, their interrupts are unsolicited\n",
			r->trace->blind_sends, plural_s(r->trace->blind_sends), r->trace->blind_hits,
			plural_s(r->trace->blind_hits));
	calls(r, out);
	fputs("interrupts:", out);
	for (unsigned int i = 0; i < r->nr_classes; i++) {
		if (!r->classes[i].interrupts)
			continue;
		fprintf(out, "%s%s %s%" PRIu64, sep, r->classes[i].name, r->classes[i].partly ? "at least " : "",
			r->classes[i].interrupts);
		sep = ", ";
	}
	fputs(t->interrupts		  ? "\n" :
	      !r->trace->arrivals_unknown ? " none\n" :
	      r->some_interrupts	  ? " recorded, but which are of IPIs that pass the filter is not known\n" :
					    " not recorded\n",
	      out);
}

/* One interrupt is for all IPIs: some send had caused each, but which is not known. */
static bool mixed(const struct report *r)
{
	return r->trace->has_send && r->trace->arrivals_unknown;
}

/* Where no sends were recorded this is all there is to say of the targets' time. */
static void unsolicited(const struct report *r, const struct render_options *o, FILE *out)
{
	char p50[RENDER_TIME_LEN], max[RENDER_TIME_LEN], sum[RENDER_TIME_LEN];

	for (unsigned int i = 0; i < r->nr_classes; i++) {
		const struct hist *h = r->classes[i].unsolicited;

		if (!h->count)
			continue;
		render_time(hist_percentile(h, 0.5), o->screen.utf8, p50);
		render_time(h->max, o->screen.utf8, max);
		render_time(h->sum, o->screen.utf8, sum);
		fprintf(out, "%s: %" PRIu64 " %s, handler p50 %s, max %s on CPU %u, sum %s\n",
			mixed(r) ? "of all kinds" : "unsolicited", h->count, r->classes[i].name, p50, max, h->max_cpu,
			sum);
	}
}

void render_text_lost_events(struct render *r, uint64_t lost)
{
	if (lost == IPI_LOST_UNKNOWN)
		fputs("an unknown number of lost events", r->out);
	else
		fprintf(r->out, "%" PRIu64 " lost event%s", lost, plural_s(lost));
}

static void audit(struct render *r)
{
	const struct match_totals *t = &r->report->totals;
	const char *some = least(r->report, offsetof(struct match_totals, exact));
	FILE *out = r->out;

	if (!r->report->trace->has_send || r->report->trace->arrivals_unknown) {
		fputs("audit: nothing to match, ", out);
		if (t->unsolicited && !mixed(r->report))
			fprintf(out, "%" PRIu64 " unsolicited, ", t->unsolicited);
		render_lost_events(r);
		fputc('\n', out);
		return;
	}
	fprintf(out,
		"audit: matched %s%" PRIu64 "/%s%" PRIu64 " (%" PRIu64 " exact, %" PRIu64 " fifo), %" PRIu64
		" ambiguous, %" PRIu64 " coalesced, %" PRIu64 " unsolicited",
		some, t->exact + t->fifo, *some ? "" : least(r->report, offsetof(struct match_totals, interrupts)),
		t->interrupts, t->exact, t->fifo, t->ambiguous, t->coalesced, t->unsolicited);
	if (t->unsolicited_in_gap)
		fprintf(out, " (%" PRIu64 " in or right behind a gap)", t->unsolicited_in_gap);
	if (t->unsolicited_at_start)
		fprintf(out, " (%" PRIu64 " perhaps sent before the trace began)", t->unsolicited_at_start);
	fputs(", ", out);
	render_lost_events(r);
	nonzero(out, t->in_flight, "in flight");
	nonzero(out, t->lost, t->lost == 1 ? "hit lost" : "hits lost");
	nonzero(out, t->negative, "negative (clock skew)");
	fputc('\n', out);
}

static void user_stacks(struct render *r)
{
	const struct ufunc_info *u = &r->report->trace->ufunc;

	if (!u->how)
		return;
	fprintf(r->out,
		"user stacks: %" PRIu64 " of %" PRIu64 " send%s (%s); %" PRIu64 " by interrupts, %" PRIu64
		" without a user side",
		u->framed, u->sends, plural_s(u->sends), u->how, u->interrupts, u->kernel);
	nonzero(r->out, u->compat, "by 32-bit processes");
	nonzero(r->out, u->unsampled, "without a sample");
	nonzero(r->out, u->lost, u->lost == 1 ? "sample lost" : "samples lost");
	nonzero(r->out, u->side_lost, u->side_lost == 1 ? "mapping lost" : "mappings lost");
	fputc('\n', r->out);
}

static void beside(const struct report *r, FILE *out)
{
	const struct beside_info *b = &r->trace->beside;

	if (b->wakes)
		fprintf(out,
			"wake-ups: %" PRIu64 " with a wakee, %" PRIu64 " queued for a task that is not known; %" PRIu64
			" other reschedule%s\n",
			b->wakees, b->calls_unknown, b->other_reschedules, plural_s(b->other_reschedules));
	if (b->idle && b->states + b->states_unknown)
		fprintf(out, "idle states: known of %" PRIu64 " target%s, not known of %" PRIu64 "\n", b->states,
			plural_s(b->states), b->states_unknown);
}

static void coverage(const struct report *r, FILE *out)
{
	char name[32];

	if (!r->nr_coverage)
		return;
	fputs("coverage of /proc/interrupts:", out);
	for (unsigned int i = 0; i < r->nr_coverage; i++) {
		const struct coverage *c = &r->coverage[i];

		sanitize(name, sizeof(name), c->name);
		fprintf(out, "%s %s %" PRIu64 " %s ", i ? "," : "", name, c->traced,
			c->sent ? "sent for" : "traced of");
		if (c->open)
			fprintf(out, "%" PRIu64 " or more", c->low);
		else if (c->low == c->high)
			fprintf(out, "%" PRIu64, c->low);
		else
			fprintf(out, "%" PRIu64 "..%" PRIu64, c->low, c->high);
		if (c->runs && c->traced < c->low)
			fprintf(out, " (%" PRIu64 " without an event)", c->low - c->traced);
		else if (!c->ok)
			fputs(" (MISMATCH)", out);
	}
	fputc('\n', out);
}

static const char *sent_before(uint64_t nr)
{
	return nr == 1 ? "interrupt sent before the window" : "interrupts sent before the window";
}

static void incomplete(const struct report *r, FILE *out)
{
	const struct trace_info *t = r->trace;
	unsigned int nr = report_sources_incomplete(r);

	for (unsigned int i = 0; i < t->nr_reasons; i++) {
		char text[512];

		sanitize(text, sizeof(text), t->reasons[i]);
		fprintf(out, "note: incomplete: %s\n", text);
	}
	if (t->incomplete && !t->nr_reasons)
		fputs("note: the recording did not end as it should\n", out);
	if (nr)
		fprintf(out, "note: %u of %u report%s %s incomplete\n", nr, r->nr_sources, plural_s(r->nr_sources),
			plural_is(nr));
}

static void flight(const struct report *r, FILE *out)
{
	const struct trace_info *t = r->trace;
	char length[RENDER_TIME_LEN];

	/* Of a merge: where its windows began is by clocks that have nothing in common. */
	if (r->nr_sources) {
		fputs("note: windows of flight recorders are among them", out);
		nonzero(out, t->before_window,
			t->before_window == 1 ? "interrupt sent before its window" :
						"interrupts sent before their windows");
		fputc('\n', out);
		return;
	}
	render_time(t->end_ns - t->start_ns, false, length);
	fprintf(out, "note: a flight recorder's, window of %s from %" PRIu64 ".%06" PRIu64, length,
		t->start_ns / 1000000000, t->start_ns / 1000 % 1000000);
	nonzero(out, t->before_window, sent_before(t->before_window));
	fputc('\n', out);
}

static void notes(const struct report *r, FILE *out)
{
	const struct trace_info *t = r->trace;
	char text[96];

	if (t->flight)
		flight(r, out);
	if (t->truncated)
		fputs("note: the file is cut: it ends before its data does; this is the readable part\n", out);
	if (t->damaged)
		fprintf(out, "note: the file is damaged: its %s; numbers may be wrong\n",
			trace_info_damaged(t, text, sizeof(text)));
	if (r->offline)
		fprintf(out, "note: %s\n", r->offline);
	incomplete(r, out);
	if (t->facts_gone)
		fprintf(out, "note: what ipitrace knew of this recording is gone%s: losses at its end do not show\n",
			t->damaged ? "" : " (another tool converted it)");
	if (t->foreign && !t->facts_gone && !t->kernel[0])
		fputs("note: the file does not say on what kernel, when and by whom it was recorded (trace-cmd split "
		      "drops that): what was lost or missed does not show\n",
		      out);
	if (t->bad_pages)
		fprintf(out, "note: %" PRIu64 " damaged sub-buffer%s %s skipped\n", t->bad_pages,
			plural_s(t->bad_pages), plural_was(t->bad_pages));
	if (t->buffers[0])
		fprintf(out,
			"note: read from several buffers: %s; what was recorded in two counts twice "
			"(--buffer NAME reads one)\n",
			t->buffers);
	if (t->clock_doubt[0])
		fprintf(out, "note: the file calls the clock both %s and %s; taken as %s\n", t->clock, t->clock_doubt,
			t->clock);
	if (!t->clock_ns && !strcmp(t->clock, "uptime"))
		fputs("note: clock uptime counts jiffies: times are withheld, and where stamps are equal the order of "
		      "CPUs, so what is coalesced or unsolicited, is uncertain\n",
		      out);
	else if (!t->clock_ns)
		fprintf(out, "note: clock %s does not count ns: times are withheld, counts are not affected\n",
			t->clock);
	else if (!t->clock_sync)
		fprintf(out,
			"note: clock %s is each CPU's own: times between CPUs are withheld, counts are not "
			"affected (record with clock mono)\n",
			t->clock);
	if (t->stacks_dropped)
		fprintf(out,
			"note: too many different stacks: %" PRIu64
			" of them were not kept, and their senders are shown by "
			"call site\n",
			t->stacks_dropped);
	if (t->skew_ns && t->clock_ns)
		fprintf(out,
			"note: the clock of CPU %u is behind that of CPU %u by %" PRIu64 " ns or more: "
			"effects are stamped before their causes\n",
			t->skew_cpus[1], t->skew_cpus[0], t->skew_ns);
	if (t->missed_sends)
		fprintf(out,
			"note: %" PRIu64 " send%s %s missed, because another probe was running: "
			"their interrupts are unsolicited\n",
			t->missed_sends, plural_s(t->missed_sends), plural_was(t->missed_sends));
	if (t->ufunc.how && !strcmp(t->ufunc.how, "fp"))
		fputs("note: user stacks by frame pointers: code without them is missed, above all the function that called "
		      "a C library without them\n",
		      out);
	if (t->has_send && !t->has_reception)
		fprintf(out, "note: %s: what was delivered, and when, is not known\n", trace_info_unheard(t));
}

/* Of a merge: what is "at least" so many, because some of the reports do not know it. */
static void partial(const struct report *r, FILE *out)
{
	static const struct {
		size_t offset;
		const char *what;
	} aspects[] = {
		{ offsetof(struct match_totals, sends), "what was sent" },
		{ offsetof(struct match_totals, delivered), "which of the hits arrived" },
		{ offsetof(struct match_totals, interrupts), "which interrupts were IPIs" },
		{ offsetof(struct match_totals, calls), "which calls were queued" },
		{ offsetof(struct match_totals, calls_run), "which of these ran" },
		{ offsetof(struct match_totals, local_calls), "which functions ran" },
	};
	unsigned int nr = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(aspects); i++)
		if (total_is_partial(total_find(aspects[i].offset), r))
			fprintf(out, "%s%s", nr++ ? ", " : "note: some of the reports do not tell ", aspects[i].what);
	if (nr)
		fputs(": of that, numbers are those of the others\n", out);
}

/* How far to trust it. */
static void trust(struct render *r)
{
	const struct report *report = r->report;
	FILE *out = r->out;
	struct screen_wrapped w;
	char clock[64];

	r->out = screen_wrapped_begin(&w, r->out);
	own(report, r->options, r->out);
	totals(report, r->out);
	unsolicited(report, r->options, r->out);
	sanitize(clock, sizeof(clock), report->trace->clock);
	notes(report, r->out);
	partial(report, r->out);
	fprintf(r->out, "tier: %s, clock: %s\n", report->trace->tier, clock);
	audit(r);
	user_stacks(r);
	beside(r->report, r->out);
	coverage(report, r->out);
	r->out = out;
	screen_wrapped_end(&w, &r->options->screen, r->out);
}

/* For whom the lines above are too much; programs and files have no use for it. */
static bool by_slowest(const struct report *r)
{
	for (unsigned int i = 0; i < r->nr_by; i++)
		if (r->by[i] == AGG_KEY_SLOWEST)
			return true;
	return false;
}

static void verdict(struct render *r)
{
	const struct screen *s = &r->options->screen;
	FILE *out = r->out, *lines;
	struct screen_wrapped w, wrapped;
	bool good;

	fputc('\n', out);
	r->out = screen_wrapped_begin(&wrapped, out);
	lines = screen_wrapped_begin(&w, r->out);
	good = render_verdict(r->report, lines);
	screen_wrapped_end(&w, &r->options->screen, r->out);
	r->out = out;
	if (!wrapped.mem)
		return;
	fclose(wrapped.mem);
	/* Nothing stands out where nothing is wrong. */
	if (!good)
		screen_begin(s, STYLE_BAD, out);
	fprintf(out, "%.*s", (int)(wrapped.len - 1), wrapped.text);
	if (!good)
		screen_end(s, out);
	fputc('\n', out);
	free(wrapped.text);
}

static const char *tlb_none(const struct report_tlb *t)
{
	return t->filtered ? "no IPI that was sent to flush a TLB passes the filter\n" :
			     "no IPI was sent to flush a TLB\n";
}

void render_text_foot(struct render *r)
{
	const struct report *report = r->report;

	if (!report->nr_rows)
		fputs(!report->trace->has_send ? "no senders: the recording has no send events\n" :
		      report->tlb	       ? tlb_none(report->tlb) :
		      by_slowest(report) ?
				    report->trace->runs_unknown ?
				    "how long senders waited is not known: no runs of functions were recorded\n" :
				    "no multicast is known to have been waited for\n" :
		      report->filtered ? "no IPI passes the filter\n" :
					 "no IPIs were sent\n",
		      r->out);
	if (r->nr_rows < report->nr_rows)
		fprintf(r->out, "(%u more row%s)\n", report->nr_rows - r->nr_rows,
			plural_s(report->nr_rows - r->nr_rows));
	fputc('\n', r->out);
	trust(r);
	if (r->options->screen.terminal)
		verdict(r);
}
