// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/tasks.c - tasks that begin and end while recording: an instance of its own, read as text.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "base/compiler.h"
#include "capture/comms.h"
#include "capture/priv.h"

/*
 * Per CPU: 2,000 tasks that begin and end between two readings. A new instance has 1.4 MB; to take less the kernel waits
 * for a grace period, which the memory of a few CPUs is not worth.
 */
#define TASKS_KB "384"
#define FEW_CPUS 16

/* trace_print_context() in kernel/trace/trace_output.c: "%16s-%-7d ", and a name has 15 letters at most. */
#define AT_PID 17

static const struct {
	const char *system, *name;
	bool names; /* without it not every name of a task is told */
} events[] = {
	{ "sched", "sched_process_exit", true },
	{ "task", "task_newtask", true },
	{ "task", "task_rename", true },
	{ "cgroup", "cgroup_attach_task", false },
};

/* Names and processes are worth a try, not an error. */
void session_open_tasks(struct session *s)
{
	bool any = false;
	int errnum;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		any |= tracefs_event_file_exists(NULL, events[i].system, events[i].name, "format");
	if (!any || instance_create(&s->exits, EXITS_SUFFIX, &errnum, NULL))
		return;
	if (s->nr_cpus > FEW_CPUS)
		tracefs_instance_file_write(s->exits.tfs, "buffer_size_kb", TASKS_KB);
	tracefs_instance_file_write(s->exits.tfs, "trace_clock", "mono");
	s->tells_tasks = comms_same_numbers();
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (!tracefs_event_file_exists(NULL, events[i].system, events[i].name, "format") ||
		    tracefs_event_file_write(s->exits.tfs, events[i].system, events[i].name, "enable", "1") < 0)
			s->tells_tasks &= !events[i].names;
	s->exits_fd = tracefs_instance_file_open(s->exits.tfs, "trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* As it was left: by nobody else, hopefully. */
static bool is_on(struct tracefs_instance *inst, const char *file)
{
	char *text = tracefs_instance_file_read(inst, file, NULL);
	bool on = text && text[0] == '1';

	free(text);
	return on;
}

bool session_tells_tasks(const struct session *s, const struct comms *c)
{
	char file[96];

	if (!s->tells_tasks || s->exits_fd < 0 || c->lost || c->unclear || !is_on(s->exits.tfs, "tracing_on"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(file, sizeof(file), "events/%s/%s/enable", events[i].system, events[i].name);
		if (events[i].names && !is_on(s->exits.tfs, file))
			return false;
	}
	return true;
}

/* A name may hold anything, so what follows it is the last that looks like it. */
static char *last(char *text, const char *what)
{
	char *found = NULL;

	for (char *p = text; (p = strstr(p, what)); p++)
		found = p;
	return found;
}

/* "comm=NAME pid=N prio=P" */
static void ended(struct comms *c, uint64_t at_ns, char *args)
{
	char *name = args + strlen("comm="), *pid = last(name, " pid=");
	int32_t number;

	if (!pid) {
		c->unclear = true;
		return;
	}
	number = (int32_t)strtol(pid + strlen(" pid="), NULL, 10);
	comms_add(c, number, name, (size_t)(pid - name));
	comms_end_task(c, number, at_ns);
}

/* "pid=N comm=NAME clone_flags=HEX oom_score_adj=N" */
static void began(struct comms *c, int32_t creator, uint64_t at_ns, char *args)
{
	char *flags = last(args, " clone_flags="), *name = strstr(args, " comm=");
	struct comms_new born = { .creator = creator, .at_ns = at_ns };

	if (!flags || !name || name > flags) {
		c->unclear = true;
		return;
	}
	born.pid = (int32_t)strtol(args + strlen("pid="), NULL, 10);
	born.clone_flags = strtoull(flags + strlen(" clone_flags="), NULL, 16);
	born.name = name + strlen(" comm=");
	born.name_len = (size_t)(flags - born.name);
	comms_add_task(c, &born);
}

/*
 * "pid=N oldcomm=NAME newcomm=NAME oom_score_adj=N". Where both names are read from is not clear if one of them says
 * "newcomm=", and newer kernels leave the pid out.
 */
static void renamed(struct comms *c, char *args)
{
	char *name = last(args, " newcomm="), *end = last(args, " oom_score_adj=");

	if (strncmp(args, "pid=", strlen("pid=")) || !name || !end || end < name || strstr(args, " newcomm=") != name) {
		c->unclear = true;
		return;
	}
	name += strlen(" newcomm=");
	comms_add(c, (int32_t)strtol(args + strlen("pid="), NULL, 10), name, (size_t)(end - name));
}

/* "dst_root=N dst_id=N dst_level=N dst_path=PATH pid=N comm=NAME": a path may hold anything but a newline, too. */
static void moved(struct comms *c, uint64_t at_ns, char *args)
{
	char *path = strstr(args, " dst_path="), *comm = last(args, " comm="), *pid;

	if (!path || !comm || c->cgroups.hierarchy != (int)strtol(args + strlen("dst_root="), NULL, 10))
		return;
	*comm = '\0';
	pid = last(path, " pid=");
	if (!pid)
		return;
	*pid = '\0';
	comms_move(c, (int32_t)strtol(pid + strlen(" pid="), NULL, 10), path + strlen(" dst_path="), at_ns);
}

/* " 4459.504103" in front of at, in microseconds. */
static uint64_t stamp(const char *line, const char *at)
{
	uint64_t us;
	char *end;

	while (at > line && at[-1] != ' ')
		at--;
	us = strtoull(at, &end, 10) * 1000000;
	if (*end == '.')
		us += strtoull(end + 1, NULL, 10);
	return us * 1000;
}

static void read_line(struct comms *c, char *line, size_t len)
{
	static const char ended_is[] = ": sched_process_exit: comm=", began_is[] = ": task_newtask: pid=",
			  renamed_is[] = ": task_rename: ", moved_is[] = ": cgroup_attach_task: dst_root=";
	char *args;

	/* "CPU:1 [LOST 23 EVENTS]" */
	if (!strncmp(line, "CPU:", 4) && (args = strstr(line, " [LOST "))) {
		uint64_t nr = strtoull(args + strlen(" [LOST "), NULL, 10);

		c->lost += nr ? nr : 1; /* "[LOST EVENTS]": the kernel does not know how many */
		return;
	}
	if (len <= AT_PID || line[AT_PID - 1] != '-')
		return;
	/* Behind the name of who did it, which could be anything. */
	line += AT_PID;
	args = strstr(line, ": ");
	if (!args)
		return;
	if (!strncmp(args, ended_is, strlen(ended_is)))
		ended(c, stamp(line, args), args + strlen(ended_is) - strlen("comm="));
	else if (!strncmp(args, began_is, strlen(began_is)))
		began(c, (int32_t)strtol(line, NULL, 10), stamp(line, args), args + strlen(began_is) - strlen("pid="));
	else if (!strncmp(args, renamed_is, strlen(renamed_is)))
		renamed(c, args + strlen(renamed_is));
	else if (!strncmp(args, moved_is, strlen(moved_is)))
		moved(c, stamp(line, args), args + strlen(moved_is) - strlen("dst_root="));
}

/* "CPU:1 [LOST 23 EVENTS]", or the name, pid and CPU of who did something. */
static bool begins_record(const char *text)
{
	const char *end;

	if (!strncmp(text, "CPU:", 4))
		return (end = strchr(text, '\n')) && (size_t)(end - text) > 8 && !strncmp(end - 8, " EVENTS]", 8);
	if (text[0] != ' ' || strnlen(text, AT_PID) < AT_PID || text[AT_PID - 1] != '-')
		return false;
	end = text + AT_PID + strspn(text + AT_PID, "0123456789");
	if (end == text + AT_PID || *end != ' ')
		return false;
	end += strspn(end, " ");
	return *end == '[' || *end == '('; /* option record-tgid */
}

/* The newline that is no part of a name; NULL: there may be more of it. whole: nothing follows the text. */
static char *record_end(char *record, bool whole)
{
	char *end = record;

	/* The name that it begins with may have some, too. */
	if (record[0] == ' ' && begins_record(record))
		end += AT_PID;
	while ((end = strchr(end, '\n'))) {
		if (end[1] ? begins_record(end + 1) : whole)
			break;
		end++;
	}
	return end;
}

/* What is left of it: a record that may not have ended yet. */
static size_t read_records(struct comms *c, char *text, size_t len, bool whole)
{
	char *record = text, *end;

	for (; (end = record_end(record, whole)); record = end + 1) {
		*end = '\0';
		read_line(c, record, (size_t)(end - record));
	}
	len -= (size_t)(record - text);
	memmove(text, record, len);
	text[len] = '\0';
	return len;
}

/* The kernel hands out whole records until there is none (tracing_read_pipe() in kernel/trace/trace.c). */
void session_read_tasks(struct session *s, struct comms *c)
{
	char buf[8192] = "";
	size_t held = 0;
	ssize_t n;

	if (s->exits_fd < 0)
		return;
	while ((n = read(s->exits_fd, buf + held, sizeof(buf) - 1 - held)) > 0) {
		held += (size_t)n;
		buf[held] = '\0';
		held = read_records(c, buf, held, false);
		if (held == sizeof(buf) - 1)
			buf[held = 0] = '\0'; /* no record of the kernel's is that long */
	}
	read_records(c, buf, held, true);
}
