// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/outfile.c - a result in a file of its own, made of a recording.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "cmds/outfile.h"
#include "file/output.h"

/* Under its own name a result would replace the recording that it was made of, for good. */
int outfile_is_input(const char *path, const char *option, const char *recording, struct err *err)
{
	struct stat from, to;

	if ((strcmp(recording, "-") ? stat(recording, &from) : fstat(STDIN_FILENO, &from)) || stat(path, &to) ||
	    !S_ISREG(from.st_mode) || from.st_dev != to.st_dev || from.st_ino != to.st_ino)
		return 0;
	err_set(err, EXIT_USAGE, "%s: %s is the recording itself", option, path);
	return err_hint(err, "name another file");
}

int outfile_write(const char *path, const char *option, const char *recording, outfile_write_fn write, void *ctx,
		  struct err *err)
{
	struct output *file;
	FILE *out = NULL;
	int ret = -1, fd;

	if (!strcmp(path, "-"))
		return write(ctx, stdout, err);
	if ((recording && outfile_is_input(path, option, recording, err)) || output_open(&file, path, err))
		return -1;
	fd = dup(output_fd(file));
	out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!out) {
		err_set_errno(err, EXIT_FAILED, errno, "cannot write %s", path);
		if (fd >= 0)
			close(fd);
		goto out;
	}
	if (write(ctx, out, err))
		goto out;
	if (fflush(out) || ferror(out)) {
		err_set_errno(err, EXIT_FAILED, errno, "cannot write %s", path);
		goto out;
	}
	ret = output_commit(file, NULL, err);
	if (ret)
		err_hint(err, "name another file");
out:
	if (out)
		fclose(out);
	output_close(file);
	return ret;
}
