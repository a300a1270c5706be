/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/err.h - an error on its way up, and the exit codes.
 *
 * Functions that act return 0 or -1 with *err filled; functions that ask return
 * bool. Nothing below the commands prints an error.
 */
#ifndef IPITRACE_BASE_ERR_H
#define IPITRACE_BASE_ERR_H

#include <stdio.h>

/* Documented exit codes, ipitrace(1) EXIT STATUS. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_INCOMPLETE = 3, /* done, but events were lost */
	EXIT_THRESHOLD = 4,
	EXIT_MISMATCH = 5,     /* bench --trace: tracer and module disagree */
	EXIT_CANCELED = 125,   /* record: ipitrace itself failed */
	EXIT_CANNOT_RUN = 126, /* record: workload found but not runnable */
	EXIT_NOT_FOUND = 127,  /* record: workload not found */
};

/*
 * An error on its way up. The layer that knows fills it once; main() prints
 * "ipitrace: CMD: msg" and "hint: ...": a general one, by the code, where the
 * layer has nothing to say that helps more.
 */
struct err {
	int code; /* enum exit_code; 0 = no error yet */
	char msg[240];
	char hint[240]; /* "" = none */
};

/* Fill *err (err may be NULL) and return -1, so that "return err_set(...)" reads well. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Like err_set(), with ": strerror(errnum)" appended, and a hint if this errno has one; err_hint() may know better. */
int err_set_errno(struct err *err, int code, int errnum, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The error of two options, or what else a command line has, that do not go together. */
int err_exclude(struct err *err, const char *one, const char *other);
/* Add the one hint line to an error already set. Returns -1. */
int err_hint(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
