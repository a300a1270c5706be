// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/stacks.c - interned kernel stacks: equal stacks of the same call's function, or of none, get equal ids.
 *
 * Ids count from 1 and stacks never move, so that pointers handed out stay
 * good until the decoder is closed. Memory grows with the number of different
 * stacks, not with the length of the recording; a tracer that runs for days keeps
 * only so many. stacks_get() reads nothing that stacks_intern() writes later: a
 * stack may be looked at by one thread while another adds more.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/mem.h"
#include "decode/priv.h"

#define FIRST_STACKS 1024u /* in the first block; each has as many as all before it, the first aside */
#define MAX_BLOCKS   22u
#define BLOCK_WORDS  (64u * 1024)

struct word_block {
	struct word_block *next;
	uint64_t words[BLOCK_WORDS];
};

struct stacks {
	struct ipi_stack *blocks[MAX_BLOCKS];
	uint32_t nr, max;
	uint64_t dropped;
	struct hash by_frames;
	struct word_block *words;
	unsigned int words_used;
};

struct stacks *stacks_new(uint32_t max)
{
	struct stacks *s = xcalloc(1, sizeof(*s));

	s->max = max;
	return s;
}

void stacks_free(struct stacks *s)
{
	if (!s)
		return;
	while (s->words) {
		struct word_block *next = s->words->next;

		free(s->words);
		s->words = next;
	}
	for (unsigned int i = 0; i < MAX_BLOCKS; i++)
		free(s->blocks[i]);
	hash_free(&s->by_frames);
	free(s);
}

/* Two lanes, because one multiplication waits for the one before it. */
static uint32_t stack_hash(const uint64_t *addrs, unsigned int nr)
{
	uint64_t a = nr, b = 0x9e3779b97f4a7c15ULL;
	unsigned int i;

	for (i = 0; i + 1 < nr; i += 2) {
		a = (a ^ addrs[i]) * 0xd6e8feb86659fd93ULL;
		a ^= a >> 29;
		b = (b ^ addrs[i + 1]) * 0xff51afd7ed558ccdULL;
		b ^= b >> 31;
	}
	if (i < nr)
		a = (a ^ addrs[i]) * 0xd6e8feb86659fd93ULL;
	return (uint32_t)hash_u64(a ^ (b << 1 | b >> 63));
}

static uint64_t *words_alloc(struct stacks *s, unsigned int nr)
{
	uint64_t *words;

	if (!s->words || s->words_used + nr > BLOCK_WORDS) {
		struct word_block *block = xmalloc(sizeof(*block));

		block->next = s->words;
		s->words = block;
		s->words_used = 0;
	}
	words = s->words->words + s->words_used;
	s->words_used += nr;
	return words;
}

/* Block 0 has stacks 0 to FIRST_STACKS - 1, block n those from FIRST_STACKS << (n - 1) on. */
static unsigned int block_of(uint32_t idx, uint32_t *at)
{
	unsigned int block = idx < FIRST_STACKS ? 0 : 32 - (unsigned int)__builtin_clz(idx / FIRST_STACKS);

	*at = block ? idx - (FIRST_STACKS << (block - 1)) : idx;
	return block;
}

static uint32_t stack_add(struct stacks *s, const uint64_t *addrs, unsigned int nr, struct within within, bool left_out)
{
	struct ipi_stack *stack;
	uint64_t *copy;
	uint32_t at;
	unsigned int block = block_of(s->nr, &at);

	if (!s->blocks[block])
		s->blocks[block] = xcalloc(block ? FIRST_STACKS << (block - 1) : FIRST_STACKS, sizeof(*stack));
	copy = words_alloc(s, nr);
	memcpy(copy, addrs, nr * sizeof(*copy));
	stack = &s->blocks[block][at];
	stack->nr = nr;
	stack->addrs = copy;
	stack->within = within;
	stack->left_out = left_out;
	return ++s->nr;
}

/* nr is bounded by the length of a record, far below BLOCK_WORDS. */
uint32_t stacks_intern(struct stacks *s, const uint64_t *addrs, unsigned int nr, struct within within, bool left_out)
{
	uint32_t hash, at, i;

	if (!nr || nr > BLOCK_WORDS)
		return IPI_STACK_NONE;
	hash = stack_hash(addrs, nr);
	for (i = hash_first(&s->by_frames, hash, &at); i != HASH_END; i = hash_next(&s->by_frames, hash, &at)) {
		const struct ipi_stack *stack = stacks_get(s, i + 1);

		if (stack->nr == nr && stack->within.func == within.func && stack->within.what == within.what &&
		    stack->left_out == left_out && !memcmp(stack->addrs, addrs, nr * sizeof(*addrs)))
			return i + 1;
	}
	if ((s->max && s->nr == s->max) || s->nr == FIRST_STACKS << (MAX_BLOCKS - 1)) {
		s->dropped++;
		return IPI_STACK_NONE;
	}
	hash_add(&s->by_frames, hash, s->nr);
	return stack_add(s, addrs, nr, within, left_out);
}

/* --- stacks that were not taken --- */

void known_find(struct decoder *d)
{
	const struct decode_meta *meta = &d->plan.meta;

	d->known = xcalloc(meta->nr_known, sizeof(*d->known));
	for (unsigned int i = 0; meta->symtab && i < meta->nr_known; i++)
		if (symtab_range(meta->symtab, meta->known[i], &d->known[d->nr_known].start,
				 &d->known[d->nr_known].end))
			d->nr_known++;
}

static bool is_known(const struct decoder *d, uint64_t callsite)
{
	for (unsigned int i = 0; i < d->nr_known; i++)
		if (callsite >= d->known[i].start && callsite < d->known[i].end)
			return true;
	return false;
}

void known_attach(struct decoder *d, struct ipi_event *ev)
{
	if (!d->known_stack || d->known_callsite != ev->callsite) {
		if (!is_known(d, ev->callsite))
			return;
		d->known_callsite = ev->callsite;
		d->known_stack = stacks_intern(d->stacks, &ev->callsite, 1, (struct within){ 0 }, true);
	}
	ev->stack = d->known_stack;
	d->stats.stacks_left_out++;
}

const struct ipi_stack *stacks_get(const struct stacks *s, uint32_t id)
{
	uint32_t at;
	unsigned int block;

	if (!id || id > FIRST_STACKS << (MAX_BLOCKS - 1))
		return NULL;
	block = block_of(id - 1, &at);
	return s->blocks[block] && s->blocks[block][at].nr ? &s->blocks[block][at] : NULL;
}

uint32_t stacks_nr(const struct stacks *s)
{
	return s->nr;
}

uint64_t stacks_dropped(const struct stacks *s)
{
	return s->dropped;
}
