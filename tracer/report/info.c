// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/info.c - what a recording says of its machine, and what its events prove.
 */
#include <stdio.h>
#include <string.h>

#include "base/event.h"
#include "base/kevents.h"
#include "match/match.h"
#include "report/info.h"

/* "symbols", "several parts"; but "number of events". A name of the file's own is anything. */
const char *trace_info_damaged(const struct trace_info *t, char *buf, size_t len)
{
	const char *name = t->damaged;
	bool many = *name && name[strlen(name) - 1] == 's' && !strstr(name, " of ");

	snprintf(buf, len, "%s %s not as %s written", name, many ? "are" : "is", many ? "they were" : "it was");
	return buf;
}

/* "Linux host 6.18.44 [version] x86_64": host is the second word, release the third, machine the last. */
void trace_info_uname(struct trace_info *t, const char *uname)
{
	const char *p = uname, *last;

	if (!uname)
		return;
	p += strcspn(p, " ");
	p += strspn(p, " ");
	snprintf(t->host, sizeof(t->host), "%.*s", (int)strcspn(p, " \n"), p);
	if (!strcmp(t->host, "(none)")) /* what the kernel calls a machine without a name */
		t->host[0] = '\0';
	p += strcspn(p, " ");
	p += strspn(p, " ");
	snprintf(t->kernel, sizeof(t->kernel), "%.*s", (int)strcspn(p, " \n"), p);
	last = strrchr(p, ' ');
	if (last)
		snprintf(t->arch, sizeof(t->arch), "%.*s", (int)strcspn(last + 1, " \n"), last + 1);
}

/* IPI_CLASS_OTHER is what no send asks for by name: powerpc and s390 take every IPI by one interrupt. */
bool trace_info_heard_any(const struct match_totals *totals)
{
	return totals->interrupts > totals->interrupts_by_class[IPI_CLASS_OTHER];
}

/*
 * Functions that were sent for ran, and yet no interrupt of any class was
 * recorded: on that machine the events that ought to tell are mute.
 */
static bool is_deaf(const struct info_heard *heard)
{
	const struct match_totals *t = heard->totals;
	uint64_t open =
		t->undelivered[IPI_CLASS_CALL][IPI_IN_FLIGHT] + t->undelivered[IPI_CLASS_CALL_SINGLE][IPI_IN_FLIGHT];

	return !heard->some_classes && !trace_info_heard_any(t) && open && t->calls_run > t->riders + t->polled;
}

/*
 * Every kernel has irq_handler_entry, for devices as for IPIs, and many list an ipi_entry that they never
 * fire. Where neither another event nor the recorder tells which interrupts are IPIs, what arrives has to.
 */
static bool must_learn(const struct trace_info *t, const struct ipi_evidence *evidence, const struct info_heard *heard)
{
	bool reasons = evidence->has_reasons &&
		       (!t->arch[0] || kevent_of_arch(kevent_find("ipi", "ipi_entry"), t->arch));

	return !evidence->has_vectors && !reasons && !heard->irqs_told;
}

/* An IPI of which nobody knows the class may be the one that a send seems to lack. */
static bool has_learned(const struct ipi_evidence *evidence, const struct match_totals *t)
{
	if (!evidence->has_send)
		return t->interrupts;
	return trace_info_heard_any(t) && !t->interrupts_by_class[IPI_CLASS_OTHER];
}

struct ipi_evidence trace_info_heard(const struct trace_info *t, struct ipi_evidence evidence,
				     const struct info_heard *heard)
{
	if (!evidence.has_reception)
		return evidence;
	if (is_deaf(heard) || (must_learn(t, &evidence, heard) && !has_learned(&evidence, heard->totals)))
		return ipi_evidence_deaf(evidence);
	return evidence;
}

const char *trace_info_unheard(const struct trace_info *t)
{
	if (t->not_learned)
		return "nothing in the file shows which interrupts are IPIs";
	return t->foreign ? "no reception events" : "this kernel's events do not tell which IPIs arrive";
}

void trace_info_evidence(struct trace_info *t, const struct ipi_evidence *evidence)
{
	t->tier = ipi_tier_name(evidence->tier);
	t->has_send = evidence->has_send;
	t->has_csd = evidence->has_csd;
	t->has_reception = evidence->has_reception;
	t->arrivals_unknown = !evidence->has_reception;
	t->unheard_classes = IPI_CLASSES_ALL & ~evidence->heard_classes;
	t->calls_unknown = !evidence->has_queue;
	t->runs_unknown = !evidence->has_queue || !evidence->has_runs;
	t->functions_unknown = !evidence->has_runs;
	t->wakes_unknown = !evidence->has_wakes;
	t->elided_unknown = !evidence->has_queue || !evidence->has_send;
}
