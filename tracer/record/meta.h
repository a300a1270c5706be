/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record/meta.h - everything about this machine that trace.dat carries beside the pages.
 */
#ifndef IPITRACE_RECORD_META_H
#define IPITRACE_RECORD_META_H

#include <stdbool.h>

#include "base/err.h"
#include "capture/session.h"
#include "file/datfile.h"

struct record_meta {
	struct dat_writer_meta dat;
	struct event_format *ftrace, *formats;
	char **cpustats;
	char *texts[8]; /* owned; dat points to them */
	unsigned int nr_texts;
	bool no_symbols;   /* kallsyms hides the addresses */
	bool core_symbols; /* dat.kallsyms has those that the kernel was built with, no others */
};

/* While the session is still open, and all but the symbols and the names of tasks. nr_cpus: of the file. */
int record_meta_collect(struct record_meta *m, const struct session *s, unsigned int nr_cpus, struct err *err);
/* The kernel's symbols, once, as they are now; of them no_symbols tells. */
void record_meta_symbols(struct record_meta *m);
/*
 * Those that the kernel was built with, if they were kept when they were last read and are known to be the same; else
 * all: core_symbols tells. record_meta_symbols() makes all of them, at any time later.
 */
void record_meta_core_symbols(struct record_meta *m);
void record_meta_free(struct record_meta *m);

#endif
