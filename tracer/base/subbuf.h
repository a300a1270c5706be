/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/subbuf.h - the head of a sub-buffer, as read() of trace_pipe_raw gives it and as it is in a file.
 *
 * struct buffer_data_page of kernel/trace/ring_buffer.c: u64 stamp, local_t commit, data; RB_MISSED_EVENTS and
 * RB_MISSED_STORED in commit. A local_t is a long of the kernel that recorded.
 */
#ifndef IPITRACE_BASE_SUBBUF_H
#define IPITRACE_BASE_SUBBUF_H

#define SUBBUF_COMMIT_OFF 8
#define SUBBUF_DATA_OFF	  (SUBBUF_COMMIT_OFF + sizeof(long)) /* of this machine's */
#define SUBBUF_LEN	  0x3fffffffu
#define SUBBUF_STORED	  0x40000000u /* the number lost stands behind the data, if it is MISSED */
#define SUBBUF_MISSED	  0x80000000u /* events were lost before the first */

#endif
