// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_comms.c - names and processes by pid: the last name, or the one that was asked for, until the pid is a new task's.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "capture/comms.h"
#include "capture/priv.h"
#include "decode/pids.h"
#include "tap.h"

enum { GONE = 0x7ffffff0, GONE2 = 0x7ffffff1 }; /* above any pid_max */

static void begin(struct comms *c, int32_t pid, int32_t creator, bool thread)
{
	comms_add_task(c,
		       &(struct comms_new){ .pid = pid, .creator = creator, .clone_flags = thread ? CLONE_THREAD : 0 });
}

static bool is_name(const char *name, const char *want)
{
	return ok(name && !strcmp(name, want), "name %s, want %s", name ? name : "none", want);
}

static void settled(void)
{
	struct comms c = { 0 };
	char *text;

	ok(!comms_settle(&c, GONE), "nobody knows a task that is gone");
	comms_add(&c, GONE, "first", 5);
	comms_add(&c, GONE, "second", 6);
	is_name(comms_settle(&c, GONE), "second");
	comms_add(&c, GONE, "third", 5);
	is_name(comms_settle(&c, GONE), "second");
	text = comms_format(&c);
	ok(strstr(text, "second") && !strstr(text, "third"), "a file gets the name that was given");
	free(text);
	is_u64(c.nr_reused, 0, "no number was given twice");
	begin(&c, GONE, GONE2, false);
	is_u64(c.nr_reused, 1, "a new task of that number");
	ok(!comms_settle(&c, GONE), "has not told its name yet");
	comms_add(&c, GONE, "fourth", 6);
	is_name(comms_settle(&c, GONE), "fourth");
	begin(&c, GONE2, GONE, false);
	is_u64(c.nr_reused, 1, "of a number that nobody asked for nothing has to be forgotten");
	comms_rename(&c, GONE);
	comms_add(&c, GONE2, "former", 6);
	comms_rename(&c, GONE2);
	ok(!comms_settle(&c, GONE2), "what was gathered of another program is no name either");
	is_u64(c.nr_reused, 2,
	       "a name that a program has changed is forgotten, one that nobody asked for is not there");
	comms_add(&c, GONE, "fifth", 5);
	is_name(comms_settle(&c, GONE), "fifth");
	comms_free(&c);
}

static void living(void)
{
	static const char *const odd[] = { "a) S 1 (b", "back\\slash", "two words", "a: > b", "a\nb\n" };
	struct comms c = { 0 };
	int32_t pid = (int32_t)getpid();
	char *text, line[64];

	comms_add(&c, pid, "former", 6);
	comms_add_living(&c);
	if (comms_tgid(&c, pid) != pid) {
		ok(true, "# SKIP in a pid namespace");
	} else {
		is_name(comms_settle(&c, pid), "test_comms");
		ok(comms_tgid(&c, pid) == pid, "its process");
	}
	for (unsigned int i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		struct comms other = { 0 };

		prctl(PR_SET_NAME, odd[i]);
		comms_add_living(&other);
		text = comms_format(&other);
		snprintf(line, sizeof(line), "\n%d %s\n", pid, odd[i]);
		for (char *p = line + 1; p[1]; p++)
			*p = *p == '\n' ? '?' : *p;
		ok(comms_tgid(&c, pid) != pid || strstr(text, line), "a name as it is, %u", i);
		ok(comms_tgid(&c, pid) != pid || comms_parent(&other, pid) == (int32_t)getppid(), "who started it");
		free(text);
		comms_free(&other);
	}
	ok(comms_tgid(&c, GONE) == -1, "of a task that is gone nobody knows");
	begin(&c, GONE, pid, true);
	ok(comms_tgid(&c, GONE) == comms_tgid(&c, pid), "a thread is its creator's");
	begin(&c, GONE, GONE2, false);
	ok(comms_tgid(&c, GONE) == -1, "of two processes: not known");
	ok(!comms_settle(&c, 0), "the idle tasks have no entry");
	comms_free(&c);
}

/* Names may have newlines, or no letters at all; the pipe's records and the kernel's lines have both within them. */
static void hostile(void)
{
	static const char records[] =
		"           shell-77      [000] .....     1.000001: task_newtask: pid=78 comm=shell clone_flags=0 oom_score_adj=0\n"
		"           shell-78      [000] .....     1.000002: task_rename: pid=78 oldcomm=shell newcomm=a\nb oom_score_adj=0\n"
		"CPU:1 [LOST EVENTS]\n"
		"             a\nb-78      [001] .....     1.000003: sched_process_exit: comm=a\nb pid=78 prio=-5\n"
		"             \n\n\n-79      [001] .....     1.000004: sched_process_exit: comm=\n\n\n pid=79 prio=120\n"
		"                -80      [001] .....     1.000005: sched_process_exit: comm= pid=80 prio=120\n"
		"        a > b: c-81      [001] .....     1.000006: sched_process_exit: comm=a > b: c pid=81 prio=120\n";
	struct session s = { .exits_fd = -1 };
	struct comms c = { 0 };
	char *text;
	int fds[2];

	comms_add(&c, 80, "former", 6);
	if (!ok(!pipe2(fds, O_NONBLOCK) && write(fds[1], records, sizeof(records) - 1) == (ssize_t)sizeof(records) - 1,
		"a pipe of the kernel's records"))
		return;
	s.exits_fd = fds[0];
	session_read_tasks(&s, &c);
	close(fds[0]);
	close(fds[1]);
	text = comms_format(&c);
	ok(!strcmp(text, "78 a?b\n81 a > b: c\n79 ???\n") || !strcmp(text, "78 a?b\n79 ???\n81 a > b: c\n"),
	   "one line each, and none without letters: %s", text);
	ok(!c.unclear, "all of them are clear");
	is_u64(c.lost, 1, "events were lost, nobody knows how many");
	free(text);
	comms_free(&c);
	comms_add_text(&c, "5 a\nb\n6 \n7 seven\n8 \n\n");
	text = comms_format(&c);
	ok(!strcmp(text, "5 a?b\n7 seven\n8 ?\n"), "the kernel's lines: %s", text);
	free(text);
	comms_free(&c);
}

static bool in_pages(const void *ctx, int32_t pid)
{
	return pids_used_has(ctx, pid);
}

/* What a file says of tasks, as "pid name" lines, pairs of pid and tgid, and of process and parent. */
static void is_said(const struct comms *c, const char *names, const char *processes, const char *parents)
{
	unsigned int nr[2];
	int32_t *pairs[2] = { comms_processes(c, &nr[0]), comms_parents(c, &nr[1]) };
	char *got = comms_format(c), text[2][200] = { "", "" };

	for (int k = 0; k < 2; k++) {
		for (unsigned int i = 0; i < 2 * nr[k]; i++)
			snprintf(text[k] + strlen(text[k]), sizeof(text[k]) - strlen(text[k]), "%d ", pairs[k][i]);
		free(pairs[k]);
	}
	ok(!strcmp(got, names), "names: %s, want %s", got, names);
	ok(!strcmp(text[0], processes), "processes: %s, want %s", text[0], processes);
	ok(!strcmp(text[1], parents), "parents: %s, want %s", text[1], parents);
	free(got);
}

/*
 * 10 starts 20, which starts 30 and 40; 31 is a thread of 30, 41 one of 40. The
 * pages name 31: so its process and whoever started that are kept, and no others.
 */
static void chosen(void)
{
	const uint32_t page[] = { 0xdeadbeef, 31, 70000, 999999999, UINT32_MAX };
	struct pids_used *used;
	struct comms c = { 0 };

	begin(&c, 10, 0, false);
	begin(&c, 20, 10, false);
	begin(&c, 30, 20, false);
	begin(&c, 31, 30, true);
	begin(&c, 40, 20, false);
	begin(&c, 41, 40, true);
	for (int32_t pid = 10; pid <= 41; pid++)
		if (pid % 10 < 2 && pid != 11 && pid != 21)
			comms_add(&c, pid, pid % 10 ? "thread" : "process", pid % 10 ? 6 : 7);
	is_u64((uint64_t)comms_max_pid(&c), 41, "the greatest number");
	is_said(&c, "10 process\n20 process\n30 process\n31 thread\n40 process\n41 thread\n",
		"10 10 20 20 30 30 31 30 40 40 41 40 ", "10 0 20 10 30 20 40 20 ");
	used = pids_used_new(comms_max_pid(&c));
	pids_used_scan(used, page, sizeof(page));
	ok(pids_used_has(used, 31) && !pids_used_has(used, 30) && !pids_used_has(used, 70000) &&
		   !pids_used_has(used, -1),
	   "the pages name one of them");
	comms_choose(&c, in_pages, used);
	is_said(&c, "10 process\n20 process\n30 process\n31 thread\n", "10 10 20 20 30 30 31 30 ", "10 0 20 10 30 20 ");
	ok(comms_is_chosen(&c, 30) && !comms_is_chosen(&c, 41) && !comms_is_chosen(&c, 5), "one by one, too");
	pids_used_free(used);
	used = pids_used_new(100);
	comms_choose(&c, in_pages, used);
	is_said(&c, "", "", "");
	comms_choose(&c, NULL, NULL);
	is_said(&c, "10 process\n20 process\n30 process\n31 thread\n40 process\n41 thread\n",
		"10 10 20 20 30 30 31 30 40 40 41 40 ", "10 0 20 10 30 20 40 20 ");
	pids_used_free(used);
	comms_free(&c);
}

/* A copy has its creator's name until it has one of its own: a file may say so, but it is not settled. */
static void born(void)
{
	struct comms c = { 0 };
	char *text, name[] = "bash clone_flags";

	comms_add_task(&c, &(struct comms_new){ .pid = GONE, .creator = 1, .name = name, .name_len = 4 });
	ok(!comms_settle(&c, GONE), "who is gone by now had another name, perhaps");
	text = comms_format(&c);
	ok(strstr(text, " bash\n"), "a file has the name that it was born with: %s", text);
	free(text);
	comms_add(&c, GONE, "true", 4);
	is_name(comms_settle(&c, GONE), "true");
	comms_add_task(&c, &(struct comms_new){ .pid = GONE, .creator = 1, .name = name, .name_len = 4 });
	ok(!comms_settle(&c, GONE), "the number's next task");
	comms_add(&c, GONE, "false", 5);
	comms_end_task(&c, GONE, 1);
	comms_add_text(&c, "2147483632 bash\n2147483633 other\n");
	is_name(comms_settle(&c, GONE), "false");
	is_name(comms_settle(&c, GONE2), "other");
	comms_free(&c);
}

int main(void)
{
	settled();
	born();
	hostile();
	chosen();
	living();
	return done_testing();
}
