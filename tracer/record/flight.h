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

/* What was counted since the beginning, by when: for what of it is of a window. */
#define FLIGHT_NOTES 32u
struct flight_notes {
	struct flight_note {
		uint64_t at_ns, missed_sends, tasks_lost;
	} notes[FLIGHT_NOTES]; /* in order of time, where something changed; the oldest go */
	unsigned int nr;
};

void flight_note(struct flight_notes *n, const struct flight_note *note);
/* At this time it was no less than that: what cannot be told apart is of the window. */
struct flight_note flight_noted(const struct flight_notes *n, uint64_t ns);

struct flight_file {
	const char *path;
	const struct flight_notes *notes;
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
