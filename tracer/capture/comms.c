// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/comms.c - task names by pid.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/parse.h"
#include "capture/comms.h"

struct comm {
	int32_t pid;   /* 0 = free slot: the idle task has no entry */
	char name[16]; /* TASK_COMM_LEN of the kernel */
};

void comms_free(struct comms *c)
{
	free(c->slots);
	memset(c, 0, sizeof(*c));
}

static struct comm *slot_of(const struct comms *c, int32_t pid)
{
	uint32_t i = (uint32_t)hash_u64((uint32_t)pid) & (c->room - 1);

	while (c->slots[i].pid && c->slots[i].pid != pid)
		i = (i + 1) & (c->room - 1);
	return &c->slots[i];
}

static void grow(struct comms *c)
{
	struct comms old = *c;

	c->room = old.room ? old.room * 2 : 1024;
	c->slots = xcalloc(c->room, sizeof(*c->slots));
	for (unsigned int i = 0; i < old.room; i++)
		if (old.slots[i].pid)
			*slot_of(c, old.slots[i].pid) = old.slots[i];
	free(old.slots);
}

static void add(struct comms *c, int32_t pid, const char *name, size_t len)
{
	struct comm *slot;

	if (pid <= 0 || !len)
		return;
	if ((c->nr + 1) * 2 > c->room)
		grow(c);
	slot = slot_of(c, pid);
	if (!slot->pid) {
		slot->pid = pid;
		c->nr++;
	}
	snprintf(slot->name, sizeof(slot->name), "%.*s", (int)len, name);
}

void comms_add_text(struct comms *c, const char *text)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");
		char *name;
		long pid = strtol(text, &name, 10);

		/* "<...>" is the kernel's way to say that it does not know. */
		if (*name == ' ' && name < text + len && name[1] != '<' && pid <= INT32_MAX)
			add(c, (int32_t)pid, name + 1, len - (size_t)(name + 1 - text));
		text += len;
		if (*text)
			text++;
	}
}

static void add_threads(struct comms *c, const char *process)
{
	char path[600];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/task", process);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		uint64_t tid;
		char *name;

		if (parse_u64(d->d_name, &tid, NULL) || tid > INT32_MAX)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/task/%s/comm", process, d->d_name);
		name = read_file(path, NULL);
		if (name)
			add(c, (int32_t)tid, name, strcspn(name, "\n"));
		free(name);
	}
	if (dir)
		closedir(dir);
}

void comms_add_living(struct comms *c)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	uint64_t pid;

	while (dir && (d = readdir(dir)))
		if (!parse_u64(d->d_name, &pid, NULL))
			add_threads(c, d->d_name);
	if (dir)
		closedir(dir);
}

char *comms_format(const struct comms *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return xstrdup("");
	for (unsigned int i = 0; i < c->room; i++)
		if (c->slots[i].pid)
			fprintf(out, "%d %s\n", c->slots[i].pid, c->slots[i].name);
	fclose(out);
	return text;
}
