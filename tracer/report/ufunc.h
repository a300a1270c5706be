/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report/ufunc.h - user frames of sends, where they were recorded (record --user-stack).
 *
 * The matcher carries one number of a stack from the send to whatever comes of
 * it. Where there are user stacks that number stands for both, the kernel's and
 * the user's: given to the events before they are matched, and taken apart here.
 */
#ifndef IPITRACE_REPORT_UFUNC_H
#define IPITRACE_REPORT_UFUNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/event.h"
#include "report/info.h"

struct ufunc;

/* section: that of the file, which must live as long. */
int ufunc_open(struct ufunc **u, const void *section, size_t len, struct err *err);
/* NULL is fine. */
void ufunc_close(struct ufunc *u);
/* Every batch of events, as decoded, in order. */
void ufunc_number(struct ufunc *u, struct ipi_event *ev, unsigned int nr);
/* The decoder's number of the kernel's stack. */
uint32_t ufunc_kernel_stack(const struct ufunc *u, uint32_t stack);
/* User frames of this stack, innermost first; *nr 0: none. */
const uint32_t *ufunc_frames(const struct ufunc *u, uint32_t stack, unsigned int *nr);
/* The frame that names the cause: the first outside the C library, else the innermost; -1: no user frames. */
int64_t ufunc_cause(const struct ufunc *u, uint32_t stack);
/* "function+0x1d", "libfoo.so+0x1234" where the symbol is not known, "[unknown]"; what is hostile in it stays. */
void ufunc_name(const struct ufunc *u, uint32_t frame, bool offset, char *buf, size_t len);
struct ufunc_info ufunc_info(const struct ufunc *u);

#endif
