// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/cut.c - see decode/cut.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/subbuf.h"
#include "decode/cut.h"
#include "decode/walk.h"

static const bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

/* What is left, and the time before it. */
struct rest {
	const uint8_t *begin, *end;
	uint64_t before_ns;
	uint64_t nr;
};

static void find_rest(const uint8_t *p, const uint8_t *end, uint64_t ts, uint64_t from_ns, uint64_t until_ns,
		      struct rest *rest)
{
	struct rec r;

	*rest = (struct rest){ .begin = end, .end = end };
	for (; p < end; p = r.next) {
		enum rec_kind kind = rec_parse(p, end, false, big, &r);
		uint64_t before = ts;

		if (kind == REC_BAD || kind == REC_PAGE_END)
			break;
		if (!time_step(&ts, kind == REC_STAMP, r.delta))
			break;
		if (kind != REC_EVENT || ts < from_ns)
			continue;
		if (ts >= until_ns)
			break;
		if (!rest->nr++) {
			rest->begin = p;
			rest->before_ns = before;
		}
		rest->end = r.next;
	}
}

bool sub_buffer_cut(void *page, size_t page_size, uint64_t from_ns, uint64_t until_ns, uint64_t *nr)
{
	uint8_t *data = (uint8_t *)page + SUBBUF_DATA_OFF;
	unsigned long commit, flags = 0, lost = 0;
	struct rest rest;
	uint64_t ts;
	size_t len;

	memcpy(&ts, page, sizeof(ts));
	memcpy(&commit, (char *)page + SUBBUF_COMMIT_OFF, sizeof(commit));
	len = commit & SUBBUF_LEN;
	if (len > page_size - SUBBUF_DATA_OFF)
		len = page_size - SUBBUF_DATA_OFF;
	find_rest(data, data + len, ts, from_ns, until_ns, &rest);
	*nr = rest.nr;
	if (!rest.nr)
		return false;
	if (ts >= from_ns)
		flags = commit & (SUBBUF_MISSED | SUBBUF_STORED);
	if (flags & SUBBUF_STORED && len + sizeof(lost) <= page_size - SUBBUF_DATA_OFF)
		memcpy(&lost, data + len, sizeof(lost));
	else
		flags &= ~(unsigned long)SUBBUF_STORED;
	len = (size_t)(rest.end - rest.begin);
	if (rest.begin != data) {
		memmove(data, rest.begin, len);
		memcpy(page, &rest.before_ns, sizeof(rest.before_ns));
	}
	memset(data + len, 0, page_size - SUBBUF_DATA_OFF - len);
	if (flags & SUBBUF_STORED)
		memcpy(data + len, &lost, sizeof(lost));
	commit = len | flags;
	memcpy((char *)page + SUBBUF_COMMIT_OFF, &commit, sizeof(commit));
	return true;
}
