/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/library.h - a library that only those load who need it, because what it brings along costs every start of the program.
 *
 *	#define CALLS(X) X(deflate) X(inflate)
 *	struct { CALLS(LIBRARY_MEMBER) } z;
 *	static const char *const names[] = { CALLS(LIBRARY_NAME) };
 *
 *	if (library_load("libz.so.1", names, ARRAY_SIZE(names), &z, &err))
 *
 * The types are those of the library's header. It stays loaded.
 */
#ifndef IPITRACE_BASE_LIBRARY_H
#define IPITRACE_BASE_LIBRARY_H

#include "base/err.h"

#define LIBRARY_MEMBER(name) __typeof__(&(name)) name;
#define LIBRARY_NAME(name)   #name,

/* calls: as many pointers to functions, in the order of their names. */
int library_load(const char *file, const char *const *names, unsigned int nr, void *calls, struct err *err);

#endif
