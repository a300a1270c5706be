// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/comms.c - task names by pid.
 */
#include <dirent.h>
#include <sched.h>
#include <stdbool.h>
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
	bool born;     /* the name is its creator's, which it had at first */
	bool ended, forked;
	bool kept, settled_place; /* of comms_forget_ended() alone */
	uint64_t ended_ns;
	int32_t parent;	 /* of a process: who started it, PARENT_*; 0: not heard of */
	uint32_t cgroup; /* its last one */
	bool placed;	 /* which is known, or known not to be */
	bool chosen;
};

#define FORGET_FROM    (1u << 17) /* so many are no matter, and rows may still ask for the names of their processes */
#define PARENT_NONE    (-1)
#define PARENT_UNCLEAR (-2)

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL /* include/uapi/linux/sched.h */
#endif

#define TGID_UNCLEAR (-1) /* the number was given twice */

void comms_free(struct comms *c)
{
	hash_free(&c->by_pid);
	free(c->comms);
	free(c->places);
	cgroups_free(&c->cgroups);
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

/* A newline would be the end of a line of comms_format(): '?', as sanitize() prints what controls a terminal. */
static void set_name(struct comm *comm, const char *name, size_t len)
{
	snprintf(comm->name, sizeof(comm->name), "%.*s", (int)len, name);
	for (char *p = comm->name; (p = strchr(p, '\n')); p++)
		*p = '?';
}

void comms_add(struct comms *c, int32_t pid, const char *name, size_t len)
{
	struct comm *comm;

	/* The idle task has no entry. */
	if (pid <= 0)
		return;
	comm = comm_of(c, pid);
	if (comm->settled)
		return;
	set_name(comm, name, len);
	comm->born = false;
}

/* What /proc/PID/comm has: the name as it is, and a newline (comm_show() in fs/proc/base.c). */
static void add_file(struct comms *c, int32_t pid, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len && text[len - 1] == '\n')
		comms_add(c, pid, text, len - 1);
}

/* Its name was the last it had. */
static bool has_ended(const struct comms *c, long pid)
{
	const struct comm *comm = comm_find(c, (int32_t)pid);

	return comm && comm->ended && comm->name[0];
}

/* Of a line and those behind it that are no lines of their own: there are newlines in the name. */
static size_t line_len(const char *text)
{
	const char *end = text + strcspn(text, "\n");

	while (*end && end[1]) {
		size_t digits = strspn(end + 1, "0123456789");

		if (digits && end[1 + digits] == ' ')
			break;
		end += 1 + strcspn(end + 1, "\n");
	}
	return (size_t)(end - text);
}

void comms_add_text(struct comms *c, const char *text)
{
	while (text && *text) {
		size_t len = line_len(text);
		char *name;
		long pid = strtol(text, &name, 10);

		/* "<...>" is the kernel's way to say that it does not know. */
		if (*name == ' ' && name < text + len && name[1] != '<' && pid <= INT32_MAX && !has_ended(c, pid))
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

/* --- groups --- */

/* Room for one more than nr. */
static size_t places_room(size_t nr)
{
	size_t room = 1;

	while (room <= nr)
		room *= 2;
	return room;
}

static void place(struct comms *c, struct comm *task, uint32_t cgroup, uint64_t from_ns)
{
	if (task->placed && task->cgroup == cgroup)
		return;
	if (c->nr_places == COMMS_MAX_PLACES) {
		c->unplaced_ns = c->unplaced_ns ? c->unplaced_ns : from_ns + !from_ns;
		return;
	}
	if (!(c->nr_places & (c->nr_places - 1)))
		c->places = xrealloc(c->places, places_room(c->nr_places) * sizeof(*c->places));
	c->places[c->nr_places++] = (struct comms_place){ from_ns, cgroup, task->pid };
	task->cgroup = cgroup;
	task->placed = true;
}

/* As /proc has it now. */
static uint32_t cgroup_now(struct comms *c, int32_t tgid, int32_t pid)
{
	char directory[64];

	snprintf(directory, sizeof(directory), "/proc/%d/task/%d", tgid, pid);
	return cgroups_of_task(&c->cgroups, directory);
}

/*
 * The event names the process, or the one thread that was moved, but not which
 * (cgroup_attach_task() in kernel/cgroup/cgroup.c). A process takes all of its
 * threads along, except in version 1 and in threaded groups: those that live are
 * asked. Of others version 2 is taken at its word, and nothing known in version 1.
 */
void comms_move(struct comms *c, int32_t pid, const char *path, uint64_t at_ns)
{
	uint32_t cgroup = c->cgroups.whole ? cgroups_number(&c->cgroups, path, strlen(path)) : 0;

	place(c, comm_of(c, pid), cgroup, at_ns);
	for (unsigned int i = 0; i < c->nr; i++) {
		uint32_t now;

		if (c->comms[i].tgid != pid || c->comms[i].pid == pid || c->comms[i].ended)
			continue;
		now = cgroup_now(c, pid, c->comms[i].pid);
		place(c, &c->comms[i], now || c->cgroups.hierarchy ? now : cgroup, at_ns);
	}
}

const char *comms_cgroup(const struct comms *c, int32_t pid, uint64_t at_ns)
{
	if (!c->cgroups.known || (c->unplaced_ns && at_ns >= c->unplaced_ns))
		return NULL;
	if (!pid) /* idle tasks are in the first one for ever */
		return "/";
	for (unsigned int i = c->nr_places; i-- > 0;)
		if (c->places[i].pid == pid && c->places[i].from_ns <= at_ns)
			return c->places[i].cgroup ? c->cgroups.paths[c->places[i].cgroup - 1] : NULL;
	return NULL;
}

static int by_task(const void *a, const void *b)
{
	const struct comms_place *p = a, *q = b;

	if (p->pid != q->pid)
		return p->pid < q->pid ? -1 : 1;
	return (p->from_ns > q->from_ns) - (p->from_ns < q->from_ns);
}

void comms_sort_places(struct comms *c)
{
	if (c->nr_places)
		qsort(c->places, c->nr_places, sizeof(*c->places), by_task);
}

/* --- who started whom --- */

static void started(struct comms *c, int32_t pid, int32_t creator)
{
	int32_t parent = creator ? comm_of(c, creator)->tgid : 0;
	struct comm *task = comm_of(c, pid);

	/* A number that is given again is of two processes. */
	if (task->ended || task->forked || (creator && parent <= 0))
		task->parent = PARENT_UNCLEAR;
	else
		task->parent = creator ? parent : PARENT_NONE;
	task->forked = true;
}

int32_t comms_parent(const struct comms *c, int32_t tgid)
{
	const struct comm *task = tgid ? comm_find(c, tgid) : NULL;

	if (!tgid || (task && task->parent == PARENT_NONE))
		return 0;
	return task && task->parent > 0 ? task->parent : -1;
}

void comms_end_task(struct comms *c, int32_t pid, uint64_t at_ns)
{
	struct comm *task;

	if (pid <= 0)
		return;
	task = comm_of(c, pid);
	task->ended = true;
	task->ended_ns = at_ns;
}

static void unsettle(struct comms *c, struct comm *task)
{
	if (!task->settled)
		return;
	task->settled = false;
	task->name[0] = '\0';
	c->nr_reused++;
}

void comms_add_task(struct comms *c, const struct comms_new *born)
{
	bool thread = born->clone_flags & CLONE_THREAD;
	struct comm *creator, *task;
	int32_t tgid = born->pid;
	uint32_t cgroup;

	if (born->pid <= 0 || born->creator < 0)
		return;
	comm_of(c, born->pid); /* the array may move: both are asked for only now */
	creator = comm_of(c, born->creator);
	if (thread)
		tgid = creator->tgid;
	else
		started(c, born->pid, born->creator);
	creator = comm_of(c, born->creator);
	task = comm_of(c, born->pid);
	cgroup = creator->placed ? creator->cgroup : 0;
	set_process(task, tgid ? tgid : TGID_UNCLEAR);
	if (born->clone_flags & CLONE_INTO_CGROUP)
		cgroup = cgroup_now(c, tgid, born->pid);
	place(c, task, cgroup, born->at_ns);
	task->ended = false;
	unsettle(c, task);
	if (born->name) {
		set_name(task, born->name, born->name_len);
		task->born = true;
	}
}

/* Of whom one is that is kept: its process, and who started that, as far back as is known. */
static void keep_kin(struct comms *c, const struct comm *task)
{
	int32_t pid = task->tgid > 0 ? task->tgid : task->pid;
	struct comm *of = comm_find(c, pid);

	/* Who started each other in a circle had their numbers given again. */
	for (unsigned int i = 0; of && i < c->nr; i++) {
		of->kept = true;
		of = of->parent > 0 ? comm_find(c, of->parent) : NULL;
	}
}

/* Of a task that is kept: where it was since, and the last one before. */
static void forget_places(struct comms *c, uint64_t before_ns)
{
	unsigned int nr = c->nr_places;

	for (unsigned int i = c->nr_places; i-- > 0;) {
		struct comm *task = comm_find(c, c->places[i].pid);

		if (!task->kept || task->settled_place)
			continue;
		task->settled_place = c->places[i].from_ns <= before_ns;
		c->places[--nr] = c->places[i];
	}
	c->nr_places -= nr;
	if (nr)
		memmove(c->places, c->places + nr, c->nr_places * sizeof(*c->places));
	/* The array doubles at powers of two, so it must have the room that they stand for. */
	c->places = xrealloc(c->places, places_room(c->nr_places) * sizeof(*c->places));
}

void comms_forget_ended(struct comms *c, uint64_t before_ns)
{
	unsigned int nr = 0;
	bool named = false;

	if (c->nr + c->nr_places < FORGET_FROM || c->nr + c->nr_places < c->forget_at)
		return;
	for (unsigned int i = 0; i < c->nr; i++) {
		c->comms[i].kept = !c->comms[i].ended || c->comms[i].ended_ns >= before_ns;
		c->comms[i].settled_place = false;
	}
	for (unsigned int i = 0; i < c->nr; i++)
		if (!c->comms[i].ended || c->comms[i].ended_ns >= before_ns)
			keep_kin(c, &c->comms[i]);
	forget_places(c, before_ns);
	for (unsigned int i = 0; i < c->nr; i++) {
		if (c->comms[i].kept)
			c->comms[nr++] = c->comms[i];
		else
			named |= c->comms[i].settled;
	}
	hash_free(&c->by_pid);
	for (unsigned int i = 0; i < nr; i++)
		hash_add(&c->by_pid, (uint32_t)hash_u64((uint32_t)c->comms[i].pid), i);
	c->nr = nr;
	c->forget_at = 2 * (nr + c->nr_places);
	c->nr_reused += named;
}

void comms_rename(struct comms *c, int32_t pid)
{
	struct comm *task;

	if (pid <= 0)
		return;
	task = comm_of(c, pid);
	unsettle(c, task);
	task->name[0] = '\0'; /* also what nobody has asked for yet: it may end before anybody does */
	task->born = false;
}

/* In the first namespace: PROC_PID_INIT_INO of include/linux/proc_ns.h. */
bool comms_same_numbers(void)
{
	char name[32];
	ssize_t len = readlink("/proc/self/ns/pid", name, sizeof(name) - 1);

	if (len < 0)
		return false;
	name[len] = '\0';
	return !strcmp(name, "pid:[4026531836]");
}

/* A group that was never told of a task that is there since before: else events told of it, and it may be moving now. */
static void add_thread(struct comms *c, int32_t tgid, int32_t tid)
{
	struct comm *task = comm_of(c, tid);

	set_process(task, tgid);
	if (!task->placed)
		place(c, task, cgroup_now(c, tgid, tid), 0);
}

/* Who is its parent now, which is who started it unless that has ended. */
static void add_parent(struct comms *c, int32_t pid, int32_t parent)
{
	struct comm *task = comm_of(c, pid);

	if (!task->parent)
		task->parent = parent > 0 ? parent : PARENT_NONE;
}

/* What /proc/PID/stat says; see proc_pid_stat(5). */
struct process {
	const char *name;
	size_t name_len;
	long parent, threads;
};

/* False: this is no text of that file. threads 0: its files have to be asked one by one. */
static bool parse_stat(const char *text, struct process *p)
{
	const char *open = text ? strchr(text, '(') : NULL, *close = open ? strrchr(open, ')') : NULL;

	if (!close || sscanf(close + 1, " %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld",
			     &p->parent, &p->threads) != 2)
		return false;
	p->name = open + 1;
	p->name_len = (size_t)(close - p->name);
	/* Escaped: not as it is (do_task_stat() in fs/proc/array.c). */
	if (memchr(p->name, '\\', p->name_len))
		p->threads = 0;
	return true;
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
		add_file(c, (int32_t)tid, name);
		if (tgid)
			add_thread(c, tgid, (int32_t)tid);
		free(name);
	}
	if (dir)
		closedir(dir);
}

/* One file tells of a process without threads all but its group. */
static void add_process(struct comms *c, const char *number, int32_t pid, bool numbers)
{
	char path[300], *text;
	struct process p;
	bool known;

	snprintf(path, sizeof(path), "/proc/%s/stat", number);
	text = read_file(path, NULL);
	known = parse_stat(text, &p);
	if (known && p.threads == 1)
		comms_add(c, pid, p.name, p.name_len);
	else
		add_threads(c, number, numbers ? pid : 0);
	if (known && numbers && p.threads == 1)
		add_thread(c, pid, pid);
	if (known && numbers)
		add_parent(c, pid, (int32_t)p.parent);
	free(text);
}

void comms_add_living(struct comms *c)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	bool numbers = comms_same_numbers();
	uint64_t pid;

	if (!c->cgroups.known)
		cgroups_choose(&c->cgroups);
	c->asked = true;
	while (dir && (d = readdir(dir))) {
		if (parse_u64(d->d_name, &pid, NULL) || pid > INT32_MAX)
			continue;
		add_process(c, d->d_name, (int32_t)pid, numbers);
	}
	if (dir)
		closedir(dir);
}

static int by_pid(const void *a, const void *b)
{
	const int32_t *p = a, *q = b;

	return *p < *q ? -1 : *p > *q;
}

static bool is_chosen(const struct comms *c, const struct comm *task)
{
	return !c->chosen || task->chosen;
}

bool comms_is_chosen(const struct comms *c, int32_t pid)
{
	const struct comm *task = comm_find(c, pid);

	return task && is_chosen(c, task);
}

int32_t comms_max_pid(const struct comms *c)
{
	int32_t max = 0;

	for (unsigned int i = 0; i < c->nr; i++)
		if (c->comms[i].pid > max)
			max = c->comms[i].pid;
	return max;
}

/* The task, its process, who started that, and so on, up to one that is chosen already. */
static void choose(const struct comms *c, struct comm *task)
{
	while (task && !task->chosen) {
		task->chosen = true;
		if (task->tgid > 0 && task->tgid != task->pid)
			task = comm_find(c, task->tgid);
		else
			task = task->parent > 0 ? comm_find(c, task->parent) : NULL;
	}
}

void comms_choose(struct comms *c, bool (*seen)(const void *ctx, int32_t pid), const void *ctx)
{
	c->chosen = seen;
	for (unsigned int i = 0; i < c->nr; i++)
		c->comms[i].chosen = false;
	for (unsigned int i = 0; seen && i < c->nr; i++)
		if (seen(ctx, c->comms[i].pid))
			choose(c, &c->comms[i]);
}

int32_t *comms_processes(const struct comms *c, unsigned int *nr_pairs)
{
	int32_t *pairs = xcalloc(c->nr + 1, 2 * sizeof(*pairs));

	*nr_pairs = 0;
	for (unsigned int i = 0; i < c->nr; i++) {
		if (c->comms[i].tgid <= 0 || !is_chosen(c, &c->comms[i]))
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
		name = comms_same_numbers() ? read_file(path, NULL) : NULL;
		add_file(c, pid, name);
		free(name);
		/* A copy of its creator that is gone by now has left another name, or will with the next reading. */
		comm->settled = comm->name[0] && !comm->born;
	}
	return comm->settled ? comm->name : NULL;
}

int32_t comms_tgid(const struct comms *c, int32_t pid)
{
	const struct comm *comm = comm_find(c, pid);

	return comm && comm->tgid > 0 ? comm->tgid : -1;
}

int32_t *comms_parents(const struct comms *c, unsigned int *nr_pairs)
{
	int32_t *pairs = xcalloc(c->nr + 1, 2 * sizeof(*pairs));

	*nr_pairs = 0;
	for (unsigned int i = 0; i < c->nr; i++) {
		if ((c->comms[i].parent <= 0 && c->comms[i].parent != PARENT_NONE) || !is_chosen(c, &c->comms[i]))
			continue;
		pairs[2 * *nr_pairs] = c->comms[i].pid;
		pairs[2 * (*nr_pairs)++ + 1] = c->comms[i].parent > 0 ? c->comms[i].parent : 0;
	}
	qsort(pairs, *nr_pairs, 2 * sizeof(*pairs), by_pid);
	return pairs;
}

char *comms_format(const struct comms *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return xstrdup("");
	for (unsigned int i = 0; i < c->nr; i++)
		if (c->comms[i].name[0] && is_chosen(c, &c->comms[i]))
			fprintf(out, "%d %s\n", c->comms[i].pid, c->comms[i].name);
	fclose(out);
	return text;
}
