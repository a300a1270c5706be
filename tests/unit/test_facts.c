// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_facts.c - facts survive writing and reading; damaged ones are refused.
 */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/mem.h"
#include "file/facts.h"
#include "tap.h"

static void fill(struct facts *f)
{
	static const char *const names[] = { "RES", "IPI0" };

	memset(f, 0, sizeof(*f));
	f->filter = (struct ipi_filter)IPI_FILTER_INIT;
	f->version = xstrdup("0.1");
	f->cmdline = xstrdup("ipitrace record -- sh -c 'a\nb \\n \\\\ \r c'");
	f->host = xstrdup("a\nhost");
	f->date = xstrdup("2026-11-29T08:41:12Z");
	f->tier = xstrdup("exact");
	f->clock = xstrdup("mono");
	f->flight = f->complete = f->stacks = f->filtered_in_kernel = true;
	f->nr_own_pids = 2;
	f->own_pids = xcalloc(2, sizeof(*f->own_pids));
	f->own_pids[0] = 17;
	f->own_pids[1] = 4194304;
	f->nr_tgids = 3;
	f->tgids = xcalloc(6, sizeof(*f->tgids));
	memcpy(f->tgids, (int32_t[]){ 7, 7, 8, 7, 4194304, 9 }, 6 * sizeof(*f->tgids));
	f->nr_cpus = 3;
	f->lost = xcalloc(3, sizeof(*f->lost));
	f->entries = xcalloc(3, sizeof(*f->entries));
	f->lost[2] = UINT64_MAX;
	f->entries[0] = 12345678901ULL;
	f->nr_counters = 2;
	f->counters = xcalloc(2, sizeof(*f->counters));
	for (unsigned int i = 0; i < 2; i++) {
		struct facts_counter *c = &f->counters[i];

		snprintf(c->name, sizeof(c->name), "%s", names[i]);
		snprintf(c->desc, sizeof(c->desc), "Rescheduling interrupts");
		c->nr_cpus = 3;
		for (int s = 0; s < FACTS_NR_SNAPS; s++) {
			c->count[s] = xcalloc(3, sizeof(uint64_t));
			for (unsigned int cpu = 0; cpu < 3; cpu++)
				c->count[s][cpu] = 1000 * i + 100 * (unsigned int)s + cpu;
		}
	}
	cpuset_add(&f->online[FACTS_OUTER0], 0);
	cpuset_add(&f->online[FACTS_OUTER1], 0);
	cpuset_add(&f->online[FACTS_OUTER1], 2);
	f->machine.known = true;
	cpuset_add(&f->machine.online, 0);
	cpuset_add(&f->machine.online, 3);
	cpuset_add(&f->machine.nohz_full, 3);
	f->interrupts_text = xstrdup("RES:  1  2  3   Rescheduling interrupts\nIPI0: 4 5 6\n");
	cpuset_add(&topo_add(&f->topo, TOPO_NODE, 1)->cpus, 0);
	cpuset_add(&topo_add(&f->topo, TOPO_LLC, 0)->cpus, 2);
	cpuset_add(&f->topo.groups[1].cpus, 200);
	f->workload_status = 137;
	f->missed_sends = 3;
	facts_add_reason(f, "somebody switched %s off", "tracing_on");
	facts_add_reason(f, "two\nlines");
	facts_add_known(f, "membarrier_private_expedited");
	facts_add_known(f, "other.isra.0");
}

static void fill_filter(struct ipi_filter *f)
{
	f->target_cpus.given = f->source_cpus.given = true;
	cpuset_add(&f->target_cpus.set, 0);
	cpuset_add(&f->target_cpus.set, 1);
	cpuset_add(&f->target_cpus.set, 200);
	cpuset_add(&f->source_cpus.set, 64);
	f->classes = 0x805;
	f->callsite = xstrdup("*mem barrier*");
	f->func = xstrdup("flush_\\*");
	f->tid.pids = xcalloc(1, sizeof(*f->tid.pids));
	f->tid.nr = 1;
	f->comm = xstrdup(" odd\nname ");
}

static bool same_cpus(const struct cpuset *a, const struct cpuset *b)
{
	char a_text[100], b_text[100];

	cpuset_format(a, a_text, sizeof(a_text));
	cpuset_format(b, b_text, sizeof(b_text));
	return !strcmp(a_text, b_text);
}

static void test_round_trip(void)
{
	struct facts a, b;
	struct err err = { 0 };
	char *text, *again;

	fill(&a);
	fill_filter(&a.filter);
	text = facts_format(&a);
	if (!ok(!facts_parse(&b, text, strlen(text), &err), "what was written is read: %s", err.msg))
		return;
	is_str(b.version, a.version, "version");
	is_str(b.cmdline, a.cmdline, "command line with newlines and backslashes");
	is_str(b.host, a.host, "host");
	is_str(b.date, a.date, "date");
	is_str(b.tier, a.tier, "tier");
	is_str(b.clock, a.clock, "clock");
	ok(b.flight && b.complete && b.stacks && b.filtered_in_kernel, "flags");
	is_u64(b.nr_own_pids, 2, "number of own pids");
	ok(b.nr_own_pids == 2 && b.own_pids[0] == 17 && b.own_pids[1] == 4194304, "own pids");
	ok(facts_tgid(&b, 7) == 7 && facts_tgid(&b, 8) == 7 && facts_tgid(&b, 4194304) == 9, "processes of tasks");
	ok(facts_tgid(&b, 6) == -1 && facts_tgid(&b, 9) == -1 && facts_tgid(&b, INT32_MAX) == -1 &&
		   facts_tgid(&b, -1) == -1 && facts_tgid(&(struct facts){ 0 }, 7) == -1,
	   "  or that they are not known");
	is_u64(b.nr_cpus, 3, "CPUs");
	is_u64(b.lost[2], UINT64_MAX, "lost: all 64 bits");
	is_u64(b.entries[0], 12345678901ULL, "entries");
	is_u64(b.nr_counters, 2, "counters");
	is_str(b.counters[1].name, "IPI0", "name of a counter");
	is_str(b.counters[1].desc, "Rescheduling interrupts", "its description");
	is_u64(b.counters[1].count[FACTS_OUTER1][2], 1302, "its last reading");
	is_u64(b.counters[0].count[FACTS_INNER0][1], 101, "another reading");
	ok(cpuset_has(&b.online[FACTS_OUTER0], 0) && !cpuset_has(&b.online[FACTS_OUTER0], 2) &&
		   cpuset_has(&b.online[FACTS_OUTER1], 2) && !b.online[FACTS_INNER0].nr_words,
	   "which CPUs were online in each reading");
	ok(b.machine.known && same_cpus(&b.machine.online, &a.machine.online) && !b.machine.isolated.nr_words &&
		   same_cpus(&b.machine.nohz_full, &a.machine.nohz_full),
	   "what the machine's words mean, also if that is nothing");
	is_str(b.interrupts_text, a.interrupts_text, "rows of /proc/interrupts");
	ok(b.topo.nr == 2 && b.topo.groups[0].kind == TOPO_NODE && b.topo.groups[0].id == 1 &&
		   cpuset_has(&b.topo.groups[0].cpus, 0) && b.topo.groups[1].kind == TOPO_LLC &&
		   same_cpus(&a.topo.groups[1].cpus, &b.topo.groups[1].cpus),
	   "nodes and caches");
	is_u64((uint64_t)b.workload_status, 137, "workload status");
	is_u64(b.missed_sends, 3, "missed sends");
	ok(b.nr_known == 2 && !strcmp(b.known[0], "membarrier_private_expedited") &&
		   !strcmp(b.known[1], "other.isra.0"),
	   "of whose call sites there are no stacks");
	is_u64(b.nr_reasons, 2, "reasons");
	ok(b.nr_reasons == 2 && !strcmp(b.reasons[0], "somebody switched tracing_on off") &&
		   !strcmp(b.reasons[1], "two\nlines"),
	   "as they were given, in their order");
	ok(b.filter.target_cpus.given && same_cpus(&a.filter.target_cpus.set, &b.filter.target_cpus.set),
	   "target CPUs");
	ok(b.filter.source_cpus.given && same_cpus(&a.filter.source_cpus.set, &b.filter.source_cpus.set),
	   "source CPUs");
	is_u64(b.filter.classes, 0x805, "classes");
	is_str(b.filter.callsite, a.filter.callsite, "call site");
	is_str(b.filter.func, a.filter.func, "function");
	ok(b.filter.tid.nr == 1 && !b.filter.tid.pids[0], "pid 0 is a pid");
	is_str(b.filter.comm, a.filter.comm, "comm with blanks at its ends");
	again = facts_format(&b);
	is_str(again, text, "written again, the same text");
	free(text);
	free(again);
	facts_free(&a);
	facts_free(&b);
}

static void test_empty(void)
{
	struct facts f;
	struct err err = { 0 };

	ok(!facts_parse(&f, "", 0, &err), "no facts at all are read");
	ok(!f.complete, "and claim nothing");
	ok(ipi_filter_empty(&f.filter), "no filter");
	ok(!f.machine.known, "  of what CPUs were isolated, too");
	ok(f.workload_status == -1, "no workload");
	facts_free(&f);
	ok(!facts_parse(&f, "color blue\nfilter_moon full\ncomplete 1", 38, &err), "unknown keys are skipped");
	ok(f.complete, "known ones are not, even without a newline at the end");
	facts_free(&f);
}

/* Who started whom, and who was in which group when. */
static void test_tasks(void)
{
	static const char text[] = "parents 5 1 7 5 9 0\nworkload 5\ncgroup /\ncgroup /a\\nb c\n"
				   "places 5 1 0 5 2 100 7 0 50 7 2 60\nunplaced_ns 500\ntasks_lost 3\n";
	struct err err = { 0 };
	struct facts f, g;
	char *again;

	ok(!facts_parse(&f, text, strlen(text), &err), "facts of tasks: %s", err.msg);
	ok(facts_parent(&f, 7) == 5 && facts_parent(&f, 9) == 0 && facts_parent(&f, 0) == 0 &&
		   facts_parent(&f, 6) == -1,
	   "who started whom");
	is_u64((uint64_t)f.filter.process.workload, 5, "the workload, for filters");
	is_str(facts_cgroup(&f, 5, 0), "/", "a group since before");
	is_str(facts_cgroup(&f, 5, 99), "/", "  to the end");
	is_str(facts_cgroup(&f, 5, 100), "/a\nb c", "  and the next one");
	ok(!facts_cgroup(&f, 7, 49) && !facts_cgroup(&f, 7, 50) && facts_cgroup(&f, 7, 499), "where it is known");
	ok(!facts_cgroup(&f, 6, 0) && !facts_cgroup(&f, 8, 0), "tasks of which nothing is");
	is_str(facts_cgroup(&f, 0, 1), "/", "idle tasks");
	ok(!facts_cgroup(&f, 5, 500), "too many moves: nothing is known from then on");
	again = facts_format(&f);
	ok(!facts_parse(&g, again, strlen(again), &err) && g.nr_places == 4 && g.nr_parents == 3 && g.nr_cgroups == 2 &&
		   g.tasks_lost == 3 && g.unplaced_ns == 500 && g.workload == 5,
	   "written and read");
	free(again);
	facts_free(&f);
	facts_free(&g);
}

static void test_damaged(void)
{
	static const char *const bad[] = {
		"facts 4\n", /* a format of the future */
		"complete 2\n",
		"node 0\n",
		"node x 0\n",
		"llc 0 3-1\n",
		"complete\n",
		"stacks yes\n",
		"flight recorder\n",
		"cpus 99999999999\n",
		"cpus -1\n",
		"lost 1 2\n", /* no number of CPUs yet */
		"cpus 2\nlost 1\n",
		"cpus 2\nlost 1 2 3\n",
		"cpus 2\nlost 1 x\n",
		"cpus 2\nlost 1 2\ncpus 3\n", /* would be read beyond its end */
		"own_pids 1 two\n",
		"tgids 1 1 2\n",
		"parents 2 2 1 1\n",
		"places 1 1 0\n", /* there is no such group */
		"cgroup /\nplaces 1 1\n",
		"cgroup /\nplaces 1 1 9 1 1 8\n",
		"cgroup /\nplaces 2 1 0 1 1 0\n",
		"cgroup /\nplaces 1 1 0\nplaces 1 1 0\n",
		"workload -1\n",
		"owner 5 0 9 5 1\nowner 5 0 10 5 1\n",
		"owner 5 0 9 5 1 a\nowner 5 1 8 5 1 b\n", /* back in time */
		"owner 6 0 9 5 1 a\nowner 5 1 9 5 1 b\n",
		"owner 5 0 9 5\n",
		"owner 0 0 9 5 1 idle\n",
		"owner 4194304 0 9 5 1\n", /* no kernel's number */
		"owner 5 511 9 5 1\n",
		"tgids 2 2 1 1\n", /* would not be found */
		"own_pids 18446744073709551616\n",
		"inner0\n",
		"inner0 RES\n",
		"outer1 RES 1 -2\n",
		"counter a_name_that_is_too_long some text\n",
		"workload_status 256\n",
		"filter_target_cpus 3-1\n",
		"online_inner0 1-\n",
		"filter_classes many\n",
		"filter_pid 4294967296\n",
		"filter_target_cpus online\n", /* that would be this machine's */
		"cpus_online online\n",
	};
	struct facts f;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = { 0 };

		ok(facts_parse(&f, bad[i], strlen(bad[i]), &err) && err.msg[0], "refused: case %zu", i);
		facts_free(&f);
	}
}

/* Whatever a cut text or a flipped byte makes of it: no crash, no leak; the sanitizers watch. */
static void test_mutations(void)
{
	struct facts f, g;
	size_t len, parsed = 0;
	char *text;

	fill(&f);
	fill_filter(&f.filter);
	text = facts_format(&f);
	len = strlen(text);
	for (size_t i = 0; i <= len; i++)
		if (!facts_parse(&g, text, i, NULL)) {
			parsed++;
			facts_free(&g);
		}
	ok(parsed > 0 && parsed <= len, "cut at every offset: %zu of %zu are still facts", parsed, len);
	for (size_t i = 0; i < len; i++) {
		char old = text[i];

		for (int bit = 0; bit < 8; bit++) {
			text[i] = (char)(old ^ 1 << bit);
			if (!facts_parse(&g, text, len, NULL)) {
				char *s = facts_format(&g);

				free(s);
				facts_free(&g);
			}
		}
		text[i] = old;
	}
	ok(!facts_parse(&g, text, len, NULL), "every bit flipped once, and back");
	facts_free(&g);
	free(text);
	facts_free(&f);
}

int main(void)
{
	test_round_trip();
	test_empty();
	test_tasks();
	test_damaged();
	test_mutations();
	return done_testing();
}
