// SPDX-License-Identifier: GPL-2.0-only
/*
 * unwind/intern.c - names, frames and stacks, each kept once.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "unwind/priv.h"

/* Room for one more in an array of nr that doubles at powers of two. */
static void *room(void *array, uint32_t nr, size_t size)
{
	return nr & (nr - 1) ? array : xrealloc(array, (nr ? 2 * (size_t)nr : 1) * size);
}

static uint32_t hash_bytes(const void *data, size_t len)
{
	uint64_t h = len;

	for (const unsigned char *p = data; len; len--, p++)
		h = (h ^ *p) * 0x100000001b3ULL;
	return (uint32_t)hash_u64(h);
}

uint32_t intern_name(struct intern *in, const char *text)
{
	uint32_t h = hash_bytes(text, strlen(text)), at, i;

	for (i = hash_first(&in->names_by_text, h, &at); i != HASH_END; i = hash_next(&in->names_by_text, h, &at))
		if (!strcmp(in->names[i], text))
			return i + 1;
	in->names = room(in->names, in->nr_names, sizeof(*in->names));
	in->names[in->nr_names] = xstrdup(text);
	hash_add(&in->names_by_text, h, in->nr_names);
	return ++in->nr_names;
}

uint32_t intern_frame(struct intern *in, const struct unwind_frame *f)
{
	uint32_t h = (uint32_t)hash_u64(hash_u64((uint64_t)f->symbol << 32 | f->file) ^ f->offset), at, i;

	for (i = hash_first(&in->frames_by_value, h, &at); i != HASH_END; i = hash_next(&in->frames_by_value, h, &at))
		if (in->frames[i].symbol == f->symbol && in->frames[i].file == f->file &&
		    in->frames[i].offset == f->offset)
			return i;
	in->frames = room(in->frames, in->nr_frames, sizeof(*in->frames));
	in->frames[in->nr_frames] = *f;
	hash_add(&in->frames_by_value, h, in->nr_frames);
	return in->nr_frames++;
}

uint32_t intern_stack(struct intern *in, const uint32_t *frames, uint32_t nr)
{
	uint32_t h = hash_bytes(frames, nr * sizeof(*frames)), at, i;
	size_t size = nr * sizeof(*frames);

	for (i = hash_first(&in->stacks_by_frames, h, &at); i != HASH_END; i = hash_next(&in->stacks_by_frames, h, &at))
		if (in->stacks[i].nr == nr && !memcmp(in->stacks[i].frames, frames, size))
			return i + 1;
	in->stacks = room(in->stacks, in->nr_stacks, sizeof(*in->stacks));
	in->stacks[in->nr_stacks] = (struct unwind_stack){ memcpy(xmalloc(size), frames, size), nr };
	hash_add(&in->stacks_by_frames, h, in->nr_stacks);
	return ++in->nr_stacks;
}

void intern_free(struct intern *in)
{
	for (uint32_t i = 0; i < in->nr_names; i++)
		free(in->names[i]);
	for (uint32_t i = 0; i < in->nr_stacks; i++)
		free((void *)in->stacks[i].frames);
	free(in->names);
	free(in->frames);
	free(in->stacks);
	hash_free(&in->names_by_text);
	hash_free(&in->frames_by_value);
	hash_free(&in->stacks_by_frames);
}
