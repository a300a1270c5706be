/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/spool.h - moves ring-buffer pages of a session into one unnamed file per CPU.
 *
 * Reads on a timer and never blocks in the kernel: a blocked reader makes the
 * traced CPU raise an irq_work IPI to wake it, and so changes what is
 * measured. The interval follows the filling of the buffers. Pages are
 * spliced, not copied to user space. The files have no names (or lose them at
 * once), so nothing is left behind whatever ends the process.
 */
#ifndef IPITRACE_CAPTURE_SPOOL_H
#define IPITRACE_CAPTURE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cpuset.h"
#include "base/err.h"
#include "capture/session.h"

struct spool;

/* A file without a name in dir; -1 and *err. The caller closes it. */
int spool_open_unnamed(const char *dir, struct err *err);
/* Files go into dir. Reader threads stay off the CPUs in avoid where others are left; NULL = anywhere. */
int spool_open(struct spool **sp, const struct session *s, const char *dir, const struct cpuset *avoid,
	       struct err *err);
int spool_start(struct spool *sp, struct err *err);
/* After session_stop(): ends the threads and fetches the rest, partly filled pages too. */
int spool_finish(struct spool *sp, struct err *err);
/* Frees, also in mid-flight. NULL is fine. */
void spool_close(struct spool *sp);

uint64_t spool_bytes(const struct spool *sp); /* of all CPUs, so far */
/* A write has failed: recording on makes no sense. spool_finish() tells what. */
bool spool_failed(const struct spool *sp);
/* File of a CPU and its length; -1 if that CPU had no data. Stays the spool's. */
int spool_fd(const struct spool *sp, unsigned int cpu, uint64_t *len);
/* Thread ids of the readers. */
unsigned int spool_nr_threads(const struct spool *sp);
pid_t spool_thread_id(const struct spool *sp, unsigned int idx);

#endif
