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
#define TASKS_KB "256"
#define FEW_CPUS 16

/* trace_print_context() in kernel/trace/trace_output.c: "%16s-%-7d ", and a name has 15 letters at most. */
#define AT_PID 17

static const struct {
	const char *system, *name;
} events[] = {
	{ "sched", "sched_process_exit" },
	{ "task", "task_newtask" },
	{ "cgroup", "cgroup_attach_task" },
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
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (tracefs_event_file_exists(NULL, events[i].system, events[i].name, "format"))
			tracefs_event_file_write(s->exits.tfs, events[i].system, events[i].name, "enable", "1");
	s->exits_fd = tracefs_instance_file_open(s->exits.tfs, "trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* A name may hold anything but a newline, so what follows it is the last that looks like it. */
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

	if (!pid)
		return;
	number = (int32_t)strtol(pid + strlen(" pid="), NULL, 10);
	comms_add(c, number, name, (size_t)(pid - name));
	comms_end_task(c, number, at_ns);
}

/* "pid=N comm=NAME clone_flags=HEX oom_score_adj=N" */
static void began(struct comms *c, int32_t creator, uint64_t at_ns, char *args)
{
	char *flags = last(args, " clone_flags=");

	if (flags)
		comms_add_task(c, &(struct comms_new){
					  .pid = (int32_t)strtol(args + strlen("pid="), NULL, 10),
					  .creator = creator,
					  .clone_flags = strtoull(flags + strlen(" clone_flags="), NULL, 16),
					  .at_ns = at_ns,
				  });
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
			  moved_is[] = ": cgroup_attach_task: dst_root=";
	char *args;

	/* "CPU:1 [LOST 23 EVENTS]" */
	if (!strncmp(line, "CPU:", 4) && (args = strstr(line, " [LOST "))) {
		c->lost += strtoull(args + strlen(" [LOST "), NULL, 10);
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
	else if (!strncmp(args, moved_is, strlen(moved_is)))
		moved(c, stamp(line, args), args + strlen(moved_is) - strlen("dst_root="));
}

void session_read_tasks(struct session *s, struct comms *c)
{
	char buf[8192];
	size_t held = 0;
	ssize_t n;

	if (s->exits_fd < 0)
		return;
	while ((n = read(s->exits_fd, buf + held, sizeof(buf) - 1 - held)) > 0) {
		char *line = buf, *end;

		held += (size_t)n;
		buf[held] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			read_line(c, line, (size_t)(end - line));
		}
		held -= (size_t)(line - buf);
		memmove(buf, line, held);
		if (held == sizeof(buf) - 1)
			held = 0; /* no line of the kernel's is that long */
	}
}
