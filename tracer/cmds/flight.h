/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/flight.h - ipitrace record --flight: the last seconds, written on request, at the end, or when a condition trips.
 */
#ifndef IPITRACE_CMDS_FLIGHT_H
#define IPITRACE_CMDS_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/expr.h"
#include "base/opts.h"
#include "record/record.h"

struct flight_options {
	bool on;
	uint64_t max_bytes, max_ns; /* of --flight; 0 = not given */
	struct expr *stop_on;	    /* NULL = nothing is matched */
	const char *stop_on_text;
	const char *on_trip; /* a command line, or NULL */
	uint64_t trips;	     /* files until it stops; 0 = not given */
};

#define FLIGHT_NR_ROWS 4
extern const struct opt flight_rows[FLIGHT_NR_ROWS];

/* Options that go together with these, or with none. -1: *err. */
int flight_check(const struct flight_options *f, const struct record_options *o, struct err *err);
/* All of it, through to the exit status; -1: *err. command: for the facts; workload: NULL = none. */
int flight_record(struct flight_options *f, struct record_options *o, char **command, char **workload, struct err *err);
void flight_options_free(struct flight_options *f);

#endif
