// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_fields.c - format texts: the kernel's, and everything that is not.
 */
#include <stdlib.h>
#include <string.h>

#include "decode/fields.h"
#include "tap.h"

#define HEAD "name: x\nID: 9\nformat:\n"
#define TYPE "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"

static const char kernel[] = HEAD TYPE "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
				       "\tfield:__data_loc cpumask_t *[] cpumask;\toffset:8;\tsize:4;\tsigned:0;\n"
				       "\tfield:void * callsite;\toffset:16;\tsize:8;\tsigned:0;\n"
				       "\tfield:unsigned long caller[8];\toffset:24;\tsize:64;\tsigned:0;\n"
				       "\tfield:unsigned long rest[];\toffset:88;\tsize:0;\tsigned:0;\n"
				       "\nprint fmt: \"field:int not;\toffset:1;\tsize:1;\tsigned:0;\n";

static void is_field(const struct format_fields *f, const char *name, uint32_t offset, uint32_t size)
{
	const struct format_field *field = format_field_find(f, name);

	if (ok(field, "%s is there", name))
		ok(field->offset == offset && field->size == size, "%s: %u bytes at %u", name, field->size,
		   field->offset);
}

/* In memory of its own, so that the sanitizer sees a byte read behind the end. */
static bool parses(const char *text, size_t len)
{
	struct format_fields f;
	char *copy = malloc(len ? len : 1);
	bool good;

	memcpy(copy, text, len);
	good = format_fields_parse(&f, copy, len);
	if (good)
		format_fields_free(&f);
	free(copy);
	return good;
}

static void refused(const char *what, const char *text)
{
	ok(!parses(text, strlen(text)), "%s", what);
}

int main(void)
{
	struct format_fields f;

	if (ok(format_fields_parse(&f, kernel, sizeof(kernel) - 1), "a format of the kernel's")) {
		is_u64(f.nr, 6, "six fields, none from the print format");
		is_field(&f, "common_type", 0, 2);
		is_field(&f, "common_pid", 4, 4);
		is_field(&f, "cpumask", 8, 4);
		is_field(&f, "callsite", 16, 8);
		is_field(&f, "caller", 24, 64);
		is_field(&f, "rest", 88, 0);
		ok(!format_field_find(&f, "not") && !format_field_find(&f, "call"), "no field of part of a name");
		format_fields_free(&f);
	}
	for (size_t len = 0; len < sizeof(kernel); len++)
		parses(kernel, len);
	ok(true, "cut at every length");
	ok(parses(HEAD "\tfield:int a;\toffset:8;\tsize:4;\n", strlen(HEAD) + 31), "without a sign, as once");

	refused("no text", "");
	refused("no fields", HEAD "\nprint fmt: \"\"\n");
	refused("no format", "name: x\nID: 9\n" TYPE);
	/* Two texts on which libtraceevent 1.7.1 crashes. */
	refused("an array without an end", HEAD "field:d g[");
	refused("a field without a name", HEAD "\tfield:;\toffset:0;\tsize:2;\tsigned:0;\n");
	refused("an array of nothing", HEAD "\tfield:[8];\toffset:0;\tsize:2;\tsigned:0;\n");
	refused("an offset that is none", HEAD "\tfield:int a;\toffset:-8;\tsize:4;\tsigned:0;\n");
	refused("no number", HEAD "\tfield:int a;\toffset:;\tsize:4;\tsigned:0;\n");
	refused("a size that wraps", HEAD "\tfield:int a;\toffset:8;\tsize:4294967300;\tsigned:0;\n");
	refused("an end behind any record", HEAD "\tfield:u64 m1;\toffset:65528;\tsize:8;\tsigned:0;\n");
	refused("more on the line", HEAD "\tfield:int a;\toffset:8;\tsize:4;\tsigned:0; x\n");
	refused("a field that is damaged behind good ones", HEAD TYPE "\tfield:int a;\tofset:8;\tsize:4;\tsigned:0;\n");
	return done_testing();
}
