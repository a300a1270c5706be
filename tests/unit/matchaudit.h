/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * matchaudit.h - the spans of one run of the matcher, kept, and laws they obey.
 *
 * Owns a growing array of spans. Knows nothing of scripts, generators or
 * traces: what is checked here has to hold whatever was fed.
 */
#ifndef IPITRACE_TESTS_UNIT_MATCHAUDIT_H
#define IPITRACE_TESTS_UNIT_MATCHAUDIT_H

#include <stddef.h>

#include "match/match.h"

struct span_log {
	struct ipi_span *spans;
	size_t nr, cap;
};

void span_log_emit(void *log, const struct ipi_span *span); /* an ipi_span_fn */
void span_log_reset(struct span_log *log);
void span_log_free(struct span_log *log);

/* One line that describes a span, for failure messages. */
const char *span_text(const struct ipi_span *span, char *buf, size_t len);

/*
 * Totals against spans, one cause for each solicited interrupt and none for an
 * unsolicited one, no latency below zero. Returns false and a message.
 */
bool span_audit(const struct span_log *log, const struct match_totals *totals, char *msg, size_t len);

/* Names used by scripts and messages; NULL or -1 when unknown. */
const char *audit_class_name(unsigned int class);
int audit_class_parse(const char *name);

#endif
