// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/signals.c - signals of a recording.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/compiler.h"
#include "capture/signals.h"

static volatile sig_atomic_t got_signal;    /* number of the first */
static volatile sig_atomic_t from_terminal; /* then the workload has got it too */
static volatile sig_atomic_t stopping;
static volatile int abort_now;
static volatile sig_atomic_t requested;
static bool request_caught; /* SIGUSR1 is one */
static struct pollfd wake = { .fd = -1, .events = POLLIN };
static sigset_t old_mask; /* the caller's, without ours */

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (stopping) {
		abort_now = 1;
		return;
	}
	if (got_signal)
		abort_now = 1;
	got_signal = sig;
	from_terminal = info->si_code == SI_KERNEL && (sig == SIGINT || sig == SIGQUIT || sig == SIGHUP);
}

static void on_request(int sig)
{
	(void)sig;
	requested = 1;
}

void signals_catch_request(void)
{
	struct sigaction sa = { .sa_handler = on_request };

	sigaction(SIGUSR1, &sa, NULL);
	request_caught = true;
}

bool signals_requested(void)
{
	bool was = requested;

	requested = 0;
	return was;
}

static void on_child(int sig)
{
	(void)sig; /* only to end a sleep */
}

bool signals_request_waits(void)
{
	return requested;
}

void signals_catch(void)
{
	static const int sigs[] = { SIGINT,  SIGTERM, SIGHUP,	 SIGQUIT, SIGUSR1, SIGUSR2,
				    SIGALRM, SIGXCPU, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR };
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	struct sigaction child = { .sa_handler = on_child }, old;
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		sigaddset(&sa.sa_mask, sigs[i]); /* so that the first is the first */
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++) {
		/* nohup's wish is respected; SIGINT is ignored by every background job of a script. */
		if (sigs[i] == SIGHUP && !sigaction(SIGHUP, NULL, &old) && old.sa_handler == SIG_IGN)
			continue;
		sigaddset(&block, sigs[i]);
		if (sigs[i] != SIGUSR1 || !request_caught)
			sigaction(sigs[i], &sa, NULL);
	}
	sigaction(SIGCHLD, &child, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error of write() */
	sigprocmask(SIG_BLOCK, &block, &old_mask);
	/* A caller may have had them blocked; we want them all the same. */
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		sigdelset(&old_mask, sigs[i]);
	sigdelset(&old_mask, SIGCHLD);
}

uint64_t signals_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

void signals_sleep_ns(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S) };

	ppoll(&wake, 1, &ts, &old_mask); /* a negative fd is ignored */
}

void signals_wake_on(int fd)
{
	wake.fd = fd;
}

int signals_got(void)
{
	return got_signal;
}

bool signals_from_terminal(void)
{
	return from_terminal;
}

void signals_stopping(void)
{
	stopping = 1;
}

void signals_unblock(void)
{
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
}

const volatile int *signals_abort_flag(void)
{
	return &abort_now;
}
