// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/facts-tasks.c - what a recording knows of tasks: their processes, who started these, their groups, and whose a
 * number was when several had it.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/taskid.h"
#include "file/facts-priv.h"
#include "file/facts.h"

void facts_free_tasks(struct facts *f)
{
	free(f->tgids);
	free(f->parents);
	for (unsigned int i = 0; i < f->nr_cgroups; i++)
		free(f->cgroups[i]);
	free(f->cgroups);
	free(f->places);
	free(f->owners);
}

/* --- writing --- */

static void put_owners(FILE *out, const struct facts *f)
{
	for (unsigned int i = 0; i < f->nr_owners; i++) {
		const struct task_owner *o = &f->owners[i];
		char key[80];

		snprintf(key, sizeof(key), "owner %d %u %" PRIu64 " %d %d", task_number(o->id), task_owner(o->id),
			 o->from_ns, o->tgid, o->parent);
		facts_put_text(out, key, o->name);
	}
}

static void put_pairs(FILE *out, const char *key, const int32_t *pairs, unsigned int nr)
{
	if (!nr)
		return;
	fputs(key, out);
	for (unsigned int i = 0; i < 2 * nr; i++)
		fprintf(out, " %d", pairs[i]);
	fputc('\n', out);
}

void facts_put_tasks(FILE *out, const struct facts *f)
{
	put_pairs(out, "tgids", f->tgids, f->nr_tgids);
	put_pairs(out, "parents", f->parents, f->nr_parents);
	put_owners(out, f);
	if (f->workload)
		fprintf(out, "workload %d\n", f->workload);
	for (unsigned int i = 0; i < f->nr_cgroups; i++)
		facts_put_text(out, "cgroup", f->cgroups[i]);
	if (f->nr_places)
		fputs("places", out);
	for (unsigned int i = 0; i < f->nr_places; i++)
		fprintf(out, " %d %u %" PRIu64, f->places[i].pid, f->places[i].cgroup, f->places[i].from_ns);
	if (f->nr_places)
		fputc('\n', out);
	if (f->unplaced_ns)
		fprintf(out, "unplaced_ns %" PRIu64 "\n", f->unplaced_ns);
	if (f->tasks_lost)
		fprintf(out, "tasks_lost %" PRIu64 "\n", f->tasks_lost);
}

/* --- reading --- */

static int get_pairs(int32_t **pairs, unsigned int *nr_pairs, const char *value)
{
	unsigned int nr;

	*nr_pairs = 0;
	if (facts_get_pids(pairs, &nr, value) || nr % 2)
		return -1;
	/* Looked up by halves. */
	for (unsigned int i = 2; i < nr; i += 2)
		if ((*pairs)[i] <= (*pairs)[i - 2])
			return -1;
	*nr_pairs = nr / 2;
	return 0;
}

static int get_places(struct facts *f, const char *value)
{
	unsigned int nr;
	uint64_t *v = facts_get_numbers(value, &nr);
	int ret = !v || nr % 3 || f->places ? -1 : 0;

	if (!ret)
		f->places = xcalloc(nr / 3, sizeof(*f->places));
	for (unsigned int i = 0; !ret && i < nr / 3; i++) {
		const struct facts_place *last = i ? &f->places[i - 1] : NULL;
		struct facts_place *p = &f->places[i];

		*p = (struct facts_place){ (int32_t)v[3 * i], (uint32_t)v[3 * i + 1], v[3 * i + 2] };
		if (v[3 * i] > INT32_MAX || v[3 * i + 1] > f->nr_cgroups ||
		    (last && (last->pid > p->pid || (last->pid == p->pid && last->from_ns > p->from_ns))))
			ret = -1;
		f->nr_places = i + 1;
	}
	free(v);
	return ret;
}

static void keep_cgroup(struct facts *f, const char *value)
{
	f->cgroups = xrealloc(f->cgroups, (f->nr_cgroups + 1) * sizeof(*f->cgroups));
	f->cgroups[f->nr_cgroups++] = facts_get_text(value);
}

/* "32 1 123456789 32 7 name": number, how many had it before, since when, process, who started it. */
static int get_owner(struct facts *f, const char *value)
{
	const struct task_owner *last = f->nr_owners ? &f->owners[f->nr_owners - 1] : NULL;
	struct task_owner o = { 0 };
	int32_t number;
	unsigned int nr;
	int name = 0;
	char *text;

	if (sscanf(value, "%" SCNd32 " %u %" SCNu64 " %" SCNd32 " %" SCNd32 "%n", &number, &nr, &o.from_ns, &o.tgid,
		   &o.parent, &name) != 5 ||
	    !name || number <= 0 || number != task_number(number) || nr > TASK_MAX_OWNER || o.tgid < -1 ||
	    o.parent < -1)
		return -1;
	o.id = task_id(number, nr);
	if (last && (task_number(last->id) > number ||
		     (task_number(last->id) == number && (task_owner(last->id) >= nr || last->from_ns > o.from_ns))))
		return -1;
	text = facts_get_text(value + name + (value[name] == ' '));
	snprintf(o.name, sizeof(o.name), "%s", text);
	free(text);
	if (!(f->nr_owners & (f->nr_owners - 1)))
		f->owners = xrealloc(f->owners, (f->nr_owners ? 2 * f->nr_owners : 1) * sizeof(*f->owners));
	f->owners[f->nr_owners++] = o;
	return 0;
}

int facts_get_task_line(struct facts *f, const char *key, const char *value)
{
	uint64_t v;

	if (!strcmp(key, "tgids"))
		return get_pairs(&f->tgids, &f->nr_tgids, value);
	if (!strcmp(key, "parents"))
		return get_pairs(&f->parents, &f->nr_parents, value);
	if (!strcmp(key, "owner"))
		return get_owner(f, value);
	if (!strcmp(key, "places"))
		return get_places(f, value);
	if (!strcmp(key, "unplaced_ns"))
		return facts_get_number(value, UINT64_MAX, &f->unplaced_ns);
	if (!strcmp(key, "tasks_lost"))
		return facts_get_number(value, UINT64_MAX, &f->tasks_lost);
	if (!strcmp(key, "cgroup")) {
		keep_cgroup(f, value);
	} else if (!strcmp(key, "workload")) {
		if (facts_get_number(value, INT32_MAX, &v))
			return -1;
		f->workload = (int32_t)v;
	}
	return 0;
}

/* --- asking --- */

static int32_t find_pair(const int32_t *pairs, unsigned int nr, int32_t pid)
{
	unsigned int low = 0, high = nr;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		if (pairs[2 * mid] == pid)
			return pairs[2 * mid + 1];
		if (pairs[2 * mid] < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return -1;
}

/* The first that is not in front of (number, owner). */
static unsigned int first_from(const struct facts *f, int32_t number, unsigned int owner)
{
	unsigned int low = 0, high = f->nr_owners;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		int32_t id = f->owners[mid].id;

		if (task_number(id) < number || (task_number(id) == number && task_owner(id) < owner))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool has_number(const struct facts *f, unsigned int i, int32_t number)
{
	return i < f->nr_owners && task_number(f->owners[i].id) == number;
}

int32_t facts_task(const struct facts *f, int32_t number, uint64_t at_ns)
{
	unsigned int i = first_from(f, number, 0);
	int32_t id = number;

	if (!has_number(f, i, number))
		return number;
	if (at_ns == FACTS_TIME_UNKNOWN)
		return task_id(number, TASK_ANY_OWNER);
	/* Of whom had it before the first that is known nothing is: see facts_owner(). */
	if (task_owner(f->owners[i].id))
		id = task_id(number, task_owner(f->owners[i].id) - 1);
	for (; has_number(f, i, number) && f->owners[i].from_ns <= at_ns; i++)
		id = f->owners[i].id;
	return id;
}

const struct task_owner *facts_owner(const struct facts *f, int32_t id)
{
	static const struct task_owner unknown = { .tgid = -1, .parent = -1 };
	const int32_t number = task_number(id);
	unsigned int i;

	if (!has_number(f, first_from(f, number, 0), number))
		return NULL;
	i = first_from(f, number, task_owner(id));
	return i < f->nr_owners && f->owners[i].id == id ? &f->owners[i] : &unknown;
}

int32_t facts_tgid(const struct facts *f, int32_t id)
{
	const struct task_owner *owner = facts_owner(f, id);

	if (!id && f->nr_tgids) /* the idle tasks are nobody's threads */
		return 0;
	return owner ? owner->tgid : find_pair(f->tgids, f->nr_tgids, id);
}

int32_t facts_parent(const struct facts *f, int32_t tgid)
{
	const struct task_owner *owner = facts_owner(f, tgid);

	if (!tgid && f->nr_parents)
		return 0;
	return owner ? owner->parent : find_pair(f->parents, f->nr_parents, tgid);
}

const char *facts_cgroup(const struct facts *f, int32_t id, uint64_t at_ns)
{
	const int32_t pid = task_number(id);
	unsigned int low = 0, high = f->nr_places;
	const struct facts_place *p;

	if (!f->nr_cgroups || (f->unplaced_ns && at_ns >= f->unplaced_ns))
		return NULL;
	if (!pid) /* idle tasks are in the first one for ever */
		return "/";
	/* The last place that begins by then. */
	while (low < high) {
		unsigned int mid = low + (high - low) / 2;

		p = &f->places[mid];
		if (p->pid < pid || (p->pid == pid && p->from_ns <= at_ns))
			low = mid + 1;
		else
			high = mid;
	}
	p = low ? &f->places[low - 1] : NULL;
	return p && p->pid == pid && p->cgroup ? f->cgroups[p->cgroup - 1] : NULL;
}
