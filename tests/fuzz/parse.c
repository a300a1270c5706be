// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is an option's value: a CPU list, a number, a time, a size, a condition, a window.
 */
#include "base/cpuset.h"
#include "base/err.h"
#include "base/expr.h"
#include "base/parse.h"
#include "base/window.h"
#include "fuzz.h"

/* A list that was taken comes out as one that means the same. */
static void list(const char *text)
{
	struct cpuset set = { 0 }, again = { 0 };
	char buf[16384], second[16384];
	struct err err = { 0 };

	if (!cpuset_parse(&set, text, 0, &err)) {
		cpuset_format(&set, buf, sizeof(buf));
		if (buf[0] && strlen(buf) < sizeof(buf) - 16) {
			fuzz_check(!cpuset_parse(&again, buf, 0, &err));
			fuzz_check(cpuset_count(&again) == cpuset_count(&set));
			cpuset_format(&again, second, sizeof(second));
			fuzz_check(!strcmp(buf, second));
		}
	}
	cpuset_free(&again);
	cpuset_free(&set);
}

static struct expr_value value(void *ctx, unsigned int field)
{
	static const struct expr_value values[] = { { .num = 5 }, { .text = "a" }, { .none = true }, { .num = 1 } };

	(void)ctx;
	return values[field];
}

/* Whatever is taken can be asked, and gives the same answer again. */
static void condition(const char *text)
{
	static const struct expr_field fields[] = {
		{ "t", "time", NULL, EXPR_TIME },
		{ "s", NULL, NULL, EXPR_TEXT },
		{ "n", NULL, NULL, EXPR_NUMBER },
		{ "f", NULL, NULL, EXPR_FLAG },
	};
	struct err err = { 0 };
	struct expr *e;

	if (expr_compile(&e, text, fields, 4, &err)) {
		fuzz_check(!e && err.code == EXIT_USAGE && err.msg[0]);
		return;
	}
	fuzz_check(expr_true(e, value, NULL) == expr_true(e, value, NULL));
	expr_free(e);
}

/* What is a window begins before it ends. */
static void window(const char *text)
{
	struct time_window w = { 0 };
	struct err err = { 0 };
	uint64_t from, to;

	if (window_parse_point(&w.from, text, &err) && window_parse_around(&w, text, &err))
		return;
	fuzz_check(window_given(&w));
	if (!window_resolve(&w, 1000, 2000, &from, &to, &err))
		fuzz_check(from < to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct cpuset set = { 0 };
	struct err err = { 0 };
	uint64_t val;

	list(text);
	if (!cpuset_parse(&set, text, 8, &err))
		for (unsigned int cpu = 8; cpu < 128; cpu++)
			fuzz_check(!cpuset_has(&set, cpu));
	cpuset_free(&set);
	parse_u64(text, &val, &err);
	parse_duration_ns(text, &val, &err);
	parse_size(text, &val, &err);
	condition(text);
	window(text);
	free(text);
	return 0;
}
