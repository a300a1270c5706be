// SPDX-License-Identifier: GPL-2.0-only
/*
 * live/flight.c - see live/flight.h.
 */
#include <stdint.h>

#include "base/cpuset.h"
#include "base/err.h"
#include "capture/signals.h"
#include "live/flight-priv.h"
#include "live/flight.h"
#include "live/priv.h"

#define POLL_NS 10000000ULL /* a buffer that is empty is looked at again */

struct page_ring *flight_ring(const struct live *l)
{
	const struct live_flight *f = &l->config.flight;
	uint64_t kernel = session_buffer_bytes(l->rec.session) * machine_nr_cpus();
	uint64_t max_bytes = f->max_bytes ? f->max_bytes : kernel;

	if (!f->on)
		return NULL;
	/* What keeping a page costs is no reason to lose what the kernel still had. */
	if (f->unread)
		max_bytes = kernel + kernel / 32;
	return page_ring_new(session_nr_cpus(l->rec.session), session_page_size(l->rec.session), max_bytes, f->max_ns);
}

static enum live_state read_up_to(struct live *l, uint64_t until_ns, struct err *err)
{
	while (feed_complete_ns(l->rec.feed) < until_ns) {
		int ret = feed_read(l->rec.feed, err);

		if (ret < 0)
			return LIVE_FAILED;
		if (!ret && feed_complete_ns(l->rec.feed) < until_ns)
			signals_sleep_ns(POLL_NS);
	}
	l->told_ns = until_ns;
	return LIVE_REACHED;
}

enum live_state live_catch_up(struct live *l, uint64_t until_ns, struct err *err)
{
	enum live_state state = LIVE_GOES_ON;

	if (l->halted)
		return LIVE_REACHED;
	if (l->config.flight.unread)
		return read_up_to(l, until_ns, err);
	while (!l->halted && l->told_ns < until_ns && state != LIVE_FAILED)
		state = live_step(l, UINT64_MAX, err);
	return state == LIVE_FAILED ? state : LIVE_REACHED;
}

int live_write(struct live *l, struct flight_file *file, struct err *err)
{
	struct facts *f = &l->rec.facts;
	int ret;

	file->until_ns = f->off_ns && (!l->told_ns || l->told_ns > f->off_ns) ? f->off_ns : l->told_ns;
	file->notes = &l->notes;
	file->max_ns = l->config.flight.max_ns;
	file->abort = signals_abort_flag();
	f->workload_status = l->run.workload && workload_ended(l->run.workload) ? workload_status(l->run.workload) : -1;
	ret = flight_write(&l->rec, l->ring, file, err);
	/* The facts' texts are others now. */
	live_refresh(l);
	return ret;
}

uint64_t live_ring_bytes(const struct live *l)
{
	return page_ring_bytes(l->ring);
}

uint64_t live_ring_max_bytes(const struct live *l)
{
	return page_ring_max_bytes(l->ring);
}
