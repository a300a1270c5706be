/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/symcache.h - a text that stays the same until the machine boots again, kept between two runs.
 *
 * It is there to save time, and never to be relied on: whatever is odd about it,
 * there is none, and nothing is said. It is its owner's alone (directory 0700,
 * file 0600), because it has the kernel's addresses; it is compressed, because
 * /run is memory; it has its name only once it is complete.
 */
#ifndef IPITRACE_FILE_SYMCACHE_H
#define IPITRACE_FILE_SYMCACHE_H

#include <stddef.h>

#define SYMCACHE_DIR "/run/ipitrace"

/*
 * What symcache_store() was given with the same key, malloc'ed and terminated. NULL: there is none, or it is not ours alone,
 * not whole, or of another key.
 */
char *symcache_load(const char *dir, const char *key, size_t *len);
/* dir is made if its parent is there. key: one line, without its end. */
void symcache_store(const char *dir, const char *key, const char *text, size_t len);

#endif
