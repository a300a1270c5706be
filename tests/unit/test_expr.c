// SPDX-License-Identifier: GPL-2.0-only
/*
 * Conditions on named values: what holds, what does not, and what is said of those that are none.
 */
#include <stdlib.h>

#include "base/compiler.h"
#include "base/expr.h"
#include "base/mem.h"
#include "tap.h"

static const char *const kinds[] = { "hit", "call", NULL };
static const struct expr_field fields[] = {
	{ "delivery_ns", "delivery", NULL, EXPR_TIME },
	{ "target", NULL, NULL, EXPR_NUMBER },
	{ "source", NULL, NULL, EXPR_NUMBER },
	{ "comm", NULL, NULL, EXPR_TEXT },
	{ "kind", NULL, kinds, EXPR_TEXT },
	{ "own", NULL, NULL, EXPR_FLAG },
	{ "has_call", NULL, NULL, EXPR_FLAG },
	{ "wait_ns", "wait", NULL, EXPR_TIME },
	{ "func", NULL, NULL, EXPR_TEXT },
	{ "func_ns", "func_time", NULL, EXPR_TIME },
	{ "victim", NULL, NULL, EXPR_TEXT },
	{ "call", NULL, NULL, EXPR_TEXT }, /* a word that kind may be, too */
};

/* One IPI: delivered in 150 us to CPU 3 from CPU 12; neither wait nor func is known. */
static const struct expr_value values[] = {
	{ .num = 150000 }, { .num = 3 },     { .num = 12 },    { .text = "kworker/3:1" },
	{ .text = "hit" }, { .num = 0 },     { .num = 1 },     { .none = true },
	{ .none = true },  { .num = 60000 }, { .text = "sh" }, { .text = "hit" },
};

static unsigned int nr_asked;

static struct expr_value get(void *ctx, unsigned int field)
{
	(void)ctx;
	nr_asked++;
	return values[field];
}

static int truth(const char *text)
{
	struct err err = { 0 };
	struct expr *e;
	int ret;

	if (expr_compile(&e, text, fields, ARRAY_SIZE(fields), &err)) {
		printf("# %s\n", err.msg);
		return -1;
	}
	ret = expr_true(e, get, NULL);
	expr_free(e);
	return ret;
}

static const char *const yes[] = {
	"delivery > 100us",
	"delivery_ns>100us",
	"delivery == 150us",
	"delivery == 150000ns",
	"delivery>=0.15ms",
	"delivery <= 1.5s",
	"delivery != 0",
	"delivery > 0",
	"target == 3",
	"target != 4",
	"target in 2-7",
	"target in 1,3",
	"target in 3",
	"source in 0-2,10-12",
	"source > target",
	"target < source",
	"delivery in 100us-200us",
	"comm == kworker/3:1",
	"comm == 'kworker/3:1'",
	"comm == \"kworker/3:1\"",
	"comm =~ kworker*",
	"comm =~ '*:1'",
	"comm !~ sh*",
	"comm != sh",
	"comm != victim",
	"victim == victim",
	"!(comm == victim)",
	"kind != 'call' && call == kind",
	"comm != 'comm'",
	"comm in sh,kworker/3:1",
	"kind == hit",
	"kind in call,hit",
	"has_call",
	"!own",
	"!!has_call",
	"delivery",
	"comm",
	"!wait",
	"!func",
	"func > 50us",
	"func <= 60us && !func",
	"(has_call)",
	"((target==3))",
	"own || has_call",
	"own || own || has_call",
	"has_call && target==3 && !own",
	"own && own || has_call",
	"has_call || own && own",
	"(has_call || own) && !own",
	"!(own && has_call)",
	"!(wait > 1us)",
	" delivery>100us&&target in 2-7 ",
	"!own&&has_call",
	"!(!has_call||own)",
};
static const char *const no[] = {
	"delivery > 200us",
	"delivery < 150us",
	"delivery != 150us",
	"target in 4-7",
	"target in 1,2",
	"source < target",
	"comm == sh",
	"comm =~ sh*",
	"comm !~ kworker*",
	"kind != hit",
	"kind == call",
	"comm == victim",
	"victim != victim",
	"comm == func",
	"comm != func",
	"victim == 'victim'",
	"own",
	"!has_call",
	"wait",
	"func",
	"own && has_call",
	"has_call && own && has_call",
	"own || own",
	"(own || has_call) && own",
	"!(has_call)",
	/* what is not known is neither equal nor different */
	"wait > 1us",
	"wait < 1us",
	"wait == 0",
	"wait != 0",
	"wait in 0-1s",
	"wait < delivery",
	"delivery > wait",
	"func == x",
	"func != x",
	"func < 50us",
	"func =~ *",
	"func !~ x",
	"func in x,y",
};

static void holds(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		ok(truth(yes[i]) == 1, "%s", yes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		ok(truth(no[i]) == 0, "not: %s", no[i]);
}

static void asks_no_more_than_it_must(void)
{
	nr_asked = 0;
	truth("own && target == 3 && source == 12");
	is_u64(nr_asked, 1, "what follows a false && is not asked");
	nr_asked = 0;
	truth("has_call || target == 3 || source == 12");
	is_u64(nr_asked, 1, "nor what follows a true ||");
	nr_asked = 0;
	truth("own && target == 3 || has_call");
	is_u64(nr_asked, 2, "but the other side of ||");
}

static void errors(void)
{
	static const struct {
		const char *text, *says, *hint;
	} bad[] = {
		{ "", "ends where the name of a column", "" },
		{ "delivry > 1us", "'delivry' at place 1", "did you mean delivery?" },
		{ "target == 3 && sorce == 1", "'sorce' at place 16", "did you mean source?" },
		{ "nonsense", "'nonsense' at place 1", "for instance delivery_ns" },
		{ "delivery > 100", "a time with its unit", "100ns, 100us, 100ms or 100s" },
		{ "delivery > 100ps", "'100ps' at place 12: expected a time", "" },
		{ "delivery >", "ends where a time", "" },
		{ "delivery > -1us", "expected a time", "" },
		{ "target == x", "'x' at place 11: expected a number", "" },
		{ "target == 3us", "expected a number", "" },
		{ "target = 3", "'=' at place 8", "equality is ==, a pattern =~" },
		{ "target in 7-2", "'7-2' at place 11: expected a range that rises", "" },
		{ "target in 1, 7-2", "'7-2' at place 14", "" },
		{ "target in", "ends where", "" },
		{ "target in 1,", "ends where", "" },
		{ "target 3", "'3' at place 8: expected && or ||", "" },
		{ "target =~ 3", "== before what is no text", "" },
		{ "comm < sh", "== or =~ before a text", "" },
		{ "comm == 'sh", "that ends", "" },
		{ "comm ==", "ends where a text", "" },
		{ "kind == hits", "'hits': kind is never that", "did you mean hit?" },
		{ "kind in hit,irq", "'irq': kind is never that", "one of hit, call" },
		{ "own == 1", "a flag is set or not", "" },
		{ "own in 1", "a flag is set or not", "" },
		{ "(own", "ends where a closing parenthesis", "" },
		{ "own)", "')' at place 4: expected no closing", "" },
		{ "own &&", "ends where", "" },
		{ "own & own", "'&' at place 5", "" },
		{ "own || || own", "'|' at place 8", "" },
		{ "!", "ends where", "" },
		{ "target == 99999999999999999999", "expected a number", "" },
		{ "\xff", "at place 1", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = { 0 };
		struct expr *e;
		bool refused = expr_compile(&e, bad[i].text, fields, ARRAY_SIZE(fields), &err) == -1;

		ok(refused && !e && err.code == EXIT_USAGE && strstr(err.msg, bad[i].says) &&
			   !strncmp(err.hint, bad[i].hint, strlen(bad[i].hint)),
		   "'%s': %s", bad[i].text, bad[i].says);
		if (!strstr(err.msg, bad[i].says) || (*bad[i].hint && strcmp(err.hint, bad[i].hint)))
			printf("#   got: %s (%s)\n", err.msg, err.hint);
	}
}

/* head, then nr times part, then tail. */
static int repeated(const char *head, const char *part, unsigned int nr, const char *tail)
{
	char *text = xmalloc(strlen(head) + nr * strlen(part) + strlen(tail) + 1), *to = stpcpy(text, head);
	int ret;

	for (unsigned int i = 0; i < nr; i++)
		to = stpcpy(to, part);
	stpcpy(to, tail);
	ret = truth(text);
	free(text);
	return ret;
}

static void limits(void)
{
	ok(repeated("", "!", 100000, "has_call") == 1, "a hundred thousand exclamation marks");
	ok(repeated("", "!", 100001, "has_call") == 0, "and one more");
	ok(repeated("", "(", 60, "has_call))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))") == 1,
	   "60 parentheses");
	ok(repeated("", "(", 100000, "has_call") == -1, "a hundred thousand are too many");
	ok(repeated("", "(!", 100000, "has_call") == -1, "whatever is between them");
	ok(repeated("own", " || own", 500, "") == 0, "500 times ||");
	ok(repeated("has_call", " && has_call", 500, "") == 1, "500 times &&");
	ok(repeated("own", " || own", 100000, "") == -1, "a condition may be too long");
	ok(repeated("comm == a", " || comm == a", 100000, "") == -1, "also one of texts");
	ok(repeated("target in 9", ",9", 1000, "") == 0, "a list of 1000");
	ok(repeated("comm in x", ",y", 100000, "") == -1, "a list may be too long");
}

int main(void)
{
	holds();
	asks_no_more_than_it_must();
	errors();
	limits();
	return done_testing();
}
