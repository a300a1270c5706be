// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/info.c - what a recording says of its machine, and what its events prove.
 */
#include <stdio.h>
#include <string.h>

#include "base/event.h"
#include "base/kevents.h"
#include "report/info.h"

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
