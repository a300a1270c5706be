/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live/priv.h - what live/live.c (a measurement) and live/flight.c (files of its last seconds) share.
 */
#ifndef IPITRACE_LIVE_PRIV_H
#define IPITRACE_LIVE_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/ring.h"
#include "file/datfile.h"
#include "live/live.h"
#include "live/names.h"
#include "record/flight.h"
#include "record/meta.h"
#include "record/tally.h"

struct live {
	struct live_config config;
	struct recording rec;
	struct run run;
	struct dat_writer *writer;
	struct analysis *analysis;
	struct live_names names;
	struct tally tally;
	/* What a file of it would say; the texts are those of meta, which is read once more at the end. */
	struct dat_info info;
	struct event_format *formats;
	struct record_meta meta;
	char *modules; /* /proc/modules when the symbols were read */

	struct page_ring *ring; /* of a flight recorder; NULL = it is none */
	struct flight_notes notes;
	uint64_t end_ns, limit_ns, told_ns;
	uint64_t buffer_bytes, read_bytes;
	uint64_t interval_ns, tick_ns;
	bool more;    /* was left to be read */
	bool halting; /* asked to */
	bool halted;
};

#endif
