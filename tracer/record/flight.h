/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record/flight.h - a recording of the last seconds, written while it goes on, from pages in memory.
 *
 * An ordinary trace.dat whose window (facts: flight, on_ns, off_ns) begins where all CPUs reach back to: what is older
 * is not in it, on no CPU. What only holds of a recording as a whole is not in its facts: readings of /proc/interrupts,
 * counters of the ring buffers.
 */
#ifndef IPITRACE_RECORD_FLIGHT_H
#define IPITRACE_RECORD_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/ring.h"
#include "record/save.h"

struct flight_file {
	const char *path;
	uint32_t level;		   /* of compression; 0 = none */
	uint64_t until_ns;	   /* all CPUs' pages are in the ring up to here */
	uint64_t max_ns;	   /* not longer than this; 0 = as far as the ring goes back */
	const volatile int *abort; /* gives up once it is not 0 */
	/* When it was written: */
	uint64_t from_ns, bytes;
	uint64_t records; /* of all kinds */
};

/*
 * The session is open; while it still records, what other processes changed of it is looked for. The ring stays as it
 * is, whatever happens. -1: *err, there is no file. The facts' texts are exchanged.
 */
int flight_write(struct recording *rec, const struct page_ring *ring, struct flight_file *file, struct err *err);

#endif
