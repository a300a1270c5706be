// SPDX-License-Identifier: GPL-2.0-only
/*
 * unwind/space.c - which process has what mapped where.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "unwind/priv.h"

static struct process *process_find(struct unwind *u, int32_t pid)
{
	uint32_t h = (uint32_t)hash_u64((uint32_t)pid), at, i;

	for (i = hash_first(&u->by_pid, h, &at); i != HASH_END; i = hash_next(&u->by_pid, h, &at))
		if (u->processes[i].pid == pid)
			return &u->processes[i];
	return NULL;
}

static struct process *process_get(struct unwind *u, int32_t pid)
{
	struct process *p = process_find(u, pid);

	if (p)
		return p;
	u->processes = xrealloc(u->processes, (u->nr_processes + 1) * sizeof(*u->processes));
	p = &u->processes[u->nr_processes];
	*p = (struct process){ .pid = pid, .nr_threads = 1 };
	hash_add(&u->by_pid, (uint32_t)hash_u64((uint32_t)pid), u->nr_processes++);
	return p;
}

static struct space *space_new(struct unwind *u)
{
	struct space *s = xcalloc(1, sizeof(*s));

	s->refs = 1;
	s->id = ++u->last_space;
	return s;
}

void space_put(struct unwind *u, struct space *s)
{
	if (!s || --s->refs)
		return;
	space_close_dwfl(u, s);
	free(s->maps);
	free(s);
}

static void set_space(struct unwind *u, struct process *p, struct space *s)
{
	space_put(u, p->space);
	p->space = s;
}

/* One that nobody else sees, to be changed; what was unwound in it is void. */
static struct space *own_space(struct unwind *u, struct process *p)
{
	struct space *s = p->space;

	if (s && s->refs == 1) {
		space_close_dwfl(u, s);
		s->id = ++u->last_space;
		return s;
	}
	s = space_new(u);
	if (p->space) {
		s->nr = s->room = p->space->nr;
		s->maps = xcalloc(s->nr + 1, sizeof(*s->maps));
		memcpy(s->maps, p->space->maps, s->nr * sizeof(*s->maps));
	}
	set_space(u, p, s);
	return s;
}

/* Index of the first mapping that ends behind addr. */
static uint32_t first_behind(const struct space *s, uint64_t addr)
{
	uint32_t lo = 0, hi = s->nr;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (s->maps[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void insert(struct space *s, uint32_t at, const struct mapping *m)
{
	if (s->nr == s->room) {
		s->room = s->room ? 2 * s->room : 16;
		s->maps = xrealloc(s->maps, s->room * sizeof(*s->maps));
	}
	memmove(&s->maps[at + 1], &s->maps[at], (s->nr - at) * sizeof(*s->maps));
	s->maps[at] = *m;
	s->nr++;
}

/* The new one covers whatever was there; what sticks out of it on either side stays. */
static void space_add(struct space *s, const struct mapping *m)
{
	uint32_t at = first_behind(s, m->start);

	if (at < s->nr && s->maps[at].start < m->start) {
		struct mapping tail = s->maps[at];

		s->maps[at].end = m->start;
		at++;
		if (tail.end > m->end) {
			tail.offset += m->end - tail.start;
			tail.start = m->end;
			insert(s, at, &tail);
		}
	}
	while (at < s->nr && s->maps[at].end <= m->end) {
		memmove(&s->maps[at], &s->maps[at + 1], (s->nr - at - 1) * sizeof(*s->maps));
		s->nr--;
	}
	if (at < s->nr && s->maps[at].start < m->end) {
		s->maps[at].offset += m->end - s->maps[at].start;
		s->maps[at].start = m->end;
	}
	insert(s, at, m);
}

const struct mapping *space_find(const struct space *s, uint64_t addr)
{
	uint32_t at = first_behind(s, addr);

	return at < s->nr && s->maps[at].start <= addr ? &s->maps[at] : NULL;
}

struct space *space_of(struct unwind *u, int32_t pid)
{
	struct process *p = process_find(u, pid);

	return p ? p->space : NULL;
}

static bool already(const struct space *s, const struct mapping *m)
{
	const struct mapping *old = s ? space_find(s, m->start) : NULL;

	return old && old->start == m->start && old->end == m->end && old->offset == m->offset && old->file == m->file;
}

void unwind_mapped(struct unwind *u, int32_t pid, const struct unwind_map *m, uint64_t ts_ns)
{
	struct process *p = process_get(u, pid);
	struct mapping map = { m->addr, m->addr + m->len, m->offset, file_find(&u->files, m, ts_ns) };

	if (m->len && map.end > map.start && !already(p->space, &map))
		space_add(own_space(u, p), &map);
}

/* "START-END PERMS OFFSET MAJOR:MINOR INODE     NAME"; a file that is gone ends in " (deleted)", and is not found. */
static void snapshot_line(struct unwind *u, struct space *s, const char *line, size_t len, uint64_t ts_ns)
{
	uint64_t start, end, offset, ino;
	unsigned int dev_major, dev_minor;
	char *copy = xmalloc(len + 1);
	int at = 0;

	memcpy(copy, line, len);
	copy[len] = '\0';
	if (sscanf(copy, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %x:%x %" SCNu64 " %n", &start, &end, &offset,
		   &dev_major, &dev_minor, &ino, &at) == 6 &&
	    at && end > start) {
		struct unwind_map m = { .ino = ino, .dev_major = dev_major, .dev_minor = dev_minor, .name = copy + at };

		space_add(s, &(struct mapping){ start, end, offset, file_find(&u->files, &m, ts_ns) });
	}
	free(copy);
}

void unwind_snapshot(struct unwind *u, int32_t pid, unsigned int nr_threads, const char *maps, uint64_t ts_ns)
{
	struct process *p = process_get(u, pid);
	struct space *s = space_new(u);

	for (const char *line = maps; *line;) {
		size_t len = strcspn(line, "\n");

		snapshot_line(u, s, line, len, ts_ns);
		line += len + (line[len] == '\n');
	}
	p->nr_threads = nr_threads ? nr_threads : 1;
	set_space(u, p, s);
}

void unwind_exec(struct unwind *u, int32_t pid)
{
	struct process *p = process_get(u, pid);

	p->nr_threads = 1;
	set_space(u, p, space_new(u));
}

void unwind_forked(struct unwind *u, int32_t pid, int32_t parent)
{
	struct process *p = process_get(u, pid);
	struct space *s;

	if (pid == parent) {
		p->nr_threads++;
		return;
	}
	p->nr_threads = 1;
	s = space_of(u, parent);
	if (s)
		s->refs++;
	set_space(u, p, s);
}

void unwind_exited(struct unwind *u, int32_t pid)
{
	struct process *p = process_find(u, pid);

	if (p && p->nr_threads && !--p->nr_threads)
		set_space(u, p, NULL);
}
