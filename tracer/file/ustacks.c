// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/ustacks.c - section "ustacks": written, and read with nothing believed that it says.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "file/ustacks.h"

#define USTACKS_VERSION 1 /* raised only if old readers would misread */

const char *ustacks_mode_name(unsigned int mode)
{
	return mode == USTACKS_DWARF ? "dwarf" : mode == USTACKS_FP ? "fp" : "other";
}

void ustacks_free(struct ustacks *u)
{
	for (uint32_t i = 0; i < u->nr_names; i++)
		free(u->names[i]);
	for (uint32_t i = 0; i < u->nr_stacks; i++)
		free((void *)u->stacks[i].frames);
	for (uint32_t i = 0; !u->reading && i < u->nr_cpus; i++)
		free(u->cpus[i].bytes);
	free(u->names);
	free(u->frames);
	free(u->stacks);
	free(u->cpus);
	memset(u, 0, sizeof(*u));
}

/* --- writing --- */

struct out {
	uint8_t *bytes;
	size_t len, room;
};

static void put(struct out *o, const void *data, size_t len)
{
	if (o->len + len > o->room) {
		o->room = (o->len + len) * 2;
		o->bytes = xrealloc(o->bytes, o->room);
	}
	if (len)
		memcpy(o->bytes + o->len, data, len);
	o->len += len;
}

static void put_number(struct out *o, uint64_t v)
{
	uint8_t byte;

	do {
		byte = v & 0x7f;
		v >>= 7;
		if (v)
			byte |= 0x80;
		put(o, &byte, 1);
	} while (v);
}

static struct ustacks_cpu *cpu_get(struct ustacks *u, uint32_t cpu)
{
	for (uint32_t i = 0; i < u->nr_cpus; i++)
		if (u->cpus[i].cpu == cpu)
			return &u->cpus[i];
	u->cpus = xrealloc(u->cpus, (u->nr_cpus + 1) * sizeof(*u->cpus));
	u->cpus[u->nr_cpus] = (struct ustacks_cpu){ .cpu = cpu };
	return &u->cpus[u->nr_cpus++];
}

void ustacks_add_send(struct ustacks *u, uint32_t cpu, uint64_t ts_ns, uint32_t stack)
{
	struct ustacks_cpu *c = cpu_get(u, cpu);
	struct out o = { c->bytes, c->len, c->room };

	put_number(&o, ts_ns - c->last_ns);
	put_number(&o, stack);
	c->bytes = o.bytes;
	c->len = o.len;
	c->room = o.room;
	c->last_ns = ts_ns;
}

void *ustacks_format(const struct ustacks *u, size_t *len)
{
	uint64_t counts[USTACKS_NR_COUNTS];
	struct out o = { 0 };

	memcpy(counts, &u->n, sizeof(counts));
	put_number(&o, USTACKS_VERSION);
	put_number(&o, u->mode);
	put_number(&o, u->stack_bytes);
	put_number(&o, USTACKS_NR_COUNTS);
	for (size_t i = 0; i < USTACKS_NR_COUNTS; i++)
		put_number(&o, counts[i]);
	put_number(&o, u->nr_names);
	for (uint32_t i = 0; i < u->nr_names; i++) {
		put_number(&o, strlen(u->names[i]));
		put(&o, u->names[i], strlen(u->names[i]));
	}
	put_number(&o, u->nr_frames);
	for (uint32_t i = 0; i < u->nr_frames; i++) {
		put_number(&o, u->frames[i].symbol);
		put_number(&o, u->frames[i].file);
		put_number(&o, u->frames[i].offset);
	}
	put_number(&o, u->nr_stacks);
	for (uint32_t i = 0; i < u->nr_stacks; i++) {
		put_number(&o, u->stacks[i].nr);
		for (uint32_t j = 0; j < u->stacks[i].nr; j++)
			put_number(&o, u->stacks[i].frames[j]);
	}
	put_number(&o, u->nr_cpus);
	for (uint32_t i = 0; i < u->nr_cpus; i++) {
		put_number(&o, u->cpus[i].cpu);
		put_number(&o, u->cpus[i].len);
		put(&o, u->cpus[i].bytes, u->cpus[i].len);
	}
	*len = o.len;
	return o.bytes;
}

/* --- reading --- */

struct in {
	const uint8_t *p, *end;
	bool bad;
};

static uint64_t get_number(struct in *in)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; in->p < in->end && shift < 64; shift += 7) {
		uint8_t byte = *in->p++;

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	in->bad = true;
	in->p = in->end;
	return 0;
}

/* How many things follow, of at least one byte each: so there cannot be more of them than bytes. */
static uint32_t get_count(struct in *in)
{
	uint64_t v = get_number(in);

	if (v > (uint64_t)(in->end - in->p) || v > UINT32_MAX / 2) {
		in->bad = true;
		return 0;
	}
	return (uint32_t)v;
}

static uint32_t get_index(struct in *in, uint64_t below)
{
	uint64_t v = get_number(in);

	if (v < below)
		return (uint32_t)v;
	in->bad = true;
	return 0;
}

static void get_names(struct ustacks *u, struct in *in)
{
	uint32_t nr = get_count(in);

	u->names = xcalloc(nr + 1, sizeof(*u->names));
	for (; u->nr_names < nr && !in->bad; u->nr_names++) {
		uint32_t len = get_count(in);
		char *name = xmalloc(len + 1);

		memcpy(name, in->p, len);
		name[len] = '\0';
		in->p += len;
		u->names[u->nr_names] = name;
	}
}

static void get_frames(struct ustacks *u, struct in *in)
{
	uint32_t nr = get_count(in);

	u->frames = xcalloc(nr + 1, sizeof(*u->frames));
	for (; u->nr_frames < nr && !in->bad; u->nr_frames++) {
		struct ustacks_frame *f = &u->frames[u->nr_frames];

		f->symbol = get_index(in, u->nr_names + 1ULL);
		f->file = get_index(in, u->nr_names + 1ULL);
		f->offset = get_number(in);
	}
}

static void get_stacks(struct ustacks *u, struct in *in)
{
	uint32_t nr = get_count(in);

	u->stacks = xcalloc(nr + 1, sizeof(*u->stacks));
	for (; u->nr_stacks < nr && !in->bad; u->nr_stacks++) {
		struct ustacks_stack *s = &u->stacks[u->nr_stacks];
		uint32_t *frames;

		s->nr = get_count(in);
		s->frames = frames = xcalloc(s->nr + 1, sizeof(*frames));
		for (uint32_t i = 0; i < s->nr && !in->bad; i++)
			frames[i] = get_index(in, u->nr_frames);
		if (!s->nr)
			in->bad = true; /* one without a frame has no number */
	}
}

static void get_cpus(struct ustacks *u, struct in *in)
{
	uint32_t nr = get_count(in);

	u->cpus = xcalloc(nr + 1, sizeof(*u->cpus));
	for (; u->nr_cpus < nr && !in->bad; u->nr_cpus++) {
		struct ustacks_cpu *c = &u->cpus[u->nr_cpus];

		c->cpu = get_index(in, UINT32_MAX);
		c->len = get_count(in);
		c->bytes = (uint8_t *)in->p;
		in->p += c->len;
	}
}

int ustacks_parse(struct ustacks *u, const void *data, size_t len, struct err *err)
{
	struct in in = { data, (const uint8_t *)data + len, false };
	uint64_t counts[USTACKS_NR_COUNTS] = { 0 };
	uint32_t nr;

	*u = (struct ustacks){ .reading = true };
	if (get_number(&in) != USTACKS_VERSION)
		return err_set(err, EXIT_FAILED, "the user stacks in the file are of a later version, or damaged");
	u->mode = get_index(&in, UINT32_MAX);
	u->stack_bytes = get_index(&in, UINT32_MAX);
	nr = get_count(&in);
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t v = get_number(&in);

		if (i < USTACKS_NR_COUNTS)
			counts[i] = v;
	}
	memcpy(&u->n, counts, sizeof(counts));
	get_names(u, &in);
	get_frames(u, &in);
	get_stacks(u, &in);
	get_cpus(u, &in);
	if (!in.bad)
		return 0;
	ustacks_free(u);
	return err_set(err, EXIT_FAILED, "the user stacks in the file are damaged");
}

void ustacks_advance(const struct ustacks *u, struct ustacks_cursor *c)
{
	struct in in = { c->p, c->end, false };
	uint64_t stack;

	c->ts_ns += get_number(&in);
	stack = get_number(&in);
	c->p = in.p;
	c->stack = in.bad || stack > u->nr_stacks ? 0 : (uint32_t)stack;
	if (!c->stack)
		c->p = c->end;
}

struct ustacks_cursor ustacks_begin(const struct ustacks *u, uint32_t cpu)
{
	struct ustacks_cursor c = { 0 };

	for (uint32_t i = 0; i < u->nr_cpus; i++)
		if (u->cpus[i].cpu == cpu) {
			c.p = u->cpus[i].bytes;
			c.end = c.p + u->cpus[i].len;
			ustacks_advance(u, &c);
			break;
		}
	return c;
}
