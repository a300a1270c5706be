/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/compiler.h - what every file may lean on: array sizes, branch hints, functions that are refused.
 */
#ifndef IPITRACE_BASE_COMPILER_H
#define IPITRACE_BASE_COMPILER_H

/* These three declare what is poisoned below, so they must come first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)

/* Functions that have hurt other tools: refuse them at compile time. */
#ifndef IPITRACE_ALLOW_BANNED
#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets atoi atol strncpy
#endif

/* In a loop that looks whether another CPU has done something. */
static inline void thread_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/*
 * The line of the cache at p will be written: it comes from the other CPU that has it before a store has to wait for it.
 * Without -mprfchw the builtin asks for it to be read. x86-64 that lacks the instruction takes it for none.
 */
static inline void prefetch_write(const void *p)
{
#ifdef __x86_64__
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *)p));
#else
	__builtin_prefetch(p, 1);
#endif
}

#endif
