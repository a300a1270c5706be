// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_ring.c - the youngest pages in bounded memory: which go, from when on all is there, what is cut off, and how fast IPIs are.
 */
#include <stdlib.h>
#include <string.h>

#include "capture/ring.h"
#include "record/flight.h"
#include "decode/cut.h"
#include "pagebuf.h"
#include "report/list-priv.h"
#include "tap.h"

static const struct pb_machine here = { __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, sizeof(long) };

/* One page with so many records 10 ns apart, the first at begin_ns; -1: nothing was lost before it. */
static const void *page(uint64_t begin_ns, unsigned int records, int64_t lost)
{
	static uint8_t bytes[PB_SIZE];
	struct pb b = { .m = here };
	struct pb_rec r = pb_rec(&b, 7, 0, 1);

	pb_field(&b, &r, begin_ns, 8);
	pb_page(&b, 0, begin_ns);
	for (unsigned int i = 0; i < records; i++)
		pb_event(&b, i ? 10 : 0, &r);
	if (lost >= 0)
		pb_lost(&b, lost);
	memcpy(bytes, pb_cur(&b)->bytes, PB_SIZE);
	pb_free(&b);
	return bytes;
}

static unsigned int nr_pages(const struct page_ring *r, unsigned int cpu)
{
	unsigned int nr = 0;

	for (const struct ring_page *p = page_ring_first(r, cpu); p; p = p->next)
		nr++;
	return nr;
}

/* Counters run since the beginning: what a window is told is what came since it began, and never less. */
static void counted_since(void)
{
	struct flight_notes n = { 0 };

	flight_note(&n, &(struct flight_note){ 10, 0, 0 });
	is_u64(n.nr, 0, "nothing is counted: nothing to note");
	flight_note(&n, &(struct flight_note){ 20, 3, 0 });
	flight_note(&n, &(struct flight_note){ 30, 3, 0 });
	flight_note(&n, &(struct flight_note){ 40, 3, 7 });
	is_u64(n.nr, 2, "only what changed is noted");
	ok(!flight_noted(&n, 19).missed_sends, "a window before the first: all is its own");
	ok(flight_noted(&n, 39).missed_sends == 3 && !flight_noted(&n, 39).tasks_lost,
	   "between two: what came before is not");
	is_u64(flight_noted(&n, 40).tasks_lost, 7, "behind the last: none is");
	for (uint64_t i = 0; i < 1000; i++)
		flight_note(&n, &(struct flight_note){ 100 + i, 4 + i, 7 });
	ok(n.nr <= FLIGHT_NOTES, "a thousand changes take no more memory");
	is_u64(flight_noted(&n, 1099).missed_sends, 1003, "the latest is there");
	is_u64(flight_noted(&n, 100).missed_sends, 0, "what was forgotten is called the window's");
}

static void bounded(void)
{
	struct page_ring *r = page_ring_new(3, PB_SIZE, 64 << 10, 0);
	uint64_t most = 0;

	is_u64(page_ring_from_ns(r), 0, "an empty ring has lost nothing");
	for (unsigned int i = 0; i < 1000; i++) {
		page_ring_add(r, i % 2, page(1000 + 1000 * i, 200, -1), false);
		if (page_ring_bytes(r) > most)
			most = page_ring_bytes(r);
	}
	ok(most <= page_ring_max_bytes(r) && most > page_ring_max_bytes(r) - PB_SIZE,
	   "its memory is used, and bounded");
	ok(nr_pages(r, 0) + nr_pages(r, 1) < 20, "the oldest go");
	is_u64(page_ring_from_ns(r),
	       page_ring_first(r, 0)->begin_ns > page_ring_first(r, 1)->begin_ns ? page_ring_first(r, 0)->begin_ns :
										   page_ring_first(r, 1)->begin_ns,
	       "it goes back to where the last CPU begins");
	ok(page_ring_from_ns(r) - 1000 ==
		   page_ring_first(r, page_ring_first(r, 0)->begin_ns > page_ring_first(r, 1)->begin_ns)->begin_ns,
	   "and both go back about as far");
	ok(!page_ring_first(r, 2), "a CPU that had none has none");
	/* Short pages take little. */
	for (unsigned int i = 0; i < 1000; i++)
		page_ring_add(r, 2, page(2000000 + i, 1, -1), false);
	ok(nr_pages(r, 2) > 500, "a page takes what is in it: %u", nr_pages(r, 2));
	is_u64(nr_pages(r, 0), 1, "the last page of a CPU stays");
	page_ring_free(r);
}

static void by_time(void)
{
	struct page_ring *r = page_ring_new(2, PB_SIZE, 1 << 20, 5000);

	for (unsigned int i = 0; i < 20; i++)
		page_ring_add(r, 0, page(1000 * (i + 1), 10, -1), false);
	is_u64(page_ring_first(r, 0)->begin_ns, 14000,
	       "what ends longer ago than the time goes, what reaches into it stays");
	is_u64(page_ring_from_ns(r), 14000, "from there on");
	page_ring_add(r, 1, page(100, 10, -1), false);
	is_u64(nr_pages(r, 1), 1, "a quiet CPU's page stays, however old");
	is_u64(page_ring_from_ns(r), 14000, "for nothing of it is missing");
	page_ring_free(r);
}

static void losses(void)
{
	struct page_ring *r = page_ring_new(1, PB_SIZE, 1 << 20, 0);
	uint8_t copy[PB_SIZE];
	const uint8_t *given;

	page_ring_add(r, 0, page(1000, 10, -1), false);
	given = page(2000, 10, 5);
	page_ring_add(r, 0, given, false);
	is_u64(page_ring_from_ns(r), 0, "a loss between pages that were read is one");
	ring_page_copy(page_ring_first(r, 0)->next, false, copy, PB_SIZE);
	ok(!memcmp(copy, given, PB_SIZE), "it stands in the page, which is what it was to the last byte");
	ring_page_copy(page_ring_first(r, 0)->next, true, copy, PB_SIZE);
	ok(!memcmp(copy, page(2000, 10, -1), PB_SIZE), "or not, if it is the first of a window");
	page_ring_add(r, 0, page(3000, 10, 7), true);
	is_u64(page_ring_first(r, 0)->begin_ns, 3000, "what the kernel has overwritten makes an older page worthless");
	is_u64(page_ring_from_ns(r), 3000, "and is no loss, but a beginning");
	page_ring_free(r);
}

/* --- cut --- */

static uint64_t cut(void *bytes, uint64_t from_ns, uint64_t until_ns)
{
	uint64_t nr = 0;
	bool left = sub_buffer_cut(bytes, PB_SIZE, from_ns, until_ns, &nr);

	ok(left == (nr > 0), "%llu records are left", (unsigned long long)nr);
	return nr;
}

static void cuts(void)
{
	uint8_t bytes[PB_SIZE], all[PB_SIZE];
	unsigned long commit[2];
	uint64_t stamp;

	memcpy(all, page(1000, 10, -1), PB_SIZE); /* 1000, 1010, ... 1090 */
	memcpy(bytes, all, PB_SIZE);
	is_u64(cut(bytes, 0, UINT64_MAX), 10, "nothing is outside");
	ok(!memcmp(bytes, all, PB_SIZE), "and nothing is changed");
	is_u64(cut(bytes, 1020, 1060), 4, "from 1020 on, before 1060");
	memcpy(&stamp, bytes, sizeof(stamp));
	is_u64(stamp, 1010, "its stamp is the time of the record before");
	is_u64(cut(bytes, 1020, 1060), 4, "the same once more: its times are as before");
	is_u64(cut(bytes, 1030, 1031), 1, "one of them");
	is_u64(cut(bytes, 1031, 2000), 0, "none");
	memcpy(bytes, page(1000, 10, 5), PB_SIZE);
	is_u64(cut(bytes, 900, 1050), 5, "cut at its end");
	memcpy(all, page(1000, 5, 5), PB_SIZE);
	memcpy(&commit[0], bytes + 8, sizeof(long));
	memcpy(&commit[1], all + 8, sizeof(long));
	is_u64(commit[0], (uint32_t)commit[1], "its length, and that something was lost");
	memcpy(bytes + 8, all + 8, sizeof(long)); /* the kernel's commit has more bits set than mean something */
	ok(!memcmp(bytes, all, PB_SIZE), "what was lost before it stands behind its new end");
	memcpy(bytes, page(1000, 10, 5), PB_SIZE);
	cut(bytes, 1050, 2000);
	memcpy(all, page(1050, 5, -1), PB_SIZE);
	ok(!memcmp(bytes + 8, all + 8, here.longs), "cut at its begin: nothing is missing there");
}

static void long_times(void)
{
	struct pb b = { .m = here };
	struct pb_rec r = pb_rec(&b, 7, 0, 1);
	uint64_t stamp;

	pb_page(&b, 0, 1000);
	pb_event(&b, 0, &r);
	pb_extend(&b, 1ull << 40);
	pb_event(&b, 5, &r); /* 2^40 + 1005 */
	pb_padding(&b, 10, 8);
	pb_stamp(&b, (1ull << 41) + 3);
	pb_event(&b, 0, &r);
	pb_event(&b, 7, &r);
	is_u64(cut(pb_cur(&b)->bytes, (1ull << 40) + 1005, (1ull << 41) + 10), 2,
	       "long steps, padding and absolute stamps");
	memcpy(&stamp, pb_cur(&b)->bytes, sizeof(stamp));
	is_u64(stamp, (1ull << 40) + 1000, "count in the stamp, too");
	is_u64(cut(pb_cur(&b)->bytes, (1ull << 41) + 3, UINT64_MAX), 1, "and in what is left");
	memset(pb_cur(&b)->bytes + 8 + here.longs, 0xff, 100);
	cut(pb_cur(&b)->bytes, 0, UINT64_MAX);
	pb_free(&b);
}

/* --- rate --- */

static uint64_t rate(const struct list_rate *r, uint64_t start_ns)
{
	uint64_t per_s = 0;

	return list_rate_get(r, start_ns, &per_s) ? per_s : UINT64_MAX;
}

static void rates(void)
{
	struct list_rate r = { 0 };
	const uint64_t start = 5000000000;
	uint64_t at = start;

	is_u64(rate(&r, start), UINT64_MAX, "nothing yet");
	for (unsigned int i = 0; i < 99; i++)
		list_rate_add(&r, at += 1000000);
	is_u64(rate(&r, start), UINT64_MAX, "99 ms: not known yet");
	for (unsigned int i = 0; i < 901; i++)
		list_rate_add(&r, at += 1000000);
	ok(rate(&r, start) >= 1000 && rate(&r, start) <= 1011, "one each ms: %llu a second",
	   (unsigned long long)rate(&r, start));
	for (unsigned int i = 0; i < 5000; i++)
		list_rate_add(&r, at += 10000);
	ok(rate(&r, start) > 50000 && rate(&r, start) < 51500, "50 ms at 100000: %llu",
	   (unsigned long long)rate(&r, start));
	list_rate_add(&r, at += 500000000);
	is_u64(rate(&r, start) / 2, 5, "after half a second of nothing: 1 in 99 ms");
}

int main(void)
{
	bounded();
	counted_since();
	by_time();
	losses();
	cuts();
	long_times();
	rates();
	return done_testing();
}
