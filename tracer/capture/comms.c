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
#include "base/taskid.h"
#include "capture/comms.h"

struct comm {
	int32_t pid;
	int32_t tgid;  /* task_id(); 0 = not known */
	char name[16]; /* TASK_COMM_LEN of the kernel */
	bool settled;  /* the name stays */
	bool born;     /* the name is its creator's, which it had at first */
	bool ended;
	bool kept, settled_place; /* of comms_forget_ended() alone */
	uint64_t ended_ns;
	int32_t parent;	 /* of a process: task_id() of who started it, PARENT_*; 0: not heard of */
	uint32_t cgroup; /* its last one */
	bool placed;	 /* which is known, or known not to be */
	bool chosen;
	unsigned int owner;	  /* how many had the number before */
	unsigned int last_former; /* the last of these, index + 1; 0: there is none */
	uint64_t from_ns;	  /* it has the number since then; 0: since before it was recorded */
};

/* Who had the number of a task before. */
struct comms_former {
	struct task_owner task;
	uint64_t until_ns;
	unsigned int before; /* as last_former */
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
	free(c->formers);
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

		if (task_number(c->comms[i].tgid) != pid || c->comms[i].pid == pid || c->comms[i].ended)
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

/* The last of the ids stands for several. */
static int32_t known_or(int32_t id, int32_t other)
{
	return id > 0 && task_owner(id) < TASK_MAX_OWNER ? id : other;
}

static void started(struct comm *task, const struct comm *creator)
{
	if (!creator->pid)
		task->parent = PARENT_NONE;
	else
		task->parent = known_or(creator->tgid, PARENT_UNCLEAR);
}

int32_t comms_parent(const struct comms *c, int32_t tgid)
{
	const struct comm *task = tgid ? comm_find(c, tgid) : NULL;

	if (!tgid || (task && task->parent == PARENT_NONE))
		return 0;
	return task && task->parent > 0 ? task_number(task->parent) : -1;
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

static int32_t id_of(const struct comm *task)
{
	return task_id(task->pid, task->owner);
}

static bool was_somebody(const struct comm *task)
{
	return task->name[0] || task->tgid || task->parent || task->ended;
}

/* As owners are told of: PARENT_NONE is 0 there. */
static struct task_owner owner_now(const struct comm *task)
{
	struct task_owner owner = {
		.id = id_of(task),
		.tgid = known_or(task->tgid, -1),
		.parent = task->parent == PARENT_NONE ? 0 : known_or(task->parent, -1),
		.from_ns = task->from_ns,
	};

	memcpy(owner.name, task->name, sizeof(owner.name));
	return owner;
}

/*
 * Its number is another's from now on. Where too many had one, the last of them stands for the others, too, and nothing is
 * known of it any more.
 */
static void keep_former(struct comms *c, struct comm *task, uint64_t until_ns)
{
	struct comms_former *last = task->last_former ? &c->formers[task->last_former - 1] : NULL;

	if (last && (c->nr_formers >= COMMS_MAX_FORMERS || task->owner == TASK_MAX_OWNER)) {
		last->task.tgid = last->task.parent = -1;
		last->task.name[0] = '\0';
		last->until_ns = until_ns;
	} else {
		if (!(c->nr_formers & (c->nr_formers - 1)))
			c->formers = xrealloc(c->formers, places_room(c->nr_formers) * sizeof(*c->formers));
		c->formers[c->nr_formers++] = (struct comms_former){ owner_now(task), until_ns, task->last_former };
		task->last_former = c->nr_formers;
	}
	if (task->owner < TASK_MAX_OWNER)
		task->owner++;
	task->tgid = task->parent = 0;
	task->from_ns = until_ns;
}

void comms_add_task(struct comms *c, const struct comms_new *born)
{
	bool thread = born->clone_flags & CLONE_THREAD;
	struct comm *creator, *task;
	uint32_t cgroup;

	if (born->pid <= 0 || born->creator < 0)
		return;
	comm_of(c, born->pid); /* the array may move: both are asked for only now */
	creator = comm_of(c, born->creator);
	task = comm_of(c, born->pid);
	if (was_somebody(task))
		keep_former(c, task, born->at_ns);
	if (!thread)
		started(task, creator);
	set_process(task, known_or(thread ? creator->tgid : id_of(task), TGID_UNCLEAR));
	cgroup = creator->placed ? creator->cgroup : 0;
	if (born->clone_flags & CLONE_INTO_CGROUP)
		cgroup = cgroup_now(c, task_number(task->tgid), born->pid);
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
	int32_t pid = task->tgid > 0 ? task_number(task->tgid) : task->pid;
	struct comm *of = comm_find(c, pid);

	/* Who started each other in a circle had their numbers given again. */
	for (unsigned int i = 0; of && i < c->nr; i++) {
		of->kept = true;
		of = of->parent > 0 ? comm_find(c, task_number(of->parent)) : NULL;
	}
}

/* Of a task that is kept: who had its number since. Before those the oldest of its tasks come to be known of. */
static void forget_formers(struct comms *c, uint64_t before_ns)
{
	unsigned int *now = xcalloc(c->nr_formers + 1, sizeof(*now)), nr = 0;

	for (unsigned int i = 0; i < c->nr_formers; i++) {
		const struct comms_former *former = &c->formers[i];

		if (former->until_ns < before_ns || !comm_find(c, task_number(former->task.id))->kept)
			continue;
		c->formers[nr] = *former;
		c->formers[nr].before = now[former->before];
		now[i + 1] = ++nr;
	}
	for (unsigned int i = 0; i < c->nr; i++)
		c->comms[i].last_former = now[c->comms[i].last_former];
	c->nr_formers = nr;
	c->formers = xrealloc(c->formers, places_room(nr) * sizeof(*c->formers));
	free(now);
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

static unsigned int things(const struct comms *c)
{
	return c->nr + c->nr_places + c->nr_formers;
}

void comms_forget_ended(struct comms *c, uint64_t before_ns)
{
	unsigned int nr = 0;
	bool named = false;

	if (things(c) < FORGET_FROM || things(c) < c->forget_at)
		return;
	for (unsigned int i = 0; i < c->nr; i++) {
		c->comms[i].kept = !c->comms[i].ended || c->comms[i].ended_ns >= before_ns;
		c->comms[i].settled_place = false;
	}
	for (unsigned int i = 0; i < c->nr; i++)
		if (!c->comms[i].ended || c->comms[i].ended_ns >= before_ns)
			keep_kin(c, &c->comms[i]);
	forget_places(c, before_ns);
	forget_formers(c, before_ns);
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
	c->forget_at = 2 * things(c);
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
	int32_t process = id_of(comm_of(c, tgid));
	struct comm *task = comm_of(c, tid);

	set_process(task, process);
	if (!task->placed)
		place(c, task, cgroup_now(c, tgid, tid), 0);
}

/* Who is its parent now, which is who started it unless that has ended. */
static void add_parent(struct comms *c, int32_t pid, int32_t parent)
{
	int32_t id = parent > 0 ? id_of(comm_of(c, parent)) : PARENT_NONE;
	struct comm *task = comm_of(c, pid);

	if (!task->parent)
		task->parent = id;
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

static void choose_one(struct comm *task, struct comm **list, unsigned int *nr)
{
	if (!task || task->chosen)
		return;
	task->chosen = true;
	list[(*nr)++] = task;
}

static void choose_kin(const struct comms *c, int32_t tgid, int32_t parent, struct comm **list, unsigned int *nr)
{
	if (tgid > 0)
		choose_one(comm_find(c, task_number(tgid)), list, nr);
	if (parent > 0)
		choose_one(comm_find(c, task_number(parent)), list, nr);
}

/* With a task its process, who started that, and so on; of all that had its number. */
static void choose_all_kin(const struct comms *c, struct comm **list, unsigned int nr)
{
	while (nr) {
		const struct comm *task = list[--nr];

		choose_kin(c, task->tgid, task->parent, list, &nr);
		for (unsigned int i = task->last_former; i; i = c->formers[i - 1].before)
			choose_kin(c, c->formers[i - 1].task.tgid, c->formers[i - 1].task.parent, list, &nr);
	}
}

void comms_choose(struct comms *c, bool (*seen)(const void *ctx, int32_t pid), const void *ctx)
{
	struct comm **list = seen ? xcalloc(c->nr + 1, sizeof(struct comm *)) : NULL;
	unsigned int nr = 0;

	c->chosen = seen;
	for (unsigned int i = 0; i < c->nr; i++)
		c->comms[i].chosen = false;
	for (unsigned int i = 0; seen && i < c->nr; i++)
		if (seen(ctx, c->comms[i].pid))
			choose_one(&c->comms[i], list, &nr);
	choose_all_kin(c, list, nr);
	free(list);
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

	return comm && comm->tgid > 0 ? task_number(comm->tgid) : -1;
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

static int by_owner(const void *a, const void *b)
{
	int32_t p = ((const struct task_owner *)a)->id, q = ((const struct task_owner *)b)->id;

	if (task_number(p) != task_number(q))
		return task_number(p) < task_number(q) ? -1 : 1;
	return (p > q) - (p < q);
}

struct task_owner *comms_owners(const struct comms *c, unsigned int *nr)
{
	struct task_owner *owners = xcalloc(c->nr + c->nr_formers + 1, sizeof(*owners));

	*nr = 0;
	for (unsigned int i = 0; i < c->nr; i++) {
		if (!c->comms[i].owner || !is_chosen(c, &c->comms[i]))
			continue;
		owners[(*nr)++] = owner_now(&c->comms[i]);
		for (unsigned int k = c->comms[i].last_former; k; k = c->formers[k - 1].before)
			owners[(*nr)++] = c->formers[k - 1].task;
	}
	qsort(owners, *nr, sizeof(*owners), by_owner);
	return owners;
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
