/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record/save.h - from a session that has stopped to a complete trace.dat.
 *
 * The one way to save a recording; record and bench --trace share it. First
 * everything that needs tracefs is collected, then the file is written; who
 * calls closes the session afterwards, so that no trouble of the closing costs
 * the recording.
 */
#ifndef IPITRACE_RECORD_SAVE_H
#define IPITRACE_RECORD_SAVE_H

#include <stdint.h>

#include "base/err.h"
#include "capture/comms.h"
#include "capture/feed.h"
#include "capture/session.h"
#include "capture/spool.h"
#include "capture/tsc.h"
#include "capture/userstack.h"
#include "file/datfile.h"
#include "file/facts.h"
#include "file/ustacks.h"
#include "record/meta.h"
#include "record/tally.h"

struct recording {
	struct session *session;
	struct spool *spool; /* who reads the pages: this ... */
	struct feed *feed;   /* ... or this, of a live measurement, which may keep them */
	struct comms comms;
	const char *clock;	     /* as session_config has it */
	struct tsc_point tsc[2];     /* of the clock x86-tsc: behind switching on and before switching off */
	struct userstack *userstack; /* NULL: no user stacks are taken */
	struct userstack_config userstack_config;
	struct ustacks ustacks; /* what came of them, after recording_judge() */
	bool has_ustacks;
	struct record_meta meta;
	bool collected; /* all that tracefs knows: then it is asked no more */
	uint64_t records, lost;
	/* What only the caller knows (cmdline, filter, stacks, workload_status, the snapshots) is the caller's to fill. */
	struct facts facts;
	uint64_t events; /* after recording_judge(): as a report counts them */
	bool has_events;
	uint64_t look_ns,
		write_ns; /* that recording_write() took to look for symbols and names; to compress and write */
};

/* Records written, stacks among them, and lost so far, of all CPUs. */
void recording_count(const struct recording *rec, uint64_t *records, uint64_t *lost);
/* One reading of /proc/interrupts into the facts: see file/facts.h for which. */
int recording_snap(struct recording *rec, enum facts_snap snap, struct err *err);
/* Names of tasks that tracefs knows now; it forgets them in time. */
void recording_gather_comms(struct recording *rec);
/* Once the session is open, which says of whom it takes none: the facts of stacks. */
void recording_note_stacks(struct recording *rec, enum session_stack stack);
/* Before session_stop(): what another process changed becomes a reason in the facts. */
void recording_verify(struct recording *rec);
/* What a file says beside its pages, as it is now: metadata, the session's facts. Again and again, while it goes on. */
int recording_describe(struct recording *rec, struct err *err);
/*
 * After session_stop(), with the session still open: the rest of the pages, metadata, the session's facts. Then the
 * session is retired.
 */
int recording_collect(struct recording *rec, struct err *err);
/*
 * Reads what was recorded and holds it against the facts: what is missing becomes a reason there, anything else
 * is said. After recording_collect(), with all of the facts filled in. Trouble of its own is said: it costs no recording.
 */
void recording_judge(struct recording *rec, const volatile int *abort, void (*say)(const char *fmt, ...));
/* The same, by what somebody else has counted. tally->records: of all kinds. */
void recording_judge_by(struct recording *rec, const struct tally *tally, void (*say)(const char *fmt, ...));
/* What pages may ask for, for who scans them: of the kernel's symbols, and of the tasks. Freed by recording_write_head(). */
struct recording_used *recording_used_new(const struct recording *rec);
void recording_used_scan(struct recording_used *used, const void *data, size_t len);
/*
 * The head of a file, with those symbols and names that the pages scanned may ask for; used NULL: with all. What the
 * facts say of tasks becomes that of these tasks, too: so they are formatted afterwards.
 */
int recording_write_head(struct recording *rec, struct recording_used *used, struct dat_writer *w, struct err *err);
/* The whole file, up to its name. */
int recording_write(struct recording *rec, struct dat_writer *w, struct err *err);
/* Closes what is open and frees the rest. -1: the session left something behind, *err says what. */
int recording_close(struct recording *rec, struct err *err);
void recording_free(struct recording *rec);

#endif
