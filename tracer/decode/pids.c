// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/pids.c - which tasks the pages of a recording may name.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decode/pids.h"

struct pids_used {
	uint64_t *words;
	uint32_t nr; /* numbers from 0 on */
};

struct pids_used *pids_used_new(int32_t max)
{
	struct pids_used *u = xcalloc(1, sizeof(*u));

	u->nr = max < 0 ? 0 : (uint32_t)max + 1;
	u->words = xcalloc(u->nr / 64 + 1, sizeof(*u->words));
	return u;
}

void pids_used_free(struct pids_used *u)
{
	if (!u)
		return;
	free(u->words);
	free(u);
}

void pids_used_scan(struct pids_used *u, const void *data, size_t len)
{
	const char *p = data;

	for (size_t at = 0; at + sizeof(uint32_t) <= len; at += sizeof(uint32_t)) {
		uint32_t word;

		memcpy(&word, p + at, sizeof(word));
		if (word < u->nr)
			u->words[word / 64] |= 1ull << (word % 64);
	}
}

bool pids_used_has(const struct pids_used *u, int32_t pid)
{
	return pid >= 0 && (uint32_t)pid < u->nr && u->words[pid / 64] >> (pid % 64) & 1;
}
