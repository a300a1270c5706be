/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/cleanup.h - what must not be left behind when the program ends in the middle.
 *
 * The program is ended in one place only, where there is no memory (base/mem.h).
 * Who owns something that outlives the process (a tracefs instance, a temporary
 * file with a name) registers how to undo it. Last registered, first run; in a
 * crash, too.
 */
#ifndef IPITRACE_BASE_CLEANUP_H
#define IPITRACE_BASE_CLEANUP_H

struct cleanup {
	void (*run)(void *ctx);
	void *ctx;
	struct cleanup *next;
};

/* c belongs to the caller, and must live until cleanup_remove(). */
void cleanup_add(struct cleanup *c, void (*run)(void *ctx), void *ctx);
/* Does nothing if c is not registered. */
void cleanup_remove(struct cleanup *c);
/* All of them, once: for who ends the program without exit(). */
void cleanup_run(void);

#endif
