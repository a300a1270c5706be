// SPDX-License-Identifier: GPL-2.0-only
/* The table of filters and the stage that applies it: whatever row there is. */
#include <stdlib.h>

#include "base/compiler.h"
#include "base/filter.h"
#include "base/globs.h"
#include "base/opts.h"
#include "file/facts.h"
#include "report/agg.h"
#include "report/filter.h"
#include "tap.h"

enum { SITE = 0x1000, USER = 0x2000, FUNC = 0x3000, NR_SPANS = 4096 };

static uint64_t stack_caller(void *ctx, uint32_t stack)
{
	(void)ctx;
	return stack ? USER + stack : 0;
}

static const char *symbol(void *ctx, uint64_t addr)
{
	static const char *const names[] = { "alpha", "beta", "gamma", "delta" };

	(void)ctx;
	return names[addr % ARRAY_SIZE(names)];
}

static const char *comm(void *ctx, int32_t pid)
{
	static const char *const names[] = { "idle", "alpha", "a b\\", NULL };

	(void)ctx;
	return names[pid & 3];
}

/* Two threads a process; of 6 and 7 it is not known. */
static int32_t tgid(void *ctx, int32_t pid)
{
	(void)ctx;
	return pid < 6 ? pid | 1 : -1;
}

/* 5 was started by 3, and 3 by 1, by nobody. */
static int32_t parent(void *ctx, int32_t tgid)
{
	(void)ctx;
	return tgid - 2 > 0 ? tgid - 2 : 0;
}

/* Some have moved at 15; where the fourth is nobody knows. */
static const char *cgroup(void *ctx, int32_t pid, uint64_t at_ns)
{
	static const char *const paths[] = { "/", "/a", "/a/b", NULL }, *const alike[] = { "/", "alpha", "a b\\", "z" };

	return (ctx ? alike : paths)[(pid + (at_ns > 15)) & 3];
}

static bool any; /* as a context: all groups are known, and named as tasks are */
static const struct span_names names = {
	.stack_caller = stack_caller,
	.symbol = symbol,
	.comm = comm,
	.tgid = tgid,
	.parent = parent,
	.cgroup = cgroup,
	.ctx = &any,
};

static const struct opt_spec spec = {
	.command = "test",
	.synopsis = "",
	.summary = "",
	.groups = { OPT_FILTER_GROUP(0) },
};

/* A value that some of the spans have, by what the option says it takes. */
static const char *sample(const struct filter_row *row)
{
	static const char *const samples[][2] = { { "LIST", "1,3-5,70" },   { "NAMES", "call_function,irq_work" },
						  { "GLOBS", "a*[a\\\\]" }, { "PIDS", "1" },
						  { "TIDS", "3,5" },	    { "N", "2" },
						  { "TIME", "1us" } };

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		if (!strcmp(row->opt.arg, samples[i][0]))
			return samples[i][1];
	return NULL;
}

/* Every kind of span, with identities as mixed as a small generator makes them. */
static void send_all(const struct span_sink *sink)
{
	uint64_t x = 1, mask[2];

	for (unsigned int i = 0; i < NR_SPANS; i++) {
		struct ipi_span s = { .how = IPI_HOW_EXACT, .send_ns = 10, .entry_ns = 20, .exit_ns = 30 };

		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		s.kind = IPI_SPAN_SEND + (x >> 32) % 6;
		s.class = (x >> 35) % 5;
		s.source = (x >> 38) % 8;
		s.target = (x >> 41) % 8;
		s.pid = (x >> 44) % 8;
		s.stack = (x >> 47) % 4;
		s.callsite = SITE + (x >> 49) % 4;
		s.func = FUNC + (x >> 51) % 4;
		s.unsolicited = s.kind == IPI_SPAN_IRQ && x >> 53 & 1;
		if (s.kind == IPI_SPAN_SEND && x >> 54 & 1) {
			mask[0] = 1ULL << s.target | 1ULL << s.source;
			mask[1] = 1ULL << (x >> 55) % 8;
			s.mask = mask;
			s.mask_words = 2;
			s.nr_targets = (uint32_t)(__builtin_popcountll(mask[0]) + 1);
		}
		sink->span(sink->ctx, &s);
	}
}

/* Rows and totals as a text: equal texts, equal reports. */
static char *report(const struct ipi_filter *const *filters, unsigned int nr)
{
	static const enum agg_key by[] = { AGG_KEY_CALLSITE, AGG_KEY_FUNC, AGG_KEY_CLASS, AGG_KEY_SOURCE,
					   AGG_KEY_TARGET,   AGG_KEY_PID,  AGG_KEY_CALLER };
	struct span_filter *filter = span_filter_new(filters, nr, &names);
	struct agg *a = agg_new(by, ARRAY_SIZE(by), span_filter_by_sender(filter), &names);
	struct span_sink sink = span_filter_sink(filter, &(struct span_sink){ .span = agg_span, .ctx = a });
	const struct match_totals *t = agg_totals(a);
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	send_all(&sink);
	fprintf(out, "%llu sends %llu hits %llu calls %llu irqs %llu unsolicited %llu local\n",
		(unsigned long long)t->sends, (unsigned long long)t->target_hits, (unsigned long long)t->calls,
		(unsigned long long)t->interrupts, (unsigned long long)t->unsolicited,
		(unsigned long long)t->local_calls);
	for (unsigned int i = 0; i < agg_nr_rows(a); i++) {
		const struct agg_row *r = &agg_rows(a)[i];

		fprintf(out, "%llx %llx %u %u %u %d: %llu %llu %llu %llu\n", (unsigned long long)r->callsite,
			(unsigned long long)r->func, r->class, r->source, r->target, r->pid,
			(unsigned long long)r->n.sends, (unsigned long long)r->n.target_hits,
			(unsigned long long)r->n.calls, (unsigned long long)r->delivery.count);
	}
	fclose(out);
	agg_free(a);
	span_filter_free(filter);
	return text;
}

static bool only_set(const struct filter_row *row, const struct ipi_filter *f)
{
	const struct filter_row *other;

	for_each_filter_row(other) if (filter_row_set(other, f) != (other == row)) return false;
	return true;
}

static const struct machine_cpus machine = { .known = true };

/* As an option of report, of a recording of whatever machine. */
static bool take(const struct filter_row *row, const char *value, struct ipi_filter *f)
{
	char arg[100], *args[] = { arg, arg, NULL };
	struct err err = { 0 };
	int nr;

	snprintf(arg, sizeof(arg), "--%s=%s", row->opt.long_name, value);
	return ok(!opts_parse(&spec, f, 2, args, &nr, &err) && !ipi_filter_resolve(f, &machine, 0, &err),
		  "%s is taken: %s", arg, err.msg);
}

/* Option -> filter -> text of the facts -> filter -> the same text, and the same report of a recording. */
static void test_row(const struct filter_row *row, const char *value, const char *all)
{
	struct ipi_filter f = IPI_FILTER_INIT, g = IPI_FILTER_INIT;
	const struct ipi_filter *in_user[] = { &f, &g }, *in_file[] = { &g, NULL }, *twice[] = { &f, NULL };
	struct facts facts = { .filter = IPI_FILTER_INIT, .workload_status = -1 }, read;
	const char *name = row->opt.long_name;
	char *text, *again, *here, *there, *both;
	struct err err = { 0 };

	take(row, value, &f);
	ok(only_set(row, &f) && !ipi_filter_empty(&f), "--%s: this filter is set and no other", name);

	facts.filter = f;
	text = facts_format(&facts);
	ok(strstr(text, "filter_") && strstr(text, row->fact), "--%s: is in the facts", name);
	ok(!facts_parse(&read, text, strlen(text), &err), "--%s: and read back: %s", name, err.msg);
	ok(only_set(row, &read.filter), "--%s: as the same filter", name);
	again = facts_format(&read);
	is_str(again, text, "--%s: with the same value", name);

	here = report(in_user, 2);
	if (row->about == FILTER_CLASS)
		ok(strstr(here, " 0 local\n") && !strstr(all, " 0 local\n"), "--%s: a local call is of no class", name);
	ok(strcmp(here, all) != 0 && strchr(here, '\n')[1], "--%s: some spans pass, some do not", name);
	in_file[0] = &read.filter;
	there = report(in_file, 1);
	is_str(there, here, "--%s: a filter of the recording's is as good as the user's", name);
	twice[1] = &read.filter;
	both = report(twice, 2);
	is_str(both, here, "--%s: both are no more than one", name);
	ok(!ipi_filter_against(&f, &read.filter, &err), "--%s: and none contradicts itself", name);
	free(text);
	free(again);
	free(here);
	free(there);
	free(both);
	facts_free(&read);
	ipi_filter_free(&f);
	ok(ipi_filter_empty(&f), "--%s: nothing is left of it", name);
}

static unsigned long long hits(const char *report)
{
	return strtoull(strstr(report, "sends ") + strlen("sends "), NULL, 10);
}

/* What passes with the mark is all that does not pass without. */
static void test_negation(const struct filter_row *row, const char *value, const char *all)
{
	struct ipi_filter f = IPI_FILTER_INIT;
	const struct ipi_filter *filters[] = { &f };
	char negated[100], *these, *others;

	snprintf(negated, sizeof(negated), "!%s", value);
	test_row(row, negated, all);
	take(row, value, &f);
	these = report(filters, 1);
	take(row, negated, &f);
	others = report(filters, 1);
	is_u64(hits(these) + hits(others), hits(all), "--%s: %s and %s are all", row->opt.long_name, value, negated);
	free(these);
	free(others);
	ipi_filter_free(&f);
}

static void test_rows(void)
{
	const struct filter_row *row, *other;
	char *all = report(NULL, 0);

	for_each_filter_row(row)
	{
		const char *value;

		if (!row->opt.arg)
			continue; /* says more of another one: test_children() */
		value = sample(row);
		if (!ok(value != NULL, "--%s: there is a sample of %s", row->opt.long_name, row->opt.arg))
			continue;
		test_row(row, value, all);
		test_negation(row, value, all);
		for (other = ipi_filter_rows; other < row; other++)
			ok(strcmp(row->fact, other->fact) && strcmp(row->opt.long_name, other->opt.long_name),
			   "%s and %s differ", row->fact, other->fact);
	}
	free(all);
}

static const struct filter_row *row_of(const char *fact)
{
	const struct filter_row *row;

	for_each_filter_row(row) if (!strcmp(row->fact, fact)) return row;
	return NULL;
}

/* One option of a user against one that a recording was made with: an error, or something may be there. */
static void test_contradictions(void)
{
	static const struct {
		const char *fact, *wanted, *kept, *msg;
	} t[] = {
		{ "target_cpus", "0", "1",
		  "--target-cpus 0: the recording was made with --target-cpus 1, "
		  "the rest is not in it" },
		{ "target_cpus", "0-1", "1", NULL },
		{ "target_cpus", "!1", "1", "" },
		{ "target_cpus", "!0", "1", NULL },
		{ "source_cpus", "2", "0,1", "" },
		{ "classes", "reschedule", "!reschedule",
		  "--class reschedule: the recording was made with --class "
		  "!reschedule, the rest is not in it" },
		{ "classes", "irq_work", "!reschedule", NULL },
		{ "pid", "1,2", "3", "" },
		{ "pid", "1,2", "2,3", NULL },
		{ "pid", "1,2", "!1", NULL },
		{ "pid", "1,2", "!1,2", "" },
		{ "pid", "!1,2", "2", "" },
		{ "pid", "!1", "!2", NULL },
		{ "func", "a,b", "c*", "" },
		{ "func", "a,cd", "c*", NULL },
		{ "func", "a*", "ab", NULL },
		{ "func", "b*", "ab", "" },
		{ "func", "!a*", "ab", "" },
		{ "func", "a*", "b*", NULL }, /* nobody knows what names there are */
		{ "comm", "!sh,cat", "sh", "" },
		{ "process", "1", "2", "--pid 1: the recording was made with --pid 2, the rest is not in it" },
		{ "callsite", "a", "b", NULL }, /* one may be the call site, one the caller */
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ipi_filter f = IPI_FILTER_INIT, kept = IPI_FILTER_INIT;
		struct err err = { 0 };

		take(row_of(t[i].fact), t[i].wanted, &f);
		take(row_of(t[i].fact), t[i].kept, &kept);
		is_u64(ipi_filter_against(&f, &kept, &err) != 0, t[i].msg != NULL, "%s %s of %s: %s", t[i].fact,
		       t[i].wanted, t[i].kept, err.msg);
		if (t[i].msg && t[i].msg[0])
			is_str(err.msg, t[i].msg, "  saying so");
		ipi_filter_free(&f);
		ipi_filter_free(&kept);
	}
}

static void test_bad_lists(void)
{
	static const struct {
		const char *arg, *msg;
	} t[] = {
		{ "--comm=", "--comm: '': a name of the list is empty" },
		{ "--comm=!", "--comm: '!': a name of the list is empty" },
		{ "--comm=a,", "--comm: 'a,': a name of the list is empty" },
		{ "--comm=a,!b", "--comm: 'a,!b': ! stands once, in front of the list" },
		{ "--pid=1,,2", "--pid: '': not a process number" },
		{ "--pid=1,!2", "--pid: '!2': not a process number" },
		{ "--class=!", "--class: '': unknown class" },
		{ "-C!", "--target-cpus: '': not a CPU list" },
		{ "-C1,!2", "--target-cpus: '1,!2': not a CPU list" },
		{ "-C1,onlin", "--target-cpus: '1,onlin': not a CPU list" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		char arg[100], *args[] = { arg, arg, NULL };
		struct ipi_filter f = IPI_FILTER_INIT;
		struct err err = { 0 };
		int nr;

		snprintf(arg, sizeof(arg), "%s", t[i].arg);
		ok(opts_parse(&spec, &f, 2, args, &nr, &err) == -1 && err.code == EXIT_USAGE, "%s is refused", arg);
		is_str(err.msg, t[i].msg, "  saying why");
		ipi_filter_free(&f);
	}
}

static void test_names(void)
{
	ok(globs_pass("a*,b", "b", NULL) && globs_pass("a*,b", "abc", NULL) && !globs_pass("a*,b", "bc", NULL),
	   "a list");
	ok(!globs_pass("!a*,b", "b", NULL) && globs_pass("!a*,b", "bc", NULL), "none of a list");
	ok(globs_pass("a\\,b", "a,b", NULL) && !globs_pass("a\\,b", "a", NULL), "a comma of a name");
	ok(globs_pass("\\!a", "!a", NULL) && !globs_pass("\\!a", "b", NULL), "a mark of a name");
	ok(globs_pass("a,b", "x", "b") && !globs_pass("!a,b", "x", "b") && globs_pass("!a,b", "x", "y"), "two names");
	ok(!globs_pass("a", NULL, NULL) && globs_pass("!a", NULL, NULL) && globs_pass("*", NULL, NULL), "no name");
}

/* The words of a CPU list, and what ! leaves, are of the machine that recorded. */
static void test_machine(void)
{
	struct machine_cpus m = { .known = true };
	struct ipi_filter f = IPI_FILTER_INIT;
	struct err err = { 0 };
	char arg[] = "-Cisolated,0", others[] = "-C!housekeeping", *args[] = { arg, arg, NULL };
	int nr;

	for (unsigned int cpu = 0; cpu < 8; cpu++)
		cpuset_add(&m.online, cpu);
	cpuset_add(&m.isolated, 5);
	cpuset_add(&m.nohz_full, 6);
	ok(!opts_parse(&spec, &f, 2, args, &nr, &err) && !ipi_filter_resolve(&f, &m, 8, &err), "isolated,0");
	ok(cpuset_has(&f.target_cpus.set, 5) && cpuset_has(&f.target_cpus.set, 0) &&
		   cpuset_count(&f.target_cpus.set) == 2,
	   "  is what the machine says, and CPU 0");
	ok(ipi_filter_resolve(&f, &m, 4, &err) && !strcmp(err.msg, "--target-cpus: CPU 5: the recording has CPUs 0-3"),
	   "  a CPU that the recording has not: %s", err.msg);
	m.known = false;
	ok(ipi_filter_resolve(&f, &m, 8, &err) && strstr(err.msg, "'isolated': the recording does not say") &&
		   err.code == EXIT_USAGE,
	   "  unless it does not: %s", err.msg);
	m.known = true;
	args[1] = others;
	ok(!opts_parse(&spec, &f, 2, args, &nr, &err) && !ipi_filter_resolve(&f, &m, 8, &err), "!housekeeping");
	ok(cpuset_has(&f.target_cpus.set, 5) && cpuset_has(&f.target_cpus.set, 6) &&
		   !cpuset_has(&f.target_cpus.set, 7) && cpuset_has(&f.target_cpus.set, 8),
	   "  is all others, also those that came later");
	cpuset_free(&m.isolated);
	args[1] = arg;
	arg[strlen("-Cisolated")] = '\0';
	ok(!opts_parse(&spec, &f, 2, args, &nr, &err) && ipi_filter_resolve(&f, &m, 8, &err) == -1 &&
		   strstr(err.msg, "'isolated': there are no such CPUs") && strstr(err.hint, "the recording machine"),
	   "a word for no CPU: %s", err.msg);
	ipi_filter_free(&f);
	machine_cpus_free(&m);
}

/* Version 0.1 knew no lists: what it wrote is one pattern. */
static void test_old_facts(void)
{
	static const char old[] = "facts 1\nfilter_comm a,b\nfilter_func !x\n", new[] = "facts 2\nfilter_comm a,b\n",
			  senders[] = "facts 3\nfilter_pid 7\n";
	char *text;
	struct err err = { 0 };
	struct facts f;

	ok(!facts_parse(&f, old, strlen(old), &err), "facts of version 0.1 are read");
	ok(globs_pass(f.filter.comm, "a,b", NULL) && !globs_pass(f.filter.comm, "a", NULL) &&
		   globs_pass(f.filter.func, "!x", NULL) && !globs_pass(f.filter.func, "y", NULL),
	   "  their names are no lists");
	ok(!ipi_filter_listed(&f.filter), "  and nothing that version 0.1 could not read");
	facts_free(&f);
	ok(!facts_parse(&f, new, strlen(new), &err) && globs_pass(f.filter.comm, "b", NULL), "today's are lists");
	ok(ipi_filter_listed(&f.filter), "  which version 0.1 has to refuse");
	ok(f.filter.of_current, "  and of tasks that were current");
	text = facts_format(&f);
	ok(strstr(text, "facts 2\n"), "  which they stay");
	free(text);
	facts_free(&f);
	facts_parse(&f, senders, strlen(senders), &err);
	ok(!f.filter.of_current && f.filter.tid.nr, "filters of tasks are of what they sent themselves now");
	text = facts_format(&f);
	ok(strstr(text, "facts 3\n"), "  which older ones have to refuse");
	free(text);
	facts_free(&f);
}

/* Only what cannot change a match may be dropped by the kernel. */
static void test_push(void)
{
	struct ipi_filter f = IPI_FILTER_INIT;
	const struct filter_row *row;
	struct filter_push push;

	ipi_filter_push(&f, &push);
	ok(!push.target_cpus && !push.classes, "no filter: the kernel drops nothing");
	for_each_filter_row(row)
		ok(!row->push || row->about != FILTER_SENDER, "%s: a send is never hidden from the matcher", row->fact);
	f.target_cpus.given = true;
	f.classes = 5;
	ipi_filter_push(&f, &push);
	ok(push.target_cpus == &f.target_cpus.set && push.classes == 5, "target CPUs and classes are for the kernel");
	f = (struct ipi_filter)IPI_FILTER_INIT;
	take(row_of("target_cpus"), "!1", &f);
	take(row_of("classes"), "!reschedule", &f);
	ipi_filter_push(&f, &push);
	ok(cpuset_has(push.target_cpus, 0) && !cpuset_has(push.target_cpus, 1) && cpuset_has(push.target_cpus, 2) &&
		   push.classes == (IPI_CLASSES_ALL & ~IPI_CLASS_BIT(IPI_CLASS_RESCHEDULE)),
	   "  also if all others are wanted");
	ipi_filter_free(&f);
}

static unsigned int nr_lost, nr_settled, nr_ended;
static struct ipi_span last;
static uint64_t last_mask;

static void on_span(void *ctx, const struct ipi_span *s)
{
	(void)ctx;
	last = *s;
	last_mask = s->mask ? s->mask[0] : 0;
}

static void on_lost(void *ctx, uint32_t cpu, uint64_t at_ns, uint64_t lost)
{
	(void)ctx;
	nr_lost += cpu == 1 && at_ns == 2 && lost == 3;
}

static void on_settled(void *ctx, uint64_t before_ns)
{
	(void)ctx;
	nr_settled += before_ns == 4;
}

static int on_end(void *ctx, struct err *err)
{
	(void)ctx;
	(void)err;
	nr_ended++;
	return -1;
}

static void test_stage(void)
{
	const struct span_sink whole = {
		.span = on_span, .lost = on_lost, .settled = on_settled, .end = on_end, .ctx = &last,
	}, bare = { .span = on_span };
	struct ipi_filter f = IPI_FILTER_INIT;
	const struct ipi_filter *filters[] = { &f };
	struct span_filter *stage = span_filter_new(filters, 1, &names);
	struct ipi_span s = { .kind = IPI_SPAN_SEND, .mask_words = 1, .nr_targets = 3 };
	const uint64_t mask = 0x8a, nobody = 0;
	struct span_sink sink;

	ok(!stage, "nothing asked: no stage");
	sink = span_filter_sink(stage, &whole);
	ok(sink.span == on_span && sink.ctx == &last, "  and the sink is the sink");
	f.target_cpus.given = true;
	cpuset_add(&f.target_cpus.set, 3);
	cpuset_add(&f.target_cpus.set, 7);
	cpuset_add(&f.target_cpus.set, 9);
	stage = span_filter_new(filters, 1, &names);
	sink = span_filter_sink(stage, &bare);
	ok(!sink.lost && !sink.settled && !sink.end, "what a sink has no use for stays so");
	s.mask = &mask;
	sink.span(sink.ctx, &s);
	ok(last_mask == 0x88 && last.nr_targets == 2, "of a multicast, the targets that pass go on");
	sink = span_filter_sink(stage, &whole);
	sink.lost(sink.ctx, 1, 2, 3);
	sink.settled(sink.ctx, 4);
	ok(sink.end(sink.ctx, NULL) == -1 && nr_lost == 1 && nr_settled == 1 && nr_ended == 1, "the rest is passed on");
	s.mask = &nobody;
	s.nr_targets = 0;
	sink.span(sink.ctx, &s);
	ok(last_mask == 0x88, "a multicast to nobody goes to no CPU that is asked for");
	span_filter_free(stage);
	f.target_cpus.given = false;
	f.classes = 1u << s.class;
	stage = span_filter_new(filters, 1, &names);
	sink = span_filter_sink(stage, &whole);
	sink.span(sink.ctx, &s);
	ok(last_mask == 0 && last.nr_targets == 0, "  but is of its class");
	span_filter_free(stage);
	ipi_filter_free(&f);
}

static void say_missed(void *ctx, const struct filter_row *row, const char *pattern, const struct nearest *near)
{
	FILE *out = ctx;

	fprintf(out, "%s %s:", row->fact, pattern);
	for (unsigned int i = 0; i < near->nr; i++)
		fprintf(out, " %s", near->name[i]);
	fputc('\n', out);
}

static void on_any_span(void *ctx, const struct ipi_span *s)
{
	(void)ctx;
	(void)s;
}

/* Which patterns match nothing at all, whatever else keeps the spans back. */
static void test_missed(void)
{
	struct ipi_filter f = IPI_FILTER_INIT, kept = IPI_FILTER_INIT;
	const struct ipi_filter *filters[] = { &f, &kept };
	struct span_filter *stage;
	struct span_sink sink;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	take(row_of("func"), "alpha,bta,amm*", &f);
	take(row_of("comm"), "!nobody,idle", &f);
	take(row_of("callsite"), "*elt?", &f);
	take(row_of("source_cpus"), "200", &f);
	take(row_of("comm"), "somebody", &kept);
	stage = span_filter_new(filters, 2, &names);
	sink = span_filter_sink(stage, &(struct span_sink){ .span = on_any_span });
	span_filter_missed(stage, &f, say_missed, out);
	fflush(out);
	is_str(text, "", "where nothing was sent nothing is missed");
	send_all(&sink);
	span_filter_missed(stage, &f, say_missed, out);
	fflush(out);
	is_str(text, "func bta: beta\nfunc amm*: gamma\ncomm nobody:\n",
	       "patterns that match nothing, and what is near");
	span_filter_forget(stage);
	rewind(out);
	span_filter_missed(stage, &f, say_missed, out);
	fclose(out);
	ok(!strncmp(text, "func bta:\nfunc amm*:\ncomm nobody:\n", 35),
	   "what has matched is not forgotten with the names");
	free(text);
	span_filter_free(stage);
	ipi_filter_free(&f);
	ipi_filter_free(&kept);
}

static void test_nearest(void)
{
	struct nearest n;

	nearest_begin(&n, "*flush_tlb*");
	nearest_offer(&n, "flush_tlb_func_remote");
	nearest_offer(&n, NULL);
	nearest_offer(&n, "do_Flush_TLB");
	nearest_offer(&n, "flush_tlb_func_remote");
	nearest_offer(&n, "flush_tab");
	nearest_offer(&n, "ipi_mb");
	ok(n.nr == 3 && !strcmp(n.name[0], "do_Flush_TLB") && !strcmp(n.name[1], "flush_tlb_func_remote") &&
		   !strcmp(n.name[2], "flush_tab"),
	   "those that hold the letters come first, the shortest of them, then those that are misspelt");
	nearest_begin(&n, "abc");
	for (unsigned int i = 0; i < 8; i++) {
		static const char *const words[] = { "xxabcxx1", "xxabcx", "xxabc", "xabc",
						     "abcx",	 "abdx",   "xabcx", "yabc" };

		nearest_offer(&n, words[i]);
	}
	ok(n.nr == NEAREST_MAX && !strcmp(n.name[0], "xabc") && !strcmp(n.name[4], "xabcx"),
	   "no more than five, the best");
}

static void count_span(void *ctx, const struct ipi_span *s)
{
	*(uint64_t *)ctx |= 1ULL << s->pid;
}

/* A process is all of its threads, and a task of which nothing is known is itself. */
static void test_processes(void)
{
	static const struct {
		const char *fact, *value;
		uint64_t pids;
	} t[] = {
		{ "process", "3", 0x0c },  { "process", "2", 0 }, { "process", "7,1", 0x83 },
		{ "process", "!3", 0xf3 }, { "pid", "3", 0x08 },  { "pid", "!3", 0xf7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ipi_filter f = IPI_FILTER_INIT;
		const struct ipi_filter *filters[] = { &f };
		struct span_filter *stage;
		struct span_sink sink;
		uint64_t pids = 0;

		take(row_of(t[i].fact), t[i].value, &f);
		stage = span_filter_new(filters, 1, &names);
		sink = span_filter_sink(stage, &(struct span_sink){ .span = count_span, .ctx = &pids });
		send_all(&sink);
		is_u64(pids, t[i].pids, "%s %s", t[i].fact, t[i].value);
		span_filter_free(stage);
		ipi_filter_free(&f);
	}
}

/* What passes, by pid; spans are sent at 10. *unplaced: tasks of which it is not known. */
static uint64_t passing(const struct ipi_filter *f, unsigned int *unplaced)
{
	struct span_names known = names;
	struct span_filter *stage;
	struct span_sink sink;
	uint64_t pids = 0;

	known.ctx = NULL;
	stage = span_filter_new(&f, 1, &known);
	sink = span_filter_sink(stage, &(struct span_sink){ .span = count_span, .ctx = &pids });
	send_all(&sink);
	*unplaced = span_filter_unplaced(stage)->tasks;
	span_filter_free(stage);
	return pids;
}

/* All that a process has started; of 6 and 7 it is not known what they are. */
static void test_children(void)
{
	static const struct {
		const char *process;
		int32_t workload;
		uint64_t pids;
	} t[] = { { "3", 0, 0x3c },   { "!3", 0, 0x03 }, { "1", 5, 0x3f },
		  { "5,1", 0, 0x3f }, { "2", 0, 0 },	 { NULL, 5, 0x30 } };
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ipi_filter f = IPI_FILTER_INIT;
		struct facts facts = { .workload_status = -1, .workload = t[i].workload }, read;
		struct err err = { 0 };
		char arg[] = "--children", *args[] = { arg, arg, NULL }; /* parsing reorders them */
		unsigned int unplaced;
		char *text;
		int nr;

		if (t[i].process)
			take(row_of("process"), t[i].process, &f);
		ok(!opts_parse(&spec, &f, 2, args, &nr, &err) && f.process.children, "--children");
		f.process.workload = t[i].workload;
		is_u64(passing(&f, &unplaced), t[i].pids, "  of %s", t[i].process ? t[i].process : "the workload");
		is_u64(unplaced, 2, "  whose processes are not known pass neither, and are counted");
		facts.filter = f;
		text = facts_format(&facts);
		ok(!facts_parse(&read, text, strlen(text), &err), "  in facts");
		is_u64(passing(&read.filter, &unplaced), t[i].pids, "    as well");
		free(text);
		facts_free(&read);
		ipi_filter_free(&f);
	}
}

static void test_cgroups(void)
{
	static const struct {
		const char *value;
		uint64_t pids;
	} t[] = { { "/a", 0x66 }, { "!/a", 0x11 }, { "/*/b", 0x44 }, { "/", 0x77 }, { "/a/b,/x", 0x44 }, { "a", 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct ipi_filter f = IPI_FILTER_INIT;
		unsigned int unplaced;

		take(row_of("cgroup"), t[i].value, &f);
		is_u64(passing(&f, &unplaced), t[i].pids, "--cgroup %s", t[i].value);
		is_u64(unplaced, 2, "  what is in none that is known passes neither, and is counted");
		ipi_filter_free(&f);
	}
}

/* A task that moves passes as long as it is there. */
static void test_moves(void)
{
	struct ipi_filter f = IPI_FILTER_INIT;
	const struct ipi_filter *filters[] = { &f };
	struct span_names known = names;
	struct ipi_span s = { .kind = IPI_SPAN_HIT, .pid = 2, .send_ns = 10 };
	struct span_filter *stage;
	struct span_sink sink;
	uint64_t pids = 0;

	known.ctx = NULL;
	take(row_of("cgroup"), "/a/b", &f);
	stage = span_filter_new(filters, 1, &known);
	sink = span_filter_sink(stage, &(struct span_sink){ .span = count_span, .ctx = &pids });
	for (s.pid = 1; s.pid <= 2; s.pid++) {
		s.send_ns = 20;
		sink.span(sink.ctx, &s);
	}
	is_u64(pids, 1 << 1, "a group: who has come");
	s.pid = 2;
	s.send_ns = 10;
	sink.span(sink.ctx, &s);
	is_u64(pids, 1 << 1 | 1 << 2, "  and who was there, before it went");
	is_u64(span_filter_unplaced(stage)->hits, 1, "  where nobody knows");
	span_filter_free(stage);
	ipi_filter_free(&f);
}

static struct ipi_filter filter_read(const char *fact, const char *text)
{
	struct ipi_filter f = IPI_FILTER_INIT;
	const struct filter_row *row;

	for_each_filter_row(row) if (!strcmp(row->fact, fact)) filter_row_read(row, &f, text, true);
	return f;
}

static void is_text(struct ipi_filter a, struct ipi_filter b, const char *want, const char *name)
{
	const struct ipi_filter *both[] = { &a, &b };
	char *text = ipi_filters_text(both, 2);

	is_str(text, want, "%s", name);
	free(text);
	ipi_filter_free(&a);
	ipi_filter_free(&b);
}

static void test_text(void)
{
	const struct ipi_filter none = IPI_FILTER_INIT;

	is_text(none, none, NULL, "nothing is filtered: no text");
	is_text(filter_read("pid", "7"), filter_read("pid", "7"), "pid 7", "twice the same is said once");
	is_text(filter_read("pid", "7"), filter_read("pid", "8"), "pid 7, pid 8", "what differs is said twice");
	is_text(filter_read("comm", "sh"), filter_read("pid", "7"), "pid 7, comm sh",
		"in the table's order, whoever filters");
}

int main(void)
{
	test_text();
	test_missed();
	test_processes();
	test_children();
	test_cgroups();
	test_moves();
	test_nearest();
	test_rows();
	test_contradictions();
	test_bad_lists();
	test_names();
	test_machine();
	test_old_facts();
	test_push();
	test_stage();
	return done_testing();
}
