// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/ufunc.c - numbers of stacks that stand for a kernel and a user stack, and names of user frames.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/mem.h"
#include "file/ustacks.h"
#include "report/ufunc.h"

struct both {
	uint32_t kernel, user;
};

struct ufunc {
	struct ustacks file;
	struct ustacks_cursor *cursors; /* by CPU */
	uint32_t nr_cursors;
	struct both *both; /* by number - 1 */
	uint32_t nr_both;
	struct hash by_both;
};

int ufunc_open(struct ufunc **out, const void *section, size_t len, struct err *err)
{
	struct ufunc *u = xcalloc(1, sizeof(*u));

	*out = u;
	return ustacks_parse(&u->file, section, len, err);
}

void ufunc_close(struct ufunc *u)
{
	if (!u)
		return;
	ustacks_free(&u->file);
	free(u->cursors);
	free(u->both);
	hash_free(&u->by_both);
	free(u);
}

/* --- numbers --- */

static struct ustacks_cursor *cursor_of(struct ufunc *u, uint32_t cpu)
{
	if (cpu >= u->nr_cursors) {
		u->cursors = xrealloc(u->cursors, (cpu + 1) * sizeof(*u->cursors));
		for (; u->nr_cursors <= cpu; u->nr_cursors++)
			u->cursors[u->nr_cursors] = ustacks_begin(&u->file, u->nr_cursors);
	}
	return &u->cursors[cpu];
}

/* Events of a CPU come in order of time; a send without a user stack is not in the list. */
static uint32_t user_stack(struct ufunc *u, const struct ipi_event *ev)
{
	struct ustacks_cursor *c = cursor_of(u, ev->cpu);
	uint32_t stack;

	while (c->stack && c->ts_ns < ev->ts_ns)
		ustacks_advance(&u->file, c);
	if (!c->stack || c->ts_ns != ev->ts_ns)
		return 0;
	stack = c->stack;
	ustacks_advance(&u->file, c);
	return stack;
}

static uint32_t number_of(struct ufunc *u, uint32_t kernel, uint32_t user)
{
	uint32_t h = (uint32_t)hash_u64((uint64_t)user << 32 | kernel), at, i;

	if (kernel == IPI_STACK_NONE && !user)
		return IPI_STACK_NONE;
	for (i = hash_first(&u->by_both, h, &at); i != HASH_END; i = hash_next(&u->by_both, h, &at))
		if (u->both[i].kernel == kernel && u->both[i].user == user)
			return i + 1;
	if (!(u->nr_both & (u->nr_both - 1)))
		u->both = xrealloc(u->both, (u->nr_both ? 2 * (size_t)u->nr_both : 1) * sizeof(*u->both));
	u->both[u->nr_both] = (struct both){ kernel, user };
	hash_add(&u->by_both, h, u->nr_both);
	return ++u->nr_both;
}

void ufunc_number(struct ufunc *u, struct ipi_event *ev, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		uint32_t user = 0;

		if (ipi_event_is_send(&ev[i]) || ev[i].type == IPI_EV_QUEUE)
			user = user_stack(u, &ev[i]);
		ev[i].stack = number_of(u, ev[i].stack, user);
	}
}

uint32_t ufunc_kernel_stack(const struct ufunc *u, uint32_t stack)
{
	return stack && stack <= u->nr_both ? u->both[stack - 1].kernel : IPI_STACK_NONE;
}

const uint32_t *ufunc_frames(const struct ufunc *u, uint32_t stack, unsigned int *nr)
{
	uint32_t user = stack && stack <= u->nr_both ? u->both[stack - 1].user : 0;

	*nr = user ? u->file.stacks[user - 1].nr : 0;
	return user ? u->file.stacks[user - 1].frames : NULL;
}

/* --- names --- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static const char *name_of(const struct ufunc *u, uint32_t name)
{
	return name ? u->file.names[name - 1] : NULL;
}

/* Of the C library: how system calls are made for everybody. */
static bool is_plumbing(const struct ufunc *u, uint32_t frame)
{
	/* glibc's and musl's, and their loaders: "libc.so.6", "libc-2.31.so", "ld-musl-x86_64.so.1". */
	static const char *const libraries[] = { "libc.so", "libc-", "libc.musl", "libpthread", "ld-linux", "ld-musl" };
	const char *file = name_of(u, u->file.frames[frame].file);

	for (size_t i = 0; file && i < ARRAY_SIZE(libraries); i++)
		if (!strncmp(base_name(file), libraries[i], strlen(libraries[i])))
			return true;
	return false;
}

int64_t ufunc_cause(const struct ufunc *u, uint32_t stack)
{
	unsigned int nr;
	const uint32_t *frames = ufunc_frames(u, stack, &nr);

	for (unsigned int i = 0; i < nr; i++) {
		const struct ustacks_frame *f = &u->file.frames[frames[i]];

		if (f->symbol && !f->file)
			break; /* "[cut]": it is not known who called */
		if (!is_plumbing(u, frames[i]))
			return frames[i];
	}
	return nr ? (int64_t)frames[0] : -1;
}

void ufunc_name(const struct ufunc *u, uint32_t frame, bool offset, char *buf, size_t len)
{
	const struct ustacks_frame *f = &u->file.frames[frame];
	const char *symbol = name_of(u, f->symbol), *file = name_of(u, f->file);

	if (!symbol && !file)
		snprintf(buf, len, "[unknown]");
	else if (!symbol)
		snprintf(buf, len, "%s+0x%" PRIx64, base_name(file), f->offset);
	else if (offset && file)
		snprintf(buf, len, "%s+0x%" PRIx64, symbol, f->offset);
	else
		snprintf(buf, len, "%s", symbol);
}

struct ufunc_info ufunc_info(const struct ufunc *u)
{
	const struct ustacks_counts *n = &u->file.n;

	return (struct ufunc_info){
		.how = ustacks_mode_name(u->file.mode),
		.stack_bytes = u->file.stack_bytes,
		.sends = n->sends,
		.framed = n->framed,
		.interrupts = n->interrupts,
		.kernel = n->kernel,
		.compat = n->compat,
		.unsampled = n->unsampled,
		.lost = n->lost,
		.side_lost = n->side_lost,
	};
}
