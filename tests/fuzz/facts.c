// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is the text of a recording's facts. What was read can be written, and reads as the same again.
 */
#include "base/err.h"
#include "file/facts.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *first, *second;
	struct facts f = { 0 }, again = { 0 };
	struct err err = { 0 };

	if (!facts_parse(&f, text, size, &err)) {
		first = facts_format(&f);
		fuzz_check(!facts_parse(&again, first, strlen(first), &err));
		second = facts_format(&again);
		fuzz_check(!strcmp(first, second));
		facts_free(&again);
		free(first);
		free(second);
	}
	facts_free(&f);
	free(text);
	return 0;
}
