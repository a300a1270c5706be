// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/ring.c - queues of pages, one a CPU, of which the oldest go.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/subbuf.h"
#include "capture/ring.h"

#define OVERHEAD (sizeof(struct ring_page) + 2 * sizeof(void *)) /* the allocator's, too */

struct ring_cpu {
	struct ring_page *head, *tail;
	uint64_t from_ns; /* from here on all is kept; 0: since the beginning */
};

struct page_ring {
	struct ring_cpu *cpus;
	unsigned int nr_cpus;
	size_t page_size;
	uint64_t bytes, max_bytes, max_ns;
	uint64_t newest_ns;
};

struct page_ring *page_ring_new(unsigned int nr_cpus, size_t page_size, uint64_t max_bytes, uint64_t max_ns)
{
	struct page_ring *r = xcalloc(1, sizeof(*r));

	r->cpus = xcalloc(nr_cpus, sizeof(*r->cpus));
	r->nr_cpus = nr_cpus;
	r->page_size = page_size;
	r->max_bytes = max_bytes;
	r->max_ns = max_ns;
	return r;
}

static void drop_head(struct page_ring *r, struct ring_cpu *c)
{
	struct ring_page *p = c->head;

	c->head = p->next;
	if (!c->head)
		c->tail = NULL;
	r->bytes -= p->len + OVERHEAD;
	free(p);
}

void page_ring_free(struct page_ring *r)
{
	if (!r)
		return;
	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++)
		while (r->cpus[cpu].head)
			drop_head(r, &r->cpus[cpu]);
	free(r->cpus);
	free(r);
}

/* Of those that have another page. */
static struct ring_cpu *furthest_back(const struct page_ring *r)
{
	struct ring_cpu *found = NULL;

	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++) {
		struct ring_cpu *c = &r->cpus[cpu];

		if (c->head && c->head->next && (!found || c->head->begin_ns < found->head->begin_ns))
			found = c;
	}
	return found;
}

static bool is_too_old(const struct page_ring *r, const struct ring_cpu *c)
{
	return r->max_ns && c->head->next->begin_ns + r->max_ns < r->newest_ns;
}

static void shrink(struct page_ring *r)
{
	struct ring_cpu *c;

	while ((c = furthest_back(r)) && (r->bytes > r->max_bytes || is_too_old(r, c))) {
		drop_head(r, c);
		c->from_ns = c->head->begin_ns;
	}
}

static uint32_t commit_of(const void *page)
{
	unsigned long commit;

	memcpy(&commit, (const char *)page + SUBBUF_COMMIT_OFF, sizeof(commit));
	return (uint32_t)commit;
}

/* Bytes of the page that mean something. */
static size_t used(const struct page_ring *r, const void *page)
{
	uint32_t commit = commit_of(page);
	size_t len = SUBBUF_DATA_OFF + (commit & SUBBUF_LEN);

	if (commit & SUBBUF_MISSED && commit & SUBBUF_STORED)
		len += sizeof(long);
	return len < r->page_size ? len : r->page_size;
}

void page_ring_add(struct page_ring *r, unsigned int cpu, const void *page, bool afresh)
{
	struct ring_cpu *c = &r->cpus[cpu];
	size_t len = used(r, page);
	struct ring_page *p = xmalloc(sizeof(*p) + len);

	p->next = NULL;
	p->len = (uint32_t)len;
	memcpy(&p->begin_ns, page, sizeof(p->begin_ns));
	memcpy(p->data, page, len);
	if (afresh && commit_of(page) & SUBBUF_MISSED) {
		while (c->head)
			drop_head(r, c);
		c->from_ns = p->begin_ns;
	}
	if (c->tail)
		c->tail->next = p;
	else
		c->head = p;
	c->tail = p;
	r->bytes += len + OVERHEAD;
	if (p->begin_ns > r->newest_ns)
		r->newest_ns = p->begin_ns;
	shrink(r);
}

uint64_t page_ring_from_ns(const struct page_ring *r)
{
	uint64_t from_ns = 0;

	for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++)
		if (r->cpus[cpu].from_ns > from_ns)
			from_ns = r->cpus[cpu].from_ns;
	return from_ns;
}

uint64_t page_ring_bytes(const struct page_ring *r)
{
	return r->bytes;
}

uint64_t page_ring_max_bytes(const struct page_ring *r)
{
	return r->max_bytes;
}

const struct ring_page *page_ring_first(const struct page_ring *r, unsigned int cpu)
{
	return cpu < r->nr_cpus ? r->cpus[cpu].head : NULL;
}

void ring_page_copy(const struct ring_page *p, bool whole, void *page, size_t page_size)
{
	memcpy(page, p->data, p->len);
	memset((char *)page + p->len, 0, page_size - p->len);
	if (whole && commit_of(page) & SUBBUF_MISSED) {
		unsigned long commit = commit_of(page) & SUBBUF_LEN;

		memcpy((char *)page + SUBBUF_COMMIT_OFF, &commit, sizeof(commit));
		memset((char *)page + SUBBUF_DATA_OFF + commit, 0, page_size - SUBBUF_DATA_OFF - commit);
	}
}
