// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/decode.c - records to events, merged by time over all CPUs.
 *
 * One cursor a CPU; the one with the least time runs until it passes the next
 * one, which waits on top of a heap. At equal times causes (sends, queueing)
 * come before effects. Some events are told twice by the kernel (ipi_send_*
 * and ipi_raise, irq_handler_* and ipi_entry/exit): they become one here, by
 * looking ahead in the CPU's own stream at the same context level.
 */
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "decode/event.h"
#include "decode/walk.h"

void heap_sift_down(struct decoder *d, unsigned int at)
{
	struct cursor *c = d->heap[at];

	for (;;) {
		unsigned int child = 2 * at + 1;

		if (child >= d->nr_heap)
			break;
		if (child + 1 < d->nr_heap && heap_less(d->heap[child + 1], d->heap[child]))
			child++;
		if (!heap_less(d->heap[child], c))
			break;
		d->heap[at] = d->heap[child];
		at = child;
	}
	d->heap[at] = c;
}

void heap_push(struct decoder *d, struct cursor *c)
{
	unsigned int at = d->nr_heap++;

	if (!d->cur) {
		d->nr_heap--;
		d->cur = c;
		return;
	}
	if (heap_less(c, d->cur)) {
		struct cursor *later = d->cur;

		d->cur = c;
		c = later;
	}
	for (; at && heap_less(c, d->heap[(at - 1) / 2]); at = (at - 1) / 2)
		d->heap[at] = d->heap[(at - 1) / 2];
	d->heap[at] = c;
}

void heap_pop_to_cur(struct decoder *d)
{
	if (!d->nr_heap) {
		d->cur = NULL;
		return;
	}
	d->cur = d->heap[0];
	d->heap[0] = d->heap[--d->nr_heap];
	if (d->nr_heap)
		heap_sift_down(d, 0);
}

bool native_event(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	return event_decode(d, c, ev, true);
}

static inline __attribute__((always_inline)) int read_batch(struct decoder *d, struct ipi_event *ev, unsigned int max,
							    const bool fast)
{
	unsigned int nr = 0;

	while (nr < max && d->cur && d->cur->key <= d->last_key) {
		struct cursor *c = d->cur;
		uint64_t limit = cur_limit(d, c);

		do {
			if (c->head == HEAD_RECORD) {
				if (event_decode(d, c, &ev[nr], fast)) {
					nr++;
					d->stats.events++;
				}
			} else {
				event_head(d, c, c->head, c->ts, &ev[nr++]);
			}
			if (likely(page_walk(d, c, fast)))
				continue;
			cursor_advance(d, c);
			if (unlikely(c->head >= HEAD_END))
				break;
		} while (c->key <= limit && nr < max);
		if (unlikely(d->failed))
			return -1;
		if (unlikely(c->head >= HEAD_END))
			heap_pop_to_cur(d);
		else if (c->key > limit)
			heap_swap_cur(d);
	}
	return (int)nr;
}

static int read_some(struct decoder *d, struct ipi_event *ev, unsigned int max)
{
	if (d->plan.plain)
		return native_read(d, ev, max);
	return d->plan.native ? read_batch(d, ev, max, true) : read_batch(d, ev, max, false);
}

/* All that was complete is given. Then it is settled, and the streams that had nothing are asked for more. */
static int read_on(struct decoder *d, struct ipi_event *ev, unsigned int max)
{
	int late, nr;

	if (d->last_key != UINT64_MAX && d->last_key >> 1 > d->settled_ns)
		d->settled_ns = d->last_key >> 1;
	late = decoder_refill(d, ev, max);
	if (late < 0)
		return -1;
	nr = read_some(d, ev + late, max - (unsigned int)late);
	return nr < 0 ? -1 : late + nr;
}

int decoder_read(struct decoder *d, struct ipi_event *ev, unsigned int max, struct decode_masks *masks, struct err *err)
{
	struct err local = { 0 };
	int nr;

	if (d->failed)
		return err_set(err, EXIT_FAILED, "cannot read on behind damaged data");
	d->err = err ? err : &local;
	d->masks = masks ? masks : &d->own_masks;
	masks_reset(d->masks);
	nr = read_some(d, ev, max);
	if (!nr && max && d->src.complete_ns && !decoder_ended(d))
		nr = read_on(d, ev, max);
	d->err = NULL;
	if (nr > 0) {
		if (!d->stats.first_ns)
			d->stats.first_ns = ev[0].ts_ns;
		d->stats.last_ns = ev[nr - 1].ts_ns;
		if (d->stats.last_ns > d->settled_ns)
			d->settled_ns = d->stats.last_ns;
	}
	return nr;
}

bool decoder_ended(const struct decoder *d)
{
	for (unsigned int i = 0; i < d->src.nr_cpus; i++)
		if (d->cursors[i].head != HEAD_END)
			return false;
	return true;
}

uint64_t decoder_begin(const struct decoder *d)
{
	uint64_t begin = UINT64_MAX;

	for (unsigned int i = 0; i < d->src.nr_cpus; i++)
		if (d->cursors[i].started && d->cursors[i].ts < begin)
			begin = d->cursors[i].ts;
	return begin;
}

uint64_t decoder_complete_ns(const struct decoder *d)
{
	return d->settled_ns;
}

/* Field "name; offset:N; size:M;" of events/header_page. */
static bool header_field(const char *text, size_t len, const char *name, unsigned int *off, unsigned int *size)
{
	char *copy = xcalloc(1, len + 1);
	const char *at;
	bool found = false;

	memcpy(copy, text, len);
	for (at = copy; (at = strstr(at, name)); at++) {
		const char *o, *s;

		if (at == copy || at[-1] != ' ' || at[strlen(name)] != ';')
			continue;
		o = strstr(at, "offset:");
		s = strstr(at, "size:");
		if (!o || !s)
			break;
		*off = (unsigned int)strtoul(o + 7, NULL, 10);
		*size = (unsigned int)strtoul(s + 5, NULL, 10);
		found = true;
		break;
	}
	free(copy);
	return found;
}

/* The kernel's long, which is not always user space's, is the size of commit. */
int decoder_header(struct decoder *d, struct err *err)
{
	const struct decode_meta *meta = &d->plan.meta;
	unsigned int off, size;

	d->plan.long_size = meta->long_size;
	d->plan.data_off = 8 + meta->long_size;
	d->plan.swap = meta->big_endian != (BYTE_ORDER == BIG_ENDIAN);
	if (meta->header_page) {
		if (!header_field(meta->header_page, meta->header_page_len, "commit", &off, &size) || off != 8 ||
		    (size != 4 && size != 8))
			return err_set(err, EXIT_FAILED, "cannot understand the recording kernel's header_page");
		d->plan.long_size = size;
		d->plan.data_off = 8 + size;
		if (header_field(meta->header_page, meta->header_page_len, "data", &off, &size) &&
		    off >= d->plan.data_off && off < 4096)
			d->plan.data_off = off;
	}
	if (d->plan.long_size != 4 && d->plan.long_size != 8)
		return err_set(err, EXIT_FAILED, "a machine with longs of %u bytes is not supported",
			       d->plan.long_size);
	d->plan.meta.long_size = d->plan.long_size;
	return 0;
}

/* A stream of which nothing is left is missing from the begin of the others. */
static void start_missing(struct decoder *d)
{
	uint64_t begin = UINT64_MAX;

	for (unsigned int i = 0; i < d->src.nr_cpus; i++)
		if (d->cursors[i].started && d->cursors[i].ts < begin)
			begin = d->cursors[i].ts;
	for (unsigned int i = 0; i < d->src.nr_cpus; i++) {
		struct cursor *c = &d->cursors[i];

		if (c->started || c->head != HEAD_GAP)
			continue;
		if (begin == UINT64_MAX) {
			c->head = HEAD_END;
			continue;
		}
		c->ts = begin;
		c->key = head_key(begin, 1);
	}
}

int decoder_start(struct decoder *d, struct err *err)
{
	unsigned int nr = d->src.nr_cpus;

	d->cursors = xcalloc(nr ? nr : 1, sizeof(*d->cursors));
	d->heap = xcalloc(nr ? nr : 1, sizeof(*d->heap));
	d->err = err;
	for (unsigned int i = 0; i < nr; i++) {
		struct cursor *c = &d->cursors[i];

		c->idx = i;
		c->cpu = d->src.cpus ? d->src.cpus[i] : i;
		c->open_irq = CLASS_NONE;
		cursor_advance(d, c);
		if (d->failed)
			return -1;
	}
	start_missing(d);
	for (unsigned int i = 0; i < nr; i++)
		if (d->cursors[i].head < HEAD_END)
			heap_push(d, &d->cursors[i]);
	d->err = NULL;
	d->last_key = d->src.complete_ns ? 0 : UINT64_MAX;
	return 0;
}

void decoder_set_native(struct decoder *d)
{
	d->plan.native = !d->plan.swap && !d->plan.meta.big_endian && d->plan.long_size == 8 &&
			 d->plan.data_off == 16 && d->plan.fmt.off_type == 0 && d->plan.fmt.off_flags == 2 &&
			 d->plan.fmt.off_pid == 4 && d->plan.fmt.common_len == 8;
}

/* Kinds of the events whose formats there are, or, seen, of those alone of which there was a record. */
static uint32_t ops_of(const struct decoder *d, bool seen, uint32_t *vectors)
{
	uint32_t ops = 0;

	*vectors = 0;
	for (unsigned int i = 0; i < d->nr_used_ids; i++) {
		const struct ev_desc *desc = &d->plan.fmt.desc[d->used_ids[i]];

		if (seen && !d->counts[d->used_ids[i]])
			continue;
		ops |= OP_BIT(desc->op);
		if (desc->op == OP_IRQ_ENTRY)
			*vectors |= IPI_CLASS_BIT(desc->class);
	}
	return ops & d->plan.fmt.ops;
}

/* Most ids are of events that are none of ours. */
static void find_used_ids(struct decoder *d)
{
	d->used_ids = xcalloc(d->plan.fmt.nr_desc, sizeof(*d->used_ids));
	for (unsigned int id = 0; id < d->plan.fmt.nr_desc; id++)
		if (d->plan.fmt.desc[id].op != OP_SKIP)
			d->used_ids[d->nr_used_ids++] = (uint16_t)id;
}

static struct ipi_evidence evidence_of_formats(const struct decoder *d)
{
	uint32_t vectors, ops = ops_of(d, false, &vectors);

	return kevents_evidence(ops, vectors);
}

int decoder_open(struct decoder **dp, const struct decode_meta *meta, const struct page_source *src, struct err *err)
{
	struct err local = { 0 };
	struct decoder *d;

	if (!err)
		err = &local;
	*dp = NULL;
	d = xcalloc(1, sizeof(*d));
	d->plan.meta = *meta;
	d->src = *src;
	memset(d->irq_memo, IRQ_UNKNOWN, sizeof(d->irq_memo));
	if (decoder_header(d, err))
		goto fail;
	formats_init(&d->plan.fmt, &d->plan.meta);
	d->irq_base = d->plan.fmt.irq_base;
	d->irq_base_known = d->plan.fmt.irq_base_told || !d->plan.fmt.nr_irq_lines ||
			    !(d->plan.fmt.ops & OP_BIT(OP_FUNC_ENTRY));
	decoder_set_native(d);
	d->plan.plain = d->plan.native && !d->plan.fmt.pseudo_sends && !d->plan.fmt.has_wakes &&
			(d->plan.fmt.x86 || !d->plan.fmt.has_raise);
	d->counts = xcalloc(d->plan.fmt.nr_desc, sizeof(*d->counts));
	d->stacks = stacks_new(meta->max_stacks);
	known_find(d);
	find_used_ids(d);
	d->caps.evidence = evidence_of_formats(d);
	d->caps.has_wakes = d->plan.fmt.has_wakes;
	d->caps.has_tlb = d->plan.fmt.ops & (OP_BIT(OP_TLB_FLUSH) | OP_BIT(OP_TLB_CALL));
	d->caps.irqs_told = d->plan.fmt.irq_base_told && d->plan.fmt.nr_irq_lines;
	d->caps.has_idle = d->plan.fmt.ops & OP_BIT(OP_IDLE);
	if (decoder_start(d, err))
		goto fail;
	*dp = d;
	return 0;

fail:
	decoder_close(d);
	return -1;
}

void decoder_close(struct decoder *d)
{
	if (!d)
		return;
	decode_masks_free(&d->own_masks);
	free(d->used_ids);
	stacks_free(d->stacks);
	works_free(d->works);
	free(d->known);
	free(d->heap);
	free(d->cursors);
	free(d->counts);
	formats_free(&d->plan.fmt);
	free(d);
}

const struct decode_caps *decoder_caps(const struct decoder *d)
{
	return &d->caps;
}

struct decode_mark decoder_mark(const struct decoder *d)
{
	struct decode_mark mark = {
		.first_ns = d->stats.first_ns,
		.events = d->stats.events,
		.blind_sends = d->stats.blind_sends,
		.stacks = d->stacks_attached,
	};

	mark.ops = ops_of(d, true, &mark.vectors);
	mark.records = mark.events;
	for (unsigned int id = 0; id < d->plan.fmt.nr_desc && !mark.records; id++)
		mark.records = d->counts[id];
	return mark;
}

struct ipi_evidence decode_mark_seen(const struct decode_mark *mark)
{
	return kevents_evidence(mark->ops, mark->vectors);
}

uint64_t decoder_end_ns(const struct decoder *d)
{
	uint64_t end = 0;

	for (unsigned int i = 0; i < d->src.nr_cpus; i++)
		if (d->cursors[i].started && d->cursors[i].ts > end)
			end = d->cursors[i].ts;
	return end;
}

/* Sums are made when asked for, because the walker counts by event id only. */
const struct decode_stats *decoder_stats(const struct decoder *d)
{
	struct decode_stats *stats = (struct decode_stats *)&d->stats;

	stats->records = stats->skipped = 0;
	for (unsigned int id = 0; id < d->plan.fmt.nr_desc; id++) {
		stats->records += d->counts[id];
		if (!(OP_BIT(d->plan.fmt.desc[id].op) & d->plan.fmt.ops))
			stats->skipped += d->counts[id];
	}
	stats->stacks = d->stacks_attached;
	stats->stacks_dropped = stacks_dropped(d->stacks);
	stats->end_ns = decoder_end_ns(d);
	return stats;
}

const struct ipi_stack *decoder_stack(const struct decoder *d, uint32_t id)
{
	return stacks_get(d->stacks, id);
}

uint32_t decoder_nr_stacks(const struct decoder *d)
{
	return stacks_nr(d->stacks);
}
