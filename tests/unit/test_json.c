// SPDX-License-Identifier: GPL-2.0-only
/* The JSON writer: nesting, commas, keys, and strings that are out for trouble. */
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "tap.h"

static char *text;
static size_t len;

static struct json start(bool compact)
{
	free(text);
	text = NULL;
	return (struct json){ .out = open_memstream(&text, &len), .compact = compact };
}

static void nested(struct json *j)
{
	json_object(j, NULL);
	json_u64(j, "n", UINT64_MAX);
	json_array(j, "a");
	json_bool(j, NULL, true);
	json_null(j, NULL);
	json_object(j, NULL);
	json_close(j);
	json_array(j, NULL);
	json_close(j);
	json_close(j);
	json_string(j, "s", NULL);
	json_close(j);
}

static void test_nesting(void)
{
	struct json j = start(false);

	nested(&j);
	fclose(j.out);
	is_str(text,
	       "{\n  \"n\": 18446744073709551615,\n  \"a\": [\n    true,\n    null,\n    {},\n    []\n  ],\n"
	       "  \"s\": null\n}\n",
	       "indented");
}

static void test_one_line(void)
{
	struct json j = start(true);

	nested(&j);
	nested(&j);
	fclose(j.out);
	is_str(text,
	       "{\"n\":18446744073709551615,\"a\":[true,null,{},[]],\"s\":null}\n"
	       "{\"n\":18446744073709551615,\"a\":[true,null,{},[]],\"s\":null}\n",
	       "one line each");
}

static void test_depth(void)
{
	struct json j = start(true);
	bool good = true;

	for (unsigned int i = 0; i < JSON_MAX_DEPTH; i++)
		i & 1 ? json_object(&j, NULL) : json_array(&j, i ? "k" : NULL);
	for (unsigned int i = 0; i < JSON_MAX_DEPTH; i++)
		json_close(&j);
	fclose(j.out);
	/* [{"k":[{"k":[...]}]}] */
	for (size_t i = 0; i < len - 1 && good; i++)
		good = strchr("[]{}\"k:", text[i]) != NULL;
	ok(good && text[0] == '[' && text[len - 2] == ']' && !j.depth, "as deep as it goes");
}

static void test_strings(void)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "", "\"\"" },
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ "\n\x1b[31m\x7f", "\"\\u000a\\u001b[31m\\u007f\"" },
		{ "\xc2\xb5s \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc2\xb5s \xe2\x82\xac \xf0\x9f\x98\x80\"" },
		{ "\xff\xc2", "\"??\"" },	/* no UTF-8, cut short */
		{ "\xc0\xaf", "\"??\"" },	/* overlong */
		{ "\xed\xa0\x80", "\"???\"" },	/* surrogate */
		{ "\xc2\x9b", "\"??\"" },	/* a control character */
		{ "\xe2\x82\"", "\"??\\\"\"" }, /* must not swallow the quote */
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct json j = start(true);

		json_string(&j, NULL, t[i].in);
		fclose(j.out);
		is_str(text, t[i].out, "string %zu", i);
	}
	struct json j = start(true);

	json_object(&j, NULL);
	json_u64(&j, "k\"\xff", 1);
	json_close(&j);
	fclose(j.out);
	is_str(text, "{\"k\\\"?\":1}\n", "keys likewise");
}

/* Every number as one array holds it. */
static void test_integers(void)
{
	struct json j = start(true);

	json_array(&j, NULL);
	json_i64(&j, NULL, 0);
	json_i64(&j, NULL, -1);
	json_i64(&j, NULL, INT64_MAX);
	json_i64(&j, NULL, INT64_MIN);
	json_u64(&j, NULL, 0);
	json_u64(&j, NULL, 18446744073709551615ULL);
	json_close(&j);
	fclose(j.out);
	is_str(text, "[0,-1,9223372036854775807,-9223372036854775808,0,18446744073709551615]\n",
	       "integers, to their ends");
}

static void test_thousandths(void)
{
	struct json j = start(true);

	json_array(&j, NULL);
	json_thousandths(&j, NULL, 0);
	json_thousandths(&j, NULL, 7);
	json_thousandths(&j, NULL, 1020);
	json_thousandths(&j, NULL, 18446744073709551615ULL);
	json_close(&j);
	fclose(j.out);
	is_str(text, "[0.000,0.007,1.020,18446744073709551.615]\n", "thousandths: nothing is rounded");
}

static void test_reals(void)
{
	struct json j = start(true);

	json_array(&j, NULL);
	json_real(&j, NULL, 0.5);
	json_real(&j, NULL, -1e300);
	json_real(&j, NULL, 1.0 / 3);
	json_real(&j, NULL, NAN);
	json_real(&j, NULL, -INFINITY);
	json_bool(&j, NULL, false);
	json_close(&j);
	fclose(j.out);
	is_str(text, "[0.5,-1e+300,0.3333333333,null,null,false]\n", "ratios; what is no number is null");
}

int main(void)
{
	test_nesting();
	test_one_line();
	test_depth();
	test_strings();
	test_integers();
	test_thousandths();
	test_reals();
	free(text);
	return done_testing();
}
