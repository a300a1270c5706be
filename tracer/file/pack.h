/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/pack.h - a CPU's pages, compressed as trace.dat v7 has them, by several threads.
 *
 * A chunk is whole sub-buffers: its length packed and unpacked, 4 bytes each in
 * the order of this machine, then a zstd frame: trace-cmd.dat.v7(5), "COMPRESSION
 * FORMAT OF THE TRACE DATA". Nothing is compressed while a recording runs: that
 * would disturb the machine that is measured.
 */
#ifndef IPITRACE_FILE_PACK_H
#define IPITRACE_FILE_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct packer;

/*
 * level: DAT_LEVEL_FAST or DAT_LEVEL_BEST. page_size: of a sub-buffer. With the former what is beyond some hundreds of MB is
 * packed less densely, because somebody waits for it.
 */
struct packer *packer_new(int level, unsigned int page_size);
void packer_free(struct packer *p);
/* How many chunks len bytes become. */
uint64_t packer_nr_chunks(const struct packer *p, uint64_t len);
/*
 * Packs some chunks of fd, from at on and up to end. Returns how many bytes of it they hold, -1 with *err.
 * The packed ones stay in *p until the next call: packer_output() in order, NULL behind the last.
 */
int64_t packer_run(struct packer *p, int fd, uint64_t at, uint64_t end, struct err *err);
const void *packer_output(const struct packer *p, unsigned int idx, size_t *len);

#endif
