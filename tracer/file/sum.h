/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/sum.h - the checksum of a recording's parts: XXH3 of 64 bits, by libxxhash.
 *
 * Where the library was built for more than one kind of x86, its plain functions are those for the oldest; the
 * others choose by the CPU. The sums are the same.
 */
#ifndef IPITRACE_FILE_SUM_H
#define IPITRACE_FILE_SUM_H

#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

#endif
