// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_end.c - no prefix of a recording passes for a whole one: in both
 * versions, packed by gzip, of ours and of trace-cmd 3.1.6 and 3.4.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "file/datfile.h"
#include "tap.h"

#define CUTS 64 /* places that are spread over the file, and as many bytes at its end */

static const char *cut_path;

/* Opens, reads all that is there, and says whether the file is taken for whole. */
static bool is_whole(const char *path)
{
	struct err err = { 0 };
	struct dat_file *f = NULL;
	bool whole = true;
	size_t len;

	if (dat_open(&f, path, &err))
		return false;
	for (unsigned int i = 0; i < dat_info(f)->nr_streams; i++)
		while (dat_next_page(f, i, &len, &err))
			;
	whole = !err.code && !dat_info(f)->truncated && !dat_info(f)->damaged;
	dat_close(f);
	return whole;
}

static bool cut_is_told(const char *data, size_t len)
{
	int fd = open(cut_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool written = fd >= 0 && write(fd, data, len) == (ssize_t)len;

	if (fd >= 0)
		close(fd);
	return written && !is_whole(cut_path);
}

static void test_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	unsigned int told = 0, cuts = 0;
	size_t first_bad = 0;
	struct stat st;
	char *data;

	if (fd < 0 || fstat(fd, &st)) {
		ok(false, "%s", path);
		return;
	}
	data = malloc((size_t)st.st_size);
	ok(data && read(fd, data, (size_t)st.st_size) == st.st_size && is_whole(path), "%s is whole", path);
	close(fd);
	for (unsigned int i = 0; i < 2 * CUTS; i++) {
		size_t size = (size_t)st.st_size, len = i < CUTS ? size * i / CUTS : size - 1 - (i - CUTS);

		cuts++;
		if (cut_is_told(data, len))
			told++;
		else if (!first_bad)
			first_bad = len;
	}
	ok(told == cuts, "  of %u prefixes none is (%zu bytes would be)", cuts, first_bad);
	free(data);
}

int main(void)
{
	static const char *const files[] = {
		"tests/data/report.dat",
		"tests/data/report-v7.dat",
		"tests/data/rows/ppc64el-7.3.dat.gz",
		"tests/data/stock/arm64-3.1.6-calls.dat.gz",
		"tests/data/stock/riscv64-3.4-calls.dat.gz",
	};
	char path[] = "/tmp/ipitrace-end-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	cut_path = path;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		test_file(files[i]);
	unlink(path);
	return done_testing();
}
