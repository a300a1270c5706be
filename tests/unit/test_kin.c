// SPDX-License-Identifier: GPL-2.0-only
/* What is gathered of tasks while recording: processes, who started them, groups; here of tasks that never were. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/taskid.h"
#include "capture/comms.h"
#include "file/facts.h"
#include "tap.h"

/* Above what a kernel comes to give, so that /proc knows none of them. */
enum { FIRST = 3900000, A, B, C, THREAD, GONE };

static void begin(struct comms *c, int32_t pid, int32_t creator, uint64_t flags, uint64_t at_ns)
{
	comms_add_task(c, &(struct comms_new){ .pid = pid, .creator = creator, .clone_flags = flags, .at_ns = at_ns });
}

static void test_tree(void)
{
	struct comms c = { 0 };

	begin(&c, FIRST, 0, 0, 1);
	begin(&c, A, FIRST, 0, 2);
	begin(&c, THREAD, A, CLONE_THREAD, 3);
	begin(&c, B, THREAD, 0, 4);
	begin(&c, C, GONE, 0, 5);
	ok(comms_parent(&c, A) == FIRST && comms_tgid(&c, THREAD) == A, "a process and its thread");
	is_u64((uint64_t)comms_parent(&c, B), A, "what a thread starts is its process's");
	is_u64((uint64_t)comms_parent(&c, FIRST), 0, "started by the kernel");
	ok(comms_parent(&c, C) == -1, "started by somebody unseen");
	comms_end_task(&c, A, 1);
	is_u64((uint64_t)comms_parent(&c, B), A, "who has ended has started it all the same");
	begin(&c, A, B, 0, 9);
	is_u64((uint64_t)comms_parent(&c, A), B, "a number that is given again is another's");
	comms_free(&c);
}

static void name(struct comms *c, int32_t pid, const char *text)
{
	comms_add(c, pid, text, strlen(text));
}

static bool seen_b(const void *ctx, int32_t pid)
{
	(void)ctx;
	return pid == B;
}

/* Number A is of two processes, each of which starts one; the first has a thread that outlives it. */
static void test_again(void)
{
	struct comms c = { 0 };
	struct facts f = { 0 }, g;
	struct err err = { 0 };
	char *text;
	int32_t first, second;

	name(&c, A, "first");
	begin(&c, THREAD, A, CLONE_THREAD, 1);
	begin(&c, A, FIRST, 0, 10);
	name(&c, A, "second");
	begin(&c, B, A, 0, 11);
	comms_end_task(&c, A, 12);
	begin(&c, A, B, 0, 20);
	name(&c, A, "third\\");
	begin(&c, C, A, 0, 21);

	/* As a file has it, and from there on. */
	f.owners = comms_owners(&c, &f.nr_owners);
	f.tgids = comms_processes(&c, &f.nr_tgids);
	f.parents = comms_parents(&c, &f.nr_parents);
	text = facts_format(&f);
	ok(!facts_parse(&g, text, strlen(text), &err), "facts: read again");
	is_u64(g.nr_owners, 3, "three had one number");
	first = facts_task(&g, A, 9);
	second = facts_task(&g, A, 10);
	ok(first == A && second != A && facts_task(&g, A, 19) == second && facts_task(&g, A, 20) != second,
	   "each from its birth on");
	ok(task_number(second) == A && task_owner(second) == 1, "the number is in its id");
	ok(facts_task(&g, B, 30) == B && !facts_owner(&g, B) && !facts_task(&g, 0, 30), "others are their numbers");
	is_str(facts_owner(&g, first)->name, "first", "its name");
	is_str(facts_owner(&g, second)->name, "second", "the next one's");
	is_str(facts_owner(&g, facts_task(&g, A, 99))->name, "third\\", "the last one's");
	ok(facts_tgid(&g, second) == second, "its own process");
	is_u64((uint64_t)facts_parent(&g, B), (uint64_t)second, "whom the second started");
	is_u64((uint64_t)facts_parent(&g, C), (uint64_t)facts_task(&g, A, 20), "whom the third started");
	is_u64((uint64_t)facts_parent(&g, facts_task(&g, A, 20)), B, "who started the third");
	ok(facts_tgid(&g, first) == -1 && facts_parent(&g, first) == -1,
	   "nothing is known of who had it before it was recorded");
	first = facts_task(&g, A, FACTS_TIME_UNKNOWN);
	ok(task_number(first) == A && !facts_owner(&g, first)->name[0] && facts_parent(&g, first) == -1,
	   "at an unknown time it is anybody");
	free(text);
	facts_free(&f);
	facts_free(&g);

	/* With a task that is named go all who had the number of its parent. */
	comms_choose(&c, seen_b, NULL);
	f = (struct facts){ 0 };
	f.owners = comms_owners(&c, &f.nr_owners);
	is_u64(f.nr_owners, 3, "kin of a chosen one");
	facts_free(&f);
	comms_free(&c);
}

/* Where a number is given more often than there is room for, nothing is said of those in between. */
static void test_too_often(void)
{
	enum { TIMES = TASK_MAX_OWNER + 20 };
	struct facts f = { 0 };
	struct comms c = { 0 };
	char text[16];

	for (int i = 0; i < TIMES; i++) {
		begin(&c, A, FIRST, 0, 10 * (uint64_t)i);
		snprintf(text, sizeof(text), "n%d", i);
		name(&c, A, text);
	}
	begin(&c, B, A, 0, 10 * (uint64_t)TIMES);
	f.owners = comms_owners(&c, &f.nr_owners);
	is_u64(f.nr_owners, TASK_MAX_OWNER + 1, "as many as have an id");
	is_str(facts_owner(&f, facts_task(&f, A, 75))->name, "n7", "one of the first");
	is_str(facts_owner(&f, facts_task(&f, A, 10 * (uint64_t)(TASK_MAX_OWNER + 3)))->name, "", "one of many");
	snprintf(text, sizeof(text), "n%d", TIMES - 1);
	is_str(facts_owner(&f, facts_task(&f, A, 10 * (uint64_t)TIMES))->name, text, "the last");
	ok(comms_parent(&c, B) == -1, "whose child could be of any of them");
	facts_free(&f);
	comms_free(&c);
}

static const char *at(const struct comms *c, int32_t pid, uint64_t ns)
{
	const char *path = comms_cgroup(c, pid, ns);

	return path ? path : "?";
}

/* Hours of tasks that come and go: those whom nobody asks for any more are not kept. */
static void test_forgetting(void)
{
	enum { MANY = 500000, FIRST_OF_MANY = 3200000 };
	struct comms c = { .cgroups = { .known = true, .whole = true } };
	unsigned int most = 0;
	uint64_t reused;

	begin(&c, FIRST, 0, 0, 1);
	begin(&c, A, FIRST, 0, 2);
	begin(&c, THREAD, A, CLONE_THREAD, 3);
	begin(&c, B, A, 0, 4);
	comms_move(&c, FIRST, "/a", 5);
	comms_end_task(&c, FIRST, 6);
	comms_end_task(&c, A, 6);
	begin(&c, GONE, FIRST, 0, 6);
	comms_add(&c, GONE, "gone", 4);
	comms_settle(&c, GONE);
	comms_end_task(&c, GONE, 6);
	reused = c.nr_reused;
	for (int i = 0; i < MANY; i++) {
		begin(&c, FIRST_OF_MANY + i, B, 0, 100 + (uint64_t)i);
		comms_end_task(&c, FIRST_OF_MANY + i, 100 + (uint64_t)i);
		comms_forget_ended(&c, (uint64_t)i);
		most = c.nr > most ? c.nr : most;
	}
	ok(most < 140000 && c.nr_places < 140000, "%d tasks: never more than %u are known", MANY, most);
	ok(comms_parent(&c, B) == A && comms_parent(&c, A) == FIRST && !comms_parent(&c, FIRST),
	   "who started a living one is");
	ok(comms_tgid(&c, THREAD) == A, "the process of a thread that goes on is");
	is_str(at(&c, THREAD, 5), "?", "where that is was never known");
	comms_move(&c, FIRST, "/b", 2000000);
	is_str(at(&c, FIRST, 2000000), "/b", "places go on");
	ok(comms_tgid(&c, FIRST_OF_MANY + MANY - 1) == FIRST_OF_MANY + MANY - 1, "who ended a moment ago is");
	ok(comms_tgid(&c, GONE) == -1 && !comms_settle(&c, GONE), "who ended long ago is not");
	ok(c.nr_reused > reused, "  which who keeps names learns");
	begin(&c, GONE, B, 0, 2000001);
	is_u64((uint64_t)comms_parent(&c, GONE), B, "its number is another's, without doubt");
	comms_free(&c);
}

static void test_groups(void)
{
	struct comms c = { .cgroups = { .known = true, .whole = true } };

	begin(&c, FIRST, GONE, 0, 1);
	is_str(at(&c, FIRST, 2), "?", "born of somebody unseen");
	comms_move(&c, FIRST, "/a", 10);
	begin(&c, A, FIRST, 0, 20);
	begin(&c, THREAD, A, CLONE_THREAD, 21);
	is_str(at(&c, THREAD, 30), "/a", "children and threads are in the group of who made them");
	comms_move(&c, A, "/b (deleted)", 40);
	ok(!strcmp(at(&c, A, 39), "/a") && !strcmp(at(&c, A, 40), "/b"), "moved, and where it was before");
	is_str(at(&c, THREAD, 40), "/b", "  with its threads");
	is_str(at(&c, FIRST, 40), "/a", "  but without its parent");
	comms_move(&c, THREAD, "/b/t", 50);
	ok(!strcmp(at(&c, THREAD, 50), "/b/t") && !strcmp(at(&c, A, 50), "/b"), "a thread alone");
	begin(&c, B, A, 0x200000000ULL, 60);
	is_str(at(&c, B, 60), "?", "born into another group, and gone before it could be asked");
	is_str(at(&c, 0, 60), "/", "idle tasks");
	is_str(at(&c, FIRST, 0), "?", "before it was born");
	comms_sort_places(&c);
	ok(!strcmp(at(&c, A, 39), "/a") && !strcmp(at(&c, THREAD, 45), "/b"), "the same in the order of tasks");
	comms_free(&c);

	/* Version 1 moves threads one by one, and the event does not tell. */
	c = (struct comms){ .cgroups = { .known = true, .whole = true, .hierarchy = 4 } };
	begin(&c, FIRST, GONE, 0, 1);
	comms_move(&c, FIRST, "/a", 2);
	begin(&c, THREAD, FIRST, CLONE_THREAD, 3);
	comms_move(&c, FIRST, "/b", 4);
	is_str(at(&c, FIRST, 4), "/b", "version 1: who was moved");
	is_str(at(&c, THREAD, 4), "?", "  what became of its threads is not known, once they are gone");
	comms_free(&c);

	/* Paths of events begin elsewhere. */
	c = (struct comms){ .cgroups = { .known = true } };
	comms_move(&c, FIRST, "/x/a", 2);
	is_str(at(&c, FIRST, 3), "?", "in a namespace of groups paths of events mean nothing");
	comms_free(&c);
}

int main(void)
{
	test_tree();
	test_again();
	test_too_often();
	test_forgetting();
	test_groups();
	return done_testing();
}
