/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/outfile.h - a result in a file of its own, made of a recording.
 */
#ifndef IPITRACE_CMDS_OUTFILE_H
#define IPITRACE_CMDS_OUTFILE_H

#include <stdio.h>

#include "base/err.h"

/* 0, or -1 with *err. */
typedef int (*outfile_write_fn)(void *ctx, FILE *out, struct err *err);

/*
 * The file appears under its name when it is whole, as a recording does; "-" is standard output. option: which one named
 * it, for messages. recording: must not be the same file, see below; or NULL.
 */
int outfile_write(const char *path, const char *option, const char *recording, outfile_write_fn write, void *ctx,
		  struct err *err);
/* -1 and *err if path is this recording itself, which may be "-". */
int outfile_is_input(const char *path, const char *option, const char *recording, struct err *err);

#endif
