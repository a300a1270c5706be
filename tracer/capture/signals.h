/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/signals.h - what signals mean to a recording.
 *
 * Every signal that would end the process by default, and that can be caught
 * and is not a fault of the program itself, stops the recording; another one
 * aborts. They are blocked except while
 * signals_sleep_ns() waits, so that none can arrive between a check and the
 * sleep. What they leave behind is kept in file-scope variables, because a
 * handler can reach nothing else.
 */
#ifndef IPITRACE_CAPTURE_SIGNALS_H
#define IPITRACE_CAPTURE_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_S 1000000000ULL

void signals_catch(void);
/* SIGUSR1 asks for something, and stops nothing; from now on, before signals_catch() too. */
void signals_catch_request(void);
/* Somebody has asked since the last call. */
bool signals_requested(void);
/* The same, and it stays asked for. */
bool signals_request_waits(void);
/* Number of the signal that asked to stop, 0 if none did. */
int signals_got(void);
/* It came from the terminal: then the workload, in the same process group, has got it too. */
bool signals_from_terminal(void);
/* From now on every signal aborts, not only the second. */
void signals_stopping(void);
/* Nothing needs to be undone any more: let them interrupt. */
void signals_unblock(void);
/* Set by a signal that aborts. */
const volatile int *signals_abort_flag(void);
/* There is something to read from fd: that ends a sleep, too. -1: nothing does. */
void signals_wake_on(int fd);
/* Until a signal comes (SIGCHLD too), or for ns. */
void signals_sleep_ns(uint64_t ns);
uint64_t signals_now_ns(void); /* CLOCK_MONOTONIC, for deadlines */

#endif
