/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live/flight-priv.h - what live/live.c needs of live/flight.c.
 */
#ifndef IPITRACE_LIVE_FLIGHT_PRIV_H
#define IPITRACE_LIVE_FLIGHT_PRIV_H

struct live;
struct page_ring;

/* As configured, with the session open; NULL: it is no flight recorder. */
struct page_ring *flight_ring(const struct live *l);

#endif
