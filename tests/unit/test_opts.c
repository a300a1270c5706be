// SPDX-License-Identifier: GPL-2.0-only
/* The option parser: every spelling, every refusal, help and list from the same rows. */
#include <stdlib.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/opts.h"
#include "tap.h"

struct options {
	bool flag, stack;
	const char *string;
	char *copy;
	uint64_t number, size, time;
	struct cpuset cpus;
	struct ipi_filter filter;
	unsigned int chosen;
};

static int choose(void *target, const char *arg, const struct opt_spec *spec, struct err *e)
{
	(void)spec;
	(void)e;
	*(unsigned int *)target = arg ? 2 : 1;
	return 0;
}

/* Target NULL: only whether it is one. */
static int keep(void *target, const char *arg, const struct opt_spec *spec, struct err *e)
{
	(void)spec;
	if (arg && (arg[0] < '0' || arg[0] > '9'))
		return err_set(e, EXIT_USAGE, "'%s': no number", arg);
	if (target)
		*(unsigned int *)target = arg ? 2 : 1;
	return 0;
}

#define O(m) offsetof(struct options, m)
static const struct opt rows[] = {
	{ 'f', "flag", NULL, OPT_FLAG, O(flag), "a flag", NULL, 0, 0 },
	{ 0, "no-stack", NULL, OPT_FLAG_OFF, O(stack), "no stacks", NULL, 0, 0 },
	{ 'o', "output", "FILE", OPT_STRING, O(string), "a string", NULL, 0, 0 },
	{ 0, "copy", "TEXT", OPT_STRDUP, O(copy), "an owned string", NULL, 0, 0 },
	{ 'n', "number", "N", OPT_U64, O(number), "a number", NULL, 2, 100 },
	{ 0, "size", "SIZE", OPT_SIZE, O(size), "a size", NULL, 0, 0 },
	{ 'd', "duration", "TIME", OPT_DURATION, O(time), "a time", NULL, 0, 0 },
	{ 0, "cpus", "LIST", OPT_CPUS, O(cpus), "CPUs", NULL, 0, 0 },
	{ 0, "however", NULL, OPT_FLAG, O(flag), "begins with another", NULL, 0, 0 },
	{ 0, "how", "[=WAY]", OPT_CUSTOM, O(chosen), "with a value or without", choose, 0, 0 },
	{ 0, "keep", "[=N]", OPT_CUSTOM_NEXT, O(chosen), "with a value, glued or not, or without", keep, 0, 0 },
};

static const struct opt_spec operands = {
	.command = "test",
	.synopsis = "[options] [FILE]",
	.summary = "a test",
	.min_operands = 0,
	.max_operands = 1,
	.groups = { OPT_GROUP(NULL, rows, 0), OPT_FILTER_GROUP(O(filter)) },
};

static const struct opt_spec workload = {
	.command = "test",
	.synopsis = "[options] [--] [CMD...]",
	.summary = "a test",
	.stop_at_operand = true,
	.groups = { OPT_GROUP(NULL, rows, 0), OPT_FILTER_GROUP(O(filter)) },
};

#define MAX_ARGS 16
static struct options o;
static struct err err;
static char *args[MAX_ARGS + 2];
static int nr_operands;

static void reset(void)
{
	free(o.copy);
	cpuset_free(&o.cpus);
	ipi_filter_free(&o.filter);
	o = (struct options){ .stack = true, .filter = IPI_FILTER_INIT };
	err = (struct err){ 0 };
	nr_operands = -1;
}

/* Arguments separated by '|'; an empty one between two of them. */
static int parse(const struct opt_spec *spec, const char *line)
{
	static char copy[512];
	char *p = copy;
	int argc = 1;

	reset();
	snprintf(copy, sizeof(copy), "%s", line);
	args[0] = (char *)"test";
	for (args[argc] = p; *line && argc < MAX_ARGS; p++) {
		if (!*p) {
			argc++;
			break;
		}
		if (*p == '|') {
			*p = '\0';
			args[++argc] = p + 1;
		}
	}
	args[argc] = NULL;
	return opts_parse(spec, &o, argc, args, &nr_operands, &err);
}

static void test_spellings(void)
{
	ok(!parse(&operands, "") && nr_operands == 0 && !o.flag && o.stack, "nothing");
	ok(!parse(&operands, "-f") && o.flag, "-f");
	ok(!parse(&operands, "--flag|--no-stack") && o.flag && !o.stack, "--flag, --no-stack");
	ok(!parse(&operands, "-ofile") && !strcmp(o.string, "file"), "-ofile");
	ok(!parse(&operands, "-o|file") && !strcmp(o.string, "file"), "-o file");
	ok(!parse(&operands, "--output=a=b") && !strcmp(o.string, "a=b"), "--output=a=b");
	ok(!parse(&operands, "--output|-f") && !strcmp(o.string, "-f") && !o.flag, "a value may look like an option");
	ok(!parse(&operands, "--output=") && !strcmp(o.string, ""), "--output= is the empty string");
	ok(!parse(&operands, "--out|a|--num=7") && !strcmp(o.string, "a") && o.number == 7, "beginnings of long names");
	ok(!parse(&operands, "--how") && o.copy == NULL && o.chosen == 1, "all of a name is no beginning of another");
	ok(!parse(&operands, "--how=x") && o.chosen == 2, "a value that may be left out");
	ok(!parse(&operands, "--how|x") && o.chosen == 1 && nr_operands == 1, "  is never the next word");
	ok(!parse(&workload, "--keep|3|cmd") && o.chosen == 2 && nr_operands == 1, "unless it says that it is one");
	ok(!parse(&workload, "--keep|cmd|3") && o.chosen == 1 && nr_operands == 2, "  and else it is not");
	ok(!parse(&workload, "--keep|--|3") && o.chosen == 1 && nr_operands == 1, "  behind -- nothing is");
	ok(!parse(&workload, "--keep=3|4") && o.chosen == 2 && nr_operands == 1, "  and one is enough");
	ok(!parse(&workload, "--keep") && o.chosen == 1, "  and there may be no next word");
	ok(parse(&workload, "--keep=x") == -1, "  one that is glued must be one");
	is_u64((uint64_t)parse(&operands, "--he"), OPTS_HELP, "--he");
	ok(!parse(&operands, "-fn7") && o.flag && o.number == 7, "-fn7: cluster with value");
	ok(!parse(&operands, "-n|3|-n|4") && o.number == 4, "the last one counts");
	ok(!parse(&operands, "--copy|a|--copy|b") && !strcmp(o.copy, "b"), "owned strings too");
	ok(!parse(&operands, "--size|8M|-d|1.5s") && o.size == 8 << 20 && o.time == 1500000000, "size and time");
	ok(!parse(&operands, "--cpus|1-2") && cpuset_count(&o.cpus) == 2, "CPU list");
	ok(!parse(&operands, "file|-f") && nr_operands == 1 && !strcmp(args[1], "file") && o.flag && !args[2],
	   "options may follow an operand");
	ok(!parse(&operands, "-f|--|-x") && nr_operands == 1 && !strcmp(args[1], "-x"),
	   "what follows -- is an operand");
	ok(!parse(&operands, "-") && nr_operands == 1 && !strcmp(args[1], "-"), "- is an operand");
	is_u64((uint64_t)parse(&operands, "-f|--help|--nonsense"), OPTS_HELP, "--help wins over what follows");
	is_u64((uint64_t)parse(&operands, "-h"), OPTS_HELP, "-h");

	ok(!parse(&workload, "-f|cmd|-n|x") && nr_operands == 3 && !strcmp(args[1], "cmd") && !strcmp(args[2], "-n") &&
		   !o.number,
	   "a workload keeps its own options");
	ok(!parse(&workload, "--|cmd|--|-f") && nr_operands == 3 && !strcmp(args[2], "--") && !o.flag,
	   "a second -- belongs to the workload");
}

/* What is said where the refusal itself has no better advice: never no hint at all. */
#define EACH "'ipitrace test --help' says what each option takes"

static void test_refusals(void)
{
	static const struct {
		const char *line, *msg, *hint;
	} t[] = {
		{ "-x", "unknown option -x", "'ipitrace test --help' lists the options" },
		{ "-fx", "unknown option -x", "'ipitrace test --help' lists the options" },
		{ "--nonsense", "unknown option --nonsense", "'ipitrace test --help' lists the options" },
		{ "--flg", "unknown option --flg", "did you mean --flag?" },
		{ "--outputs=x", "unknown option --outputs", "did you mean --output?" },
		{ "--oot|x", "unknown option --oot", "'ipitrace test --help' lists the options" },
		{ "--c|x", "option --c is ambiguous",
		  "it begins --copy --cpus --class --callsite --children --comm --cgroup" },
		{ "--xx|x", "unknown option --xx", "'ipitrace test --help' lists the options" },
		{ "--flag=1", "option --flag takes no value", EACH },
		{ "-n", "option -n needs a value: N", EACH },
		{ "--number", "option --number needs a value: N", EACH },
		{ "-n|x", "--number: 'x': not a number", "a number is digits, like 1000, or 0x and hexadecimal ones" },
		{ "-n|1", "--number: '1': must be at least 2", EACH },
		{ "-n|101", "--number: '101': must be at most 100", EACH },
		{ "-d|10x", "--duration: '10x': not a time",
		  "times look like 250us, 10ms, 1.5s, 2m, 1h; a bare number is seconds" },
		{ "a|b", "unexpected argument 'b'", "usage: ipitrace test [options] [FILE]" },
		{ "-C|9-1", "--target-cpus: '9-1': range runs backwards", "the lower CPU comes first: 1-9" },
		{ "-p|x", "--pid: 'x': not a process number",
		  "like 1234, or 1,2,3; !1,2 leaves them out; names are for --comm" },
		{ "-p|4294967296", "--pid: '4294967296': not a process number",
		  "like 1234, or 1,2,3; !1,2 leaves them out; names are for --comm" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		ok(parse(&operands, t[i].line) == -1 && err.code == EXIT_USAGE, "refuses %s", t[i].line);
		is_str(err.msg, t[i].msg, "  message");
		is_str(err.hint, t[i].hint, "  hint");
	}
}

static void test_filter(void)
{
	static const struct machine_cpus machine;

	reset();
	ok(ipi_filter_empty(&o.filter), "empty");
	ok(!parse(&operands, "-C|0-3,8|--source-cpus|1|--class|reschedule,irq_work|--callsite|a*|"
			     "--func|b|--comm|c"),
	   "all filters");
	ok(o.filter.target_cpus.given && cpuset_count(&o.filter.target_cpus.set) == 5, "target CPUs");
	ok(o.filter.source_cpus.given && cpuset_has(&o.filter.source_cpus.set, 1), "source CPUs");
	is_u64(o.filter.classes, 1u << IPI_CLASS_RESCHEDULE | 1u << IPI_CLASS_IRQ_WORK, "classes");
	is_str(o.filter.callsite, "a*", "call site");
	is_str(o.filter.func, "b", "function");
	is_str(o.filter.comm, "c", "comm");
	ok(!ipi_filter_empty(&o.filter), "not empty");
	ok(!parse(&operands, "-p0") && o.filter.process.nr == 1 && !o.filter.process.pids[0] &&
		   !ipi_filter_empty(&o.filter),
	   "pid 0, the idle task, is a pid");
	ok(parse(&operands, "--class|reschedule,nonsense") == -1, "unknown class");
	is_str(err.msg, "--class: 'nonsense': unknown class", "  message");
	ok(strstr(err.hint, "call_function_single") && strstr(err.hint, "irq_work"), "  hint names them");
	ok(parse(&operands, "--class|") == -1, "no class at all");

	parse(&operands, "-C|0-3");
	ok(ipi_filter_resolve(&o.filter, &machine, 2, &err) == -1, "a recording of 2 CPUs has no CPU 2");
	is_str(err.msg, "--target-cpus: CPU 2: the recording has CPUs 0-1", "  message");
	ok(!ipi_filter_resolve(&o.filter, &machine, 4, &err), "one of 4 has");
}

static void test_output(void)
{
	char *text, *line;
	unsigned int nr = 0, found = 0, nr_filters = 0;
	const struct filter_row *row;
	const struct opt *opt;
	size_t len;
	FILE *f;

	for_each_filter_row(row) nr_filters++;
	ok(nr_filters >= 7, "%u filters", nr_filters);

	f = open_memstream(&text, &len);
	opts_help(&operands, f);
	fclose(f);
	for (size_t g = 0; g < 2; g++)
		for (unsigned int i = 0; (opt = opt_group_row(&operands.groups[g], i)); i++)
			found += strstr(text, opt->long_name) != NULL;
	is_u64(found, ARRAY_SIZE(rows) + nr_filters, "help names every option");
	for (line = text; line; line = strchr(line + 1, '\n'))
		nr += strcspn(line + 1, "\n") > 100;
	is_u64(nr, 0, "no help line is wider than 100");
	free(text);

	f = open_memstream(&text, &len);
	opts_list(&operands, f);
	fclose(f);
	for (nr = 0, line = text; *line; line = strchr(line, '\n') + 1)
		nr++;
	is_u64(nr, ARRAY_SIZE(rows) + nr_filters + 1, "the list has a line for each, and help");
	ok(strstr(text, "-n\t--number\tN\tOptions\ta number\n") != NULL, "a line of it");
	ok(strstr(text, "-\t--no-stack\t-\tOptions\tno stacks\n") != NULL, "one without short name and argument");
	free(text);
}

static void show_topic(FILE *out)
{
	fputs("more\n", out);
}

static void test_topics(void)
{
	static const struct opt_topic topics[] = { { "less", show_topic }, { "more", show_topic }, { 0 } };
	struct opt_spec spec = operands;

	ok(opts_topic(&operands, "more") == -1, "a command without topics has none");
	spec.topics = topics;
	is_u64((uint64_t)opts_topic(&spec, "more"), 1, "one of two");
	is_u64((uint64_t)parse(&spec, "-f|--help|more"), OPTS_HELP_TOPIC + 1, "--help more");
	is_u64((uint64_t)parse(&spec, "-h|nonsense"), (uint64_t)-1, "-h and no topic");
	is_u64((uint64_t)parse(&spec, "-h|-f"), OPTS_HELP, "-h and an option");
}

int main(void)
{
	test_topics();
	test_spellings();
	test_refusals();
	test_filter();
	test_output();
	reset();
	return done_testing();
}
