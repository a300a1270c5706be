/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/cut.h - a sub-buffer without what was recorded outside of a window.
 *
 * As the kernel does when a reader takes a sub-buffer in pieces (ring_buffer_read_page(), kernel/trace/ring_buffer.c):
 * its stamp becomes the time of the record before the first one that is left.
 */
#ifndef IPITRACE_DECODE_CUT_H
#define IPITRACE_DECODE_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * In place; of this machine. Leaves what is stamped from_ns or later, but before until_ns, which is records of all
 * kinds; *nr: how many. Of a sub-buffer that loses its begin it is not said any more that events are missing before it.
 * False: nothing is left. A record that does not hold ends it.
 */
bool sub_buffer_cut(void *page, size_t page_size, uint64_t from_ns, uint64_t until_ns, uint64_t *nr);

#endif
