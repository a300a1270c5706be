// SPDX-License-Identifier: GPL-2.0-only
/*
 * live/names.c - one copy of each name.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "live/names.h"

static const char *intern(struct live_names *n, const char *text)
{
	uint64_t h = 0;
	uint32_t hash, at, i;

	for (const char *p = text; *p; p++)
		h = hash_u64(h + (unsigned char)*p);
	hash = (uint32_t)h;
	for (i = hash_first(&n->by_text, hash, &at); i != HASH_END; i = hash_next(&n->by_text, hash, &at))
		if (!strcmp(n->texts[i], text))
			return n->texts[i];
	if (n->nr == n->room) {
		n->room = n->room ? 2 * n->room : 64;
		n->texts = xrealloc(n->texts, n->room * sizeof(*n->texts));
	}
	hash_add(&n->by_text, hash, n->nr);
	n->texts[n->nr] = xstrdup(text);
	return n->texts[n->nr++];
}

const char *live_names_comm(struct live_names *n, struct comms *c, int32_t pid)
{
	const char *name;

	/* As a file's reader calls them. */
	if (!pid)
		return "<idle>";
	name = comms_settle(c, pid);
	return name ? intern(n, name) : "<...>";
}

void live_names_free(struct live_names *n)
{
	for (uint32_t i = 0; i < n->nr; i++)
		free(n->texts[i]);
	free(n->texts);
	hash_free(&n->by_text);
}
