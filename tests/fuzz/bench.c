// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is a result of "bench --json", compared with itself.
 */
#include "base/err.h"
#include "bench/compare.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench_saved s = { 0 };
	FILE *out = fopen("/dev/null", "w");
	struct err err = { 0 };
	char path[32];
	int fd = fuzz_file(data, size, path);

	if (!bench_saved_read(&s, path, &err)) {
		bench_compare(&s, &s, false, &(struct screen){ 0 }, out, &err);
		bench_compare(&s, &s, true, &(struct screen){ 0 }, out, &err);
	}
	bench_saved_free(&s);
	fclose(out);
	close(fd);
	return 0;
}
