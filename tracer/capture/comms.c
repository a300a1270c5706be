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
#include <unistd.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/parse.h"
#include "capture/comms.h"

struct comm {
	int32_t pid;
	int32_t tgid;  /* 0 = not known */
	char name[16]; /* TASK_COMM_LEN of the kernel */
	bool settled;  /* the name stays */
};

#define TGID_UNCLEAR (-1) /* the number was given twice */

void comms_free(struct comms *c)
{
	hash_free(&c->by_pid);
	free(c->comms);
	memset(c, 0, sizeof(*c));
}

static struct comm *comm_find(const struct comms *c, int32_t pid)
{
	uint32_t hash = (uint32_t)hash_u64((uint32_t)pid), at, i;

	for (i = hash_first(&c->by_pid, hash, &at); i != HASH_END; i = hash_next(&c->by_pid, hash, &at))
		if (c->comms[i].pid == pid)
			return &c->comms[i];
	return NULL;
}

static struct comm *comm_of(struct comms *c, int32_t pid)
{
	struct comm *found = comm_find(c, pid);

	if (found)
		return found;
	if (c->nr == c->room) {
		c->room = c->room ? c->room * 2 : 256;
		c->comms = xrealloc(c->comms, c->room * sizeof(*c->comms));
	}
	hash_add(&c->by_pid, (uint32_t)hash_u64((uint32_t)pid), c->nr);
	c->comms[c->nr] = (struct comm){ .pid = pid };
	return &c->comms[c->nr++];
}

void comms_add(struct comms *c, int32_t pid, const char *name, size_t len)
{
	struct comm *comm;

	/* The idle task has no entry. */
	if (pid <= 0 || !len)
		return;
	comm = comm_of(c, pid);
	if (comm->settled)
		return;
	snprintf(comm->name, sizeof(comm->name), "%.*s", (int)len, name);
}

void comms_add_text(struct comms *c, const char *text)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");
		char *name;
		long pid = strtol(text, &name, 10);

		/* "<...>" is the kernel's way to say that it does not know. */
		if (*name == ' ' && name < text + len && name[1] != '<' && pid <= INT32_MAX)
			comms_add(c, (int32_t)pid, name + 1, len - (size_t)(name + 1 - text));
		text += len;
		if (*text)
			text++;
	}
}

static void set_process(struct comm *task, int32_t tgid)
{
	task->tgid = !task->tgid || task->tgid == tgid ? tgid : TGID_UNCLEAR;
}

void comms_add_task(struct comms *c, int32_t pid, int32_t creator, bool thread)
{
	struct comm *task;
	int32_t tgid = pid;

	if (pid <= 0 || creator < 0)
		return;
	if (thread)
		tgid = comm_of(c, creator)->tgid;
	/* The array may move: asked for only now. */
	task = comm_of(c, pid);
	set_process(task, tgid ? tgid : TGID_UNCLEAR);
	if (!task->settled)
		return;
	task->settled = false;
	task->name[0] = '\0';
	c->nr_reused++;
}

/* Only there are the numbers of /proc those of the kernel's events: PROC_PID_INIT_INO of include/linux/proc_ns.h. */
static bool in_first_pid_namespace(void)
{
	char name[32];
	ssize_t len = readlink("/proc/self/ns/pid", name, sizeof(name) - 1);

	if (len < 0)
		return false;
	name[len] = '\0';
	return !strcmp(name, "pid:[4026531836]");
}

/* tgid 0: the process has another number for the kernel. */
static void add_threads(struct comms *c, const char *process, int32_t tgid)
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
			comms_add(c, (int32_t)tid, name, strcspn(name, "\n"));
		if (tgid)
			set_process(comm_of(c, (int32_t)tid), tgid);
		free(name);
	}
	if (dir)
		closedir(dir);
}

void comms_add_living(struct comms *c)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	bool numbers = in_first_pid_namespace();
	uint64_t pid;

	while (dir && (d = readdir(dir)))
		if (!parse_u64(d->d_name, &pid, NULL) && pid <= INT32_MAX)
			add_threads(c, d->d_name, numbers ? (int32_t)pid : 0);
	if (dir)
		closedir(dir);
}

static int by_pid(const void *a, const void *b)
{
	const int32_t *p = a, *q = b;

	return *p < *q ? -1 : *p > *q;
}

int32_t *comms_processes(const struct comms *c, unsigned int *nr_pairs)
{
	int32_t *pairs = xcalloc(c->nr + 1, 2 * sizeof(*pairs));

	*nr_pairs = 0;
	for (unsigned int i = 0; i < c->nr; i++) {
		if (c->comms[i].tgid <= 0)
			continue;
		pairs[2 * *nr_pairs] = c->comms[i].pid;
		pairs[2 * (*nr_pairs)++ + 1] = c->comms[i].tgid;
	}
	qsort(pairs, *nr_pairs, 2 * sizeof(*pairs), by_pid);
	return pairs;
}

const char *comms_settle(struct comms *c, int32_t pid)
{
	struct comm *comm;
	char path[64], *name;

	if (pid <= 0)
		return NULL;
	comm = comm_of(c, pid);
	if (!comm->settled) {
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		name = in_first_pid_namespace() ? read_file(path, NULL) : NULL;
		if (name)
			comms_add(c, pid, name, strcspn(name, "\n"));
		free(name);
		comm->settled = comm->name[0] != '\0';
	}
	return comm->name[0] ? comm->name : NULL;
}

int32_t comms_tgid(const struct comms *c, int32_t pid)
{
	const struct comm *comm = comm_find(c, pid);

	return comm && comm->tgid > 0 ? comm->tgid : -1;
}

char *comms_format(const struct comms *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return xstrdup("");
	for (unsigned int i = 0; i < c->nr; i++)
		if (c->comms[i].name[0])
			fprintf(out, "%d %s\n", c->comms[i].pid, c->comms[i].name);
	fclose(out);
	return text;
}
