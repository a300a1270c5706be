// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/extras.c - events beyond those of IPIs, which the user asks for: found by name or pattern, and enabled.
 *
 * They go into the same instance, so that one file holds everything in order of
 * time. Whatever tells of IPIs is armed before, with its filters and triggers,
 * and is not touched here: it is recorded once, as matching needs it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/evgroups.h"
#include "base/globs.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/priv.h"
#include "capture/standin.h"

struct extra {
	char *system, *name;
	const char *filter; /* NULL = every one */
	bool named;	    /* by its very name, not by a pattern */
	uint8_t tasks;	    /* enum evgroup_tasks */
};

/* All names of a directory that has "enable" in each of them, in order; NULL-terminated. */
static char **list_dir(const char *sub, unsigned int *nr)
{
	char *path = xasprintf("%s/events%s%s", tracefs_tracing_dir(), sub[0] ? "/" : "", sub);
	DIR *dir = opendir(path);
	struct dirent **found = NULL;
	char **names;
	int n = dir ? scandir(path, &found, NULL, alphasort) : 0;

	*nr = 0;
	names = xcalloc(n > 0 ? (size_t)n + 1 : 1, sizeof(*names));
	for (int i = 0; i < n; i++) {
		char *enable = xasprintf("%s/%s/enable", path, found[i]->d_name);

		if (found[i]->d_name[0] != '.' && !access(enable, F_OK))
			names[(*nr)++] = xstrdup(found[i]->d_name);
		free(enable);
		free(found[i]);
	}
	free(found);
	if (dir)
		closedir(dir);
	free(path);
	return names;
}

static void free_names(char **names)
{
	for (char **n = names; *n; n++)
		free(*n);
	free(names);
}

static bool exists(const char *system, const char *name)
{
	char *path = xasprintf("%s/events/%s/%s/enable", tracefs_tracing_dir(), system, name);
	bool there = !access(path, F_OK);

	free(path);
	return there;
}

static void add(struct session *s, const char *system, const char *name, const char *filter, bool named, uint8_t tasks)
{
	for (unsigned int i = 0; i < s->nr_extras; i++)
		if (!strcmp(s->extras[i].system, system) && !strcmp(s->extras[i].name, name))
			return;
	s->extras = xrealloc(s->extras, (s->nr_extras + 1) * sizeof(*s->extras));
	s->extras[s->nr_extras++] = (struct extra){ xstrdup(system), xstrdup(name), filter, named, tasks };
}

/* The probes of another run of ipitrace are none of this one's. */
static bool is_standin(const char *system)
{
	return !strncmp(system, STANDIN_GROUP_PREFIX, strlen(STANDIN_GROUP_PREFIX));
}

/* Every event that both patterns match; how many. */
static unsigned int add_matching(struct session *s, const char *system, const char *event)
{
	unsigned int nr_systems, nr_events, nr = 0;
	char **systems = list_dir("", &nr_systems);

	for (unsigned int i = 0; i < nr_systems; i++) {
		char **events;

		if (is_standin(systems[i]) || !glob_match(system, systems[i]))
			continue;
		events = list_dir(systems[i], &nr_events);
		for (unsigned int k = 0; k < nr_events; k++) {
			if (!glob_match(event, events[k]))
				continue;
			add(s, systems[i], events[k], NULL, false, EVGROUP_TASKS_ALL);
			nr++;
		}
		free_names(events);
	}
	free_names(systems);
	return nr;
}

/* What is near a name that no event has: events, and systems where the name had no colon. */
static int unknown_event(const char *pattern, struct err *err)
{
	bool colon = strchr(pattern, ':');
	unsigned int nr_systems, nr_events, nr = 0;
	char **systems = list_dir("", &nr_systems), **all = NULL;
	char text[sizeof(err->hint) - 32] = "";
	struct nearest near;
	size_t at = 0;

	nearest_begin(&near, pattern);
	for (unsigned int i = 0; i < nr_systems; i++) {
		char **events = list_dir(systems[i], &nr_events);

		all = xrealloc(all, (nr + nr_events + 1) * sizeof(*all));
		for (unsigned int k = 0; k < nr_events; k++) {
			all[nr] = colon ? xasprintf("%s:%s", systems[i], events[k]) : xstrdup(events[k]);
			nearest_offer(&near, all[nr++]);
		}
		if (!colon)
			nearest_offer(&near, systems[i]);
		free_names(events);
	}
	err_set(err, EXIT_USAGE, "this kernel has no event '%.100s'", pattern);
	for (unsigned int i = 0; i < near.nr && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? ", " : "", near.name[i]);
	if (near.nr)
		err_hint(err, "near it are %s", text);
	else
		err_hint(err, "%s/available_events lists them", tracefs_tracing_dir());
	for (unsigned int i = 0; i < nr; i++)
		free(all[i]);
	free(all);
	free_names(systems);
	return -1;
}

/* "SYS:EVENT" (or with a slash), "SYS" alone for all of its events, else "EVENT" of whatever system. */
static int find_pattern(struct session *s, const char *pattern, struct err *err)
{
	char *system = xstrdup(pattern), *event = system + strcspn(system, ":/");
	unsigned int nr;

	if (*event) {
		*event++ = '\0';
		if (!strpbrk(pattern, "*?[") && exists(system, event) && !is_standin(system)) {
			add(s, system, event, NULL, true, EVGROUP_TASKS_ALL);
			nr = 1;
		} else {
			nr = add_matching(s, system, event);
		}
	} else {
		nr = add_matching(s, system, "*");
		if (!nr)
			nr = add_matching(s, "*", system);
	}
	free(system);
	return nr ? 0 : unknown_event(pattern, err);
}

static int find_group(struct session *s, const struct evgroup *g, struct err *err)
{
	unsigned int nr = 0;

	/* What else is recorded beside them does not make up for those that a group is about. */
	for (const struct evgroup_event *ev = g->events; ev->name; ev++)
		nr += !strcmp(ev->system, g->events[0].system) && exists(ev->system, ev->name);
	if (!nr) {
		err_set(err, EXIT_FAILED, "this kernel has none of the events of --with %s", g->name);
		return err_hint(err, "'ipitrace probe' shows what it offers");
	}
	for (const struct evgroup_event *ev = g->events; ev->name; ev++) {
		if (exists(ev->system, ev->name))
			add(s, ev->system, ev->name, ev->filter, true, ev->tasks);
		else if (!ev->elsewhere)
			session_note(s, "this kernel has no %s:%s, which is of --with %s", ev->system, ev->name,
				     g->name);
	}
	return 0;
}

/* Events by name come first: if a group has a filter for one of them, the user wants all of it. */
int session_find_extras(struct session *s, const struct session_config *config, struct err *err)
{
	const char *list = config->events ? config->events : "";
	const struct evgroup *g;
	char *pattern;
	int ret = 0;

	while (!ret && (pattern = globs_next(&list))) {
		ret = find_pattern(s, pattern, err);
		free(pattern);
	}
	for (unsigned int i = 0; !ret && (g = evgroup_row(i)); i++)
		if (config->groups & 1u << i)
			ret = find_group(s, g, err);
	return ret;
}

static bool is_armed(const struct session *s, const struct extra *e)
{
	for (unsigned int i = 0; i < s->nr_events; i++)
		if (!strcmp(s->events[i].system, e->system) && !strcmp(s->events[i].name, e->name))
			return true;
	return false;
}

/* Behind the last of its system: the formats of a system are kept together. */
static void list_event(struct session *s, const struct extra *e)
{
	unsigned int at = s->nr_events;

	for (unsigned int i = 0; i < s->nr_events; i++)
		if (!strcmp(s->events[i].system, e->system))
			at = i + 1;
	s->events = xrealloc(s->events, (s->nr_events + 1) * sizeof(*s->events));
	memmove(&s->events[at + 1], &s->events[at], (s->nr_events - at) * sizeof(*s->events));
	s->events[at] = (struct session_event){ e->system, e->name };
	s->nr_events++;
}

/* 0, or errno. */
static int write_event(struct session *s, const struct extra *e, const char *file, const char *text)
{
	char path[160];
	int errnum = 0;

	errno = 0;
	if (tracefs_event_file_write(s->main.tfs, e->system, e->name, file, text) < 0)
		errnum = errno ? errno : EINVAL;
	snprintf(path, sizeof(path), "events/%s/%s/%s", e->system, e->name, file);
	session_log(s, path, text, errnum);
	return errnum;
}

/* The event's own filter, and that of the threads whose events are wanted; malloc'ed, NULL = none. */
static char *filter_of(const struct session *s, const struct extra *e)
{
	char *tasks = session_kvm_filter(s, (enum evgroup_tasks)e->tasks), *both;

	if (!tasks || !e->filter)
		return tasks ? tasks : e->filter ? xstrdup(e->filter) : NULL;
	both = xasprintf("(%s) && (%s)", e->filter, tasks);
	free(tasks);
	return both;
}

static void set_filter(struct session *s, const struct extra *e)
{
	char *filter = filter_of(s, e);

	if (filter && write_event(s, e, "filter", filter)) {
		session_note(s, "this kernel takes no filter of %s:%s: all of them are recorded", e->system, e->name);
		/* A refused filter stays readable with the kernel's complaint, though it filters nothing. */
		write_event(s, e, "filter", "0");
	}
	free(filter);
}

void session_filter_extras(struct session *s)
{
	for (unsigned int i = 0; i < s->nr_extras; i++) {
		char *file = xasprintf("events/%s/%s/filter", s->extras[i].system, s->extras[i].name);

		if (s->extras[i].tasks != EVGROUP_TASKS_ALL) {
			session_own_write(s, file, true);
			set_filter(s, &s->extras[i]);
			session_own_write(s, file, false);
		}
		free(file);
	}
}

/* A probe of ours: no other run can have it. */
static void add_sgi_probe(struct session *s)
{
	if (session_make_sgi_probe(s))
		add(s, standin_group(), SGI_PROBE, NULL, true, EVGROUP_TASKS_CURRENT);
}

int session_enable_extras(struct session *s, struct err *err)
{
	if (s->kvm.on)
		add_sgi_probe(s);
	for (unsigned int i = 0; i < s->nr_extras; i++) {
		const struct extra *e = &s->extras[i];
		int errnum;

		if (is_armed(s, e))
			continue;
		set_filter(s, e);
		errnum = write_event(s, e, "enable", "1");
		if (errnum && e->named)
			return err_set_errno(err, EXIT_FAILED, errnum, "cannot enable %s:%s", e->system, e->name);
		if (errnum)
			session_note(s, "%s:%s is left out: it cannot be enabled (%s)", e->system, e->name,
				     strerror(errnum));
		else
			list_event(s, e);
	}
	return 0;
}

void session_free_extras(struct session *s)
{
	for (unsigned int i = 0; i < s->nr_extras; i++) {
		free(s->extras[i].system);
		free(s->extras[i].name);
	}
	free(s->extras);
}
