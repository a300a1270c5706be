/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live/flight.h - a measurement whose last seconds can be written, as a recording, again and again.
 *
 * With live_config.flight a measurement keeps the youngest pages in memory (capture/ring.h). Read all the while, they are
 * matched as ever, and what a sink is told of is still there. Unread, tracing costs what it costs the CPUs that record,
 * the kernel overwrites the oldest, and the sinks are told nothing; live_step() reads what is left only behind the end.
 * Either way the ring stays when a file was written: files overlap, and one that failed is tried again.
 */
#ifndef IPITRACE_LIVE_FLIGHT_H
#define IPITRACE_LIVE_FLIGHT_H

#include <stdint.h>

#include "base/err.h"
#include "live/live.h"
#include "record/flight.h"

/*
 * Until every event before until_ns, which lies not ahead, is in memory, and matched unless it stays unread; a tenth of
 * a second behind it at the latest, unless there is more than can be read in time. An end that comes meanwhile is left
 * for live_step(). LIVE_REACHED, or LIVE_FAILED.
 */
enum live_state live_catch_up(struct live *l, uint64_t until_ns, struct err *err);
/*
 * Writes the last seconds to file->path; until_ns and max_ns of file are set here: up to live_told_ns(), or where
 * tracing ended. Nothing is read meanwhile: the kernel's buffers take what happens. -1: *err, and the measurement goes on.
 */
int live_write(struct live *l, struct flight_file *file, struct err *err);
/* Memory that the pages take, and their bound. */
uint64_t live_ring_bytes(const struct live *l);
uint64_t live_ring_max_bytes(const struct live *l);

#endif
