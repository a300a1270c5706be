// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/err.c - filling struct err.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	err->code = code;
	err->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -1;
}

/* What helps against what the system refuses, whatever was tried. */
static void hint_of_errno(struct err *err, int errnum)
{
	static const struct {
		int errnum;
		const char *hint;
	} hints[] = {
		{ ENOENT, "is the name right, and its directory there?" },
		{ ENOTDIR, "is the name right, and its directory there?" },
		{ EISDIR, "name a file in it" },
		{ EACCES, "root may, or whom the permissions of the file and its directory allow it" },
		{ EPERM, "root may, where no container or security module forbids it" },
		{ EROFS, "nothing can be written there: name another place" },
		{ ENOSPC, "make room, or name another place (TMPDIR: where temporary files go)" },
		{ EDQUOT, "make room, or name another place (TMPDIR: where temporary files go)" },
		{ ENAMETOOLONG, "a shorter path: TMPDIR is where temporary files go" },
		{ ENOMEM, "memory, or a limit of it, is used up: ulimit -a shows limits" },
		{ EMFILE, "the limit of open files is reached: ulimit -n" },
		{ ENFILE, "the system's limit of open files is reached: sysctl fs.file-max" },
		{ EAGAIN, "the limit of processes and threads may be reached: ulimit -u" },
		{ EIO, "the kernel's log (dmesg) may tell of the device" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (hints[i].errnum == errnum)
			snprintf(err->hint, sizeof(err->hint), "%s", hints[i].hint);
}

int err_set_errno(struct err *err, int code, int errnum, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!err)
		return -1;
	err->code = code;
	err->hint[0] = '\0';
	va_start(ap, fmt);
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->msg))
		snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", strerror(errnum));
	hint_of_errno(err, errnum);
	return -1;
}

int err_exclude(struct err *err, const char *one, const char *other)
{
	err_set(err, EXIT_USAGE, "%s and %s exclude each other", one, other);
	return err_hint(err, "leave one of them out");
}

int err_hint(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -1;
}
