/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/waits.h - for which functions a sender is known to wait.
 *
 * No event of the kernel tells a call that is waited for from one that is not, nor
 * does a trace tell whether a csd is on its sender's stack: what is waited for is
 * known by the function's name alone, and where that leaves it open by who called.
 */
#ifndef IPITRACE_REPORT_WAITS_H
#define IPITRACE_REPORT_WAITS_H

#include <stdbool.h>

struct waits_row {
	const char *func;	   /* run on the targets */
	const char *caller;	   /* that must be on the sender's stack, or be the call site; NULL = any */
	const char *file, *source; /* of the kernel: where it is sent, in which function */
};

extern const struct waits_row waits_rows[];
extern const unsigned int waits_nr_rows;

/* By the name of a symbol, which a compiler may have given a suffix (".constprop.0"); NULL: not known. */
const struct waits_row *waits_find(const char *func);
/* symbol is name, suffixes aside. */
bool waits_same_name(const char *symbol, const char *name);

#endif
