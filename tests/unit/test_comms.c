// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_comms.c - names and processes by pid: the last name, or the one that was asked for, until the pid is a new task's.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/comms.h"
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
	struct comms c = { 0 };
	int32_t pid = (int32_t)getpid();

	comms_add(&c, pid, "former", 6);
	comms_add_living(&c);
	if (comms_tgid(&c, pid) != pid) {
		ok(true, "# SKIP in a pid namespace");
	} else {
		is_name(comms_settle(&c, pid), "test_comms");
		ok(comms_tgid(&c, pid) == pid, "its process");
	}
	ok(comms_tgid(&c, GONE) == -1, "of a task that is gone nobody knows");
	begin(&c, GONE, pid, true);
	ok(comms_tgid(&c, GONE) == comms_tgid(&c, pid), "a thread is its creator's");
	begin(&c, GONE, GONE2, false);
	ok(comms_tgid(&c, GONE) == -1, "of two processes: not known");
	ok(!comms_settle(&c, 0), "the idle tasks have no entry");
	comms_free(&c);
}

int main(void)
{
	settled();
	living();
	return done_testing();
}
