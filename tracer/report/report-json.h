/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/report-json.h - reports that were written as JSON, back in: what all of their readers have in common.
 *
 * The contract is "ipitrace-report/1"; render/json.c writes it. Files come from
 * anywhere: every type is checked, and what is missing is an error or not known.
 */
#ifndef IPITRACE_REPORT_REPORT_JSON_H
#define IPITRACE_REPORT_REPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hist.h"
#include "base/jsonread.h"
#include "report/agg.h"

/* The file begins as JSON does; of a pipe the name has to tell. */
bool report_json_is(const char *path);
/* A report with all of its rows, "-" from standard input; json_free() it. NULL: *err. */
struct json_val *report_json_read(const char *path, struct err *err);
/* The error of a report that lacks what the contract has; always -1. */
int report_json_damaged(const char *path, struct err *err);

/* The text, sanitised and malloc'ed; NULL if there is none. */
char *report_json_text(const struct json_val *obj, const char *key);
bool report_json_null(const struct json_val *obj, const char *key);
/* A distribution, added to what there is; NULL (null) has no samples. -1: it is none. */
int report_json_hist(struct hist *to, const struct json_val *dist);
/* What rows are by; -1: nothing that is known. */
int report_json_by(const struct json_val *top, enum agg_key *by, unsigned int *nr_by);
/* The name that a row has by this key, numbers as text; malloc'ed, NULL = none. */
char *report_json_key(const struct json_val *row, enum agg_key key);
/* Events are missing, or the recording is not whole: what gives a report exit status 3. */
bool report_json_incomplete(const struct json_val *top);

struct report_json_time {
	bool clock_ns; /* else nothing is known of time */
	bool windowed;
	uint64_t from_ns, to_ns; /* of the window, within the recording; 0 of reports that were merged */
	uint64_t duration_ns;	 /* of the window, or of all of it: what rates are by */
	uint64_t whole_ns;	 /* that tracing was on */
};
int report_json_time(struct report_json_time *t, const struct json_val *trace);

#endif
