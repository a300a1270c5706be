/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/output.h - a file that gets its name when it is complete, or a stream that is fed then.
 *
 * Knows nothing of trace.dat. What is written goes to a file without a name
 * (or, where the filesystem has none, with one that nobody can guess), for
 * its owner alone (base/io.h). output_commit() makes
 * it last: synced, and only then named. "-", a pipe and /dev/stdout are
 * streams: the whole is copied to them by output_commit().
 */
#ifndef IPITRACE_FILE_OUTPUT_H
#define IPITRACE_FILE_OUTPUT_H

#include <stdbool.h>

#include "base/err.h"

struct output;

/*
 * Refuses what cannot work later: a directory, a device, what cannot be
 * replaced; a terminal and an empty name with EXIT_USAGE.
 */
int output_open(struct output **o, const char *path, struct err *err);
/* To write to, at any place. Stays the output's. */
int output_fd(const struct output *o);
/* A directory for temporary data of the same size; where the file will be. */
const char *output_dir(const struct output *o);
const char *output_place(const struct output *o);
/* The same pipe or file as this process' standard output: nobody else may write to it. */
bool output_is_stdout(const struct output *o);
/* Of this user, from its first moment under its name. Default: the process' user. */
void output_set_owner(struct output *o, unsigned int uid, unsigned int gid);
/* A stream's copying gives up once *abort_flag (may be NULL) is not 0. */
int output_commit(struct output *o, const volatile int *abort_flag, struct err *err);
/* Frees; nothing is left of what was not committed. NULL is fine. */
void output_close(struct output *o);

#endif
