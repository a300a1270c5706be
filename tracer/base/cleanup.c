// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/cleanup.c - the list of what exit(), or a crash, has to undo.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compiler.h"
#include "base/mem.h"

static struct cleanup *first;
static pid_t owner; /* a child that was forked has nothing to undo */

/* Off the list before it runs: one that calls exit() itself does not run again. */
void cleanup_run(void)
{
	while (first && getpid() == owner) {
		struct cleanup *c = first;

		first = c->next;
		c->run(c->ctx);
	}
}

/*
 * Libraries do not survive an allocation that fails. Not everything that runs
 * here may be called in a handler, so a second crash is deadly, and so are
 * five seconds. Then the program dies of the same signal: no handler is left
 * for it, and where kill(2) sent it, no instruction would be repeated.
 */
static void on_crash(int sig)
{
	signal(SIGALRM, SIG_DFL);
	alarm(5);
	mem_release_reserve();
	cleanup_run();
	raise(sig);
}

static void catch_crashes(void)
{
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	static char stack[64 << 10];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER | SA_ONSTACK }, old;

	sigaltstack(&alt, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		if (!sigaction(sigs[i], NULL, &old) && old.sa_handler == SIG_DFL) /* the sanitizers have their own */
			sigaction(sigs[i], &sa, NULL);
}

void cleanup_add(struct cleanup *c, void (*run)(void *ctx), void *ctx)
{
	static bool registered;

	if (!registered) {
		mem_keep_reserve();
		owner = getpid();
		atexit(cleanup_run);
		catch_crashes();
		registered = true;
	}
	*c = (struct cleanup){ .run = run, .ctx = ctx, .next = first };
	first = c;
}

void cleanup_remove(struct cleanup *c)
{
	for (struct cleanup **at = &first; *at; at = &(*at)->next) {
		if (*at == c) {
			*at = c->next;
			return;
		}
	}
}
