/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/pids.h - which tasks the pages of a recording may name.
 *
 * As decode/kallsyms.h has it of symbols: any word of the pages that can be the
 * number of a task keeps it, whatever field of whatever event it is in, so that
 * no tool misses a name. A number that is also a count or a CPU keeps one too many.
 */
#ifndef IPITRACE_DECODE_PIDS_H
#define IPITRACE_DECODE_PIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pids_used;

/* Of tasks up to max. */
struct pids_used *pids_used_new(int32_t max);
void pids_used_free(struct pids_used *u);
/* Pages as this machine's kernel wrote them: data is aligned to 4 bytes, and so is every int of an event. */
void pids_used_scan(struct pids_used *u, const void *data, size_t len);
bool pids_used_has(const struct pids_used *u, int32_t pid);

#endif
