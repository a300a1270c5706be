// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/verdict.c - one plain sentence: is everything accounted for, and if not, what.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "render/parts-priv.h"
#include "render/render.h"
#include "report/totals.h"

/* "44,911": in a sentence figures are read, not compared. */
#define NUMBER_LEN 32
static const char *number(uint64_t n, char *buf)
{
	char plain[NUMBER_LEN];
	size_t len = (size_t)snprintf(plain, sizeof(plain), "%" PRIu64, n), at = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[at++] = ',';
		buf[at++] = plain[i];
	}
	buf[at] = '\0';
	return buf;
}

/* What is wrong, one after the other. */
struct doubts {
	FILE *out;
	unsigned int nr;
};

static void doubt(struct doubts *d, const char *text)
{
	fprintf(d->out, "%s%s", d->nr++ ? ", " : "Not everything is accounted for: ", text);
}

/* "1 event was lost", "2 events were lost" */
static void doubt_of(struct doubts *d, uint64_t n, const char *one, const char *many)
{
	char figure[NUMBER_LEN], text[128];

	if (!n)
		return;
	snprintf(text, sizeof(text), "%s %s", number(n, figure), n == 1 ? one : many);
	doubt(d, text);
}

static void find_doubts(struct doubts *d, const struct report *r)
{
	const struct trace_info *t = r->trace;
	const struct match_totals *m = &r->totals;
	bool differs = false;

	if (t->truncated)
		doubt(d, "the file is cut");
	else if (t->damaged)
		doubt(d, "the file is damaged");
	else if (t->incomplete || report_sources_incomplete(r))
		doubt(d, "the recording is incomplete");
	if (t->lost_unknown)
		doubt(d, "events are missing, nobody knows how many");
	else
		doubt_of(d, t->lost_events, "event was lost", "events were lost");
	if (total_is_partial(total_find(offsetof(struct match_totals, sends)), r))
		doubt(d, "some of the reports do not tell what was sent");
	doubt_of(d, t->late_events, "event came too late to be matched", "events came too late to be matched");
	for (unsigned int i = 0; i < r->nr_coverage; i++)
		differs |= !r->coverage[i].ok && !(r->coverage[i].runs && r->coverage[i].traced < r->coverage[i].low);
	if (differs)
		doubt(d, "/proc/interrupts counted differently");
	if (t->has_send && t->has_reception) {
		doubt_of(d, r->hits_unknown,
			 r->sums ? "IPI was sent, but whether it arrived was not recorded" :
				   "IPI is of a class of which no interrupt was recorded",
			 r->sums ? "IPIs were sent, but whether they arrived was not recorded" :
				   "IPIs are of classes of which no interrupt was recorded");
		doubt_of(d, m->lost, "IPI has a fate that is not known", "IPIs have a fate that is not known");
		doubt_of(d, m->unsolicited, "interrupt has no known sender", "interrupts have no known sender");
		doubt_of(d, m->ambiguous, "delivery can be read in two ways", "deliveries can be read in two ways");
	}
	doubt_of(d, m->negative, "effect is stamped before its cause", "effects are stamped before their causes");
}

/* "1 call that passes the filter was ", "2 calls were " */
static void there_were(const struct report *r, uint64_t n, const char *what, FILE *out)
{
	const char *passing = n == 1 ? " that passes the filter" : " that pass the filter";
	char figure[NUMBER_LEN];

	fprintf(out, "%s %s%s%s %s ", number(n, figure), what, plural_s(n), r->filtered ? passing : "", plural_was(n));
}

static void settled(const struct report *r, FILE *out)
{
	const struct match_totals *m = &r->totals;
	char n[NUMBER_LEN];

	if (!r->trace->has_send && !r->trace->has_reception) {
		there_were(r, m->calls, "call", out);
		fputs("queued; IPIs were not recorded.", out);
	} else if (!r->trace->has_send) {
		there_were(r, m->interrupts, "interrupt", out);
		fputs("received; who sent them was not recorded.", out);
	} else if (!r->trace->has_reception) {
		there_were(r, m->target_hits, "IPI", out);
		fputs("sent; whether they arrived was not recorded.", out);
	} else if (!m->target_hits) {
		fprintf(out, "No IPI %s.", r->filtered ? "passes the filter" : "was sent");
	} else {
		if (m->target_hits == 1)
			fprintf(out, "The only IPI%s is accounted for", r->filtered ? " that passes the filter" : "");
		else
			fprintf(out, "All %s IPIs%s accounted for", number(m->target_hits, n),
				r->filtered ? " that pass the filter" : "");
		if (m->in_flight)
			fprintf(out, "; %s still under way at the end", number(m->in_flight, n));
		fputc('.', out);
	}
}

bool render_verdict(const struct report *r, FILE *out)
{
	struct doubts d = { .out = out };

	find_doubts(&d, r);
	if (d.nr)
		fputc('.', out);
	else
		settled(r, out);
	fputc('\n', out);
	return !d.nr;
}
