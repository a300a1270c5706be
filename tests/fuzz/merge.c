// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is a report as JSON: added to itself, and compared with itself.
 */
#include "base/err.h"
#include "fuzz.h"
#include "report/columns.h"
#include "report/diff.h"
#include "report/merge.h"

static void compare(const char *path)
{
	struct diff_run a = { 0 }, b = { 0 };
	struct diff d = { .a = { &a, 1, 1 }, .b = { &b, 1, 1 }, .margin = 1 };
	struct err err = { 0 };
	bool forceable;

	if (!diff_read_json(&a, path, &err) && !diff_read_json(&b, path, &err)) {
		a.path = b.path = path;
		free(diff_obstacle(&d, &forceable));
		diff_compare(&d);
		fuzz_check(!d.changed);
	}
	diff_run_free(&a);
	diff_run_free(&b);
	diff_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	int fd = fuzz_file(data, size, path);
	struct merge *m = merge_new(true);
	struct err err = { 0 };
	const char *forced;

	if (!merge_add(m, path, &err) && !merge_add(m, path, &err)) {
		struct report *r = merge_report(m, &forced);

		report_sort(r, column_find("target_hits"));
		fuzz_check(!forced && r->nr_sources % 2 == 0);
		merge_twice(m);
	}
	merge_free(m);
	compare(path);
	close(fd);
	return 0;
}
