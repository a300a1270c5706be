// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/records.c - records of a table of events, their fields as numbers, merged by time.
 *
 * The cursors of decode/page.c walk, as for IPIs; a descriptor's class is the row of the table.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "decode/event.h"
#include "decode/fields.h"
#include "decode/records.h"

struct place {
	uint16_t off;
	uint16_t size; /* 0 = the event has no such field */
};

struct row {
	struct place places[RECORD_MAX_FIELDS];
	uint8_t has;
	const struct event_format *format; /* NULL = not in the recording */
};

struct records {
	struct decoder d;
	const struct record_want *table;
	struct row *rows;
};

/* False: a field is missing that is needed, or is no number. */
static bool row_fields(struct row *row, const struct record_want *want, const struct format_fields *event,
		       struct ev_desc *desc)
{
	for (unsigned int i = 0; i < RECORD_MAX_FIELDS && want->fields[i]; i++) {
		bool optional = want->fields[i][0] == '?';
		const struct format_field *field = format_field_find(event, want->fields[i] + optional);

		if (!field && optional)
			continue;
		if (!field || !field->size || field->size > 8 || field->size & (field->size - 1))
			return false;
		row->places[i] = (struct place){ (uint16_t)field->offset, (uint16_t)field->size };
		row->has |= (uint8_t)(1u << i);
		if (field->offset + field->size > desc->min_len)
			desc->min_len = (uint16_t)(field->offset + field->size);
	}
	return true;
}

static void row_add(struct records *r, unsigned int what, const struct event_format *format, unsigned int id)
{
	struct row row = { .format = format };
	struct ev_desc desc = { .op = OP_STACK + 1, .class = (uint8_t)what };
	struct format_fields event;

	if (r->rows[what].format || !format_fields_parse(&event, format->text, format->len))
		return;
	if ((r->d.plan.fmt.common_len || formats_common(&r->d.plan.fmt, &event)) &&
	    row_fields(&row, &r->table[what], &event, &desc)) {
		r->rows[what] = row;
		*formats_slot(&r->d.plan.fmt, id) = desc;
	}
	format_fields_free(&event);
}

static bool is_system(const char *wanted, const char *system)
{
	size_t len = strlen(wanted);

	return wanted[len - 1] == '*' ? !strncmp(wanted, system, len - 1) : !strcmp(wanted, system);
}

static void rows_init(struct records *r, unsigned int nr)
{
	const struct decode_meta *meta = &r->d.plan.meta;
	char name[128];
	unsigned int id;

	formats_slot(&r->d.plan.fmt, 0);
	for (unsigned int i = 0; i < meta->nr_formats; i++) {
		if (!formats_head(&meta->formats[i], name, sizeof(name), &id))
			continue;
		for (unsigned int what = 0; what < nr; what++)
			if (!strcmp(r->table[what].name, name) &&
			    is_system(r->table[what].system, meta->formats[i].system))
				row_add(r, what, &meta->formats[i], id);
	}
	if (!r->d.plan.fmt.common_len) {
		r->d.plan.fmt.off_flags = 2;
		r->d.plan.fmt.off_pid = 4;
		r->d.plan.fmt.common_len = 8;
	}
}

int records_open(struct records **out, const struct record_want *table, const struct decode_meta *meta,
		 const struct page_source *src, struct err *err)
{
	struct records *r = xcalloc(1, sizeof(*r));
	struct err local = { 0 };
	unsigned int nr = 0;

	*out = NULL;
	while (table[nr].name)
		nr++;
	r->table = table;
	r->rows = xcalloc(nr + 1, sizeof(*r->rows));
	r->d.plan.meta = *meta;
	r->d.src = *src;
	if (!err)
		err = &local;
	if (decoder_header(&r->d, err))
		goto fail;
	rows_init(r, nr);
	decoder_set_native(&r->d);
	r->d.counts = xcalloc(r->d.plan.fmt.nr_desc, sizeof(*r->d.counts));
	if (decoder_start(&r->d, err))
		goto fail;
	*out = r;
	return 0;

fail:
	records_close(r);
	return -1;
}

void records_close(struct records *r)
{
	if (!r)
		return;
	free(r->d.heap);
	free(r->d.cursors);
	free(r->d.counts);
	formats_free(&r->d.plan.fmt);
	free(r->rows);
	free(r);
}

static uint64_t load(const struct decoder *d, const uint8_t *p, unsigned int size)
{
	switch (size) {
	case 1:
		return *p;
	case 2:
		return load16(p, d->plan.swap);
	case 4:
		return load32(p, d->plan.swap);
	default:
		return load64(p, d->plan.swap);
	}
}

/* False: nothing to tell of this head. */
static bool record_fill(const struct records *r, const struct cursor *c, struct record *rec)
{
	const struct decoder *d = &r->d;
	const struct row *row;

	memset(rec, 0, sizeof(*rec));
	rec->ts = c->ts;
	rec->cpu = c->cpu;
	if (c->head == HEAD_GAP || c->head == HEAD_LOST) {
		rec->what = RECORD_LOST;
		if (c->head == HEAD_LOST && c->end_told && rec->ts < decoder_end_ns(d))
			rec->ts = decoder_end_ns(d);
		rec->val[0] = c->head == HEAD_LOST ? c->lost : 0;
		return true;
	}
	if (c->head != HEAD_RECORD)
		return false;
	row = &r->rows[c->desc->class];
	rec->what = c->desc->class;
	rec->pid = (int32_t)load32(c->rec + d->plan.fmt.off_pid, d->plan.swap);
	rec->flags = c->rec[d->plan.fmt.off_flags];
	rec->has = row->has;
	for (unsigned int i = 0; i < RECORD_MAX_FIELDS; i++)
		if (row->places[i].size)
			rec->val[i] = load(d, c->rec + row->places[i].off, row->places[i].size);
	return true;
}

int records_next(struct records *r, struct record *rec, struct err *err)
{
	struct decoder *d = &r->d;
	bool told = false;

	d->err = err;
	while (!told && d->cur) {
		struct cursor *c = d->cur;

		told = record_fill(r, c, rec);
		cursor_advance(d, c);
		if (d->failed)
			return -1;
		if (c->head >= HEAD_END)
			heap_pop_to_cur(d);
		else
			heap_swap_cur(d);
	}
	d->err = NULL;
	return told;
}

const char *records_format(const struct records *r, unsigned int what, size_t *len)
{
	const struct event_format *format = r->rows[what].format;

	*len = format ? format->len : 0;
	return format ? format->text : NULL;
}

uint64_t records_bad_pages(const struct records *r)
{
	return r->d.stats.bad_pages;
}
