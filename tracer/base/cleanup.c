// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/cleanup.c - the list of what exit() has to undo.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/mem.h"

static struct cleanup *first;

/* Off the list before it runs: one that calls exit() itself does not run again. */
static void run_all(void)
{
	while (first) {
		struct cleanup *c = first;

		first = c->next;
		c->run(c->ctx);
	}
}

void cleanup_add(struct cleanup *c, void (*run)(void *ctx), void *ctx)
{
	static bool registered;

	if (!registered) {
		mem_keep_reserve();
		atexit(run_all);
		registered = true;
	}
	*c = (struct cleanup){ .run = run, .ctx = ctx, .next = first };
	first = c;
}

void cleanup_remove(struct cleanup *c)
{
	for (struct cleanup **at = &first; *at; at = &(*at)->next) {
		if (*at == c) {
			*at = c->next;
			return;
		}
	}
}
