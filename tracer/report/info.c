// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/info.c - what a recording says of its machine.
 */
#include <stdio.h>
#include <string.h>

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
