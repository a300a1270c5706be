// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/tasks.c - tasks that begin and end while recording: an instance of its own, read as text.
 */
#include <fcntl.h>
#include <sched.h>
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

#define TASKS_KB "256" /* per CPU: 2,000 tasks that begin and end between two readings */

/* trace_print_context() in kernel/trace/trace_output.c: "%16s-%-7d ", and a name has 15 letters at most. */
#define AT_PID 17

static const struct {
	const char *system, *name;
} events[] = {
	{ "sched", "sched_process_exit" },
	{ "task", "task_newtask" },
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
	tracefs_instance_file_write(s->exits.tfs, "buffer_size_kb", TASKS_KB);
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
static void ended(struct comms *c, char *args)
{
	char *name = args + strlen("comm="), *pid = last(name, " pid=");

	if (pid)
		comms_add(c, (int32_t)strtol(pid + strlen(" pid="), NULL, 10), name, (size_t)(pid - name));
}

/* "pid=N comm=NAME clone_flags=HEX oom_score_adj=N" */
static void began(struct comms *c, int32_t creator, char *args)
{
	char *flags = last(args, " clone_flags=");

	if (flags)
		comms_add_task(c, (int32_t)strtol(args + strlen("pid="), NULL, 10), creator,
			       strtoull(flags + strlen(" clone_flags="), NULL, 16) & CLONE_THREAD);
}

static void read_line(struct comms *c, char *line, size_t len)
{
	static const char ended_is[] = ": sched_process_exit: comm=", began_is[] = ": task_newtask: pid=";
	char *args;

	if (len <= AT_PID || line[AT_PID - 1] != '-')
		return;
	/* Behind the name of who did it, which could be anything. */
	line += AT_PID;
	args = strstr(line, ": ");
	if (!args)
		return;
	if (!strncmp(args, ended_is, strlen(ended_is)))
		ended(c, args + strlen(ended_is) - strlen("comm="));
	else if (!strncmp(args, began_is, strlen(began_is)))
		began(c, (int32_t)strtol(line, NULL, 10), args + strlen(began_is) - strlen("pid="));
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
